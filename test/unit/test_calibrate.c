/*
 * test_calibrate.c - Platt's map and the isotonic curve against scikit-learn and scipy
 * (test/reference/calibration.md), and what a model does with its prior and calibration.
 */
#include "models.h"

#include "../../src/core/model/calibrate.h"

#define RAW_COLUMNS 3      /* score, label, weight */
#define EXPECTED_COLUMNS 5 /* at, isotonic, isotonic_weighted, platt, platt_weighted */

static const char *const class_names[3] = {"no", "yes", "maybe"};

static SmlStatus
links_of(SmlEnv *env, const double *raw, size_t rows, bool weighted, double unit, SmlScored **links)
{
	SmlStatus status = sml_scored_start(env, SML_BINARY, 2, 1, weighted, 0, links);

	for (size_t i = 0; i < rows && status == SML_OK; i++)
		status = sml_scored_add(env, *links, raw[i * RAW_COLUMNS + 1], &raw[i * RAW_COLUMNS],
								weighted ? raw[i * RAW_COLUMNS + 2] * unit : 1);
	return status;
}

/* The map as it is fitted, before shares of 0 and 1 are drawn in. */
static void
fit_alone(SmlEnv *env, SmlCalibrationKind kind, const SmlScored *links, double unit, SmlCalibrationMap *map)
{
	SmlRanked     ranked;
	SmlRankGroup *groups;
	size_t        count;

	memset(map, 0, sizeof(*map));
	sml_ranked_start(&ranked, links->weighted, 0);
	for (size_t i = 0; i < links->rows; i++)
		assert_int_equal(sml_ranked_add(env, &ranked, links->label[i] == 1, links->predicted[i],
										links->weighted ? links->weight[i] * unit : 1), SML_OK);
	assert_int_equal(sml_ranked_groups(env, &ranked, &groups, &count), SML_OK);
	/* 300 scores rounded to one digit; the highest first */
	assert_true(count < 100);
	for (size_t g = 1; g < count; g++)
		assert_true(groups[g].score < groups[g - 1].score);
	if (kind == SML_CALIBRATION_PLATT)
		assert_int_equal(sml_platt_fit(env, groups, count, &map->slope, &map->intercept), SML_OK);
	else
		assert_int_equal(sml_isotonic_fit(env, groups, count, map), SML_OK);
	sml_free(env, groups);
	sml_ranked_free(env, &ranked);
}

static void
check_curve(SmlCalibrationKind kind, bool weighted, double unit, double tolerance)
{
	Harness           h;
	size_t            rows;
	size_t            points;
	size_t            columns;
	double           *raw = harness_csv("test/reference/data/calibration_rows.csv", &rows, &columns);
	double           *expected = harness_csv("test/reference/data/calibration_expected.csv", &points, &columns);
	size_t            column = (kind == SML_CALIBRATION_PLATT ? 3 : 1) + (weighted ? 1 : 0);
	double            mean = 0;
	SmlScored        *links;
	SmlCalibrationMap alone;
	SmlCalibration   *made;

	assert_int_equal(columns, EXPECTED_COLUMNS);
	for (size_t i = 0; i < rows; i++)
		mean += raw[i * RAW_COLUMNS + 2] / (double) rows;
	harness_start(&h);
	assert_int_equal(links_of(&h.env, raw, rows, weighted, unit, &links), SML_OK);
	fit_alone(&h.env, kind, links, 1 / (mean * unit), &alone);
	assert_int_equal(sml_calibration_fit(&h.env, kind, links, class_names, &made), SML_OK);
	assert_int_equal(made->rows, 300);
	assert_int_equal(made->map_count, 1);
	assert_int_equal(made->maps[0].count, alone.count);
	for (size_t i = 0; i < points; i++)
		assert_close(sml_calibration_map(kind, &alone, expected[i * EXPECTED_COLUMNS]), expected[i * EXPECTED_COLUMNS + column],
					 tolerance);
	for (size_t i = 0; i < alone.count; i++)
		assert_close(made->maps[0].probability[i], fmin(fmax(alone.probability[i], 1.0 / 302), 301.0 / 302), 1e-15);
	if (kind == SML_CALIBRATION_PLATT)
	{
		assert_close(made->maps[0].slope, alone.slope, tolerance);
		assert_close(made->maps[0].intercept, alone.intercept, tolerance);
	}
	sml_free(&h.env, alone.at);
	sml_free(&h.env, alone.probability);
	sml_calibration_free(&h.env, made);
	sml_scored_free(&h.env, links);
	harness_finish(&h);
	free(raw);
	free(expected);
}

