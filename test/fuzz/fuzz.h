/*
 * fuzz.h - what the fuzz targets share: an environment with a bound on memory, an envelope
 * around a payload, and the entry point that libFuzzer and replay.c call.
 *
 * The envelope's checksum would stop a fuzzer at the door, so inputs are payloads and
 * the targets seal them.
 */
#ifndef SML_FUZZ_H
#define SML_FUZZ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/core/pass.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What holds for every input; a failure is a finding. */
#define ALWAYS(condition)                                                            \
	do                                                                               \
	{                                                                                \
		if (!(condition))                                                            \
		{                                                                            \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);  \
			abort();                                                                 \
		}                                                                            \
	} while (0)

/* No honest reader of a small input needs more in one piece. */
#define FUZZ_MOST_BYTES ((size_t) 256 << 20)

static inline void *
fuzz_alloc(void *context, size_t size)
{
	(void) context;
	return size > FUZZ_MOST_BYTES ? NULL : malloc(size > 0 ? size : 1);
}

static inline void
fuzz_release(void *context, void *chunk)
{
	(void) context;
	free(chunk);
}

static inline SmlEnv
fuzz_env(void)
{
	SmlEnv env = {NULL, fuzz_alloc, fuzz_release, NULL, {0}};

	return env;
}

/* The payload in an envelope of this kind and version; "digest", when given, takes the place of its first 8 bytes. */
static inline SmlWriter
fuzz_seal_version(SmlEnv *env, const char kind[4], uint32_t version, const uint8_t *payload, size_t size, const uint64_t *digest)
{
	SmlWriter writer;
	size_t    mark;

	sml_writer_start(&writer, env);
	mark = sml_write_envelope(&writer, kind, version);
	if (digest != NULL)
	{
		sml_write_u64(&writer, *digest);
		payload += size < 8 ? size : 8;
		size -= size < 8 ? size : 8;
	}
	sml_write_bytes(&writer, payload, size);
	sml_end_envelope(&writer, mark);
	ALWAYS(writer.status == SML_OK);
	return writer;
}

static inline SmlWriter
fuzz_seal(SmlEnv *env, const char kind[4], const uint8_t *payload, size_t size, const uint64_t *digest)
{
	return fuzz_seal_version(env, kind, 1, payload, size, digest);
}

/* Rows that fit any small layout: numbers of every kind, labels known and unknown. */
#define FUZZ_MOST_SLOTS 64

static inline SmlStatus
fuzz_feed(SmlEnv *env, SmlPass *pass, const SmlPlan *plan)
{
	const double kinds[6] = {1, -2.5, 1e300, 0, 3, 7};
	double       numbers[FUZZ_MOST_SLOTS];
	SmlText      labels[FUZZ_MOST_SLOTS];
	SmlRow       row = {numbers, labels};
	SmlStatus    status = SML_OK;

	for (size_t r = 0; r < 6 && status == SML_OK; r++)
	{
		for (size_t j = 0; j < FUZZ_MOST_SLOTS; j++)
		{
			numbers[j] = (r + j) % 5 == 4 ? sml_missing() : kinds[(r * 3 + j) % 6];
			labels[j] = (SmlText){"yes", (int32_t) ((r + j) % 4) - 1};
		}
		if (plan->layout.weighted)
			numbers[sml_layout_weight(&plan->layout)] = (double) r;
		if (plan->kind == SML_PASS_LEARN && plan->layout.target == SML_TARGET_CLASS)
		{
			const char *class = plan->encoder->classes[r % plan->encoder->class_count];

			labels[sml_layout_target(&plan->layout)] = (SmlText){class, (int32_t) strlen(class)};
		}
		status = sml_pass_absorb(env, pass, &row);
	}
	return status;
}

/* Whether a plan is small enough to be tried out at speed. */
static inline bool
fuzz_is_small(const SmlPlan *plan)
{
	return sml_layout_numbers(&plan->layout) <= FUZZ_MOST_SLOTS && sml_layout_labels(&plan->layout) <= FUZZ_MOST_SLOTS &&
		(plan->kind == SML_PASS_PROFILE || (plan->encoder->term_count <= 256 && plan->encoder->class_count <= 64));
}

static inline const char *
fuzz_term_name(void *context, size_t term)
{
	(void) context;
	(void) term;
	return "a term";
}

/* Finish a pass over whatever the state holds, as the server would. */
static inline void
fuzz_finish(SmlEnv *env, SmlPass *pass)
{
	const SmlLearner *learner = pass->plan->learner;
	SmlNotes          notes = {0};
	SmlVerdict        verdict;
	SmlFit           *fit = NULL;

	if (pass->plan->kind == SML_PASS_PROFILE)
	{
		SmlEncoder *encoder = NULL;

		if (sml_pass_flush(env, pass) == SML_OK)
			(void) !sml_encoder_make(env, &pass->plan->layout, pass->profile, NULL, NULL, 0, &notes, &encoder);
		sml_encoder_free(env, encoder);
	}
	else if (sml_pass_flush(env, pass) == SML_OK && learner->finish_pass(env, pass->state, &verdict) == SML_OK && !verdict.again)
		(void) !learner->result(env, pass->state, fuzz_term_name, NULL, &notes, &fit);
	sml_fit_free(env, fit);
	sml_notes_free(env, &notes);
}

#endif
