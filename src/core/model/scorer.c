/*
 * scorer.c - a model made ready for scoring; see model.h.
 *
 * For each output k:  link = start_k + sum of slope (x - center) over numbers
 * + sum of contribution[level] over labels.  A missing number contributes a constant.
 * Explanations use the same tables, arranged so that the base is the link at the
 * training means.
 *
 * Correction of the prior adds a constant to the base, Platt's map of two classes is
 * slope x link + intercept: both are worked into the tables when they are made.
 */
#include "model.h"

#include <math.h>
#include <string.h>

struct SmlScorer
{
	const SmlModel *model;
	size_t   outputs;
	size_t   numbers;
	size_t   labels;
	double  *base;       /* outputs: link at the training means */
	double  *start;      /* outputs: base and what present numbers add by their indicators */
	double  *slope;      /* outputs x numbers */
	double  *center;     /* numbers */
	double  *present;    /* outputs x numbers: indicator's contribution when present */
	double  *missing;    /* outputs x numbers: contribution of a missing value, indicator included */
	double  *instead;    /* outputs x numbers: missing - present, as "start" has "present" already */
	double **level;      /* labels: outputs x level_count */
	size_t  *level_count;
	const SmlCalibration *bend; /* a calibration that is no straight line in log-odds, or NULL */
};

void
sml_scorer_free(SmlEnv *env, SmlScorer *scorer)
{
	if (scorer == NULL)
		return;
	for (size_t j = 0; scorer->level != NULL && j < scorer->labels; j++)
		sml_free(env, scorer->level[j]);
	sml_free(env, scorer->base);
	sml_free(env, scorer->start);
	sml_free(env, scorer->slope);
	sml_free(env, scorer->center);
	sml_free(env, scorer->present);
	sml_free(env, scorer->missing);
	sml_free(env, scorer->instead);
	sml_free(env, scorer->level);
	sml_free(env, scorer->level_count);
	sml_free(env, scorer);
}

/* Coefficient of a term per unit of its raw column; 0 for constant ones. */
static double
raw_coefficient(const SmlModel *model, size_t output, size_t term)
{
	const SmlTerm *t = &model->encoder->terms[term];

	if (t->constant)
		return 0;
	return model->fit->coded[output * (1 + model->fit->terms) + 1 + term] / t->scale;
}

static void
fill_number(SmlScorer *scorer, const SmlFeature *feature)
{
	const SmlModel *model = scorer->model;
	const SmlTerm  *value = &model->encoder->terms[feature->first_term];

	scorer->center[feature->slot] = value->center;
	for (size_t k = 0; k < scorer->outputs; k++)
	{
		size_t at = k * scorer->numbers + feature->slot;
		double present = 0;
		double absent = 0;

		scorer->slope[at] = raw_coefficient(model, k, feature->first_term);
		if (feature->term_count > 1)
		{
			double indicator = raw_coefficient(model, k, feature->first_term + 1);
			double center = model->encoder->terms[feature->first_term + 1].center;

			present = -indicator * center;
			absent = indicator * (1 - center);
		}
		scorer->present[at] = present;
		scorer->missing[at] = scorer->slope[at] * (feature->impute_value - value->center) + absent;
		scorer->instead[at] = scorer->missing[at] - present;
		scorer->start[k] += present;
	}
}

static SmlStatus
fill_label(SmlEnv *env, SmlScorer *scorer, const SmlFeature *feature)
{
	const SmlModel *model = scorer->model;
	double         *table = NULL;
	SmlStatus       status = sml_alloc_array(env, scorer->outputs * feature->level_count, sizeof(double), &table);

	if (status != SML_OK)
		return status;
	for (size_t k = 0; k < scorer->outputs; k++)
	{
		double at_zero = 0;

		/* all indicators zero is the reference level; a level that is none is all terms at their means: 0 */
		for (size_t t = 0; t < feature->term_count; t++)
			at_zero -= raw_coefficient(model, k, feature->first_term + t) * model->encoder->terms[feature->first_term + t].center;
		for (size_t v = 0; v < feature->level_count; v++)
			table[k * feature->level_count + v] = at_zero;
		for (size_t t = 0; t < feature->term_count; t++)
			table[k * feature->level_count + model->encoder->terms[feature->first_term + t].level] +=
				raw_coefficient(model, k, feature->first_term + t);
	}
	scorer->level[feature->slot] = table;
	scorer->level_count[feature->slot] = feature->level_count;
	return SML_OK;
}

