/*
 * test_resample.c - over- and under-sampling against independent values (test/reference/resample.md), and the properties that any correct
 * SMOTE has, whatever its random numbers.
 *
 * Statistical checks are at a level of 1e-4 each, over fixed seeds: a false alarm would have shown when the seed was chosen.
 */
#include "resample_data.h"

#include "../../src/core/resample/neighbours.h"

#define MAMMOGRAPHY "test/reference/data/resample_mammography.csv"
#define GERMAN_NC   "test/reference/data/resample_german_nc.csv"

static const double ks_limit = 2.225; /* Kolmogorov's 1 - 1e-4 quantile, to be divided by sqrt(n) */

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *) a;
	double y = *(const double *) b;

	return x < y ? -1 : x > y;
}

/* Largest gap between the empirical distribution and the uniform one, times sqrt(n). */
static double
uniform_gap(double *values, size_t n)
{
	double gap = 0;

	qsort(values, n, sizeof(double), compare_doubles);
	for (size_t i = 0; i < n; i++)
	{
		double above = (double) (i + 1) / (double) n - values[i];
		double below = values[i] - (double) i / (double) n;

		gap = fmax(gap, fmax(above, below));
	}
	return gap * sqrt((double) n);
}

static double
squared(const double *a, const double *b, size_t n)
{
	double sum = 0;

	for (size_t j = 0; j < n; j++)
		sum += (a[j] - b[j]) * (a[j] - b[j]);
	return sum;
}

/* ---- smote --------------------------------------------------------------------------- */

/* Rows of the class that are nearer to "parent" than "other". */
static size_t
rank_in_class(const Table *t, size_t parent, size_t other)
{
	size_t p = t->cases.numbers;
	double limit = squared(t->number + parent * p, t->number + other * p, p);
	size_t nearer = 0;

	for (size_t r = 0; r < t->rows; r++)
		nearer += r != parent && r != other && t->class_of[r] == t->class_of[parent] &&
			squared(t->number + parent * p, t->number + r * p, p) < limit;
	return nearer;
}

static void
test_smote(void **state)
{
	Harness         h;
	Table           t;
	Made            made = {0};
	SmlResampleSpec spec;
	size_t         *children;
	size_t          ranks[5] = {0};
	double         *lambdas;
	double          chi = 0;
	size_t          p;

	(void) state;
	harness_start(&h);
	table_read(MAMMOGRAPHY, 6, 0, &t);
	p = t.cases.numbers;
	spec = spec_of(&t, SML_RESAMPLE_SMOTE, 42);
	spec.k = 5;
	assert_int_equal(run_kind(&h, &t, &spec, "auto", NULL, &made, NULL), SML_OK);
	assert_int_equal(made.count, t.plan[0].present - t.plan[1].present);
	children = calloc(t.rows, sizeof(size_t));
	lambdas = calloc(made.count, sizeof(double));
	for (size_t i = 0; i < made.count; i++)
	{
		const SmlSynthetic *s = &made.rows[i];
		const double       *a = t.number + s->parent * p;
		const double       *b = t.number + s->neighbour * p;
		size_t              rank;

		assert_int_equal(t.class_of[s->parent], 1);
		assert_int_equal(t.class_of[s->neighbour], 1);
		assert_int_not_equal(s->parent, s->neighbour);
		assert_int_equal(s->class_index, 1);
		assert_int_equal(s->ordinal, i);
		assert_true(s->lambda >= 0 && s->lambda < 1);
		for (size_t j = 0; j < p; j++)
			assert_close(made.number[i * p + j], a[j] + s->lambda * (b[j] - a[j]), 1e-12);
		rank = rank_in_class(&t, s->parent, s->neighbour);
		assert_true(rank < 5);
		ranks[rank]++;
		children[s->parent]++;
		lambdas[i] = s->lambda;
	}
	assert_true(uniform_gap(lambdas, made.count) < ks_limit);
	for (size_t n = 0; n < 5; n++)
		chi += pow((double) ranks[n] - (double) made.count / 5, 2) / ((double) made.count / 5);
	assert_true(chi < 23.51); /* chi-squared, 4 degrees of freedom, 1e-4 */
	/* dealt evenly: nobody has two more than another */
	for (size_t r = 0; r < t.rows; r++)
		if (t.class_of[r] == 1)
		{
			size_t share = made.count / t.plan[1].present;

			assert_true(children[r] == share || children[r] == share + 1);
		}
	free(children);
	free(lambdas);
	made_free(&made);
	table_free(&t);
	harness_finish(&h);
}

