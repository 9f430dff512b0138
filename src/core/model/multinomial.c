/*
 * multinomial.c - softmax regression for K classes: min sum w (-log p_y) + penalty.
 *
 * Up to SML_MULTINOMIAL_NEWTON unknowns by Newton's method with the full Hessian
 * (step control and stopping rule of newton.h), above by L-BFGS (lbfgs.h),
 * without standard errors.  Without a penalty class 0 is the baseline, with row zero; with
 * one the K rows are symmetric and centred (multinomial.h).  Separation: see classifier.h; L-BFGS
 * finds the complete kind and the one by a single column, and ends at max_iter on other quasi-complete kinds.
 *
 * Cost of a pass: n p^2 K^2 / 4 multiply-adds for the Hessian, n p K 2 without it; memory
 * (K p)^2 doubles, at most 3 MB, or (1 + p)^2 + 25 K p.  Missing values do not
 * reach a learner, and nothing is random.
 *
 * Sources: Agresti, Categorical Data Analysis (2002), 7.1; Boehning, Annals of the Institute
 * of Statistical Mathematics 44 (1992) for the product form of the bound.
 */
#include <math.h>
#include <string.h>

#include "../blas.h"
#include "multinomial.h"

static SmlStatus
multinomial_need(SmlEnv *env, const SmlDesign *design, size_t *bytes)
{
	size_t width;
	size_t count;
	size_t cells;
	size_t square;

	if (design->classes < 2 || !sml_size_plus(design->terms, 1, &width) ||
		!sml_size_times(width, design->classes, &count) || !sml_size_times(count, 30, &cells) ||
		!sml_size_times(width, 3 * width, &square) || !sml_size_plus(cells, square, &cells) ||
		!sml_size_plus(cells, 4 * SML_MULTINOMIAL_NEWTON * SML_MULTINOMIAL_NEWTON, &cells) ||
		!sml_size_times(cells, sizeof(double), bytes))
		return sml_fail(env, SML_NO_MEMORY, "A model of %zu terms and %zu classes is too large.", design->terms,
						design->classes);
	return SML_OK;
}

/* ---- one block ---- */

/* Linear predictors of all classes for K - 1 rows of coefficients; zero behind the last row. */
static SmlStatus
predict_links(SmlEnv *env, SmlMultinomial *state, size_t rows, const double *x, const double *coefficients)
{
	size_t steps = sml_poll_steps(rows * state->frame.terms);

	memset(state->eta, 0, state->frame.classes * SML_LINK_ROWS * sizeof(double));
	for (size_t k = 0; k < state->free_rows; k++)
	{
		double       *eta = state->eta + (k + 1) * SML_LINK_ROWS;
		const double *row = coefficients + k * state->frame.width;
		SmlStatus     status = k % steps == 0 ? sml_poll(env) : SML_OK;

		if (status != SML_OK)
			return status;
		for (size_t i = 0; i < rows; i++)
			eta[i] = row[0];
		sml_matvec_add(rows, state->frame.terms, x, state->frame.terms, row + 1, eta);
	}
	return SML_OK;
}

/* How far the own class is ahead of the others: own and rest. */
static void
compare_classes(SmlMultinomial *state, size_t rows, const double *y)
{
	for (size_t i = 0; i < rows; i++)
		state->rest[i] = -INFINITY;
	for (size_t k = 0; k < state->frame.classes; k++)
	{
		const double *eta = state->eta + k * SML_LINK_ROWS;

		for (size_t i = 0; i < rows; i++)
		{
			if ((size_t) y[i] == k)
				state->own[i] = eta[i];
			else
				state->rest[i] = fmax(state->rest[i], eta[i]);
		}
	}
}

