/*
 * trust.c - see trust.h.
 *
 * It is not enough that a function is the server's own: query_to_xml runs any statement, lo_export writes any file, and a default of table_to_xml stores what
 * its owner may not read.  So those of the server and of superusers (extensions) are trusted that are immutable, and a few that every table has; trigger functions,
 * which are volatile all, when they are the server's or ours.  Expressions are read from the catalog as they were stored: the ones that the relation cache has ready
 * are simplified, which evaluates what is immutable.
 *
 * Some code is not the table's own: rows of a partition are held against the partition keys of all that it is part of; a GiST index
 * measures ranges by a function of their type; and triggers after the cascade of a foreign key run as whoever deleted the key.
 *
 * Cost: one pass over the indexes and children of a table, for superusers and tables of others alone.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_partitioned_table.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_range.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/primnodes.h"
#include "rewrite/prs2lock.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/reltrigger.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "trust.h"

static bool
trusted_function(Oid function)
{
	HeapTuple    tuple;
	Form_pg_proc form;
	bool         trusted;

	if (function == F_NOW || function == F_NEXTVAL || function == F_CLOCK_TIMESTAMP || function == F_GEN_RANDOM_UUID)
		return true;
	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	trusted = form->provolatile == PROVOLATILE_IMMUTABLE && (function < FirstNormalObjectId || superuser_arg(form->proowner));
	ReleaseSysCache(tuple);
	return trusted;
}

static bool
trusted_trigger_function(Oid function)
{
	char *name = get_func_name(function);

	return function < FirstNormalObjectId ||
		   (name && (strcmp(name, "sealing_trigger") == 0 || strcmp(name, "row_key_trigger") == 0) && get_func_namespace(function) == get_namespace_oid("sustainml_internal", true));
}

static bool
untrusted_function(Oid function, void *context)
{
	(void) context;
	return !trusted_function(function);
}

static bool
runs_code(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, untrusted_function, NULL) ||
		(IsA(node, CoerceToDomain) && ((CoerceToDomain *) node)->resulttype >= FirstNormalObjectId))
		return true;
	return expression_tree_walker(node, runs_code, context);
}

static bool
text_runs_code(const char *stored)
{
	return stored && runs_code(stringToNode(stored), NULL);
}

/* An expression in a row of the catalog. */
static bool
attribute_runs_code(int cache, HeapTuple tuple, int attribute)
{
	bool  isnull;
	Datum value = SysCacheGetAttr(cache, tuple, (AttrNumber) attribute, &isnull);

	return !isnull && text_runs_code(TextDatumGetCString(value));
}

/* A range of a user's type whose function for differences is not trusted. */
static bool
is_range_with_code(Oid type)
{
	Oid       base = getBaseType(type);
	Oid       range = type_is_multirange(base) ? get_multirange_range(base) : base;
	HeapTuple tuple;
	Oid       difference;

	if (range < FirstNormalObjectId)
		return false;
	tuple = SearchSysCache1(RANGETYPE, ObjectIdGetDatum(range));
	if (!HeapTupleIsValid(tuple))
		return false;
	difference = ((Form_pg_range) GETSTRUCT(tuple))->rngsubdiff;
	ReleaseSysCache(tuple);
	return OidIsValid(difference) && !trusted_function(difference);
}

static bool
index_of_range_with_code(Relation relation, HeapTuple tuple)
{
	Form_pg_index index = (Form_pg_index) GETSTRUCT(tuple);

	for (int i = 0; i < index->indnkeyatts; i++)
	{
		AttrNumber number = index->indkey.values[i];

		if (number > 0 && is_range_with_code(TupleDescAttr(RelationGetDescr(relation), number - 1)->atttypid))
			return true;
	}
	return false;
}

