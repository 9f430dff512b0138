/*
 * group_thresholds.c - the most accurate thresholds under a bound on the gap; see curves.h.
 *
 * Accuracy is a sum over groups of gain(k) = true positives - false positives at point k, plus a constant.  One
 * rate: for a window [r, r + max_gap] that starts at the rate of some point, each group takes
 * its best point in the window on its own; so trying all starts is exact, whatever the number of
 * groups.  Two rates of two groups: for each point of the first group, the points of the second that
 * are within the gap are again a stretch.  The best of a stretch comes from a tree of maxima: log n.
 *
 * "Nobody" and "everybody" have no gap, so something is always found.
 */
#include "curves.h"

#include <math.h>
#include <string.h>

#define POLL_STEPS 1024

/* Equalized odds between more than two groups: window starts per max_gap, and the finest step. */
#define STARTS_PER_GAP 8
#define FINEST_START   (1.0 / 512)

/* Rates are quotients of sums: this much is rounding. */
#define ROUNDING 1e-12

/* Of an interval of at most one: to the last digits. */
#define WINDOW_HALVINGS 52

/* ---- the best point of a stretch ----------------------------------------------------- */

/* best[n + i] = i; best[i] = the better of its two children, the earlier one on ties. */
typedef struct Best
{
	const SmlCurve *curve;
	size_t          leaves;
	size_t         *best;
} Best;

static double
gain(const SmlCurve *curve, size_t point)
{
	return curve->tp[point] - curve->fp[point];
}

static size_t
better(const SmlCurve *curve, size_t a, size_t b)
{
	if (a >= curve->points)
		return b;
	if (b >= curve->points)
		return a;
	if (gain(curve, a) != gain(curve, b))
		return gain(curve, a) > gain(curve, b) ? a : b;
	return a < b ? a : b;
}

static SmlStatus
make_best(SmlEnv *env, const SmlCurve *curve, Best *best)
{
	SmlStatus status;

	best->curve = curve;
	best->leaves = 1;
	while (best->leaves < curve->points)
		best->leaves *= 2;
	status = sml_alloc_array(env, 2 * best->leaves, sizeof(size_t), &best->best);
	if (status != SML_OK)
		return status;
	for (size_t i = 0; i < best->leaves; i++)
		best->best[best->leaves + i] = i < curve->points ? i : SIZE_MAX;
	for (size_t i = best->leaves; i-- > 1;)
		best->best[i] = better(curve, best->best[2 * i], best->best[2 * i + 1]);
	return SML_OK;
}

/* The best point of low … high, low <= high. */
static size_t
best_of(const Best *best, size_t low, size_t high)
{
	size_t found = SIZE_MAX;
	size_t a = low + best->leaves;
	size_t b = high + best->leaves + 1;

	for (; a < b; a /= 2, b /= 2)
	{
		if (a & 1)
			found = better(best->curve, found, best->best[a++]);
		if (b & 1)
			found = better(best->curve, found, best->best[--b]);
	}
	return found;
}

