/*
 * cells.h - a row on its way from the executor to a fold: the columns of one row,
 * converted under a plan's layout.
 *
 * The SQL function cells(plan, c1, …) makes it, the aggregate fold(plan, cells)
 * takes it.  It exists because an aggregate takes at most 99 arguments; beyond
 * that calls nest: cells(plan, cells(plan, c1, …, c98), c99, …).
 *
 *   +---------+--------+--------------------+----------------------------------+
 *   | vl_len_ | filled | numbers (doubles)  | labels: int32 length, bytes, …   |
 *   +---------+--------+--------------------+----------------------------------+
 *
 * The buffer is the call site's own and is overwritten by its next call; the
 * executor copies where it keeps values, as for any by-reference result.
 */
#ifndef ML_CELLS_H
#define ML_CELLS_H

#include "compat.h"
#include "rows.h"
#include "source.h"

/* Where one SQL argument goes. */
typedef struct MlCellColumn
{
	SmlKind     kind;
	size_t      first;     /* slot in numbers or labels */
	size_t      elements;  /* 0 for a scalar */
	char       *name;
} MlCellColumn;

/*
 * The SQL arguments of a layout, in order: number columns, numeric target,
 * weight, label columns, class target.  *count receives their number.
 */
extern MlCellColumn *ml_cell_columns(const SmlLayout *layout, int *count);

/*
 * The SQL that makes the cells of a row under the plan $1: cells($1, s.c3, s.c1, …), nested where the columns are more than one call
 * takes.  "source_columns": of each feature column, in the layout's order; target and weight: source columns.
 */
extern char *ml_cells_call(const SmlLayout *layout, const MlSource *source, const int *source_columns, int target, int weight);

/* Row conversion for scans that bypass the aggregate: the same columns in the same order. */
typedef struct MlRowBuffer
{
	int           count;
	int           plain;    /* the first columns that are copied as they are */
	MlCellColumn *columns;
	MlReader     *readers;
	double       *numbers;
	SmlText      *labels;
} MlRowBuffer;

/* "types": the type of each column, in the order of ml_cell_columns. */
extern MlRowBuffer *ml_row_buffer(const SmlLayout *layout, const Oid *types);
/*
 * Let the buffer open sealed columns, each value checked to be of its column; without this, reading one is an error.  Only where
 * nothing that is read leaves C.  Arguments as for ml_row_list.
 */
extern void ml_row_expect(MlRowBuffer *buffer, const SmlLayout *layout, const MlSource *source, const int *source_columns, int target, int weight);
extern SmlRow ml_row_fill(MlRowBuffer *buffer, const Datum *values, const bool *nulls);

/* The select list for such a scan: s.c3, s.c1, …, in the order of ml_cell_columns. */
extern char *ml_row_list(const SmlLayout *layout, const MlSource *source, const int *source_columns, int target, int weight, Oid **types);

#endif
