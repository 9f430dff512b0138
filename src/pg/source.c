/*
 * source.c - look at a source, and scan it.
 *
 * A scan is run with a receiver of our own, so that each row is handed
 * over as it leaves the executor: nothing is materialised, and memory does not
 * grow with the rows.
 */
#include "compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_operator.h"
#include "executor/execdesc.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "executor/tuptable.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/regproc.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/typcache.h"
#include "utils/varlena.h"

#include "nearest.h"
#include "privacy/learn.h"
#include "source.h"

/* ---- is it a query? ---------------------------------------------------------- */

static bool
starts_with_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	return pg_strncasecmp(text, word, length) == 0 &&
		   (text[length] == '\0' || !(isalnum((unsigned char) text[length]) || text[length] == '_' ||
									  text[length] == '.' || text[length] == '"'));
}

/* Skip blanks, comments and opening parentheses. */
static const char *
skip_to_first_word(const char *text)
{
	for (;;)
	{
		while (isspace((unsigned char) *text) || *text == '(')
			text++;
		if (text[0] == '-' && text[1] == '-')
			while (*text && *text != '\n')
				text++;
		else if (text[0] == '/' && text[1] == '*')
		{
			const char *end = strstr(text + 2, "*/");

			if (end == NULL)
				return text;
			text = end + 2;
		}
		else
			return text;
	}
}

/* Whether nothing but blanks follows the first word: then it is a name, since no query is one word. */
static bool
is_one_word(const char *text)
{
	while (isalnum((unsigned char) *text) || *text == '_')
		text++;
	while (isspace((unsigned char) *text))
		text++;
	return *text == '\0';
}

static bool
looks_like_query(const char *text)
{
	static const char *const words[] = {"select", "with", "values", "table", "insert", "update", "delete",
										"merge", "create", "drop", "alter", "truncate", "copy", "call", "do"};
	const char *start = skip_to_first_word(text);

	for (size_t i = 0; i < lengthof(words); i++)
		if (starts_with_word(start, words[i]))
			return !is_one_word(start);
	return false;
}

/* ---- a query ------------------------------------------------------------------ */

/* Whether a raw query writes or locks anywhere: as a whole, in WITH, or in a subquery. */
static bool
writes(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_SelectStmt:
			if (((SelectStmt *) node)->intoClause != NULL || ((SelectStmt *) node)->lockingClause != NIL)
				return true;
			break;
		case T_InsertStmt:
		case T_UpdateStmt:
		case T_DeleteStmt:
#ifdef ML_HAVE_MERGE
		case T_MergeStmt:
#endif
			return true;
		default:
			break;
	}
	return raw_expression_tree_walker(node, writes, context);
}

static RawStmt *
only_select(List *parsed)
{
	RawStmt *raw;

	if (list_length(parsed) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("the source must be one query, not %d statements", list_length(parsed)),
				 errhint("Leave out semicolons, or name a table or view.")));
	raw = linitial_node(RawStmt, parsed);
	if (!IsA(raw->stmt, SelectStmt) || writes(raw->stmt, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the source must be a query that only reads"),
				 errhint("Use SELECT, VALUES, TABLE or WITH … SELECT without locks, or name a table or view.")));
	return raw;
}

/* The text of the one statement, without a semicolon behind it. */
static char *
text_of_statement(const char *text, const RawStmt *raw)
{
	return raw->stmt_len > 0 ? pnstrdup(text + raw->stmt_location, raw->stmt_len) : pstrdup(text + raw->stmt_location);
}

/*
 * The query goes between parentheses into a larger one.  That larger text must
 * parse to a SELECT from exactly this query, else a stray parenthesis or comment in
 * the user's text would have changed its meaning.
 */
static void
check_wrapped(const char *from, Node *expected)
{
	List           *parsed = raw_parser(psprintf("SELECT 1 FROM %s AS s", from), RAW_PARSE_DEFAULT);
	SelectStmt     *outer = (SelectStmt *) only_select(parsed)->stmt;
	RangeSubselect *inner;

	if (list_length(outer->fromClause) == 1 && IsA(linitial(outer->fromClause), RangeSubselect))
	{
		inner = linitial_node(RangeSubselect, outer->fromClause);
		if (equal(inner->subquery, expected))
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_SYNTAX_ERROR),
			 errmsg("the source query cannot be used as a subquery"),
			 errhint("Look for unbalanced parentheses or an open comment.")));
}

/* A name that two columns have cannot be told apart in a row, so it cannot be a feature. */
static void
check_distinct_names(const MlSource *source)
{
	for (int i = 0; i < source->column_count; i++)
		for (int k = 0; k < i; k++)
			if (strcmp(source->columns[i].name, source->columns[k].name) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_COLUMN),
						 errmsg("the source has two columns \"%s\"", source->columns[i].name),
						 errhint("Give one of them another name with AS, or leave it out.")));
}

