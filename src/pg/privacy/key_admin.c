/*
 * key_admin.c - making, granting and destroying keys.
 *
 * The tables are written through SPI as the owner of the extension with fixed text; rights were checked before.
 *
 * A wrapped data key is bound to the role that owns its key.  So a person who finds one (in a dump, a backup, an
 * export) and has a database of their own on this server cannot import it as theirs.
 */
#include "../compat.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "../catalog.h"
#include "../crypto.h"
#include "../env.h"
#include "../nearest.h"
#include "key_admin.h"
#include "keys.h"
#include "master.h"
#include "../statement.h"

void
ml_require_first_arguments(FunctionCallInfo fcinfo, int first, int end)
{
	for (int i = first; i < end; i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument %d of sustainml.%s must not be NULL", i + 1, get_func_name(fcinfo->flinfo->fn_oid))));
}

void
ml_require_arguments(FunctionCallInfo fcinfo, int first)
{
	ml_require_first_arguments(fcinfo, first, PG_NARGS());
}

#define NAME_MOST 58 /* "_key" follows in the name of a role */

/* ---- small pieces ---------------------------------------------------------------------- */

int32
ml_random_number(void)
{
	uint32 number;

	do
		ml_random(&number, sizeof(number));
	while ((number & PG_INT32_MAX) == 0);
	return (int32) (number & PG_INT32_MAX);
}

void
ml_random_uuid(uint8 *bytes)
{
	ml_random(bytes, UUID_LEN);
	bytes[6] = (bytes[6] & 0x0F) | 0x40;
	bytes[8] = (bytes[8] & 0x3F) | 0x80;
}

/* Names stand in log lines and role names, so they are plain. */
static void
check_name(const char *key)
{
	size_t length = strlen(key);
	bool   good = length > 0 && length <= NAME_MOST && !(key[0] >= '0' && key[0] <= '9');

	for (size_t i = 0; good && i < length; i++)
		good = (key[i] >= 'a' && key[i] <= 'z') || (key[i] >= 'A' && key[i] <= 'Z') || (key[i] >= '0' && key[i] <= '9') || key[i] == '_';
	if (!good)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("invalid name of a key"),
				 errdetail("A name has up to %d letters, digits and _, and does not begin with a digit.", NAME_MOST)));
}

static char *
current_user_name(void)
{
	return GetUserNameFromId(GetUserId(), false);
}

/* ---- wrapping ------------------------------------------------------------------------------ */

/* Owner of a key that was not destroyed, inside SPI and the owner's scope. */
static char *
owner_of(const char *key)
{
	Oid   types[1] = {TEXTOID};
	Datum values[1] = {CStringGetTextDatum(key)};

	if (ml_statement("SELECT owner FROM sustainml.key WHERE key = $1 AND destroyed_at IS NULL", 1, types, values, NULL, SPI_OK_SELECT) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("key \"%s\" was destroyed", key)));
	return ml_result_text(0, 1);
}

/* New random bytes, wrapped; nothing of them stays here. */
static void
make_wrapped(const SmlKeyPlace *place, MlWrapped *wrapped)
{
	SmlMasters masters;
	uint8      material[SML_AEAD_KEY];

	PG_TRY();
	{
		ml_masters_read(&masters);
		ml_random(material, sizeof(material));
		ml_wrap(&masters, place, material, wrapped);
	}
	PG_CATCH();
	{
		sml_wipe(&masters, sizeof(masters));
		sml_wipe(material, sizeof(material));
		PG_RE_THROW();
	}
	PG_END_TRY();
	sml_wipe(&masters, sizeof(masters));
	sml_wipe(material, sizeof(material));
}

int32
ml_data_key_make(const char *key, SmlKeyPurpose purpose, int32 column_no, const uint8 *context)
{
	Oid         types[8] = {INT4OID, TEXTOID, TEXTOID, INT4OID, UUIDOID, BYTEAOID, TEXTOID, BYTEAOID};
	Datum       values[8];
	pg_uuid_t   id;
	int32       number = ml_random_number();
	SmlKeyPlace place = {(uint32) number, purpose, context, owner_of(key)};
	MlWrapped     wrapped;

	make_wrapped(&place, &wrapped);
	memcpy(id.data, context, UUID_LEN);
	values[0] = Int32GetDatum(number);
	values[1] = CStringGetTextDatum(key);
	values[2] = CStringGetTextDatum(ml_purpose_name(purpose));
	values[3] = Int32GetDatum(column_no);
	values[4] = UUIDPGetDatum(&id);
	values[5] = PointerGetDatum(ml_bytes(wrapped.bytes, sizeof(wrapped.bytes)));
	values[6] = CStringGetTextDatum(wrapped.master_id);
	values[7] = PointerGetDatum(ml_bytes(wrapped.check, sizeof(wrapped.check)));
	(void) ml_statement("UPDATE sustainml.data_key SET state = 'open_only' WHERE key = $2 AND purpose = $3 AND column_no = $4 AND state = 'active'"
				   " AND $1 IS NOT NULL AND $5 IS NOT NULL AND $6 IS NOT NULL AND $7 IS NOT NULL AND $8 IS NOT NULL", 8, types, values, NULL, SPI_OK_UPDATE);
	(void) ml_statement("INSERT INTO sustainml.data_key (key_no, key, purpose, column_no, context, state, wrapped, master_id, master_check, created_at)"
				   " VALUES ($1, $2, $3, $4, $5, 'active', $6, $7, $8, clock_timestamp())", 8, types, values, NULL, SPI_OK_INSERT);
	ml_keys_changed();
	/* what follows in this command must see it */
	CommandCounterIncrement();
	return number;
}

