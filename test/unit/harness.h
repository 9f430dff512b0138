/*
 * harness.h - an environment for unit tests that counts, fails and stops.
 *
 * The n-th allocation can fail and the n-th poll can stop; harness_sweep tries every n
 * in turn.  harness_finish asserts that everything was given back.
 */
#ifndef SML_HARNESS_H
#define SML_HARNESS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/core/core.h"

typedef struct Harness
{
	SmlEnv env;         /* env.context points back here */
	size_t alive;       /* chunks not yet released */
	size_t allocations; /* asked for so far */
	size_t fail_at;     /* 1-based; 0: never */
	size_t polls;
	size_t stop_at;
} Harness;

void harness_start(Harness *h);
void harness_finish(Harness *h);

/*
 * Run "body" with each allocation failing in turn (it must return SML_NO_MEMORY),
 * then each poll stopping in turn (SML_STOPPED), and at last undisturbed (SML_OK).  After each
 * run everything must have been given back.
 */
typedef SmlStatus (*HarnessBody)(Harness *h, void *arg);
void harness_sweep(HarnessBody body, void *arg);

/* A numeric CSV file with a header line: rows x columns, row-major; empty fields are NaN.  Freed with free. */
double *harness_csv(const char *path, size_t *rows, size_t *columns);

/* |a - b| <= rel * max(1, |b|) */
void harness_close(double a, double b, double rel, const char *what, const char *file, int line);
#define assert_close(a, b, rel) harness_close((a), (b), (rel), #a, __FILE__, __LINE__)

/* low <= value <= high; cmocka's own macro for it changed its name. */
static inline void
harness_between(int64_t value, int64_t low, int64_t high, const char *what, const char *file, int line)
{
	if (value < low || value > high)
		fail_msg("%s:%d: %s is %lld, which is not from %lld to %lld", file, line, what, (long long) value, (long long) low, (long long) high);
}
#define assert_between(value, low, high) harness_between((int64_t) (value), (low), (high), #value, __FILE__, __LINE__)

#endif
