/*
 * catalog.c - reading the model tables: names, versions, rights.
 *
 * Reads use the active snapshot (a fresh one where there is none), so that a query sees
 * one version throughout, and work in parallel workers and on standbys.
 */
#include "compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_namespace.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "catalog_internal.h"
#include "nearest.h"

/* ---- our relations ---------------------------------------------------------------- */

Oid
ml_catalog_relation(const char *relname)
{
	Oid schema = get_namespace_oid("sustainml", true);
	Oid relid = OidIsValid(schema) ? get_relname_relid(relname, schema) : InvalidOid;

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the tables of extension sustainml are missing in this database"),
				 errhint("Run CREATE EXTENSION sustainml CASCADE.")));
	return relid;
}

Oid
ml_catalog_owner(void)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(ml_catalog_relation("model_version")));
	Oid       owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for the model table");
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

void
ml_owner_begin(MlOwnerScope *scope)
{
	Oid owner = ml_catalog_owner();

	GetUserIdAndSecContext(&scope->user, &scope->context);
	SetUserIdAndSecContext(owner, scope->context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
	scope->guc_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

void
ml_owner_end(const MlOwnerScope *scope)
{
	AtEOXact_GUC(true, scope->guc_level);
	SetUserIdAndSecContext(scope->user, scope->context);
}

/* ---- names --------------------------------------------------------------------------- */

pg_noreturn static void
bad_name(const char *text, const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_NAME),
			 errmsg("invalid model name \"%s\"", text),
			 errdetail("%s", why),
			 errhint("A model is written name, schema.name or name@version; latest and previous are versions too.")));
}

static void
parse_version(const char *text, const char *version, MlModelName *name)
{
	char *end;
	long  number;

	if (strcmp(version, "latest") == 0)
		name->latest = true;
	else if (strcmp(version, "previous") == 0)
		name->previous = true;
	else
	{
		number = strtol(version, &end, 10);
		if (*version == '\0' || *end != '\0' || number < 1 || number > INT_MAX)
			bad_name(text, "The version after @ is no number from 1 on, latest or previous.");
		name->version = (int) number;
	}
}

void
ml_model_name_parse(const char *text, MlModelName *name)
{
	char *copy = pstrdup(text);
	char *at = strchr(copy, '@');
	char *dot;

	memset(name, 0, sizeof(*name));
	if (at)
	{
		*at = '\0';
		parse_version(text, at + 1, name);
	}
	dot = strchr(copy, '.');
	if (dot)
	{
		*dot = '\0';
		name->schema = copy;
		name->name = dot + 1;
		if (strchr(name->name, '.') || name->schema[0] == '\0')
			bad_name(text, "It has more than one dot, or nothing before it.");
	}
	else
		name->name = copy;
	if (strchr(text, '"'))
		bad_name(text, "It has quotes in it; names are written as they are, without quotes.");
	if (name->name[0] == '\0')
		bad_name(text, "The name is empty.");
	if (strlen(name->name) >= NAMEDATALEN)
		bad_name(text, "The name is longer than 63 bytes.");
}

/* ---- rights --------------------------------------------------------------------------- */

bool
ml_is_owner(const char *owner)
{
	Oid role = get_role_oid(owner, true);

	return superuser() || (OidIsValid(role) && has_privs_of_role(GetUserId(), role));
}

static int
privilege_level(const char *privilege)
{
	if (strcmp(privilege, "predict") == 0)
		return ML_PREDICT;
	if (strcmp(privilege, "read") == 0)
		return ML_READ;
	if (strcmp(privilege, "manage") == 0)
		return ML_MANAGE;
	return 0;
}

