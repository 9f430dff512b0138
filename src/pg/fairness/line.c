/*
 * line.c - a row as one line of text that no setting changes: what the hash of an audit is over.
 *
 * Every column is in it, so that a change of any shows.  Columns at the end that are NULL are left out: a later version
 * may append columns without changing the hashes of the audits before it.  Numbers with a fraction are written by their
 * bits, times as microseconds since 2000, text as JSON strings; a NULL is "-".
 *
 * Cost: one pass over the row; a hundred thousand lines take about 0.1 s.
 */
#include "../compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "line.h"

/* A JSON string; most have nothing to escape and are copied as they are. */
static void
write_text(StringInfo line, Datum value)
{
	text       *packed = DatumGetTextPP(value);
	const char *bytes = VARDATA_ANY(packed);
	int         length = (int) VARSIZE_ANY_EXHDR(packed);
	int         plain = 0;

	while (plain < length && (unsigned char) bytes[plain] >= ' ' && bytes[plain] != '"' && bytes[plain] != '\\')
		plain++;
	if (plain < length)
		escape_json(line, text_to_cstring(packed));
	else
	{
		enlargeStringInfo(line, length + 2);
		line->data[line->len++] = '"';
		memcpy(line->data + line->len, bytes, length);
		line->len += length;
		line->data[line->len++] = '"';
		line->data[line->len] = '\0';
	}
	if ((Pointer) packed != DatumGetPointer(value))
		pfree(packed);
}

static void
write_texts(StringInfo line, Datum value)
{
	Datum *values;
	bool  *nulls;
	int    count;

	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
	appendStringInfoChar(line, '[');
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			appendStringInfoChar(line, ',');
		if (nulls[i])
			appendStringInfoString(line, "null");
		else
			write_text(line, values[i]);
	}
	appendStringInfoChar(line, ']');
}

static void
write_integers(StringInfo line, Datum value)
{
	Datum *values;
	int    count;

	deconstruct_array(DatumGetArrayTypeP(value), INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values, NULL, &count);
	appendStringInfoChar(line, '[');
	for (int i = 0; i < count; i++)
		appendStringInfo(line, i > 0 ? ",%lld" : "%lld", (long long) DatumGetInt64(values[i]));
	appendStringInfoChar(line, ']');
}

/* Room for a number and what stands around it. */
#define NUMBER_BYTES 32

static void
put(StringInfo line, char c)
{
	line->data[line->len++] = c;
}

static void
write_bits(StringInfo line, double number)
{
	static const char digits[] = "0123456789abcdef";
	uint64            bits;

	memcpy(&bits, &number, sizeof(bits));
	for (int i = 15; i >= 0; i--, bits >>= 4)
		line->data[line->len + i] = digits[bits & 15];
	line->len += 16;
}

/* Not by printf, which takes most of the time of a row. */
static void
write_integer(StringInfo line, int64 number)
{
	line->len += pg_lltoa(number, line->data + line->len);
}

/* There is room for NUMBER_BYTES. */
static void
write_value(StringInfo line, Oid type, Datum value)
{
	switch (type)
	{
		case BOOLOID:
			put(line, DatumGetBool(value) ? 't' : 'f');
			break;
		case INT4OID:
			write_integer(line, DatumGetInt32(value));
			break;
		case INT8OID:
			write_integer(line, DatumGetInt64(value));
			break;
		case FLOAT8OID:
			write_bits(line, DatumGetFloat8(value));
			break;
		case TIMESTAMPTZOID:
			write_integer(line, DatumGetTimestampTz(value));
			break;
		case TEXTOID:
			write_text(line, value);
			break;
		case TEXTARRAYOID:
			write_texts(line, value);
			break;
		case INT8ARRAYOID:
			write_integers(line, value);
			break;
		default:
			{
				/* types of our own, whose text depends on nothing else */
				Oid  output;
				bool is_varlena;

				getTypeOutputInfo(type, &output, &is_varlena);
				appendStringInfoString(line, OidOutputFunctionCall(output, value));
			}
	}
}

void
ml_line_append(StringInfo line, TupleDesc columns, const Datum *values, const bool *nulls)
{
	int count = columns->natts;

	while (count > 0 && nulls[count - 1])
		count--;
	for (int i = 0; i < count; i++)
	{
		/* one check of the room, since the calls would take longer than the writing */
		enlargeStringInfo(line, NUMBER_BYTES);
		if (i > 0)
			put(line, '|');
		if (nulls[i])
			put(line, '-');
		else
			write_value(line, TupleDescAttr(columns, i)->atttypid, values[i]);
	}
	enlargeStringInfo(line, 1);
	line->data[line->len] = '\0';
}

void
ml_line_append_tuple(StringInfo line, TupleDesc columns, HeapTuple tuple)
{
	Datum *values = palloc(sizeof(Datum) * columns->natts);
	bool  *nulls = palloc(sizeof(bool) * columns->natts);

	heap_deform_tuple(tuple, columns, values, nulls);
	ml_line_append(line, columns, values, nulls);
	pfree(values);
	pfree(nulls);
}

PG_FUNCTION_INFO_V1(sustainml_fairness_line);
Datum
sustainml_fairness_line(PG_FUNCTION_ARGS)
{
	HeapTupleHeader header = PG_GETARG_HEAPTUPLEHEADER(0);
	TupleDesc       columns = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
	HeapTupleData   tuple = {.t_len = HeapTupleHeaderGetDatumLength(header), .t_data = header};
	StringInfoData  line;

	initStringInfo(&line);
	ml_line_append_tuple(&line, columns, &tuple);
	ReleaseTupleDesc(columns);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(line.data, line.len));
}
