/*
 * column_batches.c - long work on columns in committed batches: encrypting a big table, and rotation.
 *
 * Encryption.  Three steps, each of its own transactions:
 *   begin  adds a column "sustainml_sealing_N" of type sealed(N) and a trigger, which seals every value that is written from then on;
 *   step   seals the values of some blocks into the new column, skipping those that have been; the table can be read and written;
 *   end    under the exclusive lock, writes the table anew with the sealed values in the place of the clear ones, and drops the new column.
 * What is left to do is seen in the rows themselves (clear and not yet sealed), so an interrupted job goes on where it was, and
 * abandoning one is dropping trigger and column.  A value that no step saw (its row moved, or row security hid it) is sealed by the end.  The clear
 * values stay in the table until the end, which leaves none in its files, like sustainml.encrypt_column.
 *
 * The trigger is the last BEFORE trigger by its name, and fires ALWAYS, for replicated rows too.  It keeps the sealed value unless the
 * clear one changes, so writers of other columns need no right on the key.
 *
 * Rotation replaces ciphertext by ciphertext, block by block, and needs no column of its own.
 *
 * Updates run as the caller.  They would run triggers, checks and expressions of the table's owner with the rights of a superuser who calls, so such tables are
 * refused then (trust.h).
 */
#include "../compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/itemptr.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/reltrigger.h"
#include "utils/syscache.h"

#include "../catalog.h"
#include "../meter.h"
#include "../train/train.h"
#include "column.h"
#include "column_internal.h"
#include "key_admin.h"
#include "keys.h"
#include "row_key.h"
#include "sealed.h"
#include "../statement.h"
#include "../trust.h"

#define SEALING_TRIGGER "~sustainml_sealing_" /* after the names of other triggers */

/* ---- the updates ------------------------------------------------------------------------------- */

/* Whether a trigger is ours: by its function, since anybody may give a trigger its name. */
static bool
is_sealing(const Trigger *trigger)
{
	char *function = get_func_name(trigger->tgfoid);

	return function && strcmp(function, "sealing_trigger") == 0 &&
		   get_func_namespace(trigger->tgfoid) == get_namespace_oid("sustainml_internal", true) && trigger->tgnargs == 2;
}

/* For sustainml.progress(): which part of a table is being worked on. */
static void
show_progress(const char *kind, Oid relid, int64 first)
{
	Relation    relation = relation_open(relid, AccessShareLock);
	BlockNumber blocks = RelationGetNumberOfBlocks(relation);
	char       *table = ml_column_table(relid);

	relation_close(relation, AccessShareLock);
	ml_progress_show(psprintf("sustainml %s %s: %d %% of %u blocks done", kind, table, blocks ? (int) (100 * first / blocks) : 100, blocks));
}

/* The lock of an update, before it; the right to update first, so that nobody else can take it. */
static void
lock_for_update(Oid relid)
{
	AclResult allowed = pg_class_aclcheck(relid, GetUserId(), ACL_UPDATE);

	if (allowed != ACLCHECK_OK)
		aclcheck_error(allowed, OBJECT_TABLE, get_rel_name(relid));
	LockRelationOid(relid, RowExclusiveLock);
}

/* Run "UPDATE … WHERE … AND ctid in some blocks" and log what it cost; returns the number of rows. */
static int64
update_blocks(const char *kind, Oid relid, const char *update, int64 first, int64 blocks)
{
	MlRun          *run = ml_run_begin(kind);
	MlFigures       figures;
	Oid             types[2] = {TIDOID, TIDOID};
	Datum           values[2];
	ItemPointerData from;
	ItemPointerData to;
	int64           rows;

	if (first < 0 || blocks < 1 || first >= (int64) MaxBlockNumber)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("batch_blocks must be at least 1")));
	ml_trust_require(relid, ML_TOUCH_UPDATE, "an update of");
	ItemPointerSet(&from, (BlockNumber) first, 0);
	ItemPointerSet(&to, (BlockNumber) Min(first + blocks, (int64) MaxBlockNumber), 0);
	values[0] = PointerGetDatum(&from);
	values[1] = PointerGetDatum(&to);
	show_progress(kind, relid, first);
	SPI_connect();
	if (SPI_execute_with_args(psprintf("%s AND t.ctid OPERATOR(pg_catalog.>=) $1 AND t.ctid OPERATOR(pg_catalog.<) $2", update), 2, types, values, NULL,
							  false, 0) != SPI_OK_UPDATE)
		elog(ERROR, "unexpected result of an update");
	rows = (int64) SPI_processed;
	SPI_finish();
	ml_progress_end();
	/* blocks with nothing to do leave no row */
	if (rows > 0)
		ml_run_end(run, NULL, NULL, 0, rows, &figures);
	else
		ml_run_drop(run);
	return rows;
}

