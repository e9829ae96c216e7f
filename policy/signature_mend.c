/* The command that mends a missing signature or attestation. */
#include <string.h>

#include "policy/limits.h"
#include "policy/signature_inside.h"

/* A word that a shell leaves as it is. */
static void put_word(struct text *t, struct str s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-._/:@=,+";
	bool is_plain = s.n > 0;

	for (size_t i = 0; i < s.n; i++)
		is_plain = is_plain && s.p[i] && strchr(plain, s.p[i]);
	if (is_plain) {
		text_put(t, s);
		return;
	}
	text_putc(t, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'')
			text_puts(t, "'\\'");
		text_putc(t, s.p[i]);
	}
	text_putc(t, '\'');
}

/* The command, up to the image. */
static void put_command(struct text *t, struct arena *a, const struct signature_asked *q, size_t i)
{
	const struct policy_authority *who =
		i < q->authorities->n ? q->authorities->items[i] : NULL;

	if (q->type) {
		text_puts(t, "cosign attest --type ");
		put_word(t, q->type->text);
		text_puts(t, " --predicate <file> ");
	} else {
		text_puts(t, "cosign sign ");
	}
	if (!who || !who->identity) {
		text_puts(t, "--key <");
		text_put(t, signature_authority_name(q, i));
		text_puts(t, " key> ");
	}
	for (size_t k = 0; q->annotations && k < q->annotations->n; k++) {
		text_puts(t, "-a ");
		put_word(t, signature_key_and_value(a, &q->annotations->items[k]));
		text_putc(t, ' ');
	}
}

static void put_pinned(struct text *t, const struct signature_asked *q)
{
	signature_put_repository(t, q->image->host, q->image->path);
	text_putc(t, '@');
	text_put(t, q->image->digest);
}

/* Whose identity it must be; a comment for the shell. */
static void put_identity(struct text *t, const struct signature_asked *q, size_t i)
{
	const struct identity_demand *d =
		i < q->authorities->n ? q->authorities->items[i]->identity : NULL;

	if (!d)
		return;
	text_puts(t, d->subject.exact.n ? "  # as " : "  # as who fits ");
	text_put_escaped(t, d->subject.exact.n ? d->subject.exact : d->subject.regex, LIMIT_QUOTE);
}

struct str signature_mend(struct arena *a, const struct signature_asked *q,
			  const struct evidence *e)
{
	struct text t;
	size_t i = 0;
	bool shows = e->state == VERIFY_STATE_CONDITION && e->reason != VERIFY_PREDICATE_AGE;

	while (i < q->authorities->n && signature_has_signed(e, i))
		i++;
	text_init(&t, a, SIGNATURE_TEXT_ROOM);
	if (q->repository) {
		text_puts(&t, "COSIGN_REPOSITORY=");
		signature_put_repository(&t, q->repository->repository.host,
					 q->repository->repository.path);
		text_putc(&t, ' ');
	}
	if (shows && q->type) {
		text_puts(&t, "cosign download attestation --predicate-type ");
		put_word(&t, q->type->type);
		text_putc(&t, ' ');
	} else {
		put_command(&t, a, q, i);
	}
	put_pinned(&t, q);
	if (!shows)
		put_identity(&t, q, i);
	return signature_done_or(&t, S(""));
}
