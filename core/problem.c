#include "core/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/limits.h"

void problems_init(struct problems *p, struct arena *a)
{
	*p = (struct problems){.arena = a};
}

static bool make_room(struct problems *p)
{
	struct problem *items = arena_grow(p->arena, p->items, p->n, sizeof(*items), &p->room);
	if (items)
		p->items = items;
	return items != NULL;
}

static bool copy(struct arena *a, struct str in, struct str *out)
{
	const char *p = arena_dup(a, in.p, in.n);
	if (!p)
		return false;
	*out = (struct str){p, in.n};
	return true;
}

/* Most problems are of the file of the one before: share its name. */
static bool copy_file(struct problems *p, struct str file, struct str *out)
{
	if (p->n && str_eq(p->items[p->n - 1].file, file)) {
		*out = p->items[p->n - 1].file;
		return true;
	}
	return copy(p->arena, file, out);
}

void problem_add(struct problems *p, enum problem_severity severity, struct str file, uint32_t line,
		 uint32_t column, const char *fmt, ...)
{
	if (severity == PROBLEM_ERROR)
		p->errors++;
	else
		p->warnings++;
	if (p->n >= LIMIT_PROBLEMS || !make_room(p))
		return;

	char buf[2048];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof(buf)) {
		n = (int)sizeof(buf) - 1;
		memcpy(buf + n - 3, "...", 3);
	}

	struct problem one = {severity, {NULL, 0}, line, column, {NULL, 0}};
	if (copy_file(p, file, &one.file) &&
	    copy(p->arena, (struct str){buf, (size_t)n}, &one.text))
		p->items[p->n++] = one;
}

static int compare_numbers(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int compare(const void *va, const void *vb)
{
	const struct problem *a = va;
	const struct problem *b = vb;
	int c = str_cmp(a->file, b->file);
	if (c == 0)
		c = compare_numbers(a->line, b->line);
	if (c == 0)
		c = compare_numbers(a->column, b->column);
	return c ? c : str_cmp(a->text, b->text);
}

void problems_sort(struct problems *p)
{
	if (p->n)
		qsort(p->items, p->n, sizeof(*p->items), compare);
}

void problem_put(struct text *t, const struct problem *p)
{
	if (p->file.n) {
		text_put(t, p->file);
		if (p->line)
			text_printf(t, ":%u:%u", p->line, p->column);
		text_puts(t, ": ");
	}
	text_put(t, p->text);
}
