/*
 * harness.c - see harness.h.
 */
#include "harness.h"

static void *
harness_alloc(void *context, size_t size)
{
	Harness *h = context;
	void    *chunk;

	if (++h->allocations == h->fail_at)
		return NULL;
	/* an absurd request is refused here, as any allocator would */
	if (size > ((size_t) 1 << 40))
		return NULL;
	chunk = malloc(size);
	if (chunk != NULL)
		h->alive++;
	return chunk;
}

static void
harness_release(void *context, void *chunk)
{
	Harness *h = context;

	assert_non_null(chunk);
	h->alive--;
	free(chunk);
}

static bool
harness_poll(void *context)
{
	Harness *h = context;

	return ++h->polls == h->stop_at;
}

void
harness_start(Harness *h)
{
	memset(h, 0, sizeof(*h));
	h->env.context = h;
	h->env.alloc = harness_alloc;
	h->env.release = harness_release;
	h->env.poll = harness_poll;
}

void
harness_finish(Harness *h)
{
	assert_int_equal(h->alive, 0);
}

void
harness_sweep(HarnessBody body, void *arg)
{
	Harness h;
	size_t  allocations;
	size_t  polls;

	harness_start(&h);
	assert_int_equal(body(&h, arg), SML_OK);
	harness_finish(&h);
	allocations = h.allocations;
	polls = h.polls;
	for (size_t n = 1; n <= allocations; n++)
	{
		harness_start(&h);
		h.fail_at = n;
		assert_int_equal(body(&h, arg), SML_NO_MEMORY);
		harness_finish(&h);
	}
	for (size_t n = 1; n <= polls; n++)
	{
		harness_start(&h);
		h.stop_at = n;
		assert_int_equal(body(&h, arg), SML_STOPPED);
		harness_finish(&h);
	}
}

void
harness_close(double a, double b, double rel, const char *what, const char *file, int line)
{
	double size = fabs(b) > 1 ? fabs(b) : 1;

	if (fabs(a - b) <= rel * size || (isnan(a) && isnan(b)))
		return;
	fail_msg("%s:%d: %s is %.17g, expected %.17g (off by %.3g, allowed %.3g)", file, line, what, a, b, fabs(a - b), rel * size);
}

double *
harness_csv(const char *path, size_t *rows, size_t *columns)
{
	const char *root = getenv("SML_ROOT");
	char        full[1024];
	char        line[65536];
	FILE       *file;
	double     *values = NULL;
	size_t      count = 0;
	size_t      room = 0;

	snprintf(full, sizeof(full), "%s/%s", root != NULL ? root : ".", path);
	file = fopen(full, "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	*columns = 1;
	for (const char *at = line; *at != '\0'; at++)
		*columns += *at == ',';
	*rows = 0;
	while (fgets(line, sizeof(line), file) != NULL)
	{
		char *at = line;

		if (count + *columns > room)
		{
			room = room * 2 + 1024 * *columns;
			values = realloc(values, room * sizeof(double));
			assert_non_null(values);
		}
		for (size_t j = 0; j < *columns; j++)
		{
			char  *end;
			double value = strtod(at, &end);

			values[count++] = end == at ? NAN : value;
			at = end;
			while (*at != ',' && *at != '\0')
				at++;
			if (*at == ',')
				at++;
		}
		(*rows)++;
	}
	fclose(file);
	return values;
}