/* ---- create_key ----------------------------------------------------------------------------------- */

static void
insert_grant(const char *key, const char *role, const char *privilege, const char *user)
{
	Oid   types[4] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	Datum values[4] = {CStringGetTextDatum(key), CStringGetTextDatum(role), CStringGetTextDatum(privilege), CStringGetTextDatum(user)};

	(void) ml_statement("INSERT INTO sustainml.key_grant (key, role_name, privilege, granted_by, granted_at) VALUES ($1, $2, $3, $4, clock_timestamp())"
				   " ON CONFLICT DO NOTHING", 4, types, values, NULL, SPI_OK_INSERT);
}

pg_noreturn static void
already_exists(const char *key)
{
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_OBJECT),
			 errmsg("key \"%s\" already exists", key)));
}

/* Before a role is made for it. */
static void
refuse_existing(const char *key)
{
	Oid          type = TEXTOID;
	Datum        value = CStringGetTextDatum(key);
	MlOwnerScope scope;

	SPI_connect();
	ml_owner_begin(&scope);
	if (SPI_execute_with_args("SELECT FROM sustainml.key WHERE key = $1", 1, &type, &value, NULL, true, 1) != SPI_OK_SELECT || SPI_processed > 0)
		already_exists(key);
	ml_owner_end(&scope);
	SPI_finish();
}

/* The role of a new key: made as the caller, unless one is named. */
static char *
role_of_key(const char *key, const char *asked)
{
	char *role;

	if (asked)
	{
		(void) get_role_oid(asked, false);
		return pstrdup(asked);
	}
	role = psprintf("%s_key", key);
	if (OidIsValid(get_role_oid(role, true)))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("role \"%s\" already exists", role),
				 errdetail("Its members would get the key."),
				 errhint("Name the role that is to open and seal: sustainml.create_key('%s', role => …).", key)));
	if (!superuser() && !has_createrole_privilege(GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to create role \"%s\"", role),
				 errhint("Name an existing role that is to open and seal: sustainml.create_key('%s', role => …).", key)));
	SPI_connect();
	if (SPI_execute(psprintf("CREATE ROLE %s NOLOGIN", quote_identifier(role)), false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "unexpected result of CREATE ROLE");
	SPI_finish();
	return role;
}

PG_FUNCTION_INFO_V1(sustainml_create_key);
Datum
sustainml_create_key(PG_FUNCTION_ARGS)
{
	static const SmlKeyPurpose made[] = {SML_KEY_DATA, SML_KEY_INDEX, SML_KEY_PSEUDONYM, SML_KEY_MODEL, SML_KEY_AUDIT};
	char        *key;
	char        *role;
	char        *user = current_user_name();
	Oid          types[6] = {TEXTOID, UUIDOID, TEXTOID, TEXTOID, BOOLOID, TEXTOID};
	Datum        values[6];
	pg_uuid_t    id;
	MlOwnerScope scope;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a key needs a name")));
	key = text_to_cstring(PG_GETARG_TEXT_PP(0));
	check_name(key);
	refuse_existing(key);
	role = role_of_key(key, PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1)));
	ml_random_uuid(id.data);
	values[0] = CStringGetTextDatum(key);
	values[1] = UUIDPGetDatum(&id);
	values[2] = CStringGetTextDatum(user);
	values[3] = CStringGetTextDatum(role);
	values[4] = BoolGetDatum(!PG_ARGISNULL(2) && PG_GETARG_BOOL(2));
	values[5] = CStringGetTextDatum(user);
	SPI_connect();
	ml_owner_begin(&scope);
	if (ml_statement("INSERT INTO sustainml.key (key, key_id, owner, role_name, canary, created_by, created_at)"
				" VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp()) ON CONFLICT DO NOTHING", 6, types, values, NULL, SPI_OK_INSERT) == 0)
		already_exists(key);
	for (size_t i = 0; i < lengthof(made); i++)
		(void) ml_data_key_make(key, made[i], 0, id.data);
	insert_grant(key, role, "open", user);
	insert_grant(key, role, "seal", user);
	ml_owner_end(&scope);
	SPI_finish();
	ml_audit(key, 0, ML_USE_ADMIN);
	PG_RETURN_TEXT_P(cstring_to_text(role));
}

