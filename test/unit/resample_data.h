/*
 * resample_data.h - reference files as cases, and synthetic rows collected, for the tests of resampling.
 */
#ifndef SML_RESAMPLE_DATA_H
#define SML_RESAMPLE_DATA_H

#include "harness.h"

#include "../../src/core/hash.h"
#include "../../src/core/resample/resample.h"

typedef struct Table
{
	double   *csv;        /* rows x columns */
	size_t    rows;
	size_t    columns;
	double   *number;
	int32_t  *code;
	int32_t  *class_of;
	uint64_t *key;
	SmlCases  cases;
	SmlClassPlan plan[8];
} Table;

static const char *const class_names[] = {"zero", "one", "two", "three", "four"};

/* The first columns are numbers, then labels, then the class. */
static inline void
table_read(const char *path, size_t numbers, size_t labels, Table *table)
{
	memset(table, 0, sizeof(*table));
	table->csv = harness_csv(path, &table->rows, &table->columns);
	table->number = calloc(table->rows * numbers + 1, sizeof(double));
	table->code = calloc(table->rows * labels + 1, sizeof(int32_t));
	table->class_of = calloc(table->rows, sizeof(int32_t));
	table->key = calloc(table->rows, sizeof(uint64_t));
	table->cases.class_count = 0;
	for (size_t r = 0; r < table->rows; r++)
	{
		const double *row = table->csv + r * table->columns;

		memcpy(table->number + r * numbers, row, numbers * sizeof(double));
		for (size_t j = 0; j < labels; j++)
			table->code[r * labels + j] = (int32_t) row[numbers + j];
		table->class_of[r] = (int32_t) row[numbers + labels];
		if ((size_t) table->class_of[r] >= table->cases.class_count)
			table->cases.class_count = (size_t) table->class_of[r] + 1;
		table->key[r] = sml_hash_mix(r + 1);
		table->plan[table->class_of[r]].present++;
	}
	table->cases = (SmlCases){table->rows, numbers, labels, table->cases.class_count, table->number, numbers, table->code, labels,
							  table->class_of, table->key, NULL};
}

static inline void
table_free(Table *table)
{
	free(table->csv);
	free(table->number);
	free(table->code);
	free(table->class_of);
	free(table->key);
}

/* Column "back" counted from the last one (0). */
static inline double
column_from_end(const Table *table, size_t r, size_t back)
{
	return table->csv[r * table->columns + table->columns - 1 - back];
}

/* What was made. */
typedef struct Made
{
	SmlSynthetic *rows;
	double       *number;
	int32_t      *code;
	size_t        count;
	size_t        room;
	size_t        numbers;
	size_t        labels;
} Made;

static inline SmlStatus
made_take(void *context, const SmlSynthetic *row)
{
	Made *made = context;

	if (made->count == made->room)
	{
		made->room = made->room * 2 + 256;
		made->rows = realloc(made->rows, made->room * sizeof(SmlSynthetic));
		made->number = realloc(made->number, (made->room * made->numbers + 1) * sizeof(double));
		made->code = realloc(made->code, (made->room * made->labels + 1) * sizeof(int32_t));
	}
	made->rows[made->count] = *row;
	if (made->numbers > 0)
		memcpy(made->number + made->count * made->numbers, row->numbers, made->numbers * sizeof(double));
	if (made->labels > 0)
		memcpy(made->code + made->count * made->labels, row->codes, made->labels * sizeof(int32_t));
	made->count++;
	return SML_OK;
}

static inline void
made_free(Made *made)
{
	free(made->rows);
	free(made->number);
	free(made->code);
	memset(made, 0, sizeof(*made));
}

static inline SmlResampleSpec
spec_of(const Table *table, SmlResampleKind kind, uint64_t seed)
{
	SmlResampleSpec spec;

	memset(&spec, 0, sizeof(spec));
	spec.kind = kind;
	spec.seed = seed;
	spec.plan = table->plan;
	spec.class_names = class_names;
	return spec;
}

/* Plan by a name, run, and collect. */
static inline SmlStatus
run_kind(Harness *h, Table *table, SmlResampleSpec *spec, const char *strategy, bool *keep, Made *made, SmlNotes *notes)
{
	SmlStrategy by_name = {strategy, 0, NULL};
	SmlStatus   status = sml_strategy_plan(&h->env, sml_resample_side(spec->kind), &by_name, class_names, table->cases.class_count, table->plan);

	if (status != SML_OK)
		return status;
	made->numbers = table->cases.numbers;
	made->labels = table->cases.labels;
	return sml_resample(&h->env, &table->cases, spec, keep, made_take, NULL, made, notes);
}

#endif
