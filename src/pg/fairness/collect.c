/*
 * collect.c - counts by the finest cross of the protected columns, and from them all sets of an audit.
 *
 * Memory: one state per combination of values that occurs, and one per group of each set, under
 * sustainml.memory_limit; nothing grows with the rows.  The finest states are merged here into the
 * overall row, each attribute and each cross: what GROUPING SETS over them would do, for states from SQL and from C
 * alike.
 */
#include "../compat.h"

#include <math.h>

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "../env.h"
#include "../json.h"
#include "../nearest.h"
#include "../settings.h"
#include "../../core/hash.h"
#include "fairness.h"
#include "state.h"

/* With more values than this, and one for every second row or more, a column is a key and no group. */
#define FEW_VALUES 50

static const char doing[] = "audit fairness";

/* One combination of values. */
typedef struct Cell
{
	struct Cell  *next;    /* of equal hash */
	char        **texts;   /* per column, NULL: missing */
	size_t       *values;  /* per column, set by number_values */
	SmlFairState *state;
} Cell;

typedef struct Entry
{
	uint64 hash;
	Cell  *first;
} Entry;

struct MlFairCollector
{
	MlFairSpec    spec;
	MemoryContext context;
	SmlEnv        env;
	uint32        parts;
	HTAB         *table;
	Cell        **cells;
	size_t        count;
	size_t        room;
	char       ***values;       /* per column: its values in C order */
	size_t       *value_counts;
};

void
ml_fair_spec_init(MlFairSpec *spec)
{
	memset(spec, 0, sizeof(*spec));
	spec->part = "all";
	spec->threshold = NAN;
	spec->intersections = 2;
	spec->reference = "majority";
	spec->min_n = 30;
	spec->suppress_below = 10;
	spec->confidence = 0.95;
	spec->draws = 2000;
}

MlFairCollector *
ml_fair_begin(const MlFairSpec *spec, bool scored, bool weighted)
{
	MemoryContext    context = AllocSetContextCreate(CurrentMemoryContext, "sustainml fairness", ALLOCSET_DEFAULT_SIZES);
	MlFairCollector *collector = MemoryContextAllocZero(context, sizeof(MlFairCollector));
	HASHCTL          control = {.keysize = sizeof(uint64), .entrysize = sizeof(Entry), .hcxt = context};

	collector->spec = *spec;
	collector->context = context;
	ml_env_init(&collector->env, context);
	collector->parts = (scored ? SML_FAIR_SCORES : 0) | (weighted ? SML_FAIR_WEIGHTS : 0);
	collector->table = hash_create("sustainml fairness", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	return collector;
}

/* ---- cells ---------------------------------------------------------------------------- */

static bool
is_cell(const MlFairCollector *collector, const Cell *cell, const SmlText *groups)
{
	for (int i = 0; i < collector->spec.protected_count; i++)
	{
		const char *text = cell->texts[i];

		if ((text == NULL) != (groups[i].length < 0))
			return false;
		if (text && (strlen(text) != (size_t) groups[i].length || memcmp(text, groups[i].bytes, groups[i].length) != 0))
			return false;
	}
	return true;
}

static void
check_memory(const MlFairCollector *collector, size_t states)
{
	size_t need;

	if (!sml_size_times(states, sml_fair_size(collector->parts) + 64, &need) || need > ml_memory_limit())
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot audit fairness within sustainml.memory_limit"),
				 errdetail("%zu groups need more than %zu kB.", states, ml_memory_limit() / 1024),
				 errhint("Name fewer protected columns or columns of fewer values, or raise sustainml.memory_limit.")));
}

static SmlFairState *
new_state(MlFairCollector *collector)
{
	SmlFairState *state = MemoryContextAlloc(collector->context, sml_fair_size(collector->parts));

	sml_fair_start(state, collector->parts);
	return state;
}

