/*
 * commits.c - may the procedure that asks commit?
 *
 * Procedures that work in batches commit after each.  Where that is not possible the server says so only at the first
 * COMMIT, maybe when a batch is done, and only as "invalid transaction termination".  They ask here first.
 */
#include "compat.h"

#include "access/xact.h"
#include "executor/spi.h"

#include "args.h"

/* Called by PL/pgSQL, so the current SPI connection is that of the procedure. */
PG_FUNCTION_INFO_V1(sustainml_need_commits);
Datum
sustainml_need_commits(PG_FUNCTION_ARGS)
{
	char *procedure = ml_required_text(fcinfo, 0, "the procedure");

	if (SPI_inside_nonatomic_context() && !IsSubTransaction())
		PG_RETURN_VOID();
	ereport(ERROR,
			(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
			 errmsg("%s cannot run inside a transaction block", procedure),
			 errdetail("It commits after each batch, which is not possible %s.",
					   IsTransactionBlock() && !IsSubTransaction() ? "after BEGIN, or among several statements sent as one"
																   : "in a function, in a procedure with SET, or in a block with EXCEPTION"),
			 errhint("Call it as a statement of its own, outside BEGIN and COMMIT, with the driver's autocommit on.")));
}
