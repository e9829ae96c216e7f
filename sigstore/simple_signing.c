#include "sigstore/simple_signing.h"

#include "sigstore/limits.h"
#include "sigstore/pjson.h"

static int bad(struct sig_fault *f, const char *where, const char *why)
{
	return sig_fault_set(f, VERIFY_CLAIMS, "payload: %s: %s", where, why);
}

/* A member that must be a map, or a string. */
static int member(struct sig_fault *f, const struct node *map, struct str key, enum node_type want,
		  const char *path, const struct node **out)
{
	const struct node *n = node_get(map, key);

	if (!n)
		return bad(f, path, "missing");
	if (n->type != want)
		return bad(f, path, want == NODE_MAP ? "not a map" : "not a string");
	*out = n;
	return 0;
}

static int parse_critical(const struct node *critical, struct simple_signing *s,
			  struct sig_fault *f)
{
	const struct node *type, *image, *identity, *digest, *reference;

	TRY(member(f, critical, S("type"), NODE_STR, "critical.type", &type));
	TRY(member(f, critical, S("image"), NODE_MAP, "critical.image", &image));
	TRY(member(f, image, S("docker-manifest-digest"), NODE_STR,
		   "critical.image.docker-manifest-digest", &digest));
	TRY(member(f, critical, S("identity"), NODE_MAP, "critical.identity", &identity));
	reference = node_get(identity, S("docker-reference"));
	if (reference && reference->type != NODE_STR)
		return bad(f, "critical.identity.docker-reference", "not a string");
	if (digest->str.n == 0)
		return bad(f, "critical.image.docker-manifest-digest", "empty");
	s->type = type->str;
	s->manifest_digest = digest->str;
	s->docker_reference = node_str(reference);
	return 0;
}

int simple_signing_parse(struct arena *a, struct str payload, struct simple_signing *out,
			 struct sig_fault *f)
{
	struct pj r = {a, f, false};
	struct simple_signing s = {.optional = NULL};
	const struct node *root, *critical;

	TRY(pj_parse(&r, "payload", payload, LIMIT_PAYLOAD_BYTES, &root));
	TRY(member(f, root, S("critical"), NODE_MAP, "critical", &critical));
	TRY(parse_critical(critical, &s, f));
	s.optional = node_get_set(root, S("optional"));
	if (s.optional && s.optional->type != NODE_MAP)
		return bad(f, "optional", "not a map");
	*out = s;
	return 0;
}