static Cell *
new_cell(MlFairCollector *collector, const SmlText *groups)
{
	MemoryContext old = MemoryContextSwitchTo(collector->context);
	Cell         *cell = palloc0(sizeof(Cell));
	int           columns = collector->spec.protected_count;

	check_memory(collector, collector->count + 1);
	cell->texts = palloc0(sizeof(char *) * columns);
	cell->values = palloc0(sizeof(size_t) * columns);
	for (int i = 0; i < columns; i++)
		if (groups[i].length >= 0)
			cell->texts[i] = pnstrdup(groups[i].bytes, groups[i].length);
	cell->state = new_state(collector);
	if (collector->count == collector->room)
	{
		collector->room = Max(64, 2 * collector->room);
		collector->cells = collector->cells ? repalloc_huge(collector->cells, sizeof(Cell *) * collector->room)
											: palloc(sizeof(Cell *) * collector->room);
	}
	collector->cells[collector->count++] = cell;
	MemoryContextSwitchTo(old);
	return cell;
}

static Cell *
find_cell(MlFairCollector *collector, const SmlText *groups)
{
	uint64 hash = 0;
	Entry *entry;
	bool   found;
	Cell  *cell;

	for (int i = 0; i < collector->spec.protected_count; i++)
		hash = groups[i].length < 0 ? sml_hash_null(hash) : sml_hash_text(hash, groups[i].bytes, groups[i].length);
	entry = hash_search(collector->table, &hash, HASH_ENTER, &found);
	if (!found)
		entry->first = NULL;
	for (cell = entry->first; cell; cell = cell->next)
		if (is_cell(collector, cell, groups))
			return cell;
	cell = new_cell(collector, groups);
	cell->next = entry->first;
	entry->first = cell;
	return cell;
}

void
ml_fair_row(MlFairCollector *collector, const SmlText *groups, SmlTruth label, SmlTruth prediction, double score, double weight)
{
	ML_CHECK(&collector->env,
			 sml_fair_add(&collector->env, find_cell(collector, groups)->state, label, prediction, score, weight), doing);
}

void
ml_fair_state(MlFairCollector *collector, const SmlText *groups, const SmlFairState *state)
{
	if (state->parts & ~(collector->parts | SML_FAIR_WORKERS))
		elog(ERROR, "a state has parts that its audit has not");
	sml_fair_merge(find_cell(collector, groups)->state, state);
}

size_t
ml_fair_cell_count(const MlFairCollector *collector)
{
	return collector->count;
}

void
ml_fair_cell(const MlFairCollector *collector, size_t i, char *const **texts, const SmlFairState **state)
{
	*texts = collector->cells[i]->texts;
	*state = collector->cells[i]->state;
}

/* ---- values ------------------------------------------------------------------------------ */

static int
by_text(const void *a, const void *b)
{
	const char *x = *(char *const *) a;
	const char *y = *(char *const *) b;

	/* what is missing comes last */
	if (x == NULL || y == NULL)
		return (x == NULL) - (y == NULL);
	return strcmp(x, y);
}

static void
number_values(MlFairCollector *collector, int column)
{
	char **texts = palloc_extended(sizeof(char *) * (collector->count + 1), MCXT_ALLOC_HUGE);
	size_t kept = 0;

	for (size_t i = 0; i < collector->count; i++)
		texts[i] = collector->cells[i]->texts[column];
	qsort(texts, collector->count, sizeof(char *), by_text);
	for (size_t i = 0; i < collector->count; i++)
		if (texts[i] && (kept == 0 || strcmp(texts[kept - 1], texts[i]) != 0))
			texts[kept++] = texts[i];
	collector->values[column] = texts;
	collector->value_counts[column] = kept;
	for (size_t i = 0; i < collector->count; i++)
	{
		char **found = collector->cells[i]->texts[column]
			? bsearch(&collector->cells[i]->texts[column], texts, kept, sizeof(char *), by_text) : NULL;

		collector->cells[i]->values[column] = found ? (size_t) (found - texts) : kept;
	}
}

static void
check_values(const MlFairCollector *collector, uint64 rows)
{
	for (int c = 0; c < collector->spec.protected_count; c++)
		if (collector->value_counts[c] > FEW_VALUES && collector->value_counts[c] * 2 > rows)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("protected column \"%s\" has a value of its own in nearly every row", collector->spec.protected_columns[c]),
					 errdetail("%zu values in " UINT64_FORMAT " rows are no groups.", collector->value_counts[c], rows),
					 errhint("Name a column of few values, or put numbers into bands: SELECT *, width_bucket(age, 20, 70, 5) AS age_band FROM …")));
}

