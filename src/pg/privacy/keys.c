/*
 * keys.c - see keys.h.
 *
 * Reading goes through table_open under the newest snapshot, so that a right that was taken away is gone at
 * once, whatever the age of the query's snapshot; it works on standbys and in parallel workers.
 */
#include "../compat.h"

#include <sys/mman.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "../catalog.h"
#include "../crypto.h"
#include "../crypto_openssl.h"
#include "../env.h"
#include "../nearest.h"
#include "keys.h"
#include "keys_internal.h"
#include "master.h"

#define SLOTS 256 /* unwrapped keys at a time */

typedef struct Entry
{
	uint32      key_no;         /* hash key */
	uint64      generation;     /* of the tables, when it was read */
	MlDataKey   shown;
	bool        destroyed;
	char        owner[NAMEDATALEN];
	char        master_id[SML_MASTER_ID + 1];
	uint8       master_check[SML_CHECK_SIZE];
	uint8       wrapped[SML_WRAPPED_SIZE];
	int         slot;           /* -1: not unwrapped */
	TimestampTz unwrapped_at;
	Oid         user;           /* whose rights these are */
	uint64      roles;          /* generation of roles when they were found */
	int         rights;
	TimestampTz noted_at[ML_USES]; /* start of the statement whose use was noted */
	Oid         noted_user[ML_USES];
} Entry;

static HTAB  *entries = NULL;
static uint8 *vault = NULL;     /* SLOTS x SML_AEAD_KEY bytes */
static bool   taken[SLOTS];
static uint64 generation = 1;   /* of the tables */
static uint64 roles = 1;        /* of roles and memberships */
static uint64 opened = 0;       /* values opened to be seen */

/* ---- the vault --------------------------------------------------------------------- */

static void
wipe_vault(int code, Datum argument)
{
	if (vault)
		sml_wipe(vault, SLOTS * SML_AEAD_KEY);
	memset(taken, 0, sizeof(taken));
}

static void
open_vault(void)
{
	size_t size = SLOTS * SML_AEAD_KEY;
	void  *block;

	if (vault)
		return;
	block = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (block == MAP_FAILED)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Keys need %zu bytes.", size)));
	/* both may be refused by the system's limits; the keys are then no worse off than elsewhere */
	(void) mlock(block, size);
#ifdef MADV_DONTDUMP
	(void) madvise(block, size, MADV_DONTDUMP);
#endif
	vault = block;
	on_proc_exit(wipe_vault, (Datum) 0);
}

static void
drop_material(Entry *entry)
{
	if (entry->slot < 0)
		return;
	sml_wipe(vault + (size_t) entry->slot * SML_AEAD_KEY, SML_AEAD_KEY);
	taken[entry->slot] = false;
	entry->slot = -1;
}

static void
drop_all_material(void)
{
	HASH_SEQ_STATUS sequence;
	Entry          *entry;

	hash_seq_init(&sequence, entries);
	while ((entry = hash_seq_search(&sequence)) != NULL)
		drop_material(entry);
}

static int
take_slot(void)
{
	for (int round = 0; round < 2; round++)
	{
		for (int i = 0; i < SLOTS; i++)
			if (!taken[i])
			{
				taken[i] = true;
				return i;
			}
		drop_all_material();
	}
	elog(ERROR, "no room for a key");
}

/* ---- changes -------------------------------------------------------------------------- */

static Oid watched = InvalidOid; /* the table of data keys, once it was read */

static void
relation_changed(Datum argument, Oid relid)
{
	if (relid == watched || !OidIsValid(relid) || !OidIsValid(watched))
		generation++;
}

static void
role_changed(Datum argument, int cache, uint32 hash)
{
	roles++;
}

uint64
ml_keys_opened(void)
{
	return opened;
}

uint64
ml_keys_generation(void)
{
	return generation;
}

uint64
ml_rights_generation(void)
{
	AcceptInvalidationMessages();
	return generation + roles;
}

void
ml_keys_init(void)
{
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, role_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHOID, role_changed, (Datum) 0);
}

void
ml_keys_changed(void)
{
	CacheInvalidateRelcacheByRelid(ml_catalog_relation("data_key"));
}

/* ---- reading the tables ------------------------------------------------------------------ */

static const char *const purposes[] = {"", "data", "index", "pseudonym", "model", "audit"};

