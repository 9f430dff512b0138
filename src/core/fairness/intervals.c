/*
 * intervals.c - see intervals.h.  Nothing is random here; cost is constant per figure.
 */
#define _DEFAULT_SOURCE 1 /* M_PI, lgamma */

#include <math.h>
#include <string.h>

#include "intervals.h"
#include "../metric/metric.h"
#include "../special.h"

/* A variance below this share of the squared size of the values is rounding. */
#define ROUNDING 1e-13

const char *
sml_figure_reason(const SmlFigure *figure)
{
	return figure->reason ? figure->reason : figure->no_interval;
}

void
sml_figure_plain(SmlFigure *figure, double value, const char *reason)
{
	figure->value = value;
	figure->below = figure->above = figure->ci_low = figure->ci_high = NAN;
	figure->ci_method = NULL;
	figure->reason = NULL;
	figure->no_interval = reason;
}

void
sml_figure_undefined(SmlFigure *figure, const char *reason)
{
	sml_figure_plain(figure, NAN, NULL);
	figure->reason = reason;
}

void
sml_figure_interval(SmlFigure *figure, const char *method, double below, double above, double least, double most)
{
	if (!isfinite(below) || !isfinite(above))
	{
		sml_figure_plain(figure, figure->value, "not_finite");
		return;
	}
	figure->below = below;
	figure->above = above;
	figure->ci_low = fmax(least, figure->value - below - figure->off);
	figure->ci_high = fmin(most, figure->value + above + figure->off);
	figure->ci_method = method;
	figure->no_interval = NULL;
}

/* ---- one figure ------------------------------------------------------------------------ */

void
sml_figure_share(SmlFigure *figure, double z)
{
	double low;
	double high;

	/* sums of weights in another order can differ in the last bit */
	figure->value = fmin(1, figure->numerator / figure->denominator);
	figure->reason = NULL;
	sml_wilson(figure->value, figure->effective, z, &low, &high);
	sml_figure_interval(figure, "wilson", figure->value - low, high - figure->value, 0, 1);
}

void
sml_figure_odds(SmlFigure *figure, double z)
{
	double low;
	double high;

	figure->value = figure->numerator / figure->denominator;
	figure->reason = NULL;
	sml_wilson(figure->numerator / (figure->numerator + figure->denominator), figure->effective, z, &low, &high);
	sml_figure_interval(figure, "wilson_odds", figure->value - low / (1 - low), high / (1 - high) - figure->value, 0, INFINITY);
}

double
sml_student(double z, double df)
{
	double alpha = sml_two_sided_p(z, INFINITY);
	double front = exp(lgamma((df + 1) / 2) - lgamma(df / 2)) / sqrt(df * M_PI);
	double z2 = z * z;
	double t = z * (1 + (z2 + 1) / (4 * df) + ((5 * z2 + 16) * z2 + 3) / (96 * df * df));

	if (isinf(df) || df > 1e6)
		return z;
	/* from the left of the root of a convex function Newton's steps approach it from one side; three for most */
	for (int step = 0; step < 60; step++)
	{
		double more = (sml_two_sided_p(t, df) - alpha) / (2 * front * pow(1 + t * t / df, -(df + 1) / 2));

		t += more;
		if (fabs(more) < 1e-13 * t)
			break;
	}
	return t;
}

/* Half the width of Hoeffding's two-sided interval for a mean of n values within a range. */
static double
hoeffding(double n, double range, double z)
{
	return range * sqrt(log(2 / sml_two_sided_p(z, INFINITY)) / (2 * n));
}

void
sml_figure_mean(SmlFigure *figure, double variance, double least, double most, double z)
{
	double n = figure->effective;
	double half;

	if (n >= 2 && variance > ROUNDING * (figure->value * figure->value + variance))
	{
		half = sml_student(z, n - 1) * sqrt(variance / (n - 1));
		sml_figure_interval(figure, "student_t", half, half, least, most);
		return;
	}
	if (isinf(most - least) || !(n > 0))
	{
		sml_figure_plain(figure, figure->value, n < 2 ? "one_row" : "no_variation");
		return;
	}
	half = hoeffding(n, most - least, z);
	sml_figure_interval(figure, "hoeffding", half, half, least, most);
}

