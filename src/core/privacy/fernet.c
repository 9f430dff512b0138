/*
 * fernet.c - see fernet.h.
 */
#include "fernet.h"

#include <string.h>

#include "base64url.h"

#define VERSION   0x80
#define HEAD      (1 + 8 + SML_AES_BLOCK)
#define SIGNATURE 32
#define LEAST     (HEAD + SML_AES_BLOCK + SIGNATURE)
#define HALF      (SML_FERNET_KEY / 2)

/* Bytes of a token before base64; false on overflow. */
static bool
raw_size(size_t plain_size, size_t *raw)
{
	size_t padded;

	return sml_padded_size(plain_size, &padded) && sml_size_plus(padded, HEAD + SIGNATURE, raw);
}

bool
sml_fernet_size(size_t plain_size, size_t *characters)
{
	size_t raw;

	return raw_size(plain_size, &raw) && sml_base64url_size(raw, characters);
}

SmlStatus
sml_fernet_key(SmlEnv *env, SmlSlice text, uint8_t *key)
{
	uint8_t bytes[SML_FERNET_KEY_TEXT / 4 * 3];
	size_t  size = 0;
	bool    good = text.size == SML_FERNET_KEY_TEXT && sml_base64url_read((const char *) text.bytes, text.size, bytes, &size) &&
		size == SML_FERNET_KEY;

	if (good)
		memcpy(key, bytes, SML_FERNET_KEY);
	sml_wipe(bytes, sizeof(bytes));
	return good ? SML_OK : sml_fail(env, SML_BAD_INPUT, "A key is 32 bytes as 44 characters of URL-safe base64.");
}

SmlStatus
sml_fernet_write(SmlEnv *env, const SmlCrypto *crypto, const uint8_t *key, uint64_t time, const uint8_t *iv, SmlSlice plain, char *text)
{
	uint8_t  *raw = NULL;
	size_t    size = 0;
	size_t    padded;
	SmlStatus status;

	if (!raw_size(plain.size, &size))
		return sml_fail(env, SML_NO_MEMORY, "The message is too large.");
	padded = size - HEAD - SIGNATURE;
	SML_TRY(sml_alloc_array(env, size, 1, &raw));
	raw[0] = VERSION;
	for (int i = 0; i < 8; i++)
		raw[1 + i] = (uint8_t) (time >> (8 * (7 - i)));
	memcpy(raw + 9, iv, SML_AES_BLOCK);
	if (plain.size > 0)
		memcpy(raw + HEAD, plain.bytes, plain.size);
	sml_pad(raw + HEAD, plain.size, padded);
	SML_TRY(crypto->encrypt(crypto->context, env, (SmlSlice){key + HALF, HALF}, iv, raw + HEAD, padded, raw + HEAD));
	SML_TRY(crypto->mac(crypto->context, env, SML_SHA256, (SmlSlice){key, HALF}, (SmlSlice){raw, HEAD + padded}, raw + HEAD + padded));
	sml_base64url_write(raw, size, text);
	status = SML_OK;

done:
	sml_free_secret(env, raw, size);
	return status;
}

/* Whether the time of a token is acceptable. */
static bool
age_passes(const SmlFernetAge *age, uint64_t time)
{
	if (!age->checked)
		return true;
	/* times that no clock of ours shows */
	if (time > INT64_MAX / 2 || age->now < 0 || age->ttl < 0)
		return false;
	return age->now - (int64_t) time <= age->ttl && (int64_t) time - age->now <= SML_FERNET_SKEW;
}

SmlStatus
sml_fernet_read(SmlEnv *env, const SmlCrypto *crypto, const uint8_t *key, SmlSlice text, const SmlFernetAge *age, uint8_t **plain,
				size_t *plain_size, uint64_t *time)
{
	uint8_t  *raw = NULL;
	size_t    room = text.size / 4 * 3;
	size_t    size = 0;
	size_t    padded;
	size_t    unpadded = 0;
	uint64_t  made = 0;
	uint8_t   signature[SML_SHA256];
	bool      good;
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, room, 1, &raw));
	good = sml_base64url_read((const char *) text.bytes, text.size, raw, &size) && size >= LEAST &&
		(size - HEAD - SIGNATURE) % SML_AES_BLOCK == 0 && raw[0] == VERSION;
	if (good)
	{
		padded = size - HEAD - SIGNATURE;
		SML_TRY(crypto->mac(crypto->context, env, SML_SHA256, (SmlSlice){key, HALF}, (SmlSlice){raw, HEAD + padded}, signature));
		for (int i = 0; i < 8; i++)
			made = made << 8 | raw[1 + i];
		good = sml_equal_secret(signature, raw + HEAD + padded, SIGNATURE) && age_passes(age, made);
		if (good)
		{
			SML_TRY(crypto->decrypt(crypto->context, env, (SmlSlice){key + HALF, HALF}, raw + 9, raw + HEAD, padded, raw + HEAD));
			good = sml_unpad(raw + HEAD, padded, &unpadded);
		}
	}
	if (!good)
	{
		status = sml_fail(env, SML_CORRUPT, SML_FERNET_INVALID);
		goto done;
	}
	SML_TRY(sml_alloc_array(env, unpadded, 1, plain));
	memcpy(*plain, raw + HEAD, unpadded);
	*plain_size = unpadded;
	*time = made;
	status = SML_OK;

done:
	sml_wipe(signature, sizeof(signature));
	sml_free_secret(env, raw, room);
	return status;
}
