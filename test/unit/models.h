/*
 * models.h - small models for unit tests and seeds: eight rows of x, z and city with a
 * target of each kind, and coefficients chosen by hand.
 */
#ifndef SML_TEST_MODELS_H
#define SML_TEST_MODELS_H

#include "rows.h"
#include "../../src/core/model/model.h"

#define MODEL_ROWS 8

/* x | x is missing | z | city=b | city=(missing) | city=c */
#define MODEL_TERMS 6

/* The raw rows of the models: x, z, y. */
static inline void
model_rows(double rows[MODEL_ROWS][3])
{
	const double made[MODEL_ROWS][3] = {{1, 10, 2}, {2, 30, 1}, {NO, 20, 4}, {4, 50, 1}, {INFINITY, 40, 5}, {6, 80, 9}, {7, 70, 2}, {8, 60, 6}};

	memcpy(rows, made, sizeof(made));
}

/* City and class, in pairs. */
static inline const char *const *
model_labels(SmlTask task)
{
	static const char *const two[] = {"a", "no", "b", "yes", "c", "no", NULL, "yes", "a", "no", "b", "no", "b", "yes", "a", "no"};
	static const char *const three[] = {"a", "lo", "b", "mid", "c", "hi", NULL, "lo", "a", "mid", "b", "hi", "b", "lo", "a", "lo"};
	static const char *const none[] = {"a", "b", "c", NULL, "a", "b", "b", "a"};

	return task == SML_BINARY ? two : task == SML_MULTICLASS ? three : none;
}

/* An encoder over those rows. */
static inline SmlStatus
model_encoder(SmlEnv *env, SmlTask task, SmlEncoder **encoder)
{
	SmlProfileSpec spec = {false, NULL};
	SmlLayout      layout;
	SmlProfile    *profile = NULL;
	SmlNotes       notes = {0};
	double         rows[MODEL_ROWS][3];
	double         narrow[MODEL_ROWS][2];
	SmlStatus      status;

	model_rows(rows);
	for (size_t r = 0; r < MODEL_ROWS; r++)
		memcpy(narrow[r], rows[r], sizeof(narrow[r]));
	status = layout_of(env, "x z city*", task == SML_REGRESSION ? SML_TARGET_NUMBER : SML_TARGET_CLASS, false, &layout);
	if (status == SML_OK)
		status = profile_of(env, &layout, &spec, MODEL_ROWS, task == SML_REGRESSION ? rows[0] : narrow[0], model_labels(task), &profile);
	if (status == SML_OK)
		status = sml_encoder_make(env, &layout, profile, NULL, NULL, 0, &notes, encoder);
	sml_profile_free(env, profile);
	sml_layout_free(env, &layout);
	sml_notes_free(env, &notes);
	return status;
}

/* Coefficient i of a model: something without a pattern. */
static inline double
model_coefficient(size_t i)
{
	return 0.25 * (double) ((i * 7 + 3) % 11) - 1.0;
}

static inline SmlStatus
model_of(SmlEnv *env, SmlTask task, SmlModel **model)
{
	SmlModel *fresh = NULL;
	SmlStatus status = sml_alloc_array(env, 1, sizeof(SmlModel), &fresh);

	if (status != SML_OK)
		return status;
	fresh->task = task;
	fresh->positive = 1;
	status = sml_copy_text(env, "linear", 6, &fresh->algorithm);
	if (status == SML_OK)
		status = sml_copy_text(env, "y", 1, &fresh->target);
	if (status == SML_OK)
		status = sml_copy_text(env, "text", 4, &fresh->target_type);
	if (status == SML_OK)
		status = model_encoder(env, task, &fresh->encoder);
	if (status == SML_OK)
		status = sml_fit_alloc(env, task == SML_MULTICLASS ? 3 : 1, fresh->encoder->term_count, &fresh->fit);
	if (status == SML_OK)
		for (size_t i = 0; i < fresh->fit->outputs * (1 + fresh->fit->terms); i++)
			fresh->fit->coded[i] = model_coefficient(i);
	if (status == SML_OK)
		*model = fresh;
	else
		sml_model_free(env, fresh);
	return status;
}

/* Give a model shares of its classes (the fit worked with equal ones), their correction and a calibration made by hand. */
static inline SmlStatus
model_calibrate(SmlEnv *env, SmlModel *model, SmlCalibrationKind kind)
{
	size_t          classes = model->encoder->class_count;
	double          factor[3];
	double          weight[3];
	SmlCalibration *made = NULL;
	SmlStatus       status;

	/* rows of class k: k + 1, made equal */
	for (size_t k = 0; k < classes; k++)
	{
		size_t at = model->task == SML_BINARY ? k == model->positive : k;

		weight[at] = 6;
		factor[k] = 6 / (double) (k + 1);
	}
	status = sml_fit_class_weight(env, model->fit, weight, classes);
	if (status == SML_OK)
		status = sml_model_set_prior(env, model, factor);
	if (status == SML_OK)
		status = sml_alloc_array(env, 1, sizeof(SmlCalibration), &made);
	if (status != SML_OK)
		return status;
	model->prior_corrected = true;
	model->calibration = made;
	made->kind = kind;
	made->rows = 100;
	status = sml_alloc_array(env, model->task == SML_BINARY ? 1 : classes, sizeof(SmlCalibrationMap), &made->maps);
	if (status != SML_OK)
		return status;
	made->map_count = model->task == SML_BINARY ? 1 : classes;
	for (size_t m = 0; m < made->map_count && status == SML_OK; m++)
	{
		SmlCalibrationMap *map = &made->maps[m];

		map->slope = 0.5 + 0.25 * (double) m;
		map->intercept = 0.125 - (double) m;
		if (kind != SML_CALIBRATION_ISOTONIC)
			continue;
		status = sml_alloc_array(env, 3, sizeof(double), &map->at);
		if (status == SML_OK)
			status = sml_alloc_array(env, 3, sizeof(double), &map->probability);
		map->count = status == SML_OK ? 3 : 0;
		for (size_t i = 0; i < map->count; i++)
		{
			map->at[i] = 2 * (double) i - 2;
			map->probability[i] = 0.25 * (double) (i + 1);
		}
	}
	return status;
}

#endif
