#include "oci/header.h"

#include <curl/curl.h>

#include "core/text.h"
#include "oci/limits.h"

struct cursor {
	struct str s;
	size_t at;
};

static bool is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static char peek(const struct cursor *c)
{
	return c->at < c->s.n ? c->s.p[c->at] : '\0';
}

static void skip(struct cursor *c, const char *set)
{
	while (peek(c) && strchr(set, peek(c)))
		c->at++;
}

static struct str token(struct cursor *c)
{
	size_t from = c->at;
	while (is_token_char(peek(c)))
		c->at++;
	return str_sub(c->s, from, c->at);
}

/* A quoted string, its escapes resolved. Stands on the first quote. */
static bool quoted(struct arena *a, struct cursor *c, struct str *out)
{
	struct text t;
	text_init(&t, a, LIMIT_HEADER_BYTES);
	for (c->at++; c->at < c->s.n; c->at++) {
		if (c->s.p[c->at] == '"') {
			c->at++;
			*out = (struct str){NULL, 0};
			return text_done(&t, out);
		}
		if (c->s.p[c->at] == '\\' && ++c->at == c->s.n)
			return false;
		text_putc(&t, c->s.p[c->at]);
	}
	return false;
}

/* The value after '='. False at the end of what can be understood. */
static bool value(struct arena *a, struct cursor *c, struct str *out)
{
	c->at++;
	skip(c, " \t");
	if (peek(c) == '"')
		return quoted(a, c, out);
	*out = token(c);
	/* What is left of a token68, as "abc==". */
	while (c->at < c->s.n && peek(c) != ',')
		c->at++;
	return true;
}

struct candidate {
	struct challenge c;
	bool bad; /* a parameter twice */
};

static void set_once(struct candidate *n, struct str *field, struct str v)
{
	if (field->p)
		n->bad = true;
	*field = v.p ? v : S("");
}

static void set_param(struct candidate *n, struct str name, struct str v)
{
	if (str_eq_nocase(name, S("realm")))
		set_once(n, &n->c.realm, v);
	else if (str_eq_nocase(name, S("service")))
		set_once(n, &n->c.service, v);
	else if (str_eq_nocase(name, S("scope")))
		set_once(n, &n->c.scope, v);
}

static void begin(struct candidate *n, struct str scheme)
{
	*n = (struct candidate){.bad = false};
	if (str_eq_nocase(scheme, S("bearer")))
		n->c.scheme = AUTH_BEARER;
	else if (str_eq_nocase(scheme, S("basic")))
		n->c.scheme = AUTH_BASIC;
}

static void keep_better(const struct candidate *n, struct challenge *best)
{
	bool usable = !n->bad && n->c.scheme != AUTH_NONE &&
		      (n->c.scheme != AUTH_BEARER || n->c.realm.n > 0);
	if (usable && n->c.scheme > best->scheme)
		*best = n->c;
}

bool challenge_parse(struct arena *a, struct str header, struct challenge *out)
{
	struct cursor c = {header, 0};
	struct challenge best = {AUTH_NONE, {0}, {0}, {0}};
	struct candidate now = {.bad = false};
	for (;;) {
		struct str v;
		skip(&c, " \t,");
		struct str name = token(&c);
		skip(&c, " \t");
		if (!name.n)
			break;
		if (peek(&c) != '=') {
			keep_better(&now, &best);
			begin(&now, name);
		} else if (value(a, &c, &v)) {
			set_param(&now, name, v);
		} else {
			now.bad = true;
			break;
		}
	}
	keep_better(&now, &best);
	if (best.scheme == AUTH_NONE)
		return false;
	*out = best;
	return true;
}

static bool has_word(struct str words, struct str word)
{
	while (words.n) {
		struct str head = words, tail = {NULL, 0};
		str_cut(words, ' ', &head, &tail);
		if (str_eq_nocase(head, word))
			return true;
		words = tail;
	}
	return false;
}

/* The value of a link's parameter; escapes do not matter to a relation. */
static bool link_value(struct cursor *c, struct str *out)
{
	skip(c, " \t");
	if (peek(c) != '"') {
		*out = token(c);
		return true;
	}
	size_t from = ++c->at;
	while (c->at < c->s.n && c->s.p[c->at] != '"')
		c->at += c->s.p[c->at] == '\\' ? 2 : 1;
	if (c->at >= c->s.n)
		return false;
	*out = str_sub(c->s, from, c->at++);
	return true;
}

/* The parameters of one link, up to the comma before the next one. */
static bool link_params(struct cursor *c, bool *is_next)
{
	*is_next = false;
	for (;;) {
		struct str name, v = {NULL, 0};
		skip(c, " \t");
		if (peek(c) != ';')
			return c->at == c->s.n || peek(c) == ',';
		c->at++;
		skip(c, " \t");
		name = token(c);
		skip(c, " \t");
		if (peek(c) == '=') {
			c->at++;
			if (!link_value(c, &v))
				return false;
		}
		if (str_eq_nocase(name, S("rel")) && has_word(v, S("next")))
			*is_next = true;
	}
}

bool link_next(struct str header, struct str *out)
{
	struct cursor c = {header, 0};
	for (;;) {
		bool is_next;
		skip(&c, " \t,");
		if (peek(&c) != '<')
			return false;
		size_t from = ++c.at;
		while (c.at < c.s.n && c.s.p[c.at] != '>')
			c.at++;
		if (c.at == c.s.n)
			return false;
		struct str target = str_sub(c.s, from, c.at++);
		if (!link_params(&c, &is_next))
			return false;
		if (is_next) {
			*out = target;
			return true;
		}
	}
}

bool retry_after_ms(struct str header, int64_t now_unix_s, int64_t *ms)
{
	char z[64];
	uint64_t s;
	header = str_trim(header);
	if (!header.n || header.n >= sizeof(z))
		return false;
	if (!str_to_u64(header, &s)) {
		memcpy(z, header.p, header.n);
		z[header.n] = '\0';
		time_t at = curl_getdate(z, NULL);
		if (at == (time_t)-1)
			return false;
		s = at > now_unix_s ? (uint64_t)(at - now_unix_s) : 0;
	}
	*ms = s > LIMIT_RETRY_AFTER_MS / 1000 ? LIMIT_RETRY_AFTER_MS : (int64_t)s * 1000;
	return true;
}
