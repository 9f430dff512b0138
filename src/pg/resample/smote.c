/*
 * smote.c - the functions that SQL calls: smote, smote_query, smote_lineage, resample, and class_balance.
 */
#include "resample.h"

#include <math.h>

#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "../env.h"
#include "../settings.h"
#include "../train/train.h"

/* ---- the result ------------------------------------------------------------------ */

/* A tuplestore in the context of the query, and its row. */
static Tuplestorestate *
start_result(FunctionCallInfo fcinfo, TupleDesc *result)
{
	ReturnSetInfo   *info = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext    old;
	Tuplestorestate *store;
	TupleDesc        row;

	if (info == NULL || !IsA(info, ReturnSetInfo) || (info->allowedModes & SFRM_Materialize) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a set of rows cannot be returned here"),
				 errhint("Call the function in FROM.")));
	old = MemoryContextSwitchTo(info->econtext->ecxt_per_query_memory);
	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
	{
		if (info->expectedDesc == NULL)
			elog(ERROR, "the result is not a row");
		row = info->expectedDesc;
	}
	*result = BlessTupleDesc(CreateTupleDescCopy(row));
	store = tuplestore_begin_heap((info->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
	info->returnMode = SFRM_Materialize;
	info->setResult = store;
	info->setDesc = *result;
	MemoryContextSwitchTo(old);
	return store;
}

/* The original rows that stay, from the store of all of them. */
static int64
hand_on(const MlEmit *emit, Tuplestorestate *originals, const bool *keep)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(emit->request->row, &TTSOpsMinimalTuple);
	int64           kept = 0;

	for (size_t row = 0; tuplestore_gettupleslot(originals, true, false, slot); row++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!keep[row])
			continue;
		tuplestore_puttupleslot(emit->store, slot);
		kept++;
	}
	ExecDropSingleTupleTableSlot(slot);
	return kept;
}

static void
tell_notes(const SmlNotes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		ereport(NOTICE,
				(errmsg("%s", notes->text[i])));
}

/* ---- a call ------------------------------------------------------------------------- */

static void
work(MlEmit *emit, MemoryContext context)
{
	const MlResampleRequest *request = emit->request;
	SmlStrategySide          side = sml_resample_side(request->kind);
	bool                     combined = request->kind >= SML_RESAMPLE_SMOTE_TOMEK;
	bool                     selects = side != SML_SIDE_OVER || combined;
	Tuplestorestate         *originals = NULL;
	SmlResampleSpec          spec;
	SmlNotes                 notes = {0};
	MlGathered              *gathered;
	bool                    *keep = NULL;
	size_t                   limit = ml_memory_limit();
	MlScan                   scan;

	if (request->originals)
		originals = selects ? tuplestore_begin_heap(false, false, work_mem) : emit->store;
	ml_resample_progress(emit, "reading rows", 0);
	ml_scan_begin(&scan);
	gathered = emit->gathered = ml_resample_gather(request, emit->columns, context, originals);
	/* from here on sequences may be drawn from */
	ml_scan_end(&scan);
	memset(&spec, 0, sizeof(spec));
	spec.kind = request->kind;
	spec.k = (size_t) request->k;
	spec.m = (size_t) request->m;
	spec.seed = (uint64) request->seed;
	spec.shrinkage = request->shrinkage;
	spec.standardize = request->standardize;
	spec.total_rows = (uint64) gathered->rows_read;
	spec.plan = gathered->plan;
	spec.class_names = (const char *const *) gathered->class_names;
	spec.memory_limit = limit > gathered->bytes ? limit - gathered->bytes : 1;
	if (selects)
		keep = MemoryContextAllocExtended(context, gathered->cases.rows + 1, MCXT_ALLOC_HUGE);
	ML_CHECK(emit->env, sml_resample(emit->env, &gathered->cases, &spec, keep, ml_resample_emit, ml_resample_progress, emit, &notes),
			 psprintf("resample \"%s\"", request->shown));
	tell_notes(&notes);
	if (selects)
	{
		emit->made += hand_on(emit, originals, keep);
		tuplestore_end(originals);
	}
	else if (request->originals)
		emit->made += gathered->rows_read;
}

static Datum
call(FunctionCallInfo fcinfo, const char *doing)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "sustainml resample", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	MlEmit        emit;
	SmlEnv        env;
	MlFigures     figures;
	MlRun        *run;

	memset(&emit, 0, sizeof(emit));
	ml_env_init(&env, context);
	emit.env = &env;
	emit.request = ml_resample_request(fcinfo, doing);
	emit.store = start_result(fcinfo, &emit.result);
	emit.per_row = AllocSetContextCreate(context, "sustainml synthetic row", ALLOCSET_DEFAULT_SIZES);
	emit.values = palloc0(sizeof(Datum) * (emit.request->row->natts + 1));
	emit.nulls = palloc0(sizeof(bool) * (emit.request->row->natts + 1));
	emit.fixed = ml_fixed_row(emit.result);
	run = ml_run_begin(doing);
	emit.columns = ml_resample_columns(emit.request, context);
	work(&emit, context);
	ml_run_rows_in(run, emit.gathered->rows_read + emit.gathered->without_class);
	ml_run_end(run, NULL, NULL, 0, emit.made, &figures);
	ml_progress_end();
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(sustainml_smote);
Datum
sustainml_smote(PG_FUNCTION_ARGS)
{
	return call(fcinfo, "smote");
}

PG_FUNCTION_INFO_V1(sustainml_smote_query);
Datum
sustainml_smote_query(PG_FUNCTION_ARGS)
{
	return call(fcinfo, "smote_query");
}

PG_FUNCTION_INFO_V1(sustainml_smote_lineage);
Datum
sustainml_smote_lineage(PG_FUNCTION_ARGS)
{
	return call(fcinfo, "smote_lineage");
}

PG_FUNCTION_INFO_V1(sustainml_resample);
Datum
sustainml_resample(PG_FUNCTION_ARGS)
{
	return call(fcinfo, "resample");
}
