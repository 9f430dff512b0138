/*
 * parameters.h - the parameters of a statement of ours, put together one by one.
 */
#ifndef ML_PARAMETERS_H
#define ML_PARAMETERS_H

#include "compat.h"

#define ML_MOST_PARAMETERS 48

/* Start from zeroes; types, values and nulls are as SPI_execute_with_args takes them. */
typedef struct MlParameters
{
	int   count;
	Oid   types[ML_MOST_PARAMETERS];
	Datum values[ML_MOST_PARAMETERS];
	char  nulls[ML_MOST_PARAMETERS + 1];
} MlParameters;

extern void ml_add(MlParameters *parameters, Oid type, Datum value, bool isnull);
extern void ml_add_text(MlParameters *parameters, const char *text);   /* NULL: NULL */
extern void ml_add_number(MlParameters *parameters, double number);    /* NaN: NULL */
extern void ml_add_integer(MlParameters *parameters, int64 number);
extern void ml_add_bool(MlParameters *parameters, bool value);
extern void ml_add_pointer(MlParameters *parameters, Oid type, const void *pointer);

#endif
