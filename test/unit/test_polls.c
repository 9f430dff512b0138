/*
 * test_polls.c - work that takes long asks often enough whether to stop.
 *
 * A cancel must be answered within 100 ms.  Here the work between two polls is bounded: each case states
 * how many elementary steps (multiply-adds, comparisons, bytes) it takes, and the number of polls that this
 * asks for.  Clocks are not used, so a busy machine makes no difference.
 */
#include "harness.h"

#include "../../src/core/blas.h"
#include "../../src/core/matrix.h"
#include "../../src/core/metric/metric.h"
#include "../../src/core/prep/moments.h"

/* Some 50 ms at a billion steps a second. */
#define MOST_STEPS 5e7

static void
assert_polled(const Harness *h, double steps, const char *what)
{
	if ((double) h->polls < steps / MOST_STEPS)
		fail_msg("%s: %zu polls in %.3g steps", what, h->polls, steps);
}

static double
noise(size_t i)
{
	return (double) ((i * UINT64_C(2654435761)) % 1000003) / 1000003;
}

static void
test_fills_and_copies(void **unused)
{
	Harness   h;
	uint64_t *chunk = NULL;
	size_t    room = 0;

	(void) unused;
	harness_start(&h);
	assert_int_equal(sml_grow_array(&h.env, &chunk, &room, 10000000, sizeof(uint64_t)), SML_OK);
	chunk[9999999] = 7;
	assert_polled(&h, 8e7, "a fill of 80 MB");
	h.polls = 0;
	assert_int_equal(sml_grow_array(&h.env, &chunk, &room, 20000000, sizeof(uint64_t)), SML_OK);
	assert_int_equal(chunk[9999999], 7);
	assert_int_equal(chunk[19999999], 0);
	assert_polled(&h, 2.4e8, "a move of 80 MB to 160 MB");
	/* stopped on the way: the array is as it was */
	h.stop_at = h.polls + 12;
	assert_int_equal(sml_grow_array(&h.env, &chunk, &room, 40000000, sizeof(uint64_t)), SML_STOPPED);
	assert_int_equal(room, 20000000);
	assert_int_equal(chunk[9999999], 7);
	sml_free(&h.env, chunk);
	harness_finish(&h);
}

static void
test_wide_gram(void **unused)
{
	enum { ROWS = 8, COLUMNS = 4000 };
	Harness h;
	double *x = NULL;
	double *c = NULL;
	double  w[ROWS];

	(void) unused;
	harness_start(&h);
	assert_int_equal(sml_alloc_array(&h.env, (size_t) ROWS * COLUMNS, sizeof(double), &x), SML_OK);
	assert_int_equal(sml_alloc_array(&h.env, (size_t) COLUMNS * COLUMNS, sizeof(double), &c), SML_OK);
	for (size_t i = 0; i < (size_t) ROWS * COLUMNS; i++)
		x[i] = noise(i);
	for (size_t i = 0; i < ROWS; i++)
		w[i] = 1 + (double) i;
	for (int weighted = 0; weighted < 2; weighted++)
	{
		h.polls = 0;
		memset(c, 0, (size_t) COLUMNS * COLUMNS * sizeof(double));
		assert_int_equal(sml_gram_add(&h.env, ROWS, COLUMNS, x, COLUMNS, weighted ? w : NULL, c, COLUMNS), SML_OK);
		assert_polled(&h, ROWS * (double) COLUMNS * COLUMNS / 2, "a Gram matrix of order 4000");
		/* strips meet: cells on both sides of a seam, and far from the diagonal */
		for (size_t i = 0; i < COLUMNS; i += 123)
			for (size_t j = i; j < COLUMNS; j += 457)
			{
				double sum = 0;

				for (size_t r = 0; r < ROWS; r++)
					sum += x[r * COLUMNS + i] * x[r * COLUMNS + j] * (weighted ? w[r] : 1);
				assert_close(c[i * COLUMNS + j], sum, 1e-14);
			}
	}
	sml_free(&h.env, x);
	sml_free(&h.env, c);
	harness_finish(&h);
}

static void
test_merge_of_triangles(void **unused)
{
	enum { ORDER = 500 };
	Harness h;
	double *r = NULL;
	double *block = NULL;

	(void) unused;
	harness_start(&h);
	assert_int_equal(sml_alloc_array(&h.env, (size_t) ORDER * ORDER, sizeof(double), &r), SML_OK);
	assert_int_equal(sml_alloc_array(&h.env, (size_t) ORDER * ORDER, sizeof(double), &block), SML_OK);
	for (size_t i = 0; i < ORDER; i++)
		for (size_t j = i; j < ORDER; j++)
		{
			r[i * ORDER + j] = noise(i * ORDER + j) + (i == j ? 10 : 0);
			block[i * ORDER + j] = noise(j * ORDER + i) + (i == j ? 10 : 0);
		}
	h.polls = 0;
	assert_int_equal(sml_qr_update(&h.env, ORDER, r, ORDER, block, ORDER, true), SML_OK);
	/* 16 panels, whose columns are reflected one by one, and 23 strips of at most 256 columns: 8 million multiply-adds in BLAS, 1 to 2 ms */
	assert_true(h.polls >= 39);
	sml_free(&h.env, r);
	sml_free(&h.env, block);
	harness_finish(&h);
}

