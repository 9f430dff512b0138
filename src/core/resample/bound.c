/*
 * bound.c - see bound.h.  The kernels differ in the width of their registers, and in whether multiplication and addition are one
 * instruction.
 *
 * Four rows times two registers of columns are summed in eight accumulators: eight multiply-adds for two loads and four
 * broadcasts.
 */
#include "bound.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define HAVE_X86 1
#endif

static size_t
kernel_plain(const SmlBoundTask *t, uint16_t *hits)
{
	size_t count = 0;

	for (size_t r = 0; r < SML_BOUND_ROWS; r++)
	{
		size_t  i = t->row + r;
		int32_t sum[SML_BOUND_BLOCK] = {0};

		for (size_t f = 0; f < t->lanes; f++)
		{
			const int16_t *b = t->x + f * 2 * SML_BOUND_BLOCK;
			int32_t        a0 = t->x_rows[(f * SML_BOUND_BLOCK + i) * 2];
			int32_t        a1 = t->x_rows[(f * SML_BOUND_BLOCK + i) * 2 + 1];

			for (size_t j = 0; j < SML_BOUND_BLOCK; j++)
				sum[j] += a0 * b[2 * j] + a1 * b[2 * j + 1];
		}
		for (size_t f = 0; f < t->labels; f++)
			for (size_t j = 0; j < SML_BOUND_BLOCK; j++)
				sum[j] -= t->code[f * SML_BOUND_BLOCK + j] != t->code_rows[f * SML_BOUND_BLOCK + i] ? t->weight : 0;
		for (size_t j = 0; j < SML_BOUND_BLOCK; j++)
		{
			int32_t limit = t->limit[j] > t->limit_rows[i] ? t->limit[j] : t->limit_rows[i];

			if (sum[j] - t->half[j] + limit >= t->half_rows[i])
				hits[count++] = (uint16_t) (i * SML_BOUND_BLOCK + j);
		}
	}
	return count;
}

#ifdef HAVE_X86

/*
 * Which pairs are near enough, a bit each, row by row: written without a branch, which would be mispredicted for one
 * register in ten, and read 64 at a time.
 */
typedef struct Marks
{
	uint64_t near[SML_BOUND_ROWS][SML_BOUND_BLOCK / 64];
} Marks;

/* Bits of the columns from "column" on; x86 has the low byte first. */
static inline void
mark(Marks *marks, size_t row, size_t column, uint32_t mask, size_t columns)
{
	__builtin_memcpy((char *) marks->near[row] + column / 8, &mask, columns / 8);
}

static inline size_t
list_marks(const Marks *marks, size_t first, uint16_t *hits)
{
	size_t count = 0;

	for (size_t r = 0; r < SML_BOUND_ROWS; r++)
		for (size_t part = 0; part < SML_BOUND_BLOCK / 64; part++)
			for (uint64_t left = marks->near[r][part]; left != 0; left &= left - 1)
				hits[count++] = (uint16_t) ((first + r) * SML_BOUND_BLOCK + part * 64 + (size_t) __builtin_ctzll(left));
	return count;
}

/* The row's two coordinates of one pair of columns, as one 32-bit lane. */
static inline int32_t
pair_of(const int16_t *a, size_t row)
{
	int32_t pair;

	__builtin_memcpy(&pair, a + 2 * row, sizeof(pair));
	return pair;
}

/* _mm512_dpwssd_epi32; gcc (at least to 12) copies every sum to and fro around the intrinsic, which takes longer than the products. */
static inline __attribute__((always_inline, target("avx512f,avx512vnni"))) __m512i
in_one_step(__m512i sum, __m512i a, __m512i b)
{
	__asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
	return sum;
}

/* _mm512_dpbusd_epi32 likewise: unsigned bytes of b by signed ones of a. */
static inline __attribute__((always_inline, target("avx512f,avx512vnni"))) __m512i
bytes_in_one_step(__m512i sum, __m512i a, __m512i b)
{
	__m512i shifted = _mm512_xor_si512(b, _mm512_set1_epi32((int) 0x80808080));

	__asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(shifted), "v"(a));
	return sum;
}

/* Unrolled, so that the sums stay in registers. */
#define UNROLLED _Pragma("GCC unroll 4")

