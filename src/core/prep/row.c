/*
 * row.c - the layout of a raw row; see row.h.
 */
#include "row.h"

#include <string.h>

size_t
sml_layout_numbers(const SmlLayout *layout)
{
	return layout->numbers + (layout->target == SML_TARGET_NUMBER ? 1 : 0) + (layout->weighted ? 1 : 0);
}

size_t
sml_layout_labels(const SmlLayout *layout)
{
	return layout->labels + (layout->target == SML_TARGET_CLASS ? 1 : 0);
}

size_t
sml_layout_target(const SmlLayout *layout)
{
	return layout->target == SML_TARGET_CLASS ? layout->labels : layout->numbers;
}

size_t
sml_layout_weight(const SmlLayout *layout)
{
	return layout->numbers + (layout->target == SML_TARGET_NUMBER ? 1 : 0);
}

void
sml_layout_free(SmlEnv *env, SmlLayout *layout)
{
	for (size_t i = 0; layout->columns != NULL && i < layout->column_count; i++)
	{
		sml_free(env, layout->columns[i].name);
		sml_free(env, layout->columns[i].type);
	}
	sml_free(env, layout->columns);
	memset(layout, 0, sizeof(*layout));
}

SmlStatus
sml_layout_copy(SmlEnv *env, const SmlLayout *from, SmlLayout *to)
{
	SmlLayout copy = *from;
	SmlStatus status;

	copy.columns = NULL;
	status = sml_alloc_array(env, from->column_count, sizeof(SmlColumn), &copy.columns);
	if (status != SML_OK)
		return status;
	for (size_t i = 0; i < from->column_count; i++)
	{
		copy.columns[i] = from->columns[i];
		copy.columns[i].name = copy.columns[i].type = NULL;
	}
	for (size_t i = 0; i < from->column_count; i++)
	{
		SML_TRY(sml_copy_text(env, from->columns[i].name, strlen(from->columns[i].name), &copy.columns[i].name));
		SML_TRY(sml_copy_text(env, from->columns[i].type, strlen(from->columns[i].type), &copy.columns[i].type));
	}
	*to = copy;
	return SML_OK;
done:
	sml_layout_free(env, &copy);
	return status;
}

void
sml_layout_write(SmlWriter *writer, const SmlLayout *layout)
{
	sml_write_u8(writer, (uint8_t) layout->target);
	sml_write_u8(writer, layout->weighted ? 1 : 0);
	sml_write_u64(writer, layout->column_count);
	for (size_t i = 0; i < layout->column_count; i++)
	{
		sml_write_text(writer, layout->columns[i].name);
		sml_write_text(writer, layout->columns[i].type);
		sml_write_u8(writer, (uint8_t) layout->columns[i].kind);
		sml_write_u64(writer, layout->columns[i].elements);
	}
}

/* Slots follow from the columns, so they are not in the bytes. */
#define MOST_SLOTS ((size_t) 1 << 24)

void
sml_layout_read(SmlReader *reader, SmlLayout *layout)
{
	uint8_t target;
	size_t  count;

	memset(layout, 0, sizeof(*layout));
	target = sml_read_u8(reader);
	if (target > SML_TARGET_CLASS)
		sml_reader_fail(reader, "The kind of target is unknown.");
	layout->target = (SmlTarget) target;
	layout->weighted = sml_read_bool(reader);
	count = sml_read_count(reader, 17);
	if (reader->status != SML_OK)
		return;
	reader->status = sml_alloc_array(reader->env, count, sizeof(SmlColumn), &layout->columns);
	for (size_t i = 0; i < count && reader->status == SML_OK; i++)
	{
		SmlColumn *column = &layout->columns[i];
		uint8_t    kind;
		uint64_t   elements;

		layout->column_count = i + 1;
		column->name = sml_read_text(reader);
		column->type = sml_read_text(reader);
		kind = sml_read_u8(reader);
		elements = sml_read_u64(reader);
		if (reader->status == SML_OK &&
			(column->name == NULL || column->type == NULL || kind > SML_LABEL ||
			 (kind == SML_LABEL && elements != 0) || elements > MOST_SLOTS))
			sml_reader_fail(reader, "A column of the layout makes no sense.");
		if (reader->status != SML_OK)
			return;
		column->kind = (SmlKind) kind;
		column->elements = (size_t) elements;
		if (column->kind == SML_NUMBER)
		{
			column->first = layout->numbers;
			layout->numbers += column->elements > 0 ? column->elements : 1;
			if (layout->numbers > MOST_SLOTS)
				sml_reader_fail(reader, "The layout has too many features.");
		}
		else
			column->first = layout->labels++;
	}
}
