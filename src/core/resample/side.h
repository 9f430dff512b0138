/*
 * side.h - one side of a search of neighbours: points in blocks of near ones, and their coordinates as whole numbers, from
 * which bound.h bounds distances from below.
 *
 * Why the bound holds.  Coordinates are centred, cut off at a few deviations (which brings points closer, never
 * farther apart), multiplied by s and rounded to whole numbers.  With p columns two rounded points are at most sqrt(p) farther
 * apart than s times the true distance of their numbers: sqrt(D) <= s d + sqrt(p), D being an exact integer.  Now
 * let t be a limit of the squared distance and n categories differ, each weighing w.  With r = sqrt(p), x = s sqrt(t) and e = r / (x + r),
 *
 *     s^2 d^2 >= (sqrt(D) - r)^2 >= D (1 - e) - p (1 / e - 1)      (2 r sqrt(D) <= e D + p / e)
 *
 * so that D + s^2 w n > (x + r)^2 implies d^2 + w n > t, and the pair is passed over.  All others are computed
 * in float64.  The range of the whole numbers is such that every sum fits 32 bits: 4 p q^2 + labels q^2 < 2^31 for |x| <= q and
 * s^2 w <= q^2.
 *
 * Whole numbers have 16 bits, or 8 where a kernel can use them at twice the speed and they do: with few columns, long tails or
 * columns of very different width sqrt(p) is too much beside s sqrt(t), and most pairs would have to be computed.  A small
 * sample of pairs tells.  The neighbours are the same either way.
 */
#ifndef SML_SIDE_H
#define SML_SIDE_H

#include "bound.h"
#include "points.h"

typedef struct SmlSide
{
	size_t    count;
	size_t    blocks;
	uint32_t *at;    /* position among the points, block by block */
	uint32_t *slot;  /* which of the chosen that is */
	SmlPoints points; /* x and code in the order of at: what one pair of blocks looks at lies together */
	int16_t  *x;     /* see bound.h */
	int32_t  *half;
	int32_t  *half_rows; /* the same as half for 16 bits */
	int32_t  *code;  /* per block: labels x SML_BOUND_BLOCK */
	double   *box;   /* per block: least and greatest of each coordinate */
} SmlSide;

/* How coordinates become whole numbers. */
typedef struct SmlWhole
{
	size_t  each;    /* columns in a lane of 32 bits: 2 or 4 */
	size_t  lanes;   /* of a point */
	double *center;
	double  widest;  /* deviation of the widest column */
	double  scale;   /* 0: no bound can be had */
	double  root;    /* sqrt of the number of columns */
	double  cut;     /* scaled coordinates beyond are cut off */
	int32_t weight;  /* half of that of a differing category, scaled */
} SmlWhole;

/* The chosen points (NULL: all) in blocks; freed even when this fails. */
SML_MUST_USE SmlStatus sml_side_make(SmlEnv *env, const SmlPoints *points, const size_t *chosen, size_t count, SmlSide *side);
void sml_side_free(SmlEnv *env, SmlSide *side);

/* Center and width of what is searched, into whole->center, which the caller has. */
SML_MUST_USE SmlStatus sml_whole_measure(SmlEnv *env, const SmlSide *to, SmlWhole *whole);

/* The scale for so many columns in a lane. */
void sml_whole_scale(const SmlPoints *points, size_t each, SmlWhole *whole);

/* Whether few enough pairs would be computed with this scale. */
SML_MUST_USE SmlStatus sml_whole_try(SmlEnv *env, const SmlWhole *whole, const SmlSide *from, const SmlSide *to, size_t k, bool *does);

/* The whole numbers and the boxes. */
SML_MUST_USE SmlStatus sml_side_fill(SmlEnv *env, const SmlWhole *whole, SmlSide *side);

static inline size_t
sml_side_rows(const SmlSide *side, size_t block)
{
	return side->count - block * SML_BOUND_BLOCK < SML_BOUND_BLOCK ? side->count - block * SML_BOUND_BLOCK : SML_BOUND_BLOCK;
}

#endif
