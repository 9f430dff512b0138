/*
 * sketch.h - the distinct values of a column with their counts, or a uniform sample of
 * them: the SML_SKETCH_SIZE values with the smallest hashes (bottom-k, Cohen and Kaplan
 * 2007; the idea only).
 *
 * A value that is among the k smallest at the end was so from its first row on,
 * so its count is exact, and what is kept does not depend on the order of rows
 * or on how they were spread over workers.
 *
 * Cost: one hash and one probe a row; at most k entries and SML_SKETCH_BYTES of text.
 */
#ifndef SML_SKETCH_H
#define SML_SKETCH_H

#include "profile.h"

#define SML_SKETCH_BYTES ((size_t) 16 << 20)

typedef struct SmlSketchEntry
{
	uint64_t hash;
	char    *bytes;   /* zero-ended copy */
	size_t   length;
	uint64_t count;
	int32_t  code;    /* given in the order of arrival, never given twice */
} SmlSketchEntry;

struct SmlSketch
{
	SmlSketchEntry *entries;
	size_t    count;
	size_t    room;
	uint32_t *table;      /* open addressing: index + 1, 0 empty */
	size_t    table_size; /* a power of two */
	uint32_t *heap;       /* once full: entry indexes, the largest hash first */
	size_t    text;       /* bytes of text kept */
	bool      complete;   /* no value was ever left out */
	int32_t   next_code;
};

SML_MUST_USE SmlStatus sml_sketch_start(SmlEnv *env, SmlSketch **sketch);
void sml_sketch_free(SmlEnv *env, SmlSketch *sketch);

/* Count a value "times" times; *code receives its code, or -2 when it is not kept.  SML_OVER_LIMIT: too much text. */
SML_MUST_USE SmlStatus sml_sketch_add(SmlEnv *env, SmlSketch *sketch, const char *bytes, size_t length, uint64_t times, int32_t *code);
SML_MUST_USE SmlStatus sml_sketch_merge(SmlEnv *env, SmlSketch *into, const SmlSketch *from);

/* Distinct values: exact while complete, else (k - 1) / (k-th smallest hash as a fraction). */
double sml_sketch_distinct(const SmlSketch *sketch);

void sml_sketch_write(SmlWriter *writer, const SmlSketch *sketch);
void sml_sketch_read(SmlReader *reader, SmlSketch **sketch);

#endif
