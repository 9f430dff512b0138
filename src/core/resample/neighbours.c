/*
 * neighbours.c - the exact nearest neighbours; see neighbours.h.
 *
 * Why the bound holds.  With a, b centred and scaled into [-1, 1] and rounded to float32,
 * n = |a|^2 + |b|^2, u = 2^-24 and p columns, the single-precision |a|^2 + |b|^2 - 2 a'b differs from the
 * squared distance by less than (p + 10) u n: rounding the inputs costs 4 u n, the product (p + 1) u n, the sums
 * the rest.  Each side's half norm is lowered by twice its share of that, so that
 *
 *     a'b - half(b) < half(a) - limit / 2    =>    distance > limit
 *
 * and the pair is passed over.  Everything else is computed in float64.  A block of labels lowers a'b by
 * half the weight of the categories that differ.  When the scaled values cannot be had (overflow) the
 * limits stay infinite, and every pair is computed.
 */
#include "neighbours.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "../blas.h"
#include "../hash.h"

#define BLOCK 128
#define LANES 32 /* pairs that are looked at together */

/* One side of a search: points in blocks of near ones. */
typedef struct Side
{
	size_t    count;
	size_t    blocks;
	uint32_t *at;    /* position among the points, block by block */
	uint32_t *slot;  /* which query that is (queries only) */
	float    *x;     /* count x width, centred and scaled */
	int32_t  *code;  /* per block: labels x BLOCK */
	float    *half;  /* lowered half norms */
	double   *box;   /* per block: least and greatest of each coordinate */
} Side;

typedef struct Candidate
{
	double   bound;
	uint32_t block;
} Candidate;

typedef struct Search
{
	SmlEnv          *env;
	const SmlPoints *points;
	size_t           k;
	Side            *from;      /* queries */
	Side            *to;        /* the same as from when points are searched among themselves */
	double           scale;     /* of coordinates; 0: no bound can be had */
	float            mismatch;  /* half the scaled weight of a differing category */
	float           *limit;     /* per query, in block order: minus half the scaled k-th distance */
	double          *worst;     /* per block of queries: the largest k-th distance */
	float           *tile;      /* BLOCK x BLOCK */
	Candidate       *heap;
	SmlFound        *found;
} Search;

/* ---- blocks ------------------------------------------------------------------------ */

static size_t
block_rows(const Side *side, size_t block)
{
	return side->count - block * BLOCK < BLOCK ? side->count - block * BLOCK : BLOCK;
}

/* Whether point a comes before point b along coordinate j. */
static inline bool
before(const SmlPoints *points, size_t j, uint32_t a, uint32_t b)
{
	double xa = points->x[a * points->width + j];
	double xb = points->x[b * points->width + j];

	return xa < xb || (xa == xb && a < b);
}

/* Put the "nth" smallest of at[0 … count - 1] along coordinate j in its place, smaller ones before it. */
static void
select_nth(const SmlPoints *points, size_t j, uint32_t *at, size_t count, size_t nth)
{
	size_t low = 0;
	size_t high = count - 1;

	while (low < high)
	{
		/* a pivot that no order of the data can foresee, and that is the same in every run */
		uint32_t pivot = at[low + sml_hash_mix(low * 31 + high) % (high - low + 1)];
		size_t   i = low;
		size_t   k = high;

		for (;;)
		{
			uint32_t swap;

			while (before(points, j, at[i], pivot))
				i++;
			while (before(points, j, pivot, at[k]))
				k--;
			if (i >= k)
				break;
			swap = at[i];
			at[i] = at[k];
			at[k] = swap;
		}
		/* at[k] is the pivot: the values are distinct */
		if (nth == k)
			return;
		if (nth < k)
			high = k - 1;
		else
			low = k + 1;
	}
}

static size_t
widest(const SmlPoints *points, const uint32_t *at, size_t count)
{
	double best = -1;
	size_t found = 0;

	for (size_t j = 0; j < points->width; j++)
	{
		double least = INFINITY;
		double greatest = -INFINITY;

		for (size_t i = 0; i < count; i++)
		{
			double value = points->x[at[i] * points->width + j];

			least = value < least ? value : least;
			greatest = value > greatest ? value : greatest;
		}
		if (greatest - least > best)
		{
			best = greatest - least;
			found = j;
		}
	}
	return found;
}

