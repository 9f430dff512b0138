/*
 * accessors.c - figures of a fairness state, and tests on plain counts, for people who write SQL.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "../env.h"
#include "../json.h"
#include "../metric/result.h"
#include "../nearest.h"
#include "../../core/fairness/figures.h"
#include "request.h"
#include "state.h"

static SmlFairMetric
metric_argument(FunctionCallInfo fcinfo, int i)
{
	char         *name = text_to_cstring(PG_GETARG_TEXT_PP(i));
	SmlFairMetric metric = sml_fair_metric_find(name);
	const char   *names[SML_FAIR_METRICS];
	const char   *nearest;

	if (metric < SML_FAIR_METRICS)
		return metric;
	for (int m = 0; m < SML_FAIR_METRICS; m++)
		names[m] = sml_fair_metric_name((SmlFairMetric) m);
	nearest = ml_nearest_name(name, names, SML_FAIR_METRICS);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown fairness metric \"%s\"", name),
			 nearest ? errhint("Perhaps you meant \"%s\".", nearest) :
			 errhint("Known are selection_rate, base_rate, tpr, fpr, tnr, fnr, ppv, npv, fdr, for, accuracy and more; see fairness_summary().")));
}

/* fairness_rate(state, metric) */
PG_FUNCTION_INFO_V1(sustainml_fairness_rate);
Datum
sustainml_fairness_rate(PG_FUNCTION_ARGS)
{
	SmlFigure figure;

	sml_fair_figure(ml_fair_state_get(PG_GETARG_DATUM(0)), metric_argument(fcinfo, 1), SML_YES, 1, &figure);
	if (figure.reason)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(figure.value);
}

static void
put_figure(MlResult *result, const SmlFigure *figure)
{
	ml_put_figure(result, figure);
	ml_put_number(result, figure->effective > 0 ? figure->effective : NAN);
	ml_put_text(result, sml_figure_reason(figure));
	ml_put_row(result);
}

/* fairness_ci(state, metric, confidence, favorable): one row */
PG_FUNCTION_INFO_V1(sustainml_fairness_ci);
Datum
sustainml_fairness_ci(PG_FUNCTION_ARGS)
{
	MlResult *result = ml_result_begin(fcinfo);
	SmlFigure figure;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		return ml_result_end(result);
	sml_fair_figure(ml_fair_state_get(PG_GETARG_DATUM(0)), metric_argument(fcinfo, 1),
					PG_ARGISNULL(3) || PG_GETARG_BOOL(3) ? SML_YES : SML_NO,
					sml_fair_z(ml_fair_confidence(fcinfo, 2)), &figure);
	put_figure(result, &figure);
	return ml_result_end(result);
}

/* fairness_compare(a, b, metric, how, confidence, favorable): one row */
PG_FUNCTION_INFO_V1(sustainml_fairness_compare);
Datum
sustainml_fairness_compare(PG_FUNCTION_ARGS)
{
	MlResult     *result = ml_result_begin(fcinfo);
	SmlFairMetric metric;
	SmlFigure     figures[2];
	SmlFigure     compared;
	SmlTruth      favorable = PG_ARGISNULL(5) || PG_GETARG_BOOL(5) ? SML_YES : SML_NO;
	char         *how;
	double        z;

	for (int i = 0; i < 5; i++)
		if (PG_ARGISNULL(i))
			return ml_result_end(result);
	metric = metric_argument(fcinfo, 2);
	how = text_to_cstring(PG_GETARG_TEXT_PP(3));
	z = sml_fair_z(ml_fair_confidence(fcinfo, 4));
	for (int i = 0; i < 2; i++)
		sml_fair_figure(ml_fair_state_get(PG_GETARG_DATUM(i)), metric, favorable, z, &figures[i]);
	if (strcmp(how, "difference") == 0)
		sml_figure_difference(&figures[0], &figures[1], &compared);
	else if (strcmp(how, "ratio") == 0 && metric < SML_FAIR_SHARES)
		sml_figure_ratio(&figures[0], &figures[1], z, &compared);
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot compare \"%s\" by \"%s\"", sml_fair_metric_name(metric), how),
				 errhint("Known are difference, and for shares ratio.")));
	put_figure(result, &compared);
	return ml_result_end(result);
}

/* fairness_share(part, whole, confidence): one row */
PG_FUNCTION_INFO_V1(sustainml_fairness_share);
Datum
sustainml_fairness_share(PG_FUNCTION_ARGS)
{
	MlResult *result = ml_result_begin(fcinfo);
	SmlFigure share = ml_fair_share((uint64) PG_GETARG_INT64(0), (uint64) PG_GETARG_INT64(1), sml_fair_z(ml_fair_confidence(fcinfo, 2)));

	ml_put_interval(result, &share);
	ml_put_text(result, share.ci_method);
	ml_put_row(result);
	return ml_result_end(result);
}

