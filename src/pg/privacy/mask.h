/*
 * mask.h - masks: the closed list of them, rules on columns, and what a rule becomes in SQL.
 *
 * A rule says how a column of a table is shown: the name of a mask from the list in mask_kinds.c and typed arguments.
 * No SQL text of a user is ever part of it; the only names that go into text are those of the table's own columns, quoted.
 *
 * A policy is a name under which tables are published: a schema with views, owned by a role without login that may
 * read just the columns that the views use.
 */
#ifndef ML_MASK_H
#define ML_MASK_H

#include "../compat.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

/* ---- the list ---------------------------------------------------------------------------- */

typedef enum MlMaskKind
{
	ML_MASK_KEEP, ML_MASK_NULL, ML_MASK_CONSTANT, ML_MASK_PARTIAL, ML_MASK_PARTIAL_EMAIL, ML_MASK_REDACT, ML_MASK_HASH, ML_MASK_PSEUDONYM,
	ML_MASK_FAKE, ML_MASK_BUCKET, ML_MASK_BUCKET_DATE, ML_MASK_ROUND, ML_MASK_CLAMP, ML_MASK_NOISE, ML_MASK_SHIFT_DATE, ML_MASK_SHUFFLE, ML_MASKS
} MlMaskKind;

/* Families of types; bits. */
#define ML_ON_TEXT    0x01 /* text, varchar, char */
#define ML_ON_INTEGER 0x02
#define ML_ON_FLOAT   0x04 /* real, double precision, numeric */
#define ML_ON_DATE    0x08 /* date, timestamp, timestamptz */
#define ML_ON_UUID    0x10
#define ML_ON_SEALED  0x20
#define ML_ON_OTHER   0x40
#define ML_ON_NUMBER  (ML_ON_INTEGER | ML_ON_FLOAT)
#define ML_ON_PLAIN   (ML_ON_TEXT | ML_ON_NUMBER | ML_ON_DATE | ML_ON_UUID | ML_ON_OTHER)

/* Arguments in the order of the SQL function. */
typedef enum MlMaskArg
{
	ML_ARG_PREFIX, ML_ARG_SUFFIX, ML_ARG_FILL, ML_ARG_VALUE, ML_ARG_WIDTH, ML_ARG_ORIGIN, ML_ARG_UNIT, ML_ARG_STEP, ML_ARG_LOWER, ML_ARG_UPPER,
	ML_ARG_RATIO, ML_ARG_AMOUNT, ML_ARG_DAYS, ML_ARG_DOMAIN, ML_ARG_KIND, ML_MASK_ARGS
} MlMaskArg;

typedef struct MlMaskArgs
{
	bool   given[ML_MASK_ARGS];
	double number[ML_MASK_ARGS]; /* of those that are numbers */
	char  *text[ML_MASK_ARGS];   /* of those that are text */
} MlMaskArgs;

typedef struct MlMask
{
	const char *name;
	int         types;      /* families it fits */
	uint32      needs;      /* bits of arguments that must be given */
	uint32      takes;      /* bits of those that may be */
	bool        keyed;
	bool        static_only;
	bool        injective;  /* different values stay different */
	const char *words;      /* for the list */
} MlMask;

extern const MlMask *ml_mask(MlMaskKind kind);
extern MlMaskKind    ml_mask_find(const char *name); /* error with the nearest name */
extern bool          ml_mask_arg_is_text(MlMaskArg arg);

/* The family of a type; domains are looked through. */
extern int           ml_mask_family(Oid type);
extern const char   *ml_mask_families(int families); /* in words */

/* Error unless the arguments are those of the mask, in range, and fit the type. */
extern void          ml_mask_check(MlMaskKind kind, const MlMaskArgs *args, Oid type, int32 typmod, const char *column);

/* Arguments to jsonb and back. */
extern Jsonb        *ml_mask_args_json(const MlMaskArgs *args);
extern void          ml_mask_args_read(Jsonb *json, MlMaskArgs *args);

/* ---- rules ------------------------------------------------------------------------------------ */

typedef struct MlRule
{
	int32       rule_no;
	char       *policy;      /* "" for all policies */
	char       *column;
	MlMaskKind  kind;
	MlMaskArgs  args;
	char       *key;         /* NULL */
	char       *unmask_role; /* NULL */
	char       *created_by;
} MlRule;

/* Rules of a table for a policy (one of the policy before one of all), in the current memory context. */
extern List *ml_rules_of(Oid relid, const char *policy);
extern MlRule *ml_rule_for(List *rules, const char *column);

/* Whether the type of the masked column differs from the column's. */
extern bool  ml_rule_changes_type(const MlRule *rule, Oid type);

/*
 * The SQL expression of a rule over the column "t".column; see_through: with the branch for those who may unmask.
 * The text holds nothing but our function names, literals that were checked, and the quoted name of the column.
 */
extern char *ml_rule_expression(const MlRule *rule, Oid type, int32 typmod, bool see_through);

/* What run-time functions need of a rule; false when it is gone. */
typedef struct MlRuleKey
{
	char key[NAMEDATALEN];         /* "": none */
	char domain[256];
	char unmask_role[NAMEDATALEN]; /* "": none */
	char created_by[NAMEDATALEN];
} MlRuleKey;
extern bool ml_rule_key(int32 rule_no, MlRuleKey *rule);

/* Whether a role is that of a policy. */
extern bool ml_is_policy_role(Oid role);

/* The masked views that a source (MlSource.from) reads, with their masks, for a note; NULL when there are none.  In the current memory context. */
extern char *ml_masked_words(const char *from);

/* ---- helpers that the files of masking share ---------------------------------------------------- */

/* Error unless the current user owns the table; also for what is no table.  Takes a lock. */
extern void ml_mask_check_table(Oid relid, LOCKMODE lock, const char *doing);

/* Fixed SQL as the owner of the extension; returns the number of rows.  Inside SPI. */
extern uint64 ml_mask_catalog(const char *query, int count, Oid *types, Datum *values, const char *nulls, int expected);

/* "schema"."name" of a relation. */
extern char *ml_quoted_relation(Oid relid);

#endif
