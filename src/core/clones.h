/*
 * clones.h - versions of a loop for wider vector units, chosen when the library is loaded.
 *
 * Every version gives the same bits: lanes are written out in the source, and nothing is contracted or reordered.
 */
#ifndef SML_CLONES_H
#define SML_CLONES_H

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#define SML_CLONES_AVX2 __attribute__((target_clones("avx2", "default")))
#else
#define SML_CLONES_AVX2
#endif

/* For kernels worth 512 bits.  The sanitizers' runtime is not ready when such a choice is made. */
#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define SML_CLONES_AVX512 __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define SML_CLONES_AVX512
#endif

#endif
