/*
 * classes.c - fairness over any number of classes: fairness_multiclass, fairness_data, fairness_inequality.
 *
 * The label (and the prediction) join the columns that make groups, so one parallel pass counts all classes; each is then held
 * against the others.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "../args.h"
#include "../env.h"
#include "../metric/result.h"
#include "../../core/fairness/inequality.h"
#include "request.h"

#define MOST_CLASSES 100

/* Columns as texts, so that classes of target and prediction can be compared; SQL over s.cN. */
static void
add_as_text(MlFairPass *pass, const char *name, const char *what)
{
	int column = ml_source_column(pass->source, name, what);
	Oid type = pass->source->columns[column].type;

	ml_fair_pass_add(pass, psprintf("(%s)", what), psprintf("s.c%d", column + 1), type);
}

/* ---- fairness_multiclass ----------------------------------------------------------------- */

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* The distinct classes in two columns of the cells, sorted. */
static char **
list_classes(const MlFairCollector *collector, int first, size_t *count)
{
	size_t cells = ml_fair_cell_count(collector);
	char **classes = palloc_extended(sizeof(char *) * (2 * cells + 1), MCXT_ALLOC_HUGE);
	size_t all = 0;

	*count = 0;
	for (size_t i = 0; i < cells; i++)
	{
		char *const        *texts;
		const SmlFairState *state;

		ml_fair_cell(collector, i, &texts, &state);
		for (int k = 0; k < 2; k++)
			if (texts[first + k])
				classes[all++] = texts[first + k];
	}
	qsort(classes, all, sizeof(char *), by_text);
	for (size_t i = 0; i < all; i++)
		if (*count == 0 || strcmp(classes[*count - 1], classes[i]) != 0)
			classes[(*count)++] = classes[i];
	if (*count > MOST_CLASSES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("target and prediction have more than %d classes", MOST_CLASSES),
				 errdetail("They have %zu.", *count),
				 errhint("For numbers, see sustainml.fairness_regression().")));
	return classes;
}

static SmlTruth
truth_of(const char *text, const char *class)
{
	return text == NULL ? SML_UNKNOWN : strcmp(text, class) == 0 ? SML_YES : SML_NO;
}

/* One class against the rest. */
static MlFairResult *
audit_class(const MlFairCollector *all, const MlFairSpec *given, const char *class)
{
	MlFairSpec      *spec = palloc(sizeof(MlFairSpec));
	MlFairCollector *own;
	int              columns = given->protected_count;
	SmlText         *groups = palloc(sizeof(SmlText) * (columns + 1));

	*spec = *given;
	spec->positive = spec->favorable = class;
	own = ml_fair_begin(spec, false, false);
	for (size_t i = 0; i < ml_fair_cell_count(all); i++)
	{
		char *const        *texts;
		const SmlFairState *state;
		SmlFairState        moved;

		ml_fair_cell(all, i, &texts, &state);
		for (int c = 0; c < columns; c++)
			groups[c] = (SmlText) {texts[c], texts[c] ? (int32_t) strlen(texts[c]) : -1};
		sml_fair_start(&moved, 0);
		moved.n[truth_of(texts[columns], class)][truth_of(texts[columns + 1], class)] = state->n[SML_UNKNOWN][SML_UNKNOWN];
		ml_fair_state(own, groups, &moved);
	}
	return ml_fair_finish(own);
}

static void
put_class_row(MlResult *out, const MlFairResult *result, const SmlFairRow *row, const char *class)
{
	const SmlFairGroup *groups = result->plan.groups;

	ml_put_text(out, class);
	ml_put_text(out, sml_fair_scope_name(row->scope));
	ml_put_text(out, row->scope == SML_SCOPE_OVERALL ? NULL : result->set_names[row->set]);
	ml_put_text(out, row->group == SML_NO_GROUP || row->scope == SML_SCOPE_OVERALL ? NULL : groups[row->group].label);
	ml_put_text(out, row->metric);
	ml_put_figure(out, &row->figure);
	ml_put_text(out, row->low_group == SML_NO_GROUP ? NULL : groups[row->low_group].label);
	ml_put_text(out, row->high_group == SML_NO_GROUP ? NULL : groups[row->high_group].label);
	ml_put_bool(out, row->is_small);
	ml_put_text(out, sml_figure_reason(&row->figure));
}

