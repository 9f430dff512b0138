/*
 * fuzz_masters.c - texts of master key files, and wrapped keys: refused with a sentence that
 * repeats nothing of them, or read.
 */
#include "toy_crypto.h"
#include "../../src/core/privacy/keyring.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t context[SML_CONTEXT_SIZE] = {2};
	SmlEnv      env = fuzz_env();
	SmlCrypto   crypto = toy_crypto();
	SmlMasters  masters;
	SmlMaster   master = {"m", {0}};
	SmlKeyPlace place = {1, SML_KEY_DATA, context, "owner"};
	uint8_t     key[SML_AEAD_KEY];
	SmlStatus   status = sml_masters_read(&env, (SmlSlice){data, size}, &masters);

	if (status == SML_OK)
	{
		ALWAYS(masters.count > 0 && masters.count <= SML_MASTERS);
		for (size_t i = 0; i < masters.count; i++)
		{
			ALWAYS(strlen(masters.master[i].id) > 0 && strlen(masters.master[i].id) <= SML_MASTER_ID);
			ALWAYS(sml_masters_find(&masters, masters.master[i].id) == &masters.master[i]);
		}
	}
	else
		ALWAYS(status == SML_BAD_INPUT && env.detail[0] != '\0');
	status = sml_key_unwrap(&env, &crypto, &master, &place, (SmlSlice){data, size}, key);
	ALWAYS(status == SML_OK || (status == SML_CORRUPT && strcmp(env.detail, SML_CANNOT_OPEN) == 0));
	return 0;
}
