/*
 * test_fairness.c - counts of groups, their figures, and tests, against scipy and published examples (test/reference/fairness.md);
 * merging in any order, bytes from outside.
 */
#include "fairness_cases.h"

#include "../../src/core/fairness/consistency.h"
#include "../../src/core/fairness/inequality.h"

/* ---- figures ---------------------------------------------------------------------------- */

static void
shares_by_hand(void **unused)
{
	SmlFairState state = counted(30, 10, 20, 40);
	static const struct
	{
		SmlFairMetric metric;
		double        top;
		double        all;
	} expected[] = {
		{SML_FAIR_SELECTION_RATE, 40, 100}, {SML_FAIR_BASE_RATE, 50, 100}, {SML_FAIR_TPR, 30, 50}, {SML_FAIR_FNR, 20, 50},
		{SML_FAIR_FPR, 10, 50}, {SML_FAIR_TNR, 40, 50}, {SML_FAIR_PPV, 30, 40}, {SML_FAIR_FDR, 10, 40}, {SML_FAIR_NPV, 40, 60},
		{SML_FAIR_FOR, 20, 60}, {SML_FAIR_ACCURACY, 70, 100}, {SML_FAIR_ERROR_RATE, 30, 100},
	};

	(void) unused;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
	{
		SmlFigure f = figure(&state, expected[i].metric);

		assert_null(f.reason);
		assert_close(f.value, expected[i].top / expected[i].all, 1e-15);
		assert_close(f.numerator, expected[i].top, 0);
		assert_close(f.denominator, expected[i].all, 0);
		assert_int_equal(f.n, (uint64_t) expected[i].all);
		assert_string_equal(f.ci_method, "wilson");
	}
	assert_close(figure(&state, SML_FAIR_TREATMENT_EQUALITY).value, 2, 0);
	/* about the other outcome */
	sml_fair_figure(&state, SML_FAIR_SELECTION_RATE, SML_NO, Z95, &(SmlFigure) {0});
	{
		SmlFigure f;

		sml_fair_figure(&state, SML_FAIR_SELECTION_RATE, SML_NO, Z95, &f);
		assert_close(f.value, 0.6, 1e-15);
	}
}

static void
undefined_says_why(void **unused)
{
	SmlFairState nobody = counted(0, 0, 0, 0);
	SmlFairState negatives = counted(0, 3, 0, 4);
	SmlFairState unlabelled = counted(0, 0, 0, 0);

	(void) unused;
	assert_string_equal(figure(&nobody, SML_FAIR_SELECTION_RATE).reason, "no_predictions");
	assert_string_equal(figure(&nobody, SML_FAIR_TREATMENT_EQUALITY).reason, "no_errors");
	assert_string_equal(figure(&negatives, SML_FAIR_TPR).reason, "no_positives");
	assert_true(isnan(figure(&negatives, SML_FAIR_TPR).value));
	assert_true(isnan(figure(&negatives, SML_FAIR_TPR).ci_low));
	assert_close(figure(&negatives, SML_FAIR_FPR).value, 3.0 / 7, 1e-15);
	unlabelled.n[SML_UNKNOWN][SML_YES] = 5;
	unlabelled.n[SML_UNKNOWN][SML_NO] = 15;
	assert_close(figure(&unlabelled, SML_FAIR_SELECTION_RATE).value, 0.25, 0);
	assert_string_equal(figure(&unlabelled, SML_FAIR_BASE_RATE).reason, "no_labels");
	assert_string_equal(figure(&unlabelled, SML_FAIR_ACCURACY).reason, "no_labels_with_predictions");
	assert_string_equal(figure(&unlabelled, SML_FAIR_BRIER).reason, "no_scores");
}

