/*
 * energy.c - see energy.h.
 */
#include "energy.h"

#include <math.h>

#define JOULES_PER_KWH 3.6e6
#define PUE_ERROR      0.10

const char *
sml_energy_method_name(SmlEnergyMethod method)
{
	static const char *const names[SML_ENERGY_METHODS] = {
		NULL, "measured_rapl", "estimated_uarch", "estimated_tdp", "estimated_default"};

	return names[method];
}

const char *
sml_boundary_name(SmlBoundary boundary)
{
	static const char *const names[] = {NULL, "package", "package+dram", "psys", "server_wall"};

	return names[boundary];
}

SmlEnergy
sml_energy_unknown(void)
{
	return (SmlEnergy){SML_ENERGY_UNKNOWN, SML_BOUNDARY_NONE, NAN, NAN, NAN, NAN, NAN, NAN};
}

double
sml_half_width(const double *errors, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += log1p(errors[i]) * log1p(errors[i]);
	return sqrt(sum);
}

void
sml_carbon(const SmlEnergy *energy, double pue, double intensity, double intensity_error, SmlCarbon *carbon)
{
	double of_energy = energy->total > 0 && energy->high > 0 ? energy->high / energy->total - 1 : 0;
	double errors[3] = {of_energy, intensity_error, pue > 1 ? PUE_ERROR : 0};
	double half = sml_half_width(errors, 3);

	carbon->grams = energy->total / JOULES_PER_KWH * pue * intensity;
	carbon->low = carbon->grams * exp(-half);
	carbon->high = carbon->grams * exp(half);
}
