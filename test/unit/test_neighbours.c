/*
 * test_neighbours.c - the nearest neighbours are the true ones, whatever the data: against all pairs computed and sorted.
 */
#include "harness.h"

#include "../../src/core/hash.h"
#include "../../src/core/resample/bound.h"
#include "../../src/core/resample/neighbours.h"
#include "../../src/core/resample/side.h"

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
	/* neighbours at exactly the same distance, also across blocks */
	if (strcmp(what, "lattice") == 0)
		return (double) (r * 389 % 1000);
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
	{"lattice", 1000, 1, 0, 2, 1}, {"lattice", 1000, 1, 1, 2, 2},
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

/* By hand: a missing number counts as the mean, a missing category as a category, med is the median of the deviations. */
static void
test_distance(void **state)
{
	static const double   number[] = {1, 10, NAN, 10, 3, 30, 5, INFINITY};
	static const int32_t  code[] = {0, -1, 0, -1};
	static const int32_t  class_of[] = {0, 0, 1, 1};
	static const size_t   rows[] = {0, 1, 2, 3};
	SmlCases   cases = {4, 2, 1, 2, number, 2, code, 1, class_of, NULL, NULL};
	/* means 3 and 50/3; deviations sqrt(8/3) and sqrt(800/9), their median the mean of both */
	double     med = (sqrt(8.0 / 3) + sqrt(800.0 / 9)) / 2;
	Harness    h;
	SmlPoints *points;

	(void) state;
	harness_start(&h);
	assert_int_equal(sml_points_make(&h.env, &cases, rows, 4, false, &points), SML_OK);
	assert_close(points->mismatch, med * med, 1e-14);
	assert_close(sml_points_distance(points, 0, 1), 4 + med * med, 1e-14);
	assert_close(sml_points_distance(points, 0, 2), 4 + 400, 1e-14);
	assert_close(sml_points_distance(points, 1, 3), 4 + 400.0 / 9, 1e-14);
	sml_points_free(&h.env, points);
	/* in deviations: med is 1 */
	assert_int_equal(sml_points_make(&h.env, &cases, rows, 4, true, &points), SML_OK);
	assert_close(sml_points_distance(points, 0, 1), 4 / (8.0 / 3) + 1, 1e-14);
	assert_close(sml_points_distance(points, 1, 3), 4 / (8.0 / 3) + 400.0 / 9 / (800.0 / 9), 1e-14);
	sml_points_free(&h.env, points);
	harness_finish(&h);
}

