/*
 * decide.c - sustainml.decide_by_group: the class of a row by the threshold of its group.
 *
 * It takes the probability and the protected values themselves, in the order in which fit_thresholds was given
 * their columns, so that nobody uses a group's threshold without saying the group.  A
 * group that has none, or a missing value, gets the default threshold.
 *
 * A call site keeps the thresholds while the snapshot and the count of catalog changes are the same.
 */
#include "../compat.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "../cache.h"
#include "../args.h"
#include "../metric/asked.h"
#include "thresholds.h"

typedef struct Site
{
	MemoryContext context;
	/* for which it holds */
	uint64        changes;
	TransactionId xmin;
	TransactionId xmax;
	CommandId     command;
	char         *name;   /* NULL: nothing found yet */
	/* what it found */
	char         *classes[2]; /* not the positive one, the positive one */
	double        threshold;  /* default */
	char        **columns;
	int           column_count;
	int           groups;
	char       ***values;     /* per group, per column */
	double       *thresholds;
} Site;

static bool
still_holds(const Site *site, const char *name)
{
	Snapshot snapshot = ActiveSnapshotSet() ? GetActiveSnapshot() : NULL;

	return site->name != NULL && site->changes == ml_model_changes() && snapshot && snapshot->xmin == site->xmin &&
		snapshot->xmax == site->xmax && snapshot->curcid == site->command && strcmp(site->name, name) == 0;
}

static const char current_thresholds[] =
	"SELECT f.protected, f.default_threshold, g.group_values, g.threshold"
	" FROM sustainml.threshold_fit f LEFT JOIN sustainml.group_threshold g ON g.fit_id OPERATOR(pg_catalog.=) f.id AND g.threshold IS NOT NULL"
	" WHERE f.version_id OPERATOR(pg_catalog.=) $1 AND f.retired_at IS NULL ORDER BY g.group_values";

static void
read_groups(Site *site, uint64 rows)
{
	site->values = palloc(sizeof(char **) * (rows + 1));
	site->thresholds = palloc(sizeof(double) * (rows + 1));
	for (uint64 i = 0; i < rows; i++)
	{
		bool  isnull;
		Datum group = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 3, &isnull);
		int   count;

		if (isnull)
			continue;
		site->values[site->groups] = ml_texts_of(group, "group values", &count);
		site->thresholds[site->groups] = DatumGetFloat8(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 4, &isnull));
		if (count == site->column_count)
			site->groups++;
	}
}

static void
read_thresholds(Site *site, const MlVersion *version)
{
	MlOwnerScope scope;
	Oid          types[1] = {INT8OID};
	Datum        values[1] = {Int64GetDatum(version->id)};
	bool         isnull;

	SPI_connect();
	ml_owner_begin(&scope);
	if (SPI_execute_with_args(current_thresholds, 1, types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "cannot read thresholds");
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("model \"%s\" has no thresholds by group", ml_version_label(version)),
				 errhint("sustainml.fit_thresholds makes them; sustainml.predict_class decides by one threshold for all.")));
	{
		MemoryContext spi = MemoryContextSwitchTo(site->context);

		site->columns = ml_texts_of(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull), "protected", &site->column_count);
		site->threshold = DatumGetFloat8(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
		read_groups(site, SPI_processed);
		MemoryContextSwitchTo(spi);
	}
	ml_owner_end(&scope);
	SPI_finish();
}

static void
resolve(Site *site, const char *name)
{
	MemoryContext     old;
	const MlVersion  *version;
	const SmlModel   *model;
	Snapshot          snapshot;
	const SmlEncoder *encoder;

	MemoryContextReset(site->context);
	site->name = NULL;
	site->groups = 0;
	old = MemoryContextSwitchTo(site->context);
	version = ml_version_resolve(name, ML_PREDICT);
	model = ml_model_get(version)->model;
	if (model->task != SML_BINARY)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("thresholds need a model of two classes")));
	encoder = model->encoder;
	site->classes[0] = pstrdup(encoder->classes[1 - model->positive]);
	site->classes[1] = pstrdup(encoder->classes[model->positive]);
	MemoryContextSwitchTo(old);
	read_thresholds(site, version);
	site->changes = ml_model_changes();
	snapshot = ActiveSnapshotSet() ? GetActiveSnapshot() : NULL;
	site->xmin = snapshot ? snapshot->xmin : InvalidTransactionId;
	site->xmax = snapshot ? snapshot->xmax : InvalidTransactionId;
	site->command = snapshot ? snapshot->curcid : 0;
	site->name = MemoryContextStrdup(site->context, name);
}

/* The threshold of the group with these values. */
static double
threshold_of(const Site *site, const Datum *values, const bool *nulls)
{
	for (int g = 0; g < site->groups; g++)
	{
		bool same = true;

		for (int i = 0; i < site->column_count && same; i++)
		{
			text  *value = nulls[i] ? NULL : DatumGetTextPP(values[i]);
			size_t length = strlen(site->values[g][i]);

			same = value && VARSIZE_ANY_EXHDR(value) == length && memcmp(VARDATA_ANY(value), site->values[g][i], length) == 0;
		}
		if (same)
			return site->thresholds[g];
	}
	return site->threshold;
}

static void
check_count(const Site *site, int given)
{
	StringInfoData names;

	if (given == site->column_count)
		return;
	initStringInfo(&names);
	for (int i = 0; i < site->column_count; i++)
		appendStringInfo(&names, "%s%s", i ? ", " : "", site->columns[i]);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the thresholds of model \"%s\" take %d protected values, not %d", site->name, site->column_count, given),
			 errhint("Give the values of %s as text, in this order.", names.data)));
}

PG_FUNCTION_INFO_V1(sustainml_decide_by_group);
Datum
sustainml_decide_by_group(PG_FUNCTION_ARGS)
{
	Site  *site = fcinfo->flinfo->fn_extra;
	char  *name;
	double probability;
	Datum *values;
	bool  *nulls;
	int    count;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the protected values must be given"),
				 errhint("A row whose value is not known is decided by decide_by_group(model, probability, NULL::text).")));
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	probability = PG_GETARG_FLOAT8(1);
	if (!(probability >= 0 && probability <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("a probability must be a number from 0 to 1, not %g", probability)));
	if (site == NULL)
	{
		site = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Site));
		site->context = AllocSetContextCreate(fcinfo->flinfo->fn_mcxt, "sustainml thresholds", ALLOCSET_SMALL_SIZES);
		fcinfo->flinfo->fn_extra = site;
	}
	if (!still_holds(site, name))
		resolve(site, name);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
	check_count(site, count);
	PG_RETURN_TEXT_P(cstring_to_text(site->classes[probability >= threshold_of(site, values, nulls)]));
}
