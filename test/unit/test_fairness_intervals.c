/*
 * test_fairness_intervals.c - every kind of interval against numpy, scipy and statsmodels on single rows (constants printed by
 * test/reference/fairness_interval_values.py), in the edge cases where a method would claim certainty or has none, and how often some of
 * them cover.
 */
#include "fairness_cases.h"

#include "../../src/core/fairness/consistency.h"
#include "../../src/core/fairness/errors.h"
#include "../../src/core/fairness/inequality.h"
#include "../../src/core/hash.h"

#define NEAR 1e-10

static void
assert_ends(const SmlFigure *figure, const char *method, double low, double high, double tolerance)
{
	assert_null(figure->reason);
	assert_null(figure->no_interval);
	assert_string_equal(figure->ci_method, method);
	if (!(fabs(figure->ci_low - low) <= tolerance && fabs(figure->ci_high - high) <= tolerance))
		print_message("%s: %.12g to %.12g, expected %.12g to %.12g\n", method, figure->ci_low, figure->ci_high, low, high);
	assert_true(fabs(figure->ci_low - low) <= tolerance);
	assert_true(fabs(figure->ci_high - high) <= tolerance);
}

static SmlFigure
share_of(uint64_t x, uint64_t n)
{
	SmlFairState state = counted(x, 0, n - x, 0);

	return figure(&state, SML_FAIR_TPR);
}

/* A figure with a symmetric interval. */
static SmlFigure
known_figure(double value, double margin)
{
	SmlFigure f = {.n = 100, .effective = 100};

	sml_figure_plain(&f, value, NULL);
	sml_figure_interval(&f, "student_t", margin, margin, -INFINITY, INFINITY);
	return f;
}

/* ---- quantiles ------------------------------------------------------------------------- */

static void
quantiles(void **unused)
{
	static const double t[5][2] = {{1, 12.706204736175}, {2, 4.3026527297495}, {4.5, 2.6589123472044}, {29, 2.0452296421327}, {1e5, 1.9599877075346}};

	(void) unused;
	for (size_t i = 0; i < 5; i++)
		assert_true(fabs(sml_student(Z95, t[i][0]) - t[i][1]) < 1e-12 * t[i][1]);
	assert_true(fabs(sml_student(1.6448536269514722, 3) - 2.3533634348018) < 1e-11);
	assert_close(sml_student(Z95, INFINITY), Z95, 0);
	assert_close(sml_one_sided(Z95), 1.6448536269514722, 1e-12);
	assert_close(sml_one_sided(0.1), 0, 0);
	/* exact by 20 million draws: 3.9197, 11.2799, 2.6253 */
	assert_true(fabs(sml_norm_bound(2, 4, 8, Z95) - 3.9197) < 0.002);
	assert_true(fabs(sml_norm_bound(10, 10, 10, Z95) - 11.2799) < 0.01);
	assert_true(fabs(sml_norm_bound(1.7, 1.27, 1.127, Z95) - 2.6253) < 0.002);
	assert_close(sml_norm_bound(0, 0, 0, Z95), 0, 0);
}

/* ---- two groups -------------------------------------------------------------------------- */

/* The ends are the ratios at which 0 is an end of MOVER's interval of a - ratio x b: found by a root finder. */
static void
ratios(void **unused)
{
	static const struct
	{
		uint64_t x1, n1, x2, n2;
		double   low, high;
	} cases[] = {{0, 12, 7, 20, 0, 0.790912255132}, {5, 5, 30, 40, 0.744172178178, 1.67207195754}, {6, 9, 8, 8, 0.35420213558, 1.07524470915}};

	(void) unused;
	for (size_t i = 0; i < 3; i++)
	{
		SmlFigure a = share_of(cases[i].x1, cases[i].n1);
		SmlFigure b = share_of(cases[i].x2, cases[i].n2);
		SmlFigure ratio;

		sml_figure_ratio(&a, &b, Z95, &ratio);
		assert_ends(&ratio, "mover", cases[i].low, cases[i].high, NEAR);
	}
}

