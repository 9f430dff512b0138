/*
 * asked.c - which rows an evaluation is about; see asked.h.
 *
 * A version remembers its source and the rule by which rows were held out, not the rows:
 * so "held out" and "seen in training" mean what the rule says about the rows that are
 * there now.  With another source nothing is known about what was seen.
 */
#include "../compat.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/syscache.h"

#include "../args.h"
#include "asked.h"

char *
ml_version_label(const MlVersion *version)
{
	return psprintf("%s@%d", version->name, version->version);
}

/* ---- what is stored ------------------------------------------------------------------- */

MlStored *
ml_stored_read(const MlVersion *version)
{
	MlStored     *stored = palloc0(sizeof(MlStored));
	MemoryContext caller = CurrentMemoryContext;
	char        **texts[] = {&stored->source, &stored->search_path, &stored->target, &stored->weight, &stored->trained_by};
	MlOwnerScope  scope;
	Oid           types[1] = {INT8OID};
	Datum         values[1] = {Int64GetDatum(version->id)};
	bool          isnull;

	SPI_connect();
	ml_owner_begin(&scope);
	if (SPI_execute_with_args("SELECT source, search_path, target, weight, trained_by, refit FROM sustainml.model_version"
							  " WHERE id OPERATOR(pg_catalog.=) $1", 1, types, values, NULL, true, 1) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "cannot read version %d of model \"%s\"", version->version, version->name);
	for (int i = 0; i < (int) lengthof(texts); i++)
	{
		char *text = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1);

		*texts[i] = text ? MemoryContextStrdup(caller, text) : NULL;
	}
	stored->refit = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, lengthof(texts) + 1, &isnull));
	ml_owner_end(&scope);
	SPI_finish();
	stored->split = ml_split_of_version(version->id);
	return stored;
}

int
ml_path_begin(const char *search_path)
{
	int level = NewGUCNestLevel();

	if (search_path)
		(void) set_config_option("search_path", search_path, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return level;
}

void
ml_path_end(int level)
{
	AtEOXact_GUC(true, level);
}

/* ---- is it the source that the version was trained on? ------------------------------------ */

/* A name has no blank or parenthesis outside of its quotes; every query has one. */
static bool
is_one_name(const char *text)
{
	bool quoted = false;

	for (; *text; text++)
	{
		if (*text == '"')
			quoted = !quoted;
		else if (!quoted && (isspace((unsigned char) *text) || *text == '(' || *text == ')'))
			return false;
	}
	return !quoted;
}

static bool
is_source(const MlSource *source, const char *text, const MlStored *stored)
{
	Oid relid;
	int level;

	if (!OidIsValid(source->relid))
		return strcmp(source->text, text) == 0;
	if (!is_one_name(text))
		return false;
	level = ml_path_begin(stored->search_path);
	relid = RangeVarGetRelid(makeRangeVarFromNameList(ml_split_name(text)), NoLock, true);
	ml_path_end(level);
	return relid == source->relid;
}

/* ---- may it be read without being named? ---------------------------------------------------- */

static bool
is_plain_table(const MlSource *source)
{
	HeapTuple     tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(source->relid));
	Form_pg_class class;
	bool          plain;

	if (!HeapTupleIsValid(tuple))
		return false;
	class = (Form_pg_class) GETSTRUCT(tuple);
	plain = (class->relkind == RELKIND_RELATION || class->relkind == RELKIND_PARTITIONED_TABLE ||
			 class->relkind == RELKIND_MATVIEW) && !class->relrowsecurity;
	ReleaseSysCache(tuple);
	return plain;
}

pg_noreturn static void
not_yours(const MlVersion *version, const char *chosen_by)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("the stored source of model \"%s\" must be named to be read", ml_version_label(version)),
			 errdetail("It is a query or view that role \"%s\" chose in training, and reading it would run that role's code with your rights.",
					   chosen_by),
			 errhint("Look at the source, and give it as an argument if you trust it.")));
}

