/*
 * test_logistic.c - logistic regression against an independent solver (see
 * test/reference/logistic.md), separation, columns left out, weights, warm starts, bytes.
 */
#include "classifier_fit.h"

#define DATA "test/reference/data/"

/* Fit, in three parts per pass; default options but for what is given. */
static Fitted
fit_with(Harness *h, const Data *data, size_t count, const SmlGivenOption *given)
{
	double options[8];
	Fitted fitted;

	set_options(&sml_logistic, options, count, given);
	assert_int_equal(fold_fit(&h->env, &sml_logistic, data, options, 3, NULL, NULL, &fitted), SML_OK);
	return fitted;
}

static void
check_case(const char *source, const char *expected, size_t count, const SmlGivenOption *given)
{
	Harness h;
	Data    data = data_read(source, 2);
	Fitted  fitted;

	harness_start(&h);
	fitted = fit_with(&h, &data, count, given);
	assert_true(fitted.fit->converged);
	check_against(&fitted, expected);
	fitted_free(&h.env, &fitted);
	harness_finish(&h);
	data_free(&data);
}

static void
test_iris(void **unused)
{
	(void) unused;
	check_case(DATA "iris_two.csv", DATA "logistic_iris_expected.csv", 0, NULL);
}

static void
test_mammography(void **unused)
{
	(void) unused;
	check_case(DATA "mammography_quarter.csv", DATA "logistic_mammography_expected.csv", 0, NULL);
}

/* The residence indicators determine one another: the last one is left out, as R does. */
static void
test_collinear(void **unused)
{
	Harness h;
	Data    data = data_read(DATA "german_credit_numeric.csv", 2);
	Fitted  fitted;

	(void) unused;
	check_case(DATA "german_credit_numeric.csv", DATA "logistic_german_expected.csv", 0, NULL);
	harness_start(&h);
	fitted = fit_with(&h, &data, 0, NULL);
	assert_true(has_note(&fitted, "Left out, because earlier columns determine them: x47."));
	assert_true(fitted.fit->dropped[46]);
	assert_true(isinf(fitted.fit->df));
	assert_close(fitted.fit->null_loss, -(0.7 * log(0.7) + 0.3 * log(0.3)), 1e-14);
	assert_close(fitted.fit->log_likelihood, -1000 * fitted.fit->loss, 1e-14);
	fitted_free(&h.env, &fitted);
	harness_finish(&h);
	data_free(&data);
}

static void
test_penalty(void **unused)
{
	const SmlGivenOption raw[] = {{"l2", SML_VALUE_NUMBER, 2, NULL}, {"standardize", SML_VALUE_BOOLEAN, 0, NULL}};
	const SmlGivenOption coded[] = {{"l2", SML_VALUE_NUMBER, 1, NULL}};

	(void) unused;
	check_case(DATA "german_credit_numeric.csv", DATA "logistic_german_l2_expected.csv", 2, raw);
	check_case(DATA "breast_cancer_numeric.csv", DATA "logistic_breast_l2_expected.csv", 1, coded);
}

static void
test_robust_weights(void **unused)
{
	Harness h;
	Data    data = data_read(DATA "german_credit_numeric.csv", 2);
	Fitted  fitted;

	(void) unused;
	data.w = calloc(data.rows, sizeof(double));
	for (size_t i = 0; i < data.rows; i++)
		data.w[i] = 0.5 + (double) (i % 4);
	harness_start(&h);
	fitted = fit_with(&h, &data, 0, NULL);
	check_against(&fitted, DATA "logistic_german_robust_expected.csv");
	fitted_free(&h.env, &fitted);
	harness_finish(&h);
	data_free(&data);
}

