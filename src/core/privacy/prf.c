/*
 * prf.c - see prf.h.
 */
#include "prf.h"

#include <string.h>

#include "../clones.h"

#define ROUNDS 10

static inline uint64_t
rotate(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void
sip_round(uint64_t *v)
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

/* Little-endian, on every machine; at most 8 bytes. */
static inline uint64_t
read_word(const uint8_t *bytes, size_t size)
{
	uint64_t word = 0;

	for (size_t i = 0; i < size; i++)
		word |= (uint64_t) bytes[i] << (8 * i);
	return word;
}

/* Eight bytes; compilers make one load of it. */
static inline uint64_t
read_whole(const uint8_t *b)
{
	return (uint64_t) b[0] | (uint64_t) b[1] << 8 | (uint64_t) b[2] << 16 | (uint64_t) b[3] << 24 |
		(uint64_t) b[4] << 32 | (uint64_t) b[5] << 40 | (uint64_t) b[6] << 48 | (uint64_t) b[7] << 56;
}

static inline void
absorb(uint64_t *v, uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

static inline void
begin(const SmlPrf *prf, uint64_t *v)
{
	v[0] = prf->k0 ^ 0x736f6d6570736575u;
	v[1] = prf->k1 ^ 0x646f72616e646f6du;
	v[2] = prf->k0 ^ 0x6c7967656e657261u;
	v[3] = prf->k1 ^ 0x7465646279746573u;
	v[1] ^= 0xee; /* 128 bits of result */
}

static inline SmlPrfValue
finish(uint64_t *v)
{
	SmlPrfValue value;

	v[2] ^= 0xee;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	value.low = v[0] ^ v[1] ^ v[2] ^ v[3];
	v[1] ^= 0xdd;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	value.high = v[0] ^ v[1] ^ v[2] ^ v[3];
	return value;
}

void
sml_prf_start(SmlPrf *prf, const uint8_t *key)
{
	prf->k0 = read_word(key, 8);
	prf->k1 = read_word(key + 8, 8);
}

/* The bytes after the last whole word; from the second word on they are the end of a load that overlaps the word before. */
static inline uint64_t
read_rest(SmlSlice bytes)
{
	size_t rest = bytes.size % 8;

	if (rest == 0)
		return 0;
	if (bytes.size < 8)
		return read_word(bytes.bytes, rest);
	return read_whole(bytes.bytes + bytes.size - 8) >> (8 * (8 - rest));
}

/* Whole words, then the rest with the length in the last byte. */
static inline void
absorb_bytes(uint64_t *v, SmlSlice bytes, size_t length)
{
	size_t whole = bytes.size / 8;

	for (size_t i = 0; i < whole; i++)
		absorb(v, read_whole(bytes.bytes + 8 * i));
	absorb(v, read_rest(bytes) | (uint64_t) (length & 0xff) << 56);
}

SmlPrfValue
sml_siphash(const SmlPrf *prf, SmlSlice bytes)
{
	uint64_t v[4];

	begin(prf, v);
	absorb_bytes(v, bytes, bytes.size);
	return finish(v);
}

SmlPrfValue
sml_prf(const SmlPrf *prf, uint8_t tag, SmlSlice bytes)
{
	uint64_t v[4];

	/* the tag is a word of its own in front of the message */
	begin(prf, v);
	absorb(v, tag);
	absorb_bytes(v, bytes, bytes.size + 8);
	return finish(v);
}

double
sml_prf_signed(SmlPrfValue value)
{
	/* 53 bits, moved to the middle of their cell: never an end, never 0 */
	double unit = ((double) (value.low >> 12) + 0.5) * 0x1p-52;

	return 2 * unit - 1;
}

/* 64 bits for one half of a number in one round; "start" is the key's state, "word" the half, the round and the width. */
static inline uint64_t
round_value(const uint64_t *start, uint64_t word)
{
	uint64_t v[4] = {start[0], start[1], start[2], start[3]};

	absorb(v, word);
	v[2] ^= 0xee;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static uint64_t
permute_bits(const SmlPrf *prf, int bits, uint64_t value)
{
	int      right_bits = (bits + 1) / 2;
	int      left_bits = bits - right_bits;
	uint64_t right_mask = ((uint64_t) 1 << right_bits) - 1;
	uint64_t left_mask = ((uint64_t) 1 << left_bits) - 1;
	uint64_t right = value & right_mask;
	uint64_t left = value >> right_bits;
	uint64_t label = (uint64_t) bits << 40; /* above the half, which has at most 32 bits, and the round */
	uint64_t start[4];

	begin(prf, start);
	for (uint64_t round = 0; round < ROUNDS; round += 2)
	{
		left ^= round_value(start, right ^ (label ^ round << 32)) & left_mask;
		right ^= round_value(start, left ^ (label ^ (round + 1) << 32)) & right_mask;
	}
	return left << right_bits | right;
}

int64_t
sml_prf_permute(const SmlPrf *prf, int64_t value, bool small)
{
	bool     negative = value < 0;
	uint64_t x = (uint64_t) (negative ? -1 - value : value);

	if (small)
		x = permute_bits(prf, 15, x);
	else if (x >> 31 == 0)
		x = permute_bits(prf, 31, x);
	else
	{
		/* walk along the cycle back into the range: one step but once in 2^32 */
		do
			x = permute_bits(prf, 63, x);
		while (x >> 31 == 0);
	}
	return negative ? -1 - (int64_t) x : (int64_t) x;
}

/* One round of the network in every lane. */
static inline void
block_round(const uint64_t *start, uint64_t label, uint64_t mask, const uint64_t *from, uint64_t *to)
{
	for (int lane = 0; lane < SML_PRF_BLOCK; lane++)
		to[lane] ^= round_value(start, from[lane] ^ label) & mask;
}

SML_CLONES_AVX512 static void
permute_block(const uint64_t *start, uint64_t *left, uint64_t *right)
{
	const uint64_t label = (uint64_t) 31 << 40;

	for (uint64_t round = 0; round < ROUNDS; round += 2)
	{
		block_round(start, label ^ round << 32, 0x7fff, right, left);
		block_round(start, label ^ (round + 1) << 32, 0xffff, left, right);
	}
}

void
sml_prf_permute_block(const SmlPrf *prf, uint32_t first, uint32_t *images)
{
	uint64_t start[4];
	uint64_t left[SML_PRF_BLOCK];
	uint64_t right[SML_PRF_BLOCK];

	begin(prf, start);
	for (uint32_t lane = 0; lane < SML_PRF_BLOCK; lane++)
	{
		left[lane] = (first + lane) >> 16;
		right[lane] = (first + lane) & 0xffff;
	}
	permute_block(start, left, right);
	for (uint32_t lane = 0; lane < SML_PRF_BLOCK; lane++)
		images[lane] = (uint32_t) (left[lane] << 16 | right[lane]);
}
