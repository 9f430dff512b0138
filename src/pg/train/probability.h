/*
 * probability.h - what training does for the probabilities of a classifier beside the
 * fit: the correction of the prior after class weights or resampling, and calibration on
 * held-out rows.
 */
#ifndef ML_PROBABILITY_H
#define ML_PROBABILITY_H

#include "../compat.h"
#include "../source.h"
#include "../split.h"
#include "../../core/model/model.h"

/*
 *   "prior_correction"  true | false (default)
 *   "calibration"       "platt" | "isotonic" | {"method": …, "share": 0.5}: the share of the
 *                       held-out rows that are set aside for it
 */
typedef struct MlProbability
{
	bool               prior_correction;
	SmlCalibrationKind calibration;
	double             share;
} MlProbability;

#define ML_CALIBRATION_SHARE 0.5

/* Read the two keys of params; the other keys are not looked at. */
extern MlProbability ml_probability_options(Jsonb *params);

/* Whether a key of params is one of the two. */
extern bool ml_probability_knows(const char *key);

/* Errors unless the target has classes and, for calibration, rows are held out. */
extern void ml_probability_check(const MlProbability *wish, bool classes, const MlSplit *split);

/*
 * Tell the model the shares of its classes.  "factor": by how much class weights or resampling multiplied
 * the weight of each class, or NULL; "how" says which, for sentences ("class weights").
 */
extern void ml_probability_prior(SmlEnv *env, const MlProbability *wish, SmlModel *model, const double *factor,
								 const char *how, SmlNotes *notes);

/*
 * Fit the calibration on the rows of "held" that the split set aside, or a sample that fits into memory.  Returns the number of rows
 * that could not serve, *used that of the others.
 */
extern int64 ml_probability_calibrate(SmlEnv *env, const MlProbability *wish, SmlModel *model, const MlSource *held, const MlSplit *split,
									  const char *target, const char *weight, int64 *used, SmlNotes *notes);

#endif
