/*
 * mask_rule.c - rules in the catalog, and what a rule becomes in SQL; see mask.h.
 *
 * Rules are kept by the names of table and column.  Whoever sets one owns the table, and holds the right seal on
 * the key of a keyed mask.
 */
#include "../compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
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
#include "utils/syscache.h"

#include "../args.h"
#include "../catalog.h"
#include "../nearest.h"
#include "column.h"
#include "key_admin.h"
#include "keys.h"
#include "mask.h"
#include "sealed.h"

/* Columns of sustainml.masking_rule and masking_policy (sql/85_masking.sql) that C reads by number. */
enum
{
	Anum_rule_no = 1, Anum_rule_key, Anum_rule_domain, Anum_rule_unmask, Anum_rule_created_by
};

enum
{
	Anum_policy_policy = 1, Anum_policy_owner, Anum_policy_role
};

/* ---- reading by number, at run time --------------------------------------------------------- */

static void
copy_attribute(Relation relation, HeapTuple tuple, int attribute, char *out, size_t room)
{
	bool  isnull;
	Datum value = heap_getattr(tuple, attribute, RelationGetDescr(relation), &isnull);

	strlcpy(out, isnull ? "" : TextDatumGetCString(value), room);
}

bool
ml_rule_key(int32 rule_no, MlRuleKey *rule)
{
	Relation    relation = table_open(ml_catalog_relation("masking_rule"), AccessShareLock);
	ScanKeyData scan_key;
	SysScanDesc scan;
	HeapTuple   tuple;
	bool        found = false;

	ScanKeyInit(&scan_key, Anum_rule_no, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(rule_no));
	scan = systable_beginscan(relation, ml_catalog_relation("masking_rule_pkey"), true, NULL, 1, &scan_key);
	if ((tuple = systable_getnext(scan)) != NULL)
	{
		copy_attribute(relation, tuple, Anum_rule_key, rule->key, sizeof(rule->key));
		copy_attribute(relation, tuple, Anum_rule_domain, rule->domain, sizeof(rule->domain));
		copy_attribute(relation, tuple, Anum_rule_unmask, rule->unmask_role, sizeof(rule->unmask_role));
		copy_attribute(relation, tuple, Anum_rule_created_by, rule->created_by, sizeof(rule->created_by));
		found = true;
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return found;
}

bool
ml_is_policy_role(Oid role)
{
	Relation    relation;
	SysScanDesc scan;
	HeapTuple   tuple;
	bool        found = false;

	if (!OidIsValid(role))
		return false;
	relation = table_open(ml_catalog_relation("masking_policy"), AccessShareLock);
	scan = systable_beginscan(relation, InvalidOid, false, NULL, 0, NULL);
	while (!found && (tuple = systable_getnext(scan)) != NULL)
	{
		char name[NAMEDATALEN];

		copy_attribute(relation, tuple, Anum_policy_role, name, sizeof(name));
		found = get_role_oid(name, true) == role;
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return found;
}

/* ---- helpers ------------------------------------------------------------------------------------ */

void
ml_mask_check_table(Oid relid, LOCKMODE lock, const char *doing)
{
	HeapTuple     tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Form_pg_class form;
	char         *name;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	form = (Form_pg_class) GETSTRUCT(tuple);
	name = pstrdup(NameStr(form->relname));
	if (!superuser() && !has_privs_of_role(GetUserId(), form->relowner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of table %s", NameStr(form->relname)),
				 errhint("The owner of a table says how it is shown.")));
	if (form->relkind != RELKIND_RELATION && form->relkind != RELKIND_PARTITIONED_TABLE && form->relkind != RELKIND_FOREIGN_TABLE &&
		form->relkind != RELKIND_MATVIEW)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("cannot %s \"%s\": it is not a table", doing, NameStr(form->relname)),
				 form->relkind == RELKIND_VIEW ? errhint("Publish the tables that the view reads, and make a view over the published ones.") : 0));
	if (relid < FirstNormalObjectId)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("cannot %s a table of the server", doing)));
	if (form->relpersistence == RELPERSISTENCE_TEMP)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot %s temporary table \"%s\"", doing, NameStr(form->relname))));
	ReleaseSysCache(tuple);
	LockRelationOid(relid, lock);
	if (get_rel_name(relid) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"%s\" was dropped meanwhile", name)));
	pfree(name);
}

