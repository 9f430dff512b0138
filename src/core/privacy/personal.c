/*
 * personal.c - see personal.h.
 */
#include "personal.h"

#include <string.h>

/* ---- names of columns ------------------------------------------------------------------ */

#define WORDS 12
#define WORD_SIZE 24

typedef struct Words
{
	size_t count;
	char   word[WORDS][WORD_SIZE];
} Words;

static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* "customerEmail_2" gives customer, email.  What does not fit is left out. */
static void
split_words(const char *name, Words *words)
{
	size_t length = 0;

	words->count = 0;
	for (size_t i = 0; name[i] != '\0' && words->count < WORDS; i++)
	{
		char c = name[i];

		if (!is_upper(c) && !is_lower(c))
		{
			words->count += length > 0;
			length = 0;
			continue;
		}
		if (is_upper(c) && length > 0 && is_lower(name[i - 1]))
		{
			words->count++;
			length = 0;
			if (words->count == WORDS)
				break;
		}
		if (length + 1 < WORD_SIZE)
		{
			words->word[words->count][length++] = is_upper(c) ? (char) (c - 'A' + 'a') : c;
			words->word[words->count][length] = '\0';
		}
	}
	if (words->count < WORDS)
		words->count += length > 0;
}

/* One word, or two in a row (second not NULL). */
typedef struct Telling
{
	const char *first;
	const char *second;
	const char *what;
} Telling;

static const Telling telling[] = {
	{"email", NULL, "email address"}, {"mail", "address", "email address"}, {"e", "mail", "email address"},
	{"phone", NULL, "phone number"}, {"telephone", NULL, "phone number"}, {"mobile", NULL, "phone number"}, {"cell", "number", "phone number"},
	{"fax", NULL, "phone number"}, {"msisdn", NULL, "phone number"},
	{"firstname", NULL, "name"}, {"lastname", NULL, "name"}, {"surname", NULL, "name"}, {"fullname", NULL, "name"}, {"forename", NULL, "name"},
	{"first", "name", "name"}, {"last", "name", "name"}, {"full", "name", "name"}, {"given", "name", "name"}, {"family", "name", "name"},
	{"middle", "name", "name"}, {"maiden", "name", "name"}, {"customer", "name", "name"}, {"patient", "name", "name"}, {"employee", "name", "name"},
	{"person", "name", "name"}, {"contact", "name", "name"}, {"username", NULL, "user name"}, {"user", "name", "user name"}, {"login", NULL, "user name"},
	{"address", NULL, "address"}, {"street", NULL, "address"}, {"addr", NULL, "address"}, {"zip", NULL, "postal code"}, {"zipcode", NULL, "postal code"},
	{"postcode", NULL, "postal code"}, {"postal", "code", "postal code"}, {"birthday", NULL, "date of birth"}, {"birthdate", NULL, "date of birth"},
	{"dob", NULL, "date of birth"}, {"birth", NULL, "date of birth"}, {"ssn", NULL, "identity number"}, {"passport", NULL, "identity number"},
	{"social", "security", "identity number"}, {"national", "id", "identity number"}, {"tax", "id", "identity number"}, {"tin", NULL, "identity number"},
	{"driver", "license", "identity number"}, {"driving", "licence", "identity number"}, {"licence", "plate", "identity number"},
	{"license", "plate", "identity number"}, {"iban", NULL, "bank account"}, {"bic", NULL, "bank account"}, {"account", "number", "bank account"},
	{"bank", "account", "bank account"}, {"card", "number", "payment card"}, {"creditcard", NULL, "payment card"}, {"credit", "card", "payment card"},
	{"pan", NULL, "payment card"}, {"cvv", NULL, "payment card"}, {"ip", NULL, "network address"}, {"ipaddress", NULL, "network address"},
	{"mac", "address", "network address"}, {"latitude", NULL, "location"}, {"longitude", NULL, "location"}, {"lat", NULL, "location"},
	{"lng", NULL, "location"}, {"gps", NULL, "location"}, {"geolocation", NULL, "location"}, {"gender", NULL, "sex or gender"}, {"sex", NULL, "sex or gender"},
	{"race", NULL, "origin"}, {"ethnicity", NULL, "origin"}, {"nationality", NULL, "origin"}, {"religion", NULL, "belief"}, {"marital", NULL, "family status"},
	{"diagnosis", NULL, "health"}, {"icd", NULL, "health"}, {"disease", NULL, "health"}, {"medication", NULL, "health"}, {"blood", NULL, "health"},
	{"disability", NULL, "health"}, {"salary", NULL, "pay"}, {"wage", NULL, "pay"}, {"income", NULL, "pay"}, {"password", NULL, "secret"},
	{"passwd", NULL, "secret"}, {"pwd", NULL, "secret"}, {"biometric", NULL, "biometrics"}, {"fingerprint", NULL, "biometrics"},
};

/* Two words in a row say more than one: a mac address is no street address. */
const char *
sml_personal_name(const char *name)
{
	Words       words;
	const char *single = NULL;

	split_words(name, &words);
	for (size_t i = 0; i < words.count; i++)
		for (size_t j = 0; j < sizeof(telling) / sizeof(telling[0]); j++)
		{
			if (strcmp(words.word[i], telling[j].first) != 0)
				continue;
			if (telling[j].second == NULL)
				single = single ? single : telling[j].what;
			else if (i + 1 < words.count && strcmp(words.word[i + 1], telling[j].second) == 0)
				return telling[j].what;
		}
	return single;
}

