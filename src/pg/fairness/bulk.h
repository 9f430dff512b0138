/*
 * bulk.h - many rows into one of our tables at once, and the hash of their lines; see bulk.c.
 */
#ifndef ML_FAIR_BULK_H
#define ML_FAIR_BULK_H

#include "../compat.h"

typedef struct MlBulk MlBulk;

/*
 * Begin to write into sustainml."table", inside ml_owner_begin.  "columns" are all of its columns in order: values come
 * in that order, and a table of another version is an error.
 */
extern MlBulk *ml_bulk_begin(const char *table, const char *const *columns, int count);

/* The next row, to be filled: value by value in the order of columns. */
extern void ml_bulk_text(MlBulk *bulk, const char *text);   /* NULL: NULL; must stay as it is until ml_bulk_end */
extern void ml_bulk_number(MlBulk *bulk, double number);    /* NaN: NULL */
extern void ml_bulk_int8(MlBulk *bulk, int64 number);
extern void ml_bulk_int4(MlBulk *bulk, int32 number);
extern void ml_bulk_bool(MlBulk *bulk, bool value);
extern void ml_bulk_datum(MlBulk *bulk, Datum value, bool isnull); /* must stay until ml_bulk_end */
extern void ml_bulk_row(MlBulk *bulk);                      /* the row is complete */

/* Memory that lives until the rows so far are written. */
extern MemoryContext ml_bulk_memory(MlBulk *bulk);

/* Write what is left; returns the SHA-256 of the lines as hex, NULL without rows. */
extern char *ml_bulk_end(MlBulk *bulk);

/* The SHA-256 of some bytes as hex. */
extern char *ml_sha256_hex(const char *bytes, size_t length);

#endif
