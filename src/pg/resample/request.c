/*
 * request.c - the arguments of the resampling functions, checked before any work.
 *
 * All functions of the family have their arguments in one order; the lineage has one more.
 */
#include "resample.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

#include "../args.h"
#include "../nearest.h"
#include "../train/train.h"

enum
{
	ARG_ROWS = 0, ARG_TARGET, ARG_K, ARG_RATIO, ARG_STRATEGY, ARG_KIND, ARG_SEED, ARG_FILTER, ARG_FEATURES, ARG_EXCLUDE,
	ARG_KEYS, ARG_M, ARG_SHRINKAGE, ARG_SCALE, ARG_SPLIT, ARG_KEY
};

#define MOST_NEIGHBOURS 256 /* votes and lists grow with it */

/* ---- the filter --------------------------------------------------------------------- */

/* A syntax error is one of the filter, not of the statement that carries it. */
static void
filter_error(void *text)
{
	int at = geterrposition();

	if (at > 0)
	{
		errposition(0);
		internalerrposition(at);
		internalerrquery(text);
	}
	errcontext("the filter of the source");
}

static List *
parse(char *text)
{
	ErrorContextCallback callback = {error_context_stack, filter_error, text};
	List                *parsed;

	error_context_stack = &callback;
	parsed = raw_parser(text, RAW_PARSE_DEFAULT);
	error_context_stack = callback.previous;
	return parsed;
}

static Node *
only_expression(const char *filter)
{
	List       *parsed = parse(psprintf("SELECT (%s\n)", filter));
	SelectStmt *select = NULL;

	if (list_length(parsed) == 1 && IsA(linitial_node(RawStmt, parsed)->stmt, SelectStmt))
		select = (SelectStmt *) linitial_node(RawStmt, parsed)->stmt;
	if (select == NULL || select->op != SETOP_NONE || list_length(select->targetList) != 1 || select->fromClause || select->whereClause ||
		select->groupClause || select->havingClause || select->windowClause || select->sortClause || select->limitCount ||
		select->limitOffset || select->lockingClause || select->withClause || select->distinctClause || select->intoClause || select->valuesLists)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("the filter must be one boolean expression"),
				 errhint("Write what would follow WHERE, for example filter => 'NOT sustainml.held_out(0, 0.2, id)'.")));
	return linitial_node(ResTarget, select->targetList)->val;
}

MlSource *
ml_resample_source(const MlSource *source, const char *filter)
{
	Node       *expression = only_expression(filter);
	char       *text = psprintf("SELECT * FROM %s%s WHERE (%s\n)", source->from, OidIsValid(source->relid) ? "" : " AS source_rows", filter);
	List       *parsed = parse(text);
	SelectStmt *select = (SelectStmt *) linitial_node(RawStmt, parsed)->stmt;

	/* in its place it must still be the same expression, and the whole of it */
	if (list_length(parsed) != 1 || !IsA(select, SelectStmt) || !equal(select->whereClause, expression) || select->groupClause ||
		select->sortClause || select->limitCount || select->op != SETOP_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("the filter must be one boolean expression")));
	return ml_source_open(text);
}

/* Whether a function called held_out is called in a filter. */
static bool
calls_held_out(Node *node, void *nothing)
{
	if (node == NULL)
		return false;
	if (IsA(node, FuncCall) && strcmp(strVal(llast(((FuncCall *) node)->funcname)), "held_out") == 0)
		return true;
	return raw_expression_tree_walker(node, calls_held_out, nothing);
}

/* A filter is about real rows: keys of synthetic rows are drawn without it. */
static void
tell_of_keys(const MlResampleRequest *request, const char *filter)
{
	if (filter == NULL || request->split || request->lineage || request->keys == ML_KEYS_PARENT || sml_resample_side(request->kind) == SML_SIDE_UNDER)
		return;
	if (calls_held_out(only_expression(filter), NULL))
		ereport(NOTICE,
				(errmsg("the filter keeps held-out rows away, but not the keys of synthetic rows: by these, some would be held out later"),
				 errhint("Use split instead of filter, for example split => '{\"holdout\": 0.2, \"seed\": 0}': it passes such keys over.")));
}

/* ---- small arguments ------------------------------------------------------------------- */

/* A name, or the text of a JSON object; a JSON string stands for the name in it. */
static char *
strategy_argument(FunctionCallInfo fcinfo)
{
	char  *text = ml_text_argument(fcinfo, ARG_STRATEGY);
	size_t length = text ? strlen(text) : 0;

	if (length > 2 && text[0] == '"' && text[length - 1] == '"')
		return pnstrdup(text + 1, length - 2);
	return text;
}

