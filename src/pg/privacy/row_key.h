/*
 * row_key.h - columns whose values are bound to the key of their row.
 *
 * encrypt_column(…, row_key => 'id') binds each value to the text of another column of its row, so that it cannot be moved to
 * another row.  The catalog names the key column (protected_column.row_key).  Whoever opens such a value needs the row's
 * key beside it: statements that we write pass sustainml.with_row(value, key), which packs the two, still sealed, for readers
 * in C (learn.c).  Its type has no input and no output, and it begins with a byte that no sealed value begins with.
 *
 * The key column is found by the name it had; where that is gone, a table's primary key of one column is taken for it.  A
 * wrong guess cannot do harm: the value does not open.
 */
#ifndef ML_ROW_KEY_H
#define ML_ROW_KEY_H

#include "../compat.h"
#include "../source.h"
#include "../../core/privacy/secret.h"

/* OID of the type of bound values; InvalidOid where the extension is not installed. */
extern Oid ml_bound_type(void);

/* Whether a datum is a bound value (and not a sealed one), and its parts.  They lie in the datum. */
extern bool ml_bound_parts(struct varlena *bytes, SmlSlice *row, SmlSlice *sealed);

/* Pack a sealed value and the key of its row. */
extern Datum ml_bind(Datum sealed, SmlSlice row);

/* The name of the key column of a sealed column; NULL when its values are not bound, or it is not known. */
extern const char *ml_row_key(int32 column_no);

/* The key column in a table; errors when there is none. */
extern AttrNumber ml_row_key_of_table(Oid relid, int32 column_no);

/* Check that a column can be the key of another's values: of a type with one text form, never NULL, unique. */
extern void ml_row_key_check(Oid relid, const char *column, const char *row_key);

/* ", t.id::text" for a call that takes the row's key last; "" when values are not bound.  "qualifier": "t." or "". */
extern char *ml_row_key_argument(Oid relid, int32 column_no, const char *qualifier);

/* Make, or drop, the trigger that keeps keys from changing under their values. */
extern void ml_row_key_guard(Oid relid, int32 column_no);
extern void ml_row_key_unguard(Oid relid, int32 column_no);

/* The key of a row as text, from a tuple of the table. */
extern char *ml_row_key_text(HeapTuple tuple, TupleDesc row, AttrNumber number);

/* The source column with the row's key that values of "column" are bound to; -1 when it is not there, -2 when they are not bound. */
extern int ml_source_row_key(const MlSource *source, int column);

/* A column in a select list over a source: s.c3, or with its row's key; and its type there. */
extern char *ml_source_cell(const MlSource *source, int column);
extern Oid   ml_source_cell_type(const MlSource *source, int column);

#endif
