/*
 * options.h - params and preprocess: jsonb to what core wants, every key and
 * value checked.
 */
#ifndef ML_OPTIONS_H
#define ML_OPTIONS_H

#include "train.h"

typedef struct MlOptions MlOptions;

/* Check the shapes; learner options are checked later, when the learner is known. */
extern MlOptions *ml_options_parse(const MlRequest *request, const MlSource *source, const MlColumns *columns);

/* The learner of this name, or an error with the nearest. */
extern const SmlLearner *ml_options_learner(const char *name);

/* One number per option of the learner; errors for unknown keys and values out of range. */
extern double *ml_options_numbers(MlOptions *options, SmlEnv *env, const SmlLearner *learner);

/* "class_weight": per class, or NULL. */
extern double *ml_options_class_weights(MlOptions *options, const SmlEncoder *encoder);

/* One wish per feature (array elements expanded) in the user's order. */
extern SmlFeatureWish *ml_options_wishes(MlOptions *options, const MlSource *source, const MlColumns *columns);

/* Which numeric slots need quantiles, or NULL. */
extern bool *ml_options_quantiles(MlOptions *options, const SmlLayout *layout);

#endif
