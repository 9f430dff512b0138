/*
 * fuzz_fernet.c - texts of Fernet tokens and keys: refused with the one sentence, or the only
 * text that says the same.
 */
#include "toy_crypto.h"
#include "../../src/core/privacy/fernet.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t iv[SML_AES_BLOCK] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	SmlEnv       env = fuzz_env();
	SmlCrypto    crypto = toy_crypto();
	uint8_t      key[SML_FERNET_KEY] = {0};
	SmlFernetAge age = {false, 0, 0};
	uint8_t     *plain = NULL;
	size_t       plain_size = 0;
	uint64_t     time = 0;
	SmlStatus    status = sml_fernet_key(&env, (SmlSlice){data, size}, key);

	ALWAYS(status == SML_OK || (status == SML_BAD_INPUT && env.detail[0] != '\0'));
	status = sml_fernet_read(&env, &crypto, key, (SmlSlice){data, size}, &age, &plain, &plain_size, &time);
	if (status == SML_OK)
	{
		size_t again;
		char  *text;

		ALWAYS(sml_fernet_size(plain_size, &again) && again == size);
		text = malloc(again);
		ALWAYS(text != NULL);
		ALWAYS(sml_fernet_write(&env, &crypto, key, time, iv, (SmlSlice){plain, plain_size}, text) == SML_OK);
		/* version and time; the IV of the input may be any */
		ALWAYS(memcmp(text, data, 12) == 0);
		free(text);
		sml_free_secret(&env, plain, plain_size);
		/* an age that no token of now passes must not overflow */
		age = (SmlFernetAge){true, INT64_MAX, INT64_MAX};
		if (sml_fernet_read(&env, &crypto, key, (SmlSlice){data, size}, &age, &plain, &plain_size, &time) == SML_OK)
			sml_free_secret(&env, plain, plain_size);
	}
	else
		ALWAYS(status == SML_CORRUPT && strcmp(env.detail, SML_FERNET_INVALID) == 0);
	return 0;
}
