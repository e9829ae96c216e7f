#include "oci/reference_grammar.h"

#include <stdint.h>

#include "oci/limits.h"

/* Classes of bytes; what is not listed has none. */
enum {
	DIGIT = 1,
	UPPER = 2,
	LOWER = 4,
	ALNUM = DIGIT | UPPER | LOWER,
	HEX = 8,
	SEPARATOR = 16,
	PUNCTUATION = 32, /* the others that references have */
	STAR = 64,
	LOWER_HEX = 128,
};

#define D (DIGIT | HEX | LOWER_HEX)
#define X (UPPER | HEX)
#define U UPPER
#define H (LOWER | HEX | LOWER_HEX)
#define L LOWER

static const unsigned char classes[256] = {
	['0'] = D,           ['1'] = D,           ['2'] = D,           ['3'] = D,
	['4'] = D,           ['5'] = D,           ['6'] = D,           ['7'] = D,
	['8'] = D,           ['9'] = D,           ['A'] = X,           ['B'] = X,
	['C'] = X,           ['D'] = X,           ['E'] = X,           ['F'] = X,
	['G'] = U,           ['H'] = U,           ['I'] = U,           ['J'] = U,
	['K'] = U,           ['L'] = U,           ['M'] = U,           ['N'] = U,
	['O'] = U,           ['P'] = U,           ['Q'] = U,           ['R'] = U,
	['S'] = U,           ['T'] = U,           ['U'] = U,           ['V'] = U,
	['W'] = U,           ['X'] = U,           ['Y'] = U,           ['Z'] = U,
	['a'] = H,           ['b'] = H,           ['c'] = H,           ['d'] = H,
	['e'] = H,           ['f'] = H,           ['g'] = L,           ['h'] = L,
	['i'] = L,           ['j'] = L,           ['k'] = L,           ['l'] = L,
	['m'] = L,           ['n'] = L,           ['o'] = L,           ['p'] = L,
	['q'] = L,           ['r'] = L,           ['s'] = L,           ['t'] = L,
	['u'] = L,           ['v'] = L,           ['w'] = L,           ['x'] = L,
	['y'] = L,           ['z'] = L,           ['.'] = SEPARATOR,   ['-'] = SEPARATOR,
	['_'] = SEPARATOR,   [':'] = PUNCTUATION, ['/'] = PUNCTUATION, ['@'] = PUNCTUATION,
	['+'] = PUNCTUATION, ['['] = PUNCTUATION, [']'] = PUNCTUATION, ['*'] = STAR,
};

#undef D
#undef X
#undef U
#undef H
#undef L

static bool is(char c, unsigned mask)
{
	return (classes[(unsigned char)c] & mask) != 0;
}

/* Where the first byte outside the classes is; s.n if there is none. */
static size_t span(struct str s, unsigned mask)
{
	size_t i = 0;

	while (i < s.n && is(s.p[i], mask))
		i++;
	return i;
}

static bool all(struct str s, unsigned mask)
{
	return span(s, mask) == s.n;
}

static bool has_upper(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (is(s.p[i], UPPER))
			return true;
	}
	return false;
}

/* Cut at the first `c`; without one everything is the head and the tail is absent. */
static bool cut(struct str s, char c, struct str *head, struct str *tail)
{
	*head = s;
	*tail = (struct str){0};
	return str_cut(s, c, head, tail);
}

static int refuse_byte(char c, struct err *e)
{
	unsigned char u = (unsigned char)c;

	if (u == 0)
		return err_set(e, ERR_INPUT, "a NUL byte");
	if (u == ' ' || (u >= '\t' && u <= '\r'))
		return err_set(e, ERR_INPUT, "white space");
	if (u < 0x20 || u == 0x7f)
		return err_set(e, ERR_INPUT, "a control character");
	if (u > 0x7f)
		return err_set(e, ERR_INPUT, "a character outside ASCII");
	return err_set(e, ERR_INPUT, "the character '%c'", c);
}

int reference_grammar_bytes(struct str s, bool wildcards, struct err *e)
{
	size_t n = span(s, ALNUM | SEPARATOR | PUNCTUATION | (wildcards ? STAR : 0u));

	if (n < s.n)
		return refuse_byte(s.p[n], e);
	return s.n > 0 ? 0 : err_set(e, ERR_INPUT, "empty");
}

static const char *check_label(struct str label)
{
	if (label.n == 0)
		return "an empty label in the host";
	for (size_t i = 0; i < label.n; i++) {
		if (!is(label.p[i], ALNUM) && label.p[i] != '-')
			return "a character that no host has";
	}
	if (label.p[0] == '-' || label.p[label.n - 1] == '-')
		return "a label of the host begins or ends with '-'";
	return NULL;
}

static const char *check_port(struct str port)
{
	if (port.n == 0)
		return "the port is empty";
	return all(port, DIGIT) ? NULL : "the port is not a number";
}