char *
ml_text_attribute(Relation relation, HeapTuple tuple, int attribute)
{
	bool  isnull;
	Datum value = heap_getattr(tuple, attribute, RelationGetDescr(relation), &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static bool
role_is_mine(const char *role_name)
{
	Oid role;

	if (strcmp(role_name, "public") == 0)
		return true;
	role = get_role_oid(role_name, true);
	return OidIsValid(role) && has_privs_of_role(GetUserId(), role);
}

bool
ml_may(const char *owner, const char *schema, const char *name, MlPrivilege privilege)
{
	Relation    grants;
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple   tuple;
	bool        may = false;

	if (owner && ml_is_owner(owner))
		return true;
	if (schema == NULL || name == NULL)
		return false;
	grants = table_open(ml_catalog_relation("model_grant"), AccessShareLock);
	ScanKeyInit(&key[0], Anum_grant_schema, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(schema));
	ScanKeyInit(&key[1], Anum_grant_model, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(name));
	key[0].sk_collation = key[1].sk_collation = DEFAULT_COLLATION_OID;
	scan = systable_beginscan(grants, InvalidOid, false, GetActiveSnapshot(), 2, key);
	while (!may && (tuple = systable_getnext(scan)) != NULL)
		may = privilege_level(ml_text_attribute(grants, tuple, Anum_grant_privilege)) >= (int) privilege &&
			role_is_mine(ml_text_attribute(grants, tuple, Anum_grant_role));
	systable_endscan(scan);
	table_close(grants, AccessShareLock);
	return may;
}

PG_FUNCTION_INFO_V1(sustainml_may);
Datum
sustainml_may(PG_FUNCTION_ARGS)
{
	char *arguments[4];

	for (int i = 0; i < 4; i++)
		arguments[i] = PG_ARGISNULL(i) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(i));
	if (arguments[3] == NULL)
		PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(ml_may(arguments[0], arguments[1], arguments[2], (MlPrivilege) privilege_level(arguments[3])));
}

/* ---- versions ---------------------------------------------------------------------------- */

/* The columns that C reads are where it thinks they are. */
static void
check_columns(Relation relation)
{
	static Oid  checked = InvalidOid;
	static const struct
	{
		int         number;
		const char *name;
	} expected[] = {
		{Anum_version_id, "id"}, {Anum_version_schema, "model_schema"}, {Anum_version_model, "model"},
		{Anum_version_version, "version"}, {Anum_version_owner, "owner"}, {Anum_version_is_active, "is_active"},
		{Anum_version_checksum, "checksum"}, {Anum_version_threshold, "threshold"}, {Anum_version_bytes, "bytes"},
	};

	if (checked == RelationGetRelid(relation))
		return;
	for (size_t i = 0; i < lengthof(expected); i++)
		if (get_attnum(RelationGetRelid(relation), expected[i].name) != expected[i].number)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the module and the tables of extension sustainml are of different versions"),
					 errhint("Run ALTER EXTENSION sustainml UPDATE, and start a new session.")));
	checked = RelationGetRelid(relation);
}

static MlVersion *
version_from_tuple(Relation relation, HeapTuple tuple)
{
	TupleDesc  row = RelationGetDescr(relation);
	MlVersion *version = palloc0(sizeof(MlVersion));
	bool       isnull;
	Datum      value;

	version->id = DatumGetInt64(heap_getattr(tuple, Anum_version_id, row, &isnull));
	version->schema = ml_text_attribute(relation, tuple, Anum_version_schema);
	version->name = ml_text_attribute(relation, tuple, Anum_version_model);
	version->version = DatumGetInt32(heap_getattr(tuple, Anum_version_version, row, &isnull));
	version->owner = ml_text_attribute(relation, tuple, Anum_version_owner);
	version->is_active = DatumGetBool(heap_getattr(tuple, Anum_version_is_active, row, &isnull));
	version->checksum = (uint64) DatumGetInt64(heap_getattr(tuple, Anum_version_checksum, row, &isnull));
	value = heap_getattr(tuple, Anum_version_threshold, row, &isnull);
	version->threshold = isnull ? get_float8_nan() : DatumGetFloat8(value);
	return version;
}

static Oid
name_index(void)
{
	return ml_catalog_relation("model_version_name");
}

/* All versions of a name, newest last, under "snapshot". */
List *
ml_versions(const char *schema, const char *name, Snapshot snapshot)
{
	Relation    relation = table_open(ml_catalog_relation("model_version"), AccessShareLock);
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple   tuple;
	List       *versions = NIL;

	check_columns(relation);
	ScanKeyInit(&key[0], Anum_version_schema, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(schema));
	ScanKeyInit(&key[1], Anum_version_model, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(name));
	key[0].sk_collation = key[1].sk_collation = DEFAULT_COLLATION_OID;
	scan = systable_beginscan(relation, name_index(), true, snapshot, 2, key);
	while ((tuple = systable_getnext(scan)) != NULL)
		versions = lappend(versions, version_from_tuple(relation, tuple));
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return versions;
}

