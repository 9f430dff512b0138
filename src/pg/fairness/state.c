/*
 * state.c - the type sustainml.fairness_state and its aggregates; see state.h.
 *
 * Cost: a row without score and weight is one increment behind one function call.  Memory:
 * 88 bytes a group, 7 kB with scores.
 */
#include "../compat.h"

#include <math.h>

#include "access/parallel.h"
#include "common/base64.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "../env.h"
#include "../meter.h"
#include "../../core/wire.h"
#include "state.h"

/* More combinations of protected values than this are no groups any more. */
#define MOST_GROUPS 100000

pg_noreturn static void
damaged(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid fairness state"),
			 errdetail("%s", what),
			 errhint("States are made by sustainml.fairness_counts(); they cannot be typed by hand.")));
}

SmlFairState *
ml_fair_state_get(Datum value)
{
	SmlFairState *state = (SmlFairState *) PG_DETOAST_DATUM(value);

	if (VARSIZE(state) < sizeof(SmlFairState) || state->parts > (SML_FAIR_WEIGHTS | SML_FAIR_SCORES | SML_FAIR_WORKERS) ||
		VARSIZE(state) != sml_fair_size(state->parts))
		damaged("Its length does not fit its parts.");
	return state;
}

static SmlFairState *
copy_state(const SmlFairState *state, MemoryContext context)
{
	size_t        size = sml_fair_size(state->parts);
	SmlFairState *copy = MemoryContextAlloc(context, size);

	memcpy(copy, state, size);
	SET_VARSIZE(copy, size);
	return copy;
}

Datum
ml_fair_state_datum(const SmlFairState *state)
{
	return PointerGetDatum(copy_state(state, CurrentMemoryContext));
}

/* ---- the type ------------------------------------------------------------------ */

static Datum
from_bytes(const void *bytes, size_t size)
{
	SmlEnv        env;
	SmlFairState *state;

	ml_env_init(&env, CurrentMemoryContext);
	if (sml_fair_read(&env, bytes, size, &state) != SML_OK)
		damaged(env.detail);
	SET_VARSIZE(state, sml_fair_size(state->parts));
	return PointerGetDatum(state);
}

static SmlWriter
to_bytes(Datum value)
{
	SmlEnv   *env = palloc(sizeof(SmlEnv));
	SmlWriter writer;

	ml_env_init(env, CurrentMemoryContext);
	sml_writer_start(&writer, env);
	sml_fair_write(&writer, ml_fair_state_get(value));
	ML_CHECK(env, writer.status, "write a fairness state");
	return writer;
}

PG_FUNCTION_INFO_V1(sustainml_fairness_state_in);
Datum
sustainml_fairness_state_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	int         room = pg_b64_dec_len(strlen(text));
	char       *bytes = palloc(room + 1);
	int         size = ml_b64_decode(text, strlen(text), bytes, room);

	if (size < 0)
		damaged("It is not base64.");
	PG_RETURN_DATUM(from_bytes(bytes, size));
}

PG_FUNCTION_INFO_V1(sustainml_fairness_state_out);
Datum
sustainml_fairness_state_out(PG_FUNCTION_ARGS)
{
	SmlWriter writer = to_bytes(PG_GETARG_DATUM(0));
	int       room = pg_b64_enc_len(writer.size);
	char     *text = palloc(room + 1);
	int       length = ml_b64_encode(writer.bytes, writer.size, text, room);

	if (length < 0)
		elog(ERROR, "cannot encode a fairness state");
	text[length] = '\0';
	PG_RETURN_CSTRING(text);
}

PG_FUNCTION_INFO_V1(sustainml_fairness_state_recv);
Datum
sustainml_fairness_state_recv(PG_FUNCTION_ARGS)
{
	StringInfo  message = (StringInfo) PG_GETARG_POINTER(0);
	int         size = message->len - message->cursor;
	const char *bytes = pq_getmsgbytes(message, size);

	PG_RETURN_DATUM(from_bytes(bytes, size));
}

PG_FUNCTION_INFO_V1(sustainml_fairness_state_send);
Datum
sustainml_fairness_state_send(PG_FUNCTION_ARGS)
{
	SmlWriter      writer = to_bytes(PG_GETARG_DATUM(0));
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbytes(&message, (const char *) writer.bytes, writer.size);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* ---- the aggregates ---------------------------------------------------------------- */

static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("this function works inside its aggregate only")));
	return context;
}

static SmlFairState *
new_state(MemoryContext context, uint32 parts)
{
	size_t        size = sml_fair_size(parts);
	SmlFairState *state = MemoryContextAlloc(context, size);

	sml_fair_start(state, parts);
	SET_VARSIZE(state, size);
	return state;
}

static SmlTruth
truth_argument(FunctionCallInfo fcinfo, int i)
{
	return PG_ARGISNULL(i) ? SML_UNKNOWN : PG_GETARG_BOOL(i) ? SML_YES : SML_NO;
}

static double
number_argument(FunctionCallInfo fcinfo, int i)
{
	return PG_ARGISNULL(i) ? sml_missing() : PG_GETARG_FLOAT8(i);
}

