/*
 * fold.h - the learner interface.  Training is a fold over rows:
 *
 *   start -> absorb blocks -> merge -> finish_pass -> again | done -> result
 *
 * The state is merged and written to bytes, so the same fold runs in one
 * backend, in parallel workers, on shards and at federated sites.  Between two
 * passes the state itself is the message: after finish_pass it holds the
 * estimate so far and empty sums, and every worker of the next pass starts from
 * a copy of it.  Merging adds sums; the estimates of both sides are the same.
 *
 * A learner sees encoded columns: centred, of deviation one, no missing value
 * (see encoder.h).  It finds coefficients for those, and reports them and their
 * standard errors for the original columns, which the design's centers and
 * scales allow.
 *
 * A new learner is one file in model/ and one line in learner_table.c.
 */
#ifndef SML_FOLD_H
#define SML_FOLD_H

#include "core.h"
#include "wire.h"

typedef enum SmlTask
{
	SML_REGRESSION = 1,
	SML_BINARY = 2,
	SML_MULTICLASS = 4
} SmlTask;

/* ---- options ---------------------------------------------------------- */

typedef enum SmlOptionKind
{
	SML_OPTION_NUMBER,
	SML_OPTION_INTEGER,
	SML_OPTION_BOOLEAN, /* 0 or 1 in number */
	SML_OPTION_CHOICE   /* index into choices */
} SmlOptionKind;

typedef struct SmlOptionSpec
{
	const char   *name;
	SmlOptionKind kind;
	double        initial;  /* the default */
	double        least;
	double        greatest;
	const char   *choices;  /* "importance|frequency" for a choice */
	const char   *about;    /* one sentence, with the unit */
} SmlOptionSpec;

/* ---- what a learner is told before the first row ------------------------ */

typedef struct SmlDesign
{
	SmlTask       task;
	size_t        terms;        /* p, without the intercept */
	size_t        classes;      /* K for classification, else 0 */
	bool          weighted;
	const double *centers;      /* per term, original scale */
	const double *scales;
	const bool   *constant;     /* per term: no variation; to be left out */
	double        target_center; /* regression: absorb is given (y - center) / scale */
	double        target_scale;
	const double *options;      /* one number per SmlOptionSpec of the learner, in order */
	/* logistic: strength of the parity penalty (model/parity.h), 0: none; and the numbers of its groups and events */
	double        parity;
	size_t        parity_groups;
	size_t        parity_events;
} SmlDesign;

typedef struct SmlBlock
{
	size_t        rows;
	const double *x;  /* rows x terms, row-major, encoded */
	const double *y;  /* regression: (y - center) / scale; else the class index, 0-based; binary: 1 is the positive class */
	const double *w;  /* weights, or NULL for all ones */
	const int32_t *cell; /* with a parity penalty: event * parity_groups + group of each row, -1: none; else NULL */
} SmlBlock;

typedef struct SmlVerdict
{
	bool     again;     /* another pass over the rows is wanted */
	double   loss;      /* mean loss before this pass's step (nats per weight unit, or mean squared error) */
	uint32_t iteration;
} SmlVerdict;

/* ---- what comes out ------------------------------------------------------ */

/*
 * Coefficients of the linear family.  Row r of a K-row matrix belongs to class
 * r of a multinomial model; regression and binary models have one row.  Column
 * 0 is the intercept, column 1 + j is term j.
 */
typedef struct SmlFit
{
	size_t   outputs;     /* K rows, or 1 */
	size_t   terms;
	double  *coded;       /* outputs x (1 + terms): for encoded columns; 0 for terms left out; regression: in units of y,
						   * i.e. y = coded[0] + sum coded[1+j] x_j, target_center included */
	double  *estimate;    /* the same for the original columns; NaN for terms left out */
	double  *std_error;   /* of "estimate"; NaN where undefined */
	double   df;          /* of Student's t for regression; infinity: normal */
	bool    *dropped;     /* per term: left out as constant or collinear */
	size_t   baseline;    /* the class whose row is zero by definition (multinomial without penalty), or SML_NO_BASELINE */
	char    *no_inference; /* why standard errors are missing, or NULL */
	bool     converged;
	uint32_t iterations;
	uint64_t rows;
	double   weight;
	double   loss;        /* mean squared error, or mean log loss, on the training rows, unpenalised */
	double   null_loss;   /* the same for the intercept alone */
	double   r2;          /* regression; NaN when undefined */
	double   sigma;       /* regression: residual standard error */
	double   log_likelihood;
	double   condition;   /* condition number of the encoded columns (2-norm estimate), NaN unknown */
	double   ridge;       /* penalty that was really used: above the one asked for on separation */
	/*
	 * Classifiers: the weight of the rows of each class as the learner saw it (two classes: y = 0,
	 * y = 1).  Not part of the bytes; NULL in a fit that was read.
	 */
	double  *class_weight;
} SmlFit;

