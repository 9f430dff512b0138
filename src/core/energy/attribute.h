/*
 * attribute.h - the part of a host's energy that one run caused.
 *
 *     s       = C / max(C_host, C)            C: CPU time of the run, C_host: busy time of the host
 *     u       = C / (N T)                     N: hardware threads, T: elapsed time
 *     dynamic = s max(0, E - P T)             per domain; P: idle power
 *     idle    = u P T
 *
 * Sharing the whole of E by s would charge the only busy process with an idle machine, and sharing it by u
 * would leave out most of what a run causes at low load; so the idle floor comes off first.
 *
 * Where P is not known, all of E may be dynamic (s E) or all of it idle (u E): the truth lies between
 * these, the figure is their geometric mean, and the bounds hold both.
 *
 * The relative error of the counters is the mean of the domains' errors, weighted by energy
 * (they may err together); sharing by time errs by up to (1 - s) / 2.
 */
#ifndef SML_ATTRIBUTE_H
#define SML_ATTRIBUTE_H

#include "energy.h"

typedef struct SmlDomain
{
	double joules;     /* of the host in the interval */
	double idle_watts; /* NaN: not known */
	double error;      /* relative, of the counter */
} SmlDomain;

/* Relative errors of counters. */
#define SML_ERROR_INTEL 0.05
#define SML_ERROR_AMD   0.20 /* and of every processor that is not known */
#define SML_ERROR_DRAM  0.16

typedef struct SmlShare
{
	double seconds;      /* T > 0 */
	double cpu_seconds;  /* C */
	double busy_seconds; /* C_host */
	int    threads;      /* N >= 1 */
	int    reserved;     /* hardware threads reserved for the server; 0: not stated */
} SmlShare;

/* Fill in all but method and boundary. */
void sml_attribute(const SmlDomain *domains, size_t count, const SmlShare *share, SmlEnergy *energy);

#endif
