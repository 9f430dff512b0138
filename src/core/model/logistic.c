/*
 * logistic.c - binary logistic regression by Newton's method:
 *
 *   min  sum w log(1 + exp(-s (b0 + x'b))) + l2 / 2 |b|^2,   s = 1 for the positive class, else -1
 *
 * One pass per step: loss, gradient X'(p - y) and Hessian X'VX at one point; step control
 * and stopping rule are those of newton.h.  A cold start sits at zero, where the Hessian is the
 * Gram matrix; the first trial is then the linear discriminant, which has the direction
 * of the Newton step but the right length.  A warm start needs 2 to 4 passes.
 *
 * With importance weights one more pass at the optimum gathers X' diag(w^2 r^2) X for
 * the sandwich H^-1 M H^-1 n / (n - k), as the linear learner does.  Separation: see classifier.h.
 *
 * Cost: about 50 ms per pass for a million rows of 20 terms; memory (1 + p)^2 doubles,
 * twice that while a pass is digested.  Missing values do not reach a learner, and nothing is random.  Merged
 * parts give the same result up to rounding.
 *
 * Sources: McCullagh and Nelder, Generalized Linear Models (1989); Albert and Anderson, Biometrika 71
 * (1984) on separation; Bach, Electronic Journal of Statistics 4 (2010) for the curvature bound.
 */
#include <math.h>
#include <string.h>

#include "../blas.h"
#include "classifier.h"
#include "extent.h"
#include "learners.h"
#include "logistic.h"

/* q (1 - q) below which a class counts as rare: q about 5 %. */
#define RARE 0.05

static void
logistic_free(SmlEnv *env, SmlState *state)
{
	Logistic *logistic = (Logistic *) state;

	if (logistic == NULL)
		return;
	sml_frame_free(env, &logistic->frame);
	sml_newton_free(env, &logistic->newton);
	sml_extent_free(env, &logistic->extent);
	sml_free(env, logistic->ridged);
	sml_free(env, logistic->involved);
	sml_free(env, logistic->gradient);
	sml_free(env, logistic->hessian);
	sml_free(env, logistic->meat);
	sml_parity_free(env, logistic->parity);
	sml_free(env, logistic);
}

static SmlStatus
logistic_need(SmlEnv *env, const SmlDesign *design, size_t *bytes)
{
	size_t width;
	size_t cells;

	/* Hessian, sandwich, penalised copy and factor, and a dozen vectors */
	if (!sml_size_plus(design->terms, 1, &width) || !sml_size_times(width, width, &cells) ||
		!sml_size_times(cells, 4 * sizeof(double), &cells) || !sml_size_plus(cells, width * 16 * sizeof(double), &cells) ||
		!sml_size_plus(cells, sizeof(Logistic), bytes))
		return sml_fail(env, SML_NO_MEMORY, "A model of %zu terms is too large.", design->terms);
	return SML_OK;
}

/* Empty sums for the next pass. */
static void
clear_sums(Logistic *logistic)
{
	size_t width = logistic->frame.width;

	logistic->pass_rows = 0;
	logistic->pass_weight = 0;
	logistic->pass_positive = 0;
	logistic->pass_loss = 0;
	logistic->least_margin = INFINITY;
	logistic->least_move = INFINITY;
	logistic->greatest_move = -INFINITY;
	memset(logistic->gradient, 0, width * sizeof(double));
	memset(logistic->hessian, 0, width * width * sizeof(double));
	if (logistic->meat != NULL)
		memset(logistic->meat, 0, width * width * sizeof(double));
	if (logistic->parity != NULL)
		sml_parity_clear(logistic->parity);
	sml_extent_clear(&logistic->extent);
}

