/*
 * train.c - sustainml.train and sustainml.retrain: from the request to the new
 * version and its report.
 *
 * All scans of one training run under one snapshot with the caller's rights.  The
 * catalog is written last, under the lock of the model's name, so two sessions that
 * train the same model get two versions.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "../cache.h"
#include "../catalog_internal.h"
#include "../env.h"
#include "../fairness/mitigation.h"
#include "../fairness/train.h"
#include "../json.h"
#include "../metric/asked.h"
#include "../metric/evaluate.h"
#include "../nearest.h"
#include "../../core/hash.h"
#include "activation.h"
#include "../privacy/keys.h"
#include "../privacy/learn.h"
#include "../privacy/mask.h"
#include "train.h"

/* A figure that rests on fewer held-out rows of a class than this is noted as shaky. */
#define FEW_HELD_OUT 30

typedef struct Training
{
	MlRequest    *request;
	MlRun        *run;
	SmlEnv        env;
	SmlNotes      notes;
	MlSource     *source;
	MlSplit      *split;
	MlColumns    *columns;
	MlFitted     *fitted;
	SmlScorer    *scorer;
	MlEvaluation *evaluation;  /* NULL without held-out rows */
	MlMitigation *mitigation;  /* NULL without a fairness method */
	MlSource     *held_source; /* where they are: the source, or a second one */
	char         *held_where;
	const char   *measured_where; /* those that the metrics rest on: all of them, or a sample */
	int64         not_sampled; /* the others */
	int64         aside;       /* held-out rows that served the calibration */
	int64         aside_skipped;
	int64         rows_neither;
	uint8_t      *bytes;
	size_t        size;
	uint64        checksum;
	MlActivation  activation;
	MlFairResult *fairness;    /* NULL: not audited */
	int64         audit_id;
	bool          sealed;      /* sealed columns were used: the model is stored sealed, and so is what tells of their values */
	bool          may_open;    /* the caller may see them */
} Training;

#define CHECK(t, call) ML_CHECK(&(t)->env, (call), "train")

/* ---- the parts of a run ---------------------------------------------------------------- */

static void
take_count(void *context, const Datum *values, const bool *nulls)
{
	if (!nulls[0])
		*(int64 *) context = DatumGetInt64(values[0]);
}

static int64
count_rows(const MlSource *source, const char *where)
{
	int64 rows = 0;

	(void) ml_source_each_parallel(ml_source_query(source, "pg_catalog.count(*)", where), (Datum) 0, take_count, &rows);
	return rows;
}

static double
default_threshold(const SmlModel *model)
{
	return model->task == SML_BINARY ? 0.5 : NAN;
}

/* Find the held-out rows, and set those for calibration aside. */
static void
plan_split(Training *t)
{
	t->split = ml_split_plan(t->source, t->request->split, t->request->holdout, t->request->seed);
	if (t->split->kind == ML_SPLIT_NONE)
		return;
	t->held_source = t->split->kind == ML_SPLIT_SOURCE ? ml_source_open(t->split->source) : t->source;
	if (t->request->probability.calibration != SML_CALIBRATION_NONE)
		ml_split_set_aside(t->split, t->held_source, t->request->probability.share);
}

static void
calibrate(Training *t)
{
	if (t->request->probability.calibration == SML_CALIBRATION_NONE)
		return;
	/* what is learned from sealed columns of a second source would be sealed under the keys of the first alone */
	if (t->held_source != t->source && ml_source_has_sealed(t->held_source))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("probabilities cannot be calibrated on a second source with sealed columns"),
				 errhint("Hold out rows of the training source.")));
	ml_progress(t->request->name.name, "calibrating on held-out rows", NULL);
	t->aside_skipped = ml_probability_calibrate(&t->env, &t->request->probability, t->fitted->model, t->held_source, t->split,
												t->request->target, t->request->weight, &t->aside, &t->notes);
}

