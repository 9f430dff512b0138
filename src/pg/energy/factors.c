/*
 * factors.c - see factors.h.
 *
 * The identity is read once per backend.  The tables are asked at every run, so that a row that an
 * administrator adds counts from the next run on; rows of one's own come before shipped ones.
 */
#include "../compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "../catalog.h"
#include "energy.h"
#include "factors.h"
#include "files.h"

/* The first processor of the list; flags alone are about 2 kB. */
#define MOST_CPUINFO (32 * 1024)

static SmlCpu cpu;
static enum { NOT_ASKED, KNOWN, UNKNOWN } state = NOT_ASKED;

void
ml_factors_forget(void)
{
	state = NOT_ASKED;
}

const SmlCpu *
ml_factors_cpu(void)
{
	if (state == NOT_ASKED)
	{
		char    path[MAXPGPATH];
		char   *text = palloc(MOST_CPUINFO);
		ssize_t length = -1;

		if (ml_proc_root != NULL && ml_proc_root[0] != '\0' && snprintf(path, sizeof(path), "%s/cpuinfo", ml_proc_root) < sizeof(path))
			length = ml_file_read(path, text, MOST_CPUINFO, false);
		state = length >= 0 && sml_cpu_parse(text, (size_t) length, &cpu) ? KNOWN : UNKNOWN;
		pfree(text);
	}
	return state == KNOWN ? &cpu : NULL;
}

/* ---- the tables --------------------------------------------------------------------------------- */

static const char *const provider_names[] = {"", "aws", "azure", "gcp"};

enum { PARAMETERS = 6 };

/* One row for each kind of knowledge, at most. */
static const char query[] =
	"(SELECT 'family', p.idle_watts, p.full_watts, p.error_factor, NULL::int, 'cpu_power ' || p.uarch || ' (' || p.source || coalesce(' ' || p.year, '') || ')'"
	"   FROM sustainml.cpu_family f JOIN sustainml.cpu_power p USING (uarch)"
	"  WHERE f.vendor = $1 AND f.family = $2 AND $3 BETWEEN f.model_low AND f.model_high AND $4 BETWEEN f.stepping_low AND f.stepping_high"
	"  ORDER BY f.shipped, p.shipped, p.year DESC NULLS LAST, p.source, p.uarch LIMIT 1)"
	" UNION ALL "
	"(SELECT 'provider', p.idle_watts, p.full_watts, p.error_factor, NULL::int, 'cpu_power ' || p.uarch || ' (' || p.source || coalesce(' ' || p.year, '') || ')'"
	"   FROM sustainml.cpu_power p WHERE p.vendor = 'provider' AND p.uarch = $5 ORDER BY p.shipped, p.year DESC NULLS LAST, p.source LIMIT 1)"
	" UNION ALL "
	"(SELECT 'tdp', t.tdp_watts, NULL, NULL, t.threads, 'cpu_tdp ' || t.model || ' (' || t.source || coalesce(' ' || t.year, '') || ')'"
	"   FROM sustainml.cpu_tdp t WHERE t.model = $6 ORDER BY t.shipped, t.year DESC NULLS LAST, t.source LIMIT 1)";

typedef struct Found
{
	bool     known;
	SmlWatts watts;
	char    *entry;
} Found;

static double
number(HeapTuple row, int column)
{
	bool  isnull;
	Datum value = SPI_getbinval(row, SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? 0 : DatumGetFloat8(value);
}

/* Hardware threads of the package that a TDP is about: as listed, else as the machine shows, unless that is virtual. */
static int
package_threads(HeapTuple row, const SmlCpu *of)
{
	bool  isnull;
	Datum listed = SPI_getbinval(row, SPI_tuptable->tupdesc, 5, &isnull);

	if (!isnull)
		return DatumGetInt32(listed);
	return of->virtual_machine ? 0 : of->siblings;
}

static void
take_row(HeapTuple row, const SmlCpu *of, MemoryContext context, Found *family, Found *provider, Found *tdp)
{
	char  *kind = SPI_getvalue(row, SPI_tuptable->tupdesc, 1);
	Found *found = strcmp(kind, "family") == 0 ? family : strcmp(kind, "provider") == 0 ? provider : tdp;

	if (found == tdp)
	{
		int threads = package_threads(row, of);

		if (threads <= 0)
			return;
		found->watts = sml_watts_of_tdp(number(row, 2), threads);
	}
	else
		found->watts = (SmlWatts){number(row, 2), number(row, 3), number(row, 4)};
	found->known = true;
	found->entry = MemoryContextStrdup(context, SPI_getvalue(row, SPI_tuptable->tupdesc, 6));
}

SmlWatts
ml_factors_watts(SmlEnergyMethod *method, SmlBoundary *boundary, char **entry)
{
	static const Oid types[PARAMETERS] = {TEXTOID, INT4OID, INT4OID, INT4OID, TEXTOID, TEXTOID};
	const SmlCpu    *of = ml_factors_cpu();
	SmlCpu           none = {.family = -1, .model = -1};
	Found            family = {false};
	Found            provider = {false};
	Found            tdp = {false};
	SmlKnownWatts    known;
	SmlWatts         watts;
	Datum            values[PARAMETERS];
	MlOwnerScope     scope;
	MemoryContext    context = CurrentMemoryContext;

	if (of == NULL)
		of = &none;
	values[0] = CStringGetTextDatum(of->vendor);
	values[1] = Int32GetDatum(of->family);
	values[2] = Int32GetDatum(of->model);
	values[3] = Int32GetDatum(of->stepping);
	values[4] = CStringGetTextDatum(provider_names[ml_cloud_provider]);
	values[5] = CStringGetTextDatum(of->name);
	SPI_connect();
	ml_owner_begin(&scope);
	if (SPI_execute_with_args(query, PARAMETERS, (Oid *) types, values, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "cannot read the power factors");
	for (uint64 i = 0; i < SPI_processed; i++)
		take_row(SPI_tuptable->vals[i], of, context, &family, &provider, &tdp);
	ml_owner_end(&scope);
	SPI_finish();

	known = (SmlKnownWatts){family.known ? &family.watts : NULL, provider.known ? &provider.watts : NULL, tdp.known ? &tdp.watts : NULL};
	watts = sml_watts_choose(&known, method, boundary);
	*entry = family.known ? family.entry : provider.known ? provider.entry : tdp.known ? tdp.entry : pstrdup("default: servers since Haswell (SPECPOWER_2026_RECOMPUTED)");
	return watts;
}
