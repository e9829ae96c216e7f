#include "core/yaml_bytes.h"

/* The library compares each tag directive with all before it, and hands none of them out before it
 * has read the last. */
#define MAX_TAG_LINES 64

static bool is_printable(uint32_t cp)
{
	if (cp < 0x20)
		return cp == '\t' || cp == '\n' || cp == '\r';
	return cp <= 0x7E || (cp >= 0xA0 && cp != 0xFFFE && cp != 0xFFFF);
}

/* The length of the character at the start of `s`, which is not empty; 0 and *e if it may not be. */
static size_t check_char(struct str s, struct err *e)
{
	uint32_t cp = (unsigned char)s.p[0];
	size_t n = 1;

	if (cp >= 0x80) {
		n = str_utf8_next(s, &cp);
		if (n == 0) {
			err_set(e, ERR_INPUT, "not UTF-8: malformed byte 0x%02X",
				(unsigned)(unsigned char)s.p[0]);
			return 0;
		}
	}
	if (cp == 0x85 || cp == 0x2028 || cp == 0x2029) {
		err_set(e, ERR_INPUT,
			"U+%04X: a line break for some readers, write it as an escape in quotes",
			(unsigned)cp);
		return 0;
	}
	if (!is_printable(cp)) {
		err_set(e, ERR_INPUT, "not valid YAML: control character U+%04X", (unsigned)cp);
		return 0;
	}
	return n;
}

static int fail(struct position *where, struct position pos)
{
	*where = pos;
	return -1;
}

int yaml_check_bytes(struct str in, struct position *where, struct err *e)
{
	struct position pos = {1, 1};
	size_t tag_lines = 0, n;
	struct str rest;

	if (str_starts(in, S("\xFE\xFF")) || str_starts(in, S("\xFF\xFE"))) {
		err_set(e, ERR_INPUT, "not UTF-8: begins with a UTF-16 byte order mark");
		return fail(where, pos);
	}
	for (size_t i = 0; i < in.n; i += n, pos.column++) {
		rest = str_sub(in, i, in.n);
		n = check_char(rest, e);
		if (n == 0)
			return fail(where, pos);
		if (pos.column == 1 && str_starts(rest, S("%TAG")) && ++tag_lines > MAX_TAG_LINES) {
			err_set(e, ERR_LIMIT, "too many %%TAG lines: more than %d", MAX_TAG_LINES);
			return fail(where, pos);
		}
		if (in.p[i] == '\n')
			pos = (struct position){pos.line + 1, 0};
	}
	return 0;
}

bool yaml_has_tab_at(struct str in, size_t index)
{
	size_t i = 0;

	for (; i < in.n; i++) {
		if (((unsigned char)in.p[i] & 0xC0) != 0x80 && index-- == 0)
			break;
	}
	return i < in.n && in.p[i] == '\t';
}
