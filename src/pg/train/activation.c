/*
 * activation.c - whether a new version becomes the active one; see activation.h.
 *
 * Cost of "if_better": one more scan of the held-out rows, scored by the active
 * version.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "../cache.h"
#include "../metric/asked.h"
#include "../env.h"
#include "../nearest.h"
#include "activation.h"

/* ---- the metric --------------------------------------------------------------------- */

static const char *
metric_name(const MlRequest *request, const SmlModel *model, const MlEvaluation *evaluation)
{
	const char **names;
	const char  *nearest;

	if (request->metric == NULL)
		return model->task == SML_REGRESSION ? "rmse" : "log_loss";
	if (evaluation == NULL || evaluation->withheld || ml_evaluation_metric(evaluation, request->metric))
		return request->metric;
	names = palloc(sizeof(char *) * evaluation->metric_count);
	for (int i = 0; i < evaluation->metric_count; i++)
		names[i] = evaluation->metrics[i].name;
	nearest = ml_nearest_name(request->metric, names, evaluation->metric_count);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown metric \"%s\" for this task", request->metric),
			 nearest ? errhint("Perhaps you meant \"%s\".", nearest) :
			 errhint("Leave it out to use %s.", model->task == SML_REGRESSION ? "rmse" : "log_loss")));
}

/* Shares of the classes in the training rows. */
static double
class_share(const SmlEncoder *encoder, size_t k)
{
	double rows = 0;

	for (size_t i = 0; i < encoder->class_count; i++)
		rows += (double) encoder->class_counts[i];
	return (double) encoder->class_counts[k] / rows;
}

/*
 * The metric of a model that knows nothing but the training mean or class
 * shares, on the same held-out rows; NaN for metrics where that is not obvious.
 */
static double
baseline(const char *metric, const SmlModel *model, const SmlScored *scored)
{
	double sum = 0;
	double weight = 0;
	double mean = model->encoder->target_center;
	size_t largest = 0;
	bool   is_rmse = strcmp(metric, "rmse") == 0;
	bool   is_log_loss = strcmp(metric, "log_loss") == 0;
	bool   is_accuracy = strcmp(metric, "accuracy") == 0;

	if (scored == NULL || scored->rows == 0 || !(is_rmse || is_log_loss || is_accuracy))
		return NAN;
	for (size_t k = 1; k < scored->classes; k++)
		if (class_share(model->encoder, k) > class_share(model->encoder, largest))
			largest = k;
	for (size_t i = 0; i < scored->rows; i++)
	{
		double w = scored->weighted ? scored->weight[i] : 1;

		CHECK_FOR_INTERRUPTS();
		weight += w;
		if (is_rmse)
			sum += w * (scored->actual[i] - mean) * (scored->actual[i] - mean);
		else if (is_log_loss)
			sum -= w * log(class_share(model->encoder, (size_t) scored->label[i]));
		else
			sum += w * ((size_t) scored->label[i] == largest);
	}
	return is_rmse ? sqrt(sum / weight) : sum / weight;
}

/* ---- against the active version ------------------------------------------------------ */

static const char *
compare_losses(const MlEvaluation *mine, const MlEvaluation *theirs, const char *other_ref, bool *better)
{
	SmlEnv    env;
	SmlPaired paired;

	ml_env_init(&env, CurrentMemoryContext);
	ML_CHECK(&env, sml_paired_loss(&env, theirs->scored, mine->scored, &paired), "compare two versions");
	*better = paired.low > 0;
	return psprintf("%s: mean loss %.6g against %.6g of %s on the same %lld held-out rows, 95%% interval of the gain %.6g to %.6g",
					*better ? "better" : "not better", paired.b, paired.a, other_ref, (long long) paired.n, paired.low, paired.high);
}

static const char *
compare_metric(const MlEvaluation *mine, const MlEvaluation *theirs, const char *metric, double min_gain,
			   const char *other_ref, bool *better)
{
	double a = ml_evaluation_metric(mine, metric)->value;
	double b = ml_evaluation_metric(theirs, metric)->value;
	double gain = sml_metric_rises(metric) ? a - b : b - a;

	*better = gain >= min_gain && gain > 0;
	return psprintf("%s: %s %.6g against %.6g of %s, a gain of %.6g where at least %.6g was asked",
					*better ? "better" : "not better", metric, a, b, other_ref, gain, min_gain);
}

/* Whether the rule of a version can be asked of these rows: it held out by columns, which the source has. */
static bool
can_ask(const MlSplit *split, const MlSource *source)
{
	if (split->kind == ML_SPLIT_NONE || split->kind == ML_SPLIT_SOURCE)
		return false;
	for (int i = 0; i < split->column_count; i++)
		if (ml_source_find(source, split->columns[i]) < 0)
			return false;
	return true;
}

/*
 * Both versions on rows that neither was trained on.  With one rule these are the held-out rows.  With two, those that both
 * hold out; where the other's rule cannot be asked, all of ours, and the caveat says so.
 */
