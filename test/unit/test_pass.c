/*
 * test_pass.c - plans and passes: rows in, merged and written states equal to single ones,
 * rows that do not count, and bytes from outside.
 */
#include "plans.h"

/* The profile's figures for x and y of the regression rows. */
static void
check_profile(SmlPass *pass)
{
	const SmlNumberProfile *x = sml_profile_number(pass->profile, 0);

	assert_int_equal(pass->rows[SML_USED], 8);
	assert_int_equal(x->count, 6);
	assert_int_equal(x->missing, 1);
	assert_int_equal(x->nonfinite, 1);
	/* 1, 2, 4, 6, 7, 8 */
	assert_close(x->mean, 14.0 / 3, 1e-15);
	assert_int_equal(sml_profile_label_missing(pass->profile, 0), 1);
}

static void
test_profile_pass(void **state)
{
	Harness  h;
	SmlPlan *plan;
	SmlPlan *copy;
	SmlPass *whole;
	SmlPass *first;
	SmlPass *second;
	uint8_t *plan_bytes;
	uint8_t *bytes;
	uint8_t *filled = NULL;
	size_t   plan_size;
	size_t   size;
	size_t   counted;
	SmlLayout layout;

	(void) state;
	harness_start(&h);
	assert_int_equal(profile_plan(&h.env, SML_REGRESSION, &plan), SML_OK);
	assert_int_equal(sml_plan_write(&h.env, plan, &plan_bytes, &plan_size), SML_OK);
	assert_int_equal(sml_plan_read(&h.env, plan_bytes, plan_size, &copy), SML_OK);
	assert_true(copy->digest == plan->digest && plan->digest != 0);
	assert_true(copy->moments && copy->quantiles[0] && !copy->quantiles[1]);
	assert_int_equal(sml_pass_start(&h.env, plan, &whole), SML_OK);
	assert_int_equal(feed(&h.env, whole, SML_REGRESSION, 0, 8), SML_OK);
	assert_int_equal(sml_pass_flush(&h.env, whole), SML_OK);
	check_profile(whole);
	/* a worker with a plan of its own, whose state travels as bytes */
	assert_int_equal(sml_pass_start(&h.env, plan, &first), SML_OK);
	assert_int_equal(feed(&h.env, first, SML_REGRESSION, 0, 3), SML_OK);
	assert_int_equal(sml_pass_start(&h.env, copy, &second), SML_OK);
	assert_int_equal(feed(&h.env, second, SML_REGRESSION, 3, 8), SML_OK);
	assert_int_equal(sml_pass_write(&h.env, second, &bytes, &size), SML_OK);
	/* in two steps into memory of the caller: the same bytes, and no others */
	assert_int_equal(sml_pass_size(&h.env, second, &counted), SML_OK);
	assert_int_equal(counted, size);
	assert_int_equal(sml_alloc_array(&h.env, size, 1, &filled), SML_OK);
	assert_int_equal(sml_pass_fill(&h.env, second, filled, size), SML_OK);
	assert_memory_equal(filled, bytes, size);
	assert_int_equal(sml_pass_fill(&h.env, second, filled, size - 1), SML_MISMATCH);
	sml_free(&h.env, filled);
	/* the layout alone, also from a plan whose checksum nobody looks at */
	plan_bytes[20] ^= 1;
	assert_int_equal(sml_plan_read_layout(&h.env, plan_bytes, plan_size, &layout), SML_OK);
	assert_int_equal(sml_layout_numbers(&layout), sml_layout_numbers(&plan->layout));
	assert_int_equal(sml_layout_labels(&layout), sml_layout_labels(&plan->layout));
	sml_layout_free(&h.env, &layout);
	assert_int_equal(sml_plan_read_layout(&h.env, plan_bytes, SML_ENVELOPE_SIZE + 1, &layout), SML_CORRUPT);
	plan_bytes[20] ^= 1;
	sml_pass_free(&h.env, second);
	assert_int_equal(sml_pass_read(&h.env, plan, bytes, size, &second), SML_OK);
	assert_int_equal(sml_pass_merge(&h.env, first, second), SML_OK);
	check_profile(first);
	assert_true(first->checksum == whole->checksum);
	sml_pass_free(&h.env, whole);
	sml_pass_free(&h.env, first);
	sml_pass_free(&h.env, second);
	sml_free(&h.env, bytes);
	sml_free(&h.env, plan_bytes);
	sml_plan_free(&h.env, plan);
	sml_plan_free(&h.env, copy);
	harness_finish(&h);
}

