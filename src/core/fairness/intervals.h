/*
 * intervals.h - a figure with its interval, and the methods that give figures intervals.
 *
 *   share        Wilson 1927
 *   odds         Wilson's ends carried to x / (m - x), since x of m is a share too
 *   mean         Student's t.  Where the values do not vary, or there is one row only, that would claim certainty: there Hoeffding 1963,
 *                which rests on the range of the values alone, and nothing where the range has no end
 *   difference   MOVER (Zou and Donner 2008, Statistics in Medicine 27, 1693): each figure's distance from the ends of its own interval
 *                takes the place of its error; for two shares by Wilson it is Newcombe's hybrid score interval (1998)
 *   ratio        Katz et al. 1978; where a share is 0 or 1 its error is 0 on the scale of logarithms, so there MOVER
 *                for ratios (Donner and Zou 2012, Statistical Methods in Medical Research 21, 347)
 *   sum of |x|   the L1 norm of noisy gaps is biased upwards and has no derivative at 0, so neither the normal interval nor the percentiles of
 *                a bootstrap cover.  The triangle inequality does: the norm is off by at most the norm of the noise, whose quantile follows from its
 *                three moments (Cornish and Fisher 1937)
 *
 * With weights n is the effective number of rows (sum w)^2 / sum w^2 (Kish 1965).
 *
 * A figure that can itself be off by a known amount ("off", for an AUC from a histogram) has that added at both ends.
 */
#ifndef SML_FAIRNESS_INTERVALS_H
#define SML_FAIRNESS_INTERVALS_H

#include "../core.h"

typedef struct SmlFigure
{
	double      value;       /* NaN: undefined */
	double      numerator;   /* sums of weights with weights; NaN where it is no quotient */
	double      denominator;
	uint64_t    n;           /* rows it rests on */
	double      effective;   /* effective number of rows, for intervals */
	double      below;       /* how far the truth may lie below and above, before it is cut to what is possible; NaN: no interval */
	double      above;
	double      off;         /* by how much the value itself can be off; part of the interval, not of below and above */
	double      ci_low;      /* NaN: none */
	double      ci_high;
	const char *ci_method;   /* static: wilson, newcombe, …; NULL without */
	const char *reason;      /* static: why it has no value: no_positives, …; NULL when it has one */
	const char *no_interval; /* static: why a value has no interval; NULL when it has one */
} SmlFigure;

/* Why there is no value, or else no interval; NULL when there are both. */
const char *sml_figure_reason(const SmlFigure *figure);

/* No value, for "reason". */
void sml_figure_undefined(SmlFigure *figure, const char *reason);

/* A value that has no interval, for "reason". */
void sml_figure_plain(SmlFigure *figure, double value, const char *reason);

/* Set the interval of a value from the two margins, cut to [least, most]; margins that are not finite: none, "not_finite". */
void sml_figure_interval(SmlFigure *figure, const char *method, double below, double above, double least, double most);

/* ---- methods; z is the standard normal quantile of a two-sided interval, n the effective number of rows ---- */

/* figure->value = numerator / denominator = share of "effective" rows, with Wilson's interval. */
void sml_figure_share(SmlFigure *figure, double z);

/* figure->value = numerator / denominator, two classes of "effective" rows; denominator above 0. */
void sml_figure_odds(SmlFigure *figure, double z);

/*
 * The interval of figure->value, a mean over "effective" rows with this variance (of the population, by 1 / n), of values within
 * [least, most], which may be infinite.
 */
void sml_figure_mean(SmlFigure *figure, double variance, double least, double most, double z);

/* P(|T| > |x|) = P(|Z| > z): the quantile of Student's t that stands for z. */
double sml_student(double z, double df);

/* x with P(Z > x) = P(|Z| > z): the one-sided quantile that stands for z, not below 0. */
double sml_one_sided(double z);

/* Quantile of the sum of |N(0, s^2)| with the sums of s, s^2 and s^3 given; z as above. */
double sml_norm_bound(double s, double s2, double s3, double z);

/* ---- comparing two ---------------------------------------------------------------- */

/* a - b; reason of whichever is undefined. */
void sml_figure_difference(const SmlFigure *a, const SmlFigure *b, SmlFigure *difference);

/* a / b of two shares.  Undefined with reason reference_is_zero when b is 0 (both_are_zero when a is too). */
void sml_figure_ratio(const SmlFigure *a, const SmlFigure *b, double z, SmlFigure *ratio);

#endif
