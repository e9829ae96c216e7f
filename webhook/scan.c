#include "webhook/scan.h"

#include "webhook/limits.h"

struct scan {
	const char *p;
	const char *end;
};

static void skip_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static bool take(struct scan *s, char c)
{
	skip_space(s);
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

/* The raw bytes between two quotes, escapes left in. */
static bool take_string(struct scan *s, struct str *out)
{
	if (!take(s, '"'))
		return false;
	const char *start = s->p;
	for (; s->p < s->end; s->p++) {
		if (*s->p == '\\' && s->p + 1 < s->end)
			s->p++;
		else if (*s->p == '"') {
			*out = (struct str){start, (size_t)(s->p - start)};
			s->p++;
			return true;
		}
	}
	return false;
}

/* Any value: a string, or everything up to the ',' or bracket that ends it at this level. */
static bool skip_value(struct scan *s)
{
	size_t depth = 0;
	skip_space(s);
	while (s->p < s->end) {
		struct str ignored;
		char c = *s->p;
		if (c == '"') {
			if (!take_string(s, &ignored))
				return false;
			continue;
		}
		if (depth == 0 && (c == ',' || c == '}' || c == ']'))
			return true;
		if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		s->p++;
	}
	return false;
}

static bool is_uid(struct str s)
{
	if (s.n == 0 || s.n > LIMIT_UID_BYTES)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			  (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
		if (!ok)
			return false;
	}
	return true;
}

/* One string member into *out if it is the first; anything else is passed over. */
static bool take_member(struct scan *s, struct str *out)
{
	struct str value;
	skip_space(s);
	if (s->p == s->end || *s->p != '"' || out->n > 0)
		return skip_value(s);
	if (!take_string(s, &value))
		return false;
	*out = value;
	return true;
}

static bool is_found(const struct review_head *h)
{
	return h->api_version.n > 0 && h->uid.n > 0;
}

/* The members of `request`; false when the bytes end, are no JSON, or need not be looked at. */
static bool scan_request(struct scan *s, struct review_head *out)
{
	struct str key;
	if (!take(s, '{'))
		return skip_value(s);
	if (take(s, '}'))
		return true;
	do {
		if (!take_string(s, &key) || !take(s, ':'))
			return false;
		bool is_it = str_eq(key, S("uid"));
		if (!(is_it ? take_member(s, &out->uid) : skip_value(s)) || is_found(out))
			return false;
	} while (take(s, ','));
	return take(s, '}');
}

static void scan_review(struct scan *s, struct review_head *out)
{
	struct str key;
	if (!take(s, '{'))
		return;
	do {
		bool ok;
		if (!take_string(s, &key) || !take(s, ':'))
			return;
		if (str_eq(key, S("apiVersion")))
			ok = take_member(s, &out->api_version);
		else if (str_eq(key, S("request")))
			ok = scan_request(s, out);
		else
			ok = skip_value(s);
		if (!ok)
			return;
	} while (take(s, ','));
}

void review_scan(struct str body, struct review_head *out)
{
	*out = (struct review_head){0};
	if (body.n == 0)
		return;
	struct scan s = {body.p, body.p + body.n};
	scan_review(&s, out);
	if (!is_uid(out->uid))
		out->uid = (struct str){0};
}