/* ---- the trigger --------------------------------------------------------------------------------- */

/* The column of type sealed(number) that the values go to; 0 when there is none. */
static AttrNumber
sealing_column(TupleDesc row, int32 number)
{
	char *name = psprintf("sustainml_sealing_%d", number);
	Oid   type = ml_sealed_type();

	for (int i = 0; i < row->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(row, i);

		if (!attribute->attisdropped && attribute->atttypid == type && attribute->atttypmod == number && strcmp(NameStr(attribute->attname), name) == 0)
			return attribute->attnum;
	}
	return 0;
}

static AttrNumber
column_by_name(TupleDesc row, const char *name)
{
	for (int i = 0; i < row->natts; i++)
		if (!TupleDescAttr(row, i)->attisdropped && strcmp(NameStr(TupleDescAttr(row, i)->attname), name) == 0)
			return TupleDescAttr(row, i)->attnum;
	return 0;
}

/* Whether a row keeps its clear value. */
static bool
unchanged(HeapTuple old, HeapTuple new, TupleDesc row, AttrNumber column)
{
	Form_pg_attribute attribute = TupleDescAttr(row, column - 1);
	bool              old_null;
	bool              new_null;
	Datum             before = heap_getattr(old, column, row, &old_null);
	Datum             after = heap_getattr(new, column, row, &new_null);

	if (old_null || new_null)
		return old_null && new_null;
	return datum_image_eq(before, after, attribute->attbyval, attribute->attlen);
}

/* Seals what is written while a column is being encrypted; arguments: the column's name and its number. */
PG_FUNCTION_INFO_V1(sustainml_sealing_trigger);
Datum
sustainml_sealing_trigger(PG_FUNCTION_ARGS)
{
	TriggerData *data = (TriggerData *) fcinfo->context;
	HeapTuple    tuple;
	TupleDesc    row;
	int32        number;
	int          from;
	int          to;
	AttrNumber   key;
	Datum        value;
	bool         isnull;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(data->tg_event) || !TRIGGER_FIRED_FOR_ROW(data->tg_event) ||
		TRIGGER_FIRED_BY_DELETE(data->tg_event) || data->tg_trigger->tgnargs != 2)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("this trigger is made by sustainml.encrypt_column_batches alone")));
	number = pg_strtoint32(data->tg_trigger->tgargs[1]);
	row = RelationGetDescr(data->tg_relation);
	from = column_by_name(row, data->tg_trigger->tgargs[0]);
	to = sealing_column(row, number);
	if (from == 0 || to == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of table \"%s\" was being encrypted, and it or the column for its sealed values has gone or was renamed",
						data->tg_trigger->tgargs[0], RelationGetRelationName(data->tg_relation)),
				 errhint("Give it its name back, or drop the trigger \"%s\".", data->tg_trigger->tgname)));
	key = ml_row_key(number) ? ml_row_key_of_table(RelationGetRelid(data->tg_relation), number) : 0;
	tuple = data->tg_trigtuple;
	if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
	{
		tuple = data->tg_newtuple;
		if (unchanged(data->tg_trigtuple, tuple, row, (AttrNumber) from) && (key == 0 || unchanged(data->tg_trigtuple, tuple, row, key)))
		{
			value = heap_getattr(data->tg_trigtuple, to, row, &isnull);
			/* nothing sealed yet: this is a step, or a writer of other columns */
			if (!isnull)
				tuple = heap_modify_tuple_by_cols(tuple, row, 1, &to, &value, &isnull);
			return PointerGetDatum(tuple);
		}
	}
	value = heap_getattr(tuple, from, row, &isnull);
	if (!isnull)
		value = ml_seal_for_column(value, TupleDescAttr(row, from - 1)->atttypid, number, key ? ml_row_key_text(tuple, row, key) : NULL);
	return PointerGetDatum(heap_modify_tuple_by_cols(tuple, row, 1, &to, &value, &isnull));
}

