/*
 * calibrate.c - Platt's and isotonic calibration; see calibrate.h.
 *
 * Bytes of a calibration:
 *
 *   kind u8 | rows u64 | maps u64 | then for each map
 *     platt:    slope f64 | intercept f64
 *     isotonic: knots u64 | log-odds: knots x f64 | probabilities: knots x f64
 */
#include "calibrate.h"

#include <math.h>
#include <string.h>

/* Newton's method needs some ten steps; more than this means that nothing can be gained any more. */
#define MOST_STEPS    100
#define MOST_HALVINGS 60

/* The search ends when the predicted gain per row is below this. */
#define SMALL_GAIN 1e-20

double
sml_log_odds(double probability)
{
	return log(probability) - log1p(-probability);
}

double
sml_class_log_odds(const double *links, size_t classes, size_t k)
{
	double top = -INFINITY;
	double sum = 0;

	for (size_t j = 0; j < classes; j++)
		if (j != k)
			top = fmax(top, links[j]);
	for (size_t j = 0; j < classes; j++)
		if (j != k)
			sum += exp(links[j] - top);
	/* a class alone is certain */
	return sum > 0 ? links[k] - top - log(sum) : INFINITY;
}

/* ---- platt ---------------------------------------------------------------------------- */

typedef struct Platt
{
	const SmlRankGroup *groups;
	size_t              count;
	double              center; /* scores are worked on as (score - center) / scale */
	double              scale;
	double              target[2];
	double              weight; /* of all rows */
} Platt;

typedef struct PlattSums
{
	double loss;
	double gradient[2]; /* by slope, by intercept */
	double curvature[3]; /* slope slope, slope intercept, intercept intercept */
} PlattSums;

/* Loss and derivatives at (slope, intercept) of the scaled scores. */
static SmlStatus
platt_sums(SmlEnv *env, const Platt *platt, double slope, double intercept, PlattSums *sums)
{
	memset(sums, 0, sizeof(*sums));
	for (size_t g = 0; g < platt->count; g++)
	{
		const SmlRankGroup *group = &platt->groups[g];
		double              u = (group->score - platt->center) / platt->scale;
		double              z = slope * u + intercept;
		double              w = group->weight[0] + group->weight[1];
		double              t = group->weight[0] * platt->target[0] + group->weight[1] * platt->target[1];
		double              p = sml_inverse_log_odds(z);
		double              residual = w * p - t;
		double              curvature = w * p * (1 - p);

		if (g % SML_POLL_ROWS == 0)
		{
			SmlStatus status = sml_poll(env);

			if (status != SML_OK)
				return status;
		}
		/* log(1 + exp(z)) - target z, in the form that cannot overflow */
		sums->loss += w * (fmax(z, 0) + log1p(exp(-fabs(z)))) - t * z;
		sums->gradient[0] += residual * u;
		sums->gradient[1] += residual;
		sums->curvature[0] += curvature * u * u;
		sums->curvature[1] += curvature * u;
		sums->curvature[2] += curvature;
	}
	return SML_OK;
}

/* Centre, scale, targets.  SML_BAD_INPUT when a score is not finite. */
static SmlStatus
platt_start(SmlEnv *env, const SmlRankGroup *groups, size_t count, Platt *platt)
{
	double weight[2] = {0, 0};
	double sum = 0;
	double spread = 0;

	*platt = (Platt) {.groups = groups, .count = count};
	for (size_t g = 0; g < count; g++)
	{
		if (!isfinite(groups[g].score))
			return sml_fail(env, SML_BAD_INPUT, "The score of a row is not finite.");
		weight[0] += groups[g].weight[0];
		weight[1] += groups[g].weight[1];
		sum += (groups[g].weight[0] + groups[g].weight[1]) * groups[g].score;
	}
	platt->weight = weight[0] + weight[1];
	if (!(platt->weight > 0))
		return sml_fail(env, SML_BAD_INPUT, "There are no rows to calibrate on.");
	platt->center = sum / platt->weight;
	for (size_t g = 0; g < count; g++)
		spread += (groups[g].weight[0] + groups[g].weight[1]) * (groups[g].score - platt->center) * (groups[g].score - platt->center);
	platt->scale = count > 1 && spread > 0 ? sqrt(spread / platt->weight) : 1;
	platt->target[0] = 1 / (weight[0] + 2);
	platt->target[1] = (weight[1] + 1) / (weight[1] + 2);
	return SML_OK;
}

