/*
 * rows.c - Datums to numbers and labels, and their canonical hashes.
 *
 * Cost: a few nanoseconds for a fixed-width number, a memory look-up for a text;
 * numeric goes through float8 conversion.  SQL NULL becomes sml_missing() or
 * length -1.
 */
#include "compat.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "rows.h"
#include "privacy/learn.h"
#include "privacy/row_key.h"
#include "privacy/sealed.h"
#include "../core/hash.h"

static MlRead
scalar_read(Oid type)
{
	switch (type)
	{
		case INT2OID:
			return ML_READ_INT2;
		case INT4OID:
			return ML_READ_INT4;
		case INT8OID:
			return ML_READ_INT8;
		case FLOAT4OID:
			return ML_READ_FLOAT4;
		case FLOAT8OID:
			return ML_READ_FLOAT8;
		case NUMERICOID:
			return ML_READ_NUMERIC;
		case BOOLOID:
			return ML_READ_BOOL;
		case DATEOID:
			return ML_READ_DATE;
		case TIMESTAMPOID:
			return ML_READ_TIMESTAMP;
		case TIMESTAMPTZOID:
			return ML_READ_TIMESTAMPTZ;
		default:
			return ML_READ_NOTHING;
	}
}

static bool
array_element_ok(Oid element)
{
	switch (element)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
			return true;
		default:
			return false;
	}
}

static MlRead
label_read(Oid type)
{
	switch (type)
	{
		case TEXTOID:
		case VARCHAROID:
			return ML_READ_TEXT;
		case BPCHAROID:
			return ML_READ_BPCHAR;
		case NAMEOID:
			return ML_READ_NAME;
		case CHAROID:
			return ML_READ_CHAR;
		case UUIDOID:
			return ML_READ_OUTPUT;
		default:
			return type_is_enum(type) ? ML_READ_ENUM : ML_READ_NOTHING;
	}
}

bool
ml_type_kind(Oid type, SmlKind *kind, bool *is_array)
{
	Oid base = getBaseType(type);
	Oid element;

	*is_array = false;
	*kind = SML_NUMBER;
	if (scalar_read(base) != ML_READ_NOTHING)
		return true;
	element = get_element_type(base);
	if (OidIsValid(element))
	{
		*is_array = true;
		return array_element_ok(getBaseType(element));
	}
	*kind = SML_LABEL;
	return label_read(base) != ML_READ_NOTHING;
}

static void
init_output(MlReader *reader)
{
	Oid  function;
	bool is_varlena;

	getTypeOutputInfo(reader->type, &function, &is_varlena);
	fmgr_info(function, &reader->output);
}

bool
ml_reader_init(MlReader *reader, Oid type, SmlKind as)
{
	memset(reader, 0, sizeof(*reader));
	reader->type = getBaseType(type);
	if (as == SML_NUMBER)
	{
		reader->how = scalar_read(reader->type);
		if (reader->how == ML_READ_NOTHING)
		{
			reader->element = get_element_type(reader->type);
			if (OidIsValid(reader->element) && array_element_ok(getBaseType(reader->element)))
				reader->how = ML_READ_ARRAY;
		}
		return reader->how != ML_READ_NOTHING;
	}
	reader->how = label_read(reader->type);
	if (reader->how == ML_READ_NOTHING)
	{
		reader->how = scalar_read(reader->type);
		/* all of them are written by hand: output functions follow settings of the session */
		if (reader->how == ML_READ_NOTHING)
			return false;
	}
	if (reader->how == ML_READ_ENUM || reader->how == ML_READ_OUTPUT)
		init_output(reader);
	return true;
}

bool
ml_reader_init_opening(MlReader *reader, Oid type, SmlKind as)
{
	if (ml_reader_init(reader, type, as))
		return true;
	if (!OidIsValid(reader->type) || (reader->type != ml_sealed_type() && reader->type != ml_bound_type()))
		return false;
	reader->how = ML_READ_SEALED;
	return true;
}

double
ml_read_number(const MlReader *reader, Datum value, bool isnull)
{
	if (isnull)
		return sml_missing();
	switch (reader->how)
	{
		case ML_READ_FLOAT8:
			return DatumGetFloat8(value);
		case ML_READ_INT4:
			return (double) DatumGetInt32(value);
		case ML_READ_INT8:
			return (double) DatumGetInt64(value);
		case ML_READ_INT2:
			return (double) DatumGetInt16(value);
		case ML_READ_FLOAT4:
			return (double) DatumGetFloat4(value);
		case ML_READ_BOOL:
			return DatumGetBool(value) ? 1.0 : 0.0;
		case ML_READ_NUMERIC:
			return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
		case ML_READ_DATE:
			{
				DateADT day = DatumGetDateADT(value);

				if (DATE_NOT_FINITE(day))
					return DATE_IS_NOBEGIN(day) ? -get_float8_infinity() : get_float8_infinity();
				return (double) day;
			}
		case ML_READ_TIMESTAMP:
		case ML_READ_TIMESTAMPTZ:
			{
				Timestamp at = DatumGetTimestamp(value);

				if (TIMESTAMP_NOT_FINITE(at))
					return TIMESTAMP_IS_NOBEGIN(at) ? -get_float8_infinity() : get_float8_infinity();
				return (double) at / (double) USECS_PER_DAY;
			}
		case ML_READ_SEALED:
			return ml_sealed_number(reader->sealed, value);
		default:
			elog(ERROR, "type %u cannot be read as a number", reader->type);
	}
}

