/*
 * wire.c - bytes out and bytes in; see wire.h.
 *
 * Numbers are written byte by byte, least first, so the host's byte order does
 * not matter; compilers turn the loops into single moves.
 */
#include "wire.h"

#include <string.h>

#include "hash.h"

/* Length that stands for a NULL text. */
#define NO_TEXT UINT32_MAX

/* ---- writing -------------------------------------------------------------- */

void
sml_writer_start(SmlWriter *writer, SmlEnv *env)
{
	memset(writer, 0, sizeof(*writer));
	writer->env = env;
	writer->status = SML_OK;
}

void
sml_writer_count(SmlWriter *writer, SmlEnv *env)
{
	sml_writer_start(writer, env);
	writer->kind = SML_WRITER_COUNTS;
}

void
sml_writer_fill(SmlWriter *writer, SmlEnv *env, void *bytes, size_t room)
{
	sml_writer_start(writer, env);
	writer->kind = SML_WRITER_FILLS;
	writer->bytes = bytes;
	writer->room = room;
}

void
sml_writer_free(SmlWriter *writer)
{
	if (writer->kind == SML_WRITER_GROWS)
		sml_free(writer->env, writer->bytes);
	writer->bytes = NULL;
	writer->size = writer->room = 0;
}

/* Room for "count" more bytes; NULL after a failure, and where they are only counted. */
static uint8_t *
extend(SmlWriter *writer, size_t count)
{
	size_t   needed;
	uint8_t *at;

	if (writer->status != SML_OK)
		return NULL;
	if (!sml_size_plus(writer->size, count, &needed))
		writer->status = sml_fail(writer->env, SML_NO_MEMORY, "The bytes to write are too many.");
	else if (writer->kind == SML_WRITER_GROWS)
		writer->status = sml_grow_array(writer->env, &writer->bytes, &writer->room, needed, 1);
	else if (writer->kind == SML_WRITER_FILLS && needed > writer->room)
		writer->status = sml_fail(writer->env, SML_MISMATCH, "There are more bytes than were counted.");
	if (writer->status != SML_OK)
		return NULL;
	at = writer->kind == SML_WRITER_COUNTS ? NULL : writer->bytes + writer->size;
	writer->size = needed;
	return at;
}

static void
put_u64(uint8_t *at, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (uint8_t) (value >> (8 * i));
}

void
sml_write_u8(SmlWriter *writer, uint8_t value)
{
	uint8_t *at = extend(writer, 1);

	if (at != NULL)
		*at = value;
}

void
sml_write_u32(SmlWriter *writer, uint32_t value)
{
	uint8_t *at = extend(writer, 4);

	if (at != NULL)
		put_u64(at, value, 4);
}

void
sml_write_u64(SmlWriter *writer, uint64_t value)
{
	uint8_t *at = extend(writer, 8);

	if (at != NULL)
		put_u64(at, value, 8);
}

void
sml_write_f64(SmlWriter *writer, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	sml_write_u64(writer, bits);
}

/* Arrays poll when they cross a multiple of so many bytes, so that many short ones do too: a millisecond or two of work. */
#define POLL_BYTES ((size_t) 2 << 20)
#define POLL_NUMBERS (POLL_BYTES / 8)

void
sml_write_f64s(SmlWriter *writer, const double *values, size_t count)
{
	if (writer->kind == SML_WRITER_COUNTS)
	{
		(void) extend(writer, 8 * count);
		return;
	}
	for (size_t start = 0; start < count; start += POLL_NUMBERS)
	{
		size_t   piece = count - start < POLL_NUMBERS ? count - start : POLL_NUMBERS;
		size_t   before = writer->size;
		uint8_t *at = extend(writer, 8 * piece);

		if (at == NULL)
			return;
		for (size_t i = 0; i < piece; i++)
		{
			uint64_t bits;

			memcpy(&bits, &values[start + i], sizeof(bits));
			put_u64(at + 8 * i, bits, 8);
		}
		if (before / POLL_BYTES != writer->size / POLL_BYTES)
			writer->status = sml_poll(writer->env);
	}
}

void
sml_write_triangle(SmlWriter *writer, const double *a, size_t n, size_t lda)
{
	for (size_t i = 0; i < n; i++)
		sml_write_f64s(writer, a + i * lda + i, n - i);
}

void
sml_write_bools(SmlWriter *writer, const bool *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		sml_write_u8(writer, values[i]);
}

