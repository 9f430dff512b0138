/*
 * special.c - see special.h.
 */


#define _DEFAULT_SOURCE 1 /* M_SQRT1_2, lgamma */

#include <float.h>
#include <math.h>

#include "special.h"

#define MOST_STEPS 500
#define TINY       1e-300

/* The continued fraction of I_x(a, b) by Lentz's method; converges fast for x < (a + 1) / (a + b + 2). */
static double
beta_fraction(double a, double b, double x)
{
	double c = 1;
	double d = 1 - (a + b) * x / (a + 1);
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

double
sml_incomplete_beta(double a, double b, double x)
{
	double front;

	if (!(x > 0))
		return isnan(x) ? NAN : 0;
	if (x >= 1)
		return 1;
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, 1 - x) / b;
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
	return sml_incomplete_beta(df / 2, 0.5, df / (df + statistic * statistic));
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
