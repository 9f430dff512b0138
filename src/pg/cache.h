/*
 * cache.h - decoded models, per backend.
 *
 * Only immutable things are cached: a decoded version keyed by (table, id,
 * checksum).  Which version a name means, and whether the user may, is looked
 * up per execution under its snapshot (see server_facts: a name cached across
 * snapshots can go stale and stay so).
 */
#ifndef ML_CACHE_H
#define ML_CACHE_H

#include "catalog.h"
#include "privacy/learn.h"
#include "../core/model/model.h"

typedef struct MlModel
{
	int64       id;
	uint64      checksum;
	const SmlModel  *model;
	const SmlScorer *scorer;
	MlModelKeys keys;         /* data keys under which it is stored; none for most models */
} MlModel;

/* The decoded model of a version; valid until the end of the transaction at least. */
extern const MlModel *ml_model_get(const MlVersion *version);

/* The same, or NULL where damaged bytes would be an error: for those who want to replace the version. */
extern const MlModel *ml_model_unless_damaged(const MlVersion *version);

/*
 * A number that changes whenever names may have come to mean other versions; call
 * sites that remember a resolution compare it, and the snapshot, before each use.
 */
extern uint64 ml_model_changes(void);

/* Set up the invalidation callback, once per backend. */
extern void ml_cache_init(void);

#endif