/* Order at[] so that every run of BLOCK is a leaf of a kd-tree. */
static SmlStatus
split(SmlEnv *env, const SmlPoints *points, uint32_t *at, size_t count)
{
	SmlStatus status = sml_poll(env);
	size_t    left;

	if (status != SML_OK || count <= BLOCK)
		return status;
	left = ((count + BLOCK - 1) / BLOCK + 1) / 2 * BLOCK;
	if (points->width > 0)
		select_nth(points, widest(points, at, count), at, count, left);
	status = split(env, points, at, left);
	return status != SML_OK ? status : split(env, points, at + left, count - left);
}

static void
measure_box(const SmlPoints *points, const uint32_t *at, size_t count, double *box)
{
	for (size_t j = 0; j < points->width; j++)
	{
		double least = INFINITY;
		double greatest = -INFINITY;

		for (size_t i = 0; i < count; i++)
		{
			double value = points->x[at[i] * points->width + j];

			least = value < least ? value : least;
			greatest = value > greatest ? value : greatest;
		}
		box[j] = least;
		box[points->width + j] = greatest;
	}
}

/* Squared distance between two boxes. */
static double
box_distance(size_t width, const double *a, const double *b)
{
	double sum = 0;

	for (size_t j = 0; j < width; j++)
	{
		double gap = a[j] > b[width + j] ? a[j] - b[width + j] : b[j] > a[width + j] ? b[j] - a[width + j] : 0;

		sum += gap * gap;
	}
	return sum;
}

static void
side_free(SmlEnv *env, Side *side)
{
	sml_free(env, side->at);
	sml_free(env, side->slot);
	sml_free(env, side->x);
	sml_free(env, side->code);
	sml_free(env, side->half);
	sml_free(env, side->box);
}

/* The order of the side: at and slot. */
static SmlStatus
side_order(SmlEnv *env, const SmlPoints *points, const size_t *chosen, size_t count, Side *side)
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
	SML_TRY(split(env, points, side->at, count));
	for (size_t i = 0; i < count; i++)
		side->slot[i] = slot_of[side->at[i]];
done:
	sml_free(env, slot_of);
	return status;
}

/* The coordinates of the side in single precision, centred and scaled. */
static SmlStatus
side_fill(SmlEnv *env, const Search *search, const double *center, Side *side)
{
	const SmlPoints *points = search->points;
	size_t           width = points->width;
	double           columns = (double) (width + points->labels + 16);
	double           lower = columns * 0x1p-23;
	double           floor_ = 1e-36 + (double) (points->labels * (points->labels + 4)) * (double) search->mismatch * 0x1p-22;
	SmlStatus        status;

	SML_TRY(sml_alloc_array(env, side->count * width, sizeof(float), &side->x));
	SML_TRY(sml_alloc_array(env, side->blocks * BLOCK * points->labels, sizeof(int32_t), &side->code));
	SML_TRY(sml_alloc_array(env, side->count, sizeof(float), &side->half));
	SML_TRY(sml_alloc_array(env, side->blocks * 2 * width, sizeof(double), &side->box));
	for (size_t b = 0; b < side->blocks; b++)
	{
		size_t rows = block_rows(side, b);

		SML_TRY(sml_poll(env));
		measure_box(points, side->at + b * BLOCK, rows, side->box + b * 2 * width);
		for (size_t i = 0; i < rows; i++)
		{
			size_t         row = b * BLOCK + i;
			const double  *x = points->x + side->at[row] * width;
			const int32_t *code = points->code + side->at[row] * points->labels;
			double         norm = 0;

			for (size_t j = 0; j < width; j++)
			{
				float value = (float) ((x[j] - center[j]) * search->scale);

				side->x[row * width + j] = value;
				norm += (double) value * (double) value;
			}
			side->half[row] = (float) (norm / 2 * (1 - lower) - floor_);
			for (size_t j = 0; j < points->labels; j++)
				side->code[(b * points->labels + j) * BLOCK + i] = code[j];
		}
	}
done:
	return status;
}

