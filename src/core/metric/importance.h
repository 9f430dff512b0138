/*
 * importance.h - how much each feature of a linear model matters, in two ways.
 */
#ifndef SML_IMPORTANCE_H
#define SML_IMPORTANCE_H

#include "metric.h"
#include "../model/model.h"

#define SML_IMPORTANCE_REPEATS 5

/*
 * Fill importance[feature]: the standard deviation, over the training rows, of what the
 * feature adds to the link; for a numeric feature without missing values that is
 * |coefficient| x deviation.  Several classes: the root mean square over the
 * classes, after the mean over the classes is taken off, which changes no probability.
 */
SML_MUST_USE SmlStatus sml_importance_standardised(SmlEnv *env, const SmlModel *model, double *importance);

/* What each feature added to the link of each evaluated row: rows x features x outputs. */
typedef struct SmlReplay
{
	size_t  features;
	size_t  outputs;
	size_t  limit;  /* bytes; 0: no limit */
	size_t  rows;
	size_t  room;
	double *base;   /* outputs */
	double *added;
} SmlReplay;

SML_MUST_USE SmlStatus sml_replay_start(SmlEnv *env, size_t features, size_t outputs, size_t limit, SmlReplay **replay);
void sml_replay_free(SmlEnv *env, SmlReplay *replay);

/* Keep what sml_score_explain says of a row. */
SML_MUST_USE SmlStatus sml_replay_add(SmlEnv *env, SmlReplay *replay, const SmlScorer *scorer, const double *numbers,
									  const size_t *levels);

/*
 * Fill importance[feature]: by how much the log loss, or the root mean squared error, grows
 * when the feature's values are shuffled among the rows, on average over
 * SML_IMPORTANCE_REPEATS shuffles that depend on (seed, feature, repeat) only.
 * "scored" holds the same rows in the same order.  SML_BAD_INPUT without rows.
 */
SML_MUST_USE SmlStatus sml_importance_permuted(SmlEnv *env, const SmlReplay *replay, const SmlScorer *scorer,
											   const SmlScored *scored, uint64_t seed, double *importance);

#endif
