/*
 * worker_cpu.c - see worker_cpu.h.
 */
#include "../compat.h"

#include <limits.h>

#include "access/parallel.h"
#include "access/xact.h"
#include "port/atomics.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "utils/guc.h"

#include "../meter.h"
#include "worker_cpu.h"

#define SETTING "sustainml.worker_cpu_segment"
#define MAGIC   UINT64CONST(0x736d6c2063707531)

typedef struct Tally
{
	uint64           magic;
	pg_atomic_uint64 nanoseconds;
} Tally;

static int          handle = 0; /* the setting: a dsm_handle, bit by bit; 0: none */
static dsm_segment *segment = NULL;

/* In a worker, when it exits. */
static void
report_cpu(int code, Datum argument)
{
	dsm_segment *theirs = handle != 0 ? dsm_attach((dsm_handle) handle) : NULL;
	Tally       *tally;

	(void) code;
	(void) argument;
	if (theirs == NULL)
		return;
	tally = dsm_segment_address(theirs);
	if (dsm_segment_map_length(theirs) >= sizeof(Tally) && tally->magic == MAGIC)
		pg_atomic_fetch_add_u64(&tally->nanoseconds, (int64) (ml_process_cpu() * 1e9));
	dsm_detach(theirs);
}

void
ml_worker_cpu_init(void)
{
	DefineCustomIntVariable(SETTING, "Where parallel workers report their CPU time; set by the extension.", NULL,
							&handle, 0, INT_MIN, INT_MAX, PGC_SUSET,
							GUC_NO_SHOW_ALL | GUC_NO_RESET_ALL | GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE, NULL, NULL, NULL);
	if (IsParallelWorker())
		before_shmem_exit(report_cpu, (Datum) 0);
}

/* Make the segment once per backend. */
static void
make_segment(void)
{
	Tally *tally;

	segment = dsm_create(sizeof(Tally), DSM_CREATE_NULL_IF_MAXSEGMENTS);
	if (segment == NULL)
		return;
	dsm_pin_mapping(segment);
	tally = dsm_segment_address(segment);
	tally->magic = MAGIC;
	pg_atomic_init_u64(&tally->nanoseconds, 0);
}

bool
ml_worker_cpu(double *seconds)
{
	char  text[16];
	Tally *tally;

	if (segment == NULL && !IsInParallelMode())
		make_segment();
	if (segment == NULL)
		return false;
	/* a transaction that rolled back took the setting with it */
	if (handle != (int) dsm_segment_handle(segment))
	{
		if (IsInParallelMode())
			return false;
		snprintf(text, sizeof(text), "%d", (int) dsm_segment_handle(segment));
		SetConfigOption(SETTING, text, PGC_SUSET, PGC_S_SESSION);
	}
	tally = dsm_segment_address(segment);
	*seconds = (double) pg_atomic_read_u64(&tally->nanoseconds) * 1e-9;
	return true;
}
