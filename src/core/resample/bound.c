/*
 * bound.c - see bound.h.  The kernels differ in the width of their registers only.
 *
 * With 512 bits four rows times two registers of columns are summed in eight accumulators: eight multiply-adds
 * for two loads and four broadcasts, 32 columns at a time; with 256 bits the same at half the width.
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
		int32_t sum[SML_BOUND_BLOCK];

		for (size_t j = 0; j < SML_BOUND_BLOCK; j++)
			sum[j] = t->norm[j] + t->norm_rows[i];
		for (size_t f = 0; f < t->pairs; f++)
		{
			const int16_t *b = t->x + f * 2 * SML_BOUND_BLOCK;
			int32_t        a0 = 2 * t->x_rows[(f * SML_BOUND_BLOCK + i) * 2];
			int32_t        a1 = 2 * t->x_rows[(f * SML_BOUND_BLOCK + i) * 2 + 1];

			for (size_t j = 0; j < SML_BOUND_BLOCK; j++)
				sum[j] -= a0 * b[2 * j] + a1 * b[2 * j + 1];
		}
		for (size_t f = 0; f < t->labels; f++)
			for (size_t j = 0; j < SML_BOUND_BLOCK; j++)
				sum[j] += t->code[f * SML_BOUND_BLOCK + j] != t->code_rows[f * SML_BOUND_BLOCK + i] ? t->weight : 0;
		for (size_t j = 0; j < SML_BOUND_BLOCK; j++)
		{
			int32_t limit = t->limit[j] > t->limit_rows[i] ? t->limit[j] : t->limit_rows[i];

			if (sum[j] <= limit)
				hits[count++] = (uint16_t) (r * SML_BOUND_BLOCK + j);
		}
	}
	return count;
}

#ifdef HAVE_X86

/* Hits come register by register; put them into the order of rows and columns. */
#define COLLECT(mask, lanes)                                                        \
	while (mask != 0)                                                               \
	{                                                                               \
		found[r][counts[r]++] = (uint16_t) (r * SML_BOUND_BLOCK + (lanes) + (size_t) __builtin_ctz(mask)); \
		mask &= mask - 1;                                                           \
	}

static size_t
join(uint16_t found[SML_BOUND_ROWS][SML_BOUND_BLOCK], const size_t *counts, uint16_t *hits)
{
	size_t count = 0;

	for (size_t r = 0; r < SML_BOUND_ROWS; r++)
		for (size_t n = 0; n < counts[r]; n++)
			hits[count++] = found[r][n];
	return count;
}

__attribute__((target("avx512f,avx512bw"))) static size_t
kernel_512(const SmlBoundTask *t, uint16_t *hits)
{
	uint16_t found[SML_BOUND_ROWS][SML_BOUND_BLOCK];
	size_t   counts[SML_BOUND_ROWS] = {0, 0, 0, 0};
	__m512i  weight = _mm512_set1_epi32(t->weight);

	for (size_t j = 0; j < SML_BOUND_BLOCK; j += 32)
	{
		__m512i        sum[SML_BOUND_ROWS][2];
		const int16_t *a = t->x_rows + t->row * 2;
		const int16_t *b = t->x + j * 2;

		for (size_t r = 0; r < SML_BOUND_ROWS; r++)
			sum[r][0] = sum[r][1] = _mm512_setzero_si512();
		for (size_t f = 0; f < t->pairs; f++, a += 2 * SML_BOUND_BLOCK, b += 2 * SML_BOUND_BLOCK)
		{
			__m512i b0 = _mm512_loadu_si512(b);
			__m512i b1 = _mm512_loadu_si512(b + 32);

			for (size_t r = 0; r < SML_BOUND_ROWS; r++)
			{
				int32_t pair;
				__m512i both;

				__builtin_memcpy(&pair, a + 2 * r, sizeof(pair));
				both = _mm512_set1_epi32(pair);
				sum[r][0] = _mm512_add_epi32(sum[r][0], _mm512_madd_epi16(both, b0));
				sum[r][1] = _mm512_add_epi32(sum[r][1], _mm512_madd_epi16(both, b1));
			}
		}
		for (size_t r = 0; r < SML_BOUND_ROWS; r++)
			for (size_t half = 0; half < 2; half++)
			{
				size_t    at = j + 16 * half;
				__m512i   base = _mm512_add_epi32(_mm512_loadu_si512(t->norm + at), _mm512_set1_epi32(t->norm_rows[t->row + r]));
				__m512i   all = _mm512_sub_epi32(base, _mm512_slli_epi32(sum[r][half], 1));
				__m512i   limit = _mm512_max_epi32(_mm512_loadu_si512(t->limit + at), _mm512_set1_epi32(t->limit_rows[t->row + r]));
				uint32_t  mask = _mm512_cmple_epi32_mask(all, limit);

				for (size_t f = 0; f < t->labels && mask != 0; f++)
				{
					__m512i   code = _mm512_set1_epi32(t->code_rows[f * SML_BOUND_BLOCK + t->row + r]);
					__mmask16 differ = _mm512_cmpneq_epi32_mask(code, _mm512_loadu_si512(t->code + f * SML_BOUND_BLOCK + at));

					all = _mm512_mask_add_epi32(all, differ, all, weight);
					mask &= _mm512_cmple_epi32_mask(all, limit);
				}
				COLLECT(mask, at)
			}
	}
	return join(found, counts, hits);
}

