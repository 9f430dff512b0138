/*
 * store_balance.c - resampling on the rows of a training; see store_balance.h.
 */
#include "store_balance.h"

#include <string.h>

#include "../hash.h"

#define POLL_ROWS 4096

/* The rows that are looked at, copied side by side. */
typedef struct Copy
{
	SmlCases  cases;
	double   *number;
	int32_t  *code;
	int32_t  *class_of;
	uint64_t *key;
} Copy;

typedef struct Rebalancing
{
	SmlEnv           *env;
	SmlStore         *store;
	const SmlEncoder *encoder;
	size_t            rows;    /* of the store, at the start */
	int32_t          *codes;   /* of a new row: its levels and its class */
	SmlRebalance     *done;
	SmlResampleProgress progress;
	void             *context;
} Rebalancing;

static void
copy_free(SmlEnv *env, Copy *copy)
{
	sml_free(env, copy->number);
	sml_free(env, copy->code);
	sml_free(env, copy->class_of);
	sml_free(env, copy->key);
}

static SmlStatus
count_classes(const Rebalancing *r, uint64_t *counts)
{
	for (size_t i = 0; i < r->rows; i++)
	{
		const double  *numbers;
		const int32_t *codes;

		if (i % POLL_ROWS == 0)
		{
			SmlStatus status = sml_poll(r->env);

			if (status != SML_OK)
				return status;
		}
		sml_store_row(r->store, i, &numbers, &codes);
		counts[codes[sml_layout_target(&r->encoder->layout)]]++;
	}
	return SML_OK;
}

static uint64_t
key_of(const SmlLayout *layout, const double *numbers, const int32_t *codes)
{
	uint64_t hash = sml_hash_integer(0, codes[sml_layout_target(layout)]);

	for (size_t j = 0; j < layout->numbers; j++)
		hash = sml_hash_number(hash, numbers[j]);
	for (size_t j = 0; j < layout->labels; j++)
		hash = sml_hash_integer(hash, codes[j]);
	return hash;
}

/* Copy the rows that count: all, or those of the classes that grow. */
static SmlStatus
copy_rows(const Rebalancing *r, const SmlClassPlan *plan, bool all, Copy *copy)
{
	const SmlLayout *layout = &r->encoder->layout;
	SmlEnv          *env = r->env;
	size_t           rows = 0;
	size_t           at = 0;
	size_t           numbers_count;
	size_t           labels_count;
	SmlStatus        status;

	for (size_t k = 0; k < r->encoder->class_count; k++)
		rows += all || plan[k].wanted > plan[k].present ? (size_t) plan[k].present : 0;
	if (!sml_size_times(rows, layout->numbers, &numbers_count) || !sml_size_times(rows, layout->labels, &labels_count))
		return sml_fail(env, SML_NO_MEMORY, "%zu rows do not fit in memory.", rows);
	SML_TRY(sml_alloc_array(env, numbers_count, sizeof(double), &copy->number));
	SML_TRY(sml_alloc_array(env, labels_count, sizeof(int32_t), &copy->code));
	SML_TRY(sml_alloc_array(env, rows, sizeof(int32_t), &copy->class_of));
	SML_TRY(sml_alloc_array(env, rows, sizeof(uint64_t), &copy->key));
	for (size_t i = 0; i < r->rows; i++)
	{
		const double  *numbers;
		const int32_t *codes;
		int32_t        class_index;

		if (i % POLL_ROWS == 0)
			SML_TRY(sml_poll(env));
		sml_store_row(r->store, i, &numbers, &codes);
		class_index = codes[sml_layout_target(layout)];
		if (!all && plan[class_index].wanted <= plan[class_index].present)
			continue;
		if (layout->numbers > 0)
			memcpy(copy->number + at * layout->numbers, numbers, layout->numbers * sizeof(double));
		if (layout->labels > 0)
			memcpy(copy->code + at * layout->labels, codes, layout->labels * sizeof(int32_t));
		copy->class_of[at] = class_index;
		copy->key[at++] = key_of(layout, numbers, codes);
	}
	copy->cases = (SmlCases) {
		.rows = rows,
		.numbers = layout->numbers,
		.labels = layout->labels,
		.class_count = r->encoder->class_count,
		.number = copy->number,
		.number_stride = layout->numbers,
		.code = copy->code,
		.code_stride = layout->labels,
		.class_of = copy->class_of,
		.key = copy->key,
	};
done:
	return status;
}

