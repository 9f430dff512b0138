/*
 * state.h - the SQL type sustainml.state: a pass over rows (core/pass.h) as a
 * value that the executor can carry, merge in parallel plans and send to other
 * servers.
 *
 * In an aggregate it is an expanded object in the aggregate's memory, changed in
 * place.  Flat, it is
 *
 *   +---------+-------+---------+------+-----------+-----------+-------------------+------+------+
 *   | vl_len_ | magic | version | cpus | plan size | pass size | cpus x {pid, cpu} | plan | pass |
 *   +---------+-------+---------+------+-----------+-----------+-------------------+------+------+
 *
 * where plan and pass are envelopes of the core with lengths and checksums of
 * their own.  Anybody can call the input function, so every length is checked.
 */
#ifndef ML_STATE_H
#define ML_STATE_H

#include "compat.h"
#include "../core/pass.h"

/* CPU seconds that one process had used when it last flattened a state. */
typedef struct MlWorkerCpu
{
	int32  pid;
	int32  pad;
	double seconds;
} MlWorkerCpu;

#define ML_MAX_WORKERS 1024

typedef struct MlState MlState;

/* A new state for a plan (bytes as sml_plan_write made them), a child of "parent". */
extern MlState *ml_state_new(const void *plan_bytes, size_t plan_size, MemoryContext parent);

/* The state behind a datum, expanded into "parent" when it is flat. */
extern MlState *ml_state_get(Datum value, MemoryContext parent);

/* The state behind the result of an aggregate, for longer than the aggregate: moved to "context", or expanded there. */
extern MlState *ml_state_keep(Datum value, MemoryContext context);

/* Give a state and all it holds back. */
extern void ml_state_free(MlState *state);

extern Datum    ml_state_datum(MlState *state);
extern SmlPass *ml_state_pass(MlState *state);
extern SmlEnv  *ml_state_env(MlState *state);
extern int      ml_state_workers(const MlState *state, const MlWorkerCpu **workers);

#endif
