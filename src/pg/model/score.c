/*
 * score.c - sustainml.score: the rows of a source, scored into a table and metered.
 *
 * One statement does the work, with the caller's rights: INSERT … SELECT key, predict(…).  The
 * version is fixed at the start, so that all rows come from one.  The result table has
 *
 *   key columns, columns asked for, prediction, probability, model, version, scored_at
 *
 * with prediction a number for regression and the class's label otherwise, and probability
 * that of the positive class (two classes) or of the predicted class (more).
 */
#include "../compat.h"

#include <math.h>

#include "access/genam.h"
#include "access/table.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "parser/parse_coerce.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "../args.h"
#include "../cache.h"
#include "../meter.h"
#include "../nearest.h"
#include "../source.h"
#include "../train/train.h"
#include "../trust.h"

typedef enum ScoreMode
{
	SCORE_CREATE,
	SCORE_APPEND,
	SCORE_REPLACE,
	SCORE_MERGE
} ScoreMode;

typedef struct Score
{
	MlVersion *version;
	MlSource  *source;
	char      *into;        /* quoted */
	int        key_count;
	int       *keys;        /* source columns */
	int        column_count;
	int       *columns;
	ScoreMode  mode;
} Score;

/* ---- arguments ---------------------------------------------------------------------- */

static int *
named_columns(const MlSource *source, ArrayType *names, const char *what, int *count)
{
	Datum *values;
	bool  *nulls;
	int   *columns;

	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, count);
	columns = palloc(sizeof(int) * (*count + 1));
	for (int i = 0; i < *count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not contain NULL", what)));
		columns[i] = ml_source_column(source, TextDatumGetCString(values[i]), what);
	}
	return columns;
}

static int
output_column(const Score *score, int i)
{
	return i < score->key_count ? score->keys[i] : score->columns[i - score->key_count];
}

/* The columns of the result must have names of their own. */
static void
check_distinct(const Score *score)
{
	static const char *const own[] = {"prediction", "probability", "model", "version", "scored_at"};

	for (int i = 0; i < score->key_count + score->column_count; i++)
	{
		const char *name = score->source->columns[output_column(score, i)].name;
		bool        taken = false;

		for (int k = 0; k < i; k++)
			taken |= output_column(score, k) == output_column(score, i);
		for (size_t k = 0; k < lengthof(own); k++)
			taken |= strcmp(own[k], name) == 0;
		if (taken)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("the scored table would have two columns \"%s\"", name),
					 errhint("Name each column once in key and columns; give a column called prediction, probability, model, version or scored_at another name in a source query.")));
	}
}

static void
take_keys(Score *score, ArrayType *names)
{
	if (names)
		score->keys = named_columns(score->source, names, "key", &score->key_count);
	else
	{
		score->keys = palloc(sizeof(int) * score->source->column_count);
		for (int i = 0; i < score->source->column_count; i++)
			if (score->source->columns[i].is_key)
				score->keys[score->key_count++] = i;
	}
	if (score->key_count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the source has no key by which to tell its scored rows"),
				 errdetail("It has no primary key, or is a view or query."),
				 errhint("Name the columns that identify a row, for example key => '{id}'.")));
}

static RangeVar *
target_name(const char *name)
{
	List *names = ml_name_list(name);

	if (list_length(names) < 1 || list_length(names) > 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("\"%s\" is not the name of a table to score into", name),
				 errhint("Write table or schema.table; names with capitals or odd characters go between double quotes.")));
	return makeRangeVarFromNameList(names);
}

static char *
quoted_target(const char *name)
{
	RangeVar *target = target_name(name);

	return target->schemaname ? quote_qualified_identifier(target->schemaname, target->relname)
							  : pstrdup(quote_identifier(target->relname));
}

/* ---- does an existing table fit? --------------------------------------------------------- */

static bool
covers(const IndexInfo *index, const AttrNumber *attributes, int count)
{
	if (index->ii_NumIndexKeyAttrs != count)
		return false;
	for (int i = 0; i < count; i++)
	{
		bool found = false;

		for (int k = 0; k < count; k++)
			found |= index->ii_IndexAttrNumbers[k] == attributes[i];
		if (!found)
			return false;
	}
	return true;
}

