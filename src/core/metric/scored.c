/*
 * scored.c - the pairs of one evaluation, and the paired test of two.
 *
 * Arrays grow by doubling under a limit in bytes.  A row of a binary model takes
 * 12 bytes, of K classes 4 + 8 K, of a regression 16, and 8 more for a weight.
 */
#include "metric.h"

#include <math.h>
#include <string.h>

SmlStatus
sml_scored_start(SmlEnv *env, SmlTask task, size_t classes, size_t positive, bool weighted, size_t limit, SmlScored **scored)
{
	SmlScored *made;
	SmlStatus  status;

	if ((task == SML_REGRESSION) != (classes == 0) || (task == SML_BINARY && (classes != 2 || positive > 1)) ||
		(task == SML_MULTICLASS && (classes < 2 || classes > INT32_MAX)))
		return sml_fail(env, SML_BAD_OPTION, "The task and its number of classes do not fit together.");
	status = sml_alloc_array(env, 1, sizeof(SmlScored), &made);
	if (status != SML_OK)
		return status;
	made->task = task;
	made->classes = classes;
	made->positive = positive;
	made->weighted = weighted;
	made->width = task == SML_MULTICLASS ? classes : 1;
	made->limit = limit;
	*scored = made;
	return SML_OK;
}

void
sml_scored_free(SmlEnv *env, SmlScored *scored)
{
	if (scored == NULL)
		return;
	sml_free(env, scored->actual);
	sml_free(env, scored->label);
	sml_free(env, scored->predicted);
	sml_free(env, scored->weight);
	sml_free(env, scored);
}

/* Move an array to a larger chunk. */
static SmlStatus
move_array(SmlEnv *env, void *chunk, size_t used, size_t room, size_t size)
{
	void     *old;
	void     *fresh;
	SmlStatus status = sml_alloc_array(env, room, size, &fresh);

	if (status != SML_OK)
		return status;
	memcpy(&old, chunk, sizeof(old));
	if (used > 0)
		status = sml_copy_bytes(env, fresh, old, used * size);
	if (status != SML_OK)
	{
		sml_free(env, fresh);
		return status;
	}
	sml_free(env, old);
	memcpy(chunk, &fresh, sizeof(fresh));
	return SML_OK;
}

static SmlStatus
grow(SmlEnv *env, SmlScored *scored)
{
	size_t    room = scored->room ? 2 * scored->room : 256;
	size_t    row = scored->width * sizeof(double);
	size_t    bytes;
	size_t    cells;
	SmlStatus status;

	row += (scored->task == SML_REGRESSION ? sizeof(double) : sizeof(int32_t)) + (scored->weighted ? sizeof(double) : 0);
	if (room < scored->room || !sml_size_times(room + scored->room, row, &bytes) ||
		!sml_size_times(room, scored->width, &cells))
		return sml_fail(env, SML_NO_MEMORY, "The number of rows does not fit.");
	if (scored->limit && bytes > scored->limit)
		return sml_fail(env, SML_OVER_LIMIT,
						"Keeping the predictions of more than %zu rows needs %zu kB, and %zu kB are allowed.",
						scored->rows, (bytes + 1023) / 1024, scored->limit / 1024);
	/* "room" is raised last: after a failure the arrays are at least as long as it says */
	SML_TRY(move_array(env, &scored->predicted, scored->rows * scored->width, cells, sizeof(double)));
	if (scored->task == SML_REGRESSION)
		SML_TRY(move_array(env, &scored->actual, scored->rows, room, sizeof(double)));
	else
		SML_TRY(move_array(env, &scored->label, scored->rows, room, sizeof(int32_t)));
	if (scored->weighted)
		SML_TRY(move_array(env, &scored->weight, scored->rows, room, sizeof(double)));
	scored->room = room;
done:
	return status;
}

