/*
 * payload.c - SQL values as the bytes that are sealed, and back: the type's binary send form,
 * text in UTF-8 whatever the encoding of the database.
 *
 *   text         UTF-8                       date         int32, days
 *   float8       8 bytes, big-endian         timestamptz  int64, microseconds
 *   int8         8 bytes, big-endian         boolean      1 byte
 *   numeric, float8[], jsonb                 as their send functions write them
 *   bytea        as it is
 *
 * NaN, infinities, -0 and empty values come back as they went in.
 */
#include "../compat.h"

#include <math.h>

#include "access/detoast.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "port/pg_bswap.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "keys.h"
#include "sealed.h"
#include "../statement.h"

typedef struct PayloadType
{
	const char *name;
	Oid         oid;
	size_t      size; /* of the payload; 0: any */
} PayloadType;

static const PayloadType payload_types[SML_SEALED_TYPES + 1] = {
	[SML_SEALED_TEXT] = {"text", TEXTOID, 0},
	[SML_SEALED_FLOAT8] = {"double precision", FLOAT8OID, 8},
	[SML_SEALED_INT8] = {"bigint", INT8OID, 8},
	[SML_SEALED_NUMERIC] = {"numeric", NUMERICOID, 0},
	[SML_SEALED_FLOAT8_ARRAY] = {"double precision[]", FLOAT8ARRAYOID, 0},
	[SML_SEALED_BYTEA] = {"bytea", BYTEAOID, 0},
	[SML_SEALED_JSONB] = {"jsonb", JSONBOID, 0},
	[SML_SEALED_DATE] = {"date", DATEOID, 4},
	[SML_SEALED_TIMESTAMPTZ] = {"timestamp with time zone", TIMESTAMPTZOID, 8},
	[SML_SEALED_BOOL] = {"boolean", BOOLOID, 1},
};

const char *
ml_sealed_type_name(SmlSealedType type)
{
	return payload_types[type].name;
}

Oid
ml_sealed_type_oid(SmlSealedType type)
{
	return payload_types[type].oid;
}

SmlSealedType
ml_sealed_type_for(Oid type)
{
	switch (type)
	{
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case NAMEOID:
		case UNKNOWNOID:
			return SML_SEALED_TEXT;
		case FLOAT4OID:
		case FLOAT8OID:
			return SML_SEALED_FLOAT8;
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return SML_SEALED_INT8;
		case NUMERICOID:
			return SML_SEALED_NUMERIC;
		case FLOAT8ARRAYOID:
			return SML_SEALED_FLOAT8_ARRAY;
		case BYTEAOID:
			return SML_SEALED_BYTEA;
		case JSONBOID:
			return SML_SEALED_JSONB;
		case DATEOID:
			return SML_SEALED_DATE;
		case TIMESTAMPTZOID:
			return SML_SEALED_TIMESTAMPTZ;
		case BOOLOID:
			return SML_SEALED_BOOL;
		default:
			return 0;
	}
}

/* ---- writing ---------------------------------------------------------------------- */

static bytea *
of_int64(int64 value)
{
	uint64 wire = pg_hton64((uint64) value);

	return ml_bytes(&wire, sizeof(wire));
}

static bytea *
of_float8(double value)
{
	int64 bits;

	memcpy(&bits, &value, sizeof(bits));
	return of_int64(bits);
}

static bytea *
of_text(const char *text, size_t length)
{
	char  *utf8 = pg_server_to_any(text, (int) length, PG_UTF8);
	bytea *made = ml_bytes(utf8, utf8 == text ? length : strlen(utf8));

	if (utf8 != text)
	{
		sml_wipe(utf8, strlen(utf8));
		pfree(utf8);
	}
	return made;
}

pg_noreturn static void
wrong_type(Oid from, SmlSealedType type)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("a value of type %s cannot be sealed as %s", format_type_be(from), ml_sealed_type_name(type)),
			 errhint("Cast it first.")));
}

static int64
integer_of(Datum value, Oid from)
{
	return from == INT2OID ? DatumGetInt16(value) : from == INT4OID ? DatumGetInt32(value) : DatumGetInt64(value);
}

