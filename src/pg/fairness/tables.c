/*
 * tables.c - tables about selection: adverse_impact, bias_audit_ll144, fairness_strata, fairness_calibration.
 *
 * Each counts in one parallel pass by the finest cross it needs (request.c) and works on the groups.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "../args.h"
#include "../metric/result.h"
#include "request.h"

/* ---- adverse_impact ------------------------------------------------------------------------- */

/* source, selected, protected, favorable, weight, intersections, min_n, confidence */
static MlFairResult *
selection_audit(FunctionCallInfo fcinfo)
{
	MlFairSpec      *spec = palloc(sizeof(MlFairSpec));
	MlRun           *run = ml_run_begin("audit");
	MlFairPass      *pass;
	MlFairCollector *collector;
	MlFairResult    *result;
	MlFigures        figures;
	MlScan           scan;

	ml_fair_spec_init(spec);
	spec->source = ml_required_text(fcinfo, 0, "the source");
	spec->prediction = ml_required_text(fcinfo, 1, "selected");
	spec->protected_columns = ml_fair_protected(fcinfo, 2, &spec->protected_count);
	spec->favorable = ml_text_argument(fcinfo, 3);
	spec->weight = ml_text_argument(fcinfo, 4);
	spec->intersections = PG_ARGISNULL(5) ? 2 : Max(1, PG_GETARG_INT32(5));
	spec->min_n = PG_ARGISNULL(6) ? spec->min_n : Max(0, PG_GETARG_INT32(6));
	spec->confidence = ml_fair_confidence(fcinfo, 7);
	spec->draws = 0;
	ml_scan_begin(&scan);
	pass = ml_fair_pass(ml_source_open(spec->source), spec, run);
	if (spec->weight)
		pass->weight = ml_number_expression(pass->source, ml_source_column(pass->source, spec->weight, "weight"), "weight");
	ml_fair_pass_truths(pass);
	if (spec->favorable == NULL)
		spec->favorable = spec->positive;
	collector = ml_fair_pass_run(pass);
	ml_scan_end(&scan);
	result = ml_fair_finish(collector);
	ml_run_end(run, NULL, NULL, 0, result->rows, &figures);
	for (int i = 0; i < result->note_count; i++)
		ereport(NOTICE, (errmsg("%s", result->notes[i])));
	return result;
}

static const char *
verdict_of(const SmlFairRow *row)
{
	if (row->figure.reason)
		return NULL;
	if (row->figure.value < 0.8)
		return row->exact_p < 0.05 ? "fail" : "insufficient evidence";
	return row->is_small ? "insufficient evidence" : "pass";
}

PG_FUNCTION_INFO_V1(sustainml_adverse_impact);
Datum
sustainml_adverse_impact(PG_FUNCTION_ARGS)
{
	MlResult     *out = ml_result_begin(fcinfo);
	MlFairResult *result = selection_audit(fcinfo);
	double        z = sml_fair_z(result->plan.confidence);

	for (size_t r = 0; r < result->audit->count; r++)
	{
		const SmlFairRow   *row = &result->audit->rows[r];
		const SmlFairGroup *group;
		SmlFigure           rate;
		SmlFigure           share;

		if (strcmp(row->metric, "impact_ratio") != 0)
			continue;
		group = &result->plan.groups[row->group];
		sml_fair_figure(group->state, SML_FAIR_SELECTION_RATE, result->plan.favorable, z, &rate);
		ml_put_text(out, result->set_names[row->set]);
		ml_put_text(out, group->label);
		ml_put_integer(out, (int64) rate.n);
		share = ml_fair_share(sml_fair_rows(group->state), (uint64) result->rows, z);
		ml_put_interval_method(out, &share);
		ml_put_number(out, rate.numerator);
		ml_put_interval_method(out, &rate);
		ml_put_text(out, row->reference == SML_NO_GROUP ? NULL : result->plan.groups[row->reference].label);
		ml_put_number(out, row->figure.denominator);
		ml_put_interval_method(out, &row->figure);
		ml_put_number(out, row->statistic);
		ml_put_number(out, row->p_value);
		ml_put_number(out, row->exact_p);
		if (row->figure.reason)
			ml_put_text(out, NULL);
		else
			ml_put_bool(out, row->figure.value < 0.8);
		ml_put_bool(out, row->is_small);
		ml_put_text(out, sml_figure_reason(&row->figure));
		ml_put_text(out, verdict_of(row));
		ml_put_row(out);
	}
	return ml_result_end(out);
}

