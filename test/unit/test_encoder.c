/*
 * test_encoder.c - making an encoder, encoding with it, its bytes, and the Gram matrix
 * of encoded columns from raw moments.  Expected encoded values: test/reference/encoder.md.
 */
#include "rows.h"

#define ROWS 10
#define TERMS 6

/* x, z and the target y */
static const double numbers[ROWS][3] = {
	{1, 1e9 + 1, 3.5}, {2, 1e9 + 3, 1}, {0, 1e9 + 2, 4}, {4, 1e9 + 5, 1}, {INFINITY, 1e9 + 4, 5},
	{6, 1e9 + 8, 9}, {7, 1e9 + 7, 2}, {8, 1e9 + 6, 6}, {0, 1e9 + 9, 5}, {10, 1e9 + 10, 3},
};
static const char *const cities[ROWS] = {"a", "b", "b", NULL, "c", "a", "b", "d", "b", "a"};

/* The rows above with the missing x in place. */
static void
fill(double rows[ROWS][3])
{
	memcpy(rows, numbers, sizeof(numbers));
	rows[2][0] = rows[8][0] = sml_missing();
}

/* columns: x, x is missing, z, city=b, city=(missing), city=(other) */
static const double encoded[ROWS][TERMS] = {
	{-1.7544671637929492, -0.6546536707079772, -1.5666989036012806, -0.81649658092772603, -0.33333333333333331, -0.5},
	{-1.3582971590655091, -0.6546536707079772, -0.8703882797784892, 1.2247448713915889, -0.33333333333333331, -0.5},
	{0, 1.5275252316519468, -1.2185435916898848, 1.2247448713915889, -0.33333333333333331, -0.5},
	{-0.56595714961062882, -0.6546536707079772, -0.17407765595569785, -0.81649658092772603, 3, -0.5},
	{0, 1.5275252316519468, -0.5222329678670935, -0.81649658092772603, -0.33333333333333331, 2},
	{0.22638285984425138, -0.6546536707079772, 0.8703882797784892, -0.81649658092772603, -0.33333333333333331, -0.5},
	{0.62255286457169146, -0.6546536707079772, 0.5222329678670935, 1.2247448713915889, -0.33333333333333331, -0.5},
	{1.0187228692991317, -0.6546536707079772, 0.17407765595569785, -0.81649658092772603, -0.33333333333333331, 2},
	{0, 1.5275252316519468, 1.2185435916898848, 1.2247448713915889, -0.33333333333333331, -0.5},
	{1.8110628787540117, -0.6546536707079772, 1.5666989036012806, -0.81649658092772603, -0.33333333333333331, -0.5},
};
static const double median_x[ROWS] = {
	-1.8126539343499313, -1.4185987312303809, 0.15762208124782026, -0.63048832499128027, 0.15762208124782026,
	0.15762208124782026, 0.55167728436737051, 0.94573248748692085, 0.15762208124782026, 1.7338428937260213,
};
static const double constant_x[ROWS] = {
	-0.41178049395232924, -0.19505391818794543, -1.2786867970098645, 0.23839923334082222, -1.2786867970098645,
	0.67185238486958987, 0.88857896063397357, 1.1053055363983575, -1.2786867970098645, 1.5387586879271251,
};

typedef struct Made
{
	SmlLayout   layout;
	SmlProfile *profile;
	SmlNotes    notes;
	SmlEncoder *encoder;
} Made;

static void
unmake(SmlEnv *env, Made *made)
{
	sml_layout_free(env, &made->layout);
	sml_profile_free(env, made->profile);
	sml_notes_free(env, &made->notes);
	sml_encoder_free(env, made->encoder);
}

/* The ten rows above, at most two levels of the city. */
static SmlStatus
make_ten(SmlEnv *env, SmlImpute impute, Made *made)
{
	bool           quantiles[3] = {true, false, false};
	SmlProfileSpec spec = {false, quantiles};
	SmlFeatureWish wishes[3] = {{impute, -3, NULL, 0, NULL, 0}, {0}, {0}};
	double         rows[ROWS][3];
	SmlStatus      status;

	memset(made, 0, sizeof(*made));
	fill(rows);
	wishes[2].max_levels = 2;
	status = layout_of(env, "x z city*", SML_TARGET_NUMBER, false, &made->layout);
	if (status == SML_OK)
		status = profile_of(env, &made->layout, &spec, ROWS, rows[0], cities, &made->profile);
	if (status == SML_OK)
		status = sml_encoder_make(env, &made->layout, made->profile, wishes, NULL, 0, &made->notes, &made->encoder);
	return status;
}