static void
test_curves(void **state)
{
	(void) state;
	check_curve(SML_CALIBRATION_PLATT, false, 1, 1e-12);
	check_curve(SML_CALIBRATION_PLATT, true, 1, 1e-12);
	check_curve(SML_CALIBRATION_ISOTONIC, false, 1, 1e-14);
	check_curve(SML_CALIBRATION_ISOTONIC, true, 1, 1e-14);
	/* the unit of the weights does not matter */
	check_curve(SML_CALIBRATION_PLATT, true, 1e-6, 1e-12);
	check_curve(SML_CALIBRATION_ISOTONIC, true, 1e6, 1e-14);
}

/* Pools worked by hand: shares 0, 1, 1/2 at 1, 2, 3 give 0, 2/3 over [2, 3] with one, two rows. */
static void
test_pools_by_hand(void **state)
{
	const SmlRankGroup groups[3] = {{3, {1, 1}}, {2, {0, 1}}, {1, {4, 0}}};
	const SmlRankGroup falling[2] = {{2, {3, 0}}, {1, {0, 1}}};
	const SmlRankGroup equal[3] = {{3, {2, 4}}, {2, {1, 2}}, {1, {3, 6}}};
	Harness            h;
	SmlCalibrationMap  map;

	(void) state;
	harness_start(&h);
	assert_int_equal(sml_isotonic_fit(&h.env, groups, 3, &map), SML_OK);
	assert_int_equal(map.count, 3);
	assert_true(map.at[0] == 1 && map.at[1] == 2 && map.at[2] == 3);
	assert_true(map.probability[0] == 0);
	assert_close(map.probability[1], 2.0 / 3, 1e-15);
	assert_close(map.probability[2], 2.0 / 3, 1e-15);
	assert_close(sml_calibration_map(SML_CALIBRATION_ISOTONIC, &map, 1.5), 1.0 / 3, 1e-15);
	assert_close(sml_calibration_map(SML_CALIBRATION_ISOTONIC, &map, 2.5), 2.0 / 3, 1e-15);
	assert_true(sml_calibration_map(SML_CALIBRATION_ISOTONIC, &map, NAN) == 0);
	sml_free(&h.env, map.at);
	sml_free(&h.env, map.probability);
	/* all of it falls: one level */
	assert_int_equal(sml_isotonic_fit(&h.env, falling, 2, &map), SML_OK);
	assert_int_equal(map.count, 2);
	assert_true(map.probability[0] == 0.25 && map.probability[1] == 0.25);
	sml_free(&h.env, map.at);
	sml_free(&h.env, map.probability);
	/* equal shares are one stretch */
	assert_int_equal(sml_isotonic_fit(&h.env, equal, 3, &map), SML_OK);
	assert_int_equal(map.count, 2);
	assert_close(map.probability[1], 2.0 / 3, 1e-15);
	sml_free(&h.env, map.at);
	sml_free(&h.env, map.probability);
	harness_finish(&h);
}

