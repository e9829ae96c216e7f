/*
 * What an authority wants beside a signature: log entries, timestamps, proofs of certificate logs, an age;
 * and whether its trusted root can give them. spec: sigstore 6.1, 17.3
 */
#include "core/clock.h"
#include "policy/limits.h"
#include "policy/loader.h"

#define HOUR_S 3600
#define AGE_MAX_S ((int64_t)3650 * 24 * HOUR_S)

bool load_age(struct loader *ld, const struct decode_at *at, int64_t *out_s)
{
	struct str s = node_str(at->node);
	uint64_t n = 0;
	int64_t unit_s = str_ends(s, S("d")) ? 24 * HOUR_S : str_ends(s, S("h")) ? HOUR_S : 0;
	if (!at->node)
		return false;
	if (unit_s && str_to_u64(str_sub(s, 0, s.n - 1), &n) && n > 0 &&
	    n <= (uint64_t)(AGE_MAX_S / unit_s)) {
		*out_s = (int64_t)n * unit_s;
		return true;
	}
	decode_wrong(&ld->d, at, "a number of hours or days, as \"36h\" or \"7d\", up to 3650d");
	return false;
}

static bool load_threshold(struct loader *ld, const struct decode_at *at, unsigned *out)
{
	static const struct decode_key keys[] = {
		{"threshold", DECODE_REQUIRED, "a number of them, 0 for none"},
	};
	int64_t n;
	if (!decode_map(&ld->d, at, keys, 1))
		return false;
	struct decode_at threshold = decode_member(at, "threshold");
	if (!decode_int(&ld->d, &threshold, 0, LIMIT_THRESHOLD, &n))
		return false;
	*out = (unsigned)n;
	return true;
}

/* ---- can it be met? ---- */

static size_t usable(const struct trusted_log *logs, size_t n)
{
	size_t found = 0;
	for (size_t i = 0; i < n; i++)
		found += logs[i].usable;
	return found;
}

/* What a threshold counts: its key, and how the trusted root calls those. */
struct kind {
	const char *key;
	const char *what;
	const char *are;
};
static const struct kind logs = {"transparencyLog", "transparency log", "tlogs"};
static const struct kind clocks = {"timestamps", "timestamp authority", "timestampAuthorities"};
static const struct kind ct_logs = {"certificateTransparency", "certificate log", "ctlogs"};

static void check_threshold(struct loader *ld, const struct decode_at *at, const struct kind *k,
			    unsigned threshold, size_t there)
{
	struct decode_at given = decode_member(at, k->key);
	if (threshold <= there)
		return;
	if (given.node)
		decode_error(&ld->d, &given, "wants %u, but the trusted root has %zu (%s)",
			     threshold, there, k->are);
	else
		decode_error(&ld->d, at,
			     "the trusted root has no %s (%s), and by default one is wanted: give "
			     "one that has, or write %s: {threshold: 0}",
			     k->what, k->are, k->key);
}

static void check_time(struct loader *ld, const struct decode_at *at,
		       const struct policy_authority *a)
{
	const struct sig_authority *x = &a->authority;
	size_t tellers =
		x->root ? usable(x->root->logs, x->root->n_logs) + x->root->n_timestamp_authorities
			: 0;
	if (tellers)
		return;
	if (a->identity && !x->use_current_time)
		decode_error(
			&ld->d, at,
			"nothing could tell when it signed, and so no certificate would count: "
			"%s",
			a->kind == POLICY_AUTHORITY_CERTIFICATES
				? "want timestampAuthority or useCurrentTime: true"
				: "want a trusted root with a transparency log or a timestamp "
				  "authority");
	else if (x->max_age_s)
		decode_error(&ld->d, at,
			     "has maxSignatureAge, but nothing could tell when it signed: want a "
			     "trusted root with a transparency log or a timestamp authority");
}

/* Who issues the certificates, and until when. */
static void check_issuers(struct loader *ld, const struct decode_at *at,
			  const struct policy_authority *a)
{
	const struct trusted_root *r = a->authority.root;
	int64_t last_ms = INT64_MIN;
	char last[16];
	if (a->kind != POLICY_AUTHORITY_KEYLESS)
		return;
	if (r->n_certificate_authorities == 0) {
		decode_error(&ld->d, at,
			     "the trusted root has no certificate authority "
			     "(certificateAuthorities): no certificate would count");
		return;
	}
	for (size_t i = 0; i < r->n_certificate_authorities; i++) {
		if (r->certificate_authorities[i].window.until_unix_ms > last_ms)
			last_ms = r->certificate_authorities[i].window.until_unix_ms;
	}
	if (last_ms / 1000 >= ld->o->now_unix_s)
		return;
	time_format_date(last_ms / 1000, last);
	decode_warning(&ld->d, at,
		       "the certificate authorities of the trusted root have ended, the last on "
		       "%s: nothing signed since then counts",
		       last);
}

static void check(struct loader *ld, const struct decode_at *at, const struct policy_authority *a)
{
	const struct sig_authority *x = &a->authority;
	const struct trusted_root none = {0};
	const struct trusted_root *r = x->root ? x->root : &none;
	if (!x->root && (x->log_threshold || x->time_threshold)) {
		decode_error(&ld->d, at, "has no trustedRoot: want one, since %s are wanted",
			     x->log_threshold ? "entries of transparency logs" : "timestamps");
		return;
	}
	check_threshold(ld, at, &logs, x->log_threshold, usable(r->logs, r->n_logs));
	check_threshold(ld, at, &clocks, x->time_threshold, r->n_timestamp_authorities);
	check_threshold(ld, at, &ct_logs, x->sct_threshold, usable(r->ct_logs, r->n_ct_logs));
	check_time(ld, at, a);
	if (a->identity)
		check_issuers(ld, at, a);
}

void load_proof(struct loader *ld, const struct decode_at *at, size_t before,
		struct policy_authority *a)
{
	struct sig_authority *x = &a->authority;
	struct decode_at log = decode_member(at, logs.key);
	struct decode_at clock = decode_member(at, clocks.key);
	struct decode_at ct = decode_member(at, ct_logs.key);
	struct decode_at age = decode_member(at, "maxSignatureAge");
	x->log_threshold = a->kind == POLICY_AUTHORITY_KEYLESS;
	x->sct_threshold = a->kind == POLICY_AUTHORITY_KEYLESS;
	load_threshold(ld, &log, &x->log_threshold);
	load_threshold(ld, &clock, &x->time_threshold);
	if (ct.node && !a->identity)
		decode_error(&ld->d, &ct, "is about certificates, and this authority has keys");
	else
		load_threshold(ld, &ct, &x->sct_threshold);
	load_age(ld, &age, &x->max_age_s);
	if (ld->d.problems->errors == before)
		check(ld, at, a);
}
