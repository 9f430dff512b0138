/*
 * machine.c - see machine.h.
 */
#include "machine.h"

#include <string.h>

/* ---- lines ---------------------------------------------------------------------------------- */

/* A piece of text that need not end with a zero byte. */
typedef struct Span
{
	const char *at;
	size_t      length;
} Span;

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static Span
trim(Span span)
{
	while (span.length > 0 && is_blank(span.at[0]))
		span = (Span){span.at + 1, span.length - 1};
	while (span.length > 0 && is_blank(span.at[span.length - 1]))
		span.length--;
	return span;
}

/* The next line without its end; false at the end of the text. */
static bool
next_line(Span *rest, Span *line)
{
	const char *end;

	if (rest->length == 0)
		return false;
	end = memchr(rest->at, '\n', rest->length);
	line->at = rest->at;
	line->length = end ? (size_t) (end - rest->at) : rest->length;
	rest->at += line->length + (end != NULL);
	rest->length -= line->length + (end != NULL);
	return true;
}

static bool
equals(Span span, const char *word)
{
	return strlen(word) == span.length && memcmp(span.at, word, span.length) == 0;
}

/* A decimal or, after 0x, hexadecimal number below 2^24. */
static bool
parse_int(Span span, int *value)
{
	int    base = 10;
	int    sum = 0;
	size_t i = 0;

	if (span.length > 2 && span.at[0] == '0' && span.at[1] == 'x')
	{
		base = 16;
		i = 2;
	}
	if (i == span.length)
		return false;
	for (; i < span.length; i++)
	{
		static const char digits[] = "0123456789abcdef";
		const char       *digit = memchr(digits, span.at[i], (size_t) base);

		if (digit == NULL || sum >= 1 << 20)
			return false;
		sum = sum * base + (int) (digit - digits);
	}
	*value = sum;
	return true;
}

/* Copy printable ASCII; anything else, or too much, gives "". */
static void
copy_plain(Span span, char to[SML_CPU_TEXT])
{
	to[0] = '\0';
	if (span.length >= SML_CPU_TEXT)
		return;
	for (size_t i = 0; i < span.length; i++)
		if (span.at[i] < ' ' || span.at[i] > '~')
			return;
	memcpy(to, span.at, span.length);
	to[span.length] = '\0';
}

/* ---- the processor ---------------------------------------------------------------------------- */

/* Cut "piece" out wherever it stands in the zero-ended text. */
static void
remove_all(char *text, const char *piece)
{
	size_t length = strlen(piece);
	char  *at;

	while ((at = strstr(text, piece)) != NULL)
		memmove(at, at + length, strlen(at + length) + 1);
}

static void
single_blanks(char *text)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++)
		if (*from != ' ' || from[1] != ' ')
			*to++ = *from;
	*to = '\0';
}

/* End the text where "piece" begins. */
static void
cut_at(char *text, const char *piece)
{
	char *at = strstr(text, piece);

	if (at != NULL)
		*at = '\0';
}

/* "12th Gen " in front. */
static void
remove_generation(char *text)
{
	size_t digits = strspn(text, "0123456789");

	if (digits > 0 && digits <= 2 && strlen(text) > digits + 7 && strncmp(text + digits + 2, " Gen ", 5) == 0)
		memmove(text, text + digits + 7, strlen(text + digits + 7) + 1);
}

/* " 16-Core" at the end, or " Quad-Core". */
static void
remove_cores(char *text)
{
	char *last = strrchr(text, ' ');

	if (last != NULL && strlen(last) > 6 && strcmp(last + strlen(last) - 5, "-Core") == 0)
		*last = '\0';
}

void
sml_cpu_name(const char *text, size_t length, char name[SML_CPU_TEXT])
{
	char   work[256];
	size_t used = 0;

	name[0] = '\0';
	if (length >= sizeof(work))
		return;
	for (size_t i = 0; i < length; i++)
	{
		char c = is_blank(text[i]) ? ' ' : text[i];

		if (c < ' ' || c > '~')
			return;
		work[used++] = c;
	}
	work[used] = '\0';
	remove_all(work, "(R)");
	remove_all(work, "(TM)");
	remove_all(work, "(tm)");
	cut_at(work, " @");
	cut_at(work, " with Radeon");
	cut_at(work, " w/ Radeon");
	remove_all(work, " CPU");
	remove_all(work, " Processor");
	remove_generation(work);
	single_blanks(work);
	remove_cores(work);
	copy_plain(trim((Span){work, strlen(work)}), name);
}

