/*
 * store.c - resident rows and the passes over them; see store.h.
 *
 * The warm start: Newton's method converges from a good estimate in two or three
 * passes instead of six.  An estimate from a few ten thousand rows is good, and costs
 * a fraction of one full pass.  The rows of the subset are whole blocks, evenly spread;
 * they decide only where the iteration starts, not where it ends.
 */
#include "store.h"

#include <math.h>
#include <string.h>

#include "../blas.h"

#define WARM_FROM_ROWS   50000 /* fewer rows are quick anyway */
#define WARM_ROWS        25000 /* wanted in the subset … */
#define WARM_PER_TERM    50    /* … and per parameter */
#define WARM_MOST_PASSES 20

#define CHUNK_BYTES ((size_t) 1 << 20)

struct SmlStore
{
	SmlLayout layout;     /* slot counts only */
	size_t    numbers;    /* per row */
	size_t    labels;
	size_t    rows;
	size_t    limit;
	size_t    chunk_rows;  /* a multiple of SML_BLOCK_ROWS */
	size_t    chunk_bytes;
	double  **chunk_numbers;
	int32_t **chunk_codes;
	size_t    chunks;
	size_t    room_numbers;
	size_t    room_codes;
};

SmlStatus
sml_store_start(SmlEnv *env, const SmlLayout *layout, size_t limit, SmlStore **store)
{
	SmlStore *fresh;
	size_t    row_bytes;
	SmlStatus status = sml_alloc_array(env, 1, sizeof(SmlStore), &fresh);

	if (status != SML_OK)
		return status;
	fresh->layout = *layout;
	fresh->layout.columns = NULL;
	fresh->layout.column_count = 0;
	fresh->numbers = sml_layout_numbers(layout);
	fresh->labels = sml_layout_labels(layout);
	fresh->limit = limit;
	/* wide rows lie in smaller chunks, so that a small table takes little */
	row_bytes = fresh->numbers * sizeof(double) + fresh->labels * sizeof(int32_t);
	fresh->chunk_rows = SML_CHUNK_ROWS;
	while (fresh->chunk_rows > SML_BLOCK_ROWS && fresh->chunk_rows * row_bytes > CHUNK_BYTES)
		fresh->chunk_rows /= 2;
	fresh->chunk_bytes = fresh->chunk_rows * row_bytes;
	*store = fresh;
	return SML_OK;
}

void
sml_store_free(SmlEnv *env, SmlStore *store)
{
	if (store == NULL)
		return;
	for (size_t c = 0; c < store->chunks; c++)
	{
		sml_free(env, store->chunk_numbers[c]);
		sml_free(env, store->chunk_codes[c]);
	}
	sml_free(env, store->chunk_numbers);
	sml_free(env, store->chunk_codes);
	sml_free(env, store);
}

size_t
sml_store_rows(const SmlStore *store)
{
	return store->rows;
}

/* Room for rows, left as it is: zeroing it would cost as much as filling it. */
static SmlStatus
take(SmlEnv *env, size_t count, size_t size, void **chunk)
{
	size_t bytes;

	*chunk = NULL;
	if (sml_size_times(count, size, &bytes))
		*chunk = env->alloc(env->context, bytes > 0 ? bytes : 1);
	return *chunk != NULL ? SML_OK : sml_fail(env, SML_NO_MEMORY, "There is no memory for %zu rows.", count);
}