/* Center of what is searched, and the scale that brings both sides into [-1, 1]. */
static SmlStatus
find_scale(SmlEnv *env, Search *search, double *center)
{
	const SmlPoints *points = search->points;
	const Side      *sides[2] = {search->to, search->from};
	double           most = sqrt(points->mismatch) * (points->labels > 0);
	SmlStatus        status = SML_OK;

	for (size_t i = 0; i < search->to->count; i++)
		for (size_t j = 0; j < points->width; j++)
			center[j] += points->x[search->to->at[i] * points->width + j] / (double) search->to->count;
	for (int s = 0; s < (search->from == search->to ? 1 : 2); s++)
		for (size_t i = 0; i < sides[s]->count; i++)
		{
			if (i % 16384 == 0)
				SML_TRY(sml_poll(env));
			for (size_t j = 0; j < points->width; j++)
			{
				double off = fabs(points->x[sides[s]->at[i] * points->width + j] - center[j]);

				most = off > most || isnan(off) ? off : most;
			}
		}
	search->scale = !isfinite(most) ? 0 : most > DBL_MIN ? 1 / most : 1;
	search->mismatch = (float) (points->mismatch * search->scale * search->scale / 2);
done:
	return status;
}

/* ---- the k best of each query ---------------------------------------------------------- */

static void
offer(Search *search, size_t query, double distance, uint32_t at)
{
	size_t    k = search->k;
	SmlFound *list = search->found + search->from->slot[query] * k;
	size_t    i = k - 1;

	if (!(distance < list[i].distance || (distance == list[i].distance && at < list[i].at)))
		return;
	for (; i > 0 && (distance < list[i - 1].distance || (distance == list[i - 1].distance && at < list[i - 1].at)); i--)
		list[i] = list[i - 1];
	list[i].distance = distance;
	list[i].at = at;
	if (list[k - 1].at != SML_NOT_FOUND && search->scale > 0)
		search->limit[query] = -nextafterf((float) (list[k - 1].distance * search->scale * search->scale / 2), INFINITY);
}

static double
block_worst(const Search *search, size_t block)
{
	double worst = 0;

	for (size_t i = 0; i < block_rows(search->from, block); i++)
	{
		double last = search->found[search->from->slot[block * BLOCK + i] * search->k + search->k - 1].distance;

		worst = last > worst ? last : worst;
	}
	return worst;
}

/* ---- one pair of blocks ------------------------------------------------------------------- */

/* Take half the weight of the categories that differ from row i's products. */
SML_CLONES static void
subtract_mismatches(size_t labels, size_t rows, float weight, const int32_t *codes, size_t i, const int32_t *others, float *dot)
{
	for (size_t f = 0; f < labels; f++)
	{
		int32_t        code = codes[f * BLOCK + i];
		const int32_t *other = others + f * BLOCK;

		for (size_t j = 0; j < rows; j++)
			dot[j] -= other[j] != code ? weight : 0.0f;
	}
}

/*
 * Which of the pairs (i, first … rows - 1) may matter: their columns into hits, their number returned.
 * "own" is what the query itself asks for; "limit" what the other side does (NULL: nothing).
 */
SML_CLONES static size_t
pick(const float *dot, const float *half, const float *limit, float half_i, float own, size_t first, size_t rows, uint16_t *hits)
{
	size_t count = 0;
	size_t j = first;

	for (; j + LANES <= rows; j += LANES)
	{
		int any = 0;

		if (limit != NULL)
			for (size_t l = j; l < j + LANES; l++)
				any |= dot[l] - half[l] >= half_i + (limit[l] < own ? limit[l] : own);
		else
			for (size_t l = j; l < j + LANES; l++)
				any |= dot[l] - half[l] >= half_i + own;
		if (any)
			for (size_t l = j; l < j + LANES; l++)
				if (dot[l] - half[l] >= half_i + (limit != NULL && limit[l] < own ? limit[l] : own))
					hits[count++] = (uint16_t) l;
	}
	for (; j < rows; j++)
		if (dot[j] - half[j] >= half_i + (limit != NULL && limit[j] < own ? limit[j] : own))
			hits[count++] = (uint16_t) j;
	return count;
}

