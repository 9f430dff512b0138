/*
 * input.c - rows for scoring in all their forms; see input.h.
 *
 * Cost: for columns and rows a conversion per feature and no allocation; jsonb is
 * taken apart per call.
 */
#include "../compat.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/inval.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "../json.h"
#include "../nearest.h"
#include "../privacy/learn.h"
#include "../privacy/row_key.h"
#include "input.h"

typedef enum InputForm
{
	FORM_COLUMNS,
	FORM_ROW,
	FORM_JSON,
	FORM_ARRAY
} InputForm;

/* A float8 argument that is a number as it is: the common case, worth a loop of its own. */
typedef struct PlainStep
{
	int argument; /* in fcinfo->args */
	int slot;     /* in numbers */
} PlainStep;

struct MlInput
{
	const SmlEncoder *encoder;
	MemoryContext     context;
	InputForm         form;
	int               first;      /* first argument */
	int               columns;    /* of the model's layout */
	MlReader         *readers;    /* per column */
	bool             *padded;     /* per column: of type char(n), where trailing blanks mean nothing */
	Oid              *literal;    /* per column: the type as which an untyped constant is read, else InvalidOid */
	int              *source;     /* per column: argument offset, or attribute number - 1 */
	double           *numbers;
	size_t           *levels;
	SmlText          *texts;      /* per label slot, of the row at hand */
	/* columns */
	int               plain_count;
	PlainStep        *plain;
	bool              side_by_side; /* plain steps follow each other in both places */
	int               other_count;
	int              *others;     /* the columns that are not plain */
	/* rows */
	Oid               row_type;
	int32             row_typmod;
	int               row_natts;
	Datum            *values;
	bool             *nulls;
	TupleDesc         row;
	int              *row_key;    /* per column: attribute number - 1 of the row's key that a sealed value is bound to, else -1 */
	MlReader         *row_reader; /* of that */
};

const double *
ml_input_numbers(const MlInput *input)
{
	return input->numbers;
}

const size_t *
ml_input_levels(const MlInput *input)
{
	return input->levels;
}

/* ---- columns ----------------------------------------------------------------------- */

/* The type that a number was trained on, as far as it is still there. */
static Oid
type_of_feature(const SmlColumn *column)
{
	Oid     type;
	int32   typmod;
	SmlKind kind;
	bool    is_array;

	ml_parse_type(column->type, &type, &typmod, true);
	if (OidIsValid(type) && ml_type_kind(type, &kind, &is_array) && kind == SML_NUMBER && is_array == (column->elements > 0))
		return type;
	return column->elements ? FLOAT8ARRAYOID : FLOAT8OID;
}

static bool
is_padded(const SmlColumn *column)
{
	Oid   type;
	int32 typmod;

	if (column->kind != SML_LABEL)
		return false;
	ml_parse_type(column->type, &type, &typmod, true);
	return OidIsValid(type) && getBaseType(type) == BPCHAROID;
}

/* A label given as text: as the column would hold it. */
static SmlText
label_of_text(const MlInput *input, int column, const char *text)
{
	size_t length = strlen(text);

	while (input->padded[column] && length > 0 && text[length - 1] == ' ')
		length--;
	return (SmlText){text, (int32_t) length};
}

/* The value that a text stands for in the given type. */
static Datum
value_of_text(Oid type, char *text)
{
	Oid input_function;
	Oid io_parameter;

	getTypeInputInfo(type, &input_function, &io_parameter);
	return OidInputFunctionCall(input_function, text, io_parameter, -1);
}

static void
init_reader(MlInput *input, int column, Oid type)
{
	const SmlColumn *c = &input->encoder->layout.columns[column];
	MlReader        *reader = &input->readers[column];

	input->literal[column] = InvalidOid;
	if (type == UNKNOWNOID)
	{
		/* a constant written without a type, NULL or '2020-01-01', is of the type that the model was trained on */
		if (c->kind == SML_LABEL)
		{
			reader->type = CSTRINGOID;
			reader->how = ML_READ_NOTHING;
			return;
		}
		type = type_of_feature(c);
		input->literal[column] = type;
	}
	if (ml_reader_init_opening(reader, type, c->kind) && ml_reader_fits(reader, c->elements > 0))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("feature \"%s\" cannot be read from a value of type %s", c->name, format_type_be(type)),
			 errdetail("The model was trained on type %s.", c->type)));
}