uint64
ml_mask_catalog(const char *query, int count, Oid *types, Datum *values, const char *nulls, int expected)
{
	MlOwnerScope scope;
	int          code;

	ml_owner_begin(&scope);
	code = SPI_execute_with_args(query, count, types, values, nulls, false, 0);
	if (code != expected)
		elog(ERROR, "unexpected result of a catalog statement: %s", SPI_result_code_string(code));
	ml_owner_end(&scope);
	return SPI_processed;
}

char *
ml_quoted_relation(Oid relid)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), get_rel_name(relid));
}

/* ---- rules of a table ------------------------------------------------------------------------------- */

static char *
value_of(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

static MlRule *
read_rule(uint64 row, MemoryContext into)
{
	MemoryContext old;
	bool          isnull;
	Datum         arguments = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 5, &isnull);
	MlRule       *rule;

	old = MemoryContextSwitchTo(into);
	rule = palloc0(sizeof(MlRule));
	rule->rule_no = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, 1, &isnull));
	rule->policy = value_of(row, 2);
	rule->column = value_of(row, 3);
	rule->kind = ml_mask_find(value_of(row, 4));
	ml_mask_args_read(DatumGetJsonbPCopy(arguments), &rule->args);
	rule->key = value_of(row, 6);
	rule->unmask_role = value_of(row, 7);
	rule->created_by = value_of(row, 8);
	/* SPI_getvalue allocates in the current context: all of it is the caller's now */
	MemoryContextSwitchTo(old);
	return rule;
}

List *
ml_rules_of(Oid relid, const char *policy)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid           types[3] = {TEXTOID, TEXTOID, TEXTOID};
	Datum         values[3] = {CStringGetTextDatum(get_namespace_name(get_rel_namespace(relid))), CStringGetTextDatum(get_rel_name(relid)),
							   CStringGetTextDatum(policy)};
	List         *rules = NIL;
	uint64        count;

	SPI_connect();
	count = ml_mask_catalog("SELECT rule_no, policy, column_name, mask, arguments, key, unmask_role, created_by FROM sustainml.masking_rule"
							" WHERE table_schema = $1 AND table_name = $2 AND policy IN ('', $3) ORDER BY column_name, policy DESC",
							3, types, values, NULL, SPI_OK_SELECT);
	for (uint64 i = 0; i < count; i++)
	{
		MlRule       *rule = read_rule(i, caller);
		MemoryContext old = MemoryContextSwitchTo(caller);

		rules = lappend(rules, rule);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	return rules;
}

MlRule *
ml_rule_for(List *rules, const char *column)
{
	ListCell *cell;

	foreach(cell, rules)
		if (strcmp(((MlRule *) lfirst(cell))->column, column) == 0)
			return lfirst(cell);
	return NULL;
}

/* ---- expressions ---------------------------------------------------------------------------------------- */