static void
differences(void **unused)
{
	SmlFigure a = known_figure(5, 3);
	SmlFigure b = known_figure(1, 4);
	SmlFigure difference;

	(void) unused;
	sml_figure_difference(&a, &b, &difference);
	assert_ends(&difference, "mover", -1, 9, 1e-14);
	/* what each can be off by adds up, and not in squares */
	a.off = 0.25;
	b.off = 0.5;
	sml_figure_difference(&a, &b, &difference);
	assert_ends(&difference, "mover", -1.75, 9.75, 1e-14);
	sml_figure_plain(&b, 1, "one_row");
	sml_figure_difference(&a, &b, &difference);
	assert_close(difference.value, 4, 0);
	assert_null(difference.reason);
	assert_string_equal(sml_figure_reason(&difference), "a_group_has_no_interval");
	sml_figure_undefined(&b, "no_positives");
	sml_figure_difference(&a, &b, &difference);
	assert_string_equal(sml_figure_reason(&difference), "no_positives");
	assert_true(isnan(difference.value) && isnan(difference.ci_low));
}

/* ---- figures of scores ---------------------------------------------------------------------- */

/* 40 rows: label 1 where 7 i mod 10 < 4, prediction where 3 i mod 7 < 3, score 37 i mod 101 / 100, weight 1 + i mod 3. */
static SmlFairState *
forty_rows(SmlEnv *env, uint32_t parts)
{
	SmlFairState *state;

	assert_int_equal(sml_alloc_array(env, 1, sml_fair_size(parts), &state), SML_OK);
	sml_fair_start(state, parts);
	for (int i = 0; i < 40; i++)
		assert_int_equal(sml_fair_add(env, state, (SmlTruth) (i * 7 % 10 < 4), (SmlTruth) (i * 3 % 7 < 3), i * 37 % 101 / 100.0, 1 + i % 3), SML_OK);
	return state;
}

typedef struct Expected
{
	SmlFairMetric metric;
	const char   *method;
	double        low;
	double        high;
} Expected;

static void
score_figures(void **unused)
{
	static const Expected plain[] = {
		{SML_FAIR_MEAN_SCORE, "student_t", 0.402994937006, 0.594005062994}, {SML_FAIR_BRIER, "student_t", 0.269385285885, 0.464514714115},
		{SML_FAIR_LOG_LOSS, "student_t", 0.0619521700795, 3.64354499467}, {SML_FAIR_CALIBRATION_GAP, "student_t", -0.0950895777199, 0.29208957772},
		{SML_FAIR_ECE, "norm_bound", 0.0739027755652, 0.623097224435}, {SML_FAIR_ROC_AUC, "newcombe_delong", 0.267936991873, 0.625874090334},
		{SML_FAIR_TREATMENT_EQUALITY, "wilson_odds", 0.395556666783, 2.08932461615},
		{SML_FAIR_MEAN_SCORE_POSITIVE, "student_t", 0.287427304798, 0.633822695202},
		{SML_FAIR_MEAN_SCORE_NEGATIVE, "student_t", 0.403831374073, 0.643668625927},
	};
	static const Expected weighted[] = {
		{SML_FAIR_MEAN_SCORE, "student_t", 0.417591076899, 0.623674745886}, {SML_FAIR_BRIER, "student_t", 0.238581762434, 0.448595452756},
		{SML_FAIR_LOG_LOSS, "student_t", 0, 2.80437470859}, {SML_FAIR_CALIBRATION_GAP, "student_t", -0.0325395529626, 0.364944616254},
		{SML_FAIR_ECE, "norm_bound", 0.00989224815232, 0.596943194886}, {SML_FAIR_ROC_AUC, "newcombe_delong", 0.307003092861, 0.68244497594},
		{SML_FAIR_TREATMENT_EQUALITY, "wilson_odds", 0.301548526915, 1.86537140723},
		{SML_FAIR_MEAN_SCORE_POSITIVE, "student_t", 0.34324621029, 0.69175378971},
		{SML_FAIR_MEAN_SCORE_NEGATIVE, "student_t", 0.383670160038, 0.661035722315},
	};
	Harness       h;
	SmlFairState *state;

	(void) unused;
	harness_start(&h);
	for (uint32_t parts = SML_FAIR_SCORES; parts <= (SML_FAIR_SCORES | SML_FAIR_WEIGHTS); parts++)
	{
		const Expected *expected = parts & SML_FAIR_WEIGHTS ? weighted : plain;

		state = forty_rows(&h.env, parts);
		for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		{
			SmlFigure f = figure(state, expected[i].metric);

			assert_ends(&f, expected[i].method, expected[i].low, expected[i].high, 1e-9);
		}
		sml_free(&h.env, state);
	}
	/* Kish's number, also of the scored rows; weights of one size are no weights, in bytes and merged */
	state = forty_rows(&h.env, SML_FAIR_SCORES | SML_FAIR_WEIGHTS);
	assert_close(figure(state, SML_FAIR_BASE_RATE).effective, 34.1038251366, 1e-9);
	assert_close(figure(state, SML_FAIR_MEAN_SCORE).effective, 34.1038251366, 1e-9);
	sml_free(&h.env, state);
	{
		SmlFairState *own = forty_rows(&h.env, SML_FAIR_SCORES);
		SmlFairState *wide;

		assert_int_equal(sml_alloc_array(&h.env, 1, sml_fair_size(SML_FAIR_SCORES | SML_FAIR_WEIGHTS), &wide), SML_OK);
		sml_fair_start(wide, SML_FAIR_SCORES | SML_FAIR_WEIGHTS);
		sml_fair_merge(wide, own);
		for (int m = 0; m < SML_FAIR_METRICS; m++)
		{
			SmlFigure a = figure(own, (SmlFairMetric) m);
			SmlFigure b = figure(wide, (SmlFairMetric) m);

			assert_ends(&b, a.ci_method, a.ci_low, a.ci_high, 1e-12);
		}
		sml_free(&h.env, own);
		sml_free(&h.env, wide);
	}
	harness_finish(&h);
}