__attribute__((target("avx2"))) static size_t
kernel_256(const SmlBoundTask *t, uint16_t *hits)
{
	uint16_t found[SML_BOUND_ROWS][SML_BOUND_BLOCK];
	size_t   counts[SML_BOUND_ROWS] = {0, 0, 0, 0};
	__m256i  weight = _mm256_set1_epi32(t->weight);

	for (size_t j = 0; j < SML_BOUND_BLOCK; j += 16)
	{
		__m256i        sum[SML_BOUND_ROWS][2];
		const int16_t *a = t->x_rows + t->row * 2;
		const int16_t *b = t->x + j * 2;

		for (size_t r = 0; r < SML_BOUND_ROWS; r++)
			sum[r][0] = sum[r][1] = _mm256_setzero_si256();
		for (size_t f = 0; f < t->pairs; f++, a += 2 * SML_BOUND_BLOCK, b += 2 * SML_BOUND_BLOCK)
		{
			__m256i b0 = _mm256_loadu_si256((const __m256i *) (const void *) b);
			__m256i b1 = _mm256_loadu_si256((const __m256i *) (const void *) (b + 16));

			for (size_t r = 0; r < SML_BOUND_ROWS; r++)
			{
				int32_t pair;
				__m256i both;

				__builtin_memcpy(&pair, a + 2 * r, sizeof(pair));
				both = _mm256_set1_epi32(pair);
				sum[r][0] = _mm256_add_epi32(sum[r][0], _mm256_madd_epi16(both, b0));
				sum[r][1] = _mm256_add_epi32(sum[r][1], _mm256_madd_epi16(both, b1));
			}
		}
		for (size_t r = 0; r < SML_BOUND_ROWS; r++)
			for (size_t half = 0; half < 2; half++)
			{
				size_t   at = j + 8 * half;
				__m256i  base = _mm256_add_epi32(_mm256_loadu_si256((const __m256i *) (const void *) (t->norm + at)), _mm256_set1_epi32(t->norm_rows[t->row + r]));
				__m256i  all = _mm256_sub_epi32(base, _mm256_slli_epi32(sum[r][half], 1));
				__m256i  limit = _mm256_max_epi32(_mm256_loadu_si256((const __m256i *) (const void *) (t->limit + at)), _mm256_set1_epi32(t->limit_rows[t->row + r]));
				uint32_t mask = 0xFFu & ~(uint32_t) _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(all, limit)));

				for (size_t f = 0; f < t->labels && mask != 0; f++)
				{
					__m256i code = _mm256_set1_epi32(t->code_rows[f * SML_BOUND_BLOCK + t->row + r]);
					__m256i same = _mm256_cmpeq_epi32(code, _mm256_loadu_si256((const __m256i *) (const void *) (t->code + f * SML_BOUND_BLOCK + at)));

					all = _mm256_add_epi32(all, _mm256_andnot_si256(same, weight));
					mask &= ~(uint32_t) _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(all, limit)));
				}
				COLLECT(mask, at)
			}
	}
	return join(found, counts, hits);
}

#endif

SmlBoundKernel
sml_bound_kernel_at(int index)
{
#ifdef HAVE_X86
	if (index == 2)
		return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") ? kernel_512 : NULL;
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
