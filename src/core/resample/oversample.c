/*
 * oversample.c - synthetic rows; see resample.h for the definitions.
 *
 * A class is grown in four steps: weigh the possible parents, deal the wanted rows to them, find the
 * neighbours of those that got any, make the rows in the order of parents.
 */
#include "job.h"

#include <math.h>
#include <string.h>

#include "sort.h"

#define POLL_ROWS 16384

/* One class while it grows. */
typedef struct Growth
{
	SmlJob       *job;
	size_t        class_index;
	const size_t *members;     /* rows by rank */
	size_t        count;
	uint64_t      make;
	size_t        k;
	uint32_t     *weight;      /* per member; NULL: all 1 */
	uint64_t     *dealt;       /* rows to make per member */
	size_t       *parents;     /* members that got any */
	size_t        parent_count;
	bool          among_all;   /* neighbours are positions in job->all, not members */
	SmlFound     *found;       /* parent_count x k */
	double       *deviation;   /* noise per column (random_over) */
	double       *numbers;     /* the row being made */
	int32_t      *codes;
	int32_t      *voters;      /* k + 1 codes of one column */
	uint64_t      ordinal;
} Growth;

/* ---- how many from whom ------------------------------------------------------------- */

/* Larger remainders first, those of one size by draw, and equal draws by rank. */
static SmlStatus
order_remainders(Growth *growth, uint64_t total, SmlSorted *shares)
{
	SmlJob   *job = growth->job;
	bool      differ = false;
	SmlStatus status;

	for (size_t i = 0; i < growth->count; i++)
		shares[i] = (SmlSorted){sml_sort_key(sml_job_draw(job, SML_DRAW_REMAINDER, growth->class_index, i)), i};
	SML_TRY(sml_sort(job->env, shares, growth->count));
	for (size_t i = 0; i < growth->count; i++)
	{
		uint64_t weight = growth->weight != NULL ? growth->weight[shares[i].at] : 1;

		shares[i].key = ~(uint64_t) ((unsigned __int128) weight * growth->make % total);
		differ = differ || shares[i].key != shares[0].key;
	}
	if (differ)
		SML_TRY(sml_sort(job->env, shares, growth->count));
done:
	return status;
}

/* Deal growth->make in proportion to the weights by largest remainder. */
static SmlStatus
deal(Growth *growth)
{
	SmlEnv   *env = growth->job->env;
	SmlSorted *shares = NULL;
	uint64_t  total = 0;
	uint64_t  left = growth->make;
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, growth->count, sizeof(uint64_t), &growth->dealt));
	SML_TRY(sml_alloc_array(env, growth->count, sizeof(size_t), &growth->parents));
	SML_TRY(sml_alloc_array(env, growth->count, sizeof(SmlSorted), &shares));
	for (size_t i = 0; i < growth->count; i++)
		total += growth->weight != NULL ? growth->weight[i] : 1;
	for (size_t i = 0; i < growth->count; i++)
	{
		uint64_t          weight = growth->weight != NULL ? growth->weight[i] : 1;
		unsigned __int128 product = (unsigned __int128) weight * growth->make;

		if (i % POLL_ROWS == 0)
			SML_TRY(sml_poll(env));
		growth->dealt[i] = (uint64_t) (product / total);
		left -= growth->dealt[i];
	}
	/* fewer are left than there are remainders above 0 */
	if (left > 0)
		SML_TRY(order_remainders(growth, total, shares));
	for (size_t i = 0; i < left; i++)
		growth->dealt[shares[i].at]++;
	for (size_t i = 0; i < growth->count; i++)
		if (growth->dealt[i] > 0)
			growth->parents[growth->parent_count++] = i;
done:
	sml_free(env, shares);
	return status;
}

