/*
 * store_balance.h - resampling inside a training: on the rows kept in memory (prep/store.h),
 * after their codes have become levels.
 *
 * Synthetic rows are appended to the store, rows that under-sampling takes away leave
 * it; held-out rows never were in it.  Distances are measured on the columns of the
 * model: numbers (by default divided by their deviation), and categories as levels
 * of the encoder, so that levels that went to "(other)" are one category.  A synthetic
 * row has a level of each categorical column, never a mixture of indicators.
 *
 * The key of a row, which decides its draws, is the hash of its contents, so the
 * result depends on the rows and the seed, and not on their order.  Rows with
 * weights are refused: no definition says what a synthetic row weighs.
 *
 * Memory: a copy of the rows that are looked at (all of them for borderline, adasyn and
 * under-sampling, else those of the classes that grow), what resample.h names, and
 * the new rows; all together under the limit of the store.
 */
#ifndef SML_STORE_BALANCE_H
#define SML_STORE_BALANCE_H

#include "../prep/store.h"
#include "resample.h"

typedef struct SmlRebalance
{
	uint64_t  synthetic; /* rows made */
	uint64_t  removed;   /* rows taken away */
	uint64_t *before;    /* rows of each class; freed with sml_free */
	uint64_t *after;
} SmlRebalance;

/*
 * Resample the store.  spec: plan, class_names, total_rows and memory_limit are filled in here.
 * SML_BAD_INPUT and SML_BAD_OPTION as sml_strategy_plan and sml_resample; SML_OVER_LIMIT.
 */
SML_MUST_USE SmlStatus sml_store_rebalance(SmlEnv *env, SmlStore *store, const SmlEncoder *encoder, const SmlStrategy *strategy,
										   SmlResampleSpec spec, SmlResampleProgress progress, void *context,
										   SmlNotes *notes, SmlRebalance *done);

#endif
