/*
 * rebalance.h - "resample" in params: synthetic rows for small classes, or fewer rows of
 * large ones, among the training rows of one training.
 *
 *   "resample": "smote"
 *   "resample": {"kind": "smote", "k": 5, "m": 10, "ratio": 0.5, "strategy": "auto" | {"yes": 500}, "shrinkage": 0.5, "standardize": true}
 *
 * The kinds are those of core/resample/resample.h.
 */
#ifndef ML_REBALANCE_H
#define ML_REBALANCE_H

#include "../compat.h"
#include "../../core/resample/store_balance.h"
#include "utils/jsonb.h"

typedef struct MlResample MlResample;

/* What params ask for; NULL: no resampling.  Class names are checked later, when the classes are known. */
extern MlResample *ml_resample_options(Jsonb *params);

/* Errors unless resampling goes with the other things asked for. */
extern void ml_resample_check(const MlResample *resample, bool classes, bool weighted, bool class_weighted);

/* Resample the rows kept.  "model" is for pg_stat_activity.  Returns by how much the rows of each class were multiplied. */
extern double *ml_resample_run(SmlEnv *env, const MlResample *resample, SmlStore *store, const SmlEncoder *encoder, int64 seed,
							   const char *model, SmlNotes *notes, uint64 *removed);

/* For sentences: "resampling (smote)". */
extern char *ml_resample_how(const MlResample *resample);

#endif
