/*
 * thresholds.c - one threshold per group: from a question to thresholds and what they do on other rows.
 *
 * The figures that users see come from rows that the thresholds were not fitted on: a second source, or a half of the
 * rows, drawn by their key.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "../args.h"
#include "../env.h"
#include "../json.h"
#include "../train/train.h"
#include "mitigation.h"
#include "thresholds.h"

/* ---- the question -------------------------------------------------------------------------- */

/* What the version keeps about protected columns. */
static void
read_protected(MlThresholdQuestion *question)
{
	MemoryContext caller = CurrentMemoryContext;
	MlOwnerScope  scope;
	Oid           types[1] = {INT8OID};
	Datum         values[1] = {Int64GetDatum(question->version->id)};
	Datum         columns;
	bool          isnull;
	char         *favorable;

	SPI_connect();
	ml_owner_begin(&scope);
	if (SPI_execute_with_args("SELECT favorable, protected FROM sustainml.model_version WHERE id OPERATOR(pg_catalog.=) $1",
							  1, types, values, NULL, true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "cannot read a version of model \"%s\"", question->version->name);
	favorable = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	question->favorable = favorable ? MemoryContextStrdup(caller, favorable) : NULL;
	columns = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull);
	if (!isnull)
	{
		MemoryContext spi = MemoryContextSwitchTo(caller);

		question->protected_columns = ml_texts_of(columns, "protected", &question->protected_count);
		MemoryContextSwitchTo(spi);
	}
	ml_owner_end(&scope);
	SPI_finish();
}

void
ml_question_of_model(MlThresholdQuestion *question, const char *model, MlPrivilege privilege)
{
	const SmlModel *core;

	if (model == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the model must be given")));
	question->version = ml_version_resolve(model, privilege);
	question->model = ml_model_get(question->version);
	core = question->model->model;
	if (core->task != SML_BINARY)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("thresholds need a model of two classes"),
				 errdetail("Model \"%s\" is of another kind.", ml_version_label(question->version))));
	question->stored = ml_stored_read(question->version);
	question->target = question->stored->target;
	question->weight = question->stored->weight;
	question->threshold = question->version->threshold;
	read_protected(question);
	question->wish.positive_is_favorable = question->favorable == NULL ||
		strcmp(question->favorable, core->encoder->classes[core->positive]) == 0;
}

void
ml_question_protect(MlThresholdQuestion *question, FunctionCallInfo fcinfo, int argument)
{
	int    count;
	char **named = ml_texts_argument(fcinfo, argument, "protected", &count);

	if (named == NULL)
		return;
	question->protected_columns = named;
	question->protected_count = count;
}

void
ml_question_wish(MlThresholdQuestion *question, const char *criterion, const char *method, double max_gap, double margin, int32 min_rows)
{
	static const char *const methods[] = {"optimal", "reject_option"};

	question->wish.constraint = criterion ? ml_constraint_choose(criterion, "criterion") : SML_DEMOGRAPHIC_PARITY;
	question->method = method ? (MlThresholdMethod) ml_choose(method, "method", methods, lengthof(methods)) : ML_OPTIMAL;
	if (!(max_gap >= 0 && max_gap <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("max_gap must be a number from 0 to 1")));
	if (!(margin >= 0 && margin <= 10))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("margin must be a number of standard errors from 0 to 10")));
	if (min_rows < 1)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("min_rows must be 1 or more")));
	question->wish.max_gap = max_gap;
	question->wish.margin = margin;
	question->wish.min_rows = (size_t) min_rows;
}

/* ---- the rows --------------------------------------------------------------------------------- */

static void
check_protected(const MlThresholdQuestion *question)
{
	if (question->protected_count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the protected column must be named"),
				 question->version ? errdetail("Model \"%s\" was trained without one.", ml_version_label(question->version)) : 0,
				 errhint("For example protected => '{sex}'.")));
}

static void
add_rows(const MlThresholdQuestion *question, MlJudgedRows *judged, const MlJudgedSource *from)
{
	if (question->version)
		ml_judged_add_model(judged, question->model, question->threshold, from);
	else
		ml_judged_add_scores(judged, question->score, question->positive, from);
}

static void
tell_left_out(const MlJudgedRows *judged)
{
	int64 left_out = judged->without_label + judged->without_score;

	if (left_out > 0)
		ereport(NOTICE,
				(errmsg_plural("%lld row was left out", "%lld rows were left out", left_out, (long long) left_out),
				 errdetail("Without a usable label: %lld; without a score: %lld.", (long long) judged->without_label,
						   (long long) judged->without_score)));
}

