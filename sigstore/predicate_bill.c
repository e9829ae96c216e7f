/*
 * Bills of material: SPDX 2 and CycloneDX, both as JSON.
 * source: SPDX 2.3 schema; CycloneDX 1.6 schema; package URLs: purl-spec
 */
#include "sigstore/limits.h"
#include "sigstore/predicate_inside.h"

/* ---- what both formats have ---- */

static struct str lowered(struct arena *a, struct str s)
{
	char *p = arena_dup(a, s.p, s.n);

	for (size_t i = 0; p && i < s.n; i++)
		p[i] = p[i] >= 'A' && p[i] <= 'Z' ? (char)(p[i] - 'A' + 'a') : p[i];
	return (struct str){p, p ? s.n : 0};
}

static bool is_forbidden(const struct bill *b, const struct bill_package *p)
{
	const struct predicate_globs *forbidden = &b->check->want->forbidden_packages;
	struct str with_version;
	struct text t;

	if (forbidden->n == 0)
		return false;
	text_init(&t, b->check->arena, p->name.n + p->version.n + 2);
	text_put(&t, p->name);
	text_putc(&t, '@');
	text_put(&t, p->version);
	/* What does not fit exhausts the arena, which verifies nothing more. */
	if (!text_done(&t, &with_version))
		return true;
	return predicate_globs_match(forbidden, p->name) ||
	       predicate_globs_match(forbidden, with_version) ||
	       (p->purl.n && predicate_globs_match(forbidden, p->purl));
}

bool bill_package(struct bill *b, const struct bill_package *p)
{
	bool forbidden = is_forbidden(b, p);

	if (forbidden)
		found_add(&b->packages, p->purl.n ? p->purl : p->name);
	return forbidden;
}

static bool is_licence_char(char c)
{
	return c != ' ' && c != '(' && c != ')' && c != '\t' && c != '\n' && c != '\r';
}

/* Ids of licences know no case. */
static bool is_licence_forbidden(const struct bill *b, struct str id)
{
	const struct predicate_globs *forbidden = &b->check->want->forbidden_licences;
	struct str low = lowered(b->check->arena, id);

	for (size_t i = 0; i < forbidden->n; i++) {
		if (str_glob(lowered(b->check->arena, forbidden->items[i]), low))
			return true;
	}
	return false;
}

/* Every id of an expression counts, also where OR leaves a choice: who forbids a licence wants to be
 * asked. */
void bill_licence(struct bill *b, const struct bill_package *p, struct str expression)
{
	if (b->check->want->forbidden_licences.n == 0)
		return;
	for (size_t i = 0, end; i < expression.n; i = end + (end == i)) {
		end = i;
		while (end < expression.n && is_licence_char(expression.p[end]))
			end++;
		if (end > i && is_licence_forbidden(b, str_sub(expression, i, end))) {
			found_add(&b->licences, p->name);
			return;
		}
	}
}

static int found_forbidden(const struct bill *b, const char *what, const struct found *f)
{
	char buf[480];
	struct text t;

	text_init_fixed(&t, buf, sizeof(buf));
	text_printf(&t, "%zu package%s with a forbidden %s: ", f->n, f->n == 1 ? "" : "s", what);
	found_put(&t, f);
	return sig_fault_set(b->check->fault, VERIFY_PREDICATE_CONDITION, "%s", buf);
}

int bill_judge(const struct bill *b)
{
	const struct predicate_demand *want = b->check->want;
	char hex[SHA256_HEX + 1];

	if (want->names_subject && !b->names_subject) {
		sha256_hex(&b->check->in->digest, hex);
		return sig_fault_set(b->check->fault, VERIFY_PREDICATE_CONDITION,
				     "the document does not say that it describes sha256:%s", hex);
	}
	if (want->not_empty && b->n_packages == 0)
		return sig_fault_set(b->check->fault, VERIFY_PREDICATE_CONDITION,
				     "the document lists no package");
	if (b->packages.n > 0)
		return found_forbidden(b, "name", &b->packages);
	if (b->licences.n > 0)
		return found_forbidden(b, "licence", &b->licences);
	return 0;
}

static bool is_digest_hex(struct str hex, const struct sha256 *digest)
{
	char want[SHA256_HEX + 1];

	sha256_hex(digest, want);
	return str_eq_nocase(hex, (struct str){want, SHA256_HEX});
}

