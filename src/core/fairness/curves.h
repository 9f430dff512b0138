/*
 * curves.h - what every threshold would do to every group: for each group the
 * true and false positives of "positive at and above s", for all distinct scores s.
 *
 * Point 0 is the threshold above all scores (nobody is positive), point k takes the rows
 * of the k highest distinct scores.  Along a curve both counts rise, so every rate that is
 * compared between groups rises too, and "the rate lies within a window" is a stretch of points.
 *
 * Constraints, each a set of rates that must be alike over groups (largest minus smallest at most max_gap):
 *   demographic parity   share of positives among all rows
 *   equal opportunity    among the rows whose label is the favourable outcome
 *   equalized odds       among the positives, and among the negatives
 *
 * The gap is found on the rows at hand and must hold on others: "margin" asks that the gap and that many of its
 * standard errors stay within max_gap.  The error is that of two groups (the two with the fewest rows) with
 * the same rate, sqrt(r (1 - r) (1 / n1 + 1 / n2)), n the effective numbers of rows (Kish), r the rate between the
 * smallest and the largest that is nearest to a half, where the error is largest.
 * Where that leaves less than half of max_gap (SML_LEAST_ROOM), half is what the gap must be within: a margin taken in full
 * would be met only where the error is small, near "nobody" and "everybody", at any loss of accuracy.  Tried
 * on Adult by sex, rows of the training part alone: equalized odds within 0.025 and a margin of 2 kept an accuracy of 0.785 without
 * the half and 0.838 with it; demographic parity within 0.005 and 1.5, 0.803 and 0.832 (docs/mitigation.md).
 *
 * Cost: n log n for the sort; memory 3 doubles a distinct score.  Rows with a missing score, no label or group
 * are the caller's to leave out.  Nothing is random; ties are kept together.
 */
#ifndef SML_FAIRNESS_CURVES_H
#define SML_FAIRNESS_CURVES_H

#include "../core.h"

typedef enum SmlConstraint
{
	SML_DEMOGRAPHIC_PARITY = 0,
	SML_EQUAL_OPPORTUNITY,
	SML_EQUALIZED_ODDS
} SmlConstraint;

/* The rates of a constraint; bits. */
enum
{
	SML_RATE_ALL = 1, /* of all rows */
	SML_RATE_POS = 2, /* of the positives: tpr */
	SML_RATE_NEG = 4  /* of the negatives: fpr */
};
#define SML_RATES 3

/* "positive_is_favorable" decides for equal opportunity. */
unsigned sml_constraint_rates(SmlConstraint constraint, bool positive_is_favorable);
const char *sml_constraint_name(SmlConstraint constraint); /* demographic_parity, … */

/* One row. */
typedef struct SmlDecided
{
	double  score;
	double  weight;   /* above 0 */
	int32_t group;    /* 0 … groups - 1; others are passed over */
	bool    positive; /* the label */
} SmlDecided;

typedef struct SmlCurve
{
	size_t  points;    /* of the arrays: distinct scores + 1 */
	double *score;     /* of point k, k > 0; score[0] is +infinity */
	double *tp;        /* weights of positives at and above it */
	double *fp;
	double  positives; /* all of them */
	double  negatives;
	double  rows;      /* effective numbers of rows: all, */
	double  rows_positive;
	double  rows_negative;
	size_t  count;     /* rows */
} SmlCurve;

typedef struct SmlCurves
{
	size_t    groups;
	SmlCurve *curve;
	double    weight;  /* of all groups */
} SmlCurves;

/* Sorts "rows" in place.  SML_BAD_INPUT: a score that is NaN. */
SML_MUST_USE SmlStatus sml_curves_make(SmlEnv *env, SmlDecided *rows, size_t count, size_t groups, SmlCurves **curves);
void sml_curves_free(SmlEnv *env, SmlCurves *curves); /* NULL is allowed */

