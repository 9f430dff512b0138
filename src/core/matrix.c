/*
 * matrix.c - small dense factorisations; see matrix.h.
 */
#include "matrix.h"

#include <math.h>
#include <string.h>

#include "blas.h"

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

/* w = U^-1, upper, by rows from the last: each is a sum of those below it, so that memory is walked in order. */
static SmlStatus
invert_upper(SmlEnv *env, size_t n, const double *u, size_t ldu, double *w)
{
	for (size_t i = n; i-- > 0;)
	{
		const double *row = u + i * ldu;
		double       *inverse = w + i * n;
		SmlStatus     status = sml_poll(env);

		if (status != SML_OK)
			return status;
		if (row[i] == 0)
			continue;
		for (size_t k = i + 1; k < n; k++)
		{
			const double *below = w + k * n;
			double        factor = row[k];

			if (factor != 0)
				for (size_t j = k; j < n; j++)
					inverse[j] -= factor * below[j];
		}
		inverse[i] = 1;
		for (size_t j = i; j < n; j++)
			inverse[j] /= row[i];
	}
	return SML_OK;
}

/* c = a b' in strips of rows and columns; "triangles": row i of both begins at column i. */
static SmlStatus
multiply_strips(SmlEnv *env, size_t n, const double *a, const double *b, bool triangles, double *c)
{
	enum { ROWS = 64, COLUMNS = 1024 };

	memset(c, 0, n * n * sizeof(double));
	for (size_t i = 0; i < n; i += ROWS)
		for (size_t j = 0; j < n; j += COLUMNS)
		{
			size_t    from = triangles ? i : 0;
			SmlStatus status = sml_poll(env);

			if (status != SML_OK)
				return status;
			sml_gemm_nt_add(n - i < ROWS ? n - i : ROWS, n - j < COLUMNS ? n - j : COLUMNS, n - from,
							a + i * n + from, n, b + j * n + from, n, c + i * n + j, n);
		}
	return SML_OK;
}

SmlStatus
sml_multiply_nt(SmlEnv *env, size_t n, const double *a, const double *b, double *c)
{
	return multiply_strips(env, n, a, b, false, c);
}

/* W W', with W the inverse triangle: n^3 / 6 and n^3 / 2 multiply-adds. */
SmlStatus
sml_invert_normal(SmlEnv *env, size_t n, const double *u, size_t ldu, double *v)
{
	double   *w = NULL;
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, n * n, sizeof(double), &w));
	SML_TRY(invert_upper(env, n, u, ldu, w));
	SML_TRY(multiply_strips(env, n, w, w, true, v));
done:
	sml_free(env, w);
	return status;
}

/* ---- QR ---- */

/* Columns that are reflected one by one before the others follow in one product; a matrix of up to QR_WHOLE is one panel. */
#define QR_PANEL  32
#define QR_WHOLE  64
#define QR_STRIP 256

typedef struct Panel
{
	size_t  from;   /* columns from .. to - 1 */
	size_t  to;
	size_t  rows;   /* of the block that take part */
	double *sums;   /* n */
	double *head;   /* per column of the panel: its reflection is I - scale v v', v = (head, entries of the block) */
	double *scale;  /* 0: none */
} Panel;

/*
 * Column j: the reflection that takes (r_jj, block column) to (r_jj', 0).  The rows of R
 * above and below j do not take part, since R is a triangle.  The columns of the panel behind j follow;
 * v stays in the block's column.
 */
static void
reflect_column(const Panel *panel, double *pivot, double *block, size_t ldb, size_t j)
{
	double *sums = panel->sums;
	double  below = 0;
	double  norm;
	double  head;
	double  scale;

	panel->head[j - panel->from] = 0;
	panel->scale[j - panel->from] = 0;
	for (size_t i = 0; i < panel->rows; i++)
		below += block[i * ldb + j] * block[i * ldb + j];
	if (below == 0)
		return;
	norm = sqrt(pivot[j] * pivot[j] + below);
	if (pivot[j] > 0)
		norm = -norm;
	head = pivot[j] - norm;
	scale = 2 / (head * head + below);
	/* sums = v' [R row; block] */
	for (size_t k = j + 1; k < panel->to; k++)
		sums[k] = head * pivot[k];
	for (size_t i = 0; i < panel->rows; i++)
	{
		const double *row = block + i * ldb;

		for (size_t k = j + 1; k < panel->to; k++)
			sums[k] += row[j] * row[k];
	}
	for (size_t k = j + 1; k < panel->to; k++)
	{
		sums[k] *= scale;
		pivot[k] -= sums[k] * head;
	}
	for (size_t i = 0; i < panel->rows; i++)
	{
		double *row = block + i * ldb;

		for (size_t k = j + 1; k < panel->to; k++)
			row[k] -= sums[k] * row[j];
	}
	pivot[j] = norm;
	panel->head[j - panel->from] = head;
	panel->scale[j - panel->from] = scale;
}

/*
 * The columns behind the panel: the product of its reflections is I - V T V' with V = (diagonal of heads; tails), so that
 * with C = (rows of R; block) C += V (-T') V' C.  "tails": rows x QR_PANEL; "work": QR_PANEL x (QR_PANEL + 2 QR_STRIP).
 */
