#include "oci/reference.h"

#include "oci/reference_grammar.h"

/* A reference cut at its delimiters, nothing checked or normalised yet. */
struct pieces {
	struct str host, path, tag, digest;
	bool has_host, has_tag, has_digest;
};

static struct pieces cut_pieces(struct str text)
{
	struct pieces c = {.path = text};
	struct str host, rest;

	if (str_cut(text, '/', &host, &rest) && reference_grammar_is_host(host)) {
		c.has_host = true;
		c.host = host;
		c.path = rest;
	}
	/* Neither '@' nor ':' can stand in a path, nor '@' in a tag: the first of each decides. */
	c.has_digest = str_cut(c.path, '@', &c.path, &c.digest);
	c.has_tag = str_cut(c.path, ':', &c.path, &c.tag);
	return c;
}

static const char *check_pieces(const struct pieces *c)
{
	const char *why = c->has_host ? reference_grammar_host(c->host) : NULL;

	if (!why)
		why = reference_grammar_path(c->path, false);
	if (!why && c->has_tag)
		why = reference_grammar_tag(c->tag);
	if (!why && c->has_digest)
		why = reference_grammar_digest(c->digest);
	return why;
}

/* spec: rule 3; only Docker Hub has names of one component */
static int put_in_library(struct arena *a, struct str *path, struct err *e)
{
	const struct str library = S("library/");
	struct str full = {.n = library.n + path->n};

	char *p = arena_alloc_raw(a, full.n);
	if (!p)
		return err_set(e, ERR_LIMIT, "no memory left for the repository path");
	memcpy(p, library.p, library.n);
	memcpy(p + library.n, path->p, path->n);
	full.p = p;
	*path = full;
	/* Again, because the length that counts is the one with the prefix. */
	const char *why = reference_grammar_path(full, false);
	return why ? err_set(e, ERR_INPUT, "%s", why) : 0;
}

static enum reference_digest digest_kind(const struct pieces *c)
{
	if (!c->has_digest)
		return REFERENCE_DIGEST_NONE;
	return reference_grammar_is_pin(c->digest) ? REFERENCE_DIGEST_PINNED
						   : REFERENCE_DIGEST_OTHER;
}

int reference_parse(struct arena *a, struct str text, struct reference *out, struct err *e)
{
	TRY(reference_grammar_bytes(text, false, e));
	if (reference_grammar_is_hex64(text))
		return err_set(e, ERR_INPUT,
			       "64 hexadecimal digits are an image ID, not a reference");

	struct pieces c = cut_pieces(text);
	const char *why = check_pieces(&c);
	if (why)
		return err_set(e, ERR_INPUT, "%s", why);

	struct str host = S("docker.io");
	if (c.has_host)
		TRY(reference_grammar_fold_host(a, c.host, &host, e));
	if (str_eq(host, S("docker.io")) && !str_has_char(c.path, '/'))
		TRY(put_in_library(a, &c.path, e));

	*out = (struct reference){
		.text = text,
		.host = host,
		.path = c.path,
		.tag = c.tag,
		.digest = c.digest,
		.digest_kind = digest_kind(&c),
	};
	return 0;
}

struct str reference_effective_tag(const struct reference *r)
{
	if (r->tag.n == 0 && r->digest_kind == REFERENCE_DIGEST_NONE)
		return S("latest");
	return r->tag;
}

/* A host such as "X" is told from the first component of a path by its upper case alone (spec: rule
 * 2), so that is how it is written: the text then parses to the same parts. */
static void put_host(struct text *t, struct str host)
{
	if (reference_grammar_is_host(host)) {
		text_put(t, host);
		return;
	}
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i];
		text_putc(t, c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c);
	}
}

void reference_put_repository(struct text *t, const struct reference *r)
{
	put_host(t, r->host);
	text_putc(t, '/');
	text_put(t, r->path);
}

void reference_put(struct text *t, const struct reference *r)
{
	reference_put_repository(t, r);
	if (r->tag.n > 0) {
		text_putc(t, ':');
		text_put(t, r->tag);
	}
	if (r->digest.n > 0) {
		text_putc(t, '@');
		text_put(t, r->digest);
	}
}

bool reference_same_repository(const struct reference *a, const struct reference *b)
{
	return str_eq(a->host, b->host) && str_eq(a->path, b->path);
}