/* Whether a relation has a plain unique index on exactly these columns. */
static bool
has_unique_index(Oid relid, char *const *names, int count)
{
	Relation    relation = table_open(relid, AccessShareLock);
	AttrNumber *attributes = palloc(sizeof(AttrNumber) * (count + 1));
	bool        found = false;
	ListCell   *cell;

	for (int i = 0; i < count; i++)
		attributes[i] = get_attnum(relid, names[i]);
	foreach(cell, RelationGetIndexList(relation))
	{
		Relation   index = index_open(lfirst_oid(cell), AccessShareLock);
		IndexInfo *info = BuildIndexInfo(index);

		found |= info->ii_Unique && index->rd_index->indimmediate && index->rd_index->indisvalid && info->ii_Predicate == NIL &&
			info->ii_Expressions == NIL && covers(info, attributes, count);
		index_close(index, AccessShareLock);
	}
	table_close(relation, AccessShareLock);
	return found;
}

static char **
key_names(const Score *score)
{
	char **names = palloc(sizeof(char *) * (score->key_count + 1));

	for (int i = 0; i < score->key_count; i++)
		names[i] = score->source->columns[score->keys[i]].name;
	return names;
}

static void
need_column(const Score *score, Oid relid, const char *name)
{
	if (get_attnum(relid, name) <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("table %s has no column \"%s\" to score into", score->into, name),
				 errdetail("It needs the key, the columns asked for, prediction, probability, model, version and scored_at."),
				 errhint("Let mode => 'create' make a table, and score into that.")));
}

/* An existing table is written by name: say what it lacks before any work. */
static void
check_target(const Score *score, Oid relid)
{
	static const char *const own[] = {"prediction", "probability", "model", "version", "scored_at"};
	bool  number = ml_model_get(score->version)->model->task == SML_REGRESSION;
	Oid   type;

	for (int i = 0; i < score->key_count + score->column_count; i++)
		need_column(score, relid, score->source->columns[output_column(score, i)].name);
	for (size_t i = 0; i < lengthof(own); i++)
		need_column(score, relid, own[i]);
	type = getBaseType(get_atttype(relid, get_attnum(relid, "prediction")));
	if ((TypeCategory(type) == TYPCATEGORY_NUMERIC) != number)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"prediction\" of table %s has type %s, and the model predicts %s", score->into, format_type_be(type),
						number ? "numbers" : "classes"),
				 errhint("Score into another table.")));
	if (score->mode == SCORE_MERGE && !has_unique_index(relid, key_names(score), score->key_count))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
				 errmsg("table %s has no unique key by which rows could be merged", score->into),
				 errhint("Add a primary key on the key columns, or use mode => 'append'.")));
}

static void
check_mode(const Score *score, const char *into)
{
	Oid relid = RangeVarGetRelid(target_name(into), NoLock, true);

	if (score->mode == SCORE_CREATE && OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("relation \"%s\" already exists", into),
				 errhint("Use mode => 'append', 'replace' or 'merge' to score into an existing table.")));
	if (score->mode == SCORE_CREATE)
		return;
	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"%s\" does not exist", into),
				 errhint("Use mode => 'create' to make it.")));
	ml_trust_require(relid, ML_TOUCH_INSERT, "scoring into");
	check_target(score, relid);
}

/* ---- the statements -------------------------------------------------------------------- */

static void
append_columns(StringInfo text, const Score *score, const char *qualifier)
{
	for (int i = 0; i < score->key_count + score->column_count; i++)
	{
		appendStringInfo(text, "%s%s%s", i ? ", " : "", qualifier,
						 quote_identifier(score->source->columns[output_column(score, i)].name));
	}
}