/* fairness_counts(label, prediction) */
PG_FUNCTION_INFO_V1(sustainml_fairness_step);
Datum
sustainml_fairness_step(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	SmlFairState *state = PG_ARGISNULL(0) ? new_state(context, 0) : (SmlFairState *) PG_GETARG_POINTER(0);

	sml_fair_count(state, truth_argument(fcinfo, 1), truth_argument(fcinfo, 2));
	PG_RETURN_POINTER(state);
}

static Datum
add_row(FunctionCallInfo fcinfo, uint32 parts, double score, double weight)
{
	MemoryContext context = aggregate_context(fcinfo);
	SmlFairState *state = PG_ARGISNULL(0) ? new_state(context, parts) : (SmlFairState *) PG_GETARG_POINTER(0);
	SmlEnv        env;

	ml_env_init(&env, context);
	ML_CHECK(&env, sml_fair_add(&env, state, truth_argument(fcinfo, 1), truth_argument(fcinfo, 2), score, weight),
			 "count rows for fairness");
	PG_RETURN_POINTER(state);
}

/* fairness_counts(label, prediction, score) */
PG_FUNCTION_INFO_V1(sustainml_fairness_step_score);
Datum
sustainml_fairness_step_score(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, SML_FAIR_SCORES, number_argument(fcinfo, 3), 1);
}

/* fairness_counts(label, prediction, score, weight) */
PG_FUNCTION_INFO_V1(sustainml_fairness_step_weight);
Datum
sustainml_fairness_step_weight(PG_FUNCTION_ARGS)
{
	return add_row(fcinfo, SML_FAIR_SCORES | SML_FAIR_WEIGHTS, number_argument(fcinfo, 3), number_argument(fcinfo, 4));
}

/*
 * audit_counts(parts, label, prediction, score, weight): what an audit runs.  A new state is a new group, and a
 * column with a value per row must not fill the memory with them.  A parallel worker notes its CPU time now and then in whatever state is at
 * hand, so that the run is metered whole.
 */
typedef struct AuditCall
{
	int64 groups;
	int64 rows;
} AuditCall;

#define ROWS_PER_NOTE 4096

static AuditCall *
audit_call(FunctionCallInfo fcinfo)
{
	if (fcinfo->flinfo->fn_extra == NULL)
		fcinfo->flinfo->fn_extra = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(AuditCall));
	return fcinfo->flinfo->fn_extra;
}

static SmlFairState *
new_group(AuditCall *call, MemoryContext context, uint32 parts)
{
	if (parts > (SML_FAIR_SCORES | SML_FAIR_WEIGHTS))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown parts of a fairness state")));
	if (++call->groups > MOST_GROUPS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the protected columns have more than %d combinations of values", MOST_GROUPS),
				 errdetail("One of them may have a value of its own in every row, or they are numbers."),
				 errhint("Name columns of few values, or put numbers into bands in a query: SELECT *, width_bucket(age, 20, 70, 5) AS age_band FROM …")));
	return new_state(context, parts | SML_FAIR_WORKERS);
}

PG_FUNCTION_INFO_V1(sustainml_audit_step);
Datum
sustainml_audit_step(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	AuditCall    *call = audit_call(fcinfo);
	SmlFairState *state = PG_ARGISNULL(0) ? new_group(call, context, PG_ARGISNULL(1) ? 0 : (uint32) PG_GETARG_INT32(1))
		: (SmlFairState *) PG_GETARG_POINTER(0);

	if (call->rows++ % ROWS_PER_NOTE == 0 && IsParallelWorker())
		sml_fair_note_worker(state, MyProcPid, ml_process_cpu());
	if (!(state->parts & (SML_FAIR_SCORES | SML_FAIR_WEIGHTS)))
		sml_fair_count(state, truth_argument(fcinfo, 2), truth_argument(fcinfo, 3));
	else
	{
		SmlEnv env;

		ml_env_init(&env, context);
		ML_CHECK(&env,
				 sml_fair_add(&env, state, truth_argument(fcinfo, 2), truth_argument(fcinfo, 3), number_argument(fcinfo, 4),
							  number_argument(fcinfo, 5)), "count rows for fairness");
	}
	PG_RETURN_POINTER(state);
}

/* Combine function, and step of fairness_merge: strict in neither argument. */
PG_FUNCTION_INFO_V1(sustainml_fairness_merge);
Datum
sustainml_fairness_merge(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	SmlFairState *into;
	SmlFairState *from;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	from = ml_fair_state_get(PG_GETARG_DATUM(1));
	if (PG_ARGISNULL(0))
		PG_RETURN_POINTER(copy_state(from, context));
	into = (SmlFairState *) PG_GETARG_POINTER(0);
	if (from->parts & ~into->parts)
	{
		SmlFairState *wider = new_state(context, into->parts | from->parts);

		sml_fair_merge(wider, into);
		into = wider;
	}
	sml_fair_merge(into, from);
	PG_RETURN_POINTER(into);
}

/* A copy: the state goes on changing when the aggregate runs over a window. */
PG_FUNCTION_INFO_V1(sustainml_fairness_final);
Datum
sustainml_fairness_final(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	(void) aggregate_context(fcinfo);
	PG_RETURN_DATUM(ml_fair_state_datum((SmlFairState *) PG_GETARG_POINTER(0)));
}
