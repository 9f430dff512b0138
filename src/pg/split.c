/*
 * split.c - the split as SQL predicates; see split.h.  And the function
 * sustainml.held_out(seed, share, key…), which is all there is to the key rule.
 *
 * Cost: one hash per key column and row (some 20 ns), inside the scan that trains.
 */
#include "compat.h"

#include "access/stratnum.h"
#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog.h"
#include "json.h"
#include "nearest.h"
#include "rows.h"
#include "privacy/learn.h"
#include "split.h"
#include "../core/hash.h"

/* Rows with this share of distinct contents or more may be split by content. */
#define DISTINCT_ENOUGH 0.99

/* Makes the draw of a sample independent of the draw of the held-out rows. */
#define SAMPLE_SEED INT64CONST(0x73616d706c65)

/* ---- held_out(seed, share, key…) ---------------------------------------------------- */

/* The hash of a row's variadic arguments from "first" on. */
static uint64
hash_arguments(FunctionCallInfo fcinfo, int first)
{
	uint64 hash = 0;

	for (int i = first; i < PG_NARGS(); i++)
	{
		Oid type = get_fn_expr_argtype(fcinfo->flinfo, i);

		if (type == UNKNOWNOID)
		{
			const char *text = PG_ARGISNULL(i) ? NULL : PG_GETARG_CSTRING(i);

			hash = text ? sml_hash_text(hash, text, strlen(text)) : sml_hash_null(hash);
		}
		else
			hash = ml_hash_datum(hash, type, PG_ARGISNULL(i) ? (Datum) 0 : PG_GETARG_DATUM(i), PG_ARGISNULL(i));
	}
	return hash;
}

static void
refuse_variadic_array(FunctionCallInfo fcinfo)
{
	if (get_fn_expr_variadic(fcinfo->flinfo))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the key is given as separate arguments, not as VARIADIC array")));
}

PG_FUNCTION_INFO_V1(sustainml_held_out);
Datum
sustainml_held_out(PG_FUNCTION_ARGS)
{
	double share;

	refuse_variadic_array(fcinfo);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	share = PG_GETARG_FLOAT8(1);
	if (isnan(share) || share < 0 || share > 1)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("share must be between 0 and 1")));
	PG_RETURN_BOOL(sml_held_out((uint64) PG_GETARG_INT64(0), share, hash_arguments(fcinfo, 2)));
}

PG_FUNCTION_INFO_V1(sustainml_row_hash);
Datum
sustainml_row_hash(PG_FUNCTION_ARGS)
{
	refuse_variadic_array(fcinfo);
	PG_RETURN_INT64((int64) hash_arguments(fcinfo, 0));
}

/* ---- small queries ------------------------------------------------------------------- */

typedef struct OneRow
{
	MemoryContext context;
	int           columns;
	char        **values;
} OneRow;

static void
take_texts(void *context, const Datum *values, const bool *nulls)
{
	OneRow *row = context;

	for (int i = 0; i < row->columns; i++)
		row->values[i] = nulls[i] ? NULL : MemoryContextStrdup(row->context, TextDatumGetCString(values[i]));
}

/* The one row of a query whose columns are of type text; NULLs when there is none. */
static char **
query_texts(const char *query, int columns)
{
	OneRow row = {CurrentMemoryContext, columns, palloc0(sizeof(char *) * columns)};

	(void) ml_source_each(query, (Datum) 0, take_texts, &row);
	return row.values;
}

/* ---- planning ---------------------------------------------------------------------- */

static void
add_column(MlSplit *split, const MlSource *source, int column)
{
	ml_source_check_right(source, column);
	split->columns = split->columns ? repalloc(split->columns, sizeof(char *) * (split->column_count + 1))
									: palloc(sizeof(char *));
	split->columns[split->column_count++] = pstrdup(source->columns[column].name);
}

static bool
can_be_key(Oid type)
{
	SmlKind kind;
	bool    is_array;
	Oid     base = getBaseType(type);

	return base == BYTEAOID || base == UUIDOID || (ml_type_kind(base, &kind, &is_array) && !is_array);
}

