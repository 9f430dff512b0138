/*
 * groups.c - a small table of groups; see groups.h.
 *
 * The key of a group is its values with their lengths in front, so that no two combinations share one.
 */
#include "../compat.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "../privacy/learn.h"
#include "../../core/hash.h"
#include "groups.h"

/* Open addressing, never more than a quarter full. */
#define TABLE_SIZE 4096

typedef struct Group
{
	uint64 hash;
	int    length;
	char  *key;
	char **values;
} Group;

struct MlGroups
{
	MemoryContext  context;
	int            columns;
	char         **names;
	int           *source_columns;
	MlReader      *readers;
	SmlText       *texts;
	StringInfoData key;
	Group          groups[ML_MOST_GROUPS];
	int            count;
	int16          table[TABLE_SIZE]; /* number + 1, or 0 */
};

static void
bind_column(MlGroups *groups, const MlSource *source, int i)
{
	int     column = ml_source_column(source, groups->names[i], "protected");
	SmlKind kind;
	bool    is_array;

	ml_source_refuse_sealed(source, column, "make groups, whose names are stored in clear");
	if (!ml_type_kind(source->columns[column].type, &kind, &is_array) || is_array ||
		!ml_reader_init(&groups->readers[i], source->columns[column].type, SML_LABEL))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s cannot tell groups apart", source->columns[column].name,
						format_type_be(source->columns[column].type)),
				 errhint("Protected columns are text, enum, boolean or whole numbers.")));
	for (int k = 0; k < i; k++)
		if (groups->source_columns[k] == column)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_COLUMN),
					 errmsg("protected column \"%s\" is named twice", source->columns[column].name)));
	groups->source_columns[i] = column;
	groups->names[i] = pstrdup(source->columns[column].name);
}

void
ml_groups_rebind(MlGroups *groups, const MlSource *source)
{
	MemoryContext old = MemoryContextSwitchTo(groups->context);

	for (int i = 0; i < groups->columns; i++)
		bind_column(groups, source, i);
	MemoryContextSwitchTo(old);
}

MlGroups *
ml_groups_make(const MlSource *source, char *const *columns, int count)
{
	MlGroups *groups = palloc0(sizeof(MlGroups));

	groups->context = CurrentMemoryContext;
	groups->columns = count;
	groups->names = palloc(sizeof(char *) * (count + 1));
	groups->source_columns = palloc0(sizeof(int) * (count + 1));
	groups->readers = palloc0(sizeof(MlReader) * (count + 1));
	groups->texts = palloc0(sizeof(SmlText) * (count + 1));
	initStringInfo(&groups->key);
	for (int i = 0; i < count; i++)
		groups->names[i] = pstrdup(columns[i]);
	ml_groups_rebind(groups, source);
	return groups;
}

char *
ml_groups_expression(const MlGroups *groups, int i)
{
	return psprintf("s.c%d", groups->source_columns[i] + 1);
}

/* The slot of the key in groups->key: of its group, or empty. */
static int
find_slot(const MlGroups *groups, uint64 hash)
{
	int slot = (int) (hash % TABLE_SIZE);

	while (groups->table[slot] != 0)
	{
		const Group *group = &groups->groups[groups->table[slot] - 1];

		if (group->hash == hash && group->length == groups->key.len && memcmp(group->key, groups->key.data, group->length) == 0)
			break;
		slot = (slot + 1) % TABLE_SIZE;
	}
	return slot;
}

