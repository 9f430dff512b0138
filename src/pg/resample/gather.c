/*
 * gather.c - the rows that a method needs, from two scans under one snapshot.
 *
 * The first scan reads the target alone and counts the classes; from that the sizes are planned, memory is
 * checked against sustainml.memory_limit and taken once.  The second scan keeps the rows of the classes that
 * matter: for smote only of those that grow, so that a rare class of a large table costs little.
 */
#include "resample.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "../env.h"
#include "../json.h"
#include "../nearest.h"
#include "../privacy/learn.h"
#include "../settings.h"
#include "../../core/hash.h"

/* ---- classes ---------------------------------------------------------------------- */

#define MOST_CLASSES 10000

typedef struct ClassScan
{
	MlValues   *values;
	int64       missing;
	const char *name;
} ClassScan;

static void
count_class(void *context, const Datum *values, const bool *nulls)
{
	ClassScan *scan = context;

	if (nulls[0])
		scan->missing++;
	else if (ml_values_add(scan->values, values[0], true) >= MOST_CLASSES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("column \"%s\" has more than %d distinct values, so it cannot be a class", scan->name, MOST_CLASSES),
				 errhint("Name the column that holds the class.")));
}

MlValues *
ml_resample_classes(const MlSource *source, const char *where, int target, MemoryContext context, int64 *missing)
{
	Oid       type = source->columns[target].type;
	MlReader  reader;
	ClassScan scan = {NULL, 0, source->columns[target].name};

	ml_source_refuse_sealed(source, target, "be the classes of rows that are given out");
	if (!ml_reader_init(&reader, type, SML_LABEL))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s cannot be a class", source->columns[target].name, format_type_be(type)),
				 errhint("Use a column of a text, number, boolean or enum type, or cast it in a query.")));
	scan.values = ml_values_start(context, type);
	(void) ml_source_each(ml_source_query(source, psprintf("s.c%d", target + 1), where), (Datum) 0, count_class, &scan);
	ml_values_rank(scan.values, type);
	*missing = scan.missing;
	return scan.values;
}

/* {"yes": 5000, …}: final sizes by class. */
static int64 *
read_sizes(const MlGathered *gathered, const char *text)
{
	Jsonb      *json = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
	int         count;
	MlJsonPair *pairs = ml_json_pairs(json, "strategy", &count);
	int64      *sizes = palloc(sizeof(int64) * gathered->class_count);

	for (size_t c = 0; c < gathered->class_count; c++)
		sizes[c] = -1;
	for (int i = 0; i < count; i++)
	{
		int    c = ml_find_name(pairs[i].key, (const char *const *) gathered->class_names, (int) gathered->class_count);
		double number;

		if (c < 0 || strcmp(gathered->class_names[c], pairs[i].key) != 0)
			ml_unknown_class("the strategy", pairs[i].key, (const char *const *) gathered->class_names, (int) gathered->class_count);
		if (!ml_json_number(&pairs[i].value, &number) || !(number >= 0) || number != floor(number) || number > 1e15)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the size of class \"%s\" must be a whole number of rows", pairs[i].key)));
		sizes[c] = (int64) number;
	}
	return sizes;
}

static void
plan_classes(const MlResampleRequest *request, MlGathered *gathered, SmlEnv *env)
{
	MlValues   *classes = gathered->classes;
	SmlStrategy strategy = {request->strategy, request->ratio, NULL};
	const char *start = request->strategy;

	gathered->class_count = (size_t) classes->count;
	gathered->class_names = palloc(sizeof(char *) * (classes->count + 1));
	gathered->class_value = palloc(sizeof(int) * (classes->count + 1));
	gathered->plan = palloc0(sizeof(SmlClassPlan) * (classes->count + 1));
	for (int32 i = 0; i < classes->count; i++)
	{
		int32 c = classes->values[i].rank;

		gathered->class_names[c] = classes->values[i].text;
		gathered->class_value[c] = i;
		gathered->plan[c].present = (uint64) classes->values[i].count;
		gathered->rows_read += classes->values[i].count;
	}
	while (start && isspace((unsigned char) *start))
		start++;
	if (start && *start == '{')
		strategy.sizes = read_sizes(gathered, start);
	ML_CHECK(env, sml_strategy_plan(env, sml_resample_side(request->kind), &strategy, (const char *const *) gathered->class_names,
									gathered->class_count, gathered->plan),
			 psprintf("resample by column \"%s\"", request->source->columns[request->target].name));
}

