/*
 * strategy.c - sizes of classes; see strategy.h.
 */
#include "strategy.h"

#include <math.h>
#include <string.h>

#include "../options.h"

typedef enum Name
{
	NAME_AUTO = 0,
	NAME_MINORITY,
	NAME_NOT_MINORITY,
	NAME_NOT_MAJORITY,
	NAME_ALL,
	NAME_MAJORITY,
	NAME_COUNT
} Name;

static const char *const names[NAME_COUNT] = {"auto", "minority", "not minority", "not majority", "all", "majority"};

/* Whether a side may be asked for a name: over cannot grow the majority, under cannot shrink only the minority. */
static bool
fits(SmlStrategySide side, Name name)
{
	return side == SML_SIDE_OVER ? name != NAME_MAJORITY : name != NAME_MINORITY;
}

static SmlStatus
find_name(SmlEnv *env, SmlStrategySide side, const char *text, Name *name)
{
	const char *near;

	for (int i = 0; i < NAME_COUNT; i++)
		if (strcmp(text, names[i]) == 0)
		{
			if (!fits(side, (Name) i))
				return sml_fail(env, SML_BAD_OPTION, side == SML_SIDE_OVER ?
								"Strategy \"%s\" does not fit over-sampling: the largest class cannot grow to its own size." :
								"Strategy \"%s\" does not fit under-sampling: the smallest class cannot shrink to its own size.", text);
			*name = (Name) i;
			return SML_OK;
		}
	near = sml_closest(text, names, NAME_COUNT);
	return sml_fail(env, SML_BAD_OPTION, "Strategy \"%.60s\" is not known%s%s%s; there are auto, minority, not minority, not majority, all and (to under-sample) majority.",
					text, near ? ", perhaps you meant \"" : "", near ? near : "", near ? "\"" : "");
}

static size_t
largest_class(const SmlClassPlan *plan, size_t count)
{
	size_t best = 0;

	for (size_t c = 1; c < count; c++)
		if (plan[c].present > plan[best].present)
			best = c;
	return best;
}

static size_t
smallest_class(const SmlClassPlan *plan, size_t count)
{
	size_t best = 0;

	for (size_t c = 1; c < count; c++)
		if (plan[c].present < plan[best].present)
			best = c;
	return best;
}

static bool
named(Name name, SmlStrategySide side, size_t c, size_t smallest, size_t largest)
{
	switch (name)
	{
		case NAME_AUTO:
			return side == SML_SIDE_OVER ? c != largest : c != smallest;
		case NAME_MINORITY:
			return c == smallest;
		case NAME_NOT_MINORITY:
			return c != smallest;
		case NAME_NOT_MAJORITY:
			return c != largest;
		case NAME_MAJORITY:
			return c == largest;
		default:
			return true;
	}
}

static SmlStatus
plan_by_name(SmlEnv *env, SmlStrategySide side, const char *text, size_t count, SmlClassPlan *plan)
{
	size_t    largest = largest_class(plan, count);
	size_t    smallest = smallest_class(plan, count);
	Name      name = NAME_AUTO;
	SmlStatus status = find_name(env, side, text, &name);

	if (status != SML_OK)
		return status;
	for (size_t c = 0; c < count; c++)
		if (named(name, side, c, smallest, largest))
		{
			if (side == SML_SIDE_CLEAN)
				plan[c].cleaned = true;
			else
				plan[c].wanted = plan[side == SML_SIDE_OVER ? largest : smallest].present;
		}
	return SML_OK;
}

static SmlStatus
plan_by_ratio(SmlEnv *env, SmlStrategySide side, double ratio, const char *const *labels, size_t count, SmlClassPlan *plan)
{
	size_t largest = largest_class(plan, count);
	size_t other = largest == 0 ? 1 : 0;
	double wanted;

	if (side == SML_SIDE_CLEAN)
		return sml_fail(env, SML_BAD_OPTION, "A ratio does not fit a method that cleans: it removes rows by what they are, not to a size.");
	if (!(ratio > 0 && ratio <= 1))
		return sml_fail(env, SML_BAD_OPTION, "The ratio is %g; it must be above 0 and at most 1.", ratio);
	if (count != 2)
		return sml_fail(env, SML_BAD_OPTION, "A ratio needs two classes, there are %zu; give final sizes by class instead.", count);
	if (side == SML_SIDE_OVER)
	{
		wanted = floor((double) plan[largest].present * ratio);
		if (wanted <= (double) plan[other].present)
			return sml_fail(env, SML_BAD_OPTION, "Ratio %g asks for %.0f rows of class \"%s\", which has %llu already (ratio %.4g).", ratio, wanted,
							labels[other], (unsigned long long) plan[other].present, (double) plan[other].present / (double) plan[largest].present);
		plan[other].wanted = (uint64_t) wanted;
		return SML_OK;
	}
	wanted = floor((double) plan[other].present / ratio);
	if (wanted > (double) plan[largest].present)
		return sml_fail(env, SML_BAD_OPTION, "Ratio %g asks for %.0f rows of class \"%s\", which has only %llu.", ratio, wanted,
						labels[largest], (unsigned long long) plan[largest].present);
	plan[largest].wanted = (uint64_t) wanted;
	return SML_OK;
}

static SmlStatus
plan_by_sizes(SmlEnv *env, SmlStrategySide side, const int64_t *sizes, const char *const *labels, size_t count, SmlClassPlan *plan)
{
	for (size_t c = 0; c < count; c++)
	{
		if (sizes[c] < 0)
			continue;
		if (side == SML_SIDE_CLEAN)
			return sml_fail(env, SML_BAD_OPTION, "Sizes do not fit a method that cleans: it removes rows by what they are, not to a size.");
		if (side == SML_SIDE_OVER ? (uint64_t) sizes[c] < plan[c].present : (uint64_t) sizes[c] > plan[c].present)
			return sml_fail(env, SML_BAD_OPTION, "Class \"%s\" has %llu rows; the size %lld asked for is %s.", labels[c],
							(unsigned long long) plan[c].present, (long long) sizes[c],
							side == SML_SIDE_OVER ? "smaller, and over-sampling removes none" : "larger, and under-sampling adds none");
		plan[c].wanted = (uint64_t) sizes[c];
	}
	return SML_OK;
}

SmlStatus
sml_strategy_plan(SmlEnv *env, SmlStrategySide side, const SmlStrategy *strategy,
				  const char *const *labels, size_t class_count, SmlClassPlan *plan)
{
	if (class_count < 2)
		return sml_fail(env, SML_BAD_INPUT, class_count == 0 ? "There are no rows." : "There is one class only, \"%s\".", class_count ? labels[0] : "");
	for (size_t c = 0; c < class_count; c++)
	{
		if (plan[c].present == 0)
			return sml_fail(env, SML_BAD_INPUT, "Class \"%s\" has no rows.", labels[c]);
		plan[c].wanted = plan[c].present;
		plan[c].cleaned = false;
	}
	if (strategy->sizes != NULL)
		return plan_by_sizes(env, side, strategy->sizes, labels, class_count, plan);
	if (strategy->ratio != 0)
		return plan_by_ratio(env, side, strategy->ratio, labels, class_count, plan);
	return plan_by_name(env, side, strategy->name != NULL ? strategy->name : "auto", class_count, plan);
}
