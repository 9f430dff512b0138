/*
 * inequality.c - see inequality.h.
 *
 * Memory: 3 numbers a group and 3 a draw; 4 an outcome and 2 a draw.  Time: draws x groups, draws x outcomes.
 */
#define _DEFAULT_SOURCE 1 /* M_PI */

#include <math.h>

#include "inequality.h"
#include "../special.h"

#define POLL_STEPS 65536
#define BENEFITS   3
/* A divergence below this may be no more than rounding. */
#define ROUNDING   1e-12

/* ---- generalised entropy -------------------------------------------------------------- */

/* Weights of the rows with benefit 0, 1 and 2, added; the sum of their squares is returned. */
static double
add_benefits(const SmlFairState *state, double weight[BENEFITS])
{
	const SmlFairWeights *weights = sml_fair_const_weights(state);
	double                squares = 0;

	for (int label = 0; label < 2; label++)
		for (int prediction = 0; prediction < 2; prediction++)
		{
			double n = (double) state->n[label][prediction];

			weight[1 + prediction - label] += weights ? sml_sum_value(&weights->weight[label][prediction]) : n;
			squares += weights ? sml_sum_value(&weights->weight2[label][prediction]) : n;
		}
	return squares;
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

enum
{
	TOTAL, BETWEEN, WITHIN, PARTS
};

/* cells[group * 3 + benefit]; why there is none, or NULL. */
static const char *
entropies(const double *cells, size_t count, double alpha, double parts[PARTS])
{
	double all[BENEFITS] = {0, 0, 0};
	double rows;
	double mean;

	parts[TOTAL] = parts[BETWEEN] = parts[WITHIN] = NAN;
	for (size_t i = 0; i < count * BENEFITS; i++)
		all[i % BENEFITS] += cells[i];
	rows = all[0] + all[1] + all[2];
	mean = (all[1] + 2 * all[2]) / rows;
	if (!(rows > 0))
		return "no_labels_with_predictions";
	if (!(mean > 0))
		return "no_benefits";
	if (alpha <= 0 && all[0] > 0)
		return "a_benefit_is_zero";
	parts[TOTAL] = parts[BETWEEN] = 0;
	for (int b = 0; b < BENEFITS; b++)
		if (all[b] > 0)
			parts[TOTAL] += all[b] / rows * entropy_term(b / mean, alpha);
	for (size_t g = 0; g < count; g++)
	{
		const double *own = cells + g * BENEFITS;
		double        n = own[0] + own[1] + own[2];

		if (n > 0)
			parts[BETWEEN] += n / rows * entropy_term((own[1] + 2 * own[2]) / n / mean, alpha);
	}
	parts[WITHIN] = parts[TOTAL] - parts[BETWEEN];
	return NULL;
}

/* Mean and deviation of the draws that are defined. */
typedef struct Spread
{
	size_t defined;
	double sum;
	double squares; /* of the distance from the value */
} Spread;

static void
bias_corrected(const Spread *spread, size_t draws, double z, double most, SmlFigure *figure)
{
	double bias = spread->sum / (double) spread->defined;
	double deviation = sqrt(fmax(0, spread->squares / (double) spread->defined - bias * bias));

	if (draws == 0)
		sml_figure_plain(figure, figure->value, "no_draws");
	else if (spread->defined < 2 || spread->defined * 2 < draws)
		sml_figure_plain(figure, figure->value, "undefined_in_most_draws");
	else if (!(deviation > 0))
		sml_figure_plain(figure, figure->value, "no_variation");
	else
		sml_figure_interval(figure, "bootstrap_normal", fmax(0, z * deviation + bias), fmax(0, z * deviation - bias), 0, most);
}

static SmlStatus
draw_inequality(SmlEnv *env, const double *cells, size_t count, double rows, double alpha, const SmlDraws *draws, SmlInequality *result)
{
	SmlFigure *figures[PARTS] = {&result->total, &result->between, &result->within};
	Spread     spreads[PARTS] = {{0}};
	size_t     many = sml_disparity_draws(count, draws->count);
	size_t     places = count * BENEFITS;
	uint64_t  *drawn = NULL;
	double    *shares = NULL;
	double    *again = NULL;
	double     sum = 0;
	double     z = sml_fair_z(draws->confidence);
	SmlStatus  status;

	SML_TRY(sml_alloc_array(env, places, sizeof(uint64_t), &drawn));
	SML_TRY(sml_alloc_array(env, places, sizeof(double), &shares));
	SML_TRY(sml_alloc_array(env, places, sizeof(double), &again));
	for (size_t i = 0; i < places; i++)
		sum += cells[i];
	for (size_t i = 0; i < places; i++)
		shares[i] = cells[i] / sum;
	for (size_t d = 0; d < many; d++)
	{
		double parts[PARTS];

		SML_TRY(sml_poll(env));
		sml_multinomial_draw(draws->seed, draws->stream + d, (uint64_t) (rows + 0.5), shares, places, drawn);
		for (size_t i = 0; i < places; i++)
			again[i] = (double) drawn[i];
		if (entropies(again, count, alpha, parts))
			continue;
		for (int part = 0; part < PARTS; part++)
		{
			double off = parts[part] - figures[part]->value;

			spreads[part].defined++;
			spreads[part].sum += off;
			spreads[part].squares += off * off;
		}
	}
	for (int part = 0; part < PARTS; part++)
		bias_corrected(&spreads[part], many, z, INFINITY, figures[part]);
done:
	sml_free(env, drawn);
	sml_free(env, shares);
	sml_free(env, again);
	return status;
}

SmlStatus
sml_inequality(SmlEnv *env, const SmlFairState *const *groups, size_t count, double alpha, const SmlDraws *draws, SmlInequality *result)
{
	SmlFigure  *figures[PARTS] = {&result->total, &result->between, &result->within};
	double     *cells = NULL;
	double      parts[PARTS];
	double      weight = 0;
	double      squares = 0;
	double      rows;
	uint64_t    n = 0;
	const char *reason;
	SmlStatus   status;

	SML_TRY(sml_alloc_array(env, count * BENEFITS + 1, sizeof(double), &cells));
	for (size_t g = 0; g < count; g++)
	{
		squares += add_benefits(groups[g], cells + g * BENEFITS);
		for (int label = 0; label < 2; label++)
			n += groups[g]->n[label][SML_NO] + groups[g]->n[label][SML_YES];
	}
	for (size_t i = 0; i < count * BENEFITS; i++)
		weight += cells[i];
	rows = squares > 0 ? weight / squares * weight : 0;
	reason = entropies(cells, count, alpha, parts);
	for (int part = 0; part < PARTS; part++)
	{
		*figures[part] = (SmlFigure) {.n = n, .effective = rows, .numerator = NAN, .denominator = NAN};
		sml_figure_undefined(figures[part], reason);
		figures[part]->value = parts[part];
	}
	/* a sum of weights that only a forged state can have */
	if (reason == NULL && rows < 0x1p53)
		status = draw_inequality(env, cells, count, rows, alpha, draws, result);
	/* one group has nothing between it and others */
	if (status == SML_OK && reason == NULL && count == 1)
		sml_figure_interval(&result->between, "by_definition", 0, 0, 0, 0);
done:
	sml_free(env, cells);
	return status;
}

void
sml_coefficient_of_variation(const SmlFigure *entropy, SmlFigure *variation)
{
	double value = sqrt(2 * entropy->value);

	*variation = *entropy;
	variation->value = value;
	if (entropy->ci_method)
		sml_figure_interval(variation, entropy->ci_method, value - sqrt(2 * entropy->ci_low), sqrt(2 * entropy->ci_high) - value, 0, INFINITY);
}

/* ---- divergences of distributions ---------------------------------------------------------- */

/*
 * Two distributions p of n rows and q of m.  First derivatives give the variance of a divergence; half the second ones times the variances of
 * p and q its bias, and 2 bias^2 / (outcomes - 1) the variance that is left where the first derivatives are 0.  The lower end is corrected for the bias.  The upper
 * one is that on the scale of the root, on which a divergence is close to a distance and its errors close to symmetric: (root + z error / 2 root)^2.
 */
typedef struct Delta
{
	double value;
	double mean[2];    /* of the first derivatives under p and under q */
	double square[2];
	double bias;
	size_t outcomes;   /* that occur */
} Delta;

static void
add_derivatives(Delta *delta, double p, double q, double by_p, double by_q)
{
	delta->mean[0] += p * by_p;
	delta->square[0] += p * by_p * by_p;
	delta->mean[1] += q * by_q;
	delta->square[1] += q * by_q * by_q;
}

static void
finish_delta(const Delta *delta, double n, double m, double z, double most, SmlFigure *figure)
{
	double value = fmax(0, delta->value);
	double first = fmax(0, delta->square[0] - delta->mean[0] * delta->mean[0]) / n +
		fmax(0, delta->square[1] - delta->mean[1] * delta->mean[1]) / m;
	double second = delta->outcomes > 1 ? 2 * delta->bias * delta->bias / (double) (delta->outcomes - 1) : 0;
	double error = z * sqrt(first + second);

	sml_figure_plain(figure, value, "no_variation");
	if (error > 0)
		sml_figure_interval(figure, "delta", error + delta->bias, error + (value > ROUNDING ? z * z * first / (4 * value) : 0), 0, most);
}

static void
kullback_leibler(const double *p, const double *q, size_t outcomes, double n, double m, double z, SmlFigure *figure)
{
	Delta delta = {0};

	for (size_t i = 0; i < outcomes; i++)
	{
		delta.outcomes += p[i] > 0 || q[i] > 0;
		if (!(p[i] > 0))
			continue;
		if (!(q[i] > 0))
		{
			sml_figure_undefined(figure, "label_only_in_group");
			return;
		}
		delta.value += p[i] * log(p[i] / q[i]);
		delta.bias += (1 - p[i]) / (2 * n) + p[i] * (1 - q[i]) / (2 * q[i] * m);
		add_derivatives(&delta, p[i], q[i], log(p[i] / q[i]), -p[i] / q[i]);
	}
	finish_delta(&delta, n, m, z, INFINITY, figure);
}

static void
jensen_shannon(const double *p, const double *q, size_t outcomes, double n, double m, double z, SmlFigure *figure)
{
	Delta delta = {0};

	for (size_t i = 0; i < outcomes; i++)
	{
		double both = p[i] + q[i];
		double by_p = p[i] > 0 ? log(2 * p[i] / both) / 2 : 0;
		double by_q = q[i] > 0 ? log(2 * q[i] / both) / 2 : 0;

		if (!(both > 0))
			continue;
		delta.outcomes++;
		delta.value += p[i] * by_p + q[i] * by_q;
		delta.bias += ((p[i] > 0) * q[i] * (1 - p[i]) / n + (q[i] > 0) * p[i] * (1 - q[i]) / m) / (4 * both);
		add_derivatives(&delta, p[i], q[i], by_p, by_q);
	}
	finish_delta(&delta, n, m, z, log(2), figure);
}

/* ---- norms of the difference of distributions ------------------------------------------------ */

/* Total variation and Euclidean distance of p - q, less that of another pair where one is given. */
static void
norms(const double *p, const double *q, const double *p0, const double *q0, size_t outcomes, double *variation, double *l2)
{
	*variation = *l2 = 0;
	for (size_t i = 0; i < outcomes; i++)
	{
		double gap = p[i] - q[i] - (p0 ? p0[i] - q0[i] : 0);

		*variation += fabs(gap) / 2;
		*l2 += gap * gap;
	}
	*l2 = sqrt(*l2);
}

static void
draw_shares(const SmlDraws *draws, uint64_t stream, double n, const double *shares, size_t outcomes, uint64_t *drawn, double *again)
{
	sml_multinomial_draw(draws->seed, stream, (uint64_t) (n + 0.5), shares, outcomes, drawn);
	for (size_t i = 0; i < outcomes; i++)
		again[i] = (double) drawn[i] / n;
}

static void
norm_interval(double *noise, size_t draws, double confidence, double most, SmlFigure *figure)
{
	double off;

	if (draws == 0)
	{
		sml_figure_plain(figure, figure->value, "no_draws");
		return;
	}
	sml_sort_numbers(noise, draws);
	off = sml_percentile(noise, draws, confidence);
	if (off > 0)
		sml_figure_interval(figure, "bootstrap", off, off, 0, most);
	else
		sml_figure_plain(figure, figure->value, "no_variation");
}

/* p and q are shares of n and m rows; "again" has room for two distributions. */
static SmlStatus
draw_norms(SmlEnv *env, const double *p, const double *q, size_t outcomes, double n, double m, const SmlDraws *draws, double *again,
		   SmlFigure distances[SML_DISTANCES])
{
	size_t    many = sml_disparity_draws(outcomes, draws->count);
	double   *noise = NULL;
	uint64_t *drawn = NULL;
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, 2 * many + 1, sizeof(double), &noise));
	SML_TRY(sml_alloc_array(env, outcomes, sizeof(uint64_t), &drawn));
	for (size_t d = 0; d < many; d++)
	{
		SML_TRY(sml_poll(env));
		draw_shares(draws, draws->stream + 2 * d, n, p, outcomes, drawn, again);
		draw_shares(draws, draws->stream + 2 * d + 1, m, q, outcomes, drawn, again + outcomes);
		norms(again, again + outcomes, p, q, outcomes, &noise[d], &noise[many + d]);
	}
	norm_interval(noise, many, draws->confidence, 1, &distances[SML_DISTANCE_TOTAL_VARIATION]);
	norm_interval(noise + many, many, draws->confidence, sqrt(2), &distances[SML_DISTANCE_L2]);