/* The same for a column that is an argument of the call. */
static void
init_argument(MlInput *input, int column, FunctionCallInfo fcinfo, int argument)
{
	init_reader(input, column, get_fn_expr_argtype(fcinfo->flinfo, argument));
	if (input->readers[column].how == ML_READ_SEALED)
		input->readers[column].sealed = ml_argument_column(fcinfo, argument);
}

/* Take the value of one column; true unless it is missing. */
static inline bool
take_value(MlInput *input, int column, Datum value, bool isnull)
{
	const SmlColumn *c = &input->encoder->layout.columns[column];
	MlReader        *reader = &input->readers[column];

	if (OidIsValid(input->literal[column]) && !isnull)
		value = value_of_text(input->literal[column], DatumGetCString(value));
	if (c->kind == SML_NUMBER)
	{
		if (c->elements)
			return ml_read_array(reader, value, isnull, input->numbers + c->first, c->elements, c->name);
		input->numbers[c->first] = ml_read_number(reader, value, isnull);
		return !isnull;
	}
	if (reader->type == CSTRINGOID)
		input->texts[c->first] = isnull ? (SmlText){NULL, -1} : label_of_text(input, column, DatumGetCString(value));
	else
		input->texts[c->first] = ml_read_label(reader, value, isnull);
	input->levels[c->first] = sml_encoder_level(input->encoder, c->first, input->texts[c->first]);
	return !isnull;
}

static bool
is_feature(const MlInput *input, const char *name)
{
	for (int c = 0; c < input->columns; c++)
		if (pg_strcasecmp(input->encoder->layout.columns[c].name, name) == 0)
			return true;
	return false;
}

pg_noreturn static void
missing_column(const MlInput *input, int column, const char *const *names, int count)
{
	const char **known = palloc(sizeof(char *) * (count + 1));
	const char  *nearest;
	int          n = 0;

	/* a name that is a feature itself was not meant for another */
	for (int i = 0; i < count; i++)
		if (names[i] && !is_feature(input, names[i]))
			known[n++] = names[i];
	nearest = ml_nearest_name(input->encoder->layout.columns[column].name, known, n);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("the row has no column \"%s\", which the model needs", input->encoder->layout.columns[column].name),
			 nearest ? errhint("Perhaps \"%s\" should have that name; sustainml.features(model) lists what the model needs.", nearest) :
			 errhint("sustainml.features(model) lists what the model needs.")));
}

/* ---- sealed values that are bound to the key of their row ------------------------------------- */

static void
find_row_key(MlInput *input, int column, TupleDesc row, const char *const *names)
{
	int32       number = TupleDescAttr(row, input->source[column])->atttypmod;
	const char *name = number > 0 ? ml_row_key(number) : NULL;
	int         found = -1;

	input->row_key[column] = -1;
	if (name == NULL)
		return;
	for (int i = 0; i < row->natts && found < 0; i++)
		if (names[i] && strcmp(names[i], name) == 0)
			found = i;
	/* a table's own row, whose key column was renamed */
	if (found < 0 && OidIsValid(get_typ_typrelid(row->tdtypeid)))
		found = ml_row_key_of_table(get_typ_typrelid(row->tdtypeid), number) - 1;
	if (found < 0 || found >= row->natts ||
		!ml_reader_init(&input->row_reader[column], TupleDescAttr(row, found)->atttypid, SML_LABEL))
		return;
	input->row_key[column] = found;
}

/* The value of a column of a row, with the row's key where it is bound to it. */
static Datum
value_in_row(MlInput *input, int column)
{
	Datum   value = input->values[input->source[column]];
	int     key = input->row_key[column];
	SmlText text;

	if (key < 0 || input->nulls[input->source[column]] || input->nulls[key])
		return value;
	text = ml_read_label(&input->row_reader[column], input->values[key], false);
	return ml_bind(value, (SmlSlice){(const uint8_t *) text.bytes, (size_t) text.length});
}

/* ---- rows -------------------------------------------------------------------------------- */

