/*
 * judged.h - rows with their score, label and group: what thresholds are fitted on.  They come from a model that
 * scores a source, or from a source that has a column of scores.
 */
#ifndef ML_JUDGED_H
#define ML_JUDGED_H

#include "../compat.h"
#include "../metric/asked.h"
#include "../../core/fairness/curves.h"
#include "groups.h"

typedef struct MlJudgedRows
{
	SmlEnv        env;
	MlGroups     *groups;
	SmlDecided   *rows[2];       /* to fit on, and to evaluate on */
	size_t        count[2];
	size_t        room[2];
	int64         without_group;
	int64         without_label; /* left out, as are the next */
	int64         without_score;
	MemoryContext context;
} MlJudgedRows;

extern MlJudgedRows *ml_judged_start(MlGroups *groups);

/* Rows to be added to one of the parts. */
typedef struct MlJudgedSource
{
	const MlSource *source;
	const char     *where;   /* over s.cN, or NULL */
	const char     *target;
	const char     *weight;
	int             part;    /* 0: to fit on, 1: to evaluate on */
} MlJudgedSource;

extern void ml_judged_add_model(MlJudgedRows *judged, const MlModel *model, double threshold, const MlJudgedSource *from);

/* The same from a column of scores in [0, 1].  "positive": the label that the score is about; NULL: true, 1 or the later one. */
extern void ml_judged_add_scores(MlJudgedRows *judged, const char *score, const char *positive, const MlJudgedSource *from);

/* Number the groups by their values, and make the curves of both parts (rows are sorted in place). */
extern void ml_judged_curves(MlJudgedRows *judged, SmlCurves **fitted, SmlCurves **evaluated);

/* SQL that holds for about half of the rows, by their key: "split" is that of a version, or NULL. */
extern char *ml_judged_half(const MlSource *source, const MlSplit *split);

#endif
