/*
 * hash.h - one 64-bit hash for dictionaries, splits and checksums, and the
 * canonical form of a value, so that equal values hash alike on every server
 * version, platform, collation and byte order.
 *
 * Canonical forms (a type tag byte, then):
 *   number     float64, little-endian; -0 is 0; every NaN is one NaN; an
 *              integer beyond 2^53, or a numeric that float64 cannot hold
 *              exactly, is its decimal text without trailing zeros instead
 *   text       UTF-8 bytes (enum by label, char(n) without trailing blanks)
 *   boolean    one byte
 *   time       int64 microseconds since 2000-01-01 UTC (date: midnight)
 *   bytes      as they are (uuid, bytea)
 *   null       nothing
 *
 * The hash itself is ours: multiply-fold over 8-byte words with a final mix
 * (murmur3's finaliser), chosen for quality and speed, not for security: keys that an
 * adversary may choose can be made to collide.
 */
#ifndef SML_HASH_H
#define SML_HASH_H

#include "core.h"

uint64_t sml_hash_bytes(uint64_t seed, const void *bytes, size_t size);
uint64_t sml_hash_mix(uint64_t value);

/* The same for long texts: polls every few MB. */
SML_MUST_USE SmlStatus sml_hash_long(SmlEnv *env, uint64_t seed, const void *bytes, size_t size, uint64_t *hash);

/* Fold one canonical value into a running row hash.  The order of the columns counts. */
uint64_t sml_hash_null(uint64_t hash);
uint64_t sml_hash_number(uint64_t hash, double value);
uint64_t sml_hash_integer(uint64_t hash, int64_t value);
uint64_t sml_hash_decimal(uint64_t hash, const char *digits, size_t length);
uint64_t sml_hash_text(uint64_t hash, const char *text, size_t length);
uint64_t sml_hash_boolean(uint64_t hash, bool value);
uint64_t sml_hash_time(uint64_t hash, int64_t microseconds);
uint64_t sml_hash_data(uint64_t hash, const void *bytes, size_t size);

/* A uniform double in [0, 1) from a hash: 53 bits. */
double sml_hash_unit(uint64_t hash);

/*
 * A draw that depends on nothing but its arguments (counter-based): uniform
 * 64 bits for (seed, stream, index).  Philox 2x64-10, Salmon et al. 2011.
 */
uint64_t sml_random_bits(uint64_t seed, uint64_t stream, uint64_t index);
double   sml_random_unit(uint64_t seed, uint64_t stream, uint64_t index);

/* Whether the row with this key hash is held out: sml_hash_unit(mix(key, seed)) < share. */
bool sml_held_out(uint64_t seed, double share, uint64_t key_hash);

#endif
