/*
 * group_smote.c - SMOTE in the cells of group and label, so that in every group the labels have the shares
 * that they have overall: what reweighing does with weights, with rows.
 *
 * Cells only grow: of group g every label y gets s(g) n(y) rows, s(g) the largest n(g,y) / n(y) over its labels,
 * and n(y) the rows of the label in all groups.  Neighbours are of the same cell; a cell of fewer than three
 * rows stays as it is.  Rows of no known group stay as they are and have no part.  A synthetic row has its
 * parent's weight.
 *
 * Cost: a copy of the rows, the neighbour search of resample/, and the new rows in the store.  Draws depend on
 * (seed, cell, number) and the rows' contents, not on their order.
 *
 * Sources: Chawla et al. 2002 for SMOTE; Kamiran and Calders 2012 for the counts (theirs are weights, or rows
 * drawn again); Chakraborty et al. 2021 (Fair-SMOTE) grow all cells to one size instead, which moves the share
 * of positives to a half.
 */
#include "mitigate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../resample/resample.h"

/* A parent and two neighbours. */
#define LEAST_ROWS 3

typedef struct Smote
{
	SmlEnv                 *env;
	const SmlMitigationJob *job;
	size_t                  numbers;   /* feature slots */
	size_t                  labels;
	size_t                  row_numbers; /* all slots of a kept row */
	size_t                  row_labels;
	size_t                  classes;
	double                 *number;    /* rows x row_numbers */
	int32_t                *code;      /* rows x row_labels */
	int32_t                *class_of;  /* cell */
	uint64_t               *key;
	size_t                  rows;      /* of known groups */
	SmlClassPlan           *plan;      /* per cell that has rows */
	size_t                 *cell;      /* class of the cases -> cell */
	size_t                  cells;     /* that have rows */
	double                 *new_numbers;
	int32_t                *new_codes;
	size_t                  made;
} Smote;

static size_t
label_of(const Smote *smote, const int32_t *codes)
{
	return (size_t) codes[smote->labels];
}

/* Copy the rows of known groups. */
static SmlStatus
gather(Smote *smote)
{
	const SmlMitigationJob *job = smote->job;
	size_t                  count = sml_store_rows(job->store);
	size_t                  cells;
	SmlStatus               status;

	if (!sml_size_times(count, smote->row_numbers, &cells) || !sml_size_times(count, smote->row_labels, &cells))
		return sml_fail(smote->env, SML_NO_MEMORY, "A copy of %zu rows does not fit in memory.", count);
	SML_TRY(sml_alloc_array(smote->env, count * smote->row_numbers, sizeof(double), &smote->number));
	SML_TRY(sml_alloc_array(smote->env, count * smote->row_labels, sizeof(int32_t), &smote->code));
	SML_TRY(sml_alloc_array(smote->env, count, sizeof(int32_t), &smote->class_of));
	SML_TRY(sml_alloc_array(smote->env, count, sizeof(uint64_t), &smote->key));
	for (size_t i = 0; i < count; i++)
	{
		double  *numbers = smote->number + smote->rows * smote->row_numbers;
		int32_t *codes = smote->code + smote->rows * smote->row_labels;
		const double  *kept_numbers;
		const int32_t *kept_codes;

		if (i % 4096 == 0)
			SML_TRY(sml_poll(smote->env));
		if (job->group[i] < 0)
			continue;
		sml_store_row(job->store, i, &kept_numbers, &kept_codes);
		if (smote->row_numbers > 0)
			memcpy(numbers, kept_numbers, smote->row_numbers * sizeof(double));
		memcpy(codes, kept_codes, smote->row_labels * sizeof(int32_t));
		smote->class_of[smote->rows] = job->group[i] * (int32_t) smote->classes + (int32_t) label_of(smote, codes);
		smote->key[smote->rows++] = job->key[i];
	}
done:
	return status;
}

/* How large each cell is to be; cells without rows are left out and the others numbered anew. */
static SmlStatus
plan_cells(Smote *smote)
{
	SmlEnv   *env = smote->env;
	size_t    groups = smote->job->groups;
	size_t    all = groups * smote->classes;
	double   *n = NULL;
	double   *of_label = NULL;
	int32_t  *number_of = NULL;
	SmlStatus status;

	SML_TRY(sml_alloc_array(env, all, sizeof(double), &n));
	SML_TRY(sml_alloc_array(env, smote->classes, sizeof(double), &of_label));
	SML_TRY(sml_alloc_array(env, all, sizeof(int32_t), &number_of));
	SML_TRY(sml_alloc_array(env, all, sizeof(SmlClassPlan), &smote->plan));
	SML_TRY(sml_alloc_array(env, all, sizeof(size_t), &smote->cell));
	for (size_t i = 0; i < smote->rows; i++)
	{
		n[smote->class_of[i]]++;
		of_label[(size_t) smote->class_of[i] % smote->classes]++;
	}
	for (size_t g = 0; g < groups; g++)
	{
		double largest = 0;

		for (size_t y = 0; y < smote->classes; y++)
			if (of_label[y] > 0)
				largest = fmax(largest, n[g * smote->classes + y] / of_label[y]);
		for (size_t y = 0; y < smote->classes; y++)
		{
			size_t   k = g * smote->classes + y;
			uint64_t present = (uint64_t) n[k];
			uint64_t wanted = (uint64_t) (largest * of_label[y] + 0.5);

			if (present == 0)
				continue;
			number_of[k] = (int32_t) smote->cells;
			smote->cell[smote->cells] = k;
			smote->plan[smote->cells++] = (SmlClassPlan) {present, present < LEAST_ROWS || wanted < present ? present : wanted, false};
		}
	}
	for (size_t i = 0; i < smote->rows; i++)
		smote->class_of[i] = number_of[smote->class_of[i]];
done:
	sml_free(env, n);
	sml_free(env, of_label);
	sml_free(env, number_of);
	return status;
}