/* ---- bias_audit_ll144 --------------------------------------------------------------------------- */

/* The median of a score over rows that have one; NaN without. */
static double
median_of(const MlSource *source, const char *expression)
{
	double median = NAN;
	bool   isnull;

	SPI_connect();
	if (SPI_execute(psprintf("SELECT pg_catalog.percentile_cont(0.5) WITHIN GROUP (ORDER BY q.x) FROM (%s) AS q(x)",
							 ml_source_query(source, expression, psprintf("%s OPERATOR(pg_catalog.<>) 'NaN'", expression))), true, 1) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "unexpected result of a median");
	median = DatumGetFloat8(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	return isnull ? NAN : median;
}

/* source, protected, selected, favorable, score, confidence */
static MlFairResult *
ll144_groups(FunctionCallInfo fcinfo, double *median)
{
	MlFairSpec      *spec = palloc(sizeof(MlFairSpec));
	SmlFairSet      *sets = palloc0(sizeof(SmlFairSet) * (ML_FAIR_MOST_SETS + 1));
	MlRun           *run = ml_run_begin("audit");
	MlFairPass      *pass;
	MlFairCollector *collector;
	MlFairResult    *result;
	MlFigures        figures;
	MlScan           scan;

	ml_fair_spec_init(spec);
	spec->source = ml_required_text(fcinfo, 0, "the source");
	spec->protected_columns = ml_texts_argument(fcinfo, 1, "protected", &spec->protected_count);
	spec->prediction = ml_text_argument(fcinfo, 2);
	spec->favorable = ml_text_argument(fcinfo, 3);
	spec->score = ml_text_argument(fcinfo, 4);
	if ((spec->prediction == NULL) == (spec->score == NULL) || spec->protected_count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the protected columns and either selected or score must be given"),
				 errhint("selected gives selection rates; score gives scoring rates, the share above the median of all scores.")));
	ml_scan_begin(&scan);
	pass = ml_fair_pass(ml_source_open(spec->source), spec, run);
	*median = NAN;
	if (spec->prediction)
		ml_fair_pass_truths(pass);
	else
	{
		char *score = ml_number_expression(pass->source, ml_source_column(pass->source, spec->score, "score"), "score");

		*median = median_of(pass->source, score);
		/* equal to the median is not above it */
		pass->prediction = psprintf("CASE WHEN %s OPERATOR(pg_catalog.<>) 'NaN' THEN %s OPERATOR(pg_catalog.>) '%.17g'::pg_catalog.float8 END", score, score, *median);
	}
	collector = ml_fair_pass_run(pass);
	ml_scan_end(&scan);
	result = ml_fair_group(collector, sets, ml_fair_list_sets(spec->protected_count, spec->protected_count, sets));
	ml_fair_notice_rows(result, false);
	ml_run_end(run, NULL, NULL, 0, result->rows, &figures);
	return result;
}

typedef struct Category
{
	uint64    selected;
	SmlFigure share;
	SmlFigure rate;  /* undefined: nobody */
	bool      under; /* below 2 % of those audited */
} Category;

static Category
category_of(const MlFairResult *result, size_t g, double z)
{
	const SmlFairState *all = result->plan.groups[0].state;
	const SmlFairState *state = result->plan.groups[g].state;
	Category            category;

	sml_fair_figure(state, SML_FAIR_SELECTION_RATE, SML_YES, z, &category.rate);
	category.selected = state->n[SML_UNKNOWN][SML_YES];
	category.share = ml_fair_share(category.rate.n, all->n[SML_UNKNOWN][SML_YES] + all->n[SML_UNKNOWN][SML_NO], z);
	category.under = category.share.value < 0.02;
	return category;
}

/* The category with the highest rate of those that count; SML_NO_GROUP when there is none. */
static size_t
highest_rate(const MlFairResult *result, const SmlFairSet *set, double z)
{
	double highest = NAN;
	size_t whose = SML_NO_GROUP;

	for (size_t g = set->first; g < set->first + set->groups; g++)
	{
		Category category = category_of(result, g, z);

		if (result->plan.groups[g].unknown || category.under || category.rate.reason)
			continue;
		if (isnan(highest) || category.rate.value > highest)
		{
			highest = category.rate.value;
			whose = g;
		}
	}
	return whose;
}

