/*
 * newton.c - step control, stopping rule and factorisation for newton.h.
 *
 * Cost of a pass: count^3 / 3 multiplications for the factor, with a poll per
 * row of it; memory count^2 doubles for the time of the call.
 */
#include <math.h>
#include <string.h>

#include "../blas.h"
#include "newton.h"

/* The share of the promised decrease that a step must reach (Armijo). */
#define LEAST_SHARE 1e-4

/* Sums over rows are good to about so much of the objective. */
#define ROUNDING 1e-12

/* Below this decrement a pass that brings no progress means that rounding is all that is left. */
#define ROUNDING_DECREMENT 1e-7

/* A search that is stuck counts as converged up to this decrement. */
#define STUCK_DECREMENT 1e-6

/* After the first pass a pivot this small holds its unknown still for one step. */
#define LEAST_PIVOT 1e-14

/* A full Newton step near an optimum squares the decrement; on separated data it shrinks by exp(-1/2) = 0.61. */
#define SLOW_RATIO 0.4

/* ---- factor ---- */

/* Row i of the lower factor; returns what is left of the unit diagonal. */
static double
factor_row(SmlFactor *factor, const double *a, size_t i)
{
	size_t  count = factor->count;
	double *row = factor->lower + i * count;

	for (size_t j = 0; j < i; j++)
	{
		const double *earlier = factor->lower + j * count;

		if (factor->held[j])
			row[j] = 0;
		else
			row[j] = (a[j * count + i] / factor->scale[i] / factor->scale[j] - sml_dot(j, row, earlier)) / earlier[j];
	}
	return 1.0 - sml_dot(i, row, row);
}

SmlStatus
sml_factor_make(SmlEnv *env, size_t count, const double *a, const bool *held, double least, SmlFactor *factor)
{
	SmlStatus status = SML_OK;
	SmlFactor made = {.count = count};
	size_t    cells;

	if (!sml_size_times(count, count, &cells))
		return sml_fail(env, SML_NO_MEMORY, "A system of %zu unknowns does not fit in memory.", count);
	SML_TRY(sml_alloc_array(env, cells, sizeof(double), &made.lower));
	SML_TRY(sml_alloc_array(env, count, sizeof(double), &made.scale));
	SML_TRY(sml_alloc_array(env, count, sizeof(bool), &made.held));
	for (size_t i = 0; i < count; i++)
	{
		double diagonal = a[i * count + i];
		double left;

		SML_TRY(sml_poll(env));
		made.scale[i] = 1;
		made.held[i] = true;
		if ((held != NULL && held[i]) || !(diagonal > 0) || !isfinite(diagonal))
			continue;
		made.scale[i] = sqrt(diagonal);
		left = factor_row(&made, a, i);
		made.held[i] = !(left >= least);
		made.lower[i * count + i] = made.held[i] ? 0 : sqrt(left);
	}
	*factor = made;
	return SML_OK;
done:
	sml_factor_free(env, &made);
	return status;
}

void
sml_factor_free(SmlEnv *env, SmlFactor *factor)
{
	sml_free(env, factor->lower);
	sml_free(env, factor->scale);
	sml_free(env, factor->held);
	*factor = (SmlFactor) {0};
}

/* v = L^-1 D^-1 v, v zero before "from"; returns the squared length. */
static double
forward(const SmlFactor *factor, double *v, size_t from)
{
	double length = 0;

	for (size_t i = from; i < factor->count; i++)
	{
		const double *row = factor->lower + i * factor->count;

		if (factor->held[i])
			v[i] = 0;
		else
			v[i] = (v[i] / factor->scale[i] - sml_dot(i - from, row + from, v + from)) / row[i];
		length += v[i] * v[i];
	}
	return length;
}

/* v = D^-1 L^-T v. */
static void
backward(const SmlFactor *factor, double *v)
{
	for (size_t i = factor->count; i-- > 0;)
	{
		const double *row = factor->lower + i * factor->count;

		if (factor->held[i])
		{
			v[i] = 0;
			continue;
		}
		v[i] /= row[i];
		for (size_t j = 0; j < i; j++)
			v[j] -= v[i] * row[j];
	}
	for (size_t i = 0; i < factor->count; i++)
		v[i] /= factor->scale[i];
}

double
sml_factor_solve(const SmlFactor *factor, double *x)
{
	double length = forward(factor, x, 0);

	backward(factor, x);
	return length;
}

double
sml_factor_variance(const SmlFactor *factor, double *v, size_t from, const double *meat)
{
	size_t count = factor->count;
	double sum = forward(factor, v, from);

	if (meat == NULL)
		return sum;
	backward(factor, v);
	sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += v[i] * (meat[i * count + i] * v[i] + 2 * sml_dot(count - i - 1, meat + i * count + i + 1, v + i + 1));
	return sum;
}

