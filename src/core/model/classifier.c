/*
 * classifier.c - options, scales and sentences of the two classifiers.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "classifier.h"

/* A note names so many terms, then counts. */
#define NAMED_TERMS 10

/* A term takes part in a diverging direction when it has this share of its largest entry. */
#define INVOLVED_SHARE 1e-3

const SmlOptionSpec sml_classifier_options[] = {
	{"l2", SML_OPTION_NUMBER, 0, 0, INFINITY, NULL,
	 "penalty on half the sum of squared coefficients (1/C in scikit-learn)"},
	{"standardize", SML_OPTION_BOOLEAN, 1, 0, 1, NULL,
	 "whether the penalty applies to standardised columns"},
	{"max_iter", SML_OPTION_INTEGER, 100, 1, 1000000, NULL, "the most passes over the rows"},
	{"tolerance", SML_OPTION_NUMBER, 1e-10, 1e-14, 0.1, NULL,
	 "error of the linear predictor at which the fit stops (log-odds, root mean square)"},
	{"weight_type", SML_OPTION_CHOICE, 0, 0, 1, "importance|frequency",
	 "importance: relative weights, robust errors; frequency: each row stands for that many"},
};

enum
{
	OPTION_L2,
	OPTION_STANDARDIZE,
	OPTION_MAX_ITER,
	OPTION_TOLERANCE,
	OPTION_WEIGHT_TYPE
};

SmlStatus
sml_frame_start(SmlEnv *env, const SmlDesign *design, SmlFrame *frame)
{
	SmlStatus status = SML_OK;
	SmlFrame  made = {.terms = design->terms, .width = design->terms + 1, .classes = design->classes};

	made.l2 = design->options[OPTION_L2];
	made.standardize = design->options[OPTION_STANDARDIZE] != 0;
	made.limit = (uint32_t) design->options[OPTION_MAX_ITER];
	made.tolerance = design->options[OPTION_TOLERANCE];
	made.robust = design->weighted && design->options[OPTION_WEIGHT_TYPE] == 0 && made.l2 == 0;
	SML_TRY(sml_alloc_array(env, made.terms, sizeof(double), &made.centers));
	SML_TRY(sml_alloc_array(env, made.terms, sizeof(double), &made.scales));
	SML_TRY(sml_alloc_array(env, made.terms, sizeof(bool), &made.constant));
	for (size_t j = 0; j < made.terms; j++)
	{
		made.centers[j] = design->centers[j];
		made.scales[j] = design->scales[j];
		made.constant[j] = design->constant[j];
	}
	*frame = made;
	return SML_OK;
done:
	sml_frame_free(env, &made);
	return status;
}

void
sml_frame_free(SmlEnv *env, SmlFrame *frame)
{
	sml_free(env, frame->centers);
	sml_free(env, frame->scales);
	sml_free(env, frame->constant);
	*frame = (SmlFrame) {0};
}

double
sml_frame_penalty(const SmlFrame *frame, size_t j)
{
	double scale;

	if (j == 0)
		return 0;
	scale = frame->scales[j - 1];
	/* the raw coefficient is the encoded one divided by the scale */
	return frame->standardize ? frame->l2 : frame->l2 / scale / scale;
}

void
sml_frame_decode(const SmlFrame *frame, const bool *dropped, const double *coded, double *estimate)
{
	double intercept = coded[0];

	for (size_t j = 0; j < frame->terms; j++)
	{
		if (dropped[j])
		{
			estimate[1 + j] = NAN;
			continue;
		}
		estimate[1 + j] = coded[1 + j] / frame->scales[j];
		intercept -= estimate[1 + j] * frame->centers[j];
	}
	estimate[0] = intercept;
}

size_t
sml_frame_form(const SmlFrame *frame, const bool *dropped, size_t j, double *v)
{
	memset(v, 0, frame->width * sizeof(double));
	if (j > 0)
	{
		v[j] = 1 / frame->scales[j - 1];
		return j;
	}
	v[0] = 1;
	for (size_t i = 0; i < frame->terms; i++)
	{
		if (!dropped[i])
			v[1 + i] = -frame->centers[i] / frame->scales[i];
	}
	return 0;
}