static char *
type_text(Oid type, int32 typmod)
{
	return format_type_extended(type, typmod, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
}

static char *
number_text(const MlMaskArgs *args, MlMaskArg arg, const char *otherwise)
{
	return args->given[arg] ? psprintf("'%.17g'::pg_catalog.float8", args->number[arg]) : psprintf("'%s'::pg_catalog.float8", otherwise);
}

static int
integer_argument(const MlMaskArgs *args, MlMaskArg arg)
{
	return args->given[arg] ? (int) args->number[arg] : 0;
}

static char *
literal(const char *text)
{
	return psprintf("%s::pg_catalog.text", quote_literal_cstr(text));
}

bool
ml_rule_changes_type(const MlRule *rule, Oid type)
{
	int family = ml_mask_family(type);

	switch (rule->kind)
	{
		case ML_MASK_BUCKET:
			return true;
		case ML_MASK_HASH:
			return family != ML_ON_TEXT;
		case ML_MASK_NULL:
		case ML_MASK_CONSTANT:
			return family == ML_ON_SEALED;
		default:
			return false;
	}
}

/* The mask alone; "value" is the column, cast to its base type. */
static char *
mask_expression(const MlRule *rule, Oid base, int32 typmod, const char *value)
{
	const MlMaskArgs *args = &rule->args;
	bool              sealed = ml_mask_family(base) == ML_ON_SEALED;

	switch (rule->kind)
	{
		case ML_MASK_KEEP:
		case ML_MASK_SHUFFLE:
			return pstrdup(value);
		case ML_MASK_NULL:
			return psprintf("NULL::%s", sealed ? "pg_catalog.text" : type_text(base, typmod));
		case ML_MASK_CONSTANT:
			return psprintf("%s::%s", quote_literal_cstr(args->text[ML_ARG_VALUE]), sealed ? "pg_catalog.text" : type_text(base, typmod));
		case ML_MASK_PARTIAL:
			return psprintf("sustainml_internal.mask_partial(%s, %d, %s, %d)", value, integer_argument(args, ML_ARG_PREFIX),
							literal(args->given[ML_ARG_FILL] ? args->text[ML_ARG_FILL] : "***"), integer_argument(args, ML_ARG_SUFFIX));
		case ML_MASK_PARTIAL_EMAIL:
			return psprintf("sustainml_internal.mask_partial_email(%s)", value);
		case ML_MASK_REDACT:
			return psprintf("sustainml_internal.mask_redact(%s, %s)", value, literal(args->given[ML_ARG_KIND] ? args->text[ML_ARG_KIND] : "all"));
		case ML_MASK_HASH:
			return psprintf("sustainml_internal.mask_hash(%s, %d)", value, rule->rule_no);
		case ML_MASK_PSEUDONYM:
			return psprintf("sustainml_internal.mask_pseudonym(%s, %d)", value, rule->rule_no);
		case ML_MASK_FAKE:
			return psprintf("sustainml_internal.mask_fake(%s, %d, %s)", value, rule->rule_no, literal(args->text[ML_ARG_KIND]));
		case ML_MASK_BUCKET:
			return psprintf("sustainml_internal.mask_bucket(%s, %s, %s)", value, number_text(args, ML_ARG_WIDTH, "1"), number_text(args, ML_ARG_ORIGIN, "0"));
		case ML_MASK_BUCKET_DATE:
			return psprintf("sustainml_internal.mask_bucket_date(%s, %s)", value, literal(args->text[ML_ARG_UNIT]));
		case ML_MASK_ROUND:
			return psprintf("sustainml_internal.mask_round(%s, %s)", value, number_text(args, ML_ARG_STEP, "1"));
		case ML_MASK_CLAMP:
			return psprintf("sustainml_internal.mask_clamp(%s, %s, %s)", value, number_text(args, ML_ARG_LOWER, "-Infinity"),
							number_text(args, ML_ARG_UPPER, "Infinity"));
		case ML_MASK_NOISE:
			return psprintf("sustainml_internal.mask_noise(%s, %d, %s, %s)", value, rule->rule_no, number_text(args, ML_ARG_RATIO, "0"),
							number_text(args, ML_ARG_AMOUNT, "0"));
		case ML_MASK_SHIFT_DATE:
			return psprintf("sustainml_internal.mask_shift_date(%s, %d, %d)", value, rule->rule_no, integer_argument(args, ML_ARG_DAYS));
		default:
			elog(ERROR, "mask without an expression");
	}
}

char *
ml_rule_expression(const MlRule *rule, Oid type, int32 typmod, bool see_through)
{
	const char *column = psprintf("t.%s", quote_identifier(rule->column));
	int         family = ml_mask_family(type);
	Oid         base = getBaseTypeAndTypmod(type, &typmod);
	const char *value = column;
	char       *masked;
	const char *open;

	/* the base type of a domain needs no check; functions for text take text */
	if (family == ML_ON_TEXT && rule->kind != ML_MASK_KEEP && rule->kind != ML_MASK_NULL && rule->kind != ML_MASK_CONSTANT)
		value = psprintf("%s::pg_catalog.text", column);
	else if (base != type)
		value = psprintf("%s::%s", column, type_text(base, typmod));
	masked = mask_expression(rule, base, typmod, value);
	if (!see_through || rule->kind == ML_MASK_KEEP || (rule->key == NULL && rule->unmask_role == NULL))
		return masked;
	if (family == ML_ON_SEALED)
		open = psprintf("sustainml.open(%s)", column);
	else if (ml_rule_changes_type(rule, type))
		open = psprintf("%s::pg_catalog.text", column);
	else
		open = base != type ? psprintf("%s::%s", column, type_text(base, typmod)) : column;
	/* the question is asked once a query, not once a row */
	return psprintf("CASE WHEN (SELECT sustainml_internal.may_unmask(%d, %s)) THEN %s ELSE %s END", rule->rule_no,
					family == ML_ON_SEALED ? "true" : "false", open, masked);
}

/* ---- sustainml.mask ------------------------------------------------------------------------------------------ */

#define FIRST_TYPED 6 /* table, column, mask, policy, key, unmask come before */

static void
read_arguments(FunctionCallInfo fcinfo, MlMaskArgs *args)
{
	memset(args, 0, sizeof(*args));
	for (int i = 0; i < ML_MASK_ARGS; i++)
	{
		int at = FIRST_TYPED + i;

		if (PG_ARGISNULL(at))
			continue;
		args->given[i] = true;
		if (ml_mask_arg_is_text((MlMaskArg) i))
			args->text[i] = text_to_cstring(PG_GETARG_TEXT_PP(at));
		else if (i == ML_ARG_PREFIX || i == ML_ARG_SUFFIX || i == ML_ARG_DAYS)
			args->number[i] = PG_GETARG_INT32(at);
		else
			args->number[i] = PG_GETARG_FLOAT8(at);
	}
}

static const char *
check_key(const MlMask *mask, const char *key, Oid type, int32 typmod)
{
	/* whoever may open a sealed column sees through its mask */
	if (ml_mask_family(type) == ML_ON_SEALED && OidIsValid(ml_sealed_payload(typmod)))
		return pstrdup(ml_column_info(typmod)->key);
	if (mask->keyed && key == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("mask \"%s\" needs a key", mask->name),
				 errhint("Name one: key => '…'; sustainml.create_key makes one.")));
	if (!mask->keyed && key != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("mask \"%s\" uses no key", mask->name)));
	if (key)
		ml_key_require(key, ML_KEY_SEAL | ML_KEY_OPEN);
	return key;
}