/* ---- the search ---- */

bool
sml_newton_converged(const SmlNewton *newton)
{
	return newton->end == SML_NEWTON_CONVERGED ||
		   (newton->end == SML_NEWTON_STUCK && newton->decrement <= STUCK_DECREMENT);
}

SmlStatus
sml_newton_start(SmlEnv *env, size_t count, SmlNewton *newton)
{
	SmlStatus status = SML_OK;

	*newton = (SmlNewton) {.count = count, .step = 1};
	SML_TRY(sml_alloc_array(env, count, sizeof(double), &newton->at));
	SML_TRY(sml_alloc_array(env, count, sizeof(double), &newton->best));
	SML_TRY(sml_alloc_array(env, count, sizeof(double), &newton->direction));
	SML_TRY(sml_alloc_array(env, count, sizeof(bool), &newton->dropped));
done:
	if (status != SML_OK)
		sml_newton_free(env, newton);
	return status;
}

void
sml_newton_free(SmlEnv *env, SmlNewton *newton)
{
	sml_free(env, newton->at);
	sml_free(env, newton->best);
	sml_free(env, newton->direction);
	sml_free(env, newton->dropped);
	*newton = (SmlNewton) {0};
}

void
sml_newton_write(SmlWriter *writer, const SmlNewton *newton)
{
	sml_write_u8(writer, (uint8_t) newton->end);
	sml_write_u32(writer, newton->passes);
	sml_write_u32(writer, newton->slow);
	sml_write_u8(writer, newton->started);
	sml_write_u8(writer, newton->guessed);
	sml_write_f64(writer, newton->step);
	sml_write_f64(writer, newton->best_value);
	sml_write_f64(writer, newton->slope);
	sml_write_f64(writer, newton->decrement);
	sml_write_f64s(writer, newton->at, newton->count);
	sml_write_f64s(writer, newton->best, newton->count);
	sml_write_f64s(writer, newton->direction, newton->count);
	sml_write_bools(writer, newton->dropped, newton->count);
}

void
sml_newton_read(SmlReader *reader, SmlNewton *newton)
{
	uint8_t end = sml_read_u8(reader);

	newton->passes = sml_read_u32(reader);
	newton->slow = sml_read_u32(reader);
	newton->started = sml_read_bool(reader);
	newton->guessed = sml_read_bool(reader);
	newton->step = sml_read_f64(reader);
	newton->best_value = sml_read_f64(reader);
	newton->slope = sml_read_f64(reader);
	newton->decrement = sml_read_f64(reader);
	sml_read_f64s(reader, newton->at, newton->count);
	sml_read_f64s(reader, newton->best, newton->count);
	sml_read_f64s(reader, newton->direction, newton->count);
	sml_read_bools(reader, newton->dropped, newton->count);
	if (reader->status != SML_OK)
		return;
	if (end > SML_NEWTON_STUCK || !(newton->step > 0 && newton->step <= 1))
		sml_reader_fail(reader, "The state of the search makes no sense.");
	for (size_t i = 0; i < newton->count; i++)
	{
		if (!isfinite(newton->at[i]) || !isfinite(newton->best[i]) || !isfinite(newton->direction[i]))
		{
			sml_reader_fail(reader, "The estimate in the state is not a number.");
			break;
		}
	}
	newton->end = (SmlNewtonEnd) end;
}

bool
sml_newton_same(const SmlNewton *a, const SmlNewton *b)
{
	return a->count == b->count && a->passes == b->passes && a->end == b->end &&
		   memcmp(a->at, b->at, a->count * sizeof(double)) == 0;
}

void
sml_newton_restart(SmlNewton *newton)
{
	newton->started = false;
	newton->guessed = false;
	newton->slow = 0;
	newton->step = 1;
}

void
sml_newton_clear_dropped(SmlNewton *newton)
{
	bool cleared = false;

	for (size_t j = 0; j < newton->count; j++)
	{
		if (newton->dropped[j] && newton->at[j] != 0)
		{
			newton->at[j] = 0;
			cleared = true;
		}
	}
	if (cleared && newton->end != SML_NEWTON_LIMIT)
	{
		sml_newton_restart(newton);
		newton->end = SML_NEWTON_RUNNING;
	}
}

double
sml_newton_after_step(const SmlNewton *newton, double loss, const double *gradient, const double *hessian)
{
	const double *d = newton->direction;
	size_t        count = newton->count;

	for (size_t i = 0; i < count; i++)
	{
		const double *row = hessian + i * count;

		loss += d[i] * (gradient[i] + row[i] * d[i] / 2 + sml_dot(count - i - 1, row + i + 1, d + i + 1));
	}
	return loss;
}

