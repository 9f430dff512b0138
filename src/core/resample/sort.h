/*
 * sort.h - a stable merge sort that can be stopped, and takes its memory from the env.
 */
#ifndef SML_SORT_H
#define SML_SORT_H

#include "../core.h"

/* Below 0, 0, above 0, as for qsort; context is handed through. */
typedef int (*SmlCompare)(const void *a, const void *b, const void *context);

/* Sort count elements of "size" bytes; equal ones keep their order.  Takes count * size bytes while it runs. */
SML_MUST_USE SmlStatus sml_sort(SmlEnv *env, void *base, size_t count, size_t size, SmlCompare compare, const void *context);

#endif
