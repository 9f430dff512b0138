/*
 * neighbours.h - exact k nearest neighbours of rows with numbers and categories.
 *
 *   squared distance = sum of squared differences of the numbers + mismatch * (categories that differ)
 *
 * or, for categories alone, the value-difference metric: sum over columns of
 * (sum over classes of |P(class | u) - P(class | v)|)^2 (Stanfill and Waltz 1986), which with two classes
 * is a Euclidean distance again.
 *
 * "Exact" means: the k smallest by (distance in float64 summed in column order, rank), whatever the search did to find
 * them.  Two searches:
 *
 *   kd-tree  few numeric columns and many rows
 *   blocks   else: single-precision products of blocks of rows bound each distance from below; only pairs
 *            that may belong to the k nearest are computed in float64.  A search of
 *            rows among themselves looks at each pair once.
 *
 * Cost: blocks n m p / 2 to n m p multiplications; memory 4 bytes per value searched and 12 k per query;
 * polls every few thousand distances.
 */
#ifndef SML_NEIGHBOURS_H
#define SML_NEIGHBOURS_H

#include "cases.h"

/* Rows to search, and how to measure.  Made once, searched often. */
typedef struct SmlPoints SmlPoints;

typedef enum SmlMetric
{
	SML_METRIC_MIXED = 0, /* numbers, and mismatch counts */
	SML_METRIC_VALUES     /* value difference of categories alone */
} SmlMetric;

typedef struct SmlPointsSpec
{
	SmlMetric metric;
	bool      standardize;
	double    mismatch;    /* < 0: med^2 of the rows that measure */
} SmlPointsSpec;

/*
 * Look at "rows" of the cases, given by index in the order of their rank.  Means, deviations
 * and med come from these rows; the probabilities of the value-difference metric from all cases.
 */
SML_MUST_USE SmlStatus sml_points_make(SmlEnv *env, const SmlCases *cases, const size_t *rows, size_t count,
									   const SmlPointsSpec *spec, SmlPoints **points);
void sml_points_free(SmlEnv *env, SmlPoints *points);

/* Exact squared distance between two of the points, by position. */
double sml_points_distance(const SmlPoints *points, size_t a, size_t b);

/* sqrt of the weight of a differing category. */
double sml_points_med(const SmlPoints *points);

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

/* The k farthest instead. */
SML_MUST_USE SmlStatus sml_farthest(SmlEnv *env, const SmlPoints *points, const size_t *queries, size_t query_count,
									const size_t *among, size_t among_count, size_t k, SmlFound *found);

#endif