static bool
is_worse(const SmlFairRow *row, const SmlFairRow *than)
{
	if (row->figure.reason || than->figure.reason)
		return than->figure.reason && !row->figure.reason;
	return ml_fair_is_ratio(row->metric) ? row->figure.value < than->figure.value : row->figure.value > than->figure.value;
}

/* source, target, prediction, protected, intersections, reference, min_n, confidence, draws, seed */
PG_FUNCTION_INFO_V1(sustainml_fairness_multiclass);
Datum
sustainml_fairness_multiclass(PG_FUNCTION_ARGS)
{
	MlResult        *out = ml_result_begin(fcinfo);
	MlFairSpec       spec;
	MlFairSpec       crossed;
	MlRun           *run = ml_run_begin("audit");
	MlFairPass      *pass;
	MlFairCollector *all;
	MlFairResult   **results;
	MlFigures        figures;
	MlScan           scan;
	char           **classes;
	size_t           count;

	ml_fair_spec_init(&spec);
	spec.source = ml_required_text(fcinfo, 0, "the source");
	spec.target = ml_required_text(fcinfo, 1, "the target");
	spec.prediction = ml_required_text(fcinfo, 2, "the prediction");
	spec.protected_columns = ml_fair_protected(fcinfo, 3, &spec.protected_count);
	spec.intersections = PG_ARGISNULL(4) ? 1 : Max(1, PG_GETARG_INT32(4));
	if (!PG_ARGISNULL(5))
		spec.reference = ml_text_argument(fcinfo, 5);
	spec.min_n = PG_ARGISNULL(6) ? spec.min_n : Max(0, PG_GETARG_INT32(6));
	spec.confidence = ml_fair_confidence(fcinfo, 7);
	spec.draws = PG_ARGISNULL(8) ? spec.draws : Min(100000, Max(0, PG_GETARG_INT32(8)));
	spec.seed = PG_ARGISNULL(9) ? 0 : PG_GETARG_INT64(9);
	crossed = spec;
	ml_scan_begin(&scan);
	pass = ml_fair_pass(ml_source_open(spec.source), &crossed, run);
	spec.protected_columns = crossed.protected_columns;
	add_as_text(pass, spec.target, "target");
	add_as_text(pass, spec.prediction, "prediction");
	/* a copy: adding columns has moved the list */
	spec.protected_columns = crossed.protected_columns;
	all = ml_fair_pass_run(pass);
	ml_scan_end(&scan);
	classes = list_classes(all, spec.protected_count, &count);
	results = palloc0(sizeof(MlFairResult *) * (count + 1));
	for (size_t k = 0; k < count; k++)
	{
		results[k] = audit_class(all, &spec, classes[k]);
		for (size_t r = 0; r < results[k]->audit->count; r++)
		{
			put_class_row(out, results[k], &results[k]->audit->rows[r], classes[k]);
			ml_put_text(out, NULL);
			ml_put_row(out);
		}
	}
	for (int i = 0; count > 0 && i < results[0]->note_count; i++)
		ereport(NOTICE, (errmsg("%s", results[0]->notes[i])));
	/* the worst class of each disparity; all classes have the same rows in the same order */
	for (size_t r = 0; count > 0 && r < results[0]->audit->count; r++)
	{
		size_t worst = 0;

		if (results[0]->audit->rows[r].scope != SML_SCOPE_DISPARITY)
			continue;
		for (size_t k = 1; k < count; k++)
			if (is_worse(&results[k]->audit->rows[r], &results[worst]->audit->rows[r]))
				worst = k;
		put_class_row(out, results[worst], &results[worst]->audit->rows[r], NULL);
		ml_put_text(out, classes[worst]);
		ml_put_row(out);
	}
	ml_run_end(run, NULL, NULL, 0, count ? results[0]->rows : 0, &figures);
	return ml_result_end(out);
}