const char *
ml_purpose_name(SmlKeyPurpose purpose)
{
	return purposes[purpose];
}

SmlKeyPurpose
ml_purpose_from(const char *name)
{
	for (size_t i = 1; i < lengthof(purposes); i++)
		if (strcmp(purposes[i], name) == 0)
			return (SmlKeyPurpose) i;
	elog(ERROR, "unknown purpose of a key");
}

/* Copy a bytea of exactly "size" bytes; false when it is NULL or of another size. */
static bool
bytes_attribute(Relation relation, HeapTuple tuple, int attribute, uint8 *out, size_t size)
{
	bool   isnull;
	Datum  value = heap_getattr(tuple, attribute, RelationGetDescr(relation), &isnull);
	bytea *bytes;

	if (isnull)
		return false;
	bytes = DatumGetByteaPP(value);
	if (VARSIZE_ANY_EXHDR(bytes) != size)
		return false;
	memcpy(out, VARDATA_ANY(bytes), size);
	return true;
}

static int
right_of(const char *privilege)
{
	if (strcmp(privilege, "open") == 0)
		return ML_KEY_OPEN | ML_KEY_TRAIN | ML_KEY_UNMASK;
	if (strcmp(privilege, "seal") == 0)
		return ML_KEY_SEAL;
	if (strcmp(privilege, "train") == 0)
		return ML_KEY_TRAIN;
	if (strcmp(privilege, "rotate") == 0)
		return ML_KEY_ROTATE;
	if (strcmp(privilege, "unmask") == 0)
		return ML_KEY_UNMASK;
	return 0;
}

static bool
role_is_mine(const char *name)
{
	Oid role = get_role_oid(name, true);

	return OidIsValid(role) && has_privs_of_role(GetUserId(), role);
}

/* Owner and canary of a key; false when there is none. */
static bool
read_key(const char *key, char *owner, bool *canary)
{
	Relation    relation = table_open(ml_catalog_relation("key"), AccessShareLock);
	ScanKeyData scan_key;
	SysScanDesc scan;
	HeapTuple   tuple;
	bool        found = false;

	ScanKeyInit(&scan_key, Anum_key_key, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(key));
	scan_key.sk_collation = C_COLLATION_OID;
	scan = systable_beginscan(relation, ml_catalog_relation("key_pkey"), true, NULL, 1, &scan_key);
	if ((tuple = systable_getnext(scan)) != NULL)
	{
		bool isnull;

		strlcpy(owner, ml_text_attribute(relation, tuple, Anum_key_owner), NAMEDATALEN);
		*canary = DatumGetBool(heap_getattr(tuple, Anum_key_canary, RelationGetDescr(relation), &isnull));
		found = true;
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return found;
}

static int
granted_rights(const char *key)
{
	Relation    relation = table_open(ml_catalog_relation("key_grant"), AccessShareLock);
	ScanKeyData scan_key;
	SysScanDesc scan;
	HeapTuple   tuple;
	int         rights = 0;

	ScanKeyInit(&scan_key, Anum_key_grant_key, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(key));
	scan_key.sk_collation = C_COLLATION_OID;
	scan = systable_beginscan(relation, ml_catalog_relation("key_grant_pkey"), true, NULL, 1, &scan_key);
	while ((tuple = systable_getnext(scan)) != NULL)
		if (role_is_mine(ml_text_attribute(relation, tuple, Anum_key_grant_role)))
			rights |= right_of(ml_text_attribute(relation, tuple, Anum_key_grant_privilege));
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return rights;
}

static int
rights_on(const char *key, const char *owner)
{
	if (superuser() || role_is_mine(owner))
		return ML_KEY_OPEN | ML_KEY_SEAL | ML_KEY_TRAIN | ML_KEY_ROTATE | ML_KEY_UNMASK | ML_KEY_OWN;
	return granted_rights(key);
}

int
ml_key_rights(const char *key)
{
	char owner[NAMEDATALEN];
	bool canary;

	return read_key(key, owner, &canary) ? rights_on(key, owner) : 0;
}

/* The nearest name among the keys on which the user has some right. */
static char *
nearest_key(const char *key)
{
	Relation    relation = table_open(ml_catalog_relation("key"), AccessShareLock);
	SysScanDesc scan = systable_beginscan(relation, InvalidOid, false, NULL, 0, NULL);
	HeapTuple   tuple;
	const char *best = NULL;

	while ((tuple = systable_getnext(scan)) != NULL)
	{
		char       *name = ml_text_attribute(relation, tuple, Anum_key_key);
		const char *names[2] = {name, best};

		if (rights_on(name, ml_text_attribute(relation, tuple, Anum_key_owner)))
			best = ml_nearest_name(key, names, best ? 2 : 1);
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return best ? pstrdup(best) : NULL;
}

pg_noreturn static void
unknown_key(const char *key)
{
	char *nearest = nearest_key(key);

	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("key \"%s\" does not exist", key),
			 nearest ? errhint("Perhaps you meant \"%s\".", nearest) : errhint("sustainml.create_key makes one.")));
}

