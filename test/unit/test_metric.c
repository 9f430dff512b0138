/*
 * test_metric.c - figures and intervals against scikit-learn, numpy and
 * statsmodels (values from test/reference/metric_values.py, see
 * test/reference/metric.md), and what they say when there is nothing to say.
 */
#include "harness.h"

#include <string.h>

#include "../../src/core/metric/metric.h"

#define ROWS 400

static double
score_of(size_t i)
{
	return (double) (i * 7919 % 101) / 128.0 + 1.0 / 16;
}

static bool
label_of(size_t i)
{
	return (double) ((i * i * 31 + 7 * i) % 97) < 20 + 50 * score_of(i);
}

static double
weight_of(size_t i)
{
	return 1 + (double) (i % 5) / 2;
}

static SmlStatus
make_binary(SmlEnv *env, bool weighted, size_t positive, SmlScored **out)
{
	SmlScored *scored;
	SmlStatus  status = sml_scored_start(env, SML_BINARY, 2, positive, weighted, 0, &scored);

	for (size_t i = 0; i < ROWS && status == SML_OK; i++)
	{
		double p = score_of(i);

		status = sml_scored_add(env, scored, (double) (label_of(i) ? positive : 1 - positive), &p,
								weighted ? weight_of(i) : 1);
		if (status != SML_OK)
			sml_scored_free(env, scored);
	}
	if (status == SML_OK)
		*out = scored;
	return status;
}

static void
probabilities_of(size_t i, double *p)
{
	double raw[3] = {1 + (double) (i * 37 % 11), 1 + (double) (i * 53 % 13), 1 + (double) (i * 71 % 7)};

	for (size_t k = 0; k < 3; k++)
		p[k] = raw[k] / (raw[0] + raw[1] + raw[2]);
}

static SmlScored *
make_multiclass(SmlEnv *env, bool weighted)
{
	SmlScored *scored;

	assert_int_equal(sml_scored_start(env, SML_MULTICLASS, 3, 0, weighted, 0, &scored), SML_OK);
	for (size_t i = 0; i < ROWS; i++)
	{
		double p[3];
		size_t best = 0;

		probabilities_of(i, p);
		for (size_t k = 1; k < 3; k++)
			if (p[k] > p[best])
				best = k;
		assert_int_equal(sml_scored_add(env, scored, (double) (i * 29 % 10 < 5 ? best : i * 13 % 3), p,
										weighted ? weight_of(i) : 1), SML_OK);
	}
	return scored;
}

static SmlScored *
make_regression(SmlEnv *env, bool weighted)
{
	SmlScored *scored;

	assert_int_equal(sml_scored_start(env, SML_REGRESSION, 0, 0, weighted, 0, &scored), SML_OK);
	for (size_t i = 0; i < ROWS; i++)
	{
		double y = (double) (i * 17 % 89) + 1;
		double hat = y + ((double) (i * 41 % 23) - 11) / 4;

		assert_int_equal(sml_scored_add(env, scored, y, &hat, weighted ? weight_of(i) : 1), SML_OK);
	}
	return scored;
}

typedef struct Expected
{
	const char *name;
	double      value[2]; /* without and with weights */
} Expected;

static const SmlMetric *
find(const SmlMetric *metrics, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(metrics[i].name, name) == 0)
			return &metrics[i];
	print_message("no metric %s\n", name);
	fail();
	return NULL;
}

static void
check_values(SmlEnv *env, const SmlScored *scored, const Expected *expected, size_t many)
{
	SmlMetric *metrics;
	size_t     count;

	assert_int_equal(sml_scored_metrics(env, scored, 0.5, &metrics, &count), SML_OK);
	for (size_t e = 0; e < many; e++)
	{
		const SmlMetric *metric = find(metrics, count, expected[e].name);

		assert_null(metric->reason);
		assert_close(metric->value, expected[e].value[scored->weighted], 1e-12);
	}
	/* "rows" is the only figure beside those expected */
	assert_int_equal(count, many + 1);
	assert_close(find(metrics, count, "rows")->value, ROWS, 0);
	sml_free(env, metrics);
}

