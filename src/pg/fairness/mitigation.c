/*
 * mitigation.c - fairness methods in training; see mitigation.h.
 *
 * The rows stay in memory, whatever the learner could do otherwise: the methods go over them several times with
 * weights and labels of their own.  4 bytes a row beside the store for the group, and up to NEED_PER_ROW while the method works.
 */
#include "../compat.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "../env.h"
#include "../json.h"
#include "../nearest.h"
#include "../settings.h"
#include "mitigation.h"

/* Bytes: group, key, label, weight, factor, target, cell, two arrays of scores to sort, and their curve. */
#define NEED_PER_ROW 128

/* Audits in training cross at most two. */
#define MOST_ATTRIBUTES 2

#define DEFAULT_MAX_GAP  0.01
#define DEFAULT_MARGIN   1.0
#define DEFAULT_ROUNDS   30
#define DEFAULT_MIN_ROWS 30

struct MlMitigation
{
	SmlMitigationWish wish;
	MlGroups         *groups;
	MemoryContext     context;
	int32            *group;    /* per kept row */
	uint64           *key;      /* for group_smote */
	size_t            count;
	size_t            room;
	size_t            without;  /* rows of no known group */
	SmlFit           *plain;
	/* on held-out rows; NULL: not known */
	MlFairResult     *before;
	double            gap_before;
	double            gap_after;
	const char       *note;
};

/* ---- the request ------------------------------------------------------------------- */

pg_noreturn static void
wrong_value(const char *key, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("wrong value of \"%s\" in params for fairness", key),
			 errhint("%s", hint)));
}

static double
number_between(const MlJsonPair *pair, double least, double most, const char *hint)
{
	double number;

	if (!ml_json_number(&pair->value, &number) || !(number >= least && number <= most))
		wrong_value(pair->key, hint);
	return number;
}

static size_t
whole_between(const MlJsonPair *pair, double least, double most, const char *hint)
{
	double number = number_between(pair, least, most, hint);

	if (number != floor(number))
		wrong_value(pair->key, hint);
	return (size_t) number;
}

static char *
name_of(const MlJsonPair *pair, const char *what, const char *example)
{
	if (pair->value.type != jbvString)
		wrong_value(pair->key, psprintf("Name a %s, for example \"%s\".", what, example));
	return ml_json_text(&pair->value);
}

/* Which keys a method has. */
static bool
has_key(SmlMitigation method, const char *key)
{
	if (strcmp(key, "method") == 0 || strcmp(key, "attribute") == 0 || strcmp(key, "constraint") == 0)
		return true;
	if (method == SML_GROUP_SMOTE)
		return strcmp(key, "k") == 0;
	if (method == SML_EXPONENTIATED_GRADIENT)
		return strcmp(key, "max_gap") == 0 || strcmp(key, "margin") == 0 || strcmp(key, "rounds") == 0 || strcmp(key, "min_rows") == 0;
	return strcmp(key, "strength") == 0;
}

static void
check_key(SmlMitigation method, const char *key)
{
	static const char *const known[] = {"method", "attribute", "constraint", "strength", "max_gap", "margin", "rounds", "min_rows", "k"};
	const char *nearest;

	if (has_key(method, key))
		return;
	for (int i = 0; i < lengthof(known); i++)
		if (strcmp(known[i], key) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("method \"%s\" has no \"%s\"", sml_mitigation_name(method), key),
					 errhint("%s", method == SML_EXPONENTIATED_GRADIENT ? "It takes attribute, constraint, max_gap, margin, rounds and min_rows." :
							 method == SML_GROUP_SMOTE ? "It takes attribute, constraint and k." :
							 "It takes attribute, constraint and strength.")));
	nearest = ml_nearest_name(key, known, lengthof(known));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown key \"%s\" in params for fairness", key),
			 nearest ? errhint("Perhaps you meant \"%s\".", nearest) :
			 errhint("Known are method, attribute, constraint, strength, max_gap, margin, rounds, min_rows and k.")));
}

