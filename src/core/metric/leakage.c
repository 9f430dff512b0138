/*
 * leakage.c - features that know the outcome; see leakage.h.
 *
 * The sample: row i of a class has a draw that depends on (class, i) alone.  Rows whose draw is
 * at most "most" are kept; when the room is full, "most" is halved and the kept rows are thinned
 * by it.  So every row has the same chance, whatever comes later.
 */
#include "leakage.h"

#include <math.h>
#include <string.h>

#include "../hash.h"
#include "metric.h"

#define MOST_BYTES  ((size_t) 16 << 20)
#define FEWEST_ROOM 256
#define MOST_NAMED  5
#define SEED        0x6c65616b /* any fixed number */

typedef struct Kept
{
	uint64_t  seen;    /* rows so far */
	uint64_t  most;    /* draws up to this are kept */
	size_t    rows;
	double   *numbers; /* rows x numbers */
	int32_t  *levels;  /* rows x labels; -1: none */
	uint64_t *draws;
	size_t    room;    /* of all three */
} Kept;

struct SmlLeakage
{
	const SmlEncoder *encoder;
	size_t            numbers;
	size_t            labels;
	size_t            capacity; /* rows a class */
	Kept              kept[2];  /* negatives, positives */
};

SmlStatus
sml_leakage_start(SmlEnv *env, const SmlEncoder *encoder, SmlLeakage **leakage)
{
	size_t    row_bytes = encoder->layout.numbers * sizeof(double) + encoder->layout.labels * sizeof(int32_t) + sizeof(uint64_t);
	SmlStatus status = sml_alloc_array(env, 1, sizeof(SmlLeakage), leakage);

	if (status != SML_OK)
		return status;
	(*leakage)->encoder = encoder;
	(*leakage)->numbers = encoder->layout.numbers;
	(*leakage)->labels = encoder->layout.labels;
	(*leakage)->capacity = MOST_BYTES / 2 / row_bytes;
	if ((*leakage)->capacity > SML_LEAKAGE_ROWS)
		(*leakage)->capacity = SML_LEAKAGE_ROWS;
	if ((*leakage)->capacity < FEWEST_ROOM)
		(*leakage)->capacity = FEWEST_ROOM;
	(*leakage)->kept[0].most = (*leakage)->kept[1].most = UINT64_MAX;
	return SML_OK;
}

void
sml_leakage_free(SmlEnv *env, SmlLeakage *leakage)
{
	if (leakage == NULL)
		return;
	for (int side = 0; side < 2; side++)
	{
		sml_free(env, leakage->kept[side].numbers);
		sml_free(env, leakage->kept[side].levels);
		sml_free(env, leakage->kept[side].draws);
	}
	sml_free(env, leakage);
}

/* ---- rows in ------------------------------------------------------------------------ */

static uint64_t
draw_of(const Kept *kept, bool positive)
{
	return sml_hash_mix(kept->seen * 2 + positive + SEED);
}

bool
sml_leakage_wants(const SmlLeakage *leakage, bool positive)
{
	const Kept *kept = &leakage->kept[positive];

	return draw_of(kept, positive) <= kept->most;
}

void
sml_leakage_pass(SmlLeakage *leakage, bool positive)
{
	leakage->kept[positive].seen++;
}

/* Keep half of the rows, in their order. */
static void
thin(const SmlLeakage *leakage, Kept *kept)
{
	size_t rows = 0;

	kept->most /= 2;
	for (size_t i = 0; i < kept->rows; i++)
	{
		if (kept->draws[i] > kept->most)
			continue;
		memmove(kept->numbers + rows * leakage->numbers, kept->numbers + i * leakage->numbers, leakage->numbers * sizeof(double));
		memmove(kept->levels + rows * leakage->labels, kept->levels + i * leakage->labels, leakage->labels * sizeof(int32_t));
		kept->draws[rows++] = kept->draws[i];
	}
	kept->rows = rows;
}

