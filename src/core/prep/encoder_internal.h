/*
 * encoder_internal.h - what the three files of the encoder share.
 */
#ifndef SML_ENCODER_INTERNAL_H
#define SML_ENCODER_INTERNAL_H

#include "encoder.h"

#define SML_LEVEL_MISSING "(missing)"
#define SML_LEVEL_OTHER   "(other)"

/* Byte order of two texts. */
int sml_compare_text(const char *a, size_t a_length, const char *b, size_t b_length);

/*
 * Fill in what follows from the features: sorted level indexes, first terms, slot tables.
 * The features' levels, slots and term counts are in place.  SML_CORRUPT when slots
 * do not cover the layout.
 */
SML_MUST_USE SmlStatus sml_encoder_index(SmlEnv *env, SmlEncoder *encoder);

#endif
