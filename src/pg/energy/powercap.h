/*
 * powercap.h - the tree of energy counters: a walk that finds its zones.
 *
 * The tree is <root>/<driver>/<driver>:<n>/<driver>:<n>:<m>; directories are opened one by one, symbolic links are not
 * followed, other entries are passed over, and the number of zones is bounded.
 */
#ifndef ML_POWERCAP_H
#define ML_POWERCAP_H

#include "../compat.h"

#include "../../core/energy/counter.h"

#define ML_MOST_ZONES 128

/* What is wrong with a zone. */
typedef enum MlZoneTrouble
{
	ML_ZONE_FINE = 0,
	ML_ZONE_UNREADABLE, /* "error" says why */
	ML_ZONE_GARBAGE     /* a file holds no number, or the counter exceeds its range */
} MlZoneTrouble;

typedef struct MlZone
{
	char          path[MAXPGPATH]; /* of energy_uj */
	MlZoneTrouble trouble;
	int           error;
	uint64_t      reading;
} MlZone;

typedef struct MlPowercap
{
	int         error;   /* of the root: errno, 0: it could be opened */
	bool        links;   /* symbolic links with the names of zones were passed over */
	bool        too_many;
	size_t      count;
	SmlZone     zones[ML_MOST_ZONES];
	MlZone      files[ML_MOST_ZONES];
	SmlBoundary boundary; /* of the zones that count */
	size_t      counted;
	bool        usable;   /* every zone that counts could be read */
} MlPowercap;

/* Walk the tree and read each counter once; never raises an error.  The struct is large: allocate it. */
extern void ml_powercap_find(const char *root, bool psys, MlPowercap *found);

/* Read one counter; safe in a signal handler. */
extern bool ml_powercap_read(const char *path, uint64_t range_uj, uint64_t *reading, int *error);

#endif
