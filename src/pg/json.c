/*
 * json.c - jsonb in and out; see json.h.
 */
#include "compat.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "json.h"

MlJsonPair *
ml_json_pairs(Jsonb *json, const char *what, int *count)
{
	MlJsonPair        *pairs;
	JsonbIterator     *iterator;
	JsonbIteratorToken token;
	JsonbValue         value;
	int                n = 0;

	if (!JB_ROOT_IS_OBJECT(json))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a JSON object", what),
				 errhint("Write one as {\"name\": value}.")));
	pairs = palloc0(sizeof(MlJsonPair) * (JB_ROOT_COUNT(json) + 1));
	iterator = JsonbIteratorInit(&json->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			pairs[n].key = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE)
			pairs[n++].value = value;
	}
	*count = n;
	return pairs;
}

char *
ml_json_text(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
			return pnstrdup(value->val.string.val, value->val.string.len);
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		default:
			return NULL;
	}
}

char **
ml_json_texts(const JsonbValue *value, int *count)
{
	char             **texts;
	JsonbIterator     *iterator;
	JsonbIteratorToken token;
	JsonbValue         element;
	int                n = 0;

	if (value->type == jbvString)
	{
		texts = palloc(sizeof(char *));
		texts[0] = ml_json_text(value);
		*count = 1;
		return texts;
	}
	if (value->type != jbvBinary || !JsonContainerIsArray(value->val.binary.data))
		return NULL;
	texts = palloc(sizeof(char *) * (JsonContainerSize(value->val.binary.data) + 1));
	iterator = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &element, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (element.type != jbvString)
			return NULL;
		texts[n++] = ml_json_text(&element);
	}
	*count = n;
	return texts;
}

bool
ml_json_number(const JsonbValue *value, double *number)
{
	if (value->type != jbvNumeric)
		return false;
	*number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
	return true;
}

void
ml_json_begin(MlJsonBuilder *builder)
{
	builder->state = NULL;
	pushJsonbValue(&builder->state, WJB_BEGIN_OBJECT, NULL);
}

static void
push_text(MlJsonBuilder *builder, JsonbIteratorToken token, const char *text)
{
	JsonbValue value;

	value.type = jbvString;
	value.val.string.val = pstrdup(text);
	value.val.string.len = strlen(text);
	pushJsonbValue(&builder->state, token, &value);
}

static void
push_null(MlJsonBuilder *builder)
{
	JsonbValue value;

	value.type = jbvNull;
	pushJsonbValue(&builder->state, WJB_VALUE, &value);
}

void
ml_json_add_text(MlJsonBuilder *builder, const char *key, const char *text)
{
	push_text(builder, WJB_KEY, key);
	if (text)
		push_text(builder, WJB_VALUE, text);
	else
		push_null(builder);
}

void
ml_json_add_number(MlJsonBuilder *builder, const char *key, double number)
{
	JsonbValue value;
	char      *text;

	push_text(builder, WJB_KEY, key);
	if (isnan(number) || isinf(number))
	{
		push_null(builder);
		return;
	}
	/* by the shortest text that reads back the same: float8_numeric keeps only 15 digits */
	text = DatumGetCString(DirectFunctionCall1(float8out, Float8GetDatum(number)));
	value.type = jbvNumeric;
	value.val.numeric = DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(text),
															ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	pushJsonbValue(&builder->state, WJB_VALUE, &value);
}

void
ml_json_add_integer(MlJsonBuilder *builder, const char *key, int64 number)
{
	JsonbValue value;

	push_text(builder, WJB_KEY, key);
	value.type = jbvNumeric;
	value.val.numeric = int64_to_numeric(number);
	pushJsonbValue(&builder->state, WJB_VALUE, &value);
}

void
ml_json_add_bool(MlJsonBuilder *builder, const char *key, bool boolean)
{
	JsonbValue value;

	push_text(builder, WJB_KEY, key);
	value.type = jbvBool;
	value.val.boolean = boolean;
	pushJsonbValue(&builder->state, WJB_VALUE, &value);
}

void
ml_json_add_texts(MlJsonBuilder *builder, const char *key, char *const *texts, int count)
{
	push_text(builder, WJB_KEY, key);
	pushJsonbValue(&builder->state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < count; i++)
		push_text(builder, WJB_ELEM, texts[i]);
	pushJsonbValue(&builder->state, WJB_END_ARRAY, NULL);
}

void
ml_json_open(MlJsonBuilder *builder, const char *key)
{
	push_text(builder, WJB_KEY, key);
	pushJsonbValue(&builder->state, WJB_BEGIN_OBJECT, NULL);
}

void
ml_json_close(MlJsonBuilder *builder)
{
	pushJsonbValue(&builder->state, WJB_END_OBJECT, NULL);
}

Jsonb *
ml_json_end(MlJsonBuilder *builder)
{
	return JsonbValueToJsonb(pushJsonbValue(&builder->state, WJB_END_OBJECT, NULL));
}
