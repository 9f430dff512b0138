/*
 * encoder.h - the only path from a raw row to the numbers a learner sees, made
 * from a profile, stored inside the model, used for training and scoring alike.
 *
 * Terms, in the order of the features:
 *   number  its value, missing replaced by the imputed value; and, when the
 *           training rows had missing values, an indicator "x is missing"
 *   label   one indicator per level except the reference level.  Missing is the
 *           level "(missing)" when the training rows had it.  At most
 *           max_levels levels (the most frequent, ties in byte order); the
 *           others go to the level "(other)".
 *
 * Every term is centred by its training mean and divided by its training
 * deviation (population form, of the column as encoded), so that a learner
 * works on columns of one scale whatever the units.  A term whose deviation is
 * zero is constant: scale 1, flagged, and left out by the learners.
 *
 * An unseen level, or a missing one where training had none, is encoded as
 * "(other)"; with no "(other)" level, as the training mean of the indicators
 * (all centred terms zero), because all zeros would mean the reference level.
 */
#ifndef SML_ENCODER_H
#define SML_ENCODER_H

#include "profile.h"
#include "moments.h"

#define SML_MAX_LEVELS 100

typedef enum SmlImpute
{
	SML_IMPUTE_MEAN = 0,
	SML_IMPUTE_MEDIAN,
	SML_IMPUTE_CONSTANT
} SmlImpute;

/* Texts by their hash: index + 1 in open addressing, 0 where nothing is. */
typedef struct SmlTextTable
{
	uint32_t *cells;
	size_t    size;  /* a power of two, at least twice the texts */
} SmlTextTable;

/* What the caller may ask for one feature (from "preprocess"). */
typedef struct SmlFeatureWish
{
	SmlImpute   impute;
	double      constant;     /* for SML_IMPUTE_CONSTANT */
	const char *reference;    /* for a label: the level left out; NULL: the first */
	size_t      max_levels;   /* 0: SML_MAX_LEVELS */
	const char *const *order; /* levels in the order of an enum, or NULL for byte order */
	size_t      order_count;
} SmlFeatureWish;

typedef struct SmlFeature
{
	char    *name;            /* age, pixels[3] */
	char    *type;            /* of the source column */
	SmlKind  kind;
	size_t   column;          /* in layout.columns */
	size_t   slot;            /* in numbers or labels */
	uint64_t missing;         /* among the training rows, NaN and infinities included */
	uint64_t nonfinite;
	/* a number */
	SmlImpute impute;
	double   impute_value;
	double   mean;            /* of the observed values */
	double   deviation;       /* population form, of the observed values */
	double   least;
	double   greatest;
	/* a label */
	char   **levels;          /* in order; "(missing)" and "(other)" last when present */
	uint64_t *counts;
	size_t   level_count;
	size_t   reference;       /* index of the level left out */
	size_t   missing_level;   /* index, or SML_NO_LEVEL */
	size_t   other_level;     /* index, or SML_NO_LEVEL */
	uint64_t other_distinct;  /* how many distinct values went to "(other)" */
	SmlTextTable table;       /* of the real levels, built on make and read */
	/* its terms */
	size_t   first_term;
	size_t   term_count;
} SmlFeature;

#define SML_NO_LEVEL ((size_t) -1)

typedef enum SmlTermKind
{
	SML_TERM_VALUE = 0,
	SML_TERM_MISSING,
	SML_TERM_LEVEL
} SmlTermKind;

typedef struct SmlTerm
{
	SmlTermKind kind;
	size_t      feature;
	size_t      level;    /* for SML_TERM_LEVEL */
	double      center;
	double      scale;
	bool        constant; /* no variation in the training rows */
} SmlTerm;

/* A stretch of terms that are encoded in one go. */
typedef enum SmlRunKind
{
	SML_RUN_VALUES = 0, /* numbers in neighbouring slots without an indicator */
	SML_RUN_PAIR,       /* one number and its indicator */
	SML_RUN_LEVELS      /* one label */
} SmlRunKind;

typedef struct SmlRun
{
	SmlRunKind kind;
	size_t     slot;      /* the first, in numbers or labels */
	size_t     term;      /* the first */
	size_t     count;     /* of terms */
	size_t     reference; /* of a label */
} SmlRun;

