/*
 * store.c - audits, mitigations and what policies make of them, written as the extension's owner.
 *
 * Groups and figures go in by the batch and are hashed on their way (bulk.c); then the audit is chained under the lock of
 * its subject, so that audits of other subjects do not wait, and judged.  What is hashed: the line of the audit's row, the
 * SHA-256 of the lines of its groups and that of its figures, with line feeds between; the view fairness_content works
 * out the same from the tables.
 *
 * A subject is a model whatever its name: it has the name under which it was first audited, and what is made later under that name is
 * another.
 */
#include "../compat.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "../catalog_internal.h"
#include "../json.h"
#include "../parameters.h"
#include "../statement.h"
#include "bulk.h"
#include "fairness.h"
#include "line.h"
#include "state.h"

#define MOST_SUBJECT_BYTES 300 /* an index has room for some 2,700 */

/* ---- statements --------------------------------------------------------------------------- */

static Datum
texts_datum(char *const *texts, int count)
{
	Datum *values = palloc(sizeof(Datum) * (count + 1));
	bool  *nulls = palloc(sizeof(bool) * (count + 1));
	int    dimensions[1] = {count};
	int    bounds[1] = {1};

	if (count == 0)
		return PointerGetDatum(construct_empty_array(TEXTOID));
	for (int i = 0; i < count; i++)
	{
		nulls[i] = texts[i] == NULL;
		values[i] = texts[i] ? CStringGetTextDatum(texts[i]) : (Datum) 0;
	}
	return PointerGetDatum(construct_md_array(values, nulls, 1, dimensions, bounds, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
execute(const char *statement, MlParameters *p, int expected)
{
	(void) ml_statement(statement, p->count, p->types, p->values, p->nulls, expected);
}

/* ---- what is audited -------------------------------------------------------------------------- */

/* Audits of one subject wait for one another; so do first audits of one name, under a lock of its own kind. */
static void
lock_text(const char *text, bool is_name)
{
	uint32 hash = hash_bytes((const unsigned char *) text, (int) strlen(text));

	LockDatabaseObject(ml_catalog_relation("fairness_chain"), (Oid) hash, is_name ? 1 : 0, ShareUpdateExclusiveLock);
}

void
ml_fair_lock_subject(const char *subject)
{
	lock_text(subject, false);
}

/* Long sources are cut, and told apart by their hash. */
static char *
shortened(char *subject)
{
	int length = (int) strlen(subject);

	if (length <= MOST_SUBJECT_BYTES)
		return subject;
	return psprintf("%s... %s", pnstrdup(subject, pg_mbcliplen(subject, length, MOST_SUBJECT_BYTES)), ml_sha256_hex(subject, length));
}

/* The subject of the audits of the model's versions so far; else its name, or where that is taken, one that is not.  Inside SPI. */
static char *
subject_of_model(const MlFairSpec *spec, MemoryContext caller)
{
	char        *name = psprintf("model %s.%s", spec->model_schema, spec->model);
	MlParameters p = {0};
	char        *subject;

	lock_text(name, true);
	ml_add_text(&p, spec->model_schema);
	ml_add_text(&p, spec->model);
	ml_add_text(&p, name);
	ml_add_integer(&p, spec->version_id);
	execute("SELECT coalesce((SELECT o.subject FROM sustainml.model_version v JOIN sustainml.fairness_audit o ON o.version_id = v.id"
			" WHERE v.model_schema = $1 AND v.model = $2 ORDER BY o.audit_id DESC LIMIT 1),"
			" CASE WHEN EXISTS (SELECT FROM sustainml.fairness_chain c WHERE c.subject = $3)"
			" THEN $3 || ' from version id ' || $4 ELSE $3 END)", &p, SPI_OK_SELECT);
	subject = MemoryContextStrdup(caller, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1));
	return subject;
}

static char *
subject_of_predictions(const MlFairSpec *spec, const char *user)
{
	return shortened(psprintf("predictions %s: %s: %s, %s, %s", user, spec->source, spec->target ? spec->target : "-",
							  spec->prediction ? spec->prediction : "-", spec->score ? spec->score : "-"));
}

/* ---- an audit ---------------------------------------------------------------------------- */

static const char insert_audit[] =
	"INSERT INTO sustainml.fairness_audit (audit_id, audited_at, role_name, by_manager, subject, model_schema, model, version, version_id,"
	" source, part, target, prediction, score, weight, positive, favorable, threshold, protected, intersections, reference, min_n,"
	" suppress_below, confidence, draws, seed, rows, rows_without_label, rows_without_prediction, rows_without_group,"
	" rows_without_weight, rows_without_score, rows_bad_score, notes, run_id, extension_version, salt)"
	" VALUES (nextval('sustainml.fairness_id_seq'), clock_timestamp(), $1, $2, $3, $4, $5, nullif($6, 0)::int, nullif($7, 0),"
	" $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18::int, $19, $20::int,"
	" $21::int, $22, $23::int, $24, $25, $26, $27, $28,"
	" $29, $30, $31, $32, nullif($33, 0), (SELECT extversion FROM pg_extension WHERE extname = 'sustainml'), gen_random_uuid()::text) RETURNING *";

/* Writes the row of the audit itself and begins what is hashed. */
static int64
store_audit(const MlFairResult *result, const char *user, bool by_manager, const char *subject, int64 run_id, StringInfo content)
{
	const MlFairSpec *spec = result->spec;
	MlParameters      p = {0};
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
	ml_add(&p, TEXTARRAYOID, texts_datum(spec->protected_columns, spec->protected_count), false);
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
	ml_add(&p, TEXTARRAYOID, texts_datum(result->notes, result->note_count), false);
	ml_add_integer(&p, run_id);
	execute(insert_audit, &p, SPI_OK_INSERT_RETURNING);
	ml_line_append_tuple(content, SPI_tuptable->tupdesc, SPI_tuptable->vals[0]);
	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

/* The names of each set, and the values of each group, as arrays: every figure of theirs has them. */
typedef struct Names
{
	Datum *sets;
	Datum *groups;
} Names;

static Names
names_of(const MlFairResult *result)
{
	Names names;

	names.sets = palloc(sizeof(Datum) * (result->plan.set_count + 1));
	names.groups = MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Datum) * (result->plan.group_count + 1));
	for (size_t s = 0; s < result->plan.set_count; s++)
	{
		const SmlFairSet *set = &result->plan.sets[s];
		char            **columns = palloc(sizeof(char *) * (set->count + 1));

		for (size_t i = 0; i < set->count; i++)
			columns[i] = result->spec->protected_columns[set->attributes[i]];
		names.sets[s] = texts_datum(columns, (int) set->count);
	}
	for (size_t g = 0; g < result->plan.group_count; g++)
		names.groups[g] = texts_datum(result->values[g], (int) result->plan.sets[result->plan.groups[g].set].count);
	return names;
}

static char *
store_cells(const MlFairResult *result, int64 audit_id, const Names *names)
{
	static const char *const columns[] = {"audit_id", "cell", "attributes", "group_values", "n", "true_positives", "false_positives", "true_negatives",
										  "false_negatives", "is_unknown", "is_small", "is_suppressed", "counts"};
	MlBulk *bulk = ml_bulk_begin("fairness_cell", columns, lengthof(columns));

	for (size_t g = 0; g < result->plan.group_count; g++)
	{
		const SmlFairGroup *group = &result->plan.groups[g];
		MemoryContext       old;
		Datum               counts;

		ml_bulk_int8(bulk, audit_id);
		ml_bulk_int4(bulk, (int32) g + 1);
		ml_bulk_datum(bulk, names->sets[group->set], false);
		ml_bulk_datum(bulk, names->groups[g], false);
		ml_bulk_int8(bulk, (int64) sml_fair_rows(group->state));
		ml_bulk_int8(bulk, (int64) group->state->n[SML_YES][SML_YES]);
		ml_bulk_int8(bulk, (int64) group->state->n[SML_NO][SML_YES]);
		ml_bulk_int8(bulk, (int64) group->state->n[SML_NO][SML_NO]);
		ml_bulk_int8(bulk, (int64) group->state->n[SML_YES][SML_NO]);
		ml_bulk_bool(bulk, group->unknown);
		ml_bulk_bool(bulk, sml_fair_rows(group->state) < result->plan.min_n);
		ml_bulk_bool(bulk, result->audit->suppressed[g]);
		old = MemoryContextSwitchTo(ml_bulk_memory(bulk));
		counts = ml_fair_state_datum(group->state);
		MemoryContextSwitchTo(old);
		ml_bulk_datum(bulk, counts, false);
		ml_bulk_row(bulk);
	}
	return ml_bulk_end(bulk);
}

static const char *
label_of(const MlFairResult *result, size_t group)
{
	return group == SML_NO_GROUP ? NULL : result->plan.groups[group].label;
}

static char *
store_metrics(const MlFairResult *result, int64 audit_id, const Names *names)
{
	static const char *const columns[] = {"audit_id", "line", "scope", "attributes", "group_values", "cell", "metric", "value", "numerator", "denominator",
										  "n", "effective_n", "ci_low", "ci_high", "ci_method", "reference_group", "low_group", "high_group", "least_n", "groups_left_out",
										  "statistic", "p_value", "exact_p", "corrected", "is_small", "is_suppressed", "undefined_reason"};
	MlBulk *bulk = ml_bulk_begin("fairness_metric", columns, lengthof(columns));

	for (size_t r = 0; r < result->audit->count; r++)
	{
		const SmlFairRow *row = &result->audit->rows[r];
		bool              none = row->group == SML_NO_GROUP;

		ml_bulk_int8(bulk, audit_id);
		ml_bulk_int4(bulk, (int32) r + 1);
		ml_bulk_text(bulk, sml_fair_scope_name(row->scope));
		ml_bulk_datum(bulk, names->sets[row->set], false);
		ml_bulk_datum(bulk, none ? (Datum) 0 : names->groups[row->group], none);
		ml_bulk_datum(bulk, Int32GetDatum((int32) row->group + 1), none);
		ml_bulk_text(bulk, row->metric);
		ml_bulk_number(bulk, row->figure.value);
		ml_bulk_number(bulk, row->figure.numerator);
		ml_bulk_number(bulk, row->figure.denominator);
		ml_bulk_int8(bulk, (int64) row->figure.n);
		ml_bulk_number(bulk, row->figure.effective > 0 ? row->figure.effective : NAN);
		ml_bulk_number(bulk, row->figure.ci_low);
		ml_bulk_number(bulk, row->figure.ci_high);
		ml_bulk_text(bulk, row->figure.ci_method);
		ml_bulk_text(bulk, label_of(result, row->reference));
		ml_bulk_text(bulk, label_of(result, row->low_group));
		ml_bulk_text(bulk, label_of(result, row->high_group));
		ml_bulk_int8(bulk, (int64) row->least_n);
		ml_bulk_int4(bulk, (int32) row->left_out);
		ml_bulk_number(bulk, row->statistic);
		ml_bulk_number(bulk, row->p_value);
		ml_bulk_number(bulk, row->exact_p);
		ml_bulk_number(bulk, row->corrected);
		ml_bulk_bool(bulk, row->is_small);
		ml_bulk_bool(bulk, row->is_suppressed);
		ml_bulk_text(bulk, sml_figure_reason(&row->figure));
		ml_bulk_row(bulk);
	}
	return ml_bulk_end(bulk);
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
	MemoryContext  caller = CurrentMemoryContext;
	MlOwnerScope   scope;
	char          *user = GetUserNameFromId(GetUserId(), false);
	bool           by_manager = is_manager(result->spec);
	MlParameters   p = {0};
	StringInfoData content;
	Names          names;
	char          *subject;
	const char    *hash;
	int64          audit_id;

	PreventCommandIfReadOnly("a fairness audit");
	SPI_connect();
	ml_owner_begin(&scope);
	subject = result->spec->model ? subject_of_model(result->spec, caller) : subject_of_predictions(result->spec, user);
	ml_fair_lock_subject(subject);
	initStringInfo(&content);
	audit_id = store_audit(result, user, by_manager, subject, run_id, &content);
	names = names_of(result);
	hash = store_cells(result, audit_id, &names);
	appendStringInfo(&content, "\n%s", hash);
	hash = store_metrics(result, audit_id, &names);
	if (hash)
		appendStringInfo(&content, "\n%s", hash);
	CommandCounterIncrement();
	ml_add_integer(&p, audit_id);
	ml_add_text(&p, subject);
	ml_add_text(&p, content.data);
	ml_add_bool(&p, by_manager && result->spec->model);
	execute("SELECT sustainml_internal.fairness_chain_on($1, $2, $3), CASE WHEN $4 THEN sustainml_internal.fairness_judge($1) END", &p, SPI_OK_SELECT);
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
	execute("INSERT INTO sustainml.fairness_mitigation (mitigation_id, mitigated_at, role_name, model_schema, model, version, method,"
			" params, thresholds, attribute, metric, audit_before, audit_after, gap_before, gap_after, lowered, note, version_id)"
			" VALUES (nextval('sustainml.fairness_id_seq'), clock_timestamp(), $1, $2, $3, nullif($4, 0)::int, $5, coalesce($6, '{}'::jsonb), $7, $8, $9,"
			" nullif($10, 0), nullif($11, 0), $12, $13, $14, $15,"
			" (SELECT v.id FROM sustainml.model_version v WHERE v.model_schema = $2 AND v.model = $3 AND v.version = $4)) RETURNING mitigation_id", &p, SPI_OK_INSERT_RETURNING);
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
	char         *problem;

	ml_add_text(&p, model_schema);
	ml_add_text(&p, model);
	ml_add(&p, INT4OID, Int32GetDatum(version), false);
	ml_add_bool(&p, strict);
	SPI_connect();
	ml_owner_begin(&scope);
	execute("SELECT sustainml_internal.fairness_obstacle($1, $2, $3, $4)", &p, SPI_OK_SELECT);
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
