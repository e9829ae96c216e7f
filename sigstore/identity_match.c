/* Whether an identity is the wanted one: the other half of sigstore/identity.h. */
#include <regex.h>

#include "core/text.h"
#include "sigstore/identity.h"

/* ---- expressions ---- */

static bool is_back_reference(char c)
{
	return c >= '1' && c <= '9';
}

/* Classes and assertions of other dialects: here some libraries take "\d" for the letter. */
static bool is_of_other_dialect(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '0';
}

/* Where a backslash stands before such a character, or SIZE_MAX. It takes the next character with it;
 * inside brackets it would not, so this may see one where there is none, but misses none. */
static size_t find_escaped(struct str s, bool (*is_wanted)(char c))
{
	for (size_t i = 0; i + 1 < s.n; i++) {
		if (s.p[i] != '\\')
			continue;
		i++;
		if (is_wanted(s.p[i]))
			return i - 1;
	}
	return SIZE_MAX;
}

/* Behind the "]" that ends the bracket expression at i. */
static size_t skip_bracket(struct str s, size_t i)
{
	i++;
	if (i < s.n && s.p[i] == '^')
		i++;
	if (i < s.n && s.p[i] == ']')
		i++;
	while (i < s.n && s.p[i] != ']') {
		char kind = i + 1 < s.n && s.p[i] == '[' ? s.p[i + 1] : '\0';

		i++;
		if (kind != ':' && kind != '.' && kind != '=')
			continue;
		while (++i + 1 < s.n && (s.p[i] != kind || s.p[i + 1] != ']'))
			;
		i += 2;
	}
	return i + 1;
}

/* The larger number of "{m,n}" at i, and the place behind it; 1 if it is no interval. */
static size_t take_interval(struct str s, size_t *i)
{
	size_t largest = 0, v = 0, at = *i + 1;

	for (; at < s.n && s.p[at] != '}'; at++) {
		if (s.p[at] == ',')
			v = 0;
		else if (s.p[at] >= '0' && s.p[at] <= '9')
			v = v > LIMIT_REGEX_SIZE ? v : v * 10 + (size_t)(s.p[at] - '0');
		if (v > largest)
			largest = v;
	}
	*i = at < s.n ? at + 1 : s.n;
	return largest ? largest : 1;
}

/* How large the library's automaton gets: characters and operators with intervals written out,
 * and how deep the intervals are nested. */
struct size {
	size_t n;
	unsigned depth;
};

/* `whole` and another part, which follows it or stands beside it. */
static void add(struct size *whole, struct size part)
{
	whole->n += part.n;
	if (part.depth > whole->depth)
		whole->depth = part.depth;
}

static struct size measure(struct str s)
{
	struct size outer[LIMIT_REGEX_BYTES], all = {0, 0}, last = {0, 0};
	size_t groups = 0, i = 0;

	while (i < s.n && all.n <= LIMIT_REGEX_SIZE) {
		char c = s.p[i];

		if (c == '{') {
			size_t times = take_interval(s, &i);

			last.depth++;
			add(&all, (struct size){last.n * (times - 1), last.depth});
			last.n *= times;
			continue;
		}
		if (c == '(') {
			outer[groups++] = all;
			all = last = (struct size){1, 0};
		} else if (c == ')' && groups > 0) {
			last = all;
			add(&all, outer[--groups]);
		} else if (memchr("*+?|", c, 4)) {
			all.n++;
			last.n++;
		} else {
			last = (struct size){1, 0};
			add(&all, last);
		}
		i = c == '[' ? skip_bracket(s, i) : i + (c == '\\' ? 2 : 1);
	}
	while (groups > 0)
		add(&all, outer[--groups]);
	return all;
}

/* What the library would not refuse. */
static int check_bounds(struct str regex, struct err *e)
{
	struct size size;
	size_t at;

	if (regex.n == 0)
		return err_set(e, ERR_INPUT, "regex: empty");
	if (regex.n > LIMIT_REGEX_BYTES)
		return err_set(e, ERR_LIMIT, "regex: %zu bytes, at most %d", regex.n,
			       LIMIT_REGEX_BYTES);
	at = str_find(regex, '\0');
	if (at != SIZE_MAX)
		return err_set(e, ERR_INPUT, "regex: NUL at offset %zu", at);
	at = find_escaped(regex, is_back_reference);
	if (at != SIZE_MAX)
		return err_set(e, ERR_INPUT,
			       "regex: back-reference at offset %zu: matching it has no bound", at);
	at = find_escaped(regex, is_of_other_dialect);
	if (at != SIZE_MAX)
		return err_set(e, ERR_INPUT,
			       "regex: \"\\%c\" at offset %zu is not of POSIX: write [0-9] for "
			       "digits, [[:alnum:]_] for words",
			       regex.p[at + 1], at);
	size = measure(regex);
	if (size.depth > LIMIT_REGEX_DEPTH)
		return err_set(e, ERR_LIMIT, "regex: intervals nested more than %d deep",
			       LIMIT_REGEX_DEPTH);
	if (size.n > LIMIT_REGEX_SIZE)
		return err_set(e, ERR_LIMIT,
			       "regex: is longer than %d with its intervals "
			       "written out",
			       LIMIT_REGEX_SIZE);
	return 0;
}

