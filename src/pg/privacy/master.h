/*
 * master.h - master keys: read from a file or from a command when a data key must be unwrapped,
 * used, and wiped.  They are never kept, never in SQL, and never in a message.
 *
 * A missing or bad file stops nothing but calls that need a key.
 */
#ifndef ML_MASTER_H
#define ML_MASTER_H

#include "../compat.h"
#include "../../core/privacy/keyring.h"

/* sustainml.key_cache_seconds: how long a backend may keep an unwrapped data key. */
extern int ml_key_cache_seconds;

/* Read the master keys; the caller wipes them.  Errors name the setting, never a content. */
extern void ml_masters_read(SmlMasters *masters);

/* The same for a report: false, with the reason, instead of an error about the file or its content. */
extern bool ml_masters_try(SmlMasters *masters, char **why);

/* Define the settings; called once by _PG_init. */
extern void ml_privacy_define_settings(void);

#endif
