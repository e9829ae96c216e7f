/* Texts that authorities name or hold, and trusted roots made of them. spec: sigstore 6.5, 7.6 */
#include "core/file.h"
#include "policy/limits.h"
#include "policy/loader.h"

/* ---- texts ---- */

static const struct load_key_file *find_file(const struct loader *ld, const char *path)
{
	for (const struct load_key_file *f = ld->key_files; f; f = f->next) {
		if (str_eq(f->path, str_of(path)))
			return f;
	}
	return NULL;
}

/* Kept, because it is part of what was loaded. */
static bool keep_file(struct loader *ld, const char *path, struct str bytes)
{
	struct load_key_file *f = arena_alloc(ld->d.arena, sizeof(*f));
	if (!f)
		return false;
	*f = (struct load_key_file){ld->key_files, str_of(path), bytes};
	ld->key_files = f;
	ld->n_key_files++;
	return true;
}

static bool read_text(struct loader *ld, const struct decode_at *at, size_t max,
		      struct policy_text *out)
{
	struct err e = {0};
	if (!decode_str(&ld->d, at, "a file name, relative to this file", &out->file))
		return false;
	if (memchr(out->file.p, '\0', out->file.n) || str_eq(out->file, S("-"))) {
		decode_error(&ld->d, at, "%s is no file name", decode_quote(&ld->d, out->file));
		return false;
	}
	const char *path = file_join(ld->d.arena, file_dir(ld->d.file.p), out->file);
	if (!path)
		return false;
	const struct load_key_file *known = find_file(ld, path);
	if (known) {
		out->bytes = known->bytes;
		return true;
	}
	if (file_read(ld->d.arena, path, max, &out->bytes, &e) == 0)
		return keep_file(ld, path, out->bytes);
	decode_error(&ld->d, at, "%s", e.text);
	return false;
}

bool load_text(struct loader *ld, const struct decode_at *at, const char *what, size_t max,
	       struct policy_text *out)
{
	static const struct decode_key keys[] = {
		{"file", DECODE_OPTIONAL, NULL},
		{"inline", DECODE_OPTIONAL, NULL},
	};
	if (!decode_map(&ld->d, at, keys, 2))
		return false;
	struct decode_at file = decode_member(at, "file");
	struct decode_at text = decode_member(at, "inline");
	if (!file.node == !text.node) {
		decode_error(&ld->d, at, "want exactly one of file and inline");
		return false;
	}
	return file.node ? read_text(ld, &file, max, out)
			 : decode_str(&ld->d, &text, what, &out->bytes);
}

/* Where its problems stand: the file's name or the text. */
static void text_error(struct loader *ld, const struct decode_at *at, const struct policy_text *t,
		       const char *why)
{
	struct decode_at inside = decode_member(at, t->file.n ? "file" : "inline");
	if (t->file.n)
		decode_error(&ld->d, &inside, "%s: %s", decode_quote(&ld->d, t->file), why);
	else
		decode_error(&ld->d, &inside, "%s", why);
}

/* ---- trusted roots ---- */

static bool hash_texts(const struct policy_text *texts, size_t n, struct sha256 *out)
{
	struct sha256_ctx c;
	struct err e;
	int rc = 0;
	if (sha256_init(&c, &e) < 0)
		return false;
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct sha256 one;
		rc = sha256_of(texts[i].bytes, &one, &e);
		if (rc == 0)
			rc = sha256_update(&c, (struct str){(const char *)one.bytes, SHA256_BYTES},
					   &e);
	}
	sha256_final(&c, rc == 0 ? out : NULL);
	return rc == 0;
}

static const struct trusted_root *find_root(const struct loader *ld, const struct sha256 *of)
{
	for (const struct load_root *r = ld->roots; r; r = r->next) {
		if (memcmp(r->of.bytes, of->bytes, SHA256_BYTES) == 0)
			return r->root;
	}
	return NULL;
}

static void keep_root(struct loader *ld, const struct sha256 *of, const struct trusted_root *root)
{
	struct load_root *r = arena_alloc(ld->d.arena, sizeof(*r));
	if (!r)
		return;
	*r = (struct load_root){ld->roots, *of, root};
	ld->roots = r;
}

/* The place of text i: of `trustedRoot` itself, or of an item of `trustedRoots`. */
static struct decode_at place_of(const struct decode_at *at, bool one, size_t i)
{
	return one ? *at : decode_item(at, i);
}

