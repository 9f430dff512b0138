/*
 * support.c - the planner support function of the predict family.
 *
 * predict('m', t) with a constant name is rewritten into
 * predict_columns('m', '{age,sex,…}', t.age, t.sex, …) with just the columns that the
 * model needs.  A row need not be built, and columns that nobody asks for need not be read: this
 * is what makes the convenient form cost what the positional form costs.  An array written
 * as ARRAY[a, b, …] is taken apart in the same way, and need not be built.
 *
 * The rewrite is declined, and the row form runs, whenever anything is out of the
 * ordinary: an unknown model or column (the execution says so), more columns than a function takes,
 * a row from a function, a CTE or a partition's conversion, sealed values that are bound to the key of their row.  A null-extended row of an outer join is
 * NULL in both forms, since a row whose features are all NULL has no prediction.
 *
 * The plan depends on the model table, so a retrained model makes prepared statements plan anew; and
 * the names travel with the call, so that a model that changed between planning and execution cannot
 * take one column for another.
 */
#include "../compat.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "parser/parse_func.h"
#include "parser/parsetree.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "../cache.h"
#include "../catalog_internal.h"
#include "../nearest.h"
#include "../privacy/row_key.h"
#include "../privacy/sealed.h"

/* Arguments of a function, less the model and the names. */
#define MOST_COLUMNS 97

/* The columns of a row expression: names, and an expression for each. */
typedef struct RowColumns
{
	int          count;
	const char **names;  /* NULL: dropped */
	Node       **values;
} RowColumns;

static void
alloc_columns(RowColumns *columns, int count)
{
	columns->count = count;
	columns->names = palloc0(sizeof(char *) * (count + 1));
	columns->values = palloc0(sizeof(Node *) * (count + 1));
}

/* A column of the same range table entry as a whole-row Var. */
static Node *
column_of(const Var *whole, AttrNumber number, Oid type, int32 typmod, Oid collation)
{
	Var *column = copyObject((Var *) whole);

	column->varattno = number;
	column->vartype = type;
	column->vartypmod = typmod;
	column->varcollid = collation;
	column->varattnosyn = column->varnosyn ? number : 0;
	return (Node *) column;
}

static void
columns_of_relation(const Var *whole, Oid relid, RowColumns *columns)
{
	Relation  relation = table_open(relid, NoLock);
	TupleDesc row = RelationGetDescr(relation);

	alloc_columns(columns, row->natts);
	for (int i = 0; i < row->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(row, i);

		if (attribute->attisdropped)
			continue;
		columns->names[i] = pstrdup(NameStr(attribute->attname));
		columns->values[i] = column_of(whole, (AttrNumber) (i + 1), attribute->atttypid, attribute->atttypmod, attribute->attcollation);
	}
	table_close(relation, NoLock);
}

static void
columns_of_subquery(const Var *whole, const RangeTblEntry *entry, RowColumns *columns)
{
	ListCell *cell;
	int       i = 0;

	alloc_columns(columns, list_length(entry->subquery->targetList));
	foreach(cell, entry->subquery->targetList)
	{
		TargetEntry *target = lfirst_node(TargetEntry, cell);
		Node        *value = (Node *) target->expr;

		if (target->resjunk || i >= list_length(entry->eref->colnames))
			continue;
		columns->names[i] = strVal(list_nth(entry->eref->colnames, i));
		columns->values[i] = column_of(whole, target->resno, exprType(value), exprTypmod(value), exprCollation(value));
		i++;
	}
	columns->count = i;
}

/* A row of a simple view or subquery that was pulled up. */
static bool
columns_of_row_expression(const RowExpr *expression, RowColumns *columns)
{
	TupleDesc row = NULL;
	ListCell *cell;
	int       i = 0;

	alloc_columns(columns, list_length(expression->args));
	if (expression->row_typeid != RECORDOID)
	{
		row = lookup_rowtype_tupdesc_domain(expression->row_typeid, -1, true);
		if (row == NULL)
			return false;
	}
	foreach(cell, expression->args)
	{
		const char *name = NULL;

		if (row && i < row->natts && !TupleDescAttr(row, i)->attisdropped)
			name = pstrdup(NameStr(TupleDescAttr(row, i)->attname));
		else if (row == NULL && i < list_length(expression->colnames))
			name = strVal(list_nth(expression->colnames, i));
		columns->names[i] = name;
		columns->values[i++] = lfirst(cell);
	}
	if (row)
		ReleaseTupleDesc(row);
	return true;
}

