/*
 * fit_thresholds.c - sustainml.fit_thresholds, thresholds_for_scores and drop_thresholds.
 *
 * Thresholds that differ by group are opt-in three times over: somebody fits them, everybody who does is told of the
 * law, and they decide only where decide_by_group is called with the protected values.  Nothing else
 * looks at them.
 */
#include "../compat.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "../args.h"
#include "../catalog_internal.h"
#include "../env.h"
#include "../meter.h"
#include "../metric/result.h"
#include "../json.h"
#include "../statement.h"
#include "mitigation.h"
#include "thresholds.h"

/* Arguments, in the order of sql/78_thresholds.sql. */
enum
{
	FIT_MODEL, FIT_SOURCE, FIT_PROTECTED, FIT_CRITERION, FIT_MAX_GAP, FIT_MARGIN, FIT_METHOD, FIT_PART, FIT_EVALUATION_SOURCE,
	FIT_MIN_ROWS, FIT_DEFAULT
};

enum
{
	SCORES_SOURCE, SCORES_TARGET, SCORES_SCORE, SCORES_PROTECTED, SCORES_CRITERION, SCORES_MAX_GAP, SCORES_MARGIN, SCORES_METHOD,
	SCORES_POSITIVE, SCORES_FAVORABLE, SCORES_WEIGHT, SCORES_EVALUATION_SOURCE, SCORES_MIN_ROWS, SCORES_DEFAULT
};

typedef struct Outcome
{
	const MlThresholdQuestion *question;
	MlThresholdRows           *rows;
	SmlThresholds             *made;
	SmlThresholds             *before; /* on the second part; NULL: fewer than two groups there */
	SmlThresholds             *after;
	const char                *note;   /* NULL: nothing but the figures */
	int64                      fit_id; /* 0: not stored */
	int64                      run_id;
} Outcome;

static const char *const method_names[] = {"optimal", "reject_option"};

/* ---- fitting ------------------------------------------------------------------------------ */

/* The groups with too few rows for a threshold of their own, or NULL when there are none. */
static char *
groups_of_default(const Outcome *outcome)
{
	StringInfoData names;

	initStringInfo(&names);
	for (size_t g = 0; g < outcome->made->groups; g++)
		if (!outcome->made->usable[g])
			appendStringInfo(&names, "%s%s", names.len ? "; " : "", ml_groups_label(outcome->rows->judged->groups, (int) g));
	return names.len ? names.data : NULL;
}

static double
own_gap(const Outcome *outcome, bool after)
{
	return ml_question_gap_of_own(outcome->question, outcome->rows, outcome->made, after);
}

