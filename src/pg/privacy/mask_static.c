/*
 * mask_static.c - static masking: the values in the table itself are replaced by masked ones.
 *
 * A job walks over the primary key, some rows at a time, and remembers the last key it masked; each step is a transaction of its
 * own (sustainml.mask_in_place commits between them), and a job that was interrupted goes on where it was.  A value is thus
 * masked once, never twice.  Without a primary key of built-in types, or when the key itself is masked, there is one step.
 *
 * The updates run as the table's owner, restricted as the server does for maintenance when somebody else calls, so that triggers
 * and index expressions of the owner never run with a superuser's rights.  Row security must not hide rows: an
 * error then.  At the end ANALYZE replaces the statistics, which hold values.
 */
#include "../compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/index.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

#include "../catalog.h"
#include "../meter.h"
#include "key_admin.h"
#include "mask.h"

#define KEYS_MOST 8 /* columns of a primary key */

typedef struct Job
{
	int32  job_no;
	Oid    relid;
	List  *rules;              /* that change values */
	int    key_count;          /* 0: one step */
	char  *key[KEYS_MOST];
	char  *key_type[KEYS_MOST];
} Job;

/* ---- what can be masked in place --------------------------------------------------------------------- */

pg_noreturn static void
cannot(const char *column, const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot mask column \"%s\" in place", column),
			 errdetail("%s", detail),
			 errhint("%s", hint)));
}

/* Unique indexes need a mask that keeps different values apart. */
static void
check_indexes(Relation relation, AttrNumber number, const MlRule *rule)
{
	List     *indexes = RelationGetIndexList(relation);
	ListCell *cell;

	foreach(cell, indexes)
	{
		HeapTuple     tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));
		Form_pg_index form;
		bool          has = false;

		if (!HeapTupleIsValid(tuple))
			continue;
		form = (Form_pg_index) GETSTRUCT(tuple);
		for (int i = 0; form->indisunique && i < form->indnkeyatts; i++)
			has = has || form->indkey.values[i] == number;
		ReleaseSysCache(tuple);
		if (has && !ml_mask(rule->kind)->injective)
			cannot(rule->column, psprintf("It is part of unique index \"%s\", and mask \"%s\" can make different values equal.",
										  get_rel_name(lfirst_oid(cell)), ml_mask(rule->kind)->name),
				   "Use the mask pseudonym or hash, or drop the index.");
	}
	list_free(indexes);
}

static bool
holds_number(HeapTuple tuple, TupleDesc row, int attribute, AttrNumber number)
{
	bool       isnull;
	Datum      value = heap_getattr(tuple, attribute, row, &isnull);
	ArrayType *numbers;

	if (isnull)
		return false;
	numbers = DatumGetArrayTypeP(value);
	for (int i = 0; i < ARR_DIMS(numbers)[0]; i++)
		if (((int16 *) ARR_DATA_PTR(numbers))[i] == number)
			return true;
	return false;
}

/* A foreign key on either side would break, or need the same change elsewhere. */
static void
check_foreign_keys(Oid relid, AttrNumber number, const char *column)
{
	Relation    constraints = table_open(ConstraintRelationId, AccessShareLock);
	TupleDesc   row = RelationGetDescr(constraints);
	SysScanDesc scan = systable_beginscan(constraints, InvalidOid, false, NULL, 0, NULL);
	HeapTuple   tuple;

	while ((tuple = systable_getnext(scan)) != NULL)
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);

		if (form->contype != CONSTRAINT_FOREIGN)
			continue;
		if ((form->conrelid == relid && holds_number(tuple, row, Anum_pg_constraint_conkey, number)) ||
			(form->confrelid == relid && holds_number(tuple, row, Anum_pg_constraint_confkey, number)))
			cannot(column, psprintf("Foreign key \"%s\" of table \"%s\" uses it.", NameStr(form->conname), get_rel_name(form->conrelid)),
				   "Drop the foreign key, mask the columns on both sides with the mask pseudonym in one domain, and add it again.");
	}
	systable_endscan(scan);
	table_close(constraints, AccessShareLock);
}

