/*
 * keyring.c - see keyring.h.
 */
#include "keyring.h"

#include <string.h>

#include "base64url.h"

#define KEY_TEXT   44
#define PREFIX     "SMLK1"
#define OWNER_MOST 256

/* ---- the file ------------------------------------------------------------------- */

static bool
id_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* One line without its line feed. */
static bool
read_line(const char *line, size_t length, SmlMaster *master)
{
	uint8_t     bytes[KEY_TEXT / 4 * 3];
	const char *id;
	size_t      id_length;
	size_t      size;
	bool        good;

	if (length < 3 + 1 + 1 + KEY_TEXT || memcmp(line, "v1:", 3) != 0)
		return false;
	id = line + 3;
	id_length = length - 3 - 1 - KEY_TEXT;
	if (id_length < 1 || id_length > SML_MASTER_ID || id[id_length] != ':')
		return false;
	for (size_t i = 0; i < id_length; i++)
		if (!id_character(id[i]))
			return false;
	good = sml_base64url_read(id + id_length + 1, KEY_TEXT, bytes, &size) && size == SML_MASTER_SIZE;
	if (good)
	{
		memcpy(master->id, id, id_length);
		master->id[id_length] = '\0';
		memcpy(master->key, bytes, SML_MASTER_SIZE);
	}
	sml_wipe(bytes, sizeof(bytes));
	return good;
}

static SmlStatus
read_masters(SmlEnv *env, SmlSlice text, SmlMasters *masters)
{
	const char *at = (const char *) text.bytes;
	const char *end = at + text.size;

	for (int number = 1; at < end; number++)
	{
		const char *stop = memchr(at, '\n', (size_t) (end - at));
		size_t      length = (size_t) ((stop ? stop : end) - at);
		const char *line = at;

		at = stop ? stop + 1 : end;
		if (length > 0 && line[length - 1] == '\r')
			length--;
		if (length == 0 || line[0] == '#')
			continue;
		if (masters->count == SML_MASTERS)
			return sml_fail(env, SML_BAD_INPUT, "There are more than %d master keys.", SML_MASTERS);
		if (!read_line(line, length, &masters->master[masters->count]))
			return sml_fail(env, SML_BAD_INPUT, "Line %d is not v1:<id>:<44 characters of URL-safe base64>.", number);
		if (sml_masters_find(masters, masters->master[masters->count].id) != NULL)
			return sml_fail(env, SML_BAD_INPUT, "Line %d repeats the id of a line before.", number);
		masters->count++;
	}
	if (masters->count == 0)
		return sml_fail(env, SML_BAD_INPUT, "There is no master key in it.");
	return SML_OK;
}

SmlStatus
sml_masters_read(SmlEnv *env, SmlSlice text, SmlMasters *masters)
{
	SmlStatus status;

	memset(masters, 0, sizeof(*masters));
	status = read_masters(env, text, masters);
	if (status != SML_OK)
		sml_wipe(masters, sizeof(*masters));
	return status;
}

const SmlMaster *
sml_masters_find(const SmlMasters *masters, const char *id)
{
	for (size_t i = 0; i < masters->count; i++)
		if (strcmp(masters->master[i].id, id) == 0)
			return &masters->master[i];
	return NULL;
}

SmlStatus
sml_master_check(SmlEnv *env, const SmlCrypto *crypto, const SmlMaster *master, uint8_t *check)
{
	return sml_derive(env, crypto, (SmlSlice){master->key, SML_MASTER_SIZE}, "sustainml/check/v1", check, SML_CHECK_SIZE);
}

/* ---- wrapping ---------------------------------------------------------------------- */

#define PLACE_MOST (5 + 4 + 1 + SML_CONTEXT_SIZE + 4 + OWNER_MOST)

static SmlStatus
write_place(SmlEnv *env, const SmlKeyPlace *place, uint8_t out[PLACE_MOST], size_t *size)
{
	size_t   owner = strlen(place->owner);
	uint8_t *at = out;

	if (owner > OWNER_MOST)
		return sml_fail(env, SML_BAD_INPUT, "The name of the owner is too long.");
	memcpy(at, PREFIX, 5);
	at += 5;
	for (int i = 0; i < 4; i++)
		*at++ = (uint8_t) (place->key_no >> (8 * (3 - i)));
	*at++ = (uint8_t) place->purpose;
	memcpy(at, place->context, SML_CONTEXT_SIZE);
	at += SML_CONTEXT_SIZE;
	for (int i = 0; i < 4; i++)
		*at++ = (uint8_t) (owner >> (8 * (3 - i)));
	memcpy(at, place->owner, owner);
	*size = (size_t) (at - out) + owner;
	return SML_OK;
}

static SmlStatus
wrapping_key(SmlEnv *env, const SmlCrypto *crypto, const SmlMaster *master, uint8_t *key)
{
	return sml_derive(env, crypto, (SmlSlice){master->key, SML_MASTER_SIZE}, "sustainml/wrap/v1", key, SML_AEAD_KEY);
}

SmlStatus
sml_key_wrap(SmlEnv *env, const SmlCrypto *crypto, const SmlMaster *master, const SmlKeyPlace *place, const uint8_t *key, uint8_t *out)
{
	uint8_t   wrapping[SML_AEAD_KEY];
	uint8_t   associated[PLACE_MOST];
	uint8_t   iv[SML_AES_BLOCK];
	size_t    size = 0;
	SmlStatus status;

	SML_TRY(write_place(env, place, associated, &size));
	SML_TRY(wrapping_key(env, crypto, master, wrapping));
	SML_TRY(crypto->random(crypto->context, env, iv, sizeof(iv)));
	SML_TRY(sml_aead_seal(env, crypto, (SmlSlice){wrapping, sizeof(wrapping)}, (SmlSlice){associated, size}, iv,
						  (SmlSlice){key, SML_AEAD_KEY}, out + sizeof(iv)));
	memcpy(out, iv, sizeof(iv));
	status = SML_OK;

done:
	sml_wipe(wrapping, sizeof(wrapping));
	return status;
}

SmlStatus
sml_key_unwrap(SmlEnv *env, const SmlCrypto *crypto, const SmlMaster *master, const SmlKeyPlace *place, SmlSlice wrapped, uint8_t *key)
{
	uint8_t   wrapping[SML_AEAD_KEY];
	uint8_t   associated[PLACE_MOST];
	uint8_t   plain[SML_WRAPPED_SIZE];
	size_t    size = 0;
	size_t    plain_size = 0;
	SmlStatus status;

	if (wrapped.size != SML_WRAPPED_SIZE)
		return sml_fail(env, SML_CORRUPT, SML_CANNOT_OPEN);
	SML_TRY(write_place(env, place, associated, &size));
	SML_TRY(wrapping_key(env, crypto, master, wrapping));
	SML_TRY(sml_aead_open(env, crypto, (SmlSlice){wrapping, sizeof(wrapping)}, (SmlSlice){associated, size}, wrapped.bytes,
						  (SmlSlice){wrapped.bytes + SML_AES_BLOCK, wrapped.size - SML_AES_BLOCK}, plain, &plain_size));
	if (plain_size != SML_AEAD_KEY)
	{
		status = sml_fail(env, SML_CORRUPT, SML_CANNOT_OPEN);
		goto done;
	}
	memcpy(key, plain, SML_AEAD_KEY);
	status = SML_OK;

done:
	sml_wipe(wrapping, sizeof(wrapping));
	sml_wipe(plain, sizeof(plain));
	return status;
}
