/*
 * side.c - see side.h.
 */
#include "side.h"

#include <math.h>
#include <string.h>

#include "group.h"

#define BLOCK SML_BOUND_BLOCK
#define CUT   8 /* deviations of the widest column beyond which coordinates are cut off */
#define CUT_8 4 /* the same for 8 bits */

/* For sml_whole_try: pairs to look at, and when not to. */
#define TRY_QUERIES 32
#define TRY_OTHERS  512
#define TRY_K       32
#define LEAST_POINTS 4096
#define LEAST_WIDTH  8
#define MOST_WIDTH   16384 /* sums must fit 32 bits */
#define MOST_HITS    2.0   /* pairs to compute for each one that matters */

/* ---- blocks ------------------------------------------------------------------------------- */

static void
measure_box(const SmlPoints *points, size_t first, size_t count, double *box)
{
	for (size_t j = 0; j < points->width; j++)
	{
		double least = INFINITY;
		double greatest = -INFINITY;

		for (size_t i = 0; i < count; i++)
		{
			double value = points->x[(first + i) * points->width + j];

			least = value < least ? value : least;
			greatest = value > greatest ? value : greatest;
		}
		box[j] = least;
		box[points->width + j] = greatest;
	}
}

void
sml_side_free(SmlEnv *env, SmlSide *side)
{
	sml_free(env, side->at);
	sml_free(env, side->slot);
	sml_free(env, side->points.x);
	sml_free(env, side->points.code);
	sml_free(env, side->x);
	sml_free(env, side->code);
	sml_free(env, side->half);
	if (side->half_rows != side->half)
		sml_free(env, side->half_rows);
	sml_free(env, side->box);
}

/* The points of the side in its order. */
static SmlStatus
side_sort(SmlEnv *env, const SmlPoints *points, SmlSide *side)
{
	SmlPoints *sorted = &side->points;
	SmlStatus  status;

	*sorted = *points;
	sorted->count = side->count;
	sorted->x = NULL;
	sorted->code = NULL;
	SML_TRY(sml_alloc_array(env, side->count * points->width, sizeof(double), &sorted->x));
	SML_TRY(sml_alloc_array(env, side->count * points->labels, sizeof(int32_t), &sorted->code));
	for (size_t i = 0; i < side->count; i++)
	{
		if (i % 16384 == 0)
			SML_TRY(sml_poll(env));
		memcpy(sorted->x + i * points->width, points->x + side->at[i] * points->width, points->width * sizeof(double));
		if (points->labels > 0)
			memcpy(sorted->code + i * points->labels, points->code + side->at[i] * points->labels, points->labels * sizeof(int32_t));
	}
done:
	return status;
}

SmlStatus
sml_side_make(SmlEnv *env, const SmlPoints *points, const size_t *chosen, size_t count, SmlSide *side)
{
	uint32_t *slot_of = NULL;
	SmlStatus status;

	side->count = count;
	side->blocks = (count + BLOCK - 1) / BLOCK;
	SML_TRY(sml_alloc_array(env, count, sizeof(uint32_t), &side->at));
	SML_TRY(sml_alloc_array(env, count, sizeof(uint32_t), &side->slot));
	SML_TRY(sml_alloc_array(env, points->count, sizeof(uint32_t), &slot_of));
	for (size_t i = 0; i < count; i++)
	{
		side->at[i] = (uint32_t) (chosen != NULL ? chosen[i] : i);
		slot_of[side->at[i]] = (uint32_t) i;
	}
	SML_TRY(sml_points_group(env, points, side->at, count, BLOCK));
	for (size_t i = 0; i < count; i++)
		side->slot[i] = slot_of[side->at[i]];
	SML_TRY(side_sort(env, points, side));
done:
	sml_free(env, slot_of);
	return status;
}

/* ---- whole numbers ------------------------------------------------------------------------ */

