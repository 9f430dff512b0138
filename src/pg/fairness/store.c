/*
 * store.c - audits, mitigations and what policies make of them, written as the extension's owner.
 *
 * The groups and figures of an audit are gathered in a tuplestore and go in by one statement each, since a statement per row
 * costs several times as much; then the audit is chained under the lock of its subject, so that audits of other subjects do
 * not wait, and judged.
 */
#include "../compat.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/queryenvironment.h"
#include "utils/tuplestore.h"

#include "../catalog_internal.h"
#include "../json.h"
#include "../parameters.h"
#include "fairness.h"
#include "state.h"

/* ---- parameters ------------------------------------------------------------------------ */

static void
add_texts(MlParameters *p, char *const *texts, int count)
{
	Datum *values = palloc(sizeof(Datum) * (count + 1));
	bool  *nulls = palloc(sizeof(bool) * (count + 1));
	int    dimensions[1] = {count};
	int    bounds[1] = {1};

	for (int i = 0; i < count; i++)
	{
		nulls[i] = texts[i] == NULL;
		values[i] = texts[i] ? CStringGetTextDatum(texts[i]) : (Datum) 0;
	}
	ml_add(p, TEXTARRAYOID, PointerGetDatum(count == 0 ? construct_empty_array(TEXTOID)
										: construct_md_array(values, nulls, 1, dimensions, bounds, TEXTOID, -1, false, TYPALIGN_INT)),
		false);
}

/* Run a statement that was prepared at its first use. */
static void
execute(SPIPlanPtr *plan, const char *statement, MlParameters *p, int expected)
{
	int code;

	if (*plan == NULL)
		*plan = SPI_prepare(statement, p->count, p->types);
	if (*plan == NULL)
		elog(ERROR, "cannot prepare a statement on fairness tables: %s", SPI_result_code_string(SPI_result));
	code = SPI_execute_plan(*plan, p->values, p->nulls, false, 0);
	if (code != expected)
		elog(ERROR, "cannot write a fairness audit: %s", SPI_result_code_string(code));
}

/* ---- many rows in one statement ----------------------------------------------------------- */

#define ROWS_NAME "fairness_rows" /* what the statement calls them */

typedef struct Rows
{
	TupleDesc       columns; /* types of the first row's parameters */
	Tuplestorestate *store;
	MemoryContext   each; /* for one row */
} Rows;

static void
rows_begin(Rows *rows)
{
	rows->columns = NULL;
	rows->store = tuplestore_begin_heap(false, false, work_mem);
	rows->each = AllocSetContextCreate(CurrentMemoryContext, "sustainml audit row", ALLOCSET_DEFAULT_SIZES);
}

static void
rows_put(Rows *rows, MlParameters *p)
{
	bool nulls[ML_MOST_PARAMETERS];

	if (rows->columns == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(rows->store));

		rows->columns = CreateTemplateTupleDesc(p->count);
		for (int i = 0; i < p->count; i++)
			TupleDescInitEntry(rows->columns, (AttrNumber) (i + 1), psprintf("c%d", i + 1), p->types[i], -1, 0);
		MemoryContextSwitchTo(old);
	}
	for (int i = 0; i < p->count; i++)
		nulls[i] = p->nulls[i] == 'n';
	tuplestore_putvalues(rows->store, rows->columns, p->values, nulls);
	MemoryContextReset(rows->each);
	CHECK_FOR_INTERRUPTS();
}

/* "statement" reads the rows from ROWS_NAME. */
static void
rows_insert(Rows *rows, const char *statement)
{
	if (rows->columns)
	{
		EphemeralNamedRelation relation = palloc0(sizeof(EphemeralNamedRelationData));
		int                    code;

		relation->md.name = ROWS_NAME;
		relation->md.reliddesc = InvalidOid;
		relation->md.tupdesc = rows->columns;
		relation->md.enrtype = ENR_NAMED_TUPLESTORE;
		relation->md.enrtuples = tuplestore_tuple_count(rows->store);
		relation->reldata = rows->store;
		code = SPI_register_relation(relation);
		if (code == SPI_OK_REL_REGISTER)
			code = SPI_execute(statement, false, 0);
		if (code != SPI_OK_INSERT)
			elog(ERROR, "cannot write a fairness audit: %s", SPI_result_code_string(code));
		SPI_unregister_relation(ROWS_NAME);
	}
	tuplestore_end(rows->store);
	MemoryContextDelete(rows->each);
}

/* ---- an audit ---------------------------------------------------------------------------- */

