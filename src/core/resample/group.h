/*
 * group.h - points in groups of near ones: the leaves of a kd-tree, split at the median of the widest column.
 *
 * Cost: n log (n / size); 16 bytes a point while it runs.
 */
#ifndef SML_GROUP_H
#define SML_GROUP_H

#include "points.h"

/* Order at[], positions among the points, so that every run of "size" is a group. */
SML_MUST_USE SmlStatus sml_points_group(SmlEnv *env, const SmlPoints *points, uint32_t *at, size_t count, size_t size);

#endif