SmlStatus
sml_whole_measure(SmlEnv *env, const SmlSide *to, SmlWhole *whole)
{
	const SmlPoints *points = &to->points;
	double          *squares = NULL;
	SmlStatus        status;

	SML_TRY(sml_alloc_array(env, points->width, sizeof(double), &squares));
	for (int pass = 0; pass < 2; pass++)
	{
		for (size_t i = 0; i < to->count; i++)
		{
			const double *x = points->x + i * points->width;

			if (i % 16384 == 0)
				SML_TRY(sml_poll(env));
			if (pass == 0)
				for (size_t j = 0; j < points->width; j++)
					whole->center[j] += x[j];
			else
				for (size_t j = 0; j < points->width; j++)
					squares[j] += (x[j] - whole->center[j]) * (x[j] - whole->center[j]);
		}
		for (size_t j = 0; j < points->width && pass == 0; j++)
			whole->center[j] /= (double) to->count;
	}
	whole->widest = 0;
	for (size_t j = 0; j < points->width; j++)
		if (!(sqrt(squares[j] / (double) to->count) <= whole->widest))
			whole->widest = sqrt(squares[j] / (double) to->count);
done:
	sml_free(env, squares);
	return status;
}

void
sml_whole_scale(const SmlPoints *points, size_t each, SmlWhole *whole)
{
	double deviations = each == 2 ? CUT : CUT_8;
	double most = each == 2 ? INT16_MAX : INT8_MAX;
	double widest = whole->widest;

	/* s^2 w <= q^2 */
	if (points->labels > 0 && sqrt(points->mismatch) / deviations > widest)
		widest = sqrt(points->mismatch) / deviations;
	whole->each = each;
	whole->lanes = (points->width + each - 1) / each;
	whole->root = sqrt((double) points->width);
	whole->cut = floor(sqrt(0x1p31 / (double) (4 * points->width + points->labels + 1)));
	whole->cut = whole->cut > most ? most : whole->cut;
	whole->scale = whole->cut / (deviations * widest);
	/* nothing varies, or it varies beyond what can be squared: every pair is computed */
	if (!(widest > 0) || !isfinite(whole->scale) || whole->cut < 1)
		whole->scale = 0;
	whole->weight = whole->scale > 0 ? (int32_t) floor(points->mismatch * whole->scale * whole->scale / 2) : 0;
}

static inline double
cut_off(const SmlWhole *whole, double scaled)
{
	return scaled > whole->cut ? whole->cut : scaled < -whole->cut ? -whole->cut : scaled;
}

/* The squared distance that is left between two points once their coordinates are cut off. */
static double
apart(const SmlWhole *whole, const SmlPoints *points, size_t a, const SmlPoints *others, size_t b)
{
	const double *x = points->x + a * points->width;
	const double *y = others->x + b * points->width;
	double        sum = 0;

	for (size_t j = 0; j < points->width; j++)
	{
		double step = cut_off(whole, (x[j] - whole->center[j]) * whole->scale) - cut_off(whole, (y[j] - whole->center[j]) * whole->scale);

		sum += step * step;
	}
	for (size_t j = 0; j < points->labels; j++)
		sum += points->code[a * points->labels + j] != others->code[b * points->labels + j] ? 2.0 * whole->weight : 0;
	return sum;
}

/* Of some points near it in the order of the blocks those that could not be told from the k nearest by whole numbers. */
static size_t
undecided(const SmlWhole *whole, const SmlSide *from, size_t query, const SmlSide *to, size_t k)
{
	double least[TRY_K];
	double reach;
	size_t count = 0;
	size_t middle = (size_t) ((double) query / (double) from->count * (double) to->count);
	size_t first = middle < TRY_OTHERS / 2 ? 0 : middle - TRY_OTHERS / 2;

	first = first > to->count - TRY_OTHERS ? to->count - TRY_OTHERS : first;
	for (size_t n = 0; n < k; n++)
		least[n] = INFINITY;
	for (size_t i = 0; i < TRY_OTHERS; i++)
	{
		size_t n = k;

		double distance = sml_points_between(&from->points, query, &to->points, first + i);

		for (; n > 0 && distance < least[n - 1]; n--)
			if (n < k)
				least[n] = least[n - 1];
		if (n < k)
			least[n] = distance;
	}
	reach = whole->scale * sqrt(least[k - 1]) + whole->root;
	for (size_t i = 0; i < TRY_OTHERS; i++)
		count += apart(whole, &from->points, query, &to->points, first + i) <= reach * reach;
	return count;
}

