/*
 * errors.h - the errors of a regression within one group, with intervals, from moments over its rows.
 *
 * Means (of what is, of what was predicted, of the error prediction - actual, of its size) have Student's t.  rmse has the same
 * for the mean of squares, on the scale of logarithms, since squares are skewed.  r2 = 1 - mean of squared errors / variance of the target has the delta method: a row's influence on it is
 * (r (c - v) - (d^2 - mse)) / v, where c is the squared distance of its target from the mean, v the mean of c, and r = mse / v.
 */
#ifndef SML_FAIRNESS_ERRORS_H
#define SML_FAIRNESS_ERRORS_H

#include "intervals.h"

/*
 * Moments of the population (divided by n); NaN without rows.  y is the target less any constant near it, which keeps its powers
 * from losing digits; d the error.
 */
typedef struct SmlErrorMoments
{
	uint64_t n;
	double   actual; /* means */
	double   predicted;
	double   error;
	double   absolute;
	double   squared;
	double   shifted; /* of y */
	double   var_actual;
	double   var_predicted;
	double   var_error;
	double   var_absolute;
	double   var_squared;
	double   var_y2;     /* of y^2 */
	double   cov_y_y2;
	double   cov_squared_y;
	double   cov_squared_y2;
} SmlErrorMoments;

typedef enum SmlErrorStat
{
	SML_ERROR_MEAN_ACTUAL,
	SML_ERROR_MEAN_PREDICTED,
	SML_ERROR_MEAN_ERROR,
	SML_ERROR_MAE,
	SML_ERROR_RMSE,
	SML_ERROR_R2,
	SML_ERROR_STATS
} SmlErrorStat;

const char *sml_error_stat_name(SmlErrorStat stat);

/* Undefined: no_rows; r2 also target_is_constant. */
void sml_error_figures(const SmlErrorMoments *moments, double z, SmlFigure figures[SML_ERROR_STATS]);

#endif
