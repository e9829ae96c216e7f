#include "sigstore/pem.h"

#include "core/base64.h"
#include "sigstore/limits.h"

#define BEGIN S("-----BEGIN ")
#define END S("-----END ")
#define DASHES S("-----")

/* The next line without its end; false when there is none. */
static bool next_line(struct str *rest, struct str *line)
{
	if (rest->n == 0)
		return false;
	if (!str_cut(*rest, '\n', line, rest)) {
		*line = *rest;
		*rest = (struct str){rest->p + rest->n, 0};
	}
	while (line->n > 0 && (line->p[line->n - 1] == '\r' || line->p[line->n - 1] == ' ' ||
			       line->p[line->n - 1] == '\t'))
		line->n--;
	return true;
}

/* "-----BEGIN LABEL-----" with a label of upper-case letters, digits and spaces. */
static bool boundary(struct str line, struct str head, struct str *label)
{
	struct str l;

	if (!str_starts(line, head) || !str_ends(line, DASHES) || line.n < head.n + DASHES.n + 1)
		return false;
	l = str_sub(line, head.n, line.n - DASHES.n);
	for (size_t i = 0; i < l.n; i++) {
		if (!(l.p[i] >= 'A' && l.p[i] <= 'Z') && !(l.p[i] >= '0' && l.p[i] <= '9') &&
		    l.p[i] != ' ')
			return false;
	}
	*label = l;
	return true;
}

static bool find_block(struct str *rest, struct str *label)
{
	struct str line;

	while (next_line(rest, &line)) {
		if (boundary(line, BEGIN, label))
			return true;
	}
	return false;
}

/* The base64 characters between the boundaries. */
static int collect(struct text *t, struct str *rest, struct str label, struct err *e)
{
	struct str line, other;

	while (next_line(rest, &line)) {
		if (boundary(line, END, &other)) {
			if (str_eq(other, label))
				return 0;
			return err_set(e, ERR_INPUT, "pem: block \"%.*s\" ends as another one",
				       STR_ARG(label));
		}
		if (str_has_char(line, ':'))
			return err_set(e, ERR_INPUT, "pem: block \"%.*s\" has header lines",
				       STR_ARG(label));
		text_put(t, line);
	}
	return err_set(e, ERR_INPUT, "pem: block \"%.*s\" does not end", STR_ARG(label));
}

int pem_parse(struct arena *a, struct str text, struct pem *out, struct err *e)
{
	struct str rest = text, label, other, base64, der;
	struct text t;

	if (text.n > LIMIT_KEY_PEM_BYTES)
		return err_set(e, ERR_LIMIT, "pem: more than %u bytes", LIMIT_KEY_PEM_BYTES);
	if (!find_block(&rest, &label))
		return err_set(e, ERR_INPUT, "pem: no line \"-----BEGIN ...-----\"");
	text_init(&t, a, LIMIT_KEY_PEM_BYTES);
	TRY(collect(&t, &rest, label, e));
	if (find_block(&rest, &other))
		return err_set(e, ERR_INPUT, "pem: more than one block");
	if (!text_done(&t, &base64))
		return err_set(e, ERR_LIMIT, "pem: no room for its bytes");
	if (base64_decode(a, base64, &der, e) < 0)
		return err_wrap(e, "pem: block \"%.*s\"", STR_ARG(label));
	if (der.n == 0)
		return err_set(e, ERR_INPUT, "pem: block \"%.*s\" is empty", STR_ARG(label));
	*out = (struct pem){label, der};
	return 0;
}
