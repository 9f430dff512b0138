/*
 * metrics.c - the list of figures of one evaluation.
 *
 * One pass for the losses, one for the confusion table, one for the bins, and
 * one sort per class for the ranks; the ranks of one class are freed before
 * those of the next are made.
 */
#include "metric.h"

#include <math.h>
#include <string.h>

#define MOST_METRICS 24

static const char no_rows[] = "There are no rows.";

typedef struct List
{
	SmlMetric *at;
	size_t     count;
} List;

static SmlMetric *
add(List *list, const char *name, double value, uint64_t n, const char *reason)
{
	SmlMetric *metric = &list->at[list->count++];

	*metric = (SmlMetric) {name, value, NAN, NAN, (int64_t) n, isnan(value) ? reason : NULL};
	return metric;
}

/* Wilson's interval on the effective number of rows. */
static void
with_wilson(SmlMetric *metric, double weight, double weight2)
{
	if (weight2 > 0)
		sml_wilson(metric->value, weight * weight / weight2, SML_Z95, &metric->ci_low, &metric->ci_high);
}

static void
with_normal(SmlMetric *metric, const SmlMean *mean)
{
	double error = sml_mean_error(mean);

	if (!(error > 0))
		return;
	metric->ci_low = fmax(mean->mean - SML_Z95 * error, 0);
	metric->ci_high = mean->mean + SML_Z95 * error;
}

/* ---- from the confusion table ---------------------------------------------------- */

static void
add_accuracy(List *list, const SmlConfusion *table, const SmlAverages *averages)
{
	add(list, "rows", (double) table->rows, table->rows, NULL);
	with_wilson(add(list, "accuracy", averages->accuracy, table->rows, no_rows), table->weight, table->weight2);
	add(list, "balanced_accuracy", averages->balanced_accuracy, table->rows, no_rows);
}

static void
add_binary(List *list, const SmlConfusion *table, size_t positive)
{
	SmlClassReport report;
	size_t         other = 1 - positive;
	double         hit = table->cell[positive * 2 + positive];
	double         hit2 = table->cell2[positive * 2 + positive];

	sml_class_report(table, positive, &report);
	with_wilson(add(list, "precision", report.precision, report.predicted, "No row is predicted positive."),
				hit + table->cell[other * 2 + positive], hit2 + table->cell2[other * 2 + positive]);
	with_wilson(add(list, "recall", report.recall, report.support, "No row is positive."),
				hit + table->cell[positive * 2 + other], hit2 + table->cell2[positive * 2 + other]);
	add(list, "f1", report.f1, table->rows, "No row is positive or predicted positive.");
}

static void
add_averages(List *list, const SmlAverages *averages, uint64_t rows)
{
	add(list, "precision_macro", averages->macro.precision, rows, no_rows);
	add(list, "precision_weighted", averages->weighted.precision, rows, no_rows);
	add(list, "recall_macro", averages->macro.recall, rows, no_rows);
	add(list, "recall_weighted", averages->weighted.recall, rows, no_rows);
	add(list, "f1_macro", averages->macro.f1, rows, no_rows);
	add(list, "f1_weighted", averages->weighted.f1, rows, no_rows);
}

/* ---- from the ranks ----------------------------------------------------------------- */

static SmlStatus
add_binary_ranks(SmlEnv *env, const SmlScored *scored, List *list)
{
	SmlRanked ranked;
	SmlStatus status;

	sml_ranked_start(&ranked, scored->weighted, scored->limit);
	SML_TRY(sml_ranked_of(env, scored, scored->positive, &ranked));
	SML_TRY(sml_ranked_roc_auc(env, &ranked, &list->at[list->count]));
	SML_TRY(sml_ranked_average_precision(env, &ranked, &list->at[list->count + 1]));
	list->count += 2;
done:
	sml_ranked_free(env, &ranked);
	return status;
}

/* Sums over the classes that have rows on both sides. */
typedef struct RankSums
{
	double count;
	double weight;
	double area, area_weighted;
	double precision, precision_weighted;
} RankSums;

static SmlStatus
add_one_class(SmlEnv *env, const SmlScored *scored, const SmlConfusion *table, size_t k, RankSums *sums)
{
	SmlClassReport report;
	SmlRanked      ranked;
	SmlMetric      area;
	SmlMetric      precision;
	SmlStatus      status;

	sml_class_report(table, k, &report);
	sml_ranked_start(&ranked, scored->weighted, scored->limit);
	SML_TRY(sml_ranked_of(env, scored, k, &ranked));
	SML_TRY(sml_ranked_roc_auc(env, &ranked, &area));
	SML_TRY(sml_ranked_average_precision(env, &ranked, &precision));
	if (isnan(area.value))
		goto done;
	sums->count += 1;
	sums->weight += report.weight;
	sums->area += area.value;
	sums->area_weighted += area.value * report.weight;
	sums->precision += precision.value;
	sums->precision_weighted += precision.value * report.weight;
done:
	sml_ranked_free(env, &ranked);
	return status;
}