pg_noreturn static void
permission_denied(const char *key, int wanted)
{
	const char *right = wanted & ML_KEY_TRAIN ? "train" : wanted & ML_KEY_OPEN ? "open" : wanted & ML_KEY_SEAL ? "seal" :
		wanted & ML_KEY_ROTATE ? "rotate" : wanted & ML_KEY_UNMASK ? "unmask" : "own";

	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for key \"%s\"", key),
			 wanted == ML_KEY_OWN ? errdetail("Only the key's owner may do this.") : (wanted & ML_KEY_SEAL) && (wanted & ML_KEY_OPEN) ? errdetail("The right \"seal\" or \"open\" is needed.") :
			 errdetail("The right \"%s\" is needed.", right),
			 wanted == ML_KEY_OWN ? 0 : errhint("The key's owner grants rights with sustainml.grant_key.")));
}

void
ml_key_require(const char *key, int rights)
{
	char owner[NAMEDATALEN];
	bool canary;

	if (!read_key(key, owner, &canary))
		unknown_key(key);
	if ((rights_on(key, owner) & rights) == 0)
		permission_denied(key, rights);
}

void
ml_cannot_open(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("cannot open sealed value"),
			 errdetail("%s", SML_CANNOT_OPEN),
			 errhint("sustainml.key_check() tells whether keys are missing; a value bound to a row opens with sustainml.open_row.")));
}

/* ---- entries --------------------------------------------------------------------------------- */

static void
fill_entry(Entry *entry, Relation relation, HeapTuple tuple)
{
	TupleDesc   row = RelationGetDescr(relation);
	const char *state = ml_text_attribute(relation, tuple, Anum_data_key_state);
	char       *master = ml_text_attribute(relation, tuple, Anum_data_key_master);
	bool        isnull;

	memset(&entry->shown, 0, sizeof(entry->shown));
	entry->shown.key_no = entry->key_no;
	entry->shown.purpose = ml_purpose_from(ml_text_attribute(relation, tuple, Anum_data_key_purpose));
	entry->shown.column_no = DatumGetInt32(heap_getattr(tuple, Anum_data_key_column, row, &isnull));
	entry->shown.active = strcmp(state, "active") == 0;
	strlcpy(entry->shown.key, ml_text_attribute(relation, tuple, Anum_data_key_key), NAMEDATALEN);
	memcpy(entry->shown.context, DatumGetUUIDP(heap_getattr(tuple, Anum_data_key_context, row, &isnull))->data, SML_CONTEXT_SIZE);
	strlcpy(entry->master_id, master ? master : "", sizeof(entry->master_id));
	entry->destroyed = strcmp(state, "destroyed") == 0 ||
		!bytes_attribute(relation, tuple, Anum_data_key_wrapped, entry->wrapped, SML_WRAPPED_SIZE) ||
		!bytes_attribute(relation, tuple, Anum_data_key_check, entry->master_check, SML_CHECK_SIZE);
	entry->user = InvalidOid;
}

