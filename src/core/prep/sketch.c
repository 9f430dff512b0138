/*
 * sketch.c - bottom-k dictionaries; see sketch.h.
 */
#include "sketch.h"

#include <string.h>

#include "../hash.h"

#define FIRST_TABLE 64

SmlStatus
sml_sketch_start(SmlEnv *env, SmlSketch **sketch)
{
	SmlSketch *fresh = NULL;
	SmlStatus  status;

	SML_TRY(sml_alloc_array(env, 1, sizeof(SmlSketch), &fresh));
	fresh->complete = true;
	fresh->table_size = FIRST_TABLE;
	SML_TRY(sml_alloc_array(env, FIRST_TABLE, sizeof(uint32_t), &fresh->table));
	*sketch = fresh;
	return SML_OK;
done:
	sml_sketch_free(env, fresh);
	return status;
}

void
sml_sketch_free(SmlEnv *env, SmlSketch *sketch)
{
	if (sketch == NULL)
		return;
	for (size_t i = 0; i < sketch->count; i++)
		sml_free(env, sketch->entries[i].bytes);
	sml_free(env, sketch->entries);
	sml_free(env, sketch->table);
	sml_free(env, sketch->heap);
	sml_free(env, sketch);
}

/* ---- the table ------------------------------------------------------------------ */

/* Where a value is, or the empty place where it would be. */
static size_t
find_place(const SmlSketch *sketch, uint64_t hash, const char *bytes, size_t length)
{
	size_t mask = sketch->table_size - 1;
	size_t place = (size_t) hash & mask;

	while (sketch->table[place] != 0)
	{
		const SmlSketchEntry *entry = &sketch->entries[sketch->table[place] - 1];

		if (entry->hash == hash && entry->length == length && memcmp(entry->bytes, bytes, length) == 0)
			break;
		place = (place + 1) & mask;
	}
	return place;
}

static SmlStatus
grow_table(SmlEnv *env, SmlSketch *sketch)
{
	size_t    size = sketch->table_size * 2;
	uint32_t *table;
	SmlStatus status = sml_alloc_array(env, size, sizeof(uint32_t), &table);

	if (status != SML_OK)
		return status;
	for (size_t i = 0; i < sketch->count; i++)
	{
		size_t place = (size_t) sketch->entries[i].hash & (size - 1);

		while (table[place] != 0)
			place = (place + 1) & (size - 1);
		table[place] = (uint32_t) i + 1;
	}
	sml_free(env, sketch->table);
	sketch->table = table;
	sketch->table_size = size;
	return SML_OK;
}

/* Take an entry out of the table, moving up those that had to step over it. */
static void
remove_from_table(SmlSketch *sketch, size_t index)
{
	size_t mask = sketch->table_size - 1;
	size_t hole = (size_t) sketch->entries[index].hash & mask;
	size_t next;

	while (sketch->table[hole] != index + 1)
		hole = (hole + 1) & mask;
	for (next = (hole + 1) & mask; sketch->table[next] != 0; next = (next + 1) & mask)
	{
		size_t home = (size_t) sketch->entries[sketch->table[next] - 1].hash & mask;

		if (((next - home) & mask) < ((next - hole) & mask))
			continue;
		sketch->table[hole] = sketch->table[next];
		hole = next;
	}
	sketch->table[hole] = 0;
}

/* ---- the heap --------------------------------------------------------------------- */

static void
sift_down(SmlSketch *sketch, size_t at)
{
	const SmlSketchEntry *entries = sketch->entries;

	for (;;)
	{
		size_t   child = 2 * at + 1;
		uint32_t swap;

		if (child >= sketch->count)
			return;
		if (child + 1 < sketch->count && entries[sketch->heap[child + 1]].hash > entries[sketch->heap[child]].hash)
			child++;
		if (entries[sketch->heap[at]].hash >= entries[sketch->heap[child]].hash)
			return;
		swap = sketch->heap[at];
		sketch->heap[at] = sketch->heap[child];
		sketch->heap[child] = swap;
		at = child;
	}
}

static SmlStatus
build_heap(SmlEnv *env, SmlSketch *sketch)
{
	SmlStatus status = sml_alloc_array(env, SML_SKETCH_SIZE, sizeof(uint32_t), &sketch->heap);

	if (status != SML_OK)
		return status;
	for (size_t i = 0; i < sketch->count; i++)
		sketch->heap[i] = (uint32_t) i;
	for (size_t i = sketch->count / 2; i-- > 0;)
		sift_down(sketch, i);
	return SML_OK;
}

/* ---- adding --------------------------------------------------------------------------- */

/* Put a new value into entry "index", whose old text is gone. */
static SmlStatus
fill_entry(SmlEnv *env, SmlSketch *sketch, size_t index, uint64_t hash, const char *bytes, size_t length)
{
	SmlSketchEntry *entry = &sketch->entries[index];
	char           *copy;
	SmlStatus       status;

	if (length > SML_SKETCH_BYTES - sketch->text || sketch->next_code == INT32_MAX)
		return sml_fail(env, SML_OVER_LIMIT, "The distinct values of one column take more than %zu bytes.", SML_SKETCH_BYTES);
	status = sml_copy_text(env, bytes, length, &copy);
	if (status != SML_OK)
		return status;
	entry->hash = hash;
	entry->bytes = copy;
	entry->length = length;
	entry->count = 0;
	entry->code = sketch->next_code++;
	sketch->text += length;
	return SML_OK;
}

