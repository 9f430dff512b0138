/*
 * test_metric_ranked.c - ROC-AUC, average precision and the curve: by hand on a
 * few rows, against every pair written out on many, with heavy ties, hostile
 * orders, limits and bytes.
 */
#include "harness.h"

#include <string.h>

#include "../../src/core/metric/metric.h"

/* A small generator of our own for the test's rows. */
static uint32_t
next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static double
area_of(SmlEnv *env, SmlRanked *ranked)
{
	SmlMetric metric;

	assert_int_equal(sml_ranked_roc_auc(env, ranked, &metric), SML_OK);
	return metric.value;
}

static void
by_hand(void **unused)
{
	/* scores 0.1- 0.4- 0.35+ 0.8+: of 4 pairs 3 are in order; precision 1 and 2/3 at the two positives */
	Harness   h;
	SmlRanked ranked;
	SmlMetric metric;

	(void) unused;
	harness_start(&h);
	sml_ranked_start(&ranked, false, 0);
	assert_int_equal(sml_ranked_roc_auc(&h.env, &ranked, &metric), SML_OK);
	assert_true(isnan(metric.value));
	assert_string_equal(metric.reason, "There are no rows.");
	assert_int_equal(sml_ranked_add(&h.env, &ranked, true, 0.35, 1), SML_OK);
	assert_int_equal(sml_ranked_add(&h.env, &ranked, true, 0.8, 1), SML_OK);
	assert_int_equal(sml_ranked_roc_auc(&h.env, &ranked, &metric), SML_OK);
	assert_string_equal(metric.reason, "No row is negative.");
	assert_int_equal(sml_ranked_add(&h.env, &ranked, false, 0.1, 1), SML_OK);
	assert_int_equal(sml_ranked_add(&h.env, &ranked, false, 0.4, 1), SML_OK);
	assert_close(area_of(&h.env, &ranked), 0.75, 1e-15);
	assert_int_equal(sml_ranked_average_precision(&h.env, &ranked, &metric), SML_OK);
	assert_close(metric.value, (1 + 2.0 / 3) / 2, 1e-15);
	/* infinite scores are scores; NaN is none */
	assert_int_equal(sml_ranked_add(&h.env, &ranked, true, -INFINITY, 1), SML_OK);
	assert_close(area_of(&h.env, &ranked), 0.5, 1e-15);
	assert_int_equal(sml_ranked_add(&h.env, &ranked, true, NAN, 1), SML_BAD_INPUT);
	assert_int_equal(sml_ranked_add(&h.env, &ranked, true, 1, -1), SML_BAD_INPUT);
	sml_ranked_free(&h.env, &ranked);
	harness_finish(&h);
}