static void
check_column(Relation relation, const MlRule *rule)
{
	AttrNumber        number = get_attnum(RelationGetRelid(relation), rule->column);
	Form_pg_attribute attribute;

	if (number == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table \"%s\" has no column \"%s\", for which there is a masking rule", RelationGetRelationName(relation), rule->column),
				 errhint("sustainml.mask gives the column of the new name a rule.")));
	attribute = TupleDescAttr(RelationGetDescr(relation), number - 1);
	ml_mask_check(rule->kind, &rule->args, attribute->atttypid, attribute->atttypmod, rule->column);
	if (attribute->attgenerated)
		cannot(rule->column, "It is a generated column.", "Mask the columns that it is made of.");
	if (attribute->attidentity == ATTRIBUTE_IDENTITY_ALWAYS)
		cannot(rule->column, "It is an identity column with values that are always generated.", "ALTER TABLE … SET GENERATED BY DEFAULT.");
	if (ml_rule_changes_type(rule, attribute->atttypid))
		cannot(rule->column, psprintf("Mask \"%s\" gives text, and the column is of type %s.", ml_mask(rule->kind)->name, format_type_be(attribute->atttypid)),
			   "Use a mask that keeps the type, such as round or pseudonym.");
	if (rule->kind == ML_MASK_NULL && attribute->attnotnull)
		cannot(rule->column, "It is NOT NULL.", "Use the mask constant.");
	check_indexes(relation, number, rule);
	check_foreign_keys(RelationGetRelid(relation), number, rule->column);
}

/* The rules that change values; errors when there are none. */
static List *
rules_in_place(Oid relid, const char *policy)
{
	List     *all = ml_rules_of(relid, policy);
	List     *rules = NIL;
	Relation  relation = table_open(relid, NoLock);
	ListCell *cell;

	if (relation->rd_rel->relkind != RELKIND_RELATION && relation->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" cannot be masked in place", RelationGetRelationName(relation)),
				 errdetail("Only tables can.")));
	foreach(cell, all)
	{
		MlRule *rule = lfirst(cell);

		/* the rule of the policy comes first and hides the one of all policies */
		if (ml_rule_for(all, rule->column) != rule || rule->kind == ML_MASK_KEEP)
			continue;
		check_column(relation, rule);
		rules = lappend(rules, rule);
	}
	table_close(relation, NoLock);
	if (rules == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has no masking rule that changes anything", get_rel_name(relid)),
				 errhint("sustainml.mask sets one.")));
	return rules;
}

/* ---- the key to walk along ---------------------------------------------------------------------------------- */

/* Names and types of the primary key; none when it cannot be walked along. */
static void
find_key(Job *job)
{
	Relation      relation = table_open(job->relid, NoLock);
	Oid           primary = ml_primary_key_index(relation);
	HeapTuple     tuple = OidIsValid(primary) ? SearchSysCache1(INDEXRELID, ObjectIdGetDatum(primary)) : NULL;
	Form_pg_index form;

	job->key_count = 0;
	if (HeapTupleIsValid(tuple))
	{
		form = (Form_pg_index) GETSTRUCT(tuple);
		for (int i = 0; i < form->indnkeyatts && i < KEYS_MOST; i++)
		{
			Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), form->indkey.values[i] - 1);

			job->key[i] = pstrdup(NameStr(attribute->attname));
			job->key_type[i] = format_type_extended(attribute->atttypid, -1, FORMAT_TYPE_FORCE_QUALIFY);
			job->key_count = i + 1;
			if (attribute->atttypid >= FirstNormalObjectId || ml_rule_for(job->rules, job->key[i]) || form->indnkeyatts > KEYS_MOST)
			{
				job->key_count = 0;
				break;
			}
		}
		ReleaseSysCache(tuple);
	}
	table_close(relation, NoLock);
}

/* "t.a, t.b" */
static char *
key_list(const Job *job, const char *suffix)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < job->key_count; i++)
		appendStringInfo(&text, "%st.%s%s", i ? ", " : "", quote_identifier(job->key[i]), suffix);
	return text.data;
}