/* A row of weight w is the same as w rows. */
static void
test_frequency_weights(void **unused)
{
	const SmlGivenOption frequency[] = {{"weight_type", SML_VALUE_TEXT, 0, "frequency"}};
	Harness              h;
	Data                 data = data_read(DATA "iris_two.csv", 2);
	Data                 repeated = data_make(2 * data.rows, data.terms, 2, (double[2000]){0}, (double[400]){0});
	Fitted               weighted;
	Fitted               plain;

	(void) unused;
	data.w = calloc(data.rows, sizeof(double));
	for (size_t i = 0; i < data.rows; i++)
	{
		data.w[i] = 2;
		for (size_t copy = 0; copy < 2; copy++)
		{
			memcpy(repeated.x + (2 * i + copy) * data.terms, data.x + i * data.terms, data.terms * sizeof(double));
			repeated.y[2 * i + copy] = data.y[i];
		}
	}
	memcpy(repeated.centers, data.centers, data.terms * sizeof(double));
	memcpy(repeated.scales, data.scales, data.terms * sizeof(double));
	memcpy(repeated.constant, data.constant, data.terms * sizeof(bool));
	harness_start(&h);
	weighted = fit_with(&h, &data, 1, frequency);
	plain = fit_with(&h, &repeated, 0, NULL);
	assert_true(largest_difference(5, weighted.fit->estimate, plain.fit->estimate) < 1e-9);
	assert_true(largest_difference(5, weighted.fit->std_error, plain.fit->std_error) < 1e-9);
	assert_close(weighted.fit->weight, 200, 0);
	fitted_free(&h.env, &weighted);
	fitted_free(&h.env, &plain);
	harness_finish(&h);
	data_free(&data);
	data_free(&repeated);
}

/* ---- separation ---- */

static void
test_complete_separation(void **unused)
{
	const double x[] = {1, 2, 3, 4, 5, 6};
	const double y[] = {0, 0, 0, 1, 1, 1};
	Harness      h;
	Data         data = data_make(6, 1, 2, x, y);
	Fitted       fitted;

	(void) unused;
	harness_start(&h);
	fitted = fit_with(&h, &data, 0, NULL);
	assert_true(fitted.fit->converged);
	assert_true(isfinite(fitted.fit->estimate[1]) && fitted.fit->estimate[1] > 0);
	assert_close(-fitted.fit->estimate[0] / fitted.fit->estimate[1], 3.5, 1e-9);
	assert_true(isnan(fitted.fit->std_error[0]) && isnan(fitted.fit->std_error[1]));
	assert_close(fitted.fit->ridge, 6e-4, 1e-12);
	assert_true(has_note(&fitted, "separated"));
	fitted_free(&h.env, &fitted);
	harness_finish(&h);
	data_free(&data);
}

/*
 * x1 = 3 holds both classes, below it all are 0, above all are 1.  What is left for x2 is the
 * regression on the three rows with x1 = 3; worked out apart: see logistic.md.
 */
static void
test_quasi_separation(void **unused)
{
	const double x[] = {1, 3, 2, 0, 3, -1, 3, 4, 3, 1, 4, 0, 5, 2, 6, 7, 10, 3, 11, 4};
	const double y[] = {0, 0, 0, 0, 1, 1, 1, 1, 1, 1};
	Harness      h;
	Data         data = data_make(10, 2, 2, x, y);
	Fitted       fitted;

	(void) unused;
	harness_start(&h);
	fitted = fit_with(&h, &data, 0, NULL);
	assert_true(fitted.fit->converged);
	assert_true(isnan(fitted.fit->std_error[0]));
	assert_true(isnan(fitted.fit->std_error[1]));
	assert_true(fitted.fit->estimate[1] > 3);
	/* the ridge on x1 alone moves x2 only a little from its limit */
	assert_close(fitted.fit->estimate[2], -0.12062572, 0.02);
	assert_close(fitted.fit->std_error[2], 0.6098361, 0.02);
	assert_true(has_note(&fitted, "separated perfectly by x1, so"));
	fitted_free(&h.env, &fitted);
	harness_finish(&h);
	data_free(&data);
}

