/*
 * mask_publish.c - publishing a table under a policy: a schema with security-barrier views, owned by a role without login
 * that may read just the columns that the views use.
 *
 * All statements run as the caller, who owns the table, under a pinned search_path and with quoted names; only the view
 * changes hands at the end, by a call of the server, because nobody needs to be a member of the policy's role.
 *
 * Readers hold a right on the view alone.  So pg_stats, COPY, EXPLAIN and whatever else looks at the table are closed to them, a
 * column that the table gets later is not shown, and without this extension the answer is "permission denied".
 *
 * Row level security of the table applies to the policy's role: with no policy for it there are no rows.
 */
#include "../compat.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "commands/tablecmds.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "../catalog.h"
#include "../metric/result.h"
#include "../nearest.h"
#include "mask.h"

#define POLICY_MOST 40 /* "sustainml_view_" stands before it in the name of a role */

typedef struct Policy
{
	char *name;
	char *owner;
	char *role_name;
	Oid   role;
} Policy;

/* One column of the table in the view. */
typedef struct Shown
{
	char       *column;
	MlRule     *rule;       /* NULL: no rule */
	const char *expression; /* NULL: not shown */
	Oid         type;
	int32       typmod;
	const char *note;
} Shown;

typedef struct MaskedTable
{
	Oid         relid;
	Policy      policy;
	const char *view;       /* its name */
	Oid         view_oid;   /* InvalidOid: new */
	int         count;
	Shown      *shown;
	List       *grants;     /* statements that give readers of a dropped view their right again */
} MaskedTable;

/* ---- statements as the caller --------------------------------------------------------------------- */

/* Names are quoted by whoever made the text; operators and types are the server's. */
static void
run(const char *statement)
{
	int level = NewGUCNestLevel();
	int code;

	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	SPI_connect();
	code = SPI_execute(statement, false, 0);
	if (code != SPI_OK_UTILITY)
		elog(ERROR, "unexpected result of a statement: %s", SPI_result_code_string(code));
	SPI_finish();
	AtEOXact_GUC(true, level);
	CommandCounterIncrement();
}

/* The same as the policy's role, which has just become the owner of the view. */
static void
run_as(Oid role, const char *statement)
{
	Oid user;
	int context;

	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(role, context | SECURITY_LOCAL_USERID_CHANGE);
	run(statement);
	SetUserIdAndSecContext(user, context);
}

/* ---- policies ---------------------------------------------------------------------------------------- */

static void
check_policy_name(const char *policy)
{
	size_t length = strlen(policy);
	bool   good = length > 0 && length <= POLICY_MOST && !(policy[0] >= '0' && policy[0] <= '9');

	for (size_t i = 0; good && i < length; i++)
		good = (policy[i] >= 'a' && policy[i] <= 'z') || (policy[i] >= '0' && policy[i] <= '9') || policy[i] == '_';
	if (!good)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("invalid name of a policy"),
				 errdetail("It names a schema and a role, and has up to %d small letters, digits and _.", POLICY_MOST)));
	if (strncmp(policy, "pg_", 3) == 0 || strcmp(policy, "public") == 0 || strcmp(policy, "information_schema") == 0 ||
		strncmp(policy, "sustainml", 9) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_RESERVED_NAME),
				 errmsg("a policy cannot be named \"%s\"", policy),
				 errdetail("Its views stand in a schema of that name.")));
}

/* Owner and role of a policy; false when there is none. */
static bool
find_policy(const char *name, Policy *policy)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid           types[1] = {TEXTOID};
	Datum         values[1] = {CStringGetTextDatum(name)};
	bool          found;

	SPI_connect();
	found = ml_mask_catalog("SELECT owner, role_name FROM sustainml.masking_policy WHERE policy = $1", 1, types, values, NULL, SPI_OK_SELECT) == 1;
	if (found)
	{
		policy->name = MemoryContextStrdup(caller, name);
		policy->owner = MemoryContextStrdup(caller, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1));
		policy->role_name = MemoryContextStrdup(caller, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2));
	}
	SPI_finish();
	return found;
}

