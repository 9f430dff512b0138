/*
 * front.c - sustainml.fairness_front: what accuracy each bound on the gap costs, before anybody decides for one.
 *
 * For gaps from none to that of one free threshold, three ways to decide: one threshold for all, one per
 * group, and reject option.  All are fitted on one part of the rows and shown on the other.
 */
#include "../compat.h"

#include <math.h>

#include "utils/builtins.h"

#include "../args.h"
#include "../env.h"
#include "../json.h"
#include "../metric/result.h"
#include "thresholds.h"

/* Arguments, in the order of sql/78_thresholds.sql. */
enum
{
	ARG_MODEL, ARG_SOURCE, ARG_PROTECTED, ARG_CRITERION, ARG_POINTS, ARG_MARGIN, ARG_PART, ARG_EVALUATION_SOURCE, ARG_MIN_ROWS
};

#define MOST_POINTS 200

typedef enum Way
{
	ONE_THRESHOLD,
	GROUP_THRESHOLDS,
	REJECT_OPTION,
	WAYS
} Way;

static const char *const ways[] = {"one_threshold", "group_thresholds", "reject_option"};

typedef struct Point
{
	Way            way;
	double         max_gap;
	SmlThresholds *made;
	SmlThresholds *figures;  /* on the other rows */
} Point;

static void
make_point(const MlThresholdQuestion *asked, MlThresholdRows *rows, Way way, double max_gap, Point *point)
{
	MlThresholdQuestion question = *asked;
	SmlEnv             *env = &rows->judged->env;

	question.wish.max_gap = max_gap;
	question.method = way == REJECT_OPTION ? ML_REJECT_OPTION : ML_OPTIMAL;
	point->way = way;
	point->max_gap = max_gap;
	if (way == ONE_THRESHOLD)
		ML_CHECK(env, sml_thresholds_common(env, rows->fitted, &question.wish, false, &point->made), "fit thresholds");
	else
		point->made = ml_question_fit(&question, rows);
	for (size_t g = 0; g < point->made->groups; g++)
		if (point->made->threshold[g] < 0)
			point->made->threshold[g] = 0;
	point->figures = ml_question_figures(&question, rows, point->made, true);
}

/* No other point is as accurate with as small a gap, and better in one of the two. */
static bool
is_pareto(const Point *points, int count, int i)
{
	const SmlThresholds *mine = points[i].figures;

	for (int k = 0; k < count; k++)
	{
		const SmlThresholds *other = points[k].figures;

		if (other->accuracy >= mine->accuracy && other->gap <= mine->gap &&
			(other->accuracy > mine->accuracy || other->gap < mine->gap))
			return false;
	}
	return true;
}

/* The gap on the fitted rows when only accuracy counts. */
static double
free_gap(const MlThresholdQuestion *question, MlThresholdRows *rows)
{
	SmlThresholdWish wish = question->wish;
	SmlThresholds   *one;
	double           gap;

	wish.max_gap = 1;
	wish.margin = 0;
	ML_CHECK(&rows->judged->env, sml_thresholds_common(&rows->judged->env, rows->fitted, &wish, false, &one), "fit thresholds");
	gap = one->gap;
	sml_thresholds_free(&rows->judged->env, one);
	return gap;
}

static void
put_points(MlResult *result, const MlThresholdQuestion *question, const MlThresholdRows *rows, const Point *points, int count)
{
	for (int i = 0; i < count; i++)
	{
		ml_put_text(result, ml_groups_attribute(rows->judged->groups));
		ml_put_text(result, ways[points[i].way]);
		ml_put_number(result, points[i].max_gap);
		ml_put_number(result, points[i].figures->accuracy);
		ml_put_number(result, points[i].figures->gap);
		ml_put_number(result, points[i].made->accuracy);
		ml_put_number(result, points[i].made->gap);
		ml_put_bool(result, is_pareto(points, count, i));
		ml_put_json(result, ml_thresholds_json(question, rows, points[i].made));
		ml_put_row(result);
	}
}

PG_FUNCTION_INFO_V1(sustainml_fairness_front);
Datum
sustainml_fairness_front(PG_FUNCTION_ARGS)
{
	MlThresholdQuestion question = {0};
	MlThresholdRows    *rows;
	MlFigures           figures;
	MlRun              *run;
	MlResult           *result;
	Point              *points;
	int                 wanted = PG_ARGISNULL(ARG_POINTS) ? 20 : PG_GETARG_INT32(ARG_POINTS);
	int                 made = 0;
	double              widest;

	if (wanted < 2 || wanted > MOST_POINTS)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("points must be a number from 2 to %d", MOST_POINTS)));
	ml_question_of_model(&question, ml_text_argument(fcinfo, ARG_MODEL), ML_READ);
	question.source = ml_text_argument(fcinfo, ARG_SOURCE);
	ml_question_protect(&question, fcinfo, ARG_PROTECTED);
	ml_question_wish(&question, ml_text_argument(fcinfo, ARG_CRITERION), NULL, 0, PG_ARGISNULL(ARG_MARGIN) ? 0 : PG_GETARG_FLOAT8(ARG_MARGIN),
					 PG_ARGISNULL(ARG_MIN_ROWS) ? 30 : PG_GETARG_INT32(ARG_MIN_ROWS));
	question.part = ml_text_argument(fcinfo, ARG_PART);
	question.evaluation_source = ml_text_argument(fcinfo, ARG_EVALUATION_SOURCE);
	run = ml_run_begin("fairness_front");
	rows = ml_question_rows(&question);
	widest = free_gap(&question, rows);
	points = palloc0(sizeof(Point) * WAYS * wanted);
	for (int way = 0; way < WAYS; way++)
		for (int i = 0; i < wanted; i++)
		{
			make_point(&question, rows, (Way) way, widest * i / (wanted - 1), &points[made]);
			/* a second part without two groups has no figures to show */
			if (points[made].figures == NULL)
				ereport(ERROR,
						(errcode(ERRCODE_NO_DATA_FOUND),
						 errmsg("the rows to evaluate on have fewer than two groups of %s", ml_groups_attribute(rows->judged->groups))));
			made++;
		}
	ml_run_end(run, question.version->schema, question.version->name, question.version->version,
			   (int64) (rows->judged->count[0] + rows->judged->count[1]), &figures);
	result = ml_result_begin(fcinfo);
	put_points(result, &question, rows, points, made);
	return ml_result_end(result);
}