/* "ROW(t.a, t.b) > ROW('1'::int4, '2'::int4)"; the values are those of a JSON array of texts. */
static char *
key_compare(const Job *job, const char *operator, char *const *values)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "ROW(%s) %s ROW(", key_list(job, ""), operator);
	for (int i = 0; i < job->key_count; i++)
		appendStringInfo(&text, "%s%s::%s", i ? ", " : "", quote_literal_cstr(values[i]), job->key_type[i]);
	appendStringInfoChar(&text, ')');
	return text.data;
}

/* ---- running as the owner ------------------------------------------------------------------------------------------ */

typedef struct AsOwner
{
	Oid user;
	int context;
	int level;
} AsOwner;

static void
begin_as_owner(Oid relid, AsOwner *scope)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid       owner;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", relid);
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	GetUserIdAndSecContext(&scope->user, &scope->context);
	if (owner != scope->user)
		SetUserIdAndSecContext(owner, scope->context | SECURITY_RESTRICTED_OPERATION);
	scope->level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	/* keys are written and read as text, perhaps by two sessions */
	(void) set_config_option("datestyle", "ISO, YMD", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("row_security", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

/* Along the key's index, whatever the planner expects: else each of many steps could read, or sort, the whole table. */
static void
walk_the_index(void)
{
	(void) set_config_option("enable_seqscan", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("enable_sort", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

static void
end_as_owner(const AsOwner *scope)
{
	AtEOXact_GUC(true, scope->level);
	SetUserIdAndSecContext(scope->user, scope->context);
}

static uint64
execute(const char *statement, int expected)
{
	int code = SPI_execute(statement, false, 0);

	if (code != expected)
		elog(ERROR, "unexpected result of a statement: %s", SPI_result_code_string(code));
	return SPI_processed;
}

/* ---- the updates ---------------------------------------------------------------------------------------------------- */

/* "a = mask(t.a), b = …" of all rules but those that shuffle; NULL when there are none. */
static char *
assignments(const Job *job)
{
	StringInfoData text;
	ListCell      *cell;

	initStringInfo(&text);
	foreach(cell, job->rules)
	{
		MlRule *rule = lfirst(cell);
		Oid     type;
		int32   typmod;
		Oid     collation;

		if (ml_mask(rule->kind)->static_only)
			continue;
		get_atttypetypmodcoll(job->relid, get_attnum(job->relid, rule->column), &type, &typmod, &collation);
		appendStringInfo(&text, "%s%s = %s", text.len ? ", " : "", quote_identifier(rule->column), ml_rule_expression(rule, type, typmod, false));
	}
	return text.len ? text.data : NULL;
}

static uint64
shuffle(const Job *job, const char *column)
{
	char       *table = ml_quoted_relation(job->relid);
	const char *quoted = quote_identifier(column);

	return execute(psprintf("WITH place AS (SELECT t.tableoid AS part, t.ctid AS id, row_number() OVER () AS n FROM %s AS t),"
							" dealt AS (SELECT t.%s AS v, row_number() OVER (ORDER BY gen_random_uuid()) AS n FROM %s AS t)"
							" UPDATE %s AS t SET %s = dealt.v FROM place JOIN dealt ON dealt.n = place.n"
							" WHERE t.ctid = place.id AND t.tableoid = place.part", table, quoted, table, table, quoted), SPI_OK_UPDATE);
}

/* The last key of the next rows as texts; NULL when there are no more. */
static char **
page_end(const Job *job, char *const *after, int batch)
{
	char  *where = after ? psprintf(" WHERE %s", key_compare(job, ">", after)) : pstrdup("");
	char **last;

	if (execute(psprintf("SELECT %s FROM %s AS t%s ORDER BY %s OFFSET %d LIMIT 1", key_list(job, "::text"), ml_quoted_relation(job->relid), where,
						 key_list(job, ""), batch - 1), SPI_OK_SELECT) == 0 &&
		execute(psprintf("SELECT %s FROM %s AS t%s ORDER BY %s LIMIT 1", key_list(job, "::text"), ml_quoted_relation(job->relid), where,
						 key_list(job, " DESC")), SPI_OK_SELECT) == 0)
		return NULL;
	last = palloc(sizeof(char *) * job->key_count);
	for (int i = 0; i < job->key_count; i++)
		last[i] = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1);
	return last;
}

/* ---- the job's row ------------------------------------------------------------------------------------------------------ */

static ArrayType *
text_array(char *const *texts, int count)
{
	Datum *values = palloc(sizeof(Datum) * Max(count, 1));

	for (int i = 0; i < count; i++)
		values[i] = CStringGetTextDatum(texts[i]);
	return construct_array(values, count, TEXTOID, -1, false, TYPALIGN_INT);
}

static ArrayType *
masked_columns(const Job *job)
{
	char    **names = palloc(sizeof(char *) * Max(list_length(job->rules), 1));
	ListCell *cell;
	int       count = 0;

	foreach(cell, job->rules)
	{
		MlRule *rule = lfirst(cell);
		Jsonb  *args = ml_mask_args_json(&rule->args);

		names[count++] = psprintf("%s: %s %s", rule->column, ml_mask(rule->kind)->name, JsonbToCString(NULL, &args->root, VARSIZE(args)));
	}
	return text_array(names, count);
}

PG_FUNCTION_INFO_V1(sustainml_mask_static_begin);
Datum
sustainml_mask_static_begin(PG_FUNCTION_ARGS)
{
	Job    job = {0};
	char  *confirm = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char  *policy = text_to_cstring(PG_GETARG_TEXT_PP(2));
	Oid    types[6] = {INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTARRAYOID, TEXTOID};
	Datum  values[6];
	bool   isnull;
	char  *name;
	uint64 found;

	job.relid = PG_GETARG_OID(0);
	ml_mask_check_table(job.relid, ShareUpdateExclusiveLock, "mask");
	name = get_rel_name(job.relid);
	if (strcmp(confirm, name) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("table \"%s\" is not masked", name),
				 errdetail("The values in it would be gone for good."),
				 errhint("Repeat the name: confirm => %s.", quote_literal_cstr(name))));
	job.rules = rules_in_place(job.relid, policy);
	values[0] = Int32GetDatum(ml_random_number());
	values[1] = CStringGetTextDatum(get_namespace_name(get_rel_namespace(job.relid)));
	values[2] = CStringGetTextDatum(name);
	values[3] = CStringGetTextDatum(policy);
	values[4] = PointerGetDatum(masked_columns(&job));
	values[5] = CStringGetTextDatum(GetUserNameFromId(GetUserId(), false));
	SPI_connect();
	found = ml_mask_catalog("SELECT job_no, columns = $5 FROM sustainml.masking_job WHERE table_schema = $2 AND table_name = $3 AND policy = $4"
							" AND finished_at IS NULL AND $1 IS NOT NULL AND $6 IS NOT NULL", 6, types, values, NULL, SPI_OK_SELECT);
	if (found)
	{
		job.job_no = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
		if (!DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull)))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("rules of table \"%s\" have changed since an interrupted masking began", name),
					 errdetail("Job %d of sustainml.masking_jobs has masked a part of the table by the rules it lists.", job.job_no),
					 errhint("Set the rules as they were and call again; then mask by the new ones.")));
	}
	else
	{
		job.job_no = DatumGetInt32(values[0]);
		(void) ml_mask_catalog("INSERT INTO sustainml.masking_job (job_no, table_schema, table_name, policy, columns, started_by, started_at, rows)"
							   " VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp(), 0)", 6, types, values, NULL, SPI_OK_INSERT);
	}
	SPI_finish();
	ereport(LOG,
			(errmsg("sustainml static masking %s: job=%d table=\"%s\" role=\"%s\"", found ? "goes on" : "begins", job.job_no, name,
					GetUserNameFromId(GetUserId(), false)),
			 errhidestmt(true), errhidecontext(true)));
	PG_RETURN_INT32(job.job_no);
}

