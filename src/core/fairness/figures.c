/*
 * figures.c - rates of a group and comparisons of two; see figures.h.
 */
#include <math.h>

#include "figures.h"
#include "../metric/metric.h"
#include "../special.h"

/* Cells of n[label][prediction] as a bit set. */
#define CELL(label, prediction) (1u << ((label) * 3 + (prediction)))
#define COLUMN(prediction) (CELL(SML_NO, prediction) | CELL(SML_YES, prediction) | CELL(SML_UNKNOWN, prediction))
#define ROW(label) (CELL(label, SML_NO) | CELL(label, SML_YES) | CELL(label, SML_UNKNOWN))

enum
{
	TN = CELL(SML_NO, SML_NO),
	FP = CELL(SML_NO, SML_YES),
	FN = CELL(SML_YES, SML_NO),
	TP = CELL(SML_YES, SML_YES)
};

typedef struct Definition
{
	const char *name;
	unsigned    numerator;
	unsigned    denominator;
	const char *empty; /* why there is no value when the denominator is 0 */
} Definition;

static const Definition definitions[SML_FAIR_METRICS] = {
	[SML_FAIR_SELECTION_RATE] = {"selection_rate", COLUMN(SML_YES), COLUMN(SML_YES) | COLUMN(SML_NO), "no_predictions"},
	[SML_FAIR_BASE_RATE] = {"base_rate", ROW(SML_YES), ROW(SML_YES) | ROW(SML_NO), "no_labels"},
	[SML_FAIR_TPR] = {"tpr", TP, TP | FN, "no_positives"},
	[SML_FAIR_FPR] = {"fpr", FP, FP | TN, "no_negatives"},
	[SML_FAIR_TNR] = {"tnr", TN, FP | TN, "no_negatives"},
	[SML_FAIR_FNR] = {"fnr", FN, TP | FN, "no_positives"},
	[SML_FAIR_PPV] = {"ppv", TP, TP | FP, "no_predicted_positives"},
	[SML_FAIR_NPV] = {"npv", TN, TN | FN, "no_predicted_negatives"},
	[SML_FAIR_FDR] = {"fdr", FP, TP | FP, "no_predicted_positives"},
	[SML_FAIR_FOR] = {"for", FN, TN | FN, "no_predicted_negatives"},
	[SML_FAIR_ACCURACY] = {"accuracy", TP | TN, TP | TN | FP | FN, "no_labels_with_predictions"},
	[SML_FAIR_ERROR_RATE] = {"error_rate", FP | FN, TP | TN | FP | FN, "no_labels_with_predictions"},
	[SML_FAIR_TREATMENT_EQUALITY] = {"treatment_equality", FN, FP, "no_false_positives"},
	[SML_FAIR_MEAN_SCORE] = {"mean_score", 0, 0, "no_scores"},
	[SML_FAIR_MEAN_SCORE_POSITIVE] = {"mean_score_positive", 0, 0, "no_scored_positives"},
	[SML_FAIR_MEAN_SCORE_NEGATIVE] = {"mean_score_negative", 0, 0, "no_scored_negatives"},
	[SML_FAIR_BRIER] = {"brier", 0, 0, "no_scored_labels"},
	[SML_FAIR_LOG_LOSS] = {"log_loss", 0, 0, "no_scored_labels"},
	[SML_FAIR_ECE] = {"ece", 0, 0, "no_scored_labels"},
	[SML_FAIR_CALIBRATION_GAP] = {"calibration_gap", 0, 0, "no_scored_labels"},
	[SML_FAIR_ROC_AUC] = {"roc_auc", 0, 0, "one_class_only"},
};

const char *
sml_fair_metric_name(SmlFairMetric metric)
{
	return metric < SML_FAIR_METRICS ? definitions[metric].name : NULL;
}

static bool
same_text(const char *a, const char *b)
{
	while (*a && *a == *b)
	{
		a++;
		b++;
	}
	return *a == *b;
}

