/*
 * test_matrix.c - products, inverses and triangles of matrices that are cut into strips, against plain loops and the
 * definition; the seams of the strips lie inside.
 */
#include "harness.h"

#include "../../src/core/blas.h"
#include "../../src/core/matrix.h"

static double
entry(size_t i, size_t j)
{
	return (double) (((i * 1000003 + j * 7919) * UINT64_C(2654435761)) % 1009) / 1009 - 0.5;
}

/* An upper triangle of order n; rows and columns "out" and 2 "out" are left out when out > 0. */
static double *
triangle(Harness *h, size_t n, size_t out)
{
	double *u = NULL;

	assert_int_equal(sml_alloc_array(&h->env, n * n, sizeof(double), &u), SML_OK);
	for (size_t i = 0; i < n; i++)
		for (size_t j = i; j < n; j++)
			if (out == 0 || (i != out && i != 2 * out && j != out && j != 2 * out))
				u[i * n + j] = i == j ? 2 + entry(i, i) : entry(i, j) / sqrt((double) n);
	return u;
}

static void
check_inverse(size_t n, size_t out)
{
	Harness h;
	double *u;
	double *v = NULL;
	double *a = NULL;

	harness_start(&h);
	u = triangle(&h, n, out);
	assert_int_equal(sml_alloc_array(&h.env, n * n, sizeof(double), &v), SML_OK);
	assert_int_equal(sml_alloc_array(&h.env, n, sizeof(double), &a), SML_OK);
	assert_int_equal(sml_invert_normal(&h.env, n, u, n, v), SML_OK);
	/* columns of the inverse, by two solves each */
	for (size_t j = 0; j < n; j += n / 7 + 1)
	{
		memset(a, 0, n * sizeof(double));
		a[j] = u[j * n + j] != 0;
		sml_solve_upper_transposed(n, u, n, a);
		sml_solve_upper(n, u, n, a);
		for (size_t i = 0; i < n; i++)
		{
			assert_close(v[i * n + j], a[i], 1e-13);
			assert_close(v[j * n + i], a[i], 1e-13);
		}
	}
	if (out > 0)
		for (size_t i = 0; i < n; i++)
			assert_true(v[out * n + i] == 0 && v[i * n + out] == 0 && v[2 * out * n + i] == 0);
	sml_free(&h.env, u);
	sml_free(&h.env, v);
	sml_free(&h.env, a);
	harness_finish(&h);
}

static void
test_inverse(void **unused)
{
	(void) unused;
	check_inverse(1, 0);
	check_inverse(7, 0);
	check_inverse(64, 20);
	check_inverse(130, 63);
	check_inverse(1100, 64);
}

/* Left out columns and the identity: (U'U) V = I where columns are kept, by hand for order 2. */
static void
test_by_hand(void **unused)
{
	Harness h;
	double  u[4] = {2, 1, 0, 4}; /* U'U = {4, 2; 2, 17}, inverse {17, -2; -2, 4} / 64 */
	double  v[4];

	(void) unused;
	harness_start(&h);
	assert_int_equal(sml_invert_normal(&h.env, 2, u, 2, v), SML_OK);
	assert_close(v[0], 17.0 / 64, 1e-15);
	assert_close(v[1], -2.0 / 64, 1e-15);
	assert_close(v[2], -2.0 / 64, 1e-15);
	assert_close(v[3], 4.0 / 64, 1e-15);
	harness_finish(&h);
}

static void
test_product(void **unused)
{
	enum { N = 1100 };
	Harness h;
	double *a = NULL;
	double *b = NULL;
	double *c = NULL;

	(void) unused;
	harness_start(&h);
	assert_int_equal(sml_alloc_array(&h.env, (size_t) N * N, sizeof(double), &a), SML_OK);
	assert_int_equal(sml_alloc_array(&h.env, (size_t) N * N, sizeof(double), &b), SML_OK);
	assert_int_equal(sml_alloc_array(&h.env, (size_t) N * N, sizeof(double), &c), SML_OK);
	for (size_t i = 0; i < N; i++)
		for (size_t j = 0; j < N; j++)
		{
			a[i * N + j] = entry(i, j);
			b[i * N + j] = entry(j, i + 3);
		}
	h.polls = 0;
	assert_int_equal(sml_multiply_nt(&h.env, N, a, b, c), SML_OK);
	assert_true(h.polls >= 30);
	for (size_t i = 0; i < N; i += 61)
		for (size_t j = 0; j < N; j += 73)
		{
			double sum = 0;

			for (size_t k = 0; k < N; k++)
				sum += a[i * N + k] * b[j * N + k];
			assert_close(c[i * N + j], sum, 1e-11);
		}
	sml_free(&h.env, a);
	sml_free(&h.env, b);
	sml_free(&h.env, c);
	harness_finish(&h);
}

