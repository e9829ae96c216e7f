#include "policy/report.h"

#include <math.h>

#include "policy/limits.h"

/* ---- names ---- */

static const struct {
	const char *name, *brief;
} codes[CODE_COUNT] = {
#define CODE(id, name, brief) [id] = {name, brief},
#include "policy/codes.def"
#undef CODE
};

const char *code_name(enum code c)
{
	if ((unsigned)c >= CODE_COUNT)
		BUG("code %d", (int)c);
	return codes[c].name;
}

const char *code_brief(enum code c)
{
	if ((unsigned)c >= CODE_COUNT)
		BUG("code %d", (int)c);
	return codes[c].brief;
}

const char *cause_name(enum cause c)
{
	switch (c) {
	case CAUSE_FORBIDDEN:
		return "FieldValueForbidden";
	case CAUSE_REQUIRED:
		return "FieldValueRequired";
	case CAUSE_INVALID:
		return "FieldValueInvalid";
	}
	BUG("cause %d", (int)c);
}

const char *verdict_decision(enum verdict v)
{
	switch (v) {
	case VERDICT_DENY:
		return "denied";
	case VERDICT_UNAVAILABLE:
		return "error";
	case VERDICT_WARN:
		return "warned";
	case VERDICT_ALLOW:
		return "allowed";
	}
	BUG("verdict %d", (int)v);
}

/* ---- what was found ---- */

/* A number as written if the reader kept it, else so that its fraction shows. */
static struct str real_text(struct arena *a, const struct node *n)
{
	struct text t;
	struct str out;

	if (n->source.n)
		return n->source;
	text_init(&t, a, 64);
	text_printf(&t, "%.15g", n->real);
	if (!text_done(&t, &out))
		return S("a number");
	if (isfinite(n->real) && !str_has_char(out, '.') && !str_has_char(out, 'e'))
		text_puts(&t, ".0");
	return text_done(&t, &out) ? out : S("a number");
}

static struct str integer_text(struct arena *a, int64_t v)
{
	struct text t;
	struct str out;

	text_init(&t, a, 32);
	text_put_i64(&t, v);
	return text_done(&t, &out) ? out : S("an integer");
}

/* Has it an integer's look for who writes 65_532, 0177774, 0x_ff or 65532.0? A number beyond 64 bits has
 * no better spelling. */
static bool is_odd_integer(const struct node *n)
{
	struct str digits = n->source;

	if (n->type == NODE_REAL)
		return n->source.n && n->real == floor(n->real);
	if (str_starts(digits, S("-")) || str_starts(digits, S("+")))
		digits = str_sub(digits, 1, digits.n);
	if (n->type != NODE_STR || !digits.n || digits.p[0] < '0' || digits.p[0] > '9')
		return false;
	for (size_t i = 0; i < digits.n; i++) {
		if (!str_has_char(S("0123456789abcdefABCDEF_xo"), digits.p[i]))
			return false;
	}
	return digits.p[0] == '0' || str_has_char(digits, '_');
}

/* A word that is a boolean in YAML 1.1, for kubectl too, and a string in 1.2. */
static bool is_odd_true(const struct node *n)
{
	static const char *const words[] = {"y", "Y", "yes", "Yes", "YES", "on", "On", "ON"};

	for (size_t i = 0; n->type == NODE_STR && i < sizeof(words) / sizeof(*words); i++) {
		if (str_eq(n->source, str_of(words[i])))
			return true;
	}
	return false;
}

/* How to spell what was meant, where YAML reads it as something else; or NULL. */
static const char *spelling(const struct node *n, const char *noun)
{
	if (noun && strcmp(noun, "an integer") == 0 && is_odd_integer(n))
		return ": write it as a plain decimal number";
	if (noun && strcmp(noun, "a boolean") == 0 && is_odd_true(n))
		return ": write true";
	return NULL;
}

/* "a string, not a boolean"; "a string" without noun; "not a boolean" without a type to tell. */
static struct str type_note(struct arena *a, const char *type, const char *noun, const char *hint)
{
	struct text t;
	struct str out;

	text_init(&t, a, 128);
	if (type)
		text_puts(&t, type);
	if (type && noun)
		text_puts(&t, ", ");
	if (noun) {
		text_puts(&t, "not ");
		text_puts(&t, noun);
	}
	text_puts(&t, hint);
	return text_done(&t, &out) ? out : S("");
}