static SmlStatus
add_chunk(SmlEnv *env, SmlStore *store)
{
	void     *numbers = NULL;
	void     *codes = NULL;
	SmlStatus status;

	if ((store->chunks + 1) > store->limit / (store->chunk_bytes > 0 ? store->chunk_bytes : 1))
		return sml_fail(env, SML_OVER_LIMIT, "Keeping %zu rows takes %zu kB and the limit is %zu kB.", store->rows + 1,
						(store->chunks + 1) * store->chunk_bytes / 1024, store->limit / 1024);
	SML_TRY(sml_grow_array(env, &store->chunk_numbers, &store->room_numbers, store->chunks + 1, sizeof(double *)));
	SML_TRY(sml_grow_array(env, &store->chunk_codes, &store->room_codes, store->chunks + 1, sizeof(int32_t *)));
	SML_TRY(take(env, store->chunk_rows, store->numbers * sizeof(double), &numbers));
	SML_TRY(take(env, store->chunk_rows, store->labels * sizeof(int32_t), &codes));
	store->chunk_numbers[store->chunks] = numbers;
	store->chunk_codes[store->chunks] = codes;
	store->chunks++;
	return SML_OK;
done:
	sml_free(env, numbers);
	sml_free(env, codes);
	return status;
}

SmlStatus
sml_store_append(SmlEnv *env, SmlStore *store, const double *numbers, const int32_t *codes)
{
	size_t in_chunk = store->rows % store->chunk_rows;

	if (in_chunk == 0)
	{
		SmlStatus status = add_chunk(env, store);

		if (status != SML_OK)
			return status;
	}
	if (store->numbers > 0)
		memcpy(store->chunk_numbers[store->chunks - 1] + in_chunk * store->numbers, numbers, store->numbers * sizeof(double));
	if (store->labels > 0)
		memcpy(store->chunk_codes[store->chunks - 1] + in_chunk * store->labels, codes, store->labels * sizeof(int32_t));
	store->rows++;
	return SML_OK;
}

void
sml_store_row(const SmlStore *store, size_t row, const double **numbers, const int32_t **codes)
{
	size_t chunk = row / store->chunk_rows;
	size_t at = row % store->chunk_rows;

	*numbers = store->chunk_numbers[chunk] + at * store->numbers;
	*codes = store->chunk_codes[chunk] + at * store->labels;
}

SmlStatus
sml_store_compact(SmlEnv *env, SmlStore *store, const bool *keep, size_t count)
{
	size_t to = 0;

	for (size_t from = 0; from < store->rows; from++)
	{
		const double  *numbers;
		const int32_t *codes;
		double        *to_numbers = store->chunk_numbers[to / store->chunk_rows] + to % store->chunk_rows * store->numbers;
		int32_t       *to_codes = store->chunk_codes[to / store->chunk_rows] + to % store->chunk_rows * store->labels;

		if (from % SML_CHUNK_ROWS == 0)
		{
			SmlStatus status = sml_poll(env);

			if (status != SML_OK)
				return status;
		}
		if (from < count && !keep[from])
			continue;
		sml_store_row(store, from, &numbers, &codes);
		/* memmove: a row may move onto itself */
		if (store->numbers > 0)
			memmove(to_numbers, numbers, store->numbers * sizeof(double));
		if (store->labels > 0)
			memmove(to_codes, codes, store->labels * sizeof(int32_t));
		to++;
	}
	store->rows = to;
	while (store->chunks > (to + store->chunk_rows - 1) / store->chunk_rows)
	{
		store->chunks--;
		sml_free(env, store->chunk_numbers[store->chunks]);
		sml_free(env, store->chunk_codes[store->chunks]);
	}
	return SML_OK;
}

size_t
sml_store_bytes(const SmlStore *store)
{
	return store->chunks * store->chunk_bytes;
}

size_t
sml_store_limit(const SmlStore *store)
{
	return store->limit;
}

/* ---- codes ------------------------------------------------------------------------- */

/* Level or class of a text, as an index or -1. */
static int32_t
index_of(const SmlEncoder *encoder, size_t slot, SmlText text)
{
	size_t index = slot == encoder->layout.labels ? sml_encoder_class(encoder, text) : sml_encoder_level(encoder, slot, text);

	return index == SML_NO_LEVEL ? -1 : (int32_t) index;
}

