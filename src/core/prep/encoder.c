/*
 * encoder.c - from raw rows to encoded ones; see encoder.h.  Making an encoder is
 * encoder_make.c, its bytes are encoder_wire.c.
 *
 * Cost per row: one subtraction and multiplication for each number, one write for
 * each level term.  Level look-up is a binary search over the sorted levels.
 */
#include "encoder_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../blas.h"

void
sml_encoder_free(SmlEnv *env, SmlEncoder *encoder)
{
	if (encoder == NULL)
		return;
	for (size_t i = 0; encoder->features != NULL && i < encoder->feature_count; i++)
	{
		SmlFeature *feature = &encoder->features[i];

		sml_free(env, feature->name);
		sml_free(env, feature->type);
		for (size_t k = 0; feature->levels != NULL && k < feature->level_count; k++)
			sml_free(env, feature->levels[k]);
		sml_free(env, feature->levels);
		sml_free(env, feature->counts);
		sml_free(env, feature->sorted);
	}
	for (size_t k = 0; encoder->classes != NULL && k < encoder->class_count; k++)
		sml_free(env, encoder->classes[k]);
	sml_free(env, encoder->classes);
	sml_free(env, encoder->class_counts);
	sml_free(env, encoder->features);
	sml_free(env, encoder->terms);
	sml_free(env, encoder->number_feature);
	sml_free(env, encoder->label_feature);
	sml_layout_free(env, &encoder->layout);
	sml_free(env, encoder);
}

/* ---- levels ------------------------------------------------------------------------ */

