/*
 * model.h - a trained model: encoder, fit and labels, and the bytes they travel
 * in.  Immutable once made or read; many readers may share it.
 *
 * Bytes: an envelope (wire.h) of kind "MODL", version SML_MODEL_VERSION.  The
 * reader accepts bytes from anybody: it checks every count and index, so that a
 * model that was read can be scored without any further check.
 */
#ifndef SML_MODEL_H
#define SML_MODEL_H

#include "../fold.h"
#include "../prep/encoder.h"

#define SML_MODEL_VERSION 1

typedef struct SmlModel
{
	char       *algorithm;   /* learner name */
	SmlTask     task;
	char       *target;      /* column name */
	char       *target_type; /* as format_type() says it */
	size_t      positive;    /* binary: index of the positive class among encoder->classes */
	SmlEncoder *encoder;
	SmlFit     *fit;
} SmlModel;

SML_MUST_USE SmlStatus sml_model_write(SmlEnv *env, const SmlModel *model, uint8_t **bytes, size_t *size);
SML_MUST_USE SmlStatus sml_model_read(SmlEnv *env, const void *bytes, size_t size, SmlModel **model);
void sml_model_free(SmlEnv *env, SmlModel *model);

/*
 * A model made ready for scoring: for each feature what it adds to the link, so
 * that a row costs one multiply-add or one look-up per feature and output.
 *
 * link_k = base_k + sum over features f of contribution_k(f, value of f)
 *
 * where base_k is the link of a row whose terms are all at their training means.
 */
typedef struct SmlScorer SmlScorer;

SML_MUST_USE SmlStatus sml_scorer_make(SmlEnv *env, const SmlModel *model, SmlScorer **scorer); /* keeps a pointer to model */
void sml_scorer_free(SmlEnv *env, SmlScorer *scorer);

size_t sml_scorer_outputs(const SmlScorer *scorer); /* 1, or K for multinomial */

/* Link values of one row (numbers: features in slot order; levels: level index per label slot). */
void sml_score_link(const SmlScorer *scorer, const double *numbers, const size_t *levels, double *link);

/*
 * The response.  Regression: out[0] is the value.  Binary: out[0] is P(positive).
 * Multiclass: out[k] is P(class k).
 */
void sml_score_response(const SmlScorer *scorer, const double *link, double *out);

/* base[k], and contribution[f * outputs + k] for each feature in the user's order. */
void sml_score_explain(const SmlScorer *scorer, const double *numbers, const size_t *levels, double *base, double *contribution);

/* P(class k) for all classes from out of sml_score_response: binary gets both. */
void sml_score_probabilities(const SmlScorer *scorer, const double *response, double *probability);

#endif
