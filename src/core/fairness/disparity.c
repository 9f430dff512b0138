/*
 * disparity.c - spreads over groups and their bootstrap; see disparity.h.
 *
 * Memory: 27 numbers a draw and 18 a group.  Time: draws x groups x 9 cells.
 */
#include <math.h>
#include <stdlib.h>

#include "disparity.h"

/* Draws x cells of one set at most: some tenths of a second. */
#define MOST_CELL_DRAWS 4000000
#define FEWEST_DRAWS    200
#define CELLS           9

void
sml_spread(const double *values, size_t count, SmlSpread *spread)
{
	*spread = (SmlSpread) {0, SML_NO_GROUP, SML_NO_GROUP, NAN, NAN};
	for (size_t g = 0; g < count; g++)
	{
		if (isnan(values[g]))
			continue;
		spread->defined++;
		if (spread->low == SML_NO_GROUP || values[g] < values[spread->low])
			spread->low = g;
		if (spread->high == SML_NO_GROUP || values[g] > values[spread->high])
			spread->high = g;
	}
	if (spread->defined < 2)
		return;
	spread->difference = values[spread->high] - values[spread->low];
	if (values[spread->high] > 0)
		spread->ratio = values[spread->low] / values[spread->high];
}

void
sml_disparity_stats(const double *shares, size_t groups, SmlSpread *spreads, double *stats)
{
	for (size_t m = 0; m < SML_FAIR_SHARES; m++)
	{
		sml_spread(shares + m * groups, groups, &spreads[m]);
		stats[SML_STAT_DIFFERENCE + m] = spreads[m].difference;
		stats[SML_STAT_RATIO + m] = spreads[m].ratio;
	}
	/* fmax and fmin pass over NaN, which is not wanted here */
	stats[SML_STAT_ODDS_DIFFERENCE] = isnan(spreads[SML_FAIR_TPR].difference + spreads[SML_FAIR_FPR].difference)
		? NAN : fmax(spreads[SML_FAIR_TPR].difference, spreads[SML_FAIR_FPR].difference);
	stats[SML_STAT_ODDS_RATIO] = isnan(spreads[SML_FAIR_TPR].ratio + spreads[SML_FAIR_FPR].ratio)
		? NAN : fmin(spreads[SML_FAIR_TPR].ratio, spreads[SML_FAIR_FPR].ratio);
	stats[SML_STAT_AVERAGE_ODDS] = (spreads[SML_FAIR_TPR].difference + spreads[SML_FAIR_FPR].difference) / 2;
}

/* ---- bootstrap ------------------------------------------------------------------------- */

typedef struct Bootstrap
{
	size_t    groups;
	size_t    cells;      /* cells that have rows */
	uint32_t *place;      /* of each of them: group * 9 + cell */
	double   *cell_share;
	uint64_t *drawn;      /* per cell that has rows */
	double   *count;      /* groups x 9 */
	double   *shares;     /* metric x group */
	uint64_t  rows;       /* to draw */
	unsigned  numerator[SML_FAIR_SHARES];
	unsigned  denominator[SML_FAIR_SHARES];
} Bootstrap;

size_t
sml_disparity_draws(size_t groups, size_t asked)
{
	size_t most = groups ? MOST_CELL_DRAWS / (groups * CELLS) : asked;

	if (most < FEWEST_DRAWS)
		most = FEWEST_DRAWS;
	return asked < most ? asked : most;
}

/*
 * A cell into which no row fell although its sibling (same label, other prediction) has some counts as half a row of the
 * sibling's mean weight: else a rate of 0 or 1 on few rows would never vary, and look certain.
 */
static double
half_a_row(const SmlFairState *state, size_t cell, double *weight2)
{
	const SmlFairWeights *weights = sml_fair_const_weights(state);
	size_t                label = cell / 3;
	size_t                sibling = cell % 3 == SML_NO ? SML_YES : SML_NO;
	double                n = (double) state->n[label][sibling];
	double                weight;

	*weight2 = 0;
	if (cell % 3 == SML_UNKNOWN || n == 0)
		return 0;
	weight = weights ? sml_sum_value(&weights->weight[label][sibling]) / n : 1;
	*weight2 = weight * weight / 2;
	return weight / 2;
}

static double
cell_weight(const SmlFairState *state, size_t cell, double *weight2)
{
	const SmlFairWeights *weights = sml_fair_const_weights(state);

	if (state->n[cell / 3][cell % 3] == 0)
		return half_a_row(state, cell, weight2);
	*weight2 = weights ? sml_sum_value(&weights->weight2[cell / 3][cell % 3]) : (double) state->n[cell / 3][cell % 3];
	return weights ? sml_sum_value(&weights->weight[cell / 3][cell % 3]) : (double) state->n[cell / 3][cell % 3];
}

static void
fill_cells(Bootstrap *b, const SmlFairState *const *groups)
{
	double total = 0;
	double total2 = 0;

	for (size_t g = 0; g < b->groups; g++)
		for (size_t cell = 0; cell < CELLS; cell++)
		{
			double weight2;
			double weight = cell_weight(groups[g], cell, &weight2);

			if (!(weight > 0))
				continue;
			b->place[b->cells] = (uint32_t) (g * CELLS + cell);
			b->cell_share[b->cells++] = weight;
			total += weight;
			total2 += weight2;
		}
	for (size_t i = 0; i < b->cells; i++)
		b->cell_share[i] /= total;
	b->rows = total2 > 0 ? (uint64_t) (total * total / total2 + 0.5) : 0;
}