/* A level of three rows, all of one class, among overlapping data: found in the first pass, the others keep their errors. */
static void
test_rare_level(void **unused)
{
	Harness h;
	Data    data = data_read(DATA "iris_two.csv", 2);
	double *x = calloc(data.rows * 2, sizeof(double));
	Data    rare;
	Fitted  fitted;
	size_t  marked = 0;

	(void) unused;
	for (size_t i = 0; i < data.rows; i++)
	{
		x[2 * i] = data.x[i * data.terms];
		if (data.y[i] == 1 && marked < 3 && ++marked)
			x[2 * i + 1] = 1;
	}
	rare = data_make(data.rows, 2, 2, x, data.y);
	harness_start(&h);
	fitted = fit_with(&h, &rare, 0, NULL);
	assert_true(fitted.fit->converged);
	assert_true(isfinite(fitted.fit->std_error[0]) && isfinite(fitted.fit->std_error[1]));
	assert_true(isnan(fitted.fit->std_error[2]));
	assert_true(has_note(&fitted, "separated perfectly by x2, so"));
	assert_true(fitted.passes <= 14);
	fitted_free(&h.env, &fitted);
	harness_finish(&h);
	data_free(&data);
	data_free(&rare);
	free(x);
}

static void
test_breast_cancer_is_separable(void **unused)
{
	Harness h;
	Data    data = data_read(DATA "breast_cancer_numeric.csv", 2);
	Fitted  fitted;

	(void) unused;
	harness_start(&h);
	fitted = fit_with(&h, &data, 0, NULL);
	assert_true(fitted.fit->converged);
	assert_true(has_note(&fitted, "completely separated"));
	assert_non_null(fitted.fit->no_inference);
	fitted_free(&h.env, &fitted);
	harness_finish(&h);
	data_free(&data);
}

/* ---- behaviour ---- */

static void
test_parts_and_warm(void **unused)
{
	Harness   h;
	Data      data = data_read(DATA "mammography_quarter.csv", 2);
	double    options[8];
	SmlState *kept = NULL;
	Fitted    one;
	Fitted    seven;
	Fitted    warm;

	(void) unused;
	set_options(&sml_logistic, options, 0, NULL);
	harness_start(&h);
	assert_int_equal(fold_fit(&h.env, &sml_logistic, &data, options, 1, NULL, &kept, &one), SML_OK);
	assert_int_equal(fold_fit(&h.env, &sml_logistic, &data, options, 7, NULL, NULL, &seven), SML_OK);
	assert_int_equal(fold_fit(&h.env, &sml_logistic, &data, options, 2, kept, NULL, &warm), SML_OK);
	assert_true(largest_difference(7, one.fit->estimate, seven.fit->estimate) < 1e-10);
	assert_true(largest_difference(7, one.fit->std_error, seven.fit->std_error) < 1e-10);
	assert_true(largest_difference(7, one.fit->estimate, warm.fit->estimate) < 1e-9);
	assert_int_equal(warm.passes, 1);
	sml_logistic.free(&h.env, kept);
	fitted_free(&h.env, &one);
	fitted_free(&h.env, &seven);
	fitted_free(&h.env, &warm);
	harness_finish(&h);
	data_free(&data);
}

static void
test_limit(void **unused)
{
	const SmlGivenOption few[] = {{"max_iter", SML_VALUE_NUMBER, 2, NULL}};
	Harness              h;
	Data                 data = data_read(DATA "iris_two.csv", 2);
	Fitted               fitted;

	(void) unused;
	harness_start(&h);
	fitted = fit_with(&h, &data, 1, few);
	assert_false(fitted.fit->converged);
	assert_int_equal(fitted.fit->iterations, 2);
	assert_true(has_note(&fitted, "did not converge"));
	assert_true(isnan(fitted.fit->std_error[1]));
	fitted_free(&h.env, &fitted);
	harness_finish(&h);
	data_free(&data);
}