static void
evaluate_held_out(Training *t)
{
	char            *neither = ml_split_neither(t->split, t->source);
	MlEvaluationPlan plan;
	int64            rows;

	if (neither)
		t->rows_neither = count_rows(t->source, neither);
	if (t->split->kind == ML_SPLIT_NONE)
		return;
	ml_progress(t->request->name.name, "evaluating the held-out rows", NULL);
	t->held_where = ml_split_predicate(t->split, t->held_source, true);
	plan = (MlEvaluationPlan) {
		.model = t->fitted->model,
		.scorer = t->scorer,
		.threshold = default_threshold(t->fitted->model),
		.source = t->held_source,
		.where = t->held_where,
		.target = t->request->target,
		.weight = t->request->weight,
		.may_be_few = true,
	};
	if (t->fitted->model->task == SML_BINARY)
		CHECK(t, sml_leakage_start(&t->env, t->fitted->model->encoder, &plan.leakage));
	t->evaluation = ml_evaluate_within(&plan, t->split, &rows);
	t->not_sampled = rows - t->evaluation->rows;
	t->measured_where = plan.where;
	if (plan.leakage)
		CHECK(t, sml_leakage_note(&t->env, plan.leakage, "held-out", &t->notes));
	sml_leakage_free(&t->env, plan.leakage);
}

/* Notes on what the figures rest on. */
static void
note_evaluation(Training *t)
{
	const SmlScored  *scored;
	const SmlEncoder *encoder = t->fitted->model->encoder;
	size_t           *rows;

	if (t->evaluation == NULL)
	{
		if (t->fitted->leakage)
			CHECK(t, sml_leakage_note(&t->env, t->fitted->leakage, "training", &t->notes));
		return;
	}
	if (t->evaluation->rows_used == 0)
	{
		CHECK(t, sml_note_plain(&t->env, &t->notes, "No held-out row could be used, so there are no metrics."));
		return;
	}
	if (t->evaluation->withheld)
	{
		CHECK(t, sml_note_plain(&t->env, &t->notes, "There are fewer than %d held-out rows, or of a class of the sealed target, so there are no metrics: they would tell what the rows are.",
								ML_SEALED_LEAST_ROWS));
		return;
	}
	if (t->not_sampled > 0)
		CHECK(t, sml_note(&t->env, &t->notes, "The metrics rest on a sample of %lld of %lld held-out rows: the predictions of more do not fit into "
						  "sustainml.memory_limit.", (long long) t->evaluation->rows, (long long) (t->evaluation->rows + t->not_sampled)));
	if (t->evaluation->unseen > 0)
		CHECK(t, sml_note(&t->env, &t->notes, "%lld values in the held-out rows have no level of their own and count as (other).",
						  (long long) t->evaluation->unseen));
	scored = t->evaluation->scored;
	if (t->fitted->model->task == SML_REGRESSION || scored == NULL)
		return;
	CHECK(t, sml_alloc_array(&t->env, scored->classes, sizeof(size_t), &rows));
	for (size_t i = 0; i < scored->rows; i++)
	{
		CHECK_FOR_INTERRUPTS();
		rows[scored->label[i]]++;
	}
	for (size_t k = 0; k < scored->classes; k++)
		if (rows[k] < FEW_HELD_OUT)
			CHECK(t, sml_note(&t->env, &t->notes, "Only %zu held-out rows are of class \"%s\"; figures about it are uncertain.",
							  rows[k], sml_encoder_shown(encoder)[k]));
	sml_free(&t->env, rows);
}

static void
write_model(Training *t)
{
	CHECK(t, sml_model_write(&t->env, t->fitted->model, &t->bytes, &t->size));
	t->checksum = sml_hash_bytes(0, t->bytes, t->size);
}

/* Fit again on all rows, keeping the figures of the held-out ones. */
static void
refit_on_all(Training *t)
{
	uint64    used = t->fitted->rows_used;
	uint64    skipped = t->fitted->rows_skipped;
	MlFitted *again;
	SmlNotes  ignored = {0};

	if (!t->request->refit || t->split->kind == ML_SPLIT_NONE)
		return;
	again = ml_fit(&t->env, t->source, t->request, t->columns, NULL, t->run, &ignored);
	CHECK(t, sml_note_plain(&t->env, &t->notes, "After the evaluation the model was fitted again on all %llu rows; the metrics are those of the "
					  "fit on the training part.", (unsigned long long) again->rows_used));
	again->rows_used = used;
	again->rows_skipped = skipped;
	again->model->calibration = t->fitted->model->calibration;
	t->fitted = again;
}

