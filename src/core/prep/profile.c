/*
 * profile.c - the first scan; see profile.h.
 *
 * Rows are collected into blocks of SML_BLOCK_ROWS.  A block is folded into the
 * figures of each number about the running mean, all columns side by side, which the
 * compiler turns into vector code; a column with a value that is not finite is
 * done again with care.  Blocks are merged by Chan, Golub and LeVeque.
 */
#include "profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../blas.h"
#include "moments.h"
#include "sketch.h"

struct SmlProfile
{
	SmlLayout         layout;      /* columns not owned: only the slot counts are used */
	size_t            slots;       /* numbers that are profiled: features and numeric target */
	size_t            width;       /* numbers of a row: slots and weight */
	size_t            label_slots; /* labels, class target included */
	uint64_t          rows[SML_USE_COUNT];
	SmlNumberProfile *numbers;
	SmlSketch       **values;      /* per numeric feature, for quantiles; NULL where not asked */
	SmlSketch       **labels;
	uint64_t         *label_missing;
	SmlMoments       *moments;
	/* the pending block */
	size_t            pending;
	double           *block;       /* SML_BLOCK_ROWS x width */
	double           *weights;
	double           *scratch;     /* 4 x slots */
};

SmlStatus
sml_profile_start(SmlEnv *env, const SmlLayout *layout, const SmlProfileSpec *spec, SmlProfile **profile)
{
	SmlProfile *fresh = NULL;
	SmlStatus   status;

	SML_TRY(sml_alloc_array(env, 1, sizeof(SmlProfile), &fresh));
	fresh->layout = *layout;
	fresh->layout.columns = NULL;
	fresh->layout.column_count = 0;
	fresh->slots = layout->numbers + (layout->target == SML_TARGET_NUMBER ? 1 : 0);
	fresh->width = sml_layout_numbers(layout);
	fresh->label_slots = sml_layout_labels(layout);
	SML_TRY(sml_alloc_array(env, fresh->slots, sizeof(SmlNumberProfile), &fresh->numbers));
	SML_TRY(sml_alloc_array(env, layout->numbers, sizeof(SmlSketch *), &fresh->values));
	SML_TRY(sml_alloc_array(env, fresh->label_slots, sizeof(SmlSketch *), &fresh->labels));
	SML_TRY(sml_alloc_array(env, fresh->label_slots, sizeof(uint64_t), &fresh->label_missing));
	SML_TRY(sml_alloc_array(env, fresh->width, SML_BLOCK_ROWS * sizeof(double), &fresh->block));
	SML_TRY(sml_alloc_array(env, SML_BLOCK_ROWS, sizeof(double), &fresh->weights));
	SML_TRY(sml_alloc_array(env, fresh->slots, 5 * sizeof(double), &fresh->scratch));
	for (size_t j = 0; j < layout->numbers; j++)
		if (spec->quantiles != NULL && spec->quantiles[j])
			SML_TRY(sml_sketch_start(env, &fresh->values[j]));
	for (size_t j = 0; j < fresh->label_slots; j++)
		SML_TRY(sml_sketch_start(env, &fresh->labels[j]));
	if (spec->moments)
		SML_TRY(sml_moments_start(env, layout->numbers, layout->target == SML_TARGET_NUMBER, &fresh->moments));
	*profile = fresh;
	return SML_OK;
done:
	sml_profile_free(env, fresh);
	return status;
}

void
sml_profile_free(SmlEnv *env, SmlProfile *profile)
{
	if (profile == NULL)
		return;
	for (size_t j = 0; profile->values != NULL && j < profile->layout.numbers; j++)
		sml_sketch_free(env, profile->values[j]);
	for (size_t j = 0; profile->labels != NULL && j < profile->label_slots; j++)
		sml_sketch_free(env, profile->labels[j]);
	sml_moments_free(env, profile->moments);
	sml_free(env, profile->numbers);
	sml_free(env, profile->values);
	sml_free(env, profile->labels);
	sml_free(env, profile->label_missing);
	sml_free(env, profile->block);
	sml_free(env, profile->weights);
	sml_free(env, profile->scratch);
	sml_free(env, profile);
}

/* ---- blocks ------------------------------------------------------------------------ */