/* No term at all, or none that varies: the intercept is the log-odds, its error 1 / sqrt(n q (1 - q)). */
static void
test_intercept_alone(void **unused)
{
	const double x[] = {7, 7, 7, 7, 7, 7, 7, 7};
	const double y[] = {0, 0, 1, 0, 1, 0, 0, 0};
	Harness      h;

	(void) unused;
	harness_start(&h);
	for (size_t terms = 0; terms < 2; terms++)
	{
		Data   data = data_make(8, terms, 2, x, y);
		Fitted fitted = fit_with(&h, &data, 0, NULL);

		assert_true(fitted.fit->converged);
		assert_close(fitted.fit->estimate[0], log(0.25 / 0.75), 1e-12);
		assert_close(fitted.fit->std_error[0], 1 / sqrt(8 * 0.25 * 0.75), 1e-12);
		assert_true(terms == 0 || (fitted.fit->dropped[0] && isnan(fitted.fit->estimate[1])));
		assert_true(terms == 0 || fitted.fit->coded[1] == 0);
		fitted_free(&h.env, &fitted);
		data_free(&data);
	}
	harness_finish(&h);
}

/* More columns than rows: the first ones are kept, and they separate. */
static void
test_more_terms_than_rows(void **unused)
{
	double  x[6 * 9];
	double  y[6] = {0, 1, 0, 0, 1, 1};
	Harness h;
	Data    data;
	Fitted  fitted;
	size_t  dropped = 0;

	(void) unused;
	for (size_t i = 0; i < 54; i++)
		x[i] = sin(1.0 + (double) (i * i));
	data = data_make(6, 9, 2, x, y);
	harness_start(&h);
	fitted = fit_with(&h, &data, 0, NULL);
	for (size_t j = 0; j < 9; j++)
		dropped += fitted.fit->dropped[j];
	assert_int_equal(dropped, 4);
	assert_false(fitted.fit->dropped[4]);
	assert_true(has_note(&fitted, "completely separated"));
	assert_true(has_note(&fitted, "earlier columns determine them: x6, x7, x8, x9."));
	fitted_free(&h.env, &fitted);
	harness_finish(&h);
	data_free(&data);
}

static void
test_bad_input(void **unused)
{
	const double x[] = {1, 2, 3};
	const double y[] = {1, 1, 1};
	Harness      h;
	Data         data = data_make(3, 1, 2, x, y);
	double       options[8];
	Fitted       fitted;
	Data         none = data;

	(void) unused;
	set_options(&sml_logistic, options, 0, NULL);
	harness_start(&h);
	assert_int_equal(fold_fit(&h.env, &sml_logistic, &data, options, 1, NULL, NULL, &fitted), SML_BAD_INPUT);
	assert_string_equal(h.env.detail, "All rows have the same class.");
	none.rows = 0;
	assert_int_equal(fold_fit(&h.env, &sml_logistic, &none, options, 1, NULL, NULL, &fitted), SML_BAD_INPUT);
	harness_finish(&h);
	data_free(&data);
}

/* Offsets of 1e9 and scales of 1e12 change nothing but the units. */
static void
test_units(void **unused)
{
	Harness h;
	Data    data = data_read(DATA "iris_two.csv", 2);
	Data    moved;
	double *x = calloc(data.rows * 4, sizeof(double));
	Fitted  plain;
	Fitted  other;

	(void) unused;
	for (size_t i = 0; i < data.rows * 4; i++)
	{
		double value = round((data.x[i] * data.scales[i % 4] + data.centers[i % 4]) * 10);

		x[i] = i % 4 == 0 ? value + 1e9 : i % 4 == 1 ? value * 1e12 : value;
	}
	moved = data_make(data.rows, 4, 2, x, data.y);
	harness_start(&h);
	plain = fit_with(&h, &data, 0, NULL);
	other = fit_with(&h, &moved, 0, NULL);
	assert_close(other.fit->estimate[1] * 10, plain.fit->estimate[1], 1e-8);
	assert_close(other.fit->estimate[2] * 1e13, plain.fit->estimate[2], 1e-8);
	assert_close(other.fit->estimate[3] * 10, plain.fit->estimate[3], 1e-8);
	fitted_free(&h.env, &plain);
	fitted_free(&h.env, &other);
	harness_finish(&h);
	data_free(&data);
	data_free(&moved);
	free(x);
}

