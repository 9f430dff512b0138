/*
 * settings.c - the settings of energy and carbon.
 *
 * What the server reads of the machine, and what the machine is, only a superuser may say; where it stands
 * changes only how joules are turned into grams, in the caller's own rows.
 */
#include "../compat.h"

#include <float.h>

#include "utils/guc.h"

#include "energy.h"
#include "powercap.h"
#include "factors.h"
#include "../../core/energy/counter.h"

char  *ml_zone = NULL;
double ml_carbon_intensity = -1;
double ml_pue = 1;
char  *ml_powercap_root = NULL;
char  *ml_proc_root = NULL;
bool   ml_use_psys = false;
char  *ml_idle_power = NULL;
int    ml_reserved_threads = 0;
int    ml_cloud_provider = ML_PROVIDER_NONE;

static const struct config_enum_entry providers[] = {
	{"none", ML_PROVIDER_NONE, false},
	{"aws", ML_PROVIDER_AWS, false},
	{"azure", ML_PROVIDER_AZURE, false},
	{"gcp", ML_PROVIDER_GCP, false},
	{NULL, 0, false}};

static bool
check_root(char **value, void **extra, GucSource source)
{
	(void) extra;
	(void) source;
	if (**value == '\0' || is_absolute_path(*value))
		return true;
	GUC_check_errdetail("The path must be absolute.");
	return false;
}

static bool
check_idle_power(char **value, void **extra, GucSource source)
{
	(void) extra;
	(void) source;
	if (sml_idle_is_sound(*value))
		return true;
	GUC_check_errdetail("Expected a list of zones with watts, each zone once.");
	GUC_check_errhint("For example: 'package-0=60, package-0/dram=5'. sustainml.energy_check() lists the zones.");
	return false;
}

static void
assign_proc_root(const char *value, void *extra)
{
	(void) value;
	(void) extra;
	ml_factors_forget();
}

void
ml_energy_define_settings(void)
{
	DefineCustomStringVariable("sustainml.zone",
							   "Country of the server, by its two- or three-letter code, for the grid's carbon intensity.",
							   "Empty: unknown, and grams of CO2e are NULL unless sustainml.carbon_intensity is set.",
							   &ml_zone, "", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomRealVariable("sustainml.carbon_intensity",
							 "Carbon intensity of the server's electricity in g CO2e per kWh.",
							 "Below 0: unset; then the factor of sustainml.zone is used. Takes precedence over the zone.",
							 &ml_carbon_intensity, -1, -1, 5000, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomRealVariable("sustainml.pue",
							 "Power usage effectiveness of the site: energy at the meter for energy at the machine.",
							 NULL,
							 &ml_pue, 1, 1, 5, PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("sustainml.powercap_root",
							   "Directory with the energy counters of the processors.",
							   "Empty: counters are not used. Symbolic links in it are not followed.",
							   &ml_powercap_root, "/sys/devices/virtual/powercap", PGC_SUSET, 0, check_root, NULL, NULL);
	DefineCustomStringVariable("sustainml.proc_root",
							   "Directory with the files cpuinfo and stat of the machine.",
							   "Empty: they are not used, and nothing is known of the processor.",
							   &ml_proc_root, "/proc", PGC_SUSET, 0, check_root, assign_proc_root, NULL);
	DefineCustomBoolVariable("sustainml.use_psys",
							 "Measure the platform's counter (psys) instead of packages and memory, where there is one.",
							 NULL,
							 &ml_use_psys, false, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("sustainml.idle_power",
							   "Watts that the zones draw when the machine is idle, as a list of zone=watts.",
							   "Zones that are not in the list have an unknown idle floor, and measured figures have wide bounds.",
							   &ml_idle_power, "", PGC_SUSET, GUC_LIST_INPUT, check_idle_power, NULL, NULL);
	DefineCustomIntVariable("sustainml.reserved_threads",
							"Hardware threads that are reserved for this server.",
							"0: not stated, and the idle energy of reserved hardware is NULL.",
							&ml_reserved_threads, 0, 0, 65536, PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("sustainml.cloud_provider",
							 "Whose mean power to assume where the processor's family is not known.",
							 NULL,
							 &ml_cloud_provider, ML_PROVIDER_NONE, providers, PGC_SUSET, 0, NULL, NULL, NULL);
}