static char *
select_statement(const Score *score)
{
	const MlVersion *version = score->version;
	SmlTask          task = ml_model_get(version)->model->task;
	char            *ref = quote_literal_cstr(psprintf("%s.%s@%d", version->schema, version->name, version->version));
	StringInfoData   text;

	initStringInfo(&text);
	appendStringInfoString(&text, "SELECT ");
	append_columns(&text, score, "s.");
	if (task == SML_REGRESSION)
		appendStringInfo(&text, ", sustainml.predict(%s, s.*) AS prediction, NULL::pg_catalog.float8 AS probability", ref);
	else if (task == SML_BINARY)
		appendStringInfo(&text, ", sustainml.predict_class(%s, s.*) AS prediction, sustainml.predict_proba(%s, s.*) AS probability", ref, ref);
	else
		appendStringInfo(&text, ", sustainml.predict_class(%s, s.*) AS prediction, (sustainml.classify(%s, s.*)).class_probability AS probability",
						 ref, ref);
	appendStringInfo(&text, ", %s::pg_catalog.text AS model, %d AS version, pg_catalog.now() AS scored_at FROM %s AS s",
					 quote_literal_cstr(version->name), version->version, score->source->from);
	return text.data;
}

static uint64
run(const char *statement, int expected)
{
	int code = SPI_execute(statement, false, 0);

	if (code != expected)
		elog(ERROR, "unexpected result of scoring: %s", SPI_result_code_string(code));
	return SPI_processed;
}

static char *
key_list(const Score *score)
{
	Score          keys = *score;
	StringInfoData text;

	keys.column_count = 0;
	initStringInfo(&text);
	append_columns(&text, &keys, "");
	return text.data;
}

static uint64
create_and_fill(const Score *score)
{
	uint64 rows = run(psprintf("CREATE TABLE %s AS %s", score->into, select_statement(score)), SPI_OK_UTILITY);

	run(psprintf("ALTER TABLE %s ADD PRIMARY KEY (%s)", score->into, key_list(score)), SPI_OK_UTILITY);
	return rows;
}

static uint64
insert(const Score *score)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "INSERT INTO %s (", score->into);
	append_columns(&text, score, "");
	appendStringInfo(&text, ", prediction, probability, model, version, scored_at) %s", select_statement(score));
	if (score->mode == SCORE_MERGE)
	{
		appendStringInfo(&text, " ON CONFLICT (%s) DO UPDATE SET ", key_list(score));
		for (int i = 0; i < score->column_count; i++)
		{
			const char *name = quote_identifier(score->source->columns[score->columns[i]].name);

			appendStringInfo(&text, "%s = excluded.%s, ", name, name);
		}
		appendStringInfoString(&text, "prediction = excluded.prediction, probability = excluded.probability,"
							   " model = excluded.model, version = excluded.version, scored_at = excluded.scored_at");
	}
	return run(text.data, SPI_OK_INSERT);
}

static uint64
fill(const Score *score)
{
	uint64 rows;

	SPI_connect();
	if (score->mode == SCORE_REPLACE)
		run(psprintf("DELETE FROM %s", score->into), SPI_OK_DELETE);
	rows = score->mode == SCORE_CREATE ? create_and_fill(score) : insert(score);
	SPI_finish();
	return rows;
}

static Datum
report(FunctionCallInfo fcinfo, const Score *score, uint64 rows, const MlFigures *figures)
{
	Datum     values[8];
	bool      nulls[8] = {false, false, false, false, false, false, false, false};
	TupleDesc row;

	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "score must return a row");
	values[0] = CStringGetTextDatum(score->version->name);
	values[1] = Int32GetDatum(score->version->version);
	values[2] = CStringGetTextDatum(score->into);
	values[3] = Int64GetDatum((int64) rows);
	values[4] = Float8GetDatum(figures->seconds);
	values[5] = Float8GetDatum(figures->energy_joules);
	nulls[5] = isnan(figures->energy_joules);
	nulls[6] = figures->energy_method == NULL;
	values[6] = nulls[6] ? (Datum) 0 : CStringGetTextDatum(figures->energy_method);
	values[7] = Float8GetDatum(figures->co2e_grams);
	nulls[7] = isnan(figures->co2e_grams);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
}

