/*
 * lbfgs.c - see lbfgs.h.  A pass costs 4 x HISTORY x count multiplications and
 * a factor of order 1 + p; memory 2 x HISTORY x count + (1 + p)^2 doubles.
 */
#include <math.h>
#include <string.h>

#include "../blas.h"
#include "lbfgs.h"

/* A pair whose curvature is below this share of its lengths is not kept. */
#define LEAST_CURVATURE 1e-14

SmlStatus
sml_lbfgs_start(SmlEnv *env, size_t count, size_t width, SmlLbfgs *lbfgs)
{
	SmlStatus status = SML_OK;
	SmlLbfgs  made = {.count = count, .width = width};
	size_t    cells;

	if (!sml_size_times(count, SML_LBFGS_HISTORY, &cells))
		return sml_fail(env, SML_NO_MEMORY, "A model of %zu coefficients does not fit in memory.", count);
	SML_TRY(sml_alloc_array(env, cells, sizeof(double), &made.steps));
	SML_TRY(sml_alloc_array(env, cells, sizeof(double), &made.changes));
	SML_TRY(sml_alloc_array(env, count, sizeof(double), &made.gradient));
	SML_TRY(sml_alloc_array(env, width * width, sizeof(double), &made.base));
	*lbfgs = made;
	return SML_OK;
done:
	sml_lbfgs_free(env, &made);
	return status;
}

void
sml_lbfgs_free(SmlEnv *env, SmlLbfgs *lbfgs)
{
	sml_free(env, lbfgs->steps);
	sml_free(env, lbfgs->changes);
	sml_free(env, lbfgs->gradient);
	sml_free(env, lbfgs->base);
	*lbfgs = (SmlLbfgs) {0};
}

void
sml_lbfgs_write(SmlWriter *writer, const SmlLbfgs *lbfgs)
{
	sml_write_u32(writer, lbfgs->pairs);
	sml_write_f64s(writer, lbfgs->steps, lbfgs->pairs * lbfgs->count);
	sml_write_f64s(writer, lbfgs->changes, lbfgs->pairs * lbfgs->count);
	sml_write_f64s(writer, lbfgs->gradient, lbfgs->count);
	sml_write_triangle(writer, lbfgs->base, lbfgs->width, lbfgs->width);
}

void
sml_lbfgs_read(SmlReader *reader, SmlLbfgs *lbfgs)
{
	uint32_t pairs = sml_read_u32(reader);

	if (reader->status == SML_OK && pairs > SML_LBFGS_HISTORY)
		sml_reader_fail(reader, "The history of the search is too long.");
	if (reader->status != SML_OK)
		return;
	lbfgs->pairs = pairs;
	sml_read_f64s(reader, lbfgs->steps, pairs * lbfgs->count);
	sml_read_f64s(reader, lbfgs->changes, pairs * lbfgs->count);
	sml_read_f64s(reader, lbfgs->gradient, lbfgs->count);
	sml_read_triangle(reader, lbfgs->base, lbfgs->width, lbfgs->width);
}

void
sml_lbfgs_restart(SmlLbfgs *lbfgs)
{
	lbfgs->pairs = 0;
}

/* q = (I + 11') x base^-1 q; *product is q' of before times q. */
static SmlStatus
precondition(SmlEnv *env, const SmlLbfgs *lbfgs, const SmlFactor *factor, double *q, double *sum, double *product)
{
	size_t rows = lbfgs->count / lbfgs->width;
	size_t steps = sml_poll_steps(lbfgs->width * lbfgs->width);

	*product = 0;
	memset(sum, 0, lbfgs->width * sizeof(double));
	for (size_t k = 0; k < rows; k++)
	{
		double   *row = q + k * lbfgs->width;
		SmlStatus status = k % steps == 0 ? sml_poll(env) : SML_OK;

		if (status != SML_OK)
			return status;
		/* base^-1 is symmetric: q'(I + 11') x base^-1 q is a sum of squares */
		for (size_t j = 0; j < lbfgs->width; j++)
			sum[j] += row[j];
		*product += sml_factor_solve(factor, row);
	}
	*product += sml_factor_solve(factor, sum);
	for (size_t k = 0; k < rows; k++)
	{
		for (size_t j = 0; j < lbfgs->width; j++)
			q[k * lbfgs->width + j] += sum[j];
	}
	return SML_OK;
}

/* Append the last step, dropping the oldest pair when full. */
static void
remember(SmlLbfgs *lbfgs, const SmlNewton *newton, const double *gradient)
{
	size_t  count = lbfgs->count;
	double *step;
	double *change;

	if (lbfgs->pairs == SML_LBFGS_HISTORY)
	{
		memmove(lbfgs->steps, lbfgs->steps + count, (SML_LBFGS_HISTORY - 1) * count * sizeof(double));
		memmove(lbfgs->changes, lbfgs->changes + count, (SML_LBFGS_HISTORY - 1) * count * sizeof(double));
		lbfgs->pairs--;
	}
	step = lbfgs->steps + lbfgs->pairs * count;
	change = lbfgs->changes + lbfgs->pairs * count;
	for (size_t i = 0; i < count; i++)
	{
		step[i] = newton->at[i] - newton->best[i];
		change[i] = gradient[i] - lbfgs->gradient[i];
	}
	if (sml_dot(count, step, change) >
		LEAST_CURVATURE * sqrt(sml_dot(count, step, step) * sml_dot(count, change, change)))
		lbfgs->pairs++;
}