static SmlStatus
search_pair(Search *search, size_t a, size_t b)
{
	const SmlPoints *points = search->points;
	const Side      *from = search->from;
	const Side      *to = search->to;
	bool             same = from == to;
	size_t           rows_a = block_rows(from, a);
	size_t           rows_b = block_rows(to, b);
	const float     *half = to->half + b * BLOCK;
	uint16_t         hits[BLOCK];
	SmlStatus        status = sml_poll(search->env);

	if (status != SML_OK)
		return status;
	sml_gemm_nt_single(rows_a, rows_b, points->width, from->x + a * BLOCK * points->width, points->width,
					   to->x + b * BLOCK * points->width, points->width, search->tile, BLOCK);
	for (size_t i = 0; i < rows_a; i++)
	{
		size_t query = a * BLOCK + i;
		float *dot = search->tile + i * BLOCK;
		size_t count;

		if (points->labels > 0)
			subtract_mismatches(points->labels, rows_b, search->mismatch, from->code + a * points->labels * BLOCK, i,
								to->code + b * points->labels * BLOCK, dot);
		count = pick(dot, half, same ? search->limit + b * BLOCK : NULL, from->half[query], search->limit[query],
					 same && a == b ? i + 1 : 0, rows_b, hits);
		for (size_t h = 0; h < count; h++)
		{
			size_t other = b * BLOCK + hits[h];
			double distance;

			if (from->at[query] == to->at[other])
				continue;
			distance = sml_points_distance(points, from->at[query], to->at[other]);
			offer(search, query, distance, to->at[other]);
			if (same)
				offer(search, other, distance, from->at[query]);
		}
	}
	search->worst[a] = block_worst(search, a);
	if (same && a != b)
		search->worst[b] = block_worst(search, b);
	return SML_OK;
}

/* ---- all pairs of blocks, the nearest first -------------------------------------------------- */

/* How far apart boxes must be to be passed over; the factor covers the rounding of both figures. */
static bool
too_far(const Search *search, double bound, size_t a, size_t b)
{
	double worst = search->worst[a];

	if (search->from == search->to && search->worst[b] > worst)
		worst = search->worst[b];
	return bound * (1 - 1e-9) > worst;
}

static void
sift(Candidate *heap, size_t count, size_t at)
{
	for (;;)
	{
		size_t    child = 2 * at + 1;
		Candidate swap;

		if (child >= count)
			return;
		if (child + 1 < count && heap[child + 1].bound < heap[child].bound)
			child++;
		if (heap[at].bound <= heap[child].bound)
			return;
		swap = heap[at];
		heap[at] = heap[child];
		heap[child] = swap;
		at = child;
	}
}

static SmlStatus
search_block(Search *search, size_t a)
{
	size_t    width = search->points->width;
	size_t    count = 0;
	SmlStatus status = SML_OK;

	for (size_t b = search->from == search->to ? a + 1 : 0; b < search->to->blocks; b++)
	{
		double bound = box_distance(width, search->from->box + a * 2 * width, search->to->box + b * 2 * width);

		if (!too_far(search, bound, a, b))
			search->heap[count++] = (Candidate){bound, (uint32_t) b};
	}
	for (size_t i = count / 2; i-- > 0;)
		sift(search->heap, count, i);
	for (; count > 0; sift(search->heap, count, 0))
	{
		Candidate nearest = search->heap[0];

		search->heap[0] = search->heap[--count];
		if (too_far(search, nearest.bound, a, nearest.block))
			continue;
		SML_TRY(search_pair(search, a, nearest.block));
	}
done:
	return status;
}

static SmlStatus
search_all(Search *search)
{
	SmlStatus status = SML_OK;

	for (size_t b = 0; b < search->from->blocks; b++)
		search->worst[b] = INFINITY;
	/* first each block within itself: that sets limits for everybody */
	if (search->from == search->to)
		for (size_t b = 0; b < search->from->blocks; b++)
			SML_TRY(search_pair(search, b, b));
	for (size_t b = 0; b < search->from->blocks; b++)
		SML_TRY(search_block(search, b));
done:
	return status;
}

static SmlStatus
check_count(SmlEnv *env, size_t count)
{
	if (count >= SML_NOT_FOUND)
		return sml_fail(env, SML_BAD_INPUT, "%zu rows are too many for a search of neighbours.", count);
	return SML_OK;
}

