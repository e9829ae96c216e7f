#include "tests/unit/log_fixture.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/base64.h"
#include "core/file.h"
#include "sigstore/merkle.h"
#include "tests/unit/arena_text.h"

struct str log_fixture_file(struct arena *a, const char *path)
{
	struct str out;
	struct err e;

	ck_assert_msg(file_read(a, path, 16 << 20, &out, &e) == 0, "%s", e.text);
	return out;
}

struct str log_fixture_base64(struct arena *a, struct str bytes)
{
	struct text t;
	struct str out;

	text_init(&t, a, bytes.n * 2 + 8);
	text_puts(&t, "");
	base64_put(&t, bytes);
	ck_assert(text_done(&t, &out));
	return out;
}

struct str log_fixture_text(struct arena *a, const char *fmt, ...)
{
	va_list args;
	char *p;

	va_start(args, fmt);
	p = arena_text(a, fmt, args);
	va_end(args);
	return str_of(p);
}

void log_fixture_open(struct log_fixture *l, struct arena *a, const char *name)
{
	struct str pem =
		log_fixture_file(a, log_fixture_text(a, "tests/sigstore/keys/%s.key", name).p);
	gnutls_datum_t d = {(unsigned char *)pem.p, (unsigned)pem.n};
	struct err e;

	*l = (struct log_fixture){.a = a};
	ck_assert_int_eq(gnutls_privkey_init(&l->key), 0);
	ck_assert_int_eq(gnutls_privkey_import_x509_raw(l->key, &d, GNUTLS_X509_FMT_PEM, NULL, 0),
			 0);
	pem = log_fixture_file(a, log_fixture_text(a, "tests/sigstore/keys/%s.pub", name).p);
	ck_assert_msg(sig_key_parse(a, pem, &l->log.key, &e) == 0, "%s", e.text);
	l->log.id = (struct str){arena_dup(a, l->log.key.fingerprint.bytes, 32), 32};
	l->log.host = S("log.example");
	l->log.usable = true;
	l->log.window = (struct trusted_window){1000000, 2000000};
	l->root.logs = &l->log;
	l->root.n_logs = 1;
}

void log_fixture_close(struct log_fixture *l)
{
	gnutls_privkey_deinit(l->key);
}

struct str log_fixture_sign(const struct log_fixture *l, struct str message)
{
	gnutls_datum_t m = {(unsigned char *)message.p, (unsigned)message.n}, s;
	gnutls_digest_algorithm_t hash = GNUTLS_DIG_SHA256;
	struct str out;

	if (l->log.key.algorithm == SIG_ECDSA_P384)
		hash = GNUTLS_DIG_SHA384;
	if (l->log.key.algorithm == SIG_ED25519)
		hash = GNUTLS_DIG_SHA512;
	ck_assert_int_eq(gnutls_privkey_sign_data(l->key, hash, 0, &m, &s), 0);
	out = (struct str){arena_dup(l->a, s.data, s.size), s.size};
	gnutls_free(s.data);
	return out;
}

/* ---- trees; source: RFC 9162 sections 2.1.1 and 2.1.3.1 ---- */

static struct sha256 node_of(struct sha256 left, struct sha256 right)
{
	unsigned char bytes[1 + 2 * SHA256_BYTES] = {1};
	struct sha256 out;

	memcpy(bytes + 1, left.bytes, SHA256_BYTES);
	memcpy(bytes + 1 + SHA256_BYTES, right.bytes, SHA256_BYTES);
	ck_assert_int_eq(sha256_of((struct str){(const char *)bytes, sizeof(bytes)}, &out, NULL),
			 0);
	return out;
}

/* The largest power of two below n. */
static size_t split(size_t n)
{
	size_t k = 1;

	while (k * 2 < n)
		k *= 2;
	return k;
}

struct sha256 tree_root(const struct sha256 *leaves, size_t n)
{
	size_t k = split(n);

	if (n == 1)
		return leaves[0];
	return node_of(tree_root(leaves, k), tree_root(leaves + k, n - k));
}

