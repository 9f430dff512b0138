/*
 * samples.c - figures that need the values of rows and not only counts: fairness_regression and fairness_consistency.
 *
 * Regression: SQL groups and sorts; the sorted predictions of each group come back as arrays, 8 bytes a row and set under
 * sustainml.memory_limit, for distances between distributions.  Consistency compares every row with every other and so takes a
 * limited number of rows.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "../args.h"
#include "../env.h"
#include "../metric/result.h"
#include "../settings.h"
#include "../../core/fairness/inequality.h"
#include "request.h"

static const char doing[] = "audit fairness";

/* ---- fairness_regression ------------------------------------------------------------------- */

enum
{
	STAT_MEAN_ACTUAL, STAT_MEAN_PREDICTED, STAT_MEAN_ERROR, STAT_MAE, STAT_RMSE, STAT_R2, STATS
};

static const char *const stat_names[STATS] = {"mean_actual", "mean_predicted", "mean_error", "mae", "rmse", "r2"};

typedef struct Sample
{
	size_t  set;
	bool    unknown;
	char   *label;
	int64   n;
	int64   skipped;         /* rows without two finite numbers */
	double  stats[STATS];
	double  error_deviation; /* of prediction - actual */
	double *sorted;          /* predictions */
	size_t  count;
} Sample;

typedef struct Samples
{
	MemoryContext context;
	int           columns;
	MlReader     *readers;
	SmlFairSet   *sets;
	size_t        set_count;
	Sample       *all;
	size_t        count;
	size_t        room;
	size_t        values;   /* doubles kept so far */
} Samples;

static double
number_or_nan(Datum value, bool isnull)
{
	return isnull ? NAN : DatumGetFloat8(value);
}

/* Which set a row of GROUPING SETS belongs to: grouping() has a bit for each column that is not grouped by, the first highest. */
static size_t
set_of(const Samples *samples, int32 grouping)
{
	for (size_t s = 0; s < samples->set_count; s++)
	{
		int32 bits = (1 << samples->columns) - 1;

		for (size_t i = 0; i < samples->sets[s].count; i++)
			bits &= ~(1 << (samples->columns - 1 - (int) samples->sets[s].attributes[i]));
		if (bits == grouping)
			return s;
	}
	elog(ERROR, "unknown grouping set");
}

static void
take_sorted(Samples *samples, Sample *sample, Datum value)
{
	ArrayType *array = DatumGetArrayTypeP(value);

	sample->count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	samples->values += sample->count;
	if (samples->values > ml_memory_limit() / sizeof(double))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot audit fairness within sustainml.memory_limit"),
				 errdetail("The predictions of all groups need more than %zu kB.", ml_memory_limit() / 1024),
				 errhint("Raise sustainml.memory_limit, or use fewer crosses or rows.")));
	sample->sorted = palloc_extended(sizeof(double) * Max(sample->count, 1), MCXT_ALLOC_HUGE);
	memcpy(sample->sorted, ARR_DATA_PTR(array), sizeof(double) * sample->count);
}

static void
take_sample(void *context, const Datum *values, const bool *nulls)
{
	Samples       *samples = context;
	MemoryContext  old = MemoryContextSwitchTo(samples->context);
	int            at = samples->columns + 1;
	Sample        *sample;
	StringInfoData label;

	if (samples->count == samples->room)
	{
		samples->room = Max(64, 2 * samples->room);
		samples->all = samples->all ? repalloc_huge(samples->all, sizeof(Sample) * samples->room) : palloc(sizeof(Sample) * samples->room);
	}
	sample = &samples->all[samples->count++];
	memset(sample, 0, sizeof(*sample));
	sample->set = set_of(samples, DatumGetInt32(values[0]));
	initStringInfo(&label);
	for (size_t i = 0; i < samples->sets[sample->set].count; i++)
	{
		int     column = (int) samples->sets[sample->set].attributes[i];
		SmlText text = ml_read_label(&samples->readers[column], values[column + 1], nulls[column + 1]);

		sample->unknown |= text.length < 0;
		appendStringInfo(&label, "%s%.*s", i ? " & " : "", text.length < 0 ? 9 : text.length, text.length < 0 ? "(missing)" : text.bytes);
	}
	sample->label = label.data;
	sample->n = DatumGetInt64(values[at]);
	for (int k = 0; k < STATS; k++)
		sample->stats[k] = number_or_nan(values[at + 1 + k], nulls[at + 1 + k]);
	sample->error_deviation = number_or_nan(values[at + 1 + STATS], nulls[at + 1 + STATS]);
	sample->skipped = DatumGetInt64(values[at + 3 + STATS]);
	if (!nulls[at + 2 + STATS])
		take_sorted(samples, sample, values[at + 2 + STATS]);
	MemoryContextSwitchTo(old);
}