static void
map_row(MlInput *input, TupleDesc row)
{
	const char **names = palloc(sizeof(char *) * (row->natts + 1));
	bool         any_name = false;

	for (int i = 0; i < row->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(row, i);

		names[i] = attribute->attisdropped ? NULL : NameStr(attribute->attname);
		/* ROW(1, 2) names its fields f1, f2 */
		any_name |= names[i] && strcmp(names[i], psprintf("f%d", i + 1)) != 0;
	}
	for (int c = 0; c < input->columns; c++)
	{
		input->source[c] = ml_find_name(input->encoder->layout.columns[c].name, names, row->natts);
		if (input->source[c] >= 0)
		{
			init_reader(input, c, TupleDescAttr(row, input->source[c])->atttypid);
			input->row_key[c] = -1;
			if (input->readers[c].how == ML_READ_SEALED)
			{
				input->readers[c].sealed = TupleDescAttr(row, input->source[c])->atttypmod;
				find_row_key(input, c, row, names);
			}
			continue;
		}
		if (!any_name)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("the row has no column names"),
					 errhint("Pass a table's row, predict('model', t), or the features one by one: predict('model', a, b).")));
		missing_column(input, c, names, row->natts);
	}
	pfree(names);
}

/* Follow a row whose type differs from the last call's. */
static void
adopt_row_type(MlInput *input, Oid type, int32 typmod)
{
	MemoryContext old = MemoryContextSwitchTo(input->context);
	TupleDesc     row = lookup_rowtype_tupdesc_copy(type, typmod);

	map_row(input, row);
	if (input->row)
		FreeTupleDesc(input->row);
	input->row = row;
	input->row_type = type;
	input->row_typmod = typmod;
	if (row->natts > input->row_natts)
	{
		input->values = palloc(sizeof(Datum) * row->natts);
		input->nulls = palloc(sizeof(bool) * row->natts);
		input->row_natts = row->natts;
	}
	MemoryContextSwitchTo(old);
}

static bool
read_row(MlInput *input, Datum value)
{
	HeapTupleHeader header = DatumGetHeapTupleHeader(value);
	HeapTupleData   tuple;
	bool            any = false;

	if (HeapTupleHeaderGetTypeId(header) != input->row_type || HeapTupleHeaderGetTypMod(header) != input->row_typmod)
		adopt_row_type(input, HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
	memset(&tuple, 0, sizeof(tuple));
	tuple.t_len = HeapTupleHeaderGetDatumLength(header);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_data = header;
	heap_deform_tuple(&tuple, input->row, input->values, input->nulls);
	for (int c = 0; c < input->columns; c++)
		any |= take_value(input, c, value_in_row(input, c), input->nulls[input->source[c]]);
	return any;
}

/* ---- jsonb ---------------------------------------------------------------------------------- */

pg_noreturn static void
wrong_json(const SmlColumn *column, const char *expected, const JsonbValue *value)
{
	static const char *const kinds[] = {"null", "a string", "a number", "a boolean"};
	const char *got = value->type <= jbvBool ? kinds[value->type] :
		value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data) ? "an array" : "an object";

	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("key \"%s\" must be %s, not %s", column->name, expected, got)));
}

static bool
is_time(Oid type)
{
	Oid base = getBaseType(type);

	return base == DATEOID || base == TIMESTAMPOID || base == TIMESTAMPTZOID;
}

/* JSON has no number for these, so to_jsonb writes them as strings. */
static bool
is_not_finite(const char *text)
{
	return strcmp(text, "NaN") == 0 || strcmp(text, "Infinity") == 0 || strcmp(text, "-Infinity") == 0;
}

static bool
json_number(const SmlColumn *column, const JsonbValue *value, double *number)
{
	if (value->type == jbvNull)
	{
		*number = sml_missing();
		return false;
	}
	if (ml_json_number(value, number))
		return true;
	if (value->type == jbvBool)
		*number = value->val.boolean ? 1 : 0;
	else if (value->type == jbvString && is_time(type_of_feature(column)))
	{
		/* dates and times are strings in JSON: read them as the column's type */
		Oid      type = type_of_feature(column);
		MlReader reader;

		(void) ml_reader_init(&reader, type, SML_NUMBER);
		*number = ml_read_number(&reader, value_of_text(type, ml_json_text(value)), false);
	}
	else if (value->type == jbvString && is_not_finite(ml_json_text(value)))
		*number = sml_missing();
	else
		wrong_json(column, "a number", value);
	return true;
}

