/*
 * rebalance.c - the option "resample" of train; see rebalance.h.
 */
#include "../compat.h"

#include <math.h>

#include "utils/builtins.h"

#include "../env.h"
#include "../json.h"
#include "../nearest.h"
#include "rebalance.h"
#include "train.h"

#define CHECK(env, call) ML_CHECK((env), (call), "resample the training rows")

struct MlResample
{
	SmlResampleSpec spec;
	SmlStrategy     strategy;
	MlJsonPair     *sizes;      /* strategy as an object, or NULL */
	int             size_count;
};

/* ---- options --------------------------------------------------------------------------- */

pg_noreturn static void
wrong_value(const char *key, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("wrong value of \"%s\" in resample", key),
			 errhint("%s", hint)));
}

static SmlResampleKind
kind_of(const JsonbValue *value)
{
	const char     *names[SML_RESAMPLE_KINDS];
	const char     *nearest;
	char           *text = value->type == jbvString ? ml_json_text(value) : NULL;
	SmlResampleKind kind;

	if (text && sml_resample_find(text, &kind))
		return kind;
	for (int i = 0; i < SML_RESAMPLE_KINDS; i++)
		names[i] = sml_resample_name((SmlResampleKind) i);
	if (text == NULL)
		wrong_value("kind", "Use a name such as \"smote\".");
	nearest = ml_nearest_name(text, names, lengthof(names));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown kind \"%s\" in resample", text),
			 nearest ? errhint("Perhaps you meant \"%s\".", nearest) :
			 errhint("Known are smote, borderline1, borderline2, adasyn, random_over, random_under, tomek, enn, nearmiss1, nearmiss2, "
					 "nearmiss3, smote_tomek and smote_enn.")));
}

static size_t
count_of(const char *key, const JsonbValue *value)
{
	double number;

	if (!ml_json_number(value, &number) || !(number >= 1 && number <= 1000) || number != floor(number))
		wrong_value(key, "Use a whole number from 1 to 1000.");
	return (size_t) number;
}

static void
take_strategy(MlResample *resample, const JsonbValue *value)
{
	if (value->type == jbvString)
		resample->strategy.name = ml_json_text(value);
	else if (value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data))
		resample->sizes = ml_json_pairs(JsonbValueToJsonb((JsonbValue *) value), "strategy", &resample->size_count);
	else
		wrong_value("strategy", "Use a name such as \"auto\", or an object with the rows that a class shall have, {\"yes\": 500}.");
}

static void
take_key(MlResample *resample, const char *key, const JsonbValue *value)
{
	static const char *const known[] = {"kind", "k", "m", "ratio", "strategy", "shrinkage", "standardize"};
	const char *nearest;

	if (value->type == jbvNull)
		return;
	if (strcmp(key, "kind") == 0)
		resample->spec.kind = kind_of(value);
	else if (strcmp(key, "k") == 0)
		resample->spec.k = count_of(key, value);
	else if (strcmp(key, "m") == 0)
		resample->spec.m = count_of(key, value);
	else if (strcmp(key, "ratio") == 0)
	{
		if (!ml_json_number(value, &resample->strategy.ratio) || !(resample->strategy.ratio > 0 && resample->strategy.ratio <= 1))
			wrong_value(key, "Use a number above 0 and at most 1: rows of the smaller class for each of the larger one.");
	}
	else if (strcmp(key, "shrinkage") == 0)
	{
		if (!ml_json_number(value, &resample->spec.shrinkage) || !(resample->spec.shrinkage >= 0 && resample->spec.shrinkage <= 100))
			wrong_value(key, "Use a number from 0 to 100.");
	}
	else if (strcmp(key, "standardize") == 0)
	{
		if (value->type != jbvBool)
			wrong_value(key, "Use true or false.");
		resample->spec.standardize = value->val.boolean;
	}
	else if (strcmp(key, "strategy") == 0)
		take_strategy(resample, value);
	else
	{
		nearest = ml_nearest_name(key, known, lengthof(known));
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown key \"%s\" in resample", key),
				 nearest ? errhint("Perhaps you meant \"%s\".", nearest) :
				 errhint("Known keys are kind, k, m, ratio, strategy, shrinkage and standardize.")));
	}
}

static MlResample *
read_wish(const JsonbValue *value)
{
	MlResample *resample = palloc0(sizeof(MlResample));
	MlJsonPair *pairs;
	int         count;

	resample->spec.standardize = true;
	resample->strategy.name = "auto";
	if (value->type == jbvString)
	{
		resample->spec.kind = kind_of(value);
		return resample;
	}
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("wrong value of resample"),
				 errhint("Use \"smote\", or an object such as {\"kind\": \"smote\", \"k\": 5}.")));
	pairs = ml_json_pairs(JsonbValueToJsonb((JsonbValue *) value), "resample", &count);
	for (int i = 0; i < count; i++)
		take_key(resample, pairs[i].key, &pairs[i].value);
	if (resample->strategy.ratio > 0 && (resample->sizes || strcmp(resample->strategy.name, "auto") != 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("resample takes a ratio or a strategy, not both")));
	if (resample->spec.shrinkage > 0 && resample->spec.kind != SML_RESAMPLE_RANDOM_OVER)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("shrinkage in resample belongs to kind \"random_over\"")));
	if (resample->spec.m > 0 && resample->spec.kind != SML_RESAMPLE_BORDERLINE1 && resample->spec.kind != SML_RESAMPLE_BORDERLINE2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("m in resample belongs to kinds \"borderline1\" and \"borderline2\"")));
	return resample;
}

