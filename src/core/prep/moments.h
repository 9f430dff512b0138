/*
 * moments.h - the cross moments of all numeric columns in one scan, missing
 * values and all.
 *
 * With z = (1, x1 - c1, ..., xp - cp, y - cy, m_a, m_b, ...) it keeps
 * G = sum w z z'.  A missing x contributes 0 in its own place and 1 in its
 * missing indicator m.  An indicator gets its row and column in G when the
 * first missing value is met; before that it was zero, so nothing is lost.
 *
 * Imputing by any constant, the missing indicator, centring and scaling are all
 * linear maps of z, so the Gram matrix of the *encoded* columns follows from G
 * exactly (sml_encoder_moments): one scan serves profile and fit.
 *
 * The shift c is taken from the plan where it is known, else it is the mean of
 * the first block, rounded to a few bits of its deviation (so that no single
 * row can be read from it); two states with different shifts are brought to one
 * by the exact translation formula.  When a mean drifts more than 8 deviations
 * away from its shift the state moves the shift after it.
 *
 * Sources: Chan, Golub, LeVeque 1983 for the merge.  p^2 doubles of memory,
 * n p^2 / 2 multiply-adds, in blocks of 256 rows through sml_syrk.
 */
#ifndef SML_MOMENTS_H
#define SML_MOMENTS_H

#include "row.h"

typedef struct SmlMoments
{
	size_t    numbers;    /* numeric features p */
	bool      has_target; /* a numeric target has a place after them */
	size_t    indicators; /* how many missing indicators are alive */
	int32_t  *indicator;  /* per feature: its indicator's place in G, or -1 */
	size_t    size;       /* 1 + p + target + indicators: order of G */
	size_t    room;       /* leading dimension of G */
	double   *gram;       /* room x room, row-major, upper triangle kept */
	double   *shift;      /* per place 1 .. p + target */
	uint64_t  rows;
	double    weight;     /* sum of weights = G[0][0] */
} SmlMoments;

#endif
