/*
 * resample.h - sustainml.smote and its family, in the order in which a call runs:
 *
 *   request   the arguments, checked before any work; the source, with the filter inside it
 *   holdout   the split: which rows are left out, and keys that keep synthetic rows out of a holdout
 *   columns   what becomes of each column of the result
 *   gather    two scans: class sizes, then the rows of the classes that matter
 *   (core)    which rows to make or to leave out
 *   emit      numbers and codes back to datums of the column's type, into the result
 *
 * Everything lives in one memory context per call.  The result goes to a tuplestore, which spills to disk beyond
 * work_mem; neither the source nor the result is ever held in memory whole, only the rows that the method needs.
 */
#ifndef ML_RESAMPLE_H
#define ML_RESAMPLE_H

#include "../compat.h"
#include "../meter.h"
#include "../rows.h"
#include "../source.h"
#include "../split.h"
#include "../../core/resample/resample.h"
#include "funcapi.h"
#include "utils/tuplestore.h"

/* ---- values by number ------------------------------------------------------------ */

/* The distinct values of a column, in the order of arrival. */
typedef struct MlValue
{
	uint64 hash;
	Datum  datum;
	char  *text;       /* as ml_read_label says it */
	int32  length;
	int64  count;
	int32  rank;       /* in canonical order, after ml_values_rank */
} MlValue;

typedef struct MlValues
{
	MemoryContext context;
	MlReader      reader;
	bool          by_value;
	int16         type_length;
	MlValue      *values;
	int32         count;
	int32         room;
	uint32       *table;
	uint32        table_size;
	size_t        bytes;
} MlValues;

extern MlValues *ml_values_start(MemoryContext context, Oid type);

/* The number of a value that is not NULL; counted when "count". */
extern int32 ml_values_add(MlValues *values, Datum value, bool count);

/* Rank the values: enums in their order, texts that are all numbers by value, others by bytes. */
extern void ml_values_rank(MlValues *values, Oid type);

/* ---- request ---------------------------------------------------------------------- */

typedef enum MlKeys
{
	ML_KEYS_NEW,
	ML_KEYS_NULL,
	ML_KEYS_PARENT
} MlKeys;

typedef struct MlResampleRequest
{
	const char     *doing;      /* "smote": for messages and the run log */
	MlSource       *source;     /* what is read, the filter applied */
	MlSource       *relation;   /* the relation of the row type; NULL for a query */
	char           *shown;      /* for messages and progress */
	TupleDesc       row;        /* of the rows that are made */
	int            *source_of;  /* attribute -> source column, -1: dropped */
	int             target;     /* source column */
	SmlResampleKind kind;
	int             k;          /* 0: as many as there may be */
	int             m;
	double          ratio;      /* 0: none */
	char           *strategy;   /* a name, or a JSON object of sizes */
	int64           seed;
	char          **features;   /* NULL: all that can be */
	int             feature_count;
	char          **exclude;
	int             exclude_count;
	char          **key;        /* lineage: NULL: the primary key */
	int             key_count;
	MlKeys          keys;
	double          shrinkage;
	bool            standardize;
	bool            lineage;
	bool            originals;  /* also hand out the original rows */
	MlSplit        *split;      /* NULL: no row is held out */
	char           *training;   /* SQL over the source: the rows that are not held out; NULL: all */
} MlResampleRequest;

/* From the arguments, which all functions of the family have in one order. */
extern MlResampleRequest *ml_resample_request(FunctionCallInfo fcinfo, const char *doing);

/* "source" with "filter" (SQL of the caller's, one expression) inside it; shared with class_balance. */
extern MlSource *ml_resample_source(const MlSource *source, const char *filter);

/* ---- columns ----------------------------------------------------------------------- */

typedef enum MlRole
{
	ML_ROLE_NULL,     /* dropped, generated, or a key that is left open */
	ML_ROLE_TARGET,
	ML_ROLE_NUMBER,
	ML_ROLE_LABEL,
	ML_ROLE_COPY,     /* the parent's value */
	ML_ROLE_SEQUENCE, /* a new value: of the column's sequence */
	ML_ROLE_COUNTER,  /* after the largest there is */
	ML_ROLE_UUID
} MlRole;

/* Whether a column refers to rows of another table: alone, or together with others. */
typedef enum MlForeign
{
	ML_FOREIGN_NONE,
	ML_FOREIGN_ALONE,
	ML_FOREIGN_PART
} MlForeign;