/* Work Platt's map of two classes into the tables. */
static void
straighten(SmlScorer *scorer, const SmlCalibrationMap *map)
{
	double *tables[4] = {scorer->slope, scorer->present, scorer->missing, scorer->instead};

	scorer->base[0] = map->slope * scorer->base[0] + map->intercept;
	scorer->start[0] = map->slope * scorer->start[0] + map->intercept;
	for (size_t t = 0; t < 4; t++)
		for (size_t j = 0; j < scorer->numbers; j++)
			tables[t][j] *= map->slope;
	for (size_t j = 0; j < scorer->labels; j++)
		for (size_t v = 0; v < scorer->level_count[j]; v++)
			scorer->level[j][v] *= map->slope;
}

SmlStatus
sml_scorer_make(SmlEnv *env, const SmlModel *model, SmlScorer **scorer)
{
	const SmlEncoder *encoder = model->encoder;
	SmlScorer        *fresh = NULL;
	SmlStatus         status;

	SML_TRY(sml_alloc_array(env, 1, sizeof(SmlScorer), &fresh));
	fresh->model = model;
	fresh->outputs = model->fit->outputs;
	fresh->numbers = encoder->layout.numbers;
	fresh->labels = encoder->layout.labels;
	SML_TRY(sml_alloc_array(env, fresh->outputs, sizeof(double), &fresh->base));
	SML_TRY(sml_alloc_array(env, fresh->outputs, sizeof(double), &fresh->start));
	SML_TRY(sml_alloc_array(env, fresh->outputs * fresh->numbers, sizeof(double), &fresh->slope));
	SML_TRY(sml_alloc_array(env, fresh->numbers, sizeof(double), &fresh->center));
	SML_TRY(sml_alloc_array(env, fresh->outputs * fresh->numbers, sizeof(double), &fresh->present));
	SML_TRY(sml_alloc_array(env, fresh->outputs * fresh->numbers, sizeof(double), &fresh->missing));
	SML_TRY(sml_alloc_array(env, fresh->outputs * fresh->numbers, sizeof(double), &fresh->instead));
	SML_TRY(sml_alloc_array(env, fresh->labels, sizeof(double *), &fresh->level));
	SML_TRY(sml_alloc_array(env, fresh->labels, sizeof(size_t), &fresh->level_count));
	for (size_t k = 0; k < fresh->outputs; k++)
		fresh->base[k] = fresh->start[k] = model->fit->coded[k * (1 + model->fit->terms)] + sml_model_prior_shift(model, k);
	for (size_t i = 0; i < encoder->feature_count; i++)
	{
		if (encoder->features[i].kind == SML_NUMBER)
			fill_number(fresh, &encoder->features[i]);
		else
			SML_TRY(fill_label(env, fresh, &encoder->features[i]));
	}
	if (model->calibration != NULL && model->task == SML_BINARY && model->calibration->kind == SML_CALIBRATION_PLATT)
		straighten(fresh, &model->calibration->maps[0]);
	else
		fresh->bend = model->calibration;
	*scorer = fresh;
	return SML_OK;
done:
	sml_scorer_free(env, fresh);
	return status;
}

size_t
sml_scorer_outputs(const SmlScorer *scorer)
{
	return scorer->outputs;
}

/* x - x is 0 for a finite x and NaN for the rest. */
static inline bool
is_absent(double x)
{
	return !(x - x == 0);
}

/* What a number adds. */
static inline double
part(double x, double slope, double center, double instead)
{
	double present = slope * (x - center);

	return x - x == 0 ? present : instead;
}

