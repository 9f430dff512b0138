/*
 * pass.c - one scan over the rows; see pass.h.
 *
 * Cost per row beyond the learner's own: encoding, and a checksum of a few
 * operations per column.
 */
#include "pass.h"

#include <math.h>
#include <string.h>

#include "blas.h"
#include "hash.h"

#define STATE_VERSION 1

/* At most so many encoded values wait for the learner: 4 MB. */
#define BLOCK_CELLS ((size_t) 1 << 19)

/* Steps of the keys that tell columns apart in the checksum; odd, without structure. */
#define LOW_STEP  UINT32_C(0x9E3779B9)
#define HIGH_STEP UINT32_C(0x85EBCA6B)

/*
 * Numbers: (low half + key) * (high half + key), summed over the columns: the NH hash
 * of Black, Halevi, Krawczyk, Krovetz and Rogaway 1999 (UMAC).  Two rows that differ agree with a
 * chance of about 2^-32 per row, and a compiler can do two columns at once.
 */
uint64_t
sml_row_checksum(const SmlLayout *layout, const SmlRow *row)
{
	size_t   numbers = sml_layout_numbers(layout);
	size_t   labels = sml_layout_labels(layout);
	uint64_t sum = 0;

	for (size_t j = 0; j < numbers; j++)
	{
		uint64_t bits;
		uint32_t low;
		uint32_t high;

		memcpy(&bits, &row->numbers[j], sizeof(bits));
		low = (uint32_t) bits + (uint32_t) (j + 1) * LOW_STEP;
		high = (uint32_t) (bits >> 32) + (uint32_t) (j + 1) * HIGH_STEP;
		sum += (uint64_t) low * high;
	}
	for (size_t j = 0; j < labels; j++)
		sum += row->labels[j].length < 0 ? j + 1 :
			sml_hash_bytes(j + 1, row->labels[j].bytes, (size_t) row->labels[j].length);
	return sml_hash_mix(sum + LOW_STEP);
}

/* ---- start and end --------------------------------------------------------------------- */

void
sml_pass_free(SmlEnv *env, SmlPass *pass)
{
	if (pass == NULL)
		return;
	sml_profile_free(env, pass->profile);
	if (pass->state != NULL)
		pass->plan->learner->free(env, pass->state);
	sml_free(env, pass->x);
	sml_free(env, pass->y);
	sml_free(env, pass->w);
	sml_free(env, pass->levels);
	sml_free(env, pass);
}

/* The learner's state as the plan opens it. */
static SmlStatus
open_state(SmlEnv *env, const SmlPlan *plan, SmlState **state)
{
	SmlDesign design;
	SmlReader reader;
	SmlStatus status = sml_plan_design(env, plan, &design);

	if (status != SML_OK)
		return status;
	if (plan->opening_size == 0)
		status = plan->learner->start(env, &design, state);
	else
	{
		sml_reader_start(&reader, env, plan->opening, plan->opening_size);
		plan->learner->read(&reader, &design, state);
		if (reader.status == SML_OK && sml_reader_left(&reader) > 0)
		{
			plan->learner->free(env, *state);
			*state = NULL;
			sml_reader_fail(&reader, "There are bytes after the opening state.");
		}
		status = reader.status;
	}
	sml_design_free(env, &design);
	return status;
}

/* A pass without profile or state. */
static SmlStatus
start_empty(SmlEnv *env, const SmlPlan *plan, SmlPass **pass)
{
	SmlPass  *fresh = NULL;
	SmlStatus status;

	status = sml_alloc_array(env, 1, sizeof(SmlPass), &fresh);
	if (status != SML_OK)
		return status;
	fresh->plan = plan;
	*pass = fresh;
	return SML_OK;
}

/*
 * The block of encoded rows, taken with the first row: a state that is only merged has no use
 * for it, and bytes from outside cannot ask for it.  With very many terms it is shorter.
 */
static SmlStatus
need_block(SmlEnv *env, SmlPass *pass)
{
	size_t    terms = pass->plan->encoder->term_count;
	size_t    rows = terms > 0 ? BLOCK_CELLS / terms : SML_BLOCK_ROWS;
	SmlStatus status;

	rows = rows < 1 ? 1 : rows > SML_BLOCK_ROWS ? SML_BLOCK_ROWS : rows;
	SML_TRY(pass->x != NULL ? SML_OK : sml_alloc_array(env, terms * rows, sizeof(double), &pass->x));
	SML_TRY(pass->y != NULL ? SML_OK : sml_alloc_array(env, rows, sizeof(double), &pass->y));
	SML_TRY(pass->w != NULL ? SML_OK : sml_alloc_array(env, rows, sizeof(double), &pass->w));
	SML_TRY(sml_alloc_array(env, pass->plan->layout.labels, sizeof(size_t), &pass->levels));
	pass->block_rows = rows;
done:
	return status;
}

