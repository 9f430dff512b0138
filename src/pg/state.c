/*
 * state.c - the type sustainml.state; see state.h.
 *
 * Memory: one context per state, a child of the aggregate's.  Flattening writes the
 * sums (p^2 / 2 doubles for a Gram matrix) once, where the executor wants them.
 */
#include "compat.h"

#include "access/parallel.h"
#include "common/base64.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/expandeddatum.h"
#include "utils/memutils.h"

#include "env.h"
#include "meter.h"
#include "privacy/learn.h"
#include "settings.h"
#include "state.h"
#include "../core/blas.h"

#define STATE_MAGIC   0x534d4c53 /* "SMLS" */
#define STATE_SEALED  0x584d4c53 /* the same, made from sealed cells: it is never written out or sent, and never read in */
#define STATE_VERSION 1

typedef struct FlatState
{
	int32  vl_len_;
	uint32 magic;
	uint32 version;
	uint32 workers;
	uint64 plan_size;
	uint64 pass_size;
} FlatState;

struct MlState
{
	ExpandedObjectHeader header;
	SmlEnv       env;
	const char  *plan_bytes;
	size_t       plan_size;
	SmlPlan     *plan;
	SmlPass     *pass;
	bool         sealed;     /* made from sealed cells */
	int          worker_count;
	MlWorkerCpu *workers;
	size_t       pass_size;  /* counted by get_flat_size, used by flatten_into */
};

/* ---- workers ----------------------------------------------------------------- */

static void
note_worker(MlState *state, int32 pid, double seconds)
{
	for (int i = 0; i < state->worker_count; i++)
		if (state->workers[i].pid == pid)
		{
			state->workers[i].seconds = Max(state->workers[i].seconds, seconds);
			return;
		}
	if (state->worker_count == ML_MAX_WORKERS)
		return;
	if (state->workers == NULL)
		state->workers = MemoryContextAllocZero(state->header.eoh_context, sizeof(MlWorkerCpu) * ML_MAX_WORKERS);
	state->workers[state->worker_count].pid = pid;
	state->workers[state->worker_count].seconds = seconds;
	state->worker_count++;
}

/* ---- expanded object --------------------------------------------------------- */

static Size
state_flat_size(ExpandedObjectHeader *header)
{
	MlState *state = (MlState *) header;

	if (IsParallelWorker())
		note_worker(state, MyProcPid, ml_process_cpu());
	ML_CHECK(&state->env, sml_pass_size(&state->env, state->pass, &state->pass_size), "write a training state");
	return sizeof(FlatState) + sizeof(MlWorkerCpu) * state->worker_count + state->plan_size + state->pass_size;
}

static void
state_flatten(ExpandedObjectHeader *header, void *result, Size size)
{
	MlState   *state = (MlState *) header;
	FlatState *flat = result;
	char      *at = (char *) result + sizeof(FlatState);

	memset(flat, 0, sizeof(*flat));
	SET_VARSIZE(flat, size);
	flat->magic = state->sealed ? STATE_SEALED : STATE_MAGIC;
	flat->version = STATE_VERSION;
	flat->workers = state->worker_count;
	flat->plan_size = state->plan_size;
	flat->pass_size = state->pass_size;
	if (state->worker_count)
		memcpy(at, state->workers, sizeof(MlWorkerCpu) * state->worker_count);
	at += sizeof(MlWorkerCpu) * state->worker_count;
	memcpy(at, state->plan_bytes, state->plan_size);
	at += state->plan_size;
	Assert(at + state->pass_size == (char *) result + size);
	ML_CHECK(&state->env, sml_pass_fill(&state->env, state->pass, at, state->pass_size), "write a training state");
}

static const ExpandedObjectMethods state_methods = {state_flat_size, state_flatten};

pg_noreturn static void
damaged(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid training state"),
			 errdetail("%s", what),
			 errhint("States are made by sustainml's aggregates; they cannot be typed by hand.")));
}

/* Raise unless SML_OK; bytes of a state that do not decode are an invalid state, whichever part of them. */
static void
check_read(const SmlEnv *env, SmlStatus status)
{
	if (status == SML_CORRUPT || status == SML_MISMATCH)
		damaged(env->detail);
	ML_CHECK(env, status, "read a training state");
}

/* The kernels are compared with plain loops once in each process that folds. */
static void
test_kernels(SmlEnv *env)
{
	static bool tested = false;

	if (!tested)
		ML_CHECK(env, sml_blas_self_test(env), "compute");
	tested = true;
}

