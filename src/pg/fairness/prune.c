/*
 * prune.c - sustainml.prune_fairness_audits: old audits are removed without breaking the chain.
 *
 * Records are to be kept for a time, and not for ever.  The links of the chain, some 200 bytes each, stay; the content of old audits
 * goes, and which audits went, when, by whom and why becomes a link of its own at the end of the chain.  Whoever
 * checks the chain tells a removal that is on record from one that is not.
 *
 * The tables refuse DELETE to everybody by triggers, so rows are deleted here one by one through the table's access method.
 */
#include "../compat.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "../catalog_internal.h"
#include "../parameters.h"
#include "../statement.h"
#include "fairness.h"
#include "line.h"

#define DAY 86400

static int retention_seconds;

void
ml_fair_define_settings(void)
{
	DefineCustomIntVariable("sustainml.audit_retention", "Sets the age below which fairness audits cannot be removed.",
							"The default is half a year, the least that the EU's AI Act asks for logs of high-risk systems.", &retention_seconds, 183 * DAY, 0, INT_MAX,
							PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);
}

static void
check_rights(TimestampTz before)
{
	TimestampTz limit = GetCurrentTimestamp() - (TimestampTz) retention_seconds * USECS_PER_SEC;

	if (!has_privs_of_role(GetUserId(), ml_catalog_owner()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only the owner of extension sustainml may remove fairness audits")));
	if (before > limit)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("fairness audits from after %s cannot be removed yet", timestamptz_to_str(limit)),
				 errdetail("The setting sustainml.audit_retention is %s.", GetConfigOptionByName("sustainml.audit_retention", NULL, false))));
	/* what an older snapshot shows may have been removed meanwhile */
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("fairness audits can be removed at isolation level read committed only")));
}

/* Delete the rows of one audit; its number is the first column of each table, and of its key. */
static void
delete_rows(const char *table, int64 audit_id)
{
	Relation    relation = table_open(ml_catalog_relation(table), RowExclusiveLock);
	Oid         index = ml_primary_key_index(relation);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple   tuple;

	if (!OidIsValid(index))
	{
		list_free(RelationGetIndexList(relation));
		index = ml_primary_key_index(relation);
	}
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(audit_id));
	scan = systable_beginscan(relation, index, true, GetActiveSnapshot(), 1, &key);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		simple_table_tuple_delete(relation, &tuple->t_self, GetActiveSnapshot());
	}
	systable_endscan(scan);
	table_close(relation, NoLock);
}

static void
delete_audits(ArrayType *audits)
{
	static const char *const tables[] = {"fairness_metric", "fairness_cell", "fairness_verdict", "fairness_audit"};
	Datum *ids;
	int    count;

	deconstruct_array(audits, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &ids, NULL, &count);
	PushActiveSnapshot(GetLatestSnapshot());
	for (int i = 0; i < count; i++)
		for (size_t t = 0; t < lengthof(tables); t++)
			delete_rows(tables[t], DatumGetInt64(ids[i]));
	PopActiveSnapshot();
}

/* Old audits by subject, without those that something rests on. */
static const char candidates[] =
	"SELECT a.subject, array_agg(a.audit_id ORDER BY a.audit_id), count(*)"
	" FROM sustainml.fairness_audit a LEFT JOIN sustainml.model_version v ON v.id = a.version_id"
	" WHERE a.audited_at < $1"
	" AND NOT ((a.version_id IS NULL OR v.id IS NOT NULL) AND a.audit_id IN (SELECT n.audit_id FROM sustainml_internal.fairness_newest n))"
	" AND a.audit_id NOT IN (SELECT j.audit_id FROM sustainml.model_version w, sustainml_internal.fairness_judgements(w.id) j WHERE j.audit_id IS NOT NULL)"
	" AND NOT EXISTS (SELECT FROM sustainml.fairness_alert x WHERE x.closed_at IS NULL AND a.audit_id IN (x.opened_audit_id, x.last_audit_id))"
	" GROUP BY a.subject ORDER BY a.subject";

static const char insert_record[] =
	"INSERT INTO sustainml.fairness_prune (prune_id, subject, pruned_at, role_name, before, reason, audit_ids)"
	" VALUES (nextval('sustainml.fairness_id_seq'), $1, clock_timestamp(), $2, $3, $4, $5) RETURNING *";

/* The removal as a link of the subject's chain.  Inside SPI. */
static void
record(const char *subject, ArrayType *audits, const char *user, TimestampTz before, const char *reason)
{
	MlParameters   p = {0};
	MlParameters   link = {0};
	StringInfoData content;
	bool           isnull;

	ml_add_text(&p, subject);
	ml_add_text(&p, user);
	ml_add(&p, TIMESTAMPTZOID, TimestampTzGetDatum(before), false);
	ml_add_text(&p, reason);
	ml_add(&p, INT8ARRAYOID, PointerGetDatum(audits), false);
	(void) ml_statement(insert_record, p.count, p.types, p.values, p.nulls, SPI_OK_INSERT_RETURNING);
	initStringInfo(&content);
	ml_line_append_tuple(&content, SPI_tuptable->tupdesc, SPI_tuptable->vals[0]);
	ml_add(&link, INT8OID, SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull), false);
	ml_add_text(&link, subject);
	ml_add_text(&link, content.data);
	(void) ml_statement("SELECT sustainml_internal.fairness_chain_on($1, $2, $3)", link.count, link.types, link.values, link.nulls, SPI_OK_SELECT);
}

/* prune_fairness_audits(before, reason) */
PG_FUNCTION_INFO_V1(sustainml_prune_fairness_audits);
Datum
sustainml_prune_fairness_audits(PG_FUNCTION_ARGS)
{
	MlOwnerScope   scope;
	MlParameters   p = {0};
	char          *user = GetUserNameFromId(GetUserId(), false);
	const char    *reason = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	TimestampTz    before;
	SPITupleTable *subjects;
	uint64         count;
	int64          removed = 0;
	bool           isnull;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("before must be given")));
	before = PG_GETARG_TIMESTAMPTZ(0);
	PreventCommandIfReadOnly("prune_fairness_audits()");
	check_rights(before);
	/* one removal at a time */
	LockRelationOid(ml_catalog_relation("fairness_prune"), ShareRowExclusiveLock);
	SPI_connect();
	ml_owner_begin(&scope);
	ml_add(&p, TIMESTAMPTZOID, TimestampTzGetDatum(before), false);
	count = ml_statement(candidates, p.count, p.types, p.values, p.nulls, SPI_OK_SELECT);
	subjects = SPI_tuptable;
	for (uint64 i = 0; i < count; i++)
	{
		char      *subject = SPI_getvalue(subjects->vals[i], subjects->tupdesc, 1);
		ArrayType *audits = DatumGetArrayTypeP(SPI_getbinval(subjects->vals[i], subjects->tupdesc, 2, &isnull));

		ml_fair_lock_subject(subject);
		delete_audits(audits);
		record(subject, audits, user, before, reason);
		removed += DatumGetInt64(SPI_getbinval(subjects->vals[i], subjects->tupdesc, 3, &isnull));
	}
	ml_owner_end(&scope);
	SPI_finish();
	PG_RETURN_INT64(removed);
}
