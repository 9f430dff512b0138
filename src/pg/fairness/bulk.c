/*
 * bulk.c - many rows into one of our tables at once, and the hash of their lines; see bulk.h.
 *
 * An audit of thousands of groups has a hundred thousand figures.  A statement, even one over all rows, costs several times what
 * the rows themselves cost: they would be stored twice, go through the executor and be read again for the hash.  Here
 * rows go by the batch to the table's access method, as COPY does it, and the line of each row (line.c) is hashed while its
 * values are at hand.  Constraints are checked and indexes filled as by an INSERT; the tables have no triggers for inserts,
 * no generated columns and no row-level security.
 *
 * Cost: memory for one batch; about 1 microsecond a row besides what the access method and the index take.
 */
#include "../compat.h"

#include <math.h>

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "../catalog_internal.h"
#include "bulk.h"
#include "line.h"

#define BATCH       500           /* rows; about a millisecond */
#define KNOWN       256
#define BATCH_BYTES (1024 * 1024) /* a block that stays from batch to batch */

struct MlBulk
{
	Relation          relation;
	EState           *estate;
	ResultRelInfo    *target;
	TupleTableSlot   *slots[BATCH];
	int               count;   /* rows complete in this batch */
	int               column;  /* values given of the next row */
	int64             rows;    /* written before this batch */
	MemoryContext     batch;
	StringInfoData    lines;   /* of this batch */
	pg_cryptohash_ctx *hash;
	/* texts that come again and again, by their address: names of metrics, labels of groups */
	struct
	{
		const char *text;
		Datum       datum;
	} known[KNOWN];
	MemoryContext     owner;   /* of what is known */
};

/* ---- hashes ------------------------------------------------------------------------------ */

static pg_cryptohash_ctx *
hash_begin(void)
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);

	if (hash == NULL || pg_cryptohash_init(hash) < 0)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return hash;
}

static void
hash_add(pg_cryptohash_ctx *hash, const char *bytes, size_t length)
{
	if (pg_cryptohash_update(hash, (const uint8 *) bytes, length) < 0)
		elog(ERROR, "cannot compute a SHA-256");
}

static char *
hash_end(pg_cryptohash_ctx *hash)
{
	uint8 digest[PG_SHA256_DIGEST_LENGTH];
	char *hex = palloc(2 * sizeof(digest) + 1);

	if (pg_cryptohash_final(hash, digest, sizeof(digest)) < 0)
		elog(ERROR, "cannot compute a SHA-256");
	pg_cryptohash_free(hash);
	hex[hex_encode((const char *) digest, sizeof(digest), hex)] = '\0';
	return hex;
}

char *
ml_sha256_hex(const char *bytes, size_t length)
{
	pg_cryptohash_ctx *hash = hash_begin();

	hash_add(hash, bytes, length);
	return hash_end(hash);
}

/* ---- rows -------------------------------------------------------------------------------- */

MlBulk *
ml_bulk_begin(const char *table, const char *const *columns, int count)
{
	MlBulk   *bulk = palloc0(sizeof(MlBulk));
	TupleDesc row;
	bool      same;

	bulk->relation = table_open(ml_catalog_relation(table), RowExclusiveLock);
	row = RelationGetDescr(bulk->relation);
	same = row->natts == count;
	for (int i = 0; i < count && same; i++)
		same = strcmp(NameStr(TupleDescAttr(row, i)->attname), columns[i]) == 0;
	if (!same)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the module and the tables of extension sustainml are of different versions"),
				 errhint("Run ALTER EXTENSION sustainml UPDATE, and start a new session.")));
	bulk->estate = CreateExecutorState();
	bulk->target = makeNode(ResultRelInfo);
	InitResultRelInfo(bulk->target, bulk->relation, 0, NULL, 0);
	ExecOpenIndices(bulk->target, false);
	bulk->batch = AllocSetContextCreate(CurrentMemoryContext, "sustainml audit rows", BATCH_BYTES, BATCH_BYTES, ALLOCSET_DEFAULT_MAXSIZE);
	bulk->owner = AllocSetContextCreate(CurrentMemoryContext, "sustainml audit texts", ALLOCSET_DEFAULT_SIZES);
	initStringInfo(&bulk->lines);
	bulk->hash = hash_begin();
	return bulk;
}