/* Four sums side by side: one alone would wait for each addition. */
static double
sum_numbers(size_t n, const double *x, const double *slope, const double *center, const double *instead)
{
	double sum[4] = {0, 0, 0, 0};
	size_t j = 0;

	for (; j + 4 <= n; j += 4)
		for (size_t l = 0; l < 4; l++)
			sum[l] += part(x[j + l], slope[j + l], center[j + l], instead[j + l]);
	for (; j < n; j++)
		sum[0] += part(x[j], slope[j], center[j], instead[j]);
	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

void
sml_score_link(const SmlScorer *scorer, const double *numbers, const size_t *levels, double *link)
{
	size_t n = scorer->numbers;

	for (size_t k = 0; k < scorer->outputs; k++)
	{
		double sum = scorer->start[k];

		if (n > 0)
			sum += sum_numbers(n, numbers, scorer->slope + k * n, scorer->center, scorer->instead + k * n);
		for (size_t j = 0; j < scorer->labels; j++)
			if (levels[j] < scorer->level_count[j])
				sum += scorer->level[j][k * scorer->level_count[j] + levels[j]];
		link[k] = sum;
	}
}

/* One map for each class against the rest, and the answers divided by their sum. */
static void
bend_classes(const SmlScorer *scorer, const double *link, double *out)
{
	double sum = 0;

	for (size_t k = 0; k < scorer->outputs; k++)
	{
		out[k] = sml_calibration_map(scorer->bend->kind, &scorer->bend->maps[k], sml_class_log_odds(link, scorer->outputs, k));
		sum += out[k];
	}
	for (size_t k = 0; k < scorer->outputs; k++)
		out[k] = sum > 0 ? out[k] / sum : 1 / (double) scorer->outputs;
}

void
sml_score_response(const SmlScorer *scorer, const double *link, double *out)
{
	double greatest = link[0];
	double sum = 0;

	if (scorer->model->task == SML_REGRESSION)
	{
		out[0] = link[0];
		return;
	}
	if (scorer->model->task == SML_BINARY)
	{
		out[0] = scorer->bend != NULL ? sml_calibration_map(scorer->bend->kind, &scorer->bend->maps[0], link[0]) :
			sml_inverse_log_odds(link[0]);
		return;
	}
	if (scorer->bend != NULL)
	{
		bend_classes(scorer, link, out);
		return;
	}
	for (size_t k = 1; k < scorer->outputs; k++)
		if (link[k] > greatest)
			greatest = link[k];
	for (size_t k = 0; k < scorer->outputs; k++)
	{
		out[k] = exp(link[k] - greatest);
		sum += out[k];
	}
	for (size_t k = 0; k < scorer->outputs; k++)
		out[k] /= sum;
}

bool
sml_scorer_bends(const SmlScorer *scorer)
{
	return scorer->bend != NULL;
}

double
sml_score_bend(const SmlScorer *scorer, const double *link, const double *response)
{
	if (scorer->bend == NULL || scorer->model->task != SML_BINARY)
		return 0;
	return sml_log_odds(response[0]) - link[0];
}

void
sml_score_explain(const SmlScorer *scorer, const double *numbers, const size_t *levels, double *base, double *contribution)
{
	const SmlEncoder *encoder = scorer->model->encoder;
	size_t            n = scorer->numbers;

	memcpy(base, scorer->base, scorer->outputs * sizeof(double));
	for (size_t i = 0; i < encoder->feature_count; i++)
	{
		const SmlFeature *feature = &encoder->features[i];
		size_t            j = feature->slot;

		for (size_t k = 0; k < scorer->outputs; k++)
		{
			double *to = &contribution[i * scorer->outputs + k];

			if (feature->kind == SML_LABEL)
				*to = levels[j] < scorer->level_count[j] ? scorer->level[j][k * scorer->level_count[j] + levels[j]] : 0;
			else if (is_absent(numbers[j]))
				*to = scorer->missing[k * n + j];
			else
				*to = scorer->slope[k * n + j] * (numbers[j] - scorer->center[j]) + scorer->present[k * n + j];
		}
	}
}

void
sml_score_probabilities(const SmlScorer *scorer, const double *response, double *probability)
{
	size_t positive = scorer->model->positive;

	if (scorer->model->task == SML_BINARY)
	{
		probability[positive] = response[0];
		probability[1 - positive] = 1 - response[0];
	}
	else
		memcpy(probability, response, scorer->outputs * sizeof(double));
}
