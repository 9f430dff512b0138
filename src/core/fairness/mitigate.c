/*
 * mitigate.c - the methods of mitigate.h but the reductions.
 *
 * Cost: the plain fit, one pass over the rows for labels (and one for group means), and a fit that starts from
 * the plain one; 16 to 40 bytes a row beside the store.  Nothing is random.
 */
#include "mitigate.h"

#include <math.h>
#include <string.h>

#include "../blas.h"
#include "../model/classifier.h"

static const char *const names[] = {"reweigh", "penalty", "exponentiated_gradient", "correlation_remover", "group_smote"};

/* Strength when none is asked for; reductions have none. */
static const double strengths[] = {1, 100, NAN, 1, NAN};

const char *
sml_mitigation_name(SmlMitigation method)
{
	return (size_t) method < sizeof(names) / sizeof(names[0]) ? names[method] : NULL;
}

void
sml_mitigated_free(SmlEnv *env, SmlMitigated *result)
{
	if (result == NULL)
		return;
	sml_fit_free(env, result->plain);
	sml_fit_free(env, result->fair);
	sml_free(env, result);
}

size_t
sml_constraint_events(SmlConstraint constraint)
{
	return constraint == SML_EQUALIZED_ODDS ? 2 : 1;
}

int32_t
sml_constraint_cell(SmlConstraint constraint, bool positive_is_favorable, size_t groups, int32_t group, bool positive)
{
	if (group < 0)
		return -1;
	if (constraint == SML_EQUALIZED_ODDS)
		return (positive ? (int32_t) groups : 0) + group;
	if (constraint == SML_EQUAL_OPPORTUNITY && positive != positive_is_favorable)
		return -1;
	return group;
}

/* ---- the rows ------------------------------------------------------------------------- */

static SmlStatus
read_block(void *context, size_t start, const SmlBlock *block)
{
	SmlMitigationRows *rows = context;

	memcpy(rows->label + start, block->y, block->rows * sizeof(double));
	for (size_t i = 0; i < block->rows; i++)
		rows->weight[start + i] = block->w ? block->w[i] : 1;
	return SML_OK;
}

SmlStatus
sml_mitigation_rows(SmlEnv *env, const SmlMitigationJob *job, SmlMitigationRows *rows)
{
	SmlStatus status;

	*rows = (SmlMitigationRows) {.count = sml_store_rows(job->store)};
	SML_TRY(sml_alloc_array(env, rows->count, sizeof(double), &rows->label));
	SML_TRY(sml_alloc_array(env, rows->count, sizeof(double), &rows->weight));
	SML_TRY(sml_store_each(env, job->store, job->plan, read_block, rows));
done:
	if (status != SML_OK)
		sml_mitigation_rows_free(env, rows);
	return status;
}

void
sml_mitigation_rows_free(SmlEnv *env, SmlMitigationRows *rows)
{
	sml_free(env, rows->label);
	sml_free(env, rows->weight);
	*rows = (SmlMitigationRows) {0};
}

/* ---- reweighing ------------------------------------------------------------------------- */

SmlStatus
sml_reweigh(SmlEnv *env, const int32_t *group, size_t groups, const double *label, size_t labels, const double *weight,
			size_t count, double strength, double *factor)
{
	double   *cell = NULL;  /* groups x labels */
	double   *of_group = NULL;
	double   *of_label = NULL;
	double    total = 0;
	size_t    cells;
	SmlStatus status;

	if (!sml_size_times(groups, labels, &cells))
		return sml_fail(env, SML_NO_MEMORY, "%zu groups and %zu labels do not fit in memory.", groups, labels);
	SML_TRY(sml_alloc_array(env, cells, sizeof(double), &cell));
	SML_TRY(sml_alloc_array(env, groups, sizeof(double), &of_group));
	SML_TRY(sml_alloc_array(env, labels, sizeof(double), &of_label));
	for (size_t i = 0; i < count; i++)
	{
		if (group[i] < 0)
			continue;
		cell[(size_t) group[i] * labels + (size_t) label[i]] += weight[i];
		of_group[group[i]] += weight[i];
		of_label[(size_t) label[i]] += weight[i];
		total += weight[i];
	}
	SML_TRY(sml_poll(env));
	for (size_t i = 0; i < count; i++)
	{
		double expected;

		factor[i] = 1;
		if (group[i] < 0)
			continue;
		expected = of_group[group[i]] * of_label[(size_t) label[i]] / total;
		factor[i] = pow(expected / cell[(size_t) group[i] * labels + (size_t) label[i]], strength);
	}
done:
	sml_free(env, cell);
	sml_free(env, of_group);
	sml_free(env, of_label);
	return status;
}