/* Encode all ten rows, singly and as a block, which must agree to the bit. */
static void
encode_ten(const SmlEncoder *encoder, double x[ROWS][TERMS])
{
	double  rows[ROWS][3];
	double  block[ROWS][TERMS];
	int32_t codes[ROWS];

	fill(rows);
	for (size_t r = 0; r < ROWS; r++)
	{
		size_t level = sml_encoder_level(encoder, 0, label(cities[r]));

		codes[r] = level == SML_NO_LEVEL ? -1 : (int32_t) level;
		sml_encode_row(encoder, rows[r], &level, x[r]);
	}
	sml_encode_block(encoder, ROWS, rows[0], 3, codes, 1, block[0]);
	assert_memory_equal(x, block, sizeof(block));
}

static void
test_values(void **state)
{
	Harness h;
	Made    made;
	double  x[ROWS][TERMS];

	(void) state;
	harness_start(&h);
	assert_int_equal(make_ten(&h.env, SML_IMPUTE_MEAN, &made), SML_OK);
	assert_int_equal(made.encoder->term_count, TERMS);
	encode_ten(made.encoder, x);
	for (size_t r = 0; r < ROWS; r++)
		for (size_t j = 0; j < TERMS; j++)
			assert_close(x[r][j], encoded[r][j], 1e-14);
	assert_close(made.encoder->target_center, 3.95, 1e-15);
	assert_close(made.encoder->target_scale, 2.3286262044390038, 1e-15);
	assert_int_equal(made.encoder->features[0].missing, 3);
	assert_int_equal(made.encoder->features[0].nonfinite, 1);
	unmake(&h.env, &made);
	harness_finish(&h);
}

static void
test_imputes(void **state)
{
	Harness h;
	Made    made;
	double  x[ROWS][TERMS];

	(void) state;
	harness_start(&h);
	assert_int_equal(make_ten(&h.env, SML_IMPUTE_MEDIAN, &made), SML_OK);
	encode_ten(made.encoder, x);
	for (size_t r = 0; r < ROWS; r++)
		assert_close(x[r][0], median_x[r], 1e-14);
	unmake(&h.env, &made);
	assert_int_equal(make_ten(&h.env, SML_IMPUTE_CONSTANT, &made), SML_OK);
	encode_ten(made.encoder, x);
	for (size_t r = 0; r < ROWS; r++)
		assert_close(x[r][0], constant_x[r], 1e-14);
	unmake(&h.env, &made);
	harness_finish(&h);
}

static void
test_levels(void **state)
{
	Harness           h;
	Made              made;
	const SmlFeature *city;
	char              name[16];
	double            x[TERMS];
	double            row[2] = {1, 2};
	size_t            none = SML_NO_LEVEL;

	(void) state;
	harness_start(&h);
	assert_int_equal(make_ten(&h.env, SML_IMPUTE_MEAN, &made), SML_OK);
	city = &made.encoder->features[2];
	assert_int_equal(city->level_count, 4);
	assert_string_equal(city->levels[0], "a");
	assert_string_equal(city->levels[1], "b");
	assert_string_equal(city->levels[2], "(missing)");
	assert_string_equal(city->levels[3], "(other)");
	assert_int_equal(city->counts[0] * 1000 + city->counts[1] * 100 + city->counts[2] * 10 + city->counts[3], 3412);
	assert_int_equal(city->other_distinct, 2);
	assert_int_equal(sml_encoder_level(made.encoder, 0, label("b")), 1);
	assert_int_equal(sml_encoder_level(made.encoder, 0, label(NULL)), 2);
	assert_int_equal(sml_encoder_level(made.encoder, 0, label("never met")), 3);
	/* a text that reads like the name of a made-up level is not that level */
	assert_int_equal(sml_encoder_level(made.encoder, 0, label("(missing)")), 3);
	assert_true(sml_encoder_knows(made.encoder, 0, label("a")));
	assert_true(sml_encoder_knows(made.encoder, 0, label(NULL)));
	assert_false(sml_encoder_knows(made.encoder, 0, label("")));
	/* no level at all: every indicator at its mean */
	sml_encode_row(made.encoder, row, &none, x);
	for (size_t j = 3; j < TERMS; j++)
		assert_true(x[j] == 0);
	assert_int_equal(sml_encoder_term_name(made.encoder, 1, name, sizeof(name)), 12);
	assert_string_equal(name, "x is missing");
	(void) sml_encoder_term_name(made.encoder, 0, name, sizeof(name));
	assert_string_equal(name, "x");
	assert_int_equal(sml_encoder_term_name(made.encoder, 5, name, 6), 12);
	assert_string_equal(name, "city=");
	assert_int_equal(made.notes.count, 2);
	assert_non_null(strstr(made.notes.text[0], "1 values of \"x\" are NaN or infinite"));
	assert_non_null(strstr(made.notes.text[1], "4 distinct values; the 2 most frequent"));
	unmake(&h.env, &made);
	harness_finish(&h);
}

