#include "sigstore/reason.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/text.h"

struct reason_row {
	const char *name;
	const char *meaning;
	enum verify_state state;
};

static const struct reason_row rows[VERIFY_REASONS] = {
#define REASON(name, text, state, meaning) [VERIFY_##name] = {text, meaning, VERIFY_STATE_##state},
#include "sigstore/reasons.def"
#undef REASON
};

/* Not a reason at all counts as nothing verified. */
static const struct reason_row *row(enum verify_reason r)
{
	return &rows[(unsigned)r < VERIFY_REASONS ? r : VERIFY_NOT_VERIFIED];
}

const char *verify_reason_name(enum verify_reason r)
{
	return row(r)->name;
}

const char *verify_reason_meaning(enum verify_reason r)
{
	return row(r)->meaning;
}

enum verify_state verify_reason_state(enum verify_reason r)
{
	return row(r)->state;
}

const char *verify_state_name(enum verify_state s)
{
	switch (s) {
	case VERIFY_STATE_UNSIGNED:
		return "unsigned";
	case VERIFY_STATE_UNTRUSTED_KEY:
		return "untrusted_key";
	case VERIFY_STATE_UNTRUSTED_IDENTITY:
		return "untrusted_identity";
	case VERIFY_STATE_BAD_SIGNATURE:
		return "bad_signature";
	case VERIFY_STATE_DIGEST_MISMATCH:
		return "digest_mismatch";
	case VERIFY_STATE_CONDITION:
		return "condition";
	case VERIFY_STATE_VERIFIED:
		return "verified";
	case VERIFY_STATE_UNAVAILABLE:
		break;
	}
	return "unavailable";
}

bool verify_reason_is_final(enum verify_reason r)
{
	return row(r)->state != VERIFY_STATE_UNAVAILABLE && r != VERIFY_NO_ROOM &&
	       r != VERIFY_CRYPTO_FAILED;
}

enum verify_state verify_state_join(enum verify_state a, enum verify_state b)
{
	if (a == VERIFY_STATE_VERIFIED || b == VERIFY_STATE_VERIFIED)
		return VERIFY_STATE_VERIFIED;
	if (a == VERIFY_STATE_UNAVAILABLE || b == VERIFY_STATE_UNAVAILABLE)
		return VERIFY_STATE_UNAVAILABLE;
	return a > b ? a : b;
}

int sig_fault_set(struct sig_fault *f, enum verify_reason r, const char *fmt, ...)
{
	char text[sizeof(f->err.text)];
	va_list ap;

	if (!f)
		return -1;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f->reason = r;
	return err_set(&f->err, r == VERIFY_NO_ROOM ? ERR_LIMIT : ERR_INPUT, "%s", text);
}

int sig_fault_room(struct sig_fault *f)
{
	return sig_fault_set(f, VERIFY_NO_ROOM, "signature: %s",
			     verify_reason_meaning(VERIFY_NO_ROOM));
}

const char *sig_quote(char buf[SIG_QUOTE_BYTES], struct str s)
{
	struct text t;

	text_init_fixed(&t, buf, SIG_QUOTE_BYTES);
	text_quote(&t, s, 96);
	return buf;
}