/* ---- sets ----------------------------------------------------------------------------------- */

size_t
ml_fair_list_sets(int attributes, int most, SmlFairSet *sets)
{
	size_t count = 0;

	memset(&sets[count++], 0, sizeof(SmlFairSet));
	for (int size = 1; size <= Min(most, attributes); size++)
	{
		size_t *pick = palloc(sizeof(size_t) * size);
		int     at;

		for (int i = 0; i < size; i++)
			pick[i] = i;
		for (;;)
		{
			size_t *copy = palloc(sizeof(size_t) * size);

			if (count == ML_FAIR_MOST_SETS)
				ereport(ERROR,
						(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						 errmsg("the protected columns have more than %d crosses", ML_FAIR_MOST_SETS),
						 errhint("Name fewer columns, or set intersections => 1.")));
			memcpy(copy, pick, sizeof(size_t) * size);
			sets[count++] = (SmlFairSet) {.count = size, .attributes = copy, .reference = SML_NO_GROUP};
			for (at = size - 1; at >= 0 && pick[at] == (size_t) (attributes - size + at); at--)
				;
			if (at < 0)
				break;
			pick[at]++;
			for (int i = at + 1; i < size; i++)
				pick[i] = pick[i - 1] + 1;
		}
	}
	return count;
}

/* A cell seen through a set: its values on the set's attributes. */
typedef struct Seen
{
	const Cell       *cell;
	const SmlFairSet *set;
} Seen;

static int
by_values(const void *a, const void *b)
{
	const Seen *x = a;
	const Seen *y = b;

	for (size_t i = 0; i < x->set->count; i++)
	{
		size_t u = x->cell->values[x->set->attributes[i]];
		size_t v = y->cell->values[x->set->attributes[i]];

		if (u != v)
			return u < v ? -1 : 1;
	}
	return 0;
}

typedef struct Groups
{
	SmlFairGroup *groups;
	char       ***values;
	size_t        count;
	size_t        room;
} Groups;

static SmlFairGroup *
new_group(MlFairCollector *collector, Groups *all, size_t set)
{
	check_memory(collector, collector->count + all->count + 1);
	if (all->count == all->room)
	{
		all->room = Max(64, 2 * all->room);
		all->groups = all->groups ? repalloc_huge(all->groups, sizeof(SmlFairGroup) * all->room) : palloc(sizeof(SmlFairGroup) * all->room);
		all->values = all->values ? repalloc_huge(all->values, sizeof(char **) * all->room) : palloc(sizeof(char **) * all->room);
	}
	all->groups[all->count] = (SmlFairGroup) {.set = set, .state = new_state(collector)};
	return &all->groups[all->count++];
}

static void
name_group(const Cell *cell, const SmlFairSet *set, SmlFairGroup *group, char ***values)
{
	size_t       *numbers = palloc(sizeof(size_t) * (set->count + 1));
	StringInfoData label;

	*values = palloc0(sizeof(char *) * (set->count + 1));
	initStringInfo(&label);
	for (size_t i = 0; i < set->count; i++)
	{
		char *text = cell->texts[set->attributes[i]];

		numbers[i] = cell->values[set->attributes[i]];
		(*values)[i] = text;
		group->unknown |= text == NULL;
		appendStringInfo(&label, "%s%s", i ? " & " : "", text ? text : "(missing)");
	}
	group->values = numbers;
	group->label = label.data;
}

