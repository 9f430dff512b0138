/*
 * labels.c - balanced_accuracy and mcc over pairs of labels of any type.
 *
 * The state is a dictionary of the labels met, with the margins of the confusion table
 * for each: no table of pairs is needed.  Memory grows with the number of distinct
 * labels, and stays under sustainml.memory_limit.  The dictionary lives in the
 * aggregate's memory; it travels between workers as
 *
 *   count u64, then per label: text, actual, predicted, hit f64, two counts u64
 *
 * One look-up per label, about 100 ns a row.  Rows with a NULL are skipped.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/shortest_dec.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "../../core/metric/metric.h"
#include "../env.h"
#include "../settings.h"
#include "labels.h"

/* ---- a pair of labels ------------------------------------------------------------ */

typedef struct PairReader
{
	MlReader actual; /* two, since a reader's text lives until its next read */
	MlReader predicted;
} PairReader;

static PairReader *
pair_reader(FunctionCallInfo fcinfo)
{
	PairReader *reader = fcinfo->flinfo->fn_extra;
	Oid         type;

	if (reader != NULL)
		return reader;
	type = get_fn_expr_argtype(fcinfo->flinfo, 1);
	reader = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(PairReader));
	if (!OidIsValid(type) || !ml_reader_init(&reader->actual, type, SML_LABEL) ||
		!ml_reader_init(&reader->predicted, type, SML_LABEL))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("values of type %s cannot be compared as labels", format_type_be(type)),
				 errhint("Cast them to text.")));
	fcinfo->flinfo->fn_extra = reader;
	return reader;
}

static SmlText
read_label(MlReader *reader, Datum value)
{
	double number;
	char  *digits;

	switch (reader->type)
	{
		case FLOAT4OID:
			number = (double) DatumGetFloat4(value);
			break;
		case FLOAT8OID:
			number = DatumGetFloat8(value);
			break;
		case NUMERICOID:
			digits = numeric_normalize(DatumGetNumeric(value));
			return (SmlText) {digits, (int32_t) strlen(digits)};
		default:
			return ml_read_label(reader, value, false);
	}
	/* the shortest digits that tell the number from all others, whatever extra_float_digits says */
	digits = palloc(DOUBLE_SHORTEST_DECIMAL_LEN);
	return (SmlText) {digits, double_to_shortest_decimal_buf(number + 0.0, digits)};
}

MlLabelPair
ml_label_pair(FunctionCallInfo fcinfo)
{
	PairReader *reader = pair_reader(fcinfo);

	return (MlLabelPair) {
		.actual = read_label(&reader->actual, PG_GETARG_DATUM(1)),
		.predicted = read_label(&reader->predicted, PG_GETARG_DATUM(2)),
	};
}

bool
ml_labels_equal(const MlLabelPair *pair)
{
	return pair->actual.length == pair->predicted.length &&
		   memcmp(pair->actual.bytes, pair->predicted.bytes, pair->actual.length) == 0;
}

/* ---- the dictionary ----------------------------------------------------------------- */

typedef struct LabelEntry
{
	SmlText   label;
	SmlMargin margin;
	uint32    hash;
	char      status;
} LabelEntry;

#define SH_PREFIX labels
#define SH_ELEMENT_TYPE LabelEntry
#define SH_KEY_TYPE SmlText
#define SH_KEY label
#define SH_HASH_KEY(table, key) hash_bytes((const unsigned char *) (key).bytes, (key).length)
#define SH_EQUAL(table, a, b) ((a).length == (b).length && memcmp((a).bytes, (b).bytes, (a).length) == 0)
#define SH_SCOPE static inline
#define SH_STORE_HASH
#define SH_GET_HASH(table, entry) (entry)->hash
#define SH_DECLARE
#define SH_DEFINE
/* the server's template shadows a variable of its own */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#include "lib/simplehash.h"
#pragma GCC diagnostic pop

typedef struct LabelState
{
	labels_hash  *table;
	MemoryContext context;
	size_t        text_bytes;
} LabelState;

static LabelState *
new_state(MemoryContext context)
{
	LabelState *state = MemoryContextAllocZero(context, sizeof(LabelState));

	state->context = context;
	state->table = labels_create(context, 16, NULL);
	return state;
}

