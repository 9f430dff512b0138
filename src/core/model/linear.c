/*
 * linear.c - least squares and ridge regression: min sum w (y - b0 - x'b)^2 + l2 |b|^2.
 *
 * First pass: the Gram matrix of (1, x, y) on encoded columns (centred, of deviation one),
 * then a Cholesky factor with unit diagonal.  When the columns are close to dependent (the
 * least share that a column keeps is below 1e-4), or the fit is nearly exact, the
 * Gram matrix has lost too many digits: a second pass builds the triangle of a QR
 * factorisation from the rows themselves, which keeps twice as many, and from it decides which
 * columns are combinations of earlier ones.  They are left out and named.
 *
 * With importance weights a last pass collects the sandwich's middle (White 1980, with
 * the factor n / (n - k), "HC1").  Frequency weights stand for repeated rows and use the classical formula.
 *
 * Memory: p^2 doubles; time: n p^2 multiply-adds for the first pass, twice that for the
 * second.  Missing values do not reach a learner.  One row, or fewer rows than columns, is
 * a fit with columns left out and no residual variance.
 */
#include "linear.h"

#include <math.h>
#include <string.h>

#include "../blas.h"
#include "../matrix.h"
#include "learners.h"

#define ILL_CONDITIONED 1e-4  /* share of a column's square left by the others: below, 2e-16 / share is the error that is left, so take the QR pass */
#define NEARLY_EXACT    1e-8  /* share of the target's square left by the fit */
#define DEPENDENT_QR    1e-18 /* the same share (squared norm), below which a column is a combination of others */

static const SmlOptionSpec linear_options[] = {
	{"l2", SML_OPTION_NUMBER, 0, 0, 1e300, NULL, "penalty on the sum of squared coefficients (scikit-learn's alpha)"},
	{"standardize", SML_OPTION_BOOLEAN, 1, 0, 1, NULL, "whether the penalty applies to standardised columns"},
	{"weight_type", SML_OPTION_CHOICE, 0, 0, 1, "importance|frequency",
	 "importance: relative weights, robust errors; frequency: each row stands for that many"},
};

static void
linear_free(SmlEnv *env, SmlState *state)
{
	Linear *linear = (Linear *) state;

	if (linear == NULL)
		return;
	sml_free(env, linear->centers);
	sml_free(env, linear->scales);
	sml_free(env, linear->sums);
	sml_free(env, linear->block);
	sml_free(env, linear->constant);
	sml_free(env, linear->dropped);
	sml_free(env, linear->factor);
	sml_free(env, linear->beta);
	sml_free(env, linear);
}

static SmlStatus
linear_need(SmlEnv *env, const SmlDesign *design, size_t *bytes)
{
	size_t order;
	size_t cells;

	if (!sml_size_plus(design->terms, 2, &order) || !sml_size_times(order, order, &cells) ||
		!sml_size_times(cells, 2 * sizeof(double), &cells) || !sml_size_plus(cells, order * SML_BLOCK_ROWS * sizeof(double), bytes))
		return sml_fail(env, SML_NO_MEMORY, "A model of %zu terms is too large.", design->terms);
	return SML_OK;
}

