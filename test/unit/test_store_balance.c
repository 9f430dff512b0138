/*
 * test_store_balance.c - resampling of the rows of a training: exact counts, originals
 * untouched, new rows inside their class, the same in any order of the rows, the limit,
 * what is refused, sweeps.  The kinds themselves are tested with the core of resampling.
 */
#include "plans.h"
#include "../../src/core/hash.h"
#include "../../src/core/resample/store_balance.h"

#define ROWS 300
#define YES  36 /* rows of class "yes" */

/* Two numbers, one missing now and then, and a label; 36 rows are "yes" and lie to one side. */
static void
make_row(size_t r, double numbers[3], const char *labels[2])
{
	static const char *const cities[] = {"d", "b", "a", NULL};
	bool yes = r % 25 < 3;

	numbers[0] = r % 11 == 10 ? sml_missing() : sin((double) r * 0.7) + (yes ? 2 : 0);
	numbers[1] = 1e3 + cos((double) r * 1.3) * 50 + (yes ? 40 : 0);
	numbers[2] = 1;
	labels[0] = yes ? cities[r % 2] : cities[r % 4];
	labels[1] = yes ? "yes" : "no";
}

typedef struct Kept
{
	SmlLayout    layout;
	SmlProfile  *profile;
	SmlStore    *store;
	SmlEncoder  *encoder;
	SmlNotes     notes;
	SmlRebalance done;
} Kept;

static void
kept_free(SmlEnv *env, Kept *kept)
{
	sml_free(env, kept->done.before);
	sml_free(env, kept->done.after);
	sml_store_free(env, kept->store);
	sml_profile_free(env, kept->profile);
	sml_encoder_free(env, kept->encoder);
	sml_layout_free(env, &kept->layout);
	sml_notes_free(env, &kept->notes);
}

/* Rows in the order first, first + step, … modulo ROWS. */
static SmlStatus
keep(SmlEnv *env, size_t first, size_t step, bool weighted, size_t limit, Kept *kept)
{
	const SmlProfileSpec spec = {false, NULL};
	SmlStatus            status;

	memset(kept, 0, sizeof(*kept));
	SML_TRY(layout_of(env, "a b city*", SML_TARGET_CLASS, weighted, &kept->layout));
	SML_TRY(sml_profile_start(env, &kept->layout, &spec, &kept->profile));
	SML_TRY(sml_store_start(env, &kept->layout, limit, &kept->store));
	for (size_t i = 0; i < ROWS; i++)
	{
		double      numbers[3];
		const char *labels[2];
		SmlText     texts[2];
		SmlRow      row = {numbers, texts};
		int32_t     codes[2];
		SmlUse      use;

		make_row((first + i * step) % ROWS, numbers, labels);
		texts[0] = label(labels[0]);
		texts[1] = label(labels[1]);
		SML_TRY(sml_profile_absorb(env, kept->profile, &row, codes, &use));
		SML_TRY(sml_store_append(env, kept->store, numbers, codes));
	}
	SML_TRY(sml_profile_flush(env, kept->profile));
	SML_TRY(sml_encoder_make(env, &kept->layout, kept->profile, NULL, NULL, 0, &kept->notes, &kept->encoder));
	SML_TRY(sml_store_remap(env, kept->store, kept->profile, kept->encoder));
done:
	return status;
}

static SmlStatus
rebalance(SmlEnv *env, Kept *kept, SmlResampleKind kind, double ratio, uint64_t seed)
{
	SmlStrategy     strategy = {"auto", ratio, NULL};
	SmlResampleSpec spec = {.kind = kind, .seed = seed, .standardize = true};

	return sml_store_rebalance(env, kept->store, kept->encoder, &strategy, spec, NULL, NULL, &kept->notes, &kept->done);
}

/* Sum of hashes of the rows from "from" on: the same for the same rows in any order. */
static uint64_t
rows_sum(const SmlStore *store, size_t from)
{
	uint64_t sum = 0;

	for (size_t r = from; r < sml_store_rows(store); r++)
	{
		const double  *numbers;
		const int32_t *codes;
		uint64_t       hash;

		sml_store_row(store, r, &numbers, &codes);
		hash = sml_hash_number(sml_hash_number(0, numbers[0]), numbers[1]);
		sum += sml_hash_mix(sml_hash_integer(sml_hash_integer(hash, codes[0]), codes[1]));
	}
	return sum;
}

static void
test_smote(void **state)
{
	Harness  h;
	Kept     kept;
	uint64_t before;
	double   low = INFINITY;
	double   high = -INFINITY;
	size_t   missing = 0;

	(void) state;
	harness_start(&h);
	assert_int_equal(keep(&h.env, 0, 1, false, 1 << 24, &kept), SML_OK);
	before = rows_sum(kept.store, 0);
	for (size_t r = 0; r < ROWS; r++)
	{
		const double  *numbers;
		const int32_t *codes;

		sml_store_row(kept.store, r, &numbers, &codes);
		if (codes[1] == 1)
		{
			low = fmin(low, numbers[1]);
			high = fmax(high, numbers[1]);
		}
	}
	assert_int_equal(rebalance(&h.env, &kept, SML_RESAMPLE_SMOTE, 0, 7), SML_OK);
	assert_int_equal(kept.done.before[0], ROWS - YES);
	assert_int_equal(kept.done.before[1], YES);
	assert_int_equal(kept.done.after[0], ROWS - YES);
	assert_int_equal(kept.done.after[1], ROWS - YES);
	assert_int_equal(kept.done.synthetic, ROWS - 2 * YES);
	assert_int_equal(kept.done.removed, 0);
	assert_int_equal(sml_store_rows(kept.store), 2 * (ROWS - YES));
	/* the originals are where they were, and new rows are of the class, inside it, with its cities ("b", "d" of "a", "b", "d") */
	for (size_t r = ROWS; r < sml_store_rows(kept.store); r++)
	{
		const double  *numbers;
		const int32_t *codes;

		sml_store_row(kept.store, r, &numbers, &codes);
		assert_int_equal(codes[1], 1);
		assert_true(codes[0] == 1 || codes[0] == 2);
		assert_true(numbers[1] >= low && numbers[1] <= high);
		assert_true(sml_is_missing(numbers[0]) || (numbers[0] >= 1 && numbers[0] <= 3));
		missing += sml_is_missing(numbers[0]);
	}
	/* parents with a missing number keep it: 3 of the 36, evenly dealt to 228 rows */
	assert_true(missing >= 15 && missing <= 23);
	assert_int_equal(before + rows_sum(kept.store, ROWS), rows_sum(kept.store, 0));
	kept_free(&h.env, &kept);
	harness_finish(&h);
}

