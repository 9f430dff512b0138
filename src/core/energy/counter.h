/*
 * counter.h - energy counters of a processor as Linux shows them (powercap): which zones
 * count, and what two readings say.
 *
 * A zone is a directory "intel-rapl:0" (package, psys) or "intel-rapl:0:1" (a part of a package)
 * with a file "name".  Numbers in directory names are hexadecimal.  Packages and their DRAM
 * count; "core" and "uncore" are inside the package, so they never do; "psys" contains
 * the packages and is used instead of them or not at all.  Two drivers can list the same domain
 * ("intel-rapl", "intel-rapl-mmio"): one of each (package, die, kind) counts.
 *
 * A difference is accepted only when at most one wrap can have happened and the power is
 * possible.  Else it is neither 0 nor negative, it is not known.
 *
 * Source: kernel documentation power/powercap, drivers/powercap/intel_rapl_common.c.
 */
#ifndef SML_COUNTER_H
#define SML_COUNTER_H

#include "energy.h"

typedef enum SmlZoneKind
{
	SML_ZONE_OTHER = 0, /* core, uncore, and whatever comes */
	SML_ZONE_PACKAGE,
	SML_ZONE_DRAM,
	SML_ZONE_PSYS
} SmlZoneKind;

#define SML_ZONE_LABEL 48

typedef struct SmlZone
{
	SmlZoneKind kind;
	int         package;               /* number of the package; a part has that of its package; -1: none */
	int         die;                   /* -1: the package is one die */
	int         driver;                /* 0: intel-rapl, which is preferred; 1: another */
	uint64_t    range_uj;              /* where the counter wraps */
	double      cap_watts;             /* more power than this (and a fifth) is not possible */
	bool        counts;                /* chosen */
	char        label[SML_ZONE_LABEL]; /* package-0, package-0-die-1, package-0/dram, psys */
} SmlZone;

/* Power that no package exceeds, where neither the zone nor the processor says. */
#define SML_CAP_WATTS 1000.0

/* Digits and an end of line, nothing else; false on garbage and beyond 64 bits. */
SML_MUST_USE bool sml_counter_parse(const char *text, size_t length, uint64_t *value);

/* "intel-rapl" or "intel-rapl-…": 0 for the first, 1 for the others, -1 for no driver of ours. */
int sml_driver_parse(const char *entry);

/* Whether "entry" is "<parent>:<hexadecimal number>". */
SML_MUST_USE bool sml_zone_entry(const char *entry, const char *parent);

/* Fill in kind, numbers and label from the text of the file "name"; "package" is the zone it is a part of, or NULL. */
void sml_zone_name(const char *text, size_t length, const SmlZone *package, SmlZone *zone);

/*
 * Mark the zones that count; the boundary says what their sum includes, and is SML_BOUNDARY_NONE when
 * nothing can be measured.  DRAM counts when every package has it, so that the label is true.
 * "psys": use the platform's counter if there is just one.
 */
SmlBoundary sml_zones_choose(SmlZone *zones, size_t count, bool psys);

typedef enum SmlReading
{
	SML_READING_GOOD = 0,
	SML_READING_STILL, /* no step: 0 J so far */
	SML_READING_FAST,  /* more than the zone can have used in that time */
	SML_READING_LOST   /* more than one wrap is possible, or a reading is beyond the range */
} SmlReading;

/*
 * Joules between two readings "seconds" apart; untouched when lost.  Counters are refreshed about
 * every millisecond, so a hundredth of a second is granted.  What still and fast mean depends on the time: a
 * publisher of coarse readings makes steps.
 */
#define SML_COUNTER_LAG 0.01
bool       sml_power_possible(const SmlZone *zone, double joules, double seconds);
SmlReading sml_counter_joules(const SmlZone *zone, uint64_t first, uint64_t last, double seconds, double *joules);

/* A zone should be read at least this often, in seconds. */
double sml_zone_interval(const SmlZone *zone);

/*
 * The idle floors that an administrator states: "package-0=60, package-0/dram=5".  NAN for a zone that
 * is not in the list.  The list is sound when every entry is a label and watts of 0 to 10,000.
 */
double sml_idle_watts(const char *list, const char *label);
SML_MUST_USE bool sml_idle_is_sound(const char *list);

#endif