#define SML_NO_BASELINE ((size_t) -1)

/*
 * A fit with room for "outputs" rows of 1 + "terms": coefficients and statistics
 * zero, std_error, r2, sigma and condition NaN, df infinite, no baseline.
 */
SML_MUST_USE SmlStatus sml_fit_alloc(SmlEnv *env, size_t outputs, size_t terms, SmlFit **fit);
void sml_fit_free(SmlEnv *env, SmlFit *fit); /* NULL is allowed */

/* Take the standard errors away, with the reason, unless there is a reason already. */
SML_MUST_USE SmlStatus sml_fit_withhold(SmlEnv *env, SmlFit *fit, const char *reason);

/* Keep the weights of the classes. */
SML_MUST_USE SmlStatus sml_fit_class_weight(SmlEnv *env, SmlFit *fit, const double *weight, size_t classes);

/*
 * Bytes out and in.  What was read is safe to score with: outputs >= 1, coded
 * finite, a baseline below outputs.  *fit is NULL after a failure.
 */
void sml_fit_write(SmlWriter *writer, const SmlFit *fit);
void sml_fit_read(SmlReader *reader, SmlFit **fit);

/* ---- the learner ------------------------------------------------------------ */

typedef struct SmlLearner SmlLearner;

/* Every learner's state begins with this. */
typedef struct SmlState
{
	const SmlLearner *learner;
} SmlState;

struct SmlLearner
{
	const char          *name;    /* "logistic" */
	const char          *about;   /* one sentence for algorithms() */
	unsigned             tasks;   /* SmlTask bits */
	const SmlOptionSpec *options;
	size_t               option_count;
	bool                 one_pass; /* can be fitted from moments alone (from_gram) */

	SmlStatus (*need)(SmlEnv *env, const SmlDesign *design, size_t *bytes); /* size of a state */
	SmlStatus (*start)(SmlEnv *env, const SmlDesign *design, SmlState **state); /* copies what it needs of design */
	SmlStatus (*absorb)(SmlEnv *env, SmlState *state, const SmlBlock *block);
	SmlStatus (*merge)(SmlEnv *env, SmlState *into, const SmlState *from);
	/* NULL unless one_pass: take the sums from the full Gram matrix of (1, terms, y), order p + 2, instead of absorbing */
	SmlStatus (*from_gram)(SmlEnv *env, SmlState *state, const double *gram, uint64_t rows);
	SmlStatus (*finish_pass)(SmlEnv *env, SmlState *state, SmlVerdict *verdict);
	/* take over the estimate of another state of the same design as a starting point; NULL: no use */
	SmlStatus (*warm)(SmlEnv *env, SmlState *state, const SmlState *from);
	/* names: term_name(context, j) for sentences; notes: what the user should know */
	SmlStatus (*result)(SmlEnv *env, const SmlState *state,
						const char *(*term_name)(void *context, size_t term), void *context,
						struct SmlNotes *notes, SmlFit **fit);
	void (*write)(SmlWriter *writer, const SmlState *state);
	void (*read)(SmlReader *reader, const SmlDesign *design, SmlState **state);
	void (*free)(SmlEnv *env, SmlState *state);
};

/*
 * What every learner's read does around its own part: start a state of the design and let "fill" take it from the
 * bytes; *state is NULL after a failure, which reader->status tells.
 */
void sml_state_read(SmlReader *reader, const SmlLearner *learner, const SmlDesign *design,
					void (*fill)(SmlReader *reader, SmlState *state), SmlState **state);

/* The learner table. */
const SmlLearner *sml_learner_by_name(const char *name);
const SmlLearner *sml_learner_at(size_t index); /* NULL past the end */

#endif
