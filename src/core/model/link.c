/*
 * link.c - exp, log1p, the logistic and the softmax link for blocks of rows.
 *
 * exp: x = n ln 2 + r with |r| <= ln 2 / 2 (Cody and Waite's two-part ln 2),
 * exp(r) by its Taylor polynomial of degree 13 (remainder 4e-18), times 2^n by
 * building the exponent.  n comes from adding 1.5 * 2^52, which rounds in
 * hardware and leaves n in the low bits.
 *
 * log1p on [0, 1]: log((1 + z) / (1 - z)) = 2 (z + z^3/3 + z^5/5 + ...) with
 * z = e / (2 + e) <= 1/3; 17 terms (remainder 5e-18).
 *
 * The loops have a fixed count and restricted pointers, which is what lets gcc
 * vectorise them at -O2; target_clones adds a version for AVX2, chosen when the
 * library is loaded.  Both give the same bits.  About 6 ms per million rows.
 */
#include <math.h>
#include <string.h>

#include "link.h"
#include "../clones.h"

/* We read no floating-point exception flags; gcc turns a choice into a mask only when told so. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-trapping-math")
#endif

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* exp of x in [-708, 709]. */
ALWAYS_INLINE double
exp_inside(double x)
{
	const double shift = 6755399441055744.0; /* 1.5 * 2^52 */
	double       shifted = x * 1.4426950408889634074 + shift;
	double       n = shifted - shift;
	double       r = x - n * 6.93147180369123816490e-01 - n * 1.90821492927058770002e-10;
	uint64_t     bits;
	double       power;
	double       sum = 1.0 / 6227020800.0;

	sum = sum * r + 1.0 / 479001600.0;
	sum = sum * r + 1.0 / 39916800.0;
	sum = sum * r + 1.0 / 3628800.0;
	sum = sum * r + 1.0 / 362880.0;
	sum = sum * r + 1.0 / 40320.0;
	sum = sum * r + 1.0 / 5040.0;
	sum = sum * r + 1.0 / 720.0;
	sum = sum * r + 1.0 / 120.0;
	sum = sum * r + 1.0 / 24.0;
	sum = sum * r + 1.0 / 6.0;
	sum = sum * r + 0.5;
	sum = sum * r * r + r + 1.0;
	memcpy(&bits, &shifted, sizeof(bits));
	bits = (bits + 1023) << 52;
	memcpy(&power, &bits, sizeof(power));
	return sum * power;
}

/* log(1 + e) for e in [0, 1]. */
ALWAYS_INLINE double
log1p_inside(double e)
{
	double z = e / (2.0 + e);
	double q = z * z;
	double sum = 1.0 / 33.0;

	sum = sum * q + 1.0 / 31.0;
	sum = sum * q + 1.0 / 29.0;
	sum = sum * q + 1.0 / 27.0;
	sum = sum * q + 1.0 / 25.0;
	sum = sum * q + 1.0 / 23.0;
	sum = sum * q + 1.0 / 21.0;
	sum = sum * q + 1.0 / 19.0;
	sum = sum * q + 1.0 / 17.0;
	sum = sum * q + 1.0 / 15.0;
	sum = sum * q + 1.0 / 13.0;
	sum = sum * q + 1.0 / 11.0;
	sum = sum * q + 1.0 / 9.0;
	sum = sum * q + 1.0 / 7.0;
	sum = sum * q + 1.0 / 5.0;
	sum = sum * q + 1.0 / 3.0;
	return 2.0 * (z + z * q * sum);
}

ALWAYS_INLINE double
at_least(double value, double bound)
{
	return value > bound ? value : bound;
}

SML_CLONES_AVX2 void
sml_link_logistic(const double *restrict eta, const double *restrict y, double *restrict margin,
				  double *restrict loss, double *restrict residual, double *restrict curvature)
{
	for (size_t i = 0; i < SML_LINK_ROWS; i++)
	{
		double sign = 2.0 * y[i] - 1.0;
		double m = sign * eta[i];
		double e = exp_inside(at_least(-fabs(m), -708.0));
		double q = 1.0 / (1.0 + e);
		double wrong = m > 0.0 ? e : 1.0; /* times q: the probability of the other class */

		margin[i] = m;
		loss[i] = log1p_inside(e) + at_least(-m, 0.0);
		residual[i] = -sign * wrong * q;
		curvature[i] = e * q * q;
	}
}

SML_CLONES_AVX2 void
sml_link_softmax(size_t classes, double *restrict eta, double *restrict top, double *restrict log_sum)
{
	for (size_t i = 0; i < SML_LINK_ROWS; i++)
		top[i] = eta[i];
	for (size_t k = 1; k < classes; k++)
	{
		const double *row = eta + k * SML_LINK_ROWS;

		for (size_t i = 0; i < SML_LINK_ROWS; i++)
			top[i] = at_least(row[i], top[i]);
	}
	for (size_t i = 0; i < SML_LINK_ROWS; i++)
		log_sum[i] = 0.0;
	for (size_t k = 0; k < classes; k++)
	{
		double *row = eta + k * SML_LINK_ROWS;

		for (size_t i = 0; i < SML_LINK_ROWS; i++)
		{
			row[i] = exp_inside(at_least(row[i] - top[i], -708.0));
			log_sum[i] += row[i];
		}
	}
	for (size_t k = 0; k < classes; k++)
	{
		double *row = eta + k * SML_LINK_ROWS;

		for (size_t i = 0; i < SML_LINK_ROWS; i++)
			row[i] /= log_sum[i];
	}
	/* one logarithm per row: not worth a kernel of its own */
	for (size_t i = 0; i < SML_LINK_ROWS; i++)
		log_sum[i] = log(log_sum[i]);
}
