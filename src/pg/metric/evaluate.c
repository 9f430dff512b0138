/*
 * evaluate.c - one scan over a source: read the columns that a model needs, score,
 * keep the pairs, and let the core work out the figures.
 *
 * Rows without a target, or without a positive weight, are not used; nor are rows of a
 * class that the model has never seen, which are counted.  The pairs stay in memory
 * (12 to 24 bytes a row for one probability) under sustainml.memory_limit; a training
 * that would need more is measured on a sample of its held-out rows.
 *
 * Sealed columns are opened for those with the right train.  Who has no right to open them gets no figure that rests
 * on a few rows: the error of a model on one row tells the value.  Weights count by the effective number of rows
 * (Kish), so that they cannot single one out; and each class of a sealed target that occurs must have so many rows, since an
 * AUC or a log loss tells, from the known predictions, which few rows are of it.  Differences of two evaluations are not defended against.
 *
 * The scan is serial and always begins at the start of the table
 * (synchronize_seqscans is off around it), so that two evaluations under one snapshot
 * meet the rows in the same order and can be compared pair by pair.
 */
#include "../compat.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "../env.h"
#include "../json.h"
#include "../rows.h"
#include "../settings.h"
#include "../privacy/learn.h"
#include "../privacy/row_key.h"
#include "evaluate.h"

/* One model at work on the rows. */
typedef struct Evaluator
{
	const SmlModel  *model;
	const SmlScorer *scorer;
	MlReader        *readers;  /* per layout column */
	int             *place;    /* per layout column: where in the query's row */
	MlReader         target;
	double          *numbers;
	size_t          *levels;
	double          *link;
	double          *response;
	double           actual;   /* of the row at hand */
	MlEvaluation    *evaluation;
	SmlLeakage      *leakage;  /* or NULL */
} Evaluator;

typedef struct Evaluating
{
	SmlEnv     env;
	Evaluator  evaluator[2];
	int        count;
	const MlSource *source;
	bool       guarded;      /* a sealed column is read that the caller may not open */
	int64      used;         /* rows that count, and their weights */
	double     weight_sum;
	double     weight_square;
	int64     *class_rows;   /* of each class of the first model, where the target is guarded; else NULL */
	bool       links;        /* keep these, not predictions */
	bool       may_overflow;
	int        target_place;
	int        weight_place; /* or -1 */
	int        seen_place;   /* or -1 */
	int        extra_place;  /* of the first of the further columns */
	MlScoredRow each;        /* or NULL */
	void      *each_context;
	MlReader   weight;
	StringInfoData list;
	int        columns;      /* of the query */
} Evaluating;

static const char doing[] = "evaluate the model";

/* ---- setting up ---------------------------------------------------------------------- */

static int
ask_for(Evaluating *all, const char *expression)
{
	appendStringInfo(&all->list, "%s%s", all->columns ? ", " : "", expression);
	return all->columns++;
}

static int
ask_for_column(Evaluating *all, int column)
{
	all->guarded |= !ml_sealed_may_open(all->source, &column, 1);
	return ask_for(all, ml_source_cell(all->source, column));
}

pg_noreturn static void
wrong_type(const MlSource *source, int column, const char *expected)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" has type %s, and the model was trained on %s", source->columns[column].name,
					format_type_be(source->columns[column].type), expected)));
}

static void
set_up_features(Evaluating *all, Evaluator *one, const MlSource *source)
{
	const SmlLayout *layout = &one->model->encoder->layout;

	one->readers = palloc0(sizeof(MlReader) * Max(layout->column_count, 1));
	one->place = palloc0(sizeof(int) * Max(layout->column_count, 1));
	for (size_t c = 0; c < layout->column_count; c++)
	{
		const SmlColumn *column = &layout->columns[c];
		int              found = ml_source_column(source, column->name, "feature");

		if (!ml_reader_init_opening(&one->readers[c], source->columns[found].type, column->kind) ||
			(column->kind == SML_NUMBER && !ml_reader_fits(&one->readers[c], column->elements > 0)))
			wrong_type(source, found, column->type);
		one->readers[c].sealed = source->columns[found].sealed;
		one->place[c] = ask_for_column(all, found);
	}
	one->numbers = palloc0(sizeof(double) * (sml_layout_numbers(layout) + 1));
	one->levels = palloc0(sizeof(size_t) * (sml_layout_labels(layout) + 1));
}

