/*
 * fit.c - what a learner of the linear family found: taking, freeing, writing
 * and reading an SmlFit.
 *
 * Bytes (little-endian; doubles as IEEE 754 bits, NaN allowed but in "coded"):
 *
 *   outputs u64 | terms u64 | coded, estimate, std_error: 3 x outputs x (1 + terms) f64
 *   | df f64 | dropped: terms x u8 | baseline u64 (2^64 - 1: none) | no_inference text
 *   | converged u8 | iterations u32 | rows u64 | weight, loss, null_loss, r2, sigma,
 *   log_likelihood, condition, ridge: 8 x f64
 */
#include <math.h>

#include <string.h>

#include "fold.h"

#define NO_BASELINE_ON_WIRE UINT64_MAX

/* Numbers at the end of the record, in the order they are written. */
#define TAIL_NUMBERS 8

/* outputs * (1 + terms), checked. */
static bool
cell_count(size_t outputs, size_t terms, size_t *cells)
{
	size_t width;

	return sml_size_plus(terms, 1, &width) && sml_size_times(outputs, width, cells);
}

SmlStatus
sml_fit_alloc(SmlEnv *env, size_t outputs, size_t terms, SmlFit **fit)
{
	SmlStatus status = SML_OK;
	SmlFit   *made = NULL;
	size_t    cells;

	if (!cell_count(outputs, terms, &cells))
		return sml_fail(env, SML_NO_MEMORY, "A model of %zu rows of %zu terms does not fit in memory.", outputs, terms);
	SML_TRY(sml_alloc_array(env, 1, sizeof(SmlFit), &made));
	made->outputs = outputs;
	made->terms = terms;
	SML_TRY(sml_alloc_array(env, cells, sizeof(double), &made->coded));
	SML_TRY(sml_alloc_array(env, cells, sizeof(double), &made->estimate));
	SML_TRY(sml_alloc_array(env, cells, sizeof(double), &made->std_error));
	SML_TRY(sml_alloc_array(env, terms, sizeof(bool), &made->dropped));
	for (size_t i = 0; i < cells; i++)
		made->std_error[i] = NAN;
	made->df = INFINITY;
	made->baseline = SML_NO_BASELINE;
	made->r2 = NAN;
	made->sigma = NAN;
	made->condition = NAN;
	*fit = made;
	made = NULL;
done:
	sml_fit_free(env, made);
	return status;
}

void
sml_fit_free(SmlEnv *env, SmlFit *fit)
{
	if (fit == NULL)
		return;
	sml_free(env, fit->coded);
	sml_free(env, fit->estimate);
	sml_free(env, fit->std_error);
	sml_free(env, fit->dropped);
	sml_free(env, fit->no_inference);
	sml_free(env, fit->class_weight);
	sml_free(env, fit);
}

SmlStatus
sml_fit_withhold(SmlEnv *env, SmlFit *fit, const char *reason)
{
	if (fit->no_inference == NULL)
	{
		SmlStatus status = sml_copy_text(env, reason, strlen(reason), &fit->no_inference);

		if (status != SML_OK)
			return status;
	}
	for (size_t i = 0; i < fit->outputs * (1 + fit->terms); i++)
		fit->std_error[i] = NAN;
	return SML_OK;
}

SmlStatus
sml_fit_class_weight(SmlEnv *env, SmlFit *fit, const double *weight, size_t classes)
{
	double   *copy = NULL;
	SmlStatus status = sml_alloc_array(env, classes, sizeof(double), &copy);

	if (status != SML_OK)
		return status;
	memcpy(copy, weight, classes * sizeof(double));
	sml_free(env, fit->class_weight);
	fit->class_weight = copy;
	return SML_OK;
}

