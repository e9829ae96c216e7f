#include "sigstore/chain.h"

#include <gnutls/x509.h>

#include "core/clock.h"
#include "core/text.h"
#include "sigstore/certificate.h"
#include "sigstore/der.h"

/* Both are needed: the library would compare with its own clock. The profile refuses hashes and key
 * sizes below what sigstore/key.h accepts of signatures. */
#define FLAGS                                                                                      \
	(GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS |           \
	 GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM))

static void crt_cleanup(gnutls_x509_crt_t *p)
{
	if (*p)
		gnutls_x509_crt_deinit(*p);
}

static int import(struct str der, gnutls_x509_crt_t *out)
{
	gnutls_datum_t d = {(unsigned char *)der.p, (unsigned)der.n};
	int rc = gnutls_x509_crt_init(out);

	return rc < 0 ? rc : gnutls_x509_crt_import(*out, &d, GNUTLS_X509_FMT_DER);
}

/* ---- the leaf alone ---- */

/* 2.5.29.37 and, of its values, 1.3.6.1.5.5.7.3.3 and .8 */
static const struct str extended_key_usage = {"\x55\x1D\x25", 3};
static const struct str code_signing = {"\x2B\x06\x01\x05\x05\x07\x03\x03", 8};
static const struct str time_stamping = {"\x2B\x06\x01\x05\x05\x07\x03\x08", 8};

static int purpose_fault(struct sig_fault *f, const char *why)
{
	return sig_fault_set(f, VERIFY_CERTIFICATE_PURPOSE, "certificate: %s", why);
}

/* How many purposes the extension names, and whether `oid` is one of them. */
static bool count_purposes(struct str value, struct str oid, size_t *n, bool *has)
{
	struct str list, one;

	*n = 0;
	*has = false;
	if (!der_only(value, DER_SEQUENCE, &list))
		return false;
	for (; list.n > 0; ++*n) {
		if (!der_take(&list, DER_OID, &one))
			return false;
		*has |= str_eq(one, oid);
	}
	return true;
}

static int check_extended_usage(const struct certificate *c, enum chain_purpose purpose,
				struct sig_fault *f)
{
	bool code = purpose == CHAIN_CODE_SIGNING, has;
	struct certificate_extension x;
	size_t n;

	if (!certificate_extension_find(c, extended_key_usage, &x))
		return purpose_fault(f, "no extended key usage");
	if (!count_purposes(x.value, code ? code_signing : time_stamping, &n, &has))
		return sig_fault_set(f, VERIFY_CERTIFICATE_EXTENSION,
				     "certificate: malformed extended key usage");
	if (!has)
		return purpose_fault(f,
				     code ? "its extended key usage does not have code signing"
					  : "its extended key usage does not have time stamping");
	if (!code && n != 1)
		return purpose_fault(f, "its extended key usage has more than time stamping");
	if (!code && !x.critical)
		return purpose_fault(f, "its extended key usage is not critical");
	return 0;
}

static int check_usage(gnutls_x509_crt_t crt, enum chain_purpose purpose, struct sig_fault *f)
{
	unsigned usage = 0;
	int rc;

	/* negative without basic constraints, which only says that it is none */
	if (gnutls_x509_crt_get_ca_status(crt, NULL) > 0)
		return purpose_fault(f, "is a certificate authority");
	if (purpose != CHAIN_CODE_SIGNING)
		return 0;
	rc = gnutls_x509_crt_get_key_usage(crt, &usage, NULL);
	if (rc == GNUTLS_E_MEMORY_ERROR)
		return sig_fault_set(f, VERIFY_CRYPTO_FAILED, "certificate: %s",
				     gnutls_strerror(rc));
	if (rc < 0 || (usage & GNUTLS_KEY_DIGITAL_SIGNATURE) == 0)
		return purpose_fault(f, "its key usage does not have digital signature");
	return 0;
}

