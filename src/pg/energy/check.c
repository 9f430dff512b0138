/*
 * check.c - sustainml.energy_check(): what the meter can see, what is missing, what to do.
 *
 * No reading of a counter and no content of a file is shown, only names, counts and errors.
 */
#include "../compat.h"

#include <math.h>

#include "funcapi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "../metric/result.h"
#include "energy.h"
#include "factors.h"
#include "intensity.h"
#include "powercap.h"
#include "sampler.h"

#define ACCESS_HINT "Give the server's group read access to energy_uj, or publish coarse readings by a helper: see docs/energy.md."

/* There is nothing to check: ok is NULL. */
static void
put_moot(MlResult *result, const char *check)
{
	ml_put_text(result, check);
	ml_put_text(result, NULL);
	ml_put_text(result, "There are no counters.");
	ml_put_text(result, NULL);
	ml_put_row(result);
}

static void
put(MlResult *result, const char *check, bool ok, const char *detail, const char *hint)
{
	ml_put_text(result, check);
	ml_put_boolean(result, ok);
	ml_put_text(result, detail);
	ml_put_text(result, ok ? NULL : hint);
	ml_put_row(result);
}

static void
check_tree(MlResult *result, const MlPowercap *found)
{
	if (ml_powercap_root[0] == '\0')
		put(result, "counter tree", false, "sustainml.powercap_root is empty.", "Set it to the directory of the counters, by default /sys/devices/virtual/powercap.");
	else if (found->error != 0)
		put(result, "counter tree", false, psprintf("%s: %s", ml_powercap_root, strerror(found->error)),
			found->error == ENOENT ? "Virtual machines and many containers have no counters, and energy is estimated; on a machine of its own load the kernel module intel_rapl_msr."
								   : "Let the server's user open the directory.");
	else
		put(result, "counter tree", true, ml_powercap_root, NULL);
}

static int
by_label(const void *a, const void *b)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Labels of zones that count and meet "wanted", sorted and joined; *count of them. */
static char *
labels(const MlPowercap *found, bool (*wanted)(const MlPowercap *, size_t), size_t *count)
{
	const char   **names = palloc(sizeof(char *) * ML_MOST_ZONES);
	StringInfoData text;

	*count = 0;
	for (size_t i = 0; i < found->count; i++)
		if (found->zones[i].counts && wanted(found, i))
			names[(*count)++] = found->zones[i].label;
	qsort(names, *count, sizeof(char *), by_label);
	initStringInfo(&text);
	for (size_t i = 0; i < *count; i++)
		appendStringInfo(&text, "%s%s", i ? ", " : "", names[i]);
	return text.data;
}

static bool
any(const MlPowercap *found, size_t i)
{
	return true;
}

static bool
is_unreadable(const MlPowercap *found, size_t i)
{
	return found->files[i].trouble == ML_ZONE_UNREADABLE;
}

static bool
is_garbage(const MlPowercap *found, size_t i)
{
	return found->files[i].trouble == ML_ZONE_GARBAGE;
}

static bool
lacks_idle(const MlPowercap *found, size_t i)
{
	return isnan(sml_idle_watts(ml_idle_power, found->zones[i].label));
}

static int
first_error(const MlPowercap *found)
{
	for (size_t i = 0; i < found->count; i++)
		if (found->zones[i].counts && is_unreadable(found, i))
			return found->files[i].error;
	return 0;
}

