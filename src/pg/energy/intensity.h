/*
 * intensity.h - the carbon intensity of the server's electricity, by the settings.
 */
#ifndef ML_INTENSITY_H
#define ML_INTENSITY_H

#include "../compat.h"

typedef struct MlIntensity
{
	double      value;  /* g CO2e per kWh; NaN: unknown */
	double      error;  /* relative */
	const char *source; /* NULL: unknown */
} MlIntensity;

/* sustainml.carbon_intensity, else the factor of sustainml.zone, else unknown: nothing is guessed. */
extern MlIntensity ml_intensity_find(void);

#endif
