/*
 * test_metric_importance.c - importance from the coefficients against numpy
 * (test/reference/metric_values.py: the deviation of the encoded columns' contributions), and
 * what must hold for importance by shuffling.
 */
#include "harness.h"

#include <string.h>

#include "../../src/core/hash.h"
#include "../../src/core/metric/importance.h"

#define TERMS 4
#define ROWS 2000

/* A model on a number x with missing values, imputed by 3, and a label "group" of three levels. */
typedef struct Made
{
	SmlColumn  columns[2];
	SmlFeature features[2];
	SmlTerm    terms[TERMS];
	SmlEncoder encoder;
	size_t     number_feature[1];
	size_t     label_feature[1];
	char      *levels[3];
	uint64_t   counts[3];
	double     coded[3 * (1 + TERMS)];
	SmlFit     fit;
	SmlModel   model;
} Made;

static const double betas[3][TERMS] = {{0.7, -0.4, 0.9, -0.3}, {0.1, 0.2, -0.6, 0.5}, {-0.2, 0.8, 0.4, 0.3}};

static void
make_encoder(Made *made)
{
	static char x[] = "x";
	static char group[] = "group";
	static char names[3][2] = {"a", "b", "c"};

	for (size_t l = 0; l < 3; l++)
		made->levels[l] = names[l];
	made->columns[0] = (SmlColumn) {.name = x, .kind = SML_NUMBER};
	made->columns[1] = (SmlColumn) {.name = group, .kind = SML_LABEL};
	made->features[0] = (SmlFeature) {.name = x, .kind = SML_NUMBER, .impute_value = 3, .term_count = 2};
	made->features[1] = (SmlFeature) {.name = group, .kind = SML_LABEL, .column = 1, .levels = made->levels,
									  .counts = made->counts, .level_count = 3, .missing_level = SML_NO_LEVEL,
									  .other_level = SML_NO_LEVEL, .first_term = 2, .term_count = 2};
	made->terms[0] = (SmlTerm) {SML_TERM_VALUE, 0, 0, 5.2, 2.9597297173897483, false};
	made->terms[1] = (SmlTerm) {SML_TERM_MISSING, 0, 0, 0.2, 0.4, false};
	made->terms[2] = (SmlTerm) {SML_TERM_LEVEL, 1, 1, 0.3, 0.45825756949558405, false};
	made->terms[3] = (SmlTerm) {SML_TERM_LEVEL, 1, 2, 0.3, 0.45825756949558405, false};
	made->label_feature[0] = 1;
	made->encoder = (SmlEncoder) {.layout = {.columns = made->columns, .column_count = 2, .numbers = 1, .labels = 1},
								  .features = made->features, .feature_count = 2, .terms = made->terms, .term_count = TERMS,
								  .target_scale = 1, .number_feature = made->number_feature,
								  .label_feature = made->label_feature};
}

static void
make_model(Made *made, SmlTask task, size_t outputs)
{
	memset(made, 0, sizeof(*made));
	make_encoder(made);
	for (size_t k = 0; k < outputs; k++)
		memcpy(made->coded + k * (1 + TERMS) + 1, betas[k], sizeof(betas[k]));
	made->encoder.class_count = task == SML_REGRESSION ? 0 : task == SML_BINARY ? 2 : 3;
	made->fit = (SmlFit) {.outputs = outputs, .terms = TERMS, .coded = made->coded, .estimate = made->coded};
	made->model = (SmlModel) {.task = task, .positive = 1, .encoder = &made->encoder, .fit = &made->fit};
}

static void
from_coefficients(void **unused)
{
	Harness h;
	Made    made;
	double  importance[2];

	(void) unused;
	harness_start(&h);
	make_model(&made, SML_BINARY, 1);
	assert_int_equal(sml_importance_standardised(&h.env, &made.model, importance), SML_OK);
	assert_close(importance[0], 0.92635150593445981, 1e-12);
	assert_close(importance[1], 1.0636863125135017, 1e-12);

	make_model(&made, SML_MULTICLASS, 3);
	assert_int_equal(sml_importance_standardised(&h.env, &made.model, importance), SML_OK);
	assert_close(importance[0], 0.71679564795211892, 1e-12);
	assert_close(importance[1], 0.81630215383104687, 1e-12);

	/* adding one number to a term in all classes changes no probability and no importance */
	for (size_t k = 0; k < 3; k++)
		made.coded[k * (1 + TERMS) + 3] += 17;
	assert_int_equal(sml_importance_standardised(&h.env, &made.model, importance), SML_OK);
	assert_close(importance[1], 0.81630215383104687, 1e-12);

	/* terms that were left out as constant count for nothing */
	make_model(&made, SML_BINARY, 1);
	made.terms[1].constant = true;
	made.terms[1].center = 0;
	made.terms[1].scale = 1;
	assert_int_equal(sml_importance_standardised(&h.env, &made.model, importance), SML_OK);
	assert_close(importance[0], 0.7, 1e-15);
	harness_finish(&h);
}

