/*
 * request.c - arguments of the audit functions, and the two ways to run them.
 *
 * Predictions in columns: one parallel GROUP BY of the finest cross into states, merged in
 * collect.c.  A model: its evaluation shows each row, scored; serial, as evaluations are.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "../args.h"
#include "../metric/asked.h"
#include "../privacy/learn.h"
#include "../rows.h"
#include "request.h"
#include "state.h"

enum
{
	ARG_SOURCE, ARG_TARGET, ARG_PREDICTION, ARG_PROTECTED, ARG_FAVORABLE, ARG_MODEL, ARG_SCORE, ARG_POSITIVE, ARG_THRESHOLD, ARG_WEIGHT,
	ARG_PART, ARG_INTERSECTIONS, ARG_REFERENCE, ARG_MIN_N, ARG_CONFIDENCE, ARG_DRAWS, ARG_SEED, ARG_SUPPRESS_BELOW
};

#define MOST_DRAWS 100000
#define MOST_PROTECTED ML_FAIR_MOST_GROUPS

/* ---- arguments ----------------------------------------------------------------------------- */

static int
bounded(FunctionCallInfo fcinfo, int i, const char *what, int initial, int least, int most)
{
	int value = PG_ARGISNULL(i) ? initial : PG_GETARG_INT32(i);

	if (value < least || value > most)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s must be between %d and %d", what, least, most)));
	return value;
}

static double
share_argument(FunctionCallInfo fcinfo, int i, const char *what, double initial, bool open)
{
	double value = PG_ARGISNULL(i) ? initial : PG_GETARG_FLOAT8(i);

	if (!PG_ARGISNULL(i) && (!(value >= 0 && value <= 1) || (open && (value == 0 || value == 1))))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s must be between 0 and 1", what)));
	return value;
}

/* With a model the predictions are its own; without one they must be somewhere. */
static void
check_origin(const MlFairRequest *request)
{
	const MlFairSpec *spec = &request->spec;

	if (request->model == NULL && request->source == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a source or a model must be given")));
	if (request->model && (spec->prediction || spec->score || spec->target || spec->positive))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("target, prediction, score and positive cannot be given together with a model"),
				 errhint("They are the model's own. To audit stored predictions, leave out model.")));
	if (request->model == NULL && spec->prediction == NULL && spec->score == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a prediction, a score or a model must be given"),
				 errhint("Name the column of predictions, for example prediction => 'pred'.")));
	if (request->model == NULL && strcmp(spec->part, "all") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("part belongs to a model"),
				 errhint("Without one all rows of the source are audited.")));
	if (request->model == NULL && spec->prediction && !isnan(spec->threshold))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("threshold makes predictions from a score, and there is a column of predictions")));
}

static void
check_protected(const MlFairRequest *request)
{
	const MlFairSpec *spec = &request->spec;

	if (spec->protected_count > MOST_PROTECTED)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("at most %d protected columns can be audited together", MOST_PROTECTED)));
	if (spec->protected_count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the protected columns must be given"),
				 errhint("For example protected => '{sex,race}'.")));
	for (int i = 0; i < spec->protected_count; i++)
		for (int k = 0; k < i; k++)
			if (strcmp(spec->protected_columns[i], spec->protected_columns[k]) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_COLUMN),
						 errmsg("protected column \"%s\" is named twice", spec->protected_columns[i])));
}

