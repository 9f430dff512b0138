/*
 * key_admin.h - making data keys, for the files of this folder.
 */
#ifndef ML_KEY_ADMIN_H
#define ML_KEY_ADMIN_H

#include "../compat.h"
#include "../../core/privacy/keyring.h"

/* Error when an argument from "first" on is NULL: a deed on keys or columns that silently did nothing would be taken for done. */
extern void ml_require_arguments(FunctionCallInfo fcinfo, int first);
extern void ml_require_first_arguments(FunctionCallInfo fcinfo, int first, int end); /* those before "end" */

/* A data key wrapped under a master, as the tables have it. */
typedef struct MlWrapped
{
	uint8 bytes[SML_WRAPPED_SIZE];
	uint8 check[SML_CHECK_SIZE];
	char  master_id[SML_MASTER_ID + 1];
} MlWrapped;

/* Wrap SML_AEAD_KEY bytes under the active master. */
extern void ml_wrap(const SmlMasters *masters, const SmlKeyPlace *place, const uint8 *material, MlWrapped *wrapped);

/* Number and context of a new data key; random. */
extern int32 ml_random_number(void);
extern void  ml_random_uuid(uint8 *bytes);

/*
 * Make a data key, wrap it under the active master key and store it as the active one; the one that was active
 * only opens from now on.  Inside SPI, in the owner's scope; rights were checked.  Returns its number.
 */
extern int32 ml_data_key_make(const char *key, SmlKeyPurpose purpose, int32 column_no, const uint8 *context);

#endif