static SmlStatus
logistic_start(SmlEnv *env, const SmlDesign *design, SmlState **state)
{
	Logistic *made = NULL;
	size_t    bytes;
	size_t    width;
	SmlStatus status;

	SML_TRY(logistic_need(env, design, &bytes));
	SML_TRY(sml_alloc_array(env, 1, sizeof(Logistic), &made));
	made->base.learner = &sml_logistic;
	SML_TRY(sml_frame_start(env, design, &made->frame));
	made->frame.classes = 2;
	width = made->frame.width;
	SML_TRY(sml_newton_start(env, width, &made->newton));
	SML_TRY(sml_extent_start(env, 2, design->terms, &made->extent));
	SML_TRY(sml_alloc_array(env, design->terms, sizeof(bool), &made->ridged));
	SML_TRY(sml_alloc_array(env, width, sizeof(bool), &made->involved));
	SML_TRY(sml_alloc_array(env, width, sizeof(double), &made->gradient));
	SML_TRY(sml_alloc_array(env, width * width, sizeof(double), &made->hessian));
	if (made->frame.robust)
		SML_TRY(sml_alloc_array(env, width * width, sizeof(double), &made->meat));
	if (design->parity > 0)
		SML_TRY(sml_parity_start(env, design->parity, design->parity_groups, design->parity_events, width, &made->parity));
	clear_sums(made);
	*state = &made->base;
	made = NULL;
done:
	logistic_free(env, (SmlState *) made);
	return status;
}

/* ---- one block ---- */

/* The linear predictor of "rows" rows; zero behind them. */
static void
predict_link(size_t rows, size_t terms, const double *x, const double *coefficients, double *eta)
{
	for (size_t i = 0; i < SML_LINK_ROWS; i++)
		eta[i] = i < rows ? coefficients[0] : 0;
	sml_matvec_add(rows, terms, x, terms, coefficients + 1, eta);
}

/* Whether the direction moves rows towards their class. */
static void
watch_moves(Logistic *logistic, size_t rows, const double *x, const double *w)
{
	const double *y = logistic->lanes[LANE_Y];
	double       *move = logistic->lanes[LANE_MOVE];

	predict_link(rows, logistic->frame.terms, x, logistic->newton.direction, move);
	for (size_t i = 0; i < rows; i++)
	{
		double towards = (2 * y[i] - 1) * move[i];

		if (w != NULL && !(w[i] > 0))
			continue;
		logistic->least_move = fmin(logistic->least_move, towards);
		logistic->greatest_move = fmax(logistic->greatest_move, towards);
	}
}

/* Weigh loss, residual and curvature, and add up what is a plain sum. */
static void
add_scalars(Logistic *logistic, size_t rows, const double *w)
{
	const double *y = logistic->lanes[LANE_Y];
	const double *margin = logistic->lanes[LANE_MARGIN];
	double       *loss = logistic->lanes[LANE_LOSS];
	double        least = logistic->least_margin;
	double        positive = 0;

	for (size_t i = 0; i < rows; i++)
	{
		if (w != NULL)
		{
			loss[i] *= w[i];
			logistic->lanes[LANE_RESIDUAL][i] *= w[i];
			logistic->lanes[LANE_CURVATURE][i] *= w[i];
		}
		if (margin[i] < least && (w == NULL || w[i] > 0))
			least = margin[i];
		positive += w == NULL ? y[i] : w[i] * y[i];
	}
	logistic->least_margin = least;
	logistic->pass_positive += positive;
	logistic->pass_loss += sml_sum(rows, loss);
	logistic->pass_weight += w == NULL ? (double) rows : sml_sum(rows, w);
	logistic->pass_rows += rows;
}