/* What whoever asked must know beside the figures: said now, and kept with the mitigation. */
static void
tell(Outcome *outcome)
{
	const SmlThresholdWish *wish = &outcome->question->wish;
	const SmlThresholds    *made = outcome->made;
	const char             *criterion = sml_constraint_name(wish->constraint);

	if (!made->feasible)
	{
		outcome->note = psprintf("No thresholds with a %s gap of at most %g were found; these have the smallest gap.", criterion, wish->max_gap);
		ereport(NOTICE,
				(errmsg("no thresholds with a %s gap of at most %g were found", criterion, wish->max_gap),
				 errdetail("The smallest gap on the rows they were fitted on is %.4f.", made->gap)));
	}
	else if (ml_thresholds_trivial(made))
	{
		outcome->note = psprintf("Only to decide the same for everybody keeps the %s gap within %g.", criterion, wish->max_gap);
		ereport(NOTICE,
				(errmsg("only to decide the same for everybody keeps the %s gap within %g", criterion, wish->max_gap),
				 errhint("Use a larger max_gap, fewer groups, or more rows.")));
	}
	else if (outcome->before == NULL || outcome->after == NULL)
	{
		outcome->note = "The rows to evaluate on have fewer than two groups to compare, so it is not known whether the gap fell.";
		ereport(NOTICE,
				(errmsg("it is not known whether the thresholds lower the %s gap", criterion),
				 errdetail("The rows to evaluate on have fewer than two groups to compare.")));
	}
	else if (!(outcome->after->gap < outcome->before->gap))
	{
		char *small = groups_of_default(outcome);

		outcome->note = psprintf("The %s gap did not fall on the rows that the thresholds were not fitted on.%s", criterion,
								 small ? psprintf(" Between groups with thresholds of their own it went from %.4f to %.4f.", own_gap(outcome, false),
												  own_gap(outcome, true)) : "");
		ereport(NOTICE,
				(errmsg("the thresholds did not lower the %s gap on the rows that they were not fitted on", criterion),
				 small ? errdetail("It was %.4f with one threshold for all and is %.4f. Without the groups that are too small for a threshold of their own "
								   "(%s) it was %.4f and is %.4f.", outcome->before->gap, outcome->after->gap, small, own_gap(outcome, false),
								   own_gap(outcome, true)) :
				 errdetail("It was %.4f with one threshold for all and is %.4f.", outcome->before->gap, outcome->after->gap),
				 outcome->before->gap <= wish->max_gap ? errhint("It was within %g before: one threshold for all will do.", wish->max_gap) :
				 small ? errhint("Such groups are decided by default_threshold; give one that suits the others' thresholds, or merge small groups.") : 0));
	}
	if (made->feasible && sml_margin_cut(wish->max_gap, wish->margin, made->error))
		ereport(NOTICE,
				(errmsg("there are too few rows to tell whether the %s gap stays within %g on others", criterion, wish->max_gap),
				 errdetail("Its standard error on the rows that the thresholds were fitted on is %.4f, so the margin asked for was cut: "
						   "the gap there is within %g.", made->error, SML_LEAST_ROOM * wish->max_gap)));
}

static void
work_out(const MlThresholdQuestion *question, Outcome *outcome)
{
	outcome->question = question;
	outcome->rows = ml_question_rows(question);
	outcome->made = ml_question_fit(question, outcome->rows);
	outcome->before = ml_question_figures(question, outcome->rows, NULL, true);
	outcome->after = ml_question_figures(question, outcome->rows, outcome->made, true);
	tell(outcome);
}

static void
warn_of_the_law(const char *what)
{
	ereport(NOTICE,
			(errmsg("%s", what),
			 errdetail("To judge people by cut-offs that differ by race, color, religion, sex or national origin is unlawful in employment tests "
					   "in the United States (Title VII of the Civil Rights Act, section 703(l)), and may be elsewhere and in other matters."),
			 errhint("Take legal advice before decisions about people rest on them. The methods in training (params => '{\"fairness\": …}') need no "
					 "protected value when a row is scored.")));
}

/* ---- the catalog ------------------------------------------------------------------------------ */

static Datum
texts_array(char *const *texts, int count)
{
	Datum *values = palloc(sizeof(Datum) * (count + 1));

	for (int i = 0; i < count; i++)
		values[i] = CStringGetTextDatum(texts[i]);
	return PointerGetDatum(construct_array(values, count, TEXTOID, -1, false, TYPALIGN_INT));
}

static const char insert_fit[] =
	"INSERT INTO sustainml.threshold_fit (id, version_id, model_schema, model, version, method, criterion, protected, max_gap, margin, min_rows,"
	" is_feasible, default_threshold, source, evaluation_source, rows_fitted, rows_evaluated, rows_without_group, accuracy_before,"
	" accuracy_after, gap_before, gap_after, run_id, fitted_at, fitted_by, owner)"
	" VALUES (pg_catalog.nextval('sustainml.threshold_fit_id_seq'), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,"
	" $18, $19, $20, $21, $22, pg_catalog.now(), $23, $24) RETURNING id";

static const char retire[] =
	"UPDATE sustainml.threshold_fit SET retired_at = pg_catalog.now(), retired_by = $2"
	" WHERE version_id OPERATOR(pg_catalog.=) $1 AND retired_at IS NULL";

static const char insert_group[] =
	"INSERT INTO sustainml.group_threshold (fit_id, group_values, threshold, rows_fitted, rows_evaluated, selection_rate, tpr, fpr)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

