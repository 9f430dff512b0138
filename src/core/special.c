/*
 * special.c - see special.h.
 */


#define _DEFAULT_SOURCE 1 /* M_SQRT1_2, lgamma */

#include <float.h>
#include <math.h>

#include "special.h"

#define MOST_STEPS 500
#define TINY       1e-300

/*
 * The continued fraction of I_x(a, b) by Lentz's method; converges fast for
 * x < (a + 1) / (a + b + 2).  y = 1 - x.
 */
static double
beta_fraction(double a, double b, double x, double y)
{
	double c = 1;
	double d = (1 - b + (a + b) * y) / (a + 1); /* 1 - (a + b) x / (a + 1), without the cancellation */
	double result;

	d = 1 / (fabs(d) < TINY ? TINY : d);
	result = d;
	for (int m = 1; m <= MOST_STEPS; m++)
	{
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double factor;

		d = 1 + even * d;
		c = 1 + even / c;
		d = 1 / (fabs(d) < TINY ? TINY : d);
		c = fabs(c) < TINY ? TINY : c;
		result *= d * c;
		d = 1 + odd * d;
		c = 1 + odd / c;
		d = 1 / (fabs(d) < TINY ? TINY : d);
		c = fabs(c) < TINY ? TINY : c;
		factor = d * c;
		result *= factor;
		if (fabs(factor - 1) < DBL_EPSILON)
			break;
	}
	return result;
}

/*
 * log (gamma(a + 1/2) / gamma(a)); for large a by its asymptotic series, since
 * the difference of two large logarithms would lose the digits.
 */
static double
log_gamma_ratio(double a)
{
	double r = 1 / a;
	double r2 = r * r;

	if (a < 20)
		return lgamma(a + 0.5) - lgamma(a);
	return 0.5 * log(a) - r * (1.0 / 8 - r2 * (1.0 / 192 - r2 * (1.0 / 640 - r2 * (17.0 / 14336 - r2 * (31.0 / 18432)))));
}

/* I_x(df / 2, 1 / 2) at x = df / (df + t^2), with 1 - x kept apart so that neither end loses digits. */
static double
t_tails(double t, double df)
{
	double a = df / 2;
	double x = df / (df + t * t);
	double y = t * t / (df + t * t);
	double front;

	if (y == 0)
		return 1;
	front = exp(log_gamma_ratio(a) - 0.5 * log(M_PI) + a * (x < 0.5 ? log(x) : log1p(-y)) + 0.5 * log(y));
	if (x < (a + 1) / (a + 2.5))
		return front * beta_fraction(a, 0.5, x, y) / a;
	return 1 - front * beta_fraction(0.5, a, y, x) / 0.5;
}

double
sml_two_sided_p(double statistic, double df)
{
	if (isnan(statistic) || isnan(df) || !(df > 0))
		return NAN;
	if (isinf(statistic))
		return 0;
	if (isinf(df))
		return erfc(fabs(statistic) * M_SQRT1_2);
	return t_tails(statistic, df);
}

double
sml_two_sided_quantile(double alpha, double df)
{
	double low = 0;
	double high = 1;

	if (!(alpha > 0 && alpha < 1) || !(df > 0))
		return NAN;
	while (sml_two_sided_p(high, df) > alpha && high < 1e300)
		high *= 2;
	for (int step = 0; step < 200 && high - low > 2e-16 * high; step++)
	{
		double middle = low + (high - low) / 2;

		if (sml_two_sided_p(middle, df) > alpha)
			low = middle;
		else
			high = middle;
	}
	return low + (high - low) / 2;
}