static void
take_key(MlMitigation *mitigation, const MlJsonPair *pair)
{
	SmlMitigationWish *wish = &mitigation->wish;

	if (strcmp(pair->key, "constraint") == 0)
		wish->constraint = ml_constraint_choose(name_of(pair, "constraint", sml_constraint_name(SML_DEMOGRAPHIC_PARITY)), "constraint");
	else if (strcmp(pair->key, "strength") == 0 && wish->method == SML_PENALTY)
		wish->strength = number_between(pair, 0, 1e9, "Use a number of 0 or more; 100 is a strong penalty.");
	else if (strcmp(pair->key, "strength") == 0)
		wish->strength = number_between(pair, 0, 1, "Use a number from 0 (no effect) to 1 (in full).");
	else if (strcmp(pair->key, "max_gap") == 0)
		wish->max_gap = number_between(pair, 0, 1, "Use a number from 0 to 1.");
	else if (strcmp(pair->key, "margin") == 0)
		wish->margin = number_between(pair, 0, 10, "Use a number of standard errors from 0 to 10.");
	else if (strcmp(pair->key, "rounds") == 0)
		wish->rounds = whole_between(pair, 1, SML_MOST_ROUNDS, "Use a whole number from 1 to 43.");
	else if (strcmp(pair->key, "k") == 0)
		wish->neighbours = whole_between(pair, 1, 1000, "Use a whole number from 1 to 1000.");
	else if (strcmp(pair->key, "min_rows") == 0)
		wish->min_rows = whole_between(pair, 1, 1e9, "Use a whole number of 1 or more.");
}

/* Where a column stands among the protected ones. */
static int
protected_position(const MlRequest *request, const MlSource *source, const char *name)
{
	int column = ml_source_column(source, name, "attribute");

	for (int k = 0; k < request->protected_count; k++)
		if (ml_source_find(source, request->protected_columns[k]) == column)
			return k;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("attribute \"%s\" is not among the protected columns", name),
			 errhint("Add it to protected, so that it is audited and kept out of the features.")));
}

/* The columns whose values make the groups; each must be protected. */
static char **
attributes_of(const MlRequest *request, const MlSource *source, const MlJsonPair *pair, int *count)
{
	char **names;
	int    positions[MOST_ATTRIBUTES];

	if (request->protected_count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("fairness in training needs a protected column"),
				 errhint("Name it, for example protected => '{sex}'.")));
	if (pair == NULL)
	{
		if (request->protected_count > 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("fairness in params must name the attribute, because several columns are protected"),
					 errhint("For example \"attribute\": \"%s\", or a list for their combinations.", request->protected_columns[0])));
		*count = 1;
		return request->protected_columns;
	}
	names = ml_json_texts(&pair->value, count);
	if (names == NULL || *count == 0 || *count > MOST_ATTRIBUTES)
		wrong_value("attribute", "Name a protected column, or two for their combinations.");
	for (int i = 0; i < *count; i++)
	{
		positions[i] = protected_position(request, source, names[i]);
		if (i > 0 && positions[i] == positions[0])
			wrong_value("attribute", "Name two different columns.");
	}
	/* in the order of protected, as audits have it */
	if (*count == 2 && positions[0] > positions[1])
	{
		char *first = names[0];

		names[0] = names[1];
		names[1] = first;
	}
	return names;
}

static const MlJsonPair *
find_key(const MlJsonPair *pairs, int count, const char *key)
{
	for (int i = 0; i < count; i++)
		if (strcmp(pairs[i].key, key) == 0)
			return &pairs[i];
	return NULL;
}

static SmlMitigation
method_of(const MlJsonPair *pair)
{
	const char *names[8];
	int         count = 0;

	while (sml_mitigation_name((SmlMitigation) count) != NULL)
	{
		names[count] = sml_mitigation_name((SmlMitigation) count);
		count++;
	}
	if (pair == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("fairness in params must name a method"),
				 errhint("For example {\"fairness\": {\"method\": \"reweigh\", \"attribute\": \"sex\"}}.")));
	return (SmlMitigation) ml_choose(name_of(pair, "fairness method", names[0]), "fairness method", names, count);
}

/* What else was asked for must leave rows and probabilities alone: the method is about just these rows and decisions. */
static void
check_company(const MlRequest *request)
{
	const char *with = request->resample ? "resample" : request->probability.prior_correction ? "prior_correction" :
		request->probability.calibration ? "calibration" : NULL;

	if (with)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("fairness in params cannot be combined with %s", with),
				 request->resample ? errhint("The fairness method \"group_smote\" adds rows by group and label.") :
				 errhint("It would move the decisions that the fairness method is about.")));
}

