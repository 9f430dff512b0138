/*
 * counts.c - counting rows of a group; see counts.h.
 */
#include <math.h>
#include <string.h>

#include "counts.h"
#include "../metric/metric.h"

#define KIND    "FAIR"
#define VERSION 3

/* ---- sums ----------------------------------------------------------------------- */

void
sml_sum_add(SmlSum *sum, double value)
{
	double total = sum->sum + value;

	/* what the addition lost, whichever of the two is larger */
	if (fabs(sum->sum) >= fabs(value))
		sum->rest += (sum->sum - total) + value;
	else
		sum->rest += (value - total) + sum->sum;
	sum->sum = total;
}

double
sml_sum_value(const SmlSum *sum)
{
	return sum->sum + sum->rest;
}

static void
merge_sum(SmlSum *into, const SmlSum *from)
{
	sml_sum_add(into, from->sum);
	into->rest += from->rest;
}

/* ---- layout ------------------------------------------------------------------------ */

size_t
sml_fair_size(uint32_t parts)
{
	return sizeof(SmlFairState) + (parts & SML_FAIR_WEIGHTS ? sizeof(SmlFairWeights) : 0) +
		   (parts & SML_FAIR_SCORES ? sizeof(SmlFairScores) : 0) + (parts & SML_FAIR_WORKERS ? sizeof(SmlFairWorkers) : 0);
}

void
sml_fair_start(SmlFairState *state, uint32_t parts)
{
	memset(state, 0, sml_fair_size(parts));
	state->parts = parts;
}

const SmlFairWeights *
sml_fair_const_weights(const SmlFairState *state)
{
	return state->parts & SML_FAIR_WEIGHTS ? (const SmlFairWeights *) (state + 1) : NULL;
}

const SmlFairScores *
sml_fair_const_scores(const SmlFairState *state)
{
	const char *at = (const char *) (state + 1) + (state->parts & SML_FAIR_WEIGHTS ? sizeof(SmlFairWeights) : 0);

	return state->parts & SML_FAIR_SCORES ? (const SmlFairScores *) at : NULL;
}

const SmlFairWorkers *
sml_fair_const_workers(const SmlFairState *state)
{
	const char *at = (const char *) state + sml_fair_size(state->parts & ~(uint32_t) SML_FAIR_WORKERS);

	return state->parts & SML_FAIR_WORKERS ? (const SmlFairWorkers *) at : NULL;
}

void
sml_fair_note_worker(SmlFairState *state, int64_t pid, double seconds)
{
	SmlFairWorkers *workers = (SmlFairWorkers *) ((char *) state + sml_fair_size(state->parts & ~(uint32_t) SML_FAIR_WORKERS));

	if (!(state->parts & SML_FAIR_WORKERS) || pid == 0)
		return;
	for (size_t i = 0; i < SML_FAIR_MOST_WORKERS; i++)
	{
		SmlFairWorker *worker = &workers->worker[i];

		if (worker->pid != 0 && worker->pid != pid)
			continue;
		worker->pid = pid;
		worker->seconds = fmax(worker->seconds, seconds);
		return;
	}
}

SmlFairWeights *
sml_fair_weights(SmlFairState *state)
{
	return state->parts & SML_FAIR_WEIGHTS ? (SmlFairWeights *) (state + 1) : NULL;
}

SmlFairScores *
sml_fair_scores(SmlFairState *state)
{
	char *at = (char *) (state + 1) + (state->parts & SML_FAIR_WEIGHTS ? sizeof(SmlFairWeights) : 0);

	return state->parts & SML_FAIR_SCORES ? (SmlFairScores *) at : NULL;
}

/* ---- a row ---------------------------------------------------------------------------- */

/* Bin of a score in [0, 1]; the last one is closed. */
static size_t
bin_of(double score, size_t bins)
{
	size_t bin = (size_t) (score * (double) bins);

	return bin < bins ? bin : bins - 1;
}

