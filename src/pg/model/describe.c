/*
 * describe.c - what a model is made of: features, coefficients; what can be trained: algorithms,
 * options.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "../cache.h"
#include "../privacy/keys.h"
#include "../train/options.h"
#include "../../core/options.h"
#include "../../core/special.h"

#define ALPHA 0.05 /* of the intervals of coefficients */

/* One output row being filled. */
typedef struct Row
{
	ReturnSetInfo *result;
	MemoryContext  caller;
	MemoryContext  context; /* of what a row is made of */
	int            next;
	Datum          values[12];
	bool           nulls[12];
} Row;

static void
start_rows(FunctionCallInfo fcinfo, Row *row)
{
	InitMaterializedSRF(fcinfo, 0);
	memset(row, 0, sizeof(*row));
	row->result = (ReturnSetInfo *) fcinfo->resultinfo;
	row->context = AllocSetContextCreate(CurrentMemoryContext, "sustainml row", ALLOCSET_SMALL_SIZES);
	row->caller = MemoryContextSwitchTo(row->context);
}

static Datum
end_rows(Row *row)
{
	MemoryContextSwitchTo(row->caller);
	MemoryContextDelete(row->context);
	return (Datum) 0;
}

static void
put_text(Row *row, const char *text)
{
	row->nulls[row->next] = text == NULL;
	row->values[row->next++] = text ? CStringGetTextDatum(text) : (Datum) 0;
}

static void
put_number(Row *row, double number)
{
	row->nulls[row->next] = isnan(number);
	row->values[row->next++] = Float8GetDatum(number);
}

static void
put_integer(Row *row, int number)
{
	row->nulls[row->next] = false;
	row->values[row->next++] = Int32GetDatum(number);
}

