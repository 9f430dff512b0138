/*
 * moments.c - cross moments in one scan; see moments.h.
 */
#include "moments.h"

#include <math.h>
#include <string.h>

#include "../blas.h"

/* A mean this many deviations away from its shift moves the shift. */
#define DRIFT 8.0

SmlStatus
sml_moments_start(SmlEnv *env, size_t numbers, bool has_target, SmlMoments **moments)
{
	SmlMoments *fresh = NULL;
	size_t      cells;
	SmlStatus   status;

	SML_TRY(sml_alloc_array(env, 1, sizeof(SmlMoments), &fresh));
	fresh->numbers = numbers;
	fresh->has_target = has_target;
	fresh->size = fresh->room = 1 + numbers + (has_target ? 1 : 0);
	if (!sml_size_times(fresh->room, fresh->room, &cells))
	{
		status = sml_fail(env, SML_NO_MEMORY, "A moment matrix of order %zu is too large.", fresh->room);
		goto done;
	}
	SML_TRY(sml_alloc_array(env, cells, sizeof(double), &fresh->gram));
	SML_TRY(sml_alloc_array(env, fresh->room * SML_BLOCK_ROWS, sizeof(double), &fresh->block));
	SML_TRY(sml_alloc_array(env, fresh->room, sizeof(double), &fresh->shift));
	SML_TRY(sml_alloc_array(env, numbers, sizeof(int32_t), &fresh->indicator));
	for (size_t i = 0; i < numbers; i++)
		fresh->indicator[i] = -1;
	*moments = fresh;
	return SML_OK;
done:
	sml_moments_free(env, fresh);
	return status;
}

void
sml_moments_free(SmlEnv *env, SmlMoments *moments)
{
	if (moments == NULL)
		return;
	sml_free(env, moments->gram);
	sml_free(env, moments->block);
	sml_free(env, moments->shift);
	sml_free(env, moments->indicator);
	sml_free(env, moments);
}

/* ---- shifts --------------------------------------------------------------------- */

/* Places that carry a shift: features and target, 1-based as in the matrix. */
static size_t
shifted_places(const SmlMoments *moments)
{
	return moments->numbers + (moments->has_target ? 1 : 0);
}

/*
 * Move the shift of place a by "by": z_a becomes z_a - by * (the rows in which
 * it is present), that is, of the constant less its own indicator.
 */
static void
translate_place(SmlMoments *moments, size_t place, double by)
{
	double *gram = moments->gram;
	size_t  room = moments->room;
	size_t  indicator = place <= moments->numbers && moments->indicator[place - 1] >= 0 ? (size_t) moments->indicator[place - 1] : 0;

	/* row and column "place" less by * (row and column of the presence), the upper triangle only */
	for (size_t k = 0; k < moments->size; k++)
	{
		size_t  low = k < place ? k : place;
		size_t  high = k < place ? place : k;
		double  presence = gram[k];
		double *cell = &gram[low * room + high];

		if (indicator != 0)
			presence -= k <= indicator ? gram[k * room + indicator] : gram[indicator * room + k];
		if (k == place)
			continue;
		*cell -= by * presence;
	}
	{
		double sum = gram[place];  /* already moved: sum of the new z */
		double count = gram[0];

		if (indicator != 0)
			count -= gram[indicator * room + indicator];
		/* sum (z - b)^2 = sum z^2 - 2 b sum z + b^2 n, with the new sum = sum z - b n */
		gram[place * room + place] += -2 * by * sum - by * by * count;
	}
	moments->shift[place] += by;
}

/* Round a mean to a few bits of the deviation, so that it gives no single row away. */
static double
rounded(double mean, double deviation)
{
	double quantum;
	int    exponent;

	if (!(deviation > 0))
		deviation = fabs(mean) * 0x1p-20;
	if (!(deviation > 0) || !isfinite(mean) || !isfinite(deviation))
		return 0;
	(void) frexp(deviation, &exponent);
	quantum = ldexp(1.0, exponent - 3);
	return rint(mean / quantum) * quantum;
}

static void
choose_shift(SmlMoments *moments, size_t rows, const double *block, size_t stride)
{
	for (size_t j = 0; j < shifted_places(moments); j++)
	{
		double mean = 0;
		double squares = 0;
		size_t n = 0;

		for (size_t i = 0; i < rows; i++)
		{
			double value = block[i * stride + j];
			double delta;

			if (!isfinite(value))
				continue;
			n++;
			delta = value - mean;
			mean += delta / (double) n;
			squares += delta * (value - mean);
		}
		moments->shift[j + 1] = n > 0 ? rounded(mean, sqrt(squares / (double) n)) : 0;
	}
}