MlThresholdRows *
ml_question_rows(const MlThresholdQuestion *question)
{
	MlThresholdRows *rows = palloc0(sizeof(MlThresholdRows));
	MlJudgedSource   from = {.target = question->target, .weight = question->weight};
	MlScan           scan;
	const char      *search_path = NULL;
	int              level;

	check_protected(question);
	ml_scan_begin(&scan);
	if (question->version)
	{
		MlRowsAsked *asked = ml_rows_asked(question->version, question->stored, question->source, question->part ? question->part : "all");

		from.source = asked->source;
		from.where = asked->where;
		search_path = asked->search_path;
	}
	else
		from.source = ml_source_open(question->source);
	level = ml_path_begin(search_path);
	rows->judged = ml_judged_start(ml_groups_make(from.source, question->protected_columns, question->protected_count));
	if (question->evaluation_source == NULL)
	{
		const char *asked = from.where;
		char       *half = ml_judged_half(from.source, question->stored ? question->stored->split : NULL);

		from.where = asked ? psprintf("(%s) AND NOT (%s)", asked, half) : psprintf("NOT (%s)", half);
		add_rows(question, rows->judged, &from);
		from.where = asked ? psprintf("(%s) AND (%s)", asked, half) : half;
		from.part = 1;
	}
	add_rows(question, rows->judged, &from);
	ml_path_end(level);
	if (question->evaluation_source)
	{
		from.source = ml_source_open(question->evaluation_source);
		from.where = NULL;
		from.part = 1;
		add_rows(question, rows->judged, &from);
	}
	ml_scan_end(&scan);
	tell_left_out(rows->judged);
	if (ml_groups_count(rows->judged->groups) < 2)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("there are no two groups of %s to compare", ml_groups_attribute(rows->judged->groups)),
				 errdetail("%zu rows have a label and a score.", rows->judged->count[0] + rows->judged->count[1])));
	ml_judged_curves(rows->judged, &rows->fitted, &rows->evaluated);
	return rows;
}

/* ---- thresholds ------------------------------------------------------------------------------------ */

SmlThresholds *
ml_question_fit(const MlThresholdQuestion *question, MlThresholdRows *rows)
{
	SmlEnv        *env = &rows->judged->env;
	SmlThresholds *made;

	if (question->method == ML_REJECT_OPTION)
		ML_CHECK(env, sml_thresholds_reject(env, rows->fitted, &question->wish, question->threshold, &made), "fit thresholds");
	else
		ML_CHECK(env, sml_thresholds_fit(env, rows->fitted, &question->wish, &made), "fit thresholds");
	/* of probabilities: 0 says everybody, and more than 1 nobody */
	for (size_t g = 0; g < made->groups; g++)
	{
		if (made->threshold[g] < 0)
			made->threshold[g] = 0;
		else if (made->threshold[g] > 1)
			made->threshold[g] = INFINITY;
	}
	return made;
}

bool
ml_thresholds_trivial(const SmlThresholds *thresholds)
{
	bool everybody = true;
	bool nobody = true;

	for (size_t g = 0; g < thresholds->groups; g++)
	{
		if (!thresholds->usable[g])
			continue;
		everybody &= thresholds->rate[0][g] == 1;
		nobody &= thresholds->rate[0][g] == 0;
	}
	return everybody || nobody;
}

SmlThresholds *
ml_question_figures(const MlThresholdQuestion *question, MlThresholdRows *rows, const SmlThresholds *thresholds, bool on_second)
{
	SmlEnv          *env = &rows->judged->env;
	const SmlCurves *curves = on_second ? rows->evaluated : rows->fitted;
	SmlThresholdWish wish = question->wish;
	double          *given = palloc(sizeof(double) * (curves->groups + 1));
	SmlThresholds   *figures;
	SmlStatus        status;

	wish.min_rows = 1;
	for (size_t g = 0; g < curves->groups; g++)
		given[g] = thresholds && thresholds->usable[g] ? thresholds->threshold[g] : question->threshold;
	status = sml_thresholds_given(env, curves, &wish, given, &figures);
	if (status == SML_BAD_INPUT)
	{
		env->detail[0] = '\0';
		return NULL;
	}
	ML_CHECK(env, status, "compare groups");
	return figures;
}

double
ml_question_gap_of_own(const MlThresholdQuestion *question, MlThresholdRows *rows, const SmlThresholds *made, bool after)
{
	SmlCurves        own = {0};
	SmlThresholdWish wish = question->wish;
	double          *given = palloc(sizeof(double) * (made->groups + 1));
	SmlThresholds   *figures;
	SmlStatus        status;

	own.curve = palloc(sizeof(SmlCurve) * (made->groups + 1));
	for (size_t g = 0; g < made->groups; g++)
	{
		if (!made->usable[g])
			continue;
		given[own.groups] = after ? made->threshold[g] : question->threshold;
		own.curve[own.groups++] = rows->evaluated->curve[g];
		own.weight += rows->evaluated->curve[g].positives + rows->evaluated->curve[g].negatives;
	}
	wish.min_rows = 1;
	status = sml_thresholds_given(&rows->judged->env, &own, &wish, given, &figures);
	if (status == SML_BAD_INPUT)
	{
		rows->judged->env.detail[0] = '\0';
		return NAN;
	}
	ML_CHECK(&rows->judged->env, status, "compare groups");
	return figures->gap;
}

Jsonb *
ml_thresholds_json(const MlThresholdQuestion *question, const MlThresholdRows *rows, const SmlThresholds *made)
{
	MlJsonBuilder builder;

	ml_json_begin(&builder);
	for (int g = 0; g < ml_groups_count(rows->judged->groups); g++)
	{
		double threshold = made->usable[g] ? made->threshold[g] : question->threshold;

		/* nobody: beyond every probability, and JSON has no infinity */
		if (isinf(threshold))
			ml_json_add_text(&builder, ml_groups_label(rows->judged->groups, g), "Infinity");
		else
			ml_json_add_number(&builder, ml_groups_label(rows->judged->groups, g), threshold);
	}
	return ml_json_end(&builder);
}
