/*
 * ranked.c - the aggregates roc_auc and average_precision: exact, weights optional.
 *
 * The state holds every score (8 bytes a row, 16 with weights, twice that while it grows)
 * in the aggregate's memory, under sustainml.memory_limit.  Workers send theirs as
 * bytes, which the server limits to 1 GB a worker.  The final function sorts in place,
 * which changes nothing about what the state holds.  Rows with a NULL are skipped.
 */
#include "../compat.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/memutils.h"

#include "../../core/metric/metric.h"
#include "../env.h"
#include "../settings.h"
#include "labels.h"

static const char doing[] = "compute an exact figure over ranks";

static void
start_env(FunctionCallInfo fcinfo, SmlEnv *env)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "metric function called outside an aggregate");
	ml_env_init(env, context);
}

static SmlRanked *
new_ranked(SmlEnv *env, bool weighted)
{
	SmlRanked *ranked = MemoryContextAlloc((MemoryContext) env->context, sizeof(SmlRanked));

	sml_ranked_start(ranked, weighted, ml_memory_limit());
	return ranked;
}

static Datum
add_score(FunctionCallInfo fcinfo, bool number)
{
	SmlEnv     env;
	SmlRanked *ranked;
	bool       weighted = PG_NARGS() > 3;
	bool       positive;

	start_env(fcinfo, &env);
	ranked = PG_ARGISNULL(0) ? new_ranked(&env, weighted) : (SmlRanked *) PG_GETARG_POINTER(0);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || (weighted && PG_ARGISNULL(3)))
		PG_RETURN_POINTER(ranked);
	positive = number ? ml_label_number(PG_GETARG_FLOAT8(1), "label") : PG_GETARG_BOOL(1);
	ML_CHECK(&env, sml_ranked_add(&env, ranked, positive, PG_GETARG_FLOAT8(2), weighted ? PG_GETARG_FLOAT8(3) : 1), doing);
	PG_RETURN_POINTER(ranked);
}

PG_FUNCTION_INFO_V1(sustainml_ranked_step_boolean);
Datum
sustainml_ranked_step_boolean(PG_FUNCTION_ARGS)
{
	return add_score(fcinfo, false);
}

PG_FUNCTION_INFO_V1(sustainml_ranked_step_number);
Datum
sustainml_ranked_step_number(PG_FUNCTION_ARGS)
{
	return add_score(fcinfo, true);
}

PG_FUNCTION_INFO_V1(sustainml_ranked_merge);
Datum
sustainml_ranked_merge(PG_FUNCTION_ARGS)
{
	SmlEnv     env;
	SmlRanked *into;
	SmlRanked *from;

	start_env(fcinfo, &env);
	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_POINTER(PG_GETARG_POINTER(0));
	}
	from = (SmlRanked *) PG_GETARG_POINTER(1);
	into = PG_ARGISNULL(0) ? new_ranked(&env, from->weighted) : (SmlRanked *) PG_GETARG_POINTER(0);
	ML_CHECK(&env, sml_ranked_merge(&env, into, from), doing);
	PG_RETURN_POINTER(into);
}

PG_FUNCTION_INFO_V1(sustainml_ranked_write);
Datum
sustainml_ranked_write(PG_FUNCTION_ARGS)
{
	SmlEnv     env;
	SmlWriter  writer;
	bytea     *result;

	start_env(fcinfo, &env);
	ml_env_init(&env, CurrentMemoryContext);
	sml_writer_start(&writer, &env);
	sml_ranked_write(&writer, (SmlRanked *) PG_GETARG_POINTER(0));
	ML_CHECK(&env, writer.status, doing);
	if (writer.size > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot send the scores of a parallel worker"),
				 errdetail("They take %zu kB, and the server moves 1 GB at most.", writer.size / 1024),
				 errhint("Set max_parallel_workers_per_gather to 0.")));
	result = palloc(VARHDRSZ + writer.size);
	SET_VARSIZE(result, VARHDRSZ + writer.size);
	ML_CHECK(&env, sml_copy_bytes(&env, VARDATA(result), writer.bytes, writer.size), doing);
	sml_writer_free(&writer);
	PG_RETURN_BYTEA_P(result);
}

PG_FUNCTION_INFO_V1(sustainml_ranked_read);
Datum
sustainml_ranked_read(PG_FUNCTION_ARGS)
{
	bytea     *bytes = PG_GETARG_BYTEA_PP(0);
	SmlEnv     env;
	SmlReader  reader;
	SmlRanked *ranked = palloc(sizeof(SmlRanked));

	start_env(fcinfo, &env);
	ml_env_init(&env, CurrentMemoryContext);
	sml_reader_start(&reader, &env, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	sml_ranked_read(&reader, ranked);
	ML_CHECK(&env, reader.status, doing);
	PG_RETURN_POINTER(ranked);
}

static Datum
ranked_figure(FunctionCallInfo fcinfo, SmlStatus (*figure)(SmlEnv *, SmlRanked *, SmlMetric *))
{
	SmlEnv    env;
	SmlMetric metric;

	start_env(fcinfo, &env);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	ML_CHECK(&env, figure(&env, (SmlRanked *) PG_GETARG_POINTER(0), &metric), doing);
	if (isnan(metric.value))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(metric.value);
}

PG_FUNCTION_INFO_V1(sustainml_roc_auc_final);
Datum
sustainml_roc_auc_final(PG_FUNCTION_ARGS)
{
	return ranked_figure(fcinfo, sml_ranked_roc_auc);
}

PG_FUNCTION_INFO_V1(sustainml_average_precision_final);
Datum
sustainml_average_precision_final(PG_FUNCTION_ARGS)
{
	return ranked_figure(fcinfo, sml_ranked_average_precision);
}
