/* The logs of a trusted root, and what is common to the entries of its JSON. */
#include <stdarg.h>
#include <stdio.h>

#include "core/clock.h"
#include "sigstore/trusted_root_inside.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- places in the tree ---- */

int trusted_map(const struct pj *r, const struct node *map, const struct node **out)
{
	struct node *copy = arena_alloc(r->arena, sizeof(*copy));

	if (!copy)
		return sig_fault_room(r->fault);
	*copy = *map;
	copy->map.pairs = arena_calloc(r->arena, map->map.n, sizeof(*copy->map.pairs));
	copy->map.n = 0;
	if (!copy->map.pairs)
		return sig_fault_room(r->fault);
	for (size_t i = 0; i < map->map.n; i++) {
		if (map->map.pairs[i].value->type != NODE_NULL)
			copy->map.pairs[copy->map.n++] = map->map.pairs[i];
	}
	*out = copy;
	return 0;
}

int trusted_path(const struct pj *r, const char **out, const char *fmt, ...)
{
	char path[128];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(path))
		BUG("a path of %d bytes", n);
	*out = arena_dup(r->arena, path, (size_t)n);
	return *out ? 0 : sig_fault_room(r->fault);
}

int trusted_message(const struct pj *r, struct pj_at at, const char *name, struct pj_at *out)
{
	const struct node *map;

	*out = (struct pj_at){NULL, ""};
	TRY(pj_map(r, at, name, &map));
	if (!map)
		return 0;
	TRY(trusted_path(r, &out->path, "%s.%s", at.path, name));
	return trusted_map(r, map, &out->map);
}

int trusted_item(const struct pj *r, const char *path, const struct node *list, size_t i,
		 struct pj_at *out)
{
	TRY(trusted_path(r, &out->path, "%s[%zu]", path, i));
	return trusted_map(r, node_at(list, i), &out->map);
}

/* ---- windows ---- */

static int read_time(const struct pj *r, struct pj_at at, const char *name, int64_t *out)
{
	char quote[SIG_QUOTE_BYTES];
	struct str s;

	TRY(pj_str(r, at, name, &s));
	if (!pj_has(at, name) || time_parse_rfc3339_ms(s, out))
		return 0;
	return sig_fault_set(r->fault, VERIFY_FIELD_RANGE, "%s.%s: %s is no time of RFC 3339",
			     at.path, name, sig_quote(quote, s));
}

int trusted_window_read(const struct pj *r, struct pj_at up, bool needs_start,
			struct trusted_window *out)
{
	struct trusted_window w = {INT64_MIN, INT64_MAX};
	struct pj_at at;

	TRY(trusted_message(r, up, "validFor", &at));
	if (needs_start && !at.map)
		return pj_missing(r, up, "validFor");
	if (at.map) {
		TRY(read_time(r, at, "start", &w.from_unix_ms));
		TRY(read_time(r, at, "end", &w.until_unix_ms));
		if (needs_start && !pj_has(at, "start"))
			return pj_missing(r, at, "start");
	}
	if (w.until_unix_ms < w.from_unix_ms)
		return sig_fault_set(r->fault, VERIFY_FIELD_RANGE, "%s: ends before it starts",
				     at.path);
	*out = w;
	return 0;
}

/* ---- logs ---- */

/* The kinds of keys that can be used, and what they are. */
static const struct {
	struct str details;
	enum sig_algorithm algorithm;
	unsigned bits;
} key_kinds[] = {
	{{"PKIX_ECDSA_P256_SHA_256", 23}, SIG_ECDSA_P256, 256},
	{{"PKIX_ECDSA_P384_SHA_384", 23}, SIG_ECDSA_P384, 384},
	{{"PKIX_ECDSA_P521_SHA_512", 23}, SIG_ECDSA_P521, 521},
	{{"PKIX_ED25519", 12}, SIG_ED25519, 256},
	{{"PKIX_RSA_PKCS1V15_2048_SHA256", 29}, SIG_RSA, 2048},
	{{"PKIX_RSA_PKCS1V15_3072_SHA256", 29}, SIG_RSA, 3072},
	{{"PKIX_RSA_PKCS1V15_4096_SHA256", 29}, SIG_RSA, 4096},
};

static int read_key(const struct pj *r, struct pj_at at, struct trusted_log *log)
{
	struct err e = {.kind = ERR_INTERNAL};
	struct str bytes, details;
	size_t i = 0;

	TRY(pj_bytes(r, at, "rawBytes", &bytes));
	TRY(pj_str(r, at, "keyDetails", &details));
	if (bytes.n == 0)
		return pj_missing(r, at, "rawBytes");
	if (details.n == 0)
		return pj_missing(r, at, "keyDetails");
	while (i < COUNT(key_kinds) && !str_eq(details, key_kinds[i].details))
		i++;
	if (i == COUNT(key_kinds))
		return 0;
	if (sig_key_parse_spki(r->arena, bytes, &log->key, &e) < 0)
		return arena_exhausted(r->arena)
			       ? sig_fault_room(r->fault)
			       : sig_fault_set(r->fault, VERIFY_FIELD_RANGE, "%s.rawBytes: %s",
					       at.path, e.text);
	if (log->key.algorithm != key_kinds[i].algorithm || log->key.bits != key_kinds[i].bits)
		return sig_fault_set(r->fault, VERIFY_FIELD_RANGE,
				     "%s.rawBytes: %s of %u bits, which is not %.*s", at.path,
				     sig_algorithm_name(log->key.algorithm), log->key.bits,
				     STR_ARG(details));
	log->usable = true;
	return 0;
}

