/*
 * sampler.c - the counters while runs last; see energy.h.
 *
 * A timer reads them often enough that none wraps twice between two readings: every minute, or
 * every half range at the greatest power.  Its handler runs inside a signal and does only what is safe there: open,
 * read, close, arithmetic.  "busy" keeps it away while the main line reads.
 */
#include "../compat.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "port/atomics.h"
#include "utils/memutils.h"
#include "utils/timeout.h"

#include "files.h"
#include "powercap.h"
#include "sampler.h"

/*
 * A step that is too large for the time since the last may come from a publisher of coarse readings: it stays
 * pending for up to this long, in seconds.  Marks count it, and a run judges its own sum.
 */
#define SETTLE 2.0

/* The lines of hardware threads stand at the head of /proc/stat. */
#define MOST_STAT (256 * 1024)

typedef struct Counter
{
	char     path[MAXPGPATH];
	uint64_t reading;
	double   read_at; /* just before the reading was seen first */
	double   joules;  /* up to then */
	double   pending; /* since then */
} Counter;

static size_t      count = 0;
static SmlZone     zones[ML_MOST_COUNTED];
static Counter     counters[ML_MOST_COUNTED];
static SmlBoundary boundary = SML_BOUNDARY_NONE;
static int         lost = 0;
static int         interval_ms;
static bool        timer_known = false;
static TimeoutId   timer;

static volatile sig_atomic_t active = false;
static volatile sig_atomic_t busy = false;

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double) time.tv_sec + (double) time.tv_nsec * 1e-9;
}

/* What a reading that was taken between two moments adds; false: an interval is lost. */
static bool
account(const SmlZone *zone, Counter *counter, uint64_t reading, double from, double to)
{
	double     joules = 0;
	SmlReading judged = sml_counter_joules(zone, counter->reading, reading, to - counter->read_at, &joules);

	counter->pending = 0;
	if (judged == SML_READING_STILL)
		return true;
	if (judged == SML_READING_FAST && to - counter->read_at < SETTLE)
	{
		counter->pending = joules;
		return true;
	}
	counter->joules += joules;
	counter->reading = reading;
	counter->read_at = from;
	return judged == SML_READING_GOOD;
}

/*
 * Read every counter and add up; an interval that is lost for one zone is lost.  On a busy machine the process can lose
 * the processor between the clock and a counter: what a step may be depends on the time from before one reading to after
 * the next, or a true step would seem too large.
 */
static void
sample(void)
{
	bool sound = true;

	for (size_t i = 0; i < count; i++)
	{
		double   from = now();
		uint64_t reading;
		int      error;
		bool     known = ml_powercap_read(counters[i].path, zones[i].range_uj, &reading, &error);

		sound = known && account(&zones[i], &counters[i], reading, from, now()) && sound;
	}
	if (!sound)
		lost++;
}

static void
on_timer(void)
{
	if (!active)
		return;
	if (!busy)
		sample();
	enable_timeout_after(timer, interval_ms);
}

size_t
ml_sampler_zones(const SmlZone **list, SmlBoundary *of)
{
	*list = zones;
	*of = boundary;
	return count;
}

/* Take over the zones that count from what was found. */
static void
take_counters(const MlPowercap *found, double at)
{
	double interval = 60;

	for (size_t i = 0; i < found->count; i++)
		if (found->zones[i].counts)
		{
			zones[count] = found->zones[i];
			strlcpy(counters[count].path, found->files[i].path, MAXPGPATH);
			counters[count].reading = found->files[i].reading;
			counters[count].read_at = at;
			counters[count].joules = counters[count].pending = 0;
			interval = Min(interval, sml_zone_interval(&zones[count]));
			count++;
		}
	boundary = found->boundary;
	interval_ms = Max((int) (interval * 1000), 1000);
}

void
ml_sampler_start(void)
{
	MlPowercap *found = palloc(sizeof(MlPowercap));
	double      at;

	ml_sampler_stop();
	lost = 0;
	at = now();
	ml_powercap_find(ml_powercap_root, ml_use_psys, found);
	if (found->usable && found->counted <= ML_MOST_COUNTED)
		take_counters(found, at);
	pfree(found);
	if (count == 0)
		return;
	if (!timer_known)
	{
		timer = RegisterTimeout(USER_TIMEOUT, on_timer);
		timer_known = true;
	}
	pg_compiler_barrier();
	active = true;
	enable_timeout_after(timer, interval_ms);
}

void
ml_sampler_stop(void)
{
	if (active)
	{
		active = false;
		disable_timeout(timer, false);
	}
	pg_compiler_barrier();
	count = 0;
	boundary = SML_BOUNDARY_NONE;
}

bool
ml_host_time(SmlHostTime *time)
{
	char    path[MAXPGPATH];
	char   *text;
	ssize_t length;
	bool    known;

	if (ml_proc_root == NULL || ml_proc_root[0] == '\0' || snprintf(path, sizeof(path), "%s/stat", ml_proc_root) >= sizeof(path))
		return false;
	text = palloc(MOST_STAT);
	length = ml_file_read(path, text, MOST_STAT, false);
	known = length >= 0 && sml_stat_parse(text, (size_t) length, (double) sysconf(_SC_CLK_TCK), time);
	pfree(text);
	return known;
}

void
ml_sampler_mark(MlMark *mark)
{
	memset(mark, 0, sizeof(*mark));
	mark->host_known = ml_host_time(&mark->host);
	mark->counters = count > 0;
	if (mark->counters)
	{
		busy = true;
		pg_compiler_barrier();
		mark->wall = now();
		sample();
		mark->read_by = now();
		mark->lost = lost;
		for (size_t i = 0; i < count; i++)
			mark->joules[i] = counters[i].joules + counters[i].pending;
		pg_compiler_barrier();
		busy = false;
	}
	else
		mark->wall = mark->read_by = now();
}
