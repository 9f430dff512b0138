/*
 * page.c - one self-contained HTML page from the rows of queries; see page.h.
 *
 * Cost: a line of text for each row.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "page.h"
#include "plot.h"

static const char style[] =
	":root{color-scheme:light dark;--ink:#1d2733;--soft:#5b6b7b;--line:#d8dfe6;--back:#fff;--mark:#1f7a5c;--faint:#b06a2c;--alarm:#b3261e}"
	"@media(prefers-color-scheme:dark){:root{--ink:#e3e9ef;--soft:#9fb0c0;--line:#33404d;--back:#12181f;--mark:#4fc39a;--faint:#e0a26a;--alarm:#f2867c}}"
	"body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);max-width:60rem;margin:2rem auto;padding:0 1rem}"
	"h1{font-size:1.7rem;margin:0 0 .2rem}h2{font-size:1.15rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line)}"
	"table{border-collapse:collapse;margin:.5rem 0;font-size:.9rem}th,td{padding:.2rem .7rem .2rem 0;text-align:left;vertical-align:top;"
	"border-bottom:1px solid var(--line)}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}th{color:var(--soft);font-weight:600}"
	".pass,.fail,.unsure{white-space:nowrap;border-radius:.6rem;padding:0 .5rem;font-weight:600;font-size:.8rem;border:1px solid}"
	".pass{color:var(--mark)}.fail{color:var(--back);background:var(--alarm);border-color:var(--alarm)}.unsure{color:var(--faint)}"
	"summary{cursor:pointer;color:var(--soft);font-size:.9rem}table.facts td{overflow-wrap:anywhere}td.n{white-space:nowrap}"
	"svg .name{font:12px system-ui,sans-serif;fill:var(--ink)}svg .track{fill:var(--line);opacity:.5}svg .pale{opacity:.45}svg .alarm{fill:var(--alarm)}"
	"svg .whisker{stroke:var(--ink);stroke-width:1.2;fill:none}svg .all{stroke:var(--ink);stroke-dasharray:2 2;fill:none}"
	"svg .limit{stroke:var(--faint);stroke-width:2;stroke-dasharray:5 2;fill:none}"
	".soft{color:var(--soft)}.row{display:flex;flex-wrap:wrap;gap:1.5rem}.wide{overflow-x:auto}"
	"svg{max-width:100%;height:auto}svg .axis{font:12px system-ui,sans-serif;fill:var(--soft)}svg .grid{stroke:var(--line);stroke-width:1;fill:none}"
	"svg .faint{stroke:var(--faint);stroke-dasharray:4 4;fill:none}svg .curve{stroke:var(--mark);stroke-width:2;fill:none}svg .thin{stroke-width:1}"
	"svg .mark{fill:var(--mark)}figure{margin:0;max-width:20rem}.three figure{max-width:18rem}figure.broad{max-width:none;margin:1rem 0}figcaption{color:var(--soft);font-size:.85rem}";

/* ---- tables from the views --------------------------------------------------------------------- */

static bool
is_number(Oid type)
{
	return type == FLOAT8OID || type == INT4OID || type == INT8OID;
}

char *
ml_page_text(SPITupleTable *rows, uint64 row, int column)
{
	bool  isnull;
	Datum value = SPI_getbinval(rows->vals[row], rows->tupdesc, column, &isnull);

	if (isnull)
		return "–";
	if (SPI_gettypeid(rows->tupdesc, column) == FLOAT8OID)
		return psprintf("%.5g", DatumGetFloat8(value));
	return SPI_getvalue(rows->vals[row], rows->tupdesc, column);
}

/* A cell or heading, numbers to the right. */
void
ml_page_cell(StringInfo page, const char *tag, bool number, const char *text)
{
	appendStringInfo(page, "<%s%s>", tag, number ? " class=\"n\"" : "");
	ml_html_text(page, text);
	appendStringInfo(page, "</%s>", tag);
}

/* A column's name for people. */
static char *
heading_of(TupleDesc row, int column)
{
	char *name = SPI_fname(row, column);

	for (char *c = name; *c; c++)
		if (*c == '_')
			*c = ' ';
	return name;
}

static bool
is_empty(SPITupleTable *rows, uint64 count, int column)
{
	bool isnull = true;

	for (uint64 r = 0; r < count && isnull; r++)
		(void) SPI_getbinval(rows->vals[r], rows->tupdesc, column, &isnull);
	return isnull;
}