static const char *
why_excluded(const Category *category, bool unknown, const SmlFigure *highest)
{
	if (unknown)
		return "the category is unknown";
	if (category->rate.reason)
		return "nobody has an outcome";
	if (category->under)
		return "under 2 % of those audited";
	return highest->value > 0 ? NULL : "nobody is selected";
}

static void
put_category(MlResult *out, const MlFairResult *result, size_t set, size_t g, size_t whose, double z)
{
	Category    category = category_of(result, g, z);
	SmlFigure   highest = whose == SML_NO_GROUP ? (SmlFigure) {0} : category_of(result, whose, z).rate;
	const char *why = why_excluded(&category, result->plan.groups[g].unknown, &highest);
	SmlFigure   ratio = {0};

	if (why)
		sml_figure_undefined(&ratio, why);
	else
		sml_figure_ratio(&category.rate, &highest, z, &ratio);
	/* itself */
	if (why == NULL && g == whose)
		sml_figure_interval(&ratio, "by_definition", 0, 0, 1, 1);
	ml_put_text(out, result->set_names[set]);
	ml_put_text(out, result->plan.groups[g].label);
	ml_put_integer(out, (int64) category.rate.n);
	ml_put_interval_method(out, &category.share);
	ml_put_integer(out, (int64) category.selected);
	ml_put_interval_method(out, &category.rate);
	ml_put_interval_method(out, &ratio);
	ml_put_text(out, whose == SML_NO_GROUP ? NULL : result->plan.groups[whose].label);
	ml_put_bool(out, category.under);
	ml_put_text(out, why);
}

PG_FUNCTION_INFO_V1(sustainml_bias_audit_ll144);
Datum
sustainml_bias_audit_ll144(PG_FUNCTION_ARGS)
{
	MlResult     *out = ml_result_begin(fcinfo);
	double        z = sml_fair_z(ml_fair_confidence(fcinfo, 5));
	double        median;
	MlFairResult *result = ll144_groups(fcinfo, &median);

	for (size_t s = 1; s < result->plan.set_count; s++)
	{
		const SmlFairSet *set = &result->plan.sets[s];
		size_t            whose = highest_rate(result, set, z);

		for (size_t g = set->first; g < set->first + set->groups; g++)
		{
			put_category(out, result, s, g, whose, z);
			ml_put_number(out, median);
			ml_put_row(out);
		}
	}
	return ml_result_end(out);
}

/* ---- fairness_strata ----------------------------------------------------------------------------- */

/* source, selected, protected, strata, favorable, reference, confidence, min_n */
typedef struct Strata
{
	MlFairResult *result;
	int           strata;     /* columns that make strata, the first ones */
	int           protected_count;
	double        z;
	const char   *reference;
} Strata;

static MlFairResult *
strata_groups(FunctionCallInfo fcinfo, Strata *strata)
{
	MlFairSpec      *spec = palloc(sizeof(MlFairSpec));
	MlRun           *run = ml_run_begin("audit");
	int              protected_count;
	char           **protected_columns = ml_texts_argument(fcinfo, 2, "protected", &protected_count);
	SmlFairSet      *sets;
	MlFairPass      *pass;
	MlFairCollector *collector;
	MlFigures        figures;
	MlScan           scan;

	ml_fair_spec_init(spec);
	spec->source = ml_required_text(fcinfo, 0, "the source");
	spec->prediction = ml_required_text(fcinfo, 1, "selected");
	spec->protected_columns = ml_texts_argument(fcinfo, 3, "strata", &spec->protected_count);
	spec->favorable = ml_text_argument(fcinfo, 4);
	spec->min_n = PG_ARGISNULL(7) ? spec->min_n : Max(0, PG_GETARG_INT32(7));
	if (protected_count == 0 || spec->protected_count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the protected columns and the strata must be given"),
				 errhint("For example protected => '{gender}', strata => '{dept}'.")));
	strata->strata = spec->protected_count;
	strata->protected_count = protected_count;
	ml_scan_begin(&scan);
	pass = ml_fair_pass(ml_source_open(spec->source), spec, run);
	ml_fair_pass_add_columns(pass, protected_columns, protected_count, "protected");
	ml_fair_pass_truths(pass);
	collector = ml_fair_pass_run(pass);
	ml_scan_end(&scan);
	/* a set per protected column: its groups within each stratum, and its groups alone */
	sets = palloc0(sizeof(SmlFairSet) * (2 * protected_count + 1));
	for (int i = 0; i < protected_count; i++)
	{
		size_t *attributes = palloc(sizeof(size_t) * (strata->strata + 1));
		size_t *alone = palloc(sizeof(size_t));

		for (int k = 0; k < strata->strata; k++)
			attributes[k] = k;
		attributes[strata->strata] = alone[0] = strata->strata + i;
		sets[1 + 2 * i] = (SmlFairSet) {.count = strata->strata + 1, .attributes = attributes};
		sets[2 + 2 * i] = (SmlFairSet) {.count = 1, .attributes = alone};
	}
	strata->result = ml_fair_group(collector, sets, 2 * protected_count + 1);
	ml_fair_notice_rows(strata->result, false);
	ml_run_end(run, NULL, NULL, 0, strata->result->rows, &figures);
	return strata->result;
}