static char *
samples_query(const MlFairPass *pass, const Samples *samples, const char *actual, const char *predicted)
{
	StringInfoData inner;
	StringInfoData list;
	StringInfoData names;
	StringInfoData sets;

	initStringInfo(&inner);
	initStringInfo(&list);
	initStringInfo(&names);
	initStringInfo(&sets);
	for (int i = 0; i < samples->columns; i++)
	{
		appendStringInfo(&inner, "%s, ", pass->groups[i]);
		appendStringInfo(&list, "%sq.g%d", i ? ", " : "", i + 1);
		appendStringInfo(&names, "g%d, ", i + 1);
	}
	appendStringInfo(&inner, "%s, %s", actual, predicted);
	for (size_t s = 0; s < samples->set_count; s++)
	{
		appendStringInfo(&sets, "%s(", s ? ", " : "");
		for (size_t i = 0; i < samples->sets[s].count; i++)
			appendStringInfo(&sets, "%sq.g%d", i ? ", " : "", (int) samples->sets[s].attributes[i] + 1);
		appendStringInfoChar(&sets, ')');
	}
	/* a row counts when both numbers are finite; the others are counted apart; written OPERATOR(…), all operators bind alike */
	return psprintf("SELECT grouping(%s), %s, pg_catalog.count(q.y), pg_catalog.avg(q.y), pg_catalog.avg(q.p), pg_catalog.avg(q.d), pg_catalog.avg(pg_catalog.abs(q.d)),"
					" pg_catalog.sqrt(pg_catalog.avg(q.d OPERATOR(pg_catalog.^) 2)),"
					" CASE WHEN pg_catalog.count(q.y) OPERATOR(pg_catalog.>) 1 AND pg_catalog.var_pop(q.y) OPERATOR(pg_catalog.>) 0"
					"  THEN 1 OPERATOR(pg_catalog.-) (pg_catalog.avg(q.d OPERATOR(pg_catalog.^) 2) OPERATOR(pg_catalog./) pg_catalog.var_pop(q.y)) END,"
					" pg_catalog.stddev_samp(q.d), pg_catalog.array_agg(q.p ORDER BY q.p) FILTER (WHERE q.p IS NOT NULL),"
					" pg_catalog.count(*) OPERATOR(pg_catalog.-) pg_catalog.count(q.y)"
					" FROM (SELECT %sCASE WHEN r.ok THEN r.y END, CASE WHEN r.ok THEN r.p END, CASE WHEN r.ok THEN r.p OPERATOR(pg_catalog.-) r.y END"
					"  FROM (SELECT %sr.y, r.p, (r.y OPERATOR(pg_catalog.-) r.p) OPERATOR(pg_catalog.<>) ALL ('{NaN,Infinity,-Infinity}') FROM (%s) AS r(%sy, p)) AS r(%sy, p, ok)) AS q(%sy, p, d)"
					" GROUP BY GROUPING SETS (%s)",
					list.data, list.data, names.data, names.data, ml_source_query(pass->source, inner.data, NULL), names.data, names.data, names.data,
					sets.data);
}

