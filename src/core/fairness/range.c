/*
 * range.c - the interval of the largest minus the smallest of independent figures, from the interval of each; see disparity.h.
 *
 * Two figures: MOVER, as for any difference (intervals.h), folded at 0 since it is the absolute difference that is shown.
 *
 * More: a parametric bootstrap (Efron and Tibshirani 1993, 6.5).  The error of each figure is drawn from its own interval, a normal draw scaled by the
 * margin of the side on which it falls, so that skewed intervals stay skewed.  The range R is a seminorm, so |R(x^) - R(x)| <= R(x^ - x): value +- q, with q
 * the quantile of the ranges of the errors, covers for any number of figures and also where all are equal (disparity.c has the same argument for shares).
 * What figures can be off by adds that of the two that are most off.
 *
 * Draws depend on (seed, stream) alone; the figures of one group share them, since each interval speaks for itself.  Memory: 1 number a draw and kind of figure,
 * and 1 a group.  Time: draws x figures.
 */
#define _DEFAULT_SOURCE 1 /* M_PI */

#include <math.h>
#include <stdlib.h>

#include "disparity.h"
#include "../hash.h"

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return x < y ? -1 : x > y;
}

void
sml_sort_numbers(double *numbers, size_t count)
{
	qsort(numbers, count, sizeof(double), by_size);
}

/* Linear interpolation between order statistics. */
double
sml_percentile(const double *sorted, size_t count, double share)
{
	double at = share * (double) (count - 1);
	size_t low = (size_t) at;

	return low + 1 < count ? sorted[low] + (at - (double) low) * (sorted[low + 1] - sorted[low]) : sorted[low];
}

/* The figures that are defined. */
typedef struct Ends
{
	size_t           defined;
	size_t           without; /* an interval */
	const SmlFigure *low;
	const SmlFigure *high;
	double           off;     /* of the two that are most off */
} Ends;

static Ends
ends_of(const SmlFigure *const *figures, size_t count)
{
	Ends   ends = {0};
	double most = 0;
	double second = 0;

	for (size_t i = 0; i < count; i++)
	{
		const SmlFigure *figure = figures[i];

		if (figure->reason)
			continue;
		ends.defined++;
		ends.without += figure->ci_method == NULL;
		if (ends.low == NULL || figure->value < ends.low->value)
			ends.low = figure;
		if (ends.high == NULL || figure->value > ends.high->value)
			ends.high = figure;
		second = fmax(second, fmin(most, figure->off));
		most = fmax(most, figure->off);
	}
	ends.off = most + second;
	return ends;
}

static void
set_range(SmlInterval *interval, const char *method, double low, double high)
{
	if (!isfinite(low) || !isfinite(high))
	{
		interval->reason = "not_finite";
		return;
	}
	interval->low = fmax(0, low);
	interval->high = high;
	interval->method = method;
	interval->reason = NULL;
}

static void
two_figures(const SmlFigure *const *figures, size_t count, SmlInterval *interval)
{
	const SmlFigure *pair[2] = {NULL, NULL};
	SmlFigure        difference;

	for (size_t i = 0; i < count; i++)
		if (figures[i]->reason == NULL)
			pair[pair[0] != NULL] = figures[i];
	if (pair[0]->value < pair[1]->value)
	{
		const SmlFigure *swap = pair[0];

		pair[0] = pair[1];
		pair[1] = swap;
	}
	sml_figure_difference(pair[0], pair[1], &difference);
	set_range(interval, "mover", difference.ci_low, fmax(difference.ci_high, -difference.ci_low));
}

/* Two standard normal numbers (Box and Muller 1958). */
static void
two_normals(uint64_t seed, uint64_t stream, uint64_t index, double normal[2])
{
	double radius = sqrt(-2 * log1p(-sml_random_unit(seed, stream, 2 * index)));
	double angle = 2 * M_PI * sml_random_unit(seed, stream, 2 * index + 1);

	normal[0] = radius * cos(angle);
	normal[1] = radius * sin(angle);
}

