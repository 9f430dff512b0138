/*
 * encoder.c - from raw rows to encoded ones; see encoder.h.  Making an encoder is
 * encoder_make.c, its look-up tables encoder_index.c, its bytes encoder_wire.c.
 *
 * Cost per row: one subtraction and multiplication for each number, in loops that
 * the compiler turns into vector instructions; one copy for each level term; one hash for each
 * label's level.  Missing values are found by x - x, which is 0 only for finite numbers.
 */
#include "encoder_internal.h"

#include <stdio.h>
#include <string.h>

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
		sml_free(env, feature->table.cells);
	}
	for (size_t k = 0; encoder->classes != NULL && k < encoder->class_count; k++)
		sml_free(env, encoder->classes[k]);
	sml_free(env, encoder->classes);
	sml_free(env, encoder->shown);
	sml_free(env, encoder->class_counts);
	sml_free(env, encoder->features);
	sml_free(env, encoder->terms);
	sml_free(env, encoder->number_feature);
	sml_free(env, encoder->label_feature);
	sml_free(env, encoder->class_table.cells);
	sml_free(env, encoder->runs);
	sml_free(env, encoder->inverse);
	sml_free(env, encoder->center);
	sml_free(env, encoder->impute);
	sml_free(env, encoder->zero);
	sml_free(env, encoder->one);
	sml_layout_free(env, &encoder->layout);
	sml_free(env, encoder);
}

bool
sml_encoder_secret(const SmlEncoder *encoder, size_t slot)
{
	const SmlLayout *layout = &encoder->layout;

	for (size_t c = 0; c < layout->column_count; c++)
		if (layout->columns[c].kind == SML_LABEL && layout->columns[c].first == slot)
			return layout->columns[c].secret;
	return false;
}

/* ---- levels ------------------------------------------------------------------------ */

size_t
sml_encoder_level(const SmlEncoder *encoder, size_t slot, SmlText text)
{
	const SmlFeature *feature = &encoder->features[encoder->label_feature[slot]];
	size_t            level;

	if (text.length < 0)
		return feature->missing_level != SML_NO_LEVEL ? feature->missing_level : feature->other_level;
	level = sml_text_table_find(&feature->table, feature->levels, text);
	return level != SML_NO_LEVEL ? level : feature->other_level;
}

bool
sml_encoder_knows(const SmlEncoder *encoder, size_t slot, SmlText text)
{
	const SmlFeature *feature = &encoder->features[encoder->label_feature[slot]];

	if (text.length < 0)
		return feature->missing_level != SML_NO_LEVEL;
	return sml_text_table_find(&feature->table, feature->levels, text) != SML_NO_LEVEL;
}

size_t
sml_encoder_class(const SmlEncoder *encoder, SmlText text)
{
	return sml_text_table_find(&encoder->class_table, encoder->classes, text);
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
encode_values(const SmlEncoder *encoder, const SmlRun *run, const double *numbers, double *x)
{
	const double *restrict from = numbers + run->slot;
	const double *restrict center = encoder->center + run->term;
	const double *restrict inverse = encoder->inverse + run->term;
	const double *restrict impute = encoder->impute + run->term;
	double *restrict       to = x + run->term;

	for (size_t j = 0; j < run->count; j++)
	{
		double value = from[j];
		double instead = impute[j];

		value = value - value == 0 ? value : instead;
		to[j] = (value - center[j]) * inverse[j];
	}
}

static inline void
encode_pair(const SmlEncoder *encoder, const SmlRun *run, const double *numbers, double *x)
{
	double value = numbers[run->slot];
	bool   present = value - value == 0;
	size_t term = run->term;

	x[term] = ((present ? value : encoder->impute[term]) - encoder->center[term]) * encoder->inverse[term];
	x[term + 1] = present ? encoder->zero[term + 1] : encoder->one[term + 1];
}

/* A level that is none encodes to the training mean: zeros. */
static inline void
encode_level(const SmlEncoder *encoder, const SmlRun *run, size_t level, double *x)
{
	if (run->count == 0)
		return;
	if (level > run->count)
	{
		memset(x + run->term, 0, run->count * sizeof(double));
		return;
	}
	memcpy(x + run->term, encoder->zero + run->term, run->count * sizeof(double));
	if (level != run->reference)
	{
		size_t term = run->term + (level < run->reference ? level : level - 1);

		x[term] = encoder->one[term];
	}
}

void
sml_encode_row(const SmlEncoder *encoder, const double *numbers, const size_t *levels, double *x)
{
	for (size_t i = 0; i < encoder->run_count; i++)
	{
		const SmlRun *run = &encoder->runs[i];

		if (run->kind == SML_RUN_VALUES)
			encode_values(encoder, run, numbers, x);
		else if (run->kind == SML_RUN_PAIR)
			encode_pair(encoder, run, numbers, x);
		else
			encode_level(encoder, run, levels[run->slot], x);
	}
}

void
sml_encode_block(const SmlEncoder *encoder, size_t rows, const double *numbers, size_t stride,
				 const int32_t *codes, size_t code_stride, double *x)
{
	for (size_t r = 0; r < rows; r++, x += encoder->term_count)
		for (size_t i = 0; i < encoder->run_count; i++)
		{
			const SmlRun *run = &encoder->runs[i];

			if (run->kind == SML_RUN_VALUES)
				encode_values(encoder, run, numbers + r * stride, x);
			else if (run->kind == SML_RUN_PAIR)
				encode_pair(encoder, run, numbers + r * stride, x);
			else
			{
				int32_t code = codes[r * code_stride + run->slot];

				encode_level(encoder, run, code < 0 ? SML_NO_LEVEL : (size_t) code, x);
			}
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
