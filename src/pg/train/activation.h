/*
 * activation.h - whether a new version becomes the active one.
 *
 *   always      yes, unless it predicts something else than the active version
 *               (task, target type or set of classes differ)
 *   if_better   yes when its loss on held-out rows, paired row by row with the active
 *               version's, is lower and the 95 % interval excludes 0; with min_gain, when
 *               the metric improves by at least that much
 *   never       no
 *
 * The first version of a name is activated unless "never" was asked.
 */
#ifndef ML_ACTIVATION_H
#define ML_ACTIVATION_H

#include "../metric/evaluate.h"
#include "train.h"

typedef struct MlActivation
{
	bool        activate;
	const char *reason;
	const char *metric;   /* what "better" means; NULL without held-out rows */
	double      value;    /* of the new version; NaN unknown */
	double      ci_low;
	double      ci_high;
	double      baseline; /* the same metric when nothing is known but the training mean or class shares */
	int64       against;  /* id of the version that was active when this was decided; 0: none was */
} MlActivation;

extern MlActivation ml_activation_decide(const MlRequest *request, const SmlModel *model, const MlEvaluation *evaluation,
										 const MlSource *held_source, const char *held_where, const MlSplit *split);

/*
 * Look again under the lock of the name: another session may have activated a version while this one was
 * trained.  What was not compared, or predicts something else, is not replaced silently.
 */
extern void ml_activation_confirm(MlActivation *activation, const MlRequest *request, const SmlModel *model);

/* Arguments of sustainml.retrain: what is stored with the model, with overrides. */
extern MlRequest *ml_request_from_version(FunctionCallInfo fcinfo, char **search_path);

#endif
