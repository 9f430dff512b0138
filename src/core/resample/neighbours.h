/*
 * neighbours.h - exact k nearest neighbours of rows with numbers and categories.
 *
 *   squared distance = sum of squared differences of the numbers + mismatch * (categories that differ)
 *
 * or the value-difference metric; see points.h.
 *
 * "Exact" means: the k smallest by (distance in float64, position), whatever the search did to find
 * them.  The search: points are put into blocks of near ones (splits at the median of the
 * widest column, as in a kd-tree); the nearest in its own block give every query a limit to begin with; pairs of blocks whose boxes lie farther apart than all distances that still
 * matter are passed over; for the others products of whole numbers bound every distance from below (side.h, bound.h),
 * and only pairs that may belong to the k nearest are computed in float64.  So few columns prune like a kd-tree and many run at
 * two to four times the speed of a single-precision matrix product.  A search of points among themselves looks at each pair once.
 *
 * Cost: blocks at most n m p / 2 (among themselves) or n m p multiplications; memory 10 bytes per number searched (whole, and in the order of the blocks) and 16 k per query.  A poll
 * per pair of blocks, a fraction of a millisecond.
 */
#ifndef SML_NEIGHBOURS_H
#define SML_NEIGHBOURS_H

#include "points.h"

typedef struct SmlFound
{
	double   distance; /* squared */
	uint32_t at;       /* position among the points; SML_NOT_FOUND when there are fewer than k */
} SmlFound;

#define SML_NOT_FOUND UINT32_MAX

/*
 * The k nearest of each query among the points, nearest first, into found[query_count * k].
 * queries are positions among the points (NULL: all of them, query_count is then their number);
 * a query is no neighbour of its own.  among: positions to search (NULL: all), ascending.
 */
SML_MUST_USE SmlStatus sml_nearest(SmlEnv *env, const SmlPoints *points, const size_t *queries, size_t query_count,
								   const size_t *among, size_t among_count, size_t k, SmlFound *found);

/* Bytes that sml_nearest takes, the list of what it found included; only the width and labels of "shape" count. */
SML_MUST_USE bool sml_nearest_need(const SmlPoints *shape, size_t queries, size_t among, size_t k, size_t *bytes);

/*
 * The k farthest of each query among the points "among" (ascending), the farthest first, ties to the lower position.
 * Every pair is computed.
 */
SML_MUST_USE SmlStatus sml_farthest(SmlEnv *env, const SmlPoints *points, const size_t *queries, size_t query_count,
									const size_t *among, size_t among_count, size_t k, SmlFound *found);

#endif
