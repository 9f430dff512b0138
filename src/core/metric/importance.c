/*
 * importance.c - importance of features from the coefficients, or by shuffling.
 *
 * The standardised figure needs no rows: the encoder knows mean and deviation of every
 * term, and how the terms of one feature go together.  Indicators of one column exclude
 * each other, so with a = coefficient / scale and c = mean of the indicator,
 * Var(sum a I) = sum a^2 c - (sum a c)^2.  A number and its missing indicator
 * correlate by p (imputed - mean) / (scale x scale of the indicator).
 *
 * Shuffling (Breiman 2001; Fisher, Rudin, Dominici 2019 for any model): the link is a sum
 * over the features, so a shuffled feature is scored by exchanging its part of the sum, without
 * encoding anything again.  Memory: rows x features x outputs doubles, under a limit.
 * Time: 5 x rows x features x outputs.  Correlated features share their importance;
 * it is about the model, not about the world.
 */
#include "importance.h"

#include <math.h>
#include <string.h>

#include "../hash.h"

/* ---- from the coefficients ----------------------------------------------------------- */

/* Coded coefficient of a term in one output, less the mean over the outputs when there are several. */
static double
coefficient(const SmlFit *fit, size_t output, size_t term)
{
	double mean = 0;
	size_t row = 1 + fit->terms;

	if (fit->outputs > 1)
		for (size_t k = 0; k < fit->outputs; k++)
			mean += fit->coded[k * row + 1 + term] / (double) fit->outputs;
	return fit->coded[output * row + 1 + term] - mean;
}

static double
label_variance(const SmlModel *model, const SmlFeature *feature, size_t output)
{
	double square = 0;
	double mean = 0;

	for (size_t t = feature->first_term; t < feature->first_term + feature->term_count; t++)
	{
		const SmlTerm *term = &model->encoder->terms[t];
		double         a = coefficient(model->fit, output, t) / term->scale;

		square += a * a * term->center;
		mean += a * term->center;
	}
	return square - mean * mean;
}

static double
number_variance(const SmlModel *model, const SmlFeature *feature, size_t output)
{
	const SmlTerm *value = &model->encoder->terms[feature->first_term];
	double         b = value->constant ? 0 : coefficient(model->fit, output, feature->first_term);
	const SmlTerm *missing = value + 1;
	double         m;

	if (feature->term_count < 2 || missing->constant)
		return b * b;
	m = coefficient(model->fit, output, feature->first_term + 1);
	return b * b + m * m +
		   2 * b * m * missing->center * (feature->impute_value - value->center) / (value->scale * missing->scale);
}

SmlStatus
sml_importance_standardised(SmlEnv *env, const SmlModel *model, double *importance)
{
	for (size_t f = 0; f < model->encoder->feature_count; f++)
	{
		const SmlFeature *feature = &model->encoder->features[f];
		double            sum = 0;
		SmlStatus         status = sml_poll(env);

		if (status != SML_OK)
			return status;
		for (size_t k = 0; feature->term_count > 0 && k < model->fit->outputs; k++)
			sum += feature->kind == SML_LABEL ? label_variance(model, feature, k) : number_variance(model, feature, k);
		importance[f] = sqrt(fmax(sum, 0) / (double) model->fit->outputs);
	}
	return SML_OK;
}

/* ---- by shuffling ---------------------------------------------------------------------- */

SmlStatus
sml_replay_start(SmlEnv *env, size_t features, size_t outputs, size_t limit, SmlReplay **replay)
{
	SmlReplay *made = NULL;
	SmlStatus  status;

	SML_TRY(sml_alloc_array(env, 1, sizeof(SmlReplay), &made));
	SML_TRY(sml_alloc_array(env, outputs, sizeof(double), &made->base));
	made->features = features;
	made->outputs = outputs;
	made->limit = limit;
	*replay = made;
	made = NULL;
done:
	sml_replay_free(env, made);
	return status;
}

void
sml_replay_free(SmlEnv *env, SmlReplay *replay)
{
	if (replay == NULL)
		return;
	sml_free(env, replay->base);
	sml_free(env, replay->added);
	sml_free(env, replay);
}

static SmlStatus
replay_grow(SmlEnv *env, SmlReplay *replay)
{
	size_t cells;
	size_t row;
	size_t bytes;
	size_t room = replay->room ? 2 * replay->room : 64;

	if (!sml_size_times(replay->features, replay->outputs, &cells) || !sml_size_times(cells, sizeof(double), &row) ||
		!sml_size_times(row, room + replay->room, &bytes))
		return sml_fail(env, SML_NO_MEMORY, "The number of rows does not fit.");
	if (replay->limit && bytes > replay->limit)
		return sml_fail(env, SML_OVER_LIMIT,
						"Shuffling keeps %zu bytes a row: more than %zu rows need %zu kB, and %zu kB are allowed.",
						row, replay->rows, (bytes + 1023) / 1024, replay->limit / 1024);
	return sml_grow_array(env, &replay->added, &replay->room, room, row);
}

SmlStatus
sml_replay_add(SmlEnv *env, SmlReplay *replay, const SmlScorer *scorer, const double *numbers, const size_t *levels)
{
	if (replay->rows == replay->room)
	{
		SmlStatus status = replay_grow(env, replay);

		if (status != SML_OK)
			return status;
	}
	sml_score_explain(scorer, numbers, levels, replay->base, replay->added + replay->rows * replay->features * replay->outputs);
	replay->rows++;
	return SML_OK;
}

