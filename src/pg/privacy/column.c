/*
 * column.c - encrypting and decrypting columns of tables in one step; column_batches.c does it in batches.
 *
 * A column is sealed by ALTER TABLE … TYPE sustainml.sealed(N) USING seal_cell(column, N), as the caller: the
 * server writes the table anew into other files, drops the statistics of the column, and all of it is undone by a
 * rollback.
 *
 * Whatever depends on the column (index, view, constraint, generated column, default, policy, trigger, statistics) is
 * named and left to the user: each of them would hold, or compute on, plaintext.
 */
#include "../compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/uuid.h"

#include "../catalog.h"
#include "../meter.h"
#include "../nearest.h"
#include "column.h"
#include "column_internal.h"
#include "key_admin.h"
#include "keys.h"
#include "row_key.h"
#include "sealed.h"
#include "../statement.h"
#include "../trust.h"

enum
{
	Anum_column_no = 1, Anum_column_id, Anum_column_key, Anum_column_schema, Anum_column_table, Anum_column_column, Anum_column_type,
	Anum_column_deterministic, Anum_column_row_key
};

#define CACHED 32

/* ---- what the catalog says -------------------------------------------------------------- */

const MlColumnInfo *
ml_column_known(int32 column_no)
{
	static MlColumnInfo cached[CACHED]; /* by number: triggers and rows of wide tables ask for several in turn */
	static uint64       cached_generation[CACHED];
	int                 slot = (column_no >> 4) % CACHED;
	Relation            relation;
	ScanKeyData         scan_key;
	SysScanDesc         scan;
	HeapTuple           tuple;
	MlColumnInfo        fresh;
	uint64              generation;
	bool                found = false;

	if (column_no < 0)
		return NULL;
	if (cached_generation[slot] == ml_keys_generation() && cached[slot].column_no == column_no)
		return &cached[slot];
	memset(&fresh, 0, sizeof(fresh));
	relation = table_open(ml_catalog_relation("protected_column"), AccessShareLock);
	generation = ml_keys_generation();
	ScanKeyInit(&scan_key, Anum_column_no, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(column_no));
	scan = systable_beginscan(relation, ml_catalog_relation("protected_column_pkey"), true, NULL, 1, &scan_key);
	if ((tuple = systable_getnext(scan)) != NULL)
	{
		TupleDesc row = RelationGetDescr(relation);
		Datum     row_key;
		bool      isnull;

		found = true;
		fresh.column_no = column_no;
		fresh.deterministic = DatumGetBool(heap_getattr(tuple, Anum_column_deterministic, row, &isnull));
		strlcpy(fresh.key, TextDatumGetCString(heap_getattr(tuple, Anum_column_key, row, &isnull)), sizeof(fresh.key));
		memcpy(fresh.column_id, DatumGetUUIDP(heap_getattr(tuple, Anum_column_id, row, &isnull))->data, SML_CONTEXT_SIZE);
		row_key = heap_getattr(tuple, Anum_column_row_key, row, &isnull);
		if (!isnull)
			strlcpy(fresh.row_key, TextDatumGetCString(row_key), sizeof(fresh.row_key));
		strlcpy(fresh.column, TextDatumGetCString(heap_getattr(tuple, Anum_column_column, row, &isnull)), sizeof(fresh.column));
		strlcpy(fresh.column_type, TextDatumGetCString(heap_getattr(tuple, Anum_column_type, row, &isnull)), sizeof(fresh.column_type));
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	if (!found)
		return NULL;
	cached[slot] = fresh;
	cached_generation[slot] = generation;
	return &cached[slot];
}

const MlColumnInfo *
ml_column_info(int32 column_no)
{
	const MlColumnInfo *info = ml_column_known(column_no);

	if (info == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("no key is known for sealed column number %d", column_no),
				 errhint("The keys were not restored with the table: sustainml.import_keys brings them.")));
	return info;
}

static void
check_relation(Oid relid)
{
	if (get_rel_name(relid) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
}

int32
ml_sealed_column(Oid relid, const char *column)
{
	AttrNumber number;
	Oid        type;
	int32      typmod;
	Oid        collation;

	check_relation(relid);
	number = get_attnum(relid, column);
	if (number == InvalidAttrNumber)
		ml_no_such_column(relid, column);
	get_atttypetypmodcoll(relid, number, &type, &typmod, &collation);
	if (type != ml_sealed_type() || !OidIsValid(ml_sealed_payload(typmod)))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("column \"%s\" of table \"%s\" is not sealed", column, get_rel_name(relid)),
				 errhint("sustainml.encrypt_column seals a column.")));
	return typmod;
}

