/*
 * compat.h - postgres.h and every difference between server versions 14 to 18.
 * The only file that looks at PG_VERSION_NUM.
 */
#ifndef ML_COMPAT_H
#define ML_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 140000
/* cppcheck-suppress preprocessorErrorDirective */
#error "sustainml needs PostgreSQL 14 or later"
#endif

/* Up to 15 the server gives this no meaning on Linux; we build with hidden symbols. */
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

/* Up to 17 there is pg_attribute_noreturn() instead, which stands elsewhere. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn _Noreturn
#endif

/* From 15 on there is MERGE. */
#if PG_VERSION_NUM >= 150000
#define ML_HAVE_MERGE
#endif

#include "fmgr.h"
#include "parser/parse_type.h"
#include "utils/regproc.h"
#include "varatt_compat.h"

#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#endif

/* Up to 15 it exports the record about the function, and not the function. */
#if PG_VERSION_NUM < 160000
#undef PG_FUNCTION_INFO_V1
#define PG_FUNCTION_INFO_V1(name)                                  \
	extern PGDLLEXPORT Datum name(PG_FUNCTION_ARGS);               \
	extern PGDLLEXPORT const Pg_finfo_record *pg_finfo_##name(void); \
	const Pg_finfo_record *                                        \
	pg_finfo_##name(void)                                          \
	{                                                              \
		static const Pg_finfo_record version = {1};                \
		return &version;                                           \
	}                                                              \
	extern int no_such_variable
#endif

/* As whom the server checks a relation of a query; from 16 on it stands beside the range table. */
#if PG_VERSION_NUM >= 160000
#define ml_checked_as(query, entry) \
	((entry)->perminfoindex ? getRTEPermissionInfo((query)->rteperminfos, (entry))->checkAsUser : InvalidOid)
#else
#define ml_checked_as(query, entry) ((entry)->checkAsUser)
#endif

/* The index of the primary key; from 18 on it must be said whether one that is deferrable counts. */
#if PG_VERSION_NUM >= 180000
#define ml_primary_key_index(relation) RelationGetPrimaryKeyIndex((relation), false)
#else
#define ml_primary_key_index(relation) RelationGetPrimaryKeyIndex(relation)
#endif

/* Rights on a schema; from 16 on one function serves all kinds of objects. */
#if PG_VERSION_NUM >= 160000
#define ml_schema_aclcheck(schema, user, mode) object_aclcheck(NamespaceRelationId, (schema), (user), (mode))
#else
#define ml_schema_aclcheck(schema, user, mode) pg_namespace_aclcheck((schema), (user), (mode))
#endif

/* The number of this transaction in this session. */
#if PG_VERSION_NUM >= 170000
#define ml_local_transaction() (MyProc->vxid.lxid)
#else
#define ml_local_transaction() (MyProc->lxid)
#endif

/* From 18 on NOT NULL of a column is a constraint with a row of its own. */
#define ML_CONSTRAINT_NOT_NULL 'n'

/* The type that a text names; with missing_ok InvalidOid if there is none. */
static inline void
ml_parse_type(const char *text, Oid *type, int32 *typmod, bool missing_ok)
{
#if PG_VERSION_NUM >= 160000
	ErrorSaveContext errors = {T_ErrorSaveContext};

	*type = InvalidOid;
	parseTypeString(text, type, typmod, missing_ok ? (Node *) &errors : NULL);
#else
	parseTypeString(text, type, typmod, missing_ok);
#endif
}

/* The parts of a name with dots; from 16 on errors could be saved. */
#if PG_VERSION_NUM >= 160000
#define ml_split_name(text) stringToQualifiedNameList((text), NULL)
#else
#define ml_split_name(text) stringToQualifiedNameList(text)
#endif

/* Base64; from 18 on bytes are uint8. */
#if PG_VERSION_NUM >= 180000
#define ml_b64_encode(bytes, size, text, room) pg_b64_encode((const uint8 *) (bytes), (size), (text), (room))
#define ml_b64_decode(text, size, bytes, room) pg_b64_decode((text), (size), (uint8 *) (bytes), (room))
#else
#define ml_b64_encode(bytes, size, text, room) pg_b64_encode((const char *) (bytes), (size), (text), (room))
#define ml_b64_decode(text, size, bytes, room) pg_b64_decode((text), (size), (char *) (bytes), (room))
#endif

/* All rows, forward. */
#if PG_VERSION_NUM >= 180000
#define ml_executor_run(query) ExecutorRun((query), ForwardScanDirection, 0)
#else
#define ml_executor_run(query) ExecutorRun((query), ForwardScanDirection, 0, true)
#endif

/* Index entries of a row that was just inserted. */
#if PG_VERSION_NUM >= 160000
#define ml_insert_index_entries(target, slot, estate) ExecInsertIndexTuples((target), (slot), (estate), false, false, NULL, NIL, false)
#else
#define ml_insert_index_entries(target, slot, estate) ExecInsertIndexTuples((target), (slot), (estate), false, false, NULL, NIL)
#endif

#endif
