/*
 * test_model.c - a model as bytes: the same after a round trip, and refused when damaged.
 */
#include "models.h"

#include "../../src/core/wire.h"

static const SmlTask tasks[3] = {SML_REGRESSION, SML_BINARY, SML_MULTICLASS};

/* Response of every training row at every level. */
static void
score_all(SmlEnv *env, const SmlModel *model, double out[MODEL_ROWS * 5 * 3])
{
	SmlScorer *scorer;
	double     rows[MODEL_ROWS][3];
	double     link[3];

	model_rows(rows);
	memset(out, 0, MODEL_ROWS * 5 * 3 * sizeof(double));
	assert_int_equal(sml_scorer_make(env, model, &scorer), SML_OK);
	for (size_t r = 0; r < MODEL_ROWS; r++)
		for (size_t level = 0; level < 5; level++)
		{
			size_t at = level < 4 ? level : SML_NO_LEVEL;

			sml_score_link(scorer, rows[r], &at, link);
			sml_score_response(scorer, link, out + (r * 5 + level) * 3);
		}
	sml_scorer_free(env, scorer);
}

static void
test_round_trip(void **state)
{
	(void) state;
	for (size_t t = 0; t < 3; t++)
	{
		Harness   h;
		SmlModel *model;
		SmlModel *copy;
		uint8_t  *bytes;
		uint8_t  *again;
		size_t    size;
		size_t    size_again;
		double    before[MODEL_ROWS * 5 * 3];
		double    after[MODEL_ROWS * 5 * 3];

		harness_start(&h);
		assert_int_equal(model_of(&h.env, tasks[t], &model), SML_OK);
		assert_int_equal(sml_model_write(&h.env, model, &bytes, &size), SML_OK);
		assert_memory_equal(bytes, "SML1MODL", 8);
		assert_int_equal(sml_model_read(&h.env, bytes, size, &copy), SML_OK);
		assert_string_equal(copy->algorithm, "linear");
		assert_string_equal(copy->target, "y");
		assert_string_equal(copy->target_type, "text");
		assert_int_equal(copy->task, tasks[t]);
		assert_int_equal(copy->positive, 1);
		assert_int_equal(sml_model_write(&h.env, copy, &again, &size_again), SML_OK);
		assert_int_equal(size_again, size);
		assert_memory_equal(again, bytes, size);
		score_all(&h.env, model, before);
		score_all(&h.env, copy, after);
		assert_memory_equal(before, after, sizeof(before));
		sml_free(&h.env, bytes);
		sml_free(&h.env, again);
		sml_model_free(&h.env, model);
		sml_model_free(&h.env, copy);
		harness_finish(&h);
	}
}

/* What version 1 of the codec wrote (the fuzz corpus keeps it) scores as it did. */
static void
test_version_1(void **state)
{
	static const char *const names[3] = {"regression", "binary", "multiclass"};

	(void) state;
	for (size_t t = 0; t < 3; t++)
	{
		Harness   h;
		SmlModel *model;
		SmlModel *old;
		SmlWriter writer;
		char      path[256];
		uint8_t   payload[4096];
		size_t    size;
		size_t    mark;
		FILE     *file;
		double    now[MODEL_ROWS * 5 * 3];
		double    then[MODEL_ROWS * 5 * 3];

		harness_start(&h);
		snprintf(path, sizeof(path), "%s/test/fuzz/corpus/model/%s_v1", getenv("SML_ROOT") ? getenv("SML_ROOT") : ".", names[t]);
		file = fopen(path, "rb");
		assert_non_null(file);
		size = fread(payload, 1, sizeof(payload), file);
		fclose(file);
		assert_true(size > 500 && size < sizeof(payload));
		sml_writer_start(&writer, &h.env);
		mark = sml_write_envelope(&writer, "MODL", 1);
		sml_write_bytes(&writer, payload, size);
		sml_end_envelope(&writer, mark);
		assert_int_equal(sml_model_read(&h.env, writer.bytes, writer.size, &old), SML_OK);
		assert_null(old->prior);
		assert_null(old->calibration);
		assert_false(old->prior_corrected);
		assert_int_equal(model_of(&h.env, tasks[t], &model), SML_OK);
		score_all(&h.env, model, now);
		score_all(&h.env, old, then);
		assert_memory_equal(now, then, sizeof(now));
		sml_writer_free(&writer);
		sml_model_free(&h.env, model);
		sml_model_free(&h.env, old);
		harness_finish(&h);
	}
}

