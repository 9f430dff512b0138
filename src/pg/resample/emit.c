/*
 * emit.c - synthetic rows as tuples: numbers and codes back to datums of the column's type.
 *
 * Integers and days are rounded to the nearest, timestamps to the microsecond and then to the precision of the column, numeric to
 * the scale of the column, or to the largest scale met where the column states none.  A domain's constraints are checked.
 */
#include "resample.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "../json.h"
#include "../train/train.h"

/* ---- a number as a datum ---------------------------------------------------------- */

static Datum
timestamp_datum(const MlResampleColumn *column, double days)
{
	Timestamp at;

	if (isinf(days))
		at = days > 0 ? DT_NOEND : DT_NOBEGIN;
	else
	{
		at = (Timestamp) rint(days * (double) USECS_PER_DAY);
		if (column->typmod >= 0)
			return DirectFunctionCall2(timestamp_scale, TimestampGetDatum(at), Int32GetDatum(column->typmod));
	}
	return TimestampGetDatum(at);
}

static Datum
date_datum(double days)
{
	if (isinf(days))
		return DateADTGetDatum(days > 0 ? DATEVAL_NOEND : DATEVAL_NOBEGIN);
	return DateADTGetDatum((DateADT) rint(days));
}

static Datum
numeric_datum(const MlResampleColumn *column, double number)
{
	Datum value = DirectFunctionCall1(float8_numeric, Float8GetDatum(number));

	if (!isfinite(number))
		return value;
	if (column->typmod >= 0)
		return DirectFunctionCall2(numeric, value, Int32GetDatum(column->typmod));
	return DirectFunctionCall2(numeric_round, value, Int32GetDatum(column->scale));
}

/* rint keeps what lies between two values of the type inside it, but for noise, which may leave it. */
static double
in_range(const MlResampleColumn *column, double number, double least, double greatest)
{
	number = rint(number);
	if (number < least || number > greatest)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a synthetic value of column \"%s\" is out of range", column->name),
				 errhint("Leave the column out with exclude, or use a smaller shrinkage.")));
	return number;
}

static Datum
number_datum(const MlResampleColumn *column, Oid type, double number)
{
	switch (type)
	{
		case FLOAT8OID:
			return Float8GetDatum(number);
		case FLOAT4OID:
			return Float4GetDatum((float4) number);
		case INT2OID:
			return Int16GetDatum((int16) in_range(column, number, PG_INT16_MIN, PG_INT16_MAX));
		case INT4OID:
			return Int32GetDatum((int32) in_range(column, number, PG_INT32_MIN, PG_INT32_MAX));
		case INT8OID:
			/* the largest double below 2^63 */
			return Int64GetDatum((int64) Min(in_range(column, number, -9223372036854775808.0, 9223372036854775808.0), 9223372036854774784.0));
		case NUMERICOID:
			return numeric_datum(column, number);
		case DATEOID:
			return date_datum(number);
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return timestamp_datum(column, number);
		default:
			elog(ERROR, "type %u is not a number", type);
	}
}

/* An array, or a scalar; a column of which all is missing is NULL. */
static Datum
numbers_datum(const MlResampleColumn *column, const double *numbers, bool *isnull)
{
	size_t count = column->elements ? column->elements : 1;
	int    dimensions[1] = {(int) count};
	int    bounds[1] = {1};
	Datum *values;
	bool  *nulls;
	int16  length;
	bool   by_value;
	char   align;

	*isnull = true;
	for (size_t i = 0; i < count; i++)
		*isnull = *isnull && sml_is_missing(numbers[i]);
	if (*isnull)
		return (Datum) 0;
	if (column->elements == 0)
		return number_datum(column, column->base, numbers[0]);
	values = palloc(sizeof(Datum) * count);
	nulls = palloc(sizeof(bool) * count);
	for (size_t i = 0; i < count; i++)
	{
		nulls[i] = sml_is_missing(numbers[i]);
		values[i] = nulls[i] ? (Datum) 0 : number_datum(column, column->element, numbers[i]);
	}
	get_typlenbyvalalign(column->element, &length, &by_value, &align);
	return PointerGetDatum(construct_md_array(values, nulls, 1, dimensions, bounds, get_element_type(column->base), length, by_value, align));
}