/* logId or checkpointKeyId; empty when absent. */
static int read_key_id(const struct pj *r, struct pj_at up, const char *name, size_t at_least,
		       struct str *out)
{
	struct pj_at at;

	*out = (struct str){NULL, 0};
	TRY(trusted_message(r, up, name, &at));
	if (!at.map)
		return 0;
	TRY(pj_bytes(r, at, "keyId", out));
	if (out->n < at_least || out->n > SHA256_BYTES)
		return sig_fault_set(r->fault, VERIFY_FIELD_RANGE, "%s.keyId: %zu bytes, want %d",
				     at.path, out->n, SHA256_BYTES);
	return 0;
}

/* The host of a URL: without scheme, port and path; of an address in brackets, what is in them. */
static struct str host_of(struct str url)
{
	static const char scheme[] = "://";
	const char *at = url.n ? memmem(url.p, url.n, scheme, sizeof(scheme) - 1) : NULL;
	struct str s = at ? str_sub(url, (size_t)(at - url.p) + sizeof(scheme) - 1, url.n) : url;
	size_t n = 0;

	if (s.n > 0 && s.p[0] == '[') {
		size_t end = str_find(s, ']');

		return str_sub(s, 1, end == SIZE_MAX ? 1 : end);
	}
	while (n < s.n && !memchr("/:?#", s.p[n], 4))
		n++;
	return str_sub(s, 0, n);
}

static int read_log(const struct pj *r, struct pj_at at, struct trusted_log *log)
{
	struct str hash;
	struct pj_at key;

	TRY(pj_str(r, at, "baseUrl", &log->base_url));
	TRY(pj_str(r, at, "operator", &log->operator));
	TRY(pj_str(r, at, "hashAlgorithm", &hash));
	TRY(read_key_id(r, at, "logId", SHA256_BYTES, &log->id));
	TRY(read_key_id(r, at, "checkpointKeyId", 4, &log->checkpoint_id));
	TRY(trusted_message(r, at, "publicKey", &key));
	if (log->id.n == 0)
		return pj_missing(r, at, "logId");
	if (!key.map)
		return pj_missing(r, at, "publicKey");
	TRY(read_key(r, key, log));
	TRY(trusted_window_read(r, key, true, &log->window));
	/* logs that hash otherwise have proofs of another kind */
	if (hash.n > 0 && !str_eq(hash, S("SHA2_256")))
		log->usable = false;
	if (log->checkpoint_id.n == 0)
		log->checkpoint_id = log->id;
	log->host = host_of(log->base_url);
	return 0;
}

static bool same_log(const struct trusted_log *a, const struct trusted_log *b)
{
	return str_eq(a->key.spki, b->key.spki) && a->usable == b->usable &&
	       str_eq(a->base_url, b->base_url) && str_eq(a->checkpoint_id, b->checkpoint_id) &&
	       a->window.from_unix_ms == b->window.from_unix_ms &&
	       a->window.until_unix_ms == b->window.until_unix_ms;
}

/* An id stands for one key and one window, or which of them counts would be chance. */
static int put_log(const struct pj *r, struct pj_at at, struct trusted_log *list, size_t *n,
		   const struct trusted_log *one)
{
	for (size_t i = 0; i < *n; i++) {
		if (!str_eq(list[i].id, one->id))
			continue;
		if (same_log(&list[i], one))
			return 0;
		return sig_fault_set(r->fault, VERIFY_FIELD_RANGE,
				     "%s.logId: there already, with another key, window or URL",
				     at.path);
	}
	list[(*n)++] = *one;
	return 0;
}

/* In certificates, a log is named by the hash of its key: another name would never match. */
static int check_ct_id(const struct pj *r, struct pj_at at, const struct trusted_log *log)
{
	struct str id = {(const char *)log->key.fingerprint.bytes, SHA256_BYTES};

	if (!log->usable || str_eq(log->id, id))
		return 0;
	return sig_fault_set(r->fault, VERIFY_FIELD_RANGE, "%s.logId: not the SHA-256 of the key",
			     at.path);
}

int trusted_logs_read(const struct pj *r, struct pj_at root, const char *name, bool ct,
		      struct trusted_log **logs, size_t *n)
{
	const struct node *list;
	void *grown;

	TRY(pj_list(r, root, name, NODE_MAP, LIMIT_TRUSTED_ENTRIES, VERIFY_TOO_MANY_VALUES, &list));
	TRY(trusted_grow(r->arena, *logs, *n, node_len(list), sizeof(**logs), name, &grown,
			 r->fault));
	*logs = grown;
	for (size_t i = 0; i < node_len(list); i++) {
		struct trusted_log log = {.usable = false};
		struct pj_at at;

		TRY(trusted_item(r, name, list, i, &at));
		TRY(read_log(r, at, &log));
		if (ct)
			TRY(check_ct_id(r, at, &log));
		TRY(put_log(r, at, *logs, n, &log));
	}
	return 0;
}
