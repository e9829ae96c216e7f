"""The project's own repositories, recorded: verdicts, texts, JSON."""

from context import HOSTS, IMAGE, fingerprint, key, over, report, verify
from harness import ends, equal, holds

OURS = fingerprint(key("p256"))
OTHER = fingerprint(key("other"))
P384 = fingerprint(key("p384"))
OTHER_IMAGE = "sha256:e7b0c7ca59efa17fc92e5aafb66a8109dd8bac6baf3db6e56c926dfa263ec1ea"
SPDX = 'a statement of type "https://spdx.dev/Document", want "https://sigstore.dev/cosign/sign/v1"'
FITS_NONE = "names no key, and fits none of ours"
OF_OTHER = "a good signature of %s, not of %s" % (OTHER_IMAGE, IMAGE)
NO_ANNOTATION = 'a good signature without annotation "team", want "infra"'
BROKEN = "names our key, and is not its signature of this content"
BY = ", made by p256.pub"


def unknown(print_):
    return "names key %s, and fits none of ours" % print_


# repository -> exit code, verdict, (made, counting), candidates as "format verdict"
EXPECTED = {
    "app-signed-legacy": (0, "verified: signed by p256.pub", (1, 1), ["legacy-sig verified" + BY]),
    "app-signed-bundle": (0, "verified: signed by p256.pub", (1, 1), ["bundle-v0.3 verified" + BY]),
    "app-unsigned": (1, "not verified: unsigned: no_signature: no signature was found", (0, 0), []),
    "app-other-key": (
        1, "not verified: untrusted_key: key_fits_none: " + FITS_NONE, (0, 0),
        ["legacy-sig rejected: key_fits_none: " + FITS_NONE,
         "bundle-v0.3 rejected: key_unknown: " + unknown(OTHER)]),
    "app-tampered": (
        1, "not verified: bad_signature: signature_wrong: " + BROKEN, (0, 0),
        ["bundle-v0.3 rejected: signature_wrong: " + BROKEN]),
    "app-tampered-legacy": (
        1, "not verified: untrusted_key: key_fits_none: " + FITS_NONE, (0, 0),
        ["legacy-sig rejected: key_fits_none: " + FITS_NONE]),
    "app-wrong-digest": (
        1, "not verified: digest_mismatch: digest: " + OF_OTHER, (2, 0),
        ["legacy-sig rejected: digest: " + OF_OTHER + BY, "bundle-v0.3 rejected: digest: " + OF_OTHER + BY]),
    "app-attested-only": (
        1, "not verified: unsigned: predicate_type: " + SPDX, (1, 0),
        ["bundle-v0.3 rejected: predicate_type: " + SPDX + BY]),
    "app-several": (
        0, "verified: signed by p256.pub", (1, 1),
        ["legacy-sig verified" + BY,
         "bundle-v0.3 rejected: key_unknown: " + unknown(P384),
         "bundle-v0.3 rejected: signature_wrong: " + BROKEN,
         "bundle-v0.3 rejected: key_unknown: " + unknown(OTHER),
         "bundle-v0.3 rejected: certificate: made by the holder of a certificate, not of a key",
         "none rejected: json: bundle: not valid JSON: it ends too early"]),
}  # fmt: skip


def counted(made, counting):
    return "made %d, of which %d count%s" % (made, counting, "s" if counting == 1 else "")


def check_text(result, host, repository):
    code, verdict, counts, candidates = EXPECTED[repository]
    lines = result.lines()
    ends(result, code, err="")
    equal("the first lines", lines[:4], [
        "%s/%s@%s" % (host, repository, IMAGE),
        verdict,
        "key p256.pub (ecdsa-p256, %s): %s" % (OURS, counted(*counts)),
        "candidates: %d" % len(candidates),
    ])
    equal("candidates", [line.split(" ", 3)[3] for line in lines[4:]], candidates)
    for line in lines[4:]:
        equal("digest of %r" % line, line[:9] + str(len(line.split()[0])), "  sha256:71")


ALL = [(host, repository) for host in HOSTS for repository in EXPECTED]


@over(ALL)
def test_every_repository_by_digest(host, repository):
    check_text(verify("--key", "p256.pub", "%s/%s@%s" % (host, repository, IMAGE)), host, repository)


@over(ALL)
def test_every_repository_by_tag(host, repository):
    check_text(verify("--key", "p256.pub", "%s/%s:1" % (host, repository)), host, repository)


