/*
 * ranked.c - ROC-AUC and average precision, exact, from the scores of the
 * positives and of the negatives.
 *
 * The two sides are kept as two arrays, so that a row is its score alone (and
 * its weight, when there are weights).  They are sorted in place, and then all
 * figures are one walk down both arrays at once, a group of equal scores at a
 * time: ties count half for the area, and share one point of the curve.
 *
 * DeLong's variance needs for each positive the share of negatives below it
 * (ties half), and the other way round; both are known in the walk.  That
 * makes it n log n (Sun and Xu 2014), here with weights, where the deviation of
 * a weighted mean is that of sums.c.
 *
 * Sorting is quicksort in three parts (equal scores are common), median of
 * three, with heapsort when the parts stay lopsided: n log n always, no
 * further memory.  8 bytes a row, 16 with weights, at most doubled by growth.
 */
#include "metric.h"

#include <math.h>
#include <string.h>

/* Steps of a split or a walk between two polls: about a millisecond. */
#define POLL_SPLIT ((size_t) 1 << 18)

static size_t
stride_of(const SmlRanked *ranked)
{
	return ranked->weighted ? 2 : 1;
}

void
sml_ranked_start(SmlRanked *ranked, bool weighted, size_t limit)
{
	memset(ranked, 0, sizeof(*ranked));
	ranked->weighted = weighted;
	ranked->limit = limit;
}

void
sml_ranked_free(SmlEnv *env, SmlRanked *ranked)
{
	for (int side = 0; side < 2; side++)
	{
		sml_free(env, ranked->side[side].at);
		ranked->side[side].at = NULL;
		ranked->side[side].count = ranked->side[side].room = 0;
	}
}

/*
 * Make room for "more" further rows on one side.  While the array moves, old
 * and new both count against the limit.
 */
static SmlStatus
make_room(SmlEnv *env, SmlRanked *ranked, int side, size_t more)
{
	SmlSide *s = &ranked->side[side];
	size_t   stride = stride_of(ranked);
	size_t   needed;
	size_t   room;
	size_t   bytes;

	if (!sml_size_plus(s->count, more, &needed))
		return sml_fail(env, SML_NO_MEMORY, "The number of rows does not fit.");
	if (needed <= s->room)
		return SML_OK;
	room = s->room ? s->room : 64;
	while (room < needed)
		if (!sml_size_times(room, 2, &room))
			return sml_fail(env, SML_NO_MEMORY, "The number of rows does not fit.");
	if (!sml_size_plus(room, s->room + ranked->side[1 - side].room, &bytes) ||
		!sml_size_times(bytes, stride * sizeof(double), &bytes))
		return sml_fail(env, SML_NO_MEMORY, "The number of rows does not fit.");
	if (ranked->limit && bytes > ranked->limit)
		return sml_fail(env, SML_OVER_LIMIT,
						"An exact figure over ranks keeps every score: with %zu rows it needs %zu kB, and %zu kB are allowed.",
						ranked->side[0].count + ranked->side[1].count + more, (bytes + 1023) / 1024, ranked->limit / 1024);
	return sml_grow_array(env, &s->at, &s->room, room, stride * sizeof(double));
}

SmlStatus
sml_ranked_add(SmlEnv *env, SmlRanked *ranked, bool positive, double score, double weight)
{
	SmlSide *side = &ranked->side[positive];

	if (isnan(score))
		return sml_fail(env, SML_BAD_INPUT, "A score is NaN.");
	if (!(weight >= 0) || isinf(weight))
		return sml_fail(env, SML_BAD_INPUT, "A weight is %g; weights are finite and not negative.", weight);
	if (weight == 0)
		return SML_OK;
	if (side->count == side->room)
	{
		SmlStatus status = make_room(env, ranked, positive, 1);

		if (status != SML_OK)
			return status;
	}
	if (ranked->weighted)
	{
		side->at[2 * side->count] = score;
		side->at[2 * side->count + 1] = weight;
	}
	else
		side->at[side->count] = score;
	side->count++;
	ranked->sorted = false;
	return SML_OK;
}