static void
run_training(Training *t)
{
	MlScan scan;

	ml_scan_begin(&scan);
	t->source = ml_source_open(t->request->source);
	/* an unknown target or weight is the likelier mistake: say it before looking for a key */
	(void) ml_source_column(t->source, t->request->target, "target");
	if (t->source->row_security)
		CHECK(t, sml_note_plain(&t->env, &t->notes, "Row security applies to you on this source: rows that its policies hide were not used."));
	plan_split(t);
	t->columns = ml_columns_choose(t->source, t->request, t->split, &t->env, &t->notes);
	ml_probability_check(&t->request->probability, t->columns->layout.target == SML_TARGET_CLASS, t->split);
	t->fitted = ml_fit(&t->env, t->source, t->request, t->columns, ml_split_predicate(t->split, t->source, false),
					   t->run, &t->notes);
	calibrate(t);
	CHECK(t, sml_scorer_make(&t->env, t->fitted->model, &t->scorer));
	evaluate_held_out(t);
	note_evaluation(t);
	t->fairness = ml_fair_of_training(t->request, t->fitted->model, t->scorer, default_threshold(t->fitted->model), t->held_source,
									  t->held_where, &t->env, &t->notes);
	t->mitigation = t->fitted->mitigation;
	if (t->mitigation)
		ml_mitigation_measure(t->mitigation, &t->env, t->fairness, t->fitted->model, t->held_source, t->held_where, &t->notes);
	t->activation = ml_activation_decide(&(MlJudged) {t->request, t->fitted->model, t->scorer, default_threshold(t->fitted->model),
													  t->evaluation, t->held_source, t->measured_where, t->split});
	refit_on_all(t);
	ml_scan_end(&scan);
	write_model(t);
}

/* ---- the catalog ---------------------------------------------------------------------------- */

static ArrayType *
texts_array(char *const *texts, int count)
{
	Datum *values = palloc(sizeof(Datum) * (count + 1));

	for (int i = 0; i < count; i++)
		values[i] = CStringGetTextDatum(texts[i]);
	return construct_array(values, count, TEXTOID, -1, false, TYPALIGN_INT);
}

static ArrayType *
feature_columns(const MlColumns *columns)
{
	char **names = palloc(sizeof(char *) * (columns->count + 1));

	for (int i = 0; i < columns->count; i++)
		names[i] = columns->layout.columns[i].name;
	return texts_array(names, columns->count);
}

static const char *
task_name(SmlTask task)
{
	switch (task)
	{
		case SML_REGRESSION:
			return "regression";
		case SML_BINARY:
			return "binary";
		case SML_MULTICLASS:
			return "multiclass";
	}
	return NULL;
}

static Jsonb *
jsonb_or_empty(Jsonb *json)
{
	MlJsonBuilder builder;

	if (json)
		return json;
	ml_json_begin(&builder);
	return ml_json_end(&builder);
}

/* Held-out rows that gave the metrics or the calibration, and all rows that served nothing. */
static int64
rows_held_out(const Training *t)
{
	return (t->evaluation ? t->evaluation->rows_used + t->not_sampled : 0) + t->aside;
}

static int64
rows_skipped(const Training *t)
{
	return (int64) t->fitted->rows_skipped + t->rows_neither + t->aside_skipped +
		(t->evaluation ? t->evaluation->rows - t->evaluation->rows_used : 0);
}

/* Equal for versions that were evaluated on the same rows. */
static char *
evaluation_id(const Training *t)
{
	char  *rule;
	uint64 hash;

	if (t->evaluation == NULL)
		return NULL;
	rule = psprintf("%s|%s|%s|%lld", t->source->from, t->request->target,
					JsonbToCString(NULL, &ml_split_json(t->split)->root, 0), (long long) t->evaluation->rows_used);
	hash = sml_hash_bytes(0, rule, strlen(rule));
	return psprintf("%016llx", (unsigned long long) hash);
}

