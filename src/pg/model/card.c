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
#include "utils/builtins.h"

#include "../args.h"
#include "../env.h"
#include "../metric/asked.h"
#include "../privacy/keys.h"
#include "page.h"
#include "plot.h"

#define MOST_BARS         20   /* features in the picture of importance */
#define MOST_CURVE_POINTS 400
#define MOST_CLASSES      12   /* a confusion matrix up to this size */

typedef struct Card
{
	StringInfoData page;
	const MlVersion *version;
	const MlModel   *model;
	SmlEnv           env;
} Card;

/* A section from a query with $1 schema, $2 model, $3 version, $4 reference; left out when there is no row. */
static void
put_section(Card *card, const char *heading, const char *before, const char *query, MlPageLayout layout)
{
	MlParameters p = {0};

	ml_add_text(&p, card->version->schema);
	ml_add_text(&p, card->version->name);
	ml_add(&p, INT4OID, Int32GetDatum(card->version->version), false);
	ml_add_text(&p, psprintf("%s.%s@%d", card->version->schema, card->version->name, card->version->version));
	(void) ml_page_section(&card->page, heading, before, query, &p, layout);
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
		ml_page_cell(&card->page, "th", true, encoder->classes[k]);
	appendStringInfoString(&card->page, "</tr></thead><tbody>\n");
	for (size_t a = 0; a < confusion->classes; a++)
	{
		appendStringInfoString(&card->page, "<tr>");
		ml_page_cell(&card->page, "th", false, encoder->classes[a]);
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

static const char facts_query[] =
	"SELECT m.task, m.algorithm, m.target, m.positive AS positive_class, m.favorable AS favorable_outcome, m.threshold, m.source AS trained_on,"
	" m.rows_used AS training_rows, m.rows_held_out, m.rows_skipped, m.feature_count AS features, m.model_bytes AS size_in_bytes,"
	" CASE WHEN m.is_active THEN 'yes' ELSE 'no' END AS active, pg_catalog.date_trunc('second', m.trained_at) AS trained_at, m.trained_by, m.owner"
	" FROM sustainml.models m WHERE m.model_schema = $1 AND m.model = $2 AND m.version = $3";

static const char coefficients_query[] =
	"SELECT c.class, c.term, c.estimate, c.std_error, c.statistic, c.p_value, c.ci_low, c.ci_high FROM sustainml.coefficients($4) c"
	" ORDER BY abs(c.statistic) DESC NULLS LAST, abs(c.estimate) DESC NULLS LAST, c.class, c.term LIMIT 25";

/* The newest audit of the version by somebody who manages it (fairness_latest has the one of the version in use). */
#define NEWEST_AUDIT \
	"f.audit_id = (SELECT a.audit_id FROM sustainml.fairness_audits a WHERE a.model_schema = $1 AND a.model = $2 AND a.version = $3 AND NOT a.is_dropped" \
	" ORDER BY a.by_manager DESC, a.audit_id DESC LIMIT 1)"

static const char audit_query[] =
	"SELECT 'Audit ' || f.audit_id || ' of ' || f.rows || ' rows' || CASE f.part WHEN 'held_out' THEN ' held out in training' WHEN 'all' THEN '' ELSE ' (' || f.part || ')' END"
	" || ' of ' || f.source || ', ' || to_char(f.audited_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'"
	" || CASE WHEN f.threshold IS DISTINCT FROM m.threshold THEN ', at the threshold ' || coalesce(f.threshold::text, 'none') || ', which is not the present one' ELSE '' END"
	" FROM sustainml.fairness_audits f, sustainml.models m WHERE " NEWEST_AUDIT
	" AND m.model_schema = $1 AND m.model = $2 AND m.version = $3";

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

	card.version = ml_version_resolve(ml_required_text(fcinfo, 0, "the model"), ML_READ);
	card.model = ml_model_get(card.version);
	/* a card shows what the model is made of */
	ml_model_require(&card.model->keys, ML_KEY_OPEN);
	ml_env_init(&card.env, CurrentMemoryContext);
	ml_page_begin(&card.page, ml_version_label(card.version), "Model card");
	put_section(&card, "What it is", NULL, facts_query, ml_page_facts);
	put_quality(&card, fcinfo);
	put_importance(&card);
	put_section(&card, "Fairness", "The newest audit of this version.", audit_query, ml_page_list);
	put_section(&card, NULL, "Groups with their intervals; the number of rows stands beside the group, and the dashed line is all rows together.", fairness_query, ml_page_intervals);
	put_section(&card, NULL, "The widest gap between groups, with its interval.", fairness_gaps_query, ml_page_table);
	put_section(&card, "What was done about gaps", "The gap between groups without and with each method, on rows that it did not see.", mitigation_query, ml_page_table);
	put_section(&card, NULL, "What a bound on the gap would cost in accuracy, on half of the held-out rows, with thresholds fitted on the other half: one threshold "
				"for all (filled), one for each group (other colour), reject option (hollow); large where no other point is as accurate with as small a gap.",
				fronts_query, ml_page_fronts);
	put_section(&card, "Coefficients", "On the original scale of the columns, the 25 with the largest statistic, or estimate where there are no standard errors.", coefficients_query, ml_page_table);
	put_section(&card, "Energy and carbon", "Joules with the bounds of their uncertainty; a figure that is not known is left open.", energy_query, ml_page_table);
	put_section(&card, NULL, NULL, method_query, ml_page_list);
	put_section(&card, "Features", NULL, features_query, ml_page_table);
	put_section(&card, "What the training wants you to know", NULL, notes_query, ml_page_list);
	PG_RETURN_DATUM(ml_page_end(&card.page));
}
