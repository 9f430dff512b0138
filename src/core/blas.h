/*
 * blas.h - the dense kernels, one thread, in bounded blocks.  blas.c alone
 * includes cblas.h.  All matrices are row-major doubles.
 *
 * Up to order 64 the Gram kernels are our own: at 20 columns a register-tiled
 * loop takes half of OpenBLAS's time (20 against 39 ms for 1,000,000 rows).
 */
#ifndef SML_BLAS_H
#define SML_BLAS_H

#include "core.h"

/* Rows per block that callers hand over: bounds the time to a cancel. */
#define SML_BLOCK_ROWS 256

/*
 * Upper triangle of c (order p, leading dimension ldc) += x' diag(w) x, x rows x p with leading dimension ldx; w may be NULL.
 * One call of 256 rows and 3,000 columns is a quarter of a second of work, so wide ones poll on the way.
 */
SML_MUST_USE SmlStatus sml_gram_add(SmlEnv *env, size_t rows, size_t p, const double *x, size_t ldx, const double *w,
									double *c, size_t ldc);

/* y += A x, A rows x p with leading dimension lda. */
void sml_matvec_add(size_t rows, size_t p, const double *a, size_t lda, const double *x, double *y);

/* y += A' v. */
void sml_tmatvec_add(size_t rows, size_t p, const double *a, size_t lda, const double *v, double *y);

double sml_dot(size_t n, const double *a, const double *b);

/* The sum of n numbers, from the first to the last. */
double sml_sum(size_t n, const double *values);

/* into += from, n numbers; long ones poll on the way. */
SML_MUST_USE SmlStatus sml_add_all(SmlEnv *env, size_t n, double *into, const double *from);

/* sum += sum of v, and sum[1 + j] += sum v x_j: the rows (1, x), each times its v.  x: rows x p, without gaps. */
void sml_weighted_sums_add(size_t rows, size_t p, const double *x, const double *v, double *sum);

/* Upper triangle of c (order 1 + p, leading dimension ldc) += (1, x)' diag(v) (1, x); polls as sml_gram_add does. */
SML_MUST_USE SmlStatus sml_gram_one_add(SmlEnv *env, size_t rows, size_t p, const double *x, const double *v, double *c, size_t ldc);

/* C += A B' : A m x k, B n x k, C m x n (leading dimensions lda, ldb, ldc). */
void sml_gemm_nt_add(size_t m, size_t n, size_t k, const double *a, size_t lda, const double *b, size_t ldb, double *c, size_t ldc);

/* C += A' B : A k x m, B k x n, C m x n. */
void sml_gemm_tn_add(size_t m, size_t n, size_t k, const double *a, size_t lda, const double *b, size_t ldb, double *c, size_t ldc);

/* C += A B : A m x k, B k x n, C m x n. */
void sml_gemm_nn_add(size_t m, size_t n, size_t k, const double *a, size_t lda, const double *b, size_t ldb, double *c, size_t ldc);

/*
 * Compare the kernels with plain loops on small shapes (older OpenBLAS had
 * wrong AVX-512 results).  SML_SINGULAR with a sentence when they disagree.
 */
SML_MUST_USE SmlStatus sml_blas_self_test(SmlEnv *env);

#endif