/* Refuse what would not fit beside the store, and say what is left for the search. */
static SmlStatus
check_memory(const Rebalancing *r, const SmlClassPlan *plan, bool all, size_t *left)
{
	const SmlLayout *layout = &r->encoder->layout;
	double           row = (double) (layout->numbers * sizeof(double) + (layout->labels + 1) * sizeof(int32_t));
	double           copied = 0;
	double           made = 0;
	double           need;
	double           limit = (double) sml_store_limit(r->store);

	for (size_t k = 0; k < r->encoder->class_count; k++)
	{
		double grows = (double) plan[k].wanted - (double) plan[k].present;

		copied += all || grows > 0 ? (double) plan[k].present : 0;
		made += grows > 0 ? grows : 0;
	}
	need = (double) sml_store_bytes(r->store) + copied * (row + sizeof(uint64_t)) + made * row;
	if (need >= limit)
		return sml_fail(r->env, SML_OVER_LIMIT, "Resampling keeps the rows, a copy of those looked at and the new ones: %.0f kB, and the limit is %.0f kB.",
						need / 1024, limit / 1024);
	*left = (size_t) (limit - need);
	return SML_OK;
}

static SmlStatus
take(void *context, const SmlSynthetic *row)
{
	Rebalancing     *r = context;
	const SmlLayout *layout = &r->encoder->layout;

	if (layout->labels > 0)
		memcpy(r->codes, row->codes, layout->labels * sizeof(int32_t));
	r->codes[sml_layout_target(layout)] = row->class_index;
	r->done->synthetic++;
	r->done->after[row->class_index]++;
	return sml_store_append(r->env, r->store, row->numbers, r->codes);
}

static void
tell(void *context, const char *phase, double share)
{
	const Rebalancing *r = context;

	if (r->progress != NULL)
		r->progress(r->context, phase, share);
}

static SmlStatus
run(Rebalancing *r, const SmlStrategy *strategy, SmlResampleSpec *spec, SmlClassPlan *plan, SmlNotes *notes)
{
	const SmlLayout *layout = &r->encoder->layout;
	SmlEnv          *env = r->env;
	bool             all = sml_resample_needs_all(spec->kind, layout->numbers, layout->labels);
	Copy             copy;
	bool            *keep = NULL;
	SmlStatus        status;

	memset(&copy, 0, sizeof(copy));
	SML_TRY(count_classes(r, r->done->before));
	for (size_t k = 0; k < r->encoder->class_count; k++)
		plan[k].present = r->done->after[k] = r->done->before[k];
	SML_TRY(sml_strategy_plan(env, sml_resample_side(spec->kind), strategy, (const char *const *) r->encoder->classes,
							  r->encoder->class_count, plan));
	SML_TRY(check_memory(r, plan, all, &spec->memory_limit));
	SML_TRY(copy_rows(r, plan, all, &copy));
	spec->plan = plan;
	spec->class_names = sml_encoder_shown(r->encoder);
	spec->total_rows = r->rows;
	if (all)
		SML_TRY(sml_alloc_array(env, r->rows, sizeof(bool), &keep));
	SML_TRY(sml_resample(env, &copy.cases, spec, keep, take, tell, r, notes));
	for (size_t i = 0; all && i < r->rows; i++)
		if (!keep[i])
		{
			r->done->removed++;
			r->done->after[copy.class_of[i]]--;
		}
	if (r->done->removed > 0)
		SML_TRY(sml_store_compact(env, r->store, keep, r->rows));
done:
	sml_free(env, keep);
	copy_free(env, &copy);
	return status;
}

SmlStatus
sml_store_rebalance(SmlEnv *env, SmlStore *store, const SmlEncoder *encoder, const SmlStrategy *strategy, SmlResampleSpec spec,
					SmlResampleProgress progress, void *context, SmlNotes *notes, SmlRebalance *done)
{
	SmlRebalance  made = {0, 0, NULL, NULL};
	Rebalancing   r = {env, store, encoder, sml_store_rows(store), NULL, &made, progress, context};
	SmlClassPlan *plan = NULL;
	SmlStatus     status;

	if (encoder->layout.target != SML_TARGET_CLASS)
		return sml_fail(env, SML_BAD_INPUT, "Resampling needs a target with classes.");
	if (encoder->layout.weighted)
		return sml_fail(env, SML_BAD_INPUT, "Rows with weights cannot be resampled: nothing says what a synthetic row weighs.");
	SML_TRY(sml_alloc_array(env, encoder->class_count, sizeof(uint64_t), &made.before));
	SML_TRY(sml_alloc_array(env, encoder->class_count, sizeof(uint64_t), &made.after));
	SML_TRY(sml_alloc_array(env, encoder->class_count, sizeof(SmlClassPlan), &plan));
	SML_TRY(sml_alloc_array(env, encoder->layout.labels + 1, sizeof(int32_t), &r.codes));
	SML_TRY(run(&r, strategy, &spec, plan, notes));
	for (size_t k = 0; k < encoder->class_count; k++)
		if (made.after[k] == 0)
		{
			status = sml_fail(env, SML_BAD_INPUT, "Resampling left no row of class \"%.63s\".", sml_encoder_shown(encoder)[k]);
			goto done;
		}
	*done = made;
	made.before = made.after = NULL;
done:
	sml_free(env, plan);
	sml_free(env, r.codes);
	sml_free(env, made.before);
	sml_free(env, made.after);
	return status;
}
