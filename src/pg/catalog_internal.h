/*
 * catalog_internal.h - what the files of the catalog share: attribute numbers of the tables in
 * sql/20_model.sql, and the pieces that registry functions need.
 */
#ifndef ML_CATALOG_INTERNAL_H
#define ML_CATALOG_INTERNAL_H

#include "catalog.h"
#include "nodes/pg_list.h"
#include "utils/float.h"
#include "utils/snapshot.h"
#include "utils/syscache.h"

enum
{
	Anum_version_id = 1, Anum_version_schema, Anum_version_model, Anum_version_version, Anum_version_owner,
	Anum_version_is_active, Anum_version_checksum, Anum_version_threshold, Anum_version_bytes
};

enum
{
	Anum_grant_schema = 1, Anum_grant_model, Anum_grant_role, Anum_grant_privilege
};

extern bool      ml_is_owner(const char *owner);
extern bool      ml_may(const char *owner, const char *schema, const char *name, MlPrivilege privilege);
extern List     *ml_versions(const char *schema, const char *name, Snapshot snapshot);
extern Snapshot  ml_catalog_snapshot(void);
extern int       ml_previous_version(const char *schema, const char *name); /* 0: none */
extern bytea    *ml_version_bytes(int64 id);

/* The active version of a plain name, or NULL where ml_version_resolve would raise an error. */
extern MlVersion *ml_version_try(const char *model, MlPrivilege privilege);

/* Serialise changes to one model name until the end of the transaction. */
extern void ml_lock_name(const char *schema, const char *name);

/* Make "version" the active one, or none (0); writes the history.  Inside SPI and the owner's scope. */
extern void ml_set_active(const char *schema, const char *name, int version, const char *user, const char *owner, const char *reason);

/* Set the threshold of the version that "model" names, for one who may manage it; "note" (or NULL) joins its notes. */
extern void ml_threshold_set(const char *model, double threshold, const char *note);

/* Tell caches and prepared plans, of this and other sessions, that models changed. */
extern void ml_models_changed(void);

#endif
