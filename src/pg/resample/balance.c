/*
 * balance.c - sustainml.class_balance: how many rows each class has, and what to do about it.
 *
 * The advice is what measurements on rare classes say (docs/resampling.md): ranking hardly gains by resampling, and
 * probabilities suffer; a threshold or class weights mostly do what people want from it.
 */
#include "resample.h"

#include <math.h>

#include "utils/builtins.h"

#include "../metric/result.h"

#define BALANCED 1.5 /* rows of the largest class per row of this one */
#define MILD     10.0
#define FEW      30  /* rows: a figure on a fifth of them rests on a handful */

static const char *
advice(int64 rows, int64 largest, bool is_largest)
{
	double ratio = (double) largest / (double) rows;

	if (is_largest)
		return "the largest class";
	if (rows < 2)
		return "one row has no neighbour: smote needs two or more; collect rows, or join this class with another";
	if (rows < FEW)
		return "very few rows: collect more first; synthetic rows only repeat what these few say";
	if (ratio <= BALANCED)
		return "balanced: train on the rows as they are";
	if (ratio <= MILD)
		return "mild imbalance: train on the rows as they are and choose the threshold by cost; try class_weight next";
	return "strong imbalance: choose the threshold by cost, or try params => '{\"class_weight\": \"balanced\"}'; if you resample, only training rows, and calibrate on real ones";
}

static void
put_class(MlResult *result, const MlValue *value, int64 total, const MlValue *largest)
{
	ml_put_text(result, value->text);
	ml_put_integer(result, value->count);
	ml_put_number(result, (double) value->count / (double) total);
	ml_put_number(result, (double) largest->count / (double) value->count);
	ml_put_integer(result, value->count - 1);
	ml_put_text(result, advice(value->count, largest->count, value == largest));
	ml_put_row(result);
}

static void
put_missing(MlResult *result, int64 missing)
{
	ml_put_text(result, NULL);
	ml_put_integer(result, missing);
	for (int i = 0; i < 3; i++)
		ml_put_number(result, NAN);
	ml_put_text(result, "the target is NULL: such rows are left out of training and resampling");
	ml_put_row(result);
}

static const MlValue *
by_rank(const MlValues *values, int32 rank)
{
	for (int32 i = 0; i < values->count; i++)
		if (values->values[i].rank == rank)
			return &values->values[i];
	elog(ERROR, "no value of rank %d", rank);
}

PG_FUNCTION_INFO_V1(sustainml_class_balance);
Datum
sustainml_class_balance(PG_FUNCTION_ARGS)
{
	const MlValue *largest = NULL;
	int64          total = 0;
	MlResult      *result;
	MlSource      *source;
	MlValues      *values;
	MlScan         scan;
	MlFigures      figures;
	MlRun         *run;
	int64          missing;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("source and target must be given")));
	result = ml_result_begin(fcinfo);
	run = ml_run_begin("class_balance");
	source = ml_source_open(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (!PG_ARGISNULL(2))
		source = ml_resample_source(source, text_to_cstring(PG_GETARG_TEXT_PP(2)));
	ml_scan_begin(&scan);
	values = ml_resample_classes(source, NULL, ml_source_column(source, text_to_cstring(PG_GETARG_TEXT_PP(1)), "target"),
								 CurrentMemoryContext, &missing);
	ml_scan_end(&scan);
	for (int32 rank = 0; rank < values->count; rank++)
	{
		const MlValue *value = by_rank(values, rank);

		total += value->count;
		if (largest == NULL || value->count > largest->count)
			largest = value;
	}
	for (int32 rank = 0; rank < values->count; rank++)
		put_class(result, by_rank(values, rank), total, largest);
	if (missing > 0)
		put_missing(result, missing);
	ml_run_rows_in(run, total + missing);
	ml_run_end(run, NULL, NULL, 0, total, &figures);
	return ml_result_end(result);
}
