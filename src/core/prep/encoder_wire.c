/*
 * encoder_wire.c - an encoder as bytes, inside the envelope of a plan or a model.
 *
 * The reader checks everything that encoding relies on: slots, level indexes, scales,
 * the number of terms.  What follows from the rest is not written.
 */
#include "encoder_internal.h"

#include <math.h>

/* What a profile can know, and the levels (missing) and (other). */
#define MOST_LEVELS ((size_t) SML_SKETCH_SIZE + 2)

/* An index that may be SML_NO_LEVEL. */
static void
write_level(SmlWriter *writer, size_t level)
{
	sml_write_u64(writer, level == SML_NO_LEVEL ? UINT64_MAX : level);
}

static void
write_feature(SmlWriter *writer, const SmlFeature *feature)
{
	sml_write_text(writer, feature->name);
	sml_write_text(writer, feature->type);
	sml_write_u64(writer, feature->missing);
	sml_write_u64(writer, feature->nonfinite);
	if (feature->kind == SML_NUMBER)
	{
		sml_write_u8(writer, (uint8_t) feature->impute);
		sml_write_f64(writer, feature->impute_value);
		sml_write_f64(writer, feature->mean);
		sml_write_f64(writer, feature->deviation);
		sml_write_f64(writer, feature->least);
		sml_write_f64(writer, feature->greatest);
		sml_write_u64(writer, feature->term_count);
		return;
	}
	sml_write_u64(writer, feature->level_count);
	for (size_t k = 0; k < feature->level_count; k++)
	{
		sml_write_text(writer, feature->levels[k]);
		sml_write_u64(writer, feature->counts[k]);
	}
	sml_write_u64(writer, feature->reference);
	write_level(writer, feature->missing_level);
	write_level(writer, feature->other_level);
	sml_write_u64(writer, feature->other_distinct);
}

void
sml_encoder_write(SmlWriter *writer, const SmlEncoder *encoder)
{
	sml_layout_write(writer, &encoder->layout);
	sml_write_u64(writer, encoder->rows);
	for (size_t i = 0; i < encoder->feature_count; i++)
		write_feature(writer, &encoder->features[i]);
	for (size_t j = 0; j < encoder->term_count; j++)
	{
		sml_write_f64(writer, encoder->terms[j].center);
		sml_write_f64(writer, encoder->terms[j].scale);
		sml_write_u8(writer, encoder->terms[j].constant ? 1 : 0);
	}
	sml_write_f64(writer, encoder->target_center);
	sml_write_f64(writer, encoder->target_scale);
	sml_write_u64(writer, encoder->class_count);
	for (size_t k = 0; k < encoder->class_count; k++)
	{
		sml_write_text(writer, encoder->classes[k]);
		sml_write_u64(writer, encoder->class_counts[k]);
	}
}

/* ---- reading ----------------------------------------------------------------------- */

static size_t
read_level(SmlReader *reader, size_t level_count)
{
	uint64_t level = sml_read_u64(reader);

	if (level == UINT64_MAX)
		return SML_NO_LEVEL;
	if (level >= level_count)
		sml_reader_fail(reader, "A level index is out of range.");
	return (size_t) level;
}

/* A column can be centred by the one and divided by the other. */
static bool
is_scale(double center, double scale)
{
	return isfinite(center) && scale > 0 && isfinite(scale) && isfinite(1 / scale) && isfinite(center / scale);
}

static void
read_levels(SmlReader *reader, SmlFeature *feature)
{
	size_t count = sml_read_count(reader, 12);

	if (reader->status == SML_OK && (count == 0 || count > MOST_LEVELS))
		sml_reader_fail(reader, "A categorical feature has no level or too many.");
	if (reader->status == SML_OK)
		reader->status = sml_alloc_array(reader->env, count, sizeof(char *), &feature->levels);
	if (reader->status == SML_OK)
		reader->status = sml_alloc_array(reader->env, count, sizeof(uint64_t), &feature->counts);
	for (size_t k = 0; k < count && reader->status == SML_OK; k++)
	{
		feature->level_count = k + 1;
		feature->levels[k] = sml_read_text(reader);
		feature->counts[k] = sml_read_u64(reader);
		if (reader->status == SML_OK && feature->levels[k] == NULL)
			sml_reader_fail(reader, "A level has no name.");
	}
	feature->reference = (size_t) sml_read_u64(reader);
	if (reader->status == SML_OK && feature->reference >= feature->level_count)
		sml_reader_fail(reader, "The reference level is out of range.");
	feature->missing_level = read_level(reader, feature->level_count);
	feature->other_level = read_level(reader, feature->level_count);
	if (reader->status == SML_OK && feature->missing_level == feature->other_level && feature->missing_level != SML_NO_LEVEL)
		sml_reader_fail(reader, "Two levels are one.");
	feature->other_distinct = sml_read_u64(reader);
	feature->term_count = count > 0 ? count - 1 : 0;
}

