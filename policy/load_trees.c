/* From bytes to documents of a known kind. */
#include "core/json.h"
#include "core/yaml.h"
#include "policy/limits.h"
#include "policy/loader.h"

static const char *const versions[] = {"assay.dev/v1", NULL};
static const char *const kinds[] = {"Policy", "Exception", NULL};

static bool add_doc(struct loader *ld, const struct node *root)
{
	struct load_doc *docs =
		arena_grow(ld->d.scratch, ld->docs, ld->n_docs, sizeof(*docs), &ld->room_docs);
	if (!docs)
		return false;
	ld->docs = docs;
	ld->docs[ld->n_docs++] = (struct load_doc){.file = ld->d.file, .root = root};
	return true;
}

static void syntax_error(struct loader *ld, const struct position *where, const struct err *e)
{
	problem_add(ld->d.problems, PROBLEM_ERROR, ld->d.file, where->line, where->column, "%s",
		    e->text);
	ld->partial = true;
}

/* A trusted root may lie beside the policies that name it. Its own media type tells it from a policy with
 * a mistake. source: sigstore protobuf-specs, sigstore_trustroot.proto */
static bool is_trusted_root(const struct node *root)
{
	return str_starts(node_str(node_get(root, S("mediaType"))),
			  S("application/vnd.dev.sigstore.trustedroot"));
}

static void parse_json(struct loader *ld, struct str bytes)
{
	struct position where = {0, 0};
	struct err e = {0};
	struct node *root;
	if (json_parse(ld->d.scratch, bytes, NULL, &root, &where, &e) < 0)
		syntax_error(ld, &where, &e);
	else if (!is_trusted_root(root))
		add_doc(ld, root);
}

/* The documents before an error are kept, so that their problems are listed too. */
static void parse_yaml(struct loader *ld, struct str bytes)
{
	struct position where = {0, 0};
	struct err e = {0};
	struct yaml_stream stream = {NULL, 0};
	if (yaml_parse(ld->d.scratch, bytes, &stream, &where, &e) < 0)
		syntax_error(ld, &where, &e);
	for (size_t i = 0; i < stream.n; i++) {
		if (!add_doc(ld, stream.docs[i].root))
			return;
	}
}

/* Another version or kind may have any other shape, so then nothing below is looked at. */
static void find_kind(struct loader *ld, struct load_doc *doc)
{
	static const struct decode_key keys[] = {
		{"apiVersion", DECODE_REQUIRED, "assay.dev/v1"},
		{"kind", DECODE_REQUIRED, "Policy or Exception"},
		{"metadata", DECODE_REQUIRED, "a map with a name"},
		{"spec", DECODE_REQUIRED, "a map"},
	};
	struct decode_at at = {NULL, NULL, 0, doc->root};
	size_t version, kind;

	ld->d.file = doc->file;
	if (!decode_map(&ld->d, &at, keys, sizeof(keys) / sizeof(keys[0]))) {
		ld->partial = true;
		return;
	}
	struct decode_at at_version = decode_member(&at, "apiVersion");
	struct decode_at at_kind = decode_member(&at, "kind");
	bool version_ok = decode_word(&ld->d, &at_version, versions, &version);
	bool kind_ok = decode_word(&ld->d, &at_kind, kinds, &kind);
	if (!version_ok || !kind_ok) {
		ld->partial = true;
		return;
	}
	doc->kind = kind == 0 ? LOAD_KIND_POLICY : LOAD_KIND_EXCEPTION;
	*(kind == 0 ? &ld->n_kind_policy : &ld->n_kind_exception) += 1;
}

void load_trees(struct loader *ld, const struct policy_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!decode_copy(&ld->d, files[i].name, &ld->d.file))
			return;
		if (str_ends(ld->d.file, S(".json")))
			parse_json(ld, files[i].bytes);
		else
			parse_yaml(ld, files[i].bytes);
	}
	for (size_t i = 0; i < ld->n_docs; i++)
		find_kind(ld, &ld->docs[i]);
}

struct str load_metadata(struct loader *ld, const struct decode_at *doc)
{
	static const struct decode_key keys[] = {{"name", DECODE_REQUIRED, "a name"}};
	struct str name = {NULL, 0};
	struct decode_at at = decode_member(doc, "metadata");
	if (decode_map(&ld->d, &at, keys, 1)) {
		struct decode_at at_name = decode_member(&at, "name");
		load_name(ld, &at_name, &name);
	}
	return name;
}