/* True when the score can be used. */
static bool
check_score(SmlFairScores *scores, double score)
{
	double distance;
	double worst;

	if (sml_is_missing(score))
	{
		scores->missing++;
		return false;
	}
	/* NaN first: comparisons in SQL put it above every number, those in C are false */
	if (isnan(score))
	{
		scores->bad_nan++;
		return false;
	}
	if (score >= 0 && score <= 1)
		return true;
	distance = fabs(score - 0.5);
	worst = fabs(scores->bad_value - 0.5);
	if (scores->bad_range++ == 0 || distance > worst)
		scores->bad_value = score;
	return false;
}

/* Note that rows of "score" (or SML_FAIR_SEVERAL) come into a bin of the histogram; before they are counted. */
static void
note_only(SmlFairScores *scores, size_t b, double score)
{
	if (scores->histogram[SML_NO][b] + scores->histogram[SML_YES][b] == 0)
		scores->only[b] = score + 0.0; /* not -0: bytes do not depend on the order of rows */
	else if (scores->only[b] != score)
		scores->only[b] = SML_FAIR_SEVERAL;
}

static void
add_score(SmlFairScores *scores, SmlTruth label, double score, double weight, bool weighted)
{
	SmlFairBin *bin;
	size_t      fine;
	double      square;
	double      loss;

	if (!check_score(scores, score))
		return;
	scores->n[label]++;
	sml_sum_add(&scores->weight[label], weight);
	sml_sum_add(&scores->score[label], weight * score);
	sml_sum_add(&scores->score2[label], weight * score * score);
	if (weighted)
		sml_sum_add(&scores->weight2[label], weight * weight);
	if (label == SML_UNKNOWN)
		return;
	square = (score - label) * (score - label);
	loss = sml_log_loss_of(label == SML_YES, score);
	sml_sum_add(&scores->squared, weight * square);
	sml_sum_add(&scores->squared2, weight * square * square);
	sml_sum_add(&scores->log_loss, weight * loss);
	sml_sum_add(&scores->log_loss2, weight * loss * loss);
	bin = &scores->bin[bin_of(score, SML_FAIR_BINS)];
	bin->n[label]++;
	sml_sum_add(&bin->weight[label], weight);
	sml_sum_add(&bin->score, weight * score);
	fine = bin_of(score, SML_FAIR_HISTOGRAM);
	note_only(scores, fine, score);
	scores->histogram[label][fine] += weight;
}

SmlStatus
sml_fair_add(SmlEnv *env, SmlFairState *state, SmlTruth label, SmlTruth prediction, double score, double weight)
{
	SmlFairWeights *weights = sml_fair_weights(state);
	SmlFairScores  *scores = sml_fair_scores(state);

	if (weights == NULL)
		weight = 1;
	else if (sml_is_missing(weight) || weight == 0)
	{
		state->unweighed++;
		return SML_OK;
	}
	else if (!isfinite(weight) || weight < 0)
		return sml_fail(env, SML_BAD_INPUT, "A weight is %g; weights are positive numbers, or 0 or NULL to leave a row out.", weight);
	state->n[label][prediction]++;
	if (weights)
	{
		sml_sum_add(&weights->weight[label][prediction], weight);
		sml_sum_add(&weights->weight2[label][prediction], weight * weight);
	}
	if (scores)
		add_score(scores, label, score, weight, weights != NULL);
	return SML_OK;
}

/* ---- merging ------------------------------------------------------------------------------ */

static void
merge_weights(SmlFairState *into, const SmlFairState *from)
{
	SmlFairWeights       *a = sml_fair_weights(into);
	const SmlFairWeights *b = sml_fair_const_weights(from);

	if (a == NULL)
		return;
	for (int label = 0; label < 3; label++)
		for (int prediction = 0; prediction < 3; prediction++)
			if (b)
			{
				merge_sum(&a->weight[label][prediction], &b->weight[label][prediction]);
				merge_sum(&a->weight2[label][prediction], &b->weight2[label][prediction]);
			}
			else
			{
				sml_sum_add(&a->weight[label][prediction], (double) from->n[label][prediction]);
				sml_sum_add(&a->weight2[label][prediction], (double) from->n[label][prediction]);
			}
}