/* The digest among checksums, each a map with these two names. */
static bool has_hash(const struct node *list, const char *algorithm_key, const char *algorithm,
		     const char *value_key, const struct sha256 *digest)
{
	for (size_t i = 0; i < node_len(list); i++) {
		const struct node *n = node_at(list, i);

		if (str_eq(node_str(node_get(n, str_of(algorithm_key))), str_of(algorithm)) &&
		    is_digest_hex(node_str(node_get(n, str_of(value_key))), digest))
			return true;
	}
	return false;
}

/* The string `key` of `map`; empty if it is not there. What is there must be one. */
static int text_of(const struct bill *b, const struct node *map, const char *key, struct str *out)
{
	const struct node *n = node_get_set(map, str_of(key));

	*out = node_str(n);
	return !n || n->type == NODE_STR ? 0 : predicate_shape(b->check, key, "want a string");
}

static int list_of(const struct bill *b, const struct node *map, const char *key,
		   const struct node **out)
{
	*out = node_get_set(map, str_of(key));
	return !*out || (*out)->type == NODE_LIST ? 0
						  : predicate_shape(b->check, key, "want a list");
}

/* ---- SPDX ---- */

/* Is this the element that the document is about? */
static bool spdx_is_described(const struct node *doc, struct str id)
{
	const struct node *list = node_get(doc, S("documentDescribes"));
	const struct node *relations = node_get(doc, S("relationships"));

	for (size_t i = 0; i < node_len(list); i++) {
		if (str_eq(node_str(node_at(list, i)), id))
			return true;
	}
	for (size_t i = 0; i < node_len(relations); i++) {
		const struct node *r = node_at(relations, i);

		if (str_eq(node_str(node_get(r, S("relationshipType"))), S("DESCRIBES")) &&
		    str_eq(node_str(node_get(r, S("spdxElementId"))), S("SPDXRef-DOCUMENT")) &&
		    str_eq(node_str(node_get(r, S("relatedSpdxElement"))), id))
			return true;
	}
	return false;
}

static int spdx_licences(struct bill *b, const struct bill_package *p, const struct node *package)
{
	const struct node *files;
	struct str licence;

	TRY(text_of(b, package, "licenseConcluded", &licence));
	bill_licence(b, p, licence);
	TRY(text_of(b, package, "licenseDeclared", &licence));
	bill_licence(b, p, licence);
	TRY(list_of(b, package, "licenseInfoFromFiles", &files));
	for (size_t i = 0; i < node_len(files); i++)
		bill_licence(b, p, node_str(node_at(files, i)));
	return 0;
}

/* Each of its package URLs. *named: one of them, or a checksum, is the image's digest. */
static int spdx_purls(struct bill *b, struct bill_package *p, const struct node *package,
		      bool *named)
{
	const struct sha256 *digest = &b->check->in->digest;
	const struct node *refs;

	*named = predicate_names_digest(p->version, digest) ||
		 predicate_names_digest(p->name, digest) ||
		 has_hash(node_get(package, S("checksums")), "algorithm", "SHA256", "checksumValue",
			  digest);
	bool found = bill_package(b, p);
	TRY(list_of(b, package, "externalRefs", &refs));
	for (size_t i = 0; i < node_len(refs); i++) {
		struct bill_package q = {.name = p->name, .version = p->version};

		if (!str_eq(node_str(node_get(node_at(refs, i), S("referenceType"))), S("purl")))
			continue;
		TRY(text_of(b, node_at(refs, i), "referenceLocator", &q.purl));
		*named |= predicate_names_digest(q.purl, digest);
		if (!found && q.purl.n)
			found = bill_package(b, &q);
	}
	return 0;
}

static int spdx_package(struct bill *b, const struct node *doc, const struct node *package)
{
	struct bill_package p = {.name = node_str(node_get(package, S("name")))};
	bool named = false;

	if (p.name.n == 0)
		return predicate_shape(b->check, "packages", "one has no name");
	TRY(text_of(b, package, "versionInfo", &p.version));
	TRY(spdx_purls(b, &p, package, &named));
	TRY(spdx_licences(b, &p, package));
	/* Only an element or two have the digest, so that the search is not made for every package. */
	if (named && spdx_is_described(doc, node_str(node_get(package, S("SPDXID")))))
		b->names_subject = true;
	else
		b->n_packages += !str_eq(node_str(node_get(package, S("primaryPackagePurpose"))),
					 S("OPERATING-SYSTEM"));
	return 0;
}

