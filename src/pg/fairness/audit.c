/*
 * audit.c - the SQL functions of audits: fairness_audit keeps one, fairness_groups and fairness_disparity show
 * the same figures and keep nothing; then policies, alerts and the gate.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "../args.h"
#include "../catalog_internal.h"
#include "../metric/result.h"
#include "../nearest.h"
#include "../statement.h"
#include "request.h"

static void
notice_all(const MlFairResult *result)
{
	for (int i = 0; i < result->note_count; i++)
		ereport(NOTICE, (errmsg("%s", result->notes[i])));
}

PG_FUNCTION_INFO_V1(sustainml_fairness_audit);
Datum
sustainml_fairness_audit(PG_FUNCTION_ARGS)
{
	MlFairRequest *request = ml_fair_request(fcinfo);
	MlFairResult  *result;
	MlFigures      figures;

	PreventCommandIfReadOnly("fairness_audit()");
	result = ml_fair_run(request, &figures);
	notice_all(result);
	PG_RETURN_INT64(ml_fair_store(result, figures.run_id));
}

/* ---- shown, not kept ------------------------------------------------------------------------ */

static const char *
label_of(const MlFairResult *result, size_t group)
{
	return group == SML_NO_GROUP ? NULL : result->plan.groups[group].label;
}

static void
put_group_row(MlResult *out, const MlFairResult *result, const SmlFairRow *row)
{
	bool overall = row->scope == SML_SCOPE_OVERALL;

	ml_put_text(out, sml_fair_scope_name(row->scope));
	ml_put_text(out, overall ? NULL : result->set_names[row->set]);
	ml_put_text(out, overall ? NULL : label_of(result, row->group));
	ml_put_text(out, row->metric);
	ml_put_figure(out, &row->figure);
	ml_put_number(out, row->figure.effective > 0 ? row->figure.effective : NAN);
	ml_put_text(out, label_of(result, row->reference));
	ml_put_number(out, row->p_value);
	ml_put_bool(out, row->is_small);
	ml_put_text(out, sml_figure_reason(&row->figure));
	ml_put_row(out);
}

static void
put_disparity_row(MlResult *out, const MlFairResult *result, const SmlFairRow *row)
{
	ml_put_text(out, result->set_names[row->set]);
	ml_put_text(out, row->metric);
	ml_put_figure(out, &row->figure);
	ml_put_number(out, row->corrected);
	ml_put_number(out, row->p_value);
	ml_put_text(out, label_of(result, row->low_group));
	ml_put_text(out, label_of(result, row->high_group));
	ml_put_integer(out, (int64) row->left_out);
	ml_put_bool(out, row->is_small);
	ml_put_text(out, sml_figure_reason(&row->figure));
	ml_put_row(out);
}

static Datum
show(FunctionCallInfo fcinfo, bool disparities)
{
	MlResult     *out = ml_result_begin(fcinfo);
	MlFigures     figures;
	MlFairResult *result = ml_fair_run(ml_fair_request(fcinfo), &figures);

	notice_all(result);
	for (size_t r = 0; r < result->audit->count; r++)
	{
		const SmlFairRow *row = &result->audit->rows[r];

		if ((row->scope == SML_SCOPE_DISPARITY) != disparities)
			continue;
		if (disparities)
			put_disparity_row(out, result, row);
		else
			put_group_row(out, result, row);
	}
	return ml_result_end(out);
}

PG_FUNCTION_INFO_V1(sustainml_fairness_groups);
Datum
sustainml_fairness_groups(PG_FUNCTION_ARGS)
{
	return show(fcinfo, false);
}

PG_FUNCTION_INFO_V1(sustainml_fairness_disparity);
Datum
sustainml_fairness_disparity(PG_FUNCTION_ARGS)
{
	return show(fcinfo, true);
}

/* ---- policies ---------------------------------------------------------------------------------- */

static MlVersion *
model_to_manage(const char *model)
{
	MlModelName name;

	ml_model_name_parse(model, &name);
	if (name.version || name.latest || name.previous)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("a fairness policy is about a model and all its versions"),
				 errhint("Leave out what follows the @.")));
	return ml_version_resolve(psprintf("%s@latest", model), ML_MANAGE);
}

/* Run one fixed statement as the owner and return the first column of its only row, 0 without rows. */
static int64
owner_statement(const char *statement, int count, const Oid *types, Datum *values, const char *nulls, int expected)
{
	MlOwnerScope scope;
	bool         isnull;
	int64        result = 0;

	SPI_connect();
	ml_owner_begin(&scope);
	if (ml_statement(statement, count, (Oid *) types, values, nulls, expected) == 1 && SPI_tuptable != NULL)
		result = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	ml_owner_end(&scope);
	SPI_finish();
	return result;
}