/* fairness_summary(state): {"n": …, "tp": …, "tpr": {"value": …, "ci_low": …}, …} */
PG_FUNCTION_INFO_V1(sustainml_fairness_summary);
Datum
sustainml_fairness_summary(PG_FUNCTION_ARGS)
{
	const SmlFairState  *state = ml_fair_state_get(PG_GETARG_DATUM(0));
	const SmlFairScores *scores = sml_fair_const_scores(state);
	MlJsonBuilder        builder;

	ml_json_begin(&builder);
	ml_json_add_integer(&builder, "n", (int64) sml_fair_rows(state));
	ml_json_add_integer(&builder, "true_positives", (int64) state->n[SML_YES][SML_YES]);
	ml_json_add_integer(&builder, "false_positives", (int64) state->n[SML_NO][SML_YES]);
	ml_json_add_integer(&builder, "true_negatives", (int64) state->n[SML_NO][SML_NO]);
	ml_json_add_integer(&builder, "false_negatives", (int64) state->n[SML_YES][SML_NO]);
	ml_json_add_integer(&builder, "without_label", (int64) (state->n[SML_UNKNOWN][0] + state->n[SML_UNKNOWN][1] + state->n[SML_UNKNOWN][2]));
	ml_json_add_integer(&builder, "without_prediction", (int64) (state->n[0][SML_UNKNOWN] + state->n[1][SML_UNKNOWN] + state->n[2][SML_UNKNOWN]));
	ml_json_add_integer(&builder, "without_weight", (int64) state->unweighed);
	if (scores)
	{
		ml_json_add_integer(&builder, "without_score", (int64) scores->missing);
		ml_json_add_integer(&builder, "scores_nan", (int64) scores->bad_nan);
		ml_json_add_integer(&builder, "scores_out_of_range", (int64) scores->bad_range);
	}
	for (int m = 0; m < (scores ? SML_FAIR_METRICS : SML_FAIR_MEAN_SCORE); m++)
	{
		SmlFigure figure;

		sml_fair_figure(state, (SmlFairMetric) m, SML_YES, 1, &figure);
		ml_json_add_number(&builder, sml_fair_metric_name((SmlFairMetric) m), figure.value);
	}
	PG_RETURN_JSONB_P(ml_json_end(&builder));
}

/* The share of positives in a bin; its effective number of rows is its part of that of all scored rows with a label. */
static void
bin_share(const SmlFairState *state, const SmlFairBin *bin, double z, SmlFigure *figure)
{
	double    positive = sml_sum_value(&bin->weight[SML_YES]);
	double    all = positive + sml_sum_value(&bin->weight[SML_NO]);
	SmlFigure scored;

	sml_fair_figure(state, SML_FAIR_CALIBRATION_GAP, SML_YES, z, &scored);
	*figure = (SmlFigure) {.numerator = positive, .denominator = all, .n = bin->n[0] + bin->n[1], .effective = all / scored.denominator * scored.effective};
	if (all > 0)
		sml_figure_share(figure, z);
	else
		sml_figure_undefined(figure, "no_scored_labels");
}

/* The mean score of bin b: of its squares a state knows nothing, but that scores lie within the bin bounds their mean. */
static void
bin_score(const SmlFairBin *bin, int b, const SmlFigure *observed, double z, SmlFigure *figure)
{
	*figure = (SmlFigure) {.numerator = sml_sum_value(&bin->score), .denominator = observed->denominator, .n = observed->n, .effective = observed->effective};
	if (observed->reason)
	{
		sml_figure_undefined(figure, observed->reason);
		return;
	}
	figure->value = figure->numerator / figure->denominator;
	sml_figure_mean(figure, 0, (double) b / SML_FAIR_BINS, (double) (b + 1) / SML_FAIR_BINS, z);
}