Snapshot
ml_catalog_snapshot(void)
{
	return ActiveSnapshotSet() ? GetActiveSnapshot() : GetTransactionSnapshot();
}

/* The nearest name among the models that the user may use; with its schema when it is the very name, which the search path hides. */
static char *
nearest_model(const char *name)
{
	Relation    relation = table_open(ml_catalog_relation("model_version"), AccessShareLock);
	SysScanDesc scan = systable_beginscan(relation, InvalidOid, false, ml_catalog_snapshot(), 0, NULL);
	HeapTuple   tuple;
	const char *best = NULL;
	char       *hidden = NULL;

	while ((tuple = systable_getnext(scan)) != NULL)
	{
		MlVersion  *version = version_from_tuple(relation, tuple);
		const char *names[2] = {version->name, best};

		if (!version->is_active || !ml_may(version->owner, version->schema, version->name, ML_PREDICT))
			continue;
		best = ml_nearest_name(name, names, best ? 2 : 1);
		if (strcmp(version->name, name) == 0)
			hidden = psprintf("%s.%s", version->schema, name);
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	if (hidden)
		return hidden;
	return best ? pstrdup(best) : NULL;
}

pg_noreturn static void
unknown_model(const MlModelName *name)
{
	char *nearest = nearest_model(name->name);

	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 name->schema ? errmsg("model \"%s.%s\" does not exist", name->schema, name->name) :
			 errmsg("model \"%s\" does not exist", name->name),
			 nearest ? errhint("Perhaps you meant \"%s\".", nearest) :
			 errhint("SELECT ref FROM sustainml.models lists the models that you may use.")));
}

/* The versions of a name, found by the search path when it has no schema. */
static List *
find_versions(const MlModelName *name)
{
	List     *spaces;
	List     *versions = NIL;
	ListCell *cell;

	if (name->schema)
		return ml_versions(name->schema, name->name, ml_catalog_snapshot());
	spaces = fetch_search_path(false);
	foreach(cell, spaces)
	{
		char *schema = get_namespace_name(lfirst_oid(cell));

		if (schema == NULL)
			continue;
		versions = ml_versions(schema, name->name, ml_catalog_snapshot());
		if (versions != NIL)
			break;
	}
	list_free(spaces);
	return versions;
}

static MlVersion *
pick_version(const char *text, const MlModelName *name, List *versions)
{
	MlVersion *latest = llast(versions);
	ListCell  *cell;

	if (name->latest)
		return latest;
	if (name->previous)
	{
		int previous = ml_previous_version(latest->schema, latest->name);

		foreach(cell, versions)
			if (((MlVersion *) lfirst(cell))->version == previous)
				return lfirst(cell);
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" has no previously active version", name->name)));
	}
	foreach(cell, versions)
	{
		MlVersion *version = lfirst(cell);

		if (name->version ? version->version == name->version : version->is_active)
			return version;
	}
	if (name->version)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" has no version %d", name->name, name->version),
				 errhint("Its newest version is %d.", latest->version)));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("model \"%s\" has no active version", text),
			 errhint("Name a version, for example %s@%d, or run sustainml.activate('%s@%d').", name->name, latest->version,
					 name->name, latest->version)));
}

MlVersion *
ml_version_resolve(const char *model, MlPrivilege privilege)
{
	static const char *const doing[] = {"", "predict with", "read", "manage"};
	MlModelName name;
	List       *versions;
	MlVersion  *first;

	ml_model_name_parse(model, &name);
	versions = find_versions(&name);
	if (versions == NIL)
		unknown_model(&name);
	first = linitial(versions);
	if (!ml_may(first->owner, first->schema, first->name, privilege))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to %s model \"%s\"", doing[privilege], name.name),
				 errhint("Its owner can run sustainml.grant_model('%s', '%s', '%s').", name.name,
						 GetUserNameFromId(GetUserId(), true), privilege == ML_PREDICT ? "predict" : privilege == ML_READ ? "read" : "manage")));
	return pick_version(model, &name, versions);
}