/* Rows of other classes among the "k" nearest in all rows, per member. */
static SmlStatus
count_others(Growth *growth, size_t k, uint32_t *others)
{
	SmlJob   *job = growth->job;
	SmlEnv   *env = job->env;
	size_t    first = job->ranks.first[growth->class_index];
	size_t   *queries = NULL;
	SmlFound *found = NULL;
	SmlStatus status;

	SML_TRY(sml_job_all_points(job));
	SML_TRY(sml_alloc_array(env, growth->count, sizeof(size_t), &queries));
	SML_TRY(sml_alloc_array(env, growth->count * k, sizeof(SmlFound), &found));
	for (size_t i = 0; i < growth->count; i++)
		queries[i] = first + i;
	SML_TRY(sml_nearest(env, job->all, queries, growth->count, NULL, 0, k, found));
	for (size_t i = 0; i < growth->count; i++)
		for (size_t n = 0; n < k; n++)
			others[i] += found[i * k + n].at - first >= growth->count; /* wraps below first */
done:
	sml_free(env, queries);
	sml_free(env, found);
	return status;
}

static SmlStatus
weigh_danger(Growth *growth)
{
	const SmlResampleSpec *spec = growth->job->spec;
	size_t    rows = growth->job->cases->rows;
	size_t    m = spec->m > 0 ? spec->m : SML_RESAMPLE_M;
	size_t    danger = 0;
	SmlStatus status;

	if (m > rows - 1 && spec->m > 0)
		return sml_fail(growth->job->env, SML_BAD_INPUT, "m is %zu, but there are only %zu other rows.", m, rows - 1);
	m = m > rows - 1 ? rows - 1 : m;
	status = count_others(growth, m, growth->weight);
	if (status != SML_OK)
		return status;
	for (size_t i = 0; i < growth->count; i++)
	{
		growth->weight[i] = 2 * (size_t) growth->weight[i] >= m && growth->weight[i] < m;
		danger += growth->weight[i];
	}
	if (danger == 0)
		return sml_fail(growth->job->env, SML_BAD_INPUT,
						"Class \"%s\" has no row on the border: none with half or more, but not all, of its %zu nearest rows in another class. Kind smote needs none.",
						spec->class_names[growth->class_index], m);
	return SML_OK;
}

static SmlStatus
weigh(Growth *growth)
{
	SmlResampleKind kind = growth->job->spec->kind;
	SmlEnv         *env = growth->job->env;
	SmlStatus       status = SML_OK;
	uint64_t        total = 0;

	if (kind != SML_RESAMPLE_BORDERLINE1 && kind != SML_RESAMPLE_BORDERLINE2 && kind != SML_RESAMPLE_ADASYN)
		return SML_OK;
	SML_TRY(sml_alloc_array(env, growth->count, sizeof(uint32_t), &growth->weight));
	if (kind != SML_RESAMPLE_ADASYN)
		return weigh_danger(growth);
	SML_TRY(count_others(growth, growth->k, growth->weight));
	for (size_t i = 0; i < growth->count; i++)
		total += growth->weight[i];
	if (total == 0)
		return sml_fail(env, SML_BAD_INPUT, "No row of class \"%s\" has a row of another class among its %zu nearest, so adasyn has nothing to go by. Kind smote needs none.",
						growth->job->spec->class_names[growth->class_index], growth->k);
done:
	return status;
}

/* ---- neighbours ------------------------------------------------------------------------ */

static SmlStatus
choose_k(Growth *growth)
{
	const SmlJob *job = growth->job;
	const char   *name = job->spec->class_names[growth->class_index];

	growth->k = job->spec->k > 0 ? job->spec->k : SML_RESAMPLE_K;
	if (job->spec->kind == SML_RESAMPLE_RANDOM_OVER || growth->count > growth->k)
		return SML_OK;
	if (growth->count == 1)
		return sml_fail(job->env, SML_BAD_INPUT, "Class \"%s\" has one row, which has no neighbour in its class. Kind random can copy it.", name);
	if (job->spec->k > 0)
		return sml_fail(job->env, SML_BAD_INPUT, "Class \"%s\" has %zu rows, too few for k = %zu; the largest k is %zu.", name, growth->count, growth->k, growth->count - 1);
	growth->k = growth->count - 1;
	return sml_note(job->env, job->notes, "k is %zu for class \"%s\", which has %zu rows", growth->k, name, growth->count);
}