/* ---- rows ---------------------------------------------------------------------------- */

typedef struct RowScan
{
	const MlResampleRequest *request;
	MlResampleColumns       *columns;
	MlGathered              *gathered;
	Tuplestorestate         *originals;
	Datum                   *values;   /* of an original row, in the order of the result */
	bool                    *nulls;
	bool                    *wanted;   /* per class: its rows are kept */
	size_t                   room;
	size_t                   left;     /* bytes of the limit */
	bool                    *finite;
	Oid                     *base;     /* per source column: its type, that of a domain looked through */
	FmgrInfo                *output;   /* likewise, for hashes of types without a canonical form */
} RowScan;

pg_noreturn static void
rows_changed(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("the source gave different rows when it was read again"),
			 errhint("A source with random(), or with LIMIT and no ORDER BY, cannot be resampled; store its rows in a table first.")));
}

pg_noreturn static void
too_much(const MlGathered *gathered, size_t bytes)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("cannot resample within sustainml.memory_limit"),
			 errdetail("The rows that the method needs take %zu kB or more, and the limit is %d kB.", bytes / 1024 + 1, ml_memory_limit_kb),
			 errhint("Raise sustainml.memory_limit, or leave out rows with filter or columns with exclude.")));
}

static void
keep_number(RowScan *scan, MlResampleColumn *column, size_t row, Datum value, bool isnull)
{
	double *numbers = scan->gathered->number + row * scan->columns->numbers + column->slot;

	if (column->elements > 0)
		ml_read_array(&column->reader, value, isnull, numbers, column->elements, column->name);
	else
		*numbers = ml_read_number(&column->reader, value, isnull);
	for (size_t i = 0; i < (column->elements ? column->elements : 1); i++)
	{
		if (isfinite(numbers[i]))
			column->finite++;
		else if (!sml_is_missing(numbers[i]))
			column->nonfinite++;
	}
	if (column->base == NUMERICOID && !isnull && isfinite(*numbers))
	{
		int32 scale = DatumGetInt32(DirectFunctionCall1(numeric_scale, value));

		column->scale = Max(column->scale, scale);
	}
}

static void
keep_label(RowScan *scan, MlResampleColumn *column, size_t row, Datum value, bool isnull)
{
	size_t before = column->values->bytes;

	scan->gathered->code[row * scan->columns->labels + column->slot] = isnull ? -1 : ml_values_add(column->values, value, false);
	scan->gathered->bytes += column->values->bytes - before;
}

static void
keep_copy(RowScan *scan, const MlResampleColumn *column, size_t slot, size_t row, Datum value, bool isnull)
{
	MlGathered *gathered = scan->gathered;
	size_t      at = row * scan->columns->copies + slot;

	gathered->copy_nulls[at] = isnull;
	if (isnull)
		return;
	if (!column->by_value)
		gathered->bytes += datumGetSize(value, false, column->length) + 24;
	gathered->copies[at] = datumCopy(value, column->by_value, column->length);
}

static uint64
hash_row(RowScan *scan, const Datum *values, const bool *nulls)
{
	uint64 hash = 0;

	for (int i = 0; i < scan->columns->hash_count; i++)
	{
		int source = scan->columns->hash_sources[i];

		if (nulls[source])
			hash = sml_hash_null(hash);
		else if (scan->base[source] == FLOAT8OID)
			hash = sml_hash_number(hash, DatumGetFloat8(values[source]));
		else if (scan->output[source].fn_oid == InvalidOid)
			hash = ml_hash_base(hash, scan->base[source], values[source]);
		else
		{
			char *text = OutputFunctionCall(&scan->output[source], values[source]);

			hash = sml_hash_text(hash, text, strlen(text));
		}
	}
	return hash;
}

static void
store_original(RowScan *scan, const Datum *values, const bool *nulls)
{
	for (int i = 0; i < scan->columns->count; i++)
	{
		int source = scan->columns->columns[i].source;

		scan->nulls[i] = source < 0 || nulls[source];
		scan->values[i] = scan->nulls[i] ? (Datum) 0 : values[source];
	}
	tuplestore_putvalues(scan->originals, scan->request->row, scan->values, scan->nulls);
}