/* The role must be what we made: it owns views and reads tables, and nobody logs in as it. */
static void
check_role(Policy *policy)
{
	HeapTuple      tuple = SearchSysCache1(AUTHNAME, CStringGetDatum(policy->role_name));
	Form_pg_authid form;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\" of policy \"%s\" does not exist", policy->role_name, policy->name),
				 errhint("Make it again: CREATE ROLE %s NOLOGIN.", quote_identifier(policy->role_name))));
	form = (Form_pg_authid) GETSTRUCT(tuple);
	if (form->rolcanlogin || form->rolsuper || form->rolbypassrls || form->rolcreaterole)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("role \"%s\" of policy \"%s\" has too many rights", policy->role_name, policy->name),
				 errhint("Take them: ALTER ROLE %s NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE.", quote_identifier(policy->role_name))));
	policy->role = form->oid;
	ReleaseSysCache(tuple);
}

/* The schema of a policy; made when there is none.  It must belong to the policy's owner, else others could replace views. */
static void
check_schema(const Policy *policy)
{
	Oid       schema = get_namespace_oid(policy->name, true);
	Oid       owner;
	HeapTuple tuple;

	if (!OidIsValid(schema))
	{
		run(psprintf("CREATE SCHEMA %s", quote_identifier(policy->name)));
		return;
	}
	tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for schema %u", schema);
	owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
	ReleaseSysCache(tuple);
	if (owner != get_role_oid(policy->owner, false))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("schema \"%s\" belongs to role \"%s\"", policy->name, GetUserNameFromId(owner, false)),
				 errdetail("The views of a policy stand in a schema that belongs to the policy's owner, \"%s\".", policy->owner),
				 errhint("Choose another name for the policy.")));
}

static void
make_policy(const char *name, Policy *policy)
{
	char *user = GetUserNameFromId(GetUserId(), false);
	Oid   types[3] = {TEXTOID, TEXTOID, TEXTOID};
	Datum values[3];

	policy->name = pstrdup(name);
	policy->owner = user;
	policy->role_name = psprintf("sustainml_view_%s", name);
	if (OidIsValid(get_role_oid(policy->role_name, true)))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("role \"%s\" already exists", policy->role_name),
				 errdetail("Its members would read the tables unmasked."),
				 errhint("Choose another name for the policy, or drop the role if it is left over.")));
	if (!superuser() && !has_createrole_privilege(GetUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to create role \"%s\"", policy->role_name),
				 errhint("Let a role with CREATEROLE call sustainml.create_policy('%s', owner => %s) first.", name, quote_literal_cstr(user))));
	run(psprintf("CREATE ROLE %s NOLOGIN", quote_identifier(policy->role_name)));
	values[0] = CStringGetTextDatum(name);
	values[1] = CStringGetTextDatum(user);
	values[2] = CStringGetTextDatum(policy->role_name);
	SPI_connect();
	(void) ml_mask_catalog("INSERT INTO sustainml.masking_policy (policy, owner, role_name, created_at) VALUES ($1, $2, $3, clock_timestamp())",
						   3, types, values, NULL, SPI_OK_INSERT);
	SPI_finish();
	CommandCounterIncrement();
}

/* The policy of a name for the caller to publish under; made when there is none. */
static void
open_policy(const char *name, Policy *policy)
{
	check_policy_name(name);
	if (!find_policy(name, policy))
		make_policy(name, policy);
	else
	{
		Oid owner = get_role_oid(policy->owner, true);

		if (!superuser() && !(OidIsValid(owner) && has_privs_of_role(GetUserId(), owner)))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("permission denied for policy \"%s\"", name),
					 errdetail("It belongs to role \"%s\".", policy->owner)));
	}
	check_role(policy);
	check_schema(policy);
}

