/*
 * fuzz_fairness_state.c - payloads of fairness states: refused, or able to give figures, to merge, to be audited and
 * to be written again without harm.
 */
#include "fuzz.h"

#include <math.h>

#include "../../src/core/fairness/audit.h"
#include "../../src/core/fairness/inequality.h"

static void
audit(SmlEnv *env, const SmlFairState *state)
{
	static const size_t attribute[1] = {0};
	const size_t        values[2] = {0, 1};
	SmlFairState        other;
	SmlFairGroup        groups[3] = {{.state = state}, {.set = 1, .values = &values[0], .state = state}, {.set = 1, .values = &values[1], .state = &other}};
	SmlFairSet          sets[2] = {{.groups = 1, .reference = SML_NO_GROUP}, {.count = 1, .attributes = attribute, .first = 1, .groups = 2, .reference = SML_NO_GROUP}};
	SmlFairPlan         plan = {.sets = sets, .set_count = 2, .groups = groups, .group_count = 3, .favorable = SML_YES, .favorable_known = true,
								.min_n = 30, .suppress_below = 10, .confidence = 0.95, .draws = 3};
	SmlFairAudit       *result = NULL;

	sml_fair_start(&other, 0);
	other.n[SML_YES][SML_YES] = 5;
	other.n[SML_NO][SML_NO] = 7;
	if (sml_fair_audit(env, &plan, &result) == SML_OK)
		for (size_t r = 0; r < result->count; r++)
		{
			const SmlFigure *figure = &result->rows[r].figure;

			ALWAYS(figure->reason != NULL || !isnan(figure->value));
			ALWAYS(sml_figure_reason(figure) != NULL || figure->ci_low <= figure->ci_high);
		}
	sml_fair_audit_free(env, result);
}

static void
use(SmlEnv *env, SmlFairState *state)
{
	SmlFairState *wide = NULL;
	SmlFairState *again = NULL;
	SmlWriter     writer;
	SmlInequality inequality;
	SmlDraws      draws = {.confidence = 0.95, .count = 3};

	if (sml_alloc_array(env, 1, sml_fair_size(SML_FAIR_WEIGHTS | SML_FAIR_SCORES), &wide) == SML_OK)
	{
		sml_fair_start(wide, SML_FAIR_WEIGHTS | SML_FAIR_SCORES);
		sml_fair_merge(wide, state);
		audit(env, state);
		sml_writer_start(&writer, env);
		sml_fair_write(&writer, state);
		ALWAYS(writer.status != SML_OK || sml_fair_read(env, writer.bytes, writer.size, &again) == SML_OK);
		sml_writer_free(&writer);
	}
	if (sml_inequality(env, (const SmlFairState *const *) &state, 1, 2, &draws, &inequality) == SML_OK)
		ALWAYS(sml_figure_reason(&inequality.total) != NULL || inequality.total.ci_low <= inequality.total.ci_high);
	sml_free(env, wide);
	sml_free(env, again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SmlEnv        env = fuzz_env();
	SmlFairState *state = NULL;
	SmlWriter     sealed = fuzz_seal(&env, "FAIR", data, size, NULL);
	SmlStatus     status = sml_fair_read(&env, sealed.bytes, sealed.size, &state);

	sml_writer_free(&sealed);
	if (status == SML_OK)
		use(&env, state);
	else
		ALWAYS(state == NULL && env.detail[0] != '\0');
	sml_free(&env, state);
	return 0;
}