static void
draw_shares(Bootstrap *b, uint64_t seed, uint64_t stream)
{
	sml_multinomial_draw(seed, stream, b->rows, b->cell_share, b->cells, b->drawn);
	for (size_t i = 0; i < b->groups * CELLS; i++)
		b->count[i] = 0;
	for (size_t i = 0; i < b->cells; i++)
		b->count[b->place[i]] = (double) b->drawn[i];
	for (size_t g = 0; g < b->groups; g++)
		for (size_t m = 0; m < SML_FAIR_SHARES; m++)
		{
			const double *count = b->count + g * CELLS;
			double        top = 0;
			double        all = 0;

			for (unsigned cell = 0; cell < CELLS; cell++)
			{
				all += b->denominator[m] >> cell & 1 ? count[cell] : 0;
				top += b->numerator[m] >> cell & 1 ? count[cell] : 0;
			}
			b->shares[m * b->groups + g] = all > 0 ? top / all : NAN;
		}
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return x < y ? -1 : x > y;
}

/* Linear interpolation between order statistics. */
static double
percentile(const double *sorted, size_t count, double share)
{
	double at = share * (double) (count - 1);
	size_t low = (size_t) at;

	return low + 1 < count ? sorted[low] + (at - (double) low) * (sorted[low + 1] - sorted[low]) : sorted[low];
}

static double
cut(double value)
{
	return fmin(1, fmax(0, value));
}

static bool
is_ratio(size_t stat)
{
	return (stat >= SML_STAT_RATIO && stat < SML_STAT_ODDS_DIFFERENCE) || stat == SML_STAT_ODDS_RATIO;
}

static void
interval_of(double *draws, size_t count, double confidence, size_t stat, double value, SmlInterval *interval)
{
	size_t defined = 0;
	double sum = 0;
	double low;
	double high;

	*interval = (SmlInterval) {NAN, NAN, NAN};
	for (size_t d = 0; d < count; d++)
		if (!isnan(draws[d]))
		{
			sum += draws[d];
			draws[defined++] = draws[d];
		}
	/* where most draws have no value, an interval of the others would say too much */
	if (isnan(value) || defined < 2 || defined * 2 < count)
		return;
	qsort(draws, defined, sizeof(double), by_size);
	low = percentile(draws, defined, (1 - confidence) / 2);
	high = percentile(draws, defined, (1 + confidence) / 2);
	interval->low = cut(is_ratio(stat) ? low : 2 * value - high);
	interval->high = cut(is_ratio(stat) ? 2 * value - low : high);
	/* reflection can pass the value itself when the draws lie far to one side */
	interval->low = fmin(interval->low, value);
	interval->high = fmax(interval->high, value);
	interval->corrected = cut(2 * value - sum / (double) defined);
}

static SmlStatus
run_draws(SmlEnv *env, Bootstrap *b, const SmlFairPlan *plan, uint64_t stream, size_t count, double *draws)
{
	SmlSpread spreads[SML_FAIR_SHARES];
	double    stats[SML_STATS];

	for (size_t d = 0; d < count; d++)
	{
		SmlStatus status = sml_poll(env);

		if (status != SML_OK)
			return status;
		draw_shares(b, plan->seed, stream + d);
		sml_disparity_stats(b->shares, b->groups, spreads, stats);
		for (size_t s = 0; s < SML_STATS; s++)
			draws[s * count + d] = stats[s];
	}
	return SML_OK;
}

SmlStatus
sml_disparity_bootstrap(SmlEnv *env, const SmlFairPlan *plan, const SmlFairState *const *groups, size_t count, uint64_t stream,
						const double *values, SmlInterval *intervals)
{
	Bootstrap b = {0};
	double   *draws = NULL;
	size_t    many = sml_disparity_draws(count, plan->draws);
	SmlStatus status;

	for (size_t s = 0; s < SML_STATS; s++)
		intervals[s] = (SmlInterval) {NAN, NAN, NAN};
	if (many == 0 || count < 2)
		return SML_OK;
	b.groups = count;
	for (int m = 0; m < SML_FAIR_SHARES; m++)
		sml_fair_cells((SmlFairMetric) m, plan->favorable, &b.numerator[m], &b.denominator[m]);
	SML_TRY(sml_alloc_array(env, count * CELLS, sizeof(uint32_t), &b.place));
	SML_TRY(sml_alloc_array(env, count * CELLS, sizeof(double), &b.cell_share));
	SML_TRY(sml_alloc_array(env, count * CELLS, sizeof(uint64_t), &b.drawn));
	SML_TRY(sml_alloc_array(env, count * CELLS, sizeof(double), &b.count));
	SML_TRY(sml_alloc_array(env, count * SML_FAIR_SHARES, sizeof(double), &b.shares));
	SML_TRY(sml_alloc_array(env, many * SML_STATS, sizeof(double), &draws));
	fill_cells(&b, groups);
	if (b.rows > 0)
		SML_TRY(run_draws(env, &b, plan, stream, many, draws));
	for (size_t s = 0; s < SML_STATS && b.rows > 0; s++)
		interval_of(draws + s * many, many, plan->confidence, s, values[s], &intervals[s]);
	status = SML_OK;
done:
	sml_free(env, b.place);
	sml_free(env, b.cell_share);
	sml_free(env, b.drawn);
	sml_free(env, b.count);
	sml_free(env, b.shares);
	sml_free(env, draws);
	return status;
}
