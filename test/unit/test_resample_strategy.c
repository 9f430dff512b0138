/*
 * test_resample_strategy.c - sizes of classes; expected values by the rules of imbalanced-learn's sampling_strategy
 * (test/reference/resample.md), worked out by hand.
 */
#include "harness.h"

#include "../../src/core/resample/strategy.h"

static const char *const labels[] = {"a", "b", "c", "d"};

typedef struct Case
{
	SmlStrategySide side;
	SmlStrategy     strategy;
	size_t          classes;
	uint64_t        present[4];
	SmlStatus       status;
	uint64_t        wanted[4];
} Case;

static const int64_t sizes_up[] = {-1, 80, 100, -1};
static const int64_t sizes_down[] = {60, -1, 10, -1};

#define OVER SML_SIDE_OVER
#define UNDER SML_SIDE_UNDER
#define NAMED(n) {n, 0, NULL}
#define RATIO(r) {NULL, r, NULL}

static const Case cases[] = {
	{OVER, NAMED(NULL), 3, {100, 30, 50}, SML_OK, {100, 100, 100}},
	{OVER, NAMED("auto"), 3, {100, 30, 50}, SML_OK, {100, 100, 100}},
	{OVER, NAMED("not majority"), 3, {100, 30, 100}, SML_OK, {100, 100, 100}},
	{OVER, NAMED("minority"), 3, {100, 30, 50}, SML_OK, {100, 100, 50}},
	{OVER, NAMED("not minority"), 3, {100, 30, 50}, SML_OK, {100, 30, 100}},
	{OVER, NAMED("all"), 3, {100, 30, 50}, SML_OK, {100, 100, 100}},
	{OVER, NAMED("majority"), 3, {100, 30, 50}, SML_BAD_OPTION, {0}},
	{OVER, NAMED("minorty"), 2, {100, 30}, SML_BAD_OPTION, {0}},
	{OVER, RATIO(0.5), 2, {100, 30}, SML_OK, {100, 50}},
	{OVER, RATIO(0.555), 2, {30, 101}, SML_OK, {56, 101}},
	{OVER, RATIO(0.3), 2, {100, 30}, SML_BAD_OPTION, {0}},
	{OVER, RATIO(0.2), 2, {100, 30}, SML_BAD_OPTION, {0}},
	{OVER, RATIO(1.5), 2, {100, 30}, SML_BAD_OPTION, {0}},
	{OVER, RATIO(0.5), 3, {100, 30, 30}, SML_BAD_OPTION, {0}},
	{OVER, {NULL, 0, sizes_up}, 3, {100, 30, 50}, SML_OK, {100, 80, 100}},
	{OVER, {NULL, 0, sizes_up}, 3, {100, 81, 50}, SML_BAD_OPTION, {0}},
	{OVER, NAMED("auto"), 1, {100}, SML_BAD_INPUT, {0}},
	{OVER, NAMED("auto"), 0, {0}, SML_BAD_INPUT, {0}},
	{OVER, NAMED("auto"), 2, {100, 0}, SML_BAD_INPUT, {0}},
	{UNDER, NAMED("auto"), 3, {100, 30, 50}, SML_OK, {30, 30, 30}},
	{UNDER, NAMED("majority"), 3, {100, 30, 50}, SML_OK, {30, 30, 50}},
	{UNDER, NAMED("not majority"), 3, {100, 30, 50}, SML_OK, {100, 30, 30}},
	{UNDER, NAMED("minority"), 3, {100, 30, 50}, SML_BAD_OPTION, {0}},
	{UNDER, RATIO(0.5), 2, {100, 30}, SML_OK, {60, 30}},
	{UNDER, RATIO(0.25), 2, {100, 30}, SML_BAD_OPTION, {0}},
	{UNDER, {NULL, 0, sizes_down}, 3, {100, 30, 50}, SML_OK, {60, 30, 10}},
	{UNDER, {NULL, 0, sizes_down}, 3, {50, 30, 50}, SML_BAD_OPTION, {0}},
	{SML_SIDE_CLEAN, RATIO(0.5), 2, {100, 30}, SML_BAD_OPTION, {0}},
	{SML_SIDE_CLEAN, {NULL, 0, sizes_down}, 3, {100, 30, 50}, SML_BAD_OPTION, {0}},
};

static void
test_cases(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const Case  *c = &cases[i];
		SmlClassPlan plan[4];
		Harness      h;

		harness_start(&h);
		memset(plan, 0, sizeof(plan));
		for (size_t k = 0; k < c->classes; k++)
			plan[k].present = c->present[k];
		if (sml_strategy_plan(&h.env, c->side, &c->strategy, labels, c->classes, plan) != c->status)
			fail_msg("case %zu: %s", i, h.env.detail);
		if (c->status != SML_OK)
			assert_true(h.env.detail[0] != '\0');
		for (size_t k = 0; k < c->classes && c->status == SML_OK; k++)
			if (plan[k].wanted != c->wanted[k])
				fail_msg("case %zu: class %zu gets %llu rows", i, k, (unsigned long long) plan[k].wanted);
		harness_finish(&h);
	}
}

static void
test_cleaning(void **state)
{
	static const struct { const char *name; bool cleaned[3]; } named[] = {
		{"auto", {true, false, true}}, {"majority", {true, false, false}}, {"not majority", {false, true, true}}, {"all", {true, true, true}},
	};
	Harness h;

	(void) state;
	harness_start(&h);
	for (size_t i = 0; i < 4; i++)
	{
		SmlClassPlan plan[3] = {{100, 0, false}, {30, 0, false}, {50, 0, false}};
		SmlStrategy  strategy = {named[i].name, 0, NULL};

		assert_int_equal(sml_strategy_plan(&h.env, SML_SIDE_CLEAN, &strategy, labels, 3, plan), SML_OK);
		for (size_t c = 0; c < 3; c++)
		{
			assert_int_equal(plan[c].cleaned, named[i].cleaned[c]);
			assert_int_equal(plan[c].wanted, plan[c].present);
		}
	}
	harness_finish(&h);
}

static void
test_sentences(void **state)
{
	SmlClassPlan plan[2] = {{100, 0, false}, {30, 0, false}};
	SmlStrategy  strategy = {"minorty", 0, NULL};
	Harness      h;

	(void) state;
	harness_start(&h);
	assert_int_equal(sml_strategy_plan(&h.env, SML_SIDE_OVER, &strategy, labels, 2, plan), SML_BAD_OPTION);
	assert_non_null(strstr(h.env.detail, "perhaps you meant \"minority\""));
	strategy = (SmlStrategy){NULL, 0.2, NULL};
	assert_int_equal(sml_strategy_plan(&h.env, SML_SIDE_OVER, &strategy, labels, 2, plan), SML_BAD_OPTION);
	assert_non_null(strstr(h.env.detail, "asks for 20 rows of class \"b\", which has 30 already"));
	harness_finish(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases), cmocka_unit_test(test_cleaning), cmocka_unit_test(test_sentences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
