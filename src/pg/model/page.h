/*
 * page.h - one self-contained HTML page, written from the rows of queries.
 *
 * The page needs no script, font or picture from elsewhere, follows the reader's light or dark theme and fits a narrow
 * screen.  All text is escaped.  Queries are ours, run under the caller's rights with our own search path.
 */
#ifndef ML_PAGE_H
#define ML_PAGE_H

#include "../compat.h"

#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "../parameters.h"

/* Begin a page: its title, and below it what it is and when it was made. */
extern void ml_page_begin(StringInfo page, const char *title, const char *what);

/* End it; returns the whole as text. */
extern Datum ml_page_end(StringInfo page);

/* Write the rows of a query, of which there is at least one. */
typedef void (*MlPageLayout)(StringInfo page, SPITupleTable *rows, uint64 count);

/*
 * A section from a query; left out when there is no row.  heading and before, which are our own text and not escaped, may be NULL.
 * Returns the number of rows.
 */
extern uint64 ml_page_section(StringInfo page, const char *heading, const char *before, const char *query, MlParameters *parameters, MlPageLayout layout);

/* The first column of a query as a list of texts. */
extern List *ml_page_texts(const char *query, MlParameters *parameters);

/* A table; columns without any value are left out, and a column "verdict" is set off by colour. */
extern void ml_page_table(StringInfo page, SPITupleTable *rows, uint64 count);

/* One row as a table of names and values, those that are NULL left out. */
extern void ml_page_facts(StringInfo page, SPITupleTable *rows, uint64 count);

/* The first column as a list. */
extern void ml_page_list(StringInfo page, SPITupleTable *rows, uint64 count);

/* Columns title, label, value, low, high, reference: a picture of intervals for each title. */
extern void ml_page_intervals(StringInfo page, SPITupleTable *rows, uint64 count);

/* Columns title, label, kind, gap, accuracy, best, problem: for each title the picture of a front, or the problem why there is none. */
extern void ml_page_fronts(StringInfo page, SPITupleTable *rows, uint64 count);

/* For layouts of one's own: an escaped cell or heading, a value as text, as a number (NaN: NULL), as a truth. */
extern void   ml_page_cell(StringInfo page, const char *tag, bool number, const char *text);
extern char  *ml_page_text(SPITupleTable *rows, uint64 row, int column);
extern double ml_page_number(SPITupleTable *rows, uint64 row, int column);
extern bool   ml_page_true(SPITupleTable *rows, uint64 row, int column);

#endif