/* Rows selected, and rows with an outcome, of a group. */
static void
outcome_of(const SmlFairState *state, double *selected, double *n)
{
	*selected = (double) state->n[SML_UNKNOWN][SML_YES];
	*n = *selected + (double) state->n[SML_UNKNOWN][SML_NO];
}

static bool
same_stratum(const Strata *strata, const SmlFairGroup *a, const SmlFairGroup *b)
{
	return memcmp(a->values, b->values, sizeof(size_t) * strata->strata) == 0;
}

/* One table per stratum: the group "value" against "reference" for the tests, and against everybody for the conditional demographic disparity. */
static size_t
fill_strata(const Strata *strata, const SmlFairSet *within, size_t value, size_t reference, SmlStratum *tables, SmlSplit *splits)
{
	const SmlFairPlan *plan = &strata->result->plan;
	size_t             count = 0;

	for (size_t g = within->first; g < within->first + within->groups;)
	{
		size_t     end = g;
		SmlStratum table = {0, 0, 0, 0};
		SmlSplit   split = {0, 0, 0, 0};

		for (; end < within->first + within->groups && same_stratum(strata, &plan->groups[g], &plan->groups[end]); end++)
		{
			size_t own = plan->groups[end].values[strata->strata];
			double x;
			double n;

			outcome_of(plan->groups[end].state, &x, &n);
			if (own == value)
				table.a = x, table.n1 = n;
			if (own == reference)
				table.b = x, table.n0 = n;
			if (strata->result->values[end][strata->strata] != NULL)
			{
				split.selected += x;
				split.rejected += n - x;
			}
		}
		split.own_selected = table.a;
		split.own_rejected = table.n1 - table.a;
		tables[count] = table;
		splits[count++] = split;
		g = end;
	}
	return count;
}

static size_t
choose_reference(const Strata *strata, const SmlFairSet *alone)
{
	const SmlFairPlan *plan = &strata->result->plan;
	size_t             best = SML_NO_GROUP;

	for (size_t g = alone->first; g < alone->first + alone->groups; g++)
	{
		if (plan->groups[g].unknown)
			continue;
		if (strata->reference && strcmp(strata->reference, "majority") != 0)
		{
			if (strcmp(plan->groups[g].label, strata->reference) == 0)
				return g;
		}
		else if (best == SML_NO_GROUP || sml_fair_rows(plan->groups[g].state) > sml_fair_rows(plan->groups[best].state))
			best = g;
	}
	return best;
}

static void
put_tests(MlResult *out, const SmlMantelHaenszel *mh)
{
	ml_put_number(out, mh->cmh);
	ml_put_number(out, mh->cmh_p);
	ml_put_number(out, mh->cmh_corrected);
	ml_put_number(out, mh->cmh_corrected_p);
}