/* The analysed query over the source; inside SPI_connect. */
static CachedPlanSource *
analyse(const MlSource *source)
{
	SPIPlanPtr plan = SPI_prepare(psprintf("SELECT * FROM %s AS s", source->from), 0, NULL);

	if (plan == NULL)
		elog(ERROR, "SPI_prepare: %s", SPI_result_code_string(SPI_result));
	return linitial(SPI_plan_get_plan_sources(plan));
}

/* Whether row security applies to the caller anywhere in a rewritten query. */
static bool
has_policies(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, RangeTblEntry))
		return ((RangeTblEntry *) node)->securityQuals != NIL;
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, has_policies, context, QTW_EXAMINE_RTES_BEFORE);
	return expression_tree_walker(node, has_policies, context);
}

/* Point at the place in the source, not in the statement that it is an argument of. */
static void
place_of_error(void *text)
{
	int position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(text);
	}
	errcontext("source query");
}

static RawStmt *
parse_source(char *text)
{
	ErrorContextCallback callback = {error_context_stack, place_of_error, text};
	RawStmt             *raw;

	error_context_stack = &callback;
	raw = only_select(raw_parser(text, RAW_PARSE_DEFAULT));
	error_context_stack = callback.previous;
	return raw;
}

static void
open_query(MlSource *source)
{
	RawStmt          *raw = parse_source(source->text);
	CachedPlanSource *analysed;
	TupleDesc         row;

	/* the newline ends a trailing comment of the user's */
	source->from = psprintf("(%s\n)", text_of_statement(source->text, raw));
	check_wrapped(source->from, raw->stmt);

	SPI_connect();
	analysed = analyse(source);
	source->row_security = has_policies(linitial(analysed->query_list), NULL);
	row = analysed->resultDesc;
	source->column_count = row->natts;
	source->columns = SPI_palloc(sizeof(MlSourceColumn) * Max(row->natts, 1));
	memset(source->columns, 0, sizeof(MlSourceColumn) * Max(row->natts, 1));
	for (int i = 0; i < row->natts; i++)
	{
		Form_pg_attribute  attribute = TupleDescAttr(row, i);
		const char        *name = NameStr(attribute->attname);
		char              *copy = SPI_palloc(strlen(name) + 1);

		strcpy(copy, name);
		source->columns[i].name = copy;
		source->columns[i].type = attribute->atttypid;
		source->columns[i].typmod = attribute->atttypmod;
	}
	SPI_finish();
	check_distinct_names(source);
}

/* ---- a relation ----------------------------------------------------------------- */

pg_noreturn static void
unknown_relation(const char *text, List *names)
{
	RangeVar *wanted = makeRangeVarFromNameList(names);
	char     *nearest = ml_nearest_relation(wanted->schemaname, wanted->relname);

	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_TABLE),
			 errmsg("relation \"%s\" does not exist", text),
			 nearest ? errhint("Perhaps you meant \"%s\".", nearest) :
			 errhint("A source is the name of a table or view, or a query that starts with SELECT, WITH, VALUES or TABLE.")));
}

static void
mark_primary_key(Relation relation, MlSource *source, const int *position)
{
	Oid        key = ml_primary_key_index(relation);
	HeapTuple  tuple;
	Form_pg_index index;

	if (!OidIsValid(key))
		return;
	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(key));
	if (!HeapTupleIsValid(tuple))
		return;
	index = (Form_pg_index) GETSTRUCT(tuple);
	for (int i = 0; i < index->indnkeyatts; i++)
		if (index->indkey.values[i] > 0)
			source->columns[position[index->indkey.values[i] - 1]].is_key = true;
	ReleaseSysCache(tuple);
}

List *
ml_name_list(const char *text)
{
	List     *parts;
	List     *names = NIL;
	ListCell *cell;

	if (!SplitIdentifierString(pstrdup(text), '.', &parts))
		return NIL;
	foreach(cell, parts)
		names = lappend(names, makeString(pstrdup(lfirst(cell))));
	return names;
}