static SmlStatus
follow_panel(SmlEnv *env, const Panel *panel, size_t n, double *r, double *block, size_t ldb, const double *tails, double *work)
{
	size_t  count = panel->to - panel->from;
	double *t = work; /* -T, count x QR_PANEL */
	double *products = t + QR_PANEL * QR_PANEL;
	double *moves = products + QR_PANEL * QR_STRIP;

	/* T by columns: t_jj = scale_j, above it -scale_j T (tails' tail_j) */
	memset(work, 0, QR_PANEL * (QR_PANEL + QR_STRIP) * sizeof(double));
	sml_gemm_tn_add(count, count, panel->rows, tails, QR_PANEL, tails, QR_PANEL, products, QR_STRIP);
	for (size_t j = 0; j < count; j++)
	{
		for (size_t i = 0; i < j; i++)
			for (size_t k = i; k < j; k++)
				t[i * QR_PANEL + j] -= t[i * QR_PANEL + k] * products[k * QR_STRIP + j] * panel->scale[j];
		t[j * QR_PANEL + j] = -panel->scale[j];
	}
	for (size_t from = panel->to; from < n; from += QR_STRIP)
	{
		size_t    columns = n - from < QR_STRIP ? n - from : QR_STRIP;
		SmlStatus status = sml_poll(env);

		if (status != SML_OK)
			return status;
		for (size_t i = 0; i < count; i++)
			for (size_t k = 0; k < columns; k++)
				products[i * QR_STRIP + k] = panel->head[i] * r[(panel->from + i) * n + from + k];
		sml_gemm_tn_add(count, columns, panel->rows, tails, QR_PANEL, block + from, ldb, products, QR_STRIP);
		memset(moves, 0, QR_PANEL * QR_STRIP * sizeof(double));
		sml_gemm_tn_add(count, columns, count, t, QR_PANEL, products, QR_STRIP, moves, QR_STRIP);
		for (size_t i = 0; i < count; i++)
			for (size_t k = 0; k < columns; k++)
				r[(panel->from + i) * n + from + k] += panel->head[i] * moves[i * QR_STRIP + k];
		sml_gemm_nn_add(panel->rows, columns, count, tails, QR_PANEL, moves, QR_STRIP, block + from, ldb);
	}
	return SML_OK;
}

/* Move the tails of a panel out of the block, in whose place zeros stay. */
static void
take_tails(const Panel *panel, double *block, size_t ldb, double *tails)
{
	size_t count = panel->to - panel->from;

	for (size_t i = 0; i < panel->rows; i++)
	{
		double *row = block + i * ldb + panel->from;

		if (tails != NULL)
			memcpy(tails + i * QR_PANEL, row, count * sizeof(double));
		memset(row, 0, count * sizeof(double));
	}
}

SmlStatus
sml_qr_update(SmlEnv *env, size_t n, double *r, size_t rows, double *block, size_t ldb, bool triangle)
{
	bool      whole = n <= QR_WHOLE;
	size_t    width = whole ? QR_WHOLE : QR_PANEL;
	size_t    steps = sml_poll_steps(rows * width);
	Panel     panel = {0};
	double   *tails = NULL;
	double   *work = NULL;
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, n + 2 * width, sizeof(double), &panel.sums));
	if (!whole)
	{
		SML_TRY(sml_alloc_array(env, rows, QR_PANEL * sizeof(double), &tails));
		SML_TRY(sml_alloc_array(env, QR_PANEL * (QR_PANEL + 2 * QR_STRIP), sizeof(double), &work));
	}
	panel.head = panel.sums + n;
	panel.scale = panel.head + width;
	for (; panel.from < n; panel.from = panel.to)
	{
		panel.to = n - panel.from < width ? n : panel.from + width;
		panel.rows = triangle && panel.to < rows ? panel.to : rows;
		for (size_t j = panel.from; j < panel.to; j++)
		{
			if (j % steps == 0)
				SML_TRY(sml_poll(env));
			reflect_column(&panel, r + j * n, block, ldb, j);
		}
		take_tails(&panel, block, ldb, tails);
		if (panel.to < n)
			SML_TRY(follow_panel(env, &panel, n, r, block, ldb, tails, work));
	}
done:
	sml_free(env, panel.sums);
	sml_free(env, tails);
	sml_free(env, work);
	return status;
}

/* ---- condition ---- */

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

/* v := U'U v, through "scratch", in one walk over U. */
static SmlStatus
multiply_normal(SmlEnv *env, size_t n, const double *u, size_t ldu, double *v, double *scratch)
{
	size_t steps = sml_poll_steps(2 * n);

	memset(scratch, 0, n * sizeof(double));
	for (size_t i = 0; i < n; i++)
	{
		const double *row = u + i * ldu;
		double        product = 0;
		SmlStatus     status = i % steps == 0 ? sml_poll(env) : SML_OK;

		if (status != SML_OK)
			return status;
		for (size_t k = i; k < n; k++)
			product += row[k] * v[k];
		for (size_t k = i; k < n; k++)
			scratch[k] += row[k] * product;
	}
	memcpy(v, scratch, n * sizeof(double));
	return SML_OK;
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
				SML_TRY(multiply_normal(env, n, u, ldu, v, scratch));
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
