/*
 * audit.c - from counts by group to the rows of an audit; see audit.h.
 *
 * Cost: groups x metrics, plus the draws of each set (disparity.h).
 */
#include <math.h>

#include "audit.h"
#include "disparity.h"

typedef struct Names
{
	const char *difference;
	const char *ratio;
	const char *to_overall;
} Names;

static const Names disparity_names[SML_FAIR_METRICS] = {
	[SML_FAIR_SELECTION_RATE] = {"demographic_parity_difference", "demographic_parity_ratio", "demographic_parity_to_overall"},
	[SML_FAIR_BASE_RATE] = {"base_rate_difference", "base_rate_ratio", "base_rate_to_overall"},
	[SML_FAIR_TPR] = {"equal_opportunity_difference", "equal_opportunity_ratio", "equal_opportunity_to_overall"},
	[SML_FAIR_FPR] = {"fpr_difference", "fpr_ratio", "fpr_to_overall"},
	[SML_FAIR_TNR] = {"tnr_difference", "tnr_ratio", "tnr_to_overall"},
	[SML_FAIR_FNR] = {"fnr_difference", "fnr_ratio", "fnr_to_overall"},
	[SML_FAIR_PPV] = {"ppv_difference", "ppv_ratio", "ppv_to_overall"},
	[SML_FAIR_NPV] = {"npv_difference", "npv_ratio", "npv_to_overall"},
	[SML_FAIR_FDR] = {"fdr_difference", "fdr_ratio", "fdr_to_overall"},
	[SML_FAIR_FOR] = {"for_difference", "for_ratio", "for_to_overall"},
	[SML_FAIR_ACCURACY] = {"accuracy_difference", "accuracy_ratio", "accuracy_to_overall"},
	[SML_FAIR_ERROR_RATE] = {"error_rate_difference", "error_rate_ratio", "error_rate_to_overall"},
	[SML_FAIR_TREATMENT_EQUALITY] = {"treatment_equality_difference", NULL, NULL},
	[SML_FAIR_MEAN_SCORE] = {"mean_score_difference", NULL, NULL},
	[SML_FAIR_MEAN_SCORE_POSITIVE] = {"mean_score_positive_difference", NULL, NULL},
	[SML_FAIR_MEAN_SCORE_NEGATIVE] = {"mean_score_negative_difference", NULL, NULL},
	[SML_FAIR_BRIER] = {"brier_difference", NULL, NULL},
	[SML_FAIR_LOG_LOSS] = {"log_loss_difference", NULL, NULL},
	[SML_FAIR_ECE] = {"ece_difference", NULL, NULL},
	[SML_FAIR_CALIBRATION_GAP] = {"calibration_gap_difference", NULL, NULL},
	[SML_FAIR_ROC_AUC] = {"roc_auc_difference", NULL, NULL},
};

/* Shares that each group's are compared with the reference's. */
static const SmlFairMetric compared[] = {SML_FAIR_SELECTION_RATE, SML_FAIR_TPR, SML_FAIR_FPR, SML_FAIR_PPV, SML_FAIR_ACCURACY};
#define COMPARED (sizeof(compared) / sizeof(compared[0]))

const char *
sml_fair_scope_name(SmlFairScope scope)
{
	static const char *const names[] = {"overall", "group", "difference", "ratio", "disparity"};

	return names[scope];
}

typedef struct Work
{
	SmlEnv            *env;
	const SmlFairPlan *plan;
	SmlFairAudit      *audit;
	double             z;
	size_t             metrics; /* without the score figures when there are no scores */
	SmlFigure         *figures; /* groups x SML_FAIR_METRICS */
} Work;

static const SmlFigure *
figure_of(const Work *work, size_t group, SmlFairMetric metric)
{
	return &work->figures[group * SML_FAIR_METRICS + metric];
}

static uint64_t
rows_of(const Work *work, size_t group)
{
	return sml_fair_rows(work->plan->groups[group].state);
}

/* A row that rests on a figure of "n" rows: the fewest of them decides whether it is small. */
static void
rest_on(const Work *work, uint64_t n, SmlFairRow *row)
{
	row->least_n = n < row->least_n ? n : row->least_n;
	row->is_small = row->least_n < work->plan->min_n;
}