static SmlText
text_of(const char *bytes, size_t length)
{
	SmlText text = {bytes, (int32_t) length};

	return text;
}

/* A day or moment as ISO text, in UTC: whatever DateStyle and TimeZone are, a class has one label. */
static SmlText
iso_text(MlReader *reader, Datum value)
{
	struct pg_tm tm;
	fsec_t       fsec = 0;
	bool         is_date = reader->how == ML_READ_DATE;
	DateADT      day = is_date ? DatumGetDateADT(value) : 0;
	Timestamp    at = is_date ? 0 : DatumGetTimestamp(value);

	if (is_date && DATE_NOT_FINITE(day))
		EncodeSpecialDate(day, reader->scratch);
	else if (TIMESTAMP_NOT_FINITE(at))
		EncodeSpecialTimestamp(at, reader->scratch);
	else if (is_date)
	{
		j2date(day + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
		EncodeDateOnly(&tm, USE_ISO_DATES, reader->scratch);
	}
	else
	{
		/* without a zone, so that nothing is shifted */
		if (timestamp2tm(at, NULL, &tm, &fsec, NULL, NULL) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("timestamp out of range")));
		tm.tm_isdst = 0;
		EncodeDateTime(&tm, fsec, reader->how == ML_READ_TIMESTAMPTZ, 0, NULL, USE_ISO_DATES, reader->scratch);
	}
	return text_of(reader->scratch, strlen(reader->scratch));
}

SmlText
ml_read_label(MlReader *reader, Datum value, bool isnull)
{
	if (isnull)
		return (SmlText){NULL, -1};
	switch (reader->how)
	{
		case ML_READ_TEXT:
			{
				struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);

				return text_of(VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
			}
		case ML_READ_BPCHAR:
			{
				struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);
				const char     *bytes = VARDATA_ANY(packed);

				return text_of(bytes, bpchartruelen((char *) bytes, VARSIZE_ANY_EXHDR(packed)));
			}
		case ML_READ_NAME:
			return text_of(NameStr(*DatumGetName(value)), strlen(NameStr(*DatumGetName(value))));
		case ML_READ_CHAR:
			reader->scratch[0] = DatumGetChar(value);
			return text_of(reader->scratch, reader->scratch[0] ? 1 : 0);
		case ML_READ_BOOL:
			return DatumGetBool(value) ? text_of("true", 4) : text_of("false", 5);
		case ML_READ_INT2:
			return text_of(reader->scratch, pg_ltoa(DatumGetInt16(value), reader->scratch));
		case ML_READ_INT4:
			return text_of(reader->scratch, pg_ltoa(DatumGetInt32(value), reader->scratch));
		case ML_READ_INT8:
			return text_of(reader->scratch, pg_lltoa(DatumGetInt64(value), reader->scratch));
		case ML_READ_NUMERIC:
			{
				/* equal numbers are one class, 1.5 and 1.50 too */
				char *out = numeric_normalize(DatumGetNumeric(value));

				return text_of(out, strlen(out));
			}
		case ML_READ_FLOAT4:
			return text_of(reader->scratch, (size_t) float_to_shortest_decimal_bufn(DatumGetFloat4(value), reader->scratch));
		case ML_READ_FLOAT8:
			return text_of(reader->scratch, (size_t) double_to_shortest_decimal_bufn(DatumGetFloat8(value), reader->scratch));
		case ML_READ_DATE:
		case ML_READ_TIMESTAMP:
		case ML_READ_TIMESTAMPTZ:
			return iso_text(reader, value);
		case ML_READ_ENUM:
		case ML_READ_OUTPUT:
			{
				char *out = OutputFunctionCall(&reader->output, value);

				return text_of(out, strlen(out));
			}
		case ML_READ_SEALED:
			return ml_sealed_label(reader->sealed, value);
		default:
			elog(ERROR, "type %u cannot be read as a label", reader->type);
	}
}

/* Elements of an array without NULLs whose width is fixed: no copy of each datum. */
static bool
read_plain_elements(ArrayType *array, Oid element, double *numbers, size_t count)
{
	const char *data = ARR_DATA_PTR(array);

	if (ARR_HASNULL(array))
		return false;
	switch (element)
	{
		case FLOAT8OID:
			memcpy(numbers, data, count * sizeof(float8));
			return true;
		case FLOAT4OID:
			for (size_t i = 0; i < count; i++)
				numbers[i] = ((const float4 *) data)[i];
			return true;
		case INT4OID:
			for (size_t i = 0; i < count; i++)
				numbers[i] = ((const int32 *) data)[i];
			return true;
		case INT2OID:
			for (size_t i = 0; i < count; i++)
				numbers[i] = ((const int16 *) data)[i];
			return true;
		case INT8OID:
			for (size_t i = 0; i < count; i++)
				numbers[i] = (double) ((const int64 *) data)[i];
			return true;
		default:
			return false;
	}
}