static void
merge_bins(SmlFairBin *into, const SmlFairBin *from)
{
	for (size_t b = 0; b < SML_FAIR_BINS; b++)
	{
		for (int label = 0; label < 2; label++)
		{
			into[b].n[label] += from[b].n[label];
			merge_sum(&into[b].weight[label], &from[b].weight[label]);
		}
		merge_sum(&into[b].score, &from[b].score);
	}
}

/* "count_squares": weights of 1 from a state that does not keep their squares. */
static void
merge_scores(SmlFairScores *into, const SmlFairScores *from, bool count_squares)
{
	if (from->bad_range > 0 && (into->bad_range == 0 || fabs(from->bad_value - 0.5) > fabs(into->bad_value - 0.5)))
		into->bad_value = from->bad_value;
	into->missing += from->missing;
	into->bad_nan += from->bad_nan;
	into->bad_range += from->bad_range;
	for (int label = 0; label < 3; label++)
	{
		into->n[label] += from->n[label];
		merge_sum(&into->weight[label], &from->weight[label]);
		if (count_squares)
			sml_sum_add(&into->weight2[label], (double) from->n[label]);
		else
			merge_sum(&into->weight2[label], &from->weight2[label]);
		merge_sum(&into->score[label], &from->score[label]);
		merge_sum(&into->score2[label], &from->score2[label]);
	}
	merge_sum(&into->squared, &from->squared);
	merge_sum(&into->squared2, &from->squared2);
	merge_sum(&into->log_loss, &from->log_loss);
	merge_sum(&into->log_loss2, &from->log_loss2);
	merge_bins(into->bin, from->bin);
	for (size_t b = 0; b < SML_FAIR_HISTOGRAM; b++)
		if (from->histogram[SML_NO][b] + from->histogram[SML_YES][b] > 0)
			note_only(into, b, from->only[b]);
	for (int label = 0; label < 2; label++)
		for (size_t b = 0; b < SML_FAIR_HISTOGRAM; b++)
			into->histogram[label][b] += from->histogram[label][b];
}

/* Rows of a state of weight above zero. */
static uint64_t
counted(const SmlFairState *state)
{
	uint64_t rows = 0;

	for (int label = 0; label < 3; label++)
		for (int prediction = 0; prediction < 3; prediction++)
			rows += state->n[label][prediction];
	return rows;
}

void
sml_fair_merge(SmlFairState *into, const SmlFairState *from)
{
	SmlFairScores        *scores = sml_fair_scores(into);
	const SmlFairScores  *more = sml_fair_const_scores(from);
	const SmlFairWorkers *workers = sml_fair_const_workers(from);

	for (size_t i = 0; workers && i < SML_FAIR_MOST_WORKERS; i++)
		sml_fair_note_worker(into, workers->worker[i].pid, workers->worker[i].seconds);
	into->unweighed += from->unweighed;
	for (int label = 0; label < 3; label++)
		for (int prediction = 0; prediction < 3; prediction++)
			into->n[label][prediction] += from->n[label][prediction];
	merge_weights(into, from);
	if (scores && more)
		merge_scores(scores, more, (into->parts & SML_FAIR_WEIGHTS) && !(from->parts & SML_FAIR_WEIGHTS));
	else if (scores)
		scores->missing += counted(from);
}

uint64_t
sml_fair_rows(const SmlFairState *state)
{
	return counted(state) + state->unweighed;
}

/* ---- bytes ------------------------------------------------------------------------------------ */