SmlStatus
sml_ranked_merge(SmlEnv *env, SmlRanked *into, const SmlRanked *from)
{
	size_t stride = stride_of(into);

	if (into->weighted != from->weighted)
		return sml_fail(env, SML_MISMATCH, "One state has weights and the other has none.");
	for (int side = 0; side < 2; side++)
	{
		SmlStatus status = make_room(env, into, side, from->side[side].count);

		if (status != SML_OK)
			return status;
	}
	for (int side = 0; side < 2; side++)
	{
		const SmlSide *f = &from->side[side];
		SmlSide       *t = &into->side[side];

		SmlStatus      status;

		if (f->count == 0)
			continue;
		status = sml_copy_bytes(env, t->at + stride * t->count, f->at, f->count * stride * sizeof(double));
		if (status != SML_OK)
			return status;
		t->count += f->count;
		into->sorted = false;
	}
	return SML_OK;
}

/* ---- sorting: ascending, in place ---------------------------------------------- */

static inline void
swap_at(double *at, size_t stride, size_t i, size_t j)
{
	for (size_t s = 0; s < stride; s++)
	{
		double kept = at[stride * i + s];

		at[stride * i + s] = at[stride * j + s];
		at[stride * j + s] = kept;
	}
}

static void
sift_down(double *at, size_t stride, size_t root, size_t count)
{
	for (;;)
	{
		size_t child = 2 * root + 1;

		if (child >= count)
			return;
		if (child + 1 < count && at[stride * (child + 1)] > at[stride * child])
			child++;
		if (at[stride * root] >= at[stride * child])
			return;
		swap_at(at, stride, root, child);
		root = child;
	}
}

static SmlStatus
sort_heap(SmlEnv *env, double *at, size_t stride, size_t count)
{
	SmlStatus status = SML_OK;

	for (size_t i = count / 2; i-- > 0;)
	{
		if (i % SML_POLL_ROWS == 0)
			SML_TRY(sml_poll(env));
		sift_down(at, stride, i, count);
	}
	for (size_t i = count; i-- > 1;)
	{
		if (i % SML_POLL_ROWS == 0)
			SML_TRY(sml_poll(env));
		swap_at(at, stride, 0, i);
		sift_down(at, stride, 0, i);
	}
done:
	return status;
}

static void
sort_insert(double *at, size_t stride, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t j = i; j > 0 && at[stride * j] < at[stride * (j - 1)]; j--)
			swap_at(at, stride, j, j - 1);
}

static double
middle_of(const double *at, size_t stride, size_t count)
{
	double a = at[0];
	double b = at[stride * (count / 2)];
	double c = at[stride * (count - 1)];

	return fmax(fmin(a, b), fmin(fmax(a, b), c));
}

/* Less than the pivot in [0, *low), equal in [*low, *high), greater after. */
static SmlStatus
split_three(SmlEnv *env, double *at, size_t stride, size_t count, double pivot, size_t *low, size_t *high)
{
	size_t less = 0;
	size_t next = 0;
	size_t greater = count;

	while (next < greater)
	{
		double value = at[stride * next];

		if ((next + count - greater) % POLL_SPLIT == POLL_SPLIT - 1)
		{
			SmlStatus status = sml_poll(env);

			if (status != SML_OK)
				return status;
		}
		if (value < pivot)
			swap_at(at, stride, less++, next++);
		else if (value > pivot)
			swap_at(at, stride, next, --greater);
		else
			next++;
	}
	*low = less;
	*high = greater;
	return SML_OK;
}

typedef struct Part
{
	double *at;
	size_t  count;
	int     depth; /* splits left before heapsort takes over */
} Part;

/* The larger part waits on the stack, which so never holds more than log2(n) parts. */
static SmlStatus
sort_scores(SmlEnv *env, double *at, size_t stride, size_t count)
{
	Part      stack[64];
	int       waiting = 0;
	Part      part = {at, count, 8};
	SmlStatus status;

	for (size_t n = count; n > 1; n /= 2)
		part.depth += 2;
	for (;;)
	{
		while (part.count > 16)
		{
			size_t low;
			size_t high;

			if (part.count >= SML_POLL_ROWS && (status = sml_poll(env)) != SML_OK)
				return status;
			if (part.depth-- == 0)
			{
				status = sort_heap(env, part.at, stride, part.count);
				if (status != SML_OK)
					return status;
				part.count = 0;
				break;
			}
			status = split_three(env, part.at, stride, part.count, middle_of(part.at, stride, part.count), &low, &high);
			if (status != SML_OK)
				return status;

			Part left = {part.at, low, part.depth};
			Part right = {part.at + stride * high, part.count - high, part.depth};

			bool left_first = left.count < right.count;

			stack[waiting++] = left_first ? right : left;
			part = left_first ? left : right;
		}
		sort_insert(part.at, stride, part.count);
		if (waiting == 0)
			return SML_OK;
		part = stack[--waiting];
	}
}

