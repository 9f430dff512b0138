/*
 * plot.h - small pictures as inline SVG, for pages that people look at.
 *
 * The pictures carry no script, take their colours from the page (classes .axis,
 * .grid, .mark, .faint) and name their points in <title> elements, which browsers
 * show when the mouse rests on them.
 */
#ifndef ML_PLOT_H
#define ML_PLOT_H

#include "../compat.h"
#include "lib/stringinfo.h"

#include "../../core/metric/metric.h"

/* Append text with the characters that HTML gives a meaning replaced. */
extern void ml_html_text(StringInfo page, const char *text);

/* The ROC curve in the unit square, with the diagonal of chance. */
extern void ml_plot_roc(StringInfo page, const SmlRocPoint *points, size_t count);

/* Observed against predicted share, a dot for each bin that has rows, its area by their number. */
extern void ml_plot_calibration(StringInfo page, const SmlBin *bins, size_t count);

/* A horizontal bar for each label; values at or above zero. */
extern void ml_plot_bars(StringInfo page, const char *const *labels, const double *values, size_t count);

/*
 * A dot with its interval for each label; NaN: the end is unknown, and without a value there is only
 * the label.  "reference" draws a vertical line; NaN: none.
 */
typedef struct MlInterval
{
	const char *label;
	double      value;
	double      low;
	double      high;
} MlInterval;

extern void ml_plot_intervals(StringInfo page, const MlInterval *intervals, size_t count, double reference);

/*
 * Accuracy against the gap between groups.  kind 0: a mark, 1: another colour, 2: hollow; points that are not "best" are pale.
 */
typedef struct MlFrontDot
{
	const char *label;
	int         kind;
	double      gap;
	double      accuracy;
	bool        best;
} MlFrontDot;

extern void ml_plot_front(StringInfo page, const MlFrontDot *dots, size_t count);

#endif