/* fairness_bins(state, confidence): calibration bins */
PG_FUNCTION_INFO_V1(sustainml_fairness_bins);
Datum
sustainml_fairness_bins(PG_FUNCTION_ARGS)
{
	MlResult            *result = ml_result_begin(fcinfo);
	const SmlFairState  *state;
	const SmlFairScores *scores;
	double               z;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return ml_result_end(result);
	state = ml_fair_state_get(PG_GETARG_DATUM(0));
	scores = sml_fair_const_scores(state);
	z = sml_fair_z(ml_fair_confidence(fcinfo, 1));
	for (int b = 0; scores && b < SML_FAIR_BINS; b++)
	{
		SmlFigure observed;
		SmlFigure score;

		bin_share(state, &scores->bin[b], z, &observed);
		bin_score(&scores->bin[b], b, &observed, z, &score);
		ml_put_integer32(result, b + 1);
		ml_put_integer(result, (int64) observed.n);
		ml_put_interval_method(result, &score);
		ml_put_interval_method(result, &observed);
		ml_put_text(result, sml_figure_reason(&observed));
		ml_put_row(result);
	}
	return ml_result_end(result);
}

/* ---- tests on counts -------------------------------------------------------------------- */

static uint64
count_argument(FunctionCallInfo fcinfo, int i)
{
	int64 count = PG_GETARG_INT64(i);

	if (count < 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("counts must not be negative")));
	return (uint64) count;
}

/* Arguments x1, n1, x2, n2. */
static void
four_counts(FunctionCallInfo fcinfo, uint64 *counts)
{
	for (int i = 0; i < 4; i++)
		counts[i] = count_argument(fcinfo, i);
	if (counts[0] > counts[1] || counts[2] > counts[3])
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("more rows are selected than there are")));
}

/* fairness_fisher_p(selected_a, n_a, selected_b, n_b) */
PG_FUNCTION_INFO_V1(sustainml_fairness_fisher_p);
Datum
sustainml_fairness_fisher_p(PG_FUNCTION_ARGS)
{
	uint64 c[4];
	double p;

	four_counts(fcinfo, c);
	p = sml_fisher_p(c[0], c[1], c[2], c[3]);
	if (isnan(p))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(p);
}

/* fairness_z(selected_a, n_a, selected_b, n_b): the statistic */
PG_FUNCTION_INFO_V1(sustainml_fairness_z);
Datum
sustainml_fairness_z(PG_FUNCTION_ARGS)
{
	uint64 c[4];
	double z;
	double p;

	four_counts(fcinfo, c);
	sml_two_shares_z((double) c[0], (double) c[1], (double) c[2], (double) c[3], &z, &p);
	if (isnan(z))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(z);
}

static double *
numbers_argument(FunctionCallInfo fcinfo, int i, int *count)
{
	ArrayType *array = PG_GETARG_ARRAYTYPE_P(i);

	*count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	if (ARR_HASNULL(array) || ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("counts must be one list without NULL")));
	return (double *) ARR_DATA_PTR(array);
}

/* mantel_haenszel(selected, n, reference_selected, reference_n, confidence): arrays over strata; one row */
PG_FUNCTION_INFO_V1(sustainml_mantel_haenszel);
Datum
sustainml_mantel_haenszel(PG_FUNCTION_ARGS)
{
	MlResult         *result = ml_result_begin(fcinfo);
	SmlMantelHaenszel mh;
	SmlStratum       *strata;
	double           *columns[4];
	int               counts[4];

	for (int i = 0; i < 4; i++)
	{
		if (PG_ARGISNULL(i))
			return ml_result_end(result);
		columns[i] = numbers_argument(fcinfo, i, &counts[i]);
		if (counts[i] != counts[0])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the four lists of counts must be of one length")));
	}
	strata = palloc(sizeof(SmlStratum) * (counts[0] + 1));
	for (int i = 0; i < counts[0]; i++)
	{
		strata[i] = (SmlStratum) {columns[0][i], columns[1][i], columns[2][i], columns[3][i]};
		if (!(strata[i].a >= 0 && strata[i].a <= strata[i].n1 && strata[i].b >= 0 && strata[i].b <= strata[i].n0))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("counts must not be negative, nor more rows selected than there are")));
	}
	sml_mantel_haenszel(strata, counts[0], sml_fair_z(ml_fair_confidence(fcinfo, 4)), &mh);
	ml_put_integer(result, (int64) mh.used);
	ml_put_number(result, mh.odds_ratio);
	ml_put_number(result, mh.odds_low);
	ml_put_number(result, mh.odds_high);
	ml_put_number(result, mh.difference);
	ml_put_number(result, mh.difference_low);
	ml_put_number(result, mh.difference_high);
	ml_put_number(result, mh.cmh);
	ml_put_number(result, mh.cmh_p);
	ml_put_number(result, mh.cmh_corrected);
	ml_put_number(result, mh.cmh_corrected_p);
	ml_put_text(result, sml_mantel_haenszel_reason(&mh));
	ml_put_row(result);
	return ml_result_end(result);
}
