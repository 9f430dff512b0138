/*
 * test_options.c - options of a learner: defaults, kinds, ranges, and the closest
 * name.  Distances are worked out by hand.
 */
#include "harness.h"

#include "../../src/core/model/learners.h"
#include "../../src/core/options.h"

static void
expect_failure(const SmlGivenOption *given, size_t count, const char *words)
{
	static const char *const other[] = {"class_weight", "resample"};
	Harness                  h;
	double                   values[8] = {42, 42, 42, 42, 42, 42, 42, 42};

	harness_start(&h);
	assert_int_equal(sml_options_fill(&h.env, &sml_logistic, given, count, other, 2, values), SML_BAD_OPTION);
	if (strstr(h.env.detail, words) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", words, h.env.detail);
	assert_true(values[0] == 42);
	harness_finish(&h);
}

static void
test_defaults(void **unused)
{
	const SmlGivenOption given[] = {{"l2", SML_VALUE_NULL, 0, NULL}};
	Harness              h;
	double               values[8];

	(void) unused;
	harness_start(&h);
	assert_int_equal(sml_options_fill(&h.env, &sml_logistic, given, 1, NULL, 0, values), SML_OK);
	assert_true(values[0] == 0 && values[1] == 1 && values[2] == 100 && values[3] == 1e-10 && values[4] == 0);
	harness_finish(&h);
}

static void
test_values(void **unused)
{
	const SmlGivenOption given[] = {
		{"weight_type", SML_VALUE_TEXT, 0, "frequency"}, {"l2", SML_VALUE_TEXT, 0, "1e-3"},
		{"standardize", SML_VALUE_TEXT, 0, "false"},     {"max_iter", SML_VALUE_NUMBER, 7, NULL},
	};
	Harness h;
	double  values[8];

	(void) unused;
	harness_start(&h);
	assert_int_equal(sml_options_fill(&h.env, &sml_logistic, given, 4, NULL, 0, values), SML_OK);
	assert_true(values[0] == 1e-3 && values[1] == 0 && values[2] == 7 && values[4] == 1);
	harness_finish(&h);
}

static void
test_refusals(void **unused)
{
	(void) unused;
	expect_failure(&(SmlGivenOption){"tolerence", SML_VALUE_NUMBER, 1, NULL}, 1, "perhaps \"tolerance\" was meant");
	expect_failure(&(SmlGivenOption){"zzz", SML_VALUE_NUMBER, 1, NULL}, 1,
				   "it knows l2, standardize, max_iter, tolerance, weight_type, class_weight, resample");
	expect_failure(&(SmlGivenOption){"clas_weight", SML_VALUE_NUMBER, 1, NULL}, 1, "perhaps \"class_weight\"");
	expect_failure(&(SmlGivenOption){"l2", SML_VALUE_NUMBER, -1, NULL}, 1, "at least 0");
	expect_failure(&(SmlGivenOption){"l2", SML_VALUE_NUMBER, NAN, NULL}, 1, "at least 0");
	expect_failure(&(SmlGivenOption){"l2", SML_VALUE_TEXT, 0, "inf"}, 1, "finite");
	expect_failure(&(SmlGivenOption){"l2", SML_VALUE_TEXT, 0, "3 apples"}, 1, "must be a number");
	expect_failure(&(SmlGivenOption){"l2", SML_VALUE_OTHER, 0, NULL}, 1, "must be a number");
	expect_failure(&(SmlGivenOption){"max_iter", SML_VALUE_NUMBER, 1.5, NULL}, 1, "a whole number");
	expect_failure(&(SmlGivenOption){"max_iter", SML_VALUE_NUMBER, 0, NULL}, 1, "between 1 and 1000000, not 0");
	expect_failure(&(SmlGivenOption){"standardize", SML_VALUE_NUMBER, 2, NULL}, 1, "true or false");
	expect_failure(&(SmlGivenOption){"weight_type", SML_VALUE_TEXT, 0, "frequencies"}, 1, "perhaps \"frequency\"");
	expect_failure(&(SmlGivenOption){"weight_type", SML_VALUE_NUMBER, 1, NULL}, 1, "one of importance, frequency.");
	expect_failure((SmlGivenOption[]){{"l2", SML_VALUE_NUMBER, 1, NULL}, {"l2", SML_VALUE_NUMBER, 1, NULL}}, 2,
				   "given twice");
}

static void
test_closest(void **unused)
{
	static const char *const names[] = {"income", "age", "education_level", "sex"};

	(void) unused;
	assert_string_equal(sml_closest("incmoe", names, 4), "income"); /* one swap */
	assert_string_equal(sml_closest("INCOME", names, 4), "income");
	assert_string_equal(sml_closest("eductionlevel", names, 4), "education_level");
	assert_string_equal(sml_closest("ag", names, 4), "age");
	assert_null(sml_closest("xy", names, 4)); /* two changes keep no letter */
	assert_null(sml_closest("salary", names, 4));
	assert_null(sml_closest("", names, 4));
	assert_null(sml_closest("age", names, 0));
}

static void
test_learners(void **unused)
{
	size_t count = 0;

	(void) unused;
	for (; sml_learner_at(count) != NULL; count++)
		assert_ptr_equal(sml_learner_by_name(sml_learner_at(count)->name), sml_learner_at(count));
	assert_int_equal(count, 3);
	assert_null(sml_learner_by_name("logit"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_values),  cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_closest),  cmocka_unit_test(test_learners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