SmlStatus
sml_platt_fit(SmlEnv *env, const SmlRankGroup *groups, size_t count, double *slope, double *intercept)
{
	Platt     platt;
	PlattSums here;
	double    at[2] = {0, 0};
	double    targets = 0;
	SmlStatus status = platt_start(env, groups, count, &platt);

	if (status != SML_OK)
		return status;
	for (size_t g = 0; g < count; g++)
		targets += groups[g].weight[0] * platt.target[0] + groups[g].weight[1] * platt.target[1];
	/* the best answer without a look at the scores */
	at[1] = sml_log_odds(targets / platt.weight);
	SML_TRY(platt_sums(env, &platt, at[0], at[1], &here));
	for (int step = 0; step < MOST_STEPS && count > 1; step++)
	{
		/* a ridge far below anything that counts keeps the system solvable */
		double ridge = 1e-12 * platt.weight;
		double a = here.curvature[0] + ridge;
		double b = here.curvature[1];
		double c = here.curvature[2] + ridge;
		double determinant = a * c - b * b;
		double move[2] = {-(c * here.gradient[0] - b * here.gradient[1]) / determinant,
						  -(a * here.gradient[1] - b * here.gradient[0]) / determinant};
		double gain = -(move[0] * here.gradient[0] + move[1] * here.gradient[1]);
		double size = 1;
		int    halving = 0;

		if (!(gain > SMALL_GAIN * platt.weight))
			break;
		for (; halving < MOST_HALVINGS; halving++, size /= 2)
		{
			PlattSums there;

			SML_TRY(platt_sums(env, &platt, at[0] + size * move[0], at[1] + size * move[1], &there));
			if (there.loss <= here.loss - 1e-4 * size * gain)
			{
				at[0] += size * move[0];
				at[1] += size * move[1];
				here = there;
				break;
			}
		}
		if (halving == MOST_HALVINGS)
			break; /* the loss cannot be told from its least value any more */
	}
	*slope = at[0] / platt.scale;
	*intercept = at[1] - at[0] / platt.scale * platt.center;
done:
	return status;
}

/* ---- isotonic ---------------------------------------------------------------------------- */

/* A level stretch of the curve. */
typedef struct Stretch
{
	double first;  /* scores */
	double last;
	double weight;
	double sum;    /* of the positives' weight */
} Stretch;

static double
level(const Stretch *stretch)
{
	return stretch->sum / stretch->weight;
}

/* Pool adjacent violators, from the lowest score up: one stack, every group pushed once. */
static SmlStatus
pool(SmlEnv *env, const SmlRankGroup *groups, size_t count, Stretch *stack, size_t *depth)
{
	size_t n = 0;

	for (size_t g = count; g-- > 0;)
	{
		Stretch next = {groups[g].score, groups[g].score, groups[g].weight[0] + groups[g].weight[1], groups[g].weight[1]};

		if (g % SML_POLL_ROWS == 0)
		{
			SmlStatus status = sml_poll(env);

			if (status != SML_OK)
				return status;
		}
		/* products instead of quotients: equal shares are told exactly when weights count rows */
		while (n > 0 && stack[n - 1].sum * next.weight >= next.sum * stack[n - 1].weight)
		{
			n--;
			next.first = stack[n].first;
			next.weight += stack[n].weight;
			next.sum += stack[n].sum;
		}
		stack[n++] = next;
	}
	*depth = n;
	return SML_OK;
}

SmlStatus
sml_isotonic_fit(SmlEnv *env, const SmlRankGroup *groups, size_t count, SmlCalibrationMap *map)
{
	SmlCalibrationMap made = {.count = 0};
	Stretch          *stack = NULL;
	size_t            depth = 0;
	size_t            knots = 0;
	SmlStatus         status;

	if (count == 0)
		return sml_fail(env, SML_BAD_INPUT, "There are no rows to calibrate on.");
	if (!isfinite(groups[0].score) || !isfinite(groups[count - 1].score))
		return sml_fail(env, SML_BAD_INPUT, "The score of a row is not finite.");
	SML_TRY(sml_alloc_array(env, count, sizeof(Stretch), &stack));
	SML_TRY(pool(env, groups, count, stack, &depth));
	for (size_t i = 0; i < depth; i++)
		knots += stack[i].first < stack[i].last ? 2 : 1;
	SML_TRY(sml_alloc_array(env, knots, sizeof(double), &made.at));
	SML_TRY(sml_alloc_array(env, knots, sizeof(double), &made.probability));
	for (size_t i = 0; i < depth; i++)
	{
		made.at[made.count] = stack[i].first;
		made.probability[made.count++] = level(&stack[i]);
		if (stack[i].first < stack[i].last)
		{
			made.at[made.count] = stack[i].last;
			made.probability[made.count++] = level(&stack[i]);
		}
	}
	*map = made;
	made.at = made.probability = NULL;
done:
	sml_free(env, stack);
	sml_free(env, made.at);
	sml_free(env, made.probability);
	return status;
}

