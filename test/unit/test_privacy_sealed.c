/*
 * test_privacy_sealed.c - A128CBC-HS256, A192CBC-HS384 and A256CBC-HS512 against RFC 7518
 * appendix B, and the format of sealed values; see test/reference/privacy.md.
 */
#include "libcrypto.h"

#include "privacy/sealed.h"

#define RFC_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
#define RFC_PLAIN "A cipher system must not be required to be secret, and it must be able to fall into the hands of the enemy without inconvenience"
#define RFC_IV "1af38c2dc2b96ffdd86694092341bc04"
#define RFC_ASSOCIATED "The second principle of Auguste Kerckhoffs"

static const struct { size_t key_size; const char *sealed; } rfc[] = {
	{32, "c80edfa32ddf39d5ef00c0b468834279a2e46a1b8049f792f76bfe54b903a9c9a94ac9b47ad2655c5f10f9aef71427e2fc6f9b3f399a221489f16362c7032336"
	 "09d45ac69864e3321cf82935ac4096c86e133314c54019e8ca7980dfa4b9cf1b384c486f3a54c51078158ee5d79de59fbd34d848b3d69550a67646344427ade5"
	 "4b8851ffb598f7f80074b9473c82e2db652c3fa36b0a7c5b3219fab3a30bc1c4"},
	{48, "ea65da6b59e61edb419be62d19712ae5d303eeb50052d0dfd6697f77224c8edb000d279bdc14c1072654bd30944230c657bed4ca0c9f4a8466f22b226d174621"
	 "4bf8cfc2400add9f5126e479663fc90b3bed787a2f0ffcbf3904be2a641d5c2105bfe591bae23b1d7449e532eef60a9ac8bb6c6b01d35d49787bcd57ef484927"
	 "f280adc91ac0c4e79c7b11efc60054e38490ac0e58949bfe51875d733f93ac2075168039ccc733d7"},
	{64, "4affaaadb78c31c5da4b1b590d10ffbd3dd8d5d302423526912da037ecbcc7bd822c301dd67c373bccb584ad3e9279c2e6d12a1374b77f077553df829410446b"
	 "36ebd97066296ae6427ea75c2e0846a11a09ccf5370dc80bfecbad28c73f09b3a3b75e662a2594410ae496b2e2e6609e31e6e02cc837f053d21f37ff4f51950b"
	 "be2638d09dd7a4930930806d0703b1f64dd3b4c088a7f45c216839645b2012bf2e6269a8c56a816dbc1b267761955bc5"},
};

static void
test_rfc_vectors(void **state)
{
	TestCrypto test;
	size_t     size;
	uint8_t   *key = unhex(RFC_KEY, &size);
	uint8_t   *iv = unhex(RFC_IV, &size);

	(void) state;
	test_crypto_start(&test);
	for (size_t i = 0; i < sizeof(rfc) / sizeof(rfc[0]); i++)
	{
		Harness  h;
		SmlSlice expected;
		uint8_t  sealed[512];
		uint8_t  plain[512];
		size_t   plain_size;
		SmlSlice k = {key, rfc[i].key_size};

		harness_start(&h);
		expected.bytes = unhex(rfc[i].sealed, &expected.size);
		assert_true(sml_aead_size(k.size, strlen(RFC_PLAIN), &size));
		assert_int_equal(size, expected.size);
		assert_int_equal(sml_aead_seal(&h.env, &test.crypto, k, slice_of(RFC_ASSOCIATED), iv, slice_of(RFC_PLAIN), sealed), SML_OK);
		assert_memory_equal(sealed, expected.bytes, size);
		assert_int_equal(sml_aead_open(&h.env, &test.crypto, k, slice_of(RFC_ASSOCIATED), iv, expected, plain, &plain_size), SML_OK);
		assert_int_equal(plain_size, strlen(RFC_PLAIN));
		assert_memory_equal(plain, RFC_PLAIN, plain_size);
		/* every byte of it counts, and so do associated data and IV */
		for (size_t at = 0; at < expected.size; at++)
		{
			sealed[at] ^= 1;
			assert_int_equal(sml_aead_open(&h.env, &test.crypto, k, slice_of(RFC_ASSOCIATED), iv, (SmlSlice){sealed, size}, plain, &plain_size),
							 SML_CORRUPT);
			assert_string_equal(h.env.detail, SML_CANNOT_OPEN);
			sealed[at] ^= 1;
		}
		assert_int_equal(sml_aead_open(&h.env, &test.crypto, k, slice_of("The second principle of Auguste kerckhoffs"), iv, expected, plain,
									   &plain_size), SML_CORRUPT);
		iv[15] ^= 1;
		assert_int_equal(sml_aead_open(&h.env, &test.crypto, k, slice_of(RFC_ASSOCIATED), iv, expected, plain, &plain_size), SML_CORRUPT);
		iv[15] ^= 1;
		for (size_t cut = 0; cut < expected.size; cut++)
			assert_int_equal(sml_aead_open(&h.env, &test.crypto, k, slice_of(RFC_ASSOCIATED), iv, (SmlSlice){expected.bytes, cut}, plain,
										   &plain_size), SML_CORRUPT);
		free((void *) expected.bytes);
		harness_finish(&h);
	}
	free(key);
	free(iv);
}

