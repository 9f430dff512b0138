/*
 * encoder_index.c - what an encoder keeps for speed and what follows from its
 * features and terms: places, hash tables of levels and classes, runs of terms.
 *
 * Nothing of this is written; it is made again by everybody who makes or reads an
 * encoder.  Cost: one hash for each level, a few operations for each term.
 */
#include "encoder_internal.h"

#include <string.h>

#include "../hash.h"

/* ---- texts ------------------------------------------------------------------------ */

static inline size_t
first_cell(const SmlTextTable *table, const char *bytes, size_t length)
{
	return (size_t) sml_hash_bytes(0, bytes, length) & (table->size - 1);
}

size_t
sml_text_table_find(const SmlTextTable *table, char *const *texts, SmlText text)
{
	size_t at;

	if (text.length < 0 || table->size == 0)
		return SML_NO_LEVEL;
	at = first_cell(table, text.bytes, (size_t) text.length);
	while (table->cells[at] != 0)
	{
		size_t      index = table->cells[at] - 1;
		const char *known = texts[index];

		if (strlen(known) == (size_t) text.length && memcmp(known, text.bytes, (size_t) text.length) == 0)
			return index;
		at = (at + 1) & (table->size - 1);
	}
	return SML_NO_LEVEL;
}

/* Of "count" texts all but two indexes (SML_NO_LEVEL: none left out). */
static SmlStatus
build_table(SmlEnv *env, char *const *texts, size_t count, size_t but, size_t nor, SmlTextTable *table)
{
	SmlStatus status;
	size_t    size = 4;

	while (size / 2 < count)
		size *= 2;
	status = sml_alloc_array(env, size, sizeof(uint32_t), &table->cells);
	if (status != SML_OK)
		return status;
	table->size = size;
	for (size_t i = 0; i < count; i++)
	{
		size_t length = strlen(texts[i]);
		size_t at;

		if (i == but || i == nor)
			continue;
		if (length > INT32_MAX || sml_text_table_find(table, texts, (SmlText){texts[i], (int32_t) length}) != SML_NO_LEVEL)
			return sml_fail(env, SML_CORRUPT, "A level or a class is named twice.");
		at = first_cell(table, texts[i], length);
		while (table->cells[at] != 0)
			at = (at + 1) & (size - 1);
		table->cells[at] = (uint32_t) (i + 1);
	}
	return SML_OK;
}

/* ---- places ------------------------------------------------------------------------- */

void
sml_encoder_place(SmlEncoder *encoder)
{
	size_t n = 0;

	for (size_t c = 0; c < encoder->layout.column_count; c++)
	{
		const SmlColumn *column = &encoder->layout.columns[c];
		size_t           elements = column->elements > 0 ? column->elements : 1;

		for (size_t e = 0; e < elements; e++, n++)
		{
			SmlFeature *feature = &encoder->features[n];

			feature->kind = column->kind;
			feature->column = c;
			feature->slot = column->first + e;
			feature->missing_level = feature->other_level = SML_NO_LEVEL;
		}
	}
}

/* Whether a feature can join the run before it. */
static bool
continues(const SmlRun *run, const SmlFeature *feature)
{
	return run->kind == SML_RUN_VALUES && feature->kind == SML_NUMBER && feature->term_count == 1 &&
		feature->slot == run->slot + run->count;
}

static void
find_runs(SmlEncoder *encoder)
{
	for (size_t i = 0; i < encoder->feature_count; i++)
	{
		const SmlFeature *feature = &encoder->features[i];
		SmlRun           *run = &encoder->runs[encoder->run_count];

		if (encoder->run_count > 0 && continues(run - 1, feature))
		{
			run[-1].count++;
			continue;
		}
		run->kind = feature->kind == SML_LABEL ? SML_RUN_LEVELS : feature->term_count == 1 ? SML_RUN_VALUES : SML_RUN_PAIR;
		run->slot = feature->slot;
		run->term = feature->first_term;
		run->count = feature->term_count;
		run->reference = feature->reference;
		encoder->run_count++;
	}
}

static SmlStatus
tabulate_terms(SmlEnv *env, SmlEncoder *encoder)
{
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, encoder->term_count, sizeof(double), &encoder->inverse));
	SML_TRY(sml_alloc_array(env, encoder->term_count, sizeof(double), &encoder->center));
	SML_TRY(sml_alloc_array(env, encoder->term_count, sizeof(double), &encoder->impute));
	SML_TRY(sml_alloc_array(env, encoder->term_count, sizeof(double), &encoder->zero));
	SML_TRY(sml_alloc_array(env, encoder->term_count, sizeof(double), &encoder->one));
	for (size_t j = 0; j < encoder->term_count; j++)
	{
		const SmlTerm *term = &encoder->terms[j];

		encoder->inverse[j] = 1 / term->scale;
		encoder->center[j] = term->center;
		encoder->impute[j] = encoder->features[term->feature].impute_value;
		encoder->zero[j] = -term->center * encoder->inverse[j];
		encoder->one[j] = (1 - term->center) * encoder->inverse[j];
	}
done:
	return status;
}

SmlStatus
sml_encoder_index(SmlEnv *env, SmlEncoder *encoder)
{
	SmlStatus status;
	size_t    term = 0;

	SML_TRY(sml_alloc_array(env, encoder->layout.numbers, sizeof(size_t), &encoder->number_feature));
	SML_TRY(sml_alloc_array(env, encoder->layout.labels, sizeof(size_t), &encoder->label_feature));
	SML_TRY(sml_alloc_array(env, encoder->feature_count, sizeof(SmlRun), &encoder->runs));
	for (size_t i = 0; i < encoder->feature_count; i++)
	{
		SmlFeature *feature = &encoder->features[i];

		(feature->kind == SML_NUMBER ? encoder->number_feature : encoder->label_feature)[feature->slot] = i;
		feature->first_term = term;
		term += feature->term_count;
		if (feature->kind == SML_NUMBER)
			continue;
		SML_TRY(sml_poll(env));
		SML_TRY(build_table(env, feature->levels, feature->level_count, feature->missing_level, feature->other_level, &feature->table));
	}
	find_runs(encoder);
	SML_TRY(build_table(env, encoder->classes, encoder->class_count, SML_NO_LEVEL, SML_NO_LEVEL, &encoder->class_table));
	SML_TRY(tabulate_terms(env, encoder));
done:
	return status;
}
