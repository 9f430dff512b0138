/*
 * neighbours.c - the exact nearest neighbours; see neighbours.h.  Why the bound holds: side.h.
 */
#include "neighbours.h"

#include <math.h>
#include <string.h>

#include "../clones.h"
#include "side.h"

#define BLOCK SML_BOUND_BLOCK
#define ALWAYS (INT32_C(1) << 30)    /* half a limit that lets every pair through */
#define NEVER  (-(INT32_C(1) << 30)) /* and one that lets none */
#define HITS   512  /* distances that are computed at a time */
#define SEED_K 32   /* up to this k a search begins with a limit for each query */

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
	SmlSide         *from;      /* queries */
	SmlSide         *to;        /* the same as from when points are searched among themselves */
	SmlWhole         whole;
	int32_t         *limit;     /* half the squared limit per query, in block order, padded */
	int32_t         *no_limit;  /* BLOCK times NEVER, for a side that asks for nothing */
	double          *last;      /* per query, in block order: what its k-th distance is at most */
	bool            *changed;   /* its k-th distance is not in limit yet: it is listed in touched */
	uint32_t         touched[2 * BLOCK];
	size_t           touched_count;
	double          *worst;     /* per block of queries: the largest k-th distance */
	bool            *stale;     /* and whether one that had it has a smaller one now */
	SmlBoundKernel   kernel;
	Candidate       *heap;
	SmlFound        *found;     /* in block order until the end */
} Search;

/* ---- blocks ------------------------------------------------------------------------ */

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

/* ---- the k best of each query ---------------------------------------------------------- */

/* The k-th distance of a query is at most this. */
static inline void
lower(Search *search, size_t query, double distance)
{
	if (!(distance < search->last[query]))
		return;
	search->stale[query / BLOCK] |= search->last[query] >= search->worst[query / BLOCK];
	search->last[query] = distance;
	if (!search->changed[query])
	{
		search->changed[query] = true;
		search->touched[search->touched_count++] = (uint32_t) query;
	}
}

static void
offer(Search *search, size_t query, double distance, uint32_t at)
{
	size_t    k = search->k;
	SmlFound *list;
	size_t    i = k - 1;

	/* most are turned away here, without a look at the list, which lies anywhere in memory */
	if (distance > search->last[query])
		return;
	list = search->found + query * k;
	if (!(distance < list[i].distance || (distance == list[i].distance && at < list[i].at)))
		return;
	for (; i > 0 && (distance < list[i - 1].distance || (distance == list[i - 1].distance && at < list[i - 1].at)); i--)
		list[i] = list[i - 1];
	list[i].distance = distance;
	list[i].at = at;
	lower(search, query, list[k - 1].distance);
}

/* The limit of a query's k-th distance, in whole numbers. */
static void
set_limit(Search *search, size_t query)
{
	double reach = search->whole.scale * sqrt(search->last[query]) + search->whole.root;
	double limit = reach * reach * (1 + 1e-9) + 1;

	search->changed[query] = false;
	/* infinite as long as there are fewer than k */
	if (search->whole.scale > 0 && limit < 2.0 * ALWAYS)
		search->limit[query] = (int32_t) (limit / 2) + 1;
}

/* The largest k-th distance of a block, when it is no longer the one that is known. */
static void
find_worst(Search *search, size_t block)
{
	const double *last = search->last + block * BLOCK;
	size_t        rows = sml_side_rows(search->from, block);
	double        worst[4] = {0, 0, 0, 0};

	if (!search->stale[block])
		return;
	search->stale[block] = false;
	/* four in turn: not bound by the latency of a comparison */
	for (size_t i = 0; i < rows; i++)
		worst[i % 4] = last[i] > worst[i % 4] ? last[i] : worst[i % 4];
	for (size_t l = 1; l < 4; l++)
		worst[0] = worst[l] > worst[0] ? worst[l] : worst[0];
	search->worst[block] = worst[0];
}

/* ---- one pair of blocks ------------------------------------------------------------------- */

/* Distances of pairs of rows of block a and block b. */
SML_CLONES_AVX2 static void
compute_hits(const SmlPoints *from, size_t a, const SmlPoints *to, size_t b, const uint16_t *hits, size_t count, double *distances)
{
	for (size_t h = 0; h < count; h++)
		distances[h] = from->group > 0 ? sml_points_between(from, a * BLOCK + hits[h] / BLOCK, to, b * BLOCK + hits[h] % BLOCK) :
			sml_points_euclidean(from, a * BLOCK + hits[h] / BLOCK, to, b * BLOCK + hits[h] % BLOCK);
}