/* The new rows depend on the rows and the seed, not on the order. */
static void
test_order(void **state)
{
	const SmlResampleKind kinds[] = {SML_RESAMPLE_SMOTE, SML_RESAMPLE_BORDERLINE1, SML_RESAMPLE_ADASYN, SML_RESAMPLE_RANDOM_OVER,
									 SML_RESAMPLE_RANDOM_UNDER, SML_RESAMPLE_SMOTE_ENN};

	(void) state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		Harness  h;
		Kept     kept;
		uint64_t sums[3];

		harness_start(&h);
		for (size_t order = 0; order < 3; order++)
		{
			/* 7 and 300 have no common divisor; the third has another seed */
			assert_int_equal(keep(&h.env, order == 1 ? 123 : 0, order == 1 ? 7 : 1, false, 1 << 24, &kept), SML_OK);
			assert_int_equal(rebalance(&h.env, &kept, kinds[i], 0.5, order == 2 ? 8 : 7), SML_OK);
			sums[order] = rows_sum(kept.store, 0);
			kept_free(&h.env, &kept);
		}
		assert_true(sums[0] == sums[1]);
		assert_true(sums[0] != sums[2]);
		harness_finish(&h);
	}
}

static void
test_under(void **state)
{
	Harness  h;
	Kept     kept;
	size_t   rows[2] = {0, 0};

	(void) state;
	harness_start(&h);
	assert_int_equal(keep(&h.env, 0, 1, false, 1 << 24, &kept), SML_OK);
	assert_int_equal(rebalance(&h.env, &kept, SML_RESAMPLE_RANDOM_UNDER, 0.5, 7), SML_OK);
	assert_int_equal(kept.done.removed, ROWS - 3 * YES);
	assert_int_equal(kept.done.synthetic, 0);
	assert_int_equal(sml_store_rows(kept.store), 3 * YES);
	/* what is left are original rows, each once: b is different in every row */
	for (size_t r = 0; r < sml_store_rows(kept.store); r++)
	{
		const double  *numbers;
		const int32_t *codes;
		size_t         found = 0;

		sml_store_row(kept.store, r, &numbers, &codes);
		rows[codes[1]]++;
		for (size_t o = 0; o < ROWS; o++)
		{
			double      original[3];
			const char *labels[2];

			make_row(o, original, labels);
			found += original[1] == numbers[1] && (labels[1][0] == 'y') == (codes[1] == 1);
		}
		assert_int_equal(found, 1);
	}
	assert_int_equal(rows[0], 2 * YES);
	assert_int_equal(rows[1], YES);
	kept_free(&h.env, &kept);
	harness_finish(&h);
}

static void
test_refused(void **state)
{
	Harness h;
	Kept    kept;

	(void) state;
	harness_start(&h);
	assert_int_equal(keep(&h.env, 0, 1, true, 1 << 24, &kept), SML_OK);
	assert_int_equal(rebalance(&h.env, &kept, SML_RESAMPLE_SMOTE, 0, 7), SML_BAD_INPUT);
	assert_non_null(strstr(h.env.detail, "weights"));
	kept_free(&h.env, &kept);
	/* a ratio that asks for less than there is */
	assert_int_equal(keep(&h.env, 0, 1, false, 1 << 24, &kept), SML_OK);
	assert_int_equal(rebalance(&h.env, &kept, SML_RESAMPLE_SMOTE, 0.01, 7), SML_BAD_OPTION);
	assert_null(kept.done.before);
	assert_int_equal(sml_store_rows(kept.store), ROWS);
	kept_free(&h.env, &kept);
	/* rows that fit, and a copy beside them that does not */
	assert_int_equal(keep(&h.env, 0, 1, false, 4096 * 24 + 2000, &kept), SML_OK);
	assert_int_equal(rebalance(&h.env, &kept, SML_RESAMPLE_ADASYN, 0, 7), SML_OVER_LIMIT);
	assert_non_null(strstr(h.env.detail, "kB"));
	kept_free(&h.env, &kept);
	harness_finish(&h);
}

static SmlStatus
sweep_body(Harness *h, void *arg)
{
	Kept      kept;
	SmlStatus status = keep(&h->env, 0, 1, false, 1 << 24, &kept);

	if (status == SML_OK)
		status = rebalance(&h->env, &kept, *(SmlResampleKind *) arg, 0.5, 7);
	kept_free(&h->env, &kept);
	return status;
}

static void
test_sweep(void **state)
{
	SmlResampleKind kinds[] = {SML_RESAMPLE_SMOTE, SML_RESAMPLE_RANDOM_UNDER, SML_RESAMPLE_SMOTE_TOMEK};

	(void) state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		harness_sweep(sweep_body, &kinds[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smote),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_under),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_sweep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
