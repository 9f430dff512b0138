/*
 * options.c - params and preprocess: jsonb to numbers, every key and value checked.
 *
 *   params      {"l2": 1, "class_weight": "balanced", …}: "class_weight" is ours, "prior_correction" and
 *               "calibration" are those of probability.c, "resample" is that of rebalance.c, "fairness" that of
 *               fairness/mitigation.c, the rest the learner's
 *   preprocess  {"income": {"impute": "median"}, "sex": {"reference": "Male", "max_levels": 20}}
 */
#include "../compat.h"

#include <math.h>

#include "utils/builtins.h"

#include "../env.h"
#include "../json.h"
#include "../nearest.h"
#include "../../core/options.h"
#include "options.h"

struct MlOptions
{
	const MlRequest *request;
	MlJsonPair      *params;
	int              param_count;
	bool             balanced;       /* class_weight = "balanced" */
	MlJsonPair      *class_weights;  /* class_weight = {"yes": 5} */
	int              class_weight_count;
	int              wish_count;     /* columns of preprocess */
	char           **wish_columns;
	SmlFeatureWish  *wishes;
};

/* ---- preprocess ------------------------------------------------------------------ */

static void
wrong_value(const char *column, const char *key, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("wrong value of \"%s\" in preprocess for column \"%s\"", key, column),
			 errhint("%s", hint)));
}

static void
take_impute(SmlFeatureWish *wish, const char *column, const JsonbValue *value)
{
	char *text = value->type == jbvString ? ml_json_text(value) : NULL;

	if (ml_json_number(value, &wish->constant))
		wish->impute = SML_IMPUTE_CONSTANT;
	else if (text && strcmp(text, "mean") == 0)
		wish->impute = SML_IMPUTE_MEAN;
	else if (text && strcmp(text, "median") == 0)
		wish->impute = SML_IMPUTE_MEDIAN;
	else
		wrong_value(column, "impute", "Use \"mean\", \"median\" or a number.");
}

static void
take_wish(SmlFeatureWish *wish, const char *column, SmlKind kind, const MlJsonPair *pair)
{
	static const char *const known[] = {"impute", "scale", "reference", "max_levels"};
	const JsonbValue *value = &pair->value;
	double            number;

	if (kind == SML_NUMBER && strcmp(pair->key, "impute") == 0)
		take_impute(wish, column, value);
	else if (kind == SML_NUMBER && strcmp(pair->key, "scale") == 0)
	{
		char *text = ml_json_text(value);

		if (text == NULL || strcmp(text, "standard") != 0)
			wrong_value(column, "scale", "Only \"standard\" is known; to penalise raw columns set \"standardize\": false in params.");
	}
	else if (kind == SML_LABEL && strcmp(pair->key, "reference") == 0)
	{
		wish->reference = ml_json_text(value);
		if (wish->reference == NULL)
			wrong_value(column, "reference", "Name one level as a string.");
	}
	else if (kind == SML_LABEL && strcmp(pair->key, "max_levels") == 0)
	{
		if (!ml_json_number(value, &number) || number < 1 || number > SML_SKETCH_SIZE || number != floor(number))
			wrong_value(column, "max_levels", "Use a whole number from 1 to 10000.");
		wish->max_levels = (size_t) number;
	}
	else
	{
		const char *nearest = ml_nearest_name(pair->key, known, lengthof(known));

		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown key \"%s\" in preprocess for column \"%s\"", pair->key, column),
				 nearest && strcmp(nearest, pair->key) != 0 ? errhint("Perhaps you meant \"%s\".", nearest) :
				 errhint("Numbers take impute and scale, labels take reference and max_levels.")));
	}
}