static SmlStatus
linear_start(SmlEnv *env, const SmlDesign *design, SmlState **state)
{
	Linear   *linear = NULL;
	size_t    p = design->terms;
	size_t    bytes;
	SmlStatus status;

	SML_TRY(linear_need(env, design, &bytes));
	SML_TRY(sml_alloc_array(env, 1, sizeof(Linear), &linear));
	linear->base.learner = &sml_linear;
	linear->terms = p;
	linear->order = p + 2;
	linear->weighted = design->weighted;
	linear->target_center = design->target_center;
	linear->target_scale = design->target_scale;
	memcpy(linear->options, design->options, sizeof(linear->options));
	SML_TRY(sml_alloc_array(env, p, sizeof(double), &linear->centers));
	SML_TRY(sml_alloc_array(env, p, sizeof(double), &linear->scales));
	SML_TRY(sml_alloc_array(env, linear->order * linear->order, sizeof(double), &linear->sums));
	SML_TRY(sml_alloc_array(env, linear->order * SML_BLOCK_ROWS, sizeof(double), &linear->block));
	SML_TRY(sml_alloc_array(env, p, sizeof(bool), &linear->constant));
	SML_TRY(sml_alloc_array(env, p + 1, sizeof(bool), &linear->dropped));
	SML_TRY(sml_alloc_array(env, (p + 1) * (p + 1), sizeof(double), &linear->factor));
	SML_TRY(sml_alloc_array(env, p + 1, sizeof(double), &linear->beta));
	memcpy(linear->centers, design->centers, p * sizeof(double));
	memcpy(linear->scales, design->scales, p * sizeof(double));
	for (size_t j = 0; j < p; j++)
		linear->constant[j] = linear->dropped[1 + j] = design->constant[j];
	*state = &linear->base;
	return SML_OK;
done:
	linear_free(env, (SmlState *) linear);
	return status;
}

/* ---- rows ----------------------------------------------------------------------- */

/* Rows (1, x, y) into the scratch block. */
static void
fill_rows(Linear *linear, const SmlBlock *block)
{
	for (size_t i = 0; i < block->rows; i++)
	{
		double *row = linear->block + i * linear->order;

		row[0] = 1;
		memcpy(row + 1, block->x + i * linear->terms, linear->terms * sizeof(double));
		row[1 + linear->terms] = block->y[i];
	}
}

static double
residual(const Linear *linear, const double *row)
{
	double sum = row[1 + linear->terms];

	for (size_t j = 0; j <= linear->terms; j++)
		sum -= linear->beta[j] * row[j];
	return sum;
}

static SmlStatus
linear_absorb(SmlEnv *env, SmlState *state, const SmlBlock *block)
{
	Linear   *linear = (Linear *) state;
	size_t    m = linear->order;
	SmlStatus status = SML_OK;

	if (block->rows > SML_BLOCK_ROWS)
		return sml_fail(env, SML_BAD_INPUT, "A block has more than %d rows.", SML_BLOCK_ROWS);
	fill_rows(linear, block);
	linear->rows += block->rows;
	if (linear->phase == LINEAR_GRAM)
		status = sml_gram_add(env, block->rows, m, linear->block, m, block->w, linear->sums, m);
	else if (linear->phase == LINEAR_QR)
	{
		for (size_t i = 0; block->w != NULL && i < block->rows; i++)
			for (size_t j = 0; j < m; j++)
				linear->block[i * m + j] *= sqrt(block->w[i]);
		status = sml_qr_update(env, m, linear->sums, block->rows, linear->block, m, false);
	}
	else if (linear->phase == LINEAR_MEAT)
	{
		double w[SML_BLOCK_ROWS] = {0};

		for (size_t i = 0; i < block->rows; i++)
		{
			double r = residual(linear, linear->block + i * m) * (block->w != NULL ? block->w[i] : 1);

			w[i] = r * r;
		}
		status = sml_gram_add(env, block->rows, m - 1, linear->block, m, w, linear->sums, m);
	}
	return status;
}

/* The triangle of "from" is merged as a block of rows. */
static SmlStatus
merge_triangles(SmlEnv *env, Linear *into, const Linear *from)
{
	size_t    m = into->order;
	double   *copy = NULL;
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, m * m, sizeof(double), &copy));
	SML_TRY(sml_copy_bytes(env, copy, from->sums, m * m * sizeof(double)));
	SML_TRY(sml_qr_update(env, m, into->sums, m, copy, m, true));
done:
	sml_free(env, copy);
	return status;
}