SmlStatus
sml_pass_start(SmlEnv *env, const SmlPlan *plan, SmlPass **pass)
{
	SmlPass  *fresh = NULL;
	SmlStatus status = start_empty(env, plan, &fresh);

	if (status != SML_OK)
		return status;
	if (plan->kind == SML_PASS_PROFILE)
	{
		SmlProfileSpec spec = {plan->moments, plan->quantiles};

		status = sml_profile_start(env, &plan->layout, &spec, &fresh->profile);
	}
	else
		status = open_state(env, plan, &fresh->state);
	if (status != SML_OK)
	{
		sml_pass_free(env, fresh);
		return status;
	}
	*pass = fresh;
	return SML_OK;
}

/* ---- rows --------------------------------------------------------------------------------- */

/* Target and weight of a row as the learner wants them. */
static SmlStatus
judge(SmlEnv *env, const SmlPlan *plan, const SmlRow *row, double *y, double *w, SmlUse *use)
{
	const SmlEncoder *encoder = plan->encoder;
	const SmlLayout  *layout = &plan->layout;

	*use = SML_USED;
	*w = 1;
	*y = 0;
	if (layout->target == SML_TARGET_NUMBER)
	{
		double value = row->numbers[sml_layout_target(layout)];

		if (!isfinite(value))
			*use = SML_SKIPPED_TARGET;
		*y = (value - encoder->target_center) / encoder->target_scale;
	}
	else if (layout->target == SML_TARGET_CLASS)
	{
		size_t class = sml_encoder_class(encoder, row->labels[sml_layout_target(layout)]);

		if (class == SML_NO_LEVEL)
			*use = SML_SKIPPED_TARGET;
		else
		{
			*y = plan->task == SML_BINARY ? (class == plan->positive ? 1 : 0) : (double) class;
			if (plan->class_weights != NULL)
				*w = plan->class_weights[class];
		}
	}
	if (layout->weighted)
	{
		double weight = row->numbers[sml_layout_weight(layout)];

		if (sml_is_missing(weight) || weight == 0)
			*use = *use == SML_USED ? SML_SKIPPED_WEIGHT : *use;
		else if (!(weight > 0) || !isfinite(weight))
			return sml_fail(env, SML_BAD_INPUT, "A weight is negative, NaN or infinite; weights must be numbers above 0 (0 or NULL leave a row out).");
		*w *= weight;
	}
	return SML_OK;
}

static SmlStatus
learn_row(SmlEnv *env, SmlPass *pass, const SmlRow *row)
{
	const SmlPlan *plan = pass->plan;
	double         y;
	double         w;
	SmlUse         use;
	SmlStatus      status = judge(env, plan, row, &y, &w, &use);

	if (status == SML_OK && pass->block_rows == 0)
		status = need_block(env, pass);
	if (status != SML_OK)
		return status;
	pass->rows[use]++;
	if (use != SML_USED)
		return SML_OK;
	for (size_t j = 0; j < plan->layout.labels; j++)
	{
		pass->levels[j] = sml_encoder_level(plan->encoder, j, row->labels[j]);
		if (pass->levels[j] == SML_NO_LEVEL)
			pass->unseen++;
	}
	sml_encode_row(plan->encoder, row->numbers, pass->levels, pass->x + pass->pending * plan->encoder->term_count);
	pass->y[pass->pending] = y;
	pass->w[pass->pending] = w;
	if (++pass->pending < pass->block_rows)
		return SML_OK;
	return sml_pass_flush(env, pass);
}

SmlStatus
sml_pass_absorb(SmlEnv *env, SmlPass *pass, const SmlRow *row)
{
	SmlUse    use;
	SmlStatus status;

	pass->checksum += sml_row_checksum(&pass->plan->layout, row);
	if (pass->plan->kind == SML_PASS_LEARN)
		return learn_row(env, pass, row);
	status = sml_profile_absorb(env, pass->profile, row, NULL, &use);
	if (status == SML_OK)
		pass->rows[use]++;
	return status;
}

