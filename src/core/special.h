/*
 * special.h - distribution functions for intervals and tests.
 *
 * Sources: the incomplete beta function by its continued fraction, evaluated by Lentz's
 * method (DLMF 8.17.22); quantiles by bisection on the distribution function, which is slow
 * (some hundred evaluations) and as exact as the function itself.
 */
#ifndef SML_SPECIAL_H
#define SML_SPECIAL_H

/* P(|Z| > |z|) for a standard normal, or for Student's t with df degrees of freedom (INFINITY: normal). NaN in, NaN out. */
double sml_two_sided_p(double statistic, double df);

/* x with P(|T| > x) = alpha, 0 < alpha < 1. */
double sml_two_sided_quantile(double alpha, double df);

#endif
