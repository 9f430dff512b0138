/*
 * classifier_fit.h - for the tests of the classifiers: a CSV file as encoded
 * columns, and the fold over it as the server runs it: every pass starts from
 * the bytes of the state, in several parts that are merged.
 */
#ifndef CLASSIFIER_FIT_H
#define CLASSIFIER_FIT_H

#include "harness.h"

#include "../../src/core/fold.h"
#include "../../src/core/model/learners.h"
#include "../../src/core/options.h"

typedef struct Data
{
	size_t  rows;
	size_t  terms;
	double *x;        /* encoded */
	double *y;
	double *w;        /* or NULL */
	double *centers;
	double *scales;
	bool   *constant;
	size_t  classes;
} Data;

typedef struct Fitted
{
	SmlFit  *fit;
	SmlNotes notes;
	uint32_t passes;
} Fitted;

/* Centre and scale the columns in place. */
static inline void
data_encode(Data *data)
{
	data->centers = calloc(data->terms + 1, sizeof(double));
	data->scales = calloc(data->terms + 1, sizeof(double));
	data->constant = calloc(data->terms + 1, sizeof(bool));
	for (size_t j = 0; j < data->terms; j++)
	{
		double mean = 0;
		double square = 0;

		for (size_t i = 0; i < data->rows; i++)
			mean += data->x[i * data->terms + j] / (double) data->rows;
		for (size_t i = 0; i < data->rows; i++)
			square += pow(data->x[i * data->terms + j] - mean, 2) / (double) data->rows;
		data->centers[j] = mean;
		data->constant[j] = !(square > 0);
		data->scales[j] = square > 0 ? sqrt(square) : 1;
		for (size_t i = 0; i < data->rows; i++)
			data->x[i * data->terms + j] = (data->x[i * data->terms + j] - mean) / data->scales[j];
	}
}

/* Columns of a file; the last one is the target. */
static inline Data
data_read(const char *path, size_t classes)
{
	Data    data = {.classes = classes};
	size_t  columns;
	double *cells = harness_csv(path, &data.rows, &columns);

	data.terms = columns - 1;
	data.x = calloc(data.rows * data.terms + 1, sizeof(double));
	data.y = calloc(data.rows, sizeof(double));
	for (size_t i = 0; i < data.rows; i++)
	{
		memcpy(data.x + i * data.terms, cells + i * columns, data.terms * sizeof(double));
		data.y[i] = cells[i * columns + data.terms];
	}
	free(cells);
	data_encode(&data);
	return data;
}

/* The same from arrays. */
static inline Data
data_make(size_t rows, size_t terms, size_t classes, const double *x, const double *y)
{
	Data data = {.rows = rows, .terms = terms, .classes = classes};

	data.x = calloc(rows * terms + 1, sizeof(double));
	data.y = calloc(rows, sizeof(double));
	memcpy(data.x, x, rows * terms * sizeof(double));
	memcpy(data.y, y, rows * sizeof(double));
	data_encode(&data);
	return data;
}

static inline void
data_free(Data *data)
{
	free(data->x);
	free(data->y);
	free(data->w);
	free(data->centers);
	free(data->scales);
	free(data->constant);
}

static inline SmlDesign
data_design(const Data *data, const double *options)
{
	SmlDesign design = {.task = data->classes == 2 ? SML_BINARY : SML_MULTICLASS, .terms = data->terms};

	design.classes = data->classes;
	design.weighted = data->w != NULL;
	design.centers = data->centers;
	design.scales = data->scales;
	design.constant = data->constant;
	design.target_scale = 1;
	design.options = options;
	return design;
}

static inline const char *
term_name(void *context, size_t term)
{
	static char names[4][16];
	char       *name = names[term % 4];

	(void) context;
	snprintf(name, sizeof(names[0]), "x%zu", term + 1);
	return name;
}

/* One part of a pass: the state from the opening's bytes, fed, and back to bytes and state. */
static inline SmlStatus
fold_part(SmlEnv *env, const SmlLearner *learner, const SmlDesign *design, const Data *data, size_t from, size_t rows,
		  const SmlWriter *opening, SmlState **part)
{
	SmlBlock  block = {.rows = rows, .x = data->x + from * data->terms, .y = data->y + from};
	SmlState *state = NULL;
	SmlReader reader;
	SmlWriter writer;
	SmlStatus status;

	block.w = data->w ? data->w + from : NULL;
	sml_writer_start(&writer, env);
	sml_reader_start(&reader, env, opening->bytes, opening->size);
	learner->read(&reader, design, &state);
	SML_TRY(reader.status);
	SML_TRY(learner->absorb(env, state, &block));
	learner->write(&writer, state);
	SML_TRY(writer.status);
	sml_reader_start(&reader, env, writer.bytes, writer.size);
	learner->read(&reader, design, part);
	SML_TRY(reader.status);
	assert_int_equal(sml_reader_left(&reader), 0);
done:
	learner->free(env, state);
	sml_writer_free(&writer);
	return status;
}