/* ---- checksums ------------------------------------------------------------------------ */

static uint64_t
checksum(double a, double b, const char *c)
{
	double    numbers[2] = {a, b};
	SmlText   text = label(c);
	SmlRow    row = {numbers, &text};
	SmlColumn columns[3] = {{0}};
	SmlLayout layout = {.columns = columns, .column_count = 3, .numbers = 2, .labels = 1, .target = SML_TARGET_NONE};

	return sml_row_checksum(&layout, &row);
}

static void
test_checksum(void **state)
{
	uint64_t base = checksum(1, -1, "a");

	(void) state;
	assert_true(base == checksum(1, -1, "a"));
	/* signs and values that change places, last digits, labels, and a missing one against an empty one */
	assert_true(base != checksum(-1, 1, "a"));
	assert_true(checksum(1, 2, "a") != checksum(2, 1, "a"));
	assert_true(base != checksum(nextafter(1, 2), -1, "a"));
	assert_true(base != checksum(1, -1, "b"));
	assert_true(checksum(1, -1, "") != checksum(1, -1, NULL));
	assert_true(checksum(0, 1, "a") != checksum(NO, 1, "a"));
	assert_true(checksum(NAN, 1, "a") != checksum(NO, 1, "a"));
	/* small whole numbers, of which tables are full: no two rows of a grid agree */
	for (int i = 0; i < 400; i++)
		for (int j = 0; j < i; j++)
			assert_true(checksum(i % 20, (double) (i / 20), "a") != checksum(j % 20, (double) (j / 20), "a"));
}

/* ---- learning -------------------------------------------------------------------------- */

/* Passes over rows until the learner is content, in two parts that travel as bytes when "split". */
static SmlStatus
train(SmlEnv *env, SmlPlan *plan, bool split, size_t twice_class, SmlFit **fit)
{
	SmlPass   *pass = NULL;
	SmlPass   *other = NULL;
	SmlPass   *read = NULL;
	uint8_t   *bytes = NULL;
	uint8_t   *ignored = NULL;
	size_t     size;
	SmlVerdict verdict;
	SmlNotes   notes = {0};
	SmlWriter  writer = {0};
	SmlStatus  status;

	do
	{
		SML_TRY(sml_plan_write(env, plan, &ignored, &size));
		sml_free(env, ignored);
		ignored = NULL;
		SML_TRY(sml_pass_start(env, plan, &pass));
		SML_TRY(feed(env, pass, plan->task, 0, split ? 5 : MODEL_ROWS));
		for (size_t r = 0; twice_class != SML_NO_LEVEL && r < MODEL_ROWS; r++)
			if (sml_encoder_class(plan->encoder, label(model_labels(plan->task)[2 * r + 1])) == twice_class)
				SML_TRY(feed(env, pass, plan->task, r, r + 1));
		if (split)
		{
			SML_TRY(sml_pass_start(env, plan, &other));
			SML_TRY(feed(env, other, plan->task, 5, MODEL_ROWS));
			SML_TRY(sml_pass_write(env, other, &bytes, &size));
			SML_TRY(sml_pass_read(env, plan, bytes, size, &read));
			SML_TRY(sml_pass_merge(env, pass, read));
			sml_pass_free(env, other);
			sml_pass_free(env, read);
			sml_free(env, bytes);
			other = read = NULL;
			bytes = NULL;
		}
		SML_TRY(sml_pass_flush(env, pass));
		SML_TRY(plan->learner->finish_pass(env, pass->state, &verdict));
		if (!verdict.again)
			break;
		/* the next pass opens with this state */
		sml_writer_start(&writer, env);
		plan->learner->write(&writer, pass->state);
		SML_TRY(writer.status);
		sml_free(env, plan->opening);
		plan->opening = writer.bytes;
		plan->opening_size = writer.size;
		memset(&writer, 0, sizeof(writer));
		sml_pass_free(env, pass);
		pass = NULL;
	} while (true);
	SML_TRY(plan->learner->result(env, pass->state, NULL, NULL, &notes, fit));
done:
	if (writer.env != NULL)
		sml_writer_free(&writer);
	sml_pass_free(env, pass);
	sml_pass_free(env, other);
	sml_pass_free(env, read);
	sml_free(env, bytes);
	sml_free(env, ignored);
	sml_notes_free(env, &notes);
	return status;
}