/* Append ", s.c1, s.c3" for these columns. */
static void
append_columns(StringInfo text, char *const *columns, int count, const MlSource *source)
{
	for (int i = 0; i < count; i++)
		appendStringInfo(text, ", s.c%d", ml_source_column(source, columns[i], "split key") + 1);
}

static void
append_key(StringInfo text, const MlSplit *split, const MlSource *source)
{
	append_columns(text, split->columns, split->column_count, source);
}

/* No key: all columns that can be hashed, when the rows are nearly all distinct. */
static void
plan_whole_row(MlSplit *split, const MlSource *source)
{
	StringInfoData list;
	char         **counts;
	double         rows;
	double         distinct;

	for (int i = 0; i < source->column_count && split->column_count < 90; i++)
		if (can_be_key(source->columns[i].type))
			add_column(split, source, i);
	split->whole_row = true;
	if (split->column_count > 0)
	{
		initStringInfo(&list);
		append_key(&list, split, source);
		counts = query_texts(psprintf("SELECT pg_catalog.count(*)::pg_catalog.text, pg_catalog.count(DISTINCT q.h)::pg_catalog.text FROM (%s ORDER BY 1 LIMIT 10000) AS q(h)",
									  ml_source_query(source, psprintf("sustainml_internal.row_hash(%s)", list.data + 2), NULL)),
							 2);
		rows = strtod(counts[0], NULL);
		distinct = strtod(counts[1], NULL);
		if (distinct >= DISTINCT_ENOUGH * rows)
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the source has no key by which to hold out rows"),
			 errdetail("It has no primary key, and many of its rows are equal, so that a split by content would keep or lose whole groups of them."),
			 errhint("Name the columns that identify a row, for example split => '{\"by\": \"id\"}', or train on all rows with holdout => 0.")));
}

static void
plan_key(MlSplit *split, const MlSource *source, const JsonbValue *by)
{
	int    count = 0;
	char **names = by ? ml_json_texts(by, &count) : NULL;

	split->kind = ML_SPLIT_KEY;
	if (by && (names == NULL || count == 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("split key \"by\" must be a column name or an array of column names")));
	for (int i = 0; i < count; i++)
	{
		int column = ml_source_column(source, names[i], "split by");

		ml_source_refuse_sealed(source, column, "decide which rows are held out");
		if (!can_be_key(source->columns[column].type))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of type %s cannot decide a split", source->columns[column].name,
							format_type_be(source->columns[column].type)),
					 errhint("Use columns of a number, text, date, uuid or boolean type as the key.")));
		add_column(split, source, column);
	}
	if (by == NULL)
		for (int i = 0; i < source->column_count; i++)
			if (source->columns[i].is_key)
				add_column(split, source, i);
	if (split->column_count == 0)
		plan_whole_row(split, source);
}

typedef struct Cut
{
	MemoryContext context;
	Oid           type;
	char         *text;
} Cut;

/* Only the value is written under settings of our own; the source has run under the caller's. */
static void
take_cut(void *context, const Datum *values, const bool *nulls)
{
	Cut          *cut = context;
	MemoryContext old;
	Oid           output;
	bool          is_varlena;
	int           level;

	if (nulls[0])
		return;
	old = MemoryContextSwitchTo(cut->context);
	getTypeOutputInfo(cut->type, &output, &is_varlena);
	level = ml_exact_text_begin();
	cut->text = OidOutputFunctionCall(output, values[0]);
	ml_exact_text_end(level);
	MemoryContextSwitchTo(old);
}

/* The one value of a query, of this type, as text that means the same in every session; NULL when there is none. */
static char *
cut_of(const char *query, Oid type)
{
	Cut cut = {CurrentMemoryContext, type, NULL};

	(void) ml_source_each(query, (Datum) 0, take_cut, &cut);
	return cut.text;
}

