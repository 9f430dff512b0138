/*
 * anonymity.c - how well the rows of a source hide among others; the measures are in core/privacy/anonymity.h.
 *
 * One query counts the rows of each class and sensitive value with the caller's rights (GROUP BY, in parallel where the server
 * sees fit), numbers both in order, and hands the counts to the core.  Values never leave the executor.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "../../core/privacy/anonymity.h"
#include "../env.h"
#include "../meter.h"
#include "../metric/result.h"
#include "../settings.h"
#include "../source.h"
#include "learn.h"

#define QUASI_MOST 64

typedef struct Question
{
	MlSource *source;
	int       quasi_count;
	int       quasi[QUASI_MOST]; /* columns of the source */
	int       sensitive;         /* -1: none */
	MlSource *population;        /* NULL: none */
	int       population_quasi[QUASI_MOST];
	int64     least_values;
	double    risk;
} Question;

/* ---- arguments ----------------------------------------------------------------------------------- */

/* A column that rows can be grouped and ordered by. */
static int
usable_column(const MlSource *source, const char *name, const char *what)
{
	int             column = ml_source_column(source, name, what);
	TypeCacheEntry *type;

	if (source->columns[column].sealed)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("rows cannot be grouped by sealed column \"%s\"", name),
				 errhint("Use a query as the source that opens it, if you may: SELECT sustainml.open(%s), … .", quote_identifier(name))));
	type = lookup_type_cache(source->columns[column].type, TYPECACHE_LT_OPR | TYPECACHE_EQ_OPR);
	if (!OidIsValid(type->lt_opr) || !OidIsValid(type->eq_opr))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("rows cannot be grouped by column \"%s\" of type %s", name, format_type_be(source->columns[column].type)),
				 errhint("Use a query as the source that makes text or a number of it.")));
	return column;
}

static int
quasi_columns(const MlSource *source, ArrayType *names, int *columns)
{
	Datum *values;
	bool  *nulls;
	int    count;

	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
	if (count == 0 || count > QUASI_MOST)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("quasi must name 1 to %d columns", QUASI_MOST)));
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("quasi has a NULL")));
		columns[i] = usable_column(source, TextDatumGetCString(values[i]), "quasi");
		for (int j = 0; j < i; j++)
			if (columns[j] == columns[i])
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_COLUMN),
						 errmsg("quasi names column \"%s\" twice", source->columns[columns[i]].name)));
	}
	return count;
}

static void
read_question(FunctionCallInfo fcinfo, Question *question)
{
	memset(question, 0, sizeof(*question));
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("anonymity needs a source and quasi-identifiers"),
				 errhint("For example quasi => '{zip,birth_year,sex}'.")));
	question->source = ml_source_open(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	question->quasi_count = quasi_columns(question->source, PG_GETARG_ARRAYTYPE_P(1), question->quasi);
	question->sensitive = -1;
}

static void
read_options(FunctionCallInfo fcinfo, Question *question)
{
	if (!PG_ARGISNULL(2))
	{
		question->sensitive = usable_column(question->source, text_to_cstring(PG_GETARG_TEXT_PP(2)), "sensitive");
		for (int i = 0; i < question->quasi_count; i++)
			if (question->quasi[i] == question->sensitive)
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_COLUMN),
						 errmsg("column \"%s\" is both quasi and sensitive", question->source->columns[question->sensitive].name)));
	}
	if (!PG_ARGISNULL(3))
	{
		question->population = ml_source_open(text_to_cstring(PG_GETARG_TEXT_PP(3)));
		(void) quasi_columns(question->population, PG_GETARG_ARRAYTYPE_P(1), question->population_quasi);
	}
	question->least_values = PG_ARGISNULL(4) ? 2 : PG_GETARG_INT32(4);
	question->risk = PG_ARGISNULL(5) ? 0.2 : PG_GETARG_FLOAT8(5);
	if (question->least_values < 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("l must be at least 2")));
	if (!(question->risk >= 0 && question->risk <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("risk must be between 0 and 1")));
}

/* "s.c3, s.c7": the quasi-identifiers, named q1, q2, … when asked. */
static char *
quasi_list(const int *columns, int count, bool named)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < count; i++)
		appendStringInfo(&text, named ? "%ss.c%d AS q%d" : "%ss.c%d", i ? ", " : "", columns[i] + 1, i + 1);
	return text.data;
}

static char *
quasi_names(int count)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < count; i++)
		appendStringInfo(&text, "%sq%d", i ? ", " : "", i + 1);
	return text.data;
}

/* ---- cells ------------------------------------------------------------------------------------------ */

typedef struct Cells
{
	SmlCell *cell;
	size_t   count;
	size_t   room;
} Cells;

