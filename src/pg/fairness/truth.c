/*
 * truth.c - from a column of labels or predictions of any type to true and false.
 *
 * A column has two values: the one asked for (favorable, positive), and another, which is whatever the
 * first row that differs has.  SQL then compares with both, and a third value raises an error that names
 * it, from whichever process meets it.  Comparisons are those of the column's own type.
 */
#include "../compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "../privacy/learn.h"
#include "../rows.h"
#include "request.h"

/* ---- the value that counts as true ------------------------------------------------------- */

typedef struct Reading
{
	const char *what;
	const char *column;
	Oid         type;
} Reading;

static void
say_what_was_read(void *argument)
{
	Reading *reading = argument;

	errcontext("reading the value to look for in column \"%s\" (%s)", reading->column, reading->what);
	/* the type's own message says neither where the value was looked for nor what to do */
	if (ERRCODE_TO_CATEGORY(geterrcode()) != ERRCODE_DATA_EXCEPTION)
		return;
	errdetail("The favorable or positive value is looked for in column \"%s\" (%s) of type %s.", reading->column, reading->what,
			  format_type_be(reading->type));
	errhint("Name a value of that type. Labels and predictions must be written alike: make them so in a query.");
}

/* The text of a value of the column's type, in the type's own writing. */
static char *
canonical_text(const MlSource *source, int column, const char *what, const char *text)
{
	Oid                  type = getBaseType(source->columns[column].type);
	Reading              reading = {what, source->columns[column].name, source->columns[column].type};
	ErrorContextCallback callback = {error_context_stack, say_what_was_read, &reading};
	Oid                  input;
	Oid                  parameter;
	Oid                  output;
	bool                 is_varlena;
	Datum                value;

	getTypeInputInfo(type, &input, &parameter);
	getTypeOutputInfo(type, &output, &is_varlena);
	error_context_stack = &callback;
	value = OidInputFunctionCall(input, (char *) text, parameter, -1);
	error_context_stack = callback.previous;
	return OidOutputFunctionCall(output, value);
}

static const char *
default_yes(const MlSource *source, int column, const char *what)
{
	Oid type = getBaseType(source->columns[column].type);

	if (type == BOOLOID)
		return "true";
	if (TypeCategory(type) == TYPCATEGORY_NUMERIC)
		return "1";
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("favorable must be given where column \"%s\" (%s) is of type %s", source->columns[column].name, what,
					format_type_be(source->columns[column].type)),
			 errhint("Name the outcome that people want, for example favorable => 'yes'.")));
}

static char *
literal_of(const MlSource *source, int column, const char *text)
{
	return psprintf("%s::%s", quote_literal_cstr(text),
					format_type_extended(getBaseType(source->columns[column].type), -1, FORMAT_TYPE_FORCE_QUALIFY));
}

/* ---- looking for values -------------------------------------------------------------------- */

static char *
first_text(const char *query)
{
	MemoryContext caller = CurrentMemoryContext;
	char         *text = NULL;

	SPI_connect();
	if (SPI_execute(query, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "unexpected result of a look at a column");
	if (SPI_processed == 1)
	{
		text = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
		if (text)
			text = MemoryContextStrdup(caller, text);
	}
	SPI_finish();
	return text;
}

static char *
some_value(const MlSource *source, int column, const char *comparison, const char *literal)
{
	return first_text(psprintf("%s LIMIT 1",
							   ml_source_query(source, psprintf("s.c%d", column + 1),
											   psprintf("s.c%d OPERATOR(pg_catalog.%s) %s", column + 1, comparison, literal))));
}

static void
check_type(const MlSource *source, int column, const char *what)
{
	MlReader reader;

	ml_source_refuse_sealed(source, column, "be read in SQL");
	if (!ml_reader_init(&reader, source->columns[column].type, SML_LABEL) || reader.how == ML_READ_ARRAY)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" (%s) of type %s cannot be read as two values", source->columns[column].name, what,
						format_type_be(source->columns[column].type)),
				 errhint("Use a boolean, number, text or enum column, or cast it to text in a query.")));
}

static MlTwoValues *
boolean_values(const MlSource *source, int column, const char *yes)
{
	MlTwoValues *two = palloc0(sizeof(MlTwoValues));
	bool         is_true = yes[0] == 't';

	two->yes = pstrdup(is_true ? "true" : "false");
	two->no = pstrdup(is_true ? "false" : "true");
	two->yes_found = true;
	two->expression = psprintf(is_true ? "s.c%d::boolean" : "(NOT s.c%d::boolean)", column + 1);
	return two;
}

