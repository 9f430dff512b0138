/*
 * test_privacy_mask.c - keyed values, masks of texts, numbers and dates, and the guess at personal data; see
 * test/reference/masking.md.
 */
#define _DEFAULT_SOURCE /* timegm */
#include "libcrypto.h"

#include <time.h>

#include "privacy/mask.h"
#include "privacy/personal.h"

/* ---- keyed values ------------------------------------------------------------------------- */

static void
reference_siphash(const uint8_t *key, const uint8_t *bytes, size_t size, uint8_t *out)
{
	EVP_MAC     *mac = EVP_MAC_fetch(NULL, "SIPHASH", NULL);
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
	size_t       written;

	assert_non_null(mac);
	assert_int_equal(EVP_MAC_init(context, key, 16, NULL), 1);
	assert_int_equal(EVP_MAC_update(context, bytes, size), 1);
	assert_int_equal(EVP_MAC_final(context, out, &written, 16), 1);
	assert_int_equal(written, 16);
	EVP_MAC_CTX_free(context);
	EVP_MAC_free(mac);
}

static void
as_bytes(SmlPrfValue value, uint8_t *out)
{
	for (int i = 0; i < 8; i++)
	{
		out[i] = (uint8_t) (value.low >> (8 * i));
		out[8 + i] = (uint8_t) (value.high >> (8 * i));
	}
}

static void
test_siphash(void **state)
{
	/* first vector of the authors' vectors_128 */
	static const char published[] = "a3817f04ba25a8e66df67214c7550293";
	uint8_t  key[16];
	uint8_t  bytes[300];
	uint8_t  ours[16];
	uint8_t  theirs[16];
	char     hex[32];
	SmlPrf   prf;

	(void) state;
	for (int i = 0; i < 16; i++)
		key[i] = (uint8_t) i;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t) (i * 31 + 5);
	sml_prf_start(&prf, key);
	sml_mask_hex(sml_siphash(&prf, (SmlSlice){bytes, 0}), hex);
	assert_memory_equal(hex, published, 32);
	for (size_t size = 0; size < sizeof(bytes); size++)
	{
		as_bytes(sml_siphash(&prf, (SmlSlice){bytes, size}), ours);
		reference_siphash(key, bytes, size, theirs);
		assert_memory_equal(ours, theirs, 16);
		/* the tag is a word in front */
		{
			uint8_t longer[308] = {'t'};

			memcpy(longer + 8, bytes, size);
			as_bytes(sml_prf(&prf, 't', (SmlSlice){bytes, size}), ours);
			reference_siphash(key, longer, size + 8, theirs);
			assert_memory_equal(ours, theirs, 16);
		}
	}
}

static void
test_permutation(void **state)
{
	static const int64_t limits[] = {0, 1, 32767, 32768, INT32_MAX, (int64_t) INT32_MAX + 1, INT64_MAX - 1, INT64_MAX};
	static uint8_t seen[65536];
	uint8_t key[16] = "sixteen bytes k";
	SmlPrf  prf;
	SmlPrf  other;
	int     fixed = 0;
	int     same = 0;

	(void) state;
	sml_prf_start(&prf, key);
	key[0]++;
	sml_prf_start(&other, key);
	memset(seen, 0, sizeof(seen));
	/* every int2 once */
	for (int x = INT16_MIN; x <= INT16_MAX; x++)
	{
		int64_t y = sml_prf_permute(&prf, x, true);

		assert_between(y + 32768, 0, 65535);
		assert_true((x < 0) == (y < 0));
		assert_int_equal(seen[y + 32768]++, 0);
		fixed += x == y;
		same += y == sml_prf_permute(&other, x, true);
	}
	/* about one each is expected; 20 would be a broken permutation */
	assert_between(fixed, 0, 20);
	assert_between(same, 0, 20);
	/* the ranges keep apart, and int4 and int8 agree because there is one function */
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
	{
		int64_t y = sml_prf_permute(&prf, limits[i], false);

		assert_true(y >= 0);
		assert_true((limits[i] > INT32_MAX) == (y > INT32_MAX));
		assert_int_equal(sml_prf_permute(&prf, -1 - limits[i], false), -1 - y);
	}
	/* 100,000 neighbours have 100,000 images: collisions by sorting */
	{
		size_t    n = 100000;
		uint32_t *bits = calloc((size_t) 1 << 26, sizeof(uint32_t));

		assert_non_null(bits);
		for (size_t i = 0; i < n; i++)
		{
			uint64_t y = (uint64_t) sml_prf_permute(&prf, (int64_t) i, false);

			assert_int_equal(bits[y >> 5] & ((uint32_t) 1 << (y & 31)), 0);
			bits[y >> 5] |= (uint32_t) 1 << (y & 31);
		}
		free(bits);
	}
}