/* A number as float8; integers that float8 cannot hold are refused. */
static double
float_of(Datum value, Oid from)
{
	double number;

	switch (from)
	{
		case FLOAT8OID:
			return DatumGetFloat8(value);
		case FLOAT4OID:
			return (double) DatumGetFloat4(value);
		case NUMERICOID:
			return DatumGetFloat8(DirectFunctionCall1(numeric_float8, value));
		case INT2OID:
		case INT4OID:
		case INT8OID:
			number = (double) integer_of(value, from);
			if (number >= 9223372036854775808.0 || (int64) number != integer_of(value, from))
				ereport(ERROR,
						(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						 errmsg("the integer has more digits than double precision can hold"),
						 errhint("Seal it as bigint or numeric.")));
			return number;
		default:
			wrong_type(from, SML_SEALED_FLOAT8);
	}
}

static Datum
numeric_of(Datum value, Oid from)
{
	switch (from)
	{
		case NUMERICOID:
			return value;
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return NumericGetDatum(int64_to_numeric(integer_of(value, from)));
		default:
			wrong_type(from, SML_SEALED_NUMERIC);
	}
}

static bytea *
text_payload(Datum value, Oid from)
{
	if (from == NAMEOID)
		return of_text(NameStr(*DatumGetName(value)), strlen(NameStr(*DatumGetName(value))));
	else
	{
		text  *packed = DatumGetTextPP(value);

		return of_text(VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
	}
}

/*
 * A literal read by the input function of a built-in type.  The server's error would repeat the literal: ours, with the same SQLSTATE, does not.
 */
static Datum
of_literal(const char *literal, Oid type)
{
	MemoryContext  caller = CurrentMemoryContext;
	volatile Datum value = (Datum) 0;
	volatile int   code = 0;
	Oid            input;
	Oid            parameter;

	getTypeInputInfo(type, &input, &parameter);
	PG_TRY();
	{
		value = OidInputFunctionCall(input, (char *) literal, parameter, -1);
	}
	PG_CATCH();
	{
		code = geterrcode();
		/* a cancel, or memory: nothing about the value */
		if (ERRCODE_TO_CATEGORY(code) != ERRCODE_DATA_EXCEPTION)
			PG_RE_THROW();
		(void) MemoryContextSwitchTo(caller);
		FlushErrorState();
	}
	PG_END_TRY();
	if (code != 0)
		ereport(ERROR,
				(errcode(code),
				 errmsg("the literal is not a value of type %s", format_type_be(type)),
				 errhint("It is not repeated here, but the text of the statement may be logged: pass values as bound parameters.")));
	return value;
}

void
ml_payload_check_size(Size size)
{
	if (size > ML_PAYLOAD_MOST)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a value of %zu bytes cannot be sealed", size),
				 errdetail("At most %zu can: a dump could not write a larger one as text.", ML_PAYLOAD_MOST),
				 errhint("Cut it into several values.")));
}

/* Before it is copied: sealing takes four times its size. */
static void
check_size(Datum value, Oid from)
{
	if (from == UNKNOWNOID)
		ml_payload_check_size(strlen(DatumGetCString(value)));
	else if (get_typlen(from) == -1)
		ml_payload_check_size(toast_raw_datum_size(value) - VARHDRSZ);
}