/* ---- choices and refusals ------------------------------------------------------------- */

/* One label column "c" over the given texts, with a class target. */
static SmlStatus
make_label(SmlEnv *env, size_t rows, const char *const *labels, const SmlFeatureWish *wish,
		   const char *const *class_order, size_t class_count, Made *made)
{
	SmlProfileSpec spec = {false, NULL};
	SmlStatus      status;

	memset(made, 0, sizeof(*made));
	status = layout_of(env, "c*", SML_TARGET_CLASS, false, &made->layout);
	assert_int_equal(status, SML_OK);
	status = profile_of(env, &made->layout, &spec, rows, NULL, labels, &made->profile);
	assert_int_equal(status, SML_OK);
	return sml_encoder_make(env, &made->layout, made->profile, wish, class_order, class_count, &made->notes, &made->encoder);
}

static const char *const shirts[] = {"small", "10", "large", "9", "medium", "-1", "small", "10", "large", "1e1"};

static void
test_orders(void **state)
{
	static const char *const sizes[] = {"tiny", "small", "medium", "large"};
	static const char *const reversed[] = {"9", "10", "-1", "1e1"};
	Harness        h;
	Made           made;
	SmlFeatureWish wish = {SML_IMPUTE_MEAN, 0, "medium", 0, sizes, 4};

	(void) state;
	harness_start(&h);
	/* levels in the order of an enum, a reference of one's own; classes by value, ties in byte order */
	assert_int_equal(make_label(&h.env, 5, shirts, &wish, NULL, 0, &made), SML_OK);
	assert_string_equal(made.encoder->features[0].levels[0], "small");
	assert_string_equal(made.encoder->features[0].levels[1], "medium");
	assert_string_equal(made.encoder->features[0].levels[2], "large");
	assert_int_equal(made.encoder->features[0].reference, 1);
	assert_int_equal(made.encoder->terms[0].level, 0);
	assert_int_equal(made.encoder->terms[1].level, 2);
	assert_string_equal(made.encoder->classes[0], "-1");
	assert_string_equal(made.encoder->classes[1], "9");
	assert_string_equal(made.encoder->classes[2], "10");
	assert_string_equal(made.encoder->classes[3], "1e1");
	assert_int_equal(made.encoder->class_counts[2], 2);
	assert_int_equal(sml_encoder_class(made.encoder, label("10")), 2);
	assert_int_equal(sml_encoder_class(made.encoder, label("11")), SML_NO_LEVEL);
	assert_int_equal(sml_encoder_class(made.encoder, label(NULL)), SML_NO_LEVEL);
	unmake(&h.env, &made);
	assert_int_equal(make_label(&h.env, 5, shirts, NULL, reversed, 4, &made), SML_OK);
	assert_string_equal(made.encoder->classes[0], "9");
	assert_string_equal(made.encoder->classes[2], "-1");
	/* byte order without an enum */
	assert_string_equal(made.encoder->features[0].levels[0], "large");
	unmake(&h.env, &made);
	harness_finish(&h);
}

