/*
 * learn.c - see learn.h.
 *
 * The right train is a matter of policy, not of secrecy: whoever may train and predict can learn values by asking
 * well-chosen questions.  It keeps values out of results, files, statistics and logs.
 */
#include "../compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "nodes/nodeFuncs.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "../cache.h"
#include "../catalog_internal.h"
#include "../crypto.h"
#include "../env.h"
#include "../rows.h"
#include "column.h"
#include "keys.h"
#include "learn.h"
#include "row_key.h"
#include "sealed.h"
#include "../../core/hash.h"

bool ml_sealed_pass = false;

/* ---- readers --------------------------------------------------------------------------- */

int32
ml_argument_column(FunctionCallInfo fcinfo, int argument)
{
	Node *call = fcinfo->flinfo->fn_expr;
	Node *given;

	if (call == NULL || !IsA(call, FuncExpr) || list_length(((FuncExpr *) call)->args) <= argument)
		return -1;
	given = list_nth(((FuncExpr *) call)->args, argument);
	/* the column of a value that comes with the key of its row */
	if (IsA(given, FuncExpr) && ((FuncExpr *) given)->funcresulttype == ml_bound_type() && list_length(((FuncExpr *) given)->args) == 2)
		given = linitial(((FuncExpr *) given)->args);
	return exprTypmod(given);
}

/* A value that is bound to a row, without the row's key. */
pg_noreturn static void
row_is_missing(int32 column)
{
	const char *row_key = column > 0 ? ml_row_key(column) : NULL;

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the sealed value is bound to the key of its row, which is not given"),
			 row_key ? errhint("Give the row its column \"%s\", or the value as sustainml.with_row(value, %s::text).", row_key, quote_identifier(row_key)) :
			 errhint("Give the value as sustainml.with_row(value, key).")));
}

/* Open a sealed cell, or one that comes with the key of its row. */
static void
open_value(int32 column, Datum value, MlOpened *opened)
{
	struct varlena *bytes = PG_DETOAST_DATUM_PACKED(value);
	SmlSlice        row = {NULL, 0};
	SmlSlice        sealed;
	SmlSealedHead   head;
	struct varlena *ignored;
	struct varlena *inner;

	if (!ml_bound_parts(bytes, &row, &sealed))
	{
		ml_sealed_head(PointerGetDatum(bytes), &ignored, &head);
		if (head.row_bound)
			row_is_missing(column);
		ml_open(PointerGetDatum(bytes), column, row, ML_KEY_TRAIN, ML_USE_TRAIN, opened);
	}
	else
	{
		inner = palloc(VARHDRSZ + sealed.size);
		SET_VARSIZE(inner, VARHDRSZ + sealed.size);
		memcpy(VARDATA(inner), sealed.bytes, sealed.size);
		ml_sealed_head(PointerGetDatum(inner), &ignored, &head);
		ml_open(PointerGetDatum(inner), column, head.row_bound ? row : (SmlSlice){NULL, 0}, ML_KEY_TRAIN, ML_USE_TRAIN, opened);
		pfree(inner);
	}
	if ((Pointer) bytes != DatumGetPointer(value))
		pfree(bytes);
}

static void
open_cell(int32 column, Datum value, MlOpened *opened)
{
	if (column == ML_SEALED_SHUT)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("sealed values cannot be used here"),
				 errhint("Where you may see them, use sustainml.open in a source query.")));
	open_value(column, value, opened);
}

pg_noreturn static void
wrong_cell(SmlSealedType type, const char *expected)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("a sealed value of type %s cannot be read as %s", ml_sealed_type_name(type), expected)));
}

double
ml_sealed_number(int32 column, Datum value)
{
	MlOpened      opened;
	MlReader      reader;
	SmlSealedType type;
	Datum         plain;
	double        number;

	open_cell(column, value, &opened);
	type = opened.type;
	plain = ml_payload_read((SmlSlice){opened.bytes, opened.size}, type);
	ml_payload_free(&opened);
	if (type == SML_SEALED_FLOAT8)
		return DatumGetFloat8(plain);
	if (!ml_reader_init(&reader, ml_sealed_type_oid(type), SML_NUMBER) || reader.how == ML_READ_ARRAY)
		wrong_cell(type, "a number");
	number = ml_read_number(&reader, plain, false);
	if (type == SML_SEALED_NUMERIC)
	{
		sml_wipe(DatumGetPointer(plain), VARSIZE_ANY(DatumGetPointer(plain)));
		pfree(DatumGetPointer(plain));
	}
	return number;
}

