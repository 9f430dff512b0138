/*
 * test_special.c - distribution functions against R 4.2.2 (pt, qt, pnorm, qnorm); see
 * test/reference/special.md.
 */
#include "harness.h"

#include "special.h"

static const struct { double t, df, p; } tails[] = {
	{0.10000000000000001, 1, 0.93654896513889285},
	{1.3, 1, 0.41742880032030527},
	{4.7000000000000002, 1, 0.13346087095961595},
	{0.10000000000000001, 2.5, 0.92780654406248964},
	{1.3, 2.5, 0.30048678927070793},
	{4.7000000000000002, 2.5, 0.027057264368507649},
	{0.10000000000000001, 9, 0.92253644795668122},
	{1.3, 9, 0.22590637267304942},
	{4.7000000000000002, 9, 0.0011201704514198594},
	{0.10000000000000001, 30, 0.92100961179027108},
	{1.3, 30, 0.20350095853811689},
	{4.7000000000000002, 30, 5.428263683264288e-05},
	{0.10000000000000001, 1000, 0.92036436902360419},
	{1.3, 1000, 0.19390052841545732},
	{4.7000000000000002, 1000, 2.9656590191661759e-06},
};

static const struct { double df, q; } quantiles[] = {
	{1, 12.706204736174694},
	{2.5, 3.5746548420036919},
	{9, 2.2621571627982049},
	{30, 2.0422724563012378},
	{1000, 1.9623390808264076},
	{1000000, 1.9599663568141066},
};

static void
test_tails(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++)
	{
		double p = sml_two_sided_p(tails[i].t, tails[i].df);

		assert_true(fabs(p - tails[i].p) <= 1e-12 * tails[i].p);
		assert_true(sml_two_sided_p(-tails[i].t, tails[i].df) == p);
	}
	assert_close(sml_two_sided_p(2.3, INFINITY), 0.021448220043351621, 1e-14);
}

static void
test_quantiles(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
		assert_close(sml_two_sided_quantile(0.05, quantiles[i].df), quantiles[i].q, quantiles[i].df > 1e4 ? 1e-11 : 1e-12);
	assert_close(sml_two_sided_quantile(0.05, INFINITY), 1.9599639845400536, 1e-14);
}

static void
test_undefined(void **state)
{
	(void) state;
	assert_true(isnan(sml_two_sided_p(NAN, 3)));
	assert_true(isnan(sml_two_sided_p(1, NAN)));
	assert_true(isnan(sml_two_sided_p(1, 0)));
	assert_true(sml_two_sided_p(INFINITY, 3) == 0);
	assert_true(sml_two_sided_p(0, 3) == 1);
	assert_true(isnan(sml_two_sided_quantile(0, 3)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tails), cmocka_unit_test(test_quantiles), cmocka_unit_test(test_undefined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