/* Store the rule in place of the one there was; returns its number. */
static int32
store_rule(Oid relid, const char *policy, const char *column, const MlMask *mask, const MlMaskArgs *args, const char *key, const char *unmask)
{
	Oid         types[11] = {INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID, TEXTOID};
	Datum       values[11];
	char        nulls[12] = "           ";
	const char *schema = get_namespace_name(get_rel_namespace(relid));
	const char *table = get_rel_name(relid);
	const char *domain = args->given[ML_ARG_DOMAIN] ? args->text[ML_ARG_DOMAIN] : psprintf("%s.%s.%s", schema, table, column);
	bool        isnull;
	int32       number;

	values[0] = Int32GetDatum(ml_random_number());
	values[1] = key ? CStringGetTextDatum(key) : (Datum) 0;
	values[2] = mask->keyed ? CStringGetTextDatum(domain) : (Datum) 0;
	values[3] = unmask ? CStringGetTextDatum(unmask) : (Datum) 0;
	values[4] = CStringGetTextDatum(GetUserNameFromId(GetUserId(), false));
	values[5] = CStringGetTextDatum(policy);
	values[6] = CStringGetTextDatum(schema);
	values[7] = CStringGetTextDatum(table);
	values[8] = CStringGetTextDatum(column);
	values[9] = JsonbPGetDatum(ml_mask_args_json(args));
	values[10] = CStringGetTextDatum(mask->name);
	nulls[1] = key ? ' ' : 'n';
	nulls[2] = mask->keyed ? ' ' : 'n';
	nulls[3] = unmask ? ' ' : 'n';
	SPI_connect();
	(void) ml_mask_catalog("INSERT INTO sustainml.masking_rule (rule_no, key, domain, unmask_role, created_by, policy, table_schema, table_name, column_name,"
						   " arguments, mask, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, clock_timestamp())"
						   " ON CONFLICT ON CONSTRAINT masking_rule_column DO UPDATE SET key = excluded.key, domain = excluded.domain,"
						   " unmask_role = excluded.unmask_role, created_by = excluded.created_by, arguments = excluded.arguments, mask = excluded.mask,"
						   " created_at = excluded.created_at RETURNING rule_no", 11, types, values, nulls, SPI_OK_INSERT_RETURNING);
	number = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	return number;
}

