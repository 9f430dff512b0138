/*
 * options.c - checks what a caller asks of a learner, and finds the closest
 * name for a mistyped one.  Nothing is allocated; the cost is a few hundred
 * character comparisons per unknown name.
 *
 * Distance: optimal string alignment (Levenshtein with swaps of neighbours),
 * three rows of the usual table.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

/* Names longer than this have no closest name. */
#define LONGEST_NAME 63

/* Choices and option names are looked for among at most so many names at once. */
#define MOST_NAMES 64

static char
lower(char letter)
{
	return letter >= 'A' && letter <= 'Z' ? (char) (letter - 'A' + 'a') : letter;
}

static size_t
least_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edit distance of two names of at most LONGEST_NAME bytes. */
static size_t
edit_distance(const char *a, size_t length_a, const char *b, size_t length_b)
{
	size_t  rows[3][LONGEST_NAME + 1];
	size_t *before = rows[0];
	size_t *above = rows[1];
	size_t *here = rows[2];

	for (size_t j = 0; j <= length_b; j++)
		above[j] = j;
	for (size_t i = 1; i <= length_a; i++)
	{
		size_t *spare = before;

		here[0] = i;
		for (size_t j = 1; j <= length_b; j++)
		{
			bool   same = lower(a[i - 1]) == lower(b[j - 1]);
			size_t best = above[j - 1] + (same ? 0 : 1);

			best = least_of(best, above[j] + 1);
			best = least_of(best, here[j - 1] + 1);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
				best = least_of(best, before[j - 2] + 1);
			here[j] = best;
		}
		before = above;
		above = here;
		here = spare;
	}
	return above[length_b];
}

const char *
sml_closest(const char *name, const char *const *names, size_t count)
{
	size_t      length = strlen(name);
	size_t      allowed = length / 3 > 2 ? length / 3 : 2;
	size_t      best_distance = 0;
	const char *best = NULL;

	if (length == 0 || length > LONGEST_NAME)
		return NULL;
	for (size_t i = 0; i < count; i++)
	{
		size_t other = strlen(names[i]);
		size_t distance;

		if (other > LONGEST_NAME)
			continue;
		distance = edit_distance(name, length, names[i], other);
		/* a distance of the whole length keeps no letter */
		if (distance > allowed || (distance > 0 && (distance >= length || distance >= other)))
			continue;
		if (best == NULL || distance < best_distance)
		{
			best = names[i];
			best_distance = distance;
		}
	}
	return best;
}

bool
sml_option_choice(const SmlOptionSpec *spec, size_t index, char *text, size_t size)
{
	const char *from = spec->choices;
	size_t      length;

	if (from == NULL || size == 0)
		return false;
	for (size_t i = 0; i < index; i++)
	{
		from = strchr(from, '|');
		if (from == NULL)
			return false;
		from++;
	}
	length = strcspn(from, "|");
	if (length > size - 1)
		length = size - 1;
	memcpy(text, from, length);
	text[length] = '\0';
	return true;
}

/* Append ", name" (or "name" when first), or nothing when there is no room for all of it. */
static void
append_name(char *list, size_t size, const char *name)
{
	size_t used = strlen(list);
	size_t length = strlen(name);

	if (used + 2 + length + 1 > size)
		return;
	if (used > 0)
	{
		memcpy(list + used, ", ", 2);
		used += 2;
	}
	memcpy(list + used, name, length + 1);
}

static SmlStatus
fail_unknown(SmlEnv *env, const SmlLearner *learner, const char *name, const char *const *other, size_t other_count)
{
	const char *names[MOST_NAMES] = {NULL};
	size_t      count = 0;
	char        list[SML_DETAIL_SIZE / 2] = "";
	const char *closest;

	for (size_t i = 0; i < learner->option_count && count < MOST_NAMES; i++)
		names[count++] = learner->options[i].name;
	for (size_t i = 0; i < other_count && count < MOST_NAMES; i++)
		names[count++] = other[i];
	for (size_t i = 0; i < count; i++)
		append_name(list, sizeof(list), names[i]);
	closest = sml_closest(name, names, count);
	if (count == 0)
		return sml_fail(env, SML_BAD_OPTION, "\"%s\" has no option \"%.*s\", nor any other.", learner->name,
						sml_clip(name, 63), name);
	if (closest == NULL)
		return sml_fail(env, SML_BAD_OPTION, "\"%s\" has no option \"%.*s\"; it knows %s.", learner->name,
						sml_clip(name, 63), name, list);
	return sml_fail(env, SML_BAD_OPTION, "\"%s\" has no option \"%.*s\"; perhaps \"%s\" was meant. It knows %s.",
					learner->name, sml_clip(name, 63), name, closest, list);
}

/* A text as a number: all of it, finite or not. */
static bool
text_number(const char *text, double *number)
{
	char  *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0')
		return false;
	*number = value;
	return true;
}

static bool
text_boolean(const char *text, double *number)
{
	static const char *const words[2][4] = {{"false", "off", "no", "f"}, {"true", "on", "yes", "t"}};

	for (int value = 0; value < 2; value++)
	{
		for (int i = 0; i < 4; i++)
		{
			if (strcmp(text, words[value][i]) == 0)
			{
				*number = value;
				return true;
			}
		}
	}
	return false;
}