static void
start_entries(void)
{
	HASHCTL control;

	if (entries)
		return;
	memset(&control, 0, sizeof(control));
	control.keysize = sizeof(uint32);
	control.entrysize = sizeof(Entry);
	control.hcxt = TopMemoryContext;
	entries = hash_create("sustainml keys", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* The entry of a number, as the tables have it now; NULL when there is none. */
static Entry *
find_entry(uint32 key_no)
{
	Entry      *entry;
	Entry       fresh;
	Relation    relation;
	ScanKeyData scan_key;
	SysScanDesc scan;
	HeapTuple   tuple;
	uint64      now;
	bool        found = false;

	start_entries();
	/* costs a look at a flag; see ml_rights_generation */
	AcceptInvalidationMessages();
	entry = hash_search(entries, &key_no, HASH_FIND, NULL);
	if (entry && entry->generation == generation)
		return entry;
	if (entry)
	{
		drop_material(entry);
		(void) hash_search(entries, &key_no, HASH_REMOVE, NULL);
	}
	if (key_no == 0 || key_no > PG_INT32_MAX)
		return NULL;
	memset(&fresh, 0, sizeof(fresh));
	fresh.key_no = key_no;
	fresh.slot = -1;
	relation = table_open(ml_catalog_relation("data_key"), AccessShareLock);
	/* what the lock let in is seen below */
	if (watched != RelationGetRelid(relation))
	{
		watched = RelationGetRelid(relation);
		generation++;
	}
	now = generation;
	ScanKeyInit(&scan_key, Anum_data_key_no, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum((int32) key_no));
	scan = systable_beginscan(relation, ml_catalog_relation("data_key_pkey"), true, NULL, 1, &scan_key);
	if ((tuple = systable_getnext(scan)) != NULL)
	{
		fill_entry(&fresh, relation, tuple);
		found = true;
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	if (!found || !read_key(fresh.shown.key, fresh.owner, &fresh.shown.canary))
		return NULL;
	fresh.generation = now;
	entry = hash_search(entries, &key_no, HASH_ENTER, NULL);
	*entry = fresh;
	return entry;
}

static void
require_rights(Entry *entry, int rights)
{
	if (entry->user != GetUserId() || entry->roles != roles)
	{
		uint64 now = roles;

		entry->rights = rights_on(entry->shown.key, entry->owner);
		entry->roles = now;
		entry->user = GetUserId();
	}
	if ((entry->rights & rights) == 0)
		permission_denied(entry->shown.key, rights);
}

/* ---- unwrapping ---------------------------------------------------------------------------- */

static void
unwrap_with(const Entry *entry, const SmlMasters *masters, uint8 *material)
{
	const SmlMaster *master = sml_masters_find(masters, entry->master_id);
	SmlKeyPlace      place = {entry->key_no, entry->shown.purpose, entry->shown.context, entry->owner};
	uint8            check[SML_CHECK_SIZE];
	SmlEnv           env;
	SmlStatus        status;

	if (master == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("master key \"%s\", under which key \"%s\" is wrapped, is missing", entry->master_id, entry->shown.key),
				 errhint("Add its line to the file of sustainml.master_key_file; sustainml.key_check() lists what is missing.")));
	ml_env_init(&env, CurrentMemoryContext);
	ML_CHECK(&env, sml_master_check(&env, ml_crypto(), master, check), "check a master key");
	if (memcmp(check, entry->master_check, SML_CHECK_SIZE) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("master key \"%s\" is not the one under which key \"%s\" is wrapped", entry->master_id, entry->shown.key),
				 errdetail("The file has another key of the same id.")));
	status = sml_key_unwrap(&env, ml_crypto(), master, &place, (SmlSlice){entry->wrapped, SML_WRAPPED_SIZE}, material);
	if (status == SML_CORRUPT)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("data key %u of key \"%s\" is damaged", entry->key_no, entry->shown.key),
				 errdetail("It was changed, or belongs to another key, column or owner.")));
	ML_CHECK(&env, status, "unwrap a key");
}

static void
load_material(Entry *entry)
{
	TimestampTz now = GetCurrentStatementStartTimestamp();
	SmlMasters  masters;
	uint8       material[SML_AEAD_KEY];

	if (entry->slot >= 0 && entry->unwrapped_at + (int64) ml_key_cache_seconds * USECS_PER_SEC < now)
		drop_material(entry);
	if (entry->slot >= 0)
		return;
	open_vault();
	PG_TRY();
	{
		ml_masters_read(&masters);
		unwrap_with(entry, &masters, material);
		entry->slot = take_slot();
		memcpy(vault + (size_t) entry->slot * SML_AEAD_KEY, material, SML_AEAD_KEY);
		entry->unwrapped_at = now;
	}
	PG_FINALLY();
	{
		sml_wipe(&masters, sizeof(masters));
		sml_wipe(material, sizeof(material));
		ml_openssl_forget();
	}
	PG_END_TRY();
}