PG_FUNCTION_INFO_V1(sustainml_create_policy);
Datum
sustainml_create_policy(PG_FUNCTION_ARGS)
{
	char  *name;
	char  *owner = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	Policy policy;
	Oid    types[2] = {TEXTOID, TEXTOID};
	Datum  values[2];

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a policy needs a name")));
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	check_policy_name(name);
	if (find_policy(name, &policy))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("policy \"%s\" already exists", name)));
	if (owner)
		(void) get_role_oid(owner, false);
	make_policy(name, &policy);
	if (owner == NULL || strcmp(owner, policy.owner) == 0)
		check_schema(&policy);
	else
	{
		if (OidIsValid(get_namespace_oid(name, true)))
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_SCHEMA),
					 errmsg("schema \"%s\" already exists", name)));
		run(psprintf("CREATE SCHEMA %s AUTHORIZATION %s", quote_identifier(name), quote_identifier(owner)));
		values[0] = CStringGetTextDatum(name);
		values[1] = CStringGetTextDatum(owner);
		SPI_connect();
		(void) ml_mask_catalog("UPDATE sustainml.masking_policy SET owner = $2 WHERE policy = $1", 2, types, values, NULL, SPI_OK_UPDATE);
		SPI_finish();
	}
	PG_RETURN_TEXT_P(cstring_to_text(policy.role_name));
}

PG_FUNCTION_INFO_V1(sustainml_drop_policy);
Datum
sustainml_drop_policy(PG_FUNCTION_ARGS)
{
	char  *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Policy policy;
	Oid    owner;
	Oid    types[1] = {TEXTOID};
	Datum  values[1] = {CStringGetTextDatum(name)};
	uint64 published;

	if (!find_policy(name, &policy))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("policy \"%s\" does not exist", name)));
	owner = get_role_oid(policy.owner, true);
	if (!superuser() && !(OidIsValid(owner) && has_privs_of_role(GetUserId(), owner)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for policy \"%s\"", name),
				 errdetail("It belongs to role \"%s\".", policy.owner)));
	SPI_connect();
	published = ml_mask_catalog("SELECT 1 FROM sustainml.published_table WHERE policy = $1", 1, types, values, NULL, SPI_OK_SELECT);
	SPI_finish();
	if (published > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("%d table(s) are published under policy \"%s\"", (int) published, name),
				 errhint("sustainml.unpublish them first; sustainml.published_tables lists them.")));
	if (OidIsValid(get_namespace_oid(name, true)))
		run(psprintf("DROP SCHEMA %s", quote_identifier(name)));
	if (OidIsValid(get_role_oid(policy.role_name, true)))
		run(psprintf("DROP ROLE %s", quote_identifier(policy.role_name)));
	SPI_connect();
	(void) ml_mask_catalog("DELETE FROM sustainml.masking_rule WHERE policy = $1", 1, types, values, NULL, SPI_OK_DELETE);
	(void) ml_mask_catalog("DELETE FROM sustainml.masking_policy WHERE policy = $1", 1, types, values, NULL, SPI_OK_DELETE);
	SPI_finish();
	PG_RETURN_VOID();
}

/* ---- what the view shows -------------------------------------------------------------------------------- */

/* A keyed rule is good as long as the role that set it could set it again for this table. */
static void
check_rule(const MlRule *rule, Oid relid, const Shown *shown)
{
	HeapTuple tuple;
	Oid       creator = get_role_oid(rule->created_by, true);
	Oid       owner;

	ml_mask_check(rule->kind, &rule->args, shown->type, shown->typmod, shown->column);
	if (ml_mask(rule->kind)->static_only)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("mask \"%s\" of column \"%s\" is for static masking only", ml_mask(rule->kind)->name, shown->column),
				 errhint("Use another mask for views.")));
	if (!ml_mask(rule->kind)->keyed)
		return;
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	if (!OidIsValid(creator) || !(superuser_arg(creator) || has_privs_of_role(creator, owner)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the rule of column \"%s\" was set by role \"%s\", who does not own the table", shown->column, rule->created_by),
				 errhint("Set it again with sustainml.mask.")));
}

