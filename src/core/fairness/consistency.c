/*
 * consistency.c - are like rows treated alike?  See consistency.h.
 */
#include <math.h>
#include <stdlib.h>

#include "consistency.h"
#include "../hash.h"

/*
 * Columns divided by their deviation; constant ones count 0, since they add nothing to a distance.  The deviation is rounded to single precision, so that
 * rows in another order, whose sums differ in the last bits, have the very same distances and ties.
 */
static SmlStatus
scale(SmlEnv *env, const double *features, size_t rows, size_t columns, double *scaled)
{
	const size_t step = sml_poll_steps(4);
	SmlStatus    status = SML_OK;

	for (size_t c = 0; c < columns; c++)
	{
		double mean = 0;
		double square = 0;
		double deviation;

		for (size_t r = 0; r < rows; r++)
		{
			if (r % step == 0)
				SML_TRY(sml_poll(env));
			mean += features[r * columns + c] / (double) rows;
		}
		for (size_t r = 0; r < rows; r++)
		{
			if (r % step == 0)
				SML_TRY(sml_poll(env));
			square += (features[r * columns + c] - mean) * (features[r * columns + c] - mean);
		}
		deviation = (double) (float) sqrt(square / (double) rows);
		for (size_t r = 0; r < rows; r++)
		{
			if (r % step == 0)
				SML_TRY(sml_poll(env));
			scaled[r * columns + c] = deviation > 0 && isfinite(deviation) ? features[r * columns + c] / deviation : 0;
		}
	}
done:
	return status;
}

#define PARTS 20

/* ---- parts ----------------------------------------------------------------------------- */

typedef struct Place
{
	uint64_t hash; /* of the content of a row */
	size_t   row;
} Place;

static int
by_hash(const void *a, const void *b)
{
	uint64_t x = ((const Place *) a)->hash;
	uint64_t y = ((const Place *) b)->hash;

	return x < y ? -1 : x > y;
}

/* Deal the rows out to parts in the order of their hashes; rows of equal content are alike, so that the order among them is no matter. */
static SmlStatus
deal_out(SmlEnv *env, const SmlConsistency *of, uint8_t *part)
{
	const size_t step = sml_poll_steps(8 * (of->columns + 1));
	Place       *places = NULL;
	SmlStatus    status;

	SML_TRY(sml_alloc_array(env, of->rows, sizeof(Place), &places));
	for (size_t r = 0; r < of->rows; r++)
	{
		uint64_t hash = sml_hash_number(0, of->outcomes[r]);

		if (r % step == 0)
			SML_TRY(sml_poll(env));
		for (size_t c = 0; c < of->columns; c++)
			hash = sml_hash_number(hash, of->features[r * of->columns + c]);
		places[r] = (Place) {hash, r};
	}
	qsort(places, of->rows, sizeof(Place), by_hash);
	for (size_t r = 0; r < of->rows; r++)
		part[places[r].row] = (uint8_t) (r % PARTS);
done:
	sml_free(env, places);
	return status;
}

/* ---- neighbours ------------------------------------------------------------------------ */

typedef struct Neighbour
{
	double distance;
	double outcome;
	int    part;
} Neighbour;

static int
by_distance(const void *a, const void *b)
{
	double x = ((const Neighbour *) a)->distance;
	double y = ((const Neighbour *) b)->distance;

	return x < y ? -1 : x > y;
}

/* Mean outcome of the k nearest that are not of one part; those at the distance of the last share the places that are left. */
static double
neighbours_mean(const Neighbour *sorted, size_t count, size_t k, int without)
{
	double sum = 0;
	double tied = 0;
	size_t at_last = 0;
	size_t nearer = 0;
	double last = -1;

	for (size_t i = 0; i < count && (nearer + at_last < k || sorted[i].distance <= last); i++)
	{
		if (sorted[i].part == without)
			continue;
		if (sorted[i].distance > last)
		{
			sum += tied;
			nearer += at_last;
			tied = 0;
			at_last = 0;
			last = sorted[i].distance;
		}
		tied += sorted[i].outcome;
		at_last++;
	}
	return (sum + tied / (double) at_last * (double) (k - nearer)) / (double) k;
}