/* Chan, Golub, LeVeque: the figures of two sets of values, joined. */
static void
join_numbers(SmlNumberProfile *into, uint64_t count, double mean, double m2, double least, double greatest)
{
	double na = (double) into->count;
	double nb = (double) count;
	double delta = mean - into->mean;

	if (count == 0)
		return;
	if (into->count == 0)
	{
		into->mean = mean;
		into->m2 = m2;
		into->least = least;
		into->greatest = greatest;
	}
	else
	{
		into->mean += delta * (nb / (na + nb));
		into->m2 += m2 + delta * delta * (na * nb / (na + nb));
		if (least < into->least)
			into->least = least;
		if (greatest > into->greatest)
			into->greatest = greatest;
	}
	into->count += count;
}

/* One column with values that are missing or not finite. */
static void
fold_column_with_care(SmlProfile *profile, size_t slot)
{
	SmlNumberProfile *number = &profile->numbers[slot];
	SmlNumberProfile  block = {0};

	for (size_t i = 0; i < profile->pending; i++)
	{
		double value = profile->block[i * profile->width + slot];
		double delta;

		if (!isfinite(value))
		{
			if (sml_is_missing(value))
				number->missing++;
			else
				number->nonfinite++;
			continue;
		}
		if (block.count == 0 || value < block.least)
			block.least = value;
		if (block.count == 0 || value > block.greatest)
			block.greatest = value;
		block.count++;
		delta = value - block.mean;
		block.mean += delta / (double) block.count;
		block.m2 += delta * (value - block.mean);
	}
	join_numbers(number, block.count, block.mean, block.m2, block.least, block.greatest);
}

/* Sums about "center" of all columns at once; a value that is not finite makes its sum of squares so. */
static void
block_sums(size_t rows, size_t columns, const double *restrict block, size_t stride, const double *restrict center,
		   double *restrict s1, double *restrict s2, double *restrict least, double *restrict greatest)
{
	for (size_t j = 0; j < columns; j++)
	{
		s1[j] = s2[j] = 0;
		least[j] = greatest[j] = block[j];
	}
	for (size_t i = 0; i < rows; i++)
	{
		const double *restrict row = block + i * stride;

		for (size_t j = 0; j < columns; j++)
		{
			double delta = row[j] - center[j];

			s1[j] += delta;
			s2[j] += delta * delta;
			least[j] = row[j] < least[j] ? row[j] : least[j];
			greatest[j] = row[j] > greatest[j] ? row[j] : greatest[j];
		}
	}
}

static void
fold_block(SmlProfile *profile)
{
	size_t  columns = profile->slots;
	double *center = profile->scratch;
	double *s1 = center + columns;
	double *s2 = s1 + columns;
	double *least = s2 + columns;
	double *greatest = least + columns;
	double  n = (double) profile->pending;

	for (size_t j = 0; j < columns; j++)
		center[j] = profile->numbers[j].count > 0 ? profile->numbers[j].mean :
			isfinite(profile->block[j]) ? profile->block[j] : 0;
	block_sums(profile->pending, columns, profile->block, profile->width, center, s1, s2, least, greatest);
	for (size_t j = 0; j < columns; j++)
	{
		double m2 = s2[j] - s1[j] * s1[j] / n;

		if (isfinite(s2[j]))
			join_numbers(&profile->numbers[j], profile->pending, center[j] + s1[j] / n, m2 > 0 ? m2 : 0, least[j], greatest[j]);
		else
			fold_column_with_care(profile, j);
	}
}

static SmlStatus
fold_values(SmlEnv *env, SmlProfile *profile)
{
	for (size_t j = 0; j < profile->layout.numbers; j++)
	{
		if (profile->values[j] == NULL)
			continue;
		for (size_t i = 0; i < profile->pending; i++)
		{
			double    value = profile->block[i * profile->width + j];
			int32_t   code;
			SmlStatus status;

			if (!isfinite(value))
				continue;
			if (value == 0)
				value = 0; /* one zero */
			status = sml_sketch_add(env, profile->values[j], (const char *) &value, sizeof(value), 1, &code);
			if (status != SML_OK)
				return status;
		}
	}
	return SML_OK;
}

SmlStatus
sml_profile_flush(SmlEnv *env, SmlProfile *profile)
{
	SmlStatus status;

	if (profile->pending == 0)
		return SML_OK;
	status = sml_poll(env);
	if (status == SML_OK)
		status = fold_values(env, profile);
	if (status == SML_OK && profile->moments != NULL)
		status = sml_moments_absorb(env, profile->moments, profile->pending, profile->block, profile->width,
									profile->layout.weighted ? profile->weights : NULL);
	if (status != SML_OK)
		return status;
	if (profile->slots > 0)
		fold_block(profile);
	profile->pending = 0;
	return SML_OK;
}