static void
set_number(Datum *values, char *nulls, int i, double number)
{
	nulls[i] = isnan(number) ? 'n' : ' ';
	values[i] = Float8GetDatum(number);
}

static void
set_text(Datum *values, char *nulls, int i, const char *text)
{
	nulls[i] = text ? ' ' : 'n';
	values[i] = text ? CStringGetTextDatum(text) : (Datum) 0;
}

/* One row per group that was met. */
static void
insert_groups(const Outcome *outcome)
{
	static const Oid types[8] = {INT8OID, TEXTARRAYOID, FLOAT8OID, INT8OID, INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID};
	MlGroups        *groups = outcome->rows->judged->groups;

	for (int g = 0; g < ml_groups_count(groups); g++)
	{
		Datum values[8];
		char  nulls[9] = "        ";

		values[0] = Int64GetDatum(outcome->fit_id);
		values[1] = texts_array(ml_groups_values(groups, g), ml_groups_columns(groups));
		set_number(values, nulls, 2, outcome->made->threshold[g]);
		values[3] = Int64GetDatum((int64) outcome->rows->fitted->curve[g].count);
		values[4] = Int64GetDatum((int64) outcome->rows->evaluated->curve[g].count);
		for (int r = 0; r < SML_RATES; r++)
			set_number(values, nulls, 5 + r, outcome->after ? outcome->after->rate[r][g] : NAN);
		(void) ml_statement(insert_group, 8, (Oid *) types, values, nulls, SPI_OK_INSERT);
	}
}

static void
store_fit(Outcome *outcome)
{
	static const Oid types[24] = {INT8OID, TEXTOID, TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTARRAYOID, FLOAT8OID, FLOAT8OID, INT4OID, BOOLOID,
		FLOAT8OID, TEXTOID, TEXTOID, INT8OID, INT8OID, INT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, INT8OID, TEXTOID, TEXTOID};
	const MlThresholdQuestion *question = outcome->question;
	const MlVersion           *version = question->version;
	const char                *user = GetUserNameFromId(GetUserId(), false);
	Datum                      values[24];
	char                       nulls[25];
	MlOwnerScope               scope;
	bool                       isnull;
	Oid                        retire_types[2] = {INT8OID, TEXTOID};
	Datum                      retire_values[2];

	memset(nulls, ' ', sizeof(nulls));
	values[0] = retire_values[0] = Int64GetDatum(version->id);
	set_text(values, nulls, 1, version->schema);
	set_text(values, nulls, 2, version->name);
	values[3] = Int32GetDatum(version->version);
	set_text(values, nulls, 4, method_names[question->method]);
	set_text(values, nulls, 5, sml_constraint_name(question->wish.constraint));
	values[6] = texts_array(question->protected_columns, question->protected_count);
	values[7] = Float8GetDatum(question->wish.max_gap);
	values[8] = Float8GetDatum(question->wish.margin);
	values[9] = Int32GetDatum((int32) question->wish.min_rows);
	values[10] = BoolGetDatum(outcome->made->feasible);
	values[11] = Float8GetDatum(question->threshold);
	set_text(values, nulls, 12, question->source ? question->source : question->stored->source);
	set_text(values, nulls, 13, question->evaluation_source);
	values[14] = Int64GetDatum((int64) outcome->rows->judged->count[0]);
	values[15] = Int64GetDatum((int64) outcome->rows->judged->count[1]);
	values[16] = Int64GetDatum(outcome->rows->judged->without_group);
	set_number(values, nulls, 17, outcome->before ? outcome->before->accuracy : NAN);
	set_number(values, nulls, 18, outcome->after ? outcome->after->accuracy : NAN);
	set_number(values, nulls, 19, outcome->before ? outcome->before->gap : NAN);
	set_number(values, nulls, 20, outcome->after ? outcome->after->gap : NAN);
	values[21] = Int64GetDatum(outcome->run_id);
	nulls[21] = outcome->run_id ? ' ' : 'n';
	set_text(values, nulls, 22, user);
	set_text(values, nulls, 23, version->owner);
	retire_values[1] = values[22];
	SPI_connect();
	ml_owner_begin(&scope);
	/* two sessions that fit for one model take turns */
	ml_lock_name(version->schema, version->name);
	(void) ml_statement(retire, 2, retire_types, retire_values, NULL, SPI_OK_UPDATE);
	(void) ml_statement(insert_fit, 24, (Oid *) types, values, nulls, SPI_OK_INSERT_RETURNING);
	outcome->fit_id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	insert_groups(outcome);
	ml_owner_end(&scope);
	SPI_finish();
	/* call sites of decide_by_group look again */
	ml_models_changed();
}

