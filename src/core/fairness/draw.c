/*
 * draw.c - a multinomial draw as a chain of binomial ones.
 *
 * Binomials by inversion where the mean is below 10, else by transformed rejection
 * (BTRS of Hoermann, The generation of binomial random variates, 1993): constant time
 * for any n, so that a draw costs time by cells and not by rows.  Uniforms come from the
 * counter-based generator, so a draw depends on (seed, stream) alone.
 */
#define _DEFAULT_SOURCE 1 /* lgamma */

#include <math.h>

#include "audit.h"
#include "../hash.h"

typedef struct Uniforms
{
	uint64_t seed;
	uint64_t stream;
	uint64_t next;
} Uniforms;

static double
uniform(Uniforms *u)
{
	return sml_random_unit(u->seed, u->stream, u->next++);
}

/* p at most 1/2, n p below 10: walk up the distribution function. */
static double
by_inversion(Uniforms *u, double n, double p)
{
	double odds = p / (1 - p);
	double density = exp(n * log1p(-p));
	double rest = uniform(u);
	double k = 0;

	while (rest > density && k < n)
	{
		rest -= density;
		density *= odds * (n - k) / (k + 1);
		k++;
		/* beyond this nothing is left but rounding */
		if (k > 200)
			break;
	}
	return k;
}

/* log k! minus Stirling's main part. */
static double
stirling_rest(double k)
{
	static const double small[] = {
		0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.0207906721037650, 0.0166446911898211,
		0.0138761288230707, 0.0118967099458917, 0.0104112652619720, 0.00925546218271273, 0.00833056343336287};
	double r;

	if (k < 10)
		return small[(int) k];
	r = 1 / (k + 1);
	return (1.0 / 12 - (1.0 / 360 - r * r / 1260) * r * r) * r;
}

/* p at most 1/2, n p at least 10. */
static double
by_rejection(Uniforms *u, double n, double p)
{
	double deviation = sqrt(n * p * (1 - p));
	double b = 1.15 + 2.53 * deviation;
	double a = -0.0873 + 0.0248 * b + 0.01 * p;
	double c = n * p + 0.5;
	double alpha = (2.83 + 5.1 / b) * deviation;
	double ratio = p / (1 - p);
	double mode = floor((n + 1) * p);

	for (;;)
	{
		double first = uniform(u) - 0.5;
		double v = uniform(u);
		double us = 0.5 - fabs(first);
		double k = floor((2 * a / us + b) * first + c);
		double bound;

		/* the region where no test is needed */
		if (us >= 0.07 && v <= 0.92 - 4.2 / b && k >= 0 && k <= n)
			return k;
		if (k < 0 || k > n)
			continue;
		v = log(v * alpha / (a / (us * us) + b));
		bound = (mode + 0.5) * log((mode + 1) / (ratio * (n - mode + 1))) +
				(n + 1) * log((n - mode + 1) / (n - k + 1)) + (k + 0.5) * log(ratio * (n - k + 1) / (k + 1)) +
				stirling_rest(mode) + stirling_rest(n - mode) - stirling_rest(k) - stirling_rest(n - k);
		if (v <= bound)
			return k;
	}
}

static double
binomial(Uniforms *u, double n, double p)
{
	if (n <= 0 || p <= 0)
		return 0;
	if (p >= 1)
		return n;
	if (p > 0.5)
		return n - binomial(u, n, 1 - p);
	return n * p < 10 ? by_inversion(u, n, p) : by_rejection(u, n, p);
}

void
sml_multinomial_draw(uint64_t seed, uint64_t stream, uint64_t n, const double *shares, size_t count, uint64_t *counts)
{
	Uniforms u = {seed, stream, 0};
	double   left = (double) n;
	double   share_left = 0;

	for (size_t i = 0; i < count; i++)
		share_left += shares[i];
	for (size_t i = 0; i < count; i++)
	{
		double k = 0;

		if (shares[i] > 0 && left > 0)
			k = binomial(&u, left, shares[i] >= share_left ? 1 : shares[i] / share_left);
		counts[i] = (uint64_t) k;
		left -= k;
		share_left -= shares[i];
	}
	/* shares that do not quite add up leave rows over: they belong to the last cell that can have any */
	for (size_t i = count; left > 0 && i-- > 0;)
		if (shares[i] > 0)
		{
			counts[i] += (uint64_t) left;
			left = 0;
		}
}
