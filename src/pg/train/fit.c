/*
 * fit.c - the scans of a training: first the profile, then the learner's passes.
 *
 * Three ways through the rows, chosen by what the learner needs:
 *
 *   one scan     least squares on numeric columns: the profile keeps the cross
 *                moments, and the fit follows from them
 *   resident     iterative learners: the profile scan also keeps the rows (8 bytes
 *                a number), while they fit into sustainml.memory_limit; all further
 *                passes run in memory
 *   streaming    everything else: each pass is one run of the aggregate
 *                sustainml_internal.fold over the source, in parallel where the
 *                planner likes, in constant memory
 *
 * A source that gives other rows in a later pass than in the first is found out by
 * the order-free checksum of the rows, and is an error.
 */
#include "../compat.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "../cells.h"
#include "../env.h"
#include "../fairness/mitigation.h"
#include "../json.h"
#include "../privacy/learn.h"
#include "../settings.h"
#include "../state.h"
#include "options.h"
#include "train.h"
#include "../../core/prep/store.h"

/* A text column is left out when it has more distinct values than this share of its rows … */
#define NEARLY_ALL_DISTINCT 0.9
/* … and the table has enough rows to tell. */
#define ENOUGH_TO_TELL 20

typedef struct Fit
{
	SmlEnv            *env;
	const MlSource    *source;
	const MlRequest   *request;
	MlColumns         *columns;
	const char        *where;
	MlRun             *run;
	SmlNotes          *notes;
	MlOptions         *options;
	const SmlLearner  *learner;   /* NULL until the classes are known */
	MemoryContext      context;   /* of env */
	SmlProfile        *profile;
	SmlPass           *pass;      /* owns the profile when it came from the aggregate */
	SmlStore          *store;     /* NULL: streaming */
	MlMitigation      *mitigation; /* NULL: no fairness method; else the rows must stay in memory */
	uint64             checksum;
	uint64             rows[SML_USE_COUNT];
	SmlEncoder        *encoder;
	SmlPlan           *plan;
	double            *factor;    /* by which class weights or resampling multiplied the classes, or NULL */
	uint64             removed;   /* rows that resampling took away */
} Fit;

#define CHECK(fit, call) ML_CHECK((fit)->env, (call), "train")

/* ---- one run of the aggregate ------------------------------------------------------- */

typedef struct Folded
{
	MemoryContext context;
	MlState      *state; /* NULL when there was no row */
} Folded;

static void
take_state(void *context, const Datum *values, const bool *nulls)
{
	Folded *folded = context;

	if (!nulls[0])
		folded->state = ml_state_keep(values[0], folded->context);
}

/*
 * Run the query of a pass.  Sealed cells are opened in this process alone, so that no state made from them travels; and
 * cells() opens them only meanwhile.
 */
static void
run_pass(const Fit *fit, const char *query, Datum parameter, Folded *folded)
{
	bool before = ml_sealed_pass;

	if (!ml_source_has_sealed(fit->source))
	{
		(void) ml_source_each_parallel(query, parameter, take_state, folded);
		return;
	}
	PG_TRY();
	{
		ml_sealed_pass = true;
		(void) ml_source_each(query, parameter, take_state, folded);
	}
	PG_FINALLY();
	{
		ml_sealed_pass = before;
	}
	PG_END_TRY();
}

/* Run the fold under "plan"; the state that comes back lives in the fit's context, or is NULL when there was no row. */
static MlState *
run_fold(Fit *fit, SmlPlan *plan)
{
	const MlWorkerCpu *workers;
	Folded             folded = {fit->context, NULL};
	uint8_t           *bytes;
	size_t             size;
	bytea             *parameter;
	int                count;

	CHECK(fit, sml_plan_write(fit->env, plan, &bytes, &size));
	parameter = MemoryContextAllocHuge(fit->context, VARHDRSZ + size);
	SET_VARSIZE(parameter, VARHDRSZ + size);
	memcpy(VARDATA(parameter), bytes, size);
	sml_free(fit->env, bytes);
	run_pass(fit, ml_source_query(fit->source,
								  psprintf("sustainml_internal.fold($1, %s)",
										   ml_cells_call(&fit->columns->layout, fit->source, fit->columns->source_columns,
														 fit->columns->target, fit->columns->weight)),
								  fit->where),
			 PointerGetDatum(parameter), &folded);
	pfree(parameter);
	if (folded.state == NULL)
		return NULL;
	count = ml_state_workers(folded.state, &workers);
	for (int i = 0; i < count; i++)
		ml_run_worker(fit->run, workers[i].pid, workers[i].seconds);
	return folded.state;
}

