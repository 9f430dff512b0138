/*
 * curves.c - the curves of groups, their rates, and figures of given thresholds; see curves.h.
 *
 * Sorting is a bottom-up merge sort, so that it can be stopped between runs and takes its second
 * array from the environment: 24 bytes a row twice.
 */
#include "curves.h"

#include <math.h>
#include <string.h>

#define POLL_ROWS 4096

static const char *const names[] = {"demographic_parity", "equal_opportunity", "equalized_odds"};

unsigned
sml_constraint_rates(SmlConstraint constraint, bool positive_is_favorable)
{
	if (constraint == SML_DEMOGRAPHIC_PARITY)
		return SML_RATE_ALL;
	if (constraint == SML_EQUALIZED_ODDS)
		return SML_RATE_POS | SML_RATE_NEG;
	return positive_is_favorable ? SML_RATE_POS : SML_RATE_NEG;
}

const char *
sml_constraint_name(SmlConstraint constraint)
{
	return names[constraint];
}

/* ---- sorting: by group, then score from high to low -------------------------------- */

static bool
goes_first(const SmlDecided *a, const SmlDecided *b)
{
	return a->group != b->group ? a->group < b->group : a->score > b->score;
}

/* Merge from[low, middle) and from[middle, high) into to[low, high). */
static void
merge_runs(const SmlDecided *from, SmlDecided *to, size_t low, size_t middle, size_t high)
{
	size_t a = low;
	size_t b = middle;

	for (size_t k = low; k < high; k++)
	{
		if (a < middle && (b >= high || !goes_first(&from[b], &from[a])))
			to[k] = from[a++];
		else
			to[k] = from[b++];
	}
}

static SmlStatus
sort_rows(SmlEnv *env, SmlDecided *rows, size_t count)
{
	SmlDecided *other = NULL;
	SmlDecided *from = rows;
	SmlDecided *to;
	SmlStatus   status = sml_alloc_array(env, count, sizeof(SmlDecided), &other);

	if (status != SML_OK)
		return status;
	to = other;
	for (size_t run = 1; run < count; run *= 2)
	{
		for (size_t low = 0; low < count; low += 2 * run)
		{
			size_t middle = count - low < run ? count : low + run;
			size_t high = count - low < 2 * run ? count : low + 2 * run;

			if (run >= POLL_ROWS || low % POLL_ROWS == 0)
				SML_TRY(sml_poll(env));
			merge_runs(from, to, low, middle, high);
		}
		{
			SmlDecided *swap = from;

			from = to;
			to = swap;
		}
	}
	if (from != rows)
		memcpy(rows, from, count * sizeof(SmlDecided));
done:
	sml_free(env, other);
	return status;
}

/* ---- curves ------------------------------------------------------------------------- */

/* Sum of weights and of their squares, for Kish's effective number. */
typedef struct Effective
{
	double sum;
	double squares;
} Effective;

static void
add_effective(Effective *effective, double weight)
{
	effective->sum += weight;
	effective->squares += weight * weight;
}

static double
effective_rows(const Effective *effective)
{
	return effective->squares > 0 ? effective->sum * effective->sum / effective->squares : 0;
}

/* The curve of rows[0 … count), all of one group, sorted. */
static SmlStatus
make_curve(SmlEnv *env, const SmlDecided *rows, size_t count, SmlCurve *curve)
{
	Effective all = {0, 0};
	Effective label[2] = {{0, 0}, {0, 0}};
	SmlStatus status = SML_OK;
	size_t    points = 1;

	for (size_t i = 0; i < count; i++)
		points += i == 0 || rows[i].score != rows[i - 1].score;
	SML_TRY(sml_alloc_array(env, points, sizeof(double), &curve->score));
	SML_TRY(sml_alloc_array(env, points, sizeof(double), &curve->tp));
	SML_TRY(sml_alloc_array(env, points, sizeof(double), &curve->fp));
	curve->points = points;
	curve->count = count;
	curve->score[0] = INFINITY;
	points = 0;
	for (size_t i = 0; i < count; i++)
	{
		if (i % POLL_ROWS == 0)
			SML_TRY(sml_poll(env));
		if (i == 0 || rows[i].score != rows[i - 1].score)
			curve->score[++points] = rows[i].score;
		add_effective(&all, rows[i].weight);
		add_effective(&label[rows[i].positive], rows[i].weight);
		curve->tp[points] = label[1].sum;
		curve->fp[points] = label[0].sum;
	}
	curve->positives = label[1].sum;
	curve->negatives = label[0].sum;
	curve->rows = effective_rows(&all);
	curve->rows_positive = effective_rows(&label[1]);
	curve->rows_negative = effective_rows(&label[0]);
done:
	return status;
}