static void
parse_preprocess(MlOptions *options, const MlSource *source, const MlColumns *columns)
{
	MlJsonPair *pairs;
	int         count;

	if (options->request->preprocess == NULL)
		return;
	pairs = ml_json_pairs(options->request->preprocess, "preprocess", &count);
	options->wish_columns = palloc0(sizeof(char *) * (count + 1));
	options->wishes = palloc0(sizeof(SmlFeatureWish) * (count + 1));
	for (int i = 0; i < count; i++)
	{
		int         column = ml_source_column(source, pairs[i].key, "preprocess");
		int         position = 0;
		int         key_count;
		MlJsonPair *keys;

		while (position < columns->count && columns->source_columns[position] != column)
			position++;
		if (position == columns->count)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column \"%s\" in preprocess is not a feature", pairs[i].key)));
		if (pairs[i].value.type != jbvBinary || !JsonContainerIsObject(pairs[i].value.val.binary.data))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("preprocess for column \"%s\" must be a JSON object", pairs[i].key),
					 errhint("For example '{\"income\": {\"impute\": \"median\"}}'.")));
		keys = ml_json_pairs(JsonbValueToJsonb(&pairs[i].value), "preprocess", &key_count);
		options->wish_columns[options->wish_count] = source->columns[column].name;
		for (int k = 0; k < key_count; k++)
			take_wish(&options->wishes[options->wish_count], source->columns[column].name,
					  columns->layout.columns[position].kind, &keys[k]);
		options->wish_count++;
	}
}

static const SmlFeatureWish *
wish_of(const MlOptions *options, const char *column)
{
	for (int i = 0; i < options->wish_count; i++)
		if (strcmp(options->wish_columns[i], column) == 0)
			return &options->wishes[i];
	return NULL;
}

SmlFeatureWish *
ml_options_wishes(MlOptions *options, const MlSource *source, const MlColumns *columns)
{
	size_t          features = columns->layout.numbers + columns->layout.labels;
	SmlFeatureWish *wishes = palloc0(sizeof(SmlFeatureWish) * (features + 1));
	size_t          n = 0;

	for (int i = 0; i < columns->count; i++)
	{
		const SmlColumn      *column = &columns->layout.columns[i];
		const SmlFeatureWish *wish = wish_of(options, column->name);
		size_t                elements = column->elements ? column->elements : 1;
		int                   labels = 0;
		const char *const    *order = column->kind == SML_LABEL ?
			ml_enum_labels(source->columns[columns->source_columns[i]].type, &labels) : NULL;

		for (size_t e = 0; e < elements; e++, n++)
		{
			if (wish)
				wishes[n] = *wish;
			wishes[n].order = order;
			wishes[n].order_count = (size_t) labels;
		}
	}
	return wishes;
}

bool *
ml_options_quantiles(MlOptions *options, const SmlLayout *layout)
{
	bool *wanted = palloc0(sizeof(bool) * (layout->numbers + 1));
	bool  any = false;

	for (size_t i = 0; i < layout->column_count; i++)
	{
		const SmlColumn      *column = &layout->columns[i];
		const SmlFeatureWish *wish = wish_of(options, column->name);
		size_t                elements = column->elements ? column->elements : 1;

		if (column->kind != SML_NUMBER || wish == NULL || wish->impute != SML_IMPUTE_MEDIAN)
			continue;
		any = true;
		for (size_t e = 0; e < elements; e++)
			wanted[column->first + e] = true;
	}
	return any ? wanted : NULL;
}

/* ---- params -------------------------------------------------------------------------- */

static void
take_class_weight(MlOptions *options, const JsonbValue *value)
{
	char *text = value->type == jbvString ? ml_json_text(value) : NULL;

	if (text && strcmp(text, "balanced") == 0)
		options->balanced = true;
	else if (value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data))
		options->class_weights = ml_json_pairs(JsonbValueToJsonb((JsonbValue *) value), "class_weight", &options->class_weight_count);
	else if (value->type != jbvNull)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("wrong value of class_weight"),
				 errhint("Use \"balanced\", or an object such as {\"yes\": 5, \"no\": 1}.")));
}

