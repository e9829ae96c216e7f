#include "sigstore/sct.h"

#include "core/clock.h"
#include "core/digest.h"
#include "sigstore/certificate.h"
#include "sigstore/der.h"
#include "sigstore/key.h"

/* 1.3.6.1.4.1.11129.2.4.2 */
static const struct str list_oid = {"\x2B\x06\x01\x04\x01\xD6\x79\x02\x04\x02", 10};

/* source: RFC 5246 section 7.4.1.4.1 */
#define HASH_SHA256 4
#define SIGNATURE_RSA 1
#define SIGNATURE_ECDSA 3

/* ---- the list ---- */

/* n bytes off the front. */
static bool take(struct str *rest, size_t n, struct str *out)
{
	if (rest->n < n)
		return false;
	*out = str_sub(*rest, 0, n);
	*rest = str_sub(*rest, n, rest->n);
	return true;
}

/* A number of n bytes, at most 8. */
static bool take_number(struct str *rest, size_t n, uint64_t *out)
{
	struct str bytes;
	uint64_t v = 0;

	if (!take(rest, n, &bytes))
		return false;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | (unsigned char)bytes.p[i];
	*out = v;
	return true;
}

/* Two bytes of length, and as many bytes. */
static bool take_vector(struct str *rest, struct str *out)
{
	uint64_t n;

	return take_number(rest, 2, &n) && take(rest, (size_t)n, out);
}

static bool parse_sct(struct str s, struct sct *out)
{
	uint64_t version, unix_ms, hash, algorithm;

	if (!take_number(&s, 1, &version) || version != 0 ||
	    !take(&s, SHA256_BYTES, &out->log_id) || !take_number(&s, 8, &unix_ms) ||
	    unix_ms > INT64_MAX || !take_vector(&s, &out->extensions) ||
	    !take_number(&s, 1, &hash) || hash != HASH_SHA256 || !take_number(&s, 1, &algorithm) ||
	    (algorithm != SIGNATURE_RSA && algorithm != SIGNATURE_ECDSA) ||
	    !take_vector(&s, &out->signature) || s.n > 0)
		return false;
	out->unix_ms = (int64_t)unix_ms;
	out->signature_algorithm = (unsigned)algorithm;
	return true;
}

static int malformed(struct sig_fault *f, const char *why)
{
	return sig_fault_set(f, VERIFY_SCT_MALFORMED, "certificate: list of its logs: %s", why);
}

int sct_list_parse(struct str extension_value, struct sct out[LIMIT_SCTS], size_t *n,
		   struct sig_fault *f)
{
	struct str octets, list, one;
	size_t found = 0;

	if (!der_only(extension_value, DER_OCTET_STRING, &octets))
		return malformed(f, "not an octet string");
	if (!take_vector(&octets, &list) || octets.n > 0)
		return malformed(f, "not as long as it says");
	if (list.n == 0)
		return malformed(f, "empty");
	for (; list.n > 0; found++) {
		if (found == LIMIT_SCTS)
			return malformed(f, "too many items");
		if (!take_vector(&list, &one))
			return malformed(f, "an item is longer than the list");
		if (!parse_sct(one, &out[found]))
			return malformed(f, "an item is malformed, or of an unknown version");
	}
	*n = found;
	return 0;
}

/* ---- the precertificate ---- */

/* Everything of a list but one item of it. */
struct cut {
	struct str before;
	struct str after;
};

static struct cut cut_out(struct str all, struct str item)
{
	size_t at = (size_t)(item.p - all.p);

	return (struct cut){str_sub(all, 0, at), str_sub(all, at + item.n, all.n)};
}

static char *put(char *p, const void *bytes, size_t n)
{
	memcpy(p, bytes, n);
	return p + n;
}

/* TBSCertificate of `head` and what is left of the extensions: the three lengths around them are
 * written anew, every other byte is as it was. */
