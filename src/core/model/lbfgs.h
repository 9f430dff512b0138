/*
 * lbfgs.h - limited-memory BFGS, one pass over the rows per evaluation, with
 * back-tracking; the preconditioner is the Hessian at zero.
 *
 * For softmax with all coefficients zero that Hessian is (I - 11'/K)/K on the
 * classes times the Gram matrix of (1, x); with the penalty's P = I - 11'/K it
 * stays a product, (I - 11'/K) x (G/K + D), whose inverse needs one factor of
 * order 1 + p and (I + 11').  Points, step and end live in the SmlNewton next to it.
 *
 * Source: Nocedal, Mathematics of Computation 35 (1980).
 */
#ifndef SML_LBFGS_H
#define SML_LBFGS_H

#include "newton.h"

#define SML_LBFGS_HISTORY 10

/* The least tolerance for which L-BFGS is asked. */
#define SML_LBFGS_TOLERANCE 1e-8

typedef struct SmlLbfgs
{
	size_t    count;
	size_t    width;          /* of one class row */
	uint32_t  pairs;          /* in use; the oldest first */
	double   *steps;          /* HISTORY x count */
	double   *changes;        /* of the gradient */
	double   *gradient;       /* at newton.best */
	double   *base;           /* width x width upper triangle: G/K + D */
} SmlLbfgs;

SML_MUST_USE SmlStatus sml_lbfgs_start(SmlEnv *env, size_t count, size_t width, SmlLbfgs *lbfgs);
void sml_lbfgs_free(SmlEnv *env, SmlLbfgs *lbfgs);
void sml_lbfgs_write(SmlWriter *writer, const SmlLbfgs *lbfgs);
void sml_lbfgs_read(SmlReader *reader, SmlLbfgs *lbfgs);

/* Forget the pairs: the objective changed. */
void sml_lbfgs_restart(SmlLbfgs *lbfgs);

/* Digest a pass (hessian, radius and near of "pass" are not looked at); "held" are columns of a class row left at zero. */
SML_MUST_USE SmlStatus sml_lbfgs_advance(SmlEnv *env, SmlLbfgs *lbfgs, SmlNewton *newton, const bool *held,
										 const SmlNewtonPass *pass);

#endif