done:
	sml_free(env, noise);
	sml_free(env, drawn);
	return status;
}

SmlStatus
sml_distances(SmlEnv *env, const double *own, const double *rest, size_t outcomes, const SmlDraws *draws, SmlFigure distances[SML_DISTANCES])
{
	double    n = 0;
	double    m = 0;
	double    z = sml_fair_z(draws->confidence);
	double   *p = NULL; /* both distributions, and room for two more */
	double   *q;
	SmlStatus status;

	for (size_t i = 0; i < outcomes; i++)
	{
		n += own[i];
		m += rest[i];
	}
	for (int k = 0; k < SML_DISTANCES; k++)
	{
		distances[k] = (SmlFigure) {.n = (uint64_t) (n + m), .effective = n + m, .numerator = NAN, .denominator = NAN};
		sml_figure_undefined(&distances[k], n > 0 ? "one_group" : "no_labels");
	}
	if (!(n > 0 && m > 0))
		return SML_OK;
	SML_TRY(sml_alloc_array(env, 4 * outcomes, sizeof(double), &p));
	q = p + outcomes;
	for (size_t i = 0; i < outcomes; i++)
	{
		p[i] = own[i] / n;
		q[i] = rest[i] / m;
	}
	kullback_leibler(p, q, outcomes, n, m, z, &distances[SML_DISTANCE_KL]);
	jensen_shannon(p, q, outcomes, n, m, z, &distances[SML_DISTANCE_JS]);
	for (int k = SML_DISTANCE_TOTAL_VARIATION; k < SML_DISTANCES; k++)
		distances[k].reason = NULL;
	norms(p, q, NULL, NULL, outcomes, &distances[SML_DISTANCE_TOTAL_VARIATION].value, &distances[SML_DISTANCE_L2].value);
	SML_TRY(draw_norms(env, p, q, outcomes, n, m, draws, q + outcomes, distances));
done:
	sml_free(env, p);
	return status;
}

