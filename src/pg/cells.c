/*
 * cells.c - columns of a row to numbers and labels; see cells.h.
 *
 * Cost: no allocation per row unless a label is longer than anything before.
 */
#include "compat.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "cells.h"
#include "env.h"
#include "privacy/learn.h"
#include "privacy/row_key.h"
#include "state.h"

#define CELLS_PER_CALL 98 /* variadic arguments of one call, plan aside */

typedef struct Cells
{
	int32  vl_len_;
	uint32 filled; /* SQL columns so far */
	double numbers[FLEXIBLE_ARRAY_MEMBER];
} Cells;

/* ---- the columns of a layout ----------------------------------------------------- */

MlCellColumn *
ml_cell_columns(const SmlLayout *layout, int *count)
{
	MlCellColumn *columns = palloc0(sizeof(MlCellColumn) * (layout->column_count + 2));
	int           n = 0;

	for (int kind = SML_NUMBER; kind <= SML_LABEL; kind++)
	{
		for (size_t i = 0; i < layout->column_count; i++)
			if ((int) layout->columns[i].kind == kind)
			{
				columns[n].kind = layout->columns[i].kind;
				columns[n].first = layout->columns[i].first;
				columns[n].elements = layout->columns[i].elements;
				columns[n].name = pstrdup(layout->columns[i].name);
				n++;
			}
		if (kind == SML_NUMBER && layout->target == SML_TARGET_NUMBER)
		{
			columns[n].kind = SML_NUMBER;
			columns[n].name = "target";
			columns[n++].first = sml_layout_target(layout);
		}
		if (kind == SML_NUMBER && layout->weighted)
		{
			columns[n].kind = SML_NUMBER;
			columns[n].name = "weight";
			columns[n++].first = sml_layout_weight(layout);
		}
	}
	if (layout->target == SML_TARGET_CLASS)
	{
		columns[n].kind = SML_LABEL;
		columns[n].name = "target";
		columns[n++].first = sml_layout_target(layout);
	}
	*count = n;
	return columns;
}

/* Source column of each cell column: features by "source_columns" (layout order), then target and weight. */
static int *
order_columns(const SmlLayout *layout, const int *source_columns, int target, int weight, int *count)
{
	int *order = palloc(sizeof(int) * (layout->column_count + 2));
	int  n = 0;

	for (int kind = SML_NUMBER; kind <= SML_LABEL; kind++)
	{
		for (size_t i = 0; i < layout->column_count; i++)
			if ((int) layout->columns[i].kind == kind)
				order[n++] = source_columns[i];
		if (kind == SML_NUMBER && layout->target == SML_TARGET_NUMBER)
			order[n++] = target;
		if (kind == SML_NUMBER && layout->weighted)
			order[n++] = weight;
	}
	if (layout->target == SML_TARGET_CLASS)
		order[n++] = target;
	*count = n;
	return order;
}

char *
ml_cells_call(const SmlLayout *layout, const MlSource *source, const int *source_columns, int target, int weight)
{
	int            count;
	int           *order = order_columns(layout, source_columns, target, weight, &count);
	StringInfoData call;
	int            done = 0;

	initStringInfo(&call);
	while (done < count || done == 0)
	{
		StringInfoData next;
		int            room = done == 0 ? CELLS_PER_CALL : CELLS_PER_CALL - 1;

		initStringInfo(&next);
		appendStringInfoString(&next, "sustainml_internal.cells($1");
		if (done > 0)
			appendStringInfo(&next, ", %s", call.data);
		for (int i = 0; i < room && done < count; i++)
			appendStringInfo(&next, ", %s", ml_source_cell(source, order[done++]));
		appendStringInfoChar(&next, ')');
		pfree(call.data);
		call = next;
		if (count == 0)
			break;
	}
	pfree(order);
	return call.data;
}

char *
ml_row_list(const SmlLayout *layout, const MlSource *source, const int *source_columns, int target, int weight, Oid **types)
{
	int            count;
	int           *order = order_columns(layout, source_columns, target, weight, &count);
	StringInfoData list;

	initStringInfo(&list);
	*types = palloc(sizeof(Oid) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		appendStringInfo(&list, "%s%s", i ? ", " : "", ml_source_cell(source, order[i]));
		(*types)[i] = ml_source_cell_type(source, order[i]);
	}
	pfree(order);
	return list.data;
}

/* ---- converting ----------------------------------------------------------------- */