static void
binary_values(void **unused)
{
	static const Expected expected[] = {
		{"accuracy", {0.59750000000000003, 0.58437499999999998}},
		{"balanced_accuracy", {0.59020504690870346, 0.57911035350460649}},
		{"precision", {0.5, 0.48633879781420764}},
		{"recall", {0.55279503105590067, 0.55193798449612408}},
		{"f1", {0.52507374631268433, 0.51706608569353663}},
		{"mcc", {0.17802714717167434, 0.15578637105539583}},
		{"roc_auc", {0.61655708308427981, 0.60730224440926994}},
		{"average_precision", {0.4913541027816043, 0.49531710184691391}},
		{"log_loss", {0.70555349172835435, 0.71353331106403017}},
		{"brier", {0.25079986572265622, 0.25493007659912109}},
		{"ece", {0.1207421875, 0.13746582031249999}},
	};

	(void) unused;
	/* which of the two class indexes is the positive one makes no difference */
	for (size_t positive = 0; positive < 2; positive++)
		for (int weighted = 0; weighted < 2; weighted++)
		{
			Harness    h;
			SmlScored *scored;

			harness_start(&h);
			assert_int_equal(make_binary(&h.env, weighted, positive, &scored), SML_OK);
			check_values(&h.env, scored, expected, sizeof(expected) / sizeof(expected[0]));
			sml_scored_free(&h.env, scored);
			harness_finish(&h);
		}
}

static void
multiclass_values(void **unused)
{
	static const Expected expected[] = {
		{"accuracy", {0.66500000000000004, 0.67062500000000003}},
		{"balanced_accuracy", {0.60071535643572294, 0.60387780790954448}},
		{"precision_macro", {0.65492090327255159, 0.66177066824047126}},
		{"precision_weighted", {0.6601227508754981, 0.66646862222827696}},
		{"recall_macro", {0.60071535643572294, 0.60387780790954448}},
		{"recall_weighted", {0.66500000000000004, 0.67062500000000003}},
		{"f1_macro", {0.60078281352390062, 0.60492926938009173}},
		{"f1_weighted", {0.64433212900483494, 0.65007819857094051}},
		{"mcc", {0.46766174903348051, 0.47489251912322983}},
		{"roc_auc_macro", {0.70582133771211686, 0.70438604918868197}},
		{"roc_auc_weighted", {0.72202499478750637, 0.7213016968793754}},
		{"average_precision_macro", {0.55294838565984006, 0.55300002634116951}},
		{"average_precision_weighted", {0.58470765954680615, 0.58671865135185453}},
		{"log_loss", {0.95758021990254083, 0.95552813952416815}},
		{"brier", {0.55841195050484282, 0.55745602513379766}},
		{"ece", {0.1697673279858721, 0.16793936101658433}},
	};

	(void) unused;
	for (int weighted = 0; weighted < 2; weighted++)
	{
		Harness    h;
		SmlScored *scored;

		harness_start(&h);
		scored = make_multiclass(&h.env, weighted);
		check_values(&h.env, scored, expected, sizeof(expected) / sizeof(expected[0]));
		sml_scored_free(&h.env, scored);
		harness_finish(&h);
	}
}

static void
regression_values(void **unused)
{
	static const Expected expected[] = {
		{"r2", {0.99585088607403005, 0.99577478068440084}},
		{"rmse", {1.6583595056561167, 1.6593367462633979}},
		{"mae", {1.434375, 1.4354687500000001}},
		{"mape", {0.085614391290230393, 0.084425266163164675}},
		{"explained_variance", {0.99585089137799365, 0.99577478701590583}},
	};

	(void) unused;
	for (int weighted = 0; weighted < 2; weighted++)
	{
		Harness    h;
		SmlScored *scored;

		harness_start(&h);
		scored = make_regression(&h.env, weighted);
		check_values(&h.env, scored, expected, sizeof(expected) / sizeof(expected[0]));
		sml_scored_free(&h.env, scored);
		harness_finish(&h);
	}
}

