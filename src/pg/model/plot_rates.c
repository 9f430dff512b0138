/*
 * plot_rates.c - shares of groups as bars with their intervals; see plot_rates.h.
 *
 * The text of a group stands above its bar, so that the picture is as wide as a telephone and no wider: nothing has to
 * be shrunk to be read there, and on a desk three stand side by side.
 */
#include "../compat.h"

#include <math.h>

#include "mb/pg_wchar.h"

#include "plot.h"
#include "plot_rates.h"

#define WIDTH       284.0
#define ROW         38.0 /* of a group: a line of text, a bar, a gap */
#define TEXT        13.0 /* base line of the text */
#define BAR         19.0 /* top of the bar */
#define BAR_HEIGHT  10.0
#define AXIS        18.0 /* below the bars */
#define LABEL_WIDTH 20   /* characters; longer labels are cut, with the whole in the title */

/* The end of the axis: the next tenth, for shares at most 1. */
static double
end_of(const MlRate *rates, size_t count, double reference, double limit)
{
	double most = fmax(isnan(reference) ? 0 : reference, isnan(limit) ? 0 : limit);

	for (size_t i = 0; i < count; i++)
		most = fmax(most, fmax(rates[i].value, rates[i].high)); /* fmax leaves NaN out */
	return fmin(1, fmax(0.1, ceil(most * 10 - 1e-9) / 10));
}

static void
put_label(StringInfo page, const MlRate *rate, double y)
{
	int bytes = (int) strlen(rate->label);
	int shown = pg_mbcharcliplen(rate->label, bytes, LABEL_WIDTH);

	appendStringInfo(page, "<text class=\"name\" x=\"0\" y=\"%.1f\">", y + TEXT);
	ml_html_text(page, pnstrdup(rate->label, shown));
	appendStringInfoString(page, shown < bytes ? "…" : "");
	if (rate->rows)
	{
		appendStringInfoString(page, "<tspan class=\"axis\"> ");
		ml_html_text(page, rate->rows);
		appendStringInfoString(page, "</tspan>");
	}
	appendStringInfo(page, "</text><text class=\"axis\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">", WIDTH, y + TEXT);
	if (isnan(rate->value))
		ml_html_text(page, rate->reason ? rate->reason : "undefined");
	else
		appendStringInfo(page, "<tspan class=\"name\">%.3f</tspan>", rate->value);
	appendStringInfoString(page, "</text>");
}

static void
put_title(StringInfo page, const MlRate *rate)
{
	appendStringInfoString(page, "<title>");
	ml_html_text(page, rate->label);
	if (!isnan(rate->value))
		appendStringInfo(page, ": %.4f", rate->value);
	if (!isnan(rate->low) && !isnan(rate->high))
		appendStringInfo(page, ", interval %.4f to %.4f", rate->low, rate->high);
	if (rate->pale)
		appendStringInfoString(page, ", on few rows");
	appendStringInfoString(page, "</title>");
}

static void
put_bar(StringInfo page, const MlRate *rate, double y, double scale)
{
	double middle = y + BAR + BAR_HEIGHT / 2;

	appendStringInfo(page, "<rect class=\"track\" x=\"0\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"2\"/>", y + BAR, WIDTH, BAR_HEIGHT);
	if (isnan(rate->value))
		return;
	appendStringInfo(page, "<rect class=\"%s%s\" x=\"0\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"2\"/>", rate->alarm ? "alarm" : "mark",
					 rate->pale ? " pale" : "", y + BAR, rate->value * scale, BAR_HEIGHT);
	if (!isnan(rate->low) && !isnan(rate->high))
		appendStringInfo(page, "<path class=\"whisker\" d=\"M%.1f %.1fH%.1fM%.1f %.1fv6M%.1f %.1fv6\"/>", rate->low * scale, middle, rate->high * scale,
						 rate->low * scale, middle - 3, rate->high * scale, middle - 3);
}

static void
put_line(StringInfo page, const char *class, double at, double scale, size_t count)
{
	if (isnan(at))
		return;
	/* across the bars only, so that no text is struck through */
	appendStringInfo(page, "<path class=\"%s\" d=\"", class);
	for (size_t i = 0; i < count; i++)
		appendStringInfo(page, "M%.1f %.1fv%.1f", at * scale, ROW * (double) i + BAR - 3, BAR_HEIGHT + 6);
	appendStringInfoString(page, "\"/>\n");
}

void
ml_plot_rates(StringInfo page, const char *what, const MlRate *rates, size_t count, double reference, double limit)
{
	double end = end_of(rates, count, reference, limit);
	double scale = WIDTH / end;
	double height = ROW * (double) count;

	appendStringInfo(page, "<svg class=\"rates\" viewBox=\"-4 0 %g %g\" width=\"%g\" role=\"img\" aria-label=\"", WIDTH + 8, height + AXIS, WIDTH + 8);
	ml_html_text(page, what);
	appendStringInfoString(page, "\">\n");
	for (size_t i = 0; i < count; i++)
	{
		appendStringInfoString(page, "<g>");
		put_title(page, &rates[i]);
		put_label(page, &rates[i], ROW * (double) i);
		put_bar(page, &rates[i], ROW * (double) i, scale);
		appendStringInfoString(page, "</g>\n");
	}
	put_line(page, "all", reference, scale, count);
	put_line(page, "limit", limit, scale, count);
	appendStringInfo(page, "<text class=\"axis\" x=\"0\" y=\"%.1f\">0</text><text class=\"axis\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n</svg>\n",
					 height + 12, WIDTH, height + 12, end);
}
