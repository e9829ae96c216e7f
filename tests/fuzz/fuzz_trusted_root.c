/*
 * Any bytes as the JSON of a trusted root, and as PEM certificates of one's own. What is refused changes
 * nothing and says why; what is accepted has whole entries, and is there already when added again.
 */
#include "sigstore/trusted_root.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition))                                                                  \
			BUG("%s", #condition);                                                     \
	} while (0)

static void check_logs(const struct trusted_log *logs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		REQUIRE(logs[i].id.n == SHA256_BYTES && logs[i].checkpoint_id.n >= 4);
		REQUIRE(logs[i].window.from_unix_ms != INT64_MIN);
		REQUIRE(logs[i].window.from_unix_ms <= logs[i].window.until_unix_ms);
		REQUIRE(!logs[i].usable || logs[i].key.spki.n > 0);
		REQUIRE(trusted_log_find(logs, n, logs[i].id) == &logs[i]);
	}
}

static void check_authorities(const struct trusted_authority *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		REQUIRE(list[i].n_certificates >= 1 && list[i].n_certificates <= LIMIT_CHAIN);
		REQUIRE(list[i].window.from_unix_ms <= list[i].window.until_unix_ms);
		for (size_t k = 0; k < list[i].n_certificates; k++)
			REQUIRE(list[i].certificates[k].n > 0);
	}
}

static void check(struct arena *a, struct str in, struct trusted_root *root,
		  int (*add)(struct arena *, struct str, struct trusted_root *, struct err *))
{
	struct err e = {.kind = ERR_INTERNAL, .text = ""};
	struct trusted_root before = *root, once;

	if (add(a, in, root, &e) < 0) {
		REQUIRE(e.text[0] && str_is_utf8(str_of(e.text)));
		REQUIRE(memcmp(root, &before, sizeof(before)) == 0);
		return;
	}
	check_logs(root->logs, root->n_logs);
	check_logs(root->ct_logs, root->n_ct_logs);
	check_authorities(root->certificate_authorities, root->n_certificate_authorities);
	check_authorities(root->timestamp_authorities, root->n_timestamp_authorities);
	once = *root;
	if (add(a, in, root, &e) < 0) {
		/* too many for the list that would be made of both */
		REQUIRE(e.kind == ERR_LIMIT);
		return;
	}
	REQUIRE(root->n_logs == once.n_logs && root->n_ct_logs == once.n_ct_logs);
	REQUIRE(root->n_certificate_authorities == once.n_certificate_authorities);
	REQUIRE(root->n_timestamp_authorities == once.n_timestamp_authorities);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena *a = arena_new(64 << 20);
	struct str in = {(const char *)data, n};
	struct trusted_root root = {0};

	REQUIRE(a);
	check(a, in, &root, trusted_root_add);
	check(a, in, &root, trusted_root_add_certificates);
	check(a, in, &root, trusted_root_add_timestamp_chain);
	arena_free(a);
	return 0;
}
