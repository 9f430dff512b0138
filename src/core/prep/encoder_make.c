/*
 * encoder_make.c - an encoder from a profile; see encoder.h.
 */
#include "encoder_internal.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../options.h"

typedef struct Maker
{
	SmlEnv           *env;
	const SmlProfile *profile;
	SmlNotes         *notes;
	SmlEncoder       *encoder;
	double            rows;
} Maker;

/* ---- names --------------------------------------------------------------------------- */

static SmlStatus
name_feature(SmlEnv *env, const SmlColumn *column, size_t element, SmlFeature *feature)
{
	char      name[512];
	int       length;
	SmlStatus status;

	if (column->elements == 0)
		status = sml_copy_text(env, column->name, strlen(column->name), &feature->name);
	else
	{
		length = snprintf(name, sizeof(name), "%.*s[%zu]", sml_clip(column->name, 400), column->name, element + 1);
		status = sml_copy_text(env, name, (size_t) length, &feature->name);
	}
	if (status == SML_OK)
		status = sml_copy_text(env, column->type, strlen(column->type), &feature->type);
	return status;
}

static SmlStatus
name_features(Maker *maker)
{
	SmlEncoder *encoder = maker->encoder;

	sml_encoder_place(encoder);
	for (size_t i = 0; i < encoder->feature_count; i++)
	{
		SmlFeature      *feature = &encoder->features[i];
		const SmlColumn *column = &encoder->layout.columns[feature->column];
		SmlStatus        status = name_feature(maker->env, column, feature->slot - column->first, feature);

		if (status != SML_OK)
			return status;
	}
	return SML_OK;
}

/* ---- numbers --------------------------------------------------------------------------- */

static SmlStatus
make_number(Maker *maker, SmlFeature *feature, const SmlFeatureWish *wish)
{
	const SmlNumberProfile *number = sml_profile_number(maker->profile, feature->slot);
	bool                    exact = true;
	SmlStatus               status = SML_OK;

	if (number->count == 0)
		return sml_fail(maker->env, SML_BAD_INPUT, "Feature \"%s\" has no value in the training rows.", feature->name);
	feature->missing = number->missing + number->nonfinite;
	feature->nonfinite = number->nonfinite;
	feature->mean = number->mean;
	feature->deviation = sqrt(number->m2 / (double) number->count);
	feature->least = number->least;
	feature->greatest = number->greatest;
	feature->impute = wish != NULL ? wish->impute : SML_IMPUTE_MEAN;
	feature->impute_value = number->mean;
	if (feature->impute == SML_IMPUTE_CONSTANT)
		feature->impute_value = wish->constant;
	if (!isfinite(feature->impute_value))
		return sml_fail(maker->env, SML_BAD_INPUT, "The value to impute for \"%s\" is not a finite number.", feature->name);
	if (feature->impute == SML_IMPUTE_MEDIAN)
		status = sml_profile_quantile(maker->env, maker->profile, feature->slot, 0.5, &feature->impute_value, &exact);
	if (status == SML_OK && !exact)
		status = sml_note(maker->env, maker->notes, "The median of \"%s\" is an estimate from a sample of its values.", feature->name);
	if (status == SML_OK && number->nonfinite > 0)
		status = sml_note(maker->env, maker->notes, "%llu values of \"%s\" are NaN or infinite and were treated as missing.",
						  (unsigned long long) number->nonfinite, feature->name);
	feature->term_count = feature->missing > 0 ? 2 : 1;
	return status;
}

/* ---- labels ------------------------------------------------------------------------------- */

static int
by_count(const void *a, const void *b)
{
	const SmlLevel *x = a;
	const SmlLevel *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->text, y->text);
}

static int
by_text(const void *a, const void *b)
{
	const SmlLevel *x = a;
	const SmlLevel *y = b;

	return strcmp(x->text, y->text);
}

static int
by_number(const void *a, const void *b)
{
	double x = strtod(((const SmlLevel *) a)->text, NULL);
	double y = strtod(((const SmlLevel *) b)->text, NULL);

	return x != y ? (x > y) - (x < y) : by_text(a, b);
}

/* Put levels into a given order (an enum's); those that it does not name go last, in byte order. */
static void
order_as_given(SmlLevel *levels, size_t count, const char *const *order, size_t order_count)
{
	size_t done = 0;

	for (size_t o = 0; o < order_count; o++)
		for (size_t i = done; i < count; i++)
			if (strcmp(levels[i].text, order[o]) == 0)
			{
				SmlLevel swap = levels[i];

				memmove(&levels[done + 1], &levels[done], (i - done) * sizeof(SmlLevel));
				levels[done++] = swap;
				break;
			}
}

