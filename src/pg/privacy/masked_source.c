/*
 * masked_source.c - which masks a model was trained through: the masked views that its source reads, at any depth.
 *
 * The relations are those of the rewritten query, so views over masked views are seen.  The rules are those in force now; a view that was not published again
 * since a rule changed shows the older one.
 */
#include "../compat.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/syscache.h"

#include "mask.h"
#include "../statement.h"

static bool
is_masked_view(Oid relid)
{
	HeapTuple     tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Form_pg_class form;
	bool          masked;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_class) GETSTRUCT(tuple);
	masked = form->relkind == RELKIND_VIEW && ml_is_policy_role(form->relowner);
	ReleaseSysCache(tuple);
	return masked;
}

/* The table behind a masked view; InvalidOid when it is gone.  Inside SPI. */
static Oid
masked_table(Oid view, const char *policy)
{
	Oid   types[2] = {TEXTOID, TEXTOID};
	Datum values[2] = {CStringGetTextDatum(policy), CStringGetTextDatum(get_rel_name(view))};

	if (ml_mask_catalog("SELECT table_schema, table_name FROM sustainml.published_table WHERE policy = $1 AND view_name = $2", 2, types, values, NULL,
						SPI_OK_SELECT) == 0)
		return InvalidOid;
	return get_relname_relid(ml_result_text(0, 2), get_namespace_oid(ml_result_text(0, 1), true));
}

static void
add_view(StringInfo words, Oid view)
{
	char     *policy = get_namespace_name(get_rel_namespace(view));
	Oid       table = masked_table(view, policy);
	List     *rules = OidIsValid(table) ? ml_rules_of(table, policy) : NIL;
	ListCell *cell;
	bool      first = true;

	appendStringInfo(words, "%s%s (", words->len ? "; " : "", quote_qualified_identifier(policy, get_rel_name(view)));
	foreach(cell, rules)
	{
		MlRule *rule = lfirst(cell);
		Jsonb  *args;

		if (ml_rule_for(rules, rule->column) != rule || rule->kind == ML_MASK_KEEP)
			continue;
		args = ml_mask_args_json(&rule->args);
		appendStringInfo(words, "%s\"%s\" %s", first ? "" : ", ", rule->column, ml_mask(rule->kind)->name);
		if (JB_ROOT_COUNT(args) > 0)
			appendStringInfo(words, " %s", JsonbToCString(NULL, &args->root, VARSIZE(args)));
		if (rule->key)
			appendStringInfo(words, " key %s", rule->key);
		first = false;
	}
	appendStringInfoString(words, first ? "no masks)" : ")");
}

char *
ml_masked_words(const char *from)
{
	MemoryContext     caller = CurrentMemoryContext;
	StringInfoData    words;
	SPIPlanPtr        plan;
	CachedPlanSource *analysed;
	List             *views = NIL;
	ListCell         *cell;
	char             *result = NULL;

	SPI_connect();
	initStringInfo(&words);
	plan = SPI_prepare(psprintf("SELECT * FROM %s AS s", from), 0, NULL);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare: %s", SPI_result_code_string(SPI_result));
	analysed = linitial(SPI_plan_get_plan_sources(plan));
	foreach(cell, analysed->relationOids)
		if (is_masked_view(lfirst_oid(cell)))
			views = list_append_unique_oid(views, lfirst_oid(cell));
	foreach(cell, views)
		add_view(&words, lfirst_oid(cell));
	if (words.len)
		result = MemoryContextStrdup(caller, words.data);
	SPI_finish();
	return result;
}
