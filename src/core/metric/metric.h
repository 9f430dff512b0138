/*
 * metric.h - how good predictions are: figures, their intervals, and the
 * reason when a figure has no value.
 *
 * Three holders, by what a metric needs to keep:
 *   SmlScored   the pairs (actual, predicted, weight) of one evaluation, from
 *               which everything below follows
 *   SmlRanked   scores of positives and of negatives, 8 bytes a row (16 with
 *               weights): what ROC-AUC and average precision need
 *   sums        a few doubles, merged by addition or by the formulas of Chan,
 *               Golub and LeVeque 1983 (SmlTally, SmlErrors): all the others
 *
 * Definitions are those of scikit-learn 1.2, except that a figure that has no
 * value is NaN with a sentence, not 0 with a warning.  In macro and weighted
 * averages a class without a value counts as 0, as there.  Weights are relative
 * importance: every figure is unchanged when all weights are multiplied by one
 * number; rows of weight zero are not counted.
 *
 * Intervals are 95 %, for rows drawn independently:
 *   accuracy, precision, recall   Wilson 1927; with weights on the effective
 *                                 number of rows (sum w)^2 / sum w^2 (Kish)
 *   roc_auc                       DeLong, DeLong, Clarke-Pearson 1988, cut to [0, 1]
 *   log_loss, brier, mae          normal, from the deviation of the loss per row
 *   rmse                          the same for its square, by the delta method
 * The others have none (NaN), and so has any estimated deviation of zero.
 */
#ifndef SML_METRIC_H
#define SML_METRIC_H

#include "../fold.h"

/* log_loss: probabilities are kept this far from 0 and 1 (2^-52, scikit-learn's for doubles). */
#define SML_LOG_LOSS_CLIP 2.220446049250313e-16

/* ece and calibration curves: bins of equal width over [0, 1]; the last one is closed. */
#define SML_ECE_BINS 10

/* Loops over rows poll this often. */
#define SML_POLL_ROWS 4096

/* Two-sided 95 %. */
#define SML_Z95 1.959963984540054

typedef struct SmlMetric
{
	const char *name;    /* static: accuracy, roc_auc_macro, … */
	double      value;   /* NaN: undefined, see reason */
	double      ci_low;  /* NaN: unknown */
	double      ci_high;
	int64_t     n;       /* rows it rests on: precision: predicted positive; recall: positive; else all */
	const char *reason;  /* static sentence why there is no value, or NULL */
} SmlMetric;

/* ---- the pairs of one evaluation ------------------------------------------- */

typedef struct SmlScored
{
	SmlTask  task;
	size_t   classes;    /* K for classification (2 for binary), 0 for regression */
	size_t   positive;   /* binary: which class index is the positive one */
	bool     weighted;
	size_t   width;      /* predictions a row: 1, or K for multiclass */
	size_t   limit;      /* bytes it may take; 0: no limit */
	size_t   rows;
	size_t   room;
	double  *actual;     /* regression: the values */
	int32_t *label;      /* classification: class indexes */
	double  *predicted;  /* rows x width: the value, P(positive), or P(class k) */
	double  *weight;     /* NULL unless weighted */
} SmlScored;

/* An empty holder; positive counts for binary only. */
SML_MUST_USE SmlStatus sml_scored_start(SmlEnv *env, SmlTask task, size_t classes, size_t positive, bool weighted,
										size_t limit, SmlScored **scored);
void sml_scored_free(SmlEnv *env, SmlScored *scored);

/*
 * Append a row.  "actual" is the value, or the class index as a number;
 * "predicted" has width numbers.  A weight of zero adds nothing.  SML_BAD_INPUT:
 * a negative or not finite weight, a prediction that is NaN; SML_OVER_LIMIT.
 */
SML_MUST_USE SmlStatus sml_scored_add(SmlEnv *env, SmlScored *scored, double actual, const double *predicted, double weight);

/* The class index predicted for a row: P(positive) >= threshold for binary, else the most probable, the first of equals. */
size_t sml_scored_class(const SmlScored *scored, size_t row, double threshold);

/* The loss of one row: squared error, or log loss in nats. */
double sml_scored_loss(const SmlScored *scored, size_t row);

/*
 * All figures that belong to the task, in the order of the reference; freed with sml_free.
 * Binary: rows accuracy balanced_accuracy precision recall f1 mcc roc_auc average_precision log_loss brier ece.
 * Multiclass: rows accuracy balanced_accuracy precision_macro precision_weighted recall_macro recall_weighted f1_macro
 * f1_weighted mcc roc_auc_macro roc_auc_weighted average_precision_macro average_precision_weighted log_loss brier ece;
 * roc_auc and average_precision one class against the rest, over the classes that have rows on both sides; brier summed
 * over the classes; ece of the probability of the predicted class.
 * Regression: rows r2 rmse mae mape explained_variance.
 */