static SmlStatus
add_row(Work *work, SmlFairScope scope, size_t set, size_t group, SmlFairRow **row)
{
	SmlFairAudit *audit = work->audit;
	SmlStatus     status = sml_grow_array(work->env, &audit->rows, &audit->room, audit->count + 1, sizeof(SmlFairRow));

	if (status != SML_OK)
		return status;
	*row = &audit->rows[audit->count++];
	**row = (SmlFairRow) {.scope = scope, .set = set, .group = group, .reference = SML_NO_GROUP, .low_group = SML_NO_GROUP,
						  .high_group = SML_NO_GROUP, .least_n = UINT64_MAX, .statistic = NAN, .p_value = NAN, .exact_p = NAN, .corrected = NAN};
	return SML_OK;
}

/* ---- groups -------------------------------------------------------------------------- */

static SmlStatus
group_rows(Work *work, size_t group)
{
	size_t set = work->plan->groups[group].set;

	for (size_t m = 0; m < work->metrics; m++)
	{
		SmlFairRow *row;
		SmlStatus   status = add_row(work, set == 0 ? SML_SCOPE_OVERALL : SML_SCOPE_GROUP, set, group, &row);

		if (status != SML_OK)
			return status;
		row->metric = sml_fair_metric_name((SmlFairMetric) m);
		row->figure = *figure_of(work, group, (SmlFairMetric) m);
		row->reference = set == 0 ? SML_NO_GROUP : work->audit->reference[set];
		rest_on(work, row->figure.n, row);
		row->is_suppressed = work->audit->suppressed[group];
	}
	return SML_OK;
}

static void
compare(const Work *work, size_t group, size_t reference, SmlFairMetric metric, SmlFairRow *row)
{
	const SmlFigure *a = figure_of(work, group, metric);
	const SmlFigure *b = figure_of(work, reference, metric);

	rest_on(work, a->n, row);
	rest_on(work, b->n, row);
	row->metric = sml_fair_metric_name(metric);
	row->reference = reference;
	row->is_suppressed = work->audit->suppressed[group] || work->audit->suppressed[reference];
	if (row->scope == SML_SCOPE_RATIO)
		sml_figure_ratio(a, b, work->z, &row->figure);
	else
		sml_figure_difference(a, b, &row->figure);
	if (a->reason == NULL && b->reason == NULL)
		sml_two_shares_z(a->value * a->effective, a->effective, b->value * b->effective, b->effective, &row->statistic, &row->p_value);
}

static SmlStatus
comparison_rows(Work *work, size_t group)
{
	size_t set = work->plan->groups[group].set;
	size_t reference = work->audit->reference[set];

	if (reference == SML_NO_GROUP || reference == group || work->plan->groups[group].unknown)
		return SML_OK;
	for (size_t i = 0; i < COMPARED; i++)
		for (int scope = SML_SCOPE_DIFFERENCE; scope <= SML_SCOPE_RATIO; scope++)
		{
			SmlFairRow *row;
			SmlStatus   status = add_row(work, (SmlFairScope) scope, set, group, &row);

			if (status != SML_OK)
				return status;
			compare(work, group, reference, compared[i], row);
		}
	return SML_OK;
}

/* ---- impact ratios ----------------------------------------------------------------------- */

/* The known group of a set that is most selected, the first of equals; SML_NO_GROUP when no rate is defined. */
static size_t
most_selected(const Work *work, const SmlFairSet *set)
{
	size_t best = SML_NO_GROUP;

	for (size_t g = set->first; g < set->first + set->groups; g++)
	{
		const SmlFigure *rate = figure_of(work, g, SML_FAIR_SELECTION_RATE);

		if (work->plan->groups[g].unknown || rate->reason)
			continue;
		if (best == SML_NO_GROUP || rate->value > figure_of(work, best, SML_FAIR_SELECTION_RATE)->value)
			best = g;
	}
	return best;
}

/* Rows predicted the favourable outcome, and all predicted. */
static void
selected_rows(const Work *work, size_t group, uint64_t *selected, uint64_t *predicted)
{
	const SmlFairState *state = work->plan->groups[group].state;

	*selected = *predicted = 0;
	for (int label = 0; label < 3; label++)
	{
		*selected += state->n[label][work->plan->favorable];
		*predicted += state->n[label][SML_NO] + state->n[label][SML_YES];
	}
}

