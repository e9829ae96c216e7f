#include "evidence/backoff.h"

#include <stdlib.h>

#include "core/text.h"
#include "evidence/limits.h"

#define NAME_BYTES 768
#define TEXT_BYTES 512

struct record {
	bool used;
	char name[NAME_BYTES]; /* "host" or "host/path" */
	size_t name_n;
	int64_t until_mono_ms;
	int64_t last_mono_ms; /* failed */
	int64_t delay_ms;
	bool tried; /* its time was over, and a lookup tries */
	enum registry_outcome outcome;
	char text[TEXT_BYTES];
	size_t text_n;
};

struct backoff {
	struct record *records[LIMIT_BACKOFFS];
	size_t n;
};

struct backoff *backoff_new(void)
{
	return calloc(1, sizeof(struct backoff));
}

void backoff_free(struct backoff *b)
{
	for (size_t i = 0; b && i < b->n; i++)
		free(b->records[i]);
	free(b);
}

/* Is it the fault of the registry as a whole, whatever it was asked for? */
static bool is_of_host(const struct registry_reply *reply)
{
	switch (reply->outcome) {
	case REGISTRY_CONNECT:
		return reply->status == 0 && !reply->broke;
	case REGISTRY_TLS:
	case REGISTRY_RATE_LIMITED:
		return true;
	case REGISTRY_TIMEOUT:
	case REGISTRY_INVALID:
	case REGISTRY_REFUSED:
	case REGISTRY_CONTENT:
	case REGISTRY_TOO_LARGE:
	case REGISTRY_UNAUTHORIZED:
	case REGISTRY_HTTP_4XX:
	case REGISTRY_HTTP_5XX:
	case REGISTRY_NOT_FOUND:
	case REGISTRY_OK:
		break;
	}
	return false;
}

/* Empty when the name is too long to be remembered. */
static struct str name_of(char buf[NAME_BYTES], const struct registry_repository *r, bool host_only)
{
	struct text t;
	struct str s;

	text_init_fixed(&t, buf, NAME_BYTES);
	text_put(&t, r->host);
	if (!host_only) {
		text_putc(&t, '/');
		text_put(&t, r->path);
	}
	return text_done(&t, &s) ? s : S("");
}

static struct record *find(const struct backoff *b, struct str name)
{
	for (size_t i = 0; name.n && i < b->n; i++) {
		struct record *r = b->records[i];
		if (r->used && str_eq((struct str){r->name, r->name_n}, name))
			return r;
	}
	return NULL;
}

static struct record *find_of(const struct backoff *b, const struct registry_repository *r,
			      bool host_only)
{
	char buf[NAME_BYTES];

	return find(b, name_of(buf, r, host_only));
}

/* The one that keeps the repository from being asked, if any does. */
static struct record *holding(const struct backoff *b, const struct registry_repository *r,
			      int64_t now)
{
	for (int host_only = 1; b->n && host_only >= 0; host_only--) {
		struct record *x = find_of(b, r, host_only != 0);
		if (x && now < x->until_mono_ms)
			return x;
	}
	return NULL;
}

bool backoff_holds(const struct backoff *b, const struct registry_repository *r,
		   int64_t now_mono_ms, struct backoff_failure *out)
{
	const struct record *x = holding(b, r, now_mono_ms);

	if (x)
		*out = (struct backoff_failure){x->outcome, {x->text, x->text_n}};
	return x != NULL;
}

bool backoff_allows(struct backoff *b, const struct registry_repository *r, int64_t now_mono_ms,
		    struct backoff_failure *out)
{
	if (backoff_holds(b, r, now_mono_ms, out))
		return false;
	for (int host_only = 1; b->n && host_only >= 0; host_only--) {
		struct record *x = find_of(b, r, host_only != 0);
		if (!x)
			continue;
		x->tried = true;
		x->until_mono_ms = now_mono_ms + x->delay_ms;
	}
	return true;
}

/* A free record, else a new one, else the one that failed longest ago. NULL: no memory. */
static struct record *make(struct backoff *b)
{
	struct record *oldest = NULL;

	for (size_t i = 0; i < b->n; i++) {
		struct record *r = b->records[i];
		if (!r->used)
			return r;
		if (!oldest || r->last_mono_ms < oldest->last_mono_ms)
			oldest = r;
	}
	if (b->n == LIMIT_BACKOFFS)
		return oldest;
	struct record *r = malloc(sizeof(*r));
	if (r)
		b->records[b->n++] = r;
	return r;
}

/* Lookups that ran side by side fail side by side: that is one failure. One of long ago is forgotten. */
static void lengthen(struct record *x, int64_t now)
{
	bool again = x->delay_ms && now - x->last_mono_ms < 4 * BACKOFF_LONGEST_MS;

	if (!again)
		x->delay_ms = BACKOFF_FIRST_MS;
	else if (x->tried)
		x->delay_ms =
			2 * x->delay_ms < BACKOFF_LONGEST_MS ? 2 * x->delay_ms : BACKOFF_LONGEST_MS;
	x->tried = false;
	x->last_mono_ms = now;
	x->until_mono_ms = now + x->delay_ms;
}

void backoff_failed(struct backoff *b, const struct registry_repository *r,
		    const struct registry_reply *reply, int64_t now_mono_ms)
{
	char buf[NAME_BYTES];
	struct str name = name_of(buf, r, is_of_host(reply));
	struct record *x = find(b, name);

	if (!name.n)
		return;
	if (!x) {
		x = make(b);
		if (!x)
			return;
		*x = (struct record){.used = true, .name_n = name.n};
		memcpy(x->name, name.p, name.n);
	}
	lengthen(x, now_mono_ms);
	x->outcome = reply->outcome;
	x->text_n = reply->text.n < TEXT_BYTES ? reply->text.n : TEXT_BYTES;
	if (x->text_n)
		memcpy(x->text, reply->text.p, x->text_n);
}

void backoff_answered(struct backoff *b, const struct registry_repository *r)
{
	for (int host_only = 1; b->n && host_only >= 0; host_only--) {
		struct record *x = find_of(b, r, host_only != 0);
		if (x)
			x->used = false;
	}
}