/* After sorted data the mean can run away from the shift: follow it. */
static SmlStatus
follow_drift(SmlEnv *env, SmlMoments *moments)
{
	const double *gram = moments->gram;

	for (size_t place = 1; place <= shifted_places(moments); place++)
	{
		SmlStatus status = place % sml_poll_steps(16 * moments->size) == 0 ? sml_poll(env) : SML_OK;
		double count = gram[0];
		double mean;
		double variance;

		if (status != SML_OK)
			return status;
		if (place <= moments->numbers && moments->indicator[place - 1] >= 0)
		{
			size_t m = (size_t) moments->indicator[place - 1];

			count -= gram[m * moments->room + m];
		}
		if (!(count > 0))
			continue;
		mean = gram[place] / count;
		variance = gram[place * moments->room + place] / count - mean * mean;
		if (variance > 0 && mean * mean > DRIFT * DRIFT * variance)
			translate_place(moments, place, rounded(mean, sqrt(variance)));
	}
	return SML_OK;
}

/* ---- indicators -------------------------------------------------------------------- */

/* Copy an upper triangle of order n into a matrix of zeros; wide ones poll. */
static SmlStatus
copy_triangle(SmlEnv *env, size_t n, const double *from, size_t ldfrom, double *to, size_t ldto)
{
	size_t steps = sml_poll_steps(n);

	for (size_t i = 0; i < n; i++)
	{
		SmlStatus status = i % steps == steps - 1 ? sml_poll(env) : SML_OK;

		if (status != SML_OK)
			return status;
		memcpy(to + i * ldto + i, from + i * ldfrom + i, (n - i) * sizeof(double));
	}
	return SML_OK;
}

/* Room for "more" indicators beyond those there are; grows by half at least. */
static SmlStatus
reserve_indicators(SmlEnv *env, SmlMoments *moments, size_t more)
{
	size_t    needed = moments->size + more;
	size_t    room = moments->room + (moments->room > 8 ? moments->room / 2 : 4);
	size_t    most = 1 + 2 * moments->numbers + (moments->has_target ? 1 : 0);
	double   *gram = NULL;
	double   *block = NULL;
	SmlStatus status;

	if (needed <= moments->room)
		return SML_OK;
	room = room > most ? most : room;
	room = room < needed ? needed : room;
	SML_TRY(sml_alloc_array(env, room, room * sizeof(double), &gram));
	SML_TRY(sml_alloc_array(env, room * SML_BLOCK_ROWS, sizeof(double), &block));
	SML_TRY(copy_triangle(env, moments->size, moments->gram, moments->room, gram, room));
	sml_free(env, moments->gram);
	sml_free(env, moments->block);
	moments->gram = gram;
	moments->block = block;
	moments->room = room;
	return SML_OK;
done:
	sml_free(env, gram);
	sml_free(env, block);
	return status;
}

/* There is room; rows before had no missing value here, so its sums are zero, as the cells are. */
static void
add_indicator(SmlMoments *moments, size_t number)
{
	moments->indicator[number] = (int32_t) moments->size++;
	moments->indicators++;
}

/* Give every feature that is missing somewhere in the block its indicator. */
static SmlStatus
find_indicators(SmlEnv *env, SmlMoments *moments, size_t rows, const double *block, size_t stride)
{
	for (size_t i = 0; i < rows; i++)
		for (size_t j = 0; j < moments->numbers; j++)
			if (!isfinite(block[i * stride + j]) && moments->indicator[j] < 0)
			{
				SmlStatus status = reserve_indicators(env, moments, 1);

				if (status != SML_OK)
					return status;
				add_indicator(moments, j);
			}
	return SML_OK;
}

/* ---- rows ----------------------------------------------------------------------------- */

/* Whether all features of the block are finite: x - x is 0 for them and NaN for the rest. */
static bool
all_finite(size_t rows, size_t columns, const double *block, size_t stride)
{
	double sum = 0;

	for (size_t i = 0; i < rows; i++)
	{
		const double *row = block + i * stride;

		for (size_t j = 0; j < columns; j++)
			sum += row[j] - row[j];
	}
	return sum == 0;
}

static void
fill_row(const SmlMoments *moments, const double *row, double *z)
{
	z[0] = 1;
	for (size_t j = 0; j < shifted_places(moments); j++)
		z[1 + j] = row[j] - moments->shift[1 + j];
	for (size_t k = 1 + shifted_places(moments); k < moments->size; k++)
		z[k] = 0;
}

static void
mark_missing(const SmlMoments *moments, const double *row, double *z)
{
	for (size_t j = 0; j < moments->numbers; j++)
		if (!isfinite(row[j]))
		{
			z[1 + j] = 0;
			z[moments->indicator[j]] = 1;
		}
}

SmlStatus
sml_moments_absorb(SmlEnv *env, SmlMoments *moments, size_t rows, const double *block, size_t stride, const double *w)
{
	bool      complete = all_finite(rows, moments->numbers, block, stride);
	SmlStatus status;

	if (rows == 0)
		return SML_OK;
	if (moments->rows == 0)
		choose_shift(moments, rows, block, stride);
	if (!complete)
	{
		status = find_indicators(env, moments, rows, block, stride);
		if (status != SML_OK)
			return status;
	}
	for (size_t i = 0; i < rows; i++)
	{
		double *z = moments->block + i * moments->size;

		fill_row(moments, block + i * stride, z);
		if (!complete)
			mark_missing(moments, block + i * stride, z);
	}
	status = sml_gram_add(env, rows, moments->size, moments->block, moments->size, w, moments->gram, moments->room);
	if (status != SML_OK)
		return status;
	moments->rows += rows;
	moments->weight = moments->gram[0];
	/* a power of two of blocks: often at first, seldom later */
	if (((moments->rows / SML_BLOCK_ROWS) & (moments->rows / SML_BLOCK_ROWS - 1)) == 0)
		return follow_drift(env, moments);
	return SML_OK;
}

