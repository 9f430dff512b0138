/*
 * progress.c - what long work is doing, for people who watch.
 *
 * The text goes where pg_stat_activity shows it, so no shared memory of our own and no
 * preloading is needed, and the server's own rules say who may read it.
 * sustainml.progress() reads it back.
 */
#include "../compat.h"

#include "access/xact.h"
#include "tcop/tcopprot.h"
#include "utils/backend_status.h"

#include "train.h"

static bool shown = false; /* our text stands where the user's query belongs */

/* Work that fails inside a block with a handler leaves the session active: give its query back. */
static void
hide_after_abort(SubXactEvent event, SubTransactionId mine, SubTransactionId parent, void *argument)
{
	(void) mine;
	(void) parent;
	(void) argument;
	if (event == SUBXACT_EVENT_ABORT_SUB && shown)
		ml_progress_end();
}

void
ml_progress_show(const char *text)
{
	static bool registered = false;

	if (!registered)
		RegisterSubXactCallback(hide_after_abort, NULL);
	registered = true;
	pgstat_report_activity(STATE_RUNNING, text);
	shown = true;
}

void
ml_progress(const char *model, const char *phase, const SmlVerdict *verdict)
{
	char text[256];

	if (verdict)
		snprintf(text, sizeof(text), "sustainml train %s: %s, iteration %u, loss %.6g", model, phase,
				 verdict->iteration, verdict->loss);
	else
		snprintf(text, sizeof(text), "sustainml train %s: %s", model, phase);
	ml_progress_show(text);
}

void
ml_progress_end(void)
{
	pgstat_report_activity(STATE_RUNNING, debug_query_string);
	shown = false;
}