static void
intervals(void **unused)
{
	static const struct
	{
		const char *name;
		double      low[2];
		double      high[2];
	} expected[] = {
		{"roc_auc", {0.56106886874538331, 0.5478594034204165}, {0.67204529742317609, 0.66674508539812316}},
		{"log_loss", {0.65385836874759584, 0.65953326354779895}, {0.75724861470911264, 0.76753335858026117}},
		{"accuracy", {0.54873420374894866, 0.53251360449628127}, {0.64441089885586367, 0.6344326905477462}},
	};

	(void) unused;
	for (int weighted = 0; weighted < 2; weighted++)
	{
		Harness    h;
		SmlScored *scored;
		SmlMetric *metrics;
		size_t     count;

		harness_start(&h);
		assert_int_equal(make_binary(&h.env, weighted, 1, &scored), SML_OK);
		assert_int_equal(sml_scored_metrics(&h.env, scored, 0.5, &metrics, &count), SML_OK);
		for (size_t e = 0; e < 3; e++)
		{
			const SmlMetric *metric = find(metrics, count, expected[e].name);

			assert_close(metric->ci_low, expected[e].low[weighted], 1e-11);
			assert_close(metric->ci_high, expected[e].high[weighted], 1e-11);
		}
		/* figures without a method have no interval */
		assert_true(isnan(find(metrics, count, "f1")->ci_low));
		sml_free(&h.env, metrics);
		sml_scored_free(&h.env, scored);

		scored = make_regression(&h.env, weighted);
		assert_int_equal(sml_scored_metrics(&h.env, scored, 0.5, &metrics, &count), SML_OK);
		assert_close(find(metrics, count, "mae")->ci_low, weighted ? 1.3488387394333443 : 1.3527088745709386, 1e-11);
		assert_close(find(metrics, count, "rmse")->ci_high, weighted ? 1.7363650860186464 : 1.7309843695485836, 1e-11);
		sml_free(&h.env, metrics);
		sml_scored_free(&h.env, scored);
		harness_finish(&h);
	}
}

/* A figure rests on so many rows: precision on those predicted positive, recall on the positive ones. */
static void
rows_behind(void **unused)
{
	Harness    h;
	SmlScored *scored;
	SmlMetric *metrics;
	size_t     count;
	int64_t    positive = 0;
	int64_t    predicted = 0;

	(void) unused;
	for (size_t i = 0; i < ROWS; i++)
	{
		positive += label_of(i);
		predicted += score_of(i) >= 0.5;
	}
	harness_start(&h);
	assert_int_equal(make_binary(&h.env, false, 1, &scored), SML_OK);
	assert_int_equal(sml_scored_metrics(&h.env, scored, 0.5, &metrics, &count), SML_OK);
	assert_int_equal(find(metrics, count, "precision")->n, predicted);
	assert_int_equal(find(metrics, count, "recall")->n, positive);
	assert_int_equal(find(metrics, count, "log_loss")->n, ROWS);
	sml_free(&h.env, metrics);
	/* a threshold above every score: nobody is predicted positive */
	assert_int_equal(sml_scored_metrics(&h.env, scored, 2, &metrics, &count), SML_OK);
	assert_true(isnan(find(metrics, count, "precision")->value));
	assert_string_equal(find(metrics, count, "precision")->reason, "No row is predicted positive.");
	assert_close(find(metrics, count, "recall")->value, 0, 0);
	assert_true(isnan(find(metrics, count, "mcc")->value));
	sml_free(&h.env, metrics);
	sml_scored_free(&h.env, scored);
	harness_finish(&h);
}

static void
nothing_to_say(void **unused)
{
	static const SmlTask tasks[] = {SML_REGRESSION, SML_BINARY, SML_MULTICLASS};
	static const size_t  classes[] = {0, 2, 3};

	(void) unused;
	for (size_t t = 0; t < 3; t++)
	{
		Harness    h;
		SmlScored *scored;
		SmlMetric *metrics;
		size_t     count;

		harness_start(&h);
		assert_int_equal(sml_scored_start(&h.env, tasks[t], classes[t], 0, false, 0, &scored), SML_OK);
		assert_int_equal(sml_scored_metrics(&h.env, scored, 0.5, &metrics, &count), SML_OK);
		assert_close(metrics[0].value, 0, 0);
		for (size_t m = 1; m < count; m++)
		{
			assert_true(isnan(metrics[m].value));
			assert_non_null(metrics[m].reason);
		}
		sml_free(&h.env, metrics);
		sml_scored_free(&h.env, scored);
		harness_finish(&h);
	}
}

