/*
 * plan.c - the plan of a pass as bytes; see pass.h.
 *
 * Bytes: an envelope of kind "PLAN".  The digest is the envelope's checksum, so equal
 * plans have equal digests on every machine.
 */
#include "pass.h"

#include <math.h>
#include <string.h>

#include "blas.h"
#include "hash.h"

#define PLAN_VERSION 1

void
sml_plan_free(SmlEnv *env, SmlPlan *plan)
{
	if (plan == NULL)
		return;
	sml_layout_free(env, &plan->layout);
	sml_free(env, plan->quantiles);
	sml_encoder_free(env, plan->encoder);
	sml_free(env, plan->options);
	sml_free(env, plan->class_weights);
	sml_free(env, plan->opening);
	sml_free(env, plan);
}

static void
write_learn(SmlWriter *writer, const SmlPlan *plan)
{
	sml_encoder_write(writer, plan->encoder);
	sml_write_text(writer, plan->learner->name);
	sml_write_u8(writer, (uint8_t) plan->task);
	sml_write_u64(writer, plan->positive);
	sml_write_f64s(writer, plan->options, plan->learner->option_count);
	sml_write_u8(writer, plan->class_weights != NULL ? 1 : 0);
	if (plan->class_weights != NULL)
		sml_write_f64s(writer, plan->class_weights, plan->encoder->class_count);
	sml_write_u64(writer, plan->opening_size);
	sml_write_bytes(writer, plan->opening, plan->opening_size);
}

SmlStatus
sml_plan_write(SmlEnv *env, SmlPlan *plan, uint8_t **bytes, size_t *size)
{
	SmlWriter writer;
	size_t    mark;

	sml_writer_start(&writer, env);
	mark = sml_write_envelope(&writer, "PLAN", PLAN_VERSION);
	sml_write_u8(&writer, (uint8_t) plan->kind);
	if (plan->kind == SML_PASS_PROFILE)
	{
		sml_layout_write(&writer, &plan->layout);
		sml_write_u8(&writer, plan->moments ? 1 : 0);
		sml_write_u8(&writer, plan->quantiles != NULL ? 1 : 0);
		for (size_t j = 0; plan->quantiles != NULL && j < plan->layout.numbers; j++)
			sml_write_u8(&writer, plan->quantiles[j] ? 1 : 0);
	}
	else
		write_learn(&writer, plan);
	sml_end_envelope(&writer, mark);
	if (writer.status != SML_OK)
	{
		sml_writer_free(&writer);
		return writer.status;
	}
	plan->digest = sml_envelope_checksum(writer.bytes);
	*bytes = writer.bytes;
	*size = writer.size;
	return SML_OK;
}

/* ---- reading ------------------------------------------------------------------------ */

static void
read_profile(SmlReader *reader, SmlPlan *plan)
{
	sml_layout_read(reader, &plan->layout);
	plan->moments = sml_read_bool(reader);
	if (!sml_read_bool(reader) || reader->status != SML_OK)
		return;
	if (plan->layout.numbers > sml_reader_left(reader))
	{
		sml_reader_fail(reader, "The plan ends too early.");
		return;
	}
	reader->status = sml_alloc_array(reader->env, plan->layout.numbers, sizeof(bool), &plan->quantiles);
	for (size_t j = 0; j < plan->layout.numbers && reader->status == SML_OK; j++)
		plan->quantiles[j] = sml_read_bool(reader);
}

/* Whether learner, task and classes go together. */
static void
check_task(SmlReader *reader, const SmlPlan *plan)
{
	const SmlEncoder *encoder = plan->encoder;
	bool              classes = encoder->layout.target == SML_TARGET_CLASS;
	bool              fits;

	switch (plan->task)
	{
		case SML_REGRESSION:
			fits = encoder->layout.target == SML_TARGET_NUMBER;
			break;
		case SML_BINARY:
			fits = classes && encoder->class_count == 2 && plan->positive < 2;
			break;
		case SML_MULTICLASS:
			fits = classes;
			break;
		default:
			fits = false;
	}
	if (!fits || !(plan->learner->tasks & plan->task))
		sml_reader_fail(reader, "The plan's task does not fit its learner or target.");
}

