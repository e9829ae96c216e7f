/* Parameters of rules about attestations. spec: sigstore 8 */
#include "policy/limits.h"
#include "policy/loader.h"

#define N_TYPE_NAMES 32

void load_strings(struct loader *ld, const struct decode_at *at, const struct param *p,
		  struct param_strings *out)
{
	size_t n = node_len(at->node), found = 0;
	(void)p;
	if (!decode_list(&ld->d, at, "a list of strings, at least one"))
		return;
	if (n > LIMIT_STRINGS) {
		decode_error(&ld->d, at, "has %zu items: at most %d are allowed", n, LIMIT_STRINGS);
		return;
	}
	struct str *items = arena_calloc(ld->d.arena, n, sizeof(*items));
	for (size_t i = 0; items && i < n; i++) {
		struct decode_at item = decode_item(at, i);
		if (!decode_str(&ld->d, &item, "a string", &items[found]) ||
		    load_is_repeated(ld, at, i))
			continue;
		if (str_eq(items[found], S("*")) || str_eq(items[found], S("**")))
			decode_error(&ld->d, &item, "\"*\" matches everything");
		found++;
	}
	*out = (struct param_strings){items, items ? found : 0};
}

static void unknown_name(struct loader *ld, const struct decode_at *at, struct str text)
{
	struct str names[N_TYPE_NAMES];
	size_t n = 0;
	while (n < N_TYPE_NAMES && predicate_type_name_at(n)) {
		names[n] = str_of(predicate_type_name_at(n));
		n++;
	}
	const char *hint = decode_nearest(&ld->d, text, names, n);
	decode_error(&ld->d, at, "%s is no predicate type%s", decode_quote(&ld->d, text),
		     *hint ? hint
			   : ": want a name as vuln, spdx, cyclonedx or slsaprovenance1, or a URI");
}

static bool is_uri(struct str s)
{
	struct str scheme, rest;
	return str_cut(s, ':', &scheme, &rest) && scheme.n > 1 && rest.n > 0 &&
	       !str_has_char(s, ' ');
}

void load_predicate(struct loader *ld, const struct decode_at *at, struct param_predicate *out)
{
	struct str text;
	if (!decode_str(&ld->d, at, "a predicate type: a name as vuln, or a URI", &text))
		return;
	struct str type = predicate_type_of_name(text);
	if (!type.n && !is_uri(text))
		unknown_name(ld, at, text);
	else
		*out = (struct param_predicate){type.n ? type : text, text};
}