static void
write_sums(SmlWriter *writer, const SmlSum *sums, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		sml_write_f64(writer, sums[i].sum);
		sml_write_f64(writer, sums[i].rest);
	}
}

static void
write_scores(SmlWriter *writer, const SmlFairScores *scores)
{
	for (int label = 0; label < 3; label++)
		sml_write_u64(writer, scores->n[label]);
	sml_write_u64(writer, scores->missing);
	sml_write_u64(writer, scores->bad_nan);
	sml_write_u64(writer, scores->bad_range);
	sml_write_f64(writer, scores->bad_value);
	write_sums(writer, scores->weight, 3);
	write_sums(writer, scores->weight2, 3);
	write_sums(writer, scores->score, 3);
	write_sums(writer, scores->score2, 3);
	write_sums(writer, &scores->squared, 1);
	write_sums(writer, &scores->squared2, 1);
	write_sums(writer, &scores->log_loss, 1);
	write_sums(writer, &scores->log_loss2, 1);
	for (size_t b = 0; b < SML_FAIR_BINS; b++)
	{
		sml_write_u64(writer, scores->bin[b].n[0]);
		sml_write_u64(writer, scores->bin[b].n[1]);
		write_sums(writer, scores->bin[b].weight, 2);
		write_sums(writer, &scores->bin[b].score, 1);
	}
	sml_write_f64s(writer, scores->histogram[0], 2 * SML_FAIR_HISTOGRAM);
	sml_write_f64s(writer, scores->only, SML_FAIR_HISTOGRAM);
}

void
sml_fair_write(SmlWriter *writer, const SmlFairState *state)
{
	const SmlFairWeights *weights = sml_fair_const_weights(state);
	size_t                mark = sml_write_envelope(writer, KIND, VERSION);

	sml_write_u32(writer, state->parts & (SML_FAIR_WEIGHTS | SML_FAIR_SCORES));
	sml_write_u64(writer, state->unweighed);
	for (int label = 0; label < 3; label++)
		for (int prediction = 0; prediction < 3; prediction++)
			sml_write_u64(writer, state->n[label][prediction]);
	if (weights)
	{
		write_sums(writer, weights->weight[0], 9);
		write_sums(writer, weights->weight2[0], 9);
	}
	if (sml_fair_const_scores(state))
		write_scores(writer, sml_fair_const_scores(state));
	sml_end_envelope(writer, mark);
}

/* So many rows no table has; sums of counts below it cannot overflow. */
#define MOST_ROWS (UINT64_C(1) << 56)

static uint64_t
read_rows(SmlReader *reader)
{
	uint64_t rows = sml_read_u64(reader);

	if (rows > MOST_ROWS)
		sml_reader_fail(reader, "a number of rows is impossible");
	return rows;
}

/* A finite number between the bounds. */
static double
read_number(SmlReader *reader, double least, double most)
{
	double value = sml_read_f64(reader);

	if (!isfinite(value) || value < least || value > most)
		sml_reader_fail(reader, "a number is out of its range");
	return value;
}

/* Sums of things that are not negative, allowing for what compensation can leave of a zero. */
static void
read_sums(SmlReader *reader, SmlSum *sums, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		sums[i].sum = read_number(reader, 0, 1e300);
		sums[i].rest = read_number(reader, -1e290, 1e290);
		if (sums[i].sum + sums[i].rest < 0)
			sml_reader_fail(reader, "a sum is negative");
	}
}

