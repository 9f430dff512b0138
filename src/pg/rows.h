/*
 * rows.h - from a Datum of any supported type to the core's numbers and labels.
 *
 *   number   int2 int4 int8 float4 float8 numeric, boolean (0, 1), money is refused,
 *            date and timestamps (days since 2000-01-01, UTC), and numeric
 *            arrays (each element a number; a NULL element is missing)
 *   label    text varchar char(n) name "char" enum uuid, and anything a number
 *            can be read from, as text that does not depend on settings (for class targets)
 *
 * Domains are read as their base type.
 */
#ifndef ML_ROWS_H
#define ML_ROWS_H

#include "compat.h"
#include "../core/prep/row.h"

typedef enum MlRead
{
	ML_READ_NOTHING = 0, /* type not supported */
	ML_READ_INT2, ML_READ_INT4, ML_READ_INT8, ML_READ_FLOAT4, ML_READ_FLOAT8,
	ML_READ_NUMERIC, ML_READ_BOOL, ML_READ_DATE, ML_READ_TIMESTAMP, ML_READ_TIMESTAMPTZ,
	ML_READ_ARRAY,       /* float4[] float8[] int2[] int4[] int8[] numeric[] */
	ML_READ_TEXT, ML_READ_BPCHAR, ML_READ_NAME, ML_READ_CHAR, ML_READ_ENUM, ML_READ_OUTPUT,
	ML_READ_SEALED       /* opened by privacy/learn.c; number, array or label as its value is */
} MlRead;

typedef struct MlReader
{
	Oid      type;     /* base type */
	MlRead   how;
	Oid      element;  /* of an array */
	int32    sealed;   /* number of the sealed column that the values must belong to; 0: not known */
	FmgrInfo output;   /* for ENUM and OUTPUT */
	char     scratch[128]; /* MAXDATELEN; a float8 takes less */
} MlReader;

/* The natural kind of a type as a feature: false when it cannot be one. */
extern bool ml_type_kind(Oid type, SmlKind *kind, bool *is_array);

/* Prepare to read "type" as a number (or array) or as a label; false when that is not possible. */
extern bool ml_reader_init(MlReader *reader, Oid type, SmlKind as);

/* The same where sealed values may be opened: only where nothing that is read leaves C. */
extern bool ml_reader_init_opening(MlReader *reader, Oid type, SmlKind as);

/* Whether a reader gives arrays, or scalars, as "array" says. */
static inline bool
ml_reader_fits(const MlReader *reader, bool array)
{
	return reader->how == ML_READ_SEALED || (reader->how == ML_READ_ARRAY) == array;
}

extern double  ml_read_number(const MlReader *reader, Datum value, bool isnull);

/* The text lives until the next read through the same reader, or as long as the datum. */
extern SmlText ml_read_label(MlReader *reader, Datum value, bool isnull);

/* Fill "elements" numbers; an array of another length is an error that names "column".  False when all are NULL. */
extern bool ml_read_array(const MlReader *reader, Datum value, bool isnull, double *numbers, size_t elements, const char *column);

/* Fold a value into a row hash in its canonical form (core/hash.h); other types are refused with an error. */
extern uint64 ml_hash_datum(uint64 hash, Oid type, Datum value, bool isnull);

/* The same for a value that is not NULL, of a type that is no domain. */
extern uint64 ml_hash_base(uint64 hash, Oid base, Datum value);

#endif