static void
make_groups(MlFairCollector *collector, SmlFairSet *sets, size_t s, Groups *all, Seen *seen)
{
	SmlFairSet *set = &sets[s];

	set->first = all->count;
	for (size_t i = 0; i < collector->count; i++)
		seen[i] = (Seen) {collector->cells[i], set};
	qsort(seen, collector->count, sizeof(Seen), by_values);
	for (size_t i = 0; i < collector->count; i++)
	{
		if (i == 0 || by_values(&seen[i - 1], &seen[i]) != 0)
		{
			SmlFairGroup *group = new_group(collector, all, s);

			name_group(seen[i].cell, set, group, &all->values[all->count - 1]);
		}
		sml_fair_merge((SmlFairState *) all->groups[all->count - 1].state, seen[i].cell->state);
		if (i % 1024 == 0)
			CHECK_FOR_INTERRUPTS();
	}
	/* everybody, even when there is nobody */
	if (s == 0 && collector->count == 0)
	{
		Cell          nobody = {0};
		SmlFairGroup *group = new_group(collector, all, s);

		name_group(&nobody, set, group, &all->values[0]);
	}
	set->groups = all->count - set->first;
}

/* ---- references -------------------------------------------------------------------------------- */

static size_t
group_with(const SmlFairPlan *plan, char ***values, const SmlFairSet *set, char *const *wanted)
{
	for (size_t g = set->first; g < set->first + set->groups; g++)
	{
		bool equal = true;

		for (size_t i = 0; i < set->count && equal; i++)
			equal = values[g][i] && wanted[set->attributes[i]] && strcmp(values[g][i], wanted[set->attributes[i]]) == 0;
		if (equal)
			return g;
	}
	return SML_NO_GROUP;
}

pg_noreturn static void
no_such_group(const MlFairCollector *collector, const char *value, int column)
{
	const char *nearest = NULL;

	for (int c = 0; c < collector->spec.protected_count && nearest == NULL; c++)
		if (column < 0 || c == column)
			nearest = ml_nearest_name(value, (const char *const *) collector->values[c], (int) collector->value_counts[c]);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("no group has the reference value \"%s\"", value),
			 nearest ? errhint("Perhaps you meant \"%s\".", nearest) :
			 errhint("A reference is majority, best, a value of a protected column, or an object such as '{\"sex\": \"Male\"}'.")));
}

/* wanted[column] from {"sex": "Male"} */
static void
read_references(const MlFairCollector *collector, char **wanted)
{
	Jsonb      *json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(collector->spec.reference)));
	int         count;
	MlJsonPair *pairs = ml_json_pairs(json, "reference", &count);

	for (int i = 0; i < count; i++)
	{
		int column = ml_find_name(pairs[i].key, (const char *const *) collector->spec.protected_columns, collector->spec.protected_count);

		if (column < 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("\"%s\" in reference is not a protected column", pairs[i].key)));
		wanted[column] = ml_json_text(&pairs[i].value);
		if (wanted[column] == NULL || bsearch(&wanted[column], collector->values[column], collector->value_counts[column], sizeof(char *), by_text) == NULL)
			no_such_group(collector, wanted[column] ? wanted[column] : "null", column);
	}
}

static void
set_references(const MlFairCollector *collector, SmlFairPlan *plan, SmlFairSet *sets, char ***values)
{
	const char *reference = collector->spec.reference;
	char      **wanted = palloc0(sizeof(char *) * collector->spec.protected_count);
	bool        found = false;

	plan->reference = strcmp(reference, "best") == 0 ? SML_REFERENCE_BEST : SML_REFERENCE_MAJORITY;
	if (strcmp(reference, "best") == 0 || strcmp(reference, "majority") == 0)
		return;
	if (reference[0] == '{')
	{
		read_references(collector, wanted);
		found = true;
	}
	for (int c = 0; c < collector->spec.protected_count && reference[0] != '{'; c++)
		if (bsearch(&reference, collector->values[c], collector->value_counts[c], sizeof(char *), by_text))
		{
			wanted[c] = pstrdup(reference);
			found = true;
		}
	if (!found)
		no_such_group(collector, reference, -1);
	for (size_t s = 1; s < plan->set_count; s++)
		sets[s].reference = group_with(plan, values, &sets[s], wanted);
}

/* ---- the whole ----------------------------------------------------------------------------------- */