static SmlStatus
sort_sides(SmlEnv *env, SmlRanked *ranked)
{
	for (int side = 0; side < 2 && !ranked->sorted; side++)
	{
		SmlStatus status = sort_scores(env, ranked->side[side].at, stride_of(ranked), ranked->side[side].count);

		if (status != SML_OK)
			return status;
	}
	ranked->sorted = true;
	return SML_OK;
}

/* ---- the walk down --------------------------------------------------------------- */

typedef struct Walk
{
	SmlEnv          *env;
	SmlStatus        status;  /* SML_STOPPED: the walk ended early */
	size_t           steps;   /* rows met */
	const SmlRanked *ranked;
	size_t left[2];   /* rows not yet met */
	double score;     /* of the present group */
	double here[2];   /* weight of the group on each side */
	double here2[2];  /* and the sum of its squared weights */
	double above[2];  /* weight of all groups before it */
} Walk;

static void
walk_start(SmlEnv *env, Walk *walk, const SmlRanked *ranked)
{
	memset(walk, 0, sizeof(*walk));
	walk->env = env;
	walk->ranked = ranked;
	walk->left[0] = ranked->side[0].count;
	walk->left[1] = ranked->side[1].count;
}

/* Step to the next lower score; false when there is none, or when the walk was stopped: see status. */
static bool
walk_next(Walk *walk)
{
	const SmlRanked *ranked = walk->ranked;
	size_t           stride = stride_of(ranked);
	bool             any = false;

	for (int side = 0; side < 2; side++)
	{
		walk->above[side] += walk->here[side];
		walk->here[side] = walk->here2[side] = 0;
		if (walk->left[side] > 0)
		{
			double score = ranked->side[side].at[stride * (walk->left[side] - 1)];

			walk->score = any ? fmax(walk->score, score) : score;
			any = true;
		}
	}
	for (int side = 0; any && side < 2; side++)
	{
		const double *at = ranked->side[side].at;

		while (walk->left[side] > 0 && at[stride * (walk->left[side] - 1)] == walk->score)
		{
			double weight = ranked->weighted ? at[2 * (walk->left[side] - 1) + 1] : 1;

			walk->here[side] += weight;
			walk->here2[side] += weight * weight;
			walk->left[side]--;
			if (++walk->steps % SML_POLL_ROWS == 0 && (walk->status = sml_poll(walk->env)) != SML_OK)
				return false;
		}
	}
	return any;
}

static SmlStatus
side_weight(SmlEnv *env, const SmlRanked *ranked, int side, double *weight)
{
	const SmlSide *s = &ranked->side[side];

	*weight = ranked->weighted ? 0 : (double) s->count;
	for (size_t i = 0; ranked->weighted && i < s->count; i++)
	{
		SmlStatus status = i % POLL_SPLIT == POLL_SPLIT - 1 ? sml_poll(env) : SML_OK;

		if (status != SML_OK)
			return status;
		*weight += s->at[2 * i + 1];
	}
	return SML_OK;
}

static const char *
one_sided(const SmlRanked *ranked)
{
	if (ranked->side[0].count + ranked->side[1].count == 0)
		return "There are no rows.";
	if (ranked->side[1].count == 0)
		return "No row is positive.";
	if (ranked->side[0].count == 0)
		return "No row is negative.";
	return NULL;
}

/* Finite-sample factor of the variance of a side's mean. */
static double
sample_factor(size_t count)
{
	return count > 1 ? (double) count / (double) (count - 1) : NAN;
}