SmlStatus
sml_curves_make(SmlEnv *env, SmlDecided *rows, size_t count, size_t groups, SmlCurves **curves)
{
	SmlCurves *made = NULL;
	SmlStatus  status;
	size_t     at = 0;

	SML_TRY(sml_alloc_array(env, 1, sizeof(SmlCurves), &made));
	SML_TRY(sml_alloc_array(env, groups, sizeof(SmlCurve), &made->curve));
	made->groups = groups;
	for (size_t i = 0; i < count; i++)
	{
		if (!isnan(rows[i].score))
			continue;
		status = sml_fail(env, SML_BAD_INPUT, "A score is not a number.");
		goto done;
	}
	SML_TRY(sort_rows(env, rows, count));
	while (at < count && rows[at].group < 0)
		at++;
	for (size_t g = 0; g < groups; g++)
	{
		size_t from = at;

		while (at < count && (size_t) rows[at].group == g)
			at++;
		SML_TRY(make_curve(env, rows + from, at - from, &made->curve[g]));
		made->weight += made->curve[g].positives + made->curve[g].negatives;
	}
	*curves = made;
	made = NULL;
done:
	sml_curves_free(env, made);
	return status;
}

void
sml_curves_free(SmlEnv *env, SmlCurves *curves)
{
	if (curves == NULL)
		return;
	for (size_t g = 0; curves->curve != NULL && g < curves->groups; g++)
	{
		sml_free(env, curves->curve[g].score);
		sml_free(env, curves->curve[g].tp);
		sml_free(env, curves->curve[g].fp);
	}
	sml_free(env, curves->curve);
	sml_free(env, curves);
}

double
sml_curve_rate(const SmlCurve *curve, unsigned rate, size_t point)
{
	double of = rate == SML_RATE_POS ? curve->positives : rate == SML_RATE_NEG ? curve->negatives : curve->positives + curve->negatives;
	double taken = rate == SML_RATE_POS ? curve->tp[point] : rate == SML_RATE_NEG ? curve->fp[point] : curve->tp[point] + curve->fp[point];

	return of > 0 ? taken / of : NAN;
}

size_t
sml_curve_point(const SmlCurve *curve, double threshold)
{
	size_t low = 0;
	size_t high = curve->points; /* score[low] >= threshold, score[high] < threshold */

	while (high - low > 1)
	{
		size_t middle = low + (high - low) / 2;

		if (curve->score[middle] >= threshold)
			low = middle;
		else
			high = middle;
	}
	return low;
}

double
sml_curve_threshold(const SmlCurve *curve, size_t point)
{
	double halfway;

	if (point + 1 >= curve->points)
		return -INFINITY;
	if (point == 0)
		return INFINITY;
	halfway = curve->score[point] + (curve->score[point + 1] - curve->score[point]) / 2;
	/* neighbouring doubles have nothing in between */
	return halfway > curve->score[point + 1] ? halfway : curve->score[point];
}

SmlStatus
sml_curves_usable(SmlEnv *env, const SmlCurves *curves, const SmlThresholdWish *wish, bool *usable)
{
	unsigned rates = sml_constraint_rates(wish->constraint, wish->positive_is_favorable);
	double   least = wish->min_rows > 0 ? (double) wish->min_rows : 1;
	size_t   count = 0;

	for (size_t g = 0; g < curves->groups; g++)
	{
		const SmlCurve *curve = &curves->curve[g];

		/* Kish's number of equal weights may miss the count by rounding */
		usable[g] = curve->rows > least - 0.5 && (!(rates & SML_RATE_POS) || curve->rows_positive > least - 0.5) &&
			(!(rates & SML_RATE_NEG) || curve->rows_negative > least - 0.5);
		count += usable[g];
	}
	if (count < 2)
		return sml_fail(env, SML_BAD_INPUT, "%zu of %zu groups have %.0f rows or more under each rate that is to be alike, and it takes two (min_rows).",
						count, curves->groups, least);
	return SML_OK;
}

void
sml_thresholds_free(SmlEnv *env, SmlThresholds *thresholds)
{
	if (thresholds == NULL)
		return;
	sml_free(env, thresholds->threshold);
	sml_free(env, thresholds->usable);
	for (int r = 0; r < SML_RATES; r++)
		sml_free(env, thresholds->rate[r]);
	sml_free(env, thresholds);
}