bytea *
ml_payload_write(Datum value, Oid from, SmlSealedType type)
{
	check_size(value, from);
	/* a literal is read as the type wanted, by the input function of that built-in type */
	if (from == UNKNOWNOID && type != SML_SEALED_TEXT)
	{
		value = of_literal(DatumGetCString(value), ml_sealed_type_oid(type));
		from = ml_sealed_type_oid(type);
	}
	if (from == UNKNOWNOID)
		return of_text(DatumGetCString(value), strlen(DatumGetCString(value)));
	if (type != SML_SEALED_FLOAT8 && type != SML_SEALED_NUMERIC && ml_sealed_type_for(from) != type)
		wrong_type(from, type);
	switch (type)
	{
		case SML_SEALED_TEXT:
			return text_payload(value, from);
		case SML_SEALED_FLOAT8:
			return of_float8(float_of(value, from));
		case SML_SEALED_INT8:
			return of_int64(integer_of(value, from));
		case SML_SEALED_NUMERIC:
			return DatumGetByteaP(DirectFunctionCall1(numeric_send, numeric_of(value, from)));
		case SML_SEALED_FLOAT8_ARRAY:
			return OidSendFunctionCall(F_ARRAY_SEND, value);
		case SML_SEALED_BYTEA:
			{
				bytea *packed = DatumGetByteaPP(value);

				return ml_bytes(VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
			}
		case SML_SEALED_JSONB:
			return DatumGetByteaP(DirectFunctionCall1(jsonb_send, value));
		case SML_SEALED_DATE:
			{
				uint32 wire = pg_hton32((uint32) DatumGetDateADT(value));

				return ml_bytes(&wire, sizeof(wire));
			}
		case SML_SEALED_TIMESTAMPTZ:
			return of_int64(DatumGetTimestampTz(value));
		case SML_SEALED_BOOL:
			return ml_bytes(DatumGetBool(value) ? "\1" : "\0", 1);
	}
	wrong_type(from, type);
}

/* ---- reading ------------------------------------------------------------------------ */

static int64
to_int64(SmlSlice payload)
{
	uint64 wire;

	memcpy(&wire, payload.bytes, sizeof(wire));
	return (int64) pg_ntoh64(wire);
}

static Datum
to_text(SmlSlice payload)
{
	/* checked when it was sealed; checked again, since the database may have another encoding */
	char *text = pg_any_to_server((const char *) payload.bytes, (int) payload.size, PG_UTF8);
	Datum result = PointerGetDatum(cstring_to_text_with_len(text, text == (const char *) payload.bytes ? (int) payload.size : (int) strlen(text)));

	if (text != (const char *) payload.bytes)
	{
		sml_wipe(text, strlen(text));
		pfree(text);
	}
	return result;
}

static Datum
by_receive(Oid function, SmlSlice payload, Oid parameter)
{
	StringInfoData buffer;
	Datum          value;

	initStringInfo(&buffer);
	appendBinaryStringInfo(&buffer, (const char *) payload.bytes, (int) payload.size);
	value = OidReceiveFunctionCall(function, &buffer, parameter, -1);
	sml_wipe(buffer.data, (size_t) buffer.maxlen);
	pfree(buffer.data);
	return value;
}

Datum
ml_payload_read(SmlSlice payload, SmlSealedType type)
{
	if (payload_types[type].size != 0 && payload.size != payload_types[type].size)
		ml_cannot_open();
	switch (type)
	{
		case SML_SEALED_TEXT:
			return to_text(payload);
		case SML_SEALED_FLOAT8:
			{
				int64  bits = to_int64(payload);
				double number;

				memcpy(&number, &bits, sizeof(number));
				return Float8GetDatum(number);
			}
		case SML_SEALED_INT8:
			return Int64GetDatum(to_int64(payload));
		case SML_SEALED_NUMERIC:
			return by_receive(F_NUMERIC_RECV, payload, InvalidOid);
		case SML_SEALED_FLOAT8_ARRAY:
			return by_receive(F_ARRAY_RECV, payload, FLOAT8OID);
		case SML_SEALED_BYTEA:
			return PointerGetDatum(ml_bytes(payload.bytes, payload.size));
		case SML_SEALED_JSONB:
			return by_receive(F_JSONB_RECV, payload, InvalidOid);
		case SML_SEALED_DATE:
			{
				uint32 wire;

				memcpy(&wire, payload.bytes, sizeof(wire));
				return DateADTGetDatum((DateADT) pg_ntoh32(wire));
			}
		case SML_SEALED_TIMESTAMPTZ:
			return TimestampTzGetDatum((TimestampTz) to_int64(payload));
		case SML_SEALED_BOOL:
			return BoolGetDatum(payload.bytes[0] != 0);
	}
	ml_cannot_open();
}