/* ---- audits before and after ------------------------------------------------------------------- */

/* Audit the rows that were not fitted on, as decided by the thresholds (NULL: by the default one for all). */
static int64
keep_audit(const Outcome *outcome, const SmlThresholds *thresholds, const char *decided_by)
{
	const MlThresholdQuestion *question = outcome->question;
	const MlJudgedRows            *judged = outcome->rows->judged;
	int                        columns = ml_groups_columns(judged->groups);
	SmlText                   *texts = palloc0(sizeof(SmlText) * (columns + 1));
	MlFairSpec                 spec;
	MlFairCollector           *collector;

	ml_fair_spec_init(&spec);
	/* not under the model's name: there stands how it decides by itself */
	spec.source = question->evaluation_source ? question->evaluation_source : question->source ? question->source : question->stored->source;
	spec.part = question->evaluation_source ? "all" : "held_out";
	spec.target = question->target;
	spec.prediction = psprintf("%s of %s", decided_by, ml_version_label(question->version));
	spec.weight = question->weight;
	spec.positive = question->model->model->encoder->classes[question->model->model->positive];
	spec.favorable = question->favorable;
	spec.threshold = thresholds ? NAN : question->threshold;
	spec.protected_columns = ml_groups_names(judged->groups);
	spec.protected_count = columns;
	spec.intersections = Max(spec.intersections, columns);
	collector = ml_fair_begin(&spec, true, question->weight != NULL);
	for (size_t i = 0; i < judged->count[1]; i++)
	{
		const SmlDecided *row = &judged->rows[1][i];
		double            threshold = thresholds && row->group >= 0 && thresholds->usable[row->group] ? thresholds->threshold[row->group] :
			question->threshold;

		CHECK_FOR_INTERRUPTS();
		for (int c = 0; c < columns; c++)
		{
			const char *value = row->group < 0 ? NULL : ml_groups_values(judged->groups, row->group)[c];

			texts[c] = value ? (SmlText) {value, (int32_t) strlen(value)} : (SmlText) {NULL, -1};
		}
		ml_fair_row(collector, texts, row->positive ? SML_YES : SML_NO, row->score >= threshold ? SML_YES : SML_NO, row->score, row->weight);
	}
	return ml_fair_store(ml_fair_finish(collector), outcome->run_id);
}

static void
keep_mitigation(Outcome *outcome)
{
	const MlThresholdQuestion *question = outcome->question;
	const SmlThresholdWish    *wish = &question->wish;
	MlFairMitigation           row = {.model_schema = question->version->schema, .model = question->version->name};
	MlJsonBuilder              builder;

	row.version = question->version->version;
	row.method = question->method == ML_OPTIMAL ? "group_thresholds" : "reject_option";
	ml_json_begin(&builder);
	ml_json_add_number(&builder, "max_gap", wish->max_gap);
	ml_json_add_number(&builder, "margin", wish->margin);
	ml_json_add_integer(&builder, "min_rows", (int64) wish->min_rows);
	ml_json_add_number(&builder, "default_threshold", question->threshold);
	row.params = ml_json_end(&builder);
	row.thresholds = ml_thresholds_json(question, outcome->rows, outcome->made);
	row.attribute = ml_groups_attribute(outcome->rows->judged->groups);
	row.metric = ml_constraint_metric(wish->constraint, wish->positive_is_favorable);
	row.gap_before = outcome->before ? outcome->before->gap : NAN;
	row.gap_after = outcome->after ? outcome->after->gap : NAN;
	row.note = outcome->note;
	row.audit_before = keep_audit(outcome, NULL, "predict_class");
	row.audit_after = keep_audit(outcome, outcome->made, "decide_by_group");
	(void) ml_fair_mitigation_store(&row);
}