static SmlStatus
remap_slot(SmlEnv *env, SmlStore *store, const SmlProfile *profile, const SmlEncoder *encoder, size_t slot)
{
	SmlLevel *levels = NULL;
	int32_t  *map = NULL;
	size_t    count;
	int32_t   most = -1;
	bool      is_class = slot == encoder->layout.labels;
	int32_t   missing = is_class ? -1 : index_of(encoder, slot, (SmlText){NULL, -1});
	int32_t   beyond = is_class || encoder->features[encoder->label_feature[slot]].other_level == SML_NO_LEVEL ? -1
		: (int32_t) encoder->features[encoder->label_feature[slot]].other_level;
	SmlStatus status;

	SML_TRY(sml_profile_levels(env, profile, slot, &levels, &count));
	for (size_t i = 0; i < count; i++)
		if (levels[i].code > most)
			most = levels[i].code;
	SML_TRY(sml_alloc_array(env, (size_t) most + 1, sizeof(int32_t), &map));
	/* codes of values that were evicted later */
	for (int32_t code = 0; code <= most; code++)
		map[code] = beyond;
	for (size_t i = 0; i < count; i++)
		map[levels[i].code] = index_of(encoder, slot, (SmlText){levels[i].text, (int32_t) levels[i].length});
	for (size_t r = 0; r < store->rows; r++)
	{
		int32_t *code = store->chunk_codes[r / store->chunk_rows] + (r % store->chunk_rows) * store->labels + slot;

		if (r % store->chunk_rows == 0)
			SML_TRY(sml_poll(env));
		*code = *code == -1 ? missing : *code < 0 || *code > most ? beyond : map[*code];
		if (is_class && *code < 0)
		{
			status = sml_fail(env, SML_BAD_INPUT, "A row that was kept has no class that the encoder knows.");
			goto done;
		}
	}
done:
	sml_free(env, levels);
	sml_free(env, map);
	return status;
}

SmlStatus
sml_store_remap(SmlEnv *env, SmlStore *store, const SmlProfile *profile, const SmlEncoder *encoder)
{
	for (size_t slot = 0; slot < store->labels; slot++)
	{
		SmlStatus status = remap_slot(env, store, profile, encoder, slot);

		if (status != SML_OK)
			return status;
	}
	return SML_OK;
}

/* ---- passes ----------------------------------------------------------------------------- */

typedef struct Runner
{
	SmlEnv        *env;
	SmlStore      *store;
	const SmlPlan *plan;
	double        *x;
	double         y[SML_BLOCK_ROWS];
	double         w[SML_BLOCK_ROWS];
	void         (*progress)(void *context, const SmlVerdict *verdict);
	void          *context;
} Runner;

static void
fill_targets(Runner *runner, size_t rows, const double *numbers, const int32_t *codes)
{
	const SmlStore *store = runner->store;
	const SmlPlan  *plan = runner->plan;
	size_t          target = sml_layout_target(&store->layout);

	for (size_t r = 0; r < rows; r++)
	{
		double w = store->layout.weighted ? numbers[r * store->numbers + sml_layout_weight(&store->layout)] : 1;

		if (store->layout.target == SML_TARGET_CLASS)
		{
			size_t class = (size_t) codes[r * store->labels + target];

			runner->y[r] = plan->task == SML_BINARY ? (class == plan->positive ? 1 : 0) : (double) class;
			if (plan->class_weights != NULL)
				w *= plan->class_weights[class];
		}
		else
			runner->y[r] = (numbers[r * store->numbers + target] - plan->encoder->target_center) / plan->encoder->target_scale;
		runner->w[r] = w;
	}
}

