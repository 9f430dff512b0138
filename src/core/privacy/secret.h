/*
 * secret.h - what all code that touches secrets stands on: slices, the primitives that
 * the caller lends, wiping, comparing in constant time, and HKDF.
 *
 * The core has no cipher of its own.  An SmlCrypto brings HMAC, AES-CBC on whole blocks and
 * random bytes; in the server they come from pgcrypto, in unit tests from libcrypto.
 * Padding is done here, so that there is one way to fail.
 *
 * Sources: RFC 5869 (HKDF).
 */
#ifndef SML_SECRET_H
#define SML_SECRET_H

#include "../core.h"

#define SML_AES_BLOCK 16

typedef struct SmlSlice
{
	const uint8_t *bytes;
	size_t         size;
} SmlSlice;

/* The hash of an HMAC; the value is its size in bytes. */
typedef enum SmlMacHash
{
	SML_SHA256 = 32,
	SML_SHA384 = 48,
	SML_SHA512 = 64
} SmlMacHash;

#define SML_MAC_MOST 64

/* The primitives.  Each may fail with a status and a sentence that holds no secret. */
typedef struct SmlCrypto
{
	void *context;
	/* HMAC of "data" under "key" into out[hash] */
	SmlStatus (*mac)(void *context, SmlEnv *env, SmlMacHash hash, SmlSlice key, SmlSlice data, uint8_t *out);
	/* AES-CBC without padding over "size" bytes, a multiple of 16; in and out may be the same */
	SmlStatus (*encrypt)(void *context, SmlEnv *env, SmlSlice key, const uint8_t *iv, const uint8_t *in, size_t size, uint8_t *out);
	SmlStatus (*decrypt)(void *context, SmlEnv *env, SmlSlice key, const uint8_t *iv, const uint8_t *in, size_t size, uint8_t *out);
	/* bytes that nobody can guess */
	SmlStatus (*random)(void *context, SmlEnv *env, uint8_t *out, size_t size);
} SmlCrypto;

/* Overwrite with zeros; the compiler cannot leave it out. */
void sml_wipe(void *bytes, size_t size);

/* Wipe, then release; NULL is allowed. */
void sml_free_secret(SmlEnv *env, void *bytes, size_t size);

/* Whether two byte strings are equal; the time taken depends on "size" alone. */
SML_MUST_USE bool sml_equal_secret(const void *a, const void *b, size_t size);

/* HKDF with SHA-256 and no salt: "size" (at most 255 * 32) bytes of key for "purpose". */
SML_MUST_USE SmlStatus sml_derive(SmlEnv *env, const SmlCrypto *crypto, SmlSlice secret, const char *purpose, uint8_t *out, size_t size);

/* The same with salt and any info, as in the RFC. */
SML_MUST_USE SmlStatus sml_hkdf_sha256(SmlEnv *env, const SmlCrypto *crypto, SmlSlice secret, SmlSlice salt, SmlSlice info,
									   uint8_t *out, size_t size);

/* Size of the text with PKCS #7 padding; false when it does not fit a size. */
SML_MUST_USE bool sml_padded_size(size_t size, size_t *padded);

/* Fill the padding behind "size" bytes of a buffer that has room for it. */
void sml_pad(uint8_t *bytes, size_t size, size_t padded);

/* Bytes without the padding; false when it is no padding. "size" is a multiple of 16, not 0. */
SML_MUST_USE bool sml_unpad(const uint8_t *bytes, size_t size, size_t *unpadded);

#endif