static SmlStatus
impact_row(Work *work, size_t group, size_t best)
{
	SmlFairRow *row;
	SmlStatus   status = add_row(work, SML_SCOPE_RATIO, work->plan->groups[group].set, group, &row);
	uint64_t    x[2];
	uint64_t    n[2];

	if (status != SML_OK)
		return status;
	compare(work, group, best != SML_NO_GROUP ? best : group, SML_FAIR_SELECTION_RATE, row);
	row->metric = "impact_ratio";
	if (best == group)
	{
		/* itself: exactly 1 whatever the rows, or undefined */
		row->figure.n = figure_of(work, group, SML_FAIR_SELECTION_RATE)->n;
		row->figure.effective = figure_of(work, group, SML_FAIR_SELECTION_RATE)->effective;
		row->statistic = row->p_value = NAN;
		if (row->figure.reason == NULL)
			sml_figure_interval(&row->figure, "by_definition", 0, 0, 1, 1);
	}
	if (!work->plan->favorable_known)
	{
		row->statistic = row->p_value = NAN;
		sml_figure_undefined(&row->figure, "favorable_not_given");
		return SML_OK;
	}
	if (row->figure.reason && row->figure.reason[0] == 'b') /* both_are_zero */
		row->figure.reason = "none_selected";
	if (row->figure.reason || best == group)
		return SML_OK;
	selected_rows(work, group, &x[0], &n[0]);
	selected_rows(work, best, &x[1], &n[1]);
	row->exact_p = sml_fisher_p(x[0], n[0], x[1], n[1]);
	return SML_OK;
}

static SmlStatus
impact_rows(Work *work, const SmlFairSet *set)
{
	size_t    best = most_selected(work, set);
	SmlStatus status = SML_OK;

	for (size_t g = set->first; g < set->first + set->groups && status == SML_OK; g++)
		if (!work->plan->groups[g].unknown)
			status = impact_row(work, g, best);
	return status;
}

/* ---- references ------------------------------------------------------------------------- */

/* The largest group, or the one most selected; the first of equals. */
static size_t
choose_reference(const Work *work, const SmlFairSet *set)
{
	size_t best = SML_NO_GROUP;

	for (size_t g = set->first; g < set->first + set->groups; g++)
	{
		bool better;

		if (work->plan->groups[g].unknown)
			continue;
		if (work->plan->reference == SML_REFERENCE_BEST && figure_of(work, g, SML_FAIR_SELECTION_RATE)->reason)
			continue;
		better = best == SML_NO_GROUP ||
			(work->plan->reference == SML_REFERENCE_BEST
			 ? figure_of(work, g, SML_FAIR_SELECTION_RATE)->value > figure_of(work, best, SML_FAIR_SELECTION_RATE)->value
			 : rows_of(work, g) > rows_of(work, best));
		if (better)
			best = g;
	}
	return best;
}

/* ---- disparities -------------------------------------------------------------------------- */

/* Every set has a stream of draws of its own, and in it these begin where those on the cells have ended. */
#define SET_STREAM(set) ((uint64_t) (set) << 32)
#define RANGE_STREAM    (UINT64_C(1) << 31)

/* The known groups of one set. */
typedef struct Known
{
	size_t               count;
	size_t               unknown; /* groups of the set that are not known */
	size_t              *group;   /* indexes of the known ones */
	const SmlFairState **state;   /* of the known ones, then the unknown */
	uint64_t             stream;  /* of its draws */
	double              *values;  /* metric x group */
	double              *top;     /* for the test of homogeneity */
	double              *all;
	SmlSpread            spreads[SML_FAIR_SHARES];
	double               stats[SML_STATS];
	SmlInterval          intervals[SML_STATS];
	SmlInterval          differences[SML_FAIR_METRICS]; /* of shares, which are among intervals, and of other figures */
} Known;

static const char *
why_no_spread(const Known *known, size_t defined)
{
	if (known->count == 0)
		return "no_groups";
	if (known->count == 1)
		return "one_group";
	return defined == 0 ? "undefined_in_all_groups" : "undefined_in_all_groups_but_one";
}

static void
rest_on_extremes(const Work *work, const Known *known, SmlFairMetric metric, const SmlSpread *spread, SmlFairRow *row)
{
	size_t low = known->group[spread->low];
	size_t high = known->group[spread->high];

	rest_on(work, figure_of(work, low, metric)->n, row);
	rest_on(work, figure_of(work, high, metric)->n, row);
	row->is_suppressed |= work->audit->suppressed[low] || work->audit->suppressed[high];
}