/* A block says what single numbers say; the test above holds those to the definition. */
static void
test_permutation_block(void **state)
{
	static const uint32_t firsts[] = {0, 8, 65528, 65536, 12345678, 0x7ffffff8};
	uint8_t  key[16] = "sixteen bytes k";
	uint32_t images[SML_PRF_BLOCK];
	SmlPrf   prf;

	(void) state;
	sml_prf_start(&prf, key);
	for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++)
	{
		sml_prf_permute_block(&prf, firsts[i], images);
		for (uint32_t lane = 0; lane < SML_PRF_BLOCK; lane++)
			assert_int_equal(images[lane], sml_prf_permute(&prf, (int64_t) firsts[i] + lane, false));
	}
}

static void
test_noise(void **state)
{
	uint8_t key[16] = "another key ...";
	SmlPrf  prf;
	double  sum = 0;
	double  squares = 0;
	int     n = 20000;

	(void) state;
	sml_prf_start(&prf, key);
	for (int i = 1; i <= n; i++)
	{
		double noisy = sml_mask_noise(&prf, i, 0, 10);

		assert_true(fabs(noisy - i) < 10);
		assert_true(noisy == sml_mask_noise(&prf, i, 0, 10));
		assert_true(fabs(sml_mask_noise(&prf, i, 0.1, 0) / i - 1) < 0.1);
		sum += noisy - i;
		squares += (noisy - i) * (noisy - i);
	}
	/* uniform on (-10, 10): mean 0 within five standard errors, variance 100/3 within 3 % */
	assert_true(fabs(sum / n) < 5 * 10 / sqrt(3.0 * n));
	assert_close(squares / n, 100.0 / 3, 0.03);
	assert_true(sml_mask_noise(&prf, -0.0, 0, 1) == sml_mask_noise(&prf, 0.0, 0, 1));
	assert_true(isnan(sml_mask_noise(&prf, NAN, 1, 1)));
	assert_true(sml_mask_noise(&prf, -INFINITY, 1, 1) == -INFINITY);
}

