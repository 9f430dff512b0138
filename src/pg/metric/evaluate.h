/*
 * evaluate.h - score the rows of a source with a model and measure how good it is.
 */
#ifndef ML_EVALUATE_H
#define ML_EVALUATE_H

#include "../compat.h"
#include "../source.h"
#include "../../core/model/model.h"
#include "../../core/metric/metric.h"

/* name, value (NaN: undefined, see reason), ci_low, ci_high (NaN: unknown), n, reason. */
typedef SmlMetric MlMetric;

typedef struct MlEvaluation
{
	int64     rows;          /* rows of the source that matched "where" */
	int64     rows_used;     /* with a target (and weight) */
	int64     unseen;        /* labels that the model does not know */
	int       metric_count;
	MlMetric *metrics;
	SmlScored *scored;       /* the pairs themselves, for curves, intervals and paired tests; see core/metric/metric.h */
} MlEvaluation;

/*
 * Evaluate "model" on the rows of "source" for which "where" (over s.cN, may be NULL) holds.  target and weight are
 * columns of the source (weight may be NULL).  Runs inside ml_scan_begin/end of the caller, under SPI; allocated in
 * CurrentMemoryContext.
 */
extern MlEvaluation *ml_evaluate(const SmlModel *model, const SmlScorer *scorer, double threshold, const MlSource *source,
								 const char *where, const char *target, const char *weight);

/* The figures as jsonb: {"roc_auc": 0.9, …}; undefined ones are null. */
extern struct Jsonb *ml_evaluation_json(const MlEvaluation *evaluation);

/* Find one metric by name, or NULL. */
extern const MlMetric *ml_evaluation_metric(const MlEvaluation *evaluation, const char *name);

#endif