static void
test_refusals(void **state)
{
	static const char *const one_class[] = {"p", "yes", "q", "yes"};
	static const char *const nothing[] = {NULL, "yes", NULL, "no"};
	static const char *const alike[] = {"p", "yes", "p", "no"};
	Harness        h;
	Made           made;
	SmlFeatureWish wish = {SML_IMPUTE_MEAN, 0, "mediun", 0, NULL, 0};

	(void) state;
	harness_start(&h);
	assert_int_equal(make_label(&h.env, 5, shirts, &wish, NULL, 0, &made), SML_BAD_INPUT);
	assert_non_null(strstr(h.env.detail, "no level \"mediun\""));
	assert_non_null(strstr(h.env.detail, "the closest is \"medium\""));
	unmake(&h.env, &made);
	assert_int_equal(make_label(&h.env, 2, one_class, NULL, NULL, 0, &made), SML_BAD_INPUT);
	assert_non_null(strstr(h.env.detail, "only one class in the training rows: \"yes\""));
	unmake(&h.env, &made);
	assert_int_equal(make_label(&h.env, 2, nothing, NULL, NULL, 0, &made), SML_BAD_INPUT);
	assert_non_null(strstr(h.env.detail, "\"c\" has no value"));
	unmake(&h.env, &made);
	assert_int_equal(make_label(&h.env, 2, alike, NULL, NULL, 0, &made), SML_BAD_INPUT);
	assert_non_null(strstr(h.env.detail, "Every feature is constant"));
	unmake(&h.env, &made);
	assert_int_equal(make_label(&h.env, 0, alike, NULL, NULL, 0, &made), SML_BAD_INPUT);
	assert_non_null(strstr(h.env.detail, "no rows"));
	unmake(&h.env, &made);
	harness_finish(&h);
}

/* Levels and classes that are secret: none of them is in a sentence, and only there do they lack. */
static void
make_secret(SmlEnv *env, size_t rows, const char *const *labels, const SmlFeatureWish *wish, SmlStatus expected, Made *made)
{
	SmlProfileSpec spec = {false, NULL};

	memset(made, 0, sizeof(*made));
	assert_int_equal(layout_of(env, "c*", SML_TARGET_CLASS, false, &made->layout), SML_OK);
	made->layout.columns[0].secret = made->layout.secret_target = true;
	assert_int_equal(profile_of(env, &made->layout, &spec, rows, NULL, labels, &made->profile), SML_OK);
	assert_int_equal(sml_encoder_make(env, &made->layout, made->profile, wish, NULL, 0, &made->notes, &made->encoder), expected);
}

static void
test_secrets(void **state)
{
	static const char *const one_class[] = {"p", "yes", "q", "yes"};
	Harness        h;
	Made           made;
	SmlFeatureWish wish = {SML_IMPUTE_MEAN, 0, "mediun", 0, NULL, 0};

	(void) state;
	harness_start(&h);
	make_secret(&h.env, 5, shirts, &wish, SML_BAD_INPUT, &made);
	assert_null(strstr(h.env.detail, "medium"));
	assert_null(strstr(h.env.detail, "large"));
	unmake(&h.env, &made);
	make_secret(&h.env, 2, one_class, NULL, SML_BAD_INPUT, &made);
	assert_null(strstr(h.env.detail, "yes"));
	unmake(&h.env, &made);
	wish.reference = "medium";
	make_secret(&h.env, 5, shirts, &wish, SML_OK, &made);
	assert_string_equal(made.encoder->classes[1], "9");
	for (size_t k = 0; k < made.encoder->class_count; k++)
		assert_string_equal(sml_encoder_shown(made.encoder)[k], SML_SECRET_NAME);
	assert_true(sml_encoder_secret(made.encoder, 0));
	unmake(&h.env, &made);
	/* without the marks the texts are shown */
	assert_int_equal(make_label(&h.env, 5, shirts, NULL, NULL, 0, &made), SML_OK);
	assert_string_equal(sml_encoder_shown(made.encoder)[1], "9");
	assert_false(sml_encoder_secret(made.encoder, 0));
	unmake(&h.env, &made);
	harness_finish(&h);
}

