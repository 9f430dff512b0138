/*
 * resample.h - synthetic rows for small classes, fewer rows of large ones.
 *
 * over      smote        x = a + u (b - a): a of the class, b one of its k nearest in the class, one u in [0, 1) per row.
 *                        Categories beside numbers (SMOTE-NC): the most frequent value among the k
 *                        neighbours, ties at random; a differing category adds med^2 to the squared distance, med being the
 *                        median over the numeric columns of their population deviation in the class.  Categories alone (SMOTE-N): value-difference
 *                        metric; every value is the most frequent one among the row and its k neighbours, ties to the smallest code.
 *           borderline1  a only from rows with m/2 or more, but not all, of their m nearest in another class
 *           borderline2  as 1, with b one of the k nearest in all rows; u is cut by half a uniform draw when b is of another class
 *           adasyn       rows by the share of other classes among their k nearest in all rows
 *           random       copies; with a shrinkage s, plus normal noise of s h sd per column (ROSE)
 * under     random, nearmiss1 … 3 (cut to a size); tomek, enn (remove what is unclear)
 * both      smote_tomek, smote_enn: smote, then the cleaning of all classes over original and synthetic rows
 *
 * Counts are exact: the rows to be made are dealt to the possible parents in
 * proportion to their weights by largest remainder, remainders that tie by a random draw; so parents are at
 * least as even as random ones.
 *
 * Draws are counter-based on (seed, purpose, class, ordinal of the new row); see cases.h for the order
 * of rows.  Cost: neighbour search of neighbours.h over the class (over all rows for borderline,
 * adasyn and under-sampling); memory O(rows (k + columns)); nothing is kept of the rows made, except by the two
 * combined kinds.
 *
 * Sources: Chawla et al. 2002 (SMOTE, -NC, -N); Han et al. 2005 (borderline); He et al. 2008 (ADASYN); Menardi and
 * Torelli 2014 (ROSE); Tomek 1976; Wilson 1972 (ENN); Mani and Zhang 2003 (NearMiss);
 * the counts and definitions are those of imbalanced-learn 0.12, except that ADASYN's counts are exact.
 */
#ifndef SML_RESAMPLE_H
#define SML_RESAMPLE_H

#include "cases.h"
#include "strategy.h"

typedef enum SmlResampleKind
{
	SML_RESAMPLE_SMOTE = 0,
	SML_RESAMPLE_BORDERLINE1,
	SML_RESAMPLE_BORDERLINE2,
	SML_RESAMPLE_ADASYN,
	SML_RESAMPLE_RANDOM_OVER,
	SML_RESAMPLE_RANDOM_UNDER,
	SML_RESAMPLE_TOMEK,
	SML_RESAMPLE_ENN,
	SML_RESAMPLE_NEARMISS1,
	SML_RESAMPLE_NEARMISS2,
	SML_RESAMPLE_NEARMISS3,
	SML_RESAMPLE_SMOTE_TOMEK,
	SML_RESAMPLE_SMOTE_ENN,
	SML_RESAMPLE_KINDS
} SmlResampleKind;

/* "smote", …; NULL beyond the last.  Over- and under-sampling "random" are "random_over" and "random_under" here. */
const char *sml_resample_name(SmlResampleKind kind);
bool sml_resample_find(const char *name, SmlResampleKind *kind);
SmlStrategySide sml_resample_side(SmlResampleKind kind); /* SML_SIDE_OVER for the two combined kinds */
/* Whether all rows are needed, and not only those of the classes that grow. */
bool sml_resample_needs_all(SmlResampleKind kind, size_t numbers, size_t labels);

#define SML_RESAMPLE_K 5        /* neighbours of smote and adasyn */
#define SML_RESAMPLE_M 10       /* neighbours that tell danger (borderline) */
#define SML_RESAMPLE_CLEAN_K 3  /* neighbours of enn and nearmiss */

typedef struct SmlResampleSpec
{
	SmlResampleKind     kind;
	size_t              k;           /* 0: the default of the kind, or the size of the class less one if that is smaller, with a note */
	size_t              m;           /* 0: SML_RESAMPLE_M */
	uint64_t            seed;
	double              shrinkage;   /* random_over: 0 copies */
	bool                standardize; /* distances on columns divided by their deviation in the rows searched */
	uint64_t            total_rows;  /* rows of the source when the cases are only some of its classes; 0: cases->rows */
	const SmlClassPlan *plan;        /* class_count entries, by sml_strategy_plan */
	const char *const  *class_names; /* for sentences */
	size_t              memory_limit; /* 0: none */
} SmlResampleSpec;

typedef struct SmlSynthetic
{
	size_t         parent;      /* a row of the cases */
	size_t         neighbour;   /* another one; SML_NO_CASE for random_over and for categories alone */
	double         lambda;      /* how far from parent to neighbour; 0 where there is none */
	int32_t        class_index;
	uint64_t       ordinal;     /* 0 … within its class; (seed, class, ordinal) names the row */
	const double  *numbers;     /* valid until the call returns */
	const int32_t *codes;
} SmlSynthetic;

/* Takes one synthetic row.  Any status but SML_OK ends the work with that status. */
typedef SmlStatus (*SmlSyntheticSink)(void *context, const SmlSynthetic *row);

/* Bytes that sml_resample takes beside the cases; false when that does not fit a size. */
SML_MUST_USE bool sml_resample_need(const SmlCases *cases, const SmlResampleSpec *spec, size_t *bytes);

/*
 * Do what the spec says.  keep[cases->rows] receives which original rows stay (all, for
 * over-sampling; may be NULL then); sink receives the synthetic rows, class by class in the order of their parents' keys
 * (may be NULL for under-sampling).  progress may be NULL; it is told the phase and
 * how much of it is done.
 *
 * SML_BAD_INPUT: a class that grows has fewer than k + 1 rows (the sentence names it, its size and the largest k) or no row on
 * which to build (no danger rows at all, no row with a neighbour of another class); SML_OVER_LIMIT.
 */
typedef void (*SmlResampleProgress)(void *context, const char *phase, double share);
SML_MUST_USE SmlStatus sml_resample(SmlEnv *env, const SmlCases *cases, const SmlResampleSpec *spec, bool *keep,
									SmlSyntheticSink sink, SmlResampleProgress progress, void *context, SmlNotes *notes);

#endif