static void
test_platt_edges(void **state)
{
	/* one score: the share of the smoothed targets, (30 * 31/32 + 10 / 12) / 40 */
	const SmlRankGroup one[1] = {{5, {10, 30}}};
	/* classes apart: the smoothed targets keep it finite and reach them at both scores */
	const SmlRankGroup apart[2] = {{1000, {0, 40}}, {-1000, {20, 0}}};
	const SmlRankGroup bad[2] = {{INFINITY, {0, 40}}, {-1, {20, 0}}};
	Harness            h;
	double             slope;
	double             intercept;

	(void) state;
	harness_start(&h);
	assert_int_equal(sml_platt_fit(&h.env, one, 1, &slope, &intercept), SML_OK);
	assert_true(slope == 0);
	assert_close(sml_inverse_log_odds(intercept), (30 * 31.0 / 32 + 10 / 12.0) / 40, 1e-15);
	assert_int_equal(sml_platt_fit(&h.env, apart, 2, &slope, &intercept), SML_OK);
	assert_close(sml_inverse_log_odds(1000 * slope + intercept), 41.0 / 42, 1e-10);
	assert_close(sml_inverse_log_odds(-1000 * slope + intercept), 1.0 / 22, 1e-10);
	assert_int_equal(sml_platt_fit(&h.env, bad, 2, &slope, &intercept), SML_BAD_INPUT);
	assert_int_equal(sml_platt_fit(&h.env, one, 0, &slope, &intercept), SML_BAD_INPUT);
	harness_finish(&h);
}

static void
test_log_odds(void **state)
{
	const double links[3] = {1, 2, 3};
	/* R: p <- exp(1:3) / sum(exp(1:3)); log(p / (1 - p)) */
	const double expected[3] = {-2.3132616875182228, -1.1269280110429725, 0.68673831248177708};
	const double far[2] = {-800, 800};

	(void) state;
	for (size_t k = 0; k < 3; k++)
		assert_close(sml_class_log_odds(links, 3, k), expected[k], 1e-14);
	assert_close(sml_class_log_odds(far, 2, 0), -1600, 1e-14);
	assert_close(sml_log_odds(0.25), -log(3), 1e-15);
	assert_true(sml_inverse_log_odds(-800) == 0 && sml_inverse_log_odds(800) == 1);
}

static void
test_too_few(void **state)
{
	Harness         h;
	SmlScored      *links;
	SmlCalibration *made = NULL;

	(void) state;
	harness_start(&h);
	assert_int_equal(sml_scored_start(&h.env, SML_BINARY, 2, 1, false, 0, &links), SML_OK);
	for (int i = 0; i < 40; i++)
	{
		double link = i;

		assert_int_equal(sml_scored_add(&h.env, links, i < 9 ? 1 : 0, &link, 1), SML_OK);
	}
	assert_int_equal(sml_calibration_fit(&h.env, SML_CALIBRATION_PLATT, links, class_names, &made), SML_BAD_INPUT);
	assert_non_null(strstr(h.env.detail, "Of the 40 held-out rows set aside for calibration 9 are of class \"yes\""));
	assert_null(made);
	sml_scored_free(&h.env, links);
	assert_int_equal(sml_scored_start(&h.env, SML_REGRESSION, 0, 0, false, 0, &links), SML_OK);
	assert_int_equal(sml_calibration_fit(&h.env, SML_CALIBRATION_PLATT, links, class_names, &made), SML_BAD_INPUT);
	sml_scored_free(&h.env, links);
	harness_finish(&h);
}

/* Scores of 60 rows of three classes. */
static SmlStatus
three_classes(SmlEnv *env, SmlScored **links)
{
	SmlStatus status = sml_scored_start(env, SML_MULTICLASS, 3, 0, false, 0, links);

	for (size_t i = 0; i < 60 && status == SML_OK; i++)
	{
		double link[3] = {sin((double) i), cos(2 * (double) i), 0.5};

		status = sml_scored_add(env, *links, (double) ((i * i + i / 7) % 3), link, 1);
	}
	return status;
}

