/*
 * plot.c - inline SVG; see plot.h.  Cost: a line of text for each point.
 */
#include "../compat.h"

#include <math.h>

#include "mb/pg_wchar.h"

#include "plot.h"

/* The square of ROC and calibration, in SVG units: a margin for the axes, then the field. */
#define FIELD   260.0
#define MARGIN  58.0 /* the axis' name, and a number of five characters */
#define SQUARE  (MARGIN + FIELD + 20.0)
#define GRID    4

/* Rows of bars and intervals. */
#define ROW_HEIGHT  22.0
#define LABEL_WIDTH 210.0
#define ROW_FIELD   300.0
#define ROW_WIDTH   (LABEL_WIDTH + ROW_FIELD + 80.0)
#define LABEL_BYTES 40 /* longer labels are cut, with the whole in the title */

void
ml_html_text(StringInfo page, const char *text)
{
	for (const char *c = text; *c; c++)
		switch (*c)
		{
			case '&':
				appendStringInfoString(page, "&amp;");
				break;
			case '<':
				appendStringInfoString(page, "&lt;");
				break;
			case '>':
				appendStringInfoString(page, "&gt;");
				break;
			case '"':
				appendStringInfoString(page, "&quot;");
				break;
			case '\'':
				appendStringInfoString(page, "&#39;");
				break;
			default:
				/* control characters are not allowed in a page */
				appendStringInfoChar(page, (unsigned char) *c < 0x20 && *c != '\n' && *c != '\t' ? ' ' : *c);
		}
}

/* ---- the unit square ------------------------------------------------------------------ */

static double
across(double share)
{
	return MARGIN + share * FIELD;
}

static double
down(double share)
{
	return 8.0 + (1.0 - share) * FIELD;
}

/* A square field with both axes named and marked at quarters, from low to high. */
static void
begin_field(StringInfo page, const char *what, const char *x_label, double x_low, double x_high, const char *y_label, double y_low,
			double y_high)
{
	appendStringInfo(page, "<svg viewBox=\"0 0 %g %g\" width=\"%g\" role=\"img\" aria-label=\"%s\">\n", SQUARE, SQUARE, SQUARE, what);
	for (int i = 0; i <= GRID; i++)
	{
		double share = (double) i / GRID;

		appendStringInfo(page, "<path class=\"grid\" d=\"M%.1f %.1fH%.1fM%.1f %.1fV%.1f\"/>", across(0), down(share), across(1),
						 across(share), down(0), down(1));
		appendStringInfo(page, "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%.3g</text>", across(0) - 6, down(share) + 4,
						 y_low + share * (y_high - y_low));
		appendStringInfo(page, "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%.3g</text>\n", across(share), down(0) + 16,
						 x_low + share * (x_high - x_low));
	}
	appendStringInfo(page, "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>", across(0.5), down(0) + 34, x_label);
	appendStringInfo(page, "<text class=\"axis\" transform=\"translate(12 %.1f) rotate(-90)\" text-anchor=\"middle\">%s</text>\n", down(0.5), y_label);
}

/* The unit square, with its diagonal. */
static void
begin_square(StringInfo page, const char *what, const char *x_label, const char *y_label)
{
	begin_field(page, what, x_label, 0, 1, y_label, 0, 1);
	appendStringInfo(page, "<path class=\"faint\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", across(0), down(0), across(1), down(1));
}

void
ml_plot_roc(StringInfo page, const SmlRocPoint *points, size_t count)
{
	begin_square(page, "ROC curve", "false positive rate", "true positive rate");
	appendStringInfoString(page, "<path class=\"curve\" d=\"");
	for (size_t i = 0; i < count; i++)
		appendStringInfo(page, "%c%.1f %.1f", i == 0 ? 'M' : 'L', across(points[i].fpr), down(points[i].tpr));
	appendStringInfoString(page, "\"/>\n</svg>\n");
}

void
ml_plot_calibration(StringInfo page, const SmlBin *bins, size_t count)
{
	double   most = 1;
	char     step = 'M';

	for (size_t b = 0; b < count; b++)
		most = fmax(most, (double) bins[b].n);
	begin_square(page, "Calibration", "predicted share", "observed share");
	appendStringInfoString(page, "<path class=\"curve thin\" d=\"");
	for (size_t b = 0; b < count; b++)
		if (bins[b].n > 0)
		{
			appendStringInfo(page, "%c%.1f %.1f", step, across(bins[b].mean_predicted), down(bins[b].observed));
			step = 'L';
		}
	appendStringInfoString(page, "\"/>\n");
	for (size_t b = 0; b < count; b++)
		if (bins[b].n > 0)
			appendStringInfo(page, "<circle class=\"mark\" cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"><title>predicted %.3f, observed %.3f, %llu rows</title></circle>\n",
							 across(bins[b].mean_predicted), down(bins[b].observed), 2.5 + 5.5 * sqrt((double) bins[b].n / most),
							 bins[b].mean_predicted, bins[b].observed, (unsigned long long) bins[b].n);
	appendStringInfoString(page, "</svg>\n");
}

/* ---- a front ---------------------------------------------------------------------------- */

/* Round numbers around what is to be shown, so that the quarters of the axis are short. */
static void
round_range(double *low, double *high)
{
	double step = pow(10, floor(log10(fmax(*high - *low, 1e-6))));

	if ((*high - *low) / step < 2.5)
		step /= 5;
	*low = floor(*low / step) * step;
	*high = fmax(ceil(*high / step) * step, *low + step);
}

