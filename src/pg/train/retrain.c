/*
 * retrain.c - the request of sustainml.retrain: what the active (or named)
 * version was trained with, with the caller's overrides.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "../args.h"
#include "../json.h"
#include "activation.h"

/* Arguments, in the order of sql/41_train.sql; NULL keeps what is stored. */
enum
{
	ARG_MODEL, ARG_SOURCE, ARG_PARAMS, ARG_HOLDOUT, ARG_SEED, ARG_ACTIVATE, ARG_METRIC, ARG_MIN_GAIN, ARG_REFIT
};

/* Columns of the query below. */
enum
{
	COL_SOURCE = 1, COL_SEARCH_PATH, COL_TARGET, COL_ALGORITHM, COL_TASK, COL_POSITIVE, COL_FAVORABLE, COL_FEATURES, COL_PROTECTED,
	COL_PARAMS, COL_PREPROCESS, COL_HOLDOUT, COL_SPLIT, COL_WEIGHT, COL_SEED, COL_REFIT
};

static const char stored_query[] =
	"SELECT source, search_path, target, algorithm, task, positive, favorable, features, protected,"
	" params, preprocess, holdout, split, weight, seed, refit"
	" FROM sustainml.model_version WHERE id OPERATOR(pg_catalog.=) $1";

static char *
stored_text(int column)
{
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column);
}

static Datum
stored(int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, isnull);
}

static char **
stored_texts(int column, MemoryContext context, int *count)
{
	bool   isnull;
	Datum  value = stored(column, &isnull);
	Datum *values;
	bool  *nulls;
	char **texts;

	*count = 0;
	if (isnull)
		return NULL;
	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, count);
	texts = MemoryContextAlloc(context, sizeof(char *) * (*count + 1));
	for (int i = 0; i < *count; i++)
		texts[i] = MemoryContextStrdup(context, TextDatumGetCString(values[i]));
	return texts;
}

static Jsonb *
stored_json(int column, MemoryContext context)
{
	bool          isnull;
	Datum         value = stored(column, &isnull);
	MemoryContext old = MemoryContextSwitchTo(context);
	Jsonb        *json = isnull ? NULL : DatumGetJsonbPCopy(value);

	MemoryContextSwitchTo(old);
	return json;
}

static char *
keep_text(int column, MemoryContext context)
{
	char *text = stored_text(column);

	return text ? MemoryContextStrdup(context, text) : NULL;
}

/* The user's form of a stored split, so that planning it again decides anew (a time cut moves with the data, unless it was given). */
static Jsonb *
split_as_given(const MlSplit *split)
{
	MlJsonBuilder builder;

	ml_json_begin(&builder);
	if (split->kind == ML_SPLIT_KEY && !split->whole_row)
		ml_json_add_texts(&builder, "by", split->columns, split->column_count);
	else if (split->kind == ML_SPLIT_TIME)
	{
		ml_json_add_text(&builder, "time", split->columns[0]);
		if (split->gap)
			ml_json_add_text(&builder, "gap", split->gap);
		if (split->cut_given)
			ml_json_add_text(&builder, "from", split->cut);
	}
	else if (split->kind == ML_SPLIT_COLUMN)
		ml_json_add_text(&builder, "column", split->columns[0]);
	else if (split->kind == ML_SPLIT_SOURCE)
		ml_json_add_text(&builder, "source", split->source);
	return ml_json_end(&builder);
}

static MlRequest *
read_stored(const MlVersion *version, char **search_path, char **split_source)
{
	MlRequest    *request = palloc0(sizeof(MlRequest));
	MemoryContext context = CurrentMemoryContext;
	MlOwnerScope  scope;
	Oid           types[1] = {INT8OID};
	Datum         values[1] = {Int64GetDatum(version->id)};
	bool          isnull;
	Jsonb        *split;

	SPI_connect();
	ml_owner_begin(&scope);
	if (SPI_execute_with_args(stored_query, 1, types, values, NULL, true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "cannot read version %d of model \"%s\"", version->version, version->name);
	request->name.schema = MemoryContextStrdup(context, version->schema);
	request->name.name = MemoryContextStrdup(context, version->name);
	request->source = keep_text(COL_SOURCE, context);
	*search_path = keep_text(COL_SEARCH_PATH, context);
	request->target = keep_text(COL_TARGET, context);
	request->algorithm = keep_text(COL_ALGORITHM, context);
	request->task = keep_text(COL_TASK, context);
	request->positive = keep_text(COL_POSITIVE, context);
	request->favorable = keep_text(COL_FAVORABLE, context);
	request->features = stored_texts(COL_FEATURES, context, &request->feature_count);
	request->protected_columns = stored_texts(COL_PROTECTED, context, &request->protected_count);
	request->params = stored_json(COL_PARAMS, context);
	request->preprocess = stored_json(COL_PREPROCESS, context);
	request->holdout = DatumGetFloat8(stored(COL_HOLDOUT, &isnull));
	split = stored_json(COL_SPLIT, context);
	request->weight = keep_text(COL_WEIGHT, context);
	request->seed = DatumGetInt64(stored(COL_SEED, &isnull));
	request->refit = DatumGetBool(stored(COL_REFIT, &isnull));
	ml_owner_end(&scope);
	SPI_finish();
	if (split)
	{
		MlSplit *parsed = ml_split_from_json(split);

		request->split = split_as_given(parsed);
		*split_source = parsed->kind == ML_SPLIT_SOURCE ? parsed->source : NULL;
	}
	return request;
}

void
ml_request_from_version(FunctionCallInfo fcinfo, MlRetrain *retrain)
{
	static const char *const activations[] = {"always", "if_better", "never"};
	MlRequest *request;
	MlVersion *version = ml_version_resolve(ml_required_text(fcinfo, ARG_MODEL, "the model name"), ML_MANAGE);

	memset(retrain, 0, sizeof(*retrain));
	request = read_stored(version, &retrain->search_path, &retrain->stored_split_source);
	retrain->request = request;
	retrain->version = version;
	retrain->stored_source = request->source;
	request->activate = ML_ACTIVATE_IF_BETTER;
	request->min_gain = PG_ARGISNULL(ARG_MIN_GAIN) ? NAN : ml_min_gain(PG_GETARG_FLOAT8(ARG_MIN_GAIN));
	if (!PG_ARGISNULL(ARG_SOURCE))
	{
		request->source = text_to_cstring(PG_GETARG_TEXT_PP(ARG_SOURCE));
		retrain->stored_source = NULL;
	}
	if (!PG_ARGISNULL(ARG_PARAMS))
		request->params = PG_GETARG_JSONB_P(ARG_PARAMS);
	if (!PG_ARGISNULL(ARG_HOLDOUT))
		request->holdout = PG_GETARG_FLOAT8(ARG_HOLDOUT);
	if (!PG_ARGISNULL(ARG_SEED))
		request->seed = PG_GETARG_INT64(ARG_SEED);
	if (!PG_ARGISNULL(ARG_METRIC))
		request->metric = text_to_cstring(PG_GETARG_TEXT_PP(ARG_METRIC));
	if (!PG_ARGISNULL(ARG_REFIT))
		request->refit = PG_GETARG_BOOL(ARG_REFIT);
	if (!PG_ARGISNULL(ARG_ACTIVATE))
		request->activate = (MlActivate) ml_choose(text_to_cstring(PG_GETARG_TEXT_PP(ARG_ACTIVATE)), "value of activate",
												   activations, lengthof(activations));
}
