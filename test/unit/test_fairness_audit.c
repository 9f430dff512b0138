/*
 * test_fairness_audit.c - the law of the draws, the rows of an audit, and what is hidden (test/reference/fairness.md).
 */
#include "fairness_cases.h"

/* ---- draws ------------------------------------------------------------------------------------- */

/* Means and variances of multinomial cells over many draws, small and large n p. */
static void
draws_follow_the_law(void **unused)
{
	static const double   shares[5] = {0.5, 0.3, 0.15, 0.0499, 0.0001};
	static const uint64_t sizes[] = {1, 30, 1000, 1000000};

	(void) unused;
	for (size_t s = 0; s < 4; s++)
	{
		double mean[5] = {0};
		double square[5] = {0};
		size_t draws = 20000;
		double n = (double) sizes[s];

		for (size_t d = 0; d < draws; d++)
		{
			uint64_t counts[5];
			uint64_t sum = 0;

			sml_multinomial_draw(42, d, sizes[s], shares, 5, counts);
			for (int c = 0; c < 5; c++)
			{
				sum += counts[c];
				mean[c] += (double) counts[c];
				square[c] += ((double) counts[c] - n * shares[c]) * ((double) counts[c] - n * shares[c]);
			}
			assert_int_equal(sum, sizes[s]);
		}
		for (int c = 0; c < 5; c++)
		{
			double variance = n * shares[c] * (1 - shares[c]);

			/* five standard errors of the mean; the variance of rare cells is itself noisy */
			assert_true(fabs(mean[c] / (double) draws - n * shares[c]) < 5 * sqrt(variance / (double) draws) + 1e-12);
			if (variance > 5)
				assert_true(fabs(square[c] / (double) draws / variance - 1) < 0.06);
		}
	}
}

static void
draws_repeat(void **unused)
{
	static const double shares[3] = {0.2, 0.5, 0.3};
	uint64_t a[3];
	uint64_t b[3];

	(void) unused;
	sml_multinomial_draw(1, 7, 10000, shares, 3, a);
	sml_multinomial_draw(1, 7, 10000, shares, 3, b);
	assert_memory_equal(a, b, sizeof(a));
	sml_multinomial_draw(1, 8, 10000, shares, 3, b);
	assert_memory_not_equal(a, b, sizeof(a));
}

/* ---- audits ---------------------------------------------------------------------------------------- */

static void
disparities(void **unused)
{
	/* tpr 0.8, 0.6; fpr 0.1, 0.2; the third group has no positives; the fourth is unknown */
	SmlFairState      states[4] = {counted(80, 20, 20, 180), counted(30, 20, 20, 80), counted(0, 1, 0, 19), counted(5, 0, 0, 0)};
	Case              c;
	Harness           h;
	SmlFairAudit     *audit;
	const SmlFairRow *row;

	(void) unused;
	harness_start(&h);
	make_case(&c, states, 4);
	c.groups[4].unknown = true;
	assert_int_equal(sml_fair_audit(&h.env, &c.plan, &audit), SML_OK);
	assert_int_equal(audit->reference[1], 1);
	row = find(audit, SML_SCOPE_DISPARITY, SML_NO_GROUP, "equal_opportunity_difference");
	assert_close(row->figure.value, 0.2, 1e-14);
	assert_int_equal(row->left_out, 1);
	assert_int_equal(row->low_group, 2);
	assert_int_equal(row->high_group, 1);
	assert_int_equal(row->least_n, 50);
	assert_int_equal(row->figure.n, 150);
	assert_false(row->is_small);
	assert_true(row->figure.ci_low > 0.03 && row->figure.ci_low < 0.09);   /* normal: 0.2 - 1.96 x 0.080 = 0.043 */
	assert_true(row->figure.ci_high > 0.33 && row->figure.ci_high < 0.38);
	row = find(audit, SML_SCOPE_DISPARITY, SML_NO_GROUP, "equal_opportunity_ratio");
	assert_close(row->figure.value, 0.75, 1e-14);
	row = find(audit, SML_SCOPE_DISPARITY, SML_NO_GROUP, "fpr_difference");
	assert_close(row->figure.value, 0.15, 1e-14); /* 0.2 against 1 of 20 */
	assert_true(row->is_small);
	row = find(audit, SML_SCOPE_DISPARITY, SML_NO_GROUP, "equalized_odds_difference");
	assert_close(row->figure.value, 0.2, 1e-14);
	row = find(audit, SML_SCOPE_DISPARITY, SML_NO_GROUP, "equalized_odds_ratio");
	assert_close(row->figure.value, 0.25, 1e-14);
	row = find(audit, SML_SCOPE_DISPARITY, SML_NO_GROUP, "average_odds_difference");
	assert_close(row->figure.value, 0.175, 1e-14);
	row = find(audit, SML_SCOPE_DISPARITY, SML_NO_GROUP, "demographic_parity_to_overall");
	assert_close(row->figure.value, fabs(0.05 - 156.0 / 475), 1e-14);
	assert_string_equal(find(audit, SML_SCOPE_GROUP, 3, "tpr")->figure.reason, "no_positives");
	/* the most selected of the known groups is the second one of 50 / 150 and 100 / 300, the first of equals */
	row = find(audit, SML_SCOPE_RATIO, 3, "impact_ratio");
	assert_int_equal(row->reference, 1);
	assert_close(row->figure.value, 0.05 * 3, 1e-14);
	assert_true(row->exact_p > 0 && row->exact_p < 0.05);
	sml_fair_audit_free(&h.env, audit);

	c.plan.favorable_known = false;
	assert_int_equal(sml_fair_audit(&h.env, &c.plan, &audit), SML_OK);
	assert_string_equal(find(audit, SML_SCOPE_RATIO, 3, "impact_ratio")->figure.reason, "favorable_not_given");
	sml_fair_audit_free(&h.env, audit);
	harness_finish(&h);
}