MlFairRequest *
ml_fair_request(FunctionCallInfo fcinfo)
{
	MlFairRequest *request = palloc0(sizeof(MlFairRequest));
	MlFairSpec    *spec = &request->spec;

	ml_fair_spec_init(spec);
	request->source = ml_text_argument(fcinfo, ARG_SOURCE);
	request->model = ml_text_argument(fcinfo, ARG_MODEL);
	spec->target = ml_text_argument(fcinfo, ARG_TARGET);
	spec->prediction = ml_text_argument(fcinfo, ARG_PREDICTION);
	spec->score = ml_text_argument(fcinfo, ARG_SCORE);
	spec->weight = ml_text_argument(fcinfo, ARG_WEIGHT);
	spec->favorable = ml_text_argument(fcinfo, ARG_FAVORABLE);
	spec->positive = ml_text_argument(fcinfo, ARG_POSITIVE);
	spec->protected_columns = ml_texts_argument(fcinfo, ARG_PROTECTED, "protected", &spec->protected_count);
	if (!PG_ARGISNULL(ARG_PART))
		spec->part = ml_text_argument(fcinfo, ARG_PART);
	if (!PG_ARGISNULL(ARG_REFERENCE))
		spec->reference = ml_text_argument(fcinfo, ARG_REFERENCE);
	spec->threshold = share_argument(fcinfo, ARG_THRESHOLD, "threshold", NAN, false);
	spec->intersections = bounded(fcinfo, ARG_INTERSECTIONS, "intersections", spec->intersections, 1, MOST_PROTECTED);
	spec->min_n = bounded(fcinfo, ARG_MIN_N, "min_n", spec->min_n, 0, INT_MAX);
	spec->draws = bounded(fcinfo, ARG_DRAWS, "draws", spec->draws, 0, MOST_DRAWS);
	spec->suppress_below = bounded(fcinfo, ARG_SUPPRESS_BELOW, "suppress_below", spec->suppress_below, 0, INT_MAX);
	spec->confidence = share_argument(fcinfo, ARG_CONFIDENCE, "confidence", spec->confidence, true);
	spec->seed = PG_ARGISNULL(ARG_SEED) ? 0 : PG_GETARG_INT64(ARG_SEED);
	check_origin(request);
	if (request->model == NULL)
		check_protected(request);
	return request;
}

/* ---- predictions in columns -------------------------------------------------------------------- */

void
ml_fair_pass_add(MlFairPass *pass, const char *name, const char *expression, Oid type)
{
	MlFairSpec *spec = pass->spec;

	if (pass->count == ML_FAIR_MOST_GROUPS)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("at most %d columns can make groups together", ML_FAIR_MOST_GROUPS)));
	if (!ml_reader_init(&pass->readers[pass->count], type, SML_LABEL) || pass->readers[pass->count].how == ML_READ_ARRAY)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s cannot make groups", name, format_type_be(type)),
				 errhint("Use a text, boolean, number or enum column, or cast it to text in a query.")));
	pass->groups[pass->count++] = pstrdup(expression);
	spec->protected_columns = spec->protected_columns == NULL ? palloc(sizeof(char *))
		: repalloc(spec->protected_columns, sizeof(char *) * (spec->protected_count + 1));
	spec->protected_columns[spec->protected_count++] = pstrdup(name);
}

void
ml_fair_pass_add_columns(MlFairPass *pass, char *const *names, int count, const char *what)
{
	for (int i = 0; i < count; i++)
	{
		int column = ml_source_column(pass->source, names[i], what);

		for (int k = 0; k < pass->spec->protected_count; k++)
			if (strcmp(pass->spec->protected_columns[k], pass->source->columns[column].name) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_COLUMN),
						 errmsg("column \"%s\" is named twice", names[i])));
		ml_source_refuse_sealed(pass->source, column, "make groups, whose names are stored in clear");
		ml_fair_pass_add(pass, pass->source->columns[column].name, psprintf("s.c%d", column + 1), pass->source->columns[column].type);
	}
}

static void
refuse_as_group(const MlSource *source, const MlFairSpec *spec, const char *name, const char *what)
{
	int column = name ? ml_source_find(source, name) : -1;

	for (int i = 0; i < spec->protected_count && column >= 0; i++)
		if (strcmp(spec->protected_columns[i], source->columns[column].name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column \"%s\" cannot be protected and the %s at once", source->columns[column].name, what),
					 errdetail("Groups by what is judged are unequal by definition."),
					 errhint("Leave it out of protected.")));
}

void
ml_fair_check_protected(const MlSource *source, const MlFairSpec *spec)
{
	refuse_as_group(source, spec, spec->target, "target");
	refuse_as_group(source, spec, spec->prediction, "prediction");
	refuse_as_group(source, spec, spec->score, "score");
}

MlFairPass *
ml_fair_pass(const MlSource *source, MlFairSpec *spec, MlRun *run)
{
	MlFairPass *pass = palloc0(sizeof(MlFairPass));
	char      **names = spec->protected_columns;
	int         count = spec->protected_count;

	pass->source = source;
	pass->spec = spec;
	pass->run = run;
	pass->label = "NULL::boolean";
	pass->prediction = "NULL::boolean";
	spec->protected_columns = NULL;
	spec->protected_count = 0;
	ml_fair_pass_add_columns(pass, names, count, "protected");
	ml_fair_check_protected(source, spec);
	return pass;
}