/* Ask for the numbers of a point, and for its list, before they are needed: they lie anywhere in memory. */
static inline void
fetch(const Search *search, size_t other)
{
	const SmlPoints *points = &search->to->points;
	const char      *first = (const char *) (points->x + other * points->width);

	for (size_t i = 0; i < points->width * sizeof(double) && i < 512; i += 64)
		__builtin_prefetch(first + i);
	if (search->from == search->to)
		__builtin_prefetch(&search->found[other * search->k + search->k - 1]);
}

/* Compute the pairs that may matter, and offer them to both sides. */
static void
take_hits(Search *search, size_t a, size_t b, uint16_t *hits, size_t count)
{
	const SmlSide *from = search->from;
	const SmlSide *to = search->to;
	bool        same = from == to;
	size_t      rows_a = sml_side_rows(from, a);
	size_t      rows_b = sml_side_rows(to, b);
	size_t      kept = 0;
	double      distances[HITS];

	/* without padding, the points themselves, and pairs of one block that come twice */
	for (size_t h = 0; h < count; h++)
	{
		size_t i = hits[h] / BLOCK;
		size_t j = hits[h] % BLOCK;

		if (i < rows_a && j < rows_b && from->at[a * BLOCK + i] != to->at[b * BLOCK + j] && !(same && a == b && j < i))
		{
			hits[kept++] = hits[h];
			fetch(search, b * BLOCK + j);
		}
	}
	for (size_t first = 0; first < kept; first += HITS)
	{
		size_t some = kept - first < HITS ? kept - first : HITS;

		compute_hits(&from->points, a, &to->points, b, hits + first, some, distances);
		for (size_t h = 0; h < some; h++)
		{
			size_t query = a * BLOCK + hits[first + h] / BLOCK;
			size_t other = b * BLOCK + hits[first + h] % BLOCK;

			offer(search, query, distances[h], to->at[other]);
			if (same)
				offer(search, other, distances[h], from->at[query]);
		}
	}
}

/* After pairs of two blocks were computed: the limits of their queries, and the largest k-th distance of each. */
static void
refresh(Search *search, size_t a, size_t b)
{
	for (size_t i = 0; i < search->touched_count; i++)
		set_limit(search, search->touched[i]);
	search->touched_count = 0;
	find_worst(search, a);
	if (search->from == search->to)
		find_worst(search, b);
}

static SmlStatus
search_pair(Search *search, size_t a, size_t b)
{
	const SmlPoints *points = search->points;
	const SmlSide      *from = search->from;
	const SmlSide      *to = search->to;
	bool             same = from == to;
	size_t           rows_a = sml_side_rows(from, a);
	size_t           block_x = search->whole.lanes * 2 * BLOCK;
	size_t           count = 0;
	uint16_t         hits[BLOCK * BLOCK];
	SmlBoundTask     task = {search->whole.lanes, points->labels, search->whole.weight,
							 from->x + a * block_x, 0, from->half_rows + a * BLOCK, search->limit + a * BLOCK, from->code + a * points->labels * BLOCK,
							 to->x + b * block_x, to->half + b * BLOCK, same ? search->limit + b * BLOCK : search->no_limit,
							 to->code + b * points->labels * BLOCK};
	SmlStatus        status = sml_poll(search->env);

	if (status != SML_OK)
		return status;
	for (; task.row < rows_a; task.row += SML_BOUND_ROWS)
		count += search->kernel(&task, hits + count);
	take_hits(search, a, b, hits, count);
	refresh(search, a, b);
	return SML_OK;
}

/* ---- limits to begin with ------------------------------------------------------------------ */

