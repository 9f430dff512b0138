/*
 * nearest.h - the name that a user may have meant, for hints.
 */
#ifndef ML_NEAREST_H
#define ML_NEAREST_H

#include "compat.h"

/* The nearest of "names" by edit distance, or NULL when none is near. */
extern const char *ml_nearest_name(const char *name, const char *const *names, int count);

/* The index of "wanted" among names (NULLs are passed over): exact, else the only one that differs in case; -1 none. */
extern int ml_find_name(const char *wanted, const char *const *names, int count);

/* Refuse a class that "what" (a setting) names and the target does not have, and say which class was meant or which there are. */
pg_noreturn extern void ml_unknown_class(const char *what, const char *name, const char *const *classes, int count);

/* The nearest relation that the user may read in "schema" (NULL: the search path), quoted as needed, or NULL. */
extern char *ml_nearest_relation(const char *schema, const char *name);

/* The error for a column that a table does not have, with the nearest that it has. */
pg_noreturn extern void ml_no_such_column(Oid relid, const char *column);

#endif