#define VIEW_RULE "rule _RETURN on "

/* ---- what stands in the way --------------------------------------------------------------- */

/* NOT NULL stays as it is whatever becomes of the values. */
static bool
is_not_null(Oid constraint)
{
	HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	bool      found = HeapTupleIsValid(tuple) && ((Form_pg_constraint) GETSTRUCT(tuple))->contype == ML_CONSTRAINT_NOT_NULL;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return found;
}

/* Names of the objects that depend on a column, one a line; NULL when there are none. */
static char *
dependents(Oid relid, AttrNumber column)
{
	Relation       depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData    keys[3];
	SysScanDesc    scan;
	HeapTuple      tuple;
	StringInfoData names;

	initStringInfo(&names);
	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(RelationRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	ScanKeyInit(&keys[2], Anum_pg_depend_refobjsubid, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(column));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL, 3, keys);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);
		ObjectAddress  object = {form->classid, form->objid, form->objsubid};
		char          *name;

		if (object.classId == ConstraintRelationId && is_not_null(object.objectId))
			continue;
		name = getObjectDescription(&object, true);
		/* a view, not the rule that it is made of */
		if (name && strncmp(name, VIEW_RULE, strlen(VIEW_RULE)) == 0)
			name += strlen(VIEW_RULE);

		/* a constraint and its index are one thing: both names help */
		if (name && strstr(names.data, name) == NULL)
			appendStringInfo(&names, "%s%s", names.len ? ", " : "", name);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return names.len ? names.data : NULL;
}

static void
check_dependents(Oid relid, AttrNumber column, const char *name, const char *doing)
{
	char *what = dependents(relid, column);

	if (what)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot %s column \"%s\" because other objects depend on it", doing, name),
				 errdetail("Dependent: %s.", what),
				 errhint("Drop them first; for equality keep sustainml.blind_index values in a column of their own, and let views call sustainml.open.")));
}

/* Lock the table, and check that the caller owns it and that it is one whose files we may write anew. */
void
ml_column_check_table(Oid relid, const char *doing)
{
	HeapTuple     tuple;
	Form_pg_class form;

	check_relation(relid);
	/* the owner first, so that nobody else can take the lock */
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	form = (Form_pg_class) GETSTRUCT(tuple);
	if (!superuser() && !has_privs_of_role(GetUserId(), form->relowner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of table %s", NameStr(form->relname))));
	if (form->relkind != RELKIND_RELATION && form->relkind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table", NameStr(form->relname)),
				 errhint("Only columns of tables can be %sed.", doing)));
	ReleaseSysCache(tuple);
	LockRelationOid(relid, AccessExclusiveLock);
	check_relation(relid);
	ml_trust_require(relid, ML_TOUCH_PLAN, "a rewrite of");
}

typedef struct Target
{
	AttrNumber number;
	Oid        type;
	int32      typmod;
} Target;

static Target
find_column(Oid relid, const char *column, const char *doing)
{
	HeapTuple         tuple = SearchSysCacheAttName(relid, column);
	Form_pg_attribute form;
	Target            target;
	const char       *why = NULL;

	if (!HeapTupleIsValid(tuple))
		ml_no_such_column(relid, column);
	form = (Form_pg_attribute) GETSTRUCT(tuple);
	target = (Target){form->attnum, form->atttypid, form->atttypmod};
	if (form->attnum < 0)
		why = "It is a system column.";
	else if (form->attinhcount > 0)
		why = "It is inherited; use the parent table.";
	else if (form->attgenerated)
		why = "It is a generated column.";
	else if (form->attidentity)
		why = "It is an identity column.";
	ReleaseSysCache(tuple);
	if (why)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot %s column \"%s\"", doing, column),
				 errdetail("%s", why)));
	check_dependents(relid, target.number, column, doing);
	return target;
}

/* ---- the catalog ---------------------------------------------------------------------------- */

