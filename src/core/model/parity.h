/*
 * parity.h - a penalty on the covariance between group and score, for classifiers whose
 * score is a probability:
 *
 *   (l / 2) W sum over events e and groups g of c(e,g)^2,
 *   c(e,g) = cov(1 [group = g], p | e) = (W(e,g) / W(e)) (mean of p in the cell - mean of p in the event)
 *
 * W are sums of weights, e the event that a row belongs to: one event for demographic
 * parity, the two labels for equalized odds, one label for equal opportunity.  Rows
 * outside all events, or of no known group, carry no penalty.
 *
 * For Newton's method every cell is one rank-one term, l W (grad c)(grad c)', and the curvature of p
 * changes each row's weight in the Hessian by the factor 1 + t (1 - 2p), t the derivative of
 * the penalty by a row's score.  t is known only when the pass is over, so that of the
 * pass before is used, and the factor is kept above SML_PARITY_FLOOR: the Hessian stays positive definite,
 * and exact where the search ends.  The objective is not convex for large l; the search starts from the
 * fit without the penalty, so that the result is still the same each time.
 *
 * Why p and not the linear predictor, whose covariance would be convex (Zafar et al. 2017): a few rows with a
 * large linear predictor can balance that covariance and leave the selection rates where they were.  On Adult by
 * sex, without a ridge on rare levels, it was zero at a gap of 0.163 (0.168 without any penalty).
 * (The correlation remover of fairness/mitigate.h is that method, with the covariance at zero.)
 *
 * Sources: Zafar, Valera, Gomez Rodriguez, Gummadi, AISTATS 2017, for the covariance as a measure; the score p,
 * the events and the lagged curvature are ours.
 */
#ifndef SML_PARITY_H
#define SML_PARITY_H

#include "../core.h"

#define SML_PARITY_FLOOR 0.1

typedef struct SmlParity
{
	double  strength; /* l */
	size_t  groups;
	size_t  events;
	size_t  cells;    /* events x groups */
	size_t  width;    /* unknowns, intercept first */
	/* sums of this pass, per cell */
	double *weight;
	double *score;    /* sum w p */
	double *slope;    /* cells x width: its gradient */
	double *pull;     /* t above, from the pass before */
} SmlParity;

SML_MUST_USE SmlStatus sml_parity_start(SmlEnv *env, double strength, size_t groups, size_t events, size_t width,
										SmlParity **parity);
void sml_parity_free(SmlEnv *env, SmlParity *parity); /* NULL is allowed */
void sml_parity_clear(SmlParity *parity);             /* empty sums for the next pass */

/*
 * Take rows: x (rows x width - 1), score p, weight w (NULL: ones) and weighted curvature w p (1 - p), which
 * is changed as said above.  A cell of -1, or beyond the cells, carries no penalty.
 */
void sml_parity_absorb(SmlParity *parity, size_t rows, const double *x, const int32_t *cell, const double *score,
					   const double *w, double *curvature);

/* Both must have the same cells and width. */
SML_MUST_USE SmlStatus sml_parity_merge(SmlEnv *env, SmlParity *into, const SmlParity *from);

/* c of every cell, from the sums; 0 for empty events. */
void sml_parity_covariances(const SmlParity *parity, double *covariance);

/*
 * The value of the penalty at the point of the pass, for "total" weight; its gradient and the
 * rank-one terms are added (hessian: upper triangle). .
 */
SML_MUST_USE SmlStatus sml_parity_add(SmlEnv *env, const SmlParity *parity, double total, double *gradient, double *hessian,
									  double *value);

/* Remember the derivative by the scores for the next pass. */
SML_MUST_USE SmlStatus sml_parity_digest(SmlEnv *env, SmlParity *parity, double total);

#endif