typedef struct SmlEncoder
{
	SmlLayout   layout;
	SmlFeature *features;   /* in the user's order */
	size_t      feature_count;
	SmlTerm    *terms;
	size_t      term_count;
	uint64_t    rows;       /* training rows it was made from */
	double      target_center; /* numeric target: mean and deviation, else 0 and 1 */
	double      target_scale;
	char      **classes;    /* class target: labels in order */
	const char **shown;     /* names of the classes for sentences, where their texts are secret; NULL: the texts.  Not stored. */
	uint64_t   *class_counts;
	size_t      class_count;
	size_t     *number_feature; /* slot -> feature, built on make and read */
	size_t     *label_feature;
	/* also built on make and read, for speed */
	SmlTextTable class_table;
	SmlRun     *runs;
	size_t      run_count;
	double     *inverse;    /* per term: 1 / scale */
	double     *center;     /* per term: its center once more */
	double     *impute;     /* per term: what replaces a missing value */
	double     *zero;       /* per term: an indicator of 0, encoded */
	double     *one;        /* and one of 1 */
} SmlEncoder;

/*
 * Make an encoder.  "wishes" has one entry per feature in the user's order (or
 * is NULL); class_order gives the order of the classes of an enum target (or
 * NULL for: numbers by value when all labels are numbers, else byte order, which
 * puts false before true).  Notes tell of levels sent to "(other)", of NaN and
 * infinities, of constant columns.  SML_BAD_INPUT: no rows, a feature that has no
 * value at all, a reference level that does not exist, a class target with one
 * class, no feature that varies.
 */
SML_MUST_USE SmlStatus sml_encoder_make(SmlEnv *env, const SmlLayout *layout, const SmlProfile *profile,
										const SmlFeatureWish *wishes, const char *const *class_order, size_t class_order_count,
										SmlNotes *notes, SmlEncoder **encoder);
void sml_encoder_free(SmlEnv *env, SmlEncoder *encoder);
void sml_encoder_write(SmlWriter *writer, const SmlEncoder *encoder);
void sml_encoder_read(SmlReader *reader, SmlEncoder **encoder);

/* Level index of a label for feature slot "slot": "(missing)", "(other)" or SML_NO_LEVEL (use the mean) as fits. */
size_t sml_encoder_level(const SmlEncoder *encoder, size_t slot, SmlText text);
/* Whether a label was met in training (missing included). */
bool sml_encoder_knows(const SmlEncoder *encoder, size_t slot, SmlText text);
/* What stands for a level or class in a sentence when its text is secret. */
#define SML_SECRET_NAME "(sealed)"

/* Whether the levels of a label slot are in no sentence; known while training. */
bool sml_encoder_secret(const SmlEncoder *encoder, size_t slot);

/* The classes as sentences may name them. */
static inline const char *const *
sml_encoder_shown(const SmlEncoder *encoder)
{
	return encoder->shown != NULL ? encoder->shown : (const char *const *) encoder->classes;
}

/* Class index of a text, or SML_NO_LEVEL. */
size_t sml_encoder_class(const SmlEncoder *encoder, SmlText text);

/*
 * The name of a term as users see it: "age", "age is missing", "sex=Male".
 * Writes at most "size" bytes, always zero-ended, and returns the length needed.
 */
size_t sml_encoder_term_name(const SmlEncoder *encoder, size_t term, char *name, size_t size);

/*
 * Encode one row into term_count doubles (centred and scaled).  "levels" holds
 * the level index of each label slot, SML_NO_LEVEL as above.
 */
void sml_encode_row(const SmlEncoder *encoder, const double *numbers, const size_t *levels, double *x);

/*
 * Encode "rows" rows that lie "stride" doubles apart in "numbers" (features first)
 * with levels as int32 "codes" lying "code_stride" apart (-1: SML_NO_LEVEL) into x,
 * rows x term_count, row-major.
 */
void sml_encode_block(const SmlEncoder *encoder, size_t rows, const double *numbers, size_t stride,
					  const int32_t *codes, size_t code_stride, double *x);

/*
 * Gram matrix of (1, encoded terms, encoded target) from raw moments: order
 * 2 + term_count, row-major, full, allocated into *gram.  Only when the layout
 * has no labels and the moments have a target.
 */
SML_MUST_USE SmlStatus sml_encoder_moments(SmlEnv *env, const SmlEncoder *encoder, const SmlMoments *moments, double **gram);

#endif
