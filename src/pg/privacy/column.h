/*
 * column.h - sealed columns: what the catalog says of a column's number.
 */
#ifndef ML_COLUMN_H
#define ML_COLUMN_H

#include "../compat.h"
#include "../../core/privacy/keyring.h"

typedef struct MlColumnInfo
{
	int32 column_no;
	bool  deterministic;
	char  row_key[NAMEDATALEN]; /* column that the values are bound to; empty: to none */
	char  key[NAMEDATALEN];
	uint8 column_id[SML_CONTEXT_SIZE];
	char  column[NAMEDATALEN]; /* its name when it was sealed */
	char  column_type[256]; /* before it was sealed */
} MlColumnInfo;

/* A sealed column by its number; good until the next call.  An unknown number is an error. */
extern const MlColumnInfo *ml_column_info(int32 column_no);

/* The same, or NULL for an unknown number. */
extern const MlColumnInfo *ml_column_known(int32 column_no);

/* The number of a sealed column of a table; errors when there is no such column or it is not sealed. */
extern int32 ml_sealed_column(Oid relid, const char *column);

#endif
