/*
 * inequality.c - see inequality.h.
 */
#include <math.h>
#include <stdlib.h>

#include "inequality.h"

#define POLL_STEPS 65536

/* ---- generalised entropy -------------------------------------------------------------- */

/* Weight of rows with benefit 0, 1 and 2. */
static void
benefits(const SmlFairState *state, double weight[3])
{
	const SmlFairWeights *weights = sml_fair_const_weights(state);

	for (int label = 0; label < 2; label++)
		for (int prediction = 0; prediction < 2; prediction++)
			weight[1 + prediction - label] += weights ? sml_sum_value(&weights->weight[label][prediction])
				: (double) state->n[label][prediction];
}

/* What a row of benefit "ratio" times the mean adds. */
static double
entropy_term(double ratio, double alpha)
{
	if (alpha == 1)
		return ratio > 0 ? ratio * log(ratio) : 0;
	if (alpha == 0)
		return -log(ratio);
	return (pow(ratio, alpha) - 1) / (alpha * (alpha - 1));
}

void
sml_inequality(const SmlFairState *const *groups, size_t count, double alpha, SmlInequality *result)
{
	double all[3] = {0, 0, 0};
	double rows;
	double mean;
	double total = 0;
	double between = 0;

	*result = (SmlInequality) {NAN, NAN, NAN, NULL};
	for (size_t g = 0; g < count; g++)
		benefits(groups[g], all);
	rows = all[0] + all[1] + all[2];
	mean = (all[1] + 2 * all[2]) / rows;
	if (!(rows > 0))
		result->reason = "no_labels_with_predictions";
	else if (!(mean > 0))
		result->reason = "no_benefits";
	else if (alpha <= 0 && all[0] > 0)
		result->reason = "a_benefit_is_zero";
	if (result->reason)
		return;
	for (int b = 0; b < 3; b++)
		if (all[b] > 0)
			total += all[b] / rows * entropy_term(b / mean, alpha);
	for (size_t g = 0; g < count; g++)
	{
		double own[3] = {0, 0, 0};
		double n;

		benefits(groups[g], own);
		n = own[0] + own[1] + own[2];
		if (n > 0)
			between += n / rows * entropy_term((own[1] + 2 * own[2]) / n / mean, alpha);
	}
	result->total = total;
	result->between = between;
	result->within = total - between;
}

/* ---- distributions ------------------------------------------------------------------------- */

static double
relative_entropy(const double *p, const double *q, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		if (p[i] > 0)
		{
			if (!(q[i] > 0))
				return NAN;
			sum += p[i] * log(p[i] / q[i]);
		}
	return sum;
}

void
sml_distances(const double *p, const double *q, size_t count, SmlDistances *distances)
{
	*distances = (SmlDistances) {relative_entropy(p, q, count), 0, 0, 0};
	for (size_t i = 0; i < count; i++)
	{
		double middle = (p[i] + q[i]) / 2;

		if (p[i] > 0)
			distances->js += p[i] * log(p[i] / middle) / 2;
		if (q[i] > 0)
			distances->js += q[i] * log(q[i] / middle) / 2;
		distances->total_variation += fabs(p[i] - q[i]) / 2;
		distances->l2 += (p[i] - q[i]) * (p[i] - q[i]);
	}
	distances->l2 = sqrt(distances->l2);
}

SmlStatus
sml_two_samples(SmlEnv *env, const double *a, size_t a_count, const double *b, size_t b_count, double *ks, double *wasserstein)
{
	size_t i = 0;
	size_t k = 0;
	size_t steps = 0;
	double last = 0;

	*ks = *wasserstein = NAN;
	if (a_count == 0 || b_count == 0)
		return SML_OK;
	*ks = *wasserstein = 0;
	while (i < a_count || k < b_count)
	{
		double at = k == b_count || (i < a_count && a[i] <= b[k]) ? a[i] : b[k];
		double gap = fabs((double) i / (double) a_count - (double) k / (double) b_count);

		if (i + k > 0)
			*wasserstein += gap * (at - last);
		while (i < a_count && a[i] == at)
			i++;
		while (k < b_count && b[k] == at)
			k++;
		gap = fabs((double) i / (double) a_count - (double) k / (double) b_count);
		*ks = fmax(*ks, gap);
		last = at;
		if (++steps % POLL_STEPS == 0)
		{
			SmlStatus status = sml_poll(env);

			if (status != SML_OK)
				return status;
		}
	}
	return SML_OK;
}

