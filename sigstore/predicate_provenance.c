/* Provenance: who built the image, from which source, how. source: SLSA provenance v0.2 and v1 */
#include "sigstore/predicate_inside.h"

static int compare(const struct predicate_check *c, const char *what, struct str got,
		   const struct predicate_globs *want)
{
	char buf[480], quote[SIG_QUOTE_BYTES];
	struct text t;

	if (want->n == 0 || (got.n > 0 && predicate_globs_match(want, got)))
		return 0;
	if (got.n == 0)
		return predicate_shape(c, what, "missing");
	text_init_fixed(&t, buf, sizeof(buf));
	text_printf(&t, "%s %s, want %s", what, sig_quote(quote, got),
		    want->n > 1 ? "one of " : "");
	for (size_t i = 0; i < want->n && i < FOUND_SHOWN; i++) {
		text_puts(&t, i ? ", " : "");
		text_quote(&t, want->items[i], 64);
	}
	return sig_fault_set(c->fault, VERIFY_PREDICATE_CONDITION, "%s", buf);
}

static bool is_ref(struct str s)
{
	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') &&
		    c != '.' && c != '_' && c != '-' && c != '/')
			return false;
		if (c == '.' && (i + 1 == s.n || s.p[i + 1] == '.'))
			return false;
	}
	return str_starts(s, S("refs/")) || str_find(s, '/') == SIZE_MAX;
}

/* The repository without what version control put around it: "git+" before, "@ref" behind: a full
 * name, a tag or a commit. An "@" before the path is a user's, and is left where it is. */
static struct str bare_source(struct str uri)
{
	struct str rest, scheme;
	size_t at;

	if (str_starts(uri, S("git+")))
		uri = str_sub(uri, 4, uri.n);
	at = str_rfind(uri, '@');
	if (at == SIZE_MAX || !is_ref(str_sub(uri, at + 1, uri.n)))
		return uri;
	rest = str_sub(uri, 0, at);
	if (str_cut(rest, ':', &scheme, &rest) && str_starts(rest, S("//")) &&
	    str_find(str_sub(rest, 2, rest.n), '/') == SIZE_MAX)
		return uri;
	return str_sub(uri, 0, at);
}

static int compare_source(const struct predicate_check *c, struct str got)
{
	const struct predicate_globs *want = &c->want->sources;

	if (got.n > 0 && predicate_globs_match(want, bare_source(got)))
		return 0;
	return compare(c, "source", got, want);
}

int predicate_check_slsa_02(const struct predicate_check *c)
{
	const struct node *p = c->in->predicate;

	TRY(compare(c, "builder", predicate_str(p, AT("builder", "id")), &c->want->builders));
	TRY(compare(c, "build type", predicate_str(p, AT("buildType")), &c->want->build_types));
	return compare_source(c, predicate_str(p, AT("invocation", "configSource", "uri")));
}

/* Where builders put the repository: GitHub's, then the ones that follow the examples of SLSA. They are
 * parameters of whoever started the build, so each that is there must be a wanted one. */
static int compare_sources_1(const struct predicate_check *c)
{
	static const char *const paths[][3] = {{"workflow", "repository", NULL},
					       {"source", NULL},
					       {"source", "uri", NULL},
					       {"source", "repository", NULL},
					       {"configSource", "uri", NULL}};
	const struct node *e =
		predicate_at(c->in->predicate, AT("buildDefinition", "externalParameters"));
	size_t found = 0;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const struct node *n = predicate_at(e, paths[i]);

		if (!n || (n->type == NODE_MAP && !paths[i][1]))
			continue;
		if (n->type != NODE_STR)
			return predicate_shape(c, "source", "want a string");
		TRY(compare_source(c, n->str));
		found++;
	}
	return found ? 0 : compare_source(c, S(""));
}

int predicate_check_slsa_1(const struct predicate_check *c)
{
	const struct node *p = c->in->predicate;

	TRY(compare(c, "builder", predicate_str(p, AT("runDetails", "builder", "id")),
		    &c->want->builders));
	TRY(compare(c, "build type", predicate_str(p, AT("buildDefinition", "buildType")),
		    &c->want->build_types));
	return c->want->sources.n ? compare_sources_1(c) : 0;
}
