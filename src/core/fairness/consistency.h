/*
 * consistency.h - are like rows treated alike?
 *
 * 1 - mean |outcome of a row - mean outcome of its k nearest other rows| (Zemel et al. 2013), by Euclidean distance over columns scaled to unit
 * deviation.  Rows at the distance of the k-th neighbour share its place, so that the order of rows is no matter.
 *
 * Rows share neighbours, so a standard error over rows would be wrong.  The interval is that of the delete-a-group jackknife (Kott 2001, Journal of
 * Official Statistics 17, 521): 20 groups of rows are left out in turn, as rows and as neighbours, with Student's t of 19 degrees.  Its
 * variance is at least as large as the true one in expectation (Efron and Stein 1981).  Groups are dealt out by the content of
 * rows, so that it does not depend on their order either.
 *
 * Time rows^2 x (columns + log rows), memory rows x columns.
 */
#ifndef SML_FAIRNESS_CONSISTENCY_H
#define SML_FAIRNESS_CONSISTENCY_H

#include "intervals.h"

typedef struct SmlConsistency
{
	const double *features; /* rows x columns */
	size_t        rows;
	size_t        columns;
	const double *outcomes; /* in [0, 1] */
	size_t        k;
	bool          self;     /* the row counts as its own nearest neighbour, as in AIF360 */
	double        z;        /* of the interval */
} SmlConsistency;

/* SML_BAD_INPUT: fewer than k other rows.  No interval, few_rows, where leaving out a group leaves fewer. */
SML_MUST_USE SmlStatus sml_consistency(SmlEnv *env, const SmlConsistency *of, SmlFigure *figure);

#endif