static void
test_key_sizes(void **state)
{
	Harness    h;
	TestCrypto test;
	uint8_t    bytes[128] = {0};
	size_t     size;

	(void) state;
	harness_start(&h);
	test_crypto_start(&test);
	for (size_t n = 0; n <= 80; n++)
	{
		bool good = n == 32 || n == 48 || n == 64;

		assert_int_equal(sml_aead_size(n, 0, &size), good);
		if (!good)
		{
			assert_int_equal(sml_aead_seal(&h.env, &test.crypto, (SmlSlice){bytes, n}, slice_of(""), bytes, slice_of("x"), bytes), SML_BAD_INPUT);
			assert_int_equal(sml_aead_open(&h.env, &test.crypto, (SmlSlice){bytes, n}, slice_of(""), bytes, (SmlSlice){bytes, 48}, bytes, &size),
							 SML_BAD_INPUT);
		}
	}
	harness_finish(&h);
}

/* ---- sealed values -------------------------------------------------------------------- */

static const uint8_t here[SML_CONTEXT_SIZE] = "column one      ";
static const uint8_t there[SML_CONTEXT_SIZE] = "column two      ";

typedef struct Case
{
	TestCrypto     test;
	uint8_t        key[SML_AEAD_KEY];
	SmlSealedHead  head;
	SmlSealedPlace place;
	SmlSlice       plain;
	uint8_t        sealed[4096];
	size_t         size;
	uint8_t        opened[4096];
	size_t         opened_size;
} Case;

static void
case_start(Case *c)
{
	memset(c, 0, sizeof(*c));
	test_crypto_start(&c->test);
	for (size_t i = 0; i < sizeof(c->key); i++)
		c->key[i] = (uint8_t) (i * 3 + 1);
	c->head = (SmlSealedHead){SML_SEALED_TEXT, false, false, 0x01020304};
	c->place.context = here;
	c->plain = slice_of("ninety-five thousand");
}

static SmlStatus
seal_body(Harness *h, void *arg)
{
	Case *c = arg;

	assert_true(sml_sealed_size(c->plain.size, &c->size));
	assert_true(c->size <= sizeof(c->sealed));
	return sml_sealed_seal(&h->env, &c->test.crypto, c->key, &c->head, &c->place, c->plain, c->sealed);
}

static SmlStatus
open_body(Harness *h, void *arg)
{
	Case *c = arg;

	return sml_sealed_open(&h->env, &c->test.crypto, c->key, &c->place, (SmlSlice){c->sealed, c->size}, c->opened, &c->opened_size);
}

static void
expect_opened(Case *c)
{
	Harness h;

	harness_start(&h);
	assert_int_equal(open_body(&h, c), SML_OK);
	assert_int_equal(c->opened_size, c->plain.size);
	assert_memory_equal(c->opened, c->plain.bytes, c->plain.size);
	harness_finish(&h);
}

static void
expect_closed(Case *c)
{
	Harness h;

	harness_start(&h);
	memset(c->opened, 0xEE, sizeof(c->opened));
	assert_int_equal(open_body(&h, c), SML_CORRUPT);
	assert_string_equal(h.env.detail, SML_CANNOT_OPEN);
	for (size_t i = 0; i < sizeof(c->opened); i++)
		assert_int_equal(c->opened[i], 0xEE);
	harness_finish(&h);
}

