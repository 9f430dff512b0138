/*
 * row_key.c - columns whose values are bound to the key of their row; see row_key.h.
 *
 *   bound value   | 2 | length of the row's key, 4 bytes of this machine | key | sealed value |
 *
 * It lives in the rows of a running statement only.
 */
#include "../compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

#include "../nearest.h"
#include "../statement.h"
#include "column.h"
#include "column_internal.h"
#include "row_key.h"
#include "sealed.h"

#define BOUND         2
#define BOUND_HEAD    (1 + sizeof(uint32))
#define GUARD_TRIGGER "~sustainml_row_key_" /* after the names of other triggers: it sees the row as it will be */

/* ---- bound values -------------------------------------------------------------------------- */

Oid
ml_bound_type(void)
{
	Oid schema = get_namespace_oid("sustainml_internal", true);

	if (!OidIsValid(schema))
		return InvalidOid;
	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("bound"), ObjectIdGetDatum(schema));
}

Datum
ml_bind(Datum sealed, SmlSlice row)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(sealed);
	size_t          size = VARSIZE_ANY_EXHDR(value);
	uint32          length = (uint32) row.size;
	bytea          *bound;
	char           *to;

	if (row.size > MaxAllocSize / 2 || size > MaxAllocSize - VARHDRSZ - BOUND_HEAD - row.size)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the sealed value and the key of its row are too large")));
	bound = palloc(VARHDRSZ + BOUND_HEAD + row.size + size);
	SET_VARSIZE(bound, VARHDRSZ + BOUND_HEAD + row.size + size);
	to = VARDATA(bound);
	*to++ = BOUND;
	memcpy(to, &length, sizeof(length));
	to += sizeof(length);
	if (row.size > 0)
		memcpy(to, row.bytes, row.size);
	memcpy(to + row.size, VARDATA_ANY(value), size);
	return PointerGetDatum(bound);
}

bool
ml_bound_parts(struct varlena *bytes, SmlSlice *row, SmlSlice *sealed)
{
	const uint8_t *from = (uint8_t *) VARDATA_ANY(bytes);
	size_t         size = VARSIZE_ANY_EXHDR(bytes);
	uint32         length;

	if (size < BOUND_HEAD || from[0] != BOUND)
		return false;
	memcpy(&length, from + 1, sizeof(length));
	if (length > size - BOUND_HEAD)
		return false;
	*row = (SmlSlice){from + BOUND_HEAD, length};
	*sealed = (SmlSlice){from + BOUND_HEAD + length, size - BOUND_HEAD - length};
	return true;
}

PG_FUNCTION_INFO_V1(sustainml_with_row);
Datum
sustainml_with_row(PG_FUNCTION_ARGS)
{
	text *row = PG_GETARG_TEXT_PP(1);

	PG_RETURN_DATUM(ml_bind(PG_GETARG_DATUM(0), (SmlSlice){(uint8_t *) VARDATA_ANY(row), VARSIZE_ANY_EXHDR(row)}));
}

pg_noreturn static void
no_text(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("sealed values with the key of their row exist only inside a statement"),
			 errhint("Store the sealed value itself.")));
}

PG_FUNCTION_INFO_V1(sustainml_bound_in);
Datum
sustainml_bound_in(PG_FUNCTION_ARGS)
{
	no_text();
}

PG_FUNCTION_INFO_V1(sustainml_bound_out);
Datum
sustainml_bound_out(PG_FUNCTION_ARGS)
{
	no_text();
}

/* ---- the key column ---------------------------------------------------------------------------- */

const char *
ml_row_key(int32 column_no)
{
	const MlColumnInfo *info = ml_column_known(column_no);

	return info && info->row_key[0] ? info->row_key : NULL;
}

/* The primary key of a table when it is one column; else 0. */
static AttrNumber
single_primary_key(Oid relid)
{
	Oid        constraint;
	Bitmapset *attributes = get_primary_key_attnos(relid, false, &constraint);

	if (bms_num_members(attributes) != 1)
		return 0;
	return (AttrNumber) (bms_singleton_member(attributes) + FirstLowInvalidHeapAttributeNumber);
}