/* The gap: a number or an interval, by the column's type, and not negative, or training would see held-out rows. */
static void
plan_gap(MlSplit *split, Oid type, const JsonbValue *gap)
{
	bool        number = TypeCategory(type) == TYPCATEGORY_NUMERIC;
	const char *negative;

	split->gap = ml_json_text(gap);
	negative = split->gap == NULL ? NULL :
		query_texts(psprintf("SELECT (%s::pg_catalog.%s OPERATOR(pg_catalog.<) '0'::pg_catalog.%s)::pg_catalog.text", quote_literal_cstr(split->gap),
							 number ? "numeric" : "interval", number ? "numeric" : "interval"), 1)[0];
	if (negative == NULL || strcmp(negative, "true") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("split key \"gap\" must be %s that is not negative", number ? "a number" : "an interval"),
				 errhint(number ? "For example {\"time\": \"step\", \"gap\": 10}." : "For example {\"time\": \"day\", \"gap\": \"7 days\"}.")));
}

/* The start of the gap as SQL, or the cut itself. */
static char *
gap_start(const MlSplit *split, Oid type)
{
	char *cut = psprintf("%s::%s", quote_literal_cstr(split->cut), format_type_be_qualified(type));

	if (split->gap == NULL)
		return cut;
	if (TypeCategory(type) == TYPCATEGORY_NUMERIC)
		return psprintf("(%s OPERATOR(pg_catalog.-) %s::pg_catalog.numeric)", cut, quote_literal_cstr(split->gap));
	return psprintf("(%s OPERATOR(pg_catalog.-) %s::pg_catalog.interval)", cut, quote_literal_cstr(split->gap));
}

/* "1 month -30 days" is not negative and yet can end later, and a time of day goes round: training would see held-out rows. */
static void
check_gap(const MlSplit *split, Oid type)
{
	char       *start = gap_start(split, type);
	const char *before = query_texts(psprintf("SELECT (%s %s %s::%s)::pg_catalog.text", start, ml_operator(type, BTLessEqualStrategyNumber),
											  quote_literal_cstr(split->cut), format_type_be_qualified(type)), 1)[0];

	if (before && strcmp(before, "true") == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("split key \"gap\" does not end before the held-out rows begin"),
			 errdetail("They begin at %s; so long before that is later, or no value.", split->cut),
			 errhint("Give a shorter gap, in one unit.")));
}

/* The column that a split key names, and the base of its type. */
static int
split_column(const MlSource *source, const JsonbValue *value, const char *key, Oid *type)
{
	char *name = ml_json_text(value);
	int   column;

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("split key \"%s\" must be a column name", key)));
	column = ml_source_column(source, name, psprintf("split %s", key));
	ml_source_refuse_sealed(source, column, "decide which rows are held out");
	*type = getBaseType(source->columns[column].type);
	return column;
}

static void
plan_time(MlSplit *split, const MlSource *source, const JsonbValue *time, const JsonbValue *gap, const JsonbValue *from)
{
	Oid         type;
	int         column = split_column(source, time, "time", &type);
	const char *name = source->columns[column].name;

	split->kind = ML_SPLIT_TIME;
	add_column(split, source, column);
	if ((TypeCategory(type) != TYPCATEGORY_DATETIME && TypeCategory(type) != TYPCATEGORY_NUMERIC) || (type == MONEYOID && gap))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s is no time", name, format_type_be(type)),
				 errhint("Use a date, timestamp or number column.")));
	if (gap)
		plan_gap(split, type, gap);
	split->cut_given = from != NULL;
	if (from)
		split->cut = ml_json_text(from) == NULL ? NULL :
			cut_of(psprintf("SELECT %s::%s", quote_literal_cstr(ml_json_text(from)), format_type_be_qualified(type)), type);
	else
		split->cut = cut_of(psprintf("SELECT pg_catalog.percentile_disc(%.17g) WITHIN GROUP (ORDER BY q.t) FROM (%s) AS q(t)", 1.0 - split->share,
								 ml_source_query(source, psprintf("s.c%d", column + 1), NULL)), type);
	if (split->cut == NULL && from)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("split key \"from\" must be a value of column \"%s\", of type %s", name, format_type_be(type))));
	if (split->cut == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("column \"%s\" has no value to split by", name)));
	if (gap)
		check_gap(split, type);
}

