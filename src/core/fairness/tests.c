/*
 * tests.c - is a difference more than chance?  See figures.h.
 *
 * Sources: the incomplete gamma function by its series and its continued fraction (DLMF
 * 8.7.1, 8.9.2, Lentz's method); Fisher's test by sums outwards from the observed table, so that its
 * cost grows with the standard deviation of the table and not with the rows; Agresti, Categorical Data Analysis,
 * 3.5 and 6.4 for the stratified tests.
 */
#define _DEFAULT_SOURCE 1 /* lgamma */

#include <float.h>
#include <math.h>

#include "figures.h"
#include "../metric/metric.h"
#include "../special.h"

#define MOST_STEPS 10000
/* Fisher's test by sums up to a standard deviation of a million. */
#define MOST_VARIANCE 1e12
/* and while a double counts every row */
#define MOST_COUNTED  0x1p52

/* ---- chi-squared ------------------------------------------------------------------- */

/* x^a e^-x / gamma(a) */
static double
gamma_front(double a, double x)
{
	return exp(a * log(x) - x - lgamma(a));
}

static double
gamma_series(double a, double x)
{
	double term = 1 / a;
	double sum = term;

	for (int n = 1; n < MOST_STEPS && term > sum * DBL_EPSILON; n++)
	{
		term *= x / (a + n);
		sum += term;
	}
	return gamma_front(a, x) * sum;
}

static double
gamma_fraction(double a, double x)
{
	double b = x + 1 - a;
	double c = 1e300;
	double d = 1 / b;
	double h = d;

	for (int n = 1; n < MOST_STEPS; n++)
	{
		double an = -n * (n - a);
		double factor;

		b += 2;
		d = 1 / (an * d + b);
		c = b + an / c;
		factor = c * d;
		h *= factor;
		if (fabs(factor - 1) < DBL_EPSILON)
			break;
	}
	return gamma_front(a, x) * h;
}

double
sml_chi_squared_p(double x, double df)
{
	if (isnan(x) || isnan(df) || !(df > 0) || x < 0)
		return NAN;
	if (x == 0)
		return 1;
	if (isinf(x))
		return 0;
	if (df == 1)
		return sml_two_sided_p(sqrt(x), INFINITY);
	return x / 2 < df / 2 + 1 ? fmax(0, 1 - gamma_series(df / 2, x / 2)) : gamma_fraction(df / 2, x / 2);
}

double
sml_homogeneity_p(const double *x, const double *n, size_t groups, double *statistic)
{
	double all_x = 0;
	double all_n = 0;
	double share;
	size_t used = 0;

	*statistic = NAN;
	for (size_t g = 0; g < groups; g++)
		if (n[g] > 0)
		{
			all_x += x[g];
			all_n += n[g];
			used++;
		}
	if (used < 2 || !(all_x > 0) || !(all_x < all_n))
		return NAN;
	share = all_x / all_n;
	*statistic = 0;
	for (size_t g = 0; g < groups; g++)
		if (n[g] > 0)
			*statistic += (x[g] - n[g] * share) * (x[g] - n[g] * share) / (n[g] * share * (1 - share));
	return sml_chi_squared_p(*statistic, (double) (used - 1));
}

/* ---- two shares ----------------------------------------------------------------------- */

void
sml_two_shares_z(double x1, double n1, double x2, double n2, double *z, double *p)
{
	double share = (x1 + x2) / (n1 + n2);

	*z = *p = NAN;
	if (!(n1 > 0 && n2 > 0) || !(share > 0 && share < 1))
		return;
	*z = (x1 / n1 - x2 / n2) / sqrt(share * (1 - share) * (1 / n1 + 1 / n2));
	*p = sml_two_sided_p(*z, INFINITY);
}

/* The hypergeometric table: k of the first n1 are among the "hits" of n. */
typedef struct Hyper
{
	double n1;
	double hits;
	double n;
	double least; /* support of k */
	double most;
} Hyper;

