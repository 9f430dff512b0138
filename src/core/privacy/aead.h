/*
 * aead.h - authenticated encryption by AES-CBC and HMAC: A128CBC-HS256, A192CBC-HS384 and
 * A256CBC-HS512 of RFC 7518 (section 5.2), byte for byte.
 *
 *   key      first half authenticates, second half encrypts (32, 48 or 64 bytes decide which)
 *   tag      first half of HMAC(associated data | IV | ciphertext | bits of associated data)
 *   sealed   ciphertext | tag
 *
 * Opening checks the tag before anything is decrypted, and has one sentence for every
 * failure, so nobody learns why.
 *
 * Cost: one HMAC and one CBC pass, one scratch buffer of the size of the message.
 */
#ifndef SML_AEAD_H
#define SML_AEAD_H

#include "secret.h"

#define SML_AEAD_KEY 64 /* A256CBC-HS512 */
#define SML_AEAD_TAG 32

/* The sentence of every failure to open. */
#define SML_CANNOT_OPEN "The value was changed, or sealed with another key or for another place."

/* Bytes of ciphertext and tag; false on overflow or a key that has no algorithm. */
SML_MUST_USE bool sml_aead_size(size_t key_size, size_t plain_size, size_t *size);

/* Seal into out[sml_aead_size]. */
SML_MUST_USE SmlStatus sml_aead_seal(SmlEnv *env, const SmlCrypto *crypto, SmlSlice key, SmlSlice associated, const uint8_t *iv,
									 SmlSlice plain, uint8_t *out);

/* Open ciphertext and tag into plain, which has room for sealed.size bytes.  SML_CORRUPT whatever is wrong with them. */
SML_MUST_USE SmlStatus sml_aead_open(SmlEnv *env, const SmlCrypto *crypto, SmlSlice key, SmlSlice associated, const uint8_t *iv,
									 SmlSlice sealed, uint8_t *plain, size_t *plain_size);

#endif
