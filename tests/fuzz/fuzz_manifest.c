/*
 * Manifests, indexes and lists of referrers. The first line is the Content-Type, the rest the body. What
 * parses holds what the header promises: one kind, digests that are what they say, no more referrers
 * than allowed.
 */
#include <stdint.h>
#include <string.h>

#include "oci/limits.h"
#include "oci/manifest.h"
#include "oci/referrers.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			BUG("%s", #condition);                                                     \
	} while (0)

static void check_descriptor(const struct descriptor *d)
{
	struct sha256 again;
	REQUIRE(d->media_type.n > 0 && d->digest_text.n > 0);
	REQUIRE(sha256_parse(d->digest_text, &again) == d->has_sha256);
	REQUIRE(!d->has_sha256 || memcmp(&again, &d->digest, sizeof(again)) == 0);
	REQUIRE(d->size <= INT64_MAX);
	for (size_t i = 0; i < node_len(d->annotations); i++) {
		const struct node_pair *p = &d->annotations->map.pairs[i];
		REQUIRE(p->value->type == NODE_STR);
		REQUIRE(str_eq(manifest_annotation(d->annotations, p->key), p->value->str));
	}
}

static void check(const struct manifest *m)
{
	REQUIRE(m->kind == MANIFEST_IMAGE || m->kind == MANIFEST_INDEX);
	REQUIRE(m->kind == MANIFEST_IMAGE || m->n_layers == 0);
	REQUIRE(m->kind == MANIFEST_INDEX || m->n_manifests == 0);
	if (m->kind == MANIFEST_IMAGE)
		check_descriptor(&m->config);
	if (m->has_subject)
		check_descriptor(&m->subject);
	for (size_t i = 0; i < m->n_layers; i++)
		check_descriptor(&m->layers[i]);
	for (size_t i = 0; i < m->n_manifests; i++)
		check_descriptor(&m->manifests[i]);
}

static void check_referrers(struct arena *a, struct str body, struct str type,
			    const struct manifest *m)
{
	struct registry_referrers r = {.n = 0};
	struct err e = {0};
	bool index = m && m->kind == MANIFEST_INDEX;
	int rc = referrers_add(a, body, type, NULL, &r, &e);
	REQUIRE((rc == 0) == index || e.kind == ERR_LIMIT);
	REQUIRE(r.n <= LIMIT_REFERRERS);
	if (rc < 0)
		return;
	REQUIRE(r.truncated == (m->n_manifests > LIMIT_REFERRERS || m->n_malformed > 0));
	REQUIRE(r.n == (m->n_manifests < LIMIT_REFERRERS ? m->n_manifests : LIMIT_REFERRERS));
	for (size_t i = 0; i < r.n; i++)
		check_descriptor(&r.items[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new(64 << 20);
	struct str all = {(const char *)data, n}, type = {NULL, 0}, body = all;
	struct manifest m, list;
	struct err e = {.kind = ERR_INTERNAL};

	str_cut(all, '\n', &type, &body);
	if (a) {
		bool parsed = manifest_parse(a, body, type, &m, &e) == 0;
		REQUIRE(parsed || ((e.kind == ERR_INPUT || e.kind == ERR_LIMIT) && e.text[0]));
		if (parsed)
			check(&m);
		bool listed = manifest_parse_list(a, body, type, &list, &e) == 0;
		REQUIRE(listed || !parsed || e.kind == ERR_LIMIT);
		if (listed) {
			check(&list);
			REQUIRE(parsed == (list.n_malformed == 0));
		}
		check_referrers(a, body, type, listed ? &list : NULL);
	}
	arena_free(a);
	return 0;
}
