/*
 * sort.c - see sort.h.  A radix sort from the lowest byte to the highest; bytes that all keys share are passed over.  A poll
 * every 16384 items.
 */
#include "sort.h"

#include <string.h>

#define POLL_ITEMS 16384
#define BYTES      sizeof(uint64_t)
#define VALUES     256

static inline size_t
byte_of(uint64_t key, size_t byte)
{
	return key >> (8 * byte) & (VALUES - 1);
}

/* Items by one byte, from one array to the other; next[] is where the first item of each value goes. */
static SmlStatus
deal_out(SmlEnv *env, const SmlSorted *from, SmlSorted *to, size_t count, size_t byte, size_t *next)
{
	SmlStatus status = SML_OK;

	for (size_t i = 0; i < count; i++)
	{
		if (i % POLL_ITEMS == 0)
			SML_TRY(sml_poll(env));
		to[next[byte_of(from[i].key, byte)]++] = from[i];
	}
done:
	return status;
}

SmlStatus
sml_sort(SmlEnv *env, SmlSorted *items, size_t count)
{
	size_t     counts[BYTES][VALUES];
	SmlSorted *space = NULL;
	SmlSorted *from = items;
	SmlStatus  status;

	memset(counts, 0, sizeof(counts));
	SML_TRY(sml_alloc_array(env, count, sizeof(SmlSorted), &space));
	for (size_t i = 0; i < count; i++)
	{
		if (i % POLL_ITEMS == 0)
			SML_TRY(sml_poll(env));
		for (size_t byte = 0; byte < BYTES; byte++)
			counts[byte][byte_of(items[i].key, byte)]++;
	}
	for (size_t byte = 0; byte < BYTES && count > 0; byte++)
	{
		SmlSorted *to = from == items ? space : items;
		size_t     next = 0;

		if (counts[byte][byte_of(items[0].key, byte)] == count)
			continue;
		for (size_t value = 0; value < VALUES; value++)
		{
			size_t those = counts[byte][value];

			counts[byte][value] = next;
			next += those;
		}
		SML_TRY(deal_out(env, from, to, count, byte, counts[byte]));
		from = to;
	}
	if (from != items)
		SML_TRY(sml_copy_bytes(env, items, space, count * sizeof(SmlSorted)));
done:
	sml_free(env, space);
	return status;
}

uint64_t
sml_sort_key(double number)
{
	uint64_t bits;

	number += 0.0;
	memcpy(&bits, &number, sizeof(bits));
	return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}