PG_FUNCTION_INFO_V1(sustainml_score);
Datum
sustainml_score(PG_FUNCTION_ARGS)
{
	static const char *const modes[] = {"create", "append", "replace", "merge"};
	Score     score;
	MlFigures figures;
	MlRun    *metered;
	char     *into;
	uint64    rows;

	PreventCommandDuringRecovery("score()");
	PreventCommandIfReadOnly("score()");
	memset(&score, 0, sizeof(score));
	score.version = ml_version_resolve(ml_required_text(fcinfo, 0, "the model"), ML_PREDICT);
	score.source = ml_source_open(ml_required_text(fcinfo, 1, "the source"));
	into = ml_required_text(fcinfo, 2, "the table to score into");
	score.into = quoted_target(into);
	take_keys(&score, PG_ARGISNULL(3) ? NULL : PG_GETARG_ARRAYTYPE_P(3));
	if (!PG_ARGISNULL(4))
		score.columns = named_columns(score.source, PG_GETARG_ARRAYTYPE_P(4), "columns", &score.column_count);
	score.mode = PG_ARGISNULL(5) ? SCORE_CREATE : (ScoreMode) ml_choose(text_to_cstring(PG_GETARG_TEXT_PP(5)), "mode", modes, lengthof(modes));
	check_distinct(&score);
	check_mode(&score, into);
	metered = ml_run_begin("score");
	rows = fill(&score);
	ml_run_end(metered, score.version->schema, score.version->name, score.version->version, (int64) rows, &figures);
	PG_RETURN_DATUM(report(fcinfo, &score, rows, &figures));
}

/* ---- batches ------------------------------------------------------------------------------ */

/* The full name of the version that a model name means now, so that all batches use one. */
PG_FUNCTION_INFO_V1(sustainml_model_ref);
Datum
sustainml_model_ref(PG_FUNCTION_ARGS)
{
	MlVersion *version = ml_version_resolve(ml_required_text(fcinfo, 0, "the model"), ML_PREDICT);

	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s.%s@%d", version->schema, version->name, version->version)));
}

/*
 * The rows that a version has not scored yet are those without a match among the rows of the target that it wrote.  That table
 * is new and grows, so the planner knows nothing true about it: it takes "by this model and version" for one row, and would
 * join NOT EXISTS by a nested loop over all of them.  Hence the shape of the queries below:
 *
 *   source FULL JOIN target ON key = key WHERE target.key IS NULL
 *
 * which is joined by hash or merge, whatever is expected.  The ends of all batches come from one pass, and each batch reads
 * one range of the key on both sides.  A range where the target has no rows at all needs no join, and its rows are
 * appended, for a third of what ON CONFLICT takes; a table that is new has only such.
 */

/* Arguments that the two functions below share. */
enum
{
	BATCH_SOURCE, BATCH_KEY, BATCH_INTO, BATCH_MODEL, BATCH_AFTER, BATCH_LAST
};

/* More batches than this are found in several passes, so that memory for their ends has a bound. */
#define BATCH_ENDS_MOST 100000

typedef struct Batch
{
	MlSource   *source;
	const char *key;    /* quoted */
	Oid         type;   /* of the key, or what its domain is over */
	const char *name;   /* of the key's type, as SQL */
	const char *target; /* "table AS t WHERE": rows of the target in the range */
	const char *rows;   /* "FROM … WHERE": the rows s that are not scored yet */
} Batch;

/* " AND alias.key > '…'", or with another operator; nothing without a bound. */
static const char *
bound(const Batch *batch, FunctionCallInfo fcinfo, const char *alias, int strategy, int argument)
{
	if (PG_ARGISNULL(argument))
		return "";
	return psprintf(" AND %s.%s %s %s::%s", alias, batch->key, ml_operator(batch->type, strategy),
					quote_literal_cstr(text_to_cstring(PG_GETARG_TEXT_PP(argument))), batch->name);
}

static const char *
range(const Batch *batch, FunctionCallInfo fcinfo, const char *alias, bool whole)
{
	return psprintf("%s.%s IS NOT NULL%s%s", alias, batch->key, bound(batch, fcinfo, alias, BTGreaterStrategyNumber, BATCH_AFTER),
					whole ? bound(batch, fcinfo, alias, BTLessEqualStrategyNumber, BATCH_LAST) : "");
}