/* ---- two samples ------------------------------------------------------------------------- */

/* Half the width that a distribution function of n rows keeps with a confidence; 1 - alpha / 2 of it, since there are two. */
static double
massart(double n, double z)
{
	return sqrt(log(4 / sml_two_sided_p(z, INFINITY)) / (2 * n));
}

/* Variance of the mean of a sample. */
static double
variance_of_mean(const double *x, size_t count)
{
	double sum = 0;
	double squares = 0;
	double n = (double) count;

	for (size_t i = 0; i < count; i++)
	{
		sum += x[i] - x[0];
		squares += (x[i] - x[0]) * (x[i] - x[0]);
	}
	return count < 2 ? 0 : fmax(0, squares / n - sum / n * (sum / n)) / (n - 1);
}

static double
binomial_variance(size_t below, size_t count)
{
	double share = (double) below / (double) count;

	return share * (1 - share) / (double) count;
}

SmlStatus
sml_two_samples(SmlEnv *env, const double *a, size_t a_count, const double *b, size_t b_count, double z, SmlFigure *ks, SmlFigure *wasserstein)
{
	size_t i = 0;
	size_t k = 0;
	size_t steps = 0;
	double last = 0;
	double greatest = 0;
	double area = 0;
	double noise = 0; /* integral of the deviation of the difference of the distribution functions */
	double margin;

	*ks = *wasserstein = (SmlFigure) {.n = a_count + b_count, .effective = (double) (a_count + b_count), .numerator = NAN, .denominator = NAN};
	sml_figure_undefined(ks, a_count ? "one_group" : "no_rows");
	sml_figure_undefined(wasserstein, ks->reason);
	if (a_count == 0 || b_count == 0)
		return SML_OK;
	while (i < a_count || k < b_count)
	{
		double at = k == b_count || (i < a_count && a[i] <= b[k]) ? a[i] : b[k];
		double gap = fabs((double) i / (double) a_count - (double) k / (double) b_count);

		if (i + k > 0)
		{
			area += gap * (at - last);
			noise += sqrt(binomial_variance(i, a_count) + binomial_variance(k, b_count)) * (at - last);
		}
		while (i < a_count && a[i] == at)
			i++;
		while (k < b_count && b[k] == at)
			k++;
		gap = fabs((double) i / (double) a_count - (double) k / (double) b_count);
		greatest = fmax(greatest, gap);
		last = at;
		if (++steps % POLL_STEPS == 0)
		{
			SmlStatus status = sml_poll(env);

			if (status != SML_OK)
				return status;
		}
	}
	margin = massart((double) a_count, z) + massart((double) b_count, z);
	sml_figure_plain(ks, greatest, NULL);
	sml_figure_interval(ks, "dkw", margin, margin, 0, 1);
	sml_figure_plain(wasserstein, area, a_count < 2 || b_count < 2 ? "one_row" : "no_variation");
	margin = sqrt(2 / M_PI) * noise +
		sml_one_sided(z) * sqrt(variance_of_mean(a, a_count) + variance_of_mean(b, b_count));
	if (a_count > 1 && b_count > 1 && margin > 0)
		sml_figure_interval(wasserstein, "norm_bound", margin, margin, 0, INFINITY);
	return SML_OK;
}