/* What orders the other points of block b by their distance from row i of block a, in whole numbers. */
SML_CLONES_AVX512 static void
rough_distances(const Search *search, size_t a, size_t i, size_t b, int32_t *rough)
{
	const SmlSide    *from = search->from;
	const SmlSide    *to = search->to;
	size_t         labels = search->points->labels;
	size_t         block_x = search->whole.lanes * 2 * BLOCK;
	const int16_t *x = to->x + b * block_x;

	memcpy(rough, to->half + b * BLOCK, BLOCK * sizeof(int32_t));
	for (size_t f = 0; f < search->whole.lanes; f++, x += 2 * BLOCK)
	{
		const int16_t     *own = from->x + a * block_x + (f * BLOCK + i) * 2;
		const signed char *bytes = (const signed char *) own;
		const signed char *y = (const signed char *) x;

		if (search->whole.each == 2)
			for (size_t j = 0; j < BLOCK; j++)
				rough[j] -= own[0] * x[2 * j] + own[1] * x[2 * j + 1];
		else
			for (size_t j = 0; j < BLOCK; j++)
				rough[j] -= bytes[0] * y[4 * j] + bytes[1] * y[4 * j + 1] + bytes[2] * y[4 * j + 2] + bytes[3] * y[4 * j + 3];
	}
	for (size_t f = 0; f < labels; f++)
		for (size_t j = 0; j < BLOCK; j++)
			rough[j] += to->code[(b * labels + f) * BLOCK + j] != from->code[(a * labels + f) * BLOCK + i] ? search->whole.weight : 0;
	for (size_t j = 0; j < sml_side_rows(to, b); j++)
		rough[j] = to->at[b * BLOCK + j] == from->at[a * BLOCK + i] ? INT32_MAX : rough[j];
	for (size_t j = sml_side_rows(to, b); j < BLOCK; j++)
		rough[j] = INT32_MAX;
}

/* Where the least is; it is then put out of the way. */
SML_CLONES_AVX512 static size_t
take_least(int32_t *rough)
{
	int32_t least = INT32_MAX;
	size_t  at = 0;

	for (size_t j = 0; j < BLOCK; j++)
		least = rough[j] < least ? rough[j] : least;
	while (rough[at] != least)
		at++;
	rough[at] = INT32_MAX;
	return at;
}

/*
 * The k points of block b that seem nearest to a row of block a are at some distance: its k nearest of all are not farther.
 * So the first blocks, before which no limit is known, need not be computed whole.
 */