/* whole: the rows up to BATCH_LAST; else their keys, as far as there are any. */
static void
open_batch(Batch *batch, FunctionCallInfo fcinfo, bool whole)
{
	MlVersion *version = ml_version_resolve(ml_required_text(fcinfo, BATCH_MODEL, "the model"), ML_PREDICT);
	char      *into = ml_required_text(fcinfo, BATCH_INTO, "the table to score into");
	int        key;
	Score      target;

	batch->source = ml_source_open(ml_required_text(fcinfo, BATCH_SOURCE, "the source"));
	key = ml_source_column(batch->source, ml_required_text(fcinfo, BATCH_KEY, "the key"), "key");
	target = (Score) {.version = version, .source = batch->source, .into = quoted_target(into), .key_count = 1, .keys = &key, .mode = SCORE_MERGE};
	check_mode(&target, into);
	batch->key = quote_identifier(batch->source->columns[key].name);
	batch->type = getBaseType(batch->source->columns[key].type);
	/* with its length, or char(6) would be read as char(1) */
	batch->name = format_type_extended(batch->source->columns[key].type, batch->source->columns[key].typmod,
									   FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
	batch->target = psprintf("%s AS t WHERE %s", target.into, range(batch, fcinfo, "t", whole));
	batch->rows = psprintf("FROM (SELECT %s FROM %s AS s WHERE %s) AS s"
						   " FULL JOIN (SELECT t.%s AS k FROM %s AND t.model OPERATOR(pg_catalog.=) %s AND t.version OPERATOR(pg_catalog.=) %d) AS done"
						   " ON done.k %s s.%s WHERE done.k IS NULL",
						   whole ? "s.*" : psprintf("s.%s", batch->key), batch->source->from, range(batch, fcinfo, "s", whole),
						   batch->key, batch->target, quote_literal_cstr(version->name), version->version,
						   ml_operator(batch->type, BTEqualStrategyNumber), batch->key);
}

/* The key of the row that a fetch has brought, under settings that write it exactly; NULL when it has brought none. */
static char *
fetched_key(Portal portal, FetchDirection direction)
{
	char *key = NULL;

	/* the source runs under the session's settings, and only its keys are written under ours */
	SPI_scroll_cursor_fetch(portal, direction, 1);
	if (SPI_processed == 1)
	{
		int level = ml_exact_text_begin();

		key = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
		ml_exact_text_end(level);
	}
	SPI_freetuptable(SPI_tuptable);
	return key;
}

/* The last key of the next batch in a list of keys; NULL at the list's end. */
static char *
next_end(Portal portal, int batch_rows)
{
	uint64 passed = 0;
	char  *key;

	if (batch_rows > 1)
	{
		SPI_scroll_cursor_move(portal, FETCH_FORWARD, batch_rows - 1);
		passed = SPI_processed;
	}
	key = fetched_key(portal, FETCH_FORWARD);
	/* the last batch is smaller */
	if (key == NULL && passed > 0)
		key = fetched_key(portal, FETCH_BACKWARD);
	return key;
}

/* The last keys of the next batches: every batch_rows-th row not yet scored, and the last; NULL when there is none. */
PG_FUNCTION_INFO_V1(sustainml_batch_ends);
Datum
sustainml_batch_ends(PG_FUNCTION_ARGS)
{
	Batch            batch;
	MemoryContext    caller = CurrentMemoryContext;
	ArrayBuildState *ends = NULL;
	MlScan           scan;
	Portal           portal;
	char            *key;
	int              batch_rows = PG_GETARG_INT32(BATCH_LAST);

	ml_scan_begin(&scan);
	open_batch(&batch, fcinfo, false);
	SPI_connect();
	portal = SPI_cursor_open_with_args(NULL, psprintf("SELECT s.%s %s ORDER BY s.%s", batch.key, batch.rows, batch.key), 0, NULL, NULL, NULL, true,
									   CURSOR_OPT_SCROLL);
	for (int i = 0; i < BATCH_ENDS_MOST && (key = next_end(portal, batch_rows)) != NULL; i++)
		ends = accumArrayResult(ends, CStringGetTextDatum(key), false, TEXTOID, caller);
	SPI_cursor_close(portal);
	SPI_finish();
	ml_scan_end(&scan);
	if (ends == NULL)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(makeArrayResult(ends, caller));
}

/* Whether the target has rows in the range, of any version. */
static bool
has_rows(const Batch *batch)
{
	bool found;

	SPI_connect();
	if (SPI_execute(psprintf("SELECT FROM %s", batch->target), true, 1) != SPI_OK_SELECT)
		elog(ERROR, "unexpected result of a batch query");
	found = SPI_processed > 0;
	SPI_finish();
	return found;
}

/*
 * The query for one batch and the mode to store it in: rows not yet scored after one key, up to another; without an end no rows, just
 * the columns.  OFFSET keeps the join a subquery of its own: predictions above would else be made as on the nullable side of an outer join.
 */
PG_FUNCTION_INFO_V1(sustainml_batch_query);
Datum
sustainml_batch_query(PG_FUNCTION_ARGS)
{
	const char *query;
	const char *mode;
	Batch       batch;
	TupleDesc   row;
	Datum       values[2];
	bool        nulls[2] = {false, false};

	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "batch_query must return a row");
	if (PG_ARGISNULL(BATCH_LAST))
	{
		query = psprintf("SELECT * FROM %s AS s WHERE false", ml_source_open(ml_required_text(fcinfo, BATCH_SOURCE, "the source"))->from);
		mode = "create";
	}
	else
	{
		bool found;

		open_batch(&batch, fcinfo, true);
		found = has_rows(&batch);
		query = found ? psprintf("SELECT s.* %s OFFSET 0", batch.rows)
					  : psprintf("SELECT * FROM %s AS s WHERE %s", batch.source->from, range(&batch, fcinfo, "s", true));
		mode = found ? "merge" : "append";
	}
	values[0] = CStringGetTextDatum(query);
	values[1] = CStringGetTextDatum(mode);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls)));
}

