/*
 * progress.c - what a long training is doing, for people who watch.
 *
 * The text goes where pg_stat_activity shows it, so no shared memory of our own and no
 * preloading is needed, and the server's own rules say who may read it.
 * sustainml.progress() reads it back.
 */
#include "../compat.h"

#include "tcop/tcopprot.h"
#include "utils/backend_status.h"

#include "train.h"

void
ml_progress(const char *model, const char *phase, const SmlVerdict *verdict)
{
	char text[256];

	if (verdict)
		snprintf(text, sizeof(text), "sustainml train %s: %s, iteration %u, loss %.6g", model, phase,
				 verdict->iteration, verdict->loss);
	else
		snprintf(text, sizeof(text), "sustainml train %s: %s", model, phase);
	pgstat_report_activity(STATE_RUNNING, text);
}

void
ml_progress_end(void)
{
	pgstat_report_activity(STATE_RUNNING, debug_query_string);
}