/* Where the job is: the last key, NULL at the beginning. */
static char **
job_position(int32 job_no, int key_count)
{
	Oid        types[1] = {INT4OID};
	Datum      values[1] = {Int32GetDatum(job_no)};
	Datum     *keys;
	bool       isnull;
	int        count;
	char     **last;
	Datum      array;

	if (ml_mask_catalog("SELECT last_key FROM sustainml.masking_job WHERE job_no = $1 AND finished_at IS NULL FOR UPDATE", 1, types, values, NULL, SPI_OK_SELECT) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("masking job %d is not open", job_no)));
	array = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (isnull)
		return NULL;
	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &keys, NULL, &count);
	if (count != key_count)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the primary key has changed since masking job %d began", job_no)));
	last = palloc(sizeof(char *) * count);
	for (int i = 0; i < count; i++)
		last[i] = TextDatumGetCString(keys[i]);
	return last;
}

static void
save_position(const Job *job, char *const *last, uint64 rows, bool finished)
{
	Oid   types[4] = {INT4OID, TEXTARRAYOID, INT8OID, BOOLOID};
	Datum values[4] = {Int32GetDatum(job->job_no), last ? PointerGetDatum(text_array(last, job->key_count)) : (Datum) 0, Int64GetDatum((int64) rows),
					   BoolGetDatum(finished)};

	(void) ml_mask_catalog("UPDATE sustainml.masking_job SET last_key = $2, rows = rows + $3, finished_at = CASE WHEN $4 THEN clock_timestamp() END"
						   " WHERE job_no = $1", 4, types, values, last ? "    " : " n  ", SPI_OK_UPDATE);
}

