/*
 * split.h - which rows train and which are held out.
 *
 * The rule is one SQL predicate over the source's columns, so the same rows are
 * chosen on any server, in any physical order and under any plan, and anybody
 * can write it:  WHERE NOT sustainml.held_out(seed, share, id).
 *
 *   by key     held_out(seed, share, key columns…): primary key, {"by": …}, or all
 *              columns when rows are nearly all distinct
 *   by time    {"time": "month", "gap": "7 days"}: the last share of the rows by time, or with "from" all rows from
 *              then on; rows of the gap before the cut belong to neither part
 *   by column  {"column": "is_test"}: rows where it is true (or not 0, or 'test')
 *   by source  {"source": "orders_test"}: all rows of a second source
 *
 * {"holdout": 0.2, "seed": 0} beside these say the share and the seed, so that one value carries the whole rule to
 * functions that have no such arguments.  A key that is NULL is a key like any other: rows without one are all on the same side.
 *
 * A share of the held-out rows may be set aside for calibration.  Of rows held out by time these are the first
 * ones, so that what is measured lies after everything that was learnt; else they are chosen by the hash of their
 * key: of rows held out by key, those with the smaller hashes, held_out(seed, share * set aside, key); else
 * held_out(seed, set aside, primary key or all columns).
 * "The held-out rows" then means the others, on which the metrics rest.
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
	bool        cut_given;     /* the cut is the user's, and stays where it is */
	char       *gap;           /* TIME: interval or number, or NULL */
	char       *source;        /* SOURCE: the second source */
	double      aside;         /* share of the held-out rows that calibrates; 0: none */
	char       *aside_until;   /* TIME: set aside up to here, as text */
	int         aside_column_count; /* COLUMN and SOURCE: by which they are chosen */
	char      **aside_columns;
} MlSplit;

/* The share and the seed, where the split names them itself; unchanged where it does not. */
extern void ml_split_own(Jsonb *split, double *share, int64 *seed);

/*
 * Decide the split.  "split" is the user's jsonb or NULL.  May scan the source (time cut, distinctness of
 * rows), so call it between ml_scan_begin and ml_scan_end.  Errors: unknown keys or columns, a
 * share outside [0, 1), no usable key.
 */
extern MlSplit *ml_split_plan(const MlSource *source, Jsonb *split, double share, int64 seed);

/* SQL over s.c1…: the held-out rows without those set aside, or the training rows; NULL: all rows.  "source" may be another one with the same columns. */
extern char *ml_split_predicate(const MlSplit *split, const MlSource *source, bool held_out);

/* Set a share of the held-out rows aside; "held" is the source that they are in. */
extern void ml_split_set_aside(MlSplit *split, const MlSource *held, double share);

/* SQL over the columns of the source of the held-out rows: those set aside; NULL: there are none. */
extern char *ml_split_aside(const MlSplit *split, const MlSource *source);

/*
 * SQL over the columns of the source of the held-out rows: a sample of this share, by another hash of the key, primary key or all columns;
 * NULL: there is no column to choose by.
 */
extern char *ml_split_sample(const MlSplit *split, const MlSource *held, double share);

/* SQL: the rows that had a part in the model, training rows and those set aside; NULL: all rows. */
extern char *ml_split_seen(const MlSplit *split, const MlSource *source);

/* Whether no row that "mine" evaluates on had a part in a model with the split "theirs" on the same source. */
extern bool ml_split_unseen(const MlSplit *mine, const MlSplit *theirs);

/* Rows that belong to neither part (the gap, unknown time); NULL: there are none. */
extern char *ml_split_neither(const MlSplit *split, const MlSource *source);

/* To and from the catalog. */
extern Jsonb   *ml_split_json(const MlSplit *split);
extern MlSplit *ml_split_from_json(Jsonb *json);

/* The split stored with a version.  Runs inside or outside SPI. */
extern MlSplit *ml_split_of_version(int64 version_id);

#endif
