/*
 * seeds.c - write the first inputs of the fuzz targets into a corpus directory: sound
 * models, plans and states of each kind.  "test/fuzz/run seeds" builds and calls it.
 */
#include "../unit/plans.h"
#include "toy_crypto.h"

#include "../../src/core/privacy/fernet.h"
#include "../../src/core/privacy/keyring.h"

#include "../../src/core/fairness/counts.h"

static void
save(const char *root, const char *name, const uint8_t *head, size_t head_size, const uint8_t *bytes, size_t size)
{
	char  path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(head, 1, head_size, file), head_size);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void
save_model(const char *root, const char *name, SmlTask task, SmlCalibrationKind kind)
{
	Harness   h;
	SmlModel *model;
	uint8_t  *bytes;
	size_t    size;

	harness_start(&h);
	assert_int_equal(model_of(&h.env, task, &model), SML_OK);
	if (kind != SML_CALIBRATION_NONE)
		assert_int_equal(model_calibrate(&h.env, model, kind), SML_OK);
	assert_int_equal(sml_model_write(&h.env, model, &bytes, &size), SML_OK);
	save(root, name, NULL, 0, bytes + SML_ENVELOPE_SIZE, size - SML_ENVELOPE_SIZE);
	sml_free(&h.env, bytes);
	sml_model_free(&h.env, model);
	harness_finish(&h);
}

/* The plan, a state after some rows; and for a learner the plan of the second pass. */
static void
save_plan(const char *root, const char *learner, SmlTask task, const char *name)
{
	Harness    h;
	SmlPlan   *plan;
	SmlPass   *pass;
	uint8_t   *bytes;
	uint8_t   *state;
	uint8_t    head[4096];
	size_t     size;
	size_t     state_size;
	char       path[128];
	SmlVerdict verdict;
	SmlWriter  writer;

	harness_start(&h);
	assert_int_equal(learner != NULL ? learn_plan(&h.env, learner, task, &plan) : profile_plan(&h.env, task, &plan), SML_OK);
	assert_int_equal(sml_plan_write(&h.env, plan, &bytes, &size), SML_OK);
	snprintf(path, sizeof(path), "plan/%s", name);
	save(root, path, NULL, 0, bytes + SML_ENVELOPE_SIZE, size - SML_ENVELOPE_SIZE);
	assert_int_equal(sml_pass_start(&h.env, plan, &pass), SML_OK);
	assert_int_equal(feed(&h.env, pass, task, 0, MODEL_ROWS), SML_OK);
	assert_int_equal(sml_pass_write(&h.env, pass, &state, &state_size), SML_OK);
	size -= SML_ENVELOPE_SIZE;
	assert_true(size + 4 <= sizeof(head));
	for (size_t i = 0; i < 4; i++)
		head[i] = (uint8_t) (size >> (8 * i));
	memcpy(head + 4, bytes + SML_ENVELOPE_SIZE, size);
	snprintf(path, sizeof(path), "pass_state/%s", name);
	save(root, path, head, size + 4, state + SML_ENVELOPE_SIZE, state_size - SML_ENVELOPE_SIZE);
	sml_free(&h.env, bytes);
	sml_free(&h.env, state);
	if (learner != NULL)
	{
		assert_int_equal(plan->learner->finish_pass(&h.env, pass->state, &verdict), SML_OK);
		sml_writer_start(&writer, &h.env);
		plan->learner->write(&writer, pass->state);
		assert_int_equal(writer.status, SML_OK);
		plan->opening = writer.bytes;
		plan->opening_size = writer.size;
		assert_int_equal(sml_plan_write(&h.env, plan, &bytes, &size), SML_OK);
		snprintf(path, sizeof(path), "plan/%s_second", name);
		save(root, path, NULL, 0, bytes + SML_ENVELOPE_SIZE, size - SML_ENVELOPE_SIZE);
		sml_free(&h.env, bytes);
	}
	sml_pass_free(&h.env, pass);
	sml_plan_free(&h.env, plan);
	harness_finish(&h);
}

/* Sealed values of some types, tokens, master key files and a wrapped key, under primitives without secrets. */
static void
save_sealed(const char *root, const char *name, SmlSealedHead head, size_t size)
{
	static const uint8_t key[SML_AEAD_KEY] = {0};
	static const uint8_t context[SML_CONTEXT_SIZE] = {0};
	static const uint8_t plain[100] = "hello";
	SmlCrypto      crypto = toy_crypto();
	SmlSealedPlace place = {context, {head.row_bound ? plain : NULL, 0}};
	uint8_t        sealed[256];
	size_t         sealed_size;
	Harness        h;

	harness_start(&h);
	assert_true(sml_sealed_size(size, &sealed_size));
	assert_int_equal(sml_sealed_seal(&h.env, &crypto, key, &head, &place, (SmlSlice){plain, size}, sealed), SML_OK);
	save(root, name, NULL, 0, sealed, sealed_size);
	harness_finish(&h);
}

static void
save_token(const char *root, const char *name, size_t size)
{
	static const uint8_t key[SML_FERNET_KEY] = {0};
	static const uint8_t iv[SML_AES_BLOCK] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	SmlCrypto crypto = toy_crypto();
	char      text[256];
	size_t    length;
	Harness   h;

	harness_start(&h);
	assert_true(sml_fernet_size(size, &length));
	assert_int_equal(sml_fernet_write(&h.env, &crypto, key, 499162800, iv, (SmlSlice){(const uint8_t *) "hello, hello, hello, hello", size}, text), SML_OK);
	save(root, name, NULL, 0, (const uint8_t *) text, length);
	harness_finish(&h);
}