static double
isotonic_at(const SmlCalibrationMap *map, double x)
{
	size_t low = 0;
	size_t high = map->count - 1;
	double share;

	if (!(x > map->at[0]))
		return map->probability[0];
	if (x >= map->at[high])
		return map->probability[high];
	while (high - low > 1)
	{
		size_t middle = low + (high - low) / 2;

		if (map->at[middle] <= x)
			low = middle;
		else
			high = middle;
	}
	share = (x - map->at[low]) / (map->at[high] - map->at[low]);
	/* written so that level stretches stay level to the last bit */
	return map->probability[low] + share * (map->probability[high] - map->probability[low]);
}

double
sml_calibration_map(SmlCalibrationKind kind, const SmlCalibrationMap *map, double log_odds)
{
	if (kind == SML_CALIBRATION_ISOTONIC)
		return isotonic_at(map, log_odds);
	return sml_inverse_log_odds(map->slope * log_odds + map->intercept);
}

/* ---- the whole --------------------------------------------------------------------------- */

void
sml_calibration_free(SmlEnv *env, SmlCalibration *calibration)
{
	if (calibration == NULL)
		return;
	for (size_t m = 0; calibration->maps != NULL && m < calibration->map_count; m++)
	{
		sml_free(env, calibration->maps[m].at);
		sml_free(env, calibration->maps[m].probability);
	}
	sml_free(env, calibration->maps);
	sml_free(env, calibration);
}

/* The log-odds of class k of every row, by whether the row is of the class. */
static SmlStatus
rank_class(SmlEnv *env, const SmlScored *links, size_t k, double scale, SmlRanked *ranked)
{
	for (size_t i = 0; i < links->rows; i++)
	{
		const double *row = links->predicted + i * links->width;
		double        x = links->task == SML_BINARY ? row[0] : sml_class_log_odds(row, links->width, k);
		SmlStatus     status;

		if (i % SML_POLL_ROWS == 0)
		{
			status = sml_poll(env);
			if (status != SML_OK)
				return status;
		}
		if (!isfinite(x))
			return sml_fail(env, SML_BAD_INPUT, "The score of a row is not finite.");
		status = sml_ranked_add(env, ranked, (size_t) links->label[i] == k, x, links->weighted ? links->weight[i] * scale : 1);
		if (status != SML_OK)
			return status;
	}
	return SML_OK;
}

static SmlStatus
fit_class(SmlEnv *env, SmlCalibrationKind kind, const SmlScored *links, size_t k, double scale, SmlCalibrationMap *map)
{
	SmlRanked     ranked;
	SmlRankGroup *groups = NULL;
	size_t        count;
	double        least = 1 / ((double) links->rows + 2);
	SmlStatus     status;

	sml_ranked_start(&ranked, links->weighted, links->limit);
	SML_TRY(rank_class(env, links, k, scale, &ranked));
	SML_TRY(sml_ranked_groups(env, &ranked, &groups, &count));
	if (kind == SML_CALIBRATION_PLATT)
		SML_TRY(sml_platt_fit(env, groups, count, &map->slope, &map->intercept));
	else
		SML_TRY(sml_isotonic_fit(env, groups, count, map));
	for (size_t i = 0; i < map->count; i++)
		map->probability[i] = fmin(fmax(map->probability[i], least), 1 - least);
done:
	sml_free(env, groups);
	sml_ranked_free(env, &ranked);
	return status;
}

/* Enough rows of every class, and what brings the weights to a mean of one. */
static SmlStatus
check_links(SmlEnv *env, const SmlScored *links, const char *const *classes, double *scale)
{
	double weight = 0;

	if (links->task == SML_REGRESSION)
		return sml_fail(env, SML_BAD_INPUT, "Only classes have probabilities to calibrate.");
	for (size_t k = 0; k < links->classes; k++)
	{
		size_t rows = 0;

		for (size_t i = 0; i < links->rows; i++)
			rows += (size_t) links->label[i] == k;
		if (rows < SML_CALIBRATION_LEAST)
			return sml_fail(env, SML_BAD_INPUT,
							"Of the %zu held-out rows set aside for calibration %zu are of class \"%.63s\", and at least %d are needed.",
							links->rows, rows, classes[k], SML_CALIBRATION_LEAST);
	}
	for (size_t i = 0; i < links->rows && links->weighted; i++)
		weight += links->weight[i];
	*scale = links->weighted ? (double) links->rows / weight : 1;
	return SML_OK;
}