/* What is the same for all disparity rows that rest on one spread. */
static void
fill_disparity(const Work *work, const Known *known, SmlFairMetric metric, const SmlSpread *spread, SmlFairRow *row)
{
	row->left_out = known->count - spread->defined;
	sml_figure_plain(&row->figure, NAN, NULL);
	row->figure.numerator = row->figure.denominator = NAN;
	row->figure.reason = spread->defined < 2 ? why_no_spread(known, spread->defined) : NULL;
	if (spread->defined < 2)
	{
		rest_on(work, 0, row);
		return;
	}
	row->low_group = known->group[spread->low];
	row->high_group = known->group[spread->high];
	/* of the two groups at the ends: a sum over all would tell the size of a group that is hidden */
	row->figure.n = figure_of(work, row->low_group, metric)->n;
	if (row->high_group != row->low_group)
		row->figure.n += figure_of(work, row->high_group, metric)->n;
	rest_on_extremes(work, known, metric, spread, row);
}

static void
set_interval(const SmlInterval *interval, SmlFairRow *row)
{
	if (row->figure.reason)
		return;
	row->corrected = interval->corrected;
	row->figure.ci_low = interval->low;
	row->figure.ci_high = interval->high;
	row->figure.ci_method = interval->method;
	row->figure.no_interval = interval->reason;
}

/* The chi-squared test that a share is the same in all groups. */
static void
test_equality(const Work *work, const Known *known, SmlFairMetric metric, SmlFairRow *row)
{
	for (size_t k = 0; k < known->count; k++)
	{
		const SmlFigure *figure = figure_of(work, known->group[k], metric);

		known->all[k] = figure->reason ? 0 : figure->effective;
		known->top[k] = figure->reason ? 0 : figure->value * figure->effective;
	}
	row->p_value = sml_homogeneity_p(known->top, known->all, known->count, &row->statistic);
}

static SmlStatus
difference_row(Work *work, size_t set, const Known *known, SmlFairMetric metric)
{
	SmlSpread   own;
	SmlFairRow *row;
	SmlStatus   status = add_row(work, SML_SCOPE_DISPARITY, set, SML_NO_GROUP, &row);

	if (status != SML_OK)
		return status;
	sml_spread(known->values + metric * known->count, known->count, &own);
	fill_disparity(work, known, metric, &own, row);
	row->metric = disparity_names[metric].difference;
	row->figure.value = own.difference;
	if (own.defined >= 2)
	{
		row->figure.numerator = known->values[metric * known->count + own.high];
		row->figure.denominator = known->values[metric * known->count + own.low];
	}
	set_interval(&known->differences[metric], row);
	if (metric < SML_FAIR_SHARES)
		test_equality(work, known, metric, row);
	return SML_OK;
}

static SmlStatus
ratio_row(Work *work, size_t set, const Known *known, SmlFairMetric metric)
{
	const SmlSpread *spread = &known->spreads[metric];
	SmlFairRow      *row;
	SmlStatus        status = add_row(work, SML_SCOPE_DISPARITY, set, SML_NO_GROUP, &row);

	if (status != SML_OK)
		return status;
	fill_disparity(work, known, metric, spread, row);
	row->metric = disparity_names[metric].ratio;
	row->figure.value = spread->ratio;
	if (row->figure.reason == NULL)
	{
		row->figure.numerator = known->values[metric * known->count + spread->low];
		row->figure.denominator = known->values[metric * known->count + spread->high];
		if (isnan(spread->ratio))
			row->figure.reason = "zero_in_all_groups";
	}
	set_interval(&known->intervals[SML_STAT_RATIO + metric], row);
	return SML_OK;
}

static SmlStatus
to_overall_row(Work *work, size_t set, const Known *known, SmlFairMetric metric)
{
	const SmlFigure *overall = figure_of(work, work->plan->sets[0].first, metric);
	const double    *values = known->values + metric * known->count;
	SmlSpread        spread = known->spreads[metric];
	SmlFairRow      *row;
	SmlStatus        status = add_row(work, SML_SCOPE_DISPARITY, set, SML_NO_GROUP, &row);

	if (status != SML_OK)
		return status;
	fill_disparity(work, known, metric, &spread, row);
	row->metric = disparity_names[metric].to_overall;
	row->figure.value = NAN;
	if (row->figure.reason == NULL)
	{
		bool   high = values[spread.high] - overall->value >= overall->value - values[spread.low];
		size_t farthest = high ? spread.high : spread.low;

		row->figure.value = fabs(values[farthest] - overall->value);
		row->figure.numerator = values[farthest];
		row->figure.denominator = overall->value;
		row->low_group = row->high_group = known->group[farthest];
		row->figure.n = figure_of(work, row->low_group, metric)->n;
	}
	set_interval(&known->intervals[SML_STAT_TO_OVERALL + metric], row);
	return SML_OK;
}

