/*
 * learner_table.c - the one list of learners, and what all of them do alike.  A new learner is one file in
 * model/ and one line here.
 */
#include <string.h>

#include "fold.h"
#include "model/learners.h"

static const SmlLearner *const learners[] = {
	&sml_linear,
	&sml_logistic,
	&sml_multinomial,
};

void
sml_state_read(SmlReader *reader, const SmlLearner *learner, const SmlDesign *design,
			   void (*fill)(SmlReader *reader, SmlState *state), SmlState **state)
{
	SmlState *made = NULL;

	*state = NULL;
	if (reader->status == SML_OK)
		reader->status = learner->start(reader->env, design, &made);
	if (reader->status != SML_OK)
		return;
	fill(reader, made);
	if (reader->status == SML_OK)
		*state = made;
	else
		learner->free(reader->env, made);
}

#define LEARNER_COUNT (sizeof(learners) / sizeof(learners[0]))

const SmlLearner *
sml_learner_by_name(const char *name)
{
	for (size_t i = 0; i < LEARNER_COUNT; i++)
	{
		if (strcmp(learners[i]->name, name) == 0)
			return learners[i];
	}
	return NULL;
}

const SmlLearner *
sml_learner_at(size_t index)
{
	return index < LEARNER_COUNT ? learners[index] : NULL;
}
