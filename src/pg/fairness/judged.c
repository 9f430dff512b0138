/*
 * judged.c - collect scores, labels and groups in one scan; see judged.h.
 *
 * 24 bytes a row under sustainml.memory_limit, and twice that while they are sorted.  Rows without a label or a score are counted and
 * left out, rows with a weight of zero or none are not there; rows with a missing protected value are counted and belong to no group.
 */
#include "../compat.h"

#include <math.h>

#include "utils/builtins.h"
#include "utils/memutils.h"

#include "../env.h"
#include "../json.h"
#include "../privacy/learn.h"
#include "../settings.h"
#include "judged.h"

/* The half is drawn with a seed of its own, so that it has nothing to do with what training held out. */
#define HALF_SEED 7331

MlJudgedRows *
ml_judged_start(MlGroups *groups)
{
	MlJudgedRows *judged = palloc0(sizeof(MlJudgedRows));

	judged->groups = groups;
	judged->context = CurrentMemoryContext;
	ml_env_init(&judged->env, CurrentMemoryContext);
	return judged;
}

static void
add_row(MlJudgedRows *judged, int part, const SmlDecided *row)
{
	if (judged->count[part] == judged->room[part])
	{
		size_t room = judged->room[part] ? 2 * judged->room[part] : 4096;
		size_t need = room * 2 * sizeof(SmlDecided);

		if (need > ml_memory_limit())
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("thresholds for so many rows need more memory than sustainml.memory_limit allows"),
					 errdetail("%zu rows take %zu MB.", judged->count[part] + 1, need / 1048576),
					 errhint("Raise sustainml.memory_limit, or name a sample of the rows as the source.")));
		judged->rows[part] = judged->rows[part] ? repalloc_huge(judged->rows[part], room * sizeof(SmlDecided)) :
			MemoryContextAllocHuge(judged->context, room * sizeof(SmlDecided));
		judged->room[part] = room;
	}
	judged->rows[part][judged->count[part]++] = *row;
	judged->without_group += row->group < 0;
}

/* ---- from a model ---------------------------------------------------------------------- */

typedef struct Scan
{
	MlJudgedRows *judged;
	size_t    positive;
	int       part;
} Scan;

pg_noreturn static void
bad_weight(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("a weight must be a finite number of 0 or more")));
}

static void
judge_row(void *context, const Datum *extra, const bool *extra_nulls, double actual, const double *response, double weight)
{
	Scan      *scan = context;
	SmlDecided row = {.score = response[0], .weight = weight};

	if (sml_is_missing(weight) || weight == 0)
		return;
	if (actual < 0 || isnan(response[0]))
	{
		*(actual < 0 ? &scan->judged->without_label : &scan->judged->without_score) += 1;
		return;
	}
	if (!(weight > 0) || !isfinite(weight))
		bad_weight();
	row.group = ml_groups_read(scan->judged->groups, extra, extra_nulls, true);
	row.positive = (size_t) actual == scan->positive;
	add_row(scan->judged, scan->part, &row);
}

void
ml_judged_add_model(MlJudgedRows *judged, const MlModel *model, double threshold, const MlJudgedSource *from)
{
	int              columns = ml_groups_columns(judged->groups);
	int             *extra = palloc(sizeof(int) * (columns + 1));
	Scan             scan = {judged, model->model->positive, from->part};
	MlEvaluationPlan plan = {
		.model = model->model,
		.scorer = model->scorer,
		.threshold = threshold,
		.source = from->source,
		.where = from->where,
		.target = from->target,
		.weight = from->weight,
		.each = judge_row,
		.each_context = &scan,
		.extra = extra,
		.extra_count = columns,
	};

	ml_sealed_require_open(from->source, ml_source_column(from->source, from->target, "target"), "a threshold fitted to");
	ml_groups_rebind(judged->groups, from->source);
	for (int i = 0; i < columns; i++)
		extra[i] = ml_groups_column(judged->groups, i);
	(void) ml_evaluate_plan(&plan, NULL);
}

/* ---- from a column of scores ---------------------------------------------------------------- */

/* What a row of the query holds: score, label, weight?, protected columns. */
typedef struct ScoreScan
{
	MlJudgedRows   *judged;
	MlReader    score;
	MlReader    label;
	MlReader    weight;
	bool        weighted;
	int         part;
	const char *positive;   /* NULL: to be told from the labels */
	char       *labels[2];  /* as met */
	int         label_count;
} ScoreScan;

pg_noreturn static void
bad_score(double score)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("a score must be a number from 0 to 1, not %g", score),
			 errhint("Scores are probabilities of the positive class, for example from sustainml.predict_proba.")));
}

/* Which of the two labels this is. */
static int
label_number(ScoreScan *scan, SmlText text)
{
	for (int i = 0; i < scan->label_count; i++)
		if ((int32_t) strlen(scan->labels[i]) == text.length && memcmp(scan->labels[i], text.bytes, text.length) == 0)
			return i;
	if (scan->label_count == 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the target has a third value \"%.*s\" beside \"%s\" and \"%s\"", (int) text.length, text.bytes,
						scan->labels[0], scan->labels[1])));
	scan->labels[scan->label_count] = MemoryContextAlloc(scan->judged->context, text.length + 1);
	memcpy(scan->labels[scan->label_count], text.bytes, text.length);
	scan->labels[scan->label_count][text.length] = '\0';
	return scan->label_count++;
}