static bool
ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);

	return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

/* The name of a disparity, as sml_fair_audit writes it. */
static char *
disparity_argument(const char *name)
{
	static const char *const made[] = {"demographic_parity", "equal_opportunity", "equalized_odds"};
	static const char *const ends[] = {"_difference", "_ratio", "_to_overall"};
	const char *known[(SML_FAIR_METRICS + 3) * 3 + 1];
	int         count = 0;
	const char *nearest;

	for (size_t m = 0; m < lengthof(made); m++)
		for (size_t e = 0; e < lengthof(ends); e++)
			if (m < 2 || e < 2)
				known[count++] = psprintf("%s%s", made[m], ends[e]);
	for (int m = 0; m < SML_FAIR_METRICS; m++)
		for (size_t e = 0; e < lengthof(ends); e++)
			if (m != SML_FAIR_SELECTION_RATE && m != SML_FAIR_TPR && (m < SML_FAIR_SHARES || e == 0))
				known[count++] = psprintf("%s%s", sml_fair_metric_name((SmlFairMetric) m), ends[e]);
	known[count++] = "average_odds_difference";
	/* two names for one thing */
	if (strcmp(name, "impact_ratio") == 0 || strcmp(name, "selection_rate_ratio") == 0)
		return "demographic_parity_ratio";
	if (strcmp(name, "selection_rate_difference") == 0)
		return "demographic_parity_difference";
	if (strcmp(name, "tpr_difference") == 0)
		return "equal_opportunity_difference";
	for (int i = 0; i < count; i++)
		if (strcmp(known[i], name) == 0)
			return pstrdup(name);
	nearest = ml_nearest_name(name, known, count);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown disparity \"%s\"", name),
			 nearest ? errhint("Perhaps you meant \"%s\".", nearest) :
			 errhint("For example demographic_parity_difference, demographic_parity_ratio, equal_opportunity_difference or equalized_odds_difference.")));
}

/* fairness_policy(model, metric, bound, attribute, judge_by, min_n, severity, clean_audits) */
PG_FUNCTION_INFO_V1(sustainml_set_fairness_policy);
Datum
sustainml_set_fairness_policy(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, FLOAT8OID, BOOLOID, TEXTOID, INT8OID, TEXTOID, INT4OID, TEXTOID};
	MlVersion *version = model_to_manage(ml_required_text(fcinfo, 0, "the model"));
	char      *metric = disparity_argument(ml_required_text(fcinfo, 1, "the metric"));
	double     bound = PG_ARGISNULL(2) ? NAN : PG_GETARG_FLOAT8(2);
	char      *judge_by = ml_required_text(fcinfo, 4, "judge_by");
	char      *severity = ml_required_text(fcinfo, 6, "severity");
	int64      policy;
	Datum      values[11];
	char       nulls[12] = "           ";

	if (!(bound >= 0) || isinf(bound))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the bound must be a number from 0 on"),
				 errhint("For example 0.1 for a difference, 0.8 for a ratio.")));
	if (bound > 1 && ends_with(metric, "_ratio"))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a bound of %g can never be kept: \"%s\" is at most 1", bound, metric),
				 errhint("For example 0.8.")));
	if (strcmp(judge_by, "interval") != 0 && strcmp(judge_by, "value") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown value of judge_by \"%s\"", judge_by),
				 errhint("Known are interval and value.")));
	if (strcmp(severity, "error") != 0 && strcmp(severity, "warning") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown severity \"%s\"", severity),
				 errhint("Known are error and warning.")));
	if (PG_ARGISNULL(5) || PG_GETARG_INT64(5) < 0 || PG_ARGISNULL(7) || PG_GETARG_INT32(7) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("min_n must be at least 0 and clean_audits at least 1")));
	values[0] = CStringGetTextDatum(version->schema);
	values[1] = CStringGetTextDatum(version->name);
	values[2] = PG_ARGISNULL(3) ? (Datum) 0 : PG_GETARG_DATUM(3);
	nulls[2] = PG_ARGISNULL(3) ? 'n' : ' ';
	values[3] = CStringGetTextDatum(metric);
	values[4] = Float8GetDatum(bound);
	values[5] = BoolGetDatum(ends_with(metric, "_ratio"));
	values[6] = CStringGetTextDatum(judge_by);
	values[7] = PG_GETARG_DATUM(5);
	values[8] = CStringGetTextDatum(severity);
	values[9] = PG_GETARG_DATUM(7);
	values[10] = CStringGetTextDatum(GetUserNameFromId(GetUserId(), false));
	ml_lock_name(version->schema, version->name);
	/* one policy in force for each model, attribute and metric; the alerts of the one before end with it */
	(void) owner_statement("WITH ended AS (UPDATE sustainml.fairness_policy SET ended_at = clock_timestamp(), ended_by = $11"
						   " WHERE model_schema = $1 AND model = $2 AND attribute IS NOT DISTINCT FROM $3 AND metric = $4 AND ended_at IS NULL"
						   " RETURNING policy_id)"
						   " UPDATE sustainml.fairness_alert a SET closed_at = clock_timestamp(), closed_reason = 'the policy was replaced'"
						   " FROM ended e WHERE a.policy_id = e.policy_id AND a.closed_at IS NULL", 11, types, values, nulls, SPI_OK_UPDATE);
	policy = owner_statement("INSERT INTO sustainml.fairness_policy (policy_id, model_schema, model, attribute, metric, bound, at_least, judge_by,"
							 " min_n, severity, clean_audits, created_at, created_by)"
							 " VALUES (nextval('sustainml.fairness_id_seq'), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp(), $11)"
							 " RETURNING policy_id", 11, types, values, nulls, SPI_OK_INSERT_RETURNING);
	/* an alert for the version in use, where its newest audit fails already: as the gate would say */
	(void) owner_statement("SELECT count(sustainml_internal.fairness_follow($1, $2))", 11, types, values, nulls, SPI_OK_SELECT);
	PG_RETURN_INT64(policy);
}