/* Seal the bytes under the keys of the sealed columns that were used; keys and masks go into the notes. */
static bytea *
seal_model(Training *t, bytea *bytes)
{
	int   count = t->columns->count + 2;
	int  *used = palloc(sizeof(int) * count);
	char *words;

	memcpy(used, t->columns->source_columns, sizeof(int) * t->columns->count);
	used[count - 2] = t->columns->target;
	used[count - 1] = t->columns->weight;
	words = ml_sealed_words(t->source, used, count);
	/* notes tell of held-out rows too, which may be those of a second source */
	t->sealed = words != NULL || (t->held_source && ml_source_has_sealed(t->held_source));
	t->may_open = ml_sealed_may_open(t->source, used, count) && (t->held_source == NULL || t->held_source == t->source || ml_sealed_may_open_all(t->held_source));
	if (words)
		CHECK(t, sml_note_plain(&t->env, &t->notes, "Sealed columns were opened: %s. The model is stored sealed, and using it needs the right to train with the same keys.",
						  words));
	words = ml_masked_words(t->source->from);
	if (words)
		CHECK(t, sml_note_plain(&t->env, &t->notes, "The source is masked: %s.", words));
	return ml_model_seal(bytes, t->source, used, count);
}

/*
 * What was noted.  Of a model of sealed columns only those who may open them see the notes that tell of their values (numbers of distinct
 * values, of rows of a class, and the like), and the catalog keeps none of these.
 */
static ArrayType *
notes_for(const Training *t, bool may_see)
{
	char **shown = palloc(sizeof(char *) * (t->notes.count + 1));
	int    count = 0;
	int    left = 0;

	for (size_t i = 0; i < t->notes.count; i++)
	{
		if (may_see || t->notes.plain[i])
			shown[count++] = t->notes.text[i];
		else
			left++;
	}
	if (left > 0)
		shown[count++] = psprintf(left == 1 ? "%d further note tells of sealed values; who may open them sees it in the report of the training." :
								  "%d further notes tell of sealed values; who may open them sees them in the report of the training.", left);
	return texts_array(shown, count);
}

static int
insert_version(Training *t, int64 run_id, bool activate, int64 *id)
{
	const MlRequest  *request = t->request;
	const SmlModel   *model = t->fitted->model;
	const SmlEncoder *encoder = model->encoder;
	MlNewVersion      fresh;
	bytea            *bytes = palloc(VARHDRSZ + t->size);

	SET_VARSIZE(bytes, VARHDRSZ + t->size);
	memcpy(VARDATA(bytes), t->bytes, t->size);
	bytes = seal_model(t, bytes);
	memset(&fresh, 0, sizeof(fresh));
	fresh.schema = request->name.schema;
	fresh.name = request->name.name;
	fresh.algorithm = model->algorithm;
	fresh.task = task_name(model->task);
	fresh.source = request->source;
	fresh.search_path = namespace_search_path;
	fresh.target = model->target;
	fresh.target_type = model->target_type;
	/* classes whose texts are sealed are in the sealed model alone; what the caller wrote stays as written */
	fresh.positive = model->task != SML_BINARY ? NULL : encoder->shown ? request->positive : encoder->classes[model->positive];
	fresh.favorable = request->favorable;
	if (request->protected_columns)
		fresh.protected_columns = texts_array(request->protected_columns, request->protected_count);
	fresh.features = feature_columns(t->columns);
	if (encoder->class_count && !encoder->shown)
		fresh.classes = texts_array(encoder->classes, (int) encoder->class_count);
	fresh.params = jsonb_or_empty(request->params);
	fresh.preprocess = jsonb_or_empty(request->preprocess);
	fresh.holdout = t->split->kind == ML_SPLIT_NONE ? 0 : request->holdout;
	fresh.split = ml_split_json(t->split);
	if (t->split->kind == ML_SPLIT_KEY)
		fresh.split_key = texts_array(t->split->columns, t->split->column_count);
	fresh.weight = request->weight;
	fresh.seed = request->seed;
	fresh.refit = request->refit;
	fresh.threshold = default_threshold(model);
	fresh.feature_count = (int) encoder->feature_count;
	fresh.rows_used = (int64) t->fitted->rows_used;
	fresh.rows_skipped = rows_skipped(t);
	fresh.rows_held_out = rows_held_out(t);
	fresh.evaluation_id = evaluation_id(t);
	fresh.metric = t->activation.metric;
	fresh.metric_value = t->activation.value;
	fresh.metric_ci_low = t->activation.ci_low;
	fresh.metric_ci_high = t->activation.ci_high;
	fresh.baseline_value = t->activation.baseline;
	fresh.metrics = t->evaluation ? ml_evaluation_json(t->evaluation) : NULL;
	fresh.notes = notes_for(t, !t->sealed);
	fresh.run_id = run_id;
	fresh.bytes = bytes;
	fresh.checksum = ml_source_has_sealed(t->source) ? sml_hash_bytes(0, VARDATA(bytes), VARSIZE(bytes) - VARHDRSZ) : t->checksum;
	return ml_version_insert(&fresh, activate, t->activation.reason, id);
}

