/*
 * columns.c - which columns are features, and what kind of target there is.
 *
 * Left out by default, each with a note: primary-key columns, the columns that make the
 * split, columns of types that cannot be features.  Silently: target, weight,
 * protected and excluded columns, which the caller named.  A column named in
 * "features" is never left out without an error.
 */
#include "../compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "../env.h"
#include "../rows.h"
#include "../fairness/fairness.h"
#include "../privacy/learn.h"
#include "train.h"

/* How many rows of a numeric target are looked at to tell classes from amounts. */
#define TARGET_LOOK 1000
/* An integer target with no more distinct values than this may have been meant as classes. */
#define FEW_VALUES 20

/* ---- small queries ----------------------------------------------------------------- */

typedef struct OneInteger
{
	bool  known;
	int64 value;
} OneInteger;

static void
take_integer(void *context, const Datum *values, const bool *nulls)
{
	OneInteger *one = context;

	one->known = !nulls[0];
	one->value = nulls[0] ? 0 : DatumGetInt64(values[0]);
}

/* The one int8 of a query; false when there is no row or it is NULL. */
static bool
query_integer(const char *query, int64 *value)
{
	OneInteger one = {false, 0};

	(void) ml_source_each(query, (Datum) 0, take_integer, &one);
	if (one.known)
		*value = one.value;
	return one.known;
}

const char *const *
ml_enum_labels(Oid type, int *count)
{
	Oid           types[1] = {OIDOID};
	Datum         values[1] = {ObjectIdGetDatum(getBaseType(type))};
	MemoryContext caller = CurrentMemoryContext;
	char        **labels;

	*count = 0;
	if (!type_is_enum(getBaseType(type)))
		return NULL;
	SPI_connect();
	if (SPI_execute_with_args("SELECT e.enumlabel::pg_catalog.text FROM pg_catalog.pg_enum e"
							  " WHERE e.enumtypid OPERATOR(pg_catalog.=) $1 ORDER BY e.enumsortorder",
							  1, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "cannot read the labels of an enum");
	labels = MemoryContextAlloc(caller, sizeof(char *) * (SPI_processed + 1));
	for (uint64 i = 0; i < SPI_processed; i++)
		labels[i] = MemoryContextStrdup(caller, SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1));
	*count = (int) SPI_processed;
	SPI_finish();
	return (const char *const *) labels;
}

/* ---- target -------------------------------------------------------------------------- */