/* Views of the table that do not yet know of a change; policy NULL: any. */
static void
remind(Oid relid, const char *policy)
{
	Oid    types[3] = {TEXTOID, TEXTOID, TEXTOID};
	Datum  values[3] = {CStringGetTextDatum(get_namespace_name(get_rel_namespace(relid))), CStringGetTextDatum(get_rel_name(relid)),
						CStringGetTextDatum(policy)};
	uint64 count;

	SPI_connect();
	count = ml_mask_catalog("SELECT policy FROM sustainml.published_table WHERE table_schema = $1 AND table_name = $2 AND ($3 = '' OR policy = $3)"
							" ORDER BY policy", 3, types, values, NULL, SPI_OK_SELECT);
	for (uint64 i = 0; i < count; i++)
		ereport(NOTICE,
				(errmsg("the view of policy \"%s\" is as it was", value_of(i, 1)),
				 errhint("SELECT * FROM sustainml.publish('%s', policy => '%s') makes it anew.", get_rel_name(relid), value_of(i, 1))));
	SPI_finish();
}

PG_FUNCTION_INFO_V1(sustainml_mask);
Datum
sustainml_mask(PG_FUNCTION_ARGS)
{
	Oid           relid;
	char         *column;
	char         *policy = ml_text_argument(fcinfo, 3);
	const char   *key = ml_text_argument(fcinfo, 4);
	char         *unmask = ml_text_argument(fcinfo, 5);
	const MlMask *mask;
	MlMaskKind    kind;
	MlMaskArgs    args;
	AttrNumber    number;
	Oid           type;
	int32         typmod;
	Oid           collation;
	int32         rule_no;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a masking rule needs a table, a column and a mask")));
	relid = PG_GETARG_OID(0);
	column = pstrdup(NameStr(*PG_GETARG_NAME(1)));
	kind = ml_mask_find(ml_text_argument(fcinfo, 2));
	mask = ml_mask(kind);
	ml_mask_check_table(relid, AccessShareLock, "mask");
	number = get_attnum(relid, column);
	if (number == InvalidAttrNumber || number < 0)
		ml_no_such_column(relid, column);
	get_atttypetypmodcoll(relid, number, &type, &typmod, &collation);
	read_arguments(fcinfo, &args);
	ml_mask_check(kind, &args, type, typmod, column);
	key = check_key(mask, key, type, typmod);
	if (unmask)
		(void) get_role_oid(unmask, false);
	if (unmask && kind == ML_MASK_KEEP)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("mask \"keep\" hides nothing that unmask could show")));
	rule_no = store_rule(relid, policy ? policy : "", column, mask, &args, key, unmask);
	remind(relid, policy ? policy : "");
	PG_RETURN_INT32(rule_no);
}

PG_FUNCTION_INFO_V1(sustainml_unmask_rule);
Datum
sustainml_unmask_rule(PG_FUNCTION_ARGS)
{
	Oid    relid;
	char  *policy = PG_ARGISNULL(2) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(2));
	Oid    types[4] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	Datum  values[4];
	uint64 removed;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a masking rule needs a table and a column")));
	relid = PG_GETARG_OID(0);
	ml_mask_check_table(relid, AccessShareLock, "unmask");
	values[0] = CStringGetTextDatum(get_namespace_name(get_rel_namespace(relid)));
	values[1] = CStringGetTextDatum(get_rel_name(relid));
	values[2] = CStringGetTextDatum(NameStr(*PG_GETARG_NAME(1)));
	values[3] = CStringGetTextDatum(policy);
	SPI_connect();
	removed = ml_mask_catalog("DELETE FROM sustainml.masking_rule WHERE table_schema = $1 AND table_name = $2 AND column_name = $3 AND policy = $4",
							  4, types, values, NULL, SPI_OK_DELETE);
	SPI_finish();
	if (removed)
		remind(relid, policy);
	PG_RETURN_BOOL(removed > 0);
}
