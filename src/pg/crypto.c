/*
 * crypto.c - see crypto.h.
 */
#include "compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "crypto.h"
#include "crypto_openssl.h"
#include "env.h"

/* ---- finding pgcrypto ------------------------------------------------------------- */

typedef struct Wanted
{
	const char *name;    /* in SQL */
	const char *symbol;  /* in the library */
	int         count;
	Oid         types[4];
} Wanted;

enum
{
	ENCRYPT, DECRYPT, HMAC, FUNCTIONS
};

static const Wanted wanted[FUNCTIONS] = {
	{"encrypt_iv", "pg_encrypt_iv", 4, {BYTEAOID, BYTEAOID, BYTEAOID, TEXTOID}},
	{"decrypt_iv", "pg_decrypt_iv", 4, {BYTEAOID, BYTEAOID, BYTEAOID, TEXTOID}},
	{"hmac", "pg_hmac", 3, {BYTEAOID, BYTEAOID, TEXTOID}},
};

static MemoryContext functions_context = NULL;
static FmgrInfo      functions[FUNCTIONS];
static bool          functions_good = false;

/* Some function changed: look again before the next use. */
static void
forget_functions(Datum argument, int cache, uint32 hash)
{
	functions_good = false;
}

typedef enum Provider
{
	ML_BY_PGCRYPTO, ML_BY_LIBCRYPTO
} Provider;

static int provider = ML_BY_LIBCRYPTO;

static const struct config_enum_entry providers[] = {
	{"pgcrypto", ML_BY_PGCRYPTO, false}, {"libcrypto", ML_BY_LIBCRYPTO, false}, {NULL, 0, false},
};

void
ml_crypto_init(void)
{
	DefineCustomEnumVariable("sustainml.crypto_provider",
							 "Who computes AES and HMAC: libcrypto directly, or the functions of pgcrypto.",
							 "Both give the same bytes. libcrypto is used when the module was built with it and agrees with pgcrypto in a test at first use.",
							 &provider, ML_BY_LIBCRYPTO, providers, PGC_SUSET, 0, NULL, NULL, NULL);
	CacheRegisterSyscacheCallback(PROCOID, forget_functions, (Datum) 0);
}

/*
 * Whether a member of the extension is the function wanted.  Members can be added by the extension's
 * owner, who need not be a superuser; but only superusers make functions in C.
 */
static bool
is_wanted(HeapTuple tuple, const Wanted *want)
{
	Form_pg_proc form = (Form_pg_proc) GETSTRUCT(tuple);
	Datum        value;
	bool         isnull;

	if (form->prolang != ClanguageId || form->pronargs != want->count || form->prorettype != BYTEAOID ||
		strcmp(NameStr(form->proname), want->name) != 0 || memcmp(form->proargtypes.values, want->types, sizeof(Oid) * want->count) != 0)
		return false;
	value = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull);
	if (isnull || strcmp(TextDatumGetCString(value), want->symbol) != 0)
		return false;
	value = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_probin, &isnull);
	return !isnull && strcmp(TextDatumGetCString(value), "$libdir/pgcrypto") == 0;
}

/* The functions among the members of pgcrypto; InvalidOid where there is none. */
static void
find_functions(Oid found[FUNCTIONS])
{
	Oid         extension = get_extension_oid("pgcrypto", true);
	Relation    depend;
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple   tuple;

	for (int i = 0; i < FUNCTIONS; i++)
		found[i] = InvalidOid;
	if (!OidIsValid(extension))
		return;
	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyInit(&key[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(ExtensionRelationId));
	ScanKeyInit(&key[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(extension));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL, 2, key);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		Form_pg_depend member = (Form_pg_depend) GETSTRUCT(tuple);
		HeapTuple      function;

		if (member->deptype != DEPENDENCY_EXTENSION || member->classid != ProcedureRelationId)
			continue;
		function = SearchSysCache1(PROCOID, ObjectIdGetDatum(member->objid));
		if (!HeapTupleIsValid(function))
			continue;
		for (int i = 0; i < FUNCTIONS; i++)
			if (is_wanted(function, &wanted[i]))
				found[i] = member->objid;
		ReleaseSysCache(function);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
}

static void
load_functions(void)
{
	Oid found[FUNCTIONS];

	find_functions(found);
	for (int i = 0; i < FUNCTIONS; i++)
		if (!OidIsValid(found[i]))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("extension pgcrypto has no function %s", wanted[i].name),
					 errhint("Install it again: CREATE EXTENSION pgcrypto.")));
	if (functions_context == NULL)
		functions_context = AllocSetContextCreate(TopMemoryContext, "sustainml pgcrypto", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(functions_context);
	for (int i = 0; i < FUNCTIONS; i++)
		fmgr_info_cxt(found[i], &functions[i], functions_context);
	functions_good = true;
}

