/*
 * test_resample_sort.c - the sort by a 64-bit key against the library's, and keys of numbers.
 */
#include "harness.h"

#include "../../src/core/hash.h"
#include "../../src/core/resample/sort.h"

#define MOST 20000

static int
compare(const void *a, const void *b)
{
	const SmlSorted *x = a;
	const SmlSorted *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Equal keys keep their order, and bytes that all keys share are no trouble. */
static void
test_stable(void **state)
{
	static const uint64_t masks[] = {~UINT64_C(0), 0, 0xFF, 0xFF00, UINT64_C(0xFF) << 56, UINT64_C(0xF0000F00000F0000)};
	static const size_t   counts[] = {0, 1, 2, 255, MOST};
	static SmlSorted      items[MOST];
	static SmlSorted      expected[MOST];
	Harness               h;

	(void) state;
	harness_start(&h);
	for (size_t m = 0; m < sizeof(masks) / sizeof(masks[0]); m++)
		for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++)
		{
			for (size_t i = 0; i < counts[c]; i++)
				items[i] = expected[i] = (SmlSorted){(sml_random_bits(1, m, i) & masks[m]) | (UINT64_C(0x5A) << 32 & ~masks[m]), i};
			qsort(expected, counts[c], sizeof(SmlSorted), compare);
			assert_int_equal(sml_sort(&h.env, items, counts[c]), SML_OK);
			assert_memory_equal(items, expected, counts[c] * sizeof(SmlSorted));
		}
	harness_finish(&h);
}

static void
test_keys(void **state)
{
	static const double ascending[] = {-INFINITY, -1e300, -2, -1, -1e-310, 0, 1e-310, 0.5, 1, 2, 1e300, INFINITY};

	(void) state;
	for (size_t i = 1; i < sizeof(ascending) / sizeof(ascending[0]); i++)
		assert_true(sml_sort_key(ascending[i - 1]) < sml_sort_key(ascending[i]));
	assert_true(sml_sort_key(-0.0) == sml_sort_key(0.0));
}

static SmlStatus
sweep_body(Harness *h, void *arg)
{
	SmlSorted items[300];

	(void) arg;
	for (size_t i = 0; i < 300; i++)
		items[i] = (SmlSorted){sml_random_bits(1, 1, i), i};
	return sml_sort(&h->env, items, 300);
}

static void
test_sweep(void **state)
{
	(void) state;
	harness_sweep(sweep_body, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stable), cmocka_unit_test(test_keys), cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