MlMitigation *
ml_mitigation_parse(const MlRequest *request, const MlSource *source)
{
	int               count = 0;
	MlJsonPair       *params = request->params ? ml_json_pairs(request->params, "params", &count) : NULL;
	const MlJsonPair *asked = find_key(params, count, "fairness");
	MlMitigation     *mitigation;
	MlJsonPair       *pairs;
	char            **attributes;
	int               attribute_count;

	if (asked == NULL || asked->value.type == jbvNull)
		return NULL;
	if (asked->value.type != jbvBinary || !JsonContainerIsObject(asked->value.val.binary.data))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("fairness in params must be a JSON object"),
				 errhint("For example {\"fairness\": {\"method\": \"reweigh\", \"attribute\": \"sex\"}}.")));
	check_company(request);
	pairs = ml_json_pairs(JsonbValueToJsonb((JsonbValue *) &asked->value), "fairness", &count);
	mitigation = palloc0(sizeof(MlMitigation));
	mitigation->context = CurrentMemoryContext;
	mitigation->wish = (SmlMitigationWish) {
		.method = method_of(find_key(pairs, count, "method")),
		.constraint = SML_DEMOGRAPHIC_PARITY,
		.strength = NAN,
		.max_gap = DEFAULT_MAX_GAP,
		.margin = DEFAULT_MARGIN,
		.rounds = DEFAULT_ROUNDS,
		.min_rows = DEFAULT_MIN_ROWS,
		.seed = (uint64_t) request->seed,
		.memory_limit = ml_memory_limit(),
	};
	for (int i = 0; i < count; i++)
	{
		check_key(mitigation->wish.method, pairs[i].key);
		take_key(mitigation, &pairs[i]);
	}
	attributes = attributes_of(request, source, find_key(pairs, count, "attribute"), &attribute_count);
	mitigation->groups = ml_groups_make(source, attributes, attribute_count);
	return mitigation;
}

/* ---- the scan ------------------------------------------------------------------------ */

char *
ml_mitigation_list(const MlMitigation *mitigation)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < ml_groups_columns(mitigation->groups); i++)
		appendStringInfo(&list, ", %s", ml_groups_expression(mitigation->groups, i));
	return list.data;
}

void
ml_mitigation_keep(MlMitigation *mitigation, const Datum *values, const bool *nulls, uint64 row_hash)
{
	int32 group = ml_groups_read(mitigation->groups, values, nulls, true);

	if (mitigation->count == mitigation->room)
	{
		mitigation->room = mitigation->room ? 2 * mitigation->room : 4096;
		mitigation->group = mitigation->group ? repalloc_huge(mitigation->group, mitigation->room * sizeof(int32)) :
			MemoryContextAllocHuge(mitigation->context, mitigation->room * sizeof(int32));
		mitigation->key = mitigation->key ? repalloc_huge(mitigation->key, mitigation->room * sizeof(uint64)) :
			MemoryContextAllocHuge(mitigation->context, mitigation->room * sizeof(uint64));
	}
	mitigation->key[mitigation->count] = row_hash;
	mitigation->group[mitigation->count++] = group;
	mitigation->without += group < 0;
}

bool
ml_mitigation_adds_rows(const MlMitigation *mitigation)
{
	return mitigation->wish.method == SML_GROUP_SMOTE;
}

void
ml_mitigation_restart(MlMitigation *mitigation)
{
	mitigation->count = 0;
	mitigation->without = 0;
}

/* ---- training ---------------------------------------------------------------------------- */

static void
check_memory(const MlMitigation *mitigation, const SmlLayout *layout)
{
	size_t per_row = NEED_PER_ROW;
	size_t need;

	/* a copy of the rows */
	if (mitigation->wish.method == SML_GROUP_SMOTE)
		per_row += sml_layout_numbers(layout) * sizeof(double) + sml_layout_labels(layout) * sizeof(int32);
	if (sml_size_times(mitigation->count, per_row, &need) && need <= ml_memory_limit())
		return;
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("fairness in training needs more memory than sustainml.memory_limit allows"),
			 errdetail("The method takes %zu MB beside the %zu rows themselves.", mitigation->count / 1024 * per_row / 1024 + 1,
					   mitigation->count),
			 errhint("Raise sustainml.memory_limit, or train on a sample of the rows.")));
}