/* Whether the direction moves rows towards their class. */
static SmlStatus
watch_moves(SmlEnv *env, SmlMultinomial *state, size_t rows, const double *x, const double *y, const double *w)
{
	SmlStatus status = predict_links(env, state, rows, x, state->newton.direction);

	if (status != SML_OK)
		return status;
	compare_classes(state, rows, y);
	for (size_t i = 0; i < rows; i++)
	{
		double towards = state->own[i] - state->rest[i];

		if (w != NULL && !(w[i] > 0))
			continue;
		state->least_move = fmin(state->least_move, towards);
		state->greatest_move = fmax(state->greatest_move, towards);
	}
	return SML_OK;
}

/* The blocks k <= l of the Hessian, each by its upper triangle; off the diagonal with the sign turned. */
static SmlStatus
add_hessian(SmlEnv *env, SmlMultinomial *state, size_t rows, const double *x, const double *w)
{
	size_t    width = state->frame.width;
	SmlStatus status;

	for (size_t k = 0; k < state->free_rows; k++)
	{
		const double *p = state->eta + (k + 1) * SML_LINK_ROWS;

		for (size_t l = k; l < state->free_rows; l++)
		{
			const double *q = state->eta + (l + 1) * SML_LINK_ROWS;

			for (size_t i = 0; i < rows; i++)
				state->v[i] = (w ? w[i] : 1) * p[i] * (k == l ? 1 - p[i] : q[i]);
			status = sml_gram_one_add(env, rows, state->frame.terms, x, state->v, state->hessian + k * width * state->count + l * width, state->count);
			if (status != SML_OK)
				return status;
		}
	}
	return SML_OK;
}

/* The Gram matrix of the rows, for the rank and for L-BFGS. */
static SmlStatus
add_first(SmlEnv *env, SmlMultinomial *state, size_t rows, const double *x, const double *y, const double *w)
{
	for (size_t i = 0; i < rows; i++)
		state->v[i] = w ? w[i] : 1;
	sml_extent_absorb(&state->extent, rows, x, y, w);
	return sml_gram_one_add(env, rows, state->frame.terms, x, state->v, state->gram, state->frame.width);
}

/* w (p_k - 1{y = k}) of class k into v. */
static void
residual_of(SmlMultinomial *state, size_t rows, size_t k, const double *y, const double *w)
{
	const double *p = state->eta + k * SML_LINK_ROWS;

	for (size_t i = 0; i < rows; i++)
		state->v[i] = (w ? w[i] : 1) * (p[i] - ((size_t) y[i] == k ? 1 : 0));
}

static SmlStatus
add_gradient(SmlEnv *env, SmlMultinomial *state, size_t rows, const double *x, const double *y, const double *w)
{
	size_t terms = state->frame.terms;
	size_t steps = sml_poll_steps(rows * terms);

	for (size_t k = 0; k < state->free_rows; k++)
	{
		double   *gradient = state->gradient + k * state->frame.width;
		SmlStatus status = k % steps == 0 ? sml_poll(env) : SML_OK;

		if (status != SML_OK)
			return status;
		residual_of(state, rows, k + 1, y, w);
		sml_weighted_sums_add(rows, terms, x, state->v, gradient);
	}
	return SML_OK;
}

/* (1, x) times v, rows x width. */
static void
scale_rows(SmlMultinomial *state, size_t rows, const double *x, double *scaled)
{
	size_t width = state->frame.width;

	for (size_t i = 0; i < rows; i++)
	{
		scaled[i * width] = state->v[i];
		for (size_t j = 1; j < width; j++)
			scaled[i * width + j] = state->v[i] * x[i * state->frame.terms + j - 1];
	}
}

/* The sandwich's middle: the sum over rows of the outer product of their scores. */
static void
add_meat(SmlMultinomial *state, size_t rows, const double *x, const double *y, const double *w)
{
	size_t  width = state->frame.width;
	double *other = state->scaled + SML_LINK_ROWS * width;

	for (size_t k = 0; k < state->free_rows; k++)
	{
		residual_of(state, rows, k + 1, y, w);
		scale_rows(state, rows, x, state->scaled);
		for (size_t l = k; l < state->free_rows; l++)
		{
			residual_of(state, rows, l + 1, y, w);
			scale_rows(state, rows, x, other);
			sml_gemm_tn_add(width, width, rows, state->scaled, width, other, width,
							state->meat + k * width * state->count + l * width, state->count);
		}
	}
}