static char *
set_name(const MlFairCollector *collector, const SmlFairSet *set)
{
	StringInfoData name;

	initStringInfo(&name);
	for (size_t i = 0; i < set->count; i++)
		appendStringInfo(&name, "%s%s", i ? " & " : "", collector->spec.protected_columns[set->attributes[i]]);
	return name.data;
}

static void
add_note(MlFairResult *result, char *note)
{
	result->notes = result->notes ? repalloc(result->notes, sizeof(char *) * (result->note_count + 1)) : palloc(sizeof(char *));
	result->notes[result->note_count++] = note;
}

static void
count_rows(const MlFairCollector *collector, MlFairResult *result)
{
	const SmlFairState  *all = result->plan.groups[0].state;
	const SmlFairScores *scores = sml_fair_const_scores(all);

	result->rows = (int64) sml_fair_rows(all);
	result->rows_without_weight = (int64) all->unweighed;
	for (int i = 0; i < 3; i++)
	{
		result->rows_without_label += (int64) all->n[SML_UNKNOWN][i];
		result->rows_without_prediction += (int64) all->n[i][SML_UNKNOWN];
	}
	for (size_t c = 0; c < collector->count; c++)
		for (int i = 0; i < collector->spec.protected_count; i++)
			if (collector->cells[c]->texts[i] == NULL)
			{
				result->rows_without_group += (int64) sml_fair_rows(collector->cells[c]->state);
				break;
			}
	if (scores == NULL)
		return;
	result->rows_bad_score = (int64) scores->bad_nan;
	result->rows_without_score = (int64) scores->missing;
	if (scores->bad_range > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a score is %g, outside of 0 to 1", scores->bad_value),
				 errdetail(UINT64_FORMAT " of %lld scores are outside.", (uint64) scores->bad_range, (long long) result->rows),
				 errhint("Scores are probabilities of the positive class. Scale others in a query, or leave score out.")));
}

/* "one" for a single row, "many" with the number of them. */
static void
note_count(MlFairResult *result, int64 count, const char *one, const char *many)
{
	if (count == 1)
		add_note(result, pstrdup(one));
	else if (count > 1)
		add_note(result, psprintf("%lld %s", (long long) count, many));
}

static void
note_rows(const MlFairCollector *collector, MlFairResult *result)
{
	const SmlFairPlan *plan = &result->plan;

	if (result->rows == 0)
		add_note(result, pstrdup("The source has no rows."));
	for (size_t s = 1; s < plan->set_count; s++)
	{
		size_t known = 0;

		for (size_t g = plan->sets[s].first; g < plan->sets[s].first + plan->sets[s].groups; g++)
			known += !plan->groups[g].unknown;
		if (known == 1)
			add_note(result, psprintf("\"%s\" has one group only, so there is nothing to compare.", result->set_names[s]));
		if (plan->draws > 0 && known > 0 && plan->draws * known * 9 > 4000000)
			add_note(result, psprintf("\"%s\" has %zu groups, so its intervals rest on fewer draws than the %zu asked for.",
									  result->set_names[s], known, plan->draws));
	}
	note_count(result, result->rows_without_group, "1 row lacks a protected value; it is shown as (missing) and left out of comparisons.",
			   "rows lack a protected value; they are shown as (missing) and left out of comparisons.");
	note_count(result, result->rows_without_prediction, "1 row has no prediction and counts in base rates only.",
			   "rows have no prediction and count in base rates only.");
	if (collector->spec.target)
		note_count(result, result->rows_without_label, "1 row has no label and counts in selection rates only.",
				   "rows have no label and count in selection rates only.");
	note_count(result, result->rows_without_weight, "1 row of weight 0 or NULL is left out.", "rows of weight 0 or NULL are left out.");
	note_count(result, result->rows_bad_score, "1 score is NaN and left out of figures about scores.",
			   "scores are NaN and left out of figures about scores.");
	if (collector->spec.favorable == NULL)
		add_note(result, pstrdup("No favorable outcome was named, so selection rates are about the positive class and there are no impact ratios."));
}

static void
notice_count(int64 rows, const char *one, const char *many)
{
	if (rows == 1)
		ereport(NOTICE, (errmsg("1 row %s", one)));
	else if (rows > 1)
		ereport(NOTICE, (errmsg("%lld rows %s", (long long) rows, many)));
}