static bool
read_any_elements(ArrayType *array, Oid element, double *numbers, size_t count)
{
	MlReader reader;
	int16    length;
	bool     by_value;
	char     align;
	Datum   *values;
	bool    *nulls;
	int      found;
	bool     any = false;

	(void) ml_reader_init(&reader, element, SML_NUMBER);
	get_typlenbyvalalign(element, &length, &by_value, &align);
	deconstruct_array(array, element, length, by_value, align, &values, &nulls, &found);
	Assert((size_t) found == count);
	for (size_t i = 0; i < count; i++)
	{
		numbers[i] = ml_read_number(&reader, values[i], nulls[i]);
		any |= !nulls[i];
	}
	pfree(values);
	pfree(nulls);
	return any;
}

bool
ml_read_array(const MlReader *reader, Datum value, bool isnull, double *numbers, size_t elements, const char *column)
{
	ArrayType *array;
	int64      count;
	bool       any = true;

	if (isnull)
	{
		for (size_t i = 0; i < elements; i++)
			numbers[i] = sml_missing();
		return false;
	}
	if (reader->how == ML_READ_SEALED)
		value = ml_sealed_array(reader->sealed, value);
	array = DatumGetArrayTypeP(value);
	count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	if (count != (int64) elements || ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("arrays in column \"%s\" differ in length", column),
				 errdetail("Expected %zu elements in one dimension, found %lld in %d.",
						   elements, (long long) count, ARR_NDIM(array)),
				 errhint("Each element is a feature, so every array must have the same length; use NULL for an absent array.")));
	if (!read_plain_elements(array, ARR_ELEMTYPE(array), numbers, elements))
		any = read_any_elements(array, getBaseType(ARR_ELEMTYPE(array)), numbers, elements);
	if (reader->how == ML_READ_SEALED)
		sml_wipe(array, VARSIZE(array));
	if ((Pointer) array != DatumGetPointer(value))
		pfree(array);
	return any;
}

/* A numeric: by float64 where that holds it exactly, else by its shortest decimal text. */
static uint64
fold_numeric(uint64 hash, Datum value)
{
	double as_double = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, value));
	char  *digits;
	size_t length;
	uint64 result;

	if (isnan(as_double) || isinf(as_double))
		return sml_hash_number(hash, as_double);
	if (DatumGetBool(DirectFunctionCall2(numeric_eq, value, DirectFunctionCall1(float8_numeric, Float8GetDatum(as_double)))))
		return sml_hash_number(hash, as_double);
	digits = DatumGetCString(DirectFunctionCall1(numeric_out, value));
	length = strlen(digits);
	if (strchr(digits, '.'))
	{
		while (digits[length - 1] == '0')
			length--;
		if (digits[length - 1] == '.')
			length--;
	}
	result = sml_hash_decimal(hash, digits, length);
	pfree(digits);
	return result;
}

uint64
ml_hash_datum(uint64 hash, Oid type, Datum value, bool isnull)
{
	return isnull ? sml_hash_null(hash) : ml_hash_base(hash, getBaseType(type), value);
}

uint64
ml_hash_base(uint64 hash, Oid base, Datum value)
{
	MlReader reader;

	switch (base)
	{
		case INT2OID:
			return sml_hash_integer(hash, DatumGetInt16(value));
		case INT4OID:
			return sml_hash_integer(hash, DatumGetInt32(value));
		case INT8OID:
			return sml_hash_integer(hash, DatumGetInt64(value));
		case FLOAT4OID:
			return sml_hash_number(hash, DatumGetFloat4(value));
		case FLOAT8OID:
			return sml_hash_number(hash, DatumGetFloat8(value));
		case NUMERICOID:
			return fold_numeric(hash, value);
		case BOOLOID:
			return sml_hash_boolean(hash, DatumGetBool(value));
		case DATEOID:
			return sml_hash_time(hash, DATE_NOT_FINITE(DatumGetDateADT(value)) ? (int64) DatumGetDateADT(value) * INT64CONST(1000000000)
								 : (int64) DatumGetDateADT(value) * USECS_PER_DAY);
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return sml_hash_time(hash, DatumGetTimestamp(value));
		case UUIDOID:
			return sml_hash_data(hash, DatumGetUUIDP(value)->data, UUID_LEN);
		case BYTEAOID:
			{
				struct varlena *packed = PG_DETOAST_DATUM_PACKED(value);

				return sml_hash_data(hash, VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
			}
		default:
			break;
	}
	if (label_read(base) != ML_READ_NOTHING && ml_reader_init(&reader, base, SML_LABEL))
	{
		SmlText text = ml_read_label(&reader, value, false);

		return sml_hash_text(hash, text.bytes, (size_t) text.length);
	}
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("a column of type %s cannot decide a split", format_type_be(base)),
			 errhint("Use columns of a number, text, date, uuid or boolean type as the key.")));
}
