/*
 * catalog_write.c - writing the model tables: new versions and what is active.
 *
 * All writes go through SPI as the owner of the extension with fixed text.  The caller's
 * rights were checked before.
 */
#include "compat.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/snapmgr.h"

#include "catalog_internal.h"
#include "parameters.h"
#include "statement.h"
#include "../core/model/model.h"

void
ml_models_changed(void)
{
	CacheInvalidateRelcacheByRelid(ml_catalog_relation("model_version"));
}

/* The versions of a name as "snapshot" sees them, own changes included. */
static List *
versions_under(Snapshot snapshot, const char *schema, const char *name)
{
	List *versions;

	PushActiveSnapshot(snapshot);
	UpdateActiveSnapshotCommandId();
	versions = ml_versions(schema, name, GetActiveSnapshot());
	PopActiveSnapshot();
	return versions;
}

/*
 * A transaction with one snapshot for all its statements does not see what was committed since, and would
 * activate a version beside an active one that it cannot see.
 */
static void
check_snapshot(const char *schema, const char *name)
{
	List     *mine;
	List     *now;
	ListCell *a;
	ListCell *b;
	bool      same;

	if (!IsolationUsesXactSnapshot())
		return;
	mine = versions_under(GetTransactionSnapshot(), schema, name);
	now = versions_under(GetLatestSnapshot(), schema, name);
	same = list_length(mine) == list_length(now);
	forboth(a, mine, b, now)
	{
		const MlVersion *x = lfirst(a);
		const MlVersion *y = lfirst(b);

		same = same && x->id == y->id && x->is_active == y->is_active;
	}
	if (!same)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access to model \"%s\" due to concurrent update", name),
				 errhint("Run the transaction again.")));
}

void
ml_lock_name(const char *schema, const char *name)
{
	char  *key = psprintf("%s.%s", schema, name);
	uint32 hash = hash_bytes((const unsigned char *) key, (int) strlen(key));

	LockDatabaseObject(ml_catalog_relation("model_version"), (Oid) hash, 0, ShareUpdateExclusiveLock);
	pfree(key);
	check_snapshot(schema, name);
}

