/*
 * sampler.h - what the sampler of energy.h knows, for the figures.
 */
#ifndef ML_SAMPLER_H
#define ML_SAMPLER_H

#include "energy.h"
#include "../../core/energy/counter.h"

/* The zones that the joules of a mark belong to, and what their sum includes; 0 zones: there are no usable counters. */
extern size_t ml_sampler_zones(const SmlZone **zones, SmlBoundary *boundary);

/* Read /proc/stat below the setting's root. */
extern bool ml_host_time(SmlHostTime *time);

#endif