/* The area above; total: weights of negatives and positives. */
static SmlStatus
walk_area(SmlEnv *env, const SmlRanked *ranked, const double *total, double *area)
{
	Walk   walk;
	double sum = 0;

	walk_start(env, &walk, ranked);
	/* each positive here beats the negatives below and ties with those here */
	while (walk_next(&walk))
		sum += walk.here[1] * (total[0] - walk.above[0] - walk.here[0] / 2);
	*area = sum / total[0] / total[1];
	return walk.status;
}

static SmlStatus
walk_variance(SmlEnv *env, const SmlRanked *ranked, const double *total, double area, double *variance)
{
	Walk   walk;
	double spread[2] = {0, 0};

	walk_start(env, &walk, ranked);
	while (walk_next(&walk))
	{
		double below = (total[0] - walk.above[0] - walk.here[0] / 2) / total[0] - area;
		double above = (walk.above[1] + walk.here[1] / 2) / total[1] - area;

		spread[1] += walk.here2[1] * below * below;
		spread[0] += walk.here2[0] * above * above;
	}
	*variance = 0;
	for (int side = 0; side < 2; side++)
		*variance += spread[side] / (total[side] * total[side]) * sample_factor(ranked->side[side].count);
	return walk.status;
}

SmlStatus
sml_ranked_roc_auc(SmlEnv *env, SmlRanked *ranked, SmlMetric *metric)
{
	SmlStatus status;
	double    total[2];
	double    area;
	double    variance;

	*metric = (SmlMetric) {"roc_auc", NAN, NAN, NAN, (int64_t) (ranked->side[0].count + ranked->side[1].count), NULL};
	metric->reason = one_sided(ranked);
	if (metric->reason)
		return SML_OK;
	SML_TRY(sort_sides(env, ranked));
	SML_TRY(side_weight(env, ranked, 0, &total[0]));
	SML_TRY(side_weight(env, ranked, 1, &total[1]));
	SML_TRY(walk_area(env, ranked, total, &area));
	SML_TRY(walk_variance(env, ranked, total, area, &variance));
	metric->value = area;
	if (variance > 0)
	{
		metric->ci_low = fmax(area - SML_Z95 * sqrt(variance), 0);
		metric->ci_high = fmin(area + SML_Z95 * sqrt(variance), 1);
	}
done:
	return status;
}

/* Sum over the distinct scores, from the highest: gain in recall times precision there. */
SmlStatus
sml_ranked_average_precision(SmlEnv *env, SmlRanked *ranked, SmlMetric *metric)
{
	SmlStatus status;
	Walk      walk;
	double    sum = 0;
	double    weight;

	*metric = (SmlMetric) {"average_precision", NAN, NAN, NAN,
						   (int64_t) (ranked->side[0].count + ranked->side[1].count), NULL};
	/* without negatives it is 1; without positives there is no recall */
	if (ranked->side[1].count == 0)
	{
		metric->reason = one_sided(ranked);
		return SML_OK;
	}
	SML_TRY(sort_sides(env, ranked));
	walk_start(env, &walk, ranked);
	while (walk_next(&walk))
	{
		double hits = walk.above[1] + walk.here[1];
		double taken = hits + walk.above[0] + walk.here[0];

		sum += walk.here[1] * (hits / taken);
	}
	SML_TRY(walk.status);
	SML_TRY(side_weight(env, ranked, 1, &weight));
	metric->value = sum / weight;
done:
	return status;
}

/* ---- the curve -------------------------------------------------------------------- */