void
sml_fit_write(SmlWriter *writer, const SmlFit *fit)
{
	size_t       cells = fit->outputs * (1 + fit->terms);
	const double tail[TAIL_NUMBERS] = {fit->weight, fit->loss, fit->null_loss, fit->r2,
									   fit->sigma, fit->log_likelihood, fit->condition, fit->ridge};

	sml_write_u64(writer, fit->outputs);
	sml_write_u64(writer, fit->terms);
	sml_write_f64s(writer, fit->coded, cells);
	sml_write_f64s(writer, fit->estimate, cells);
	sml_write_f64s(writer, fit->std_error, cells);
	sml_write_f64(writer, fit->df);
	for (size_t j = 0; j < fit->terms; j++)
		sml_write_u8(writer, fit->dropped[j]);
	sml_write_u64(writer, fit->baseline == SML_NO_BASELINE ? NO_BASELINE_ON_WIRE : fit->baseline);
	sml_write_text(writer, fit->no_inference);
	sml_write_u8(writer, fit->converged);
	sml_write_u32(writer, fit->iterations);
	sml_write_u64(writer, fit->rows);
	sml_write_f64s(writer, tail, TAIL_NUMBERS);
}

/* The counts at the start, refused unless the three matrices can follow. */
static bool
read_shape(SmlReader *reader, size_t *outputs, size_t *terms)
{
	uint64_t rows = sml_read_u64(reader);
	uint64_t columns = sml_read_u64(reader);
	size_t   left = sml_reader_left(reader) / (3 * sizeof(double));

	if (reader->status != SML_OK)
		return false;
	/* divisions, so that nothing can overflow */
	if (rows == 0 || columns >= left || rows > left / (columns + 1))
	{
		sml_reader_fail(reader, "The coefficients of the model are cut short.");
		return false;
	}
	*outputs = (size_t) rows;
	*terms = (size_t) columns;
	return true;
}

static void
read_tail(SmlReader *reader, SmlFit *fit)
{
	double tail[TAIL_NUMBERS] = {0};

	sml_read_f64s(reader, tail, TAIL_NUMBERS);
	fit->weight = tail[0];
	fit->loss = tail[1];
	fit->null_loss = tail[2];
	fit->r2 = tail[3];
	fit->sigma = tail[4];
	fit->log_likelihood = tail[5];
	fit->condition = tail[6];
	fit->ridge = tail[7];
}

/* Everything behind the shape. */
static void
read_body(SmlReader *reader, SmlFit *fit)
{
	size_t   cells = fit->outputs * (1 + fit->terms);
	uint64_t baseline;

	sml_read_f64s(reader, fit->coded, cells);
	sml_read_f64s(reader, fit->estimate, cells);
	sml_read_f64s(reader, fit->std_error, cells);
	fit->df = sml_read_f64(reader);
	sml_read_bools(reader, fit->dropped, fit->terms);
	baseline = sml_read_u64(reader);
	fit->no_inference = sml_read_text(reader);
	fit->converged = sml_read_bool(reader);
	fit->iterations = sml_read_u32(reader);
	fit->rows = sml_read_u64(reader);
	read_tail(reader, fit);
	if (reader->status != SML_OK)
		return;
	fit->baseline = baseline == NO_BASELINE_ON_WIRE ? SML_NO_BASELINE : (size_t) baseline;
	if (baseline != NO_BASELINE_ON_WIRE && baseline >= fit->outputs)
		sml_reader_fail(reader, "The baseline of the model is none of its classes.");
	for (size_t i = 0; i < cells; i++)
	{
		if (!isfinite(fit->coded[i]))
		{
			sml_reader_fail(reader, "A coefficient of the model is not a number.");
			break;
		}
	}
}

void
sml_fit_read(SmlReader *reader, SmlFit **fit)
{
	SmlFit *made = NULL;
	size_t  outputs;
	size_t  terms;

	*fit = NULL;
	if (!read_shape(reader, &outputs, &terms))
		return;
	reader->status = sml_fit_alloc(reader->env, outputs, terms, &made);
	if (reader->status != SML_OK)
		return;
	read_body(reader, made);
	if (reader->status == SML_OK)
		*fit = made;
	else
		sml_fit_free(reader->env, made);
}