/* The model that row "id" of a table belongs to, after a check of the right to manage it. */
static void
check_manages(const char *table, const char *key, int64 id, const char *what)
{
	MemoryContext caller = CurrentMemoryContext;
	MlOwnerScope  scope;
	Oid           types[1] = {INT8OID};
	Datum         values[1] = {Int64GetDatum(id)};
	char         *schema = NULL;
	char         *model = NULL;
	List         *versions;

	SPI_connect();
	ml_owner_begin(&scope);
	if (SPI_execute_with_args(psprintf("SELECT model_schema, model FROM sustainml.%s WHERE %s = $1", table, key), 1, types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "cannot read a fairness table");
	if (SPI_processed == 1 && SPI_tuptable != NULL)
	{
		schema = MemoryContextStrdup(caller, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1));
		model = MemoryContextStrdup(caller, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2));
	}
	ml_owner_end(&scope);
	SPI_finish();
	versions = schema ? ml_versions(schema, model, ml_catalog_snapshot()) : NIL;
	/* what does not exist and what is not to be seen look alike */
	if (schema == NULL || (versions != NIL && !ml_may(((MlVersion *) linitial(versions))->owner, schema, model, ML_MANAGE)) ||
		(versions == NIL && !superuser()))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("%s %lld does not exist, or its model is not yours to manage", what, (long long) id)));
}

/* end_fairness_policy(policy_id) */
PG_FUNCTION_INFO_V1(sustainml_end_fairness_policy);
Datum
sustainml_end_fairness_policy(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {INT8OID, TEXTOID};
	Datum values[2];

	check_manages("fairness_policy", "policy_id", PG_GETARG_INT64(0), "fairness policy");
	values[0] = PG_GETARG_DATUM(0);
	values[1] = CStringGetTextDatum(GetUserNameFromId(GetUserId(), false));
	(void) owner_statement("WITH ended AS (UPDATE sustainml.fairness_policy SET ended_at = clock_timestamp(), ended_by = $2"
						   " WHERE policy_id = $1 AND ended_at IS NULL RETURNING policy_id)"
						   " UPDATE sustainml.fairness_alert a SET closed_at = clock_timestamp(), closed_reason = 'the policy was ended'"
						   " FROM ended e WHERE a.policy_id = e.policy_id AND a.closed_at IS NULL", 2, types, values, NULL, SPI_OK_UPDATE);
	PG_RETURN_VOID();
}

