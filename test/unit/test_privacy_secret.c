/*
 * test_privacy_secret.c - wiping, constant-time comparison, padding, HKDF (RFC 5869) and
 * base64url; see test/reference/privacy.md.
 */
#include "libcrypto.h"

#include "privacy/base64url.h"

static void
test_wipe(void **state)
{
	uint8_t bytes[40];

	(void) state;
	memset(bytes, 0xA5, sizeof(bytes));
	sml_wipe(bytes + 4, 32);
	for (size_t i = 0; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], i >= 4 && i < 36 ? 0 : 0xA5);
	sml_wipe(NULL, 0);
}

static void
test_equal(void **state)
{
	uint8_t a[32];
	uint8_t b[32];

	(void) state;
	for (size_t i = 0; i < 32; i++)
		a[i] = b[i] = (uint8_t) (i * 7);
	assert_true(sml_equal_secret(a, b, 32));
	assert_true(sml_equal_secret(a, b, 0));
	for (size_t i = 0; i < 32; i++)
		for (int bit = 0; bit < 8; bit++)
		{
			b[i] ^= (uint8_t) (1 << bit);
			assert_false(sml_equal_secret(a, b, 32));
			b[i] ^= (uint8_t) (1 << bit);
		}
}

static void
test_padding(void **state)
{
	uint8_t bytes[64];
	size_t  padded;
	size_t  back;

	(void) state;
	for (size_t n = 0; n < 40; n++)
	{
		memset(bytes, 0x5A, sizeof(bytes));
		assert_true(sml_padded_size(n, &padded));
		assert_int_equal(padded, (n / 16 + 1) * 16);
		sml_pad(bytes, n, padded);
		assert_true(sml_unpad(bytes, padded, &back));
		assert_int_equal(back, n);
		/* any other byte of the padding makes it none */
		for (size_t i = n; i < padded; i++)
		{
			bytes[i] ^= 0x80;
			assert_false(sml_unpad(bytes, padded, &back));
			bytes[i] ^= 0x80;
		}
	}
	memset(bytes, 0, 16);
	assert_false(sml_unpad(bytes, 16, &back));
	memset(bytes, 17, 32);
	assert_false(sml_unpad(bytes, 32, &back));
	memset(bytes, 255, 32);
	assert_false(sml_unpad(bytes, 32, &back));
	memset(bytes, 16, 16);
	assert_true(sml_unpad(bytes, 16, &back));
	assert_int_equal(back, 0);
	assert_false(sml_padded_size(SIZE_MAX - 3, &padded));
}