/* Register a column and make its first data key; returns its number. */
static int32
register_column(Oid relid, const char *column, const MlColumnWish *wish, SmlSealedType type, const char *column_type)
{
	Oid          types[10] = {INT4OID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID, TEXTOID, TEXTOID};
	Datum        values[10];
	char         nulls[11] = "          ";
	pg_uuid_t    id;
	int32        number = (ml_random_number() >> 4 << 4) | (int32) type;
	char        *user = GetUserNameFromId(GetUserId(), false);
	MlOwnerScope scope;

	if (number >> 4 == 0)
		number |= 16;
	ml_random_uuid(id.data);
	values[0] = Int32GetDatum(number);
	values[1] = UUIDPGetDatum(&id);
	values[2] = CStringGetTextDatum(wish->key);
	values[3] = CStringGetTextDatum(get_namespace_name(get_rel_namespace(relid)));
	values[4] = CStringGetTextDatum(get_rel_name(relid));
	values[5] = CStringGetTextDatum(column);
	values[6] = CStringGetTextDatum(column_type);
	values[7] = BoolGetDatum(wish->deterministic);
	values[8] = CStringGetTextDatum(user);
	values[9] = wish->row_key ? CStringGetTextDatum(wish->row_key) : (Datum) 0;
	nulls[9] = wish->row_key ? ' ' : 'n';
	SPI_connect();
	ml_owner_begin(&scope);
	(void) ml_statement("INSERT INTO sustainml.protected_column (column_no, column_id, key, table_schema, table_name, column_name, column_type, deterministic,"
			" created_by, created_at, row_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp(), $10)", 10, types, values, nulls, SPI_OK_INSERT);
	(void) ml_data_key_make(wish->key, SML_KEY_DATA, number, id.data);
	ml_owner_end(&scope);
	SPI_finish();
	return number;
}

char *
ml_column_table(Oid relid)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), get_rel_name(relid));
}

/* ALTER TABLE as the caller; returns the number of rows of the table. */
int64
ml_column_alter(Oid relid, const char *query)
{
	bool  isnull;
	int64 rows;

	SPI_connect();
	if (SPI_execute(query, false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "unexpected result of ALTER TABLE");
	if (SPI_execute(psprintf("SELECT pg_catalog.count(*) FROM %s", ml_column_table(relid)), false, 0) != SPI_OK_SELECT)
		elog(ERROR, "unexpected result of a count");
	rows = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	return rows;
}

/* ---- encrypt_column, decrypt_column ------------------------------------------------------------ */

void
ml_column_check_clear(Oid relid, const char *column, bool deterministic)
{
	Target        target = find_column(relid, column, "encrypt");
	SmlSealedType type = ml_sealed_type_for(target.type);

	if (type == 0 || target.type == UNKNOWNOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 target.type == ml_sealed_type() ? errmsg("column \"%s\" is sealed already", column) :
				 errmsg("cannot encrypt column \"%s\" of type %s", column, format_type_be(target.type)),
				 target.type == ml_sealed_type() ? 0 :
				 errhint("Text, numbers, boolean, bytea, jsonb, date, timestamp with time zone and double precision[] can be sealed; "
						 "a domain is changed to its base type first.")));
	if (deterministic && type == SML_SEALED_BOOL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a deterministic boolean hides nothing"),
				 errhint("Leave out deterministic.")));
}

int32
ml_column_register(Oid relid, const char *column, const MlColumnWish *wish)
{
	Oid   type;
	int32 typmod;
	Oid   collation;
	int32 number;

	ml_column_check_clear(relid, column, wish->deterministic);
	if (wish->row_key && wish->deterministic)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("deterministic values that are bound to their rows are never equal"),
				 errhint("Leave out deterministic, or row_key.")));
	if (wish->row_key)
		ml_row_key_check(relid, column, wish->row_key);
	get_atttypetypmodcoll(relid, get_attnum(relid, column), &type, &typmod, &collation);
	number = register_column(relid, column, wish, ml_sealed_type_for(type),
							 format_type_extended(type, typmod, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY));
	CommandCounterIncrement();
	return number;
}

void
ml_column_tell(const char *column, const char *key)
{
	ereport(NOTICE,
			(errmsg("column \"%s\" is sealed under key \"%s\"", column, key),
			 errdetail("WAL, backups and replicas written before still hold the old values, and so does the file of pg_statistic, in deleted rows."),
			 errhint("Take a new base backup, let old ones and archived WAL expire, and VACUUM FULL pg_statistic.")));
}

