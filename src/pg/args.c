/*
 * args.c - see args.h.
 */
#include "compat.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "args.h"

char *
ml_text_argument(FunctionCallInfo fcinfo, int i)
{
	return PG_ARGISNULL(i) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(i));
}

char *
ml_required_text(FunctionCallInfo fcinfo, int i, const char *what)
{
	if (PG_ARGISNULL(i))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must be given", what)));
	return text_to_cstring(PG_GETARG_TEXT_PP(i));
}

char **
ml_texts_of(Datum array, const char *what, int *count)
{
	Datum *values;
	bool  *nulls;
	char **texts;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, count);
	texts = palloc(sizeof(char *) * (*count + 1));
	for (int i = 0; i < *count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not contain NULL", what)));
		texts[i] = TextDatumGetCString(values[i]);
	}
	return texts;
}

char **
ml_texts_argument(FunctionCallInfo fcinfo, int i, const char *what, int *count)
{
	*count = 0;
	return PG_ARGISNULL(i) ? NULL : ml_texts_of(PG_GETARG_DATUM(i), what, count);
}