struct got got_of_node(struct arena *a, const struct node *n, const char *noun)
{
	struct got g = {.form = GOT_PLAIN};
	const char *type = NULL;

	if (!n)
		return (struct got){.form = GOT_NOT_SET};
	switch (n->type) {
	case NODE_NULL:
		g.value = S("null");
		break;
	case NODE_BOOL:
		g.value = n->boolean ? S("true") : S("false");
		type = "a boolean";
		break;
	case NODE_INT:
		g.value = integer_text(a, n->integer);
		type = "an integer";
		break;
	case NODE_REAL:
		g.value = real_text(a, n);
		type = "a number";
		break;
	case NODE_STR:
		g.form = GOT_QUOTED;
		g.value = n->str;
		type = n->str.n ? "a string" : "an empty string";
		break;
	case NODE_LIST:
		g.value = n->list.n ? S("a list") : S("an empty list");
		break;
	case NODE_MAP:
		g.value = n->map.n ? S("an object") : S("an empty object");
		break;
	}
	g.note = type_note(a, type, noun, spelling(n, noun));
	return g;
}

/* ---- collecting ---- */

void report_init(struct report *r, struct arena *a)
{
	*r = (struct report){.arena = a};
}

void report_add(struct report *r, const struct violation *v)
{
	if (r->n_violations == LIMIT_VIOLATIONS) {
		r->lost_violations++;
		return;
	}
	struct violation *more = arena_grow(r->arena, r->violations, r->n_violations, sizeof(*more),
					    &r->room_violations);
	if (!more) {
		r->incomplete = true;
		return;
	}
	r->violations = more;
	r->violations[r->n_violations++] = *v;
}

void report_use(struct report *r, const struct exception *x, const struct violation *v,
		bool near_end)
{
	struct violation *copy = arena_alloc(r->arena, sizeof(*copy));

	if (!copy) {
		r->incomplete = true;
		return;
	}
	*copy = *v;
	struct exception_use *more =
		arena_grow(r->arena, r->uses, r->n_uses, sizeof(*more), &r->room_uses);
	if (!more) {
		r->incomplete = true;
		return;
	}
	r->uses = more;
	r->uses[r->n_uses++] = (struct exception_use){x, copy, near_end};
}

/* ---- the verdict ---- */

enum verdict report_effect(const struct violation *v)
{
	if (v->mode == MODE_AUDIT)
		return VERDICT_ALLOW;
	if (v->mode == MODE_WARN)
		return VERDICT_WARN;
	if (!v->unavailable)
		return VERDICT_DENY;
	return v->policy && v->policy->on_error == ON_ERROR_ALLOW ? VERDICT_WARN
								  : VERDICT_UNAVAILABLE;
}

static bool has_gap(const struct report *r)
{
	return r->incomplete || r->lost_violations || r->unanswered || arena_exhausted(r->arena);
}

enum verdict report_verdict(const struct report *r)
{
	enum verdict worst = has_gap(r) ? VERDICT_UNAVAILABLE : VERDICT_ALLOW;

	for (size_t i = 0; i < r->n_violations && worst != VERDICT_DENY; i++) {
		enum verdict v = report_effect(&r->violations[i]);
		if (v < worst)
			worst = v;
	}
	return worst;
}

static bool counts(const struct violation *v, enum verdict verdict)
{
	enum verdict effect = report_effect(v);

	switch (verdict) {
	case VERDICT_DENY:
	case VERDICT_UNAVAILABLE:
		return effect == VERDICT_DENY || effect == VERDICT_UNAVAILABLE;
	case VERDICT_WARN:
		return effect == VERDICT_WARN;
	case VERDICT_ALLOW:
		return effect == VERDICT_ALLOW;
	}
	return false;
}

size_t report_codes(const struct report *r, enum verdict v, enum code out[CODE_COUNT])
{
	bool seen[CODE_COUNT] = {false};
	size_t n = 0;

	for (size_t i = 0; i < r->n_violations; i++) {
		if (counts(&r->violations[i], v))
			seen[r->violations[i].code] = true;
	}
	if (has_gap(r) && (v == VERDICT_DENY || v == VERDICT_UNAVAILABLE))
		seen[CODE_OBJECT] = true;
	for (size_t c = 0; c < CODE_COUNT; c++) {
		if (seen[c])
			out[n++] = (enum code)c;
	}
	return n;
}