static int join(struct arena *a, struct str head, const struct cut *extensions, struct str *out,
		struct sig_fault *f)
{
	unsigned char list[DER_HEADER_BYTES], explicit_tag[DER_HEADER_BYTES], tbs[DER_HEADER_BYTES];
	size_t n = extensions->before.n + extensions->after.n, n_list = 0, n_explicit = 0, n_tbs;
	char *start, *p;

	/* without any extension there is no list of them either */
	if (n > 0) {
		n_list = der_header(DER_SEQUENCE, n, list);
		n_explicit = der_header(DER_CONTEXT(3), n_list + n, explicit_tag);
	}
	n += head.n + n_list + n_explicit;
	n_tbs = der_header(DER_SEQUENCE, n, tbs);
	start = p = arena_alloc_raw(a, n_tbs + n);
	if (!p)
		return sig_fault_room(f);
	p = put(p, tbs, n_tbs);
	p = put(p, head.p, head.n);
	p = put(p, explicit_tag, n_explicit);
	p = put(p, list, n_list);
	p = put(p, extensions->before.p, extensions->before.n);
	put(p, extensions->after.p, extensions->after.n);
	*out = (struct str){start, n_tbs + n};
	return 0;
}

int sct_precertificate(struct arena *a, struct str certificate, struct str *tbs, struct str *list,
		       struct sig_fault *f)
{
	struct certificate_extension x = {.value = {NULL, 0}};
	struct certificate c;
	struct cut rest;

	TRY(certificate_parse(certificate, &c, f));
	rest = (struct cut){c.extensions, {"", 0}};
	if (certificate_extension_find(&c, list_oid, &x))
		rest = cut_out(c.extensions, x.whole);
	TRY(join(a, c.head, &rest, tbs, f));
	*list = x.value;
	return 0;
}

/* ---- signatures ---- */

static char *put_number(char *p, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(v >> 8 * (n - 1 - i));
	return p + n;
}

/* What a log signs of a certificate.
 * source: RFC 6962 section 3.2, digitally-signed struct, precert_entry */
static int signed_bytes(struct arena *a, const struct sct *s, const struct sha256 *issuer,
			struct str tbs, struct str *out, struct sig_fault *f)
{
	size_t n = 1 + 1 + 8 + 2 + SHA256_BYTES + 3 + tbs.n + 2 + s->extensions.n;
	char *start = arena_alloc_raw(a, n), *p = start;

	if (!p)
		return sig_fault_room(f);
	p = put_number(p, 0, 2); /* version 1, certificate_timestamp */
	p = put_number(p, (uint64_t)s->unix_ms, 8);
	p = put_number(p, 1, 2); /* precert_entry */
	p = put(p, issuer->bytes, SHA256_BYTES);
	p = put_number(p, tbs.n, 3);
	p = put(p, tbs.p, tbs.n);
	p = put_number(p, s->extensions.n, 2);
	put(p, s->extensions.p, s->extensions.n);
	*out = (struct str){start, n};
	return 0;
}

static bool key_fits(const struct sct *s, const struct sig_key *k)
{
	switch (k->algorithm) {
	case SIG_RSA:
		return s->signature_algorithm == SIGNATURE_RSA;
	case SIG_ECDSA_P256:
	case SIG_ECDSA_P384:
	case SIG_ECDSA_P521:
		return s->signature_algorithm == SIGNATURE_ECDSA;
	default:
		return false;
	}
}

static int out_of_window(const struct sct *s, struct sig_fault *f)
{
	char at[32];

	time_format(s->unix_ms / 1000, at);
	return sig_fault_set(f, VERIFY_SCT_TIME,
			     "certificate: seen by its log at %s, when its key did not count", at);
}

struct sct_check {
	struct arena *arena;
	const struct trusted_root *root;
	struct str tbs;
	struct sha256 issuer;
};

/* Does it count, and for which log? */
static int check_sct(const struct sct_check *c, const struct sct *s, const struct trusted_log **out,
		     struct sig_fault *f)
{
	const struct trusted_log *log =
		trusted_log_find(c->root->ct_logs, c->root->n_ct_logs, s->log_id);
	enum sig_outcome o;
	struct str message;

