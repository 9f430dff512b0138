/*
 * source.h - where rows come from: a table, view or other relation by name, or
 * a query.  Every scan runs through SPI with the caller's rights, under one
 * read-only snapshot, and cannot write (XactReadOnly is on around it).
 *
 * Columns are always addressed as s.c1 … s.cN, so no name of the user's is ever
 * part of the text we build, except the relation's own quoted name.
 */
#ifndef ML_SOURCE_H
#define ML_SOURCE_H

#include "compat.h"
#include "nodes/pg_list.h"
#include "tcop/dest.h"

typedef struct MlSourceColumn
{
	char *name;
	Oid   type;
	int32 typmod;
	bool  not_null;   /* declared NOT NULL (relations only) */
	bool  is_key;     /* part of the primary key (relations only) */
	bool  is_generated_identity;
	int32 sealed;     /* number of a sealed column, whose values privacy/learn.h can open; 0: not sealed */
	bool  sealing;    /* holds the values of another column while that is being encrypted in batches */
} MlSourceColumn;

typedef struct MlSource
{
	char           *text;     /* as the user gave it */
	char           *from;     /* "schema"."table" or (query) */
	Oid             relid;    /* InvalidOid for a query */
	bool            row_security; /* policies decide which rows the caller sees */
	int             column_count;
	MlSourceColumn *columns;  /* 1-based alias c<i+1> belongs to columns[i] */
} MlSource;

/*
 * Look at a source: errors for an unknown table (with the nearest name), for a
 * query that is not one SELECT, VALUES, TABLE or WITH, or that does not parse.
 * Allocated in CurrentMemoryContext.
 */
extern MlSource *ml_source_open(const char *text);

/* The parts of [schema.]name for makeRangeVarFromNameList; NIL when the text is no name. */
extern List *ml_name_list(const char *text);

/* Index of a column: exact name, then unique case-insensitive; -1 when there is none. */
extern int ml_source_find(const MlSource *source, const char *name);

/* The same, with an error that names the nearest column.  "what" says whose: "target". */
extern int ml_source_column(const MlSource *source, const char *name, const char *what);

/* An error unless the caller may read the column (of a relation; the columns of a query are checked by its execution). */
extern void ml_source_check_right(const MlSource *source, int column);

/*
 * The comparison of a type's default B-tree order, for example OPERATOR(pg_catalog.<): our queries also run
 * under search paths with schemas of others, where the bare operator could be one that fits the type better.
 */
extern char *ml_operator(Oid type, int strategy);

/* "SELECT <list> FROM <source> AS s(c1, …) [WHERE <where>]"; where may be NULL. */
extern char *ml_source_query(const MlSource *source, const char *list, const char *where);

/* Called for every row of a scan. */
typedef void (*MlRowFunction)(void *context, const Datum *values, const bool *nulls);

/*
 * Run "query" serially and hand over each row.  param is an optional single
 * bytea parameter $1 (0 = none).  The callback runs inside the executor: it may
 * raise errors and must not use SPI.  Returns the number of rows.
 */
extern uint64 ml_source_each(const char *query, Datum param, MlRowFunction each, void *context);

/* The same where the planner may use parallel workers: for aggregates over the rows. */
extern uint64 ml_source_each_parallel(const char *query, Datum param, MlRowFunction each, void *context);
/*
 * Bracket queries that write values as text to be read again, in this session or another: dates as ISO, floats
 * with all their digits, whatever the session's settings.  Nothing needs undoing on error.
 */
extern int  ml_exact_text_begin(void);
extern void ml_exact_text_end(int level);

/* Bracket a group of scans: one snapshot for all, read-only.  Nothing needs undoing on error. */
typedef struct MlScan
{
	bool was_read_only;
	bool pushed;
} MlScan;
extern void ml_scan_begin(MlScan *scan);
extern void ml_scan_end(MlScan *scan);

#endif
