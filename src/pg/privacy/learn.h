/*
 * learn.h - sealed columns in training and scoring: opened inside C, cell by cell, for holders of the right train.
 *
 * No node of the executor sees a plaintext: readers (rows.h) get the sealed datum and give the number or label to the
 * core.  Aggregate states made from sealed cells are marked, and refuse to be written out or sent; they are made in
 * one process.  A model made from sealed cells is stored sealed, once for each key that was used.
 *
 * What new code must know:
 *   - ml_reader_init refuses the type sealed, and so does ml_type_kind: nothing opens by accident.  Use
 *     ml_reader_init_opening, and ml_row_expect for a row buffer, only where what is read stays in C and no row comes out;
 *   - a function that shows what a model is made of (dictionaries, means, coefficients, an export) calls
 *     ml_model_require(&model->keys, ML_KEY_OPEN) after ml_model_get, which itself asks for the right train;
 *   - no function gives figures from a state that a user may hold; one that did would have to refuse states made from sealed cells.
 */
#ifndef ML_LEARN_H
#define ML_LEARN_H

#include "../compat.h"
#include "../source.h"
#include "../../core/prep/row.h"

/*
 * Fewest rows behind what is made from sealed cells: training rows of a model, rows of each class whose text is sealed, and, for
 * those who may not open the columns, rows behind a figure.  Coefficients and figures of a few rows are the rows.
 */
#define ML_SEALED_LEAST_ROWS 20

/* ---- readers ------------------------------------------------------------------------- */

/*
 * "column": the number of the column that the cell must belong to; 0 or less: not known.  ML_SEALED_SHUT: it is not to be
 * opened here, and reading it is an error.
 */
#define ML_SEALED_SHUT (-2)

/* The column that an argument of a call stands in, as the parser knows it; -1: it does not. */
extern int32   ml_argument_column(FunctionCallInfo fcinfo, int argument);

extern double  ml_sealed_number(int32 column, Datum value);
extern SmlText ml_sealed_label(int32 column, Datum value);
extern Datum   ml_sealed_array(int32 column, Datum value); /* float8[] */

/* ---- sources ------------------------------------------------------------------------------ */

/* Note which columns of a source are sealed. */
extern void ml_source_mark_sealed(MlSource *source);

/* The key under which a column is being encrypted in batches, and is still in clear; NULL: it is not. */
extern const char *ml_being_sealed(const MlSource *source, int column);

/* The type of the values of a column: what is sealed in it, or the column's type. */
extern Oid ml_source_value_type(const MlSourceColumn *column);

/* Whether any column of the source is sealed. */
extern bool ml_source_has_sealed(const MlSource *source);

/* Error when a column that must be read in SQL is sealed; "what" ends the sentence. */
extern void ml_source_refuse_sealed(const MlSource *source, int column, const char *what);

/* Why a sealed column cannot be a feature for the current user; NULL: it can, or is not sealed. */
extern const char *ml_sealed_why_not(const MlSource *source, int number);

/* Whether the current user may open all sealed columns among "columns" (-1: none). */
extern bool ml_sealed_may_open(const MlSource *source, const int *columns, int count);

/* The same of all columns of the source. */
extern bool ml_sealed_may_open_all(const MlSource *source);

/* Error unless the current user may open the column, if it is sealed; "what" begins the sentence. */
extern void ml_sealed_require_open(const MlSource *source, int column, const char *what);

/* Elements of the first array in a sealed column; 0: there is none. */
extern size_t ml_sealed_elements(const MlSource *source, int column);

/* ---- runs --------------------------------------------------------------------------------- */

/* Whether a pass over sealed cells is under way in this process; only then may cells() open them. */
extern bool ml_sealed_pass;

/* ---- models --------------------------------------------------------------------------------- */

#define ML_MODEL_KEYS 8

/* Data keys under which the bytes of a model are sealed. */
typedef struct MlModelKeys
{
	int    count;
	uint32 key_no[ML_MODEL_KEYS];
} MlModelKeys;

/* Seal the bytes of a model under the keys of the sealed columns among "columns" (source columns); the bytes themselves when there are none. */
extern bytea *ml_model_seal(bytea *bytes, const MlSource *source, const int *columns, int count);

/* The plain bytes of a model as it is stored; notes the keys.  Needs the right train on each. */
extern bytea *ml_model_open(bytea *stored, MlModelKeys *keys);

/* Check one of "rights" on each key of a decoded model: train to use it, open to see what it is made of. */
extern void ml_model_require(const MlModelKeys *keys, int rights);

/* The sealed columns among "columns" and their keys, in words; NULL: none. */
extern char *ml_sealed_words(const MlSource *source, const int *columns, int count);

#endif
