/*
 * blas.c - the dense kernels; see blas.h.
 *
 * Small Gram matrices: rows are copied, 64 at a time, into a zero-padded strip that stays in
 * the first-level cache; tiles of 4 x 8 sums live in registers.  The kernel is
 * compiled for three instruction sets and picked when the library is loaded;
 * multiplications and additions are never fused, so all three give the same bits.
 * Everything else goes to OpenBLAS, built for one thread.
 */
#include "blas.h"
#include "clones.h"

#include <cblas.h>
#include <math.h>
#include <string.h>

#define STRIP_ROWS 64
#define TILE_ROWS  4
#define TILE_COLS  8
#define SMALL      64 /* orders up to this use our own kernel */
#define WHOLE      1024 /* up to this a block goes to OpenBLAS at once: about 20 ms */

#define STRIP_COLUMNS 128

typedef double Lane __attribute__((vector_size(TILE_COLS * sizeof(double)), aligned(8)));

/*
 * c[i][j] += sum over rows of a[r][i] b[r][j] for the tiles on and right of the
 * diagonal.  a and b are strips of width "width" (a multiple of TILE_COLS).
 */
SML_CLONES_AVX512 static void
strip_gram(size_t rows, size_t p, size_t width, const double *a, const double *b, double *c, size_t ldc)
{
	for (size_t i0 = 0; i0 < p; i0 += TILE_ROWS)
		for (size_t j0 = i0 - i0 % TILE_COLS; j0 < p; j0 += TILE_COLS)
		{
			Lane   sum0 = {0}, sum1 = {0}, sum2 = {0}, sum3 = {0};
			double tile[TILE_ROWS][TILE_COLS];
			size_t columns = p - j0 < TILE_COLS ? p - j0 : TILE_COLS;

			for (size_t r = 0; r < rows; r++)
			{
				const double *x = a + r * width + i0;
				Lane          y = *(const Lane *) (b + r * width + j0);

				sum0 += x[0] * y;
				sum1 += x[1] * y;
				sum2 += x[2] * y;
				sum3 += x[3] * y;
			}
			memcpy(tile[0], &sum0, sizeof(sum0));
			memcpy(tile[1], &sum1, sizeof(sum1));
			memcpy(tile[2], &sum2, sizeof(sum2));
			memcpy(tile[3], &sum3, sizeof(sum3));
			for (size_t i = 0; i < TILE_ROWS && i0 + i < p; i++)
				for (size_t j = 0; j < columns; j++)
					if (j0 + j >= i0 + i)
						c[(i0 + i) * ldc + j0 + j] += tile[i][j];
		}
}

static void
gram_small(size_t rows, size_t p, const double *x, size_t ldx, const double *w, double *c, size_t ldc)
{
	double plain[STRIP_ROWS * SMALL];
	double scaled[STRIP_ROWS * SMALL];
	size_t width = (p + TILE_COLS - 1) / TILE_COLS * TILE_COLS;

	for (size_t start = 0; start < rows; start += STRIP_ROWS)
	{
		size_t count = rows - start < STRIP_ROWS ? rows - start : STRIP_ROWS;

		for (size_t r = 0; r < count; r++)
		{
			const double *from = x + (start + r) * ldx;
			double       *to = plain + r * width;

			memcpy(to, from, p * sizeof(double));
			for (size_t j = p; j < width; j++)
				to[j] = 0;
		}
		if (w != NULL)
			for (size_t r = 0; r < count; r++)
				for (size_t j = 0; j < width; j++)
					scaled[r * width + j] = plain[r * width + j] * w[start + r];
		strip_gram(count, p, width, w != NULL ? scaled : plain, plain, c, ldc);
	}
}