static void
open_relation(MlSource *source)
{
	List     *names;
	Relation  relation;
	TupleDesc row;
	int      *position;
	Oid       relid;

	names = ml_name_list(source->text);
	if (names == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("the source \"%s\" is neither a name nor a query", source->text),
				 errhint("A source is the name of a table or view, or a query that starts with SELECT, WITH, VALUES or TABLE.")));
	relid = RangeVarGetRelid(makeRangeVarFromNameList(names), AccessShareLock, true);
	if (!OidIsValid(relid))
		unknown_relation(source->text, names);
	relation = relation_open(relid, NoLock);
	switch (relation->rd_rel->relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_FOREIGN_TABLE:
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("\"%s\" is not a table or view", source->text),
					 errhint("A source is the name of a table or view, or a query that starts with SELECT, WITH, VALUES or TABLE.")));
	}
	source->relid = relid;
	source->from = quote_qualified_identifier(get_namespace_name(RelationGetNamespace(relation)),
											  RelationGetRelationName(relation));
	row = RelationGetDescr(relation);
	source->columns = palloc0(sizeof(MlSourceColumn) * Max(row->natts, 1));
	position = palloc(sizeof(int) * Max(row->natts, 1));
	for (int i = 0; i < row->natts; i++)
	{
		Form_pg_attribute  attribute = TupleDescAttr(row, i);
		MlSourceColumn    *column;

		position[i] = source->column_count;
		if (attribute->attisdropped)
			continue;
		column = &source->columns[source->column_count++];
		column->name = pstrdup(NameStr(attribute->attname));
		column->type = attribute->atttypid;
		column->typmod = attribute->atttypmod;
		column->not_null = attribute->attnotnull;
		column->is_generated_identity = attribute->attidentity != '\0';
	}
	mark_primary_key(relation, source, position);
	pfree(position);
	relation_close(relation, NoLock);
	SPI_connect();
	source->row_security = has_policies(linitial(analyse(source)->query_list), NULL);
	SPI_finish();
}

MlSource *
ml_source_open(const char *text)
{
	MlSource *source = palloc0(sizeof(MlSource));

	source->text = pstrdup(text);
	if (looks_like_query(text))
		open_query(source);
	else
		open_relation(source);
	if (source->column_count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
				 errmsg("the source has no columns")));
	ml_source_mark_sealed(source);
	return source;
}

/* ---- columns -------------------------------------------------------------------- */

int
ml_source_find(const MlSource *source, const char *name)
{
	int found = -1;

	for (int i = 0; i < source->column_count; i++)
		if (strcmp(source->columns[i].name, name) == 0)
			return i;
	for (int i = 0; i < source->column_count; i++)
		if (pg_strcasecmp(source->columns[i].name, name) == 0)
		{
			if (found >= 0)
				return -1;
			found = i;
		}
	return found;
}

/* The first names of a list, for a hint. */
static char *
some_names(const char *const *names, int count)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < count && i < 10; i++)
		appendStringInfo(&list, "%s%s", i ? ", " : "", names[i]);
	if (count > 10)
		appendStringInfo(&list, " and %d more", count - 10);
	return list.data;
}

int
ml_source_column(const MlSource *source, const char *name, const char *what)
{
	int          found = ml_source_find(source, name);
	const char **names;
	const char  *nearest;

	if (found >= 0)
		return found;
	names = palloc(sizeof(char *) * source->column_count);
	for (int i = 0; i < source->column_count; i++)
		names[i] = source->columns[i].name;
	nearest = ml_nearest_name(name, names, source->column_count);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("column \"%s\" (%s) does not exist in the source", name, what),
			 errdetail("The source is %s.", source->text),
			 nearest ? errhint("Perhaps you meant \"%s\".", nearest) : errhint("Its columns are %s.", some_names(names, source->column_count))));
}

void
ml_source_check_right(const MlSource *source, int column)
{
	const char *name = source->columns[column].name;

	if (!OidIsValid(source->relid) || pg_class_aclcheck(source->relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
		pg_attribute_aclcheck(source->relid, get_attnum(source->relid, name), GetUserId(), ACL_SELECT) == ACLCHECK_OK)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for column \"%s\" of %s", name, source->from),
			 errhint("Ask for SELECT on it, or leave it out with features or exclude.")));
}

char *
ml_operator(Oid type, int strategy)
{
	TypeCacheEntry  *entry = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY);
	Oid              found = OidIsValid(entry->btree_opf) ?
		get_opfamily_member(entry->btree_opf, entry->btree_opintype, entry->btree_opintype, strategy) : InvalidOid;
	HeapTuple        tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(found));
	Form_pg_operator form;
	char            *text;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("type %s has no order", format_type_be(type))));
	form = (Form_pg_operator) GETSTRUCT(tuple);
	text = psprintf("OPERATOR(%s.%s)", quote_identifier(get_namespace_name(form->oprnamespace)), NameStr(form->oprname));
	ReleaseSysCache(tuple);
	return text;
}

char *
ml_source_query(const MlSource *source, const char *list, const char *where)
{
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfo(&query, "SELECT %s FROM %s AS s(", list, source->from);
	for (int i = 0; i < source->column_count; i++)
		appendStringInfo(&query, "%sc%d", i ? ", " : "", i + 1);
	appendStringInfoChar(&query, ')');
	if (where)
		appendStringInfo(&query, " WHERE %s", where);
	return query.data;
}

