/*
 * fuzz_model.c - payloads of models, read as each version: refused, or fit to score with
 * and the same when written again.
 */
#include <math.h>

#include "fuzz.h"
#include "../../src/core/model/model.h"

static void
score(SmlEnv *env, const SmlModel *model)
{
	const SmlEncoder *encoder = model->encoder;
	const double      kinds[5] = {1, sml_missing(), -1e308, 0, INFINITY};
	size_t            outputs = model->fit->outputs;
	size_t            features = encoder->feature_count;
	double           *numbers = calloc(encoder->layout.numbers + 1, sizeof(double));
	size_t           *levels = calloc(encoder->layout.labels + 1, sizeof(size_t));
	double           *out = calloc(2 * outputs + features * outputs + encoder->class_count + 1, sizeof(double));
	SmlScorer        *scorer = NULL;
	char              name[32];

	ALWAYS(numbers != NULL && levels != NULL && out != NULL);
	if (sml_scorer_make(env, model, &scorer) == SML_OK)
		for (size_t r = 0; r < 5; r++)
		{
			for (size_t j = 0; j < encoder->layout.numbers; j++)
				numbers[j] = kinds[(r + j) % 5];
			for (size_t j = 0; j < encoder->layout.labels; j++)
				levels[j] = sml_encoder_level(encoder, j, (SmlText){"abc", (int32_t) ((r + j) % 5) - 1});
			sml_score_link(scorer, numbers, levels, out);
			sml_score_response(scorer, out, out + outputs);
			if (model->task != SML_REGRESSION)
				sml_score_probabilities(scorer, out + outputs, out + 2 * outputs);
			(void) sml_score_bend(scorer, out, out + outputs);
			sml_score_explain(scorer, numbers, levels, out, out + outputs);
		}
	for (size_t j = 0; j < encoder->term_count; j++)
		(void) sml_encoder_term_name(encoder, j, name, sizeof(name));
	sml_scorer_free(env, scorer);
	free(numbers);
	free(levels);
	free(out);
}

static void
try_version(const uint8_t *data, size_t size, uint32_t version)
{
	SmlEnv    env = fuzz_env();
	SmlWriter sealed = fuzz_seal_version(&env, "MODL", version, data, size, NULL);
	SmlModel *model = NULL;
	SmlStatus status = sml_model_read(&env, sealed.bytes, sealed.size, &model);

	if (status == SML_OK)
	{
		uint8_t  *bytes;
		size_t    written;
		SmlModel *again = NULL;

		score(&env, model);
		ALWAYS(sml_model_write(&env, model, &bytes, &written) == SML_OK);
		/* an old model is written in the new form */
		if (version == SML_MODEL_VERSION)
			ALWAYS(written == sealed.size && memcmp(bytes, sealed.bytes, written) == 0);
		else
		{
			ALWAYS(sml_model_read(&env, bytes, written, &again) == SML_OK);
			ALWAYS(again->prior == NULL && again->calibration == NULL);
			sml_model_free(&env, again);
		}
		sml_free(&env, bytes);
	}
	else
		ALWAYS((status == SML_CORRUPT || status == SML_NO_MEMORY) && model == NULL && env.detail[0] != '\0');
	sml_model_free(&env, model);
	sml_writer_free(&sealed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (uint32_t version = SML_MODEL_OLDEST; version <= SML_MODEL_VERSION; version++)
		try_version(data, size, version);
	return 0;
}