/* A state without a pass; "status" is that of reading the plan. */
static MlState *
make_state(const void *plan_bytes, size_t plan_size, MemoryContext parent, SmlStatus *status)
{
	MemoryContext context = AllocSetContextCreate(parent, "sustainml state", ALLOCSET_DEFAULT_SIZES);
	MlState      *state = MemoryContextAllocZero(context, sizeof(MlState));
	char         *copy;

	EOH_init_header(&state->header, &state_methods, context);
	ml_env_init(&state->env, context);
	test_kernels(&state->env);
	copy = MemoryContextAllocHuge(context, plan_size ? plan_size : 1);
	ML_CHECK(&state->env, sml_copy_bytes(&state->env, copy, plan_bytes, plan_size), "read a training plan");
	state->plan_bytes = copy;
	state->plan_size = plan_size;
	*status = sml_plan_read(&state->env, copy, plan_size, &state->plan);
	if (*status == SML_OK)
		ML_CHECK(&state->env, sml_plan_check_memory(&state->env, state->plan, ml_memory_limit()), "start a training pass");
	return state;
}

MlState *
ml_state_new(const void *plan_bytes, size_t plan_size, MemoryContext parent)
{
	SmlStatus status;
	MlState  *state = make_state(plan_bytes, plan_size, parent, &status);

	ML_CHECK(&state->env, status, "read a training plan");
	ML_CHECK(&state->env, sml_pass_start(&state->env, state->plan, &state->pass), "start a training pass");
	state->sealed = ml_sealed_pass;
	return state;
}

/* Check the lengths of a flat state of "size" bytes. */
static const FlatState *
check_flat(const void *bytes, size_t size)
{
	const FlatState *flat = bytes;
	uint64           left;

	if (size < sizeof(FlatState))
		damaged("It is too short.");
	if ((flat->magic != STATE_MAGIC && flat->magic != STATE_SEALED) || flat->version != STATE_VERSION)
		damaged("It does not begin with the mark of a state.");
	left = size - sizeof(FlatState);
	if (flat->workers > ML_MAX_WORKERS || flat->workers * sizeof(MlWorkerCpu) > left)
		damaged("Its lengths do not add up.");
	left -= flat->workers * sizeof(MlWorkerCpu);
	if (flat->plan_size > left || flat->pass_size != left - flat->plan_size)
		damaged("Its lengths do not add up.");
	return flat;
}

static MlState *
expand(const FlatState *flat, MemoryContext parent)
{
	const char        *at = (const char *) flat + sizeof(FlatState);
	const char        *plan = at + sizeof(MlWorkerCpu) * flat->workers;
	SmlStatus          status;
	MlState           *state = make_state(plan, flat->plan_size, parent, &status);
	MlWorkerCpu        worker;

	state->sealed = flat->magic == STATE_SEALED;
	check_read(&state->env, status);
	for (uint32 i = 0; i < flat->workers; i++)
	{
		memcpy(&worker, at + i * sizeof(worker), sizeof(worker));
		note_worker(state, worker.pid, worker.seconds);
	}
	check_read(&state->env, sml_pass_read(&state->env, state->plan, plan + flat->plan_size, flat->pass_size, &state->pass));
	return state;
}

MlState *
ml_state_get(Datum value, MemoryContext parent)
{
	struct varlena  *flat;

	if (VARATT_IS_EXTERNAL_EXPANDED(DatumGetPointer(value)))
	{
		ExpandedObjectHeader *header = DatumGetEOHP(value);

		if (header->eoh_methods != &state_methods)
			damaged("It is an object of another kind.");
		return (MlState *) header;
	}
	flat = PG_DETOAST_DATUM(value);
	return expand(check_flat(flat, VARSIZE(flat)), parent);
}

MlState *
ml_state_keep(Datum value, MemoryContext context)
{
	MlState *state = ml_state_get(value, context);

	MemoryContextSetParent(state->header.eoh_context, context);
	return state;
}

void
ml_state_free(MlState *state)
{
	MemoryContextDelete(state->header.eoh_context);
}

Datum
ml_state_datum(MlState *state)
{
	return EOHPGetRWDatum(&state->header);
}

SmlPass *
ml_state_pass(MlState *state)
{
	return state->pass;
}

SmlEnv *
ml_state_env(MlState *state)
{
	return &state->env;
}

int
ml_state_workers(const MlState *state, const MlWorkerCpu **workers)
{
	*workers = state->workers;
	return state->worker_count;
}

