/*
 * A transparency log for tests: a key, seven entries, and what the log signs about them. Everything
 * it hands out is in the arena; a failure of the libraries fails the test.
 */
#ifndef ASSAY_TESTS_UNIT_LOG_FIXTURE_H
#define ASSAY_TESTS_UNIT_LOG_FIXTURE_H

#include <gnutls/abstract.h>

#include "sigstore/rekor.h"

#define FIXTURE_LEAVES 7
#define FIXTURE_INDEX 4 /* the place of our entry */

struct log_fixture {
	struct arena *a;
	gnutls_privkey_t key;
	struct trusted_log log;
	struct trusted_root root; /* of this log alone */
};

/* With the keys tests/sigstore/keys/<name>.{key,pub}; the host is "log.example", the id the
 * fingerprint, the window of the key 1000 to 2000 seconds. */
void log_fixture_open(struct log_fixture *l, struct arena *a, const char *name);
void log_fixture_close(struct log_fixture *l);

/* By the key's hash; Ed25519: the message itself. */
struct str log_fixture_sign(const struct log_fixture *l, struct str message);

/* The root hash of the first n leaves, and the proof of leaf number `index` among them. */
struct sha256 tree_root(const struct sha256 *leaves, size_t n);
size_t tree_proof(struct arena *a, const struct sha256 *leaves, size_t n, size_t index,
		  struct str hashes[63]);

/* "<origin>\n<size>\n<base64 of root>\n" and the log's signature line under this name. */
struct str log_fixture_head(struct arena *a, const char *origin, uint64_t size,
			    const struct sha256 *root);
struct str log_fixture_note(const struct log_fixture *l, struct str head, const char *name);
/* One such line. */
struct str log_fixture_line(const struct log_fixture *l, const char *name, struct str hint,
			    struct str signature);

/* Put the promise (at 1500 s), or proof and checkpoint, of its body into an entry: of a log of
 * version 1, or of version 2 if the kind of the entry says so. */
void log_fixture_promise(const struct log_fixture *l, struct bundle_log_entry *entry);
void log_fixture_prove(const struct log_fixture *l, struct bundle_log_entry *entry);

/* Bytes to base64, and a formatted text. */
struct str log_fixture_base64(struct arena *a, struct str bytes);
struct str log_fixture_text(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
struct str log_fixture_file(struct arena *a, const char *path);

#endif