typedef struct Training
{
	const char   *learner;
	SmlTask       task;
	double        l2;
	bool          split;
	const double *class_weights;
	size_t        twice_class;
	double        coded[32];
	size_t        count;
} Training;

static SmlStatus
training_body(Harness *h, void *arg)
{
	Training *training = arg;
	SmlPlan  *plan = NULL;
	SmlFit   *fit = NULL;
	SmlStatus status = learn_plan(&h->env, training->learner, training->task, &plan);

	if (status != SML_OK)
		return status;
	/* more terms than such few rows bear: a penalty keeps the answer unique */
	plan->options[0] = training->l2;
	assert_string_equal(plan->learner->options[0].name, "l2");
	if (training->class_weights != NULL)
	{
		status = sml_alloc_array(&h->env, plan->encoder->class_count, sizeof(double), &plan->class_weights);
		if (status == SML_OK)
			memcpy(plan->class_weights, training->class_weights, plan->encoder->class_count * sizeof(double));
	}
	if (status == SML_OK)
		status = train(&h->env, plan, training->split, training->twice_class, &fit);
	if (status == SML_OK)
	{
		training->count = fit->outputs * (1 + fit->terms);
		assert_true(training->count <= 32);
		memcpy(training->coded, fit->coded, training->count * sizeof(double));
	}
	sml_fit_free(&h->env, fit);
	sml_plan_free(&h->env, plan);
	return status;
}

static void
run(Training *training)
{
	Harness h;

	harness_start(&h);
	assert_int_equal(training_body(&h, training), SML_OK);
	harness_finish(&h);
}

static void
assert_same_coded(const Training *a, const Training *b, double tolerance)
{
	double size = 0;

	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++)
	{
		assert_close(a->coded[i], b->coded[i], tolerance);
		size += fabs(a->coded[i]);
	}
	assert_true(size > 0.1);
}

static void
test_split_learning(void **state)
{
	static const struct { const char *learner; SmlTask task; } learners[] = {
		{"linear", SML_REGRESSION}, {"logistic", SML_BINARY},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(learners) / sizeof(learners[0]); i++)
	{
		Training whole = {learners[i].learner, learners[i].task, 1, false, NULL, SML_NO_LEVEL, {0}, 0};
		Training parts = {learners[i].learner, learners[i].task, 1, true, NULL, SML_NO_LEVEL, {0}, 0};

		run(&whole);
		run(&parts);
		assert_same_coded(&whole, &parts, 1e-12);
	}
}

/* A class that counts twice is a class whose rows come twice. */
static void
test_class_weights(void **state)
{
	static const double two[2] = {1, 2};
	Training weighted = {"logistic", SML_BINARY, 1, false, two, SML_NO_LEVEL, {0}, 0};
	Training repeated = {"logistic", SML_BINARY, 1, false, NULL, 1, {0}, 0};

	(void) state;
	run(&weighted);
	run(&repeated);
	assert_same_coded(&weighted, &repeated, 1e-9);
}

static void
test_sweeps(void **state)
{
	Training linear = {"linear", SML_REGRESSION, 1, true, NULL, SML_NO_LEVEL, {0}, 0};
	Training logistic = {"logistic", SML_BINARY, 1, true, NULL, SML_NO_LEVEL, {0}, 0};

	(void) state;
	harness_sweep(training_body, &linear);
	harness_sweep(training_body, &logistic);
}

/* ---- rows that do not count -------------------------------------------------------------- */

