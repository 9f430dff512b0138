/*
 * anonymity.h - how well rows hide among others: k-anonymity, l-diversity, t-closeness and the risk of re-identification.
 *
 * Rows with equal quasi-identifiers form a class.  The input is the table of counts (class, value of the sensitive column,
 * rows), which the server makes by a parallel GROUP BY; everything here is one walk over it.
 *
 *   k                  rows of the smallest class                                             Sweeney 2002
 *   distinct l         fewest different sensitive values in a class                           Machanavajjhala et al. 2007
 *   entropy l          least exp(-sum p ln p) of a class                                      the same
 *   recursive (c, l)   with counts r1 >= r2 >= …: r1 < c (rl + … + rm).  Reported is the least bound on c,
 *                      the greatest r1 / (rl + … + rm): (c, l)-diversity holds for every c above it
 *   t-closeness        greatest earth mover's distance between the values of a class and of all rows; equal ground
 *                      distance: sum |p - q| / 2, ordered: sum over i of |sum to i of (p - q)| / (m - 1)      Li et al. 2007
 *   prosecutor risk    1 / rows of the class, for an attacker who knows that the person is in the data: greatest, mean over rows
 *                      (classes / rows) and share of rows above a threshold
 *
 * Missing values: the caller gives NULL a number of its own, as GROUP BY does.  No rows: all figures are NaN.
 * Cost: cells x log(values); memory 24 bytes a value and 8 bytes a cell of the largest class.
 */
#ifndef SML_ANONYMITY_H
#define SML_ANONYMITY_H

#include "../core.h"

/* Rows of one class and one sensitive value. */
typedef struct SmlCell
{
	int64_t class_no; /* ascending in the array; any numbers */
	int64_t value_no; /* 1, 2, … in the order of the values, no number left out; ascending within a class; 1 when there is no sensitive column */
	int64_t rows;     /* at least 1 */
} SmlCell;

typedef struct SmlAnonymityAsked
{
	int64_t least_values; /* l of recursive (c, l)-diversity, at least 2 */
	double  risk;         /* rows of classes with 1 / rows above this are at risk */
} SmlAnonymityAsked;

/* NaN: undefined. */
typedef struct SmlAnonymity
{
	int64_t rows;
	int64_t classes;
	int64_t values;
	int64_t k;
	int64_t largest;
	int64_t unique_rows;     /* in classes of one */
	int64_t rows_at_risk;
	double  prosecutor_most; /* 1 / k */
	double  prosecutor_mean; /* classes / rows */
	int64_t distinct_l;
	double  entropy_l;
	double  recursive_c;     /* infinite: a class has fewer values than l */
	double  t_equal;
	double  t_ordered;       /* NaN with one value */
} SmlAnonymity;

SML_MUST_USE SmlStatus sml_anonymity(SmlEnv *env, const SmlCell *cells, size_t count, const SmlAnonymityAsked *asked, SmlAnonymity *result);

#endif