MemoryContext
ml_bulk_memory(MlBulk *bulk)
{
	return bulk->batch;
}

static void
write_batch(MlBulk *bulk)
{
	MemoryContext old = MemoryContextSwitchTo(bulk->batch);

	table_multi_insert(bulk->relation, bulk->slots, bulk->count, GetCurrentCommandId(true), 0, NULL);
	for (int i = 0; i < bulk->count; i++)
	{
		GetPerTupleExprContext(bulk->estate)->ecxt_scantuple = bulk->slots[i];
		(void) ml_insert_index_entries(bulk->target, bulk->slots[i], bulk->estate);
		ResetPerTupleExprContext(bulk->estate);
		ExecClearTuple(bulk->slots[i]);
	}
	MemoryContextSwitchTo(old);
	hash_add(bulk->hash, bulk->lines.data, bulk->lines.len);
	resetStringInfo(&bulk->lines);
	MemoryContextReset(bulk->batch);
	bulk->rows += bulk->count;
	bulk->count = 0;
	CHECK_FOR_INTERRUPTS();
}

void
ml_bulk_row(MlBulk *bulk)
{
	TupleTableSlot *slot = bulk->slots[bulk->count];

	Assert(bulk->column == RelationGetDescr(bulk->relation)->natts);
	ExecStoreVirtualTuple(slot);
	slot->tts_tableOid = RelationGetRelid(bulk->relation);
	ExecConstraints(bulk->target, slot, bulk->estate);
	if (bulk->rows + bulk->count > 0)
		appendStringInfoChar(&bulk->lines, '\n');
	ml_line_append(&bulk->lines, RelationGetDescr(bulk->relation), slot->tts_values, slot->tts_isnull);
	bulk->column = 0;
	if (++bulk->count == BATCH)
		write_batch(bulk);
}

char *
ml_bulk_end(MlBulk *bulk)
{
	char *hex = NULL;

	if (bulk->count > 0)
		write_batch(bulk);
	if (bulk->rows > 0)
		hex = hash_end(bulk->hash);
	else
		pg_cryptohash_free(bulk->hash);
	for (int i = 0; i < BATCH && bulk->slots[i]; i++)
		ExecDropSingleTupleTableSlot(bulk->slots[i]);
	ExecCloseIndices(bulk->target);
	FreeExecutorState(bulk->estate);
	table_close(bulk->relation, NoLock);
	MemoryContextDelete(bulk->batch);
	MemoryContextDelete(bulk->owner);
	pfree(bulk->lines.data);
	return hex;
}

/* ---- values -------------------------------------------------------------------------------- */

void
ml_bulk_datum(MlBulk *bulk, Datum value, bool isnull)
{
	TupleTableSlot *slot;

	if (bulk->slots[bulk->count] == NULL)
		bulk->slots[bulk->count] = table_slot_create(bulk->relation, NULL);
	slot = bulk->slots[bulk->count];
	slot->tts_values[bulk->column] = value;
	slot->tts_isnull[bulk->column++] = isnull;
}

void
ml_bulk_text(MlBulk *bulk, const char *text)
{
	size_t at = ((uintptr_t) text >> 3) % KNOWN;

	if (text && bulk->known[at].text != text)
	{
		MemoryContext old = MemoryContextSwitchTo(bulk->owner);

		bulk->known[at].text = text;
		bulk->known[at].datum = CStringGetTextDatum(text);
		MemoryContextSwitchTo(old);
	}
	ml_bulk_datum(bulk, text ? bulk->known[at].datum : (Datum) 0, text == NULL);
}

void
ml_bulk_number(MlBulk *bulk, double number)
{
	ml_bulk_datum(bulk, Float8GetDatum(number), isnan(number));
}

void
ml_bulk_int8(MlBulk *bulk, int64 number)
{
	ml_bulk_datum(bulk, Int64GetDatum(number), false);
}

void
ml_bulk_int4(MlBulk *bulk, int32 number)
{
	ml_bulk_datum(bulk, Int32GetDatum(number), false);
}

void
ml_bulk_bool(MlBulk *bulk, bool value)
{
	ml_bulk_datum(bulk, BoolGetDatum(value), false);
}
