#include "tests/unit/sig_case.h"

#include "core/file.h"
#include "core/json.h"

static int64_t integer(const struct node *n, const char *key)
{
	const struct node *v = node_get(n, str_of(key));

	return node_is(v, NODE_INT) ? v->integer : 0;
}

static bool boolean(const struct node *n, const char *key)
{
	const struct node *v = node_get(n, str_of(key));

	return node_is(v, NODE_BOOL) && v->boolean;
}

static int load_key(struct arena *a, struct str pem, struct sig_authority_key *out, struct err *e)
{
	struct sig_key *key = arena_alloc(a, sizeof(*key));

	TRY(sig_key_parse(a, pem, key, e));
	out->key = key;
	return 0;
}

/* ---- who may have signed ---- */

static int load_keys(struct arena *a, const struct node *root, struct sig_authority *out,
		     struct err *e)
{
	const struct node *paths = node_get(root, S("keys"));
	const struct node *texts = node_get(root, S("keys_inline"));
	const struct node *window = node_get(root, S("window"));
	size_t n = node_len(paths) + node_len(texts);
	struct sig_authority_key *keys = arena_calloc(a, n, sizeof(*keys));
	struct str pem;

	for (size_t i = 0; i < n; i++) {
		struct str path = node_str(node_at(paths, i));

		if (i < node_len(paths))
			TRY(file_read(a, arena_dup(a, path.p, path.n), 1 << 16, &pem, e));
		else
			pem = node_str(node_at(texts, i - node_len(paths)));
		TRY(load_key(a, pem, &keys[i], e));
		if (window) {
			keys[i].valid_from_unix_s = node_at(window, 0)->integer;
			keys[i].valid_until_unix_s = node_at(window, 1)->integer;
		}
	}
	out->keys = keys;
	out->n_keys = n;
	return 0;
}

static struct identity_match match_of(const struct node *map, const char *exact, const char *regex)
{
	return (struct identity_match){node_str(node_get(map, str_of(exact))),
				       node_str(node_get(map, str_of(regex)))};
}

static void load_extensions(const struct node *map, bool is_regex, struct identity_demand *out,
			    struct identity_extension_match *list)
{
	for (size_t i = 0; i < node_len(map); i++) {
		struct identity_extension_match *m = &list[out->n_extensions++];
		struct str value = node_str(map->map.pairs[i].value);

		m->number = identity_extension_number(map->map.pairs[i].key);
		*(is_regex ? &m->value.regex : &m->value.exact) = value;
	}
}

static void load_identities(struct arena *a, const struct node *root, struct sig_authority *out)
{
	const struct node *list = node_get(root, S("identities"));
	struct identity_demand *demands = arena_calloc(a, node_len(list), sizeof(*demands));

	for (size_t i = 0; i < node_len(list); i++) {
		const struct node *map = node_at(list, i), *exact, *regex;
		struct identity_extension_match *extensions;

		demands[i].issuer = match_of(map, "issuer", "issuerRegex");
		demands[i].subject = match_of(map, "subject", "subjectRegex");
		exact = node_get(map, S("extensions"));
		regex = node_get(map, S("extensionsRegex"));
		extensions =
			arena_calloc(a, node_len(exact) + node_len(regex), sizeof(*extensions));
		demands[i].extensions = extensions;
		load_extensions(exact, false, &demands[i], extensions);
		load_extensions(regex, true, &demands[i], extensions);
	}
	out->identities = demands;
	out->n_identities = node_len(list);
}

static int load_root(struct arena *a, const struct node *root, struct trusted_root *out,
		     struct err *e)
{
	static const struct {
		const char *field;
		int (*add)(struct arena *a, struct str text, struct trusted_root *root,
			   struct err *e);
	} kinds[] = {
		{"root", trusted_root_add},
		{"certificates", trusted_root_add_certificates},
		{"timestamp_chains", trusted_root_add_timestamp_chain},
	};

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		const struct node *list = node_get(root, str_of(kinds[k].field));

		for (size_t i = 0; i < node_len(list); i++)
			TRY(kinds[k].add(a, node_str(node_at(list, i)), out, e));
	}
	return 0;
}

