/*
 * test_resample_edges.c - missing values, classes that are too small, limits, the combined kinds, and the sweeps.
 */
#include "resample_data.h"

enum { NUMBERS = 2, LABELS = 1 };

/* A small table made here: class one rows lie among class zero rows. */
static void
table_make(size_t rows, size_t rare, size_t numbers, size_t labels, Table *t)
{
	memset(t, 0, sizeof(*t));
	t->rows = rows;
	t->number = calloc(rows * numbers + 1, sizeof(double));
	t->code = calloc(rows * labels + 1, sizeof(int32_t));
	t->class_of = calloc(rows, sizeof(int32_t));
	t->key = calloc(rows, sizeof(uint64_t));
	for (size_t r = 0; r < rows; r++)
	{
		for (size_t j = 0; j < numbers; j++)
			t->number[r * numbers + j] = sml_random_unit(11, j, r);
		for (size_t j = 0; j < labels; j++)
			t->code[r * labels + j] = (int32_t) (sml_random_bits(12, j, r) % 4) - 1;
		t->class_of[r] = r < rare;
		t->key[r] = sml_hash_mix(r + 1);
		t->plan[t->class_of[r]].present++;
	}
	t->cases = (SmlCases){rows, numbers, labels, 2, t->number, numbers, t->code, labels, t->class_of, t->key, NULL};
}

static void
expect_failure(Table *t, SmlResampleSpec spec, SmlStatus status, const char *sentence)
{
	Harness h;
	Made    made = {0};

	harness_start(&h);
	if (run_kind(&h, t, &spec, "auto", NULL, &made, NULL) != status || strstr(h.env.detail, sentence) == NULL)
		fail_msg("\"%s\" instead of \"%s\"", h.env.detail, sentence);
	assert_int_equal(made.count, 0);
	made_free(&made);
	harness_finish(&h);
}

static void
test_small_classes(void **state)
{
	Harness         h;
	Table           t;
	Made            made = {0};
	SmlNotes        notes = {0};
	SmlResampleSpec spec;

	(void) state;
	table_make(60, 4, NUMBERS, 0, &t);
	spec = spec_of(&t, SML_RESAMPLE_SMOTE, 0);
	spec.k = 5;
	expect_failure(&t, spec, SML_BAD_INPUT, "Class \"one\" has 4 rows, too few for k = 5; the largest k is 3.");
	/* k as it may be: three neighbours, and a note */
	harness_start(&h);
	spec.k = 0;
	assert_int_equal(run_kind(&h, &t, &spec, "auto", NULL, &made, &notes), SML_OK);
	assert_int_equal(made.count, 52);
	assert_int_equal(notes.count, 1);
	assert_string_equal(notes.text[0], "k is 3 for class \"one\", which has 4 rows");
	sml_notes_free(&h.env, &notes);
	made_free(&made);
	table_free(&t);
	harness_finish(&h);
	table_make(60, 1, NUMBERS, 0, &t);
	expect_failure(&t, spec_of(&t, SML_RESAMPLE_SMOTE, 0), SML_BAD_INPUT, "Class \"one\" has one row");
	/* copies need no neighbour */
	harness_start(&h);
	spec = spec_of(&t, SML_RESAMPLE_RANDOM_OVER, 0);
	assert_int_equal(run_kind(&h, &t, &spec, "auto", NULL, &made, NULL), SML_OK);
	assert_int_equal(made.count, 58);
	made_free(&made);
	table_free(&t);
	harness_finish(&h);
}

static void
test_no_border(void **state)
{
	Table           t;
	SmlResampleSpec spec;

	(void) state;
	table_make(60, 20, NUMBERS, 0, &t);
	for (size_t r = 0; r < 20; r++)
		t.number[r * NUMBERS] += 1000;
	expect_failure(&t, spec_of(&t, SML_RESAMPLE_BORDERLINE1, 0), SML_BAD_INPUT, "Class \"one\" has no row on the border");
	expect_failure(&t, spec_of(&t, SML_RESAMPLE_ADASYN, 0), SML_BAD_INPUT, "No row of class \"one\" has a row of another class among its 5 nearest");
	spec = spec_of(&t, SML_RESAMPLE_SMOTE, 0);
	spec.memory_limit = 1000;
	expect_failure(&t, spec, SML_OVER_LIMIT, "Kind smote needs ");
	spec = spec_of(&t, SML_RESAMPLE_BORDERLINE1, 0);
	spec.m = 60;
	expect_failure(&t, spec, SML_BAD_INPUT, "m is 60, but there are only 59 other rows.");
	table_free(&t);
}