static void
test_round_trips(void **state)
{
	Case    c;
	Harness h;

	(void) state;
	for (size_t n = 0; n < 100; n++)
		for (int mode = 0; mode < 4; mode++)
		{
			uint8_t       plain[100];
			SmlSealedHead head;

			case_start(&c);
			for (size_t i = 0; i < n; i++)
				plain[i] = (uint8_t) (i * n + (size_t) mode);
			c.plain = (SmlSlice){plain, n};
			c.head.type = (SmlSealedType) (1 + n % SML_SEALED_TYPES);
			c.head.deterministic = mode & 1;
			c.head.row_bound = (mode & 2) != 0;
			if (c.head.row_bound)
				c.place.row = slice_of(n % 2 ? "" : "42");
			harness_start(&h);
			assert_int_equal(seal_body(&h, &c), SML_OK);
			assert_int_equal(c.size, 7 + 16 + (n / 16 + 1) * 16 + 32);
			assert_int_equal(sml_sealed_head(&h.env, (SmlSlice){c.sealed, c.size}, &head), SML_OK);
			assert_int_equal(head.type, c.head.type);
			assert_int_equal(head.deterministic, c.head.deterministic);
			assert_int_equal(head.row_bound, c.head.row_bound);
			assert_int_equal(head.key_no, 0x01020304);
			harness_finish(&h);
			expect_opened(&c);
		}
}

/* The layout, and the tag over exactly the documented bytes, worked out with OpenSSL alone. */
static void
test_layout(void **state)
{
	static const uint8_t iv[16] = {9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5, 6};
	Case     c;
	Harness  h;
	uint8_t  mac_input[256];
	size_t   n = 0;
	uint8_t  tag[64];
	uint8_t  cipher[64];
	unsigned size;
	int      written;
	EVP_CIPHER_CTX *aes = EVP_CIPHER_CTX_new();

	(void) state;
	case_start(&c);
	c.test.random = iv;
	c.head.type = SML_SEALED_FLOAT8;
	c.head.row_bound = true;
	c.place.row = slice_of("k7");
	harness_start(&h);
	assert_int_equal(seal_body(&h, &c), SML_OK);
	harness_finish(&h);
	assert_memory_equal(c.sealed, "\x01\x01\x22\x01\x02\x03\x04", 7);
	assert_memory_equal(c.sealed + 7, iv, 16);
	assert_int_equal(EVP_EncryptInit_ex(aes, EVP_aes_256_cbc(), NULL, c.key + 32, iv), 1);
	assert_int_equal(EVP_EncryptUpdate(aes, cipher, &written, c.plain.bytes, (int) c.plain.size), 1);
	assert_int_equal(EVP_EncryptFinal_ex(aes, cipher + written, &written), 1);
	EVP_CIPHER_CTX_free(aes);
	assert_memory_equal(c.sealed + 23, cipher, 32);
	memcpy(mac_input, "SML1\x01\x01\x22\x01\x02\x03\x04" "column one      " "\0\0\0\2k7", 33);
	n = 33;
	memcpy(mac_input + n, iv, 16);
	memcpy(mac_input + n + 16, cipher, 32);
	n += 48;
	memcpy(mac_input + n, "\0\0\0\0\0\0\x01\x08", 8); /* 33 bytes are 264 bits */
	n += 8;
	assert_non_null(HMAC(EVP_sha512(), c.key, 32, mac_input, n, tag, &size));
	assert_memory_equal(c.sealed + 55, tag, 32);
}

static void
test_tampering(void **state)
{
	Case    c;
	Harness h;

	(void) state;
	case_start(&c);
	harness_start(&h);
	assert_int_equal(seal_body(&h, &c), SML_OK);
	for (size_t at = 0; at < c.size; at++)
		for (int bit = 0; bit < 8; bit++)
		{
			c.sealed[at] ^= (uint8_t) (1 << bit);
			expect_closed(&c);
			c.sealed[at] ^= (uint8_t) (1 << bit);
		}
	expect_opened(&c);
	for (size_t size = c.size; c.size > 0; )
	{
		c.size--;
		expect_closed(&c);
		if (c.size == 0)
		{
			c.size = size;
			break;
		}
	}
	c.size += 16;
	expect_closed(&c);
	c.size -= 16;
	/* another key, column, or row */
	for (size_t i = 0; i < sizeof(c.key); i++)
	{
		c.key[i] ^= 1;
		/* the cipher half alone changes only the text, but the padding then fails, or it is caught by the tag */
		if (i < 32)
			expect_closed(&c);
		c.key[i] ^= 1;
	}
	c.place.context = there;
	expect_closed(&c);
	c.place.context = here;
	c.place.row = slice_of("42");
	expect_closed(&c);
	harness_finish(&h);
}