/* ---- the type ------------------------------------------------------------------ */

/* A state made from sealed cells stays in the process that made it. */
static void
refuse_sealed(const void *flat, size_t size)
{
	if (size >= sizeof(FlatState) && ((const FlatState *) flat)->magic == STATE_SEALED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("a training state made from sealed columns cannot leave the server process")));
}

PG_FUNCTION_INFO_V1(sustainml_state_in);
Datum
sustainml_state_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	int         room = pg_b64_dec_len(strlen(text));
	char       *bytes = palloc(VARHDRSZ + room + 1);
	int         size = ml_b64_decode(text, strlen(text), bytes + VARHDRSZ, room);

	if (size < 0)
		damaged("It is not base64.");
	SET_VARSIZE(bytes, VARHDRSZ + size);
	refuse_sealed(bytes, VARHDRSZ + size);
	/* decode once, so that a value that exists is a value that works */
	(void) expand(check_flat(bytes, VARHDRSZ + size), CurrentMemoryContext);
	PG_RETURN_POINTER(bytes);
}

PG_FUNCTION_INFO_V1(sustainml_state_out);
Datum
sustainml_state_out(PG_FUNCTION_ARGS)
{
	struct varlena *flat = PG_DETOAST_DATUM(PG_GETARG_DATUM(0));
	int             room = pg_b64_enc_len(VARSIZE(flat) - VARHDRSZ);
	char           *text = palloc(room + 1);
	int             length;

	refuse_sealed(flat, VARSIZE(flat));
	length = ml_b64_encode(VARDATA(flat), VARSIZE(flat) - VARHDRSZ, text, room);
	if (length < 0)
		elog(ERROR, "cannot encode a training state");
	text[length] = '\0';
	PG_RETURN_CSTRING(text);
}

PG_FUNCTION_INFO_V1(sustainml_state_recv);
Datum
sustainml_state_recv(PG_FUNCTION_ARGS)
{
	StringInfo  message = (StringInfo) PG_GETARG_POINTER(0);
	int         size = message->len - message->cursor;
	char       *bytes = palloc(VARHDRSZ + size);

	pq_copymsgbytes(message, bytes + VARHDRSZ, size);
	SET_VARSIZE(bytes, VARHDRSZ + size);
	refuse_sealed(bytes, VARHDRSZ + size);
	(void) expand(check_flat(bytes, VARHDRSZ + size), CurrentMemoryContext);
	PG_RETURN_POINTER(bytes);
}

PG_FUNCTION_INFO_V1(sustainml_state_send);
Datum
sustainml_state_send(PG_FUNCTION_ARGS)
{
	struct varlena *flat = PG_DETOAST_DATUM(PG_GETARG_DATUM(0));
	StringInfoData  message;

	refuse_sealed(flat, VARSIZE(flat));
	pq_begintypsend(&message);
	pq_sendbytes(&message, VARDATA(flat), VARSIZE(flat) - VARHDRSZ);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* ---- the aggregate -------------------------------------------------------------- */

PG_FUNCTION_INFO_V1(sustainml_fold_merge);
Datum
sustainml_fold_merge(PG_FUNCTION_ARGS)
{
	MemoryContext aggregate;
	MlState      *into;
	MlState      *from;
	MemoryContext scratch;

	if (!AggCheckCallContext(fcinfo, &aggregate))
		elog(ERROR, "fold_merge called outside an aggregate");
	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	if (PG_ARGISNULL(0))
		PG_RETURN_DATUM(ml_state_datum(ml_state_get(PG_GETARG_DATUM(1), aggregate)));
	into = ml_state_get(PG_GETARG_DATUM(0), aggregate);
	scratch = AllocSetContextCreate(CurrentMemoryContext, "sustainml merge", ALLOCSET_DEFAULT_SIZES);
	from = ml_state_get(PG_GETARG_DATUM(1), scratch);
	/* the digest that the core compares is no cryptographic one, and sizes follow from the plan */
	if (into->plan_size != from->plan_size || memcmp(into->plan_bytes, from->plan_bytes, into->plan_size) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("training states of different plans cannot be merged")));
	into->sealed |= from->sealed;
	ML_CHECK(&into->env, sml_pass_merge(&into->env, into->pass, from->pass), "merge training states");
	for (int i = 0; i < from->worker_count; i++)
		note_worker(into, from->workers[i].pid, from->workers[i].seconds);
	MemoryContextDelete(scratch);
	PG_RETURN_DATUM(ml_state_datum(into));
}