size_t tree_proof(struct arena *a, const struct sha256 *leaves, size_t n, size_t index,
		  struct str hashes[63])
{
	size_t k = split(n), count;
	struct sha256 other;

	if (n == 1)
		return 0;
	if (index < k) {
		count = tree_proof(a, leaves, k, index, hashes);
		other = tree_root(leaves + k, n - k);
	} else {
		count = tree_proof(a, leaves + k, n - k, index - k, hashes);
		other = tree_root(leaves, k);
	}
	hashes[count] = (struct str){arena_dup(a, other.bytes, SHA256_BYTES), SHA256_BYTES};
	return count + 1;
}

/* ---- checkpoints ---- */

struct str log_fixture_head(struct arena *a, const char *origin, uint64_t size,
			    const struct sha256 *root)
{
	struct str hash = {(const char *)root->bytes, SHA256_BYTES};

	return log_fixture_text(a, "%s\n%llu\n%s\n", origin, (unsigned long long)size,
				log_fixture_base64(a, hash).p);
}

struct str log_fixture_line(const struct log_fixture *l, const char *name, struct str hint,
			    struct str signature)
{
	struct text t;
	struct str bytes;

	text_init(&t, l->a, 4096);
	text_put(&t, hint);
	text_put(&t, signature);
	ck_assert(text_done(&t, &bytes));
	return log_fixture_text(l->a, "\xE2\x80\x94 %s %s\n", name,
				log_fixture_base64(l->a, bytes).p);
}

struct str log_fixture_note(const struct log_fixture *l, struct str head, const char *name)
{
	struct str line =
		log_fixture_line(l, name, str_sub(l->log.id, 0, 4), log_fixture_sign(l, head));

	return log_fixture_text(l->a, "%s\n%s", head.p, line.p);
}

/* ---- entries ---- */

void log_fixture_promise(const struct log_fixture *l, struct bundle_log_entry *entry)
{
	char hex[SHA256_HEX + 1];

	sha256_hex(&l->log.key.fingerprint, hex);
	entry->log_id = l->log.id;
	entry->integrated_unix_s = 1500;
	entry->promise = log_fixture_sign(
		l, log_fixture_text(l->a,
				    "{\"body\":\"%s\",\"integratedTime\":%lld,\"logID\":\"%s\","
				    "\"logIndex\":%lld}",
				    log_fixture_base64(l->a, entry->body).p,
				    (long long)entry->integrated_unix_s, hex,
				    (long long)entry->log_index));
}

void log_fixture_prove(const struct log_fixture *l, struct bundle_log_entry *entry)
{
	bool v2 = str_eq(entry->version, S("0.0.2")) && str_eq(entry->kind, S("hashedrekord"));
	struct sha256 leaves[FIXTURE_LEAVES], root;

	for (size_t i = 0; i < FIXTURE_LEAVES; i++) {
		struct str body =
			i == FIXTURE_INDEX ? entry->body : log_fixture_text(l->a, "entry %zu", i);

		ck_assert_int_eq(merkle_leaf(body, &leaves[i], NULL), 0);
	}
	root = tree_root(leaves, FIXTURE_LEAVES);
	entry->proof_hashes = arena_calloc(l->a, 63, sizeof(struct str));
	entry->n_proof_hashes =
		tree_proof(l->a, leaves, FIXTURE_LEAVES, FIXTURE_INDEX, entry->proof_hashes);
	entry->checkpoint =
		log_fixture_note(l, log_fixture_head(l->a, "log.example", FIXTURE_LEAVES, &root),
				 "log.example");
	entry->log_id = l->log.id;
	entry->has_proof = true;
	if (v2) {
		entry->log_index = FIXTURE_INDEX;
		return;
	}
	entry->proof_index = FIXTURE_INDEX;
	entry->proof_tree_size = FIXTURE_LEAVES;
	entry->proof_root = (struct str){arena_dup(l->a, root.bytes, SHA256_BYTES), SHA256_BYTES};
}
