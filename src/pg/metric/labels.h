/*
 * labels.h - pairs of labels of any type, as the metric aggregates see them.
 */
#ifndef ML_LABELS_H
#define ML_LABELS_H

#include "../compat.h"
#include "../rows.h"

typedef struct MlLabelPair
{
	SmlText actual;
	SmlText predicted;
} MlLabelPair;

/*
 * Arguments 1 and 2 of a transition function (of one type, not NULL) as texts that are
 * equal when the values are: numeric without trailing zeros, char(n) without
 * trailing blanks, -0 as 0.  They live in the current memory context.
 */
extern MlLabelPair ml_label_pair(FunctionCallInfo fcinfo);

extern bool ml_labels_equal(const MlLabelPair *pair);

/* 0 or 1 as a boolean; any other number is an error that names it and "what" it was given for. */
extern bool ml_label_number(double value, const char *what);

#endif