/* The class that the rates are about: positive, else favorable, else true or 1. */
void
ml_fair_pass_truths(MlFairPass *pass)
{
	MlFairSpec  *spec = pass->spec;
	const char  *yes = spec->positive ? spec->positive : spec->favorable;
	int          target_column = spec->target ? ml_source_column(pass->source, spec->target, "target") : -1;
	int          prediction_column = spec->prediction ? ml_source_column(pass->source, spec->prediction, "prediction") : -1;
	MlTwoValues *target = target_column < 0 ? NULL : ml_two_values(pass->source, target_column, "target", yes);
	MlTwoValues *prediction = prediction_column < 0 ? NULL : ml_two_values(pass->source, prediction_column, "prediction", yes);
	MlTwoValues *either = target ? target : prediction;

	ml_two_values_check(pass->source, target, target_column, prediction, prediction_column);
	if (target)
		pass->label = target->expression;
	if (prediction)
		pass->prediction = prediction->expression;
	else if (pass->score)
		pass->prediction = psprintf("CASE WHEN %s OPERATOR(pg_catalog.<>) 'NaN' THEN %s OPERATOR(pg_catalog.>=) %.17g END", pass->score, pass->score, spec->threshold);
	if (spec->positive == NULL)
		spec->positive = either ? either->yes : "true";
	else if (spec->favorable && either && strcmp(spec->favorable, either->yes) != 0 && (either->no == NULL || strcmp(spec->favorable, either->no) != 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no row has the favorable value \"%s\"", spec->favorable),
				 errdetail("The two values are \"%s\" and \"%s\".", either->yes, either->no ? either->no : "")));
	/* both in one writing, so that they can be compared */
	if (either)
		spec->positive = either->yes;
	if (spec->favorable && either && (yes == spec->favorable || strcmp(spec->favorable, either->yes) == 0))
		spec->favorable = either->yes;
}

static char *
pass_query(const MlFairPass *pass)
{
	StringInfoData list;
	StringInfoData by;
	int            parts = (pass->score ? SML_FAIR_SCORES : 0) | (pass->weight ? SML_FAIR_WEIGHTS : 0);

	initStringInfo(&list);
	initStringInfo(&by);
	for (int i = 0; i < pass->count; i++)
	{
		appendStringInfo(&list, "%s, ", pass->groups[i]);
		appendStringInfo(&by, "%s%d", i ? ", " : "", i + 1);
	}
	appendStringInfo(&list, "sustainml_internal.audit_counts(%d, %s, %s, %s, %s)", parts, pass->label, pass->prediction,
					 pass->score ? pass->score : "NULL::pg_catalog.float8", pass->weight ? pass->weight : "NULL::pg_catalog.float8");
	return psprintf("%s GROUP BY %s", ml_source_query(pass->source, list.data, pass->where), by.data);
}

/* Hand each group's state to the collector as it leaves the executor. */
static void
take_group(void *context, const Datum *values, const bool *nulls)
{
	MlFairPass           *pass = context;
	SmlText               groups[ML_FAIR_MOST_GROUPS];
	const SmlFairState   *state = ml_fair_state_get(values[pass->count]);
	const SmlFairWorkers *workers = sml_fair_const_workers(state);

	for (int i = 0; pass->run && workers && i < SML_FAIR_MOST_WORKERS; i++)
		if (workers->worker[i].pid != 0)
			ml_run_worker(pass->run, (int) workers->worker[i].pid, workers->worker[i].seconds);
	/* a reader's scratch is good until its next use, and each column has a reader of its own */
	for (int i = 0; i < pass->count; i++)
		groups[i] = ml_read_label(&pass->readers[i], values[i], nulls[i]);
	ml_fair_state(pass->collector, groups, state);
}

MlFairCollector *
ml_fair_pass_run(MlFairPass *pass)
{
	pass->collector = ml_fair_begin(pass->spec, pass->score != NULL, pass->weight != NULL);
	(void) ml_source_each_parallel(pass_query(pass), (Datum) 0, take_group, pass);
	return pass->collector;
}

