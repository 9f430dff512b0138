/*
 * cases.c - rows by class and rank; see cases.h.
 *
 * Cost: a counting sort by class and a radix sort by key inside it (stable, so that equal keys
 * keep the order given), 32 bytes a row of a class while it runs.
 */
#include "cases.h"

#include "sort.h"

#include <string.h>

/* Order the rows of one class by their keys. */
static SmlStatus
rank_class(SmlEnv *env, const SmlCases *cases, size_t *order, size_t count)
{
	SmlSorted *items = NULL;
	SmlStatus  status;

	SML_TRY(sml_alloc_array(env, count, sizeof(SmlSorted), &items));
	for (size_t i = 0; i < count; i++)
		items[i] = (SmlSorted){sml_case_key(cases, order[i]), order[i]};
	SML_TRY(sml_sort(env, items, count));
	for (size_t i = 0; i < count; i++)
		order[i] = items[i].at;
done:
	sml_free(env, items);
	return status;
}

SmlStatus
sml_ranks_make(SmlEnv *env, const SmlCases *cases, SmlRanks *ranks)
{
	size_t   *order = NULL;
	size_t   *first = NULL;
	size_t   *next = NULL;
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, cases->rows, sizeof(size_t), &order));
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
		SML_TRY(rank_class(env, cases, order + first[c], first[c + 1] - first[c]));
	ranks->order = order;
	ranks->first = first;
	order = NULL;
	first = NULL;
done:
	sml_free(env, order);
	sml_free(env, first);
	sml_free(env, next);
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
