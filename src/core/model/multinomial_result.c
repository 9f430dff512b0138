/*
 * multinomial_result.c - penalty, result and bytes of the multinomial learner.
 *
 * The result has K rows, or one for a target of two classes that the caller
 * treats as binary: the difference of class 1 to class 0.  Reading takes bytes from
 * anybody: sizes come from the design alone, and every number that steers a loop is checked.
 */
#include <math.h>
#include <string.h>

#include "../blas.h"
#include "multinomial.h"

double
sml_multinomial_penalty(const SmlMultinomial *state, size_t j)
{
	double penalty = sml_frame_penalty(&state->frame, j);

	return j > 0 && state->ridged[j - 1] ? penalty + state->ridge : penalty;
}

/* The blocks that absorb left, as one upper triangle. */
static void
expand_hessian(const SmlMultinomial *state, double *hessian)
{
	size_t width = state->frame.width;
	size_t count = state->count;

	memcpy(hessian, state->hessian, count * count * sizeof(double));
	for (size_t k = 0; k < state->free_rows; k++)
	{
		for (size_t l = k + 1; l < state->free_rows; l++)
		{
			double *block = hessian + k * width * count + l * width;

			for (size_t i = 0; i < width; i++)
			{
				for (size_t j = i; j < width; j++)
				{
					block[i * count + j] = -block[i * count + j];
					block[j * count + i] = block[i * count + j];
				}
			}
		}
	}
}

/* The penalty on column j of all rows: penalty / 2 (sum b^2 - (sum b)^2 / K). */
static double
penalise_column(const SmlMultinomial *state, size_t j, double *gradient, double *hessian)
{
	size_t        width = state->frame.width;
	double        penalty = sml_multinomial_penalty(state, j);
	const double *at = state->newton.at + j;
	double        classes = (double) state->frame.classes;
	double        sum = 0;
	double        square = 0;

	if (penalty == 0)
		return 0;
	for (size_t k = 0; k < state->free_rows; k++)
	{
		sum += at[k * width];
		square += at[k * width] * at[k * width];
	}
	for (size_t k = 0; k < state->free_rows; k++)
	{
		gradient[k * width + j] += penalty * (at[k * width] - sum / classes);
		if (hessian == NULL)
			continue;
		for (size_t l = k; l < state->free_rows; l++)
			hessian[(k * width + j) * state->count + l * width + j] += penalty * ((k == l ? 1 : 0) - 1 / classes);
	}
	return penalty / 2 * (square - sum * sum / classes);
}

double
sml_multinomial_penalise(const SmlMultinomial *state, double *gradient, double *hessian)
{
	double value = state->pass_loss;

	memcpy(gradient, state->gradient, state->count * sizeof(double));
	if (hessian != NULL)
		expand_hessian(state, hessian);
	for (size_t j = 1; j < state->frame.width; j++)
		value += penalise_column(state, j, gradient, hessian);
	for (size_t i = 0; i < state->count; i++)
	{
		if (state->newton.dropped[i])
			gradient[i] = 0;
	}
	return value;
}

/* ---- result ---- */

/* Standard errors of the K - 1 rows; "errors" is where the row of class 1 goes. */
static SmlStatus
find_errors(SmlEnv *env, const SmlMultinomial *state, const bool *dropped, double *errors)
{
	size_t    width = state->frame.width;
	size_t    kept = 0;
	double    widening = 1;
	double   *form = NULL;
	double   *hessian = NULL;
	SmlFactor factor = {0};
	SmlStatus status = SML_OK;

	SML_TRY(sml_alloc_array(env, state->count, sizeof(double), &form));
	SML_TRY(sml_alloc_array(env, state->count * state->count, sizeof(double), &hessian));
	(void) sml_multinomial_penalise(state, form, hessian);
	SML_TRY(sml_factor_make(env, state->count, hessian, state->newton.dropped, 0x1p-52, &factor));
	for (size_t i = 0; i < state->count; i++)
		kept += !state->newton.dropped[i];
	if (state->frame.robust)
		widening = state->rows > kept ? (double) state->rows / (double) (state->rows - kept) : NAN;
	for (size_t i = 0; i < state->count; i++)
	{
		size_t start = i - i % width;
		size_t from;

		SML_TRY(sml_poll(env));
		if (state->involved[i] || (i % width > 0 && factor.held[i]))
			continue;
		memset(form, 0, state->count * sizeof(double));
		from = start + sml_frame_form(&state->frame, dropped, i % width, form + start);
		errors[i] = sqrt(sml_factor_variance(&factor, form, from, state->frame.robust ? state->meat : NULL) * widening);
	}
done:
	sml_free(env, form);
	sml_free(env, hessian);
	sml_factor_free(env, &factor);
	return status;
}

