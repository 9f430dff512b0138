/*
 * test_mitigation_thresholds.c - thresholds per group against the count of all combinations, straight from the
 * rows; one threshold for all; reject option; small groups, ties, weights, sweeps.
 */
#include "harness.h"

#include "../../src/core/fairness/curves.h"
#include "../../src/core/hash.h"

#define ROWS 60
#define MOST_GROUPS 3

/* Rows whose scores depend on label and group; scores have two digits, so that there are ties. */
static void
make_rows(SmlDecided *rows, size_t count, size_t groups, uint64_t seed, bool weighted)
{
	for (size_t i = 0; i < count; i++)
	{
		size_t g = i % groups;
		bool   positive = sml_random_unit(seed, 1, i) < 0.3 + 0.2 * (double) g;
		double score = 0.6 * sml_random_unit(seed, 2, i) + (positive ? 0.3 : 0.1) + 0.05 * (double) g;

		rows[i] = (SmlDecided) {floor(score * 100) / 100, weighted ? 1 + (double) (i % 3) : 1, (int32_t) g, positive};
	}
}

typedef struct Figures
{
	double accuracy;
	double rate[SML_RATES][MOST_GROUPS];
	double effective[SML_RATES][MOST_GROUPS];
} Figures;

/* From the rows alone. */
static Figures
count_rows(const SmlDecided *rows, size_t count, size_t groups, const double *threshold)
{
	Figures f = {0};
	double  right = 0;
	double  all = 0;

	for (size_t g = 0; g < groups; g++)
	{
		double taken[3] = {0};
		double of[3] = {0};
		double squares[3] = {0};

		for (size_t i = 0; i < count; i++)
		{
			double w = rows[i].weight;
			bool   yes = rows[i].score >= threshold[g];
			int    r = rows[i].positive ? 1 : 2;

			if ((size_t) rows[i].group != g)
				continue;
			right += yes == rows[i].positive ? w : 0;
			all += w;
			taken[0] += yes ? w : 0;
			of[0] += w;
			squares[0] += w * w;
			taken[r] += yes ? w : 0;
			of[r] += w;
			squares[r] += w * w;
		}
		for (int r = 0; r < 3; r++)
		{
			f.rate[r][g] = taken[r] / of[r];
			f.effective[r][g] = of[r] * of[r] / squares[r];
		}
	}
	f.accuracy = right / all;
	return f;
}

/*
 * Whether the rates are alike; the margin by its formula: the two smallest groups at the rate nearest to a half, at most half of
 * max_gap.
 */
static bool
is_alike(const Figures *f, size_t groups, const SmlThresholdWish *wish)
{
	unsigned rates = sml_constraint_rates(wish->constraint, wish->positive_is_favorable);

	for (int r = 0; r < SML_RATES; r++)
	{
		double least = 1;
		double most = 0;
		double n1 = INFINITY;
		double n2 = INFINITY;
		double at;

		if (!(rates & (1U << r)))
			continue;
		for (size_t g = 0; g < groups; g++)
		{
			double n = f->effective[r][g];

			least = fmin(least, f->rate[r][g]);
			most = fmax(most, f->rate[r][g]);
			n2 = n < n1 ? n1 : fmin(n2, n);
			n1 = fmin(n1, n);
		}
		at = least > 0.5 ? least : most < 0.5 ? most : 0.5;
		if (most - least > fmax(wish->max_gap / 2, wish->max_gap - wish->margin * sqrt(at * (1 - at) * (1 / n1 + 1 / n2))) + 1e-9)
			return false;
	}
	return true;
}

/* The best of all combinations of thresholds, by trying them. */
static double
best_by_trying(const SmlDecided *rows, size_t count, size_t groups, const SmlThresholdWish *wish, bool same)
{
	double best = -1;

	for (int a = 0; a <= 101; a++)
		for (int b = 0; b <= 101; b++)
			for (int c = 0; c <= (groups > 2 ? 101 : 0); c++)
			{
				/* halfway between the two-digit scores, and past the last */
				double  threshold[MOST_GROUPS] = {a / 100.0 - 0.005, b / 100.0 - 0.005, c / 100.0 - 0.005};
				Figures f;

				if (same && (a != b || (groups > 2 && a != c)))
					continue;
				/* three groups: coarser, 20 thresholds each */
				if (groups > 2 && !same && (a % 5 != 0 || b % 5 != 0 || c % 5 != 0))
					continue;
				f = count_rows(rows, count, groups, threshold);
				if (is_alike(&f, groups, wish))
					best = fmax(best, f.accuracy);
			}
	return best;
}

