/*
 * rows.h - small tables for unit tests: layouts from a text, and profiles of rows.
 */
#ifndef SML_TEST_ROWS_H
#define SML_TEST_ROWS_H

#include "harness.h"
#include "../../src/core/prep/encoder.h"
#include "../../src/core/pass.h"

#define NO sml_missing()

/* A text or NULL as a label. */
static inline SmlText
label(const char *text)
{
	return (SmlText){text, text == NULL ? -1 : (int32_t) strlen(text)};
}

/* Columns from "x z city* pixels[3]": a star marks a label. */
static inline SmlStatus
layout_of(SmlEnv *env, const char *columns, SmlTarget target, bool weighted, SmlLayout *layout)
{
	char      text[256];
	char     *at = text;
	char     *word;
	SmlStatus status;

	memset(layout, 0, sizeof(*layout));
	layout->target = target;
	layout->weighted = weighted;
	assert_true(strlen(columns) < sizeof(text));
	strcpy(text, columns);
	status = sml_alloc_array(env, 16, sizeof(SmlColumn), &layout->columns);
	while (status == SML_OK && (word = strtok(at, " ")) != NULL)
	{
		SmlColumn *column = &layout->columns[layout->column_count++];
		size_t     length = strcspn(word, "*[");

		at = NULL;
		column->kind = word[length] == '*' ? SML_LABEL : SML_NUMBER;
		column->elements = word[length] == '[' ? (size_t) atoi(word + length + 1) : 0;
		column->first = column->kind == SML_LABEL ? layout->labels : layout->numbers;
		if (column->kind == SML_LABEL)
			layout->labels++;
		else
			layout->numbers += column->elements > 0 ? column->elements : 1;
		status = sml_copy_text(env, word, length, &column->name);
		if (status == SML_OK)
			status = sml_copy_text(env, column->kind == SML_LABEL ? "text" : "double precision",
								   column->kind == SML_LABEL ? 4 : 16, &column->type);
	}
	return status;
}

/* A profile of rows: "numbers" and "labels" row by row, as wide as the layout says. */
static inline SmlStatus
profile_of(SmlEnv *env, const SmlLayout *layout, const SmlProfileSpec *spec, size_t rows,
		   const double *numbers, const char *const *labels, SmlProfile **profile)
{
	size_t    width = sml_layout_numbers(layout);
	size_t    label_width = sml_layout_labels(layout);
	SmlText   texts[16];
	SmlRow    row = {numbers, texts};
	SmlUse    use;
	SmlStatus status = sml_profile_start(env, layout, spec, profile);

	for (size_t r = 0; r < rows && status == SML_OK; r++)
	{
		for (size_t j = 0; j < label_width; j++)
			texts[j] = label(labels[r * label_width + j]);
		row.numbers = numbers + r * width;
		status = sml_profile_absorb(env, *profile, &row, NULL, &use);
	}
	return status == SML_OK ? sml_profile_flush(env, *profile) : status;
}

#endif