MlOptions *
ml_options_parse(const MlRequest *request, const MlSource *source, const MlColumns *columns)
{
	MlOptions  *options = palloc0(sizeof(MlOptions));
	MlJsonPair *pairs = NULL;
	int         count = 0;

	options->request = request;
	parse_preprocess(options, source, columns);
	if (request->params)
		pairs = ml_json_pairs(request->params, "params", &count);
	options->params = palloc0(sizeof(MlJsonPair) * (count + 1));
	for (int i = 0; i < count; i++)
	{
		if (ml_probability_knows(pairs[i].key) || strcmp(pairs[i].key, "resample") == 0 || strcmp(pairs[i].key, "fairness") == 0)
			continue;
		if (strcmp(pairs[i].key, "class_weight") != 0)
		{
			options->params[options->param_count++] = pairs[i];
			continue;
		}
		if (columns->layout.target != SML_TARGET_CLASS)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("class_weight needs a target with classes")));
		take_class_weight(options, &pairs[i].value);
	}
	ml_resample_check(request->resample, columns->layout.target == SML_TARGET_CLASS, columns->layout.weighted,
					  options->balanced || options->class_weights);
	return options;
}

const SmlLearner *
ml_options_learner(const char *name)
{
	const SmlLearner *learner = sml_learner_by_name(name);
	const char       *names[64];
	const char       *nearest;
	int               count = 0;

	if (learner)
		return learner;
	for (; count < 64 && sml_learner_at(count) != NULL; count++)
		names[count] = sml_learner_at(count)->name;
	nearest = ml_nearest_name(name, names, count);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("unknown algorithm \"%s\"", name),
			 nearest ? errhint("Perhaps you meant \"%s\"; sustainml.algorithms() lists all.", nearest) :
			 errhint("sustainml.algorithms() lists all.")));
}

double *
ml_options_numbers(MlOptions *options, SmlEnv *env, const SmlLearner *learner)
{
	SmlGivenOption *given = palloc0(sizeof(SmlGivenOption) * (options->param_count + 1));
	double         *numbers = palloc0(sizeof(double) * (learner->option_count + 1));
	static const char *const others[] = {"class_weight", "resample", "prior_correction", "calibration", "fairness"};

	for (int i = 0; i < options->param_count; i++)
	{
		const JsonbValue *value = &options->params[i].value;

		given[i].name = options->params[i].key;
		if (value->type == jbvBool)
		{
			given[i].kind = SML_VALUE_BOOLEAN;
			given[i].number = value->val.boolean ? 1 : 0;
		}
		else if (ml_json_number(value, &given[i].number))
			given[i].kind = SML_VALUE_NUMBER;
		else if (value->type == jbvString)
		{
			given[i].kind = SML_VALUE_TEXT;
			given[i].text = ml_json_text(value);
		}
		else
			given[i].kind = value->type == jbvNull ? SML_VALUE_NULL : SML_VALUE_OTHER;
	}
	/* what goes with classes is not offered to a regression */
	ML_CHECK(env, sml_options_fill(env, learner, given, (size_t) options->param_count, others,
								   learner->tasks == SML_REGRESSION ? 0 : lengthof(others), numbers),
			 "train");
	return numbers;
}

double *
ml_options_class_weights(MlOptions *options, const SmlEncoder *encoder)
{
	double *weights;
	double  rows = 0;

	if (!options->balanced && options->class_weights == NULL)
		return NULL;
	weights = palloc(sizeof(double) * encoder->class_count);
	for (size_t k = 0; k < encoder->class_count; k++)
		rows += (double) encoder->class_counts[k];
	for (size_t k = 0; k < encoder->class_count; k++)
		weights[k] = options->balanced ? rows / ((double) encoder->class_count * (double) encoder->class_counts[k]) : 1.0;
	for (int i = 0; i < options->class_weight_count; i++)
	{
		const char *class = options->class_weights[i].key;
		size_t      k = sml_encoder_class(encoder, (SmlText){class, (int32_t) strlen(class)});
		double      weight;

		if (k == SML_NO_LEVEL)
			ml_unknown_class("class_weight", class, sml_encoder_shown(encoder), encoder->shown ? 0 : (int) encoder->class_count);
		if (!ml_json_number(&options->class_weights[i].value, &weight) || !(weight > 0))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("class_weight of class \"%s\" must be a number above 0", class)));
		weights[k] = weight;
	}
	return weights;
}
