/*
 * test_multinomial.c - softmax regression against an independent solver (see
 * test/reference/logistic.md), by Newton's method and by L-BFGS; separation, bytes.
 */
#include "classifier_fit.h"

#define DATA "test/reference/data/"

static Fitted
fit_with(Harness *h, const Data *data, size_t count, const SmlGivenOption *given)
{
	double options[8];
	Fitted fitted;

	set_options(&sml_multinomial, options, count, given);
	assert_int_equal(fold_fit(&h->env, &sml_multinomial, data, options, 3, NULL, NULL, &fitted), SML_OK);
	return fitted;
}

/* The rows of classes 1 to K - 1 against class 0, whose row is zero. */
static void
check_baseline(const Fitted *fitted, const char *path)
{
	SmlFit  *fit = fitted->fit;
	size_t   width = 1 + fit->terms;
	size_t   rows;
	size_t   columns;
	double  *expected = harness_csv(path, &rows, &columns);

	assert_int_equal(fit->baseline, 0);
	assert_int_equal(rows, (fit->outputs - 1) * width);
	for (size_t j = 0; j < width; j++)
	{
		assert_true(fit->estimate[j] == 0);
		assert_true(isnan(fit->std_error[j]));
	}
	for (size_t i = 0; i < rows; i++)
	{
		assert_close(fit->estimate[width + i], expected[2 * i], 1e-8);
		assert_true(fabs(fit->std_error[width + i] / expected[2 * i + 1] - 1) < 1e-8);
	}
	free(expected);
}

static void
test_wine(void **unused)
{
	Harness h;
	Data    data = data_read(DATA "wine_three.csv", 3);
	Fitted  fitted;

	(void) unused;
	harness_start(&h);
	fitted = fit_with(&h, &data, 0, NULL);
	assert_true(fitted.fit->converged);
	check_baseline(&fitted, DATA "multinomial_wine_expected.csv");
	fitted_free(&h.env, &fitted);
	data.w = calloc(data.rows, sizeof(double));
	for (size_t i = 0; i < data.rows; i++)
		data.w[i] = 0.5 + (double) (i % 4);
	fitted = fit_with(&h, &data, 0, NULL);
	check_baseline(&fitted, DATA "multinomial_wine_robust_expected.csv");
	fitted_free(&h.env, &fitted);
	harness_finish(&h);
	data_free(&data);
}

static void
test_penalty(void **unused)
{
	const SmlGivenOption raw[] = {{"l2", SML_VALUE_NUMBER, 1, NULL}, {"standardize", SML_VALUE_BOOLEAN, 0, NULL}};
	const SmlGivenOption coded[] = {{"l2", SML_VALUE_NUMBER, 10, NULL}};
	Harness              h;
	Data                 wine = data_read(DATA "wine_numeric.csv", 3);
	Data                 digits = data_read(DATA "digits_numeric.csv", 10);
	Fitted               fitted;

	(void) unused;
	harness_start(&h);
	fitted = fit_with(&h, &wine, 2, raw);
	/* the expected intercepts are centred, as ours are */
	check_against(&fitted, DATA "multinomial_wine_l2_expected.csv");
	assert_true(fitted.fit->baseline == SML_NO_BASELINE);
	assert_non_null(fitted.fit->no_inference);
	fitted_free(&h.env, &fitted);
	fitted = fit_with(&h, &digits, 1, coded);
	check_against(&fitted, DATA "multinomial_digits_l2_expected.csv");
	assert_true(fitted.fit->dropped[0] && fitted.fit->dropped[32]);
	fitted_free(&h.env, &fitted);
	harness_finish(&h);
	data_free(&wine);
	data_free(&digits);
}

/* Two classes: the same as logistic regression, whatever the caller calls the task. */
static void
test_two_classes(void **unused)
{
	Harness h;
	Data    data = data_read(DATA "iris_two.csv", 2);
	Fitted  fitted;

	(void) unused;
	harness_start(&h);
	fitted = fit_with(&h, &data, 0, NULL);
	assert_int_equal(fitted.fit->outputs, 1);
	check_against(&fitted, DATA "logistic_iris_expected.csv");
	fitted_free(&h.env, &fitted);
	harness_finish(&h);
	data_free(&data);
}

/* Setosa is separated from the others; all digits are separated from one another. */
static void
test_separation(void **unused)
{
	Harness h;
	Data    iris = data_read(DATA "iris_numeric.csv", 3);
	Data    wine = data_read(DATA "wine_numeric.csv", 3);
	Fitted  fitted;

	(void) unused;
	harness_start(&h);
	fitted = fit_with(&h, &iris, 0, NULL);
	assert_true(fitted.fit->converged);
	assert_true(has_note(&fitted, "separated perfectly by"));
	assert_close(fitted.fit->ridge, 1e-4 * 150, 1e-12);
	assert_true(isnan(fitted.fit->std_error[5 + 3]));
	fitted_free(&h.env, &fitted);
	fitted = fit_with(&h, &wine, 0, NULL);
	assert_true(fitted.fit->converged);
	assert_true(has_note(&fitted, "completely separated"));
	fitted_free(&h.env, &fitted);
	harness_finish(&h);
	data_free(&iris);
	data_free(&wine);
}

