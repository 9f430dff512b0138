/*
 * tune.c - sustainml.tune_threshold: the decision threshold by what the decision is for.
 *
 * Which rows.  Without a source: a version with calibration is tuned on the held-out rows
 * that were set aside for it, and the figures are those of its other held-out rows; one
 * without has only one set of held-out rows, so the figures are of the rows that the
 * threshold was chosen on, and say so.  With a source, both are its rows.
 *
 * Cost: one or two scans, and a sort of the scores (core/metric/threshold.h).
 */
#include "../compat.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"

#include "../catalog_internal.h"
#include "../env.h"
#include "../nearest.h"
#include "../../core/metric/threshold.h"
#include "asked.h"
#include "result.h"

/* Arguments, in the order of sql/47_threshold.sql. */
enum
{
	ARG_MODEL, ARG_SOURCE, ARG_OBJECTIVE, ARG_FALSE_POSITIVE_COST, ARG_FALSE_NEGATIVE_COST, ARG_AT_LEAST, ARG_SET
};

static const char doing[] = "tune the threshold";

typedef struct Tuning
{
	MlVersion     *version;
	const MlModel *model;
	MlStored      *stored;
	char          *label;
	SmlAim         aim;
	SmlEnv         env;
	MlEvaluation  *tuned_on;
	MlEvaluation  *shown_on;  /* the same, or other rows */
	int64          seen;      /* of the rows tuned on: training rows; -1 unknown */
	SmlTuned       tuned;
	SmlTally       before;
	SmlTally       after;
} Tuning;

/* ---- arguments ------------------------------------------------------------------------- */

static SmlObjective
objective_of(const char *text)
{
	const char *names[16];
	const char *nearest;
	int         count = 0;

	for (; sml_objective_name((size_t) count) != NULL; count++)
	{
		names[count] = sml_objective_name((size_t) count);
		if (strcmp(text, names[count]) == 0)
			return (SmlObjective) count;
	}
	nearest = ml_nearest_name(text, names, count);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown objective \"%s\"", text),
			 nearest ? errhint("Perhaps you meant \"%s\".", nearest) :
			 errhint("Known are f1, balanced_accuracy, youden, mcc, cost, precision_at_recall and recall_at_precision.")));
}

static double
cost_of(FunctionCallInfo fcinfo, int argument, const char *name)
{
	double cost = PG_ARGISNULL(argument) ? NAN : PG_GETARG_FLOAT8(argument);

	if (!(cost >= 0) || isinf(cost))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("objective \"cost\" needs a %s of 0 or more", name),
				 errhint("For example false_positive_cost => 1, false_negative_cost => 20.")));
	return cost;
}

static SmlAim
read_aim(FunctionCallInfo fcinfo)
{
	SmlAim aim = {SML_OBJECTIVE_F1, NAN, NAN, NAN};
	bool   costs = !PG_ARGISNULL(ARG_FALSE_POSITIVE_COST) || !PG_ARGISNULL(ARG_FALSE_NEGATIVE_COST);
	bool   condition;

	if (PG_ARGISNULL(ARG_OBJECTIVE))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("objective must not be NULL")));
	aim.objective = objective_of(text_to_cstring(PG_GETARG_TEXT_PP(ARG_OBJECTIVE)));
	condition = aim.objective == SML_OBJECTIVE_PRECISION_AT_RECALL || aim.objective == SML_OBJECTIVE_RECALL_AT_PRECISION;
	if ((costs && aim.objective != SML_OBJECTIVE_COST) || (!PG_ARGISNULL(ARG_AT_LEAST) && !condition))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("objective \"%s\" takes no %s", sml_objective_name(aim.objective), costs ? "costs" : "at_least"),
				 errhint("Costs belong to cost, at_least to precision_at_recall and recall_at_precision.")));
	if (aim.objective == SML_OBJECTIVE_COST)
	{
		aim.false_positive_cost = cost_of(fcinfo, ARG_FALSE_POSITIVE_COST, "false_positive_cost");
		aim.false_negative_cost = cost_of(fcinfo, ARG_FALSE_NEGATIVE_COST, "false_negative_cost");
		if (aim.false_positive_cost == 0 && aim.false_negative_cost == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("with both costs 0 every threshold costs the same")));
	}
	if (condition)
	{
		aim.at_least = PG_ARGISNULL(ARG_AT_LEAST) ? NAN : PG_GETARG_FLOAT8(ARG_AT_LEAST);
		if (!(aim.at_least > 0 && aim.at_least <= 1))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("objective \"%s\" needs at_least, above 0 and at most 1", sml_objective_name(aim.objective)),
					 errhint("It is the least %s that is wanted, for example at_least => 0.9.",
							 aim.objective == SML_OBJECTIVE_PRECISION_AT_RECALL ? "recall" : "precision")));
	}
	return aim;
}