/* ---- the profile ------------------------------------------------------------------------ */

typedef struct Keep
{
	Fit         *fit;
	MlRowBuffer *buffer;
	int32_t     *codes;
} Keep;

/* One row of the resident scan: into the profile, and into the store while there is one. */
static void
keep_row(void *context, const Datum *values, const bool *nulls)
{
	Keep     *keep = context;
	Fit      *fit = keep->fit;
	SmlRow    row = ml_row_fill(keep->buffer, values, nulls);
	SmlUse    use;
	uint64    hash;
	SmlStatus status;

	CHECK(fit, sml_profile_absorb(fit->env, fit->profile, &row, keep->codes, &use));
	fit->rows[use]++;
	hash = sml_row_checksum(&fit->columns->layout, &row);
	fit->checksum += hash;
	if (use != SML_USED || fit->store == NULL)
		return;
	status = sml_store_append(fit->env, fit->store, row.numbers, keep->codes);
	if (status == SML_OVER_LIMIT && fit->mitigation == NULL)
	{
		/* too many rows to keep: from here on only profile, and stream later */
		sml_store_free(fit->env, fit->store);
		fit->store = NULL;
		fit->env->detail[0] = '\0';
		return;
	}
	CHECK(fit, status);
	if (fit->mitigation)
		ml_mitigation_keep(fit->mitigation, values + keep->buffer->count, nulls + keep->buffer->count, hash);
}

static void
profile_resident(Fit *fit, const SmlProfileSpec *spec)
{
	const SmlLayout *layout = &fit->columns->layout;
	Keep             keep;
	Oid             *types;
	char            *list = ml_row_list(layout, fit->source, fit->columns->source_columns,
										fit->columns->target, fit->columns->weight, &types);

	keep.fit = fit;
	keep.buffer = ml_row_buffer(layout, types);
	ml_row_expect(keep.buffer, layout, fit->source, fit->columns->source_columns, fit->columns->target, fit->columns->weight);
	keep.codes = palloc0(sizeof(int32_t) * (sml_layout_labels(layout) + 1));
	CHECK(fit, sml_profile_start(fit->env, layout, spec, &fit->profile));
	CHECK(fit, sml_store_start(fit->env, layout, ml_memory_limit(), &fit->store));
	if (fit->mitigation)
	{
		ml_mitigation_restart(fit->mitigation);
		list = psprintf("%s%s", list, ml_mitigation_list(fit->mitigation));
	}
	ml_source_each(ml_source_query(fit->source, list, fit->where), (Datum) 0, keep_row, &keep);
	CHECK(fit, sml_profile_flush(fit->env, fit->profile));
}

static void
profile_streaming(Fit *fit, const SmlProfileSpec *spec)
{
	MlState *state;
	SmlPlan  plan;

	memset(&plan, 0, sizeof(plan));
	plan.kind = SML_PASS_PROFILE;
	plan.layout = fit->columns->layout;
	plan.moments = spec->moments;
	plan.quantiles = (bool *) spec->quantiles;
	state = run_fold(fit, &plan);
	if (state == NULL)
	{
		CHECK(fit, sml_profile_start(fit->env, &fit->columns->layout, spec, &fit->profile));
		return;
	}
	fit->pass = ml_state_pass(state);
	CHECK(fit, sml_pass_flush(fit->env, fit->pass));
	fit->profile = fit->pass->profile;
	fit->checksum = fit->pass->checksum;
	memcpy(fit->rows, fit->pass->rows, sizeof(fit->rows));
}

