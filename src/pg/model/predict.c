/*
 * predict.c - the predict family: thin entry points over input.c and the scorer.
 *
 * What a call site remembers (fn_extra): the version that the name meant, the decoded model
 * and how to read the arguments.  It is good while the snapshot, the user, the search path and the
 * count of catalog changes are the same; else the name is resolved again.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "../cache.h"
#include "../json.h"
#include "../metric/result.h"
#include "../privacy/keys.h"
#include "input.h"

typedef struct Site
{
	MemoryContext  context;
	/* for which it holds */
	uint64         changes;
	TransactionId  xmin;
	TransactionId  xmax;
	uint32         running;   /* transactions in progress, of which those below xmax only ever end … */
	int32          subrunning; /* … and subtransactions, or all of them on a standby */
	CommandId      command;
	Oid            user;
	char          *search_path;
	char          *name;
	Pointer        constant; /* the name's datum when it is a constant of the query: then the address says enough */
	uint64         rights;    /* on the keys of a sealed model */
	/* what it found */
	const MlModel *model;
	double         threshold;
	MlInput       *input;
	size_t         outputs;
	double        *link;
	double        *response;
	double        *probability;
} Site;

/* ---- the call site ------------------------------------------------------------------ */

/* A constant name is known by its address; another must be read. */
static bool
same_name(const Site *site, Datum datum)
{
	const text *name;
	size_t      length;

	if (DatumGetPointer(datum) == site->constant)
		return true;
	name = DatumGetTextPP(datum);
	length = VARSIZE_ANY_EXHDR(name);
	return strncmp(site->name, VARDATA_ANY(name), length) == 0 && site->name[length] == '\0';
}

static bool
still_holds(const Site *site, Datum name)
{
	Snapshot snapshot = ActiveSnapshotSet() ? GetActiveSnapshot() : NULL;

	/* a right on a key that is taken away is gone at once, under an old snapshot too */
	if (site->model != NULL && site->model->keys.count > 0 && site->rights != ml_rights_generation())
		return false;
	return site->model != NULL && site->changes == ml_model_changes() &&
		   snapshot && snapshot->xmin == site->xmin && snapshot->xmax == site->xmax && snapshot->xcnt == site->running &&
		   snapshot->subxcnt == site->subrunning && snapshot->curcid == site->command && site->user == GetUserId() &&
		   strcmp(site->search_path, namespace_search_path) == 0 && same_name(site, name);
}

/* Whether the name is written in the query.  (A parameter can change its value and keep its address.) */
static bool
is_constant(FunctionCallInfo fcinfo)
{
	Node *call = fcinfo->flinfo->fn_expr;

	return call && IsA(call, FuncExpr) && IsA(linitial(((FuncExpr *) call)->args), Const);
}

static void
resolve(Site *site, FunctionCallInfo fcinfo, bool named)
{
	MemoryContext old;
	MlVersion    *version;
	Snapshot      snapshot;
	char         *name;

	MemoryContextReset(site->context);
	site->model = NULL;
	old = MemoryContextSwitchTo(site->context);
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	site->rights = ml_rights_generation(); /* before rights are asked for */
	version = ml_version_resolve(name, ML_PREDICT);
	/* opening tables may have let invalidations in, so remember the count after it */
	site->model = ml_model_get(version);
	site->changes = ml_model_changes();
	snapshot = ActiveSnapshotSet() ? GetActiveSnapshot() : NULL;
	site->xmin = snapshot ? snapshot->xmin : InvalidTransactionId;
	site->xmax = snapshot ? snapshot->xmax : InvalidTransactionId;
	site->running = snapshot ? snapshot->xcnt : 0;
	site->subrunning = snapshot ? snapshot->subxcnt : 0;
	site->command = snapshot ? snapshot->curcid : 0;
	site->user = GetUserId();
	site->search_path = pstrdup(namespace_search_path);
	site->name = name;
	site->constant = is_constant(fcinfo) ? DatumGetPointer(PG_GETARG_DATUM(0)) : NULL;
	site->threshold = version->threshold;
	site->outputs = sml_scorer_outputs(site->model->scorer);
	site->link = palloc(sizeof(double) * site->outputs);
	site->response = palloc(sizeof(double) * site->outputs);
	site->probability = palloc(sizeof(double) * (site->outputs + 1));
	site->input = ml_input_make(fcinfo, named ? 2 : 1, site->model, named ? DatumGetArrayTypePCopy(PG_GETARG_DATUM(1)) : NULL);
	MemoryContextSwitchTo(old);
}

