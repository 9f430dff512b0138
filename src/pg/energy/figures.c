/*
 * figures.c - measured or estimated: the energy of a run; see energy.h.
 *
 * Counters are used only when they can be trusted with the run: all readings sound, the host's busy
 * time known, and the run long enough for counters that move by the millisecond and busy time that
 * moves by the tick.  Measured figures are rounded to a hundredth of a joule: finer ones would tell
 * about the data that the processor works on.
 */
#include "../compat.h"

#include <math.h>
#include <unistd.h>

#include "energy.h"
#include "factors.h"
#include "sampler.h"
#include "../../core/energy/attribute.h"
#include "../../core/energy/estimate.h"

#define LEAST_SECONDS 0.1
#define LEAST_TICKS   10
#define ROUNDED_TO    0.01

/* Why the counters cannot be used for this run; NULL: they can. */
static const char *
objection(const MlMark *begin, const MlMark *end, double cpu_seconds)
{
	double         tick = 1.0 / (double) sysconf(_SC_CLK_TCK);
	const SmlZone *zones;
	SmlBoundary    boundary;
	size_t         count = ml_sampler_zones(&zones, &boundary);

	if (end->wall - begin->wall < LEAST_SECONDS || cpu_seconds < LEAST_TICKS * tick)
		return "the run was too short for counters";
	if (end->lost != begin->lost)
		return "a reading of the counters was lost";
	for (size_t i = 0; i < count; i++)
	{
		double joules = end->joules[i] - begin->joules[i];

		if (joules <= 0)
			return "a counter stood still";
		if (!sml_power_possible(&zones[i], joules, end->read_by - begin->wall))
			return "a counter made a step that is not possible";
	}
	if (!begin->host_known || !end->host_known || end->host.busy <= begin->host.busy)
		return "the busy time of the host is not known";
	return NULL;
}

/* Relative error of a zone's counter. */
static double
counter_error(const SmlZone *zone)
{
	const SmlCpu *cpu = ml_factors_cpu();

	if (zone->kind == SML_ZONE_DRAM)
		return SML_ERROR_DRAM;
	return cpu != NULL && strcmp(cpu->vendor, "GenuineIntel") == 0 ? SML_ERROR_INTEL : SML_ERROR_AMD;
}

static double
rounded(double joules)
{
	return rint(joules / ROUNDED_TO) * ROUNDED_TO;
}

static void
measure(const MlMark *begin, const MlMark *end, double cpu_seconds, SmlEnergy *energy, char **source)
{
	const SmlZone *zones;
	SmlDomain      domains[ML_MOST_COUNTED];
	size_t         count = ml_sampler_zones(&zones, &energy->boundary);
	size_t         without = 0;
	SmlShare       share = {
		.seconds = end->wall - begin->wall,
		.cpu_seconds = cpu_seconds,
		.busy_seconds = end->host.busy - begin->host.busy,
		.threads = end->host.threads,
		.reserved = ml_reserved_threads,
	};
	double down;
	double up;

	for (size_t i = 0; i < count; i++)
	{
		domains[i].joules = end->joules[i] - begin->joules[i];
		domains[i].idle_watts = sml_idle_watts(ml_idle_power, zones[i].label);
		domains[i].error = counter_error(&zones[i]);
		without += isnan(domains[i].idle_watts);
	}
	energy->method = SML_MEASURED_RAPL;
	sml_attribute(domains, count, &share, energy);
	down = energy->low / energy->total;
	up = energy->high / energy->total;
	energy->dynamic = rounded(energy->dynamic);
	energy->idle = rounded(energy->idle);
	energy->reserved = rounded(energy->reserved);
	energy->total = isnan(energy->dynamic) ? rounded(energy->total) : energy->dynamic + energy->idle;
	energy->low = energy->total * down;
	energy->high = energy->total * up;
	*source = psprintf("%zu powercap zones, idle power of %zu known", count, count - without);
}

/* Busy time that the hypervisor took, as a share of busy time. */
static double
steal_share(const MlMark *begin, const MlMark *end)
{
	double busy = end->host.busy - begin->host.busy;
	double steal = end->host.steal - begin->host.steal;

	return begin->host_known && end->host_known && busy > 0 && steal > 0 ? steal / busy : 0;
}

void
ml_energy_figure(const MlMark *begin, const MlMark *end, double cpu_seconds, SmlEnergy *energy, char **source)
{
	bool        counters = begin->counters && end->counters;
	const char *reason = counters ? objection(begin, end, cpu_seconds) : NULL;
	SmlWatts    watts;
	char       *entry;
	SmlUse      use = {
		.seconds = end->wall - begin->wall,
		.cpu_seconds = cpu_seconds,
		.steal_share = steal_share(begin, end),
		.reserved = ml_reserved_threads,
	};

	*energy = sml_energy_unknown();
	if (counters && reason == NULL)
	{
		measure(begin, end, cpu_seconds, energy, source);
		return;
	}
	watts = ml_factors_watts(&energy->method, &energy->boundary, &entry);
	sml_energy_estimate(&use, &watts, energy);
	*source = psprintf("%s%s%s%s", entry, reason ? "; " : "", reason ? reason : "",
					   use.steal_share > SML_STEAL_SHARE ? "; bounds widened for stolen time" : "");
}