int chain_check_leaf(struct str leaf, enum chain_purpose purpose, struct sig_fault *f)
{
	__attribute__((cleanup(crt_cleanup))) gnutls_x509_crt_t crt = NULL;
	struct certificate c;

	TRY(certificate_check(leaf, "certificate", NULL, f));
	TRY(certificate_parse(leaf, &c, f));
	if (import(leaf, &crt) < 0)
		return sig_fault_set(f, VERIFY_CRYPTO_FAILED, "certificate: cannot be read again");
	if (purpose != CHAIN_CODE_SIGNING && purpose != CHAIN_TIME_STAMPING)
		return purpose_fault(f, "no purpose is wanted");
	TRY(check_usage(crt, purpose, f));
	return check_extended_usage(&c, purpose, f);
}

/* ---- a chain ---- */

/* The leaf, and every certificate that the chain may lead over. */
#define MAX_NODES (1 + 2 * LIMIT_CHAIN)

struct chain_node {
	struct certificate parts;
	gnutls_x509_crt_t crt;
	size_t child; /* that it issued, on the way to the leaf */
	bool reached;
};

/* A search in the breadth: from the leaf to certificates that issued one that was reached, until
 * the anchor issued one. Each is reached once, so hostile sets of cross certificates cost a
 * bounded time. */
struct chain_search {
	struct chain_node nodes[MAX_NODES]; /* the leaf first */
	size_t n;
	struct chain_node anchor;
	size_t queue[MAX_NODES];
	size_t n_queue;
	int64_t unix_ms;
	enum chain_purpose purpose;
	const char *late;    /* what was not valid; NULL: nothing */
	const char *why_not; /* of the last pair of names that fitted */
	bool failed;         /* the library could not tell */
};

static void search_cleanup(struct chain_search **p)
{
	struct chain_search *s = *p;

	if (!s)
		return;
	for (size_t i = 0; i < s->n; i++)
		crt_cleanup(&s->nodes[i].crt);
	crt_cleanup(&s->anchor.crt);
}

static const char *status_text(unsigned status)
{
	static const struct {
		unsigned bit;
		const char *text;
	} texts[] = {
		{GNUTLS_CERT_SIGNATURE_FAILURE, "a signature that its issuer did not make"},
		{GNUTLS_CERT_SIGNER_NOT_CA, "its issuer is no certificate authority"},
		{GNUTLS_CERT_INSECURE_ALGORITHM, "an insecure algorithm"},
		{GNUTLS_CERT_UNKNOWN_CRIT_EXTENSIONS, "an unknown critical extension"},
		{GNUTLS_CERT_PURPOSE_MISMATCH, "an issuer for other purposes"},
		{GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE,
		 "the constraints of an issuer, or its kind of key"},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (status & texts[i].bit)
			return texts[i].text;
	}
	return "no issuer";
}

/* Did the library verify it? Keeps why not. */
static bool judge(struct chain_search *s, int rc, unsigned status)
{
	s->failed |= rc == GNUTLS_E_MEMORY_ERROR;
	if (rc >= 0 && status == 0)
		return true;
	s->why_not = rc < 0 ? gnutls_strerror(rc) : status_text(status);
	return false;
}

static bool valid_at(const struct chain_node *n, int64_t unix_ms)
{
	time_t from = gnutls_x509_crt_get_activation_time(n->crt);
	time_t until = gnutls_x509_crt_get_expiration_time(n->crt);

	return from != (time_t)-1 && until != (time_t)-1 && (int64_t)from * 1000 <= unix_ms &&
	       unix_ms <= (int64_t)until * 1000;
}

static bool issued(struct chain_search *s, const struct chain_node *issuer,
		   const struct chain_node *n)
{
	unsigned status = GNUTLS_CERT_INVALID;
	int rc;

	if (!str_eq(n->parts.issuer, issuer->parts.subject))
		return false;
	rc = gnutls_x509_crt_verify(n->crt, &issuer->crt, 1, FLAGS, &status);
	return judge(s, rc, status);
}

