/*
 * figures.c - rates and score figures of a group; see figures.h.
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

/* Kish's number of rows. */
static double
effective(double weight, double weight2)
{
	return weight2 > 0 ? weight / weight2 * weight : 0;
}

static void
share(const SmlFairState *state, unsigned numerator, unsigned denominator, const char *empty, double z, SmlFigure *figure)
{
	Amount top = amount_of(state, numerator);
	Amount all = amount_of(state, denominator);

	*figure = (SmlFigure) {.numerator = top.weight, .denominator = all.weight, .n = all.n, .effective = effective(all.weight, all.weight2)};
	if (all.weight > 0)
		sml_figure_share(figure, z);
	else
		sml_figure_undefined(figure, empty);
}

static void
treatment_equality(const SmlFairState *state, double z, SmlFigure *figure)
{
	Amount fn = amount_of(state, FN);
	Amount fp = amount_of(state, FP);

	*figure = (SmlFigure) {.numerator = fn.weight, .denominator = fp.weight, .n = fn.n + fp.n,
						   .effective = effective(fn.weight + fp.weight, fn.weight2 + fp.weight2)};
	if (fp.weight > 0)
		sml_figure_odds(figure, z);
	else
		sml_figure_undefined(figure, fn.n + fp.n == 0 ? "no_errors" : definitions[SML_FAIR_TREATMENT_EQUALITY].empty);
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

typedef struct Scored
{
	const SmlFairScores *scores;
	bool                 weighted;
	double               z;
	const char          *empty; /* why there is no value without rows */
} Scored;

/* Effective number of the scored rows of some labels. */
static double
effective_rows(const Scored *scored, unsigned labels)
{
	if (!scored->weighted)
		return (double) scored_rows(scored->scores, labels);
	return effective(total(scored->scores->weight, labels), total(scored->scores->weight2, labels));
}

/* A quotient over scored rows, without an interval; false when there are none. */
static bool
mean(const Scored *scored, unsigned labels, double sum, SmlFigure *figure)
{
	*figure = (SmlFigure) {.n = scored_rows(scored->scores, labels), .numerator = sum, .denominator = total(scored->scores->weight, labels),
						   .effective = effective_rows(scored, labels)};
	if (figure->denominator > 0)
		sml_figure_plain(figure, sum / figure->denominator, NULL);
	else
		sml_figure_undefined(figure, scored->empty);
	return figure->reason == NULL;
}

/* The mean of values within [least, most] from their sum and that of their squares. */
static void
mean_of(const Scored *scored, unsigned labels, double sum, double squares, double least, double most, SmlFigure *figure)
{
	if (mean(scored, labels, sum, figure))
		sml_figure_mean(figure, squares / figure->denominator - figure->value * figure->value, least, most, scored->z);
}

static void
mean_score(const Scored *scored, unsigned labels, SmlFigure *figure)
{
	mean_of(scored, labels, total(scored->scores->score, labels), total(scored->scores->score2, labels), 0, 1, figure);
}

/*
 * The mean of |gap| over bins, gap being the mean score less the share of positives, by the rows of the bin in all.  What is random in a gap are the labels:
 * their variance is that of a share with one more row of each label (Agresti and Coull 1998), since a bin in which all labels happen to be alike
 * is not certain.
 */
static void
calibration_error(const Scored *scored, SmlFigure *figure)
{
	const SmlFairScores *scores = scored->scores;
	double               sum = 0;
	double               s = 0;
	double               s2 = 0;
	double               s3 = 0;
	double               bound;

	for (size_t b = 0; b < SML_FAIR_BINS; b++)
		sum += fabs(sml_sum_value(&scores->bin[b].score) - sml_sum_value(&scores->bin[b].weight[SML_YES]));
	if (!mean(scored, 3, sum, figure))
		return;
	for (size_t b = 0; b < SML_FAIR_BINS; b++)
	{
		double positive = sml_sum_value(&scores->bin[b].weight[SML_YES]) / figure->denominator;
		double part = positive + sml_sum_value(&scores->bin[b].weight[SML_NO]) / figure->denominator;
		double share = (positive * figure->effective + 1) / (part * figure->effective + 2);
		double deviation = sqrt(part * share * (1 - share) / figure->effective);

		s += deviation;
		s2 += deviation * deviation;
		s3 += deviation * deviation * deviation;
	}
	bound = sml_norm_bound(s, s2, s3, scored->z);
	sml_figure_interval(figure, "norm_bound", bound, bound, 0, 1);
}

/* ---- area under the curve -------------------------------------------------------------- */

/*
 * The curve that joins the 256 points of the histogram: its area, the most by which bins of several scores can hide it, and the variances of the placements:
 * for a positive the share of negatives below it, for a negative the share of positives above it, ties by half.
 */
typedef struct Area
{
	double value;
	double off;
	double variance[2]; /* by label, of the population */
} Area;

static Area
histogram_area(const SmlFairScores *scores)
{
	Area   area = {0, 0, {0, 0}};
	double all[2] = {0, 0};
	double below[2] = {0, 0};
	double hidden = 0;

	for (size_t b = 0; b < SML_FAIR_HISTOGRAM; b++)
		for (int label = 0; label < 2; label++)
			all[label] += scores->histogram[label][b];
	for (size_t b = 0; b < SML_FAIR_HISTOGRAM; b++)
	{
		double positive = scores->histogram[SML_YES][b] / all[SML_YES];
		double negative = scores->histogram[SML_NO][b] / all[SML_NO];

		area.value += positive * (below[SML_NO] + negative / 2);
		area.variance[SML_YES] += positive * (below[SML_NO] + negative / 2) * (below[SML_NO] + negative / 2);
		area.variance[SML_NO] += negative * (1 - below[SML_YES] - positive / 2) * (1 - below[SML_YES] - positive / 2);
		if (scores->only[b] == SML_FAIR_SEVERAL)
			hidden += positive * negative;
		below[SML_YES] += positive;
		below[SML_NO] += negative;
	}
	for (int label = 0; label < 2; label++)
		area.variance[label] = fmax(0, area.variance[label] - area.value * area.value);
	area.off = hidden / 2;
	return area;
}

/* What decides how wide the interval of an area is. */
typedef struct Pairs
{
	double positives;
	double negatives;
	double factor;    /* on Hanley and McNeil's variance */
} Pairs;

/* Hanley and McNeil's variance of an area whose true value is this, with Newcombe's mean number of rows. */
static double
area_variance(double truth, const Pairs *pairs)
{
	double others = (pairs->positives + pairs->negatives) / 2 - 1;

	return pairs->factor * truth * (1 - truth) / (pairs->positives * pairs->negatives) *
		(1 + others * ((1 - truth) / (2 - truth) + truth / (1 + truth)));
}

/* The end of the interval between the area and "end" (0 or 1): the truth from which the area is z of its own standard errors away. */
static double
area_end(double area, double end, const Pairs *pairs, double z)
{
	double inside = area;
	double outside = end;

	if (area == end)
		return end;
	for (int step = 0; step < 60; step++)
	{
		double middle = (inside + outside) / 2;

		if ((area - middle) * (area - middle) < z * z * area_variance(middle, pairs))
			inside = middle;
		else
			outside = middle;
	}
	return inside;
}

static void
roc_auc(const Scored *scored, SmlFigure *figure)
{
	Pairs  pairs = {effective_rows(scored, 1u << SML_YES), effective_rows(scored, 1u << SML_NO), 1};
	Area   area;
	double delong;
	double own;

	*figure = (SmlFigure) {.n = scored_rows(scored->scores, 3), .numerator = NAN, .denominator = NAN, .effective = effective_rows(scored, 3)};
	sml_figure_undefined(figure, figure->n == 0 ? "no_scored_labels" : scored->empty);
	if (!(pairs.positives > 0 && pairs.negatives > 0))
		return;
	area = histogram_area(scored->scores);
	if (isnan(area.value))
		return;
	/* sums of shares can differ from 1 in the last bit */
	sml_figure_plain(figure, fmin(1, area.value), NULL);
	figure->off = area.off;
	delong = area.variance[SML_YES] / (pairs.positives - 1) + area.variance[SML_NO] / (pairs.negatives - 1);
	own = area_variance(figure->value, &pairs);
	if (pairs.positives > 1 && pairs.negatives > 1 && own > 0 && delong > own)
		pairs.factor = delong / own;
	sml_figure_interval(figure, "newcombe_delong", figure->value - area_end(figure->value, 0, &pairs, scored->z),
						area_end(figure->value, 1, &pairs, scored->z) - figure->value, 0, 1);
}

static void
score_figure(const SmlFairState *state, SmlFairMetric metric, double z, SmlFigure *figure)
{
	const SmlFairScores *scores = sml_fair_const_scores(state);
	Scored               scored = {scores, state->parts & SML_FAIR_WEIGHTS, z, definitions[metric].empty};

	if (scores == NULL)
	{
		*figure = (SmlFigure) {.numerator = NAN, .denominator = NAN};
		sml_figure_undefined(figure, "no_scores");
		return;
	}
	switch (metric)
	{
		case SML_FAIR_MEAN_SCORE:
			mean_score(&scored, 7, figure);
			break;
		case SML_FAIR_MEAN_SCORE_POSITIVE:
			mean_score(&scored, 1u << SML_YES, figure);
			break;
		case SML_FAIR_MEAN_SCORE_NEGATIVE:
			mean_score(&scored, 1u << SML_NO, figure);
			break;
		case SML_FAIR_BRIER:
			mean_of(&scored, 3, sml_sum_value(&scores->squared), sml_sum_value(&scores->squared2), 0, 1, figure);
			break;
		case SML_FAIR_LOG_LOSS:
			mean_of(&scored, 3, sml_sum_value(&scores->log_loss), sml_sum_value(&scores->log_loss2), 0, INFINITY, figure);
			break;
		case SML_FAIR_ECE:
			calibration_error(&scored, figure);
			break;
		case SML_FAIR_CALIBRATION_GAP:
			mean_of(&scored, 3, total(scores->score, 3) - total(scores->weight, 1u << SML_YES), sml_sum_value(&scores->squared), -1, 1, figure);
			break;
		default:
			roc_auc(&scored, figure);
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
		treatment_equality(state, z, figure);
	else
		score_figure(state, metric, z, figure);
}