/* Digits with twelve products of pixels: 9 x 77 unknowns, beyond the full Hessian. */
static Data
wide_digits(void)
{
	Data    plain = data_read(DATA "digits_numeric.csv", 10);
	size_t  terms = plain.terms + 12;
	double *x = calloc(plain.rows * terms, sizeof(double));
	Data    wide;

	for (size_t i = 0; i < plain.rows; i++)
	{
		const double *from = plain.x + i * plain.terms;

		memcpy(x + i * terms, from, plain.terms * sizeof(double));
		for (size_t j = 0; j < 12; j++)
			x[i * terms + plain.terms + j] = from[10 + 3 * j] * from[20 + 3 * j];
	}
	wide = data_make(plain.rows, terms, 10, x, plain.y);
	data_free(&plain);
	free(x);
	return wide;
}

/*
 * The largest entry of the gradient of the penalised objective, per row, worked out
 * from the definition: zero at the optimum and only there.
 */
static double
largest_gradient(const Data *data, const SmlFit *fit, double l2)
{
	size_t  width = 1 + data->terms;
	double *gradient = calloc(10 * width, sizeof(double));
	double  largest = 0;

	for (size_t i = 0; i < data->rows; i++)
	{
		const double *x = data->x + i * data->terms;
		double        p[10];
		double        sum = 0;

		for (size_t k = 0; k < 10; k++)
		{
			p[k] = fit->coded[k * width];
			for (size_t j = 0; j < data->terms; j++)
				p[k] += fit->coded[k * width + 1 + j] * x[j];
			p[k] = exp(p[k]);
			sum += p[k];
		}
		for (size_t k = 0; k < 10; k++)
		{
			double residual = p[k] / sum - (data->y[i] == (double) k);

			gradient[k * width] += residual;
			for (size_t j = 0; j < data->terms; j++)
				gradient[k * width + 1 + j] += residual * x[j];
		}
	}
	for (size_t i = 0; i < 10 * width; i++)
	{
		double mean = 0;
		double total = gradient[i];

		/* with a baseline the penalty is the one on the centred rows */
		for (size_t k = 0; k < 10; k++)
			mean += fit->coded[k * width + i % width] / 10;
		if (i % width > 0)
			total += l2 * (fit->coded[i] - mean);
		if (i % width == 0 || !fit->dropped[i % width - 1])
			largest = fmax(largest, fabs(total) / (double) data->rows);
	}
	free(gradient);
	return largest;
}

static void
test_lbfgs(void **unused)
{
	const SmlGivenOption given[] = {{"l2", SML_VALUE_NUMBER, 10, NULL}, {"max_iter", SML_VALUE_NUMBER, 500, NULL}};
	Harness              h;
	Data                 data = wide_digits();
	Fitted               fitted;

	(void) unused;
	harness_start(&h);
	fitted = fit_with(&h, &data, 2, given);
	assert_true(fitted.fit->converged);
	assert_true(largest_gradient(&data, fitted.fit, 10) < 1e-7);
	fitted_free(&h.env, &fitted);
	/* without a penalty the digits are separable: the ridge, and no errors */
	fitted = fit_with(&h, &data, 1, (SmlGivenOption[]){{"max_iter", SML_VALUE_NUMBER, 2000, NULL}});
	assert_true(has_note(&fitted, "completely separated"));
	assert_true(isnan(fitted.fit->std_error[100]));
	assert_true(largest_gradient(&data, fitted.fit, fitted.fit->ridge) < 1e-6);
	fitted_free(&h.env, &fitted);
	harness_finish(&h);
	data_free(&data);
}

static void
test_parts_and_warm(void **unused)
{
	Harness   h;
	Data      data = data_read(DATA "wine_three.csv", 3);
	double    options[8];
	SmlState *kept = NULL;
	Fitted    one;
	Fitted    seven;
	Fitted    warm;

	(void) unused;
	set_options(&sml_multinomial, options, 0, NULL);
	harness_start(&h);
	assert_int_equal(fold_fit(&h.env, &sml_multinomial, &data, options, 1, NULL, &kept, &one), SML_OK);
	assert_int_equal(fold_fit(&h.env, &sml_multinomial, &data, options, 7, NULL, NULL, &seven), SML_OK);
	assert_int_equal(fold_fit(&h.env, &sml_multinomial, &data, options, 2, kept, NULL, &warm), SML_OK);
	assert_true(largest_difference(12, one.fit->estimate, seven.fit->estimate) < 1e-10);
	assert_true(largest_difference(12, one.fit->std_error, seven.fit->std_error) < 1e-10);
	assert_true(largest_difference(12, one.fit->estimate, warm.fit->estimate) < 1e-9);
	assert_true(warm.passes <= 2);
	sml_multinomial.free(&h.env, kept);
	fitted_free(&h.env, &one);
	fitted_free(&h.env, &seven);
	fitted_free(&h.env, &warm);
	harness_finish(&h);
	data_free(&data);
}

