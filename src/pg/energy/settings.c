/*
 * settings.c - the settings of energy and carbon.
 */
#include "../compat.h"

#include <float.h>

#include "utils/guc.h"

#include "energy.h"

char  *ml_zone = NULL;
double ml_carbon_intensity = -1;
double ml_pue = 1;

void
ml_energy_define_settings(void)
{
	DefineCustomStringVariable("sustainml.zone",
							   "Country of the server, by its two- or three-letter code, for the grid's carbon intensity.",
							   "Empty: unknown, and grams of CO2e are NULL unless sustainml.carbon_intensity is set.",
							   &ml_zone, "", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomRealVariable("sustainml.carbon_intensity",
							 "Carbon intensity of the server's electricity in g CO2e per kWh.",
							 "Below 0: unset; then the factor of sustainml.zone is used. Takes precedence over the zone.",
							 &ml_carbon_intensity, -1, -1, 5000, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomRealVariable("sustainml.pue",
							 "Power usage effectiveness of the site: energy at the meter for energy at the machine.",
							 NULL,
							 &ml_pue, 1, 1, 5, PGC_USERSET, 0, NULL, NULL, NULL);
}
