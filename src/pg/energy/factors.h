/*
 * factors.h - watts per hardware thread from the factor tables, by the identity of the processor.
 */
#ifndef ML_FACTORS_H
#define ML_FACTORS_H

#include "../compat.h"

#include "../../core/energy/estimate.h"
#include "../../core/energy/machine.h"

/* The processor as /proc/cpuinfo tells it, kept per backend; NULL: it cannot be told. */
extern const SmlCpu *ml_factors_cpu(void);

/* Forget it: the setting changed. */
extern void ml_factors_forget(void);

/* The best watts for this machine; "entry" names the row they come from. */
extern SmlWatts ml_factors_watts(SmlEnergyMethod *method, SmlBoundary *boundary, char **entry);

#endif