double
sml_one_sided(double z)
{
	double alpha = 2 * sml_two_sided_p(z, INFINITY);

	return alpha < 1 ? sml_two_sided_quantile(alpha, INFINITY) : 0;
}

double
sml_norm_bound(double s, double s2, double s3, double z)
{
	/* of |N(0, 1)|: mean, variance, third central moment; and the one-sided quantile of the same confidence */
	double mean = sqrt(2 / M_PI);
	double variance = 1 - mean * mean;
	double third = mean * (2 * mean * mean - 1);
	double q = sml_one_sided(z);
	double skew;

	if (!(s2 > 0))
		return 0;
	skew = third * s3 / pow(variance * s2, 1.5);
	return mean * s + sqrt(variance * s2) * (q + skew * (q * q - 1) / 6);
}

/* ---- comparing two ------------------------------------------------------------------------ */

/* What both comparisons share; false when there is nothing to compare. */
static bool
begin_comparison(const SmlFigure *a, const SmlFigure *b, SmlFigure *compared)
{
	*compared = (SmlFigure) {.n = a->n + b->n, .numerator = a->value, .denominator = b->value};
	sml_figure_undefined(compared, a->reason ? a->reason : b->reason);
	compared->effective = a->effective + b->effective;
	return compared->reason == NULL;
}

static bool
by_wilson(const SmlFigure *figure)
{
	return figure->ci_method && strcmp(figure->ci_method, "wilson") == 0;
}

void
sml_figure_difference(const SmlFigure *a, const SmlFigure *b, SmlFigure *difference)
{
	if (!begin_comparison(a, b, difference))
		return;
	sml_figure_plain(difference, a->value - b->value, "a_group_has_no_interval");
	difference->off = a->off + b->off;
	if (a->ci_method == NULL || b->ci_method == NULL)
		return;
	sml_figure_interval(difference, by_wilson(a) && by_wilson(b) ? "newcombe" : "mover", hypot(a->below, b->above), hypot(a->above, b->below),
						-INFINITY, INFINITY);
}

/* Donner and Zou 2012, equation 9, solved for the end without a difference of like numbers. */
static void
mover_ratio(const SmlFigure *a, const SmlFigure *b, SmlFigure *ratio)
{
	double product = a->value * b->value;
	double low_a = a->value - a->below;
	double high_a = a->value + a->above;
	double low_b = b->value - b->below;
	double high_b = b->value + b->above;
	double down = low_a * (2 * a->value - low_a);
	double up = high_a * (2 * a->value - high_a);
	double wide = high_b * (2 * b->value - high_b);
	double near = low_b * (2 * b->value - low_b);
	double low = down > 0 ? down / (product + sqrt(fmax(0, product * product - down * wide))) : 0;
	double high = (product + sqrt(fmax(0, product * product - up * near))) / near;

	sml_figure_interval(ratio, "mover", ratio->value - low, high - ratio->value, 0, INFINITY);
}

void
sml_figure_ratio(const SmlFigure *a, const SmlFigure *b, double z, SmlFigure *ratio)
{
	double error;

	if (!begin_comparison(a, b, ratio))
		return;
	if (b->value == 0)
	{
		ratio->reason = a->value == 0 ? "both_are_zero" : "reference_is_zero";
		return;
	}
	sml_figure_plain(ratio, a->value / b->value, "a_group_has_no_interval");
	if (a->ci_method == NULL || b->ci_method == NULL)
		return;
	if (a->value == 0 || a->value == 1 || b->value == 1)
	{
		mover_ratio(a, b, ratio);
		return;
	}
	error = z * sqrt((1 - a->value) / (a->effective * a->value) + (1 - b->value) / (b->effective * b->value));
	sml_figure_interval(ratio, "katz", ratio->value * -expm1(-error), ratio->value * expm1(error), 0, INFINITY);
}
