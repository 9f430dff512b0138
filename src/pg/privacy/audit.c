/*
 * audit.c - who used which key, when and for what: never values, never SQL text.
 *
 * A use is noted once per statement.  The line in the server log is written at once and survives a
 * rollback.  The row of sustainml.key_event is written just before the commit, where the transaction
 * may write; so a standby, a read-only transaction and a parallel worker have the line alone.
 *
 * Rows of one key form a chain: each has a number, and HMAC-SHA-256 over the row before and itself under the
 * audit key of that key.  The lock that keeps the chain straight is taken at the commit, key by key in the order of
 * their names, so nobody waits for a statement that runs.
 */
#include "../compat.h"

#include "access/parallel.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "../catalog.h"
#include "../crypto.h"
#include "../env.h"
#include "keys.h"

typedef struct Event
{
	char        key[NAMEDATALEN];
	uint32      key_no;
	MlKeyUse    use;
	TimestampTz at;
	char        role[NAMEDATALEN];
	char        session_role[NAMEDATALEN];
	char        application[NAMEDATALEN];
} Event;

static Event *events = NULL;    /* of this transaction, in TopTransactionContext */
static int    count = 0;
static int    room = 0;

static const char *const uses[ML_USES] = {"open", "seal", "train", "rotate", "index", "canary", "admin"};

/* A name for the log: nothing in it can end the quotes or the line. */
static char *
plain_name(const char *name)
{
	char *copy = pstrdup(name ? name : "");

	for (char *c = copy; *c; c++)
		if ((unsigned char) *c < 0x20 || *c == '"' || *c == 0x7F)
			*c = '?';
	return copy;
}

void
ml_audit(const char *key, uint32 key_no, MlKeyUse use)
{
	Event      *event;
	const char *session = GetUserNameFromId(GetSessionUserId(), true);
	const char *role = GetUserNameFromId(GetUserId(), true);

	ereport(LOG,
			(errmsg("sustainml key used: key=\"%s\" data_key=%u use=%s role=\"%s\" session_role=\"%s\" application=\"%s\"", key, key_no, uses[use],
					plain_name(role), plain_name(session), plain_name(application_name)),
			 errhidestmt(true), errhidecontext(true)));
	if (XactReadOnly || RecoveryInProgress() || IsParallelWorker())
		return;
	if (count == room)
	{
		room = room ? room * 2 : 16;
		events = events ? repalloc(events, sizeof(Event) * room) : MemoryContextAlloc(TopTransactionContext, sizeof(Event) * room);
	}
	event = &events[count++];
	memset(event, 0, sizeof(*event));
	strlcpy(event->key, key, NAMEDATALEN);
	event->key_no = key_no;
	event->use = use;
	event->at = GetCurrentTimestamp();
	strlcpy(event->role, role ? role : "?", NAMEDATALEN);
	strlcpy(event->session_role, session ? session : "?", NAMEDATALEN);
	strlcpy(event->application, application_name ? application_name : "", NAMEDATALEN);
}

/* ---- the chain -------------------------------------------------------------------------- */

static void
add_text(StringInfo row, const char *text)
{
	uint32 size = (uint32) strlen(text);

	for (int i = 0; i < 4; i++)
		appendStringInfoCharMacro(row, (char) (size >> (8 * (3 - i))));
	appendBinaryStringInfo(row, text, (int) size);
}

static void
add_integer(StringInfo row, uint64 value)
{
	for (int i = 0; i < 8; i++)
		appendStringInfoCharMacro(row, (char) (value >> (8 * (7 - i))));
}

/* HMAC over the digest before and the row; every part has its length. */
static void
chain_digest(const uint8 *material, const uint8 *before, int64 number, const Event *event, uint8 *digest)
{
	StringInfoData row;
	SmlEnv         env;

	initStringInfo(&row);
	appendBinaryStringInfo(&row, (const char *) before, SML_SHA256);
	add_integer(&row, (uint64) number);
	add_integer(&row, (uint64) event->at);
	add_integer(&row, event->key_no);
	add_text(&row, event->key);
	add_text(&row, uses[event->use]);
	add_text(&row, event->role);
	add_text(&row, event->session_role);
	add_text(&row, event->application);
	ml_env_init(&env, CurrentMemoryContext);
	ML_CHECK(&env, ml_crypto()->mac(NULL, &env, SML_SHA256, (SmlSlice){material, SML_AEAD_KEY}, (SmlSlice){(uint8 *) row.data, (size_t) row.len},
									digest), "chain an audit row");
	pfree(row.data);
}