static SmlStatus
linear_merge(SmlEnv *env, SmlState *into_state, const SmlState *from_state)
{
	Linear       *into = (Linear *) into_state;
	const Linear *from = (const Linear *) from_state;
	SmlStatus     status;

	if (into->order != from->order || into->phase != from->phase)
		return sml_fail(env, SML_MISMATCH, "States of different passes cannot be merged.");
	if (into->phase == LINEAR_QR)
		status = merge_triangles(env, into, from);
	else
		status = sml_add_all(env, into->order * into->order, into->sums, from->sums);
	if (status == SML_OK)
		into->rows += from->rows;
	return status;
}

static SmlStatus
linear_from_gram(SmlEnv *env, SmlState *state, const double *gram, uint64_t rows)
{
	Linear *linear = (Linear *) state;

	linear->rows = rows;
	return sml_copy_bytes(env, linear->sums, gram, linear->order * linear->order * sizeof(double));
}

/* ---- solving ----------------------------------------------------------------------- */

/* Penalty of term j on its coded coefficient. */
static double
penalty(const Linear *linear, size_t j)
{
	double l2 = linear->options[LINEAR_L2];

	return linear->options[LINEAR_STANDARDIZE] != 0 ? l2 : l2 / (linear->scales[j] * linear->scales[j]);
}

/* Sum of squares of the target about its weighted mean, from the Gram matrix. */
static double
total_squares(const Linear *linear)
{
	const double *g = linear->sums;
	size_t        y = linear->order - 1;

	return g[y * linear->order + y] - g[y] * g[y] / g[0];
}

static SmlStatus
solve_gram(SmlEnv *env, Linear *linear)
{
	size_t        k = linear->terms + 1;
	size_t        m = linear->order;
	size_t        y = m - 1;
	const double *g = linear->sums;
	double       *u = linear->factor;
	double        explained = 0;
	double        shrunk = 0;
	SmlStatus     status;

	linear->weight = g[0];
	linear->tss = total_squares(linear);
	for (size_t i = 0; i < k; i++)
		for (size_t j = i; j < k; j++)
			u[i * k + j] = g[i * m + j] + (i == j && i > 0 ? penalty(linear, i - 1) : 0);
	status = sml_cholesky(env, k, u, k, linear->options[LINEAR_L2] > 0 ? 1e-15 : 1e-13, linear->dropped, &linear->least);
	if (status != SML_OK)
		return status;
	for (size_t j = 0; j < k; j++)
		linear->beta[j] = g[j * m + y];
	sml_solve_upper_transposed(k, u, k, linear->beta);
	/* |q|^2 without the intercept's part is what the terms explain */
	for (size_t j = 1; j < k; j++)
		explained += linear->beta[j] * linear->beta[j];
	sml_solve_upper(k, u, k, linear->beta);
	for (size_t j = 1; j < k; j++)
		shrunk += linear->beta[j] * linear->beta[j] * penalty(linear, j - 1);
	/* with a penalty: |y|^2 - q'q = rss + penalty term */
	linear->rss = linear->tss - explained - shrunk;
	if (linear->rss < 0)
		linear->rss = 0;
	return SML_OK;
}

/*
 * Reflect rows "rank" to j so that column j is zero below row "rank"; columns to the right follow.  Rows below j are zero
 * in column j still.  Row by row, through "sums" (m of them), since a walk down a column of a wide matrix misses the cache at each step.
 */
static SmlStatus
reflect(SmlEnv *env, size_t m, double *a, size_t rank, size_t j, double norm, double *sums)
{
	double    head = a[rank * m + j];
	double    squares = norm * norm;
	size_t    steps = sml_poll_steps(m);
	SmlStatus status = SML_OK;

	if (head > 0)
		norm = -norm;
	/* v = (head - norm, entries below), |v|^2 = 2 (norm^2 - head norm) */
	squares -= head * norm;
	a[rank * m + j] = head - norm;
	memset(sums, 0, m * sizeof(double));
	for (size_t i = rank; i <= j; i++)
	{
		if (i % steps == 0)
			SML_TRY(sml_poll(env));
		for (size_t c = j + 1; c < m; c++)
			sums[c] += a[i * m + j] * a[i * m + c];
	}
	for (size_t c = j + 1; c < m; c++)
		sums[c] /= squares;
	for (size_t i = rank; i <= j; i++)
	{
		if (i % steps == 0)
			SML_TRY(sml_poll(env));
		for (size_t c = j + 1; c < m; c++)
			a[i * m + c] -= sums[c] * a[i * m + j];
	}
	a[rank * m + j] = norm;
	for (size_t i = rank + 1; i <= j; i++)
		a[i * m + j] = 0;
done:
	return status;
}

