/*
 * personal.h - a guess whether a column holds personal data: by its name, and by a look at values.
 *
 * A heuristic that is meant to point at columns for a person to look at.  It knows English words for names of columns and
 * six formats of values with checks of their own (Luhn, mod 97), nothing about meaning: a column called "c17" with first names in it
 * is not found.
 *
 * Cost: linear in the length of the text; no memory.
 */
#ifndef SML_PERSONAL_H
#define SML_PERSONAL_H

#include "secret.h"

/* What a name of a column says it holds ("email address"), or NULL.  Words are told by _, -, blanks, digits and capitals. */
const char *sml_personal_name(const char *name);

typedef enum SmlPersonal
{
	SML_PERSONAL_NONE = 0, SML_PERSONAL_EMAIL, SML_PERSONAL_CARD, SML_PERSONAL_IBAN, SML_PERSONAL_SSN, SML_PERSONAL_PHONE, SML_PERSONAL_IP,
	SML_PERSONAL_KINDS
} SmlPersonal;

/* The format of a value, blanks around it apart. */
SmlPersonal sml_personal_value(SmlSlice text);

/* In words: "email address". */
const char *sml_personal_words(SmlPersonal kind);

#endif
