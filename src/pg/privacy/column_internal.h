/*
 * column_internal.h - what column.c and column_batches.c share.
 */
#ifndef ML_COLUMN_INTERNAL_H
#define ML_COLUMN_INTERNAL_H

#include "../compat.h"

/* How a column is to be sealed. */
typedef struct MlColumnWish
{
	char *key;
	bool  deterministic;
	char *row_key; /* column that its values are bound to; NULL: to none */
} MlColumnWish;

/* Lock the table, and check that the caller owns it and that it is one whose files we may write anew. */
extern void ml_column_check_table(Oid relid, const char *doing);

/* Check that a column is in clear, of a type that can be sealed, and that nothing depends on it. */
extern void ml_column_check_clear(Oid relid, const char *column, bool deterministic);

/* Check a column, register it and make its first data key; returns its number. */
extern int32 ml_column_register(Oid relid, const char *column, const MlColumnWish *wish);

/* Note that a column is in clear again. */
extern void ml_column_given_back(int32 number);

/* The name of a table for a statement. */
extern char *ml_column_table(Oid relid);

/* ALTER TABLE as the caller; returns the number of rows of the table. */
extern int64 ml_column_alter(Oid relid, const char *query);

/* The notice after a column was sealed. */
extern void ml_column_tell(const char *column, const char *key);

/* Error when the column is being sealed in batches. */
extern void ml_sealing_refuse(Oid relid, const char *column);

/* Seal a value for a column by its number (seal.c); "row" is the text of its row's key, for a column whose values are bound. */
extern Datum ml_seal_for_column(Datum value, Oid type, int32 column_no, const char *row);

#endif