/* A value that is not there yet, with room for it. */
static SmlStatus
append(SmlEnv *env, SmlSketch *sketch, uint64_t hash, const char *bytes, size_t length, size_t *index)
{
	SmlStatus status;

	status = sml_grow_array(env, &sketch->entries, &sketch->room, sketch->count + 1, sizeof(SmlSketchEntry));
	if (status == SML_OK && (sketch->count + 1) * 2 > sketch->table_size)
		status = grow_table(env, sketch);
	if (status == SML_OK)
		status = fill_entry(env, sketch, sketch->count, hash, bytes, length);
	if (status != SML_OK)
		return status;
	*index = sketch->count++;
	sketch->table[find_place(sketch, hash, bytes, length)] = (uint32_t) *index + 1;
	return SML_OK;
}

/* A value that is not there yet, in place of the one with the largest hash. */
static SmlStatus
replace(SmlEnv *env, SmlSketch *sketch, uint64_t hash, const char *bytes, size_t length, size_t *index)
{
	size_t         victim = sketch->heap[0];
	SmlSketchEntry old = sketch->entries[victim];
	SmlStatus      status;

	remove_from_table(sketch, victim);
	sketch->text -= old.length;
	status = fill_entry(env, sketch, victim, hash, bytes, length);
	if (status != SML_OK)
	{
		sketch->entries[victim] = old;
		sketch->text += old.length;
		sketch->table[find_place(sketch, old.hash, old.bytes, old.length)] = (uint32_t) victim + 1;
		return status;
	}
	sml_free(env, old.bytes);
	sketch->table[find_place(sketch, hash, bytes, length)] = (uint32_t) victim + 1;
	sift_down(sketch, 0);
	*index = victim;
	return SML_OK;
}

SmlStatus
sml_sketch_add(SmlEnv *env, SmlSketch *sketch, const char *bytes, size_t length, uint64_t times, int32_t *code)
{
	uint64_t  hash = sml_hash_bytes(0, bytes, length);
	size_t    place = find_place(sketch, hash, bytes, length);
	size_t    index;
	SmlStatus status = SML_OK;

	if (sketch->table[place] != 0)
		index = sketch->table[place] - 1;
	else if (sketch->count < SML_SKETCH_SIZE)
		status = append(env, sketch, hash, bytes, length, &index);
	else
	{
		sketch->complete = false;
		if (sketch->heap == NULL)
			status = build_heap(env, sketch);
		if (status == SML_OK && hash >= sketch->entries[sketch->heap[0]].hash)
		{
			*code = -2;
			return SML_OK;
		}
		if (status == SML_OK)
			status = replace(env, sketch, hash, bytes, length, &index);
	}
	if (status != SML_OK)
		return status;
	sketch->entries[index].count += times;
	*code = sketch->entries[index].code;
	return SML_OK;
}

SmlStatus
sml_sketch_merge(SmlEnv *env, SmlSketch *into, const SmlSketch *from)
{
	int32_t code;

	for (size_t i = 0; i < from->count; i++)
	{
		const SmlSketchEntry *entry = &from->entries[i];
		SmlStatus             status = sml_sketch_add(env, into, entry->bytes, entry->length, entry->count, &code);

		if (status != SML_OK)
			return status;
	}
	into->complete = into->complete && from->complete;
	return SML_OK;
}

double
sml_sketch_distinct(const SmlSketch *sketch)
{
	uint64_t largest = 0;

	if (sketch->complete || sketch->count < 2)
		return (double) sketch->count;
	for (size_t i = 0; i < sketch->count; i++)
		if (sketch->entries[i].hash > largest)
			largest = sketch->entries[i].hash;
	return (double) (sketch->count - 1) / ((double) largest * 0x1p-64);
}

/* ---- bytes --------------------------------------------------------------------------------- */

void
sml_sketch_write(SmlWriter *writer, const SmlSketch *sketch)
{
	sml_write_u8(writer, sketch->complete ? 1 : 0);
	sml_write_u64(writer, sketch->count);
	for (size_t i = 0; i < sketch->count; i++)
	{
		sml_write_u64(writer, sketch->entries[i].length);
		sml_write_bytes(writer, sketch->entries[i].bytes, sketch->entries[i].length);
		sml_write_u64(writer, sketch->entries[i].count);
	}
}

void
sml_sketch_read(SmlReader *reader, SmlSketch **sketch)
{
	SmlSketch *fresh = NULL;
	bool       complete = sml_read_bool(reader);
	size_t     count = sml_read_count(reader, 16);

	if (reader->status == SML_OK && count > SML_SKETCH_SIZE)
		sml_reader_fail(reader, "A dictionary has too many values.");
	if (reader->status == SML_OK)
		reader->status = sml_sketch_start(reader->env, &fresh);
	for (size_t i = 0; i < count && reader->status == SML_OK; i++)
	{
		size_t      length = sml_read_count(reader, 1);
		const char *bytes = (const char *) reader->at;
		int32_t     code;
		uint64_t    times;

		if (reader->status != SML_OK)
			break;
		reader->at += length; /* sml_read_count has checked that they are there */
		times = sml_read_u64(reader);
		if (reader->status == SML_OK)
			reader->status = sml_sketch_add(reader->env, fresh, bytes, length, times, &code);
		if (reader->status == SML_OK && fresh->count != i + 1)
			sml_reader_fail(reader, "A dictionary has a value twice.");
	}
	if (reader->status != SML_OK)
	{
		sml_sketch_free(reader->env, fresh);
		return;
	}
	fresh->complete = complete;
	*sketch = fresh;
}
