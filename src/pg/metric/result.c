/*
 * result.c - rows into a tuplestore; see result.h.  Rows beyond work_mem go to disk, and what
 * a row was made of is given back: a confusion matrix of a thousand classes has a million rows.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "result.h"

#define MOST_COLUMNS 32

struct MlResult
{
	FunctionCallInfo fcinfo;
	TupleDesc        row;
	Tuplestorestate *store;
	MemoryContext    per_row;
	int              count; /* values put so far */
	Datum            values[MOST_COLUMNS];
	bool             nulls[MOST_COLUMNS];
};

ReturnSetInfo *
ml_rows_begin(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *info = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext  old;

	if (info == NULL || !IsA(info, ReturnSetInfo) || !(info->allowedModes & SFRM_Materialize))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("set-valued function called in context that cannot accept a set")));
	old = MemoryContextSwitchTo(info->econtext->ecxt_per_query_memory);
	if (get_call_result_type(fcinfo, NULL, &info->setDesc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	info->setResult = tuplestore_begin_heap((info->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
	info->returnMode = SFRM_Materialize;
	MemoryContextSwitchTo(old);
	return info;
}

MlResult *
ml_result_begin(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *info = ml_rows_begin(fcinfo);
	MlResult      *result = palloc0(sizeof(MlResult));

	result->row = info->setDesc;
	result->store = info->setResult;
	if (result->row->natts > MOST_COLUMNS)
		elog(ERROR, "a row of %d columns", result->row->natts);
	result->per_row = AllocSetContextCreate(CurrentMemoryContext, "sustainml row", ALLOCSET_SMALL_SIZES);
	result->fcinfo = fcinfo;
	return result;
}

static void
put(MlResult *result, Datum value, bool isnull)
{
	if (result->count >= result->row->natts)
		elog(ERROR, "too many values in a row");
	result->values[result->count] = value;
	result->nulls[result->count] = isnull;
	result->count++;
}

void
ml_put_text(MlResult *result, const char *text)
{
	MemoryContext old = MemoryContextSwitchTo(result->per_row);

	put(result, text ? CStringGetTextDatum(text) : (Datum) 0, text == NULL);
	MemoryContextSwitchTo(old);
}

void
ml_put_texts(MlResult *result, char *const *texts, size_t count)
{
	MemoryContext old = MemoryContextSwitchTo(result->per_row);
	Datum        *values = palloc(sizeof(Datum) * (count + 1));

	for (size_t i = 0; i < count; i++)
		values[i] = CStringGetTextDatum(texts[i]);
	put(result, texts ? PointerGetDatum(construct_array(values, (int) count, TEXTOID, -1, false, TYPALIGN_INT)) : (Datum) 0, texts == NULL);
	MemoryContextSwitchTo(old);
}

void
ml_put_number(MlResult *result, double number)
{
	put(result, Float8GetDatum(number), isnan(number));
}

void
ml_put_integer(MlResult *result, int64 number)
{
	put(result, Int64GetDatum(number), false);
}

void
ml_put_integer32(MlResult *result, int32 number)
{
	put(result, Int32GetDatum(number), false);
}

void
ml_put_bool(MlResult *result, bool value)
{
	put(result, BoolGetDatum(value), false);
}

void
ml_put_json(MlResult *result, Jsonb *json)
{
	put(result, JsonbPGetDatum(json), json == NULL);
}

void
ml_put_row(MlResult *result)
{
	if (result->count != result->row->natts)
		elog(ERROR, "too few values in a row");
	CHECK_FOR_INTERRUPTS();
	tuplestore_putvalues(result->store, result->row, result->values, result->nulls);
	MemoryContextReset(result->per_row);
	result->count = 0;
}

Datum
ml_result_end(MlResult *result)
{
	result->fcinfo->isnull = true;
	return (Datum) 0;
}
