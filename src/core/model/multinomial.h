/*
 * multinomial.h - the state of the multinomial learner, for multinomial.c (the
 * passes) and multinomial_result.c (the result and the bytes).
 *
 * Unknowns are K - 1 rows of 1 + p numbers: the difference of each class to
 * class 0, whose own row is zero.  A symmetric penalty l2 / 2 sum over all K rows
 * |b_k|^2 is the same in these rows once the best shift is taken out:
 * P = (I - 11'/K) on the classes; the K centred rows come back at the end.
 */
#ifndef SML_MULTINOMIAL_H
#define SML_MULTINOMIAL_H

#include "classifier.h"
#include "extent.h"
#include "lbfgs.h"
#include "learners.h"
#include "link.h"
#include "newton.h"

/* Up to so many unknowns the full Hessian is used. */
#define SML_MULTINOMIAL_NEWTON 600

typedef enum SmlMultinomialPhase
{
	SML_MULTINOMIAL_SEARCH = 0,
	SML_MULTINOMIAL_ROBUST,
	SML_MULTINOMIAL_DONE
} SmlMultinomialPhase;

typedef struct SmlMultinomial
{
	SmlState            base;
	SmlFrame            frame;
	size_t              free_rows;    /* K - 1 */
	size_t              count;        /* unknowns */
	bool                full;         /* Newton, else L-BFGS */
	bool                binary;       /* the caller's task: one row is reported, class 1 against class 0 */
	/* the search */
	SmlMultinomialPhase phase;
	SmlNewton           newton;       /* with L-BFGS: its points, step and end */
	SmlLbfgs            lbfgs;
	bool                watch;        /* look whether the last direction separates */
	SmlSeparation       separation;
	double              ridge;
	bool               *dropped;      /* per term */
	bool               *ridged;       /* per term */
	bool               *involved;     /* per unknown: no standard error */
	double              radius;
	double              best_loss;
	uint64_t            rows;         /* of the first pass */
	double              weight;
	double             *class_weights;
	/* sums of this pass */
	uint64_t            pass_rows;
	double              pass_loss;
	double              least_margin;
	double              least_move;
	double              greatest_move;
	double             *pass_weights; /* per class */
	double             *gradient;
	double             *gram;         /* first pass: width x width, upper triangle, of the rows */
	double             *hessian;      /* count x count: upper triangles of the blocks k <= l; Newton only */
	double             *meat;         /* robust only */
	SmlExtent           extent;       /* first pass only */
	/* scratch */
	double             *eta;          /* classes x SML_LINK_ROWS */
	double             *own;          /* eta of the own class */
	double             *rest;         /* largest eta of the others */
	double             *top;
	double             *log_sum;
	double             *v;
	double             *scaled;       /* rows x width, robust only */
} SmlMultinomial;

/* The penalty on term column j, the ridge of a separation included; 0 for the intercept. */
double sml_multinomial_penalty(const SmlMultinomial *state, size_t j);

/* The gradient and the full upper triangle of the Hessian, penalised, at newton.at; returns the objective. */
double sml_multinomial_penalise(const SmlMultinomial *state, double *gradient, double *hessian);

void sml_multinomial_free(SmlEnv *env, SmlState *state);
SML_MUST_USE SmlStatus sml_multinomial_start(SmlEnv *env, const SmlDesign *design, SmlState **state);
SML_MUST_USE SmlStatus sml_multinomial_result(SmlEnv *env, const SmlState *state,
											  const char *(*term_name)(void *context, size_t term), void *context,
											  SmlNotes *notes, SmlFit **fit);
void sml_multinomial_write(SmlWriter *writer, const SmlState *state);
void sml_multinomial_read(SmlReader *reader, const SmlDesign *design, SmlState **state);

#endif
