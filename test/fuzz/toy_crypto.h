/*
 * toy_crypto.h - primitives without secrets for the fuzz targets: every tag is zero and the cipher
 * changes nothing, so that an input gets past the door and the code behind it is tried too.
 */
#ifndef SML_TOY_CRYPTO_H
#define SML_TOY_CRYPTO_H

#include "fuzz.h"
#include "../../src/core/privacy/secret.h"

static SmlStatus
toy_mac(void *context, SmlEnv *env, SmlMacHash hash, SmlSlice key, SmlSlice data, uint8_t *out)
{
	(void) context;
	(void) env;
	(void) key;
	/* read all of it, so that the sanitizer sees where it ends */
	for (size_t i = 0; i < data.size; i++)
		((volatile uint8_t *) out)[0] = data.bytes[i];
	memset(out, 0, hash);
	return SML_OK;
}

static SmlStatus
toy_cipher(void *context, SmlEnv *env, SmlSlice key, const uint8_t *iv, const uint8_t *in, size_t size, uint8_t *out)
{
	(void) context;
	(void) env;
	(void) key;
	(void) iv;
	ALWAYS(size % SML_AES_BLOCK == 0);
	memmove(out, in, size);
	return SML_OK;
}

static SmlStatus
toy_random(void *context, SmlEnv *env, uint8_t *out, size_t size)
{
	(void) context;
	(void) env;
	memset(out, 0x11, size);
	return SML_OK;
}

static inline SmlCrypto
toy_crypto(void)
{
	return (SmlCrypto){NULL, toy_mac, toy_cipher, toy_cipher, toy_random};
}

#endif