static void
plan_column(MlSplit *split, const MlSource *source, const JsonbValue *column)
{
	Oid type;
	int found = split_column(source, column, "column", &type);

	if (type != BOOLOID && TypeCategory(type) != TYPCATEGORY_NUMERIC && TypeCategory(type) != TYPCATEGORY_STRING)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s cannot mark held-out rows", source->columns[found].name, format_type_be(type)),
				 errhint("Use a boolean, a number that is 0 or not, or a text that is 'test' for held-out rows.")));
	split->kind = ML_SPLIT_COLUMN;
	add_column(split, source, found);
}

static const char *const split_keys[] = {"by", "time", "gap", "column", "source", "from", "holdout", "seed"};

void
ml_split_own(Jsonb *json, double *share, int64 *seed)
{
	int         count = 0;
	MlJsonPair *pairs = json ? ml_json_pairs(json, "split", &count) : NULL;

	for (int i = 0; i < count; i++)
	{
		bool   is_share = strcmp(pairs[i].key, "holdout") == 0;
		double number;

		if (!is_share && strcmp(pairs[i].key, "seed") != 0)
			continue;
		if (!ml_json_number(&pairs[i].value, &number) || (!is_share && (number != rint(number) || fabs(number) > 9007199254740992.0)))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("split key \"%s\" must be a%s number", pairs[i].key, is_share ? "" : " whole")));
		if (is_share)
			*share = number;
		else
			*seed = (int64) number;
	}
}

MlSplit *
ml_split_plan(const MlSource *source, Jsonb *json, double share, int64 seed)
{
	MlSplit          *split = palloc0(sizeof(MlSplit));
	const JsonbValue *given[lengthof(split_keys)] = {NULL};
	MlJsonPair       *pairs = NULL;
	int               count = 0;

	if (isnan(share) || share < 0 || share >= 1)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("holdout must be at least 0 and less than 1"),
				 errhint("It is the share of rows kept for evaluation, for example 0.2.")));
	if (json)
		pairs = ml_json_pairs(json, "split", &count);
	for (int i = 0; i < count; i++)
	{
		size_t k = 0;

		while (k < lengthof(split_keys) && strcmp(split_keys[k], pairs[i].key) != 0)
			k++;
		if (k == lengthof(split_keys))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unknown split key \"%s\"", pairs[i].key),
					 errhint("Known keys are by, time, gap, from, column, source, holdout and seed.")));
		given[k] = &pairs[i].value;
	}
	if ((given[0] != NULL) + (given[1] != NULL) + (given[3] != NULL) + (given[4] != NULL) > 1 || ((given[2] || given[5]) && !given[1]))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("split takes one of by, time, column and source; gap and from go with time only")));
	split->share = share;
	split->seed = seed;
	if (given[4])
	{
		split->kind = ML_SPLIT_SOURCE;
		split->source = ml_json_text(given[4]);
		if (split->source == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("split key \"source\" must be a table name or a query")));
	}
	else if (given[3])
		plan_column(split, source, given[3]);
	else if (share == 0)
		split->kind = ML_SPLIT_NONE;
	else if (given[1])
		plan_time(split, source, given[1], given[2], given[5]);
	else
		plan_key(split, source, given[0]);
	return split;
}

/* ---- predicates ----------------------------------------------------------------------- */

/* Rows whose hash of these columns is below a share, or the others. */
static char *
hash_predicate(int64 seed, double share, char *const *columns, int count, const MlSource *source, bool below)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "%ssustainml.held_out('" INT64_FORMAT "'::bigint, %.17g::pg_catalog.float8", below ? "" : "NOT ", seed, share);
	append_columns(&text, columns, count, source);
	appendStringInfoChar(&text, ')');
	return text.data;
}