/* ---- the job ------------------------------------------------------------------------------------- */

/* The number under which a column is being encrypted, and how its trigger fires; 0 when it is not. */
static int32
find_job(Oid relid, const char *column, char *fires)
{
	Relation relation = try_relation_open(relid, AccessShareLock);
	int32    number = 0;

	if (relation == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("there is no relation with OID %u", relid)));
	for (int i = 0; relation->trigdesc && i < relation->trigdesc->numtriggers; i++)
	{
		const Trigger *trigger = &relation->trigdesc->triggers[i];

		if (is_sealing(trigger) && strcmp(trigger->tgargs[0], column) == 0)
		{
			number = pg_strtoint32(trigger->tgargs[1]);
			*fires = trigger->tgenabled;
			if (sealing_column(RelationGetDescr(relation), number) == 0)
				number = 0;
		}
	}
	relation_close(relation, AccessShareLock);
	return number;
}

/* A job to go on with. */
static int32
require_job(Oid relid, const char *column)
{
	char       fires = 0;
	int32      number = find_job(relid, column, &fires);
	AttrNumber attribute = get_attnum(relid, column);

	if (number == 0 && attribute > 0 && get_atttype(relid, attribute) == ml_sealed_type())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("column \"%s\" of table \"%s\" is sealed already", column, get_rel_name(relid)),
				 errdetail("Its encryption has ended, perhaps in another session.")));
	if (number == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("column \"%s\" of table \"%s\" is not being encrypted", column, get_rel_name(relid)),
				 errhint("CALL sustainml.encrypt_column_batches begins.")));
	return number;
}

/* The same, when every write since the beginning was seen by the trigger. */
static int32
require_sound_job(Oid relid, const char *column)
{
	char  fires = 0;
	int32 number = require_job(relid, column);

	(void) find_job(relid, column, &fires);
	if (fires != TRIGGER_FIRES_ALWAYS)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("encryption of column \"%s\" cannot go on because its trigger was disabled", column),
				 errdetail("Values that were changed meanwhile would be lost."),
				 errhint("Call sustainml.encrypt_column_abandon and begin again.")));
	return number;
}

void
ml_sealing_refuse(Oid relid, const char *column)
{
	char fires;

	if (find_job(relid, column, &fires) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("column \"%s\" is being encrypted in batches", column),
				 errhint("Call sustainml.encrypt_column_batches again to go on, or sustainml.encrypt_column_abandon.")));
}

/* Triggers of a parent are not those of its children by plain inheritance. */
static void
check_children(Oid relid)
{
	if (get_rel_relkind(relid) == RELKIND_RELATION && has_subclass(relid) && find_inheritance_children(relid, NoLock) != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("table \"%s\" has tables that inherit from it", get_rel_name(relid)),
				 errhint("sustainml.encrypt_column encrypts them together, in one step.")));
}

static int32
begin_job(Oid relid, const char *column, const MlColumnWish *wish)
{
	char *table = ml_column_table(relid);
	int32 number = ml_column_register(relid, column, wish);

	ml_utility(psprintf("ALTER TABLE %s ADD COLUMN sustainml_sealing_%d sustainml.sealed(%d)", table, number, number));
	ml_utility(psprintf("CREATE TRIGGER \"" SEALING_TRIGGER "%d\" BEFORE INSERT OR UPDATE ON %s FOR EACH ROW"
					 " EXECUTE FUNCTION sustainml_internal.sealing_trigger(%s, %d)", number, table, quote_literal_cstr(column), number));
	ml_utility(psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER \"" SEALING_TRIGGER "%d\"", table, number));
	return number;
}

/* Whether a job is the one that is wished for. */
static bool
is_wished(const MlColumnInfo *info, const MlColumnWish *wish)
{
	return strcmp(info->key, wish->key) == 0 && info->deterministic == wish->deterministic && strcmp(info->row_key, wish->row_key ? wish->row_key : "") == 0;
}

