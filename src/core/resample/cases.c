/*
 * cases.c - rows by class and rank; see cases.h.
 *
 * Cost: a counting sort by class and a merge sort by key inside it (stable, so that equal keys
 * keep the order given), 16 bytes a row while it runs.
 */
#include "cases.h"

#include <string.h>

#define POLL_ROWS 65536

/* Merge the sorted runs [first, middle) and [middle, last) of "order" through "space". */
static void
merge(const SmlCases *cases, size_t *order, size_t first, size_t middle, size_t last, size_t *space)
{
	size_t a = first;
	size_t b = middle;
	size_t to = first;

	while (a < middle && b < last)
		space[to++] = sml_case_key(cases, order[b]) < sml_case_key(cases, order[a]) ? order[b++] : order[a++];
	memcpy(space + to, order + a, (middle - a) * sizeof(size_t));
	to += middle - a;
	memcpy(space + to, order + b, (last - b) * sizeof(size_t));
	memcpy(order + first, space + first, (last - first) * sizeof(size_t));
}

static SmlStatus
sort_class(SmlEnv *env, const SmlCases *cases, size_t *order, size_t first, size_t last, size_t *space)
{
	SmlStatus status = SML_OK;
	size_t    since = 0;

	for (size_t width = 1; width < last - first; width *= 2)
		for (size_t at = first; at + width < last; at += 2 * width)
		{
			merge(cases, order, at, at + width, at + 2 * width < last ? at + 2 * width : last, space);
			since += 2 * width;
			if (since >= POLL_ROWS)
			{
				SML_TRY(sml_poll(env));
				since = 0;
			}
		}
done:
	return status;
}

SmlStatus
sml_ranks_make(SmlEnv *env, const SmlCases *cases, SmlRanks *ranks)
{
	size_t   *order = NULL;
	size_t   *first = NULL;
	size_t   *next = NULL;
	size_t   *space = NULL;
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, cases->rows, sizeof(size_t), &order));
	SML_TRY(sml_alloc_array(env, cases->rows, sizeof(size_t), &space));
	SML_TRY(sml_alloc_array(env, cases->class_count + 1, sizeof(size_t), &first));
	SML_TRY(sml_alloc_array(env, cases->class_count + 1, sizeof(size_t), &next));
	SML_TRY(sml_poll(env));
	for (size_t r = 0; r < cases->rows; r++)
		first[sml_case_class(cases, r) + 1]++;
	for (size_t c = 0; c < cases->class_count; c++)
		first[c + 1] += first[c];
	memcpy(next, first, cases->class_count * sizeof(size_t));
	for (size_t r = 0; r < cases->rows; r++)
		order[next[sml_case_class(cases, r)]++] = r;
	for (size_t c = 0; c < cases->class_count; c++)
		SML_TRY(sort_class(env, cases, order, first[c], first[c + 1], space));
	ranks->order = order;
	ranks->first = first;
	order = NULL;
	first = NULL;
done:
	sml_free(env, order);
	sml_free(env, first);
	sml_free(env, next);
	sml_free(env, space);
	return status;
}

void
sml_ranks_free(SmlEnv *env, SmlRanks *ranks)
{
	sml_free(env, ranks->order);
	sml_free(env, ranks->first);
	ranks->order = NULL;
	ranks->first = NULL;
}