/* Everything in one step: no key to walk along. */
static uint64
mask_whole(const Job *job)
{
	char *set = assignments(job);

	return set ? execute(psprintf("UPDATE %s AS t SET %s", ml_quoted_relation(job->relid), set), SPI_OK_UPDATE) : 0;
}

/* One step; true when it was the last. */
static bool
step(Job *job, int batch, uint64 *rows)
{
	char   **after = job_position(job->job_no, job->key_count);
	char    *set = assignments(job);
	char   **last = NULL;
	ListCell *cell;
	AsOwner  scope;
	uint64   shuffled = 0;
	bool     done;

	begin_as_owner(job->relid, &scope);
	if (after == NULL)
		foreach(cell, job->rules)
		{
			MlRule *rule = lfirst(cell);

			if (rule->kind == ML_MASK_SHUFFLE)
				shuffled = shuffle(job, rule->column);
		}
	if (job->key_count == 0 || set == NULL)
	{
		*rows = set ? mask_whole(job) : shuffled;
		done = true;
	}
	else
	{
		walk_the_index();
		last = page_end(job, after, batch);
		done = last == NULL;
		if (!done)
			*rows = execute(psprintf("UPDATE %s AS t SET %s WHERE %s%s%s", ml_quoted_relation(job->relid), set,
									 key_compare(job, "<=", last), after ? " AND " : "", after ? key_compare(job, ">", after) : ""), SPI_OK_UPDATE);
	}
	if (done)
		(void) execute(psprintf("ANALYZE %s", ml_quoted_relation(job->relid)), SPI_OK_UTILITY);
	end_as_owner(&scope);
	save_position(job, done ? NULL : last, *rows, done);
	return done;
}

PG_FUNCTION_INFO_V1(sustainml_mask_static_step);
Datum
sustainml_mask_static_step(PG_FUNCTION_ARGS)
{
	Job       job = {0};
	char     *policy = text_to_cstring(PG_GETARG_TEXT_PP(2));
	int32     batch = PG_GETARG_INT32(3);
	MlRun    *run = ml_run_begin("mask");
	uint64    rows = 0;
	bool      done;
	MlFigures figures;

	if (batch < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("batch_rows must be at least 1")));
	job.relid = PG_GETARG_OID(0);
	job.job_no = PG_GETARG_INT32(1);
	ml_mask_check_table(job.relid, ShareUpdateExclusiveLock, "mask");
	job.rules = rules_in_place(job.relid, policy);
	find_key(&job);
	if (job.key_count == 0)
		LockRelationOid(job.relid, ShareRowExclusiveLock);
	SPI_connect();
	done = step(&job, batch, &rows);
	SPI_finish();
	ml_run_end(run, NULL, NULL, 0, (int64) rows, &figures);
	if (done)
		ereport(NOTICE,
				(errmsg("table \"%s\" is masked", get_rel_name(job.relid)),
				 errdetail("The old values are still in dead rows of its files, in WAL, backups and replicas."),
				 errhint("VACUUM FULL the table and pg_statistic, take a new base backup and let old ones and archived WAL expire.")));
	if (done)
		PG_RETURN_NULL();
	PG_RETURN_INT64((int64) rows);
}