static bool
is_integer(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

/* Whether the first rows of a numeric target are all 0 or 1. */
static bool
looks_binary(const MlSource *source, int target)
{
	char *first = ml_source_query(source, psprintf("s.c%d", target + 1), psprintf("s.c%d IS NOT NULL", target + 1));
	int64 others = 1;

	if (!query_integer(psprintf("SELECT pg_catalog.count(*) FILTER (WHERE q.y OPERATOR(pg_catalog.<>) ALL ('{0,1}')) FROM (%s LIMIT %d) AS q(y)"
								" HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 0",
								first, TARGET_LOOK), &others))
		return false;
	return others == 0;
}

static void
note_amount(const MlSource *source, int target, int64 distinct, const char *where, SmlEnv *env, SmlNotes *notes)
{
	if (distinct <= FEW_VALUES)
		ML_CHECK(env, sml_note(env, notes, "The target \"%s\" has only %d distinct whole numbers%s and is treated as an "
							   "amount; if they are classes, train with task => 'classification'.",
							   source->columns[target].name, (int) distinct, where), "train");
}

static void
note_few_values(const MlSource *source, int target, SmlEnv *env, SmlNotes *notes)
{
	char *first = ml_source_query(source, psprintf("s.c%d", target + 1), NULL);
	int64 distinct = 0;

	if (query_integer(psprintf("SELECT pg_catalog.count(DISTINCT q.y) FROM (%s LIMIT %d) AS q(y)", first, TARGET_LOOK), &distinct))
		note_amount(source, target, distinct, " in the rows looked at", env, notes);
}

static SmlTarget
target_kind(const MlSource *source, int target, const MlRequest *request, SmlEnv *env, SmlNotes *notes, bool *guessed)
{
	Oid     type = getBaseType(ml_source_value_type(&source->columns[target]));
	SmlKind kind;
	bool    is_array;
	const SmlLearner *learner = request->algorithm ? sml_learner_by_name(request->algorithm) : NULL;
	bool    regression_only = learner && learner->tasks == SML_REGRESSION;
	bool    classes_only = learner && !(learner->tasks & SML_REGRESSION);

	if (!ml_type_kind(type, &kind, &is_array) || is_array)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s cannot be a target", source->columns[target].name, format_type_be(type)),
				 errhint("A target is a number, boolean, text or enum column.")));
	if (request->task)
	{
		bool wants_number = strcmp(request->task, "regression") == 0;

		if ((wants_number && classes_only) || (!wants_number && regression_only))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("algorithm \"%s\" cannot do task \"%s\"", request->algorithm, request->task)));
		if (!wants_number)
			return SML_TARGET_CLASS;
	}
	if ((request->task || regression_only) && kind == SML_LABEL)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s cannot be the target of a regression", source->columns[target].name, format_type_be(type)),
				 errhint("Use task => 'classification', or a numeric target.")));
	if (request->task || regression_only)
		return SML_TARGET_NUMBER;
	if (classes_only || kind == SML_LABEL || type == BOOLOID)
		return SML_TARGET_CLASS;
	/* a sealed target is not looked at in SQL: it is what its type says */
	if (source->columns[target].sealed)
		return SML_TARGET_NUMBER;
	*guessed = type != DATEOID && type != TIMESTAMPOID && type != TIMESTAMPTZOID && looks_binary(source, target);
	if (*guessed)
		return SML_TARGET_CLASS;
	if (is_integer(type))
		note_few_values(source, target, env, notes);
	return SML_TARGET_NUMBER;
}

/* ---- features ------------------------------------------------------------------------- */

static bool
named(const MlSource *source, char *const *names, int count, int column)
{
	for (int i = 0; i < count; i++)
		if (ml_source_find(source, names[i]) == column)
			return true;
	return false;
}

static void
check_names(const MlSource *source, char *const *names, int count, const char *what)
{
	for (int i = 0; i < count; i++)
		(void) ml_source_column(source, names[i], what);
}

/* Why a column is not a feature by default; NULL: it is one.  An empty text: no note is needed. */
static const char *
why_left_out(const MlSource *source, const MlRequest *request, const MlSplit *split, int column)
{
	SmlKind kind;
	bool    is_array;

	if (named(source, request->protected_columns, request->protected_count, column) ||
		named(source, request->exclude, request->exclude_count, column))
		return "";
	if (source->columns[column].is_key)
		return "it is part of the primary key";
	if (!split->whole_row && named(source, split->columns, split->column_count, column))
		return "it decides the split";
	if (source->columns[column].sealing)
		return "it holds the values of a column that is being encrypted";
	if (ml_sealed_why_not(source, column))
		return ml_sealed_why_not(source, column);
	if (!ml_type_kind(ml_source_value_type(&source->columns[column]), &kind, &is_array))
		return psprintf("its type %s cannot be a feature", format_type_be(source->columns[column].type));
	return NULL;
}

/* The length of the arrays of a column: from the first that is not NULL; 0 when there is none. */
static size_t
array_elements(const MlSource *source, int column)
{
	int64 length = 0;
	char *query;

	if (source->columns[column].sealed)
		return ml_sealed_elements(source, column);
	query = ml_source_query(source, psprintf("pg_catalog.cardinality(s.c%d)::pg_catalog.int8", column + 1),
								  psprintf("s.c%d IS NOT NULL", column + 1));

	if (!query_integer(psprintf("%s LIMIT 1", query), &length))
		return 0;
	return (size_t) length;
}