MlVersion *
ml_version_try(const char *model, MlPrivilege privilege)
{
	MlModelName name;
	List       *versions;
	MlVersion  *first;
	ListCell   *cell;
	char       *copy = pstrdup(model);
	char       *at = strchr(copy, '@');

	/* only the plain forms: name, schema.name, and a number after @ */
	memset(&name, 0, sizeof(name));
	if (at)
	{
		*at = '\0';
		name.version = atoi(at + 1);
		if (name.version < 1)
			return NULL;
	}
	name.name = strrchr(copy, '.');
	if (name.name)
	{
		name.schema = copy;
		*name.name++ = '\0';
	}
	else
		name.name = copy;
	versions = find_versions(&name);
	if (versions == NIL)
		return NULL;
	first = linitial(versions);
	if (!ml_may(first->owner, first->schema, first->name, privilege))
		return NULL;
	foreach(cell, versions)
	{
		MlVersion *version = lfirst(cell);

		if (name.version ? version->version == name.version : version->is_active)
			return version;
	}
	return NULL;
}

MlVersion *
ml_version_active(const char *schema, const char *name)
{
	ListCell *cell;

	foreach(cell, ml_versions(schema, name, ml_catalog_snapshot()))
		if (((MlVersion *) lfirst(cell))->is_active)
			return lfirst(cell);
	return NULL;
}

void
ml_version_may_train(MlModelName *name)
{
	List *versions = find_versions(name);

	if (versions != NIL)
	{
		MlVersion *first = linitial(versions);

		name->schema = first->schema;
		if (ml_may(first->owner, first->schema, first->name, ML_MANAGE))
			return;
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to manage model \"%s\"", name->name),
				 errhint("Choose another name, or ask the owner to run sustainml.grant_model('%s', '%s', 'manage').", name->name,
						 GetUserNameFromId(GetUserId(), true))));
	}
	if (name->schema == NULL)
	{
		ListCell *cell;

		/* a model outlives the session, so the first schema that does too */
		foreach(cell, fetch_search_path(false))
			if (name->schema == NULL && !isAnyTempNamespace(lfirst_oid(cell)))
				name->schema = get_namespace_name(lfirst_oid(cell));
		if (name->schema == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_SCHEMA),
					 errmsg("no schema has been selected for the model"),
					 errhint("Write schema.name, or set search_path.")));
	}
	{
		Oid schema = get_namespace_oid(name->schema, false);

		if (isAnyTempNamespace(schema))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_SCHEMA_NAME),
					 errmsg("a model cannot be in a temporary schema"),
					 errhint("Name another schema, as in schema.name.")));
		/* models are found by the search path, so who may not make a table in a schema may not put a model before others either */
		if (ml_schema_aclcheck(schema, GetUserId(), ACL_CREATE) != ACLCHECK_OK)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("permission denied for schema %s", name->schema),
					 errdetail("A new model needs the right to create objects in its schema."),
					 errhint("Name another schema, as in schema.name, or make one of your own with CREATE SCHEMA AUTHORIZATION CURRENT_USER.")));
	}
}

/* ---- bytes ---------------------------------------------------------------------------------- */

bytea *
ml_version_bytes(int64 id)
{
	Relation    relation = table_open(ml_catalog_relation("model_version"), AccessShareLock);
	ScanKeyData key[1];
	SysScanDesc scan;
	HeapTuple   tuple;
	bytea      *bytes = NULL;

	ScanKeyInit(&key[0], Anum_version_id, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(id));
	scan = systable_beginscan(relation, ml_catalog_relation("model_version_pkey"), true, ml_catalog_snapshot(), 1, key);
	tuple = systable_getnext(scan);
	if (tuple)
	{
		bool isnull;

		bytes = DatumGetByteaPCopy(heap_getattr(tuple, Anum_version_bytes, RelationGetDescr(relation), &isnull));
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	if (bytes == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the model version was dropped meanwhile")));
	return bytes;
}
