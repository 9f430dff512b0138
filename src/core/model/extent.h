/*
 * extent.h - per class and term the least and the greatest value, gathered in
 * the first pass of a classifier.  Two uses:
 *
 *   - a bound on the length of a row, for the stopping rule of newton.h;
 *   - separation by a single column, found exactly: when a threshold leaves all
 *     rows of some classes at or below it and all rows of the others at or
 *     above it, the coefficient of that column has no finite optimum.  A rare
 *     level whose rows all have one class is of this kind.
 */
#ifndef SML_EXTENT_H
#define SML_EXTENT_H

#include "../core.h"
#include "../wire.h"

typedef struct SmlExtent
{
	size_t  classes;
	size_t  terms;
	double *least;    /* classes x terms; +infinity before the first row */
	double *greatest;
} SmlExtent;

SML_MUST_USE SmlStatus sml_extent_start(SmlEnv *env, size_t classes, size_t terms, SmlExtent *extent);
void sml_extent_free(SmlEnv *env, SmlExtent *extent);
void sml_extent_clear(SmlExtent *extent);
void sml_extent_merge(SmlExtent *into, const SmlExtent *from);
void sml_extent_write(SmlWriter *writer, const SmlExtent *extent);
void sml_extent_read(SmlReader *reader, SmlExtent *extent);

/* Take rows of x (rows x terms) with class indexes y; rows of weight zero do not count (w may be NULL). */
void sml_extent_absorb(SmlExtent *extent, size_t rows, const double *x, const double *y, const double *w);

/* A bound on the Euclidean length of (1, x) over all rows. */
double sml_extent_radius(const SmlExtent *extent);

/*
 * Whether the term separates the classes: then *threshold is set, and above[k]
 * says on which side class k lies.
 */
bool sml_extent_split(const SmlExtent *extent, size_t term, double *threshold, bool *above);

#endif
