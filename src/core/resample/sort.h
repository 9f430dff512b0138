/*
 * sort.h - a stable sort by a 64-bit key that can be stopped, and takes its memory from the env.
 */
#ifndef SML_SORT_H
#define SML_SORT_H

#include "../core.h"

typedef struct SmlSorted
{
	uint64_t key;
	size_t   at;
} SmlSorted;

/* Sort by key, ascending; equal keys keep their order.  Takes 16 bytes an item while it runs. */
SML_MUST_USE SmlStatus sml_sort(SmlEnv *env, SmlSorted *items, size_t count);

/* A key in the order of numbers that are not NaN; 0 and -0 are one. */
uint64_t sml_sort_key(double number);

#endif
