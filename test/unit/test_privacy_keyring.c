/*
 * test_privacy_keyring.c - master key files and wrapped data keys; see test/reference/privacy.md.
 */
#include "libcrypto.h"

#include "privacy/keyring.h"

/* 32 bytes of 0x00 to 0x1f, and of 0xff */
#define KEY_A "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY_B "__________________________________________8="

static SmlStatus
read_text(const char *text, SmlMasters *masters, char *detail)
{
	Harness   h;
	SmlStatus status;

	harness_start(&h);
	status = sml_masters_read(&h.env, slice_of(text), masters);
	if (detail)
		strcpy(detail, h.env.detail);
	harness_finish(&h);
	return status;
}

static void
test_file(void **state)
{
	SmlMasters masters;

	(void) state;
	assert_int_equal(read_text("# comment\n\nv1:2026-a:" KEY_A "\r\nv1:old_one:" KEY_B, &masters, NULL), SML_OK);
	assert_int_equal(masters.count, 2);
	assert_string_equal(masters.master[0].id, "2026-a");
	for (size_t i = 0; i < SML_MASTER_SIZE; i++)
	{
		assert_int_equal(masters.master[0].key[i], i);
		assert_int_equal(masters.master[1].key[i], 0xFF);
	}
	assert_ptr_equal(sml_masters_find(&masters, "old_one"), &masters.master[1]);
	assert_null(sml_masters_find(&masters, "old"));
	assert_null(sml_masters_find(&masters, ""));
}

static void
test_file_refused(void **state)
{
	static const struct { const char *text, *detail; } bad[] = {
		{"", "There is no master key in it."},
		{"# nothing\n\n", "There is no master key in it."},
		{"v2:a:" KEY_A, "Line 1 is not v1:<id>:<44 characters of URL-safe base64>."},
		{"v1:a:" KEY_A "\nv1::" KEY_B, "Line 2 is not v1:<id>:<44 characters of URL-safe base64>."},
		{"v1:a b:" KEY_A, "Line 1 is not v1:<id>:<44 characters of URL-safe base64>."},
		{"v1:a:" KEY_A " ", "Line 1 is not v1:<id>:<44 characters of URL-safe base64>."},
		{" v1:a:" KEY_A, "Line 1 is not v1:<id>:<44 characters of URL-safe base64>."},
		{"v1:a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "Line 1 is not v1:<id>:<44 characters of URL-safe base64>."},
		{"v1:a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHhA=", NULL}, /* another key, well-formed */
		{"v1:a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=", "Line 1 is not v1:<id>:<44 characters of URL-safe base64>."},
		{"v1:a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh+=", "Line 1 is not v1:<id>:<44 characters of URL-safe base64>."},
		{"v1:a:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHhA==", "Line 1 is not v1:<id>:<44 characters of URL-safe base64>."},
		{"v1:a:" KEY_A "\nv1:a:" KEY_B, "Line 2 repeats the id of a line before."},
		{"v1:123456789012345678901234567890123:" KEY_A, "Line 1 is not v1:<id>:<44 characters of URL-safe base64>."},
		{"postgres", "Line 1 is not v1:<id>:<44 characters of URL-safe base64>."},
	};
	SmlMasters masters;
	char       detail[SML_DETAIL_SIZE];
	char       many[2000] = "";

	(void) state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		assert_int_equal(read_text(bad[i].text, &masters, detail), bad[i].detail ? SML_BAD_INPUT : SML_OK);
		if (bad[i].detail)
			assert_string_equal(detail, bad[i].detail);
	}
	for (int i = 0; i <= SML_MASTERS; i++)
		sprintf(many + strlen(many), "v1:k%d:" KEY_A "\n", i);
	assert_int_equal(read_text(many, &masters, detail), SML_BAD_INPUT);
	assert_string_equal(detail, "There are more than 16 master keys.");
	/* after a failure no key stays behind */
	for (size_t i = 0; i < sizeof(masters); i++)
		assert_int_equal(((uint8_t *) &masters)[i], 0);
}

typedef struct Wrap
{
	TestCrypto  test;
	SmlMaster   master;
	SmlKeyPlace place;
	uint8_t     key[SML_AEAD_KEY];
	uint8_t     wrapped[SML_WRAPPED_SIZE];
	uint8_t     unwrapped[SML_AEAD_KEY];
} Wrap;