static void
note_reduction(const MlMitigation *mitigation, SmlEnv *env, const SmlMitigated *made, SmlNotes *notes)
{
	const char *taken;

	if (!made->feasible)
		ML_CHECK(env, sml_note(env, notes, "No model within a gap of %g was found on the training rows; the one with the smallest gap was taken.",
							   mitigation->wish.max_gap), "train");
	else if (sml_margin_cut(mitigation->wish.max_gap, mitigation->wish.margin, made->error))
		ML_CHECK(env, sml_note(env, notes, "There are too few training rows to tell whether a gap within %g holds on others: its standard error is "
							   "%.4f, so the margin was cut.", mitigation->wish.max_gap, made->error), "train");
	taken = made->blended ? "a blend of two of them" : made->chosen == 0 ? "the mean of their coefficients" :
		made->chosen == 1 ? "the plain fit" : psprintf("number %zu", made->chosen - 1);
	ML_CHECK(env, sml_note(env, notes, "Exponentiated gradient for %s made %zu refits and took %s, with a gap of %.4f and an accuracy of %.4f on the "
						   "training rows; its intercept moved by %.4f, so its probabilities are not calibrated.",
						   ml_groups_attribute(mitigation->groups), made->rounds, taken, made->gap, made->accuracy, -made->shift), "train");
}

SmlFit *
ml_mitigation_train(MlMitigation *mitigation, SmlEnv *env, SmlMitigationJob *job, const char *favorable, SmlVerdict *last)
{
	const SmlEncoder *encoder = job->plan->encoder;
	SmlMitigated     *made;
	char            **names;
	int32            *map = ml_groups_sort(mitigation->groups);

	check_memory(mitigation, &job->plan->layout);
	for (size_t i = 0; i < mitigation->count; i++)
		if (mitigation->group[i] >= 0)
			mitigation->group[i] = map[mitigation->group[i]];
	mitigation->wish.positive_is_favorable = job->plan->task != SML_BINARY || favorable == NULL ||
		strcmp(favorable, encoder->classes[job->plan->positive]) == 0;
	job->group = mitigation->group;
	job->key = mitigation->key;
	job->groups = (size_t) ml_groups_count(mitigation->groups);
	names = palloc(sizeof(char *) * (job->groups + 1));
	for (size_t g = 0; g < job->groups; g++)
		names[g] = ml_groups_label(mitigation->groups, (int) g);
	job->group_names = (const char *const *) names;
	job->wish = &mitigation->wish;
	ML_CHECK(env, sml_mitigate(env, job, &made), "apply the fairness method");
	if (mitigation->without > 0)
		ML_CHECK(env, sml_note(env, job->notes, "%zu training rows have no value of %s; the fairness method leaves them as they are.",
							   mitigation->without, ml_groups_attribute(mitigation->groups)), "train");
	if (mitigation->wish.method == SML_EXPONENTIATED_GRADIENT)
		note_reduction(mitigation, env, made, job->notes);
	if (mitigation->wish.method == SML_GROUP_SMOTE)
		ML_CHECK(env, sml_note(env, job->notes, "%zu synthetic rows were added, so that the labels have the same shares in all groups of %s.",
							   made->made, ml_groups_attribute(mitigation->groups)), "train");
	mitigation->plain = made->plain;
	*last = made->last;
	return made->fair;
}

/* ---- before and after ------------------------------------------------------------------------ */

/* What the method is to lower, as audits call it. */
static const char *
metric_of(const MlMitigation *mitigation)
{
	return ml_constraint_metric(mitigation->wish.constraint, mitigation->wish.positive_is_favorable);
}

SmlConstraint
ml_constraint_choose(const char *text, const char *what)
{
	const char *names[SML_EQUALIZED_ODDS + 1];

	for (int i = 0; i < lengthof(names); i++)
		names[i] = sml_constraint_name((SmlConstraint) i);
	return (SmlConstraint) ml_choose(text, what, names, lengthof(names));
}

