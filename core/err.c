#include "core/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Mark a text that was cut by snprintf: back to the last whole UTF-8 sequence, then "...". */
static void mark_cut(char *text, size_t size)
{
	size_t at = size - sizeof("...");

	while (at > 0 && ((unsigned char)text[at] & 0xC0) == 0x80)
		at--;
	memcpy(text + at, "...", sizeof("..."));
}

PRINTF_LIKE(3, 0)
static void format_cut(char *text, size_t size, const char *fmt, va_list args)
{
	int n = vsnprintf(text, size, fmt, args);

	if (n < 0)
		snprintf(text, size, "a message that cannot be printed");
	else if ((size_t)n >= size)
		mark_cut(text, size);
}

int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	/* The arguments may point into e->text. */
	char text[sizeof(e->text)];
	va_list args;

	if (!e)
		return -1;
	va_start(args, fmt);
	format_cut(text, sizeof(text), fmt, args);
	va_end(args);
	e->kind = kind;
	memcpy(e->text, text, strlen(text) + 1);
	return -1;
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char text[sizeof(e->text)], whole[2 * sizeof(e->text) + 2];
	va_list args;

	if (!e)
		return -1;
	va_start(args, fmt);
	format_cut(text, sizeof(text), fmt, args);
	va_end(args);
	snprintf(whole, sizeof(whole), "%s: %s", text, e->text);
	if (strlen(whole) >= sizeof(e->text))
		mark_cut(whole, sizeof(e->text));
	memcpy(e->text, whole, strlen(whole) + 1);
	return -1;
}

void bug_at(const char *file, int line, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	format_cut(text, sizeof(text), fmt, args);
	va_end(args);
	fprintf(stderr, "bug at %s:%d: %s\n", file, line, text);
	abort();
}