/* ---- neighbours -------------------------------------------------------------------------------- */

/* Columns divided by their deviation; constant ones stay, since they add nothing to a distance. */
static void
scale(const double *features, size_t rows, size_t columns, double *scaled)
{
	for (size_t c = 0; c < columns; c++)
	{
		double mean = 0;
		double square = 0;
		double deviation;

		for (size_t r = 0; r < rows; r++)
			mean += features[r * columns + c] / (double) rows;
		for (size_t r = 0; r < rows; r++)
			square += (features[r * columns + c] - mean) * (features[r * columns + c] - mean);
		deviation = sqrt(square / (double) rows);
		for (size_t r = 0; r < rows; r++)
			scaled[r * columns + c] = deviation > 0 ? (features[r * columns + c] - mean) / deviation : 0;
	}
}

typedef struct Neighbour
{
	double distance;
	double outcome;
} Neighbour;

static int
by_distance(const void *a, const void *b)
{
	double x = ((const Neighbour *) a)->distance;
	double y = ((const Neighbour *) b)->distance;

	return x < y ? -1 : x > y;
}

/* Mean outcome of the k nearest; those at the distance of the last share the places that are left. */
static double
neighbours_mean(Neighbour *list, size_t count, size_t k)
{
	double sum = 0;
	double tied = 0;
	size_t nearer = 0;
	size_t at_last = 0;
	double last;

	qsort(list, count, sizeof(Neighbour), by_distance);
	last = list[k - 1].distance;
	for (size_t i = 0; i < count && list[i].distance <= last; i++)
		if (list[i].distance < last)
		{
			sum += list[i].outcome;
			nearer++;
		}
		else
		{
			tied += list[i].outcome;
			at_last++;
		}
	return (sum + tied / (double) at_last * (double) (k - nearer)) / (double) k;
}

static double
squared_distance(const double *a, const double *b, size_t columns)
{
	double sum = 0;

	for (size_t c = 0; c < columns; c++)
		sum += (a[c] - b[c]) * (a[c] - b[c]);
	return sum;
}

SmlStatus
sml_consistency(SmlEnv *env, const double *features, size_t rows, size_t columns, const double *outcomes, size_t k, bool self,
				double *consistency)
{
	double    *scaled = NULL;
	Neighbour *list = NULL;
	double     sum = 0;
	size_t     cells;
	SmlStatus  status;

	if (k == 0 || rows < k + (self ? 0 : 1))
		return sml_fail(env, SML_BAD_INPUT, "There are %zu rows, too few for %zu neighbours each.", rows, k);
	if (!sml_size_times(rows, columns, &cells))
		return sml_fail(env, SML_NO_MEMORY, "%zu rows of %zu columns do not fit into memory.", rows, columns);
	SML_TRY(sml_alloc_array(env, cells, sizeof(double), &scaled));
	SML_TRY(sml_alloc_array(env, rows, sizeof(Neighbour), &list));
	scale(features, rows, columns, scaled);
	for (size_t r = 0; r < rows; r++)
	{
		size_t count = 0;

		SML_TRY(sml_poll(env));
		for (size_t other = 0; other < rows; other++)
			if (other != r || self)
				list[count++] = (Neighbour) {squared_distance(scaled + r * columns, scaled + other * columns, columns), outcomes[other]};
		sum += fabs(outcomes[r] - neighbours_mean(list, count, k));
	}
	*consistency = 1 - sum / (double) rows;
	status = SML_OK;
done:
	sml_free(env, scaled);
	sml_free(env, list);
	return status;
}