static SmlStatus
sweep_body(Harness *h, void *arg)
{
	const Data *data = arg;
	double      options[8] = {0, 1, 100, 1e-10, 0};
	Fitted      fitted;
	SmlStatus   status = fold_fit(&h->env, &sml_logistic, data, options, 2, NULL, NULL, &fitted);

	if (status == SML_OK)
		fitted_free(&h->env, &fitted);
	return status;
}

static void
test_sweep(void **unused)
{
	const double x[] = {1, 3, 2, 0, 3, -1, 3, 4, 3, 1, 4, 0, 5, 2, 6, 7, 10, 3, 11, 4};
	const double y[] = {0, 0, 0, 0, 1, 0, 1, 1, 0, 1};
	const double w[] = {1, 2, 1, 2, 1, 2, 1, 2, 1, 2};
	Data         data = data_make(10, 2, 2, x, y);

	(void) unused;
	data.w = calloc(10, sizeof(double));
	memcpy(data.w, w, sizeof(w));
	harness_sweep(sweep_body, &data);
	data_free(&data);
}

/* Cut or changed bytes are refused, or give a state that can be used without harm. */
static void
test_hostile_bytes(void **unused)
{
	const double x[] = {1, 3, 2, 0, 3, -1, 3, 4, 3, 1, 4, 0};
	const double y[] = {0, 1, 0, 1, 1, 0};
	Harness      h;
	Data         data = data_make(6, 2, 2, x, y);
	double       options[8];
	SmlDesign    design;
	SmlBlock     block = {.rows = 6, .x = data.x, .y = data.y};
	SmlState    *state = NULL;
	SmlWriter    writer;
	SmlReader    reader;

	(void) unused;
	set_options(&sml_logistic, options, 0, NULL);
	design = data_design(&data, options);
	harness_start(&h);
	assert_int_equal(sml_logistic.start(&h.env, &design, &state), SML_OK);
	assert_int_equal(sml_logistic.absorb(&h.env, state, &block), SML_OK);
	sml_writer_start(&writer, &h.env);
	sml_logistic.write(&writer, state);
	assert_int_equal(writer.status, SML_OK);
	sml_logistic.free(&h.env, state);
	for (size_t size = 0; size < writer.size; size++)
	{
		sml_reader_start(&reader, &h.env, writer.bytes, size);
		sml_logistic.read(&reader, &design, &state);
		assert_int_equal(reader.status, SML_CORRUPT);
		assert_null(state);
	}
	for (size_t i = 0; i < 2 * writer.size; i++)
	{
		uint8_t    before = writer.bytes[i / 2];
		SmlVerdict verdict;

		writer.bytes[i / 2] ^= i % 2 ? 0xff : 0x40;
		sml_reader_start(&reader, &h.env, writer.bytes, writer.size);
		sml_logistic.read(&reader, &design, &state);
		if (state != NULL)
		{
			/* any status will do: the sanitizers watch */
			SmlStatus ignored = sml_logistic.absorb(&h.env, state, &block);

			ignored = sml_logistic.finish_pass(&h.env, state, &verdict);
			(void) ignored;
			sml_logistic.free(&h.env, state);
		}
		writer.bytes[i / 2] = before;
	}
	sml_writer_free(&writer);
	harness_finish(&h);
	data_free(&data);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_iris),
		cmocka_unit_test(test_mammography),
		cmocka_unit_test(test_collinear),
		cmocka_unit_test(test_penalty),
		cmocka_unit_test(test_robust_weights),
		cmocka_unit_test(test_frequency_weights),
		cmocka_unit_test(test_complete_separation),
		cmocka_unit_test(test_quasi_separation),
		cmocka_unit_test(test_rare_level),
		cmocka_unit_test(test_breast_cancer_is_separable),
		cmocka_unit_test(test_parts_and_warm),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_intercept_alone),
		cmocka_unit_test(test_more_terms_than_rows),
		cmocka_unit_test(test_bad_input),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_hostile_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
