/*
 * test_scorer.c - links, responses and explanations of a scorer against the encoder and
 * plain sums, and probabilities against R (test/reference/encoder.md).
 */
#include "models.h"

static const SmlTask tasks[3] = {SML_REGRESSION, SML_BINARY, SML_MULTICLASS};

/* The link of one row, straight from the definition. */
static double
link_by_hand(const SmlModel *model, size_t output, const double *numbers, const size_t *levels)
{
	double        x[MODEL_TERMS];
	const double *coded = model->fit->coded + output * (1 + MODEL_TERMS);
	double        sum = coded[0];

	sml_encode_row(model->encoder, numbers, levels, x);
	for (size_t j = 0; j < MODEL_TERMS; j++)
		sum += coded[1 + j] * x[j];
	return sum;
}

static void
check_row(const SmlModel *model, const SmlScorer *scorer, const double *numbers, size_t level)
{
	size_t outputs = sml_scorer_outputs(scorer);
	double link[3];
	double base[3];
	double parts[9];

	sml_score_link(scorer, numbers, &level, link);
	sml_score_explain(scorer, numbers, &level, base, parts);
	for (size_t k = 0; k < outputs; k++)
	{
		double sum = base[k];

		assert_close(link[k], link_by_hand(model, k, numbers, &level), 1e-14);
		assert_true(base[k] == model->fit->coded[k * (1 + MODEL_TERMS)]);
		for (size_t f = 0; f < 3; f++)
			sum += parts[f * outputs + k];
		assert_close(sum, link[k], 1e-14);
	}
}

static void
test_links(void **state)
{
	(void) state;
	for (size_t t = 0; t < 3; t++)
	{
		Harness    h;
		SmlModel  *model;
		SmlScorer *scorer;
		double     rows[MODEL_ROWS][3];
		double     strange[4][2] = {{NAN, 1}, {-INFINITY, 2}, {1, NO}, {NO, INFINITY}};

		harness_start(&h);
		model_rows(rows);
		assert_int_equal(model_of(&h.env, tasks[t], &model), SML_OK);
		assert_int_equal(model->encoder->term_count, MODEL_TERMS);
		assert_int_equal(sml_scorer_make(&h.env, model, &scorer), SML_OK);
		assert_int_equal(sml_scorer_outputs(scorer), t == 2 ? 3 : 1);
		/* levels a, b, c, (missing), and none */
		for (size_t level = 0; level < 5; level++)
		{
			for (size_t r = 0; r < MODEL_ROWS; r++)
				check_row(model, scorer, rows[r], level < 4 ? level : SML_NO_LEVEL);
			for (size_t r = 0; r < 4; r++)
				check_row(model, scorer, strange[r], level < 4 ? level : SML_NO_LEVEL);
		}
		sml_scorer_free(&h.env, scorer);
		sml_model_free(&h.env, model);
		harness_finish(&h);
	}
}

/* One contribution worked by hand: z is 45 +- 22.91 in training, its coefficient is coded[3]. */
static void
test_contribution(void **state)
{
	Harness    h;
	SmlModel  *model;
	SmlScorer *scorer;
	double     row[2] = {NO, 80};
	double     base[1];
	double     parts[3];
	size_t     level = SML_NO_LEVEL;

	(void) state;
	harness_start(&h);
	assert_int_equal(model_of(&h.env, SML_BINARY, &model), SML_OK);
	assert_int_equal(sml_scorer_make(&h.env, model, &scorer), SML_OK);
	sml_score_explain(scorer, row, &level, base, parts);
	/* variance of 10, 20, ..., 80: 525 */
	assert_close(parts[1], model_coefficient(3) * 35 / sqrt(525), 1e-14);
	/* x missing: its mean is imputed, so only the indicator speaks: 2 of 8, (1 - 1/4) / sqrt(3/16) */
	assert_close(parts[0], model_coefficient(2) * sqrt(3), 1e-14);
	/* an unseen level without (other): nothing */
	assert_true(parts[2] == 0);
	sml_scorer_free(&h.env, scorer);
	sml_model_free(&h.env, model);
	harness_finish(&h);
}

