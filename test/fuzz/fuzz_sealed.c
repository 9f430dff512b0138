/*
 * fuzz_sealed.c - bytes of sealed values: refused with the one sentence, or opened to something
 * that seals back to the same head and size.
 */
#include "toy_crypto.h"
#include "../../src/core/privacy/sealed.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[SML_AEAD_KEY] = {1};
	static const uint8_t context[SML_CONTEXT_SIZE] = {2};
	SmlEnv         env = fuzz_env();
	SmlCrypto      crypto = toy_crypto();
	SmlSealedHead  head;
	SmlSealedPlace place = {context, {NULL, 0}};
	uint8_t       *plain = malloc(size + 1);
	size_t         plain_size = 0;
	SmlStatus      status = sml_sealed_head(&env, (SmlSlice){data, size}, &head);

	ALWAYS(plain != NULL);
	if (status == SML_OK && head.row_bound)
		place.row = (SmlSlice){data, size};
	if (status == SML_OK)
	{
		ALWAYS(size >= SML_SEALED_LEAST && head.type >= SML_SEALED_TEXT && head.type <= SML_SEALED_TYPES);
		status = sml_sealed_open(&env, &crypto, key, &place, (SmlSlice){data, size}, plain, &plain_size);
	}
	else
		ALWAYS(sml_sealed_open(&env, &crypto, key, &place, (SmlSlice){data, size}, plain, &plain_size) == SML_CORRUPT);
	if (status == SML_OK)
	{
		size_t   again;
		uint8_t *sealed;

		ALWAYS(plain_size < size && sml_sealed_size(plain_size, &again) && again == size);
		sealed = malloc(again);
		ALWAYS(sealed != NULL);
		ALWAYS(sml_sealed_seal(&env, &crypto, key, &head, &place, (SmlSlice){plain, plain_size}, sealed) == SML_OK);
		ALWAYS(memcmp(sealed, data, SML_SEALED_HEAD) == 0);
		free(sealed);
	}
	else
		ALWAYS(status == SML_CORRUPT && strcmp(env.detail, SML_CANNOT_OPEN) == 0);
	free(plain);
	return 0;
}