static void
test_bad_input(void **unused)
{
	const double x[] = {1, 2, 3, 4};
	const double y[] = {0, 2, 0, 2};
	Harness      h;
	Data         data = data_make(4, 1, 3, x, y);
	double       options[8];
	Fitted       fitted;

	(void) unused;
	set_options(&sml_multinomial, options, 0, NULL);
	harness_start(&h);
	assert_int_equal(fold_fit(&h.env, &sml_multinomial, &data, options, 1, NULL, NULL, &fitted), SML_BAD_INPUT);
	assert_string_equal(h.env.detail, "Class 2 of 3 has no rows.");
	harness_finish(&h);
	data_free(&data);
}

static SmlStatus
sweep_body(Harness *h, void *arg)
{
	const Data *data = arg;
	double      options[8] = {0, 1, 100, 1e-10, 0};
	Fitted      fitted;
	SmlStatus   status = fold_fit(&h->env, &sml_multinomial, data, options, 2, NULL, NULL, &fitted);

	if (status == SML_OK)
		fitted_free(&h->env, &fitted);
	return status;
}

static const double small_x[] = {1, 3, 2, 0, 3, -1, 3, 4, 3, 1, 4, 0, 5, 2, 6, 7, 1, 3, 2, 4};
static const double small_y[] = {0, 2, 1, 0, 1, 0, 2, 1, 2, 0};

static void
test_sweep(void **unused)
{
	Data data = data_make(10, 2, 3, small_x, small_y);

	(void) unused;
	data.w = calloc(10, sizeof(double));
	for (size_t i = 0; i < 10; i++)
		data.w[i] = 1 + (double) (i % 2);
	harness_sweep(sweep_body, &data);
	data_free(&data);
}

/* The same for L-BFGS: 61 classes of ten terms are 660 unknowns; the limit comes soon. */
static SmlStatus
sweep_lbfgs_body(Harness *h, void *arg)
{
	const Data *data = arg;
	double      options[8] = {1, 1, 4, 1e-10, 0};
	Fitted      fitted;
	SmlStatus   status = fold_fit(&h->env, &sml_multinomial, data, options, 2, NULL, NULL, &fitted);

	if (status == SML_OK)
	{
		assert_int_equal(fitted.passes, 4);
		fitted_free(&h->env, &fitted);
	}
	return status;
}

static void
test_sweep_lbfgs(void **unused)
{
	double x[122 * 10];
	double y[122];
	Data   data;

	(void) unused;
	for (size_t i = 0; i < 122; i++)
	{
		y[i] = (double) (i % 61);
		for (size_t j = 0; j < 10; j++)
			x[i * 10 + j] = sin((double) (i * 10 + j)) + y[i] * (double) j / 61;
	}
	data = data_make(122, 10, 61, x, y);
	harness_sweep(sweep_lbfgs_body, &data);
	data_free(&data);
}

/* Cut or changed bytes are refused, or give a state that can be used without harm. */
static void
test_hostile_bytes(void **unused)
{
	Harness   h;
	Data      data = data_make(10, 2, 3, small_x, small_y);
	double    options[8];
	SmlDesign design;
	SmlBlock  block = {.rows = 10, .x = data.x, .y = data.y};
	SmlState *state = NULL;
	SmlWriter writer;
	SmlReader reader;

	(void) unused;
	set_options(&sml_multinomial, options, 0, NULL);
	design = data_design(&data, options);
	harness_start(&h);
	assert_int_equal(sml_multinomial.start(&h.env, &design, &state), SML_OK);
	assert_int_equal(sml_multinomial.absorb(&h.env, state, &block), SML_OK);
	sml_writer_start(&writer, &h.env);
	sml_multinomial.write(&writer, state);
	assert_int_equal(writer.status, SML_OK);
	sml_multinomial.free(&h.env, state);
	for (size_t size = 0; size < writer.size; size++)
	{
		sml_reader_start(&reader, &h.env, writer.bytes, size);
		sml_multinomial.read(&reader, &design, &state);
		assert_int_equal(reader.status, SML_CORRUPT);
		assert_null(state);
	}
	for (size_t i = 0; i < 2 * writer.size; i++)
	{
		uint8_t    before = writer.bytes[i / 2];
		SmlVerdict verdict;

		writer.bytes[i / 2] ^= i % 2 ? 0xff : 0x40;
		sml_reader_start(&reader, &h.env, writer.bytes, writer.size);
		sml_multinomial.read(&reader, &design, &state);
		if (state != NULL)
		{
			/* any status will do: the sanitizers watch */
			SmlStatus ignored = sml_multinomial.absorb(&h.env, state, &block);

			ignored = sml_multinomial.finish_pass(&h.env, state, &verdict);
			(void) ignored;
			sml_multinomial.free(&h.env, state);
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
		cmocka_unit_test(test_wine),
		cmocka_unit_test(test_penalty),
		cmocka_unit_test(test_two_classes),
		cmocka_unit_test(test_separation),
		cmocka_unit_test(test_lbfgs),
		cmocka_unit_test(test_parts_and_warm),
		cmocka_unit_test(test_bad_input),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_sweep_lbfgs),
		cmocka_unit_test(test_hostile_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