SmlStatus
sml_calibration_fit(SmlEnv *env, SmlCalibrationKind kind, const SmlScored *links, const char *const *classes, SmlCalibration **calibration)
{
	SmlCalibration *made = NULL;
	double          scale = 1;
	SmlStatus       status = check_links(env, links, classes, &scale);

	if (status != SML_OK)
		return status;
	SML_TRY(sml_alloc_array(env, 1, sizeof(SmlCalibration), &made));
	made->kind = kind;
	made->rows = links->rows;
	made->map_count = links->task == SML_BINARY ? 1 : links->classes;
	SML_TRY(sml_alloc_array(env, made->map_count, sizeof(SmlCalibrationMap), &made->maps));
	for (size_t m = 0; m < made->map_count; m++)
		SML_TRY(fit_class(env, kind, links, links->task == SML_BINARY ? links->positive : m, scale, &made->maps[m]));
	*calibration = made;
	made = NULL;
done:
	sml_calibration_free(env, made);
	return status;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

void
sml_calibration_write(SmlWriter *writer, const SmlCalibration *calibration)
{
	sml_write_u8(writer, (uint8_t) calibration->kind);
	sml_write_u64(writer, calibration->rows);
	sml_write_u64(writer, calibration->map_count);
	for (size_t m = 0; m < calibration->map_count; m++)
	{
		const SmlCalibrationMap *map = &calibration->maps[m];

		if (calibration->kind == SML_CALIBRATION_PLATT)
		{
			sml_write_f64(writer, map->slope);
			sml_write_f64(writer, map->intercept);
			continue;
		}
		sml_write_u64(writer, map->count);
		sml_write_f64s(writer, map->at, map->count);
		sml_write_f64s(writer, map->probability, map->count);
	}
}

static void
read_map(SmlReader *reader, SmlCalibrationKind kind, SmlCalibrationMap *map)
{
	bool sound = true;

	if (kind == SML_CALIBRATION_PLATT)
	{
		map->slope = sml_read_f64(reader);
		map->intercept = sml_read_f64(reader);
		sound = isfinite(map->slope) && isfinite(map->intercept);
	}
	else
	{
		map->count = sml_read_count(reader, 2 * sizeof(double));
		map->at = sml_read_f64_array(reader, map->count);
		map->probability = sml_read_f64_array(reader, map->count);
		sound = map->count > 0;
		for (size_t i = 0; reader->status == SML_OK && i < map->count; i++)
			sound = sound && isfinite(map->at[i]) && map->probability[i] > 0 && map->probability[i] < 1 &&
				(i == 0 || (map->at[i] > map->at[i - 1] && map->probability[i] >= map->probability[i - 1]));
	}
	if (!sound)
		sml_reader_fail(reader, "The calibration makes no sense.");
}

void
sml_calibration_read(SmlReader *reader, size_t maps, SmlCalibration **calibration)
{
	SmlCalibration *made = NULL;
	uint8_t         kind = sml_read_u8(reader);
	uint64_t        rows = sml_read_u64(reader);
	size_t          count = sml_read_count(reader, sizeof(uint64_t));

	*calibration = NULL;
	if (reader->status == SML_OK && (count != maps || (kind != SML_CALIBRATION_PLATT && kind != SML_CALIBRATION_ISOTONIC)))
		sml_reader_fail(reader, "The calibration does not belong to the model.");
	if (reader->status == SML_OK)
		reader->status = sml_alloc_array(reader->env, 1, sizeof(SmlCalibration), &made);
	if (reader->status != SML_OK)
		return;
	made->kind = (SmlCalibrationKind) kind;
	made->rows = rows;
	reader->status = sml_alloc_array(reader->env, count, sizeof(SmlCalibrationMap), &made->maps);
	if (reader->status == SML_OK)
		made->map_count = count;
	for (size_t m = 0; m < count && reader->status == SML_OK; m++)
		read_map(reader, made->kind, &made->maps[m]);
	if (reader->status != SML_OK)
	{
		sml_calibration_free(reader->env, made);
		return;
	}
	*calibration = made;
}
