/*
 * threshold.h - the probability from which on a row is called positive, chosen by what
 * the decision is for.
 *
 * Every threshold that makes a difference on the rows is tried: between two neighbouring
 * scores nothing changes, so there is one candidate per distinct score, and one above all of
 * them (no row is called positive).  Exact, in one walk down the sorted scores.
 *
 * The threshold given back is the middle between the two neighbouring scores, 0 and 1 at
 * the ends, so that a small change of a score changes nothing.  Of thresholds with equal
 * value the highest is taken, which calls the fewest rows positive.
 *
 * Cost: a sort, then one step per distinct score; 32 bytes a row.
 */
#ifndef SML_THRESHOLD_H
#define SML_THRESHOLD_H

#include "metric.h"

typedef enum SmlObjective
{
	SML_OBJECTIVE_F1 = 0,
	SML_OBJECTIVE_BALANCED_ACCURACY,
	SML_OBJECTIVE_YOUDEN,              /* recall + specificity - 1 */
	SML_OBJECTIVE_MCC,
	SML_OBJECTIVE_COST,                /* mean cost of a row: to be small */
	SML_OBJECTIVE_PRECISION_AT_RECALL, /* the greatest precision with a recall of at least "at_least" */
	SML_OBJECTIVE_RECALL_AT_PRECISION  /* the greatest recall with a precision of at least "at_least" */
} SmlObjective;

/* Names in the order above; NULL past the end. */
const char *sml_objective_name(size_t index);

typedef struct SmlAim
{
	SmlObjective objective;
	double       false_positive_cost; /* cost */
	double       false_negative_cost;
	double       at_least;            /* the two with a condition */
} SmlAim;

/* The value of the objective for a tally; NaN where it has none or the condition is not met. */
double sml_aim_value(const SmlAim *aim, const SmlTally *tally);

/* The tally of the rows at a threshold. */
SML_MUST_USE SmlStatus sml_threshold_tally(SmlEnv *env, const SmlScored *scored, double threshold, SmlTally *tally);

typedef struct SmlTuned
{
	double      threshold; /* NaN: no threshold has a value, see reason */
	double      value;
	SmlTally    tally;
	const char *reason;    /* static, or NULL */
} SmlTuned;

/* SML_BAD_INPUT: not two classes, or rows of one class only. */
SML_MUST_USE SmlStatus sml_threshold_tune(SmlEnv *env, const SmlScored *scored, const SmlAim *aim, SmlTuned *tuned);

/* Figures of a tally, NaN where undefined. */
double sml_tally_specificity(const SmlTally *tally);
double sml_tally_accuracy(const SmlTally *tally);
double sml_tally_balanced_accuracy(const SmlTally *tally);
double sml_tally_mcc(const SmlTally *tally);

#endif
