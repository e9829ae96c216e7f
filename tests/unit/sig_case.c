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

static int load_key(struct arena *a, struct str path, struct sig_authority_key *out, struct err *e)
{
	struct sig_key *key = arena_alloc(a, sizeof(*key));
	struct str pem;

	TRY(file_read(a, arena_dup(a, path.p, path.n), 1 << 16, &pem, e));
	TRY(sig_key_parse(a, pem, key, e));
	out->key = key;
	return 0;
}

static int load_authority(struct arena *a, const struct node *root, struct sig_authority *out,
			  struct err *e)
{
	const struct node *list = node_get(root, S("keys")), *window = node_get(root, S("window"));
	const struct node *schemes = node_get(root, S("schemes"));
	struct sig_authority_key *keys = arena_calloc(a, node_len(list), sizeof(*keys));

	for (size_t i = 0; i < node_len(list); i++) {
		TRY(load_key(a, node_str(node_at(list, i)), &keys[i], e));
		if (window) {
			keys[i].valid_from_unix_s = node_at(window, 0)->integer;
			keys[i].valid_until_unix_s = node_at(window, 1)->integer;
		}
	}
	out->keys = keys;
	out->n_keys = node_len(list);
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
	load_demand(a, root, &out->demand);
	if (!sha256_parse(node_str(node_get(root, S("digest"))), &out->subject.digest))
		return err_set(e, ERR_INPUT, "case %s: no digest", path);
	out->subject.bytes = node_str(node_get(root, S("artifact")));
	out->input = (struct verify_input){NULL, &out->authority, &out->demand, &out->subject,
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
	int rc = c->is_layer ? bundle_from_layer(a, &c->layer, &b, &f)
			     : bundle_parse(a, c->bundle, &b, &f);

	if (rc < 0)
		verify_rejected(&f, out);
	else
		verify_bundle(a, b, &c->input, out);
}