static SmlStatus
append_level(Maker *maker, SmlFeature *feature, const char *text, size_t length, uint64_t count)
{
	SmlStatus status = sml_copy_text(maker->env, text, length, &feature->levels[feature->level_count]);

	if (status == SML_OK)
		feature->counts[feature->level_count++] = count;
	return status;
}

static SmlStatus
choose_reference(Maker *maker, SmlFeature *feature, const char *wanted, bool secret)
{
	const char *close;

	feature->reference = 0;
	if (wanted == NULL)
		return SML_OK;
	for (size_t k = 0; k < feature->level_count; k++)
		if (strcmp(feature->levels[k], wanted) == 0)
		{
			feature->reference = k;
			return SML_OK;
		}
	if (secret)
		return sml_fail(maker->env, SML_BAD_INPUT, "Column \"%s\" has no such level to be the reference.", feature->name);
	close = sml_closest(wanted, (const char *const *) feature->levels, feature->level_count);
	return sml_fail(maker->env, SML_BAD_INPUT, "Column \"%s\" has no level \"%s\" to be the reference; %s is \"%s\".",
					feature->name, wanted, close != NULL ? "the closest" : "its first level", close != NULL ? close : feature->levels[0]);
}

/* The rows that a list of levels does not account for. */
static uint64_t
rows_elsewhere(const Maker *maker, const SmlFeature *feature)
{
	uint64_t total = (uint64_t) maker->rows;

	for (size_t k = 0; k < feature->level_count; k++)
		total -= feature->counts[k];
	return total;
}

static SmlStatus
make_label(Maker *maker, SmlFeature *feature, const SmlFeatureWish *wish)
{
	SmlEnv   *env = maker->env;
	SmlLevel *levels = NULL;
	size_t    count;
	size_t    most = wish != NULL && wish->max_levels > 0 ? wish->max_levels : SML_MAX_LEVELS;
	size_t    kept;
	uint64_t  missing = sml_profile_label_missing(maker->profile, feature->slot);
	bool      exact;
	double    distinct = sml_profile_distinct(maker->profile, feature->slot, &exact);
	SmlStatus status;

	SML_TRY(sml_profile_levels(env, maker->profile, feature->slot, &levels, &count));
	if (count == 0)
	{
		status = sml_fail(env, SML_BAD_INPUT, "Feature \"%s\" has no value in the training rows.", feature->name);
		goto done;
	}
	feature->missing = missing;
	kept = count < most ? count : most;
	if (kept < count)
		qsort(levels, count, sizeof(SmlLevel), by_count);
	qsort(levels, kept, sizeof(SmlLevel), by_text);
	if (wish != NULL && wish->order != NULL)
		order_as_given(levels, kept, wish->order, wish->order_count);
	SML_TRY(sml_alloc_array(env, kept + 2, sizeof(char *), &feature->levels));
	SML_TRY(sml_alloc_array(env, kept + 2, sizeof(uint64_t), &feature->counts));
	for (size_t k = 0; k < kept; k++)
		SML_TRY(append_level(maker, feature, levels[k].text, levels[k].length, levels[k].count));
	if (missing > 0)
	{
		feature->missing_level = feature->level_count;
		SML_TRY(append_level(maker, feature, SML_LEVEL_MISSING, strlen(SML_LEVEL_MISSING), missing));
	}
	if (kept < count || !exact)
	{
		uint64_t rest = rows_elsewhere(maker, feature);

		feature->other_distinct = distinct > (double) kept ? (uint64_t) llround(distinct) - kept : 1;
		feature->other_level = feature->level_count;
		SML_TRY(append_level(maker, feature, SML_LEVEL_OTHER, strlen(SML_LEVEL_OTHER), rest));
		SML_TRY(sml_note(env, maker->notes, "Column \"%s\" has %s%.0f distinct values; the %zu most frequent have a term of "
						 "their own, the others (%llu rows) share the level (other).", feature->name, exact ? "" : "about ", distinct, kept,
						 (unsigned long long) rest));
	}
	SML_TRY(choose_reference(maker, feature, wish != NULL ? wish->reference : NULL, sml_encoder_secret(maker->encoder, feature->slot)));
	feature->term_count = feature->level_count - 1;
done:
	sml_free(env, levels);
	return status;
}

/* ---- terms ------------------------------------------------------------------------------------ */

/* Center and scale of an indicator that is 1 in "count" of the rows. */
static void
scale_indicator(const Maker *maker, SmlTerm *term, uint64_t count)
{
	double share = (double) count / maker->rows;

	term->center = share;
	term->scale = sqrt(share * (1 - share));
}

