/*
 * train.h - what training does about fairness: audit the held-out rows, and ask the gate.
 */
#ifndef ML_FAIRNESS_TRAIN_H
#define ML_FAIRNESS_TRAIN_H

#include "fairness.h"
#include "../train/train.h"

/*
 * Audit a fresh model on its held-out rows, inside the scan bracket of the training; NULL, with a note, when there is nothing
 * to audit.
 */
extern MlFairResult *ml_fair_of_training(const MlRequest *request, const SmlModel *model, const SmlScorer *scorer, double threshold,
										 const MlSource *held_source, const char *held_where, SmlEnv *env, SmlNotes *notes);

/* Keep the audit as one of this version; returns its id, 0 without one. */
extern int64 ml_fair_store_training(MlFairResult *result, const MlRequest *request, int version, int64 version_id, int64 run_id);

/*
 * A version that was found better: make it active if the fairness policies of its model let it pass; false with the
 * reason extended when not.
 */
extern bool ml_fair_activate(const MlRequest *request, int version, const char **reason);

#endif
