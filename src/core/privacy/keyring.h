/*
 * keyring.h - master keys as the administrator's file has them, and data keys wrapped under them.
 *
 * The file: one master key a line, the first is active, the others open only.
 *
 *   v1:<id>:<URL-safe base64 of 32 bytes, 44 characters>
 *
 * An id is 1 to 32 letters, digits, - and _.  Blank lines and lines that begin with # do not count.
 *
 * A wrapped data key: IV (16) | A256CBC-HS512 of the 64 bytes (112), under the 64 bytes that
 * HKDF-SHA-256 derives from the master key for "sustainml/wrap/v1".  The tag covers "SMLK1", the number and purpose of
 * the key, its context and the role that owns it: a wrapped key cannot be given another meaning or owner.
 */
#ifndef SML_KEYRING_H
#define SML_KEYRING_H

#include "sealed.h"

#define SML_MASTER_SIZE    32
#define SML_MASTER_ID      32 /* characters at most */
#define SML_MASTERS        16 /* lines at most */
#define SML_CHECK_SIZE     8
#define SML_WRAPPED_SIZE   (SML_AES_BLOCK + SML_AEAD_KEY + SML_AES_BLOCK + SML_AEAD_TAG)

typedef struct SmlMaster
{
	char    id[SML_MASTER_ID + 1];
	uint8_t key[SML_MASTER_SIZE];
} SmlMaster;

typedef struct SmlMasters
{
	size_t    count;
	SmlMaster master[SML_MASTERS];
} SmlMasters;

typedef enum SmlKeyPurpose
{
	SML_KEY_DATA = 1,
	SML_KEY_INDEX,
	SML_KEY_PSEUDONYM,
	SML_KEY_MODEL,
	SML_KEY_AUDIT
} SmlKeyPurpose;

/* What a data key is for; all of it is under the tag. */
typedef struct SmlKeyPlace
{
	uint32_t       key_no;
	SmlKeyPurpose  purpose;
	const uint8_t *context; /* SML_CONTEXT_SIZE bytes */
	const char    *owner;
} SmlKeyPlace;

/* Read the text of a master key file: SML_BAD_INPUT with the number of the line that is wrong, never its content. */
SML_MUST_USE SmlStatus sml_masters_read(SmlEnv *env, SmlSlice text, SmlMasters *masters);

/* The master of an id; NULL when there is none. */
const SmlMaster *sml_masters_find(const SmlMasters *masters, const char *id);

/* 8 bytes by which a master key can be recognised and that say nothing else about it. */
SML_MUST_USE SmlStatus sml_master_check(SmlEnv *env, const SmlCrypto *crypto, const SmlMaster *master, uint8_t *check);

/* Wrap the SML_AEAD_KEY bytes of a data key into out[SML_WRAPPED_SIZE]. */
SML_MUST_USE SmlStatus sml_key_wrap(SmlEnv *env, const SmlCrypto *crypto, const SmlMaster *master, const SmlKeyPlace *place,
									const uint8_t *key, uint8_t *out);

/* Unwrap it: SML_CORRUPT with one sentence for every failure. */
SML_MUST_USE SmlStatus sml_key_unwrap(SmlEnv *env, const SmlCrypto *crypto, const SmlMaster *master, const SmlKeyPlace *place,
									  SmlSlice wrapped, uint8_t *key);

#endif
