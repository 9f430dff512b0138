/*
 * key_export.c - keys as jsonb, wrapped, from one database to another with the same master key.
 *
 * What is imported was in a user's hands: each data key must unwrap for the number, purpose, context and owner that the
 * text claims, and the importer must be a member of that owner.  Names of tables and types are notes, never run.
 */
#include "../compat.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/uuid.h"

#include "../catalog.h"
#include "../crypto.h"
#include "../env.h"
#include "key_admin.h"
#include "keys.h"
#include "master.h"
#include "../statement.h"

static Datum
export_keys(PG_FUNCTION_ARGS)
{
	char        *key = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Oid          types[1] = {TEXTOID};
	Datum        values[1] = {CStringGetTextDatum(key)};
	MlOwnerScope scope;
	bool         isnull;
	Jsonb       *exported;
	Jsonb       *result;

	ml_key_require(key, ML_KEY_OWN);
	SPI_connect();
	ml_owner_begin(&scope);
	if (SPI_execute_with_args(
			"SELECT jsonb_build_object('format', 1, 'key', k.key, 'key_id', k.key_id, 'owner', k.owner, 'canary', k.canary,"
			" 'data_keys', (SELECT jsonb_agg(jsonb_build_object('key_no', d.key_no, 'purpose', d.purpose, 'column_no', d.column_no, 'context', d.context,"
			"   'state', d.state, 'wrapped', encode(d.wrapped, 'hex'), 'master_id', d.master_id, 'master_check', encode(d.master_check, 'hex'),"
			"   'created_at', d.created_at, 'retired_at', d.retired_at) ORDER BY d.key_no)"
			"   FROM sustainml.data_key d WHERE d.key = k.key),"
			" 'columns', (SELECT jsonb_agg(jsonb_build_object('column_no', p.column_no, 'column_id', p.column_id, 'table_schema', p.table_schema,"
			"   'table_name', p.table_name, 'column_name', p.column_name, 'column_type', p.column_type, 'deterministic', p.deterministic, 'row_key', p.row_key) ORDER BY p.column_no)"
			"   FROM sustainml.protected_column p WHERE p.key = k.key)) FROM sustainml.key k WHERE k.key = $1",
			1, types, values, NULL, true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "cannot read the keys");
	exported = DatumGetJsonbP(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	result = SPI_palloc(VARSIZE(exported));
	memcpy(result, exported, VARSIZE(exported));
	ml_owner_end(&scope);
	SPI_finish();
	ml_audit(key, 0, ML_USE_ADMIN);
	PG_RETURN_JSONB_P(result);
}

PG_FUNCTION_INFO_V1(sustainml_export_keys);
Datum
sustainml_export_keys(PG_FUNCTION_ARGS)
{
	ml_require_arguments(fcinfo, 0);
	return export_keys(fcinfo);
}

/* ---- import ----------------------------------------------------------------------------- */

pg_noreturn static void
not_an_export(const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("cannot import the keys"),
			 errdetail("%s", why)));
}

static void
execute(const char *query, Jsonb *exported, int expected)
{
	Oid   types[2] = {JSONBOID, TEXTOID};
	Datum values[2] = {JsonbPGetDatum(exported), (Datum) 0};

	values[1] = CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false));
	(void) ml_statement(query, 2, types, values, NULL, expected);
}

/* Name and owner, checked. */
static void
read_head(Jsonb *exported, char **key, char **owner)
{
	execute("SELECT $1->>'format', $1->>'key', $1->>'owner',"
			" COALESCE($1->>'key' ~ '^[A-Za-z_][A-Za-z0-9_]{0,57}$', false), EXISTS (SELECT 1 FROM sustainml.key k WHERE k.key = $1->>'key'), $2 IS NULL",
			exported, SPI_OK_SELECT);
	*key = ml_result_text(0, 2);
	*owner = ml_result_text(0, 3);
	if (ml_result_text(0, 1) == NULL || strcmp(ml_result_text(0, 1), "1") != 0 || *owner == NULL || strcmp(ml_result_text(0, 4), "t") != 0)
		not_an_export("The text is not what sustainml.export_keys wrote.");
	if (strcmp(ml_result_text(0, 5), "t") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("key \"%s\" already exists", *key)));
}

static void
require_owner(const char *owner, Oid user)
{
	Oid role = get_role_oid(owner, true);

	if (!OidIsValid(role))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\", which owned the key, does not exist here", owner),
				 errhint("Create the role; the wrapped keys are bound to it.")));
	if (!superuser_arg(user) && !has_privs_of_role(user, role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be a member of role \"%s\", which owned the key", owner)));
}