static SmlStatus
odds_row(Work *work, size_t set, const Known *known, size_t stat, const char *name)
{
	const SmlSpread *tpr = &known->spreads[SML_FAIR_TPR];
	const SmlSpread *fpr = &known->spreads[SML_FAIR_FPR];
	bool             by_ratio = stat == SML_STAT_ODDS_RATIO;
	const SmlSpread *worse = by_ratio ? (tpr->ratio <= fpr->ratio ? tpr : fpr) : (tpr->difference >= fpr->difference ? tpr : fpr);
	const SmlSpread *shown = isnan(tpr->difference) ? tpr : isnan(fpr->difference) ? fpr : worse;
	SmlFairRow      *row;
	SmlStatus        status = add_row(work, SML_SCOPE_DISPARITY, set, SML_NO_GROUP, &row);

	if (status != SML_OK)
		return status;
	fill_disparity(work, known, shown == tpr ? SML_FAIR_TPR : SML_FAIR_FPR, shown, row);
	row->metric = name;
	row->figure.value = known->stats[stat];
	if (row->figure.reason == NULL && isnan(row->figure.value))
		row->figure.reason = "zero_in_all_groups";
	/* the other of the two rates has its own extreme groups */
	if (tpr->defined >= 2 && fpr->defined >= 2)
	{
		rest_on_extremes(work, known, SML_FAIR_TPR, tpr, row);
		rest_on_extremes(work, known, SML_FAIR_FPR, fpr, row);
	}
	set_interval(&known->intervals[stat], row);
	return SML_OK;
}

static SmlStatus
all_disparities(Work *work, size_t set, const Known *known)
{
	SmlStatus status = SML_OK;

	for (size_t m = 0; m < work->metrics && status == SML_OK; m++)
	{
		status = difference_row(work, set, known, (SmlFairMetric) m);
		if (status == SML_OK && m < SML_FAIR_SHARES)
			status = ratio_row(work, set, known, (SmlFairMetric) m);
		if (status == SML_OK && m < SML_FAIR_SHARES)
			status = to_overall_row(work, set, known, (SmlFairMetric) m);
	}
	if (status == SML_OK)
		status = odds_row(work, set, known, SML_STAT_ODDS_DIFFERENCE, "equalized_odds_difference");
	if (status == SML_OK)
		status = odds_row(work, set, known, SML_STAT_ODDS_RATIO, "equalized_odds_ratio");
	if (status == SML_OK)
		status = odds_row(work, set, known, SML_STAT_AVERAGE_ODDS, "average_odds_difference");
	return status;
}

static SmlStatus
make_known(Work *work, const SmlFairSet *set, Known *known)
{
	SmlEnv   *env = work->env;
	double    overall[SML_FAIR_SHARES];
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, set->groups, sizeof(size_t), &known->group));
	SML_TRY(sml_alloc_array(env, set->groups, sizeof(SmlFairState *), &known->state));
	SML_TRY(sml_alloc_array(env, set->groups, sizeof(double), &known->top));
	SML_TRY(sml_alloc_array(env, set->groups, sizeof(double), &known->all));
	SML_TRY(sml_alloc_array(env, set->groups * SML_FAIR_METRICS, sizeof(double), &known->values));
	for (size_t g = set->first; g < set->first + set->groups; g++)
		if (work->plan->groups[g].unknown)
			known->state[set->groups - ++known->unknown] = work->plan->groups[g].state;
		else
		{
			known->group[known->count] = g;
			known->state[known->count++] = work->plan->groups[g].state;
		}
	for (size_t m = 0; m < SML_FAIR_METRICS; m++)
		for (size_t k = 0; k < known->count; k++)
			known->values[m * known->count + k] = figure_of(work, known->group[k], (SmlFairMetric) m)->value;
	for (size_t m = 0; m < SML_FAIR_SHARES; m++)
		overall[m] = figure_of(work, work->plan->sets[0].first, (SmlFairMetric) m)->value;
	sml_disparity_stats(known->values, overall, known->count, known->spreads, known->stats);
done:
	return status;
}

