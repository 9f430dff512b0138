/*
 * sealed.c - the type sustainml.sealed: input, output, type modifier; see sealed.h.
 *
 * The text form is "sml1:" and URL-safe base64, in its one canonical spelling.  Input checks the form of
 * a value, never its key, so that a dump can be restored before its keys are.  There is no cast from or to
 * any other type: plaintext is a type error.
 */
#include "../compat.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "../env.h"
#include "keys.h"
#include "sealed.h"
#include "../../core/privacy/base64url.h"

#define PREFIX      "sml1:"
#define PREFIX_SIZE 5

Oid
ml_sealed_type(void)
{
	Oid schema = get_namespace_oid("sustainml", true);

	if (!OidIsValid(schema))
		return InvalidOid;
	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("sealed"), ObjectIdGetDatum(schema));
}

Oid
ml_sealed_payload(int32 typmod)
{
	SmlSealedType type = typmod > 0 ? ml_sealed_type_of_column(typmod) : 0;

	return type >= SML_SEALED_TEXT && type <= SML_SEALED_TYPES ? ml_sealed_type_oid(type) : InvalidOid;
}

pg_noreturn static void
not_sealed(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input for type sustainml.sealed"),
			 errdetail("A sealed value is written sml1: and URL-safe base64."),
			 errhint("Use sustainml.seal(value, …) to make one; text is never stored as it is.")));
}

static void
check_form(const void *bytes, size_t size)
{
	SmlSealedHead head;
	SmlEnv        env;

	ml_env_init(&env, CurrentMemoryContext);
	if (sml_sealed_head(&env, (SmlSlice){bytes, size}, &head) != SML_OK)
		not_sealed();
}

PG_FUNCTION_INFO_V1(sustainml_sealed_in);
Datum
sustainml_sealed_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	size_t      length = strlen(text);
	bytea      *result;
	size_t      size;

	if (length < PREFIX_SIZE || strncmp(text, PREFIX, PREFIX_SIZE) != 0)
		not_sealed();
	result = palloc(VARHDRSZ + (length - PREFIX_SIZE) / 4 * 3 + 1);
	if (!sml_base64url_read(text + PREFIX_SIZE, length - PREFIX_SIZE, (uint8_t *) VARDATA(result), &size))
		not_sealed();
	SET_VARSIZE(result, VARHDRSZ + size);
	check_form(VARDATA(result), size);
	PG_RETURN_BYTEA_P(result);
}

PG_FUNCTION_INFO_V1(sustainml_sealed_out);
Datum
sustainml_sealed_out(PG_FUNCTION_ARGS)
{
	bytea *value = PG_GETARG_BYTEA_PP(0);
	size_t size;
	char  *text;

	if (!sml_base64url_size(VARSIZE_ANY_EXHDR(value), &size) || size > MaxAllocSize - PREFIX_SIZE - 1)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the sealed value is too large to be written as text")));
	text = palloc(PREFIX_SIZE + size + 1);
	memcpy(text, PREFIX, PREFIX_SIZE);
	sml_base64url_write((const uint8_t *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), text + PREFIX_SIZE);
	text[PREFIX_SIZE + size] = '\0';
	PG_RETURN_CSTRING(text);
}

PG_FUNCTION_INFO_V1(sustainml_sealed_recv);
Datum
sustainml_sealed_recv(PG_FUNCTION_ARGS)
{
	StringInfo buffer = (StringInfo) PG_GETARG_POINTER(0);
	int        size = buffer->len - buffer->cursor;
	bytea     *result = palloc(VARHDRSZ + size);

	SET_VARSIZE(result, VARHDRSZ + size);
	pq_copymsgbytes(buffer, VARDATA(result), size);
	check_form(VARDATA(result), (size_t) size);
	PG_RETURN_BYTEA_P(result);
}

PG_FUNCTION_INFO_V1(sustainml_sealed_send);
Datum
sustainml_sealed_send(PG_FUNCTION_ARGS)
{
	bytea         *value = PG_GETARG_BYTEA_PP(0);
	StringInfoData buffer;

	pq_begintypsend(&buffer);
	pq_sendbytes(&buffer, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buffer));
}

PG_FUNCTION_INFO_V1(sustainml_sealed_typmod_in);
Datum
sustainml_sealed_typmod_in(PG_FUNCTION_ARGS)
{
	int    count;
	int32 *values = ArrayGetIntegerTypmods(PG_GETARG_ARRAYTYPE_P(0), &count);

	/* whether the column is known is not asked: a dump makes its tables before it fills ours */
	if (count != 1 || !OidIsValid(ml_sealed_payload(values[0])))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid column number for type sustainml.sealed"),
				 errhint("sustainml.encrypt_column gives columns their numbers.")));
	PG_RETURN_INT32(values[0]);
}

PG_FUNCTION_INFO_V1(sustainml_sealed_typmod_out);
Datum
sustainml_sealed_typmod_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(psprintf("(%d)", PG_GETARG_INT32(0)));
}

void
ml_sealed_head(Datum value, struct varlena **bytes, SmlSealedHead *head)
{
	SmlEnv env;

	*bytes = PG_DETOAST_DATUM_PACKED(value);
	ml_env_init(&env, CurrentMemoryContext);
	if (sml_sealed_head(&env, (SmlSlice){(uint8_t *) VARDATA_ANY(*bytes), VARSIZE_ANY_EXHDR(*bytes)}, head) != SML_OK)
		ml_cannot_open();
}

/*
 * The cast of the type to itself: a value stored into sealed(N) was sealed for column N.  A value whose key is not
 * known is let in, since a dump may bring tables before keys; it opens only when the key says that it belongs there.
 */
PG_FUNCTION_INFO_V1(sustainml_sealed_fit);
Datum
sustainml_sealed_fit(PG_FUNCTION_ARGS)
{
	int32           typmod = PG_GETARG_INT32(1);
	SmlSealedHead   head;
	struct varlena *bytes;
	int32           column;

	ml_sealed_head(PG_GETARG_DATUM(0), &bytes, &head);
	if (typmod <= 0)
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	column = ml_key_column(head.key_no);
	if ((column != typmod && column >= 0) || head.type != ml_sealed_type_of_column(typmod))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the value was not sealed for this column"),
				 errhint("Use sustainml.seal(value, 'table', 'column').")));
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

PG_FUNCTION_INFO_V1(sustainml_sealed_key_no);
Datum
sustainml_sealed_key_no(PG_FUNCTION_ARGS)
{
	SmlSealedHead   head;
	struct varlena *bytes;

	ml_sealed_head(PG_GETARG_DATUM(0), &bytes, &head);
	PG_RETURN_INT32((int32) head.key_no);
}

/* The bytes of a deterministic value, which may be compared and indexed. */
PG_FUNCTION_INFO_V1(sustainml_sealed_token);
Datum
sustainml_sealed_token(PG_FUNCTION_ARGS)
{
	SmlSealedHead   head;
	struct varlena *bytes;
	bytea          *token;

	ml_sealed_head(PG_GETARG_DATUM(0), &bytes, &head);
	if (!head.deterministic)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("only deterministic values can be compared while sealed"),
				 errhint("Encrypt the column with deterministic => true, or keep a blind index beside it.")));
	token = palloc(VARHDRSZ + VARSIZE_ANY_EXHDR(bytes));
	SET_VARSIZE(token, VARHDRSZ + VARSIZE_ANY_EXHDR(bytes));
	memcpy(VARDATA(token), VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	PG_RETURN_BYTEA_P(token);
}