/* ---- the report ------------------------------------------------------------------------------- */

/* Columns of the result, in the order of sql/41_train.sql. */
enum
{
	OUT_MODEL, OUT_VERSION, OUT_REF, OUT_ALGORITHM, OUT_TASK, OUT_POSITIVE, OUT_CLASSES, OUT_ROWS_USED, OUT_ROWS_SKIPPED,
	OUT_ROWS_HELD_OUT, OUT_METRICS, OUT_FAIRNESS, OUT_MODEL_BYTES, OUT_SECONDS, OUT_CPU_SECONDS, OUT_ENERGY_JOULES,
	OUT_ENERGY_METHOD, OUT_CO2E_GRAMS, OUT_ACTIVE, OUT_ACTIVATION_REASON, OUT_NOTES, OUT_COUNT
};

static void
set_text(Datum *values, bool *nulls, int i, const char *text)
{
	nulls[i] = text == NULL;
	if (text)
		values[i] = CStringGetTextDatum(text);
}

static void
set_number(Datum *values, bool *nulls, int i, double number)
{
	nulls[i] = isnan(number);
	values[i] = Float8GetDatum(number);
}

static Datum
report(FunctionCallInfo fcinfo, const Training *t, int version, const MlFigures *figures)
{
	const SmlModel *model = t->fitted->model;
	Datum           values[OUT_COUNT];
	bool            nulls[OUT_COUNT];
	TupleDesc       row;
	char           *ref;

	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "train must return a row");
	memset(nulls, 0, sizeof(nulls));
	ref = psprintf("%s@%d", t->request->name.name, version);
	set_text(values, nulls, OUT_MODEL, t->request->name.name);
	values[OUT_VERSION] = Int32GetDatum(version);
	set_text(values, nulls, OUT_REF, ref);
	set_text(values, nulls, OUT_ALGORITHM, model->algorithm);
	set_text(values, nulls, OUT_TASK, task_name(model->task));
	set_text(values, nulls, OUT_POSITIVE, model->task == SML_BINARY ? model->encoder->classes[model->positive] : NULL);
	nulls[OUT_CLASSES] = model->encoder->class_count == 0;
	if (!nulls[OUT_CLASSES])
		values[OUT_CLASSES] = PointerGetDatum(texts_array(model->encoder->classes, (int) model->encoder->class_count));
	values[OUT_ROWS_USED] = Int64GetDatum((int64) t->fitted->rows_used);
	values[OUT_ROWS_SKIPPED] = Int64GetDatum(rows_skipped(t));
	values[OUT_ROWS_HELD_OUT] = Int64GetDatum(rows_held_out(t));
	nulls[OUT_METRICS] = t->evaluation == NULL;
	if (t->evaluation)
		values[OUT_METRICS] = JsonbPGetDatum(ml_evaluation_json(t->evaluation));
	nulls[OUT_FAIRNESS] = t->fairness == NULL;
	if (t->fairness)
		values[OUT_FAIRNESS] = JsonbPGetDatum(ml_fair_json(t->fairness, t->audit_id));
	values[OUT_MODEL_BYTES] = Int64GetDatum((int64) t->size);
	set_number(values, nulls, OUT_SECONDS, figures->seconds);
	set_number(values, nulls, OUT_CPU_SECONDS, figures->cpu_seconds);
	set_number(values, nulls, OUT_ENERGY_JOULES, figures->energy_joules);
	set_text(values, nulls, OUT_ENERGY_METHOD, figures->energy_method);
	set_number(values, nulls, OUT_CO2E_GRAMS, figures->co2e_grams);
	values[OUT_ACTIVE] = BoolGetDatum(t->activation.activate);
	set_text(values, nulls, OUT_ACTIVATION_REASON, t->activation.reason);
	values[OUT_NOTES] = PointerGetDatum(notes_for(t, !t->sealed || t->may_open));
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
}

