/* When and where a signature was recorded: log entries, timestamps, thresholds, age.
 * spec: sigstore sections 6.1, 7.1 and 7.2 */
#include <stdio.h>

#include "core/clock.h"
#include "sigstore/verify_work.h"

#define MS_PER_S 1000

/* ---- log entries ---- */

/* Two entries of the trusted root may be one log, under two windows of its key or two ids. */
static bool same_log(const struct trusted_log *a, const struct trusted_log *b)
{
	return a == b || str_eq(a->id, b->id) || str_eq(a->key.spki, b->key.spki);
}

static size_t distinct_logs(const struct verified_times *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_entries; i++) {
		size_t j = 0;

		while (j < i && !same_log(t->entries[i].log, t->entries[j].log))
			j++;
		n += j == i;
	}
	return n;
}

static int check_logs(struct verification *v, const struct verified_times *t)
{
	unsigned want = v->in->authority->log_threshold;
	size_t n = distinct_logs(t);

	if (n >= want)
		return 0;
	if (v->bundle->n_log_entries == 0)
		return verify_no(v, VERIFY_LOG_MISSING);
	if (n == 0)
		return verify_no(v, VERIFY_LOG_UNKNOWN);
	return sig_fault_set(v->fault, VERIFY_LOG_THRESHOLD, "recorded in %zu log%s, want %u", n,
			     n == 1 ? "" : "s", want);
}

struct rekor_subject verify_recorded(const struct verification *v, const struct signed_thing *what,
				     struct str certificate, const struct sig_key *key)
{
	return (struct rekor_subject){
		.bundle = v->bundle,
		.certificate = certificate,
		.key = key,
		.artifact = what->artifact,
		.artifact_bytes = what->artifact ? what->message : S(""),
	};
}

/* The same body in the same log tells nothing new, whatever index is written beside it: of a proof
 * alone, nobody signed that. */
static bool is_told_already(const struct bundle *b, size_t i)
{
	for (size_t k = 0; k < i; k++) {
		if (str_eq(b->log_entries[k].log_id, b->log_entries[i].log_id) &&
		    str_eq(b->log_entries[k].body, b->log_entries[i].body))
			return true;
	}
	return false;
}

/* What a trusted log says of this signature must be true, whether an entry is wanted or not; what
 * another log says is not listened to. */
static int collect_entries(struct verification *v, const struct rekor_subject *s,
			   struct verified_times *t)
{
	const struct bundle *b = v->bundle;

	t->entries = arena_calloc(v->arena, b->n_log_entries, sizeof(*t->entries));
	if (!t->entries)
		return sig_fault_room(v->fault);
	for (size_t i = 0; i < b->n_log_entries; i++) {
		struct rekor_result *r = &t->entries[t->n_entries];

		if (is_told_already(b, i))
			continue;
		if (rekor_verify(v->arena, &b->log_entries[i], v->in->authority->root, s, r,
				 v->fault) == 0)
			t->n_entries++;
		else if (v->fault->reason != VERIFY_LOG_UNKNOWN)
			return -1;
	}
	return check_logs(v, t);
}

/* ---- timestamps ---- */

static bool same_authority(const struct trusted_authority *a, const struct trusted_authority *b)
{
	return a == b || (a->uri.n > 0 && str_eq(a->uri, b->uri)) ||
	       str_eq(a->certificates[0], b->certificates[0]);
}

static size_t distinct_authorities(const struct verified_times *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_timestamps; i++) {
		size_t j = 0;

		while (j < i &&
		       !same_authority(t->timestamps[i].authority, t->timestamps[j].authority))
			j++;
		n += j == i;
	}
	return n;
}

static int check_authorities(struct verification *v, const struct verified_times *t)
{
	unsigned want = v->in->authority->time_threshold;
	size_t n = distinct_authorities(t);

	if (n >= want)
		return 0;
	if (v->bundle->n_timestamps == 0)
		return verify_no(v, VERIFY_TIMESTAMP_MISSING);
	if (n == 0)
		return verify_no(v, VERIFY_TIMESTAMP_UNTRUSTED);
	return sig_fault_set(v->fault, VERIFY_TIMESTAMP_THRESHOLD,
			     "timestamps by %zu authorit%s, want %u", n, n == 1 ? "y" : "ies",
			     want);
}

/* spec: sigstore#3.4 "Accept either imprint: both contain the signature" */
static size_t stamped(const struct bundle *b, struct str messages[2])
{
	messages[0] = b->signature;
	messages[1] = b->blob;
	return b->format == BUNDLE_LEGACY_ATT ? 2 : 1;
}