/* A strip of columns, "columns" of them from i0 on, against all columns from i0 on. */
static void
gram_strip(size_t rows, size_t p, size_t i0, size_t columns, const double *x, size_t ldx, const double *w, double *c, size_t ldc)
{
	double        scaled[SML_BLOCK_ROWS * STRIP_COLUMNS];
	const double *left = x + i0;
	size_t        ldleft = ldx;

	if (w != NULL)
	{
		for (size_t r = 0; r < rows; r++)
			for (size_t j = 0; j < columns; j++)
				scaled[r * STRIP_COLUMNS + j] = x[r * ldx + i0 + j] * w[r];
		left = scaled;
		ldleft = STRIP_COLUMNS;
	}
	/* the tile on the diagonal is written whole: its lower half is never read */
	cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int) columns, (int) (p - i0), (int) rows, 1.0,
				left, (int) ldleft, x + i0, (int) ldx, 1.0, c + i0 * ldc + i0, (int) ldc);
}

/* Larger orders: strips of columns through dgemm, so that weights need only a strip, and with a poll between them. */
static SmlStatus
gram_large(SmlEnv *env, size_t rows, size_t p, const double *x, size_t ldx, const double *w, double *c, size_t ldc)
{
	for (size_t start = 0; start < rows; start += SML_BLOCK_ROWS)
	{
		size_t        count = rows - start < SML_BLOCK_ROWS ? rows - start : SML_BLOCK_ROWS;
		const double *block = x + start * ldx;

		if (w == NULL && p <= WHOLE)
		{
			cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (int) p, (int) count, 1.0, block, (int) ldx, 1.0, c, (int) ldc);
			continue;
		}
		for (size_t i0 = 0; i0 < p; i0 += STRIP_COLUMNS)
		{
			size_t    columns = p - i0 < STRIP_COLUMNS ? p - i0 : STRIP_COLUMNS;
			SmlStatus status = sml_poll(env);

			if (status != SML_OK)
				return status;
			gram_strip(count, p, i0, columns, block, ldx, w != NULL ? w + start : NULL, c, ldc);
		}
	}
	return SML_OK;
}

SmlStatus
sml_gram_add(SmlEnv *env, size_t rows, size_t p, const double *x, size_t ldx, const double *w, double *c, size_t ldc)
{
	if (rows == 0 || p == 0)
		return SML_OK;
	if (p > SMALL)
		return gram_large(env, rows, p, x, ldx, w, c, ldc);
	gram_small(rows, p, x, ldx, w, c, ldc);
	return SML_OK;
}

SML_CLONES_AVX512 static void
matvec_small(size_t rows, size_t p, const double *a, size_t lda, const double *x, double *y)
{
	for (size_t i = 0; i < rows; i++)
	{
		const double *row = a + i * lda;
		Lane          sums = {0};
		double        parts[TILE_COLS];
		double        sum = 0;
		size_t        j = 0;

		for (; j + TILE_COLS <= p; j += TILE_COLS)
			sums += *(const Lane *) (row + j) * *(const Lane *) (x + j);
		/* cppcheck-suppress bufferAccessOutOfBounds ; it does not know vector types */
		memcpy(parts, &sums, sizeof(parts));
		for (size_t k = 0; k < TILE_COLS; k++)
			sum += parts[k];
		for (; j < p; j++)
			sum += row[j] * x[j];
		y[i] += sum;
	}
}

void
sml_matvec_add(size_t rows, size_t p, const double *a, size_t lda, const double *x, double *y)
{
	if (rows == 0 || p == 0)
		return;
	if (p <= SMALL)
		matvec_small(rows, p, a, lda, x, y);
	else
		cblas_dgemv(CblasRowMajor, CblasNoTrans, (int) rows, (int) p, 1.0, a, (int) lda, x, 1, 1.0, y, 1);
}

void
sml_tmatvec_add(size_t rows, size_t p, const double *a, size_t lda, const double *v, double *y)
{
	if (rows == 0 || p == 0)
		return;
	for (size_t i = 0; i < rows; i++)
	{
		const double *row = a + i * lda;

		for (size_t j = 0; j < p; j++)
			y[j] += v[i] * row[j];
	}
}

double
sml_dot(size_t n, const double *a, const double *b)
{
	double sum = 0;

	sml_matvec_add(1, n, a, n, b, &sum);
	return sum;
}

double
sml_sum(size_t n, const double *values)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += values[i];
	return sum;
}