/* Of a number with its missing values imputed. */
static void
scale_value(const Maker *maker, const SmlFeature *feature, SmlTerm *term)
{
	double observed = (double) (maker->rows - (double) feature->missing);
	double share = observed / maker->rows;
	double gap = feature->impute_value - feature->mean;

	term->center = feature->mean + gap * (1 - share);
	term->scale = sqrt(share * feature->deviation * feature->deviation + share * (1 - share) * gap * gap);
	/* what is left of a constant column after rounding is not variation */
	if (term->scale <= 1e-14 * fabs(term->center))
		term->scale = 0;
}

/* Whether values differ although their squared deviations, as double precision has them, sum to 0 or to infinity. */
static bool
is_out_of_scale(const SmlNumberProfile *number)
{
	return number->count > 0 && number->least < number->greatest && (number->m2 < DBL_MIN || !isfinite(number->m2)) &&
		   !(number->greatest - number->least <= 1e-14 * fabs(number->mean));
}

static SmlStatus
note_constant(Maker *maker, const SmlFeature *feature)
{
	const char *effect = feature->term_count > 1 ? "only whether it is missing has an effect" : "it has no effect";

	if (feature->kind == SML_NUMBER && is_out_of_scale(sml_profile_number(maker->profile, feature->slot)))
		return sml_note(maker->env, maker->notes, "Column \"%s\" varies too little or too much for squares in double precision: %s; "
						"multiply it by a constant.", feature->name, effect);
	return sml_note(maker->env, maker->notes, "Column \"%s\" is constant in the training rows: %s.", feature->name, effect);
}

static SmlStatus
make_terms(Maker *maker)
{
	SmlEncoder *encoder = maker->encoder;
	SmlStatus   status;
	size_t      n = 0;

	status = sml_alloc_array(maker->env, encoder->term_count, sizeof(SmlTerm), &encoder->terms);
	if (status != SML_OK)
		return status;
	for (size_t i = 0; i < encoder->feature_count; i++)
	{
		const SmlFeature *feature = &encoder->features[i];

		for (size_t k = 0; k < feature->term_count; k++, n++)
		{
			SmlTerm *term = &encoder->terms[n];

			term->feature = i;
			term->kind = feature->kind == SML_LABEL ? SML_TERM_LEVEL : k == 0 ? SML_TERM_VALUE : SML_TERM_MISSING;
			term->level = k < feature->reference ? k : k + 1;
			if (term->kind == SML_TERM_VALUE)
				scale_value(maker, feature, term);
			else
				scale_indicator(maker, term, term->kind == SML_TERM_LEVEL ? feature->counts[term->level] : feature->missing);
			if (term->kind != SML_TERM_LEVEL)
				term->level = 0;
			term->constant = !(term->scale > 0) || !isfinite(term->scale) || !isfinite(1 / term->scale) ||
				!isfinite(term->center / term->scale);
			if (term->constant)
				term->scale = 1;
			if (term->constant && term->kind == SML_TERM_VALUE)
				status = note_constant(maker, feature);
			if (status != SML_OK)
				return status;
		}
		if (feature->term_count == 0)
			status = note_constant(maker, feature);
		if (status != SML_OK)
			return status;
	}
	return SML_OK;
}

/* Every feature constant: there is nothing to learn from. */
static SmlStatus
check_variation(const Maker *maker)
{
	const SmlEncoder *encoder = maker->encoder;

	for (size_t j = 0; j < maker->encoder->term_count; j++)
		if (!maker->encoder->terms[j].constant)
			return SML_OK;
	for (size_t i = 0; i < encoder->feature_count; i++)
		if (encoder->features[i].kind == SML_NUMBER && is_out_of_scale(sml_profile_number(maker->profile, encoder->features[i].slot)))
			return sml_fail(maker->env, SML_BAD_INPUT, "No feature varies in the training rows as far as squares in double precision show; "
							"multiply \"%s\" by a constant.", encoder->features[i].name);
	return sml_fail(maker->env, SML_BAD_INPUT, "Every feature is constant in the training rows.");
}

/* ---- target ------------------------------------------------------------------------------------ */

/* Whether all of a text reads as a finite number. */
static bool
is_number(const char *text)
{
	char  *end;
	double value;

	if (text[0] == '\0' || text[0] == ' ')
		return false;
	value = strtod(text, &end);
	return *end == '\0' && isfinite(value);
}