/* The way from the leaf to node i, whose issuer is the anchor. */
static size_t path_of(const struct chain_search *s, size_t i, size_t path[MAX_NODES])
{
	size_t n = 0, back[MAX_NODES];

	for (; i != 0; i = s->nodes[i].child)
		back[n++] = i;
	path[0] = 0;
	for (size_t k = 0; k < n; k++)
		path[1 + k] = back[n - 1 - k];
	return n + 1;
}

/* The library's judgement of the whole chain: constraints, purposes, critical extensions. */
static bool verify_path(struct chain_search *s, const size_t *path, size_t n)
{
	gnutls_typed_vdata_st want = {.type = GNUTLS_DT_KEY_PURPOSE_OID};
	gnutls_x509_crt_t chain[MAX_NODES];
	gnutls_x509_trust_list_t list;
	unsigned status = GNUTLS_CERT_INVALID;
	int rc = gnutls_x509_trust_list_init(&list, 0);

	if (rc < 0)
		return judge(s, GNUTLS_E_MEMORY_ERROR, 0);
	want.data = (unsigned char *)(s->purpose == CHAIN_CODE_SIGNING ? GNUTLS_KP_CODE_SIGNING
								       : GNUTLS_KP_TIME_STAMPING);
	for (size_t i = 0; i < n; i++)
		chain[i] = s->nodes[path[i]].crt;
	rc = gnutls_x509_trust_list_add_cas(list, &s->anchor.crt, 1, 0);
	if (rc == 1)
		rc = gnutls_x509_trust_list_verify_crt2(
			list, chain, (unsigned)n, &want, 1,
			FLAGS | GNUTLS_VERIFY_DO_NOT_ALLOW_UNSORTED_CHAIN, &status, NULL);
	else
		rc = GNUTLS_E_MEMORY_ERROR;
	gnutls_x509_trust_list_deinit(list, 0);
	return judge(s, rc, status);
}

static void reach(struct chain_search *s, size_t i, size_t child)
{
	s->nodes[i].reached = true;
	s->nodes[i].child = child;
	s->queue[s->n_queue++] = i;
}

/* Everything that issued node i and was valid. */
static void reach_issuers(struct chain_search *s, size_t i)
{
	for (size_t k = 1; k < s->n; k++) {
		if (s->nodes[k].reached || !issued(s, &s->nodes[k], &s->nodes[i]))
			continue;
		if (valid_at(&s->nodes[k], s->unix_ms))
			reach(s, k, i);
		else
			s->late = "an intermediate certificate";
	}
}

/* Is there a chain? Its certificates but the anchor are in path[*n]. */
static bool search(struct chain_search *s, size_t path[MAX_NODES], size_t *n)
{
	reach(s, 0, 0);
	for (size_t q = 0; q < s->n_queue; q++) {
		if (issued(s, &s->anchor, &s->nodes[s->queue[q]])) {
			*n = path_of(s, s->queue[q], path);
			if (verify_path(s, path, *n))
				return true;
		}
		reach_issuers(s, s->queue[q]);
	}
	return false;
}

/* ---- what a search is made of ---- */

/* Another certificate than the leaf and the anchor, if it is a CA. */
static void load_issuer(struct chain_search *s, struct str der, const struct chain_leaf *leaf,
			struct str anchor)
{
	struct chain_node node = {.crt = NULL};

	if (s->n == MAX_NODES || str_eq(der, leaf->der) || str_eq(der, anchor) ||
	    certificate_parse(der, &node.parts, NULL) < 0)
		return;
	if (import(der, &node.crt) >= 0 && gnutls_x509_crt_get_ca_status(node.crt, NULL) > 0)
		s->nodes[s->n++] = node;
	else
		crt_cleanup(&node.crt);
}

/* A certificate of a stranger may hold a key that takes minutes to verify with. */
static bool has_sane_key(struct arena *a, struct str der)
{
	struct certificate c;
	struct sig_key key;

	return certificate_parse(der, &c, NULL) == 0 &&
	       sig_key_parse_spki(a, c.spki, &key, NULL) == 0;
}