/* Values whose squares, or whose sum, overflow have a mean and a deviation all the same: -1 and 1 are what is left of them. */
static void
test_far_apart(void **state)
{
	const double   numbers[] = {1e308, 0, -1e308, 1, 1e308, 2, -1e308, 3, NAN, 1.5, 1e308, 1.5, -1e308, 1.5};
	const int32_t  class_of[7] = {0};
	const size_t   rows[] = {0, 1, 2, 3, 4, 5, 6};
	SmlCases       cases = {.rows = 7, .numbers = 2, .class_count = 1, .number = numbers, .number_stride = 2, .class_of = class_of};
	Harness        h;
	SmlPoints     *points;

	(void) state;
	harness_start(&h);
	assert_int_equal(sml_points_make(&h.env, &cases, rows, 7, true, &points), SML_OK);
	assert_close(sml_points_distance(points, 5, 6), 4, 1e-14);
	assert_close(sml_points_distance(points, 4, 5), 1, 1e-14);
	/* the other column: variance 5 / 7 */
	assert_close(sml_points_distance(points, 0, 2), 4 / (5.0 / 7), 1e-14);
	sml_points_free(&h.env, points);
	assert_int_equal(sml_points_make(&h.env, &cases, rows, 7, false, &points), SML_OK);
	assert_true(points->x[4 * 2] == 0);
	sml_points_free(&h.env, points);
	harness_finish(&h);
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

static size_t
kernel_count(const SmlBoundTask *task, int index, uint16_t *hits)
{
	SmlBoundKernel kernel = sml_bound_kernel_at(index);

	return kernel(task, hits);
}

/* All kernels report the same pairs, in order: all those that are near enough by plain sums, and none farther than rounding explains. */
static void
test_kernels(void **state)
{
	enum { PAIRS = 5, LABELS = 3, WEIGHT = 4500000 };
	static int16_t x[2][PAIRS * 2 * SML_BOUND_BLOCK];
	static int32_t norm[2][SML_BOUND_BLOCK], half[2][SML_BOUND_BLOCK], limit[2][SML_BOUND_BLOCK], half_limit[2][SML_BOUND_BLOCK], code[2][LABELS * SML_BOUND_BLOCK];
	static uint16_t hits[SML_BOUND_KERNELS][SML_BOUND_ROWS * SML_BOUND_BLOCK];
	static bool    reported[SML_BOUND_ROWS * SML_BOUND_BLOCK];
	size_t         near = 0;

	(void) state;
	for (size_t s = 0; s < 2; s++)
	{
		for (size_t i = 0; i < PAIRS * 2 * SML_BOUND_BLOCK; i++)
			x[s][i] = (int16_t) ((int) (sml_random_bits(1, s, i) % 8001) - 4000);
		for (size_t i = 0; i < SML_BOUND_BLOCK; i++)
		{
			for (size_t f = 0; f < PAIRS; f++)
				for (size_t c = 0; c < 2; c++)
					norm[s][i] += x[s][(f * SML_BOUND_BLOCK + i) * 2 + c] * x[s][(f * SML_BOUND_BLOCK + i) * 2 + c];
			limit[s][i] = (int32_t) (sml_random_bits(2, s, i) % 90000000);
			half[s][i] = norm[s][i] / 2;
			half_limit[s][i] = (limit[s][i] + 1) / 2;
			for (size_t f = 0; f < LABELS; f++)
				code[s][f * SML_BOUND_BLOCK + i] = (int32_t) (sml_random_bits(3, s, f * SML_BOUND_BLOCK + i) % 3);
		}
	}
	for (size_t labels = 0; labels <= LABELS; labels += LABELS)
		for (size_t row = 0; row < SML_BOUND_BLOCK; row += SML_BOUND_ROWS)
		{
			SmlBoundTask task = {PAIRS, labels, WEIGHT, x[0], row, half[0], half_limit[0], code[0], x[1], half[1], half_limit[1], code[1]};
			size_t       count = kernel_count(&task, 0, hits[0]);

			memset(reported, 0, sizeof(reported));
			for (size_t h = 0; h < count; h++)
				reported[hits[0][h] - row * SML_BOUND_BLOCK] = true;
			for (size_t n = 0; n < SML_BOUND_ROWS * SML_BOUND_BLOCK; n++)
			{
				size_t  r = row + n / SML_BOUND_BLOCK;
				size_t  j = n % SML_BOUND_BLOCK;
				int64_t most = limit[0][r] > limit[1][j] ? limit[0][r] : limit[1][j];
				int64_t sum = 0;

				for (size_t f = 0; f < PAIRS * 2; f++)
				{
					int64_t d = x[0][(f / 2 * SML_BOUND_BLOCK + r) * 2 + f % 2] - x[1][(f / 2 * SML_BOUND_BLOCK + j) * 2 + f % 2];

					sum += d * d;
				}
				for (size_t f = 0; f < labels; f++)
					sum += code[0][f * SML_BOUND_BLOCK + r] != code[1][f * SML_BOUND_BLOCK + j] ? 2 * WEIGHT : 0;
				near += sum <= most;
				if (sum <= most ? !reported[n] : reported[n] && sum > most + 8)
					fail_msg("pair %zu, %zu at %lld, limit %lld: %d", r, j, (long long) sum, (long long) most, reported[n]);
			}
			for (int k = 1; k < SML_BOUND_KERNELS; k++)
				if (sml_bound_kernel_at(k) != NULL)
				{
					assert_int_equal(kernel_count(&task, k, hits[k]), count);
					assert_memory_equal(hits[k], hits[0], count * sizeof(uint16_t));
				}
		}
	assert_true(near > 1000 && near < 2 * SML_BOUND_BLOCK * SML_BOUND_BLOCK - 1000);
	assert_null(sml_bound_kernel_at(SML_BOUND_KERNELS));
}

/* The kernel for bytes reports what is near enough by plain sums, and nothing farther than rounding explains. */
static void
test_byte_kernel(void **state)
{
	enum { LANES = 3, LABELS = 2, WEIGHT = 6000 };
	static signed char x[2][LANES * 4 * SML_BOUND_BLOCK];
	static int16_t  lanes[2][LANES * 2 * SML_BOUND_BLOCK];
	static int32_t  half[2][SML_BOUND_BLOCK], half_rows[SML_BOUND_BLOCK], half_limit[2][SML_BOUND_BLOCK], code[2][LABELS * SML_BOUND_BLOCK];
	static int64_t  limit[2][SML_BOUND_BLOCK];
	static uint16_t hits[SML_BOUND_ROWS * SML_BOUND_BLOCK];
	static bool     reported[SML_BOUND_ROWS * SML_BOUND_BLOCK];
	size_t          near = 0;

	(void) state;
	if (sml_bound_kernel_bytes() == NULL)
		skip();
	for (size_t s = 0; s < 2; s++)
	{
		for (size_t i = 0; i < LANES * 4 * SML_BOUND_BLOCK; i++)
			x[s][i] = (signed char) ((int) (sml_random_bits(4, s, i) % 255) - 127);
		memcpy(lanes[s], x[s], sizeof(x[s]));
		for (size_t i = 0; i < SML_BOUND_BLOCK; i++)
		{
			int32_t norm = 0;
			int32_t sum = 0;

			for (size_t j = 0; j < LANES * 4; j++)
			{
				int32_t number = x[s][(j / 4 * SML_BOUND_BLOCK + i) * 4 + j % 4];

				norm += number * number;
				sum += number;
			}
			half[s][i] = norm / 2;
			if (s == 0)
				half_rows[i] = norm / 2 + SML_BOUND_OFFSET * sum;
			limit[s][i] = (int64_t) (sml_random_bits(5, s, i) % 130000);
			half_limit[s][i] = (int32_t) ((limit[s][i] + 1) / 2);
			for (size_t f = 0; f < LABELS; f++)
				code[s][f * SML_BOUND_BLOCK + i] = (int32_t) (sml_random_bits(6, s, f * SML_BOUND_BLOCK + i) % 3);
		}
	}
	for (size_t row = 0; row < SML_BOUND_BLOCK; row += SML_BOUND_ROWS)
	{
		SmlBoundTask task = {LANES, LABELS, WEIGHT, lanes[0], row, half_rows, half_limit[0], code[0], lanes[1], half[1], half_limit[1], code[1]};
		size_t       count = sml_bound_kernel_bytes()(&task, hits);

		memset(reported, 0, sizeof(reported));
		for (size_t h = 0; h < count; h++)
			reported[hits[h] - row * SML_BOUND_BLOCK] = true;
		for (size_t n = 0; n < SML_BOUND_ROWS * SML_BOUND_BLOCK; n++)
		{
			size_t  r = row + n / SML_BOUND_BLOCK;
			size_t  j = n % SML_BOUND_BLOCK;
			int64_t most = limit[0][r] > limit[1][j] ? limit[0][r] : limit[1][j];
			int64_t sum = 0;

			for (size_t f = 0; f < LANES * 4; f++)
			{
				int64_t d = x[0][(f / 4 * SML_BOUND_BLOCK + r) * 4 + f % 4] - x[1][(f / 4 * SML_BOUND_BLOCK + j) * 4 + f % 4];

				sum += d * d;
			}
			for (size_t f = 0; f < LABELS; f++)
				sum += code[0][f * SML_BOUND_BLOCK + r] != code[1][f * SML_BOUND_BLOCK + j] ? 2 * WEIGHT : 0;
			near += sum <= most;
			if (sum <= most ? !reported[n] : reported[n] && sum > most + 8)
				fail_msg("pair %zu, %zu at %lld, limit %lld: %d", r, j, (long long) sum, (long long) most, reported[n]);
		}
	}
	assert_true(near > 1000 && near < SML_BOUND_BLOCK * SML_BOUND_BLOCK - 1000);
}

/* Points enough for whole numbers of 8 bits, which well-behaved columns get, long tails and ties do not; exact either way. */
static void
test_many(void **state)
{
	static const struct { Shape shape; bool bytes; } many[] = {
		{{"normal", 8400, 12, 0, 2, 5}, true}, {{"mixed", 8400, 9, 2, 2, 3}, true}, {{"offset", 8400, 8, 0, 2, 5}, true}, {{"outliers", 8400, 10, 0, 2, 5}, false},
		{{"scales", 8400, 14, 0, 2, 2}, false}, {{"duplicates", 8400, 9, 0, 2, 5}, false}};

	(void) state;
	for (size_t s = 0; s < sizeof(many) / sizeof(many[0]); s++)
	{
		const Shape *shape = &many[s].shape;
		Harness      h;
		Data         data;
		SmlPoints   *points;
		SmlFound    *found = calloc(shape->rows * shape->k, sizeof(SmlFound));
		size_t      *half[2] = {calloc(shape->rows / 2, sizeof(size_t)), calloc(shape->rows / 2, sizeof(size_t))};
		SmlSide      side = {0};
		SmlWhole     whole = {0};
		bool         bytes;

		harness_start(&h);
		data_make(shape, &data);
		assert_int_equal(sml_points_make(&h.env, &data.cases, data.rows, shape->rows, false, &points), SML_OK);
		assert_int_equal(sml_nearest(&h.env, points, NULL, 0, NULL, 0, shape->k, found), SML_OK);
		for (size_t q = 0; q < shape->rows; q += 211)
			check_query(points, q, 1, shape->k, found + q * shape->k, shape->what);
		/* the odd ones among the even ones */
		for (size_t i = 0; i < shape->rows; i++)
			half[i % 2][i / 2] = i;
		assert_int_equal(sml_nearest(&h.env, points, half[1], shape->rows / 2, half[0], shape->rows / 2, shape->k, found), SML_OK);
		for (size_t q = 0; q < shape->rows / 2; q += 211)
			check_query(points, half[1][q], 2, shape->k, found + q * shape->k, shape->what);
		assert_int_equal(sml_side_make(&h.env, points, NULL, shape->rows, &side), SML_OK);
		assert_int_equal(sml_alloc_array(&h.env, points->width, sizeof(double), &whole.center), SML_OK);
		assert_int_equal(sml_whole_measure(&h.env, &side, &whole), SML_OK);
		sml_whole_scale(points, 4, &whole);
		assert_int_equal(sml_whole_try(&h.env, &whole, &side, &side, shape->k, &bytes), SML_OK);
		if (bytes != many[s].bytes)
			fail_msg("%s: %d", shape->what, bytes);
		sml_free(&h.env, whole.center);
		sml_side_free(&h.env, &side);
		sml_points_free(&h.env, points);
		data_free(&data);
		free(found);
		free(half[0]);
		free(half[1]);
		harness_finish(&h);
	}
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
		cmocka_unit_test(test_exact), cmocka_unit_test(test_distance), cmocka_unit_test(test_far_apart), cmocka_unit_test(test_farthest), cmocka_unit_test(test_kernels), cmocka_unit_test(test_byte_kernel), cmocka_unit_test(test_many), cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