static void
test_skipped(void **state)
{
	Harness  h;
	SmlPlan *plan;
	SmlPass *pass;
	double   numbers[3] = {1, 2, 3};
	SmlText  texts[2] = {label("a"), label("yes")};
	SmlRow   row = {numbers, texts};

	(void) state;
	harness_start(&h);
	assert_int_equal(learn_plan(&h.env, "logistic", SML_BINARY, &plan), SML_OK);
	plan->layout.weighted = plan->encoder->layout.weighted = true;
	assert_int_equal(sml_pass_start(&h.env, plan, &pass), SML_OK);
	assert_int_equal(sml_pass_absorb(&h.env, pass, &row), SML_OK);
	assert_true(pass->y[0] == 1 && pass->w[0] == 3);
	texts[0] = label("never met");
	texts[1] = label("no");
	assert_int_equal(sml_pass_absorb(&h.env, pass, &row), SML_OK);
	assert_true(pass->y[1] == 0);
	assert_int_equal(pass->unseen, 1);
	texts[1] = label("maybe");
	assert_int_equal(sml_pass_absorb(&h.env, pass, &row), SML_OK);
	texts[1] = label(NULL);
	numbers[2] = 0;
	assert_int_equal(sml_pass_absorb(&h.env, pass, &row), SML_OK);
	texts[1] = label("no");
	assert_int_equal(sml_pass_absorb(&h.env, pass, &row), SML_OK);
	numbers[2] = sml_missing();
	assert_int_equal(sml_pass_absorb(&h.env, pass, &row), SML_OK);
	assert_int_equal(pass->rows[SML_USED], 2);
	assert_int_equal(pass->rows[SML_SKIPPED_TARGET], 2);
	assert_int_equal(pass->rows[SML_SKIPPED_WEIGHT], 2);
	assert_int_equal(pass->pending, 2);
	numbers[2] = -1;
	assert_int_equal(sml_pass_absorb(&h.env, pass, &row), SML_BAD_INPUT);
	assert_non_null(strstr(h.env.detail, "weight is negative"));
	assert_null(strstr(h.env.detail, "-1"));
	numbers[2] = INFINITY;
	assert_int_equal(sml_pass_absorb(&h.env, pass, &row), SML_BAD_INPUT);
	sml_pass_free(&h.env, pass);
	sml_plan_free(&h.env, plan);
	harness_finish(&h);
}

/* ---- bytes from outside ------------------------------------------------------------------- */

static void
test_mismatch(void **state)
{
	Harness  h;
	SmlPlan *one;
	SmlPlan *two;
	SmlPass *first;
	SmlPass *second;
	SmlPass *read = NULL;
	uint8_t *bytes;
	size_t   size;

	(void) state;
	harness_start(&h);
	assert_int_equal(learn_plan(&h.env, "linear", SML_REGRESSION, &one), SML_OK);
	assert_int_equal(learn_plan(&h.env, "linear", SML_REGRESSION, &two), SML_OK);
	two->options[0] = 3;
	assert_int_equal(sml_plan_write(&h.env, one, &bytes, &size), SML_OK);
	sml_free(&h.env, bytes);
	assert_int_equal(sml_plan_write(&h.env, two, &bytes, &size), SML_OK);
	sml_free(&h.env, bytes);
	assert_true(one->digest != two->digest);
	assert_int_equal(sml_pass_start(&h.env, one, &first), SML_OK);
	assert_int_equal(sml_pass_start(&h.env, two, &second), SML_OK);
	assert_int_equal(sml_pass_merge(&h.env, first, second), SML_MISMATCH);
	assert_int_equal(sml_pass_write(&h.env, first, &bytes, &size), SML_OK);
	assert_int_equal(sml_pass_read(&h.env, two, bytes, size, &read), SML_MISMATCH);
	assert_null(read);
	sml_free(&h.env, bytes);
	sml_pass_free(&h.env, first);
	sml_pass_free(&h.env, second);
	sml_plan_free(&h.env, one);
	sml_plan_free(&h.env, two);
	harness_finish(&h);
}

/* A few bytes that name sixteen million columns do not get memory for them. */
static void
test_memory(void **state)
{
	Harness h;
	SmlPlan *plan;

	(void) state;
	harness_start(&h);
	assert_int_equal(profile_plan(&h.env, SML_REGRESSION, &plan), SML_OK);
	assert_int_equal(sml_plan_check_memory(&h.env, plan, 0), SML_OK);
	sml_plan_free(&h.env, plan);
	assert_int_equal(sml_alloc_array(&h.env, 1, sizeof(SmlPlan), &plan), SML_OK);
	assert_int_equal(layout_of(&h.env, "v[16000000]", SML_TARGET_NUMBER, false, &plan->layout), SML_OK);
	assert_int_equal(sml_plan_check_memory(&h.env, plan, (size_t) 1 << 30), SML_OVER_LIMIT);
	assert_non_null(strstr(h.env.detail, "the limit is 1024 MB"));
	/* a thousand columns with all their moments are ordinary */
	plan->layout.numbers = 1000;
	plan->moments = true;
	assert_int_equal(sml_plan_check_memory(&h.env, plan, 0), SML_OK);
	plan->layout.numbers = 5000;
	assert_int_equal(sml_plan_check_memory(&h.env, plan, 0), SML_OVER_LIMIT);
	assert_int_equal(sml_plan_check_memory(&h.env, plan, (size_t) 2 << 30), SML_OK);
	sml_plan_free(&h.env, plan);
	assert_int_equal(learn_plan(&h.env, "logistic", SML_BINARY, &plan), SML_OK);
	assert_int_equal(sml_plan_check_memory(&h.env, plan, 0), SML_OK);
	sml_plan_free(&h.env, plan);
	harness_finish(&h);
}