void
sml_write_bytes(SmlWriter *writer, const void *bytes, size_t count)
{
	uint8_t *at = extend(writer, count);

	if (at != NULL && count > 0)
		writer->status = sml_copy_bytes(writer->env, at, bytes, count);
}

void
sml_write_text(SmlWriter *writer, const char *text)
{
	size_t length = text == NULL ? 0 : strlen(text);

	if (length >= NO_TEXT && writer->status == SML_OK)
		writer->status = sml_fail(writer->env, SML_NO_MEMORY, "A text of %zu bytes is too long.", length);
	sml_write_u32(writer, text == NULL ? NO_TEXT : (uint32_t) length);
	sml_write_bytes(writer, text, length);
}

size_t
sml_write_envelope(SmlWriter *writer, const char kind[4], uint32_t version)
{
	size_t mark = writer->size;

	sml_write_bytes(writer, "SML1", 4);
	sml_write_bytes(writer, kind, 4);
	sml_write_u32(writer, version);
	sml_write_u64(writer, 0);
	sml_write_u64(writer, 0);
	return mark;
}

/* The checksum covers the payload and, through the seed, kind and version. */
static SmlStatus
envelope_checksum(SmlEnv *env, const uint8_t *kind_and_version, const uint8_t *payload, size_t size, uint64_t *checksum)
{
	return sml_hash_long(env, sml_hash_bytes(0, kind_and_version, 8), payload, size, checksum);
}

void
sml_end_envelope(SmlWriter *writer, size_t mark)
{
	uint8_t *at;
	size_t   size;
	uint64_t checksum = 0;

	if (writer->status != SML_OK || writer->kind == SML_WRITER_COUNTS)
		return;
	at = writer->bytes + mark;
	size = writer->size - mark - SML_ENVELOPE_SIZE;
	put_u64(at + 12, size, 8);
	writer->status = envelope_checksum(writer->env, at + 4, at + SML_ENVELOPE_SIZE, size, &checksum);
	put_u64(at + 20, checksum, 8);
}

/* ---- reading ------------------------------------------------------------------ */

void
sml_reader_start(SmlReader *reader, SmlEnv *env, const void *bytes, size_t size)
{
	reader->env = env;
	reader->at = bytes;
	reader->end = reader->at + size;
	reader->status = SML_OK;
}

size_t
sml_reader_left(const SmlReader *reader)
{
	return reader->status == SML_OK ? (size_t) (reader->end - reader->at) : 0;
}

void
sml_reader_fail(SmlReader *reader, const char *what)
{
	if (reader->status == SML_OK)
		reader->status = sml_fail(reader->env, SML_CORRUPT, "%s", what);
}

/* The next "count" bytes, or NULL after a failure. */
static const uint8_t *
take(SmlReader *reader, size_t count)
{
	const uint8_t *at = reader->at;

	if (reader->status != SML_OK)
		return NULL;
	if ((size_t) (reader->end - reader->at) < count)
	{
		sml_reader_fail(reader, "The bytes end too early.");
		return NULL;
	}
	reader->at += count;
	return at;
}

static uint64_t
get_u64(const uint8_t *at, size_t bytes)
{
	uint64_t value = 0;

	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t) at[i] << (8 * i);
	return value;
}

uint8_t
sml_read_u8(SmlReader *reader)
{
	const uint8_t *at = take(reader, 1);

	return at == NULL ? 0 : *at;
}

bool
sml_read_bool(SmlReader *reader)
{
	uint8_t value = sml_read_u8(reader);

	if (value > 1)
		sml_reader_fail(reader, "A truth value is neither 0 nor 1.");
	return value == 1;
}

uint32_t
sml_read_u32(SmlReader *reader)
{
	const uint8_t *at = take(reader, 4);

	return at == NULL ? 0 : (uint32_t) get_u64(at, 4);
}

uint64_t
sml_read_u64(SmlReader *reader)
{
	const uint8_t *at = take(reader, 8);

	return at == NULL ? 0 : get_u64(at, 8);
}

