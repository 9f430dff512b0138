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
		if (entry->transaction != MyProc->lxid && (oldest == NULL || entry->used < oldest->used))
			oldest = entry;
	if (oldest == NULL)
		return;
	MemoryContextDelete(oldest->context);
	hash_search(cache, &oldest->key, HASH_REMOVE, NULL);
}

/* Decode into a context of its own, which is kept only when all went well. */
static void
decode(const MlVersion *version, CacheEntry *filled)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "sustainml model", ALLOCSET_SMALL_SIZES);
	bytea        *bytes = ml_model_open(ml_version_bytes(version->id), &filled->model.keys);
	SmlModel     *model;
	SmlScorer    *scorer;
	SmlEnv        env;
	SmlStatus     status;

	ml_env_init(&env, context);
	status = sml_model_read(&env, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes), &model);
	if (status == SML_CORRUPT)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("version %d of model \"%s\" is damaged", version->version, version->name),
				 errdetail("%s", env.detail),
				 errhint("Train the model again, or activate another version.")));
	ML_CHECK(&env, status, "read the model");
	ML_CHECK(&env, sml_scorer_make(&env, model, &scorer), "read the model");
	if (filled->model.keys.count > 0)
		sml_wipe(bytes, VARSIZE_ANY(bytes));
	pfree(bytes);
	MemoryContextSetParent(context, TopMemoryContext);
	filled->context = context;
	filled->model.id = version->id;
	filled->model.checksum = version->checksum;
	filled->model.model = model;
	filled->model.scorer = scorer;
}

const MlModel *
ml_model_get(const MlVersion *version)
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
		decode(version, &filled);
		if (hash_get_num_entries(cache) >= CACHE_MODELS)
			evict_one();
		entry = hash_search(cache, &key, HASH_ENTER, &found);
		entry->context = filled.context;
		entry->model = filled.model;
	}
	else
		ml_model_require(&entry->model.keys, ML_KEY_TRAIN);
	entry->used = ++uses;
	entry->transaction = MyProc->lxid;
	return &entry->model;
}