static SmlMargin *
margin_of(LabelState *state, SmlText label)
{
	bool        found;
	LabelEntry *entry = labels_insert(state->table, label, &found);
	size_t      bytes;

	if (found)
		return &entry->margin;
	memset(&entry->margin, 0, sizeof(entry->margin));
	entry->label.bytes = MemoryContextAlloc(state->context, label.length + 1);
	memcpy((char *) entry->label.bytes, label.bytes, label.length);
	/* texts with their headers, and the table, which is at worst doubling */
	state->text_bytes += label.length + 1 + 16;
	bytes = state->text_bytes + 3 * state->table->size * sizeof(LabelEntry);
	if (bytes > ml_memory_limit())
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("cannot compare labels within sustainml.memory_limit"),
				 errdetail("%u distinct labels need %zu kB, and %zu kB are allowed.", state->table->members,
						   bytes / 1024, ml_memory_limit() / 1024),
				 errhint("Raise sustainml.memory_limit, or compare columns with fewer distinct values.")));
	return &entry->margin;
}

static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		elog(ERROR, "metric function called outside an aggregate");
	return context;
}

PG_FUNCTION_INFO_V1(sustainml_labels_step);
Datum
sustainml_labels_step(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	LabelState   *state = PG_ARGISNULL(0) ? NULL : (LabelState *) PG_GETARG_POINTER(0);
	MlLabelPair   pair;
	SmlMargin    *margin;
	double        weight = 1;
	bool          right;

	if (state == NULL)
		state = new_state(context);
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || (PG_NARGS() > 3 && PG_ARGISNULL(3)))
		PG_RETURN_POINTER(state);
	if (PG_NARGS() > 3)
		weight = PG_GETARG_FLOAT8(3);
	if (!(weight >= 0) || isinf(weight))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("weight must be finite and not negative, not %s", float8out_internal(weight))));
	if (weight == 0)
		PG_RETURN_POINTER(state);
	pair = ml_label_pair(fcinfo);
	right = ml_labels_equal(&pair);
	margin = margin_of(state, pair.actual);
	margin->actual += weight;
	margin->n_actual++;
	if (right)
		margin->hit += weight;
	/* a second look-up may move the table: take the entry anew */
	margin = right ? margin : margin_of(state, pair.predicted);
	margin->predicted += weight;
	margin->n_predicted++;
	PG_RETURN_POINTER(state);
}

static void
add_margin(LabelState *state, SmlText label, const SmlMargin *from)
{
	SmlMargin *into = margin_of(state, label);

	into->actual += from->actual;
	into->predicted += from->predicted;
	into->hit += from->hit;
	into->n_actual += from->n_actual;
	into->n_predicted += from->n_predicted;
}