static void
read_feature(SmlReader *reader, SmlFeature *feature)
{
	uint8_t impute;

	feature->name = sml_read_text(reader);
	feature->type = sml_read_text(reader);
	feature->missing = sml_read_u64(reader);
	feature->nonfinite = sml_read_u64(reader);
	if (reader->status == SML_OK && (feature->name == NULL || feature->type == NULL))
		sml_reader_fail(reader, "A feature has no name.");
	if (feature->kind == SML_LABEL)
	{
		read_levels(reader, feature);
		return;
	}
	impute = sml_read_u8(reader);
	if (impute > SML_IMPUTE_CONSTANT)
		sml_reader_fail(reader, "A way to impute is unknown.");
	feature->impute = (SmlImpute) impute;
	feature->impute_value = sml_read_f64(reader);
	feature->mean = sml_read_f64(reader);
	feature->deviation = sml_read_f64(reader);
	feature->least = sml_read_f64(reader);
	feature->greatest = sml_read_f64(reader);
	feature->term_count = (size_t) sml_read_u64(reader);
	if (reader->status == SML_OK && !isfinite(feature->impute_value))
		sml_reader_fail(reader, "An imputed value is not a finite number.");
	if (reader->status == SML_OK && (feature->term_count < 1 || feature->term_count > 2))
		sml_reader_fail(reader, "A numeric feature has no one or two terms.");
}

static void
read_terms(SmlReader *reader, SmlEncoder *encoder)
{
	size_t n = 0;

	if (reader->status == SML_OK && encoder->term_count > sml_reader_left(reader) / 17)
		sml_reader_fail(reader, "The terms are missing.");
	if (reader->status == SML_OK)
		reader->status = sml_alloc_array(reader->env, encoder->term_count, sizeof(SmlTerm), &encoder->terms);
	for (size_t i = 0; i < encoder->feature_count && reader->status == SML_OK; i++)
	{
		const SmlFeature *feature = &encoder->features[i];

		for (size_t k = 0; k < feature->term_count; k++, n++)
		{
			SmlTerm *term = &encoder->terms[n];

			term->feature = i;
			term->kind = feature->kind == SML_LABEL ? SML_TERM_LEVEL : k == 0 ? SML_TERM_VALUE : SML_TERM_MISSING;
			term->level = feature->kind == SML_NUMBER ? 0 : k < feature->reference ? k : k + 1;
			term->center = sml_read_f64(reader);
			term->scale = sml_read_f64(reader);
			term->constant = sml_read_bool(reader);
			if (reader->status == SML_OK && !is_scale(term->center, term->scale))
				sml_reader_fail(reader, "The scale of a term makes no sense.");
		}
	}
}

static void
read_classes(SmlReader *reader, SmlEncoder *encoder)
{
	size_t count;

	encoder->target_center = sml_read_f64(reader);
	encoder->target_scale = sml_read_f64(reader);
	if (reader->status == SML_OK && !is_scale(encoder->target_center, encoder->target_scale))
		sml_reader_fail(reader, "The scale of the target makes no sense.");
	count = sml_read_count(reader, 12);
	if (reader->status == SML_OK && (encoder->layout.target == SML_TARGET_CLASS ? count < 2 || count > SML_SKETCH_SIZE : count != 0))
		sml_reader_fail(reader, "The classes do not fit the target.");
	if (reader->status == SML_OK)
		reader->status = sml_alloc_array(reader->env, count, sizeof(char *), &encoder->classes);
	if (reader->status == SML_OK)
		reader->status = sml_alloc_array(reader->env, count, sizeof(uint64_t), &encoder->class_counts);
	for (size_t k = 0; k < count && reader->status == SML_OK; k++)
	{
		encoder->class_count = k + 1;
		encoder->classes[k] = sml_read_text(reader);
		encoder->class_counts[k] = sml_read_u64(reader);
		if (reader->status == SML_OK && encoder->classes[k] == NULL)
			sml_reader_fail(reader, "A class has no name.");
	}
}

void
sml_encoder_read(SmlReader *reader, SmlEncoder **encoder)
{
	SmlEncoder *fresh = NULL;
	size_t      features;

	if (reader->status != SML_OK)
		return;
	reader->status = sml_alloc_array(reader->env, 1, sizeof(SmlEncoder), &fresh);
	if (reader->status != SML_OK)
		return;
	sml_layout_read(reader, &fresh->layout);
	fresh->rows = sml_read_u64(reader);
	features = fresh->layout.numbers + fresh->layout.labels;
	if (reader->status == SML_OK && features > sml_reader_left(reader) / 40)
		sml_reader_fail(reader, "The features are missing.");
	if (reader->status == SML_OK)
		reader->status = sml_alloc_array(reader->env, features, sizeof(SmlFeature), &fresh->features);
	if (reader->status == SML_OK)
	{
		fresh->feature_count = features;
		sml_encoder_place(fresh);
	}
	for (size_t i = 0; i < features && reader->status == SML_OK; i++)
	{
		read_feature(reader, &fresh->features[i]);
		fresh->term_count += fresh->features[i].term_count;
	}
	read_terms(reader, fresh);
	read_classes(reader, fresh);
	if (reader->status == SML_OK)
		reader->status = sml_encoder_index(reader->env, fresh);
	if (reader->status != SML_OK)
	{
		sml_encoder_free(reader->env, fresh);
		return;
	}
	*encoder = fresh;
}
