/*
 * fuzz_mask.c - any bytes as a text to mask and as a value to judge: nothing is read or written beyond the ends, ends of a
 * text never cover the whole, and redacted texts have no address or long number left.
 */
#include "toy_crypto.h"
#include "../../src/core/privacy/mask.h"
#include "../../src/core/privacy/personal.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t fill[] = "*";
	SmlSlice text = {data, size};
	uint8_t *out = malloc(size + SML_EMAIL_EXTRA);
	char    *name = malloc(size + 1);
	size_t   prefix = size > 0 ? data[0] % 8 : 0;
	size_t   suffix = size > 1 ? data[1] % 8 : 0;
	size_t   written;

	ALWAYS(out != NULL && name != NULL);
	for (int utf8 = 0; utf8 < 2; utf8++)
	{
		written = sml_mask_partial(text, utf8, prefix, (SmlSlice){fill, 1}, suffix, out);
		ALWAYS(written >= 1 && written <= size + 1);
		/* the bytes left are the first and the last ones */
		ALWAYS(written == 1 || (written - 1 < size && memchr(out, '*', written) != NULL));
		written = sml_mask_email(text, utf8, out);
		ALWAYS(written >= 3 && written <= size + SML_EMAIL_EXTRA);
	}
	for (int kind = SML_REDACT_DIGITS; kind <= SML_REDACT_ALL; kind++)
	{
		written = sml_mask_redact(text, (SmlRedact) kind, out);
		ALWAYS(written <= size);
		if (kind == SML_REDACT_DIGITS)
			for (size_t i = 0; i < written; i++)
				ALWAYS(out[i] < '0' || out[i] > '9');
		if (kind != SML_REDACT_DIGITS && kind != SML_REDACT_EMAILS)
		{
			size_t run = 0;

			for (size_t i = 0; i < written; i++)
			{
				run = out[i] >= '0' && out[i] <= '9' ? run + 1 : 0;
				ALWAYS(run < 7);
			}
		}
	}
	ALWAYS(sml_personal_value(text) < SML_PERSONAL_KINDS);
	if (size > 0)
		memcpy(name, data, size);
	name[size] = '\0';
	(void) sml_personal_name(name);
	free(out);
	free(name);
	return 0;
}