/* The same seed gives the same rows in any physical order, with or without the other class; another seed other ones. */
static void
test_same_rows(void **state)
{
	static const SmlResampleKind kinds[] = {SML_RESAMPLE_SMOTE, SML_RESAMPLE_BORDERLINE1, SML_RESAMPLE_BORDERLINE2, SML_RESAMPLE_ADASYN, SML_RESAMPLE_RANDOM_OVER};

	(void) state;
	for (size_t n = 0; n < 5; n++)
	{
		Harness         h;
		Table           t, mixed;
		Made            made = {0}, again = {0}, other = {0};
		SmlResampleSpec spec;

		harness_start(&h);
		table_read(MAMMOGRAPHY, 6, 0, &t);
		table_read(MAMMOGRAPHY, 6, 0, &mixed);
		for (size_t r = 0; r < t.rows; r++)
		{
			/* 7 and the number of rows have no common factor */
			size_t to = (r * 7 + 3) % t.rows;

			memcpy(mixed.number + to * 6, t.number + r * 6, 6 * sizeof(double));
			mixed.class_of[to] = t.class_of[r];
			mixed.key[to] = t.key[r];
		}
		assert_true(t.rows % 7 != 0);
		spec = spec_of(&t, kinds[n], 42);
		spec.shrinkage = kinds[n] == SML_RESAMPLE_RANDOM_OVER ? 0.5 : 0;
		assert_int_equal(run_kind(&h, &t, &spec, "auto", NULL, &made, NULL), SML_OK);
		spec.plan = mixed.plan;
		assert_int_equal(run_kind(&h, &mixed, &spec, "auto", NULL, &again, NULL), SML_OK);
		spec.seed = 43;
		assert_int_equal(run_kind(&h, &mixed, &spec, "auto", NULL, &other, NULL), SML_OK);
		assert_int_equal(made.count, again.count);
		assert_memory_equal(made.number, again.number, made.count * 6 * sizeof(double));
		assert_memory_not_equal(made.number, other.number, made.count * 6 * sizeof(double));
		made_free(&made);
		made_free(&again);
		made_free(&other);
		table_free(&t);
		table_free(&mixed);
		harness_finish(&h);
	}
}

/* Only the rows of the growing class, at other places: what pg hands over for smote. */
static void
test_without_the_others(void **state)
{
	Harness         h;
	Table           t, rare;
	Made            made = {0}, again = {0};
	SmlResampleSpec spec;
	size_t          kept = 0;

	(void) state;
	harness_start(&h);
	table_read(MAMMOGRAPHY, 6, 0, &t);
	table_read(MAMMOGRAPHY, 6, 0, &rare);
	spec = spec_of(&t, SML_RESAMPLE_SMOTE, 42);
	assert_int_equal(run_kind(&h, &t, &spec, "auto", NULL, &made, NULL), SML_OK);
	for (size_t r = 0; r < t.rows; r++)
		if (t.class_of[r] == 1)
		{
			memcpy(rare.number + kept * 6, t.number + r * 6, 6 * sizeof(double));
			rare.class_of[kept] = 1;
			rare.key[kept++] = t.key[r];
		}
	rare.cases.rows = kept;
	spec.plan = rare.plan;
	spec.total_rows = t.rows;
	assert_int_equal(run_kind(&h, &rare, &spec, "auto", NULL, &again, NULL), SML_OK);
	assert_int_equal(made.count, again.count);
	assert_memory_equal(made.number, again.number, made.count * 6 * sizeof(double));
	made_free(&made);
	made_free(&again);
	table_free(&t);
	table_free(&rare);
	harness_finish(&h);
}

/* ---- borderline, adasyn ---------------------------------------------------------------- */