@over(ALL)
def test_json_says_what_the_text_says(host, repository):
    code, verdict, (made, counting), candidates = EXPECTED[repository]
    result = verify("-o", "json", "--key", "p256.pub", "%s/%s:1" % (host, repository))
    ends(result, code, err="")
    said = report(result)
    equal("reference", said["reference"], "%s/%s:1" % (host, repository))
    equal("image", said["image"], "%s/%s@%s" % (host, repository, IMAGE))
    equal("result", said["result"], "not_verified" if code else "verified")
    equal("keys", said["keys"], [{"file": "p256.pub", "fingerprint": OURS, "algorithm": "ecdsa-p256",
                                  "made": made, "verified": counting}])
    whole = "verified" if not code else "not verified: %s: %s: %s" % (
        said["state"], said["reason"], said["message"])
    equal("verdict", whole, verdict.split(": signed")[0])
    equal("truncated", said["truncated"], False)
    lines = []
    for c in said["candidates"]:
        by = ", made by " + c["madeBy"]["file"] if "madeBy" in c else ""
        no = "rejected: %s: %s" % (c["reason"], c.get("message"))
        lines.append("%s %s%s" % (c["format"], "verified" if c["state"] == "verified" else no, by))
    equal("candidates", lines, candidates)


@over([(host,) for host in HOSTS])
def test_any_of_several_keys_suffices(host):
    result = verify("-k", "other.pub", "-k", "p384.pub", "-k", "p256.pub", host + "/app-several:1")
    ends(result, 0, err="")
    equal("lines", result.lines()[1:5], [
        "verified: signed by other.pub and p384.pub and p256.pub",
        "key other.pub (ecdsa-p256, %s): made 1, of which 1 counts" % OTHER,
        "key p384.pub (ecdsa-p384, %s): made 1, of which 1 counts" % P384,
        "key p256.pub (ecdsa-p256, %s): made 1, of which 1 counts" % OURS,
    ])


@over([(host,) for host in HOSTS])
def test_annotation_that_one_signature_has(host):
    result = verify("-k", "p256.pub", "-a", "team=infra", host + "/app-annotated:1")
    ends(result, 0, err="")
    equal("candidates", [line.split(" ", 3)[3] for line in result.lines()[4:]], [
        "legacy-sig rejected: annotation: " + NO_ANNOTATION + BY, "bundle-v0.3 verified" + BY])


def test_annotation_that_no_signature_has():
    result = verify("-k", "p256.pub", "-a", "team=infra", "with.example/app-signed-legacy:1")
    ends(result, 1, err="")
    equal("verdict", result.lines()[1], "not verified: digest_mismatch: annotation: " + NO_ANNOTATION)


def test_annotation_with_an_equals_sign_in_its_value():
    result = verify("-k", "p256.pub", "-a", "team=infra=x", "with.example/app-annotated:1")
    ends(result, 1, err="")
    holds("verdict", result.lines()[1], 'annotation: ')
    holds("verdict", result.lines()[1], '"infra=x"')


@over([(host,) for host in HOSTS])
def test_signatures_of_another_repository(host):
    elsewhere = host + "/signatures/of-others"
    image = host + "/app-unsigned:1"
    result = verify("-k", "p256.pub", "--signature-repository", elsewhere, image)
    ends(result, 0, err="")
    equal("lines", result.lines()[:3], [
        "%s/app-unsigned@%s" % (host, IMAGE), "verified: signed by p256.pub",
        "signatures of repository " + elsewhere])
    result = verify("-o", "json", "-k", "p256.pub", "--signature-repository", elsewhere, image)
    equal("signatureRepository", report(result)["signatureRepository"], elsewhere)


@over([(host,) for host in HOSTS])
def test_a_tag_alone_is_resolved(host):
    result = verify(host + "/app-unsigned:1")
    ends(result, 0, "%s/app-unsigned@%s\n" % (host, IMAGE), "")
    result = verify("-o", "json", host + "/app-unsigned:1")
    ends(result, 0, err="")
    equal("JSON", report(result), {"reference": host + "/app-unsigned:1", "result": "resolved",
                                   "image": "%s/app-unsigned@%s" % (host, IMAGE)})


def test_the_digest_decides_when_there_is_a_tag_too():
    result = verify("-k", "p256.pub", "with.example/app-signed-bundle:no-such-tag@" + IMAGE)
    ends(result, 0, err="")
    equal("image", result.lines()[0], "with.example/app-signed-bundle@" + IMAGE)


def test_a_tag_that_is_not_there():
    text = "the recorded with.example does not hold manifests/9"
    for more in ((), ("-k", "p256.pub")):
        result = verify(*more, "with.example/app-unsigned:9")
        ends(result, 1, "", "assay verify: with.example/app-unsigned:9: tag not resolved: %s\n" % text)
    result = verify("-o", "json", "with.example/app-unsigned:9")
    equal("JSON", report(result), {"reference": "with.example/app-unsigned:9", "result": "not_verified",
                                   "registry": "not_found", "message": text})


def test_latest_is_the_tag_of_a_bare_name():
    result = verify("with.example/app-unsigned")
    ends(result, 1, "", "assay verify: with.example/app-unsigned:latest: tag not resolved: "
                        "the recorded with.example does not hold manifests/latest\n")
