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

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"

#include "../cache.h"
#include "../meter.h"
#include "../nearest.h"
#include "../source.h"
#include "../train/train.h"

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

static char *
required(FunctionCallInfo fcinfo, int i, const char *what)
{
	if (PG_ARGISNULL(i))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must be given", what)));
	return text_to_cstring(PG_GETARG_TEXT_PP(i));
}

static int *
named_columns(const MlSource *source, ArrayType *names, const char *what, int *count)
{
	Datum *values;
	bool  *nulls;
	int   *columns;

	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, count);
	columns = palloc(sizeof(int) * (*count + 1));
	for (int i = 0; i < *count; i++)
		columns[i] = ml_source_column(source, nulls[i] ? "" : TextDatumGetCString(values[i]), what);
	return columns;
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

static char *
quoted_target(const char *name)
{
	RangeVar *target = makeRangeVarFromNameList(stringToQualifiedNameList(name));

	return target->schemaname ? quote_qualified_identifier(target->schemaname, target->relname)
							  : pstrdup(quote_identifier(target->relname));
}

static bool
target_exists(const char *name)
{
	return OidIsValid(RangeVarGetRelid(makeRangeVarFromNameList(stringToQualifiedNameList(name)), NoLock, true));
}

/* ---- the statements -------------------------------------------------------------------- */

static void
append_columns(StringInfo text, const Score *score, const char *qualifier)
{
	for (int i = 0; i < score->key_count + score->column_count; i++)
	{
		int column = i < score->key_count ? score->keys[i] : score->columns[i - score->key_count];

		appendStringInfo(text, "%s%s%s", i ? ", " : "", qualifier, quote_identifier(score->source->columns[column].name));
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
		appendStringInfo(&text, ", sustainml.predict(%s, s) AS prediction, NULL::float8 AS probability", ref);
	else if (task == SML_BINARY)
		appendStringInfo(&text, ", sustainml.predict_class(%s, s) AS prediction, sustainml.predict_proba(%s, s) AS probability", ref, ref);
	else
		appendStringInfo(&text, ", sustainml.predict_class(%s, s) AS prediction, (sustainml.classify(%s, s)).class_probability AS probability",
						 ref, ref);
	appendStringInfo(&text, ", %s::text AS model, %d AS version, pg_catalog.now() AS scored_at FROM %s AS s",
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
	score.version = ml_version_resolve(required(fcinfo, 0, "the model"), ML_PREDICT);
	score.source = ml_source_open(required(fcinfo, 1, "the source"));
	into = required(fcinfo, 2, "the table to score into");
	score.into = quoted_target(into);
	take_keys(&score, PG_ARGISNULL(3) ? NULL : PG_GETARG_ARRAYTYPE_P(3));
	if (!PG_ARGISNULL(4))
		score.columns = named_columns(score.source, PG_GETARG_ARRAYTYPE_P(4), "columns", &score.column_count);
	score.mode = PG_ARGISNULL(5) ? SCORE_CREATE : (ScoreMode) ml_choose(text_to_cstring(PG_GETARG_TEXT_PP(5)), "mode", modes, lengthof(modes));
	if (score.mode == SCORE_CREATE && target_exists(into))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("relation \"%s\" already exists", into),
				 errhint("Use mode => 'append', 'replace' or 'merge' to score into an existing table.")));
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
	MlVersion *version = ml_version_resolve(required(fcinfo, 0, "the model"), ML_PREDICT);

	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s.%s@%d", version->schema, version->name, version->version)));
}

/* The query for the next batch of a source: rows after a key value, in the order of the key. */
PG_FUNCTION_INFO_V1(sustainml_batch_query);
Datum
sustainml_batch_query(PG_FUNCTION_ARGS)
{
	MlSource   *source = ml_source_open(required(fcinfo, 0, "the source"));
	int         key = ml_source_column(source, required(fcinfo, 1, "the key"), "key");
	const char *name = quote_identifier(source->columns[key].name);
	char       *where = "";

	if (!PG_ARGISNULL(2))
		where = psprintf(" WHERE s.%s > %s::%s", name, quote_literal_cstr(text_to_cstring(PG_GETARG_TEXT_PP(2))),
						 format_type_be_qualified(source->columns[key].type));
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("SELECT * FROM %s AS s%s ORDER BY s.%s LIMIT %d", source->from, where, name, PG_GETARG_INT32(3))));
}

/* The one key column of a source: as asked, else its primary key. */
PG_FUNCTION_INFO_V1(sustainml_batch_key);
Datum
sustainml_batch_key(PG_FUNCTION_ARGS)
{
	MlSource *source = ml_source_open(required(fcinfo, 0, "the source"));
	int       found = -1;
	int       count = 0;

	if (!PG_ARGISNULL(1))
		PG_RETURN_TEXT_P(cstring_to_text(source->columns[ml_source_column(source, text_to_cstring(PG_GETARG_TEXT_PP(1)), "key")].name));
	for (int i = 0; i < source->column_count; i++)
		if (source->columns[i].is_key)
		{
			found = i;
			count++;
		}
	if (count != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("scoring in batches needs one key column"),
				 errhint("Name one that is unique and has an order, for example key => 'id'.")));
	PG_RETURN_TEXT_P(cstring_to_text(source->columns[found].name));
}