/* ---- fairness_data ---------------------------------------------------------------------------- */

typedef struct Labels
{
	MlFairResult *result;
	size_t        count;      /* known labels */
	size_t        favorable;  /* number of the favourable label, or count */
	double        z;
	SmlDraws      draws;      /* each group has a stream of its own */
	size_t        asked;      /* draws, of which a set of many groups gets fewer */
	SmlEnv       *env;
} Labels;

/* Rows of a group by label, from the groups of its set crossed with the label. */
static void
label_counts(const Labels *labels, const SmlFairSet *crossed, size_t *g, double *counts, double *unlabelled)
{
	const SmlFairPlan *plan = &labels->result->plan;
	size_t             first = *g;
	size_t             depth = crossed->count - 1;

	*unlabelled = 0;
	for (size_t k = 0; k < labels->count; k++)
		counts[k] = 0;
	for (; *g < crossed->first + crossed->groups &&
		 memcmp(plan->groups[first].values, plan->groups[*g].values, sizeof(size_t) * depth) == 0; (*g)++)
	{
		size_t label = plan->groups[*g].values[depth];

		if (label < labels->count)
			counts[label] += (double) sml_fair_rows(plan->groups[*g].state);
		else
			*unlabelled += (double) sml_fair_rows(plan->groups[*g].state);
	}
}

static void
put_data(MlResult *out, const char *attribute, const char *group, const char *metric, const SmlFigure *figure)
{
	ml_put_text(out, attribute);
	ml_put_text(out, group);
	ml_put_text(out, metric);
	ml_put_figure(out, figure);
	ml_put_text(out, sml_figure_reason(figure));
	ml_put_row(out);
}

/* A number of rows: of these rows, so that there is nothing to be unsure about. */
static void
put_count(MlResult *out, const char *attribute, const char *group, const char *metric, double n)
{
	SmlFigure figure = {.numerator = NAN, .denominator = NAN, .n = (uint64) n};

	sml_figure_plain(&figure, n, "a_count");
	put_data(out, attribute, group, metric, &figure);
}

static double
sum_of(const double *counts, size_t count)
{
	double sum = 0;

	for (size_t k = 0; k < count; k++)
		sum += counts[k];
	return sum;
}

static void
put_rates(MlResult *out, const Labels *labels, const char *attribute, const char *group, const double *own, const double *rest)
{
	SmlFairState states[2];
	SmlFigure    rates[2];
	SmlFigure    difference;

	for (int i = 0; i < 2; i++)
	{
		const double *counts = i ? rest : own;

		sml_fair_start(&states[i], 0);
		states[i].n[SML_YES][SML_UNKNOWN] = (uint64) counts[labels->favorable];
		states[i].n[SML_NO][SML_UNKNOWN] = (uint64) (sum_of(counts, labels->count) - counts[labels->favorable]);
		sml_fair_figure(&states[i], SML_FAIR_BASE_RATE, SML_YES, labels->z, &rates[i]);
	}
	sml_figure_difference(&rates[0], &rates[1], &difference);
	put_data(out, attribute, group, "base_rate", &rates[0]);
	put_data(out, attribute, group, "base_rate_difference", &difference);
}

static void
put_share(MlResult *out, const char *attribute, const char *group, const char *metric, double numerator, double denominator, const char *reason, double z)
{
	SmlFigure figure = {.numerator = numerator, .denominator = denominator, .n = (uint64) denominator, .effective = denominator};

	if (denominator > 0)
		sml_figure_share(&figure, z);
	else
		sml_figure_undefined(&figure, reason);
	put_data(out, attribute, group, metric, &figure);
}