static void
set_up_model(Evaluating *all, Evaluator *one, const MlEvaluationPlan *plan, int target)
{
	const SmlModel *model = one->model;
	size_t          outputs = sml_scorer_outputs(one->scorer);
	bool            number = model->task == SML_REGRESSION;

	set_up_features(all, one, plan->source);
	if (!ml_reader_init_opening(&one->target, plan->source->columns[target].type, number ? SML_NUMBER : SML_LABEL) ||
		one->target.how == ML_READ_ARRAY)
		wrong_type(plan->source, target, model->target_type);
	one->target.sealed = plan->source->columns[target].sealed;
	one->link = palloc0(sizeof(double) * outputs);
	one->response = palloc0(sizeof(double) * Max(outputs, model->encoder->class_count));
	one->evaluation = palloc0(sizeof(MlEvaluation));
	ML_CHECK(&all->env,
			 sml_scored_start(&all->env, model->task, number ? 0 : model->encoder->class_count,
							  model->task == SML_BINARY ? model->positive : 0, plan->weight != NULL, ml_memory_limit(),
							  &one->evaluation->scored),
			 doing);
	if (plan->replay)
		ML_CHECK(&all->env,
				 sml_replay_start(&all->env, model->encoder->feature_count, outputs, ml_memory_limit(), &one->evaluation->replay),
				 doing);
}

static void
set_up(Evaluating *all, const MlEvaluationPlan *plan)
{
	int target = ml_source_column(plan->source, plan->target, "target");

	memset(all, 0, sizeof(*all));
	ml_env_init(&all->env, CurrentMemoryContext);
	initStringInfo(&all->list);
	all->source = plan->source;
	all->weight_place = all->seen_place = -1;
	all->target_place = ask_for_column(all, target);
	if (plan->weight)
	{
		int weight = ml_source_column(plan->source, plan->weight, "weight");

		if (!ml_reader_init_opening(&all->weight, plan->source->columns[weight].type, SML_NUMBER) || all->weight.how == ML_READ_ARRAY)
			wrong_type(plan->source, weight, "a number");
		all->weight.sealed = plan->source->columns[weight].sealed;
		all->weight_place = ask_for_column(all, weight);
	}
	if (plan->seen)
		all->seen_place = ask_for(all, psprintf("(%s)", plan->seen));
	all->each = plan->each;
	all->each_context = plan->each_context;
	all->extra_place = all->columns;
	for (int i = 0; i < plan->extra_count; i++)
		(void) ask_for_column(all, plan->extra[i]);
	all->evaluator[0].model = plan->model;
	all->evaluator[0].scorer = plan->scorer;
	all->evaluator[0].leakage = plan->leakage;
	all->evaluator[1].model = plan->other_model;
	all->evaluator[1].scorer = plan->other_scorer;
	all->count = plan->other_model ? 2 : 1;
	all->links = plan->links;
	all->may_overflow = plan->may_overflow;
	for (int i = 0; i < all->count; i++)
		set_up_model(all, &all->evaluator[i], plan, target);
	if (plan->model->task != SML_REGRESSION && !ml_sealed_may_open(plan->source, &target, 1))
		all->class_rows = palloc0(sizeof(int64) * (plan->model->encoder->class_count + 1));
}

/* ---- a row ------------------------------------------------------------------------------- */

/* Not a number, or none at all: all the same to a model. */
static double
finite_or_missing(double value)
{
	return isfinite(value) ? value : sml_missing();
}

static void
read_label(Evaluator *one, size_t c, Datum value, bool isnull)
{
	const SmlColumn  *column = &one->model->encoder->layout.columns[c];
	const SmlFeature *feature = &one->model->encoder->features[one->model->encoder->label_feature[column->first]];
	SmlText           text = ml_read_label(&one->readers[c], value, isnull);
	size_t            level = sml_encoder_level(one->model->encoder, column->first, text);

	one->levels[column->first] = level;
	if (text.length >= 0 && (level == SML_NO_LEVEL || level == feature->other_level))
		one->evaluation->unseen++;
}

static void
read_features(Evaluator *one, const Datum *values, const bool *nulls)
{
	const SmlLayout *layout = &one->model->encoder->layout;

	for (size_t c = 0; c < layout->column_count; c++)
	{
		const SmlColumn *column = &layout->columns[c];
		Datum            value = values[one->place[c]];
		bool             isnull = nulls[one->place[c]];

		if (column->kind == SML_LABEL)
			read_label(one, c, value, isnull);
		else if (column->elements == 0)
			one->numbers[column->first] = finite_or_missing(ml_read_number(&one->readers[c], value, isnull));
		else
		{
			(void) ml_read_array(&one->readers[c], value, isnull, one->numbers + column->first, column->elements, column->name);
			for (size_t e = 0; e < column->elements; e++)
				one->numbers[column->first + e] = finite_or_missing(one->numbers[column->first + e]);
		}
	}
}

