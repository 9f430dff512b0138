/*
 * aggregates.c - metric aggregates whose state is a few sums: log_loss,
 * brier_score, accuracy, precision, recall, f1, and the errors of regression.
 *
 * The state is a float8[] that holds a struct of the core, changed in place in the
 * aggregate's memory like that of the server's own avg(float8).  Being a plain
 * array it needs no serial functions, and other servers can merge it.  All
 * transition and combine functions are strict: a row with a NULL in any argument is
 * skipped.  No rows, or an undefined figure: NULL.
 *
 * 20 to 100 ns a row, constant memory.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"

#include "../../core/metric/metric.h"
#include "../env.h"
#include "labels.h"

/* The struct inside the state array, of "size" bytes. */
static void *
state_of(FunctionCallInfo fcinfo, int argument, size_t size)
{
	ArrayType *array;

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "metric function called outside an aggregate");
	array = PG_GETARG_ARRAYTYPE_P(argument);
	if (ARR_NDIM(array) != 1 || ARR_HASNULL(array) || ARR_ELEMTYPE(array) != FLOAT8OID ||
		(size_t) ARR_DIMS(array)[0] * sizeof(float8) != size)
		elog(ERROR, "metric state has the wrong shape");
	return ARR_DATA_PTR(array);
}

/* The optional weight at the end. */
static double
weight_of(FunctionCallInfo fcinfo, int argument)
{
	double weight = PG_NARGS() > argument ? PG_GETARG_FLOAT8(argument) : 1;

	if (!(weight >= 0) || isinf(weight))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight must be finite and not negative, not %s", float8out_internal(weight))));
	return weight;
}

#define RETURN_FIGURE(value)             \
	do                                   \
	{                                    \
		double figure_ = (value);        \
		if (isnan(figure_))              \
			PG_RETURN_NULL();            \
		PG_RETURN_FLOAT8(figure_);       \
	} while (0)

bool
ml_label_number(double value, const char *what)
{
	if (value != 0 && value != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be 0 or 1, not %s", what, float8out_internal(value)),
				 errhint("Pass a boolean that says which class is the positive one, such as (status = 2).")));
	return value == 1;
}

/* ---- means of a loss: state SmlMean ------------------------------------------- */