/* Number and digest of the last row of a key; 0 and zeros when there is none.  Inside SPI. */
static void
last_row(const char *key, int64 *number, uint8 *digest)
{
	Oid   types[1] = {TEXTOID};
	Datum values[1] = {CStringGetTextDatum(key)};
	bool  isnull;

	*number = 0;
	memset(digest, 0, SML_SHA256);
	if (SPI_execute_with_args("SELECT event_no, digest FROM sustainml.key_event WHERE key = $1 ORDER BY event_no DESC LIMIT 1", 1, types, values,
							  NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "cannot read the audit");
	if (SPI_processed == 1)
	{
		bytea *bytes;

		*number = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
		bytes = DatumGetByteaPP(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
		if (VARSIZE_ANY_EXHDR(bytes) == SML_SHA256)
			memcpy(digest, VARDATA_ANY(bytes), SML_SHA256);
	}
}

static void
insert_row(int64 number, const Event *event, const uint8 *digest)
{
	Oid    types[9] = {TEXTOID, INT8OID, TIMESTAMPTZOID, INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID};
	Datum  values[9];
	bytea *bytes = palloc(VARHDRSZ + SML_SHA256);

	SET_VARSIZE(bytes, VARHDRSZ + SML_SHA256);
	memcpy(VARDATA(bytes), digest, SML_SHA256);
	values[0] = CStringGetTextDatum(event->key);
	values[1] = Int64GetDatum(number);
	values[2] = TimestampTzGetDatum(event->at);
	values[3] = Int32GetDatum((int32) event->key_no);
	values[4] = CStringGetTextDatum(uses[event->use]);
	values[5] = CStringGetTextDatum(event->role);
	values[6] = CStringGetTextDatum(event->session_role);
	values[7] = CStringGetTextDatum(event->application);
	values[8] = PointerGetDatum(bytes);
	if (SPI_execute_with_args("INSERT INTO sustainml.key_event (key, event_no, used_at, key_no, purpose, role_name, session_role, application_name, digest)"
							  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", 9, types, values, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "cannot write the audit");
}

static int
by_key(const void *a, const void *b)
{
	const Event *left = a;
	const Event *right = b;
	int          order = strcmp(left->key, right->key);

	if (order != 0)
		return order;
	return left->at < right->at ? -1 : left->at > right->at;
}

/* The rows of one key, from event "first" to before "last". */
static void
write_chain(const Event *first, const Event *last)
{
	const MlDataKey *audit_key = ml_key_active(first->key, SML_KEY_AUDIT, 0, ~0, ML_USES);
	uint8            digest[SML_SHA256];
	int64            number;

	/* the lock of this chain, until the transaction has ended */
	LockDatabaseObject(ml_catalog_relation("key_event"), (Oid) hash_bytes((const unsigned char *) first->key, (int) strlen(first->key)), 0,
					   ExclusiveLock);
	PushActiveSnapshot(GetLatestSnapshot());
	last_row(first->key, &number, digest);
	PopActiveSnapshot();
	PushActiveSnapshot(GetTransactionSnapshot());
	for (const Event *event = first; event < last; event++)
	{
		uint8 next[SML_SHA256];

		number++;
		chain_digest(audit_key->material, digest, number, event, next);
		insert_row(number, event, next);
		memcpy(digest, next, sizeof(digest));
	}
	PopActiveSnapshot();
}

static void
write_events(void)
{
	MlOwnerScope  scope;
	MemoryContext old = CurrentMemoryContext;
	bool          read_only = XactReadOnly;

	/* a transaction that calls itself read-only after it used a key does not get around the record */
	XactReadOnly = false;
	qsort(events, count, sizeof(Event), by_key);
	SPI_connect();
	/* as the extension's owner, who may use every audit key */
	ml_owner_begin(&scope);
	for (int first = 0; first < count;)
	{
		int last = first + 1;

		while (last < count && strcmp(events[last].key, events[first].key) == 0)
			last++;
		/* a key that a rolled-back savepoint made is gone */
		if (ml_key_rights(events[first].key) != 0)
			write_chain(events + first, events + last);
		first = last;
	}
	ml_owner_end(&scope);
	SPI_finish();
	XactReadOnly = read_only;
	MemoryContextSwitchTo(old);
}

static void
forget_events(void)
{
	events = NULL;
	count = room = 0;
}

static void
transaction_event(XactEvent event, void *argument)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			if (count > 0)
				write_events();
			forget_events();
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_PREPARE:
			forget_events();
			break;
		default:
			break;
	}
}

void
ml_audit_init(void)
{
	RegisterXactCallback(transaction_event, NULL);
}

/* ---- checking a chain ------------------------------------------------------------------------ */

static MlKeyUse
use_from(const char *name)
{
	for (int i = 0; i < ML_USES; i++)
		if (strcmp(uses[i], name) == 0)
			return (MlKeyUse) i;
	return ML_USES;
}

/* The event in row "i" of the SPI result; false when it cannot have been written by us. */
static bool
event_of_row(uint64 i, Event *event, int64 *number, uint8 *digest)
{
	HeapTuple row = SPI_tuptable->vals[i];
	TupleDesc columns = SPI_tuptable->tupdesc;
	bool      isnull;
	bytea    *bytes;

	memset(event, 0, sizeof(*event));
	*number = DatumGetInt64(SPI_getbinval(row, columns, 1, &isnull));
	event->at = DatumGetTimestampTz(SPI_getbinval(row, columns, 2, &isnull));
	event->key_no = (uint32) DatumGetInt32(SPI_getbinval(row, columns, 3, &isnull));
	event->use = use_from(SPI_getvalue(row, columns, 4));
	strlcpy(event->role, SPI_getvalue(row, columns, 5), NAMEDATALEN);
	strlcpy(event->session_role, SPI_getvalue(row, columns, 6), NAMEDATALEN);
	strlcpy(event->application, SPI_getvalue(row, columns, 7), NAMEDATALEN);
	bytes = DatumGetByteaPP(SPI_getbinval(row, columns, 8, &isnull));
	if (VARSIZE_ANY_EXHDR(bytes) != SML_SHA256)
		return false;
	memcpy(digest, VARDATA_ANY(bytes), SML_SHA256);
	return event->use != ML_USES;
}

/* The number of the first row that does not follow from the one before it; 0: the chain is whole. */
static int64
first_broken(const char *key, const uint8 *material, int64 *rows)
{
	Oid   types[1] = {TEXTOID};
	Datum values[1] = {CStringGetTextDatum(key)};
	uint8 before[SML_SHA256] = {0};

	if (SPI_execute_with_args("SELECT event_no, used_at, key_no, purpose, role_name, session_role, application_name, digest"
							  " FROM sustainml.key_event WHERE key = $1 ORDER BY event_no", 1, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "cannot read the audit");
	*rows = (int64) SPI_processed;
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		Event event;
		int64 number;
		uint8 stored[SML_SHA256];
		uint8 digest[SML_SHA256];

		CHECK_FOR_INTERRUPTS();
		if (!event_of_row(i, &event, &number, stored) || number != (int64) i + 1)
			return (int64) i + 1;
		strlcpy(event.key, key, NAMEDATALEN);
		chain_digest(material, before, number, &event, digest);
		if (!sml_equal_secret(digest, stored, SML_SHA256))
			return number;
		memcpy(before, stored, SML_SHA256);
	}
	return 0;
}

PG_FUNCTION_INFO_V1(sustainml_key_audit_check);
Datum
sustainml_key_audit_check(PG_FUNCTION_ARGS)
{
	char            *key = text_to_cstring(PG_GETARG_TEXT_PP(0));
	const MlDataKey *audit_key = ml_key_active(key, SML_KEY_AUDIT, 0, ML_KEY_OWN, ML_USES);
	MlOwnerScope     scope;
	TupleDesc        columns;
	Datum            result[2];
	bool             nulls[2] = {false, false};
	int64            broken;
	int64            rows;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "key_audit_check must return a row");
	SPI_connect();
	ml_owner_begin(&scope);
	broken = first_broken(key, audit_key->material, &rows);
	ml_owner_end(&scope);
	SPI_finish();
	result[0] = Int64GetDatum(rows);
	result[1] = Int64GetDatum(broken);
	nulls[1] = broken == 0;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), result, nulls)));
}