static void
put_strata(MlResult *out, const Strata *strata, size_t group, size_t reference, const SmlMantelHaenszel *mh, const SmlFigure *disparity, size_t count)
{
	const SmlFairPlan *plan = &strata->result->plan;
	SmlFigure          rates[2];
	SmlFigure          difference;

	sml_fair_figure(plan->groups[group].state, SML_FAIR_SELECTION_RATE, SML_YES, strata->z, &rates[0]);
	sml_fair_figure(plan->groups[reference].state, SML_FAIR_SELECTION_RATE, SML_YES, strata->z, &rates[1]);
	sml_figure_difference(&rates[0], &rates[1], &difference);
	ml_put_text(out, strata->result->set_names[plan->groups[group].set]);
	ml_put_text(out, plan->groups[group].label);
	ml_put_text(out, plan->groups[reference].label);
	ml_put_integer(out, (int64) rates[0].n);
	ml_put_interval_method(out, &rates[0]);
	ml_put_interval_method(out, &rates[1]);
	ml_put_interval(out, &difference);
	ml_put_number(out, mh->difference);
	ml_put_number(out, mh->difference_low);
	ml_put_number(out, mh->difference_high);
	ml_put_number(out, mh->odds_ratio);
	ml_put_number(out, mh->odds_low);
	ml_put_number(out, mh->odds_high);
	put_tests(out, mh);
	ml_put_interval(out, disparity);
	ml_put_integer(out, (int64) count);
	ml_put_integer(out, (int64) mh->used);
	ml_put_bool(out, rates[0].n < plan->min_n || rates[1].n < plan->min_n);
	ml_put_text(out, sml_mantel_haenszel_reason(mh) ? sml_mantel_haenszel_reason(mh) : sml_figure_reason(disparity));
	ml_put_row(out);
}

PG_FUNCTION_INFO_V1(sustainml_fairness_strata);
Datum
sustainml_fairness_strata(PG_FUNCTION_ARGS)
{
	MlResult   *out = ml_result_begin(fcinfo);
	Strata      strata = {.z = sml_fair_z(ml_fair_confidence(fcinfo, 6)), .reference = ml_text_argument(fcinfo, 5)};
	SmlFairPlan *plan = &strata_groups(fcinfo, &strata)->plan;

	for (int i = 0; i < strata.protected_count; i++)
	{
		const SmlFairSet *within = &plan->sets[1 + 2 * i];
		const SmlFairSet *alone = &plan->sets[2 + 2 * i];
		size_t            reference = choose_reference(&strata, alone);
		SmlStratum       *tables = palloc(sizeof(SmlStratum) * (within->groups + 1));
		SmlSplit         *splits = palloc(sizeof(SmlSplit) * (within->groups + 1));

		if (reference == SML_NO_GROUP && strata.reference && alone->groups > 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("no group has the reference value \"%s\"", strata.reference)));
		for (size_t g = alone->first; g < alone->first + alone->groups; g++)
		{
			SmlMantelHaenszel mh;
			SmlFigure         disparity;
			size_t            count;

			if (g == reference || plan->groups[g].unknown)
				continue;
			count = fill_strata(&strata, within, plan->groups[g].values[0], plan->groups[reference].values[0], tables, splits);
			sml_mantel_haenszel(tables, count, strata.z, &mh);
			sml_conditional_disparity(splits, count, strata.z, &disparity);
			put_strata(out, &strata, g, reference, &mh, &disparity, count);
		}
	}
	return ml_result_end(out);
}

/* ---- fairness_calibration ---------------------------------------------------------------------------- */