/* ---- scanning ------------------------------------------------------------------- */

typedef struct EachReceiver
{
	DestReceiver  base;
	MlRowFunction each;
	void         *context;
	MemoryContext per_row;
	uint64        rows;
} EachReceiver;

static bool
each_receive(TupleTableSlot *slot, DestReceiver *self)
{
	EachReceiver *receiver = (EachReceiver *) self;
	MemoryContext old = MemoryContextSwitchTo(receiver->per_row);

	slot_getallattrs(slot);
	receiver->each(receiver->context, slot->tts_values, slot->tts_isnull);
	receiver->rows++;
	MemoryContextSwitchTo(old);
	/* resetting a context that was never used costs almost nothing */
	MemoryContextReset(receiver->per_row);
	return true;
}

static void
each_startup(DestReceiver *self, int operation, TupleDesc row)
{
}

static void
each_shutdown(DestReceiver *self)
{
}

static ParamListInfo
one_parameter(Datum value)
{
	ParamListInfo list;

	if (value == (Datum) 0)
		return NULL;
	list = makeParamList(1);
	list->params[0].value = value;
	list->params[0].isnull = false;
	list->params[0].pflags = PARAM_FLAG_CONST;
	list->params[0].ptype = BYTEAOID;
	return list;
}

/*
 * Run a SELECT under the active snapshot.  The plan is SPI's, but the executor is called directly:
 * SPI would add the text of the query to every error, and ours names each column twice, which is 40 kB for a
 * wide table and tells the user nothing.
 */
static void
run_query(const char *query, Datum param, int options, DestReceiver *receiver)
{
	Oid           types[1] = {BYTEAOID};
	SPIPlanPtr    prepared = SPI_prepare_cursor(query, param ? 1 : 0, types, options | CURSOR_OPT_GENERIC_PLAN);
	ParamListInfo params = one_parameter(param);
	CachedPlan   *plan;
	PlannedStmt  *statement;
	QueryDesc    *run;

	if (prepared == NULL)
		elog(ERROR, "SPI_prepare_cursor: %s", SPI_result_code_string(SPI_result));
	plan = GetCachedPlan((CachedPlanSource *) linitial(SPI_plan_get_plan_sources(prepared)), params, NULL, NULL);
	statement = linitial_node(PlannedStmt, plan->stmt_list);
	if (!CommandIsReadOnly(statement))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the source must be a query that only reads"),
				 errhint("Leave out FOR UPDATE and FOR SHARE.")));
	run = CreateQueryDesc(statement, query, GetActiveSnapshot(), InvalidSnapshot, receiver, params, NULL, 0);
	ExecutorStart(run, 0);
	ml_executor_run(run);
	ExecutorFinish(run);
	ExecutorEnd(run);
	FreeQueryDesc(run);
	ReleaseCachedPlan(plan, NULL);
}

static uint64
each_row(const char *query, Datum param, int options, MlRowFunction each, void *context)
{
	EachReceiver receiver;

	memset(&receiver, 0, sizeof(receiver));
	receiver.base.receiveSlot = each_receive;
	receiver.base.rStartup = each_startup;
	receiver.base.rShutdown = each_shutdown;
	receiver.base.rDestroy = each_shutdown;
	receiver.base.mydest = DestNone;
	receiver.each = each;
	receiver.context = context;
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	receiver.per_row = AllocSetContextCreate(CurrentMemoryContext, "sustainml row", ALLOCSET_DEFAULT_SIZES);
	run_query(query, param, options, &receiver.base);
	SPI_finish();
	return receiver.rows;
}

uint64
ml_source_each(const char *query, Datum param, MlRowFunction each, void *context)
{
	return each_row(query, param, 0, each, context);
}

uint64
ml_source_each_parallel(const char *query, Datum param, MlRowFunction each, void *context)
{
	return each_row(query, param, CURSOR_OPT_PARALLEL_OK, each, context);
}

int
ml_exact_text_begin(void)
{
	int level = NewGUCNestLevel();

	(void) set_config_option("datestyle", "ISO", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("extra_float_digits", "3", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return level;
}

void
ml_exact_text_end(int level)
{
	AtEOXact_GUC(true, level);
}

void
ml_scan_begin(MlScan *scan)
{
	scan->was_read_only = XactReadOnly;
	scan->pushed = true;
	/* everything done so far in this transaction is visible to the scans */
	CommandCounterIncrement();
	PushActiveSnapshot(GetTransactionSnapshot());
	UpdateActiveSnapshotCommandId();
	XactReadOnly = true;
}

void
ml_scan_end(MlScan *scan)
{
	XactReadOnly = scan->was_read_only;
	if (scan->pushed)
		PopActiveSnapshot();
	scan->pushed = false;
}