static void
test_date_shift(void **state)
{
	uint8_t key[16] = "dates ...";
	SmlPrf  prf;
	int     forwards = 0;

	(void) state;
	sml_prf_start(&prf, key);
	for (int64_t day = -5000; day < 5000; day++)
	{
		int64_t shift = sml_mask_date_shift(&prf, day, 30) - day;

		assert_true(shift != 0 && shift >= -30 && shift <= 30);
		assert_true(shift == sml_mask_date_shift(&prf, day, 30) - day);
		forwards += shift > 0;
	}
	assert_between(forwards, 4750, 5250);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void
check_partial(const char *text, size_t prefix, const char *fill, size_t suffix, bool utf8, const char *expected)
{
	uint8_t out[200];
	size_t  size = sml_mask_partial(slice_of(text), utf8, prefix, slice_of(fill), suffix, out);

	assert_int_equal(size, strlen(expected));
	assert_memory_equal(out, expected, size);
}

static void
test_partial(void **state)
{
	(void) state;
	check_partial("0123456789", 2, "***", 3, true, "01***789");
	check_partial("0123456789", 0, "x", 4, true, "x6789");
	check_partial("0123456789", 4, "", 0, true, "0123");
	/* the ends never cover the whole */
	check_partial("01234", 2, "***", 3, true, "***");
	check_partial("01234", 9, "***", 0, true, "***");
	check_partial("01234", 0, "***", 5, true, "***");
	check_partial("01234", SIZE_MAX, "***", SIZE_MAX, true, "***");
	check_partial("", 0, "***", 0, true, "***");
	/* characters, not bytes: Zürich, 東京都 */
	check_partial("Z\xc3\xbcrich", 2, "*", 1, true, "Z\xc3\xbc*h");
	check_partial("\xe6\x9d\xb1\xe4\xba\xac\xe9\x83\xbd", 1, "*", 1, true, "\xe6\x9d\xb1*\xe9\x83\xbd");
	check_partial("Z\xfcrich", 2, "*", 0, false, "Z\xfc*");
	/* broken UTF-8: a byte is a character, and nothing is read behind the end */
	check_partial("ab\xe6\x9d", 3, "*", 0, true, "ab\xe6*");
}

static void
check_email(const char *text, const char *expected)
{
	uint8_t out[200];
	size_t  size = sml_mask_email(slice_of(text), true, out);

	assert_int_equal(size, strlen(expected));
	assert_memory_equal(out, expected, size);
}

static void
test_email(void **state)
{
	(void) state;
	check_email("jane@mail.example.org", "j***@m***.org");
	check_email("j@x.y", "j***@x***.y");
	check_email("\xc3\xbc" "@\xc3\xb6x.de", "\xc3\xbc***@\xc3\xb6***.de");
	check_email("odd@name@host.com", "o***@h***.com");
	check_email("user@localhost", "u***@l***");
	check_email("no address", "***");
	check_email("@host", "***");
	check_email("user@", "***");
	check_email("", "***");
	check_email("a@.", "a***@.***");
}

static void
check_redact(const char *text, const char *kind_name, const char *expected)
{
	uint8_t   out[300];
	SmlRedact kind;
	size_t    size;

	assert_true(sml_redact_kind(kind_name, &kind));
	size = sml_mask_redact(slice_of(text), kind, out);
	assert_int_equal(size, strlen(expected));
	assert_memory_equal(out, expected, size);
}

static void
test_redact(void **state)
{
	SmlRedact kind;

	(void) state;
	check_redact("room 12, tel. 030-123", "digits", "room ##, tel. ###-###");
	check_redact("call +49 (30) 123-4567 before 10:30", "numbers", "call +### before 10:30");
	check_redact("item 123456 of 7", "numbers", "item 123456 of 7");
	check_redact("card 4111111111111111.", "numbers", "card ###.");
	check_redact("mail jane.doe+x@example.org now", "emails", "mail *** now");
	check_redact("jane@example.org", "all", "***");
	check_redact("a@b and 555 123 4567", "all", "*** and ###");
	check_redact("@ not one @", "all", "@ not one @");
	check_redact("1234567@example.org", "all", "***");
	check_redact("", "all", "");
	check_redact("@@", "emails", "@@");
	check_redact("a@", "all", "a@");
	check_redact("a@b", "emails", "***");
	assert_false(sml_redact_kind("names", &kind));
}

/* ---- numbers and dates ------------------------------------------------------------------------- */

static void
check_bucket(double value, double width, double origin, const char *expected)
{
	char   out[SML_BUCKET_ROOM];
	size_t size = sml_mask_bucket(value, width, origin, out);

	assert_int_equal(size, strlen(expected));
	assert_memory_equal(out, expected, size);
}

static void
test_numbers(void **state)
{
	(void) state;
	check_bucket(27, 10, 0, "[20,30)");
	check_bucket(30, 10, 0, "[30,40)");
	check_bucket(-1, 10, 0, "[-10,0)");
	check_bucket(0, 10, 0, "[0,10)");
	check_bucket(-0.0, 10, 0, "[0,10)");
	check_bucket(17, 10, 5, "[15,25)");
	check_bucket(0.3, 0.1, 0, "[0.3,0.4)");
	check_bucket(0.35, 0.1, 0, "[0.3,0.4)");
	check_bucket(NAN, 1, 0, "NaN");
	check_bucket(-INFINITY, 1, 0, "-Infinity");
	assert_true(sml_mask_round(1234, 100) == 1200);
	assert_true(sml_mask_round(1250, 100) == 1300);
	assert_true(sml_mask_round(-1250, 100) == -1300);
	assert_true(sml_mask_round(0.26, 0.25) == 0.25);
	assert_true(!signbit(sml_mask_round(-0.1, 1)));
	assert_true(isnan(sml_mask_round(NAN, 1)));
	assert_true(sml_mask_round(1e308, 1e-10) == 1e308);
}

/* Days from 2000-01-01 by the C library. */
static int64_t
day_of(int year, int month, int day)
{
	struct tm when = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};

	return timegm(&when) / 86400 - 10957;
}

static void
test_dates(void **state)
{
	SmlDateUnit unit;

	(void) state;
	/* each day of 1583 to 2417 against the C library's calendar */
	for (int64_t day = day_of(1583, 1, 1); day < day_of(2417, 12, 31); day++)
	{
		time_t    seconds = (time_t) (day + 10957) * 86400;
		struct tm when;
		int       year;

		assert_non_null(gmtime_r(&seconds, &when));
		year = when.tm_year + 1900;
		assert_int_equal(sml_mask_date(day, SML_UNIT_DAY), day);
		assert_int_equal(sml_mask_date(day, SML_UNIT_MONTH), day - when.tm_mday + 1);
		assert_int_equal(sml_mask_date(day, SML_UNIT_YEAR), day - when.tm_yday);
		assert_int_equal(sml_mask_date(day, SML_UNIT_QUARTER), day_of(year, when.tm_mon / 3 * 3 + 1, 1));
		assert_int_equal(sml_mask_date(day, SML_UNIT_DECADE), day_of(year / 10 * 10, 1, 1));
	}
	/* far ends do not overflow */
	assert_true(sml_mask_date(-2451545, SML_UNIT_MONTH) <= -2451545);
	assert_true(sml_mask_date(2145031948, SML_UNIT_YEAR) <= 2145031948);
	assert_true(sml_date_unit("month", &unit) && unit == SML_UNIT_MONTH);
	assert_false(sml_date_unit("hour", &unit));
}