static void
run_profile(Fit *fit)
{
	const SmlLayout *layout = &fit->columns->layout;
	SmlProfileSpec   spec;
	bool             iterative = layout->target == SML_TARGET_CLASS;

	memset(&spec, 0, sizeof(spec));
	spec.quantiles = ml_options_quantiles(fit->options, layout);
	spec.moments = !iterative && layout->labels == 0 && (fit->learner == NULL || fit->learner->one_pass);
	fit->profile = NULL;
	fit->pass = NULL;
	fit->checksum = 0;
	memset(fit->rows, 0, sizeof(fit->rows));
	if (fit->store)
		sml_store_free(fit->env, fit->store);
	fit->store = NULL;
	ml_progress(fit->request->name.name, "reading the rows", NULL);
	if (iterative)
		profile_resident(fit, &spec);
	else
		profile_streaming(fit, &spec);
}

/* ---- columns that turn out to be of no use ------------------------------------------------- */

/* Why a column cannot serve, now that its values are known; NULL: it can. */
static const char *
why_useless(const Fit *fit, const SmlColumn *column)
{
	uint64 used = fit->rows[SML_USED];
	uint64 missing;
	double distinct;
	bool   exact;

	if (column->kind == SML_NUMBER)
	{
		size_t elements = column->elements ? column->elements : 1;

		for (size_t e = 0; e < elements; e++)
			if (sml_profile_number(fit->profile, column->first + e)->count > 0)
				return NULL;
		return "it has no value";
	}
	missing = sml_profile_label_missing(fit->profile, column->first);
	if (missing >= used)
		return "it has no value";
	distinct = sml_profile_distinct(fit->profile, column->first, &exact);
	if (used - missing >= ENOUGH_TO_TELL && distinct > NEARLY_ALL_DISTINCT * (double) (used - missing))
		return "nearly all its values are distinct";
	return NULL;
}

/* Drop them; true when the profile must be taken again. */
static bool
drop_useless_columns(Fit *fit)
{
	bool dropped = false;

	for (int i = fit->columns->count - 1; i >= 0; i--)
	{
		const SmlColumn *column = &fit->columns->layout.columns[i];
		const char      *why = why_useless(fit, column);

		if (why == NULL || (fit->columns->asked[i] && strcmp(why, "it has no value") != 0))
			continue;
		if (fit->columns->asked[i])
			ereport(ERROR,
					(errcode(ERRCODE_NO_DATA_FOUND),
					 errmsg("column \"%s\" cannot be a feature: %s", column->name, why),
					 errhint("Leave it out of features, or look at the rows of the source.")));
		CHECK(fit, sml_note_plain(fit->env, fit->notes, "Column \"%s\" was left out: %s.", column->name, why));
		ml_columns_drop(fit->columns, i);
		dropped = true;
	}
	if (fit->columns->count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no feature is left to train on"),
				 errdetail("Every candidate column was empty or nearly all distinct.")));
	return dropped;
}

static double
class_count(const Fit *fit)
{
	bool exact;

	return sml_profile_distinct(fit->profile, sml_layout_target(&fit->columns->layout), &exact);
}

/* Whether the classes are "0" and "1", or one of them; what the first rows made likely, all rows decide. */
static bool
only_zero_and_one(Fit *fit)
{
	size_t    target = sml_layout_target(&fit->columns->layout);
	SmlLevel *levels;
	size_t    count;
	bool      only = true;

	if (class_count(fit) > 2)
		return false;
	CHECK(fit, sml_profile_levels(fit->env, fit->profile, target, &levels, &count));
	for (size_t i = 0; i < count; i++)
		only &= strcmp(levels[i].text, "0") == 0 || strcmp(levels[i].text, "1") == 0;
	sml_free(fit->env, levels);
	return only;
}

