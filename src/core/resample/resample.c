/*
 * resample.c - the kinds by name, what they need, and the run of one; see resample.h.
 */
#include "job.h"

#include <string.h>

#include "../hash.h"
#include "sort.h"

typedef struct Kind
{
	const char     *name;
	SmlStrategySide side;
	bool            all; /* needs all rows whatever the columns */
} Kind;

static const Kind kinds[SML_RESAMPLE_KINDS] = {
	[SML_RESAMPLE_SMOTE] = {"smote", SML_SIDE_OVER, false},
	[SML_RESAMPLE_BORDERLINE1] = {"borderline1", SML_SIDE_OVER, true},
	[SML_RESAMPLE_BORDERLINE2] = {"borderline2", SML_SIDE_OVER, true},
	[SML_RESAMPLE_ADASYN] = {"adasyn", SML_SIDE_OVER, true},
	[SML_RESAMPLE_RANDOM_OVER] = {"random_over", SML_SIDE_OVER, false},
	[SML_RESAMPLE_RANDOM_UNDER] = {"random_under", SML_SIDE_UNDER, true},
	[SML_RESAMPLE_TOMEK] = {"tomek", SML_SIDE_CLEAN, true},
	[SML_RESAMPLE_ENN] = {"enn", SML_SIDE_CLEAN, true},
	[SML_RESAMPLE_NEARMISS1] = {"nearmiss1", SML_SIDE_UNDER, true},
	[SML_RESAMPLE_NEARMISS2] = {"nearmiss2", SML_SIDE_UNDER, true},
	[SML_RESAMPLE_NEARMISS3] = {"nearmiss3", SML_SIDE_UNDER, true},
	[SML_RESAMPLE_SMOTE_TOMEK] = {"smote_tomek", SML_SIDE_OVER, true},
	[SML_RESAMPLE_SMOTE_ENN] = {"smote_enn", SML_SIDE_OVER, true},
};

const char *
sml_resample_name(SmlResampleKind kind)
{
	return kind < SML_RESAMPLE_KINDS ? kinds[kind].name : NULL;
}

