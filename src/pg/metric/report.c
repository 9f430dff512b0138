/*
 * report.c - the set-returning evaluation functions: evaluate, classification_report,
 * confusion_matrix, roc_curve, calibration_curve.
 *
 * Each evaluates the model on the rows asked for (asked.c) and hands out what the core
 * made of the pairs.  Needs the privilege to read the model and to select from the source.
 */
#include "../compat.h"

#include <math.h>

#include "utils/builtins.h"

#include "../env.h"
#include "asked.h"
#include "result.h"
#include "../privacy/learn.h"

/* A curve is thinned to this many points: enough for any screen. */
#define MOST_CURVE_POINTS 1000
#define MOST_BINS 1000

pg_noreturn static void
wrong_task(const MlAsked *asked, const char *needed, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("model \"%s\" is not %s", asked->label, needed),
			 errhint("%s", hint)));
}

static void
need_classes(const MlAsked *asked)
{
	if (asked->model->model->task == SML_REGRESSION)
		wrong_task(asked, "a classification model", "For a regression, see evaluate().");
}

static const char *
class_name(const MlAsked *asked, size_t k)
{
	return asked->model->model->encoder->classes[k];
}

/* Whether a count may be shown: not a few values of sealed columns, to those who may not open them. */
static bool
may_show(const MlEvaluation *evaluation, int64 count)
{
	return !evaluation->guarded || count == 0 || count >= ML_SEALED_LEAST_ROWS;
}

static void
put_count_or_null(MlResult *result, int64 count, bool shown)
{
	if (shown)
		ml_put_integer(result, count);
	else
		ml_put_number(result, NAN);
}

/* ---- evaluate ----------------------------------------------------------------------------- */

static void
put_metric(MlResult *result, const MlMetric *metric)
{
	ml_put_text(result, metric->name);
	ml_put_number(result, metric->value);
	ml_put_number(result, metric->ci_low);
	ml_put_number(result, metric->ci_high);
	put_count_or_null(result, metric->n, metric->n >= 0);
	ml_put_text(result, metric->reason);
	ml_put_row(result);
}

static void
put_count(MlResult *result, const char *name, double count, int64 n, const char *reason)
{
	MlMetric metric = {name, count, NAN, NAN, n, reason};

	put_metric(result, &metric);
}

/* The same for a count that says something about values. */
static void
put_value_count(MlResult *result, const MlEvaluation *evaluation, const char *name, int64 count, int64 n)
{
	bool shown = may_show(evaluation, count);

	put_count(result, name, shown ? (double) count : NAN, n, shown ? NULL : "It is of a few values, and the columns are sealed.");
}

PG_FUNCTION_INFO_V1(sustainml_evaluate);
Datum
sustainml_evaluate(PG_FUNCTION_ARGS)
{
	MlResult           *result = ml_result_begin(fcinfo);
	const MlAsked      *asked = ml_asked_evaluate(fcinfo, true, false);
	const MlEvaluation *evaluation = asked->evaluation;

	for (int i = 0; i < evaluation->metric_count; i++)
		put_metric(result, &evaluation->metrics[i]);
	put_count(result, "rows_skipped", (double) (evaluation->rows - evaluation->rows_used - evaluation->unknown_class),
			  evaluation->rows, NULL);
	if (asked->model->model->task != SML_REGRESSION)
		put_value_count(result, evaluation, "rows_unknown_class", evaluation->unknown_class, evaluation->rows);
	put_value_count(result, evaluation, "other_values", evaluation->unseen, evaluation->rows_used);
	put_count(result, "rows_seen_in_training", asked->rows->seen_known ? (double) evaluation->seen : NAN,
			  evaluation->rows_used, asked->rows->seen_reason);
	return ml_result_end(result);
}

/* ---- classification_report ------------------------------------------------------------------- */

static void
put_report(MlResult *result, const MlEvaluation *evaluation, const char *name, double precision, double recall, double f1, uint64_t support)
{
	bool shown = may_show(evaluation, (int64) support);

	ml_put_text(result, name);
	ml_put_number(result, shown ? precision : NAN);
	ml_put_number(result, shown ? recall : NAN);
	ml_put_number(result, shown ? f1 : NAN);
	put_count_or_null(result, (int64) support, shown);
	ml_put_row(result);
}

static SmlConfusion *
confusion_of(const MlAsked *asked)
{
	SmlConfusion *confusion;
	SmlEnv        env;

	need_classes(asked);
	ml_env_init(&env, CurrentMemoryContext);
	ML_CHECK(&env, sml_confusion_make(&env, asked->evaluation->scored, asked->version->threshold, &confusion), "count classes");
	return confusion;
}

