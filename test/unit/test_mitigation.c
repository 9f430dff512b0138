/*
 * test_mitigation.c - reweighing by hand; the penalty and the remover against numpy; exponentiated
 * gradient within its gap, counted from the rows; what cannot be done; sweeps.
 */
#include "classifier_fit.h"
#include "rows.h"

#include "../../src/core/fairness/mitigate.h"
#include "../../src/core/hash.h"
#include "../../src/core/model/parity.h"

#define GERMAN "test/reference/data/german_credit_numeric.csv"

/* ---- reweighing ---------------------------------------------------------------------- */

/*
 * Ten rows: group 0 has 3 positives and 1 negative, group 1 has 1 and 5.  n(0) = 4, n(1) = 6, n(+) = 4, n(-) = 6:
 * w(0,+) = 16/30, w(0,-) = 24/10, w(1,+) = 24/10, w(1,-) = 36/50.
 */
static void
test_reweigh(void **state)
{
	const int32_t group[12] = {0, 0, 0, 0, 1, 1, 1, 1, 1, 1, -1, -1};
	const double  label[12] = {1, 1, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0};
	double        weight[12];
	double        factor[12];
	double        sums[2][2] = {{0}};
	Harness       h;

	(void) state;
	harness_start(&h);
	for (size_t i = 0; i < 12; i++)
		weight[i] = 1;
	assert_int_equal(sml_reweigh(&h.env, group, 2, label, 2, weight, 12, 1, factor), SML_OK);
	assert_close(factor[0], 16.0 / 30, 1e-15);
	assert_close(factor[3], 2.4, 1e-15);
	assert_close(factor[4], 2.4, 1e-15);
	assert_close(factor[9], 0.72, 1e-15);
	assert_close(factor[10], 1, 0);
	assert_int_equal(sml_reweigh(&h.env, group, 2, label, 2, weight, 12, 0.5, factor), SML_OK);
	assert_close(factor[3], sqrt(2.4), 1e-15);
	/* with weights of the rows, group and label are independent under the product */
	for (size_t i = 0; i < 12; i++)
		weight[i] = 1 + (double) (i % 4);
	assert_int_equal(sml_reweigh(&h.env, group, 2, label, 2, weight, 12, 1, factor), SML_OK);
	for (size_t i = 0; i < 10; i++)
		sums[group[i]][(int) label[i]] += weight[i] * factor[i];
	assert_close(sums[0][0] * sums[1][1], sums[0][1] * sums[1][0], 1e-12);
	harness_finish(&h);
}

/* ---- the penalty, at the learner ---------------------------------------------------------- */

/* German credit without the column of age; group: age above 25. */
static Data
german(int32_t *group)
{
	Data    data = {.classes = 2};
	size_t  columns;
	size_t  age = 4;
	double *cells = harness_csv(GERMAN, &data.rows, &columns);

	data.terms = columns - 2;
	data.x = calloc(data.rows * data.terms, sizeof(double));
	data.y = calloc(data.rows, sizeof(double));
	for (size_t i = 0; i < data.rows; i++)
	{
		size_t to = 0;

		for (size_t j = 0; j + 1 < columns; j++)
			if (j != age)
				data.x[i * data.terms + to++] = cells[i * columns + j];
		data.y[i] = cells[i * columns + columns - 1];
		group[i] = cells[i * columns + age] > 25 ? 1 : 0;
	}
	free(cells);
	data_encode(&data);
	return data;
}