int
ml_previous_version(const char *schema, const char *name)
{
	MlOwnerScope scope;
	Oid          types[2] = {TEXTOID, TEXTOID};
	Datum        values[2] = {CStringGetTextDatum(schema), CStringGetTextDatum(name)};
	int          version = 0;
	bool         isnull;

	SPI_connect();
	ml_owner_begin(&scope);
	if (SPI_execute_with_args("SELECT a.version FROM sustainml.activation a"
							  " JOIN sustainml.model_version v ON v.model_schema = a.model_schema AND v.model = a.model AND v.version = a.version"
							  " WHERE a.model_schema = $1 AND a.model = $2 AND a.active_to IS NOT NULL AND NOT v.is_active"
							  " ORDER BY a.active_to DESC, a.active_from DESC LIMIT 1",
							  2, types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "cannot read the activation history");
	if (SPI_processed == 1)
		version = DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	ml_owner_end(&scope);
	SPI_finish();
	return version;
}

void
ml_set_active(const char *schema, const char *name, int version, const char *user, const char *owner, const char *reason)
{
	Oid   types[6] = {TEXTOID, TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID};
	Datum values[6];

	values[0] = CStringGetTextDatum(schema);
	values[1] = CStringGetTextDatum(name);
	values[2] = Int32GetDatum(version);
	values[3] = CStringGetTextDatum(user);
	values[4] = CStringGetTextDatum(reason);
	values[5] = CStringGetTextDatum(owner);
	(void) ml_statement("UPDATE sustainml.model_version SET is_active = false WHERE model_schema = $1 AND model = $2 AND is_active", 2, types, values,
						NULL, SPI_OK_UPDATE);
	(void) ml_statement("UPDATE sustainml.activation SET active_to = clock_timestamp() WHERE model_schema = $1 AND model = $2 AND active_to IS NULL",
						2, types, values, NULL, SPI_OK_UPDATE);
	if (version > 0)
	{
		(void) ml_statement("UPDATE sustainml.model_version SET is_active = true WHERE model_schema = $1 AND model = $2 AND version = $3", 3, types,
							values, NULL, SPI_OK_UPDATE);
		(void) ml_statement("INSERT INTO sustainml.activation (model_schema, model, version, active_from, activated_by, reason, owner)"
							" VALUES ($1, $2, $3, clock_timestamp(), $4, $5, $6)", 6, types, values, NULL, SPI_OK_INSERT);
		/* fairness alerts are about the version in use; most models have no policy, and are spared the call */
		if (ml_statement("SELECT FROM sustainml.fairness_policy p WHERE p.model_schema = $1 AND p.model = $2 AND p.ended_at IS NULL LIMIT 1", 2,
						 types, values, NULL, SPI_OK_SELECT) > 0)
			(void) ml_statement("SELECT sustainml_internal.fairness_follow($1, $2)", 2, types, values, NULL, SPI_OK_SELECT);
	}
	ml_models_changed();
}

/* ---- inserting a version ---------------------------------------------------------------- */

static const char insert_version[] =
	"INSERT INTO sustainml.model_version (id, model_schema, model, version, owner, is_active, checksum, threshold, bytes,"
	" algorithm, task, source, search_path, target, target_type, positive, favorable, protected, features, classes,"
	" params, preprocess, holdout, split, split_key, weight, seed, refit, feature_count, rows_used, rows_skipped, rows_held_out,"
	" evaluation_id, metric, metric_value, metric_ci_low, metric_ci_high, baseline_value, metrics, notes, codec_version, trained_at, trained_by)"
	" VALUES (nextval('sustainml.model_version_id_seq'), $1, $2, $3::int, $4, false, $5, $6, $7,"
	" $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,"
	" $19, $20, $21, $22, $23, $24, $25, $26, $27::int, $28, $29, $30,"
	" $31, $32, $33, $34, $35, $36, $37, $38, $39::int, clock_timestamp(), $40) RETURNING id";

static void
fill_parameters(MlParameters *p, const MlNewVersion *fresh, int version, const char *owner, const char *user)
{
	ml_add_text(p, fresh->schema);
	ml_add_text(p, fresh->name);
	ml_add_integer(p, version);
	ml_add_text(p, owner);
	ml_add_integer(p, (int64) fresh->checksum);
	ml_add_number(p, fresh->threshold);
	ml_add_pointer(p, BYTEAOID, fresh->bytes);
	ml_add_text(p, fresh->algorithm);
	ml_add_text(p, fresh->task);
	ml_add_text(p, fresh->source);
	ml_add_text(p, fresh->search_path);
	ml_add_text(p, fresh->target);
	ml_add_text(p, fresh->target_type);
	ml_add_text(p, fresh->positive);
	ml_add_text(p, fresh->favorable);
	ml_add_pointer(p, TEXTARRAYOID, fresh->protected_columns);
	ml_add_pointer(p, TEXTARRAYOID, fresh->features);
	ml_add_pointer(p, TEXTARRAYOID, fresh->classes);
	ml_add_pointer(p, JSONBOID, fresh->params);
	ml_add_pointer(p, JSONBOID, fresh->preprocess);
	ml_add_number(p, fresh->holdout);
	ml_add_pointer(p, JSONBOID, fresh->split);
	ml_add_pointer(p, TEXTARRAYOID, fresh->split_key);
	ml_add_text(p, fresh->weight);
	ml_add_integer(p, fresh->seed);
	ml_add(p, BOOLOID, BoolGetDatum(fresh->refit), false);
	ml_add_integer(p, fresh->feature_count);
	ml_add_integer(p, fresh->rows_used);
	ml_add_integer(p, fresh->rows_skipped);
	ml_add_integer(p, fresh->rows_held_out);
	ml_add_text(p, fresh->evaluation_id);
	ml_add_text(p, fresh->metric);
	ml_add_number(p, fresh->metric_value);
	ml_add_number(p, fresh->metric_ci_low);
	ml_add_number(p, fresh->metric_ci_high);
	ml_add_number(p, fresh->baseline_value);
	ml_add_pointer(p, JSONBOID, fresh->metrics);
	ml_add_pointer(p, TEXTARRAYOID, fresh->notes);
	ml_add_integer(p, SML_MODEL_VERSION);
	ml_add_text(p, user);
}

/* Owner and number of the next version, seen by a snapshot taken under the lock. */
static int
next_version(const MlNewVersion *fresh, char **owner)
{
	List *versions;
	int   version = 1;

	PushActiveSnapshot(GetLatestSnapshot());
	versions = ml_versions(fresh->schema, fresh->name, GetActiveSnapshot());
	if (versions != NIL)
	{
		version = ((MlVersion *) llast(versions))->version + 1;
		*owner = ((MlVersion *) linitial(versions))->owner;
		if (!ml_may(*owner, fresh->schema, fresh->name, ML_MANAGE))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("permission denied to manage model \"%s\"", fresh->name),
					 errdetail("Another role made a model of this name meanwhile.")));
	}
	PopActiveSnapshot();
	return version;
}

int
ml_version_insert(const MlNewVersion *fresh, bool activate, const char *reason, int64 *id)
{
	MlParameters parameters;
	MlOwnerScope scope;
	char        *user = GetUserNameFromId(GetUserId(), false);
	char        *owner = user;
	int          version;
	bool         isnull;

	ml_lock_name(fresh->schema, fresh->name);
	version = next_version(fresh, &owner);
	memset(&parameters, 0, sizeof(parameters));
	fill_parameters(&parameters, fresh, version, owner, user);
	SPI_connect();
	ml_owner_begin(&scope);
	(void) ml_statement(insert_version, parameters.count, parameters.types, parameters.values, parameters.nulls, SPI_OK_INSERT_RETURNING);
	*id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	if (activate)
		ml_set_active(fresh->schema, fresh->name, version, user, owner, reason);
	ml_owner_end(&scope);
	SPI_finish();
	ml_models_changed();
	return version;
}

void
ml_version_set_run(int64 id, int64 run_id)
{
	MlOwnerScope scope;
	Oid          types[2] = {INT8OID, INT8OID};
	Datum        values[2] = {Int64GetDatum(id), Int64GetDatum(run_id)};

	if (run_id == 0)
		return;
	SPI_connect();
	ml_owner_begin(&scope);
	(void) ml_statement("UPDATE sustainml.model_version SET run_id = $2 WHERE id = $1", 2, types, values, NULL, SPI_OK_UPDATE);
	ml_owner_end(&scope);
	SPI_finish();
}
