/*
 * cache.c - decoded models, per backend; see cache.h.
 *
 * At most CACHE_MODELS models are kept; the least recently used goes first, but
 * never one that was used in the current transaction, so that pointers stay good
 * for as long as a query runs.
 */
#include "compat.h"

#include "access/xact.h"
#include "storage/proc.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"

#include "cache.h"
#include "catalog_internal.h"
#include "env.h"
#include "privacy/keys.h"
#include "../core/hash.h"
#include "../core/privacy/secret.h"

#define CACHE_MODELS 64

typedef struct CacheKey
{
	Oid    table;
	Oid    pad;
	int64  id;
	uint64 checksum;
} CacheKey;

typedef struct CacheEntry
{
	CacheKey         key;
	MemoryContext    context;
	MlModel          model;
	uint64           used;        /* counter value at last use */
	LocalTransactionId transaction; /* of last use */
} CacheEntry;

static HTAB  *cache = NULL;
static uint64 uses = 0;
static uint64 changes = 1;

uint64
ml_model_changes(void)
{
	return changes;
}

/* Any relcache message of an unknown or of our relation: names may mean something else now. */
static void
relation_changed(Datum argument, Oid relid)
{
	(void) argument;
	(void) relid;
	changes++;
}

void
ml_cache_init(void)
{
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
}

static void
make_cache(void)
{
	HASHCTL control;

	memset(&control, 0, sizeof(control));
	control.keysize = sizeof(CacheKey);
	control.entrysize = sizeof(CacheEntry);
	control.hcxt = TopMemoryContext;
	cache = hash_create("sustainml models", CACHE_MODELS, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* Make room: drop the least recently used entry that this transaction has not touched. */
static void
evict_one(void)
{
	HASH_SEQ_STATUS sequence;
	CacheEntry     *entry;
	CacheEntry     *oldest = NULL;

	hash_seq_init(&sequence, cache);
	while ((entry = hash_seq_search(&sequence)) != NULL)
		if (entry->transaction != ml_local_transaction() && (oldest == NULL || entry->used < oldest->used))
			oldest = entry;
	if (oldest == NULL)
		return;
	MemoryContextDelete(oldest->context);
	hash_search(cache, &oldest->key, HASH_REMOVE, NULL);
}

/* Why the bytes of a version cannot be used; NULL: they can, and *model is what they say. */
static const char *
read_bytes(SmlEnv *env, const MlVersion *version, MlModelKeys *keys, SmlModel **model)
{
	bytea      *bytes = ml_version_bytes(version->id);
	bool        as_stored = sml_hash_bytes(0, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)) == version->checksum;
	const char *why = NULL;
	SmlStatus   status;

	bytes = ml_model_open(bytes, keys);
	status = sml_model_read(env, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), model);
	if (status == SML_CORRUPT)
		why = env->detail;
	else if (status == SML_OK && !as_stored)
		why = "The bytes are not those that were stored.";
	else
		ML_CHECK(env, status, "read the model");
	if (keys->count > 0)
		sml_wipe(bytes, VARSIZE_ANY(bytes));
	pfree(bytes);
	return why;
}

/* Decode into a context of its own, which is kept only when all went well.  Damage is an error, or false. */
static bool
decode(const MlVersion *version, bool damage_is_error, CacheEntry *filled)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "sustainml model", ALLOCSET_SMALL_SIZES);
	SmlModel     *model;
	SmlScorer    *scorer;
	SmlEnv        env;
	const char   *why;

	ml_env_init(&env, context);
	why = read_bytes(&env, version, &filled->model.keys, &model);
	if (why != NULL && damage_is_error)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("version %d of model \"%s\" is damaged", version->version, version->name),
				 errdetail("%s", why),
				 errhint("Train the model again, or activate another version.")));
	if (why != NULL)
	{
		MemoryContextDelete(context);
		return false;
	}
	ML_CHECK(&env, sml_scorer_make(&env, model, &scorer), "read the model");
	MemoryContextSetParent(context, TopMemoryContext);
	filled->context = context;
	filled->model.id = version->id;
	filled->model.checksum = version->checksum;
	filled->model.model = model;
	filled->model.scorer = scorer;
	return true;
}

static const MlModel *
get_model(const MlVersion *version, bool damage_is_error)
{
	CacheKey    key;
	CacheEntry *entry;
	CacheEntry  filled;
	bool        found;

	memset(&key, 0, sizeof(key));
	key.table = ml_catalog_relation("model_version");
	key.id = version->id;
	key.checksum = version->checksum;
	if (cache == NULL)
		make_cache();
	entry = hash_search(cache, &key, HASH_FIND, NULL);
	if (entry == NULL)
	{
		if (!decode(version, damage_is_error, &filled))
			return NULL;
		if (hash_get_num_entries(cache) >= CACHE_MODELS)
			evict_one();
		entry = hash_search(cache, &key, HASH_ENTER, &found);
		entry->context = filled.context;
		entry->model = filled.model;
	}
	else
		ml_model_require(&entry->model.keys, ML_KEY_TRAIN);
	entry->used = ++uses;
	entry->transaction = ml_local_transaction();
	return &entry->model;
}

const MlModel *
ml_model_get(const MlVersion *version)
{
	return get_model(version, true);
}

const MlModel *
ml_model_unless_damaged(const MlVersion *version)
{
	return get_model(version, false);
}