MlTwoValues *
ml_two_values(const MlSource *source, int column, const char *what, const char *yes)
{
	MlTwoValues *two;
	char        *literal;
	char        *other;
	int          c = column + 1;

	check_type(source, column, what);
	yes = canonical_text(source, column, what, yes ? yes : default_yes(source, column, what));
	if (getBaseType(source->columns[column].type) == BOOLOID)
		return boolean_values(source, column, yes);
	two = palloc0(sizeof(MlTwoValues));
	two->yes = pstrdup(yes);
	literal = literal_of(source, column, yes);
	two->yes_found = some_value(source, column, "=", literal) != NULL;
	two->no = some_value(source, column, "<>", literal);
	if (two->no == NULL)
	{
		two->expression = psprintf("(s.c%d OPERATOR(pg_catalog.=) %s)", c, literal);
		return two;
	}
	other = literal_of(source, column, two->no);
	two->expression = psprintf("CASE WHEN s.c%d OPERATOR(pg_catalog.=) %s THEN true WHEN s.c%d OPERATOR(pg_catalog.=) %s THEN false"
							   " WHEN s.c%d IS NOT NULL THEN sustainml_internal.third_value(%s, %s, s.c%d::pg_catalog.text, %s, %s) END",
							   c, literal, c, other, c, quote_literal_cstr(what), quote_literal_cstr(source->columns[column].name), c,
							   quote_literal_cstr(two->yes), quote_literal_cstr(two->no));
	return two;
}

/* 0 and 1 are two values even where only one of them occurs. */
static bool
is_zero_or_one(const char *text)
{
	return strcmp(text, "0") == 0 || strcmp(text, "1") == 0;
}

static bool
may_be_absent(const MlTwoValues *two)
{
	return two->no == NULL || (is_zero_or_one(two->yes) && is_zero_or_one(two->no));
}

void
ml_two_values_check(const MlSource *source, const MlTwoValues *target, int target_column, const MlTwoValues *prediction,
					int prediction_column)
{
	const MlTwoValues *seen = target ? target : prediction;
	int                column = target ? target_column : prediction_column;

	if (seen == NULL)
		return;
	if (!(target && target->yes_found) && !(prediction && prediction->yes_found) &&
		(!may_be_absent(seen) || (prediction && !may_be_absent(prediction))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no row has the favorable or positive value \"%s\"", seen->yes),
				 errdetail("Column \"%s\" has \"%s\".", source->columns[column].name, seen->no ? seen->no : ""),
				 errhint("Name a value that occurs.")));
	if (target == NULL || prediction == NULL || target->no == NULL || prediction->no == NULL)
		return;
	if (getBaseType(source->columns[target_column].type) == getBaseType(source->columns[prediction_column].type) &&
		strcmp(target->no, prediction->no) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" (prediction) has the value \"%s\", which is no label", source->columns[prediction_column].name,
						prediction->no),
				 errdetail("Column \"%s\" (target) has \"%s\" and \"%s\".", source->columns[target_column].name, target->yes, target->no),
				 errhint("For more than two classes, see sustainml.fairness_multiclass().")));
}

PG_FUNCTION_INFO_V1(sustainml_third_value);
Datum
sustainml_third_value(PG_FUNCTION_ARGS)
{
	char *arguments[5];

	for (int i = 0; i < 5; i++)
		arguments[i] = PG_ARGISNULL(i) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(i));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("column \"%s\" (%s) has a third value \"%s\"", arguments[1], arguments[0], arguments[2]),
			 errdetail("It also has \"%s\" and \"%s\".", arguments[3], arguments[4]),
			 errhint("An audit is about two outcomes. Make them in a query, or see sustainml.fairness_multiclass().")));
	PG_RETURN_NULL();
}

/* ---- numbers --------------------------------------------------------------------------------- */

char *
ml_number_expression(const MlSource *source, int column, const char *what)
{
	Oid type = getBaseType(source->columns[column].type);

	if (TypeCategory(type) != TYPCATEGORY_NUMERIC || type == MONEYOID || type == OIDOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" (%s) of type %s is no number", source->columns[column].name, what,
						format_type_be(source->columns[column].type))));
	return psprintf("s.c%d::pg_catalog.float8", column + 1);
}