static void
one_group_is_no_comparison(void **unused)
{
	SmlFairState  states[1] = {counted(8, 2, 2, 8)};
	Case          c;
	Harness       h;
	SmlFairAudit *audit;

	(void) unused;
	harness_start(&h);
	make_case(&c, states, 1);
	assert_int_equal(sml_fair_audit(&h.env, &c.plan, &audit), SML_OK);
	assert_string_equal(find(audit, SML_SCOPE_DISPARITY, SML_NO_GROUP, "demographic_parity_difference")->figure.reason, "one_group");
	assert_string_equal(find(audit, SML_SCOPE_DISPARITY, SML_NO_GROUP, "equalized_odds_difference")->figure.reason, "one_group");
	sml_fair_audit_free(&h.env, audit);
	make_case(&c, states, 0);
	assert_int_equal(sml_fair_audit(&h.env, &c.plan, &audit), SML_OK);
	assert_string_equal(find(audit, SML_SCOPE_DISPARITY, SML_NO_GROUP, "demographic_parity_difference")->figure.reason, "no_groups");
	sml_fair_audit_free(&h.env, audit);
	harness_finish(&h);
}

/* A rate of 0 on five rows is not certain: the interval of the ratio is not a point. */
static void
small_groups_are_uncertain(void **unused)
{
	static const char *const certain[] = {"base_rate_difference", "ppv_difference", "npv_difference", "fdr_difference", "for_difference"};
	SmlFairState      states[2] = {counted(500, 0, 500, 0), counted(0, 0, 5, 0)};
	Case              c;
	Harness           h;
	SmlFairAudit     *audit;
	const SmlFairRow *row;

	(void) unused;
	harness_start(&h);
	make_case(&c, states, 2);
	c.plan.draws = 2000;
	assert_int_equal(sml_fair_audit(&h.env, &c.plan, &audit), SML_OK);
	row = find(audit, SML_SCOPE_DISPARITY, SML_NO_GROUP, "equal_opportunity_ratio");
	assert_close(row->figure.value, 0, 0);
	assert_true(row->figure.ci_high > 0 || row->figure.ci_low < row->figure.ci_high || row->is_small);
	row = find(audit, SML_SCOPE_DISPARITY, SML_NO_GROUP, "equal_opportunity_difference");
	assert_true(row->figure.ci_low < row->figure.value && row->is_small);
	sml_fair_audit_free(&h.env, audit);
	/* nor is one of 1, where a label does not occur: base rate, ppv and npv of positives only against negatives only */
	states[0] = counted(3, 0, 2, 0);
	states[1] = counted(0, 2, 0, 3);
	make_case(&c, states, 2);
	c.plan.draws = 2000;
	assert_int_equal(sml_fair_audit(&h.env, &c.plan, &audit), SML_OK);
	for (size_t i = 0; i < sizeof(certain) / sizeof(certain[0]); i++)
	{
		row = find(audit, SML_SCOPE_DISPARITY, SML_NO_GROUP, certain[i]);
		assert_close(row->figure.value, 1, 0);
		assert_true(row->figure.ci_low < 0.95);
	}
	assert_string_equal(find(audit, SML_SCOPE_DISPARITY, SML_NO_GROUP, "equal_opportunity_difference")->figure.reason, "undefined_in_all_groups_but_one");
	sml_fair_audit_free(&h.env, audit);
	harness_finish(&h);
}

/*
 * Under equality of all groups the interval of a difference reaches down to 0 in 95 of 100 audits: 1000 audits of five groups of
 * 400 rows with the same rate; 75 are 3.6 standard errors above 50.  (Percentiles of the draws exclude 0 always.)
 */