/* Rows with x in steps and groups in turn; the actual value is the prediction itself. */
static SmlStatus
replay_rows(SmlEnv *env, const Made *made, SmlTask task, size_t outputs, size_t limit, uint64_t seed, double *importance)
{
	SmlScorer *scorer = NULL;
	SmlReplay *replay = NULL;
	SmlScored *scored = NULL;
	SmlStatus  status;

	SML_TRY(sml_scorer_make(env, &made->model, &scorer));
	SML_TRY(sml_replay_start(env, 2, outputs, limit, &replay));
	SML_TRY(sml_scored_start(env, task, made->encoder.class_count, task == SML_BINARY, false, 0, &scored));
	for (size_t i = 0; i < ROWS; i++)
	{
		double number = (double) (i % 100) / 10;
		size_t level = i / 100 % 3;
		double link[3];
		double out[3];

		sml_score_link(scorer, &number, &level, link);
		sml_score_response(scorer, link, out);
		SML_TRY(sml_scored_add(env, scored, task == SML_REGRESSION ? out[0] : (double) (i % 2), out, 1));
		SML_TRY(sml_replay_add(env, replay, scorer, &number, &level));
	}
	SML_TRY(sml_importance_permuted(env, replay, scorer, scored, seed, importance));
done:
	sml_scored_free(env, scored);
	sml_replay_free(env, replay);
	sml_scorer_free(env, scorer);
	return status;
}

static void
by_shuffling(void **unused)
{
	Harness h;
	Made    made;
	double  importance[2];
	double  again[2];

	(void) unused;
	harness_start(&h);
	/*
	 * A regression that is right: after shuffling x the error is b (x_i - x_j), of mean square
	 * 2 b^2 var(x), with b = 0.7 / scale and var(x) = (100^2 - 1) / 12 / 100.  Shuffles of
	 * 2,000 rows are within 5 % of that.
	 */
	make_model(&made, SML_REGRESSION, 1);
	assert_int_equal(replay_rows(&h.env, &made, SML_REGRESSION, 1, 0, 1, importance), SML_OK);
	assert_close(importance[0] / (0.7 / 2.9597297173897483 * sqrt(2 * 9999.0 / 1200)), 1, 0.05);
	assert_true(importance[1] > 0);

	/* the same seed gives the same, another one something else */
	assert_int_equal(replay_rows(&h.env, &made, SML_REGRESSION, 1, 0, 1, again), SML_OK);
	assert_memory_equal(importance, again, sizeof(again));
	assert_int_equal(replay_rows(&h.env, &made, SML_REGRESSION, 1, 0, 2, again), SML_OK);
	assert_true(importance[0] != again[0]);

	/* a feature without coefficients has no importance, to the last bit */
	make_model(&made, SML_MULTICLASS, 3);
	for (size_t k = 0; k < 3; k++)
		made.coded[k * (1 + TERMS) + 3] = made.coded[k * (1 + TERMS) + 4] = 0;
	assert_int_equal(replay_rows(&h.env, &made, SML_MULTICLASS, 3, 0, 1, importance), SML_OK);
	assert_true(importance[1] == 0);
	assert_true(importance[0] != 0);

	/* 16 bytes a row and output */
	assert_int_equal(replay_rows(&h.env, &made, SML_MULTICLASS, 3, 32 * 1024, 1, importance), SML_OVER_LIMIT);
	assert_non_null(strstr(h.env.detail, "32 kB are allowed"));
	harness_finish(&h);
}

static SmlStatus
shuffle_body(Harness *h, void *arg)
{
	double importance[2];

	return replay_rows(&h->env, arg, SML_BINARY, 1, 0, 1, importance);
}

static void
fails_cleanly(void **unused)
{
	Made made;

	(void) unused;
	make_model(&made, SML_BINARY, 1);
	harness_sweep(shuffle_body, &made);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_coefficients),
		cmocka_unit_test(by_shuffling),
		cmocka_unit_test(fails_cleanly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
