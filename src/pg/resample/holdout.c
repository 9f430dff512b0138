/*
 * holdout.c - the split that a later training will make: its held-out rows are neither parents nor neighbours, and no
 * synthetic row is one of them.
 *
 * The rule is that of train (split.h), a function of the columns that decide it.  Synthetic rows have their parent's values in these
 * columns, and so are on its side; where a key among them gets a new value, one that would be held out is
 * passed over for the next.  That leaves a row out with probability share, so 1 / (1 - share) keys are drawn for each.
 */
#include "resample.h"

#include "miscadmin.h"

#include "../json.h"
#include "../../core/hash.h"

#define DEFAULT_SHARE 0.2 /* that of train */

static bool
has_key(const MlSource *source)
{
	for (int i = 0; i < source->column_count; i++)
		if (source->columns[i].is_key)
			return true;
	return false;
}

static bool
says(Jsonb *json, const char *key)
{
	int         count;
	MlJsonPair *pairs = ml_json_pairs(json, "split", &count);

	for (int i = 0; i < count; i++)
		if (strcmp(pairs[i].key, key) == 0)
			return true;
	return false;
}

void
ml_resample_split(MlResampleRequest *request, const MlSource *plain, Jsonb *json)
{
	double   share = DEFAULT_SHARE;
	int64    seed = 0;
	MlSplit *split;
	MlScan   scan;

	ml_split_own(json, &share, &seed);
	if (share > 0 && !has_key(plain) && !says(json, "by") && !says(json, "time") && !says(json, "column") && !says(json, "source"))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the source has no key by which synthetic rows could be kept out of a holdout"),
				 errdetail("Without a primary key a row is held out by its whole content, which is new in a synthetic row."),
				 errhint("Name the columns that identify a row, for example split => '{\"by\": \"id\"}'.")));
	ml_scan_begin(&scan);
	split = ml_split_plan(plain, json, share, seed);
	ml_scan_end(&scan);
	if (split->kind == ML_SPLIT_TIME && !split->cut_given)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a split by time must say from when on rows are held out"),
				 errdetail("The last %g %% of the rows begin elsewhere once synthetic rows are among them; now they begin at %s.", 100 * share, split->cut),
				 errhint("Add \"from\": \"%s\" to the split, here and in train.", split->cut)));
	request->split = split;
	request->training = ml_split_predicate(split, request->source, false);
}

bool
ml_resample_decides(const MlResampleRequest *request, int column)
{
	for (int i = 0; request->split && i < request->split->column_count; i++)
		if (ml_source_column(request->source, request->split->columns[i], "split key") == column)
			return true;
	return false;
}

/* The value of a column that decides the split is not what the rule will see, or on the wrong side of it. */
pg_noreturn static void
cannot_keep_out(const MlResampleRequest *request, const MlResampleColumn *column)
{
	bool open = column->role == ML_ROLE_NULL;

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("column \"%s\" decides the split, but is %s in synthetic rows", column->name, open ? "NULL" : "new"),
			 errdetail(open ? "What is stored in it later would decide whether a synthetic row is held out." : "Its new values would be held out."),
			 request->keys == ML_KEYS_NULL ? errhint("Use keys => 'new' or keys => 'parent'.") :
			 errhint("Use keys => 'parent', or split by another column, for example split => '{\"by\": \"customer_id\"}'.")));
}

void
ml_resample_split_columns(const MlResampleRequest *request, MlResampleColumns *columns)
{
	const MlSplit *split = request->split;

	if (split == NULL || sml_resample_side(request->kind) != SML_SIDE_OVER)
		return;
	columns->split = palloc(sizeof(int) * (split->column_count + 1));
	for (int s = 0; s < split->column_count; s++)
	{
		int               source = ml_source_column(request->source, split->columns[s], "split key");
		int               at = 0;
		MlResampleColumn *column;

		while (columns->columns[at].source != source)
			at++;
		column = &columns->columns[at];
		columns->split[columns->split_count++] = at;
		if (column->role == ML_ROLE_COPY || column->role == ML_ROLE_TARGET)
			continue;
		if (column->role == ML_ROLE_NULL || split->kind != ML_SPLIT_KEY)
			cannot_keep_out(request, column);
		columns->split_anew = true;
		if (TupleDescAttr(request->row, at)->attidentity == ATTRIBUTE_IDENTITY_ALWAYS)
			ereport(NOTICE,
					(errmsg("column \"%s\" is GENERATED ALWAYS: store the rows with OVERRIDING SYSTEM VALUE", column->name),
					 errdetail("With OVERRIDING USER VALUE the server draws other keys, by which some synthetic rows would be held out.")));
	}
}

static bool
is_held_out(const MlEmit *emit)
{
	const MlResampleColumns *columns = emit->columns;
	const MlSplit           *split = emit->request->split;
	uint64                   hash = 0;

	for (int s = 0; s < columns->split_count; s++)
	{
		int at = columns->split[s];

		hash = ml_hash_datum(hash, columns->columns[at].type, emit->values[at], emit->nulls[at]);
	}
	return sml_held_out((uint64) split->seed, split->share, hash);
}

void
ml_resample_keep_out(MlEmit *emit)
{
	const MlResampleColumns *columns = emit->columns;

	if (!columns->split_anew)
		return;
	while (is_held_out(emit))
	{
		CHECK_FOR_INTERRUPTS();
		for (int s = 0; s < columns->split_count; s++)
		{
			int               at = columns->split[s];
			MlResampleColumn *column = &columns->columns[at];

			if (column->role == ML_ROLE_SEQUENCE || column->role == ML_ROLE_COUNTER || column->role == ML_ROLE_UUID)
				emit->values[at] = ml_resample_new_key(column);
		}
	}
}