	if (!log || !log->usable)
		return sig_fault_set(f, VERIFY_SCT_LOG_UNKNOWN,
				     "certificate: seen by logs that the trusted root does not "
				     "have, or whose key cannot be used");
	if (!trusted_window_has(&log->window, s->unix_ms))
		return out_of_window(s, f);
	TRY(signed_bytes(c->arena, s, &c->issuer, c->tbs, &message, f));
	o = key_fits(s, &log->key)
		    ? sig_verify_message(&log->key, SIG_SCHEME_SHA256, message, s->signature, NULL)
		    : SIG_NO;
	if (o == SIG_FAILED)
		return sig_fault_set(f, VERIFY_CRYPTO_FAILED,
				     "certificate: list of its logs: cannot be verified");
	if (o != SIG_YES)
		return sig_fault_set(f, VERIFY_SCT_SIGNATURE,
				     "certificate: its log did not sign it");
	*out = log;
	return 0;
}

#define RANK_NO_ANSWER 4

/* How close an SCT came to counting. */
static unsigned rank(enum verify_reason r)
{
	switch (r) {
	case VERIFY_NOT_VERIFIED: /* there was none */
		return 0;
	case VERIFY_SCT_LOG_UNKNOWN:
		return 1;
	case VERIFY_SCT_TIME:
		return 2;
	case VERIFY_SCT_SIGNATURE:
		return 3;
	default:
		return RANK_NO_ANSWER;
	}
}

static bool seen(const struct trusted_log *const *logs, size_t n, const struct trusted_log *log)
{
	for (size_t i = 0; i < n; i++) {
		if (logs[i] == log)
			return true;
	}
	return false;
}

/* Logs that signed; *closest is the fault of one of the others, if any. */
static unsigned count_logs(const struct sct_check *c, const struct sct *list, size_t n,
			   struct sig_fault *closest)
{
	const struct trusted_log *logs[LIMIT_SCTS], *log = NULL;
	unsigned n_logs = 0, best = 0;
	struct sig_fault one;

	for (size_t i = 0; i < n; i++) {
		if (check_sct(c, &list[i], &log, &one) == 0) {
			if (!seen(logs, n_logs, log))
				logs[n_logs++] = log;
		} else if (rank(one.reason) > best) {
			best = rank(one.reason);
			*closest = one;
		}
	}
	return n_logs;
}

int sct_verify(struct arena *a, struct str certificate, struct str issuer_spki,
	       const struct trusted_root *root, unsigned threshold, struct sig_fault *f)
{
	struct sct_check c = {.arena = a, .root = root};
	struct sig_fault closest = {.reason = VERIFY_NOT_VERIFIED};
	struct err e = {.kind = ERR_INTERNAL};
	struct sct list[LIMIT_SCTS];
	unsigned n_logs;
	struct str value;
	size_t n;

	if (threshold == 0)
		return 0;
	TRY(sct_precertificate(a, certificate, &c.tbs, &value, f));
	if (!value.p)
		return sig_fault_set(f, VERIFY_SCT_MISSING,
				     "certificate: no list of logs that have seen it");
	TRY(sct_list_parse(value, list, &n, f));
	if (sha256_of(issuer_spki, &c.issuer, &e) < 0)
		return sig_fault_set(f, VERIFY_CRYPTO_FAILED, "certificate: %s", e.text);
	n_logs = count_logs(&c, list, n, &closest);
	if (n_logs >= threshold)
		return 0;
	/* what was not answered might have counted */
	if (n_logs > 0 && rank(closest.reason) < RANK_NO_ANSWER)
		return sig_fault_set(f, VERIFY_SCT_THRESHOLD,
				     "certificate: seen by %u of the trusted root's logs, want %u",
				     n_logs, threshold);
	if (f)
		*f = closest;
	return -1;
}