static void
read_class_weights(SmlReader *reader, SmlPlan *plan)
{
	size_t count = plan->encoder->class_count;

	plan->class_weights = sml_read_f64_array(reader, count);
	for (size_t k = 0; k < count && reader->status == SML_OK; k++)
		if (!(plan->class_weights[k] > 0) || !isfinite(plan->class_weights[k]))
			sml_reader_fail(reader, "A class weight makes no sense.");
}

static void
read_learn(SmlReader *reader, SmlPlan *plan)
{
	char *name;

	sml_encoder_read(reader, &plan->encoder);
	name = sml_read_text(reader);
	plan->learner = name != NULL ? sml_learner_by_name(name) : NULL;
	sml_free(reader->env, name);
	plan->task = (SmlTask) sml_read_u8(reader);
	plan->positive = (size_t) sml_read_u64(reader);
	if (reader->status == SML_OK && plan->learner == NULL)
		sml_reader_fail(reader, "The plan's learner is unknown.");
	if (reader->status != SML_OK)
		return;
	check_task(reader, plan);
	plan->options = sml_read_f64_array(reader, plan->learner->option_count);
	for (size_t i = 0; reader->status == SML_OK && i < plan->learner->option_count; i++)
	{
		const SmlOptionSpec *spec = &plan->learner->options[i];

		if (!(plan->options[i] >= spec->least && plan->options[i] <= spec->greatest))
			sml_reader_fail(reader, "An option of the plan is out of range.");
	}
	if (sml_read_bool(reader) && reader->status == SML_OK)
		read_class_weights(reader, plan);
	plan->opening_size = sml_read_count(reader, 1);
	if (reader->status == SML_OK)
		reader->status = sml_alloc_array(reader->env, plan->opening_size, 1, &plan->opening);
	if (reader->status == SML_OK)
		sml_read_bytes(reader, plan->opening, plan->opening_size);
	if (reader->status == SML_OK)
		reader->status = sml_layout_copy(reader->env, &plan->encoder->layout, &plan->layout);
}

SmlStatus
sml_plan_read(SmlEnv *env, const void *bytes, size_t size, SmlPlan **plan)
{
	SmlReader reader;
	SmlPlan  *fresh = NULL;
	uint8_t   kind;

	sml_reader_start(&reader, env, bytes, size);
	(void) sml_read_envelope(&reader, "PLAN", PLAN_VERSION, PLAN_VERSION);
	if (reader.status == SML_OK)
		reader.status = sml_alloc_array(env, 1, sizeof(SmlPlan), &fresh);
	if (reader.status != SML_OK)
		return reader.status;
	kind = sml_read_u8(&reader);
	if (kind == SML_PASS_PROFILE)
		read_profile(&reader, fresh);
	else if (kind == SML_PASS_LEARN)
		read_learn(&reader, fresh);
	else
		sml_reader_fail(&reader, "The kind of pass is unknown.");
	fresh->kind = kind == SML_PASS_LEARN ? SML_PASS_LEARN : SML_PASS_PROFILE;
	if (reader.status == SML_OK && sml_reader_left(&reader) > 0)
		sml_reader_fail(&reader, "There are bytes after the plan.");
	if (reader.status != SML_OK)
	{
		sml_plan_free(env, fresh);
		return reader.status;
	}
	fresh->digest = sml_envelope_checksum(bytes);
	*plan = fresh;
	return SML_OK;
}

