/*
 * fernet.c - Fernet tokens in SQL; the format is in core/privacy/fernet.h.
 *
 * Keys and messages are arguments, so they should be bound parameters: the text of a statement can be logged.
 */
#include "../compat.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "../crypto.h"
#include "../env.h"
#include "../../core/privacy/base64url.h"
#include "../../core/privacy/fernet.h"

static SmlSlice
slice_of(const text *value)
{
	return (SmlSlice){(uint8_t *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};
}

/* The key in a text; wipe it after use. */
static void
read_key(text *text, uint8 *key)
{
	SmlEnv env;

	ml_env_init(&env, CurrentMemoryContext);
	if (sml_fernet_key(&env, slice_of(text), key) != SML_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid Fernet key"),
				 errdetail("%s", env.detail),
				 errhint("sustainml.fernet_generate_key() makes one.")));
}

pg_noreturn static void
invalid_token(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid Fernet token"),
			 errdetail("%s", SML_FERNET_INVALID)));
}

static int64
seconds_now(void)
{
	return (GetCurrentTimestamp() / USECS_PER_SEC) + (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY;
}

static Datum
encrypt(SmlSlice message, const uint8 *key, uint64 time)
{
	uint8  iv[SML_AES_BLOCK];
	size_t size;
	text  *token;
	SmlEnv env;

	if (!sml_fernet_size(message.size, &size) || size > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the message is too large for a token")));
	token = palloc(VARHDRSZ + size);
	SET_VARSIZE(token, VARHDRSZ + size);
	ml_random(iv, sizeof(iv));
	ml_env_init(&env, CurrentMemoryContext);
	ML_CHECK(&env, sml_fernet_write(&env, ml_crypto(), key, time, iv, message, VARDATA(token)), "encrypt a message");
	return PointerGetDatum(token);
}

PG_FUNCTION_INFO_V1(sustainml_fernet_generate_key);
Datum
sustainml_fernet_generate_key(PG_FUNCTION_ARGS)
{
	uint8 key[SML_FERNET_KEY];
	text *result = palloc(VARHDRSZ + SML_FERNET_KEY_TEXT);

	SET_VARSIZE(result, VARHDRSZ + SML_FERNET_KEY_TEXT);
	ml_random(key, sizeof(key));
	sml_base64url_write(key, sizeof(key), VARDATA(result));
	sml_wipe(key, sizeof(key));
	PG_RETURN_TEXT_P(result);
}

PG_FUNCTION_INFO_V1(sustainml_fernet_encrypt);
Datum
sustainml_fernet_encrypt(PG_FUNCTION_ARGS)
{
	text *message = PG_GETARG_TEXT_PP(0);
	char *utf8 = pg_server_to_any(VARDATA_ANY(message), VARSIZE_ANY_EXHDR(message), PG_UTF8);
	uint8 key[SML_FERNET_KEY];
	Datum token;

	read_key(PG_GETARG_TEXT_PP(1), key);
	token = encrypt(utf8 == VARDATA_ANY(message) ? slice_of(message) : (SmlSlice){(uint8_t *) utf8, strlen(utf8)}, key, (uint64) seconds_now());
	sml_wipe(key, sizeof(key));
	PG_RETURN_DATUM(token);
}

PG_FUNCTION_INFO_V1(sustainml_fernet_encrypt_bytea);
Datum
sustainml_fernet_encrypt_bytea(PG_FUNCTION_ARGS)
{
	uint8 key[SML_FERNET_KEY];
	Datum token;

	read_key(PG_GETARG_TEXT_PP(1), key);
	token = encrypt(slice_of(PG_GETARG_BYTEA_PP(0)), key, (uint64) seconds_now());
	sml_wipe(key, sizeof(key));
	PG_RETURN_DATUM(token);
}

/* Arguments token, key, ttl: the message; false when one of the first two is NULL. */
static bool
decrypt(FunctionCallInfo fcinfo, uint8_t **message, size_t *size)
{
	SmlFernetAge age = {false, 0, 0};
	uint8        key[SML_FERNET_KEY];
	uint64_t     time;
	SmlEnv       env;
	SmlStatus    status;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return false;
	if (!PG_ARGISNULL(2))
	{
		age = (SmlFernetAge){true, PG_GETARG_INT32(2), seconds_now()};
		if (age.ttl < 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("ttl must not be negative")));
	}
	read_key(PG_GETARG_TEXT_PP(1), key);
	ml_env_init(&env, CurrentMemoryContext);
	status = sml_fernet_read(&env, ml_crypto(), key, slice_of(PG_GETARG_TEXT_PP(0)), &age, message, size, &time);
	sml_wipe(key, sizeof(key));
	if (status == SML_CORRUPT)
		invalid_token();
	ML_CHECK(&env, status, "decrypt a token");
	return true;
}

PG_FUNCTION_INFO_V1(sustainml_fernet_decrypt);
Datum
sustainml_fernet_decrypt(PG_FUNCTION_ARGS)
{
	uint8_t *message;
	size_t   size;
	char    *converted;
	text    *result;

	if (!decrypt(fcinfo, &message, &size))
		PG_RETURN_NULL();
	if (size > PG_INT32_MAX || !pg_verify_mbstr(PG_UTF8, (char *) message, (int) size, true))
		ereport(ERROR,
				(errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
				 errmsg("the message is not text in UTF-8"),
				 errhint("Use sustainml.fernet_decrypt_bytea.")));
	converted = pg_any_to_server((char *) message, (int) size, PG_UTF8);
	result = cstring_to_text_with_len(converted, converted == (char *) message ? (int) size : (int) strlen(converted));
	sml_wipe(message, size);
	PG_RETURN_TEXT_P(result);
}

PG_FUNCTION_INFO_V1(sustainml_fernet_decrypt_bytea);
Datum
sustainml_fernet_decrypt_bytea(PG_FUNCTION_ARGS)
{
	uint8_t *message;
	size_t   size;
	bytea   *result;

	if (!decrypt(fcinfo, &message, &size))
		PG_RETURN_NULL();
	result = palloc(VARHDRSZ + size);
	SET_VARSIZE(result, VARHDRSZ + size);
	memcpy(VARDATA(result), message, size);
	sml_wipe(message, size);
	PG_RETURN_BYTEA_P(result);
}

PG_FUNCTION_INFO_V1(sustainml_fernet_rotate);
Datum
sustainml_fernet_rotate(PG_FUNCTION_ARGS)
{
	SmlSlice     token = slice_of(PG_GETARG_TEXT_PP(0));
	ArrayType   *array = PG_GETARG_ARRAYTYPE_P(1);
	SmlFernetAge age = {false, 0, 0};
	Datum       *texts;
	bool        *nulls;
	int          count;
	uint8        first[SML_FERNET_KEY];
	uint8        key[SML_FERNET_KEY];
	uint8_t     *message = NULL;
	size_t       size = 0;
	uint64_t     time = 0;
	Datum        result;
	SmlEnv       env;
	SmlStatus    status = SML_CORRUPT;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &texts, &nulls, &count);
	for (int i = 0; i < count; i++)
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a key is NULL")));
	if (count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("at least one key is needed")));
	ml_env_init(&env, CurrentMemoryContext);
	read_key(DatumGetTextPP(texts[0]), first);
	for (int i = 0; i < count && status == SML_CORRUPT; i++)
	{
		read_key(DatumGetTextPP(texts[i]), key);
		status = sml_fernet_read(&env, ml_crypto(), key, token, &age, &message, &size, &time);
	}
	sml_wipe(key, sizeof(key));
	if (status == SML_CORRUPT)
		invalid_token();
	ML_CHECK(&env, status, "decrypt a token");
	/* the time stays, as in Python's MultiFernet: a rotated token does not live longer */
	result = encrypt((SmlSlice){message, size}, first, time);
	sml_wipe(message, size);
	sml_wipe(first, sizeof(first));
	PG_RETURN_DATUM(result);
}
