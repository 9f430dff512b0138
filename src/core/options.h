/*
 * options.h - what a caller asks of a learner, checked against the learner's
 * table of options, and the closest known name for one that was mistyped.
 */
#ifndef SML_OPTIONS_H
#define SML_OPTIONS_H

#include "fold.h"

typedef enum SmlValueKind
{
	SML_VALUE_NULL = 0, /* keeps the default */
	SML_VALUE_NUMBER,
	SML_VALUE_BOOLEAN,  /* 0 or 1 in number */
	SML_VALUE_TEXT,
	SML_VALUE_OTHER     /* a list or an object: never right */
} SmlValueKind;

typedef struct SmlGivenOption
{
	const char  *name;
	SmlValueKind kind;
	double       number;
	const char  *text;
} SmlGivenOption;

/*
 * Fill values[learner->option_count]: the defaults, then what is given.  A text
 * that reads as a number or a boolean counts as one.  SML_BAD_OPTION with a
 * sentence: an unknown name (the closest one and the list of known ones; the
 * "other" names, which the caller handles itself, are in that list too), a name
 * given twice, a value of the wrong kind or out of range.  "values" is then
 * untouched.
 */
SML_MUST_USE SmlStatus sml_options_fill(SmlEnv *env, const SmlLearner *learner,
										const SmlGivenOption *given, size_t given_count,
										const char *const *other, size_t other_count, double *values);

/*
 * The name that was probably meant: the least edit distance (insertion,
 * deletion, substitution, swap of neighbours; letter case ignored), at most 2 or
 * a third of the length, whichever is more, and less than the whole length.
 * Ties: the first.  NULL when none is close.
 */
const char *sml_closest(const char *name, const char *const *names, size_t count);

/* Copy choice "index" of "a|b|c" into text (zero-ended, cut to size); false when there is no such choice. */
bool sml_option_choice(const SmlOptionSpec *spec, size_t index, char *text, size_t size);

#endif
