/*
 * probability.c - prior correction and calibration in training; see probability.h.
 *
 * Cost of calibration: one scan of the held-out rows that are set aside, scored once.
 */
#include "../compat.h"

#include <math.h>

#include "../env.h"
#include "../json.h"
#include "../metric/evaluate.h"
#include "../privacy/learn.h"
#include "../nearest.h"
#include "probability.h"

#define CHECK(env, call) ML_CHECK((env), (call), "calibrate the probabilities")

static const char *const methods[] = {"platt", "isotonic"};

/* ---- options ------------------------------------------------------------------------- */

bool
ml_probability_knows(const char *key)
{
	return strcmp(key, "prior_correction") == 0 || strcmp(key, "calibration") == 0;
}

static SmlCalibrationKind
method_of(const JsonbValue *value)
{
	char       *text = value->type == jbvString ? ml_json_text(value) : NULL;
	const char *nearest = text ? ml_nearest_name(text, methods, lengthof(methods)) : NULL;

	for (size_t i = 0; text && i < lengthof(methods); i++)
		if (strcmp(text, methods[i]) == 0)
			return (SmlCalibrationKind) (i + 1);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 text ? errmsg("unknown calibration \"%s\"", text) : errmsg("wrong value of calibration"),
			 nearest ? errhint("Perhaps you meant \"%s\".", nearest) :
			 errhint("Use \"platt\", \"isotonic\", or an object such as {\"method\": \"platt\", \"share\": 0.5}.")));
}

static void
take_calibration_object(MlProbability *wish, const JsonbValue *value)
{
	static const char *const known[] = {"method", "share"};
	int         count;
	MlJsonPair *pairs = ml_json_pairs(JsonbValueToJsonb((JsonbValue *) value), "calibration", &count);

	for (int i = 0; i < count; i++)
	{
		if (strcmp(pairs[i].key, "method") == 0)
			wish->calibration = method_of(&pairs[i].value);
		else if (strcmp(pairs[i].key, "share") == 0)
		{
			if (!ml_json_number(&pairs[i].value, &wish->share) || !(wish->share > 0 && wish->share < 1))
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("the share of calibration must be a number between 0 and 1"),
						 errhint("It is the share of the held-out rows that are set aside for calibration, for example 0.5.")));
		}
		else
		{
			const char *nearest = ml_nearest_name(pairs[i].key, known, lengthof(known));

			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unknown key \"%s\" in calibration", pairs[i].key),
					 nearest ? errhint("Perhaps you meant \"%s\".", nearest) : errhint("Known keys are method and share.")));
		}
	}
	if (wish->calibration == SML_CALIBRATION_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("calibration needs a method"),
				 errhint("Use \"platt\" or \"isotonic\".")));
}

MlProbability
ml_probability_options(Jsonb *params)
{
	MlProbability wish = {false, SML_CALIBRATION_NONE, ML_CALIBRATION_SHARE};
	MlJsonPair   *pairs = NULL;
	int           count = 0;

	if (params)
		pairs = ml_json_pairs(params, "params", &count);
	for (int i = 0; i < count; i++)
	{
		const JsonbValue *value = &pairs[i].value;

		if (value->type == jbvNull)
			continue;
		if (strcmp(pairs[i].key, "prior_correction") == 0)
		{
			if (value->type != jbvBool)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("prior_correction must be true or false")));
			wish.prior_correction = value->val.boolean;
		}
		else if (strcmp(pairs[i].key, "calibration") == 0)
		{
			if (value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data))
				take_calibration_object(&wish, value);
			else
				wish.calibration = method_of(value);
		}
	}
	return wish;
}

void
ml_probability_check(const MlProbability *wish, bool classes, const MlSplit *split)
{
	if (!classes && (wish->prior_correction || wish->calibration))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s needs a target with classes", wish->calibration ? "calibration" : "prior_correction"),
				 errdetail("The target is a number; a regression has no probabilities.")));
	if (wish->calibration && split->kind == ML_SPLIT_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("calibration needs held-out rows"),
				 errdetail("A calibration that is fitted on the training rows repeats their accidents."),
				 errhint("Train with a holdout, for example holdout => 0.3.")));
}

/* ---- the prior ------------------------------------------------------------------------------ */

/* "at the share 0.023 of class "1" in the training rows instead of 0.5 in the fit", about the class that was changed most. */
static const char *
shares_in_words(const SmlModel *model, double *trained, double *fitted)
{
	size_t k = model->positive;

	if (model->task != SML_BINARY)
	{
		k = 0;
		for (size_t i = 1; i < model->encoder->class_count; i++)
			if (fabs(log(model->fitted_prior[i] / model->prior[i])) > fabs(log(model->fitted_prior[k] / model->prior[k])))
				k = i;
	}
	*trained = model->prior[k];
	*fitted = model->fitted_prior[k];
	return sml_encoder_shown(model->encoder)[k];
}

