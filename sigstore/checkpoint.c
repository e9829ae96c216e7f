#include "sigstore/checkpoint.h"

#include "core/base64.h"

#define PREFIX S("\xE2\x80\x94 ") /* U+2014 and a space */
#define HINT_BYTES 4

static int malformed(struct sig_fault *f, const char *what)
{
	return sig_fault_set(f, VERIFY_LOG_CHECKPOINT, "checkpoint: %s", what);
}

static int decode(struct arena *a, struct str text, const char *what, struct str *out,
		  struct sig_fault *f)
{
	struct err e = {.kind = ERR_INTERNAL};

	if (base64_decode(a, text, out, &e) == 0)
		return 0;
	if (e.kind != ERR_INPUT)
		return sig_fault_room(f);
	return sig_fault_set(f, VERIFY_LOG_CHECKPOINT, "checkpoint: %s: %s", what, e.text);
}

/* The note's lines end in newlines and hold no other control characters.
 * source: C2SP signed-note.md, "Format" */
static bool is_note(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] < 0x20 && s.p[i] != '\n')
			return false;
	}
	return s.n > 0 && s.p[s.n - 1] == '\n' && str_is_utf8(s);
}

/* Cut at the last empty line: *text keeps the newline before it, *lines is what follows it. */
static bool cut(struct str note, struct str *text, struct str *lines)
{
	for (size_t i = note.n; i-- > 1;) {
		if (note.p[i] == '\n' && note.p[i - 1] == '\n') {
			*text = str_sub(note, 0, i);
			*lines = str_sub(note, i + 1, note.n);
			return true;
		}
	}
	return false;
}

/* "0", or digits that begin with another one. */
static bool is_decimal(struct str s, uint64_t *out)
{
	return str_to_u64(s, out) && (s.n == 1 || s.p[0] != '0');
}

static int parse_text(struct arena *a, struct checkpoint *c, struct sig_fault *f)
{
	struct str rest = c->text, size, root, line;

	if (!str_cut(rest, '\n', &c->origin, &rest) || c->origin.n == 0)
		return malformed(f, "no origin");
	if (!str_cut(rest, '\n', &size, &rest) || !is_decimal(size, &c->tree_size))
		return malformed(f, "no tree size in its second line");
	if (!str_cut(rest, '\n', &root, &rest))
		return malformed(f, "no root hash");
	TRY(decode(a, root, "root hash", &c->root, f));
	if (c->root.n != SHA256_BYTES)
		return malformed(f, "a root hash that has not 32 bytes");
	while (str_cut(rest, '\n', &line, &rest)) {
		if (line.n == 0)
			return malformed(f, "an empty line inside its text");
	}
	return 0;
}

static int parse_signature(struct arena *a, struct str line, struct checkpoint_signature *out,
			   struct sig_fault *f)
{
	struct str rest = str_sub(line, PREFIX.n, line.n), name, base64, bytes;

	if (!str_starts(line, PREFIX) || !str_cut(rest, ' ', &name, &base64) || name.n == 0)
		return malformed(f, "a line after its text that is no signature");
	TRY(decode(a, base64, "signature", &bytes, f));
	if (bytes.n <= HINT_BYTES)
		return malformed(f, "a signature of no bytes");
	*out = (struct checkpoint_signature){name, str_sub(bytes, 0, HINT_BYTES),
					     str_sub(bytes, HINT_BYTES, bytes.n)};
	return 0;
}

int checkpoint_parse(struct arena *a, struct str note, struct checkpoint *out, struct sig_fault *f)
{
	struct checkpoint c = {.n_signatures = 0};
	struct str lines, line;

	if (note.n > LIMIT_CHECKPOINT_BYTES)
		return sig_fault_set(f, VERIFY_LOG_CHECKPOINT_SIZE,
				     "checkpoint: %zu bytes, at most %u", note.n,
				     LIMIT_CHECKPOINT_BYTES);
	if (!is_note(note) || !cut(note, &c.text, &lines))
		return malformed(f, "not a signed note");
	TRY(parse_text(a, &c, f));
	while (str_cut(lines, '\n', &line, &lines)) {
		if (c.n_signatures == LIMIT_CHECKPOINT_SIGNATURES)
			return sig_fault_set(f, VERIFY_LOG_CHECKPOINT_SIZE,
					     "checkpoint: more than %d signatures",
					     LIMIT_CHECKPOINT_SIGNATURES);
		TRY(parse_signature(a, line, &c.signatures[c.n_signatures++], f));
	}
	*out = c;
	return 0;
}

/* A log signs once; twice while it changes its software. */
#define LINES_OF_LOG 2

int checkpoint_verify(const struct checkpoint *c, const struct trusted_log *log, bool by_name,
		      struct sig_fault *f)
{
	struct str hint = str_sub(log->id, 0, HINT_BYTES);
	char origin[SIG_QUOTE_BYTES], host[SIG_QUOTE_BYTES];
	size_t found = 0;

	if (by_name && (log->host.n == 0 || !str_eq(c->origin, log->host)))
		return sig_fault_set(f, VERIFY_LOG_CHECKPOINT_ORIGIN,
				     "checkpoint: origin %s, want %s", sig_quote(origin, c->origin),
				     sig_quote(host, log->host));
	for (size_t i = 0; i < c->n_signatures; i++) {
		const struct checkpoint_signature *s = &c->signatures[i];
		enum sig_outcome o;

		if (!str_eq(s->hint, hint) || (by_name && !str_eq(s->name, log->host)))
			continue;
		/* Who repeats a line makes work for nothing. */
		if (++found > LINES_OF_LOG)
			return malformed(f, "more lines of its log than a log writes");
		o = sig_verify_message(&log->key, LOG_SCHEMES, c->text, s->signature, NULL);
		if (o == SIG_FAILED)
			return sig_fault_set(f, VERIFY_CRYPTO_FAILED, "checkpoint: %s",
					     verify_reason_meaning(VERIFY_CRYPTO_FAILED));
		if (o != SIG_YES)
			return sig_fault_set(f, VERIFY_LOG_CHECKPOINT_SIGNATURE,
					     "checkpoint: the signature of the log does not hold");
	}
	if (found == 0)
		return sig_fault_set(f, VERIFY_LOG_CHECKPOINT_SIGNATURE,
				     "checkpoint: no signature of the log");
	return 0;
}