/* Sum of squares of column c of a (order m) in rows "from" to "to" - 1. */
static double
column_squares(const double *a, size_t m, size_t c, size_t from, size_t to)
{
	double sum = 0;

	for (size_t i = from; i < to; i++)
		sum += a[i * m + c] * a[i * m + c];
	return sum;
}

/*
 * Take the columns of the triangle in order.  A column of which the kept ones before it leave
 * next to nothing is left out; the rows below the pivots stay full until they are reflected.
 * Column j is zero below row j all the while, so that the cost follows the number of columns left out so far.
 */
static SmlStatus
solve_qr(SmlEnv *env, Linear *linear)
{
	size_t    k = linear->terms + 1;
	size_t    m = linear->order;
	size_t    y = m - 1;
	double   *a = linear->sums;
	size_t    rank = 0;
	double   *scratch = NULL;
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, m, sizeof(double), &scratch));
	SML_TRY(sml_zero_bytes(env, linear->factor, k * k * sizeof(double)));
	linear->tss = column_squares(a, m, y, 1, m);
	for (size_t j = 0; j < k; j++)
	{
		double whole = column_squares(a, m, j, j > 0 ? 1 : 0, j + 1);
		double left = column_squares(a, m, j, rank, j + 1);

		SML_TRY(sml_poll(env));
		if (linear->dropped[j] || !(left > DEPENDENT_QR * whole) || !(whole > 0))
		{
			linear->dropped[j] = true;
			continue;
		}
		if (left < linear->least * whole)
			linear->least = left / whole;
		if (column_squares(a, m, j, rank + 1, j + 1) > 0)
			SML_TRY(reflect(env, m, a, rank, j, sqrt(left), scratch));
		memcpy(linear->factor + j * k + j, a + rank * m + j, (k - j) * sizeof(double));
		linear->beta[j] = a[rank * m + y];
		rank++;
	}
	for (size_t j = 0; j < k; j++)
		for (size_t i = 0; linear->dropped[j] && i < k; i++)
			linear->factor[i * k + j] = linear->factor[j * k + i] = 0;
	linear->rss = column_squares(a, m, y, rank, m);
	sml_solve_upper(k, linear->factor, k, linear->beta);
	linear->by_qr = true;
done:
	sml_free(env, scratch);
	return status;
}

static bool
wants_meat(const Linear *linear)
{
	return linear->weighted && linear->options[LINEAR_WEIGHT_TYPE] == 0 && linear->options[LINEAR_L2] == 0;
}

static SmlStatus
begin_phase(SmlEnv *env, Linear *linear, LinearPhase phase)
{
	linear->phase = phase;
	linear->rows = 0;
	return sml_zero_bytes(env, linear->sums, linear->order * linear->order * sizeof(double));
}