static void
put_texts(Row *row, char *const *texts, size_t count)
{
	Datum *values = palloc(sizeof(Datum) * (count + 1));

	for (size_t i = 0; i < count; i++)
		values[i] = CStringGetTextDatum(texts[i]);
	row->nulls[row->next] = texts == NULL;
	row->values[row->next++] = PointerGetDatum(construct_array(values, (int) count, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
end_row(Row *row)
{
	CHECK_FOR_INTERRUPTS();
	tuplestore_putvalues(row->result->setResult, row->result->setDesc, row->values, row->nulls);
	MemoryContextReset(row->context);
	row->next = 0;
}

static const MlModel *
readable_model(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the model must be given")));
	const MlModel *model = ml_model_get(ml_version_resolve(text_to_cstring(PG_GETARG_TEXT_PP(0)), ML_READ));

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
	Row               row;

	start_rows(fcinfo, &row);
	for (size_t i = 0; i < encoder->feature_count; i++)
	{
		const SmlFeature *feature = &encoder->features[i];
		bool              number = feature->kind == SML_NUMBER;

		put_integer(&row, (int) i + 1);
		put_text(&row, feature->name);
		put_text(&row, feature->type);
		put_text(&row, number ? (feature->term_count > 1 ? psprintf("number, NULL: %s and indicator", imputes[feature->impute]) :
								 psprintf("number, NULL: %s", imputes[feature->impute])) : "one column per level");
		put_number(&row, number ? feature->impute_value : NAN);
		put_number(&row, (double) feature->missing / (double) encoder->rows);
		put_texts(&row, number ? NULL : feature->levels, number ? 0 : feature->level_count);
		put_text(&row, number ? NULL : feature->levels[feature->reference]);
		end_row(&row);
	}
	return end_rows(&row);
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
put_coefficient(Row *row, const char *class, const char *term, double estimate, double error, double df, double quantile)
{
	double statistic = error > 0 ? estimate / error : NAN;

	put_text(row, class);
	put_text(row, term);
	put_number(row, estimate);
	put_number(row, error);
	put_number(row, statistic);
	put_number(row, sml_two_sided_p(statistic, df));
	put_number(row, estimate - quantile * error);
	put_number(row, estimate + quantile * error);
	end_row(row);
}

PG_FUNCTION_INFO_V1(sustainml_coefficients);
Datum
sustainml_coefficients(PG_FUNCTION_ARGS)
{
	const SmlModel   *model = readable_model(fcinfo)->model;
	const SmlFit     *fit = model->fit;
	const SmlEncoder *encoder = model->encoder;
	double            quantile = sml_two_sided_quantile(ALPHA, fit->df);
	Row               row;

	start_rows(fcinfo, &row);
	for (size_t k = 0; k < fit->outputs; k++)
	{
		const char   *class = model->task == SML_MULTICLASS ? encoder->classes[k] : NULL;
		const double *estimate = fit->estimate + k * (1 + fit->terms);
		const double *error = fit->std_error + k * (1 + fit->terms);

		if (k == fit->baseline)
			continue;
		put_coefficient(&row, class, "(intercept)", estimate[0], error[0], fit->df, quantile);
		for (size_t j = 0; j < fit->terms; j++)
			put_coefficient(&row, class, term_name(encoder, j), fit->dropped[j] ? NAN : estimate[1 + j],
							fit->dropped[j] ? NAN : error[1 + j], fit->df, quantile);
	}
	return end_rows(&row);
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
	Row row;

	start_rows(fcinfo, &row);
	for (size_t i = 0; i < lengthof(figures); i++)
	{
		put_text(&row, figures[i].name);
		put_number(&row, figures[i].value);
		put_text(&row, strcmp(figures[i].name, "sigma") == 0 ? fit->no_inference : NULL);
		end_row(&row);
	}
	return end_rows(&row);
}

/* ---- what can be trained ---------------------------------------------------------------------- */

PG_FUNCTION_INFO_V1(sustainml_algorithms);
Datum
sustainml_algorithms(PG_FUNCTION_ARGS)
{
	const SmlLearner *learner;
	Row               row;

	start_rows(fcinfo, &row);
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
		put_text(&row, learner->name);
		put_texts(&row, tasks, count);
		put_text(&row, learner->about);
		end_row(&row);
	}
	return end_rows(&row);
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
	Row               row;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the algorithm must be given"),
				 errhint("sustainml.algorithms() lists them.")));
	learner = ml_options_learner(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	start_rows(fcinfo, &row);
	for (size_t i = 0; i < learner->option_count; i++)
	{
		const SmlOptionSpec *spec = &learner->options[i];

		put_text(&row, spec->name);
		put_text(&row, types[spec->kind]);
		put_text(&row, option_text(spec, spec->initial));
		put_text(&row, spec->kind == SML_OPTION_CHOICE ? spec->choices :
				 spec->kind == SML_OPTION_BOOLEAN ? "true|false" : psprintf("%g to %g", spec->least, spec->greatest));
		put_text(&row, spec->about);
		end_row(&row);
	}
	if (learner->tasks & (SML_BINARY | SML_MULTICLASS))
	{
		put_text(&row, "class_weight");
		put_text(&row, "text or object");
		put_text(&row, NULL);
		put_text(&row, "\"balanced\" or {class: weight}");
		put_text(&row, "multiplies the weight of each row by that of its class");
		end_row(&row);
		put_text(&row, "resample");
		put_text(&row, "text or object");
		put_text(&row, NULL);
		put_text(&row, "\"smote\" or {\"kind\": \"smote\", \"k\": 5, …}");
		put_text(&row, "makes synthetic rows of small classes, or leaves out rows of large ones, among the training rows");
		end_row(&row);
		put_text(&row, "prior_correction");
		put_text(&row, "boolean");
		put_text(&row, "false");
		put_text(&row, "true|false");
		put_text(&row, "turns probabilities back to the shares of the classes in the training rows, after class weights or resampling");
		end_row(&row);
		put_text(&row, "calibration");
		put_text(&row, "text or object");
		put_text(&row, NULL);
		put_text(&row, "\"platt\", \"isotonic\" or {\"method\": …, \"share\": 0.5}");
		put_text(&row, "fits the probabilities to held-out rows, a share of which is set aside for it and left out of the metrics");
		end_row(&row);
	}
	return end_rows(&row);
}