static void
check_rows(const Fit *fit)
{
	uint64 skipped = fit->rows[SML_SKIPPED_TARGET] + fit->rows[SML_SKIPPED_WEIGHT];

	if (fit->rows[SML_USED] > 0 && fit->rows[SML_USED] < ML_SEALED_LEAST_ROWS && ml_source_has_sealed(fit->source))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("a model of sealed columns needs at least %d training rows, not %llu", ML_SEALED_LEAST_ROWS,
						(unsigned long long) fit->rows[SML_USED]),
				 errdetail("The coefficients of a few rows tell what the rows are.")));
	if (fit->rows[SML_USED] > 0)
		return;
	if (skipped == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("the source has no rows to train on"),
				 fit->where ? errdetail("It is empty, or the split holds out all of its rows.") : errdetail("It is empty."),
				 errhint("Check the source; with few rows, holdout => 0 trains on all of them.")));
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA_FOUND),
			 errmsg("no row can be used for training"),
			 errdetail("All %llu rows of the training part lack a target or a weight.", (unsigned long long) skipped),
			 errhint("Rows whose target or weight is NULL, or whose weight is 0, are left out; check these columns.")));
}

/* Predictions name the classes: one of few rows would be the value of those rows. */
static void
check_secret_classes(const Fit *fit)
{
	SmlLevel *levels;
	size_t    count;
	size_t    rare = 0;

	if (fit->columns->layout.target != SML_TARGET_CLASS || !fit->columns->layout.secret_target)
		return;
	CHECK(fit, sml_profile_levels(fit->env, fit->profile, sml_layout_target(&fit->columns->layout), &levels, &count));
	for (size_t k = 0; k < count; k++)
		rare += levels[k].count < ML_SEALED_LEAST_ROWS;
	sml_free(fit->env, levels);
	if (rare == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("each class of sealed column \"%s\" needs at least %d training rows", fit->source->columns[fit->columns->target].name,
					ML_SEALED_LEAST_ROWS),
			 errdetail("There are classes with fewer. Predictions name the class, which would be the value of these few rows."),
			 errhint("Put rare classes together before they are sealed, or train on more rows.")));
}

/* ---- encoder and plan --------------------------------------------------------------------- */

static void
make_encoder(Fit *fit)
{
	const SmlFeatureWish *wishes = ml_options_wishes(fit->options, fit->source, fit->columns);
	const char *const    *classes = NULL;
	int                   class_count = 0;
	SmlStatus             status;

	if (fit->columns->layout.target == SML_TARGET_CLASS)
		classes = ml_enum_labels(fit->source->columns[fit->columns->target].type, &class_count);
	status = sml_encoder_make(fit->env, &fit->columns->layout, fit->profile, wishes, classes, (size_t) class_count,
							  fit->notes, &fit->encoder);
	if (status == SML_BAD_INPUT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot train with this data"),
				 errdetail("%s", fit->env->detail),
				 errhint("Look at the rows of the source; those that are held out, or lack a target or weight, do not count.")));
	CHECK(fit, status);
}

static SmlTask
task_of(const Fit *fit)
{
	if (fit->columns->layout.target == SML_TARGET_NUMBER)
		return SML_REGRESSION;
	return fit->encoder->class_count == 2 ? SML_BINARY : SML_MULTICLASS;
}

static void
choose_learner(Fit *fit, SmlTask task)
{
	static const char *const task_names[] = {"", "regression", "two classes", "", "more than two classes"};

	if (fit->learner == NULL)
		fit->learner = sml_learner_by_name(task == SML_REGRESSION ? "linear" : task == SML_BINARY ? "logistic" : "multinomial");
	if (fit->learner->tasks & task)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("algorithm \"%s\" cannot be used for %s", fit->learner->name, task_names[task]),
			 task == SML_REGRESSION ? errdetail("The target is a number.") :
			 errdetail("The target has %zu classes.", fit->encoder->class_count),
			 errhint("Use algorithm => 'auto'.")));
}