/* (others - group) / all is 1 - 2 x the group's share, and so is its interval. */
static void
put_imbalance(MlResult *out, const char *attribute, const char *group, double n, double others, double z)
{
	SmlFigure share = {.numerator = others, .denominator = n + others, .effective = n + others};
	SmlFigure figure = {.numerator = others - n, .denominator = n + others, .n = (uint64) (n + others), .effective = n + others};

	if (n + others > 0)
	{
		sml_figure_share(&share, z);
		sml_figure_plain(&figure, figure.numerator / figure.denominator, NULL);
		sml_figure_interval(&figure, share.ci_method, 2 * share.below, 2 * share.above, -1, 1);
	}
	else
		sml_figure_undefined(&figure, "no_labels");
	put_data(out, attribute, group, "class_imbalance", &figure);
}

/* Everything about one group against the rest of its set. */
static void
put_group(MlResult *out, Labels *labels, const char *attribute, const char *group, const double *own, const double *all, double unlabelled)
{
	static const char *const names[SML_DISTANCES] = {"kl_divergence", "js_divergence", "total_variation", "l2_distance"};
	SmlFigure                distances[SML_DISTANCES];
	double                  *rest = palloc(sizeof(double) * (labels->count + 1));
	double                   n = sum_of(own, labels->count);
	double                   others = sum_of(all, labels->count) - n;

	for (size_t k = 0; k < labels->count; k++)
		rest[k] = all[k] - own[k];
	put_share(out, attribute, group, "share", n, n + others, "no_labels", labels->z);
	put_imbalance(out, attribute, group, n, others, labels->z);
	put_share(out, attribute, group, "labels_missing", unlabelled, n + unlabelled, "no_rows", labels->z);
	if (labels->favorable < labels->count)
		put_rates(out, labels, attribute, group, own, rest);
	ML_CHECK(labels->env, sml_distances(labels->env, own, rest, labels->count, &labels->draws, distances), "audit fairness");
	for (int k = 0; k < SML_DISTANCES; k++)
		put_data(out, attribute, group, names[k], &distances[k]);
	labels->draws.stream += UINT64CONST(1) << 32;
	pfree(rest);
}

static void
put_set(MlResult *out, Labels *labels, const SmlFairSet *crossed, const char *attribute)
{
	const MlFairResult *result = labels->result;
	double             *all = palloc0(sizeof(double) * (labels->count + 1));
	double             *own = palloc0(sizeof(double) * (labels->count + 1));
	double              unlabelled;

	labels->draws.count = sml_disparity_draws(crossed->groups, labels->asked);
	/* the rest of a group are the other known groups */
	for (int round = 0; round < 2; round++)
		for (size_t g = crossed->first; g < crossed->first + crossed->groups;)
		{
			StringInfoData name;
			size_t         first = g;
			bool           unknown = false;

			initStringInfo(&name);
			for (size_t i = 0; i + 1 < crossed->count; i++)
			{
				const char *text = result->values[first][i];

				unknown |= text == NULL;
				appendStringInfo(&name, "%s%s", i ? " & " : "", text ? text : "(missing)");
			}
			label_counts(labels, crossed, &g, own, &unlabelled);
			for (size_t k = 0; k < labels->count && round == 0 && !unknown; k++)
				all[k] += own[k];
			if (round == 0)
				continue;
			if (unknown)
				put_count(out, attribute, name.data, "rows_without_group", sum_of(own, labels->count) + unlabelled);
			else
				put_group(out, labels, attribute, name.data, own, all, unlabelled);
		}
}

/* Number of the favourable label among the labels. */
static size_t
find_label(const Labels *labels, const char *favorable)
{
	const SmlFairSet *set = &labels->result->plan.sets[1];

	for (size_t g = set->first; g < set->first + set->groups; g++)
		if (labels->result->values[g][0] && strcmp(labels->result->values[g][0], favorable) == 0)
			return labels->result->plan.groups[g].values[0];
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("no row has the favorable value \"%s\"", favorable),
			 errhint("Name a value that occurs among the labels.")));
}