/* Newcombe 1998, Statistics in Medicine 17, 873-890, table II, method 10: 56/70 against 48/80. */
static void
published_intervals(void **unused)
{
	SmlFairState a = counted(56, 0, 14, 0);
	SmlFairState b = counted(48, 0, 32, 0);
	SmlFigure    fa = figure(&a, SML_FAIR_TPR);
	SmlFigure    fb = figure(&b, SML_FAIR_TPR);
	SmlFigure    compared;

	(void) unused;
	sml_figure_difference(&fa, &fb, &compared);
	assert_close(compared.value, 0.2, 1e-15);
	assert_true(fabs(compared.ci_low - 0.0524) < 5e-5);
	assert_true(fabs(compared.ci_high - 0.3339) < 5e-5);
	/* Katz: ln ratio = ln(4/3), its variance 14/(70 x 56) + 32/(80 x 48) = 1/280 + 1/120 */
	sml_figure_ratio(&fa, &fb, Z95, &compared);
	assert_close(compared.value, 4.0 / 3, 1e-15);
	assert_close(compared.ci_low, 4.0 / 3 * exp(-Z95 * sqrt(1.0 / 280 + 1.0 / 120)), 1e-12);
	assert_close(compared.ci_high, 4.0 / 3 * exp(Z95 * sqrt(1.0 / 280 + 1.0 / 120)), 1e-12);
	/* R 4.2.2: prop.test(15, 20, correct = FALSE), see metric.md */
	a = counted(15, 0, 5, 0);
	fa = figure(&a, SML_FAIR_TPR);
	assert_close(fa.ci_low, 0.5312989, 1e-6);
	assert_close(fa.ci_high, 0.8881380, 1e-6);
}