static SmlStatus
sweep_body(Harness *h, void *arg)
{
	SmlCalibrationKind kind = *(SmlCalibrationKind *) arg;
	SmlScored         *links = NULL;
	SmlCalibration    *made = NULL;
	SmlCalibration    *copy = NULL;
	SmlWriter          writer = {.env = NULL};
	SmlReader          reader;
	SmlStatus          status = three_classes(&h->env, &links);

	if (status == SML_OK)
		status = sml_calibration_fit(&h->env, kind, links, class_names, &made);
	if (status == SML_OK)
	{
		assert_int_equal(made->map_count, 3);
		sml_writer_start(&writer, &h->env);
		sml_calibration_write(&writer, made);
		status = writer.status;
	}
	if (status == SML_OK)
	{
		sml_reader_start(&reader, &h->env, writer.bytes, writer.size);
		sml_calibration_read(&reader, 3, &copy);
		status = reader.status;
	}
	if (status == SML_OK)
		for (double x = -3; x < 3; x += 0.1)
			for (size_t k = 0; k < 3; k++)
				assert_true(sml_calibration_map(kind, &copy->maps[k], x) == sml_calibration_map(kind, &made->maps[k], x));
	if (writer.env != NULL)
		sml_writer_free(&writer);
	sml_scored_free(&h->env, links);
	sml_calibration_free(&h->env, made);
	sml_calibration_free(&h->env, copy);
	return status;
}

static void
test_sweep(void **state)
{
	SmlCalibrationKind kinds[2] = {SML_CALIBRATION_PLATT, SML_CALIBRATION_ISOTONIC};

	(void) state;
	harness_sweep(sweep_body, &kinds[0]);
	harness_sweep(sweep_body, &kinds[1]);
}

/* Bytes that name a number of maps that is not the model's, a kind that is none, knots out of order. */
static void
test_hostile(void **state)
{
	double            at[2] = {1, 1};
	double            shares[2] = {0.5, 0.25};
	SmlCalibrationMap map = {0.5, 1, 2, at, shares};
	SmlCalibration    made = {SML_CALIBRATION_ISOTONIC, 5, 1, &map};

	(void) state;
	for (int damage = 0; damage < 6; damage++)
	{
		Harness         h;
		SmlWriter       writer;
		SmlReader       reader;
		SmlCalibration *copy = NULL;

		at[1] = damage == 0 ? 1 : damage == 1 ? INFINITY : 2;
		shares[1] = damage == 2 ? 1 : damage == 3 ? 0.25 : 0.75;
		harness_start(&h);
		sml_writer_start(&writer, &h.env);
		sml_calibration_write(&writer, &made);
		assert_int_equal(writer.status, SML_OK);
		if (damage == 4)
			writer.bytes[0] = 9;
		sml_reader_start(&reader, &h.env, writer.bytes, writer.size);
		sml_calibration_read(&reader, damage == 5 ? 2 : 1, &copy);
		assert_int_equal(reader.status, SML_CORRUPT);
		assert_null(copy);
		sml_writer_free(&writer);
		harness_finish(&h);
	}
}

/* ---- in a model -------------------------------------------------------------------------- */

static void
test_prior(void **state)
{
	Harness   h;
	SmlModel *model;
	double    weight[2] = {30, 60}; /* y = 0, y = 1 in the fit */
	double    factor[2] = {1, 6};   /* by class: "yes" weighed six times */

	(void) state;
	harness_start(&h);
	assert_int_equal(model_of(&h.env, SML_BINARY, &model), SML_OK);
	/* a fit that does not say what its classes weighed */
	assert_int_equal(sml_model_set_prior(&h.env, model, NULL), SML_OK);
	assert_null(model->prior);
	assert_false(sml_model_is_rebalanced(model));
	assert_int_equal(sml_fit_class_weight(&h.env, model->fit, weight, 2), SML_OK);
	assert_int_equal(sml_model_set_prior(&h.env, model, NULL), SML_OK);
	assert_false(sml_model_is_rebalanced(model));
	assert_int_equal(sml_model_set_prior(&h.env, model, factor), SML_OK);
	assert_true(sml_model_is_rebalanced(model));
	assert_close(model->prior[1], 0.25, 1e-15);
	assert_close(model->fitted_prior[1], 2.0 / 3, 1e-15);
	assert_true(sml_model_prior_shift(model, 0) == 0);
	model->prior_corrected = true;
	/* odds 1/3 against 2: a sixth */
	assert_close(sml_model_prior_shift(model, 0), -log(6), 1e-15);
	/* the learner's y = 1 is class 0 when that is the positive one */
	model->positive = 0;
	assert_int_equal(sml_model_set_prior(&h.env, model, factor), SML_OK);
	assert_close(model->prior[0], 60 / 65.0, 1e-15);
	assert_close(sml_model_prior_shift(model, 0), log(6), 1e-15);
	sml_model_free(&h.env, model);
	harness_finish(&h);
}