static void
check_figures(const SmlDecided *rows, size_t count, const SmlThresholds *made)
{
	Figures f = count_rows(rows, count, made->groups, made->threshold);

	assert_close(made->accuracy, f.accuracy, 1e-12);
	for (size_t g = 0; g < made->groups; g++)
		for (int r = 0; r < SML_RATES; r++)
			assert_close(made->rate[r][g], f.rate[r][g], 1e-12);
}

static void
check_case(size_t groups, SmlThresholdWish wish, bool weighted, uint64_t seed)
{
	SmlDecided     rows[ROWS];
	SmlCurves     *curves;
	SmlThresholds *made;
	Harness        h;
	double         best;
	bool           two_rates = wish.constraint == SML_EQUALIZED_ODDS;

	make_rows(rows, ROWS, groups, seed, weighted);
	harness_start(&h);
	assert_int_equal(sml_curves_make(&h.env, rows, ROWS, groups, &curves), SML_OK);
	assert_int_equal(sml_thresholds_fit(&h.env, curves, &wish, &made), SML_OK);
	check_figures(rows, ROWS, made);
	best = best_by_trying(rows, ROWS, groups, &wish, false);
	if (groups == 2)
		assert_close(made->accuracy, best, 1e-12);
	else if (!two_rates)
		/* the trial was coarser */
		assert_true(made->accuracy >= best - 1e-12);
	assert_true(made->feasible);
	assert_true(made->gap <= wish.max_gap + 1e-9);
	sml_thresholds_free(&h.env, made);

	assert_int_equal(sml_thresholds_common(&h.env, curves, &wish, false, &made), SML_OK);
	check_figures(rows, ROWS, made);
	assert_close(made->accuracy, best_by_trying(rows, ROWS, groups, &wish, true), 1e-12);
	sml_thresholds_free(&h.env, made);
	sml_curves_free(&h.env, curves);
	harness_finish(&h);
}

static void
test_against_trying(void **state)
{
	(void) state;
	for (uint64_t seed = 1; seed <= 3; seed++)
	{
		check_case(2, (SmlThresholdWish) {SML_DEMOGRAPHIC_PARITY, true, 0.05, 0, 1}, false, seed);
		check_case(2, (SmlThresholdWish) {SML_DEMOGRAPHIC_PARITY, true, 0.3, 1, 1}, true, seed);
		check_case(2, (SmlThresholdWish) {SML_EQUAL_OPPORTUNITY, true, 0.1, 0, 1}, true, seed);
		check_case(2, (SmlThresholdWish) {SML_EQUAL_OPPORTUNITY, false, 0.1, 0, 1}, false, seed);
		check_case(2, (SmlThresholdWish) {SML_EQUALIZED_ODDS, true, 0.15, 0, 1}, false, seed);
		check_case(2, (SmlThresholdWish) {SML_EQUALIZED_ODDS, true, 0.4, 1, 1}, true, seed);
	}
	check_case(3, (SmlThresholdWish) {SML_DEMOGRAPHIC_PARITY, true, 0.1, 0, 1}, false, 4);
	check_case(3, (SmlThresholdWish) {SML_EQUALIZED_ODDS, true, 0.2, 0, 1}, false, 5);
	/* a margin of which only a part can be had */
	check_case(2, (SmlThresholdWish) {SML_DEMOGRAPHIC_PARITY, true, 0.05, 5, 1}, false, 6);
}

/*
 * By hand.  Group 0: + .9, + .8, - .7, + .6, - .4, - .2; group 1: + .85, - .5, + .45, - .3, - .1, - .05.
 * Selecting three each, at .7 and .45: right are + + (-) and the lost + of group 0: 4 of 6, and + (-) + of group 1: 5 of 6: 9 of 12.
 * Selecting two each: + + , lost + : 5 of 6; + (-), lost +: 4 of 6: 9 of 12.  Selecting one each: 4 and 5 of 6: 9 of 12.
 * Four each: 5 (lost none, one - too many) and 4: 9.  So 9 of 12 is the best at gap 0, one each being found first.
 * Without a bound: group 0 four (5 of 6) or two (5 of 6), group 1 one (5) or three (5): 10 of 12.
 */
