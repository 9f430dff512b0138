/*
 * statement.c - see statement.h.
 *
 * SPI and PL/pgSQL put the statement they are at into the context of an error, a cancel included.  That is for who wrote the
 * statement; the user did not, so the statement runs without the contexts around it, and what it adds is taken away.
 */
#include "compat.h"

#include "executor/spi.h"

#include "statement.h"

uint64
ml_statement(const char *query, int count, Oid *types, Datum *values, const char *nulls, int expected)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile int  code = 0;

	PG_TRY();
	{
		error_context_stack = NULL;
		code = SPI_execute_with_args(query, count, types, values, nulls, false, 0);
	}
	PG_CATCH();
	{
		ErrorData *error;

		/* the stack is the caller's again; thrown anew, so that it is asked */
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		error->context = NULL;
		error->internalquery = NULL;
		error->internalpos = 0;
		ThrowErrorData(error);
	}
	PG_END_TRY();
	if (expected == 0 ? code < 0 : code != expected)
		elog(ERROR, "unexpected result of a catalog statement: %s", SPI_result_code_string(code));
	return SPI_processed;
}

void
ml_utility(const char *statement)
{
	SPI_connect();
	if (SPI_execute(statement, false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "unexpected result of a statement");
	SPI_finish();
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
