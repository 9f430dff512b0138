/*
 * undersample.c - fewer rows; see resample.h for the definitions.
 */
#include "job.h"

#include <math.h>

#include "sort.h"

static size_t
class_size(const SmlJob *job, size_t c)
{
	return job->ranks.first[c + 1] - job->ranks.first[c];
}

/* Keep the "wanted" members of class c with the least scores, ties by rank; "at" are positions in ranks.order, ascending. */
static SmlStatus
keep_least(const SmlJob *job, size_t c, SmlSorted *scored, size_t count, size_t wanted, bool *keep)
{
	SmlStatus status = sml_sort(job->env, scored, count);

	if (status != SML_OK)
		return status;
	for (size_t i = job->ranks.first[c]; i < job->ranks.first[c + 1]; i++)
		keep[job->ranks.order[i]] = false;
	for (size_t i = 0; i < count && i < wanted; i++)
		keep[job->ranks.order[scored[i].at]] = true;
	return SML_OK;
}

/* ---- random --------------------------------------------------------------------------- */

static SmlStatus
keep_random(SmlJob *job, size_t c, size_t wanted, bool *keep)
{
	size_t    first = job->ranks.first[c];
	size_t    count = class_size(job, c);
	SmlSorted *scored = NULL;
	SmlStatus status = sml_alloc_array(job->env, count, sizeof(SmlSorted), &scored);

	if (status != SML_OK)
		return status;
	for (size_t i = 0; i < count; i++)
		scored[i] = (SmlSorted){sml_sort_key(sml_job_draw(job, SML_DRAW_KEEP, c, i)), first + i};
	status = keep_least(job, c, scored, count, wanted, keep);
	sml_free(job->env, scored);
	return status;
}

/* ---- nearmiss --------------------------------------------------------------------------- */

static size_t
smallest_class(const SmlResampleSpec *spec, size_t count)
{
	size_t best = 0;

	for (size_t c = 1; c < count; c++)
		if (spec->plan[c].present < spec->plan[best].present)
			best = c;
	return best;
}

static void
fill_positions(const SmlJob *job, size_t c, size_t *positions)
{
	for (size_t i = 0; i < class_size(job, c); i++)
		positions[i] = job->ranks.first[c] + i;
}

/* Of the positions of class c only those that are among the k nearest of a minority row; returns their number. */
static SmlStatus
nearest_of_minority(SmlJob *job, size_t *positions, size_t count, const size_t *minority, size_t minority_count, size_t k, size_t *left)
{
	SmlEnv   *env = job->env;
	SmlFound *found = NULL;
	bool     *chosen = NULL;
	size_t    kept = 0;
	SmlStatus status;

	k = k > count ? count : k;
	SML_TRY(sml_alloc_array(env, minority_count * k, sizeof(SmlFound), &found));
	SML_TRY(sml_alloc_array(env, count, sizeof(bool), &chosen));
	SML_TRY(sml_nearest(env, job->all, minority, minority_count, positions, count, k, found));
	for (size_t i = 0; i < minority_count * k; i++)
		chosen[found[i].at - positions[0]] = true;
	for (size_t i = 0; i < count; i++)
		if (chosen[i])
			positions[kept++] = positions[i];
	*left = kept;
done:
	sml_free(env, found);
	sml_free(env, chosen);
	return status;
}

static SmlStatus
keep_near(SmlJob *job, size_t c, size_t smallest, bool *keep)
{
	SmlResampleKind kind = job->spec->kind;
	SmlEnv   *env = job->env;
	size_t    k = job->spec->k > 0 ? job->spec->k : SML_RESAMPLE_CLEAN_K;
	size_t    wanted = (size_t) job->spec->plan[c].wanted;
	size_t    count = class_size(job, c);
	size_t    minority_count = class_size(job, smallest);
	size_t   *positions = NULL;
	size_t   *minority = NULL;
	SmlFound *found = NULL;
	SmlSorted *scored = NULL;
	SmlStatus status;

	if (k > minority_count && job->spec->k > 0)
		return sml_fail(env, SML_BAD_INPUT, "Class \"%s\" has %zu rows, too few for k = %zu; the largest k is %zu.",
						job->spec->class_names[smallest], minority_count, k, minority_count);
	k = k > minority_count ? minority_count : k;
	SML_TRY(sml_alloc_array(env, count, sizeof(size_t), &positions));
	SML_TRY(sml_alloc_array(env, minority_count, sizeof(size_t), &minority));
	fill_positions(job, c, positions);
	fill_positions(job, smallest, minority);
	if (kind == SML_RESAMPLE_NEARMISS3)
		SML_TRY(nearest_of_minority(job, positions, count, minority, minority_count, k, &count));
	SML_TRY(sml_alloc_array(env, count * k, sizeof(SmlFound), &found));
	SML_TRY(sml_alloc_array(env, count, sizeof(SmlSorted), &scored));
	if (kind == SML_RESAMPLE_NEARMISS2)
		SML_TRY(sml_farthest(env, job->all, positions, count, minority, minority_count, k, found));
	else
		SML_TRY(sml_nearest(env, job->all, positions, count, minority, minority_count, k, found));
	for (size_t i = 0; i < count; i++)
	{
		double score = 0;

		for (size_t n = 0; n < k; n++)
			score += sqrt(found[i * k + n].distance);
		scored[i] = (SmlSorted){sml_sort_key(kind == SML_RESAMPLE_NEARMISS3 ? -score : score), positions[i]};
	}
	SML_TRY(keep_least(job, c, scored, count, wanted, keep));
	if (count < wanted)
		SML_TRY(sml_note(env, job->notes, "class \"%s\" keeps %zu rows, not %zu: no more are near the smallest class",
						 job->spec->class_names[c], count, wanted));
done:
	sml_free(env, positions);
	sml_free(env, minority);
	sml_free(env, found);
	sml_free(env, scored);
	return status;
}