static SmlStatus
absorb_chunk(SmlEnv *env, Logistic *logistic, size_t rows, const double *x, const double *y, const double *w, const int32_t *cell)
{
	size_t    terms = logistic->frame.terms;
	double   *residual = logistic->lanes[LANE_RESIDUAL];
	SmlStatus status;

	memcpy(logistic->lanes[LANE_Y], y, rows * sizeof(double));
	memset(logistic->lanes[LANE_Y] + rows, 0, (SML_LINK_ROWS - rows) * sizeof(double));
	predict_link(rows, terms, x, logistic->newton.at, logistic->lanes[LANE_ETA]);
	sml_link_logistic(logistic->lanes[LANE_ETA], logistic->lanes[LANE_Y], logistic->lanes[LANE_MARGIN],
					  logistic->lanes[LANE_LOSS], residual, logistic->lanes[LANE_CURVATURE]);
	for (size_t i = 0; cell != NULL && i < rows; i++)
		logistic->lanes[LANE_SCORE][i] = residual[i] + y[i];
	add_scalars(logistic, rows, w);
	if (logistic->parity != NULL && cell != NULL)
		sml_parity_absorb(logistic->parity, rows, x, cell, logistic->lanes[LANE_SCORE], w, logistic->lanes[LANE_CURVATURE]);
	status = sml_gram_one_add(env, rows, terms, x, logistic->lanes[LANE_CURVATURE], logistic->hessian, logistic->frame.width);
	if (status != SML_OK)
		return status;
	if (logistic->phase == PHASE_ROBUST)
	{
		for (size_t i = 0; i < rows; i++)
			residual[i] *= residual[i];
		return sml_gram_one_add(env, rows, terms, x, residual, logistic->meat, logistic->frame.width);
	}
	sml_weighted_sums_add(rows, terms, x, residual, logistic->gradient);
	if (logistic->newton.passes == 0)
		sml_extent_absorb(&logistic->extent, rows, x, y, w);
	if (logistic->watch)
		watch_moves(logistic, rows, x, w);
	return SML_OK;
}

static SmlStatus
logistic_absorb(SmlEnv *env, SmlState *state, const SmlBlock *block)
{
	Logistic *logistic = (Logistic *) state;
	size_t    terms = logistic->frame.terms;

	for (size_t from = 0; from < block->rows; from += SML_LINK_ROWS)
	{
		size_t    rows = block->rows - from < SML_LINK_ROWS ? block->rows - from : SML_LINK_ROWS;
		SmlStatus status = sml_poll(env);

		if (status == SML_OK)
			status = absorb_chunk(env, logistic, rows, block->x + from * terms, block->y + from, block->w ? block->w + from : NULL,
								  block->cell ? block->cell + from : NULL);
		if (status != SML_OK)
			return status;
	}
	return SML_OK;
}

static SmlStatus
logistic_merge(SmlEnv *env, SmlState *into_state, const SmlState *from_state)
{
	Logistic       *into = (Logistic *) into_state;
	const Logistic *from = (const Logistic *) from_state;
	size_t          cells = into->frame.width * into->frame.width;
	SmlStatus       status = SML_OK;

	if (into_state->learner != from_state->learner || into->frame.width != from->frame.width ||
		into->phase != from->phase || into->watch != from->watch || (into->meat == NULL) != (from->meat == NULL) ||
		(into->parity == NULL) != (from->parity == NULL) ||
		!sml_newton_same(&into->newton, &from->newton))
		return sml_fail(env, SML_MISMATCH, "The two states belong to different passes of a fit.");
	into->pass_rows += from->pass_rows;
	into->pass_weight += from->pass_weight;
	into->pass_positive += from->pass_positive;
	into->pass_loss += from->pass_loss;
	into->least_margin = fmin(into->least_margin, from->least_margin);
	into->least_move = fmin(into->least_move, from->least_move);
	into->greatest_move = fmax(into->greatest_move, from->greatest_move);
	SML_TRY(sml_add_all(env, into->frame.width, into->gradient, from->gradient));
	SML_TRY(sml_add_all(env, cells, into->hessian, from->hessian));
	if (into->meat != NULL)
		SML_TRY(sml_add_all(env, cells, into->meat, from->meat));
	if (into->parity != NULL)
		SML_TRY(sml_parity_merge(env, into->parity, from->parity));
	sml_extent_merge(&into->extent, &from->extent);
done:
	return status;
}

/* ---- between two passes ---- */

/* The penalty on column j, the ridge of a separation included. */
static double
penalty_of(const Logistic *logistic, size_t j)
{
	double penalty = sml_frame_penalty(&logistic->frame, j);

	return j > 0 && logistic->ridged[j - 1] ? penalty + logistic->ridge : penalty;
}