/* Whoever plans evaluates what is constant in expressions and conditions; whoever writes rows calls what types bring along as well. */
static const char *
index_with_code(Relation relation, MlTouch touch)
{
	List       *indexes = RelationGetIndexList(relation);
	ListCell   *cell;
	const char *found = NULL;

	foreach(cell, indexes)
	{
		HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));

		if (!HeapTupleIsValid(tuple))
			continue;
		if (attribute_runs_code(INDEXRELID, tuple, Anum_pg_index_indexprs) || attribute_runs_code(INDEXRELID, tuple, Anum_pg_index_indpred))
			found = psprintf("index \"%s\" with an expression or condition", get_rel_name(lfirst_oid(cell)));
		else if (touch >= ML_TOUCH_UPDATE && index_of_range_with_code(relation, tuple))
			found = psprintf("index \"%s\" on ranges of a type of its owner's", get_rel_name(lfirst_oid(cell)));
		ReleaseSysCache(tuple);
	}
	list_free(indexes);
	return found;
}

static const char *
statistics_with_code(Relation relation)
{
	List       *statistics = RelationGetStatExtList(relation);
	ListCell   *cell;
	const char *found = NULL;

	foreach(cell, statistics)
	{
		HeapTuple tuple = SearchSysCache1(STATEXTOID, ObjectIdGetDatum(lfirst_oid(cell)));

		if (!HeapTupleIsValid(tuple))
			continue;
		if (attribute_runs_code(STATEXTOID, tuple, Anum_pg_statistic_ext_stxexprs))
			found = psprintf("statistics \"%s\" on an expression", NameStr(((Form_pg_statistic_ext) GETSTRUCT(tuple))->stxname));
		ReleaseSysCache(tuple);
	}
	list_free(statistics);
	return found;
}

static bool
partition_key_runs_code(Oid relid)
{
	HeapTuple tuple = SearchSysCache1(PARTRELID, ObjectIdGetDatum(relid));
	bool      runs = HeapTupleIsValid(tuple) && attribute_runs_code(PARTRELID, tuple, Anum_pg_partitioned_table_partexprs);

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return runs;
}

/* Of the table, or of one that it is part of. */
static const char *
partition_key_with_code(Relation relation)
{
	List     *above = relation->rd_rel->relispartition ? get_partition_ancestors(RelationGetRelid(relation)) : NIL;
	ListCell *cell;

	if (partition_key_runs_code(RelationGetRelid(relation)))
		return "a partition key with an expression";
	foreach(cell, above)
		if (partition_key_runs_code(lfirst_oid(cell)))
			return psprintf("a place in table \"%s\", which has a partition key with an expression", get_rel_name(lfirst_oid(cell)));
	return NULL;
}

/* Rules that a statement sets off; those for SELECT make a view, which is no table to write to. */
static const char *
rule_with_code(Relation relation, MlTouch touch)
{
	for (int i = 0; relation->rd_rules && i < relation->rd_rules->numLocks; i++)
		if (touch >= ML_TOUCH_INSERT || relation->rd_rules->rules[i]->event == CMD_UPDATE)
			return "a rule";
	return NULL;
}

/* A foreign key of a table of others that writes there when a key is deleted or changed. */
static const char *
cascade_with_code(Relation relation)
{
	TriggerDesc *triggers = relation->trigdesc;

	for (int i = 0; triggers && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		switch (trigger->tgfoid)
		{
			case F_RI_FKEY_CASCADE_DEL:
			case F_RI_FKEY_CASCADE_UPD:
			case F_RI_FKEY_SETNULL_DEL:
			case F_RI_FKEY_SETNULL_UPD:
			case F_RI_FKEY_SETDEFAULT_DEL:
			case F_RI_FKEY_SETDEFAULT_UPD:
				if (OidIsValid(trigger->tgconstrrelid))
					return psprintf("a foreign key of table \"%s\" that writes there", get_rel_name(trigger->tgconstrrelid));
		}
	}
	return NULL;
}

