/*
 * learner_table.c - the one list of learners.  A new learner is one file in
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