/* Rows of coefficients: K with a baseline of zeros or centred, or the one difference. */
static void
fill_rows(const SmlMultinomial *state, SmlFit *fit)
{
	size_t        width = state->frame.width;
	const double *found = state->newton.best;

	memcpy(fit->coded + (state->binary ? 0 : width), found, state->count * sizeof(double));
	if (!state->binary && state->frame.l2 > 0)
	{
		for (size_t j = 0; j < width; j++)
		{
			double mean = 0;

			for (size_t k = 1; k < fit->outputs; k++)
				mean += fit->coded[k * width + j] / (double) fit->outputs;
			for (size_t k = 0; k < fit->outputs; k++)
				fit->coded[k * width + j] -= mean;
		}
	}
	for (size_t k = 0; k < fit->outputs; k++)
		sml_frame_decode(&state->frame, fit->dropped, fit->coded + k * width, fit->estimate + k * width);
	if (!state->binary && state->frame.l2 == 0)
		fit->baseline = 0;
}

/* With a penalty the original intercepts are centred too: only their differences count. */
static void
centre_intercepts(SmlFit *fit)
{
	size_t width = 1 + fit->terms;
	double mean = 0;

	for (size_t k = 0; k < fit->outputs; k++)
		mean += fit->estimate[k * width] / (double) fit->outputs;
	for (size_t k = 0; k < fit->outputs; k++)
		fit->estimate[k * width] -= mean;
}

static SmlStatus
fill_fit(SmlEnv *env, const SmlMultinomial *state, SmlFit *fit)
{
	memcpy(fit->dropped, state->dropped, state->frame.terms * sizeof(bool));
	fill_rows(state, fit);
	if (fit->outputs > 1 && state->frame.l2 > 0)
		centre_intercepts(fit);
	fit->iterations = state->newton.passes;
	fit->rows = state->rows;
	fit->weight = state->weight;
	fit->loss = state->best_loss / state->weight;
	fit->null_loss = sml_classifier_null_loss(state->frame.classes, state->class_weights, state->weight);
	fit->log_likelihood = -state->best_loss;
	fit->ridge = state->separation != SML_SEPARATION_NONE ? state->ridge : state->frame.l2;
	return sml_fit_class_weight(env, fit, state->class_weights, state->frame.classes);
}

SmlStatus
sml_multinomial_result(SmlEnv *env, const SmlState *base, const char *(*term_name)(void *context, size_t term),
					   void *context, SmlNotes *notes, SmlFit **fit)
{
	const SmlMultinomial *state = (const SmlMultinomial *) base;
	SmlNames              names = {term_name, context};
	SmlClassifierEnd      end = {.ridged = state->ridged, .separation = state->separation, .ridge = state->ridge};
	SmlFit               *made = NULL;
	const char           *reason;
	SmlStatus             status = SML_OK;

	if (state->phase != SML_MULTINOMIAL_DONE)
		return sml_fail(env, SML_BAD_INPUT, "The fit is not finished.");
	SML_TRY(sml_fit_alloc(env, state->binary ? 1 : state->frame.classes, state->frame.terms, &made));
	SML_TRY(fill_fit(env, state, made));
	made->converged = sml_newton_converged(&state->newton);
	end.dropped = made->dropped;
	end.converged = made->converged;
	end.passes = state->newton.passes;
	reason = sml_classifier_no_inference(&state->frame, &end);
	if (reason == NULL && !state->full)
		reason = "The model has more than 600 coefficients and was fitted without the matrix that gives standard errors.";
	if (reason != NULL)
		SML_TRY(sml_copy_text(env, reason, strlen(reason), &made->no_inference));
	else
		SML_TRY(find_errors(env, state, made->dropped, made->std_error + (state->binary ? 0 : state->frame.width)));
	SML_TRY(sml_classifier_notes(env, notes, &names, &state->frame, &end));
	*fit = made;
	made = NULL;
done:
	sml_fit_free(env, made);
	return status;
}

/* ---- bytes ---- */

