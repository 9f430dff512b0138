/*
 * test_metric_leakage.c - ROC-AUC of single features: small cases counted by hand, and an
 * overlap of two uniform distributions whose area is known, with more rows than are kept.
 */
#include "harness.h"

#include "../../src/core/metric/leakage.h"

/* Numbers x and z, labels "g" (three levels) and "h" (many). */
#define MANY 40

typedef struct Made
{
	SmlFeature features[4];
	SmlEncoder encoder;
} Made;

static void
make(Made *made)
{
	static char x[] = "x", z[] = "z", g[] = "g", h[] = "h";

	memset(made, 0, sizeof(*made));
	made->features[0] = (SmlFeature) {.name = x, .kind = SML_NUMBER, .slot = 0};
	made->features[1] = (SmlFeature) {.name = z, .kind = SML_NUMBER, .slot = 1};
	made->features[2] = (SmlFeature) {.name = g, .kind = SML_LABEL, .slot = 0, .level_count = 3};
	made->features[3] = (SmlFeature) {.name = h, .kind = SML_LABEL, .slot = 1, .level_count = MANY};
	made->encoder = (SmlEncoder) {.layout = {.numbers = 2, .labels = 2}, .features = made->features, .feature_count = 4};
}

static double
auc_of(Harness *h, const SmlLeakage *leakage, size_t feature)
{
	double auc;

	assert_int_equal(sml_leakage_auc(&h->env, leakage, feature, &auc), SML_OK);
	return auc;
}

static void
add(Harness *h, SmlLeakage *leakage, double x, double z, size_t g, size_t many, bool positive)
{
	double numbers[2] = {x, z};
	size_t levels[2] = {g, many};

	assert_int_equal(sml_leakage_add(&h->env, leakage, numbers, levels, positive), SML_OK);
}

/*
 * x: positives 1 … 10, negatives 0.5 … 9.5: of 100 pairs 1 + 2 + … + 10 = 55 are in order.
 * z: known for the negatives only, and then the same for all: 1, by being missing.
 * g: level 0 for positives, level 1 for negatives: 1.  h: each value once: nothing can be known.
 */
static void
test_by_hand(void **state)
{
	Harness     h;
	Made        made;
	SmlLeakage *leakage;
	SmlNotes    notes = {0};

	(void) state;
	harness_start(&h);
	make(&made);
	assert_int_equal(sml_leakage_start(&h.env, &made.encoder, &leakage), SML_OK);
	for (int i = 1; i <= 10; i++)
	{
		/* of too few rows nothing is said */
		assert_true(isnan(auc_of(&h, leakage, 0)));
		add(&h, leakage, i, sml_missing(), 0, (size_t) i, true);
		add(&h, leakage, i - 0.5, 7, 1, (size_t) (20 + i), false);
	}
	assert_close(auc_of(&h, leakage, 0), 0.55, 1e-15);
	assert_close(auc_of(&h, leakage, 1), 1, 1e-15);
	assert_close(auc_of(&h, leakage, 2), 1, 1e-15);
	assert_close(auc_of(&h, leakage, 3), 0.5, 1e-15);
	assert_int_equal(sml_leakage_note(&h.env, leakage, "held-out", &notes), SML_OK);
	assert_int_equal(notes.count, 2);
	assert_string_equal(notes.text[0], "\"z\" alone tells the classes apart (ROC-AUC 1.000 on the held-out rows); check that it is known before the outcome.");
	sml_notes_free(&h.env, &notes);
	sml_leakage_free(&h.env, leakage);
	harness_finish(&h);
}

/* The better direction counts; missing values go where they help; infinities are missing, unknown levels one level. */
static void
test_directions(void **state)
{
	Harness     h;
	Made        made;
	SmlLeakage *leakage;

	(void) state;
	harness_start(&h);
	make(&made);
	assert_int_equal(sml_leakage_start(&h.env, &made.encoder, &leakage), SML_OK);
	for (int i = 1; i <= 10; i++)
	{
		add(&h, leakage, -i, i <= 5 ? INFINITY : NAN, SML_NO_LEVEL, (size_t) (i % 2), true);
		add(&h, leakage, i, 1, 2, (size_t) (i % 2), false);
	}
	assert_close(auc_of(&h, leakage, 0), 1, 1e-15);
	assert_close(auc_of(&h, leakage, 1), 1, 1e-15);
	assert_close(auc_of(&h, leakage, 2), 1, 1e-15);
	/* h alternates within each class as the halves do, so a half never sees the other half's level */
	assert_close(auc_of(&h, leakage, 3), 0.5, 1e-15);
	sml_leakage_free(&h.env, leakage);
	harness_finish(&h);
}

/* Uniform on [0.5, 1.5) against [0, 1): area 1 - 0.5 * 0.5^2 = 0.875.  A tenth of positives, and more rows than are kept. */
static void
test_sample(void **state)
{
	Harness     h;
	Made        made;
	SmlLeakage *leakage;
	double      golden = 0.6180339887498949;
	int         passed = 0;

	(void) state;
	harness_start(&h);
	make(&made);
	assert_int_equal(sml_leakage_start(&h.env, &made.encoder, &leakage), SML_OK);
	for (int i = 0; i < 200000; i++)
	{
		double u = fmod(i * golden, 1);
		bool   positive = i % 10 == 0;

		if (!sml_leakage_wants(leakage, positive))
		{
			sml_leakage_pass(leakage, positive);
			passed++;
			continue;
		}
		add(&h, leakage, u + (positive ? 0.5 : 0), 0, 0, 0, positive);
	}
	assert_true(passed > 150000);
	assert_true(fabs(auc_of(&h, leakage, 0) - 0.875) < 0.015);
	assert_close(auc_of(&h, leakage, 1), 0.5, 1e-15);
	sml_leakage_free(&h.env, leakage);
	harness_finish(&h);
}

static SmlStatus
sweep_body(Harness *h, void *arg)
{
	SmlLeakage *leakage = NULL;
	SmlNotes    notes = {0};
	SmlStatus   status = sml_leakage_start(&h->env, &((Made *) arg)->encoder, &leakage);
	double      numbers[2] = {1, 2};
	size_t      levels[2] = {0, 1};

	for (int i = 0; i < 600 && status == SML_OK; i++)
	{
		numbers[0] = i % 2;
		status = sml_leakage_add(&h->env, leakage, numbers, levels, i % 2);
	}
	if (status == SML_OK)
		status = sml_leakage_note(&h->env, leakage, "training", &notes);
	sml_notes_free(&h->env, &notes);
	sml_leakage_free(&h->env, leakage);
	return status;
}

static void
test_failures(void **state)
{
	Made made;

	(void) state;
	make(&made);
	harness_sweep(sweep_body, &made);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_directions),
		cmocka_unit_test(test_sample),
		cmocka_unit_test(test_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
