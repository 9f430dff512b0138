/*
 * report.c - sustainml.fairness_report(…, 'html'): an audit as one self-contained page.
 *
 * What was audited, the widest gaps and what policies say of them, then for each protected column and cross the selection
 * rates, true and false positive rates of its groups as bars with intervals, the four-fifths line, and tables; calibration by group;
 * notes.  All comes from the public views under the caller's rights, so a page shows what its reader may see
 * and no more.
 *
 * Cost: some ten queries for each column and cross.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "../model/page.h"
#include "../model/plot.h"
#include "../model/plot_rates.h"

#define ROUNDED(value) "round((" value ")::numeric, 4)::float8"
#define INTERVAL(low, high) "to_char(" low ", 'FM999990.0000') || ' to ' || to_char(" high ", 'FM999990.0000')"

static const char title_query[] =
	"SELECT 'Fairness audit ' || a.audit_id || ' of ' || coalesce(a.model || '@' || a.version, 'predictions in ' || coalesce(a.prediction, a.score))"
	" FROM sustainml.fairness_audits a WHERE a.audit_id = $1";

static const char facts_query[] =
	"SELECT coalesce(a.model_schema || '.' || a.model || '@' || a.version, 'predictions of unknown origin') AS model,"
	" CASE WHEN a.model IS NULL THEN NULL WHEN a.is_dropped THEN 'the model was dropped' WHEN a.is_active THEN 'the version in use' ELSE 'this version is not in use' END AS standing,"
	" CASE WHEN length(a.source) > 300 THEN left(a.source, 300) || '…' ELSE a.source END AS source, nullif(a.part, 'all') AS part, a.rows,"
	" a.target, a.positive AS positive_class, a.favorable AS favorable_outcome, coalesce(a.prediction, a.score) AS predictions, a.threshold,"
	" array_to_string(a.protected, ', ') AS protected, nullif(a.rows_without_label, 0) AS rows_without_label, nullif(a.rows_without_prediction, 0) AS rows_without_prediction,"
	" nullif(a.rows_without_group, 0) AS rows_without_group, nullif(a.rows_without_weight, 0) AS rows_without_weight,"
	" nullif(a.rows_without_score, 0) AS rows_without_score, nullif(a.rows_bad_score, 0) AS rows_with_a_score_NaN,"
	" date_trunc('second', a.audited_at) AS audited_at, a.role_name AS audited_by, a.hash"
	" FROM sustainml.fairness_audits a WHERE a.audit_id = $1";

static const char gaps_query[] =
	"SELECT h.attribute, replace(h.metric, '_', ' ') AS gap, h.verdict, " ROUNDED("h.value") " AS value, " INTERVAL("h.ci_low", "h.ci_high") " AS interval, h.policy_bound AS bound, h.low_group AS lowest, h.high_group AS highest,"
	" replace(h.undefined_reason, '_', ' ') AS reason"
	" FROM sustainml.fairness_history h WHERE h.audit_id = $1 AND h.scope = 'disparity'"
	" AND (h.verdict IS NOT NULL OR h.metric IN ('demographic_parity_difference', 'demographic_parity_ratio', 'equal_opportunity_difference', 'equalized_odds_difference'))"
	" ORDER BY h.verdict = 'fail' DESC NULLS LAST, h.verdict IS NULL, h.attribute LIKE '% & %', h.attribute, h.metric LIMIT 60";

/* Whether anybody set a bound for what this audit measured. */
static const char unjudged_query[] =
	"SELECT 'No policy sets a bound for these; see sustainml.set_fairness_policy().' FROM sustainml.fairness_audits a WHERE a.audit_id = $1"
	" AND NOT EXISTS (SELECT FROM sustainml.fairness_history h WHERE h.audit_id = $1 AND h.verdict IS NOT NULL)";

static const char hidden_query[] =
	"SELECT format('Groups of fewer than %s rows are not shown to you, and as many others as it takes that they do not follow by subtraction.', a.suppress_below)"
	" FROM sustainml.fairness_audits a WHERE a.audit_id = $1 AND EXISTS (SELECT FROM sustainml.fairness_history h WHERE h.audit_id = $1 AND h.is_suppressed)";

static const char attributes_query[] =
	"SELECT h.attribute FROM sustainml.fairness_history h WHERE h.audit_id = $1 AND h.scope = 'group' GROUP BY h.attribute"
	" ORDER BY min(h.cell) LIMIT 30";