SmlFairMetric
sml_fair_metric_find(const char *name)
{
	for (int m = 0; m < SML_FAIR_METRICS; m++)
		if (same_text(definitions[m].name, name))
			return (SmlFairMetric) m;
	return SML_FAIR_METRICS;
}

double
sml_fair_z(double confidence)
{
	return sml_two_sided_quantile(1 - confidence, INFINITY);
}

/* ---- shares ------------------------------------------------------------------------ */

typedef struct Amount
{
	uint64_t n;
	double   weight;
	double   weight2;
} Amount;

static Amount
amount_of(const SmlFairState *state, unsigned cells)
{
	const SmlFairWeights *weights = sml_fair_const_weights(state);
	Amount                amount = {0, 0, 0};

	for (unsigned cell = 0; cell < 9; cell++)
	{
		if (!(cells & 1u << cell))
			continue;
		amount.n += state->n[cell / 3][cell % 3];
		if (weights)
		{
			amount.weight += sml_sum_value(&weights->weight[cell / 3][cell % 3]);
			amount.weight2 += sml_sum_value(&weights->weight2[cell / 3][cell % 3]);
		}
	}
	if (weights == NULL)
		amount.weight = amount.weight2 = (double) amount.n;
	return amount;
}

static void
undefined(SmlFigure *figure, const char *reason)
{
	figure->value = NAN;
	figure->ci_low = figure->ci_high = NAN;
	figure->ci_method = NULL;
	figure->reason = reason;
}

static void
wilson(double p, double n, double z, double *low, double *high)
{
	double center = (p + z * z / (2 * n)) / (1 + z * z / n);
	double half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));

	*low = p == 0 ? 0 : fmax(0, center - half);
	*high = p == 1 ? 1 : fmin(1, center + half);
}

static void
share(const SmlFairState *state, unsigned numerator, unsigned denominator, const char *empty, double z, SmlFigure *figure)
{
	Amount top = amount_of(state, numerator);
	Amount all = amount_of(state, denominator);

	figure->numerator = top.weight;
	figure->denominator = all.weight;
	figure->n = all.n;
	figure->effective = all.weight2 > 0 ? all.weight * all.weight / all.weight2 : 0;
	if (!(all.weight > 0))
	{
		undefined(figure, empty);
		return;
	}
	/* sums of weights in another order can differ in the last bit */
	figure->value = fmin(1, top.weight / all.weight);
	figure->reason = NULL;
	figure->ci_method = "wilson";
	wilson(figure->value, figure->effective, z, &figure->ci_low, &figure->ci_high);
}

static void
treatment_equality(const SmlFairState *state, SmlFigure *figure)
{
	Amount fn = amount_of(state, FN);
	Amount fp = amount_of(state, FP);

	figure->numerator = fn.weight;
	figure->denominator = fp.weight;
	figure->n = fn.n + fp.n;
	figure->effective = 0;
	undefined(figure, fn.n + fp.n == 0 ? "no_errors" : definitions[SML_FAIR_TREATMENT_EQUALITY].empty);
	if (!(fp.weight > 0))
		return;
	figure->value = fn.weight / fp.weight;
	figure->reason = NULL;
}

/* ---- scores --------------------------------------------------------------------------- */

static double
total(const SmlSum *sums, unsigned labels)
{
	double sum = 0;

	for (int label = 0; label < 3; label++)
		if (labels & 1u << label)
			sum += sml_sum_value(&sums[label]);
	return sum;
}

static uint64_t
scored_rows(const SmlFairScores *scores, unsigned labels)
{
	uint64_t rows = 0;

	for (int label = 0; label < 3; label++)
		if (labels & 1u << label)
			rows += scores->n[label];
	return rows;
}