/* ---- correlation remover ------------------------------------------------------------------- */

typedef struct Means
{
	const int32_t *group;
	size_t         terms;
	double        *sum;    /* groups x terms */
	double        *weight; /* groups */
	double        *all;    /* terms: over rows of known groups */
	double         total;
} Means;

static SmlStatus
add_means(void *context, size_t start, const SmlBlock *block)
{
	Means *means = context;

	for (size_t i = 0; i < block->rows; i++)
	{
		double  w = block->w ? block->w[i] : 1;
		int32_t g = means->group[start + i];

		if (g < 0)
			continue;
		means->weight[g] += w;
		means->total += w;
		for (size_t j = 0; j < means->terms; j++)
		{
			means->sum[(size_t) g * means->terms + j] += w * block->x[i * means->terms + j];
			means->all[j] += w * block->x[i * means->terms + j];
		}
	}
	return SML_OK;
}

/* What is left of this squared length of a direction, of one, counts as none: it follows from the others. */
#define NO_DIRECTION 1e-10

/*
 * Differences of the groups' means from the mean of all, made into directions of length one at right
 * angles (Gram-Schmidt, twice for the digits): one fewer than groups.
 */
static SmlStatus
find_basis(SmlEnv *env, const SmlMitigationJob *job, double **basis, size_t *directions)
{
	Means     means = {.group = job->group, .terms = job->plan->encoder->term_count};
	size_t    cells;
	size_t    found = 0;
	SmlStatus status;

	if (!sml_size_times(job->groups, means.terms, &cells))
		return sml_fail(env, SML_NO_MEMORY, "%zu groups and %zu terms do not fit in memory.", job->groups, means.terms);
	SML_TRY(sml_alloc_array(env, cells, sizeof(double), &means.sum));
	SML_TRY(sml_alloc_array(env, job->groups, sizeof(double), &means.weight));
	SML_TRY(sml_alloc_array(env, means.terms, sizeof(double), &means.all));
	SML_TRY(sml_store_each(env, job->store, job->plan, add_means, &means));
	for (size_t g = 0; g < job->groups; g++)
	{
		double *from = means.sum + g * means.terms;
		double *to = means.sum + found * means.terms;
		double  before = 0;
		double  after;

		SML_TRY(sml_poll(env));
		if (!(means.weight[g] > 0))
			continue;
		for (size_t j = 0; j < means.terms; j++)
			to[j] = from[j] / means.weight[g] - means.all[j] / means.total;
		before = sml_dot(means.terms, to, to);
		for (size_t again = 0; again < 2; again++)
			for (size_t d = 0; d < found; d++)
			{
				const double *earlier = means.sum + d * means.terms;
				double        along = sml_dot(means.terms, earlier, to);

				for (size_t j = 0; j < means.terms; j++)
					to[j] -= along * earlier[j];
			}
		after = sml_dot(means.terms, to, to);
		if (!(after > NO_DIRECTION * before))
			continue;
		for (size_t j = 0; j < means.terms; j++)
			to[j] /= sqrt(after);
		found++;
	}
	*basis = means.sum;
	*directions = found;
	means.sum = NULL;
done:
	sml_free(env, means.sum);
	sml_free(env, means.weight);
	sml_free(env, means.all);
	return status;
}