static const char *
update_with_code(Relation relation)
{
	TupleConstr *constraints = RelationGetDescr(relation)->constr;
	TriggerDesc *triggers = relation->trigdesc;

	for (int i = 0; triggers && i < triggers->numtriggers; i++)
		if (!triggers->triggers[i].tgisinternal && (!trusted_trigger_function(triggers->triggers[i].tgfoid) || text_runs_code(triggers->triggers[i].tgqual)))
			return psprintf("trigger \"%s\"", triggers->triggers[i].tgname);
	for (int i = 0; constraints && i < constraints->num_check; i++)
		if (text_runs_code(constraints->check[i].ccbin))
			return psprintf("check constraint \"%s\"", constraints->check[i].ccname);
	for (int i = 0; constraints && i < constraints->num_defval; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), constraints->defval[i].adnum - 1);

		if (attribute->attgenerated && text_runs_code(constraints->defval[i].adbin))
			return psprintf("generated column \"%s\"", NameStr(attribute->attname));
	}
	return NULL;
}

static const char *
insert_with_code(Relation relation)
{
	TupleDesc    row = RelationGetDescr(relation);
	TupleConstr *constraints = row->constr;

	for (int i = 0; constraints && i < constraints->num_defval; i++)
		if (text_runs_code(constraints->defval[i].adbin))
			return psprintf("the default of column \"%s\"", NameStr(TupleDescAttr(row, constraints->defval[i].adnum - 1)->attname));
	/* casts to types of users are functions of theirs, and so are checks of domains */
	for (int i = 0; i < row->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(row, i);

		if (!attribute->attisdropped && attribute->atttypid >= FirstNormalObjectId &&
			(get_typtype(attribute->atttypid) != TYPTYPE_DOMAIN || DomainHasConstraints(attribute->atttypid)))
			return psprintf("column \"%s\" of a type of its owner's", NameStr(attribute->attname));
	}
	return NULL;
}

/* What a statement that touches the table would run, in words; NULL: nothing. */
static const char *
table_with_code(Relation relation, MlTouch touch)
{
	const char *what = index_with_code(relation, touch);

	if (what == NULL)
		what = statistics_with_code(relation);
	if (what == NULL)
		what = partition_key_with_code(relation);
	if (what == NULL && touch >= ML_TOUCH_UPDATE)
		what = rule_with_code(relation, touch);
	if (what == NULL && touch >= ML_TOUCH_UPDATE)
		what = update_with_code(relation);
	if (what == NULL && touch >= ML_TOUCH_INSERT)
		what = insert_with_code(relation);
	if (what == NULL && touch >= ML_TOUCH_INSERT)
		what = cascade_with_code(relation);
	return what;
}

/* Names what runs; children are locked as the statement to come will lock them. */
static void
require(Oid relid, MlTouch touch, const char *doing)
{
	Relation    relation = relation_open(relid, touch == ML_TOUCH_PLAN ? AccessShareLock : RowExclusiveLock);
	Oid         owner = relation->rd_rel->relowner;
	const char *what = NULL;
	List       *children;
	ListCell   *cell;

	if (!superuser_arg(owner))
	{
		/* statistics, and indexes made CONCURRENTLY, wait for no other lock of a writer */
		LockRelationOid(relid, ShareUpdateExclusiveLock);
		what = table_with_code(relation, touch);
	}
	if (what)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("%s table \"%s\" would run code of its owner with the rights of a superuser", doing, RelationGetRelationName(relation)),
				 errdetail("It has %s.", what),
				 errhint("Give the owner the rights that this takes, and SET ROLE %s.", quote_identifier(GetUserNameFromId(owner, false)))));
	children = find_inheritance_children(relid, NoLock);
	relation_close(relation, NoLock); /* what was found stays so */
	foreach(cell, children)
		require(lfirst_oid(cell), touch, doing);
	list_free(children);
}

void
ml_trust_require(Oid relid, MlTouch touch, const char *doing)
{
	if (superuser())
		require(relid, touch, doing);
}