static void
test_borderline(void **state)
{
	(void) state;
	for (int version = 1; version <= 2; version++)
	{
		Harness         h;
		Table           t;
		Made            made = {0};
		SmlResampleSpec spec;
		size_t         *children;
		size_t          danger = 0;
		size_t          crossed = 0;

		harness_start(&h);
		table_read(MAMMOGRAPHY, 6, 0, &t);
		children = calloc(t.rows, sizeof(size_t));
		spec = spec_of(&t, version == 1 ? SML_RESAMPLE_BORDERLINE1 : SML_RESAMPLE_BORDERLINE2, 1);
		assert_int_equal(run_kind(&h, &t, &spec, "auto", NULL, &made, NULL), SML_OK);
		assert_int_equal(made.count, t.plan[0].present - t.plan[1].present);
		for (size_t i = 0; i < made.count; i++)
		{
			const SmlSynthetic *s = &made.rows[i];

			children[s->parent]++;
			if (version == 1)
				assert_true(rank_in_class(&t, s->parent, s->neighbour) < 5);
			else
			{
				size_t nearer = 0;
				double limit = squared(t.number + s->parent * 6, t.number + s->neighbour * 6, 6);

				for (size_t r = 0; r < t.rows; r++)
					nearer += r != s->parent && squared(t.number + s->parent * 6, t.number + r * 6, 6) < limit;
				assert_true(nearer < 5);
				if (t.class_of[s->neighbour] != 1)
				{
					crossed++;
					assert_true(s->lambda < 0.5);
				}
			}
			for (size_t j = 0; j < 6; j++)
			{
				double a = t.number[s->parent * 6 + j];

				assert_close(made.number[i * 6 + j], a + s->lambda * (t.number[s->neighbour * 6 + j] - a), 1e-12);
			}
		}
		for (size_t r = 0; r < t.rows; r++)
		{
			danger += column_from_end(&t, r, 1) == 1;
			assert_int_equal(children[r] > 0, column_from_end(&t, r, 1) == 1);
		}
		assert_true(danger > 5 && danger < t.plan[1].present);
		assert_true(version == 1 || crossed > made.count / 4);
		free(children);
		made_free(&made);
		table_free(&t);
		harness_finish(&h);
	}
}

static void
test_adasyn(void **state)
{
	Harness         h;
	Table           t;
	Made            made = {0};
	SmlResampleSpec spec;
	size_t         *children;
	double          total = 0;

	(void) state;
	harness_start(&h);
	table_read(MAMMOGRAPHY, 6, 0, &t);
	children = calloc(t.rows, sizeof(size_t));
	spec = spec_of(&t, SML_RESAMPLE_ADASYN, 1);
	assert_int_equal(run_kind(&h, &t, &spec, "auto", NULL, &made, NULL), SML_OK);
	assert_int_equal(made.count, t.plan[0].present - t.plan[1].present);
	for (size_t i = 0; i < made.count; i++)
	{
		children[made.rows[i].parent]++;
		assert_true(rank_in_class(&t, made.rows[i].parent, made.rows[i].neighbour) < 5);
	}
	for (size_t r = 0; r < t.rows; r++)
		total += t.class_of[r] == 1 ? column_from_end(&t, r, 0) : 0;
	/* the share of each row, rounded up or down */
	for (size_t r = 0; r < t.rows; r++)
		if (t.class_of[r] == 1)
			assert_true(fabs((double) children[r] - column_from_end(&t, r, 0) / total * (double) made.count) < 1);
	free(children);
	made_free(&made);
	table_free(&t);
	harness_finish(&h);
}

/* ---- under-sampling ----------------------------------------------------------------------- */

static void
test_selections(void **state)
{
	static const struct { SmlResampleKind kind; const char *strategy; size_t column; } sets[] = {
		{SML_RESAMPLE_TOMEK, "auto", 8}, {SML_RESAMPLE_TOMEK, "all", 7}, {SML_RESAMPLE_ENN, "auto", 6}, {SML_RESAMPLE_ENN, "all", 5},
		{SML_RESAMPLE_NEARMISS1, "auto", 4}, {SML_RESAMPLE_NEARMISS2, "auto", 3}, {SML_RESAMPLE_NEARMISS3, "auto", 2},
	};

	(void) state;
	for (size_t s = 0; s < sizeof(sets) / sizeof(sets[0]); s++)
	{
		Harness         h;
		Table           t;
		Made            made = {0};
		SmlResampleSpec spec;
		SmlNotes        notes = {0};
		bool           *keep;

		harness_start(&h);
		table_read(MAMMOGRAPHY, 6, 0, &t);
		keep = calloc(t.rows, sizeof(bool));
		spec = spec_of(&t, sets[s].kind, 0);
		assert_int_equal(run_kind(&h, &t, &spec, sets[s].strategy, keep, &made, &notes), SML_OK);
		for (size_t r = 0; r < t.rows; r++)
			if (keep[r] != (column_from_end(&t, r, sets[s].column) == 1))
				fail_msg("set %zu, row %zu: %d", s, r, keep[r]);
		assert_int_equal(made.count, 0);
		free(keep);
		sml_notes_free(&h.env, &notes);
		table_free(&t);
		harness_finish(&h);
	}
}