/* ---- merging ----------------------------------------------------------------------------- */

/* The place in "into" of each place of "from", whose indicators "into" has too. */
static void
match_places(const SmlMoments *into, const SmlMoments *from, size_t *place)
{
	for (size_t i = 0; i <= shifted_places(from); i++)
		place[i] = i;
	for (size_t j = 0; j < from->numbers; j++)
		if (from->indicator[j] >= 0)
			place[from->indicator[j]] = (size_t) into->indicator[j];
}

SmlStatus
sml_moments_merge(SmlEnv *env, SmlMoments *into, SmlMoments *from)
{
	size_t   *to = NULL;
	SmlStatus status;

	if (into->numbers != from->numbers || into->has_target != from->has_target)
		return sml_fail(env, SML_MISMATCH, "Moments of %zu and of %zu columns cannot be merged.", into->numbers, from->numbers);
	if (from->rows == 0)
		return SML_OK;
	if (into->rows == 0)
		memcpy(into->shift, from->shift, (1 + shifted_places(from)) * sizeof(double));
	for (size_t place = 1; place <= shifted_places(into); place++)
		if (into->shift[place] != from->shift[place])
		{
			SML_TRY(sml_poll(env));
			translate_place(from, place, into->shift[place] - from->shift[place]);
			from->shift[place] = into->shift[place];
		}
	for (size_t j = 0; j < into->numbers; j++)
		if (from->indicator[j] >= 0 && into->indicator[j] < 0)
		{
			SML_TRY(reserve_indicators(env, into, 1));
			add_indicator(into, j);
		}
	SML_TRY(sml_alloc_array(env, from->size, sizeof(size_t), &to));
	match_places(into, from, to);
	for (size_t a = 0; a < from->size; a++)
	{
		SML_TRY(sml_poll(env));
		for (size_t b = a; b < from->size; b++)
		{
			size_t low = to[a] < to[b] ? to[a] : to[b];
			size_t high = to[a] < to[b] ? to[b] : to[a];

			into->gram[low * into->room + high] += from->gram[a * from->room + b];
		}
	}
	into->rows += from->rows;
	into->weight = into->gram[0];
	status = SML_OK;
done:
	sml_free(env, to);
	return status;
}

/* ---- bytes --------------------------------------------------------------------------------- */

void
sml_moments_write(SmlWriter *writer, const SmlMoments *moments)
{
	sml_write_u64(writer, moments->rows);
	sml_write_u64(writer, moments->indicators);
	for (size_t place = 1 + shifted_places(moments); place < moments->size; place++)
		for (size_t j = 0; j < moments->numbers; j++)
			if (moments->indicator[j] == (int32_t) place)
				sml_write_u64(writer, j);
	sml_write_f64s(writer, moments->shift + 1, shifted_places(moments));
	sml_write_triangle(writer, moments->gram, moments->size, moments->room);
}

void
sml_moments_read(SmlReader *reader, size_t numbers, bool has_target, SmlMoments **moments)
{
	SmlMoments *fresh = NULL;
	uint64_t    rows = sml_read_u64(reader);
	size_t      indicators = sml_read_count(reader, 8);

	/* the upper triangle must follow: p^2 / 2 numbers, so the matrix is no larger than twice the bytes */
	if (reader->status == SML_OK &&
		(indicators > numbers || numbers > UINT32_MAX || numbers * (numbers + 1) / 2 > sml_reader_left(reader) / 8))
		sml_reader_fail(reader, "The moments do not fit the layout.");
	if (reader->status == SML_OK)
		reader->status = sml_moments_start(reader->env, numbers, has_target, &fresh);
	if (reader->status == SML_OK)
		reader->status = reserve_indicators(reader->env, fresh, indicators);
	for (size_t i = 0; i < indicators && reader->status == SML_OK; i++)
	{
		uint64_t number = sml_read_u64(reader);

		if (reader->status == SML_OK && (number >= numbers || fresh->indicator[number] >= 0))
			sml_reader_fail(reader, "A missing indicator makes no sense.");
		if (reader->status == SML_OK)
			add_indicator(fresh, (size_t) number);
	}
	if (reader->status == SML_OK)
	{
		sml_read_f64s(reader, fresh->shift + 1, shifted_places(fresh));
		sml_read_triangle(reader, fresh->gram, fresh->size, fresh->room);
		fresh->rows = rows;
		fresh->weight = fresh->gram[0];
	}
	if (reader->status != SML_OK)
	{
		sml_moments_free(reader->env, fresh);
		return;
	}
	*moments = fresh;
}