static void
read_columns(MaskedTable *publication, List *rules, bool null_others)
{
	Relation  relation = table_open(publication->relid, NoLock);
	TupleDesc row = RelationGetDescr(relation);

	publication->shown = palloc0(sizeof(Shown) * (row->natts + 1));
	for (int i = 0; i < row->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(row, i);
		Shown            *shown = &publication->shown[publication->count];

		if (attribute->attisdropped)
			continue;
		publication->count++;
		shown->column = pstrdup(NameStr(attribute->attname));
		shown->type = attribute->atttypid;
		shown->typmod = attribute->atttypmod;
		shown->rule = ml_rule_for(rules, shown->column);
		if (shown->rule)
		{
			check_rule(shown->rule, publication->relid, shown);
			shown->expression = ml_rule_expression(shown->rule, shown->type, shown->typmod, true);
		}
		else if (null_others)
		{
			MlRule hidden = {.column = shown->column, .kind = ML_MASK_NULL};

			shown->expression = ml_rule_expression(&hidden, shown->type, shown->typmod, false);
			shown->note = "no rule: NULL";
		}
		else
			shown->note = "no rule: not shown";
	}
	table_close(relation, NoLock);
}

static char *
select_text(const MaskedTable *publication)
{
	StringInfoData text;
	int            columns = 0;

	initStringInfo(&text);
	appendStringInfoString(&text, "SELECT ");
	for (int i = 0; i < publication->count; i++)
		if (publication->shown[i].expression)
			appendStringInfo(&text, "%s%s AS %s", columns++ ? ", " : "", publication->shown[i].expression, quote_identifier(publication->shown[i].column));
	if (columns == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no column of table \"%s\" has a masking rule for policy \"%s\"", get_rel_name(publication->relid), publication->policy.name),
				 errhint("sustainml.mask gives a column a rule; the mask keep shows it as it is.")));
	appendStringInfo(&text, " FROM %s AS t", ml_quoted_relation(publication->relid));
	return text.data;
}

/* ---- the view ------------------------------------------------------------------------------------------------ */

static char *
quoted_view(const MaskedTable *publication)
{
	return quote_qualified_identifier(publication->policy.name, publication->view);
}

/* The view that the catalog says we made; an object of that name that we did not make is an error. */
static void
find_view(MaskedTable *publication)
{
	Oid   schema = get_namespace_oid(publication->policy.name, false);
	Oid   found = get_relname_relid(publication->view, schema);
	Oid   types[4] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	Datum values[4] = {CStringGetTextDatum(publication->policy.name), CStringGetTextDatum(get_namespace_name(get_rel_namespace(publication->relid))),
					   CStringGetTextDatum(get_rel_name(publication->relid)), CStringGetTextDatum(publication->view)};
	bool  ours;

	publication->view_oid = found;
	if (!OidIsValid(found))
		return;
	SPI_connect();
	ours = ml_mask_catalog("SELECT 1 FROM sustainml.published_table WHERE policy = $1 AND table_schema = $2 AND table_name = $3 AND view_name = $4",
						   4, types, values, NULL, SPI_OK_SELECT) == 1;
	SPI_finish();
	if (!ours || get_rel_relkind(found) != RELKIND_VIEW)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("relation \"%s\" already exists in schema \"%s\"", publication->view, publication->policy.name),
				 errhint("Give the view another name: view_name => '…'.")));
}

/* Whether the view can be replaced: its columns stay, others may follow. */
static bool
same_columns(Oid view, Oid fresh)
{
	Relation  old_view = table_open(view, NoLock);
	Relation  new_view = table_open(fresh, NoLock);
	TupleDesc a = RelationGetDescr(old_view);
	TupleDesc b = RelationGetDescr(new_view);
	bool      same = a->natts <= b->natts;

	for (int i = 0; same && i < a->natts; i++)
		same = strcmp(NameStr(TupleDescAttr(a, i)->attname), NameStr(TupleDescAttr(b, i)->attname)) == 0 &&
			TupleDescAttr(a, i)->atttypid == TupleDescAttr(b, i)->atttypid && TupleDescAttr(a, i)->atttypmod == TupleDescAttr(b, i)->atttypmod &&
			TupleDescAttr(a, i)->attcollation == TupleDescAttr(b, i)->attcollation;
	table_close(new_view, NoLock);
	table_close(old_view, NoLock);
	return same;
}

