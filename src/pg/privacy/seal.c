/*
 * seal.c - sealing and opening values in SQL, and blind indexes.
 *
 * The row's key of bound values is a text that the caller forms; see sustainml.seal_row.
 *
 * Opened bytes are wiped before their memory is freed; the value that an SQL function returns is the
 * server's from then on.
 */
#include "../compat.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "../crypto.h"
#include "../env.h"
#include "column.h"
#include "column_internal.h"
#include "key_admin.h"
#include "keys.h"
#include "learn.h"
#include "sealed.h"

/* ---- opening -------------------------------------------------------------------------- */

void
ml_open(Datum value, int32 column_no, SmlSlice row, int rights, int use, MlOpened *opened)
{
	SmlSealedHead    head;
	struct varlena  *bytes;
	const MlDataKey *key;
	SmlSealedPlace   place;
	SmlEnv           env;
	SmlStatus        status;

	if (InSecurityRestrictedOperation())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("sealed values cannot be opened while statistics, an index or a materialized view is made"),
				 errdetail("It would store them in clear.")));
	ml_sealed_head(value, &bytes, &head);
	key = ml_key_by_number(head.key_no, rights, (MlKeyUse) use);
	if (key->purpose != SML_KEY_DATA || (column_no > 0 && key->column_no != column_no))
		ml_cannot_open();
	place = (SmlSealedPlace){key->context, row};
	opened->type = head.type;
	opened->room = VARSIZE_ANY_EXHDR(bytes);
	opened->bytes = palloc(opened->room);
	ml_env_init(&env, CurrentMemoryContext);
	status = sml_sealed_open(&env, ml_crypto(), key->material, &place, (SmlSlice){(uint8_t *) VARDATA_ANY(bytes), opened->room}, opened->bytes,
							 &opened->size);
	if (status == SML_CORRUPT)
		ml_cannot_open();
	ML_CHECK(&env, status, "open a sealed value");
	if ((Pointer) bytes != DatumGetPointer(value))
		pfree(bytes);
}

void
ml_payload_free(MlOpened *opened)
{
	sml_wipe(opened->bytes, opened->room);
	pfree(opened->bytes);
	opened->bytes = NULL;
}

/* The column that the argument of this call stands in, when the parser knows: sealed(N). */
static int32
argument_column(FunctionCallInfo fcinfo)
{
	if (fcinfo->flinfo->fn_extra == NULL)
	{
		int32 *column = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(int32));

		*column = ml_argument_column(fcinfo, 0);
		fcinfo->flinfo->fn_extra = column;
	}
	return *(int32 *) fcinfo->flinfo->fn_extra;
}

/* The row's key in argument 1, where the function has one. */
static SmlSlice
row_argument(FunctionCallInfo fcinfo, int argument)
{
	text *row;

	if (PG_NARGS() <= argument)
		return (SmlSlice){NULL, 0};
	row = PG_GETARG_TEXT_PP(argument);
	return (SmlSlice){(uint8_t *) VARDATA_ANY(row), VARSIZE_ANY_EXHDR(row)};
}

/* Open argument 0 as "type". */
static Datum
open_as(FunctionCallInfo fcinfo, SmlSealedType type)
{
	MlOpened opened;
	Datum    value;

	ml_open(PG_GETARG_DATUM(0), argument_column(fcinfo), row_argument(fcinfo, 1), ML_KEY_OPEN, ML_USE_OPEN, &opened);
	if (opened.type != type)
	{
		SmlSealedType found = opened.type;

		ml_payload_free(&opened);
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the sealed value is of type %s, not %s", ml_sealed_type_name(found), ml_sealed_type_name(type)),
				 errhint("sustainml.open gives any of them as text.")));
	}
	value = ml_payload_read((SmlSlice){opened.bytes, opened.size}, type);
	ml_payload_free(&opened);
	return value;
}