/* Batches follow the key, so rows without one, or that share one, would be passed over: refuse. */
static void
check_batch_key(const MlSource *source, int key)
{
	const MlSourceColumn *column = &source->columns[key];
	MlScan                scan;
	int64                 missing;
	int64                 repeated;
	bool                  isnull;

	if (column->not_null && OidIsValid(source->relid) && has_unique_index(source->relid, &column->name, 1))
		return;
	ml_scan_begin(&scan);
	SPI_connect();
	if (SPI_execute(ml_source_query(source, psprintf("pg_catalog.count(*) OPERATOR(pg_catalog.-) pg_catalog.count(s.c%d),"
													" pg_catalog.count(s.c%d) OPERATOR(pg_catalog.-) pg_catalog.count(DISTINCT s.c%d)", key + 1, key + 1, key + 1),
									NULL), true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "unexpected result of a key query");
	missing = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	repeated = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
	SPI_finish();
	ml_scan_end(&scan);
	if (missing > 0 || repeated > 0)
		ereport(ERROR,
				(errcode(missing > 0 ? ERRCODE_NOT_NULL_VIOLATION : ERRCODE_UNIQUE_VIOLATION),
				 errmsg("column \"%s\" is no key of the source", column->name),
				 errdetail("%lld rows have no value in it, and %lld share theirs with another row.", (long long) missing, (long long) repeated),
				 errhint("Scoring in batches needs a column that is unique and never NULL.")));
}

/* The one key column of a source: as asked, else its primary key. */
PG_FUNCTION_INFO_V1(sustainml_batch_key);
Datum
sustainml_batch_key(PG_FUNCTION_ARGS)
{
	MlSource *source = ml_source_open(ml_required_text(fcinfo, 0, "the source"));
	int       found = -1;
	int       count = 0;

	for (int i = 0; i < source->column_count; i++)
		if (source->columns[i].is_key)
		{
			found = i;
			count++;
		}
	if (!PG_ARGISNULL(1))
		found = ml_source_column(source, text_to_cstring(PG_GETARG_TEXT_PP(1)), "key");
	else if (count != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("scoring in batches needs one key column"),
				 errdetail("The primary key of the source has %d columns.", count),
				 errhint("Name one that is unique and has an order, for example key => 'id'.")));
	check_batch_key(source, found);
	PG_RETURN_TEXT_P(cstring_to_text(source->columns[found].name));
}
