/*
 * statement.h - small pieces of statements on our own tables: fixed text, run inside SPI in the owner's scope.
 */
#ifndef ML_STATEMENT_H
#define ML_STATEMENT_H

#include "compat.h"

/*
 * Run a statement that may write; an unexpected code is an internal error.  "expected" 0 stands for any success; "nulls" may be NULL.  Returns the number of rows.
 * An error has the context of the caller, without our own statements and functions.
 */
extern uint64 ml_statement(const char *query, int count, Oid *types, Datum *values, const char *nulls, int expected);

/* Run a statement such as ALTER TABLE as the caller, in an SPI connection of its own. */
extern void ml_utility(const char *statement);

/* A column of a row of the result as text, or as a bytea of exactly "size" bytes (NULL otherwise).  They live until SPI_finish. */
extern char        *ml_result_text(uint64 row, int column);
extern const uint8 *ml_result_bytes(uint64 row, int column, size_t size);

/* A bytea. */
extern bytea *ml_bytes(const void *bytes, size_t size);

#endif