void
sml_newton_try(SmlNewton *newton, double step)
{
	newton->step = step;
	for (size_t i = 0; i < newton->count; i++)
		newton->at[i] = newton->best[i] + step * newton->direction[i];
}

static void
finish(SmlNewton *newton, SmlNewtonEnd end)
{
	newton->end = end;
	if (end == SML_NEWTON_CONVERGED)
	{
		/* the step is as good as taken: see newton.h */
		sml_newton_try(newton, 1);
		memcpy(newton->best, newton->at, newton->count * sizeof(double));
	}
	else
		memcpy(newton->at, newton->best, newton->count * sizeof(double));
}

/* The decrement that is left at most after the full step. */
static double
bound_after_step(const SmlNewton *newton, double radius)
{
	double r = radius * sqrt(sml_dot(newton->count, newton->direction, newton->direction));
	double factor;

	if (!(r < 1))
		return INFINITY;
	/* (exp(r) - 1 - r) / r loses digits for small r; its series does not */
	factor = r < 1e-3 ? r / 2 * (1 + r / 3) : (expm1(r) - r) / r;
	return newton->decrement * factor * exp(r);
}

bool
sml_newton_improves(const SmlNewton *newton, double value)
{
	double slack = ROUNDING * fabs(newton->best_value);
	double promised = newton->guessed ? 0 : LEAST_SHARE * newton->step * newton->slope;

	return value <= newton->best_value - promised + slack;
}

/* The step at the bottom of the parabola through what is known, within a tenth and a half of the last one. */
static double
shorter_step(const SmlNewton *newton, double value)
{
	double promised = newton->step * newton->slope;
	double share = promised / (2 * (value - newton->best_value + promised));

	return newton->step * fmin(0.5, fmax(0.1, isfinite(value) ? share : 0));
}

/* The point was no better: shorten the step. */
static void
refuse(SmlNewton *newton, const SmlNewtonPass *pass)
{
	double step = newton->guessed ? 1 : shorter_step(newton, pass->value);

	newton->guessed = false;
	newton->slow = 0;
	if (newton->passes >= pass->limit)
		finish(newton, SML_NEWTON_LIMIT);
	else if (step < SML_NEWTON_SHORTEST)
		finish(newton, SML_NEWTON_STUCK);
	else
		sml_newton_try(newton, step);
}

/* The point is the best so far: find the next direction, or stop. */
static SmlStatus
accept(SmlEnv *env, SmlNewton *newton, const SmlNewtonPass *pass)
{
	SmlFactor factor = {0};
	double    before = newton->started && !newton->guessed ? newton->decrement : INFINITY;
	bool      full = newton->step == 1;
	SmlStatus status;

	status = sml_factor_make(env, newton->count, pass->hessian, newton->dropped, LEAST_PIVOT, &factor);
	if (status != SML_OK)
		return status;
	for (size_t i = 0; i < newton->count; i++)
		newton->direction[i] = -pass->gradient[i];
	newton->slope = sml_factor_solve(&factor, newton->direction);
	sml_factor_free(env, &factor);
	memcpy(newton->best, newton->at, newton->count * sizeof(double));
	newton->best_value = pass->value;
	newton->decrement = sqrt(newton->slope / pass->weight);
	if (!isfinite(newton->decrement))
		return sml_fail(env, SML_BAD_INPUT, "The values are too large for the sums of the fit.");
	newton->slow = full && newton->decrement > SLOW_RATIO * before ? newton->slow + 1 : 0;
	newton->started = true;
	newton->guessed = false;
	newton->accepted = true;
	if (bound_after_step(newton, pass->radius) <= pass->tolerance &&
		(newton->decrement <= SML_NEWTON_NEAR || newton->decrement <= pass->tolerance || !pass->near))
		finish(newton, SML_NEWTON_CONVERGED);
	else if (newton->decrement <= ROUNDING_DECREMENT && newton->decrement > 0.5 * before)
		finish(newton, SML_NEWTON_CONVERGED);
	else if (newton->passes >= pass->limit)
		finish(newton, SML_NEWTON_LIMIT);
	else
		sml_newton_try(newton, 1);
	return SML_OK;
}

SmlStatus
sml_newton_advance(SmlEnv *env, SmlNewton *newton, const SmlNewtonPass *pass)
{
	if (!newton->started && !isfinite(pass->value))
		return sml_fail(env, SML_BAD_INPUT, "The values are too large for the sums of the fit.");
	newton->passes++;
	newton->accepted = false;
	if (newton->started && !(isfinite(pass->value) && sml_newton_improves(newton, pass->value)))
	{
		refuse(newton, pass);
		return SML_OK;
	}
	return accept(env, newton, pass);
}