/* ---- a row ------------------------------------------------------------------------------ */

pg_noreturn static void
key_exhausted(const MlResampleColumn *column)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("new values of key column \"%s\" are out of range", column->name),
			 errdetail("They go on after the largest one there is, and type %s has no more.", format_type_be(column->base)),
			 errhint("Use keys => 'null' or keys => 'parent', and give the rows keys of your own.")));
}

Datum
ml_resample_new_key(MlResampleColumn *column)
{
	int64 value;

	if (column->role == ML_ROLE_UUID)
		return OidFunctionCall0(F_GEN_RANDOM_UUID);
	if (column->role == ML_ROLE_SEQUENCE)
		value = nextval_internal(column->sequence, !column->sequence_trusted);
	else if (column->counter < PG_INT64_MAX)
		value = ++column->counter;
	else
		key_exhausted(column);
	if ((column->base == INT2OID && value > PG_INT16_MAX) || (column->base == INT4OID && value > PG_INT32_MAX))
		key_exhausted(column);
	switch (column->base)
	{
		case INT2OID:
			return Int16GetDatum((int16) value);
		case INT4OID:
			return Int32GetDatum((int32) value);
		case INT8OID:
			return Int64GetDatum(value);
		default:
			return DirectFunctionCall1(int8_numeric, Int64GetDatum(value));
	}
}

static Datum
column_datum(MlEmit *emit, MlResampleColumn *column, const SmlSynthetic *row, bool *isnull)
{
	const MlGathered *gathered = emit->gathered;
	int32             code;
	size_t            copy;

	*isnull = false;
	switch (column->role)
	{
		case ML_ROLE_TARGET:
			return gathered->classes->values[gathered->class_value[row->class_index]].datum;
		case ML_ROLE_NUMBER:
			return numbers_datum(column, row->numbers + column->slot, isnull);
		case ML_ROLE_LABEL:
			code = row->codes[column->slot];
			*isnull = code < 0;
			return *isnull ? (Datum) 0 : column->values->values[code].datum;
		case ML_ROLE_COPY:
			copy = row->parent * emit->columns->copies + column->slot;
			*isnull = gathered->copy_nulls[copy];
			return gathered->copies[copy];
		case ML_ROLE_SEQUENCE:
		case ML_ROLE_COUNTER:
		case ML_ROLE_UUID:
			return ml_resample_new_key(column);
		default:
			*isnull = true;
			return (Datum) 0;
	}
}

static void
fill_row(MlEmit *emit, const SmlSynthetic *row, Datum *values, bool *nulls)
{
	for (int i = 0; i < emit->columns->count; i++)
	{
		MlResampleColumn *column = &emit->columns->columns[i];

		/* most columns of most tables */
		if (column->role == ML_ROLE_NUMBER && column->base == FLOAT8OID && !isnan(row->numbers[column->slot]))
		{
			values[i] = Float8GetDatum(row->numbers[column->slot]);
			nulls[i] = false;
		}
		else
			values[i] = column_datum(emit, column, row, &nulls[i]);
		if (column->is_domain && column->role == ML_ROLE_NUMBER)
			domain_check(values[i], nulls[i], column->type, &column->domain_cache, emit->gathered->context);
	}
}

/* ---- a row of fixed width ------------------------------------------------------------------ */

/*
 * Most columns of most tables are numbers by value: a row of them differs from the last one in its bytes only, so a
 * tuple is made once and written over.  Without it, forming the tuples takes as long as making the rows.
 */
struct MlFixedRow
{
	HeapTuple tuple;
	int      *offset; /* of each column behind the header */
};

/* NULL when a column is not of fixed width and by value. */
MlFixedRow *
ml_fixed_row(TupleDesc row)
{
	MlFixedRow *fixed = palloc(sizeof(MlFixedRow));
	Datum      *values = palloc0(sizeof(Datum) * (row->natts + 1));
	bool       *nulls = palloc0(sizeof(bool) * (row->natts + 1));
	int         end = 0;

	fixed->offset = palloc(sizeof(int) * (row->natts + 1));
	for (int i = 0; i < row->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(row, i);

		if (!attribute->attbyval || attribute->attlen <= 0 || attribute->attisdropped)
			return NULL;
		fixed->offset[i] = end = att_align_nominal(end, attribute->attalign);
		end += attribute->attlen;
	}
	fixed->tuple = heap_form_tuple(row, values, nulls);
	return fixed;
}

