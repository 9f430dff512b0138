/*
 * estimate.h - energy without a counter: CPU time times watts per hardware thread.
 *
 *     dynamic = C (full - idle)      idle = C idle      C: CPU seconds
 *
 * which is the linear power curve; under it the load of the machine does not matter.
 *
 * Sources: the watts of families and the default are aggregates of SPECpower_ssj2008 results,
 * of whole servers at the wall; their bounds are leave-one-server-out errors (90 %).  The
 * two shares of the thermal design power were fitted to RAPL readings of four processors
 * under 86 loads, so that boundary is the package.
 */
#ifndef SML_ESTIMATE_H
#define SML_ESTIMATE_H

#include "energy.h"

/* Watts per hardware thread, idle and at full load, and the factor of the bounds below and above. */
typedef struct SmlWatts
{
	double idle;
	double full;
	double factor;
} SmlWatts;

/* When nothing is known of the processor: the median of servers since Haswell. */
#define SML_DEFAULT_WATTS ((SmlWatts){0.549, 3.741, 1.8})

/* From the thermal design power of a processor with so many hardware threads. */
SmlWatts sml_watts_of_tdp(double tdp_watts, int threads);

/* What is known of the machine; NULL: nothing of that kind. */
typedef struct SmlKnownWatts
{
	const SmlWatts *family;   /* by microarchitecture */
	const SmlWatts *provider; /* mean of a cloud provider's fleet */
	const SmlWatts *tdp;      /* by the exact model */
} SmlKnownWatts;

/* The best of these: family, provider, TDP, else the default; fills in method and boundary too. */
SmlWatts sml_watts_choose(const SmlKnownWatts *known, SmlEnergyMethod *method, SmlBoundary *boundary);

/* What of the run an estimate needs. */
typedef struct SmlUse
{
	double seconds;     /* elapsed */
	double cpu_seconds; /* leader and workers */
	double steal_share; /* of busy time that the hypervisor took away; 0 when unknown */
	int    reserved;    /* hardware threads reserved for the server; 0: not stated */
} SmlUse;

/* More steal than this says that CPU time is not what it seems: the bounds go one step wider. */
#define SML_STEAL_SHARE 0.05

/* Fill in all but method and boundary. */
void sml_energy_estimate(const SmlUse *use, const SmlWatts *watts, SmlEnergy *energy);

#endif