#define ML_OPEN_FUNCTION(name, type)                    \
	PG_FUNCTION_INFO_V1(sustainml_##name);              \
	Datum sustainml_##name(PG_FUNCTION_ARGS)            \
	{                                                   \
		return open_as(fcinfo, type);                   \
	}

ML_OPEN_FUNCTION(open_float8, SML_SEALED_FLOAT8)
ML_OPEN_FUNCTION(open_int8, SML_SEALED_INT8)
ML_OPEN_FUNCTION(open_numeric, SML_SEALED_NUMERIC)
ML_OPEN_FUNCTION(open_float8_array, SML_SEALED_FLOAT8_ARRAY)
ML_OPEN_FUNCTION(open_bytea, SML_SEALED_BYTEA)
ML_OPEN_FUNCTION(open_jsonb, SML_SEALED_JSONB)
ML_OPEN_FUNCTION(open_date, SML_SEALED_DATE)
ML_OPEN_FUNCTION(open_timestamptz, SML_SEALED_TIMESTAMPTZ)
ML_OPEN_FUNCTION(open_boolean, SML_SEALED_BOOL)

PG_FUNCTION_INFO_V1(sustainml_open);
Datum
sustainml_open(PG_FUNCTION_ARGS)
{
	MlOpened opened;
	Datum    value;
	Oid      output;
	bool     is_varlena;
	text    *result;

	ml_open(PG_GETARG_DATUM(0), argument_column(fcinfo), row_argument(fcinfo, 1), ML_KEY_OPEN, ML_USE_OPEN, &opened);
	value = ml_payload_read((SmlSlice){opened.bytes, opened.size}, opened.type);
	if (opened.type == SML_SEALED_TEXT)
		result = DatumGetTextPP(value);
	else
	{
		char *written;

		getTypeOutputInfo(ml_sealed_type_oid(opened.type), &output, &is_varlena);
		written = OidOutputFunctionCall(output, value);
		result = cstring_to_text(written);
		sml_wipe(written, strlen(written));
		pfree(written);
	}
	ml_payload_free(&opened);
	PG_RETURN_TEXT_P(result);
}

/* ---- sealing ---------------------------------------------------------------------------- */

typedef struct SealRequest
{
	SmlSealedType type;
	bool          deterministic;
	SmlSlice      row;
} SealRequest;

static Datum
seal_payload(const MlDataKey *key, const SealRequest *request, bytea *payload)
{
	SmlSealedHead   head = {request->type, request->deterministic, request->row.bytes != NULL, key->key_no};
	SmlSealedPlace  place = {key->context, request->row};
	size_t          size;
	bytea          *sealed;
	SmlEnv          env;

	/* what a type sends can be longer than the value was */
	ml_payload_check_size(VARSIZE(payload) - VARHDRSZ);
	if (!sml_sealed_size(VARSIZE(payload) - VARHDRSZ, &size))
		elog(ERROR, "impossible size of a sealed value");
	sealed = palloc(VARHDRSZ + size);
	SET_VARSIZE(sealed, VARHDRSZ + size);
	ml_env_init(&env, CurrentMemoryContext);
	ML_CHECK(&env, sml_sealed_seal(&env, ml_crypto(), key->material, &head, &place,
								   (SmlSlice){(uint8_t *) VARDATA(payload), VARSIZE(payload) - VARHDRSZ}, (uint8_t *) VARDATA(sealed)), "seal a value");
	sml_wipe(payload, VARSIZE(payload));
	pfree(payload);
	return PointerGetDatum(sealed);
}

static Oid
value_type(FunctionCallInfo fcinfo)
{
	Oid type = get_fn_expr_argtype(fcinfo->flinfo, 0);

	if (!OidIsValid(type))
		elog(ERROR, "cannot find the type of the value");
	return getBaseType(type);
}

pg_noreturn static void
cannot_seal(Oid type)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("values of type %s cannot be sealed", format_type_be(type)),
			 errhint("Text, numbers, boolean, bytea, jsonb, date, timestamp with time zone and double precision[] can; cast the value.")));
}

