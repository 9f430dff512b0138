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
 *   roc_auc         from the histogram, ties within a bin counted half; the interval is widened by the most that
 *                   this can be off, which is nothing where the rows of each bin have one score
 *
 * Intervals are those of intervals.h: Wilson for shares and for the odds of treatment equality, Student's t for means of scores and losses, the bound
 * of a norm for ece, which is the sum of the gaps of its bins.  The AUC has that of Newcombe 2006 (Statistics in Medicine 25, 559, method 5), which holds for few
 * rows and up to classes that do not overlap; where the variance of DeLong, DeLong and Clarke-Pearson 1988, from the placements of
 * the histogram's bins, is larger than the one that it supposes, it takes that.  (DeLong's own interval covers 80 to 92 % of the time where there are tens of
 * rows or areas above 0.95: fairness_coverage.py.)
 */
#ifndef SML_FAIRNESS_FIGURES_H
#define SML_FAIRNESS_FIGURES_H

#include "counts.h"
#include "intervals.h"

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

/* Why the odds ratio has no value, or NULL. */
const char *sml_mantel_haenszel_reason(const SmlMantelHaenszel *result);

void sml_mantel_haenszel(const SmlStratum *strata, size_t count, double z, SmlMantelHaenszel *result);

/* A stratum's rows with and without the outcome, and those of them in one group. */
typedef struct SmlSplit
{
	double own_selected;
	double selected;
	double own_rejected;
	double rejected;
} SmlSplit;

/*
 * Conditional demographic disparity: the group's share of the rejected less its share of the selected, averaged over strata by their rows;
 * interval by MOVER for sums (Zou, Huang and Zhang 2009) on Wilson's of all shares.  Strata where all or none are selected are not used.
 */
void sml_conditional_disparity(const SmlSplit *strata, size_t count, double z, SmlFigure *figure);

#endif
