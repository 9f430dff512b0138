/*
 * suppress.c - which cells are not for everybody; see audit.h.
 *
 * A cell below the limit is hidden.  What is hidden must not follow by subtraction: along every
 * line of cells whose total is shown (all groups of a set; the cells of a cross within one group of a
 * smaller set), either nothing is hidden, or at least two cells with at least the limit
 * of rows together.  The smallest shown cell is hidden until that holds.  This protects against
 * subtraction along single lines; it is no protection against everything that could be
 * inferred from several audits of changing rows.
 */
#include <string.h>

#include "audit.h"

/* A set below another one: each group of the larger set lies in one group of the smaller. */
typedef struct Margin
{
	size_t  larger;
	size_t  smaller;
	size_t *parent; /* per group of the larger set: index into groups */
} Margin;

typedef struct Line
{
	size_t   hidden;
	uint64_t rows;     /* of the hidden ones */
	size_t   smallest; /* shown cell with the fewest rows */
} Line;

/* Whether all attributes of b are among those of a. */
static bool
contains(const SmlFairSet *a, const SmlFairSet *b)
{
	size_t i = 0;

	if (b->count >= a->count)
		return false;
	for (size_t k = 0; k < b->count; k++)
	{
		while (i < a->count && a->attributes[i] < b->attributes[k])
			i++;
		if (i == a->count || a->attributes[i] != b->attributes[k])
			return false;
	}
	return true;
}

/* Compare the values that a group of "from" has on the attributes of "to" with those of a group of "to". */
static int
compare(const SmlFairSet *from, const size_t *values, const SmlFairSet *to, const size_t *others)
{
	size_t i = 0;

	for (size_t k = 0; k < to->count; k++)
	{
		while (from->attributes[i] != to->attributes[k])
			i++;
		if (values[i] != others[k])
			return values[i] < others[k] ? -1 : 1;
	}
	return 0;
}

/* Groups of a set are in the order of their values: look the parent up by bisection. */
static size_t
find_parent(const SmlFairPlan *plan, const SmlFairSet *from, const SmlFairGroup *group, const SmlFairSet *to)
{
	size_t low = to->first;
	size_t high = to->first + to->groups;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;
		int    order = compare(from, group->values, to, plan->groups[middle].values);

		if (order == 0)
			return middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return SML_NO_GROUP;
}

static SmlStatus
make_margin(SmlEnv *env, const SmlFairPlan *plan, Margin *margin)
{
	const SmlFairSet *from = &plan->sets[margin->larger];
	const SmlFairSet *to = &plan->sets[margin->smaller];
	SmlStatus         status = sml_alloc_array(env, from->groups, sizeof(size_t), &margin->parent);

	for (size_t g = 0; status == SML_OK && g < from->groups; g++)
		margin->parent[g] = find_parent(plan, from, &plan->groups[from->first + g], to);
	return status;
}

static void
hide(bool *suppressed, size_t group, bool *changed)
{
	if (group == SML_NO_GROUP || suppressed[group])
		return;
	suppressed[group] = true;
	*changed = true;
}

static void
scan_lines(const SmlFairPlan *plan, const Margin *margin, const bool *suppressed, Line *lines)
{
	const SmlFairSet *from = &plan->sets[margin->larger];

	for (size_t g = 0; g < plan->group_count; g++)
		lines[g] = (Line) {0, 0, SML_NO_GROUP};
	for (size_t g = 0; g < from->groups; g++)
	{
		size_t   group = from->first + g;
		uint64_t rows = sml_fair_rows(plan->groups[group].state);
		Line    *line;

		if (margin->parent[g] == SML_NO_GROUP)
			continue;
		line = &lines[margin->parent[g]];
		if (suppressed[group])
		{
			line->hidden++;
			line->rows += rows;
		}
		else if (line->smallest == SML_NO_GROUP || rows < sml_fair_rows(plan->groups[line->smallest].state))
			line->smallest = group;
	}
}

/* One look at all lines of a margin. */
static void
tighten(const SmlFairPlan *plan, const Margin *margin, Line *lines, bool *suppressed, bool *changed)
{
	const SmlFairSet *to = &plan->sets[margin->smaller];

	scan_lines(plan, margin, suppressed, lines);
	for (size_t t = 0; t < to->groups; t++)
	{
		size_t      parent = to->first + t;
		const Line *line = &lines[parent];

		if (suppressed[parent])
		{
			/* all cells shown would give the hidden total away */
			if (line->hidden == 0)
				hide(suppressed, line->smallest, changed);
		}
		else if (line->hidden > 0 && (line->hidden == 1 || line->rows < plan->suppress_below))
			hide(suppressed, line->smallest != SML_NO_GROUP ? line->smallest : parent, changed);
	}
}

static SmlStatus
until_tight(SmlEnv *env, const SmlFairPlan *plan, const Margin *margins, size_t count, Line *lines, bool *suppressed)
{
	bool      changed = true;
	SmlStatus status = SML_OK;

	while (changed && status == SML_OK)
	{
		changed = false;
		for (size_t m = 0; m < count && status == SML_OK; m++)
		{
			tighten(plan, &margins[m], lines, suppressed, &changed);
			status = sml_poll(env);
		}
	}
	return status;
}

SmlStatus
sml_fair_suppress(SmlEnv *env, const SmlFairPlan *plan, bool *suppressed)
{
	Margin   *margins = NULL;
	Line     *lines = NULL;
	size_t    count = 0;
	size_t    room = 0;
	bool      any = false;
	SmlStatus status = SML_OK;

	for (size_t g = 0; g < plan->group_count; g++)
	{
		suppressed[g] = sml_fair_rows(plan->groups[g].state) < plan->suppress_below;
		any |= suppressed[g];
	}
	if (!any)
		return SML_OK;
	for (size_t a = 0; a < plan->set_count; a++)
		for (size_t b = 0; b < plan->set_count; b++)
		{
			if (!contains(&plan->sets[a], &plan->sets[b]))
				continue;
			SML_TRY(sml_grow_array(env, &margins, &room, count + 1, sizeof(Margin)));
			margins[count] = (Margin) {a, b, NULL};
			count++;
			SML_TRY(make_margin(env, plan, &margins[count - 1]));
		}
	SML_TRY(sml_alloc_array(env, plan->group_count, sizeof(Line), &lines));
	status = until_tight(env, plan, margins, count, lines, suppressed);
done:
	for (size_t m = 0; m < count; m++)
		sml_free(env, margins[m].parent);
	sml_free(env, margins);
	sml_free(env, lines);
	return status;
}
