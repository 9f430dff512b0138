/*
 * meter.c - what a run cost; see meter.h.
 *
 * CPU time is the process clock of this backend (all threads) and that of its parallel workers: all that
 * they report at their exit, or, where there is no shared memory for it, what came with their states.  How it becomes joules is in energy/; method, boundary and
 * bounds are stored with them.
 */
#include "compat.h"

#include <math.h>
#include <time.h>

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "catalog.h"
#include "energy/energy.h"
#include "energy/intensity.h"
#include "energy/worker_cpu.h"
#include "meter.h"

typedef struct WorkerCpu
{
	int    pid;
	double seconds;
} WorkerCpu;

/* What the runs inside a run took, by method: joules of different methods are not subtracted from each other. */
typedef struct Inner
{
	double cpu;
	double joules;
} Inner;

struct MlRun
{
	const char *kind;
	TimestampTz started_at;
	MlMark      begin;
	double      cpu;
	Inner       inner[SML_ENERGY_METHODS];
	bool        workers_reported; /* at their exit; the map below is then not used */
	double      reported;         /* seconds that workers had reported when the run began */
	int         worker_count;
	WorkerCpu  *workers;
	int64       rows_in;      /* -1: not told */
	int         nest_level;   /* transaction nesting, to forget runs that an abort ended */
	MlRun      *parent;
};

static MlRun *current_run = NULL;
static bool   registered = false;