static void
add_cell(void *context, const Datum *values, const bool *nulls)
{
	Cells *cells = context;

	if (cells->count == cells->room)
	{
		size_t room = cells->room ? cells->room * 2 : 1024;

		/* the core takes up to 24 bytes for each value besides */
		if (room * (sizeof(SmlCell) + 24) > ml_memory_limit())
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("cannot assess anonymity within sustainml.memory_limit"),
					 errdetail("There are more than %zu different combinations of quasi-identifiers and sensitive values.", cells->count),
					 errhint("Raise sustainml.memory_limit, or use fewer or coarser columns.")));
		cells->cell = repalloc_huge(cells->cell, room * sizeof(SmlCell));
		cells->room = room;
	}
	cells->cell[cells->count++] = (SmlCell){DatumGetInt64(values[0]), DatumGetInt64(values[1]), DatumGetInt64(values[2])};
}

static void
count_cells(const Question *question, Cells *cells)
{
	char          *names = quasi_names(question->quasi_count);
	char          *list = quasi_list(question->quasi, question->quasi_count, true);
	char          *value = question->sensitive >= 0 ? psprintf("s.c%d", question->sensitive + 1) : NULL;
	StringInfoData query;

	cells->cell = palloc(sizeof(SmlCell));
	initStringInfo(&query);
	appendStringInfo(&query, "SELECT pg_catalog.dense_rank() OVER (ORDER BY %s), %s, n FROM (%s GROUP BY %s%s%s) AS cell ORDER BY 1, 2", names,
					 value ? "pg_catalog.dense_rank() OVER (ORDER BY v)" : "1::pg_catalog.int8",
					 ml_source_query(question->source, value ? psprintf("%s, %s AS v, pg_catalog.count(*) AS n", list, value) :
									 psprintf("%s, pg_catalog.count(*) AS n", list), NULL),
					 quasi_list(question->quasi, question->quasi_count, false), value ? ", " : "", value ? value : "");
	(void) ml_source_each_parallel(query.data, (Datum) 0, add_cell, cells);
}

/* ---- risks against a population ------------------------------------------------------------------------------ */

typedef struct Population
{
	int64  least;     /* rows of the population in the smallest class that the source has */
	double marketer;  /* sum of f / F */
	bool   missing;   /* a class has fewer rows in the population than in the source */
} Population;

static void
add_population(void *context, const Datum *values, const bool *nulls)
{
	Population *sum = context;
	int64       sample = DatumGetInt64(values[0]);
	int64       whole = DatumGetInt64(values[1]);
	int64       classes = DatumGetInt64(values[2]);

	if (whole < sample)
	{
		sum->missing = true;
		return;
	}
	sum->least = sum->least == 0 || whole < sum->least ? whole : sum->least;
	sum->marketer += (double) classes * (double) sample / (double) whole;
}

/* Rows of each class in source and population; NULLs meet, because both sides are grouped together. */
static void
compare_population(const Question *question, Population *sum)
{
	char *names = quasi_names(question->quasi_count);
	char *sample = ml_source_query(question->source, psprintf("%s, 1::pg_catalog.int8 AS f, 0::pg_catalog.int8 AS w",
															  quasi_list(question->quasi, question->quasi_count, true)), NULL);
	char *whole = ml_source_query(question->population, psprintf("%s, 0::pg_catalog.int8, 1::pg_catalog.int8",
																 quasi_list(question->population_quasi, question->quasi_count, true)), NULL);

	memset(sum, 0, sizeof(*sum));
	(void) ml_source_each_parallel(psprintf("SELECT f, w, pg_catalog.count(*) FROM (SELECT pg_catalog.sum(f)::pg_catalog.int8 AS f,"
											" pg_catalog.sum(w)::pg_catalog.int8 AS w FROM (%s UNION ALL %s) AS both_sides GROUP BY %s) AS class"
											" WHERE f OPERATOR(pg_catalog.>) 0 GROUP BY f, w", sample, whole, names), (Datum) 0, add_population, sum);
}

/* ---- the answer -------------------------------------------------------------------------------------------------- */

static void
put_measure(MlResult *result, const char *measure, double value, const char *reason)
{
	ml_put_text(result, measure);
	ml_put_number(result, isfinite(value) ? value : NAN);
	ml_put_text(result, isfinite(value) ? NULL : reason);
	ml_put_row(result);
}

static void
put_sensitive(MlResult *result, const Question *question, const SmlAnonymity *a, const char *empty)
{
	const char *none = question->sensitive < 0 ? "no sensitive column was named" : empty;
	double      undefined = question->sensitive < 0 || a->rows == 0 ? NAN : 1;

	put_measure(result, "sensitive_values", undefined * (double) a->values, none);
	put_measure(result, "distinct_l", undefined * (double) a->distinct_l, none);
	put_measure(result, "entropy_l", undefined * a->entropy_l, none);
	put_measure(result, "recursive_c", undefined * a->recursive_c,
				isnan(undefined) ? none : psprintf("a class has fewer than %d sensitive values", (int) question->least_values));
	put_measure(result, "t_equal", undefined * a->t_equal, none);
	put_measure(result, "t_ordered", undefined * a->t_ordered, isnan(undefined) ? none : "the sensitive column has one value");
}

