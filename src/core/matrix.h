/*
 * matrix.h - small dense factorisations, row-major doubles: what fits after a scan need.
 * Orders are those of a model's parameters (up to a few thousand); all loops poll.
 *
 * Sources: Golub and Van Loan, "Matrix Computations", 4th ed., 4.2, 5.2; Demmel et al. 2012
 * for the tall-skinny QR (a triangle merged with blocks of rows); Schreiber and Van Loan 1989 for products of
 * reflections as I - V T V'.
 */
#ifndef SML_MATRIX_H
#define SML_MATRIX_H

#include "core.h"

/*
 * Cholesky factor U (upper, U'U = A) of a symmetric matrix of order n, given by its upper
 * triangle, in place.  Columns are taken in order; column j is dropped (its row of U zero,
 * U[j][j] = 0, dropped[j] = true) when what the earlier ones leave of its diagonal is
 * less than "tolerance" of it.  Columns marked in dropped on entry are skipped.
 * *least receives the least share left to a kept column.
 */
SML_MUST_USE SmlStatus sml_cholesky(SmlEnv *env, size_t n, double *a, size_t lda, double tolerance, bool *dropped, double *least);

/* Solve U x = b and U' x = b in place, U upper of order n; rows with a zero diagonal give 0. */
void sml_solve_upper(size_t n, const double *u, size_t ldu, double *b);
void sml_solve_upper_transposed(size_t n, const double *u, size_t ldu, double *b);

/* v = (U'U)^-1, full, order n; rows and columns of zero diagonals are zero. */
SML_MUST_USE SmlStatus sml_invert_normal(SmlEnv *env, size_t n, const double *u, size_t ldu, double *v);

/* c = a b', all full, order n, through BLAS in pieces with polls between them; c is another matrix than a and b. */
SML_MUST_USE SmlStatus sml_multiply_nt(SmlEnv *env, size_t n, const double *a, const double *b, double *c);

/*
 * R (upper, order n) := the triangular factor of [R; block], block rows x n (destroyed).  "triangle":
 * the block is upper triangular too.  Householder reflections; the diagonal may have any sign.
 * Time: 2 rows n^2 multiply-adds, from 64 columns on through BLAS; memory: up to 32 (rows + 1,200) doubles.
 */
SML_MUST_USE SmlStatus sml_qr_update(SmlEnv *env, size_t n, double *r, size_t rows, double *block, size_t ldb, bool triangle);

/* Condition number of an upper triangle in the 2-norm, by power iterations; INFINITY when singular. */
SML_MUST_USE SmlStatus sml_condition(SmlEnv *env, size_t n, const double *u, size_t ldu, double *condition);

#endif