/* What a calibrated model answers, from the links of the plain one. */
static void
check_model(SmlTask task, SmlCalibrationKind kind)
{
	Harness    h;
	SmlModel  *plain;
	SmlModel  *model;
	SmlScorer *before;
	SmlScorer *after;
	double     rows[MODEL_ROWS][3];

	harness_start(&h);
	model_rows(rows);
	assert_int_equal(model_of(&h.env, task, &plain), SML_OK);
	assert_int_equal(model_of(&h.env, task, &model), SML_OK);
	assert_int_equal(model_calibrate(&h.env, model, kind), SML_OK);
	assert_int_equal(sml_scorer_make(&h.env, plain, &before), SML_OK);
	assert_int_equal(sml_scorer_make(&h.env, model, &after), SML_OK);
	for (size_t r = 0; r < MODEL_ROWS; r++)
	{
		size_t outputs = sml_scorer_outputs(after);
		size_t level = r % 5 < 4 ? r % 5 : SML_NO_LEVEL;
		double raw[3];
		double link[3];
		double response[3];
		double expected[3];
		double base[3];
		double parts[9];
		double sum = 0;

		sml_score_link(before, rows[r], &level, raw);
		sml_score_link(after, rows[r], &level, link);
		sml_score_response(after, link, response);
		/* rows of class k: k + 1, fitted as equal */
		for (size_t k = 0; k < outputs; k++)
			raw[k] += task == SML_BINARY ? log(2) : log((double) (k + 1) / 2);
		for (size_t k = 0; k < outputs; k++)
		{
			double x = task == SML_BINARY ? raw[0] : sml_class_log_odds(raw, outputs, k);

			expected[k] = sml_calibration_map(kind, &model->calibration->maps[k], x);
			sum += expected[k];
		}
		for (size_t k = 0; k < outputs; k++)
			assert_close(response[k], expected[k] / (task == SML_BINARY ? 1 : sum), 1e-13);
		/* contributions add up to the link, and with the bend to the log-odds of the answer */
		sml_score_explain(after, rows[r], &level, base, parts);
		sum = base[0];
		for (size_t f = 0; f < 3; f++)
			sum += parts[f * outputs];
		assert_close(sum, link[0], 1e-13);
		assert_int_equal(sml_scorer_bends(after), task == SML_MULTICLASS || kind == SML_CALIBRATION_ISOTONIC);
		if (task == SML_BINARY)
			assert_close(sml_inverse_log_odds(sum + sml_score_bend(after, link, response)), response[0], 1e-13);
	}
	sml_scorer_free(&h.env, before);
	sml_scorer_free(&h.env, after);
	sml_model_free(&h.env, plain);
	sml_model_free(&h.env, model);
	harness_finish(&h);
}

static void
test_scoring(void **state)
{
	(void) state;
	check_model(SML_BINARY, SML_CALIBRATION_PLATT);
	check_model(SML_BINARY, SML_CALIBRATION_ISOTONIC);
	check_model(SML_MULTICLASS, SML_CALIBRATION_PLATT);
	check_model(SML_MULTICLASS, SML_CALIBRATION_ISOTONIC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_curves),
		cmocka_unit_test(test_pools_by_hand),
		cmocka_unit_test(test_platt_edges),
		cmocka_unit_test(test_log_odds),
		cmocka_unit_test(test_too_few),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_prior),
		cmocka_unit_test(test_scoring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