/* The figures of the groups of a column, the largest first in one order for all; without a join, which would take long for thousands of groups. */
#define GROUP_LINES \
	"lines AS MATERIALIZED (SELECT dense_rank() OVER (ORDER BY x.rows DESC NULLS LAST, x.cell) AS place, x.*" \
	" FROM (SELECT h.cell, h.group_value, h.favorable, h.metric, h.n, h.value, h.ci_low, h.ci_high, h.undefined_reason, h.is_small," \
	" max(h.n) FILTER (WHERE h.metric = 'selection_rate') OVER (PARTITION BY h.cell) AS rows" \
	" FROM sustainml.fairness_history h WHERE h.audit_id = $1 AND h.scope = 'group' AND h.attribute = $2) x)"

/* Columns title, label, rows, value, low, high, reason, small, alarm, overall, limit. */
static const char rates_query[] =
	"WITH " GROUP_LINES ","
	" overall AS MATERIALIZED (SELECT o.metric, o.value FROM sustainml.fairness_history o WHERE o.audit_id = $1 AND o.scope = 'overall' AND o.metric IN ('selection_rate', 'tpr', 'fpr')),"
	" best AS MATERIALIZED (SELECT max(i.reference_rate) AS rate FROM sustainml.impact_ratio i WHERE i.audit_id = $1 AND i.attribute = $2 AND i.impact_ratio IS NOT NULL),"
	" labelled AS MATERIALIZED (SELECT a.target IS NOT NULL AS yes FROM sustainml.fairness_audits a WHERE a.audit_id = $1)"
	" SELECT CASE h.metric WHEN 'selection_rate' THEN 'Selection rate' || coalesce(': predicted \"' || h.favorable || '\"', '')"
	" WHEN 'tpr' THEN 'True positive rate' ELSE 'False positive rate' END,"
	" h.group_value, 'n ' || to_char(h.n, 'FM999,999,999,999'), h.value, h.ci_low, h.ci_high, replace(h.undefined_reason, '_', ' '), h.is_small,"
	" h.metric = 'selection_rate' AND h.value < 0.8 * b.rate, o.value, CASE WHEN h.metric = 'selection_rate' THEN 0.8 * b.rate END"
	" FROM lines h CROSS JOIN best b CROSS JOIN labelled t LEFT JOIN overall o ON o.metric = h.metric"
	" WHERE h.place <= 24 AND (h.metric = 'selection_rate' OR t.yes AND h.metric IN ('tpr', 'fpr'))"
	" ORDER BY array_position('{selection_rate,tpr,fpr}', h.metric), h.place";

static const char more_query[] =
	"SELECT format('The %s largest of %s groups.', 24, count(*)) FROM sustainml.fairness_history h"
	" WHERE h.audit_id = $1 AND h.scope = 'group' AND h.attribute = $2 AND h.metric = 'selection_rate' HAVING count(*) > 24";

static const char impact_query[] =
	"SELECT i.group_value AS \"group\", i.verdict, i.n, " ROUNDED("i.share") " AS share, " ROUNDED("i.selection_rate") " AS selection_rate,"
	" " ROUNDED("i.impact_ratio") " AS impact_ratio, " INTERVAL("i.ratio_ci_low", "i.ratio_ci_high") " AS interval, to_char(i.fisher_p, '9.9EEEE')::float8 AS \"Fisher p\", replace(i.undefined_reason, '_', ' ') AS reason"
	" FROM sustainml.impact_ratio i WHERE i.audit_id = $1 AND i.attribute = $2 ORDER BY i.verdict = 'fail' DESC NULLS LAST, i.n DESC NULLS LAST, i.group_value LIMIT 200";

static const char groups_query[] =
	"WITH " GROUP_LINES
	" SELECT min(h.group_value) AS \"group\", max(h.n) FILTER (WHERE h.metric = 'selection_rate') AS n, " ROUNDED("max(h.value) FILTER (WHERE h.metric = 'base_rate')") " AS base_rate,"
	" " ROUNDED("max(h.value) FILTER (WHERE h.metric = 'selection_rate')") " AS selection_rate, " ROUNDED("max(h.value) FILTER (WHERE h.metric = 'tpr')") " AS tpr,"
	" " ROUNDED("max(h.value) FILTER (WHERE h.metric = 'fpr')") " AS fpr, " ROUNDED("max(h.value) FILTER (WHERE h.metric = 'ppv')") " AS ppv, " ROUNDED("max(h.value) FILTER (WHERE h.metric = 'npv')") " AS npv,"
	" " ROUNDED("max(h.value) FILTER (WHERE h.metric = 'accuracy')") " AS accuracy, " ROUNDED("max(h.value) FILTER (WHERE h.metric = 'mean_score')") " AS mean_score,"
	" " ROUNDED("max(h.value) FILTER (WHERE h.metric = 'roc_auc')") " AS \"ROC AUC\""
	" FROM lines h WHERE h.place <= 200 GROUP BY h.place ORDER BY h.place";

