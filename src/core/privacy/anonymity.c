/*
 * anonymity.c - see anonymity.h.
 */
#include "anonymity.h"

#include <math.h>
#include <stdlib.h>

#define POLL_EACH 8192

/* What all classes are compared with. */
typedef struct Whole
{
	size_t  values;
	double  rows;
	double *share;      /* of each value */
	double *below;      /* below[i]: share of the first i values */
	double *below_sum;  /* below_sum[i]: sum of below[1] … below[i] */
} Whole;

static SmlStatus
check_cells(SmlEnv *env, const SmlCell *cells, size_t count, int64_t *values)
{
	*values = 0;
	for (size_t i = 0; i < count; i++)
	{
		bool follows = i == 0 || cells[i].class_no > cells[i - 1].class_no ||
			(cells[i].class_no == cells[i - 1].class_no && cells[i].value_no > cells[i - 1].value_no);

		if (!follows || cells[i].rows < 1 || cells[i].value_no < 1 || cells[i].value_no > (int64_t) count)
			return sml_fail(env, SML_BAD_INPUT, "Cell %zu does not follow from the one before.", i);
		if (cells[i].value_no > *values)
			*values = cells[i].value_no;
	}
	return SML_OK;
}

static void
whole_free(SmlEnv *env, Whole *whole)
{
	sml_free(env, whole->share);
	sml_free(env, whole->below);
	sml_free(env, whole->below_sum);
}

/* On failure the caller frees what was made. */
static SmlStatus
whole_make(SmlEnv *env, const SmlCell *cells, size_t count, int64_t values, Whole *whole)
{
	SmlStatus status;

	*whole = (Whole){.values = (size_t) values};
	SML_TRY(sml_alloc_array(env, whole->values + 1, sizeof(double), &whole->share));
	SML_TRY(sml_alloc_array(env, whole->values + 1, sizeof(double), &whole->below));
	SML_TRY(sml_alloc_array(env, whole->values + 1, sizeof(double), &whole->below_sum));
	for (size_t i = 0; i < count; i++)
	{
		whole->rows += (double) cells[i].rows;
		whole->share[cells[i].value_no] += (double) cells[i].rows;
	}
	for (size_t i = 1; i <= whole->values; i++)
	{
		whole->share[i] /= whole->rows;
		whole->below[i] = whole->below[i - 1] + whole->share[i];
		whole->below_sum[i] = whole->below_sum[i - 1] + whole->below[i];
	}
done:
	return status;
}

/* Sum over i in [from, to) of |p - below[i]|: below rises, so there is one place where the sign turns. */
static double
sum_of_gaps(const Whole *whole, size_t from, size_t to, double p)
{
	size_t low = from;
	size_t high = to;
	double left;
	double right;

	if (from >= to)
		return 0;
	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (whole->below[middle] < p)
			low = middle + 1;
		else
			high = middle;
	}
	/* below[i] < p for i < low */
	left = (double) (low - from) * p - (whole->below_sum[low - 1] - whole->below_sum[from - 1]);
	right = whole->below_sum[to - 1] - whole->below_sum[low - 1] - (double) (to - low) * p;
	return left + right;
}

/* Earth mover's distances of one class: equal and ordered (summed over i = 1 … m - 1, not yet divided). */
static void
distances(const Whole *whole, const SmlCell *cells, size_t count, double rows, double *equal, double *ordered)
{
	double present = 0;
	double gap = 0;
	double p = 0;
	size_t from = 1;

	*ordered = 0;
	for (size_t i = 0; i < count; i++)
	{
		double share = (double) cells[i].rows / rows;
		size_t value = (size_t) cells[i].value_no;

		gap += fabs(share - whole->share[value]);
		present += whole->share[value];
		*ordered += sum_of_gaps(whole, from, value, p);
		p += share;
		from = value;
	}
	*ordered += sum_of_gaps(whole, from, whole->values, p);
	/* values that the class has not count with their whole share */
	*equal = (gap + fmax(0, 1 - present)) / 2;
}

static int
by_rows_descending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *) a;
	int64_t y = *(const int64_t *) b;

	return (x < y) - (x > y);
}