static void
add_feature(MlColumns *columns, const MlSource *source, int column, bool asked, SmlEnv *env, SmlNotes *notes)
{
	const MlSourceColumn *from = &source->columns[column];
	SmlColumn            *to = &columns->layout.columns[columns->count];
	bool                  is_array;

	ml_source_check_right(source, column);
	(void) ml_type_kind(ml_source_value_type(from), &to->kind, &is_array);
	if (is_array)
	{
		to->elements = array_elements(source, column);
		if (to->elements == 0)
		{
			if (asked)
				ereport(ERROR,
						(errcode(ERRCODE_NO_DATA_FOUND),
						 errmsg("column \"%s\" has no value", from->name),
						 errhint("Leave it out of features, or look at the rows of the source.")));
			ML_CHECK(env, sml_note_plain(env, notes, "Column \"%s\" was left out: it has no value.", from->name), "train");
			return;
		}
	}
	to->secret = from->sealed != 0;
	ML_CHECK(env, sml_copy_text(env, from->name, strlen(from->name), &to->name), "train");
	{
		const char *type = from->sealed ? format_type_be(ml_source_value_type(from)) : format_type_with_typemod(from->type, from->typmod);

		ML_CHECK(env, sml_copy_text(env, type, strlen(type), &to->type), "train");
	}
	columns->source_columns[columns->count] = column;
	columns->asked[columns->count] = asked;
	columns->count++;
}

/* Give every feature column its slots. */
static void
number_slots(MlColumns *columns)
{
	SmlLayout *layout = &columns->layout;

	layout->column_count = (size_t) columns->count;
	layout->numbers = layout->labels = 0;
	for (int i = 0; i < columns->count; i++)
	{
		SmlColumn *column = &layout->columns[i];

		if (column->kind == SML_NUMBER)
		{
			column->first = layout->numbers;
			layout->numbers += column->elements ? column->elements : 1;
		}
		else
			column->first = layout->labels++;
	}
}

void
ml_columns_drop(MlColumns *columns, int position)
{
	for (int i = position; i + 1 < columns->count; i++)
	{
		columns->layout.columns[i] = columns->layout.columns[i + 1];
		columns->source_columns[i] = columns->source_columns[i + 1];
		columns->asked[i] = columns->asked[i + 1];
	}
	columns->count--;
	number_slots(columns);
}

/* The column in which encrypt_column_batches gathers sealed values comes and goes. */
static void
refuse_sealing(const MlSource *source, int column)
{
	if (!source->columns[column].sealing)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("column \"%s\" holds the values of a column that is being encrypted, and will go", source->columns[column].name),
			 errhint("CALL sustainml.encrypt_column_batches again to end the encryption, or train on the column itself, which is still in clear.")));
}

/* What is learned from a column on its way to being sealed stays in clear. */
static void
note_being_sealed(const MlColumns *columns, const MlSource *source, SmlEnv *env, SmlNotes *notes)
{
	for (int i = -2; i < columns->count; i++)
	{
		int         column = i == -2 ? columns->target : i == -1 ? columns->weight : columns->source_columns[i];
		const char *key = column < 0 ? NULL : ml_being_sealed(source, column);

		if (key)
			ML_CHECK(env, sml_note_plain(env, notes, "Column \"%s\" is being encrypted under key \"%s\" and was still read in clear, so the model is stored "
										 "in clear, with what it learned from it; train again when the encryption has ended.",
										 source->columns[column].name, key), "train");
	}
}

/* A feature named by the user: in the order given, errors for what cannot be one. */
static void
add_named_features(MlColumns *columns, const MlSource *source, const MlRequest *request, SmlEnv *env, SmlNotes *notes)
{
	for (int i = 0; i < request->feature_count; i++)
	{
		int     column = ml_source_column(source, request->features[i], "features");
		SmlKind kind;
		bool    is_array;
		bool    repeated = false;

		for (int k = 0; k < columns->count; k++)
			repeated |= columns->source_columns[k] == column;
		if (repeated)
			continue;
		if (named(source, request->exclude, request->exclude_count, column))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column \"%s\" is named both in features and in exclude", source->columns[column].name)));
		if (column == columns->target || column == columns->weight)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column \"%s\" cannot be a feature and the %s at once", source->columns[column].name,
							column == columns->target ? "target" : "weight")));
		refuse_sealing(source, column);
		if (!ml_type_kind(ml_source_value_type(&source->columns[column]), &kind, &is_array))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of type %s cannot be a feature", source->columns[column].name,
							format_type_be(source->columns[column].type)),
					 errhint("Features are numbers, booleans, dates, timestamps, numeric arrays, text and enums; cast the column in a source query.")));
		add_feature(columns, source, column, true, env, notes);
	}
}