/*
 * R'R is the cross product of all rows taken in, whichever way they come: blocks smaller and larger than the order, in which
 * columns repeat, and a second triangle.  The panels and strips of the product meet inside.
 */
static void
check_qr(size_t n, size_t rows, bool triangle)
{
	Harness h;
	double *r = NULL;
	double *block = NULL;
	double *gram = NULL;

	harness_start(&h);
	assert_int_equal(sml_alloc_array(&h.env, n * n, sizeof(double), &r), SML_OK);
	assert_int_equal(sml_alloc_array(&h.env, n * n, sizeof(double), &gram), SML_OK);
	assert_int_equal(sml_alloc_array(&h.env, rows * n, sizeof(double), &block), SML_OK);
	for (size_t part = 0; part < 3; part++)
	{
		for (size_t i = 0; i < rows; i++)
			for (size_t j = 0; j < n; j++)
				block[i * n + j] = triangle && j < i ? 0 : j % 7 == 6 && !triangle ? block[i * n + j - 3] : entry(i + rows * part, j);
		for (size_t i = 0; i < rows; i++)
			for (size_t a = 0; a < n; a++)
				for (size_t b = a; b < n; b++)
					gram[a * n + b] += block[i * n + a] * block[i * n + b];
		assert_int_equal(sml_qr_update(&h.env, n, r, rows, block, n, triangle), SML_OK);
	}
	for (size_t a = 0; a < n; a++)
		for (size_t b = 0; b < n; b++)
		{
			double sum = 0;

			for (size_t i = 0; i <= a; i++)
				sum += r[i * n + a] * r[i * n + b];
			if (b < a)
				assert_true(r[a * n + b] == 0);
			else
				assert_true(fabs(sum - gram[a * n + b]) < 1e-14 * (double) (3 * rows));
		}
	sml_free(&h.env, r);
	sml_free(&h.env, gram);
	sml_free(&h.env, block);
	harness_finish(&h);
}

static void
test_qr(void **unused)
{
	(void) unused;
	check_qr(1, 5, false);
	check_qr(20, 256, false);
	check_qr(64, 10, false);
	check_qr(65, 100, false);
	check_qr(65, 65, true);
	check_qr(97, 1, false);
	check_qr(130, 97, true);
	check_qr(400, 256, false);
}

static SmlStatus
update(Harness *h, void *argument)
{
	enum { ORDER = 70 };
	double r[ORDER * ORDER] = {0};
	double block[2 * ORDER];

	(void) argument;
	for (size_t i = 0; i < 2 * ORDER; i++)
		block[i] = entry(i, 1);
	return sml_qr_update(&h->env, ORDER, r, 2, block, ORDER, false);
}

static SmlStatus
invert(Harness *h, void *argument)
{
	double v[9];
	double u[9] = {2, 1, 0.5, 0, 3, 1, 0, 0, 1};

	(void) argument;
	return sml_invert_normal(&h->env, 3, u, 3, v);
}

static void
test_sweep(void **unused)
{
	(void) unused;
	harness_sweep(invert, NULL);
	harness_sweep(update, NULL);
}

static SmlStatus
kernels(Harness *h, void *arg)
{
	(void) arg;
	return sml_blas_self_test(&h->env);
}

/* The library at hand is right, and says so within memory and polls. */
static void
test_kernels(void **state)
{
	(void) state;
	harness_sweep(kernels, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_inverse),
		cmocka_unit_test(test_product),
		cmocka_unit_test(test_qr),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_kernels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