/* direction = - H gradient by the two-loop recursion; *slope is above zero. */
static SmlStatus
find_direction(SmlEnv *env, const SmlLbfgs *lbfgs, const SmlFactor *factor, const double *gradient, double *direction,
			   double *sum, double *slope)
{
	size_t    count = lbfgs->count;
	double    alpha[SML_LBFGS_HISTORY] = {0}; /* the analyser does not see that the first loop fills what the second reads */
	double    product;
	SmlStatus status = SML_OK;

	memcpy(direction, gradient, count * sizeof(double));
	for (size_t i = lbfgs->pairs; i-- > 0;)
	{
		const double *step = lbfgs->steps + i * count;
		const double *change = lbfgs->changes + i * count;

		SML_TRY(sml_poll(env));
		alpha[i] = sml_dot(count, step, direction) / sml_dot(count, step, change);
		for (size_t j = 0; j < count; j++)
			direction[j] -= alpha[i] * change[j];
	}
	SML_TRY(precondition(env, lbfgs, factor, direction, sum, &product));
	for (size_t i = 0; i < lbfgs->pairs; i++)
	{
		const double *step = lbfgs->steps + i * count;
		const double *change = lbfgs->changes + i * count;
		double        beta = sml_dot(count, change, direction) / sml_dot(count, step, change);

		SML_TRY(sml_poll(env));
		for (size_t j = 0; j < count; j++)
			direction[j] += (alpha[i] - beta) * step[j];
	}
	for (size_t j = 0; j < count; j++)
		direction[j] = -direction[j];
	*slope = -sml_dot(count, gradient, direction);
done:
	return status;
}

static void
finish(SmlNewton *newton, SmlNewtonEnd end)
{
	newton->end = end;
	memcpy(newton->at, newton->best, newton->count * sizeof(double));
}

static SmlStatus
accept(SmlEnv *env, SmlLbfgs *lbfgs, SmlNewton *newton, const bool *held, const SmlNewtonPass *pass)
{
	SmlFactor factor = {0};
	double   *sum = NULL;
	double    square;
	double    tolerance = fmax(pass->tolerance, SML_LBFGS_TOLERANCE);
	SmlStatus status = SML_OK;

	SML_TRY(sml_alloc_array(env, lbfgs->width, sizeof(double), &sum));
	SML_TRY(sml_factor_make(env, lbfgs->width, lbfgs->base, held, 0x1p-50, &factor));
	if (newton->started)
		remember(lbfgs, newton, pass->gradient);
	memcpy(newton->direction, pass->gradient, lbfgs->count * sizeof(double));
	SML_TRY(precondition(env, lbfgs, &factor, newton->direction, sum, &square));
	newton->decrement = sqrt(square / pass->weight);
	SML_TRY(find_direction(env, lbfgs, &factor, pass->gradient, newton->direction, sum, &newton->slope));
	memcpy(newton->best, newton->at, lbfgs->count * sizeof(double));
	memcpy(lbfgs->gradient, pass->gradient, lbfgs->count * sizeof(double));
	newton->best_value = pass->value;
	newton->started = true;
	newton->accepted = true;
	if (!isfinite(newton->decrement) || !isfinite(newton->slope))
		SML_TRY(sml_fail(env, SML_BAD_INPUT, "The values are too large for the sums of the fit."));
	if (newton->decrement <= tolerance)
		finish(newton, SML_NEWTON_CONVERGED);
	else if (newton->passes >= pass->limit)
		finish(newton, SML_NEWTON_LIMIT);
	else
		sml_newton_try(newton, 1);
done:
	sml_free(env, sum);
	sml_factor_free(env, &factor);
	return status;
}

SmlStatus
sml_lbfgs_advance(SmlEnv *env, SmlLbfgs *lbfgs, SmlNewton *newton, const bool *held, const SmlNewtonPass *pass)
{
	if (!newton->started && !isfinite(pass->value))
		return sml_fail(env, SML_BAD_INPUT, "The values are too large for the sums of the fit.");
	newton->passes++;
	newton->accepted = false;
	if (!newton->started || sml_newton_improves(newton, pass->value))
		return accept(env, lbfgs, newton, held, pass);
	if (newton->passes >= pass->limit)
		finish(newton, SML_NEWTON_LIMIT);
	else if (newton->step / 2 < SML_NEWTON_SHORTEST)
		finish(newton, SML_NEWTON_STUCK);
	else
		sml_newton_try(newton, newton->step / 2);
	return SML_OK;
}
