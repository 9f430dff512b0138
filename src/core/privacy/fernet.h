/*
 * fernet.h - Fernet tokens, version 0x80, as the fernet/spec repository defines them:
 *
 *   base64url( 0x80 | seconds (u64, big-endian) | IV (16) | AES-128-CBC, PKCS #7 | HMAC-SHA-256 (32) )
 *
 * The first half of the 32-byte key signs, the second encrypts.  A format for exchange, not for
 * storage: it has no key number and binds a token to no place.
 *
 * The decoder is strict: one text for one token (other libraries accept several).  With a time to live, a
 * token is refused when it is older than that, or more than 60 seconds in the future; a
 * difference of exactly that much passes, as in Python's cryptography.
 */
#ifndef SML_FERNET_H
#define SML_FERNET_H

#include "secret.h"

#define SML_FERNET_KEY      32
#define SML_FERNET_KEY_TEXT 44
#define SML_FERNET_SKEW     60

#define SML_FERNET_INVALID "The token is malformed, expired, or made with another key."

/* Characters of the token of a message; false on overflow. */
SML_MUST_USE bool sml_fernet_size(size_t plain_size, size_t *characters);

/* Write the token of a message; no zero at the end. */
SML_MUST_USE SmlStatus sml_fernet_write(SmlEnv *env, const SmlCrypto *crypto, const uint8_t *key, uint64_t time, const uint8_t *iv,
										SmlSlice plain, char *text);

/* When a token must have been made to count. */
typedef struct SmlFernetAge
{
	bool    checked;
	int64_t ttl; /* seconds, not negative */
	int64_t now;
} SmlFernetAge;

/* Open a token: the message, to be freed with sml_free_secret(message, length), and its time.  SML_CORRUPT for every failure. */
SML_MUST_USE SmlStatus sml_fernet_read(SmlEnv *env, const SmlCrypto *crypto, const uint8_t *key, SmlSlice text, const SmlFernetAge *age,
									   uint8_t **plain, size_t *plain_size, uint64_t *time);

/* The 32 bytes of a key's text: SML_BAD_INPUT unless it is canonical base64url of 32 bytes. */
SML_MUST_USE SmlStatus sml_fernet_key(SmlEnv *env, SmlSlice text, uint8_t *key);

#endif
