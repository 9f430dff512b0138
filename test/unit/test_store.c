/*
 * test_store.c - resident rows: the same fit as by streaming passes, warm start or not,
 * codes of labels, the memory limit, sweeps.
 */
#include "plans.h"
#include "../../src/core/prep/store.h"

#define FEW 700
#define MANY 60000

/*
 * Row r of a made-up table: two numbers, a label with a missing value now and then, and
 * behind them a target of the task's kind and a weight.
 */
static void
make_row(size_t r, SmlTask task, double numbers[4], const char *labels[2])
{
	static const char *const cities[] = {"d", "b", "a", "c", NULL};
	double a = sin((double) r * 0.7) + (double) (r % 13) / 13;
	double b = cos((double) (r % 1009) * 1.3);
	double draw;
	double link = 0.8 * a - 0.5 * b + (r % 5 == 1 ? 0.7 : 0) - 0.2;

	numbers[0] = r % 11 == 10 ? sml_missing() : a;
	numbers[1] = 1e6 + b;
	labels[0] = cities[r % 5];
	/* a fixed draw: the fractional part of a multiple of the golden ratio */
	draw = fmod((double) r * 0.6180339887498949, 1.0);
	labels[1] = draw < 1 / (1 + exp(-link)) ? "yes" : task == SML_MULTICLASS && r % 2 == 0 ? "maybe" : "no";
	if (task == SML_REGRESSION)
		numbers[2] = 5 * link + draw;
	numbers[task == SML_REGRESSION ? 3 : 2] = (double) (1 + r % 3);
}

typedef struct Case
{
	const char *learner;
	SmlTask  task;
	bool     weighted;
	const double *class_weights;
	size_t   rows;
	size_t   max_levels;
	bool     streamed;  /* by passes instead of a store */
	double   coded[32];
	size_t   count;
	uint32_t iterations;
	size_t   reported;  /* verdicts that progress saw */
} Case;

static void
count_progress(void *context, const SmlVerdict *verdict)
{
	(void) verdict;
	++*(size_t *) context;
}

/* Profile and keep the rows. */
static SmlStatus
keep_rows(SmlEnv *env, const SmlLayout *layout, SmlTask task, size_t rows, SmlProfile **profile, SmlStore **store)
{
	SmlProfileSpec spec = {false, NULL};
	SmlStatus      status;

	SML_TRY(sml_profile_start(env, layout, &spec, profile));
	SML_TRY(sml_store_start(env, layout, (size_t) 64 << 20, store));
	for (size_t r = 0; r < rows; r++)
	{
		double      numbers[4];
		const char *labels[2];
		int32_t     codes[2];
		SmlText     texts[2];
		SmlRow      row = {numbers, texts};
		SmlUse      use;

		make_row(r, task, numbers, labels);
		texts[0] = label(labels[0]);
		texts[1] = label(labels[1]);
		SML_TRY(sml_profile_absorb(env, *profile, &row, codes, &use));
		SML_TRY(sml_store_append(env, *store, numbers, codes));
	}
	SML_TRY(sml_profile_flush(env, *profile));
done:
	return status;
}

/* The reference: streaming passes. */
static SmlStatus
stream(SmlEnv *env, const SmlPlan *plan, size_t rows, SmlVerdict *verdict, SmlPass **pass)
{
	SmlStatus status;

	SML_TRY(sml_pass_start(env, plan, pass));
	do
	{
		for (size_t r = 0; r < rows; r++)
		{
			double      numbers[4];
			const char *labels[2];
			SmlText     texts[2];
			SmlRow      row = {numbers, texts};

			make_row(r, plan->task, numbers, labels);
			texts[0] = label(labels[0]);
			texts[1] = label(labels[1]);
			SML_TRY(sml_pass_absorb(env, *pass, &row));
		}
		SML_TRY(sml_pass_flush(env, *pass));
		SML_TRY(plan->learner->finish_pass(env, (*pass)->state, verdict));
	} while (verdict->again);
done:
	return status;
}