static void
test_left_out(void **state)
{
	Harness    h;
	SmlModel  *model;
	SmlScorer *scorer;
	double     row[2] = {3, 80};
	double     base[1];
	double     parts[3];
	size_t     level = 1;

	(void) state;
	harness_start(&h);
	assert_int_equal(model_of(&h.env, SML_REGRESSION, &model), SML_OK);
	/* a constant term adds nothing, whatever stands in its coefficient */
	model->encoder->terms[2].constant = true;
	/* a dropped term has coefficient zero */
	model->fit->coded[1] = 0;
	model->fit->coded[2] = 0;
	model->fit->dropped[0] = model->fit->dropped[1] = true;
	assert_int_equal(sml_scorer_make(&h.env, model, &scorer), SML_OK);
	sml_score_explain(scorer, row, &level, base, parts);
	assert_true(parts[0] == 0);
	assert_true(parts[1] == 0);
	assert_true(parts[2] != 0);
	sml_scorer_free(&h.env, scorer);
	sml_model_free(&h.env, model);
	harness_finish(&h);
}

static void
test_responses(void **state)
{
	/* R: plogis(c(0, 1.5, -1.5, -40, -700)) */
	const double links[5] = {0, 1.5, -1.5, -40, -700};
	const double logistic[5] = {0.5, 0.81757447619364365, 0.18242552380635635, 4.2483542552915889e-18, 9.8596765437597708e-305};
	/* R: exp(1:3) / sum(exp(1:3)) */
	const double softmax[3] = {0.090030573170380462, 0.24472847105479767, 0.66524095577482178};
	const double levels[3] = {1001, 1002, 1003};
	Harness    h;
	SmlModel  *model;
	SmlScorer *scorer;
	double     out[3];
	double     both[3];

	(void) state;
	harness_start(&h);
	assert_int_equal(model_of(&h.env, SML_BINARY, &model), SML_OK);
	assert_int_equal(sml_scorer_make(&h.env, model, &scorer), SML_OK);
	for (size_t i = 0; i < 5; i++)
	{
		double large = 800;

		sml_score_response(scorer, &links[i], out);
		assert_true(fabs(out[0] - logistic[i]) <= 1e-15 * logistic[i]);
		sml_score_probabilities(scorer, out, both);
		assert_true(both[1] == out[0] && both[0] == 1 - out[0]);
		sml_score_response(scorer, &large, out);
		assert_true(out[0] == 1);
	}
	model->positive = 0;
	out[0] = 0.25;
	sml_score_probabilities(scorer, out, both);
	assert_true(both[0] == 0.25 && both[1] == 0.75);
	sml_scorer_free(&h.env, scorer);
	sml_model_free(&h.env, model);
	assert_int_equal(model_of(&h.env, SML_MULTICLASS, &model), SML_OK);
	assert_int_equal(sml_scorer_make(&h.env, model, &scorer), SML_OK);
	sml_score_response(scorer, levels, out);
	sml_score_probabilities(scorer, out, both);
	for (size_t k = 0; k < 3; k++)
		assert_true(fabs(out[k] - softmax[k]) <= 1e-15 && both[k] == out[k]);
	sml_scorer_free(&h.env, scorer);
	sml_model_free(&h.env, model);
	harness_finish(&h);
}

static SmlStatus
sweep_body(Harness *h, void *arg)
{
	SmlModel  *model = NULL;
	SmlScorer *scorer = NULL;
	SmlStatus  status = model_of(&h->env, SML_MULTICLASS, &model);

	(void) arg;
	if (status == SML_OK)
		status = sml_scorer_make(&h->env, model, &scorer);
	sml_scorer_free(&h->env, scorer);
	sml_model_free(&h->env, model);
	return status;
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
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_contribution),
		cmocka_unit_test(test_left_out),
		cmocka_unit_test(test_responses),
		cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
