/*
 * model.c - a trained model as bytes; see model.h.
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
	sml_free(env, model);
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

	sml_reader_start(&reader, env, bytes, size);
	(void) sml_read_envelope(&reader, "MODL", 1, SML_MODEL_VERSION);
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
