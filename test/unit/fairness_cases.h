/*
 * fairness_cases.h - groups made of counts, and plans over them, for the tests of fairness.
 */
#ifndef FAIRNESS_CASES_H
#define FAIRNESS_CASES_H

#include "harness.h"

#include "../../src/core/fairness/audit.h"

#define Z95 1.959963984540054

/* A state from tp, fp, fn, tn. */
static inline SmlFairState
counted(uint64_t tp, uint64_t fp, uint64_t fn, uint64_t tn)
{
	SmlFairState state;

	sml_fair_start(&state, 0);
	state.n[SML_YES][SML_YES] = tp;
	state.n[SML_NO][SML_YES] = fp;
	state.n[SML_YES][SML_NO] = fn;
	state.n[SML_NO][SML_NO] = tn;
	return state;
}

static inline SmlFigure
figure(const SmlFairState *state, SmlFairMetric metric)
{
	SmlFigure f;

	sml_fair_figure(state, metric, SML_YES, Z95, &f);
	return f;
}

typedef struct Case
{
	SmlFairState  states[8];
	SmlFairGroup  groups[8];
	size_t        values[8];
	SmlFairSet    sets[2];
	size_t        attribute;
	SmlFairPlan   plan;
} Case;

/* One attribute with "count" groups; the first group of the plan is everybody. */
static inline void
make_case(Case *c, const SmlFairState *states, size_t count)
{
	memset(c, 0, sizeof(*c));
	sml_fair_start(&c->states[0], 0);
	c->groups[0] = (SmlFairGroup) {.set = 0, .state = &c->states[0], .values = c->values};
	for (size_t g = 0; g < count; g++)
	{
		c->states[g + 1] = states[g];
		sml_fair_merge(&c->states[0], &states[g]);
		c->values[g + 1] = g;
		c->groups[g + 1] = (SmlFairGroup) {.set = 1, .state = &c->states[g + 1], .values = &c->values[g + 1]};
	}
	c->sets[0] = (SmlFairSet) {.groups = 1, .reference = SML_NO_GROUP};
	c->sets[1] = (SmlFairSet) {.count = 1, .attributes = &c->attribute, .first = 1, .groups = count, .reference = SML_NO_GROUP};
	c->plan = (SmlFairPlan) {.sets = c->sets, .set_count = 2, .groups = c->groups, .group_count = count + 1, .favorable = SML_YES,
							 .favorable_known = true, .min_n = 30, .suppress_below = 10, .confidence = 0.95, .draws = 500};
}

static inline const SmlFairRow *
find(const SmlFairAudit *audit, SmlFairScope scope, size_t group, const char *metric)
{
	for (size_t r = 0; r < audit->count; r++)
		if (audit->rows[r].scope == scope && audit->rows[r].group == group && strcmp(audit->rows[r].metric, metric) == 0)
			return &audit->rows[r];
	print_message("no row %s\n", metric);
	fail();
	return NULL;
}

#endif
