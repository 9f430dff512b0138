/*
 * estimate.c - see estimate.h.
 */
#include "estimate.h"

#include <math.h>

#define JOULES_PER_KWH 3.6e6
#define PUE_ERROR      0.10

void
sml_energy_estimate(double cpu_seconds, double idle_watts, double full_watts, double factor, SmlEnergy *energy)
{
	energy->dynamic = cpu_seconds * (full_watts - idle_watts);
	energy->idle = cpu_seconds * idle_watts;
	energy->total = energy->dynamic + energy->idle;
	energy->low = energy->total / factor;
	energy->high = energy->total * factor;
}

void
sml_carbon(const SmlEnergy *energy, double pue, double intensity, double intensity_error, SmlCarbon *carbon)
{
	double of_energy = energy->total > 0 && energy->high > 0 ? log(energy->high / energy->total) : 0;
	double of_intensity = log1p(intensity_error);
	double of_pue = pue > 1 ? log1p(PUE_ERROR) : 0;
	double half = sqrt(of_energy * of_energy + of_intensity * of_intensity + of_pue * of_pue);

	carbon->grams = energy->total / JOULES_PER_KWH * pue * intensity;
	carbon->low = carbon->grams * exp(-half);
	carbon->high = carbon->grams * exp(half);
}