/* Room for twice as many rows, up to the capacity. */
static SmlStatus
grow(SmlEnv *env, const SmlLeakage *leakage, Kept *kept)
{
	size_t    wanted = kept->room ? kept->room * 2 : FEWEST_ROOM;
	size_t    room;
	SmlStatus status;

	if (wanted > leakage->capacity)
		wanted = leakage->capacity;
	/* never of size zero: a layout may have no numbers, or no labels */
	room = kept->room;
	SML_TRY(sml_grow_array(env, &kept->numbers, &room, wanted, (leakage->numbers + 1) * sizeof(double)));
	room = kept->room;
	SML_TRY(sml_grow_array(env, &kept->levels, &room, wanted, (leakage->labels + 1) * sizeof(int32_t)));
	room = kept->room;
	SML_TRY(sml_grow_array(env, &kept->draws, &room, wanted, sizeof(uint64_t)));
	kept->room = room;
done:
	return status;
}

SmlStatus
sml_leakage_add(SmlEnv *env, SmlLeakage *leakage, const double *numbers, const size_t *levels, bool positive)
{
	Kept     *kept = &leakage->kept[positive];
	uint64_t  draw = draw_of(kept, positive);
	SmlStatus status = SML_OK;

	if (draw > kept->most)
	{
		kept->seen++;
		return SML_OK;
	}
	while (kept->rows == leakage->capacity)
		thin(leakage, kept);
	if (draw > kept->most)
	{
		kept->seen++;
		return SML_OK;
	}
	if (kept->rows == kept->room)
		status = grow(env, leakage, kept);
	if (status != SML_OK)
		return status;
	memcpy(kept->numbers + kept->rows * leakage->numbers, numbers, leakage->numbers * sizeof(double));
	for (size_t slot = 0; slot < leakage->labels; slot++)
		kept->levels[kept->rows * leakage->labels + slot] = levels[slot] == SML_NO_LEVEL ? -1 : (int32_t) levels[slot];
	kept->draws[kept->rows] = draw;
	kept->rows++;
	kept->seen++;
	return SML_OK;
}

/* ---- one feature ---------------------------------------------------------------------- */

/* The area with missing values ranked at "missing" (an infinity), in the better direction. */
static SmlStatus
number_auc(SmlEnv *env, const SmlLeakage *leakage, size_t slot, double missing, bool *any_missing, double *auc)
{
	SmlRanked ranked;
	SmlMetric metric;
	SmlStatus status = SML_OK;

	*any_missing = false;
	sml_ranked_start(&ranked, false, 0);
	for (int side = 0; side < 2 && status == SML_OK; side++)
	{
		const Kept *kept = &leakage->kept[side];

		for (size_t i = 0; i < kept->rows && status == SML_OK; i++)
		{
			double value = kept->numbers[i * leakage->numbers + slot];

			*any_missing |= !isfinite(value);
			status = sml_ranked_add(env, &ranked, side == 1, isfinite(value) ? value : missing, 1);
		}
	}
	if (status == SML_OK)
		status = sml_ranked_roc_auc(env, &ranked, &metric);
	sml_ranked_free(env, &ranked);
	if (status == SML_OK)
		*auc = fmax(metric.value, 1 - metric.value);
	return status;
}

/* Rows and positives of each level in each half of the rows; the last place is for values that are no level. */
typedef struct Shares
{
	size_t  levels;
	double *rows;      /* 2 x (levels + 1) */
	double *positives;
} Shares;

static size_t
place_of(const SmlLeakage *leakage, const Kept *kept, size_t row, size_t slot, size_t levels)
{
	int32_t level = kept->levels[row * leakage->labels + slot];

	return level < 0 || (size_t) level >= levels ? levels : (size_t) level;
}