/* Few rows, rows that are alike, classes that do not overlap: never an interval that is a point, never none without a reason. */
static void
no_false_certainty(void **unused)
{
	static const SmlFairMetric means[] = {SML_FAIR_MEAN_SCORE, SML_FAIR_MEAN_SCORE_POSITIVE, SML_FAIR_BRIER, SML_FAIR_CALIBRATION_GAP};
	Harness h;

	(void) unused;
	harness_start(&h);
	for (int rows = 1; rows <= 40; rows += 39)
	{
		char          memory[8192];
		SmlFairState *state = (SmlFairState *) memory;
		SmlFigure     f;
		double        half = sqrt(log(2 / 0.05) / (2 * rows));

		assert_true(sml_fair_size(SML_FAIR_SCORES) <= sizeof(memory));
		sml_fair_start(state, SML_FAIR_SCORES);
		for (int i = 0; i < rows; i++)
			assert_int_equal(sml_fair_add(&h.env, state, SML_YES, SML_YES, 0.75, 1), SML_OK);
		for (size_t i = 0; i < sizeof(means) / sizeof(means[0]); i++)
		{
			double range = means[i] == SML_FAIR_CALIBRATION_GAP ? 2 : 1;

			f = figure(state, means[i]);
			assert_ends(&f, "hoeffding", fmax(1 - range, f.value - range * half), fmin(1, f.value + range * half), 1e-9);
		}
		/* a loss without a bound */
		assert_string_equal(sml_figure_reason(&(SmlFigure) {.no_interval = figure(state, SML_FAIR_LOG_LOSS).no_interval}), rows == 1 ? "one_row" : "no_variation");
		f = figure(state, SML_FAIR_ECE);
		assert_true(f.ci_high - f.ci_low > 0.05 && f.ci_low <= 0.25 && f.ci_high >= 0.25);
		assert_string_equal(figure(state, SML_FAIR_ROC_AUC).reason, "one_class_only");
		assert_string_equal(figure(state, SML_FAIR_MEAN_SCORE_NEGATIVE).reason, "no_scored_negatives");
		/* one negative below all positives: the area is 1 */
		assert_int_equal(sml_fair_add(&h.env, state, SML_NO, SML_NO, 0.25, 1), SML_OK);
		f = figure(state, SML_FAIR_ROC_AUC);
		assert_close(f.value, 1, 0);
		assert_string_equal(f.ci_method, "newcombe_delong");
		assert_true(f.ci_low < 0.6 && f.ci_high == 1);
	}
	/* one positive and one negative: Wilson's interval of 1 of 1 */
	{
		char          memory[8192];
		SmlFairState *state = (SmlFairState *) memory;
		SmlFigure     one = share_of(1, 1);
		SmlFigure     area;

		sml_fair_start(state, SML_FAIR_SCORES);
		assert_int_equal(sml_fair_add(&h.env, state, SML_YES, SML_YES, 0.75, 1), SML_OK);
		assert_int_equal(sml_fair_add(&h.env, state, SML_NO, SML_YES, 0.25, 1), SML_OK);
		area = figure(state, SML_FAIR_ROC_AUC);
		assert_ends(&area, "newcombe_delong", one.ci_low, 1, 1e-12);
	}
	/* 0 false negatives of 3 errors: down to 0, up to the odds of Wilson's end, 0.5615 / 0.4385 */
	{
		SmlFairState state = counted(1, 3, 0, 1);
		SmlFigure    f = figure(&state, SML_FAIR_TREATMENT_EQUALITY);
		SmlFigure    none = share_of(0, 3);

		assert_ends(&f, "wilson_odds", 0, none.ci_high / (1 - none.ci_high), 1e-12);
		state = counted(1, 0, 3, 1);
		assert_string_equal(sml_figure_reason(&(SmlFigure) {.reason = figure(&state, SML_FAIR_TREATMENT_EQUALITY).reason}), "no_false_positives");
	}
	harness_finish(&h);
}