int predicate_check_spdx(const struct predicate_check *c)
{
	const struct node *doc = c->in->predicate;
	const struct node *packages = node_get_set(doc, S("packages"));
	struct bill b = {.check = c};

	if (node_is(doc, NODE_STR))
		return predicate_shape(c, "SPDX", "a tag-value document: only JSON can be judged");
	if (!str_starts(node_str(node_get(doc, S("spdxVersion"))), S("SPDX-2.")))
		return predicate_shape(c, "spdxVersion", "want SPDX-2.x");
	if (packages && packages->type != NODE_LIST)
		return predicate_shape(c, "packages", "want a list");
	for (size_t i = 0; i < node_len(packages); i++)
		TRY(spdx_package(&b, doc, node_at(packages, i)));
	return bill_judge(&b);
}

/* ---- CycloneDX ---- */

static int cyclonedx_package(const struct bill *b, const struct node *component,
			     struct bill_package *out)
{
	TRY(text_of(b, component, "name", &out->name));
	TRY(text_of(b, component, "version", &out->version));
	return text_of(b, component, "purl", &out->purl);
}

static int cyclonedx_licences(struct bill *b, const struct bill_package *p,
			      const struct node *component)
{
	const struct node *list;

	TRY(list_of(b, component, "licenses", &list));
	for (size_t i = 0; i < node_len(list); i++) {
		const struct node *n = node_at(list, i), *licence = node_get(n, S("license"));
		struct str text;

		TRY(text_of(b, n, "expression", &text));
		bill_licence(b, p, text);
		TRY(text_of(b, licence, "id", &text));
		bill_licence(b, p, text);
		TRY(text_of(b, licence, "name", &text));
		bill_licence(b, p, text);
	}
	return 0;
}

/* A component: forbidden or not. An operating system is no package. */
static int cyclonedx_component(struct bill *b, const struct node *component)
{
	struct bill_package p = {.name = {NULL, 0}};

	TRY(cyclonedx_package(b, component, &p));
	if (p.name.n == 0)
		return predicate_shape(b->check, "components", "one has no name");
	b->n_packages += !str_eq(node_str(node_get(component, S("type"))), S("operating-system"));
	bill_package(b, &p);
	return cyclonedx_licences(b, &p, component);
}

/* Components may hold components: a list and where we are in it, as deep as JSON may be. */
struct level {
	const struct node *list;
	size_t next;
};

static int cyclonedx_components(struct bill *b, const struct node *components)
{
	struct level levels[LIMIT_SIG_DEPTH + 1] = {{components, 0}};
	size_t depth = 1;

	while (depth > 0) {
		struct level *l = &levels[depth - 1];
		const struct node *component = node_at(l->list, l->next++), *inner;

		if (!component) {
			depth--;
			continue;
		}
		TRY(cyclonedx_component(b, component));
		TRY(list_of(b, component, "components", &inner));
		if (inner && depth > LIMIT_SIG_DEPTH)
			return predicate_shape(b->check, "components", "nested too deep");
		if (inner)
			levels[depth++] = (struct level){inner, 0};
	}
	return 0;
}

/* The image itself: is it ours, and is anything in it forbidden? */
static int cyclonedx_root(struct bill *b, const struct node *root)
{
	const struct sha256 *digest = &b->check->in->digest;
	struct bill_package p = {.name = {NULL, 0}};
	const struct node *inner;

	TRY(cyclonedx_package(b, root, &p));
	b->names_subject =
		predicate_names_digest(p.purl, digest) ||
		predicate_names_digest(p.version, digest) ||
		predicate_names_digest(p.name, digest) ||
		has_hash(node_get(root, S("hashes")), "alg", "SHA-256", "content", digest);
	bill_package(b, &p);
	TRY(cyclonedx_licences(b, &p, root));
	TRY(list_of(b, root, "components", &inner));
	return cyclonedx_components(b, inner);
}

int predicate_check_cyclonedx(const struct predicate_check *c)
{
	const struct node *doc = c->in->predicate, *components;
	struct bill b = {.check = c};

	if (!str_eq(node_str(node_get(doc, S("bomFormat"))), S("CycloneDX")))
		return predicate_shape(c, "bomFormat", "want CycloneDX");
	TRY(cyclonedx_root(&b, predicate_at(doc, AT("metadata", "component"))));
	TRY(list_of(&b, doc, "components", &components));
	TRY(cyclonedx_components(&b, components));
	return bill_judge(&b);
}