SmlStatus
sml_plan_read_layout(SmlEnv *env, const void *bytes, size_t size, SmlLayout *layout)
{
	SmlReader   reader;
	SmlEncoder *encoder = NULL;
	SmlLayout   found = {0};
	uint8_t     kind;

	sml_reader_start(&reader, env, bytes, size);
	(void) sml_skip_envelope(&reader, "PLAN", PLAN_VERSION, PLAN_VERSION);
	kind = sml_read_u8(&reader);
	if (kind == SML_PASS_PROFILE)
		sml_layout_read(&reader, &found);
	else if (kind == SML_PASS_LEARN)
		sml_encoder_read(&reader, &encoder);
	else
		sml_reader_fail(&reader, "The kind of pass is unknown.");
	if (reader.status == SML_OK && encoder != NULL)
		reader.status = sml_layout_copy(env, &encoder->layout, &found);
	sml_encoder_free(env, encoder);
	if (reader.status == SML_OK)
		*layout = found;
	else
		sml_layout_free(env, &found);
	return reader.status;
}

/* ---- design --------------------------------------------------------------------------- */

SmlStatus
sml_plan_design(SmlEnv *env, const SmlPlan *plan, SmlDesign *design)
{
	const SmlEncoder *encoder = plan->encoder;
	double           *centers = NULL;
	double           *scales = NULL;
	bool             *constant = NULL;
	SmlStatus         status;

	SML_TRY(sml_alloc_array(env, encoder->term_count, sizeof(double), &centers));
	SML_TRY(sml_alloc_array(env, encoder->term_count, sizeof(double), &scales));
	SML_TRY(sml_alloc_array(env, encoder->term_count, sizeof(bool), &constant));
	for (size_t j = 0; j < encoder->term_count; j++)
	{
		centers[j] = encoder->terms[j].center;
		scales[j] = encoder->terms[j].scale;
		constant[j] = encoder->terms[j].constant;
	}
	memset(design, 0, sizeof(*design));
	design->task = plan->task;
	design->terms = encoder->term_count;
	design->classes = encoder->class_count;
	design->weighted = encoder->layout.weighted || plan->class_weights != NULL;
	design->centers = centers;
	design->scales = scales;
	design->constant = constant;
	design->target_center = encoder->target_center;
	design->target_scale = encoder->target_scale;
	design->options = plan->options;
	return SML_OK;
done:
	sml_free(env, centers);
	sml_free(env, scales);
	sml_free(env, constant);
	return status;
}

void
sml_design_free(SmlEnv *env, SmlDesign *design)
{
	sml_free(env, (void *) design->centers);
	sml_free(env, (void *) design->scales);
	sml_free(env, (void *) design->constant);
	memset(design, 0, sizeof(*design));
}

/* ---- memory --------------------------------------------------------------------------- */

/* Bytes of a profile, as doubles so that nothing overflows; text kept in dictionaries comes on top. */
static double
profile_need(const SmlPlan *plan)
{
	double numbers = (double) sml_layout_numbers(&plan->layout);
	double labels = (double) sml_layout_labels(&plan->layout);
	double order = 2 + 2 * numbers; /* each column may get an indicator */
	double cells = numbers * (SML_BLOCK_ROWS + 16) + labels * 64;

	if (plan->moments)
		cells += order * (order + SML_BLOCK_ROWS);
	return cells * sizeof(double);
}

static SmlStatus
learn_need(SmlEnv *env, const SmlPlan *plan, double *need)
{
	SmlDesign design;
	size_t    bytes = 0;
	SmlStatus status = sml_plan_design(env, plan, &design);

	if (status != SML_OK)
		return status;
	status = plan->learner->need(env, &design, &bytes);
	sml_design_free(env, &design);
	*need = (double) bytes;
	return status;
}

SmlStatus
sml_plan_check_memory(SmlEnv *env, const SmlPlan *plan, size_t limit)
{
	double    allowed = (double) (limit > SML_STATE_ALLOWANCE ? limit : SML_STATE_ALLOWANCE);
	double    need = 0;
	SmlStatus status = SML_OK;

	if (plan->kind == SML_PASS_PROFILE)
		need = profile_need(plan);
	else
		status = learn_need(env, plan, &need);
	if (status == SML_OK && need > allowed)
		return sml_fail(env, SML_OVER_LIMIT, "A state of this training takes %.0f MB and the limit is %.0f MB.",
						ceil(need / 1048576), allowed / 1048576);
	return status;
}
