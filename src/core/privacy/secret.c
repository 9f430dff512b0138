/*
 * secret.c - see secret.h.
 */
#include "secret.h"

#include <string.h>

void
sml_wipe(void *bytes, size_t size)
{
	if (size == 0)
		return;
	memset(bytes, 0, size);
	/* the compiler must think that somebody reads the zeros */
	__asm__ __volatile__("" : : "r"(bytes) : "memory");
}

void
sml_free_secret(SmlEnv *env, void *bytes, size_t size)
{
	if (bytes == NULL)
		return;
	sml_wipe(bytes, size);
	sml_free(env, bytes);
}

bool
sml_equal_secret(const void *a, const void *b, size_t size)
{
	const volatile uint8_t *left = a;
	const volatile uint8_t *right = b;
	uint32_t                difference = 0;

	for (size_t i = 0; i < size; i++)
		difference |= (uint32_t) (left[i] ^ right[i]);
	/* 0 becomes 1, all else 0, without a branch */
	return (bool) (((difference - 1) >> 31) & 1);
}

bool
sml_padded_size(size_t size, size_t *padded)
{
	return sml_size_plus(size - size % SML_AES_BLOCK, SML_AES_BLOCK, padded);
}

void
sml_pad(uint8_t *bytes, size_t size, size_t padded)
{
	memset(bytes + size, (int) (padded - size), padded - size);
}

bool
sml_unpad(const uint8_t *bytes, size_t size, size_t *unpadded)
{
	uint32_t count = bytes[size - 1];
	uint32_t wrong = 0;

	/* all 16 bytes are looked at, whatever the count */
	for (uint32_t i = 0; i < SML_AES_BLOCK; i++)
	{
		uint32_t inside = (uint32_t) 0 - ((i - count) >> 31); /* all ones where i < count */

		wrong |= inside & (bytes[size - 1 - i] ^ count);
	}
	wrong |= (count - 1) >> 31;                   /* 0 is no padding */
	wrong |= (SML_AES_BLOCK - count) >> 31;       /* nor more than a block */
	*unpadded = size - (wrong ? 0 : count);
	return wrong == 0;
}

SmlStatus
sml_hkdf_sha256(SmlEnv *env, const SmlCrypto *crypto, SmlSlice secret, SmlSlice salt, SmlSlice info, uint8_t *out, size_t size)
{
	static const uint8_t zeros[SML_SHA256] = {0};
	uint8_t              extract[SML_SHA256];
	uint8_t              block[SML_SHA256];
	uint8_t             *input = NULL;
	size_t               input_size = 0;
	size_t               done = 0;
	SmlStatus            status;

	if (size == 0 || size > 255 * (size_t) SML_SHA256 || !sml_size_plus(info.size, SML_SHA256 + 1, &input_size))
		return sml_fail(env, SML_BAD_INPUT, "A derived key has between 1 and 8160 bytes.");
	if (salt.size == 0)
		salt = (SmlSlice){zeros, sizeof(zeros)};
	SML_TRY(sml_alloc_array(env, input_size, 1, &input));
	SML_TRY(crypto->mac(crypto->context, env, SML_SHA256, salt, secret, extract));
	for (uint8_t counter = 1; done < size; counter++)
	{
		size_t before = done > 0 ? (size_t) SML_SHA256 : 0;
		size_t part = size - done < SML_SHA256 ? size - done : (size_t) SML_SHA256;

		/* the block before, the info, a counter */
		memcpy(input, block, before);
		if (info.size > 0)
			memcpy(input + before, info.bytes, info.size);
		input[before + info.size] = counter;
		SML_TRY(crypto->mac(crypto->context, env, SML_SHA256, (SmlSlice){extract, sizeof(extract)},
							(SmlSlice){input, before + info.size + 1}, block));
		memcpy(out + done, block, part);
		done += part;
	}
	status = SML_OK;

done:
	sml_wipe(extract, sizeof(extract));
	sml_wipe(block, sizeof(block));
	sml_free_secret(env, input, input_size);
	if (status != SML_OK)
		sml_wipe(out, done);
	return status;
}

SmlStatus
sml_derive(SmlEnv *env, const SmlCrypto *crypto, SmlSlice secret, const char *purpose, uint8_t *out, size_t size)
{
	SmlSlice info = {(const uint8_t *) purpose, strlen(purpose)};

	return sml_hkdf_sha256(env, crypto, secret, (SmlSlice){NULL, 0}, info, out, size);
}
