/*
 * args.h - arguments of SQL functions.
 */
#ifndef ML_ARGS_H
#define ML_ARGS_H

#include "compat.h"

/* A text argument, NULL where it is NULL. */
extern char *ml_text_argument(FunctionCallInfo fcinfo, int i);

/* A text argument that must be there; "what" names it in the error: "the model". */
extern char *ml_required_text(FunctionCallInfo fcinfo, int i, const char *what);

/* The texts of a text[]; "what" names it in the error when one of them is NULL. */
extern char **ml_texts_of(Datum array, const char *what, int *count);

/* The same of an argument; NULL and no texts where it is NULL. */
extern char **ml_texts_argument(FunctionCallInfo fcinfo, int i, const char *what, int *count);

#endif
