/*
 * card.c - sustainml.model_card: one self-contained HTML page about a model version.
 *
 * What it is, how good it is on rows that it has not seen (with ROC and calibration plots), what drives it,
 * how groups fare (the newest fairness audit), what was done about gaps and what that cost, what it took to make, and what the training wants its users to know.  The page needs
 * no script, font or picture from elsewhere.  Tables come from the public views under the
 * caller's rights; the quality section evaluates the model once, which is logged as such.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "../env.h"
#include "../metric/asked.h"
#include "../privacy/keys.h"
#include "plot.h"

#define MOST_BARS         20   /* features in the picture of importance */
#define MOST_CURVE_POINTS 400
#define MOST_CLASSES      12   /* a confusion matrix up to this size */

static const char style[] =
	":root{--ink:#1d2733;--soft:#5b6b7b;--line:#d8dfe6;--back:#fff;--mark:#1f7a5c;--faint:#b06a2c}"
	"@media(prefers-color-scheme:dark){:root{--ink:#e3e9ef;--soft:#9fb0c0;--line:#33404d;--back:#12181f;--mark:#4fc39a;--faint:#e0a26a}}"
	"body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);max-width:60rem;margin:2rem auto;padding:0 1rem}"
	"h1{font-size:1.7rem;margin:0 0 .2rem}h2{font-size:1.15rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line)}"
	"table{border-collapse:collapse;margin:.5rem 0;font-size:.9rem}th,td{padding:.2rem .7rem .2rem 0;text-align:left;vertical-align:top;"
	"border-bottom:1px solid var(--line)}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}th{color:var(--soft);font-weight:600}"
	".soft{color:var(--soft)}.row{display:flex;flex-wrap:wrap;gap:1.5rem}.wide{overflow-x:auto}"
	"svg{max-width:100%;height:auto}svg .axis{font:12px system-ui,sans-serif;fill:var(--soft)}svg .grid{stroke:var(--line);stroke-width:1;fill:none}"
	"svg .faint{stroke:var(--faint);stroke-dasharray:4 4;fill:none}svg .curve{stroke:var(--mark);stroke-width:2;fill:none}svg .thin{stroke-width:1}"
	"svg .mark{fill:var(--mark)}figure{margin:0;max-width:20rem}figure.broad{max-width:none;margin:1rem 0}figcaption{color:var(--soft);font-size:.85rem}";

typedef struct Card
{
	StringInfoData page;
	const MlVersion *version;
	const MlModel   *model;
	SmlEnv           env;
} Card;

/* ---- tables from the views --------------------------------------------------------------------- */

static bool
is_number(Oid type)
{
	return type == FLOAT8OID || type == INT4OID || type == INT8OID;
}

static char *
cell_text(HeapTuple tuple, TupleDesc row, int column)
{
	bool  isnull;
	Datum value = SPI_getbinval(tuple, row, column, &isnull);

	if (isnull)
		return "–";
	if (SPI_gettypeid(row, column) == FLOAT8OID)
		return psprintf("%.5g", DatumGetFloat8(value));
	return SPI_getvalue(tuple, row, column);
}