/* What the caller said about the classes must be true of them. */
static void
check_task(const Fit *fit, SmlTask task)
{
	const SmlEncoder *encoder = fit->encoder;
	const char       *asked = fit->request->task;
	const char       *favorable = fit->request->favorable;

	if (asked && strcmp(asked, "binary") == 0 && task != SML_BINARY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the target has %zu classes, and a binary task has two", encoder->class_count),
				 errhint("Use task => 'multiclass', or 'regression' for an amount.")));
	if (asked && strcmp(asked, "multiclass") == 0 && task != SML_MULTICLASS && fit->request->algorithm == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the target has two classes, and a multiclass task has more"),
				 errhint("Use task => 'binary'.")));
	if (favorable && task == SML_REGRESSION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("favorable names a class, and the target is a number"),
				 errhint("Leave it out, or train with task => 'classification'.")));
	if (favorable && sml_encoder_class(encoder, (SmlText){favorable, (int32_t) strlen(favorable)}) == SML_NO_LEVEL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the target has no class \"%s\" to be favorable", favorable),
				 encoder->shown ? 0 : errhint("Its first classes are \"%s\" and \"%s\".", encoder->classes[0], encoder->classes[1])));
}

/* The positive class: as asked, else the later one (false < true, 0 < 1, enum order, byte order). */
static size_t
positive_class(const Fit *fit, SmlTask task)
{
	const SmlEncoder *encoder = fit->encoder;
	const char       *wanted = fit->request->positive;

	if (wanted == NULL)
		return task == SML_BINARY ? 1 : 0;
	if (task != SML_BINARY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a positive class can be named only when the target has two classes")));
	for (size_t k = 0; k < encoder->class_count; k++)
		if (strcmp(encoder->classes[k], wanted) == 0)
			return k;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the target has no class \"%s\"", wanted),
			 encoder->shown ? 0 : errhint("The classes are \"%s\" and \"%s\".", encoder->classes[0], encoder->classes[1])));
}

static void
make_plan(Fit *fit)
{
	SmlTask  task = task_of(fit);
	SmlPlan *plan = MemoryContextAllocZero(fit->context, sizeof(SmlPlan));

	check_task(fit, task);
	choose_learner(fit, task);
	plan->kind = SML_PASS_LEARN;
	plan->layout = fit->encoder->layout;
	plan->encoder = fit->encoder;
	plan->learner = fit->learner;
	plan->task = task;
	plan->positive = positive_class(fit, task);
	plan->options = ml_options_numbers(fit->options, fit->env, fit->learner);
	plan->class_weights = ml_options_class_weights(fit->options, fit->encoder);
	fit->plan = plan;
}

/* ---- the learner's passes --------------------------------------------------------------------- */

static void
show_progress(void *context, const SmlVerdict *verdict)
{
	ml_progress(((Fit *) context)->request->name.name, "fitting", verdict);
}

static void
write_opening(Fit *fit, const SmlState *state)
{
	SmlWriter writer;

	sml_writer_start(&writer, fit->env);
	fit->learner->write(&writer, state);
	CHECK(fit, writer.status);
	sml_free(fit->env, fit->plan->opening);
	fit->plan->opening = writer.bytes; /* taken over */
	fit->plan->opening_size = writer.size;
}

static void
check_same_rows(const Fit *fit, const SmlPass *pass)
{
	if (pass != NULL && pass->checksum == fit->checksum)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("the source gave different rows in two passes"),
			 errhint("Use a source that gives the same rows each time: no LIMIT without ORDER BY on a unique key, no volatile functions; or store the rows in a table first.")));
}

/* Passes over the source until the learner is content; the state of each pass goes once the next one is opened. */
static SmlState *
stream_passes(Fit *fit, SmlState *state, SmlVerdict *verdict)
{
	MlState *last = NULL;

	do
	{
		SmlPass *pass;

		write_opening(fit, state);
		if (last)
			ml_state_free(last);
		else
			fit->learner->free(fit->env, state);
		last = run_fold(fit, fit->plan);
		pass = last ? ml_state_pass(last) : NULL;
		check_same_rows(fit, pass);
		CHECK(fit, sml_pass_flush(fit->env, pass));
		state = pass->state;
		CHECK(fit, fit->learner->finish_pass(fit->env, state, verdict));
		show_progress(fit, verdict);
	} while (verdict->again);
	return state;
}