/* Those that do not verify count for nothing, unless none does: then the first tells why. */
static int collect_timestamps(struct verification *v, struct verified_times *t)
{
	const struct trusted_root *root = v->in->authority->root;
	const struct bundle *b = v->bundle;
	size_t n = root->n_timestamp_authorities > 0 ? b->n_timestamps : 0;
	struct sig_fault first = {.reason = VERIFY_VERIFIED};
	struct str messages[2];
	size_t n_messages = stamped(b, messages);

	t->timestamps = arena_calloc(v->arena, n, sizeof(*t->timestamps));
	if (!t->timestamps)
		return sig_fault_room(v->fault);
	for (size_t i = 0; i < n; i++) {
		if (timestamp_verify(v->arena, b->timestamps[i], messages, n_messages, root,
				     &t->timestamps[t->n_timestamps], v->fault) == 0)
			t->n_timestamps++;
		else if (!verify_reason_is_final(v->fault->reason))
			return -1;
		else if (first.reason == VERIFY_VERIFIED)
			first = *v->fault;
	}
	if (n > 0 && t->n_timestamps == 0) {
		*v->fault = first;
		return -1;
	}
	return check_authorities(v, t);
}

/* ---- the times ---- */

static void add_time(struct verified_times *t, int64_t unix_ms)
{
	int64_t unix_s = unix_ms / MS_PER_S - (unix_ms % MS_PER_S < 0);

	if (t->n == 0 || unix_s < t->earliest_unix_s)
		t->earliest_unix_s = unix_s;
	t->unix_ms[t->n++] = unix_ms;
}

/* spec: sigstore#6.1 "Rekor v1 integratedTime, only if this very entry's SET verified" */
static int list_times(struct verification *v, struct verified_times *t)
{
	t->unix_ms = arena_calloc(v->arena, t->n_entries + t->n_timestamps, sizeof(*t->unix_ms));
	if (!t->unix_ms)
		return sig_fault_room(v->fault);
	for (size_t i = 0; i < t->n_entries; i++) {
		const struct rekor_result *r = &t->entries[i];

		if (!r->has_time)
			continue;
		if (r->integrated_unix_s < 0 || r->integrated_unix_s > INT64_MAX / MS_PER_S)
			return verify_no(v, VERIFY_LOG_PROMISE_TIME);
		add_time(t, r->integrated_unix_s * MS_PER_S);
	}
	for (size_t i = 0; i < t->n_timestamps; i++)
		add_time(t, t->timestamps[i].unix_ms);
	return 0;
}

/* Did the key of this log count at a verified time, or, if there is none, does it now? */
static bool key_counted(const struct verification *v, const struct verified_times *t,
			const struct trusted_log *log)
{
	for (size_t i = 0; i < t->n; i++) {
		if (trusted_window_has(&log->window, t->unix_ms[i]))
			return true;
	}
	return t->n == 0 && trusted_window_has(&log->window, v->in->now_unix_s * MS_PER_S);
}

/* A proof signs no time: of its log's key one must be known at which it counted, or a key that is long
 * out of use could still record. */
static int check_log_keys(struct verification *v, const struct verified_times *t)
{
	for (size_t i = 0; i < t->n_entries; i++) {
		if (!t->entries[i].has_time && !key_counted(v, t, t->entries[i].log))
			return verify_no(v, VERIFY_LOG_PROMISE_TIME);
	}
	return 0;
}

int verify_times(struct verification *v, const struct rekor_subject *s, struct verified_times *out)
{
	struct verified_times t = {.n = 0};

	if (v->in->authority->root) {
		TRY(collect_entries(v, s, &t));
		TRY(collect_timestamps(v, &t));
		TRY(list_times(v, &t));
		TRY(check_log_keys(v, &t));
	}
	*out = t;
	return 0;
}

void verify_put_times(struct verification *v, const struct verified_times *t)
{
	v->result->entries = t->entries;
	v->result->n_entries = t->n_entries;
	v->result->timestamps = t->timestamps;
	v->result->n_timestamps = t->n_timestamps;
	v->result->signed_unix_s = t->earliest_unix_s;
}

/* Whole hours as hours, for people. */
static const char *span(int64_t seconds, char buf[32])
{
	bool hours = seconds % 3600 == 0;

	snprintf(buf, 32, "%lld %s", (long long)(hours ? seconds / 3600 : seconds),
		 hours ? "h" : "s");
	return buf;
}

/* Of a signature by key this stops no replay: anybody can have an old one stamped and logged anew, and
 * leave the old proofs out. A certificate lives for minutes, which ties its times to the signature. */
int verify_age(struct verification *v)
{
	int64_t max = v->in->authority->max_age_s, made = v->result->signed_unix_s;
	char at[32], want[32];

	if (max == 0)
		return 0;
	if (made <= 0)
		return sig_fault_set(v->fault, VERIFY_SIGNATURE_AGE,
				     "nothing trusted tells when it was made, want at most %s ago",
				     span(max, want));
	if (max > 0 && v->in->now_unix_s - made <= max)
		return 0;
	time_format(made, at);
	return sig_fault_set(v->fault, VERIFY_SIGNATURE_AGE, "made at %s, want at most %s ago", at,
			     span(max, want));
}