/* Read the target; false when there is none that the model could be right about. */
static bool
read_target(Evaluator *one, Datum value, bool isnull)
{
	size_t k;

	if (isnull)
		return false;
	if (one->model->task == SML_REGRESSION)
	{
		one->actual = ml_read_number(&one->target, value, false);
		return isfinite(one->actual);
	}
	k = sml_encoder_class(one->model->encoder, ml_read_label(&one->target, value, false));
	if (k == SML_NO_LEVEL)
	{
		one->evaluation->unknown_class++;
		return false;
	}
	one->actual = (double) k;
	return true;
}

static void
score(Evaluating *all, Evaluator *one, const Datum *values, const bool *nulls, double weight)
{
	MlEvaluation *evaluation = one->evaluation;
	SmlEnv       *env = &all->env;
	SmlStatus     status;

	if (evaluation->overflow)
		return;
	read_features(one, values, nulls);
	if (one->leakage)
		ML_CHECK(env, sml_leakage_add(env, one->leakage, one->numbers, one->levels, (size_t) one->actual == one->model->positive), doing);
	sml_score_link(one->scorer, one->numbers, one->levels, one->link);
	sml_score_response(one->scorer, one->link, one->response);
	status = sml_scored_add(env, evaluation->scored, one->actual, all->links ? one->link : one->response, weight);
	if (status == SML_OVER_LIMIT && all->may_overflow && evaluation->scored->rows > 0)
	{
		evaluation->overflow = (int64) evaluation->scored->rows;
		sml_scored_free(env, evaluation->scored);
		evaluation->scored = NULL;
		return;
	}
	ML_CHECK(env, status, doing);
	if (evaluation->replay)
		ML_CHECK(env, sml_replay_add(env, evaluation->replay, one->scorer, one->numbers, one->levels), doing);
}

/* A row for a caller that wants to see it rather than to have it kept. */
static void
show(Evaluating *all, const Datum *values, const bool *nulls, bool usable, double weight)
{
	Evaluator *one = &all->evaluator[0];

	read_features(one, values, nulls);
	sml_score_link(one->scorer, one->numbers, one->levels, one->link);
	sml_score_response(one->scorer, one->link, one->response);
	all->each(all->each_context, values + all->extra_place, nulls + all->extra_place, usable ? one->actual : -1, one->response, weight);
}

static void
evaluate_row(void *context, const Datum *values, const bool *nulls)
{
	Evaluating *all = context;
	double      weight = 1;
	bool        usable = true;
	bool        counts;

	for (int i = 0; i < all->count; i++)
		usable &= read_target(&all->evaluator[i], values[all->target_place], nulls[all->target_place]);
	if (all->weight_place >= 0)
		weight = ml_read_number(&all->weight, values[all->weight_place], nulls[all->weight_place]);
	/* a NULL weight reads as missing; a negative one is refused further down */
	counts = usable && !sml_is_missing(weight) && weight != 0;
	if (counts)
	{
		all->used++;
		all->weight_sum += weight;
		all->weight_square += weight * weight;
		if (all->class_rows)
			all->class_rows[(size_t) all->evaluator[0].actual]++;
	}
	if (all->each)
	{
		show(all, values, nulls, usable, weight);
		return;
	}
	if (!counts)
		return;
	for (int i = 0; i < all->count; i++)
	{
		score(all, &all->evaluator[i], values, nulls, weight);
		if (all->seen_place >= 0 && !nulls[all->seen_place] && DatumGetBool(values[all->seen_place]))
			all->evaluator[i].evaluation->seen++;
	}
}

/* ---- the whole ----------------------------------------------------------------------------- */

/* Whether there are too few rows for figures on sealed columns; none in the source are no secret. */
static bool
too_few(const Evaluating *all, uint64 rows)
{
	double effective = all->weight_square > 0 ? all->weight_sum * all->weight_sum / all->weight_square : 0;

	if (!all->guarded || rows == 0)
		return false;
	for (size_t k = 0; all->class_rows && k < all->evaluator[0].model->encoder->class_count; k++)
		if (all->class_rows[k] > 0 && all->class_rows[k] < ML_SEALED_LEAST_ROWS)
			return true;
	return !(effective > ML_SEALED_LEAST_ROWS - 1e-6);
}