static SmlStatus
seed(Search *search, size_t a, size_t b)
{
	const SmlSide *from = search->from;
	const SmlSide *to = search->to;
	size_t      rows_b = sml_side_rows(to, b);
	int32_t     rough[BLOCK];
	SmlStatus   status = sml_poll(search->env);

	if (status != SML_OK || search->k > SEED_K || rows_b <= search->k || search->whole.scale == 0)
		return status;
	for (size_t i = 0; i < sml_side_rows(from, a); i++)
	{
		size_t query = a * BLOCK + i;
		double farthest = 0;

		rough_distances(search, a, i, b, rough);
		for (size_t n = 0; n < search->k; n++)
		{
			double distance = sml_points_between(&from->points, query, &to->points, b * BLOCK + take_least(rough));

			farthest = distance > farthest ? distance : farthest;
		}
		lower(search, query, farthest);
	}
	refresh(search, a, a);
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
		if (isinf(search->worst[a]))
			SML_TRY(seed(search, a, nearest.block));
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
		{
			SML_TRY(seed(search, b, b));
			SML_TRY(search_pair(search, b, b));
		}
	for (size_t b = 0; b < search->from->blocks; b++)
	{
		double left = 1 - (double) b / (double) search->from->blocks;

		/* among themselves, the first blocks have the most others to look at */
		if (search->points->progress != NULL)
			search->points->progress(search->points->progress_context, "searching neighbours",
									 1 - (search->from == search->to ? left * left : left));
		SML_TRY(search_block(search, b));
	}
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

/* The lists from block order to the order of the queries, in place: slot is used up. */
static SmlStatus
order_found(SmlEnv *env, SmlSide *from, size_t k, SmlFound *found)
{
	SmlStatus status = SML_OK;

	for (size_t i = 0; i < from->count; i++)
	{
		if (i % 16384 == 0)
			SML_TRY(sml_poll(env));
		while (from->slot[i] != i)
		{
			uint32_t to = from->slot[i];

			for (size_t n = 0; n < k; n++)
			{
				SmlFound swap = found[i * k + n];

				found[i * k + n] = found[to * k + n];
				found[to * k + n] = swap;
			}
			from->slot[i] = from->slot[to];
			from->slot[to] = to;
		}
	}
done:
	return status;
}

static SmlStatus
clear_found(SmlEnv *env, SmlFound *found, size_t count)
{
	SmlStatus status = SML_OK;

	for (size_t i = 0; i < count; i++)
	{
		if (i % 65536 == 0)
			SML_TRY(sml_poll(env));
		found[i] = (SmlFound){INFINITY, SML_NOT_FOUND};
	}
done:
	return status;
}

/* How many bits the whole numbers have. */
static SmlStatus
choose_kernel(Search *search)
{
	bool      bytes = false;
	SmlStatus status;

	SML_TRY(sml_whole_measure(search->env, search->to, &search->whole));
	search->kernel = sml_bound_kernel_bytes();
	if (search->kernel != NULL)
	{
		sml_whole_scale(search->points, 4, &search->whole);
		SML_TRY(sml_whole_try(search->env, &search->whole, search->from, search->to, search->k, &bytes));
	}
	if (!bytes)
	{
		sml_whole_scale(search->points, 2, &search->whole);
		search->kernel = sml_bound_kernel();
	}
done:
	return status;
}

SmlStatus
sml_nearest(SmlEnv *env, const SmlPoints *points, const size_t *queries, size_t query_count,
			const size_t *among, size_t among_count, size_t k, SmlFound *found)
{
	SmlSide      sides[2];
	Search    search;
	bool      same = queries == NULL && among == NULL;
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
	SML_TRY(clear_found(env, found, query_count * k));
	SML_TRY(check_count(env, points->count));
	if (query_count == 0 || among_count == 0)
		return SML_OK;
	SML_TRY(sml_alloc_array(env, points->width, sizeof(double), &search.whole.center));
	SML_TRY(sml_side_make(env, points, among, among_count, &sides[0]));
	if (!same)
		SML_TRY(sml_side_make(env, points, queries, query_count, &sides[1]));
	SML_TRY(choose_kernel(&search));
	SML_TRY(sml_side_fill(env, &search.whole, &sides[0]));
	if (!same)
		SML_TRY(sml_side_fill(env, &search.whole, &sides[1]));
	SML_TRY(sml_alloc_array(env, search.from->blocks * BLOCK, sizeof(int32_t), &search.limit));
	for (size_t i = 0; i < search.from->blocks * BLOCK; i++)
		search.limit[i] = i < query_count ? ALWAYS : NEVER;
	SML_TRY(sml_alloc_array(env, query_count, sizeof(double), &search.last));
	for (size_t i = 0; i < query_count; i++)
		search.last[i] = INFINITY;
	SML_TRY(sml_alloc_array(env, BLOCK, sizeof(int32_t), &search.no_limit));
	for (size_t i = 0; i < BLOCK; i++)
		search.no_limit[i] = NEVER;
	SML_TRY(sml_alloc_array(env, search.from->blocks * BLOCK, sizeof(bool), &search.changed));
	SML_TRY(sml_alloc_array(env, search.from->blocks, sizeof(double), &search.worst));
	SML_TRY(sml_alloc_array(env, search.from->blocks, sizeof(bool), &search.stale));
	SML_TRY(sml_alloc_array(env, search.to->blocks, sizeof(Candidate), &search.heap));
	SML_TRY(search_all(&search));
	SML_TRY(order_found(env, search.from, k, found));
done:
	sml_side_free(env, &sides[0]);
	sml_side_free(env, &sides[1]);
	sml_free(env, search.whole.center);
	sml_free(env, search.limit);
	sml_free(env, search.last);
	sml_free(env, search.changed);
	sml_free(env, search.worst);
	sml_free(env, search.stale);
	sml_free(env, search.no_limit);
	sml_free(env, search.heap);
	return status;
}

bool
sml_nearest_need(const SmlPoints *shape, size_t queries, size_t among, size_t k, size_t *bytes)
{
	size_t rows;
	size_t row = (shape->width + 1) * sizeof(int16_t) + shape->labels * sizeof(int32_t) + 10 * sizeof(int32_t) + 2 +
		shape->width * sizeof(double) + shape->labels * sizeof(int32_t) + 2 * shape->width * sizeof(double) / BLOCK + 2;
	size_t lists;

	return sml_size_plus(queries, among, &rows) && sml_size_times(rows, row, bytes) &&
		   sml_size_times(k, sizeof(SmlFound), &lists) && sml_size_times(lists, queries, &lists) && sml_size_plus(*bytes, lists, bytes) &&
		   sml_size_plus(*bytes, 4 * BLOCK * row, bytes);
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
	SML_TRY(clear_found(env, found, query_count * k));
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
