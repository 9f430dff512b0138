/*
 * linear_result.c - coefficients, standard errors and figures of a least-squares fit; see
 * linear.c.
 *
 * Variances: sigma^2 (Z'WZ)^-1 with sigma^2 = rss / (n - k); with importance weights the
 * sandwich B M B n / (n - k), B = (Z'WZ)^-1, M = sum w^2 r^2 z z'.  Those of the original
 * columns follow from the full matrix, since the intercept depends on all coefficients.
 */
#include "classifier.h"
#include "linear.h"

#include <math.h>
#include <string.h>

#include "../matrix.h"
#include "learners.h"

static const double two_pi = 6.283185307179586476925;

/* Columns kept, intercept included. */
static size_t
rank_of(const Linear *linear)
{
	size_t rank = 0;

	for (size_t j = 0; j <= linear->terms; j++)
		rank += !linear->dropped[j];
	return rank;
}

/* Rows that the residual degrees of freedom count from. */
static double
row_count(const Linear *linear)
{
	return linear->weighted && linear->options[LINEAR_WEIGHT_TYPE] == 1 ? linear->weight : (double) linear->rows;
}

/* a' V a. */
static double
quadratic(size_t k, const double *a, const double *v)
{
	double sum = 0;

	for (size_t i = 0; i < k; i++)
	{
		double row = 0;

		for (size_t j = 0; j < k; j++)
			row += v[i * k + j] * a[j];
		sum += a[i] * row;
	}
	return sum;
}

/* V := V M V, M by its upper triangle with leading dimension "order"; V and M are symmetric. */
static SmlStatus
sandwich(SmlEnv *env, const Linear *linear, double *v)
{
	size_t    k = linear->terms + 1;
	double   *meat = NULL;
	double   *half = NULL;
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, k * k, sizeof(double), &meat));
	SML_TRY(sml_alloc_array(env, k * k, sizeof(double), &half));
	for (size_t i = 0; i < k; i++)
		for (size_t j = i; j < k; j++)
			meat[i * k + j] = meat[j * k + i] = linear->sums[i * linear->order + j];
	SML_TRY(sml_multiply_nt(env, k, v, meat, half));
	SML_TRY(sml_multiply_nt(env, k, half, v, meat));
	memcpy(v, meat, k * k * sizeof(double));
done:
	sml_free(env, meat);
	sml_free(env, half);
	return status;
}

/* Standard errors on the original scale from the variances V of the coded coefficients. */
static void
original_errors(const Linear *linear, const double *v, double *a, SmlFit *fit)
{
	size_t k = linear->terms + 1;

	a[0] = 1;
	for (size_t j = 0; j < linear->terms; j++)
		a[1 + j] = linear->dropped[1 + j] ? 0 : -linear->centers[j] / linear->scales[j];
	fit->std_error[0] = linear->target_scale * sqrt(quadratic(k, a, v));
	for (size_t j = 0; j < linear->terms; j++)
		fit->std_error[1 + j] = linear->dropped[1 + j] ? NAN :
			linear->target_scale * sqrt(v[(1 + j) * k + 1 + j]) / linear->scales[j];
}

static SmlStatus
inference(SmlEnv *env, const Linear *linear, SmlFit *fit)
{
	size_t      k = linear->terms + 1;
	double      n = row_count(linear);
	double      df = n - (double) rank_of(linear);
	double     *v = NULL;
	double     *a = NULL;
	double      factor;
	const char *why = NULL;
	SmlStatus   status = SML_OK;

	fit->df = df;
	if (linear->options[LINEAR_L2] > 0)
		why = "with a penalty coefficients are biased towards zero and have no standard error";
	else if (!(df > 0))
		why = "there are no more rows than coefficients, so the residual variance is unknown";
	if (why != NULL)
	{
		fit->df = df > 0 ? df : NAN;
		return sml_copy_text(env, why, strlen(why), &fit->no_inference);
	}
	fit->sigma = linear->target_scale * sqrt(linear->rss / df);
	SML_TRY(sml_alloc_array(env, k * k, sizeof(double), &v));
	SML_TRY(sml_alloc_array(env, k, sizeof(double), &a));
	SML_TRY(sml_invert_normal(env, k, linear->factor, k, v));
	if (linear->phase == LINEAR_MEAT)
	{
		SML_TRY(sandwich(env, linear, v));
		factor = n / df;
	}
	else
		factor = linear->rss / df;
	for (size_t i = 0; i < k * k; i++)
		v[i] *= factor;
	original_errors(linear, v, a, fit);
done:
	sml_free(env, v);
	sml_free(env, a);
	return status;
}

