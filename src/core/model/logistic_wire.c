/*
 * logistic_wire.c - the state of a logistic fit as bytes; see logistic.h.
 *
 * The reader takes bytes from anybody: sizes follow from the design, not from the
 * bytes, and every enumeration is checked.
 */
#include "logistic.h"

static void
write_sums(SmlWriter *writer, const Logistic *logistic)
{
	const double scalars[6] = {logistic->pass_weight, logistic->pass_positive, logistic->pass_loss,
							   logistic->least_margin, logistic->least_move, logistic->greatest_move};
	size_t       width = logistic->frame.width;

	sml_write_f64s(writer, scalars, 6);
	sml_write_f64s(writer, logistic->gradient, width);
	sml_write_triangle(writer, logistic->hessian, width, width);
	if (logistic->meat != NULL)
		sml_write_triangle(writer, logistic->meat, width, width);
	if (logistic->newton.passes == 0)
		sml_extent_write(writer, &logistic->extent);
}

/* phase | watch | separation | flags | numbers | search | rows of this pass | their sums unless there are none */
void
sml_logistic_write(SmlWriter *writer, const SmlState *state)
{
	const Logistic *logistic = (const Logistic *) state;
	const double    numbers[5] = {logistic->ridge, logistic->radius, logistic->best_loss, logistic->weight,
								  logistic->positive};

	if (logistic->parity != NULL && writer->status == SML_OK)
		writer->status = sml_fail(writer->env, SML_BAD_INPUT, "A fit with a penalty between groups cannot leave the process.");
	sml_write_u8(writer, (uint8_t) logistic->phase);
	sml_write_u8(writer, logistic->watch);
	sml_write_u8(writer, (uint8_t) logistic->separation);
	sml_write_bools(writer, logistic->ridged, logistic->frame.terms);
	sml_write_bools(writer, logistic->involved, logistic->frame.width);
	sml_write_f64s(writer, numbers, 5);
	sml_write_u64(writer, logistic->rows);
	sml_newton_write(writer, &logistic->newton);
	sml_write_u64(writer, logistic->pass_rows);
	if (logistic->pass_rows > 0)
		write_sums(writer, logistic);
}

static void
read_sums(SmlReader *reader, Logistic *logistic)
{
	size_t width = logistic->frame.width;

	logistic->pass_weight = sml_read_f64(reader);
	logistic->pass_positive = sml_read_f64(reader);
	logistic->pass_loss = sml_read_f64(reader);
	logistic->least_margin = sml_read_f64(reader);
	logistic->least_move = sml_read_f64(reader);
	logistic->greatest_move = sml_read_f64(reader);
	sml_read_f64s(reader, logistic->gradient, width);
	sml_read_triangle(reader, logistic->hessian, width, width);
	if (logistic->meat != NULL)
		sml_read_triangle(reader, logistic->meat, width, width);
	if (logistic->newton.passes == 0)
		sml_extent_read(reader, &logistic->extent);
}

void
sml_logistic_fill(SmlReader *reader, SmlState *state)
{
	Logistic *logistic = (Logistic *) state;
	uint8_t   phase = sml_read_u8(reader);
	uint8_t   separation;

	logistic->watch = sml_read_bool(reader);
	separation = sml_read_u8(reader);
	sml_read_bools(reader, logistic->ridged, logistic->frame.terms);
	sml_read_bools(reader, logistic->involved, logistic->frame.width);
	logistic->ridge = sml_read_f64(reader);
	logistic->radius = sml_read_f64(reader);
	logistic->best_loss = sml_read_f64(reader);
	logistic->weight = sml_read_f64(reader);
	logistic->positive = sml_read_f64(reader);
	logistic->rows = sml_read_u64(reader);
	sml_newton_read(reader, &logistic->newton);
	logistic->pass_rows = sml_read_u64(reader);
	if (reader->status == SML_OK && logistic->pass_rows > 0)
		read_sums(reader, logistic);
	if (reader->status != SML_OK)
		return;
	if (phase > PHASE_DONE || separation > SML_SEPARATION_COMPLETE || (phase == PHASE_ROBUST && logistic->meat == NULL))
		sml_reader_fail(reader, "The state of a logistic fit makes no sense.");
	logistic->phase = (Phase) phase;
	logistic->separation = (SmlSeparation) separation;
}
