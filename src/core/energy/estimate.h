/*
 * estimate.h - energy without a counter, and carbon from energy: arithmetic only.
 *
 * Source of the watts and of the bounds: SPECpower_ssj2008 results, aggregated by
 * processor family (leave-one-server-out errors); they are of whole servers at the
 * wall, so the boundary is server_wall.
 */
#ifndef SML_ESTIMATE_H
#define SML_ESTIMATE_H

/* Watts per hardware thread, idle and at full load, when nothing is known of the processor. */
#define SML_DEFAULT_IDLE_WATTS 0.549
#define SML_DEFAULT_FULL_WATTS 3.741

/* The 90 % bounds of such an estimate are a factor of this below and above. */
#define SML_DEFAULT_FACTOR 1.8

typedef struct SmlEnergy
{
	double dynamic; /* joules caused by the work */
	double idle;    /* joules of the idle floor for the time the threads were used */
	double total;
	double low;
	double high;
} SmlEnergy;

/* cpu_seconds x (full - idle) + cpu_seconds x idle, with bounds by "factor". */
void sml_energy_estimate(double cpu_seconds, double idle_watts, double full_watts, double factor, SmlEnergy *energy);

typedef struct SmlCarbon
{
	double grams;
	double low;
	double high;
} SmlCarbon;

/*
 * grams = joules / 3.6e6 x pue x intensity.  "intensity_error" is the relative error of
 * the intensity; bounds combine in quadrature on the log scale.
 */
void sml_carbon(const SmlEnergy *energy, double pue, double intensity, double intensity_error, SmlCarbon *carbon);

#endif