/* Fit in one process, in two parts that are merged when "parts" is 2. */
static SmlStatus
fit_penalised(SmlEnv *env, const Data *data, const int32_t *cell, size_t events, double strength, size_t parts, SmlFit **fit)
{
	const SmlLearner *learner = sml_learner_by_name("logistic");
	double            options[8];
	SmlDesign         design = data_design(data, options);
	SmlState         *state = NULL;
	SmlNotes          notes = {0};
	SmlVerdict        verdict = {.again = true};
	SmlStatus         status;

	for (size_t o = 0; o < learner->option_count; o++)
		options[o] = learner->options[o].initial;
	options[0] = 1; /* l2 */
	design.parity = strength;
	design.parity_groups = 2;
	design.parity_events = events;
	SML_TRY(learner->start(env, &design, &state));
	while (verdict.again)
	{
		for (size_t part = 0; part < parts; part++)
		{
			size_t   from = data->rows * part / parts;
			SmlBlock block = {.rows = data->rows * (part + 1) / parts - from, .x = data->x + from * data->terms, .y = data->y + from};

			block.cell = cell + from;
			SML_TRY(learner->absorb(env, state, &block));
		}
		SML_TRY(learner->finish_pass(env, state, &verdict));
	}
	SML_TRY(learner->result(env, state, term_name, NULL, &notes, fit));
done:
	learner->free(env, state);
	sml_notes_free(env, &notes);
	return status;
}

static void
compare(const SmlFit *fit, const char *file)
{
	size_t  rows;
	size_t  columns;
	double *expected = harness_csv(file, &rows, &columns);

	assert_int_equal(rows, 1 + fit->terms);
	for (size_t j = 0; j < rows; j++)
		assert_close(fit->coded[j], expected[j], 1e-7);
	free(expected);
}

static void
test_penalty(void **state)
{
	int32_t group[1000];
	int32_t cell[1000];
	Data    data = german(group);
	SmlFit *fit;
	Harness h;

	(void) state;
	harness_start(&h);
	for (size_t i = 0; i < data.rows; i++)
		cell[i] = sml_constraint_cell(SML_DEMOGRAPHIC_PARITY, true, 2, group[i], data.y[i] == 1);
	assert_int_equal(fit_penalised(&h.env, &data, cell, 1, 50, 1, &fit), SML_OK);
	assert_true(fit->converged);
	compare(fit, "test/reference/data/mitigation_penalty_dp_expected.csv");
	sml_fit_free(&h.env, fit);
	for (size_t i = 0; i < data.rows; i++)
		cell[i] = sml_constraint_cell(SML_EQUALIZED_ODDS, true, 2, group[i], data.y[i] == 1);
	assert_int_equal(fit_penalised(&h.env, &data, cell, 2, 20, 3, &fit), SML_OK);
	assert_true(fit->converged);
	compare(fit, "test/reference/data/mitigation_penalty_eo_expected.csv");
	sml_fit_free(&h.env, fit);
	data_free(&data);
	harness_finish(&h);
}

static void
test_cells(void **state)
{
	(void) state;
	assert_int_equal(sml_constraint_cell(SML_DEMOGRAPHIC_PARITY, true, 3, 2, false), 2);
	assert_int_equal(sml_constraint_cell(SML_EQUALIZED_ODDS, true, 3, 2, true), 5);
	assert_int_equal(sml_constraint_cell(SML_EQUALIZED_ODDS, true, 3, 2, false), 2);
	assert_int_equal(sml_constraint_cell(SML_EQUAL_OPPORTUNITY, true, 3, 1, false), -1);
	assert_int_equal(sml_constraint_cell(SML_EQUAL_OPPORTUNITY, false, 3, 1, false), 1);
	assert_int_equal(sml_constraint_cell(SML_DEMOGRAPHIC_PARITY, true, 3, -1, true), -1);
}