/* ---- rows --------------------------------------------------------------------------- */

SmlStatus
sml_judge_weight(SmlEnv *env, double weight, SmlUse *use)
{
	if (sml_is_missing(weight) || weight == 0)
	{
		if (*use == SML_USED)
			*use = SML_SKIPPED_WEIGHT;
		return SML_OK;
	}
	if (!(weight > 0) || !isfinite(weight))
		return sml_fail(env, SML_BAD_INPUT, "A weight is negative, NaN or infinite; weights must be numbers above 0 (0 or NULL leave a row out).");
	if (weight < SML_WEIGHT_LEAST || weight > SML_WEIGHT_GREATEST)
		return sml_fail(env, SML_BAD_INPUT, "A weight is too small or too large; weights must lie between %g and %g (only their ratios count: multiply all by a constant).",
						SML_WEIGHT_LEAST, SML_WEIGHT_GREATEST);
	return SML_OK;
}

/* Whether a row counts; weights that make no sense are errors. */
static SmlStatus
judge_row(SmlEnv *env, const SmlProfile *profile, const SmlRow *row, SmlUse *use)
{
	const SmlLayout *layout = &profile->layout;

	*use = SML_USED;
	if (layout->target == SML_TARGET_NUMBER && !isfinite(row->numbers[sml_layout_target(layout)]))
		*use = SML_SKIPPED_TARGET;
	if (layout->target == SML_TARGET_CLASS && row->labels[sml_layout_target(layout)].length < 0)
		*use = SML_SKIPPED_TARGET;
	return layout->weighted ? sml_judge_weight(env, row->numbers[sml_layout_weight(layout)], use) : SML_OK;
}

static SmlStatus
absorb_labels(SmlEnv *env, SmlProfile *profile, const SmlRow *row, int32_t *codes)
{
	for (size_t j = 0; j < profile->label_slots; j++)
	{
		SmlText   text = row->labels[j];
		int32_t   code = -1;
		SmlStatus status = SML_OK;

		if (text.length < 0)
			profile->label_missing[j]++;
		else
			status = sml_sketch_add(env, profile->labels[j], text.bytes, (size_t) text.length, 1, &code);
		if (status != SML_OK)
			return status;
		if (codes != NULL)
			codes[j] = code;
	}
	return SML_OK;
}

SmlStatus
sml_profile_absorb(SmlEnv *env, SmlProfile *profile, const SmlRow *row, int32_t *codes, SmlUse *use)
{
	SmlStatus status = judge_row(env, profile, row, use);

	if (status != SML_OK)
		return status;
	if (*use != SML_USED)
	{
		profile->rows[*use]++;
		return SML_OK;
	}
	if (profile->label_slots > 0)
	{
		status = absorb_labels(env, profile, row, codes);
		if (status != SML_OK)
			return status;
	}
	profile->rows[SML_USED]++;
	if (profile->width > 0)
		memcpy(profile->block + profile->pending * profile->width, row->numbers, profile->width * sizeof(double));
	if (profile->layout.weighted)
		profile->weights[profile->pending] = row->numbers[sml_layout_weight(&profile->layout)];
	if (++profile->pending < SML_BLOCK_ROWS)
		return SML_OK;
	return sml_profile_flush(env, profile);
}