pg_noreturn static void
no_row_key(const char *where, int32 column_no)
{
	const MlColumnInfo *info = ml_column_info(column_no);

	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("values of sealed column \"%s\" are bound to the key of their row, column \"%s\", which is not in %s", info->column, info->row_key, where),
			 errhint("Give the key its column name, or a table a primary key of that one column.")));
}

AttrNumber
ml_row_key_of_table(Oid relid, int32 column_no)
{
	AttrNumber number = get_attnum(relid, ml_row_key(column_no));

	if (number <= 0)
		number = single_primary_key(relid);
	if (number <= 0)
		no_row_key(psprintf("table \"%s\"", get_rel_name(relid)), column_no);
	return number;
}

int
ml_source_row_key(const MlSource *source, int column)
{
	const char *name = source->columns[column].sealed ? ml_row_key(source->columns[column].sealed) : NULL;
	int         key = -1;

	if (name == NULL)
		return -2;
	for (int i = 0; i < source->column_count; i++)
		if (strcmp(source->columns[i].name, name) == 0)
			return i;
	for (int i = 0; i < source->column_count; i++)
	{
		if (!source->columns[i].is_key)
			continue;
		if (key >= 0)
			return -1;
		key = i;
	}
	return key;
}

char *
ml_source_cell(const MlSource *source, int column)
{
	int key = ml_source_row_key(source, column);

	if (key == -1)
		no_row_key("the source", source->columns[column].sealed);
	if (key < 0)
		return psprintf("s.c%d", column + 1);
	ml_source_check_right(source, key);
	return psprintf("sustainml.with_row(s.c%d, s.c%d::pg_catalog.text)", column + 1, key + 1);
}

Oid
ml_source_cell_type(const MlSource *source, int column)
{
	return ml_source_row_key(source, column) >= 0 ? ml_bound_type() : source->columns[column].type;
}

/* Whether a single-column index on the column keeps its values unique, always and at once. */
static bool
is_unique(Oid relid, AttrNumber number)
{
	Relation  relation = table_open(relid, NoLock);
	bool      found = false;
	ListCell *cell;

	foreach(cell, RelationGetIndexList(relation))
	{
		HeapTuple     tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));
		Form_pg_index index;

		if (!HeapTupleIsValid(tuple))
			continue;
		index = (Form_pg_index) GETSTRUCT(tuple);
		found |= index->indisunique && index->indisvalid && index->indnkeyatts == 1 && index->indkey.values[0] == number &&
			heap_attisnull(tuple, Anum_pg_index_indpred, NULL);
		ReleaseSysCache(tuple);
	}
	table_close(relation, NoLock);
	return found;
}

/* Types whose text does not depend on settings, and of which equal values have one text. */
static bool
has_one_text(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID || type == TEXTOID || type == VARCHAROID || type == UUIDOID;
}

void
ml_row_key_check(Oid relid, const char *column, const char *row_key)
{
	HeapTuple         tuple = SearchSysCacheAttName(relid, row_key);
	Form_pg_attribute form;
	const char       *why = NULL;

	if (!HeapTupleIsValid(tuple))
		ml_no_such_column(relid, row_key);
	form = (Form_pg_attribute) GETSTRUCT(tuple);
	if (form->attnum < 0)
		why = "It is a system column.";
	else if (strcmp(column, row_key) == 0)
		why = "It is the column itself.";
	else if (!has_one_text(getBaseType(form->atttypid)))
		why = psprintf("Its type is %s; smallint, integer, bigint, text, varchar and uuid can.", format_type_be(form->atttypid));
	else if (!form->attnotnull)
		why = "It may be NULL.";
	else if (!is_unique(relid, form->attnum))
		why = "It is not unique by itself.";
	ReleaseSysCache(tuple);
	if (why)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" cannot be the key that values are bound to", row_key),
				 errdetail("%s", why),
				 errhint("Name a primary key of one column, or a NOT NULL column with a unique index of its own.")));
}

