/*
 * registry.c - activate, rollback, rename, drop, grant, revoke, set_threshold.
 *
 * Every change takes the lock of the model's name, is written as the extension's owner, and
 * tells caches and prepared plans.
 */
#include "../compat.h"

#include <math.h>

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "../args.h"
#include "../cache.h"
#include "../catalog_internal.h"
#include "../statement.h"

/* ---- helpers -------------------------------------------------------------------------- */

/*
 * The version that "model" means, for a change: rights checked, the name locked, and looked up
 * again afterwards, since another session may have changed it before the lock was ours.
 */
static MlVersion *
begin_change(const char *model)
{
	MlVersion *version;

	if (XactReadOnly || RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("cannot change model \"%s\" %s", pnstrdup(model, strcspn(model, "@")), RecoveryInProgress() ? "on a standby" : "in a read-only transaction")));
	version = ml_version_resolve(model, ML_MANAGE);
	ml_lock_name(version->schema, version->name);
	PushActiveSnapshot(GetLatestSnapshot());
	version = ml_version_resolve(model, ML_MANAGE);
	PopActiveSnapshot();
	return version;
}

/* The same for changes of a model as a whole, which take its name without a version. */
static MlVersion *
begin_change_of_name(const char *model)
{
	MlModelName name;

	ml_model_name_parse(model, &name);
	if (name.version || name.latest || name.previous)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("this is about a model with all its versions, so its name is written without one"),
				 errhint("Write %s.", pnstrdup(model, strcspn(model, "@")))));
	/* a model without an active version can be renamed, granted and dropped too */
	return begin_change(psprintf("%s@latest", model));
}

/* Run one fixed statement as the owner; returns the number of rows. */
static uint64
change(const char *statement, int count, Oid *types, Datum *values, const char *nulls)
{
	MlOwnerScope scope;
	uint64       rows;

	SPI_connect();
	ml_owner_begin(&scope);
	rows = ml_statement(statement, count, types, values, nulls, 0);
	ml_owner_end(&scope);
	SPI_finish();
	return rows;
}

static void
set_active(const MlVersion *version, const char *reason)
{
	MlOwnerScope scope;
	char        *user = GetUserNameFromId(GetUserId(), false);

	SPI_connect();
	ml_owner_begin(&scope);
	ml_set_active(version->schema, version->name, version->version, user, version->owner, reason);
	ml_owner_end(&scope);
	SPI_finish();
}

static text *
ref_of(const MlVersion *version)
{
	return cstring_to_text(psprintf("%s@%d", version->name, version->version));
}

/* ---- activation --------------------------------------------------------------------------- */

/* A change of what the numbers mean must be asked for. */
static void
check_meaning(const MlVersion *version, bool force)
{
	MlVersion     *active;
	const MlModel *current;
	bool           same;

	/* under the lock, and so by what is active now, not when the statement began */
	PushActiveSnapshot(GetLatestSnapshot());
	active = ml_version_active(version->schema, version->name);
	current = active && !force ? ml_model_unless_damaged(active) : NULL;
	same = current == NULL || sml_model_compare_meaning(ml_model_get(version)->model, current->model) == SML_MEANING_SAME;
	PopActiveSnapshot();
	if (same)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("version %d of model \"%s\" predicts something else than the active version %d", version->version, version->name,
					active->version),
			 errdetail("The task, the target's type, the classes or the positive class differ."),
			 errhint("To switch all the same, run sustainml.activate('%s@%d', force => true).", version->name, version->version)));
}

PG_FUNCTION_INFO_V1(sustainml_activate);
Datum
sustainml_activate(PG_FUNCTION_ARGS)
{
	MlVersion *version = begin_change(ml_required_text(fcinfo, 0, "the model"));

	check_meaning(version, !PG_ARGISNULL(2) && PG_GETARG_BOOL(2));
	if (!version->is_active)
		set_active(version, PG_ARGISNULL(1) ? "by hand" : text_to_cstring(PG_GETARG_TEXT_PP(1)));
	PG_RETURN_TEXT_P(ref_of(version));
}