/* The rows were too many to keep, and resampling cannot stream. */
pg_noreturn static void
need_rows(Fit *fit)
{
	const SmlLayout *layout = &fit->columns->layout;
	double           row = (double) (sml_layout_numbers(layout) * sizeof(double) + sml_layout_labels(layout) * sizeof(int32_t));

	ml_raise(fit->env, sml_fail(fit->env, SML_OVER_LIMIT, "Resampling keeps the %llu training rows in memory: %.0f kB, and the limit is %d kB.",
								(unsigned long long) fit->rows[SML_USED], row * (double) fit->rows[SML_USED] / 1024, ml_memory_limit_kb),
			 "resample the training rows");
	pg_unreachable();
}

static SmlState *
run_learner(Fit *fit, SmlVerdict *verdict)
{
	SmlDesign          design;
	SmlState          *state;
	struct SmlMoments *moments = sml_profile_moments(fit->profile);

	memset(verdict, 0, sizeof(*verdict));
	CHECK(fit, sml_plan_design(fit->env, fit->plan, &design));
	if (fit->store)
	{
		CHECK(fit, sml_store_remap(fit->env, fit->store, fit->profile, fit->encoder));
		if (fit->request->resample)
			fit->factor = ml_resample_run(fit->env, fit->request->resample, fit->store, fit->encoder, fit->request->seed,
										  fit->request->name.name, fit->notes, &fit->removed);
		CHECK(fit, sml_store_train(fit->env, fit->store, fit->plan, verdict, &state, show_progress, fit));
		return state;
	}
	if (fit->request->resample)
		need_rows(fit);
	CHECK(fit, fit->learner->start(fit->env, &design, &state));
	if (moments && fit->learner->one_pass)
	{
		double *gram;

		CHECK(fit, sml_encoder_moments(fit->env, fit->encoder, moments, &gram));
		CHECK(fit, fit->learner->from_gram(fit->env, state, gram, fit->rows[SML_USED]));
		CHECK(fit, fit->learner->finish_pass(fit->env, state, verdict));
		if (!verdict->again)
			return state;
	}
	return stream_passes(fit, state, verdict);
}

/* Without held-out rows, the training rows can show which features know the outcome, as far as they are in memory. */
static SmlLeakage *
keep_for_leakage(Fit *fit)
{
	SmlLeakage *leakage;

	if (fit->where != NULL || fit->store == NULL || fit->plan->task != SML_BINARY)
		return NULL;
	CHECK(fit, sml_leakage_start(fit->env, fit->encoder, &leakage));
	CHECK(fit, sml_store_leakage(fit->env, fit->store, fit->plan->positive, leakage));
	return leakage;
}

static const char *
term_name(void *context, size_t term)
{
	Fit              *fit = context;
	const SmlTerm    *t = &fit->encoder->terms[term];
	const SmlFeature *feature = &fit->encoder->features[t->feature];
	size_t            length = sml_encoder_term_name(fit->encoder, term, NULL, 0);
	char             *name = MemoryContextAlloc(fit->context, Max(length, strlen(feature->name) + strlen("=" SML_SECRET_NAME)) + 1);

	if (t->kind == SML_TERM_LEVEL && sml_encoder_secret(fit->encoder, feature->slot))
	{
		sprintf(name, "%s=" SML_SECRET_NAME, feature->name);
		return name;
	}
	(void) sml_encoder_term_name(fit->encoder, term, name, length + 1);
	return name;
}

/* Train by the fairness method that was asked for. */
static SmlFit *
mitigate(Fit *fit, SmlVerdict *verdict)
{
	SmlMitigationJob job = {
		.store = fit->store,
		.plan = fit->plan,
		.progress = show_progress,
		.progress_context = fit,
		.term_name = term_name,
		.name_context = fit,
		.notes = fit->notes,
	};

	CHECK(fit, sml_store_remap(fit->env, fit->store, fit->profile, fit->encoder));
	return ml_mitigation_train(fit->mitigation, fit->env, &job, fit->request->favorable, verdict);
}

