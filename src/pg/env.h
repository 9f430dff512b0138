/*
 * env.h - the environment that the server lends to the core: memory from one
 * memory context, interrupts as polls.  And the way back: statuses to errors.
 *
 * The poll runs CHECK_FOR_INTERRUPTS(), which does not return when the query is
 * cancelled; what the core held lies in the memory context and goes with it.
 */
#ifndef ML_ENV_H
#define ML_ENV_H

#include "compat.h"
#include "../core/core.h"

/* An environment that allocates in "context". */
extern void ml_env_init(SmlEnv *env, MemoryContext context);

/* Raise the error that belongs to a status; "doing" ("train model \"x\"") begins the message where there is no better one. */
pg_noreturn extern void ml_raise(const SmlEnv *env, SmlStatus status, const char *doing);

/* Raise unless SML_OK. */
#define ML_CHECK(env, call, doing)                  \
	do                                              \
	{                                               \
		SmlStatus ml_status_ = (call);              \
		if (ml_status_ != SML_OK)                   \
			ml_raise((env), ml_status_, (doing));   \
	} while (0)

#endif