void
ml_columns_take_amount(MlColumns *columns, const MlSource *source, double distinct, SmlEnv *env, SmlNotes *notes)
{
	columns->guessed_classes = false;
	columns->layout.target = SML_TARGET_NUMBER;
	if (is_integer(getBaseType(source->columns[columns->target].type)))
		note_amount(source, columns->target, (int64) distinct, "", env, notes);
}

MlColumns *
ml_columns_choose(const MlSource *source, const MlRequest *request, const MlSplit *split, SmlEnv *env, SmlNotes *notes)
{
	MlColumns *columns = palloc0(sizeof(MlColumns));
	SmlKind    kind;
	bool       is_array;

	columns->target = ml_source_column(source, request->target, "target");
	columns->weight = request->weight ? ml_source_column(source, request->weight, "weight") : -1;
	ml_source_check_right(source, columns->target);
	if (columns->weight >= 0)
		ml_source_check_right(source, columns->weight);
	check_names(source, request->exclude, request->exclude_count, "exclude");
	check_names(source, request->protected_columns, request->protected_count, "protected");
	/* before any work, and not only when the held-out rows are audited */
	ml_fair_check_protected(source, &(MlFairSpec) {.target = request->target, .protected_columns = request->protected_columns, .protected_count = request->protected_count});
	if (columns->weight >= 0)
	{
		Oid weight_type = ml_source_value_type(&source->columns[columns->weight]);

		if (TypeCategory(getBaseType(weight_type)) != TYPCATEGORY_NUMERIC ||
			!ml_type_kind(weight_type, &kind, &is_array) || kind != SML_NUMBER)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("the weight column \"%s\" is not a number", request->weight),
					 errdetail("Its type is %s.", format_type_be(source->columns[columns->weight].type))));
		if (columns->weight == columns->target)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column \"%s\" cannot be the target and the weight at once", source->columns[columns->weight].name)));
	}
	columns->layout.target = target_kind(source, columns->target, request, env, notes, &columns->guessed_classes);
	refuse_sealing(source, columns->target);
	if (columns->weight >= 0)
		refuse_sealing(source, columns->weight);
	/* true and false tell nothing; other classes are values, and their texts stay inside the sealed model */
	columns->layout.secret_target = source->columns[columns->target].sealed && ml_source_value_type(&source->columns[columns->target]) != BOOLOID;
	columns->layout.weighted = columns->weight >= 0;
	columns->layout.columns = palloc0(sizeof(SmlColumn) * (source->column_count + 1));
	columns->source_columns = palloc0(sizeof(int) * (source->column_count + 1));
	columns->asked = palloc0(sizeof(bool) * (source->column_count + 1));

	if (request->features == NULL || request->all_and_more)
		for (int i = 0; i < source->column_count; i++)
		{
			const char *why;

			if (i == columns->target || i == columns->weight || named(source, request->features, request->feature_count, i))
				continue;
			why = why_left_out(source, request, split, i);
			if (why == NULL)
				add_feature(columns, source, i, false, env, notes);
			else if (why[0])
				ML_CHECK(env, sml_note_plain(env, notes, "Column \"%s\" was left out: %s.", source->columns[i].name, why), "train");
		}
	add_named_features(columns, source, request, env, notes);
	number_slots(columns);
	note_being_sealed(columns, source, env, notes);
	if (columns->count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the source has no column that can be a feature"),
				 errhint("Name the features, for example features => '{age,hours}'.")));
	return columns;
}