#define KERNEL_512(name, features, MULTIPLY_ADD)                                                                                  \
	__attribute__((target(features))) static size_t                                                                               \
	name(const SmlBoundTask *t, uint16_t *hits)                                                                                   \
	{                                                                                                                             \
		Marks   marks;                                                                                                            \
		__m512i weight = _mm512_set1_epi32(t->weight);                                                                            \
                                                                                                                                  \
		for (size_t j = 0; j < SML_BOUND_BLOCK; j += 32)                                                                          \
		{                                                                                                                         \
			__m512i        sum[SML_BOUND_ROWS][2];                                                                                \
			const int16_t *a = t->x_rows + t->row * 2;                                                                            \
			const int16_t *b = t->x + j * 2;                                                                                      \
			__m512i        half0 = _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_loadu_si512(t->half + j));                     \
			__m512i        half1 = _mm512_sub_epi32(_mm512_setzero_si512(), _mm512_loadu_si512(t->half + j + 16));                \
                                                                                                                                  \
			UNROLLED                                                                                                              \
			for (size_t r = 0; r < SML_BOUND_ROWS; r++)                                                                           \
			{                                                                                                                     \
				sum[r][0] = half0;                                                                                                \
				sum[r][1] = half1;                                                                                                \
			}                                                                                                                     \
			for (size_t f = 0; f < t->lanes; f++, a += 2 * SML_BOUND_BLOCK, b += 2 * SML_BOUND_BLOCK)                             \
			{                                                                                                                     \
				__m512i b0 = _mm512_loadu_si512(b);                                                                               \
				__m512i b1 = _mm512_loadu_si512(b + 32);                                                                          \
                                                                                                                                  \
				UNROLLED                                                                                                          \
				for (size_t r = 0; r < SML_BOUND_ROWS; r++)                                                                       \
				{                                                                                                                 \
					__m512i both = _mm512_set1_epi32(pair_of(a, r));                                                              \
                                                                                                                                  \
					sum[r][0] = MULTIPLY_ADD(sum[r][0], both, b0);                                                                \
					sum[r][1] = MULTIPLY_ADD(sum[r][1], both, b1);                                                                \
				}                                                                                                                 \
			}                                                                                                                     \
			UNROLLED                                                                                                              \
			for (size_t r = 0; r < SML_BOUND_ROWS; r++)                                                                           \
				UNROLLED                                                                                                          \
				for (size_t part = 0; part < 2; part++)                                                                           \
				{                                                                                                                 \
					size_t   at = j + 16 * part;                                                                                  \
					__m512i  limit = _mm512_max_epi32(_mm512_loadu_si512(t->limit + at), _mm512_set1_epi32(t->limit_rows[t->row + r])); \
					__m512i  least = _mm512_set1_epi32(t->half_rows[t->row + r]);                                                 \
					__m512i  all = _mm512_add_epi32(sum[r][part], limit);                                                         \
					uint32_t mask = _mm512_cmpge_epi32_mask(all, least);                                                          \
                                                                                                                                  \
					for (size_t f = 0; f < t->labels && mask != 0; f++)                                                           \
					{                                                                                                             \
						__m512i   code = _mm512_set1_epi32(t->code_rows[f * SML_BOUND_BLOCK + t->row + r]);                       \
						__mmask16 differ = _mm512_cmpneq_epi32_mask(code, _mm512_loadu_si512(t->code + f * SML_BOUND_BLOCK + at)); \
                                                                                                                                  \
						all = _mm512_mask_sub_epi32(all, differ, all, weight);                                                    \
						mask &= _mm512_cmpge_epi32_mask(all, least);                                                              \
					}                                                                                                             \
					mark(&marks, r, at, mask, 16);                                                                                \
				}                                                                                                                 \
		}                                                                                                                         \
		return list_marks(&marks, t->row, hits);                                                                                  \
	}

#define IN_TWO_STEPS(sum, a, b) _mm512_add_epi32(sum, _mm512_madd_epi16(a, b))
#define IN_ONE_STEP(sum, a, b)  in_one_step(sum, a, b)

KERNEL_512(kernel_512, "avx512f,avx512bw", IN_TWO_STEPS)
KERNEL_512(kernel_512_vnni, "avx512f,avx512bw,avx512vnni", IN_ONE_STEP)
KERNEL_512(kernel_512_bytes, "avx512f,avx512bw,avx512vnni", bytes_in_one_step)