static SmlStatus
case_body(Harness *h, void *arg)
{
	Case          *c = arg;
	SmlEnv        *env = &h->env;
	SmlFeatureWish wishes[3] = {{0}, {0}, {0}};
	SmlLayout      layout;
	SmlPlan        plan;
	SmlProfile    *profile = NULL;
	SmlStore      *store = NULL;
	SmlEncoder    *encoder = NULL;
	SmlState      *state = NULL;
	SmlPass       *pass = NULL;
	SmlNotes       notes = {0};
	SmlFit        *fit = NULL;
	SmlVerdict     verdict;
	double         options[16];
	SmlStatus      status;

	wishes[2].max_levels = c->max_levels;
	memset(&plan, 0, sizeof(plan));
	SML_TRY(layout_of(env, "a b city*", c->task == SML_REGRESSION ? SML_TARGET_NUMBER : SML_TARGET_CLASS, c->weighted, &layout));
	SML_TRY(keep_rows(env, &layout, c->task, c->rows, &profile, &store));
	assert_int_equal(sml_store_rows(store), c->rows);
	SML_TRY(sml_encoder_make(env, &layout, profile, wishes, NULL, 0, &notes, &encoder));
	SML_TRY(sml_store_remap(env, store, profile, encoder));
	plan.kind = SML_PASS_LEARN;
	plan.layout = layout;
	plan.encoder = encoder;
	plan.learner = sml_learner_by_name(c->learner);
	plan.task = c->task;
	plan.positive = 0;
	plan.class_weights = (double *) c->class_weights;
	plan.options = options;
	for (size_t i = 0; i < plan.learner->option_count; i++)
		options[i] = plan.learner->options[i].initial;
	c->reported = 0;
	if (c->streamed)
		SML_TRY(stream(env, &plan, c->rows, &verdict, &pass));
	else
		SML_TRY(sml_store_train(env, store, &plan, &verdict, &state, count_progress, &c->reported));
	SML_TRY(plan.learner->result(env, c->streamed ? pass->state : state, NULL, NULL, &notes, &fit));
	c->count = fit->outputs * (1 + fit->terms);
	assert_true(c->count <= 32);
	memcpy(c->coded, fit->coded, c->count * sizeof(double));
	c->iterations = verdict.iteration;
done:
	sml_fit_free(env, fit);
	sml_pass_free(env, pass);
	if (state != NULL)
		plan.learner->free(env, state);
	sml_store_free(env, store);
	sml_profile_free(env, profile);
	sml_encoder_free(env, encoder);
	sml_layout_free(env, &layout);
	sml_notes_free(env, &notes);
	return status;
}

static void
check_case(Case kept)
{
	Case    streamed = kept;
	double  sum = 0;
	Harness h;

	streamed.streamed = true;
	harness_start(&h);
	assert_int_equal(case_body(&h, &kept), SML_OK);
	assert_int_equal(case_body(&h, &streamed), SML_OK);
	harness_finish(&h);
	assert_int_equal(kept.count, streamed.count);
	for (size_t i = 0; i < kept.count; i++)
	{
		assert_close(kept.coded[i], streamed.coded[i], 1e-10);
		sum += fabs(kept.coded[i]);
	}
	assert_true(sum > 0.5);
	assert_true(kept.reported > 0);
	/* a warm start saves full passes */
	if (kept.rows >= 50000 && strcmp(kept.learner, "linear") != 0)
		assert_true(kept.reported < streamed.iterations);
}

static const double two_weights[2] = {0.5, 3};
static const double three_weights[3] = {1, 4, 0.25};

static void
test_same_as_streaming(void **state)
{
	(void) state;
	check_case((Case){.learner = "logistic", .task = SML_BINARY, .rows = FEW});
	check_case((Case){.learner = "logistic", .task = SML_BINARY, .rows = FEW, .max_levels = 2, .weighted = true});
	check_case((Case){.learner = "logistic", .task = SML_BINARY, .rows = FEW, .class_weights = two_weights});
	check_case((Case){.learner = "linear", .task = SML_REGRESSION, .rows = FEW, .weighted = true});
	check_case((Case){.learner = "multinomial", .task = SML_MULTICLASS, .rows = FEW, .weighted = true, .max_levels = 2,
					  .class_weights = three_weights});
}

static void
test_warm_start(void **state)
{
	(void) state;
	check_case((Case){.learner = "logistic", .task = SML_BINARY, .rows = MANY});
	check_case((Case){.learner = "linear", .task = SML_REGRESSION, .rows = MANY});
}

static void
test_limit(void **state)
{
	Harness   h;
	SmlLayout layout;
	SmlStore *store;
	double    numbers[2] = {1, 2};
	int32_t   codes[2] = {0, 0};
	SmlStatus status = SML_OK;

	(void) state;
	harness_start(&h);
	assert_int_equal(layout_of(&h.env, "a b city*", SML_TARGET_CLASS, false, &layout), SML_OK);
	/* 24 bytes a row: two chunks of 4096 rows fit */
	assert_int_equal(sml_store_start(&h.env, &layout, 2 * 4096 * 24 + 10, &store), SML_OK);
	while (status == SML_OK)
		status = sml_store_append(&h.env, store, numbers, codes);
	assert_int_equal(status, SML_OVER_LIMIT);
	assert_int_equal(sml_store_rows(store), 2 * 4096);
	assert_non_null(strstr(h.env.detail, "8193 rows takes 288 kB and the limit is 192 kB"));
	sml_store_free(&h.env, store);
	sml_layout_free(&h.env, &layout);
	/* a wide row lies in small chunks: one row of 1,600 numbers takes under 4 MB */
	assert_int_equal(layout_of(&h.env, "v[1600]", SML_TARGET_NONE, false, &layout), SML_OK);
	assert_int_equal(sml_store_start(&h.env, &layout, (size_t) 4 << 20, &store), SML_OK);
	{
		double wide[1600] = {0};

		assert_int_equal(sml_store_append(&h.env, store, wide, NULL), SML_OK);
	}
	sml_store_free(&h.env, store);
	sml_layout_free(&h.env, &layout);
	harness_finish(&h);
}

static void
test_sweep(void **state)
{
	Case c = {.learner = "logistic", .task = SML_BINARY, .rows = FEW, .max_levels = 2};

	(void) state;
	harness_sweep(case_body, &c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_as_streaming),
		cmocka_unit_test(test_warm_start),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
