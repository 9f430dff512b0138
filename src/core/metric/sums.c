/*
 * sums.c - figures that follow from sums: means of a loss, two-class tallies,
 * regression errors, Wilson's interval.
 *
 * A mean is kept by the updating formulas of West 1979 and merged by those of
 * Chan, Golub and LeVeque 1983, so that columns with a large offset keep their
 * digits and the order of rows and workers matters only in the last bits.  For
 * the error of a weighted mean the sums of w^2 (x - mean)^2 are carried along:
 * se^2 = sum w^2 (x - mean)^2 / (sum w)^2 * n / (n - 1), which for equal
 * weights is the usual s^2 / n.
 *
 * Constant memory, about ten operations a row.  Missing values are the caller's
 * matter; NaN goes through to the figure.
 */
#include "metric.h"

#include <float.h>
#include <math.h>

/* Move the mean by "shift" and let the centred sums of squared weights follow. */
static void
shift_mean(SmlMean *mean, double shift)
{
	mean->v0 += shift * (shift * mean->weight2 - 2 * mean->v1);
	mean->v1 -= shift * mean->weight2;
	mean->mean += shift;
}

void
sml_mean_add(SmlMean *mean, double value, double weight)
{
	if (weight == 0)
		return;

	double total = mean->weight + weight;
	double delta = value - mean->mean;
	double square = weight * weight;

	shift_mean(mean, delta * (weight / total));
	mean->n += 1;
	mean->weight = total;
	mean->weight2 += square;

	double rest = value - mean->mean;

	mean->m2 += weight * delta * rest;
	mean->v0 += square * rest * rest;
	mean->v1 += square * rest;
}

void
sml_mean_merge(SmlMean *into, const SmlMean *from)
{
	if (from->weight == 0)
		return;
	if (into->weight == 0)
	{
		*into = *from;
		return;
	}

	SmlMean other = *from;
	double  total = into->weight + other.weight;
	double  delta = other.mean - into->mean;

	into->m2 += other.m2 + delta * delta * (into->weight * (other.weight / total));
	shift_mean(into, delta * (other.weight / total));
	shift_mean(&other, into->mean - other.mean);
	into->n += other.n;
	into->weight = total;
	into->weight2 += other.weight2;
	into->v0 += other.v0;
	into->v1 += other.v1;
}

double
sml_mean_error(const SmlMean *mean)
{
	if (mean->n < 2)
		return NAN;
	return sqrt(fmax(mean->v0, 0) * (mean->n / (mean->n - 1))) / mean->weight;
}

void
sml_wilson(double p, double n, double z, double *low, double *high)
{
	*low = *high = NAN;
	if (!(n > 0) || isnan(p))
		return;

	double z2 = z * z;
	double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
	double half = z / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n));

	/* at the ends without the rounding of a difference of like numbers */
	*low = p == 0 ? 0 : fmax(middle - half, 0);
	*high = p == 1 ? 1 : fmin(middle + half, 1);
}

double
sml_log_loss_of(bool positive, double probability)
{
	double p = positive ? probability : 1 - probability;

	if (isnan(p))
		return NAN;
	return -log(fmin(fmax(p, SML_LOG_LOSS_CLIP), 1 - SML_LOG_LOSS_CLIP));
}

/* ---- two classes -------------------------------------------------------------- */

static double
share(double part, double whole)
{
	return whole > 0 ? part / whole : NAN;
}

double
sml_tally_precision(const SmlTally *tally)
{
	return share(tally->tp, tally->tp + tally->fp);
}

double
sml_tally_recall(const SmlTally *tally)
{
	return share(tally->tp, tally->tp + tally->fn);
}

double
sml_tally_f1(const SmlTally *tally)
{
	return share(2 * tally->tp, 2 * tally->tp + tally->fp + tally->fn);
}

/* ---- regression ----------------------------------------------------------------- */

void
sml_errors_add(SmlErrors *errors, double actual, double predicted, double weight)
{
	double error = actual - predicted;

	sml_mean_add(&errors->actual, actual, weight);
	sml_mean_add(&errors->error, error, weight);
	sml_mean_add(&errors->squared, error * error, weight);
	sml_mean_add(&errors->absolute, fabs(error), weight);
	if (actual != 0)
		sml_mean_add(&errors->relative, fabs(error / actual), weight);
}

void
sml_errors_merge(SmlErrors *into, const SmlErrors *from)
{
	sml_mean_merge(&into->actual, &from->actual);
	sml_mean_merge(&into->error, &from->error);
	sml_mean_merge(&into->squared, &from->squared);
	sml_mean_merge(&into->absolute, &from->absolute);
	sml_mean_merge(&into->relative, &from->relative);
}

/* The normal interval around a mean, from "least" up; none without spread. */
static void
normal_interval(const SmlMean *mean, SmlMetric *metric)
{
	double error = sml_mean_error(mean);

	if (!(error > 0))
		return;
	metric->ci_low = fmax(mean->mean - SML_Z95 * error, 0);
	metric->ci_high = mean->mean + SML_Z95 * error;
}

static void
rmse_of(const SmlErrors *errors, SmlMetric *metric)
{
	double error = sml_mean_error(&errors->squared);

	metric->value = sqrt(errors->squared.mean);
	if (!(error > 0))
		return;
	/* d sqrt(m) = dm / (2 sqrt(m)) */
	error /= 2 * metric->value;
	metric->ci_low = fmax(metric->value - SML_Z95 * error, 0);
	metric->ci_high = metric->value + SML_Z95 * error;
}

/* 1 - part / m2(actual), where that has a meaning. */
static void
explained(const SmlErrors *errors, double part, SmlMetric *metric)
{
	if (errors->actual.n < 2)
		metric->reason = "At least two rows are needed.";
	else if (errors->actual.m2 == 0)
		metric->reason = "All actual values are equal.";
	else
		metric->value = 1 - part / errors->actual.m2;
}

void
sml_errors_metric(const SmlErrors *errors, SmlErrorMetric which, SmlMetric *metric)
{
	static const char *const names[] = {"r2", "rmse", "mae", "mape", "explained_variance"};

	*metric = (SmlMetric) {names[which], NAN, NAN, NAN, (int64_t) errors->actual.n, NULL};
	if (errors->actual.weight == 0)
	{
		metric->reason = "There are no rows.";
		return;
	}
	switch (which)
	{
		case SML_R2:
			explained(errors, errors->squared.mean * errors->squared.weight, metric);
			break;
		case SML_RMSE:
			rmse_of(errors, metric);
			break;
		case SML_MAE:
			metric->value = errors->absolute.mean;
			normal_interval(&errors->absolute, metric);
			break;
		case SML_MAPE:
			if (errors->relative.n < errors->actual.n)
				metric->reason = "An actual value is 0.";
			else
				metric->value = errors->relative.mean;
			break;
		case SML_EXPLAINED_VARIANCE:
			explained(errors, errors->error.m2, metric);
			break;
	}
}