SmlStatus
sml_whole_try(SmlEnv *env, const SmlWhole *whole, const SmlSide *from, const SmlSide *to, size_t k, bool *does)
{
	size_t    count = 0;
	SmlStatus status = SML_OK;

	*does = false;
	if (k > TRY_K || from->count < LEAST_POINTS || to->count < LEAST_POINTS || to->points.width < LEAST_WIDTH || to->points.width > MOST_WIDTH || whole->scale == 0)
		return SML_OK;
	for (size_t q = 0; q < TRY_QUERIES; q++)
	{
		SML_TRY(sml_poll(env));
		count += undecided(whole, from, q * from->count / TRY_QUERIES, to, k);
	}
	*does = (double) count <= MOST_HITS * (double) (TRY_QUERIES * k);
done:
	return status;
}

/* One point of a block. */
static void
fill_point(const SmlWhole *whole, const SmlPoints *points, size_t at, SmlSide *side)
{
	const double  *x = points->x + at * points->width;
	const int32_t *code = points->code + at * points->labels;
	size_t         b = at / BLOCK;
	size_t         i = at % BLOCK;
	int16_t       *lanes = side->x + b * whole->lanes * 2 * BLOCK;
	int32_t        norm = 0;
	int32_t        sum = 0;

	for (size_t j = 0; j < points->width && whole->scale > 0; j++)
	{
		int32_t number = (int32_t) rint(cut_off(whole, (x[j] - whole->center[j]) * whole->scale));

		if (whole->each == 2)
			lanes[(j / 2 * BLOCK + i) * 2 + j % 2] = (int16_t) number;
		else
			((signed char *) lanes)[(j / 4 * BLOCK + i) * 4 + j % 4] = (signed char) number;
		norm += number * number;
		sum += number;
	}
	side->half[at] = norm / 2;
	if (whole->each == 4)
		side->half_rows[at] = norm / 2 + SML_BOUND_OFFSET * sum;
	for (size_t j = 0; j < points->labels; j++)
		side->code[(b * points->labels + j) * BLOCK + i] = code[j];
}

SmlStatus
sml_side_fill(SmlEnv *env, const SmlWhole *whole, SmlSide *side)
{
	const SmlPoints *points = &side->points;
	size_t           width = points->width;
	SmlStatus        status;

	SML_TRY(sml_alloc_array(env, side->blocks * whole->lanes * 2 * BLOCK, sizeof(int16_t), &side->x));
	SML_TRY(sml_alloc_array(env, side->blocks * BLOCK, sizeof(int32_t), &side->half));
	side->half_rows = side->half;
	if (whole->each == 4)
	{
		side->half_rows = NULL;
		SML_TRY(sml_alloc_array(env, side->blocks * BLOCK, sizeof(int32_t), &side->half_rows));
	}
	SML_TRY(sml_alloc_array(env, side->blocks * BLOCK * points->labels, sizeof(int32_t), &side->code));
	SML_TRY(sml_alloc_array(env, side->blocks * 2 * width, sizeof(double), &side->box));
	for (size_t b = 0; b < side->blocks; b++)
	{
		size_t rows = sml_side_rows(side, b);

		SML_TRY(sml_poll(env));
		measure_box(points, b * BLOCK, rows, side->box + b * 2 * width);
		for (size_t i = 0; i < rows; i++)
			fill_point(whole, points, b * BLOCK + i, side);
	}
done:
	return status;
}
