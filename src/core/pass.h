/*
 * pass.h - one scan over the rows as a state that can be fed, merged and
 * written: what the SQL aggregate holds.
 *
 * A plan says what the scan is for: to profile the columns, or to feed a
 * learner.  It is made once by the leader, travels as bytes to every worker, and
 * carries the encoder and the learner's opening state.  States remember the
 * plan's digest; states of different plans do not merge.
 *
 * Every pass also keeps an order-free checksum over the rows it saw, so that a
 * source that gives different rows in two passes is found out.
 */
#ifndef SML_PASS_H
#define SML_PASS_H

#include "fold.h"
#include "prep/encoder.h"

typedef enum SmlPassKind
{
	SML_PASS_PROFILE = 0,
	SML_PASS_LEARN = 1
} SmlPassKind;

typedef struct SmlPlan
{
	SmlPassKind       kind;
	SmlLayout         layout;
	/* profile */
	bool              moments;
	bool             *quantiles;   /* per numeric feature, or NULL */
	/* learn */
	SmlEncoder       *encoder;
	const SmlLearner *learner;
	SmlTask           task;
	size_t            positive;    /* binary: class index that becomes 1 */
	double           *options;     /* learner->option_count numbers */
	double           *class_weights; /* per class, multiplied into the weights; NULL: none */
	uint8_t          *opening;     /* the learner's state at the start of this pass, as bytes */
	size_t            opening_size;
	uint64_t          digest;      /* checksum of the written plan */
} SmlPlan;

SML_MUST_USE SmlStatus sml_plan_write(SmlEnv *env, SmlPlan *plan, uint8_t **bytes, size_t *size); /* sets digest */
SML_MUST_USE SmlStatus sml_plan_read(SmlEnv *env, const void *bytes, size_t size, SmlPlan **plan);

/* The layout alone, without a look at the opening state behind it, which can be long. */
SML_MUST_USE SmlStatus sml_plan_read_layout(SmlEnv *env, const void *bytes, size_t size, SmlLayout *layout);
void sml_plan_free(SmlEnv *env, SmlPlan *plan);

/* The design a plan's learner is started with; pointers into the plan and its encoder. */
SML_MUST_USE SmlStatus sml_plan_design(SmlEnv *env, const SmlPlan *plan, SmlDesign *design);
void sml_design_free(SmlEnv *env, SmlDesign *design); /* the arrays that sml_plan_design allocated */

/*
 * Whether a state of this plan stays under "limit" bytes, or under SML_STATE_ALLOWANCE if that is more
 * (rows kept are not part of a state).  A few bytes can name millions of columns, so plans
 * from outside are checked before they are started.  SML_OVER_LIMIT: the sentence names the need.
 */
#define SML_STATE_ALLOWANCE ((size_t) 256 << 20)

SML_MUST_USE SmlStatus sml_plan_check_memory(SmlEnv *env, const SmlPlan *plan, size_t limit);

typedef struct SmlPass
{
	const SmlPlan *plan;      /* not owned */
	SmlProfile    *profile;   /* SML_PASS_PROFILE */
	SmlState      *state;     /* SML_PASS_LEARN */
	uint64_t       rows[SML_USE_COUNT];
	uint64_t       unseen;    /* labels met that the encoder does not know */
	uint64_t       checksum;  /* order-free sum over row hashes */
	/* pending block of encoded rows */
	size_t         pending;
	size_t         block_rows; /* room in the block; 0 until the first row */
	double        *x, *y, *w;
	size_t        *levels;    /* of the row at hand */
} SmlPass;

/* The part of one row in the order-free checksum of a scan. */
uint64_t sml_row_checksum(const SmlLayout *layout, const SmlRow *row);

SML_MUST_USE SmlStatus sml_pass_start(SmlEnv *env, const SmlPlan *plan, SmlPass **pass);
SML_MUST_USE SmlStatus sml_pass_absorb(SmlEnv *env, SmlPass *pass, const SmlRow *row);
SML_MUST_USE SmlStatus sml_pass_flush(SmlEnv *env, SmlPass *pass);
SML_MUST_USE SmlStatus sml_pass_merge(SmlEnv *env, SmlPass *into, SmlPass *from); /* flushes both; may move the shifts of "from" */
void sml_pass_free(SmlEnv *env, SmlPass *pass);
SML_MUST_USE SmlStatus sml_pass_write(SmlEnv *env, SmlPass *pass, uint8_t **bytes, size_t *size); /* flushes */

/* The same in two steps, for bytes that are the caller's: how many (flushes), and then just as many. */
SML_MUST_USE SmlStatus sml_pass_size(SmlEnv *env, SmlPass *pass, size_t *size);
SML_MUST_USE SmlStatus sml_pass_fill(SmlEnv *env, const SmlPass *pass, void *bytes, size_t size);
SML_MUST_USE SmlStatus sml_pass_read(SmlEnv *env, const SmlPlan *plan, const void *bytes, size_t size, SmlPass **pass);

#endif
