/*
 * disparity.c - spreads over groups and their bootstrap; see disparity.h.
 *
 * The largest minus the smallest of group rates is a seminorm R of the rates p, so |R(p^) - R(p)| <= R(p^ - p): an interval
 * value +- q, with q the quantile of R(drawn rate - own rate) over draws, covers at least as often as it says, for
 * any number of groups.  With two groups it is the usual interval of a difference.  The same holds for the maximum and the mean
 * of two such ranges, for ratios on the scale of logarithms, and for the largest distance of a group from everybody, where a draw has both from the
 * same rows, so that their overlap is in it.
 *
 * Memory: 39 numbers a draw and 60 a group.  Time: draws x groups x 9 cells.
 */
#include <math.h>
#include <stdlib.h>

#include "disparity.h"

/* Draws x cells of one set at most: some tenths of a second. */
#define MOST_CELL_DRAWS 4000000
#define FEWEST_DRAWS    200
#define CELLS           9
/* As many rows as a double counts exactly. */
#define MOST_DRAWN      (UINT64_C(1) << 53)

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
sml_disparity_stats(const double *shares, const double *overall, size_t groups, SmlSpread *spreads, double *stats)
{
	for (size_t m = 0; m < SML_FAIR_SHARES; m++)
	{
		const double *own = shares + m * groups;

		sml_spread(own, groups, &spreads[m]);
		stats[SML_STAT_DIFFERENCE + m] = spreads[m].difference;
		stats[SML_STAT_RATIO + m] = spreads[m].ratio;
		stats[SML_STAT_TO_OVERALL + m] = spreads[m].defined < 2 ? NAN
			: fmax(own[spreads[m].high] - overall[m], overall[m] - own[spreads[m].low]);
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
	size_t    groups;     /* that are compared */
	size_t    all;        /* and those behind them that are among everybody only */
	size_t    cells;      /* cells that have rows */
	uint32_t *place;      /* of each of them: group * 9 + cell */
	double   *cell_share;
	uint64_t *drawn;      /* per cell that has rows */
	double   *count;      /* all x 9 */
	double   *shares;     /* metric x group, of a draw */
	double   *logs;       /* logarithms of smoothed shares, of a draw */
	double    overall[SML_FAIR_SHARES]; /* everybody's shares, of a draw */
	double   *own_shares; /* the same of the rows themselves */
	double   *own_logs;
	double    own_overall[SML_FAIR_SHARES];
	uint64_t  rows;       /* to draw */
	double    sums[SML_STATS];    /* of the statistics over draws where they are defined */
	size_t    defined[SML_STATS];
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
 * A cell into which no row fell counts as half a row of the mean weight of a sibling that has some: the one with the same label and the other prediction, or, where
 * the group has no row of the label at all, the one with the other label.  Else a rate of 0 or 1 on few rows would never vary, and look certain.
 */
static double
half_a_row(const SmlFairState *state, size_t cell, double *weight2)
{
	const SmlFairWeights *weights = sml_fair_const_weights(state);
	size_t                label = cell / 3;
	size_t                prediction = cell % 3;
	size_t                other = prediction == SML_NO ? SML_YES : SML_NO;
	double                n;
	double                weight;

	*weight2 = 0;
	if (prediction == SML_UNKNOWN || state->n[label][other] == 0)
	{
		if (label == SML_UNKNOWN || state->n[label][SML_NO] + state->n[label][SML_YES] + state->n[label][SML_UNKNOWN] > 0)
			return 0;
		label = label == SML_NO ? SML_YES : SML_NO;
		other = prediction;
	}
	n = (double) state->n[label][other];
	if (n == 0)
		return 0;
	weight = weights ? sml_sum_value(&weights->weight[label][other]) / n : 1;
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
	double effective;

	for (size_t g = 0; g < b->all; g++)
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
	effective = total2 > 0 ? total / total2 * total : 0;
	b->rows = effective < MOST_DRAWN ? (uint64_t) (effective + 0.5) : MOST_DRAWN;
}

/* Rows of a group in a numerator and a denominator. */
static void
add_cells(const Bootstrap *b, size_t g, size_t m, double *top, double *all)
{
	const double *count = b->count + g * CELLS;

	for (unsigned cell = 0; cell < CELLS; cell++)
	{
		*all += b->denominator[m] >> cell & 1 ? count[cell] : 0;
		*top += b->numerator[m] >> cell & 1 ? count[cell] : 0;
	}
}

/* Shares and logarithms of shares from b->count.  Half a row is added to the latter, so that 0 has one. */
static void
shares_of(const Bootstrap *b, double *shares, double *logs, double *overall)
{
	for (size_t m = 0; m < SML_FAIR_SHARES; m++)
	{
		double all_top = 0;
		double all_rows = 0;

		for (size_t g = 0; g < b->all; g++)
		{
			double top = 0;
			double rows = 0;

			add_cells(b, g, m, &top, &rows);
			all_top += top;
			all_rows += rows;
			if (g >= b->groups)
				continue;
			shares[m * b->groups + g] = rows > 0 ? top / rows : NAN;
			logs[m * b->groups + g] = rows > 0 ? log((top + 0.5) / (rows + 0.5)) : NAN;
		}
		overall[m] = all_rows > 0 ? all_top / all_rows : NAN;
	}
}

static void
draw_shares(Bootstrap *b, uint64_t seed, uint64_t stream)
{
	sml_multinomial_draw(seed, stream, b->rows, b->cell_share, b->cells, b->drawn);
	for (size_t i = 0; i < b->all * CELLS; i++)
		b->count[i] = 0;
	for (size_t i = 0; i < b->cells; i++)
		b->count[b->place[i]] = (double) b->drawn[i];
	shares_of(b, b->shares, b->logs, b->overall);
	/* half a row gives a share to groups that have none */
	for (size_t i = 0; i < SML_FAIR_SHARES * b->groups; i++)
		if (isnan(b->own_shares[i]))
			b->shares[i] = b->logs[i] = NAN;
}

/* The rows themselves, as the draw has them: scaled to their effective number. */
static void
own_shares(Bootstrap *b, const SmlFairState *const *groups)
{
	double total = 0;

	for (size_t g = 0; g < b->all; g++)
		for (size_t cell = 0; cell < CELLS; cell++)
		{
			double weight2;
			double weight = groups[g]->n[cell / 3][cell % 3] == 0 ? 0 : cell_weight(groups[g], cell, &weight2);

			b->count[g * CELLS + cell] = weight;
			total += weight;
		}
	for (size_t i = 0; i < b->all * CELLS; i++)
		b->count[i] *= (double) b->rows / total;
	shares_of(b, b->own_shares, b->own_logs, b->own_overall);
}

/* Largest less smallest of a - b; NaN below two defined. */
static double
range_of(const double *a, const double *b, size_t count)
{
	double low = INFINITY;
	double high = -INFINITY;
	size_t defined = 0;

	for (size_t g = 0; g < count; g++)
	{
		double difference = a[g] - (b ? b[g] : 0);

		if (isnan(difference))
			continue;
		low = difference < low ? difference : low;
		high = difference > high ? difference : high;
		defined++;
	}
	return defined < 2 ? NAN : high - low;
}

/* Largest |share - everybody's - (base - everybody's base)|; NaN below two defined. */
static double
farthest(const double *shares, double overall, const double *base, double base_overall, size_t count)
{
	double most = 0;
	size_t defined = 0;

	for (size_t g = 0; g < count; g++)
	{
		double off = fabs(shares[g] - overall - (base ? base[g] - base_overall : 0));

		if (isnan(off))
			continue;
		most = off > most ? off : most;
		defined++;
	}
	return defined < 2 ? NAN : most;
}

/* What a draw, or the rows themselves, has. */
typedef struct Shares
{
	const double *shares;
	const double *logs;
	const double *overall;
} Shares;

/* All statistics of a - base on the scale on which they are seminorms: that of shares, or of their logarithms. */
static void
ranges(const Bootstrap *b, const Shares *a, const Shares *base, double *stats)
{
	double tpr_log;
	double fpr_log;

	for (size_t m = 0; m < SML_FAIR_SHARES; m++)
	{
		size_t at = m * b->groups;

		stats[SML_STAT_DIFFERENCE + m] = range_of(a->shares + at, base ? base->shares + at : NULL, b->groups);
		stats[SML_STAT_RATIO + m] = range_of(a->logs + at, base ? base->logs + at : NULL, b->groups);
		stats[SML_STAT_TO_OVERALL + m] = farthest(a->shares + at, a->overall[m], base ? base->shares + at : NULL, base ? base->overall[m] : 0,
												  b->groups);
	}
	tpr_log = stats[SML_STAT_RATIO + SML_FAIR_TPR];
	fpr_log = stats[SML_STAT_RATIO + SML_FAIR_FPR];
	stats[SML_STAT_AVERAGE_ODDS] = (stats[SML_FAIR_TPR] + stats[SML_FAIR_FPR]) / 2;
	stats[SML_STAT_ODDS_DIFFERENCE] = isnan(stats[SML_STAT_AVERAGE_ODDS]) ? NAN : fmax(stats[SML_FAIR_TPR], stats[SML_FAIR_FPR]);
	stats[SML_STAT_ODDS_RATIO] = isnan(tpr_log + fpr_log) ? NAN : fmax(tpr_log, fpr_log);
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

/* noise: per draw, how far the ranges can be off; own: the range of the rows themselves, of logarithms for ratios. */
static void
interval_of(const Bootstrap *b, double *noise, size_t count, double confidence, size_t stat, double value, double own, SmlInterval *interval)
{
	size_t defined = 0;
	double off;

	for (size_t d = 0; d < count; d++)
		if (!isnan(noise[d]))
			noise[defined++] = noise[d];
	/* where most draws have no value, an interval of the others would say too much */
	if (isnan(value) || isnan(own) || defined < 2 || defined * 2 < count)
	{
		interval->reason = "undefined_in_most_draws";
		return;
	}
	sml_sort_numbers(noise, defined);
	off = sml_percentile(noise, defined, confidence);
	interval->method = "bootstrap";
	interval->reason = NULL;
	interval->low = is_ratio(stat) ? exp(-own - off) : cut(own - off);
	interval->high = is_ratio(stat) ? cut(exp(-own + off)) : cut(own + off);
	interval->low = fmin(interval->low, value);
	interval->high = fmax(interval->high, value);
	interval->corrected = cut(2 * value - b->sums[stat] / (double) b->defined[stat]);
}

static SmlStatus
run_draws(SmlEnv *env, Bootstrap *b, const SmlFairPlan *plan, uint64_t stream, size_t count, double *noise)
{
	Shares    drawn = {b->shares, b->logs, b->overall};
	Shares    own = {b->own_shares, b->own_logs, b->own_overall};
	SmlSpread spreads[SML_FAIR_SHARES];
	double    stats[SML_STATS];

	for (size_t d = 0; d < count; d++)
	{
		SmlStatus status = sml_poll(env);

		if (status != SML_OK)
			return status;
		draw_shares(b, plan->seed, stream + d);
		sml_disparity_stats(b->shares, b->overall, b->groups, spreads, stats);
		for (size_t s = 0; s < SML_STATS; s++)
			if (!isnan(stats[s]))
			{
				b->sums[s] += stats[s];
				b->defined[s]++;
			}
		ranges(b, &drawn, &own, stats);
		for (size_t s = 0; s < SML_STATS; s++)
			noise[s * count + d] = stats[s];
	}
	return SML_OK;
}

static void
free_bootstrap(SmlEnv *env, Bootstrap *b)
{
	sml_free(env, b->place);
	sml_free(env, b->cell_share);
	sml_free(env, b->drawn);
	sml_free(env, b->count);
	sml_free(env, b->shares);
	sml_free(env, b->logs);
	sml_free(env, b->own_shares);
	sml_free(env, b->own_logs);
}

static SmlStatus
start_bootstrap(SmlEnv *env, const SmlFairPlan *plan, size_t count, size_t unknown, Bootstrap *b)
{
	SmlStatus status;

	b->groups = count;
	b->all = count + unknown;
	for (int m = 0; m < SML_FAIR_SHARES; m++)
		sml_fair_cells((SmlFairMetric) m, plan->favorable, &b->numerator[m], &b->denominator[m]);
	SML_TRY(sml_alloc_array(env, b->all * CELLS, sizeof(uint32_t), &b->place));
	SML_TRY(sml_alloc_array(env, b->all * CELLS, sizeof(double), &b->cell_share));
	SML_TRY(sml_alloc_array(env, b->all * CELLS, sizeof(uint64_t), &b->drawn));
	SML_TRY(sml_alloc_array(env, b->all * CELLS, sizeof(double), &b->count));
	SML_TRY(sml_alloc_array(env, count * SML_FAIR_SHARES, sizeof(double), &b->shares));
	SML_TRY(sml_alloc_array(env, count * SML_FAIR_SHARES, sizeof(double), &b->logs));
	SML_TRY(sml_alloc_array(env, count * SML_FAIR_SHARES, sizeof(double), &b->own_shares));
	SML_TRY(sml_alloc_array(env, count * SML_FAIR_SHARES, sizeof(double), &b->own_logs));
done:
	return status;
}

SmlStatus
sml_disparity_bootstrap(SmlEnv *env, const SmlFairPlan *plan, const SmlFairState *const *states, size_t count, size_t unknown, uint64_t stream,
						const double *values, SmlInterval *intervals)
{
	Bootstrap b = {0};
	Shares    rows;
	double   *noise = NULL;
	double    own[SML_STATS];
	size_t    many = sml_disparity_draws(count, plan->draws);
	SmlStatus status;

	for (size_t s = 0; s < SML_STATS; s++)
		intervals[s] = (SmlInterval) {NAN, NAN, NAN, NULL, plan->draws ? "no_rows" : "no_draws"};
	if (many == 0 || count < 2)
		return SML_OK;
	SML_TRY(start_bootstrap(env, plan, count, unknown, &b));
	SML_TRY(sml_alloc_array(env, many * SML_STATS, sizeof(double), &noise));
	fill_cells(&b, states);
	if (b.rows == 0)
		goto done;
	own_shares(&b, states);
	rows = (Shares) {b.own_shares, b.own_logs, b.own_overall};
	ranges(&b, &rows, NULL, own);
	SML_TRY(run_draws(env, &b, plan, stream, many, noise));
	for (size_t s = 0; s < SML_STATS; s++)
		interval_of(&b, noise + s * many, many, plan->confidence, s, values[s], own[s], &intervals[s]);
done:
	free_bootstrap(env, &b);
	sml_free(env, noise);
	return status;
}