static void
check_counters(MlResult *result, const MlPowercap *found)
{
	size_t count;
	char  *names = labels(found, any, &count);
	bool   no_psys = ml_use_psys && found->boundary != SML_BOUNDARY_PSYS;

	if (found->too_many)
		put(result, "counters", false, psprintf("There are more than %d zones.", ML_MOST_ZONES), "Point sustainml.powercap_root at the tree of the processors' counters.");
	else if (count == 0)
		put(result, "counters", false, "No package was found.",
			found->links ? "Symbolic links are not followed: set sustainml.powercap_root to the directory they lead to, by default /sys/devices/virtual/powercap."
						 : "Energy is estimated from CPU time.");
	else
		put(result, "counters", !no_psys,
			psprintf("%s: %s%s", sml_boundary_name(found->boundary), names, no_psys ? "; there is no single counter of the platform" : ""),
			"Set sustainml.use_psys to off.");

	if (found->counted == 0)
	{
		put_moot(result, "access");
		put_moot(result, "readings");
		put_moot(result, "idle power");
		return;
	}
	names = labels(found, is_unreadable, &count);
	put(result, "access", count == 0, count == 0 ? "Every counter can be read." : psprintf("%s: %s", names, strerror(first_error(found))), ACCESS_HINT);
	names = labels(found, is_garbage, &count);
	put(result, "readings", count == 0, count == 0 ? "Every reading is sound." : psprintf("%s: no number within the counter's range", names),
		"The tree is not that of the kernel, or the driver is at fault; energy is estimated.");
	names = labels(found, lacks_idle, &count);
	put(result, "idle power", count == 0, count == 0 ? "Known for every zone." : psprintf("Not known for %s: bounds of measured runs are wide.", names),
		"Read the counters of the idle machine over some minutes and set sustainml.idle_power, as 'package-0=60, package-0/dram=5'.");
}

static void
check_machine(MlResult *result, const MlPowercap *found)
{
	SmlHostTime     time;
	const SmlCpu   *cpu = ml_factors_cpu();
	bool            host = ml_host_time(&time);
	SmlEnergyMethod method;
	SmlBoundary     boundary;
	MlIntensity     intensity = ml_intensity_find();
	char           *entry;

	ml_factors_watts(&method, &boundary, &entry);
	put(result, "busy time of the host", host, host ? psprintf("%d hardware threads", time.threads) : psprintf("%s/stat cannot be used", ml_proc_root),
		"Set sustainml.proc_root to a directory where the host's file stat can be read, by default /proc.");
	put(result, "processor", cpu != NULL,
		cpu ? psprintf("%s family %d model %d stepping %d%s%s%s", cpu->vendor, cpu->family, cpu->model, cpu->stepping, cpu->name[0] ? ", " : "", cpu->name,
					   cpu->virtual_machine ? ", virtual" : "")
			: psprintf("%s/cpuinfo cannot be used", ml_proc_root),
		"Set sustainml.proc_root to a directory where the file cpuinfo can be read, by default /proc.");
	put(result, "power factors", method != SML_ESTIMATED_DEFAULT, psprintf("%s: %s", sml_energy_method_name(method), entry),
		"Add the processor to sustainml.cpu_family and its watts to sustainml.cpu_power, its model to sustainml.cpu_tdp, or set sustainml.cloud_provider.");
	put(result, "carbon intensity", !isnan(intensity.value),
		isnan(intensity.value) ? (ml_zone[0] ? psprintf("There is no factor for zone \"%s\".", ml_zone) : "Neither sustainml.zone nor sustainml.carbon_intensity is set: grams are NULL.")
							   : psprintf("%g g CO2e per kWh: %s", intensity.value, intensity.source),
		"Set sustainml.zone to the country of the server, or sustainml.carbon_intensity.");
	if (found->usable && host)
		put(result, "method", true, psprintf("measured_rapl (%s) for runs of 100 ms and more, else %s (%s)", sml_boundary_name(found->boundary),
											sml_energy_method_name(method), sml_boundary_name(boundary)), NULL);
	else
		put(result, "method", false, psprintf("%s (%s)", sml_energy_method_name(method), sml_boundary_name(boundary)), "See the checks above.");
}

PG_FUNCTION_INFO_V1(sustainml_energy_check);
Datum
sustainml_energy_check(PG_FUNCTION_ARGS)
{
	MlResult   *result = ml_result_begin(fcinfo);
	MlPowercap *found = palloc(sizeof(MlPowercap));

	ml_powercap_find(ml_powercap_root, ml_use_psys, found);
	check_tree(result, found);
	check_counters(result, found);
	check_machine(result, found);
	pfree(found);
	return ml_result_end(result);
}