static char *
key_predicate(const MlSplit *split, const MlSource *source, double share, bool held_out)
{
	return hash_predicate(split->seed, share, split->columns, split->column_count, source, held_out);
}

/* The time compared with a constant of its type. */
static char *
time_compared(const MlSplit *split, const MlSource *source, StrategyNumber strategy, const char *constant)
{
	int column = ml_source_column(source, split->columns[0], "split time");
	Oid type = getBaseType(source->columns[column].type);

	return psprintf("s.c%d %s %s::%s", column + 1, ml_operator(type, strategy), quote_literal_cstr(constant), format_type_be_qualified(type));
}

static char *
time_predicate(const MlSplit *split, const MlSource *source, bool held_out)
{
	int column = ml_source_column(source, split->columns[0], "split time");
	Oid type = getBaseType(source->columns[column].type);

	if (held_out)
		return time_compared(split, source, BTGreaterEqualStrategyNumber, split->cut);
	return psprintf("s.c%d %s %s", column + 1, ml_operator(type, BTLessStrategyNumber), gap_start(split, type));
}

static char *
column_predicate(const MlSplit *split, const MlSource *source, bool held_out)
{
	int         column = ml_source_column(source, split->columns[0], "split column");
	Oid         type = getBaseType(source->columns[column].type);
	const char *is = held_out ? "IS TRUE" : "IS NOT TRUE";

	if (type == BOOLOID)
		return psprintf("s.c%d %s", column + 1, is);
	if (TypeCategory(type) == TYPCATEGORY_NUMERIC)
		return psprintf("(s.c%d OPERATOR(pg_catalog.<>) 0) %s", column + 1, is);
	return psprintf("(pg_catalog.lower(s.c%d::pg_catalog.text) OPERATOR(pg_catalog.=) 'test') %s", column + 1, is);
}

/* The training rows, or all held-out rows, set aside or not. */
static char *
part_predicate(const MlSplit *split, const MlSource *source, bool held_out)
{
	switch (split->kind)
	{
		case ML_SPLIT_KEY:
			return key_predicate(split, source, split->share, held_out);
		case ML_SPLIT_TIME:
			return time_predicate(split, source, held_out);
		case ML_SPLIT_COLUMN:
			return column_predicate(split, source, held_out);
		case ML_SPLIT_NONE:
			return held_out ? pstrdup("false") : NULL;
		case ML_SPLIT_SOURCE:
			return NULL;
	}
	return NULL;
}

/* Of the held-out rows those that are set aside, or the others. */
static char *
aside_predicate(const MlSplit *split, const MlSource *source, bool aside)
{
	if (split->kind == ML_SPLIT_KEY)
		return key_predicate(split, source, split->share * split->aside, aside);
	if (split->kind == ML_SPLIT_TIME)
		return time_compared(split, source, aside ? BTLessEqualStrategyNumber : BTGreaterStrategyNumber, split->aside_until);
	return hash_predicate(split->seed, split->aside, split->aside_columns, split->aside_column_count, source, aside);
}

static char *
both(const char *a, char *b)
{
	return a ? psprintf("(%s) AND (%s)", a, b) : b;
}

char *
ml_split_predicate(const MlSplit *split, const MlSource *source, bool held_out)
{
	char *part = part_predicate(split, source, held_out);

	if (!held_out || split->aside == 0)
		return part;
	return both(part, aside_predicate(split, source, false));
}

char *
ml_split_aside(const MlSplit *split, const MlSource *source)
{
	if (split->aside == 0)
		return NULL;
	return both(part_predicate(split, source, true), aside_predicate(split, source, true));
}

char *
ml_split_seen(const MlSplit *split, const MlSource *source)
{
	char *training = part_predicate(split, source, false);

	if (split->aside == 0 || training == NULL)
		return training;
	return psprintf("(%s) OR (%s)", training, ml_split_aside(split, source));
}

