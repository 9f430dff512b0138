/*
 * statement.c - see statement.h.
 */
#include "../compat.h"

#include "executor/spi.h"

#include "statement.h"

uint64
ml_statement(const char *query, int count, Oid *types, Datum *values, const char *nulls, int expected)
{
	int code = SPI_execute_with_args(query, count, types, values, nulls, false, 0);

	if (code != expected)
		elog(ERROR, "unexpected result of a catalog statement: %s", SPI_result_code_string(code));
	return SPI_processed;
}

char *
ml_result_text(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

const uint8 *
ml_result_bytes(uint64 row, int column, size_t size)
{
	bool   isnull;
	Datum  value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &isnull);
	bytea *bytes;

	if (isnull)
		return NULL;
	bytes = DatumGetByteaPP(value);
	return VARSIZE_ANY_EXHDR(bytes) == size ? (const uint8 *) VARDATA_ANY(bytes) : NULL;
}

bytea *
ml_bytes(const void *bytes, size_t size)
{
	bytea *made = palloc(VARHDRSZ + size);

	SET_VARSIZE(made, VARHDRSZ + size);
	if (size > 0)
		memcpy(VARDATA(made), bytes, size);
	return made;
}
