/*
 * points.c - coordinates and distances; see points.h.
 */
#include "points.h"

#include <math.h>
#include <string.h>

#define POLL_ROWS 16384

/* ---- numbers -------------------------------------------------------------------- */

typedef struct Column
{
	size_t finite;
	double scale;     /* values are multiplied by it where their squares would overflow; else 1 */
	double most;      /* greatest magnitude */
	double sum;
	double mean;      /* of the scaled values, as is the deviation */
	double deviation; /* population; NaN when there is no finite value */
} Column;

/* Squares of values up to the first, and of all values times the second, can be summed. */
#define MOST_UNSCALED 1e140
#define SCALE_DOWN    0x1p-600

typedef enum Measure
{
	SUM,
	SUM_SCALED,
	SQUARES
} Measure;

static inline void
measure_value(Column *column, Measure what, double x)
{
	double from_mean = x * column->scale - column->mean;

	if (!isfinite(x))
		return;
	if (what == SUM)
	{
		column->finite++;
		column->most = fabs(x) > column->most ? fabs(x) : column->most;
	}
	column->sum += what == SQUARES ? from_mean * from_mean : x * column->scale;
}

/* Returns whether the sum was in vain. */
static bool
end_measure(Column *column, Measure what)
{
	double average = column->finite > 0 ? column->sum / (double) column->finite : 0;

	column->sum = 0;
	if (what == SQUARES)
		column->deviation = column->finite > 0 ? sqrt(average) : NAN;
	else if (what == SUM_SCALED || column->most <= MOST_UNSCALED)
		column->mean = average;
	else
	{
		column->scale = SCALE_DOWN;
		return true;
	}
	return false;
}

/* Means first, then squares about them. */
static SmlStatus
measure_columns(SmlEnv *env, const SmlCases *cases, const size_t *rows, size_t count, Column *columns)
{
	bool      scaled = false;
	SmlStatus status = SML_OK;

	for (size_t j = 0; j < cases->numbers; j++)
		columns[j].scale = 1;
	for (Measure what = SUM; what <= SQUARES; what++)
	{
		if (what == SUM_SCALED && !scaled)
			continue;
		for (size_t i = 0; i < count; i++)
		{
			const double *x = sml_case_numbers(cases, rows[i]);

			if (i % POLL_ROWS == 0)
				SML_TRY(sml_poll(env));
			for (size_t j = 0; j < cases->numbers; j++)
				measure_value(&columns[j], what, x[j]);
		}
		for (size_t j = 0; j < cases->numbers; j++)
			scaled |= end_measure(&columns[j], what);
	}
done:
	return status;
}

/* The median of the deviations that are known (destroys their order); 1 when none is. */
static double
median_deviation(double *deviations, size_t count)
{
	if (count == 0)
		return 1;
	for (size_t i = 1; i < count; i++)
	{
		double value = deviations[i];
		size_t at = i;

		for (; at > 0 && deviations[at - 1] > value; at--)
			deviations[at] = deviations[at - 1];
		deviations[at] = value;
	}
	return count % 2 == 1 ? deviations[count / 2] : (deviations[count / 2 - 1] + deviations[count / 2]) / 2;
}

static SmlStatus
take_numbers(SmlEnv *env, const SmlCases *cases, const size_t *rows, bool standardize, SmlPoints *points)
{
	Column   *columns = NULL;
	double   *deviations = NULL;
	size_t    known = 0;
	double    med;
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, cases->numbers, sizeof(Column), &columns));
	SML_TRY(sml_alloc_array(env, cases->numbers, sizeof(double), &deviations));
	SML_TRY(measure_columns(env, cases, rows, points->count, columns));
	for (size_t j = 0; j < cases->numbers; j++)
		if (!isnan(columns[j].deviation))
			deviations[known++] = standardize && columns[j].deviation > 0 ? 1 : columns[j].deviation / columns[j].scale;
	med = median_deviation(deviations, known);
	points->mismatch = med * med;
	for (size_t i = 0; i < points->count; i++)
	{
		const double *from = sml_case_numbers(cases, rows[i]);
		double       *to = points->x + i * points->width;

		if (i % POLL_ROWS == 0)
			SML_TRY(sml_poll(env));
		for (size_t j = 0; j < cases->numbers; j++)
		{
			const Column *column = &columns[j];

			to[j] = isfinite(from[j]) ? from[j] : column->mean / column->scale;
			if (standardize && column->deviation > 0)
				to[j] = (to[j] * column->scale - column->mean) / column->deviation;
		}
	}
done:
	sml_free(env, columns);
	sml_free(env, deviations);
	return status;
}

/* ---- categories alone --------------------------------------------------------------- */