/* A value arises only where both parents have one; missing shares stay; categories may be missing. */
static void
test_missing(void **state)
{
	Harness         h;
	Table           t;
	Made            made = {0};
	SmlResampleSpec spec;
	size_t          missing = 0, missing_label = 0, kept = 0;

	(void) state;
	harness_start(&h);
	table_make(300, 40, NUMBERS, LABELS, &t);
	for (size_t r = 0; r < 40; r++)
	{
		if (r % 4 == 0)
			t.number[r * NUMBERS] = r % 8 == 0 ? sml_missing() : -INFINITY;
		t.number[r * NUMBERS + 1] = r == 7 ? NAN : t.number[r * NUMBERS + 1];
		t.code[r * LABELS] = r % 2 ? -1 : 1;
	}
	spec = spec_of(&t, SML_RESAMPLE_SMOTE, 9);
	assert_int_equal(run_kind(&h, &t, &spec, "auto", NULL, &made, NULL), SML_OK);
	assert_int_equal(made.count, 220);
	for (size_t i = 0; i < made.count; i++)
	{
		double a = t.number[made.rows[i].parent * NUMBERS];
		double b = t.number[made.rows[i].neighbour * NUMBERS];
		double x = made.number[i * NUMBERS];

		if (!isfinite(a) || !isfinite(b))
		{
			assert_memory_equal(&x, &a, sizeof(double));
			kept++;
		}
		else
			assert_close(x, a + made.rows[i].lambda * (b - a), 1e-12);
		missing += sml_is_missing(x);
		missing_label += made.code[i] == -1;
	}
	/* one row in eight lacks the number, and parents are dealt evenly */
	assert_true(missing >= 25 && missing <= 30);
	assert_true(kept > missing);
	assert_true(missing_label > 50 && missing_label < 170);
	made_free(&made);
	table_free(&t);
	harness_finish(&h);
}

/* ---- the combined kinds -------------------------------------------------------------------- */

static double
distance(const double *a, const double *b)
{
	return (a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]);
}

/* Which of all points Tomek links or a search of three neighbours would remove: all pairs, by hand. */
static void
remove_by_hand(bool tomek, size_t n, const double *x, const int32_t *class_of, bool *stays)
{
	size_t *nearest = calloc(n * 3, sizeof(size_t));

	for (size_t i = 0; i < n; i++)
		for (size_t rank = 0; rank < 3; rank++)
		{
			size_t best = n;

			for (size_t j = 0; j < n; j++)
				if (j != i && (rank < 1 || j != nearest[i * 3]) && (rank < 2 || j != nearest[i * 3 + 1]) &&
					(best == n || distance(x + 2 * i, x + 2 * j) < distance(x + 2 * i, x + 2 * best)))
					best = j;
			nearest[i * 3 + rank] = best;
		}
	for (size_t i = 0; i < n; i++)
	{
		stays[i] = true;
		if (tomek)
			stays[i] = !(class_of[nearest[i * 3]] != class_of[i] && nearest[nearest[i * 3] * 3] == i);
		else
			for (size_t rank = 0; rank < 3; rank++)
				stays[i] = stays[i] && class_of[nearest[i * 3 + rank]] == class_of[i];
	}
	free(nearest);
}

static void
test_combined(void **state)
{
	enum { ROWS = 200, RARE = 50, ALL = 300 };

	(void) state;
	for (int tomek = 0; tomek < 2; tomek++)
	{
		Harness         h;
		Table           t;
		Made            plain = {0}, cleaned = {0};
		SmlResampleSpec spec;
		bool            keep[ROWS], stays[ALL];
		double          x[ALL * NUMBERS];
		int32_t         class_of[ALL];
		size_t          left = 0;

		harness_start(&h);
		table_make(ROWS, RARE, NUMBERS, 0, &t);
		spec = spec_of(&t, SML_RESAMPLE_SMOTE, 4);
		assert_int_equal(run_kind(&h, &t, &spec, "auto", NULL, &plain, NULL), SML_OK);
		spec.kind = tomek ? SML_RESAMPLE_SMOTE_TOMEK : SML_RESAMPLE_SMOTE_ENN;
		assert_int_equal(run_kind(&h, &t, &spec, "auto", keep, &cleaned, NULL), SML_OK);
		assert_int_equal(plain.count, 100);
		memcpy(x, t.number, sizeof(double) * ROWS * NUMBERS);
		memcpy(x + ROWS * NUMBERS, plain.number, sizeof(double) * 100 * NUMBERS);
		for (size_t i = 0; i < ALL; i++)
			class_of[i] = i < ROWS ? t.class_of[i] : 1;
		remove_by_hand(tomek, ALL, x, class_of, stays);
		for (size_t i = 0; i < ROWS; i++)
			assert_int_equal(keep[i], stays[i]);
		for (size_t i = 0; i < 100; i++)
			if (stays[ROWS + i])
			{
				assert_int_equal(cleaned.rows[left].ordinal, plain.rows[i].ordinal);
				assert_memory_equal(cleaned.number + left * NUMBERS, plain.number + i * NUMBERS, NUMBERS * sizeof(double));
				left++;
			}
		assert_int_equal(left, cleaned.count);
		assert_true(left < 100);
		made_free(&plain);
		made_free(&cleaned);
		table_free(&t);
		harness_finish(&h);
	}
}

