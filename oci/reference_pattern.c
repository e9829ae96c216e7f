#include "oci/limits.h"
#include "oci/reference.h"
#include "oci/reference_grammar.h"

static bool is_wildcard(struct str segment)
{
	return str_has_char(segment, '*');
}

static bool is_any_segments(struct str segment)
{
	return str_eq(segment, S("**"));
}

static bool has_double_star(struct str s)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '*' && s.p[i - 1] == '*')
			return true;
	}
	return false;
}

static bool is_stars_only(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '*')
			return false;
	}
	return s.n > 0;
}

/* The segment of `path` that begins at `from` <= path.n, and where the next one begins: past path.n
 * after the last. */
static struct str segment_at(struct str path, size_t from, size_t *next)
{
	size_t end = from;

	while (end < path.n && path.p[end] != '/')
		end++;
	*next = end + 1;
	return str_sub(path, from, end);
}

/* Cut into host and path, and refuse what is not of that shape. */
static const char *cut_pattern(struct str text, struct str *host, struct str *path)
{
	if (is_stars_only(text))
		return "a wildcard alone would match every image";
	if (!str_cut(text, '/', host, path))
		return is_wildcard(text) ? "a wildcard in the host" : "no path after the host";
	if (is_wildcard(*host))
		return "a wildcard in the host";
	const char *why = reference_grammar_host(*host);
	if (why)
		return why;
	if (!reference_grammar_is_host(*host))
		return "the first segment is no host: it has neither '.' nor ':' and is not "
		       "'localhost' (for Docker Hub begin with 'docker.io/')";
	if (path->n == 0)
		return "no path after the host";
	if (str_has_char(*path, '@'))
		return "a digest in the pattern";
	if (str_has_char(*path, ':'))
		return "a tag in the pattern";
	return NULL;
}

static const char *check_segments(const struct reference_pattern *p)
{
	size_t n_wildcards = 0;

	for (size_t i = 0; i < p->n_segments; i++) {
		struct str segment = p->segments[i];
		if (segment.n == 0)
			return "an empty segment";
		n_wildcards += is_wildcard(segment);
		if (!is_any_segments(segment)) {
			if (has_double_star(segment))
				return "'**' is not a whole segment";
		} else if (i > 0 && is_any_segments(p->segments[i - 1])) {
			return "two '**' side by side";
		}
	}
	if (n_wildcards > LIMIT_PATTERN_WILDCARDS)
		return "more than 8 segments with wildcards";
	/* spec: rule 3 */
	if (str_eq(p->host, S("docker.io")) && p->n_segments == 1 &&
	    !is_any_segments(p->segments[0]))
		return "docker.io has no repository of one segment: write 'docker.io/library/...'";
	return NULL;
}

static int cut_segments(struct arena *a, struct str path, struct reference_pattern *p,
			struct err *e)
{
	size_t n = 1;
	for (size_t i = 0; i < path.n; i++)
		n += path.p[i] == '/';

	struct str *segments = arena_calloc(a, n, sizeof(*segments));
	if (!segments)
		return err_set(e, ERR_LIMIT, "no memory left for the pattern");
	size_t at = 0;
	for (size_t i = 0; i < n; i++)
		segments[i] = segment_at(path, at, &at);
	p->segments = segments;
	p->n_segments = n;
	return 0;
}

int reference_pattern_parse(struct arena *a, struct str text, struct reference_pattern *out,
			    struct err *e)
{
	struct reference_pattern p = {.text = text};
	struct str host, path;

	TRY(reference_grammar_bytes(text, true, e));
	const char *why = cut_pattern(text, &host, &path);
	if (why)
		return err_set(e, ERR_INPUT, "%s", why);
	TRY(reference_grammar_fold_host(a, host, &p.host, e));
	TRY(cut_segments(a, path, &p, e));
	why = check_segments(&p);
	if (!why)
		why = reference_grammar_path(path, true);
	if (why)
		return err_set(e, ERR_INPUT, "%s", why);
	*out = p;
	return 0;
}

/* On a mismatch only the last "**" need take one segment more: what stood before it matched as
 * early as it could, and taking more there leaves less for the rest. Hence the header's bound. */
static bool path_matches(const struct reference_pattern *p, struct str path)
{
	const size_t none = SIZE_MAX;
	size_t i = 0, at = 0, next = 0;
	size_t retry_i = none, retry_at = 0;

	while (at <= path.n) {
		struct str segment = segment_at(path, at, &next);
		if (i < p->n_segments && is_any_segments(p->segments[i])) {
			retry_i = ++i;
			retry_at = at = next;
		} else if (i < p->n_segments && str_glob(p->segments[i], segment)) {
			i++;
			at = next;
		} else if (retry_i != none) {
			(void)segment_at(path, retry_at, &next);
			i = retry_i;
			at = retry_at = next;
		} else {
			return false;
		}
	}
	return i == p->n_segments;
}

bool reference_pattern_matches(const struct reference_pattern *p, const struct reference *r)
{
	if (p->n_segments == 0 || r->path.n == 0)
		return false;
	return str_eq(p->host, r->host) && path_matches(p, r->path);
}
