/*
 * disparity.h - how far apart the groups of a set are, and bootstrap intervals for that;
 * used by audit.c.
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

/* What is resampled: for each share its difference and its ratio, and what is made of tpr and fpr. */
enum
{
	SML_STAT_DIFFERENCE = 0,
	SML_STAT_RATIO = SML_FAIR_SHARES,
	SML_STAT_ODDS_DIFFERENCE = 2 * SML_FAIR_SHARES,
	SML_STAT_ODDS_RATIO,
	SML_STAT_AVERAGE_ODDS,
	SML_STATS
};

/* Values of all statistics from shares[metric * groups + group] (NaN: undefined); spreads has SML_FAIR_SHARES entries. */
void sml_disparity_stats(const double *shares, size_t groups, SmlSpread *spreads, double *stats);

typedef struct SmlInterval
{
	double low;       /* NaN: none */
	double high;
	double corrected; /* NaN: none */
} SmlInterval;

/* The draws that a set of so many groups gets: "asked", or fewer where cells are many, so that time stays bounded. */
size_t sml_disparity_draws(size_t groups, size_t asked);

/*
 * Bootstrap intervals for all statistics over "groups" of a set, valid for all its groups at once; see disparity.c.  values: the
 * statistics themselves.  Cut to [0, 1].
 */
SML_MUST_USE SmlStatus sml_disparity_bootstrap(SmlEnv *env, const SmlFairPlan *plan, const SmlFairState *const *groups,
											   size_t count, uint64_t stream, const double *values, SmlInterval *intervals);

#endif