static SmlStatus
absorb_block(Runner *runner, SmlState *state, size_t start)
{
	SmlStore     *store = runner->store;
	const double *numbers = store->chunk_numbers[start / store->chunk_rows] + start % store->chunk_rows * store->numbers;
	const int32_t *codes = store->chunk_codes[start / store->chunk_rows] + start % store->chunk_rows * store->labels;
	size_t        rows = store->rows - start < SML_BLOCK_ROWS ? store->rows - start : SML_BLOCK_ROWS;
	SmlBlock      block;
	SmlStatus     status = sml_poll(runner->env);

	if (status != SML_OK)
		return status;
	fill_targets(runner, rows, numbers, codes);
	sml_encode_block(runner->plan->encoder, rows, numbers, store->numbers, codes, store->labels, runner->x);
	block.rows = rows;
	block.x = runner->x;
	block.y = runner->y;
	block.w = store->layout.weighted || runner->plan->class_weights != NULL ? runner->w : NULL;
	return runner->plan->learner->absorb(runner->env, state, &block);
}

/* Passes over every "stride"-th block until the learner is content or "most" passes are done. */
static SmlStatus
run_passes(Runner *runner, SmlState *state, size_t stride, uint32_t most, SmlVerdict *verdict)
{
	SmlStatus status;
	uint32_t  pass = 0;

	do
	{
		for (size_t start = 0; start < runner->store->rows; start += stride * SML_BLOCK_ROWS)
		{
			status = absorb_block(runner, state, start);
			if (status != SML_OK)
				return status;
		}
		status = runner->plan->learner->finish_pass(runner->env, state, verdict);
		if (status != SML_OK)
			return status;
		if (stride == 1 && runner->progress != NULL)
			runner->progress(runner->context, verdict);
	} while (verdict->again && ++pass < most);
	return SML_OK;
}

/* Start "state" from an estimate on a subset; failures of that estimate do not matter. */
static SmlStatus
warm_start(Runner *runner, const SmlDesign *design, SmlState *state)
{
	const SmlLearner *learner = runner->plan->learner;
	size_t            rows = runner->store->rows;
	size_t            parameters = (design->terms + 1) * (design->task == SML_MULTICLASS ? design->classes : 1);
	size_t            wanted = WARM_PER_TERM * parameters > WARM_ROWS ? WARM_PER_TERM * parameters : WARM_ROWS;
	SmlState         *small = NULL;
	SmlVerdict        verdict;
	SmlStatus         status;

	if (learner->warm == NULL || rows < WARM_FROM_ROWS || wanted > rows / 2)
		return SML_OK;
	SML_TRY(learner->start(runner->env, design, &small));
	status = run_passes(runner, small, rows / wanted, WARM_MOST_PASSES, &verdict);
	if (status == SML_OK)
		status = learner->warm(runner->env, state, small);
	else if (status != SML_STOPPED && status != SML_NO_MEMORY)
	{
		runner->env->detail[0] = '\0';
		status = SML_OK;
	}
done:
	if (small != NULL)
		learner->free(runner->env, small);
	return status;
}

SmlStatus
sml_store_train(SmlEnv *env, SmlStore *store, const SmlPlan *plan, SmlVerdict *last, SmlState **state,
				void (*progress)(void *context, const SmlVerdict *verdict), void *context)
{
	Runner    runner;
	SmlDesign design;
	SmlState *fresh = NULL;
	SmlStatus status = sml_plan_check_memory(env, plan, store->limit);

	if (status == SML_OK)
		status = sml_plan_design(env, plan, &design);
	if (status != SML_OK)
		return status;
	memset(&runner, 0, sizeof(runner));
	runner.env = env;
	runner.store = store;
	runner.plan = plan;
	runner.progress = progress;
	runner.context = context;
	SML_TRY(sml_alloc_array(env, plan->encoder->term_count, SML_BLOCK_ROWS * sizeof(double), &runner.x));
	SML_TRY(plan->learner->start(env, &design, &fresh));
	SML_TRY(warm_start(&runner, &design, fresh));
	SML_TRY(run_passes(&runner, fresh, 1, UINT32_MAX, last));
	*state = fresh;
	fresh = NULL;
done:
	if (fresh != NULL)
		plan->learner->free(env, fresh);
	sml_free(env, runner.x);
	sml_design_free(env, &design);
	return status;
}