static void
check_enough(const Evaluating *all, uint64 rows, bool may_be_few)
{
	if (may_be_few || !too_few(all, rows))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 all->class_rows ? errmsg("figures on sealed columns need at least %d rows of each class that occurs", ML_SEALED_LEAST_ROWS) :
			 errmsg("figures on sealed columns need at least %d rows", ML_SEALED_LEAST_ROWS),
			 errdetail("Figures of a few rows tell what the rows are; with weights, the effective number of rows counts."),
			 errhint("Evaluate on more rows, or have the right open on the keys of the columns.")));
}

/* Withhold figures that rest on few rows, or on all but few. */
static void
guard_metrics(MlEvaluation *evaluation)
{
	for (int i = 0; i < evaluation->metric_count; i++)
	{
		MlMetric *metric = &evaluation->metrics[i];
		int64     others = evaluation->rows_used - metric->n;

		/* of no row there is no value, and a reason */
		if (metric->n == 0 || (metric->n >= ML_SEALED_LEAST_ROWS && (others <= 0 || others >= ML_SEALED_LEAST_ROWS)))
			continue;
		metric->value = metric->ci_low = metric->ci_high = NAN;
		metric->n = -1;
		metric->reason = "It rests on few rows, or on all but few, and the columns are sealed.";
	}
}

static void
finish(Evaluating *all, Evaluator *one, uint64 rows, double threshold)
{
	MlEvaluation *evaluation = one->evaluation;
	size_t        count;

	evaluation->rows = (int64) rows;
	if (evaluation->overflow)
		return;
	evaluation->rows_used = (int64) evaluation->scored->rows;
	evaluation->guarded = all->guarded;
	evaluation->withheld = too_few(all, rows);
	if (all->links || all->each || evaluation->withheld)
		return;
	ML_CHECK(&all->env, sml_scored_metrics(&all->env, evaluation->scored, threshold, &evaluation->metrics, &count), doing);
	evaluation->metric_count = (int) count;
	if (evaluation->guarded && rows > 0)
		guard_metrics(evaluation);
}

MlEvaluation *
ml_evaluate_plan(const MlEvaluationPlan *plan, MlEvaluation **other)
{
	Evaluating all;
	uint64     rows;
	int        level = NewGUCNestLevel();

	set_up(&all, plan);
	(void) set_config_option("synchronize_seqscans", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	rows = ml_source_each(ml_source_query(plan->source, all.list.data, plan->where), (Datum) 0, evaluate_row, &all);
	AtEOXact_GUC(true, level);
	check_enough(&all, rows, plan->may_be_few);
	finish(&all, &all.evaluator[0], rows, plan->threshold);
	if (plan->other_model)
		finish(&all, &all.evaluator[1], rows, plan->other_threshold);
	if (other)
		*other = all.evaluator[1].evaluation;
	return all.evaluator[0].evaluation;
}

MlEvaluation *
ml_evaluate_within(MlEvaluationPlan *plan, const MlSplit *split, int64 *rows)
{
	const char   *where = plan->where;
	double        share = 1;
	MlEvaluation *evaluation;
	SmlEnv        env;

	ml_env_init(&env, CurrentMemoryContext);
	plan->may_overflow = true;
	evaluation = ml_evaluate_plan(plan, NULL);
	*rows = evaluation->rows;
	while (evaluation->overflow)
	{
		char *sample;

		/* a tenth less, since the size of a sample is random */
		share *= 0.9 * (double) evaluation->overflow / (double) evaluation->rows;
		sample = ml_split_sample(split, plan->source, share);
		plan->may_overflow = sample != NULL;
		if (sample)
			plan->where = where ? psprintf("(%s) AND (%s)", where, sample) : sample;
		if (plan->leakage)
		{
			sml_leakage_free(&env, plan->leakage);
			ML_CHECK(&env, sml_leakage_start(&env, plan->model->encoder, &plan->leakage), doing);
		}
		evaluation = ml_evaluate_plan(plan, NULL);
	}
	return evaluation;
}

Jsonb *
ml_evaluation_json(const MlEvaluation *evaluation)
{
	MlJsonBuilder builder;

	ml_json_begin(&builder);
	for (int i = 0; i < evaluation->metric_count; i++)
		ml_json_add_number(&builder, evaluation->metrics[i].name, evaluation->metrics[i].value);
	return ml_json_end(&builder);
}

const MlMetric *
ml_evaluation_metric(const MlEvaluation *evaluation, const char *name)
{
	for (int i = 0; i < evaluation->metric_count; i++)
		if (strcmp(evaluation->metrics[i].name, name) == 0)
			return &evaluation->metrics[i];
	return NULL;
}
