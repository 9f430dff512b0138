/*
 * parameters.c - see parameters.h.
 */
#include "compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "parameters.h"

void
ml_add(MlParameters *parameters, Oid type, Datum value, bool isnull)
{
	if (parameters->count >= ML_MOST_PARAMETERS)
		elog(ERROR, "too many parameters for a statement");
	parameters->types[parameters->count] = type;
	parameters->values[parameters->count] = value;
	parameters->nulls[parameters->count++] = isnull ? 'n' : ' ';
}

void
ml_add_text(MlParameters *parameters, const char *text)
{
	ml_add(parameters, TEXTOID, text ? CStringGetTextDatum(text) : (Datum) 0, text == NULL);
}

void
ml_add_number(MlParameters *parameters, double number)
{
	ml_add(parameters, FLOAT8OID, Float8GetDatum(number), isnan(number));
}

void
ml_add_integer(MlParameters *parameters, int64 number)
{
	ml_add(parameters, INT8OID, Int64GetDatum(number), false);
}

void
ml_add_bool(MlParameters *parameters, bool value)
{
	ml_add(parameters, BOOLOID, BoolGetDatum(value), false);
}

void
ml_add_pointer(MlParameters *parameters, Oid type, const void *pointer)
{
	ml_add(parameters, type, PointerGetDatum(pointer), pointer == NULL);
}
