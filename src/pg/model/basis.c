/*
 * basis.c - sustainml.probability_basis: what the probabilities of a version refer to.
 */
#include "../compat.h"

#include <math.h>

#include "utils/builtins.h"

#include "../cache.h"
#include "../metric/result.h"
#include "../privacy/keys.h"

static const char *
calibration_name(const SmlModel *model)
{
	if (model->calibration == NULL)
		return "none";
	return model->calibration->kind == SML_CALIBRATION_PLATT ? "platt" : "isotonic";
}

PG_FUNCTION_INFO_V1(sustainml_probability_basis);
Datum
sustainml_probability_basis(PG_FUNCTION_ARGS)
{
	MlResult       *result = ml_result_begin(fcinfo);
	MlVersion      *version = ml_version_resolve(text_to_cstring(PG_GETARG_TEXT_PP(0)), ML_READ);
	const MlModel  *stored = ml_model_get(version);
	const SmlModel *model = stored->model;

	ml_model_require(&stored->keys, ML_KEY_OPEN);
	if (model->task == SML_REGRESSION)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("a regression model has no probabilities")));
	for (size_t k = 0; k < model->encoder->class_count; k++)
	{
		bool known = model->prior != NULL;
		bool has_map = model->calibration && (model->task != SML_BINARY || k == model->positive);

		ml_put_text(result, model->encoder->classes[k]);
		ml_put_number(result, known ? model->prior[k] : NAN);
		ml_put_number(result, known ? model->fitted_prior[k] : NAN);
		ml_put_text(result, !known ? NULL : model->prior_corrected ? "yes" : sml_model_is_rebalanced(model) ? "no" : "not needed");
		ml_put_text(result, calibration_name(model));
		if (model->calibration)
			ml_put_integer(result, (int64) model->calibration->rows);
		else
			ml_put_number(result, NAN);
		ml_put_number(result, has_map && model->calibration->kind == SML_CALIBRATION_PLATT ?
					  model->calibration->maps[model->task == SML_BINARY ? 0 : k].slope : NAN);
		ml_put_number(result, has_map && model->calibration->kind == SML_CALIBRATION_PLATT ?
					  model->calibration->maps[model->task == SML_BINARY ? 0 : k].intercept : NAN);
		ml_put_row(result);
	}
	return ml_result_end(result);
}