static void
init_reader(MlReader *reader, Oid type, const MlCellColumn *column)
{
	if (!ml_reader_init_opening(reader, type, column->kind) || !ml_reader_fits(reader, column->elements > 0))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s does not fit the training plan", column->name, format_type_be(type))));
}

static inline void
fill_number(const MlCellColumn *column, const MlReader *reader, Datum value, bool isnull, double *numbers)
{
	if (column->elements == 0)
		numbers[column->first] = ml_read_number(reader, value, isnull);
	else
		(void) ml_read_array(reader, value, isnull, numbers + column->first, column->elements, column->name);
}

/*
 * How many of the first columns are float8 and lie side by side in numbers: most columns of
 * many tables, which a plain loop copies.
 */
static int
count_plain(const MlCellColumn *columns, const MlReader *readers, int count)
{
	int plain = 0;

	while (plain < count && columns[plain].kind == SML_NUMBER && columns[plain].elements == 0 &&
		   readers[plain].how == ML_READ_FLOAT8 && columns[plain].first == columns[0].first + (size_t) plain)
		plain++;
	return plain;
}

MlRowBuffer *
ml_row_buffer(const SmlLayout *layout, const Oid *types)
{
	MlRowBuffer *buffer = palloc0(sizeof(MlRowBuffer));

	buffer->columns = ml_cell_columns(layout, &buffer->count);
	buffer->readers = palloc0(sizeof(MlReader) * Max(buffer->count, 1));
	buffer->numbers = palloc0(sizeof(double) * Max(sml_layout_numbers(layout), 1));
	buffer->labels = palloc0(sizeof(SmlText) * Max(sml_layout_labels(layout), 1));
	for (int i = 0; i < buffer->count; i++)
	{
		init_reader(&buffer->readers[i], types[i], &buffer->columns[i]);
		buffer->readers[i].sealed = ML_SEALED_SHUT;
	}
	buffer->plain = count_plain(buffer->columns, buffer->readers, buffer->count);
	return buffer;
}

void
ml_row_expect(MlRowBuffer *buffer, const SmlLayout *layout, const MlSource *source, const int *source_columns, int target, int weight)
{
	int  count;
	int *order = order_columns(layout, source_columns, target, weight, &count);

	for (int i = 0; i < count; i++)
		buffer->readers[i].sealed = source->columns[order[i]].sealed;
	pfree(order);
}

SmlRow
ml_row_fill(MlRowBuffer *buffer, const Datum *values, const bool *nulls)
{
	double *plain = buffer->plain > 0 ? buffer->numbers + buffer->columns[0].first : NULL;
	double  missing = sml_missing();

	for (int i = 0; i < buffer->plain; i++)
		plain[i] = nulls[i] ? missing : DatumGetFloat8(values[i]);
	for (int i = buffer->plain; i < buffer->count; i++)
	{
		const MlCellColumn *column = &buffer->columns[i];

		if (column->kind == SML_NUMBER)
			fill_number(column, &buffer->readers[i], values[i], nulls[i], buffer->numbers);
		else
			buffer->labels[column->first] = ml_read_label(&buffer->readers[i], values[i], nulls[i]);
	}
	return (SmlRow){buffer->numbers, buffer->labels};
}

/* ---- cells(plan, …) --------------------------------------------------------------- */

typedef struct CellsCall
{
	MemoryContext context;
	size_t        numbers;   /* slots */
	size_t        labels;
	int           count;     /* columns of the layout */
	MlCellColumn *columns;
	int           nested;    /* 1 when the first argument is cells */
	int           first;     /* columns that these have filled, in every row */
	MlReader     *readers;   /* per argument */
	int           plain;     /* arguments that a plain loop copies */
	Oid           type;      /* of cells itself */
	Cells        *buffer;
	size_t        room;
} CellsCall;