PG_FUNCTION_INFO_V1(sustainml_classification_report);
Datum
sustainml_classification_report(PG_FUNCTION_ARGS)
{
	MlResult      *result = ml_result_begin(fcinfo);
	const MlAsked *asked = ml_asked_evaluate(fcinfo, true, false);
	SmlConfusion  *confusion = confusion_of(asked);
	SmlAverages    averages;

	for (size_t k = 0; k < confusion->classes; k++)
	{
		SmlClassReport report;

		sml_class_report(confusion, k, &report);
		put_report(result, asked->evaluation, class_name(asked, k), report.precision, report.recall, report.f1, report.support);
	}
	sml_confusion_averages(confusion, &averages);
	put_report(result, asked->evaluation, "accuracy", NAN, NAN, averages.accuracy, confusion->rows);
	put_report(result, asked->evaluation, "macro avg", averages.macro.precision, averages.macro.recall, averages.macro.f1, confusion->rows);
	put_report(result, asked->evaluation, "weighted avg", averages.weighted.precision, averages.weighted.recall, averages.weighted.f1, confusion->rows);
	return ml_result_end(result);
}

/* ---- confusion_matrix ---------------------------------------------------------------------------- */

/* A cell is shown when both its row and its column are of no or many rows: who is in a small one is easily known. */
static bool
may_show_cell(const MlEvaluation *evaluation, const SmlConfusion *confusion, size_t actual, size_t predicted)
{
	int64 of_actual = 0;
	int64 of_predicted = 0;

	for (size_t k = 0; k < confusion->classes; k++)
	{
		of_actual += (int64) confusion->count[actual * confusion->classes + k];
		of_predicted += (int64) confusion->count[k * confusion->classes + predicted];
	}
	return may_show(evaluation, of_actual) && may_show(evaluation, of_predicted);
}

PG_FUNCTION_INFO_V1(sustainml_confusion_matrix);
Datum
sustainml_confusion_matrix(PG_FUNCTION_ARGS)
{
	MlResult      *result = ml_result_begin(fcinfo);
	const MlAsked *asked = ml_asked_evaluate(fcinfo, true, false);
	SmlConfusion  *confusion = confusion_of(asked);

	for (size_t actual = 0; actual < confusion->classes; actual++)
		for (size_t predicted = 0; predicted < confusion->classes; predicted++)
		{
			int64 count = (int64) confusion->count[actual * confusion->classes + predicted];

			ml_put_text(result, class_name(asked, actual));
			ml_put_text(result, class_name(asked, predicted));
			put_count_or_null(result, count, may_show_cell(asked->evaluation, confusion, actual, predicted));
			ml_put_row(result);
		}
	return ml_result_end(result);
}

/* ---- roc_curve -------------------------------------------------------------------------------------- */

PG_FUNCTION_INFO_V1(sustainml_roc_curve);
Datum
sustainml_roc_curve(PG_FUNCTION_ARGS)
{
	MlResult        *result = ml_result_begin(fcinfo);
	const MlAsked   *asked = ml_asked_evaluate(fcinfo, true, false);
	const SmlScored *scored = asked->evaluation->scored;
	SmlRanked        ranked;
	SmlRocPoint     *points;
	size_t           count;
	size_t           most = MOST_CURVE_POINTS;
	SmlEnv           env;

	if (asked->model->model->task != SML_BINARY)
		wrong_task(asked, "a binary model", "For several classes, see roc_auc_macro and roc_auc_weighted of evaluate().");
	ml_env_init(&env, CurrentMemoryContext);
	sml_ranked_start(&ranked, scored->weighted, scored->limit);
	ML_CHECK(&env, sml_ranked_of(&env, scored, scored->positive, &ranked), "draw a ROC curve");
	/* a step of the curve at a known score tells the class of a row */
	if (asked->evaluation->guarded)
		most = Min(most, Max(2, scored->rows / ML_SEALED_LEAST_ROWS));
	ML_CHECK(&env, sml_ranked_curve(&env, &ranked, most, &points, &count), "draw a ROC curve");
	for (size_t i = 0; i < count; i++)
	{
		/* the first threshold is infinity, which is a value */
		ml_put_number(result, points[i].threshold);
		ml_put_number(result, points[i].fpr);
		ml_put_number(result, points[i].tpr);
		ml_put_row(result);
	}
	return ml_result_end(result);
}

/* ---- calibration_curve --------------------------------------------------------------------------------- */

PG_FUNCTION_INFO_V1(sustainml_calibration_curve);
Datum
sustainml_calibration_curve(PG_FUNCTION_ARGS)
{
	MlResult      *result = ml_result_begin(fcinfo);
	int            count = PG_ARGISNULL(3) ? SML_ECE_BINS : PG_GETARG_INT32(3);
	const MlAsked *asked;
	SmlBin        *bins;
	SmlEnv         env;

	if (count < 1 || count > MOST_BINS)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("bins must be between 1 and %d", MOST_BINS)));
	asked = ml_asked_evaluate(fcinfo, true, false);
	need_classes(asked);
	ml_env_init(&env, CurrentMemoryContext);
	bins = palloc0(sizeof(SmlBin) * count);
	ML_CHECK(&env, sml_calibration(&env, asked->evaluation->scored, (size_t) count, bins), "calibrate");
	for (int b = 0; b < count; b++)
	{
		ml_put_integer32(result, b + 1);
		ml_put_number(result, bins[b].mean_predicted);
		ml_put_number(result, may_show(asked->evaluation, (int64) bins[b].n) ? bins[b].observed : NAN);
		ml_put_integer(result, (int64) bins[b].n);
		ml_put_row(result);
	}
	return ml_result_end(result);
}
