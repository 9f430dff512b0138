/*
 * model.c - a trained model as bytes; see model.h.
 *
 *   algorithm text | task u8 | target text | target_type text | positive u64 | encoder | fit
 *   from version 2 on:
 *   has prior u8 | prior, fitted prior: 2 x classes f64 | prior corrected u8
 *   | has calibration u8 | calibration
 */
#include "model.h"

#include <math.h>
#include <string.h>

void
sml_model_free(SmlEnv *env, SmlModel *model)
{
	if (model == NULL)
		return;
	sml_free(env, model->algorithm);
	sml_free(env, model->target);
	sml_free(env, model->target_type);
	sml_encoder_free(env, model->encoder);
	sml_fit_free(env, model->fit);
	sml_free(env, model->prior);
	sml_free(env, model->fitted_prior);
	sml_calibration_free(env, model->calibration);
	sml_free(env, model);
}

/* ---- what the answers mean --------------------------------------------------------------- */

SmlMeaning
sml_model_compare_meaning(const SmlModel *a, const SmlModel *b)
{
	const SmlEncoder *x = a->encoder;
	const SmlEncoder *y = b->encoder;

	if (a->task != b->task)
		return SML_MEANING_TASK;
	if (a->task != SML_REGRESSION)
	{
		if (x->class_count != y->class_count)
			return SML_MEANING_CLASSES;
		for (size_t k = 0; k < x->class_count; k++)
			if (strcmp(x->classes[k], y->classes[k]) != 0)
				return SML_MEANING_CLASSES;
		if (a->task == SML_BINARY && a->positive != b->positive)
			return SML_MEANING_POSITIVE;
	}
	return strcmp(a->target_type, b->target_type) != 0 ? SML_MEANING_TYPE : SML_MEANING_SAME;
}

/* ---- the prior --------------------------------------------------------------------------- */

SmlStatus
sml_model_set_prior(SmlEnv *env, SmlModel *model, const double *factor)
{
	size_t    classes = model->encoder->class_count;
	double   *prior = NULL;
	double   *fitted = NULL;
	double    sum[2] = {0, 0};
	SmlStatus status = SML_OK;

	if (model->task == SML_REGRESSION)
		return SML_OK;
	if (model->fit->class_weight == NULL)
		return SML_OK;
	SML_TRY(sml_alloc_array(env, classes, sizeof(double), &prior));
	SML_TRY(sml_alloc_array(env, classes, sizeof(double), &fitted));
	for (size_t k = 0; k < classes; k++)
	{
		/* the learner of two classes speaks of y = 0 and y = 1 */
		fitted[k] = model->fit->class_weight[model->task == SML_BINARY ? k == model->positive : k];
		prior[k] = fitted[k] / (factor != NULL ? factor[k] : 1);
		sum[0] += prior[k];
		sum[1] += fitted[k];
	}
	for (size_t k = 0; k < classes; k++)
	{
		prior[k] /= sum[0];
		fitted[k] /= sum[1];
	}
	sml_free(env, model->prior);
	sml_free(env, model->fitted_prior);
	model->prior = prior;
	model->fitted_prior = fitted;
	prior = fitted = NULL;
done:
	sml_free(env, prior);
	sml_free(env, fitted);
	return status;
}

bool
sml_model_is_rebalanced(const SmlModel *model)
{
	for (size_t k = 0; model->prior != NULL && k < model->encoder->class_count; k++)
		if (fabs(model->fitted_prior[k] - model->prior[k]) > 1e-9 * model->prior[k])
			return true;
	return false;
}

double
sml_model_prior_shift(const SmlModel *model, size_t output)
{
	size_t k = model->task == SML_BINARY ? model->positive : output;
	double shift;

	if (!model->prior_corrected || model->prior == NULL)
		return 0;
	shift = log(model->prior[k] / model->fitted_prior[k]);
	if (model->task == SML_BINARY)
		shift -= log(model->prior[1 - k] / model->fitted_prior[1 - k]);
	return shift;
}

/* ---- bytes --------------------------------------------------------------------------------- */

static void
write_second_part(SmlWriter *writer, const SmlModel *model)
{
	sml_write_u8(writer, model->prior != NULL);
	if (model->prior != NULL)
	{
		sml_write_f64s(writer, model->prior, model->encoder->class_count);
		sml_write_f64s(writer, model->fitted_prior, model->encoder->class_count);
	}
	sml_write_u8(writer, model->prior_corrected);
	sml_write_u8(writer, model->calibration != NULL);
	if (model->calibration != NULL)
		sml_calibration_write(writer, model->calibration);
}

