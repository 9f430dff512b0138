/*
 * sort.c - see sort.h.  Runs of one, two, four, … are merged bottom up; a poll every 16384 elements.
 */
#include "sort.h"

#include <string.h>

#define POLL_ELEMENTS 16384

typedef struct Sort
{
	SmlEnv     *env;
	char       *base;
	char       *space;
	size_t      size;
	SmlCompare  compare;
	const void *context;
	size_t      since; /* elements since the last poll */
} Sort;

/* Merge the sorted runs [first, middle) and [middle, last). */
static SmlStatus
merge(Sort *sort, size_t first, size_t middle, size_t last)
{
	size_t    a = first;
	size_t    b = middle;
	SmlStatus status = SML_OK;

	for (size_t to = first; to < last; to++)
	{
		bool   right = a == middle || (b < last && sort->compare(sort->base + b * sort->size, sort->base + a * sort->size, sort->context) < 0);
		size_t from = right ? b++ : a++;

		memcpy(sort->space + to * sort->size, sort->base + from * sort->size, sort->size);
		if (++sort->since >= POLL_ELEMENTS)
		{
			sort->since = 0;
			SML_TRY(sml_poll(sort->env));
		}
	}
	memcpy(sort->base + first * sort->size, sort->space + first * sort->size, (last - first) * sort->size);
done:
	return status;
}

SmlStatus
sml_sort(SmlEnv *env, void *base, size_t count, size_t size, SmlCompare compare, const void *context)
{
	Sort      sort = {env, base, NULL, size, compare, context, 0};
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, count, size, &sort.space));
	for (size_t width = 1; width < count; width *= 2)
		for (size_t at = 0; at + width < count; at += 2 * width)
			SML_TRY(merge(&sort, at, at + width, at + 2 * width < count ? at + 2 * width : count));
done:
	sml_free(env, sort.space);
	return status;
}
