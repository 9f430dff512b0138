/*
 * test_privacy_anonymity.c - anonymity measures against the tables of the papers that define them, and against
 * direct computation; see test/reference/masking.md.
 */
#include "harness.h"

#include "privacy/anonymity.h"

static const SmlAnonymityAsked plain = {2, 0.2};

/* Rows given as (class, value) counts; a value of 0 ends. */
static SmlAnonymity
measure(const SmlCell *cells, size_t count, SmlAnonymityAsked asked)
{
	Harness      h;
	SmlAnonymity result;

	harness_start(&h);
	assert_int_equal(sml_anonymity(&h.env, cells, count, &asked, &result), SML_OK);
	harness_finish(&h);
	return result;
}

#define MEASURE(cells, asked) measure(cells, sizeof(cells) / sizeof((cells)[0]), asked)

/* Sweeney 2002, figure 2: 11 rows, k = 2 over race, birth, gender, ZIP. */
static void
test_sweeney(void **state)
{
	static const SmlCell cells[] = {{1, 1, 2}, {2, 1, 2}, {3, 1, 2}, {4, 1, 3}, {5, 1, 2}};
	SmlAnonymity a = MEASURE(cells, plain);

	(void) state;
	assert_int_equal(a.rows, 11);
	assert_int_equal(a.classes, 5);
	assert_int_equal(a.k, 2);
	assert_int_equal(a.largest, 3);
	assert_int_equal(a.unique_rows, 0);
	assert_close(a.prosecutor_most, 0.5, 1e-15);
	assert_close(a.prosecutor_mean, 5.0 / 11, 1e-15);
	assert_int_equal(a.rows_at_risk, 11);
}

/*
 * Machanavajjhala et al. 2007, figures 2 and 3: 12 inpatients; values in the order cancer, heart disease, viral infection.
 * Figure 2 is 4-anonymous and its third class has cancer alone; figure 3 is 3-diverse.
 */
static void
test_machanavajjhala(void **state)
{
	static const SmlCell figure_2[] = {{1, 2, 2}, {1, 3, 2}, {2, 1, 1}, {2, 2, 1}, {2, 3, 2}, {3, 1, 4}};
	static const SmlCell figure_3[] = {{1, 1, 2}, {1, 2, 1}, {1, 3, 1}, {2, 1, 1}, {2, 2, 1}, {2, 3, 2}, {3, 1, 2}, {3, 2, 1}, {3, 3, 1}};
	SmlAnonymity a = MEASURE(figure_2, plain);
	SmlAnonymity b = MEASURE(figure_3, plain);
	SmlAnonymity c = MEASURE(figure_3, ((SmlAnonymityAsked){3, 0.2}));

	(void) state;
	assert_int_equal(a.k, 4);
	assert_int_equal(a.distinct_l, 1);
	assert_close(a.entropy_l, 1, 1e-15);
	assert_true(isinf(a.recursive_c));
	/* q = (5, 3, 4) / 12; the class of cancers: (7/12 + 3/12 + 4/12) / 2 */
	assert_close(a.t_equal, 7.0 / 12, 1e-14);
	assert_int_equal(b.k, 4);
	assert_int_equal(b.distinct_l, 3);
	/* counts 2, 1, 1: exp(1.5 ln 2) */
	assert_close(b.entropy_l, 2.8284271247461903, 1e-14);
	assert_close(b.recursive_c, 1, 1e-15);
	assert_close(c.recursive_c, 2, 1e-15);
}

/* Li et al. 2007, section 4: salaries 3k to 11k in nine rows; D = 0.375 and 0.167 of its example, table 5 has 0.167-closeness. */
static void
test_li(void **state)
{
	static const SmlCell table_4[] = {{1, 1, 1}, {1, 2, 1}, {1, 3, 1}, {2, 4, 1}, {2, 6, 1}, {2, 9, 1}, {3, 5, 1}, {3, 7, 1}, {3, 8, 1}};
	static const SmlCell table_5[] = {{1, 1, 1}, {1, 3, 1}, {1, 7, 1}, {2, 4, 1}, {2, 6, 1}, {2, 9, 1}, {3, 2, 1}, {3, 5, 1}, {3, 8, 1}};
	SmlAnonymity a = MEASURE(table_4, plain);
	SmlAnonymity b = MEASURE(table_5, plain);

	(void) state;
	assert_close(a.t_ordered, 0.375, 1e-14);
	assert_close(b.t_ordered, 1.0 / 6, 1e-14);
	/* three of nine values each: (3 (1/3 - 1/9) + 6/9) / 2 */
	assert_close(a.t_equal, 2.0 / 3, 1e-14);
	assert_close(a.entropy_l, 3, 1e-14);
}

