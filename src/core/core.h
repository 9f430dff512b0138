/*
 * core.h - what every file of the core stands on: status values, the
 * environment that the caller lends, and checked allocation.
 *
 * The core is plain C11 and knows nothing of PostgreSQL.  It does no I/O, has
 * no clock and no variable that changes.  Everything it needs from outside
 * comes through an SmlEnv: memory, and the question whether to stop.
 *
 * Rules that follow, and that the unit tests sweep:
 *   - any allocation may fail: the function frees what it took and returns
 *     SML_NO_MEMORY;
 *   - any poll may stop: SML_STOPPED.  In the server the poll may also never
 *     return, so the core holds nothing that the env did not give it;
 *   - on any status but SML_OK the outputs are untouched and env->detail holds
 *     one sentence.
 */
#ifndef SML_CORE_H
#define SML_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SML_MUST_USE __attribute__((warn_unused_result))
#define SML_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))

typedef enum SmlStatus
{
	SML_OK = 0,
	SML_STOPPED,       /* env->poll said so */
	SML_NO_MEMORY,     /* env->alloc gave NULL, or a size overflowed */
	SML_BAD_INPUT,     /* the data cannot be used for this */
	SML_BAD_OPTION,    /* an option is unknown or out of range */
	SML_SINGULAR,      /* the system has no unique solution */
	SML_NOT_CONVERGED, /* the iteration limit came first */
	SML_CORRUPT,       /* bytes from outside do not decode */
	SML_MISMATCH,      /* two states belong to different plans */
	SML_OVER_LIMIT     /* more memory needed than the stated limit */
} SmlStatus;

#define SML_DETAIL_SIZE 512

typedef struct SmlEnv
{
	void *context;                               /* handed to the three calls below */
	void *(*alloc)(void *context, size_t size);  /* NULL when there is none */
	void (*release)(void *context, void *chunk); /* never called with NULL */
	bool (*poll)(void *context);                 /* true: stop now; NULL: never */
	char detail[SML_DETAIL_SIZE];                /* the sentence that goes with a failure */
} SmlEnv;

/* Write the sentence and return "status", so that a caller can return both at once. */
SmlStatus sml_fail(SmlEnv *env, SmlStatus status, const char *format, ...) SML_PRINTF(3, 4);

/* Ask whether to stop: SML_OK or SML_STOPPED. */
SML_MUST_USE SmlStatus sml_poll(SmlEnv *env);

/*
 * Loops poll after about a millisecond of work: every sml_poll_steps(cost) steps, where a step takes
 * "cost" elementary operations (a few nanoseconds each).
 */
#define SML_POLL_WORK ((size_t) 1 << 18)

static inline size_t
sml_poll_steps(size_t cost)
{
	return cost >= SML_POLL_WORK ? 1 : SML_POLL_WORK / (cost > 0 ? cost : 1);
}

/* Zero or copy bytes.  Fresh pages cost about a second for 4 GB, so large chunks are done in pieces with a poll after each. */
SML_MUST_USE SmlStatus sml_zero_bytes(SmlEnv *env, void *to, size_t bytes);
SML_MUST_USE SmlStatus sml_copy_bytes(SmlEnv *env, void *to, const void *from, size_t bytes);

/*
 * Allocate count * size bytes, zeroed, into *chunk.  A count of zero gives a
 * chunk that can be freed.  SML_NO_MEMORY on overflow or when there is none.
 * A large chunk polls, so this may be SML_STOPPED too.
 */
SML_MUST_USE SmlStatus sml_alloc_array(SmlEnv *env, size_t count, size_t size, void *chunk);

/*
 * Make *chunk hold at least "needed" elements of "size" bytes, growing *room by
 * doubling; old contents stay, new bytes are zero.
 */
SML_MUST_USE SmlStatus sml_grow_array(SmlEnv *env, void *chunk, size_t *room, size_t needed, size_t size);

/* Release a chunk; NULL is allowed. */
void sml_free(SmlEnv *env, void *chunk);

/* Copy "length" bytes and end them with a zero byte. */
SML_MUST_USE SmlStatus sml_copy_text(SmlEnv *env, const char *bytes, size_t length, char **copy);

/* a * b and a + b for sizes: false when the result does not fit. */
SML_MUST_USE bool sml_size_times(size_t a, size_t b, size_t *result);
SML_MUST_USE bool sml_size_plus(size_t a, size_t b, size_t *result);

/*
 * The value that stands for SQL NULL in an array of doubles: a quiet NaN with a
 * payload of its own, so that NaN from the data can still be told and counted.
 */
double sml_missing(void);
bool   sml_is_missing(double value);

/* How many bytes of a text to print with %.*s: at most "most", and never part of a UTF-8 character. */
int sml_clip(const char *text, size_t most);

/* A growing list of sentences for the user: what was done that they may not expect. */
typedef struct SmlNotes
{
	char  **text;
	bool   *plain;      /* of each: it tells nothing of the rows' values */
	size_t  count;
	size_t  room;
	size_t  plain_room;
} SmlNotes;

SML_MUST_USE SmlStatus sml_note(SmlEnv *env, SmlNotes *notes, const char *format, ...) SML_PRINTF(3, 4);
/* The same for a sentence that may be shown to those who may not see the values: no count, level or figure of theirs. */
SML_MUST_USE SmlStatus sml_note_plain(SmlEnv *env, SmlNotes *notes, const char *format, ...) SML_PRINTF(3, 4);
void sml_notes_free(SmlEnv *env, SmlNotes *notes);

/* For a function whose failures all go to one exit label. */
#define SML_TRY(call)                \
	do                               \
	{                                \
		status = (call);             \
		if (status != SML_OK)        \
			goto done;               \
	} while (0)

#endif