/* GRANT statements that give a view's readers their right again. */
static List *
grants_on(Oid view, const char *quoted)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid           types[1] = {OIDOID};
	Datum         values[1] = {ObjectIdGetDatum(view)};
	List         *grants = NIL;
	uint64        count;

	SPI_connect();
	count = ml_mask_catalog("SELECT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END, a.is_grantable"
							" FROM pg_class c CROSS JOIN aclexplode(c.relacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee"
							" WHERE c.oid = $1 AND a.privilege_type = 'SELECT' AND a.grantee <> c.relowner AND (a.grantee = 0 OR r.oid IS NOT NULL)",
							1, types, values, NULL, SPI_OK_SELECT);
	for (uint64 i = 0; i < count; i++)
	{
		char         *grantee = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
		bool          option = strcmp(SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2), "t") == 0;
		MemoryContext old = MemoryContextSwitchTo(caller);

		grants = lappend(grants, psprintf("GRANT SELECT ON %s TO %s%s", quoted, grantee, option ? " WITH GRANT OPTION" : ""));
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	return grants;
}

/*
 * Make the view under a passing name, as the caller.  Where the old one has the same columns it is replaced and keeps
 * what depends on it; else it is dropped, which the server refuses while other views use it.
 */
static void
make_view(MaskedTable *publication)
{
	char     *select = select_text(publication);
	char     *quoted = quoted_view(publication);
	char     *passing = psprintf("sustainml_view_%u", publication->relid);
	char     *quoted_passing = quote_qualified_identifier(publication->policy.name, passing);

	run(psprintf("CREATE VIEW %s WITH (security_barrier = true) AS %s", quoted_passing, select));
	if (OidIsValid(publication->view_oid))
	{
		Oid  fresh = get_relname_relid(passing, get_namespace_oid(publication->policy.name, false));
		bool replace;

		ATExecChangeOwner(publication->view_oid, GetUserId(), true, AccessExclusiveLock);
		CommandCounterIncrement();
		replace = same_columns(publication->view_oid, fresh);
		if (replace)
		{
			run(psprintf("DROP VIEW %s", quoted_passing));
			run(psprintf("CREATE OR REPLACE VIEW %s WITH (security_barrier = true) AS %s", quoted, select));
			return;
		}
		publication->grants = grants_on(publication->view_oid, quoted);
		run(psprintf("DROP VIEW %s", quoted));
	}
	run(psprintf("ALTER VIEW %s RENAME TO %s", quoted_passing, quote_identifier(publication->view)));
	publication->view_oid = get_relname_relid(publication->view, get_namespace_oid(publication->policy.name, false));
}

/* ---- grants ----------------------------------------------------------------------------------------------------- */

/* The policy's role reads the columns that the view uses, and no others. */
static void
grant_columns(const MaskedTable *publication)
{
	StringInfoData columns;
	char          *table = ml_quoted_relation(publication->relid);
	char          *role = pstrdup(quote_identifier(publication->policy.role_name));

	initStringInfo(&columns);
	for (int i = 0; i < publication->count; i++)
	{
		const Shown *shown = &publication->shown[i];

		bool         constant = shown->rule && (shown->rule->kind == ML_MASK_NULL || shown->rule->kind == ML_MASK_CONSTANT);

		/* a mask that looks at no value still does for those who see through it */
		if (shown->rule && (!constant || shown->rule->key || shown->rule->unmask_role))
			appendStringInfo(&columns, "%s%s", columns.len ? ", " : "", quote_identifier(shown->column));
	}
	run(psprintf("REVOKE ALL ON TABLE %s FROM %s", table, role));
	if (columns.len == 0)
		/* constants alone: counting rows takes a right on some column, and the first is not shown by it */
		appendStringInfoString(&columns, quote_identifier(publication->shown[0].column));
	run(psprintf("GRANT SELECT (%s) ON TABLE %s TO %s", columns.data, table, role));
}

static void
grant_readers(const MaskedTable *publication, ArrayType *readers)
{
	Datum *names;
	bool  *nulls;
	int    count;

	deconstruct_array(readers, TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		const char *role;

		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("grant_to has a NULL")));
		(void) get_role_oid(TextDatumGetCString(names[i]), false);
		role = pstrdup(quote_identifier(TextDatumGetCString(names[i])));
		run(psprintf("GRANT USAGE ON SCHEMA %s TO %s", quote_identifier(publication->policy.name), role));
		run_as(publication->policy.role, psprintf("GRANT SELECT ON TABLE %s TO %s", quoted_view(publication), role));
	}
}