SmlStatus
sml_add_all(SmlEnv *env, size_t n, double *into, const double *from)
{
	for (size_t start = 0; start < n; start += SML_POLL_WORK)
	{
		size_t    end = n - start < SML_POLL_WORK ? n : start + SML_POLL_WORK;
		SmlStatus status = start > 0 ? sml_poll(env) : SML_OK;

		if (status != SML_OK)
			return status;
		for (size_t i = start; i < end; i++)
			into[i] += from[i];
	}
	return SML_OK;
}

void
sml_weighted_sums_add(size_t rows, size_t p, const double *x, const double *v, double *sum)
{
	sum[0] += sml_sum(rows, v);
	sml_tmatvec_add(rows, p, x, p, v, sum + 1);
}

SmlStatus
sml_gram_one_add(SmlEnv *env, size_t rows, size_t p, const double *x, const double *v, double *c, size_t ldc)
{
	sml_weighted_sums_add(rows, p, x, v, c);
	return sml_gram_add(env, rows, p, x, p, v, c + ldc + 1, ldc);
}

void
sml_gemm_nt_add(size_t m, size_t n, size_t k, const double *a, size_t lda, const double *b, size_t ldb, double *c, size_t ldc)
{
	if (m == 0 || n == 0 || k == 0)
		return;
	cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int) m, (int) n, (int) k, 1.0, a, (int) lda, b, (int) ldb, 1.0, c, (int) ldc);
}

void
sml_gemm_tn_add(size_t m, size_t n, size_t k, const double *a, size_t lda, const double *b, size_t ldb, double *c, size_t ldc)
{
	if (m == 0 || n == 0 || k == 0)
		return;
	cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int) m, (int) n, (int) k, 1.0, a, (int) lda, b, (int) ldb, 1.0, c, (int) ldc);
}

void
sml_gemm_nn_add(size_t m, size_t n, size_t k, const double *a, size_t lda, const double *b, size_t ldb, double *c, size_t ldc)
{
	if (m == 0 || n == 0 || k == 0)
		return;
	cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int) m, (int) n, (int) k, 1.0, a, (int) lda, b, (int) ldb, 1.0, c, (int) ldc);
}

/* ---- self-test ----------------------------------------------------------------- */

/* Values that are exact in any order of summation. */
static double
test_value(size_t i)
{
	return (double) ((i * 7 + i / 3) % 17) - 8;
}

static SmlStatus
test_gram(SmlEnv *env, size_t rows, size_t p, const double *x, const double *w, double *c)
{
	SmlStatus status;

	memset(c, 0, p * p * sizeof(double));
	SML_TRY(sml_gram_add(env, rows, p, x, p, w, c, p));
	for (size_t i = 0; i < p; i++)
		for (size_t j = i; j < p; j++)
		{
			double sum = 0;

			for (size_t r = 0; r < rows; r++)
				sum += x[r * p + i] * x[r * p + j] * (w != NULL ? w[r] : 1);
			if (c[i * p + j] != sum)
				return sml_fail(env, SML_SINGULAR, "The linear algebra library gives wrong results on this processor (order %zu).", p);
		}
done:
	return status;
}

SmlStatus
sml_blas_self_test(SmlEnv *env)
{
	static const size_t orders[] = {1, 3, 8, 21, 65, 80};
	enum { ROWS = 67, MOST = 80 };
	double   *x = NULL;
	double   *c = NULL;
	double    w[ROWS];
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, ROWS * MOST, sizeof(double), &x));
	SML_TRY(sml_alloc_array(env, MOST * MOST, sizeof(double), &c));
	for (size_t i = 0; i < ROWS * MOST; i++)
		x[i] = test_value(i);
	for (size_t i = 0; i < ROWS; i++)
		w[i] = (double) (i % 4);
	for (size_t k = 0; k < sizeof(orders) / sizeof(orders[0]); k++)
	{
		SML_TRY(sml_poll(env));
		SML_TRY(test_gram(env, ROWS, orders[k], x, NULL, c));
		SML_TRY(test_gram(env, ROWS, orders[k], x, w, c));
	}
done:
	sml_free(env, x);
	sml_free(env, c);
	return status;
}