/* `re` is to be freed after 0 only. */
static int compile(struct str regex, regex_t *re, struct err *e)
{
	char z[LIMIT_REGEX_BYTES + 1], why[128];
	int rc;

	TRY(check_bounds(regex, e));
	memcpy(z, regex.p, regex.n);
	z[regex.n] = '\0';
	rc = regcomp(re, z, REG_EXTENDED);
	if (rc == 0)
		return 0;
	regerror(rc, re, why, sizeof(why));
	return err_set(e, rc == REG_ESPACE ? ERR_MEMORY : ERR_INPUT, "regex: %s", why);
}

int identity_regex_check(struct str regex, struct err *e)
{
	regex_t re;

	TRY(compile(regex, &re, e));
	regfree(&re);
	return 0;
}

/* ---- comparison ---- */

/* 1: fits, 0: does not, -1: no memory. An expression that was never checked fits nothing. */
static int regex_fits(struct str regex, struct str value)
{
	struct err e = {.kind = ERR_INTERNAL};
	regex_t re;
	regoff_t n;

	if (compile(regex, &re, &e) < 0)
		return e.kind == ERR_MEMORY ? -1 : 0;
	/* Not regexec(), which looks for a match from every byte on: this one begins at the
	 * first, and it is the longest there, so it is the whole value if the whole matches. */
	n = re_match(&re, value.p, (regoff_t)value.n, 0, NULL);
	regfree(&re);
	if (n == -2)
		return -1;
	return n >= 0 && (size_t)n == value.n;
}

static int match_fits(const struct identity_match *want, struct str value)
{
	if (value.n == 0 || value.n > INT32_MAX || str_has_char(value, '\0'))
		return 0;
	if (want->exact.n > 0)
		return want->regex.n == 0 && str_eq(want->exact, value);
	return want->regex.n > 0 ? regex_fits(want->regex, value) : 0;
}

static int check(const struct identity_match *want, struct str value, const char *what,
		 enum verify_reason reason, struct sig_fault *f)
{
	char got_quote[SIG_QUOTE_BYTES], want_quote[SIG_QUOTE_BYTES];
	bool regex = want->exact.n == 0;
	int rc = match_fits(want, value);

	if (rc < 0)
		return sig_fault_room(f);
	if (rc > 0)
		return 0;
	return sig_fault_set(f, reason, "%s: got %s, want %s%s", what, sig_quote(got_quote, value),
			     regex ? "one that matches " : "",
			     sig_quote(want_quote, regex ? want->regex : want->exact));
}

static int check_extension(const struct identity *id, const struct identity_extension_match *want,
			   struct sig_fault *f)
{
	const char *name = identity_extension_name(want->number);
	char what[80];
	struct text t;

	text_init_fixed(&t, what, sizeof(what));
	if (name)
		text_printf(&t, "extension %s", name);
	else
		text_printf(&t, "extension 1.3.6.1.4.1.57264.1.%u", want->number);
	for (size_t i = 0; i < id->n_extensions; i++) {
		if (id->extensions[i].number == want->number)
			return check(&want->value, id->extensions[i].value, what,
				     VERIFY_IDENTITY_EXTENSION, f);
	}
	return sig_fault_set(f, VERIFY_IDENTITY_EXTENSION, "%s: missing", what);
}

int identity_fits(const struct identity *id, const struct identity_demand *want,
		  struct sig_fault *f)
{
	if (!want->any_issuer)
		TRY(check(&want->issuer, id->issuer, "issuer", VERIFY_IDENTITY_ISSUER, f));
	TRY(check(&want->subject, id->subject, "subject", VERIFY_IDENTITY_SUBJECT, f));
	for (size_t i = 0; i < want->n_extensions; i++)
		TRY(check_extension(id, &want->extensions[i], f));
	return 0;
}
