/*
 * threshold.c - the best threshold by an exact sweep; see threshold.h.
 */
#include "threshold.h"

#include <math.h>

const char *
sml_objective_name(size_t index)
{
	static const char *const names[] = {"f1", "balanced_accuracy", "youden", "mcc", "cost", "precision_at_recall",
										"recall_at_precision"};

	return index < sizeof(names) / sizeof(names[0]) ? names[index] : NULL;
}

/* ---- figures of a tally --------------------------------------------------------------- */

double
sml_tally_specificity(const SmlTally *tally)
{
	double negatives = tally->tn + tally->fp;

	return negatives > 0 ? tally->tn / negatives : NAN;
}

double
sml_tally_accuracy(const SmlTally *tally)
{
	double weight = tally->tp + tally->fp + tally->fn + tally->tn;

	return weight > 0 ? (tally->tp + tally->tn) / weight : NAN;
}

double
sml_tally_balanced_accuracy(const SmlTally *tally)
{
	return (sml_tally_recall(tally) + sml_tally_specificity(tally)) / 2;
}

/* (tp tn - fp fn) / sqrt of the product of the four margins, each pair divided first so that nothing overflows. */
double
sml_tally_mcc(const SmlTally *tally)
{
	double positive = tally->tp + tally->fn;
	double negative = tally->tn + tally->fp;
	double called = tally->tp + tally->fp;
	double passed = tally->tn + tally->fn;

	if (!(positive > 0 && negative > 0 && called > 0 && passed > 0))
		return NAN;
	return (tally->tp / positive * (tally->tn / negative) - tally->fp / negative * (tally->fn / positive)) *
		sqrt(positive / called * (negative / passed));
}

double
sml_aim_value(const SmlAim *aim, const SmlTally *tally)
{
	double recall = sml_tally_recall(tally);
	double precision = sml_tally_precision(tally);

	switch (aim->objective)
	{
		case SML_OBJECTIVE_F1:
			return sml_tally_f1(tally);
		case SML_OBJECTIVE_BALANCED_ACCURACY:
			return sml_tally_balanced_accuracy(tally);
		case SML_OBJECTIVE_YOUDEN:
			return recall + sml_tally_specificity(tally) - 1;
		case SML_OBJECTIVE_MCC:
			return sml_tally_mcc(tally);
		case SML_OBJECTIVE_COST:
			return (aim->false_positive_cost * tally->fp + aim->false_negative_cost * tally->fn) /
				(tally->tp + tally->fp + tally->fn + tally->tn);
		case SML_OBJECTIVE_PRECISION_AT_RECALL:
			return recall >= aim->at_least ? precision : NAN;
		case SML_OBJECTIVE_RECALL_AT_PRECISION:
			return precision >= aim->at_least ? recall : NAN;
	}
	return NAN;
}

SmlStatus
sml_threshold_tally(SmlEnv *env, const SmlScored *scored, double threshold, SmlTally *tally)
{
	*tally = (SmlTally) {.n = (double) scored->rows};
	for (size_t i = 0; i < scored->rows; i++)
	{
		double w = scored->weighted ? scored->weight[i] : 1;
		bool   positive = (size_t) scored->label[i] == scored->positive;
		bool   called = scored->predicted[i] >= threshold;

		if (i % SML_POLL_ROWS == 0)
		{
			SmlStatus status = sml_poll(env);

			if (status != SML_OK)
				return status;
		}
		if (called)
			*(positive ? &tally->tp : &tally->fp) += w;
		else
			*(positive ? &tally->fn : &tally->tn) += w;
	}
	return SML_OK;
}

/* ---- the sweep ------------------------------------------------------------------------------ */

/* A point in (low, high], the middle where there is one. */
static double
between(double low, double high)
{
	double middle = low + (high - low) / 2;

	return middle > low ? middle : high;
}

/* Whether "value" (with "tally") beats the best so far; ties of a conditioned objective go to the condition's other side. */
static bool
beats(const SmlAim *aim, double value, const SmlTally *tally, const SmlTuned *best)
{
	if (isnan(value))
		return false;
	if (isnan(best->value))
		return true;
	if (value == best->value && aim->objective == SML_OBJECTIVE_PRECISION_AT_RECALL)
		return sml_tally_recall(tally) > sml_tally_recall(&best->tally);
	return aim->objective == SML_OBJECTIVE_COST ? value < best->value : value > best->value;
}

static SmlStatus
sweep(SmlEnv *env, const SmlRankGroup *groups, size_t count, const SmlAim *aim, SmlTuned *best)
{
	SmlTally tally = {0};

	for (size_t g = 0; g < count; g++)
	{
		tally.fn += groups[g].weight[1];
		tally.tn += groups[g].weight[0];
	}
	/* above all scores, unless a score is 1 */
	if (groups[0].score < 1)
	{
		best->threshold = between(groups[0].score, 1);
		best->value = sml_aim_value(aim, &tally);
		best->tally = tally;
	}
	for (size_t g = 0; g < count; g++)
	{
		double value;

		if (g % SML_POLL_ROWS == 0)
		{
			SmlStatus status = sml_poll(env);

			if (status != SML_OK)
				return status;
		}
		tally.tp += groups[g].weight[1];
		tally.fp += groups[g].weight[0];
		tally.fn -= groups[g].weight[1];
		tally.tn -= groups[g].weight[0];
		if (g == count - 1)
			tally.fn = tally.tn = 0; /* what rounding of weights left over */
		value = sml_aim_value(aim, &tally);
		if (beats(aim, value, &tally, best))
		{
			double below = g + 1 < count ? groups[g + 1].score : 0;

			best->threshold = groups[g].score > below ? between(below, groups[g].score) : groups[g].score;
			best->value = value;
			best->tally = tally;
		}
	}
	return SML_OK;
}

SmlStatus
sml_threshold_tune(SmlEnv *env, const SmlScored *scored, const SmlAim *aim, SmlTuned *tuned)
{
	SmlRanked     ranked;
	SmlRankGroup *groups = NULL;
	SmlTuned      best = {.threshold = NAN, .value = NAN};
	size_t        count;
	SmlStatus     status;

	if (scored->task != SML_BINARY)
		return sml_fail(env, SML_BAD_INPUT, "Only a model of two classes has a threshold.");
	sml_ranked_start(&ranked, scored->weighted, scored->limit);
	SML_TRY(sml_ranked_of(env, scored, scored->positive, &ranked));
	if (ranked.side[0].count == 0 || ranked.side[1].count == 0)
	{
		status = sml_fail(env, SML_BAD_INPUT, "Of the %zu rows %zu are positive: a threshold needs rows of both classes.",
						  scored->rows, ranked.side[1].count);
		goto done;
	}
	SML_TRY(sml_ranked_groups(env, &ranked, &groups, &count));
	SML_TRY(sweep(env, groups, count, aim, &best));
	if (isnan(best.value))
	{
		best.threshold = NAN;
		best.reason = aim->objective == SML_OBJECTIVE_RECALL_AT_PRECISION ? "No threshold reaches this precision." :
			"No threshold has a value.";
	}
	/* by counting, so that sums of weights have no rounding of the sweep in them */
	if (!isnan(best.threshold))
		SML_TRY(sml_threshold_tally(env, scored, best.threshold, &best.tally));
	*tuned = best;
done:
	sml_free(env, groups);
	sml_ranked_free(env, &ranked);
	return status;
}
