/*
 * settings.h - the settings of the extension, one function per area.
 *
 * Settings are for operations only; what changes a result is an argument.
 */
#ifndef ML_SETTINGS_H
#define ML_SETTINGS_H

/* sustainml.memory_limit in kB: the most that the resident part of one run may take. */
extern int ml_memory_limit_kb;

/* sustainml.memory_limit in bytes. */
extern size_t ml_memory_limit(void);

/* Define the settings of training and scoring; called once by _PG_init. */
extern void ml_define_settings(void);

#endif