/* The site of this call, ready, with the row read; NULL when the answer is NULL. */
static Site *
open_site(FunctionCallInfo fcinfo, bool named)
{
	Site *site = fcinfo->flinfo->fn_extra;

	if (PG_ARGISNULL(0))
		return NULL;
	if (named && PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the names of the columns must be given")));
	if (site == NULL)
	{
		site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Site));
		site->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "sustainml call site", ALLOCSET_SMALL_SIZES);
		fcinfo->flinfo->fn_extra = site;
	}
	if (!still_holds(site, PG_GETARG_DATUM(0)))
		resolve(site, fcinfo, named);
	return ml_input_read(site->input, fcinfo) ? site : NULL;
}

static void
score(Site *site)
{
	const SmlScorer *scorer = site->model->scorer;

	sml_score_link(scorer, ml_input_numbers(site->input), ml_input_levels(site->input), site->link);
	sml_score_response(scorer, site->link, site->response);
}

static size_t
predicted_class(Site *site)
{
	const SmlModel *model = site->model->model;
	size_t          best = 0;

	sml_score_probabilities(site->model->scorer, site->response, site->probability);
	if (model->task == SML_BINARY)
		return site->response[0] >= site->threshold ? model->positive : 1 - model->positive;
	for (size_t k = 1; k < site->outputs; k++)
		if (site->probability[k] > site->probability[best])
			best = k;
	return best;
}

static void
refuse_regression(const Site *site, const char *what)
{
	if (site->model->model->task == SML_REGRESSION)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("a regression model has no %s", what),
				 errhint("Use sustainml.predict.")));
}

/* ---- answers ---------------------------------------------------------------------------- */

/* The class label as a number: numeric labels and booleans. */
static Datum
numeric_label(const MlModel *model, size_t class)
{
	const char *label = model->model->encoder->classes[class];
	char       *end;
	double      number;

	if (strcmp(label, "true") == 0 || strcmp(label, "false") == 0)
		return Float8GetDatum(label[0] == 't' ? 1 : 0);
	number = strtod(label, &end);
	if (*end != '\0' || end == label)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 model->keys.count > 0 ? errmsg("the class is not a number") : errmsg("class \"%s\" is not a number", label),
				 errhint("Use sustainml.predict_class.")));
	return Float8GetDatum(number);
}

static Datum
predict(FunctionCallInfo fcinfo, bool named)
{
	Site *site = open_site(fcinfo, named);

	if (site == NULL)
		PG_RETURN_NULL();
	score(site);
	if (site->model->model->task == SML_REGRESSION)
		PG_RETURN_FLOAT8(site->response[0]);
	return numeric_label(site->model, predicted_class(site));
}

static Datum
predict_proba(FunctionCallInfo fcinfo, bool named)
{
	Site *site = open_site(fcinfo, named);

	if (site == NULL)
		PG_RETURN_NULL();
	if (site->model->model->task != SML_BINARY)
	{
		refuse_regression(site, "probability");
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("the model has %zu classes, so there is no one probability", site->model->model->encoder->class_count),
				 errhint("Use sustainml.predict_probabilities.")));
	}
	score(site);
	PG_RETURN_FLOAT8(site->response[0]);
}

static Datum
predict_class(FunctionCallInfo fcinfo, bool named)
{
	Site *site = open_site(fcinfo, named);

	if (site == NULL)
		PG_RETURN_NULL();
	refuse_regression(site, "classes");
	score(site);
	PG_RETURN_TEXT_P(cstring_to_text(site->model->model->encoder->classes[predicted_class(site)]));
}

static Datum
predict_probabilities(FunctionCallInfo fcinfo, bool named)
{
	Site             *site = open_site(fcinfo, named);
	const SmlEncoder *encoder;
	MlJsonBuilder     builder;

	if (site == NULL)
		PG_RETURN_NULL();
	refuse_regression(site, "probabilities");
	score(site);
	sml_score_probabilities(site->model->scorer, site->response, site->probability);
	encoder = site->model->model->encoder;
	ml_json_begin(&builder);
	for (size_t k = 0; k < encoder->class_count; k++)
		ml_json_add_number(&builder, encoder->classes[k], site->probability[k]);
	PG_RETURN_JSONB_P(ml_json_end(&builder));
}

