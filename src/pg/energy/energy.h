/*
 * energy.h - how the joules of a run come about: settings, readings at its ends, figures.
 *
 * While a run lasts, the counters of the host are read at both ends of it, and by a timer often enough
 * that none wraps twice; readings add up to joules since the outermost run of the backend
 * began, so runs inside runs share them.  Where counters are absent, unreadable, unsound or too coarse for
 * the run, the figure is an estimate from CPU time and the processor's family.
 */
#ifndef ML_ENERGY_H
#define ML_ENERGY_H

#include "../compat.h"

#include "../../core/energy/energy.h"
#include "../../core/energy/machine.h"

/* ---- settings ------------------------------------------------------------------------ */

extern char  *ml_zone;              /* sustainml.zone: "DE", or "" */
extern double ml_carbon_intensity;  /* sustainml.carbon_intensity: g/kWh, below 0: unset */
extern double ml_pue;               /* sustainml.pue */
extern char  *ml_powercap_root;     /* sustainml.powercap_root */
extern char  *ml_proc_root;         /* sustainml.proc_root */
extern bool   ml_use_psys;          /* sustainml.use_psys */
extern char  *ml_idle_power;        /* sustainml.idle_power: "package-0=60, package-0/dram=5" */
extern int    ml_reserved_threads;  /* sustainml.reserved_threads; 0: not stated */
extern int    ml_cloud_provider;    /* sustainml.cloud_provider, an MlProvider */

typedef enum MlProvider
{
	ML_PROVIDER_NONE,
	ML_PROVIDER_AWS,
	ML_PROVIDER_AZURE,
	ML_PROVIDER_GCP
} MlProvider;

/* Define the settings; called once by _PG_init. */
extern void ml_energy_define_settings(void);

/* ---- readings ------------------------------------------------------------------------ */

#define ML_MOST_COUNTED 64

/* The state of clock and counters at one moment. */
typedef struct MlMark
{
	double      wall;                    /* seconds of the monotonic clock, before the counters are read */
	double      read_by;                 /* the same, when all of them are read */
	bool        host_known;
	SmlHostTime host;
	bool        counters;                /* the readings below are there */
	int         lost;                    /* intervals lost so far */
	double      joules[ML_MOST_COUNTED]; /* of each zone that counts, since the outermost run began */
} MlMark;

extern void ml_sampler_start(void);        /* the outermost run begins: find the counters, set the timer */
extern void ml_sampler_stop(void);         /* it has ended */
extern void ml_sampler_mark(MlMark *mark); /* read clock and counters now; never raises an error */

/* ---- figures ------------------------------------------------------------------------- */

/* The energy of a run between two marks.  "source" says which counters or table entry it rests on. */
extern void ml_energy_figure(const MlMark *begin, const MlMark *end, double cpu_seconds, SmlEnergy *energy, char **source);

#endif