static int load_search(struct arena *a, struct chain_search *s, const struct chain_leaf *leaf,
		       const struct trusted_authority *t, struct sig_fault *f)
{
	struct str anchor = t->certificates[t->n_certificates - 1];

	TRY(certificate_parse(leaf->der, &s->nodes[0].parts, f));
	TRY(certificate_parse(anchor, &s->anchor.parts, f));
	if (import(leaf->der, &s->nodes[0].crt) < 0 || import(anchor, &s->anchor.crt) < 0) {
		crt_cleanup(&s->nodes[0].crt);
		return sig_fault_set(f, VERIFY_CERTIFICATE_MALFORMED,
				     "certificate: not a certificate");
	}
	s->n = 1;
	for (size_t i = 0; i + 1 < t->n_certificates; i++)
		load_issuer(s, t->certificates[i], leaf, anchor);
	if (!t->foreign_intermediates)
		return 0;
	for (size_t i = 0; i < leaf->n_intermediates && i < LIMIT_CHAIN; i++) {
		if (has_sane_key(a, leaf->intermediates[i]))
			load_issuer(s, leaf->intermediates[i], leaf, anchor);
	}
	return arena_exhausted(a) ? sig_fault_room(f) : 0;
}

/* ---- the answer ---- */

static int late(struct sig_fault *f, const char *what, int64_t unix_ms)
{
	char at[32];

	time_format(unix_ms / 1000 - (unix_ms % 1000 < 0), at);
	return sig_fault_set(f, VERIFY_CERTIFICATE_TIME, "certificate: %s was not valid at %s",
			     what, at);
}

static int no_chain(const struct chain_search *s, const struct trusted_authority *t,
		    struct sig_fault *f)
{
	char quote[SIG_QUOTE_BYTES];

	if (s->failed)
		return sig_fault_set(f, VERIFY_CRYPTO_FAILED, "certificate: %s", s->why_not);
	if (s->late)
		return late(f, s->late, s->unix_ms);
	return sig_fault_set(f, VERIFY_CERTIFICATE_CHAIN,
			     "certificate: no chain to the authority %s: %s",
			     t->uri.n ? sig_quote(quote, t->uri) : "of the policy",
			     s->why_not ? s->why_not : "no issuer");
}

int chain_verify_at(struct arena *a, const struct chain_leaf *leaf,
		    const struct trusted_authority *authority, enum chain_purpose purpose,
		    int64_t unix_ms, struct str *issuer_spki, struct sig_fault *f)
{
	__attribute__((cleanup(search_cleanup))) struct chain_search *s =
		arena_alloc(a, sizeof(*s));
	size_t path[MAX_NODES], n;
	struct str spki;

	if (!s)
		return sig_fault_room(f);
	s->unix_ms = unix_ms;
	s->purpose = purpose;
	if (purpose != CHAIN_CODE_SIGNING && purpose != CHAIN_TIME_STAMPING)
		return purpose_fault(f, "no purpose is wanted");
	TRY(load_search(a, s, leaf, authority, f));
	if (str_eq(leaf->der, authority->certificates[authority->n_certificates - 1]) ||
	    !search(s, path, &n))
		return no_chain(s, authority, f);
	if (!valid_at(&s->nodes[0], unix_ms))
		return late(f, "the certificate itself", unix_ms);
	if (!valid_at(&s->anchor, unix_ms))
		return late(f, "the certificate of the authority", unix_ms);
	if (!trusted_window_has(&authority->window, unix_ms))
		return late(f, "the authority, says the trusted root,", unix_ms);
	spki = n > 1 ? s->nodes[path[1]].parts.spki : s->anchor.parts.spki;
	spki.p = arena_dup(a, spki.p, spki.n);
	if (!spki.p)
		return sig_fault_room(f);
	if (issuer_spki)
		*issuer_spki = spki;
	return 0;
}

int chain_parse_pem(struct arena *a, struct str pem, struct str out[LIMIT_CHAIN], size_t *n,
		    struct sig_fault *f)
{
	return certificate_parse_pem(a, pem, LIMIT_CHAIN - 1, out, n, f);
}
