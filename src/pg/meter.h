/*
 * meter.h - what a run cost: seconds, CPU seconds with parallel workers, joules
 * and grams, and its row in sustainml.run.
 *
 * Runs nest (train calls evaluate): a run's exclusive figures leave out those
 * of the runs inside it.  A run that ends in an error leaves no row.
 */
#ifndef ML_METER_H
#define ML_METER_H

#include "compat.h"

typedef struct MlRun MlRun;

/* Unknown figures are NaN, unknown texts NULL. */
typedef struct MlFigures
{
	int64       run_id;        /* 0 when no row could be written (read-only transaction) */
	double      seconds;
	double      cpu_seconds;
	double      energy_joules;
	double      energy_low_joules;
	double      energy_high_joules;
	double      energy_exclusive_joules;
	const char *energy_method; /* measured_rapl, estimated_uarch, … */
	const char *boundary;      /* package+dram, server_wall, … */
	double      co2e_grams;
	double      co2e_low_grams;
	double      co2e_high_grams;
} MlFigures;

/* Begin a run of kind "train", "score", "evaluate", …; allocated in TopTransactionContext. */
extern MlRun *ml_run_begin(const char *kind);

/*
 * Report what a parallel worker used so far; the largest figure of each pid counts.  Used only where
 * workers cannot report at their exit (energy/worker_cpu.h).
 */
extern void ml_run_worker(MlRun *run, int pid, double cpu_seconds);

/* How many rows the run read, where that is known and not what it worked on; otherwise its rows_in is NULL. */
extern void ml_run_rows_in(MlRun *run, int64 rows_in);

/* End the run, write its row and fill in the figures.  model_schema, model may be NULL, version 0. */
extern void ml_run_end(MlRun *run, const char *model_schema, const char *model, int version,
					   int64 rows, MlFigures *figures);

/* End a run that did nothing: no row, and its figures are part of the run around it. */
extern void ml_run_drop(MlRun *run);

/* CPU seconds of this process so far, all threads. */
extern double ml_process_cpu(void);

#endif