pg_noreturn static void
wrong_number(const char *what, const char *range)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("%s must be %s", what, range)));
}

static void
take_numbers(MlResampleRequest *request, FunctionCallInfo fcinfo)
{
	request->k = PG_ARGISNULL(ARG_K) ? 0 : PG_GETARG_INT32(ARG_K);
	if (!PG_ARGISNULL(ARG_K) && (request->k < 1 || request->k > MOST_NEIGHBOURS))
		wrong_number("k", "between 1 and 256");
	request->m = PG_ARGISNULL(ARG_M) ? 0 : PG_GETARG_INT32(ARG_M);
	if (!PG_ARGISNULL(ARG_M) && (request->m < 1 || request->m > MOST_NEIGHBOURS))
		wrong_number("m", "between 1 and 256");
	request->ratio = PG_ARGISNULL(ARG_RATIO) ? 0 : PG_GETARG_FLOAT8(ARG_RATIO);
	if (!PG_ARGISNULL(ARG_RATIO) && !(request->ratio > 0 && request->ratio <= 1))
		wrong_number("ratio", "above 0 and at most 1");
	request->shrinkage = PG_ARGISNULL(ARG_SHRINKAGE) ? 0 : PG_GETARG_FLOAT8(ARG_SHRINKAGE);
	if (!(request->shrinkage >= 0 && isfinite(request->shrinkage)))
		wrong_number("shrinkage", "0 or more");
	request->seed = PG_ARGISNULL(ARG_SEED) ? 0 : PG_GETARG_INT64(ARG_SEED);
}

static SmlResampleKind
take_kind(const char *text, bool over_only)
{
	const char     *names[SML_RESAMPLE_KINDS + 1];
	int             count = 0;
	SmlResampleKind kind;

	if (text == NULL)
		return SML_RESAMPLE_SMOTE;
	if (strcmp(text, "random") == 0)
		return over_only ? SML_RESAMPLE_RANDOM_OVER : SML_RESAMPLE_RANDOM_UNDER;
	for (int i = 0; i < SML_RESAMPLE_KINDS; i++)
		if (!over_only || i < SML_RESAMPLE_RANDOM_OVER)
			names[count++] = sml_resample_name((SmlResampleKind) i);
	names[count++] = over_only ? "random" : "random_under";
	if (sml_resample_find(text, &kind))
	{
		if (over_only && kind > SML_RESAMPLE_RANDOM_OVER)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("kind \"%s\" leaves out original rows", text),
					 errhint("Use sustainml.resample(), which returns original and synthetic rows together.")));
		return kind;
	}
	(void) ml_choose(text, "kind", names, count);
	return SML_RESAMPLE_SMOTE;
}

/* ---- the rows -------------------------------------------------------------------------- */

/* The relation of the row type of the first argument. */
static char *
relation_of_type(FunctionCallInfo fcinfo, MlResampleRequest *request)
{
	Oid  type = get_fn_expr_argtype(fcinfo->flinfo, ARG_ROWS);
	Oid  relid = OidIsValid(type) ? get_typ_typrelid(type) : InvalidOid;
	char relkind = OidIsValid(relid) ? get_rel_relkind(relid) : '\0';

	if (relkind != RELKIND_RELATION && relkind != RELKIND_VIEW && relkind != RELKIND_MATVIEW &&
		relkind != RELKIND_PARTITIONED_TABLE && relkind != RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("type %s is not the row type of a table or view", format_type_be(type)),
				 errhint("Write NULL::name_of_the_table, or use sustainml.smote_query() for a query.")));
	request->row = lookup_rowtype_tupdesc_copy(type, -1);
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), get_rel_name(relid));
}

/* Whole rows are read and handed out: say what to do where the caller may read only some columns, or none. */
static void
check_rights(const MlResampleRequest *request)
{
	Oid relid = request->relation->relid;

	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK ||
		pg_attribute_aclcheck_all(relid, GetUserId(), ACL_SELECT, ACLMASK_ALL) == ACLCHECK_OK)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for \"%s\"", get_rel_name(relid)),
			 errdetail("You may not read all of its columns, and %s() hands out whole rows.", request->doing),
			 errhint("sustainml.smote_query() takes a query on the columns that you may read.")));
}

/* Attributes in the order of the source's columns, which leave out dropped ones. */
static void
map_attributes(MlResampleRequest *request)
{
	int column = 0;

	request->source_of = palloc(sizeof(int) * (request->row->natts + 1));
	for (int i = 0; i < request->row->natts; i++)
		request->source_of[i] = TupleDescAttr(request->row, i)->attisdropped ? -1 : column++;
	if (column != request->source->column_count)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the source has %d columns, but %d are asked for", request->source->column_count, column)));
}