/* The intervals of differences of figures that are no shares. */
static SmlStatus
range_figures(const Work *work, Known *known)
{
	SmlDraws          draws = {work->plan->confidence, work->plan->draws, work->plan->seed, known->stream + RANGE_STREAM};
	size_t            kinds = work->metrics - SML_FAIR_SHARES;
	const SmlFigure **figures = NULL;
	SmlStatus         status;

	SML_TRY(sml_alloc_array(work->env, kinds * known->count, sizeof(SmlFigure *), &figures));
	for (size_t m = 0; m < kinds; m++)
		for (size_t k = 0; k < known->count; k++)
			figures[m * known->count + k] = figure_of(work, known->group[k], (SmlFairMetric) (SML_FAIR_SHARES + m));
	SML_TRY(sml_range_intervals(work->env, figures, kinds, known->count, &draws, known->differences + SML_FAIR_SHARES));
done:
	sml_free(work->env, figures);
	return status;
}

static SmlStatus
disparity_rows(Work *work, size_t s)
{
	Known     known = {.stream = SET_STREAM(s)};
	SmlStatus status;

	SML_TRY(make_known(work, &work->plan->sets[s], &known));
	SML_TRY(sml_disparity_bootstrap(work->env, work->plan, known.state, known.count, known.unknown, known.stream, known.stats, known.intervals));
	for (size_t m = 0; m < SML_FAIR_SHARES; m++)
		known.differences[m] = known.intervals[SML_STAT_DIFFERENCE + m];
	SML_TRY(range_figures(work, &known));
	SML_TRY(all_disparities(work, s, &known));
done:
	sml_free(work->env, known.group);
	sml_free(work->env, known.state);
	sml_free(work->env, known.top);
	sml_free(work->env, known.all);
	sml_free(work->env, known.values);
	return status;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static SmlStatus
all_figures(Work *work)
{
	const SmlFairPlan *plan = work->plan;
	bool               scored = sml_fair_const_scores(plan->groups[plan->sets[0].first].state) != NULL;
	SmlStatus          status = sml_alloc_array(work->env, plan->group_count * SML_FAIR_METRICS, sizeof(SmlFigure), &work->figures);

	work->metrics = scored ? SML_FAIR_METRICS : SML_FAIR_MEAN_SCORE;
	for (size_t g = 0; g < plan->group_count && status == SML_OK; g++)
	{
		for (int m = 0; m < SML_FAIR_METRICS; m++)
			sml_fair_figure(plan->groups[g].state, (SmlFairMetric) m, plan->favorable, work->z,
							&work->figures[g * SML_FAIR_METRICS + (size_t) m]);
		if (g % 256 == 0)
			status = sml_poll(work->env);
	}
	return status;
}

static SmlStatus
all_rows(Work *work)
{
	const SmlFairPlan *plan = work->plan;
	SmlStatus          status = SML_OK;

	for (size_t g = 0; g < plan->group_count && status == SML_OK; g++)
	{
		status = group_rows(work, g);
		if (status == SML_OK && plan->groups[g].set > 0)
			status = comparison_rows(work, g);
	}
	for (size_t s = 1; s < plan->set_count && status == SML_OK; s++)
	{
		status = impact_rows(work, &plan->sets[s]);
		if (status == SML_OK)
			status = disparity_rows(work, s);
	}
	return status;
}

SmlStatus
sml_fair_audit(SmlEnv *env, const SmlFairPlan *plan, SmlFairAudit **result)
{
	Work          work = {.env = env, .plan = plan, .z = sml_fair_z(plan->confidence)};
	SmlFairAudit *audit = NULL;
	SmlStatus     status;

	SML_TRY(sml_alloc_array(env, 1, sizeof(SmlFairAudit), &audit));
	work.audit = audit;
	SML_TRY(sml_alloc_array(env, plan->group_count, sizeof(bool), &audit->suppressed));
	SML_TRY(sml_alloc_array(env, plan->set_count, sizeof(size_t), &audit->reference));
	SML_TRY(all_figures(&work));
	SML_TRY(sml_fair_suppress(env, plan, audit->suppressed));
	audit->reference[0] = SML_NO_GROUP;
	for (size_t s = 1; s < plan->set_count; s++)
		audit->reference[s] = plan->sets[s].reference != SML_NO_GROUP ? plan->sets[s].reference : choose_reference(&work, &plan->sets[s]);
	SML_TRY(all_rows(&work));
	*result = audit;
done:
	sml_free(env, work.figures);
	if (status != SML_OK)
		sml_fair_audit_free(env, audit);
	return status;
}

void
sml_fair_audit_free(SmlEnv *env, SmlFairAudit *audit)
{
	if (audit == NULL)
		return;
	sml_free(env, audit->rows);
	sml_free(env, audit->suppressed);
	sml_free(env, audit->reference);
	sml_free(env, audit);
}