/* ---- cleaning ------------------------------------------------------------------------------ */

/* Rows that are each other's nearest and of different classes. */
static SmlStatus
tomek_links(SmlJob *job, const bool *cleaned, bool *keep)
{
	const SmlCases *cases = job->cases;
	const size_t   *order = job->ranks.order;
	SmlFound       *found = NULL;
	SmlStatus       status;

	SML_TRY(sml_alloc_array(job->env, cases->rows, sizeof(SmlFound), &found));
	SML_TRY(sml_nearest(job->env, job->all, NULL, 0, NULL, 0, 1, found));
	for (size_t i = 0; i < cases->rows; i++)
	{
		size_t nearest = found[i].at;
		size_t mine = sml_case_class(cases, order[i]);

		if (found[i].at != SML_NOT_FOUND && found[nearest].at == i && cleaned[mine] && sml_case_class(cases, order[nearest]) != mine)
			keep[order[i]] = false;
	}
done:
	sml_free(job->env, found);
	return status;
}

/* Rows with any row of another class among their k nearest. */
static SmlStatus
edited_neighbours(SmlJob *job, const bool *cleaned, bool *keep)
{
	const SmlCases *cases = job->cases;
	const size_t   *order = job->ranks.order;
	size_t          k = job->spec->kind == SML_RESAMPLE_ENN && job->spec->k > 0 ? job->spec->k : SML_RESAMPLE_CLEAN_K;
	size_t         *queries = NULL;
	size_t          count = 0;
	SmlFound       *found = NULL;
	bool            everyone;
	SmlStatus       status;

	if (k > cases->rows - 1 && job->spec->k > 0)
		return sml_fail(job->env, SML_BAD_INPUT, "k is %zu, but there are only %zu other rows.", k, cases->rows - 1);
	k = k > cases->rows - 1 ? cases->rows - 1 : k;
	SML_TRY(sml_alloc_array(job->env, cases->rows, sizeof(size_t), &queries));
	for (size_t i = 0; i < cases->rows; i++)
		if (cleaned[sml_case_class(cases, order[i])])
			queries[count++] = i;
	/* a search of all rows among themselves looks at each pair once, so it is cheaper than one of most rows */
	everyone = 2 * count > cases->rows;
	if (everyone)
		for (count = 0; count < cases->rows; count++)
			queries[count] = count;
	SML_TRY(sml_alloc_array(job->env, count * k, sizeof(SmlFound), &found));
	SML_TRY(sml_nearest(job->env, job->all, everyone ? NULL : queries, count, NULL, 0, k, found));
	for (size_t q = 0; q < count; q++)
	{
		size_t row = order[queries[q]];
		size_t mine = sml_case_class(cases, row);

		for (size_t n = 0; n < k && cleaned[mine]; n++)
			if (sml_case_class(cases, order[found[q * k + n].at]) != mine)
				keep[row] = false;
	}
done:
	sml_free(job->env, queries);
	sml_free(job->env, found);
	return status;
}

SmlStatus
sml_job_clean(SmlJob *job, bool tomek, const bool *cleaned, bool *keep)
{
	SmlStatus status;

	SML_TRY(sml_job_all_points(job));
	SML_TRY(tomek ? tomek_links(job, cleaned, keep) : edited_neighbours(job, cleaned, keep));
done:
	return status;
}

SmlStatus
sml_job_undersample(SmlJob *job, bool *keep)
{
	const SmlResampleSpec *spec = job->spec;
	size_t    classes = job->cases->class_count;
	size_t    smallest = smallest_class(spec, classes);
	SmlStatus status = SML_OK;

	for (size_t c = 0; c < classes; c++)
	{
		if (spec->plan[c].wanted >= spec->plan[c].present)
			continue;
		SML_TRY(sml_poll(job->env));
		if (spec->kind == SML_RESAMPLE_RANDOM_UNDER)
		{
			SML_TRY(keep_random(job, c, (size_t) spec->plan[c].wanted, keep));
			continue;
		}
		SML_TRY(sml_job_all_points(job));
		SML_TRY(keep_near(job, c, smallest, keep));
	}
done:
	return status;
}