static void
save_text(const char *root, const char *name, const char *text)
{
	save(root, name, NULL, 0, (const uint8_t *) text, strlen(text));
}

static void
save_privacy(const char *root)
{
#define A_KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	static const uint8_t context[SML_CONTEXT_SIZE] = {2};
	SmlCrypto   crypto = toy_crypto();
	SmlMaster   master = {"m", {0}};
	SmlKeyPlace place = {1, SML_KEY_DATA, context, "owner"};
	uint8_t     key[SML_AEAD_KEY] = {3};
	uint8_t     wrapped[SML_WRAPPED_SIZE];
	Harness     h;

	save_sealed(root, "sealed/text", (SmlSealedHead){SML_SEALED_TEXT, false, false, 7}, 5);
	save_sealed(root, "sealed/float8", (SmlSealedHead){SML_SEALED_FLOAT8, false, false, 7}, 8);
	save_sealed(root, "sealed/deterministic", (SmlSealedHead){SML_SEALED_TEXT, true, false, 7}, 16);
	save_sealed(root, "sealed/bound", (SmlSealedHead){SML_SEALED_TEXT, false, true, 7}, 1);
	save_sealed(root, "sealed/array", (SmlSealedHead){SML_SEALED_FLOAT8_ARRAY, false, false, 7}, 100);
	save_sealed(root, "sealed/empty", (SmlSealedHead){SML_SEALED_BYTEA, false, false, 7}, 0);
	save_token(root, "fernet/hello", 5);
	save_token(root, "fernet/empty", 0);
	save_token(root, "fernet/two_blocks", 20);
	save_text(root, "fernet/key", A_KEY);
	save_text(root, "masters/one", "v1:a:" A_KEY);
	save_text(root, "masters/two", "# comment\n\nv1:2026:" A_KEY "\nv1:old-1:" A_KEY "\r\n");
	save_text(root, "mask/call", "call +49 (30) 123-4567 or jane.doe+x@example.org, 4111 1111 1111 1111");
	save_text(root, "mask/iban", "GB82 WEST 1234 5698 7654 32");
	save_text(root, "mask/broken_utf8", "\001\002Z\303\274rich \346\235\261\344");
	save_text(root, "mask/name", "firstNameOfCustomer_email_2");
	save_text(root, "mask/nothing", "");
	save_text(root, "mask/two_ats", "@@");
	harness_start(&h);
	assert_int_equal(sml_key_wrap(&h.env, &crypto, &master, &place, key, wrapped), SML_OK);
	save(root, "masters/wrapped", NULL, 0, wrapped, sizeof(wrapped));
	harness_finish(&h);
}

static void
save_fairness(const char *root, const char *name, uint32_t parts)
{
	Harness       h;
	SmlFairState *state;
	SmlWriter     writer;

	harness_start(&h);
	assert_int_equal(sml_alloc_array(&h.env, 1, sml_fair_size(parts), &state), SML_OK);
	sml_fair_start(state, parts);
	for (int i = 0; i < 60; i++)
		assert_int_equal(sml_fair_add(&h.env, state, (SmlTruth) (i % 3), (SmlTruth) (i % 5 % 3), (double) (i % 11) / 10, 1 + i % 3), SML_OK);
	sml_writer_start(&writer, &h.env);
	sml_fair_write(&writer, state);
	assert_int_equal(writer.status, SML_OK);
	save(root, name, NULL, 0, writer.bytes + SML_ENVELOPE_SIZE, writer.size - SML_ENVELOPE_SIZE);
	sml_writer_free(&writer);
	sml_free(&h.env, state);
	harness_finish(&h);
}

int
main(int count, char **arguments)
{
	const char *root = count == 2 ? arguments[1] : ".";

	/* the *_v1 files were written by version 1 of the codec and stay as they are */
	save_model(root, "model/regression", SML_REGRESSION, SML_CALIBRATION_NONE);
	save_model(root, "model/binary", SML_BINARY, SML_CALIBRATION_NONE);
	save_model(root, "model/binary_platt", SML_BINARY, SML_CALIBRATION_PLATT);
	save_model(root, "model/binary_isotonic", SML_BINARY, SML_CALIBRATION_ISOTONIC);
	save_model(root, "model/multiclass_platt", SML_MULTICLASS, SML_CALIBRATION_PLATT);
	save_model(root, "model/multiclass_isotonic", SML_MULTICLASS, SML_CALIBRATION_ISOTONIC);
	save_plan(root, NULL, SML_REGRESSION, "profile_regression");
	save_plan(root, NULL, SML_MULTICLASS, "profile_classes");
	for (size_t i = 0; sml_learner_at(i) != NULL; i++)
	{
		const SmlLearner *learner = sml_learner_at(i);

		save_plan(root, learner->name, learner->tasks & SML_REGRESSION ? SML_REGRESSION : learner->tasks & SML_BINARY ? SML_BINARY :
				  SML_MULTICLASS, learner->name);
	}
	save_privacy(root);
	save_fairness(root, "fairness_state/counts", 0);
	save_fairness(root, "fairness_state/weights", SML_FAIR_WEIGHTS);
	save_fairness(root, "fairness_state/scores", SML_FAIR_SCORES);
	save_fairness(root, "fairness_state/both", SML_FAIR_WEIGHTS | SML_FAIR_SCORES);
	return 0;
}
