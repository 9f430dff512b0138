/*
 * plot_rates.h - shares of groups as bars with their intervals; see plot.h for what all pictures have in common.
 */
#ifndef ML_PLOT_RATES_H
#define ML_PLOT_RATES_H

#include "../compat.h"
#include "lib/stringinfo.h"

typedef struct MlRate
{
	const char *label;
	const char *rows;    /* how many it rests on, as text; or NULL */
	double      value;   /* NaN: there is no bar, and "reason" stands there */
	double      low;     /* NaN: no interval */
	double      high;
	const char *reason;
	bool        pale;    /* rests on few rows */
	bool        alarm;
} MlRate;

/*
 * A bar for each share, on an axis from 0.  "reference" and "limit" draw lines across all bars; NaN: none.
 */
extern void ml_plot_rates(StringInfo page, const char *what, const MlRate *rates, size_t count, double reference, double limit);

#endif
