/*
 * points.h - rows made ready for distances.
 *
 *   mixed    sum of squared differences of the numbers + med^2 * (categories that differ), med being the median over
 *            the numeric columns of their population deviation (SMOTE-NC, Chawla et al. 2002; one-hot columns of med / sqrt 2)
 *   values   categories alone: sum over columns of (sum over classes of |P(class | u) - P(class | v)|)^2, the
 *            value-difference metric of Stanfill and Waltz 1986 as SMOTE-N has it; with two classes
 *            that is the Euclidean distance between the numbers 2 P(second class | u)
 *
 * Missing, NaN and infinite numbers count as the mean of the finite ones.  A column without any is left out.  Memory: 8 bytes a number
 * (or probability), 4 a category.
 */
#ifndef SML_POINTS_H
#define SML_POINTS_H

#include "cases.h"

typedef struct SmlPoints
{
	size_t   count;
	size_t   width;    /* coordinates a point */
	size_t   labels;   /* categories that are compared as such */
	size_t   group;    /* 0: Euclidean; else this many coordinates are the probabilities of one column */
	double   mismatch; /* med^2 */
	double  *x;        /* count x width */
	int32_t *code;     /* count x labels */
	/* told how much of a search is done; set by whoever made the points, or NULL */
	void   (*progress)(void *context, const char *phase, double share);
	void    *progress_context;
} SmlPoints;

/*
 * Look at "rows" of the cases, given by index in the order of their rank.  Means, deviations
 * and med come from these rows; the probabilities of the value-difference metric, which is taken when there
 * are no numbers, from all cases.
 */
SML_MUST_USE SmlStatus sml_points_make(SmlEnv *env, const SmlCases *cases, const size_t *rows, size_t count,
									   bool standardize, SmlPoints **points);
void sml_points_free(SmlEnv *env, SmlPoints *points);

/* Bytes that sml_points_make takes for "count" rows; false when that does not fit a size. */
SML_MUST_USE bool sml_points_need(const SmlCases *cases, size_t count, size_t *bytes);

/* Squared distance between two of the points, by position. */
double sml_points_distance(const SmlPoints *points, size_t a, size_t b);

/* The same between points of two arrays of one shape. */
double sml_points_between(const SmlPoints *points, size_t a, const SmlPoints *others, size_t b);

/* The same where group is 0, for loops over many pairs. */
static inline __attribute__((always_inline)) double
sml_points_euclidean(const SmlPoints *points, size_t a, const SmlPoints *others, size_t b)
{
	const double *xa = points->x + a * points->width;
	const double *xb = others->x + b * points->width;
	double        sums[4] = {0, 0, 0, 0};
	double        sum;
	size_t        differ = 0;
	size_t        j = 0;

	/* four sums in turn: as exact as one, and not bound by the latency of an addition */
	for (; j + 4 <= points->width; j += 4)
		for (size_t l = 0; l < 4; l++)
			sums[l] += (xa[j + l] - xb[j + l]) * (xa[j + l] - xb[j + l]);
	for (; j < points->width; j++)
		sums[0] += (xa[j] - xb[j]) * (xa[j] - xb[j]);
	sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
	for (j = 0; j < points->labels; j++)
		differ += points->code[a * points->labels + j] != others->code[b * points->labels + j];
	return differ > 0 ? sum + points->mismatch * (double) differ : sum;
}

#endif
