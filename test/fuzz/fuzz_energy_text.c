/*
 * fuzz_energy_text.c - texts of /proc, of counters and of the list of idle floors: refused, or in bounds.
 * The first byte says which.
 */
#include "fuzz.h"

#include <math.h>

#include "../../src/core/energy/counter.h"
#include "../../src/core/energy/machine.h"

static void
try_machine(const char *text, size_t size)
{
	SmlCpu      cpu;
	SmlHostTime time;

	if (sml_cpu_parse(text, size, &cpu))
		ALWAYS(cpu.family >= 0 && cpu.model >= 0 && strlen(cpu.vendor) < SML_CPU_TEXT && strlen(cpu.name) < SML_CPU_TEXT);
	if (sml_stat_parse(text, size, 100, &time))
		ALWAYS(time.busy >= 0 && time.steal >= 0 && time.threads > 0 && isfinite(time.busy));
}

static void
try_zone(const char *text, size_t size)
{
	SmlZone  zones[2];
	uint64_t value;

	sml_zone_name(text, size, NULL, &zones[0]);
	sml_zone_name(text, size, &zones[0], &zones[1]);
	ALWAYS(strlen(zones[0].label) < SML_ZONE_LABEL && strlen(zones[1].label) < SML_ZONE_LABEL);
	ALWAYS((zones[0].kind == SML_ZONE_OTHER) == (zones[0].label[0] == '\0'));
	if (sml_counter_parse(text, size, &value))
		ALWAYS(size > 0);
}

static void
try_list(const char *text, size_t size)
{
	char *list = malloc(size + 1);

	memcpy(list, text, size);
	list[size] = '\0';
	if (sml_idle_is_sound(list))
	{
		double watts = sml_idle_watts(list, "package-0");

		ALWAYS(isnan(watts) || (watts >= 0 && watts <= 10000));
	}
	(void) !sml_zone_entry(list, "intel-rapl");
	(void) !sml_driver_parse(list);
	free(list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data + 1;

	if (size == 0)
		return 0;
	switch (data[0])
	{
		case 'm':
			try_machine(text, size - 1);
			break;
		case 'z':
			try_zone(text, size - 1);
			break;
		default:
			try_list(text, size - 1);
	}
	return 0;
}
