/*
 * wire.h - bytes out and bytes in, little-endian, with checked lengths.
 *
 * Both sides are sticky: after the first failure every further call does
 * nothing, and the caller looks at the status once, at the end.  The reader
 * treats its bytes as hostile: it never reads past the end, never allocates
 * more than the bytes that are left could fill, and says SML_CORRUPT.
 *
 * An envelope surrounds everything that leaves the process:
 *
 *   +-------+-------+---------+---------+------------+-----------+
 *   | magic | kind  | version | length  | checksum   | payload   |
 *   | 4 B   | 4 B   | u32     | u64     | u64        | length B  |
 *   +-------+-------+---------+---------+------------+-----------+
 *
 * The checksum (sml_hash_bytes over the payload, seeded by kind and version)
 * finds damage; it is no protection against a person who wants to deceive.
 */
#ifndef SML_WIRE_H
#define SML_WIRE_H

#include "core.h"

#define SML_ENVELOPE_SIZE 28

typedef enum SmlWriterKind
{
	SML_WRITER_GROWS = 0, /* bytes are the writer's, and grow */
	SML_WRITER_COUNTS,    /* no bytes: only the size is wanted */
	SML_WRITER_FILLS      /* bytes are the caller's, "room" of them */
} SmlWriterKind;

typedef struct SmlWriter
{
	SmlEnv       *env;
	SmlWriterKind kind;
	uint8_t      *bytes;
	size_t        size;
	size_t        room;
	SmlStatus     status;
} SmlWriter;

/* Large things are counted first, then written where they belong: a growing array would be copied and zeroed on the way. */
void sml_writer_start(SmlWriter *writer, SmlEnv *env);
void sml_writer_count(SmlWriter *writer, SmlEnv *env);
void sml_writer_fill(SmlWriter *writer, SmlEnv *env, void *bytes, size_t room);
void sml_writer_free(SmlWriter *writer);
void sml_write_u8(SmlWriter *writer, uint8_t value);
void sml_write_u32(SmlWriter *writer, uint32_t value);
void sml_write_u64(SmlWriter *writer, uint64_t value);
void sml_write_f64(SmlWriter *writer, double value);
void sml_write_f64s(SmlWriter *writer, const double *values, size_t count); /* no count is written; polls */
void sml_write_triangle(SmlWriter *writer, const double *a, size_t n, size_t lda); /* the upper one of order n, by rows; polls */
void sml_write_bools(SmlWriter *writer, const bool *values, size_t count);  /* a byte each */
void sml_write_bytes(SmlWriter *writer, const void *bytes, size_t count);   /* no count is written */
void sml_write_text(SmlWriter *writer, const char *text);                   /* u32 length, bytes; NULL has a mark of its own */

/* Begin and end an envelope: the end fills in length and checksum. */
size_t sml_write_envelope(SmlWriter *writer, const char kind[4], uint32_t version);
void   sml_end_envelope(SmlWriter *writer, size_t mark);

typedef struct SmlReader
{
	SmlEnv        *env;
	const uint8_t *at;
	const uint8_t *end;
	SmlStatus      status;
} SmlReader;

void     sml_reader_start(SmlReader *reader, SmlEnv *env, const void *bytes, size_t size);
size_t   sml_reader_left(const SmlReader *reader);
uint8_t  sml_read_u8(SmlReader *reader);
bool     sml_read_bool(SmlReader *reader);   /* 0 or 1, all else is corrupt */
uint32_t sml_read_u32(SmlReader *reader);
uint64_t sml_read_u64(SmlReader *reader);
double   sml_read_f64(SmlReader *reader);
void     sml_read_f64s(SmlReader *reader, double *values, size_t count); /* zeros or what was there when they do not follow; polls */
void     sml_read_triangle(SmlReader *reader, double *a, size_t n, size_t lda);
void     sml_read_bools(SmlReader *reader, bool *values, size_t count);
void     sml_read_bytes(SmlReader *reader, void *bytes, size_t count);

/* A u64 count of things that take at least "least" bytes each: corrupt when they cannot all follow. */
size_t   sml_read_count(SmlReader *reader, size_t least);

/* An allocated, zero-ended copy (or NULL where NULL was written); a zero byte inside is corrupt. */
char    *sml_read_text(SmlReader *reader);

/* Allocate "count" doubles and read them; NULL after a failure. */
double  *sml_read_f64_array(SmlReader *reader, size_t count);

/* Check magic, kind, version range, length and checksum, and stand at the payload. */
uint32_t sml_read_envelope(SmlReader *reader, const char kind[4], uint32_t oldest, uint32_t newest);

/* The same without the checksum, for a reader that wants the beginning of long bytes only. */
uint32_t sml_skip_envelope(SmlReader *reader, const char kind[4], uint32_t oldest, uint32_t newest);

/* The checksum that an envelope states. */
uint64_t sml_envelope_checksum(const void *bytes);

/* Say SML_CORRUPT with a sentence, unless something failed before. */
void     sml_reader_fail(SmlReader *reader, const char *what);

#endif