static void
coefficients(const Linear *linear, SmlFit *fit)
{
	double intercept = linear->beta[0];

	for (size_t j = 0; j < linear->terms; j++)
	{
		double b = linear->dropped[1 + j] ? 0 : linear->beta[1 + j];

		fit->dropped[j] = linear->dropped[1 + j];
		fit->coded[1 + j] = b * linear->target_scale;
		fit->estimate[1 + j] = fit->dropped[j] ? NAN : b * linear->target_scale / linear->scales[j];
		intercept -= b * linear->centers[j] / linear->scales[j];
	}
	fit->coded[0] = linear->target_center + linear->target_scale * linear->beta[0];
	fit->estimate[0] = linear->target_center + linear->target_scale * intercept;
}

static void
figures(const Linear *linear, SmlFit *fit)
{
	double square = linear->target_scale * linear->target_scale;
	double n = row_count(linear);

	fit->rows = linear->rows;
	fit->weight = linear->weight;
	fit->iterations = linear->passes;
	fit->converged = true;
	fit->loss = linear->rss / linear->weight * square;
	fit->null_loss = linear->tss / linear->weight * square;
	fit->r2 = linear->tss > 0 ? 1 - linear->rss / linear->tss : NAN;
	fit->log_likelihood = linear->rss > 0 ? -0.5 * n * (log(two_pi * fit->loss) + 1) : NAN;
	fit->ridge = linear->options[LINEAR_L2];
}

/* The condition number of the terms, without the intercept. */
static SmlStatus
condition(SmlEnv *env, const Linear *linear, SmlFit *fit)
{
	size_t    k = linear->terms + 1;
	size_t    kept = 0;
	double   *u = NULL;
	SmlStatus status = SML_OK;

	if (rank_of(linear) < 2)
		return SML_OK;
	SML_TRY(sml_alloc_array(env, k * k, sizeof(double), &u));
	for (size_t i = 1; i < k; i++)
	{
		size_t column = 0;

		if (linear->dropped[i])
			continue;
		for (size_t j = 1; j < k; j++)
			if (!linear->dropped[j])
				u[kept * k + column++] = linear->factor[i * k + j];
		kept++;
	}
	SML_TRY(sml_condition(env, kept, u, k, &fit->condition));
done:
	sml_free(env, u);
	return status;
}

static SmlStatus
note_dropped(SmlEnv *env, const Linear *linear, const char *(*term_name)(void *context, size_t term), void *context,
			 const bool *constant, SmlNotes *notes)
{
	SmlNames  names = {term_name, context};
	bool     *collinear = NULL;
	SmlStatus status;

	/* constant columns were named when the columns were encoded */
	SML_TRY(sml_alloc_array(env, linear->terms, sizeof(bool), &collinear));
	for (size_t j = 0; j < linear->terms; j++)
		collinear[j] = linear->dropped[1 + j] && !constant[j];
	SML_TRY(sml_note_terms(env, notes, &names, linear->terms, collinear, "Left out, because other columns determine them:", "."));
done:
	sml_free(env, collinear);
	return status;
}

SmlStatus
sml_linear_result(SmlEnv *env, const SmlState *state, const char *(*term_name)(void *context, size_t term), void *context,
				  SmlNotes *notes, SmlFit **fit)
{
	const Linear *linear = (const Linear *) state;
	SmlFit       *fresh = NULL;
	SmlStatus     status;

	SML_TRY(sml_fit_alloc(env, 1, linear->terms, &fresh));
	coefficients(linear, fresh);
	figures(linear, fresh);
	SML_TRY(inference(env, linear, fresh));
	SML_TRY(condition(env, linear, fresh));
	SML_TRY(note_dropped(env, linear, term_name, context, linear->constant, notes));
	if (linear->by_qr)
		SML_TRY(sml_note_plain(env, notes, "The columns are close to linearly dependent, or the fit is nearly exact; a second scan was made to keep the digits."));
	*fit = fresh;
	fresh = NULL;
done:
	sml_fit_free(env, fresh);
	return status;
}
