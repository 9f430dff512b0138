/*
 * replay.c - run a fuzz target over the files of a corpus, without a fuzzer: each file as it
 * is, cut at every length, and with every byte changed in a few ways.
 *
 *   fuzz_model test/fuzz/corpus/model/...
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An input in a chunk of its own size, so that the address sanitizer sees a read past its end. */
static void
run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size > 0 ? size : 1);

	if (copy == NULL)
		abort();
	for (size_t i = 0; i < size; i++)
		copy[i] = data[i];
	(void) LLVMFuzzerTestOneInput(copy, size);
	free(copy);
}

static uint8_t *
load(const char *path, size_t *size)
{
	FILE    *file = fopen(path, "rb");
	uint8_t *data;
	long     length;

	if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (length = ftell(file)) < 0)
	{
		perror(path);
		exit(1);
	}
	rewind(file);
	data = malloc((size_t) length + 1);
	if (data == NULL || fread(data, 1, (size_t) length, file) != (size_t) length)
	{
		perror(path);
		exit(1);
	}
	fclose(file);
	*size = (size_t) length;
	return data;
}

int
main(int count, char **paths)
{
	size_t runs = 0;

	for (int i = 1; i < count; i++)
	{
		size_t   size;
		uint8_t *data = load(paths[i], &size);

		run(data, size);
		for (size_t cut = 0; cut < size; cut++)
			run(data, cut);
		for (size_t at = 0; at < size; at++)
		{
			const uint8_t old = data[at];
			const uint8_t changed[5] = {(uint8_t) (old ^ (1u << at % 8)), (uint8_t) (old + 1), (uint8_t) (old - 1), 0x00, 0xFF};

			for (size_t c = 0; c < 5; c++)
			{
				data[at] = changed[c];
				run(data, size);
			}
			data[at] = old;
		}
		runs += 1 + 6 * size;
		free(data);
	}
	printf("%d files, %zu inputs\n", count - 1, runs);
	return count > 1 ? 0 : 1;
}