static void
require_row_key(FunctionCallInfo fcinfo, int argument)
{
	if (PG_NARGS() > argument && PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the row's key is NULL"),
				 errhint("Bind a value to a key that every row has.")));
}

/* seal(value, key) and seal_row(value, key, row_key): for no column */
PG_FUNCTION_INFO_V1(sustainml_seal);
Datum
sustainml_seal(PG_FUNCTION_ARGS)
{
	Oid              from;
	SealRequest      request = {0};
	const MlDataKey *key;
	bytea           *payload;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	require_row_key(fcinfo, 2);
	ml_require_arguments(fcinfo, 1);
	from = value_type(fcinfo);
	request.type = ml_sealed_type_for(from);
	if (request.type == 0)
		cannot_seal(from);
	request.row = row_argument(fcinfo, 2);
	payload = ml_payload_write(PG_GETARG_DATUM(0), from, request.type);
	key = ml_key_active(text_to_cstring(PG_GETARG_TEXT_PP(1)), SML_KEY_DATA, 0, ML_KEY_SEAL, ML_USE_SEAL);
	PG_RETURN_DATUM(seal_payload(key, &request, payload));
}

/* Bound to a row when "row" is given. */
static Datum
seal_for_column(Datum value, Oid type, int32 column_no, SmlSlice row)
{
	const MlColumnInfo *column = ml_column_info(column_no);
	SealRequest         request = {ml_sealed_type_of_column(column_no), column->deterministic, row};
	bytea              *payload;
	const MlDataKey    *key;

	if (column->row_key[0] && row.bytes == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("values of sealed column \"%s\" are bound to the key of their row, column \"%s\"", column->column, column->row_key),
				 errhint("Use sustainml.seal_row(value, 'table', 'column', row_key => %s::text).", quote_identifier(column->row_key))));
	payload = ml_payload_write(value, type, request.type);
	key = ml_key_active(column->key, SML_KEY_DATA, column_no, ML_KEY_SEAL, ML_USE_SEAL);
	return seal_payload(key, &request, payload);
}

Datum
ml_seal_for_column(Datum value, Oid type, int32 column_no, const char *row)
{
	return seal_for_column(value, getBaseType(type), column_no, row ? (SmlSlice){(const uint8_t *) row, strlen(row)} : (SmlSlice){NULL, 0});
}

/* seal(value, table, column) and seal_row(value, table, column, row_key) */
PG_FUNCTION_INFO_V1(sustainml_seal_column);
Datum
sustainml_seal_column(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	require_row_key(fcinfo, 3);
	ml_require_arguments(fcinfo, 1);
	PG_RETURN_DATUM(seal_for_column(PG_GETARG_DATUM(0), value_type(fcinfo), ml_sealed_column(PG_GETARG_OID(1), NameStr(*PG_GETARG_NAME(2))), row_argument(fcinfo, 3)));
}

/* seal_cell(value, column number [, row_key]): what encrypt_column calls */
PG_FUNCTION_INFO_V1(sustainml_seal_cell);
Datum
sustainml_seal_cell(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	require_row_key(fcinfo, 2);
	PG_RETURN_DATUM(seal_for_column(PG_GETARG_DATUM(0), value_type(fcinfo), PG_GETARG_INT32(1), row_argument(fcinfo, 2)));
}