PG_FUNCTION_INFO_V1(sustainml_sealing_begin);
Datum
sustainml_sealing_begin(PG_FUNCTION_ARGS)
{
	Oid                 relid;
	char               *column;
	MlColumnWish        wish;
	char                fires;
	int32               number;
	const MlColumnInfo *info;

	ml_require_first_arguments(fcinfo, 0, 4);
	relid = PG_GETARG_OID(0);
	column = pstrdup(NameStr(*PG_GETARG_NAME(1)));
	wish = (MlColumnWish){text_to_cstring(PG_GETARG_TEXT_PP(2)), PG_GETARG_BOOL(3), PG_ARGISNULL(4) ? NULL : pstrdup(NameStr(*PG_GETARG_NAME(4)))};
	ml_column_check_table(relid, "encrypt");
	ml_key_require(wish.key, ML_KEY_SEAL);
	check_children(relid);
	ml_trust_require(relid, ML_TOUCH_UPDATE, "an update of");
	number = find_job(relid, column, &fires);
	if (number == 0)
		PG_RETURN_INT32(begin_job(relid, column, &wish));
	info = ml_column_info(number);
	if (!is_wished(info, &wish))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("column \"%s\" is being encrypted under key \"%s\"%s%s", column, info->key, info->deterministic ? ", deterministically" : "",
						info->row_key[0] ? psprintf(", bound to column \"%s\"", info->row_key) : ""),
				 errhint("Go on with that, or call sustainml.encrypt_column_abandon.")));
	PG_RETURN_INT32(require_sound_job(relid, column));
}

PG_FUNCTION_INFO_V1(sustainml_sealing_step);
Datum
sustainml_sealing_step(PG_FUNCTION_ARGS)
{
	Oid         relid = PG_GETARG_OID(0);
	const char *column = quote_identifier(NameStr(*PG_GETARG_NAME(1)));
	int32       number;

	/* another session may be ending the same job: what it leaves is looked at, not what it found */
	lock_for_update(relid);
	number = require_sound_job(relid, NameStr(*PG_GETARG_NAME(1)));
	PG_RETURN_INT64(update_blocks("encrypt",
								  relid,
								  psprintf("UPDATE ONLY %s AS t SET sustainml_sealing_%d = sustainml_internal.seal_cell(t.%s, %d%s)"
										   " WHERE t.sustainml_sealing_%d IS NULL AND t.%s IS NOT NULL",
										   ml_column_table(relid), number, column, number, ml_row_key_argument(relid, number, "t."), number, column),
								  PG_GETARG_INT64(2), PG_GETARG_INT32(3)));
}

PG_FUNCTION_INFO_V1(sustainml_sealing_end);
Datum
sustainml_sealing_end(PG_FUNCTION_ARGS)
{
	Oid       relid = PG_GETARG_OID(0);
	char     *column = pstrdup(NameStr(*PG_GETARG_NAME(1)));
	MlRun    *run = ml_run_begin("encrypt");
	MlFigures figures;
	int32     number;
	char     *table;
	char      key[NAMEDATALEN];
	int64     rows;

	ml_column_check_table(relid, "encrypt");
	number = require_sound_job(relid, column);
	strlcpy(key, ml_column_info(number)->key, sizeof(key));
	ml_key_require(key, ML_KEY_SEAL);
	ml_column_check_clear(relid, column, false);
	table = ml_column_table(relid);
	ml_progress_show(psprintf("sustainml encrypt %s: writing the table anew", table));
	ml_utility(psprintf("DROP TRIGGER \"" SEALING_TRIGGER "%d\" ON %s", number, table));
	/* one rewrite: the column takes its sealed values, and what they were gathered in is left out */
	rows = ml_column_alter(relid, psprintf("ALTER TABLE %s ALTER COLUMN %s TYPE sustainml.sealed(%d)"
										   " USING COALESCE(sustainml_sealing_%d, sustainml_internal.seal_cell(%s, %d%s)), DROP COLUMN sustainml_sealing_%d",
										   table, quote_identifier(column), number, number, quote_identifier(column), number,
										   ml_row_key_argument(relid, number, ""), number));
	ml_row_key_guard(relid, number);
	ml_progress_end();
	ml_run_end(run, NULL, NULL, 0, rows, &figures);
	ml_column_tell(column, key);
	PG_RETURN_INT64(rows);
}

