/*
 * test_privacy_fernet.c - Fernet against the official vectors (generate, verify, invalid of
 * fernet/spec) and tokens of Python's cryptography; see test/reference/privacy.md.
 */
#include "libcrypto.h"

#include "privacy/fernet.h"

#define SPEC_SECRET "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="
#define SPEC_TOKEN "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=="
#define SPEC_TIME 499162800 /* 1985-10-26T01:20:00-07:00 */

static const uint8_t spec_iv[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static SmlStatus
read_token(const char *token, const char *secret, const SmlFernetAge *age, char *plain, uint64_t *time)
{
	Harness    h;
	TestCrypto test;
	uint8_t    key[SML_FERNET_KEY];
	uint8_t   *opened = NULL;
	size_t     size = 0;
	SmlStatus  status;

	harness_start(&h);
	test_crypto_start(&test);
	assert_int_equal(sml_fernet_key(&h.env, slice_of(secret), key), SML_OK);
	status = sml_fernet_read(&h.env, &test.crypto, key, slice_of(token), age, &opened, &size, time);
	if (status == SML_OK)
	{
		memcpy(plain, opened, size);
		plain[size] = '\0';
		sml_free_secret(&h.env, opened, size);
	}
	else
		assert_string_equal(h.env.detail, SML_FERNET_INVALID);
	harness_finish(&h);
	return status;
}

static void
test_generate(void **state)
{
	Harness    h;
	TestCrypto test;
	uint8_t    key[SML_FERNET_KEY];
	char       text[256];
	size_t     size;

	(void) state;
	harness_start(&h);
	test_crypto_start(&test);
	assert_int_equal(sml_fernet_key(&h.env, slice_of(SPEC_SECRET), key), SML_OK);
	assert_true(sml_fernet_size(5, &size));
	assert_int_equal(size, strlen(SPEC_TOKEN));
	assert_int_equal(sml_fernet_write(&h.env, &test.crypto, key, SPEC_TIME, spec_iv, slice_of("hello"), text), SML_OK);
	assert_memory_equal(text, SPEC_TOKEN, size);
	harness_finish(&h);
}

static void
test_verify(void **state)
{
	SmlFernetAge age = {true, 60, SPEC_TIME + 1};
	char         plain[64];
	uint64_t     time;

	(void) state;
	assert_int_equal(read_token(SPEC_TOKEN, SPEC_SECRET, &age, plain, &time), SML_OK);
	assert_string_equal(plain, "hello");
	assert_int_equal(time, SPEC_TIME);
	/* the edges pass, one second more does not */
	age.now = SPEC_TIME + 60;
	assert_int_equal(read_token(SPEC_TOKEN, SPEC_SECRET, &age, plain, &time), SML_OK);
	age.now = SPEC_TIME + 61;
	assert_int_equal(read_token(SPEC_TOKEN, SPEC_SECRET, &age, plain, &time), SML_CORRUPT);
	age.now = SPEC_TIME - 60;
	assert_int_equal(read_token(SPEC_TOKEN, SPEC_SECRET, &age, plain, &time), SML_OK);
	age.now = SPEC_TIME - 61;
	assert_int_equal(read_token(SPEC_TOKEN, SPEC_SECRET, &age, plain, &time), SML_CORRUPT);
	age.checked = false;
	assert_int_equal(read_token(SPEC_TOKEN, SPEC_SECRET, &age, plain, &time), SML_OK);
	age = (SmlFernetAge){true, -1, SPEC_TIME};
	assert_int_equal(read_token(SPEC_TOKEN, SPEC_SECRET, &age, plain, &time), SML_CORRUPT);
}

static const struct { const char *what, *token; int64_t after; } invalid[] = {
	{"incorrect mac", "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ==", 1},
	{"too short", "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA==", 1},
	{"invalid base64", "%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==", 1},
	{"payload size not multiple of block size",
	 "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm", 1},
	{"payload padding error", "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==", 1},
	{"far-future time", "gAAAAAAdwStRAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAnja1xKYyhd-Y6mSkTOyTGJmw2Xc2a6kBd-iX9b_qXQcw==", 1},
	{"expired", "gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==", 91},
	{"incorrect IV", "gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ==", 1},
	{"trailing characters",
	 "gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==trailingdata", 1},
	{"invalid characters",
	 "*gAAAAAAdwJ6wAAECAwQFBgcI!CQoLDA0ODy021?cpGVWKZ_eEwC@GM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==", 1},
	{"characters of the other alphabet",
	 "gAAAAAAdwJ6wAAEC/AwQFBgcICQoLDA0ODy+021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==", 1},
};

static void
test_invalid(void **state)
{
	char     plain[256];
	uint64_t time;

	(void) state;
	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
	{
		SmlFernetAge age = {true, 60, SPEC_TIME + invalid[i].after};

		assert_int_equal(read_token(invalid[i].token, SPEC_SECRET, &age, plain, &time), SML_CORRUPT);
	}
}

/* Python's cryptography 38.0.4: Fernet(key).encrypt_at_time(message, 1700000000); test/reference/privacy_values.py */
static const struct { const char *key, *token, *plain; } python[] = {
#include "fernet_python.h"
};

static void
test_python(void **state)
{
	SmlFernetAge age = {false, 0, 0};
	char         plain[1024];
	uint64_t     time;

	(void) state;
	assert_true(sizeof(python) / sizeof(python[0]) >= 8);
	for (size_t i = 0; i < sizeof(python) / sizeof(python[0]); i++)
	{
		assert_int_equal(read_token(python[i].token, python[i].key, &age, plain, &time), SML_OK);
		assert_string_equal(plain, python[i].plain);
		assert_int_equal(time, 1700000000);
	}
}

static void
test_keys(void **state)
{
	static const char *const bad[] = {
		"", "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4", "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e5=",
		"cw/0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=", "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=\n",
		"cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4Q==", "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4A",
	};
	Harness h;
	uint8_t key[SML_FERNET_KEY];

	(void) state;
	harness_start(&h);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(sml_fernet_key(&h.env, slice_of(bad[i]), key), SML_BAD_INPUT);
	harness_finish(&h);
}

typedef struct Round
{
	TestCrypto test;
	uint8_t    key[SML_FERNET_KEY];
	SmlSlice   plain;
	char       text[1024];
	size_t     size;
} Round;

static SmlStatus
write_body(Harness *h, void *arg)
{
	Round *r = arg;

	return sml_fernet_write(&h->env, &r->test.crypto, r->key, 12345, spec_iv, r->plain, r->text);
}

static SmlStatus
read_body(Harness *h, void *arg)
{
	Round       *r = arg;
	SmlFernetAge age = {false, 0, 0};
	uint8_t     *plain = NULL;
	size_t       size = 0;
	uint64_t     time;
	SmlStatus    status = sml_fernet_read(&h->env, &r->test.crypto, r->key, (SmlSlice){(uint8_t *) r->text, r->size}, &age, &plain, &size, &time);

	if (status == SML_OK)
	{
		assert_int_equal(size, r->plain.size);
		assert_memory_equal(plain, r->plain.bytes, size);
		sml_free_secret(&h->env, plain, size);
	}
	return status;
}

static void
test_round_trips(void **state)
{
	Round   r;
	Harness h;
	uint8_t message[300];

	(void) state;
	memset(&r, 0, sizeof(r));
	test_crypto_start(&r.test);
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t) (i * 31);
	for (size_t n = 0; n < sizeof(message); n += 7)
	{
		harness_start(&h);
		r.plain = (SmlSlice){message, n};
		assert_true(sml_fernet_size(n, &r.size));
		assert_int_equal(r.size, (57 + 16 * (n / 16 + 1) + 2) / 3 * 4);
		assert_int_equal(write_body(&h, &r), SML_OK);
		assert_int_equal(read_body(&h, &r), SML_OK);
		harness_finish(&h);
	}
	harness_sweep(write_body, &r);
	harness_sweep(read_body, &r);
	/* every changed character is refused */
	for (size_t at = 0; at < r.size; at++)
	{
		char old = r.text[at];

		harness_start(&h);
		for (const char *c = "AQgw_-=+/ \n"; *c; c++)
		{
			if (*c == old)
				continue;
			r.text[at] = *c;
			assert_int_equal(read_body(&h, &r), SML_CORRUPT);
		}
		r.text[at] = old;
		harness_finish(&h);
	}
	for (r.test.fail_at = 1; r.test.fail_at <= 2; r.test.fail_at++)
	{
		harness_start(&h);
		r.test.calls = 0;
		assert_int_equal(read_body(&h, &r), SML_BAD_INPUT);
		r.test.calls = 0;
		assert_int_equal(write_body(&h, &r), SML_BAD_INPUT);
		harness_finish(&h);
	}
	assert_false(sml_fernet_size(SIZE_MAX - 80, &r.size));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generate), cmocka_unit_test(test_verify), cmocka_unit_test(test_invalid), cmocka_unit_test(test_python),
		cmocka_unit_test(test_keys), cmocka_unit_test(test_round_trips),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
