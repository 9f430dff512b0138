/*
 * link.h - what the logistic and the softmax model need of every row: loss,
 * residual and curvature from the linear predictor, a block of rows at a time.
 *
 * exp and log1p are our own, without branches, so that the compiler can work on
 * several rows at once: an error of about one unit in the last place, the same
 * bits on every processor (no contraction, no reordering of sums).
 */
#ifndef SML_LINK_H
#define SML_LINK_H

#include "../core.h"

/* The arrays below always hold so many entries; what lies behind the last row must be finite. */
#define SML_LINK_ROWS 256

/*
 * For each of SML_LINK_ROWS rows, from eta and y (0 or 1):
 *   margin     eta where y is 1, -eta where y is 0
 *   loss       log(1 + exp(-margin))
 *   residual   P(y = 1) - y
 *   curvature  P (1 - P)
 * Nothing cancels where P runs to 0 or 1.
 */
void sml_link_logistic(const double *restrict eta, const double *restrict y, double *restrict margin,
					   double *restrict loss, double *restrict residual, double *restrict curvature);

/*
 * For "classes" rows of SML_LINK_ROWS linear predictors each (eta[k *
 * SML_LINK_ROWS + i]): the probabilities in their place, and in log_sum the log
 * of the sum of exp(eta - top), where top is the largest of the row.
 */
void sml_link_softmax(size_t classes, double *restrict eta, double *restrict top, double *restrict log_sum);

#endif
