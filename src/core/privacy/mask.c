/*
 * mask.c - see mask.h.  Invented names are in fake.c.
 */
#include "mask.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- characters ----------------------------------------------------------------------- */

static bool
is_tail(uint8_t byte)
{
	return (byte & 0xC0) == 0x80;
}

/* Bytes of the character at "at"; 1 where the text is no UTF-8. */
static size_t
step(SmlSlice text, bool utf8, size_t at)
{
	uint8_t first = text.bytes[at];
	size_t  want = first >= 0xF0 && first < 0xF8 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;

	if (!utf8 || first < 0xC0 || first >= 0xF8 || text.size - at < want)
		return 1;
	for (size_t i = 1; i < want; i++)
		if (!is_tail(text.bytes[at + i]))
			return 1;
	return want;
}

/* Whether every byte is a character. */
static bool
is_simple(SmlSlice text, bool utf8)
{
	uint64_t any = 0;
	size_t   at = 0;

	if (!utf8)
		return true;
	/* most texts are short: words of eight, then single bytes */
	for (; at + 8 <= text.size; at += 8)
	{
		uint64_t word;

		memcpy(&word, text.bytes + at, 8);
		any |= word;
	}
	for (; at < text.size; at++)
		any |= text.bytes[at];
	return (any & 0x8080808080808080u) == 0;
}

static size_t
count_characters(SmlSlice text, bool utf8)
{
	size_t count = 0;

	for (size_t at = 0; at < text.size; at += step(text, utf8, at))
		count++;
	return count;
}

/* The byte at which character number "index" begins. */
static size_t
place_of(SmlSlice text, bool utf8, size_t index)
{
	size_t at = 0;

	for (size_t i = 0; i < index && at < text.size; i++)
		at += step(text, utf8, at);
	return at;
}

/* Pieces are a few bytes, for which a call of memcpy costs more than the copy; two moves that overlap fit any size. */
static inline size_t
put(uint8_t *out, size_t at, const uint8_t *bytes, size_t size)
{
	uint8_t *to = out + at;

	if (size > 16)
		memcpy(to, bytes, size);
	else if (size >= 8)
	{
		memcpy(to, bytes, 8);
		memcpy(to + size - 8, bytes + size - 8, 8);
	}
	else if (size >= 4)
	{
		memcpy(to, bytes, 4);
		memcpy(to + size - 4, bytes + size - 4, 4);
	}
	else if (size > 0)
	{
		to[0] = bytes[0];
		to[size / 2] = bytes[size / 2];
		to[size - 1] = bytes[size - 1];
	}
	return at + size;
}

static inline size_t
put_words(uint8_t *out, size_t at, const char *words, size_t size)
{
	return put(out, at, (const uint8_t *) words, size);
}

/* ---- text ---------------------------------------------------------------------------------- */

size_t
sml_mask_partial(SmlSlice text, bool utf8, size_t prefix, SmlSlice fill, size_t suffix, uint8_t *out)
{
	bool   simple = is_simple(text, utf8);
	size_t count = simple ? text.size : count_characters(text, utf8);
	size_t head;
	size_t tail;
	size_t written;

	/* a text that the ends would cover is hidden whole */
	if (prefix >= count || suffix >= count - prefix)
		return put(out, 0, fill.bytes, fill.size);
	head = simple ? prefix : place_of(text, utf8, prefix);
	tail = simple ? count - suffix : place_of(text, utf8, count - suffix);
	written = put(out, 0, text.bytes, head);
	written = put(out, written, fill.bytes, fill.size);
	return put(out, written, text.bytes + tail, text.size - tail);
}

/* The last position of a byte in text[from, to), or to. */
static size_t
last_of(SmlSlice text, size_t from, size_t to, uint8_t byte)
{
	for (size_t i = to; i > from; i--)
		if (text.bytes[i - 1] == byte)
			return i - 1;
	return to;
}

size_t
sml_mask_email(SmlSlice text, bool utf8, uint8_t *out)
{
	size_t at = last_of(text, 0, text.size, '@');
	size_t dot;
	size_t written;

	if (at == 0 || at + 1 >= text.size)
		return put_words(out, 0, "***", 3);
	dot = last_of(text, at + 2, text.size, '.');
	written = put(out, 0, text.bytes, step(text, utf8, 0));
	written = put_words(out, written, "***@", 4);
	written = put(out, written, text.bytes + at + 1, step(text, utf8, at + 1));
	written = put_words(out, written, "***", 3);
	return put(out, written, text.bytes + dot, text.size - dot);
}

