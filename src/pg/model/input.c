/*
 * input.c - rows for scoring in all their forms; see input.h.
 *
 * Cost: for columns and rows a conversion per feature and no allocation; jsonb is
 * taken apart per call.
 */
#include "../compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "parser/parse_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/inval.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

#include "../json.h"
#include "../nearest.h"
#include "../privacy/learn.h"
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
	int              *source;     /* per column: argument offset, or attribute number - 1 */
	double           *numbers;
	size_t           *levels;
	SmlText          *texts;      /* per label slot, of the row at hand */
	/* columns */
	int               plain_count;
	PlainStep        *plain;
	int               other_count;
	int              *others;     /* the columns that are not plain */
	/* rows */
	Oid               row_type;
	int32             row_typmod;
	int               row_natts;
	Datum            *values;
	bool             *nulls;
	TupleDesc         row;
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

static void
init_reader(MlInput *input, int column, Oid type)
{
	const SmlColumn *c = &input->encoder->layout.columns[column];
	MlReader        *reader = &input->readers[column];

	/* NULL written by hand has no type yet: any will do */
	if (type == UNKNOWNOID)
		type = c->kind == SML_NUMBER ? (c->elements ? FLOAT8ARRAYOID : FLOAT8OID) : CSTRINGOID;
	if (type == CSTRINGOID)
	{
		reader->type = CSTRINGOID;
		reader->how = ML_READ_NOTHING;
		if (c->kind == SML_LABEL)
			return;
	}
	else if (ml_reader_init_opening(reader, type, c->kind) && ml_reader_fits(reader, c->elements > 0))
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

	if (c->kind == SML_NUMBER)
	{
		if (c->elements)
			ml_read_array(reader, value, isnull, input->numbers + c->first, c->elements, c->name);
		else
			input->numbers[c->first] = ml_read_number(reader, value, isnull);
		return !isnull;
	}
	if (reader->type == CSTRINGOID)
		input->texts[c->first] = isnull ? (SmlText){NULL, -1} :
			(SmlText){DatumGetCString(value), (int32_t) strlen(DatumGetCString(value))};
	else
		input->texts[c->first] = ml_read_label(reader, value, isnull);
	input->levels[c->first] = sml_encoder_level(input->encoder, c->first, input->texts[c->first]);
	return !isnull;
}

static void pg_attribute_noreturn()
missing_column(const MlInput *input, int column, const char *const *names, int count)
{
	const char **known = palloc(sizeof(char *) * (count + 1));
	const char  *nearest;
	int          n = 0;

	for (int i = 0; i < count; i++)
		if (names[i])
			known[n++] = names[i];
	nearest = ml_nearest_name(input->encoder->layout.columns[column].name, known, n);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("the row has no column \"%s\", which the model needs", input->encoder->layout.columns[column].name),
			 nearest ? errhint("Perhaps \"%s\" should have that name; sustainml.features(model) lists what the model needs.", nearest) :
			 errhint("sustainml.features(model) lists what the model needs.")));
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
			if (input->readers[c].how == ML_READ_SEALED)
				input->readers[c].sealed = TupleDescAttr(row, input->source[c])->atttypmod;
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
		any |= take_value(input, c, input->values[input->source[c]], input->nulls[input->source[c]]);
	return any;
}

/* ---- jsonb ---------------------------------------------------------------------------------- */

static void pg_attribute_noreturn()
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
	else if (value->type == jbvString && (strncmp(column->type, "date", 4) == 0 || strncmp(column->type, "timestamp", 9) == 0))
	{
		/* dates and times are strings in JSON: read them as the column's type */
		Oid      type;
		int32    typmod;
		Oid      input_function;
		Oid      io_parameter;
		MlReader reader;
		Datum    datum;

		parseTypeString(column->type, &type, &typmod, false);
		getTypeInputInfo(type, &input_function, &io_parameter);
		datum = OidInputFunctionCall(input_function, ml_json_text(value), io_parameter, typmod);
		(void) ml_reader_init(&reader, type, SML_NUMBER);
		*number = ml_read_number(&reader, datum, false);
	}
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
			(void) json_number(column, &element, &input->numbers[column->first + n++]);
	return true;
}

static bool
json_label(MlInput *input, const SmlColumn *column, const JsonbValue *value)
{
	SmlText *text = &input->texts[column->first];
	char    *copy = NULL;

	if (value->type == jbvBinary)
		wrong_json(column, "a string", value);
	if (value->type != jbvNull)
		copy = ml_json_text(value);
	*text = copy ? (SmlText){copy, (int32_t) strlen(copy)} : (SmlText){NULL, -1};
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
			any |= json_label(input, column, &pairs[i].value);
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

		if (column->kind == SML_NUMBER && column->elements == 0 && input->readers[c].how == ML_READ_FLOAT8)
			input->plain[input->plain_count++] = (PlainStep){input->first + input->source[c], (int) column->first};
		else
			input->others[input->other_count++] = c;
	}
}

/* The form of a single argument; FORM_COLUMNS when it is just a value. */
static InputForm
single_form(MlInput *input, Oid type)
{
	const SmlLayout *layout = &input->encoder->layout;
	Oid              base = getBaseType(type);
	SmlKind          kind;
	bool             is_array;

	if (type_is_rowtype(base) || base == RECORDOID)
		return FORM_ROW;
	if (base == JSONBOID || type == UNKNOWNOID)
		return FORM_JSON;
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
	input->source = palloc0(sizeof(int) * (input->columns + 1));
	input->numbers = palloc0(sizeof(double) * (layout->numbers + 1));
	input->levels = palloc0(sizeof(size_t) * (layout->labels + 1));
	input->texts = palloc0(sizeof(SmlText) * (layout->labels + 1));
	input->row_type = InvalidOid;
	input->form = names ? FORM_COLUMNS :
		PG_NARGS() - first == 1 ? single_form(input, get_fn_expr_argtype(fcinfo->flinfo, first)) : FORM_COLUMNS;
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
	size_t n = input->encoder->layout.numbers;
	bool   any = false;

	ml_read_array(&input->readers[0], value, false, input->numbers, n, "input");
	for (size_t j = 0; j < n && !any; j++)
		any = !sml_is_missing(input->numbers[j]);
	return any;
}

static Jsonb *
json_argument(const MlInput *input, FunctionCallInfo fcinfo)
{
	if (get_fn_expr_argtype(fcinfo->flinfo, input->first) == UNKNOWNOID)
		return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, PG_GETARG_DATUM(input->first)));
	return PG_GETARG_JSONB_P(input->first);
}

static bool
read_columns(MlInput *input, FunctionCallInfo fcinfo)
{
	double          *numbers = input->numbers;
	const PlainStep *plain = input->plain;
	int              count = input->plain_count;
	bool             any = false;

	for (int i = 0; i < count; i++)
	{
		const NullableDatum *argument = &fcinfo->args[plain[i].argument];

		numbers[plain[i].slot] = argument->isnull ? sml_missing() : DatumGetFloat8(argument->value);
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

char *
ml_input_text(const MlInput *input, size_t feature)
{
	const SmlFeature *f = &input->encoder->features[feature];

	if (f->kind == SML_LABEL)
		return input->texts[f->slot].length < 0 ? NULL : pnstrdup(input->texts[f->slot].bytes, input->texts[f->slot].length);
	if (sml_is_missing(input->numbers[f->slot]))
		return NULL;
	return DatumGetCString(DirectFunctionCall1(float8out, Float8GetDatum(input->numbers[f->slot])));
}