/* One pass in parts; *state is replaced. */
static inline SmlStatus
fold_pass(SmlEnv *env, const SmlLearner *learner, const SmlDesign *design, const Data *data, size_t parts,
		  SmlState **state)
{
	SmlState *merged = NULL;
	SmlState *part = NULL;
	SmlWriter opening;
	SmlStatus status;

	sml_writer_start(&opening, env);
	learner->write(&opening, *state);
	SML_TRY(opening.status);
	for (size_t i = 0; i < parts; i++)
	{
		size_t from = data->rows * i / parts;
		size_t to = data->rows * (i + 1) / parts;

		SML_TRY(fold_part(env, learner, design, data, from, to - from, &opening, &part));
		if (merged == NULL)
			merged = part;
		else
		{
			SML_TRY(learner->merge(env, merged, part));
			learner->free(env, part);
		}
		part = NULL;
	}
	learner->free(env, *state);
	*state = merged;
	merged = NULL;
done:
	learner->free(env, part);
	learner->free(env, merged);
	sml_writer_free(&opening);
	return status;
}

/* The whole fit.  warm may be NULL; the state is kept in *kept unless that is NULL. */
static inline SmlStatus
fold_fit(SmlEnv *env, const SmlLearner *learner, const Data *data, const double *options, size_t parts,
		 const SmlState *warm, SmlState **kept, Fitted *fitted)
{
	SmlDesign  design = data_design(data, options);
	SmlState  *state = NULL;
	SmlVerdict verdict = {.again = true};
	SmlStatus  status;

	*fitted = (Fitted) {0};
	SML_TRY(learner->start(env, &design, &state));
	if (warm != NULL)
		SML_TRY(learner->warm(env, state, warm));
	while (verdict.again)
	{
		SML_TRY(fold_pass(env, learner, &design, data, parts, &state));
		SML_TRY(learner->finish_pass(env, state, &verdict));
		fitted->passes++;
	}
	SML_TRY(learner->result(env, state, term_name, NULL, &fitted->notes, &fitted->fit));
	if (kept != NULL)
	{
		*kept = state;
		state = NULL;
	}
done:
	learner->free(env, state);
	if (status != SML_OK)
		sml_notes_free(env, &fitted->notes);
	return status;
}

static inline void
fitted_free(SmlEnv *env, Fitted *fitted)
{
	sml_fit_free(env, fitted->fit);
	sml_notes_free(env, &fitted->notes);
}

static inline bool
has_note(const Fitted *fitted, const char *words)
{
	for (size_t i = 0; i < fitted->notes.count; i++)
	{
		if (strstr(fitted->notes.text[i], words) != NULL)
			return true;
	}
	return false;
}

/* Options by name and number, the others at their defaults. */
static inline void
set_options(const SmlLearner *learner, double *options, size_t count, const SmlGivenOption *given)
{
	Harness h;

	harness_start(&h);
	assert_int_equal(sml_options_fill(&h.env, learner, given, count, NULL, 0, options), SML_OK);
	harness_finish(&h);
}

/* Largest difference between estimates, in units of max(1, |b|). */
static inline double
largest_difference(size_t count, const double *a, const double *b)
{
	double largest = 0;

	for (size_t i = 0; i < count; i++)
	{
		if (isnan(a[i]) != isnan(b[i]))
			return INFINITY;
		if (!isnan(a[i]))
			largest = fmax(largest, fabs(a[i] - b[i]) / fmax(1, fabs(b[i])));
	}
	return largest;
}

/* Estimates to 1e-8 of max(1, |b|), errors to 1e-8 of themselves. */
static inline void
check_against(const Fitted *fitted, const char *path)
{
	size_t  rows;
	size_t  columns;
	double *expected = harness_csv(path, &rows, &columns);

	assert_int_equal(columns, 2);
	assert_int_equal(rows, fitted->fit->outputs * (1 + fitted->fit->terms));
	for (size_t i = 0; i < rows; i++)
	{
		assert_int_equal(isnan(fitted->fit->estimate[i]), isnan(expected[2 * i]));
		assert_int_equal(isnan(fitted->fit->std_error[i]), isnan(expected[2 * i + 1]));
		if (!isnan(expected[2 * i]))
			assert_close(fitted->fit->estimate[i], expected[2 * i], 1e-8);
		if (!isnan(expected[2 * i + 1]))
			assert_true(fabs(fitted->fit->std_error[i] / expected[2 * i + 1] - 1) < 1e-8);
	}
	free(expected);
}

#endif