static SmlStatus
fill_boolean(SmlEnv *env, const SmlOptionSpec *spec, const SmlGivenOption *given, double *value)
{
	bool right = given->kind == SML_VALUE_BOOLEAN;

	*value = given->number;
	if (given->kind == SML_VALUE_NUMBER)
		right = given->number == 0 || given->number == 1;
	else if (given->kind == SML_VALUE_TEXT)
		right = text_boolean(given->text, value);
	if (!right)
		return sml_fail(env, SML_BAD_OPTION, "Option \"%s\" must be true or false.", spec->name);
	*value = *value != 0;
	return SML_OK;
}

static SmlStatus
fill_number(SmlEnv *env, const SmlOptionSpec *spec, const SmlGivenOption *given, double *value)
{
	bool        right = given->kind == SML_VALUE_NUMBER;
	const char *what = spec->kind == SML_OPTION_INTEGER ? "a whole number" : "a number";

	*value = given->number;
	if (given->kind == SML_VALUE_TEXT)
		right = text_number(given->text, value);
	if (right && spec->kind == SML_OPTION_INTEGER)
		right = isfinite(*value) && *value == floor(*value);
	if (!right)
		return sml_fail(env, SML_BAD_OPTION, "Option \"%s\" must be %s.", spec->name, what);
	/* written so that NaN fails */
	if (!(*value >= spec->least && *value <= spec->greatest) || isinf(*value))
	{
		if (isinf(spec->greatest))
			return sml_fail(env, SML_BAD_OPTION, "Option \"%s\" must be at least %.10g and finite, not %.10g.",
							spec->name, spec->least, *value);
		return sml_fail(env, SML_BAD_OPTION, "Option \"%s\" must be between %.10g and %.10g, not %.10g.",
						spec->name, spec->least, spec->greatest, *value);
	}
	return SML_OK;
}

static SmlStatus
fill_choice(SmlEnv *env, const SmlOptionSpec *spec, const SmlGivenOption *given, double *value)
{
	char        choices[MOST_NAMES][LONGEST_NAME + 1];
	const char *names[MOST_NAMES] = {NULL};
	char        list[SML_DETAIL_SIZE / 2] = "";
	size_t      count = 0;
	const char *closest = NULL;

	while (count < MOST_NAMES && sml_option_choice(spec, count, choices[count], sizeof(choices[count])))
	{
		names[count] = choices[count];
		append_name(list, sizeof(list), names[count]);
		if (given->kind == SML_VALUE_TEXT && strcmp(given->text, names[count]) == 0)
		{
			*value = (double) count;
			return SML_OK;
		}
		count++;
	}
	if (given->kind == SML_VALUE_TEXT)
		closest = sml_closest(given->text, names, count);
	if (closest != NULL)
		return sml_fail(env, SML_BAD_OPTION, "Option \"%s\" must be one of %s; perhaps \"%s\" was meant.",
						spec->name, list, closest);
	return sml_fail(env, SML_BAD_OPTION, "Option \"%s\" must be one of %s.", spec->name, list);
}

/* Check one given value against its option. */
static SmlStatus
fill_one(SmlEnv *env, const SmlOptionSpec *spec, const SmlGivenOption *given, double *value)
{
	if (given->kind == SML_VALUE_NULL)
	{
		*value = spec->initial;
		return SML_OK;
	}
	switch (spec->kind)
	{
		case SML_OPTION_BOOLEAN:
			return fill_boolean(env, spec, given, value);
		case SML_OPTION_CHOICE:
			return fill_choice(env, spec, given, value);
		case SML_OPTION_NUMBER:
		case SML_OPTION_INTEGER:
			break;
	}
	return fill_number(env, spec, given, value);
}

/* Index of an option by name, or option_count. */
static size_t
find_option(const SmlLearner *learner, const char *name)
{
	size_t i = 0;

	while (i < learner->option_count && strcmp(learner->options[i].name, name) != 0)
		i++;
	return i;
}

/* Check everything without writing, so that a failure leaves "values" alone. */
static SmlStatus
check_all(SmlEnv *env, const SmlLearner *learner, const SmlGivenOption *given, size_t given_count,
		  const char *const *other, size_t other_count)
{
	for (size_t i = 0; i < given_count; i++)
	{
		size_t    index = find_option(learner, given[i].name);
		double    ignored;
		SmlStatus status;

		if (index == learner->option_count)
			return fail_unknown(env, learner, given[i].name, other, other_count);
		for (size_t k = 0; k < i; k++)
		{
			if (strcmp(given[k].name, given[i].name) == 0)
				return sml_fail(env, SML_BAD_OPTION, "Option \"%.*s\" is given twice.", sml_clip(given[i].name, 63), given[i].name);
		}
		status = fill_one(env, &learner->options[index], &given[i], &ignored);
		if (status != SML_OK)
			return status;
	}
	return SML_OK;
}

SmlStatus
sml_options_fill(SmlEnv *env, const SmlLearner *learner, const SmlGivenOption *given, size_t given_count,
				 const char *const *other, size_t other_count, double *values)
{
	SmlStatus status = check_all(env, learner, given, given_count, other, other_count);

	if (status != SML_OK)
		return status;
	for (size_t i = 0; i < learner->option_count; i++)
		values[i] = learner->options[i].initial;
	for (size_t i = 0; i < given_count && status == SML_OK; i++)
	{
		size_t index = find_option(learner, given[i].name);

		status = fill_one(env, &learner->options[index], &given[i], &values[index]);
	}
	return status;
}