typedef struct Shuffle
{
	const SmlReplay *replay;
	const SmlScorer *scorer;
	SmlScored        scored; /* a row at a time: its predictions are replaced */
	double          *link;   /* rows x outputs, unshuffled */
	double          *moved;  /* outputs */
	size_t          *from;   /* the permutation */
} Shuffle;

static const double *
added_by(const SmlReplay *replay, size_t row, size_t feature)
{
	return replay->added + (row * replay->features + feature) * replay->outputs;
}

static SmlStatus
fill_links(SmlEnv *env, Shuffle *shuffle)
{
	const SmlReplay *replay = shuffle->replay;

	size_t steps = sml_poll_steps(replay->features * replay->outputs);

	for (size_t i = 0; i < replay->rows; i++)
	{
		double *link = shuffle->link + i * replay->outputs;

		if (i % steps == 0)
		{
			SmlStatus status = sml_poll(env);

			if (status != SML_OK)
				return status;
		}
		memcpy(link, replay->base, replay->outputs * sizeof(double));
		for (size_t f = 0; f < replay->features; f++)
			for (size_t k = 0; k < replay->outputs; k++)
				link[k] += added_by(replay, i, f)[k];
	}
	return SML_OK;
}

static SmlStatus
permute(SmlEnv *env, Shuffle *shuffle, uint64_t seed, uint64_t stream)
{
	size_t rows = shuffle->replay->rows;

	for (size_t i = 0; i < rows; i++)
		shuffle->from[i] = i;
	for (size_t i = rows; i > 1; i--)
	{
		size_t    j = (size_t) (sml_random_bits(seed, stream, i) % i);
		size_t    kept = shuffle->from[i - 1];
		SmlStatus status = i % SML_POLL_ROWS == 0 ? sml_poll(env) : SML_OK;

		if (status != SML_OK)
			return status;
		shuffle->from[i - 1] = shuffle->from[j];
		shuffle->from[j] = kept;
	}
	return SML_OK;
}

/* The mean loss with one feature taken from other rows, or all as they are. */
static SmlStatus
shuffled_loss(SmlEnv *env, Shuffle *shuffle, size_t feature, bool as_is, double *loss)
{
	const SmlReplay *replay = shuffle->replay;
	SmlScored       *one = &shuffle->scored;
	SmlMean          mean = {0};
	size_t           steps = sml_poll_steps(16 * replay->outputs);

	for (size_t i = 0; i < replay->rows; i++)
	{
		if (i % steps == 0)
		{
			SmlStatus status = sml_poll(env);

			if (status != SML_OK)
				return status;
		}
		for (size_t k = 0; k < replay->outputs; k++)
			shuffle->moved[k] = shuffle->link[i * replay->outputs + k] +
								(as_is ? 0 : added_by(replay, shuffle->from[i], feature)[k] - added_by(replay, i, feature)[k]);
		sml_score_response(shuffle->scorer, shuffle->moved, one->predicted + i * one->width);
		sml_mean_add(&mean, sml_scored_loss(one, i), one->weighted ? one->weight[i] : 1);
	}
	*loss = one->task == SML_REGRESSION ? sqrt(mean.mean) : mean.mean;
	return SML_OK;
}

SmlStatus
sml_importance_permuted(SmlEnv *env, const SmlReplay *replay, const SmlScorer *scorer, const SmlScored *scored, uint64_t seed,
						double *importance)
{
	Shuffle   shuffle = {.replay = replay, .scorer = scorer, .scored = *scored};
	SmlStatus status;
	double    before;

	shuffle.scored.predicted = NULL;
	if (replay->rows == 0 || replay->rows != scored->rows)
		return sml_fail(env, SML_BAD_INPUT, "There are no rows to shuffle.");
	SML_TRY(sml_alloc_array(env, replay->rows * scored->width, sizeof(double), &shuffle.scored.predicted));
	SML_TRY(sml_alloc_array(env, replay->rows * replay->outputs, sizeof(double), &shuffle.link));
	SML_TRY(sml_alloc_array(env, replay->outputs, sizeof(double), &shuffle.moved));
	SML_TRY(sml_alloc_array(env, replay->rows, sizeof(size_t), &shuffle.from));
	SML_TRY(fill_links(env, &shuffle));
	SML_TRY(shuffled_loss(env, &shuffle, 0, true, &before));
	for (size_t f = 0; f < replay->features; f++)
	{
		double sum = 0;

		for (uint64_t r = 0; r < SML_IMPORTANCE_REPEATS; r++)
		{
			double after;

			SML_TRY(permute(env, &shuffle, seed, f * SML_IMPORTANCE_REPEATS + r));
			SML_TRY(shuffled_loss(env, &shuffle, f, false, &after));
			sum += after - before;
		}
		importance[f] = sum / SML_IMPORTANCE_REPEATS;
	}
done:
	sml_free(env, shuffle.scored.predicted);
	sml_free(env, shuffle.link);
	sml_free(env, shuffle.moved);
	sml_free(env, shuffle.from);
	return status;
}
