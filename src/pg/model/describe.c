/*
 * describe.c - what a model is made of: features, coefficients; what can be trained: algorithms,
 * options.
 */
#include "../compat.h"

#include <math.h>

#include "utils/builtins.h"

#include "../args.h"
#include "../cache.h"
#include "../metric/result.h"
#include "../privacy/keys.h"
#include "../train/options.h"
#include "../../core/options.h"
#include "../../core/special.h"

#define ALPHA 0.05 /* of the intervals of coefficients */

static const MlModel *
readable_model(FunctionCallInfo fcinfo)
{
	const MlModel *model = ml_model_get(ml_version_resolve(ml_required_text(fcinfo, 0, "the model"), ML_READ));

	/* dictionaries and coefficients of a model of sealed columns say what is in them */
	ml_model_require(&model->keys, ML_KEY_OPEN);
	return model;
}

/* ---- features --------------------------------------------------------------------------- */

PG_FUNCTION_INFO_V1(sustainml_features);
Datum
sustainml_features(PG_FUNCTION_ARGS)
{
	static const char *const imputes[] = {"mean", "median", "constant"};
	const SmlEncoder *encoder = readable_model(fcinfo)->model->encoder;
	MlResult         *result;

	result = ml_result_begin(fcinfo);
	for (size_t i = 0; i < encoder->feature_count; i++)
	{
		const SmlFeature *feature = &encoder->features[i];
		bool              number = feature->kind == SML_NUMBER;

		ml_put_integer32(result, (int) i + 1);
		ml_put_text(result, feature->name);
		ml_put_text(result, feature->type);
		ml_put_text(result, number ? (feature->term_count > 1 ? psprintf("number, NULL: %s and indicator", imputes[feature->impute]) :
								 psprintf("number, NULL: %s", imputes[feature->impute])) : "one column per level");
		ml_put_number(result, number ? feature->impute_value : NAN);
		ml_put_number(result, (double) feature->missing / (double) encoder->rows);
		ml_put_texts(result, number ? NULL : feature->levels, number ? 0 : feature->level_count);
		ml_put_text(result, number ? NULL : feature->levels[feature->reference]);
		ml_put_row(result);
	}
	return ml_result_end(result);
}

/* ---- coefficients -------------------------------------------------------------------------- */

static char *
term_name(const SmlEncoder *encoder, size_t term)
{
	size_t length = sml_encoder_term_name(encoder, term, NULL, 0);
	char  *name = palloc(length + 1);

	(void) sml_encoder_term_name(encoder, term, name, length + 1);
	return name;
}

static void
put_coefficient(MlResult *result, const char *class, const char *term, double estimate, double error, double df, double quantile)
{
	double statistic = error > 0 ? estimate / error : NAN;

	ml_put_text(result, class);
	ml_put_text(result, term);
	ml_put_number(result, estimate);
	ml_put_number(result, error);
	ml_put_number(result, statistic);
	ml_put_number(result, sml_two_sided_p(statistic, df));
	ml_put_number(result, estimate - quantile * error);
	ml_put_number(result, estimate + quantile * error);
	ml_put_row(result);
}

PG_FUNCTION_INFO_V1(sustainml_coefficients);
Datum
sustainml_coefficients(PG_FUNCTION_ARGS)
{
	const SmlModel   *model = readable_model(fcinfo)->model;
	const SmlFit     *fit = model->fit;
	const SmlEncoder *encoder = model->encoder;
	double            quantile = sml_two_sided_quantile(ALPHA, fit->df);
	MlResult         *result;

	result = ml_result_begin(fcinfo);
	for (size_t k = 0; k < fit->outputs; k++)
	{
		const char   *class = model->task == SML_MULTICLASS ? encoder->classes[k] : NULL;
		const double *estimate = fit->estimate + k * (1 + fit->terms);
		const double *error = fit->std_error + k * (1 + fit->terms);

		if (k == fit->baseline)
			continue;
		put_coefficient(result, class, "(intercept)", estimate[0], error[0], fit->df, quantile);
		for (size_t j = 0; j < fit->terms; j++)
			put_coefficient(result, class, term_name(encoder, j), fit->dropped[j] ? NAN : estimate[1 + j],
							fit->dropped[j] ? NAN : error[1 + j], fit->df, quantile);
	}
	return ml_result_end(result);
}

