/*
 * profile.h - what is learned about the columns in the first scan.
 *
 * For each number: how many, how many missing, NaN or infinite, mean and
 * deviation (sums shifted by a constant, merged by Chan, Golub and LeVeque
 * 1983), least and greatest, and if asked a sample for quantiles.  For each
 * label: a dictionary with counts.  For the target: its mean, or its classes.
 * Optionally the whole matrix of cross moments of the numbers (see moments.h),
 * so that a least-squares fit needs no second scan.
 *
 * Memory does not grow with the rows.  A dictionary keeps at most
 * SML_SKETCH_SIZE values, those with the smallest hashes (bottom-k): while
 * fewer distinct values than that were seen it is complete and its counts
 * exact; beyond, what it keeps is a uniform sample of the distinct values, the
 * counts of the kept values are still exact, and the number of distinct values
 * is an estimate.  What is kept does not depend on the order of the rows.
 *
 * Rows without a target, without a weight or with weight 0 are counted and
 * left out.  NaN and infinities are counted and then treated as missing.
 * A negative or non-finite weight is SML_BAD_INPUT.
 */
#ifndef SML_PROFILE_H
#define SML_PROFILE_H

#include "row.h"

#define SML_SKETCH_SIZE 10000

/* A dictionary, or a bottom-k sample of one.  Numbers are kept by their 8 bytes. */
typedef struct SmlSketch SmlSketch;

typedef struct SmlNumberProfile
{
	uint64_t count;     /* finite values among the rows used */
	uint64_t missing;   /* SQL NULL */
	uint64_t nonfinite; /* NaN and infinities */
	double   mean;      /* of the finite values; 0 when there are none */
	double   m2;        /* sum of squared deviations from the mean */
	double   least;
	double   greatest;
} SmlNumberProfile;

typedef struct SmlProfileSpec
{
	bool        moments;   /* keep the cross moments of numbers and numeric target */
	const bool *quantiles; /* per numeric feature: keep a sample; NULL: none */
} SmlProfileSpec;

typedef struct SmlProfile SmlProfile;

/* Why a row was not used. */
typedef enum SmlUse
{
	SML_USED = 0,
	SML_SKIPPED_TARGET,  /* target missing, or a number that is not finite */
	SML_SKIPPED_WEIGHT,  /* weight missing or zero */
	SML_USE_COUNT
} SmlUse;

/*
 * Weights are numbers from SML_WEIGHT_LEAST to SML_WEIGHT_GREATEST: only their ratios count, and their squares must not vanish
 * or overflow in sums, or standard errors would be 0 or unknown.
 */
#define SML_WEIGHT_LEAST    1e-100
#define SML_WEIGHT_GREATEST 1e100

/* Whether the weight of a row lets it count: 0 and missing leave a row out, others outside of the bounds are SML_BAD_INPUT. */
SML_MUST_USE SmlStatus sml_judge_weight(SmlEnv *env, double weight, SmlUse *use);

SML_MUST_USE SmlStatus sml_profile_start(SmlEnv *env, const SmlLayout *layout, const SmlProfileSpec *spec, SmlProfile **profile);

/*
 * Take one row.  *use says whether it counted.  When codes is not NULL it
 * receives, for each label slot (class target included), a provisional code:
 * the same text has the same code for as long as this profile is only fed rows
 * (not merged); -1 for a missing label and -2 for one beyond the dictionary.
 */
SML_MUST_USE SmlStatus sml_profile_absorb(SmlEnv *env, SmlProfile *profile, const SmlRow *row, int32_t *codes, SmlUse *use);

/* Bring pending blocks into the sums; call before reading, merging or writing. */
SML_MUST_USE SmlStatus sml_profile_flush(SmlEnv *env, SmlProfile *profile);
SML_MUST_USE SmlStatus sml_profile_merge(SmlEnv *env, SmlProfile *into, SmlProfile *from);
void sml_profile_free(SmlEnv *env, SmlProfile *profile);
void sml_profile_write(SmlWriter *writer, const SmlProfile *profile);
void sml_profile_read(SmlReader *reader, const SmlLayout *layout, const SmlProfileSpec *spec, SmlProfile **profile);

/* What it knows.  Slots as in SmlLayout. */
uint64_t sml_profile_rows(const SmlProfile *profile, SmlUse use);
const SmlNumberProfile *sml_profile_number(const SmlProfile *profile, size_t slot); /* numeric target included */
SML_MUST_USE SmlStatus sml_profile_quantile(SmlEnv *env, const SmlProfile *profile, size_t slot, double q, double *value, bool *exact);

typedef struct SmlLevel
{
	const char *text;     /* zero-ended, owned by the profile */
	size_t      length;
	uint64_t    count;
	int32_t     code;     /* the provisional code of this level */
} SmlLevel;

/* The levels of a label slot in byte order of their text (COLLATE "C"); freed by the caller with sml_free. */
SML_MUST_USE SmlStatus sml_profile_levels(SmlEnv *env, const SmlProfile *profile, size_t slot, SmlLevel **levels, size_t *count);
uint64_t sml_profile_label_missing(const SmlProfile *profile, size_t slot);
double   sml_profile_distinct(const SmlProfile *profile, size_t slot, bool *exact); /* distinct non-missing labels */

/* The cross moments, or NULL when they were not asked for. */
struct SmlMoments;
struct SmlMoments *sml_profile_moments(const SmlProfile *profile);

#endif