/* A perfect order has area 1 and no interval: its estimated deviation is zero. */
static void
perfect(void **unused)
{
	Harness   h;
	SmlRanked ranked;
	SmlMetric metric;

	(void) unused;
	harness_start(&h);
	sml_ranked_start(&ranked, false, 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(sml_ranked_add(&h.env, &ranked, i >= 12, i, 1), SML_OK);
	assert_int_equal(sml_ranked_roc_auc(&h.env, &ranked, &metric), SML_OK);
	assert_close(metric.value, 1, 0);
	assert_true(isnan(metric.ci_low));
	assert_null(metric.reason);
	sml_ranked_free(&h.env, &ranked);
	harness_finish(&h);
}

#define MANY 700

typedef struct Rows
{
	double score[MANY];
	double weight[MANY];
	bool   positive[MANY];
} Rows;

/* "distinct" different scores, in one of several orders: random, rising, falling, organ pipe. */
static void
make_rows(Rows *rows, int distinct, int order, uint32_t seed)
{
	for (int i = 0; i < MANY; i++)
	{
		int value = order == 0 ? (int) (next_random(&seed) % (uint32_t) distinct) :
					order == 1 ? i * distinct / MANY :
					order == 2 ? distinct - i * distinct / MANY :
					(i < MANY / 2 ? i : MANY - i) * distinct / MANY;

		rows->score[i] = value / 8.0 - 3;
		rows->positive[i] = next_random(&seed) % 3 == 0;
		rows->weight[i] = 0.25 * (double) (1 + next_random(&seed) % 8);
	}
}

static double
area_by_pairs(const Rows *rows, bool weighted)
{
	double won = 0;
	double all = 0;

	for (int i = 0; i < MANY; i++)
		for (int j = 0; j < MANY; j++)
			if (rows->positive[i] && !rows->positive[j])
			{
				double weight = weighted ? rows->weight[i] * rows->weight[j] : 1;

				all += weight;
				if (rows->score[i] > rows->score[j])
					won += weight;
				else if (rows->score[i] == rows->score[j])
					won += weight / 2;
			}
	return won / all;
}

static void
fill(SmlEnv *env, const Rows *rows, SmlRanked *ranked, int from, int step)
{
	for (int i = from; i < MANY; i += step)
		assert_int_equal(sml_ranked_add(env, ranked, rows->positive[i], rows->score[i], rows->weight[i]), SML_OK);
}

static void
every_pair(void **unused)
{
	static const int distinct[] = {1, 2, 5, 60, 100000};
	static Rows      rows;

	(void) unused;
	for (size_t d = 0; d < 5; d++)
		for (int order = 0; order < 4; order++)
			for (int weighted = 0; weighted < 2; weighted++)
			{
				Harness   h;
				SmlRanked whole;
				SmlRanked part[2];

				make_rows(&rows, distinct[d], order, (uint32_t) (17 + 31 * d));
				harness_start(&h);
				sml_ranked_start(&whole, weighted, 0);
				fill(&h.env, &rows, &whole, 0, 1);
				assert_close(area_of(&h.env, &whole), area_by_pairs(&rows, weighted), 1e-13);

				/* two parts, merged after one of them was sorted, give the same */
				for (int p = 0; p < 2; p++)
				{
					sml_ranked_start(&part[p], weighted, 0);
					fill(&h.env, &rows, &part[p], p, 2);
				}
				(void) area_of(&h.env, &part[0]);
				assert_int_equal(sml_ranked_merge(&h.env, &part[0], &part[1]), SML_OK);
				assert_close(area_of(&h.env, &part[0]), area_of(&h.env, &whole), 1e-13);
				for (int p = 0; p < 2; p++)
					sml_ranked_free(&h.env, &part[p]);
				sml_ranked_free(&h.env, &whole);
				harness_finish(&h);
			}
}

/* Every point lies where counting puts it; ends at (1, 1); rises; no more than asked for. */
static void
check_curve(const Rows *rows, bool weighted, const SmlRocPoint *points, size_t count)
{
	double total[2] = {0, 0};

	for (int i = 0; i < MANY; i++)
		total[rows->positive[i]] += weighted ? rows->weight[i] : 1;
	assert_true(isinf(points[0].threshold) && points[0].threshold > 0);
	assert_close(points[0].fpr + points[0].tpr, 0, 0);
	assert_close(points[count - 1].fpr + points[count - 1].tpr, 2, 0);
	for (size_t p = 0; p < count; p++)
	{
		double above[2] = {0, 0};

		for (int i = 0; i < MANY; i++)
			if (rows->score[i] >= points[p].threshold)
				above[rows->positive[i]] += weighted ? rows->weight[i] : 1;
		assert_close(points[p].fpr, above[0] / total[0], 1e-13);
		assert_close(points[p].tpr, above[1] / total[1], 1e-13);
		assert_true(p == 0 || points[p].threshold < points[p - 1].threshold);
	}
}

static void
curve(void **unused)
{
	static Rows rows;
	static const size_t most[] = {2, 3, 10, 59, 60, 61, 62, 1000};

	(void) unused;
	make_rows(&rows, 60, 0, 5);
	for (int weighted = 0; weighted < 2; weighted++)
		for (size_t m = 0; m < sizeof(most) / sizeof(most[0]); m++)
		{
			Harness      h;
			SmlRanked    ranked;
			SmlRocPoint *points;
			size_t       count;

			harness_start(&h);
			sml_ranked_start(&ranked, weighted, 0);
			assert_int_equal(sml_ranked_curve(&h.env, &ranked, 10, &points, &count), SML_BAD_INPUT);
			fill(&h.env, &rows, &ranked, 0, 1);
			assert_int_equal(sml_ranked_curve(&h.env, &ranked, 1, &points, &count), SML_BAD_OPTION);
			assert_int_equal(sml_ranked_curve(&h.env, &ranked, most[m], &points, &count), SML_OK);
			assert_true(count <= most[m] && count >= 2);
			/* 60 scores make 61 points */
			if (most[m] >= 61)
				assert_int_equal(count, 61);
			check_curve(&rows, weighted, points, count);
			sml_free(&h.env, points);
			sml_ranked_free(&h.env, &ranked);
			harness_finish(&h);
		}
}

static void
limit(void **unused)
{
	Harness   h;
	SmlRanked ranked;
	SmlRanked other;
	SmlStatus status = SML_OK;
	size_t    added = 0;

	(void) unused;
	harness_start(&h);
	sml_ranked_start(&ranked, false, 64 * 1024);
	while ((status = sml_ranked_add(&h.env, &ranked, added % 2, (double) added, 1)) == SML_OK)
		added++;
	assert_int_equal(status, SML_OVER_LIMIT);
	/* 8 bytes a row, and old and new array of one side at once */
	assert_int_equal(added, 4097);
	assert_non_null(strstr(h.env.detail, "4098 rows"));
	assert_non_null(strstr(h.env.detail, "64 kB are allowed"));
	/* what is there still works */
	assert_close(area_of(&h.env, &ranked), 0.5, 1e-12);

	sml_ranked_start(&other, true, 0);
	assert_int_equal(sml_ranked_merge(&h.env, &ranked, &other), SML_MISMATCH);
	other.weighted = false;
	assert_int_equal(sml_ranked_merge(&h.env, &other, &ranked), SML_OK);
	assert_int_equal(sml_ranked_merge(&h.env, &ranked, &other), SML_OVER_LIMIT);
	sml_ranked_free(&h.env, &other);
	sml_ranked_free(&h.env, &ranked);
	harness_finish(&h);
}

static void
bytes(void **unused)
{
	static Rows rows;

	(void) unused;
	make_rows(&rows, 300, 0, 11);
	for (int weighted = 0; weighted < 2; weighted++)
	{
		Harness   h;
		SmlRanked ranked;
		SmlRanked back;
		SmlWriter writer;
		SmlReader reader;

		harness_start(&h);
		sml_ranked_start(&ranked, weighted, 0);
		fill(&h.env, &rows, &ranked, 0, 1);
		sml_writer_start(&writer, &h.env);
		sml_ranked_write(&writer, &ranked);
		assert_int_equal(writer.status, SML_OK);
		sml_reader_start(&reader, &h.env, writer.bytes, writer.size);
		sml_ranked_read(&reader, &back);
		assert_int_equal(reader.status, SML_OK);
		assert_int_equal(sml_reader_left(&reader), 0);
		assert_close(area_of(&h.env, &back), area_of(&h.env, &ranked), 0);
		sml_ranked_free(&h.env, &back);

		/* every shorter length is damage, never a crash or a leak */
		for (size_t size = 0; size < writer.size; size += size < 40 ? 1 : 97)
		{
			sml_reader_start(&reader, &h.env, writer.bytes, size);
			sml_ranked_read(&reader, &back);
			assert_int_equal(reader.status, SML_CORRUPT);
			sml_ranked_free(&h.env, &back);
		}
		/* a NaN where a score should be */
		memset(writer.bytes + 9, 0xff, 8);
		sml_reader_start(&reader, &h.env, writer.bytes, writer.size);
		sml_ranked_read(&reader, &back);
		assert_int_equal(reader.status, SML_CORRUPT);
		sml_ranked_free(&h.env, &back);
		sml_writer_free(&writer);
		sml_ranked_free(&h.env, &ranked);
		harness_finish(&h);
	}
}

static SmlStatus
one_curve(Harness *h, void *arg)
{
	SmlRanked    ranked;
	SmlRocPoint *points = NULL;
	SmlMetric    metric;
	size_t       count;
	uint32_t     seed = 3;
	SmlStatus    status = SML_OK;

	(void) arg;
	sml_ranked_start(&ranked, true, 0);
	for (int i = 0; i < 9000; i++)
		SML_TRY(sml_ranked_add(&h->env, &ranked, i % 2, next_random(&seed), 1));
	SML_TRY(sml_ranked_average_precision(&h->env, &ranked, &metric));
	SML_TRY(sml_ranked_roc_auc(&h->env, &ranked, &metric));
	SML_TRY(sml_ranked_curve(&h->env, &ranked, 100, &points, &count));
done:
	sml_free(&h->env, points);
	sml_ranked_free(&h->env, &ranked);
	return status;
}

static void
fails_cleanly(void **unused)
{
	(void) unused;
	harness_sweep(one_curve, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_hand),
		cmocka_unit_test(perfect),
		cmocka_unit_test(every_pair),
		cmocka_unit_test(curve),
		cmocka_unit_test(limit),
		cmocka_unit_test(bytes),
		cmocka_unit_test(fails_cleanly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