static const uint8_t context[SML_CONTEXT_SIZE] = "context";
static const uint8_t other_context[SML_CONTEXT_SIZE] = "context!";

static void
wrap_start(Wrap *w)
{
	memset(w, 0, sizeof(*w));
	test_crypto_start(&w->test);
	strcpy(w->master.id, "m");
	for (size_t i = 0; i < SML_MASTER_SIZE; i++)
		w->master.key[i] = (uint8_t) i;
	for (size_t i = 0; i < SML_AEAD_KEY; i++)
		w->key[i] = (uint8_t) (200 - i);
	w->place = (SmlKeyPlace){7, SML_KEY_DATA, context, "payroll_owner"};
}

static SmlStatus
wrap_body(Harness *h, void *arg)
{
	Wrap *w = arg;

	return sml_key_wrap(&h->env, &w->test.crypto, &w->master, &w->place, w->key, w->wrapped);
}

static SmlStatus
unwrap_body(Harness *h, void *arg)
{
	Wrap *w = arg;

	return sml_key_unwrap(&h->env, &w->test.crypto, &w->master, &w->place, (SmlSlice){w->wrapped, sizeof(w->wrapped)}, w->unwrapped);
}

static void
expect(Wrap *w, SmlStatus status)
{
	Harness h;

	harness_start(&h);
	memset(w->unwrapped, 0, sizeof(w->unwrapped));
	assert_int_equal(unwrap_body(&h, w), status);
	if (status == SML_OK)
		assert_memory_equal(w->unwrapped, w->key, sizeof(w->key));
	else
	{
		assert_string_equal(h.env.detail, SML_CANNOT_OPEN);
		for (size_t i = 0; i < sizeof(w->unwrapped); i++)
			assert_int_equal(w->unwrapped[i], 0);
	}
	harness_finish(&h);
}

static void
test_wrapping(void **state)
{
	Wrap    w;
	Harness h;

	(void) state;
	wrap_start(&w);
	harness_start(&h);
	assert_int_equal(wrap_body(&h, &w), SML_OK);
	harness_finish(&h);
	expect(&w, SML_OK);
	for (size_t at = 0; at < sizeof(w.wrapped); at++)
	{
		w.wrapped[at] ^= 0x10;
		expect(&w, SML_CORRUPT);
		w.wrapped[at] ^= 0x10;
	}
	w.place.key_no = 8;
	expect(&w, SML_CORRUPT);
	w.place.key_no = 7;
	w.place.purpose = SML_KEY_INDEX;
	expect(&w, SML_CORRUPT);
	w.place.purpose = SML_KEY_DATA;
	w.place.context = other_context;
	expect(&w, SML_CORRUPT);
	w.place.context = context;
	w.place.owner = "payroll_owne";
	expect(&w, SML_CORRUPT);
	w.place.owner = "payroll_owner";
	for (size_t i = 0; i < SML_MASTER_SIZE; i++)
	{
		w.master.key[i] ^= 1;
		expect(&w, SML_CORRUPT);
		w.master.key[i] ^= 1;
	}
	expect(&w, SML_OK);
	harness_sweep(wrap_body, &w);
	harness_sweep(unwrap_body, &w);
	harness_start(&h);
	assert_int_equal(sml_key_unwrap(&h.env, &w.test.crypto, &w.master, &w.place, (SmlSlice){w.wrapped, sizeof(w.wrapped) - 16}, w.unwrapped),
					 SML_CORRUPT);
	harness_finish(&h);
}

/* HKDF-SHA-256 by OpenSSL's command line: see test/reference/privacy.md. */
static void
test_check_value(void **state)
{
	static const uint8_t expected[SML_CHECK_SIZE] = {0x2C, 0xCF, 0xB6, 0xBD, 0xF6, 0x97, 0x0B, 0x99};
	Wrap    w;
	Harness h;
	uint8_t check[SML_CHECK_SIZE];

	(void) state;
	wrap_start(&w);
	harness_start(&h);
	assert_int_equal(sml_master_check(&h.env, &w.test.crypto, &w.master, check), SML_OK);
	assert_memory_equal(check, expected, sizeof(check));
	harness_finish(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file), cmocka_unit_test(test_file_refused), cmocka_unit_test(test_wrapping), cmocka_unit_test(test_check_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
