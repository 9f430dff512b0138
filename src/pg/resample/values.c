/*
 * values.c - the distinct values of a column, numbered.
 *
 * Fixed-width values that fit a datum are told apart by their bits and put into words once each; others by
 * their text.  Open addressing, doubled at half full; 40 bytes and the text per value.
 */
#include "resample.h"

#include <math.h>

#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "../../core/hash.h"
#include "../train/train.h"

#define FIRST_SIZE 64

MlValues *
ml_values_start(MemoryContext context, Oid type)
{
	MlValues *values = MemoryContextAllocZero(context, sizeof(MlValues));
	char      align;

	values->context = context;
	if (!ml_reader_init(&values->reader, type, SML_LABEL))
		elog(ERROR, "type %u cannot be read as a label", type);
	get_typlenbyvalalign(values->reader.type, &values->type_length, &values->by_value, &align);
	values->table_size = FIRST_SIZE;
	values->table = MemoryContextAllocZero(context, FIRST_SIZE * sizeof(uint32));
	return values;
}

static void
grow_table(MlValues *values)
{
	uint32 size = values->table_size * 2;

	pfree(values->table);
	values->table = MemoryContextAllocExtended(values->context, (Size) size * sizeof(uint32), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	values->table_size = size;
	for (int32 i = 0; i < values->count; i++)
	{
		uint32 place = (uint32) values->values[i].hash & (size - 1);

		while (values->table[place] != 0)
			place = (place + 1) & (size - 1);
		values->table[place] = (uint32) i + 1;
	}
}

static int32
insert(MlValues *values, uint64 hash, Datum value, const char *text, int32 length)
{
	MlValue      *fresh;
	MemoryContext old;

	if (values->count == values->room)
	{
		int32 room = values->room ? values->room * 2 : 16;

		values->values = values->values ? repalloc_huge(values->values, (Size) room * sizeof(MlValue)) :
			MemoryContextAlloc(values->context, (Size) room * sizeof(MlValue));
		values->room = room;
	}
	fresh = &values->values[values->count];
	old = MemoryContextSwitchTo(values->context);
	fresh->hash = hash;
	fresh->datum = datumCopy(value, values->by_value, values->type_length);
	fresh->text = pnstrdup(text, length);
	fresh->length = length;
	fresh->count = 0;
	fresh->rank = values->count;
	MemoryContextSwitchTo(old);
	values->bytes += sizeof(MlValue) + 8 + (values->by_value ? 0 : 2 * length + 16) + length;
	return values->count++;
}

int32
ml_values_add(MlValues *values, Datum value, bool count)
{
	SmlText text = {NULL, 0};
	uint64  hash;
	uint32  place;
	int32   found = -1;

	if (values->by_value)
		hash = sml_hash_mix((uint64) value);
	else
	{
		text = ml_read_label(&values->reader, value, false);
		hash = sml_hash_bytes(0, text.bytes, (size_t) text.length);
	}
	for (place = (uint32) hash & (values->table_size - 1); values->table[place] != 0; place = (place + 1) & (values->table_size - 1))
	{
		const MlValue *have = &values->values[values->table[place] - 1];

		if (have->hash == hash && (values->by_value ? have->datum == value :
								   have->length == text.length && memcmp(have->text, text.bytes, (size_t) text.length) == 0))
		{
			found = (int32) values->table[place] - 1;
			break;
		}
	}
	if (found < 0)
	{
		if (values->by_value)
			text = ml_read_label(&values->reader, value, false);
		found = insert(values, hash, value, text.bytes, text.length);
		values->table[place] = (uint32) found + 1;
		if ((uint32) values->count * 2 > values->table_size)
			grow_table(values);
	}
	if (count)
		values->values[found].count++;
	return found;
}

/* ---- canonical order ---------------------------------------------------------------- */

typedef struct RankItem
{
	const MlValue *value;
	double         number; /* by this first */
	int32          at;
} RankItem;

static int
compare_items(const void *a, const void *b)
{
	const RankItem *x = a;
	const RankItem *y = b;
	int             order;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	order = memcmp(x->value->text, y->value->text, (size_t) Min(x->value->length, y->value->length));
	return order ? order : x->value->length - y->value->length;
}

static bool
read_number(const MlValue *value, double *number)
{
	char *end;

	*number = strtod(value->text, &end);
	return value->length > 0 && *end == '\0' && !isnan(*number);
}

void
ml_values_rank(MlValues *values, Oid type)
{
	RankItem          *items = MemoryContextAllocExtended(values->context, sizeof(RankItem) * (Size) (values->count + 1), MCXT_ALLOC_HUGE);
	int                label_count;
	const char *const *labels = ml_enum_labels(type, &label_count);
	bool               all_numbers = labels == NULL;

	for (int32 i = 0; i < values->count; i++)
	{
		items[i] = (RankItem){&values->values[i], 0, i};
		for (int l = 0; labels && l < label_count; l++)
			if (strcmp(labels[l], values->values[i].text) == 0)
				items[i].number = l;
		all_numbers = all_numbers && read_number(&values->values[i], &items[i].number);
	}
	if (labels == NULL && !all_numbers)
		for (int32 i = 0; i < values->count; i++)
			items[i].number = 0;
	qsort(items, (size_t) values->count, sizeof(RankItem), compare_items);
	for (int32 i = 0; i < values->count; i++)
		values->values[items[i].at].rank = i;
	pfree(items);
}
