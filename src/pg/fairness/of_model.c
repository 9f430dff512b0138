/*
 * of_model.c - audit a model in memory: its evaluation shows each row with its score, and the values
 * of the protected columns make the group.
 *
 * With two classes the score is the probability of the model's positive class and the prediction follows
 * from the threshold.  With more, the favourable class is held against all others: the score is its probability,
 * and a row is predicted to be of it when it is the most probable.
 */
#include "../compat.h"

#include <math.h>

#include "utils/builtins.h"

#include "../metric/evaluate.h"
#include "../nearest.h"
#include "../privacy/learn.h"
#include "../rows.h"
#include "fairness.h"

typedef struct Watch
{
	MlFairCollector *collector;
	const SmlModel  *model;
	double           threshold;
	size_t           yes;      /* class that counts as positive */
	size_t           classes;
	int              count;
	MlReader        *readers;
	SmlText         *groups;
	MlFairChoose     choose;
	void            *context;
} Watch;

static size_t
most_probable(const double *response, size_t classes)
{
	size_t best = 0;

	for (size_t k = 1; k < classes; k++)
		if (response[k] > response[best])
			best = k;
	return best;
}

static void
see_row(void *context, const Datum *extra, const bool *extra_nulls, double actual, const double *response, double weight)
{
	Watch   *watch = context;
	bool     binary = watch->model->task == SML_BINARY;
	double   score = binary ? response[0] : response[watch->yes];
	SmlTruth label = actual < 0 ? SML_UNKNOWN : (size_t) actual == watch->yes ? SML_YES : SML_NO;
	SmlTruth prediction;

	for (int i = 0; i < watch->count; i++)
		watch->groups[i] = ml_read_label(&watch->readers[i], extra[i], extra_nulls[i]);
	if (watch->choose)
		prediction = watch->choose(watch->context, watch->groups, score);
	else if (binary)
		prediction = score >= watch->threshold ? SML_YES : SML_NO;
	else
		prediction = most_probable(response, watch->classes) == watch->yes ? SML_YES : SML_NO;
	ml_fair_row(watch->collector, watch->groups, label, prediction, score, weight);
}

static size_t
class_named(const SmlModel *model, const MlFairSpec *spec, const char *name, const char *what)
{
	const SmlEncoder *encoder = model->encoder;
	int               found = ml_find_name(name, (const char *const *) encoder->classes, (int) encoder->class_count);
	const char       *nearest;

	if (found >= 0)
		return (size_t) found;
	nearest = ml_nearest_name(name, (const char *const *) encoder->classes, (int) encoder->class_count);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s \"%s\" is no class of the model", what, name),
			 spec->hides_classes || encoder->shown ? 0 : errhint("Perhaps you meant \"%s\".", nearest ? nearest : encoder->classes[0])));
}

/* The class that rates are about: with two classes the model's positive one, else the favourable. */
static size_t
positive_class(MlFairSpec *spec, const SmlModel *model)
{
	size_t yes = model->positive;

	if (spec->favorable)
		spec->favorable = model->encoder->classes[class_named(model, spec, spec->favorable, "favorable")];
	if (model->task == SML_REGRESSION)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("a regression has no outcomes to audit"),
				 errhint("See sustainml.fairness_regression().")));
	if (model->task == SML_MULTICLASS)
	{
		if (spec->favorable == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("favorable must be given for a model of more than two classes"),
					 errhint("It is held against all others. For every class in turn, see sustainml.fairness_multiclass().")));
		yes = class_named(model, spec, spec->favorable, "favorable");
	}
	spec->positive = model->encoder->classes[yes];
	return yes;
}

MlFairResult *
ml_fair_of_model(const MlFairSpec *given, const SmlModel *model, const SmlScorer *scorer, const MlSource *source, const char *where,
				 MlFairChoose choose, void *context)
{
	MlFairSpec       *spec = palloc(sizeof(MlFairSpec));
	Watch             watch = {.model = model, .threshold = given->threshold, .choose = choose, .context = context};
	int              *columns = palloc(sizeof(int) * (given->protected_count + 1));
	MlEvaluationPlan  plan = {.model = model, .scorer = scorer, .threshold = given->threshold, .source = source, .where = where,
							  .target = given->target, .weight = given->weight, .each = see_row, .each_context = &watch};

	ml_sealed_require_open(source, ml_source_column(source, given->target, "target"), "an audit by");
	*spec = *given;
	watch.yes = positive_class(spec, model);
	watch.classes = model->encoder->class_count;
	watch.count = spec->protected_count;
	watch.readers = palloc0(sizeof(MlReader) * (watch.count + 1));
	watch.groups = palloc0(sizeof(SmlText) * (watch.count + 1));
	spec->protected_columns = palloc(sizeof(char *) * (watch.count + 1));
	for (int i = 0; i < watch.count; i++)
	{
		columns[i] = ml_source_column(source, given->protected_columns[i], "protected");
		ml_source_refuse_sealed(source, columns[i], "make groups, whose names are stored in clear");
		spec->protected_columns[i] = source->columns[columns[i]].name;
		if (!ml_reader_init(&watch.readers[i], source->columns[columns[i]].type, SML_LABEL) || watch.readers[i].how == ML_READ_ARRAY)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("protected column \"%s\" of type %s cannot make groups", spec->protected_columns[i],
							format_type_be(source->columns[columns[i]].type))));
	}
	ml_fair_check_protected(source, &(MlFairSpec) {.target = spec->target, .protected_columns = spec->protected_columns, .protected_count = spec->protected_count});
	if (model->task != SML_BINARY)
		spec->threshold = NAN;
	plan.extra = columns;
	plan.extra_count = watch.count;
	watch.collector = ml_fair_begin(spec, true, spec->weight != NULL);
	(void) ml_evaluate_plan(&plan, NULL);
	return ml_fair_finish(watch.collector);
}