static SmlModel *
make_model(Fit *fit, SmlFit *result)
{
	const MlSourceColumn *target = &fit->source->columns[fit->columns->target];
	SmlModel             *model = MemoryContextAllocZero(fit->context, sizeof(SmlModel));
	const char           *type = target->sealed ? format_type_be(ml_source_value_type(target)) : format_type_with_typemod(target->type, target->typmod);

	CHECK(fit, sml_copy_text(fit->env, fit->learner->name, strlen(fit->learner->name), &model->algorithm));
	CHECK(fit, sml_copy_text(fit->env, target->name, strlen(target->name), &model->target));
	CHECK(fit, sml_copy_text(fit->env, type, strlen(type), &model->target_type));
	model->task = fit->plan->task;
	model->positive = fit->plan->positive;
	model->encoder = fit->encoder;
	model->fit = result;
	return model;
}

/* Class weights and resampling change what probabilities refer to, and no formula gives standard errors after them. */
static void
set_prior(Fit *fit, SmlModel *model)
{
	const char *how = "class weights";

	/* whatever way the fit went: what was asked for is done or refused */
	if (fit->request->resample && fit->factor == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("resample cannot be combined with this way of training")));
	if (fit->factor)
	{
		how = ml_resample_how(fit->request->resample);
		CHECK(fit, sml_fit_withhold(fit->env, model->fit, "With resampling there are no standard errors."));
	}
	else if (fit->plan->class_weights)
	{
		fit->factor = fit->plan->class_weights;
		CHECK(fit, sml_fit_withhold(fit->env, model->fit, "With class weights there are no standard errors."));
	}
	ml_probability_prior(fit->env, &fit->request->probability, model, fit->factor, how, fit->notes);
}

MlFitted *
ml_fit(SmlEnv *env, const MlSource *source, const MlRequest *request, MlColumns *columns,
	   const char *where, MlRun *run, SmlNotes *notes)
{
	Fit       fit;
	MlFitted *fitted = palloc0(sizeof(MlFitted));
	SmlFit   *result;

	memset(&fit, 0, sizeof(fit));
	fit.env = env;
	fit.context = (MemoryContext) env->context;
	fit.source = source;
	fit.request = request;
	fit.columns = columns;
	fit.where = where;
	fit.run = run;
	fit.notes = notes;
	fit.options = ml_options_parse(request, source, columns);
	fit.mitigation = ml_mitigation_parse(request, source);
	if (fit.mitigation && columns->layout.target != SML_TARGET_CLASS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("fairness in params needs a target with classes"),
				 errhint("Train with task => 'classification', or audit a regression without mitigation.")));
	if (request->algorithm)
		fit.learner = ml_options_learner(request->algorithm);

	run_profile(&fit);
	if (columns->guessed_classes && !only_zero_and_one(&fit))
	{
		ml_columns_take_amount(columns, source, class_count(&fit), env, notes);
		run_profile(&fit);
	}
	check_rows(&fit);
	check_secret_classes(&fit);
	if (drop_useless_columns(&fit))
		run_profile(&fit);
	make_encoder(&fit);
	make_plan(&fit);
	if (fit.mitigation)
		result = mitigate(&fit, &fitted->last);
	else
	{
		SmlState *state = run_learner(&fit, &fitted->last);

		CHECK(&fit, fit.learner->result(env, state, term_name, &fit, notes, &result));
	}
	fitted->mitigation = fit.mitigation;
	fitted->model = make_model(&fit, result);
	set_prior(&fit, fitted->model);
	/* after resampling the rows kept are not those of the table */
	fitted->leakage = request->resample || (fit.mitigation && ml_mitigation_adds_rows(fit.mitigation)) ? NULL : keep_for_leakage(&fit);
	fitted->rows_used = fit.rows[SML_USED] - fit.removed;
	fitted->rows_skipped = fit.rows[SML_SKIPPED_TARGET] + fit.rows[SML_SKIPPED_WEIGHT] + fit.removed;
	return fitted;
}