/* A mean of something per row, without an interval. */
static bool
mean(const SmlFairScores *scores, unsigned labels, double sum, const char *empty, SmlFigure *figure)
{
	figure->n = scored_rows(scores, labels);
	figure->numerator = sum;
	figure->denominator = total(scores->weight, labels);
	figure->effective = (double) figure->n;
	undefined(figure, empty);
	if (!(figure->denominator > 0))
		return false;
	figure->value = sum / figure->denominator;
	figure->reason = NULL;
	return true;
}

/* With weights the deviation of a mean needs more than is kept: no interval then. */
static void
mean_score(const SmlFairScores *scores, unsigned labels, bool weighted, const char *empty, double z, SmlFigure *figure)
{
	double n;
	double variance;

	if (!mean(scores, labels, total(scores->score, labels), empty, figure) || weighted || figure->n < 2)
		return;
	n = (double) figure->n;
	variance = fmax(0, total(scores->score2, labels) / n - figure->value * figure->value) * n / (n - 1);
	figure->ci_method = "normal";
	figure->ci_low = fmax(0, figure->value - z * sqrt(variance / n));
	figure->ci_high = fmin(1, figure->value + z * sqrt(variance / n));
}

static void
calibration_error(const SmlFairScores *scores, const char *empty, SmlFigure *figure)
{
	double sum = 0;

	for (size_t b = 0; b < SML_FAIR_BINS; b++)
		sum += fabs(sml_sum_value(&scores->bin[b].score) - sml_sum_value(&scores->bin[b].weight[SML_YES]));
	(void) mean(scores, 3, sum, empty, figure);
}

/* Area under the curve that joins the 256 points of the histogram; "off" is the most by which ties within bins can hide it. */
static double
histogram_auc(const SmlFairScores *scores, double *off)
{
	double below = 0;
	double above_pairs = 0;
	double tied = 0;
	double all[2] = {0, 0};

	for (size_t b = 0; b < SML_FAIR_HISTOGRAM; b++)
	{
		above_pairs += scores->histogram[SML_YES][b] * below;
		tied += scores->histogram[SML_YES][b] * scores->histogram[SML_NO][b];
		below += scores->histogram[SML_NO][b];
		all[0] += scores->histogram[SML_NO][b];
		all[1] += scores->histogram[SML_YES][b];
	}
	*off = tied / 2 / (all[0] * all[1]);
	return (above_pairs + tied / 2) / (all[0] * all[1]);
}

static void
roc_auc(const SmlFairScores *scores, bool weighted, double z, SmlFigure *figure)
{
	double positives = (double) scores->n[SML_YES];
	double negatives = (double) scores->n[SML_NO];
	double off;
	double a;
	double q1;
	double q2;
	double error;

	figure->n = scored_rows(scores, 3);
	figure->numerator = figure->denominator = NAN;
	figure->effective = (double) figure->n;
	undefined(figure, figure->n == 0 ? "no_scored_labels" : definitions[SML_FAIR_ROC_AUC].empty);
	if (positives == 0 || negatives == 0)
		return;
	a = histogram_auc(scores, &off);
	if (isnan(a))
		return;
	figure->value = a;
	figure->reason = NULL;
	if (weighted)
		return;
	q1 = a / (2 - a);
	q2 = 2 * a * a / (1 + a);
	error = sqrt(fmax(0, a * (1 - a) + (positives - 1) * (q1 - a * a) + (negatives - 1) * (q2 - a * a)) / (positives * negatives));
	figure->ci_method = "hanley_mcneil";
	figure->ci_low = fmax(0, a - off - z * error);
	figure->ci_high = fmin(1, a + off + z * error);
}