static SmlStatus
secret_body(Harness *h, void *arg)
{
	SmlProfileSpec spec = {false, NULL};
	Made           made;
	SmlStatus      status;

	(void) arg;
	memset(&made, 0, sizeof(made));
	status = layout_of(&h->env, "c*", SML_TARGET_CLASS, false, &made.layout);
	if (status == SML_OK)
	{
		made.layout.secret_target = true;
		status = profile_of(&h->env, &made.layout, &spec, 5, NULL, shirts, &made.profile);
	}
	if (status == SML_OK)
		status = sml_encoder_make(&h->env, &made.layout, made.profile, NULL, NULL, 0, &made.notes, &made.encoder);
	if (status == SML_OK)
		status = sml_note_plain(&h->env, &made.notes, "said");
	unmake(&h->env, &made);
	return status;
}

/* A constant column, one that is constant where present, and an array column. */
static void
test_constants(void **state)
{
	const double   rows[4][4] = {{7, 0.1, 1, 2}, {7, NO, 2, 4}, {7, 0.1, 3, 7}, {7, 0.1, 5, 1}};
	SmlProfileSpec spec = {false, NULL};
	Harness        h;
	Made           made = {0};
	double         x[5];

	(void) state;
	harness_start(&h);
	assert_int_equal(layout_of(&h.env, "c d v[2]", SML_TARGET_NONE, false, &made.layout), SML_OK);
	assert_int_equal(profile_of(&h.env, &made.layout, &spec, 4, rows[0], NULL, &made.profile), SML_OK);
	assert_int_equal(sml_encoder_make(&h.env, &made.layout, made.profile, NULL, NULL, 0, &made.notes, &made.encoder), SML_OK);
	assert_int_equal(made.encoder->term_count, 5);
	assert_true(made.encoder->terms[0].constant);
	assert_true(made.encoder->terms[0].scale == 1);
	assert_true(made.encoder->terms[1].constant);
	assert_false(made.encoder->terms[2].constant);
	assert_int_equal(made.notes.count, 2);
	assert_non_null(strstr(made.notes.text[0], "\"c\" is constant in the training rows: it has no effect"));
	assert_non_null(strstr(made.notes.text[1], "\"d\" is constant in the training rows: only whether it is missing"));
	assert_string_equal(made.encoder->features[3].name, "v[2]");
	sml_encode_row(made.encoder, rows[0], NULL, x);
	assert_true(x[0] == 0);
	assert_close(x[1], 0, 1e-15);
	assert_close(x[2], -1 / sqrt(3), 1e-15);
	assert_close(x[3], (1 - 2.75) / sqrt(2.1875), 1e-15);
	assert_close(x[4], (2 - 3.5) / sqrt(5.25), 1e-15);
	unmake(&h.env, &made);
	harness_finish(&h);
}

/* More distinct values than a dictionary holds: the rest is counted exactly and told. */
static void
test_beyond_dictionary(void **state)
{
	SmlProfileSpec spec = {false, NULL};
	SmlUse         use;
	Harness        h;
	Made           made = {0};
	uint64_t       sum = 0;

	(void) state;
	harness_start(&h);
	assert_int_equal(layout_of(&h.env, "c*", SML_TARGET_NONE, false, &made.layout), SML_OK);
	assert_int_equal(sml_profile_start(&h.env, &made.layout, &spec, &made.profile), SML_OK);
	for (int i = 0; i < 25000; i++)
	{
		char    text[16];
		SmlText cell = {text, snprintf(text, sizeof(text), "v%d", i / 2)};
		SmlRow  row = {NULL, &cell};

		assert_int_equal(sml_profile_absorb(&h.env, made.profile, &row, NULL, &use), SML_OK);
	}
	assert_int_equal(sml_profile_flush(&h.env, made.profile), SML_OK);
	assert_int_equal(sml_encoder_make(&h.env, &made.layout, made.profile, NULL, NULL, 0, &made.notes, &made.encoder), SML_OK);
	assert_int_equal(made.encoder->features[0].level_count, 101);
	for (size_t k = 0; k < 101; k++)
		sum += made.encoder->features[0].counts[k];
	assert_int_equal(sum, 25000);
	assert_int_equal(made.encoder->features[0].counts[100], 24800);
	/* 12,500 distinct values, estimated from 10,000: within 5 standard errors of 1 % */
	assert_between(made.encoder->features[0].other_distinct, 12400 - 625, 12400 + 625);
	assert_non_null(strstr(made.notes.text[0], "has about"));
	unmake(&h.env, &made);
	harness_finish(&h);
}