static void
test_by_hand(void **state)
{
	SmlDecided       rows[12] = {{.9, 1, 0, true}, {.8, 1, 0, true}, {.7, 1, 0, false}, {.6, 1, 0, true}, {.4, 1, 0, false}, {.2, 1, 0, false},
		{.85, 1, 1, true}, {.5, 1, 1, false}, {.45, 1, 1, true}, {.3, 1, 1, false}, {.1, 1, 1, false}, {.05, 1, 1, false}};
	SmlThresholdWish wish = {SML_DEMOGRAPHIC_PARITY, true, 0, 0, 1};
	SmlCurves       *curves;
	SmlThresholds   *made;
	Harness          h;

	(void) state;
	harness_start(&h);
	assert_int_equal(sml_curves_make(&h.env, rows, 12, 2, &curves), SML_OK);
	assert_int_equal(curves->curve[0].points, 7);
	assert_int_equal(sml_thresholds_fit(&h.env, curves, &wish, &made), SML_OK);
	assert_close(made->accuracy, 9.0 / 12, 1e-15);
	assert_close(made->gap, 0, 1e-15);
	sml_thresholds_free(&h.env, made);
	wish.max_gap = 1;
	assert_int_equal(sml_thresholds_fit(&h.env, curves, &wish, &made), SML_OK);
	assert_close(made->accuracy, 10.0 / 12, 1e-15);
	sml_thresholds_free(&h.env, made);
	/* reject option around .55: group 0 selects 4, group 1 one; within .1 of it, .6 goes and .5 and .45 come: 3 and 3 */
	wish.max_gap = 0;
	assert_int_equal(sml_thresholds_reject(&h.env, curves, &wish, 0.55, &made), SML_OK);
	assert_true(made->feasible);
	assert_close(made->gap, 0, 1e-15);
	assert_close(made->radius, 0.1, 1e-12);
	assert_close(made->rate[0][0], 0.5, 1e-15);
	assert_close(made->accuracy, 9.0 / 12, 1e-15);
	sml_thresholds_free(&h.env, made);
	/* a gap of 0.5 is what there is without moving anything */
	wish.max_gap = 0.5;
	assert_int_equal(sml_thresholds_reject(&h.env, curves, &wish, 0.55, &made), SML_OK);
	assert_close(made->radius, 0, 0);
	assert_close(made->accuracy, 10.0 / 12, 1e-15);
	sml_thresholds_free(&h.env, made);
	sml_curves_free(&h.env, curves);
	harness_finish(&h);
}

/* What cannot be: NaN, one group, groups without positives; rows of no group do not count. */
static void
test_edges(void **state)
{
	SmlDecided       bad[2] = {{NAN, 1, 0, true}, {0.5, 1, 1, false}};
	SmlDecided       rows[9] = {{.9, 1, 0, true}, {.2, 1, 0, false}, {.7, 1, 1, true}, {.3, 1, 1, false}, {.5, 1, 2, false}, {.4, 1, 2, false},
		{.1, 1, -1, true}, {.99, 1, -1, false}, {.98, 1, -1, false}};
	SmlThresholdWish wish = {SML_EQUALIZED_ODDS, true, 0.1, 0, 1};
	SmlCurves       *curves;
	SmlThresholds   *made;
	double           given[4] = {0.5, 0.5, 0.5, 0.5};
	Harness          h;

	(void) state;
	harness_start(&h);
	assert_int_equal(sml_curves_make(&h.env, bad, 2, 2, &curves), SML_BAD_INPUT);
	/* group 3 has no rows, group 2 no positives, three rows no group */
	assert_int_equal(sml_curves_make(&h.env, rows, 9, 4, &curves), SML_OK);
	assert_int_equal(curves->curve[3].points, 1);
	assert_int_equal(sml_thresholds_fit(&h.env, curves, &wish, &made), SML_OK);
	assert_true(made->usable[0] && made->usable[1] && !made->usable[2] && !made->usable[3]);
	assert_true(isnan(made->threshold[2]) && isnan(made->rate[1][2]) && isnan(made->rate[0][3]));
	assert_close(made->accuracy, 1, 1e-15);
	sml_thresholds_free(&h.env, made);
	assert_int_equal(sml_thresholds_given(&h.env, curves, &wish, given, &made), SML_OK);
	assert_close(made->rate[2][2], 0.5, 1e-15);
	sml_thresholds_free(&h.env, made);
	wish.min_rows = 2;
	assert_int_equal(sml_thresholds_fit(&h.env, curves, &wish, &made), SML_BAD_INPUT);
	assert_non_null(strstr(h.env.detail, "0 of 4 groups have 2 rows or more"));
	sml_curves_free(&h.env, curves);
	/* no rows at all, and no group with any */
	assert_int_equal(sml_curves_make(&h.env, rows, 0, 2, &curves), SML_OK);
	assert_int_equal(sml_thresholds_common(&h.env, curves, &wish, false, &made), SML_BAD_INPUT);
	sml_curves_free(&h.env, curves);
	harness_finish(&h);
}

