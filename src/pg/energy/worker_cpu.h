/*
 * worker_cpu.h - CPU time of the parallel workers of this backend, whatever they did.
 *
 * Each worker adds the CPU time of its process to a counter in shared memory when it exits, and a
 * leader waits for that at the end of a parallel plan; so the difference of two looks is the CPU time of all workers
 * in between.  Workers find the counter through an internal setting, which the server hands to them.
 */
#ifndef ML_WORKER_CPU_H
#define ML_WORKER_CPU_H

#include "../compat.h"

/* Define the setting, and in a worker what happens at its end; called once by _PG_init. */
extern void ml_worker_cpu_init(void);

/* Seconds of all workers so far; false: there is no shared memory for it. */
extern bool ml_worker_cpu(double *seconds);

#endif
