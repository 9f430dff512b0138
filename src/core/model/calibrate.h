/*
 * calibrate.h - from the scores of a trained classifier to probabilities that can be
 * taken at their word, learned on rows that the fit has not seen.
 *
 * A map takes log-odds and gives a probability:
 *   platt      1 / (1 + exp(-(slope x + intercept)))                          two numbers
 *   isotonic   a rising curve through the observed shares, straight lines
 *              between its knots, level outside of them                       one knot a step
 *
 * Two classes have one map, for the positive class.  K > 2 classes have one each, of the
 * class against the rest, and the K answers are divided by their sum (Zadrozny and
 * Elkan 2002).
 *
 * Platt's map is fitted to targets that are drawn in from 0 and 1, (N+ + 1) / (N+ + 2) and
 * 1 / (N- + 2), so that it stays finite when the classes do not overlap.  Isotonic shares
 * of 0 and 1 are drawn in to 1 / (n + 2) and 1 - 1 / (n + 2), n the number of rows: a
 * sample of n rows is no evidence for less, and the log loss stays finite.  In between
 * nothing is changed.
 *
 * Row weights count in proportion; they are scaled to a mean of one, so that their
 * unit does not matter.
 *
 * Cost: a sort of n scores, then for platt some ten passes over the distinct ones, for
 * isotonic one.  24 bytes a distinct score.  No randomness; no missing values.
 *
 * Sources: Platt 1999; Lin, Lin and Weng 2007 (Newton's method with a line search, and
 * the loss in a form that cannot overflow; their fixed tolerances are not used); Ayer et
 * al. 1955 and Barlow et al. 1972 for pooling adjacent violators.
 */
#ifndef SML_CALIBRATE_H
#define SML_CALIBRATE_H

#include <math.h>

#include "../metric/metric.h"
#include "../wire.h"

/* A calibration rests on at least so many rows of each class … */
#define SML_CALIBRATION_LEAST 10

/* … and a step function on fewer rows than this follows their accidents. */
#define SML_ISOTONIC_ENOUGH 1000

typedef enum SmlCalibrationKind
{
	SML_CALIBRATION_NONE = 0,
	SML_CALIBRATION_PLATT = 1,
	SML_CALIBRATION_ISOTONIC = 2
} SmlCalibrationKind;

typedef struct SmlCalibrationMap
{
	double  slope;       /* platt */
	double  intercept;
	size_t  count;       /* isotonic: knots */
	double *at;          /* log-odds, rising */
	double *probability; /* not falling, inside (0, 1) */
} SmlCalibrationMap;

typedef struct SmlCalibration
{
	SmlCalibrationKind kind;
	uint64_t           rows;      /* it was learned on */
	size_t             map_count; /* 1 for two classes, else one per class */
	SmlCalibrationMap *maps;
} SmlCalibration;

/*
 * Fit the maps.  "links" holds, as predictions, the links of a binary (log-odds of the positive
 * class) or multiclass model.  SML_BAD_INPUT: a regression, fewer than
 * SML_CALIBRATION_LEAST rows of a class, a link that is not finite.  "classes" names the
 * classes for that sentence.
 */
SML_MUST_USE SmlStatus sml_calibration_fit(SmlEnv *env, SmlCalibrationKind kind, const SmlScored *links,
										   const char *const *classes, SmlCalibration **calibration);
void sml_calibration_free(SmlEnv *env, SmlCalibration *calibration); /* NULL is allowed */

/* The calibrated probability at these log-odds. */
double sml_calibration_map(SmlCalibrationKind kind, const SmlCalibrationMap *map, double log_odds);

void sml_calibration_write(SmlWriter *writer, const SmlCalibration *calibration);
/* "maps": how many there must be.  *calibration is NULL after a failure. */
void sml_calibration_read(SmlReader *reader, size_t maps, SmlCalibration **calibration);

/*
 * The two fits by themselves, over the distinct scores as sml_ranked_groups gives them.
 * Platt's wants weights that count rows; its slope is zero when all scores are equal.
 */
SML_MUST_USE SmlStatus sml_platt_fit(SmlEnv *env, const SmlRankGroup *groups, size_t count, double *slope, double *intercept);

/* Knots of the least-squares rising curve: the first and last score of each level stretch. */
SML_MUST_USE SmlStatus sml_isotonic_fit(SmlEnv *env, const SmlRankGroup *groups, size_t count, SmlCalibrationMap *map);

/* 1 / (1 + exp(-x)) without overflow, and its inverse.  Here, because scoring calls it for every row. */
static inline double
sml_inverse_log_odds(double x)
{
	double e;

	if (x >= 0)
		return 1 / (1 + exp(-x));
	e = exp(x);
	return e / (1 + e);
}

double sml_log_odds(double probability);

/* log(P(class k) / (1 - P(class k))) from the links of all classes, without cancelling. */
double sml_class_log_odds(const double *links, size_t classes, size_t k);

#endif