/* ---- over groups ------------------------------------------------------------------------------ */

/* Equal errors: the quantile of the range of normal numbers is that of the studentized range with infinite degrees of freedom. */
static void
ranges(void **unused)
{
	static const struct
	{
		size_t groups;
		double quantile;
	} cases[] = {{3, 3.314493}, {5, 3.857656}, {20, 5.011689}};
	SmlFigure        figures[20];
	const SmlFigure *list[20];
	SmlDraws         draws = {0.95, 20000, 7, 0};
	SmlInterval      interval;
	SmlInterval      again;
	Harness          h;

	(void) unused;
	harness_start(&h);
	for (size_t c = 0; c < 3; c++)
	{
		for (size_t g = 0; g < cases[c].groups; g++)
		{
			figures[g] = known_figure(100 + (g == 1 ? 50 : 0), Z95);
			list[g] = &figures[g];
		}
		assert_int_equal(sml_range_intervals(&h.env, list, 1, cases[c].groups, &draws, &interval), SML_OK);
		assert_string_equal(interval.method, "parametric_bootstrap");
		assert_true(fabs((interval.high - 50) / cases[c].quantile - 1) < 0.02);
		assert_close(interval.high - 50, 50 - interval.low, 1e-12);
		assert_int_equal(sml_range_intervals(&h.env, list, 1, cases[c].groups, &draws, &again), SML_OK);
		assert_close(again.high, interval.high, 0);
	}
	/* what the two worst are off by, once */
	figures[3].off = 2;
	figures[4].off = 1;
	figures[5].off = 1;
	assert_int_equal(sml_range_intervals(&h.env, list, 1, 20, &draws, &again), SML_OK);
	assert_close(again.high, interval.high + 3, 1e-12);
	/* kinds of figures together are what they are alone */
	{
		const SmlFigure *both[40];
		SmlInterval      intervals[2];

		for (size_t g = 0; g < 20; g++)
		{
			both[g] = list[0];
			both[20 + g] = list[g];
		}
		assert_int_equal(sml_range_intervals(&h.env, both, 2, 20, &draws, intervals), SML_OK);
		assert_close(intervals[1].high, again.high, 0);
		assert_close(intervals[0].high, again.high - 50 - 3, 1e-12);
	}
	/* two: MOVER, folded at 0 */
	figures[0] = known_figure(1, 3);
	figures[1] = known_figure(2, 4);
	assert_int_equal(sml_range_intervals(&h.env, list, 1, 2, &draws, &interval), SML_OK);
	assert_string_equal(interval.method, "mover");
	assert_close(interval.low, 0, 0);
	assert_close(interval.high, 6, 1e-14);
	/* one that has no interval, none to compare with, no draws */
	sml_figure_plain(&figures[1], 2, "one_row");
	assert_int_equal(sml_range_intervals(&h.env, list, 1, 3, &draws, &interval), SML_OK);
	assert_string_equal(interval.reason, "a_group_has_no_interval");
	assert_null(interval.method);
	sml_figure_undefined(&figures[1], "no_positives");
	assert_int_equal(sml_range_intervals(&h.env, list, 1, 3, &draws, &interval), SML_OK);
	assert_string_equal(interval.method, "mover");
	draws.count = 0;
	assert_int_equal(sml_range_intervals(&h.env, list, 1, 5, &draws, &interval), SML_OK);
	assert_string_equal(interval.reason, "no_draws");
	assert_true(isnan(interval.low));
	harness_finish(&h);
}