bool
sml_resample_find(const char *name, SmlResampleKind *kind)
{
	for (int i = 0; i < SML_RESAMPLE_KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
		{
			*kind = (SmlResampleKind) i;
			return true;
		}
	return false;
}

SmlStrategySide
sml_resample_side(SmlResampleKind kind)
{
	return kinds[kind].side;
}

/* Categories alone are measured by the shares of all classes. */
bool
sml_resample_needs_all(SmlResampleKind kind, size_t numbers, size_t labels)
{
	return kinds[kind].all || (kind == SML_RESAMPLE_SMOTE && numbers == 0 && labels > 0);
}

/* ---- the job ------------------------------------------------------------------------- */

double
sml_job_draw(const SmlJob *job, SmlPurpose purpose, size_t class_index, uint64_t index)
{
	return sml_random_unit(job->spec->seed, (uint64_t) purpose << 32 | (uint64_t) class_index, index);
}

void
sml_job_progress(const SmlJob *job, const char *phase, double share)
{
	if (job->progress != NULL)
		job->progress(job->context, phase, share);
}

SmlStatus
sml_job_points(const SmlJob *job, const size_t *rows, size_t count, SmlPoints **points)
{
	SmlStatus status = sml_points_make(job->env, job->cases, rows, count, job->spec->standardize, points);

	if (status == SML_OK)
	{
		(*points)->progress = job->progress;
		(*points)->progress_context = job->context;
	}
	return status;
}

SmlStatus
sml_job_all_points(SmlJob *job)
{
	return job->all != NULL ? SML_OK : sml_job_points(job, job->ranks.order, job->cases->rows, &job->all);
}

static SmlStatus
job_start(SmlJob *job)
{
	return sml_ranks_make(job->env, job->cases, &job->ranks);
}

static void
job_end(SmlJob *job)
{
	sml_ranks_free(job->env, &job->ranks);
	sml_points_free(job->env, job->all);
	job->all = NULL;
}

/* ---- what it takes --------------------------------------------------------------------- */

static bool
add(size_t *sum, size_t count, size_t size)
{
	size_t bytes;

	return sml_size_times(count, size, &bytes) && sml_size_plus(*sum, bytes, sum);
}

static bool
is_combined(SmlResampleKind kind)
{
	return kind == SML_RESAMPLE_SMOTE_TOMEK || kind == SML_RESAMPLE_SMOTE_ENN;
}

/* Bytes of one search among "among" rows, their points included. */
static bool
add_search(size_t *sum, const SmlCases *cases, size_t queries, size_t among, size_t k)
{
	size_t    bytes;
	SmlPoints shape = {.width = cases->numbers > 0 ? cases->numbers : cases->labels * (cases->class_count > 2 ? cases->class_count : 1),
					   .labels = cases->numbers > 0 ? cases->labels : 0};

	return sml_points_need(cases, among, &bytes) && sml_size_plus(*sum, bytes, sum) &&
		   sml_nearest_need(&shape, queries, among, k, &bytes) && sml_size_plus(*sum, bytes, sum);
}

bool
sml_resample_need(const SmlCases *cases, const SmlResampleSpec *spec, size_t *bytes)
{
	size_t   k = spec->k > 0 ? spec->k : SML_RESAMPLE_K;
	size_t   m = spec->m > 0 ? spec->m : SML_RESAMPLE_M;
	size_t   rows = cases->rows;
	size_t   made = 0;
	size_t   largest = 0;
	size_t   row = cases->numbers * sizeof(double) + cases->labels * sizeof(int32_t);
	bool     fits = true;

	*bytes = 0;
	for (size_t c = 0; c < cases->class_count; c++)
		if (spec->plan[c].wanted > spec->plan[c].present)
		{
			fits = fits && sml_size_plus(made, (size_t) (spec->plan[c].wanted - spec->plan[c].present), &made);
			largest = spec->plan[c].present > largest ? (size_t) spec->plan[c].present : largest;
		}
	if (is_combined(spec->kind))
		fits = fits && sml_size_plus(rows, made, &rows) && add(bytes, made, row + 64);
	fits = fits && add(bytes, rows, sizeof(size_t) + 2 * sizeof(SmlSorted) + 1) && add(bytes, largest, 64);
	switch (spec->kind)
	{
		case SML_RESAMPLE_RANDOM_OVER:
			break;
		case SML_RESAMPLE_RANDOM_UNDER:
			fits = fits && add(bytes, rows, 2 * sizeof(SmlSorted));
			break;
		case SML_RESAMPLE_SMOTE:
			fits = fits && add_search(bytes, cases, largest, largest, k);
			break;
		case SML_RESAMPLE_BORDERLINE1:
		case SML_RESAMPLE_BORDERLINE2:
		case SML_RESAMPLE_ADASYN:
			fits = fits && add_search(bytes, cases, largest, rows, m > k ? m : k) && add_search(bytes, cases, largest, largest, k);
			break;
		default:
			fits = fits && add_search(bytes, cases, rows, rows, spec->k > 0 ? spec->k : SML_RESAMPLE_CLEAN_K) && add(bytes, rows, 24);
			break;
	}
	return fits;
}

static SmlStatus
check_need(SmlEnv *env, const SmlCases *cases, const SmlResampleSpec *spec)
{
	size_t bytes;

	if (!sml_resample_need(cases, spec, &bytes))
		return sml_fail(env, SML_OVER_LIMIT, "The need of memory does not fit a number.");
	if (spec->memory_limit > 0 && bytes > spec->memory_limit)
		return sml_fail(env, SML_OVER_LIMIT, "Kind %s needs %zu kB beside the rows themselves, and %zu kB are left.", kinds[spec->kind].name,
						bytes / 1024 + 1, spec->memory_limit / 1024);
	return SML_OK;
}

/* ---- the two combined kinds ---------------------------------------------------------------- */

/* Synthetic rows that are kept until it is known which of them stay. */
typedef struct Made
{
	SmlEnv       *env;
	SmlCases      cases; /* the arrays are ours */
	double       *number;
	int32_t      *code;
	int32_t      *class_of;
	uint64_t     *key;
	SmlSynthetic *rows;
	const SmlCases *originals;
	SmlResampleProgress progress;
	void         *context;
	size_t        room;
} Made;

static SmlStatus
made_start(Made *made, const SmlCases *cases, const SmlResampleSpec *spec)
{
	SmlStatus status;
	size_t    numbers;
	size_t    labels;

	for (size_t c = 0; c < cases->class_count; c++)
		if (spec->plan[c].wanted > spec->plan[c].present)
			made->room += (size_t) (spec->plan[c].wanted - spec->plan[c].present);
	if (!sml_size_times(made->room, cases->numbers, &numbers) || !sml_size_times(made->room, cases->labels, &labels))
		return sml_fail(made->env, SML_NO_MEMORY, "%zu synthetic rows are too many.", made->room);
	SML_TRY(sml_alloc_array(made->env, numbers, sizeof(double), &made->number));
	SML_TRY(sml_alloc_array(made->env, labels, sizeof(int32_t), &made->code));
	SML_TRY(sml_alloc_array(made->env, made->room, sizeof(int32_t), &made->class_of));
	SML_TRY(sml_alloc_array(made->env, made->room, sizeof(uint64_t), &made->key));
	SML_TRY(sml_alloc_array(made->env, made->room, sizeof(SmlSynthetic), &made->rows));
	made->originals = cases;
	made->cases = *cases;
	made->cases.rows = 0;
	made->cases.number = made->number;
	made->cases.number_stride = cases->numbers;
	made->cases.code = made->code;
	made->cases.code_stride = cases->labels;
	made->cases.class_of = made->class_of;
	made->cases.key = made->key;
	made->cases.tail = NULL;
done:
	return status;
}

static void
made_free(Made *made)
{
	sml_free(made->env, made->number);
	sml_free(made->env, made->code);
	sml_free(made->env, made->class_of);
	sml_free(made->env, made->key);
	sml_free(made->env, made->rows);
}

static SmlStatus
made_take(void *context, const SmlSynthetic *row)
{
	Made  *made = context;
	size_t at = made->cases.rows;

	if (at >= made->room)
		return sml_fail(made->env, SML_BAD_INPUT, "More rows were made than planned.");
	made->rows[at] = *row;
	if (made->cases.numbers > 0)
		memcpy(made->number + at * made->cases.numbers, row->numbers, made->cases.numbers * sizeof(double));
	if (made->cases.labels > 0)
		memcpy(made->code + at * made->cases.labels, row->codes, made->cases.labels * sizeof(int32_t));
	made->rows[at].numbers = made->number + at * made->cases.numbers;
	made->rows[at].codes = made->code + at * made->cases.labels;
	made->class_of[at] = row->class_index;
	made->key[at] = sml_hash_mix(sml_case_key(made->originals, row->parent) ^ sml_hash_mix(row->ordinal + 1));
	made->cases.rows++;
	return SML_OK;
}

static void
made_progress(void *context, const char *phase, double share)
{
	const Made *made = context;

	if (made->progress != NULL)
		made->progress(made->context, phase, share);
}

/* Clean the originals and what was made together, and hand on what is left. */
static SmlStatus
clean_both(SmlJob *outer, Made *made, bool *keep)
{
	SmlEnv   *env = outer->env;
	SmlCases  both = *outer->cases;
	SmlJob    job = *outer;
	bool     *stays = NULL;
	bool     *cleaned = NULL;
	SmlStatus status;

	both.tail = &made->cases;
	both.rows = outer->cases->rows + made->cases.rows;
	memset(&job.ranks, 0, sizeof(job.ranks));
	job.all = NULL;
	job.cases = &both;
	SML_TRY(sml_alloc_array(env, both.rows, sizeof(bool), &stays));
	SML_TRY(sml_alloc_array(env, both.class_count, sizeof(bool), &cleaned));
	memset(stays, true, both.rows);
	memset(cleaned, true, both.class_count);
	SML_TRY(job_start(&job));
	SML_TRY(sml_job_clean(&job, job.spec->kind == SML_RESAMPLE_SMOTE_TOMEK, cleaned, stays));
	memcpy(keep, stays, outer->cases->rows * sizeof(bool));
	for (size_t i = 0; i < made->cases.rows; i++)
	{
		if (i % 1024 == 0)
			SML_TRY(sml_poll(env));
		if (stays[outer->cases->rows + i])
			SML_TRY(outer->sink(outer->context, &made->rows[i]));
	}
done:
	job_end(&job);
	sml_free(env, stays);
	sml_free(env, cleaned);
	return status;
}

static SmlStatus
combine(SmlJob *job, bool *keep)
{
	SmlJob    inner = *job;
	Made      made;
	SmlStatus status;

	memset(&made, 0, sizeof(made));
	made.env = job->env;
	made.progress = job->progress;
	made.context = job->context;
	inner.sink = made_take;
	inner.progress = made_progress;
	inner.context = &made;
	SML_TRY(made_start(&made, job->cases, job->spec));
	SML_TRY(sml_job_oversample(&inner));
	SML_TRY(clean_both(job, &made, keep));
done:
	made_free(&made);
	return status;
}

/* ---- the run ----------------------------------------------------------------------------------- */

static SmlStatus
run(SmlJob *job, bool *keep)
{
	const SmlResampleSpec *spec = job->spec;
	size_t    classes = job->cases->class_count;
	bool     *cleaned = NULL;
	SmlStatus status;

	if (is_combined(spec->kind))
		return combine(job, keep);
	if (kinds[spec->kind].side == SML_SIDE_OVER)
		return sml_job_oversample(job);
	if (kinds[spec->kind].side == SML_SIDE_UNDER)
		return sml_job_undersample(job, keep);
	SML_TRY(sml_alloc_array(job->env, classes, sizeof(bool), &cleaned));
	for (size_t c = 0; c < classes; c++)
		cleaned[c] = spec->plan[c].cleaned;
	SML_TRY(sml_job_clean(job, spec->kind == SML_RESAMPLE_TOMEK, cleaned, keep));
done:
	sml_free(job->env, cleaned);
	return status;
}

/* Classes that have their sizes already are often a slip: a key for a target, or a table that was balanced before. */
static SmlStatus
note_nothing(SmlEnv *env, const SmlCases *cases, const SmlResampleSpec *spec, SmlNotes *notes)
{
	SmlStrategySide side = kinds[spec->kind].side;

	for (size_t c = 0; c < cases->class_count; c++)
		if (side == SML_SIDE_CLEAN || spec->plan[c].wanted != spec->plan[c].present)
			return SML_OK;
	return sml_note(env, notes, side == SML_SIDE_OVER ? "no row is made: each of the %zu classes has as many rows as it should" :
					"no row is left out: each of the %zu classes has as few rows as it should", cases->class_count);
}

SmlStatus
sml_resample(SmlEnv *env, const SmlCases *cases, const SmlResampleSpec *spec, bool *keep,
			 SmlSyntheticSink sink, SmlResampleProgress progress, void *context, SmlNotes *notes)
{
	SmlJob    job = {env, cases, spec, {NULL, NULL}, NULL, sink, progress, context, notes};
	bool     *stays = NULL;
	SmlStatus status;

	if (cases->numbers == 0 && cases->labels == 0 && spec->kind != SML_RESAMPLE_RANDOM_OVER && spec->kind != SML_RESAMPLE_RANDOM_UNDER)
		return sml_fail(env, SML_BAD_INPUT, "There are no columns to measure by.");
	SML_TRY(check_need(env, cases, spec));
	SML_TRY(note_nothing(env, cases, spec, notes));
	SML_TRY(sml_alloc_array(env, cases->rows, sizeof(bool), &stays));
	memset(stays, true, cases->rows);
	SML_TRY(job_start(&job));
	SML_TRY(run(&job, stays));
	if (keep != NULL)
		memcpy(keep, stays, cases->rows * sizeof(bool));
done:
	job_end(&job);
	sml_free(env, stays);
	return status;
}