/* ---- the rows ----------------------------------------------------------------------------- */

static MlEvaluation *
evaluate_rows(Tuning *t, const char *source, const char *part, int64 *seen)
{
	MlRowsAsked     *rows = ml_rows_asked(t->version, t->stored, source, part);
	MlEvaluationPlan plan = {
		.model = t->model->model,
		.scorer = t->model->scorer,
		.threshold = t->version->threshold,
		.source = rows->source,
		.where = rows->where,
		.seen = rows->seen,
		.target = t->stored->target,
		.weight = t->stored->weight,
	};
	MlEvaluation    *evaluation = ml_evaluate_plan(&plan, NULL);

	*seen = !rows->seen_known ? -1 : rows->all_seen ? evaluation->rows_used : evaluation->seen;
	return evaluation;
}

static void
evaluate_all(Tuning *t, const char *source)
{
	bool   aside = source == NULL && t->stored->split->aside > 0;
	int    level = 0;
	int64  ignored;
	MlScan scan;

	ml_scan_begin(&scan);
	if (source == NULL)
		level = ml_path_begin(t->stored);
	t->tuned_on = evaluate_rows(t, source, aside ? "calibration" : "all", &t->seen);
	t->shown_on = aside ? evaluate_rows(t, source, "held_out", &ignored) : t->tuned_on;
	if (source == NULL)
		ml_path_end(level);
	ml_scan_end(&scan);
}

/* What should be known about the rows. */
static const char *
about_rows(const Tuning *t)
{
	long long n = (long long) t->tuned_on->rows_used;

	if (t->shown_on != t->tuned_on)
		return psprintf("Chosen on %lld held-out rows that were set aside in training; the figures are those of the %lld other held-out rows%s.",
						n, (long long) t->shown_on->rows_used,
						t->stored->refit ? ", which the last fit has seen" : "");
	if (t->seen > 0)
		return psprintf("The figures are of the rows that the threshold was chosen on, and %lld of them trained the model: they flatter it.",
						(long long) t->seen);
	if (t->seen < 0)
		return "The figures are of the rows that the threshold was chosen on, so they flatter it; whether they trained the model is not known.";
	return "The figures are of the rows that the threshold was chosen on, so they flatter it a little.";
}

/* ---- the answer ------------------------------------------------------------------------------ */

typedef struct Figure
{
	const char *name;
	double    (*of)(const SmlTally *tally);
	const char *undefined;
} Figure;

static double
true_positives(const SmlTally *tally)
{
	return tally->tp;
}

static double
false_positives(const SmlTally *tally)
{
	return tally->fp;
}

static double
false_negatives(const SmlTally *tally)
{
	return tally->fn;
}

static double
true_negatives(const SmlTally *tally)
{
	return tally->tn;
}

static const Figure figures[] = {
	{"precision", sml_tally_precision, "No row is called positive."},
	{"recall", sml_tally_recall, "No row is positive."},
	{"specificity", sml_tally_specificity, "No row is negative."},
	{"f1", sml_tally_f1, "No row is positive or called so."},
	{"balanced_accuracy", sml_tally_balanced_accuracy, "There are rows of one class only."},
	{"accuracy", sml_tally_accuracy, "There are no rows."},
	{"mcc", sml_tally_mcc, "All rows are, or are called, of one class."},
	{"true_positives", true_positives, NULL},
	{"false_positives", false_positives, NULL},
	{"false_negatives", false_negatives, NULL},
	{"true_negatives", true_negatives, NULL},
};

