/* Inclusion proofs: trees of 1 to 8 leaves against roots from elsewhere, and what is near a proof. */
#include <check.h>

#include "sigstore/merkle.h"
#include "tests/unit/log_fixture.h"

Suite *test_sig_merkle_suite(void);

#define LEAVES 8

/* Leaf i is i times the byte 'a' + i; roots by a program of another language. */
static const char *const roots[LEAVES + 1] = {
	NULL,
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"c561439833e4d980a46fa0b07b5d7c1a593c1e243a6b9ece5553188167f86e2d",
	"8a312b5cd53ff7e6d3751b4e7c0ab9f3bdb081e6a1ba9a4ff6f6d4e741ab07e2",
	"e8c6bbe16d733d0139a882ad03758b71ed2aa611c57928b9f6bddbafcfec520d",
	"bb30a9b03205683092c9ac376c8ef6e2b3a0013fe8a5220729373646854995e5",
	"c2e23f3c9f01aac40f8946c0ea2820b5e2b1c9ba9306d9c8b133484d412a6894",
	"b4bfc1eb5423ebe3752e4bed4bc095b523bfd344b4e1763c15aac2508a9230c5",
	"1c7ff12dbffb120d67c76302996b525e2311e2c3ea6909e1edbdc8e417517720",
};

static struct arena *a;
static struct sha256 leaves[LEAVES];

static void setup(void)
{
	a = arena_new(1 << 20);
	ck_assert_ptr_nonnull(a);
	for (size_t i = 0; i < LEAVES; i++) {
		char body[LEAVES];

		memset(body, (char)('a' + i), sizeof(body));
		ck_assert_int_eq(merkle_leaf((struct str){body, i}, &leaves[i], NULL), 0);
	}
}

static void teardown(void)
{
	arena_free(a);
}

START_TEST(roots_are_those_of_others)
{
	for (size_t n = 1; n <= LEAVES; n++) {
		struct sha256 root = tree_root(leaves, n);
		char hex[SHA256_HEX + 1];

		sha256_hex(&root, hex);
		ck_assert_str_eq(hex, roots[n]);
	}
}
END_TEST

START_TEST(every_leaf_of_every_tree_is_included_in_its_place_only)
{
	for (size_t n = 1; n <= LEAVES; n++) {
		struct sha256 root = tree_root(leaves, n);

		for (size_t i = 0; i < n; i++) {
			struct str hashes[63];
			size_t count = tree_proof(a, leaves, n, i, hashes);

			for (uint64_t at = 0; at < LEAVES + 1; at++)
				ck_assert_int_eq(merkle_includes(&leaves[i], at, n, hashes, count,
								 &root, NULL),
						 at == i);
		}
	}
}
END_TEST

START_TEST(a_proof_with_one_hash_more_less_or_other_is_none)
{
	struct sha256 root = tree_root(leaves, 7), other = root;
	struct str hashes[63], *h = hashes, short_hash[3];
	size_t n = tree_proof(a, leaves, 7, 4, hashes);

	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(merkle_includes(&leaves[4], 4, 7, h, n, &root, NULL), 1);
	ck_assert_int_eq(merkle_includes(&leaves[3], 4, 7, h, n, &root, NULL), 0);
	ck_assert_int_eq(merkle_includes(&leaves[4], 4, 7, h, n - 1, &root, NULL), 0);
	ck_assert_int_eq(merkle_includes(&leaves[4], 4, 7, h + 1, n - 1, &root, NULL), 0);
	hashes[n] = hashes[0];
	ck_assert_int_eq(merkle_includes(&leaves[4], 4, 7, h, n + 1, &root, NULL), 0);
	ck_assert_int_eq(merkle_includes(&leaves[4], 4, 7, h, 0, &root, NULL), 0);
	other.bytes[31] ^= 1;
	ck_assert_int_eq(merkle_includes(&leaves[4], 4, 7, h, n, &other, NULL), 0);
	memcpy(short_hash, hashes, sizeof(short_hash));
	short_hash[1].n = 31;
	ck_assert_int_eq(merkle_includes(&leaves[4], 4, 7, short_hash, n, &root, NULL), 0);
	for (size_t i = 0; i < n; i++) {
		((char *)hashes[i].p)[7] ^= 0x40;
		ck_assert_int_eq(merkle_includes(&leaves[4], 4, 7, h, n, &root, NULL), 0);
		((char *)hashes[i].p)[7] ^= 0x40;
	}
}
END_TEST

START_TEST(an_index_outside_the_tree_is_in_no_place)
{
	struct sha256 root = leaves[0];

	ck_assert_int_eq(merkle_includes(&leaves[0], 0, 1, NULL, 0, &root, NULL), 1);
	ck_assert_int_eq(merkle_includes(&leaves[0], 0, 0, NULL, 0, &root, NULL), 0);
	ck_assert_int_eq(merkle_includes(&leaves[0], 1, 1, NULL, 0, &root, NULL), 0);
	ck_assert_int_eq(merkle_includes(&leaves[0], UINT64_MAX, 1, NULL, 0, &root, NULL), 0);
	ck_assert_int_eq(merkle_includes(&leaves[0], 0, 2, NULL, 0, &root, NULL), 0);
}
END_TEST

/* The longest proof that there is: the first and the last leaf of a tree of 2^63 entries. */
START_TEST(sizes_have_63_bits)
{
	uint64_t size = (uint64_t)1 << 63;
	struct sha256 left = leaves[0], right = leaves[0];
	struct str hashes[64];

	for (size_t i = 0; i < 63; i++) {
		struct sha256 sibling = leaves[i % LEAVES], pair[2] = {left, sibling};

		hashes[i] = (struct str){arena_dup(a, sibling.bytes, SHA256_BYTES), SHA256_BYTES};
		left = tree_root(pair, 2);
		pair[0] = sibling;
		pair[1] = right;
		right = tree_root(pair, 2);
	}
	hashes[63] = hashes[0];
	ck_assert_int_eq(merkle_includes(&leaves[0], 0, size, hashes, 63, &left, NULL), 1);
	ck_assert_int_eq(merkle_includes(&leaves[0], size - 1, size, hashes, 63, &right, NULL), 1);
	ck_assert_int_eq(merkle_includes(&leaves[0], 0, size, hashes, 62, &left, NULL), 0);
	ck_assert_int_eq(merkle_includes(&leaves[0], 0, size, hashes, 64, &left, NULL), 0);
	ck_assert_int_eq(merkle_includes(&leaves[0], size - 1, size, hashes, 64, &right, NULL), 0);
}
END_TEST

Suite *test_sig_merkle_suite(void)
{
	Suite *s = suite_create("sig_merkle");
	TCase *tc = tcase_create("sig_merkle");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, roots_are_those_of_others);
	tcase_add_test(tc, every_leaf_of_every_tree_is_included_in_its_place_only);
	tcase_add_test(tc, a_proof_with_one_hash_more_less_or_other_is_none);
	tcase_add_test(tc, an_index_outside_the_tree_is_in_no_place);
	tcase_add_test(tc, sizes_have_63_bits);
	suite_add_tcase(s, tc);
	return s;
}