void
sml_restate_coefficients(const SmlEncoder *encoder, SmlFit *fit)
{
	for (size_t k = 0; k < fit->outputs; k++)
	{
		const double *coded = fit->coded + k * (1 + fit->terms);
		double       *estimate = fit->estimate + k * (1 + fit->terms);

		estimate[0] = coded[0];
		for (size_t j = 0; j < fit->terms; j++)
		{
			const SmlTerm *term = &encoder->terms[j];

			/* a column that was left out takes part again, unless it is constant */
			fit->dropped[j] = term->constant;
			estimate[1 + j] = term->constant ? NAN : coded[1 + j] / term->scale;
			if (!term->constant)
				estimate[0] -= coded[1 + j] * term->center / term->scale;
		}
	}
}

/* Put the map into the coefficients: x'(I - share QQ') b. */
static void
fold_basis(const SmlMitigationJob *job, const SmlStoreChange *change, SmlFit *fit)
{
	for (size_t k = 0; k < fit->outputs; k++)
	{
		double *coded = fit->coded + k * (1 + fit->terms);

		for (size_t d = 0; d < change->directions; d++)
		{
			const double *direction = change->basis + d * fit->terms;
			double        along = change->share * sml_dot(fit->terms, direction, coded + 1);

			for (size_t j = 0; j < fit->terms; j++)
				coded[1 + j] -= along * direction[j];
		}
	}
	sml_restate_coefficients(job->plan->encoder, fit);
}

/* ---- training --------------------------------------------------------------------------------- */

/* Fit "plan" under "change" and take the result. */
static SmlStatus
fit_changed(SmlEnv *env, const SmlMitigationJob *job, const SmlPlan *plan, const SmlStoreChange *change, SmlVerdict *last, SmlFit **fit)
{
	SmlNotes *notes = job->notes;
	SmlState *state = NULL;
	SmlStatus status;

	SML_TRY(sml_store_train_changed(env, job->store, plan, change, last, &state, job->progress, job->progress_context));
	SML_TRY(job->plan->learner->result(env, state, job->term_name, job->name_context, notes, fit));
done:
	if (state != NULL)
		job->plan->learner->free(env, state);
	return status;
}

static SmlStatus
train_reweighed(SmlEnv *env, const SmlMitigationJob *job, const SmlMitigationRows *rows, double strength, SmlState *plain,
				SmlMitigated *result)
{
	SmlStoreChange change = {.weighted = true, .warm = plain};
	size_t         labels = job->plan->task == SML_BINARY ? 2 : job->plan->encoder->class_count;
	double        *factor = NULL;
	SmlStatus      status;

	SML_TRY(sml_alloc_array(env, rows->count, sizeof(double), &factor));
	SML_TRY(sml_reweigh(env, job->group, job->groups, rows->label, labels, rows->weight, rows->count, strength, factor));
	change.weight = factor;
	SML_TRY(fit_changed(env, job, job->plan, &change, &result->last, &result->fair));
done:
	sml_free(env, factor);
	return status;
}

/*
 * Rare levels that separate the classes are found column by column, and after the map no column is a level any more: so
 * the small ridge that they would get goes to all columns, unless there is a penalty already.
 */
static SmlStatus
add_ridge(SmlEnv *env, const SmlMitigationJob *job, const SmlMitigationRows *rows, SmlPlan *plan)
{
	const SmlLearner *learner = job->plan->learner;
	double            total = 0;
	SmlStatus         status;

	*plan = *job->plan;
	plan->options = NULL;
	status = sml_alloc_array(env, learner->option_count, sizeof(double), &plan->options);
	if (status != SML_OK)
		return status;
	memcpy(plan->options, job->plan->options, learner->option_count * sizeof(double));
	for (size_t i = 0; i < rows->count; i++)
		total += rows->weight[i];
	for (size_t o = 0; o < learner->option_count; o++)
		if (strcmp(learner->options[o].name, "l2") == 0 && plan->options[o] == 0)
			plan->options[o] = SML_SEPARATION_RIDGE * total;
	return SML_OK;
}