PG_FUNCTION_INFO_V1(sustainml_rollback);
Datum
sustainml_rollback(PG_FUNCTION_ARGS)
{
	char       *model = ml_required_text(fcinfo, 0, "the model");
	MlModelName name;
	MlVersion  *version;

	ml_model_name_parse(model, &name);
	if (name.version || name.latest || name.previous)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("rollback takes the name of a model, without a version"),
				 errhint("To activate a certain version, use sustainml.activate.")));
	version = begin_change(psprintf("%s@previous", model));
	set_active(version, "rollback");
	PG_RETURN_TEXT_P(ref_of(version));
}

/* ---- names and versions --------------------------------------------------------------------- */

PG_FUNCTION_INFO_V1(sustainml_rename_model);
Datum
sustainml_rename_model(PG_FUNCTION_ARGS)
{
	MlVersion  *version = begin_change_of_name(ml_required_text(fcinfo, 0, "the model"));
	MlModelName to;
	Oid         types[3] = {TEXTOID, TEXTOID, TEXTOID};
	Datum       values[3];

	ml_model_name_parse(ml_required_text(fcinfo, 1, "the new name"), &to);
	if (to.schema || to.version || to.latest || to.previous)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("the new name is a bare name, without schema or version")));
	ml_lock_name(version->schema, to.name);
	if (ml_versions(version->schema, to.name, GetLatestSnapshot()) != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("model \"%s\" already exists", to.name)));
	values[0] = CStringGetTextDatum(version->schema);
	values[1] = CStringGetTextDatum(version->name);
	values[2] = CStringGetTextDatum(to.name);
	change("UPDATE sustainml.model_version SET model = $3 WHERE model_schema = $1 AND model = $2", 3, types, values, NULL);
	change("UPDATE sustainml.model_grant SET model = $3 WHERE model_schema = $1 AND model = $2", 3, types, values, NULL);
	change("UPDATE sustainml.activation SET model = $3 WHERE model_schema = $1 AND model = $2", 3, types, values, NULL);
	change("UPDATE sustainml.run SET model = $3 WHERE model_schema = $1 AND model = $2", 3, types, values, NULL);
	change("UPDATE sustainml.fairness_policy SET model = $3 WHERE model_schema = $1 AND model = $2 AND NOT is_dropped", 3, types, values, NULL);
	change("UPDATE sustainml.threshold_fit SET model = $3 WHERE model_schema = $1 AND model = $2", 3, types, values, NULL);
	change("UPDATE sustainml.fairness_alert SET model = $3 WHERE model_schema = $1 AND model = $2", 3, types, values, NULL);
	ml_models_changed();
	PG_RETURN_VOID();
}

static void
drop_version(const MlVersion *version)
{
	Oid   types[1] = {INT8OID};
	Datum values[1] = {Int64GetDatum(version->id)};

	if (version->is_active)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("version %d of model \"%s\" is active and cannot be dropped", version->version, version->name),
				 errhint("Activate another version first, or drop the whole model with sustainml.drop_model('%s').", version->name)));
	change("DELETE FROM sustainml.model_version WHERE id = $1", 1, types, values, NULL);
}

static void
drop_all(const MlVersion *version)
{
	Oid   types[3] = {TEXTOID, TEXTOID, TEXTOID};
	Datum values[3] = {CStringGetTextDatum(version->schema), CStringGetTextDatum(version->name),
					   CStringGetTextDatum(GetUserNameFromId(GetUserId(), false))};

	/* what is made under this name later is another model */
	change("UPDATE sustainml.fairness_policy SET ended_at = coalesce(ended_at, clock_timestamp()), ended_by = coalesce(ended_by, $3), is_dropped = true"
		   " WHERE model_schema = $1 AND model = $2 AND NOT is_dropped", 3, types, values, NULL);
	change("UPDATE sustainml.fairness_alert SET closed_at = clock_timestamp(), closed_reason = 'the model was dropped'"
		   " WHERE model_schema = $1 AND model = $2 AND closed_at IS NULL", 2, types, values, NULL);
	change("UPDATE sustainml.activation SET active_to = clock_timestamp() WHERE model_schema = $1 AND model = $2 AND active_to IS NULL",
		   2, types, values, NULL);
	change("DELETE FROM sustainml.model_grant WHERE model_schema = $1 AND model = $2", 2, types, values, NULL);
	change("DELETE FROM sustainml.model_version WHERE model_schema = $1 AND model = $2", 2, types, values, NULL);
}