/* Rows drawn again 20,000 times in numpy: the error of the largest distance is at most 0.07924 in 95 of 100; rows of an unknown group are among everybody. */
static void
to_overall(void **unused)
{
	SmlFairState      states[4] = {counted(120, 0, 280, 0), counted(100, 0, 100, 0), counted(20, 0, 80, 0), counted(45, 0, 5, 0)};
	Case              c;
	Harness           h;
	SmlFairAudit     *audit;
	const SmlFairRow *row;

	(void) unused;
	harness_start(&h);
	make_case(&c, states, 4);
	c.groups[4].unknown = true;
	c.plan.draws = 20000;
	assert_int_equal(sml_fair_audit(&h.env, &c.plan, &audit), SML_OK);
	row = find(audit, SML_SCOPE_DISPARITY, SML_NO_GROUP, "demographic_parity_to_overall");
	assert_close(row->figure.value, 0.18, 1e-12);
	assert_string_equal(row->figure.ci_method, "bootstrap");
	assert_true(fabs((row->figure.ci_high - 0.18) / 0.07924 - 1) < 0.03);
	assert_true(fabs((0.18 - row->figure.ci_low) / 0.07924 - 1) < 0.03);
	sml_fair_audit_free(&h.env, audit);
	/* without draws there is a reason */
	c.plan.draws = 0;
	assert_int_equal(sml_fair_audit(&h.env, &c.plan, &audit), SML_OK);
	for (size_t r = 0; r < audit->count; r++)
		assert_true((sml_figure_reason(&audit->rows[r].figure) == NULL) == (audit->rows[r].figure.ci_method != NULL && !isnan(audit->rows[r].figure.ci_low)));
	row = find(audit, SML_SCOPE_DISPARITY, SML_NO_GROUP, "demographic_parity_to_overall");
	assert_string_equal(sml_figure_reason(&row->figure), "no_draws");
	sml_fair_audit_free(&h.env, audit);
	harness_finish(&h);
}

/* ---- inequality and distances ----------------------------------------------------------------------- */

/* Benefits 0, 1, 2 of 10, 60, 30 and of 60, 120, 20 rows; rows drawn again 20,000 times in numpy. */
static void
entropies(void **unused)
{
	SmlFairState        states[2] = {counted(30, 30, 10, 30), counted(60, 20, 60, 60)};
	const SmlFairState *list[2] = {&states[0], &states[1]};
	SmlDraws            draws = {0.95, 20000, 0, 0};
	SmlInequality       result;
	SmlFigure           variation;
	Harness             h;

	(void) unused;
	harness_start(&h);
	assert_int_equal(sml_inequality(&h.env, list, 2, 2, &draws, &result), SML_OK);
	assert_close(result.total.value, 0.2270408163, 1e-9);
	assert_ends(&result.total, "bootstrap_normal", 0.180613, 0.272871, 0.0015);
	assert_close(result.between.value, 0.02040816327, 1e-10);
	assert_ends(&result.between, "bootstrap_normal", 0.004554, 0.034957, 0.0007);
	assert_int_equal(result.total.n, 300);
	sml_coefficient_of_variation(&result.total, &variation);
	assert_close(variation.value, sqrt(2 * result.total.value), 1e-14);
	assert_ends(&variation, "bootstrap_normal", sqrt(2 * result.total.ci_low), sqrt(2 * result.total.ci_high), 1e-12);
	assert_int_equal(sml_inequality(&h.env, list, 2, 1, &draws, &result), SML_OK);
	assert_ends(&result.total, "bootstrap_normal", 0.253185, 0.379390, 0.002);
	assert_ends(&result.between, "bootstrap_normal", 0.004625, 0.033489, 0.0007);
	assert_true(result.within.ci_low < result.within.value && result.within.value < result.within.ci_high);
	/* one group, no draws, rows that are all right, nobody */
	assert_int_equal(sml_inequality(&h.env, list, 1, 2, &draws, &result), SML_OK);
	assert_ends(&result.between, "by_definition", 0, 0, 0);
	draws.count = 0;
	assert_int_equal(sml_inequality(&h.env, list, 2, 2, &draws, &result), SML_OK);
	assert_string_equal(sml_figure_reason(&result.total), "no_draws");
	draws.count = 50;
	states[0] = states[1] = counted(5, 0, 0, 5);
	assert_int_equal(sml_inequality(&h.env, list, 2, 2, &draws, &result), SML_OK);
	assert_close(result.total.value, 0, 0);
	assert_string_equal(sml_figure_reason(&result.total), "no_variation");
	assert_int_equal(sml_inequality(&h.env, list, 0, 2, &draws, &result), SML_OK);
	assert_string_equal(sml_figure_reason(&result.total), "no_labels_with_predictions");
	harness_finish(&h);
}