static SmlStatus
linear_finish_pass(SmlEnv *env, SmlState *state, SmlVerdict *verdict)
{
	Linear   *linear = (Linear *) state;
	SmlStatus status = SML_OK;

	linear->passes++;
	verdict->iteration = linear->passes;
	verdict->again = false;
	if (linear->phase == LINEAR_GRAM)
	{
		if (!(linear->sums[0] > 0))
			return sml_fail(env, SML_BAD_INPUT, "There are no rows to learn from.");
		status = solve_gram(env, linear);
		if (status == SML_OK && linear->options[LINEAR_L2] == 0 &&
			(linear->least < ILL_CONDITIONED || linear->rss < NEARLY_EXACT * linear->tss))
		{
			/* constant columns stay out, collinear ones are judged anew */
			memcpy(linear->dropped + 1, linear->constant, linear->terms * sizeof(bool));
			status = begin_phase(env, linear, LINEAR_QR);
			verdict->again = true;
		}
	}
	else if (linear->phase == LINEAR_QR)
		status = solve_qr(env, linear);
	verdict->loss = linear->rss / linear->weight * linear->target_scale * linear->target_scale;
	if (status != SML_OK || verdict->again)
		return status;
	if (linear->phase != LINEAR_MEAT && wants_meat(linear))
	{
		status = begin_phase(env, linear, LINEAR_MEAT);
		verdict->again = true;
	}
	else if (linear->phase != LINEAR_MEAT)
		linear->phase = LINEAR_DONE;
	return status;
}

/* ---- bytes ---------------------------------------------------------------------------- */

/* The QR pass makes its own. */
static bool
has_factor(const Linear *linear)
{
	return linear->passes > 0 && linear->phase != LINEAR_QR;
}

/* phase | counts and figures | columns left out | sums unless there are none | coefficients and factor once there are some */
static void
linear_write(SmlWriter *writer, const SmlState *state)
{
	const Linear *linear = (const Linear *) state;
	size_t        k = linear->terms + 1;

	sml_write_u8(writer, (uint8_t) linear->phase);
	sml_write_u64(writer, linear->rows);
	sml_write_u32(writer, linear->passes);
	sml_write_u8(writer, linear->by_qr ? 1 : 0);
	sml_write_f64(writer, linear->weight);
	sml_write_f64(writer, linear->rss);
	sml_write_f64(writer, linear->tss);
	sml_write_f64(writer, linear->least);
	sml_write_bools(writer, linear->dropped, k);
	if (linear->rows > 0)
		sml_write_triangle(writer, linear->sums, linear->order, linear->order);
	if (linear->passes > 0)
		sml_write_f64s(writer, linear->beta, k);
	if (has_factor(linear))
		sml_write_triangle(writer, linear->factor, k, k);
}

static void
fill_state(SmlReader *reader, SmlState *state)
{
	Linear *linear = (Linear *) state;
	size_t  k = linear->terms + 1;
	uint8_t phase = sml_read_u8(reader);

	if (phase > LINEAR_DONE)
		sml_reader_fail(reader, "The phase of a linear fit is unknown.");
	if (reader->status != SML_OK)
		return;
	linear->phase = (LinearPhase) phase;
	linear->rows = sml_read_u64(reader);
	linear->passes = sml_read_u32(reader);
	linear->by_qr = sml_read_bool(reader);
	linear->weight = sml_read_f64(reader);
	linear->rss = sml_read_f64(reader);
	linear->tss = sml_read_f64(reader);
	linear->least = sml_read_f64(reader);
	sml_read_bools(reader, linear->dropped, k);
	if (linear->rows > 0)
		sml_read_triangle(reader, linear->sums, linear->order, linear->order);
	if (linear->passes > 0)
		sml_read_f64s(reader, linear->beta, k);
	if (has_factor(linear))
		sml_read_triangle(reader, linear->factor, k, k);
}

static void
linear_read(SmlReader *reader, const SmlDesign *design, SmlState **state)
{
	sml_state_read(reader, &sml_linear, design, fill_state, state);
}

const SmlLearner sml_linear = {
	.name = "linear",
	.about = "least squares and ridge regression, with standard errors, one or two scans",
	.tasks = SML_REGRESSION,
	.options = linear_options,
	.option_count = LINEAR_OPTIONS,
	.one_pass = true,
	.need = linear_need,
	.start = linear_start,
	.absorb = linear_absorb,
	.merge = linear_merge,
	.from_gram = linear_from_gram,
	.finish_pass = linear_finish_pass,
	.warm = NULL,
	.result = sml_linear_result,
	.write = linear_write,
	.read = linear_read,
	.free = linear_free,
};
