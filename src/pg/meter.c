/*
 * meter.c - what a run cost; see meter.h.
 *
 * CPU time is the process clock of this backend (all threads) and what parallel workers
 * reported through their states.  Without a readable counter the energy is an estimate from
 * CPU time; its method, boundary and bounds are stored with it.
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
#include "meter.h"
#include "../core/energy/estimate.h"

/* Relative error of an annual national factor against a given hour. */
#define ANNUAL_FACTOR_ERROR 0.35
#define GIVEN_FACTOR_ERROR  0.10

typedef struct WorkerCpu
{
	int    pid;
	double seconds;
} WorkerCpu;

struct MlRun
{
	const char *kind;
	TimestampTz started_at;
	double      wall;
	double      cpu;
	double      nested_cpu;   /* CPU of runs inside this one */
	int         worker_count;
	WorkerCpu  *workers;
	int         nest_level;   /* transaction nesting, to forget runs that an abort ended */
	MlRun      *parent;
};

static MlRun *current_run = NULL;
static bool   registered = false;

static double
clock_seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

double
ml_process_cpu(void)
{
	return clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
}

/* Runs live in TopTransactionContext, so an ending transaction leaves none. */
static void
forget_runs(XactEvent event, void *argument)
{
	(void) argument;
	if (event == XACT_EVENT_ABORT || event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE)
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
		current_run = current_run->parent;
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
	run->started_at = GetCurrentTimestamp();
	run->wall = clock_seconds(CLOCK_MONOTONIC);
	run->cpu = ml_process_cpu();
	run->nest_level = GetCurrentTransactionNestLevel();
	run->parent = current_run;
	current_run = run;
	return run;
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

/* ---- carbon ------------------------------------------------------------------------- */

typedef struct Intensity
{
	double      value;  /* NaN: unknown */
	double      error;
	const char *source;
} Intensity;

static Intensity
find_intensity(void)
{
	Intensity    intensity = {NAN, 0, NULL};
	MlOwnerScope scope;
	Oid          types[1] = {TEXTOID};
	Datum        values[1];
	bool         isnull;
	MemoryContext caller = CurrentMemoryContext;

	if (ml_carbon_intensity >= 0)
		return (Intensity){ml_carbon_intensity, GIVEN_FACTOR_ERROR, "setting sustainml.carbon_intensity"};
	if (ml_zone == NULL || ml_zone[0] == '\0')
		return intensity;
	values[0] = CStringGetTextDatum(ml_zone);
	SPI_connect();
	ml_owner_begin(&scope);
	if (SPI_execute_with_args("SELECT g_per_kwh, source || ' ' || year FROM sustainml.grid_intensity"
							  " WHERE zone = upper($1) OR iso2 = upper($1) ORDER BY shipped, year DESC LIMIT 1", 1, types, values, NULL, true, 1) == SPI_OK_SELECT &&
		SPI_processed == 1)
	{
		intensity.value = DatumGetFloat8(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
		intensity.error = ANNUAL_FACTOR_ERROR;
		intensity.source = MemoryContextStrdup(caller, SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2));
	}
	ml_owner_end(&scope);
	SPI_finish();
	return intensity;
}

/* ---- the row --------------------------------------------------------------------------- */

static const char insert_run[] =
	"INSERT INTO sustainml.run (started_at, kind, model_schema, model, version, role_name, rows, seconds, cpu_seconds,"
	" energy_joules, energy_low_joules, energy_high_joules, energy_exclusive_joules, energy_dynamic_joules, energy_idle_joules,"
	" energy_method, boundary, co2e_grams, co2e_low_grams, co2e_high_grams, intensity_g_kwh, intensity_source, pue, status)"
	" VALUES ($1, $2, $3, $4, nullif($5, 0), $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, 'ok')"
	" RETURNING run_id";

enum { RUN_PARAMETERS = 23 };

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
		  const SmlEnergy *energy, const Intensity *intensity)
{
	static const Oid types[RUN_PARAMETERS] = {
		TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, TEXTOID, INT8OID, FLOAT8OID, FLOAT8OID,
		FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, TEXTOID, TEXTOID, FLOAT8OID, FLOAT8OID, FLOAT8OID,
		FLOAT8OID, TEXTOID, FLOAT8OID};
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
	SPI_connect();
	ml_owner_begin(&scope);
	if (SPI_execute_with_args(insert_run, RUN_PARAMETERS, (Oid *) types, values, nulls, false, 0) != SPI_OK_INSERT_RETURNING)
		elog(ERROR, "cannot write the run log");
	id = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	ml_owner_end(&scope);
	SPI_finish();
	return id;
}

void
ml_run_end(MlRun *run, const char *model_schema, const char *model, int version, int64 rows, MlFigures *figures)
{
	SmlEnergy energy;
	SmlCarbon carbon = {NAN, NAN, NAN};
	Intensity intensity;
	double    leader = ml_process_cpu() - run->cpu;

	memset(figures, 0, sizeof(*figures));
	figures->seconds = clock_seconds(CLOCK_MONOTONIC) - run->wall;
	figures->cpu_seconds = leader;
	for (int i = 0; i < run->worker_count; i++)
		figures->cpu_seconds += run->workers[i].seconds;
	sml_energy_estimate(figures->cpu_seconds, SML_DEFAULT_IDLE_WATTS, SML_DEFAULT_FULL_WATTS, SML_DEFAULT_FACTOR, &energy);
	figures->energy_joules = energy.total;
	figures->energy_low_joules = energy.low;
	figures->energy_high_joules = energy.high;
	figures->energy_exclusive_joules = energy.total * (figures->cpu_seconds > 0 ? Max(0, 1 - run->nested_cpu / figures->cpu_seconds) : 1);
	figures->energy_method = "estimated_default";
	figures->boundary = "server_wall";
	intensity = find_intensity();
	if (!isnan(intensity.value))
		sml_carbon(&energy, ml_pue, intensity.value, intensity.error, &carbon);
	figures->co2e_grams = carbon.grams;
	figures->co2e_low_grams = carbon.low;
	figures->co2e_high_grams = carbon.high;
	current_run = run->parent;
	if (current_run)
		current_run->nested_cpu += figures->cpu_seconds;
	if (XactReadOnly || RecoveryInProgress())
		ereport(NOTICE,
				(errmsg("this run is not in the run log"),
				 errdetail(RecoveryInProgress() ? "A standby cannot write." : "The transaction is read-only.")));
	else
		figures->run_id = write_row(run, model_schema, model, version, rows, figures, &energy, &intensity);
}