/* The column definition list of a query must say what the query gives. */
static void
check_definition(const MlResampleRequest *request)
{
	for (int i = 0; i < request->row->natts; i++)
	{
		Form_pg_attribute     asked = TupleDescAttr(request->row, i);
		const MlSourceColumn *column = &request->source->columns[i];

		if (asked->atttypid != column->type)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column %d is asked for as %s, but the source gives %s", i + 1, format_type_be(asked->atttypid), format_type_be(column->type)),
					 errdetail("It is column \"%s\" of the source.", column->name),
					 errhint("Write the columns of the source with their types in AS t(…), or cast them in the query.")));
	}
}

static void
take_rows(MlResampleRequest *request, FunctionCallInfo fcinfo, bool query)
{
	char     *filter = ml_text_argument(fcinfo, ARG_FILTER);
	MlSource *plain;

	if (query)
	{
		ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

		if (PG_ARGISNULL(ARG_ROWS))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("the source must be given")));
		plain = ml_source_open(ml_text_argument(fcinfo, ARG_ROWS));
		if (result == NULL || !IsA(result, ReturnSetInfo) || result->expectedDesc == NULL || result->expectedDesc->tdtypeid != RECORDOID)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("a column definition list is needed"),
					 errhint("Write SELECT * FROM sustainml.smote_query(…) AS t(a integer, b text, …).")));
		request->row = CreateTupleDescCopy(result->expectedDesc);
	}
	else
	{
		plain = request->relation = ml_source_open(relation_of_type(fcinfo, request));
		check_rights(request);
	}
	request->shown = plain->text;
	request->source = filter ? ml_resample_source(plain, filter) : plain;
	if (!PG_ARGISNULL(ARG_SPLIT))
		ml_resample_split(request, plain, PG_GETARG_JSONB_P(ARG_SPLIT));
	map_attributes(request);
	if (query)
		check_definition(request);
}

MlResampleRequest *
ml_resample_request(FunctionCallInfo fcinfo, const char *doing)
{
	static const char *const keys[] = {"new", "null", "parent"};
	static const char *const scales[] = {"none", "standard"};
	MlResampleRequest *request = palloc0(sizeof(MlResampleRequest));
	char              *keys_text = ml_text_argument(fcinfo, ARG_KEYS);
	char              *scale = ml_text_argument(fcinfo, ARG_SCALE);
	char              *target = ml_text_argument(fcinfo, ARG_TARGET);

	request->doing = doing;
	request->originals = strcmp(doing, "resample") == 0;
	request->lineage = strcmp(doing, "smote_lineage") == 0;
	if (target == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the target must be given"),
				 errhint("Name the column that holds the class, for example target => 'is_fraud'.")));
	take_numbers(request, fcinfo);
	request->kind = take_kind(ml_text_argument(fcinfo, ARG_KIND), !request->originals);
	request->strategy = strategy_argument(fcinfo);
	if (request->ratio != 0 && request->strategy && strcmp(request->strategy, "auto") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("ratio and strategy cannot be used together")));
	if (request->shrinkage > 0 && request->kind != SML_RESAMPLE_RANDOM_OVER)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("shrinkage goes with kind random only")));
	if (request->m > 0 && request->kind != SML_RESAMPLE_BORDERLINE1 && request->kind != SML_RESAMPLE_BORDERLINE2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("m goes with kinds borderline1 and borderline2 only")));
	request->keys = keys_text ? (MlKeys) ml_choose(keys_text, "value of keys", keys, lengthof(keys)) : ML_KEYS_NEW;
	if (scale && strcmp(scale, scales[0]) != 0 && strcmp(scale, scales[1]) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown scale \"%s\"", scale),
				 errhint("Known are none and standard.")));
	request->standardize = scale && strcmp(scale, scales[1]) == 0;
	request->features = ml_texts_argument(fcinfo, ARG_FEATURES, "features", &request->feature_count);
	request->exclude = ml_texts_argument(fcinfo, ARG_EXCLUDE, "exclude", &request->exclude_count);
	if (request->lineage)
		request->key = ml_texts_argument(fcinfo, ARG_KEY, "key", &request->key_count);
	take_rows(request, fcinfo, strcmp(doing, "smote_query") == 0);
	request->target = ml_source_column(request->source, target, "target");
	tell_of_keys(request, ml_text_argument(fcinfo, ARG_FILTER));
	return request;
}