/* ---- the answer ------------------------------------------------------------------------------------ */

static void
put_texts(MlResult *result, char *const *texts, int count)
{
	StringInfoData all;

	initStringInfo(&all);
	for (int i = 0; i < count; i++)
		appendStringInfo(&all, "%s%s", i ? ", " : "", texts[i]);
	ml_put_text(result, all.data);
}

static Datum
answer(FunctionCallInfo fcinfo, const Outcome *outcome)
{
	MlResult      *result = ml_result_begin(fcinfo);
	MlGroups      *groups = outcome->rows->judged->groups;
	SmlThresholds *after = outcome->after;
	SmlThresholds *before = outcome->before;

	for (int g = 0; g < ml_groups_count(groups); g++)
	{
		bool own = outcome->made->usable[g];

		ml_put_text(result, ml_groups_attribute(groups));
		put_texts(result, ml_groups_values(groups, g), ml_groups_columns(groups));
		ml_put_number(result, own ? outcome->made->threshold[g] : outcome->question->threshold);
		ml_put_text(result, own ? NULL : "too few rows: the default threshold");
		ml_put_integer(result, (int64) outcome->rows->fitted->curve[g].count);
		ml_put_integer(result, (int64) outcome->rows->evaluated->curve[g].count);
		for (int r = 0; r < SML_RATES; r++)
		{
			ml_put_number(result, before ? before->rate[r][g] : NAN);
			ml_put_number(result, after ? after->rate[r][g] : NAN);
		}
		ml_put_number(result, before ? before->accuracy : NAN);
		ml_put_number(result, after ? after->accuracy : NAN);
		ml_put_number(result, before ? before->gap : NAN);
		ml_put_number(result, after ? after->gap : NAN);
		ml_put_row(result);
	}
	return ml_result_end(result);
}

static double
number_argument(FunctionCallInfo fcinfo, int argument, const char *what)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be NULL", what)));
	return PG_GETARG_FLOAT8(argument);
}

/* The default threshold, where one was given. */
static void
take_default(FunctionCallInfo fcinfo, int argument, MlThresholdQuestion *question)
{
	if (PG_ARGISNULL(argument))
		return;
	question->threshold = PG_GETARG_FLOAT8(argument);
	if (!(question->threshold >= 0 && question->threshold <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("default_threshold must be a number from 0 to 1")));
}

static int32
rows_argument(FunctionCallInfo fcinfo, int argument)
{
	return PG_ARGISNULL(argument) ? 30 : PG_GETARG_INT32(argument);
}

PG_FUNCTION_INFO_V1(sustainml_fit_thresholds);
Datum
sustainml_fit_thresholds(PG_FUNCTION_ARGS)
{
	MlThresholdQuestion question = {0};
	Outcome             outcome = {0};
	MlFigures           figures;
	MlRun              *run;

	PreventCommandIfReadOnly("fit_thresholds()");
	ml_question_of_model(&question, ml_text_argument(fcinfo, FIT_MODEL), ML_MANAGE);
	question.source = ml_text_argument(fcinfo, FIT_SOURCE);
	ml_question_protect(&question, fcinfo, FIT_PROTECTED);
	ml_question_wish(&question, ml_text_argument(fcinfo, FIT_CRITERION), ml_text_argument(fcinfo, FIT_METHOD),
					 number_argument(fcinfo, FIT_MAX_GAP, "max_gap"), number_argument(fcinfo, FIT_MARGIN, "margin"),
					 rows_argument(fcinfo, FIT_MIN_ROWS));
	question.part = ml_text_argument(fcinfo, FIT_PART);
	question.evaluation_source = ml_text_argument(fcinfo, FIT_EVALUATION_SOURCE);
	take_default(fcinfo, FIT_DEFAULT, &question);
	run = ml_run_begin("fit_thresholds");
	work_out(&question, &outcome);
	ml_run_end(run, question.version->schema, question.version->name, question.version->version,
			   (int64) (outcome.rows->judged->count[0] + outcome.rows->judged->count[1]), &figures);
	outcome.run_id = figures.run_id;
	store_fit(&outcome);
	keep_mitigation(&outcome);
	warn_of_the_law(psprintf("thresholds by %s are now stored with model \"%s\" for sustainml.decide_by_group",
							 ml_groups_attribute(outcome.rows->judged->groups), ml_version_label(question.version)));
	return answer(fcinfo, &outcome);
}

