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
	size_t        steps = sml_poll_steps(scored->width);

	if (scored->task == SML_REGRESSION)
		return sml_fail(env, SML_BAD_OPTION, "A regression has no classes.");
	if (!sml_size_times(scored->classes, scored->classes, &cells))
		return sml_fail(env, SML_NO_MEMORY, "The table of %zu classes does not fit.", scored->classes);
	SML_TRY(sml_alloc_array(env, 1, sizeof(SmlConfusion), &made));
	made->classes = scored->classes;
	SML_TRY(sml_alloc_array(env, cells, sizeof(double), &made->cell));
	SML_TRY(sml_alloc_array(env, cells, sizeof(uint64_t), &made->count));
	SML_TRY(sml_alloc_array(env, cells, sizeof(double), &made->cell2));
	SML_TRY(sml_alloc_array(env, made->classes, sizeof(SmlMargin), &made->margins));
	for (size_t i = 0; i < scored->rows; i++)
	{
		size_t actual = (size_t) scored->label[i];
		size_t predicted = sml_scored_class(scored, i, threshold);
		size_t at = actual * scored->classes + predicted;
		double weight = scored->weighted ? scored->weight[i] : 1;

		if (i % steps == 0)
			SML_TRY(sml_poll(env));
		made->margins[actual].actual += weight;
		made->margins[actual].n_actual++;
		made->margins[predicted].predicted += weight;
		made->margins[predicted].n_predicted++;
		if (actual == predicted)
			made->margins[actual].hit += weight;
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
	sml_free(env, confusion->margins);
	sml_free(env, confusion);
}

static double
share(double part, double whole)
{
	return whole > 0 ? part / whole : NAN;
}

void
sml_class_report(const SmlConfusion *confusion, size_t k, SmlClassReport *report)
{
	const SmlMargin *margin = &confusion->margins[k];

	*report = (SmlClassReport) {
		.precision = share(margin->hit, margin->predicted),
		.recall = share(margin->hit, margin->actual),
		.f1 = share(2 * margin->hit, margin->actual + margin->predicted),
		.support = margin->n_actual,
		.weight = margin->actual,
		.predicted = margin->n_predicted,
	};
}

static double
or_zero(double value)
{
	return isnan(value) ? 0 : value;
}

double
sml_margins_balanced_accuracy(const SmlMargin *margins, size_t classes)
{
	double recalls = 0;
	size_t with_rows = 0;

	for (size_t k = 0; k < classes; k++)
		if (margins[k].n_actual > 0)
		{
			recalls += margins[k].hit / margins[k].actual;
			with_rows++;
		}
	return share(recalls, (double) with_rows);
}

/*
 * (c s - sum t_k p_k) / sqrt((s^2 - sum p_k^2) (s^2 - sum t_k^2)), where c is the
 * weight that is right, s all of it, t_k and p_k the margins; here all divided by s.
 */
double
sml_margins_mcc(const SmlMargin *margins, size_t classes)
{
	double   s = 0;
	double   right = 0;
	double   tp = 0;
	double   tt = 0;
	double   pp = 0;
	uint64_t rows = 0;

	for (size_t k = 0; k < classes; k++)
	{
		s += margins[k].actual;
		right += margins[k].hit;
		rows += margins[k].n_actual;
	}
	for (size_t k = 0; k < classes; k++)
	{
		double actual = margins[k].actual / s;
		double predicted = margins[k].predicted / s;

		/* told by counting: the last bits of the sums of weights may differ */
		if (margins[k].n_actual == rows || margins[k].n_predicted == rows)
			return NAN;
		tp += actual * predicted;
		tt += actual * actual;
		pp += predicted * predicted;
	}
	return rows > 0 ? (right / s - tp) / sqrt((1 - pp) * (1 - tt)) : NAN;
}

void
sml_confusion_averages(const SmlConfusion *confusion, SmlAverages *averages)
{
	double right = 0;
	size_t occurring = 0;

	memset(averages, 0, sizeof(*averages));
	for (size_t k = 0; k < confusion->classes; k++)
	{
		SmlClassReport report;

		sml_class_report(confusion, k, &report);
		right += confusion->margins[k].hit;
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
	averages->balanced_accuracy = sml_margins_balanced_accuracy(confusion->margins, confusion->classes);
	averages->mcc = sml_margins_mcc(confusion->margins, confusion->classes);
}