/* source, target, protected, favorable, intersections, confidence, draws, seed */
PG_FUNCTION_INFO_V1(sustainml_fairness_data);
Datum
sustainml_fairness_data(PG_FUNCTION_ARGS)
{
	MlResult        *out = ml_result_begin(fcinfo);
	MlFairSpec       spec;
	SmlEnv           env;
	Labels           labels = {.draws = ml_fair_draws(fcinfo, 5, 6, 7), .env = &env};
	MlRun           *run = ml_run_begin("audit");
	SmlFairSet      *plain = palloc0(sizeof(SmlFairSet) * (ML_FAIR_MOST_SETS + 1));
	SmlFairSet      *sets;
	char           **names;
	size_t           count;
	int              columns;
	char            *favorable = ml_text_argument(fcinfo, 3);
	MlFairPass      *pass;
	MlFairCollector *collector;
	MlFigures        figures;
	MlScan           scan;

	ml_env_init(&env, CurrentMemoryContext);
	labels.z = sml_fair_z(labels.draws.confidence);
	labels.asked = labels.draws.count;
	ml_fair_spec_init(&spec);
	spec.source = ml_required_text(fcinfo, 0, "the source");
	spec.target = ml_required_text(fcinfo, 1, "the target");
	spec.protected_columns = ml_fair_protected(fcinfo, 2, &spec.protected_count);
	columns = spec.protected_count;
	ml_scan_begin(&scan);
	pass = ml_fair_pass(ml_source_open(spec.source), &spec, run);
	add_as_text(pass, spec.target, "target");
	collector = ml_fair_pass_run(pass);
	ml_scan_end(&scan);
	count = ml_fair_list_sets(columns, PG_ARGISNULL(4) ? 1 : Max(1, PG_GETARG_INT32(4)), plain);
	sets = palloc0(sizeof(SmlFairSet) * (count + 1));
	names = palloc0(sizeof(char *) * (count + 1));
	for (size_t s = 0; s < count; s++)
	{
		size_t        *attributes = palloc(sizeof(size_t) * (plain[s].count + 1));
		StringInfoData name;

		initStringInfo(&name);
		for (size_t i = 0; i < plain[s].count; i++)
		{
			attributes[i] = plain[s].attributes[i];
			appendStringInfo(&name, "%s%s", i ? " & " : "", spec.protected_columns[attributes[i]]);
		}
		attributes[plain[s].count] = columns;
		sets[s + 1] = (SmlFairSet) {.count = plain[s].count + 1, .attributes = attributes};
		names[s + 1] = name.data;
	}
	labels.result = ml_fair_group(collector, sets, count + 1);
	for (size_t g = sets[1].first; g < sets[1].first + sets[1].groups; g++)
		labels.count += labels.result->values[g][0] != NULL;
	if (labels.count > 1000)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the target has more than 1000 values"),
				 errhint("Put numbers into bands in a query.")));
	labels.favorable = favorable ? find_label(&labels, favorable) : labels.count;
	for (size_t s = 2; s <= count; s++)
		put_set(out, &labels, &sets[s], names[s]);
	ml_run_end(run, NULL, NULL, 0, labels.result->rows, &figures);
	return ml_result_end(out);
}

/* ---- fairness_inequality -------------------------------------------------------------------------- */

static void
put_inequality(MlResult *out, const char *attribute, const char *metric, double alpha, const SmlInequality *inequality)
{
	const SmlFigure *total = &inequality->total;
	const char      *reason = sml_figure_reason(total) ? sml_figure_reason(total)
		: inequality->between.no_interval ? inequality->between.no_interval : inequality->within.no_interval;

	ml_put_text(out, attribute);
	ml_put_text(out, metric);
	ml_put_number(out, alpha);
	ml_put_interval(out, total);
	ml_put_text(out, total->ci_method);
	ml_put_interval(out, &inequality->between);
	ml_put_interval(out, &inequality->within);
	ml_put_integer(out, (int64) total->n);
	ml_put_text(out, reason);
	ml_put_row(out);
}