bool
sml_redact_kind(const char *name, SmlRedact *kind)
{
	static const char *const names[] = {"digits", "numbers", "emails", "all"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
		{
			*kind = (SmlRedact) (i + 1);
			return true;
		}
	return false;
}

static bool
is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static bool
is_separator(uint8_t byte)
{
	return byte == ' ' || byte == '-' || byte == '.' || byte == '/' || byte == '(' || byte == ')';
}

static bool
is_address(uint8_t byte)
{
	return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte >= 0x80 ||
		byte == '.' || byte == '_' || byte == '%' || byte == '+' || byte == '-' || byte == '\'' || byte == '@';
}

/* The end of a run of digits and separators that begins with a digit at "at"; it ends with a digit. */
static size_t
number_end(SmlSlice text, size_t at, size_t *digits)
{
	size_t end = at;

	*digits = 0;
	for (size_t i = at; i < text.size && (is_digit(text.bytes[i]) || is_separator(text.bytes[i])); i++)
		if (is_digit(text.bytes[i]))
		{
			(*digits)++;
			end = i + 1;
		}
	return end;
}

/* The end of a word with an address in it that begins at "at"; "at" when it has none. */
static size_t
address_end(SmlSlice text, size_t at)
{
	size_t end = at;
	bool   inside = false;

	while (end < text.size && is_address(text.bytes[end]))
	{
		/* something before it and something after it: three bytes at least, which become three */
		inside = inside || (text.bytes[end] == '@' && end > at && end + 1 < text.size && is_address(text.bytes[end + 1]));
		end++;
	}
	return inside ? end : at;
}

/* The end of the word of address characters that begins at "at". */
static size_t
word_end(SmlSlice text, size_t at)
{
	while (at < text.size && is_address(text.bytes[at]))
		at++;
	return at;
}

static size_t
redact_digits(SmlSlice text, uint8_t *out)
{
	for (size_t i = 0; i < text.size; i++)
		out[i] = is_digit(text.bytes[i]) ? '#' : text.bytes[i];
	return text.size;
}

size_t
sml_mask_redact(SmlSlice text, SmlRedact kind, uint8_t *out)
{
	bool   numbers = kind == SML_REDACT_NUMBERS || kind == SML_REDACT_ALL;
	bool   emails = kind == SML_REDACT_EMAILS || kind == SML_REDACT_ALL;
	size_t written = 0;
	size_t looked = 0; /* no address begins before this */
	size_t at = 0;

	if (kind == SML_REDACT_DIGITS)
		return redact_digits(text, out);
	while (at < text.size)
	{
		size_t digits;
		size_t end;

		if (emails && at >= looked && is_address(text.bytes[at]))
		{
			end = address_end(text, at);
			if (end > at)
			{
				written = put_words(out, written, "***", 3);
				at = end;
				continue;
			}
			looked = word_end(text, at);
		}
		if (numbers && is_digit(text.bytes[at]))
		{
			end = number_end(text, at, &digits);
			if (digits >= 7)
				written = put_words(out, written, "###", 3);
			else
			{
				/* a short number ends at its own last digit: what follows is looked at anew */
				for (end = at; end < text.size && is_digit(text.bytes[end]); end++)
					;
				written = put(out, written, text.bytes + at, end - at);
			}
			at = end;
			continue;
		}
		out[written++] = text.bytes[at++];
	}
	return written;
}

/* ---- numbers ------------------------------------------------------------------------------------- */

static double
without_minus_zero(double value)
{
	return value == 0 ? 0 : value;
}

/*
 * Nearest whole number, halves away from 0, and the greatest that is not above: what round() and floor() say, without
 * a call.  From 2^52 on every double is whole.
 */
#define ALL_WHOLE 0x1p52

static inline double
round_half_away(double value)
{
	/* the greatest double below a half, so that 0.5 - 2^-54 does not get to 1; no branch on what is random */
	return fabs(value) < ALL_WHOLE ? (double) (int64_t) (value + copysign(0x1.fffffffffffffp-2, value)) : value;
}

static inline double
round_down(double value)
{
	double whole;

	if (!(fabs(value) < ALL_WHOLE))
		return value;
	whole = (double) (int64_t) value;
	return whole - (double) (whole > value);
}

/* A bound as text; whole numbers, nearly all of them, without printf. */
static inline size_t
write_bound(char *out, double bound)
{
	char     digits[24];
	size_t   length = 0;
	size_t   count = 0;
	uint64_t rest;

	if (!(fabs(bound) < 1e15) || bound != (double) (int64_t) bound)
		return (size_t) snprintf(out, SML_BUCKET_ROOM / 2, "%.15g", bound);
	rest = (uint64_t) fabs(bound);
	do
		digits[count++] = (char) ('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (bound < 0)
		out[length++] = '-';
	while (count > 0)
		out[length++] = digits[--count];
	return length;
}

size_t
sml_mask_bucket(double value, double width, double origin, char *out)
{
	double quotient;
	double nearest;
	double magnitude;
	double cell;
	size_t length;

	if (isnan(value))
		return (size_t) snprintf(out, SML_BUCKET_ROOM, "NaN");
	if (isinf(value))
		return (size_t) snprintf(out, SML_BUCKET_ROOM, value > 0 ? "Infinity" : "-Infinity");
	/* 0.3 lies in [0.3,0.4), although the quotient by 0.1 is a little less than 3 */
	quotient = (value - origin) / width;
	nearest = round_half_away(quotient);
	magnitude = fabs(quotient);
	cell = fabs(quotient - nearest) <= 1e-12 * (magnitude > 1 ? magnitude : 1) ? nearest : round_down(quotient);
	length = 0;
	out[length++] = '[';
	length += write_bound(out + length, without_minus_zero(origin + cell * width));
	out[length++] = ',';
	length += write_bound(out + length, without_minus_zero(origin + (cell + 1) * width));
	out[length++] = ')';
	return length;
}

double
sml_mask_round(double value, double step_size)
{
	double multiple;

	if (!isfinite(value))
		return value;
	multiple = round_half_away(value / step_size);
	return isfinite(multiple) ? without_minus_zero(multiple * step_size) : value;
}

/* The canonical bytes of a number: -0 is 0, little-endian. */
static SmlPrfValue
number_value(const SmlPrf *prf, uint8_t tag, double value)
{
	uint64_t bits;
	uint8_t  bytes[8];

	value = without_minus_zero(value);
	memcpy(&bits, &value, sizeof(bits));
	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t) (bits >> (8 * i));
	return sml_prf(prf, tag, (SmlSlice){bytes, 8});
}

double
sml_mask_noise(const SmlPrf *prf, double value, double ratio, double amount)
{
	double unit;

	if (!isfinite(value))
		return value;
	unit = sml_prf_signed(number_value(prf, 'n', value));
	return value * (1 + ratio * unit) + amount * unit;
}

/* ---- dates --------------------------------------------------------------------------------------------- */

bool
sml_date_unit(const char *name, SmlDateUnit *unit)
{
	static const char *const names[] = {"day", "month", "quarter", "year", "decade"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
		{
			*unit = (SmlDateUnit) (i + 1);
			return true;
		}
	return false;
}

static int64_t
floor_divide(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/*
 * Days from 2000-03-01 to the first of a month, counted in years that begin in March, so that the leap day is
 * the last of a year; month 0 is March.
 */
static int64_t
march_days(int64_t year, int64_t month)
{
	return 365 * year + floor_divide(year, 4) - floor_divide(year, 100) + floor_divide(year, 400) + (153 * month + 2) / 5;
}

#define MARCH_2000 60 /* days from 2000-01-01 to 2000-03-01 */
#define ERA_DAYS   146097 /* of 400 years */

static int64_t
first_of_month(int64_t year, int64_t month)
{
	return month > 2 ? march_days(year - 2000, month - 3) + MARCH_2000 : march_days(year - 2001, month + 9) + MARCH_2000;
}

/* Year, month (1 to 12) and days since the first of the month of a day. */
static void
month_of_day(int64_t day, int64_t *year, int64_t *month, int64_t *since_first)
{
	int64_t  era = floor_divide(day - MARCH_2000, ERA_DAYS);
	uint32_t rest = (uint32_t) (day - MARCH_2000 - era * ERA_DAYS);
	/* without its leap days, which stand at the ends of 4 years (but not of 100) and of 400, the era has 365 days a year */
	uint32_t in_era = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
	uint32_t march;

	rest -= 365 * in_era + in_era / 4 - in_era / 100;
	march = (5 * rest + 2) / 153;
	*year = 2000 + 400 * era + (int64_t) in_era + (march >= 10);
	*month = march >= 10 ? (int64_t) march - 9 : (int64_t) march + 3;
	*since_first = (int64_t) (rest - (153 * march + 2) / 5);
}

int64_t
sml_mask_date(int64_t day, SmlDateUnit unit)
{
	int64_t year;
	int64_t month;
	int64_t since_first;

	if (unit == SML_UNIT_DAY)
		return day;
	month_of_day(day, &year, &month, &since_first);
	if (unit == SML_UNIT_MONTH)
		return day - since_first;
	month = unit == SML_UNIT_QUARTER ? (month - 1) / 3 * 3 + 1 : 1;
	if (unit == SML_UNIT_DECADE)
		year = floor_divide(year, 10) * 10;
	return first_of_month(year, month);
}

int64_t
sml_mask_date_shift(const SmlPrf *prf, int64_t day, int64_t most)
{
	uint8_t     bytes[8];
	SmlPrfValue value;
	int64_t     shift;

	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t) ((uint64_t) day >> (8 * i));
	value = sml_prf(prf, 'd', (SmlSlice){bytes, 8});
	shift = 1 + (int64_t) (value.low % (uint64_t) most);
	return value.high & 1 ? day + shift : day - shift;
}
