/*
 * compare.c - the SQL function compare(model_a, model_b, source): all figures of two models
 * on the same rows, from one scan.
 *
 * Without a source the rows are those that both versions held out, of the source that both
 * were trained on.  The interval is that of the mean difference of the loss per row, which
 * is much narrower than the difference of two separate intervals; only log_loss and mse
 * have one.
 */
#include "../compat.h"

#include <math.h>

#include "utils/builtins.h"

#include "../env.h"
#include "asked.h"
#include "result.h"

typedef struct Side
{
	MlVersion     *version;
	const MlModel *model;
	MlStored      *stored;
	MlEvaluation  *evaluation;
} Side;

static void
resolve(FunctionCallInfo fcinfo, int argument, Side *side)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("model must not be NULL")));
	side->version = ml_version_resolve(text_to_cstring(PG_GETARG_TEXT_PP(argument)), ML_READ);
	side->model = ml_model_get(side->version);
	side->stored = ml_stored_read(side->version);
}

pg_noreturn static void
not_comparable(const Side *a, const Side *b, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("models \"%s\" and \"%s\" cannot be compared", ml_version_label(a->version), ml_version_label(b->version)),
			 errdetail("%s", detail)));
}

/* Both must predict the same thing; the type that its column has is no matter here. */
static void
check_same_meaning(const Side *a, const Side *b)
{
	SmlMeaning differs = sml_model_compare_meaning(a->model->model, b->model->model);

	if (differs == SML_MEANING_TASK)
		not_comparable(a, b, "Their tasks differ.");
	if (strcmp(a->stored->target, b->stored->target) != 0)
		not_comparable(a, b, "Their targets differ.");
	if (differs == SML_MEANING_CLASSES)
		not_comparable(a, b, "Their classes differ.");
	if (differs == SML_MEANING_POSITIVE)
		not_comparable(a, b, "Their positive classes differ.");
}

/* The rows that both held out. */
static MlRowsAsked *
rows_of_both(const Side *a, const Side *b)
{
	MlRowsAsked *first = ml_rows_asked(a->version, a->stored, NULL, "held_out");
	MlRowsAsked *second = ml_rows_asked(b->version, b->stored, NULL, "held_out");

	if (OidIsValid(first->source->relid) ? first->source->relid != second->source->relid
										 : strcmp(first->source->text, second->source->text) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("models \"%s\" and \"%s\" have no held-out rows in common", ml_version_label(a->version),
						ml_version_label(b->version)),
				 errdetail("They were evaluated on different sources."),
				 errhint("Name a source to compare them on.")));
	if (first->where == NULL)
		first->where = second->where;
	else if (second->where != NULL)
		first->where = psprintf("(%s) AND (%s)", first->where, second->where);
	return first;
}

static void
evaluate_both(FunctionCallInfo fcinfo, Side *a, Side *b)
{
	char            *source = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	MlRun           *run = ml_run_begin("evaluate");
	MlRowsAsked     *rows;
	MlEvaluationPlan plan;
	MlFigures        figures;
	MlScan           scan;
	int              level = 0;

	ml_scan_begin(&scan);
	rows = source ? ml_rows_asked(a->version, a->stored, source, "all") : rows_of_both(a, b);
	level = ml_path_begin(rows->search_path);
	plan = (MlEvaluationPlan) {
		.model = a->model->model,
		.scorer = a->model->scorer,
		.threshold = a->version->threshold,
		.source = rows->source,
		.where = rows->where,
		.target = a->stored->target,
		.weight = a->stored->weight,
		.other_model = b->model->model,
		.other_scorer = b->model->scorer,
		.other_threshold = b->version->threshold,
	};
	a->evaluation = ml_evaluate_plan(&plan, &b->evaluation);
	ml_path_end(level);
	ml_scan_end(&scan);
	ml_run_end(run, a->version->schema, a->version->name, a->version->version, a->evaluation->rows_used, &figures);
}

/* a, b, or neither; by the interval where there is one. */
static const char *
better_one(double difference, double low, double high, bool rises)
{
	if (isnan(difference))
		return NULL;
	if (isnan(low) ? difference == 0 : low <= 0 && high >= 0)
		return "neither";
	return (difference > 0) == rises ? "b" : "a";
}

static void
put_difference(MlResult *result, const char *name, double a, double b, double low, double high, int64 n, const char *better)
{
	ml_put_text(result, name);
	ml_put_number(result, a);
	ml_put_number(result, b);
	ml_put_number(result, b - a);
	ml_put_number(result, low);
	ml_put_number(result, high);
	ml_put_integer(result, n);
	ml_put_text(result, better);
	ml_put_row(result);
}

static void
put_loss(MlResult *result, const char *name, const SmlPaired *paired)
{
	/* the core's difference is a - b; 0 - x, since -x would make a minus zero */
	double low = 0 - paired->high;
	double high = 0 - paired->low;

	put_difference(result, name, paired->a, paired->b, low, high, paired->n, better_one(0 - paired->difference, low, high, false));
}

PG_FUNCTION_INFO_V1(sustainml_compare);
Datum
sustainml_compare(PG_FUNCTION_ARGS)
{
	MlResult *result = ml_result_begin(fcinfo);
	SmlPaired paired;
	SmlEnv    env;
	Side      a;
	Side      b;
	bool      regression;

	resolve(fcinfo, 0, &a);
	resolve(fcinfo, 1, &b);
	check_same_meaning(&a, &b);
	evaluate_both(fcinfo, &a, &b);
	ml_env_init(&env, CurrentMemoryContext);
	ML_CHECK(&env, sml_paired_loss(&env, a.evaluation->scored, b.evaluation->scored, &paired), "compare two models");
	regression = a.model->model->task == SML_REGRESSION;
	for (int i = 0; i < a.evaluation->metric_count; i++)
	{
		const MlMetric *x = &a.evaluation->metrics[i];
		const MlMetric *y = &b.evaluation->metrics[i];

		if (strcmp(x->name, "rows") == 0)
			put_difference(result, x->name, x->value, y->value, NAN, NAN, x->n, NULL);
		else if (strcmp(x->name, "log_loss") == 0)
			put_loss(result, x->name, &paired);
		else
			put_difference(result, x->name, x->value, y->value, NAN, NAN, a.evaluation->rows_used,
						   better_one(y->value - x->value, NAN, NAN, sml_metric_rises(x->name)));
	}
	if (regression)
		put_loss(result, "mse", &paired);
	return ml_result_end(result);
}