const char *
ml_constraint_metric(SmlConstraint constraint, bool positive_is_favorable)
{
	switch (constraint)
	{
		case SML_DEMOGRAPHIC_PARITY:
			return "demographic_parity_difference";
		case SML_EQUAL_OPPORTUNITY:
			return positive_is_favorable ? "equal_opportunity_difference" : "fpr_difference";
		case SML_EQUALIZED_ODDS:
			return "equalized_odds_difference";
	}
	return NULL;
}

double
ml_audited_accuracy(const MlFairResult *result)
{
	for (size_t r = 0; r < result->audit->count; r++)
	{
		const SmlFairRow *row = &result->audit->rows[r];

		if (row->scope == SML_SCOPE_OVERALL && strcmp(row->metric, "accuracy") == 0)
			return row->figure.value;
	}
	return NAN;
}

static void
note_gaps(MlMitigation *mitigation, SmlEnv *env, const MlFairResult *after, SmlNotes *notes)
{
	const char *metric = metric_of(mitigation);
	char       *attribute = ml_groups_attribute(mitigation->groups);

	mitigation->gap_before = ml_fair_disparity(mitigation->before, attribute, metric);
	mitigation->gap_after = ml_fair_disparity(after, attribute, metric);
	if (isnan(mitigation->gap_before) || isnan(mitigation->gap_after))
	{
		mitigation->note = psprintf("The held-out rows have fewer than two groups of %s to compare, so it is not known whether the fairness "
									"method lowered the gap.", attribute);
		ML_CHECK(env, sml_note(env, notes, "%s", mitigation->note), "train");
		return;
	}
	ML_CHECK(env, sml_note(env, notes, "Fairness method %s for %s: on %lld held-out rows the %s is %.4f, without the method %.4f; accuracy %.4f "
						   "and %.4f.", sml_mitigation_name(mitigation->wish.method), attribute, (long long) after->rows, metric,
						   mitigation->gap_after, mitigation->gap_before, ml_audited_accuracy(after),
						   ml_audited_accuracy(mitigation->before)), "train");
	if (mitigation->gap_after < mitigation->gap_before)
		return;
	mitigation->note = psprintf("The fairness method did not lower the %s between groups of %s on the held-out rows%s.", metric, attribute,
								mitigation->gap_before == 0 ? ", where there was none" : "");
	ML_CHECK(env, sml_note(env, notes, "%s", mitigation->note), "train");
}

void
ml_mitigation_measure(MlMitigation *mitigation, SmlEnv *env, const MlFairResult *after, const SmlModel *model, const MlSource *source,
					  const char *where, SmlNotes *notes)
{
	SmlModel   plain = *model;
	SmlScorer *plain_scorer;
	MlFairSpec spec;

	if (after == NULL)
	{
		mitigation->note = "There was no audit of held-out rows, so it is not known whether the fairness method lowered the gap.";
		ML_CHECK(env, sml_note(env, notes, "%s", mitigation->note), "train");
		return;
	}
	spec = *after->spec;
	/* it is of no model that exists: only what the method is compared with */
	spec.model_schema = spec.model = NULL;
	spec.prediction = psprintf("fit without fairness method \"%s\"", sml_mitigation_name(mitigation->wish.method));
	plain.fit = mitigation->plain;
	ML_CHECK(env, sml_scorer_make(env, &plain, &plain_scorer), "train");
	mitigation->before = ml_fair_of_model(&spec, &plain, plain_scorer, source, where, NULL, NULL);
	sml_scorer_free(env, plain_scorer);
	note_gaps(mitigation, env, after, notes);
}

void
ml_mitigation_store(const MlMitigation *mitigation, const MlModelName *name, int version, int64 audit_after, int64 run_id, Jsonb *params)
{
	MlFairMitigation row = {.model_schema = name->schema, .model = name->name, .version = version};

	row.method = sml_mitigation_name(mitigation->wish.method);
	row.params = params;
	row.attribute = ml_groups_attribute(mitigation->groups);
	row.metric = metric_of(mitigation);
	row.gap_before = row.gap_after = NAN;
	row.note = mitigation->note;
	if (mitigation->before)
	{
		row.gap_before = mitigation->gap_before;
		row.gap_after = mitigation->gap_after;
		row.audit_before = ml_fair_store(mitigation->before, run_id);
		row.audit_after = audit_after;
	}
	(void) ml_fair_mitigation_store(&row);
}
