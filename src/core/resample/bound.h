/*
 * bound.h - the inner loop of the neighbour search: which pairs of two blocks of points may be near enough.
 *
 * Coordinates are whole numbers of at most 15 bits; a block holds them pair by pair of columns,
 *
 *     | x0 x1 of point 0 | x0 x1 of point 1 | … | x0 x1 of point 127 | x2 x3 of point 0 | …
 *
 * so that one multiply-add instruction takes two columns of as many points as a register has lanes: twice the rate of
 * single precision, and exact.  Where the processor multiplies bytes, numbers of 8 bits lie four columns to a lane, at twice that rate.  A pair is near enough when its squared distance is at most the larger of the two points'
 * limits.  Written for the product of the coordinates, with half(i) = |x(i)|^2 / 2 and a weight of half of what a differing category
 * adds, both rounded down, and limit(i) half of the squared limit, rounded up:
 *
 *     x(i) x(j) - half(j) + max(limit(i), limit(j)) - weight * (categories that differ)  >=  half(i)
 *
 * The sums begin at -half(j), so that three instructions a register remain after the products.  The rounding lets
 * a pair too many through, never one too few.  The caller sees to it that no sum leaves 32 bits.
 */
#ifndef SML_BOUND_H
#define SML_BOUND_H

#include "../core.h"

#define SML_BOUND_BLOCK 128 /* points of a block, and its stride */
#define SML_BOUND_OFFSET 128 /* bytes of the columns are taken with so much added: half_rows has this times the sum of the row's numbers added */
#define SML_BOUND_ROWS  4   /* points of the other block that are taken at once */

typedef struct SmlBoundTask
{
	size_t         lanes;   /* of a point */
	size_t         labels;
	int32_t        weight;
	const int16_t *x_rows;  /* block of the rows, and the first row to take */
	size_t         row;
	const int32_t *half_rows;
	const int32_t *limit_rows;
	const int32_t *code_rows; /* labels x SML_BOUND_BLOCK */
	const int16_t *x;       /* block of the columns */
	const int32_t *half;
	const int32_t *limit;
	const int32_t *code;
} SmlBoundTask;

/* Look at rows row … row + 3 against all 128 columns; hits receives row * 128 + column.  Returns their number. */
typedef size_t (*SmlBoundKernel)(const SmlBoundTask *task, uint16_t *hits);

/* The fastest kernel that this processor can run; all give the same hits in the same order. */
SmlBoundKernel sml_bound_kernel(void);

/* The kernel for numbers of 8 bits; NULL where there is none. */
SmlBoundKernel sml_bound_kernel_bytes(void);

/* Kernel "index" when it exists and can run here, else NULL: 0 is plain C. */
SmlBoundKernel sml_bound_kernel_at(int index);
#define SML_BOUND_KERNELS 4

#endif
