/*
 * confusion.c - the table of actual against predicted classes, and what follows
 * from it.
 *
 * classes^2 cells, one step a row.  Weighted sums and plain counts are kept side
 * by side, with squared weights for the effective numbers of the intervals.
 */
#include "metric.h"

#include <math.h>
#include <string.h>

SmlStatus
sml_confusion_make(SmlEnv *env, const SmlScored *scored, double threshold, SmlConfusion **confusion)
{
	SmlConfusion *made = NULL;
	SmlStatus     status;
	size_t        cells;

	if (scored->task == SML_REGRESSION)
		return sml_fail(env, SML_BAD_OPTION, "A regression has no classes.");
	if (!sml_size_times(scored->classes, scored->classes, &cells))
		return sml_fail(env, SML_NO_MEMORY, "The table of %zu classes does not fit.", scored->classes);
	SML_TRY(sml_alloc_array(env, 1, sizeof(SmlConfusion), &made));
	made->classes = scored->classes;
	SML_TRY(sml_alloc_array(env, cells, sizeof(double), &made->cell));
	SML_TRY(sml_alloc_array(env, cells, sizeof(uint64_t), &made->count));
	SML_TRY(sml_alloc_array(env, cells, sizeof(double), &made->cell2));
	for (size_t i = 0; i < scored->rows; i++)
	{
		size_t at = (size_t) scored->label[i] * scored->classes + sml_scored_class(scored, i, threshold);
		double weight = scored->weighted ? scored->weight[i] : 1;

		if (i % SML_POLL_ROWS == 0)
			SML_TRY(sml_poll(env));
		made->cell[at] += weight;
		made->cell2[at] += weight * weight;
		made->count[at]++;
		made->weight += weight;
		made->weight2 += weight * weight;
		made->rows++;
	}
	*confusion = made;
	made = NULL;
done:
	sml_confusion_free(env, made);
	return status;
}

void
sml_confusion_free(SmlEnv *env, SmlConfusion *confusion)
{
	if (confusion == NULL)
		return;
	sml_free(env, confusion->cell);
	sml_free(env, confusion->count);
	sml_free(env, confusion->cell2);
	sml_free(env, confusion);
}

/* Weight of the rows of class k, and of the rows predicted to be. */
static void
margins(const SmlConfusion *confusion, size_t k, double *actual, double *predicted)
{
	*actual = *predicted = 0;
	for (size_t j = 0; j < confusion->classes; j++)
	{
		*actual += confusion->cell[k * confusion->classes + j];
		*predicted += confusion->cell[j * confusion->classes + k];
	}
}

static double
share(double part, double whole)
{
	return whole > 0 ? part / whole : NAN;
}

void
sml_class_report(const SmlConfusion *confusion, size_t k, SmlClassReport *report)
{
	double hit = confusion->cell[k * confusion->classes + k];
	double actual;
	double predicted;

	margins(confusion, k, &actual, &predicted);
	memset(report, 0, sizeof(*report));
	report->precision = share(hit, predicted);
	report->recall = share(hit, actual);
	report->f1 = share(2 * hit, actual + predicted);
	report->weight = actual;
	for (size_t j = 0; j < confusion->classes; j++)
	{
		report->support += confusion->count[k * confusion->classes + j];
		report->predicted += confusion->count[j * confusion->classes + k];
	}
}

static double
or_zero(double value)
{
	return isnan(value) ? 0 : value;
}

/*
 * The correlation of actual and predicted class:
 * (c s - sum t_k p_k) / sqrt((s^2 - sum p_k^2) (s^2 - sum t_k^2)),
 * c the weight that is right, s all of it, t_k and p_k the margins.
 */
static double
correlation(const SmlConfusion *confusion, double right)
{
	double s = confusion->weight;
	double tp = 0;
	double tt = 0;
	double pp = 0;

	for (size_t k = 0; k < confusion->classes; k++)
	{
		double actual;
		double predicted;
		SmlClassReport report;

		margins(confusion, k, &actual, &predicted);
		tp += actual / s * (predicted / s);
		tt += actual / s * (actual / s);
		pp += predicted / s * (predicted / s);
		/* all of one class: no correlation, whatever the last bits of the sums say */
		sml_class_report(confusion, k, &report);
		if (report.support == confusion->rows || report.predicted == confusion->rows)
			return NAN;
	}
	return (right / s - tp) / sqrt((1 - pp) * (1 - tt));
}

void
sml_confusion_averages(const SmlConfusion *confusion, SmlAverages *averages)
{
	double right = 0;
	double recalls = 0;
	size_t with_rows = 0;
	size_t occurring = 0;

	memset(averages, 0, sizeof(*averages));
	for (size_t k = 0; k < confusion->classes; k++)
	{
		SmlClassReport report;

		sml_class_report(confusion, k, &report);
		right += confusion->cell[k * confusion->classes + k];
		if (report.support > 0)
		{
			recalls += report.recall;
			with_rows++;
		}
		if (report.support == 0 && report.predicted == 0)
			continue;
		occurring++;
		averages->macro.precision += or_zero(report.precision);
		averages->macro.recall += or_zero(report.recall);
		averages->macro.f1 += or_zero(report.f1);
		averages->weighted.precision += or_zero(report.precision) * report.weight;
		averages->weighted.recall += or_zero(report.recall) * report.weight;
		averages->weighted.f1 += or_zero(report.f1) * report.weight;
	}
	averages->macro.precision = share(averages->macro.precision, (double) occurring);
	averages->macro.recall = share(averages->macro.recall, (double) occurring);
	averages->macro.f1 = share(averages->macro.f1, (double) occurring);
	averages->weighted.precision = share(averages->weighted.precision, confusion->weight);
	averages->weighted.recall = share(averages->weighted.recall, confusion->weight);
	averages->weighted.f1 = share(averages->weighted.f1, confusion->weight);
	averages->macro.support = averages->weighted.support = confusion->rows;
	averages->macro.weight = averages->weighted.weight = confusion->weight;
	averages->macro.predicted = averages->weighted.predicted = confusion->rows;
	averages->accuracy = share(right, confusion->weight);
	averages->balanced_accuracy = share(recalls, (double) with_rows);
	averages->mcc = confusion->rows > 0 ? correlation(confusion, right) : NAN;
}