static void
clear_found(SmlFound *found, size_t count)
{
	for (size_t i = 0; i < count; i++)
		found[i] = (SmlFound){INFINITY, SML_NOT_FOUND};
}

SmlStatus
sml_nearest(SmlEnv *env, const SmlPoints *points, const size_t *queries, size_t query_count,
			const size_t *among, size_t among_count, size_t k, SmlFound *found)
{
	Side      sides[2];
	Search    search;
	bool      same = queries == NULL && among == NULL;
	double   *center = NULL;
	SmlStatus status;

	memset(sides, 0, sizeof(sides));
	memset(&search, 0, sizeof(search));
	search.env = env;
	search.points = points;
	search.k = k;
	search.found = found;
	search.to = &sides[0];
	search.from = same ? &sides[0] : &sides[1];
	if (queries == NULL)
		query_count = points->count;
	if (among == NULL)
		among_count = points->count;
	clear_found(found, query_count * k);
	SML_TRY(check_count(env, points->count));
	if (query_count == 0 || among_count == 0)
		return SML_OK;
	SML_TRY(sml_alloc_array(env, points->width, sizeof(double), &center));
	SML_TRY(side_order(env, points, among, among_count, &sides[0]));
	if (!same)
		SML_TRY(side_order(env, points, queries, query_count, &sides[1]));
	SML_TRY(find_scale(env, &search, center));
	SML_TRY(side_fill(env, &search, center, &sides[0]));
	if (!same)
		SML_TRY(side_fill(env, &search, center, &sides[1]));
	SML_TRY(sml_alloc_array(env, query_count, sizeof(float), &search.limit));
	for (size_t i = 0; i < query_count; i++)
		search.limit[i] = -INFINITY;
	SML_TRY(sml_alloc_array(env, search.from->blocks, sizeof(double), &search.worst));
	SML_TRY(sml_alloc_array(env, BLOCK * BLOCK, sizeof(float), &search.tile));
	SML_TRY(sml_alloc_array(env, search.to->blocks, sizeof(Candidate), &search.heap));
	SML_TRY(search_all(&search));
done:
	side_free(env, &sides[0]);
	side_free(env, &sides[1]);
	sml_free(env, center);
	sml_free(env, search.limit);
	sml_free(env, search.worst);
	sml_free(env, search.tile);
	sml_free(env, search.heap);
	return status;
}

bool
sml_nearest_need(const SmlPoints *shape, size_t queries, size_t among, size_t k, size_t *bytes)
{
	size_t rows;
	size_t row = shape->width * sizeof(float) + shape->labels * sizeof(int32_t) + 4 * sizeof(float) + 2 * shape->width * sizeof(double) / BLOCK + 2;
	size_t lists;

	return sml_size_plus(queries, among, &rows) && sml_size_times(rows, row, bytes) &&
		   sml_size_times(k, sizeof(SmlFound), &lists) && sml_size_times(lists, queries, &lists) && sml_size_plus(*bytes, lists, bytes) &&
		   sml_size_plus(*bytes, BLOCK * BLOCK * sizeof(float), bytes);
}

/* ---- the farthest: no bound helps, so all pairs ------------------------------------------------ */

SmlStatus
sml_farthest(SmlEnv *env, const SmlPoints *points, const size_t *queries, size_t query_count,
			 const size_t *among, size_t among_count, size_t k, SmlFound *found)
{
	SmlStatus status = check_count(env, points->count);
	size_t    since = 0;

	if (status != SML_OK)
		return status;
	clear_found(found, query_count * k);
	for (size_t q = 0; q < query_count; q++)
	{
		SmlFound *list = found + q * k;

		for (size_t i = 0; i < among_count; i++)
		{
			double distance;
			size_t to = k - 1;

			if (since++ % 4096 == 0)
				SML_TRY(sml_poll(env));
			if (among[i] == queries[q])
				continue;
			distance = sml_points_distance(points, queries[q], among[i]);
			if (list[to].at != SML_NOT_FOUND && distance <= list[to].distance)
				continue;
			for (; to > 0 && (list[to - 1].at == SML_NOT_FOUND || distance > list[to - 1].distance); to--)
				list[to] = list[to - 1];
			list[to].distance = distance;
			list[to].at = (uint32_t) among[i];
		}
	}
done:
	return status;
}