/* By what to choose among held-out rows: the primary key, else all columns that can be hashed. */
static char **
choosing_columns(const MlSource *held, int *count)
{
	char **columns = palloc(sizeof(char *) * (held->column_count + 1));

	*count = 0;
	for (int pass = 0; pass < 2 && *count == 0; pass++)
		for (int i = 0; i < held->column_count && *count < 90; i++)
			if (pass == 0 ? held->columns[i].is_key : can_be_key(held->columns[i].type))
			{
				ml_source_check_right(held, i);
				columns[(*count)++] = pstrdup(held->columns[i].name);
			}
	return columns;
}

/* The time up to which held-out rows are set aside; rows of one time stay together, and those of the last are never set aside. */
static char *
aside_until(const MlSplit *split, const MlSource *held, double share)
{
	int   column = ml_source_column(held, split->columns[0], "split time");
	Oid   type = getBaseType(held->columns[column].type);
	char *query = ml_source_query(held, psprintf("s.c%d", column + 1), time_predicate(split, held, true));
	char *until = cut_of(psprintf("WITH q(t) AS (%s), last(t) AS (SELECT pg_catalog.max(t) FROM q), before(t) AS (SELECT pg_catalog.max(q.t) FROM q, last WHERE q.t %s last.t) "
								  "SELECT CASE WHEN before.t IS NOT NULL THEN LEAST(before.t, (SELECT pg_catalog.percentile_disc(%.17g) WITHIN GROUP (ORDER BY q.t) FROM q)) END FROM before",
								  query, ml_operator(type, BTLessStrategyNumber), share), type);

	if (until == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the held-out rows cannot be parted by time for calibration"),
				 errdetail("All of them have the same value of column \"%s\".", split->columns[0]),
				 errhint("Hold out more, or leave the calibration out.")));
	return until;
}

char *
ml_split_sample(const MlSplit *split, const MlSource *held, double share)
{
	int    count = split->column_count;
	char **columns = split->kind == ML_SPLIT_KEY ? split->columns : choosing_columns(held, &count);

	return count == 0 ? NULL : hash_predicate(split->seed ^ SAMPLE_SEED, share, columns, count, held, true);
}

