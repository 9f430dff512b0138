/*
 * inventory.c - signs that columns of a table hold personal data, by name and by a look at some values; the heuristic is
 * in core/privacy/personal.h.
 *
 * The look takes the first SAMPLE rows that are visible, in text columns of the server's types that the caller may read.  It reads the table's pages
 * and not by a query: planning one would evaluate functions in conditions of the table's indexes, which are its owner's, with the rights of a caller who never
 * named the table; so nobody's code runs.  It is left out where reading would run some (row level security, foreign tables).
 *
 * One table is locked at a time, and not its indexes: a database has more tables than one transaction has locks.
 */
#include "../compat.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xlog.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "../../core/privacy/personal.h"
#include "../metric/result.h"
#include "mask.h"

#define SAMPLE 200 /* rows */
#define LEAST  3   /* values that must be there */
#define LENGTH 256 /* characters of a value */

typedef struct Column
{
	const char *name;                 /* of a column to look at; NULL: not looked at */
	bool        padded;               /* char(n) */
	int         values;
	int         kinds[SML_PERSONAL_KINDS];
} Column;

typedef struct Look
{
	Column *columns;
	int     count;
	int     rows;                     /* looked at */
} Look;

static void
look_at_value(Column *column, Datum datum)
{
	/* the server's encodings have 4 bytes a character at most */
	text *value = DatumGetTextPSlice(datum, 0, LENGTH * 4);
	char *bytes = VARDATA_ANY(value);
	int   size = pg_mbcharcliplen(bytes, (int) VARSIZE_ANY_EXHDR(value), LENGTH);

	while (column->padded && size > 0 && bytes[size - 1] == ' ')
		size--;
	column->values++;
	column->kinds[sml_personal_value((SmlSlice){(uint8 *) bytes, (size_t) size})]++;
}

/* The kind of at least half of the values; none when there are few. */
static SmlPersonal
verdict(const Column *column)
{
	for (int kind = 1; kind < SML_PERSONAL_KINDS; kind++)
		if (column->values >= LEAST && 2 * column->kinds[kind] >= column->values)
			return (SmlPersonal) kind;
	return SML_PERSONAL_NONE;
}

/* The first rows of one table that has its own. */
static void
look_at_rows(Relation relation, Look *look)
{
	TupleDesc       row = RelationGetDescr(relation);
	TableScanDesc   scan;
	TupleTableSlot *slot;
	MemoryContext   each;
	AttrNumber     *places = palloc0(sizeof(AttrNumber) * (look->count + 1));

	/* a partition has the columns in an order of its own; unlogged tables have no contents on a standby */
	if (RecoveryInProgress() && relation->rd_rel->relpersistence == RELPERSISTENCE_UNLOGGED)
		return;
	for (int i = 0; i < look->count; i++)
		for (int k = 0; look->columns[i].name && k < row->natts; k++)
			if (!TupleDescAttr(row, k)->attisdropped && strcmp(NameStr(TupleDescAttr(row, k)->attname), look->columns[i].name) == 0)
				places[i] = TupleDescAttr(row, k)->attnum;
	each = AllocSetContextCreate(CurrentMemoryContext, "inventory row", ALLOCSET_SMALL_SIZES);
	slot = table_slot_create(relation, NULL);
	/* from the beginning, whoever else reads the table */
	scan = table_beginscan_strat(relation, GetActiveSnapshot(), 0, NULL, true, false);
	while (look->rows < SAMPLE && table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		MemoryContext old = MemoryContextSwitchTo(each);

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < look->count; i++)
		{
			bool  isnull = true;
			Datum value = places[i] > 0 ? slot_getattr(slot, places[i], &isnull) : (Datum) 0;

			if (!isnull)
				look_at_value(&look->columns[i], value);
		}
		look->rows++;
		MemoryContextSwitchTo(old);
		MemoryContextReset(each);
	}
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	MemoryContextDelete(each);
}

/* The table's rows, or those of its partitions one after the other. */
static void
look_into(Relation relation, Look *look)
{
	List     *children;
	ListCell *cell;

	if (relation->rd_rel->relkind == RELKIND_RELATION || (relation->rd_rel->relkind == RELKIND_MATVIEW && relation->rd_rel->relispopulated))
		look_at_rows(relation, look);
	if (relation->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return;
	children = find_inheritance_children(RelationGetRelid(relation), NoLock);
	foreach(cell, children)
	{
		Relation child = look->rows < SAMPLE ? try_relation_open(lfirst_oid(cell), AccessShareLock) : NULL;

		if (child == NULL)
			continue;
		look_into(child, look);
		relation_close(child, AccessShareLock);
	}
	list_free(children);
}

static void
look(Relation relation, Look *sample)
{
	TupleDesc row = RelationGetDescr(relation);
	Oid       relid = RelationGetRelid(relation);
	bool      whole = pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
	int       found = 0;

	if (check_enable_rls(relid, InvalidOid, true) == RLS_ENABLED)
		return;
	for (int i = 0; i < row->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(row, i);

		if (attribute->attisdropped || ml_mask_family(attribute->atttypid) != ML_ON_TEXT ||
			(!whole && pg_attribute_aclcheck(relid, attribute->attnum, GetUserId(), ACL_SELECT) != ACLCHECK_OK))
			continue;
		sample->columns[i].name = NameStr(attribute->attname);
		sample->columns[i].padded = getBaseType(attribute->atttypid) == BPCHAROID;
		found++;
	}
	if (found > 0)
		look_into(relation, sample);
}

PG_FUNCTION_INFO_V1(sustainml_personal_signs);
Datum
sustainml_personal_signs(PG_FUNCTION_ARGS)
{
	MlResult *result = ml_result_begin(fcinfo);
	Relation  relation = try_relation_open(PG_GETARG_OID(0), AccessShareLock);
	Look      sample = {0};
	TupleDesc row;

	if (relation == NULL)
		return ml_result_end(result);
	row = RelationGetDescr(relation);
	sample.count = row->natts;
	sample.columns = palloc0(sizeof(Column) * (row->natts + 1));
	look(relation, &sample);
	for (int i = 0; i < row->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(row, i);
		const char       *by_name;
		SmlPersonal       by_content;

		if (attribute->attisdropped)
			continue;
		by_name = sml_personal_name(NameStr(attribute->attname));
		by_content = verdict(&sample.columns[i]);
		if (by_name == NULL && by_content == SML_PERSONAL_NONE)
			continue;
		ml_put_integer32(result, attribute->attnum);
		ml_put_text(result, by_name);
		ml_put_text(result, sml_personal_words(by_content));
		ml_put_row(result);
	}
	relation_close(relation, AccessShareLock);
	return ml_result_end(result);
}
