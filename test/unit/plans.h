/*
 * plans.h - plans over the rows of models.h, and whole trainings by passes.
 */
#ifndef SML_TEST_PLANS_H
#define SML_TEST_PLANS_H

#include "models.h"

/* A plan to feed the named learner, with its default options. */
static inline SmlStatus
learn_plan(SmlEnv *env, const char *learner, SmlTask task, SmlPlan **plan)
{
	SmlPlan  *fresh = NULL;
	SmlStatus status = sml_alloc_array(env, 1, sizeof(SmlPlan), &fresh);

	if (status != SML_OK)
		return status;
	fresh->kind = SML_PASS_LEARN;
	fresh->learner = sml_learner_by_name(learner);
	assert_non_null(fresh->learner);
	fresh->task = task;
	fresh->positive = 1;
	status = sml_alloc_array(env, fresh->learner->option_count, sizeof(double), &fresh->options);
	for (size_t i = 0; status == SML_OK && i < fresh->learner->option_count; i++)
		fresh->options[i] = fresh->learner->options[i].initial;
	if (status == SML_OK)
		status = model_encoder(env, task, &fresh->encoder);
	if (status == SML_OK)
		status = sml_layout_copy(env, &fresh->encoder->layout, &fresh->layout);
	if (status == SML_OK)
		*plan = fresh;
	else
		sml_plan_free(env, fresh);
	return status;
}

/* A plan to profile the columns of models.h with everything a profile can keep. */
static inline SmlStatus
profile_plan(SmlEnv *env, SmlTask task, SmlPlan **plan)
{
	SmlPlan  *fresh = NULL;
	SmlStatus status = sml_alloc_array(env, 1, sizeof(SmlPlan), &fresh);

	if (status != SML_OK)
		return status;
	fresh->kind = SML_PASS_PROFILE;
	fresh->moments = true;
	status = layout_of(env, "x z city*", task == SML_REGRESSION ? SML_TARGET_NUMBER : SML_TARGET_CLASS, false, &fresh->layout);
	if (status == SML_OK)
		status = sml_alloc_array(env, fresh->layout.numbers, sizeof(bool), &fresh->quantiles);
	if (status == SML_OK)
		fresh->quantiles[0] = true;
	if (status == SML_OK)
		*plan = fresh;
	else
		sml_plan_free(env, fresh);
	return status;
}

/* Feed rows "from" to "to" - 1 of models.h. */
static inline SmlStatus
feed(SmlEnv *env, SmlPass *pass, SmlTask task, size_t from, size_t to)
{
	double    rows[MODEL_ROWS][3];
	SmlStatus status = SML_OK;

	model_rows(rows);
	for (size_t r = from; r < to && status == SML_OK; r++)
	{
		const char *const *labels = model_labels(task) + r * (task == SML_REGRESSION ? 1 : 2);
		SmlText            texts[2] = {label(labels[0]), label(task == SML_REGRESSION ? NULL : labels[1])};
		SmlRow             row = {rows[r], texts};

		status = sml_pass_absorb(env, pass, &row);
	}
	return status;
}

#endif