/* False when a value is NULL, and the tuple must be formed anew. */
static bool
put_fixed(MlEmit *emit, TupleDesc row)
{
	char *data;

	if (emit->fixed == NULL || memchr(emit->nulls, 1, (size_t) row->natts) != NULL)
		return false;
	data = (char *) emit->fixed->tuple->t_data + emit->fixed->tuple->t_data->t_hoff;
	for (int i = 0; i < row->natts; i++)
		store_att_byval(data + emit->fixed->offset[i], emit->values[i], TupleDescAttr(row, i)->attlen);
	tuplestore_puttuple(emit->store, emit->fixed->tuple);
	return true;
}

/* ---- lineage ------------------------------------------------------------------------------ */

/* {"id": 17} of an original row. */
static Datum
key_json(MlEmit *emit, size_t row)
{
	MlResampleColumns *columns = emit->columns;
	MlJsonBuilder      json;

	ml_json_begin(&json);
	for (int i = 0; i < columns->key_count; i++)
	{
		const MlResampleColumn *column = &columns->columns[columns->keys[i]];
		size_t                  at = row * columns->copies + (size_t) column->copy_key;
		Datum                   value = emit->gathered->copies[at];
		Oid                     output;
		bool                    is_varlena;

		if (emit->gathered->copy_nulls[at])
			ml_json_add_text(&json, column->name, NULL);
		else if (column->base == INT4OID || column->base == INT2OID || column->base == INT8OID)
			ml_json_add_integer(&json, column->name, column->base == INT4OID ? DatumGetInt32(value) : column->base == INT2OID ? DatumGetInt16(value) : DatumGetInt64(value));
		else
		{
			getTypeOutputInfo(column->type, &output, &is_varlena);
			ml_json_add_text(&json, column->name, OidOutputFunctionCall(output, value));
		}
	}
	return JsonbPGetDatum(ml_json_end(&json));
}

static void
put_lineage(MlEmit *emit, const SmlSynthetic *row)
{
	Datum values[6];
	bool  nulls[6] = {false, false, false, false, false, false};

	values[0] = Int64GetDatum((int64) row->ordinal);
	values[1] = CStringGetTextDatum(emit->gathered->class_names[row->class_index]);
	values[2] = key_json(emit, row->parent);
	nulls[3] = nulls[4] = row->neighbour == SML_NO_CASE;
	values[3] = nulls[3] ? (Datum) 0 : key_json(emit, row->neighbour);
	values[4] = Float8GetDatum(row->lambda);
	values[5] = HeapTupleGetDatum(heap_form_tuple(emit->request->row, emit->values, emit->nulls));
	tuplestore_putvalues(emit->store, emit->result, values, nulls);
}

SmlStatus
ml_resample_emit(void *context, const SmlSynthetic *row)
{
	MlEmit       *emit = context;
	MemoryContext old = MemoryContextSwitchTo(emit->per_row);

	fill_row(emit, row, emit->values, emit->nulls);
	ml_resample_keep_out(emit);
	if (emit->request->lineage)
		put_lineage(emit, row);
	else if (!put_fixed(emit, emit->result))
		tuplestore_putvalues(emit->store, emit->result, emit->values, emit->nulls);
	emit->made++;
	MemoryContextSwitchTo(old);
	MemoryContextReset(emit->per_row);
	return SML_OK;
}

/* ---- progress ------------------------------------------------------------------------------- */

void
ml_resample_progress(void *context, const char *phase, double share)
{
	MlEmit *emit = context;
	char    text[256];
	int     clipped = pg_mbcliplen(emit->request->shown, (int) strlen(emit->request->shown), 120);

	/* at most a hundred times a phase */
	if (share >= emit->shown && share < emit->shown + 0.01 && share > 0)
		return;
	emit->shown = share;
	snprintf(text, sizeof(text), "sustainml %s %.*s: %s, %.0f %%", emit->request->doing, clipped, emit->request->shown, phase, 100 * share);
	ml_progress_show(text);
}
