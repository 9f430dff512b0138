/*
 * evaluate.h - score the rows of a source with one or two models and measure how good they are.
 */
#ifndef ML_EVALUATE_H
#define ML_EVALUATE_H

#include "../compat.h"
#include "utils/jsonb.h"
#include "../source.h"
#include "../split.h"
#include "../../core/model/model.h"
#include "../../core/metric/importance.h"
#include "../../core/metric/leakage.h"
#include "../../core/metric/metric.h"

/* name, value (NaN: undefined, see reason), ci_low, ci_high (NaN: unknown), n, reason. */
typedef SmlMetric MlMetric;

typedef struct MlEvaluation
{
	int64     rows;          /* rows of the source that matched "where" */
	int64     rows_used;     /* with a target (and weight), of a class that the model knows */
	int64     unseen;        /* values of categorical features that the model does not know */
	int64     unknown_class; /* rows whose target is a class that the model does not know; left out */
	bool      guarded;       /* sealed columns were read that the caller may not open: figures of few rows are withheld */
	bool      withheld;      /* and the rows are too few for any figure */
	int64     seen;          /* used rows for which "seen" held; 0 without it */
	int64     overflow;      /* the rows that fitted into memory, when others did not and the plan allows it: nothing but "rows" is known then */
	int       metric_count;
	MlMetric *metrics;
	SmlScored *scored;       /* the pairs themselves, for curves, intervals and paired tests; see core/metric/metric.h */
	SmlReplay *replay;       /* for importance by shuffling, when asked for */
} MlEvaluation;

/*
 * Called for every row, also those that cannot be evaluated: "extra" are the further columns asked
 * for; actual is a class index, -1 where there is no known label.
 */
typedef void (*MlScoredRow)(void *context, const Datum *extra, const bool *extra_nulls, double actual, const double *response, double weight);

/* The same with more to ask for. */
typedef struct MlEvaluationPlan
{
	const SmlModel  *model;
	const SmlScorer *scorer;
	double           threshold;
	const MlSource  *source;
	const char      *where;   /* over s.cN, or NULL */
	const char      *seen;    /* over s.cN: rows to be counted as seen in training, or NULL */
	const char      *target;
	const char      *weight;  /* or NULL */
	bool             replay;  /* keep what each feature added */
	bool             links;   /* keep links instead of predictions, and make no metrics */
	bool             may_overflow; /* no error when the pairs do not fit into memory; see overflow.  One model only */
	bool             may_be_few; /* too few rows of sealed columns: "withheld" instead of an error */
	SmlLeakage      *leakage; /* a holder that is given the used rows, or NULL; two classes only */
	/* a second model, evaluated in the same scan on the same rows: those that both can use; or NULL */
	const SmlModel  *other_model;
	const SmlScorer *other_scorer;
	double           other_threshold;
	/* what the caller wants to see of each row, or NULL; the pairs are not kept then, and there are no metrics */
	MlScoredRow      each;
	void            *each_context;
	const int       *extra;   /* columns of the source */
	int              extra_count;
} MlEvaluationPlan;

extern MlEvaluation *ml_evaluate_plan(const MlEvaluationPlan *plan, MlEvaluation **other);

/*
 * The same for held-out rows of "split", of which a sample by key serves when the pairs of all do not fit into memory;
 * plan->where becomes that of the sample, and plan->leakage a fresh holder.  *rows is the number of all.
 */
extern MlEvaluation *ml_evaluate_within(MlEvaluationPlan *plan, const MlSplit *split, int64 *rows);

/* The figures as jsonb: {"roc_auc": 0.9, …}; undefined ones are null. */
extern Jsonb *ml_evaluation_json(const MlEvaluation *evaluation);

/* Find one metric by name, or NULL. */
extern const MlMetric *ml_evaluation_metric(const MlEvaluation *evaluation, const char *name);

#endif
