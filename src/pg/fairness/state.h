/*
 * state.h - the SQL type sustainml.fairness_state: counts of a group (core/fairness/counts.h).
 *
 * The varlena is the core's flat state itself, its length word in the place of "size"; so
 * the aggregate changes it in place and nothing is decoded when it is read.  Text (base64) and
 * binary form are the core's envelope, checked in every field.
 */
#ifndef ML_FAIRNESS_STATE_H
#define ML_FAIRNESS_STATE_H

#include "../compat.h"
#include "../../core/fairness/counts.h"

/* The state behind a datum, detoasted; an error when its length does not fit its parts. */
extern SmlFairState *ml_fair_state_get(Datum value);

/* A copy in CurrentMemoryContext as a datum. */
extern Datum ml_fair_state_datum(const SmlFairState *state);

#endif
