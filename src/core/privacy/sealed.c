/*
 * sealed.c - see sealed.h.
 */
#include "sealed.h"

#include <string.h>

#define VERSION       1
#define A256CBC_HS512 1
#define DETERMINISTIC 0x01
#define ROW_BOUND     0x02
#define RESERVED      0x0C
#define PREFIX        "SML1"
#define PREFIX_SIZE   4

/* Most bytes of a row's key that are kept on the stack. */
#define SMALL_ROW 128
#define FIXED_SIZE (PREFIX_SIZE + SML_SEALED_HEAD + SML_CONTEXT_SIZE)

static void
write_head(const SmlSealedHead *head, uint8_t *out)
{
	out[0] = VERSION;
	out[1] = A256CBC_HS512;
	out[2] = (uint8_t) ((head->deterministic ? DETERMINISTIC : 0) | (head->row_bound ? ROW_BOUND : 0) | (head->type << 4));
	for (int i = 0; i < 4; i++)
		out[3 + i] = (uint8_t) (head->key_no >> (8 * (3 - i)));
}

SmlStatus
sml_sealed_head(SmlEnv *env, SmlSlice sealed, SmlSealedHead *head)
{
	const uint8_t *b = sealed.bytes;

	if (sealed.size < SML_SEALED_LEAST || (sealed.size - SML_SEALED_LEAST) % SML_AES_BLOCK != 0 || b[0] != VERSION ||
		b[1] != A256CBC_HS512 || (b[2] & RESERVED) != 0 || b[2] >> 4 < SML_SEALED_TEXT || b[2] >> 4 > SML_SEALED_TYPES)
		return sml_fail(env, SML_CORRUPT, SML_CANNOT_OPEN);
	head->type = (SmlSealedType) (b[2] >> 4);
	head->deterministic = (b[2] & DETERMINISTIC) != 0;
	head->row_bound = (b[2] & ROW_BOUND) != 0;
	head->key_no = (uint32_t) b[3] << 24 | (uint32_t) b[4] << 16 | (uint32_t) b[5] << 8 | b[6];
	return SML_OK;
}

bool
sml_sealed_size(size_t plain_size, size_t *size)
{
	size_t inside;

	return sml_aead_size(SML_AEAD_KEY, plain_size, &inside) && sml_size_plus(inside, SML_SEALED_HEAD + SML_AES_BLOCK, size);
}

/* What the tag covers besides the value: in "small" where it fits, else allocated. */
static SmlStatus
associated_data(SmlEnv *env, const uint8_t *head, const SmlSealedPlace *place, uint8_t small[FIXED_SIZE + 4 + SMALL_ROW], SmlSlice *data)
{
	bool      bound = (head[2] & ROW_BOUND) != 0;
	uint8_t  *bytes = small;
	size_t    size = FIXED_SIZE + (bound ? 4 + place->row.size : 0);
	SmlStatus status;

	if (bound != (place->row.bytes != NULL) || (bound && place->row.size > UINT32_MAX))
		return sml_fail(env, SML_CORRUPT, SML_CANNOT_OPEN);
	if (bound && place->row.size > SMALL_ROW)
	{
		status = sml_alloc_array(env, size, 1, &bytes);
		if (status != SML_OK)
			return status;
	}
	memcpy(bytes, PREFIX, PREFIX_SIZE);
	memcpy(bytes + PREFIX_SIZE, head, SML_SEALED_HEAD);
	memcpy(bytes + PREFIX_SIZE + SML_SEALED_HEAD, place->context, SML_CONTEXT_SIZE);
	if (bound)
	{
		for (int i = 0; i < 4; i++)
			bytes[FIXED_SIZE + i] = (uint8_t) (place->row.size >> (8 * (3 - i)));
		if (place->row.size > 0)
			memcpy(bytes + FIXED_SIZE + 4, place->row.bytes, place->row.size);
	}
	*data = (SmlSlice){bytes, size};
	return SML_OK;
}