static const struct { const char *secret, *salt, *info, *out; } hkdf_vectors[] = {
	{"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
	 "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
	{"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f"
	 "303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
	 "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f"
	 "909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
	 "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
	 "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
	 "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
	 "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
	{"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
	 "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
};

static void
test_hkdf(void **state)
{
	TestCrypto test;

	(void) state;
	test_crypto_start(&test);
	for (size_t i = 0; i < sizeof(hkdf_vectors) / sizeof(hkdf_vectors[0]); i++)
	{
		Harness  h;
		SmlSlice secret, salt, info, out;
		uint8_t  made[128];

		harness_start(&h);
		secret.bytes = unhex(hkdf_vectors[i].secret, &secret.size);
		salt.bytes = unhex(hkdf_vectors[i].salt, &salt.size);
		info.bytes = unhex(hkdf_vectors[i].info, &info.size);
		out.bytes = unhex(hkdf_vectors[i].out, &out.size);
		assert_int_equal(sml_hkdf_sha256(&h.env, &test.crypto, secret, salt, info, made, out.size), SML_OK);
		assert_memory_equal(made, out.bytes, out.size);
		assert_int_equal(sml_hkdf_sha256(&h.env, &test.crypto, secret, salt, info, made, 0), SML_BAD_INPUT);
		assert_int_equal(sml_hkdf_sha256(&h.env, &test.crypto, secret, salt, info, made, 8161), SML_BAD_INPUT);
		free((void *) secret.bytes);
		free((void *) salt.bytes);
		free((void *) info.bytes);
		free((void *) out.bytes);
		harness_finish(&h);
	}
}

static SmlStatus
derive_body(Harness *h, void *arg)
{
	TestCrypto *test = arg;
	uint8_t     out[96];

	return sml_derive(&h->env, &test->crypto, slice_of("secret"), "purpose", out, sizeof(out));
}

static void
test_derive_failures(void **state)
{
	TestCrypto test;

	(void) state;
	test_crypto_start(&test);
	harness_sweep(derive_body, &test);
	/* a primitive that fails is passed on, and nothing is left over */
	for (int n = 1; n <= 4; n++)
	{
		Harness h;

		harness_start(&h);
		test_crypto_start(&test);
		test.fail_at = n;
		assert_int_equal(derive_body(&h, &test), SML_BAD_INPUT);
		harness_finish(&h);
	}
}

/* RFC 4648 section 10, and what the URL-safe alphabet changes. */
static const struct { const char *plain, *text; } texts[] = {
	{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
	{"\xfb\xef\xbe", "--\x2d-"}, {"\xff\xff\xff", "____"}, {"\xfb\xff", "-_8="},
};

static void
test_base64url(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		char    text[16];
		uint8_t bytes[16];
		size_t  size;

		assert_true(sml_base64url_size(strlen(texts[i].plain), &size));
		assert_int_equal(size, strlen(texts[i].text));
		sml_base64url_write((const uint8_t *) texts[i].plain, strlen(texts[i].plain), text);
		assert_memory_equal(text, texts[i].text, size);
		assert_true(sml_base64url_read(texts[i].text, size, bytes, &size));
		assert_int_equal(size, strlen(texts[i].plain));
		assert_memory_equal(bytes, texts[i].plain, size);
	}
}

static void
test_base64url_refused(void **state)
{
	static const char *const bad[] = {
		"Z", "Zg", "Zg=", "Zm9", "Zg==Zg==", "Zh==", "Zm9=", "Z===", "====", "Zm9v\n", "Zm9v====", " Zm9", "Zm9v YmFy", "Zm+v", "Zm/v",
		"Zm9v=mFy", "Zm\x80v", "=m9v", "Zg=A",
	};

	(void) state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		uint8_t bytes[16];
		size_t  size;

		assert_false(sml_base64url_read(bad[i], strlen(bad[i]), bytes, &size));
	}
}

/* Every byte value in every place, there and back; and every character is in the alphabet or refused. */
static void
test_base64url_all(void **state)
{
	uint8_t bytes[3];
	uint8_t back[3];
	char    text[4];
	size_t  size;
	int     good = 0;

	(void) state;
	for (int value = 0; value < 256; value++)
		for (size_t place = 0; place < 3; place++)
		{
			memset(bytes, 0x3C, sizeof(bytes));
			bytes[place] = (uint8_t) value;
			sml_base64url_write(bytes, 3, text);
			assert_true(sml_base64url_read(text, 4, back, &size));
			assert_int_equal(size, 3);
			assert_memory_equal(bytes, back, 3);
		}
	for (int value = 0; value < 256; value++)
	{
		bool known = value != 0 && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", value) != NULL;

		memcpy(text, "AAAA", 4);
		text[1] = (char) value;
		assert_int_equal(sml_base64url_read(text, 4, back, &size), known);
		good += known;
	}
	assert_int_equal(good, 64);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wipe), cmocka_unit_test(test_equal), cmocka_unit_test(test_padding), cmocka_unit_test(test_hkdf),
		cmocka_unit_test(test_derive_failures), cmocka_unit_test(test_base64url), cmocka_unit_test(test_base64url_refused),
		cmocka_unit_test(test_base64url_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