/* A state with the penalty does not leave the process, and merges only with its kind. */
static void
test_penalised_state(void **state)
{
	const SmlLearner *learner = sml_learner_by_name("logistic");
	double            x[6] = {-1, 1, -1, 1, -1, 1};
	double            y[6] = {0, 1, 1, 0, 0, 1};
	int32_t           cell[6] = {0, 0, 1, 1, -1, 7};
	Data              data = data_make(6, 1, 2, x, y);
	double            options[8];
	SmlDesign         design = data_design(&data, options);
	SmlBlock          block = {.rows = 6, .x = data.x, .y = data.y, .cell = cell};
	SmlState         *a;
	SmlState         *b;
	SmlState         *plain;
	SmlWriter         writer;
	SmlVerdict        verdict;
	Harness           h;

	(void) state;
	harness_start(&h);
	for (size_t o = 0; o < learner->option_count; o++)
		options[o] = learner->options[o].initial;
	assert_int_equal(learner->start(&h.env, &design, &plain), SML_OK);
	design.parity = 10;
	design.parity_groups = 2;
	design.parity_events = 1;
	assert_int_equal(learner->start(&h.env, &design, &a), SML_OK);
	assert_int_equal(learner->start(&h.env, &design, &b), SML_OK);
	assert_int_equal(learner->absorb(&h.env, a, &block), SML_OK);
	assert_int_equal(learner->absorb(&h.env, b, &block), SML_OK);
	assert_int_equal(learner->merge(&h.env, a, b), SML_OK);
	assert_int_equal(learner->merge(&h.env, a, plain), SML_MISMATCH);
	assert_int_equal(learner->finish_pass(&h.env, a, &verdict), SML_OK);
	sml_writer_start(&writer, &h.env);
	learner->write(&writer, a);
	assert_int_equal(writer.status, SML_BAD_INPUT);
	sml_writer_free(&writer);
	learner->free(&h.env, a);
	learner->free(&h.env, b);
	learner->free(&h.env, plain);
	data_free(&data);
	harness_finish(&h);
}

/* ---- whole trainings, on kept rows ------------------------------------------------------------ */

typedef struct Table
{
	size_t             rows;
	size_t             numbers;
	const double      *x;       /* rows x numbers */
	const double      *y;
	const int32_t     *group;
	size_t             groups;
	SmlMitigationWish  wish;
	double             l2;
	SmlTask            task;
	const char        *learner;
	/* what came of it */
	double             plain[64];
	double             fair[64];
	double             standard_error;
	double             loss;
	double             plain_loss;
	SmlMitigated       made;
	char               detail[SML_DETAIL_SIZE];
} Table;

static SmlStatus
keep_table(SmlEnv *env, const Table *table, const SmlLayout *layout, SmlProfile **profile, SmlStore **store)
{
	static const char *const classes[] = {"no", "yes", "zero"};
	SmlProfileSpec           spec = {false, NULL};
	SmlStatus                status;

	SML_TRY(sml_profile_start(env, layout, &spec, profile));
	SML_TRY(sml_store_start(env, layout, (size_t) 64 << 20, store));
	for (size_t r = 0; r < table->rows; r++)
	{
		int32_t code;
		SmlText text = label(classes[(int) table->y[r]]);
		SmlRow  row = {table->x + r * table->numbers, &text};
		SmlUse  use;

		SML_TRY(sml_profile_absorb(env, *profile, &row, &code, &use));
		SML_TRY(sml_store_append(env, *store, row.numbers, &code));
	}
	SML_TRY(sml_profile_flush(env, *profile));
done:
	return status;
}

static SmlStatus
table_body(Harness *h, void *arg)
{
	Table           *table = arg;
	SmlEnv          *env = &h->env;
	char             columns[32];
	SmlLayout        layout;
	SmlPlan          plan = {.kind = SML_PASS_LEARN};
	SmlProfile      *profile = NULL;
	SmlStore        *store = NULL;
	SmlEncoder      *encoder = NULL;
	SmlNotes         notes = {0};
	SmlMitigated    *made = NULL;
	double           options[16];
	uint64_t         key[1000];
	SmlMitigationJob job = {.group = table->group, .groups = table->groups, .wish = &table->wish, .term_name = term_name, .notes = &notes};
	SmlStatus        status;

	snprintf(columns, sizeof(columns), "v[%zu]", table->numbers);
	SML_TRY(layout_of(env, columns, SML_TARGET_CLASS, false, &layout));
	SML_TRY(keep_table(env, table, &layout, &profile, &store));
	SML_TRY(sml_encoder_make(env, &layout, profile, NULL, NULL, 0, &notes, &encoder));
	SML_TRY(sml_store_remap(env, store, profile, encoder));
	plan.layout = layout;
	plan.encoder = encoder;
	plan.learner = sml_learner_by_name(table->learner ? table->learner : "logistic");
	plan.task = table->task ? table->task : SML_BINARY;
	plan.positive = 1;
	plan.options = options;
	for (size_t i = 0; i < plan.learner->option_count; i++)
		options[i] = plan.learner->options[i].initial;
	options[0] = table->l2;
	assert_true(table->rows <= 1000);
	for (size_t i = 0; i < table->rows; i++)
		key[i] = sml_hash_mix(i + 1);
	job.key = key;
	job.store = store;
	job.plan = &plan;
	SML_TRY(sml_mitigate(env, &job, &made));
	table->made = *made;
	assert_true(made->fair->outputs * (1 + made->fair->terms) <= 64);
	memcpy(table->plain, made->plain->coded, made->plain->outputs * (1 + made->plain->terms) * sizeof(double));
	memcpy(table->fair, made->fair->coded, made->fair->outputs * (1 + made->fair->terms) * sizeof(double));
	table->standard_error = made->fair->std_error[0];
	table->loss = made->fair->loss;
	table->plain_loss = made->plain->loss;
done:
	memcpy(table->detail, env->detail, sizeof(table->detail));
	sml_mitigated_free(env, made);
	sml_store_free(env, store);
	sml_profile_free(env, profile);
	sml_encoder_free(env, encoder);
	sml_layout_free(env, &layout);
	sml_notes_free(env, &notes);
	return status;
}