static void
put(MlResult *result, const Tuning *t, const char *name, double before, double after, const char *reason)
{
	ml_put_text(result, name);
	ml_put_number(result, before);
	ml_put_number(result, after);
	ml_put_integer(result, t->shown_on->rows_used);
	ml_put_text(result, reason);
	ml_put_row(result);
}

static void
put_all(MlResult *result, const Tuning *t)
{
	bool        found = !isnan(t->tuned.threshold);
	const char *name = sml_objective_name(t->aim.objective);
	double      before = sml_aim_value(&t->aim, &t->before);
	double      after = found ? sml_aim_value(&t->aim, &t->after) : NAN;
	const char *reason = found ? NULL : t->tuned.reason;

	if (found && (isnan(before) || isnan(after)))
		reason = isfinite(t->aim.at_least) ? psprintf("Where it is empty, the condition of at least %g is not met.", t->aim.at_least) :
			"Where it is empty, the objective has no value.";
	put(result, t, "threshold", t->version->threshold, t->tuned.threshold, found ? about_rows(t) : t->tuned.reason);
	put(result, t, psprintf("objective: %s", name), before, after, reason);
	for (size_t i = 0; i < lengthof(figures); i++)
	{
		double value = found ? figures[i].of(&t->after) : NAN;
		double was = figures[i].of(&t->before);

		put(result, t, figures[i].name, was, value, !found ? t->tuned.reason : isnan(value) || isnan(was) ? figures[i].undefined : NULL);
	}
}

static void
store(const Tuning *t)
{
	if (isnan(t->tuned.threshold))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("there is no threshold to set"),
				 errdetail("%s", t->tuned.reason)));
	ml_threshold_set(psprintf("%s.%s", t->version->schema, t->label), t->tuned.threshold,
					 psprintf("Threshold set from %.6g to %.6g by tune_threshold for %s, which was %.6g and is %.6g on the %lld rows it was chosen on.",
							  t->version->threshold, t->tuned.threshold, sml_objective_name(t->aim.objective),
							  sml_aim_value(&t->aim, &t->before), t->tuned.value, (long long) t->tuned_on->rows_used));
}

PG_FUNCTION_INFO_V1(sustainml_tune_threshold);
Datum
sustainml_tune_threshold(PG_FUNCTION_ARGS)
{
	MlResult *result = ml_result_begin(fcinfo);
	bool      set = !PG_ARGISNULL(ARG_SET) && PG_GETARG_BOOL(ARG_SET);
	char     *source = PG_ARGISNULL(ARG_SOURCE) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(ARG_SOURCE));
	Tuning    t;
	MlRun    *run;
	MlFigures cost;

	memset(&t, 0, sizeof(t));
	ml_env_init(&t.env, CurrentMemoryContext);
	if (PG_ARGISNULL(ARG_MODEL))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("model must not be NULL")));
	t.aim = read_aim(fcinfo);
	if (set)
		PreventCommandIfReadOnly("tune_threshold()");
	t.version = ml_version_resolve(text_to_cstring(PG_GETARG_TEXT_PP(ARG_MODEL)), set ? ML_MANAGE : ML_READ);
	t.label = ml_version_label(t.version);
	t.model = ml_model_get(t.version);
	if (t.model->model->task != SML_BINARY)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("only a model of two classes has a threshold")));
	t.stored = ml_stored_read(t.version);
	run = ml_run_begin("tune_threshold");
	evaluate_all(&t, source);
	ML_CHECK(&t.env, sml_threshold_tune(&t.env, t.tuned_on->scored, &t.aim, &t.tuned), doing);
	if (set)
	{
		ML_CHECK(&t.env, sml_threshold_tally(&t.env, t.tuned_on->scored, t.version->threshold, &t.before), doing);
		store(&t);
	}
	ML_CHECK(&t.env, sml_threshold_tally(&t.env, t.shown_on->scored, t.version->threshold, &t.before), doing);
	ML_CHECK(&t.env, sml_threshold_tally(&t.env, t.shown_on->scored, t.tuned.threshold, &t.after), doing);
	put_all(result, &t);
	ml_run_end(run, t.version->schema, t.version->name, t.version->version,
			   t.tuned_on->rows_used + (t.shown_on != t.tuned_on ? t.shown_on->rows_used : 0), &cost);
	return ml_result_end(result);
}
