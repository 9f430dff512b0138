/*
 * key_masters.c - data keys and the master keys over them: wrapping, wrapping anew, and whether each can be unwrapped.
 */
#include "../compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/uuid.h"

#include "../catalog.h"
#include "../crypto.h"
#include "../env.h"
#include "../metric/result.h"
#include "key_admin.h"
#include "keys.h"
#include "master.h"
#include "../statement.h"

pg_noinline void
ml_wrap(const SmlMasters *masters, const SmlKeyPlace *place, const uint8 *material, MlWrapped *wrapped)
{
	const SmlMaster *master = &masters->master[0];
	SmlEnv           env;

	ml_env_init(&env, CurrentMemoryContext);
	ML_CHECK(&env, sml_key_wrap(&env, ml_crypto(), master, place, material, wrapped->bytes), "wrap a data key");
	ML_CHECK(&env, sml_master_check(&env, ml_crypto(), master, wrapped->check), "wrap a data key");
	strlcpy(wrapped->master_id, master->id, sizeof(wrapped->master_id));
}

/* ---- unwrapping rows of the tables ------------------------------------------------------------------ */

/* Columns that rows of data keys are read with, here and below. */
#define DATA_KEY_COLUMNS "d.key_no, d.key, d.purpose, d.context, d.state, d.wrapped, d.master_id, d.master_check, k.owner"
enum
{
	COLUMN_KEY_NO = 1, COLUMN_KEY, COLUMN_PURPOSE, COLUMN_CONTEXT, COLUMN_STATE, COLUMN_WRAPPED, COLUMN_MASTER, COLUMN_CHECK, COLUMN_OWNER
};

typedef struct Row
{
	SmlKeyPlace  place;
	char        *key;
	uint8        context[SML_CONTEXT_SIZE];
	bool         destroyed;
	const uint8 *wrapped;
	char        *master_id;
	const uint8 *check;
} Row;

static void
read_row(uint64 i, Row *row)
{
	bool  isnull;
	Datum context = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, COLUMN_CONTEXT, &isnull);

	row->key = ml_result_text(i, COLUMN_KEY);
	memcpy(row->context, DatumGetUUIDP(context)->data, SML_CONTEXT_SIZE);
	row->destroyed = strcmp(ml_result_text(i, COLUMN_STATE), "destroyed") == 0;
	row->wrapped = ml_result_bytes(i, COLUMN_WRAPPED, SML_WRAPPED_SIZE);
	row->check = ml_result_bytes(i, COLUMN_CHECK, SML_CHECK_SIZE);
	row->master_id = ml_result_text(i, COLUMN_MASTER);
	row->place.key_no = (uint32) DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, COLUMN_KEY_NO, &isnull));
	row->place.purpose = ml_purpose_from(ml_result_text(i, COLUMN_PURPOSE));
	row->place.context = row->context;
	row->place.owner = ml_result_text(i, COLUMN_OWNER);
}

typedef enum RowStatus
{
	ROW_OK, ROW_DESTROYED, ROW_MASTER_MISSING, ROW_MASTER_DIFFERS, ROW_DAMAGED
} RowStatus;

static const char *const row_statuses[] = {"ok", "destroyed", "master missing", "master differs", "damaged"};

/* Unwrap the data key of a row into material[SML_AEAD_KEY]. */
static RowStatus
unwrap_row(const SmlMasters *masters, const Row *row, uint8 *material)
{
	const SmlMaster *master;
	uint8            check[SML_CHECK_SIZE];
	SmlEnv           env;
	SmlStatus        status;

	if (row->destroyed)
		return ROW_DESTROYED;
	if (row->wrapped == NULL || row->check == NULL || row->master_id == NULL)
		return ROW_DAMAGED;
	master = sml_masters_find(masters, row->master_id);
	if (master == NULL)
		return ROW_MASTER_MISSING;
	ml_env_init(&env, CurrentMemoryContext);
	ML_CHECK(&env, sml_master_check(&env, ml_crypto(), master, check), "check a master key");
	if (memcmp(check, row->check, SML_CHECK_SIZE) != 0)
		return ROW_MASTER_DIFFERS;
	status = sml_key_unwrap(&env, ml_crypto(), master, &row->place, (SmlSlice){row->wrapped, SML_WRAPPED_SIZE}, material);
	if (status == SML_CORRUPT)
		return ROW_DAMAGED;
	ML_CHECK(&env, status, "unwrap a data key");
	return ROW_OK;
}

