/*
 * errors.c - see errors.h.
 */
#include <math.h>

#include "errors.h"

static const char *const names[SML_ERROR_STATS] = {"mean_actual", "mean_predicted", "mean_error", "mae", "rmse", "r2"};

const char *
sml_error_stat_name(SmlErrorStat stat)
{
	return names[stat];
}

static void
mean_figure(const SmlErrorMoments *m, double mean, double variance, double least, double z, SmlFigure *figure)
{
	double n = (double) m->n;

	*figure = (SmlFigure) {.n = m->n, .effective = n, .numerator = mean * n, .denominator = n};
	if (m->n == 0)
	{
		figure->numerator = NAN;
		sml_figure_undefined(figure, "no_rows");
		return;
	}
	sml_figure_plain(figure, mean, NULL);
	sml_figure_mean(figure, variance, least, INFINITY, z);
}

static void
root_figure(const SmlErrorMoments *m, double z, SmlFigure *figure)
{
	double value = sqrt(m->squared);
	double half;

	mean_figure(m, m->squared, m->var_squared, 0, z, figure);
	if (figure->reason)
		return;
	figure->value = value;
	/* half of the relative error of the square */
	half = figure->above / (2 * m->squared);
	if (figure->ci_method)
		sml_figure_interval(figure, "log_t", value * -expm1(-half), value * expm1(half), 0, INFINITY);
}

static void
r2_figure(const SmlErrorMoments *m, double z, SmlFigure *figure)
{
	double n = (double) m->n;
	double r = m->squared / m->var_actual;
	double variance;
	double half;

	*figure = (SmlFigure) {.n = m->n, .effective = n, .numerator = m->squared * n, .denominator = m->var_actual * n};
	if (m->n < 2 || !(m->var_actual > 0))
	{
		sml_figure_undefined(figure, m->n == 0 ? "no_rows" : "target_is_constant");
		return;
	}
	/* of d^2 - r c with c = y^2 - 2 mean y */
	variance = m->var_squared + r * r * (m->var_y2 + 4 * m->shifted * (m->shifted * m->var_actual - m->cov_y_y2)) -
		2 * r * (m->cov_squared_y2 - 2 * m->shifted * m->cov_squared_y);
	sml_figure_plain(figure, 1 - r, "no_variation");
	if (!(variance > 0))
		return;
	half = sml_student(z, n - 1) * sqrt(variance / (n - 1)) / m->var_actual;
	sml_figure_interval(figure, "delta", half, half, -INFINITY, 1);
}

void
sml_error_figures(const SmlErrorMoments *m, double z, SmlFigure figures[SML_ERROR_STATS])
{
	mean_figure(m, m->actual, m->var_actual, -INFINITY, z, &figures[SML_ERROR_MEAN_ACTUAL]);
	mean_figure(m, m->predicted, m->var_predicted, -INFINITY, z, &figures[SML_ERROR_MEAN_PREDICTED]);
	mean_figure(m, m->error, m->var_error, -INFINITY, z, &figures[SML_ERROR_MEAN_ERROR]);
	mean_figure(m, m->absolute, m->var_absolute, 0, z, &figures[SML_ERROR_MAE]);
	root_figure(m, z, &figures[SML_ERROR_RMSE]);
	r2_figure(m, z, &figures[SML_ERROR_R2]);
}