static void
add_losses(SmlMultinomial *state, size_t rows, const double *y, const double *w)
{
	double loss = 0;

	for (size_t i = 0; i < rows; i++)
	{
		double weight = w ? w[i] : 1;

		loss += weight * (state->top[i] - state->own[i] + state->log_sum[i]);
		state->pass_weights[(size_t) y[i]] += weight;
		if (weight > 0)
			state->least_margin = fmin(state->least_margin, state->own[i] - state->rest[i]);
	}
	state->pass_loss += loss;
	state->pass_rows += rows;
}

static SmlStatus
absorb_chunk(SmlEnv *env, SmlMultinomial *state, size_t rows, const double *x, const double *y, const double *w)
{
	SmlStatus status = SML_OK;

	if (state->watch)
		SML_TRY(watch_moves(env, state, rows, x, y, w));
	SML_TRY(predict_links(env, state, rows, x, state->newton.at));
	compare_classes(state, rows, y);
	sml_link_softmax(state->frame.classes, state->eta, state->top, state->log_sum);
	add_losses(state, rows, y, w);
	if (state->full)
		SML_TRY(add_hessian(env, state, rows, x, w));
	if (state->phase == SML_MULTINOMIAL_ROBUST)
		add_meat(state, rows, x, y, w);
	else
		SML_TRY(add_gradient(env, state, rows, x, y, w));
	if (state->newton.passes == 0)
		SML_TRY(add_first(env, state, rows, x, y, w));
done:
	return status;
}

static SmlStatus
multinomial_absorb(SmlEnv *env, SmlState *base, const SmlBlock *block)
{
	SmlMultinomial *state = (SmlMultinomial *) base;
	size_t          terms = state->frame.terms;

	for (size_t from = 0; from < block->rows; from += SML_LINK_ROWS)
	{
		size_t    rows = block->rows - from < SML_LINK_ROWS ? block->rows - from : SML_LINK_ROWS;
		SmlStatus status = sml_poll(env);

		if (status == SML_OK)
			status = absorb_chunk(env, state, rows, block->x + from * terms, block->y + from, block->w ? block->w + from : NULL);
		if (status != SML_OK)
			return status;
	}
	return SML_OK;
}

static SmlStatus
multinomial_merge(SmlEnv *env, SmlState *into_base, const SmlState *from_base)
{
	SmlMultinomial       *into = (SmlMultinomial *) into_base;
	const SmlMultinomial *from = (const SmlMultinomial *) from_base;
	size_t                width = into->frame.width;
	size_t                cells = into->count * into->count;
	SmlStatus             status = SML_OK;

	if (into_base->learner != from_base->learner || into->frame.width != from->frame.width ||
		into->count != from->count || into->phase != from->phase || into->watch != from->watch ||
		(into->meat == NULL) != (from->meat == NULL) || !sml_newton_same(&into->newton, &from->newton))
		return sml_fail(env, SML_MISMATCH, "The two states belong to different passes of a fit.");
	into->pass_rows += from->pass_rows;
	into->pass_loss += from->pass_loss;
	into->least_margin = fmin(into->least_margin, from->least_margin);
	into->least_move = fmin(into->least_move, from->least_move);
	into->greatest_move = fmax(into->greatest_move, from->greatest_move);
	SML_TRY(sml_add_all(env, into->frame.classes, into->pass_weights, from->pass_weights));
	SML_TRY(sml_add_all(env, into->count, into->gradient, from->gradient));
	SML_TRY(sml_add_all(env, width * width, into->gram, from->gram));
	if (into->full)
		SML_TRY(sml_add_all(env, cells, into->hessian, from->hessian));
	if (into->meat != NULL)
		SML_TRY(sml_add_all(env, cells, into->meat, from->meat));
	sml_extent_merge(&into->extent, &from->extent);
done:
	return status;
}