SML_MUST_USE SmlStatus sml_scored_metrics(SmlEnv *env, const SmlScored *scored, double threshold, SmlMetric **metrics, size_t *count);

/* Whether more of a metric is better (accuracy) or less (rmse). */
bool sml_metric_rises(const char *name);

/* ---- two models on the same rows -------------------------------------------- */

typedef struct SmlPaired
{
	double  a;          /* mean loss of the first */
	double  b;          /* and of the second */
	double  difference; /* a - b: above 0, b is better */
	double  low;        /* 95 %, normal on the differences per row; NaN below two rows */
	double  high;
	int64_t n;
} SmlPaired;

/* Mean difference of the loss per row.  Row i of both must be the same row of the source.  SML_BAD_INPUT when they do not match. */
SML_MUST_USE SmlStatus sml_paired_loss(SmlEnv *env, const SmlScored *a, const SmlScored *b, SmlPaired *paired);

/* ---- confusion ----------------------------------------------------------------- */

/* What one class looks like at the edges of the table. */
typedef struct SmlMargin
{
	double   actual;      /* weight of its rows */
	double   predicted;   /* weight of the rows predicted to be of it */
	double   hit;         /* weight of both */
	uint64_t n_actual;    /* the first two as rows */
	uint64_t n_predicted;
} SmlMargin;

/* Mean recall of the classes that have rows; NaN without rows. */
double sml_margins_balanced_accuracy(const SmlMargin *margins, size_t classes);

/*
 * The correlation of actual and predicted class (Matthews 1975 for two classes,
 * Gorodkin 2004 for more); NaN when all rows are, or are predicted to be, of one class.
 */
double sml_margins_mcc(const SmlMargin *margins, size_t classes);

typedef struct SmlConfusion
{
	size_t   classes;
	uint64_t rows;
	double   weight;
	double   weight2;   /* sum of squared weights */
	double  *cell;      /* classes x classes, [actual * classes + predicted], sums of weights */
	uint64_t *count;    /* the same, rows */
	double  *cell2;     /* the same, sums of squared weights, for effective numbers */
	SmlMargin *margins; /* per class */
} SmlConfusion;

SML_MUST_USE SmlStatus sml_confusion_make(SmlEnv *env, const SmlScored *scored, double threshold, SmlConfusion **confusion);
void sml_confusion_free(SmlEnv *env, SmlConfusion *confusion);

/* Figures of class k against the rest; NaN where undefined. */
typedef struct SmlClassReport
{
	double   precision;
	double   recall;
	double   f1;
	uint64_t support;   /* rows that are of the class */
	double   weight;    /* and the sum of their weights */
	uint64_t predicted; /* rows that are predicted to be */
} SmlClassReport;

void sml_class_report(const SmlConfusion *confusion, size_t k, SmlClassReport *report);

/* Averages as in scikit-learn: over classes that occur as actual or predicted; undefined counts as 0. */
typedef struct SmlAverages
{
	SmlClassReport macro;
	SmlClassReport weighted; /* by the weight of the class's rows */
	double accuracy;
	double balanced_accuracy;
	double mcc;
} SmlAverages;

void sml_confusion_averages(const SmlConfusion *confusion, SmlAverages *averages);

/* Wilson's interval for a share p of an (effective) number n, z standard errors wide; NaN when n is 0. */
void sml_wilson(double p, double n, double z, double *low, double *high);

/* ---- ranks ------------------------------------------------------------------------ */

typedef struct SmlSide
{
	size_t  count;
	size_t  room;
	double *at;     /* scores, or score and weight in turn */
} SmlSide;

typedef struct SmlRanked
{
	bool    weighted;
	bool    sorted;
	size_t  limit;   /* bytes; 0: no limit */
	SmlSide side[2]; /* negatives, positives */
} SmlRanked;

void sml_ranked_start(SmlRanked *ranked, bool weighted, size_t limit);
void sml_ranked_free(SmlEnv *env, SmlRanked *ranked);

/* Append.  Weight zero adds nothing.  SML_BAD_INPUT: NaN score, bad weight.  SML_OVER_LIMIT names the bytes needed. */
SML_MUST_USE SmlStatus sml_ranked_add(SmlEnv *env, SmlRanked *ranked, bool positive, double score, double weight);
SML_MUST_USE SmlStatus sml_ranked_merge(SmlEnv *env, SmlRanked *into, const SmlRanked *from);

