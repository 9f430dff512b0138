/*
 * columns.c - what becomes of each column of the result.
 *
 *   number    interpolated, by type rounded: numbers, dates, timestamps, and arrays of integers or floats, element by
 *             element (one length in all rows)
 *   label     by vote: text, boolean, enum, uuid and what else ml_type_kind calls a label; and a column that is a foreign
 *             key by itself, whatever its type: between two customers there is no third one
 *   copy      the parent's value: excluded columns, columns that decide a split, columns that are a foreign key together with others, and types that are neither (named in a NOTICE)
 *   key       a new value, so that the rows can be inserted: from the column's sequence (serial,
 *             identity), else after the largest one of an integer key, else a random uuid; the other columns of a
 *             key that has a new part are copied.  A key for which there is none of these is NULL, with a NOTICE.
 *   generated NULL: the server computes it, and takes no value for it
 */
#include "resample.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

static bool
listed(const MlSource *source, char **names, int count, int column, const char *what)
{
	for (int i = 0; i < count; i++)
		if (ml_source_column(source, names[i], what) == column)
			return true;
	return false;
}

/* ---- keys ---------------------------------------------------------------------------- */

/* The sequences behind serial and identity columns of the relation, by attribute. */
static void
find_sequences(const MlResampleRequest *request, MlResampleColumns *columns)
{
	Oid   types[2] = {OIDOID, TEXTOID};
	Datum arguments[2] = {ObjectIdGetDatum(request->relation->relid), CStringGetTextDatum(request->relation->from)};
	bool  may_insert = pg_class_aclcheck(request->relation->relid, GetUserId(), ACL_INSERT) == ACLCHECK_OK;

	SPI_connect();
	if (SPI_execute_with_args("SELECT a.attnum, pg_catalog.pg_get_serial_sequence($2, a.attname::pg_catalog.text)::pg_catalog.regclass::pg_catalog.oid, a.attidentity"
							  " FROM pg_catalog.pg_attribute a WHERE a.attrelid OPERATOR(pg_catalog.=) $1 AND a.attnum OPERATOR(pg_catalog.>) 0"
							  " AND NOT a.attisdropped AND (a.atthasdef OR a.attidentity OPERATOR(pg_catalog.<>) '')",
							  2, types, arguments, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "cannot look for sequences");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool              isnull;
		int               attribute = DatumGetInt16(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
		Oid               sequence = DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &isnull));
		MlResampleColumn *column = &columns->columns[attribute - 1];
		bool              identity;

		if (isnull || !OidIsValid(sequence))
			continue;
		identity = DatumGetChar(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 3, &isnull)) != '\0';
		column->sequence = sequence;
		column->sequence_trusted = identity && may_insert;
	}
	SPI_finish();
}

/* The columns that refer to other tables. */
static void
find_foreign(const MlResampleRequest *request, MlResampleColumns *columns)
{
	Oid   types[1] = {OIDOID};
	Datum arguments[1] = {ObjectIdGetDatum(request->relation->relid)};

	SPI_connect();
	if (SPI_execute_with_args("SELECT k.attnum, pg_catalog.bool_or(pg_catalog.cardinality(c.conkey) OPERATOR(pg_catalog.>) 1)"
							  " FROM pg_catalog.pg_constraint c, LATERAL pg_catalog.unnest(c.conkey) AS k(attnum)"
							  " WHERE c.conrelid OPERATOR(pg_catalog.=) $1 AND c.contype OPERATOR(pg_catalog.=) 'f' GROUP BY 1",
							  1, types, arguments, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "cannot look for foreign keys");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool isnull;
		int  attribute = DatumGetInt16(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull));
		bool together = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &isnull));

		columns->columns[attribute - 1].foreign = together ? ML_FOREIGN_PART : ML_FOREIGN_ALONE;
	}
	SPI_finish();
}