/* Penalise terms from here on; the objective changes, so that the search starts anew from where it is. */
static void
separate(Logistic *logistic, SmlSeparation kind)
{
	if (logistic->separation < kind)
		logistic->separation = kind;
	logistic->ridge = SML_SEPARATION_RIDGE * logistic->weight;
	for (size_t j = 0; j < logistic->frame.width; j++)
	{
		logistic->involved[j] = logistic->involved[j] || kind == SML_SEPARATION_COMPLETE;
		if (j > 0 && !logistic->newton.dropped[j])
			logistic->ridged[j - 1] = logistic->ridged[j - 1] || logistic->involved[j];
	}
	sml_newton_restart(&logistic->newton);
}

/* Single columns that separate. */
static void
find_splits(Logistic *logistic, double *direction)
{
	const SmlFrame *frame = &logistic->frame;
	bool            found = false;

	for (size_t j = 0; j < frame->terms; j++)
	{
		double threshold;
		bool   above[2];

		if (logistic->newton.dropped[1 + j] || !sml_extent_split(&logistic->extent, j, &threshold, above))
			continue;
		memset(direction, 0, frame->width * sizeof(double));
		direction[0] = -threshold;
		direction[1 + j] = 1;
		sml_frame_involve(frame, direction, 1, logistic->involved);
		found = true;
	}
	if (found)
		separate(logistic, SML_SEPARATION_TERMS);
}

/* What the pass shows about separation; nothing to look for under a penalty. */
static void
look_for_separation(Logistic *logistic)
{
	const SmlNewton *newton = &logistic->newton;
	double           largest = 0;
	size_t           before = 0;
	size_t           after = 0;

	if (logistic->frame.l2 > 0 || logistic->separation == SML_SEPARATION_COMPLETE)
		return;
	if (logistic->least_margin > 0)
	{
		separate(logistic, SML_SEPARATION_COMPLETE);
		return;
	}
	if (!logistic->watch || logistic->least_move < -SML_SEPARATION_AGAINST ||
		logistic->greatest_move < SML_SEPARATION_TOWARDS)
		return;
	for (size_t j = 0; j < newton->count; j++)
	{
		before += logistic->involved[j];
		largest = fmax(largest, fabs(newton->direction[j]));
	}
	sml_frame_involve(&logistic->frame, newton->direction, largest, logistic->involved);
	for (size_t j = 0; j < newton->count; j++)
		after += logistic->involved[j];
	/* terms that have the ridge already explain a slow approach */
	if (after > before)
		separate(logistic, SML_SEPARATION_TERMS);
}

/* The first pass: totals, columns to leave out, single columns that separate. */
static SmlStatus
digest_first(SmlEnv *env, Logistic *logistic, const double *hessian, double *scratch)
{
	SmlNewton *newton = &logistic->newton;
	SmlFactor  factor = {0};
	SmlStatus  status;

	logistic->rows = logistic->pass_rows;
	logistic->weight = logistic->pass_weight;
	logistic->positive = logistic->pass_positive;
	logistic->radius = sml_extent_radius(&logistic->extent);
	if (!(logistic->positive > 0 && logistic->positive < logistic->weight))
		return sml_fail(env, SML_BAD_INPUT, "All rows have the same class.");
	for (size_t j = 0; j < logistic->frame.terms; j++)
		newton->dropped[1 + j] = logistic->frame.constant[j];
	status = sml_factor_make(env, newton->count, hessian, newton->dropped, SML_NEWTON_RANK, &factor);
	if (status != SML_OK)
		return status;
	memcpy(newton->dropped, factor.held, newton->count * sizeof(bool));
	sml_factor_free(env, &factor);
	if (newton->dropped[0])
		return sml_fail(env, SML_BAD_INPUT, "The values are too large for the sums of the fit.");
	if (logistic->frame.l2 == 0)
		find_splits(logistic, scratch);
	return SML_OK;
}