static void
put_inequalities(MlResult *out, const char *attribute, const SmlFairState *const *known, size_t count, double alpha, const SmlDraws *draws)
{
	SmlEnv        env;
	SmlInequality inequality;
	SmlFigure     entropy;

	ml_env_init(&env, CurrentMemoryContext);
	ML_CHECK(&env, sml_inequality(&env, known, count, alpha, draws, &inequality), "audit fairness");
	put_inequality(out, attribute, "generalized_entropy", alpha, &inequality);
	ML_CHECK(&env, sml_inequality(&env, known, count, 1, draws, &inequality), "audit fairness");
	put_inequality(out, attribute, "theil_index", 1, &inequality);
	ML_CHECK(&env, sml_inequality(&env, known, count, 2, draws, &inequality), "audit fairness");
	entropy = inequality.total;
	sml_coefficient_of_variation(&entropy, &inequality.total);
	/* it does not split into parts */
	sml_figure_plain(&inequality.between, NAN, NULL);
	sml_figure_plain(&inequality.within, NAN, NULL);
	put_inequality(out, attribute, "coefficient_of_variation", 2, &inequality);
}

/* source, target, prediction, protected, favorable, alpha, intersections, confidence, draws, seed */
PG_FUNCTION_INFO_V1(sustainml_fairness_inequality);
Datum
sustainml_fairness_inequality(PG_FUNCTION_ARGS)
{
	MlResult        *out = ml_result_begin(fcinfo);
	MlFairSpec       spec;
	MlRun           *run = ml_run_begin("audit");
	double           alpha = PG_ARGISNULL(5) ? 2 : PG_GETARG_FLOAT8(5);
	SmlDraws         draws = ml_fair_draws(fcinfo, 7, 8, 9);
	SmlFairSet      *sets = palloc0(sizeof(SmlFairSet) * (ML_FAIR_MOST_SETS + 1));
	MlFairPass      *pass;
	MlFairCollector *collector;
	MlFairResult    *result;
	MlFigures        figures;
	MlScan           scan;

	if (!isfinite(alpha))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("alpha must be a finite number")));
	ml_fair_spec_init(&spec);
	spec.source = ml_required_text(fcinfo, 0, "the source");
	spec.target = ml_required_text(fcinfo, 1, "the target");
	spec.prediction = ml_required_text(fcinfo, 2, "the prediction");
	spec.protected_columns = ml_fair_protected(fcinfo, 3, &spec.protected_count);
	spec.favorable = ml_text_argument(fcinfo, 4);
	ml_scan_begin(&scan);
	pass = ml_fair_pass(ml_source_open(spec.source), &spec, run);
	ml_fair_pass_truths(pass);
	collector = ml_fair_pass_run(pass);
	ml_scan_end(&scan);
	result = ml_fair_group(collector, sets, ml_fair_list_sets(spec.protected_count, PG_ARGISNULL(6) ? 1 : Max(1, PG_GETARG_INT32(6)), sets));
	ml_fair_notice_rows(result, true);
	for (size_t s = 0; s < result->plan.set_count; s++)
	{
		const SmlFairState **known = palloc(sizeof(SmlFairState *) * (sets[s].groups + 1));
		size_t               count = 0;

		for (size_t g = sets[s].first; g < sets[s].first + sets[s].groups; g++)
			if (!result->plan.groups[g].unknown)
				known[count++] = result->plan.groups[g].state;
		draws.stream = (uint64) s << 32;
		put_inequalities(out, s == 0 ? "overall" : result->set_names[s], known, count, alpha, &draws);
	}
	ml_run_end(run, NULL, NULL, 0, result->rows, &figures);
	return ml_result_end(out);
}