SmlText
ml_sealed_label(int32 column, Datum value)
{
	MlOpened      opened;
	SmlSealedType type;
	Datum         plain;
	MlReader     *reader;

	open_cell(column, value, &opened);
	type = opened.type;
	plain = ml_payload_read((SmlSlice){opened.bytes, opened.size}, type);
	ml_payload_free(&opened);
	/* like any label, it lives as long as the row's memory */
	reader = palloc(sizeof(MlReader));
	if (!ml_reader_init(reader, ml_sealed_type_oid(type), SML_LABEL))
		wrong_cell(type, "a label");
	return ml_read_label(reader, plain, false);
}

Datum
ml_sealed_array(int32 column, Datum value)
{
	MlOpened opened;
	Datum    array;

	open_cell(column, value, &opened);
	if (opened.type != SML_SEALED_FLOAT8_ARRAY)
		wrong_cell(opened.type, "an array of numbers");
	array = ml_payload_read((SmlSlice){opened.bytes, opened.size}, SML_SEALED_FLOAT8_ARRAY);
	ml_payload_free(&opened);
	return array;
}

/* ---- sources ------------------------------------------------------------------------------ */

void
ml_source_mark_sealed(MlSource *source)
{
	Oid sealed = ml_sealed_type();

	for (int i = 0; i < source->column_count; i++)
		if (source->columns[i].type == sealed && OidIsValid(ml_sealed_payload(source->columns[i].typmod)))
		{
			source->columns[i].sealed = source->columns[i].typmod;
			source->columns[i].sealing = strcmp(source->columns[i].name, psprintf("sustainml_sealing_%d", source->columns[i].typmod)) == 0;
		}
}

const char *
ml_being_sealed(const MlSource *source, int column)
{
	for (int i = 0; i < source->column_count; i++)
	{
		const MlColumnInfo *info;

		if (!source->columns[i].sealing || source->columns[column].sealed)
			continue;
		info = ml_column_info(source->columns[i].sealed);
		if (strcmp(info->column, source->columns[column].name) == 0)
			return info->key;
	}
	return NULL;
}

Oid
ml_source_value_type(const MlSourceColumn *column)
{
	return column->sealed ? ml_sealed_payload(column->sealed) : column->type;
}

bool
ml_source_has_sealed(const MlSource *source)
{
	for (int i = 0; i < source->column_count; i++)
		if (source->columns[i].sealed)
			return true;
	return false;
}

void
ml_source_refuse_sealed(const MlSource *source, int column, const char *what)
{
	if (source->columns[column].sealed)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("sealed column \"%s\" cannot %s", source->columns[column].name, what),
				 errdetail("Its values are opened in memory only, one by one."),
				 errhint("Where you may see it, use a query as the source that opens it: SELECT sustainml.open(%s) AS %s, …",
						 quote_identifier(source->columns[column].name), quote_identifier(source->columns[column].name))));
}

const char *
ml_sealed_why_not(const MlSource *source, int number)
{
	const MlSourceColumn *column = &source->columns[number];
	const MlColumnInfo *info;

	if (column->sealed == 0)
		return NULL;
	info = ml_column_info(column->sealed);
	if (!(ml_key_rights(info->key) & ML_KEY_TRAIN))
		return psprintf("it is sealed, and you have no right to train with key \"%s\"", info->key);
	if (ml_source_row_key(source, number) == -1)
		return psprintf("its values are bound to the key of their row, column \"%s\", which the source does not have", info->row_key);
	return NULL;
}

bool
ml_sealed_may_open(const MlSource *source, const int *columns, int count)
{
	for (int i = 0; i < count; i++)
	{
		const MlSourceColumn *column = columns[i] < 0 ? NULL : &source->columns[columns[i]];

		if (column == NULL)
			continue;
		/* sealed values of a column that the query hides: nobody knows under which keys they are */
		if (column->sealed ? !(ml_key_rights(ml_column_info(column->sealed)->key) & ML_KEY_OPEN) :
			OidIsValid(column->type) && (column->type == ml_sealed_type() || column->type == ml_bound_type()))
			return false;
	}
	return true;
}