static void
test_random_under(void **state)
{
	Harness         h;
	Table           t;
	Made            made = {0};
	SmlResampleSpec spec;
	bool           *keep;
	size_t          kept[2] = {0, 0};

	(void) state;
	harness_start(&h);
	table_read(MAMMOGRAPHY, 6, 0, &t);
	keep = calloc(t.rows, sizeof(bool));
	spec = spec_of(&t, SML_RESAMPLE_RANDOM_UNDER, 3);
	assert_int_equal(run_kind(&h, &t, &spec, "auto", keep, &made, NULL), SML_OK);
	for (size_t r = 0; r < t.rows; r++)
		kept[t.class_of[r]] += keep[r];
	assert_int_equal(kept[0], t.plan[1].present);
	assert_int_equal(kept[1], t.plan[1].present);
	free(keep);
	table_free(&t);
	harness_finish(&h);
}

/* ---- copies with noise ---------------------------------------------------------------------- */

static void
test_random_over(void **state)
{
	Harness         h;
	Table           t;
	Made            made = {0};
	SmlResampleSpec spec;
	double          sum = 0, squares = 0, mean = 0, variance = 0;
	double          h_constant;

	(void) state;
	harness_start(&h);
	table_read(MAMMOGRAPHY, 6, 0, &t);
	spec = spec_of(&t, SML_RESAMPLE_RANDOM_OVER, 5);
	assert_int_equal(run_kind(&h, &t, &spec, "auto", NULL, &made, NULL), SML_OK);
	for (size_t i = 0; i < made.count; i++)
	{
		assert_memory_equal(made.number + i * 6, t.number + made.rows[i].parent * 6, 6 * sizeof(double));
		assert_true(made.rows[i].neighbour == SML_NO_CASE);
	}
	made_free(&made);
	spec.shrinkage = 2;
	assert_int_equal(run_kind(&h, &t, &spec, "auto", NULL, &made, NULL), SML_OK);
	for (size_t r = 0; r < t.rows; r++)
		mean += t.class_of[r] == 1 ? t.number[r * 6 + 2] / (double) t.plan[1].present : 0;
	for (size_t r = 0; r < t.rows; r++)
		variance += t.class_of[r] == 1 ? pow(t.number[r * 6 + 2] - mean, 2) / (double) t.plan[1].present : 0;
	h_constant = pow(4.0 / (8.0 * (double) t.rows), 1.0 / 10); /* 6 columns */
	for (size_t i = 0; i < made.count; i++)
	{
		double noise = made.number[i * 6 + 2] - t.number[made.rows[i].parent * 6 + 2];

		sum += noise;
		squares += noise * noise;
	}
	/* 3.89 standard errors */
	assert_true(fabs(sum / (double) made.count) < 3.89 * 2 * h_constant * sqrt(variance / (double) made.count));
	assert_true(fabs(squares / (double) made.count / (4 * h_constant * h_constant * variance) - 1) < 3.89 * sqrt(2 / (double) made.count));
	made_free(&made);
	table_free(&t);
	harness_finish(&h);
}

/* ---- numbers and categories, categories alone -------------------------------------------------- */