static int load_authority(struct arena *a, const struct node *root, struct sig_authority *out,
			  struct err *e)
{
	const struct node *schemes = node_get(root, S("schemes"));

	TRY(load_keys(a, root, out, e));
	load_identities(a, root, out);
	out->schemes = schemes ? 0 : SIG_SCHEMES_DEFAULT;
	for (unsigned bit = 1; bit < 64; bit <<= 1) {
		for (size_t i = 0; i < node_len(schemes); i++) {
			if (str_eq(node_str(node_at(schemes, i)), str_of(sig_scheme_name(bit))))
				out->schemes |= bit;
		}
	}
	out->accept_message = boolean(root, "accept_message");
	out->log_threshold = (unsigned)integer(root, "log_threshold");
	out->time_threshold = (unsigned)integer(root, "time_threshold");
	out->sct_threshold = (unsigned)integer(root, "sct_threshold");
	out->any_issuer = boolean(root, "any_issuer");
	out->use_current_time = boolean(root, "use_current_time");
	out->max_age_s = integer(root, "max_age_s");
	return 0;
}

static void load_demand(struct arena *a, const struct node *root, struct sig_demand *out)
{
	const struct node *map = node_get(root, S("annotations"));
	struct sig_annotation *list = arena_calloc(a, node_len(map), sizeof(*list));

	for (size_t i = 0; i < node_len(map); i++)
		list[i] = (struct sig_annotation){map->map.pairs[i].key,
						  node_str(map->map.pairs[i].value)};
	out->annotations = list;
	out->n_annotations = node_len(map);
	out->predicate_type = node_str(node_get(root, S("want")));
	out->want = out->predicate_type.n > 0 ? SIG_WANT_ATTESTATION : SIG_WANT_SIGNATURE;
	out->reference = node_str(node_get(root, S("reference")));
	out->reference_prefix = boolean(root, "reference_prefix");
}

int sig_case_load(struct arena *a, const char *path, struct sig_case *out, struct err *e)
{
	const struct node *layer;
	struct node *root;
	struct str bytes;

	*out = (struct sig_case){.is_layer = false};
	TRY(file_read(a, path, 64 << 20, &bytes, e));
	TRY(json_parse(a, bytes, NULL, &root, NULL, e));
	TRY(load_authority(a, root, &out->authority, e));
	if (load_root(a, root, &out->root, &out->root_error) == 0)
		out->root_error.text[0] = '\0';
	if (!boolean(root, "no_root") &&
	    (node_get(root, S("root")) || node_get(root, S("certificates"))))
		out->authority.root = &out->root;
	load_demand(a, root, &out->demand);
	if (!sha256_parse(node_str(node_get(root, S("digest"))), &out->subject.digest))
		return err_set(e, ERR_INPUT, "case %s: no digest", path);
	out->subject.bytes = node_str(node_get(root, S("artifact")));
	out->input = (struct verify_input){&out->authority, &out->demand, &out->subject,
					   integer(root, "now")};
	layer = node_get(root, S("layer"));
	out->is_layer = layer != NULL;
	out->layer = (struct bundle_layer){node_str(node_get(layer, S("mediaType"))),
					   node_get_set(layer, S("annotations")),
					   node_str(node_get(layer, S("blob")))};
	out->bundle = node_str(node_get(root, S("bundle")));
	out->reason = node_str(node_get(root, S("reason")));
	out->key_index = (size_t)integer(root, "key_index");
	return 0;
}

void sig_case_run(struct arena *a, const struct sig_case *c, struct verify_result *out)
{
	struct sig_fault f = {.reason = VERIFY_NOT_VERIFIED};
	struct bundle *b = NULL;
	int rc = -1;

	if (c->root_error.text[0])
		sig_fault_set(&f, VERIFY_NOT_VERIFIED, "%s", c->root_error.text);
	else if (c->is_layer)
		rc = bundle_from_layer(a, &c->layer, &b, &f);
	else
		rc = bundle_parse(a, c->bundle, &b, &f);
	if (rc < 0)
		verify_rejected(&f, out);
	else
		verify_bundle(a, b, &c->input, out);
}