static SmlStatus
find_in_all(Growth *growth)
{
	SmlJob   *job = growth->job;
	size_t   *queries = NULL;
	SmlStatus status;

	SML_TRY(sml_job_all_points(job));
	SML_TRY(sml_alloc_array(job->env, growth->parent_count, sizeof(size_t), &queries));
	for (size_t i = 0; i < growth->parent_count; i++)
		queries[i] = job->ranks.first[growth->class_index] + growth->parents[i];
	growth->among_all = true;
	SML_TRY(sml_nearest(job->env, job->all, queries, growth->parent_count, NULL, 0, growth->k, growth->found));
done:
	sml_free(job->env, queries);
	return status;
}

static SmlStatus
find_in_class(Growth *growth)
{
	SmlJob    *job = growth->job;
	SmlPoints *points = NULL;
	bool       everyone = growth->parent_count == growth->count;
	SmlStatus  status;

	SML_TRY(sml_job_points(job, growth->members, growth->count, &points));
	SML_TRY(sml_nearest(job->env, points, everyone ? NULL : growth->parents, growth->parent_count, NULL, 0, growth->k, growth->found));
done:
	sml_points_free(job->env, points);
	return status;
}

static SmlStatus
find_neighbours(Growth *growth)
{
	SmlJob   *job = growth->job;
	size_t    lists;
	SmlStatus status;

	if (job->spec->kind == SML_RESAMPLE_RANDOM_OVER)
		return SML_OK;
	if (!sml_size_times(growth->parent_count, growth->k, &lists))
		return sml_fail(job->env, SML_NO_MEMORY, "%zu lists of %zu neighbours are too many.", growth->parent_count, growth->k);
	SML_TRY(sml_alloc_array(job->env, lists, sizeof(SmlFound), &growth->found));
	SML_TRY(job->spec->kind == SML_RESAMPLE_BORDERLINE2 ? find_in_all(growth) : find_in_class(growth));
done:
	return status;
}

/* Deviations for the noise of random_over: shrinkage * h * sd of the class (Menardi and Torelli 2014). */
static SmlStatus
find_noise(Growth *growth)
{
	SmlJob         *job = growth->job;
	const SmlCases *cases = job->cases;
	double          rows = (double) (job->spec->total_rows > 0 ? job->spec->total_rows : cases->rows);
	double          p = (double) cases->numbers;
	double          h = pow(4 / ((p + 2) * rows), 1 / (p + 4));
	SmlStatus       status;

	SML_TRY(sml_alloc_array(job->env, cases->numbers, sizeof(double), &growth->deviation));
	for (size_t j = 0; j < cases->numbers; j++)
	{
		double sum = 0;
		double squares = 0;
		size_t finite = 0;

		SML_TRY(sml_poll(job->env));
		for (size_t i = 0; i < growth->count; i++)
		{
			double x = sml_case_numbers(cases, growth->members[i])[j];

			if (isfinite(x))
			{
				sum += x;
				finite++;
			}
		}
		for (size_t i = 0; i < growth->count && finite > 0; i++)
		{
			double x = sml_case_numbers(cases, growth->members[i])[j] - sum / (double) finite;

			if (isfinite(x))
				squares += x * x;
		}
		growth->deviation[j] = finite > 0 ? job->spec->shrinkage * h * sqrt(squares / (double) finite) : 0;
		if (!isfinite(sum) || !isfinite(growth->deviation[j]))
			SML_TRY(sml_fail(job->env, SML_BAD_INPUT, "The squares of a column's values are beyond double precision; divide the column by a constant."));
	}
done:
	return status;
}

/* ---- making a row ----------------------------------------------------------------------- */

static size_t
neighbour_row(const Growth *growth, size_t parent, size_t n)
{
	size_t at = growth->found[parent * growth->k + n].at;

	return growth->among_all ? growth->job->ranks.order[at] : growth->members[at];
}

/* A point of the segment from a to b; a where either is not finite. */
static double
between(double a, double b, double lambda)
{
	double step = lambda * (b - a);

	if (!isfinite(a) || !isfinite(b))
		return a;
	return isfinite(step) ? a + step : a * (1 - lambda) + b * lambda;
}

