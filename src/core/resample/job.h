/*
 * job.h - one run of resampling on its way through over- and under-sampling; internal to core/resample.
 */
#ifndef SML_RESAMPLE_JOB_H
#define SML_RESAMPLE_JOB_H

#include "neighbours.h"
#include "resample.h"

typedef struct SmlJob
{
	SmlEnv                *env;
	const SmlCases        *cases;
	const SmlResampleSpec *spec;
	SmlRanks               ranks;
	SmlPoints             *all;      /* all rows in the order of ranks.order, when a kind needs them */
	SmlSyntheticSink       sink;
	SmlResampleProgress    progress;
	void                  *context;
	SmlNotes              *notes;
} SmlJob;

/* What a draw is for: draws of different purposes never meet. */
typedef enum SmlPurpose
{
	SML_DRAW_NEIGHBOUR = 1, /* index: ordinal of the new row */
	SML_DRAW_LAMBDA,        /* likewise */
	SML_DRAW_STEP,          /* likewise: borderline2 towards another class */
	SML_DRAW_VOTE,          /* ordinal * labels + column */
	SML_DRAW_NOISE,         /* 2 (ordinal * numbers + column), and one more */
	SML_DRAW_REMAINDER,     /* rank of the possible parent */
	SML_DRAW_KEEP           /* rank of the row */
} SmlPurpose;

double sml_job_draw(const SmlJob *job, SmlPurpose purpose, size_t class_index, uint64_t index);
void sml_job_progress(const SmlJob *job, const char *phase, double share);

/* Make job->all, once. */
SML_MUST_USE SmlStatus sml_job_all_points(SmlJob *job);

/* The synthetic rows of every class that grows, to the sink. */
SML_MUST_USE SmlStatus sml_job_oversample(SmlJob *job);

/* Take rows out of keep[], which is all true on entry. */
SML_MUST_USE SmlStatus sml_job_undersample(SmlJob *job, bool *keep);

/* Tomek links or edited neighbours, rows of the classes that plan marks as cleaned. */
SML_MUST_USE SmlStatus sml_job_clean(SmlJob *job, bool tomek, const bool *cleaned, bool *keep);

#endif