/* The values of "all" that are not those of "own"; both sorted. */
static double *
the_rest(const Sample *all, const Sample *own, size_t *count)
{
	double *rest = palloc_extended(sizeof(double) * (all->count - own->count + 1), MCXT_ALLOC_HUGE);
	size_t  k = 0;

	*count = 0;
	for (size_t i = 0; i < all->count; i++)
		if (k < own->count && all->sorted[i] == own->sorted[k])
			k++;
		else if (*count < all->count - own->count)
			rest[(*count)++] = all->sorted[i];
	return rest;
}

static void
put_sample_row(MlResult *out, const char *attribute, const char *group, const char *metric, double value, int64 n, double low, double high,
			   bool small, const char *reason)
{
	ml_put_text(out, attribute);
	ml_put_text(out, group);
	ml_put_text(out, metric);
	ml_put_number(out, reason ? NAN : value);
	ml_put_integer(out, n);
	ml_put_number(out, low);
	ml_put_number(out, high);
	ml_put_text(out, isnan(low) ? NULL : "normal");
	ml_put_bool(out, small);
	ml_put_text(out, reason);
	ml_put_row(out);
}

static void
put_sample(MlResult *out, const Samples *samples, const Sample *sample, const char *name, const MlFairSpec *spec, double z)
{
	const char *group = sample->set == 0 ? NULL : sample->label;
	bool        small = sample->n < spec->min_n;

	put_sample_row(out, name, group, "rows_skipped", (double) sample->skipped, sample->n + sample->skipped, NAN, NAN, false, NULL);
	for (int k = 0; k < STATS; k++)
	{
		double half = k == STAT_MEAN_ERROR && sample->n > 1 ? z * sample->error_deviation / sqrt((double) sample->n) : NAN;

		put_sample_row(out, name, group, stat_names[k], sample->stats[k], sample->n, sample->stats[k] - half, sample->stats[k] + half, small,
					   isnan(sample->stats[k]) ? sample->n == 0 ? "no_rows" : "target_is_constant" : NULL);
	}
}

/* Distances of the predictions of a group from those of all others. */
static void
put_distances(MlResult *out, const Sample *all, const Sample *sample, const char *name, const MlFairSpec *spec)
{
	SmlEnv      env;
	size_t      count;
	double     *rest = the_rest(all, sample, &count);
	double      ks;
	double      wasserstein;
	const char *reason = count == 0 ? "one_group" : NULL;

	ml_env_init(&env, CurrentMemoryContext);
	ML_CHECK(&env, sml_two_samples(&env, sample->sorted, sample->count, rest, count, &ks, &wasserstein), doing);
	put_sample_row(out, name, sample->label, "ks_distance", ks, sample->n, NAN, NAN, sample->n < spec->min_n, reason);
	put_sample_row(out, name, sample->label, "wasserstein_distance", wasserstein, sample->n, NAN, NAN, sample->n < spec->min_n, reason);
	pfree(rest);
}

static void
put_spread(MlResult *out, const Samples *samples, size_t set, const char *name, const MlFairSpec *spec)
{
	for (int k = 0; k < STATS; k++)
	{
		double low = NAN;
		double high = NAN;
		int64  n = 0;
		int    groups = 0;
		bool   small = false;

		for (size_t i = 0; i < samples->count; i++)
		{
			const Sample *sample = &samples->all[i];

			if (sample->set != set || sample->unknown || isnan(sample->stats[k]))
				continue;
			low = groups == 0 ? sample->stats[k] : fmin(low, sample->stats[k]);
			high = groups == 0 ? sample->stats[k] : fmax(high, sample->stats[k]);
			small |= sample->n < spec->min_n;
			n += sample->n;
			groups++;
		}
		put_sample_row(out, name, NULL, psprintf("%s_difference", stat_names[k]), high - low, n, NAN, NAN, small,
					   groups == 0 ? "no_groups" : groups == 1 ? "one_group" : NULL);
	}
}