static const struct trusted_root *make_root(struct loader *ld, const struct decode_at *at,
					    const struct policy_authority *a)
{
	struct sha256 of;
	struct err e = {0};
	if (!hash_texts(a->roots, a->n_roots, &of))
		return NULL;
	const struct trusted_root *known = find_root(ld, &of);
	if (known)
		return known;
	struct trusted_root *root = arena_alloc(ld->d.arena, sizeof(*root));
	if (!root)
		return NULL;
	for (size_t i = 0; i < a->n_roots; i++) {
		struct decode_at item = place_of(at, a->one_root, i);
		if (trusted_root_add(ld->d.arena, a->roots[i].bytes, root, &e) == 0)
			continue;
		text_error(ld, &item, &a->roots[i], e.text);
		return NULL;
	}
	keep_root(ld, &of, root);
	return root;
}

static const struct trusted_root *load_root_texts(struct loader *ld, const struct decode_at *at,
						  size_t n, struct policy_authority *a)
{
	struct policy_text *texts = arena_calloc(ld->d.arena, n, sizeof(*texts));
	bool right = texts != NULL;
	for (size_t i = 0; texts && i < n; i++) {
		struct decode_at item = place_of(at, a->one_root, i);
		right &= load_text(ld, &item, "the JSON of a trusted root",
				   LIMIT_TRUSTED_ROOT_BYTES, &texts[i]);
	}
	a->roots = texts;
	a->n_roots = texts ? n : 0;
	return right ? make_root(ld, at, a) : NULL;
}

const struct trusted_root *load_roots(struct loader *ld, const struct decode_at *at,
				      struct policy_authority *a)
{
	struct decode_at one = decode_member(at, "trustedRoot");
	struct decode_at many = decode_member(at, "trustedRoots");
	if (one.node && many.node) {
		decode_error(&ld->d, at, "has both trustedRoot and trustedRoots: want one of them");
		return NULL;
	}
	a->one_root = one.node != NULL;
	if (one.node)
		return load_root_texts(ld, &one, 1, a);
	if (!decode_list(&ld->d, &many, "a list of trusted roots, at least one"))
		return NULL;
	if (node_len(many.node) <= LIMIT_TRUSTED_ROOTS)
		return load_root_texts(ld, &many, node_len(many.node), a);
	decode_error(&ld->d, &many, "has %zu trusted roots: at most %d are allowed",
		     node_len(many.node), LIMIT_TRUSTED_ROOTS);
	return NULL;
}

/* ---- certificates of one's own ---- */

static bool add_own(struct loader *ld, const struct decode_at *at, const struct policy_text *t,
		    struct trusted_root *root,
		    int (*add)(struct arena *, struct str, struct trusted_root *, struct err *))
{
	struct err e = {0};
	if (add(ld->d.arena, t->bytes, root, &e) == 0)
		return true;
	text_error(ld, at, t, e.text);
	return false;
}

static bool add_trusted(struct loader *ld, const struct decode_at *at, struct policy_authority *a,
			struct trusted_root *root)
{
	struct decode_at one = decode_member(at, "trustedRoot");
	struct decode_at many = decode_member(at, "trustedRoots");
	const struct trusted_root *given;
	if (!one.node && !many.node)
		return true;
	given = load_roots(ld, at, a);
	if (!given)
		return false;
	/* Its certificate authorities issue for the public: only what it says of logs and times counts. */
	*root = *given;
	root->certificate_authorities = NULL;
	root->n_certificate_authorities = 0;
	return true;
}

const struct trusted_root *load_own_roots(struct loader *ld, const struct decode_at *at,
					  struct policy_authority *a)
{
	struct decode_at roots = decode_member(at, "roots");
	struct decode_at tsa = decode_member(at, "timestampAuthority");
	struct trusted_root *root = arena_alloc(ld->d.arena, sizeof(*root));
	bool right = root && add_trusted(ld, at, a, root);
	right &= load_text(ld, &roots, "a PEM text", LIMIT_TRUSTED_ROOT_BYTES, &a->own_roots);
	if (tsa.node)
		right &= load_text(ld, &tsa, "a PEM text", LIMIT_TRUSTED_ROOT_BYTES,
				   &a->timestamp_chain);
	right = right && add_own(ld, &roots, &a->own_roots, root, trusted_root_add_certificates);
	right = right && (!tsa.node || add_own(ld, &tsa, &a->timestamp_chain, root,
					       trusted_root_add_timestamp_chain));
	return right ? root : NULL;
}
