/*
 * test_neighbours.c - the nearest neighbours are the true ones, whatever the data: against all pairs computed and sorted.
 */
#include "harness.h"

#include "../../src/core/hash.h"
#include "../../src/core/resample/bound.h"
#include "../../src/core/resample/neighbours.h"

typedef struct Shape
{
	const char *what;
	size_t      rows;
	size_t      numbers;
	size_t      labels;
	int         classes;
	size_t      k;
} Shape;

typedef struct Data
{
	double  *number;
	int32_t *code;
	int32_t *class_of;
	size_t  *rows;
	SmlCases cases;
} Data;

static double
normal(uint64_t i)
{
	return sqrt(-2 * log(1 - sml_random_unit(7, 1, i))) * cos(6.283185307179586 * sml_random_unit(7, 2, i));
}

static double
value(const char *what, size_t r, size_t j)
{
	double v = normal(r * 100 + j);

	if (strcmp(what, "duplicates") == 0)
		return floor(2 * sml_random_unit(7, 3, r * 100 + j));
	if (strcmp(what, "constant") == 0)
		return 4.25;
	if (strcmp(what, "outliers") == 0)
		return r % 97 == 0 ? v * 1e9 : v;
	if (strcmp(what, "offset") == 0)
		return 1e8 + v;
	if (strcmp(what, "huge") == 0)
		return v * 1e300;
	if (strcmp(what, "tiny") == 0)
		return v * 1e-200;
	if (strcmp(what, "scales") == 0)
		return v * pow(10, (double) (j % 7) - 3);
	if (strcmp(what, "missing") == 0)
		return r % 5 == j % 5 ? (r % 2 ? NAN : INFINITY) : v;
	return v;
}

static void
data_make(const Shape *shape, Data *data)
{
	size_t n = shape->rows;

	data->number = calloc(n * shape->numbers + 1, sizeof(double));
	data->code = calloc(n * shape->labels + 1, sizeof(int32_t));
	data->class_of = calloc(n, sizeof(int32_t));
	data->rows = calloc(n, sizeof(size_t));
	for (size_t r = 0; r < n; r++)
	{
		for (size_t j = 0; j < shape->numbers; j++)
			data->number[r * shape->numbers + j] = value(shape->what, r, j);
		for (size_t j = 0; j < shape->labels; j++)
			data->code[r * shape->labels + j] = (int32_t) (sml_random_bits(7, 4, r * 100 + j) % (5 + j)) - (j == 1);
		data->class_of[r] = (int32_t) (sml_random_bits(7, 5, r) % (uint64_t) shape->classes);
		data->rows[r] = r;
	}
	data->cases = (SmlCases){n, shape->numbers, shape->labels, (size_t) shape->classes, data->number, shape->numbers,
							 data->code, shape->labels, data->class_of, NULL, NULL};
}

static void
data_free(Data *data)
{
	free(data->number);
	free(data->code);
	free(data->class_of);
	free(data->rows);
}