static const Sample *
overall_sample(const Samples *samples)
{
	for (size_t i = 0; i < samples->count; i++)
		if (samples->all[i].set == 0)
			return &samples->all[i];
	return NULL;
}

/* source, target, prediction, protected, intersections, min_n, confidence */
PG_FUNCTION_INFO_V1(sustainml_fairness_regression);
Datum
sustainml_fairness_regression(PG_FUNCTION_ARGS)
{
	MlResult     *out = ml_result_begin(fcinfo);
	MlFairSpec    spec;
	Samples       samples = {.context = AllocSetContextCreate(CurrentMemoryContext, "sustainml samples", ALLOCSET_DEFAULT_SIZES)};
	MlRun        *run = ml_run_begin("audit");
	MlFairPass   *pass;
	const Sample *all;
	MlFigures     figures;
	MlScan        scan;
	double        z = sml_fair_z(ml_fair_confidence(fcinfo, 6));
	char         *target = ml_fair_required(fcinfo, 1, "the target");
	char         *prediction = ml_fair_required(fcinfo, 2, "the prediction");

	ml_fair_spec_init(&spec);
	spec.source = ml_fair_required(fcinfo, 0, "the source");
	spec.protected_columns = ml_texts_argument(fcinfo, 3, "protected", &spec.protected_count);
	spec.min_n = PG_ARGISNULL(5) ? spec.min_n : Max(0, PG_GETARG_INT32(5));
	if (spec.protected_count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the protected columns must be given")));
	ml_scan_begin(&scan);
	pass = ml_fair_pass(ml_source_open(spec.source), &spec, run);
	samples.columns = pass->count;
	samples.readers = pass->readers;
	samples.sets = palloc0(sizeof(SmlFairSet) * (ML_FAIR_MOST_SETS + 1));
	samples.set_count = ml_fair_list_sets(spec.protected_count, PG_ARGISNULL(4) ? 1 : Max(1, PG_GETARG_INT32(4)), samples.sets);
	ml_source_each(samples_query(pass, &samples, ml_number_expression(pass->source, ml_source_column(pass->source, target, "target"), "target"),
								 ml_number_expression(pass->source, ml_source_column(pass->source, prediction, "prediction"), "prediction")),
				   (Datum) 0, take_sample, &samples);
	ml_scan_end(&scan);
	all = overall_sample(&samples);
	for (size_t s = 0; s < samples.set_count; s++)
	{
		StringInfoData name;

		initStringInfo(&name);
		for (size_t i = 0; i < samples.sets[s].count; i++)
			appendStringInfo(&name, "%s%s", i ? " & " : "", spec.protected_columns[samples.sets[s].attributes[i]]);
		for (size_t i = 0; i < samples.count; i++)
		{
			if (samples.all[i].set != s)
				continue;
			put_sample(out, &samples, &samples.all[i], s == 0 ? "overall" : name.data, &spec, z);
			if (s > 0 && !samples.all[i].unknown && all)
				put_distances(out, all, &samples.all[i], name.data, &spec);
		}
		if (s > 0)
			put_spread(out, &samples, s, name.data, &spec);
	}
	ml_run_end(run, NULL, NULL, 0, all ? all->n : 0, &figures);
	return ml_result_end(out);
}

/* ---- fairness_consistency --------------------------------------------------------------------- */

typedef struct Rows
{
	size_t  columns;
	size_t  most;
	size_t  count;
	size_t  skipped;
	size_t  room;
	double *features;
	double *outcomes;
	MemoryContext context;
} Rows;

/* The rows, their scaled copy, and a distance with its outcome for each. */
static void
check_memory(const Rows *rows)
{
	size_t bytes = rows->room * (2 * rows->columns + 3) * sizeof(double);

	if (bytes > ml_memory_limit())
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot compare rows within sustainml.memory_limit"),
				 errdetail("The rows take %zu kB or more, and the limit is %d kB.", bytes / 1024, ml_memory_limit_kb),
				 errhint("Raise sustainml.memory_limit, or use a sample of the rows or fewer features.")));
}