static void
interpolate(Growth *growth, size_t row, size_t other, double lambda)
{
	const double *a = sml_case_numbers(growth->job->cases, row);
	const double *b = sml_case_numbers(growth->job->cases, other);

	for (size_t j = 0; j < growth->job->cases->numbers; j++)
		growth->numbers[j] = between(a[j], b[j], lambda);
}

/*
 * The most frequent code of column j among the k neighbours of a parent, itself included when "self".
 * Ties: beside numbers by a draw among the tied values in the order of their first
 * neighbour; alone the smallest code, missing being the largest.
 */
static int32_t
vote(const Growth *growth, size_t parent, size_t row, size_t j, bool self)
{
	const SmlCases *cases = growth->job->cases;
	size_t          voters = growth->k + self;
	size_t          best = 0;
	size_t          ties = 0;
	size_t          wanted;
	int32_t         least = -1;
	int32_t        *codes = growth->voters;

	for (size_t n = 0; n < growth->k; n++)
		codes[n] = sml_case_codes(cases, neighbour_row(growth, parent, n))[j];
	if (self)
		codes[growth->k] = sml_case_codes(cases, row)[j];
	/* first the height of the winners and their number, then the one that is wanted */
	for (size_t pass = 0; pass < 2; pass++)
	{
		wanted = pass == 1 && !self && ties > 1 ?
			(size_t) (sml_job_draw(growth->job, SML_DRAW_VOTE, growth->class_index, growth->ordinal * cases->labels + j) * (double) ties) : 0;
		for (size_t n = 0; n < voters; n++)
		{
			int32_t code = codes[n];
			size_t  votes = 0;
			bool    earlier = false;

			for (size_t o = 0; o < voters; o++)
			{
				votes += codes[o] == code;
				earlier = earlier || (o < n && codes[o] == code);
			}
			if (earlier)
				continue;
			if (pass == 0)
			{
				ties = votes > best ? 1 : ties + (votes == best);
				best = votes > best ? votes : best;
			}
			else if (votes == best)
			{
				if (self)
					least = (uint32_t) code <= (uint32_t) least ? code : least;
				else if (wanted-- == 0)
					return code;
			}
		}
	}
	return least;
}

static void
add_noise(Growth *growth, const double *a)
{
	const SmlJob *job = growth->job;
	size_t        p = job->cases->numbers;

	for (size_t j = 0; j < p; j++)
	{
		growth->numbers[j] = a[j];
		if (growth->deviation != NULL && isfinite(a[j]) && growth->deviation[j] > 0)
		{
			/* Box and Muller */
			double u = sml_job_draw(job, SML_DRAW_NOISE, growth->class_index, 2 * (growth->ordinal * p + j));
			double v = sml_job_draw(job, SML_DRAW_NOISE, growth->class_index, 2 * (growth->ordinal * p + j) + 1);

			growth->numbers[j] += growth->deviation[j] * sqrt(-2 * log(1 - u)) * cos(6.283185307179586 * v);
		}
	}
}

static SmlStatus
make_row(Growth *growth, size_t parent)
{
	SmlJob         *job = growth->job;
	const SmlCases *cases = job->cases;
	size_t          c = growth->class_index;
	size_t          row = growth->members[growth->parents[parent]];
	SmlSynthetic    made = {row, SML_NO_CASE, 0, (int32_t) c, growth->ordinal, growth->numbers, growth->codes};

	if (job->spec->kind == SML_RESAMPLE_RANDOM_OVER)
	{
		if (cases->numbers > 0)
			add_noise(growth, sml_case_numbers(cases, row));
		if (cases->labels > 0)
			memcpy(growth->codes, sml_case_codes(cases, row), cases->labels * sizeof(int32_t));
		return job->sink(job->context, &made);
	}
	if (cases->numbers > 0)
	{
		size_t n = (size_t) (sml_job_draw(job, SML_DRAW_NEIGHBOUR, c, growth->ordinal) * (double) growth->k);

		made.neighbour = neighbour_row(growth, parent, n);
		made.lambda = sml_job_draw(job, SML_DRAW_LAMBDA, c, growth->ordinal);
		if (growth->among_all && sml_case_class(cases, made.neighbour) != c)
			made.lambda *= sml_job_draw(job, SML_DRAW_STEP, c, growth->ordinal) / 2;
		interpolate(growth, row, made.neighbour, made.lambda);
	}
	for (size_t j = 0; j < cases->labels; j++)
		growth->codes[j] = vote(growth, parent, row, j, cases->numbers == 0);
	return job->sink(job->context, &made);
}