/* ---- rotate_master -------------------------------------------------------------------------------------- */

static void
store_wrapped(int32 number, const MlWrapped *wrapped)
{
	Oid   types[4] = {INT4OID, BYTEAOID, TEXTOID, BYTEAOID};
	Datum values[4];

	values[0] = Int32GetDatum(number);
	values[1] = PointerGetDatum(ml_bytes(wrapped->bytes, sizeof(wrapped->bytes)));
	values[2] = CStringGetTextDatum(wrapped->master_id);
	values[3] = PointerGetDatum(ml_bytes(wrapped->check, sizeof(wrapped->check)));
	(void) ml_statement("UPDATE sustainml.data_key SET wrapped = $2, master_id = $3, master_check = $4 WHERE key_no = $1", 4, types, values, NULL,
				   SPI_OK_UPDATE);
}

/* Wrap every row of the SPI result that is not under the active master; returns the keys of the rows, one for each. */
static List *
wrap_rows(const SmlMasters *masters, uint8 *material)
{
	SPITupleTable *rows = SPI_tuptable;
	uint64         count = SPI_processed;
	uint8          active[SML_CHECK_SIZE];
	SmlEnv         env;
	List          *changed = NIL;

	ml_env_init(&env, CurrentMemoryContext);
	ML_CHECK(&env, sml_master_check(&env, ml_crypto(), &masters->master[0], active), "check a master key");
	for (uint64 i = 0; i < count; i++)
	{
		Row       row;
		MlWrapped   wrapped;
		RowStatus status;

		CHECK_FOR_INTERRUPTS();
		SPI_tuptable = rows;
		read_row(i, &row);
		if (row.check && memcmp(row.check, active, SML_CHECK_SIZE) == 0 && strcmp(row.master_id, masters->master[0].id) == 0)
			continue;
		status = unwrap_row(masters, &row, material);
		if (status == ROW_DESTROYED)
			continue;
		if (status != ROW_OK)
		{
			/* one key that is lost does not hold up the others */
			ereport(WARNING,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("data key %u of key \"%s\" is left as it is: %s", row.place.key_no, row.key, row_statuses[status]),
					 errdetail("It is wrapped under master key \"%s\".", row.master_id ? row.master_id : ""),
					 errhint("Keep the line of the old master key in the file, below the new one, until all are wrapped under the new one.")));
			continue;
		}
		ml_wrap(masters, &row.place, material, &wrapped);
		store_wrapped((int32) row.place.key_no, &wrapped);
		changed = lappend(changed, row.key);
	}
	return changed;
}