/* A cell or heading, numbers to the right. */
static void
put_cell(Card *card, const char *tag, bool number, const char *text)
{
	appendStringInfo(&card->page, "<%s%s>", tag, number ? " class=\"n\"" : "");
	ml_html_text(&card->page, text);
	appendStringInfo(&card->page, "</%s>", tag);
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

/* The rows of a query as a table; columns without any value are left out. */
static void
put_table(Card *card, SPITupleTable *rows, uint64 count)
{
	TupleDesc row = rows->tupdesc;
	bool     *empty = palloc(sizeof(bool) * (row->natts + 1));

	appendStringInfoString(&card->page, "<div class=\"wide\"><table><thead><tr>");
	for (int i = 1; i <= row->natts; i++)
	{
		empty[i] = is_empty(rows, count, i);
		if (!empty[i])
			put_cell(card, "th", is_number(SPI_gettypeid(row, i)), heading_of(row, i));
	}
	appendStringInfoString(&card->page, "</tr></thead><tbody>\n");
	for (uint64 r = 0; r < count; r++)
	{
		appendStringInfoString(&card->page, "<tr>");
		for (int i = 1; i <= row->natts; i++)
			if (!empty[i])
				put_cell(card, "td", is_number(SPI_gettypeid(row, i)), cell_text(rows->vals[r], row, i));
		appendStringInfoString(&card->page, "</tr>\n");
	}
	appendStringInfoString(&card->page, "</tbody></table></div>\n");
}

/* One row as a table of names and values, those that are NULL left out. */
static void
put_facts(Card *card, SPITupleTable *rows)
{
	appendStringInfoString(&card->page, "<table><tbody>\n");
	for (int i = 1; i <= rows->tupdesc->natts; i++)
	{
		if (is_empty(rows, 1, i))
			continue;
		appendStringInfoString(&card->page, "<tr>");
		put_cell(card, "th", false, heading_of(rows->tupdesc, i));
		put_cell(card, "td", false, cell_text(rows->vals[0], rows->tupdesc, i));
		appendStringInfoString(&card->page, "</tr>\n");
	}
	appendStringInfoString(&card->page, "</tbody></table>\n");
}

typedef enum Layout
{
	AS_TABLE,
	AS_FACTS,
	AS_LIST,
	AS_INTERVALS, /* columns title, label, value, low, high, reference; a picture for each title */
	AS_FRONTS /* columns title, label, kind, gap, accuracy, best, problem; the same */
} Layout;

static void
put_list(Card *card, SPITupleTable *rows, uint64 count)
{
	appendStringInfoString(&card->page, "<ul>\n");
	for (uint64 r = 0; r < count; r++)
		put_cell(card, "li", false, cell_text(rows->vals[r], rows->tupdesc, 1));
	appendStringInfoString(&card->page, "</ul>\n");
}

static double
cell_number(SPITupleTable *rows, uint64 row, int column)
{
	bool  isnull;
	Datum value = SPI_getbinval(rows->vals[row], rows->tupdesc, column, &isnull);

	return isnull ? NAN : DatumGetFloat8(value);
}

/* The rows from "first" on that have one title; returns where the next title begins. */
static uint64
put_intervals(Card *card, SPITupleTable *rows, uint64 first, uint64 count)
{
	char       *title = cell_text(rows->vals[first], rows->tupdesc, 1);
	MlInterval *intervals = palloc(sizeof(MlInterval) * (count - first));
	uint64      next = first;

	for (; next < count && strcmp(cell_text(rows->vals[next], rows->tupdesc, 1), title) == 0; next++)
		intervals[next - first] = (MlInterval) {
			cell_text(rows->vals[next], rows->tupdesc, 2), cell_number(rows, next, 3), cell_number(rows, next, 4), cell_number(rows, next, 5)};
	appendStringInfoString(&card->page, "<figure class=\"broad\"><figcaption>");
	ml_html_text(&card->page, title);
	appendStringInfoString(&card->page, "</figcaption>");
	ml_plot_intervals(&card->page, intervals, next - first, cell_number(rows, first, 6));
	appendStringInfoString(&card->page, "</figure>\n");
	return next;
}

/* A front, or why there is none; returns where the next title begins. */
static uint64
put_front(Card *card, SPITupleTable *rows, uint64 first, uint64 count)
{
	char       *title = cell_text(rows->vals[first], rows->tupdesc, 1);
	MlFrontDot *dots = palloc(sizeof(MlFrontDot) * (count - first));
	uint64      next = first;
	uint64      made = 0;
	bool        isnull;

	for (; next < count && strcmp(cell_text(rows->vals[next], rows->tupdesc, 1), title) == 0; next++)
	{
		double kind = cell_number(rows, next, 3);

		if (!isnan(kind))
			dots[made++] = (MlFrontDot) {cell_text(rows->vals[next], rows->tupdesc, 2), (int) kind, cell_number(rows, next, 4),
				cell_number(rows, next, 5), DatumGetBool(SPI_getbinval(rows->vals[next], rows->tupdesc, 6, &isnull))};
	}
	appendStringInfoString(&card->page, "<figure><figcaption>");
	ml_html_text(&card->page, title);
	appendStringInfoString(&card->page, made > 0 ? "</figcaption>" : ": ");
	if (made > 0)
		ml_plot_front(&card->page, dots, made);
	else
	{
		ml_html_text(&card->page, cell_text(rows->vals[first], rows->tupdesc, 7));
		appendStringInfoString(&card->page, "</figcaption>");
	}
	appendStringInfoString(&card->page, "</figure>\n");
	return next;
}

/* A section from a query with $1 schema, $2 model, $3 version, $4 reference; left out when there is no row. */
static void
put_section(Card *card, const char *heading, const char *before, const char *query, Layout layout)
{
	Oid   types[4] = {TEXTOID, TEXTOID, INT4OID, TEXTOID};
	Datum values[4];
	int   level = NewGUCNestLevel();

	/* our queries use our own names only */
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	values[0] = CStringGetTextDatum(card->version->schema);
	values[1] = CStringGetTextDatum(card->version->name);
	values[2] = Int32GetDatum(card->version->version);
	values[3] = CStringGetTextDatum(psprintf("%s.%s@%d", card->version->schema, card->version->name, card->version->version));
	SPI_connect();
	if (SPI_execute_with_args(query, 4, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "unexpected result of a query for the model card");
	if (SPI_processed > 0)
	{
		if (heading)
			appendStringInfo(&card->page, "<h2>%s</h2>\n", heading);
		if (before)
			appendStringInfo(&card->page, "<p class=\"soft\">%s</p>\n", before);
		if (layout == AS_FACTS)
			put_facts(card, SPI_tuptable);
		else if (layout == AS_LIST)
			put_list(card, SPI_tuptable, SPI_processed);
		else if (layout == AS_INTERVALS)
			for (uint64 r = 0; r < SPI_processed;)
				r = put_intervals(card, SPI_tuptable, r, SPI_processed);
		else if (layout == AS_FRONTS)
			for (uint64 r = 0; r < SPI_processed;)
				r = put_front(card, SPI_tuptable, r, SPI_processed);
		else
			put_table(card, SPI_tuptable, SPI_processed);
	}
	SPI_finish();
	AtEOXact_GUC(true, level);
}

/* ---- quality --------------------------------------------------------------------------------------- */

static void
put_metrics(Card *card, const MlEvaluation *evaluation)
{
	appendStringInfoString(&card->page, "<div class=\"wide\"><table><thead><tr><th>metric</th><th class=\"n\">value</th><th class=\"n\">95 % interval</th>"
						   "<th class=\"n\">rows</th></tr></thead><tbody>\n");
	for (int i = 0; i < evaluation->metric_count; i++)
	{
		const MlMetric *metric = &evaluation->metrics[i];

		if (strcmp(metric->name, "rows") == 0)
			continue;
		appendStringInfo(&card->page, "<tr><td>%s</td><td class=\"n\">", metric->name);
		if (isnan(metric->value))
			ml_html_text(&card->page, metric->reason ? metric->reason : "undefined");
		else
			appendStringInfo(&card->page, "%.4f", metric->value);
		appendStringInfoString(&card->page, "</td><td class=\"n\">");
		if (!isnan(metric->ci_low))
			appendStringInfo(&card->page, "%.4f to %.4f", metric->ci_low, metric->ci_high);
		appendStringInfo(&card->page, "</td><td class=\"n\">%lld</td></tr>\n", (long long) metric->n);
	}
	appendStringInfoString(&card->page, "</tbody></table></div>\n");
}

static void
put_curves(Card *card, const SmlScored *scored)
{
	SmlRanked    ranked;
	SmlRocPoint *points;
	size_t       count;
	SmlBin       bins[SML_ECE_BINS];

	appendStringInfoString(&card->page, "<div class=\"row\">\n");
	if (scored->task == SML_BINARY)
	{
		sml_ranked_start(&ranked, scored->weighted, scored->limit);
		ML_CHECK(&card->env, sml_ranked_of(&card->env, scored, scored->positive, &ranked), "draw a ROC curve");
		if (ranked.side[0].count > 0 && ranked.side[1].count > 0)
		{
			ML_CHECK(&card->env, sml_ranked_curve(&card->env, &ranked, MOST_CURVE_POINTS, &points, &count), "draw a ROC curve");
			appendStringInfoString(&card->page, "<figure>");
			ml_plot_roc(&card->page, points, count);
			appendStringInfoString(&card->page, "<figcaption>ROC curve: positives found against negatives wrongly flagged, over all thresholds; "
								   "the dashed line is chance.</figcaption></figure>\n");
		}
		sml_ranked_free(&card->env, &ranked);
	}
	ML_CHECK(&card->env, sml_calibration(&card->env, scored, SML_ECE_BINS, bins), "calibrate");
	appendStringInfoString(&card->page, "<figure>");
	ml_plot_calibration(&card->page, bins, SML_ECE_BINS);
	appendStringInfo(&card->page, "<figcaption>Calibration: %s in ten bins of the predicted probability; on the dashed line predictions are what they say.</figcaption></figure>\n</div>\n",
					 scored->task == SML_BINARY ? "observed share of the positive class" : "share of right predictions");
}

static void
put_confusion(Card *card, const SmlScored *scored)
{
	const SmlEncoder *encoder = card->model->model->encoder;
	SmlConfusion     *confusion;

	if (scored->classes > MOST_CLASSES)
		return;
	ML_CHECK(&card->env, sml_confusion_make(&card->env, scored, card->version->threshold, &confusion), "count classes");
	appendStringInfoString(&card->page, "<div class=\"wide\"><table><thead><tr><th>actual \\ predicted</th>");
	for (size_t k = 0; k < confusion->classes; k++)
		put_cell(card, "th", true, encoder->classes[k]);
	appendStringInfoString(&card->page, "</tr></thead><tbody>\n");
	for (size_t a = 0; a < confusion->classes; a++)
	{
		appendStringInfoString(&card->page, "<tr>");
		put_cell(card, "th", false, encoder->classes[a]);
		for (size_t p = 0; p < confusion->classes; p++)
			appendStringInfo(&card->page, "<td class=\"n\">%llu</td>", (unsigned long long) confusion->count[a * confusion->classes + p]);
		appendStringInfoString(&card->page, "</tr>\n");
	}
	appendStringInfoString(&card->page, "</tbody></table></div>\n");
}

/* "fcinfo" carries model and source for the evaluation. */
static void
put_quality(Card *card, FunctionCallInfo fcinfo)
{
	const MlAsked *asked;

	appendStringInfoString(&card->page, "<h2>Quality</h2>\n");
	if (PG_ARGISNULL(1) && ml_stored_read(card->version)->split->kind == ML_SPLIT_NONE)
	{
		appendStringInfoString(&card->page, "<p>No row was held out in training, so nothing is known about rows that the model has not seen. "
							   "Name a source to evaluate on.</p>\n");
		return;
	}
	asked = ml_asked_evaluate(fcinfo, false, false);
	appendStringInfo(&card->page, "<p class=\"soft\">On %lld ", (long long) asked->evaluation->rows_used);
	if (PG_ARGISNULL(1))
		appendStringInfoString(&card->page, "rows held out in training.");
	else
	{
		appendStringInfoString(&card->page, "rows of ");
		ml_html_text(&card->page, text_to_cstring(PG_GETARG_TEXT_PP(1)));
		appendStringInfoChar(&card->page, '.');
	}
	if (asked->rows->seen_reason)
	{
		appendStringInfoChar(&card->page, ' ');
		ml_html_text(&card->page, asked->rows->seen_reason);
	}
	appendStringInfoString(&card->page, "</p>\n");
	put_metrics(card, asked->evaluation);
	if (asked->evaluation->rows_used == 0 || card->model->model->task == SML_REGRESSION)
		return;
	put_curves(card, asked->evaluation->scored);
	put_confusion(card, asked->evaluation->scored);
}

/* ---- what drives it ----------------------------------------------------------------------------------- */

static void
put_importance(Card *card)
{
	const SmlModel *model = card->model->model;
	size_t          features = model->encoder->feature_count;
	double         *importance = palloc0(sizeof(double) * (features + 1));
	const char     *labels[MOST_BARS];
	double          values[MOST_BARS];
	size_t          count = 0;

	ML_CHECK(&card->env, sml_importance_standardised(&card->env, model, importance), "weigh the features");
	/* the largest first: a selection, since few are shown */
	while (count < MOST_BARS && count < features)
	{
		size_t best = 0;

		for (size_t f = 1; f < features; f++)
			if (importance[f] > importance[best])
				best = f;
		labels[count] = model->encoder->features[best].name;
		values[count++] = importance[best];
		importance[best] = -1;
	}
	appendStringInfo(&card->page, "<h2>What drives it</h2>\n<p class=\"soft\">How far each feature moves the %s over the training rows (one standard deviation)%s. "
					 "Association, not cause.</p>\n", model->task == SML_REGRESSION ? "prediction" : "log odds",
					 features > MOST_BARS ? psprintf(", the first %d of %zu", MOST_BARS, features) : "");
	ml_plot_bars(&card->page, labels, values, count);
}

/* ---- the page --------------------------------------------------------------------------------------------- */

static void
begin_page(Card *card)
{
	StringInfo page = &card->page;

	initStringInfo(page);
	appendStringInfoString(page, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/><meta name=\"viewport\" content=\"width=device-width\"/><title>");
	ml_html_text(page, ml_version_label(card->version));
	appendStringInfo(page, "</title><style>%s</style></head><body>\n<h1>", style);
	ml_html_text(page, ml_version_label(card->version));
	appendStringInfoString(page, "</h1>\n<p class=\"soft\">Model card, made by sustainml on ");
	ml_html_text(page, timestamptz_to_str(GetCurrentTimestamp() / USECS_PER_SEC * USECS_PER_SEC));
	appendStringInfoString(page, "</p>\n");
}

static const char facts_query[] =
	"SELECT m.task, m.algorithm, m.target, m.positive AS positive_class, m.favorable AS favorable_outcome, m.threshold, m.source AS trained_on,"
	" m.rows_used AS training_rows, m.rows_held_out, m.rows_skipped, m.feature_count AS features, m.model_bytes AS size_in_bytes,"
	" CASE WHEN m.is_active THEN 'yes' ELSE 'no' END AS active, pg_catalog.date_trunc('second', m.trained_at) AS trained_at, m.trained_by, m.owner"
	" FROM sustainml.models m WHERE m.model_schema = $1 AND m.model = $2 AND m.version = $3";

static const char coefficients_query[] =
	"SELECT c.class, c.term, c.estimate, c.std_error, c.statistic, c.p_value, c.ci_low, c.ci_high FROM sustainml.coefficients($4) c"
	" ORDER BY abs(c.statistic) DESC NULLS LAST, c.class, c.term LIMIT 25";

/* The newest audit of the version (fairness_latest has the newest of the model). */
#define NEWEST_AUDIT \
	"f.audit_id = (SELECT max(a.audit_id) FROM sustainml.fairness_audits a WHERE a.model_schema = $1 AND a.model = $2 AND a.version = $3)"

/* The groups of one attribute; crosses are in the views.  The dashed line is all rows together. */
static const char fairness_query[] =
	"SELECT CASE f.metric WHEN 'selection_rate' THEN 'Share predicted ' || coalesce('\"' || f.favorable || '\"', 'positive')"
	" WHEN 'tpr' THEN 'True positive rate' WHEN 'fpr' THEN 'False positive rate' ELSE 'Accuracy' END || ' by ' || f.attribute,"
	" f.group_value || ' (' || f.n || ')', f.value, f.ci_low, f.ci_high, o.value"
	" FROM sustainml.fairness_history f LEFT JOIN sustainml.fairness_history o ON o.audit_id = f.audit_id AND o.scope = 'overall' AND o.metric = f.metric"
	" WHERE " NEWEST_AUDIT " AND f.scope = 'group' AND f.metric IN ('selection_rate', 'tpr', 'fpr', 'accuracy')"
	" AND f.attribute NOT LIKE '% & %' AND f.value IS NOT NULL"
	" ORDER BY f.attribute, array_position('{selection_rate,tpr,fpr,accuracy}', f.metric), f.group_value LIMIT 400";

static const char fairness_gaps_query[] =
	"SELECT f.attribute, f.metric, f.value, f.ci_low, f.ci_high, f.verdict, f.undefined_reason AS reason"
	" FROM sustainml.fairness_history f WHERE " NEWEST_AUDIT " AND f.scope = 'disparity'"
	" AND f.metric IN ('demographic_parity_difference', 'demographic_parity_ratio', 'equalized_odds_difference', 'equal_opportunity_difference')"
	" ORDER BY f.attribute, f.metric LIMIT 60";

static const char mitigation_query[] =
	"SELECT m.method, m.attribute, m.metric, m.gap_before, m.gap_after, CASE WHEN m.lowered THEN 'yes' WHEN NOT m.lowered THEN 'no' ELSE 'not known' END AS lowered,"
	" m.note, pg_catalog.date_trunc('second', m.mitigated_at) AS at, m.role_name AS by"
	" FROM sustainml.fairness_mitigations m WHERE m.model_schema = $1 AND m.model = $2 AND m.version = $3 ORDER BY m.mitigation_id DESC LIMIT 20";

static const char fronts_query[] =
	"SELECT f.title, f.label, f.kind, f.gap, f.accuracy, f.is_pareto, f.problem FROM sustainml_internal.mitigation_fronts($1, $2, $3, $4) f";

static const char energy_query[] =
	"SELECT e.kind AS what, e.runs, e.rows, e.cpu_seconds, e.energy_joules AS joules, e.energy_low_joules AS joules_low,"
	" e.energy_high_joules AS joules_high, e.joules_per_1000_rows, e.co2e_grams AS \"CO2e grams\""
	" FROM sustainml.energy_by_model e WHERE e.model_schema = $1 AND e.model = $2 AND e.version = $3 ORDER BY e.kind";

static const char method_query[] =
	"SELECT DISTINCT 'Energy: ' || coalesce(l.energy_method, 'unknown') || ', boundary ' || coalesce(l.boundary, 'unknown') ||"
	" coalesce('; carbon intensity ' || l.intensity_g_kwh || ' g/kWh from ' || l.intensity_source, '; carbon intensity unknown, so grams are not given')"
	" FROM sustainml.run_log l WHERE l.model_schema = $1 AND l.model = $2 AND l.version = $3";

static const char features_query[] =
	"SELECT f.feature, f.type, f.encoding, f.missing_share, f.reference, cardinality(f.levels) AS levels FROM sustainml.features($4) f ORDER BY f.ordinal";

static const char notes_query[] =
	"SELECT unnest(m.notes) FROM sustainml.models m WHERE m.model_schema = $1 AND m.model = $2 AND m.version = $3";

PG_FUNCTION_INFO_V1(sustainml_model_card);
Datum
sustainml_model_card(PG_FUNCTION_ARGS)
{
	Card card;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the model must be given")));
	card.version = ml_version_resolve(text_to_cstring(PG_GETARG_TEXT_PP(0)), ML_READ);
	card.model = ml_model_get(card.version);
	/* a card shows what the model is made of */
	ml_model_require(&card.model->keys, ML_KEY_OPEN);
	ml_env_init(&card.env, CurrentMemoryContext);
	begin_page(&card);
	put_section(&card, "What it is", NULL, facts_query, AS_FACTS);
	put_quality(&card, fcinfo);
	put_importance(&card);
	put_section(&card, "Fairness", "Groups with 95 % intervals from the newest audit; the number of rows stands beside the group, and the dashed line is all rows together.",
				fairness_query, AS_INTERVALS);
	put_section(&card, NULL, "The widest gap between groups, with its interval.", fairness_gaps_query, AS_TABLE);
	put_section(&card, "What was done about gaps", "The gap between groups without and with each method, on rows that it did not see.", mitigation_query, AS_TABLE);
	put_section(&card, NULL, "What a bound on the gap would cost in accuracy, on half of the held-out rows, with thresholds fitted on the other half: one threshold "
				"for all (filled), one for each group (other colour), reject option (hollow); large where no other point is as accurate with as small a gap.",
				fronts_query, AS_FRONTS);
	put_section(&card, "Coefficients", "On the original scale of the columns, the 25 with the largest statistic.", coefficients_query, AS_TABLE);
	put_section(&card, "Energy and carbon", "Joules with the bounds of their uncertainty; a figure that is not known is left open.", energy_query, AS_TABLE);
	put_section(&card, NULL, NULL, method_query, AS_LIST);
	put_section(&card, "Features", NULL, features_query, AS_TABLE);
	put_section(&card, "What the training wants you to know", NULL, notes_query, AS_LIST);
	appendStringInfoString(&card.page, "</body></html>\n");
	PG_RETURN_TEXT_P(cstring_to_text_with_len(card.page.data, card.page.len));
}
