/*
 * thresholds.h - what fit_thresholds, thresholds_for_scores and fairness_front have in common: the
 * question, the rows, and thresholds per group on the rows that were not used to fit them.
 */
#ifndef ML_THRESHOLDS_H
#define ML_THRESHOLDS_H

#include "judged.h"

typedef enum MlThresholdMethod
{
	ML_OPTIMAL = 0,
	ML_REJECT_OPTION
} MlThresholdMethod;

typedef struct MlThresholdQuestion
{
	/* the model and its rows … */
	MlVersion       *version;    /* NULL: scores of a source */
	const MlModel   *model;
	MlStored        *stored;
	char           **protected_columns;
	int              protected_count;
	char            *favorable;
	/* … or the columns of a source */
	char            *target;
	char            *score;
	char            *weight;
	char            *positive;
	char            *source;
	char            *part;
	char            *evaluation_source;
	MlThresholdMethod method;
	SmlThresholdWish wish;
	double           threshold;  /* for all before, and for rows of other groups after */
} MlThresholdQuestion;

/* The rows, scored, in two parts, and their curves. */
typedef struct MlThresholdRows
{
	MlJudgedRows  *judged;
	SmlCurves *fitted;
	SmlCurves *evaluated;
} MlThresholdRows;

/* Fills version (with this privilege on it), model, stored, protected columns, favorable and threshold. */
extern void ml_question_of_model(MlThresholdQuestion *question, const char *model, MlPrivilege privilege);

/* The protected columns that an argument names, if it does. */
extern void ml_question_protect(MlThresholdQuestion *question, FunctionCallInfo fcinfo, int argument);

/* Criterion, method and numbers as the user gave them, checked. */
extern void ml_question_wish(MlThresholdQuestion *question, const char *criterion, const char *method, double max_gap, double margin,
							 int32 min_rows);

/* One scan, or two.  Brackets itself. */
extern MlThresholdRows *ml_question_rows(const MlThresholdQuestion *question);

/* Fit on the first part; thresholds in [0, 1], or infinity for nobody. */
extern SmlThresholds *ml_question_fit(const MlThresholdQuestion *question, MlThresholdRows *rows);

/* Whether all that have a threshold of their own decide the same for everybody. */
extern bool ml_thresholds_trivial(const SmlThresholds *thresholds);

/* The figures of thresholds (the question's own where a group has none) on the second part, or on the first. */
extern SmlThresholds *ml_question_figures(const MlThresholdQuestion *question, MlThresholdRows *rows, const SmlThresholds *thresholds,
										  bool on_second);

/* The gap on the second part between the groups that have a threshold of their own, with it or with the default; NaN: not two are there. */
extern double ml_question_gap_of_own(const MlThresholdQuestion *question, MlThresholdRows *rows, const SmlThresholds *made, bool after);

/* {"Female": 0.24, "Male": 0.67} */
extern Jsonb *ml_thresholds_json(const MlThresholdQuestion *question, const MlThresholdRows *rows, const SmlThresholds *made);

#endif