double
ml_process_cpu(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

/* Runs live in TopTransactionContext, so an ending transaction leaves none. */
static void
forget_runs(XactEvent event, void *argument)
{
	(void) argument;
	if (event != XACT_EVENT_ABORT && event != XACT_EVENT_COMMIT && event != XACT_EVENT_PREPARE)
		return;
	if (current_run)
		ml_sampler_stop();
	current_run = NULL;
}

static void
forget_inner_runs(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *argument)
{
	(void) mine;
	(void) parent;
	(void) argument;
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	while (current_run && current_run->nest_level >= GetCurrentTransactionNestLevel())
	{
		current_run = current_run->parent;
		if (current_run == NULL)
			ml_sampler_stop();
	}
}

MlRun *
ml_run_begin(const char *kind)
{
	MlRun *run = MemoryContextAllocZero(TopTransactionContext, sizeof(MlRun));

	if (!registered)
	{
		RegisterXactCallback(forget_runs, NULL);
		RegisterSubXactCallback(forget_inner_runs, NULL);
		registered = true;
	}
	run->kind = kind;
	run->rows_in = -1;
	run->started_at = GetCurrentTimestamp();
	run->nest_level = GetCurrentTransactionNestLevel();
	run->parent = current_run;
	if (current_run == NULL)
		ml_sampler_start();
	current_run = run;
	run->workers_reported = ml_worker_cpu(&run->reported);
	run->cpu = ml_process_cpu();
	ml_sampler_mark(&run->begin);
	return run;
}

void
ml_run_rows_in(MlRun *run, int64 rows_in)
{
	run->rows_in = rows_in;
}

void
ml_run_worker(MlRun *run, int pid, double cpu_seconds)
{
	for (int i = 0; i < run->worker_count; i++)
		if (run->workers[i].pid == pid)
		{
			run->workers[i].seconds = Max(run->workers[i].seconds, cpu_seconds);
			return;
		}
	if (run->workers == NULL)
		run->workers = MemoryContextAllocZero(TopTransactionContext, sizeof(WorkerCpu));
	else
		run->workers = repalloc(run->workers, sizeof(WorkerCpu) * (run->worker_count + 1));
	run->workers[run->worker_count].pid = pid;
	run->workers[run->worker_count++].seconds = cpu_seconds;
}

/* ---- the row --------------------------------------------------------------------------- */

static const char insert_run[] =
	"INSERT INTO sustainml.run (started_at, kind, model_schema, model, version, role_name, rows, seconds, cpu_seconds,"
	" energy_joules, energy_low_joules, energy_high_joules, energy_exclusive_joules, energy_dynamic_joules, energy_idle_joules,"
	" energy_method, boundary, co2e_grams, co2e_low_grams, co2e_high_grams, intensity_g_kwh, intensity_source, pue,"
	" energy_idle_reserved_joules, energy_source, rows_in, status)"
	" VALUES ($1, $2, $3, $4, nullif($5, 0), $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, 'ok')"
	" RETURNING run_id";

enum { RUN_PARAMETERS = 26 };

static void
set_text(Datum *values, char *nulls, int i, const char *text)
{
	nulls[i] = text ? ' ' : 'n';
	values[i] = text ? CStringGetTextDatum(text) : (Datum) 0;
}

static void
set_number(Datum *values, char *nulls, int i, double number)
{
	nulls[i] = isnan(number) ? 'n' : ' ';
	values[i] = Float8GetDatum(number);
}

static int64
write_row(const MlRun *run, const char *model_schema, const char *model, int version, int64 rows, const MlFigures *f,
		  const SmlEnergy *energy, const char *source, const MlIntensity *intensity)
{
	static const Oid types[RUN_PARAMETERS] = {
		TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, TEXTOID, INT8OID, FLOAT8OID, FLOAT8OID,
		FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, TEXTOID, TEXTOID, FLOAT8OID, FLOAT8OID, FLOAT8OID,
		FLOAT8OID, TEXTOID, FLOAT8OID, FLOAT8OID, TEXTOID, INT8OID};
	Datum        values[RUN_PARAMETERS];
	char         nulls[RUN_PARAMETERS + 1];
	MlOwnerScope scope;
	int64        id;
	bool         isnull;

	memset(nulls, ' ', sizeof(nulls));
	nulls[RUN_PARAMETERS] = '\0';
	values[0] = TimestampTzGetDatum(run->started_at);
	set_text(values, nulls, 1, run->kind);
	set_text(values, nulls, 2, model_schema);
	set_text(values, nulls, 3, model);
	values[4] = Int32GetDatum(version);
	set_text(values, nulls, 5, GetUserNameFromId(GetUserId(), false));
	values[6] = Int64GetDatum(rows);
	set_number(values, nulls, 7, f->seconds);
	set_number(values, nulls, 8, f->cpu_seconds);
	set_number(values, nulls, 9, f->energy_joules);
	set_number(values, nulls, 10, f->energy_low_joules);
	set_number(values, nulls, 11, f->energy_high_joules);
	set_number(values, nulls, 12, f->energy_exclusive_joules);
	set_number(values, nulls, 13, energy->dynamic);
	set_number(values, nulls, 14, energy->idle);
	set_text(values, nulls, 15, f->energy_method);
	set_text(values, nulls, 16, f->boundary);
	set_number(values, nulls, 17, f->co2e_grams);
	set_number(values, nulls, 18, f->co2e_low_grams);
	set_number(values, nulls, 19, f->co2e_high_grams);
	set_number(values, nulls, 20, intensity->value);
	set_text(values, nulls, 21, intensity->source);
	set_number(values, nulls, 22, ml_pue);
	set_number(values, nulls, 23, energy->reserved);
	set_text(values, nulls, 24, source);
	nulls[25] = run->rows_in < 0 ? 'n' : ' ';
	values[25] = Int64GetDatum(run->rows_in);
	SPI_connect();
	ml_owner_begin(&scope);
	if (SPI_execute_with_args(insert_run, RUN_PARAMETERS, (Oid *) types, values, nulls, false, 0) != SPI_OK_INSERT_RETURNING)
		elog(ERROR, "cannot write the run log");
	id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	ml_owner_end(&scope);
	SPI_finish();
	return id;
}

/* Joules without those of the runs inside: by joules where they are known the same way, else by share of CPU time. */
static double
exclusive_joules(const MlRun *run, const SmlEnergy *energy, double cpu_seconds)
{
	double left = energy->total;

	for (int method = 0; method < SML_ENERGY_METHODS; method++)
	{
		const Inner *inner = &run->inner[method];

		if (method == (int) energy->method)
			left -= inner->joules;
		else if (inner->cpu > 0 && cpu_seconds > 0)
			left -= energy->total * inner->cpu / cpu_seconds;
	}
	return isnan(left) ? left : Max(left, 0);
}

/* CPU seconds of the parallel workers of a run. */
static double
worker_seconds(const MlRun *run)
{
	double seconds = 0;

	if (run->workers_reported && ml_worker_cpu(&seconds))
		return seconds - run->reported;
	for (int i = 0; i < run->worker_count; i++)
		seconds += run->workers[i].seconds;
	return seconds;
}

/* The run is over: the one around it takes over its joules and the CPU time of its workers. */
static void
leave(const MlRun *run, const SmlEnergy *energy, double cpu_seconds)
{
	current_run = run->parent;
	if (current_run == NULL)
	{
		ml_sampler_stop();
		return;
	}
	current_run->inner[energy->method].cpu += cpu_seconds;
	current_run->inner[energy->method].joules += energy->total;
	for (int i = 0; i < run->worker_count; i++)
		ml_run_worker(current_run, run->workers[i].pid, run->workers[i].seconds);
}

void
ml_run_drop(MlRun *run)
{
	current_run = run->parent;
	if (current_run == NULL)
		ml_sampler_stop();
}

void
ml_run_end(MlRun *run, const char *model_schema, const char *model, int version, int64 rows, MlFigures *figures)
{
	SmlEnergy energy;
	SmlCarbon carbon = {NAN, NAN, NAN};
	MlIntensity intensity;
	MlMark    end;
	char     *source;

	memset(figures, 0, sizeof(*figures));
	ml_sampler_mark(&end);
	figures->seconds = end.wall - run->begin.wall;
	figures->cpu_seconds = ml_process_cpu() - run->cpu + worker_seconds(run);
	ml_energy_figure(&run->begin, &end, figures->cpu_seconds, &energy, &source);
	figures->energy_joules = energy.total;
	figures->energy_low_joules = energy.low;
	figures->energy_high_joules = energy.high;
	figures->energy_exclusive_joules = exclusive_joules(run, &energy, figures->cpu_seconds);
	figures->energy_method = sml_energy_method_name(energy.method);
	figures->boundary = sml_boundary_name(energy.boundary);
	intensity = ml_intensity_find();
	if (!isnan(intensity.value))
		sml_carbon(&energy, ml_pue, intensity.value, intensity.error, &carbon);
	figures->co2e_grams = carbon.grams;
	figures->co2e_low_grams = carbon.low;
	figures->co2e_high_grams = carbon.high;
	leave(run, &energy, figures->cpu_seconds);
	if (XactReadOnly || RecoveryInProgress())
		ereport(NOTICE,
				(errmsg("this run is not in the run log"),
				 errdetail(RecoveryInProgress() ? "A standby cannot write." : "The transaction is read-only.")));
	else
		figures->run_id = write_row(run, model_schema, model, version, rows, figures, &energy, source, &intensity);
}