/* ---- between two passes ---- */

static void
clear_sums(SmlMultinomial *state)
{
	size_t width = state->frame.width;

	state->pass_rows = 0;
	state->pass_loss = 0;
	state->least_margin = INFINITY;
	state->least_move = INFINITY;
	state->greatest_move = -INFINITY;
	memset(state->pass_weights, 0, state->frame.classes * sizeof(double));
	memset(state->gradient, 0, state->count * sizeof(double));
	memset(state->gram, 0, width * width * sizeof(double));
	if (state->full)
		memset(state->hessian, 0, state->count * state->count * sizeof(double));
	if (state->meat != NULL)
		memset(state->meat, 0, state->count * state->count * sizeof(double));
	sml_extent_clear(&state->extent);
}

static void
separate(SmlMultinomial *state, SmlSeparation kind)
{
	size_t width = state->frame.width;

	if (state->separation < kind)
		state->separation = kind;
	state->ridge = SML_SEPARATION_RIDGE * state->weight;
	for (size_t i = 0; i < state->count; i++)
	{
		size_t j = i % width;

		state->involved[i] = state->involved[i] || kind == SML_SEPARATION_COMPLETE;
		if (j > 0 && state->involved[i] && !state->dropped[j - 1])
			state->ridged[j - 1] = true;
	}
	sml_newton_restart(&state->newton);
	if (!state->full)
		sml_lbfgs_restart(&state->lbfgs);
}

/* Mark what a direction (K - 1 rows) touches; true when something is new. */
static bool
involve(SmlMultinomial *state, const double *direction)
{
	double largest = 0;
	size_t before = 0;
	size_t after = 0;

	for (size_t i = 0; i < state->count; i++)
	{
		before += state->involved[i];
		largest = fmax(largest, fabs(direction[i]));
	}
	for (size_t k = 0; k < state->free_rows; k++)
	{
		size_t at = k * state->frame.width;

		sml_frame_involve(&state->frame, direction + at, largest, state->involved + at);
	}
	for (size_t i = 0; i < state->count; i++)
		after += state->involved[i];
	return after > before;
}

/* Single columns that separate classes. */
static SmlStatus
find_splits(SmlEnv *env, SmlMultinomial *state, double *direction)
{
	bool      found = false;
	bool     *above = NULL;
	SmlStatus status = SML_OK;

	SML_TRY(sml_alloc_array(env, state->frame.classes, sizeof(bool), &above));
	for (size_t j = 0; j < state->frame.terms; j++)
	{
		double threshold;

		SML_TRY(sml_poll(env));
		if (state->dropped[j] || !sml_extent_split(&state->extent, j, &threshold, above))
			continue;
		memset(direction, 0, state->count * sizeof(double));
		for (size_t k = 0; k < state->free_rows; k++)
		{
			double side = (above[k + 1] ? 1 : 0) - (above[0] ? 1 : 0);

			direction[k * state->frame.width] = -threshold * side;
			direction[k * state->frame.width + 1 + j] = side;
		}
		found = involve(state, direction) || found;
	}
	if (found)
		separate(state, SML_SEPARATION_TERMS);
done:
	sml_free(env, above);
	return status;
}

static void
look_for_separation(SmlMultinomial *state)
{
	if (state->frame.l2 > 0 || state->separation == SML_SEPARATION_COMPLETE)
		return;
	if (state->least_margin > 0)
		separate(state, SML_SEPARATION_COMPLETE);
	else if (state->watch && state->least_move >= -SML_SEPARATION_AGAINST &&
			 state->greatest_move >= SML_SEPARATION_TOWARDS && involve(state, state->newton.direction))
		separate(state, SML_SEPARATION_TERMS);
}

