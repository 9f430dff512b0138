/*
 * importance.c - the SQL function feature_importance; the methods are explained in
 * core/metric/importance.h.
 *
 * 'standardised' needs no rows, only the model.  'permutation' scores the rows asked for
 * and shuffles, with a seed that is fixed, so that two calls agree.
 */
#include "../compat.h"

#include <math.h>

#include "utils/builtins.h"

#include "../env.h"
#include "../privacy/keys.h"
#include "asked.h"
#include "result.h"

#define SHUFFLE_SEED 0

static void
put_features(MlResult *result, const SmlModel *model, const double *importance, const char *method)
{
	for (size_t f = 0; f < model->encoder->feature_count; f++)
	{
		ml_put_text(result, model->encoder->features[f].name);
		ml_put_number(result, importance[f]);
		ml_put_text(result, method);
		ml_put_row(result);
	}
}

static void
standardised(FunctionCallInfo fcinfo, MlResult *result)
{
	const MlModel  *stored = ml_model_get(ml_version_resolve(text_to_cstring(PG_GETARG_TEXT_PP(0)), ML_READ));
	const SmlModel *model = stored->model;
	double         *importance = palloc0(sizeof(double) * (model->encoder->feature_count + 1));
	SmlEnv          env;

	/* they are the coefficients in another unit */
	ml_model_require(&stored->keys, ML_KEY_OPEN);
	ml_env_init(&env, CurrentMemoryContext);
	ML_CHECK(&env, sml_importance_standardised(&env, model, importance), "weigh the features");
	put_features(result, model, importance, "standardised");
}

static void
permutation(FunctionCallInfo fcinfo, MlResult *result)
{
	const MlAsked  *asked = ml_asked_evaluate(fcinfo, false, true);
	const SmlModel *model = asked->model->model;
	double         *importance = palloc0(sizeof(double) * (model->encoder->feature_count + 1));
	SmlEnv          env;

	ml_env_init(&env, CurrentMemoryContext);
	ML_CHECK(&env,
			 sml_importance_permuted(&env, asked->evaluation->replay, asked->model->scorer, asked->evaluation->scored,
									 SHUFFLE_SEED, importance),
			 "weigh the features");
	put_features(result, model, importance,
				 model->task == SML_REGRESSION ? "permutation: increase of rmse" : "permutation: increase of log_loss");
}

PG_FUNCTION_INFO_V1(sustainml_feature_importance);
Datum
sustainml_feature_importance(PG_FUNCTION_ARGS)
{
	MlResult *result = ml_result_begin(fcinfo);
	char     *method = PG_ARGISNULL(2) ? "standardised" : text_to_cstring(PG_GETARG_TEXT_PP(2));

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("model must not be NULL")));
	if (strcmp(method, "permutation") == 0)
		permutation(fcinfo, result);
	else if (strcmp(method, "standardised") == 0 || strcmp(method, "standardized") == 0)
		standardised(fcinfo, result);
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown method \"%s\"", method),
				 errhint("Known methods are standardised and permutation.")));
	return ml_result_end(result);
}