MlResample *
ml_resample_options(Jsonb *params)
{
	MlJsonPair *pairs = NULL;
	int         count = 0;

	if (params)
		pairs = ml_json_pairs(params, "params", &count);
	for (int i = 0; i < count; i++)
		if (strcmp(pairs[i].key, "resample") == 0 && pairs[i].value.type != jbvNull)
			return read_wish(&pairs[i].value);
	return NULL;
}

void
ml_resample_check(const MlResample *resample, bool classes, bool weighted, bool class_weighted)
{
	if (resample == NULL)
		return;
	if (!classes)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("resample needs a target with classes"),
				 errdetail("The target is a number.")));
	if (weighted)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("rows with weights cannot be resampled"),
				 errdetail("Nothing says what a synthetic row weighs."),
				 errhint("Train without weight, or use class_weight instead of resample.")));
	if (class_weighted)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("class_weight and resample cannot be combined"),
				 errdetail("Both change the weight of the classes, and together they would change it twice.")));
}

char *
ml_resample_how(const MlResample *resample)
{
	return psprintf("resampling (%s)", sml_resample_name(resample->spec.kind));
}

/* ---- the run ------------------------------------------------------------------------------- */

/* Sizes by class name, in the order of the classes. */
static int64_t *
sizes_of(const MlResample *resample, const SmlEncoder *encoder)
{
	int64_t *sizes;

	if (resample->sizes == NULL)
		return NULL;
	sizes = palloc(sizeof(int64_t) * encoder->class_count);
	for (size_t k = 0; k < encoder->class_count; k++)
		sizes[k] = -1;
	for (int i = 0; i < resample->size_count; i++)
	{
		const char *name = resample->sizes[i].key;
		size_t      k = sml_encoder_class(encoder, (SmlText){name, (int32_t) strlen(name)});
		double      number;

		if (k == SML_NO_LEVEL)
			ml_unknown_class("the strategy of resample", name, sml_encoder_shown(encoder), encoder->shown ? 0 : (int) encoder->class_count);
		if (!ml_json_number(&resample->sizes[i].value, &number) || !(number >= 1 && number <= 1e12) || number != floor(number))
			wrong_value("strategy", "The rows that a class shall have are a whole number.");
		sizes[k] = (int64_t) number;
	}
	return sizes;
}

typedef struct Showing
{
	const char *model;
	int         percent;
} Showing;

static void
show(void *context, const char *phase, double share)
{
	Showing *showing = context;
	int      percent = (int) (100 * share);

	if (percent == showing->percent)
		return;
	showing->percent = percent;
	ml_progress(showing->model, psprintf("resampling: %s, %d %%", phase, percent), NULL);
}

double *
ml_resample_run(SmlEnv *env, const MlResample *resample, SmlStore *store, const SmlEncoder *encoder, int64 seed, const char *model,
				SmlNotes *notes, uint64 *removed)
{
	SmlStrategy     strategy = resample->strategy;
	SmlResampleSpec spec = resample->spec;
	Showing         showing = {model, -1};
	SmlRebalance    done;
	double         *factor = palloc(sizeof(double) * encoder->class_count);

	spec.seed = (uint64_t) seed;
	strategy.sizes = sizes_of(resample, encoder);
	CHECK(env, sml_store_rebalance(env, store, encoder, &strategy, spec, show, &showing, notes, &done));
	for (size_t k = 0; k < encoder->class_count; k++)
	{
		factor[k] = (double) done.after[k] / (double) done.before[k];
		if (done.after[k] != done.before[k])
			CHECK(env, sml_note(env, notes, "Resampling (%s) changed class \"%s\" from %llu to %llu rows of the fit.",
								sml_resample_name(spec.kind), sml_encoder_shown(encoder)[k], (unsigned long long) done.before[k],
								(unsigned long long) done.after[k]));
	}
	if (done.synthetic > 0)
		CHECK(env, sml_note(env, notes, "%llu synthetic rows took part in the fit; they are not among the rows used.",
							(unsigned long long) done.synthetic));
	if (done.removed > 0)
		CHECK(env, sml_note(env, notes, "%llu rows were left out of the fit by resampling; they count as skipped.",
							(unsigned long long) done.removed));
	if (done.synthetic == 0 && done.removed == 0)
		CHECK(env, sml_note(env, notes, "Resampling (%s) had nothing to do.", sml_resample_name(spec.kind)));
	*removed = done.removed;
	return factor;
}