static void
run(Table *table, SmlStatus expected)
{
	Harness h;

	harness_start(&h);
	assert_int_equal(table_body(&h, table), expected);
	harness_finish(&h);
}

#define MADE_ROWS 600

/* Two columns, of which the second is a proxy of the group, and labels that lean on the first and on the group. */
static void
make_table(size_t rows, double *x, double *y, int32_t *group)
{
	for (size_t i = 0; i < rows; i++)
	{
		double a = 2 * sml_random_unit(5, 1, i) - 1;
		double b = 2 * sml_random_unit(5, 2, i) - 1;

		group[i] = sml_random_unit(5, 3, i) < 0.4;
		x[2 * i] = a;
		x[2 * i + 1] = b + 1.2 * group[i];
		y[i] = sml_random_unit(5, 4, i) < 1 / (1 + exp(-(3 * a + 3 * group[i] - 1.2))) ? 1 : 0;
	}
}

/* The mean log loss of a fit with an intercept and two columns that are encoded here, from its definition. */
static double
loss_of(const Table *table, const double *coded)
{
	double mean[2] = {0};
	double deviation[2] = {0};
	double loss = 0;
	double n = (double) table->rows;

	for (size_t j = 0; j < 2; j++)
	{
		for (size_t i = 0; i < table->rows; i++)
			mean[j] += table->x[2 * i + j] / n;
		for (size_t i = 0; i < table->rows; i++)
			deviation[j] += pow(table->x[2 * i + j] - mean[j], 2) / n;
	}
	for (size_t i = 0; i < table->rows; i++)
	{
		double link = coded[0];
		double p;

		for (size_t j = 0; j < 2; j++)
			link += coded[1 + j] * (table->x[2 * i + j] - mean[j]) / sqrt(deviation[j]);
		p = 1 / (1 + exp(-link));
		loss -= log(table->y[i] == 1 ? p : 1 - p) / n;
	}
	return loss;
}

