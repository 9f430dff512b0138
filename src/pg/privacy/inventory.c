/*
 * inventory.c - signs that columns of a table hold personal data, by name and by a look at some values; the heuristic is
 * in core/privacy/personal.h.
 *
 * The look is one query for SAMPLE rows of the table, with the caller's rights, over text columns of the server's types: it runs
 * nobody's code.  It is left out where reading could (row level security, foreign tables) and where the caller may not read.
 */
#include "../compat.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"

#include "../../core/privacy/personal.h"
#include "../metric/result.h"
#include "../source.h"
#include "mask.h"

#define SAMPLE 200 /* rows */
#define LEAST  3   /* values that must be there */
#define LENGTH 256 /* characters of a value */

typedef struct Column
{
	int  place;                       /* in the sample; -1: not looked at */
	int  values;
	int  kinds[SML_PERSONAL_KINDS];
} Column;

typedef struct Look
{
	Column *columns;
	int     count;
} Look;

static void
look_at_row(void *context, const Datum *values, const bool *nulls)
{
	Look *look = context;

	for (int i = 0; i < look->count; i++)
	{
		Column *column = &look->columns[i];
		text   *value;

		if (column->place < 0 || nulls[column->place])
			continue;
		value = DatumGetTextPP(values[column->place]);
		column->values++;
		column->kinds[sml_personal_value((SmlSlice){(uint8 *) VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)})]++;
	}
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

static bool
may_look(Relation relation)
{
	char kind = relation->rd_rel->relkind;

	return (kind == RELKIND_RELATION || kind == RELKIND_PARTITIONED_TABLE || (kind == RELKIND_MATVIEW && relation->rd_rel->relispopulated)) &&
		check_enable_rls(RelationGetRelid(relation), InvalidOid, true) != RLS_ENABLED;
}

static void
look(Relation relation, Look *sample)
{
	TupleDesc      row = RelationGetDescr(relation);
	StringInfoData list;
	MlScan         scan;
	int            places = 0;

	initStringInfo(&list);
	for (int i = 0; i < row->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(row, i);

		sample->columns[i].place = -1;
		if (attribute->attisdropped || ml_mask_family(attribute->atttypid) != ML_ON_TEXT ||
			(pg_class_aclcheck(RelationGetRelid(relation), GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
			 pg_attribute_aclcheck(RelationGetRelid(relation), attribute->attnum, GetUserId(), ACL_SELECT) != ACLCHECK_OK))
			continue;
		appendStringInfo(&list, "%spg_catalog.left(t.%s::pg_catalog.text, %d)", places ? ", " : "", quote_identifier(NameStr(attribute->attname)), LENGTH);
		sample->columns[i].place = places++;
	}
	if (places == 0 || !may_look(relation))
		return;
	ml_scan_begin(&scan);
	(void) ml_source_each(psprintf("SELECT %s FROM %s AS t LIMIT %d", list.data, ml_quoted_relation(RelationGetRelid(relation)), SAMPLE), (Datum) 0,
						  look_at_row, sample);
	ml_scan_end(&scan);
}

PG_FUNCTION_INFO_V1(sustainml_personal_signs);
Datum
sustainml_personal_signs(PG_FUNCTION_ARGS)
{
	MlResult *result = ml_result_begin(fcinfo);
	Relation  relation = try_relation_open(PG_GETARG_OID(0), AccessShareLock);
	Look      sample;
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
	table_close(relation, NoLock);
	return ml_result_end(result);
}