static void
constant_actual(void **unused)
{
	SmlErrors errors = {0};
	SmlMetric metric;

	(void) unused;
	sml_errors_add(&errors, 0, 1, 1);
	sml_errors_metric(&errors, SML_R2, &metric);
	assert_string_equal(metric.reason, "At least two rows are needed.");
	sml_errors_add(&errors, 0, -1, 1);
	sml_errors_metric(&errors, SML_R2, &metric);
	assert_string_equal(metric.reason, "All actual values are equal.");
	sml_errors_metric(&errors, SML_MAPE, &metric);
	assert_string_equal(metric.reason, "An actual value is 0.");
	sml_errors_metric(&errors, SML_RMSE, &metric);
	assert_close(metric.value, 1, 0);
	/* both errors have the same square: no spread to make an interval from */
	assert_true(isnan(metric.ci_low));
}

/* Merging halves, with an offset of 1e9, gives what one pass gives. */
static void
merged_sums(void **unused)
{
	SmlErrors whole = {0};
	SmlErrors half[2];
	SmlErrors empty = {0};

	(void) unused;
	memset(half, 0, sizeof(half));
	for (size_t i = 0; i < ROWS; i++)
	{
		double y = 1e9 + (double) (i * 17 % 89);
		double hat = y + ((double) (i * 41 % 23) - 11) / 4;

		sml_errors_add(&whole, y, hat, weight_of(i));
		sml_errors_add(&half[i % 3 == 0], y, hat, weight_of(i));
	}
	sml_errors_merge(&half[0], &half[1]);
	sml_errors_merge(&half[0], &empty);
	sml_errors_merge(&empty, &half[0]);
	for (int which = SML_R2; which <= SML_EXPLAINED_VARIANCE; which++)
	{
		SmlMetric a;
		SmlMetric b;

		sml_errors_metric(&whole, (SmlErrorMetric) which, &a);
		sml_errors_metric(&empty, (SmlErrorMetric) which, &b);
		/* 1e9 / 25 (offset by deviation) times 2^-53 is 4e-9: ten digits are more than may be asked for */
		assert_close(a.value, b.value, 1e-10);
		if (which == SML_RMSE)
			assert_close(a.ci_low, b.ci_low, 1e-12);
		/* the offset changes nothing: the value without it, from scikit-learn */
		if (which == SML_R2)
			assert_close(a.value, 0.99577478068440084, 1e-10);
	}
}

static void
wilson(void **unused)
{
	double low;
	double high;

	(void) unused;
	/* R 4.2: prop.test(15, 20, correct = FALSE)$conf.int, and prop.test(0, 10, …) */
	sml_wilson(0.75, 20, SML_Z95, &low, &high);
	assert_close(low, 0.5312991224, 1e-9);
	assert_close(high, 0.8881382986, 1e-9);
	sml_wilson(0, 10, SML_Z95, &low, &high);
	assert_close(low, 0, 1e-15);
	assert_close(high, 0.2775327999, 1e-9);
	sml_wilson(NAN, 0, SML_Z95, &low, &high);
	assert_true(isnan(low));
}

static void
paired(void **unused)
{
	static const double expected[2][3] = {
		{0.031186429184784776, 0.013949657170776526, 0.048423201198793023},
		{0.032598864008718996, 0.014996966717250971, 0.050200761300187025},
	};

	(void) unused;
	for (int weighted = 0; weighted < 2; weighted++)
	{
		Harness    h;
		SmlScored *a;
		SmlScored *b;
		SmlPaired  result;

		harness_start(&h);
		assert_int_equal(make_binary(&h.env, weighted, 1, &a), SML_OK);
		assert_int_equal(make_binary(&h.env, weighted, 1, &b), SML_OK);
		for (size_t i = 0; i < ROWS; i++)
			b->predicted[i] = 0.75 * b->predicted[i] + 0.125;
		assert_int_equal(sml_paired_loss(&h.env, a, b, &result), SML_OK);
		assert_int_equal(result.n, ROWS);
		assert_close(result.difference, expected[weighted][0], 1e-12);
		assert_close(result.low, expected[weighted][1], 1e-12);
		assert_close(result.high, expected[weighted][2], 1e-12);
		assert_close(result.a - result.b, result.difference, 1e-12);
		/* other rows: refused */
		b->label[7] = 1 - b->label[7];
		assert_int_equal(sml_paired_loss(&h.env, a, b, &result), SML_BAD_INPUT);
		sml_scored_free(&h.env, a);
		sml_scored_free(&h.env, b);
		harness_finish(&h);
	}
}

