/*
 * train.c - fairness in training; see train.h.
 */
#include "../compat.h"

#include <math.h>

#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/snapmgr.h"

#include "../catalog_internal.h"
#include "../env.h"
#include "../privacy/learn.h"
#include "train.h"

/* With more protected columns than this their crosses would be hundreds. */
#define MOST_CROSSED 16

/* why there is no audit, or no part of it */
#define NOTE(...) ML_CHECK(env, sml_note_plain(env, notes, __VA_ARGS__), "audit fairness")

MlFairResult *
ml_fair_of_training(const MlRequest *request, const SmlModel *model, const SmlScorer *scorer, double threshold, const MlSource *held_source,
					const char *held_where, SmlEnv *env, SmlNotes *notes)
{
	MlFairSpec    spec;
	MlFairResult *result;
	int           target;

	if (request->protected_count == 0)
		return NULL;
	if (held_source == NULL)
	{
		NOTE("There are no held-out rows, so fairness was not audited; see sustainml.fairness_audit().");
		return NULL;
	}
	if (model->task == SML_REGRESSION)
	{
		NOTE("Fairness of a regression is not audited in training; see sustainml.fairness_regression().");
		return NULL;
	}
	if (model->task == SML_MULTICLASS && request->favorable == NULL)
	{
		NOTE("With more than two classes and no favorable one fairness was not audited; see sustainml.fairness_multiclass().");
		return NULL;
	}
	target = ml_source_column(held_source, request->target, "target");
	if (!ml_sealed_may_open(held_source, &target, 1))
	{
		NOTE("Fairness was not audited: the target is sealed, and an audit needs the right to open it.");
		return NULL;
	}
	ml_fair_spec_init(&spec);
	spec.model_schema = request->name.schema;
	spec.model = request->name.name;
	spec.source = held_source->text;
	spec.part = "held_out";
	spec.target = request->target;
	spec.weight = request->weight;
	spec.favorable = request->favorable;
	spec.threshold = threshold;
	spec.protected_columns = request->protected_columns;
	spec.protected_count = request->protected_count;
	if (spec.protected_count > MOST_CROSSED)
	{
		spec.intersections = 1;
		NOTE("Fairness: there are %d protected columns, so their crosses were not audited.", spec.protected_count);
	}
	result = ml_fair_of_model(&spec, model, scorer, held_source, held_where, NULL, NULL);
	for (int i = 0; i < result->note_count; i++)
		ML_CHECK(env, sml_note(env, notes, "Fairness: %s", result->notes[i]), "audit fairness");
	return result;
}

int64
ml_fair_store_training(MlFairResult *result, const MlRequest *request, int version, int64 version_id, int64 run_id)
{
	MlFairSpec *spec;

	if (result == NULL)
		return 0;
	spec = palloc(sizeof(MlFairSpec));
	*spec = *result->spec;
	spec->model_schema = request->name.schema;
	spec->version = version;
	spec->version_id = version_id;
	result->spec = spec;
	return ml_fair_store(result, run_id);
}

bool
ml_fair_activate(const MlRequest *request, int version, const char **reason)
{
	MlOwnerScope scope;
	char        *user = GetUserNameFromId(GetUserId(), false);
	char        *why;
	List        *versions;

	if (!ml_fair_gate(request->name.schema, request->name.name, version, false, &why))
	{
		*reason = psprintf("not activated, because of a fairness policy: %s; %s", why, *reason);
		return false;
	}
	PushActiveSnapshot(GetLatestSnapshot());
	versions = ml_versions(request->name.schema, request->name.name, GetActiveSnapshot());
	PopActiveSnapshot();
	SPI_connect();
	ml_owner_begin(&scope);
	ml_set_active(request->name.schema, request->name.name, version, user, ((MlVersion *) linitial(versions))->owner, *reason);
	ml_owner_end(&scope);
	SPI_finish();
	return true;
}
