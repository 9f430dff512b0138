/*
 * fuzz_plan.c - payloads of plans: refused, or good for a pass over a few rows.
 */
#include "fuzz.h"

static void
try_out(SmlEnv *env, const SmlPlan *plan)
{
	SmlPass *pass = NULL;
	uint8_t *bytes = NULL;
	size_t   size;

	if (!fuzz_is_small(plan) || sml_pass_start(env, plan, &pass) != SML_OK)
		return;
	if (fuzz_feed(env, pass, plan) == SML_OK && sml_pass_write(env, pass, &bytes, &size) == SML_OK)
		fuzz_finish(env, pass);
	sml_free(env, bytes);
	sml_pass_free(env, pass);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SmlEnv    env = fuzz_env();
	SmlWriter sealed = fuzz_seal(&env, "PLAN", data, size, NULL);
	SmlPlan  *plan = NULL;
	SmlStatus status = sml_plan_read(&env, sealed.bytes, sealed.size, &plan);

	if (status == SML_OK)
	{
		uint64_t  digest = plan->digest;
		SmlLayout layout;
		uint8_t *bytes;
		size_t   written;

		try_out(&env, plan);
		ALWAYS(sml_plan_read_layout(&env, sealed.bytes, sealed.size, &layout) == SML_OK);
		ALWAYS(sml_layout_numbers(&layout) == sml_layout_numbers(&plan->layout) && sml_layout_labels(&layout) == sml_layout_labels(&plan->layout));
		sml_layout_free(&env, &layout);
		ALWAYS(sml_plan_write(&env, plan, &bytes, &written) == SML_OK);
		ALWAYS(written == sealed.size && memcmp(bytes, sealed.bytes, written) == 0 && plan->digest == digest);
		sml_free(&env, bytes);
	}
	else
		ALWAYS((status == SML_CORRUPT || status == SML_NO_MEMORY) && plan == NULL && env.detail[0] != '\0');
	sml_plan_free(&env, plan);
	sml_writer_free(&sealed);
	return 0;
}