static Datum
add_loss(FunctionCallInfo fcinfo, double (*loss)(bool, double), bool positive)
{
	SmlMean *mean = state_of(fcinfo, 0, sizeof(SmlMean));
	double   probability = PG_GETARG_FLOAT8(2);

	if (!(probability >= 0 && probability <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("probability must be between 0 and 1, not %s", float8out_internal(probability))));
	sml_mean_add(mean, loss(positive, probability), weight_of(fcinfo, 3));
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

static double
brier_loss(bool positive, double probability)
{
	double distance = probability - (positive ? 1 : 0);

	return distance * distance;
}

PG_FUNCTION_INFO_V1(sustainml_log_loss_step_boolean);
Datum
sustainml_log_loss_step_boolean(PG_FUNCTION_ARGS)
{
	return add_loss(fcinfo, sml_log_loss_of, PG_GETARG_BOOL(1));
}

PG_FUNCTION_INFO_V1(sustainml_log_loss_step_number);
Datum
sustainml_log_loss_step_number(PG_FUNCTION_ARGS)
{
	return add_loss(fcinfo, sml_log_loss_of, ml_label_number(PG_GETARG_FLOAT8(1), "label"));
}

PG_FUNCTION_INFO_V1(sustainml_brier_step_boolean);
Datum
sustainml_brier_step_boolean(PG_FUNCTION_ARGS)
{
	return add_loss(fcinfo, brier_loss, PG_GETARG_BOOL(1));
}

PG_FUNCTION_INFO_V1(sustainml_brier_step_number);
Datum
sustainml_brier_step_number(PG_FUNCTION_ARGS)
{
	return add_loss(fcinfo, brier_loss, ml_label_number(PG_GETARG_FLOAT8(1), "label"));
}

PG_FUNCTION_INFO_V1(sustainml_mean_merge);
Datum
sustainml_mean_merge(PG_FUNCTION_ARGS)
{
	sml_mean_merge(state_of(fcinfo, 0, sizeof(SmlMean)), state_of(fcinfo, 1, sizeof(SmlMean)));
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

PG_FUNCTION_INFO_V1(sustainml_mean_final);
Datum
sustainml_mean_final(PG_FUNCTION_ARGS)
{
	const SmlMean *mean = state_of(fcinfo, 0, sizeof(SmlMean));

	RETURN_FIGURE(mean->weight > 0 ? mean->mean : NAN);
}

/* ---- two classes: state SmlTally ------------------------------------------------- */

static Datum
add_tally(FunctionCallInfo fcinfo, bool actual, bool predicted)
{
	SmlTally *tally = state_of(fcinfo, 0, sizeof(SmlTally));
	double    weight = weight_of(fcinfo, 3);

	*(actual ? predicted ? &tally->tp : &tally->fn : predicted ? &tally->fp : &tally->tn) += weight;
	tally->n += weight > 0 ? 1 : 0;
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

PG_FUNCTION_INFO_V1(sustainml_tally_step_boolean);
Datum
sustainml_tally_step_boolean(PG_FUNCTION_ARGS)
{
	return add_tally(fcinfo, PG_GETARG_BOOL(1), PG_GETARG_BOOL(2));
}

PG_FUNCTION_INFO_V1(sustainml_tally_step_number);
Datum
sustainml_tally_step_number(PG_FUNCTION_ARGS)
{
	return add_tally(fcinfo, ml_label_number(PG_GETARG_FLOAT8(1), "actual value"),
					 ml_label_number(PG_GETARG_FLOAT8(2), "predicted value"));
}

/* Accuracy is the precision of the claim "these two are equal". */
PG_FUNCTION_INFO_V1(sustainml_accuracy_step);
Datum
sustainml_accuracy_step(PG_FUNCTION_ARGS)
{
	MlLabelPair pair = ml_label_pair(fcinfo);

	return add_tally(fcinfo, ml_labels_equal(&pair), true);
}

PG_FUNCTION_INFO_V1(sustainml_tally_merge);
Datum
sustainml_tally_merge(PG_FUNCTION_ARGS)
{
	SmlTally       *into = state_of(fcinfo, 0, sizeof(SmlTally));
	const SmlTally *from = state_of(fcinfo, 1, sizeof(SmlTally));

	into->n += from->n;
	into->tp += from->tp;
	into->fp += from->fp;
	into->fn += from->fn;
	into->tn += from->tn;
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

PG_FUNCTION_INFO_V1(sustainml_precision_final);
Datum
sustainml_precision_final(PG_FUNCTION_ARGS)
{
	RETURN_FIGURE(sml_tally_precision(state_of(fcinfo, 0, sizeof(SmlTally))));
}

PG_FUNCTION_INFO_V1(sustainml_recall_final);
Datum
sustainml_recall_final(PG_FUNCTION_ARGS)
{
	RETURN_FIGURE(sml_tally_recall(state_of(fcinfo, 0, sizeof(SmlTally))));
}

PG_FUNCTION_INFO_V1(sustainml_f1_final);
Datum
sustainml_f1_final(PG_FUNCTION_ARGS)
{
	RETURN_FIGURE(sml_tally_f1(state_of(fcinfo, 0, sizeof(SmlTally))));
}

/* ---- regression: state SmlErrors ---------------------------------------------------- */

PG_FUNCTION_INFO_V1(sustainml_errors_step);
Datum
sustainml_errors_step(PG_FUNCTION_ARGS)
{
	SmlErrors *errors = state_of(fcinfo, 0, sizeof(SmlErrors));

	sml_errors_add(errors, PG_GETARG_FLOAT8(1), PG_GETARG_FLOAT8(2), weight_of(fcinfo, 3));
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

PG_FUNCTION_INFO_V1(sustainml_errors_merge);
Datum
sustainml_errors_merge(PG_FUNCTION_ARGS)
{
	sml_errors_merge(state_of(fcinfo, 0, sizeof(SmlErrors)), state_of(fcinfo, 1, sizeof(SmlErrors)));
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

static Datum
errors_figure(FunctionCallInfo fcinfo, SmlErrorMetric which)
{
	SmlMetric metric;

	sml_errors_metric(state_of(fcinfo, 0, sizeof(SmlErrors)), which, &metric);
	/* a NaN among the values gives NaN, as in the server's own aggregates */
	if (metric.reason != NULL)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(metric.value);
}

PG_FUNCTION_INFO_V1(sustainml_r2_final);
Datum
sustainml_r2_final(PG_FUNCTION_ARGS)
{
	return errors_figure(fcinfo, SML_R2);
}

PG_FUNCTION_INFO_V1(sustainml_rmse_final);
Datum
sustainml_rmse_final(PG_FUNCTION_ARGS)
{
	return errors_figure(fcinfo, SML_RMSE);
}

PG_FUNCTION_INFO_V1(sustainml_mae_final);
Datum
sustainml_mae_final(PG_FUNCTION_ARGS)
{
	return errors_figure(fcinfo, SML_MAE);
}

PG_FUNCTION_INFO_V1(sustainml_mape_final);
Datum
sustainml_mape_final(PG_FUNCTION_ARGS)
{
	return errors_figure(fcinfo, SML_MAPE);
}

PG_FUNCTION_INFO_V1(sustainml_explained_variance_final);
Datum
sustainml_explained_variance_final(PG_FUNCTION_ARGS)
{
	return errors_figure(fcinfo, SML_EXPLAINED_VARIANCE);
}