bool
ml_sealed_may_open_all(const MlSource *source)
{
	for (int i = 0; i < source->column_count; i++)
		if (!ml_sealed_may_open(source, &i, 1))
			return false;
	return true;
}

pg_noreturn static void
ml_source_hidden(const MlSource *source, int column)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("the source hides which sealed column \"%s\" is", source->columns[column].name),
			 errhint("Select the column itself: no function of it, and no union with another.")));
}

void
ml_sealed_require_open(const MlSource *source, int column, const char *what)
{
	if (ml_sealed_may_open(source, &column, 1))
		return;
	if (source->columns[column].sealed == 0)
		ml_source_hidden(source, column);
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("%s sealed column \"%s\" needs the right open on key \"%s\"", what, source->columns[column].name,
					ml_column_info(source->columns[column].sealed)->key),
			 errdetail("It counts the values in groups, and a group can be one row.")));
}

typedef struct Elements
{
	int32  column;
	size_t count;
} Elements;

static void
count_elements(void *context, const Datum *values, const bool *nulls)
{
	Elements  *elements = context;
	ArrayType *array;

	if (nulls[0] || elements->count > 0)
		return;
	array = DatumGetArrayTypeP(ml_sealed_array(elements->column, values[0]));
	elements->count = (size_t) ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
}

size_t
ml_sealed_elements(const MlSource *source, int column)
{
	Elements elements = {source->columns[column].sealed, 0};
	char    *query = ml_source_query(source, ml_source_cell(source, column), psprintf("s.c%d IS NOT NULL", column + 1));

	ml_source_each(psprintf("%s LIMIT 1", query), (Datum) 0, count_elements, &elements);
	return elements.count;
}

/* ---- models ---------------------------------------------------------------------------------- */

/* Names of the keys of the sealed columns, each once. */
static List *
keys_of(const MlSource *source, const int *columns, int count)
{
	List *keys = NIL;

	for (int i = 0; i < count; i++)
	{
		const MlColumnInfo *info;
		ListCell           *cell;
		bool                known = false;

		if (columns[i] < 0 || source->columns[columns[i]].sealed == 0)
			continue;
		info = ml_column_info(source->columns[columns[i]].sealed);
		foreach(cell, keys)
			known |= strcmp(lfirst(cell), info->key) == 0;
		if (!known)
			keys = lappend(keys, pstrdup(info->key));
	}
	if (list_length(keys) > ML_MODEL_KEYS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a model cannot use more than %d keys", ML_MODEL_KEYS)));
	return keys;
}

bytea *
ml_model_seal(bytea *bytes, const MlSource *source, const int *columns, int count)
{
	ListCell *cell;

	foreach(cell, keys_of(source, columns, count))
	{
		const MlDataKey *key = ml_key_active(lfirst(cell), SML_KEY_MODEL, 0, ML_KEY_TRAIN, ML_USE_TRAIN);
		SmlSealedHead    head = {SML_SEALED_BYTEA, false, false, key->key_no};
		SmlSealedPlace   place = {key->context, {NULL, 0}};
		size_t           size;
		bytea           *sealed;
		SmlEnv           env;

		if (!sml_sealed_size(VARSIZE(bytes) - VARHDRSZ, &size) || size > MaxAllocSize - VARHDRSZ)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("the model is too large to be sealed")));
		sealed = palloc(VARHDRSZ + size);
		SET_VARSIZE(sealed, VARHDRSZ + size);
		ml_env_init(&env, CurrentMemoryContext);
		ML_CHECK(&env, sml_sealed_seal(&env, ml_crypto(), key->material, &head, &place,
									   (SmlSlice){(uint8_t *) VARDATA(bytes), VARSIZE(bytes) - VARHDRSZ}, (uint8_t *) VARDATA(sealed)), "seal a model");
		sml_wipe(bytes, VARSIZE(bytes));
		pfree(bytes);
		bytes = sealed;
	}
	return bytes;
}

