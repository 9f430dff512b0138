/*
 * decimal.c - see decimal.h.
 *
 * The server goes from numeric to double by text: numeric_out, then strtod.  A numeric is a row of base-10000 digits; where
 * they make a whole number that a double holds, and the power of ten beside it is exact too, one multiplication or division
 * rounds once and so gives the nearest double.  Everything else takes the server's way.
 *
 * The layout is that of values in tables, which pg_upgrade keeps, the same in servers 14 to 18:
 *
 *   header   bit 15 set: the short form, with sign (bit 13), places (bits 7 to 12) and weight (bits 0 to 6, in two's complement)
 *            bits 15 and 14 set: NaN or an infinity; neither set or 14 alone: the long form, sign and places here, weight in the next two bytes
 *   digits   two bytes each, the first is worth 10000^weight
 */
#include "compat.h"

#include "utils/builtins.h"
#include "utils/numeric.h"

#include "decimal.h"

#define FORM_MASK      0xC000
#define FORM_SPECIAL   0xC000
#define FORM_SHORT     0x8000
#define LONG_NEGATIVE  0x4000
#define SHORT_NEGATIVE 0x2000
#define SHORT_WEIGHT   0x007F
#define WEIGHT_SIGN    0x0040

#define MOST_DIGITS 4          /* below 10^16 */
#define EXACT       0x1p53     /* whole numbers up to here are doubles */

/* Powers of ten that are doubles. */
static const double power[] = {
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

static inline uint16
word_at(const char *bytes)
{
	uint16 word;

	memcpy(&word, bytes, sizeof(word)); /* values in tuples are not aligned */
	return word;
}

/* false: the digits are too many, or it is not a number. */
static bool
quick_double(const char *bytes, Size size, double *number)
{
	uint16 header = word_at(bytes);
	bool   is_short = (header & FORM_MASK) == FORM_SHORT;
	Size   begin = is_short ? 2 : 4;
	int    digits;
	int    weight;
	int    exponent;
	uint64 whole = 0;

	if ((header & FORM_MASK) == FORM_SPECIAL || size < begin || size - begin > 2 * MOST_DIGITS)
		return false;
	digits = (int) ((size - begin) / 2);
	weight = is_short ? (int) ((header & SHORT_WEIGHT) ^ WEIGHT_SIGN) - WEIGHT_SIGN : (int16) word_at(bytes + 2);
	for (int i = 0; i < digits; i++)
		whole = whole * 10000 + word_at(bytes + begin + 2 * i);
	exponent = digits == 0 ? 0 : 4 * (weight - digits + 1);
	if (whole > (uint64) EXACT || exponent < -22 || exponent > 22)
		return false;
	*number = exponent < 0 ? (double) whole / power[-exponent] : (double) whole * power[exponent];
	if (header & (is_short ? SHORT_NEGATIVE : LONG_NEGATIVE))
		*number = -*number;
	return true;
}

double
ml_decimal_double(Datum value)
{
	struct varlena *plain = pg_detoast_datum_packed((struct varlena *) DatumGetPointer(value));
	double          number;

	if (VARSIZE_ANY_EXHDR(plain) >= 2 && quick_double(VARDATA_ANY(plain), VARSIZE_ANY_EXHDR(plain), &number))
		return number;
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
}

Datum
ml_decimal_whole(int64 number)
{
	uint64 rest = number < 0 ? 0 - (uint64) number : (uint64) number;
	uint16 digits[MOST_DIGITS];
	int    count = 0; /* of digits without the zeros at the end, last one first */
	int    weight = -1;
	char  *made;
	uint16 header;

	Assert(rest < UINT64CONST(10000000000000000));
	for (; rest > 0; rest /= 10000, weight++)
		if (count > 0 || rest % 10000 > 0)
			digits[count++] = (uint16) (rest % 10000);
	header = (uint16) (FORM_SHORT | (number < 0 ? SHORT_NEGATIVE : 0) | Max(weight, 0));
	made = palloc(VARHDRSZ + sizeof(uint16) * (1 + count));
	SET_VARSIZE(made, VARHDRSZ + sizeof(uint16) * (1 + count));
	memcpy(made + VARHDRSZ, &header, sizeof(header));
	for (int i = 0; i < count; i++)
		memcpy(made + VARHDRSZ + sizeof(uint16) * (1 + i), &digits[count - 1 - i], sizeof(uint16));
	return PointerGetDatum(made);
}
