/*
 * input.h - what a user hands to predict, as a raw row of the model.
 *
 *   one row        predict('m', t): columns by name, exact, then by unique case folding
 *   one jsonb      {"age": 39, "sex": "Male"}: keys like column names; a missing key is an error,
 *                  JSON null is a missing value
 *   one array      numbers in the order of the features, for models without categories
 *   scalars        in the order of the feature columns; an array column takes an array
 *   named columns  what the planner rewrite makes of a row: values and a constant list of names
 *
 * A NULL feature is imputed.  When all of them are NULL there is no row: the result is NULL.
 */
#ifndef ML_INPUT_H
#define ML_INPUT_H

#include "../compat.h"
#include "../cache.h"
#include "../rows.h"

typedef struct MlInput MlInput;

/* Prepare a call site: arguments from "first" on; names (NULL, or the list of the rewrite). In CurrentMemoryContext. */
extern MlInput *ml_input_make(FunctionCallInfo fcinfo, int first, const MlModel *model, ArrayType *names);

/* Read the row of this call; false: all features are NULL. */
extern bool ml_input_read(MlInput *input, FunctionCallInfo fcinfo);

extern const double *ml_input_numbers(const MlInput *input);
extern const size_t *ml_input_levels(const MlInput *input);

/* The value of a feature (array elements expanded) of the row just read, as text for people; NULL when missing. */
extern char *ml_input_text(const MlInput *input, size_t feature);

/* The first column that is given sealed, or NULL. */
extern const char *ml_input_sealed(const MlInput *input);

#endif