PG_FUNCTION_INFO_V1(sustainml_rotate_master);
Datum
sustainml_rotate_master(PG_FUNCTION_ARGS)
{
	Oid          types[2] = {BOOLOID, OIDOID};
	Datum        values[2] = {BoolGetDatum(superuser()), ObjectIdGetDatum(GetUserId())};
	SmlMasters   masters;
	uint8        material[SML_AEAD_KEY];
	List *volatile changed = NIL;
	ListCell    *cell;
	const char  *last = "";
	int64        count;
	MlOwnerScope scope;

	SPI_connect();
	ml_owner_begin(&scope);
	if (SPI_execute_with_args("SELECT " DATA_KEY_COLUMNS " FROM sustainml.data_key d JOIN sustainml.key k ON k.key = d.key"
							  " LEFT JOIN pg_catalog.pg_roles r ON r.rolname = k.owner"
							  " WHERE $1 OR pg_catalog.pg_has_role($2, r.oid, 'usage') ORDER BY d.key, d.key_no FOR UPDATE OF d",
							  2, types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "cannot read the data keys");
	PG_TRY();
	{
		ml_masters_read(&masters);
		changed = wrap_rows(&masters, material);
	}
	PG_FINALLY();
	{
		sml_wipe(&masters, sizeof(masters));
		sml_wipe(material, sizeof(material));
	}
	PG_END_TRY();
	ml_owner_end(&scope);
	/* the rows came key by key */
	foreach(cell, changed)
	{
		if (strcmp(last, lfirst(cell)) != 0)
			ml_audit(lfirst(cell), 0, ML_USE_ADMIN);
		last = lfirst(cell);
	}
	count = list_length(changed);
	SPI_finish();
	ml_keys_changed();
	PG_RETURN_INT64(count);
}

/* ---- key_check ------------------------------------------------------------------------------------------------ */

static void
put_check_row(ReturnSetInfo *result, uint64 i, const char *status, const char *detail)
{
	static const int columns[] = {COLUMN_KEY, COLUMN_KEY_NO, COLUMN_PURPOSE, COLUMN_STATE, 10, 11, COLUMN_MASTER};
	Datum values[9];
	bool  nulls[9] = {false};

	for (int c = 0; c < 7; c++)
	{
		char *text = ml_result_text(i, columns[c]);

		nulls[c] = text == NULL;
		if (columns[c] == COLUMN_KEY_NO)
			values[c] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, COLUMN_KEY_NO, &nulls[c]);
		else if (text)
			values[c] = CStringGetTextDatum(text);
	}
	values[7] = CStringGetTextDatum(status);
	nulls[8] = detail == NULL;
	if (detail)
		values[8] = CStringGetTextDatum(detail);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
check_rows(ReturnSetInfo *result, const SmlMasters *masters, const char *why)
{
	uint8 material[SML_AEAD_KEY];

	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Row       row;
		RowStatus status;

		CHECK_FOR_INTERRUPTS();
		read_row(i, &row);
		if (why && !row.destroyed)
		{
			put_check_row(result, i, "no master key", why);
			continue;
		}
		status = unwrap_row(masters, &row, material);
		sml_wipe(material, sizeof(material));
		put_check_row(result, i, row_statuses[status],
					  status == ROW_MASTER_MISSING ? psprintf("Master key \"%s\" is not among the lines of the file.", row.master_id) :
					  status == ROW_MASTER_DIFFERS ? psprintf("The file has another master key with the id \"%s\".", row.master_id) :
					  status == ROW_DAMAGED ? "The wrapped key was changed, or belongs to another key, column or owner." : NULL);
	}
}

/* The rows of the keys on which the caller has a right, with table and column. */
static void
select_my_rows(void)
{
	MlOwnerScope   scope;
	StringInfoData mine;
	uint64         count;
	SPITupleTable *keys;
	Datum         *names;
	int            n = 0;
	Oid            types[1] = {TEXTARRAYOID};
	Datum          values[1];

	initStringInfo(&mine);
	ml_owner_begin(&scope);
	if (SPI_execute("SELECT key FROM sustainml.key", true, 0) != SPI_OK_SELECT)
		elog(ERROR, "cannot read the keys");
	ml_owner_end(&scope);
	count = SPI_processed;
	keys = SPI_tuptable;
	names = palloc(sizeof(Datum) * (count + 1));
	for (uint64 i = 0; i < count; i++)
	{
		char *key = SPI_getvalue(keys->vals[i], keys->tupdesc, 1);

		if (ml_key_rights(key) != 0)
			names[n++] = CStringGetTextDatum(key);
	}
	values[0] = PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT));
	ml_owner_begin(&scope);
	if (SPI_execute_with_args("SELECT " DATA_KEY_COLUMNS ", p.table_name, p.column_name FROM sustainml.data_key d JOIN sustainml.key k ON k.key = d.key"
							  " LEFT JOIN sustainml.protected_column p ON p.column_no = d.column_no WHERE d.key = ANY ($1)"
							  " ORDER BY d.key, d.purpose, d.created_at, d.key_no", 1, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "cannot read the data keys");
	ml_owner_end(&scope);
}

PG_FUNCTION_INFO_V1(sustainml_key_check);
Datum
sustainml_key_check(PG_FUNCTION_ARGS)
{
	SmlMasters masters;
	char      *why = NULL;

	(void) ml_rows_begin(fcinfo);
	SPI_connect();
	select_my_rows();
	PG_TRY();
	{
		(void) ml_masters_try(&masters, &why);
		check_rows((ReturnSetInfo *) fcinfo->resultinfo, &masters, why);
	}
	PG_FINALLY();
	{
		sml_wipe(&masters, sizeof(masters));
	}
	PG_END_TRY();
	SPI_finish();
	return (Datum) 0;
}
