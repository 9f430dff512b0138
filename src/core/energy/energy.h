/*
 * energy.h - joules and grams of a run: labels, bounds, and carbon.  Arithmetic only.
 *
 * Every figure carries how it is known (method), what it includes (boundary) and two bounds.
 * Unknown is NaN, never 0.  Bounds combine relative errors in quadrature on the log
 * scale: half = sqrt(sum of ln(1 + e)^2), low = x e^-half, high = x e^half.
 */
#ifndef SML_ENERGY_H
#define SML_ENERGY_H

#include <stddef.h>

#include "../core.h"

typedef enum SmlEnergyMethod
{
	SML_ENERGY_UNKNOWN = 0,
	SML_MEASURED_RAPL,     /* counters of the processor, shared out by CPU time */
	SML_ESTIMATED_UARCH,   /* watts of the processor's family */
	SML_ESTIMATED_TDP,     /* watts from the thermal design power of the exact model */
	SML_ESTIMATED_DEFAULT, /* watts of a provider's fleet, or of servers in general */
	SML_ENERGY_METHODS
} SmlEnergyMethod;

typedef enum SmlBoundary
{
	SML_BOUNDARY_NONE = 0,
	SML_BOUNDARY_PACKAGE,
	SML_BOUNDARY_PACKAGE_DRAM,
	SML_BOUNDARY_PSYS,
	SML_BOUNDARY_SERVER_WALL
} SmlBoundary;

/* The words that the log uses; NULL for unknown and none. */
const char *sml_energy_method_name(SmlEnergyMethod method);
const char *sml_boundary_name(SmlBoundary boundary);

typedef struct SmlEnergy
{
	SmlEnergyMethod method;
	SmlBoundary     boundary;
	double          dynamic;  /* joules caused by the work; NaN when only the total is known */
	double          idle;     /* joules of the idle floor for the thread time that was used; NaN likewise */
	double          reserved; /* joules of the idle floor for the threads reserved; NaN: not known or none stated */
	double          total;
	double          low;
	double          high;
} SmlEnergy;

/* An energy of which nothing is known. */
SmlEnergy sml_energy_unknown(void);

/* sqrt(sum of ln(1 + errors[i])^2) */
double sml_half_width(const double *errors, size_t count);

typedef struct SmlCarbon
{
	double grams;
	double low;
	double high;
} SmlCarbon;

/*
 * grams = joules / 3.6e6 x pue x intensity.  "intensity_error" is the relative error of
 * the intensity.  Everything is NaN when the energy is.
 */
void sml_carbon(const SmlEnergy *energy, double pue, double intensity, double intensity_error, SmlCarbon *carbon);

#endif