static CellsCall *
start_call(FunctionCallInfo fcinfo)
{
	MemoryContext context = fcinfo->flinfo->fn_mcxt;
	MemoryContext old = MemoryContextSwitchTo(context);
	CellsCall    *call = palloc0(sizeof(CellsCall));
	bytea        *plan_bytes;
	SmlLayout     layout;
	SmlEnv        env;
	int           arguments = PG_NARGS() - 1;

	if (!get_fn_expr_arg_stable(fcinfo->flinfo, 0) || PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the plan of a training pass must be a constant"),
				 errhint("This function serves sustainml.train; call that instead.")));
	plan_bytes = PG_GETARG_BYTEA_PP(0);
	ml_env_init(&env, context);
	ML_CHECK(&env, sml_plan_read_layout(&env, VARDATA_ANY(plan_bytes), VARSIZE_ANY_EXHDR(plan_bytes), &layout), "read a training plan");
	call->context = context;
	call->numbers = sml_layout_numbers(&layout);
	call->labels = sml_layout_labels(&layout);
	call->columns = ml_cell_columns(&layout, &call->count);
	call->type = get_fn_expr_rettype(fcinfo->flinfo);
	call->nested = arguments > 0 && get_fn_expr_argtype(fcinfo->flinfo, 1) == call->type;
	call->readers = palloc0(sizeof(MlReader) * (arguments + 1));
	call->room = sizeof(Cells) + sizeof(double) * call->numbers + 64 * (call->labels + 1);
	call->buffer = palloc0(call->room);
	sml_layout_free(&env, &layout);
	MemoryContextSwitchTo(old);
	fcinfo->flinfo->fn_extra = call;
	return call;
}

/* The readers of the columns from "first" on, when the first row shows where this call begins. */
static void
init_readers(FunctionCallInfo fcinfo, CellsCall *call, int first, int arguments)
{
	MemoryContext old = MemoryContextSwitchTo(call->context);

	if (first + arguments > call->count)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("too many columns for the training plan")));
	call->first = first;
	for (int i = 0; i < arguments; i++)
	{
		init_reader(&call->readers[i], get_fn_expr_argtype(fcinfo->flinfo, 1 + call->nested + i), &call->columns[first + i]);
		if (call->readers[i].how != ML_READ_SEALED)
			continue;
		if (!ml_sealed_pass)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("sealed values enter a training pass only through sustainml.train")));
		call->readers[i].sealed = ml_argument_column(fcinfo, 1 + call->nested + i);
	}
	call->plain = count_plain(call->columns + first, call->readers, arguments);
	MemoryContextSwitchTo(old);
}

static void
reserve(CellsCall *call, size_t size)
{
	if (size > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the labels of one row exceed 1 GB")));
	if (size <= call->room)
		return;
	call->room = Min(MaxAllocSize, Max(size, call->room * 2));
	call->buffer = repalloc(call->buffer, call->room);
}

/* Add one label at offset *size. */
static void
append_label(CellsCall *call, SmlText text, size_t *size)
{
	size_t bytes = text.length > 0 ? (size_t) text.length : 0;

	reserve(call, *size + sizeof(int32) + bytes);
	memcpy((char *) call->buffer + *size, &text.length, sizeof(int32));
	if (bytes)
		memcpy((char *) call->buffer + *size + sizeof(int32), text.bytes, bytes);
	*size += sizeof(int32) + bytes;
}

static inline void
copy_plain(CellsCall *call, int first, const NullableDatum *arguments)
{
	int     count = call->plain;
	double  missing = sml_missing();
	double *numbers;

	if (count == 0)
		return;
	numbers = call->buffer->numbers + call->columns[first].first;
	for (int i = 0; i < count; i++)
		numbers[i] = arguments[i].isnull ? missing : DatumGetFloat8(arguments[i].value);
}

PG_FUNCTION_INFO_V1(sustainml_cells);
Datum
sustainml_cells(PG_FUNCTION_ARGS)
{
	CellsCall *call = fcinfo->flinfo->fn_extra;
	int        first = 0;
	int        arguments;
	size_t     size;

	if (call == NULL)
	{
		call = start_call(fcinfo);
		call->buffer->filled = UINT32_MAX;
	}
	arguments = PG_NARGS() - 1 - call->nested;
	size = sizeof(Cells) + sizeof(double) * call->numbers;
	if (call->nested)
	{
		const Cells *before = (const Cells *) PG_DETOAST_DATUM(PG_GETARG_DATUM(1));

		if (PG_ARGISNULL(1) || VARSIZE(before) < size || before->filled > (uint32) call->count)
			elog(ERROR, "cells of another plan");
		first = (int) before->filled;
		size = VARSIZE(before);
		reserve(call, size);
		if (call->buffer->filled == UINT32_MAX)
			init_readers(fcinfo, call, first, arguments);
		/* the columns, and what reads them, are those of the first row */
		if (first != call->first)
			elog(ERROR, "cells of another plan");
		memcpy(call->buffer, before, size);
	}
	else if (call->buffer->filled == UINT32_MAX)
		init_readers(fcinfo, call, 0, arguments);
	copy_plain(call, first, fcinfo->args + 1 + call->nested);
	for (int i = call->plain; i < arguments; i++)
	{
		const MlCellColumn *column = &call->columns[first + i];
		NullableDatum      *argument = &fcinfo->args[1 + call->nested + i];

		if (column->kind == SML_NUMBER)
			fill_number(column, &call->readers[i], argument->value, argument->isnull, call->buffer->numbers);
		else
			append_label(call, ml_read_label(&call->readers[i], argument->value, argument->isnull), &size);
	}
	call->buffer->filled = (uint32) (first + arguments);
	SET_VARSIZE(call->buffer, size);
	PG_RETURN_POINTER(call->buffer);
}

/* ---- fold(plan, cells) --------------------------------------------------------------- */

typedef struct FoldCall
{
	int      columns;
	size_t   numbers;
	size_t   label_count;
	SmlText *labels;
} FoldCall;

static FoldCall *
start_fold(FunctionCallInfo fcinfo, const SmlLayout *layout)
{
	FoldCall      *call = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(FoldCall));
	MemoryContext  old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);

	(void) ml_cell_columns(layout, &call->columns);
	call->numbers = sml_layout_numbers(layout);
	call->label_count = sml_layout_labels(layout);
	call->labels = palloc0(sizeof(SmlText) * (call->label_count + 1));
	MemoryContextSwitchTo(old);
	fcinfo->flinfo->fn_extra = call;
	return call;
}