/* The columns to leave out: constant, or determined by earlier ones. */
static SmlStatus
find_dropped(SmlEnv *env, SmlMultinomial *state)
{
	size_t    width = state->frame.width;
	bool     *held = NULL;
	SmlFactor factor = {0};
	SmlStatus status = SML_OK;

	SML_TRY(sml_alloc_array(env, width, sizeof(bool), &held));
	for (size_t j = 1; j < width; j++)
	{
		held[j] = state->frame.constant[j - 1];
		state->gram[j * width + j] += sml_frame_penalty(&state->frame, j) * (double) state->frame.classes;
	}
	SML_TRY(sml_factor_make(env, width, state->gram, held, SML_NEWTON_RANK, &factor));
	if (factor.held[0])
		SML_TRY(sml_fail(env, SML_BAD_INPUT, "The values are too large for the sums of the fit."));
	for (size_t j = 1; j < width; j++)
	{
		state->dropped[j - 1] = factor.held[j];
		state->gram[j * width + j] -= sml_frame_penalty(&state->frame, j) * (double) state->frame.classes;
	}
	for (size_t i = 0; i < state->count; i++)
		state->newton.dropped[i] = factor.held[i % width];
done:
	sml_free(env, held);
	sml_factor_free(env, &factor);
	return status;
}

static SmlStatus
digest_first(SmlEnv *env, SmlMultinomial *state, double *scratch)
{
	size_t    width = state->frame.width;
	SmlStatus status;

	state->rows = state->pass_rows;
	state->weight = sml_sum(state->frame.classes, state->pass_weights);
	/* the change of a curvature is bounded by twice that of a linear predictor (newton.h) */
	state->radius = 2 * sml_extent_radius(&state->extent);
	memcpy(state->class_weights, state->pass_weights, state->frame.classes * sizeof(double));
	for (size_t k = 0; k < state->frame.classes; k++)
	{
		if (!(state->class_weights[k] > 0))
			return sml_fail(env, SML_BAD_INPUT, "Class %zu of %zu has no rows.", k + 1, state->frame.classes);
	}
	status = find_dropped(env, state);
	if (status == SML_OK && !state->full)
		memcpy(state->lbfgs.base, state->gram, width * width * sizeof(double));
	if (status == SML_OK && state->frame.l2 == 0)
		status = find_splits(env, state, scratch);
	return status;
}

/* The penalty D goes onto the diagonal of the preconditioner G/K + D. */
static SmlStatus
advance_lbfgs(SmlEnv *env, SmlMultinomial *state, SmlNewtonPass *pass)
{
	SmlLbfgs *lbfgs = &state->lbfgs;
	size_t    width = state->frame.width;
	double   *plain = lbfgs->base;
	double   *base = NULL;
	double    classes = (double) state->frame.classes;
	SmlStatus status = SML_OK;

	SML_TRY(sml_alloc_array(env, width * width, sizeof(double), &base));
	for (size_t i = 0; i < width * width; i++)
		base[i] = plain[i] / classes;
	for (size_t j = 0; j < width; j++)
		base[j * width + j] += sml_multinomial_penalty(state, j);
	lbfgs->base = base;
	status = sml_lbfgs_advance(env, lbfgs, &state->newton, state->newton.dropped, pass);
	lbfgs->base = plain;
done:
	sml_free(env, base);
	return status;
}

static SmlStatus
advance(SmlEnv *env, SmlMultinomial *state, double *gradient, double *hessian)
{
	SmlNewton    *newton = &state->newton;
	SmlNewtonPass pass = {.gradient = gradient, .hessian = hessian};
	SmlStatus     status = SML_OK;

	if (newton->passes == 0)
		status = digest_first(env, state, gradient);
	if (status != SML_OK)
		return status;
	look_for_separation(state);
	pass.value = sml_multinomial_penalise(state, gradient, hessian);
	pass.weight = state->weight;
	pass.radius = state->radius;
	pass.tolerance = state->frame.tolerance;
	pass.limit = state->frame.limit;
	pass.near = state->frame.l2 == 0 && !state->frame.robust;
	status = state->full ? sml_newton_advance(env, newton, &pass) : advance_lbfgs(env, state, &pass);
	if (status != SML_OK)
		return status;
	if (newton->accepted)
		state->best_loss = state->full && newton->end == SML_NEWTON_CONVERGED ?
			sml_newton_after_step(newton, state->pass_loss, state->gradient, hessian) : state->pass_loss;
	state->watch = state->full && state->frame.l2 == 0 && newton->slow >= SML_SEPARATION_SLOW;
	return SML_OK;
}

