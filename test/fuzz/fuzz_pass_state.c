/*
 * fuzz_pass_state.c - payloads of states under payloads of plans: refused, or able to take
 * rows, to merge and to finish without harm.
 *
 * Input: length of the plan's payload (4 bytes, little-endian), that payload, the state's
 * payload.  The state's digest is put right, so that every plan meets its state.
 */
#include "fuzz.h"

static void
use(SmlEnv *env, SmlPass *pass)
{
	SmlPass *fresh = NULL;
	uint8_t *bytes = NULL;
	size_t   size;

	if (sml_pass_start(env, pass->plan, &fresh) == SML_OK && fuzz_feed(env, fresh, pass->plan) == SML_OK &&
		sml_pass_merge(env, fresh, pass) == SML_OK)
	{
		if (sml_pass_write(env, fresh, &bytes, &size) == SML_OK)
		{
			SmlPass  *again = NULL;
			SmlStatus status = sml_pass_read(env, pass->plan, bytes, size, &again);

			ALWAYS(status == SML_OK || status == SML_CORRUPT || status == SML_NO_MEMORY);
			sml_pass_free(env, again);
		}
		fuzz_finish(env, fresh);
	}
	if (fuzz_feed(env, pass, pass->plan) == SML_OK)
		fuzz_finish(env, pass);
	sml_free(env, bytes);
	sml_pass_free(env, fresh);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SmlEnv    env = fuzz_env();
	SmlPlan  *plan = NULL;
	SmlPass  *pass = NULL;
	SmlWriter sealed;
	size_t    length;
	SmlStatus status;

	if (size < 4)
		return 0;
	length = (size_t) data[0] | (size_t) data[1] << 8 | (size_t) data[2] << 16 | (size_t) data[3] << 24;
	if (length > size - 4)
		return 0;
	sealed = fuzz_seal(&env, "PLAN", data + 4, length, NULL);
	status = sml_plan_read(&env, sealed.bytes, sealed.size, &plan);
	sml_writer_free(&sealed);
	if (status != SML_OK)
		return 0;
	if (fuzz_is_small(plan))
	{
		sealed = fuzz_seal(&env, "PASS", data + 4 + length, size - 4 - length, &plan->digest);
		status = sml_pass_read(&env, plan, sealed.bytes, sealed.size, &pass);
		sml_writer_free(&sealed);
		if (status == SML_OK)
			use(&env, pass);
		else
			ALWAYS(pass == NULL && env.detail[0] != '\0');
	}
	sml_pass_free(&env, pass);
	sml_plan_free(&env, plan);
	return 0;
}