/* A rate of a curve at a point (one SML_RATE bit); NaN when its denominator is zero. */
double sml_curve_rate(const SmlCurve *curve, unsigned rate, size_t point);

/* The last point whose rows all score at or above "threshold". */
size_t sml_curve_point(const SmlCurve *curve, double threshold);

/*
 * The threshold of a point: halfway to the next score, so that it also decides about scores in between;
 * +infinity for nobody and -infinity for everybody.
 */
double sml_curve_threshold(const SmlCurve *curve, size_t point);

/* The share of max_gap that a margin never takes away. */
#define SML_LEAST_ROOM 0.5

/* What one wants of thresholds. */
typedef struct SmlThresholdWish
{
	SmlConstraint constraint;
	bool          positive_is_favorable;
	double        max_gap;
	double        margin;    /* standard errors */
	size_t        min_rows;  /* a group with fewer rows under one of the rates gets no threshold of its own */
} SmlThresholdWish;

typedef struct SmlThresholds
{
	size_t  groups;
	double *threshold;  /* per group; NaN where usable is false */
	bool   *usable;
	double *rate[SML_RATES]; /* per group: share of all rows, tpr, fpr; NaN undefined */
	double  accuracy;   /* over the usable groups */
	double  gap;        /* the largest over the rates of the constraint */
	double  error;      /* the standard error of a gap, the largest over the rates of the constraint */
	bool    feasible;   /* each gap is within what is allowed */
	double  allowed[SML_RATES]; /* max_gap less the margin at these rates, but not below half of it */
	double  radius;     /* reject option: half the width of the critical region; else NaN */
} SmlThresholds;

void sml_thresholds_free(SmlEnv *env, SmlThresholds *thresholds);

/* Whether a gap with this standard error leaves no room for the margin in full. */
bool sml_margin_cut(double max_gap, double margin, double error);

/* Which groups have rows enough; SML_BAD_INPUT with a sentence when fewer than two do. */
SML_MUST_USE SmlStatus sml_curves_usable(SmlEnv *env, const SmlCurves *curves, const SmlThresholdWish *wish, bool *usable);

/*
 * The most accurate thresholds, one per group, within the gap.  Exact for one rate and
 * any number of groups, and for equalized odds between two groups; for more groups the window of
 * rates starts at multiples of a fraction of max_gap.  O(n log n) per group for the exact ones.
 */
SML_MUST_USE SmlStatus sml_thresholds_fit(SmlEnv *env, const SmlCurves *curves, const SmlThresholdWish *wish,
										  SmlThresholds **thresholds);

/*
 * The most accurate single threshold for all groups within the gap; "inside": neither nobody nor everybody.
 * When none is within: the one of the least gap, with feasible false.
 */
SML_MUST_USE SmlStatus sml_thresholds_common(SmlEnv *env, const SmlCurves *curves, const SmlThresholdWish *wish, bool inside,
											 SmlThresholds **thresholds);

/* The figures of given thresholds, one per group. */
SML_MUST_USE SmlStatus sml_thresholds_given(SmlEnv *env, const SmlCurves *curves, const SmlThresholdWish *wish, const double *given,
											SmlThresholds **thresholds);

/* The figures of one given threshold for all. */
SML_MUST_USE SmlStatus sml_thresholds_single(SmlEnv *env, const SmlCurves *curves, const SmlThresholdWish *wish, double threshold,
											 SmlThresholds **thresholds);

/*
 * Reject option (Kamiran, Karim, Zhang 2012): within a distance of the threshold the favourable outcome goes to the
 * groups that get it less often than average, and is withheld from the others.  The most accurate
 * distance within the gap, found by trying all; when none is within, the one of the least gap.
 */
SML_MUST_USE SmlStatus sml_thresholds_reject(SmlEnv *env, const SmlCurves *curves, const SmlThresholdWish *wish, double threshold,
											 SmlThresholds **thresholds);

#endif