static void
take_row(void *context, const Datum *values, const bool *nulls)
{
	Rows         *rows = context;
	MemoryContext old;

	for (size_t c = 0; c <= rows->columns; c++)
		if (nulls[c] || !isfinite(DatumGetFloat8(values[c])))
		{
			rows->skipped++;
			return;
		}
	if (rows->count == rows->most)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the source has more than %zu rows, and each is compared with all others", rows->most),
				 errhint("Use a sample, for example SELECT * FROM t TABLESAMPLE SYSTEM (1), or raise max_rows.")));
	old = MemoryContextSwitchTo(rows->context);
	if (rows->count == rows->room)
	{
		rows->room = Min(Max(256, 2 * rows->room), rows->most);
		check_memory(rows);
		rows->features = rows->features ? repalloc_huge(rows->features, sizeof(double) * rows->room * rows->columns)
			: palloc_extended(sizeof(double) * rows->room * rows->columns, MCXT_ALLOC_HUGE);
		rows->outcomes = rows->outcomes ? repalloc_huge(rows->outcomes, sizeof(double) * rows->room) : palloc(sizeof(double) * rows->room);
	}
	for (size_t c = 0; c < rows->columns; c++)
		rows->features[rows->count * rows->columns + c] = DatumGetFloat8(values[c]);
	rows->outcomes[rows->count++] = DatumGetFloat8(values[rows->columns]);
	MemoryContextSwitchTo(old);
}

/* source, prediction, features, favorable, k, include_self, max_rows */
PG_FUNCTION_INFO_V1(sustainml_fairness_consistency);
Datum
sustainml_fairness_consistency(PG_FUNCTION_ARGS)
{
	MlResult      *out = ml_result_begin(fcinfo);
	char          *name = ml_fair_required(fcinfo, 0, "the source");
	char          *prediction = ml_fair_required(fcinfo, 1, "the prediction");
	int            count;
	char         **features = ml_texts_argument(fcinfo, 2, "features", &count);
	int            k = PG_ARGISNULL(4) ? 5 : PG_GETARG_INT32(4);
	bool           self = !PG_ARGISNULL(5) && PG_GETARG_BOOL(5);
	int            most = PG_ARGISNULL(6) ? 5000 : PG_GETARG_INT32(6);
	Rows           rows = {.columns = count, .most = most, .context = CurrentMemoryContext};
	MlRun         *run = ml_run_begin("audit");
	StringInfoData list;
	MlSource      *source;
	MlFigures      figures;
	MlScan         scan;
	SmlEnv         env;
	double         consistency;

	if (count == 0 || k < 1 || most < 2 || most > 100000)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("features must be given, k must be at least 1 and max_rows between 2 and 100000")));
	ml_scan_begin(&scan);
	source = ml_source_open(name);
	initStringInfo(&list);
	for (int i = 0; i < count; i++)
		appendStringInfo(&list, "%s, ", ml_number_expression(source, ml_source_column(source, features[i], "feature"), "feature"));
	appendStringInfo(&list, "(%s)::integer::float8",
					 ml_two_values(source, ml_source_column(source, prediction, "prediction"), "prediction", ml_fair_text(fcinfo, 3))->expression);
	ml_source_each(ml_source_query(source, list.data, NULL), (Datum) 0, take_row, &rows);
	ml_scan_end(&scan);
	ml_env_init(&env, CurrentMemoryContext);
	ML_CHECK(&env, sml_consistency(&env, rows.features, rows.count, rows.columns, rows.outcomes, (size_t) k, self, &consistency), doing);
	ml_put_number(out, consistency);
	ml_put_integer(out, (int64) rows.count);
	ml_put_integer(out, (int64) rows.skipped);
	ml_put_integer32(out, k);
	ml_put_row(out);
	ml_run_end(run, NULL, NULL, 0, (int64) rows.count, &figures);
	return ml_result_end(out);
}
