/*
 * References and patterns. The input is a reference, then perhaps a newline and a pattern; a third
 * line is a second reference. What parses is held against a second opinion: the grammar as regular
 * expressions, and a matcher by table and fnmatch().
 */
#include <fnmatch.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "oci/limits.h"
#include "oci/reference.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			BUG("%s", #condition);                                                     \
	} while (0)

#define LABEL "([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])"
#define COMPONENT "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*"

static regex_t host_re, path_re, tag_re, digest_re, pin_re;

static void compile(regex_t *re, const char *text)
{
	REQUIRE(regcomp(re, text, REG_EXTENDED | REG_NOSUB) == 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	compile(&host_re, "^(" LABEL "(\\." LABEL ")*|\\[[0-9a-f:]+\\])(:[0-9]+)?$");
	compile(&path_re, "^" COMPONENT "(/" COMPONENT ")*$");
	compile(&tag_re, "^[A-Za-z0-9_][A-Za-z0-9_.-]*$");
	compile(&digest_re, "^[A-Za-z][A-Za-z0-9]*([+._-][A-Za-z][A-Za-z0-9]*)*:"
			    "[0-9A-Fa-f]{32}[0-9A-Fa-f]*$");
	compile(&pin_re, "^sha256:[0-9a-f]{64}$");
	return 0;
}

static bool conforms(struct arena *a, const regex_t *re, struct str s)
{
	char *z = arena_dup(a, s.p, s.n);

	REQUIRE(z && strlen(z) == s.n);
	return regexec(re, z, 0, NULL, 0) == 0;
}

static void check_parts(struct arena *a, const struct reference *r)
{
	REQUIRE(conforms(a, &host_re, r->host));
	REQUIRE(!str_eq(r->host, S("index.docker.io")));
	REQUIRE(conforms(a, &path_re, r->path) && r->path.n <= LIMIT_REFERENCE_PATH_BYTES);
	REQUIRE(!str_eq(r->host, S("docker.io")) || str_has_char(r->path, '/'));
	if (r->tag.n > 0)
		REQUIRE(conforms(a, &tag_re, r->tag) && r->tag.n <= LIMIT_REFERENCE_TAG_BYTES);
	REQUIRE((r->digest.n == 0) == (r->digest_kind == REFERENCE_DIGEST_NONE));
	if (r->digest.n > 0) {
		REQUIRE(conforms(a, &digest_re, r->digest));
		REQUIRE(conforms(a, &pin_re, r->digest) ==
			(r->digest_kind == REFERENCE_DIGEST_PINNED));
	}
}

static void check_round_trip(struct arena *a, const struct reference *r)
{
	struct reference again;
	struct str whole, repository;
	struct text t;
	struct err e;

	text_init(&t, a, 1 << 20);
	reference_put(&t, r);
	REQUIRE(text_done(&t, &whole));
	REQUIRE(reference_parse(a, whole, &again, &e) == 0);
	REQUIRE(reference_same_repository(r, &again));
	REQUIRE(str_eq(r->tag, again.tag) && str_eq(r->digest, again.digest));
	REQUIRE(r->digest_kind == again.digest_kind);
	REQUIRE(str_eq(reference_effective_tag(r), reference_effective_tag(&again)));

	text_init(&t, a, 1 << 20);
	reference_put_repository(&t, r);
	REQUIRE(text_done(&t, &repository));
	REQUIRE(str_starts(whole, repository));
}

/* fits[i][j]: do the first i segments of the pattern match the first j of the path? */
static bool matches_by_table(struct arena *a, const struct reference_pattern *p, struct str path)
{
	bool fits[LIMIT_REFERENCE_PATH_BYTES + 1][LIMIT_REFERENCE_PATH_BYTES + 1] = {{true}};
	size_t n = 0;
	struct str head, rest = path;

	for (bool more = true; more; n++) {
		head = rest;
		more = str_cut(rest, '/', &head, &rest);
		const char *segment = arena_dup(a, head.p, head.n);
		REQUIRE(segment);
		for (size_t i = 0; i < p->n_segments; i++) {
			const char *glob = arena_dup(a, p->segments[i].p, p->segments[i].n);
			REQUIRE(glob);
			if (strcmp(glob, "**") == 0)
				fits[i + 1][n + 1] = fits[i][n] || fits[i + 1][n];
			else
				fits[i + 1][n + 1] = fits[i][n] && fnmatch(glob, segment, 0) == 0;
		}
	}
	return fits[p->n_segments][n];
}

static void check_pattern(struct arena *a, struct str text, const struct reference *r)
{
	struct reference_pattern p;
	size_t wildcards = 0;
	struct err e;

	if (reference_pattern_parse(a, text, &p, &e) < 0)
		return;
	REQUIRE(conforms(a, &host_re, p.host));
	REQUIRE(p.n_segments > 0 && p.n_segments <= LIMIT_REFERENCE_PATH_BYTES);
	for (size_t i = 0; i < p.n_segments; i++) {
		REQUIRE(p.segments[i].n > 0);
		wildcards += str_has_char(p.segments[i], '*');
	}
	REQUIRE(wildcards <= LIMIT_PATTERN_WILDCARDS);
	bool matched = reference_pattern_matches(&p, r);
	REQUIRE(matched == (str_eq(p.host, r->host) && matches_by_table(a, &p, r->path)));
}

/* The repository of a reference is a pattern that matches it. */
static void check_own_pattern(struct arena *a, const struct reference *r)
{
	struct reference_pattern p;
	struct str s;
	struct text t;
	struct err e;

	text_init(&t, a, 1 << 20);
	reference_put_repository(&t, r);
	REQUIRE(text_done(&t, &s));
	REQUIRE(reference_pattern_parse(a, s, &p, &e) == 0);
	REQUIRE(reference_pattern_matches(&p, r));
}

static void check(struct arena *a, struct str text, struct str pattern, struct str other)
{
	struct reference r, s;
	struct err e;

	if (reference_parse(a, text, &r, &e) < 0)
		return;
	check_parts(a, &r);
	check_round_trip(a, &r);
	check_own_pattern(a, &r);
	check_pattern(a, pattern, &r);
	if (reference_parse(a, other, &s, &e) == 0) {
		bool same = str_eq(r.host, s.host) && str_eq(r.path, s.path);
		REQUIRE(reference_same_repository(&r, &s) == same);
		check_pattern(a, pattern, &s);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = {(const char *)data, n}, pattern = {0}, other = {0};
	struct arena *a = arena_new(4 << 20);

	struct reference r;
	struct err e;

	REQUIRE(a);
	if (str_cut(text, '\n', &text, &pattern)) {
		REQUIRE(reference_parse(a, (struct str){(const char *)data, n}, &r, &e) < 0);
		(void)str_cut(pattern, '\n', &pattern, &other);
	}
	check(a, text, pattern, other);
	arena_free(a);
	return 0;
}