static int
compare(const void *a, const void *b)
{
	const SmlFound *x = a;
	const SmlFound *y = b;

	if (x->distance != y->distance)
		return x->distance < y->distance ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* The k nearest of "query" among every "step"-th point, all pairs computed. */
static void
check_query(const SmlPoints *points, size_t query, size_t step, size_t k, const SmlFound *found, const char *what)
{
	SmlFound *all = calloc(points->count, sizeof(SmlFound));
	size_t    count = 0;

	for (size_t i = 0; i < points->count; i += step)
		if (i != query)
			all[count++] = (SmlFound){sml_points_distance(points, query, i), (uint32_t) i};
	qsort(all, count, sizeof(SmlFound), compare);
	for (size_t n = 0; n < k; n++)
		if (n < count ? found[n].at != all[n].at || found[n].distance != all[n].distance : found[n].at != SML_NOT_FOUND)
			fail_msg("%s: neighbour %zu of point %zu is %u at %.17g, expected %u at %.17g", what, n, query, found[n].at, found[n].distance,
					 n < count ? all[n].at : SML_NOT_FOUND, n < count ? all[n].distance : INFINITY);
	free(all);
}

static const Shape shapes[] = {
	{"one column", 700, 1, 0, 2, 5}, {"plane", 1500, 2, 0, 2, 3}, {"normal", 900, 10, 0, 2, 5}, {"wide", 400, 61, 0, 2, 7},
	{"duplicates", 800, 3, 0, 2, 5}, {"constant", 300, 4, 0, 2, 4}, {"outliers", 900, 5, 0, 2, 5}, {"offset", 700, 4, 0, 2, 5},
	{"huge", 300, 3, 0, 2, 2}, {"tiny", 300, 3, 0, 2, 5}, {"scales", 700, 8, 0, 2, 5}, {"missing", 500, 6, 0, 2, 5},
	{"mixed", 900, 3, 4, 2, 5}, {"mixed duplicates", 500, 1, 9, 2, 5}, {"constant", 400, 2, 3, 2, 5},
	{"labels", 600, 0, 6, 2, 5}, {"labels of three classes", 500, 0, 4, 3, 5}, {"few", 3, 2, 1, 2, 5}, {"one", 1, 2, 0, 1, 2},
	{"many neighbours", 500, 4, 0, 2, 200}, {"just a block", 128, 3, 0, 2, 5}, {"a block and one", 129, 3, 1, 2, 5},
};

static void
test_exact(void **state)
{
	(void) state;
	for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++)
		for (int standardize = 0; standardize < 2; standardize++)
		{
			const Shape *shape = &shapes[s];
			Harness      h;
			Data         data;
			SmlPoints   *points;
			SmlFound    *found;
			size_t       queries[200];
			size_t       among[1000];
			size_t       query_count = 0;
			size_t       among_count = 0;

			harness_start(&h);
			data_make(shape, &data);
			assert_int_equal(sml_points_make(&h.env, &data.cases, data.rows, shape->rows, standardize, &points), SML_OK);
			found = calloc(shape->rows * shape->k, sizeof(SmlFound));
			assert_int_equal(sml_nearest(&h.env, points, NULL, 0, NULL, 0, shape->k, found), SML_OK);
			for (size_t q = 0; q < shape->rows; q++)
				check_query(points, q, 1, shape->k, found + q * shape->k, shape->what);
			/* some points among others */
			for (size_t i = 0; i < shape->rows; i += 7)
				if (query_count < 200)
					queries[query_count++] = shape->rows - 1 - i;
			for (size_t i = 0; i < shape->rows; i += 3)
				if (among_count < 1000)
					among[among_count++] = i;
			assert_int_equal(sml_nearest(&h.env, points, queries, query_count, among, among_count, shape->k, found), SML_OK);
			for (size_t q = 0; q < query_count; q++)
				check_query(points, queries[q], 3, shape->k, found + q * shape->k, shape->what);
			sml_points_free(&h.env, points);
			data_free(&data);
			free(found);
			harness_finish(&h);
		}
}

static void
test_farthest(void **state)
{
	static const size_t queries[] = {0, 5, 299};
	static const size_t among[] = {1, 5, 60, 120, 200, 201, 202, 298};
	Shape      shape = {"mixed", 300, 3, 2, 2, 3};
	Harness    h;
	Data       data;
	SmlPoints *points;
	SmlFound   found[9];

	(void) state;
	harness_start(&h);
	data_make(&shape, &data);
	assert_int_equal(sml_points_make(&h.env, &data.cases, data.rows, shape.rows, false, &points), SML_OK);
	assert_int_equal(sml_farthest(&h.env, points, queries, 3, among, 8, 3, found), SML_OK);
	for (size_t q = 0; q < 3; q++)
	{
		size_t farther = 0;

		for (size_t i = 0; i < 8; i++)
			farther += among[i] != queries[q] && sml_points_distance(points, queries[q], among[i]) >= found[q * 3 + 2].distance;
		assert_int_equal(farther, 3);
		assert_true(found[q * 3].distance >= found[q * 3 + 1].distance && found[q * 3 + 1].distance >= found[q * 3 + 2].distance);
	}
	sml_points_free(&h.env, points);
	data_free(&data);
	harness_finish(&h);
}

