/*
 * model.h - a trained model: encoder, fit and labels, and the bytes they travel
 * in.  Immutable once made or read; many readers may share it.
 *
 * Bytes: an envelope (wire.h) of kind "MODL", version SML_MODEL_VERSION (layout in model.c).  The
 * reader accepts bytes from anybody: it checks every count and index, so that a
 * model that was read can be scored without any further check.
 */
#ifndef SML_MODEL_H
#define SML_MODEL_H

#include "../fold.h"
#include "../prep/encoder.h"
#include "calibrate.h"

/*
 * Version 2 adds the shares of the classes and the calibration.  Models of version 1 are
 * read as well: they have neither.
 */
#define SML_MODEL_VERSION 2
#define SML_MODEL_OLDEST  1

typedef struct SmlModel
{
	char       *algorithm;   /* learner name */
	SmlTask     task;
	char       *target;      /* column name */
	char       *target_type; /* as format_type() says it */
	size_t      positive;    /* binary: index of the positive class among encoder->classes */
	SmlEncoder *encoder;
	SmlFit     *fit;
	/* classification, NULL when unknown: shares of the classes by the weight of their rows … */
	double     *prior;        /* … in the training rows */
	double     *fitted_prior; /* … in the fit, after class weights and resampling */
	bool        prior_corrected;    /* answers are turned back from fitted_prior to prior */
	SmlCalibration *calibration;    /* NULL: none */
} SmlModel;

SML_MUST_USE SmlStatus sml_model_write(SmlEnv *env, const SmlModel *model, uint8_t **bytes, size_t *size);
SML_MUST_USE SmlStatus sml_model_read(SmlEnv *env, const void *bytes, size_t size, SmlModel **model);
void sml_model_free(SmlEnv *env, SmlModel *model);

/*
 * Fill in the shares of the classes.  "factor" is by how much class weights and resampling
 * multiplied the weight of each class, or NULL; the fit says what came of it.  A regression
 * has none, and after a fit that does not say they stay unknown.
 */
SML_MUST_USE SmlStatus sml_model_set_prior(SmlEnv *env, SmlModel *model, const double *factor);

/* In what the answers of two models differ in meaning: the first of these that does. */
typedef enum SmlMeaning
{
	SML_MEANING_SAME,
	SML_MEANING_TASK,
	SML_MEANING_CLASSES,
	SML_MEANING_POSITIVE,
	SML_MEANING_TYPE /* of the target: all else is the same */
} SmlMeaning;

SmlMeaning sml_model_compare_meaning(const SmlModel *a, const SmlModel *b);

/* Whether the fit worked with other shares than the training rows have. */
bool sml_model_is_rebalanced(const SmlModel *model);

/*
 * What the correction adds to the link of output k: log(prior / fitted_prior) of the class,
 * for two classes that of the positive one less that of the other (Saerens, Latinne and
 * Decaestecker 2002).  0 without correction.
 */
double sml_model_prior_shift(const SmlModel *model, size_t output);

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

/*
 * Link values of one row (numbers: features in slot order; levels: level index per label slot).
 *
 * The correction of the prior is inside the link, and so is Platt's map of two classes:
 * both are straight lines in log-odds, so the tables hold them already and a row costs the
 * same.  The other calibrations bend, and come with the response.
 */
void sml_score_link(const SmlScorer *scorer, const double *numbers, const size_t *levels, double *link);

/*
 * The response.  Regression: out[0] is the value.  Binary: out[0] is P(positive).
 * Multiclass: out[k] is P(class k).
 */
void sml_score_response(const SmlScorer *scorer, const double *link, double *out);

/*
 * base[k], and contribution[f * outputs + k] for each feature in the user's order.  They add
 * up to the link.
 */
void sml_score_explain(const SmlScorer *scorer, const double *numbers, const size_t *levels, double *base, double *contribution);

/* Whether the response is more than the inverse link, so that the next function has something to say. */
bool sml_scorer_bends(const SmlScorer *scorer);

/*
 * Two classes: what calibration adds to the link, so that link + this = log-odds of the response.
 * 0 unless sml_scorer_bends.
 */
double sml_score_bend(const SmlScorer *scorer, const double *link, const double *response);

/* P(class k) for all classes from out of sml_score_response: binary gets both. */
void sml_score_probabilities(const SmlScorer *scorer, const double *response, double *probability);

#endif
