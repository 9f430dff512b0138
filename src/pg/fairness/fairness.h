/*
 * fairness.h - audits: collect counts by group, work out the figures, keep them.
 *
 * A collector takes rows (label, prediction, score, weight with the values of the protected columns)
 * or states of whole groups, and makes one stored audit of them.  Three callers feed it:
 * the SQL pass over a relation with predictions, the evaluation of a model, and mitigation.
 */
#ifndef ML_FAIRNESS_H
#define ML_FAIRNESS_H

#include "../compat.h"
#include "../catalog.h"
#include "../meter.h"
#include "../source.h"
#include "../../core/fairness/audit.h"
#include "../../core/model/model.h"
#include "../../core/prep/row.h"
#include "utils/jsonb.h"

/* What an audit is about and how it is made; texts may be NULL where nothing was said. */
typedef struct MlFairSpec
{
	/* the model, if one made the predictions */
	const char *model_schema;
	const char *model;
	int         version;          /* 0: none yet */
	int64       version_id;       /* 0: none yet */
	/* the rows */
	const char *source;
	const char *part;             /* all, held_out, training */
	const char *target;
	const char *prediction;
	const char *score;
	const char *weight;
	const char *positive;         /* class that tpr, fpr, … are about */
	const char *favorable;        /* NULL: not said */
	bool        hides_classes;    /* of a sealed model: no sentence names its classes */
	double      threshold;        /* NaN: predictions are not made by one */
	char      **protected_columns;
	int         protected_count;
	/* how */
	int         intersections;    /* most attributes in a cross; 1: none */
	const char *reference;        /* majority, best, a group's value, or {"sex": "Male"} */
	int         min_n;
	int         suppress_below;
	double      confidence;
	int         draws;
	int64       seed;
} MlFairSpec;

/* Defaults: intersections 2, majority, min_n 30, suppress_below 10, confidence 0.95, draws 2000, seed 0. */
extern void ml_fair_spec_init(MlFairSpec *spec);

/* Refuse a protected column that is also the target, the prediction or the score; names of protected are the source's own. */
extern void ml_fair_check_protected(const MlSource *source, const MlFairSpec *spec);

typedef struct MlFairCollector MlFairCollector;

/* Begin to collect; allocated in CurrentMemoryContext.  "scored": rows bring scores; "weighted": weights. */
extern MlFairCollector *ml_fair_begin(const MlFairSpec *spec, bool scored, bool weighted);

/* A row.  groups: one text per protected column, length < 0 for a missing value; score and weight as in sml_fair_add. */
extern void ml_fair_row(MlFairCollector *collector, const SmlText *groups, SmlTruth label, SmlTruth prediction,
						double score, double weight);

/* Rows that were counted elsewhere. */
extern void ml_fair_state(MlFairCollector *collector, const SmlText *groups, const SmlFairState *state);

/* What came of it, in memory. */
typedef struct MlFairResult
{
	const MlFairSpec *spec;
	SmlFairPlan       plan;
	SmlFairAudit     *audit;
	char           ***values;     /* per group: texts of its set's attributes, NULL for missing */
	char            **set_names;  /* per set: "sex & race" */
	int64             rows;
	int64             rows_without_label;
	int64             rows_without_prediction;
	int64             rows_without_group;  /* a protected value is missing */
	int64             rows_without_weight;
	int64             rows_bad_score;      /* NaN */
	int64             rows_without_score;
	char            **notes;
	int               note_count;
} MlFairResult;

/* Work out the figures.  Errors: a score outside [0, 1], a column with a value per row, an unknown reference. */
extern MlFairResult *ml_fair_finish(MlFairCollector *collector);

/*
 * The groups of given sets alone (the first is the empty one; attributes are numbers of protected columns, in the
 * order in which values sort), without figures: plan and values of the result are set, audit is NULL.
 */
extern MlFairResult *ml_fair_group(MlFairCollector *collector, SmlFairSet *sets, size_t count);

/* Say in notices which rows lack something; "target": whether labels were asked for. */
extern void ml_fair_notice_rows(const MlFairResult *result, bool target);

/* The finest cells: texts per protected column (NULL: missing) and counts. */
extern size_t ml_fair_cell_count(const MlFairCollector *collector);
extern void   ml_fair_cell(const MlFairCollector *collector, size_t i, char *const **texts, const SmlFairState **state);

/* All lists of up to "most" of the first "attributes" columns, the empty one first; sets has room for ML_FAIR_MOST_SETS. */
#define ML_FAIR_MOST_SETS 200
extern size_t ml_fair_list_sets(int attributes, int most, SmlFairSet *sets);

/*
 * Write the audit as the extension's owner, chain it, judge policies, open and close alerts.
 * Returns the audit's id.  Not in a read-only transaction.
 */
extern int64 ml_fair_store(const MlFairResult *result, int64 run_id);

/* Audits of one subject, and removals of them, wait for one another until the end of the transaction. */
extern void ml_fair_lock_subject(const char *subject);

/* Define the settings of audits; called once by _PG_init. */
extern void ml_fair_define_settings(void);

/* {"audit_id": 1, "sex": {"demographic_parity_difference": …}, …} for the report of train. */
extern Jsonb *ml_fair_json(const MlFairResult *result, int64 audit_id);

/* One figure over the groups of an attribute ("sex", or "sex & race"), NaN where undefined; for mitigation. */
extern double ml_fair_disparity(const MlFairResult *result, const char *attribute, const char *metric);

/* Whether a disparity is better when it is larger: …_ratio. */
extern bool ml_fair_is_ratio(const char *metric);

/*
 * Audit a model in memory on the rows of "source" for which "where" (over s.cN, or NULL) holds, under the caller's
 * scan bracket.  target, weight, protected, positive, favorable and threshold come from spec; the rest of
 * spec is filled in by the caller.  choose, where given, makes the prediction (true: positive) instead of
 * the threshold: it sees the protected values and the score.
 */
typedef SmlTruth (*MlFairChoose)(void *context, const SmlText *groups, double score);
extern MlFairResult *ml_fair_of_model(const MlFairSpec *spec, const SmlModel *model, const SmlScorer *scorer,
									  const MlSource *source, const char *where, MlFairChoose choose, void *context);

/*
 * Keep what a mitigation did: a row of sustainml.fairness_mitigation.  metric is what it was to lower; gaps are of
 * held-out rows, NaN unknown; audits 0: none.  Returns its id.
 */
typedef struct MlFairMitigation
{
	const char *model_schema;
	const char *model;
	int         version;
	const char *method;
	Jsonb      *params;
	Jsonb      *thresholds;   /* or NULL */
	const char *attribute;
	const char *metric;
	int64       audit_before;
	int64       audit_after;
	double      gap_before;
	double      gap_after;
	const char *note;         /* or NULL */
} MlFairMitigation;
extern int64 ml_fair_mitigation_store(const MlFairMitigation *mitigation);

/*
 * Whether the active policies of severity "error" on a model let this version pass, by its newest audit that somebody with
 * the privilege to manage the model made: false when one fails, or when there is no audit to judge by; *why says which.
 * "strict": insufficient evidence fails too.
 */
extern bool ml_fair_gate(const char *model_schema, const char *model, int version, bool strict, char **why);

#endif