/* Take what one line says. */
static void
take_line(SmlCpu *cpu, Span key, Span value)
{
	int number;

	if (equals(key, "vendor_id"))
		copy_plain(value, cpu->vendor);
	else if (equals(key, "model name"))
		sml_cpu_name(value.at, value.length, cpu->name);
	else if (equals(key, "CPU implementer") && parse_int(value, &number) && value.length <= 8)
	{
		memcpy(cpu->vendor, "arm:", 4);
		memcpy(cpu->vendor + 4, value.at, value.length);
		cpu->vendor[4 + value.length] = '\0';
	}
	else if (equals(key, "flags"))
	{
		static const char word[] = "hypervisor";
		const size_t      size = sizeof(word) - 1;

		for (size_t i = 0; i + size <= value.length; i++)
			if (memcmp(value.at + i, word, size) == 0)
				cpu->virtual_machine = true;
	}
	else if (parse_int(value, &number))
	{
		if (equals(key, "cpu family") || equals(key, "CPU architecture"))
			cpu->family = number;
		else if (equals(key, "model") || equals(key, "CPU part"))
			cpu->model = number;
		else if (equals(key, "stepping") || equals(key, "CPU variant"))
			cpu->stepping = number;
		else if (equals(key, "siblings"))
			cpu->siblings = number;
	}
}

bool
sml_cpu_parse(const char *text, size_t length, SmlCpu *cpu)
{
	Span rest = {text, length};
	Span line;

	memset(cpu, 0, sizeof(*cpu));
	cpu->family = cpu->model = -1;
	/* one processor is a paragraph; on ARM the lines stand in one too */
	while (next_line(&rest, &line) && trim(line).length > 0)
	{
		const char *colon = memchr(line.at, ':', line.length);

		if (colon != NULL)
			take_line(cpu, trim((Span){line.at, (size_t) (colon - line.at)}),
					  trim((Span){colon + 1, line.length - (size_t) (colon + 1 - line.at)}));
	}
	return cpu->vendor[0] != '\0' && cpu->family >= 0 && cpu->model >= 0;
}

/* ---- busy time ----------------------------------------------------------------------------------- */

/* The next number of a line of blanks and numbers, as a double; at most 18 digits. */
static bool
next_ticks(Span *rest, double *ticks)
{
	size_t digits = 0;
	double sum = 0;

	*rest = trim(*rest);
	for (; digits < rest->length && rest->at[digits] >= '0' && rest->at[digits] <= '9'; digits++)
		sum = sum * 10 + (rest->at[digits] - '0');
	if (digits == 0 || digits > 18 || (digits < rest->length && !is_blank(rest->at[digits])))
		return false;
	*rest = (Span){rest->at + digits, rest->length - digits};
	*ticks = sum;
	return true;
}

bool
sml_stat_parse(const char *text, size_t length, double ticks_per_second, SmlHostTime *time)
{
	enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, FIELDS };
	double ticks[FIELDS] = {0};
	Span   rest = {text, length};
	Span   line;
	int    threads = 0;
	int    found = 0;

	if (!next_line(&rest, &line) || line.length < 4 || memcmp(line.at, "cpu ", 4) != 0)
		return false;
	line = (Span){line.at + 4, line.length - 4};
	while (found < FIELDS && next_ticks(&line, &ticks[found]))
		found++;
	if (found < STEAL || !(ticks_per_second > 0))
		return false;
	while (next_line(&rest, &line) && line.length > 3 && memcmp(line.at, "cpu", 3) == 0 && line.at[3] >= '0' && line.at[3] <= '9')
		threads++;
	if (threads == 0)
		return false;
	time->busy = (ticks[USER] + ticks[NICE] + ticks[SYSTEM] + ticks[IRQ] + ticks[SOFTIRQ]) / ticks_per_second;
	time->steal = ticks[STEAL] / ticks_per_second;
	time->threads = threads;
	return true;
}
