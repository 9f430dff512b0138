/*
 * libcrypto.h - the primitives of core/privacy/secret.h from OpenSSL, for unit tests: another
 * implementation than the server's pgcrypto calls, with random bytes that a test can choose.
 */
#ifndef SML_TEST_LIBCRYPTO_H
#define SML_TEST_LIBCRYPTO_H

#include "harness.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "privacy/secret.h"

/* What a test may choose. */
typedef struct TestCrypto
{
	SmlCrypto      crypto;
	const uint8_t *random;  /* NULL: really random */
	int            fail_at; /* the n-th call fails; 0: none */
	int            calls;
} TestCrypto;

static SmlStatus
test_fails(void *context, SmlEnv *env)
{
	TestCrypto *test = context;

	return ++test->calls == test->fail_at ? sml_fail(env, SML_BAD_INPUT, "as the test asked") : SML_OK;
}

static SmlStatus
test_mac(void *context, SmlEnv *env, SmlMacHash hash, SmlSlice key, SmlSlice data, uint8_t *out)
{
	const EVP_MD *md = hash == SML_SHA256 ? EVP_sha256() : hash == SML_SHA384 ? EVP_sha384() : EVP_sha512();
	unsigned      size;

	if (test_fails(context, env) != SML_OK)
		return SML_BAD_INPUT;
	assert_non_null(HMAC(md, key.bytes, (int) key.size, data.bytes, data.size, out, &size));
	assert_int_equal(size, hash);
	return SML_OK;
}

static SmlStatus
test_cbc(void *context, SmlEnv *env, SmlSlice key, const uint8_t *iv, const uint8_t *in, size_t size, uint8_t *out, int encrypt)
{
	const EVP_CIPHER *cipher = key.size == 16 ? EVP_aes_128_cbc() : key.size == 24 ? EVP_aes_192_cbc() : EVP_aes_256_cbc();
	EVP_CIPHER_CTX   *state;
	int               written;
	int               rest;

	if (test_fails(context, env) != SML_OK)
		return SML_BAD_INPUT;
	assert_int_equal(size % 16, 0);
	state = EVP_CIPHER_CTX_new();
	assert_non_null(state);
	assert_int_equal(EVP_CipherInit_ex(state, cipher, NULL, key.bytes, iv, encrypt), 1);
	assert_int_equal(EVP_CIPHER_CTX_set_padding(state, 0), 1);
	assert_int_equal(EVP_CipherUpdate(state, out, &written, in, (int) size), 1);
	assert_int_equal(EVP_CipherFinal_ex(state, out + written, &rest), 1);
	assert_int_equal(written + rest, size);
	EVP_CIPHER_CTX_free(state);
	return SML_OK;
}

static SmlStatus
test_encrypt(void *context, SmlEnv *env, SmlSlice key, const uint8_t *iv, const uint8_t *in, size_t size, uint8_t *out)
{
	return test_cbc(context, env, key, iv, in, size, out, 1);
}

static SmlStatus
test_decrypt(void *context, SmlEnv *env, SmlSlice key, const uint8_t *iv, const uint8_t *in, size_t size, uint8_t *out)
{
	return test_cbc(context, env, key, iv, in, size, out, 0);
}

static SmlStatus
test_random(void *context, SmlEnv *env, uint8_t *out, size_t size)
{
	TestCrypto *test = context;

	if (test_fails(context, env) != SML_OK)
		return SML_BAD_INPUT;
	if (test->random)
		memcpy(out, test->random, size);
	else
		assert_int_equal(RAND_bytes(out, (int) size), 1);
	return SML_OK;
}

static inline void
test_crypto_start(TestCrypto *test)
{
	memset(test, 0, sizeof(*test));
	test->crypto = (SmlCrypto){test, test_mac, test_encrypt, test_decrypt, test_random};
}

/* Bytes of a hexadecimal text; freed by the test. */
static inline uint8_t *
unhex(const char *text, size_t *size)
{
	uint8_t *bytes;

	*size = strlen(text) / 2;
	bytes = malloc(*size + 1);
	assert_non_null(bytes);
	for (size_t i = 0; i < *size; i++)
	{
		unsigned value;

		assert_int_equal(sscanf(text + 2 * i, "%2x", &value), 1);
		bytes[i] = (uint8_t) value;
	}
	return bytes;
}

static inline SmlSlice
slice_of(const char *text)
{
	return (SmlSlice){(const uint8_t *) text, strlen(text)};
}

#endif