PG_FUNCTION_INFO_V1(sustainml_fit_summary);
Datum
sustainml_fit_summary(PG_FUNCTION_ARGS)
{
	const SmlModel *model = readable_model(fcinfo)->model;
	const SmlFit   *fit = model->fit;
	const struct
	{
		const char *name;
		double      value;
	} figures[] = {
		{"rows", (double) fit->rows}, {"iterations", fit->iterations}, {"converged", fit->converged ? 1 : 0},
		{model->task == SML_REGRESSION ? "mean_squared_error" : "log_loss", fit->loss},
		{model->task == SML_REGRESSION ? "null_mean_squared_error" : "null_log_loss", fit->null_loss},
		{"r2", fit->r2}, {"sigma", fit->sigma}, {"degrees_of_freedom", isinf(fit->df) ? NAN : fit->df},
		{"log_likelihood", fit->log_likelihood}, {"condition_number", fit->condition}, {"l2", fit->ridge},
	};
	MlResult *result;

	result = ml_result_begin(fcinfo);
	for (size_t i = 0; i < lengthof(figures); i++)
	{
		ml_put_text(result, figures[i].name);
		ml_put_number(result, figures[i].value);
		ml_put_text(result, strcmp(figures[i].name, "sigma") == 0 ? fit->no_inference : NULL);
		ml_put_row(result);
	}
	return ml_result_end(result);
}

/* ---- what can be trained ---------------------------------------------------------------------- */

PG_FUNCTION_INFO_V1(sustainml_algorithms);
Datum
sustainml_algorithms(PG_FUNCTION_ARGS)
{
	const SmlLearner *learner;
	MlResult         *result;

	result = ml_result_begin(fcinfo);
	for (size_t i = 0; (learner = sml_learner_at(i)) != NULL; i++)
	{
		char  *tasks[3];
		size_t count = 0;

		if (learner->tasks & SML_REGRESSION)
			tasks[count++] = "regression";
		if (learner->tasks & SML_BINARY)
			tasks[count++] = "binary";
		if (learner->tasks & SML_MULTICLASS)
			tasks[count++] = "multiclass";
		ml_put_text(result, learner->name);
		ml_put_texts(result, tasks, count);
		ml_put_text(result, learner->about);
		ml_put_row(result);
	}
	return ml_result_end(result);
}

static char *
option_text(const SmlOptionSpec *spec, double value)
{
	char text[64];

	switch (spec->kind)
	{
		case SML_OPTION_BOOLEAN:
			return pstrdup(value != 0 ? "true" : "false");
		case SML_OPTION_CHOICE:
			(void) sml_option_choice(spec, (size_t) value, text, sizeof(text));
			return pstrdup(text);
		default:
			return psprintf("%g", value);
	}
}

PG_FUNCTION_INFO_V1(sustainml_options);
Datum
sustainml_options(PG_FUNCTION_ARGS)
{
	static const char *const types[] = {"number", "integer", "boolean", "text"};
	const SmlLearner *learner;
	MlResult         *result;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the algorithm must be given"),
				 errhint("sustainml.algorithms() lists them.")));
	learner = ml_options_learner(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	result = ml_result_begin(fcinfo);
	for (size_t i = 0; i < learner->option_count; i++)
	{
		const SmlOptionSpec *spec = &learner->options[i];

		ml_put_text(result, spec->name);
		ml_put_text(result, types[spec->kind]);
		ml_put_text(result, option_text(spec, spec->initial));
		ml_put_text(result, spec->kind == SML_OPTION_CHOICE ? spec->choices :
				 spec->kind == SML_OPTION_BOOLEAN ? "true|false" : psprintf("%g to %g", spec->least, spec->greatest));
		ml_put_text(result, spec->about);
		ml_put_row(result);
	}
	if (learner->tasks & (SML_BINARY | SML_MULTICLASS))
	{
		ml_put_text(result, "class_weight");
		ml_put_text(result, "text or object");
		ml_put_text(result, NULL);
		ml_put_text(result, "\"balanced\" or {class: weight}");
		ml_put_text(result, "multiplies the weight of each row by that of its class");
		ml_put_row(result);
		ml_put_text(result, "resample");
		ml_put_text(result, "text or object");
		ml_put_text(result, NULL);
		ml_put_text(result, "\"smote\" or {\"kind\": \"smote\", \"k\": 5, …}");
		ml_put_text(result, "makes synthetic rows of small classes, or leaves out rows of large ones, among the training rows");
		ml_put_row(result);
		ml_put_text(result, "prior_correction");
		ml_put_text(result, "boolean");
		ml_put_text(result, "false");
		ml_put_text(result, "true|false");
		ml_put_text(result, "turns probabilities back to the shares of the classes in the training rows, after class weights or resampling");
		ml_put_row(result);
		ml_put_text(result, "calibration");
		ml_put_text(result, "text or object");
		ml_put_text(result, NULL);
		ml_put_text(result, "\"platt\", \"isotonic\" or {\"method\": …, \"share\": 0.5}");
		ml_put_text(result, "fits the probabilities to held-out rows, a share of which is set aside for it and left out of the metrics");
		ml_put_row(result);
	}
	return ml_result_end(result);
}
