/*
 * core.c - status, allocation and notes; see core.h.
 */
#include "core.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int
sml_clip(const char *text, size_t most)
{
	const char *end = memchr(text, '\0', most + 1);
	size_t      length;

	if (end != NULL)
		return (int) (end - text);
	/* back to the start of a character: the byte after the cut must not continue one */
	for (length = most; length > 0 && ((unsigned char) text[length] & 0xC0) == 0x80; length--)
		;
	return (int) length;
}

SmlStatus
sml_fail(SmlEnv *env, SmlStatus status, const char *format, ...)
{
	char    text[sizeof(env->detail) + 1];
	va_list arguments;

	va_start(arguments, format);
	(void) vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	(void) snprintf(env->detail, sizeof(env->detail), "%.*s", sml_clip(text, sizeof(env->detail) - 1), text);
	return status;
}

SmlStatus
sml_poll(SmlEnv *env)
{
	if (env->poll != NULL && env->poll(env->context))
		return sml_fail(env, SML_STOPPED, "The work was stopped.");
	return SML_OK;
}

bool
sml_size_times(size_t a, size_t b, size_t *result)
{
	return !__builtin_mul_overflow(a, b, result);
}

bool
sml_size_plus(size_t a, size_t b, size_t *result)
{
	return !__builtin_add_overflow(a, b, result);
}

/* Bytes between two polls: a millisecond or two, page faults included. */
#define PIECE ((size_t) 4 << 20)

SmlStatus
sml_zero_bytes(SmlEnv *env, void *to, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += PIECE)
	{
		SmlStatus status = at > 0 ? sml_poll(env) : SML_OK;

		if (status != SML_OK)
			return status;
		memset((char *) to + at, 0, bytes - at < PIECE ? bytes - at : PIECE);
	}
	return SML_OK;
}

SmlStatus
sml_copy_bytes(SmlEnv *env, void *to, const void *from, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += PIECE)
	{
		SmlStatus status = at > 0 ? sml_poll(env) : SML_OK;

		if (status != SML_OK)
			return status;
		memcpy((char *) to + at, (const char *) from + at, bytes - at < PIECE ? bytes - at : PIECE);
	}
	return SML_OK;
}

SmlStatus
sml_alloc_array(SmlEnv *env, size_t count, size_t size, void *chunk)
{
	size_t    bytes;
	void     *fresh;
	SmlStatus status;

	if (!sml_size_times(count, size, &bytes))
		return sml_fail(env, SML_NO_MEMORY, "An array of %zu elements of %zu bytes is too large.", count, size);
	fresh = env->alloc(env->context, bytes ? bytes : 1);
	if (fresh == NULL)
		return sml_fail(env, SML_NO_MEMORY, "No memory for %zu bytes.", bytes);
	status = sml_zero_bytes(env, fresh, bytes ? bytes : 1);
	if (status != SML_OK)
	{
		env->release(env->context, fresh);
		return status;
	}
	memcpy(chunk, &fresh, sizeof(fresh));
	return SML_OK;
}

SmlStatus
sml_grow_array(SmlEnv *env, void *chunk, size_t *room, size_t needed, size_t size)
{
	size_t    wanted = *room;
	void     *old;
	void     *fresh = NULL;
	SmlStatus status;

	if (needed <= *room)
		return SML_OK;
	if (!sml_size_times(wanted, 2, &wanted) || wanted < needed)
		wanted = needed < 8 ? 8 : needed;
	status = sml_alloc_array(env, wanted, size, &fresh);
	if (status != SML_OK)
		return status;
	memcpy(&old, chunk, sizeof(old));
	if (old != NULL && *room > 0)
		status = sml_copy_bytes(env, fresh, old, *room * size);
	if (status != SML_OK)
	{
		sml_free(env, fresh);
		return status;
	}
	sml_free(env, old);
	memcpy(chunk, &fresh, sizeof(fresh));
	*room = wanted;
	return SML_OK;
}

void
sml_free(SmlEnv *env, void *chunk)
{
	if (chunk != NULL)
		env->release(env->context, chunk);
}

SmlStatus
sml_copy_text(SmlEnv *env, const char *bytes, size_t length, char **copy)
{
	size_t    size;
	char     *fresh = NULL;
	SmlStatus status;

	if (!sml_size_plus(length, 1, &size))
		return sml_fail(env, SML_NO_MEMORY, "A text of %zu bytes is too long.", length);
	status = sml_alloc_array(env, size, 1, &fresh);
	if (status != SML_OK)
		return status;
	if (length > 0)
		memcpy(fresh, bytes, length);
	*copy = fresh;
	return SML_OK;
}

/* A quiet NaN whose payload no arithmetic makes. */
#define MISSING_BITS UINT64_C(0x7FF80000000007A2)

double
sml_missing(void)
{
	uint64_t bits = MISSING_BITS;
	double   value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

bool
sml_is_missing(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits == MISSING_BITS;
}

static SmlStatus SML_PRINTF(4, 0)
add_note(SmlEnv *env, SmlNotes *notes, bool plain, const char *format, va_list arguments)
{
	char      text[1024] = "";
	SmlStatus status;
	int       length;

	(void) vsnprintf(text, sizeof(text), format, arguments);
	length = sml_clip(text, sizeof(text) - 2);
	SML_TRY(sml_grow_array(env, &notes->plain, &notes->plain_room, notes->count + 1, sizeof(bool)));
	SML_TRY(sml_grow_array(env, &notes->text, &notes->room, notes->count + 1, sizeof(char *)));
	SML_TRY(sml_copy_text(env, text, (size_t) length, &notes->text[notes->count]));
	notes->plain[notes->count++] = plain;
done:
	return status;
}

SmlStatus
sml_note(SmlEnv *env, SmlNotes *notes, const char *format, ...)
{
	va_list   arguments;
	SmlStatus status;

	va_start(arguments, format);
	status = add_note(env, notes, false, format, arguments);
	va_end(arguments);
	return status;
}

SmlStatus
sml_note_plain(SmlEnv *env, SmlNotes *notes, const char *format, ...)
{
	va_list   arguments;
	SmlStatus status;

	va_start(arguments, format);
	status = add_note(env, notes, true, format, arguments);
	va_end(arguments);
	return status;
}

void
sml_notes_free(SmlEnv *env, SmlNotes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		sml_free(env, notes->text[i]);
	sml_free(env, notes->text);
	sml_free(env, notes->plain);
	notes->text = NULL;
	notes->plain = NULL;
	notes->count = notes->room = notes->plain_room = 0;
}