static Datum
encrypt_column(PG_FUNCTION_ARGS)
{
	Oid          relid = PG_GETARG_OID(0);
	char        *column = pstrdup(NameStr(*PG_GETARG_NAME(1)));
	MlColumnWish wish = {text_to_cstring(PG_GETARG_TEXT_PP(2)), PG_GETARG_BOOL(3), PG_ARGISNULL(4) ? NULL : pstrdup(NameStr(*PG_GETARG_NAME(4)))};
	MlRun       *run = ml_run_begin("encrypt");
	MlFigures    figures;
	int32        number;
	int64        rows;

	ml_column_check_table(relid, "encrypt");
	ml_key_require(wish.key, ML_KEY_SEAL);
	ml_sealing_refuse(relid, column);
	number = ml_column_register(relid, column, &wish);
	rows = ml_column_alter(relid, psprintf("ALTER TABLE %s ALTER COLUMN %s TYPE sustainml.sealed(%d) USING sustainml_internal.seal_cell(%s, %d%s)",
						  ml_column_table(relid), quote_identifier(column), number, quote_identifier(column), number,
						  ml_row_key_argument(relid, number, "")));
	ml_row_key_guard(relid, number);
	ml_run_end(run, NULL, NULL, 0, rows, &figures);
	ml_column_tell(column, wish.key);
	PG_RETURN_INT32(number);
}

PG_FUNCTION_INFO_V1(sustainml_encrypt_column);
Datum
sustainml_encrypt_column(PG_FUNCTION_ARGS)
{
	ml_require_first_arguments(fcinfo, 0, 4);
	return encrypt_column(fcinfo);
}

/* The function that opens values of a column; the others take the row's key as well. */
static const char *
opener(int32 number)
{
	static const char *const names[SML_SEALED_TYPES + 1] = {
		[SML_SEALED_TEXT] = "open", [SML_SEALED_FLOAT8] = "open_float8", [SML_SEALED_INT8] = "open_int8", [SML_SEALED_NUMERIC] = "open_numeric",
		[SML_SEALED_FLOAT8_ARRAY] = "open_float8_array", [SML_SEALED_BYTEA] = "open_bytea", [SML_SEALED_JSONB] = "open_jsonb",
		[SML_SEALED_DATE] = "open_date", [SML_SEALED_TIMESTAMPTZ] = "open_timestamptz", [SML_SEALED_BOOL] = "open_boolean",
	};

	if (ml_row_key(number) && ml_sealed_type_of_column(number) == SML_SEALED_TEXT)
		return "open_row";
	return names[ml_sealed_type_of_column(number)];
}

/*
 * The former type of a column as text for a statement.  The catalog's text may come from an import, so it is parsed
 * as the name of a type and nothing else, and written anew.
 */
static char *
former_type(const MlColumnInfo *info)
{
	Oid   type;
	int32 typmod;

	ml_parse_type(info->column_type, &type, &typmod, false);
	if (ml_sealed_type_for(type) != ml_sealed_type_of_column(info->column_no))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the column was not of type %s before it was sealed", format_type_be(type))));
	return format_type_extended(type, typmod, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
}

void
ml_column_given_back(int32 number)
{
	Oid          types[1] = {INT4OID};
	Datum        values[1] = {Int32GetDatum(number)};
	MlOwnerScope scope;

	SPI_connect();
	ml_owner_begin(&scope);
	(void) ml_statement("UPDATE sustainml.protected_column SET decrypted_at = clock_timestamp() WHERE column_no = $1", 1, types, values, NULL, SPI_OK_UPDATE);
	ml_owner_end(&scope);
	SPI_finish();
}

static Datum
decrypt_column(PG_FUNCTION_ARGS)
{
	Oid          relid = PG_GETARG_OID(0);
	char        *column = pstrdup(NameStr(*PG_GETARG_NAME(1)));
	MlRun       *run = ml_run_begin("decrypt");
	MlFigures    figures;
	MlColumnInfo info;
	int32        number;
	char        *type;
	int64        rows;

	ml_column_check_table(relid, "decrypt");
	number = ml_sealed_column(relid, column);
	info = *ml_column_info(number);
	ml_key_require(info.key, ML_KEY_OPEN);
	(void) find_column(relid, column, "decrypt");
	type = former_type(&info);
	rows = ml_column_alter(relid, psprintf("ALTER TABLE %s ALTER COLUMN %s TYPE %s USING sustainml.%s(%s%s)::%s",
						  ml_column_table(relid), quote_identifier(column), type, opener(number),
						  quote_identifier(column), ml_row_key_argument(relid, number, ""), type));
	ml_row_key_unguard(relid, number);
	ml_column_given_back(number);
	ml_audit(info.key, 0, ML_USE_ADMIN);
	ml_run_end(run, NULL, NULL, 0, rows, &figures);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(sustainml_decrypt_column);
Datum
sustainml_decrypt_column(PG_FUNCTION_ARGS)
{
	ml_require_arguments(fcinfo, 0);
	return decrypt_column(fcinfo);
}
