/*
 * keys.h - keys, rights and unwrapped key material of this backend.
 *
 * A key ("payroll") is a name with an owner, rights granted to roles, and data keys: 64 random bytes for a
 * purpose and a column, or for no column.  The number of a data key stands in every value sealed with it.
 *
 * Rights are checked for the current user on every use, through a cache that is emptied when keys, grants or
 * role memberships change; so GRANT and REVOKE on roles are enough to give and take access.
 *
 * Unwrapped material lies in one block that is kept out of core dumps (and swap, where allowed), for
 * sustainml.key_cache_seconds at most, and is wiped at the end.
 */
#ifndef ML_KEYS_H
#define ML_KEYS_H

#include "../compat.h"
#include "../../core/privacy/keyring.h"

/* Rights on a key; bits.  Owners have all. */
#define ML_KEY_OPEN   0x01 /* see values; includes train and unmask */
#define ML_KEY_SEAL   0x02 /* make values */
#define ML_KEY_TRAIN  0x04 /* values may enter training and scoring inside C, and nothing else */
#define ML_KEY_ROTATE 0x08 /* seal values anew under a new data key */
#define ML_KEY_UNMASK 0x10 /* see through masks that use this key */
#define ML_KEY_OWN    0x20 /* grant, destroy, export */

/* What a key is used for, in the audit. */
typedef enum MlKeyUse
{
	ML_USE_OPEN, ML_USE_SEAL, ML_USE_TRAIN, ML_USE_ROTATE, ML_USE_INDEX, ML_USE_CANARY, ML_USE_ADMIN, ML_USES /* not noted */
} MlKeyUse;

/* A data key, ready for use.  Pointers are good until the next call of a function of this file. */
typedef struct MlDataKey
{
	uint32        key_no;
	SmlKeyPurpose purpose;
	int32         column_no;      /* 0: for no column */
	bool          active;         /* else it only opens */
	bool          canary;
	char          key[NAMEDATALEN];
	uint8         context[SML_CONTEXT_SIZE];
	const uint8  *material;       /* SML_AEAD_KEY bytes */
} MlDataKey;

/*
 * The data key of a number, for a use that needs one of "rights" (any bit of it).  Errors: permission denied;
 * one message for numbers that are unknown and for keys that were destroyed.
 */
extern const MlDataKey *ml_key_by_number(uint32 key_no, int rights, MlKeyUse use);

/* The active data key of a key, purpose and column (0: none).  Errors: unknown key, permission denied. */
extern const MlDataKey *ml_key_active(const char *key, SmlKeyPurpose purpose, int32 column_no, int rights, MlKeyUse use);

/* The column that a data key belongs to, 0 for none; -1 when the number is unknown.  No rights are needed. */
extern int32 ml_key_column(uint32 key_no);

/* What the current user may do with a key; 0 also for an unknown one. */
extern int ml_key_rights(const char *key);

/* Error unless the current user has one of the rights on the key; unknown keys get the nearest name as a hint. */
extern void ml_key_require(const char *key, int rights);

/* Raise "cannot open sealed value": the one message of every failure. */
pg_noreturn extern void ml_cannot_open(void);

/* How many values this session has opened for people to see (not for training); a run compares it before and after. */
extern uint64 ml_keys_opened(void);

/* Changes whenever keys or grants may have changed. */
extern uint64 ml_keys_generation(void);

/*
 * Changes whenever what somebody may do with a key may have changed: keys, grants, roles, memberships.  Looks for news from other sessions first: a statement
 * under an old snapshot may run without taking a lock, and so without hearing any.
 */
extern uint64 ml_rights_generation(void);

/* Tell all sessions that keys or grants changed. */
extern void ml_keys_changed(void);

/* Register callbacks; called once by _PG_init. */
extern void ml_keys_init(void);

/* The names of purposes in the catalog. */
extern const char   *ml_purpose_name(SmlKeyPurpose purpose);
extern SmlKeyPurpose ml_purpose_from(const char *name);

/* ---- audit ------------------------------------------------------------------------ */

/* Note a use of a key: in the server log now, in sustainml.key_event before the commit. */
extern void ml_audit(const char *key, uint32 key_no, MlKeyUse use);
extern void ml_audit_init(void);

#endif