/* Rates of "yes" on the rows, by the encoded coefficients, for column means and deviations of the population form. */
static void
rates_of(const Table *table, const double *coded, double *selected, double *tpr, double *fpr, double *accuracy)
{
	double mean[64] = {0};
	double deviation[64] = {0};
	double n[2] = {0};
	double yes[2] = {0};
	double of[2][2] = {{0}};
	double taken[2][2] = {{0}};

	for (size_t j = 0; j < table->numbers; j++)
	{
		for (size_t i = 0; i < table->rows; i++)
			mean[j] += table->x[i * table->numbers + j] / (double) table->rows;
		for (size_t i = 0; i < table->rows; i++)
			deviation[j] += pow(table->x[i * table->numbers + j] - mean[j], 2) / (double) table->rows;
	}
	*accuracy = 0;
	for (size_t i = 0; i < table->rows; i++)
	{
		double link = coded[0];
		int    g = table->group[i];
		int    label_of_row = (int) table->y[i];

		for (size_t j = 0; j < table->numbers; j++)
			link += coded[1 + j] * (table->x[i * table->numbers + j] - mean[j]) / sqrt(deviation[j]);
		*accuracy += (link >= 0) == (label_of_row == 1) ? 1 / (double) table->rows : 0;
		n[g]++;
		of[g][label_of_row]++;
		yes[g] += link >= 0;
		taken[g][label_of_row] += link >= 0;
	}
	*selected = fabs(yes[0] / n[0] - yes[1] / n[1]);
	*tpr = fabs(taken[0][1] / of[0][1] - taken[1][1] / of[1][1]);
	*fpr = fabs(taken[0][0] / of[0][0] - taken[1][0] / of[1][0]);
}

static void
test_exponentiated_gradient(void **state)
{
	double  x[2 * MADE_ROWS];
	double  y[MADE_ROWS];
	int32_t group[MADE_ROWS];
	Table   table = {MADE_ROWS, 2, x, y, group, 2,
		{.method = SML_EXPONENTIATED_GRADIENT, .constraint = SML_DEMOGRAPHIC_PARITY, .positive_is_favorable = true, .strength = NAN, .max_gap = 0.05, .margin = 0, .rounds = 20, .min_rows = 10}, .l2 = 0};
	Table   again;
	double  plain_gap;
	double  gap;
	double  tpr;
	double  fpr;
	double  plain_accuracy;
	double  accuracy;

	(void) state;
	make_table(MADE_ROWS, x, y, group);
	run(&table, SML_OK);
	assert_true(table.made.feasible);
	rates_of(&table, table.plain, &plain_gap, &tpr, &fpr, &plain_accuracy);
	assert_true(plain_gap > 0.15);
	rates_of(&table, table.fair, &gap, &tpr, &fpr, &accuracy);
	assert_true(gap <= 0.05 + 1e-9);
	assert_close(gap, table.made.gap, 1e-9);
	assert_close(accuracy, table.made.accuracy, 1e-9);
	/* better than to say the more frequent class always, by far */
	assert_true(accuracy > plain_accuracy - 0.1 && accuracy > 0.6);
	assert_true(isnan(table.standard_error));
	again = table;
	run(&again, SML_OK);
	assert_memory_equal(again.fair, table.fair, 3 * sizeof(double));

	table.wish.constraint = SML_EQUALIZED_ODDS;
	table.wish.max_gap = 0.08;
	run(&table, SML_OK);
	rates_of(&table, table.fair, &gap, &tpr, &fpr, &accuracy);
	assert_true(table.made.feasible && tpr <= 0.08 + 1e-9 && fpr <= 0.08 + 1e-9);
	assert_true(accuracy > 0.6);
	table.wish.constraint = SML_EQUAL_OPPORTUNITY;
	run(&table, SML_OK);
	rates_of(&table, table.fair, &gap, &tpr, &fpr, &accuracy);
	assert_true(table.made.feasible && tpr <= 0.08 + 1e-9);
	/* a gap that the plain fit does not exceed changes little */
	table.wish.constraint = SML_DEMOGRAPHIC_PARITY;
	table.wish.max_gap = 1;
	run(&table, SML_OK);
	assert_true(table.made.accuracy >= plain_accuracy - 1e-12);
}

