/*
 * test_fit.c - the bytes of a fit: out and in again, cut, changed, and with every
 * allocation failing.
 */
#include "harness.h"

#include "../../src/core/fold.h"

static SmlStatus
make_fit(SmlEnv *env, SmlFit **fit)
{
	SmlStatus status = sml_fit_alloc(env, 3, 2, fit);

	if (status != SML_OK)
		return status;
	for (size_t i = 0; i < 9; i++)
	{
		(*fit)->coded[i] = 0.5 * (double) i;
		(*fit)->estimate[i] = -1.25 * (double) i;
		(*fit)->std_error[i] = i % 3 ? 0.1 : NAN;
	}
	(*fit)->dropped[1] = true;
	(*fit)->baseline = 2;
	(*fit)->converged = true;
	(*fit)->iterations = 7;
	(*fit)->rows = 150;
	(*fit)->weight = 151.5;
	(*fit)->loss = 0.25;
	(*fit)->ridge = 0.015;
	status = sml_copy_text(env, "Because.", 8, &(*fit)->no_inference);
	if (status != SML_OK)
	{
		sml_fit_free(env, *fit);
		*fit = NULL;
	}
	return status;
}

static SmlStatus
round_trip(Harness *h, void *arg)
{
	SmlFit   *fit = NULL;
	SmlFit   *copy = NULL;
	SmlWriter writer;
	SmlReader reader;
	SmlStatus status;

	(void) arg;
	sml_writer_start(&writer, &h->env);
	SML_TRY(make_fit(&h->env, &fit));
	sml_fit_write(&writer, fit);
	SML_TRY(writer.status);
	sml_reader_start(&reader, &h->env, writer.bytes, writer.size);
	sml_fit_read(&reader, &copy);
	SML_TRY(reader.status);
	assert_int_equal(sml_reader_left(&reader), 0);
	assert_int_equal(copy->outputs, 3);
	assert_int_equal(copy->terms, 2);
	assert_memory_equal(copy->coded, fit->coded, 9 * sizeof(double));
	assert_memory_equal(copy->estimate, fit->estimate, 9 * sizeof(double));
	assert_memory_equal(copy->std_error, fit->std_error, 9 * sizeof(double));
	assert_true(isinf(copy->df));
	assert_false(copy->dropped[0]);
	assert_true(copy->dropped[1]);
	assert_int_equal(copy->baseline, 2);
	assert_string_equal(copy->no_inference, "Because.");
	assert_true(copy->converged);
	assert_int_equal(copy->iterations, 7);
	assert_int_equal(copy->rows, 150);
	assert_true(copy->weight == 151.5 && copy->loss == 0.25 && copy->ridge == 0.015);
	assert_true(isnan(copy->r2) && isnan(copy->sigma) && isnan(copy->condition));
done:
	sml_fit_free(&h->env, fit);
	sml_fit_free(&h->env, copy);
	sml_writer_free(&writer);
	return status;
}

static void
test_round_trip(void **unused)
{
	(void) unused;
	harness_sweep(round_trip, NULL);
}

/* Bytes that do not decode: always SML_CORRUPT and NULL, whatever was changed at the places that matter. */
static void
test_hostile(void **unused)
{
	const struct { size_t at; uint8_t byte; } changes[] = {
		{0, 0}, {7, 0x80}, {8, 0xff}, {15, 0xff}, {16 + 7, 0x7f}, {16 + 3 * 72 + 8, 2}, {16 + 3 * 72 + 10, 3},
	};
	Harness   h;
	SmlFit   *fit = NULL;
	SmlWriter writer;
	SmlReader reader;

	(void) unused;
	harness_start(&h);
	assert_int_equal(make_fit(&h.env, &fit), SML_OK);
	fit->coded[0] = -INFINITY;
	sml_writer_start(&writer, &h.env);
	sml_fit_write(&writer, fit);
	assert_int_equal(writer.status, SML_OK);
	sml_fit_free(&h.env, fit);
	sml_reader_start(&reader, &h.env, writer.bytes, writer.size);
	sml_fit_read(&reader, &fit);
	assert_int_equal(reader.status, SML_CORRUPT);
	assert_null(fit);
	memset(writer.bytes + 16, 0, 8);
	for (size_t size = 0; size < writer.size; size++)
	{
		sml_reader_start(&reader, &h.env, writer.bytes, size);
		sml_fit_read(&reader, &fit);
		assert_int_equal(reader.status, SML_CORRUPT);
		assert_null(fit);
	}
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
	{
		uint8_t before[2] = {writer.bytes[changes[i].at], writer.bytes[changes[i].at - (changes[i].at > 0)]};

		writer.bytes[changes[i].at] = changes[i].byte;
		if (changes[i].byte == 0x7f)
			writer.bytes[changes[i].at - 1] = 0xf0; /* infinity */
		sml_reader_start(&reader, &h.env, writer.bytes, writer.size);
		sml_fit_read(&reader, &fit);
		assert_int_equal(reader.status, SML_CORRUPT);
		assert_null(fit);
		if (changes[i].byte == 0x7f)
			writer.bytes[changes[i].at - 1] = before[1];
		writer.bytes[changes[i].at] = before[0];
	}
	sml_writer_free(&writer);
	harness_finish(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