SmlStatus
sml_scored_add(SmlEnv *env, SmlScored *scored, double actual, const double *predicted, double weight)
{
	SmlStatus status;

	if (!(weight >= 0) || isinf(weight))
		return sml_fail(env, SML_BAD_INPUT, "A weight is negative, NaN or infinite; weights are numbers of 0 or more.");
	for (size_t k = 0; k < scored->width; k++)
		if (isnan(predicted[k]))
			return sml_fail(env, SML_BAD_INPUT, "A prediction is NaN.");
	if (scored->task == SML_REGRESSION ? !isfinite(actual) : !(actual >= 0 && actual < (double) scored->classes))
		return sml_fail(env, SML_BAD_INPUT, "An actual value is not one that can be compared with a prediction.");
	if (weight == 0)
		return SML_OK;
	if (scored->rows == scored->room)
	{
		status = grow(env, scored);
		if (status != SML_OK)
			return status;
	}
	if (scored->task == SML_REGRESSION)
		scored->actual[scored->rows] = actual;
	else
		scored->label[scored->rows] = (int32_t) actual;
	memcpy(scored->predicted + scored->rows * scored->width, predicted, scored->width * sizeof(double));
	if (scored->weighted)
		scored->weight[scored->rows] = weight;
	scored->rows++;
	return SML_OK;
}

size_t
sml_scored_class(const SmlScored *scored, size_t row, double threshold)
{
	const double *p = scored->predicted + row * scored->width;
	size_t        best = 0;

	if (scored->task == SML_BINARY)
		return p[0] >= threshold ? scored->positive : 1 - scored->positive;
	for (size_t k = 1; k < scored->width; k++)
		if (p[k] > p[best])
			best = k;
	return best;
}

double
sml_scored_loss(const SmlScored *scored, size_t row)
{
	const double *p = scored->predicted + row * scored->width;

	switch (scored->task)
	{
		case SML_REGRESSION:
			return (scored->actual[row] - p[0]) * (scored->actual[row] - p[0]);
		case SML_BINARY:
			return sml_log_loss_of((size_t) scored->label[row] == scored->positive, p[0]);
		case SML_MULTICLASS:
			return sml_log_loss_of(true, p[scored->label[row]]);
	}
	return NAN;
}

SmlStatus
sml_ranked_of(SmlEnv *env, const SmlScored *scored, size_t k, SmlRanked *ranked)
{
	SmlStatus status = SML_OK;

	for (size_t i = 0; i < scored->rows; i++)
	{
		const double *p = scored->predicted + i * scored->width;
		double        score = scored->task == SML_MULTICLASS ? p[k] : k == scored->positive ? p[0] : 1 - p[0];

		if (i % SML_POLL_ROWS == 0)
			SML_TRY(sml_poll(env));
		SML_TRY(sml_ranked_add(env, ranked, (size_t) scored->label[i] == k, score, scored->weight ? scored->weight[i] : 1));
	}
done:
	return status;
}

static SmlStatus
check_same_rows(SmlEnv *env, const SmlScored *a, const SmlScored *b)
{
	bool   same = a->task == b->task && a->classes == b->classes && a->rows == b->rows && a->weighted == b->weighted;
	size_t steps = sml_poll_steps(1);

	for (size_t i = 0; same && i < a->rows; i++)
	{
		SmlStatus status = i % steps == steps - 1 ? sml_poll(env) : SML_OK;

		if (status != SML_OK)
			return status;
		if ((a->weighted && a->weight[i] != b->weight[i]) ||
			(a->task == SML_REGRESSION ? a->actual[i] != b->actual[i] : a->label[i] != b->label[i]))
			same = false;
	}
	return same ? SML_OK : sml_fail(env, SML_BAD_INPUT, "The two models were not evaluated on the same rows.");
}

SmlStatus
sml_paired_loss(SmlEnv *env, const SmlScored *a, const SmlScored *b, SmlPaired *paired)
{
	SmlMean   first = {0};
	SmlMean   second = {0};
	SmlMean   both = {0};
	SmlStatus status;
	double    error;

	SML_TRY(check_same_rows(env, a, b));
	for (size_t i = 0; i < a->rows; i++)
	{
		double weight = a->weighted ? a->weight[i] : 1;
		double loss_a = sml_scored_loss(a, i);
		double loss_b = sml_scored_loss(b, i);

		if (i % SML_POLL_ROWS == 0)
			SML_TRY(sml_poll(env));
		sml_mean_add(&first, loss_a, weight);
		sml_mean_add(&second, loss_b, weight);
		sml_mean_add(&both, loss_a - loss_b, weight);
	}
	error = sml_mean_error(&both);
	*paired = (SmlPaired) {
		.a = a->rows ? first.mean : NAN,
		.b = a->rows ? second.mean : NAN,
		.difference = a->rows ? both.mean : NAN,
		.low = both.mean - SML_Z95 * error,
		.high = both.mean + SML_Z95 * error,
		.n = (int64_t) a->rows,
	};
done:
	return status;
}