PG_FUNCTION_INFO_V1(sustainml_drop_model);
Datum
sustainml_drop_model(PG_FUNCTION_ARGS)
{
	char       *model = ml_required_text(fcinfo, 0, "the model");
	MlModelName name;

	ml_model_name_parse(model, &name);
	if (name.version || name.latest || name.previous)
		drop_version(begin_change(model));
	else
		drop_all(begin_change_of_name(model));
	ml_models_changed();
	PG_RETURN_VOID();
}

void
ml_threshold_set(const char *model, double threshold, const char *note)
{
	MlVersion *version = begin_change(model);
	Oid        types[3] = {INT8OID, FLOAT8OID, TEXTOID};
	Datum      values[3];

	if (ml_model_get(version)->model->task != SML_BINARY)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("only a model of two classes has a threshold")));
	values[0] = Int64GetDatum(version->id);
	values[1] = Float8GetDatum(threshold);
	values[2] = note ? CStringGetTextDatum(note) : (Datum) 0;
	change("UPDATE sustainml.model_version SET threshold = $2,"
		   " notes = CASE WHEN $3 IS NULL THEN notes ELSE pg_catalog.array_append(notes, $3) END WHERE id = $1",
		   3, types, values, note ? "   " : "  n");
	ml_models_changed();
}

PG_FUNCTION_INFO_V1(sustainml_set_threshold);
Datum
sustainml_set_threshold(PG_FUNCTION_ARGS)
{
	double threshold = PG_ARGISNULL(1) ? NAN : PG_GETARG_FLOAT8(1);

	if (!(threshold >= 0 && threshold <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the threshold must be between 0 and 1")));
	ml_threshold_set(ml_required_text(fcinfo, 0, "the model"), threshold, NULL);
	PG_RETURN_VOID();
}

/* ---- grants ------------------------------------------------------------------------------------ */

static char *
known_role(const char *role)
{
	if (strcmp(role, "public") != 0)
		(void) get_role_oid(role, false);
	return pstrdup(role);
}

PG_FUNCTION_INFO_V1(sustainml_grant_model);
Datum
sustainml_grant_model(PG_FUNCTION_ARGS)
{
	MlVersion *version = begin_change_of_name(ml_required_text(fcinfo, 0, "the model"));
	char      *role = known_role(ml_required_text(fcinfo, 1, "the role"));
	char      *privilege = ml_required_text(fcinfo, 2, "the privilege");
	Oid        types[5] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	Datum      values[5];

	if (strcmp(privilege, "predict") != 0 && strcmp(privilege, "read") != 0 && strcmp(privilege, "manage") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown privilege \"%s\"", privilege),
				 errhint("Known are predict, read (and predict) and manage (and read).")));
	values[0] = CStringGetTextDatum(version->schema);
	values[1] = CStringGetTextDatum(version->name);
	values[2] = CStringGetTextDatum(role);
	values[3] = CStringGetTextDatum(privilege);
	values[4] = CStringGetTextDatum(GetUserNameFromId(GetUserId(), false));
	change("INSERT INTO sustainml.model_grant (model_schema, model, role_name, privilege, granted_by, granted_at)"
		   " VALUES ($1, $2, $3, $4, $5, clock_timestamp()) ON CONFLICT ON CONSTRAINT model_grant_pkey"
		   " DO UPDATE SET privilege = excluded.privilege, granted_by = excluded.granted_by, granted_at = excluded.granted_at",
		   5, types, values, NULL);
	ml_models_changed();
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(sustainml_revoke_model);
Datum
sustainml_revoke_model(PG_FUNCTION_ARGS)
{
	MlVersion *version = begin_change_of_name(ml_required_text(fcinfo, 0, "the model"));
	char      *role = ml_required_text(fcinfo, 1, "the role");
	Oid        types[3] = {TEXTOID, TEXTOID, TEXTOID};
	Datum      values[3];

	values[0] = CStringGetTextDatum(version->schema);
	values[1] = CStringGetTextDatum(version->name);
	values[2] = CStringGetTextDatum(role);
	if (change("DELETE FROM sustainml.model_grant WHERE model_schema = $1 AND model = $2 AND role_name = $3", 3, types, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("role \"%s\" has no grant on model \"%s\"", role, version->name)));
	ml_models_changed();
	PG_RETURN_VOID();
}