/* acknowledge_fairness_alert(alert_id, reason) */
PG_FUNCTION_INFO_V1(sustainml_acknowledge_fairness_alert);
Datum
sustainml_acknowledge_fairness_alert(PG_FUNCTION_ARGS)
{
	static const Oid types[] = {INT8OID, TEXTOID, TEXTOID};
	Datum values[3];

	check_manages("fairness_alert", "alert_id", PG_GETARG_INT64(0), "fairness alert");
	values[0] = PG_GETARG_DATUM(0);
	values[1] = CStringGetTextDatum(GetUserNameFromId(GetUserId(), false));
	values[2] = PG_GETARG_DATUM(1);
	(void) owner_statement("UPDATE sustainml.fairness_alert SET acknowledged_at = clock_timestamp(), acknowledged_by = $2, acknowledged_reason = $3"
						   " WHERE alert_id = $1", 3, types, values, NULL, SPI_OK_UPDATE);
	PG_RETURN_VOID();
}

/* fairness_gate(model, strict) */
PG_FUNCTION_INFO_V1(sustainml_fairness_gate);
Datum
sustainml_fairness_gate(PG_FUNCTION_ARGS)
{
	MlVersion *version = ml_version_resolve(ml_required_text(fcinfo, 0, "the model"), ML_READ);
	bool       strict = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	char      *why;

	if (!ml_fair_gate(version->schema, version->name, version->version, strict, &why))
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("model \"%s@%d\" does not pass its fairness policies", version->name, version->version),
				 errdetail("%s.", why),
				 errhint("See sustainml.fairness_latest and sustainml.open_alerts.")));
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s@%d", version->name, version->version)));
}

/* ---- mitigations ------------------------------------------------------------------------------------ */

/* The disparity in an audit of this version's model; NaN where it is undefined.  An audit of something else is an error. */
static double
gap_of_audit(int64 audit_id, const MlVersion *version, const char *attribute, const char *metric)
{
	MlOwnerScope scope;
	Oid          types[5] = {INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	Datum        values[5] = {Int64GetDatum(audit_id), CStringGetTextDatum(version->schema), CStringGetTextDatum(version->name),
							  CStringGetTextDatum(attribute), CStringGetTextDatum(metric)};
	bool         found;
	bool         isnull = true;
	double       gap = NAN;

	SPI_connect();
	ml_owner_begin(&scope);
	/* by the key of the version, since the model may have been renamed */
	if (SPI_execute_with_args("SELECT m.value FROM sustainml.fairness_audit a"
							  " LEFT JOIN sustainml.model_version v ON v.id = a.version_id"
							  " JOIN sustainml.fairness_metric m ON m.audit_id = a.audit_id AND m.scope = 'disparity'"
							  " WHERE a.audit_id = $1 AND coalesce(v.model_schema, a.model_schema) = $2 AND coalesce(v.model, a.model) = $3"
							  " AND array_to_string(m.attributes, ' & ') = $4 AND m.metric = $5", 5, types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "cannot read a fairness table");
	found = SPI_processed == 1;
	if (found)
	{
		Datum value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);

		gap = isnull ? NAN : DatumGetFloat8(value);
	}
	ml_owner_end(&scope);
	SPI_finish();
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("audit %lld is no audit of model \"%s\" that measured %s of \"%s\"", (long long) audit_id, version->name, metric, attribute),
				 errhint("See sustainml.fairness_history.")));
	return gap;
}

/* record_mitigation(model, method, attribute, metric, audit_before, audit_after, params, thresholds, note) */
PG_FUNCTION_INFO_V1(sustainml_record_mitigation);
Datum
sustainml_record_mitigation(PG_FUNCTION_ARGS)
{
	MlVersion       *version = ml_version_resolve(ml_required_text(fcinfo, 0, "the model"), ML_MANAGE);
	MlFairMitigation m = {.model_schema = version->schema, .model = version->name, .version = version->version};

	PreventCommandIfReadOnly("record_mitigation()");
	m.method = ml_required_text(fcinfo, 1, "the method");
	m.attribute = ml_required_text(fcinfo, 2, "the attribute");
	m.metric = disparity_argument(ml_required_text(fcinfo, 3, "the metric"));
	if (PG_ARGISNULL(4) || PG_ARGISNULL(5))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the audits before and after must be given")));
	m.audit_before = PG_GETARG_INT64(4);
	m.audit_after = PG_GETARG_INT64(5);
	m.params = PG_ARGISNULL(6) ? NULL : PG_GETARG_JSONB_P(6);
	m.thresholds = PG_ARGISNULL(7) ? NULL : PG_GETARG_JSONB_P(7);
	m.note = PG_ARGISNULL(8) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(8));
	m.gap_before = gap_of_audit(m.audit_before, version, m.attribute, m.metric);
	m.gap_after = gap_of_audit(m.audit_after, version, m.attribute, m.metric);
	PG_RETURN_INT64(ml_fair_mitigation_store(&m));
}