static void
record(const MaskedTable *publication)
{
	Oid   types[5] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	Datum values[5] = {CStringGetTextDatum(publication->policy.name), CStringGetTextDatum(get_namespace_name(get_rel_namespace(publication->relid))),
					   CStringGetTextDatum(get_rel_name(publication->relid)), CStringGetTextDatum(publication->view),
					   CStringGetTextDatum(GetUserNameFromId(GetUserId(), false))};

	SPI_connect();
	(void) ml_mask_catalog("INSERT INTO sustainml.published_table (policy, table_schema, table_name, view_name, published_by, published_at)"
						   " VALUES ($1, $2, $3, $4, $5, clock_timestamp()) ON CONFLICT ON CONSTRAINT published_table_pkey"
						   " DO UPDATE SET published_by = excluded.published_by, published_at = excluded.published_at",
						   5, types, values, NULL, SPI_OK_INSERT);
	SPI_finish();
}

/* ---- publish ------------------------------------------------------------------------------------------------------ */

/* What was done, column by column; then rules without a column. */
static void
report(MlResult *result, const MaskedTable *publication, List *rules)
{
	ListCell *cell;

	for (int i = 0; i < publication->count; i++)
	{
		const Shown *shown = &publication->shown[i];

		ml_put_text(result, shown->column);
		ml_put_text(result, shown->rule ? ml_mask(shown->rule->kind)->name : NULL);
		ml_put_text(result, shown->rule ? shown->rule->unmask_role : NULL);
		ml_put_text(result, shown->rule ? shown->rule->key : NULL);
		ml_put_text(result, shown->note);
		ml_put_row(result);
	}
	foreach(cell, rules)
	{
		const MlRule *rule = lfirst(cell);

		if (get_attnum(publication->relid, rule->column) != InvalidAttrNumber)
			continue;
		ml_put_text(result, rule->column);
		ml_put_text(result, ml_mask(rule->kind)->name);
		ml_put_text(result, rule->unmask_role);
		ml_put_text(result, rule->key);
		ml_put_text(result, "the table has no such column");
		ml_put_row(result);
	}
}

static bool
row_security_on(Oid relid)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	bool      on;

	if (!HeapTupleIsValid(tuple))
		return false;
	on = ((Form_pg_class) GETSTRUCT(tuple))->relrowsecurity;
	ReleaseSysCache(tuple);
	return on;
}

/* The name under which the table was published before, or the one asked for, or its own. */
static const char *
view_name_of(const MaskedTable *publication, const char *asked)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid           types[3] = {TEXTOID, TEXTOID, TEXTOID};
	Datum         values[3] = {CStringGetTextDatum(publication->policy.name), CStringGetTextDatum(get_namespace_name(get_rel_namespace(publication->relid))),
							   CStringGetTextDatum(get_rel_name(publication->relid))};
	char         *name = NULL;

	SPI_connect();
	if (ml_mask_catalog("SELECT view_name FROM sustainml.published_table WHERE policy = $1 AND table_schema = $2 AND table_name = $3",
						3, types, values, NULL, SPI_OK_SELECT) == 1)
		name = MemoryContextStrdup(caller, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1));
	SPI_finish();
	if (name && asked && strcmp(name, asked) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("table \"%s\" is published under policy \"%s\" as \"%s\"", get_rel_name(publication->relid), publication->policy.name, name),
				 errhint("sustainml.unpublish it first.")));
	return name ? name : asked ? asked : get_rel_name(publication->relid);
}