/* The same payload with one bit changed and a right checksum. */
static void
forge(SmlEnv *env, const char kind[4], const uint8_t *bytes, size_t size, size_t at, unsigned bit, SmlWriter *writer)
{
	size_t mark;

	sml_writer_start(writer, env);
	mark = sml_write_envelope(writer, kind, 1);
	sml_write_bytes(writer, bytes + SML_ENVELOPE_SIZE, size - SML_ENVELOPE_SIZE);
	assert_int_equal(writer->status, SML_OK);
	writer->bytes[at] ^= (uint8_t) bit;
	sml_end_envelope(writer, mark);
}

/* Every plan and state one bit away from a good one: refused, or of use. */
static void
check_forged(const char *learner, SmlTask task)
{
	Harness   h;
	SmlPlan  *plan;
	SmlPass  *pass;
	uint8_t  *bytes;
	uint8_t  *state_bytes;
	size_t    size;
	size_t    state_size;
	SmlWriter writer;
	SmlStatus status;

	harness_start(&h);
	status = learner != NULL ? learn_plan(&h.env, learner, task, &plan) : profile_plan(&h.env, task, &plan);
	assert_int_equal(status, SML_OK);
	assert_int_equal(sml_plan_write(&h.env, plan, &bytes, &size), SML_OK);
	for (size_t cut = 0; cut < size; cut++)
	{
		SmlPlan *copy = NULL;

		assert_int_equal(sml_plan_read(&h.env, bytes, cut, &copy), SML_CORRUPT);
	}
	for (size_t at = SML_ENVELOPE_SIZE; at < size; at++)
	{
		SmlPlan *copy = NULL;

		forge(&h.env, "PLAN", bytes, size, at, 1u << at % 8, &writer);
		status = sml_plan_read(&h.env, writer.bytes, writer.size, &copy);
		assert_true(status == SML_OK ? copy->digest != plan->digest : status == SML_CORRUPT && copy == NULL);
		sml_plan_free(&h.env, copy);
		sml_writer_free(&writer);
	}
	assert_int_equal(sml_pass_start(&h.env, plan, &pass), SML_OK);
	assert_int_equal(feed(&h.env, pass, task, 0, MODEL_ROWS), SML_OK);
	assert_int_equal(sml_pass_write(&h.env, pass, &state_bytes, &state_size), SML_OK);
	for (size_t at = SML_ENVELOPE_SIZE; at < state_size; at++)
	{
		SmlPass *copy = NULL;

		forge(&h.env, "PASS", state_bytes, state_size, at, 1u << at % 8, &writer);
		status = sml_pass_read(&h.env, plan, writer.bytes, writer.size, &copy);
		assert_true(status == SML_OK || ((status == SML_CORRUPT || status == SML_MISMATCH) && copy == NULL));
		if (status == SML_OK)
			(void) !sml_pass_merge(&h.env, copy, pass);
		sml_pass_free(&h.env, copy);
		sml_writer_free(&writer);
	}
	sml_free(&h.env, bytes);
	sml_free(&h.env, state_bytes);
	sml_pass_free(&h.env, pass);
	sml_plan_free(&h.env, plan);
	harness_finish(&h);
}

static void
test_forged(void **state)
{
	(void) state;
	check_forged(NULL, SML_REGRESSION);
	check_forged(NULL, SML_MULTICLASS);
	check_forged("linear", SML_REGRESSION);
	check_forged("logistic", SML_BINARY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_profile_pass),
		cmocka_unit_test(test_checksum),
		cmocka_unit_test(test_split_learning),
		cmocka_unit_test(test_class_weights),
		cmocka_unit_test(test_sweeps),
		cmocka_unit_test(test_skipped),
		cmocka_unit_test(test_mismatch),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_forged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