/*
 * At zero the Newton step is the regression of y on x.  The linear
 * discriminant has the same slopes divided by 4 q (1 - q) (1 - R^2), q the share of positives; its
 * intercept is log(q / (1 - q)) - (m0 + m1)'b / 2 with the class means m.  With a rare class a few
 * outlying rows can throw the discriminant far off (mammography: 14 passes against 11), and the intercept alone is
 * the better guess.
 */
static void
guess_discriminant(Logistic *logistic)
{
	SmlNewton    *newton = &logistic->newton;
	const double *hessian = logistic->hessian; /* a quarter of the Gram matrix, at zero */
	double        share = logistic->positive / logistic->weight;
	double        spread = share * (1 - share);
	double        explained = newton->slope / 4 / logistic->weight - (share - 0.5) * (share - 0.5);
	double        left = fmin(1, fmax(0.05, 1 - explained / spread));
	double        factor = 1 / (4 * spread * left);
	double        positive = 0;
	double        negative = 0;

	newton->guessed = true;
	if (spread < RARE)
	{
		memset(newton->at, 0, newton->count * sizeof(double));
		newton->at[0] = log(share / (1 - share));
		return;
	}
	for (size_t j = 1; j < newton->count; j++)
	{
		double slope = newton->direction[j] * factor;
		double of_positive = 2 * hessian[j] - logistic->gradient[j];

		newton->at[j] = slope;
		positive += slope * of_positive;
		negative += slope * (4 * hessian[j] - of_positive);
	}
	positive /= logistic->positive;
	negative /= logistic->weight - logistic->positive;
	newton->at[0] = log(share / (1 - share)) - (positive + negative) / 2;
}

static bool
all_zero(size_t count, const double *values)
{
	for (size_t i = 0; i < count; i++)
	{
		if (values[i] != 0)
			return false;
	}
	return true;
}

/* Add the penalty to the sums of the pass. */
static double
penalise(const Logistic *logistic, double *gradient, double *hessian)
{
	size_t        width = logistic->frame.width;
	const double *at = logistic->newton.at;
	double        value = logistic->pass_loss;

	memcpy(gradient, logistic->gradient, width * sizeof(double));
	memcpy(hessian, logistic->hessian, width * width * sizeof(double));
	for (size_t j = 0; j < width; j++)
	{
		double penalty = penalty_of(logistic, j);

		value += penalty / 2 * at[j] * at[j];
		gradient[j] += penalty * at[j];
		hessian[j * width + j] += penalty;
		if (logistic->newton.dropped[j])
			gradient[j] = 0;
	}
	return value;
}

/* One step of the search. */
static SmlStatus
advance(SmlEnv *env, Logistic *logistic, double *gradient, double *hessian)
{
	SmlNewton    *newton = &logistic->newton;
	bool          first = newton->passes == 0;
	bool          cold = first && all_zero(newton->count, newton->at);
	SmlNewtonPass pass = {.gradient = gradient, .hessian = hessian};
	SmlStatus     status = SML_OK;

	if (first)
	{
		(void) penalise(logistic, gradient, hessian);
		status = digest_first(env, logistic, hessian, gradient);
		if (status != SML_OK)
			return status;
	}
	look_for_separation(logistic);
	pass.value = penalise(logistic, gradient, hessian);
	if (logistic->parity != NULL)
		status = sml_parity_add(env, logistic->parity, logistic->pass_weight, gradient, hessian, &pass.value);
	if (status != SML_OK)
		return status;
	pass.weight = logistic->weight;
	pass.radius = logistic->radius;
	pass.tolerance = logistic->frame.tolerance;
	pass.limit = logistic->frame.limit;
	pass.near = logistic->frame.l2 == 0 && !logistic->frame.robust;
	status = sml_newton_advance(env, newton, &pass);
	if (status != SML_OK)
		return status;
	if (newton->accepted)
		logistic->best_loss = newton->end == SML_NEWTON_CONVERGED ?
			sml_newton_after_step(newton, logistic->pass_loss, logistic->gradient, logistic->hessian) : logistic->pass_loss;
	if (newton->accepted && logistic->parity != NULL)
		status = sml_parity_digest(env, logistic->parity, logistic->pass_weight);
	if (status != SML_OK)
		return status;
	if (cold && newton->end == SML_NEWTON_RUNNING)
		guess_discriminant(logistic);
	/* a penalty between groups slows the search down by itself */
	logistic->watch = logistic->frame.l2 == 0 && logistic->parity == NULL && newton->slow >= SML_SEPARATION_SLOW;
	return SML_OK;
}

