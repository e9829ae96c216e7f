#include "sigstore/trusted_root.h"

#include "sigstore/certificate.h"
#include "sigstore/trusted_root_inside.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

bool trusted_window_has(const struct trusted_window *w, int64_t unix_ms)
{
	return w->from_unix_ms <= unix_ms && unix_ms <= w->until_unix_ms;
}

const struct trusted_log *trusted_log_find(const struct trusted_log *logs, size_t n, struct str id)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(logs[i].id, id))
			return &logs[i];
	}
	return NULL;
}

/* ---- authorities ---- */

static int check_strings(const struct pj *r, struct pj_at at, const char *const *names, size_t n)
{
	struct str s;

	for (size_t i = 0; i < n; i++)
		TRY(pj_str(r, at, names[i], &s));
	return 0;
}

static int read_certificates(const struct pj *r, struct pj_at up, bool timestamps,
			     struct trusted_authority *out)
{
	const struct node *list;
	struct pj_at at, item;
	const char *path;

	TRY(trusted_message(r, up, "certChain", &at));
	if (!at.map)
		return pj_missing(r, up, "certChain");
	TRY(pj_list(r, at, "certificates", NODE_MAP, LIMIT_CHAIN, VERIFY_CHAIN_TOO_LONG, &list));
	if (node_len(list) == 0)
		return pj_missing(r, at, "certificates");
	TRY(trusted_path(r, &path, "%s.certificates", at.path));
	for (size_t i = 0; i < node_len(list); i++) {
		TRY(trusted_item(r, path, list, i, &item));
		TRY(pj_bytes(r, item, "rawBytes", &out->certificates[i]));
		TRY(certificate_check(out->certificates[i], item.path, NULL, r->fault));
	}
	out->n_certificates = node_len(list);
	return trusted_check_authority(out, timestamps, path, r->fault);
}

static int read_authority(const struct pj *r, struct pj_at at, bool timestamps,
			  struct trusted_authority *out)
{
	static const char *const of_subject[] = {"organization", "commonName"};
	static const char *const of_authority[] = {"uri", "operator"};
	struct pj_at subject;

	TRY(trusted_message(r, at, "subject", &subject));
	if (subject.map)
		TRY(check_strings(r, subject, of_subject, COUNT(of_subject)));
	TRY(check_strings(r, at, of_authority, COUNT(of_authority)));
	TRY(pj_str(r, at, "uri", &out->uri));
	TRY(read_certificates(r, at, timestamps, out));
	return trusted_window_read(r, at, false, &out->window);
}

static int read_authorities(const struct pj *r, struct pj_at root, const char *name,
			    bool timestamps, struct trusted_authority **authorities, size_t *n)
{
	const struct node *list;
	void *grown;

	TRY(pj_list(r, root, name, NODE_MAP, LIMIT_TRUSTED_ENTRIES, VERIFY_TOO_MANY_VALUES, &list));
	TRY(trusted_grow(r->arena, *authorities, *n, node_len(list), sizeof(**authorities), name,
			 &grown, r->fault));
	*authorities = grown;
	for (size_t i = 0; i < node_len(list); i++) {
		struct trusted_authority one = {.n_certificates = 0};
		struct pj_at at;

		TRY(trusted_item(r, name, list, i, &at));
		TRY(read_authority(r, at, timestamps, &one));
		trusted_put_authority(*authorities, n, &one);
	}
	return 0;
}

/* ---- the whole ---- */

static int check_media_type(const struct pj *r, struct pj_at root)
{
	static const struct str types[] = {
		{"application/vnd.dev.sigstore.trustedroot+json;version=0.1", 57},
		{"application/vnd.dev.sigstore.trustedroot.v0.1+json", 50},
		{"application/vnd.dev.sigstore.trustedroot.v0.2+json", 50},
	};
	char quote[SIG_QUOTE_BYTES];
	struct str type;

	TRY(pj_str(r, root, "mediaType", &type));
	if (type.n == 0)
		return pj_missing(r, root, "mediaType");
	for (size_t i = 0; i < COUNT(types); i++) {
		if (str_eq(type, types[i]))
			return 0;
	}
	return sig_fault_set(r->fault, VERIFY_MEDIA_TYPE, "mediaType: %s is no trusted root",
			     sig_quote(quote, type));
}

static int read_root(const struct pj *r, const struct node *map, struct trusted_root *root)
{
	struct pj_at at = {NULL, ""};

	TRY(trusted_map(r, map, &at.map));
	TRY(check_media_type(r, at));
	TRY(trusted_logs_read(r, at, "tlogs", false, &root->logs, &root->n_logs));
	TRY(trusted_logs_read(r, at, "ctlogs", true, &root->ct_logs, &root->n_ct_logs));
	TRY(read_authorities(r, at, "certificateAuthorities", false, &root->certificate_authorities,
			     &root->n_certificate_authorities));
	return read_authorities(r, at, "timestampAuthorities", true, &root->timestamp_authorities,
				&root->n_timestamp_authorities);
}

int trusted_root_add(struct arena *a, struct str json, struct trusted_root *root, struct err *e)
{
	struct sig_fault f = {.reason = VERIFY_NOT_VERIFIED};
	struct pj r = {a, &f, false};
	struct trusted_root added = *root;
	const struct node *map;

	if (pj_parse(&r, "trusted root", json, LIMIT_TRUSTED_ROOT_BYTES, &map) < 0)
		return trusted_fail(&f, "", e);
	if (read_root(&r, map, &added) < 0 || trusted_hash(&added, "trusted root", json, &f) < 0)
		return trusted_fail(&f, "trusted root", e);
	*root = added;
	return 0;
}