/* Open the outermost layer with one of "rights"; NULL when the bytes are plain.  Models begin with a magic of letters, sealed values with 1. */
static bytea *
open_layer(bytea *stored, int rights, uint32 *key_no)
{
	SmlSealedHead    head;
	SmlSlice         sealed = {(uint8_t *) VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored)};
	const MlDataKey *key;
	SmlSealedPlace   place;
	bytea           *plain;
	size_t           size;
	SmlEnv           env;
	SmlStatus        status;

	ml_env_init(&env, CurrentMemoryContext);
	if (sealed.size == 0 || sealed.bytes[0] != 1)
		return NULL;
	if (sml_sealed_head(&env, sealed, &head) != SML_OK)
		ml_cannot_open();
	key = ml_key_by_number(head.key_no, rights, ML_USE_TRAIN);
	if (key->purpose != SML_KEY_MODEL)
		ml_cannot_open();
	place = (SmlSealedPlace){key->context, {NULL, 0}};
	plain = palloc(VARHDRSZ + sealed.size);
	status = sml_sealed_open(&env, ml_crypto(), key->material, &place, sealed, (uint8_t *) VARDATA(plain), &size);
	if (status == SML_CORRUPT)
		ml_cannot_open();
	ML_CHECK(&env, status, "open a model");
	SET_VARSIZE(plain, VARHDRSZ + size);
	*key_no = head.key_no;
	return plain;
}

bytea *
ml_model_open(bytea *stored, MlModelKeys *keys)
{
	uint32 key_no;
	bytea *plain;

	keys->count = 0;
	while ((plain = open_layer(stored, ML_KEY_TRAIN, &key_no)) != NULL)
	{
		if (keys->count == ML_MODEL_KEYS)
			ml_cannot_open();
		keys->key_no[keys->count++] = key_no;
		pfree(stored);
		stored = plain;
	}
	return stored;
}

void
ml_model_require(const MlModelKeys *keys, int rights)
{
	for (int i = 0; i < keys->count; i++)
		(void) ml_key_by_number(keys->key_no[i], rights, rights == ML_KEY_OPEN ? ML_USE_OPEN : ML_USE_TRAIN);
}

char *
ml_sealed_words(const MlSource *source, const int *columns, int count)
{
	StringInfoData words;

	initStringInfo(&words);
	for (int i = 0; i < count; i++)
		if (columns[i] >= 0 && source->columns[columns[i]].sealed)
			appendStringInfo(&words, "%s\"%s\" (key %s)", words.len ? ", " : "", source->columns[columns[i]].name,
							 ml_column_info(source->columns[columns[i]].sealed)->key);
	return words.len ? words.data : NULL;
}

/* release_model(model): the owner of all its keys lets others use it */
PG_FUNCTION_INFO_V1(sustainml_release_model);
Datum
sustainml_release_model(PG_FUNCTION_ARGS)
{
	MlVersion   *version = ml_version_resolve(text_to_cstring(PG_GETARG_TEXT_PP(0)), ML_MANAGE);
	bytea       *bytes = ml_version_bytes(version->id);
	bytea       *plain;
	uint32       key_no;
	int          layers = 0;
	Oid          types[3] = {INT8OID, BYTEAOID, INT8OID};
	Datum        values[3];
	MlOwnerScope scope;

	while ((plain = open_layer(bytes, ML_KEY_OWN, &key_no)) != NULL)
	{
		bytes = plain;
		layers++;
	}
	if (layers == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("version %d of model \"%s\" is not sealed", version->version, version->name)));
	values[0] = Int64GetDatum(version->id);
	values[1] = PointerGetDatum(bytes);
	values[2] = Int64GetDatum((int64) sml_hash_bytes(0, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)));
	SPI_connect();
	ml_owner_begin(&scope);
	if (SPI_execute_with_args("UPDATE sustainml.model_version SET bytes = $2, checksum = $3 WHERE id = $1", 3, types, values, NULL, false, 0) != SPI_OK_UPDATE)
		elog(ERROR, "cannot write the model");
	ml_owner_end(&scope);
	SPI_finish();
	ml_models_changed();
	PG_RETURN_VOID();
}