static SmlStatus
search_pass(SmlEnv *env, Logistic *logistic)
{
	size_t    width = logistic->frame.width;
	double   *gradient = NULL;
	double   *hessian = NULL;
	SmlStatus status = SML_OK;

	SML_TRY(sml_alloc_array(env, width, sizeof(double), &gradient));
	SML_TRY(sml_alloc_array(env, width * width, sizeof(double), &hessian));
	SML_TRY(advance(env, logistic, gradient, hessian));
	if (logistic->newton.passes == 1)
		sml_newton_clear_dropped(&logistic->newton);
	if (logistic->newton.end != SML_NEWTON_RUNNING)
		logistic->phase = logistic->frame.robust ? PHASE_ROBUST : PHASE_DONE;
done:
	sml_free(env, gradient);
	sml_free(env, hessian);
	return status;
}

static SmlStatus
logistic_finish_pass(SmlEnv *env, SmlState *state, SmlVerdict *verdict)
{
	Logistic *logistic = (Logistic *) state;
	double    loss = logistic->pass_loss / logistic->pass_weight;

	if (logistic->phase == PHASE_DONE)
		return sml_fail(env, SML_MISMATCH, "The fit is finished already.");
	if (logistic->pass_rows == 0 || !(logistic->pass_weight > 0))
		return sml_fail(env, SML_BAD_INPUT, "There is no row to fit.");
	if (logistic->phase == PHASE_ROBUST)
	{
		logistic->best_loss = logistic->pass_loss;
		logistic->phase = PHASE_DONE;
		logistic->newton.passes++;
	}
	else
	{
		SmlStatus status = search_pass(env, logistic);

		if (status != SML_OK)
			return status;
	}
	verdict->again = logistic->phase != PHASE_DONE;
	verdict->loss = loss;
	verdict->iteration = logistic->newton.passes;
	if (verdict->again)
		clear_sums(logistic);
	return SML_OK;
}

static SmlStatus
logistic_warm(SmlEnv *env, SmlState *state, const SmlState *from_state)
{
	Logistic       *logistic = (Logistic *) state;
	const Logistic *from = (const Logistic *) from_state;

	if (state->learner != from_state->learner || logistic->frame.width != from->frame.width)
		return sml_fail(env, SML_MISMATCH, "The starting point belongs to another model.");
	if (logistic->newton.passes == 0)
		memcpy(logistic->newton.at, from->newton.best, logistic->frame.width * sizeof(double));
	return SML_OK;
}

/* ---- result ---- */

static SmlStatus
find_errors(SmlEnv *env, const Logistic *logistic, SmlFit *fit)
{
	const SmlFrame *frame = &logistic->frame;
	size_t          width = frame->width;
	double          factor_hc = 1;
	size_t          kept = 0;
	double         *form = NULL;
	double         *hessian = NULL;
	SmlFactor       factor = {0};
	SmlStatus       status = SML_OK;

	SML_TRY(sml_alloc_array(env, width, sizeof(double), &form));
	SML_TRY(sml_alloc_array(env, width * width, sizeof(double), &hessian));
	(void) penalise(logistic, form, hessian);
	SML_TRY(sml_factor_make(env, width, hessian, logistic->newton.dropped, 0x1p-52, &factor));
	for (size_t j = 0; j < width; j++)
		kept += !logistic->newton.dropped[j];
	if (frame->robust)
		factor_hc = logistic->rows > kept ? (double) logistic->rows / (double) (logistic->rows - kept) : NAN;
	for (size_t j = 0; j < width; j++)
	{
		size_t from;

		SML_TRY(sml_poll(env));
		if (logistic->involved[j] || (j > 0 && factor.held[j]))
			continue;
		from = sml_frame_form(frame, fit->dropped, j, form);
		fit->std_error[j] = sqrt(sml_factor_variance(&factor, form, from, frame->robust ? logistic->meat : NULL) * factor_hc);
	}
done:
	sml_free(env, form);
	sml_free(env, hessian);
	sml_factor_free(env, &factor);
	return status;
}

