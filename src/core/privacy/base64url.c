/*
 * base64url.c - see base64url.h.
 */
#include "base64url.h"

/* All ones when low <= c <= high. */
static uint32_t
within(uint32_t c, uint32_t low, uint32_t high)
{
	return (uint32_t) 0 - (uint32_t) ((((low - 1 - c) & (c - high - 1)) >> 31) & 1);
}

static char
character_of(uint32_t value)
{
	uint32_t c = within(value, 1, 26) & (value - 1 + 'A');

	/* values are shifted by one, so that no range begins at zero */
	c |= within(value, 27, 52) & (value - 27 + 'a');
	c |= within(value, 53, 62) & (value - 53 + '0');
	c |= within(value, 63, 63) & (uint32_t) '-';
	c |= within(value, 64, 64) & (uint32_t) '_';
	return (char) c;
}

/* The value of a character plus one; 0 when it is none. */
static uint32_t
value_of(char character)
{
	uint32_t c = (uint8_t) character;

	return (within(c, 'A', 'Z') & (c - 'A' + 1)) | (within(c, 'a', 'z') & (c - 'a' + 27)) | (within(c, '0', '9') & (c - '0' + 53)) |
		(within(c, '-', '-') & 63) | (within(c, '_', '_') & 64);
}

bool
sml_base64url_size(size_t bytes, size_t *characters)
{
	size_t groups = bytes / 3 + (bytes % 3 != 0);

	return sml_size_times(groups, 4, characters);
}

void
sml_base64url_write(const uint8_t *bytes, size_t size, char *text)
{
	for (size_t i = 0; i < size; i += 3)
	{
		size_t   left = size - i;
		uint32_t group = (uint32_t) bytes[i] << 16 | (left > 1 ? (uint32_t) bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);

		*text++ = character_of((group >> 18 & 63) + 1);
		*text++ = character_of((group >> 12 & 63) + 1);
		*text++ = left > 1 ? character_of((group >> 6 & 63) + 1) : '=';
		*text++ = left > 2 ? character_of((group & 63) + 1) : '=';
	}
}

bool
sml_base64url_read(const char *text, size_t length, uint8_t *bytes, size_t *size)
{
	size_t   padding = 0;
	size_t   n = 0;
	uint32_t wrong = 0;

	if (length % 4 != 0)
		return false;
	if (length > 0 && text[length - 1] == '=')
		padding = text[length - 2] == '=' ? 2 : 1;
	for (size_t i = 0; i < length; i += 4)
	{
		size_t   inside = i + 4 == length ? 4 - padding : 4;
		uint32_t group = 0;

		for (size_t j = 0; j < 4; j++)
		{
			uint32_t value = j < inside ? value_of(text[i + j]) : 1;

			/* 0 minus 1 has all bits set */
			wrong |= (value - 1) >> 31;
			group = group << 6 | ((value - 1) & 63);
		}
		bytes[n++] = (uint8_t) (group >> 16);
		if (inside > 2)
			bytes[n++] = (uint8_t) (group >> 8);
		else
			wrong |= group & 0xFFFF;
		if (inside > 3)
			bytes[n++] = (uint8_t) group;
		else if (inside == 3)
			wrong |= group & 0xFF;
	}
	*size = n;
	return wrong == 0;
}