void
ml_fair_notice_rows(const MlFairResult *result, bool target)
{
	notice_count(result->rows_without_group, "lacks a value that makes groups; it is shown as (missing), or left out of comparisons",
				 "lack a value that makes groups; they are shown as (missing), or left out of comparisons");
	notice_count(result->rows_without_prediction, "has no outcome or prediction and is left out of figures about it",
				 "have no outcome or prediction and are left out of figures about it");
	if (target)
		notice_count(result->rows_without_label, "has no label and is left out of figures about it",
					 "have no label and are left out of figures about it");
	notice_count(result->rows_bad_score, "has a score that is NaN and is left out of figures about scores",
				 "have a score that is NaN and are left out of figures about scores");
	if (result->spec->score)
		notice_count(result->rows_without_score, "has no score and is left out of figures about scores",
					 "have no score and are left out of figures about scores");
}

static SmlTruth
favorable_truth(const MlFairSpec *spec)
{
	return spec->favorable == NULL || spec->positive == NULL || strcmp(spec->favorable, spec->positive) == 0 ? SML_YES : SML_NO;
}

MlFairResult *
ml_fair_group(MlFairCollector *collector, SmlFairSet *sets, size_t count)
{
	MemoryContext old = MemoryContextSwitchTo(collector->context);
	MlFairResult *result = palloc0(sizeof(MlFairResult));
	Seen         *seen = palloc_extended(sizeof(Seen) * (collector->count + 1), MCXT_ALLOC_HUGE);
	Groups        all = {0};
	SmlFairPlan  *plan = &result->plan;

	result->spec = &collector->spec;
	collector->values = palloc0(sizeof(char **) * collector->spec.protected_count);
	collector->value_counts = palloc0(sizeof(size_t) * collector->spec.protected_count);
	for (int c = 0; c < collector->spec.protected_count; c++)
		number_values(collector, c);
	for (size_t s = 0; s < count; s++)
		make_groups(collector, sets, s, &all, seen);
	plan->sets = sets;
	plan->set_count = count;
	plan->groups = all.groups;
	plan->group_count = all.count;
	plan->favorable = favorable_truth(&collector->spec);
	plan->favorable_known = collector->spec.favorable != NULL;
	plan->min_n = collector->spec.min_n;
	plan->suppress_below = collector->spec.suppress_below;
	plan->confidence = collector->spec.confidence;
	plan->draws = collector->spec.draws;
	plan->seed = (uint64) collector->spec.seed;
	result->values = all.values;
	result->set_names = palloc(sizeof(char *) * count);
	for (size_t s = 0; s < count; s++)
		result->set_names[s] = set_name(collector, &sets[s]);
	count_rows(collector, result);
	MemoryContextSwitchTo(old);
	return result;
}

MlFairResult *
ml_fair_finish(MlFairCollector *collector)
{
	MemoryContext old = MemoryContextSwitchTo(collector->context);
	SmlFairSet   *sets = palloc0(sizeof(SmlFairSet) * (ML_FAIR_MOST_SETS + 1));
	size_t        count = ml_fair_list_sets(collector->spec.protected_count, collector->spec.intersections, sets);
	MlFairResult *result = ml_fair_group(collector, sets, count);

	check_values(collector, (uint64) result->rows);
	set_references(collector, &result->plan, sets, result->values);
	note_rows(collector, result);
	ML_CHECK(&collector->env, sml_fair_audit(&collector->env, &result->plan, &result->audit), doing);
	MemoryContextSwitchTo(old);
	return result;
}

double
ml_fair_disparity(const MlFairResult *result, const char *attribute, const char *metric)
{
	for (size_t r = 0; r < result->audit->count; r++)
	{
		const SmlFairRow *row = &result->audit->rows[r];

		if (row->scope == SML_SCOPE_DISPARITY && strcmp(result->set_names[row->set], attribute) == 0 && strcmp(row->metric, metric) == 0)
			return row->figure.value;
	}
	return NAN;
}