/* One more than the largest value there is, as far as the caller can see. */
static int64
after_largest(const MlSource *relation, int column)
{
	int64 largest = 0;
	bool  isnull;

	SPI_connect();
	if (SPI_execute(psprintf("SELECT pg_catalog.max(q.c)::pg_catalog.int8 FROM (%s) AS q(c)",
							 ml_source_query(relation, psprintf("s.c%d", column + 1), NULL)), true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "cannot find the largest key");
	largest = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	if (isnull)
		largest = 0;
	SPI_finish();
	return largest;
}

static bool
is_integer(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

/* Whether the caller may draw from the column's sequence; a sequence is not touched in a read-only transaction. */
static bool
can_draw(const MlResampleColumn *column)
{
	return OidIsValid(column->sequence) && !XactReadOnly &&
		(column->sequence_trusted || pg_class_aclcheck(column->sequence, GetUserId(), ACL_USAGE | ACL_UPDATE) == ACLCHECK_OK);
}

static void
give_new_value(const MlResampleRequest *request, MlResampleColumn *column)
{
	if (can_draw(column))
		column->role = ML_ROLE_SEQUENCE;
	else if (column->base == UUIDOID)
		column->role = ML_ROLE_UUID;
	else
	{
		column->role = ML_ROLE_COUNTER;
		column->counter = after_largest(request->relation, column->source);
	}
}

/* Give roles to key columns and to columns with a sequence. */
static void
take_keys(const MlResampleRequest *request, MlResampleColumns *columns)
{
	MlResampleColumn *fresh = NULL;
	bool              has_key = false;
	bool              drawn = false;

	find_sequences(request, columns);
	find_foreign(request, columns);
	for (int i = 0; i < columns->count; i++)
	{
		MlResampleColumn *column = &columns->columns[i];
		bool              is_key = column->source >= 0 && request->relation->columns[column->source].is_key;

		if (column->source < 0 || column->source == request->target || column->role == ML_ROLE_NULL || (!is_key && !OidIsValid(column->sequence)))
			continue;
		if (request->features && listed(request->source, request->features, request->feature_count, column->source, "feature"))
			continue;
		has_key = has_key || is_key;
		column->role = request->keys == ML_KEYS_NULL ? ML_ROLE_NULL : ML_ROLE_COPY;
		if (request->keys != ML_KEYS_NEW)
			continue;
		if (OidIsValid(column->sequence))
		{
			give_new_value(request, column);
			drawn = drawn || is_key;
		}
		else if (fresh == NULL && column->foreign == ML_FOREIGN_NONE && (is_integer(column->base) || column->base == UUIDOID))
			fresh = column;
	}
	if (request->keys != ML_KEYS_NEW || !has_key || drawn)
		return;
	if (fresh)
	{
		give_new_value(request, fresh);
		return;
	}
	for (int i = 0; i < columns->count; i++)
		if (columns->columns[i].source >= 0 && request->relation->columns[columns->columns[i].source].is_key)
			columns->columns[i].role = ML_ROLE_NULL;
	ereport(NOTICE,
			(errmsg("the key columns of the synthetic rows are NULL: no new values can be made for them"),
			 errhint("List the other columns in INSERT … SELECT, or use keys => 'parent'.")));
}

/* ---- features -------------------------------------------------------------------------- */

/* Elements of the arrays of a column, by the first one that is neither NULL nor empty; 0: there is none. */
static size_t
array_elements(const MlSource *source, int column)
{
	size_t elements = 0;
	bool   isnull;

	SPI_connect();
	if (SPI_execute(psprintf("SELECT pg_catalog.array_length(q.c, 1) FROM (%s) AS q(c) WHERE pg_catalog.array_length(q.c, 1) IS NOT NULL LIMIT 1",
							 ml_source_query(source, psprintf("s.c%d", column + 1), NULL)), true, 1) != SPI_OK_SELECT)
		elog(ERROR, "cannot look at the arrays of a column");
	if (SPI_processed == 1)
		elements = (size_t) DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	return elements;
}

/* Whether a column holds arrays of numbers that can be interpolated; numeric[] would not know its scales. */
static bool
take_array(const MlResampleRequest *request, MlResampleColumn *column)
{
	column->element = getBaseType(get_element_type(column->base));
	if (!is_integer(column->element) && column->element != FLOAT4OID && column->element != FLOAT8OID)
		return false;
	column->elements = array_elements(request->source, column->source);
	return column->elements > 0;
}

static void
take_feature(const MlResampleRequest *request, MlResampleColumn *column, StringInfo copied)
{
	bool    asked = request->features && listed(request->source, request->features, request->feature_count, column->source, "feature");
	bool    left_out = listed(request->source, request->exclude, request->exclude_count, column->source, "exclude");
	SmlKind kind;
	bool    is_array;

	column->role = ML_ROLE_COPY;
	if (ml_resample_decides(request, column->source))
	{
		if (asked)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column \"%s\" decides the split, so it cannot be a feature", column->name),
					 errdetail("Synthetic rows have the value of their parent, which is not held out.")));
		return;
	}
	if (left_out || (request->features && !asked) || (column->foreign == ML_FOREIGN_PART && !asked))
		return;
	if (!ml_type_kind(column->base, &kind, &is_array) || (is_array && (column->foreign != ML_FOREIGN_NONE || !take_array(request, column))))
	{
		if (asked)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of type %s cannot be interpolated", column->name, format_type_be(column->type)),
					 errhint("Leave it out of features: it is then copied from the parent row.")));
		appendStringInfo(copied, "%s%s", copied->len ? ", " : "", column->name);
		return;
	}
	column->role = kind == SML_LABEL || column->base == BOOLOID || column->foreign != ML_FOREIGN_NONE ? ML_ROLE_LABEL : ML_ROLE_NUMBER;
}

/* Rows are only copied or left out: then no column is measured, and copies are exact. */
static bool
measures_nothing(const MlResampleRequest *request)
{
	return request->kind == SML_RESAMPLE_RANDOM_UNDER || (request->kind == SML_RESAMPLE_RANDOM_OVER && request->shrinkage == 0);
}

