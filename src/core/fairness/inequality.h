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
 *
 * Intervals.  Inequalities: a bootstrap on the cells group x benefit, value - bias +- z deviations of the draws (the normal interval of Efron and Tibshirani 1993,
 * 13.3, with their bias of 10.2), since these figures are biased upwards near 0.  Divergences: the delta method to the second order, which gives them bias and
 * variance where both distributions are equal and the first order is 0.  Total variation and Euclidean distance: value +- q, q the quantile of the same norm
 * of the errors over multinomial draws of both distributions (triangle inequality; disparity.c says more).  Two samples: Kolmogorov-Smirnov by the inequality of
 * Dvoretzky, Kiefer and Wolfowitz with Massart's constant (1990) for each sample; Wasserstein, an L1 norm of the difference of two distribution
 * functions, by the expected norm of their errors plus a normal quantile of the deviation of the difference of the means, which is what such a norm can vary by
 * (Borell 1975, Tsirelson, Ibragimov and Sudakov 1976).
 */
#ifndef SML_FAIRNESS_INEQUALITY_H
#define SML_FAIRNESS_INEQUALITY_H

#include "disparity.h"

typedef struct SmlInequality
{
	SmlFigure total;
	SmlFigure between;
	SmlFigure within;
} SmlInequality;

/* Over groups; rows without label or prediction are not used.  Weights count, in draws by the effective number of rows.  SML_NO_MEMORY, SML_STOPPED. */
SML_MUST_USE SmlStatus sml_inequality(SmlEnv *env, const SmlFairState *const *groups, size_t count, double alpha, const SmlDraws *draws,
									  SmlInequality *result);

/* The coefficient of variation from the entropy with alpha 2: sqrt(2 x), with the interval's ends carried over. */
void sml_coefficient_of_variation(const SmlFigure *entropy, SmlFigure *variation);

/* Distances of two distributions over the same outcomes. */
typedef enum SmlDistance
{
	SML_DISTANCE_KL,              /* of the first from the second, nats; label_only_in_group where the second has none of what the first has */
	SML_DISTANCE_JS,              /* Jensen-Shannon divergence, nats */
	SML_DISTANCE_TOTAL_VARIATION,
	SML_DISTANCE_L2,
	SML_DISTANCES
} SmlDistance;

/* From counts by outcome; SML_NO_MEMORY, SML_STOPPED.  Without rows on a side all are undefined: no_labels, one_group. */
SML_MUST_USE SmlStatus sml_distances(SmlEnv *env, const double *own, const double *rest, size_t outcomes, const SmlDraws *draws,
									 SmlFigure distances[SML_DISTANCES]);

/*
 * Two samples, each sorted ascending: Kolmogorov-Smirnov distance and the first Wasserstein distance.
 * Undefined when one is empty: no_rows, one_group.  SML_STOPPED.
 */
SML_MUST_USE SmlStatus sml_two_samples(SmlEnv *env, const double *a, size_t a_count, const double *b, size_t b_count, double z,
									   SmlFigure *ks, SmlFigure *wasserstein);

#endif