PG_FUNCTION_INFO_V1(sustainml_labels_merge);
Datum
sustainml_labels_merge(PG_FUNCTION_ARGS)
{
	MemoryContext   context = aggregate_context(fcinfo);
	LabelState     *into = PG_ARGISNULL(0) ? new_state(context) : (LabelState *) PG_GETARG_POINTER(0);
	labels_iterator iterator;
	LabelEntry     *entry;

	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(into);
	labels_start_iterate(((LabelState *) PG_GETARG_POINTER(1))->table, &iterator);
	while ((entry = labels_iterate(((LabelState *) PG_GETARG_POINTER(1))->table, &iterator)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		add_margin(into, entry->label, &entry->margin);
	}
	PG_RETURN_POINTER(into);
}

/* ---- bytes ---------------------------------------------------------------------------- */

PG_FUNCTION_INFO_V1(sustainml_labels_write);
Datum
sustainml_labels_write(PG_FUNCTION_ARGS)
{
	LabelState     *state = (LabelState *) PG_GETARG_POINTER(0);
	SmlEnv          env;
	SmlWriter       writer;
	labels_iterator iterator;
	LabelEntry     *entry;
	bytea          *result;

	(void) aggregate_context(fcinfo);
	ml_env_init(&env, CurrentMemoryContext);
	sml_writer_start(&writer, &env);
	sml_write_u64(&writer, state->table->members);
	labels_start_iterate(state->table, &iterator);
	while ((entry = labels_iterate(state->table, &iterator)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		sml_write_u64(&writer, entry->label.length);
		sml_write_bytes(&writer, entry->label.bytes, entry->label.length);
		sml_write_f64(&writer, entry->margin.actual);
		sml_write_f64(&writer, entry->margin.predicted);
		sml_write_f64(&writer, entry->margin.hit);
		sml_write_u64(&writer, entry->margin.n_actual);
		sml_write_u64(&writer, entry->margin.n_predicted);
	}
	ML_CHECK(&env, writer.status, "send the labels of a parallel worker");
	result = palloc(VARHDRSZ + writer.size);
	SET_VARSIZE(result, VARHDRSZ + writer.size);
	memcpy(VARDATA(result), writer.bytes, writer.size);
	sml_writer_free(&writer);
	PG_RETURN_BYTEA_P(result);
}

PG_FUNCTION_INFO_V1(sustainml_labels_read);
Datum
sustainml_labels_read(PG_FUNCTION_ARGS)
{
	bytea      *bytes = PG_GETARG_BYTEA_PP(0);
	LabelState *state;
	SmlEnv      env;
	SmlReader   reader;
	size_t      count;

	(void) aggregate_context(fcinfo);
	state = new_state(CurrentMemoryContext);
	ml_env_init(&env, CurrentMemoryContext);
	sml_reader_start(&reader, &env, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	count = sml_read_count(&reader, 48);
	for (size_t i = 0; i < count && reader.status == SML_OK; i++)
	{
		SmlText   label = {NULL, (int32_t) sml_read_count(&reader, 1)};
		SmlMargin margin;

		CHECK_FOR_INTERRUPTS();
		label.bytes = (const char *) reader.at;
		reader.at += label.length;
		margin.actual = sml_read_f64(&reader);
		margin.predicted = sml_read_f64(&reader);
		margin.hit = sml_read_f64(&reader);
		margin.n_actual = sml_read_u64(&reader);
		margin.n_predicted = sml_read_u64(&reader);
		if (reader.status == SML_OK)
			add_margin(state, label, &margin);
	}
	ML_CHECK(&env, reader.status, "read the labels of a parallel worker");
	PG_RETURN_POINTER(state);
}

/* ---- figures --------------------------------------------------------------------------- */

static int
by_label(const void *a, const void *b)
{
	const LabelEntry *x = *(LabelEntry *const *) a;
	const LabelEntry *y = *(LabelEntry *const *) b;
	int               order;

	/* millions of labels take seconds to sort, and the sort leaves nothing behind when it ends here */
	CHECK_FOR_INTERRUPTS();
	order = memcmp(x->label.bytes, y->label.bytes, Min(x->label.length, y->label.length));

	return order != 0 ? order : x->label.length - y->label.length;
}

/* The margins in byte order of the labels, so that the sums do not depend on the order of rows. */
static Datum
labels_figure(FunctionCallInfo fcinfo, double (*figure)(const SmlMargin *, size_t))
{
	LabelState     *state;
	labels_iterator iterator;
	LabelEntry     *entry;
	LabelEntry    **entries;
	SmlMargin      *margins;
	size_t          count = 0;
	double          value;

	(void) aggregate_context(fcinfo);
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	state = (LabelState *) PG_GETARG_POINTER(0);
	entries = palloc_extended(sizeof(LabelEntry *) * (state->table->members + 1), MCXT_ALLOC_HUGE);
	margins = palloc_extended(sizeof(SmlMargin) * (state->table->members + 1), MCXT_ALLOC_HUGE);
	labels_start_iterate(state->table, &iterator);
	while ((entry = labels_iterate(state->table, &iterator)) != NULL)
		entries[count++] = entry;
	qsort(entries, count, sizeof(LabelEntry *), by_label);
	for (size_t i = 0; i < count; i++)
		margins[i] = entries[i]->margin;
	value = figure(margins, count);
	if (isnan(value))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(value);
}

PG_FUNCTION_INFO_V1(sustainml_balanced_accuracy_final);
Datum
sustainml_balanced_accuracy_final(PG_FUNCTION_ARGS)
{
	return labels_figure(fcinfo, sml_margins_balanced_accuracy);
}

PG_FUNCTION_INFO_V1(sustainml_mcc_final);
Datum
sustainml_mcc_final(PG_FUNCTION_ARGS)
{
	return labels_figure(fcinfo, sml_margins_mcc);
}
