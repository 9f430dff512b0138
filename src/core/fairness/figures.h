/*
 * figures.h - rates of one group and comparisons of two, each with numerator,
 * denominator, interval and the name of its method, or the reason why it has no value.
 *
 * With cells n[label][prediction], label and prediction about the positive class:
 *
 *   selection_rate  predicted the favourable outcome / predicted; when nobody said which
 *                   outcome is favourable, it is the positive class
 *   base_rate       positive / labelled
 *   tpr fnr         among positives: predicted positive, negative
 *   fpr tnr         among negatives: predicted positive, negative
 *   ppv fdr         among predicted positives: positive, negative
 *   npv for         among predicted negatives: negative, positive
 *   accuracy error_rate   among rows with both
 *   treatment_equality    false negatives / false positives
 *   mean_score mean_score_positive mean_score_negative   of all scored rows, of the positives
 *                   (generalised tpr) and of the negatives (generalised fpr)
 *   brier log_loss ece    as in metric.h
 *   calibration_gap mean score minus base rate of the labelled scored rows
 *   roc_auc         from the histogram, ties within a bin counted half; the interval
 *                   is widened by the most that this can be off
 *
 * Intervals: Wilson 1927 for shares, with weights on the effective number
 * (sum w)^2 / sum w^2 (Kish 1965); normal for means; Hanley and McNeil 1982 for the AUC;
 * Newcombe 1998 (hybrid score) for differences of shares; Katz et al. 1978 for ratios.
 */
#ifndef SML_FAIRNESS_FIGURES_H
#define SML_FAIRNESS_FIGURES_H

#include "counts.h"

typedef enum SmlFairMetric
{
	/* shares */
	SML_FAIR_SELECTION_RATE,
	SML_FAIR_BASE_RATE,
	SML_FAIR_TPR,
	SML_FAIR_FPR,
	SML_FAIR_TNR,
	SML_FAIR_FNR,
	SML_FAIR_PPV,
	SML_FAIR_NPV,
	SML_FAIR_FDR,
	SML_FAIR_FOR,
	SML_FAIR_ACCURACY,
	SML_FAIR_ERROR_RATE,
	SML_FAIR_SHARES, /* number of the above */
	SML_FAIR_TREATMENT_EQUALITY = SML_FAIR_SHARES,
	/* scores */
	SML_FAIR_MEAN_SCORE,
	SML_FAIR_MEAN_SCORE_POSITIVE,
	SML_FAIR_MEAN_SCORE_NEGATIVE,
	SML_FAIR_BRIER,
	SML_FAIR_LOG_LOSS,
	SML_FAIR_ECE,
	SML_FAIR_CALIBRATION_GAP,
	SML_FAIR_ROC_AUC,
	SML_FAIR_METRICS
} SmlFairMetric;

typedef struct SmlFigure
{
	double      value;       /* NaN: undefined */
	double      numerator;   /* sums of weights with weights; NaN where it is no quotient */
	double      denominator;
	uint64_t    n;           /* rows it rests on */
	double      effective;   /* effective number of rows, for intervals */
	double      ci_low;      /* NaN: none */
	double      ci_high;
	const char *ci_method;   /* static: wilson, newcombe, katz, normal, hanley_mcneil, bootstrap; NULL without */
	const char *reason;      /* static: no_positives, …; NULL when there is a value */
} SmlFigure;

/* "tpr", …; NULL beyond the last. */
const char *sml_fair_metric_name(SmlFairMetric metric);

/* By name; SML_FAIR_METRICS when there is none of it. */
SmlFairMetric sml_fair_metric_find(const char *name);

/*
 * The figure of a group.  "favorable": SML_YES when the positive class is the favourable
 * outcome (or nobody said), SML_NO when the other one is.  "z": standard normal quantile of the
 * intervals (1.96 for 95 %).
 */
void sml_fair_figure(const SmlFairState *state, SmlFairMetric metric, SmlTruth favorable, double z, SmlFigure *figure);

/* Numerator and denominator of a share as sets of cells: bit label * 3 + prediction. */
void sml_fair_cells(SmlFairMetric metric, SmlTruth favorable, unsigned *numerator, unsigned *denominator);

/* Standard normal quantile for a two-sided interval of this confidence. */
double sml_fair_z(double confidence);

/* a - b with Newcombe's interval; reason of whichever is undefined. */
void sml_figure_difference(const SmlFigure *a, const SmlFigure *b, double z, SmlFigure *difference);

/*
 * a / b with Katz's interval on the log scale.  Undefined with reason reference_is_zero when b is 0
 * (both_are_zero when a is too); no interval where a is 0.
 */
void sml_figure_ratio(const SmlFigure *a, const SmlFigure *b, double z, SmlFigure *ratio);

/* ---- tests ---------------------------------------------------------------------- */

/* Two-sided pooled z test of x1 / n1 against x2 / n2; z NaN where a side is empty or the pooled share is 0 or 1. */
void sml_two_shares_z(double x1, double n1, double x2, double n2, double *z, double *p);

/*
 * Fisher's exact test, two-sided: tables with the same margins that are no more probable than this one. NaN for empty sides.
 * Beyond some 10^13 rows the normal approximation.
 */
double sml_fisher_p(uint64_t x1, uint64_t n1, uint64_t x2, uint64_t n2);

/* P(chi-squared with df degrees of freedom > x). */
double sml_chi_squared_p(double x, double df);

/* Pearson's chi-squared test that "groups" shares x / n are equal (empty groups left out); NaN below two groups or when all or none. */
double sml_homogeneity_p(const double *x, const double *n, size_t groups, double *statistic);

/* One 2 x 2 table of a stratum: a of n1 in the group, b of n0 in the reference. */
typedef struct SmlStratum
{
	double a;
	double n1;
	double b;
	double n0;
} SmlStratum;

typedef struct SmlMantelHaenszel
{
	size_t used;          /* strata with rows on both sides */
	double odds_ratio;    /* Mantel-Haenszel 1959; NaN undefined */
	double odds_low;      /* Robins, Breslow, Greenland 1986 */
	double odds_high;
	double difference;    /* Mantel-Haenszel weighted risk difference */
	double difference_low; /* Sato 1989 */
	double difference_high;
	double cmh;           /* Cochran-Mantel-Haenszel statistic, 1 df */
	double cmh_p;
	double cmh_corrected; /* with continuity correction */
	double cmh_corrected_p;
} SmlMantelHaenszel;

void sml_mantel_haenszel(const SmlStratum *strata, size_t count, double z, SmlMantelHaenszel *result);

#endif
