/*
 * estimate.c - see estimate.h.
 */
#include "estimate.h"

#include <math.h>

#define IDLE_OF_TDP 0.15
#define FULL_OF_TDP 0.75
#define TDP_FACTOR  2.0

SmlWatts
sml_watts_of_tdp(double tdp_watts, int threads)
{
	return (SmlWatts){IDLE_OF_TDP * tdp_watts / threads, FULL_OF_TDP * tdp_watts / threads, TDP_FACTOR};
}

SmlWatts
sml_watts_choose(const SmlKnownWatts *known, SmlEnergyMethod *method, SmlBoundary *boundary)
{
	*boundary = SML_BOUNDARY_SERVER_WALL;
	if (known->family != NULL)
	{
		*method = SML_ESTIMATED_UARCH;
		return *known->family;
	}
	if (known->provider != NULL)
	{
		*method = SML_ESTIMATED_DEFAULT;
		return *known->provider;
	}
	if (known->tdp != NULL)
	{
		*method = SML_ESTIMATED_TDP;
		*boundary = SML_BOUNDARY_PACKAGE;
		return *known->tdp;
	}
	*method = SML_ESTIMATED_DEFAULT;
	return SML_DEFAULT_WATTS;
}

/* The next level of confidence down: the smallest greater factor in use, or a step beyond the last. */
static double
wider(double factor)
{
	static const double steps[] = {1.41, 1.8, 2.0};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (factor < steps[i])
			return steps[i];
	return factor * 1.41;
}

void
sml_energy_estimate(const SmlUse *use, const SmlWatts *watts, SmlEnergy *energy)
{
	double factor = use->steal_share > SML_STEAL_SHARE ? wider(watts->factor) : watts->factor;

	energy->dynamic = use->cpu_seconds * (watts->full - watts->idle);
	energy->idle = use->cpu_seconds * watts->idle;
	energy->reserved = use->reserved > 0 ? use->reserved * watts->idle * use->seconds : NAN;
	energy->total = energy->dynamic + energy->idle;
	energy->low = energy->total / factor;
	energy->high = energy->total * factor;
}
