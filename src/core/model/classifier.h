/*
 * classifier.h - what the logistic and the multinomial learner share: their
 * options, what they keep of the design, the way back to the original columns,
 * and the sentences about columns left out and about separation.
 *
 * Separation.  When a hyperplane puts the classes on its two sides, rows on it
 * allowed, the loss falls for ever along its normal and no finite optimum
 * exists.  With l2 = 0 it is found in one of three ways:
 *
 *   column    a single column separates (extent.h): exact, in the first pass
 *   complete  every row of a pass has its own class ahead: exact, a certificate
 *   quasi     three full Newton steps in a row hardly shortened the decrement (on
 *             separated data it shrinks by exp(-1/2), else it is squared), and
 *             the next step moves no row against its class by more than 1e-4 in
 *             log-odds, but some row by 0.1 or more towards it
 *
 * Then the terms of the direction get a small ridge, SML_SEPARATION_RIDGE times
 * the sum of the weights, on the standardised columns (all terms when complete),
 * the fit goes on, and these terms report no standard error.  Terms that take
 * no part keep theirs, and their estimates are free of the ridge.
 */
#ifndef SML_CLASSIFIER_H
#define SML_CLASSIFIER_H

#include "../fold.h"

#define SML_SEPARATION_RIDGE 1e-4

/* The thresholds of the quasi rule above. */
#define SML_SEPARATION_SLOW 3
#define SML_SEPARATION_AGAINST 1e-4
#define SML_SEPARATION_TOWARDS 0.1

extern const SmlOptionSpec sml_classifier_options[];
#define SML_CLASSIFIER_OPTION_COUNT 5

typedef enum SmlSeparation
{
	SML_SEPARATION_NONE = 0,
	SML_SEPARATION_TERMS,   /* quasi-complete: some terms diverge */
	SML_SEPARATION_COMPLETE
} SmlSeparation;

/* What is kept of the design and its options. */
typedef struct SmlFrame
{
	size_t   terms;
	size_t   width;       /* 1 + terms */
	size_t   classes;
	double  *centers;
	double  *scales;
	bool    *constant;
	double   l2;
	bool     standardize;
	uint32_t limit;
	double   tolerance;
	bool     robust;      /* weights are importances: sandwich errors */
} SmlFrame;

SML_MUST_USE SmlStatus sml_frame_start(SmlEnv *env, const SmlDesign *design, SmlFrame *frame);
void sml_frame_free(SmlEnv *env, SmlFrame *frame);

/* The penalty asked for on the encoded coefficient of column j (0: the intercept). */
double sml_frame_penalty(const SmlFrame *frame, size_t j);

/* One row of coefficients for the original columns; NaN where dropped. */
void sml_frame_decode(const SmlFrame *frame, const bool *dropped, const double *coded, double *estimate);

/*
 * The linear form v with v' b = coefficient j on the original scale (j = 0: the
 * intercept), b one row of encoded coefficients.  Returns the first column that
 * is not zero.
 */
size_t sml_frame_form(const SmlFrame *frame, const bool *dropped, size_t j, double *v);

/*
 * Mark the columns (0: the intercept, on the original scale) along which one row
 * of a diverging direction runs; "largest" is the largest entry of the whole direction.
 */
void sml_frame_involve(const SmlFrame *frame, const double *direction, double largest, bool *involved);

/* The loss of the intercept alone, per unit of weight (nats): the entropy of the classes' shares, -sum share log share. */
double sml_classifier_null_loss(size_t classes, const double *weights, double weight);

/* The terms' names for sentences. */
typedef struct SmlNames
{
	const char *(*name)(void *context, size_t term);
	void *context;
} SmlNames;

/*
 * Note "before NAME, NAME and N more after" for the terms marked, if any.
 */
SML_MUST_USE SmlStatus sml_note_terms(SmlEnv *env, SmlNotes *notes, const SmlNames *names, size_t terms,
									  const bool *marked, const char *before, const char *after);

typedef struct SmlClassifierEnd
{
	const bool   *dropped;    /* per term */
	const bool   *ridged;     /* per term */
	SmlSeparation separation;
	double        ridge;      /* used on separation */
	bool          converged;
	uint32_t      passes;
} SmlClassifierEnd;

/* The notes that both learners give. */
SML_MUST_USE SmlStatus sml_classifier_notes(SmlEnv *env, SmlNotes *notes, const SmlNames *names, const SmlFrame *frame,
											const SmlClassifierEnd *end);

/* Why there are no standard errors at all, or NULL. */
const char *sml_classifier_no_inference(const SmlFrame *frame, const SmlClassifierEnd *end);

#endif