int
sml_compare_text(const char *a, size_t a_length, const char *b, size_t b_length)
{
	size_t shorter = a_length < b_length ? a_length : b_length;
	int    order = shorter > 0 ? memcmp(a, b, shorter) : 0;

	return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

/* Position of a text among the real levels, or SML_NO_LEVEL. */
static size_t
find_level(const SmlFeature *feature, SmlText text)
{
	size_t low = 0;
	size_t high = feature->sorted_count;

	while (low < high)
	{
		size_t      middle = low + (high - low) / 2;
		const char *level = feature->levels[feature->sorted[middle]];
		int         order = sml_compare_text(text.bytes, (size_t) text.length, level, strlen(level));

		if (order == 0)
			return feature->sorted[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return SML_NO_LEVEL;
}

size_t
sml_encoder_level(const SmlEncoder *encoder, size_t slot, SmlText text)
{
	const SmlFeature *feature = &encoder->features[encoder->label_feature[slot]];
	size_t            level;

	if (text.length < 0)
		return feature->missing_level != SML_NO_LEVEL ? feature->missing_level : feature->other_level;
	level = find_level(feature, text);
	return level != SML_NO_LEVEL ? level : feature->other_level;
}

bool
sml_encoder_knows(const SmlEncoder *encoder, size_t slot, SmlText text)
{
	const SmlFeature *feature = &encoder->features[encoder->label_feature[slot]];

	if (text.length < 0)
		return feature->missing_level != SML_NO_LEVEL;
	return find_level(feature, text) != SML_NO_LEVEL;
}

size_t
sml_encoder_class(const SmlEncoder *encoder, SmlText text)
{
	if (text.length < 0)
		return SML_NO_LEVEL;
	for (size_t k = 0; k < encoder->class_count; k++)
		if (strlen(encoder->classes[k]) == (size_t) text.length &&
			memcmp(encoder->classes[k], text.bytes, (size_t) text.length) == 0)
			return k;
	return SML_NO_LEVEL;
}

size_t
sml_encoder_term_name(const SmlEncoder *encoder, size_t term, char *name, size_t size)
{
	const SmlTerm    *t = &encoder->terms[term];
	const SmlFeature *feature = &encoder->features[t->feature];
	int               length;

	if (t->kind == SML_TERM_LEVEL)
		length = snprintf(name, size, "%s=%s", feature->name, feature->levels[t->level]);
	else if (t->kind == SML_TERM_MISSING)
		length = snprintf(name, size, "%s is missing", feature->name);
	else
		length = snprintf(name, size, "%s", feature->name);
	return length < 0 ? 0 : (size_t) length;
}

/* ---- encoding -------------------------------------------------------------------------- */

static inline void
encode_number(const SmlEncoder *encoder, const SmlFeature *feature, double value, double *x)
{
	const SmlTerm *terms = &encoder->terms[feature->first_term];
	bool           missing = !isfinite(value);

	x[feature->first_term] = ((missing ? feature->impute_value : value) - terms[0].center) / terms[0].scale;
	if (feature->term_count > 1)
		x[feature->first_term + 1] = ((missing ? 1.0 : 0.0) - terms[1].center) / terms[1].scale;
}

static inline void
encode_label(const SmlEncoder *encoder, const SmlFeature *feature, size_t level, double *x)
{
	for (size_t k = 0; k < feature->term_count; k++)
	{
		const SmlTerm *term = &encoder->terms[feature->first_term + k];

		x[feature->first_term + k] = level == SML_NO_LEVEL ? 0 : ((level == term->level ? 1.0 : 0.0) - term->center) / term->scale;
	}
}

void
sml_encode_row(const SmlEncoder *encoder, const double *numbers, const size_t *levels, double *x)
{
	for (size_t i = 0; i < encoder->feature_count; i++)
	{
		const SmlFeature *feature = &encoder->features[i];

		if (feature->kind == SML_NUMBER)
			encode_number(encoder, feature, numbers[feature->slot], x);
		else
			encode_label(encoder, feature, levels[feature->slot], x);
	}
}

void
sml_encode_block(const SmlEncoder *encoder, size_t rows, const double *numbers, size_t stride,
				 const int32_t *codes, size_t code_stride, double *x)
{
	size_t p = encoder->term_count;

	for (size_t i = 0; i < encoder->feature_count; i++)
	{
		const SmlFeature *feature = &encoder->features[i];

		if (feature->kind == SML_LABEL)
		{
			for (size_t r = 0; r < rows; r++)
			{
				int32_t code = codes[r * code_stride + feature->slot];

				encode_label(encoder, feature, code < 0 ? SML_NO_LEVEL : (size_t) code, x + r * p);
			}
		}
		else if (feature->term_count == 1)
		{
			const SmlTerm *term = &encoder->terms[feature->first_term];
			const double  *from = numbers + feature->slot;
			double        *to = x + feature->first_term;

			for (size_t r = 0; r < rows; r++)
			{
				double value = from[r * stride];

				to[r * p] = ((isfinite(value) ? value : feature->impute_value) - term->center) / term->scale;
			}
		}
		else
			for (size_t r = 0; r < rows; r++)
				encode_number(encoder, feature, numbers[r * stride + feature->slot], x + r * p);
	}
}

/* ---- Gram matrix from raw moments --------------------------------------------------------- */

/*
 * An encoded column as a combination of raw ones: at most the constant, its own place
 * and its indicator.
 */
typedef struct Combination
{
	size_t place[3];
	double factor[3];
	size_t count;
} Combination;

static void
add_part(Combination *combination, size_t place, double factor)
{
	combination->place[combination->count] = place;
	combination->factor[combination->count++] = factor;
}

static double
cell(const SmlMoments *moments, size_t a, size_t b)
{
	return a <= b ? moments->gram[a * moments->room + b] : moments->gram[b * moments->room + a];
}

static double
product(const SmlMoments *moments, const Combination *a, const Combination *b)
{
	double sum = 0;

	for (size_t i = 0; i < a->count; i++)
		for (size_t j = 0; j < b->count; j++)
			sum += a->factor[i] * b->factor[j] * cell(moments, a->place[i], b->place[j]);
	return sum;
}

/* x present: z + c; missing: 0 in z, 1 in m; encoded value (z + (c - center)(1 - m) + (impute - center) m) / scale. */
static void
combine_terms(const SmlEncoder *encoder, const SmlMoments *moments, Combination *terms)
{
	for (size_t i = 0; i < encoder->feature_count; i++)
	{
		const SmlFeature *feature = &encoder->features[i];
		const SmlTerm    *value = &encoder->terms[feature->first_term];
		size_t            place = 1 + feature->slot;
		int32_t           indicator = moments->indicator[feature->slot];
		double            shift = moments->shift[place];
		Combination      *c = &terms[feature->first_term];

		add_part(c, place, 1 / value->scale);
		add_part(c, 0, (shift - value->center) / value->scale);
		if (indicator >= 0)
			add_part(c, (size_t) indicator, (feature->impute_value - shift) / value->scale);
		if (feature->term_count > 1)
		{
			const SmlTerm *missing = &encoder->terms[feature->first_term + 1];

			add_part(c + 1, 0, -missing->center / missing->scale);
			if (indicator >= 0)
				add_part(c + 1, (size_t) indicator, 1 / missing->scale);
		}
	}
}

SmlStatus
sml_encoder_moments(SmlEnv *env, const SmlEncoder *encoder, const SmlMoments *moments, double **gram)
{
	size_t       order = 2 + encoder->term_count;
	size_t       cells;
	Combination *columns = NULL;
	double      *result = NULL;
	size_t       target = 1 + moments->numbers;
	SmlStatus    status;

	if (encoder->layout.labels > 0 || !moments->has_target || moments->numbers != encoder->layout.numbers)
		return sml_fail(env, SML_MISMATCH, "The moments do not fit the encoder.");
	if (!sml_size_times(order, order, &cells))
		return sml_fail(env, SML_NO_MEMORY, "A matrix of order %zu is too large.", order);
	SML_TRY(sml_alloc_array(env, order, sizeof(Combination), &columns));
	SML_TRY(sml_alloc_array(env, cells, sizeof(double), &result));
	add_part(&columns[0], 0, 1);
	combine_terms(encoder, moments, columns + 1);
	add_part(&columns[order - 1], target, 1 / encoder->target_scale);
	add_part(&columns[order - 1], 0, (moments->shift[target] - encoder->target_center) / encoder->target_scale);
	for (size_t a = 0; a < order; a++)
	{
		SML_TRY(sml_poll(env));
		for (size_t b = a; b < order; b++)
			result[a * order + b] = result[b * order + a] = product(moments, &columns[a], &columns[b]);
	}
	*gram = result;
	result = NULL;
done:
	sml_free(env, columns);
	sml_free(env, result);
	return status;
}
