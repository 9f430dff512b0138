/*
 * mitigation.h - params => '{"fairness": {…}}' of sustainml.train: what is asked, the
 * protected values beside the rows that training keeps, and the gap before and after.
 *
 *   method      reweigh | penalty | exponentiated_gradient | correlation_remover | group_smote
 *   attribute   a protected column, or several whose combinations are the groups; may be left out when one column is protected
 *   constraint  demographic_parity (default) | equal_opportunity | equalized_odds
 *   strength    reweigh and correlation_remover: 0 to 1; penalty: 0 or more
 *   max_gap, margin, rounds, min_rows   exponentiated_gradient
 *   k           group_smote: neighbours
 */
#ifndef ML_MITIGATION_H
#define ML_MITIGATION_H

#include "../train/train.h"
#include "../metric/evaluate.h"
#include "../../core/fairness/mitigate.h"
#include "fairness.h"
#include "groups.h"

typedef struct MlMitigation MlMitigation;

/* What params ask for; NULL: nothing.  Errors for unknown keys and values out of range. */
extern MlMitigation *ml_mitigation_parse(const MlRequest *request, const MlSource *source);

/* ", s.c7, s.c9": to be added to the select list of the scan that keeps the rows. */
extern char *ml_mitigation_list(const MlMitigation *mitigation);

/* Remember the group of a row that was kept; "values" are those of the list, and the hash is over the rest of it. */
extern void ml_mitigation_keep(MlMitigation *mitigation, const Datum *values, const bool *nulls, uint64 row_hash);

/* Whether the rows kept are others afterwards. */
extern bool ml_mitigation_adds_rows(const MlMitigation *mitigation);

/* Forget the rows: they are read again. */
extern void ml_mitigation_restart(MlMitigation *mitigation);

/* Train by the method.  The job comes with store, plan, names, notes and progress. */
extern SmlFit *ml_mitigation_train(MlMitigation *mitigation, SmlEnv *env, SmlMitigationJob *job, const char *favorable,
								   SmlVerdict *last);

/*
 * Audit the plain fit on the held-out rows, inside the scan bracket, as "after" is the audit of the trained model (NULL: there is none),
 * and say in the notes how they differ.
 */
extern void ml_mitigation_measure(MlMitigation *mitigation, SmlEnv *env, const MlFairResult *after, const SmlModel *model,
								  const MlSource *source, const char *where, SmlNotes *notes);

/* Keep the audit before, and a row of sustainml.fairness_mitigation, now that the version is known. */
extern void ml_mitigation_store(const MlMitigation *mitigation, const MlModelName *name, int version, int64 audit_after, int64 run_id,
								Jsonb *params);

/* The constraint of this name; an error that names those there are. */
extern SmlConstraint ml_constraint_choose(const char *text, const char *what);

/* How audits call the gap of a constraint; the share of right predictions of an audit. */
extern const char *ml_constraint_metric(SmlConstraint constraint, bool positive_is_favorable);
extern double      ml_audited_accuracy(const MlFairResult *result);

#endif
