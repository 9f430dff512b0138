/*
 * calibration.c - do rows with P = 0.8 come true eight times in ten?
 *
 * Bins of equal width over [0, 1]; bin b holds b/B <= p < (b + 1)/B and the last
 * one also p = 1.  The expected calibration error is the mean distance between
 * predicted and observed over the bins, weighted by their rows (Naeini, Cooper,
 * Hauskrecht 2015).  For more than two classes the probability is that of the
 * predicted class and "true" means that the prediction is right (Guo, Pleiss,
 * Sun, Weinberger 2017).
 */
#include "metric.h"

#include <math.h>
#include <string.h>

/* The probability that is put to the test, and whether it came true. */
static double
claim(const SmlScored *scored, size_t row, bool *came_true)
{
	size_t k;

	if (scored->task == SML_BINARY)
	{
		*came_true = (size_t) scored->label[row] == scored->positive;
		return scored->predicted[row];
	}
	k = sml_scored_class(scored, row, 0.5);
	*came_true = (size_t) scored->label[row] == k;
	return scored->predicted[row * scored->width + k];
}

SmlStatus
sml_calibration(SmlEnv *env, const SmlScored *scored, size_t count, SmlBin *bins)
{
	size_t steps = sml_poll_steps(scored->width);

	if (scored->task == SML_REGRESSION)
		return sml_fail(env, SML_BAD_OPTION, "A regression has no probabilities to calibrate.");
	if (count == 0)
		return sml_fail(env, SML_BAD_OPTION, "The number of bins is at least 1.");
	memset(bins, 0, count * sizeof(*bins));
	for (size_t i = 0; i < scored->rows; i++)
	{
		bool    came_true;
		double  p = fmin(fmax(claim(scored, i, &came_true), 0), 1);
		double  weight = scored->weighted ? scored->weight[i] : 1;
		size_t  b = (size_t) (p * (double) count);
		SmlBin *bin = &bins[b < count ? b : count - 1];

		if (i % steps == 0)
		{
			SmlStatus status = sml_poll(env);

			if (status != SML_OK)
				return status;
		}
		bin->n++;
		bin->weight += weight;
		bin->mean_predicted += weight * p;
		bin->observed += came_true ? weight : 0;
	}
	for (size_t b = 0; b < count; b++)
	{
		/* 0 / 0 in an empty bin is NaN, which is meant */
		bins[b].mean_predicted /= bins[b].weight;
		bins[b].observed /= bins[b].weight;
	}
	return SML_OK;
}

double
sml_calibration_error(const SmlBin *bins, size_t count)
{
	double sum = 0;
	double weight = 0;

	for (size_t b = 0; b < count; b++)
		if (bins[b].n > 0)
		{
			sum += bins[b].weight * fabs(bins[b].mean_predicted - bins[b].observed);
			weight += bins[b].weight;
		}
	return weight > 0 ? sum / weight : NAN;
}
