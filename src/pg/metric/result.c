/*
 * result.c - rows into a tuplestore; see result.h.  Rows beyond work_mem go to disk.
 */
#include "../compat.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "result.h"

#define MOST_COLUMNS 16

struct MlResult
{
	FunctionCallInfo fcinfo;
	TupleDesc        row;
	Tuplestorestate *store;
	int              count; /* values put so far */
	Datum            values[MOST_COLUMNS];
	bool             nulls[MOST_COLUMNS];
};

MlResult *
ml_result_begin(FunctionCallInfo fcinfo)
{
	ReturnSetInfo *info = (ReturnSetInfo *) fcinfo->resultinfo;
	MlResult      *result = palloc0(sizeof(MlResult));
	MemoryContext  old;

	if (info == NULL || !IsA(info, ReturnSetInfo) || !(info->allowedModes & SFRM_Materialize))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("set-valued function called in context that cannot accept a set")));
	old = MemoryContextSwitchTo(info->econtext->ecxt_per_query_memory);
	if (get_call_result_type(fcinfo, NULL, &result->row) != TYPEFUNC_COMPOSITE || result->row->natts > MOST_COLUMNS)
		elog(ERROR, "return type must be a row type");
	result->store = tuplestore_begin_heap((info->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
	info->returnMode = SFRM_Materialize;
	info->setResult = result->store;
	info->setDesc = result->row;
	MemoryContextSwitchTo(old);
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
	put(result, text ? CStringGetTextDatum(text) : (Datum) 0, text == NULL);
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
ml_put_boolean(MlResult *result, bool value)
{
	put(result, BoolGetDatum(value), false);
}

void
ml_put_row(MlResult *result)
{
	if (result->count != result->row->natts)
		elog(ERROR, "too few values in a row");
	tuplestore_putvalues(result->store, result->row, result->values, result->nulls);
	result->count = 0;
}

Datum
ml_result_end(MlResult *result)
{
	result->fcinfo->isnull = true;
	return (Datum) 0;
}