/* ---- values ------------------------------------------------------------------------------- */

static bool
is_email(const char *s, size_t size)
{
	size_t at = 0;
	size_t dot = 0;

	for (size_t i = 0; i < size; i++)
	{
		char c = s[i];

		if (c == '@')
		{
			if (at > 0 || i == 0)
				return false;
			at = i;
		}
		else if (c == '.' && at > 0 && i > at + 1)
			dot = i;
		else if (!is_upper(c) && !is_lower(c) && !is_digit(c) && strchr("._%+-'", c) == NULL && (unsigned char) c < 0x80)
			return false;
	}
	return at > 0 && dot > at && dot + 2 < size;
}

/* Digits without blanks and hyphens; 0 when there is anything else or too many. */
static size_t
only_digits(const char *s, size_t size, char *digits, size_t room)
{
	size_t count = 0;

	for (size_t i = 0; i < size; i++)
	{
		if (s[i] == ' ' || s[i] == '-')
			continue;
		if (!is_digit(s[i]) || count == room)
			return 0;
		digits[count++] = s[i];
	}
	return count;
}

static bool
is_card(const char *s, size_t size)
{
	char   digits[19];
	size_t count = only_digits(s, size, digits, sizeof(digits));
	int    sum = 0;

	if (count < 13 || digits[0] == '0')
		return false;
	for (size_t i = 0; i < count; i++)
	{
		int d = digits[count - 1 - i] - '0';

		if (i % 2 == 1)
			d = d > 4 ? 2 * d - 9 : 2 * d;
		sum += d;
	}
	return sum % 10 == 0;
}

static bool
is_iban(const char *s, size_t size)
{
	char   compact[34];
	size_t count = 0;
	int    rest = 0;

	for (size_t i = 0; i < size; i++)
	{
		if (s[i] == ' ')
			continue;
		if (count == sizeof(compact) || !(is_upper(s[i]) || is_digit(s[i])))
			return false;
		compact[count++] = s[i];
	}
	if (count < 15 || !is_upper(compact[0]) || !is_upper(compact[1]) || !is_digit(compact[2]) || !is_digit(compact[3]))
		return false;
	for (size_t i = 0; i < count; i++)
	{
		char c = compact[(i + 4) % count];

		rest = is_digit(c) ? (rest * 10 + (c - '0')) % 97 : (rest * 100 + (c - 'A' + 10)) % 97;
	}
	return rest == 1;
}

static bool
is_ssn(const char *s, size_t size)
{
	if (size != 11 || s[3] != '-' || s[6] != '-')
		return false;
	for (size_t i = 0; i < size; i++)
		if (i != 3 && i != 6 && !is_digit(s[i]))
			return false;
	return memcmp(s, "000", 3) != 0 && memcmp(s, "666", 3) != 0 && s[0] != '9';
}

/* An international number, or one with separators: plain digits are more often an id. */
static bool
is_phone(const char *s, size_t size)
{
	size_t digits = 0;
	bool   separated = false;

	for (size_t i = 0; i < size; i++)
	{
		if (is_digit(s[i]))
			digits++;
		else if (s[i] == '+' && i > 0)
			return false;
		else if (strchr("+ -.()/", s[i]) == NULL)
			return false;
		else
			separated = separated || s[i] == '+' || s[i] == '-' || s[i] == ' ' || s[i] == '(';
	}
	/* 2026-11-26 is a date */
	if (size == 10 && s[4] == '-' && s[7] == '-')
		return false;
	return separated && digits >= 7 && digits <= 15;
}

static bool
is_ip(const char *s, size_t size)
{
	int parts = 1;
	int value = -1;

	for (size_t i = 0; i < size; i++)
	{
		if (s[i] == '.')
		{
			if (value < 0)
				return false;
			parts++;
			value = -1;
		}
		else if (is_digit(s[i]))
		{
			value = (value < 0 ? 0 : value) * 10 + (s[i] - '0');
			if (value > 255)
				return false;
		}
		else
			return false;
	}
	return parts == 4 && value >= 0;
}

SmlPersonal
sml_personal_value(SmlSlice text)
{
	const char *s = (const char *) text.bytes;
	size_t      size = text.size;

	while (size > 0 && s[0] == ' ')
		s++, size--;
	while (size > 0 && s[size - 1] == ' ')
		size--;
	if (size < 7 || size > 254 || memchr(s, '\0', size) != NULL)
		return SML_PERSONAL_NONE;
	if (is_email(s, size))
		return SML_PERSONAL_EMAIL;
	if (is_iban(s, size))
		return SML_PERSONAL_IBAN;
	if (is_card(s, size))
		return SML_PERSONAL_CARD;
	if (is_ssn(s, size))
		return SML_PERSONAL_SSN;
	if (is_ip(s, size))
		return SML_PERSONAL_IP;
	return is_phone(s, size) ? SML_PERSONAL_PHONE : SML_PERSONAL_NONE;
}

const char *
sml_personal_words(SmlPersonal kind)
{
	static const char *const words[SML_PERSONAL_KINDS] = {
		NULL, "email address", "payment card", "bank account", "identity number", "phone number", "network address",
	};

	return words[kind];
}