/* What is audited, as the name of a chain: a model, or predictions that one role keeps in one place. */
static char *
subject_of(const MlFairSpec *spec, const char *user)
{
	if (spec->model)
		return psprintf("model %s.%s", spec->model_schema, spec->model);
	return psprintf("predictions %s: %s: %s, %s, %s", user, spec->source, spec->target ? spec->target : "-",
					spec->prediction ? spec->prediction : "-", spec->score ? spec->score : "-");
}

static void
lock_subject(const char *subject)
{
	uint32 hash = hash_bytes((const unsigned char *) subject, (int) strlen(subject));

	LockDatabaseObject(ml_catalog_relation("fairness_chain"), (Oid) hash, 0, ShareUpdateExclusiveLock);
}

static const char insert_audit[] =
	"INSERT INTO sustainml.fairness_audit (audit_id, audited_at, role_name, by_manager, subject, model_schema, model, version, version_id,"
	" source, part, target, prediction, score, weight, positive, favorable, threshold, protected, intersections, reference, min_n,"
	" suppress_below, confidence, draws, seed, rows, rows_without_label, rows_without_prediction, rows_without_group,"
	" rows_without_weight, rows_without_score, rows_bad_score, notes, run_id, extension_version)"
	" VALUES (nextval('sustainml.fairness_id_seq'), clock_timestamp(), $1, $2, $3, $4, $5, nullif($6, 0)::int, nullif($7, 0),"
	" $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18::int, $19, $20::int,"
	" $21::int, $22, $23::int, $24, $25, $26, $27, $28,"
	" $29, $30, $31, $32, nullif($33, 0), (SELECT extversion FROM pg_extension WHERE extname = 'sustainml')) RETURNING audit_id";

static int64
store_audit(const MlFairResult *result, const char *user, bool by_manager, const char *subject, int64 run_id)
{
	const MlFairSpec *spec = result->spec;
	MlParameters      p = {0};
	SPIPlanPtr        plan = NULL;
	bool              isnull;

	ml_add_text(&p, user);
	ml_add_bool(&p, by_manager);
	ml_add_text(&p, subject);
	ml_add_text(&p, spec->model_schema);
	ml_add_text(&p, spec->model);
	ml_add_integer(&p, spec->version);
	ml_add_integer(&p, spec->version_id);
	ml_add_text(&p, spec->source);
	ml_add_text(&p, spec->part);
	ml_add_text(&p, spec->target);
	ml_add_text(&p, spec->prediction);
	ml_add_text(&p, spec->score);
	ml_add_text(&p, spec->weight);
	ml_add_text(&p, spec->positive);
	ml_add_text(&p, spec->favorable);
	ml_add_number(&p, spec->threshold);
	add_texts(&p, spec->protected_columns, spec->protected_count);
	ml_add_integer(&p, spec->intersections);
	ml_add_text(&p, spec->reference);
	ml_add_integer(&p, spec->min_n);
	ml_add_integer(&p, spec->suppress_below);
	ml_add_number(&p, spec->confidence);
	ml_add_integer(&p, spec->draws);
	ml_add_integer(&p, spec->seed);
	ml_add_integer(&p, result->rows);
	ml_add_integer(&p, result->rows_without_label);
	ml_add_integer(&p, result->rows_without_prediction);
	ml_add_integer(&p, result->rows_without_group);
	ml_add_integer(&p, result->rows_without_weight);
	ml_add_integer(&p, result->rows_without_score);
	ml_add_integer(&p, result->rows_bad_score);
	add_texts(&p, result->notes, result->note_count);
	ml_add_integer(&p, run_id);
	execute(&plan, insert_audit, &p, SPI_OK_INSERT_RETURNING);
	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

static void
add_set(MlParameters *p, const MlFairResult *result, size_t set)
{
	const SmlFairSet *s = &result->plan.sets[set];
	char            **names = palloc(sizeof(char *) * (s->count + 1));

	for (size_t i = 0; i < s->count; i++)
		names[i] = result->spec->protected_columns[s->attributes[i]];
	add_texts(p, names, (int) s->count);
}

static void
store_cells(const MlFairResult *result, int64 audit_id)
{
	Rows          rows;
	MemoryContext old;
	Oid           type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("fairness_state"),
										 ObjectIdGetDatum(get_namespace_oid("sustainml", false)));

	rows_begin(&rows);
	old = MemoryContextSwitchTo(rows.each);
	for (size_t g = 0; g < result->plan.group_count; g++)
	{
		const SmlFairGroup *group = &result->plan.groups[g];
		MlParameters p = {0};

		ml_add_integer(&p, audit_id);
		ml_add_integer(&p, (int64) g + 1);
		add_set(&p, result, group->set);
		add_texts(&p, result->values[g], (int) result->plan.sets[group->set].count);
		ml_add_integer(&p, (int64) sml_fair_rows(group->state));
		ml_add_integer(&p, (int64) group->state->n[SML_YES][SML_YES]);
		ml_add_integer(&p, (int64) group->state->n[SML_NO][SML_YES]);
		ml_add_integer(&p, (int64) group->state->n[SML_NO][SML_NO]);
		ml_add_integer(&p, (int64) group->state->n[SML_YES][SML_NO]);
		ml_add_bool(&p, group->unknown);
		ml_add_bool(&p, sml_fair_rows(group->state) < result->plan.min_n);
		ml_add_bool(&p, result->audit->suppressed[g]);
		ml_add(&p, type, ml_fair_state_datum(group->state), false);
		rows_put(&rows, &p);
	}
	MemoryContextSwitchTo(old);
	rows_insert(&rows, "INSERT INTO sustainml.fairness_cell (audit_id, cell, attributes, group_values, n, true_positives, false_positives,"
				" true_negatives, false_negatives, is_unknown, is_small, is_suppressed, counts) SELECT * FROM " ROWS_NAME);
}