static void
test_row_binding(void **state)
{
	Case    c;
	Harness h;
	char    long_key[400];

	(void) state;
	memset(long_key, 'k', sizeof(long_key));
	case_start(&c);
	c.head.row_bound = true;
	c.place.row = slice_of("42");
	harness_start(&h);
	assert_int_equal(seal_body(&h, &c), SML_OK);
	expect_opened(&c);
	c.place.row = slice_of("43");
	expect_closed(&c);
	c.place.row = slice_of("");
	expect_closed(&c);
	c.place.row = (SmlSlice){NULL, 0};
	expect_closed(&c);
	c.place.row = (SmlSlice){(const uint8_t *) long_key, sizeof(long_key)};
	expect_closed(&c);
	assert_int_equal(seal_body(&h, &c), SML_OK);
	expect_opened(&c);
	/* a head that does not fit the place is refused */
	c.head.row_bound = false;
	assert_int_equal(seal_body(&h, &c), SML_BAD_INPUT);
	c.head.row_bound = true;
	c.place.row = (SmlSlice){NULL, 0};
	assert_int_equal(seal_body(&h, &c), SML_BAD_INPUT);
	harness_finish(&h);
}

static void
test_deterministic(void **state)
{
	Case    a;
	Case    b;
	Harness h;

	(void) state;
	harness_start(&h);
	case_start(&a);
	case_start(&b);
	assert_int_equal(seal_body(&h, &a), SML_OK);
	assert_int_equal(seal_body(&h, &b), SML_OK);
	assert_true(memcmp(a.sealed, b.sealed, a.size) != 0);
	a.head.deterministic = b.head.deterministic = true;
	assert_int_equal(seal_body(&h, &a), SML_OK);
	assert_int_equal(seal_body(&h, &b), SML_OK);
	assert_memory_equal(a.sealed, b.sealed, a.size);
	expect_opened(&a);
	/* column, type, key and text all change it */
	b.place.context = there;
	assert_int_equal(seal_body(&h, &b), SML_OK);
	assert_true(memcmp(a.sealed + 7, b.sealed + 7, 16) != 0);
	b.place.context = here;
	b.head.type = SML_SEALED_BYTEA;
	assert_int_equal(seal_body(&h, &b), SML_OK);
	assert_true(memcmp(a.sealed + 7, b.sealed + 7, 16) != 0);
	b.head.type = SML_SEALED_TEXT;
	b.key[0] ^= 1;
	assert_int_equal(seal_body(&h, &b), SML_OK);
	assert_true(memcmp(a.sealed + 7, b.sealed + 7, 16) != 0);
	b.key[0] ^= 1;
	b.plain = slice_of("ninety-six thousand.");
	assert_int_equal(seal_body(&h, &b), SML_OK);
	assert_true(memcmp(a.sealed + 7, b.sealed + 7, 16) != 0);
	harness_finish(&h);
}

static void
test_failures(void **state)
{
	Case    c;
	Harness h;
	char    long_key[400];

	(void) state;
	memset(long_key, 'k', sizeof(long_key));
	case_start(&c);
	c.head.deterministic = c.head.row_bound = true;
	c.place.row = (SmlSlice){(const uint8_t *) long_key, sizeof(long_key)};
	harness_sweep(seal_body, &c);
	harness_sweep(open_body, &c);
	for (int opening = 0; opening < 2; opening++)
	{
		int calls;

		harness_start(&h);
		c.test.calls = c.test.fail_at = 0;
		assert_int_equal((opening ? open_body : seal_body)(&h, &c), SML_OK);
		calls = c.test.calls;
		assert_true(calls >= 2);
		for (c.test.fail_at = 1; c.test.fail_at <= calls; c.test.fail_at++)
		{
			c.test.calls = 0;
			assert_int_equal((opening ? open_body : seal_body)(&h, &c), SML_BAD_INPUT);
		}
		c.test.calls = c.test.fail_at = 0;
		assert_int_equal(seal_body(&h, &c), SML_OK);
		harness_finish(&h);
	}
	c.head.type = 0;
	harness_start(&h);
	assert_int_equal(seal_body(&h, &c), SML_BAD_INPUT);
	c.head.type = SML_SEALED_TYPES + 1;
	assert_int_equal(seal_body(&h, &c), SML_BAD_INPUT);
	harness_finish(&h);
	assert_false(sml_sealed_size(SIZE_MAX - 60, &c.size));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc_vectors), cmocka_unit_test(test_key_sizes), cmocka_unit_test(test_round_trips), cmocka_unit_test(test_layout),
		cmocka_unit_test(test_tampering), cmocka_unit_test(test_row_binding), cmocka_unit_test(test_deterministic), cmocka_unit_test(test_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