static void
ratios_at_zero(void **unused)
{
	SmlFairState none = counted(0, 0, 9, 0);
	SmlFairState some = counted(3, 0, 6, 0);
	SmlFigure    zero = figure(&none, SML_FAIR_TPR);
	SmlFigure    third = figure(&some, SML_FAIR_TPR);
	SmlFigure    ratio;

	(void) unused;
	sml_figure_ratio(&zero, &zero, Z95, &ratio);
	assert_string_equal(ratio.reason, "both_are_zero");
	sml_figure_ratio(&third, &zero, Z95, &ratio);
	assert_string_equal(ratio.reason, "reference_is_zero");
	assert_true(isnan(ratio.value));
	sml_figure_ratio(&zero, &third, Z95, &ratio);
	assert_null(ratio.reason);
	assert_close(ratio.value, 0, 0);
	/* no error on the scale of logarithms, and no certainty */
	assert_string_equal(ratio.ci_method, "mover");
	assert_close(ratio.ci_low, 0, 0);
	assert_true(ratio.ci_high > 0.3);
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void
against_scipy(void **unused)
{
	static const struct
	{
		uint64_t t[4];
		double   p;
	} fisher[] = {
		{{3, 10, 8, 10}, 0.0697785186949274}, {{8, 159, 112, 480}, 3.5062656072013e-08}, {{0, 5, 0, 7}, 1},
		{{557, 1835, 1198, 2691}, 4.83590317933735e-22}, {{1, 1000, 30, 1000}, 2.4239841864498e-08},
		{{50000, 100000, 50500, 100000}, 0.0256395966253923},
	};
	static const struct
	{
		double x, df, p;
	} chi[] = {{0.5, 1, 0.479500122186953}, {3.2, 2, 0.201896517994655}, {25.0, 7, 0.00075880025565825}, {1e-3, 4, 0.999999875041659},
			   {200.0, 150, 0.00397318597082163}, {900, 4, 1.66594126388776e-193}};
	double x[3] = {10, 20, 30};
	double n[3] = {50, 55, 100};
	double statistic;

	(void) unused;
	for (size_t i = 0; i < 6; i++)
	{
		double p = sml_fisher_p(fisher[i].t[0], fisher[i].t[1], fisher[i].t[2], fisher[i].t[3]);

		assert_true(fabs(p - fisher[i].p) <= 1e-9 * fisher[i].p);
		/* either group may come first */
		assert_true(fabs(sml_fisher_p(fisher[i].t[2], fisher[i].t[3], fisher[i].t[0], fisher[i].t[1]) - p) <= 1e-9 * p);
	}
	for (size_t i = 0; i < 6; i++)
		assert_true(fabs(sml_chi_squared_p(chi[i].x, chi[i].df) - chi[i].p) <= 1e-11 * chi[i].p);
	assert_close(sml_homogeneity_p(x, n, 3, &statistic), 0.179237437229899, 1e-12);
	assert_close(statistic, 3.43808777429467, 1e-12);
	assert_true(isnan(sml_homogeneity_p(x, n, 1, &statistic)));
	assert_true(isnan(sml_fisher_p(0, 0, 1, 2)));
	/* counts that only a forged state can have: an answer, and soon */
	statistic = sml_fisher_p(UINT64_C(1) << 55, UINT64_C(1) << 56, (UINT64_C(1) << 55) + (UINT64_C(1) << 30), UINT64_C(1) << 56);
	assert_true(statistic >= 0 && statistic <= 1);
	statistic = sml_fisher_p((UINT64_C(1) << 56) - 3, UINT64_C(1) << 56, 5, 9);
	assert_true(statistic >= 0 && statistic <= 1);
	assert_true(isnan(sml_chi_squared_p(1, 0)));
}

/* UCBAdmissions, men against women in six departments: published results of mantelhaen.test, see fairness.md. */
static void
berkeley(void **unused)
{
	static const SmlStratum strata[] = {{512, 825, 89, 108}, {353, 560, 17, 25}, {120, 325, 202, 593}, {138, 417, 131, 375}, {53, 191, 94, 393}, {22, 373, 24, 341}};
	SmlMantelHaenszel mh;

	(void) unused;
	sml_mantel_haenszel(strata, 6, Z95, &mh);
	assert_int_equal(mh.used, 6);
	assert_true(fabs(mh.odds_ratio - 0.9046968) < 5e-8);
	assert_true(fabs(mh.odds_low - 0.7719074) < 5e-8);
	assert_true(fabs(mh.odds_high - 1.0603298) < 5e-8);
	assert_true(fabs(mh.cmh_corrected - 1.4269) < 5e-5);
	assert_true(fabs(mh.cmh_corrected_p - 0.2323) < 5e-5);
	assert_true(fabs(mh.cmh - 1.5246) < 5e-5);
	sml_mantel_haenszel(strata, 0, Z95, &mh);
	assert_int_equal(mh.used, 0);
	assert_true(isnan(mh.odds_ratio) && isnan(mh.cmh));
}

static void
inequality_and_distances(void **unused)
{
	Harness             h;
	SmlFairState        state = counted(40, 13, 7, 40);
	const SmlFairState *one[1] = {&state};
	SmlFairState        a = counted(10, 10, 0, 0);
	SmlFairState        b = counted(10, 0, 10, 0);
	const SmlFairState *two[2] = {&a, &b};
	SmlInequality       result;
	SmlFigure           distances[SML_DISTANCES];
	SmlDraws            draws = {.confidence = 0.95};
	double              p[3] = {20, 30, 50};
	double              q[3] = {80, 80, 40};
	double              first[40];
	double              second[55];
	SmlFigure           ks;
	SmlFigure           wasserstein;

	(void) unused;
	harness_start(&h);
	assert_int_equal(sml_inequality(&h.env, one, 1, 2, &draws, &result), SML_OK);
	assert_close(result.total.value, 0.0873976504093982, 1e-13);
	assert_close(result.between.value, 0, 1e-15);
	assert_int_equal(sml_inequality(&h.env, one, 1, 3, &draws, &result), SML_OK);
	assert_close(result.total.value, 0.0908165801299058, 1e-13);
	assert_int_equal(sml_inequality(&h.env, one, 1, 1, &draws, &result), SML_OK);
	assert_close(result.total.value, 0.111748324843558, 1e-13);
	assert_int_equal(sml_inequality(&h.env, one, 1, 0, &draws, &result), SML_OK);
	assert_string_equal(result.total.reason, "a_benefit_is_zero");
	/* group means 1.5 and 0.5 around 1: between = mean((1.5^2 - 1) / 2, (0.5^2 - 1) / 2) = 0.125 */
	assert_int_equal(sml_inequality(&h.env, two, 2, 2, &draws, &result), SML_OK);
	assert_close(result.between.value, 0.125, 1e-14);
	/* benefits 1 x 20, 2 x 10, 0 x 10: mean(b^2 - 1) / 2 = (60 / 40 - 1) / 2 */
	assert_close(result.total.value, 0.25, 1e-14);

	assert_int_equal(sml_distances(&h.env, p, q, 3, &draws, distances), SML_OK);
	assert_close(distances[SML_DISTANCE_KL].value, 0.233211308089554, 1e-13);
	assert_close(distances[SML_DISTANCE_JS].value, 0.0537807374214964, 1e-13);
	assert_close(distances[SML_DISTANCE_TOTAL_VARIATION].value, 0.3, 1e-15);
	assert_close(distances[SML_DISTANCE_L2].value, 0.374165738677394, 1e-13);
	q[2] = 0;
	assert_int_equal(sml_distances(&h.env, p, q, 3, &draws, distances), SML_OK);
	assert_true(isnan(distances[SML_DISTANCE_KL].value));
	assert_string_equal(distances[SML_DISTANCE_KL].reason, "label_only_in_group");

	for (size_t k = 0; k < 40; k++)
		first[k] = (double) (k * 7919 % 97) / 7.0;
	for (size_t k = 0; k < 55; k++)
		second[k] = (double) (k * 104729 % 89) / 6.0;
	for (size_t k = 1; k < 40; k++)
		for (size_t j = k; j > 0 && first[j] < first[j - 1]; j--)
		{
			double t = first[j];

			first[j] = first[j - 1];
			first[j - 1] = t;
		}
	for (size_t k = 1; k < 55; k++)
		for (size_t j = k; j > 0 && second[j] < second[j - 1]; j--)
		{
			double t = second[j];

			second[j] = second[j - 1];
			second[j - 1] = t;
		}
	assert_int_equal(sml_two_samples(&h.env, first, 40, second, 55, Z95, &ks, &wasserstein), SML_OK);
	assert_close(ks.value, 0.0909090909090909, 1e-13);
	assert_close(wasserstein.value, 0.65530303030303, 1e-13);
	assert_int_equal(sml_two_samples(&h.env, first, 0, second, 55, Z95, &ks, &wasserstein), SML_OK);
	assert_true(isnan(ks.value));
	assert_string_equal(ks.reason, "no_rows");
	harness_finish(&h);
}

/* Two clusters far apart; the one row that differs from its cluster is 1 off, its neighbours 1/2 each with k = 2 where it is among them. */
static SmlStatus
consistency_body(Harness *h, void *arg)
{
	static const double at[6] = {0, 1, 2, 100, 101, 102};
	static const double outcomes[6] = {1, 1, 1, 0, 1, 0};
	SmlConsistency      of = {.features = at, .rows = 6, .columns = 1, .outcomes = outcomes, .k = 2, .z = Z95};
	SmlFigure           figure = {.value = -1};
	SmlStatus           status = sml_consistency(&h->env, &of, &figure);

	(void) arg;
	/* rows 0-2: 0 off; row 3: nearest 101, 102 -> 1/2 off; row 4: 100 and 102 -> 1 off; row 5: 1/2 off: 1 - 2/6 */
	if (status == SML_OK)
	{
		assert_close(figure.value, 1 - 2.0 / 6, 1e-15);
		assert_string_equal(figure.no_interval, "few_rows");
	}
	else
		assert_close(figure.value, -1, 0);
	return status;
}

static void
consistency(void **unused)
{
	Harness        h;
	double         at[4] = {0, 0, 0, 0};
	double         outcomes[4] = {1, 0, 0, 0};
	SmlConsistency of = {.features = at, .rows = 4, .columns = 1, .outcomes = outcomes, .k = 2, .z = Z95};
	SmlFigure      alike;

	(void) unused;
	harness_sweep(consistency_body, NULL);
	harness_start(&h);
	/* all tied: each row sees the mean of the other three: |1 - 0| + 3 x |0 - 1/3| = 2 */
	assert_int_equal(sml_consistency(&h.env, &of, &alike), SML_OK);
	assert_close(alike.value, 1 - 2.0 / 4, 1e-15);
	of.rows = 2;
	assert_int_equal(sml_consistency(&h.env, &of, &alike), SML_BAD_INPUT);
	harness_finish(&h);
}

/* ---- counting, merging, bytes ------------------------------------------------------------------ */

static SmlFairState *
make_state(SmlEnv *env, uint32_t parts, size_t first, size_t step, size_t rows)
{
	SmlFairState *state;

	assert_int_equal(sml_alloc_array(env, 1, sml_fair_size(parts), &state), SML_OK);
	sml_fair_start(state, parts);
	for (size_t i = first; i < rows; i += step)
	{
		double score = i % 17 == 0 ? sml_missing() : i % 19 == 0 ? NAN : i % 301 == 0 ? 1.5 : (double) (i * 37 % 101) / 100;

		assert_int_equal(sml_fair_add(env, state, (SmlTruth) (i % 7 == 0 ? 2 : i % 3 == 0), (SmlTruth) (i % 11 == 0 ? 2 : i % 2), score,
									  i % 13 == 0 ? 0 : 0.1 + (double) (i % 5)), SML_OK);
	}
	return state;
}

static void
merges_exactly(void **unused)
{
	Harness h;

	(void) unused;
	harness_start(&h);
	for (uint32_t parts = 0; parts < 4; parts++)
	{
		SmlFairState *whole = make_state(&h.env, parts, 0, 1, 5000);
		SmlFairState *merged = make_state(&h.env, parts, 2, 3, 5000);
		SmlFairState *b = make_state(&h.env, parts, 0, 3, 5000);
		SmlFairState *c = make_state(&h.env, parts, 1, 3, 5000);

		sml_fair_merge(merged, c);
		sml_fair_merge(merged, b);
		assert_memory_equal(merged->n, whole->n, sizeof(whole->n));
		assert_int_equal(merged->unweighed, whole->unweighed);
		assert_int_equal(sml_fair_rows(whole), 5000);
		for (int m = 0; m < SML_FAIR_METRICS; m++)
		{
			SmlFigure x = figure(whole, (SmlFairMetric) m);
			SmlFigure y = figure(merged, (SmlFairMetric) m);

			if (isnan(x.value))
				assert_true(isnan(y.value));
			else
				assert_close(y.value, x.value, 1e-14);
		}
		if (parts & SML_FAIR_SCORES)
		{
			assert_int_equal(sml_fair_const_scores(merged)->bad_range, sml_fair_const_scores(whole)->bad_range);
			assert_true(sml_fair_const_scores(merged)->bad_range > 0);
			assert_close(sml_fair_const_scores(merged)->bad_value, 1.5, 0);
			assert_true(sml_fair_const_scores(merged)->bad_nan > 0 && sml_fair_const_scores(merged)->missing > 0);
		}
		sml_free(&h.env, whole);
		sml_free(&h.env, merged);
		sml_free(&h.env, b);
		sml_free(&h.env, c);
	}
	harness_finish(&h);
}

/* A state of these scores, label 1 every third row. */
static SmlFairState *
scored(SmlEnv *env, const double *scores, size_t count)
{
	SmlFairState *state;

	assert_int_equal(sml_alloc_array(env, 1, sml_fair_size(SML_FAIR_SCORES), &state), SML_OK);
	sml_fair_start(state, SML_FAIR_SCORES);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(sml_fair_add(env, state, (SmlTruth) (i % 3 == 0), SML_NO, scores[i], 1), SML_OK);
	return state;
}

/*
 * A bin of one score hides nothing: its ties are ties.  A bin of several may: by half its pairs.  The pairs are counted by hand: positives
 * are rows 0, 3, 6, negatives the others.
 */
static void
coarse_scores(void **unused)
{
	static const double ties[] = {0.5, 0.5, 0.25, 0.75, 0.5, 0.75, 1, 0, 1};
	static const double close[] = {0.5, 0.501, 0.25, 0.75, 0.5, 0.75, 1, 0, 1};
	static const double zeroes[] = {-0.0, 0.0};
	Harness       h;
	SmlFairState *a;
	SmlFairState *b;
	SmlFairState *all;

	(void) unused;
	harness_start(&h);
	a = scored(&h.env, ties, 9);
	assert_close(figure(a, SML_FAIR_ROC_AUC).off, 0, 0);
	/* above 0.5: 0.25 and 0, half of two; above 0.75: 0.5 twice, 0.25, 0, half of one; above 1: all but one, half of it */
	assert_close(figure(a, SML_FAIR_ROC_AUC).value, (3 + 4.5 + 5.5) / 18, 1e-15);
	b = scored(&h.env, close, 9);
	/* the pairs of 0.5 and 0.501 or 0.5 are two of 18 */
	assert_close(figure(b, SML_FAIR_ROC_AUC).off, 2 / 18.0 / 2, 1e-15);
	/* merged in either order, and with nothing */
	all = scored(&h.env, NULL, 0);
	sml_fair_merge(all, a);
	assert_memory_equal(sml_fair_const_scores(all)->only, sml_fair_const_scores(a)->only, sizeof(sml_fair_const_scores(a)->only));
	sml_fair_merge(all, b);
	sml_fair_merge(b, a);
	assert_memory_equal(sml_fair_const_scores(all)->only, sml_fair_const_scores(b)->only, sizeof(sml_fair_const_scores(b)->only));
	assert_close(sml_fair_const_scores(all)->only[128], SML_FAIR_SEVERAL, 0);
	assert_close(sml_fair_const_scores(all)->only[255], 1, 0);
	sml_free(&h.env, all);
	/* two zeroes are one score, in bytes as well */
	all = scored(&h.env, zeroes, 2);
	assert_false(signbit(sml_fair_const_scores(all)->only[0]));
	sml_free(&h.env, a);
	sml_free(&h.env, b);
	sml_free(&h.env, all);
	harness_finish(&h);
}

/* Bytes in which the score of a bin is not in it, or is there without rows. */
static void
refuses_bad_scores(void **unused)
{
	static const double score = 0.5;
	static const double wrong[] = {0.25, -0.5, 1, 0.50390625, 0};
	Harness h;

	(void) unused;
	harness_start(&h);
	for (size_t i = 0; i <= sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		SmlFairState *state = scored(&h.env, &score, 1);
		SmlFairState *again = NULL;
		SmlWriter     writer;

		if (i < sizeof(wrong) / sizeof(wrong[0]))
			sml_fair_scores(state)->only[128] = wrong[i];
		else
			sml_fair_scores(state)->only[7] = SML_FAIR_SEVERAL;
		sml_writer_start(&writer, &h.env);
		sml_fair_write(&writer, state);
		assert_int_equal(sml_fair_read(&h.env, writer.bytes, writer.size, &again), SML_CORRUPT);
		assert_null(again);
		sml_writer_free(&writer);
		sml_free(&h.env, state);
	}
	harness_finish(&h);
}

/* What processes used rides along: the largest figure of each, and not in bytes that leave. */
static void
workers(void **unused)
{
	Harness       h;
	SmlFairState *a;
	SmlFairState *b;
	SmlFairState *again;
	SmlWriter     writer;

	(void) unused;
	harness_start(&h);
	assert_int_equal(sml_alloc_array(&h.env, 1, sml_fair_size(SML_FAIR_SCORES | SML_FAIR_WORKERS), &a), SML_OK);
	assert_int_equal(sml_alloc_array(&h.env, 1, sml_fair_size(SML_FAIR_WORKERS), &b), SML_OK);
	sml_fair_start(a, SML_FAIR_SCORES | SML_FAIR_WORKERS);
	sml_fair_start(b, SML_FAIR_WORKERS);
	sml_fair_note_worker(a, 7, 1.5);
	sml_fair_note_worker(a, 7, 1.25);
	sml_fair_note_worker(b, 9, 3);
	sml_fair_note_worker(b, 7, 2);
	sml_fair_count(b, SML_YES, SML_NO);
	sml_fair_merge(a, b);
	assert_int_equal(sml_fair_const_workers(a)->worker[0].pid, 7);
	assert_close(sml_fair_const_workers(a)->worker[0].seconds, 2, 0);
	assert_int_equal(sml_fair_const_workers(a)->worker[1].pid, 9);
	assert_close(sml_fair_const_workers(a)->worker[1].seconds, 3, 0);
	assert_int_equal(sml_fair_const_scores(a)->missing, 1);
	for (int pid = 100; pid < 200; pid++)
		sml_fair_note_worker(a, pid, 1);
	sml_writer_start(&writer, &h.env);
	sml_fair_write(&writer, a);
	assert_int_equal(sml_fair_read(&h.env, writer.bytes, writer.size, &again), SML_OK);
	assert_int_equal(again->parts, SML_FAIR_SCORES);
	assert_int_equal(again->n[SML_YES][SML_NO], 1);
	sml_writer_free(&writer);
	sml_free(&h.env, a);
	sml_free(&h.env, b);
	sml_free(&h.env, again);
	harness_finish(&h);
}

static void
compensated(void **unused)
{
	SmlSum sum = {0, 0};

	(void) unused;
	/* 1e16 and a thousand ones: plain summation loses all of them */
	sml_sum_add(&sum, 1e16);
	for (int i = 0; i < 1000; i++)
		sml_sum_add(&sum, 1);
	sml_sum_add(&sum, -1e16);
	assert_close(sml_sum_value(&sum), 1000, 0);
}

static void
refuses_bad_weights(void **unused)
{
	Harness h;
	char    memory[sizeof(SmlFairState) + sizeof(SmlFairWeights)];
	SmlFairState *state = (SmlFairState *) memory;

	(void) unused;
	harness_start(&h);
	sml_fair_start(state, SML_FAIR_WEIGHTS);
	assert_int_equal(sml_fair_add(&h.env, state, SML_YES, SML_YES, 0, -1), SML_BAD_INPUT);
	assert_int_equal(sml_fair_add(&h.env, state, SML_YES, SML_YES, 0, NAN), SML_BAD_INPUT);
	assert_int_equal(sml_fair_add(&h.env, state, SML_YES, SML_YES, 0, INFINITY), SML_BAD_INPUT);
	assert_int_equal(sml_fair_rows(state), 0);
	assert_int_equal(sml_fair_add(&h.env, state, SML_YES, SML_YES, 0, sml_missing()), SML_OK);
	assert_int_equal(state->unweighed, 1);
	harness_finish(&h);
}

static SmlStatus
bytes_body(Harness *h, void *arg)
{
	SmlWriter     writer;
	SmlFairState *state = NULL;
	SmlFairState *again = NULL;
	SmlStatus     status = sml_alloc_array(&h->env, 1, sml_fair_size(3), &state);

	(void) arg;
	if (status != SML_OK)
		return status;
	sml_fair_start(state, 3);
	for (int i = 0; i < 100 && status == SML_OK; i++)
		status = sml_fair_add(&h->env, state, (SmlTruth) (i % 3), (SmlTruth) (i % 2), (double) i / 100, 1 + i % 4);
	sml_writer_start(&writer, &h->env);
	sml_fair_write(&writer, state);
	if (status == SML_OK)
		status = writer.status;
	if (status == SML_OK)
		status = sml_fair_read(&h->env, writer.bytes, writer.size, &again);
	if (status == SML_OK)
		assert_memory_equal(&again->parts, &state->parts, sml_fair_size(3) - sizeof(uint32_t));
	sml_writer_free(&writer);
	sml_free(&h->env, state);
	sml_free(&h->env, again);
	return status;
}

static void
bytes_round(void **unused)
{
	Harness       h;
	SmlWriter     writer;
	SmlFairState  state = counted(1, 2, 3, 4);
	SmlFairState *again = NULL;

	(void) unused;
	harness_sweep(bytes_body, NULL);
	harness_start(&h);
	sml_writer_start(&writer, &h.env);
	sml_fair_write(&writer, &state);
	for (size_t cut = 0; cut < writer.size; cut++)
	{
		assert_int_equal(sml_fair_read(&h.env, writer.bytes, cut, &again), SML_CORRUPT);
		writer.bytes[cut] ^= 0x40;
		assert_int_equal(sml_fair_read(&h.env, writer.bytes, writer.size, &again), SML_CORRUPT);
		writer.bytes[cut] ^= 0x40;
	}
	assert_null(again);
	sml_writer_free(&writer);
	harness_finish(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shares_by_hand), cmocka_unit_test(undefined_says_why), cmocka_unit_test(published_intervals),
		cmocka_unit_test(ratios_at_zero), cmocka_unit_test(against_scipy), cmocka_unit_test(berkeley),
		cmocka_unit_test(inequality_and_distances), cmocka_unit_test(consistency), cmocka_unit_test(merges_exactly),
		cmocka_unit_test(workers), cmocka_unit_test(compensated), cmocka_unit_test(refuses_bad_weights),
		cmocka_unit_test(bytes_round),
		cmocka_unit_test(coarse_scores),
		cmocka_unit_test(refuses_bad_scores),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
