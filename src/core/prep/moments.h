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
	double   *block;      /* SML_BLOCK_ROWS x room: scratch */
} SmlMoments;

/* Empty moments for p numbers, with a place for a numeric target or not. */
SML_MUST_USE SmlStatus sml_moments_start(SmlEnv *env, size_t numbers, bool has_target, SmlMoments **moments);
void sml_moments_free(SmlEnv *env, SmlMoments *moments);

/*
 * Add "rows" (at most SML_BLOCK_ROWS) rows that lie "stride" doubles apart:
 * features first, then the target.  w: weights, or NULL.  Targets are finite.
 */
SML_MUST_USE SmlStatus sml_moments_absorb(SmlEnv *env, SmlMoments *moments, size_t rows, const double *block, size_t stride, const double *w);

/* into += from; "from" keeps its sums, which are translated to the shift of "into" (no copy: of wide tables it would be a large one). */
SML_MUST_USE SmlStatus sml_moments_merge(SmlEnv *env, SmlMoments *into, SmlMoments *from);

void sml_moments_write(SmlWriter *writer, const SmlMoments *moments);
void sml_moments_read(SmlReader *reader, size_t numbers, bool has_target, SmlMoments **moments);

#endif