/* The first point whose rate is at least "least". */
static size_t
first_at(const SmlCurve *curve, unsigned rate, double least)
{
	size_t low = 0;
	size_t high = curve->points;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (sml_curve_rate(curve, rate, middle) >= least)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Narrow low … high to the points whose rate lies within least … most; false when none is left, or an end is NaN. */
static bool
narrow(const SmlCurve *curve, unsigned rate, double least, double most, size_t *low, size_t *high)
{
	size_t first = first_at(curve, rate, least - ROUNDING);
	size_t after = first_at(curve, rate, nextafter(most + ROUNDING, INFINITY));

	if (isnan(least) || isnan(most) || after == 0)
		return false;
	*low = first > *low ? first : *low;
	*high = after - 1 < *high ? after - 1 : *high;
	return *low <= *high;
}

/* ---- the gap that is allowed at a rate -------------------------------------------------- */

typedef struct Search
{
	SmlEnv                 *env;
	const SmlCurves        *curves;
	const SmlThresholdWish *wish;
	unsigned                rates;
	bool                   *usable;
	double                  spread[SML_RATES]; /* 1 / n1 + 1 / n2 of the two smallest groups, by rate */
	size_t                  steps;
	/* the best so far */
	bool                    found;
	double                  best_gain;
	size_t                 *best_point;  /* per group */
	size_t                 *point;       /* being tried */
} Search;

static int
rate_index(unsigned rate)
{
	return rate == SML_RATE_ALL ? 0 : rate == SML_RATE_POS ? 1 : 2;
}

static double
effective_of(const SmlCurve *curve, unsigned rate)
{
	return rate == SML_RATE_ALL ? curve->rows : rate == SML_RATE_POS ? curve->rows_positive : curve->rows_negative;
}

static void
find_spread(Search *search, unsigned rate)
{
	double smallest = INFINITY;
	double second = INFINITY;

	for (size_t g = 0; g < search->curves->groups; g++)
	{
		double n = effective_of(&search->curves->curve[g], rate);

		if (!search->usable[g])
			continue;
		if (n < smallest)
		{
			second = smallest;
			smallest = n;
		}
		else if (n < second)
			second = n;
	}
	search->spread[rate_index(rate)] = 1 / smallest + 1 / second;
}

/* The standard error of a gap between rates from "least" to "most": at the one of them nearest to a half, where it is largest. */
static double
error_of(const Search *search, unsigned rate, double least, double most)
{
	double at = fmin(1, fmax(0, fmin(most, fmax(least, 0.5))));

	return sqrt(at * (1 - at) * search->spread[rate_index(rate)]);
}

bool
sml_margin_cut(double max_gap, double margin, double error)
{
	return margin * error > (1 - SML_LEAST_ROOM) * max_gap;
}

/* max_gap less the margin, but never less than its share. */
static double
allowed(const Search *search, unsigned rate, double least, double most)
{
	double max_gap = search->wish->max_gap;

	return fmax(SML_LEAST_ROOM * max_gap, max_gap - search->wish->margin * error_of(search, rate, least, most));
}

/* The largest rate that may stand beside "least".  Gap and error both grow with it, so halving finds it. */
static double
window_end(const Search *search, unsigned rate, double least)
{
	double low = least;
	double high = fmin(1, least + search->wish->max_gap);

	if (high - least <= allowed(search, rate, least, high) + ROUNDING)
		return high;
	for (int i = 0; i < WINDOW_HALVINGS; i++)
	{
		double middle = low + (high - low) / 2;

		if (middle - least <= allowed(search, rate, least, middle))
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The smallest rate that may stand beside "most": the same from the other side, the error being that of 1 - rate. */
static double
window_start(const Search *search, unsigned rate, double most)
{
	return 1 - window_end(search, rate, 1 - most);
}

static SmlStatus
start_search(SmlEnv *env, const SmlCurves *curves, const SmlThresholdWish *wish, Search *search)
{
	SmlStatus status;

	*search = (Search) {.env = env, .curves = curves, .wish = wish};
	search->rates = sml_constraint_rates(wish->constraint, wish->positive_is_favorable);
	SML_TRY(sml_alloc_array(env, curves->groups, sizeof(bool), &search->usable));
	SML_TRY(sml_alloc_array(env, curves->groups, sizeof(size_t), &search->best_point));
	SML_TRY(sml_alloc_array(env, curves->groups, sizeof(size_t), &search->point));
	SML_TRY(sml_curves_usable(env, curves, wish, search->usable));
	for (unsigned rate = SML_RATE_ALL; rate <= SML_RATE_NEG; rate *= 2)
		find_spread(search, rate);
done:
	return status;
}

static void
end_search(Search *search)
{
	sml_free(search->env, search->usable);
	sml_free(search->env, search->best_point);
	sml_free(search->env, search->point);
}

static SmlStatus
step(Search *search)
{
	return search->steps++ % POLL_STEPS == 0 ? sml_poll(search->env) : SML_OK;
}

/* The smallest and the largest rate of the usable groups at one point each. */
static void
find_range(const Search *search, const size_t *point, unsigned rate, double *least, double *most)
{
	*least = INFINITY;
	*most = -INFINITY;
	for (size_t g = 0; g < search->curves->groups; g++)
	{
		double at;

		if (!search->usable[g])
			continue;
		at = sml_curve_rate(&search->curves->curve[g], rate, point[g]);
		*least = fmin(*least, at);
		*most = fmax(*most, at);
	}
}

static bool
is_allowed(const Search *search, unsigned rate, double least, double most)
{
	return most - least <= allowed(search, rate, least, most) + ROUNDING;
}

/* Whether the points being tried are within gap and margin. */
static bool
is_within(const Search *search)
{
	for (unsigned rate = SML_RATE_ALL; rate <= SML_RATE_NEG; rate *= 2)
	{
		double least;
		double most;

		if (!(search->rates & rate))
			continue;
		find_range(search, search->point, rate, &least, &most);
		if (!is_allowed(search, rate, least, most))
			return false;
	}
	return true;
}

/* Keep the points being tried if they are more accurate. */
static void
keep_if_better(Search *search)
{
	double total = 0;

	for (size_t g = 0; g < search->curves->groups; g++)
		total += search->usable[g] ? gain(&search->curves->curve[g], search->point[g]) : 0;
	if ((search->found && total <= search->best_gain) || !is_within(search))
		return;
	search->found = true;
	search->best_gain = total;
	memcpy(search->best_point, search->point, search->curves->groups * sizeof(size_t));
}

/* ---- what came of it ---------------------------------------------------------------------- */

static SmlStatus
alloc_thresholds(SmlEnv *env, const Search *search, SmlThresholds **thresholds)
{
	SmlThresholds *made = NULL;
	size_t         groups = search->curves->groups;
	SmlStatus      status;

	SML_TRY(sml_alloc_array(env, 1, sizeof(SmlThresholds), &made));
	made->groups = groups;
	made->radius = NAN;
	SML_TRY(sml_alloc_array(env, groups, sizeof(double), &made->threshold));
	SML_TRY(sml_alloc_array(env, groups, sizeof(bool), &made->usable));
	for (int r = 0; r < SML_RATES; r++)
		SML_TRY(sml_alloc_array(env, groups, sizeof(double), &made->rate[r]));
	memcpy(made->usable, search->usable, groups * sizeof(bool));
	*thresholds = made;
	made = NULL;
done:
	sml_thresholds_free(env, made);
	return status;
}

/* Rates, accuracy, gap and feasibility of one point per group. */
static void
measure(const Search *search, const size_t *point, SmlThresholds *thresholds)
{
	double right = 0;
	double weight = 0;

	thresholds->gap = 0;
	thresholds->error = 0;
	thresholds->feasible = true;
	for (size_t g = 0; g < search->curves->groups; g++)
	{
		const SmlCurve *curve = &search->curves->curve[g];

		for (int r = 0; r < SML_RATES; r++)
			thresholds->rate[r][g] = sml_curve_rate(curve, 1U << r, point[g]);
		if (!search->usable[g])
			continue;
		right += curve->tp[point[g]] + curve->negatives - curve->fp[point[g]];
		weight += curve->positives + curve->negatives;
	}
	thresholds->accuracy = right / weight;
	for (unsigned rate = SML_RATE_ALL; rate <= SML_RATE_NEG; rate *= 2)
	{
		double least;
		double most;

		if (!(search->rates & rate))
			continue;
		find_range(search, point, rate, &least, &most);
		thresholds->gap = fmax(thresholds->gap, most - least);
		thresholds->allowed[rate_index(rate)] = allowed(search, rate, least, most);
		thresholds->error = fmax(thresholds->error, error_of(search, rate, least, most));
		thresholds->feasible &= is_allowed(search, rate, least, most);
	}
}

static void
set_thresholds(const Search *search, const size_t *point, SmlThresholds *thresholds)
{
	for (size_t g = 0; g < search->curves->groups; g++)
		thresholds->threshold[g] = search->usable[g] ? sml_curve_threshold(&search->curves->curve[g], point[g]) : NAN;
}

/* ---- one threshold per group ---------------------------------------------------------------- */

/*
 * Each group takes its best point with rates in the windows; false when one has none.  Group "holder" takes one
 * at the start of the window (SIZE_MAX: no group does), so that the window is the one that its margin is for.
 */
static bool
take_window(Search *search, const Best *best, const double *least, const double *most, size_t holder)
{
	for (size_t g = 0; g < search->curves->groups; g++)
	{
		const SmlCurve *curve = &search->curves->curve[g];
		size_t          low = 0;
		size_t          high = curve->points - 1;

		if (!search->usable[g])
			continue;
		for (int r = 0; r < SML_RATES; r++)
			if ((search->rates & (1U << r)) && !narrow(curve, 1U << r, least[r], g == holder ? least[r] : most[r], &low, &high))
				return false;
		search->point[g] = best_of(&best[g], low, high);
	}
	keep_if_better(search);
	return true;
}

/* One rate: windows that start at the rate of any point. */
static SmlStatus
search_one_rate(Search *search, const Best *best)
{
	unsigned  rate = search->rates;
	int       r = rate_index(rate);
	SmlStatus status = SML_OK;

	for (size_t g = 0; g < search->curves->groups; g++)
	{
		for (size_t k = 0; search->usable[g] && k < search->curves->curve[g].points; k++)
		{
			double least[SML_RATES];
			double most[SML_RATES];

			SML_TRY(step(search));
			least[r] = sml_curve_rate(&search->curves->curve[g], rate, k);
			most[r] = window_end(search, rate, least[r]);
			(void) take_window(search, best, least, most, g);
		}
	}
done:
	return status;
}

/* Two rates of two groups: windows around the points of the first. */
static SmlStatus
search_two_groups(Search *search, const Best *best, size_t first)
{
	const SmlCurve *curve = &search->curves->curve[first];
	SmlStatus       status = SML_OK;

	for (size_t k = 0; k < curve->points; k++)
	{
		SML_TRY(step(search));
		for (size_t g = 0; g < search->curves->groups; g++)
		{
			const SmlCurve *other = &search->curves->curve[g];
			size_t          low = 0;
			size_t          high = other->points - 1;
			bool            within = true;

			if (g == first || !search->usable[g])
				continue;
			for (unsigned rate = SML_RATE_POS; rate <= SML_RATE_NEG && within; rate *= 2)
			{
				double at = sml_curve_rate(curve, rate, k);

				within = narrow(other, rate, window_start(search, rate, at), window_end(search, rate, at), &low, &high);
			}
			if (!within)
				continue;
			search->point[first] = k;
			search->point[g] = best_of(&best[g], low, high);
			keep_if_better(search);
		}
	}
done:
	return status;
}

/* Two rates of more groups: windows that start on a lattice. */
static SmlStatus
search_lattice(Search *search, const Best *best)
{
	double    pace = fmax(FINEST_START, search->wish->max_gap / STARTS_PER_GAP);
	size_t    starts = (size_t) ceil(1 / pace) + 1;
	SmlStatus status = SML_OK;

	for (size_t i = 0; i < starts; i++)
	{
		for (size_t j = 0; j < starts; j++)
		{
			double least[SML_RATES] = {0, fmin(1, (double) i * pace), fmin(1, (double) j * pace)};
			double most[SML_RATES];

			SML_TRY(step(search));
			for (int r = 1; r < SML_RATES; r++)
				most[r] = window_end(search, 1U << r, least[r]);
			(void) take_window(search, best, least, most, SIZE_MAX);
		}
	}
done:
	return status;
}

static SmlStatus
search_all(Search *search, const Best *best)
{
	size_t used = 0;
	size_t first = SIZE_MAX;

	for (size_t g = search->curves->groups; g-- > 0;)
	{
		if (!search->usable[g])
			continue;
		used++;
		first = g;
	}
	if ((search->rates & (search->rates - 1)) == 0)
		return search_one_rate(search, best);
	if (used == 2)
		return search_two_groups(search, best, first);
	return search_lattice(search, best);
}

SmlStatus
sml_thresholds_fit(SmlEnv *env, const SmlCurves *curves, const SmlThresholdWish *wish, SmlThresholds **thresholds)
{
	Search    search = {0};
	Best     *best = NULL;
	SmlStatus status;

	SML_TRY(start_search(env, curves, wish, &search));
	SML_TRY(sml_alloc_array(env, curves->groups, sizeof(Best), &best));
	for (size_t g = 0; g < curves->groups; g++)
		SML_TRY(make_best(env, &curves->curve[g], &best[g]));
	SML_TRY(search_all(&search, best));
	SML_TRY(alloc_thresholds(env, &search, thresholds));
	measure(&search, search.best_point, *thresholds);
	set_thresholds(&search, search.best_point, *thresholds);
done:
	for (size_t g = 0; best != NULL && g < curves->groups; g++)
		sml_free(env, best[g].best);
	sml_free(env, best);
	search.env = env;
	end_search(&search);
	return status;
}

/* ---- one threshold for all -------------------------------------------------------------------- */

/* The next score below the points being tried, over all groups; -infinity at the end. */
static double
next_score(const Search *search)
{
	double next = -INFINITY;

	for (size_t g = 0; g < search->curves->groups; g++)
	{
		const SmlCurve *curve = &search->curves->curve[g];

		if (search->usable[g] && search->point[g] + 1 < curve->points)
			next = fmax(next, curve->score[search->point[g] + 1]);
	}
	return next;
}

/* Take in every row that scores at or above "score". */
static void
advance_to(Search *search, double score)
{
	for (size_t g = 0; g < search->curves->groups; g++)
	{
		const SmlCurve *curve = &search->curves->curve[g];

		while (search->usable[g] && search->point[g] + 1 < curve->points && curve->score[search->point[g] + 1] >= score)
			search->point[g]++;
	}
}

/* Whether "trial" is to be preferred: feasible before not, then accuracy, then (not feasible) the least gap. */
static bool
is_preferred(const SmlThresholds *trial, const SmlThresholds *kept)
{
	if (trial->feasible != kept->feasible)
		return trial->feasible;
	return trial->feasible ? trial->accuracy > kept->accuracy : trial->gap < kept->gap;
}

typedef struct Kept
{
	bool   any;
	bool   feasible;
	double accuracy;
	double gap;
	double score;  /* the points take in all rows at or above it */
	double next;
} Kept;

SmlStatus
sml_thresholds_common(SmlEnv *env, const SmlCurves *curves, const SmlThresholdWish *wish, bool inside, SmlThresholds **thresholds)
{
	Search         search = {0};
	SmlThresholds *trial = NULL;
	Kept           kept = {0};
	double         score = INFINITY;
	SmlStatus      status;

	SML_TRY(start_search(env, curves, wish, &search));
	SML_TRY(alloc_thresholds(env, &search, &trial));
	for (;;)
	{
		double        next = next_score(&search);
		SmlThresholds before = {.feasible = kept.feasible, .accuracy = kept.accuracy, .gap = kept.gap};

		SML_TRY(step(&search));
		measure(&search, search.point, trial);
		if (!(inside && (score == INFINITY || next == -INFINITY)) && (!kept.any || is_preferred(trial, &before)))
			kept = (Kept) {true, trial->feasible, trial->accuracy, trial->gap, score, next};
		if (next == -INFINITY)
			break;
		advance_to(&search, next);
		score = next;
	}
	if (!kept.any)
	{
		status = sml_fail(env, SML_BAD_INPUT, "All scores are the same.");
		goto done;
	}
	memset(search.point, 0, curves->groups * sizeof(size_t));
	advance_to(&search, kept.score);
	measure(&search, search.point, trial);
	for (size_t g = 0; g < curves->groups; g++)
	{
		double halfway = kept.score + (kept.next - kept.score) / 2;

		if (kept.next == -INFINITY || kept.score == INFINITY)
			halfway = kept.next == -INFINITY ? -INFINITY : INFINITY;
		else if (!(halfway > kept.next))
			halfway = kept.score;
		trial->threshold[g] = halfway;
	}
	*thresholds = trial;
	trial = NULL;
done:
	sml_thresholds_free(env, trial);
	search.env = env;
	end_search(&search);
	return status;
}

SmlStatus
sml_thresholds_given(SmlEnv *env, const SmlCurves *curves, const SmlThresholdWish *wish, const double *given, SmlThresholds **thresholds)
{
	Search    search = {0};
	SmlStatus status;

	SML_TRY(start_search(env, curves, wish, &search));
	SML_TRY(alloc_thresholds(env, &search, thresholds));
	for (size_t g = 0; g < curves->groups; g++)
	{
		search.point[g] = sml_curve_point(&curves->curve[g], given[g]);
		(*thresholds)->threshold[g] = given[g];
	}
	measure(&search, search.point, *thresholds);
done:
	search.env = env;
	end_search(&search);
	return status;
}

SmlStatus
sml_thresholds_single(SmlEnv *env, const SmlCurves *curves, const SmlThresholdWish *wish, double threshold, SmlThresholds **thresholds)
{
	double   *given = NULL;
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, curves->groups, sizeof(double), &given));
	for (size_t g = 0; g < curves->groups; g++)
		given[g] = threshold;
	SML_TRY(sml_thresholds_given(env, curves, wish, given, thresholds));
done:
	sml_free(env, given);
	return status;
}

/* ---- reject option ---------------------------------------------------------------------------- */

/* Per group +1 when its threshold is to rise with the radius, -1 when it is to fall. */
static void
find_directions(const Search *search, double threshold, double *direction)
{
	double taken = 0;
	double weight = 0;

	for (size_t g = 0; g < search->curves->groups; g++)
	{
		const SmlCurve *curve = &search->curves->curve[g];
		size_t          k = sml_curve_point(curve, threshold);

		if (!search->usable[g])
			continue;
		taken += curve->tp[k] + curve->fp[k];
		weight += curve->positives + curve->negatives;
	}
	for (size_t g = 0; g < search->curves->groups; g++)
	{
		const SmlCurve *curve = &search->curves->curve[g];
		double          rate = search->usable[g] ? sml_curve_rate(curve, SML_RATE_ALL, sml_curve_point(curve, threshold)) : 0;

		/* fewer positives than average: more of them, whichever outcome is the favourable one */
		direction[g] = rate < taken / weight ? -1 : 1;
	}
}

/* The thresholds at this radius, and what follows. */
static void
place(Search *search, const double *direction, double threshold, double radius, SmlThresholds *thresholds)
{
	double below = threshold - radius;
	/* a row at the edge of the region belongs to it */
	double above = radius > 0 ? nextafter(threshold + radius, INFINITY) : threshold;

	for (size_t g = 0; g < search->curves->groups; g++)
	{
		double moved = direction[g] < 0 ? below : above;

		thresholds->threshold[g] = search->usable[g] ? moved : NAN;
		search->point[g] = sml_curve_point(&search->curves->curve[g], moved);
	}
	measure(search, search->point, thresholds);
}

SmlStatus
sml_thresholds_reject(SmlEnv *env, const SmlCurves *curves, const SmlThresholdWish *wish, double threshold, SmlThresholds **thresholds)
{
	Search         search = {0};
	double        *direction = NULL;
	SmlThresholds *trial = NULL;
	SmlThresholds  kept = {0};
	double         kept_radius = NAN;
	SmlStatus      status;

	SML_TRY(start_search(env, curves, wish, &search));
	SML_TRY(alloc_thresholds(env, &search, &trial));
	SML_TRY(sml_alloc_array(env, curves->groups, sizeof(double), &direction));
	find_directions(&search, threshold, direction);
	for (size_t from = 0; from < curves->groups; from++)
	{
		for (size_t k = 0; search.usable[from] && k < curves->curve[from].points; k++)
		{
			/* point 0 of each group stands for a radius of zero */
			double radius = k == 0 ? 0 : fabs(curves->curve[from].score[k] - threshold);

			SML_TRY(step(&search));
			place(&search, direction, threshold, radius, trial);
			if (!isnan(kept_radius) && !is_preferred(trial, &kept))
				continue;
			kept = (SmlThresholds) {.feasible = trial->feasible, .accuracy = trial->accuracy, .gap = trial->gap};
			kept_radius = radius;
		}
	}
	place(&search, direction, threshold, kept_radius, trial);
	trial->radius = kept_radius;
	*thresholds = trial;
	trial = NULL;
done:
	sml_thresholds_free(env, trial);
	sml_free(env, direction);
	search.env = env;
	end_search(&search);
	return status;
}