static void
keep_row(void *context, const Datum *values, const bool *nulls)
{
	RowScan      *scan = context;
	MlGathered   *gathered = scan->gathered;
	size_t        row = gathered->cases.rows;
	int           target = scan->request->target;
	int32         found;
	int32         c;
	MemoryContext old;

	if (nulls[target])
		return;
	found = ml_values_add(gathered->classes, values[target], false);
	if ((size_t) found >= gathered->class_count)
		rows_changed();
	if (scan->originals)
		store_original(scan, values, nulls);
	c = gathered->classes->values[found].rank;
	if (!scan->wanted[c])
		return;
	if (row >= scan->room)
		rows_changed();
	gathered->class_of[row] = c;
	gathered->key[row] = hash_row(scan, values, nulls);
	old = MemoryContextSwitchTo(gathered->context);
	for (int i = 0; i < scan->columns->count; i++)
	{
		MlResampleColumn *column = &scan->columns->columns[i];
		int               source = column->source;

		if (column->role == ML_ROLE_NUMBER)
			keep_number(scan, column, row, values[source], nulls[source]);
		else if (column->role == ML_ROLE_LABEL)
			keep_label(scan, column, row, values[source], nulls[source]);
		else if (column->role == ML_ROLE_COPY && scan->columns->copies > 0)
			keep_copy(scan, column, column->slot, row, values[source], nulls[source]);
		if (column->copy_key >= 0 && column->role != ML_ROLE_COPY)
			keep_copy(scan, column, (size_t) column->copy_key, row, values[source], nulls[source]);
	}
	MemoryContextSwitchTo(old);
	gathered->cases.rows++;
	if (gathered->bytes > scan->left)
		too_much(gathered, gathered->bytes);
}

