#include "cli/verify_bundle.h"
#include "core/clock.h"

/* Of a text from a bundle or certificate. */
#define SHOWN_BYTES 256u

static void put_time(struct text *t, int64_t unix_s)
{
	char at[32];

	time_format(unix_s, at);
	text_puts(t, at);
}

static void put_shown(struct text *t, struct str s, const char *if_empty)
{
	if (s.n > 0)
		text_put_escaped(t, s, SHOWN_BYTES);
	else
		text_puts(t, if_empty);
}

static void put_signer(struct text *t, const struct verify_result *r)
{
	char fingerprint[SIG_FINGERPRINT_BYTES];

	if (r->key) {
		text_printf(t, ", key %s\n", sig_key_fingerprint(r->key, fingerprint));
		return;
	}
	text_printf(t, ", certificate\n  identity: %s ", identity_kind_name(r->identity.kind));
	text_quote(t, r->identity.subject, SHOWN_BYTES);
	text_puts(t, ", issuer ");
	text_quote(t, r->identity.issuer, SHOWN_BYTES);
	text_putc(t, '\n');
}

static void put_entry(struct text *t, const struct rekor_result *e)
{
	text_puts(t, "  log entry: ");
	put_shown(t, e->log->base_url, "a log without address");
	text_printf(t, ", index %lld", (long long)e->log_index);
	if (e->has_time) {
		text_puts(t, ", at ");
		put_time(t, e->integrated_unix_s);
	}
	text_putc(t, '\n');
}

static void put_timestamp(struct text *t, const struct timestamp_result *s)
{
	text_puts(t, "  timestamp: ");
	put_shown(t, s->authority->uri, "an authority without address");
	text_puts(t, ", at ");
	put_time(t, s->unix_ms / 1000);
	text_putc(t, '\n');
}

void verify_bundle_print(const struct verify_result *r, struct text *t)
{
	text_printf(t, "verified: %s, predicate type ", bundle_format_name(r->format));
	put_shown(t, r->predicate_type, "none");
	put_signer(t, r);
	for (size_t i = 0; i < r->n_entries; i++)
		put_entry(t, &r->entries[i]);
	for (size_t i = 0; i < r->n_timestamps; i++)
		put_timestamp(t, &r->timestamps[i]);
}