static double
recursive_bound(const SmlCell *cells, size_t count, int64_t *counts, int64_t least)
{
	double tail = 0;

	for (size_t i = 0; i < count; i++)
		counts[i] = cells[i].rows;
	qsort(counts, count, sizeof(int64_t), by_rows_descending);
	for (size_t i = (size_t) least - 1; i < count; i++)
		tail += (double) counts[i];
	return tail > 0 ? (double) counts[0] / tail : INFINITY;
}

static double
entropy_of(const SmlCell *cells, size_t count, double rows)
{
	double entropy = 0;

	for (size_t i = 0; i < count; i++)
	{
		double p = (double) cells[i].rows / rows;

		entropy -= p * log(p);
	}
	return exp(entropy);
}

static void
add_class(const Whole *whole, const SmlAnonymityAsked *asked, const SmlCell *cells, size_t count, int64_t *counts, SmlAnonymity *sum)
{
	int64_t rows = 0;
	double  equal;
	double  ordered;
	bool    first = sum->classes == 0;

	for (size_t i = 0; i < count; i++)
		rows += cells[i].rows;
	sum->classes++;
	sum->rows += rows;
	sum->k = first || rows < sum->k ? rows : sum->k;
	sum->largest = rows > sum->largest ? rows : sum->largest;
	sum->unique_rows += rows == 1;
	sum->rows_at_risk += 1.0 / (double) rows > asked->risk ? rows : 0;
	sum->distinct_l = first || (int64_t) count < sum->distinct_l ? (int64_t) count : sum->distinct_l;
	distances(whole, cells, count, (double) rows, &equal, &ordered);
	if (whole->values > 1)
		ordered /= (double) (whole->values - 1);
	sum->entropy_l = first ? entropy_of(cells, count, (double) rows) : fmin(sum->entropy_l, entropy_of(cells, count, (double) rows));
	sum->recursive_c = fmax(sum->recursive_c, recursive_bound(cells, count, counts, asked->least_values));
	sum->t_equal = fmax(sum->t_equal, equal);
	sum->t_ordered = fmax(sum->t_ordered, ordered);
}

static size_t
class_end(const SmlCell *cells, size_t count, size_t at)
{
	size_t end = at;

	while (end < count && cells[end].class_no == cells[at].class_no)
		end++;
	return end;
}

static SmlStatus
add_classes(SmlEnv *env, const Whole *whole, const SmlAnonymityAsked *asked, const SmlCell *cells, size_t count, int64_t *counts, SmlAnonymity *sum)
{
	size_t next_poll = POLL_EACH;

	for (size_t at = 0; at < count;)
	{
		size_t end = class_end(cells, count, at);

		if (at == 0 || at >= next_poll)
		{
			SmlStatus status = sml_poll(env);

			if (status != SML_OK)
				return status;
			next_poll = at + POLL_EACH;
		}
		add_class(whole, asked, cells + at, end - at, counts, sum);
		at = end;
	}
	return SML_OK;
}

SmlStatus
sml_anonymity(SmlEnv *env, const SmlCell *cells, size_t count, const SmlAnonymityAsked *asked, SmlAnonymity *result)
{
	SmlAnonymity sum = {0};
	Whole        whole = {0};
	int64_t     *counts = NULL;
	int64_t      values;
	size_t       widest = 0;
	SmlStatus    status;

	if (asked->least_values < 2)
		return sml_fail(env, SML_BAD_OPTION, "l must be at least 2.");
	SML_TRY(check_cells(env, cells, count, &values));
	for (size_t at = 0; at < count; at = class_end(cells, count, at))
		widest = class_end(cells, count, at) - at > widest ? class_end(cells, count, at) - at : widest;
	SML_TRY(whole_make(env, cells, count, values, &whole));
	SML_TRY(sml_alloc_array(env, widest, sizeof(int64_t), &counts));
	SML_TRY(add_classes(env, &whole, asked, cells, count, counts, &sum));
	sum.values = values;
	if (count == 0)
		sum.prosecutor_most = sum.prosecutor_mean = sum.entropy_l = sum.recursive_c = sum.t_equal = sum.t_ordered = NAN;
	else
	{
		sum.prosecutor_most = 1.0 / (double) sum.k;
		sum.prosecutor_mean = (double) sum.classes / (double) sum.rows;
		if (values < 2)
			sum.t_ordered = NAN;
	}
	*result = sum;
done:
	whole_free(env, &whole);
	sml_free(env, counts);
	return status;
}