void
ml_plot_front(StringInfo page, const MlFrontDot *dots, size_t count)
{
	static const char *const styles[] = {"fill:var(--mark)", "fill:var(--faint)", "fill:none;stroke:var(--mark)"};
	double left = 0;
	double right = 0;
	double low = INFINITY;
	double high = -INFINITY;

	for (size_t i = 0; i < count; i++)
	{
		right = fmax(right, dots[i].gap);
		low = fmin(low, dots[i].accuracy);
		high = fmax(high, dots[i].accuracy);
	}
	if (!(low <= high))
		return;
	round_range(&left, &right);
	round_range(&low, &high);
	begin_field(page, "Accuracy against the gap between groups", "gap between groups", left, right, "accuracy", low, high);
	for (size_t i = 0; i < count; i++)
	{
		appendStringInfo(page, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%d\" style=\"%s%s\"><title>", across((dots[i].gap - left) / (right - left)),
						 down((dots[i].accuracy - low) / (high - low)), dots[i].best ? 5 : 3, styles[dots[i].kind], dots[i].best ? "" : ";opacity:.45");
		ml_html_text(page, dots[i].label);
		appendStringInfo(page, ": gap %.4f, accuracy %.4f</title></circle>\n", dots[i].gap, dots[i].accuracy);
	}
	appendStringInfoString(page, "</svg>\n");
}

/* ---- rows with labels ------------------------------------------------------------------------ */

static void
begin_rows(StringInfo page, const char *what, size_t count, double below)
{
	double height = ROW_HEIGHT * (double) count + below;

	appendStringInfo(page, "<svg viewBox=\"0 0 %g %g\" width=\"%g\" role=\"img\" aria-label=\"%s\">\n", ROW_WIDTH, height, ROW_WIDTH, what);
}

static void
put_label(StringInfo page, const char *label, double y)
{
	int bytes = (int) strlen(label);
	int shown = bytes > LABEL_BYTES ? pg_mbcliplen(label, bytes, LABEL_BYTES) : bytes;

	appendStringInfo(page, "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\"><title>", LABEL_WIDTH - 8, y + 4);
	ml_html_text(page, label);
	appendStringInfoString(page, "</title>");
	ml_html_text(page, shown < bytes ? pnstrdup(label, shown) : label);
	appendStringInfoString(page, shown < bytes ? "…</text>" : "</text>");
}

void
ml_plot_bars(StringInfo page, const char *const *labels, const double *values, size_t count)
{
	double most = 0;

	for (size_t i = 0; i < count; i++)
		if (!isnan(values[i]))
			most = fmax(most, values[i]);
	begin_rows(page, "Bars", count, 0);
	for (size_t i = 0; i < count; i++)
	{
		double y = ROW_HEIGHT * ((double) i + 0.5);
		double width = most > 0 && !isnan(values[i]) ? fmax(0, values[i]) / most * ROW_FIELD : 0;

		put_label(page, labels[i], y);
		appendStringInfo(page, "<rect class=\"mark\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", LABEL_WIDTH, y - 7, width, 14.0);
		if (!isnan(values[i]))
			appendStringInfo(page, "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\">%.3g</text>", LABEL_WIDTH + width + 6, y + 4, values[i]);
		appendStringInfoChar(page, '\n');
	}
	appendStringInfoString(page, "</svg>\n");
}

void
ml_plot_intervals(StringInfo page, const MlInterval *intervals, size_t count, double reference)
{
	double low = isnan(reference) ? INFINITY : reference;
	double high = isnan(reference) ? -INFINITY : reference;
	double span;

	for (size_t i = 0; i < count; i++)
	{
		low = fmin(fmin(low, intervals[i].value), intervals[i].low); /* fmin leaves NaN out */
		high = fmax(fmax(high, intervals[i].value), intervals[i].high);
	}
	if (!(low <= high))
		return;
	span = high > low ? high - low : 1;
	begin_rows(page, "Intervals", count, 18);
	for (size_t i = 0; i < count; i++)
	{
		const MlInterval *at = &intervals[i];
		double            y = ROW_HEIGHT * ((double) i + 0.5);

		put_label(page, at->label, y);
		if (isnan(at->value))
			continue;
		if (!isnan(at->low) && !isnan(at->high))
			appendStringInfo(page, "<path class=\"curve\" d=\"M%.1f %.1fH%.1f\"/>", LABEL_WIDTH + (at->low - low) / span * ROW_FIELD, y,
							 LABEL_WIDTH + (at->high - low) / span * ROW_FIELD);
		appendStringInfo(page, "<circle class=\"mark\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"><title>%.4g", LABEL_WIDTH + (at->value - low) / span * ROW_FIELD, y, at->value);
		if (!isnan(at->low) && !isnan(at->high))
			appendStringInfo(page, ", 95 %% interval %.4g to %.4g", at->low, at->high);
		appendStringInfoString(page, "</title></circle>\n");
	}
	if (!isnan(reference))
		appendStringInfo(page, "<path class=\"faint\" d=\"M%.1f 0V%.1f\"/>", LABEL_WIDTH + (reference - low) / span * ROW_FIELD, ROW_HEIGHT * (double) count);
	appendStringInfo(page, "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\">%.3g</text>", LABEL_WIDTH, ROW_HEIGHT * (double) count + 13, low);
	appendStringInfo(page, "<text class=\"axis\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%.3g</text>\n</svg>\n", LABEL_WIDTH + ROW_FIELD,
					 ROW_HEIGHT * (double) count + 13, high);
}
