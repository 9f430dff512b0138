/*
 * encoder_internal.h - what the files of the encoder share.
 */
#ifndef SML_ENCODER_INTERNAL_H
#define SML_ENCODER_INTERNAL_H

#include "encoder.h"

#define SML_LEVEL_MISSING "(missing)"
#define SML_LEVEL_OTHER   "(other)"

/* Kind, column and slot of every feature, in the order of the layout's columns; there is room for all. */
void sml_encoder_place(SmlEncoder *encoder);

/*
 * Fill in what follows from the rest: first terms, slot tables, hash tables, runs and
 * the tables per term.  The features' levels and term counts, and the terms, are in place.
 * SML_CORRUPT when a level or a class is named twice.
 */
SML_MUST_USE SmlStatus sml_encoder_index(SmlEnv *env, SmlEncoder *encoder);

/* Index of a text in a table, or SML_NO_LEVEL. */
size_t sml_text_table_find(const SmlTextTable *table, char *const *texts, SmlText text);

#endif