static Datum
encrypt_column_abandon(PG_FUNCTION_ARGS)
{
	Oid   relid = PG_GETARG_OID(0);
	char *column = pstrdup(NameStr(*PG_GETARG_NAME(1)));
	int32 number;
	char *table;

	ml_column_check_table(relid, "encrypt");
	number = require_job(relid, column);
	table = ml_column_table(relid);
	ml_column_given_back(number); /* before the column goes, which would be noted as the loss of a sealed one */
	ml_utility(psprintf("DROP TRIGGER \"" SEALING_TRIGGER "%d\" ON %s", number, table));
	ml_utility(psprintf("ALTER TABLE %s DROP COLUMN sustainml_sealing_%d", table, number));
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(sustainml_encrypt_column_abandon);
Datum
sustainml_encrypt_column_abandon(PG_FUNCTION_ARGS)
{
	ml_require_arguments(fcinfo, 0);
	return encrypt_column_abandon(fcinfo);
}

/* ---- rotation -------------------------------------------------------------------------------- */


/* Whether a former data key of the column may still have values. */
static bool
rotation_is_under_way(int32 number)
{
	Oid   types[1] = {INT4OID};
	Datum values[1] = {Int32GetDatum(number)};

	if (SPI_execute_with_args("SELECT 1 FROM sustainml.data_key WHERE column_no = $1 AND state = 'open_only' AND retired_at IS NULL", 1, types, values,
							  NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "cannot read the data keys");
	return SPI_processed > 0;
}

PG_FUNCTION_INFO_V1(sustainml_rotate_begin);
Datum
sustainml_rotate_begin(PG_FUNCTION_ARGS)
{
	int32        number = ml_sealed_column(PG_GETARG_OID(0), NameStr(*PG_GETARG_NAME(1)));
	MlColumnInfo info = *ml_column_info(number);
	int32        key_no;
	MlOwnerScope scope;

	ml_key_require(info.key, ML_KEY_ROTATE);
	ml_trust_require(PG_GETARG_OID(0), ML_TOUCH_UPDATE, "an update of"); /* before there is a new key */
	/* one rotation of a column at a time begins */
	LockDatabaseObject(ml_catalog_relation("protected_column"), (Oid) number, 0, ShareUpdateExclusiveLock);
	SPI_connect();
	ml_owner_begin(&scope);
	if (rotation_is_under_way(number))
		key_no = (int32) ml_key_active(info.key, SML_KEY_DATA, number, ~0, ML_USES)->key_no;
	else
		key_no = ml_data_key_make(info.key, SML_KEY_DATA, number, info.column_id);
	ml_owner_end(&scope);
	SPI_finish();
	ml_audit(info.key, (uint32) key_no, ML_USE_ROTATE);
	PG_RETURN_INT32(key_no);
}

PG_FUNCTION_INFO_V1(sustainml_rotate_end);
Datum
sustainml_rotate_end(PG_FUNCTION_ARGS)
{
	int32        number = ml_sealed_column(PG_GETARG_OID(0), NameStr(*PG_GETARG_NAME(1)));
	MlColumnInfo info = *ml_column_info(number);
	Oid          types[1] = {INT4OID};
	Datum        values[1] = {Int32GetDatum(number)};
	MlOwnerScope scope;

	ml_key_require(info.key, ML_KEY_ROTATE);
	SPI_connect();
	ml_owner_begin(&scope);
	(void) ml_statement("UPDATE sustainml.data_key SET retired_at = clock_timestamp() WHERE column_no = $1 AND state = 'open_only' AND retired_at IS NULL", 1,
			types, values, NULL, SPI_OK_UPDATE);
	ml_owner_end(&scope);
	SPI_finish();
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(sustainml_rotate_step);
Datum
sustainml_rotate_step(PG_FUNCTION_ARGS)
{
	Oid         relid = PG_GETARG_OID(0);
	const char *column = quote_identifier(NameStr(*PG_GETARG_NAME(1)));
	int32       number;

	number = ml_sealed_column(relid, NameStr(*PG_GETARG_NAME(1)));
	PG_RETURN_INT64(update_blocks("rotate",
								  relid,
								  psprintf("UPDATE ONLY %s AS t SET %s = sustainml_internal.reseal(t.%s%s)"
										   " WHERE sustainml.key_no(t.%s) OPERATOR(pg_catalog.<>) %d",
										   ml_column_table(relid), column, column, ml_row_key_argument(relid, number, "t."), column, PG_GETARG_INT32(4)),
								  PG_GETARG_INT64(2), PG_GETARG_INT32(3)));
}
