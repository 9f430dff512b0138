/*
 * store.h - rows kept in memory for learners that need them again and again.
 *
 * Rows lie in chunks of SML_CHUNK_ROWS, fewer when they are wide: 8 bytes for each number, 4 for each label.
 * Labels are kept by the profile's provisional codes and turned into the encoder's
 * levels, in place, when those are known.  Numbers stay as they came (float64), so
 * that coefficients keep their digits; they are encoded block by block in each pass.
 */
#ifndef SML_STORE_H
#define SML_STORE_H

#include "../pass.h"

#define SML_CHUNK_ROWS 4096

typedef struct SmlStore SmlStore;

/* An empty store that will not take more than "limit" bytes. */
SML_MUST_USE SmlStatus sml_store_start(SmlEnv *env, const SmlLayout *layout, size_t limit, SmlStore **store);
void sml_store_free(SmlEnv *env, SmlStore *store);

/* Append a row that counts (slots as in the layout).  SML_OVER_LIMIT: the sentence names the need. */
SML_MUST_USE SmlStatus sml_store_append(SmlEnv *env, SmlStore *store, const double *numbers, const int32_t *codes);
size_t sml_store_rows(const SmlStore *store);

/* One row, as it was appended, or after sml_store_remap with level and class indexes. */
void sml_store_row(const SmlStore *store, size_t row, const double **numbers, const int32_t **codes);

/* Drop the rows r < count with keep[r] false; those that follow move up, in their order. */
SML_MUST_USE SmlStatus sml_store_compact(SmlEnv *env, SmlStore *store, const bool *keep, size_t count);

/* Bytes that the rows take, and that they may take. */
size_t sml_store_bytes(const SmlStore *store);
size_t sml_store_limit(const SmlStore *store);

/* Turn provisional codes into level and class indexes.  Once, after the last row. */
SML_MUST_USE SmlStatus sml_store_remap(SmlEnv *env, SmlStore *store, const SmlProfile *profile, const SmlEncoder *encoder);

/*
 * Run the plan's learner over the rows until it is content.  With many rows it first
 * finds an estimate on every k-th block and starts from there.  progress may be NULL.
 * SML_OVER_LIMIT: the learner's state is too large (sml_plan_check_memory with the store's limit).
 */
SML_MUST_USE SmlStatus sml_store_train(SmlEnv *env, SmlStore *store, const SmlPlan *plan, SmlVerdict *last, SmlState **state,
									   void (*progress)(void *context, const SmlVerdict *verdict), void *context);

#endif