static SmlStatus
make_classes(Maker *maker, const char *const *order, size_t order_count)
{
	SmlEncoder *encoder = maker->encoder;
	SmlEnv     *env = maker->env;
	SmlLevel   *levels = NULL;
	size_t      count;
	size_t      slot = sml_layout_target(&encoder->layout);
	bool        exact;
	bool        numbers = true;
	SmlStatus   status;

	(void) sml_profile_distinct(maker->profile, slot, &exact);
	SML_TRY(sml_profile_levels(env, maker->profile, slot, &levels, &count));
	if (!exact)
	{
		status = sml_fail(env, SML_BAD_INPUT, "The target has more than %d classes.", SML_SKETCH_SIZE);
		goto done;
	}
	if (count < 2)
	{
		status = sml_fail(env, SML_BAD_INPUT, "The target has only one class in the training rows: \"%s\".",
						  count < 1 ? "" : encoder->layout.secret_target ? SML_SECRET_NAME : levels[0].text);
		goto done;
	}
	for (size_t k = 0; k < count; k++)
		numbers = numbers && is_number(levels[k].text);
	if (order != NULL)
		order_as_given(levels, count, order, order_count);
	else if (numbers)
		qsort(levels, count, sizeof(SmlLevel), by_number);
	SML_TRY(sml_alloc_array(env, count, sizeof(char *), &encoder->classes));
	SML_TRY(sml_alloc_array(env, count, sizeof(uint64_t), &encoder->class_counts));
	if (encoder->layout.secret_target)
		SML_TRY(sml_alloc_array(env, count, sizeof(char *), &encoder->shown));
	for (size_t k = 0; k < count; k++)
	{
		encoder->class_counts[k] = levels[k].count;
		SML_TRY(sml_copy_text(env, levels[k].text, levels[k].length, &encoder->classes[k]));
		if (encoder->shown != NULL)
			encoder->shown[k] = SML_SECRET_NAME;
		encoder->class_count = k + 1;
	}
done:
	sml_free(env, levels);
	return status;
}

static SmlStatus
make_target(Maker *maker, const char *const *order, size_t order_count)
{
	SmlEncoder *encoder = maker->encoder;

	encoder->target_scale = 1;
	if (encoder->layout.target == SML_TARGET_CLASS)
		return make_classes(maker, order, order_count);
	if (encoder->layout.target == SML_TARGET_NUMBER)
	{
		const SmlNumberProfile *number = sml_profile_number(maker->profile, sml_layout_target(&encoder->layout));
		double                  deviation = sqrt(number->m2 / (double) number->count);

		if (is_out_of_scale(number))
			return sml_fail(maker->env, SML_BAD_INPUT, "The target varies too little or too much for squares in double precision; "
							"multiply it by a constant.");
		encoder->target_center = number->mean;
		if (deviation > 0 && isfinite(deviation))
			encoder->target_scale = deviation;
	}
	return SML_OK;
}

/* ---- the whole ------------------------------------------------------------------------------------- */

SmlStatus
sml_encoder_make(SmlEnv *env, const SmlLayout *layout, const SmlProfile *profile,
				 const SmlFeatureWish *wishes, const char *const *class_order, size_t class_order_count,
				 SmlNotes *notes, SmlEncoder **encoder)
{
	Maker       maker = {env, profile, notes, NULL, (double) sml_profile_rows(profile, SML_USED)};
	SmlEncoder *fresh = NULL;
	SmlStatus   status;

	if (maker.rows == 0)
		return sml_fail(env, SML_BAD_INPUT, "There are no rows to learn from.");
	SML_TRY(sml_alloc_array(env, 1, sizeof(SmlEncoder), &fresh));
	maker.encoder = fresh;
	fresh->rows = sml_profile_rows(profile, SML_USED);
	SML_TRY(sml_layout_copy(env, layout, &fresh->layout));
	SML_TRY(sml_alloc_array(env, layout->numbers + layout->labels, sizeof(SmlFeature), &fresh->features));
	fresh->feature_count = layout->numbers + layout->labels;
	SML_TRY(name_features(&maker));
	for (size_t i = 0; i < fresh->feature_count; i++)
	{
		SmlFeature           *feature = &fresh->features[i];
		const SmlFeatureWish *wish = wishes != NULL ? &wishes[i] : NULL;

		SML_TRY(sml_poll(env));
		if (feature->kind == SML_NUMBER)
			SML_TRY(make_number(&maker, feature, wish));
		else
			SML_TRY(make_label(&maker, feature, wish));
		fresh->term_count += feature->term_count;
	}
	SML_TRY(make_terms(&maker));
	SML_TRY(check_variation(&maker));
	SML_TRY(make_target(&maker, class_order, class_order_count));
	SML_TRY(sml_encoder_index(env, fresh));
	*encoder = fresh;
	return SML_OK;
done:
	sml_encoder_free(env, fresh);
	return status;
}