char *
ml_row_key_argument(Oid relid, int32 column_no, const char *qualifier)
{
	if (ml_row_key(column_no) == NULL)
		return "";
	return psprintf(", %s%s::pg_catalog.text", qualifier,
					quote_identifier(get_attname(relid, ml_row_key_of_table(relid, column_no), false)));
}

char *
ml_row_key_text(HeapTuple tuple, TupleDesc row, AttrNumber number)
{
	bool  isnull;
	Datum value = heap_getattr(tuple, number, row, &isnull);
	Oid   output;
	bool  is_varlena;

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("column \"%s\" is the key that sealed values are bound to, and cannot be NULL", NameStr(TupleDescAttr(row, number - 1)->attname))));
	getTypeOutputInfo(TupleDescAttr(row, number - 1)->atttypid, &output, &is_varlena);
	return OidOutputFunctionCall(output, value);
}

/* ---- the guard ------------------------------------------------------------------------------------ */

void
ml_row_key_guard(Oid relid, int32 column_no)
{
	if (ml_row_key(column_no) == NULL)
		return;
	ml_utility(psprintf("CREATE TRIGGER \"" GUARD_TRIGGER "%d\" BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION sustainml_internal.row_key_trigger(%d)",
					 column_no, ml_column_table(relid), column_no));
}

void
ml_row_key_unguard(Oid relid, int32 column_no)
{
	if (ml_row_key(column_no) == NULL)
		return;
	ml_utility(psprintf("DROP TRIGGER IF EXISTS \"" GUARD_TRIGGER "%d\" ON %s", column_no, ml_column_table(relid)));
}

/* Whether a column is the same in both rows. */
static bool
same(HeapTuple old, HeapTuple new, TupleDesc row, AttrNumber number, bool *isnull)
{
	Form_pg_attribute attribute = TupleDescAttr(row, number - 1);
	bool              old_null;
	Datum             before = heap_getattr(old, number, row, &old_null);
	Datum             after = heap_getattr(new, number, row, isnull);

	if (old_null || *isnull)
		return old_null && *isnull;
	return datum_image_eq(before, after, attribute->attbyval, attribute->attlen);
}

/* A key that changes under a value would leave the value unreadable.  Argument: the number of the sealed column. */
PG_FUNCTION_INFO_V1(sustainml_row_key_trigger);
Datum
sustainml_row_key_trigger(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	Oid          type = ml_sealed_type();
	TupleDesc    row;
	int32        number;
	AttrNumber   key;
	bool         isnull;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(data->tg_event) || !TRIGGER_FIRED_FOR_ROW(data->tg_event) ||
		!TRIGGER_FIRED_BY_UPDATE(data->tg_event) || data->tg_trigger->tgnargs != 1)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("this trigger is made by sustainml.encrypt_column alone")));
	number = pg_strtoint32(data->tg_trigger->tgargs[0]);
	row = RelationGetDescr(data->tg_relation);
	/* without its entry in the catalog nothing opens anyhow */
	if (ml_row_key(number) == NULL)
		return PointerGetDatum(data->tg_newtuple);
	key = ml_row_key_of_table(RelationGetRelid(data->tg_relation), number);
	if (same(data->tg_trigtuple, data->tg_newtuple, row, key, &isnull))
		return PointerGetDatum(data->tg_newtuple);
	for (int i = 0; i < row->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(row, i);

		if (!attribute->attisdropped && attribute->atttypid == type && attribute->atttypmod == number &&
			same(data->tg_trigtuple, data->tg_newtuple, row, attribute->attnum, &isnull) && !isnull)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("column \"%s\" cannot change alone: the value of sealed column \"%s\" is bound to it", NameStr(TupleDescAttr(row, key - 1)->attname),
							NameStr(attribute->attname)),
					 errhint("Set both at once: the value to sustainml.seal_row(value, '%s', '%s', new key).", RelationGetRelationName(data->tg_relation),
							 NameStr(attribute->attname))));
	}
	return PointerGetDatum(data->tg_newtuple);
}
