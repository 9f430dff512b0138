/*
 * aead.c - see aead.h.
 *
 * The bytes under the tag lie in one scratch buffer: | associated | IV | ciphertext | bits (u64) |
 */
#include "aead.h"

#include <string.h>

#define LENGTH_SIZE 8

static bool
hash_of_key(size_t key_size, SmlMacHash *hash)
{
	switch (key_size)
	{
		case 32:
			*hash = SML_SHA256;
			return true;
		case 48:
			*hash = SML_SHA384;
			return true;
		case 64:
			*hash = SML_SHA512;
			return true;
		default:
			return false;
	}
}

bool
sml_aead_size(size_t key_size, size_t plain_size, size_t *size)
{
	SmlMacHash hash;
	size_t     padded;

	return hash_of_key(key_size, &hash) && sml_padded_size(plain_size, &padded) && sml_size_plus(padded, hash / 2, size);
}

typedef struct Scratch
{
	uint8_t *bytes;
	size_t   size;
	uint8_t *cipher; /* within bytes */
} Scratch;

/* Lay out associated data, IV and length around room for the ciphertext. */
static SmlStatus
start_scratch(SmlEnv *env, SmlSlice associated, const uint8_t *iv, size_t cipher_size, Scratch *scratch)
{
	uint64_t  bits = (uint64_t) associated.size * 8;
	uint8_t  *at;
	SmlStatus status;

	if (associated.size > SIZE_MAX / 16 || !sml_size_plus(associated.size + SML_AES_BLOCK + LENGTH_SIZE, cipher_size, &scratch->size))
		return sml_fail(env, SML_NO_MEMORY, "The value is too large.");
	status = sml_alloc_array(env, scratch->size, 1, &scratch->bytes);
	if (status != SML_OK)
		return status;
	at = scratch->bytes;
	if (associated.size > 0)
		memcpy(at, associated.bytes, associated.size);
	at += associated.size;
	memcpy(at, iv, SML_AES_BLOCK);
	scratch->cipher = at + SML_AES_BLOCK;
	at = scratch->cipher + cipher_size;
	for (int i = 0; i < LENGTH_SIZE; i++)
		at[i] = (uint8_t) (bits >> (8 * (LENGTH_SIZE - 1 - i)));
	return SML_OK;
}

SmlStatus
sml_aead_seal(SmlEnv *env, const SmlCrypto *crypto, SmlSlice key, SmlSlice associated, const uint8_t *iv, SmlSlice plain, uint8_t *out)
{
	Scratch    scratch = {NULL, 0, NULL};
	SmlMacHash hash;
	size_t     half = key.size / 2;
	size_t     padded = 0;
	uint8_t    tag[SML_MAC_MOST];
	SmlStatus  status;

	if (!hash_of_key(key.size, &hash))
		return sml_fail(env, SML_BAD_INPUT, "A key has 32, 48 or 64 bytes.");
	if (!sml_padded_size(plain.size, &padded))
		return sml_fail(env, SML_NO_MEMORY, "The value is too large.");
	SML_TRY(start_scratch(env, associated, iv, padded, &scratch));
	if (plain.size > 0)
		memcpy(scratch.cipher, plain.bytes, plain.size);
	sml_pad(scratch.cipher, plain.size, padded);
	SML_TRY(crypto->encrypt(crypto->context, env, (SmlSlice){key.bytes + half, half}, iv, scratch.cipher, padded, scratch.cipher));
	SML_TRY(crypto->mac(crypto->context, env, hash, (SmlSlice){key.bytes, half}, (SmlSlice){scratch.bytes, scratch.size}, tag));
	memcpy(out, scratch.cipher, padded);
	memcpy(out + padded, tag, hash / 2);
	status = SML_OK;

done:
	sml_wipe(tag, sizeof(tag));
	sml_free_secret(env, scratch.bytes, scratch.size);
	return status;
}

SmlStatus
sml_aead_open(SmlEnv *env, const SmlCrypto *crypto, SmlSlice key, SmlSlice associated, const uint8_t *iv, SmlSlice sealed,
			  uint8_t *plain, size_t *plain_size)
{
	Scratch    scratch = {NULL, 0, NULL};
	SmlMacHash hash;
	size_t     half = key.size / 2;
	size_t     cipher_size;
	size_t     unpadded;
	uint8_t    tag[SML_MAC_MOST];
	SmlStatus  status;

	if (!hash_of_key(key.size, &hash))
		return sml_fail(env, SML_BAD_INPUT, "A key has 32, 48 or 64 bytes.");
	if (sealed.size < SML_AES_BLOCK + (size_t) hash / 2 || (sealed.size - hash / 2) % SML_AES_BLOCK != 0)
		return sml_fail(env, SML_CORRUPT, SML_CANNOT_OPEN);
	cipher_size = sealed.size - hash / 2;
	SML_TRY(start_scratch(env, associated, iv, cipher_size, &scratch));
	memcpy(scratch.cipher, sealed.bytes, cipher_size);
	SML_TRY(crypto->mac(crypto->context, env, hash, (SmlSlice){key.bytes, half}, (SmlSlice){scratch.bytes, scratch.size}, tag));
	/* the tag first: what it does not cover is never decrypted */
	if (!sml_equal_secret(tag, sealed.bytes + cipher_size, hash / 2))
	{
		status = sml_fail(env, SML_CORRUPT, SML_CANNOT_OPEN);
		goto done;
	}
	SML_TRY(crypto->decrypt(crypto->context, env, (SmlSlice){key.bytes + half, half}, iv, scratch.cipher, cipher_size, scratch.cipher));
	if (!sml_unpad(scratch.cipher, cipher_size, &unpadded))
	{
		status = sml_fail(env, SML_CORRUPT, SML_CANNOT_OPEN);
		goto done;
	}
	memcpy(plain, scratch.cipher, unpadded);
	*plain_size = unpadded;
	status = SML_OK;

done:
	sml_wipe(tag, sizeof(tag));
	sml_free_secret(env, scratch.bytes, scratch.size);
	return status;
}
