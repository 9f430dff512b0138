/*
 * request.c - the arguments of sustainml.train, checked before any work.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "../args.h"
#include "../nearest.h"
#include "../split.h"
#include "train.h"

/* Positions of the arguments; the order of the SQL declaration in sql/41_train.sql. */
enum
{
	ARG_MODEL, ARG_SOURCE, ARG_TARGET, ARG_ALGORITHM, ARG_TASK, ARG_POSITIVE, ARG_FAVORABLE,
	ARG_FEATURES, ARG_EXCLUDE, ARG_PARAMS, ARG_PREPROCESS, ARG_HOLDOUT, ARG_SPLIT, ARG_PROTECTED,
	ARG_WEIGHT, ARG_SEED, ARG_REFIT, ARG_GROUP_BY, ARG_BUDGET, ARG_ACTIVATE, ARG_METRIC, ARG_MIN_GAIN
};

/* A text argument where 'auto' and NULL mean the same. */
static char *
choice_argument(FunctionCallInfo fcinfo, int i)
{
	char *text = ml_text_argument(fcinfo, i);

	return text && strcmp(text, "auto") == 0 ? NULL : text;
}

static void
refuse_for_now(FunctionCallInfo fcinfo, int i, const char *what, const char *instead)
{
	if (!PG_ARGISNULL(i))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s is not in this version", what),
				 errhint("%s", instead)));
}

static char *
required_text(FunctionCallInfo fcinfo, int i, const char *what)
{
	char *text = ml_text_argument(fcinfo, i);

	if (text == NULL || text[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must be given", what)));
	return text;
}

/* The index of "text" in "choices", or an error that lists them. */
int
ml_choose(const char *text, const char *what, const char *const *choices, int count)
{
	const char    *nearest;
	StringInfoData list;

	for (int i = 0; i < count; i++)
		if (strcmp(choices[i], text) == 0)
			return i;
	nearest = ml_nearest_name(text, choices, count);
	initStringInfo(&list);
	for (int i = 0; i < count; i++)
		appendStringInfo(&list, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " and ", choices[i]);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown %s \"%s\"", what, text),
			 nearest ? errhint("Perhaps you meant \"%s\".", nearest) :
			 errhint("Known are %s.", list.data)));
}

double
ml_min_gain(double min_gain)
{
	if (isnan(min_gain) || isinf(min_gain) || min_gain < 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("min_gain must be a number from 0 on"),
				 errhint("It is how much better the metric must be; leave it out to let the paired interval decide.")));
	return min_gain;
}

static void
take_features(MlRequest *request, FunctionCallInfo fcinfo)
{
	int kept = 0;

	request->features = ml_texts_argument(fcinfo, ARG_FEATURES, "features", &request->feature_count);
	for (int i = 0; i < request->feature_count; i++)
	{
		if (strcmp(request->features[i], "*") == 0)
			request->all_and_more = true;
		else
			request->features[kept++] = request->features[i];
	}
	if (request->features && request->feature_count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("features must name at least one column"),
				 errhint("Leave it out, or use NULL, to take all columns.")));
	request->feature_count = kept;
}

MlRequest *
ml_request_from_arguments(FunctionCallInfo fcinfo)
{
	static const char *const activations[] = {"always", "if_better", "never"};
	static const char *const tasks[] = {"regression", "classification", "binary", "multiclass"};
	MlRequest *request = palloc0(sizeof(MlRequest));

	ml_model_name_parse(required_text(fcinfo, ARG_MODEL, "the model name"), &request->name);
	if (request->name.version != 0 || request->name.latest || request->name.previous)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("a model is trained by its name alone, without a version"),
				 errhint("Training always makes the next version.")));
	request->source = required_text(fcinfo, ARG_SOURCE, "the source");
	request->target = ml_text_argument(fcinfo, ARG_TARGET);
	if (request->target == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the target must be given"),
				 errhint("Name the column to predict, for example target => 'income'.")));
	request->algorithm = choice_argument(fcinfo, ARG_ALGORITHM);
	request->task = choice_argument(fcinfo, ARG_TASK);
	if (request->task)
		(void) ml_choose(request->task, "task", tasks, lengthof(tasks));
	request->positive = ml_text_argument(fcinfo, ARG_POSITIVE);
	request->favorable = ml_text_argument(fcinfo, ARG_FAVORABLE);
	take_features(request, fcinfo);
	request->exclude = ml_texts_argument(fcinfo, ARG_EXCLUDE, "exclude", &request->exclude_count);
	request->protected_columns = ml_texts_argument(fcinfo, ARG_PROTECTED, "protected", &request->protected_count);
	request->params = PG_ARGISNULL(ARG_PARAMS) ? NULL : PG_GETARG_JSONB_P(ARG_PARAMS);
	request->preprocess = PG_ARGISNULL(ARG_PREPROCESS) ? NULL : PG_GETARG_JSONB_P(ARG_PREPROCESS);
	request->split = PG_ARGISNULL(ARG_SPLIT) ? NULL : PG_GETARG_JSONB_P(ARG_SPLIT);
	request->holdout = PG_ARGISNULL(ARG_HOLDOUT) ? 0.2 : PG_GETARG_FLOAT8(ARG_HOLDOUT);
	request->weight = ml_text_argument(fcinfo, ARG_WEIGHT);
	request->seed = PG_ARGISNULL(ARG_SEED) ? 0 : PG_GETARG_INT64(ARG_SEED);
	ml_split_own(request->split, &request->holdout, &request->seed);
	request->refit = !PG_ARGISNULL(ARG_REFIT) && PG_GETARG_BOOL(ARG_REFIT);
	refuse_for_now(fcinfo, ARG_GROUP_BY, "group_by", "Train one model per group, each from a query with a WHERE clause.");
	refuse_for_now(fcinfo, ARG_BUDGET, "budget", "Bound the work by max_iter in params, or by statement_timeout.");
	request->activate = PG_ARGISNULL(ARG_ACTIVATE) ? ML_ACTIVATE_ALWAYS :
		(MlActivate) ml_choose(ml_text_argument(fcinfo, ARG_ACTIVATE), "value of activate", activations, lengthof(activations));
	request->metric = ml_text_argument(fcinfo, ARG_METRIC);
	request->min_gain = PG_ARGISNULL(ARG_MIN_GAIN) ? NAN : ml_min_gain(PG_GETARG_FLOAT8(ARG_MIN_GAIN));
	return request;
}