static SmlStatus
search_pass(SmlEnv *env, SmlMultinomial *state)
{
	double   *gradient = NULL;
	double   *hessian = NULL;
	SmlStatus status = SML_OK;

	SML_TRY(sml_alloc_array(env, state->count, sizeof(double), &gradient));
	if (state->full)
		SML_TRY(sml_alloc_array(env, state->count * state->count, sizeof(double), &hessian));
	SML_TRY(advance(env, state, gradient, hessian));
	if (state->newton.passes == 1)
		sml_newton_clear_dropped(&state->newton);
	if (state->newton.end != SML_NEWTON_RUNNING)
		state->phase = state->frame.robust && state->full ? SML_MULTINOMIAL_ROBUST : SML_MULTINOMIAL_DONE;
done:
	sml_free(env, gradient);
	sml_free(env, hessian);
	return status;
}

static SmlStatus
multinomial_finish_pass(SmlEnv *env, SmlState *base, SmlVerdict *verdict)
{
	SmlMultinomial *state = (SmlMultinomial *) base;
	double          weight = sml_sum(state->frame.classes, state->pass_weights);
	double          loss = state->pass_loss / weight;

	if (state->phase == SML_MULTINOMIAL_DONE)
		return sml_fail(env, SML_MISMATCH, "The fit is finished already.");
	if (state->pass_rows == 0 || !(weight > 0))
		return sml_fail(env, SML_BAD_INPUT, "There is no row to fit.");
	if (state->phase == SML_MULTINOMIAL_ROBUST)
	{
		state->best_loss = state->pass_loss;
		state->phase = SML_MULTINOMIAL_DONE;
		state->newton.passes++;
	}
	else
	{
		SmlStatus status = search_pass(env, state);

		if (status != SML_OK)
			return status;
	}
	verdict->again = state->phase != SML_MULTINOMIAL_DONE;
	verdict->loss = loss;
	verdict->iteration = state->newton.passes;
	if (verdict->again)
		clear_sums(state);
	return SML_OK;
}

static SmlStatus
multinomial_warm(SmlEnv *env, SmlState *base, const SmlState *from_base)
{
	SmlMultinomial       *state = (SmlMultinomial *) base;
	const SmlMultinomial *from = (const SmlMultinomial *) from_base;

	if (base->learner != from_base->learner || state->count != from->count || state->frame.width != from->frame.width)
		return sml_fail(env, SML_MISMATCH, "The starting point belongs to another model.");
	if (state->newton.passes == 0)
		memcpy(state->newton.at, from->newton.best, state->count * sizeof(double));
	return SML_OK;
}

/* ---- the state ---- */

void
sml_multinomial_free(SmlEnv *env, SmlState *base)
{
	SmlMultinomial *state = (SmlMultinomial *) base;

	if (state == NULL)
		return;
	sml_frame_free(env, &state->frame);
	sml_newton_free(env, &state->newton);
	sml_lbfgs_free(env, &state->lbfgs);
	sml_extent_free(env, &state->extent);
	sml_free(env, state->dropped);
	sml_free(env, state->ridged);
	sml_free(env, state->involved);
	sml_free(env, state->class_weights);
	sml_free(env, state->pass_weights);
	sml_free(env, state->gradient);
	sml_free(env, state->gram);
	sml_free(env, state->hessian);
	sml_free(env, state->meat);
	sml_free(env, state->eta);
	sml_free(env, state->scaled);
	sml_free(env, state);
}