/* All rows with one score: everybody or nobody. */
static void
test_one_score(void **state)
{
	SmlDecided       rows[4] = {{.5, 1, 0, true}, {.5, 1, 0, false}, {.5, 1, 1, true}, {.5, 1, 1, true}};
	SmlThresholdWish wish = {SML_DEMOGRAPHIC_PARITY, true, 0, 0, 1};
	SmlCurves       *curves;
	SmlThresholds   *made;
	Harness          h;

	(void) state;
	harness_start(&h);
	assert_int_equal(sml_curves_make(&h.env, rows, 4, 2, &curves), SML_OK);
	assert_int_equal(sml_thresholds_fit(&h.env, curves, &wish, &made), SML_OK);
	assert_true(isinf(made->threshold[0]) && made->threshold[0] < 0);
	assert_close(made->accuracy, 0.75, 1e-15);
	sml_thresholds_free(&h.env, made);
	assert_int_equal(sml_thresholds_common(&h.env, curves, &wish, true, &made), SML_BAD_INPUT);
	sml_curves_free(&h.env, curves);
	harness_finish(&h);
}

static void
test_names(void **state)
{
	(void) state;
	assert_string_equal(sml_constraint_name(SML_EQUALIZED_ODDS), "equalized_odds");
	assert_string_equal(sml_constraint_name(SML_EQUAL_OPPORTUNITY), "equal_opportunity");
}

typedef struct Swept
{
	SmlConstraint constraint;
	size_t        groups;
	int           which;
} Swept;

static SmlStatus
sweep_body(Harness *h, void *arg)
{
	const Swept     *swept = arg;
	SmlDecided       rows[ROWS];
	SmlThresholdWish wish = {swept->constraint, true, 0.1, 0.5, 1};
	SmlCurves       *curves = NULL;
	SmlThresholds   *made = NULL;
	SmlStatus        status;

	make_rows(rows, ROWS, swept->groups, 9, true);
	SML_TRY(sml_curves_make(&h->env, rows, ROWS, swept->groups, &curves));
	if (swept->which == 0)
		SML_TRY(sml_thresholds_fit(&h->env, curves, &wish, &made));
	else if (swept->which == 1)
		SML_TRY(sml_thresholds_common(&h->env, curves, &wish, true, &made));
	else if (swept->which == 2)
		SML_TRY(sml_thresholds_reject(&h->env, curves, &wish, 0.5, &made));
	else
		SML_TRY(sml_thresholds_single(&h->env, curves, &wish, 0.5, &made));
done:
	sml_thresholds_free(&h->env, made);
	sml_curves_free(&h->env, curves);
	return status;
}

static void
test_sweep(void **state)
{
	(void) state;
	for (int which = 0; which < 4; which++)
	{
		Swept swept = {SML_DEMOGRAPHIC_PARITY, 2, which};

		harness_sweep(sweep_body, &swept);
	}
	harness_sweep(sweep_body, &(Swept) {SML_EQUALIZED_ODDS, 2, 0});
	harness_sweep(sweep_body, &(Swept) {SML_EQUALIZED_ODDS, 3, 0});
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_trying),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_one_score),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
