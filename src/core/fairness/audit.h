/*
 * audit.h - from the counts of groups to the rows of an audit: figures per group,
 * comparisons with a reference, disparities over groups with intervals, and which
 * cells a reader who is not the owner must not see.
 *
 * A set is a list of attributes whose groups are compared with each other: one
 * attribute, or a cross of several; the first set is the empty one, whose only group is
 * everybody.  Rows whose value is missing form an "unknown" group: shown, and left
 * out of comparisons.  A group for which a rate is undefined is left out of the
 * disparities of that rate, and counted.
 *
 *   difference  max - min over groups        ratio  min / max
 *   to_overall  max |group - overall|
 *   equalized_odds_difference  the larger of the tpr and fpr differences; _ratio the smaller
 *   average_odds_difference    mean of the two
 *
 * The impact ratio of a group is its selection rate over that of the most selected group, which is what the four-fifths
 * rule looks at, whatever the reference of the other comparisons is.
 *
 * Intervals of disparities come from the cells, not from rows: resampling n rows is the same in law as one
 * multinomial draw over the group x label x prediction cells, so a draw costs time by groups,
 * and not by rows (Efron and Tibshirani 1993).  They hold for all groups at once (disparity.c).  With weights the draw
 * has the effective number of rows.  Max - min over noisy groups is biased upwards:
 * "corrected" is twice the value minus the mean of the draws, and p_value that of the chi-squared
 * test that all groups are equal.  An empty cell next to one with rows counts as half a row, so that a rate of 0 or 1 on few
 * rows does not look certain.  Draws depend on (seed, draw) alone.
 */
#ifndef SML_FAIRNESS_AUDIT_H
#define SML_FAIRNESS_AUDIT_H

#include "figures.h"

typedef struct SmlFairGroup
{
	size_t              set;
	bool                unknown;  /* a value of it is missing */
	const size_t       *values;   /* per attribute of the set: number of its value, for finding margins */
	const SmlFairState *state;
	const char         *label;    /* "Female", for ties and references; not owned */
} SmlFairGroup;

typedef struct SmlFairSet
{
	size_t        count;       /* attributes */
	const size_t *attributes;  /* their numbers, ascending */
	size_t        first;       /* its groups are groups[first … first + groups - 1] */
	size_t        groups;
	size_t        reference;   /* index of the reference group, or SML_NO_GROUP: choose */
} SmlFairSet;

#define SML_NO_GROUP SIZE_MAX

typedef enum SmlFairReference
{
	SML_REFERENCE_MAJORITY, /* the largest group */
	SML_REFERENCE_BEST      /* the most selected */
} SmlFairReference;

typedef struct SmlFairPlan
{
	const SmlFairSet   *sets;     /* the first is the empty one */
	size_t              set_count;
	const SmlFairGroup *groups;
	size_t              group_count;
	SmlTruth            favorable;
	bool                favorable_known;
	SmlFairReference    reference;
	uint64_t            min_n;        /* figures that rest on fewer rows are small */
	uint64_t            suppress_below; /* cells with fewer rows are not for everybody */
	double              confidence;
	size_t              draws;        /* 0: no intervals for disparities */
	uint64_t            seed;
} SmlFairPlan;

typedef enum SmlFairScope
{
	SML_SCOPE_OVERALL,
	SML_SCOPE_GROUP,
	SML_SCOPE_DIFFERENCE, /* group minus reference */
	SML_SCOPE_RATIO,      /* group / reference */
	SML_SCOPE_DISPARITY   /* over all groups of a set */
} SmlFairScope;

typedef struct SmlFairRow
{
	SmlFairScope scope;
	size_t       set;
	size_t       group;     /* SML_NO_GROUP for a disparity */
	size_t       reference; /* SML_NO_GROUP: none */
	size_t       low_group; /* disparities: where the smallest and largest value are */
	size_t       high_group;
	size_t       left_out;  /* disparities: known groups without a value */
	const char  *metric;    /* static */
	SmlFigure    figure;
	uint64_t     least_n;   /* fewest rows of the figures that it rests on: positives of a group for tpr, … */
	double       statistic; /* of the test behind p_value: z for comparisons, chi-squared for disparities; NaN: none */
	double       p_value;   /* NaN: none */
	double       exact_p;   /* Fisher's, for impact ratios */
	double       corrected;
	bool         is_small;
	bool         is_suppressed;
} SmlFairRow;

typedef struct SmlFairAudit
{
	SmlFairRow *rows;
	size_t      count;
	size_t      room;
	bool       *suppressed; /* per group */
	size_t     *reference;  /* per set, as used */
} SmlFairAudit;

/* Work out everything.  SML_NO_MEMORY, SML_STOPPED. */
SML_MUST_USE SmlStatus sml_fair_audit(SmlEnv *env, const SmlFairPlan *plan, SmlFairAudit **audit);
void sml_fair_audit_free(SmlEnv *env, SmlFairAudit *audit);

/* "group", … */
const char *sml_fair_scope_name(SmlFairScope scope);

/*
 * Which groups a reader must not see: cells below the limit, and others so that none of
 * them follows by subtraction from totals and margins that are shown.
 */
SML_MUST_USE SmlStatus sml_fair_suppress(SmlEnv *env, const SmlFairPlan *plan, bool *suppressed);

/* A multinomial draw of n over shares (their sum is 1) into counts; depends on (seed, stream) alone. */
void sml_multinomial_draw(uint64_t seed, uint64_t stream, uint64_t n, const double *shares, size_t count, uint64_t *counts);

#endif