static SmlStatus
take_synthetic(void *context, const SmlSynthetic *row)
{
	Smote *smote = context;

	/* target and weight are the parent's */
	memcpy(smote->new_numbers, smote->number + row->parent * smote->row_numbers, smote->row_numbers * sizeof(double));
	memcpy(smote->new_codes, smote->code + row->parent * smote->row_labels, smote->row_labels * sizeof(int32_t));
	if (smote->numbers > 0)
		memcpy(smote->new_numbers, row->numbers, smote->numbers * sizeof(double));
	if (smote->labels > 0)
		memcpy(smote->new_codes, row->codes, smote->labels * sizeof(int32_t));
	smote->made++;
	return sml_store_append(smote->env, smote->job->store, smote->new_numbers, smote->new_codes);
}

/* "yes of group Female" */
static SmlStatus
cell_name(const Smote *smote, size_t cell, char **name)
{
	char        text[128];
	const char *label = smote->job->plan->encoder->classes[cell % smote->classes];
	size_t      group = cell / smote->classes;
	int         length;

	if (smote->job->group_names != NULL)
		length = snprintf(text, sizeof(text), "%s of group %s", label, smote->job->group_names[group]);
	else
		length = snprintf(text, sizeof(text), "%s of group %zu", label, group);
	return sml_copy_text(smote->env, text, length < (int) sizeof(text) ? (size_t) length : sizeof(text) - 1, name);
}

static SmlStatus
make_rows(Smote *smote)
{
	const SmlMitigationWish *wish = smote->job->wish;
	SmlCases                 cases = {.rows = smote->rows, .numbers = smote->numbers, .labels = smote->labels, .class_count = smote->cells};
	SmlResampleSpec          spec = {.kind = SML_RESAMPLE_SMOTE, .k = wish->neighbours, .seed = wish->seed, .standardize = true,
									 .plan = smote->plan, .memory_limit = wish->memory_limit};
	char                   **names = NULL;
	SmlStatus                status;

	SML_TRY(sml_alloc_array(smote->env, smote->cells, sizeof(char *), &names));
	for (size_t c = 0; c < smote->cells; c++)
		SML_TRY(cell_name(smote, smote->cell[c], &names[c]));
	cases.number = smote->number;
	cases.number_stride = smote->row_numbers;
	cases.code = smote->code;
	cases.code_stride = smote->row_labels;
	cases.class_of = smote->class_of;
	cases.key = smote->key;
	spec.class_names = (const char *const *) names;
	SML_TRY(sml_resample(smote->env, &cases, &spec, NULL, take_synthetic, NULL, smote, smote->job->notes));
done:
	for (size_t c = 0; names != NULL && c < smote->cells; c++)
		sml_free(smote->env, names[c]);
	sml_free(smote->env, names);
	return status;
}

SmlStatus
sml_group_smote(SmlEnv *env, const SmlMitigationJob *job, size_t *made)
{
	const SmlLayout *layout = &job->plan->layout;
	Smote            smote = {.env = env, .job = job, .numbers = layout->numbers, .labels = layout->labels};
	SmlStatus        status;

	smote.row_numbers = sml_layout_numbers(layout);
	smote.row_labels = sml_layout_labels(layout);
	smote.classes = job->plan->encoder->class_count;
	SML_TRY(sml_alloc_array(env, smote.row_numbers, sizeof(double), &smote.new_numbers));
	SML_TRY(sml_alloc_array(env, smote.row_labels, sizeof(int32_t), &smote.new_codes));
	SML_TRY(gather(&smote));
	SML_TRY(plan_cells(&smote));
	SML_TRY(make_rows(&smote));
	*made = smote.made;
done:
	sml_free(env, smote.number);
	sml_free(env, smote.code);
	sml_free(env, smote.class_of);
	sml_free(env, smote.key);
	sml_free(env, smote.plan);
	sml_free(env, smote.cell);
	sml_free(env, smote.new_numbers);
	sml_free(env, smote.new_codes);
	return status;
}