SmlStatus
sml_pass_flush(SmlEnv *env, SmlPass *pass)
{
	const SmlPlan *plan = pass->plan;
	SmlBlock       block;
	SmlStatus      status;

	if (plan->kind == SML_PASS_PROFILE)
		return sml_profile_flush(env, pass->profile);
	if (pass->pending == 0)
		return SML_OK;
	status = sml_poll(env);
	if (status != SML_OK)
		return status;
	block.rows = pass->pending;
	block.x = pass->x;
	block.y = pass->y;
	block.w = plan->layout.weighted || plan->class_weights != NULL ? pass->w : NULL;
	block.cell = NULL;
	pass->pending = 0;
	return plan->learner->absorb(env, pass->state, &block);
}

SmlStatus
sml_pass_merge(SmlEnv *env, SmlPass *into, SmlPass *from)
{
	SmlStatus status;

	if (into->plan->digest != from->plan->digest)
		return sml_fail(env, SML_MISMATCH, "The states were made under different plans.");
	SML_TRY(sml_pass_flush(env, into));
	SML_TRY(sml_pass_flush(env, from));
	if (into->plan->kind == SML_PASS_PROFILE)
		SML_TRY(sml_profile_merge(env, into->profile, from->profile));
	else
		SML_TRY(into->plan->learner->merge(env, into->state, from->state));
	for (size_t u = 0; u < SML_USE_COUNT; u++)
		into->rows[u] += from->rows[u];
	into->unseen += from->unseen;
	into->checksum += from->checksum;
done:
	return status;
}

/* ---- bytes ------------------------------------------------------------------------------------ */

SmlStatus
sml_pass_write(SmlEnv *env, SmlPass *pass, uint8_t **bytes, size_t *size)
{
	SmlWriter writer;
	size_t    mark;
	SmlStatus status = sml_pass_flush(env, pass);

	if (status != SML_OK)
		return status;
	sml_writer_start(&writer, env);
	mark = sml_write_envelope(&writer, "PASS", STATE_VERSION);
	sml_write_u64(&writer, pass->plan->digest);
	for (size_t u = 0; u < SML_USE_COUNT; u++)
		sml_write_u64(&writer, pass->rows[u]);
	sml_write_u64(&writer, pass->unseen);
	sml_write_u64(&writer, pass->checksum);
	if (pass->plan->kind == SML_PASS_PROFILE)
		sml_profile_write(&writer, pass->profile);
	else
		pass->plan->learner->write(&writer, pass->state);
	sml_end_envelope(&writer, mark);
	if (writer.status != SML_OK)
	{
		sml_writer_free(&writer);
		return writer.status;
	}
	*bytes = writer.bytes;
	*size = writer.size;
	return SML_OK;
}

static void
read_contents(SmlReader *reader, const SmlPlan *plan, SmlPass *pass)
{
	SmlProfileSpec spec = {plan->moments, plan->quantiles};
	SmlDesign      design;

	if (plan->kind == SML_PASS_PROFILE)
	{
		sml_profile_read(reader, &plan->layout, &spec, &pass->profile);
		return;
	}
	reader->status = sml_plan_design(reader->env, plan, &design);
	if (reader->status != SML_OK)
		return;
	plan->learner->read(reader, &design, &pass->state);
	sml_design_free(reader->env, &design);
}

SmlStatus
sml_pass_read(SmlEnv *env, const SmlPlan *plan, const void *bytes, size_t size, SmlPass **pass)
{
	SmlReader reader;
	SmlPass  *fresh = NULL;

	sml_reader_start(&reader, env, bytes, size);
	(void) sml_read_envelope(&reader, "PASS", STATE_VERSION, STATE_VERSION);
	if (sml_read_u64(&reader) != plan->digest && reader.status == SML_OK)
		return sml_fail(env, SML_MISMATCH, "The state was made under another plan.");
	if (reader.status == SML_OK)
		reader.status = start_empty(env, plan, &fresh);
	if (reader.status != SML_OK)
		return reader.status;
	for (size_t u = 0; u < SML_USE_COUNT; u++)
		fresh->rows[u] = sml_read_u64(&reader);
	fresh->unseen = sml_read_u64(&reader);
	fresh->checksum = sml_read_u64(&reader);
	if (reader.status == SML_OK)
		read_contents(&reader, plan, fresh);
	if (reader.status == SML_OK && sml_reader_left(&reader) > 0)
		sml_reader_fail(&reader, "There are bytes after the state.");
	if (reader.status != SML_OK)
	{
		sml_pass_free(env, fresh);
		return reader.status;
	}
	*pass = fresh;
	return SML_OK;
}
