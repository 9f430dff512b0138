/*
 * logistic.h - the state of a logistic fit, which logistic.c fills and
 * logistic_wire.c turns into bytes.
 */
#ifndef SML_LOGISTIC_H
#define SML_LOGISTIC_H

#include "classifier.h"
#include "extent.h"
#include "link.h"
#include "newton.h"
#include "parity.h"

typedef enum Phase
{
	PHASE_SEARCH = 0,
	PHASE_ROBUST,
	PHASE_DONE
} Phase;

typedef enum Lane
{
	LANE_Y,
	LANE_ETA,
	LANE_MARGIN,
	LANE_LOSS,
	LANE_RESIDUAL,
	LANE_CURVATURE,
	LANE_MOVE,
	LANE_SCORE,
	LANE_COUNT
} Lane;

typedef struct Logistic
{
	SmlState      base;
	SmlFrame      frame;
	/* the search */
	Phase         phase;
	SmlNewton     newton;
	bool          watch;       /* look whether the last direction separates */
	SmlSeparation separation;
	double        ridge;
	bool         *ridged;      /* per term */
	bool         *involved;    /* per column, intercept first: no standard error */
	double        radius;
	double        best_loss;   /* unpenalised sum at newton.best */
	uint64_t      rows;        /* of the first pass */
	double        weight;
	double        positive;
	/* sums of this pass */
	uint64_t      pass_rows;
	double        pass_weight;
	double        pass_positive;
	double        pass_loss;
	double        least_margin;
	double        least_move;  /* along newton.direction, towards the own class */
	double        greatest_move;
	double       *gradient;
	double       *hessian;     /* width x width, upper triangle */
	double       *meat;        /* robust only */
	SmlExtent     extent;      /* first pass only */
	SmlParity    *parity;      /* penalty on unequal scores of groups, or NULL; its fits stay in one process */
	double        lanes[LANE_COUNT][SML_LINK_ROWS];
} Logistic;

/* The state as bytes; reading fills a state that was just started, and says in reader->status whether it makes sense. */
void sml_logistic_write(SmlWriter *writer, const SmlState *state);
void sml_logistic_fill(SmlReader *reader, SmlState *state);

#endif
