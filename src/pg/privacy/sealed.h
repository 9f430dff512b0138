/*
 * sealed.h - the SQL type sustainml.sealed: one encrypted value (core/privacy/sealed.h) as a varlena.
 *
 * The type modifier of a column says which column it is: sealed(N), where N is the column's number in
 * sustainml.protected_column and its low four bits the type of the values.  It survives renaming, dump and restore,
 * and is how a value is known to stand where it belongs.
 *
 *   N = 16 * (random number) + SmlSealedType
 */
#ifndef ML_SEALED_H
#define ML_SEALED_H

#include "../compat.h"
#include "../../core/privacy/sealed.h"

/* OID of sustainml.sealed; InvalidOid where the extension is not installed. */
extern Oid ml_sealed_type(void);

/* The type of the values in a column sealed(typmod); InvalidOid when it does not say. */
extern Oid ml_sealed_payload(int32 typmod);

static inline SmlSealedType
ml_sealed_type_of_column(int32 column_no)
{
	return (SmlSealedType) (column_no & 15);
}

/* ---- payloads --------------------------------------------------------------------- */

/* Most bytes of a value: sealed, a dump can still write it as text, which takes 4/3 of it. */
#define ML_PAYLOAD_MOST ((Size) 768 * 1024 * 1024 - 1024)

/* Error when a value has more bytes than can be sealed. */
extern void ml_payload_check_size(Size size);

extern const char   *ml_sealed_type_name(SmlSealedType type);
extern Oid           ml_sealed_type_oid(SmlSealedType type);

/* The payload type for values of an SQL type; 0 when there is none.  Domains must be resolved before. */
extern SmlSealedType ml_sealed_type_for(Oid type);

/*
 * A value as payload bytes of "type", converted as an assignment would (numbers to float8 and numeric, literals of unknown type by the
 * input function); an integer that float8 cannot hold is an error.  Allocated; the caller wipes it.
 */
extern bytea *ml_payload_write(Datum value, Oid from, SmlSealedType type);

/* The value of a payload in the SQL type of ml_sealed_type_oid. */
extern Datum ml_payload_read(SmlSlice payload, SmlSealedType type);

/* ---- sealing and opening ------------------------------------------------------------ */

/* Parse the value's head; one message for whatever is wrong. */
extern void ml_sealed_head(Datum value, struct varlena **bytes, SmlSealedHead *head);

/* The payload of an opened value: free it with ml_payload_free. */
typedef struct MlOpened
{
	SmlSealedType type;
	uint8        *bytes;
	size_t        size;
	size_t        room;
} MlOpened;

/*
 * Open a value for a use that needs one of "rights".  column_no > 0: it must belong to that column.  "row" is the key of the row it
 * is bound to (bytes NULL: none).
 */
extern void ml_open(Datum value, int32 column_no, SmlSlice row, int rights, int use, MlOpened *opened);
extern void ml_payload_free(MlOpened *opened);

#endif
