/*
 * extent.c - least and greatest values per class and term.  About 15 ms per
 * million rows of 20 terms; memory 2 x classes x terms doubles.
 */
#include <math.h>

#include "extent.h"
#include "../clones.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3,no-trapping-math")
#endif

SmlStatus
sml_extent_start(SmlEnv *env, size_t classes, size_t terms, SmlExtent *extent)
{
	SmlStatus status = SML_OK;
	SmlExtent made = {.classes = classes, .terms = terms};
	size_t    cells;

	if (!sml_size_times(classes, terms, &cells))
		return sml_fail(env, SML_NO_MEMORY, "%zu classes of %zu terms do not fit in memory.", classes, terms);
	SML_TRY(sml_alloc_array(env, cells, sizeof(double), &made.least));
	SML_TRY(sml_alloc_array(env, cells, sizeof(double), &made.greatest));
	sml_extent_clear(&made);
	*extent = made;
	return SML_OK;
done:
	sml_extent_free(env, &made);
	return status;
}

void
sml_extent_free(SmlEnv *env, SmlExtent *extent)
{
	sml_free(env, extent->least);
	sml_free(env, extent->greatest);
	*extent = (SmlExtent) {0};
}

void
sml_extent_clear(SmlExtent *extent)
{
	for (size_t i = 0; i < extent->classes * extent->terms; i++)
	{
		extent->least[i] = INFINITY;
		extent->greatest[i] = -INFINITY;
	}
}

/* least and greatest widened by "count" other bounds */
SML_CLONES_AVX2 static void
widen(size_t count, double *restrict least, double *restrict greatest, const double *low, const double *high)
{
	for (size_t i = 0; i < count; i++)
	{
		least[i] = low[i] < least[i] ? low[i] : least[i];
		greatest[i] = high[i] > greatest[i] ? high[i] : greatest[i];
	}
}

void
sml_extent_merge(SmlExtent *into, const SmlExtent *from)
{
	widen(into->classes * into->terms, into->least, into->greatest, from->least, from->greatest);
}

void
sml_extent_absorb(SmlExtent *extent, size_t rows, const double *x, const double *y, const double *w)
{
	for (size_t i = 0; i < rows; i++)
	{
		size_t at = (size_t) y[i] * extent->terms;

		if (w == NULL || w[i] > 0)
			widen(extent->terms, extent->least + at, extent->greatest + at, x + i * extent->terms, x + i * extent->terms);
	}
}

void
sml_extent_write(SmlWriter *writer, const SmlExtent *extent)
{
	sml_write_f64s(writer, extent->least, extent->classes * extent->terms);
	sml_write_f64s(writer, extent->greatest, extent->classes * extent->terms);
}

void
sml_extent_read(SmlReader *reader, SmlExtent *extent)
{
	sml_read_f64s(reader, extent->least, extent->classes * extent->terms);
	sml_read_f64s(reader, extent->greatest, extent->classes * extent->terms);
}

double
sml_extent_radius(const SmlExtent *extent)
{
	double square = 1;

	for (size_t j = 0; j < extent->terms; j++)
	{
		double furthest = 0;

		for (size_t k = 0; k < extent->classes; k++)
		{
			size_t at = k * extent->terms + j;

			/* a class without rows has infinite bounds the wrong way round */
			if (extent->least[at] > extent->greatest[at])
				continue;
			furthest = fmax(furthest, fmax(fabs(extent->least[at]), fabs(extent->greatest[at])));
		}
		square += furthest * furthest;
	}
	return sqrt(square);
}

/* Whether every class lies on one side of the threshold, and some class above it. */
static bool
is_threshold(const SmlExtent *extent, size_t term, double threshold, bool *above)
{
	bool some_above = false;

	for (size_t k = 0; k < extent->classes; k++)
	{
		size_t at = k * extent->terms + term;

		above[k] = extent->greatest[at] > threshold;
		if (above[k] && extent->least[at] < threshold)
			return false;
		some_above = some_above || above[k];
	}
	return some_above;
}

bool
sml_extent_split(const SmlExtent *extent, size_t term, double *threshold, bool *above)
{
	for (size_t k = 0; k < extent->classes; k++)
	{
		double candidate = extent->greatest[k * extent->terms + term];

		if (isfinite(candidate) && is_threshold(extent, term, candidate, above))
		{
			*threshold = candidate;
			return true;
		}
	}
	return false;
}
