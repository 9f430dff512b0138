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
#include "../../core/fairness/consistency.h"
#include "../../core/fairness/errors.h"
#include "../../core/fairness/inequality.h"
#include "request.h"

static const char doing[] = "audit fairness";

/* ---- fairness_regression ------------------------------------------------------------------- */

typedef struct Sample
{
	size_t    set;
	bool      unknown;
	char     *label;
	int64     n;
	int64     skipped;       /* rows without two finite numbers */
	SmlFigure figures[SML_ERROR_STATS];
	double   *sorted;        /* predictions */
	size_t    count;
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
	double        z;
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

/* In the order of moments_sql. */
static void
read_moments(const Datum *values, const bool *nulls, uint64 n, SmlErrorMoments *m)
{
	double *places[] = {&m->actual, &m->predicted, &m->error, &m->absolute, &m->squared, &m->shifted, &m->var_actual, &m->var_predicted, &m->var_error,
						&m->var_absolute, &m->var_squared, &m->var_y2, &m->cov_y_y2, &m->cov_squared_y, &m->cov_squared_y2};

	m->n = n;
	for (size_t i = 0; i < lengthof(places); i++)
		*places[i] = number_or_nan(values[i], nulls[i]);
}

/* q.y target, q.p prediction, q.d error, q.s target less a constant. */
static const char moments_sql[] =
	"pg_catalog.avg(q.y), pg_catalog.avg(q.p), pg_catalog.avg(q.d), pg_catalog.avg(pg_catalog.abs(q.d)), pg_catalog.avg(q.d2), pg_catalog.avg(q.s),"
	" pg_catalog.var_pop(q.s), pg_catalog.var_pop(q.p), pg_catalog.var_pop(q.d), pg_catalog.var_pop(pg_catalog.abs(q.d)), pg_catalog.var_pop(q.d2),"
	" pg_catalog.var_pop(q.s2), pg_catalog.covar_pop(q.s, q.s2), pg_catalog.covar_pop(q.d2, q.s), pg_catalog.covar_pop(q.d2, q.s2)";

static void
take_sample(void *context, const Datum *values, const bool *nulls)
{
	Samples       *samples = context;
	MemoryContext  old = MemoryContextSwitchTo(samples->context);
	int            at = samples->columns + 1;
	SmlErrorMoments moments;
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
	sample->skipped = DatumGetInt64(values[at + 1]);
	if (!nulls[at + 2])
		take_sorted(samples, sample, values[at + 2]);
	read_moments(values + at + 3, nulls + at + 3, (uint64) sample->n, &moments);
	sml_error_figures(&moments, samples->z, sample->figures);
	MemoryContextSwitchTo(old);
}

static char *
samples_query(const MlFairPass *pass, const Samples *samples, const char *actual, const char *predicted)
{
	StringInfoData inner;
	StringInfoData list;
	StringInfoData names;
	StringInfoData sets;
	char          *rows;
	char          *first;

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
	/*
	 * A row counts when both numbers are finite; the others are counted apart.  The constant is the target of whichever row comes first.  Written OPERATOR(…), all
	 * operators bind alike.
	 */
	rows = psprintf("SELECT %sr.y, r.p, (r.y OPERATOR(pg_catalog.-) r.p) OPERATOR(pg_catalog.<>) ALL ('{NaN,Infinity,-Infinity}') FROM (%s) AS r(%sy, p)",
					names.data, ml_source_query(pass->source, inner.data, NULL), names.data);
	first = psprintf("(SELECT f.y FROM (%s) AS f(%sy, p, ok) WHERE f.ok LIMIT 1)", rows, names.data);
	return psprintf("SELECT grouping(%s), %s, pg_catalog.count(q.y), pg_catalog.count(*) OPERATOR(pg_catalog.-) pg_catalog.count(q.y),"
					" pg_catalog.array_agg(q.p ORDER BY q.p) FILTER (WHERE q.p IS NOT NULL), %s"
					" FROM (SELECT u.*, u.d OPERATOR(pg_catalog.*) u.d, u.s OPERATOR(pg_catalog.*) u.s FROM (SELECT %sCASE WHEN r.ok THEN r.y END, CASE WHEN r.ok THEN r.p END,"
					"   CASE WHEN r.ok THEN r.p OPERATOR(pg_catalog.-) r.y END, CASE WHEN r.ok THEN r.y OPERATOR(pg_catalog.-) %s END"
					"   FROM (%s) AS r(%sy, p, ok)) AS u(%sy, p, d, s)) AS q(%sy, p, d, s, d2, s2)"
					" GROUP BY GROUPING SETS (%s)",
					list.data, list.data, moments_sql, names.data, first, rows, names.data, names.data, names.data, sets.data);
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

/* What one row of the result is about. */
typedef struct Line
{
	const char *attribute;
	const char *group;
	const char *metric;
	const char *low_group;
	const char *high_group;
	bool        small;
} Line;

static void
put_sample_row(MlResult *out, const Line *line, const SmlFigure *figure)
{
	ml_put_text(out, line->attribute);
	ml_put_text(out, line->group);
	ml_put_text(out, line->metric);
	ml_put_figure(out, figure);
	ml_put_text(out, line->low_group);
	ml_put_text(out, line->high_group);
	ml_put_bool(out, line->small);
	ml_put_text(out, sml_figure_reason(figure));
	ml_put_row(out);
}

static void
put_sample(MlResult *out, const Sample *sample, const char *name, const MlFairSpec *spec)
{
	Line      line = {.attribute = name, .group = sample->set == 0 ? NULL : sample->label, .metric = "rows_skipped"};
	SmlFigure skipped = {.numerator = NAN, .denominator = NAN, .n = (uint64) (sample->n + sample->skipped)};

	sml_figure_plain(&skipped, (double) sample->skipped, "a_count");
	put_sample_row(out, &line, &skipped);
	line.small = sample->n < spec->min_n;
	for (int k = 0; k < SML_ERROR_STATS; k++)
	{
		line.metric = sml_error_stat_name((SmlErrorStat) k);
		put_sample_row(out, &line, &sample->figures[k]);
	}
}

/* Distances of the predictions of a group from those of all others. */
static void
put_distances(MlResult *out, const Samples *samples, const Sample *all, const Sample *sample, const char *name, const MlFairSpec *spec)
{
	SmlEnv    env;
	size_t    count;
	double   *rest = the_rest(all, sample, &count);
	Line      line = {.attribute = name, .group = sample->label, .metric = "ks_distance", .small = sample->n < spec->min_n};
	SmlFigure ks;
	SmlFigure wasserstein;

	ml_env_init(&env, CurrentMemoryContext);
	ML_CHECK(&env, sml_two_samples(&env, sample->sorted, sample->count, rest, count, samples->z, &ks, &wasserstein), doing);
	ks.n = wasserstein.n = (uint64) sample->n;
	put_sample_row(out, &line, &ks);
	line.metric = "wasserstein_distance";
	put_sample_row(out, &line, &wasserstein);
	pfree(rest);
}

/* The largest difference of one figure between the known groups of a set; samples that lack the figure are passed over. */
static void
put_spread(MlResult *out, const Sample *const *known, size_t count, SmlErrorStat stat, const SmlInterval *interval, const char *name, const MlFairSpec *spec)
{
	const Sample *low = NULL;
	const Sample *high = NULL;
	size_t        defined = 0;
	Line          line = {.attribute = name, .metric = psprintf("%s_difference", sml_error_stat_name(stat))};
	SmlFigure     figure = {.numerator = NAN, .denominator = NAN};

	for (size_t i = 0; i < count; i++)
	{
		const SmlFigure *own = &known[i]->figures[stat];

		if (own->reason)
			continue;
		low = low == NULL || own->value < low->figures[stat].value ? known[i] : low;
		high = high == NULL || own->value > high->figures[stat].value ? known[i] : high;
		line.small |= known[i]->n < spec->min_n;
		figure.n += (uint64) known[i]->n;
		defined++;
	}
	sml_figure_undefined(&figure, defined == 0 ? "no_groups" : "one_group");
	if (defined >= 2)
	{
		figure.numerator = high->figures[stat].value;
		figure.denominator = low->figures[stat].value;
		line.low_group = low->label;
		line.high_group = high->label;
		sml_figure_plain(&figure, figure.numerator - figure.denominator, interval->reason);
		figure.ci_low = interval->low;
		figure.ci_high = interval->high;
		figure.ci_method = interval->method;
	}
	put_sample_row(out, &line, &figure);
}

static void
put_spreads(MlResult *out, const Samples *samples, size_t set, const char *name, const MlFairSpec *spec, const SmlDraws *draws)
{
	SmlEnv            env;
	const Sample    **known = palloc(sizeof(Sample *) * (samples->count + 1));
	const SmlFigure **figures = palloc_extended(sizeof(SmlFigure *) * (samples->count * SML_ERROR_STATS + 1), MCXT_ALLOC_HUGE);
	SmlInterval       intervals[SML_ERROR_STATS];
	size_t            count = 0;

	for (size_t i = 0; i < samples->count; i++)
		if (samples->all[i].set == set && !samples->all[i].unknown)
			known[count++] = &samples->all[i];
	for (size_t k = 0; k < SML_ERROR_STATS; k++)
		for (size_t i = 0; i < count; i++)
			figures[k * count + i] = &known[i]->figures[k];
	ml_env_init(&env, CurrentMemoryContext);
	ML_CHECK(&env, sml_range_intervals(&env, figures, SML_ERROR_STATS, count, draws, intervals), doing);
	for (int k = 0; k < SML_ERROR_STATS; k++)
		put_spread(out, known, count, (SmlErrorStat) k, &intervals[k], name, spec);
	pfree(known);
	pfree(figures);
}

static const Sample *
overall_sample(const Samples *samples)
{
	for (size_t i = 0; i < samples->count; i++)
		if (samples->all[i].set == 0)
			return &samples->all[i];
	return NULL;
}

/* source, target, prediction, protected, intersections, min_n, confidence, draws, seed */
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
	SmlDraws      draws = ml_fair_draws(fcinfo, 6, 7, 8);

	ml_fair_spec_init(&spec);
	spec.source = ml_required_text(fcinfo, 0, "the source");
	spec.target = ml_required_text(fcinfo, 1, "the target");
	spec.prediction = ml_required_text(fcinfo, 2, "the prediction");
	spec.protected_columns = ml_fair_protected(fcinfo, 3, &spec.protected_count);
	spec.min_n = PG_ARGISNULL(5) ? spec.min_n : Max(0, PG_GETARG_INT32(5));
	ml_scan_begin(&scan);
	pass = ml_fair_pass(ml_source_open(spec.source), &spec, run);
	samples.z = sml_fair_z(draws.confidence);
	samples.columns = pass->count;
	samples.readers = pass->readers;
	samples.sets = palloc0(sizeof(SmlFairSet) * (ML_FAIR_MOST_SETS + 1));
	samples.set_count = ml_fair_list_sets(spec.protected_count, PG_ARGISNULL(4) ? 1 : Max(1, PG_GETARG_INT32(4)), samples.sets);
	ml_source_each(samples_query(pass, &samples, ml_number_expression(pass->source, ml_source_column(pass->source, spec.target, "target"), "target"),
								 ml_number_expression(pass->source, ml_source_column(pass->source, spec.prediction, "prediction"), "prediction")),
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
			put_sample(out, &samples.all[i], s == 0 ? "overall" : name.data, &spec);
			if (s > 0 && !samples.all[i].unknown && all)
				put_distances(out, &samples, all, &samples.all[i], name.data, &spec);
		}
		draws.stream = (uint64) s << 32;
		if (s > 0)
			put_spreads(out, &samples, s, name.data, &spec, &draws);
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

/* The rows, their scaled copy, and for each its distance with its outcome and what the jackknife keeps. */
static void
check_memory(const Rows *rows)
{
	size_t bytes = rows->room * (2 * rows->columns + 7) * sizeof(double);

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

/* source, prediction, features, favorable, k, include_self, max_rows, confidence */
PG_FUNCTION_INFO_V1(sustainml_fairness_consistency);
Datum
sustainml_fairness_consistency(PG_FUNCTION_ARGS)
{
	MlResult      *out = ml_result_begin(fcinfo);
	char          *name = ml_required_text(fcinfo, 0, "the source");
	char          *prediction = ml_required_text(fcinfo, 1, "the prediction");
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
	SmlConsistency of = {.columns = (size_t) count, .k = (size_t) Max(k, 0), .self = self, .z = sml_fair_z(ml_fair_confidence(fcinfo, 7))};
	SmlFigure      consistency;

	if (count == 0 || k < 1 || most < 2 || most > 100000)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("features must be given, k must be at least 1 and max_rows between 2 and 100000")));
	ml_scan_begin(&scan);
	source = ml_source_open(name);
	initStringInfo(&list);
	for (int i = 0; i < count; i++)
		appendStringInfo(&list, "%s, ", ml_number_expression(source, ml_source_column(source, features[i], "feature"), "feature"));
	appendStringInfo(&list, "(%s)::integer::pg_catalog.float8",
					 ml_two_values(source, ml_source_column(source, prediction, "prediction"), "prediction", ml_text_argument(fcinfo, 3))->expression);
	ml_source_each(ml_source_query(source, list.data, NULL), (Datum) 0, take_row, &rows);
	ml_scan_end(&scan);
	ml_env_init(&env, CurrentMemoryContext);
	of.features = rows.features;
	of.outcomes = rows.outcomes;
	of.rows = rows.count;
	ML_CHECK(&env, sml_consistency(&env, &of, &consistency), doing);
	ml_put_interval(out, &consistency);
	ml_put_text(out, consistency.ci_method);
	ml_put_integer(out, (int64) rows.count);
	ml_put_integer(out, (int64) rows.skipped);
	ml_put_integer32(out, k);
	ml_put_text(out, sml_figure_reason(&consistency));
	ml_put_row(out);
	ml_run_end(run, NULL, NULL, 0, (int64) rows.count, &figures);
	return ml_result_end(out);
}