static void
score_figure(const SmlFairState *state, SmlFairMetric metric, double z, SmlFigure *figure)
{
	const SmlFairScores *scores = sml_fair_const_scores(state);
	const char          *empty = definitions[metric].empty;
	bool                 weighted = state->parts & SML_FAIR_WEIGHTS;

	if (scores == NULL)
	{
		*figure = (SmlFigure) {.numerator = NAN, .denominator = NAN};
		undefined(figure, "no_scores");
		return;
	}
	switch (metric)
	{
		case SML_FAIR_MEAN_SCORE:
			mean_score(scores, 7, weighted, empty, z, figure);
			break;
		case SML_FAIR_MEAN_SCORE_POSITIVE:
			mean_score(scores, 1u << SML_YES, weighted, empty, z, figure);
			break;
		case SML_FAIR_MEAN_SCORE_NEGATIVE:
			mean_score(scores, 1u << SML_NO, weighted, empty, z, figure);
			break;
		case SML_FAIR_BRIER:
			(void) mean(scores, 3, sml_sum_value(&scores->squared), empty, figure);
			break;
		case SML_FAIR_LOG_LOSS:
			(void) mean(scores, 3, sml_sum_value(&scores->log_loss), empty, figure);
			break;
		case SML_FAIR_ECE:
			calibration_error(scores, empty, figure);
			break;
		case SML_FAIR_CALIBRATION_GAP:
			(void) mean(scores, 3, total(scores->score, 3) - total(scores->weight, 1u << SML_YES), empty, figure);
			break;
		default:
			roc_auc(scores, weighted, z, figure);
			break;
	}
}

void
sml_fair_cells(SmlFairMetric metric, SmlTruth favorable, unsigned *numerator, unsigned *denominator)
{
	*numerator = metric == SML_FAIR_SELECTION_RATE ? COLUMN(favorable) : definitions[metric].numerator;
	*denominator = definitions[metric].denominator;
}

void
sml_fair_figure(const SmlFairState *state, SmlFairMetric metric, SmlTruth favorable, double z, SmlFigure *figure)
{
	const Definition *definition = &definitions[metric];

	if (metric < SML_FAIR_SHARES)
	{
		unsigned numerator;
		unsigned denominator;

		sml_fair_cells(metric, favorable, &numerator, &denominator);
		share(state, numerator, denominator, definition->empty, z, figure);
	}
	else if (metric == SML_FAIR_TREATMENT_EQUALITY)
		treatment_equality(state, figure);
	else
		score_figure(state, metric, z, figure);
}

/* ---- comparing two ------------------------------------------------------------------------ */

void
sml_figure_difference(const SmlFigure *a, const SmlFigure *b, double z, SmlFigure *difference)
{
	double low_a;
	double high_a;
	double low_b;
	double high_b;

	*difference = (SmlFigure) {.n = a->n + b->n, .numerator = a->value, .denominator = b->value};
	undefined(difference, a->reason ? a->reason : b->reason ? b->reason : NULL);
	if (difference->reason)
		return;
	difference->value = a->value - b->value;
	if (!(a->effective > 0 && b->effective > 0) || a->ci_method == NULL || b->ci_method == NULL)
		return;
	wilson(a->value, a->effective, z, &low_a, &high_a);
	wilson(b->value, b->effective, z, &low_b, &high_b);
	difference->ci_method = "newcombe";
	difference->ci_low = difference->value - hypot(a->value - low_a, high_b - b->value);
	difference->ci_high = difference->value + hypot(high_a - a->value, b->value - low_b);
}

void
sml_figure_ratio(const SmlFigure *a, const SmlFigure *b, double z, SmlFigure *ratio)
{
	double error;

	*ratio = (SmlFigure) {.n = a->n + b->n, .numerator = a->value, .denominator = b->value};
	undefined(ratio, a->reason ? a->reason : b->reason ? b->reason : NULL);
	if (ratio->reason == NULL && b->value == 0)
		ratio->reason = a->value == 0 ? "both_are_zero" : "reference_is_zero";
	if (ratio->reason)
		return;
	ratio->value = a->value / b->value;
	if (!(a->value > 0) || !(a->effective > 0) || !(b->effective > 0))
		return;
	error = sqrt((1 - a->value) / (a->effective * a->value) + (1 - b->value) / (b->effective * b->value));
	ratio->ci_method = "katz";
	ratio->ci_low = ratio->value * exp(-z * error);
	ratio->ci_high = ratio->value * exp(z * error);
}