static double
log_choose(double n, double k)
{
	return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

static double
log_density(const Hyper *h, double k)
{
	return log_choose(h->hits, k) + log_choose(h->n - h->hits, h->n1 - k) - log_choose(h->n, h->n1);
}

/* P(k + 1) / P(k) */
static double
step_up(const Hyper *h, double k)
{
	return (h->hits - k) * (h->n1 - k) / ((k + 1) * (h->n - h->hits - h->n1 + k + 1));
}

/* Sum of the densities from k on, upwards or downwards, away from the mode. */
static double
tail(const Hyper *h, double k, bool upwards)
{
	double density;
	double sum = 0;

	if (k < h->least || k > h->most)
		return 0;
	density = exp(log_density(h, k));
	while (density > sum * (DBL_EPSILON / 16) && density > 0)
	{
		sum += density;
		if (upwards ? k >= h->most : k <= h->least)
			break;
		density = upwards ? density * step_up(h, k) : density / step_up(h, k - 1);
		k += upwards ? 1 : -1;
	}
	return sum;
}

/* The first k beyond the mode, on the side away from "x", whose density is at most that of x; outside the support when there is none. */
static double
opposite(const Hyper *h, double mode, double bar, bool upwards)
{
	double near = mode; /* density above the bar */
	double far = upwards ? h->most + 1 : h->least - 1;

	while (fabs(far - near) > 1)
	{
		double middle = floor((near + far) / 2);

		if (middle == near || middle == far)
			middle = upwards ? near + 1 : near - 1;
		if (middle < h->least || middle > h->most || log_density(h, middle) <= bar)
			far = middle;
		else
			near = middle;
	}
	return far;
}

double
sml_fisher_p(uint64_t x1, uint64_t n1, uint64_t x2, uint64_t n2)
{
	Hyper  h = {(double) n1, (double) x1 + (double) x2, (double) n1 + (double) n2, 0, 0};
	double x = (double) x1;
	double mode;
	double bar;
	bool   above;

	if (n1 == 0 || n2 == 0 || x1 > n1 || x2 > n2)
		return NAN;
	/* so many rows that the sums would be long and the normal approximation is exact to six digits */
	if (h.n > MOST_COUNTED || h.n1 / h.n * h.hits / h.n * (h.n - h.hits) / h.n * (h.n - h.n1) > MOST_VARIANCE)
	{
		double z;
		double p;

		sml_two_shares_z((double) x1, (double) n1, (double) x2, (double) n2, &z, &p);
		return p;
	}
	h.least = fmax(0, h.n1 + h.hits - h.n);
	h.most = fmin(h.n1, h.hits);
	mode = floor((h.n1 + 1) * (h.hits + 1) / (h.n + 2));
	mode = fmin(fmax(mode, h.least), h.most);
	/* tables as probable as this one count, rounding forgiven */
	bar = log_density(&h, x) + 1e-7;
	if (log_density(&h, mode) <= bar)
		return 1;
	above = x > mode;
	return fmin(1, tail(&h, x, above) + tail(&h, opposite(&h, mode, bar, !above), !above));
}

/* ---- strata ------------------------------------------------------------------------------ */

typedef struct Sums
{
	double a, expected, variance;   /* for CMH */
	double r, s, pr, psqr, qs;      /* Robins, Breslow, Greenland */
	double weight, risk, p, q;      /* risk difference, Sato */
} Sums;

static void
add_stratum(Sums *sums, const SmlStratum *t)
{
	double n = t->n1 + t->n0;
	double hits = t->a + t->b;
	double b = t->n1 - t->a; /* the table a b / c d */
	double d = t->n0 - t->b;
	double p = (t->a + d) / n;
	double q = (b + t->b) / n;
	double r = t->a * d / n;
	double s = b * t->b / n;

	sums->a += t->a;
	sums->expected += t->n1 * hits / n;
	if (n > 1)
		sums->variance += t->n1 * t->n0 * hits * (n - hits) / (n * n * (n - 1));
	sums->r += r;
	sums->s += s;
	sums->pr += p * r;
	sums->psqr += p * s + q * r;
	sums->qs += q * s;
	sums->weight += t->n1 * t->n0 / n;
	sums->risk += (t->a * t->n0 - t->b * t->n1) / n;
	sums->p += (t->n1 * t->n1 * t->b - t->n0 * t->n0 * t->a + t->n1 * t->n0 * (t->n0 - t->n1) / 2) / (n * n);
	sums->q += (t->a * d + t->b * b) / (2 * n);
}

void
sml_mantel_haenszel(const SmlStratum *strata, size_t count, double z, SmlMantelHaenszel *result)
{
	Sums   sums = {0};
	double error;
	double off;

	*result = (SmlMantelHaenszel) {0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
	for (size_t i = 0; i < count; i++)
		if (strata[i].n1 > 0 && strata[i].n0 > 0)
		{
			add_stratum(&sums, &strata[i]);
			result->used++;
		}
	if (result->used == 0)
		return;
	result->difference = sums.risk / sums.weight;
	error = sqrt(fmax(0, result->difference * sums.p + sums.q)) / sums.weight;
	result->difference_low = result->difference - z * error;
	result->difference_high = result->difference + z * error;
	if (sums.r > 0 && sums.s > 0)
	{
		result->odds_ratio = sums.r / sums.s;
		error = sqrt(sums.pr / (2 * sums.r * sums.r) + sums.psqr / (2 * sums.r * sums.s) + sums.qs / (2 * sums.s * sums.s));
		result->odds_low = result->odds_ratio * exp(-z * error);
		result->odds_high = result->odds_ratio * exp(z * error);
	}
	if (!(sums.variance > 0))
		return;
	off = fabs(sums.a - sums.expected);
	result->cmh = off * off / sums.variance;
	result->cmh_p = sml_chi_squared_p(result->cmh, 1);
	off = fmax(0, off - 0.5);
	result->cmh_corrected = off * off / sums.variance;
	result->cmh_corrected_p = sml_chi_squared_p(result->cmh_corrected, 1);
}

const char *
sml_mantel_haenszel_reason(const SmlMantelHaenszel *result)
{
	return result->used == 0 ? "no_stratum_has_both_groups" : isnan(result->odds_ratio) ? "no_selected_or_no_rejected" : NULL;
}

void
sml_conditional_disparity(const SmlSplit *strata, size_t count, double z, SmlFigure *figure)
{
	double rows = 0;
	double sum = 0;
	double below = 0;
	double above = 0;

	for (size_t i = 0; i < count; i++)
	{
		double weight = strata[i].selected + strata[i].rejected;
		double p = strata[i].own_selected / strata[i].selected;
		double q = strata[i].own_rejected / strata[i].rejected;
		double low[2];
		double high[2];

		if (!(strata[i].selected > 0 && strata[i].rejected > 0))
			continue;
		sml_wilson(p, strata[i].selected, z, &low[0], &high[0]);
		sml_wilson(q, strata[i].rejected, z, &low[1], &high[1]);
		rows += weight;
		sum += weight * (q - p);
		below += weight * weight * ((q - low[1]) * (q - low[1]) + (high[0] - p) * (high[0] - p));
		above += weight * weight * ((high[1] - q) * (high[1] - q) + (p - low[0]) * (p - low[0]));
	}
	*figure = (SmlFigure) {.n = (uint64_t) rows, .effective = rows, .numerator = NAN, .denominator = NAN};
	sml_figure_undefined(figure, "no_selected_or_no_rejected");
	if (!(rows > 0))
		return;
	sml_figure_plain(figure, sum / rows, NULL);
	sml_figure_interval(figure, "mover", sqrt(below) / rows, sqrt(above) / rows, -1, 1);
}