static SmlStatus
entropies_body(Harness *h, void *arg)
{
	SmlFairState        states[2] = {counted(3, 3, 1, 3), counted(6, 2, 6, 6)};
	const SmlFairState *list[2] = {&states[0], &states[1]};
	SmlDraws            draws = {0.95, 5, 0, 0};
	double              own[3] = {5, 3, 2};
	double              rest[3] = {2, 3, 5};
	SmlFigure           distances[SML_DISTANCES];
	SmlInequality       result;
	SmlStatus           status = sml_inequality(&h->env, list, 2, 2, &draws, &result);

	(void) arg;
	return status == SML_OK ? sml_distances(&h->env, own, rest, 3, &draws, distances) : status;
}

static void
distances(void **unused)
{
	double    own[3] = {20, 30, 50};
	double    rest[3] = {80, 80, 40};
	double    two[2] = {60, 140};
	double    others[2] = {225, 275};
	double    alike[1] = {7};
	SmlDraws  draws = {0.95, 20000, 3, 0};
	SmlFigure d[SML_DISTANCES];
	Harness   h;
	double    error = sqrt(0.3 * 0.7 / 200 + 0.45 * 0.55 / 500);

	(void) unused;
	harness_sweep(entropies_body, NULL);
	harness_start(&h);
	/* numerical derivatives in numpy */
	assert_int_equal(sml_distances(&h.env, own, rest, 3, &draws, d), SML_OK);
	assert_ends(&d[SML_DISTANCE_KL], "delta", 0.040779728, 0.44063405, 1e-6);
	assert_ends(&d[SML_DISTANCE_JS], "delta", 0.010952691, 0.099367035, 1e-6);
	/* two outcomes: the usual interval of a difference of shares */
	assert_int_equal(sml_distances(&h.env, two, others, 2, &draws, d), SML_OK);
	assert_ends(&d[SML_DISTANCE_TOTAL_VARIATION], "bootstrap", 0.15 - Z95 * error, 0.15 + Z95 * error, 0.03 * error * Z95);
	assert_ends(&d[SML_DISTANCE_L2], "bootstrap", sqrt(2) * (0.15 - Z95 * error), sqrt(2) * (0.15 + Z95 * error), 0.05 * error * Z95);
	/* equal distributions, one outcome, no rows */
	assert_int_equal(sml_distances(&h.env, own, own, 3, &draws, d), SML_OK);
	for (int k = 0; k < SML_DISTANCES; k++)
		assert_true(d[k].ci_low == 0 && d[k].ci_high > 0 && d[k].ci_high < 0.3);
	assert_int_equal(sml_distances(&h.env, alike, alike, 1, &draws, d), SML_OK);
	for (int k = 0; k < SML_DISTANCES; k++)
		assert_string_equal(sml_figure_reason(&d[k]), "no_variation");
	alike[0] = 0;
	assert_int_equal(sml_distances(&h.env, own, alike, 1, &draws, d), SML_OK);
	assert_string_equal(sml_figure_reason(&d[SML_DISTANCE_JS]), "one_group");
	draws.count = 0;
	assert_int_equal(sml_distances(&h.env, own, rest, 3, &draws, d), SML_OK);
	assert_string_equal(sml_figure_reason(&d[SML_DISTANCE_L2]), "no_draws");
	assert_null(sml_figure_reason(&d[SML_DISTANCE_KL]));
	harness_finish(&h);
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return x < y ? -1 : x > y;
}