/* Both sort in place first, n log n; roc_auc with DeLong's interval. */
SML_MUST_USE SmlStatus sml_ranked_roc_auc(SmlEnv *env, SmlRanked *ranked, SmlMetric *metric);
SML_MUST_USE SmlStatus sml_ranked_average_precision(SmlEnv *env, SmlRanked *ranked, SmlMetric *metric);

typedef struct SmlRocPoint
{
	double threshold; /* score at and above which a row counts as positive */
	double fpr;
	double tpr;
} SmlRocPoint;

/*
 * Points on the curve from (inf, 0, 0) to (…, 1, 1), at most "most" (at least 2)
 * of them, evenly along the curve; all of them when they are no more than that.
 * Freed with sml_free.  SML_BAD_INPUT without both classes.
 */
SML_MUST_USE SmlStatus sml_ranked_curve(SmlEnv *env, SmlRanked *ranked, size_t most, SmlRocPoint **points, size_t *count);

/* One distinct score, and the weight of the negatives [0] and positives [1] that have it. */
typedef struct SmlRankGroup
{
	double score;
	double weight[2];
} SmlRankGroup;

/* All distinct scores, the highest first; sorts in place.  Freed with sml_free. */
SML_MUST_USE SmlStatus sml_ranked_groups(SmlEnv *env, SmlRanked *ranked, SmlRankGroup **groups, size_t *count);

void sml_ranked_write(SmlWriter *writer, const SmlRanked *ranked);
void sml_ranked_read(SmlReader *reader, SmlRanked *ranked); /* to be freed whatever the reader's status */

/* Class k of "scored" against the rest. */
SML_MUST_USE SmlStatus sml_ranked_of(SmlEnv *env, const SmlScored *scored, size_t k, SmlRanked *ranked);

/* ---- sums ---------------------------------------------------------------------------- */

/* Mean and spread of a loss per row, in one pass. */
typedef struct SmlMean
{
	double n;       /* rows of weight above zero */
	double weight;
	double weight2; /* sum of w^2 */
	double mean;
	double m2;      /* sum of w (x - mean)^2 */
	double v0;      /* sum of w^2 (x - mean)^2 and sum of w^2 (x - mean): for the deviation of the mean */
	double v1;
} SmlMean;

void sml_mean_add(SmlMean *mean, double value, double weight);
void sml_mean_merge(SmlMean *into, const SmlMean *from);
double sml_mean_error(const SmlMean *mean); /* standard error of the mean; NaN below two rows */

double sml_log_loss_of(bool positive, double probability); /* of one row, clipped */

/* Tally of two-class pairs: sums of weights. */
typedef struct SmlTally
{
	double n;
	double tp, fp, fn, tn;
} SmlTally;

double sml_tally_precision(const SmlTally *tally); /* NaN where undefined, as above */
double sml_tally_recall(const SmlTally *tally);
double sml_tally_f1(const SmlTally *tally);

/* Regression: the mean and spread of actual and of the error, and mean absolute figures. */
typedef struct SmlErrors
{
	SmlMean actual;
	SmlMean error;    /* actual - predicted */
	SmlMean squared;  /* its square */
	SmlMean absolute; /* its absolute value */
	SmlMean relative; /* |error / actual|, rows with actual = 0 left out */
} SmlErrors;

void sml_errors_add(SmlErrors *errors, double actual, double predicted, double weight);
void sml_errors_merge(SmlErrors *into, const SmlErrors *from);

typedef enum SmlErrorMetric
{
	SML_R2,
	SML_RMSE,
	SML_MAE,
	SML_MAPE,
	SML_EXPLAINED_VARIANCE
} SmlErrorMetric;

void sml_errors_metric(const SmlErrors *errors, SmlErrorMetric which, SmlMetric *metric);

/* ---- calibration ------------------------------------------------------------------------ */

typedef struct SmlBin
{
	double   weight;
	double   mean_predicted; /* NaN in an empty bin */
	double   observed;
	uint64_t n;
} SmlBin;

/*
 * Fill "count" bins: binary P(positive) against being positive; multiclass the
 * probability of the predicted class against being right.
 */
SML_MUST_USE SmlStatus sml_calibration(SmlEnv *env, const SmlScored *scored, size_t count, SmlBin *bins);
double sml_calibration_error(const SmlBin *bins, size_t count); /* expected calibration error */

#endif
