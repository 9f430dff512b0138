/*
 * catalog.h - the model tables as C sees them.
 *
 * Reading goes through table_open with the snapshot of the caller's query, so it
 * works in parallel workers and on standbys and costs no SPI.  Writing goes
 * through SPI as the owner of the extension, with fixed text.
 */
#ifndef ML_CATALOG_H
#define ML_CATALOG_H

#include "compat.h"
#include "access/htup.h"
#include "utils/jsonb.h"
#include "utils/relcache.h"

typedef enum MlPrivilege
{
	ML_PREDICT = 1, /* score rows */
	ML_READ = 2,    /* also see coefficients, metrics, runs */
	ML_MANAGE = 3   /* also train new versions, activate, drop, grant */
} MlPrivilege;

/* A model as a user writes it: [schema.]name[@version]. */
typedef struct MlModelName
{
	char *schema;   /* NULL: by the search path */
	char *name;
	int   version;  /* 0: the active one */
	bool  latest;   /* @latest */
	bool  previous; /* @previous */
} MlModelName;

extern void ml_model_name_parse(const char *text, MlModelName *name); /* errors on a malformed name */

/* One row of sustainml.model_version without the bytes. */
typedef struct MlVersion
{
	int64  id;
	char  *schema;
	char  *name;
	int    version;
	char  *owner;
	bool   is_active;
	uint64 checksum;
	double threshold; /* binary: probability at and above which the positive class is predicted */
} MlVersion;

/*
 * Find the version that a name means under "the active snapshot" and check that the current
 * user has the privilege.  Errors: unknown model (with the nearest name), unknown version,
 * no active version, insufficient privilege.  Allocated in CurrentMemoryContext.
 */
extern MlVersion *ml_version_resolve(const char *model, MlPrivilege privilege);

/* A text column of a row, NULL where it is NULL. */
extern char *ml_text_attribute(Relation relation, HeapTuple tuple, int attribute);

/* OIDs of our schema, tables and owner, cached; errors when the extension is not installed. */
extern Oid ml_catalog_relation(const char *relname);
extern Oid ml_catalog_owner(void);

/*
 * Bracket fixed SQL that runs as the extension's owner, with search_path pinned and exempt from forced row security; inside SPI_connect.
 * Nothing needs undoing on error.
 */
typedef struct MlOwnerScope
{
	Oid  user;
	int  context;
	int  guc_level;
} MlOwnerScope;
extern void ml_owner_begin(MlOwnerScope *scope);
extern void ml_owner_end(const MlOwnerScope *scope);

/* Everything train writes for one version. */
typedef struct MlNewVersion
{
	const char *schema;
	const char *name;
	const char *algorithm;
	const char *task;          /* regression, binary, multiclass */
	const char *source;
	const char *search_path;
	const char *target;
	const char *target_type;
	const char *positive;      /* NULL unless binary */
	const char *favorable;
	ArrayType  *protected_columns;
	ArrayType  *features;      /* frozen list of columns */
	ArrayType  *classes;
	Jsonb      *params;
	Jsonb      *preprocess;
	double      holdout;
	Jsonb      *split;
	const char *split_where;   /* SQL over s.cN is not stored; this is the rule in words */
	ArrayType  *split_key;
	const char *weight;
	int64       seed;
	bool        refit;
	double      threshold;
	int         feature_count;
	int64       rows_used;
	int64       rows_skipped;
	int64       rows_held_out;
	const char *evaluation_id; /* same text: same held-out rows */
	const char *metric;
	double      metric_value;
	double      metric_ci_low;
	double      metric_ci_high;
	double      baseline_value;
	Jsonb      *metrics;
	ArrayType  *notes;
	int64       run_id;
	bytea      *bytes;
	uint64      checksum;
} MlNewVersion;

/*
 * Take the lock of this name, find the next version number, insert the row, and
 * activate it when asked, with the reason for the history; "if_better" is decided by the caller.
 * Returns the version number; *id its row id.  The caller has ML_MANAGE on an existing name
 * (checked again here) or CREATE on the schema of a new one.
 */
extern int ml_version_insert(const MlNewVersion *fresh, bool activate, const char *reason, int64 *id);

/* Before training: may the current user create or extend this model?  Fills schema (search path's first for new names). */
extern void ml_version_may_train(MlModelName *name);

/* Link a version to its run (run_id 0: none). */
extern void ml_version_set_run(int64 id, int64 run_id);

/* The active version of (schema, name) without a privilege check; NULL when there is none. */
extern MlVersion *ml_version_active(const char *schema, const char *name);

#endif