static void
samples(void **unused)
{
	double    a[40];
	double    b[55];
	SmlFigure ks;
	SmlFigure w;
	Harness   h;

	(void) unused;
	harness_start(&h);
	for (size_t k = 0; k < 40; k++)
		a[k] = (double) (k * 7919 % 97) / 7.0;
	for (size_t k = 0; k < 55; k++)
		b[k] = (double) (k * 104729 % 89) / 6.0;
	qsort(a, 40, sizeof(double), by_size);
	qsort(b, 55, sizeof(double), by_size);
	assert_int_equal(sml_two_samples(&h.env, a, 40, b, 55, Z95, &ks, &w), SML_OK);
	assert_ends(&w, "norm_bound", 0, w.value + 2.39360099355, NEAR);
	assert_ends(&ks, "dkw", 0, ks.value + 0.43363240246, NEAR);
	assert_int_equal(sml_two_samples(&h.env, a, 1, b, 55, Z95, &ks, &w), SML_OK);
	assert_string_equal(sml_figure_reason(&w), "one_row");
	assert_ends(&ks, "dkw", 0, 1, 0);
	b[0] = b[1] = a[0] = a[1] = 3;
	assert_int_equal(sml_two_samples(&h.env, a, 2, b, 2, Z95, &ks, &w), SML_OK);
	assert_string_equal(sml_figure_reason(&w), "no_variation");
	harness_finish(&h);
}

/* ---- regression ------------------------------------------------------------------------------------ */

static double
covariance(const double *x, const double *y, size_t n)
{
	double mx = 0;
	double my = 0;
	double sum = 0;

	for (size_t i = 0; i < n; i++)
	{
		mx += x[i] / (double) n;
		my += y[i] / (double) n;
	}
	for (size_t i = 0; i < n; i++)
		sum += (x[i] - mx) * (y[i] - my) / (double) n;
	return sum;
}

static double
average(const double *x, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += x[i] / (double) n;
	return sum;
}

/* Moments as SQL makes them, of targets less "constant". */
static SmlErrorMoments
moments_of(const double *y, const double *d, size_t n, double constant)
{
	double p[64], s[64], s2[64], d2[64], size[64];

	for (size_t i = 0; i < n; i++)
	{
		p[i] = y[i] + d[i];
		s[i] = y[i] - constant;
		s2[i] = s[i] * s[i];
		d2[i] = d[i] * d[i];
		size[i] = fabs(d[i]);
	}
	return (SmlErrorMoments) {n, average(y, n), average(p, n), average(d, n), average(size, n), average(d2, n), average(s, n), covariance(s, s, n), covariance(p, p, n),
							  covariance(d, d, n), covariance(size, size, n), covariance(d2, d2, n), covariance(s2, s2, n), covariance(s, s2, n),
							  covariance(d2, s, n), covariance(d2, s2, n)};
}

static void
regression(void **unused)
{
	double          y[60];
	double          d[60];
	SmlFigure       f[SML_ERROR_STATS];
	SmlErrorMoments m;

	(void) unused;
	for (int i = 0; i < 60; i++)
	{
		y[i] = 1000 + i * 37 % 101 / 10.0;
		d[i] = (i * 53 % 97 - 48) / 40.0;
	}
	/* whatever is taken away from the target */
	for (double constant = 995; constant <= 1005; constant += 5)
	{
		m = moments_of(y, d, 60, constant);
		sml_error_figures(&m, Z95, f);
		assert_ends(&f[SML_ERROR_RMSE], "log_t", 0.626709805804, 0.790022078398, NEAR);
		assert_close(f[SML_ERROR_RMSE].value, 0.703643790091, NEAR);
		assert_ends(&f[SML_ERROR_R2], "delta", 0.941727211769 - 0.0182827862632, 0.941727211769 + 0.0182827862632, NEAR);
		assert_ends(&f[SML_ERROR_MEAN_ERROR], "student_t", -0.06375 - 0.182550559218, -0.06375 + 0.182550559218, NEAR);
		assert_ends(&f[SML_ERROR_MAE], "student_t", f[SML_ERROR_MAE].value - 0.0915574194138, f[SML_ERROR_MAE].value + 0.0915574194138, NEAR);
	}
	m = moments_of(y, d, 1, 1000);
	sml_error_figures(&m, Z95, f);
	assert_string_equal(sml_figure_reason(&f[SML_ERROR_MEAN_ACTUAL]), "one_row");
	assert_string_equal(sml_figure_reason(&f[SML_ERROR_R2]), "target_is_constant");
	m = moments_of(y, d, 0, 0);
	sml_error_figures(&m, Z95, f);
	for (int k = 0; k < SML_ERROR_STATS; k++)
		assert_string_equal(sml_figure_reason(&f[k]), "no_rows");
	for (int i = 0; i < 60; i++)
		d[i] = 0.5;
	m = moments_of(y, d, 60, 1000);
	sml_error_figures(&m, Z95, f);
	assert_close(f[SML_ERROR_RMSE].value, 0.5, 1e-12);
	assert_string_equal(sml_figure_reason(&f[SML_ERROR_RMSE]), "no_variation");
}