/* The IV of a deterministic value. */
static SmlStatus
synthetic_iv(SmlEnv *env, const SmlCrypto *crypto, const uint8_t *key, SmlSlice associated, SmlSlice plain, uint8_t *iv)
{
	uint8_t   subkey[SML_SHA256];
	uint8_t   mac[SML_SHA512];
	uint8_t  *input = NULL;
	size_t    size = 0;
	SmlStatus status;

	if (!sml_size_plus(associated.size, plain.size, &size))
		return sml_fail(env, SML_NO_MEMORY, "The value is too large.");
	SML_TRY(sml_alloc_array(env, size, 1, &input));
	memcpy(input, associated.bytes, associated.size);
	if (plain.size > 0)
		memcpy(input + associated.size, plain.bytes, plain.size);
	SML_TRY(sml_derive(env, crypto, (SmlSlice){key, SML_AEAD_KEY}, "sustainml/deterministic/v1", subkey, sizeof(subkey)));
	SML_TRY(crypto->mac(crypto->context, env, SML_SHA512, (SmlSlice){subkey, sizeof(subkey)}, (SmlSlice){input, size}, mac));
	memcpy(iv, mac, SML_AES_BLOCK);
	status = SML_OK;

done:
	sml_wipe(subkey, sizeof(subkey));
	sml_wipe(mac, sizeof(mac));
	sml_free_secret(env, input, size);
	return status;
}

SmlStatus
sml_sealed_seal(SmlEnv *env, const SmlCrypto *crypto, const uint8_t *key, const SmlSealedHead *head, const SmlSealedPlace *place,
				SmlSlice plain, uint8_t *out)
{
	uint8_t   start[SML_SEALED_HEAD + SML_AES_BLOCK];
	uint8_t   small[FIXED_SIZE + 4 + SMALL_ROW];
	uint8_t  *iv = start + SML_SEALED_HEAD;
	SmlSlice  associated = {NULL, 0};
	SmlStatus status;

	if (head->type < SML_SEALED_TEXT || head->type > SML_SEALED_TYPES || head->row_bound != (place->row.bytes != NULL))
		return sml_fail(env, SML_BAD_INPUT, "A value is sealed with its type, and with a row's key where it is bound to one.");
	write_head(head, start);
	SML_TRY(associated_data(env, start, place, small, &associated));
	if (head->deterministic)
		SML_TRY(synthetic_iv(env, crypto, key, associated, plain, iv));
	else
		SML_TRY(crypto->random(crypto->context, env, iv, SML_AES_BLOCK));
	SML_TRY(sml_aead_seal(env, crypto, (SmlSlice){key, SML_AEAD_KEY}, associated, iv, plain, out + sizeof(start)));
	memcpy(out, start, sizeof(start));
	status = SML_OK;

done:
	if (associated.bytes != NULL && associated.bytes != small)
		sml_free(env, (void *) associated.bytes);
	return status;
}

SmlStatus
sml_sealed_open(SmlEnv *env, const SmlCrypto *crypto, const uint8_t *key, const SmlSealedPlace *place, SmlSlice sealed, uint8_t *plain,
				size_t *plain_size)
{
	SmlSealedHead head;
	uint8_t       small[FIXED_SIZE + 4 + SMALL_ROW];
	SmlSlice      associated = {NULL, 0};
	const size_t  skip = SML_SEALED_HEAD + SML_AES_BLOCK;
	SmlStatus     status;

	SML_TRY(sml_sealed_head(env, sealed, &head));
	SML_TRY(associated_data(env, sealed.bytes, place, small, &associated));
	SML_TRY(sml_aead_open(env, crypto, (SmlSlice){key, SML_AEAD_KEY}, associated, sealed.bytes + SML_SEALED_HEAD,
						  (SmlSlice){sealed.bytes + skip, sealed.size - skip}, plain, plain_size));
	status = SML_OK;

done:
	if (associated.bytes != NULL && associated.bytes != small)
		sml_free(env, (void *) associated.bytes);
	return status;
}