static void
decide_if_better(MlActivation *activation, const MlJudged *judged, const MlVersion *active)
{
	const MlRequest *request = judged->request;
	const MlModel   *other = ml_model_get(active);
	const char      *ref = psprintf("%s@%d", active->name, active->version);
	const char      *caveat = "";
	MlStored        *stored = ml_stored_read(active);
	MlEvaluation    *mine;
	MlEvaluation    *theirs;
	MlEvaluationPlan plan;
	const char      *reason;

	if (judged->evaluation == NULL || judged->evaluation->rows_used == 0 || judged->evaluation->withheld)
	{
		activation->reason = judged->evaluation && judged->evaluation->withheld ? "not better: there are too few held-out rows of sealed columns to compare on" :
			"not better: there are no held-out rows to compare on";
		return;
	}
	plan = (MlEvaluationPlan) {
		.model = judged->model,
		.scorer = judged->scorer,
		.threshold = judged->threshold,
		.source = judged->held_source,
		.where = judged->held_where,
		.target = request->target,
		.weight = request->weight,
		.other_model = other->model,
		.other_scorer = other->scorer,
		.other_threshold = active->threshold,
		.may_be_few = true,
	};
	if (stored->refit)
		caveat = psprintf("; %s was fitted again on all of its rows, so it has seen these unless they are new", ref);
	else if (!ml_split_unseen(judged->split, stored->split))
	{
		if (can_ask(stored->split, judged->held_source))
		{
			char *theirs_too = ml_split_predicate(stored->split, judged->held_source, true);

			plan.where = judged->held_where ? psprintf("(%s) AND (%s)", judged->held_where, theirs_too) : theirs_too;
			caveat = "; the two versions were split by different rules, and these are the rows that both held out";
		}
		else
			caveat = psprintf("; the two versions were split by different rules, so %s may have trained on some of these rows", ref);
	}
	mine = ml_evaluate_plan(&plan, &theirs);
	if (mine->rows_used == 0)
	{
		activation->reason = psprintf("not better: no row was held out by this version and by %s", ref);
		return;
	}
	if (mine->withheld)
	{
		activation->reason = "not better: there are too few held-out rows of sealed columns to compare on";
		return;
	}
	if (isnan(request->min_gain) && request->metric == NULL)
		reason = compare_losses(mine, theirs, ref, &activation->activate);
	else
		reason = compare_metric(mine, theirs, activation->metric, isnan(request->min_gain) ? 0 : request->min_gain, ref,
								&activation->activate);
	activation->reason = psprintf("%s%s", reason, caveat);
}

MlActivation
ml_activation_decide(const MlJudged *judged)
{
	const MlRequest    *request = judged->request;
	const SmlModel     *model = judged->model;
	const MlEvaluation *evaluation = judged->evaluation;
	MlActivation     activation = {false, NULL, NULL, NAN, NAN, NAN, NAN, 0};
	const MlVersion *active = ml_version_active(request->name.schema, request->name.name);
	const MlModel   *current;
	const char      *metric = metric_name(request, model, evaluation);

	activation.against = active ? active->id : 0;
	if (evaluation && evaluation->rows_used > 0 && !evaluation->withheld)
	{
		const SmlMetric *figure = ml_evaluation_metric(evaluation, metric);

		activation.metric = metric;
		activation.value = figure->value;
		activation.ci_low = figure->ci_low;
		activation.ci_high = figure->ci_high;
		activation.baseline = baseline(metric, model, evaluation->scored);
	}
	if (request->activate == ML_ACTIVATE_NEVER)
	{
		activation.reason = "not asked for";
		return activation;
	}
	if (active == NULL)
	{
		activation.activate = true;
		activation.reason = "there was no active version";
		return activation;
	}
	current = ml_model_unless_damaged(active);
	if (current == NULL)
	{
		activation.activate = true;
		activation.reason = psprintf("the active version %s@%d is damaged", active->name, active->version);
		return activation;
	}
	if (sml_model_compare_meaning(model, current->model) != SML_MEANING_SAME)
	{
		activation.reason = psprintf("the task, target type or classes differ from the active version %s@%d; activate it by hand if that is meant",
									 active->name, active->version);
		return activation;
	}
	if (request->activate == ML_ACTIVATE_ALWAYS)
	{
		activation.activate = true;
		activation.reason = "always";
		return activation;
	}
	decide_if_better(&activation, judged, active);
	return activation;
}

void
ml_activation_confirm(MlActivation *activation, const MlRequest *request, const SmlModel *model)
{
	const MlVersion *active;

	if (!activation->activate)
		return;
	PushActiveSnapshot(GetLatestSnapshot());
	active = ml_version_active(request->name.schema, request->name.name);
	if (active != NULL && active->id != activation->against)
	{
		const char    *ref = psprintf("%s@%d", active->name, active->version);
		const MlModel *current = ml_model_unless_damaged(active);
		bool           same = current == NULL || sml_model_compare_meaning(model, current->model) == SML_MEANING_SAME;

		if (!same)
			activation->reason = psprintf("the task, target type or classes differ from %s, which became active during this training; "
										  "activate it by hand if that is meant", ref);
		else if (request->activate == ML_ACTIVATE_ALWAYS)
			activation->reason = "always";
		else
			activation->reason = psprintf("not compared with %s, which became active during this training", ref);
		activation->activate = request->activate == ML_ACTIVATE_ALWAYS && same;
	}
	PopActiveSnapshot();
}