SmlStatus
sml_profile_merge(SmlEnv *env, SmlProfile *into, SmlProfile *from)
{
	SmlStatus status;

	if (into->slots != from->slots || into->label_slots != from->label_slots || (into->moments == NULL) != (from->moments == NULL))
		return sml_fail(env, SML_MISMATCH, "Profiles of different layouts cannot be merged.");
	SML_TRY(sml_profile_flush(env, into));
	SML_TRY(sml_profile_flush(env, from));
	for (size_t j = 0; j < into->layout.numbers; j++)
	{
		if ((into->values[j] == NULL) != (from->values[j] == NULL))
			return sml_fail(env, SML_MISMATCH, "Profiles of different specifications cannot be merged.");
		if (into->values[j] != NULL)
			SML_TRY(sml_sketch_merge(env, into->values[j], from->values[j]));
	}
	for (size_t j = 0; j < into->label_slots; j++)
		SML_TRY(sml_sketch_merge(env, into->labels[j], from->labels[j]));
	if (into->moments != NULL)
		SML_TRY(sml_moments_merge(env, into->moments, from->moments));
	for (size_t j = 0; j < into->slots; j++)
	{
		const SmlNumberProfile *number = &from->numbers[j];

		join_numbers(&into->numbers[j], number->count, number->mean, number->m2, number->least, number->greatest);
		into->numbers[j].missing += number->missing;
		into->numbers[j].nonfinite += number->nonfinite;
	}
	for (size_t j = 0; j < into->label_slots; j++)
		into->label_missing[j] += from->label_missing[j];
	for (size_t u = 0; u < SML_USE_COUNT; u++)
		into->rows[u] += from->rows[u];
	return SML_OK;
done:
	return status;
}

/* ---- what it knows ---------------------------------------------------------------------- */

uint64_t
sml_profile_rows(const SmlProfile *profile, SmlUse use)
{
	return profile->rows[use];
}

const SmlNumberProfile *
sml_profile_number(const SmlProfile *profile, size_t slot)
{
	return &profile->numbers[slot];
}

uint64_t
sml_profile_label_missing(const SmlProfile *profile, size_t slot)
{
	return profile->label_missing[slot];
}

double
sml_profile_distinct(const SmlProfile *profile, size_t slot, bool *exact)
{
	*exact = profile->labels[slot]->complete;
	return sml_sketch_distinct(profile->labels[slot]);
}

struct SmlMoments *
sml_profile_moments(const SmlProfile *profile)
{
	return profile->moments;
}

typedef struct Counted
{
	double   value;
	uint64_t count;
} Counted;

static int
compare_counted(const void *a, const void *b)
{
	double x = ((const Counted *) a)->value;
	double y = ((const Counted *) b)->value;

	return (x > y) - (x < y);
}

/* The value of rank "rank" (0-based) in sorted counted values. */
static double
value_at(const Counted *sorted, size_t count, uint64_t rank)
{
	uint64_t seen = 0;

	for (size_t i = 0; i < count; i++)
	{
		seen += sorted[i].count;
		if (rank < seen)
			return sorted[i].value;
	}
	return sorted[count - 1].value;
}

SmlStatus
sml_profile_quantile(SmlEnv *env, const SmlProfile *profile, size_t slot, double q, double *value, bool *exact)
{
	const SmlSketch *sketch = profile->values[slot];
	Counted         *sorted;
	uint64_t         total = 0;
	double           position;
	double           low;
	double           high;
	SmlStatus        status;

	if (sketch == NULL || sketch->count == 0)
		return sml_fail(env, SML_BAD_INPUT, "There is no sample to take a quantile of.");
	status = sml_alloc_array(env, sketch->count, sizeof(Counted), &sorted);
	if (status != SML_OK)
		return status;
	for (size_t i = 0; i < sketch->count; i++)
	{
		memcpy(&sorted[i].value, sketch->entries[i].bytes, sizeof(double));
		sorted[i].count = sketch->entries[i].count;
		total += sorted[i].count;
	}
	qsort(sorted, sketch->count, sizeof(Counted), compare_counted);
	position = q * (double) (total - 1);
	low = value_at(sorted, sketch->count, (uint64_t) floor(position));
	high = value_at(sorted, sketch->count, (uint64_t) ceil(position));
	*value = low + (high - low) * (position - floor(position));
	*exact = sketch->complete;
	sml_free(env, sorted);
	return SML_OK;
}

static int
compare_levels(const void *a, const void *b)
{
	const SmlLevel *x = a;
	const SmlLevel *y = b;
	size_t          shorter = x->length < y->length ? x->length : y->length;
	int             order = memcmp(x->text, y->text, shorter);

	return order != 0 ? order : (x->length > y->length) - (x->length < y->length);
}

