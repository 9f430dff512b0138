/*
 * test_threshold.c - the best threshold of each objective against scikit-learn
 * (test/reference/calibration.md), by hand, and at the edges.
 */
#include "harness.h"

#include "../../src/core/metric/threshold.h"

#define OBJECTIVES 7

static SmlAim
aim_of(size_t objective)
{
	return (SmlAim) {(SmlObjective) objective, 1, 5, 0.7};
}

static SmlScored *
scored_of(Harness *h, size_t rows, const double *p, const int *label, const double *weight)
{
	SmlScored *scored;

	assert_int_equal(sml_scored_start(&h->env, SML_BINARY, 2, 1, weight != NULL, 0, &scored), SML_OK);
	for (size_t i = 0; i < rows; i++)
		assert_int_equal(sml_scored_add(&h->env, scored, label[i], &p[i], weight != NULL ? weight[i] : 1), SML_OK);
	return scored;
}

static void
test_against_reference(void **state)
{
	size_t  rows;
	size_t  columns;
	size_t  objectives;
	double *raw = harness_csv("test/reference/data/calibration_rows.csv", &rows, &columns);
	double *expected = harness_csv("test/reference/data/threshold_expected.csv", &objectives, &columns);
	double *p = calloc(rows, sizeof(double));
	double *weight = calloc(rows, sizeof(double));
	int    *label = calloc(rows, sizeof(int));

	(void) state;
	assert_int_equal(objectives, OBJECTIVES);
	for (size_t i = 0; i < rows; i++)
	{
		p[i] = 1 / (1 + exp(-raw[3 * i]));
		label[i] = (int) raw[3 * i + 1];
		weight[i] = raw[3 * i + 2];
	}
	for (size_t o = 0; o < OBJECTIVES; o++)
		for (int weighted = 0; weighted < 2; weighted++)
		{
			Harness    h;
			SmlAim     aim = aim_of(o);
			SmlScored *scored;
			SmlTuned   tuned;
			SmlTally   tally;

			harness_start(&h);
			scored = scored_of(&h, rows, p, label, weighted ? weight : NULL);
			assert_int_equal(sml_threshold_tune(&h.env, scored, &aim, &tuned), SML_OK);
			assert_close(tuned.value, expected[2 * o + (size_t) weighted], 1e-12);
			/* the threshold gives what it promises */
			assert_int_equal(sml_threshold_tally(&h.env, scored, tuned.threshold, &tally), SML_OK);
			assert_close(sml_aim_value(&aim, &tally), tuned.value, 1e-12);
			assert_true(tally.n == 300);
			assert_null(tuned.reason);
			sml_scored_free(&h.env, scored);
			harness_finish(&h);
		}
	free(raw);
	free(expected);
	free(p);
	free(weight);
	free(label);
}

/* 0.1- 0.2+ 0.4- 0.6+ 0.8+: from 0.6 up precision 1 and recall 2/3, from 0.2 up 3/4 and 1. */
static void
test_by_hand(void **state)
{
	const double p[5] = {0.1, 0.2, 0.4, 0.6, 0.8};
	const int    label[5] = {0, 1, 0, 1, 1};
	Harness      h;
	SmlScored   *scored;
	SmlTuned     tuned;
	SmlAim       aim = {SML_OBJECTIVE_F1, 0, 0, 0};

	(void) state;
	harness_start(&h);
	scored = scored_of(&h, 5, p, label, NULL);
	assert_int_equal(sml_threshold_tune(&h.env, scored, &aim, &tuned), SML_OK);
	/* f1: 6/7 from 0.2 on */
	assert_close(tuned.value, 6.0 / 7, 1e-15);
	assert_close(tuned.threshold, 0.15, 1e-15);
	aim.objective = SML_OBJECTIVE_BALANCED_ACCURACY;
	assert_int_equal(sml_threshold_tune(&h.env, scored, &aim, &tuned), SML_OK);
	/* (2/3 + 1) / 2 from 0.6 on */
	assert_close(tuned.value, 5.0 / 6, 1e-15);
	assert_close(tuned.threshold, 0.5, 1e-15);
	aim = (SmlAim) {SML_OBJECTIVE_COST, 1, 0, 0};
	assert_int_equal(sml_threshold_tune(&h.env, scored, &aim, &tuned), SML_OK);
	/* misses are free: the highest threshold without a false alarm is above all scores */
	assert_true(tuned.value == 0);
	assert_close(tuned.threshold, 0.9, 1e-15);
	aim = (SmlAim) {SML_OBJECTIVE_COST, 0, 1, 0};
	assert_int_equal(sml_threshold_tune(&h.env, scored, &aim, &tuned), SML_OK);
	assert_true(tuned.value == 0);
	assert_close(tuned.threshold, 0.15, 1e-15);
	aim = (SmlAim) {SML_OBJECTIVE_RECALL_AT_PRECISION, 0, 0, 0.8};
	assert_int_equal(sml_threshold_tune(&h.env, scored, &aim, &tuned), SML_OK);
	assert_close(tuned.value, 2.0 / 3, 1e-15);
	aim = (SmlAim) {SML_OBJECTIVE_PRECISION_AT_RECALL, 0, 0, 0.3};
	assert_int_equal(sml_threshold_tune(&h.env, scored, &aim, &tuned), SML_OK);
	/* precision 1 with one hit or two: two */
	assert_true(tuned.value == 1 && tuned.tally.tp == 2);
	assert_int_equal(sml_threshold_tally(&h.env, scored, 0.5, &tuned.tally), SML_OK);
	/* tp 2, fp 0, fn 1, tn 2: mcc (2*2 - 0) / sqrt(2 * 3 * 2 * 3) */
	assert_close(sml_tally_mcc(&tuned.tally), 2.0 / 3, 1e-15);
	assert_close(sml_tally_accuracy(&tuned.tally), 0.8, 1e-15);
	assert_true(sml_tally_specificity(&tuned.tally) == 1);
	sml_scored_free(&h.env, scored);
	harness_finish(&h);
}