/* ---- bytes --------------------------------------------------------------------------------- */

static SmlStatus
to_bytes(SmlEnv *env, const SmlEncoder *encoder, SmlWriter *writer)
{
	sml_writer_start(writer, env);
	sml_encoder_write(writer, encoder);
	return writer->status;
}

static void
test_bytes(void **state)
{
	Harness     h;
	Made        made;
	SmlWriter   writer;
	SmlWriter   again;
	SmlReader   reader;
	SmlEncoder *copy = NULL;
	double      x[ROWS][TERMS];
	double      y[ROWS][TERMS];

	(void) state;
	harness_start(&h);
	assert_int_equal(make_ten(&h.env, SML_IMPUTE_MEDIAN, &made), SML_OK);
	assert_int_equal(to_bytes(&h.env, made.encoder, &writer), SML_OK);
	sml_reader_start(&reader, &h.env, writer.bytes, writer.size);
	sml_encoder_read(&reader, &copy);
	assert_int_equal(reader.status, SML_OK);
	assert_int_equal(sml_reader_left(&reader), 0);
	assert_int_equal(to_bytes(&h.env, copy, &again), SML_OK);
	assert_int_equal(again.size, writer.size);
	assert_memory_equal(again.bytes, writer.bytes, writer.size);
	encode_ten(made.encoder, x);
	encode_ten(copy, y);
	assert_memory_equal(x, y, sizeof(x));
	sml_encoder_free(&h.env, copy);
	/* cut anywhere, and with any one byte changed: refused or a sound encoder, never a bad access */
	for (size_t size = 0; size < writer.size; size++)
	{
		copy = NULL;
		sml_reader_start(&reader, &h.env, writer.bytes, size);
		sml_encoder_read(&reader, &copy);
		assert_int_equal(reader.status, SML_CORRUPT);
		assert_null(copy);
	}
	for (size_t at = 0; at < writer.size; at++)
		for (unsigned change = 1; change < 256; change *= 2)
		{
			copy = NULL;
			writer.bytes[at] ^= (uint8_t) change;
			sml_reader_start(&reader, &h.env, writer.bytes, writer.size);
			sml_encoder_read(&reader, &copy);
			if (reader.status == SML_OK && copy->layout.numbers == 2 && copy->layout.labels == 1 && copy->term_count == TERMS)
				encode_ten(copy, y);
			sml_encoder_free(&h.env, copy);
			writer.bytes[at] ^= (uint8_t) change;
		}
	sml_writer_free(&writer);
	sml_writer_free(&again);
	unmake(&h.env, &made);
	harness_finish(&h);
}

/* ---- Gram matrix ------------------------------------------------------------------------------ */

#define MANY 1000

/* Three columns: at an offset of 1e9, on a scale of 1e12 and around 0.3; two with missing values. */
static void
many_rows(double rows[MANY][4])
{
	for (size_t r = 0; r < MANY; r++)
	{
		double a = sin((double) r * 1.7);
		double b = cos((double) (r * r % 977));
		double c = sin((double) (r % 31)) * 0.2;

		rows[r][0] = r % 7 == 3 ? sml_missing() : 1e9 + a;
		rows[r][1] = 1e12 * (b + a / 3);
		rows[r][2] = r >= 600 && r % 5 == 0 ? NAN : 0.3 + c + a / 5;
		rows[r][3] = 5e8 + a - 2 * b + c;
	}
}

static SmlStatus
make_many(SmlEnv *env, double rows[MANY][4], SmlImpute impute, Made *made)
{
	SmlProfileSpec spec = {true, NULL};
	SmlFeatureWish wishes[3] = {{impute, 1e9 + 0.5, NULL, 0, NULL, 0}, {0}, {impute, 0.25, NULL, 0, NULL, 0}};
	SmlStatus      status;

	memset(made, 0, sizeof(*made));
	status = layout_of(env, "a b c", SML_TARGET_NUMBER, false, &made->layout);
	if (status == SML_OK)
		status = profile_of(env, &made->layout, &spec, MANY, rows[0], NULL, &made->profile);
	if (status == SML_OK)
		status = sml_encoder_make(env, &made->layout, made->profile, wishes, NULL, 0, &made->notes, &made->encoder);
	return status;
}