double
sml_read_f64(SmlReader *reader)
{
	uint64_t bits = sml_read_u64(reader);
	double   value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

void
sml_read_f64s(SmlReader *reader, double *values, size_t count)
{
	if (sml_reader_left(reader) / 8 < count)
	{
		sml_reader_fail(reader, "The bytes end too early.");
		return;
	}
	for (size_t start = 0; start < count; start += POLL_NUMBERS)
	{
		size_t         piece = count - start < POLL_NUMBERS ? count - start : POLL_NUMBERS;
		size_t         before = sml_reader_left(reader);
		const uint8_t *at = take(reader, 8 * piece);

		if (at == NULL)
			return;
		for (size_t i = 0; i < piece; i++)
		{
			uint64_t bits = get_u64(at + 8 * i, 8);

			memcpy(&values[start + i], &bits, sizeof(bits));
		}
		if (before / POLL_BYTES != sml_reader_left(reader) / POLL_BYTES)
			reader->status = sml_poll(reader->env);
	}
}

void
sml_read_triangle(SmlReader *reader, double *a, size_t n, size_t lda)
{
	for (size_t i = 0; i < n; i++)
		sml_read_f64s(reader, a + i * lda + i, n - i);
}

void
sml_read_bools(SmlReader *reader, bool *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		values[i] = sml_read_bool(reader);
}

void
sml_read_bytes(SmlReader *reader, void *bytes, size_t count)
{
	const uint8_t *at = take(reader, count);

	if (at != NULL && count > 0)
		reader->status = sml_copy_bytes(reader->env, bytes, at, count);
}

size_t
sml_read_count(SmlReader *reader, size_t least)
{
	uint64_t count = sml_read_u64(reader);

	if (reader->status != SML_OK)
		return 0;
	if (count > sml_reader_left(reader) / (least > 0 ? least : 1))
	{
		sml_reader_fail(reader, "A count is larger than the bytes that follow.");
		return 0;
	}
	return (size_t) count;
}

char *
sml_read_text(SmlReader *reader)
{
	uint32_t       length = sml_read_u32(reader);
	const uint8_t *at;
	char          *text = NULL;

	if (reader->status != SML_OK || length == NO_TEXT)
		return NULL;
	at = take(reader, length);
	if (at == NULL)
		return NULL;
	if (length > 0 && memchr(at, 0, length) != NULL)
	{
		sml_reader_fail(reader, "A text has a zero byte inside.");
		return NULL;
	}
	reader->status = sml_copy_text(reader->env, (const char *) at, length, &text);
	return text;
}

double *
sml_read_f64_array(SmlReader *reader, size_t count)
{
	double *values = NULL;

	if (reader->status == SML_OK && sml_reader_left(reader) / 8 < count)
		sml_reader_fail(reader, "The bytes end too early.");
	if (reader->status != SML_OK)
		return NULL;
	reader->status = sml_alloc_array(reader->env, count, sizeof(double), &values);
	if (reader->status != SML_OK)
		return NULL;
	sml_read_f64s(reader, values, count);
	return values;
}

uint32_t
sml_read_envelope(SmlReader *reader, const char kind[4], uint32_t oldest, uint32_t newest)
{
	const uint8_t *at = reader->at;
	uint32_t       version = sml_skip_envelope(reader, kind, oldest, newest);
	uint64_t       checksum = 0;

	if (reader->status == SML_OK)
		reader->status = envelope_checksum(reader->env, at + 4, reader->at, (size_t) (reader->end - reader->at), &checksum);
	if (reader->status == SML_OK && sml_envelope_checksum(at) != checksum)
		sml_reader_fail(reader, "The checksum does not fit the bytes.");
	return reader->status == SML_OK ? version : 0;
}

uint64_t
sml_envelope_checksum(const void *bytes)
{
	return get_u64((const uint8_t *) bytes + 20, 8);
}

uint32_t
sml_skip_envelope(SmlReader *reader, const char kind[4], uint32_t oldest, uint32_t newest)
{
	const uint8_t *at = take(reader, SML_ENVELOPE_SIZE);
	uint32_t       version;
	uint64_t       length;

	if (at == NULL)
		return 0;
	if (memcmp(at, "SML1", 4) != 0 || memcmp(at + 4, kind, 4) != 0)
	{
		sml_reader_fail(reader, "The bytes do not begin with the expected mark.");
		return 0;
	}
	version = (uint32_t) get_u64(at + 8, 4);
	length = get_u64(at + 12, 8);
	if (version < oldest || version > newest)
	{
		if (reader->status == SML_OK)
			reader->status = sml_fail(reader->env, SML_CORRUPT, "The bytes are of version %u; this release reads %u to %u.",
									  version, oldest, newest);
		return 0;
	}
	if (length != (uint64_t) (reader->end - reader->at))
		sml_reader_fail(reader, "The stated length is not the length of the bytes.");
	return reader->status == SML_OK ? version : 0;
}