static void
equality_is_not_excluded(void **unused)
{
	static const double shares[2] = {0.3, 0.7};
	size_t  excluded = 0;
	Harness h;

	(void) unused;
	harness_start(&h);
	for (uint64_t round = 0; round < 1000; round++)
	{
		SmlFairState  states[5];
		Case          c;
		SmlFairAudit *audit;

		for (uint64_t g = 0; g < 5; g++)
		{
			uint64_t counts[2];

			sml_multinomial_draw(99, round * 5 + g, 400, shares, 2, counts);
			states[g] = counted(counts[0], 0, counts[1], 0);
		}
		make_case(&c, states, 5);
		c.plan.draws = 400;
		c.plan.seed = round;
		assert_int_equal(sml_fair_audit(&h.env, &c.plan, &audit), SML_OK);
		excluded += find(audit, SML_SCOPE_DISPARITY, SML_NO_GROUP, "demographic_parity_difference")->figure.ci_low > 0;
		sml_fair_audit_free(&h.env, audit);
	}
	assert_true(excluded <= 75);
	harness_finish(&h);
}

static SmlStatus
audit_body(Harness *h, void *arg)
{
	SmlFairState  states[3] = {counted(8, 2, 2, 8), counted(3, 1, 1, 3), counted(20, 20, 20, 20)};
	Case          c;
	SmlFairAudit *audit = NULL;
	SmlStatus     status;

	(void) arg;
	make_case(&c, states, 3);
	c.plan.draws = 20;
	status = sml_fair_audit(&h->env, &c.plan, &audit);
	if (status == SML_OK)
		sml_fair_audit_free(&h->env, audit);
	else
		assert_null(audit);
	return status;
}

static void
audit_sweep(void **unused)
{
	(void) unused;
	harness_sweep(audit_body, NULL);
}

/* ---- what is hidden ------------------------------------------------------------------------------------ */

/* sex (2) x race (3): rows per cell; sets: all, sex, race, sex & race. */
static void
suppression(void **unused)
{
	static const uint64_t rows[2][3] = {{500, 40, 4}, {400, 30, 25}};
	static const size_t   sex[1] = {0};
	static const size_t   race[1] = {1};
	static const size_t   both[2] = {0, 1};
	SmlFairState states[12];
	SmlFairGroup groups[12];
	size_t       values[12][2];
	SmlFairSet   sets[4] = {{.groups = 1}, {.count = 1, .attributes = sex, .first = 1, .groups = 2},
							{.count = 1, .attributes = race, .first = 3, .groups = 3}, {.count = 2, .attributes = both, .first = 6, .groups = 6}};
	SmlFairPlan  plan = {.sets = sets, .set_count = 4, .groups = groups, .group_count = 12, .suppress_below = 10};
	bool         hidden[12];
	Harness      h;
	size_t       shown = 0;

	(void) unused;
	harness_start(&h);
	for (size_t g = 0; g < 12; g++)
	{
		sml_fair_start(&states[g], 0);
		groups[g] = (SmlFairGroup) {.set = g == 0 ? 0 : g < 3 ? 1 : g < 6 ? 2 : 3, .state = &states[g], .values = values[g]};
	}
	for (size_t s = 0; s < 2; s++)
		for (size_t r = 0; r < 3; r++)
		{
			size_t cells[4] = {0, 1 + s, 3 + r, 6 + s * 3 + r};

			values[1 + s][0] = s;
			values[3 + r][0] = r;
			values[6 + s * 3 + r][0] = s;
			values[6 + s * 3 + r][1] = r;
			for (int k = 0; k < 4; k++)
				states[cells[k]].n[0][0] += rows[s][r];
		}
	assert_int_equal(sml_fair_suppress(&h.env, &plan, hidden), SML_OK);
	/* the cell of 4; its row and its column would give it away, so another in each; and then those again */
	assert_true(hidden[6 + 2]);
	assert_false(hidden[0] || hidden[1] || hidden[2]);
	for (size_t s = 0; s < 2; s++)
	{
		size_t count = 0;

		for (size_t r = 0; r < 3; r++)
			count += hidden[6 + s * 3 + r];
		assert_int_not_equal(count, 1);
		shown += 3 - count;
	}
	for (size_t r = 0; r < 3; r++)
	{
		size_t count = hidden[6 + r] + hidden[9 + r];

		/* where the margin is shown, none or both */
		assert_true(hidden[3 + r] ? count > 0 : count != 1);
	}
	assert_true(shown >= 2);
	/* nothing small, nothing hidden */
	plan.suppress_below = 4;
	assert_int_equal(sml_fair_suppress(&h.env, &plan, hidden), SML_OK);
	for (size_t g = 0; g < 12; g++)
		assert_false(hidden[g]);
	harness_finish(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_follow_the_law), cmocka_unit_test(draws_repeat), cmocka_unit_test(disparities),
		cmocka_unit_test(one_group_is_no_comparison), cmocka_unit_test(small_groups_are_uncertain),
		cmocka_unit_test(equality_is_not_excluded), cmocka_unit_test(audit_sweep), cmocka_unit_test(suppression),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