/* Each data key must unwrap for what it claims to be. */
static void
verify_keys(Jsonb *exported, const SmlMasters *masters, const char *owner, uint8 *material)
{
	execute("SELECT d.key_no, d.purpose, d.context, d.state, decode(d.wrapped, 'hex'), d.master_id, d.column_no, c.column_id = d.context,"
			" $1->>'key_id' = d.context::text, $2 IS NULL"
			" FROM jsonb_to_recordset($1->'data_keys') AS d(key_no int, purpose text, column_no int, context uuid, state text, wrapped text, master_id text)"
			" LEFT JOIN jsonb_to_recordset($1->'columns') AS c(column_no int, column_id uuid) ON c.column_no = d.column_no",
			exported, SPI_OK_SELECT);
	if (SPI_processed == 0)
		not_an_export("It has no data keys.");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple        row = SPI_tuptable->vals[i];
		TupleDesc        columns = SPI_tuptable->tupdesc;
		bool             isnull[8];
		SmlKeyPlace      place;
		bytea           *wrapped;
		const SmlMaster *master;
		bool             of_column;
		SmlEnv           env;

		for (int c = 0; c < 8; c++)
			(void) SPI_getbinval(row, columns, c + 1, &isnull[c]);
		if (isnull[0] || isnull[1] || isnull[2] || isnull[3] || isnull[6])
			not_an_export("A data key is incomplete.");
		of_column = strcmp(ml_result_text(i, 7), "0") != 0;
		/* a column's key has the column's id, another one the key's */
		if (of_column ? isnull[7] || strcmp(ml_result_text(i, 8), "t") != 0 : ml_result_text(i, 9) == NULL || strcmp(ml_result_text(i, 9), "t") != 0)
			not_an_export("A data key belongs to no column of it.");
		if (strcmp(ml_result_text(i, 4), "destroyed") == 0)
			continue;
		master = ml_result_text(i, 6) ? sml_masters_find(masters, ml_result_text(i, 6)) : NULL;
		if (master == NULL || isnull[4])
			not_an_export(psprintf("Data key %s is wrapped under a master key that is not here.", ml_result_text(i, 1)));
		place.key_no = (uint32) DatumGetInt32(SPI_getbinval(row, columns, 1, &isnull[0]));
		place.purpose = ml_purpose_from(ml_result_text(i, 2));
		place.context = DatumGetUUIDP(SPI_getbinval(row, columns, 3, &isnull[0]))->data;
		place.owner = owner;
		wrapped = DatumGetByteaPP(SPI_getbinval(row, columns, 5, &isnull[0]));
		ml_env_init(&env, CurrentMemoryContext);
		if (sml_key_unwrap(&env, ml_crypto(), master, &place, (SmlSlice){(uint8_t *) VARDATA_ANY(wrapped), VARSIZE_ANY_EXHDR(wrapped)}, material) != SML_OK)
			not_an_export(psprintf("Data key %s was changed, or its master key is another one.", ml_result_text(i, 1)));
		sml_wipe(material, SML_AEAD_KEY);
	}
}

static void
insert_keys(Jsonb *exported)
{
	execute("INSERT INTO sustainml.key (key, key_id, owner, role_name, canary, created_by, created_at)"
			" SELECT $1->>'key', ($1->>'key_id')::uuid, $1->>'owner', NULL, ($1->>'canary')::bool, $2, clock_timestamp()", exported, SPI_OK_INSERT);
	execute("INSERT INTO sustainml.data_key (key_no, key, purpose, column_no, context, state, wrapped, master_id, master_check, created_at, retired_at)"
			" SELECT d.key_no, $1->>'key', d.purpose, d.column_no, d.context, d.state, decode(d.wrapped, 'hex'), d.master_id, decode(d.master_check, 'hex'),"
			" d.created_at, d.retired_at FROM jsonb_to_recordset($1->'data_keys') AS d(key_no int, purpose text, column_no int, context uuid, state text,"
			" wrapped text, master_id text, master_check text, created_at timestamptz, retired_at timestamptz) WHERE $2 IS NOT NULL", exported, SPI_OK_INSERT);
	execute("INSERT INTO sustainml.protected_column (column_no, column_id, key, table_schema, table_name, column_name, column_type, deterministic,"
			" created_by, created_at, dropped_at) SELECT c.column_no, c.column_id, $1->>'key', c.table_schema, c.table_name, c.column_name, c.column_type,"
			" c.deterministic, $2, clock_timestamp(), clock_timestamp() FROM jsonb_to_recordset($1->'columns') AS c(column_no int, column_id uuid, table_schema text, table_name text, column_name text,"
			" column_type text, deterministic bool) WHERE jsonb_typeof($1->'columns') = 'array'", exported, SPI_OK_INSERT);
}

static Datum
import_keys(PG_FUNCTION_ARGS)
{
	Jsonb       *exported = PG_GETARG_JSONB_P(0);
	Oid          user = GetUserId();
	char        *key;
	char        *owner;
	text        *result;
	SmlMasters   masters;
	uint8        material[SML_AEAD_KEY];
	MlOwnerScope scope;

	SPI_connect();
	ml_owner_begin(&scope);
	read_head(exported, &key, &owner);
	require_owner(owner, user);
	PG_TRY();
	{
		ml_masters_read(&masters);
		verify_keys(exported, &masters, owner, material);
	}
	PG_FINALLY();
	{
		sml_wipe(&masters, sizeof(masters));
		sml_wipe(material, sizeof(material));
	}
	PG_END_TRY();
	insert_keys(exported);
	execute("UPDATE sustainml.protected_column p SET row_key = c.row_key FROM jsonb_to_recordset(CASE WHEN jsonb_typeof($1->'columns') = 'array'"
			" THEN $1->'columns' ELSE '[]' END) AS c(column_no int, row_key text)"
			" WHERE p.column_no = c.column_no AND p.key = $1->>'key' AND c.row_key IS NOT NULL AND $2 IS NOT NULL",
			exported, SPI_OK_UPDATE);
	result = SPI_palloc(VARHDRSZ + strlen(key));
	SET_VARSIZE(result, VARHDRSZ + strlen(key));
	memcpy(VARDATA(result), key, strlen(key));
	ml_owner_end(&scope);
	SPI_finish();
	ml_keys_changed();
	CommandCounterIncrement();
	ml_audit(text_to_cstring(result), 0, ML_USE_ADMIN);
	PG_RETURN_TEXT_P(result);
}

PG_FUNCTION_INFO_V1(sustainml_import_keys);
Datum
sustainml_import_keys(PG_FUNCTION_ARGS)
{
	ml_require_arguments(fcinfo, 0);
	return import_keys(fcinfo);
}
