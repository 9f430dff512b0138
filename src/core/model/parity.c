/*
 * parity.c - sums, value, gradient and Hessian of the penalty of parity.h.
 *
 * Cost: one multiply-add per row and term beside the learner's own; memory (events x groups) x width doubles.
 */
#include "parity.h"

#include <math.h>
#include <string.h>

#include "../blas.h"

SmlStatus
sml_parity_start(SmlEnv *env, double strength, size_t groups, size_t events, size_t width, SmlParity **parity)
{
	SmlParity *made = NULL;
	SmlStatus  status;
	size_t     slopes;

	SML_TRY(sml_alloc_array(env, 1, sizeof(SmlParity), &made));
	made->strength = strength;
	made->groups = groups;
	made->events = events;
	made->width = width;
	if (!sml_size_times(groups, events, &made->cells) || !sml_size_times(made->cells, width, &slopes))
	{
		status = sml_fail(env, SML_NO_MEMORY, "A penalty on %zu groups does not fit in memory.", groups);
		goto done;
	}
	SML_TRY(sml_alloc_array(env, made->cells, sizeof(double), &made->weight));
	SML_TRY(sml_alloc_array(env, made->cells, sizeof(double), &made->score));
	SML_TRY(sml_alloc_array(env, slopes, sizeof(double), &made->slope));
	SML_TRY(sml_alloc_array(env, made->cells, sizeof(double), &made->pull));
	*parity = made;
	made = NULL;
done:
	sml_parity_free(env, made);
	return status;
}

void
sml_parity_free(SmlEnv *env, SmlParity *parity)
{
	if (parity == NULL)
		return;
	sml_free(env, parity->weight);
	sml_free(env, parity->score);
	sml_free(env, parity->slope);
	sml_free(env, parity->pull);
	sml_free(env, parity);
}

void
sml_parity_clear(SmlParity *parity)
{
	memset(parity->weight, 0, parity->cells * sizeof(double));
	memset(parity->score, 0, parity->cells * sizeof(double));
	memset(parity->slope, 0, parity->cells * parity->width * sizeof(double));
}

void
sml_parity_absorb(SmlParity *parity, size_t rows, const double *x, const int32_t *cell, const double *score, const double *w,
				  double *curvature)
{
	size_t terms = parity->width - 1;

	for (size_t i = 0; i < rows; i++)
	{
		double *slope;

		if (cell[i] < 0 || (size_t) cell[i] >= parity->cells)
			continue;
		slope = parity->slope + (size_t) cell[i] * parity->width;
		parity->weight[cell[i]] += w == NULL ? 1 : w[i];
		parity->score[cell[i]] += w == NULL ? score[i] : w[i] * score[i];
		slope[0] += curvature[i];
		for (size_t j = 0; j < terms; j++)
			slope[1 + j] += curvature[i] * x[i * terms + j];
		curvature[i] *= fmax(SML_PARITY_FLOOR, 1 + parity->pull[cell[i]] * (1 - 2 * score[i]));
	}
}

SmlStatus
sml_parity_merge(SmlEnv *env, SmlParity *into, const SmlParity *from)
{
	SmlStatus status;

	SML_TRY(sml_add_all(env, into->cells, into->weight, from->weight));
	SML_TRY(sml_add_all(env, into->cells, into->score, from->score));
	SML_TRY(sml_add_all(env, into->cells * into->width, into->slope, from->slope));
done:
	return status;
}

/* The weight of an event, and its sum of scores. */
static double
event_weight(const SmlParity *parity, size_t event, double *score)
{
	double weight = 0;

	*score = 0;
	for (size_t g = 0; g < parity->groups; g++)
	{
		weight += parity->weight[event * parity->groups + g];
		*score += parity->score[event * parity->groups + g];
	}
	return weight;
}

void
sml_parity_covariances(const SmlParity *parity, double *covariance)
{
	for (size_t e = 0; e < parity->events; e++)
	{
		double score;
		double weight = event_weight(parity, e, &score);

		for (size_t g = 0; g < parity->groups; g++)
		{
			size_t k = e * parity->groups + g;

			covariance[k] = weight > 0 ? (parity->score[k] - parity->weight[k] / weight * score) / weight : 0;
		}
	}
}

/* direction = the gradient of cell "cell"'s covariance; zero for an empty event. */
static void
covariance_slope(const SmlParity *parity, size_t cell, double *direction)
{
	size_t event = cell / parity->groups;
	double score;
	double weight = event_weight(parity, event, &score);
	double share;

	memset(direction, 0, parity->width * sizeof(double));
	if (!(weight > 0))
		return;
	share = parity->weight[cell] / weight;
	for (size_t g = 0; g < parity->groups; g++)
	{
		size_t        k = event * parity->groups + g;
		const double *slope = parity->slope + k * parity->width;
		double        factor = ((k == cell ? 1 : 0) - share) / weight;

		for (size_t j = 0; j < parity->width; j++)
			direction[j] += factor * slope[j];
	}
}

SmlStatus
sml_parity_add(SmlEnv *env, const SmlParity *parity, double total, double *gradient, double *hessian, double *value)
{
	double    factor = parity->strength * total;
	double   *covariance = NULL;
	double   *direction = NULL;
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, parity->cells, sizeof(double), &covariance));
	SML_TRY(sml_alloc_array(env, parity->width, sizeof(double), &direction));
	sml_parity_covariances(parity, covariance);
	for (size_t k = 0; k < parity->cells; k++)
	{
		SML_TRY(sml_poll(env));
		covariance_slope(parity, k, direction);
		*value += factor / 2 * covariance[k] * covariance[k];
		for (size_t i = 0; i < parity->width; i++)
		{
			gradient[i] += factor * covariance[k] * direction[i];
			for (size_t j = i; j < parity->width; j++)
				hessian[i * parity->width + j] += factor * direction[i] * direction[j];
		}
	}
done:
	sml_free(env, covariance);
	sml_free(env, direction);
	return status;
}

SmlStatus
sml_parity_digest(SmlEnv *env, SmlParity *parity, double total)
{
	double    factor = parity->strength * total;
	double   *covariance = NULL;
	SmlStatus status = sml_alloc_array(env, parity->cells, sizeof(double), &covariance);

	if (status != SML_OK)
		return status;
	sml_parity_covariances(parity, covariance);
	for (size_t e = 0; e < parity->events; e++)
	{
		double score;
		double weight = event_weight(parity, e, &score);
		double common = 0;

		if (!(weight > 0))
			continue;
		for (size_t g = 0; g < parity->groups; g++)
			common += covariance[e * parity->groups + g] * parity->weight[e * parity->groups + g] / weight;
		for (size_t g = 0; g < parity->groups; g++)
			parity->pull[e * parity->groups + g] = factor / weight * (covariance[e * parity->groups + g] - common);
	}
	sml_free(env, covariance);
	return SML_OK;
}