static void
test_methods(void **state)
{
	double  x[2 * MADE_ROWS];
	double  y[MADE_ROWS];
	int32_t group[MADE_ROWS];
	Table   table = {MADE_ROWS, 2, x, y, group, 2, {.method = SML_REWEIGH, .constraint = SML_DEMOGRAPHIC_PARITY, .positive_is_favorable = true, .strength = NAN, .max_gap = 0, .margin = 0, .rounds = 1, .min_rows = 1}, .l2 = 0};
	double  before;
	double  after;
	double  ignored[3];

	(void) state;
	make_table(MADE_ROWS, x, y, group);
	for (int method = SML_REWEIGH; method <= SML_GROUP_SMOTE; method++)
	{
		table.wish.max_gap = method == SML_EXPONENTIATED_GRADIENT ? 0.05 : 0;
		table.wish.rounds = 5;
		table.wish.method = (SmlMitigation) method;
		table.wish.strength = NAN;
		run(&table, SML_OK);
		rates_of(&table, table.plain, &before, &ignored[0], &ignored[1], &ignored[2]);
		rates_of(&table, table.fair, &after, &ignored[0], &ignored[1], &ignored[2]);
		assert_true(after < 0.8 * before);
		/* the loss is that of the rows as they are, and no less than the plain fit's */
		assert_close(table.loss, loss_of(&table, table.fair), 1e-10);
		assert_true(table.loss >= table.plain_loss - 1e-12);
		/* importance weights have robust errors, the others none */
		assert_true(isnan(table.standard_error) == (method != SML_REWEIGH));
		if (method != SML_REWEIGH && method != SML_PENALTY)
			continue;
		table.wish.strength = 0;
		run(&table, SML_OK);
		for (size_t j = 0; j < 3; j++)
			assert_close(table.fair[j], table.plain[j], 1e-9);
	}
	assert_string_equal(sml_mitigation_name(SML_CORRELATION_REMOVER), "correlation_remover");
	assert_string_equal(sml_mitigation_name(SML_GROUP_SMOTE), "group_smote");
	assert_null(sml_mitigation_name((SmlMitigation) 5));
}

/*
 * Group 0 has 200 negatives and 100 positives, group 1 200 and 400: overall 400 and 500.  Group 0 grows by its negatives, s = 200/400, to 250
 * positives; group 1 by its positives, s = 400/500, to 320 negatives: 150 + 120 rows.  Four rows belong to no group.
 */
static void
test_group_smote(void **state)
{
	double  x[2 * 904];
	double  y[904];
	int32_t group[904];
	Table   table = {904, 2, x, y, group, 2, {.method = SML_GROUP_SMOTE, .constraint = SML_DEMOGRAPHIC_PARITY, .positive_is_favorable = true, .strength = NAN, .max_gap = 0, .margin = 0, .rounds = 1, .min_rows = 1}, .l2 = 0};
	Table   again;

	(void) state;
	for (size_t i = 0; i < 904; i++)
	{
		group[i] = i < 300 ? 0 : i < 900 ? 1 : -1;
		y[i] = (i >= 200 && i < 300) || i >= 500 ? 1 : 0;
		x[2 * i] = sml_random_unit(7, 1, i) + 0.3 * y[i];
		x[2 * i + 1] = sml_random_unit(7, 2, i) + 0.5 * (double) (group[i] == 1);
	}
	run(&table, SML_OK);
	assert_int_equal(table.made.made, 150 + 120);
	again = table;
	run(&again, SML_OK);
	assert_memory_equal(again.fair, table.fair, 3 * sizeof(double));
	again.wish.seed = 8;
	run(&again, SML_OK);
	assert_true(again.fair[1] != table.fair[1]);
	/* more neighbours than a cell has */
	again.wish.neighbours = 500;
	run(&again, SML_BAD_INPUT);
}

static void
test_remover(void **state)
{
	int32_t group[1000];
	Data    data = german(group);
	Table   table = {.rows = data.rows, .numbers = data.terms, .x = data.x, .y = data.y, .group = group, .groups = 2, .l2 = 1,
		.wish = {.method = SML_CORRELATION_REMOVER, .strength = NAN}};
	size_t  rows;
	size_t  columns;
	double *expected = harness_csv("test/reference/data/mitigation_remover_expected.csv", &rows, &columns);

	(void) state;
	run(&table, SML_OK);
	assert_int_equal(rows, 1 + data.terms);
	for (size_t j = 0; j < rows; j++)
		assert_close(table.fair[j], expected[j], 1e-7);
	free(expected);
	data_free(&data);
}

