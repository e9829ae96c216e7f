#include "sigstore/rekor.h"

#include "core/base64.h"
#include "core/text.h"
#include "sigstore/checkpoint.h"
#include "sigstore/merkle.h"

#define SECONDS_MAX (INT64_MAX / 1000)

/* A log of version 2: no promises, and its proofs are over the index of the entry itself. The body
 * must be of the same kind, which rekor_body_fits() sees to. */
static bool is_v2(const struct bundle_log_entry *entry)
{
	return str_eq(entry->kind, S("hashedrekord")) && str_eq(entry->version, S("0.0.2"));
}

static int crypto_failed(struct sig_fault *f)
{
	return sig_fault_set(f, VERIFY_CRYPTO_FAILED, "log entry: %s",
			     verify_reason_meaning(VERIFY_CRYPTO_FAILED));
}

/* ---- the promise: the log has signed entry, index and time ---- */

/* spec: sigstore section 7.2, canonical as RFC 8785 wants it */
static int put_promise(struct arena *a, const struct bundle_log_entry *entry, struct str *out)
{
	struct text t;
	struct sha256 id;
	char hex[SHA256_HEX + 1];

	memcpy(id.bytes, entry->log_id.p, SHA256_BYTES);
	sha256_hex(&id, hex);
	text_init(&t, a, entry->body.n / 3 * 4 + 512);
	text_puts(&t, "{\"body\":\"");
	base64_put(&t, entry->body);
	text_puts(&t, "\",\"integratedTime\":");
	text_put_i64(&t, entry->integrated_unix_s);
	text_puts(&t, ",\"logID\":\"");
	text_puts(&t, hex);
	text_puts(&t, "\",\"logIndex\":");
	text_put_i64(&t, entry->log_index);
	text_puts(&t, "}");
	return text_done(&t, out) ? 0 : -1;
}

static int verify_promise(struct arena *a, const struct bundle_log_entry *entry,
			  const struct trusted_log *log, struct sig_fault *f)
{
	int64_t t = entry->integrated_unix_s;
	enum sig_outcome o;
	struct str signed_text;

	if (put_promise(a, entry, &signed_text) < 0)
		return sig_fault_room(f);
	o = sig_verify_message(&log->key, LOG_SCHEMES, signed_text, entry->promise, NULL);
	if (o == SIG_FAILED)
		return crypto_failed(f);
	if (o != SIG_YES)
		return sig_fault_set(f, VERIFY_LOG_PROMISE,
				     "log entry: the log has not signed its promise");
	if (t <= 0 || t > SECONDS_MAX || !trusted_window_has(&log->window, t * 1000))
		return sig_fault_set(f, VERIFY_LOG_PROMISE_TIME,
				     "log entry: recorded at %lld, when the key of the log did not "
				     "count",
				     (long long)t);
	return 0;
}

/* ---- the proof: the entry is in the tree whose head the log has signed ---- */

/* Size and root of the proof of a v1 log stand twice; only those of the checkpoint are signed. */
static int check_root(const struct bundle_log_entry *entry, const struct checkpoint *c,
		      struct sig_fault *f)
{
	if ((uint64_t)entry->proof_tree_size != c->tree_size)
		return sig_fault_set(f, VERIFY_LOG_CHECKPOINT_ROOT,
				     "log entry: a proof for a tree of %lld entries, the "
				     "checkpoint has %llu",
				     (long long)entry->proof_tree_size,
				     (unsigned long long)c->tree_size);
	if (!str_eq(entry->proof_root, c->root))
		return sig_fault_set(f, VERIFY_LOG_CHECKPOINT_ROOT,
				     "log entry: a proof for another root than the checkpoint's");
	return 0;
}

static int verify_proof(struct arena *a, const struct bundle_log_entry *entry,
			const struct trusted_log *log, struct sig_fault *f)
{
	bool v2 = is_v2(entry);
	int64_t index = v2 ? entry->log_index : entry->proof_index;
	struct checkpoint c;
	struct sha256 leaf, root;
	int rc;

	TRY(checkpoint_parse(a, entry->checkpoint, &c, f));
	TRY(checkpoint_verify(&c, log, v2, f));
	if (!v2)
		TRY(check_root(entry, &c, f));
	memcpy(root.bytes, c.root.p, SHA256_BYTES);
	if (merkle_leaf(entry->body, &leaf, NULL) < 0)
		return crypto_failed(f);
	rc = index < 0 ? 0
		       : merkle_includes(&leaf, (uint64_t)index, c.tree_size, entry->proof_hashes,
					 entry->n_proof_hashes, &root, NULL);
	if (rc < 0)
		return crypto_failed(f);
	if (rc == 0)
		return sig_fault_set(f, VERIFY_LOG_PROOF,
				     "log entry: not number %lld of the tree of %llu entries",
				     (long long)index, (unsigned long long)c.tree_size);
	return 0;
}

int rekor_verify(struct arena *a, const struct bundle_log_entry *entry,
		 const struct trusted_root *root, const struct rekor_subject *s,
		 struct rekor_result *out, struct sig_fault *f)
{
	const struct trusted_log *log = trusted_log_find(root->logs, root->n_logs, entry->log_id);
	bool has_promise = entry->promise.n > 0, v2 = is_v2(entry);

	if (!log || !log->usable || entry->log_id.n != SHA256_BYTES)
		return sig_fault_set(f, VERIFY_LOG_UNKNOWN, "log entry: %s",
				     log ? "of a log whose key cannot be used"
					 : verify_reason_meaning(VERIFY_LOG_UNKNOWN));
	if (has_promise)
		TRY(verify_promise(a, entry, log, f));
	if (entry->has_proof)
		TRY(verify_proof(a, entry, log, f));
	if (!entry->has_proof && (v2 || !has_promise))
		return sig_fault_set(f, VERIFY_LOG_PROOF_MISSING,
				     "log entry: no proof that the log includes it");
	TRY(rekor_body_fits(a, entry, s, f));
	*out = (struct rekor_result){
		.log = log,
		/* Without a promise nobody signed the index of version 1, but its place in the tree. */
		.log_index = v2 || has_promise ? entry->log_index : entry->proof_index,
		.has_time = has_promise && !v2,
		.integrated_unix_s = has_promise && !v2 ? entry->integrated_unix_s : 0,
		.has_proof = entry->has_proof,
	};
	return 0;
}