/* One note per statement, user and use. */
static void
note_use(Entry *entry, MlKeyUse use)
{
	TimestampTz statement = GetCurrentStatementStartTimestamp();

	if (use == ML_USES)
		return; /* the audit's own */
	if (entry->noted_at[use] == statement && entry->noted_user[use] == GetUserId())
		return;
	ml_audit(entry->shown.key, entry->key_no, use);
	entry->noted_at[use] = statement;
	entry->noted_user[use] = GetUserId();
}

static const MlDataKey *
ready(Entry *entry, MlKeyUse use)
{
	if (entry->shown.canary && (use == ML_USE_OPEN || use == ML_USE_TRAIN))
	{
		note_use(entry, ML_USE_CANARY);
		ml_cannot_open();
	}
	if (entry->destroyed)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot open sealed value"),
				 errdetail("Data key %u of key \"%s\" was destroyed.", entry->key_no, entry->shown.key)));
	load_material(entry);
	note_use(entry, use);
	if (use == ML_USE_OPEN)
		opened++;
	entry->shown.material = vault + (size_t) entry->slot * SML_AEAD_KEY;
	return &entry->shown;
}

const MlDataKey *
ml_key_by_number(uint32 key_no, int rights, MlKeyUse use)
{
	Entry *entry = find_entry(key_no);

	if (entry == NULL)
		ml_cannot_open();
	require_rights(entry, rights);
	return ready(entry, use);
}

int32
ml_key_column(uint32 key_no)
{
	Entry *entry = find_entry(key_no);

	return entry ? entry->shown.column_no : -1;
}

/* ---- the active key ----------------------------------------------------------------------------- */

/* Number of the active data key; 0: none. */
static uint32
find_active(const char *key, SmlKeyPurpose purpose, int32 column_no)
{
	Relation    relation = table_open(ml_catalog_relation("data_key"), AccessShareLock);
	ScanKeyData scan_keys[3];
	SysScanDesc scan;
	HeapTuple   tuple;
	uint32      found = 0;

	ScanKeyInit(&scan_keys[0], Anum_data_key_key, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(key));
	ScanKeyInit(&scan_keys[1], Anum_data_key_purpose, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(ml_purpose_name(purpose)));
	ScanKeyInit(&scan_keys[2], Anum_data_key_column, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(column_no));
	scan_keys[0].sk_collation = scan_keys[1].sk_collation = C_COLLATION_OID;
	scan = systable_beginscan(relation, ml_catalog_relation("data_key_use"), true, NULL, 3, scan_keys);
	while (found == 0 && (tuple = systable_getnext(scan)) != NULL)
	{
		bool isnull;

		if (strcmp(ml_text_attribute(relation, tuple, Anum_data_key_state), "active") == 0)
			found = (uint32) DatumGetInt32(heap_getattr(tuple, Anum_data_key_no, RelationGetDescr(relation), &isnull));
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return found;
}

const MlDataKey *
ml_key_active(const char *key, SmlKeyPurpose purpose, int32 column_no, int rights, MlKeyUse use)
{
	/* the last question, which a statement over many rows asks again and again */
	static struct
	{
		uint64        generation;
		char          key[NAMEDATALEN];
		SmlKeyPurpose purpose;
		int32         column_no;
		uint32        key_no;
	} last;
	Entry *entry;

	if (last.generation != generation || last.purpose != purpose || last.column_no != column_no || strcmp(last.key, key) != 0)
	{
		uint64 now;
		uint32 key_no;

		ml_key_require(key, rights);
		now = generation;
		key_no = find_active(key, purpose, column_no);
		if (key_no == 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("key \"%s\" has no active data key for this", key),
					 errhint("sustainml.key_check() lists the data keys and their state.")));
		last.generation = now;
		strlcpy(last.key, key, sizeof(last.key));
		last.purpose = purpose;
		last.column_no = column_no;
		last.key_no = key_no;
	}
	entry = find_entry(last.key_no);
	if (entry == NULL)
		ml_cannot_open();
	require_rights(entry, rights);
	return ready(entry, use);
}