/* Four groups by age, and a part of the way only. */
static void
test_remover_levels(void **state)
{
	int32_t group[1000];
	Data    data = german(group);
	Table   table = {.rows = data.rows, .numbers = data.terms, .x = data.x, .y = data.y, .group = group, .groups = 4, .l2 = 1,
		.wish = {.method = SML_CORRELATION_REMOVER, .strength = 0.6}};
	size_t  rows;
	size_t  columns;
	double *cells = harness_csv(GERMAN, &rows, &columns);
	double *expected;

	(void) state;
	for (size_t i = 0; i < rows; i++)
	{
		double age = cells[i * columns + 4];

		group[i] = age > 50 ? 3 : age > 35 ? 2 : age > 25 ? 1 : 0;
	}
	expected = harness_csv("test/reference/data/mitigation_remover_levels_expected.csv", &rows, &columns);
	run(&table, SML_OK);
	assert_int_equal(rows, 1 + data.terms);
	for (size_t j = 0; j < rows; j++)
		assert_close(table.fair[j], expected[j], 1e-9);
	free(cells);
	free(expected);
	data_free(&data);
}

static void
test_bad_input(void **state)
{
	double  x[2 * MADE_ROWS];
	double  y[MADE_ROWS];
	int32_t group[MADE_ROWS];
	Table   table = {MADE_ROWS, 2, x, y, group, 2, {.method = SML_REWEIGH, .constraint = SML_DEMOGRAPHIC_PARITY, .positive_is_favorable = true, .strength = NAN, .max_gap = 0.1, .margin = 0, .rounds = 5, .min_rows = 10}, .l2 = 0};

	(void) state;
	make_table(MADE_ROWS, x, y, group);
	for (size_t i = 0; i < MADE_ROWS; i++)
		group[i] = 1;
	run(&table, SML_BAD_INPUT);
	assert_non_null(strstr(table.detail, "All training rows are of one group."));
	for (size_t i = 0; i < MADE_ROWS; i++)
		group[i] = -1;
	run(&table, SML_BAD_INPUT);
	assert_non_null(strstr(table.detail, "No training row has a known group."));
	/* the second group is too small for exponentiated gradient, not for reweighing */
	for (size_t i = 0; i < MADE_ROWS; i++)
		group[i] = i < 5;
	run(&table, SML_OK);
	table.wish.method = SML_EXPONENTIATED_GRADIENT;
	run(&table, SML_BAD_INPUT);
	assert_non_null(strstr(table.detail, "1 of 2 groups have 10 rows or more"));
	make_table(MADE_ROWS, x, y, group);
	for (size_t i = 0; i < MADE_ROWS; i += 3)
		y[i] = 2;
	table.task = SML_MULTICLASS;
	table.learner = "multinomial";
	run(&table, SML_BAD_INPUT);
	assert_non_null(strstr(table.detail, "\"exponentiated_gradient\" is for two classes and logistic regression"));
	table.wish.method = SML_REWEIGH;
	run(&table, SML_OK);
	table.wish.method = SML_CORRELATION_REMOVER;
	run(&table, SML_OK);
}

#define FEW 60

static void
test_sweep(void **state)
{
	double  x[2 * FEW];
	double  y[FEW];
	int32_t group[FEW];
	Table   table = {FEW, 2, x, y, group, 2, {.method = SML_REWEIGH, .constraint = SML_DEMOGRAPHIC_PARITY, .positive_is_favorable = true, .strength = NAN, .max_gap = 0.2, .margin = 0, .rounds = 2, .min_rows = 5}, .l2 = 1};

	(void) state;
	make_table(FEW, x, y, group);
	for (int method = SML_REWEIGH; method <= SML_GROUP_SMOTE; method++)
	{
		table.wish.method = (SmlMitigation) method;
		harness_sweep(table_body, &table);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reweigh),
		cmocka_unit_test(test_cells),
		cmocka_unit_test(test_penalty),
		cmocka_unit_test(test_penalised_state),
		cmocka_unit_test(test_exponentiated_gradient),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_group_smote),
		cmocka_unit_test(test_remover),
		cmocka_unit_test(test_remover_levels),
		cmocka_unit_test(test_bad_input),
		cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
