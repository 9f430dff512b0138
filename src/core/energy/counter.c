/*
 * counter.c - see counter.h.
 */
#include "counter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_SECONDS    60.0
#define POSSIBLE        1.2
#define MOST_IDLE_WATTS 10000.0

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
sml_counter_parse(const char *text, size_t length, uint64_t *value)
{
	uint64_t sum = 0;
	size_t   i = 0;

	for (; i < length && is_digit(text[i]); i++)
	{
		unsigned digit = (unsigned) (text[i] - '0');

		if (sum > (UINT64_MAX - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	if (i == 0)
		return false;
	if (i < length && text[i] == '\n')
		i++;
	if (i != length)
		return false;
	*value = sum;
	return true;
}

int
sml_driver_parse(const char *entry)
{
	if (strcmp(entry, "intel-rapl") == 0)
		return 0;
	return strncmp(entry, "intel-rapl-", 11) == 0 && strchr(entry, ':') == NULL ? 1 : -1;
}

bool
sml_zone_entry(const char *entry, const char *parent)
{
	size_t length = strlen(parent);
	size_t digits;

	if (strncmp(entry, parent, length) != 0 || entry[length] != ':')
		return false;
	digits = strspn(entry + length + 1, "0123456789abcdef");
	return digits > 0 && digits <= 8 && entry[length + 1 + digits] == '\0';
}

/* A number of up to four digits at *at, which moves behind it. */
static bool
small_number(const char **at, int *number)
{
	int n = 0;
	int digits = 0;

	for (; is_digit(**at) && digits < 5; (*at)++, digits++)
		n = n * 10 + (**at - '0');
	if (digits == 0 || digits == 5)
		return false;
	*number = n;
	return true;
}

/* "package-N" or "package-N-die-D" and nothing behind it. */
static bool
package_name(const char *name, int *package, int *die)
{
	if (strncmp(name, "package-", 8) != 0)
		return false;
	name += 8;
	*die = -1;
	if (!small_number(&name, package))
		return false;
	if (*name == '\0')
		return true;
	if (strncmp(name, "-die-", 5) != 0)
		return false;
	name += 5;
	return small_number(&name, die) && *name == '\0';
}

void
sml_zone_name(const char *text, size_t length, const SmlZone *package, SmlZone *zone)
{
	char name[SML_ZONE_LABEL / 2];

	zone->kind = SML_ZONE_OTHER;
	zone->package = -1;
	zone->die = -1;
	zone->counts = false;
	zone->label[0] = '\0';
	if (length > 0 && text[length - 1] == '\n')
		length--;
	if (length >= sizeof(name) || memchr(text, '\0', length) != NULL)
		return;
	memcpy(name, text, length);
	name[length] = '\0';
	if (package == NULL)
	{
		if (package_name(name, &zone->package, &zone->die))
			zone->kind = SML_ZONE_PACKAGE;
		else if (strcmp(name, "psys") == 0 || strncmp(name, "psys-", 5) == 0)
			zone->kind = SML_ZONE_PSYS;
		else
			return;
		snprintf(zone->label, sizeof(zone->label), "%s", name);
	}
	else if (package->kind == SML_ZONE_PACKAGE && strcmp(name, "dram") == 0)
	{
		zone->kind = SML_ZONE_DRAM;
		zone->package = package->package;
		zone->die = package->die;
		snprintf(zone->label, sizeof(zone->label), "%.40s/dram", package->label);
	}
}

/* ---- which zones count ------------------------------------------------------------------ */

static bool
same_domain(const SmlZone *a, const SmlZone *b)
{
	return a->kind == b->kind && a->package == b->package && a->die == b->die && strcmp(a->label, b->label) == 0;
}

/* The first zone of its domain, from the preferred driver if that has it. */
static bool
is_best(const SmlZone *zones, size_t count, size_t i)
{
	for (size_t j = 0; j < count; j++)
	{
		const SmlZone *other = &zones[j];

		if (j != i && same_domain(other, &zones[i]) &&
			(other->driver < zones[i].driver || (other->driver == zones[i].driver && j < i)))
			return false;
	}
	return true;
}

static size_t
choose_kind(SmlZone *zones, size_t count, SmlZoneKind kind)
{
	size_t chosen = 0;

	for (size_t i = 0; i < count; i++)
		if (zones[i].kind == kind && is_best(zones, count, i))
		{
			zones[i].counts = true;
			chosen++;
		}
	return chosen;
}

static bool
has_dram(const SmlZone *zones, size_t count, int package)
{
	for (size_t i = 0; i < count; i++)
		if (zones[i].kind == SML_ZONE_DRAM && zones[i].package == package)
			return true;
	return false;
}

SmlBoundary
sml_zones_choose(SmlZone *zones, size_t count, bool psys)
{
	bool dram = true;

	for (size_t i = 0; i < count; i++)
		zones[i].counts = false;
	if (psys)
	{
		if (choose_kind(zones, count, SML_ZONE_PSYS) == 1)
			return SML_BOUNDARY_PSYS;
		/* several platform counters: whether they overlap is not known */
		for (size_t i = 0; i < count; i++)
			zones[i].counts = false;
	}
	if (choose_kind(zones, count, SML_ZONE_PACKAGE) == 0)
		return SML_BOUNDARY_NONE;
	for (size_t i = 0; i < count; i++)
		if (zones[i].kind == SML_ZONE_PACKAGE)
			dram = dram && has_dram(zones, count, zones[i].package);
	if (!dram)
		return SML_BOUNDARY_PACKAGE;
	choose_kind(zones, count, SML_ZONE_DRAM);
	return SML_BOUNDARY_PACKAGE_DRAM;
}

/* ---- readings -------------------------------------------------------------------------------- */

bool
sml_power_possible(const SmlZone *zone, double joules, double seconds)
{
	return joules <= POSSIBLE * zone->cap_watts * (seconds + SML_COUNTER_LAG);
}

SmlReading
sml_counter_joules(const SmlZone *zone, uint64_t first, uint64_t last, double seconds, double *joules)
{
	double   range = (double) zone->range_uj / 1e6;
	uint64_t steps;
	double   used;

	if (!(seconds >= 0) || zone->range_uj == 0 || first > zone->range_uj || last > zone->range_uj || seconds * zone->cap_watts >= range)
		return SML_READING_LOST;
	steps = last >= first ? last - first : zone->range_uj - first + last;
	used = (double) steps / 1e6;
	*joules = used;
	if (!sml_power_possible(zone, used, seconds))
		return SML_READING_FAST;
	return steps == 0 ? SML_READING_STILL : SML_READING_GOOD;
}

double
sml_zone_interval(const SmlZone *zone)
{
	double half = 0.5 * (double) zone->range_uj / 1e6 / zone->cap_watts;

	return half < MOST_SECONDS ? half : MOST_SECONDS;
}

/* ---- idle floors that an administrator states ------------------------------------------------- */

typedef struct Entry
{
	const char *label;
	size_t      length;
	double      watts;
} Entry;

static const char *
skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* The next "label=watts"; 1: there is one, 0: the end, -1: not sound.  *at moves behind it and its comma. */
static int
next_entry(const char **at, Entry *entry)
{
	const char *text = skip_blanks(*at);
	char       *end;

	if (*text == '\0')
		return 0;
	entry->label = text;
	entry->length = strcspn(text, "=, \t");
	text = skip_blanks(text + entry->length);
	if (entry->length == 0 || entry->length >= SML_ZONE_LABEL || *text != '=')
		return -1;
	text = skip_blanks(text + 1);
	if (!is_digit(*text) || strspn(text, "0123456789.") != strcspn(text, ", \t"))
		return -1;
	entry->watts = strtod(text, &end);
	if (!(entry->watts >= 0 && entry->watts <= MOST_IDLE_WATTS))
		return -1;
	text = skip_blanks(end);
	if (*text == ',')
	{
		text = skip_blanks(text + 1);
		if (*text == '\0')
			return -1;
	}
	else if (*text != '\0')
		return -1;
	*at = text;
	return 1;
}

double
sml_idle_watts(const char *list, const char *label)
{
	Entry  entry;
	double watts = NAN;

	while (next_entry(&list, &entry) == 1)
		if (strlen(label) == entry.length && memcmp(label, entry.label, entry.length) == 0)
			watts = entry.watts;
	return watts;
}

/* Whether "label" is one that a zone that counts can have. */
static bool
is_label(const char *label, size_t length)
{
	SmlZone     zone;
	SmlZone     part;
	const char *slash = memchr(label, '/', length);
	size_t      head = slash ? (size_t) (slash - label) : length;

	sml_zone_name(label, head, NULL, &zone);
	if (slash == NULL)
		return zone.kind != SML_ZONE_OTHER;
	sml_zone_name(slash + 1, length - head - 1, &zone, &part);
	return part.kind == SML_ZONE_DRAM;
}

bool
sml_idle_is_sound(const char *list)
{
	const char *all = list;
	Entry       entry;
	int         found;

	while ((found = next_entry(&list, &entry)) == 1)
	{
		const char *before = all;
		Entry       other;

		if (!is_label(entry.label, entry.length))
			return false;
		/* a zone named twice is a slip */
		while (next_entry(&before, &other) == 1 && other.label != entry.label)
			if (other.length == entry.length && memcmp(other.label, entry.label, entry.length) == 0)
				return false;
	}
	return found == 0;
}