static bool
is_verdict(SPITupleTable *rows, uint64 row, int column)
{
	bool isnull;

	(void) SPI_getbinval(rows->vals[row], rows->tupdesc, column, &isnull);
	return !isnull && strcmp(SPI_fname(rows->tupdesc, column), "verdict") == 0;
}

/* A verdict stands out, whatever the colours are taken for. */
static void
put_verdict(StringInfo page, const char *text)
{
	const char *class = strcmp(text, "pass") == 0 ? "pass" : strcmp(text, "fail") == 0 ? "fail" : "unsure";

	appendStringInfo(page, "<td><span class=\"%s\">", class);
	ml_html_text(page, text);
	appendStringInfoString(page, "</span></td>");
}

bool
ml_page_true(SPITupleTable *rows, uint64 row, int column)
{
	bool  isnull;
	Datum value = SPI_getbinval(rows->vals[row], rows->tupdesc, column, &isnull);

	return !isnull && DatumGetBool(value);
}

/* The rows of a query as a table; columns without any value are left out. */
void
ml_page_table(StringInfo page, SPITupleTable *rows, uint64 count)
{
	TupleDesc row = rows->tupdesc;
	bool     *empty = palloc(sizeof(bool) * (row->natts + 1));

	appendStringInfoString(page, "<div class=\"wide\"><table><thead><tr>");
	for (int i = 1; i <= row->natts; i++)
	{
		empty[i] = is_empty(rows, count, i);
		if (!empty[i])
			ml_page_cell(page, "th", is_number(SPI_gettypeid(row, i)), heading_of(row, i));
	}
	appendStringInfoString(page, "</tr></thead><tbody>\n");
	for (uint64 r = 0; r < count; r++)
	{
		appendStringInfoString(page, "<tr>");
		for (int i = 1; i <= row->natts; i++)
			if (!empty[i] && is_verdict(rows, r, i))
				put_verdict(page, ml_page_text(rows, r, i));
			else if (!empty[i])
				ml_page_cell(page, "td", is_number(SPI_gettypeid(row, i)), ml_page_text(rows, r, i));
		appendStringInfoString(page, "</tr>\n");
	}
	appendStringInfoString(page, "</tbody></table></div>\n");
}

/* One row as a table of names and values, those that are NULL left out. */
void
ml_page_facts(StringInfo page, SPITupleTable *rows, uint64 count)
{
	appendStringInfoString(page, "<table class=\"facts\"><tbody>\n");
	for (int i = 1; i <= rows->tupdesc->natts; i++)
	{
		if (is_empty(rows, 1, i))
			continue;
		appendStringInfoString(page, "<tr>");
		ml_page_cell(page, "th", false, heading_of(rows->tupdesc, i));
		ml_page_cell(page, "td", false, ml_page_text(rows, 0, i));
		appendStringInfoString(page, "</tr>\n");
	}
	appendStringInfoString(page, "</tbody></table>\n");
}

void
ml_page_list(StringInfo page, SPITupleTable *rows, uint64 count)
{
	appendStringInfoString(page, "<ul>\n");
	for (uint64 r = 0; r < count; r++)
		ml_page_cell(page, "li", false, ml_page_text(rows, r, 1));
	appendStringInfoString(page, "</ul>\n");
}

double
ml_page_number(SPITupleTable *rows, uint64 row, int column)
{
	bool  isnull;
	Datum value = SPI_getbinval(rows->vals[row], rows->tupdesc, column, &isnull);

	return isnull ? NAN : DatumGetFloat8(value);
}

/* The rows from "first" on that have one title; returns where the next title begins. */
static uint64
put_picture(StringInfo page, SPITupleTable *rows, uint64 first, uint64 count)
{
	char       *title = ml_page_text(rows, first, 1);
	MlInterval *intervals = palloc(sizeof(MlInterval) * (count - first));
	uint64      next = first;

	for (; next < count && strcmp(ml_page_text(rows, next, 1), title) == 0; next++)
		intervals[next - first] = (MlInterval) {
			ml_page_text(rows, next, 2), ml_page_number(rows, next, 3), ml_page_number(rows, next, 4), ml_page_number(rows, next, 5)};
	appendStringInfoString(page, "<figure class=\"broad\"><figcaption>");
	ml_html_text(page, title);
	appendStringInfoString(page, "</figcaption>");
	ml_plot_intervals(page, intervals, next - first, ml_page_number(rows, first, 6));
	appendStringInfoString(page, "</figure>\n");
	return next;
}

