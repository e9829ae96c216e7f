/* The transparency log entries of a bundle: types, ranges, and what each version demands. */
#include "core/digest.h"
#include "sigstore/bundle.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PATH "verificationMaterial.tlogEntries"

static const struct str entry_fields[] = {
	{"logIndex", 8},           {"logId", 5},
	{"kindVersion", 11},       {"integratedTime", 14},
	{"inclusionPromise", 16},  {"inclusionProof", 14},
	{"canonicalizedBody", 17},
};
static const struct str id_field[] = {{"keyId", 5}};
static const struct str kind_fields[] = {{"kind", 4}, {"version", 7}};
static const struct str promise_field[] = {{"signedEntryTimestamp", 20}};
static const struct str proof_fields[] = {
	{"logIndex", 8}, {"rootHash", 8}, {"treeSize", 8}, {"hashes", 6}, {"checkpoint", 10},
};
static const struct str checkpoint_field[] = {{"envelope", 8}};

/* The member message `name`, whose only field is of type bytes. Absent: empty. */
static int parse_bytes_in(const struct pj *r, struct pj_at entry, const char *name,
			  const char *path, const struct str *field, struct str *out)
{
	struct pj_at at = {NULL, path};

	TRY(pj_map(r, entry, name, &at.map));
	if (!at.map)
		return 0;
	TRY(pj_fields(r, at, field, 1));
	return pj_bytes(r, at, field->p, out);
}

static int parse_kind(const struct pj *r, struct pj_at entry, struct bundle_log_entry *out)
{
	struct pj_at at = {NULL, PATH ".kindVersion"};

	TRY(pj_map(r, entry, "kindVersion", &at.map));
	if (!at.map)
		return 0;
	TRY(pj_fields(r, at, kind_fields, COUNT(kind_fields)));
	TRY(pj_str(r, at, "kind", &out->kind));
	return pj_str(r, at, "version", &out->version);
}

static int parse_checkpoint(const struct pj *r, struct pj_at proof, struct bundle_log_entry *out)
{
	struct pj_at at = {NULL, PATH ".inclusionProof.checkpoint"};

	TRY(pj_map(r, proof, "checkpoint", &at.map));
	if (at.map) {
		TRY(pj_fields(r, at, checkpoint_field, COUNT(checkpoint_field)));
		TRY(pj_str(r, at, "envelope", &out->checkpoint));
	}
	if (out->checkpoint.n == 0)
		return sig_fault_set(r->fault, VERIFY_LOG_CHECKPOINT_MISSING, "%s: missing",
				     at.path);
	if (out->checkpoint.n > LIMIT_CHECKPOINT_BYTES)
		return sig_fault_set(r->fault, VERIFY_LOG_CHECKPOINT_SIZE,
				     "%s: %zu bytes, at most %u", at.path, out->checkpoint.n,
				     LIMIT_CHECKPOINT_BYTES);
	return 0;
}

static int parse_hashes(const struct pj *r, struct pj_at proof, struct bundle_log_entry *out)
{
	const char *path = PATH ".inclusionProof.hashes";
	const struct node *list;

	TRY(pj_list(r, proof, "hashes", NODE_STR, LIMIT_PROOF_HASHES, VERIFY_LOG_PROOF_HASHES,
		    &list));
	out->proof_hashes = arena_calloc(r->arena, node_len(list), sizeof(*out->proof_hashes));
	if (!out->proof_hashes)
		return sig_fault_room(r->fault);
	for (size_t i = 0; i < node_len(list); i++) {
		TRY(pj_bytes_of(r, node_at(list, i), path, &out->proof_hashes[i]));
		if (out->proof_hashes[i].n != SHA256_BYTES)
			return sig_fault_set(r->fault, VERIFY_LOG_PROOF_HASHES,
					     "%s[%zu]: %zu bytes, want %d", path, i,
					     out->proof_hashes[i].n, SHA256_BYTES);
	}
	out->n_proof_hashes = node_len(list);
	return 0;
}

static int parse_proof(const struct pj *r, struct pj_at entry, struct bundle_log_entry *out)
{
	struct pj_at at = {NULL, PATH ".inclusionProof"};

	TRY(pj_map(r, entry, "inclusionProof", &at.map));
	if (!at.map)
		return 0;
	TRY(pj_fields(r, at, proof_fields, COUNT(proof_fields)));
	TRY(pj_int64(r, at, "logIndex", &out->proof_index));
	TRY(pj_int64(r, at, "treeSize", &out->proof_tree_size));
	TRY(pj_bytes(r, at, "rootHash", &out->proof_root));
	TRY(parse_hashes(r, at, out));
	TRY(parse_checkpoint(r, at, out));
	out->has_proof = true;
	return 0;
}

static int check_version(const struct pj *r, const struct bundle *b,
			 const struct bundle_log_entry *entry)
{
	if (b->format == BUNDLE_V01 && entry->promise.n == 0)
		return sig_fault_set(r->fault, VERIFY_LOG_PROMISE_MISSING,
				     PATH ": no inclusion promise, which version 0.1 demands");
	if (b->format != BUNDLE_V01 && !entry->has_proof)
		return sig_fault_set(r->fault, VERIFY_LOG_PROOF_MISSING,
				     PATH ": no inclusion proof");
	return 0;
}

/* One entry counted twice would pass a threshold of two. */
static int check_repeated(const struct pj *r, const struct bundle_log_entry *entries, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (entries[i].log_index == entries[n].log_index &&
		    str_eq(entries[i].log_id, entries[n].log_id))
			return sig_fault_set(r->fault, VERIFY_LOG_ENTRY_TWICE,
					     PATH "[%zu]: the same as [%zu]", n, i);
	}
	return 0;
}

static int parse_entry(const struct pj *r, const struct node *item, struct bundle_log_entry *out)
{
	struct pj_at at = {item, PATH};

	TRY(pj_fields(r, at, entry_fields, COUNT(entry_fields)));
	TRY(pj_int64(r, at, "logIndex", &out->log_index));
	TRY(pj_int64(r, at, "integratedTime", &out->integrated_unix_s));
	TRY(pj_bytes(r, at, "canonicalizedBody", &out->body));
	TRY(parse_bytes_in(r, at, "logId", PATH ".logId", id_field, &out->log_id));
	TRY(parse_bytes_in(r, at, "inclusionPromise", PATH ".inclusionPromise", promise_field,
			   &out->promise));
	TRY(parse_kind(r, at, out));
	return parse_proof(r, at, out);
}

int bundle_parse_log(const struct pj *r, const struct node *material, struct bundle *b)
{
	struct pj_at at = {material, "verificationMaterial"};
	const struct node *list;

	TRY(pj_list(r, at, "tlogEntries", NODE_MAP, LIMIT_LOG_ENTRIES, VERIFY_LOG_ENTRIES, &list));
	b->log_entries = arena_calloc(r->arena, node_len(list), sizeof(*b->log_entries));
	if (!b->log_entries)
		return sig_fault_room(r->fault);
	for (size_t i = 0; i < node_len(list); i++) {
		TRY(parse_entry(r, node_at(list, i), &b->log_entries[i]));
		TRY(check_version(r, b, &b->log_entries[i]));
		TRY(check_repeated(r, b->log_entries, i));
	}
	b->n_log_entries = node_len(list);
	return 0;
}