static SmlStatus
train_decorrelated(SmlEnv *env, const SmlMitigationJob *job, const SmlMitigationRows *rows, double strength, SmlState *plain,
				   SmlMitigated *result)
{
	SmlStoreChange change = {.share = strength, .warm = plain};
	SmlPlan        plan = {.options = NULL};
	double        *basis = NULL;
	SmlStatus      status;

	SML_TRY(find_basis(env, job, &basis, &change.directions));
	SML_TRY(add_ridge(env, job, rows, &plan));
	change.basis = basis;
	SML_TRY(fit_changed(env, job, &plan, &change, &result->last, &result->fair));
	fold_basis(job, &change, result->fair);
done:
	sml_free(env, plan.options);
	sml_free(env, basis);
	return status;
}

static SmlStatus
train_penalised(SmlEnv *env, const SmlMitigationJob *job, const SmlMitigationRows *rows, double strength, SmlState *plain,
				SmlMitigated *result)
{
	const SmlMitigationWish *wish = job->wish;
	SmlStoreChange           change = {.warm = plain, .parity = strength, .parity_groups = job->groups};
	int32_t                 *cell = NULL;
	SmlStatus                status;

	SML_TRY(sml_alloc_array(env, rows->count, sizeof(int32_t), &cell));
	for (size_t i = 0; i < rows->count; i++)
		cell[i] = sml_constraint_cell(wish->constraint, wish->positive_is_favorable, job->groups, job->group[i], rows->label[i] == 1);
	change.cell = cell;
	change.parity_events = sml_constraint_events(wish->constraint);
	SML_TRY(fit_changed(env, job, job->plan, &change, &result->last, &result->fair));
done:
	sml_free(env, cell);
	return status;
}

static SmlStatus
train_on_more(SmlEnv *env, const SmlMitigationJob *job, SmlState *plain, SmlMitigated *result)
{
	SmlStoreChange change = {.warm = plain};
	SmlStatus      status;

	SML_TRY(sml_group_smote(env, job, &result->made));
	SML_TRY(fit_changed(env, job, job->plan, &change, &result->last, &result->fair));
done:
	return status;
}

/* Whether the method can do this; two groups or more must have rows. */
static SmlStatus
check(SmlEnv *env, const SmlMitigationJob *job)
{
	int32_t first = -1;

	if (job->plan->task == SML_REGRESSION)
		return sml_fail(env, SML_BAD_INPUT, "Fairness in training needs a target with classes.");
	if ((job->wish->method == SML_PENALTY || job->wish->method == SML_EXPONENTIATED_GRADIENT) &&
		(job->plan->task != SML_BINARY || strcmp(job->plan->learner->name, "logistic") != 0))
		return sml_fail(env, SML_BAD_INPUT, "The method \"%s\" is for two classes and logistic regression.",
						sml_mitigation_name(job->wish->method));
	for (size_t i = 0; i < sml_store_rows(job->store); i++)
	{
		if (job->group[i] < 0 || job->group[i] == first)
			continue;
		if (first >= 0)
			return SML_OK;
		first = job->group[i];
	}
	return sml_fail(env, SML_BAD_INPUT, first < 0 ? "No training row has a known group." : "All training rows are of one group.");
}

/* Standard errors are those of the plain likelihood, which these fits do not maximise. */
static SmlStatus
drop_inference(SmlEnv *env, SmlFit *fit, const char *why)
{
	for (size_t i = 0; i < fit->outputs * (1 + fit->terms); i++)
		fit->std_error[i] = NAN;
	sml_free(env, fit->no_inference);
	fit->no_inference = NULL;
	return sml_copy_text(env, why, strlen(why), &fit->no_inference);
}