/* Everything anew, by the definitions and without any of the shortcuts. */
#define MOST 40

static void
direct(const SmlCell *cells, size_t count, int64_t values, double *t_equal, double *t_ordered)
{
	double q[MOST + 1] = {0};
	double rows = 0;

	*t_equal = *t_ordered = 0;
	for (size_t i = 0; i < count; i++)
	{
		q[cells[i].value_no] += (double) cells[i].rows;
		rows += (double) cells[i].rows;
	}
	for (size_t i = 0; i < count; i++)
	{
		double p[MOST + 1] = {0};
		double n = 0;
		double equal = 0;
		double ordered = 0;
		double sum = 0;

		for (size_t j = 0; j < count; j++)
			if (cells[j].class_no == cells[i].class_no)
			{
				p[cells[j].value_no] += (double) cells[j].rows;
				n += (double) cells[j].rows;
			}
		for (int64_t v = 1; v <= values; v++)
		{
			equal += fabs(p[v] / n - q[v] / rows) / 2;
			sum += p[v] / n - q[v] / rows;
			ordered += v < values ? fabs(sum) / (double) (values - 1) : 0;
		}
		*t_equal = fmax(*t_equal, equal);
		*t_ordered = fmax(*t_ordered, ordered);
	}
}

static void
test_against_definitions(void **state)
{
	uint64_t seed = 12345;

	(void) state;
	for (int round = 0; round < 200; round++)
	{
		SmlCell      cells[400];
		size_t       count = 0;
		int64_t      values = 2 + round % (MOST - 2);
		int64_t      greatest = 0;
		double       t_equal;
		double       t_ordered;
		SmlAnonymity a;

		for (int64_t class_no = 1; class_no <= 9; class_no++)
			for (int64_t value = 1; value <= values && count < 400; value++)
			{
				seed = seed * 6364136223846793005u + 1442695040888963407u;
				/* each value once in class 1, so that no number is left out */
				if (class_no > 1 && (seed >> 33) % 3 > 0)
					continue;
				cells[count++] = (SmlCell){class_no, value, 1 + (int64_t) ((seed >> 40) % 7)};
				greatest = value > greatest ? value : greatest;
			}
		a = measure(cells, count, plain);
		direct(cells, count, greatest, &t_equal, &t_ordered);
		assert_close(a.t_equal, t_equal, 1e-12);
		assert_close(a.t_ordered, t_ordered, 1e-12);
	}
}

static void
test_edges(void **state)
{
	static const SmlCell one[] = {{7, 1, 1}};
	static const SmlCell disorder[] = {{2, 1, 1}, {1, 1, 1}};
	static const SmlCell twice[] = {{1, 1, 1}, {1, 1, 1}};
	static const SmlCell empty_cell[] = {{1, 1, 0}};
	static const SmlCell far_value[] = {{1, 9, 1}};
	Harness      h;
	SmlAnonymity a;

	(void) state;
	a = measure(NULL, 0, plain);
	assert_int_equal(a.rows, 0);
	assert_true(isnan(a.prosecutor_most) && isnan(a.t_equal) && isnan(a.entropy_l));
	a = MEASURE(one, plain);
	assert_int_equal(a.k, 1);
	assert_int_equal(a.unique_rows, 1);
	assert_true(a.t_equal == 0 && isnan(a.t_ordered) && isinf(a.recursive_c));
	harness_start(&h);
	assert_int_equal(sml_anonymity(&h.env, disorder, 2, &plain, &a), SML_BAD_INPUT);
	assert_int_equal(sml_anonymity(&h.env, twice, 2, &plain, &a), SML_BAD_INPUT);
	assert_int_equal(sml_anonymity(&h.env, empty_cell, 1, &plain, &a), SML_BAD_INPUT);
	assert_int_equal(sml_anonymity(&h.env, far_value, 1, &plain, &a), SML_BAD_INPUT);
	assert_int_equal(sml_anonymity(&h.env, one, 1, &(SmlAnonymityAsked){1, 0.2}, &a), SML_BAD_OPTION);
	harness_finish(&h);
}

static SmlStatus
sweep_body(Harness *h, void *arg)
{
	static const SmlCell cells[] = {{1, 1, 2}, {1, 2, 1}, {2, 2, 4}, {3, 1, 1}, {3, 3, 1}};
	SmlAnonymity result;

	(void) arg;
	return sml_anonymity(&h->env, cells, 5, &plain, &result);
}

static void
test_sweep(void **state)
{
	(void) state;
	harness_sweep(sweep_body, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sweeney), cmocka_unit_test(test_machanavajjhala), cmocka_unit_test(test_li), cmocka_unit_test(test_against_definitions),
		cmocka_unit_test(test_edges), cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