SmlStatus
sml_ranked_curve(SmlEnv *env, SmlRanked *ranked, size_t most, SmlRocPoint **points, size_t *count)
{
	SmlStatus    status;
	SmlRocPoint *made = NULL;
	double       total[2];
	size_t       groups = 0;
	size_t       kept = 1;
	double       reached = 0;
	Walk         walk;

	if (one_sided(ranked))
		return sml_fail(env, SML_BAD_INPUT, "%s", one_sided(ranked));
	if (most < 2)
		return sml_fail(env, SML_BAD_OPTION, "A curve has at least 2 points.");
	SML_TRY(sort_sides(env, ranked));
	SML_TRY(side_weight(env, ranked, 0, &total[0]));
	SML_TRY(side_weight(env, ranked, 1, &total[1]));
	walk_start(env, &walk, ranked);
	while (walk_next(&walk))
		groups++;
	SML_TRY(walk.status);

	SML_TRY(sml_alloc_array(env, groups < most ? groups + 1 : most, sizeof(SmlRocPoint), &made));
	made[0] = (SmlRocPoint) {INFINITY, 0, 0};
	walk_start(env, &walk, ranked);
	for (size_t group = 1; walk_next(&walk); group++)
	{
		SmlRocPoint here = {walk.score, (walk.above[0] + walk.here[0]) / total[0], (walk.above[1] + walk.here[1]) / total[1]};
		/* the way along the curve, in most - 2 equal steps */
		double step = floor((here.fpr + here.tpr) / 2 * (double) (most - 2));

		if (group == groups)
		{
			here.fpr = here.tpr = 1;
			made[kept++] = here;
		}
		else if (groups < most || (step > reached && kept < most - 1))
		{
			made[kept++] = here;
			reached = step;
		}
	}
	SML_TRY(walk.status);
	*points = made;
	*count = kept;
	made = NULL;
done:
	sml_free(env, made);
	return status;
}

/* ---- the distinct scores ------------------------------------------------------------- */

SmlStatus
sml_ranked_groups(SmlEnv *env, SmlRanked *ranked, SmlRankGroup **groups, size_t *count)
{
	SmlRankGroup *made = NULL;
	size_t        distinct = 0;
	size_t        bytes;
	Walk          walk;
	SmlStatus     status;

	SML_TRY(sort_sides(env, ranked));
	walk_start(env, &walk, ranked);
	while (walk_next(&walk))
		distinct++;
	SML_TRY(walk.status);
	if (ranked->limit && (!sml_size_times(distinct, sizeof(SmlRankGroup), &bytes) || bytes > ranked->limit))
	{
		status = sml_fail(env, SML_OVER_LIMIT, "A list of %zu distinct scores needs %zu kB, and %zu kB are allowed.", distinct,
						  distinct * sizeof(SmlRankGroup) / 1024, ranked->limit / 1024);
		goto done;
	}
	SML_TRY(sml_alloc_array(env, distinct, sizeof(SmlRankGroup), &made));
	walk_start(env, &walk, ranked);
	for (size_t g = 0; g < distinct && walk_next(&walk); g++)
		made[g] = (SmlRankGroup) {walk.score, {walk.here[0], walk.here[1]}};
	SML_TRY(walk.status);
	*groups = made;
	*count = distinct;
	made = NULL;
done:
	sml_free(env, made);
	return status;
}

/* ---- bytes ----------------------------------------------------------------------------- */

/*
 * +----------+--------------------------+--------------------------+
 * | weighted | count, scores (,weights) | the same                 |
 * | u8       | of the negatives         | of the positives         |
 * +----------+--------------------------+--------------------------+
 */
void
sml_ranked_write(SmlWriter *writer, const SmlRanked *ranked)
{
	sml_write_u8(writer, ranked->weighted);
	for (int side = 0; side < 2; side++)
	{
		sml_write_u64(writer, ranked->side[side].count);
		sml_write_f64s(writer, ranked->side[side].at, ranked->side[side].count * stride_of(ranked));
	}
}

void
sml_ranked_read(SmlReader *reader, SmlRanked *ranked)
{
	sml_ranked_start(ranked, sml_read_bool(reader), 0);
	for (int side = 0; side < 2; side++)
	{
		SmlSide *s = &ranked->side[side];
		size_t   count = sml_read_count(reader, stride_of(ranked) * sizeof(double));

		s->at = sml_read_f64_array(reader, count * stride_of(ranked));
		if (s->at != NULL)
			s->count = s->room = count;
		for (size_t i = 0; i < s->count; i++)
		{
			if (i % POLL_SPLIT == POLL_SPLIT - 1 && reader->status == SML_OK)
				reader->status = sml_poll(reader->env);
			if (isnan(s->at[i * stride_of(ranked)]) ||
				(ranked->weighted && (!(s->at[2 * i + 1] > 0) || isinf(s->at[2 * i + 1]))))
			{
				sml_reader_fail(reader, "a score or weight out of range");
				return;
			}
		}
	}
}