void
ml_probability_prior(SmlEnv *env, const MlProbability *wish, SmlModel *model, const double *factor, const char *how,
					 SmlNotes *notes)
{
	double trained;
	double fitted;
	const char *class;

	CHECK(env, sml_model_set_prior(env, model, factor));
	if (model->prior == NULL && wish->prior_correction)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("there is no prior to correct"),
				 errdetail("This way of training does not say how much each class weighed.")));
	if (!sml_model_is_rebalanced(model))
	{
		if (wish->prior_correction)
			CHECK(env, sml_note(env, notes, "There was no prior to correct: the classes have the same shares in the fit as in the training rows."));
		return;
	}
	class = shares_in_words(model, &trained, &fitted);
	model->prior_corrected = wish->prior_correction;
	if (!model->prior_corrected && wish->calibration == SML_CALIBRATION_NONE)
		CHECK(env, sml_note(env, notes, "Because of %s, probabilities refer to a share of %.4g of class \"%s\", and not to its share of "
							"%.4g in the training rows. For probabilities that can be taken at their word, set \"prior_correction\" or "
							"\"calibration\" in params.", how, fitted, class, trained));
	else if (model->prior_corrected && model->task == SML_BINARY)
		CHECK(env, sml_note(env, notes, "Probabilities are corrected from a share of %.4g of class \"%s\" in the fit to its share of "
							"%.4g in the training rows. The threshold %.4g%s decides as 0.5 would without the correction.", fitted, class, trained,
							sml_inverse_log_odds(sml_model_prior_shift(model, 0)),
							wish->calibration != SML_CALIBRATION_NONE ? ", before calibration," : ""));
	else if (model->prior_corrected)
		CHECK(env, sml_note(env, notes, "Probabilities are corrected from the shares of the classes in the fit (%.4g of class \"%s\") to those "
							"in the training rows (%.4g).", fitted, class, trained));
}

/* ---- calibration ------------------------------------------------------------------------------- */

static void
note_calibration(SmlEnv *env, const SmlModel *model, SmlNotes *notes)
{
	const SmlCalibration *made = model->calibration;

	CHECK(env, sml_note(env, notes, "Probabilities are calibrated (%s) on %llu held-out rows, which the metrics leave out.",
						methods[made->kind - 1], (unsigned long long) made->rows));
	if (made->kind == SML_CALIBRATION_ISOTONIC && made->rows < SML_ISOTONIC_ENOUGH)
		CHECK(env, sml_note(env, notes, "An isotonic calibration on fewer than %d rows follows their accidents; platt needs fewer.",
							SML_ISOTONIC_ENOUGH));
	for (size_t m = 0; m < made->map_count && made->kind == SML_CALIBRATION_PLATT; m++)
		if (!(made->maps[m].slope > 0))
			CHECK(env, sml_note(env, notes, "On the held-out rows class \"%s\" is no more frequent at higher scores; the calibration says so "
								"and turns their order round.",
								sml_encoder_shown(model->encoder)[model->task == SML_BINARY ? model->positive : m]));
}

int64
ml_probability_calibrate(SmlEnv *env, const MlProbability *wish, SmlModel *model, const MlSource *held, const MlSplit *split,
						 const char *target, const char *weight, int64 *used, SmlNotes *notes)
{
	SmlScorer       *scorer;
	MlEvaluation    *links;
	int              column = ml_source_column(held, target, "target");
	MlEvaluationPlan plan;
	SmlStatus        status;
	int64            rows;

	CHECK(env, sml_scorer_make(env, model, &scorer));
	plan = (MlEvaluationPlan) {
		.model = model,
		.scorer = scorer,
		.threshold = NAN,
		.source = held,
		.where = ml_split_aside(split, held),
		.target = target,
		.weight = weight,
		.links = true,
		.may_be_few = true, /* they go into the model, which is sealed */
	};
	links = ml_evaluate_within(&plan, split, &rows);
	status = sml_calibration_fit(env, wish->calibration, links->scored, sml_encoder_shown(model->encoder), &model->calibration);
	if (status == SML_BAD_INPUT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot calibrate the probabilities with these rows"),
				 ml_sealed_may_open(held, &column, 1) ? errdetail("%s", env->detail) : errdetail("There are too few held-out rows of a class."),
				 errhint("Hold out more rows, or raise the share in calibration.")));
	CHECK(env, status);
	sml_scorer_free(env, scorer);
	note_calibration(env, model, notes);
	if (links->rows < rows)
		CHECK(env, sml_note(env, notes, "The calibration rests on a sample of %lld of %lld rows set aside: the predictions of more do not fit into "
							"sustainml.memory_limit.", (long long) links->rows, (long long) rows));
	*used = rows - links->rows + links->rows_used;
	return links->rows - links->rows_used;
}