static void
conditional_disparity(void **unused)
{
	static const SmlSplit strata[] = {{30, 100, 24, 60}, {5, 20, 12, 30}, {0, 8, 1, 2}, {3, 9, 0, 0}};
	SmlFigure             f;

	(void) unused;
	/* the last stratum rejects nobody */
	sml_conditional_disparity(strata, 4, Z95, &f);
	assert_close(f.value, 0.129545454545, NEAR);
	assert_ends(&f, "mover", 0.00295895937194, 0.251434907471, NEAR);
	sml_conditional_disparity(strata + 3, 1, Z95, &f);
	assert_string_equal(sml_figure_reason(&f), "no_selected_or_no_rejected");
}

/* ---- consistency ------------------------------------------------------------------------------------- */

static double
normal(uint64_t seed, uint64_t stream, uint64_t i)
{
	return sqrt(-2 * log1p(-sml_random_unit(seed, stream, 2 * i))) * cos(2 * 3.14159265358979323846 * sml_random_unit(seed, stream, 2 * i + 1));
}

/*
 * 200 data sets of 150 rows: the jackknife's variance is, in the mean, at least that of the estimates (Efron and Stein), and not twice
 * as large; the interval covers their mean in at least 180 of 200.  The order of rows is no matter.
 */
static void
jackknife(void **unused)
{
	enum { SETS = 200, ROWS = 150 };
	double    values[SETS];
	SmlFigure figures[SETS];
	double    mean = 0;
	double    own = 0;
	double    claimed = 0;
	int       covered = 0;
	Harness   h;

	(void) unused;
	harness_start(&h);
	for (uint64_t set = 0; set < SETS; set++)
	{
		double         x[ROWS];
		double         y[ROWS];
		double         turned_x[ROWS];
		double         turned_y[ROWS];
		SmlConsistency of = {.features = x, .rows = ROWS, .columns = 1, .outcomes = y, .k = 5, .z = Z95};
		SmlFigure      turned;

		for (uint64_t i = 0; i < ROWS; i++)
		{
			x[i] = turned_x[ROWS - 1 - i] = normal(5, set, i);
			y[i] = turned_y[ROWS - 1 - i] = sml_random_unit(6, set, i) < 1 / (1 + exp(-2 * x[i]));
		}
		assert_int_equal(sml_consistency(&h.env, &of, &figures[set]), SML_OK);
		assert_string_equal(figures[set].ci_method, "jackknife");
		values[set] = figures[set].value;
		mean += values[set] / SETS;
		if (set > 0)
			continue;
		of.features = turned_x;
		of.outcomes = turned_y;
		assert_int_equal(sml_consistency(&h.env, &of, &turned), SML_OK);
		assert_close(turned.value, figures[0].value, 1e-14);
		assert_close(turned.ci_low, figures[0].ci_low, 1e-12);
	}
	for (int set = 0; set < SETS; set++)
	{
		double error = figures[set].above / sml_student(Z95, 19);

		own += (values[set] - mean) * (values[set] - mean) / SETS;
		claimed += error * error / SETS;
		covered += figures[set].ci_low <= mean && mean <= figures[set].ci_high;
	}
	assert_true(claimed > own && claimed < 2 * own);
	assert_true(covered >= 180);
	harness_finish(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles), cmocka_unit_test(ratios), cmocka_unit_test(differences), cmocka_unit_test(score_figures),
		cmocka_unit_test(no_false_certainty), cmocka_unit_test(ranges), cmocka_unit_test(to_overall), cmocka_unit_test(entropies),
		cmocka_unit_test(distances), cmocka_unit_test(samples), cmocka_unit_test(regression), cmocka_unit_test(conditional_disparity),
		cmocka_unit_test(jackknife),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