static MlFairResult *
run_columns(const MlFairRequest *request, MlRun *run)
{
	MlFairSpec      *spec = palloc(sizeof(MlFairSpec));
	MlFairPass      *pass;
	MlFairCollector *collector;
	MlScan           scan;

	*spec = request->spec;
	spec->source = request->source;
	ml_scan_begin(&scan);
	pass = ml_fair_pass(ml_source_open(request->source), spec, run);
	if (spec->score)
		pass->score = ml_number_expression(pass->source, ml_source_column(pass->source, spec->score, "score"), "score");
	if (spec->weight)
		pass->weight = ml_number_expression(pass->source, ml_source_column(pass->source, spec->weight, "weight"), "weight");
	if (spec->prediction == NULL && isnan(spec->threshold))
		spec->threshold = 0.5;
	ml_fair_pass_truths(pass);
	collector = ml_fair_pass_run(pass);
	ml_scan_end(&scan);
	return ml_fair_finish(collector);
}

/* ---- a model --------------------------------------------------------------------------------------- */

/* What training was told about fairness. */
static void
fill_from_version(MlFairSpec *spec, const MlVersion *version)
{
	MemoryContext caller = CurrentMemoryContext;
	MlOwnerScope  scope;
	Oid           types[1] = {INT8OID};
	Datum         values[1] = {Int64GetDatum(version->id)};
	bool          isnull;
	Datum         stored;
	char         *favorable;

	SPI_connect();
	ml_owner_begin(&scope);
	if (SPI_execute_with_args("SELECT protected, favorable FROM sustainml.model_version WHERE id OPERATOR(pg_catalog.=) $1", 1, types, values,
							  NULL, true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "cannot read version %d of model \"%s\"", version->version, version->name);
	stored = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
	if (spec->protected_columns == NULL && !isnull)
	{
		Datum *texts;
		bool  *nulls;

		deconstruct_array(DatumGetArrayTypeP(stored), TEXTOID, -1, false, TYPALIGN_INT, &texts, &nulls, &spec->protected_count);
		spec->protected_columns = MemoryContextAlloc(caller, sizeof(char *) * (spec->protected_count + 1));
		for (int i = 0; i < spec->protected_count; i++)
			spec->protected_columns[i] = MemoryContextStrdup(caller, TextDatumGetCString(texts[i]));
	}
	favorable = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2);
	if (spec->favorable == NULL && favorable)
		spec->favorable = MemoryContextStrdup(caller, favorable);
	ml_owner_end(&scope);
	SPI_finish();
}

static MlFairResult *
run_model(const MlFairRequest *request)
{
	MlFairRequest *own = palloc(sizeof(MlFairRequest));
	MlFairSpec    *spec = &own->spec;
	MlVersion     *version = ml_version_resolve(request->model, ML_READ);
	const MlModel *model = ml_model_get(version);
	MlStored      *stored = ml_stored_read(version);
	MlRowsAsked   *rows;
	MlFairResult  *result;
	MlScan         scan;
	int            level;

	*own = *request;
	fill_from_version(spec, version);
	check_protected(own);
	spec->model_schema = version->schema;
	spec->model = version->name;
	spec->version = version->version;
	spec->version_id = version->id;
	spec->target = stored->target;
	if (spec->weight == NULL)
		spec->weight = stored->weight;
	if (isnan(spec->threshold))
		spec->threshold = version->threshold;
	ml_scan_begin(&scan);
	rows = ml_rows_asked(version, stored, request->source, spec->part);
	level = ml_path_begin(rows->search_path);
	spec->source = rows->source->text;
	if (request->source == NULL && strcmp(spec->part, "all") == 0)
		spec->part = "held_out";
	spec->hides_classes = model->keys.count > 0;
	result = ml_fair_of_model(spec, model->model, model->scorer, rows->source, rows->where, NULL, NULL);
	ml_path_end(level);
	ml_scan_end(&scan);
	return result;
}

MlFairResult *
ml_fair_run(const MlFairRequest *request, MlFigures *figures)
{
	MlRun        *run = ml_run_begin("audit");
	MlFairResult *result = request->model ? run_model(request) : run_columns(request, run);

	ml_run_end(run, result->spec->model_schema, result->spec->model, result->spec->version, result->rows, figures);
	return result;
}