/* The row inside a cells value; every length is checked, since the value is not ours to trust. */
static SmlRow
open_cells(FoldCall *call, const Cells *cells)
{
	const char *at = (const char *) (cells->numbers + call->numbers);
	const char *end = (const char *) cells + VARSIZE(cells);

	if (at > end || cells->filled != (uint32) call->columns)
		elog(ERROR, "cells do not fit the training plan");
	for (size_t i = 0; i < call->label_count; i++)
	{
		int32 length;

		if (end - at < (ptrdiff_t) sizeof(int32))
			elog(ERROR, "cells do not fit the training plan");
		memcpy(&length, at, sizeof(int32));
		at += sizeof(int32);
		if (length < -1 || length > end - at)
			elog(ERROR, "cells do not fit the training plan");
		call->labels[i] = (SmlText){at, length};
		if (length > 0)
			at += length;
	}
	return (SmlRow){cells->numbers, call->labels};
}

PG_FUNCTION_INFO_V1(sustainml_fold_step);
Datum
sustainml_fold_step(PG_FUNCTION_ARGS)
{
	MemoryContext aggregate;
	MlState      *state;
	FoldCall     *call;
	SmlPass      *pass;
	SmlRow        row;
	SmlStatus     status;

	if (AggCheckCallContext(fcinfo, &aggregate) != AGG_CONTEXT_AGGREGATE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a training pass cannot run as a window function")));
	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("fold needs a plan and cells")));
	if (PG_ARGISNULL(0))
	{
		bytea *plan = PG_GETARG_BYTEA_PP(1);

		state = ml_state_new(VARDATA_ANY(plan), VARSIZE_ANY_EXHDR(plan), aggregate);
	}
	else
		state = ml_state_get(PG_GETARG_DATUM(0), aggregate);
	pass = ml_state_pass(state);
	call = fcinfo->flinfo->fn_extra;
	if (call == NULL)
		call = start_fold(fcinfo, &pass->plan->layout);
	/* groups may have plans of their own, and the row is read for one of them */
	if (sml_layout_numbers(&pass->plan->layout) != call->numbers || sml_layout_labels(&pass->plan->layout) != call->label_count)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the plan of a training pass must be a constant"),
				 errhint("This function serves sustainml.train; call that instead.")));
	row = open_cells(call, (const Cells *) PG_DETOAST_DATUM(PG_GETARG_DATUM(2)));
	status = sml_pass_absorb(ml_state_env(state), pass, &row);
	if (status != SML_OK)
		ml_raise(ml_state_env(state), status, "train");
	PG_RETURN_DATUM(ml_state_datum(state));
}

/* ---- the type cells -------------------------------------------------------------- */

PG_FUNCTION_INFO_V1(sustainml_cells_in);
Datum
sustainml_cells_in(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("values of type sustainml_internal.cells exist only inside a training pass")));
}

PG_FUNCTION_INFO_V1(sustainml_cells_out);
Datum
sustainml_cells_out(PG_FUNCTION_ARGS)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("values of type sustainml_internal.cells exist only inside a training pass")));
}