static Datum
classify(FunctionCallInfo fcinfo, bool named)
{
	Site      *site = open_site(fcinfo, named);
	Datum      values[4];
	bool       nulls[4] = {false, false, false, false};
	TupleDesc  row;
	size_t     class;

	if (site == NULL)
		PG_RETURN_NULL();
	refuse_regression(site, "classes");
	score(site);
	class = predicted_class(site);
	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "classify must return a row");
	values[0] = CStringGetTextDatum(site->model->model->encoder->classes[class]);
	values[1] = Float8GetDatum(site->probability[class]);
	values[2] = Float8GetDatum(site->response[0]);
	values[3] = Float8GetDatum(site->threshold);
	nulls[2] = nulls[3] = site->model->model->task != SML_BINARY;
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
}

/* Each function and its twin that the planner's rewrite calls (values with a list of names). */
#define ML_PREDICT_FUNCTION(name)                        \
	PG_FUNCTION_INFO_V1(sustainml_##name);               \
	Datum sustainml_##name(PG_FUNCTION_ARGS)             \
	{                                                    \
		return name(fcinfo, false);                      \
	}                                                    \
	PG_FUNCTION_INFO_V1(sustainml_##name##_columns);     \
	Datum sustainml_##name##_columns(PG_FUNCTION_ARGS)   \
	{                                                    \
		return name(fcinfo, true);                       \
	}

ML_PREDICT_FUNCTION(predict)
ML_PREDICT_FUNCTION(predict_proba)
ML_PREDICT_FUNCTION(predict_class)
ML_PREDICT_FUNCTION(predict_probabilities)
ML_PREDICT_FUNCTION(classify)

/* ---- explain --------------------------------------------------------------------------- */

static void
explain_row(ReturnSetInfo *result, const char *feature, const char *value, double contribution, double base, const char *unit)
{
	Datum values[5];
	bool  nulls[5] = {false, value == NULL, false, false, false};

	values[0] = CStringGetTextDatum(feature);
	if (value)
		values[1] = CStringGetTextDatum(value);
	values[2] = Float8GetDatum(contribution + 0.0); /* no minus zero */
	values[3] = Float8GetDatum(base);
	values[4] = CStringGetTextDatum(unit);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Explanations are about one number: the value, the log odds, or of many classes the predicted one's link. */
static void
explain_rows(Site *site, ReturnSetInfo *result)
{
	const SmlModel   *model = site->model->model;
	const SmlEncoder *encoder = model->encoder;
	size_t            output = model->task == SML_MULTICLASS ? predicted_class(site) : 0;
	double           *base = palloc(sizeof(double) * site->outputs);
	double           *contribution = palloc(sizeof(double) * site->outputs * encoder->feature_count);
	bool              bends = sml_scorer_bends(site->model->scorer);
	const char       *unit = model->task == SML_REGRESSION ? model->target : model->task == SML_BINARY ? "log_odds" :
		psprintf("score of class %s%s", encoder->classes[output], bends ? " before calibration" : "");

	sml_score_explain(site->model->scorer, ml_input_numbers(site->input), ml_input_levels(site->input), base, contribution);
	for (size_t f = 0; f < encoder->feature_count; f++)
		explain_row(result, encoder->features[f].name, ml_input_text(site->input, f), contribution[f * site->outputs + output],
					base[output], unit);
	/* a calibration that is no straight line has a share of its own, so that the rows still add up */
	if (bends && model->task == SML_BINARY)
		explain_row(result, "(calibration)", NULL, sml_score_bend(site->model->scorer, site->link, site->response), base[output], unit);
}

/* An explanation shows the values of its row, and what the model is made of. */
static void
refuse_to_explain(const Site *site)
{
	const char *sealed = ml_input_sealed(site->input);

	ml_model_require(&site->model->keys, ML_KEY_OPEN);
	if (sealed)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("an explanation would show the value of sealed column \"%s\"", sealed),
				 errhint("Where you may see it, pass it opened: sustainml.open(%s).", sealed)));
}

PG_FUNCTION_INFO_V1(sustainml_explain);
Datum
sustainml_explain(PG_FUNCTION_ARGS)
{
	Site *site;

	(void) ml_rows_begin(fcinfo);
	site = open_site(fcinfo, false);
	if (site)
	{
		refuse_to_explain(site);
		score(site);
		explain_rows(site, (ReturnSetInfo *) fcinfo->resultinfo);
	}
	return (Datum) 0;
}