/* Counts of column j: counts[(code + 1) * classes + class], and the sum over classes behind them. */
static SmlStatus
count_values(SmlEnv *env, const SmlCases *cases, size_t j, double **counts)
{
	int32_t   most = -1;
	SmlStatus status = SML_OK;
	double   *fresh = NULL;
	size_t    cells;

	for (size_t r = 0; r < cases->rows; r++)
	{
		int32_t code = sml_case_codes(cases, r)[j];

		if (r % POLL_ROWS == 0)
			SML_TRY(sml_poll(env));
		most = code > most ? code : most;
	}
	if (!sml_size_times((size_t) most + 2, cases->class_count, &cells))
		return sml_fail(env, SML_NO_MEMORY, "A table of %d categories is too large.", (int) most);
	SML_TRY(sml_alloc_array(env, cells, sizeof(double), &fresh));
	for (size_t r = 0; r < cases->rows; r++)
	{
		if (r % POLL_ROWS == 0)
			SML_TRY(sml_poll(env));
		fresh[(size_t) (sml_case_codes(cases, r)[j] + 1) * cases->class_count + sml_case_class(cases, r)]++;
	}
	*counts = fresh;
	return SML_OK;
done:
	sml_free(env, fresh);
	return status;
}

static SmlStatus
take_values(SmlEnv *env, const SmlCases *cases, const size_t *rows, SmlPoints *points)
{
	size_t    classes = cases->class_count;
	double   *counts = NULL;
	SmlStatus status = SML_OK;

	for (size_t j = 0; j < cases->labels; j++)
	{
		SML_TRY(count_values(env, cases, j, &counts));
		for (size_t i = 0; i < points->count; i++)
		{
			const double *of = counts + (size_t) (sml_case_codes(cases, rows[i])[j] + 1) * classes;
			double       *to = points->x + i * points->width;
			double        all = 0;

			if (i % POLL_ROWS == 0)
				SML_TRY(sml_poll(env));
			for (size_t c = 0; c < classes; c++)
				all += of[c];
			if (points->group == 0)
				to[j] = classes > 1 ? 2 * (of[1] / all) : 0;
			else
				for (size_t c = 0; c < classes; c++)
					to[j * classes + c] = of[c] / all;
		}
		sml_free(env, counts);
		counts = NULL;
	}
done:
	sml_free(env, counts);
	return status;
}

/* ---- the points ------------------------------------------------------------------------ */

static void
shape(const SmlCases *cases, SmlPoints *points)
{
	bool values = cases->numbers == 0;

	points->group = values && cases->class_count > 2 ? cases->class_count : 0;
	points->width = !values ? cases->numbers : points->group > 0 ? cases->labels * points->group : cases->labels;
	points->labels = values ? 0 : cases->labels;
}

bool
sml_points_need(const SmlCases *cases, size_t count, size_t *bytes)
{
	SmlPoints points;
	size_t    row;

	shape(cases, &points);
	row = points.width * sizeof(double) + points.labels * sizeof(int32_t);
	return sml_size_times(count, row, bytes) && sml_size_plus(*bytes, sizeof(SmlPoints), bytes);
}

SmlStatus
sml_points_make(SmlEnv *env, const SmlCases *cases, const size_t *rows, size_t count, bool standardize, SmlPoints **points)
{
	SmlPoints *fresh = NULL;
	SmlStatus  status;
	size_t     cells;

	SML_TRY(sml_alloc_array(env, 1, sizeof(SmlPoints), &fresh));
	fresh->count = count;
	shape(cases, fresh);
	if (!sml_size_times(count, fresh->width, &cells))
	{
		status = sml_fail(env, SML_NO_MEMORY, "%zu rows of %zu columns are too many.", count, fresh->width);
		goto done;
	}
	SML_TRY(sml_alloc_array(env, cells, sizeof(double), &fresh->x));
	SML_TRY(sml_alloc_array(env, count * fresh->labels, sizeof(int32_t), &fresh->code));
	for (size_t i = 0; i < count && fresh->labels > 0; i++)
	{
		if (i % POLL_ROWS == 0)
			SML_TRY(sml_poll(env));
		memcpy(fresh->code + i * fresh->labels, sml_case_codes(cases, rows[i]), fresh->labels * sizeof(int32_t));
	}
	if (cases->numbers > 0)
		SML_TRY(take_numbers(env, cases, rows, standardize, fresh));
	else
		SML_TRY(take_values(env, cases, rows, fresh));
	*points = fresh;
	return SML_OK;
done:
	sml_points_free(env, fresh);
	return status;
}

void
sml_points_free(SmlEnv *env, SmlPoints *points)
{
	if (points == NULL)
		return;
	sml_free(env, points->x);
	sml_free(env, points->code);
	sml_free(env, points);
}

double
sml_points_between(const SmlPoints *points, size_t a, const SmlPoints *others, size_t b)
{
	const double *xa = points->x + a * points->width;
	const double *xb = others->x + b * points->width;
	double        sum = 0;

	if (points->group == 0)
		return sml_points_euclidean(points, a, others, b);
	for (size_t j = 0; j < points->width; j += points->group)
	{
		double column = 0;

		for (size_t c = j; c < j + points->group; c++)
			column += fabs(xa[c] - xb[c]);
		sum += column * column;
	}
	return sum;
}

double
sml_points_distance(const SmlPoints *points, size_t a, size_t b)
{
	return sml_points_between(points, a, points, b);
}