static void *
take(MlGathered *gathered, size_t count, size_t size, size_t limit)
{
	size_t bytes;
	size_t all;

	if (!sml_size_times(count, size, &bytes) || !sml_size_plus(gathered->bytes, bytes, &all))
		too_much(gathered, SIZE_MAX);
	if (all > limit)
		too_much(gathered, all);
	gathered->bytes = all;
	return MemoryContextAllocExtended(gathered->context, bytes ? bytes : 1, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

static void
take_room(RowScan *scan)
{
	MlGathered        *gathered = scan->gathered;
	MlResampleColumns *columns = scan->columns;
	bool               all = sml_resample_needs_all(scan->request->kind, columns->numbers, columns->labels);

	scan->wanted = palloc0(sizeof(bool) * (gathered->class_count + 1));
	for (size_t c = 0; c < gathered->class_count; c++)
	{
		scan->wanted[c] = all || gathered->plan[c].wanted > gathered->plan[c].present;
		scan->room += scan->wanted[c] ? gathered->plan[c].present : 0;
	}
	gathered->class_of = take(gathered, scan->room, sizeof(int32), scan->left);
	gathered->key = take(gathered, scan->room, sizeof(uint64), scan->left);
	gathered->number = take(gathered, scan->room, columns->numbers * sizeof(double), scan->left);
	gathered->code = take(gathered, scan->room, columns->labels * sizeof(int32), scan->left);
	gathered->copies = take(gathered, scan->room, columns->copies * sizeof(Datum), scan->left);
	gathered->copy_nulls = take(gathered, scan->room, columns->copies * sizeof(bool), scan->left);
}

/* Types without a canonical form are hashed by their text. */
static void
hash_types(RowScan *scan, const MlSource *source)
{
	scan->base = palloc0(sizeof(Oid) * (source->column_count + 1));
	scan->output = palloc0(sizeof(FmgrInfo) * (source->column_count + 1));
	for (int i = 0; i < source->column_count; i++)
	{
		Oid     base = scan->base[i] = getBaseType(source->columns[i].type);
		SmlKind kind;
		bool    is_array;
		Oid     function;
		bool    is_varlena;

		if (base == BYTEAOID || (ml_type_kind(base, &kind, &is_array) && !is_array))
			continue;
		getTypeOutputInfo(source->columns[i].type, &function, &is_varlena);
		fmgr_info(function, &scan->output[i]);
	}
}

/* Codes by canonical order, so that they do not depend on the order of rows. */
static void
rank_codes(const MlResampleRequest *request, MlResampleColumns *columns, MlGathered *gathered)
{
	for (int i = 0; i < columns->count; i++)
	{
		MlResampleColumn *column = &columns->columns[i];
		MlValue          *sorted;

		if (column->role != ML_ROLE_LABEL)
			continue;
		ml_values_rank(column->values, column->type);
		for (size_t r = 0; r < gathered->cases.rows; r++)
		{
			int32 *code = &gathered->code[r * columns->labels + column->slot];

			if (r % 16384 == 0)
				CHECK_FOR_INTERRUPTS();
			if (*code >= 0)
				*code = column->values->values[*code].rank;
		}
		sorted = MemoryContextAllocExtended(gathered->context, sizeof(MlValue) * (Size) (column->values->count + 1), MCXT_ALLOC_HUGE);
		for (int32 v = 0; v < column->values->count; v++)
			sorted[column->values->values[v].rank] = column->values->values[v];
		pfree(column->values->values ? column->values->values : palloc(1));
		column->values->values = sorted;
	}
}

static void
tell(const MlResampleColumns *columns, const MlGathered *gathered)
{
	if (gathered->without_class > 0)
		ereport(NOTICE,
				(errmsg_plural("%lld row whose target is NULL was left out", "%lld rows whose target is NULL were left out",
							   (unsigned long) gathered->without_class, (long long) gathered->without_class)));
	for (int i = 0; i < columns->count; i++)
	{
		const MlResampleColumn *column = &columns->columns[i];

		if (column->role != ML_ROLE_NUMBER)
			continue;
		if (column->nonfinite > 0)
			ereport(NOTICE,
					(errmsg_plural("column \"%s\" has %lld value that is NaN or infinite: it counts as the mean in distances, and is copied, never interpolated",
								   "column \"%s\" has %lld values that are NaN or infinite: they count as the mean in distances, and are copied, never interpolated",
								   (unsigned long) column->nonfinite, column->name, (long long) column->nonfinite)));
		if (column->finite == 0 && gathered->cases.rows > 0)
			ereport(NOTICE,
					(errmsg("column \"%s\" has no value that could be interpolated: it takes no part in distances", column->name)));
	}
}

MlGathered *
ml_resample_gather(const MlResampleRequest *request, MlResampleColumns *columns, MemoryContext context, Tuplestorestate *originals)
{
	MlGathered    *gathered = palloc0(sizeof(MlGathered));
	RowScan        scan;
	SmlEnv         env;
	StringInfoData list;

	ml_env_init(&env, context);
	gathered->context = context;
	gathered->classes = ml_resample_classes(request->source, request->training, request->target, context, &gathered->without_class);
	if (gathered->classes->count == 0 && gathered->without_class > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot resample by column \"%s\" with this data", request->source->columns[request->target].name),
				 errdetail("It is NULL in all rows.")));
	plan_classes(request, gathered, &env);
	memset(&scan, 0, sizeof(scan));
	scan.request = request;
	scan.columns = columns;
	scan.gathered = gathered;
	scan.originals = originals;
	scan.values = palloc(sizeof(Datum) * (columns->count + 1));
	scan.nulls = palloc(sizeof(bool) * (columns->count + 1));
	scan.left = ml_memory_limit();
	hash_types(&scan, request->source);
	take_room(&scan);
	initStringInfo(&list);
	for (int i = 0; i < request->source->column_count; i++)
		appendStringInfo(&list, "%ss.c%d", i ? ", " : "", i + 1);
	(void) ml_source_each(ml_source_query(request->source, list.data, request->training), (Datum) 0, keep_row, &scan);
	if (gathered->cases.rows != scan.room)
		rows_changed();
	rank_codes(request, columns, gathered);
	tell(columns, gathered);
	gathered->cases.numbers = gathered->cases.number_stride = columns->numbers;
	gathered->cases.labels = gathered->cases.code_stride = columns->labels;
	gathered->cases.class_count = gathered->class_count;
	gathered->cases.number = gathered->number;
	gathered->cases.code = gathered->code;
	gathered->cases.class_of = gathered->class_of;
	gathered->cases.key = gathered->key;
	return gathered;
}