static void
put_population(MlResult *result, const Question *question, const SmlAnonymity *a, const Population *sum, const char *empty)
{
	const char *none = question->population == NULL ? "no population was named" : a->rows == 0 ? empty :
		"a class has fewer rows in the population than in the source";
	bool        known = question->population != NULL && a->rows > 0 && !sum->missing;

	put_measure(result, "k_map", known ? (double) sum->least : NAN, none);
	put_measure(result, "journalist_risk_max", known ? 1.0 / (double) sum->least : NAN, none);
	put_measure(result, "marketer_risk", known ? sum->marketer / (double) a->rows : NAN, none);
}

static void
put_answer(MlResult *result, const Question *question, const SmlAnonymity *a, const Population *sum)
{
	const char *empty = "the source has no rows";
	double      rows = a->rows > 0 ? (double) a->rows : NAN;

	put_measure(result, "rows", (double) a->rows, NULL);
	put_measure(result, "classes", (double) a->classes, NULL);
	put_measure(result, "k", a->rows > 0 ? (double) a->k : NAN, empty);
	put_measure(result, "class_size_mean", rows / (double) Max(a->classes, 1), empty);
	put_measure(result, "class_size_max", a->rows > 0 ? (double) a->largest : NAN, empty);
	put_measure(result, "unique_rows", (double) a->unique_rows, NULL);
	put_measure(result, "unique_share", (double) a->unique_rows / rows, empty);
	put_measure(result, "prosecutor_risk_max", a->prosecutor_most, empty);
	put_measure(result, "prosecutor_risk_mean", a->prosecutor_mean, empty);
	put_measure(result, "rows_at_risk_share", (double) a->rows_at_risk / rows, empty);
	put_population(result, question, a, sum, empty);
	put_sensitive(result, question, a, empty);
}

PG_FUNCTION_INFO_V1(sustainml_anonymity);
Datum
sustainml_anonymity(PG_FUNCTION_ARGS)
{
	MlRun            *run = ml_run_begin("anonymity");
	MlResult         *result;
	Question          question;
	Cells             cells = {0};
	Population        sum = {0};
	SmlAnonymity      answer;
	SmlAnonymityAsked asked;
	MlScan            scan;
	MlFigures         figures;
	SmlEnv            env;

	read_question(fcinfo, &question);
	read_options(fcinfo, &question);
	result = ml_result_begin(fcinfo);
	ml_scan_begin(&scan);
	count_cells(&question, &cells);
	if (question.population)
		compare_population(&question, &sum);
	ml_scan_end(&scan);
	asked = (SmlAnonymityAsked){question.least_values, question.risk};
	ml_env_init(&env, CurrentMemoryContext);
	ML_CHECK(&env, sml_anonymity(&env, cells.cell, cells.count, &asked, &answer), "assess anonymity");
	ml_run_end(run, NULL, NULL, 0, answer.rows, &figures);
	put_answer(result, &question, &answer, &sum);
	return ml_result_end(result);
}

/* ---- sizes of classes ------------------------------------------------------------------------------------------------ */

typedef struct Sizes
{
	MlResult *result;
	int64     rows;
} Sizes;

static void
add_class_size(void *context, const Datum *values, const bool *nulls)
{
	Sizes *sizes = context;
	int64  size = DatumGetInt64(values[0]);
	int64  classes = DatumGetInt64(values[1]);

	ml_put_integer(sizes->result, size);
	ml_put_integer(sizes->result, classes);
	ml_put_integer(sizes->result, size * classes);
	ml_put_row(sizes->result);
	sizes->rows += size * classes;
}

PG_FUNCTION_INFO_V1(sustainml_class_sizes);
Datum
sustainml_class_sizes(PG_FUNCTION_ARGS)
{
	MlRun    *run = ml_run_begin("anonymity");
	Question  question;
	Sizes     sizes = {0};
	MlScan    scan;
	MlFigures figures;
	char     *list;

	read_question(fcinfo, &question);
	sizes.result = ml_result_begin(fcinfo);
	list = quasi_list(question.quasi, question.quasi_count, false);
	ml_scan_begin(&scan);
	(void) ml_source_each_parallel(psprintf("SELECT n, pg_catalog.count(*) FROM (%s GROUP BY %s) AS class GROUP BY n ORDER BY n",
											ml_source_query(question.source, "pg_catalog.count(*) AS n", NULL), list), (Datum) 0, add_class_size, &sizes);
	ml_scan_end(&scan);
	ml_run_end(run, NULL, NULL, 0, sizes.rows, &figures);
	return ml_result_end(sizes.result);
}