static double
squared_distance(const double *a, const double *b, size_t columns)
{
	double sum = 0;

	for (size_t c = 0; c < columns; c++)
		sum += (a[c] - b[c]) * (a[c] - b[c]);
	return sum;
}

/* ---- the whole --------------------------------------------------------------------------- */

typedef struct Work
{
	const SmlConsistency *of;
	double               *scaled;
	Neighbour            *list;
	uint8_t              *part;
	bool                  by_parts;
	double                sum;
	double                sums[PARTS]; /* without each part */
	size_t                rows[PARTS];
} Work;

static void
add_row(Work *work, size_t row)
{
	const SmlConsistency *of = work->of;
	double                own = of->outcomes[row];
	size_t                count = 0;

	for (size_t other = 0; other < of->rows; other++)
		if (other != row || of->self)
			work->list[count++] = (Neighbour) {squared_distance(work->scaled + row * of->columns, work->scaled + other * of->columns, of->columns),
											   of->outcomes[other], work->part[other]};
	qsort(work->list, count, sizeof(Neighbour), by_distance);
	work->sum += fabs(own - neighbours_mean(work->list, count, of->k, -1));
	for (int part = 0; work->by_parts && part < PARTS; part++)
		if (part != work->part[row])
		{
			work->sums[part] += fabs(own - neighbours_mean(work->list, count, of->k, part));
			work->rows[part]++;
		}
}

static void
jackknife(const Work *work, SmlFigure *figure)
{
	double mean = 0;
	double squares = 0;
	double half;

	for (int part = 0; part < PARTS; part++)
		mean += (1 - work->sums[part] / (double) work->rows[part]) / PARTS;
	for (int part = 0; part < PARTS; part++)
	{
		double off = 1 - work->sums[part] / (double) work->rows[part] - mean;

		squares += off * off;
	}
	half = sml_student(work->of->z, PARTS - 1) * sqrt(squares * (PARTS - 1) / PARTS);
	/* less is rounding */
	if (half > 1e-12)
		sml_figure_interval(figure, "jackknife", half, half, 0, 1);
	else
		sml_figure_plain(figure, figure->value, "no_variation");
}

SmlStatus
sml_consistency(SmlEnv *env, const SmlConsistency *of, SmlFigure *figure)
{
	Work      work = {.of = of};
	size_t    needed = of->k + (of->self ? 0 : 1);
	size_t    cells;
	SmlStatus status;

	if (of->k == 0 || of->rows < needed)
		return sml_fail(env, SML_BAD_INPUT, "There are %zu rows, too few for %zu neighbours each.", of->rows, of->k);
	if (!sml_size_times(of->rows, of->columns, &cells))
		return sml_fail(env, SML_NO_MEMORY, "%zu rows of %zu columns do not fit into memory.", of->rows, of->columns);
	work.by_parts = of->rows >= 2 * PARTS && of->rows - (of->rows + PARTS - 1) / PARTS >= needed;
	SML_TRY(sml_alloc_array(env, cells, sizeof(double), &work.scaled));
	SML_TRY(sml_alloc_array(env, of->rows, sizeof(Neighbour), &work.list));
	SML_TRY(sml_alloc_array(env, of->rows, sizeof(uint8_t), &work.part));
	SML_TRY(deal_out(env, of, work.part));
	SML_TRY(scale(env, of->features, of->rows, of->columns, work.scaled));
	for (size_t r = 0; r < of->rows; r++)
	{
		SML_TRY(sml_poll(env));
		add_row(&work, r);
	}
	*figure = (SmlFigure) {.n = of->rows, .effective = (double) of->rows, .numerator = NAN, .denominator = NAN};
	sml_figure_plain(figure, 1 - work.sum / (double) of->rows, "few_rows");
	if (work.by_parts)
		jackknife(&work, figure);
done:
	sml_free(env, work.scaled);
	sml_free(env, work.list);
	sml_free(env, work.part);
	return status;
}