static const char *
label_of(const MlFairResult *result, size_t group)
{
	return group == SML_NO_GROUP ? NULL : result->plan.groups[group].label;
}

static void
store_metrics(const MlFairResult *result, int64 audit_id)
{
	Rows          rows;
	MemoryContext old;

	rows_begin(&rows);
	old = MemoryContextSwitchTo(rows.each);
	for (size_t r = 0; r < result->audit->count; r++)
	{
		const SmlFairRow *row = &result->audit->rows[r];
		MlParameters p = {0};

		ml_add_integer(&p, audit_id);
		ml_add_integer(&p, (int64) r + 1);
		ml_add_text(&p, sml_fair_scope_name(row->scope));
		add_set(&p, result, row->set);
		if (row->group == SML_NO_GROUP)
			ml_add(&p, TEXTARRAYOID, (Datum) 0, true);
		else
			add_texts(&p, result->values[row->group], (int) result->plan.sets[row->set].count);
		ml_add(&p, INT8OID, Int64GetDatum((int64) row->group + 1), row->group == SML_NO_GROUP);
		ml_add_text(&p, row->metric);
		ml_add_number(&p, row->figure.value);
		ml_add_number(&p, row->figure.numerator);
		ml_add_number(&p, row->figure.denominator);
		ml_add_integer(&p, (int64) row->figure.n);
		ml_add_number(&p, row->figure.ci_low);
		ml_add_number(&p, row->figure.ci_high);
		ml_add_text(&p, row->figure.ci_method);
		ml_add_text(&p, label_of(result, row->reference));
		ml_add_text(&p, label_of(result, row->low_group));
		ml_add_text(&p, label_of(result, row->high_group));
		ml_add_integer(&p, (int64) row->least_n);
		ml_add_integer(&p, (int64) row->left_out);
		ml_add_number(&p, row->statistic);
		ml_add_number(&p, row->p_value);
		ml_add_number(&p, row->exact_p);
		ml_add_number(&p, row->corrected);
		ml_add_bool(&p, row->is_small);
		ml_add_bool(&p, row->is_suppressed);
		ml_add_text(&p, sml_figure_reason(&row->figure));
		rows_put(&rows, &p);
	}
	MemoryContextSwitchTo(old);
	rows_insert(&rows, "INSERT INTO sustainml.fairness_metric (audit_id, line, scope, attributes, group_values, cell, metric, value, numerator,"
				" denominator, n, ci_low, ci_high, ci_method, reference_group, low_group, high_group, least_n, groups_left_out,"
				" statistic, p_value, exact_p, corrected, is_small, is_suppressed, undefined_reason) SELECT * FROM " ROWS_NAME);
}

/* Whether the user may manage the model that is audited. */
static bool
is_manager(const MlFairSpec *spec)
{
	List *versions;

	if (spec->model == NULL)
		return false;
	versions = ml_versions(spec->model_schema, spec->model, ml_catalog_snapshot());
	return versions == NIL ||
		ml_may(((MlVersion *) linitial(versions))->owner, spec->model_schema, spec->model, ML_MANAGE);
}

