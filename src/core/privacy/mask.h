/*
 * mask.h - the arithmetic of masks: values in, values out that say less.
 *
 * Every function is total: any input gives a result, and no input ever appears in an error.  Text is bytes in UTF-8 or in an
 * encoding with one byte a character; a character that is not whole counts as one character a byte.
 * Randomness: none of its own.  Noise and pseudonyms depend on a key and the value alone (prf.h), so asking again gives
 * the same answer and averaging over answers tells nothing.
 * Missing values: NULL never gets here and stays NULL.
 *
 * Cost: linear in the length of a text, constant for numbers and dates.
 */
#ifndef SML_MASK_H
#define SML_MASK_H

#include "prf.h"

/* ---- text; each returns the bytes written to out ------------------------------------- */

/*
 * The first "prefix" and last "suffix" characters with "fill" between; "fill" alone when the text has no other
 * characters than those.  out has room for text and fill.
 */
size_t sml_mask_partial(SmlSlice text, bool utf8, size_t prefix, SmlSlice fill, size_t suffix, uint8_t *out);

/* "jane@mail.example.org" gives "j***@m***.org"; "***" when it is no address.  out has room for text and SML_EMAIL_EXTRA. */
#define SML_EMAIL_EXTRA 16
size_t sml_mask_email(SmlSlice text, bool utf8, uint8_t *out);

/* What sml_mask_redact takes out of a text. */
typedef enum SmlRedact
{
	SML_REDACT_DIGITS = 1, /* each digit becomes # */
	SML_REDACT_NUMBERS,    /* runs of seven digits and more, with separators, become ### */
	SML_REDACT_EMAILS,     /* addresses become *** */
	SML_REDACT_ALL         /* addresses and numbers */
} SmlRedact;

/* false: there is no such kind. */
SML_MUST_USE bool sml_redact_kind(const char *name, SmlRedact *kind);

/* out has room for the text. */
size_t sml_mask_redact(SmlSlice text, SmlRedact kind, uint8_t *out);

/* ---- numbers ------------------------------------------------------------------------------ */

/* "[20,30)": the cell of width "width" counted from "origin".  Returns the length; out has room for SML_BUCKET_ROOM bytes. */
#define SML_BUCKET_ROOM 80
size_t sml_mask_bucket(double value, double width, double origin, char *out);

/* The nearest multiple of step, halves away from 0. */
double sml_mask_round(double value, double step);

/* value * (1 + ratio * u) + amount * u, u in (-1, 1) fixed by key and value.  NaN and infinities stay. */
double sml_mask_noise(const SmlPrf *prf, double value, double ratio, double amount);

/* ---- dates: days since 2000-01-01 ------------------------------------------------------------- */

typedef enum SmlDateUnit
{
	SML_UNIT_DAY = 1, SML_UNIT_MONTH, SML_UNIT_QUARTER, SML_UNIT_YEAR, SML_UNIT_DECADE
} SmlDateUnit;

SML_MUST_USE bool sml_date_unit(const char *name, SmlDateUnit *unit);

/* The first day of the day's month, quarter, year or decade (years 2010 to 2019), in the proleptic Gregorian calendar. */
int64_t sml_mask_date(int64_t day, SmlDateUnit unit);

/* A shift by 1 to "most" days forwards or backwards, fixed by key and day. */
int64_t sml_mask_date_shift(const SmlPrf *prf, int64_t day, int64_t most);

/* ---- pseudonyms ----------------------------------------------------------------------------------- */

/* 32 hexadecimal digits. */
void sml_mask_hex(SmlPrfValue value, char *out);

/* "p_" and 16 letters and digits (80 bits): 18 bytes. */
#define SML_PSEUDONYM_SIZE 18
void sml_mask_pseudonym(SmlPrfValue value, char *out);

/* Invented values. */
typedef enum SmlFake
{
	SML_FAKE_FIRST_NAME = 1, SML_FAKE_LAST_NAME, SML_FAKE_FULL_NAME, SML_FAKE_EMAIL, SML_FAKE_PHONE, SML_FAKE_CITY
} SmlFake;

SML_MUST_USE bool sml_fake_kind(const char *name, SmlFake *kind);

/* An invented value fixed by "value"; returns its length.  Different inputs can share one.  out has room for SML_FAKE_ROOM bytes. */
#define SML_FAKE_ROOM 64
size_t sml_mask_fake(SmlPrfValue value, SmlFake kind, char *out);

#endif
