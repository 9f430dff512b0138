/* varatt_compat.h - varlena macros moved to their own header in PostgreSQL 16. */
#ifndef ML_VARATT_COMPAT_H
#define ML_VARATT_COMPAT_H

#if __has_include("varatt.h")
#include "varatt.h"
#endif

#endif