static void
test_nc(void **state)
{
	enum { NUMBERS = 3, LABELS = 17 };
	Harness         h;
	Table           t;
	Made            made = {0};
	SmlResampleSpec spec;
	SmlRanks        ranks;
	SmlPoints      *points;
	SmlFound       *found;
	size_t          count;
	size_t          ties = 0;
	size_t          first_of_ties = 0;

	(void) state;
	harness_start(&h);
	table_read(GERMAN_NC, NUMBERS, LABELS, &t);
	assert_int_equal(sml_ranks_make(&h.env, &t.cases, &ranks), SML_OK);
	count = ranks.first[2] - ranks.first[1];
	assert_int_equal(count, 300);
	found = calloc(count * 5, sizeof(SmlFound));
	assert_int_equal(sml_points_make(&h.env, &t.cases, ranks.order + ranks.first[1], count, false, &points), SML_OK);
	assert_int_equal(sml_nearest(&h.env, points, NULL, 0, NULL, 0, 5, found), SML_OK);
	for (size_t i = 0; i < count; i++)
		for (size_t n = 0; n < 5; n++)
			assert_close(found[i * 5 + n].distance, column_from_end(&t, ranks.order[ranks.first[1] + i], LABELS + 5 - n), 1e-9);
	sml_points_free(&h.env, points);
	sml_ranks_free(&h.env, &ranks);
	free(found);
	spec = spec_of(&t, SML_RESAMPLE_SMOTE, 42);
	assert_int_equal(run_kind(&h, &t, &spec, "auto", NULL, &made, NULL), SML_OK);
	assert_int_equal(made.count, 400);
	for (size_t i = 0; i < made.count; i++)
	{
		const SmlSynthetic *s = &made.rows[i];

		for (size_t j = 0; j < NUMBERS; j++)
		{
			double a = t.number[s->parent * NUMBERS + j];

			assert_close(made.number[i * NUMBERS + j], a + s->lambda * (t.number[s->neighbour * NUMBERS + j] - a), 1e-12);
		}
		if (column_from_end(&t, s->parent, LABELS) != 1)
			continue;
		for (size_t j = 0; j < LABELS; j++)
		{
			unsigned modes = (unsigned) column_from_end(&t, s->parent, LABELS - 1 - j);
			unsigned mine = 1u << made.code[i * LABELS + j];

			if (!(modes & mine))
				fail_msg("row %zu, column %zu: %d is no mode", i, j, made.code[i * LABELS + j]);
			if ((modes & (modes - 1)) != 0)
			{
				ties++;
				first_of_ties += (modes & -modes) == mine;
			}
		}
	}
	/* ties go to each of the tied values */
	assert_true(ties > 500 && first_of_ties > ties / 4 && first_of_ties < ties * 3 / 4);
	made_free(&made);
	table_free(&t);
	harness_finish(&h);
}

static void
test_n(void **state)
{
	enum { LABELS = 17 };
	static const struct { const char *path; int class_index; } files[] = {
		{"test/reference/data/resample_german_n.csv", 1}, {"test/reference/data/resample_german_n_jobs.csv", 0}};

	(void) state;
	for (size_t f = 0; f < 2; f++)
	{
		Harness         h;
		Table           t;
		Made            made = {0};
		SmlResampleSpec spec;
		SmlRanks        ranks;
		SmlPoints      *points;
		SmlFound       *found;
		size_t          first, count, checked = 0;

		harness_start(&h);
		table_read(files[f].path, 0, LABELS, &t);
		assert_int_equal(sml_ranks_make(&h.env, &t.cases, &ranks), SML_OK);
		first = ranks.first[files[f].class_index];
		count = ranks.first[files[f].class_index + 1] - first;
		found = calloc(count * 5, sizeof(SmlFound));
		assert_int_equal(sml_points_make(&h.env, &t.cases, ranks.order + first, count, false, &points), SML_OK);
		assert_int_equal(sml_nearest(&h.env, points, NULL, 0, NULL, 0, 5, found), SML_OK);
		for (size_t i = 0; i < count; i++)
			for (size_t n = 0; n < 5; n++)
				assert_close(found[i * 5 + n].distance, column_from_end(&t, ranks.order[first + i], LABELS + 5 - n), 1e-9);
		sml_points_free(&h.env, points);
		sml_ranks_free(&h.env, &ranks);
		free(found);
		spec = spec_of(&t, SML_RESAMPLE_SMOTE, 42);
		assert_int_equal(run_kind(&h, &t, &spec, "auto", NULL, &made, NULL), SML_OK);
		for (size_t i = 0; i < made.count; i++)
		{
			const SmlSynthetic *s = &made.rows[i];

			if (s->class_index != files[f].class_index || column_from_end(&t, s->parent, LABELS) != 1)
				continue;
			checked++;
			for (size_t j = 0; j < LABELS; j++)
				assert_int_equal(made.code[i * LABELS + j], (int) column_from_end(&t, s->parent, LABELS - 1 - j));
		}
		assert_true(checked > 100);
		made_free(&made);
		table_free(&t);
		harness_finish(&h);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smote), cmocka_unit_test(test_same_rows), cmocka_unit_test(test_without_the_others),
		cmocka_unit_test(test_borderline), cmocka_unit_test(test_adasyn), cmocka_unit_test(test_selections),
		cmocka_unit_test(test_random_under), cmocka_unit_test(test_random_over), cmocka_unit_test(test_nc), cmocka_unit_test(test_n),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