/* All kernels report the same pairs, and those that plain sums say. */
static void
test_kernels(void **state)
{
	enum { PAIRS = 5, LABELS = 3 };
	static int16_t x[2][PAIRS * 2 * SML_BOUND_BLOCK];
	static int32_t norm[2][SML_BOUND_BLOCK], limit[2][SML_BOUND_BLOCK], code[2][LABELS * SML_BOUND_BLOCK];
	static uint16_t hits[SML_BOUND_KERNELS][SML_BOUND_ROWS * SML_BOUND_BLOCK];
	size_t         reported = 0;

	(void) state;
	for (size_t s = 0; s < 2; s++)
	{
		for (size_t i = 0; i < PAIRS * 2 * SML_BOUND_BLOCK; i++)
			x[s][i] = (int16_t) (sml_random_bits(1, s, i) % 8001) - 4000;
		for (size_t i = 0; i < SML_BOUND_BLOCK; i++)
		{
			for (size_t f = 0; f < PAIRS; f++)
				for (size_t c = 0; c < 2; c++)
					norm[s][i] += x[s][(f * SML_BOUND_BLOCK + i) * 2 + c] * x[s][(f * SML_BOUND_BLOCK + i) * 2 + c];
			limit[s][i] = (int32_t) (sml_random_bits(2, s, i) % 90000000);
			for (size_t f = 0; f < LABELS; f++)
				code[s][f * SML_BOUND_BLOCK + i] = (int32_t) (sml_random_bits(3, s, f * SML_BOUND_BLOCK + i) % 3);
		}
	}
	for (size_t labels = 0; labels <= LABELS; labels += LABELS)
		for (size_t row = 0; row < SML_BOUND_BLOCK; row += SML_BOUND_ROWS)
		{
			SmlBoundTask task = {PAIRS, labels, 9000000, x[0], row, norm[0], limit[0], code[0], x[1], norm[1], limit[1], code[1]};
			size_t       counts[SML_BOUND_KERNELS];
			size_t       expected = 0;

			for (size_t r = row; r < row + SML_BOUND_ROWS; r++)
				for (size_t j = 0; j < SML_BOUND_BLOCK; j++)
				{
					int64_t sum = 0;

					for (size_t f = 0; f < PAIRS * 2; f++)
					{
						int64_t d = x[0][(f / 2 * SML_BOUND_BLOCK + r) * 2 + f % 2] - x[1][(f / 2 * SML_BOUND_BLOCK + j) * 2 + f % 2];

						sum += d * d;
					}
					for (size_t f = 0; f < labels; f++)
						sum += code[0][f * SML_BOUND_BLOCK + r] != code[1][f * SML_BOUND_BLOCK + j] ? 9000000 : 0;
					expected += sum <= (limit[0][r] > limit[1][j] ? limit[0][r] : limit[1][j]);
				}
			for (int k = 0; k < SML_BOUND_KERNELS; k++)
			{
				SmlBoundKernel kernel = sml_bound_kernel_at(k);

				if (kernel == NULL)
					continue;
				counts[k] = kernel(&task, hits[k]);
				assert_int_equal(counts[k], expected);
				assert_memory_equal(hits[k], hits[0], expected * sizeof(uint16_t));
			}
			reported += expected;
		}
	assert_true(reported > 1000 && reported < 2 * SML_BOUND_BLOCK * SML_BOUND_BLOCK - 1000);
	assert_null(sml_bound_kernel_at(SML_BOUND_KERNELS));
}

static SmlStatus
sweep_body(Harness *h, void *arg)
{
	Data      *data = arg;
	SmlPoints *points = NULL;
	SmlFound  *found = NULL;
	size_t     queries[] = {1, 5, 200};
	SmlStatus  status;

	SML_TRY(sml_points_make(&h->env, &data->cases, data->rows, data->cases.rows, true, &points));
	SML_TRY(sml_alloc_array(&h->env, data->cases.rows * 3, sizeof(SmlFound), &found));
	SML_TRY(sml_nearest(&h->env, points, NULL, 0, NULL, 0, 3, found));
	SML_TRY(sml_nearest(&h->env, points, queries, 3, NULL, 0, 3, found));
	SML_TRY(sml_farthest(&h->env, points, queries, 3, data->rows, data->cases.rows, 3, found));
done:
	sml_free(&h->env, found);
	sml_points_free(&h->env, points);
	return status;
}

static void
test_sweep(void **state)
{
	static const Shape some[] = {{"mixed", 300, 3, 2, 2, 3}, {"labels of three classes", 300, 0, 2, 3, 3}};

	(void) state;
	for (size_t s = 0; s < 2; s++)
	{
		Data data;

		data_make(&some[s], &data);
		harness_sweep(sweep_body, &data);
		data_free(&data);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact), cmocka_unit_test(test_farthest), cmocka_unit_test(test_kernels), cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
