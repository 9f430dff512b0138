/*
 * powercap.c - see powercap.h.
 */
#include "../compat.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "powercap.h"

/* No number of the kernel is longer; one byte more is garbage. */
#define MOST_DIGITS 32
#define MOST_NAME   64

/* A directory that is being walked. */
typedef struct Folder
{
	const char    *path;
	const char    *name;    /* its last part */
	int            driver;
	const SmlZone *package; /* NULL above the zones */
} Folder;

static bool
join(char *path, const char *folder, const char *entry)
{
	return snprintf(path, MAXPGPATH, "%s/%s", folder, entry) < MAXPGPATH;
}

static bool
read_number(const char *folder, const char *file, uint64_t *value, int *error)
{
	char    path[MAXPGPATH];
	char    text[MOST_DIGITS];
	ssize_t length;

	*error = 0;
	if (!join(path, folder, file))
	{
		*error = ENAMETOOLONG;
		return false;
	}
	length = ml_file_read(path, text, sizeof(text), true);
	if (length < 0)
	{
		*error = errno == EFBIG ? 0 : errno;
		return false;
	}
	return sml_counter_parse(text, (size_t) length, value);
}

bool
ml_powercap_read(const char *path, uint64_t range_uj, uint64_t *reading, int *error)
{
	char    text[MOST_DIGITS];
	ssize_t length = ml_file_read(path, text, sizeof(text), true);

	*error = 0;
	if (length < 0)
	{
		*error = errno == EFBIG ? 0 : errno;
		return false;
	}
	return sml_counter_parse(text, (size_t) length, reading) && *reading <= range_uj;
}

/* Range, cap and reading of a zone whose kind is known. */
static void
read_zone(const char *folder, SmlZone *zone, MlZone *file)
{
	uint64_t cap = 0;
	uint64_t limit = 0;
	int      error = 0;

	/* boards that lift the limit draw more than the processor's own figure */
	zone->cap_watts = SML_CAP_WATTS;
	if (read_number(folder, "constraint_0_max_power_uw", &cap, &error) && cap > 0)
	{
		if (!read_number(folder, "constraint_0_power_limit_uw", &limit, &error))
			limit = 0;
		zone->cap_watts = (double) Max(cap, limit) / 1e6;
	}
	file->trouble = ML_ZONE_FINE;
	if (!join(file->path, folder, "energy_uj"))
		file->error = ENAMETOOLONG;
	else if (read_number(folder, "max_energy_range_uj", &zone->range_uj, &file->error) && zone->range_uj > 0 &&
			 ml_powercap_read(file->path, zone->range_uj, &file->reading, &file->error))
		return;
	file->trouble = file->error ? ML_ZONE_UNREADABLE : ML_ZONE_GARBAGE;
}

/* Add the zone in this folder if it is of a kind that may count; NULL: it is not, or there is no room. */
static const SmlZone *
add_zone(const Folder *folder, const SmlZone *package, MlPowercap *found)
{
	char     path[MAXPGPATH];
	char     name[MOST_NAME];
	ssize_t  length;
	SmlZone *zone = &found->zones[found->count];
	MlZone  *file = &found->files[found->count];

	if (found->count == ML_MOST_ZONES)
	{
		found->too_many = true;
		return NULL;
	}
	if (!join(path, folder->path, "name") || (length = ml_file_read(path, name, sizeof(name), true)) < 0)
		return NULL;
	memset(zone, 0, sizeof(*zone));
	memset(file, 0, sizeof(*file));
	sml_zone_name(name, (size_t) length, package, zone);
	if (zone->kind == SML_ZONE_OTHER)
		return NULL;
	zone->driver = folder->driver;
	read_zone(folder->path, zone, file);
	/* some processors list a memory counter that is not there: it reads 0 for ever */
	if (zone->kind == SML_ZONE_DRAM && file->trouble == ML_ZONE_FINE && file->reading == 0)
		return NULL;
	found->count++;
	return zone;
}

typedef void (*Visit)(const Folder *entry, MlPowercap *found);

/* Whether the entry is one to visit: a driver at the root, a zone of its parent below. */
static bool
is_wanted(const char *entry, const Folder *folder, int *driver)
{
	if (folder->name != NULL)
		return sml_zone_entry(entry, folder->name);
	*driver = sml_driver_parse(entry);
	return *driver >= 0;
}

/* Visit the directories of a folder whose names are those of drivers or zones. */
static void
walk(const Folder *folder, Visit visit, MlPowercap *found)
{
	struct dirent *entry;
	DIR           *list;
	int            open_as = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | (folder->name ? O_NOFOLLOW : 0);
	int            file = open(folder->path, open_as);

	if (file < 0 || (list = fdopendir(file)) == NULL)
	{
		if (folder->name == NULL)
			found->error = errno;
		if (file >= 0)
			close(file);
		return;
	}
	while ((entry = readdir(list)) != NULL)
	{
		char        path[MAXPGPATH];
		struct stat about;
		Folder      inner = {path, entry->d_name, folder->driver, folder->package};

		if (folder->name == NULL && strncmp(entry->d_name, "intel-rapl", 10) == 0 && strchr(entry->d_name, ':') &&
			join(path, folder->path, entry->d_name) && lstat(path, &about) == 0 && S_ISLNK(about.st_mode))
			found->links = true;
		if (is_wanted(entry->d_name, folder, &inner.driver) && join(path, folder->path, entry->d_name) && lstat(path, &about) == 0 &&
			S_ISDIR(about.st_mode))
			visit(&inner, found);
	}
	closedir(list);
}

static void
visit_part(const Folder *entry, MlPowercap *found)
{
	add_zone(entry, entry->package, found);
}

static void
visit_zone(const Folder *entry, MlPowercap *found)
{
	Folder inside = *entry;

	inside.package = add_zone(entry, NULL, found);
	if (inside.package != NULL)
		walk(&inside, visit_part, found);
}

static void
visit_driver(const Folder *entry, MlPowercap *found)
{
	walk(entry, visit_zone, found);
}

void
ml_powercap_find(const char *root, bool psys, MlPowercap *found)
{
	Folder folder = {root, NULL, 0, NULL};

	found->error = 0;
	found->links = found->too_many = false;
	found->count = found->counted = 0;
	if (root == NULL || root[0] == '\0')
		found->error = ENOENT;
	else
		walk(&folder, visit_driver, found);
	found->boundary = sml_zones_choose(found->zones, found->count, psys);
	found->usable = found->boundary != SML_BOUNDARY_NONE && !found->too_many;
	for (size_t i = 0; i < found->count; i++)
		if (found->zones[i].counts)
		{
			found->counted++;
			if (found->files[i].trouble != ML_ZONE_FINE)
				found->usable = false;
		}
}