static void
test_edges(void **state)
{
	const double p[4] = {0.5, 0.5, 1, 0};
	const int    label[4] = {1, 0, 0, 1};
	const int    all[4] = {1, 1, 1, 1};
	const double even[4] = {0.2, 0.4, 0.6, 0.8};
	const int    turns[4] = {0, 1, 0, 1};
	Harness      h;
	SmlScored   *scored;
	SmlTuned     tuned;
	SmlAim       aim = {SML_OBJECTIVE_RECALL_AT_PRECISION, 0, 0, 0.9};

	(void) state;
	harness_start(&h);
	scored = scored_of(&h, 4, p, label, NULL);
	assert_int_equal(sml_threshold_tune(&h.env, scored, &aim, &tuned), SML_OK);
	assert_true(isnan(tuned.threshold) && isnan(tuned.value));
	assert_string_equal(tuned.reason, "No threshold reaches this precision.");
	/* a score of 1 leaves no threshold that calls nobody positive */
	aim = (SmlAim) {SML_OBJECTIVE_COST, 1, 0, 0};
	assert_int_equal(sml_threshold_tune(&h.env, scored, &aim, &tuned), SML_OK);
	assert_true(tuned.value == 0.25 && tuned.threshold == 0.75);
	/* and a score of 0 is reached by the threshold 0 */
	aim = (SmlAim) {SML_OBJECTIVE_COST, 0, 1, 0};
	assert_int_equal(sml_threshold_tune(&h.env, scored, &aim, &tuned), SML_OK);
	assert_true(tuned.value == 0 && tuned.threshold == 0);
	sml_scored_free(&h.env, scored);
	/* 1/2 from 0.4 on and from 0.8 on: the highest */
	scored = scored_of(&h, 4, even, turns, NULL);
	aim = (SmlAim) {SML_OBJECTIVE_YOUDEN, 0, 0, 0};
	assert_int_equal(sml_threshold_tune(&h.env, scored, &aim, &tuned), SML_OK);
	assert_true(tuned.value == 0.5);
	assert_close(tuned.threshold, 0.7, 1e-15);
	sml_scored_free(&h.env, scored);
	scored = scored_of(&h, 4, p, all, NULL);
	assert_int_equal(sml_threshold_tune(&h.env, scored, &aim, &tuned), SML_BAD_INPUT);
	assert_non_null(strstr(h.env.detail, "Of the 4 rows 4 are positive"));
	sml_scored_free(&h.env, scored);
	assert_int_equal(sml_scored_start(&h.env, SML_MULTICLASS, 3, 0, false, 0, &scored), SML_OK);
	assert_int_equal(sml_threshold_tune(&h.env, scored, &aim, &tuned), SML_BAD_INPUT);
	sml_scored_free(&h.env, scored);
	harness_finish(&h);
	assert_string_equal(sml_objective_name(OBJECTIVES - 1), "recall_at_precision");
	assert_null(sml_objective_name(OBJECTIVES));
}

/* 64 scores on each side take 1 kB, as distinct ones 3 kB. */
static void
test_limit(void **state)
{
	Harness       h;
	SmlRanked     ranked;
	SmlRankGroup *groups = NULL;
	size_t        count;

	(void) state;
	harness_start(&h);
	sml_ranked_start(&ranked, false, 2048);
	for (int i = 0; i < 128; i++)
		assert_int_equal(sml_ranked_add(&h.env, &ranked, i % 2, i, 1), SML_OK);
	assert_int_equal(sml_ranked_groups(&h.env, &ranked, &groups, &count), SML_OVER_LIMIT);
	assert_null(groups);
	assert_non_null(strstr(h.env.detail, "128 distinct scores"));
	ranked.limit = 3072;
	assert_int_equal(sml_ranked_groups(&h.env, &ranked, &groups, &count), SML_OK);
	assert_int_equal(count, 128);
	assert_true(groups[0].score == 127 && groups[0].weight[1] == 1 && groups[0].weight[0] == 0);
	sml_free(&h.env, groups);
	sml_ranked_free(&h.env, &ranked);
	harness_finish(&h);
}

static SmlStatus
sweep_body(Harness *h, void *arg)
{
	SmlScored *scored = NULL;
	SmlAim     aim = aim_of(0);
	SmlTuned   tuned;
	SmlStatus  status = sml_scored_start(&h->env, SML_BINARY, 2, 1, true, 0, &scored);

	(void) arg;
	for (size_t i = 0; i < 100 && status == SML_OK; i++)
	{
		double p = (double) (i * 37 % 100) / 100;

		status = sml_scored_add(&h->env, scored, i % 3 == 0, &p, 1 + (double) (i % 2));
	}
	if (status == SML_OK)
		status = sml_threshold_tune(&h->env, scored, &aim, &tuned);
	sml_scored_free(&h->env, scored);
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
		cmocka_unit_test(test_against_reference),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