/* Ask for the numbers of a parent and its neighbours before they are needed: they lie anywhere in memory. */
static void
fetch(const Growth *growth, size_t parent)
{
	const SmlCases *cases = growth->job->cases;
	size_t          bytes = cases->numbers * sizeof(double);

	for (size_t n = 0; n <= growth->k && n < 8 && bytes > 0; n++)
	{
		size_t      row = n == 0 ? growth->members[growth->parents[parent]] : neighbour_row(growth, parent, n - 1);
		const char *first = (const char *) sml_case_numbers(cases, row);

		for (size_t i = 0; i < bytes && i < 256; i += 64)
			__builtin_prefetch(first + i);
	}
}

static SmlStatus
make_rows(Growth *growth)
{
	SmlJob   *job = growth->job;
	SmlStatus status;

	SML_TRY(sml_alloc_array(job->env, job->cases->numbers, sizeof(double), &growth->numbers));
	SML_TRY(sml_alloc_array(job->env, job->cases->labels, sizeof(int32_t), &growth->codes));
	SML_TRY(sml_alloc_array(job->env, growth->k + 1, sizeof(int32_t), &growth->voters));
	for (size_t parent = 0; parent < growth->parent_count; parent++)
	{
		if (growth->found != NULL && parent + 1 < growth->parent_count)
			fetch(growth, parent + 1);
		for (uint64_t n = growth->dealt[growth->parents[parent]]; n > 0; n--, growth->ordinal++)
		{
			if (growth->ordinal % 1024 == 0)
				sml_job_progress(job, "making rows", (double) growth->ordinal / (double) growth->make);
			if (growth->ordinal % 64 == 0)
				SML_TRY(sml_poll(job->env));
			SML_TRY(make_row(growth, parent));
		}
	}
done:
	return status;
}

/* ---- a class ------------------------------------------------------------------------------ */

static SmlStatus
grow_class(SmlJob *job, size_t c)
{
	Growth    growth;
	SmlStatus status;

	memset(&growth, 0, sizeof(growth));
	growth.job = job;
	growth.class_index = c;
	growth.members = job->ranks.order + job->ranks.first[c];
	growth.count = job->ranks.first[c + 1] - job->ranks.first[c];
	growth.make = job->spec->plan[c].wanted - job->spec->plan[c].present;
	if (growth.count == 0)
		return sml_fail(job->env, SML_BAD_INPUT, "Class \"%s\" has no rows.", job->spec->class_names[c]);
	SML_TRY(choose_k(&growth));
	SML_TRY(weigh(&growth));
	SML_TRY(deal(&growth));
	SML_TRY(find_neighbours(&growth));
	if (job->spec->kind == SML_RESAMPLE_RANDOM_OVER && job->spec->shrinkage > 0)
		SML_TRY(find_noise(&growth));
	SML_TRY(make_rows(&growth));
done:
	sml_free(job->env, growth.weight);
	sml_free(job->env, growth.dealt);
	sml_free(job->env, growth.parents);
	sml_free(job->env, growth.found);
	sml_free(job->env, growth.deviation);
	sml_free(job->env, growth.numbers);
	sml_free(job->env, growth.codes);
	sml_free(job->env, growth.voters);
	return status;
}

SmlStatus
sml_job_oversample(SmlJob *job)
{
	SmlStatus status = SML_OK;

	for (size_t c = 0; c < job->cases->class_count; c++)
		if (job->spec->plan[c].wanted > job->spec->plan[c].present)
			SML_TRY(grow_class(job, c));
done:
	return status;
}