static SmlStatus
label_auc_with(SmlEnv *env, const SmlLeakage *leakage, size_t slot, Shares *shares, double *auc)
{
	size_t    width = shares->levels + 1;
	double    all = (double) (leakage->kept[0].rows + leakage->kept[1].rows);
	double    overall = (double) leakage->kept[1].rows / all;
	SmlRanked ranked;
	SmlMetric metric;
	SmlStatus status = SML_OK;

	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < leakage->kept[side].rows; i++)
		{
			size_t at = (i % 2) * width + place_of(leakage, &leakage->kept[side], i, slot, shares->levels);

			shares->rows[at] += 1;
			shares->positives[at] += side;
		}
	sml_ranked_start(&ranked, false, 0);
	for (int side = 0; side < 2 && status == SML_OK; side++)
		for (size_t i = 0; i < leakage->kept[side].rows && status == SML_OK; i++)
		{
			size_t at = (1 - i % 2) * width + place_of(leakage, &leakage->kept[side], i, slot, shares->levels);

			/* a level that the other half has not seen ranks where nothing is known */
			status = sml_ranked_add(env, &ranked, side == 1, shares->rows[at] > 0 ? shares->positives[at] / shares->rows[at] : overall, 1);
		}
	if (status == SML_OK)
		status = sml_ranked_roc_auc(env, &ranked, &metric);
	sml_ranked_free(env, &ranked);
	if (status == SML_OK)
		*auc = fmax(metric.value, 1 - metric.value);
	return status;
}

static SmlStatus
label_auc(SmlEnv *env, const SmlLeakage *leakage, const SmlFeature *feature, double *auc)
{
	Shares    shares = {feature->level_count, NULL, NULL};
	SmlStatus status = sml_alloc_array(env, 2 * (shares.levels + 1), sizeof(double), &shares.rows);

	if (status == SML_OK)
		status = sml_alloc_array(env, 2 * (shares.levels + 1), sizeof(double), &shares.positives);
	if (status == SML_OK)
		status = label_auc_with(env, leakage, feature->slot, &shares, auc);
	sml_free(env, shares.rows);
	sml_free(env, shares.positives);
	return status;
}

SmlStatus
sml_leakage_auc(SmlEnv *env, const SmlLeakage *leakage, size_t feature, double *auc)
{
	const SmlFeature *f = &leakage->encoder->features[feature];
	bool              any_missing;
	double            above;
	SmlStatus         status;

	*auc = NAN;
	if (leakage->kept[0].rows < SML_LEAKAGE_FEWEST || leakage->kept[1].rows < SML_LEAKAGE_FEWEST)
		return SML_OK;
	if (f->kind == SML_LABEL)
		return label_auc(env, leakage, f, auc);
	status = number_auc(env, leakage, f->slot, -INFINITY, &any_missing, auc);
	if (status != SML_OK || !any_missing)
		return status;
	status = number_auc(env, leakage, f->slot, INFINITY, &any_missing, &above);
	if (status == SML_OK)
		*auc = fmax(*auc, above);
	return status;
}

SmlStatus
sml_leakage_note(SmlEnv *env, const SmlLeakage *leakage, const char *rows, SmlNotes *notes)
{
	size_t    found = 0;
	SmlStatus status = SML_OK;

	for (size_t f = 0; f < leakage->encoder->feature_count; f++)
	{
		double auc;

		SML_TRY(sml_poll(env));
		SML_TRY(sml_leakage_auc(env, leakage, f, &auc));
		if (!(auc >= SML_LEAKAGE_AUC))
			continue;
		if (++found <= MOST_NAMED)
			SML_TRY(sml_note(env, notes, "\"%s\" alone tells the classes apart (ROC-AUC %.3f on the %s rows); check that it is known before the outcome.",
							 leakage->encoder->features[f].name, auc, rows));
	}
	if (found > MOST_NAMED)
		SML_TRY(sml_note(env, notes, "%zu further features tell the classes apart alone.", found - MOST_NAMED));
done:
	return status;
}