/* source, target, score, protected, positive, bins, intersections, min_n, confidence */
static MlFairResult *
bin_groups(FunctionCallInfo fcinfo, int *bin_attribute)
{
	MlFairSpec      *spec = palloc(sizeof(MlFairSpec));
	MlRun           *run = ml_run_begin("audit");
	int              bins = PG_ARGISNULL(5) ? SML_FAIR_BINS : PG_GETARG_INT32(5);
	int              intersections = PG_ARGISNULL(6) ? 1 : PG_GETARG_INT32(6);
	SmlFairSet      *plain = palloc0(sizeof(SmlFairSet) * (ML_FAIR_MOST_SETS + 1));
	SmlFairSet      *sets;
	size_t           count;
	MlFairPass      *pass;
	MlFairCollector *collector;
	MlFairResult    *result;
	MlFigures        figures;
	MlScan           scan;

	if (bins < 1 || bins > 1000 || intersections < 1)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("bins must be between 1 and 1000 and intersections at least 1")));
	ml_fair_spec_init(spec);
	spec->source = ml_required_text(fcinfo, 0, "the source");
	spec->target = ml_required_text(fcinfo, 1, "the target");
	spec->score = ml_required_text(fcinfo, 2, "the score");
	spec->protected_columns = ml_texts_argument(fcinfo, 3, "protected", &spec->protected_count);
	spec->positive = ml_text_argument(fcinfo, 4);
	spec->min_n = PG_ARGISNULL(7) ? spec->min_n : Max(0, PG_GETARG_INT32(7));
	spec->confidence = ml_fair_confidence(fcinfo, 8);
	ml_scan_begin(&scan);
	pass = ml_fair_pass(ml_source_open(spec->source), spec, run);
	pass->score = ml_number_expression(pass->source, ml_source_column(pass->source, spec->score, "score"), "score");
	spec->threshold = 0.5;
	ml_fair_pass_truths(pass);
	count = ml_fair_list_sets(spec->protected_count, intersections, plain);
	*bin_attribute = spec->protected_count;
	/* four digits, so that texts sort as numbers; the last bin is closed; what is no probability has no bin, and raises an error where it is outside of 0 to 1 */
	ml_fair_pass_add(pass, "bin", psprintf("CASE WHEN %s OPERATOR(pg_catalog.>=) 0 AND %s OPERATOR(pg_catalog.<=) 1 THEN"
										   " pg_catalog.lpad((1 OPERATOR(pg_catalog.+) LEAST(pg_catalog.floor(%s OPERATOR(pg_catalog.*) %d)::integer, %d))::pg_catalog.text, 4, '0') END",
										   pass->score, pass->score, pass->score, bins, bins - 1), TEXTOID);
	collector = ml_fair_pass_run(pass);
	ml_scan_end(&scan);
	sets = palloc0(sizeof(SmlFairSet) * (count + 1));
	for (size_t s = 0; s < count; s++)
	{
		size_t *attributes = palloc(sizeof(size_t) * (plain[s].count + 1));

		if (plain[s].count)
			memcpy(attributes, plain[s].attributes, sizeof(size_t) * plain[s].count);
		attributes[plain[s].count] = *bin_attribute;
		sets[s + 1] = (SmlFairSet) {.count = plain[s].count + 1, .attributes = attributes};
	}
	result = ml_fair_group(collector, sets, count + 1);
	result->rows_without_prediction = result->rows_without_group = 0;
	ml_fair_notice_rows(result, true);
	ml_run_end(run, NULL, NULL, 0, result->rows, &figures);
	return result;
}

/* "Female & White" of the group "Female & White & 3" */
static char *
without_last(const char *label)
{
	const char *last = NULL;

	for (const char *at = strstr(label, " & "); at; at = strstr(at + 3, " & "))
		last = at;
	return last ? pnstrdup(label, last - label) : NULL;
}

PG_FUNCTION_INFO_V1(sustainml_fairness_calibration);
Datum
sustainml_fairness_calibration(PG_FUNCTION_ARGS)
{
	MlResult          *out = ml_result_begin(fcinfo);
	int                bin_attribute;
	MlFairResult      *result = bin_groups(fcinfo, &bin_attribute);
	const SmlFairPlan *plan = &result->plan;
	double             z = sml_fair_z(plan->confidence);

	for (size_t s = 1; s < plan->set_count; s++)
		for (size_t g = plan->sets[s].first; g < plan->sets[s].first + plan->sets[s].groups; g++)
		{
			size_t    last = plan->sets[s].count - 1;
			char     *bin = result->values[g][last];
			SmlFigure observed;
			SmlFigure score;

			/* rows without a usable score are in no bin */
			if (bin == NULL)
				continue;
			sml_fair_figure(plan->groups[g].state, SML_FAIR_BASE_RATE, SML_YES, z, &observed);
			sml_fair_figure(plan->groups[g].state, SML_FAIR_MEAN_SCORE, SML_YES, z, &score);
			ml_put_text(out, last == 0 ? "overall" : without_last(result->set_names[s]));
			ml_put_text(out, last == 0 ? NULL : without_last(plan->groups[g].label));
			ml_put_integer32(out, atoi(bin));
			ml_put_integer(out, (int64) observed.n);
			ml_put_interval_method(out, &score);
			ml_put_interval_method(out, &observed);
			ml_put_bool(out, observed.n < plan->min_n);
			ml_put_text(out, sml_figure_reason(&observed));
			ml_put_row(out);
		}
	return ml_result_end(out);
}
