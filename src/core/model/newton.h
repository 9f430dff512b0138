/*
 * newton.h - Newton's method for a convex loss, one pass over the rows per step:
 * the step control, the stopping rule, and variances from the last Hessian.
 *
 * A pass evaluates the objective f, its gradient g and its Hessian H at "at".
 *
 *   accepted  f fell below that of "best" as far as the slope promises: "at"
 *             becomes "best", and the next trial is best + d with H d = -g
 *   refused   the step is cut to between a tenth and a half, where a parabola
 *             through the values has its bottom; the next trial is best + step d
 *
 * Stopping.  The decrement, per unit of weight, is l = sqrt(g' H^-1 g / W): the
 * root mean square of the change that d makes to the linear predictor, each
 * row counted by its curvature.  Let r bound the change of any single linear
 * predictor, r = R |d| with R the largest |(1, x)| among the rows.  For the
 * logistic loss |v'| <= v (v = P(1-P)), so that along the step H stays within the
 * factors exp(-r) and exp(r) (for softmax exp(2r); callers hand over 2R).  From
 * g(best + d) = integral of (H(best + t d) - H(best)) d dt it follows that the
 * decrement after the full step is at most
 *
 *   l (exp(r) - 1 - r) / r * exp(r)
 *
 * When that is within the tolerance, the step is taken and the confirming pass
 * is skipped.  The Hessian at hand is then the one before the step; when
 * standard errors are wanted from it, l itself must be at most SML_NEWTON_NEAR
 * too, which bounds their relative error to about the same number.
 *
 * Columns without a pivot (collinear ones) are found once, in the first pass,
 * by a Cholesky factorisation in the order of the columns: a column of which the earlier ones
 * leave less than SML_NEWTON_RANK of its (squared) length is dropped for good.
 */
#ifndef SML_NEWTON_H
#define SML_NEWTON_H

#include "../core.h"
#include "../wire.h"

/* The squared length left to a column, of one, below which it counts as collinear. */
#define SML_NEWTON_RANK 1e-11

/* The largest decrement at which the Hessian passes for that of the optimum. */
#define SML_NEWTON_NEAR 1e-10

typedef enum SmlNewtonEnd
{
	SML_NEWTON_RUNNING = 0,
	SML_NEWTON_CONVERGED,
	SML_NEWTON_LIMIT,  /* max_iter passes */
	SML_NEWTON_STUCK   /* no shorter step helps: as far as the arithmetic goes */
} SmlNewtonEnd;

typedef struct SmlNewton
{
	size_t       count;      /* unknowns */
	SmlNewtonEnd end;
	uint32_t     passes;
	uint32_t     slow;       /* full steps in a row that hardly shortened the decrement */
	bool         started;    /* best holds an evaluated point */
	bool         guessed;    /* "at" is a guess, not best + step * direction */
	bool         accepted;   /* the last pass was; not written */
	double       step;
	double       best_value;
	double       slope;      /* g' H^-1 g at best */
	double       decrement;  /* l at best */
	double      *at;
	double      *best;
	double      *direction;
	bool        *dropped;    /* held at zero */
} SmlNewton;

typedef struct SmlNewtonPass
{
	double        value;     /* f at "at" */
	const double *gradient;
	const double *hessian;   /* count x count, upper triangle */
	double        weight;    /* W */
	double        radius;    /* R, or 2R for softmax */
	double        tolerance; /* for the decrement that is left */
	uint32_t      limit;     /* passes */
	bool          near;      /* the Hessian at hand must pass for that of the optimum */
} SmlNewtonPass;

SML_MUST_USE SmlStatus sml_newton_start(SmlEnv *env, size_t count, SmlNewton *newton);
void sml_newton_free(SmlEnv *env, SmlNewton *newton);
void sml_newton_write(SmlWriter *writer, const SmlNewton *newton);
void sml_newton_read(SmlReader *reader, SmlNewton *newton); /* started before with its count */

/* Whether two states are at the same pass of the same search. */
bool sml_newton_same(const SmlNewton *a, const SmlNewton *b);

/* Digest a pass: sets at (the next trial, or the result), and end. */
SML_MUST_USE SmlStatus sml_newton_advance(SmlEnv *env, SmlNewton *newton, const SmlNewtonPass *pass);

/* Whether the result is an optimum as far as the arithmetic goes. */
bool sml_newton_converged(const SmlNewton *newton);

/* Forget the value of "best", because the objective changed; the next pass is accepted as it is. */
void sml_newton_restart(SmlNewton *newton);

/*
 * After the first pass: a warm start may have coefficients for columns that turned out to be left out.  They go to
 * zero, and the pass is taken again unless it was the last one allowed.
 */
void sml_newton_clear_dropped(SmlNewton *newton);

/*
 * The loss after the last, unconfirmed step d, which the quadratic model gives to all digits there:
 * loss + g'd + d'Hd / 2, with gradient and Hessian (upper triangle) of the loss without penalty.
 */
double sml_newton_after_step(const SmlNewton *newton, double loss, const double *gradient, const double *hessian);

/* The next trial: at = best + step * direction. */
void sml_newton_try(SmlNewton *newton, double step);

/* Whether "value" fell below the best one by the share of what the slope promises that a step must reach (Armijo), up to rounding. */
bool sml_newton_improves(const SmlNewton *newton, double value);

/* Steps shorter than this change nothing. */
#define SML_NEWTON_SHORTEST 1e-9

/*
 * The lower factor of a (upper triangle, count x count) scaled to unit
 * diagonal: a = D L L' D.  Columns with held[j] are skipped, and those with a
 * pivot below "least" are held too.
 */
typedef struct SmlFactor
{
	size_t  count;
	double *lower; /* row-major */
	double *scale; /* D */
	bool   *held;
} SmlFactor;

SML_MUST_USE SmlStatus sml_factor_make(SmlEnv *env, size_t count, const double *a, const bool *held, double least,
									   SmlFactor *factor);
void sml_factor_free(SmlEnv *env, SmlFactor *factor);

/* x = a^-1 x, zero where held; returns x' a^-1 x. */
double sml_factor_solve(const SmlFactor *factor, double *x);

/*
 * v' a^-1 v, or v' a^-1 m a^-1 v with the upper triangle of "meat" m.  v is
 * overwritten; it is zero before "from".
 */
double sml_factor_variance(const SmlFactor *factor, double *v, size_t from, const double *meat);

#endif