static bool
json_array(MlInput *input, const SmlColumn *column, const JsonbValue *value)
{
	JsonbIterator     *iterator;
	JsonbIteratorToken token;
	JsonbValue         element;
	size_t             n = 0;
	bool               any = false;

	if (value->type == jbvNull)
	{
		for (size_t e = 0; e < column->elements; e++)
			input->numbers[column->first + e] = sml_missing();
		return false;
	}
	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		wrong_json(column, "an array of numbers", value);
	if (JsonContainerSize(value->val.binary.data) != column->elements)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("key \"%s\" must be an array of %zu numbers, not %d", column->name, column->elements,
						(int) JsonContainerSize(value->val.binary.data))));
	iterator = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &element, true)) != WJB_DONE)
		if (token == WJB_ELEM)
			any |= json_number(column, &element, &input->numbers[column->first + n++]);
	return any;
}

static bool
json_label(MlInput *input, int c, const JsonbValue *value)
{
	const SmlColumn *column = &input->encoder->layout.columns[c];
	SmlText *text = &input->texts[column->first];
	char    *copy = NULL;

	if (value->type == jbvBinary)
		wrong_json(column, "a string", value);
	if (value->type != jbvNull)
		copy = ml_json_text(value);
	*text = copy ? label_of_text(input, c, copy) : (SmlText){NULL, -1};
	input->levels[column->first] = sml_encoder_level(input->encoder, column->first, *text);
	return copy != NULL;
}

static bool
read_json(MlInput *input, Jsonb *json)
{
	int          count;
	MlJsonPair  *pairs = ml_json_pairs(json, "the input", &count);
	const char **names = palloc(sizeof(char *) * (count + 1));
	bool         any = false;

	for (int i = 0; i < count; i++)
		names[i] = pairs[i].key;
	for (int c = 0; c < input->columns; c++)
	{
		const SmlColumn *column = &input->encoder->layout.columns[c];
		int              i = ml_find_name(column->name, names, count);

		if (i < 0)
			missing_column(input, c, names, count);
		if (column->kind == SML_LABEL)
			any |= json_label(input, c, &pairs[i].value);
		else if (column->elements)
			any |= json_array(input, column, &pairs[i].value);
		else
			any |= json_number(column, &pairs[i].value, &input->numbers[column->first]);
	}
	return any;
}

/* ---- the call site ----------------------------------------------------------------------------- */

static void
map_names(MlInput *input, FunctionCallInfo fcinfo, ArrayType *names)
{
	Datum       *values;
	bool        *nulls;
	int          count;
	const char **texts;

	deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
	texts = palloc(sizeof(char *) * (count + 1));
	for (int i = 0; i < count; i++)
		texts[i] = nulls[i] ? NULL : TextDatumGetCString(values[i]);
	if (count != PG_NARGS() - input->first)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d names do not fit %d values", count, PG_NARGS() - input->first)));
	for (int c = 0; c < input->columns; c++)
	{
		input->source[c] = ml_find_name(input->encoder->layout.columns[c].name, texts, count);
		if (input->source[c] < 0)
		{
			/* inside a transaction a prepared plan may not have heard of it; let it hear, so that the next try plans anew */
			AcceptInvalidationMessages();
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("the model was retrained with other features after this query was planned"),
					 errdetail("It now needs column \"%s\".", input->encoder->layout.columns[c].name),
					 errhint("Run the query again.")));
		}
		init_argument(input, c, fcinfo, input->first + input->source[c]);
	}
}

static void
map_scalars(MlInput *input, FunctionCallInfo fcinfo)
{
	int given = PG_NARGS() - input->first;

	if (given != input->columns)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the model takes %d features, not %d", input->columns, given),
				 errhint("sustainml.features(model) lists them in order; or pass a row, predict('model', t).")));
	for (int c = 0; c < input->columns; c++)
	{
		input->source[c] = c;
		init_argument(input, c, fcinfo, input->first + c);
	}
}

/* Part the columns into those that need no conversion and the others. */
static void
plan_columns(MlInput *input)
{
	input->plain = palloc(sizeof(PlainStep) * (input->columns + 1));
	input->others = palloc(sizeof(int) * (input->columns + 1));
	for (int c = 0; c < input->columns; c++)
	{
		const SmlColumn *column = &input->encoder->layout.columns[c];

		if (column->kind == SML_NUMBER && column->elements == 0 && input->readers[c].how == ML_READ_FLOAT8 &&
			!OidIsValid(input->literal[c]))
			input->plain[input->plain_count++] = (PlainStep){input->first + input->source[c], (int) column->first};
		else
			input->others[input->other_count++] = c;
	}
	input->side_by_side = input->plain_count > 0;
	for (int i = 1; i < input->plain_count; i++)
		input->side_by_side = input->side_by_side && input->plain[i].argument == input->plain[0].argument + i &&
			input->plain[i].slot == input->plain[0].slot + i;
}