/* Prior and calibration travel. */
static void
test_calibrated(void **state)
{
	(void) state;
	for (size_t t = 1; t < 3; t++)
		for (SmlCalibrationKind kind = SML_CALIBRATION_PLATT; kind <= SML_CALIBRATION_ISOTONIC; kind++)
		{
			Harness   h;
			SmlModel *model;
			SmlModel *copy;
			uint8_t  *bytes;
			size_t    size;
			double    before[MODEL_ROWS * 5 * 3];
			double    after[MODEL_ROWS * 5 * 3];

			harness_start(&h);
			assert_int_equal(model_of(&h.env, tasks[t], &model), SML_OK);
			assert_int_equal(model_calibrate(&h.env, model, kind), SML_OK);
			assert_int_equal(sml_model_write(&h.env, model, &bytes, &size), SML_OK);
			assert_int_equal(sml_model_read(&h.env, bytes, size, &copy), SML_OK);
			assert_true(copy->prior_corrected);
			assert_true(copy->prior[0] == model->prior[0] && copy->fitted_prior[1] == model->fitted_prior[1]);
			assert_int_equal(copy->calibration->kind, kind);
			assert_int_equal(copy->calibration->rows, 100);
			score_all(&h.env, model, before);
			score_all(&h.env, copy, after);
			assert_memory_equal(before, after, sizeof(before));
			sml_free(&h.env, bytes);
			/* a correction without shares, and a calibration of a regression, are refused */
			model->prior_corrected = t == 1;
			if (t == 1)
			{
				sml_free(&h.env, model->prior);
				model->prior = NULL;
			}
			else
				model->calibration->map_count = 2;
			assert_int_equal(sml_model_write(&h.env, model, &bytes, &size), SML_OK);
			sml_model_free(&h.env, copy);
			copy = NULL;
			assert_int_equal(sml_model_read(&h.env, bytes, size, &copy), SML_CORRUPT);
			if (t == 2)
				model->calibration->map_count = 3;
			sml_free(&h.env, bytes);
			sml_model_free(&h.env, model);
			harness_finish(&h);
		}
}

static void
test_damage(void **state)
{
	Harness   h;
	SmlModel *model;
	SmlModel *copy = NULL;
	uint8_t  *bytes;
	size_t    size;

	(void) state;
	harness_start(&h);
	assert_int_equal(model_of(&h.env, SML_MULTICLASS, &model), SML_OK);
	assert_int_equal(sml_model_write(&h.env, model, &bytes, &size), SML_OK);
	for (size_t cut = 0; cut < size; cut++)
		assert_int_equal(sml_model_read(&h.env, bytes, cut, &copy), SML_CORRUPT);
	for (size_t at = 0; at < size; at++)
	{
		bytes[at] ^= 0x10;
		assert_int_equal(sml_model_read(&h.env, bytes, size, &copy), SML_CORRUPT);
		bytes[at] ^= 0x10;
	}
	assert_null(copy);
	assert_true(strlen(h.env.detail) > 10);
	sml_free(&h.env, bytes);
	sml_model_free(&h.env, model);
	harness_finish(&h);
}

/*
 * Bytes with a right checksum whose contents were changed, one bit at a time: what is
 * accepted must be fit to score with.
 */
static void
test_forged(void **state)
{
	Harness   h;
	SmlModel *model;
	uint8_t  *bytes;
	size_t    size;
	size_t    accepted = 0;

	(void) state;
	harness_start(&h);
	assert_int_equal(model_of(&h.env, SML_BINARY, &model), SML_OK);
	assert_int_equal(model_calibrate(&h.env, model, SML_CALIBRATION_ISOTONIC), SML_OK);
	assert_int_equal(sml_model_write(&h.env, model, &bytes, &size), SML_OK);
	for (size_t at = SML_ENVELOPE_SIZE; at < size; at++)
		for (unsigned bit = 1; bit < 256; bit *= 2)
		{
			SmlWriter writer;
			SmlModel *copy = NULL;
			size_t    mark;
			SmlStatus status;
			double    out[MODEL_ROWS * 5 * 3];

			bytes[at] ^= (uint8_t) bit;
			sml_writer_start(&writer, &h.env);
			mark = sml_write_envelope(&writer, "MODL", SML_MODEL_VERSION);
			sml_write_bytes(&writer, bytes + SML_ENVELOPE_SIZE, size - SML_ENVELOPE_SIZE);
			sml_end_envelope(&writer, mark);
			assert_int_equal(writer.status, SML_OK);
			status = sml_model_read(&h.env, writer.bytes, writer.size, &copy);
			assert_true(status == SML_OK || status == SML_CORRUPT);
			if (status == SML_OK && copy->encoder->layout.numbers == 2)
			{
				score_all(&h.env, copy, out);
				accepted++;
			}
			sml_model_free(&h.env, copy);
			sml_writer_free(&writer);
			bytes[at] ^= (uint8_t) bit;
		}
	/* most bits are digits of numbers or letters of names */
	assert_true(accepted > 8 * size / 4);
	sml_free(&h.env, bytes);
	sml_model_free(&h.env, model);
	harness_finish(&h);
}