static void
test_invented(void **state)
{
	static const char *const kinds[] = {"first_name", "last_name", "full_name", "email", "phone", "city"};
	uint8_t key[16] = "names";
	SmlPrf  prf;
	char    out[SML_FAKE_ROOM];
	char    pseudonym[SML_PSEUDONYM_SIZE];
	SmlFake kind;

	(void) state;
	sml_prf_start(&prf, key);
	for (uint64_t i = 0; i < 3000; i++)
	{
		SmlPrfValue value = sml_prf(&prf, 't', (SmlSlice){(const uint8_t *) &i, 8});

		for (size_t k = 0; k < 6; k++)
		{
			assert_true(sml_fake_kind(kinds[k], &kind));
			assert_between(sml_mask_fake(value, kind, out), 2, SML_FAKE_ROOM - 1);
		}
		sml_mask_pseudonym(value, pseudonym);
		assert_memory_equal(pseudonym, "p_", 2);
		for (int c = 2; c < SML_PSEUDONYM_SIZE; c++)
			assert_non_null(strchr("0123456789abcdefghijklmnopqrstuvwxyz", pseudonym[c]));
	}
	assert_false(sml_fake_kind("ssn", &kind));
}

/* ---- personal data ---------------------------------------------------------------------------- */

static void
test_personal_names(void **state)
{
	static const struct { const char *name, *what; } cases[] = {
		{"email", "email address"}, {"customerEmail_2", "email address"}, {"E-Mail", "email address"}, {"first_name", "name"}, {"FirstName", "name"},
		{"lastname", "name"}, {"dob", "date of birth"}, {"birth_year", "date of birth"}, {"ZIP", "postal code"}, {"mac_address", "network address"},
		{"salary", "pay"}, {"name", NULL}, {"product_name", NULL}, {"id", NULL}, {"description", NULL}, {"", NULL}, {"___", NULL}, {"shipment", NULL},
		{"a_very_long_name_of_a_column_with_many_words_in_it_for_which_there_is_no_room_email", NULL}, {"\xc3\xa9mail", NULL},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const char *what = sml_personal_name(cases[i].name);

		if (cases[i].what)
			assert_string_equal(what ? what : "nothing", cases[i].what);
		else
			assert_null(what);
	}
}

static void
test_personal_values(void **state)
{
	static const struct { const char *text; SmlPersonal kind; } cases[] = {
		{"jane@example.org", SML_PERSONAL_EMAIL}, {"  jane.doe+tag@mail.example.co.uk ", SML_PERSONAL_EMAIL}, {"jane@localhost", SML_PERSONAL_NONE},
		{"a@b@c.de", SML_PERSONAL_NONE}, {"@example.org", SML_PERSONAL_NONE},
		/* test numbers that payment processors publish */
		{"4111 1111 1111 1111", SML_PERSONAL_CARD}, {"378282246310005", SML_PERSONAL_CARD}, {"4111 1111 1111 1112", SML_PERSONAL_NONE},
		/* the example of ISO 13616 for the United Kingdom, and with a digit changed */
		{"GB82 WEST 1234 5698 7654 32", SML_PERSONAL_IBAN}, {"GB82 WEST 1234 5698 7654 33", SML_PERSONAL_NONE},
		{"078-05-1120", SML_PERSONAL_SSN}, {"666-05-1120", SML_PERSONAL_PHONE},
		{"+49 30 1234567", SML_PERSONAL_PHONE}, {"(030) 123-4567", SML_PERSONAL_PHONE}, {"1234567", SML_PERSONAL_NONE}, {"2026-11-26", SML_PERSONAL_NONE},
		{"192.168.10.1", SML_PERSONAL_IP}, {"192.168.10.256", SML_PERSONAL_NONE}, {"1.2.3.4.5", SML_PERSONAL_NONE}, {"some words", SML_PERSONAL_NONE}, {"", SML_PERSONAL_NONE},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		SmlPersonal kind = sml_personal_value(slice_of(cases[i].text));

		if (kind != cases[i].kind)
			print_message("%s: %d\n", cases[i].text, (int) kind);
		assert_int_equal(kind, cases[i].kind);
	}
	assert_null(sml_personal_words(SML_PERSONAL_NONE));
	assert_string_equal(sml_personal_words(SML_PERSONAL_IBAN), "bank account");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash), cmocka_unit_test(test_permutation), cmocka_unit_test(test_permutation_block), cmocka_unit_test(test_noise), cmocka_unit_test(test_date_shift),
		cmocka_unit_test(test_partial), cmocka_unit_test(test_email), cmocka_unit_test(test_redact), cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_dates), cmocka_unit_test(test_invented), cmocka_unit_test(test_personal_names), cmocka_unit_test(test_personal_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