/* Columns title, n, mean score, observed share: ten bins of the largest groups of single columns. */
static const char calibration_query[] =
	"WITH bins AS MATERIALIZED (SELECT c.attribute, c.group_value, c.bin, c.n, c.mean_score, c.observed, sum(c.n) OVER (PARTITION BY c.attribute, c.group_value) AS rows"
	" FROM sustainml.calibration c WHERE c.audit_id = $1 AND NOT c.is_suppressed AND c.n > 0 AND c.attribute NOT LIKE '% & %'),"
	" ranked AS (SELECT b.*, dense_rank() OVER (PARTITION BY b.attribute ORDER BY b.rows DESC, b.group_value) AS place FROM bins b)"
	" SELECT CASE WHEN r.attribute = 'overall' AND r.group_value IS NULL THEN 'Everybody' ELSE r.attribute || ': ' || r.group_value END || ' (' || r.rows || ')', r.n, r.mean_score, r.observed"
	" FROM ranked r WHERE r.place <= 6 ORDER BY r.group_value IS NOT NULL, r.attribute, r.place, r.bin";

static const char notes_query[] =
	"SELECT unnest(a.notes) FROM sustainml.fairness_audits a WHERE a.audit_id = $1";

static const char legend_query[] =
	"SELECT format('Bars are shares among n rows, whiskers their intervals of %s %%; pale bars rest on fewer than %s rows. The dotted line is everybody together%s.',"
	" (100 * a.confidence)::numeric::float8, a.min_n, CASE WHEN a.favorable IS NOT NULL THEN ', the dashed one four fifths of the highest selection rate, below which bars are red' ELSE '' END)"
	" FROM sustainml.fairness_audits a WHERE a.audit_id = $1";

static const char reading_query[] =
	"SELECT t.line FROM unnest(ARRAY["
	" 'An interval of a gap holds for all groups at once. Insufficient evidence means that the interval includes the bound, or that the figure rests on too few rows.',"
	" 'An impact ratio below 0.8 fails when Fisher''s exact test is significant at 0.05, and is insufficient evidence otherwise. Neither is a legal verdict.',"
	" 'A gap is not its cause, and no gap is no proof of fairness: the audit sees the columns that it was given and the labels as they are.']) WITH ORDINALITY t(line, place) ORDER BY t.place";

/* ---- layouts ------------------------------------------------------------------------------------ */

/* One figure from the rows from "first" on that have one title; returns where the next begins. */
static uint64
put_rates_figure(StringInfo page, SPITupleTable *rows, uint64 first, uint64 count)
{
	char   *title = ml_page_text(rows, first, 1);
	MlRate *rates = palloc(sizeof(MlRate) * (count - first));
	uint64  next = first;
	bool    isnull;

	for (; next < count && strcmp(ml_page_text(rows, next, 1), title) == 0; next++)
	{
		(void) SPI_getbinval(rows->vals[next], rows->tupdesc, 3, &isnull);
		rates[next - first] = (MlRate) {
			.label = ml_page_text(rows, next, 2), .rows = isnull ? NULL : ml_page_text(rows, next, 3), .value = ml_page_number(rows, next, 4),
			.low = ml_page_number(rows, next, 5), .high = ml_page_number(rows, next, 6), .reason = ml_page_text(rows, next, 7),
			.pale = ml_page_true(rows, next, 8), .alarm = ml_page_true(rows, next, 9)};
	}
	appendStringInfoString(page, "<figure><figcaption>");
	ml_html_text(page, title);
	appendStringInfoString(page, "</figcaption>");
	ml_plot_rates(page, title, rates, next - first, ml_page_number(rows, first, 10), ml_page_number(rows, first, 11));
	appendStringInfoString(page, "</figure>\n");
	return next;
}

