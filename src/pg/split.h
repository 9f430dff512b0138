/*
 * split.h - which rows train and which are held out.
 *
 * The rule is one SQL predicate over the source's columns, so the same rows are
 * chosen on any server, in any physical order and under any plan, and anybody
 * can write it:  WHERE NOT sustainml.held_out(seed, share, id).
 *
 *   by key     held_out(seed, share, key columns…): primary key, {"by": …}, or all
 *              columns when rows are nearly all distinct
 *   by time    {"time": "month", "gap": "7 days"}: the last share of the rows by time; rows of
 *              the gap before the cut belong to neither part
 *   by column  {"column": "is_test"}: rows where it is true (or not 0, or 'test')
 *   by source  {"source": "orders_test"}: all rows of a second source
 */
#ifndef ML_SPLIT_H
#define ML_SPLIT_H

#include "compat.h"
#include "source.h"
#include "utils/jsonb.h"

typedef enum MlSplitKind
{
	ML_SPLIT_NONE = 0,
	ML_SPLIT_KEY,
	ML_SPLIT_TIME,
	ML_SPLIT_COLUMN,
	ML_SPLIT_SOURCE
} MlSplitKind;

typedef struct MlSplit
{
	MlSplitKind kind;
	double      share;
	int64       seed;
	int         column_count;  /* KEY: the key columns; TIME and COLUMN: one */
	char      **columns;
	bool        whole_row;     /* the key is all columns */
	char       *cut;           /* TIME: held out from here on, as text */
	char       *gap;           /* TIME: interval or number, or NULL */
	char       *source;        /* SOURCE: the second source */
} MlSplit;

/*
 * Decide the split.  "split" is the user's jsonb or NULL.  May scan the source (time cut, distinctness of
 * rows), so call it between ml_scan_begin and ml_scan_end.  Errors: unknown keys or columns, a
 * share outside [0, 1), no usable key.
 */
extern MlSplit *ml_split_plan(const MlSource *source, Jsonb *split, double share, int64 seed);

/* SQL over s.c1…: the held-out rows, or the training rows; NULL: all rows.  "source" may be another one with the same columns. */
extern char *ml_split_predicate(const MlSplit *split, const MlSource *source, bool held_out);

/* Rows that belong to neither part (the gap, unknown time); NULL: there are none. */
extern char *ml_split_neither(const MlSplit *split, const MlSource *source);

/* To and from the catalog. */
extern Jsonb   *ml_split_json(const MlSplit *split);
extern MlSplit *ml_split_from_json(Jsonb *json);

/*
 * The split stored with a version, and its predicate over "source" in one step
 * (NULL: all rows).  Runs inside or outside SPI.
 */
extern MlSplit *ml_split_of_version(int64 version_id);
extern char    *ml_split_where(const MlSource *source, int64 version_id, bool held_out);

#endif