static void
read_second_part(SmlReader *reader, SmlModel *model)
{
	size_t classes = model->encoder->class_count;
	bool   has_prior = sml_read_bool(reader);

	if (has_prior)
	{
		model->prior = sml_read_f64_array(reader, classes);
		model->fitted_prior = sml_read_f64_array(reader, classes);
	}
	model->prior_corrected = sml_read_bool(reader);
	for (size_t k = 0; has_prior && reader->status == SML_OK && k < classes; k++)
		if (!(model->prior[k] > 0 && model->prior[k] <= 1 && model->fitted_prior[k] > 0 && model->fitted_prior[k] <= 1))
			sml_reader_fail(reader, "A share of a class makes no sense.");
	if (reader->status == SML_OK && ((has_prior && model->task == SML_REGRESSION) || (model->prior_corrected && !has_prior)))
		sml_reader_fail(reader, "The shares of the classes do not belong to the model.");
	if (!sml_read_bool(reader) || reader->status != SML_OK)
		return;
	if (model->task == SML_REGRESSION)
		sml_reader_fail(reader, "A regression has no calibration.");
	else
		sml_calibration_read(reader, model->task == SML_BINARY ? 1 : classes, &model->calibration);
}

SmlStatus
sml_model_write(SmlEnv *env, const SmlModel *model, uint8_t **bytes, size_t *size)
{
	SmlWriter writer;
	size_t    mark;

	sml_writer_start(&writer, env);
	mark = sml_write_envelope(&writer, "MODL", SML_MODEL_VERSION);
	sml_write_text(&writer, model->algorithm);
	sml_write_u8(&writer, (uint8_t) model->task);
	sml_write_text(&writer, model->target);
	sml_write_text(&writer, model->target_type);
	sml_write_u64(&writer, model->positive);
	sml_encoder_write(&writer, model->encoder);
	sml_fit_write(&writer, model->fit);
	write_second_part(&writer, model);
	sml_end_envelope(&writer, mark);
	if (writer.status != SML_OK)
	{
		sml_writer_free(&writer);
		return writer.status;
	}
	*bytes = writer.bytes;
	*size = writer.size;
	return SML_OK;
}

/* Whether encoder, fit and task go together, so that scoring needs no further check. */
static void
check_model(SmlReader *reader, const SmlModel *model)
{
	const SmlEncoder *encoder = model->encoder;
	const SmlFit     *fit = model->fit;
	size_t            outputs = model->task == SML_MULTICLASS ? encoder->class_count : 1;
	bool              fits;

	switch (model->task)
	{
		case SML_REGRESSION:
			fits = encoder->layout.target == SML_TARGET_NUMBER;
			break;
		case SML_BINARY:
			fits = encoder->layout.target == SML_TARGET_CLASS && encoder->class_count == 2 && model->positive < 2;
			break;
		case SML_MULTICLASS:
			fits = encoder->layout.target == SML_TARGET_CLASS;
			break;
		default:
			fits = false;
	}
	if (!fits || fit->outputs != outputs || fit->terms != encoder->term_count)
	{
		sml_reader_fail(reader, "The parts of the model do not fit together.");
		return;
	}
	for (size_t i = 0; i < fit->outputs * (1 + fit->terms); i++)
		if (!isfinite(fit->coded[i]))
		{
			sml_reader_fail(reader, "A coefficient is not finite.");
			return;
		}
}

SmlStatus
sml_model_read(SmlEnv *env, const void *bytes, size_t size, SmlModel **model)
{
	SmlReader reader;
	SmlModel *fresh = NULL;
	uint32_t  version;

	sml_reader_start(&reader, env, bytes, size);
	version = sml_read_envelope(&reader, "MODL", SML_MODEL_OLDEST, SML_MODEL_VERSION);
	if (reader.status == SML_OK)
		reader.status = sml_alloc_array(env, 1, sizeof(SmlModel), &fresh);
	if (reader.status != SML_OK)
		return reader.status;
	fresh->algorithm = sml_read_text(&reader);
	fresh->task = (SmlTask) sml_read_u8(&reader);
	fresh->target = sml_read_text(&reader);
	fresh->target_type = sml_read_text(&reader);
	fresh->positive = (size_t) sml_read_u64(&reader);
	if (reader.status == SML_OK && (fresh->algorithm == NULL || fresh->target == NULL || fresh->target_type == NULL))
		sml_reader_fail(&reader, "The model has no name for its algorithm or target.");
	sml_encoder_read(&reader, &fresh->encoder);
	if (reader.status == SML_OK)
		sml_fit_read(&reader, &fresh->fit);
	if (reader.status == SML_OK)
		check_model(&reader, fresh);
	if (reader.status == SML_OK && version > 1)
		read_second_part(&reader, fresh);
	if (reader.status == SML_OK && sml_reader_left(&reader) > 0)
		sml_reader_fail(&reader, "There are bytes after the model.");
	if (reader.status != SML_OK)
	{
		sml_model_free(env, fresh);
		return reader.status;
	}
	*model = fresh;
	return SML_OK;
}
