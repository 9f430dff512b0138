/*
 * nearest.c - the name that a user may have meant: Levenshtein distance at most
 * two, or a third of the length for long names.
 */
#include "compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/varlena.h"

#include "nearest.h"

static int
distance(const char *a, const char *b)
{
	int la = (int) strlen(a);
	int lb = (int) strlen(b);
	int allowed = Max(2, la / 3);

	if (la > 255 || lb > 255 || la == 0)
		return -1;
	if (pg_strcasecmp(a, b) == 0)
		return 0;
	/* something must be left of short names, or anything is near them */
	allowed = Min(allowed, Max(la, lb) - 1);
	la = varstr_levenshtein_less_equal(a, la, b, lb, 1, 1, 1, allowed, true);
	return la > allowed ? -1 : la;
}

const char *
ml_nearest_name(const char *name, const char *const *names, int count)
{
	const char *best = NULL;
	int         best_distance = 0;

	for (int i = 0; i < count; i++)
	{
		int d = distance(name, names[i]);

		if (d >= 0 && (best == NULL || d < best_distance))
		{
			best = names[i];
			best_distance = d;
		}
	}
	return best;
}

int
ml_find_name(const char *wanted, const char *const *names, int count)
{
	int found = -1;

	for (int i = 0; i < count; i++)
		if (names[i] && strcmp(names[i], wanted) == 0)
			return i;
	for (int i = 0; i < count; i++)
		if (names[i] && pg_strcasecmp(names[i], wanted) == 0)
		{
			if (found >= 0)
				return -1;
			found = i;
		}
	return found;
}

#define CLASSES_SHOWN 10

void
ml_unknown_class(const char *what, const char *name, const char *const *classes, int count)
{
	const char    *nearest = ml_nearest_name(name, classes, count);
	StringInfoData known;

	initStringInfo(&known);
	for (int i = 0; i < Min(count, CLASSES_SHOWN); i++)
		appendStringInfo(&known, "%s\"%s\"", i ? ", " : "", classes[i]);
	if (count > CLASSES_SHOWN)
		appendStringInfo(&known, " and %d more", count - CLASSES_SHOWN);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s names class \"%s\", which the target does not have", what, name),
			 nearest ? errhint("Perhaps you meant \"%s\".", nearest) : count == 0 ? 0 : errhint("Its classes are %s.", known.data)));
}

/* Whether a relation could be meant: readable, and a table or view. */
static bool
could_be_meant(Form_pg_class form)
{
	return strchr("rvmpf", form->relkind) != NULL &&
		   pg_class_aclcheck(form->oid, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

char *
ml_nearest_relation(const char *schema, const char *name)
{
	List       *spaces = schema ? list_make1_oid(get_namespace_oid(schema, true)) : fetch_search_path(false);
	Relation    classes = table_open(RelationRelationId, AccessShareLock);
	char       *best = NULL;
	int         best_distance = 0;
	ListCell   *cell;

	foreach(cell, spaces)
	{
		ScanKeyData key;
		SysScanDesc scan;
		HeapTuple   tuple;

		if (!OidIsValid(lfirst_oid(cell)))
			continue;
		ScanKeyInit(&key, Anum_pg_class_relnamespace, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(lfirst_oid(cell)));
		scan = systable_beginscan(classes, InvalidOid, false, NULL, 1, &key);
		while ((tuple = systable_getnext(scan)) != NULL)
		{
			Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);
			int           d = distance(name, NameStr(form->relname));

			if (d < 0 || (best != NULL && d >= best_distance) || !could_be_meant(form))
				continue;
			best = schema ? quote_qualified_identifier(schema, NameStr(form->relname)) : pstrdup(NameStr(form->relname));
			best_distance = d;
		}
		systable_endscan(scan);
	}
	table_close(classes, AccessShareLock);
	return best;
}

void
ml_no_such_column(Oid relid, const char *column)
{
	Relation     relation = relation_open(relid, AccessShareLock);
	TupleDesc    row = RelationGetDescr(relation);
	const char **names = palloc(sizeof(char *) * (row->natts + 1));
	const char  *nearest;
	int          count = 0;

	for (int i = 0; i < row->natts; i++)
		if (!TupleDescAttr(row, i)->attisdropped)
			names[count++] = pstrdup(NameStr(TupleDescAttr(row, i)->attname));
	nearest = ml_nearest_name(column, names, count);
	relation_close(relation, AccessShareLock);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("table \"%s\" has no column \"%s\"", get_rel_name(relid), column),
			 nearest ? errhint("Perhaps you meant \"%s\".", nearest) : 0));
}