static Datum
train(FunctionCallInfo fcinfo, MlRequest *request)
{
	Training  t;
	MlFigures figures;
	int64     id;
	int       version;
	uint64    opened = ml_keys_opened();
	bool      gated;

	PreventCommandDuringRecovery("train()");
	PreventCommandIfReadOnly("train()");
	memset(&t, 0, sizeof(t));
	t.request = request;
	request->probability = ml_probability_options(request->params);
	request->resample = ml_resample_options(request->params);
	ml_version_may_train(&request->name);
	t.run = ml_run_begin("train");
	ml_env_init(&t.env, AllocSetContextCreate(CurrentMemoryContext, "sustainml train", ALLOCSET_DEFAULT_SIZES));
	run_training(&t);
	if (ml_keys_opened() != opened)
		CHECK(&t, sml_note_plain(&t.env, &t.notes, "The source opened sealed values itself (sustainml.open), so the model is stored in clear, with what it learned from them; "
						   "name the sealed columns instead to have it sealed."));
	/* the version number is known only now, under the lock; the run's row follows at once */
	ml_lock_name(request->name.schema, request->name.name);
	ml_activation_confirm(&t.activation, request, t.fitted->model);
	/* a version that is found better waits for its audit and the fairness policies */
	gated = t.activation.activate && request->activate == ML_ACTIVATE_IF_BETTER;
	version = insert_version(&t, 0, t.activation.activate && !gated, &id);
	ml_run_rows_in(t.run, (int64) t.fitted->rows_used + rows_skipped(&t) + rows_held_out(&t));
	ml_run_end(t.run, request->name.schema, request->name.name, version,
			   (int64) t.fitted->rows_used, &figures);
	ml_version_set_run(id, figures.run_id);
	t.audit_id = ml_fair_store_training(t.fairness, request, version, id, figures.run_id);
	if (gated)
		t.activation.activate = ml_fair_activate(request, version, &t.activation.reason);
	if (t.mitigation)
		ml_mitigation_store(t.mitigation, &request->name, version, t.audit_id, figures.run_id, request->params);
	ml_progress_end();
	return report(fcinfo, &t, version, &figures);
}

PG_FUNCTION_INFO_V1(sustainml_train);
Datum
sustainml_train(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(train(fcinfo, ml_request_from_arguments(fcinfo)));
}

/*
 * The sources that the version names and the caller did not: may they be read, and by which name?  Returns the search path
 * for the training: the stored one only for a role that chose it, so that what the source means stays as it was.
 */
static const char *
adopt_stored_sources(MlRetrain *retrain)
{
	MlRequest  *request = retrain->request;
	const char *search_path = NULL;
	bool        mine;
	MlScan      scan;

	ml_scan_begin(&scan);
	if (retrain->stored_source)
	{
		MlSource *source = ml_stored_open(retrain->version, retrain->stored_source, &mine);

		if (mine)
			search_path = retrain->search_path;
		else
			request->source = source->from;
	}
	if (retrain->stored_split_source)
	{
		MlSource     *source = ml_stored_open(retrain->version, retrain->stored_split_source, &mine);
		MlJsonBuilder builder;

		ml_json_begin(&builder);
		ml_json_add_text(&builder, "source", OidIsValid(source->relid) ? source->from : retrain->stored_split_source);
		request->split = ml_json_end(&builder);
	}
	ml_scan_end(&scan);
	return search_path;
}

PG_FUNCTION_INFO_V1(sustainml_retrain);
Datum
sustainml_retrain(PG_FUNCTION_ARGS)
{
	MlRetrain retrain;
	int       level;
	Datum     result;

	ml_request_from_version(fcinfo, &retrain);
	level = ml_path_begin(adopt_stored_sources(&retrain));
	result = train(fcinfo, retrain.request);
	ml_path_end(level);
	PG_RETURN_DATUM(result);
}