typedef struct MlResampleColumn
{
	char     *name;
	int       source;
	Oid       type;
	Oid       base;
	int32     typmod;
	bool      is_domain;
	void     *domain_cache;
	MlRole    role;
	size_t    slot;      /* among numbers, labels or copies */
	size_t    elements;  /* of an array of numbers, which takes as many slots; 0: a scalar */
	Oid       element;   /* type of its elements */
	int       copy_key;  /* slot among copies of a lineage key, or -1 */
	MlReader  reader;    /* numbers */
	MlValues *values;    /* labels */
	int32     scale;     /* numeric: the largest met */
	int64     finite;    /* numbers: values that can be used, and those that are NaN or infinite */
	int64     nonfinite;
	Oid       sequence;
	MlForeign foreign;
	bool      sequence_trusted; /* an identity of a table into which the caller may insert */
	int64     counter;
	int16     length;
	bool      by_value;
} MlResampleColumn;

typedef struct MlResampleColumns
{
	int               count;   /* one per attribute of the row */
	MlResampleColumn *columns;
	size_t            numbers;
	size_t            labels;
	size_t            copies;
	int               key_count;    /* lineage: positions in columns */
	int              *keys;
	int               split_count;  /* columns whose values decide whether a row is held out: positions in columns */
	int              *split;
	bool              split_anew;   /* some of them get new values */
	int               hash_count;   /* source columns that order the rows */
	int              *hash_sources;
} MlResampleColumns;

/* ---- the split (holdout.c) ----------------------------------------------------------- */

typedef struct MlEmit MlEmit;

/* The split of the arguments, planned on "plain", the source without the filter. */
extern void ml_resample_split(MlResampleRequest *request, const MlSource *plain, Jsonb *json);

/* Whether the values of a source column decide the split. */
extern bool ml_resample_decides(const MlResampleRequest *request, int column);

/* Find these columns once all have their roles; an error where synthetic rows could be held out. */
extern void ml_resample_split_columns(const MlResampleRequest *request, MlResampleColumns *columns);

/* Draw the new keys of the row in emit->values again until it is not held out. */
extern void ml_resample_keep_out(MlEmit *emit);

extern MlResampleColumns *ml_resample_columns(const MlResampleRequest *request, MemoryContext context);

/* ---- gather ------------------------------------------------------------------------- */

typedef struct MlGathered
{
	MemoryContext  context;
	MlValues      *classes;       /* by arrival; ranks are the class indexes */
	int           *class_value;   /* class index -> number in classes */
	char         **class_names;   /* by class index */
	SmlClassPlan  *plan;
	size_t         class_count;
	int64          without_class; /* rows whose target is NULL */
	int64          rows_read;     /* with a class */
	SmlCases       cases;
	double        *number;
	int32         *code;
	int32         *class_of;
	uint64        *key;
	Datum         *copies;
	bool          *copy_nulls;
	size_t         bytes;         /* taken so far */
	Tuplestorestate *originals;   /* the rows as they came, when they are needed later, or the result itself */
} MlGathered;

/*
 * Count the classes, plan their sizes, read the rows.  "originals" takes all rows with a class in the order of the cases
 * (NULL: not wanted).
 */
extern MlGathered *ml_resample_gather(const MlResampleRequest *request, MlResampleColumns *columns, MemoryContext context,
									  Tuplestorestate *originals);

/* Values and counts of a target alone, of the rows "where" (NULL: all); *missing receives the rows where it is NULL. */
extern MlValues *ml_resample_classes(const MlSource *source, const char *where, int target, MemoryContext context, int64 *missing);

/* ---- emit ----------------------------------------------------------------------------- */

/* A tuple that is written over for each row; NULL for row types that it cannot hold. */
typedef struct MlFixedRow MlFixedRow;
extern MlFixedRow *ml_fixed_row(TupleDesc row);

struct MlEmit
{
	const MlResampleRequest *request;
	MlResampleColumns       *columns;
	MlGathered              *gathered;
	SmlEnv                  *env;
	Tuplestorestate         *store;
	TupleDesc                result;
	MemoryContext            per_row;
	Datum                   *values;
	bool                    *nulls;
	MlFixedRow              *fixed;
	int64                    made;
	double                   shown;  /* progress */
};

extern SmlStatus ml_resample_emit(void *context, const SmlSynthetic *row);

/* The next value of a column whose role is to have one. */
extern Datum ml_resample_new_key(MlResampleColumn *column);

/* What a long call is doing, in pg_stat_activity. */
extern void ml_resample_progress(void *context, const char *phase, double share);

#endif
