/*
 * common.c - what the SQL functions on fairness share: their arguments, and the columns of a figure.
 */
#include "../compat.h"

#include <math.h>

#include "utils/builtins.h"

#include "../args.h"
#include "request.h"

SmlFigure
ml_fair_share(uint64 part, uint64 whole, double z)
{
	SmlFigure share = {.numerator = (double) part, .denominator = (double) whole, .n = whole, .effective = (double) whole};

	if (whole == 0)
		sml_figure_undefined(&share, "no_rows");
	else
		sml_figure_share(&share, z);
	return share;
}

double
ml_fair_confidence(FunctionCallInfo fcinfo, int i)
{
	double confidence = PG_ARGISNULL(i) ? 0.95 : PG_GETARG_FLOAT8(i);

	if (!(confidence > 0 && confidence < 1))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("confidence must be between 0 and 1")));
	return confidence;
}

SmlDraws
ml_fair_draws(FunctionCallInfo fcinfo, int confidence, int draws, int seed)
{
	return (SmlDraws) {.confidence = ml_fair_confidence(fcinfo, confidence),
					   .count = PG_ARGISNULL(draws) ? 2000 : (size_t) Min(100000, Max(0, PG_GETARG_INT32(draws))),
					   .seed = PG_ARGISNULL(seed) ? 0 : (uint64) PG_GETARG_INT64(seed)};
}

char **
ml_fair_protected(FunctionCallInfo fcinfo, int i, int *count)
{
	char **texts = ml_texts_argument(fcinfo, i, "protected", count);

	if (*count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the protected columns must be given")));
	return texts;
}

bool
ml_fair_is_ratio(const char *metric)
{
	size_t length = strlen(metric);

	return length > 6 && strcmp(metric + length - 6, "_ratio") == 0;
}

void
ml_put_figure(MlResult *out, const SmlFigure *figure)
{
	ml_put_number(out, figure->value);
	ml_put_number(out, figure->numerator);
	ml_put_number(out, figure->denominator);
	ml_put_integer(out, (int64) figure->n);
	ml_put_number(out, figure->ci_low);
	ml_put_number(out, figure->ci_high);
	ml_put_text(out, figure->ci_method);
}

void
ml_put_interval(MlResult *out, const SmlFigure *figure)
{
	ml_put_number(out, figure->value);
	ml_put_number(out, figure->ci_low);
	ml_put_number(out, figure->ci_high);
}

void
ml_put_interval_method(MlResult *out, const SmlFigure *figure)
{
	ml_put_interval(out, figure);
	ml_put_text(out, figure->ci_method);
}