PG_FUNCTION_INFO_V1(sustainml_thresholds_for_scores);
Datum
sustainml_thresholds_for_scores(PG_FUNCTION_ARGS)
{
	MlThresholdQuestion question = {.threshold = 0.5};
	Outcome             outcome = {0};
	MlFigures           figures;
	MlRun              *run;
	char               *favorable = ml_text_argument(fcinfo, SCORES_FAVORABLE);

	question.source = ml_required_text(fcinfo, SCORES_SOURCE, "the source");
	question.target = ml_required_text(fcinfo, SCORES_TARGET, "the target");
	question.score = ml_required_text(fcinfo, SCORES_SCORE, "the score");
	question.protected_columns = ml_texts_argument(fcinfo, SCORES_PROTECTED, "protected", &question.protected_count);
	question.positive = ml_text_argument(fcinfo, SCORES_POSITIVE);
	question.weight = ml_text_argument(fcinfo, SCORES_WEIGHT);
	question.evaluation_source = ml_text_argument(fcinfo, SCORES_EVALUATION_SOURCE);
	if (favorable && question.positive == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("positive must be given with favorable"),
				 errhint("Scores are probabilities of the positive label; say which one that is.")));
	question.wish.positive_is_favorable = favorable == NULL || strcmp(favorable, question.positive) == 0;
	ml_question_wish(&question, ml_text_argument(fcinfo, SCORES_CRITERION), ml_text_argument(fcinfo, SCORES_METHOD),
					 number_argument(fcinfo, SCORES_MAX_GAP, "max_gap"), number_argument(fcinfo, SCORES_MARGIN, "margin"),
					 rows_argument(fcinfo, SCORES_MIN_ROWS));
	take_default(fcinfo, SCORES_DEFAULT, &question);
	run = ml_run_begin("fit_thresholds");
	work_out(&question, &outcome);
	ml_run_end(run, NULL, NULL, 0, (int64) (outcome.rows->judged->count[0] + outcome.rows->judged->count[1]), &figures);
	warn_of_the_law(psprintf("these are thresholds by %s", ml_groups_attribute(outcome.rows->judged->groups)));
	return answer(fcinfo, &outcome);
}

/* ---- no longer ---------------------------------------------------------------------------------------- */

PG_FUNCTION_INFO_V1(sustainml_drop_thresholds);
Datum
sustainml_drop_thresholds(PG_FUNCTION_ARGS)
{
	MlVersion   *version;
	MlOwnerScope scope;
	Oid          types[2] = {INT8OID, TEXTOID};
	Datum        values[2];
	uint64       dropped;

	PreventCommandIfReadOnly("drop_thresholds()");
	version = ml_version_resolve(ml_required_text(fcinfo, 0, "the model"), ML_MANAGE);
	values[0] = Int64GetDatum(version->id);
	values[1] = CStringGetTextDatum(GetUserNameFromId(GetUserId(), false));
	SPI_connect();
	ml_owner_begin(&scope);
	ml_lock_name(version->schema, version->name);
	dropped = ml_statement(retire, 2, types, values, NULL, SPI_OK_UPDATE);
	ml_owner_end(&scope);
	SPI_finish();
	if (dropped == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" has no thresholds by group", ml_version_label(version))));
	ml_models_changed();
	PG_RETURN_VOID();
}