/* The range of the errors of one draw, and the range of figures with these errors; normal: one number a group. */
static void
draw_range(const SmlFigure *const *figures, size_t count, const double *normal, double z, double *noise, double *drawn)
{
	double ends[2][2] = {{INFINITY, -INFINITY}, {INFINITY, -INFINITY}};

	for (size_t i = 0; i < count; i++)
	{
		double values[2];

		if (figures[i]->reason)
			continue;
		values[0] = normal[i] / z * (normal[i] > 0 ? figures[i]->above : figures[i]->below);
		values[1] = values[0] + figures[i]->value;
		for (int k = 0; k < 2; k++)
		{
			ends[k][0] = values[k] < ends[k][0] ? values[k] : ends[k][0];
			ends[k][1] = values[k] > ends[k][1] ? values[k] : ends[k][1];
		}
	}
	*noise = ends[0][1] - ends[0][0];
	*drawn = ends[1][1] - ends[1][0];
}

/* What needs no draws; true when the interval still does. */
static bool
begin_range(const SmlFigure *const *figures, size_t count, size_t draws, const Ends *ends, SmlInterval *interval)
{
	*interval = (SmlInterval) {NAN, NAN, NAN, NULL, "a_group_has_no_interval"};
	if (ends->defined < 2 || ends->without > 0)
		return false;
	if (ends->defined == 2)
	{
		two_figures(figures, count, interval);
		return false;
	}
	interval->reason = "no_draws";
	return draws > 0;
}

static void
finish_range(const Ends *ends, double *noise, size_t draws, double sum, double confidence, SmlInterval *interval)
{
	double value = ends->high->value - ends->low->value;
	double off;

	sml_sort_numbers(noise, draws);
	off = sml_percentile(noise, draws, confidence) + ends->off;
	set_range(interval, "parametric_bootstrap", value - off, value + off);
	interval->corrected = fmax(0, 2 * value - sum / (double) draws);
}

/* Of one kind of figure. */
typedef struct Kind
{
	Ends    ends;
	bool    drawn;
	double  sum;   /* of the ranges drawn */
	double *noise; /* per draw */
} Kind;

SmlStatus
sml_range_intervals(SmlEnv *env, const SmlFigure *const *figures, size_t kinds, size_t count, const SmlDraws *draws, SmlInterval *intervals)
{
	size_t    many = sml_disparity_draws(count, draws->count);
	double    z = sml_fair_z(draws->confidence);
	double   *normal = NULL; /* two at a time */
	Kind     *all = NULL;
	bool      drawn = false;
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, count + 1, sizeof(double), &normal));
	SML_TRY(sml_alloc_array(env, kinds, sizeof(Kind), &all));
	for (size_t k = 0; k < kinds; k++)
	{
		all[k].ends = ends_of(figures + k * count, count);
		all[k].drawn = begin_range(figures + k * count, count, many, &all[k].ends, &intervals[k]);
		if (all[k].drawn)
			SML_TRY(sml_alloc_array(env, many, sizeof(double), &all[k].noise));
		drawn |= all[k].drawn;
	}
	for (size_t d = 0; drawn && d < many; d++)
	{
		SML_TRY(sml_poll(env));
		for (size_t i = 0; i < count; i += 2)
			two_normals(draws->seed, draws->stream + d, i / 2, normal + i);
		for (size_t k = 0; k < kinds; k++)
		{
			double range;

			if (!all[k].drawn)
				continue;
			draw_range(figures + k * count, count, normal, z, &all[k].noise[d], &range);
			all[k].sum += range;
		}
	}
	for (size_t k = 0; k < kinds; k++)
		if (all[k].drawn)
			finish_range(&all[k].ends, all[k].noise, many, all[k].sum, draws->confidence, &intervals[k]);
done:
	for (size_t k = 0; all && k < kinds; k++)
		sml_free(env, all[k].noise);
	sml_free(env, all);
	sml_free(env, normal);
	return status;
}