/*
 * Open a source that the version names and the caller did not.  A query or view may call
 * functions, with the rights of whoever reads it: so only members of the role that trained the version
 * do, and being superuser is no reason, nor is owning the model.  Plain tables run nothing; and the stored search
 * path serves to find them only, since with another path our own operators could be somebody else's.
 */
static MlSource *
open_stored(const MlVersion *version, const MlStored *stored, const char *text, bool *mine)
{
	Oid       role = stored->trained_by ? get_role_oid(stored->trained_by, true) : InvalidOid;
	MlSource *source;
	int       level;

	*mine = OidIsValid(role) && is_member_of_role_nosuper(GetUserId(), role);
	if (!*mine && !is_one_name(text))
		not_yours(version, stored->trained_by);
	level = ml_path_begin(stored->search_path);
	source = ml_source_open(text);
	ml_path_end(level);
	if (!*mine && !is_plain_table(source))
		not_yours(version, stored->trained_by);
	return source;
}

MlSource *
ml_stored_open(const MlVersion *version, const char *text, bool *mine)
{
	return open_stored(version, ml_stored_read(version), text, mine);
}

/* ---- the rows ------------------------------------------------------------------------------- */

typedef enum Part
{
	PART_ALL,
	PART_HELD_OUT,
	PART_TRAINING,
	PART_CALIBRATION
} Part;

static Part
read_part(const char *part)
{
	if (strcmp(part, "all") == 0)
		return PART_ALL;
	if (strcmp(part, "held_out") == 0)
		return PART_HELD_OUT;
	if (strcmp(part, "training") == 0)
		return PART_TRAINING;
	if (strcmp(part, "calibration") == 0)
		return PART_CALIBRATION;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown part \"%s\"", part),
			 errhint("Known parts are all, held_out, training and calibration.")));
}

pg_noreturn static void
nothing_held_out(const MlVersion *version)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("model \"%s\" has no held-out rows", ml_version_label(version)),
			 errdetail("It was trained on all rows of its source."),
			 errhint("Name a source to evaluate on, or train with a holdout.")));
}

/* The rows of a part other than all; errors when the version has none. */
static char *
part_where(const MlVersion *version, const MlStored *stored, const MlSource *source, Part part)
{
	if (stored->split->kind == ML_SPLIT_NONE && part != PART_TRAINING)
		nothing_held_out(version);
	if (part != PART_CALIBRATION)
		return ml_split_predicate(stored->split, source, part == PART_HELD_OUT);
	if (stored->split->aside == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("model \"%s\" has no rows for calibration", ml_version_label(version)),
				 errhint("It was trained without \"calibration\" in params.")));
	return ml_split_aside(stored->split, source);
}

/* The part of the training source. */
static void
choose_part(MlRowsAsked *rows, const MlVersion *version, const MlStored *stored, Part part)
{
	MlSplitKind kind = stored->split->kind;
	bool        by_rule = kind != ML_SPLIT_NONE && kind != ML_SPLIT_SOURCE;

	if ((part == PART_HELD_OUT || part == PART_CALIBRATION) && kind == ML_SPLIT_NONE)
		nothing_held_out(version);
	if ((part == PART_HELD_OUT || part == PART_CALIBRATION) && kind == ML_SPLIT_SOURCE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("no row of this source was held out from model \"%s\"", ml_version_label(version)),
				 errdetail("It was trained on all of them; its held-out rows are those of the source \"%s\".", stored->split->source),
				 errhint("Name that source, or none.")));
	if (part != PART_ALL && by_rule)
		rows->where = part_where(version, stored, rows->source, part);
	rows->seen_known = true;
	rows->all_seen = stored->refit || part == PART_TRAINING || part == PART_CALIBRATION || !by_rule;
	if (part == PART_ALL && !rows->all_seen)
		rows->seen = ml_split_seen(stored->split, rows->source);
	if (stored->refit)
		rows->seen_reason = "After its evaluation in training the model was fitted again on all rows of its source.";
}