static const char *
skip_blanks(const char *text)
{
	while (isspace((unsigned char) *text))
		text++;
	return text;
}

/* Whether a constant begins like a JSON object, {" or {}, and not like an array, {1. */
static bool
starts_object(const char *literal)
{
	if (literal == NULL)
		return false;
	literal = skip_blanks(literal);
	if (*literal != '{')
		return false;
	literal = skip_blanks(literal + 1);
	return *literal == '"' || *literal == '}';
}

/* The form of a single argument; FORM_COLUMNS when it is just a value.  "literal" is an untyped constant, or NULL. */
static InputForm
single_form(MlInput *input, Oid type, const char *literal)
{
	const SmlLayout *layout = &input->encoder->layout;
	Oid              base = getBaseType(type);
	SmlKind          kind;
	bool             is_array;

	if (type_is_rowtype(base) || base == RECORDOID)
		return FORM_ROW;
	if (base == JSONBOID || base == JSONOID)
		return FORM_JSON;
	/* an untyped constant is JSON, unless the model has one feature and it does not look like an object */
	if (type == UNKNOWNOID)
		return input->columns == 1 && !starts_object(literal) ? FORM_COLUMNS : FORM_JSON;
	if (ml_type_kind(base, &kind, &is_array) && is_array && !(input->columns == 1 && layout->columns[0].elements > 0))
	{
		if (layout->labels > 0)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("a model with categorical features cannot take one array"),
					 errhint("Pass a row, predict('model', t), or a jsonb object.")));
		return FORM_ARRAY;
	}
	return FORM_COLUMNS;
}

MlInput *
ml_input_make(FunctionCallInfo fcinfo, int first, const MlModel *model, ArrayType *names)
{
	MlInput         *input = palloc0(sizeof(MlInput));
	const SmlLayout *layout = &model->model->encoder->layout;

	if (get_fn_expr_variadic(fcinfo->flinfo))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("features are given as separate arguments or as one array, not as VARIADIC array")));
	input->encoder = model->model->encoder;
	input->context = CurrentMemoryContext;
	input->first = first;
	input->columns = (int) layout->column_count;
	input->readers = palloc0(sizeof(MlReader) * (input->columns + 1));
	input->padded = palloc0(sizeof(bool) * (input->columns + 1));
	for (int c = 0; c < input->columns; c++)
		input->padded[c] = is_padded(&layout->columns[c]);
	input->literal = palloc0(sizeof(Oid) * (input->columns + 1));
	input->source = palloc0(sizeof(int) * (input->columns + 1));
	input->row_key = palloc0(sizeof(int) * (input->columns + 1));
	input->row_reader = palloc0(sizeof(MlReader) * (input->columns + 1));
	input->numbers = palloc0(sizeof(double) * (layout->numbers + 1));
	input->levels = palloc0(sizeof(size_t) * (layout->labels + 1));
	input->texts = palloc0(sizeof(SmlText) * (layout->labels + 1));
	input->row_type = InvalidOid;
	input->form = FORM_COLUMNS;
	if (names == NULL && PG_NARGS() - first == 1)
	{
		Oid type = get_fn_expr_argtype(fcinfo->flinfo, first);

		input->form = single_form(input, type, type == UNKNOWNOID && !PG_ARGISNULL(first) ? PG_GETARG_CSTRING(first) : NULL);
	}
	if (names)
		map_names(input, fcinfo, names);
	else if (input->form == FORM_COLUMNS)
		map_scalars(input, fcinfo);
	else if (input->form == FORM_ARRAY)
		(void) ml_reader_init(&input->readers[0], get_fn_expr_argtype(fcinfo->flinfo, first), SML_NUMBER);
	if (input->form == FORM_COLUMNS)
		plan_columns(input);
	return input;
}

static bool
read_array(MlInput *input, Datum value)
{
	size_t     n = input->encoder->layout.numbers;
	ArrayType *array = DatumGetArrayTypeP(value);

	if (ARR_NDIM(array) > 1 || ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) != (int) n)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("the model takes an array of %zu numbers", n),
				 errdetail("The array has %d elements in %d dimensions.", ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)), ARR_NDIM(array)),
				 errhint("sustainml.features(model) lists them in order; write NULL for a missing one.")));
	return ml_read_array(&input->readers[0], PointerGetDatum(array), false, input->numbers, n, "input");
}

