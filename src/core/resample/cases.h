/*
 * cases.h - rows as resampling sees them: numbers, categories by code, a class, and a hash
 * of the key.  The rows stay where the caller has them (any stride); nothing here writes to them.
 *
 * Order.  Random draws and ties in distance go by the rank of a row inside its class, and
 * ranks follow the key hash, so that the same rows give the same result in any
 * physical order.  Rows with equal hashes are taken as equal rows; they rank in the order
 * given.
 *
 * Missing values.  A number that is missing, NaN or infinite takes part in distances as
 * the mean of the rows that are searched.  A synthetic row has a value between
 * those of its two parents where both are finite, and the parent's value, missing or not,
 * elsewhere: so a column keeps its share of missing values, and none arises where the
 * parent had a value.  A missing category is a category of its own.
 */
#ifndef SML_CASES_H
#define SML_CASES_H

#include "../core.h"

#define SML_NO_CASE ((size_t) -1)

typedef struct SmlCases SmlCases;
struct SmlCases
{
	size_t          rows;          /* those of the tail included */
	size_t          numbers;       /* numeric columns */
	size_t          labels;        /* categorical columns */
	size_t          class_count;
	const double   *number;        /* row r, column j: number[r * number_stride + j] */
	size_t          number_stride;
	const int32_t  *code;          /* row r, column j: code[r * code_stride + j]; equal codes are equal values, -1 is missing */
	size_t          code_stride;
	const int32_t  *class_of;      /* 0 … class_count - 1 */
	const uint64_t *key;           /* hash of the row's key (or of the whole row when it has none) */
	const SmlCases *tail;          /* the last tail->rows rows are there (same columns and classes); NULL: none */
};

/* The part in which row *r lies; *r becomes its index there. */
static inline const SmlCases *
sml_case_part(const SmlCases *cases, size_t *r)
{
	size_t own;

	if (cases->tail == NULL)
		return cases;
	own = cases->rows - cases->tail->rows;
	if (*r < own)
		return cases;
	*r -= own;
	return cases->tail;
}

static inline const double *
sml_case_numbers(const SmlCases *cases, size_t r)
{
	const SmlCases *part = sml_case_part(cases, &r);

	return part->numbers > 0 ? part->number + r * part->number_stride : NULL;
}

static inline const int32_t *
sml_case_codes(const SmlCases *cases, size_t r)
{
	const SmlCases *part = sml_case_part(cases, &r);

	return part->labels > 0 ? part->code + r * part->code_stride : NULL;
}

static inline size_t
sml_case_class(const SmlCases *cases, size_t r)
{
	const SmlCases *part = sml_case_part(cases, &r);

	return (size_t) part->class_of[r];
}

static inline uint64_t
sml_case_key(const SmlCases *cases, size_t r)
{
	const SmlCases *part = sml_case_part(cases, &r);

	return part->key[r];
}

/*
 * The rows of each class in the order of their keys: members of class c are
 * order[first[c]] … order[first[c + 1] - 1].
 */
typedef struct SmlRanks
{
	size_t *order; /* rows */
	size_t *first; /* class_count + 1 */
} SmlRanks;

SML_MUST_USE SmlStatus sml_ranks_make(SmlEnv *env, const SmlCases *cases, SmlRanks *ranks);
void sml_ranks_free(SmlEnv *env, SmlRanks *ranks);

#endif
