/*
 * sealed.h - one encrypted value: format 1 of the SQL type sustainml.sealed.
 *
 *   +---------+-----------+-------+------------+-----+------------+-----+
 *   | version | algorithm | flags | key number | IV  | ciphertext | tag |
 *   | 1 B     | 1 B       | 1 B   | 4 B        | 16  | 16 n       | 32  |
 *   +---------+-----------+-------+------------+-----+------------+-----+
 *
 *   version     1
 *   algorithm   1: A256CBC-HS512
 *   flags       bit 0 deterministic, bit 1 bound to a row, bits 2 and 3 zero,
 *               bits 4-7 the type of the payload (SmlSealedType)
 *   key number  big-endian
 *
 * The tag also covers what is not stored: "SML1" | the first 7 bytes | the 16 bytes of the
 * context (a column's permanent id) | for a bound value the length (u32) and bytes of the
 * row's key.  So a value cannot move to another column, row, key or type unnoticed.
 *
 * The payload is the type's binary send form, 8 bytes big-endian for float8.  Its length shows,
 * to 16 bytes; NULL is never sealed.
 *
 * Deterministic values take their IV from HMAC-SHA-512 of what the tag covers and the plaintext, under a key
 * derived for that alone: equal values of one column and key give equal bytes, and that is
 * what they leak.
 */
#ifndef SML_SEALED_H
#define SML_SEALED_H

#include "aead.h"

#define SML_SEALED_HEAD 7
#define SML_SEALED_LEAST (SML_SEALED_HEAD + 2 * SML_AES_BLOCK + SML_AEAD_TAG)
#define SML_CONTEXT_SIZE 16

typedef enum SmlSealedType
{
	SML_SEALED_TEXT = 1,
	SML_SEALED_FLOAT8,
	SML_SEALED_INT8,
	SML_SEALED_NUMERIC,
	SML_SEALED_FLOAT8_ARRAY,
	SML_SEALED_BYTEA,
	SML_SEALED_JSONB,
	SML_SEALED_DATE,
	SML_SEALED_TIMESTAMPTZ,
	SML_SEALED_BOOL,
	SML_SEALED_TYPES = SML_SEALED_BOOL
} SmlSealedType;

typedef struct SmlSealedHead
{
	SmlSealedType type;
	bool          deterministic;
	bool          row_bound;
	uint32_t      key_no;
} SmlSealedHead;

/* Where a value belongs; row.bytes is NULL unless it is bound to a row. */
typedef struct SmlSealedPlace
{
	const uint8_t *context; /* SML_CONTEXT_SIZE bytes */
	SmlSlice       row;
} SmlSealedPlace;

/* Bytes of a sealed value; false on overflow. */
SML_MUST_USE bool sml_sealed_size(size_t plain_size, size_t *size);

/* Seal into out[sml_sealed_size].  "key" has SML_AEAD_KEY bytes. */
SML_MUST_USE SmlStatus sml_sealed_seal(SmlEnv *env, const SmlCrypto *crypto, const uint8_t *key, const SmlSealedHead *head,
									   const SmlSealedPlace *place, SmlSlice plain, uint8_t *out);

/* Check the form of a value without any key: SML_CORRUPT unless it could be one. */
SML_MUST_USE SmlStatus sml_sealed_head(SmlEnv *env, SmlSlice sealed, SmlSealedHead *head);

/* Open into plain, which has room for sealed.size bytes.  SML_CORRUPT with one sentence for every failure. */
SML_MUST_USE SmlStatus sml_sealed_open(SmlEnv *env, const SmlCrypto *crypto, const uint8_t *key, const SmlSealedPlace *place,
									   SmlSlice sealed, uint8_t *plain, size_t *plain_size);

#endif
