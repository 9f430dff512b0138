/*
 * groups.h - the groups that rows belong to: the distinct combinations of the values of
 * protected columns, numbered.  A row with a missing value belongs to none.
 *
 * Numbers are given as groups are met; ml_groups_sort numbers them anew in the byte order of their values, so
 * that results do not depend on the order of rows.
 */
#ifndef ML_GROUPS_H
#define ML_GROUPS_H

#include "../compat.h"
#include "../rows.h"
#include "../source.h"

/* More combinations than this are no groups. */
#define ML_MOST_GROUPS 1000

typedef struct MlGroups MlGroups;

/* In CurrentMemoryContext.  The columns are those of "source"; errors for unknown ones, repeated ones, or arrays. */
extern MlGroups *ml_groups_make(const MlSource *source, char *const *columns, int count);

/* Prepare to read another source with the same columns. */
extern void ml_groups_rebind(MlGroups *groups, const MlSource *source);

/* "s.c7" of column i. */
extern char *ml_groups_expression(const MlGroups *groups, int i);

/* The number of the group of a row's values; -1: a value is missing, or the group is not known and "add" is false. */
extern int32 ml_groups_read(MlGroups *groups, const Datum *values, const bool *nulls, bool add);

extern int   ml_groups_count(const MlGroups *groups);
extern int   ml_groups_columns(const MlGroups *groups);
extern int   ml_groups_column(const MlGroups *groups, int i);            /* of the source */
extern char **ml_groups_names(const MlGroups *groups);                   /* of the columns */
extern char *const *ml_groups_values(const MlGroups *groups, int group); /* a text per column */
extern char *ml_groups_label(const MlGroups *groups, int group);         /* "Female, Black" */
extern char *ml_groups_attribute(const MlGroups *groups);                /* "sex", "sex & race" */

/* Number by values; map[old] is the new number. */
extern int32 *ml_groups_sort(MlGroups *groups);

#endif
