/*
 * strategy.h - how many rows each class shall have, with the meaning that
 * imbalanced-learn gives to sampling_strategy (>= 0.12).
 *
 * over      auto = not majority: all classes but the largest are filled up to its size;
 *           minority, not minority, all; majority is an error.  Sizes are final
 *           ones, not below the present ones.  A ratio r in (0, 1] needs two classes: the smaller
 *           one gets floor(r * larger) rows, and that must be more than it has.
 * under     auto = not minority: all classes but the smallest are cut to its size;
 *           majority, not majority, all.  Sizes are not above the present ones.  A ratio r:
 *           the larger class keeps floor(smaller / r) rows.
 * cleaning  the names say whose rows may be removed; no sizes, no ratio.
 *
 * Of classes of one size the first is the largest and the first the smallest.
 */
#ifndef SML_STRATEGY_H
#define SML_STRATEGY_H

#include "../core.h"

typedef enum SmlStrategySide
{
	SML_SIDE_OVER = 0,
	SML_SIDE_UNDER,
	SML_SIDE_CLEAN
} SmlStrategySide;

typedef struct SmlStrategy
{
	const char    *name;  /* "auto", …; used when ratio is 0 and sizes NULL */
	double         ratio; /* 0: none */
	const int64_t *sizes; /* final size per class, -1: as it is; NULL: none */
} SmlStrategy;

/* What becomes of one class. */
typedef struct SmlClassPlan
{
	uint64_t present; /* rows in the source */
	uint64_t wanted;  /* rows afterwards (as it is for cleaning) */
	bool     cleaned; /* cleaning may remove rows of it */
} SmlClassPlan;

/*
 * Fill plan[class_count].wanted and cleaned from plan[].present.  "labels" are for the sentences.
 * SML_BAD_INPUT: fewer than two classes, a class without rows; SML_BAD_OPTION: an unknown
 * or unfit name, a ratio out of range or below (above) the present one, a size below (above) the present one.
 */
SML_MUST_USE SmlStatus sml_strategy_plan(SmlEnv *env, SmlStrategySide side, const SmlStrategy *strategy,
										 const char *const *labels, size_t class_count, SmlClassPlan *plan);

#endif