/* ---- calling it ------------------------------------------------------------------- */

/* A text that is a constant of ours, as a datum. */
#define CONSTANT_TEXT(name, words)              \
	static union                                \
	{                                           \
		struct                                  \
		{                                       \
			int32 vl_len_;                      \
			char  data[sizeof(words)];          \
		} text;                                 \
		int32 align;                            \
	} name = {{0, words}}

CONSTANT_TEXT(aes_cbc, "aes-cbc/pad:none");
CONSTANT_TEXT(sha256, "sha256");
CONSTANT_TEXT(sha384, "sha384");
CONSTANT_TEXT(sha512, "sha512");

#define TEXT_DATUM(name) (SET_VARSIZE(&(name).text, VARHDRSZ + sizeof((name).text.data) - 1), PointerGetDatum(&(name).text))

#define KEY_MOST 64

/* A short secret as a bytea on the stack. */
typedef union SmallBytes
{
	int32 align;
	char  bytes[VARHDRSZ + KEY_MOST];
} SmallBytes;

static Datum
small_datum(SmallBytes *small, const void *bytes, size_t size)
{
	if (size > KEY_MOST)
		elog(ERROR, "key of %zu bytes", size);
	SET_VARSIZE(small, VARHDRSZ + size);
	memcpy(VARDATA(small), bytes, size);
	return PointerGetDatum(small);
}

static bytea *
make_bytes(const void *bytes, size_t size)
{
	bytea *made;

	if (size > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a sealed value cannot exceed 1 GB")));
	made = palloc(VARHDRSZ + size);
	SET_VARSIZE(made, VARHDRSZ + size);
	if (size > 0)
		memcpy(VARDATA(made), bytes, size);
	return made;
}

static void
free_bytes(bytea *bytes)
{
	sml_wipe(bytes, VARSIZE(bytes));
	pfree(bytes);
}

/*
 * Call one of the functions with data, key and up to two more arguments, and copy the result of exactly
 * "size" bytes to out.  What we made is wiped, whatever happens.
 */
static void
call(int function, Datum type, SmlSlice data, SmlSlice key, const uint8_t *iv, size_t size, uint8_t *out)
{
	SmallBytes key_bytes;
	SmallBytes iv_bytes;
	bytea     *input = make_bytes(data.bytes, data.size);
	Datum      key_datum = small_datum(&key_bytes, key.bytes, key.size);

	PG_TRY();
	{
		bytea *result;

		if (iv)
			result = DatumGetByteaPP(FunctionCall4(&functions[function], PointerGetDatum(input), key_datum,
												   small_datum(&iv_bytes, iv, SML_AES_BLOCK), type));
		else
			result = DatumGetByteaPP(FunctionCall3(&functions[function], PointerGetDatum(input), key_datum, type));
		if (VARSIZE_ANY_EXHDR(result) != size)
			elog(ERROR, "pgcrypto gave %zu bytes for %zu", (size_t) VARSIZE_ANY_EXHDR(result), size);
		memcpy(out, VARDATA_ANY(result), size);
		free_bytes(result);
	}
	PG_CATCH();
	{
		sml_wipe(&key_bytes, sizeof(key_bytes));
		free_bytes(input);
		PG_RE_THROW();
	}
	PG_END_TRY();
	sml_wipe(&key_bytes, sizeof(key_bytes));
	free_bytes(input);
}

static SmlStatus
crypto_mac(void *context, SmlEnv *env, SmlMacHash hash, SmlSlice key, SmlSlice data, uint8_t *out)
{
	Datum type = hash == SML_SHA256 ? TEXT_DATUM(sha256) : hash == SML_SHA384 ? TEXT_DATUM(sha384) : TEXT_DATUM(sha512);

	call(HMAC, type, data, key, NULL, hash, out);
	return SML_OK;
}

static SmlStatus
crypto_encrypt(void *context, SmlEnv *env, SmlSlice key, const uint8_t *iv, const uint8_t *in, size_t size, uint8_t *out)
{
	call(ENCRYPT, TEXT_DATUM(aes_cbc), (SmlSlice){in, size}, key, iv, size, out);
	return SML_OK;
}

static SmlStatus
crypto_decrypt(void *context, SmlEnv *env, SmlSlice key, const uint8_t *iv, const uint8_t *in, size_t size, uint8_t *out)
{
	call(DECRYPT, TEXT_DATUM(aes_cbc), (SmlSlice){in, size}, key, iv, size, out);
	return SML_OK;
}

/* ---- random bytes -------------------------------------------------------------------- */

#define POOL_SIZE 4096

void
ml_random(void *bytes, size_t size)
{
	static uint8 pool[POOL_SIZE];
	static size_t left = 0;
	static int   owner = 0;  /* a forked process never uses its parent's pool */

	if (size > POOL_SIZE / 4)
		elog(ERROR, "too many random bytes");
	if (left < size || owner != MyProcPid)
	{
		left = 0;
		if (!pg_strong_random(pool, POOL_SIZE))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("could not generate random bytes")));
		left = POOL_SIZE;
		owner = MyProcPid;
	}
	left -= size;
	memcpy(bytes, pool + left, size);
	sml_wipe(pool + left, size);
}