static void
other_source(MlRowsAsked *rows, const MlVersion *version, const MlStored *stored, Part part)
{
	MlSplitKind kind = stored->split->kind;

	if (part != PART_ALL)
	{
		if (kind == ML_SPLIT_NONE)
			nothing_held_out(version);
		if (kind == ML_SPLIT_SOURCE)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the rule of model \"%s\" cannot be used on another source", ml_version_label(version)),
					 errdetail("Its held-out rows are those of the source \"%s\".", stored->split->source),
					 errhint("Leave part out.")));
		rows->where = part_where(version, stored, rows->source, part);
	}
	rows->seen_reason = "The source is not the one that the model was trained on.";
}

/* The second source, where training does not look; calibration may. */
static void
second_source(MlRowsAsked *rows, const MlVersion *version, const MlStored *stored, Part part)
{
	rows->seen_known = true;
	rows->all_seen = part == PART_CALIBRATION;
	if (part == PART_HELD_OUT || part == PART_CALIBRATION)
		rows->where = part_where(version, stored, rows->source, part);
	else if (stored->split->aside > 0)
		rows->seen = ml_split_aside(stored->split, rows->source);
}

MlRowsAsked *
ml_rows_asked(const MlVersion *version, const MlStored *stored, const char *source, const char *part_name)
{
	MlRowsAsked *rows = palloc0(sizeof(MlRowsAsked));
	Part         part = read_part(part_name);
	bool         second = stored->split->kind == ML_SPLIT_SOURCE;
	bool         mine;

	if (source == NULL)
	{
		if (part == PART_ALL)
			part = PART_HELD_OUT;
		if (part == PART_HELD_OUT && stored->split->kind == ML_SPLIT_NONE)
			nothing_held_out(version);
		second = second && part != PART_TRAINING;
		rows->source = open_stored(version, stored, second ? stored->split->source : stored->source, &mine);
		if (!OidIsValid(rows->source->relid))
			rows->search_path = stored->search_path;
	}
	else
	{
		rows->source = ml_source_open(source);
		second = second && is_source(rows->source, stored->split->source, stored);
		if (!second && !is_source(rows->source, stored->source, stored))
		{
			other_source(rows, version, stored, part);
			return rows;
		}
	}
	if (second)
		second_source(rows, version, stored, part);
	else
		choose_part(rows, version, stored, part);
	return rows;
}

/* ---- a whole call ------------------------------------------------------------------------------ */

MlAsked *
ml_asked_evaluate(FunctionCallInfo fcinfo, bool has_part, bool replay)
{
	MlAsked         *asked = palloc0(sizeof(MlAsked));
	char            *name = ml_text_argument(fcinfo, 0);
	char            *source = ml_text_argument(fcinfo, 1);
	char            *part = has_part ? ml_text_argument(fcinfo, 2) : NULL;
	MlRun           *run;
	MlScan           scan;
	MlFigures        figures;
	MlEvaluationPlan plan;
	int              level;

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("model must not be NULL")));
	asked->version = ml_version_resolve(name, ML_READ);
	asked->label = ml_version_label(asked->version);
	asked->model = ml_model_get(asked->version);
	asked->stored = ml_stored_read(asked->version);
	run = ml_run_begin("evaluate");
	ml_scan_begin(&scan);
	asked->rows = ml_rows_asked(asked->version, asked->stored, source, part ? part : "all");
	level = ml_path_begin(asked->rows->search_path);
	plan = (MlEvaluationPlan) {
		.model = asked->model->model,
		.scorer = asked->model->scorer,
		.threshold = asked->version->threshold,
		.source = asked->rows->source,
		.where = asked->rows->where,
		.seen = asked->rows->seen,
		.target = asked->stored->target,
		.weight = asked->stored->weight,
		.replay = replay,
	};
	asked->evaluation = ml_evaluate_plan(&plan, NULL);
	if (asked->rows->all_seen)
		asked->evaluation->seen = asked->evaluation->rows_used;
	ml_path_end(level);
	ml_scan_end(&scan);
	ml_run_end(run, asked->version->schema, asked->version->name, asked->version->version, asked->evaluation->rows_used, &figures);
	return asked;
}
