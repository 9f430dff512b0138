/*
 * base64url.h - the URL-safe base64 of RFC 4648 section 5, with padding, in its one
 * canonical form: no line feeds or blanks, no characters after the padding, and zero bits where
 * nothing is encoded.  Two different texts never decode to the same bytes.
 *
 * Keys pass through here, so no table is looked up and no branch taken by a character's value.
 */
#ifndef SML_BASE64URL_H
#define SML_BASE64URL_H

#include "../core.h"

/* Characters for that many bytes; false on overflow. */
SML_MUST_USE bool sml_base64url_size(size_t bytes, size_t *characters);

/* Write the text (no zero at the end). */
void sml_base64url_write(const uint8_t *bytes, size_t size, char *text);

/* Read into bytes, which has room for length / 4 * 3; false unless the text is canonical. */
SML_MUST_USE bool sml_base64url_read(const char *text, size_t length, uint8_t *bytes, size_t *size);

#endif