static void
read_scores(SmlReader *reader, SmlFairScores *scores)
{
	for (int label = 0; label < 3; label++)
		scores->n[label] = read_rows(reader);
	scores->missing = read_rows(reader);
	scores->bad_nan = read_rows(reader);
	scores->bad_range = read_rows(reader);
	scores->bad_value = sml_read_f64(reader);
	if (isnan(scores->bad_value))
		sml_reader_fail(reader, "a number is out of its range");
	read_sums(reader, scores->weight, 3);
	read_sums(reader, scores->weight2, 3);
	read_sums(reader, scores->score, 3);
	read_sums(reader, scores->score2, 3);
	read_sums(reader, &scores->squared, 1);
	read_sums(reader, &scores->squared2, 1);
	read_sums(reader, &scores->log_loss, 1);
	read_sums(reader, &scores->log_loss2, 1);
	for (size_t b = 0; b < SML_FAIR_BINS; b++)
	{
		scores->bin[b].n[0] = read_rows(reader);
		scores->bin[b].n[1] = read_rows(reader);
		read_sums(reader, scores->bin[b].weight, 2);
		read_sums(reader, &scores->bin[b].score, 1);
	}
	for (size_t b = 0; b < 2 * SML_FAIR_HISTOGRAM; b++)
		scores->histogram[b / SML_FAIR_HISTOGRAM][b % SML_FAIR_HISTOGRAM] = read_number(reader, 0, 1e300);
	for (size_t b = 0; b < SML_FAIR_HISTOGRAM; b++)
	{
		double only = scores->only[b] = read_number(reader, SML_FAIR_SEVERAL, 1);
		bool   empty = scores->histogram[SML_NO][b] + scores->histogram[SML_YES][b] == 0;

		if (empty ? only != 0 : only != SML_FAIR_SEVERAL && !(only >= 0 && bin_of(only, SML_FAIR_HISTOGRAM) == b))
			sml_reader_fail(reader, "the score of a bin is not in it");
	}
}

/* Counts that are told twice must agree. */
static void
check_agreement(SmlReader *reader, const SmlFairState *state)
{
	const SmlFairScores *scores = sml_fair_const_scores(state);
	uint64_t             binned[2] = {0, 0};

	if (scores == NULL || reader->status != SML_OK)
		return;
	for (size_t b = 0; b < SML_FAIR_BINS; b++)
	{
		binned[0] += scores->bin[b].n[0];
		binned[1] += scores->bin[b].n[1];
	}
	if (binned[0] != scores->n[0] || binned[1] != scores->n[1] ||
		scores->n[0] + scores->n[1] + scores->n[2] + scores->missing + scores->bad_nan + scores->bad_range != counted(state))
		sml_reader_fail(reader, "counts of scores do not add up");
}

SmlStatus
sml_fair_read(SmlEnv *env, const void *bytes, size_t size, SmlFairState **result)
{
	SmlReader     reader;
	SmlFairState *state = NULL;
	uint32_t      parts;

	sml_reader_start(&reader, env, bytes, size);
	(void) sml_read_envelope(&reader, KIND, VERSION, VERSION);
	parts = sml_read_u32(&reader);
	if (parts > (SML_FAIR_WEIGHTS | SML_FAIR_SCORES))
		sml_reader_fail(&reader, "it has parts that are not known");
	if (reader.status == SML_OK)
		reader.status = sml_alloc_array(env, 1, sml_fair_size(parts), &state);
	if (reader.status != SML_OK)
		return reader.status;
	sml_fair_start(state, parts);
	state->unweighed = read_rows(&reader);
	for (int label = 0; label < 3; label++)
		for (int prediction = 0; prediction < 3; prediction++)
			state->n[label][prediction] = read_rows(&reader);
	if (parts & SML_FAIR_WEIGHTS)
	{
		read_sums(&reader, sml_fair_weights(state)->weight[0], 9);
		read_sums(&reader, sml_fair_weights(state)->weight2[0], 9);
	}
	if (parts & SML_FAIR_SCORES)
		read_scores(&reader, sml_fair_scores(state));
	check_agreement(&reader, state);
	if (reader.status == SML_OK && sml_reader_left(&reader) != 0)
		sml_reader_fail(&reader, "bytes are left over");
	if (reader.status != SML_OK)
	{
		sml_free(env, state);
		return reader.status;
	}
	*result = state;
	return SML_OK;
}
