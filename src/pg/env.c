/*
 * env.c - memory and interrupts for the core, and the one table from status to
 * SQLSTATE, message and hint.
 */
#include "compat.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "env.h"

static void *
env_alloc(void *context, size_t size)
{
	if (size > MaxAllocHugeSize)
		return NULL;
	return MemoryContextAllocExtended((MemoryContext) context, size ? size : 1,
									  MCXT_ALLOC_HUGE | MCXT_ALLOC_NO_OOM);
}

static void
env_release(void *context, void *chunk)
{
	(void) context;
	pfree(chunk);
}

static bool
env_poll(void *context)
{
	(void) context;
	CHECK_FOR_INTERRUPTS();
	return false;
}

void
ml_env_init(SmlEnv *env, MemoryContext context)
{
	env->context = context;
	env->alloc = env_alloc;
	env->release = env_release;
	env->poll = env_poll;
	env->detail[0] = '\0';
}

typedef struct StatusError
{
	SmlStatus   status;
	int         sqlstate;
	const char *message; /* %s: what was being done */
	const char *hint;    /* or NULL */
} StatusError;

static const StatusError status_errors[] = {
	{SML_STOPPED, ERRCODE_QUERY_CANCELED, "cannot %s: stopped", NULL},
	{SML_NO_MEMORY, ERRCODE_OUT_OF_MEMORY, "cannot %s: out of memory", NULL},
	{SML_BAD_INPUT, ERRCODE_INVALID_PARAMETER_VALUE, "cannot %s with this data", NULL},
	{SML_BAD_OPTION, ERRCODE_INVALID_PARAMETER_VALUE, "cannot %s with these options", NULL},
	{SML_SINGULAR, ERRCODE_INVALID_PARAMETER_VALUE, "cannot %s: the system has no unique solution",
	 "Set a penalty, for example params => '{\"l2\": 1}'."},
	{SML_NOT_CONVERGED, ERRCODE_INVALID_PARAMETER_VALUE, "cannot %s: the iteration did not converge",
	 "Raise max_iter, or set a penalty, for example params => '{\"l2\": 1}'."},
	{SML_CORRUPT, ERRCODE_DATA_CORRUPTED, "cannot %s: damaged bytes", NULL},
	{SML_MISMATCH, ERRCODE_INVALID_PARAMETER_VALUE, "cannot %s: states of different runs", NULL},
	{SML_OVER_LIMIT, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "cannot %s within sustainml.memory_limit",
	 "Raise sustainml.memory_limit, or use fewer rows or columns."},
};

void
ml_raise(const SmlEnv *env, SmlStatus status, const char *doing)
{
	for (size_t i = 0; i < lengthof(status_errors); i++)
	{
		const StatusError *e = &status_errors[i];

		if (e->status != status)
			continue;
		ereport(ERROR,
				(errcode(e->sqlstate),
				 errmsg(e->message, doing),
				 env->detail[0] ? errdetail("%s", env->detail) : 0,
				 e->hint ? errhint("%s", e->hint) : 0));
	}
	elog(ERROR, "unexpected status %d", (int) status);
}
