/*
 * module.c - the magic block, the settings, and what happens at load time.
 */
#include "compat.h"

#include <limits.h>

#include "utils/guc.h"

#include "cache.h"
#include "crypto.h"
#include "energy/energy.h"
#include "energy/worker_cpu.h"
#include "fairness/fairness.h"
#include "privacy/keys.h"
#include "privacy/master.h"
#include "settings.h"

PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

int ml_memory_limit_kb = 1024 * 1024;

size_t
ml_memory_limit(void)
{
	return (size_t) ml_memory_limit_kb * 1024;
}

void
ml_define_settings(void)
{
	DefineCustomIntVariable("sustainml.memory_limit",
							"Most memory that the rows kept by one run may take.",
							"Learners that can stream scan the source again when the rows do not fit.",
							&ml_memory_limit_kb,
							1024 * 1024, 64, MAX_KILOBYTES,
							PGC_USERSET, GUC_UNIT_KB,
							NULL, NULL, NULL);
}

void
_PG_init(void)
{
	ml_define_settings();
	ml_energy_define_settings();
	ml_fair_define_settings();
	ml_worker_cpu_init();
	ml_cache_init();
	ml_privacy_define_settings();
	ml_crypto_init();
	ml_keys_init();
	ml_audit_init();
#if defined(MarkGUCPrefixReserved) || defined(ML_HAS_RESERVED_PREFIX)
	MarkGUCPrefixReserved("sustainml");
#endif
}