static Jsonb *
json_argument(const MlInput *input, FunctionCallInfo fcinfo)
{
	Oid type = get_fn_expr_argtype(fcinfo->flinfo, input->first);

	if (type == UNKNOWNOID)
		return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, PG_GETARG_DATUM(input->first)));
	if (getBaseType(type) == JSONOID)
		return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(TextDatumGetCString(PG_GETARG_DATUM(input->first)))));
	return PG_GETARG_JSONB_P(input->first);
}

static bool
read_columns(MlInput *input, FunctionCallInfo fcinfo)
{
	double          *numbers = input->numbers;
	const PlainStep *plain = input->plain;
	int              count = input->plain_count;
	double           missing = sml_missing();
	bool             any = false;

	if (input->side_by_side)
	{
		const NullableDatum *arguments = &fcinfo->args[plain[0].argument];

		numbers += plain[0].slot;
		for (int i = 0; i < count; i++)
		{
			numbers[i] = arguments[i].isnull ? missing : DatumGetFloat8(arguments[i].value);
			any |= !arguments[i].isnull;
		}
	}
	else
		for (int i = 0; i < count; i++)
		{
			const NullableDatum *argument = &fcinfo->args[plain[i].argument];

			numbers[plain[i].slot] = argument->isnull ? missing : DatumGetFloat8(argument->value);
			any |= !argument->isnull;
		}
	for (int i = 0; i < input->other_count; i++)
	{
		int                  c = input->others[i];
		const NullableDatum *argument = &fcinfo->args[input->first + input->source[c]];

		any |= take_value(input, c, argument->value, argument->isnull);
	}
	return any;
}

bool
ml_input_read(MlInput *input, FunctionCallInfo fcinfo)
{
	if (input->form == FORM_COLUMNS)
		return read_columns(input, fcinfo);
	if (PG_ARGISNULL(input->first))
		return false;
	if (input->form == FORM_ROW)
		return read_row(input, PG_GETARG_DATUM(input->first));
	if (input->form == FORM_JSON)
		return read_json(input, json_argument(input, fcinfo));
	return read_array(input, PG_GETARG_DATUM(input->first));
}

const char *
ml_input_sealed(const MlInput *input)
{
	for (int c = 0; c < input->columns; c++)
		if (input->readers[c].how == ML_READ_SEALED)
			return input->encoder->layout.columns[c].name;
	return NULL;
}

static const SmlColumn *
column_of_slot(const MlInput *input, size_t slot)
{
	for (int c = 0; c < input->columns; c++)
	{
		const SmlColumn *column = &input->encoder->layout.columns[c];

		if (column->kind == SML_NUMBER && slot >= column->first && slot < column->first + Max(column->elements, 1))
			return column;
	}
	elog(ERROR, "no column has slot %zu", slot);
}

/* A number as its column would show it: truth values and days by name. */
static char *
number_text(const SmlColumn *column, double number)
{
	Oid type = getBaseType(type_of_feature(column));

	if (type == BOOLOID)
		return pstrdup(number != 0 ? "true" : "false");
	if (type == DATEOID && isfinite(number))
		return DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum((DateADT) number)));
	if (type == TIMESTAMPOID && isfinite(number))
		return DatumGetCString(DirectFunctionCall1(timestamp_out, TimestampGetDatum((Timestamp) rint(number * (double) USECS_PER_DAY))));
	if (type == TIMESTAMPTZOID && isfinite(number))
		return DatumGetCString(DirectFunctionCall1(timestamptz_out, TimestampGetDatum((Timestamp) rint(number * (double) USECS_PER_DAY))));
	return DatumGetCString(DirectFunctionCall1(float8out, Float8GetDatum(number)));
}

char *
ml_input_text(const MlInput *input, size_t feature)
{
	const SmlFeature *f = &input->encoder->features[feature];

	if (f->kind == SML_LABEL)
		return input->texts[f->slot].length < 0 ? NULL : pnstrdup(input->texts[f->slot].bytes, input->texts[f->slot].length);
	if (sml_is_missing(input->numbers[f->slot]))
		return NULL;
	return number_text(column_of_slot(input, f->slot), input->numbers[f->slot]);
}