static int32
add_group(MlGroups *groups, uint64 hash, int slot)
{
	MemoryContext old = MemoryContextSwitchTo(groups->context);
	Group        *group = &groups->groups[groups->count];

	if (groups->count == ML_MOST_GROUPS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the protected columns (%s) have more than %d groups", ml_groups_attribute(groups), ML_MOST_GROUPS),
				 errhint("Name columns with few distinct values, or put ranges into a column of a query.")));
	group->hash = hash;
	group->length = groups->key.len;
	/* it has zero bytes in it */
	group->key = palloc(groups->key.len);
	memcpy(group->key, groups->key.data, groups->key.len);
	group->values = palloc(sizeof(char *) * (groups->columns + 1));
	for (int i = 0; i < groups->columns; i++)
		group->values[i] = pnstrdup(groups->texts[i].bytes, groups->texts[i].length);
	groups->table[slot] = (int16) ++groups->count;
	MemoryContextSwitchTo(old);
	return groups->count - 1;
}

int32
ml_groups_read(MlGroups *groups, const Datum *values, const bool *nulls, bool add)
{
	uint64 hash;
	int    slot;

	resetStringInfo(&groups->key);
	for (int i = 0; i < groups->columns; i++)
	{
		SmlText text = ml_read_label(&groups->readers[i], values[i], nulls[i]);

		if (text.length < 0)
			return -1;
		groups->texts[i] = text;
		appendBinaryStringInfo(&groups->key, (const char *) &text.length, sizeof(text.length));
		appendBinaryStringInfo(&groups->key, text.bytes, text.length);
	}
	hash = sml_hash_bytes(0, groups->key.data, groups->key.len);
	slot = find_slot(groups, hash);
	if (groups->table[slot] != 0)
		return groups->table[slot] - 1;
	return add ? add_group(groups, hash, slot) : -1;
}

int
ml_groups_count(const MlGroups *groups)
{
	return groups->count;
}

int
ml_groups_columns(const MlGroups *groups)
{
	return groups->columns;
}

int
ml_groups_column(const MlGroups *groups, int i)
{
	return groups->source_columns[i];
}

char **
ml_groups_names(const MlGroups *groups)
{
	return groups->names;
}

char *const *
ml_groups_values(const MlGroups *groups, int group)
{
	return groups->groups[group].values;
}

static char *
joined(char *const *texts, int count, const char *between)
{
	StringInfoData all;

	initStringInfo(&all);
	for (int i = 0; i < count; i++)
		appendStringInfo(&all, "%s%s", i ? between : "", texts[i]);
	return all.data;
}

char *
ml_groups_label(const MlGroups *groups, int group)
{
	return joined(groups->groups[group].values, groups->columns, ", ");
}

char *
ml_groups_attribute(const MlGroups *groups)
{
	return joined(groups->names, groups->columns, " & ");
}

/* ---- order ------------------------------------------------------------------------ */

typedef struct Ranked
{
	const MlGroups *groups;
	int             number;
} Ranked;

static int
by_values(const void *a, const void *b)
{
	const Ranked *x = a;
	const Ranked *y = b;

	for (int i = 0; i < x->groups->columns; i++)
	{
		int order = strcmp(x->groups->groups[x->number].values[i], y->groups->groups[y->number].values[i]);

		if (order != 0)
			return order;
	}
	return 0;
}

int32 *
ml_groups_sort(MlGroups *groups)
{
	Ranked *ranked = palloc(sizeof(Ranked) * (groups->count + 1));
	Group  *sorted = palloc(sizeof(Group) * (groups->count + 1));
	int32  *map = palloc(sizeof(int32) * (groups->count + 1));

	for (int g = 0; g < groups->count; g++)
		ranked[g] = (Ranked) {groups, g};
	qsort(ranked, groups->count, sizeof(Ranked), by_values);
	for (int g = 0; g < groups->count; g++)
	{
		map[ranked[g].number] = g;
		sorted[g] = groups->groups[ranked[g].number];
	}
	memcpy(groups->groups, sorted, sizeof(Group) * groups->count);
	for (int slot = 0; slot < TABLE_SIZE; slot++)
		if (groups->table[slot] != 0)
			groups->table[slot] = (int16) (map[groups->table[slot] - 1] + 1);
	pfree(ranked);
	pfree(sorted);
	return map;
}
