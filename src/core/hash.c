/*
 * hash.c - hashing and counter-based draws; see hash.h.
 *
 * The hash folds 8-byte words with a 64 x 64 -> 128 bit multiplication (high half
 * xor low half), which mixes well and costs about a nanosecond per word.  The finaliser
 * is that of MurmurHash3 (A. Appleby, public domain constants).  Philox: J. Salmon et
 * al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
 */
#include "hash.h"

#include <math.h>
#include <string.h>

/* Odd constants: the fractional bits of the golden ratio and of square roots. */
#define K0 UINT64_C(0x9E3779B97F4A7C15)
#define K1 UINT64_C(0x6A09E667F3BCC909)
#define K2 UINT64_C(0xBB67AE8584CAA73B)

/* Tags of the canonical forms. */
enum
{
	TAG_NULL = 1, TAG_NUMBER, TAG_DECIMAL, TAG_TEXT, TAG_BOOLEAN, TAG_TIME, TAG_DATA
};

static inline uint64_t
fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128) a * b;

	return (uint64_t) product ^ (uint64_t) (product >> 64);
}

static inline uint64_t
load(const uint8_t *at, size_t bytes)
{
	uint64_t word = 0;

	for (size_t i = 0; i < bytes; i++)
		word |= (uint64_t) at[i] << (8 * i);
	return word;
}

uint64_t
sml_hash_mix(uint64_t value)
{
	value ^= value >> 33;
	value *= UINT64_C(0xFF51AFD7ED558CCD);
	value ^= value >> 33;
	value *= UINT64_C(0xC4CEB9FE1A85EC53);
	value ^= value >> 33;
	return value;
}

/* Whole words into the running hash. */
static inline uint64_t
fold_words(uint64_t hash, const uint8_t *at, size_t words)
{
	for (size_t i = 0; i < words; i++)
		hash = fold(hash ^ load(at + 8 * i, 8) ^ K1, K2);
	return hash;
}

static inline uint64_t
begin_hash(uint64_t seed, size_t size)
{
	return seed ^ fold((uint64_t) size ^ K0, K1);
}

/* The bytes behind the last word, and the mix. */
static inline uint64_t
end_hash(uint64_t hash, const uint8_t *at, size_t left)
{
	if (left > 0)
		hash = fold(hash ^ load(at, left) ^ K0, K1);
	return sml_hash_mix(hash);
}

uint64_t
sml_hash_bytes(uint64_t seed, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;
	uint64_t       hash = fold_words(begin_hash(seed, size), at, size / 8);

	return end_hash(hash, at + size / 8 * 8, size % 8);
}

SmlStatus
sml_hash_long(SmlEnv *env, uint64_t seed, const void *bytes, size_t size, uint64_t *hash)
{
	const uint8_t *at = bytes;
	size_t         steps = sml_poll_steps(1);
	size_t         words = size / 8;
	uint64_t       running = begin_hash(seed, size);

	for (size_t from = 0; from < words; from += steps)
	{
		SmlStatus status = from > 0 ? sml_poll(env) : SML_OK;

		if (status != SML_OK)
			return status;
		running = fold_words(running, at + 8 * from, words - from < steps ? words - from : steps);
	}
	*hash = end_hash(running, at + 8 * words, size % 8);
	return SML_OK;
}

static uint64_t
add_word(uint64_t hash, uint64_t tag, uint64_t word)
{
	return sml_hash_mix(fold(hash ^ (tag * K0), K1) + word * K2);
}

uint64_t
sml_hash_null(uint64_t hash)
{
	return add_word(hash, TAG_NULL, 0);
}

uint64_t
sml_hash_number(uint64_t hash, double value)
{
	uint64_t bits;

	if (isnan(value))
		bits = UINT64_C(0x7FF8000000000000);
	else
	{
		if (value == 0)
			value = 0; /* -0 is 0 */
		memcpy(&bits, &value, sizeof(bits));
		if (value == 0)
			bits = 0;
	}
	return add_word(hash, TAG_NUMBER, bits);
}

/* Decimal digits of an integer without leading zeros; returns their number. */
static size_t
print_integer(int64_t value, char digits[24])
{
	uint64_t rest = value < 0 ? ~(uint64_t) value + 1 : (uint64_t) value;
	char     reversed[24];
	size_t   count = 0;
	size_t   length = 0;

	do
		reversed[count++] = (char) ('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (value < 0)
		digits[length++] = '-';
	while (count > 0)
		digits[length++] = reversed[--count];
	return length;
}

uint64_t
sml_hash_integer(uint64_t hash, int64_t value)
{
	double as_double = (double) value;
	char   digits[24] = {0};

	/* exact when converting back gives the same; 2^63 itself does not fit */
	if (as_double < 9223372036854775808.0 && (int64_t) as_double == value)
		return sml_hash_number(hash, as_double);
	return sml_hash_decimal(hash, digits, print_integer(value, digits));
}

uint64_t
sml_hash_decimal(uint64_t hash, const char *digits, size_t length)
{
	return add_word(hash, TAG_DECIMAL, sml_hash_bytes(0, digits, length));
}

uint64_t
sml_hash_text(uint64_t hash, const char *text, size_t length)
{
	return add_word(hash, TAG_TEXT, sml_hash_bytes(0, text, length));
}

uint64_t
sml_hash_boolean(uint64_t hash, bool value)
{
	return add_word(hash, TAG_BOOLEAN, value ? 1 : 0);
}

uint64_t
sml_hash_time(uint64_t hash, int64_t microseconds)
{
	return add_word(hash, TAG_TIME, (uint64_t) microseconds);
}

uint64_t
sml_hash_data(uint64_t hash, const void *bytes, size_t size)
{
	return add_word(hash, TAG_DATA, sml_hash_bytes(0, bytes, size));
}

double
sml_hash_unit(uint64_t hash)
{
	return (double) (hash >> 11) * 0x1p-53;
}

uint64_t
sml_random_bits(uint64_t seed, uint64_t stream, uint64_t index)
{
	uint64_t key = seed;
	uint64_t left = index;
	uint64_t right = stream;

	for (int round = 0; round < 10; round++)
	{
		unsigned __int128 product = (unsigned __int128) left * UINT64_C(0xD2B74407B1CE6E93);

		left = (uint64_t) (product >> 64) ^ key ^ right;
		right = (uint64_t) product;
		key += K0;
	}
	return left;
}

double
sml_random_unit(uint64_t seed, uint64_t stream, uint64_t index)
{
	return sml_hash_unit(sml_random_bits(seed, stream, index));
}

bool
sml_held_out(uint64_t seed, double share, uint64_t key_hash)
{
	return sml_hash_unit(sml_hash_mix(key_hash ^ sml_hash_mix(seed + K0))) < share;
}