static void
refused_rows(void **unused)
{
	Harness    h;
	SmlScored *scored;
	double     p = 0.5;
	double     nan = NAN;

	(void) unused;
	harness_start(&h);
	assert_int_equal(sml_scored_start(&h.env, SML_BINARY, 3, 0, true, 0, &scored), SML_BAD_OPTION);
	assert_int_equal(sml_scored_start(&h.env, SML_BINARY, 2, 1, true, 1 << 15, &scored), SML_OK);
	assert_int_equal(sml_scored_add(&h.env, scored, 1, &p, -1), SML_BAD_INPUT);
	assert_int_equal(sml_scored_add(&h.env, scored, 1, &p, NAN), SML_BAD_INPUT);
	assert_int_equal(sml_scored_add(&h.env, scored, 1, &p, INFINITY), SML_BAD_INPUT);
	assert_int_equal(sml_scored_add(&h.env, scored, 1, &nan, 1), SML_BAD_INPUT);
	assert_int_equal(sml_scored_add(&h.env, scored, 2, &p, 1), SML_BAD_INPUT);
	assert_int_equal(sml_scored_add(&h.env, scored, 1, &p, 0), SML_OK);
	assert_int_equal(scored->rows, 0);

	/* 20 bytes a row: 1,024 rows in place of 512 would take 30,720 of 32,768 while they move, 2,048 too much */
	for (size_t i = 0; i < 1024; i++)
		assert_int_equal(sml_scored_add(&h.env, scored, 1, &p, 1), SML_OK);
	assert_int_equal(sml_scored_add(&h.env, scored, 1, &p, 1), SML_OVER_LIMIT);
	assert_int_equal(scored->rows, 1024);
	assert_non_null(strstr(h.env.detail, "32 kB are allowed"));
	sml_scored_free(&h.env, scored);
	harness_finish(&h);
}

static void
calibration(void **unused)
{
	Harness    h;
	SmlScored *scored;
	SmlBin     bins[4];
	double     sure = 1;

	(void) unused;
	harness_start(&h);
	assert_int_equal(make_binary(&h.env, false, 1, &scored), SML_OK);
	assert_int_equal(sml_scored_add(&h.env, scored, 1, &sure, 1), SML_OK);
	assert_int_equal(sml_calibration(&h.env, scored, 4, bins), SML_OK);
	for (size_t b = 0; b < 4; b++)
	{
		double   sum = 0;
		double   hits = 0;
		uint64_t n = 0;

		for (size_t i = 0; i <= ROWS; i++)
		{
			double p = i < ROWS ? score_of(i) : 1;

			if (p >= b / 4.0 && (p < (b + 1) / 4.0 || (b == 3 && p == 1)))
			{
				sum += p;
				hits += i < ROWS ? label_of(i) : 1;
				n++;
			}
		}
		assert_int_equal(bins[b].n, n);
		assert_close(bins[b].mean_predicted, sum / (double) n, 1e-12);
		assert_close(bins[b].observed, hits / (double) n, 1e-12);
	}
	sml_scored_free(&h.env, scored);
	harness_finish(&h);
}

static SmlStatus
whole_evaluation(Harness *h, void *arg)
{
	SmlScored *scored;
	SmlMetric *metrics;
	size_t     count;
	SmlStatus  status = make_binary(&h->env, true, 1, &scored);

	(void) arg;
	if (status != SML_OK)
		return status;
	status = sml_scored_metrics(&h->env, scored, 0.5, &metrics, &count);
	if (status == SML_OK)
		sml_free(&h->env, metrics);
	sml_scored_free(&h->env, scored);
	return status;
}

static void
fails_cleanly(void **unused)
{
	(void) unused;
	harness_sweep(whole_evaluation, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(binary_values),
		cmocka_unit_test(multiclass_values),
		cmocka_unit_test(regression_values),
		cmocka_unit_test(intervals),
		cmocka_unit_test(rows_behind),
		cmocka_unit_test(nothing_to_say),
		cmocka_unit_test(constant_actual),
		cmocka_unit_test(merged_sums),
		cmocka_unit_test(wilson),
		cmocka_unit_test(paired),
		cmocka_unit_test(refused_rows),
		cmocka_unit_test(calibration),
		cmocka_unit_test(fails_cleanly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
