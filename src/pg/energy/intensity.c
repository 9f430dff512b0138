/*
 * intensity.c - see intensity.h.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "../catalog.h"
#include "energy.h"
#include "intensity.h"

/* Relative error of an annual national factor against a given hour, and of a figure that was given. */
#define ANNUAL_FACTOR_ERROR 0.35
#define GIVEN_FACTOR_ERROR  0.10

MlIntensity
ml_intensity_find(void)
{
	MlIntensity  intensity = {NAN, 0, NULL};
	MlOwnerScope scope;
	Oid          types[1] = {TEXTOID};
	Datum        values[1];
	bool         isnull;
	MemoryContext caller = CurrentMemoryContext;

	if (ml_carbon_intensity >= 0)
		return (MlIntensity){ml_carbon_intensity, GIVEN_FACTOR_ERROR, "setting sustainml.carbon_intensity"};
	if (ml_zone == NULL || ml_zone[0] == '\0')
		return intensity;
	values[0] = CStringGetTextDatum(ml_zone);
	SPI_connect();
	ml_owner_begin(&scope);
	if (SPI_execute_with_args("SELECT g_per_kwh, source || ' ' || year FROM sustainml.grid_intensity"
							  " WHERE zone = upper($1) OR iso2 = upper($1) ORDER BY shipped, year DESC LIMIT 1", 1, types, values, NULL, true, 1) == SPI_OK_SELECT &&
		SPI_processed == 1)
	{
		intensity.value = DatumGetFloat8(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
		intensity.error = ANNUAL_FACTOR_ERROR;
		intensity.source = MemoryContextStrdup(caller, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2));
	}
	ml_owner_end(&scope);
	SPI_finish();
	return intensity;
}