static void
number_slots(const MlResampleRequest *request, MlResampleColumns *columns, MemoryContext context)
{
	bool makes = sml_resample_side(request->kind) == SML_SIDE_OVER;

	for (int i = 0; i < columns->count; i++)
	{
		MlResampleColumn *column = &columns->columns[i];

		column->copy_key = -1;
		switch (column->role)
		{
			case ML_ROLE_NUMBER:
				if (!ml_reader_init(&column->reader, column->type, SML_NUMBER))
					elog(ERROR, "type %u cannot be read as a number", column->type);
				column->slot = columns->numbers;
				columns->numbers += column->elements ? column->elements : 1;
				break;
			case ML_ROLE_LABEL:
				column->values = ml_values_start(context, column->type);
				column->slot = columns->labels++;
				break;
			case ML_ROLE_COPY:
				if (makes)
					column->slot = columns->copies++;
				break;
			default:
				break;
		}
	}
	for (int i = 0; i < columns->key_count; i++)
	{
		MlResampleColumn *column = &columns->columns[columns->keys[i]];

		column->copy_key = (int) (column->role == ML_ROLE_COPY ? column->slot : columns->copies++);
	}
}

/* ---- which columns name a row -------------------------------------------------------------- */

static void
take_lineage_key(const MlResampleRequest *request, MlResampleColumns *columns)
{
	columns->keys = palloc(sizeof(int) * (columns->count + 1));
	for (int i = 0; i < columns->count; i++)
	{
		int source = columns->columns[i].source;

		if (source >= 0 && (request->key ? listed(request->source, request->key, request->key_count, source, "key") :
							request->relation->columns[source].is_key))
			columns->keys[columns->key_count++] = i;
	}
	if (columns->key_count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the rows have no key by which to name parents and neighbours"),
				 errhint("Name the columns that identify a row, for example key => '{id}'.")));
}

/* Rows are ordered by the hash of the primary key, else by that of all columns. */
static void
take_order(const MlResampleRequest *request, MlResampleColumns *columns)
{
	columns->hash_sources = palloc(sizeof(int) * (columns->count + 1));
	for (int pass = 0; pass < 2 && columns->hash_count == 0; pass++)
		for (int i = 0; i < columns->count; i++)
		{
			int source = columns->columns[i].source;

			if (source >= 0 && (pass == 1 || (request->relation && request->relation->columns[source].is_key)))
				columns->hash_sources[columns->hash_count++] = source;
		}
}

MlResampleColumns *
ml_resample_columns(const MlResampleRequest *request, MemoryContext context)
{
	MlResampleColumns *columns = palloc0(sizeof(MlResampleColumns));
	StringInfoData     copied;

	columns->count = request->row->natts;
	columns->columns = palloc0(sizeof(MlResampleColumn) * (columns->count + 1));
	initStringInfo(&copied);
	/* names that do not exist are found here, even when nothing is measured */
	for (int i = 0; i < request->feature_count; i++)
		if (ml_source_column(request->source, request->features[i], "feature") == request->target)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the target \"%s\" cannot be a feature", request->features[i])));
	for (int i = 0; i < columns->count; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(request->row, i);
		MlResampleColumn *column = &columns->columns[i];

		column->source = request->source_of[i];
		column->role = ML_ROLE_NULL;
		if (column->source < 0)
			continue;
		column->name = request->source->columns[column->source].name;
		column->type = attribute->atttypid;
		column->typmod = attribute->atttypmod;
		column->base = getBaseTypeAndTypmod(column->type, &column->typmod);
		column->is_domain = column->base != column->type;
		get_typlenbyval(column->type, &column->length, &column->by_value);
		if (column->source == request->target)
			column->role = ML_ROLE_TARGET;
		else if (attribute->attgenerated == '\0')
			column->role = ML_ROLE_COPY;
	}
	if (request->relation)
		take_keys(request, columns);
	for (int i = 0; i < columns->count; i++)
	{
		MlResampleColumn *column = &columns->columns[i];
		bool              is_key = request->relation && column->source >= 0 &&
			(request->relation->columns[column->source].is_key || OidIsValid(column->sequence)) &&
			!(request->features && listed(request->source, request->features, request->feature_count, column->source, "feature"));

		if (column->role == ML_ROLE_COPY && !is_key && !measures_nothing(request))
			take_feature(request, column, &copied);
	}
	if (copied.len > 0 && sml_resample_side(request->kind) == SML_SIDE_OVER)
		ereport(NOTICE,
				(errmsg("columns that cannot be interpolated are copied from the parent row: %s", copied.data)));
	ml_resample_split_columns(request, columns);
	if (request->lineage)
		take_lineage_key(request, columns);
	take_order(request, columns);
	number_slots(request, columns, context);
	return columns;
}