SmlStatus
sml_profile_levels(SmlEnv *env, const SmlProfile *profile, size_t slot, SmlLevel **levels, size_t *count)
{
	const SmlSketch *sketch = profile->labels[slot];
	SmlLevel        *list;
	SmlStatus        status = sml_alloc_array(env, sketch->count, sizeof(SmlLevel), &list);

	if (status != SML_OK)
		return status;
	for (size_t i = 0; i < sketch->count; i++)
	{
		list[i].text = sketch->entries[i].bytes;
		list[i].length = sketch->entries[i].length;
		list[i].count = sketch->entries[i].count;
		list[i].code = sketch->entries[i].code;
	}
	qsort(list, sketch->count, sizeof(SmlLevel), compare_levels);
	*levels = list;
	*count = sketch->count;
	return SML_OK;
}

/* ---- bytes -------------------------------------------------------------------------------- */

void
sml_profile_write(SmlWriter *writer, const SmlProfile *profile)
{
	for (size_t u = 0; u < SML_USE_COUNT; u++)
		sml_write_u64(writer, profile->rows[u]);
	for (size_t j = 0; j < profile->slots; j++)
	{
		const SmlNumberProfile *number = &profile->numbers[j];

		sml_write_u64(writer, number->count);
		sml_write_u64(writer, number->missing);
		sml_write_u64(writer, number->nonfinite);
		sml_write_f64(writer, number->mean);
		sml_write_f64(writer, number->m2);
		sml_write_f64(writer, number->least);
		sml_write_f64(writer, number->greatest);
	}
	for (size_t j = 0; j < profile->layout.numbers; j++)
		if (profile->values[j] != NULL)
			sml_sketch_write(writer, profile->values[j]);
	for (size_t j = 0; j < profile->label_slots; j++)
	{
		sml_write_u64(writer, profile->label_missing[j]);
		sml_sketch_write(writer, profile->labels[j]);
	}
	if (profile->moments != NULL)
		sml_moments_write(writer, profile->moments);
}

/* Values of a sketch of numbers must be numbers. */
static void
check_number_sketch(SmlReader *reader, const SmlSketch *sketch)
{
	for (size_t i = 0; reader->status == SML_OK && i < sketch->count; i++)
		if (sketch->entries[i].length != sizeof(double))
			sml_reader_fail(reader, "A sample of numbers holds something else.");
}

static void
read_sketch(SmlReader *reader, SmlSketch **sketch)
{
	SmlSketch *fresh = NULL;

	sml_sketch_read(reader, &fresh);
	if (reader->status != SML_OK)
		return;
	sml_sketch_free(reader->env, *sketch);
	*sketch = fresh;
}

void
sml_profile_read(SmlReader *reader, const SmlLayout *layout, const SmlProfileSpec *spec, SmlProfile **profile)
{
	SmlProfileSpec bare = *spec;
	SmlProfile    *fresh = NULL;

	/* the moments are made by their own reader, once it is known that their bytes are there */
	bare.moments = false;
	if (reader->status == SML_OK && (layout->numbers + layout->labels) > sml_reader_left(reader) / 8)
		sml_reader_fail(reader, "The profile does not fit the layout.");
	if (reader->status == SML_OK)
		reader->status = sml_profile_start(reader->env, layout, &bare, &fresh);
	for (size_t u = 0; u < SML_USE_COUNT && reader->status == SML_OK; u++)
		fresh->rows[u] = sml_read_u64(reader);
	for (size_t j = 0; reader->status == SML_OK && j < fresh->slots; j++)
	{
		SmlNumberProfile *number = &fresh->numbers[j];

		number->count = sml_read_u64(reader);
		number->missing = sml_read_u64(reader);
		number->nonfinite = sml_read_u64(reader);
		number->mean = sml_read_f64(reader);
		number->m2 = sml_read_f64(reader);
		number->least = sml_read_f64(reader);
		number->greatest = sml_read_f64(reader);
	}
	for (size_t j = 0; reader->status == SML_OK && j < layout->numbers; j++)
		if (fresh->values[j] != NULL)
		{
			read_sketch(reader, &fresh->values[j]);
			check_number_sketch(reader, fresh->values[j]);
		}
	for (size_t j = 0; reader->status == SML_OK && j < fresh->label_slots; j++)
	{
		fresh->label_missing[j] = sml_read_u64(reader);
		read_sketch(reader, &fresh->labels[j]);
	}
	if (reader->status == SML_OK && spec->moments)
		sml_moments_read(reader, layout->numbers, layout->target == SML_TARGET_NUMBER, &fresh->moments);
	if (reader->status != SML_OK)
	{
		sml_profile_free(reader->env, fresh);
		return;
	}
	*profile = fresh;
}