/* ---- sweeps ----------------------------------------------------------------------------------- */

typedef struct Sweep
{
	Table           table;
	SmlResampleKind kind;
} Sweep;

static SmlStatus
take_nothing(void *context, const SmlSynthetic *row)
{
	++*(size_t *) context;
	return row->ordinal < 1000 ? SML_OK : SML_BAD_INPUT;
}

static SmlStatus
sweep_body(Harness *h, void *arg)
{
	Sweep          *sweep = arg;
	Table          *t = &sweep->table;
	SmlResampleSpec spec = spec_of(t, sweep->kind, 1);
	SmlStrategy     strategy = {"auto", 0, NULL};
	SmlNotes        notes = {0};
	bool            keep[120];
	size_t          made = 0;
	SmlStatus       status;

	spec.shrinkage = sweep->kind == SML_RESAMPLE_RANDOM_OVER ? 1 : 0;
	SML_TRY(sml_strategy_plan(&h->env, sml_resample_side(sweep->kind), &strategy, class_names, 2, t->plan));
	SML_TRY(sml_resample(&h->env, &t->cases, &spec, keep, take_nothing, NULL, &made, &notes));
done:
	sml_notes_free(&h->env, &notes);
	return status;
}

static void
test_sweeps(void **state)
{
	Sweep sweep;

	(void) state;
	for (int kind = 0; kind < SML_RESAMPLE_KINDS; kind++)
	{
		sweep.kind = (SmlResampleKind) kind;
		/* four rows: k is lowered, with a note */
		table_make(120, kind == SML_RESAMPLE_SMOTE ? 4 : 20, NUMBERS, LABELS, &sweep.table);
		harness_sweep(sweep_body, &sweep);
		table_free(&sweep.table);
	}
	sweep.kind = SML_RESAMPLE_SMOTE;
	table_make(120, 20, 0, 2, &sweep.table);
	harness_sweep(sweep_body, &sweep);
	table_free(&sweep.table);
}

/* A sink that refuses ends the work with its status. */
static SmlStatus
refuse(void *context, const SmlSynthetic *row)
{
	(void) context;
	return row->ordinal == 7 ? SML_OVER_LIMIT : SML_OK;
}

static void
test_refusing_sink(void **state)
{
	static const SmlResampleKind kinds[] = {SML_RESAMPLE_SMOTE, SML_RESAMPLE_SMOTE_ENN};
	SmlStrategy strategy = {"auto", 0, NULL};
	Harness     h;
	Table       t;

	(void) state;
	harness_start(&h);
	table_make(120, 20, NUMBERS, 0, &t);
	assert_int_equal(sml_strategy_plan(&h.env, SML_SIDE_OVER, &strategy, class_names, 2, t.plan), SML_OK);
	for (size_t n = 0; n < 2; n++)
	{
		SmlResampleSpec spec = spec_of(&t, kinds[n], 1);

		assert_int_equal(sml_resample(&h.env, &t.cases, &spec, NULL, refuse, NULL, NULL, NULL), SML_OVER_LIMIT);
	}
	table_free(&t);
	harness_finish(&h);
}

static void
test_names(void **state)
{
	SmlResampleKind kind;

	(void) state;
	for (int i = 0; i < SML_RESAMPLE_KINDS; i++)
	{
		assert_true(sml_resample_find(sml_resample_name((SmlResampleKind) i), &kind));
		assert_int_equal(kind, i);
	}
	assert_null(sml_resample_name(SML_RESAMPLE_KINDS));
	assert_false(sml_resample_find("smoke", &kind));
	assert_false(sml_resample_needs_all(SML_RESAMPLE_SMOTE, 3, 2));
	assert_true(sml_resample_needs_all(SML_RESAMPLE_SMOTE, 0, 2));
	assert_true(sml_resample_needs_all(SML_RESAMPLE_ENN, 3, 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_classes), cmocka_unit_test(test_no_border), cmocka_unit_test(test_missing), cmocka_unit_test(test_combined),
		cmocka_unit_test(test_sweeps), cmocka_unit_test(test_refusing_sink), cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
