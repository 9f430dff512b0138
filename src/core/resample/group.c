/*
 * group.c - see group.h.  Selection by coordinates that were copied together, so that it reads memory in a row.
 */
#include "group.h"

#include "../hash.h"

#define SAMPLE 128  /* points by which the widest coordinate is found */
#define FEW    31   /* points by which a pivot is found */

/* A point by its coordinate along the split. */
typedef struct Placed
{
	double   x;
	uint32_t at;
} Placed;

static inline bool
before(const Placed *a, const Placed *b)
{
	return a->x < b->x || (a->x == b->x && a->at < b->at);
}

/*
 * A point near the nth of those at hand: the one of that share among a few that no order of the data can foresee, and that are
 * the same in every run.
 */
static Placed
choose_pivot(const Placed *placed, size_t count, size_t nth)
{
	Placed some[FEW] = {{0, 0}};

	if (count < 16 * FEW)
		return placed[sml_hash_mix(count) % count];
	for (size_t i = 0; i < FEW; i++)
	{
		Placed next = placed[sml_hash_mix(count * FEW + i) % count];
		size_t at = i;

		for (; at > 0 && before(&next, &some[at - 1]); at--)
			some[at] = some[at - 1];
		some[at] = next;
	}
	return some[nth * FEW / count];
}

/* Put the "nth" smallest of placed[0 … count - 1] in its place, smaller ones before it. */
static SmlStatus
select_nth(SmlEnv *env, Placed *placed, size_t count, size_t nth)
{
	size_t low = 0;
	size_t high = count - 1;

	while (low < high)
	{
		Placed    pivot = choose_pivot(placed + low, high - low + 1, nth - low);
		size_t    i = low;
		size_t    k = high;
		SmlStatus status = sml_poll(env);

		if (status != SML_OK)
			return status;
		for (;;)
		{
			Placed swap;

			while (before(&placed[i], &pivot))
				i++;
			while (before(&pivot, &placed[k]))
				k--;
			if (i >= k)
				break;
			swap = placed[i];
			placed[i] = placed[k];
			placed[k] = swap;
		}
		/* placed[k] is the pivot: all are distinct */
		if (nth == k)
			break;
		if (nth < k)
			high = k - 1;
		else
			low = k + 1;
	}
	return SML_OK;
}

/* The coordinate in which the points spread most, by a sample of them: which one is a matter of speed alone. */
static SmlStatus
widest(SmlEnv *env, const SmlPoints *points, const Placed *placed, size_t count, double *box, size_t *found)
{
	size_t    step = 1 + count / SAMPLE;
	double    best = -1;
	SmlStatus status;

	SML_TRY(sml_poll(env));
	for (size_t i = 0; i < count; i += step)
	{
		const double *x = points->x + placed[i].at * points->width;

		for (size_t j = 0; j < points->width; j++)
		{
			if (i == 0 || x[j] < box[j])
				box[j] = x[j];
			if (i == 0 || x[j] > box[points->width + j])
				box[points->width + j] = x[j];
		}
	}
	for (size_t j = 0; j < points->width; j++)
		if (box[points->width + j] - box[j] > best)
		{
			best = box[points->width + j] - box[j];
			*found = j;
		}
done:
	return status;
}

/* Order placed[] so that every run of "size" is a leaf of a kd-tree. */
static SmlStatus
split(SmlEnv *env, const SmlPoints *points, Placed *placed, size_t count, size_t size, double *box)
{
	size_t    left = ((count + size - 1) / size + 1) / 2 * size;
	size_t    j = 0;
	SmlStatus status = SML_OK;

	if (count <= size)
		return SML_OK;
	if (points->width > 0)
	{
		SML_TRY(widest(env, points, placed, count, box, &j));
		for (size_t i = 0; i < count; i++)
			placed[i].x = points->x[placed[i].at * points->width + j];
		SML_TRY(select_nth(env, placed, count, left));
	}
	SML_TRY(split(env, points, placed, left, size, box));
	SML_TRY(split(env, points, placed + left, count - left, size, box));
done:
	return status;
}

SmlStatus
sml_points_group(SmlEnv *env, const SmlPoints *points, uint32_t *at, size_t count, size_t size)
{
	Placed   *placed = NULL;
	double   *box = NULL;
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, count, sizeof(Placed), &placed));
	SML_TRY(sml_alloc_array(env, 2 * points->width, sizeof(double), &box));
	for (size_t i = 0; i < count; i++)
		placed[i].at = at[i];
	SML_TRY(split(env, points, placed, count, size, box));
	for (size_t i = 0; i < count; i++)
		at[i] = placed[i].at;
done:
	sml_free(env, placed);
	sml_free(env, box);
	return status;
}