static void
put_rates(StringInfo page, SPITupleTable *rows, uint64 count)
{
	appendStringInfoString(page, "<div class=\"row\">\n");
	for (uint64 r = 0; r < count;)
		r = put_rates_figure(page, rows, r, count);
	appendStringInfoString(page, "</div>\n");
}

static void
put_calibration(StringInfo page, SPITupleTable *rows, uint64 count)
{
	SmlBin bins[SML_ECE_BINS];

	appendStringInfoString(page, "<div class=\"row three\">\n");
	for (uint64 r = 0; r < count;)
	{
		char  *title = ml_page_text(rows, r, 1);
		size_t made = 0;
		bool   isnull;

		for (; r < count && made < SML_ECE_BINS && strcmp(ml_page_text(rows, r, 1), title) == 0; r++)
			bins[made++] = (SmlBin) {.n = (uint64) DatumGetInt64(SPI_getbinval(rows->vals[r], rows->tupdesc, 2, &isnull)),
									 .mean_predicted = ml_page_number(rows, r, 3), .observed = ml_page_number(rows, r, 4)};
		appendStringInfoString(page, "<figure><figcaption>");
		ml_html_text(page, title);
		appendStringInfoString(page, "</figcaption>");
		ml_plot_calibration(page, bins, made);
		appendStringInfoString(page, "</figure>\n");
	}
	appendStringInfoString(page, "</div>\n");
}

static void
put_paragraph(StringInfo page, SPITupleTable *rows, uint64 count)
{
	appendStringInfoString(page, "<p class=\"soft\">");
	ml_html_text(page, ml_page_text(rows, 0, 1));
	appendStringInfoString(page, "</p>\n");
}

static void
put_details(StringInfo page, SPITupleTable *rows, uint64 count)
{
	appendStringInfoString(page, "<details><summary>All figures of these groups</summary>\n");
	ml_page_table(page, rows, count);
	appendStringInfoString(page, "</details>\n");
}

/* ---- the page ------------------------------------------------------------------------------------- */

static void
put_attribute(StringInfo page, MlParameters *audit, const char *attribute)
{
	MlParameters p = *audit;

	ml_add_text(&p, attribute);
	appendStringInfoString(page, "<h2>By ");
	ml_html_text(page, attribute);
	appendStringInfoString(page, "</h2>\n");
	(void) ml_page_section(page, NULL, NULL, more_query, &p, put_paragraph);
	(void) ml_page_section(page, NULL, NULL, rates_query, &p, put_rates);
	(void) ml_page_section(page, NULL, NULL, impact_query, &p, ml_page_table);
	(void) ml_page_section(page, NULL, NULL, groups_query, &p, put_details);
}

/* sustainml_internal.fairness_html(audit): the audit is one that the caller may see. */
PG_FUNCTION_INFO_V1(sustainml_fairness_html);
Datum
sustainml_fairness_html(PG_FUNCTION_ARGS)
{
	StringInfoData page;
	MlParameters   p = {0};
	List          *title;
	ListCell      *cell;

	ml_add(&p, INT8OID, PG_GETARG_DATUM(0), false);
	title = ml_page_texts(title_query, &p);
	if (title == NIL)
		PG_RETURN_NULL();
	ml_page_begin(&page, linitial(title), "Fairness audit");
	(void) ml_page_section(&page, NULL, NULL, hidden_query, &p, put_paragraph);
	(void) ml_page_section(&page, "The widest gaps between groups", NULL, gaps_query, &p, ml_page_table);
	(void) ml_page_section(&page, NULL, NULL, unjudged_query, &p, put_paragraph);
	(void) ml_page_section(&page, NULL, NULL, legend_query, &p, put_paragraph);
	foreach(cell, ml_page_texts(attributes_query, &p))
		put_attribute(&page, &p, lfirst(cell));
	(void) ml_page_section(&page, "Calibration", "Observed share of positives in ten bins of the score; on the dashed line scores are what they say. The number of rows stands beside the group.",
						   calibration_query, &p, put_calibration);
	(void) ml_page_section(&page, "What was audited", NULL, facts_query, &p, ml_page_facts);
	(void) ml_page_section(&page, "Notes of this audit", NULL, notes_query, &p, ml_page_list);
	(void) ml_page_section(&page, "How to read it", NULL, reading_query, &p, ml_page_list);
	PG_RETURN_DATUM(ml_page_end(&page));
}