typedef struct Losses
{
	size_t        rows;  /* those that were there before any synthetic one */
	size_t        terms;
	const double *coded;
	double        loss;
	double        weight;
} Losses;

static SmlStatus
add_losses(void *context, size_t start, const SmlBlock *block)
{
	Losses *losses = context;

	for (size_t i = 0; i < block->rows && start + i < losses->rows; i++)
	{
		double link = losses->coded[0] + sml_dot(losses->terms, losses->coded + 1, block->x + i * losses->terms);
		double margin = block->y[i] == 1 ? link : -link;
		double w = block->w ? block->w[i] : 1;

		losses->loss += w * (margin > 0 ? log1p(exp(-margin)) : log1p(exp(margin)) - margin);
		losses->weight += w;
	}
	return SML_OK;
}

/* The learner saw other weights, labels or rows: state the figures of the fit on the rows as they are (two classes). */
static SmlStatus
restate(SmlEnv *env, const SmlMitigationJob *job, size_t rows, SmlMitigated *result)
{
	SmlFit   *fit = result->fair;
	Losses    losses = {.rows = rows, .terms = fit->terms, .coded = fit->coded};
	SmlStatus status;

	fit->rows = result->plain->rows;
	fit->weight = result->plain->weight;
	fit->null_loss = result->plain->null_loss;
	if (job->plan->task != SML_BINARY)
		return SML_OK;
	status = sml_store_each(env, job->store, job->plan, add_losses, &losses);
	fit->loss = losses.loss / losses.weight;
	fit->log_likelihood = -losses.loss;
	return status;
}

static SmlStatus
train_by_method(SmlEnv *env, const SmlMitigationJob *job, const SmlMitigationRows *rows, SmlState **plain, SmlMitigated *result)
{
	double strength = isnan(job->wish->strength) ? strengths[job->wish->method] : job->wish->strength;

	switch (job->wish->method)
	{
		case SML_REWEIGH:
			return train_reweighed(env, job, rows, strength, *plain, result);
		case SML_PENALTY:
			return train_penalised(env, job, rows, strength, *plain, result);
		case SML_EXPONENTIATED_GRADIENT:
			return sml_reduce(env, job, rows, plain, result);
		case SML_CORRELATION_REMOVER:
			return train_decorrelated(env, job, rows, strength, *plain, result);
		case SML_GROUP_SMOTE:
			return train_on_more(env, job, *plain, result);
	}
	return sml_fail(env, SML_BAD_OPTION, "There is no such method.");
}

SmlStatus
sml_mitigate(SmlEnv *env, const SmlMitigationJob *job, SmlMitigated **result)
{
	SmlMitigated     *made = NULL;
	SmlMitigationRows rows = {0};
	SmlState         *plain = NULL;
	SmlNotes          unsaid = {0};
	SmlStatus         status;

	SML_TRY(check(env, job));
	SML_TRY(sml_alloc_array(env, 1, sizeof(SmlMitigated), &made));
	made->shift = made->gap = made->error = made->accuracy = NAN;
	SML_TRY(sml_store_train_changed(env, job->store, job->plan, NULL, &made->last, &plain, job->progress, job->progress_context));
	SML_TRY(job->plan->learner->result(env, plain, job->term_name, job->name_context, &unsaid, &made->plain));
	SML_TRY(sml_mitigation_rows(env, job, &rows));
	SML_TRY(train_by_method(env, job, &rows, &plain, made));
	SML_TRY(restate(env, job, rows.count, made));
	if (job->wish->method != SML_REWEIGH)
		/* with synthetic rows they would pass for more certain than they are */
		SML_TRY(drop_inference(env, made->fair, "standard errors are not known under this fairness method"));
	*result = made;
	made = NULL;
done:
	sml_mitigated_free(env, made);
	sml_mitigation_rows_free(env, &rows);
	sml_notes_free(env, &unsaid);
	if (plain != NULL)
		job->plan->learner->free(env, plain);
	return status;
}