int64
ml_fair_store(const MlFairResult *result, int64 run_id)
{
	MlOwnerScope scope;
	char        *user = GetUserNameFromId(GetUserId(), false);
	char        *subject = subject_of(result->spec, user);
	bool         by_manager = is_manager(result->spec);
	MlParameters      p = {0};
	SPIPlanPtr   plan = NULL;
	int64        audit_id;

	PreventCommandIfReadOnly("a fairness audit");
	lock_subject(subject);
	SPI_connect();
	ml_owner_begin(&scope);
	audit_id = store_audit(result, user, by_manager, subject, run_id);
	store_cells(result, audit_id);
	store_metrics(result, audit_id);
	ml_add_integer(&p, audit_id);
	execute(&plan, "SELECT sustainml_internal.fairness_seal($1)", &p, SPI_OK_SELECT);
	ml_owner_end(&scope);
	SPI_finish();
	return audit_id;
}

/* ---- mitigations and policies -------------------------------------------------------------- */

int64
ml_fair_mitigation_store(const MlFairMitigation *m)
{
	MlOwnerScope scope;
	MlParameters      p = {0};
	SPIPlanPtr   plan = NULL;
	bool         isnull;
	bool         unknown = isnan(m->gap_before) || isnan(m->gap_after);
	bool         lowered = ml_fair_is_ratio(m->metric) ? m->gap_after > m->gap_before : m->gap_after < m->gap_before;
	int64        id;

	ml_add_text(&p, GetUserNameFromId(GetUserId(), false));
	ml_add_text(&p, m->model_schema);
	ml_add_text(&p, m->model);
	ml_add_integer(&p, m->version);
	ml_add_text(&p, m->method);
	ml_add(&p, JSONBOID, PointerGetDatum(m->params), m->params == NULL);
	ml_add(&p, JSONBOID, PointerGetDatum(m->thresholds), m->thresholds == NULL);
	ml_add_text(&p, m->attribute);
	ml_add_text(&p, m->metric);
	ml_add_integer(&p, m->audit_before);
	ml_add_integer(&p, m->audit_after);
	ml_add_number(&p, m->gap_before);
	ml_add_number(&p, m->gap_after);
	ml_add(&p, BOOLOID, BoolGetDatum(lowered), unknown);
	ml_add_text(&p, m->note ? m->note : unknown || lowered ? NULL : "The disparity did not fall on these rows.");
	SPI_connect();
	ml_owner_begin(&scope);
	execute(&plan, "INSERT INTO sustainml.fairness_mitigation (mitigation_id, mitigated_at, role_name, model_schema, model, version, method,"
			" params, thresholds, attribute, metric, audit_before, audit_after, gap_before, gap_after, lowered, note)"
			" VALUES (nextval('sustainml.fairness_id_seq'), clock_timestamp(), $1, $2, $3, nullif($4, 0)::int, $5, coalesce($6, '{}'::jsonb), $7, $8, $9,"
			" nullif($10, 0), nullif($11, 0), $12, $13, $14, $15) RETURNING mitigation_id", &p, SPI_OK_INSERT_RETURNING);
	id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	ml_owner_end(&scope);
	SPI_finish();
	return id;
}

bool
ml_fair_gate(const char *model_schema, const char *model, int version, bool strict, char **why)
{
	MemoryContext caller = CurrentMemoryContext;
	MlOwnerScope  scope;
	MlParameters      p = {0};
	SPIPlanPtr    plan = NULL;
	char         *problem;

	ml_add_text(&p, model_schema);
	ml_add_text(&p, model);
	ml_add(&p, INT4OID, Int32GetDatum(version), false);
	ml_add_bool(&p, strict);
	SPI_connect();
	ml_owner_begin(&scope);
	execute(&plan, "SELECT sustainml_internal.fairness_obstacle($1, $2, $3, $4)", &p, SPI_OK_SELECT);
	problem = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (why)
		*why = problem ? MemoryContextStrdup(caller, problem) : NULL;
	ml_owner_end(&scope);
	SPI_finish();
	return problem == NULL;
}

/* ---- in short --------------------------------------------------------------------------------- */

Jsonb *
ml_fair_json(const MlFairResult *result, int64 audit_id)
{
	static const char *const metrics[] = {"demographic_parity_difference", "demographic_parity_ratio", "equal_opportunity_difference",
										  "equalized_odds_difference"};
	MlJsonBuilder builder;

	ml_json_begin(&builder);
	if (audit_id)
		ml_json_add_integer(&builder, "audit_id", audit_id);
	ml_json_add_integer(&builder, "rows", result->rows);
	for (size_t s = 1; s < result->plan.set_count; s++)
	{
		ml_json_open(&builder, result->set_names[s]);
		for (size_t m = 0; m < lengthof(metrics); m++)
			ml_json_add_number(&builder, metrics[m], ml_fair_disparity(result, result->set_names[s], metrics[m]));
		ml_json_close(&builder);
	}
	return ml_json_end(&builder);
}