/* Arrays whose sizes follow from classes and terms. */
static SmlStatus
allocate(SmlEnv *env, SmlMultinomial *state)
{
	size_t    width = state->frame.width;
	size_t    classes = state->frame.classes;
	SmlStatus status = SML_OK;

	SML_TRY(sml_newton_start(env, state->count, &state->newton));
	SML_TRY(sml_extent_start(env, classes, state->frame.terms, &state->extent));
	SML_TRY(sml_alloc_array(env, width, sizeof(bool), &state->dropped));
	SML_TRY(sml_alloc_array(env, width, sizeof(bool), &state->ridged));
	SML_TRY(sml_alloc_array(env, state->count, sizeof(bool), &state->involved));
	SML_TRY(sml_alloc_array(env, classes, sizeof(double), &state->class_weights));
	SML_TRY(sml_alloc_array(env, classes, sizeof(double), &state->pass_weights));
	SML_TRY(sml_alloc_array(env, state->count, sizeof(double), &state->gradient));
	SML_TRY(sml_alloc_array(env, width * width, sizeof(double), &state->gram));
	SML_TRY(sml_alloc_array(env, (classes + 5) * SML_LINK_ROWS, sizeof(double), &state->eta));
	if (state->full)
		SML_TRY(sml_alloc_array(env, state->count * state->count, sizeof(double), &state->hessian));
	else
		SML_TRY(sml_lbfgs_start(env, state->count, width, &state->lbfgs));
	if (state->full && state->frame.robust)
	{
		SML_TRY(sml_alloc_array(env, state->count * state->count, sizeof(double), &state->meat));
		SML_TRY(sml_alloc_array(env, 2 * SML_LINK_ROWS * width, sizeof(double), &state->scaled));
	}
	state->own = state->eta + classes * SML_LINK_ROWS;
	state->rest = state->own + SML_LINK_ROWS;
	state->top = state->rest + SML_LINK_ROWS;
	state->log_sum = state->top + SML_LINK_ROWS;
	state->v = state->log_sum + SML_LINK_ROWS;
done:
	return status;
}

SmlStatus
sml_multinomial_start(SmlEnv *env, const SmlDesign *design, SmlState **state)
{
	SmlMultinomial *made = NULL;
	size_t          bytes;
	SmlStatus       status;

	if (design->classes < 2 || (design->task == SML_BINARY && design->classes != 2))
		return sml_fail(env, SML_BAD_INPUT, "A target with fewer than two classes cannot be learned.");
	SML_TRY(multinomial_need(env, design, &bytes));
	SML_TRY(sml_alloc_array(env, 1, sizeof(SmlMultinomial), &made));
	made->base.learner = &sml_multinomial;
	SML_TRY(sml_frame_start(env, design, &made->frame));
	made->free_rows = design->classes - 1;
	made->count = made->free_rows * made->frame.width;
	made->binary = design->task == SML_BINARY;
	made->full = made->count <= SML_MULTINOMIAL_NEWTON;
	SML_TRY(allocate(env, made));
	clear_sums(made);
	*state = &made->base;
	made = NULL;
done:
	sml_multinomial_free(env, (SmlState *) made);
	return status;
}

const SmlLearner sml_multinomial = {
	.name = "multinomial",
	.about = "Softmax regression for any number of classes, by Newton's method or L-BFGS, with an optional ridge penalty.",
	.tasks = SML_BINARY | SML_MULTICLASS,
	.options = sml_classifier_options,
	.option_count = SML_CLASSIFIER_OPTION_COUNT,
	.need = multinomial_need,
	.start = sml_multinomial_start,
	.absorb = multinomial_absorb,
	.merge = multinomial_merge,
	.finish_pass = multinomial_finish_pass,
	.warm = multinomial_warm,
	.result = sml_multinomial_result,
	.write = sml_multinomial_write,
	.read = sml_multinomial_read,
	.free = sml_multinomial_free,
};
