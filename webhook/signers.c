#include "webhook/signers.h"

#include "core/json.h"

#define NAME_BYTES 253
#define END_BYTES 32 /* for the last object of a list that does not fit */

/* The name of the authority of a question; rules hold copies of the policy's, with the same keys or
 * identities. */
static struct str authority_name(const struct engine *en, size_t question, size_t signer)
{
	const struct policy *p = en->asks[question].policy;
	const struct sig_authority *a = &en->questions[question].want->authorities[signer];
	for (size_t i = 0; i < p->n_authorities; i++)
		if (p->authorities[i].authority.keys == a->keys &&
		    p->authorities[i].authority.identities == a->identities)
			return p->authorities[i].name;
	return S("?");
}

static bool has_signed(const struct evidence *e, size_t signer)
{
	return e->signers[signer].state == VERIFY_STATE_VERIFIED;
}

static void put_authorities(struct json_writer *w, const struct engine *en, size_t question,
			    const struct evidence *e)
{
	bool any = false;
	for (size_t i = 0; i < e->n_signers; i++) {
		if (!has_signed(e, i))
			continue;
		if (!any) {
			json_key(w, S("authority"));
			json_open(w, '[');
		}
		any = true;
		json_str(w, authority_name(en, question, i));
	}
	if (any)
		json_close(w);
}

/* As their certificates name them. */
static void put_identities(struct json_writer *w, const struct evidence *e)
{
	bool any = false;
	for (size_t i = 0; i < e->n_signers; i++) {
		struct str subject = e->signers[i].origin.subject;
		if (!has_signed(e, i) || !subject.n)
			continue;
		if (!any) {
			json_key(w, S("identity"));
			json_open(w, '[');
		}
		any = true;
		json_str(w, subject);
	}
	if (any)
		json_close(w);
}

static void put_question(struct json_writer *w, const struct engine *en, size_t question,
			 const struct evidence *e)
{
	const struct engine_ask *ask = &en->asks[question];
	bool is_volume = ask->subject->kind == SUBJECT_IMAGE_VOLUME;
	json_open(w, '{');
	json_key(w, is_volume ? S("volume") : S("container"));
	json_str(w, str_sub(ask->subject->name, 0, NAME_BYTES));
	json_key(w, S("rule"));
	json_str(w, ask->rule->name);
	json_key(w, S("state"));
	json_str(w, e->refused ? S("refused") : str_of(verify_state_name(e->state)));
	json_key(w, S("reason"));
	json_str(w, e->refused ? S("host_not_known") : str_of(verify_reason_name(e->reason)));
	if (e->outcome) {
		json_key(w, S("outcome"));
		json_str(w, str_of(e->outcome));
	}
	put_authorities(w, en, question, e);
	put_identities(w, e);
	json_close(w);
}

bool signers_to_json(const struct engine *en, const struct evidence *answers, char *buf,
		     size_t size, struct str *out)
{
	struct text t;
	struct json_writer w;
	size_t i;
	text_init_fixed(&t, buf, size - END_BYTES);
	json_writer_init(&w, &t);
	json_open(&w, '[');
	for (i = 0; i < en->n_questions; i++) {
		const struct text before = t;
		const struct json_writer at = w;
		put_question(&w, en, i, &answers[i]);
		if (!t.failed)
			continue;
		t = before;
		w = at;
		break;
	}
	t.cap += END_BYTES;
	t.max += END_BYTES;
	if (i < en->n_questions) {
		json_open(&w, '{');
		json_key(&w, S("more"));
		json_int(&w, (int64_t)(en->n_questions - i));
		json_close(&w);
	}
	json_close(&w);
	return text_done(&t, out);
}

/* Was the same pair named by an earlier question? Several rules may ask about one container, one after
 * the other. */
static bool named_before(const struct engine *en, const struct evidence *answers, size_t question,
			 struct str authority)
{
	for (size_t i = question; i-- > 0;) {
		if (en->asks[i].subject != en->asks[question].subject)
			return false;
		for (size_t k = 0; k < answers[i].n_signers; k++)
			if (has_signed(&answers[i], k) &&
			    str_eq(authority_name(en, i, k), authority))
				return true;
	}
	return false;
}

static void put_pair(struct text *t, struct str container, struct str authority, size_t max_bytes)
{
	if (t->n >= max_bytes)
		return;
	text_puts(t, t->n > 0 ? "," : "");
	text_put_escaped(t, container, 64);
	text_putc(t, '=');
	text_put(t, str_sub(authority, 0, NAME_BYTES));
	if (t->n >= max_bytes)
		text_puts(t, "...");
}

void signers_put_names(struct text *t, const struct engine *en, const struct evidence *answers,
		       size_t max_bytes)
{
	for (size_t i = 0; i < en->n_questions && t->n < max_bytes; i++) {
		const struct evidence *e = &answers[i];
		for (size_t k = 0; k < e->n_signers; k++) {
			struct str authority;
			if (!has_signed(e, k))
				continue;
			authority = authority_name(en, i, k);
			if (!named_before(en, answers, i, authority))
				put_pair(t, en->asks[i].subject->name, authority, max_bytes);
		}
	}
}