/* Parts that do not belong together. */
static void
test_misfits(void **state)
{
	Harness   h;
	SmlModel *model;
	SmlModel *copy = NULL;
	uint8_t  *bytes;
	size_t    size;

	(void) state;
	for (int misfit = 0; misfit < 5; misfit++)
	{
		harness_start(&h);
		assert_int_equal(model_of(&h.env, misfit == 4 ? SML_REGRESSION : SML_BINARY, &model), SML_OK);
		if (misfit == 0)
			model->positive = 2;
		if (misfit == 1)
			model->task = SML_REGRESSION;
		if (misfit == 2)
			model->task = SML_MULTICLASS;
		if (misfit == 3)
			model->fit->terms--;
		if (misfit == 4)
			model->fit->coded[2] = NAN;
		assert_int_equal(sml_model_write(&h.env, model, &bytes, &size), SML_OK);
		assert_int_equal(sml_model_read(&h.env, bytes, size, &copy), SML_CORRUPT);
		assert_null(copy);
		sml_free(&h.env, bytes);
		sml_model_free(&h.env, model);
		harness_finish(&h);
	}
}

static SmlStatus
sweep_body(Harness *h, void *arg)
{
	SmlModel *model = NULL;
	SmlModel *copy = NULL;
	uint8_t  *bytes = NULL;
	size_t    size;
	SmlStatus status = model_of(&h->env, SML_BINARY, &model);

	(void) arg;
	if (status == SML_OK)
		status = model_calibrate(&h->env, model, SML_CALIBRATION_ISOTONIC);
	if (status == SML_OK)
		status = sml_model_write(&h->env, model, &bytes, &size);
	if (status == SML_OK)
		status = sml_model_read(&h->env, bytes, size, &copy);
	sml_free(&h->env, bytes);
	sml_model_free(&h->env, model);
	sml_model_free(&h->env, copy);
	return status;
}

/* What differs is named, the first in the order of the enum; for a regression the classes do not count. */
static void
test_meaning(void **state)
{
	(void) state;
	for (size_t t = 0; t < 3; t++)
	{
		Harness   h;
		SmlModel *a;
		SmlModel *b;
		SmlModel *other;

		harness_start(&h);
		assert_int_equal(model_of(&h.env, tasks[t], &a), SML_OK);
		assert_int_equal(model_of(&h.env, tasks[t], &b), SML_OK);
		assert_int_equal(model_of(&h.env, tasks[(t + 1) % 3], &other), SML_OK);
		assert_int_equal(sml_model_compare_meaning(a, b), SML_MEANING_SAME);
		assert_int_equal(sml_model_compare_meaning(a, other), SML_MEANING_TASK);
		b->target_type[0] = 'T';
		assert_int_equal(sml_model_compare_meaning(a, b), SML_MEANING_TYPE);
		b->positive = 0;
		assert_int_equal(sml_model_compare_meaning(a, b), tasks[t] == SML_BINARY ? SML_MEANING_POSITIVE : SML_MEANING_TYPE);
		if (tasks[t] != SML_REGRESSION)
		{
			b->encoder->classes[0][0] = '!';
			assert_int_equal(sml_model_compare_meaning(a, b), SML_MEANING_CLASSES);
			assert_int_equal(sml_model_compare_meaning(b, a), SML_MEANING_CLASSES);
		}
		sml_model_free(&h.env, a);
		sml_model_free(&h.env, b);
		sml_model_free(&h.env, other);
		harness_finish(&h);
	}
}

static void
test_sweep(void **state)
{
	(void) state;
	harness_sweep(sweep_body, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_version_1),
		cmocka_unit_test(test_calibrated),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_misfits),
		cmocka_unit_test(test_meaning),
		cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
