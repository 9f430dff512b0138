/*
 * trust.h - what the owner of a table has put on it, and a superuser would run.
 */
#ifndef ML_TRUST_H
#define ML_TRUST_H

#include "compat.h"

typedef enum MlTouch
{
	ML_TOUCH_PLAN,   /* statements that plan over the table or write it anew: expressions of its indexes, statistics and partition keys are evaluated */
	ML_TOUCH_UPDATE, /* its rows are updated: rules, triggers, checks, generated columns and ranges in its indexes as well */
	ML_TOUCH_INSERT  /* rows are written by name and replaced: defaults, types of columns and cascades of foreign keys as well */
} MlTouch;

/*
 * Error when the caller is a superuser, the table's owner is none, and touching the table or one of its children would run
 * functions of less trusted roles with the caller's rights; "doing" begins the message: "an update of".
 */
extern void ml_trust_require(Oid relid, MlTouch touch, const char *doing);

#endif
