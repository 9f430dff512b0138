/*
 * learners.h - the learners that this build knows; learner_table.c lists them.
 */
#ifndef SML_LEARNERS_H
#define SML_LEARNERS_H

#include "../fold.h"

extern const SmlLearner sml_linear;
extern const SmlLearner sml_logistic;
extern const SmlLearner sml_multinomial;

#endif
