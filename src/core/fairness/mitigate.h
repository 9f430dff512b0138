/*
 * mitigate.h - training that lowers the gap between groups, on rows kept in memory.  The protected
 * values are known here, in training; the model that comes out scores rows without them.
 *
 *   reweigh              w(g,y) = n(g) n(y) / (n n(g,y)): under these weights group and label are independent
 *                        (Kamiran and Calders 2012).  "strength" is an exponent, 1: in full.
 *   correlation_remover  the encoded features lose what they have along the differences of the groups' means;
 *                        after that each is uncorrelated with every group, and so is each score that is linear
 *                        in them.  Unlike fairlearn's CorrelationRemover, which takes the group's mean off a row
 *                        and must know the group for that, the map is the same for all rows, so that it folds
 *                        into the coefficients (linear erasure of a concept: Belrose et al. 2023; to a linear
 *                        model without penalty it does not matter which of the maps that do it is taken).
 *                        "strength" is the share that is taken off.
 *   penalty              the penalty of model/parity.h; "strength" is its l.
 *   group_smote          group_smote.c: synthetic rows in the cells of group and label, until every group
 *                        has the overall shares of the labels.
 *   exponentiated_gradient  reductions.c: at most "rounds" weighted refits, folded into one model.
 *
 * Rows of no known group have weight 1 under reweighing, have no part in the means and carry no
 * penalty.  The fit's loss and likelihood are those of the rows as they are.  Every method also gives the plain
 * fit, so that before and after can be shown.
 */
#ifndef SML_FAIRNESS_MITIGATE_H
#define SML_FAIRNESS_MITIGATE_H

#include "../prep/store.h"
#include "curves.h"

typedef enum SmlMitigation
{
	SML_REWEIGH = 0,
	SML_PENALTY,
	SML_EXPONENTIATED_GRADIENT,
	SML_CORRELATION_REMOVER,
	SML_GROUP_SMOTE
} SmlMitigation;

const char *sml_mitigation_name(SmlMitigation method); /* "reweigh"; NULL past the last */

/* Refits of exponentiated gradient in all: rounds, then fits under shares of the last multipliers. */
#define SML_MOST_REFITS 50
#define SML_WALK_STEPS 7
#define SML_MOST_ROUNDS (SML_MOST_REFITS - SML_WALK_STEPS)

typedef struct SmlMitigationWish
{
	SmlMitigation method;
	SmlConstraint constraint;
	bool          positive_is_favorable;
	double        strength;  /* NaN: the method's default */
	double        max_gap;   /* exponentiated gradient, on the training rows */
	double        margin;    /* standard errors, see curves.h */
	size_t        rounds;
	size_t        min_rows;  /* a smaller group is left alone by exponentiated gradient */
	/* group_smote */
	size_t        neighbours; /* 0: the default of smote */
	uint64_t      seed;
	size_t        memory_limit; /* of the neighbour search; 0: none */
} SmlMitigationWish;

typedef struct SmlMitigated
{
	SmlFit    *plain;      /* without any mitigation */
	SmlFit    *fair;
	SmlVerdict last;
	/* exponentiated gradient */
	size_t     rounds;     /* refits */
	size_t     chosen;     /* the round that was taken, 1-based; 0: the mean of their coefficients */
	bool       blended;    /* with the one before it (after the last round: with the plain fit) */
	bool       feasible;   /* within max_gap and margin on the training rows */
	double     shift;      /* taken off the intercept */
	double     gap;        /* on the training rows */
	double     error;      /* its standard error */
	double     accuracy;
	size_t     made;       /* group_smote: synthetic rows */
} SmlMitigated;

typedef struct SmlMitigationJob
{
	SmlStore      *store;
	const SmlPlan *plan;
	const int32_t *group;   /* per kept row; -1: not known */
	const char *const *group_names; /* for sentences, or NULL */
	const uint64_t *key;    /* per kept row, a hash of what it says; group_smote only */
	size_t         groups;
	const SmlMitigationWish *wish;
	void         (*progress)(void *context, const SmlVerdict *verdict); /* or NULL */
	void          *progress_context;
	const char  *(*term_name)(void *context, size_t term);
	void          *name_context;
	SmlNotes      *notes;
} SmlMitigationJob;

/*
 * Train.  SML_BAD_INPUT: fewer than two groups, a learner or task that the method does not know;
 * whatever the learner says.
 */
SML_MUST_USE SmlStatus sml_mitigate(SmlEnv *env, const SmlMitigationJob *job, SmlMitigated **result);
void sml_mitigated_free(SmlEnv *env, SmlMitigated *result); /* NULL is allowed */

/* ---- the parts, also for tests ----------------------------------------------------- */

/* The rows as far as the methods look at them. */
typedef struct SmlMitigationRows
{
	size_t  count;
	double *label;   /* class index; binary: 1 is the positive class */
	double *weight;
} SmlMitigationRows;

SML_MUST_USE SmlStatus sml_mitigation_rows(SmlEnv *env, const SmlMitigationJob *job, SmlMitigationRows *rows);
void sml_mitigation_rows_free(SmlEnv *env, SmlMitigationRows *rows);

/* Reweighing: a factor per row; 1 for rows of no known group. */
SML_MUST_USE SmlStatus sml_reweigh(SmlEnv *env, const int32_t *group, size_t groups, const double *label, size_t labels,
								   const double *weight, size_t count, double strength, double *factor);

/* event * groups + group of a row under a constraint, -1 when it is in none. */
int32_t sml_constraint_cell(SmlConstraint constraint, bool positive_is_favorable, size_t groups, int32_t group, bool positive);
size_t  sml_constraint_events(SmlConstraint constraint);

/* Coefficients on the scale of the columns from the encoded ones; columns that were left out as superfluous are zeros. */
void sml_restate_coefficients(const SmlEncoder *encoder, SmlFit *fit);

/* group_smote.c: append synthetic rows to the store. */
SML_MUST_USE SmlStatus sml_group_smote(SmlEnv *env, const SmlMitigationJob *job, size_t *made);

/* reductions.c; *state is the plain fit's, and is used up. */
SML_MUST_USE SmlStatus sml_reduce(SmlEnv *env, const SmlMitigationJob *job, const SmlMitigationRows *rows, SmlState **state,
								  SmlMitigated *result);

#endif
