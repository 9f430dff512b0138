/*
 * linear.h - what the two files of the linear learner share.
 */
#ifndef SML_LINEAR_H
#define SML_LINEAR_H

#include "../fold.h"

typedef enum LinearPhase
{
	LINEAR_GRAM = 0, /* sums of cross products */
	LINEAR_QR,       /* a triangle, for ill-conditioned columns */
	LINEAR_MEAT,     /* squared residuals times cross products, for robust errors */
	LINEAR_DONE
} LinearPhase;

/* Options, in the order of the table in linear.c. */
enum
{
	LINEAR_L2, LINEAR_STANDARDIZE, LINEAR_WEIGHT_TYPE, LINEAR_OPTIONS
};

typedef struct Linear
{
	SmlState    base;
	LinearPhase phase;
	size_t      terms;     /* p */
	size_t      order;     /* p + 2: intercept, terms, target */
	bool        weighted;
	double      options[LINEAR_OPTIONS];
	double     *centers;   /* p */
	double     *scales;
	double      target_center;
	double      target_scale;
	uint64_t    rows;
	double     *sums;      /* order x order: Gram matrix, triangle or meat of this pass */
	double     *block;     /* scratch: SML_BLOCK_ROWS x order */
	/* what is known after the Gram pass */
	bool       *constant;  /* p: no variation, never in */
	bool       *dropped;   /* 1 + p: constant or collinear */
	double     *factor;    /* (1 + p)^2 upper: U'U = Z'WZ (+ penalty) */
	double     *beta;      /* 1 + p */
	double      weight;
	double      rss;       /* in units of the scaled target */
	double      tss;
	double      least;     /* least share left to a kept column */
	bool        by_qr;
	uint32_t    passes;
} Linear;

/* The result side (linear_result.c). */
SML_MUST_USE SmlStatus sml_linear_result(SmlEnv *env, const SmlState *state,
										 const char *(*term_name)(void *context, size_t term), void *context,
										 SmlNotes *notes, SmlFit **fit);

#endif