static SmlStatus
add_class_ranks(SmlEnv *env, const SmlScored *scored, const SmlConfusion *table, List *list)
{
	static const char reason[] = "No class has rows both in it and outside of it.";
	RankSums sums = {0};

	for (size_t k = 0; k < scored->classes; k++)
	{
		SmlStatus status = add_one_class(env, scored, table, k, &sums);

		if (status != SML_OK)
			return status;
	}
	/* 0 / 0 is NaN, which is meant */
	add(list, "roc_auc_macro", sums.area / sums.count, scored->rows, reason);
	add(list, "roc_auc_weighted", sums.area_weighted / sums.weight, scored->rows, reason);
	add(list, "average_precision_macro", sums.precision / sums.count, scored->rows, reason);
	add(list, "average_precision_weighted", sums.precision_weighted / sums.weight, scored->rows, reason);
	return SML_OK;
}

/* ---- from the losses per row ---------------------------------------------------------- */

/* Squared distance between the probabilities and the truth. */
static double
brier_of(const SmlScored *scored, size_t row)
{
	const double *p = scored->predicted + row * scored->width;
	size_t        label = (size_t) scored->label[row];
	double        sum = 0;

	if (scored->task == SML_BINARY)
	{
		double distance = p[0] - (label == scored->positive ? 1 : 0);

		return distance * distance;
	}
	for (size_t k = 0; k < scored->width; k++)
	{
		double distance = p[k] - (k == label ? 1 : 0);

		sum += distance * distance;
	}
	return sum;
}

static SmlStatus
add_losses(SmlEnv *env, const SmlScored *scored, List *list)
{
	SmlMean   log_loss = {0};
	SmlMean   brier = {0};
	SmlBin    bins[SML_ECE_BINS];
	SmlStatus status = SML_OK;
	bool      any = scored->rows > 0;
	size_t    steps = sml_poll_steps(16 * scored->width);

	for (size_t i = 0; i < scored->rows; i++)
	{
		double weight = scored->weighted ? scored->weight[i] : 1;

		if (i % steps == 0)
			SML_TRY(sml_poll(env));
		sml_mean_add(&log_loss, sml_scored_loss(scored, i), weight);
		sml_mean_add(&brier, brier_of(scored, i), weight);
	}
	SML_TRY(sml_calibration(env, scored, SML_ECE_BINS, bins));
	with_normal(add(list, "log_loss", any ? log_loss.mean : NAN, scored->rows, no_rows), &log_loss);
	with_normal(add(list, "brier", any ? brier.mean : NAN, scored->rows, no_rows), &brier);
	add(list, "ece", sml_calibration_error(bins, SML_ECE_BINS), scored->rows, no_rows);
done:
	return status;
}

/* ---- all of them -------------------------------------------------------------------------- */

static SmlStatus
add_classes(SmlEnv *env, const SmlScored *scored, double threshold, List *list)
{
	SmlConfusion *table = NULL;
	SmlAverages   averages;
	SmlStatus     status;

	SML_TRY(sml_confusion_make(env, scored, threshold, &table));
	sml_confusion_averages(table, &averages);
	add_accuracy(list, table, &averages);
	if (scored->task == SML_BINARY)
		add_binary(list, table, scored->positive);
	else
		add_averages(list, &averages, table->rows);
	add(list, "mcc", averages.mcc, table->rows,
		table->rows ? "All rows are, or are predicted to be, of one class." : no_rows);
	if (scored->task == SML_BINARY)
		SML_TRY(add_binary_ranks(env, scored, list));
	else
		SML_TRY(add_class_ranks(env, scored, table, list));
	SML_TRY(add_losses(env, scored, list));
done:
	sml_confusion_free(env, table);
	return status;
}

static SmlStatus
add_regression(SmlEnv *env, const SmlScored *scored, List *list)
{
	static const SmlErrorMetric order[] = {SML_R2, SML_RMSE, SML_MAE, SML_MAPE, SML_EXPLAINED_VARIANCE};
	SmlErrors errors = {0};

	for (size_t i = 0; i < scored->rows; i++)
	{
		if (i % SML_POLL_ROWS == 0)
		{
			SmlStatus status = sml_poll(env);

			if (status != SML_OK)
				return status;
		}
		sml_errors_add(&errors, scored->actual[i], scored->predicted[i], scored->weighted ? scored->weight[i] : 1);
	}
	add(list, "rows", (double) scored->rows, scored->rows, NULL);
	for (size_t m = 0; m < sizeof(order) / sizeof(order[0]); m++)
		sml_errors_metric(&errors, order[m], &list->at[list->count++]);
	return SML_OK;
}

SmlStatus
sml_scored_metrics(SmlEnv *env, const SmlScored *scored, double threshold, SmlMetric **metrics, size_t *count)
{
	List      list = {NULL, 0};
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, MOST_METRICS, sizeof(SmlMetric), &list.at));
	if (scored->task == SML_REGRESSION)
		SML_TRY(add_regression(env, scored, &list));
	else
		SML_TRY(add_classes(env, scored, threshold, &list));
	*metrics = list.at;
	*count = list.count;
	list.at = NULL;
done:
	sml_free(env, list.at);
	return status;
}

bool
sml_metric_rises(const char *name)
{
	static const char *const falling[] = {"log_loss", "brier", "ece", "rmse", "mae", "mape"};

	for (size_t i = 0; i < sizeof(falling) / sizeof(falling[0]); i++)
		if (strcmp(name, falling[i]) == 0)
			return false;
	return true;
}