static bool
find_columns(PlannerInfo *root, Node *argument, RowColumns *columns)
{
	RangeTblEntry *entry;
	Var           *whole;

	if (IsA(argument, RowExpr))
		return columns_of_row_expression((RowExpr *) argument, columns);
	if (!IsA(argument, Var))
		return false;
	whole = (Var *) argument;
	if (whole->varattno != InvalidAttrNumber || whole->varlevelsup != 0 || whole->varno <= 0 ||
		whole->varno > list_length(root->parse->rtable))
		return false;
	entry = rt_fetch(whole->varno, root->parse->rtable);
	if (entry->rtekind == RTE_RELATION)
		columns_of_relation(whole, entry->relid, columns);
	else if (entry->rtekind == RTE_SUBQUERY && entry->subquery)
		columns_of_subquery(whole, entry, columns);
	else
		return false;
	return true;
}

/* The elements of ARRAY[…] are the model's features in their order, when these are plain numbers. */
static bool
elements_of_array(const ArrayExpr *array, const SmlLayout *layout, RowColumns *columns)
{
	Oid       type = array->element_typeid;
	ListCell *cell;
	int       i = 0;

	if (array->multidims || layout->labels > 0 || layout->column_count != layout->numbers ||
		(size_t) list_length(array->elements) != layout->numbers ||
		(type != FLOAT8OID && type != FLOAT4OID && type != INT4OID && type != INT8OID && type != INT2OID && type != NUMERICOID))
		return false;
	/* as many columns as numbers: each is a scalar, unless one is an array of one element */
	for (size_t c = 0; c < layout->column_count; c++)
		if (layout->columns[c].elements > 0)
			return false;
	alloc_columns(columns, list_length(array->elements));
	foreach(cell, array->elements)
	{
		columns->names[i] = layout->columns[i].name;
		columns->values[i++] = lfirst(cell);
	}
	return true;
}

/* The twin of a predict function that takes names and columns. */
static Oid
columns_function(Oid function)
{
	char *name = get_func_name(function);
	Oid   types[3] = {TEXTOID, TEXTARRAYOID, ANYOID};

	if (name == NULL)
		return InvalidOid;
	return LookupFuncName(list_make2(makeString("sustainml_internal"), makeString(psprintf("%s_columns", name))), 3, types, true);
}

static Node *
rewrite(PlannerInfo *root, FuncExpr *call)
{
	Const           *name = linitial(call->args);
	MlVersion       *version = ml_version_try(TextDatumGetCString(name->constvalue), ML_PREDICT);
	const SmlLayout *layout;
	RowColumns       columns;
	Datum            names[MOST_COLUMNS];
	List            *arguments;
	List            *values = NIL;
	Oid              twin;
	FuncExpr        *fresh;

	if (version == NULL)
		return NULL;
	layout = &ml_model_get(version)->model->encoder->layout;
	if (IsA(lsecond(call->args), ArrayExpr) ? !elements_of_array(lsecond(call->args), layout, &columns) :
		!find_columns(root, lsecond(call->args), &columns))
		return NULL;
	twin = columns_function(call->funcid);
	if (layout->column_count > MOST_COLUMNS || !OidIsValid(twin))
		return NULL;
	for (size_t c = 0; c < layout->column_count; c++)
	{
		int found = ml_find_name(layout->columns[c].name, columns.names, columns.count);

		/* a value that is bound to its row needs the row's key beside it */
		if (found < 0 || (exprTypmod(columns.values[found]) > 0 && exprType(columns.values[found]) == ml_sealed_type() &&
						  ml_row_key(exprTypmod(columns.values[found]))))
			return NULL;
		names[c] = CStringGetTextDatum(layout->columns[c].name);
		values = lappend(values, columns.values[found]);
	}
	arguments = list_make2(name, makeConst(TEXTARRAYOID, -1, InvalidOid, -1,
										   PointerGetDatum(construct_array(names, (int) layout->column_count, TEXTOID, -1, false, TYPALIGN_INT)),
										   false, false));
	fresh = makeFuncExpr(twin, call->funcresulttype, list_concat(arguments, values), call->funccollid, call->inputcollid, COERCE_EXPLICIT_CALL);
	fresh->location = call->location;
	root->glob->relationOids = list_append_unique_oid(root->glob->relationOids, ml_catalog_relation("model_version"));
	return (Node *) fresh;
}

PG_FUNCTION_INFO_V1(sustainml_predict_support);
Datum
sustainml_predict_support(PG_FUNCTION_ARGS)
{
	Node                   *raw = (Node *) PG_GETARG_POINTER(0);
	SupportRequestSimplify *request;
	Node                   *first;

	if (!IsA(raw, SupportRequestSimplify))
		PG_RETURN_POINTER(NULL);
	request = (SupportRequestSimplify *) raw;
	if (request->root == NULL || request->root->glob == NULL || list_length(request->fcall->args) != 2 || request->fcall->funcvariadic)
		PG_RETURN_POINTER(NULL);
	first = linitial(request->fcall->args);
	if (!IsA(first, Const) || ((Const *) first)->constisnull || ((Const *) first)->consttype != TEXTOID)
		PG_RETURN_POINTER(NULL);
	PG_RETURN_POINTER(rewrite(request->root, request->fcall));
}
