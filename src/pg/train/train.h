/*
 * train.h - the parts of sustainml.train, in the order in which they run:
 *
 *   request   the arguments, checked before any work
 *   columns   which columns are features, target, weight; of what kind
 *   fit       the scans: profile, then the learner's passes
 *   train     evaluation, activation, the catalog, the report
 */
#ifndef ML_TRAIN_H
#define ML_TRAIN_H

#include "../compat.h"
#include "../catalog.h"
#include "../meter.h"
#include "../source.h"
#include "../split.h"
#include "../../core/metric/leakage.h"
#include "../../core/model/model.h"
#include "../../core/pass.h"
#include "probability.h"
#include "rebalance.h"

/* ---- request ------------------------------------------------------------------ */

typedef enum MlActivate
{
	ML_ACTIVATE_ALWAYS,
	ML_ACTIVATE_IF_BETTER,
	ML_ACTIVATE_NEVER
} MlActivate;

typedef struct MlRequest
{
	MlModelName  name;
	char        *source;
	char        *target;
	char        *algorithm;   /* NULL: auto */
	char        *task;        /* NULL: auto; regression, classification, binary, multiclass */
	char        *positive;
	char        *favorable;
	char       **features;    /* NULL: all */
	int          feature_count;
	bool         all_and_more; /* features had '*' among them */
	char       **exclude;
	int          exclude_count;
	char       **protected_columns;
	int          protected_count;
	Jsonb       *params;
	Jsonb       *preprocess;
	Jsonb       *split;
	double       holdout;
	char        *weight;
	int64        seed;
	bool         refit;
	MlActivate   activate;
	char        *metric;
	double       min_gain;    /* NaN: by the paired interval */
	MlProbability probability; /* from params, as is the next */
	MlResample  *resample;    /* or NULL */
} MlRequest;

/* From the arguments of sustainml.train, in their order. */
extern MlRequest *ml_request_from_arguments(FunctionCallInfo fcinfo);

/* The index of "text" in "choices" (at least three), or an error that lists them. */
extern int ml_choose(const char *text, const char *what, const char *const *choices, int count);

/* The same number, or an error unless it is finite and not negative. */
extern double ml_min_gain(double min_gain);

/* ---- columns ------------------------------------------------------------------- */

typedef struct MlColumns
{
	int        target;         /* source column */
	int        weight;         /* source column or -1 */
	bool       guessed_classes; /* nobody said so, but the first values of a numeric target are all 0 or 1 */
	int        count;          /* feature columns */
	int       *source_columns; /* of each feature column, in the order of the layout */
	bool      *asked;          /* named in features: problems are errors, not notes */
	SmlLayout  layout;
} MlColumns;

/*
 * Choose the feature columns and the kind of target.  Runs small queries (array lengths, a
 * look at the first rows of a numeric target), so inside a scan bracket.
 */
extern MlColumns *ml_columns_choose(const MlSource *source, const MlRequest *request, const MlSplit *split,
									SmlEnv *env, SmlNotes *notes);

/* The target turned out not to be 0 and 1 alone, but to have so many distinct values: it is an amount. */
extern void ml_columns_take_amount(MlColumns *columns, const MlSource *source, double distinct, SmlEnv *env, SmlNotes *notes);

/* Leave out feature column "position" and number the slots anew. */
extern void ml_columns_drop(MlColumns *columns, int position);

/* Labels of an enum type in their order, or NULL when the type is no enum. */
extern const char *const *ml_enum_labels(Oid type, int *count);

/* ---- fit ------------------------------------------------------------------------ */

struct MlMitigation;

typedef struct MlFitted
{
	SmlModel  *model;
	struct MlMitigation *mitigation; /* params asked for a fairness method; or NULL */
	uint64     rows_used;
	uint64     rows_skipped;
	SmlVerdict last;
	SmlLeakage *leakage; /* the rows themselves, when all rows were trained on and were kept; else NULL */
} MlFitted;

/* Fit on the rows for which "where" holds.  Everything is allocated through env. */
extern MlFitted *ml_fit(SmlEnv *env, const MlSource *source, const MlRequest *request, MlColumns *columns,
						const char *where, MlRun *run, SmlNotes *notes);

/* ---- progress -------------------------------------------------------------------- */

/* Show what a long training is doing in pg_stat_activity; see sustainml.progress(). */
extern void ml_progress(const char *model, const char *phase, const SmlVerdict *verdict);

/* The same for other work: "sustainml KIND SOURCE: PHASE", whose phase has no colon. */
extern void ml_progress_show(const char *text);

/* Give the session's own query back; an abort of a subtransaction does so too. */
extern void ml_progress_end(void);

#endif