void
ml_page_intervals(StringInfo page, SPITupleTable *rows, uint64 count)
{
	for (uint64 r = 0; r < count;)
		r = put_picture(page, rows, r, count);
}

/* A front, or why there is none; returns where the next title begins. */
static uint64
put_front(StringInfo page, SPITupleTable *rows, uint64 first, uint64 count)
{
	char       *title = ml_page_text(rows, first, 1);
	MlFrontDot *dots = palloc(sizeof(MlFrontDot) * (count - first));
	uint64      next = first;
	uint64      made = 0;

	for (; next < count && strcmp(ml_page_text(rows, next, 1), title) == 0; next++)
	{
		double kind = ml_page_number(rows, next, 3);

		if (!isnan(kind))
			dots[made++] = (MlFrontDot) {ml_page_text(rows, next, 2), (int) kind, ml_page_number(rows, next, 4), ml_page_number(rows, next, 5),
				ml_page_true(rows, next, 6)};
	}
	appendStringInfoString(page, "<figure><figcaption>");
	ml_html_text(page, title);
	appendStringInfoString(page, made > 0 ? "</figcaption>" : ": ");
	if (made > 0)
		ml_plot_front(page, dots, made);
	else
	{
		ml_html_text(page, ml_page_text(rows, first, 7));
		appendStringInfoString(page, "</figcaption>");
	}
	appendStringInfoString(page, "</figure>\n");
	return next;
}

void
ml_page_fronts(StringInfo page, SPITupleTable *rows, uint64 count)
{
	for (uint64 r = 0; r < count;)
		r = put_front(page, rows, r, count);
}

/* ---- the page ----------------------------------------------------------------------------------- */

/* Begin to read the rows of a query of ours, which uses our own names only; returns the level of settings for end_query. */
static int
begin_query(const char *query, MlParameters *parameters)
{
	int level = NewGUCNestLevel();

	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	SPI_connect();
	if (SPI_execute_with_args(query, parameters->count, parameters->types, parameters->values, parameters->nulls, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "unexpected result of a query for a page");
	return level;
}

static void
end_query(int level)
{
	SPI_finish();
	AtEOXact_GUC(true, level);
}

uint64
ml_page_section(StringInfo page, const char *heading, const char *before, const char *query, MlParameters *parameters, MlPageLayout layout)
{
	int    level = begin_query(query, parameters);
	uint64 count = SPI_processed;

	if (count > 0)
	{
		if (heading)
			appendStringInfo(page, "<h2>%s</h2>\n", heading);
		if (before)
			appendStringInfo(page, "<p class=\"soft\">%s</p>\n", before);
		layout(page, SPI_tuptable, count);
	}
	end_query(level);
	return count;
}

List *
ml_page_texts(const char *query, MlParameters *parameters)
{
	MemoryContext caller = CurrentMemoryContext;
	List         *texts = NIL;
	int           level = begin_query(query, parameters);

	for (uint64 r = 0; r < SPI_processed; r++)
	{
		MemoryContext old = MemoryContextSwitchTo(caller);

		texts = lappend(texts, pstrdup(ml_page_text(SPI_tuptable, r, 1)));
		MemoryContextSwitchTo(old);
	}
	end_query(level);
	return texts;
}

void
ml_page_begin(StringInfo page, const char *title, const char *what)
{
	initStringInfo(page);
	appendStringInfoString(page, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/><meta name=\"viewport\" content=\"width=device-width\"/><title>");
	ml_html_text(page, title);
	appendStringInfo(page, "</title><style>%s</style></head><body>\n<h1>", style);
	ml_html_text(page, title);
	appendStringInfo(page, "</h1>\n<p class=\"soft\">%s, made by sustainml on ", what);
	ml_html_text(page, timestamptz_to_str(GetCurrentTimestamp() / USECS_PER_SEC * USECS_PER_SEC));
	appendStringInfoString(page, "</p>\n");
}

Datum
ml_page_end(StringInfo page)
{
	appendStringInfoString(page, "</body></html>\n");
	return PointerGetDatum(cstring_to_text_with_len(page->data, page->len));
}