void
ml_split_set_aside(MlSplit *split, const MlSource *held, double share)
{
	split->aside = share;
	if (split->kind == ML_SPLIT_KEY)
		return;
	if (split->kind == ML_SPLIT_TIME)
	{
		split->aside_until = aside_until(split, held, share);
		return;
	}
	split->aside_columns = choosing_columns(held, &split->aside_column_count);
	if (split->aside_column_count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the source has no column by which to set rows aside for calibration")));
}

bool
ml_split_unseen(const MlSplit *mine, const MlSplit *theirs)
{
	MlSplit plain = *mine;

	if (theirs->aside == 0)
	{
		plain.aside = 0;
		plain.aside_until = NULL;
		plain.aside_column_count = 0;
	}
	return strcmp(JsonbToCString(NULL, &ml_split_json(&plain)->root, 0), JsonbToCString(NULL, &ml_split_json(theirs)->root, 0)) == 0;
}

char *
ml_split_neither(const MlSplit *split, const MlSource *source)
{
	if (split->kind != ML_SPLIT_TIME)
		return NULL;
	return psprintf("((%s) OR (%s)) IS NOT TRUE", time_predicate(split, source, true), time_predicate(split, source, false));
}

/* ---- catalog form ---------------------------------------------------------------------- */

static const char *const kind_names[] = {"none", "key", "time", "column", "source"};

Jsonb *
ml_split_json(const MlSplit *split)
{
	MlJsonBuilder builder;

	ml_json_begin(&builder);
	ml_json_add_text(&builder, "kind", kind_names[split->kind]);
	if (split->kind == ML_SPLIT_KEY || split->kind == ML_SPLIT_TIME)
		ml_json_add_number(&builder, "share", split->share);
	if (split->kind == ML_SPLIT_KEY)
	{
		ml_json_add_text(&builder, "seed", psprintf(INT64_FORMAT, split->seed));
		ml_json_add_bool(&builder, "whole_row", split->whole_row);
	}
	if (split->column_count)
		ml_json_add_texts(&builder, "columns", split->columns, split->column_count);
	if (split->kind == ML_SPLIT_TIME)
	{
		ml_json_add_text(&builder, "cut", split->cut);
		if (split->cut_given)
			ml_json_add_bool(&builder, "cut_given", true);
		ml_json_add_text(&builder, "gap", split->gap);
	}
	if (split->kind == ML_SPLIT_SOURCE)
		ml_json_add_text(&builder, "source", split->source);
	if (split->aside > 0)
		ml_json_add_number(&builder, "aside", split->aside);
	if (split->aside_until)
		ml_json_add_text(&builder, "aside_until", split->aside_until);
	if (split->aside_column_count)
		ml_json_add_texts(&builder, "aside_columns", split->aside_columns, split->aside_column_count);
	return ml_json_end(&builder);
}

static MlSplitKind
kind_by_name(const char *name)
{
	for (size_t i = 0; i < lengthof(kind_names); i++)
		if (name && strcmp(kind_names[i], name) == 0)
			return (MlSplitKind) i;
	elog(ERROR, "unknown kind of split in the catalog");
}

MlSplit *
ml_split_from_json(Jsonb *json)
{
	MlSplit    *split = palloc0(sizeof(MlSplit));
	int         count;
	MlJsonPair *pairs = ml_json_pairs(json, "split", &count);

	for (int i = 0; i < count; i++)
	{
		const char       *key = pairs[i].key;
		const JsonbValue *value = &pairs[i].value;

		if (strcmp(key, "kind") == 0)
			split->kind = kind_by_name(ml_json_text(value));
		else if (strcmp(key, "share") == 0)
			(void) ml_json_number(value, &split->share);
		else if (strcmp(key, "seed") == 0)
			split->seed = strtoll(ml_json_text(value), NULL, 10);
		else if (strcmp(key, "whole_row") == 0)
			split->whole_row = value->type == jbvBool && value->val.boolean;
		else if (strcmp(key, "columns") == 0)
			split->columns = ml_json_texts(value, &split->column_count);
		else if (strcmp(key, "cut") == 0)
			split->cut = ml_json_text(value);
		else if (strcmp(key, "cut_given") == 0)
			split->cut_given = value->type == jbvBool && value->val.boolean;
		else if (strcmp(key, "gap") == 0)
			split->gap = ml_json_text(value);
		else if (strcmp(key, "source") == 0)
			split->source = ml_json_text(value);
		else if (strcmp(key, "aside") == 0)
			(void) ml_json_number(value, &split->aside);
		else if (strcmp(key, "aside_until") == 0)
			split->aside_until = ml_json_text(value);
		else if (strcmp(key, "aside_columns") == 0)
			split->aside_columns = ml_json_texts(value, &split->aside_column_count);
	}
	return split;
}

MlSplit *
ml_split_of_version(int64 version_id)
{
	MemoryContext caller = CurrentMemoryContext;
	MlOwnerScope  scope;
	Oid           types[1] = {INT8OID};
	Datum         values[1] = {Int64GetDatum(version_id)};
	Jsonb        *json = NULL;

	SPI_connect();
	ml_owner_begin(&scope);
	if (SPI_execute_with_args("SELECT split FROM sustainml.model_version WHERE id = $1", 1, types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "cannot read the split of a model");
	if (SPI_processed == 1)
	{
		bool  isnull;
		Datum value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);

		if (!isnull)
		{
			MemoryContext old = MemoryContextSwitchTo(caller);

			json = DatumGetJsonbPCopy(value);
			MemoryContextSwitchTo(old);
		}
	}
	ml_owner_end(&scope);
	SPI_finish();
	return json ? ml_split_from_json(json) : palloc0(sizeof(MlSplit));
}