static void
check_gram(SmlImpute impute)
{
	static double rows[MANY][4];
	Harness     h;
	Made        made;
	double     *gram;
	long double direct[7][7] = {{0}};
	SmlEncoder *encoder;

	harness_start(&h);
	many_rows(rows);
	assert_int_equal(make_many(&h.env, rows, impute, &made), SML_OK);
	encoder = made.encoder;
	assert_int_equal(encoder->term_count, 5);
	assert_int_equal(sml_encoder_moments(&h.env, encoder, sml_profile_moments(made.profile), &gram), SML_OK);
	for (size_t r = 0; r < MANY; r++)
	{
		double z[7] = {1};

		sml_encode_row(encoder, rows[r], NULL, z + 1);
		z[6] = (rows[r][3] - encoder->target_center) / encoder->target_scale;
		for (size_t i = 0; i < 7; i++)
			for (size_t j = 0; j < 7; j++)
				direct[i][j] += (long double) z[i] * z[j];
	}
	/* sums of 1000 rows of deviation one: 1e-12 of the rows */
	for (size_t i = 0; i < 7; i++)
		for (size_t j = 0; j < 7; j++)
			assert_close(gram[i * 7 + j] / MANY, (double) (direct[i][j] / MANY), 1e-12);
	assert_close(gram[0], MANY, 0);
	sml_free(&h.env, gram);
	unmake(&h.env, &made);
	harness_finish(&h);
}

static void
test_gram(void **state)
{
	(void) state;
	check_gram(SML_IMPUTE_MEAN);
	check_gram(SML_IMPUTE_CONSTANT);
}

static void
test_gram_refusal(void **state)
{
	Harness     h;
	Made        made;
	SmlMoments *moments;
	double     *gram;

	(void) state;
	harness_start(&h);
	assert_int_equal(make_ten(&h.env, SML_IMPUTE_MEAN, &made), SML_OK);
	assert_int_equal(sml_moments_start(&h.env, 2, true, &moments), SML_OK);
	assert_int_equal(sml_encoder_moments(&h.env, made.encoder, moments, &gram), SML_MISMATCH);
	sml_moments_free(&h.env, moments);
	unmake(&h.env, &made);
	harness_finish(&h);
}

/* ---- sweeps -------------------------------------------------------------------------------------- */

static SmlStatus
sweep_body(Harness *h, void *arg)
{
	Made        made;
	SmlWriter   writer = {0};
	SmlReader   reader;
	SmlEncoder *copy = NULL;
	SmlStatus   status = make_ten(&h->env, SML_IMPUTE_MEDIAN, &made);

	(void) arg;
	if (status == SML_OK)
	{
		status = to_bytes(&h->env, made.encoder, &writer);
		if (status == SML_OK)
		{
			sml_reader_start(&reader, &h->env, writer.bytes, writer.size);
			sml_encoder_read(&reader, &copy);
			status = reader.status;
		}
		sml_writer_free(&writer);
		sml_encoder_free(&h->env, copy);
	}
	unmake(&h->env, &made);
	return status;
}

static SmlStatus
gram_body(Harness *h, void *arg)
{
	Made      made;
	double   *gram = NULL;
	SmlStatus status = make_many(&h->env, arg, SML_IMPUTE_MEAN, &made);

	if (status == SML_OK)
		status = sml_encoder_moments(&h->env, made.encoder, sml_profile_moments(made.profile), &gram);
	sml_free(&h->env, gram);
	unmake(&h->env, &made);
	return status;
}

static void
test_sweeps(void **state)
{
	static double rows[MANY][4];

	(void) state;
	many_rows(rows);
	harness_sweep(sweep_body, NULL);
	harness_sweep(gram_body, rows);
	harness_sweep(secret_body, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_imputes),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_constants),
		cmocka_unit_test(test_beyond_dictionary),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_gram),
		cmocka_unit_test(test_gram_refusal),
		cmocka_unit_test(test_sweeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
