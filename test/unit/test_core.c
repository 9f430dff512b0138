/*
 * test_core.c - sentences for the user: cut where a character ends, however long the names in them are.
 */
#include "harness.h"

/* Two bytes a character: "é" is C3 A9. */
static void
test_clip(void **state)
{
	(void) state;
	assert_int_equal(sml_clip("abc", 5), 3);
	assert_int_equal(sml_clip("abc", 3), 3);
	assert_int_equal(sml_clip("abc", 2), 2);
	assert_int_equal(sml_clip("", 0), 0);
	assert_int_equal(sml_clip("a\xc3\xa9" "b", 1), 1);
	assert_int_equal(sml_clip("a\xc3\xa9" "b", 2), 1);
	assert_int_equal(sml_clip("a\xc3\xa9" "b", 3), 3);
	/* four bytes: F0 9F 8C B1 */
	assert_int_equal(sml_clip("\xf0\x9f\x8c\xb1", 3), 0);
	assert_int_equal(sml_clip("\xf0\x9f\x8c\xb1", 4), 4);
}

/* Whether a text ends with a whole character, when it is made of "é" after one byte. */
static bool
ends_well(const char *text)
{
	size_t length = strlen(text);

	return length % 2 == 1 && (unsigned char) text[length - 1] == 0xa9;
}

static void
test_long_names(void **state)
{
	Harness  h;
	SmlNotes notes = {0};
	char     name[4001] = "x";

	(void) state;
	for (size_t i = 1; i + 1 < sizeof(name); i += 2)
		memcpy(name + i, "\xc3\xa9", 2);
	name[sizeof(name) - 2] = '\0';
	harness_start(&h);
	assert_int_equal(sml_fail(&h.env, SML_BAD_INPUT, "%s", name), SML_BAD_INPUT);
	assert_true(ends_well(h.env.detail));
	assert_int_equal(sml_note(&h.env, &notes, "%s", name), SML_OK);
	assert_true(ends_well(notes.text[0]));
	assert_true(strlen(notes.text[0]) > 1000);
	/* a text that fits stays as it is */
	assert_int_equal(sml_note(&h.env, &notes, "%s", "short"), SML_OK);
	assert_string_equal(notes.text[1], "short");
	/* which notes tell of values */
	assert_int_equal(sml_note_plain(&h.env, &notes, "%s", "plain"), SML_OK);
	assert_int_equal(notes.count, 3);
	assert_false(notes.plain[0] || notes.plain[1]);
	assert_true(notes.plain[2]);
	sml_notes_free(&h.env, &notes);
	harness_finish(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clip),
		cmocka_unit_test(test_long_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
