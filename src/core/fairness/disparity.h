/*
 * disparity.h - how far apart the groups of a set are, and intervals for that: of shares by a bootstrap on the cells
 * (disparity.c), of other figures from the intervals of the groups (range.c).
 */
#ifndef SML_FAIRNESS_DISPARITY_H
#define SML_FAIRNESS_DISPARITY_H

#include "audit.h"

/* Largest and smallest of the values that are defined. */
typedef struct SmlSpread
{
	size_t defined;
	size_t low;        /* indexes; the first of equals */
	size_t high;
	double difference; /* NaN below two defined values */
	double ratio;      /* NaN below two, or where the largest is 0 */
} SmlSpread;

void sml_spread(const double *values, size_t count, SmlSpread *spread);

/* What is resampled: for each share its difference and its ratio, what is made of tpr and fpr, and for each share the farthest from everybody's. */
enum
{
	SML_STAT_DIFFERENCE = 0,
	SML_STAT_RATIO = SML_FAIR_SHARES,
	SML_STAT_ODDS_DIFFERENCE = 2 * SML_FAIR_SHARES,
	SML_STAT_ODDS_RATIO,
	SML_STAT_AVERAGE_ODDS,
	SML_STAT_TO_OVERALL,
	SML_STATS = SML_STAT_TO_OVERALL + SML_FAIR_SHARES
};

/*
 * Values of all statistics from shares[metric * groups + group] and everybody's overall[metric] (NaN: undefined); spreads has
 * SML_FAIR_SHARES entries.
 */
void sml_disparity_stats(const double *shares, const double *overall, size_t groups, SmlSpread *spreads, double *stats);

typedef struct SmlInterval
{
	double      low;       /* NaN: none */
	double      high;
	double      corrected; /* the value less the bias of a largest over noisy groups; NaN: none */
	const char *method;    /* static; NULL: none */
	const char *reason;    /* static: why there is none */
} SmlInterval;

/* The draws that a set of so many groups gets: "asked", or fewer where cells are many, so that time stays bounded. */
size_t sml_disparity_draws(size_t groups, size_t asked);

/*
 * Bootstrap intervals for all statistics over the groups of a set, valid for all its groups at once; see disparity.c.  "states" holds those of
 * "known" groups and then of "unknown" ones, whose rows are among everybody's and no group that is compared.  values: the statistics
 * themselves.  Cut to [0, 1].
 */
SML_MUST_USE SmlStatus sml_disparity_bootstrap(SmlEnv *env, const SmlFairPlan *plan, const SmlFairState *const *states,
											   size_t known, size_t unknown, uint64_t stream, const double *values, SmlInterval *intervals);

/* How the draws of an interval are made. */
typedef struct SmlDraws
{
	double   confidence;
	size_t   count;  /* asked for; as many as sml_disparity_draws says */
	uint64_t seed;
	uint64_t stream;
} SmlDraws;

/*
 * The intervals of the largest minus the smallest of some figures (figures[kind * count + group]) of groups without common rows; undefined ones are
 * left out.  See range.c.  SML_NO_MEMORY, SML_STOPPED.
 */
SML_MUST_USE SmlStatus sml_range_intervals(SmlEnv *env, const SmlFigure *const *figures, size_t kinds, size_t count, const SmlDraws *draws,
										   SmlInterval *intervals);

/* Order statistics of doubles: sort ascending, and interpolate between them at a share of the way. */
void   sml_sort_numbers(double *numbers, size_t count);
double sml_percentile(const double *sorted, size_t count, double share);

#endif
