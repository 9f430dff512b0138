/*
 * result.h - the rows of a set-returning function, put together value by value.
 */
#ifndef ML_RESULT_H
#define ML_RESULT_H

#include "../compat.h"
#include "nodes/execnodes.h"
#include "utils/jsonb.h"

typedef struct MlResult MlResult;

/* Make an empty tuplestore of the function's rows the result; errors when the caller cannot take a set. */
extern ReturnSetInfo *ml_rows_begin(FunctionCallInfo fcinfo);

/* The same, to be filled by what follows. */
extern MlResult *ml_result_begin(FunctionCallInfo fcinfo);

/* The next value of the row at hand.  NULL and NaN become SQL NULL. */
extern void ml_put_text(MlResult *result, const char *text);
extern void ml_put_texts(MlResult *result, char *const *texts, size_t count);
extern void ml_put_number(MlResult *result, double number);
extern void ml_put_integer(MlResult *result, int64 number);
extern void ml_put_json(MlResult *result, Jsonb *json);
extern void ml_put_integer32(MlResult *result, int32 number);
extern void ml_put_bool(MlResult *result, bool value);

/* The row is complete. */
extern void ml_put_row(MlResult *result);

/* What the SQL function returns. */
extern Datum ml_result_end(MlResult *result);

#endif