static void
write_sums(SmlWriter *writer, const SmlMultinomial *state)
{
	const double scalars[4] = {state->pass_loss, state->least_margin, state->least_move, state->greatest_move};
	size_t       width = state->frame.width;

	sml_write_f64s(writer, scalars, 4);
	sml_write_f64s(writer, state->pass_weights, state->frame.classes);
	sml_write_f64s(writer, state->gradient, state->count);
	if (state->full)
		sml_write_triangle(writer, state->hessian, state->count, state->count);
	if (state->meat != NULL)
		sml_write_triangle(writer, state->meat, state->count, state->count);
	if (state->newton.passes > 0)
		return;
	sml_write_triangle(writer, state->gram, width, width);
	sml_extent_write(writer, &state->extent);
}

/* phase | watch | separation | flags | numbers | search | rows of this pass | their sums unless there are none */
void
sml_multinomial_write(SmlWriter *writer, const SmlState *base)
{
	const SmlMultinomial *state = (const SmlMultinomial *) base;
	const double          numbers[4] = {state->ridge, state->radius, state->best_loss, state->weight};

	sml_write_u8(writer, (uint8_t) state->phase);
	sml_write_u8(writer, state->watch);
	sml_write_u8(writer, (uint8_t) state->separation);
	sml_write_bools(writer, state->dropped, state->frame.terms);
	sml_write_bools(writer, state->ridged, state->frame.terms);
	sml_write_bools(writer, state->involved, state->count);
	sml_write_f64s(writer, numbers, 4);
	sml_write_u64(writer, state->rows);
	sml_write_f64s(writer, state->class_weights, state->frame.classes);
	sml_newton_write(writer, &state->newton);
	if (!state->full)
		sml_lbfgs_write(writer, &state->lbfgs);
	sml_write_u64(writer, state->pass_rows);
	if (state->pass_rows > 0)
		write_sums(writer, state);
}

static void
read_sums(SmlReader *reader, SmlMultinomial *state)
{
	size_t width = state->frame.width;

	state->pass_loss = sml_read_f64(reader);
	state->least_margin = sml_read_f64(reader);
	state->least_move = sml_read_f64(reader);
	state->greatest_move = sml_read_f64(reader);
	sml_read_f64s(reader, state->pass_weights, state->frame.classes);
	sml_read_f64s(reader, state->gradient, state->count);
	if (state->full)
		sml_read_triangle(reader, state->hessian, state->count, state->count);
	if (state->meat != NULL)
		sml_read_triangle(reader, state->meat, state->count, state->count);
	if (state->newton.passes > 0)
		return;
	sml_read_triangle(reader, state->gram, width, width);
	sml_extent_read(reader, &state->extent);
}

static void
fill_state(SmlReader *reader, SmlState *base)
{
	SmlMultinomial *state = (SmlMultinomial *) base;
	uint8_t         phase = sml_read_u8(reader);
	uint8_t         separation;

	state->watch = sml_read_bool(reader);
	separation = sml_read_u8(reader);
	sml_read_bools(reader, state->dropped, state->frame.terms);
	sml_read_bools(reader, state->ridged, state->frame.terms);
	sml_read_bools(reader, state->involved, state->count);
	state->ridge = sml_read_f64(reader);
	state->radius = sml_read_f64(reader);
	state->best_loss = sml_read_f64(reader);
	state->weight = sml_read_f64(reader);
	state->rows = sml_read_u64(reader);
	sml_read_f64s(reader, state->class_weights, state->frame.classes);
	sml_newton_read(reader, &state->newton);
	if (!state->full)
		sml_lbfgs_read(reader, &state->lbfgs);
	state->pass_rows = sml_read_u64(reader);
	if (reader->status == SML_OK && state->pass_rows > 0)
		read_sums(reader, state);
	if (reader->status != SML_OK)
		return;
	if (phase > SML_MULTINOMIAL_DONE || separation > SML_SEPARATION_COMPLETE ||
		(phase == SML_MULTINOMIAL_ROBUST && state->meat == NULL))
		sml_reader_fail(reader, "The state of a multinomial fit makes no sense.");
	state->phase = (SmlMultinomialPhase) phase;
	state->separation = (SmlSeparation) separation;
}

void
sml_multinomial_read(SmlReader *reader, const SmlDesign *design, SmlState **state)
{
	sml_state_read(reader, &sml_multinomial, design, fill_state, state);
}