PG_FUNCTION_INFO_V1(sustainml_publish);
Datum
sustainml_publish(PG_FUNCTION_ARGS)
{
	MaskedTable publication = {0};
	MlResult   *result;
	List       *rules;
	ListCell   *cell;
	char       *policy;
	char       *others;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("publish needs a table, a policy and what becomes of other columns")));
	publication.relid = PG_GETARG_OID(0);
	policy = text_to_cstring(PG_GETARG_TEXT_PP(1));
	others = text_to_cstring(PG_GETARG_TEXT_PP(3));
	if (strcmp(others, "hide") != 0 && strcmp(others, "null") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("others must be hide or null"),
				 errdetail("Columns without a rule are left out of the view, or are NULL in it.")));
	ml_mask_check_table(publication.relid, ShareUpdateExclusiveLock, "publish");
	result = ml_result_begin(fcinfo);
	open_policy(policy, &publication.policy);
	publication.view = view_name_of(&publication, PG_ARGISNULL(4) ? NULL : NameStr(*PG_GETARG_NAME(4)));
	rules = ml_rules_of(publication.relid, policy);
	read_columns(&publication, rules, strcmp(others, "null") == 0);
	find_view(&publication);
	make_view(&publication);
	grant_columns(&publication);
	/* from here on the view is not the caller's, who may be one of its readers */
	ATExecChangeOwner(publication.view_oid, publication.policy.role, true, AccessExclusiveLock);
	CommandCounterIncrement();
	run(psprintf("GRANT USAGE ON SCHEMA %s TO %s", quote_identifier(publication.policy.name), quote_identifier(publication.policy.role_name)));
	foreach(cell, publication.grants)
		run_as(publication.policy.role, lfirst(cell));
	if (!PG_ARGISNULL(2))
		grant_readers(&publication, PG_GETARG_ARRAYTYPE_P(2));
	record(&publication);
	report(result, &publication, rules);
	if (row_security_on(publication.relid))
		ereport(NOTICE,
				(errmsg("the view shows the rows that row level security gives to role \"%s\"", publication.policy.role_name),
				 errhint("CREATE POLICY … ON %s TO %s USING (…) says which; without one there are none.", get_rel_name(publication.relid),
						 quote_identifier(publication.policy.role_name))));
	return ml_result_end(result);
}

/* ---- unpublish ---------------------------------------------------------------------------------------------------- */

PG_FUNCTION_INFO_V1(sustainml_unpublish);
Datum
sustainml_unpublish(PG_FUNCTION_ARGS)
{
	Oid           relid = PG_GETARG_OID(0);
	char         *policy = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	MemoryContext caller = CurrentMemoryContext;
	Oid           types[3] = {TEXTOID, TEXTOID, TEXTOID};
	Datum         values[3];
	List         *found = NIL;
	ListCell     *cell;
	uint64        count;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("unpublish needs a table")));
	ml_mask_check_table(relid, ShareUpdateExclusiveLock, "unpublish");
	values[0] = CStringGetTextDatum(get_namespace_name(get_rel_namespace(relid)));
	values[1] = CStringGetTextDatum(get_rel_name(relid));
	values[2] = CStringGetTextDatum(policy ? policy : "");
	SPI_connect();
	count = ml_mask_catalog("DELETE FROM sustainml.published_table t USING sustainml.masking_policy p WHERE t.policy = p.policy AND t.table_schema = $1"
							" AND t.table_name = $2 AND ($3 = '' OR t.policy = $3) RETURNING t.policy, t.view_name, p.role_name",
							3, types, values, NULL, SPI_OK_DELETE_RETURNING);
	for (uint64 i = 0; i < count; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(caller);

		found = lappend(found, list_make3(SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1),
										  SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2),
										  SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 3)));
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
	foreach(cell, found)
	{
		List *one = lfirst(cell);
		Oid   schema = get_namespace_oid(linitial(one), true);
		Oid   view = OidIsValid(schema) ? get_relname_relid(lsecond(one), schema) : InvalidOid;

		if (OidIsValid(view) && get_rel_relkind(view) == RELKIND_VIEW)
		{
			ATExecChangeOwner(view, GetUserId(), true, AccessExclusiveLock);
			CommandCounterIncrement();
			run(psprintf("DROP VIEW %s", quote_qualified_identifier(linitial(one), lsecond(one))));
		}
		if (OidIsValid(get_role_oid(lthird(one), true)))
			run(psprintf("REVOKE ALL ON TABLE %s FROM %s", ml_quoted_relation(relid), quote_identifier(lthird(one))));
	}
	if (policy && count == 0)
		ereport(NOTICE,
				(errmsg("table \"%s\" is not published under policy \"%s\"", get_rel_name(relid), policy)));
	PG_RETURN_INT32((int32) count);
}