/* ---- grants -------------------------------------------------------------------------------------------- */

static const char *const privileges[] = {"open", "seal", "train", "rotate", "unmask"};

static void
check_privilege(const char *privilege)
{
	for (size_t i = 0; i < lengthof(privileges); i++)
		if (strcmp(privilege, privileges[i]) == 0)
			return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown right on a key: \"%s\"", privilege),
			 errhint("Rights are open, seal, train, rotate and unmask.")));
}

static Datum
grant_key(PG_FUNCTION_ARGS)
{
	char        *key = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char        *role = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char        *privilege = text_to_cstring(PG_GETARG_TEXT_PP(2));
	char        *user = current_user_name();
	MlOwnerScope scope;

	check_privilege(privilege);
	ml_key_require(key, ML_KEY_OWN);
	(void) get_role_oid(role, false);
	SPI_connect();
	ml_owner_begin(&scope);
	insert_grant(key, role, privilege, user);
	ml_owner_end(&scope);
	SPI_finish();
	ml_keys_changed();
	ml_audit(key, 0, ML_USE_ADMIN);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(sustainml_grant_key);
Datum
sustainml_grant_key(PG_FUNCTION_ARGS)
{
	ml_require_arguments(fcinfo, 0);
	return grant_key(fcinfo);
}

PG_FUNCTION_INFO_V1(sustainml_revoke_key);
Datum
sustainml_revoke_key(PG_FUNCTION_ARGS)
{
	Oid          types[3] = {TEXTOID, TEXTOID, TEXTOID};
	Datum        values[3];
	char         nulls[4] = "   ";
	char        *key;
	uint64       taken;
	MlOwnerScope scope;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	key = text_to_cstring(PG_GETARG_TEXT_PP(0));
	ml_key_require(key, ML_KEY_OWN);
	if (PG_ARGISNULL(2))
		nulls[2] = 'n';
	else
		check_privilege(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	for (int i = 0; i < 3; i++)
		values[i] = PG_ARGISNULL(i) ? (Datum) 0 : PG_GETARG_DATUM(i);
	SPI_connect();
	ml_owner_begin(&scope);
	taken = ml_statement("DELETE FROM sustainml.key_grant WHERE key = $1 AND role_name = $2 AND ($3 IS NULL OR privilege = $3)", 3, types, values, nulls,
					SPI_OK_DELETE);
	ml_owner_end(&scope);
	SPI_finish();
	ml_keys_changed();
	ml_audit(key, 0, ML_USE_ADMIN);
	PG_RETURN_INT64((int64) taken);
}

PG_FUNCTION_INFO_V1(sustainml_key_rights);
Datum
sustainml_key_rights(PG_FUNCTION_ARGS)
{
	static const struct
	{
		int         bit;
		const char *name;
	} names[] = {
		{ML_KEY_OPEN, "open"}, {ML_KEY_SEAL, "seal"}, {ML_KEY_TRAIN, "train"}, {ML_KEY_ROTATE, "rotate"}, {ML_KEY_UNMASK, "unmask"}, {ML_KEY_OWN, "own"},
	};
	int   rights = ml_key_rights(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	Datum values[lengthof(names)];
	int   count = 0;

	for (size_t i = 0; i < lengthof(names); i++)
		if (rights & names[i].bit)
			values[count++] = CStringGetTextDatum(names[i].name);
	PG_RETURN_ARRAYTYPE_P(construct_array(values, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* ---- rotate_key ------------------------------------------------------------------------- */

/* rotate_key(key, purpose): a new data key for values of no column, blind indexes, pseudonyms or models */
static Datum
rotate_key(PG_FUNCTION_ARGS)
{
	char        *key = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char        *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Oid          types[1] = {TEXTOID};
	Datum        values[1] = {CStringGetTextDatum(key)};
	int32        number;
	pg_uuid_t   *id;
	bool         isnull;
	MlOwnerScope scope;

	if (strcmp(name, "data") != 0 && strcmp(name, "index") != 0 && strcmp(name, "pseudonym") != 0 && strcmp(name, "model") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown purpose of a key: \"%s\"", name),
				 errhint("Purposes are data, index, pseudonym and model.")));
	ml_key_require(key, ML_KEY_ROTATE);
	SPI_connect();
	ml_owner_begin(&scope);
	if (ml_statement("SELECT key_id FROM sustainml.key WHERE key = $1 AND destroyed_at IS NULL FOR UPDATE", 1, types, values, NULL, SPI_OK_SELECT) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("key \"%s\" was destroyed", key)));
	id = DatumGetUUIDP(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	number = ml_data_key_make(key, ml_purpose_from(name), 0, id->data);
	ml_owner_end(&scope);
	SPI_finish();
	ml_audit(key, (uint32) number, ML_USE_ROTATE);
	PG_RETURN_INT32(number);
}

PG_FUNCTION_INFO_V1(sustainml_rotate_key);
Datum
sustainml_rotate_key(PG_FUNCTION_ARGS)
{
	ml_require_arguments(fcinfo, 0);
	return rotate_key(fcinfo);
}

/* ---- destroying --------------------------------------------------------------------------------------------- */

static Datum
destroy_key(PG_FUNCTION_ARGS)
{
	char        *key = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char        *confirm = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Oid          types[1] = {TEXTOID};
	Datum        values[1] = {CStringGetTextDatum(key)};
	MlOwnerScope scope;
	uint64       destroyed;

	ml_key_require(key, ML_KEY_OWN);
	if (strcmp(key, confirm) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("key \"%s\" is not destroyed", key),
				 errdetail("No value sealed with it could ever be opened again."),
				 errhint("Repeat the name: sustainml.destroy_key('%s', confirm => '%s').", key, key)));
	SPI_connect();
	ml_owner_begin(&scope);
	/* the audit's key stays, so that its chain can be checked */
	destroyed = ml_statement("UPDATE sustainml.data_key SET state = 'destroyed', wrapped = NULL, retired_at = clock_timestamp()"
						" WHERE key = $1 AND purpose <> 'audit' AND state <> 'destroyed'", 1, types, values, NULL, SPI_OK_UPDATE);
	(void) ml_statement("UPDATE sustainml.key SET destroyed_at = clock_timestamp() WHERE key = $1", 1, types, values, NULL, SPI_OK_UPDATE);
	ml_owner_end(&scope);
	SPI_finish();
	ml_keys_changed();
	ml_audit(key, 0, ML_USE_ADMIN);
	PG_RETURN_INT64((int64) destroyed);
}

PG_FUNCTION_INFO_V1(sustainml_destroy_key);
Datum
sustainml_destroy_key(PG_FUNCTION_ARGS)
{
	ml_require_arguments(fcinfo, 0);
	return destroy_key(fcinfo);
}

static Datum
destroy_data_key(PG_FUNCTION_ARGS)
{
	int32        number = PG_GETARG_INT32(0);
	Oid          types[1] = {INT4OID};
	Datum        values[1] = {Int32GetDatum(number)};
	MlOwnerScope scope;
	MemoryContext caller = CurrentMemoryContext;
	char        *key;
	char        *state;
	bool         unused;

	SPI_connect();
	ml_owner_begin(&scope);
	/* retired by a rotation, or of a column that no table has any more */
	if (SPI_execute_with_args("SELECT d.key, d.state, (d.state = 'open_only' AND d.retired_at IS NOT NULL) OR (d.column_no > 0 AND d.state <> 'destroyed'"
							  " AND NOT EXISTS (SELECT FROM sustainml_internal.sealed_number n WHERE n.column_no = d.column_no))"
							  " FROM sustainml.data_key d WHERE d.key_no = $1", 1, types, values, NULL, true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("data key %d does not exist", number)));
	/* these outlive SPI */
	key = MemoryContextStrdup(caller, ml_result_text(0, 1));
	state = MemoryContextStrdup(caller, ml_result_text(0, 2));
	unused = strcmp(ml_result_text(0, 3), "t") == 0;
	ml_owner_end(&scope);
	ml_key_require(key, ML_KEY_OWN);
	if (strcmp(state, "destroyed") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("data key %d of key \"%s\" is destroyed already", number, key)));
	if (!unused)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("data key %d of key \"%s\" may still have values", number, key),
				 errdetail("Its state is %s.", state),
				 errhint("A data key that sustainml.rotate has retired, or whose column is in no table any more, can be destroyed alone; "
						 "sustainml.destroy_key destroys all.")));
	ml_owner_begin(&scope);
	(void) ml_statement("UPDATE sustainml.data_key SET state = 'destroyed', wrapped = NULL, retired_at = COALESCE(retired_at, clock_timestamp())"
						" WHERE key_no = $1", 1, types, values, NULL, SPI_OK_UPDATE);
	ml_owner_end(&scope);
	SPI_finish();
	ml_keys_changed();
	ml_audit(key, (uint32) number, ML_USE_ADMIN);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(sustainml_destroy_data_key);
Datum
sustainml_destroy_data_key(PG_FUNCTION_ARGS)
{
	ml_require_arguments(fcinfo, 0);
	return destroy_data_key(fcinfo);
}