static SmlStatus
fill_fit(SmlEnv *env, const Logistic *logistic, SmlFit *fit)
{
	const double weights[2] = {logistic->weight - logistic->positive, logistic->positive};

	for (size_t j = 0; j < logistic->frame.terms; j++)
		fit->dropped[j] = logistic->newton.dropped[1 + j];
	memcpy(fit->coded, logistic->newton.best, logistic->frame.width * sizeof(double));
	sml_frame_decode(&logistic->frame, fit->dropped, fit->coded, fit->estimate);
	fit->iterations = logistic->newton.passes;
	fit->rows = logistic->rows;
	fit->weight = logistic->weight;
	fit->loss = logistic->best_loss / logistic->weight;
	fit->null_loss = sml_classifier_null_loss(2, weights, logistic->weight);
	fit->log_likelihood = -logistic->best_loss;
	fit->ridge = logistic->separation != SML_SEPARATION_NONE ? logistic->ridge : logistic->frame.l2;
	return sml_fit_class_weight(env, fit, weights, 2);
}

static SmlStatus
logistic_result(SmlEnv *env, const SmlState *state, const char *(*term_name)(void *context, size_t term),
				void *context, SmlNotes *notes, SmlFit **fit)
{
	const Logistic  *logistic = (const Logistic *) state;
	SmlNames         names = {term_name, context};
	SmlClassifierEnd end = {.ridged = logistic->ridged, .separation = logistic->separation, .ridge = logistic->ridge};
	SmlFit          *made = NULL;
	const char      *reason;
	SmlStatus        status = SML_OK;

	if (logistic->phase != PHASE_DONE)
		return sml_fail(env, SML_BAD_INPUT, "The fit is not finished.");
	SML_TRY(sml_fit_alloc(env, 1, logistic->frame.terms, &made));
	SML_TRY(fill_fit(env, logistic, made));
	made->converged = sml_newton_converged(&logistic->newton);
	end.dropped = made->dropped;
	end.converged = made->converged;
	end.passes = logistic->newton.passes;
	reason = sml_classifier_no_inference(&logistic->frame, &end);
	if (reason != NULL)
		SML_TRY(sml_copy_text(env, reason, strlen(reason), &made->no_inference));
	else
		SML_TRY(find_errors(env, logistic, made));
	SML_TRY(sml_classifier_notes(env, notes, &names, &logistic->frame, &end));
	*fit = made;
	made = NULL;
done:
	sml_fit_free(env, made);
	return status;
}

/* ---- bytes ---- */

static void
logistic_read(SmlReader *reader, const SmlDesign *design, SmlState **state)
{
	sml_state_read(reader, &sml_logistic, design, sml_logistic_fill, state);
}

const SmlLearner sml_logistic = {
	.name = "logistic",
	.about = "Logistic regression for two classes, by Newton's method, with an optional ridge penalty.",
	.tasks = SML_BINARY,
	.options = sml_classifier_options,
	.option_count = SML_CLASSIFIER_OPTION_COUNT,
	.need = logistic_need,
	.start = logistic_start,
	.absorb = logistic_absorb,
	.merge = logistic_merge,
	.finish_pass = logistic_finish_pass,
	.warm = logistic_warm,
	.result = logistic_result,
	.write = sml_logistic_write,
	.read = logistic_read,
	.free = logistic_free,
};