static const char *check_ipv6_host(struct str host)
{
	struct str address, rest;
	bool ok;

	if (!str_cut(str_sub(host, 1, host.n), ']', &address, &rest))
		return "the IPv6 address has no ']'";
	ok = address.n > 0;
	for (size_t i = 0; i < address.n; i++)
		ok = ok && (is(address.p[i], HEX) || address.p[i] == ':');
	if (!ok)
		return "the IPv6 address has something other than hexadecimal digits and ':'";
	if (rest.n == 0)
		return NULL;
	if (rest.p[0] != ':')
		return "the IPv6 address is followed by something other than a port";
	return check_port(str_sub(rest, 1, rest.n));
}

const char *reference_grammar_host(struct str host)
{
	struct str name, port, label, rest;

	if (host.n > 0 && host.p[0] == '[')
		return check_ipv6_host(host);
	bool has_port = cut(host, ':', &name, &port);
	if (name.n == 0)
		return "the host is empty";
	for (bool more = true; more; name = rest) {
		more = cut(name, '.', &label, &rest);
		const char *why = check_label(label);
		if (why)
			return why;
	}
	return has_port ? check_port(port) : NULL;
}

/* Length of the separator that s begins with: ".", "_", "__" or any run of '-'. */
static size_t separator_length(struct str s)
{
	size_t n = 0;

	if (s.p[0] == '_')
		return s.n > 1 && s.p[1] == '_' ? 2 : 1;
	while (n < s.n && s.p[n] == '-')
		n++;
	return n > 0 ? n : 1;
}

static const char *check_component(struct str s, bool wildcards)
{
	if (s.n == 0)
		return "an empty component in the repository path";
	if (!all(s, LOWER | DIGIT | SEPARATOR | (wildcards ? STAR : 0u)))
		return "a character that no repository path has";
	if (is(s.p[0], SEPARATOR) || is(s.p[s.n - 1], SEPARATOR))
		return "a component of the repository path begins or ends with '.', '_' or '-'";
	for (size_t i = 0; i < s.n; i++) {
		if (!is(s.p[i], SEPARATOR))
			continue;
		i += separator_length(str_sub(s, i, s.n));
		if (is(s.p[i], SEPARATOR)) /* in bounds: the last byte is no separator */
			return "a run of separators in the repository path other than '__' or '-'";
	}
	return NULL;
}

const char *reference_grammar_path(struct str path, bool wildcards)
{
	struct str component, rest;

	if (path.n == 0)
		return "the repository path is empty";
	if (has_upper(path))
		return "upper case in the repository path";
	if (path.n > LIMIT_REFERENCE_PATH_BYTES)
		return "the repository path is longer than 255 bytes";
	for (bool more = true; more; path = rest) {
		more = cut(path, '/', &component, &rest);
		const char *why = check_component(component, wildcards);
		if (why)
			return why;
	}
	return NULL;
}

const char *reference_grammar_tag(struct str tag)
{
	if (tag.n == 0)
		return "the tag is empty";
	if (str_has_char(tag, ':'))
		return "more than one tag";
	if (tag.n > LIMIT_REFERENCE_TAG_BYTES)
		return "the tag is longer than 128 bytes";
	if (!all(tag, ALNUM | SEPARATOR))
		return "a character that no tag has";
	if (tag.p[0] == '.' || tag.p[0] == '-')
		return "the tag begins with '.' or '-'";
	return NULL;
}

/* source: distribution/reference, digest grammar: parts that begin with a letter, one of "-_+."
 * between them */
static bool is_algorithm(struct str s)
{
	bool at_start = true;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		if (at_start ? !is(c, LOWER | UPPER) : !is(c, ALNUM | SEPARATOR) && c != '+')
			return false;
		at_start = !is(c, ALNUM);
	}
	return !at_start;
}

const char *reference_grammar_digest(struct str digest)
{
	struct str algorithm, hex;

	if (digest.n == 0)
		return "the digest is empty";
	if (str_has_char(digest, '@'))
		return "more than one digest";
	if (!str_cut(digest, ':', &algorithm, &hex))
		return "the digest has no ':' after its algorithm";
	if (!is_algorithm(algorithm))
		return "the digest's algorithm is malformed";
	if (!all(hex, HEX))
		return "the digest is not hexadecimal";
	return hex.n < 32 ? "the digest has fewer than 32 hexadecimal digits" : NULL;
}

bool reference_grammar_is_host(struct str first)
{
	return str_eq(first, S("localhost")) || str_has_char(first, '.') ||
	       str_has_char(first, ':') || has_upper(first);
}

int reference_grammar_fold_host(struct arena *a, struct str host, struct str *out, struct err *e)
{
	struct str folded = host;

	if (has_upper(host)) {
		char *p = arena_dup(a, host.p, host.n);
		if (!p)
			return err_set(e, ERR_LIMIT, "no memory left for the host");
		for (size_t i = 0; i < host.n; i++) {
			if (is(p[i], UPPER))
				p[i] = (char)(p[i] - 'A' + 'a');
		}
		folded.p = p;
	}
	*out = str_eq(folded, S("index.docker.io")) ? S("docker.io") : folded;
	return 0;
}

bool reference_grammar_is_hex64(struct str s)
{
	return s.n == 64 && all(s, LOWER_HEX);
}

bool reference_grammar_is_pin(struct str digest)
{
	return str_starts(digest, S("sha256:")) &&
	       reference_grammar_is_hex64(str_sub(digest, 7, digest.n));
}