static void
rank(Harness *h, size_t rows, bool tied, bool weighted, double *area)
{
	SmlRanked ranked;
	SmlMetric metric;

	sml_ranked_start(&ranked, weighted, 0);
	for (size_t i = 0; i < rows; i++)
		assert_int_equal(sml_ranked_add(&h->env, &ranked, i % 3 == 0, tied ? 1 : noise(i), 1 + (weighted ? noise(i + 7) : 0)), SML_OK);
	h->polls = 0;
	assert_int_equal(sml_ranked_roc_auc(&h->env, &ranked, &metric), SML_OK);
	*area = metric.value;
	assert_polled(h, (double) rows * 2, "roc_auc");
	assert_int_equal(sml_ranked_average_precision(&h->env, &ranked, &metric), SML_OK);
	sml_ranked_free(&h->env, &ranked);
}

static void
test_ranks(void **unused)
{
	Harness h;
	double  area;

	(void) unused;
	harness_start(&h);
	rank(&h, 1500000, false, false, &area);
	assert_true(area > 0.49 && area < 0.51);
	/* one score for all: no split below the first, and one group in the walk */
	rank(&h, 1500000, true, false, &area);
	assert_true(area == 0.5);
	assert_true(h.polls >= 300);
	rank(&h, 1500000, true, true, &area);
	assert_close(area, 0.5, 1e-12);
	harness_finish(&h);
}

/* Sorting stops in the first split, and in the walk over ties; and then works. */
static void
test_ranks_stop(void **unused)
{
	Harness h;

	(void) unused;
	for (size_t stop = 1; stop < 400; stop += 37)
	{
		SmlRanked ranked;
		SmlMetric metric;

		harness_start(&h);
		sml_ranked_start(&ranked, false, 0);
		for (size_t i = 0; i < 1000000; i++)
			assert_int_equal(sml_ranked_add(&h.env, &ranked, i % 2 == 0, 5, 1), SML_OK);
		h.stop_at = h.polls + stop;
		assert_int_equal(sml_ranked_roc_auc(&h.env, &ranked, &metric), SML_STOPPED);
		h.stop_at = 0;
		assert_int_equal(sml_ranked_roc_auc(&h.env, &ranked, &metric), SML_OK);
		assert_true(metric.value == 0.5);
		sml_ranked_free(&h.env, &ranked);
		harness_finish(&h);
	}
}

/* Moments with a missing value in every column: their merge is p^2, not p^3. */
static void
test_merge_of_missing(void **unused)
{
	enum { NUMBERS = 700, ROWS = 8 };
	Harness     h;
	SmlMoments *a = NULL;
	SmlMoments *b = NULL;
	SmlMoments *copy = NULL;
	double     *block = NULL;
	SmlWriter   writer;
	SmlReader   reader;

	(void) unused;
	harness_start(&h);
	assert_int_equal(sml_alloc_array(&h.env, (size_t) ROWS * (NUMBERS + 1), sizeof(double), &block), SML_OK);
	assert_int_equal(sml_moments_start(&h.env, NUMBERS, true, &a), SML_OK);
	assert_int_equal(sml_moments_start(&h.env, NUMBERS, true, &b), SML_OK);
	for (int part = 0; part < 2; part++)
	{
		for (size_t i = 0; i < ROWS; i++)
			for (size_t j = 0; j <= NUMBERS; j++)
				block[i * (NUMBERS + 1) + j] = j < NUMBERS && (i + j * (part ? 3 : 1)) % ROWS == 0 ? sml_missing() : noise(i * 1000 + j);
		assert_int_equal(sml_moments_absorb(&h.env, part ? b : a, ROWS, block, NUMBERS + 1, NULL), SML_OK);
	}
	h.polls = 0;
	assert_int_equal(sml_moments_merge(&h.env, a, b), SML_OK);
	assert_true(h.polls >= 2 * NUMBERS);
	assert_true(a->gram[0] == 2 * ROWS);
	/* the indicator of column j counts the rows in which it is missing, one in each part */
	for (size_t j = 0; j < NUMBERS; j++)
	{
		size_t at = (size_t) a->indicator[j];

		assert_true(a->gram[at * a->room + at] == 2);
	}
	/* a million numbers in rows of at most 1,401: each row is short, all are 8 MB */
	sml_writer_start(&writer, &h.env);
	h.polls = 0;
	sml_moments_write(&writer, a);
	assert_int_equal(writer.status, SML_OK);
	assert_true(h.polls >= writer.size >> 21);
	sml_reader_start(&reader, &h.env, writer.bytes, writer.size);
	h.polls = 0;
	sml_moments_read(&reader, NUMBERS, true, &copy);
	assert_int_equal(reader.status, SML_OK);
	assert_true(h.polls >= (writer.size >> 21) + (copy->room * copy->room * sizeof(double) >> 23));
	assert_int_equal(copy->size, a->size);
	for (size_t i = 0; i < a->size; i++)
		assert_memory_equal(copy->gram + i * copy->room + i, a->gram + i * a->room + i, (a->size - i) * sizeof(double));
	sml_writer_free(&writer);
	sml_moments_free(&h.env, a);
	sml_moments_free(&h.env, b);
	sml_moments_free(&h.env, copy);
	sml_free(&h.env, block);
	harness_finish(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fills_and_copies),
		cmocka_unit_test(test_wide_gram),
		cmocka_unit_test(test_merge_of_triangles),
		cmocka_unit_test(test_ranks),
		cmocka_unit_test(test_ranks_stop),
		cmocka_unit_test(test_merge_of_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
