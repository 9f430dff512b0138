/*
 * inequality.h - inequality of benefits, distances of distributions, and consistency among neighbours.
 *
 * Benefit of a row with label and prediction: 1 + prediction - label, so 0 for a false negative, 1 for a right
 * prediction, 2 for a false positive (Speicher et al. 2018).  Generalised entropy of benefits b with mean mu:
 *
 *   alpha other   mean((b / mu)^alpha - 1) / (alpha (alpha - 1))
 *   alpha 1       mean((b / mu) ln(b / mu))    Theil
 *   alpha 0       -mean(ln(b / mu))            undefined where a benefit is 0
 *
 * It splits into a part between groups (every row with its group's mean) and the rest within.
 */
#ifndef SML_FAIRNESS_INEQUALITY_H
#define SML_FAIRNESS_INEQUALITY_H

#include "counts.h"

typedef struct SmlInequality
{
	double      total;    /* NaN: undefined, see reason */
	double      between;
	double      within;
	const char *reason;   /* static, or NULL */
} SmlInequality;

/* Over groups; rows without label or prediction are not used.  Weights count. */
void sml_inequality(const SmlFairState *const *groups, size_t count, double alpha, SmlInequality *result);

/* Distances of two distributions over the same outcomes (shares p and q, each with sum 1). */
typedef struct SmlDistances
{
	double kl;              /* of p from q, nats; NaN where q has none of what p has */
	double js;              /* Jensen-Shannon divergence, nats */
	double total_variation;
	double l2;
} SmlDistances;

void sml_distances(const double *p, const double *q, size_t count, SmlDistances *distances);

/*
 * Two samples, each sorted ascending: Kolmogorov-Smirnov distance and the first Wasserstein distance.
 * NaN when one is empty.  SML_STOPPED.
 */
SML_MUST_USE SmlStatus sml_two_samples(SmlEnv *env, const double *a, size_t a_count, const double *b, size_t b_count, double *ks,
									   double *wasserstein);

/*
 * 1 - mean |outcome of a row - mean outcome of its k nearest other rows| (Zemel et al. 2013), by Euclidean distance over
 * columns scaled to unit deviation.  "self": the row counts as its own nearest neighbour, as in AIF360.  Rows at
 * the distance of the k-th neighbour share its place, so that the order of rows is no matter.  Time rows^2 x columns.
 * SML_BAD_INPUT: fewer than k other rows.
 */
SML_MUST_USE SmlStatus sml_consistency(SmlEnv *env, const double *features, size_t rows, size_t columns, const double *outcomes,
									   size_t k, bool self, double *consistency);

#endif
