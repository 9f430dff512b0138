/*
 * counts.h - what is counted about one group of rows in a fairness audit.
 *
 * A state is one flat piece of memory without pointers, of a size that depends on
 * its parts and never on the rows:
 *
 *   +-------+-------+-----------+---------+------------------+--------------------+
 *   | size  | parts | unweighed | n[3][3] | weights          | scores             | … workers
 *   | 4 B   | 4 B   | 8 B       | 72 B    | 288 B, if any    | 7.1 kB, if any     |
 *   +-------+-------+-----------+---------+------------------+--------------------+
 *
 * n counts rows by label and prediction, each no, yes or unknown, so rows that lack
 * one are counted and shown, not dropped.  "Yes" is the positive class, the one that
 * tpr, fpr and the others are about.  A row without weight, or of weight 0, is
 * counted in "unweighed" and nowhere else.
 *
 * Merging adds.  Counts are integers, so parallel equals serial to the bit; sums of
 * weights and scores are compensated (Neumaier 1974) and agree to about 1e-15.
 *
 * A score must be a probability.  NaN and values outside [0, 1] are counted as bad,
 * the row's label and prediction still count.  Scores go into 10 calibration bins of
 * equal width with exact means (the bins of metric.h's ece) and into a histogram of
 * 256 bins by label, from which the AUC follows up to a known error; a bin whose rows all have one score notes which, since
 * there ties are ties and nothing is unknown.  Second moments of the losses are
 * kept beside the losses, so that means have intervals.
 */
#ifndef SML_FAIRNESS_COUNTS_H
#define SML_FAIRNESS_COUNTS_H

#include "../core.h"
#include "../wire.h"

#define SML_FAIR_BINS 10
#define SML_FAIR_HISTOGRAM 256
#define SML_FAIR_SEVERAL (-1.0) /* a bin has more than one score */

typedef enum SmlTruth
{
	SML_NO = 0,
	SML_YES = 1,
	SML_UNKNOWN = 2
} SmlTruth;

enum
{
	SML_FAIR_WEIGHTS = 1, /* parts */
	SML_FAIR_SCORES = 2,
	SML_FAIR_WORKERS = 4  /* in memory only, never in bytes that leave */
};

/* A compensated sum: the value is sum + rest. */
typedef struct SmlSum
{
	double sum;
	double rest;
} SmlSum;

typedef struct SmlFairWeights
{
	SmlSum weight[3][3];  /* by label and prediction, as n */
	SmlSum weight2[3][3]; /* squares, for effective numbers */
} SmlFairWeights;

typedef struct SmlFairBin
{
	uint64_t n[2];        /* rows by label; rows without one are in no bin */
	SmlSum   weight[2];
	SmlSum   score;
} SmlFairBin;

typedef struct SmlFairScores
{
	uint64_t   n[3];      /* scored rows by label */
	uint64_t   missing;   /* rows without a score */
	uint64_t   bad_nan;   /* score NaN */
	uint64_t   bad_range; /* score outside [0, 1] */
	double     bad_value; /* the one of them that is farthest out; 0 when there is none */
	SmlSum     weight[3]; /* by label */
	SmlSum     weight2[3]; /* squares of weights; nothing in a state without weights, where they are the counts */
	SmlSum     score[3];
	SmlSum     score2[3];
	SmlSum     squared;   /* (score - label)^2 */
	SmlSum     squared2;  /* its square */
	SmlSum     log_loss;  /* nats, probabilities kept 2^-52 from 0 and 1 */
	SmlSum     log_loss2; /* its square */
	SmlFairBin bin[SML_FAIR_BINS];
	double     histogram[2][SML_FAIR_HISTOGRAM]; /* sums of weights by label; counts without weights */
	double     only[SML_FAIR_HISTOGRAM];         /* the one score of the rows of the bin, SML_FAIR_SEVERAL, or 0 where there are no rows */
} SmlFairScores;

/* CPU seconds of the processes that counted, for metering; processes beyond the last place are not noted. */
#define SML_FAIR_MOST_WORKERS 16

typedef struct SmlFairWorker
{
	int64_t pid;          /* 0: no process */
	double  seconds;
} SmlFairWorker;

typedef struct SmlFairWorkers
{
	SmlFairWorker worker[SML_FAIR_MOST_WORKERS];
} SmlFairWorkers;

typedef struct SmlFairState
{
	uint32_t size;        /* left to the carrier: the server keeps its length word here */
	uint32_t parts;
	uint64_t unweighed;
	uint64_t n[3][3];     /* [label][prediction] */
} SmlFairState;

/* Bytes of a state with these parts. */
size_t sml_fair_size(uint32_t parts);

/* Make an empty state of "parts" in memory of that size; "size" is left at 0. */
void sml_fair_start(SmlFairState *state, uint32_t parts);

/* The parts, or NULL where there are none. */
SmlFairWeights       *sml_fair_weights(SmlFairState *state);
SmlFairScores        *sml_fair_scores(SmlFairState *state);
const SmlFairWeights *sml_fair_const_weights(const SmlFairState *state);
const SmlFairScores  *sml_fair_const_scores(const SmlFairState *state);

/* Count a row of a state without parts. */
static inline void
sml_fair_count(SmlFairState *state, SmlTruth label, SmlTruth prediction)
{
	state->n[label][prediction]++;
}

const SmlFairWorkers *sml_fair_const_workers(const SmlFairState *state);

/* Note what a process has used so far; the largest figure of each counts.  Nothing without that part. */
void sml_fair_note_worker(SmlFairState *state, int64_t pid, double seconds);

/*
 * Count a row.  "score" may be missing (sml_missing) and is ignored without that part;
 * "weight" is ignored without that part, else missing or 0 means: not counted.
 * SML_BAD_INPUT: a weight that is negative, NaN or infinite.
 */
SML_MUST_USE SmlStatus sml_fair_add(SmlEnv *env, SmlFairState *state, SmlTruth label, SmlTruth prediction, double score,
									double weight);

/*
 * Add "from" to "into", which has all parts of "from" (or no workers).  Where "into" has weights and "from" has none,
 * the rows of "from" count with weight 1.
 */
void sml_fair_merge(SmlFairState *into, const SmlFairState *from);

/* All rows, the unweighed included. */
uint64_t sml_fair_rows(const SmlFairState *state);

/* Portable bytes in an envelope ("FAIR"). */
void sml_fair_write(SmlWriter *writer, const SmlFairState *state);

/*
 * Read what sml_fair_write wrote; everything is checked, so that a state that exists is
 * one that works.  Freed with sml_free.  SML_CORRUPT.
 */
SML_MUST_USE SmlStatus sml_fair_read(SmlEnv *env, const void *bytes, size_t size, SmlFairState **state);

void   sml_sum_add(SmlSum *sum, double value);
double sml_sum_value(const SmlSum *sum);

#endif