static void
score_row(void *context, const Datum *values, const bool *nulls)
{
	ScoreScan *scan = context;
	int        at = scan->weighted ? 3 : 2;
	double     weight = scan->weighted ? ml_read_number(&scan->weight, values[2], nulls[2]) : 1;
	SmlDecided row;

	if (sml_is_missing(weight) || weight == 0)
		return;
	if (nulls[0] || nulls[1])
	{
		*(nulls[1] ? &scan->judged->without_label : &scan->judged->without_score) += 1;
		return;
	}
	row.score = ml_read_number(&scan->score, values[0], false);
	if (!(row.score >= 0 && row.score <= 1))
		bad_score(row.score);
	if (!(weight > 0) || !isfinite(weight))
		bad_weight();
	row.weight = weight;
	row.positive = label_number(scan, ml_read_label(&scan->label, values[1], false)) == 1;
	row.group = ml_groups_read(scan->judged->groups, values + at, nulls + at, true);
	add_row(scan->judged, scan->part, &row);
}

static void
init_reader(MlReader *reader, const MlSource *source, int column, SmlKind kind, const char *what)
{
	if (!ml_reader_init(reader, source->columns[column].type, kind) || reader->how == ML_READ_ARRAY)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s cannot be the %s", source->columns[column].name,
						format_type_be(source->columns[column].type), what)));
}

/* As in train: numbers by value when both are, else byte order, which puts false before true. */
static bool
comes_later(const char *a, const char *b)
{
	char  *a_end;
	char  *b_end;
	double a_number = strtod(a, &a_end);
	double b_number = strtod(b, &b_end);

	if (a_end != a && *a_end == '\0' && b_end != b && *b_end == '\0')
		return a_number > b_number;
	return strcmp(a, b) > 0;
}

/* Whether labels[1], for which "positive" was set while reading, is the positive one. */
static bool
second_is_positive(const ScoreScan *scan)
{
	if (scan->label_count < 2 && scan->positive == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the target has fewer than two values"),
				 errhint("Thresholds are fitted on rows of both classes.")));
	for (int i = 0; scan->positive && i < scan->label_count; i++)
		if (strcmp(scan->labels[i], scan->positive) == 0)
			return i == 1;
	if (scan->positive)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the target has no value \"%s\"", scan->positive),
				 scan->label_count == 2 ? errhint("Its values are \"%s\" and \"%s\".", scan->labels[0], scan->labels[1]) :
				 scan->label_count == 1 ? errhint("Its only value is \"%s\".", scan->labels[0]) : 0));
	return comes_later(scan->labels[1], scan->labels[0]);
}

void
ml_judged_add_scores(MlJudgedRows *judged, const char *score, const char *positive, const MlJudgedSource *from)
{
	ScoreScan      scan = {.judged = judged, .positive = positive, .part = from->part};
	size_t         before = judged->count[from->part];
	int            score_column = ml_source_column(from->source, score, "score");
	int            target = ml_source_column(from->source, from->target, "target");
	int            weight = from->weight ? ml_source_column(from->source, from->weight, "weight") : -1;
	StringInfoData list;

	init_reader(&scan.score, from->source, score_column, SML_NUMBER, "score");
	init_reader(&scan.label, from->source, target, SML_LABEL, "target");
	scan.weighted = weight >= 0;
	if (scan.weighted)
		init_reader(&scan.weight, from->source, weight, SML_NUMBER, "weight");
	ml_groups_rebind(judged->groups, from->source);
	initStringInfo(&list);
	appendStringInfo(&list, "s.c%d, s.c%d", score_column + 1, target + 1);
	if (scan.weighted)
		appendStringInfo(&list, ", s.c%d", weight + 1);
	for (int i = 0; i < ml_groups_columns(judged->groups); i++)
		appendStringInfo(&list, ", %s", ml_groups_expression(judged->groups, i));
	ml_source_each(ml_source_query(from->source, list.data, from->where), (Datum) 0, score_row, &scan);
	if (second_is_positive(&scan))
		return;
	for (size_t i = before; i < judged->count[from->part]; i++)
		judged->rows[from->part][i].positive = !judged->rows[from->part][i].positive;
}

/* ---- what is made of them ------------------------------------------------------------------------ */

void
ml_judged_curves(MlJudgedRows *judged, SmlCurves **fitted, SmlCurves **evaluated)
{
	int32  *map = ml_groups_sort(judged->groups);
	size_t  groups = (size_t) ml_groups_count(judged->groups);

	for (int part = 0; part < 2; part++)
	{
		for (size_t i = 0; i < judged->count[part]; i++)
			if (judged->rows[part][i].group >= 0)
				judged->rows[part][i].group = map[judged->rows[part][i].group];
		ML_CHECK(&judged->env, sml_curves_make(&judged->env, judged->rows[part], judged->count[part], groups,
											   part == 0 ? fitted : evaluated), "fit thresholds");
	}
}

char *
ml_judged_half(const MlSource *source, const MlSplit *split)
{
	MlJsonBuilder builder;
	bool          by_columns = split && split->kind == ML_SPLIT_KEY && !split->whole_row;

	for (int i = 0; by_columns && i < split->column_count; i++)
		by_columns = ml_source_find(source, split->columns[i]) >= 0;
	ml_json_begin(&builder);
	if (by_columns)
		ml_json_add_texts(&builder, "by", split->columns, split->column_count);
	return ml_split_predicate(ml_split_plan(source, ml_json_end(&builder), 0.5, HALF_SEED), source, true);
}
