/*
 * matrix.c - small dense factorisations; see matrix.h.
 */
#include "matrix.h"

#include <math.h>
#include <string.h>

SmlStatus
sml_cholesky(SmlEnv *env, size_t n, double *a, size_t lda, double tolerance, bool *dropped, double *least)
{
	*least = 1;
	for (size_t j = 0; j < n; j++)
	{
		double   *row = a + j * lda;
		double    whole = row[j];
		double    left = whole;
		SmlStatus status = sml_poll(env);

		if (status != SML_OK)
			return status;
		for (size_t i = 0; i < j; i++)
			left -= a[i * lda + j] * a[i * lda + j];
		if (dropped[j] || !(left > tolerance * whole) || !(whole > 0))
		{
			dropped[j] = true;
			for (size_t k = j; k < n; k++)
				row[k] = 0;
			for (size_t i = 0; i < j; i++)
				a[i * lda + j] = 0;
			continue;
		}
		if (left < *least * whole)
			*least = left / whole;
		row[j] = sqrt(left);
		for (size_t i = 0; i < j; i++)
		{
			const double *above = a + i * lda;
			double        factor = above[j];

			if (factor != 0)
				for (size_t k = j + 1; k < n; k++)
					row[k] -= factor * above[k];
		}
		for (size_t k = j + 1; k < n; k++)
			row[k] /= row[j];
	}
	return SML_OK;
}

void
sml_solve_upper(size_t n, const double *u, size_t ldu, double *b)
{
	for (size_t j = n; j-- > 0;)
	{
		const double *row = u + j * ldu;
		double        sum = b[j];

		if (row[j] == 0)
		{
			b[j] = 0;
			continue;
		}
		for (size_t k = j + 1; k < n; k++)
			sum -= row[k] * b[k];
		b[j] = sum / row[j];
	}
}

void
sml_solve_upper_transposed(size_t n, const double *u, size_t ldu, double *b)
{
	for (size_t j = 0; j < n; j++)
	{
		const double *row = u + j * ldu;

		if (row[j] == 0)
		{
			b[j] = 0;
			continue;
		}
		b[j] /= row[j];
		for (size_t k = j + 1; k < n; k++)
			b[k] -= row[k] * b[j];
	}
}

SmlStatus
sml_invert_normal(SmlEnv *env, size_t n, const double *u, size_t ldu, double *v)
{
	memset(v, 0, n * n * sizeof(double));
	for (size_t j = 0; j < n; j++)
	{
		double   *row = v + j * n;
		SmlStatus status = sml_poll(env);

		if (status != SML_OK)
			return status;
		if (u[j * ldu + j] == 0)
			continue;
		row[j] = 1;
		sml_solve_upper_transposed(n, u, ldu, row);
		sml_solve_upper(n, u, ldu, row);
	}
	return SML_OK;
}

/*
 * Column j: the reflection that takes (r_jj, block column) to (r_jj', 0).  The rows of R
 * above and below j do not take part, since R is a triangle.
 */
SmlStatus
sml_qr_update(SmlEnv *env, size_t n, double *r, size_t rows, double *block, size_t ldb)
{
	double   *sums = NULL;
	size_t    steps = sml_poll_steps(rows * n);
	SmlStatus status = sml_alloc_array(env, n, sizeof(double), &sums);

	if (status != SML_OK)
		return status;
	for (size_t j = 0; j < n; j++)
	{
		double *pivot = r + j * n;
		double  below = 0;
		double  norm;
		double  head;
		double  scale;

		if (j % steps == 0)
			SML_TRY(sml_poll(env));
		for (size_t i = 0; i < rows; i++)
			below += block[i * ldb + j] * block[i * ldb + j];
		if (below == 0)
			continue;
		norm = sqrt(pivot[j] * pivot[j] + below);
		if (pivot[j] > 0)
			norm = -norm;
		head = pivot[j] - norm;
		scale = 2 / (head * head + below);
		/* sums = v' [R row; block], v = (head, block column) */
		for (size_t k = j + 1; k < n; k++)
			sums[k] = head * pivot[k];
		for (size_t i = 0; i < rows; i++)
		{
			const double *row = block + i * ldb;

			for (size_t k = j + 1; k < n; k++)
				sums[k] += row[j] * row[k];
		}
		for (size_t k = j + 1; k < n; k++)
		{
			sums[k] *= scale;
			pivot[k] -= sums[k] * head;
		}
		for (size_t i = 0; i < rows; i++)
		{
			double *row = block + i * ldb;

			for (size_t k = j + 1; k < n; k++)
				row[k] -= sums[k] * row[j];
			row[j] = 0;
		}
		pivot[j] = norm;
	}
done:
	sml_free(env, sums);
	return status;
}

/* v := v / |v|; the norm. */
static double
normalise(size_t n, double *v)
{
	double norm = 0;

	for (size_t i = 0; i < n; i++)
		norm += v[i] * v[i];
	norm = sqrt(norm);
	for (size_t i = 0; norm > 0 && i < n; i++)
		v[i] /= norm;
	return norm;
}

/* v := U'U v, through "scratch". */
static void
multiply_normal(size_t n, const double *u, size_t ldu, double *v, double *scratch)
{
	for (size_t i = 0; i < n; i++)
	{
		scratch[i] = 0;
		for (size_t k = i; k < n; k++)
			scratch[i] += u[i * ldu + k] * v[k];
	}
	memset(v, 0, n * sizeof(double));
	for (size_t i = 0; i < n; i++)
		for (size_t k = i; k < n; k++)
			v[k] += u[i * ldu + k] * scratch[i];
}

#define POWER_STEPS 60

SmlStatus
sml_condition(SmlEnv *env, size_t n, const double *u, size_t ldu, double *condition)
{
	double   *v = NULL;
	double   *scratch = NULL;
	double    greatest = 0;
	double    least = 0;
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, n, sizeof(double), &v));
	SML_TRY(sml_alloc_array(env, n, sizeof(double), &scratch));
	for (int inverse = 0; inverse < 2; inverse++)
	{
		for (size_t i = 0; i < n; i++)
			v[i] = 1 + (double) (i % 3);
		(void) normalise(n, v);
		for (int step = 0; step < POWER_STEPS; step++)
		{
			SML_TRY(sml_poll(env));
			if (inverse)
			{
				sml_solve_upper_transposed(n, u, ldu, v);
				sml_solve_upper(n, u, ldu, v);
				least = normalise(n, v);
			}
			else
			{
				multiply_normal(n, u, ldu, v, scratch);
				greatest = normalise(n, v);
			}
		}
	}
	*condition = greatest > 0 && least > 0 ? sqrt(greatest * least) : INFINITY;
done:
	sml_free(env, v);
	sml_free(env, scratch);
	return status;
}