static SmlStatus
crypto_random(void *context, SmlEnv *env, uint8_t *out, size_t size)
{
	ml_random(out, size);
	return SML_OK;
}

/* ---- choosing ------------------------------------------------------------------------ */

static const SmlCrypto by_pgcrypto = {NULL, crypto_mac, crypto_encrypt, crypto_decrypt, crypto_random};

/*
 * Whether two providers give the same bytes for one message of each kind, and again with the same key: up to
 * libcrypto 3.0.2 a HMAC that is begun anew with the key it has does not begin anew.
 */
static bool
same_bytes(const SmlCrypto *a, const SmlCrypto *b)
{
	static const SmlMacHash hashes[] = {SML_SHA256, SML_SHA384, SML_SHA512};
	static const uint8      key[64] = "a key that is known to everybody, for comparing two programs...";
	static const uint8      text[32] = "a text of two blocks, 31 bytes.";
	uint8                   one[64];
	uint8                   two[64];
	SmlEnv                  env;

	ml_env_init(&env, CurrentMemoryContext);
	for (size_t i = 0; i < 2 * lengthof(hashes); i++)
	{
		SmlMacHash hash = hashes[i / 2];

		if (a->mac(NULL, &env, hash, (SmlSlice){key, sizeof(key)}, (SmlSlice){text, sizeof(text)}, one) != SML_OK ||
			b->mac(NULL, &env, hash, (SmlSlice){key, sizeof(key)}, (SmlSlice){text, sizeof(text)}, two) != SML_OK ||
			memcmp(one, two, hash) != 0)
			return false;
	}
	for (size_t i = 0; i < 4; i++)
	{
		size_t size = i < 2 ? 16 : 32;

		if (a->encrypt(NULL, &env, (SmlSlice){key, size}, key + 32, text, sizeof(text), one) != SML_OK ||
			b->encrypt(NULL, &env, (SmlSlice){key, size}, key + 32, text, sizeof(text), two) != SML_OK || memcmp(one, two, sizeof(text)) != 0 ||
			b->decrypt(NULL, &env, (SmlSlice){key, size}, key + 32, two, sizeof(text), one) != SML_OK || memcmp(one, text, sizeof(text)) != 0)
			return false;
	}
	return true;
}

/* libcrypto, once it has shown that it gives what pgcrypto gives; NULL when it is not there. */
static const SmlCrypto *
by_libcrypto(void)
{
	static SmlCrypto crypto = {NULL, NULL, NULL, NULL, crypto_random};
	static bool      tried = false;
	static bool      good = false;

	if (!tried)
	{
		good = ml_openssl_crypto(&crypto) && same_bytes(&by_pgcrypto, &crypto);
		tried = true;
	}
	return good ? &crypto : NULL;
}

const SmlCrypto *
ml_crypto(void)
{
	const SmlCrypto *fast;

	if (!functions_good)
		load_functions();
	if (provider == ML_BY_PGCRYPTO || (fast = by_libcrypto()) == NULL)
		return &by_pgcrypto;
	return fast;
}