static inline __attribute__((target("avx2"))) __m256i
load_256(const void *from)
{
	return _mm256_loadu_si256(from);
}

/* Lanes of a that are at least those of b. */
static inline __attribute__((target("avx2"))) uint32_t
at_least_256(__m256i a, __m256i b)
{
	return 0xFFu & ~(uint32_t) _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(b, a)));
}

__attribute__((target("avx2"))) static size_t
kernel_256(const SmlBoundTask *t, uint16_t *hits)
{
	Marks   marks;
	__m256i weight = _mm256_set1_epi32(t->weight);

	for (size_t j = 0; j < SML_BOUND_BLOCK; j += 16)
	{
		__m256i        sum[SML_BOUND_ROWS][2];
		const int16_t *a = t->x_rows + t->row * 2;
		const int16_t *b = t->x + j * 2;
		__m256i        half0 = _mm256_sub_epi32(_mm256_setzero_si256(), load_256(t->half + j));
		__m256i        half1 = _mm256_sub_epi32(_mm256_setzero_si256(), load_256(t->half + j + 8));

		UNROLLED
		for (size_t r = 0; r < SML_BOUND_ROWS; r++)
		{
			sum[r][0] = half0;
			sum[r][1] = half1;
		}
		for (size_t f = 0; f < t->lanes; f++, a += 2 * SML_BOUND_BLOCK, b += 2 * SML_BOUND_BLOCK)
		{
			__m256i b0 = load_256(b);
			__m256i b1 = load_256(b + 16);

			UNROLLED
			for (size_t r = 0; r < SML_BOUND_ROWS; r++)
			{
				__m256i both = _mm256_set1_epi32(pair_of(a, r));

				sum[r][0] = _mm256_add_epi32(sum[r][0], _mm256_madd_epi16(both, b0));
				sum[r][1] = _mm256_add_epi32(sum[r][1], _mm256_madd_epi16(both, b1));
			}
		}
		UNROLLED
		for (size_t r = 0; r < SML_BOUND_ROWS; r++)
			UNROLLED
			for (size_t part = 0; part < 2; part++)
			{
				size_t   at = j + 8 * part;
				__m256i  limit = _mm256_max_epi32(load_256(t->limit + at), _mm256_set1_epi32(t->limit_rows[t->row + r]));
				__m256i  least = _mm256_set1_epi32(t->half_rows[t->row + r]);
				__m256i  all = _mm256_add_epi32(sum[r][part], limit);
				uint32_t mask = at_least_256(all, least);

				for (size_t f = 0; f < t->labels && mask != 0; f++)
				{
					__m256i code = _mm256_set1_epi32(t->code_rows[f * SML_BOUND_BLOCK + t->row + r]);
					__m256i same = _mm256_cmpeq_epi32(code, load_256(t->code + f * SML_BOUND_BLOCK + at));

					all = _mm256_sub_epi32(all, _mm256_andnot_si256(same, weight));
					mask &= at_least_256(all, least);
				}
				mark(&marks, r, at, mask, 8);
			}
	}
	return list_marks(&marks, t->row, hits);
}

#endif

SmlBoundKernel
sml_bound_kernel_at(int index)
{
#ifdef HAVE_X86
	bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");

	if (index == 3)
		return wide && __builtin_cpu_supports("avx512vnni") ? kernel_512_vnni : NULL;
	if (index == 2)
		return wide ? kernel_512 : NULL;
	if (index == 1)
		return __builtin_cpu_supports("avx2") ? kernel_256 : NULL;
#endif
	return index == 0 ? kernel_plain : NULL;
}

SmlBoundKernel
sml_bound_kernel(void)
{
	for (int i = SML_BOUND_KERNELS - 1; i > 0; i--)
		if (sml_bound_kernel_at(i) != NULL)
			return sml_bound_kernel_at(i);
	return kernel_plain;
}

SmlBoundKernel
sml_bound_kernel_bytes(void)
{
#ifdef HAVE_X86
	if (sml_bound_kernel_at(3) != NULL)
		return kernel_512_bytes;
#endif
	return NULL;
}
