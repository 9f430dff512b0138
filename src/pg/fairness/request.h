/*
 * request.h - the arguments that fairness_audit, fairness_groups and fairness_disparity share.
 */
#ifndef ML_FAIRNESS_REQUEST_H
#define ML_FAIRNESS_REQUEST_H

#include "fairness.h"
#include "../../core/fairness/disparity.h"
#include "../metric/result.h"
#include "../rows.h"

#define ML_FAIR_MOST_GROUPS 16

typedef struct MlFairRequest
{
	MlFairSpec spec;
	char      *source;      /* NULL: the model's stored one */
	char      *model;       /* NULL: predictions are columns */
} MlFairRequest;

/* From the arguments in their order (sql/72_fairness_audit.sql), checked as far as that goes without rows. */
extern MlFairRequest *ml_fair_request(FunctionCallInfo fcinfo);

/*
 * Do it: scan under one read-only snapshot with the caller's rights, metered as a run of kind "audit"; "figures" says
 * what it cost.
 */
extern MlFairResult *ml_fair_run(const MlFairRequest *request, MlFigures *figures);

/* ---- one parallel pass over predictions in columns ----------------------------------------- */

typedef struct MlFairPass
{
	const MlSource  *source;
	MlFairSpec      *spec;
	MlRun           *run;         /* what parallel workers used is added to it; or NULL */
	const char      *where;       /* over s.cN, or NULL */
	const char      *label;       /* SQL over s.cN: boolean */
	const char      *prediction;  /* the same */
	const char      *score;       /* float8, or NULL: none */
	const char      *weight;      /* float8, or NULL: none */
	int              count;       /* what makes groups */
	char            *groups[ML_FAIR_MOST_GROUPS];
	MlReader         readers[ML_FAIR_MOST_GROUPS];
	MlFairCollector *collector;
} MlFairPass;

/* A pass by the protected columns of spec, without label, prediction, score and weight yet.  Inside a scan bracket. */
extern MlFairPass *ml_fair_pass(const MlSource *source, MlFairSpec *spec, MlRun *run);

/* Further columns, or another expression, that make groups; they join the protected columns of spec. */
extern void ml_fair_pass_add_columns(MlFairPass *pass, char *const *names, int count, const char *what);
extern void ml_fair_pass_add(MlFairPass *pass, const char *name, const char *expression, Oid type);

/* Set label and prediction from target, prediction, positive, favorable and threshold of spec, and complete those. */
extern void ml_fair_pass_truths(MlFairPass *pass);

extern MlFairCollector *ml_fair_pass_run(MlFairPass *pass);

/* ---- columns of a source as truths (truth.c) --------------------------------------------- */

/* Two values of a column: the one that counts as true, and the other. */
typedef struct MlTwoValues
{
	char *yes;       /* as text */
	char *no;        /* NULL: there is no other value */
	bool  yes_found;
	char *expression; /* SQL over s.cN: boolean, NULL where the column is NULL, an error for a third value */
} MlTwoValues;

/*
 * How "column" tells true from false; yes NULL: true, or 1.  Looks for one row of each value, which usually ends at the first
 * rows.  "what" (target, prediction) goes into errors.  Inside a scan bracket.
 */
extern MlTwoValues *ml_two_values(const MlSource *source, int column, const char *what, const char *yes);

/* Errors unless both columns speak of the same two values, and at least one row has "yes". */
extern void ml_two_values_check(const MlSource *source, const MlTwoValues *target, int target_column,
								const MlTwoValues *prediction, int prediction_column);

/* "s.c4::float8", with an error unless the column is a number. */
extern char *ml_number_expression(const MlSource *source, int column, const char *what);

/* ---- what the further functions share (common.c) ------------------------------------------- */

extern double ml_fair_confidence(FunctionCallInfo fcinfo, int i);     /* 0.95 for NULL */

/* A share of rows, with Wilson's interval; undefined of no rows. */
extern SmlFigure ml_fair_share(uint64 part, uint64 whole, double z);

/* From arguments confidence, draws (2000 for NULL) and seed (0); stream 0. */
extern SmlDraws ml_fair_draws(FunctionCallInfo fcinfo, int confidence, int draws, int seed);

/* The protected columns; an error without any. */
extern char **ml_fair_protected(FunctionCallInfo fcinfo, int i, int *count);

/* Columns value, numerator, denominator, n, ci_low, ci_high, ci_method; value, ci_low, ci_high alone; and these with ci_method. */
extern void ml_put_figure(MlResult *out, const SmlFigure *figure);
extern void ml_put_interval(MlResult *out, const SmlFigure *figure);
extern void ml_put_interval_method(MlResult *out, const SmlFigure *figure);

#endif