void
sml_frame_involve(const SmlFrame *frame, const double *direction, double largest, bool *involved)
{
	double raw = direction[0];
	double size = fabs(direction[0]);

	for (size_t j = 0; j < frame->terms; j++)
	{
		double part = direction[1 + j] / frame->scales[j] * frame->centers[j];

		if (fabs(direction[1 + j]) >= INVOLVED_SHARE * largest)
			involved[1 + j] = true;
		raw -= part;
		size = fmax(size, fabs(part));
	}
	/* a direction like "level = 1, all else still" leaves the intercept of the original columns alone */
	if (fabs(raw) > INVOLVED_SHARE * size && size > 0)
		involved[0] = true;
}

double
sml_classifier_null_loss(size_t classes, const double *weights, double weight)
{
	double loss = 0;

	for (size_t k = 0; k < classes; k++)
	{
		if (weights[k] > 0)
			loss -= weights[k] / weight * log(weights[k] / weight);
	}
	return loss;
}

SmlStatus
sml_note_terms(SmlEnv *env, SmlNotes *notes, const SmlNames *names, size_t terms, const bool *marked,
			   const char *before, const char *after)
{
	char   list[1024] = "";
	size_t used = 0;
	size_t count = 0;

	for (size_t j = 0; j < terms; j++)
	{
		if (!marked[j])
			continue;
		if (count < NAMED_TERMS && used < sizeof(list))
		{
			const char *name = names->name(names->context, j);

			used += (size_t) snprintf(list + used, sizeof(list) - used, "%s%.*s", count > 0 ? ", " : "", sml_clip(name, 80), name);
		}
		count++;
	}
	if (count == 0)
		return SML_OK;
	if (count > NAMED_TERMS)
		return sml_note(env, notes, "%s %s and %zu more%s", before, list, count - NAMED_TERMS, after);
	return sml_note(env, notes, "%s %s%s", before, list, after);
}

/* The sentence about separation. */
static SmlStatus
note_separation(SmlEnv *env, SmlNotes *notes, const SmlNames *names, const SmlFrame *frame, const SmlClassifierEnd *end)
{
	char after[256];

	if (end->separation == SML_SEPARATION_COMPLETE)
		return sml_note(env, notes,
						"The classes are completely separated, so that no finite coefficients are best; a ridge of %.6g "
						"(%g times the sum of the weights, on standardised columns) was used, and no standard error or "
						"p-value is given.",
						end->ridge, SML_SEPARATION_RIDGE);
	snprintf(after, sizeof(after),
			 ", so that no finite coefficient is best; a ridge of %.6g (%g times the sum of the weights, on standardised "
			 "columns) was used for these, and no standard error or p-value is given for them.",
			 end->ridge, SML_SEPARATION_RIDGE);
	return sml_note_terms(env, notes, names, frame->terms, end->ridged, "Some rows are separated perfectly by", after);
}

SmlStatus
sml_classifier_notes(SmlEnv *env, SmlNotes *notes, const SmlNames *names, const SmlFrame *frame,
					 const SmlClassifierEnd *end)
{
	SmlStatus status = SML_OK;
	bool     *collinear = NULL;

	/* constant columns were named when the columns were encoded */
	SML_TRY(sml_alloc_array(env, frame->terms, sizeof(bool), &collinear));
	for (size_t j = 0; j < frame->terms; j++)
		collinear[j] = end->dropped[j] && !frame->constant[j];
	SML_TRY(sml_note_terms(env, notes, names, frame->terms, collinear, "Left out, because earlier columns determine them:",
						   "."));
	if (end->separation != SML_SEPARATION_NONE)
		SML_TRY(note_separation(env, notes, names, frame, end));
	if (!end->converged)
		SML_TRY(sml_note_plain(env, notes, "The fit did not converge in %u passes; a larger max_iter, or a penalty l2, may help.",
						 (unsigned) end->passes));
done:
	sml_free(env, collinear);
	return status;
}

const char *
sml_classifier_no_inference(const SmlFrame *frame, const SmlClassifierEnd *end)
{
	if (frame->l2 > 0)
		return "Penalised coefficients are biased on purpose, so that standard errors would mislead.";
	if (!end->converged)
		return "The fit did not converge.";
	if (end->separation == SML_SEPARATION_COMPLETE)
		return "The classes are completely separated, so that no finite coefficients are best.";
	return NULL;
}