/* reseal(value [, row_key]): the same value under the active data key of its column or key; it is not shown to anybody */
PG_FUNCTION_INFO_V1(sustainml_reseal);
Datum
sustainml_reseal(PG_FUNCTION_ARGS)
{
	SmlSealedHead    head;
	struct varlena  *bytes;
	MlOpened         opened;
	SealRequest      request;
	const MlDataKey *key;
	char             name[NAMEDATALEN];
	int32            column_no;
	bytea           *payload;
	SmlSlice         row = {NULL, 0};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	require_row_key(fcinfo, 1);
	ml_sealed_head(PG_GETARG_DATUM(0), &bytes, &head);
	if (head.row_bound)
		row = row_argument(fcinfo, 1);
	if (head.row_bound && row.bytes == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("values bound to a row are sealed anew by whoever knows the row's key"),
				 errhint("Open and seal them with the row's key; sustainml.rotate knows it where the column was encrypted with row_key.")));
	ml_open(PG_GETARG_DATUM(0), argument_column(fcinfo), row, ML_KEY_ROTATE, ML_USE_ROTATE, &opened);
	key = ml_key_by_number(head.key_no, ML_KEY_ROTATE, ML_USE_ROTATE);
	strlcpy(name, key->key, sizeof(name));
	column_no = key->column_no;
	payload = palloc(VARHDRSZ + opened.size);
	SET_VARSIZE(payload, VARHDRSZ + opened.size);
	memcpy(VARDATA(payload), opened.bytes, opened.size);
	ml_payload_free(&opened);
	request = (SealRequest){head.type, head.deterministic, row};
	key = ml_key_active(name, SML_KEY_DATA, column_no, ML_KEY_ROTATE, ML_USE_ROTATE);
	PG_RETURN_DATUM(seal_payload(key, &request, payload));
}

/* ---- blind indexes ----------------------------------------------------------------------- */

static void
check_bits(int32 bits)
{
	if (bits < 8 || bits > 256 || bits % 8 != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("bits must be a multiple of 8 from 8 to 256, not %d", bits)));
}

/*
 * HMAC-SHA-256 under the index key, over "SMLI1" | length and text of the domain | type | payload.
 */
PG_FUNCTION_INFO_V1(sustainml_blind_index);
Datum
sustainml_blind_index(PG_FUNCTION_ARGS)
{
	Oid              from;
	SmlSealedType    type;
	bytea           *payload;
	text            *domain;
	int32            bits;
	StringInfoData   input;
	const MlDataKey *key;
	uint8            mac[SML_SHA256];
	bytea           *result;
	SmlEnv           env;
	uint32           size;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	ml_require_arguments(fcinfo, 1);
	from = value_type(fcinfo);
	type = ml_sealed_type_for(from);
	if (type == 0)
		cannot_seal(from);
	if (type == SML_SEALED_BOOL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a blind index of a boolean hides nothing"),
				 errdetail("With two values, whoever sees the index can tell them apart.")));
	domain = PG_GETARG_TEXT_PP(2);
	bits = PG_GETARG_INT32(3);
	check_bits(bits);
	payload = ml_payload_write(PG_GETARG_DATUM(0), from, type);
	key = ml_key_active(text_to_cstring(PG_GETARG_TEXT_PP(1)), SML_KEY_INDEX, 0, ML_KEY_SEAL | ML_KEY_OPEN, ML_USE_INDEX);
	initStringInfo(&input);
	appendBinaryStringInfo(&input, "SMLI1", 5);
	size = VARSIZE_ANY_EXHDR(domain);
	for (int i = 0; i < 4; i++)
		appendStringInfoCharMacro(&input, (char) (size >> (8 * (3 - i))));
	appendBinaryStringInfo(&input, VARDATA_ANY(domain), (int) size);
	appendStringInfoCharMacro(&input, (char) type);
	appendBinaryStringInfo(&input, VARDATA(payload), (int) (VARSIZE(payload) - VARHDRSZ));
	ml_env_init(&env, CurrentMemoryContext);
	ML_CHECK(&env, ml_crypto()->mac(NULL, &env, SML_SHA256, (SmlSlice){key->material, SML_AEAD_KEY},
									(SmlSlice){(uint8_t *) input.data, (size_t) input.len}, mac), "make a blind index");
	sml_wipe(input.data, (size_t) input.maxlen);
	sml_wipe(payload, VARSIZE(payload));
	result = palloc(VARHDRSZ + bits / 8);
	SET_VARSIZE(result, VARHDRSZ + bits / 8);
	memcpy(VARDATA(result), mac, bits / 8);
	PG_RETURN_BYTEA_P(result);
}
