"""`assay verify-bundle`: the project's own bundles, and the public conformance cases as far as keys go."""

import glob
import json
import os
import re

from context import IMAGE, ROOT, SHARED, VECTORS, Skip, fingerprint, key, over
from make_registry import digest
from harness import Failed, Folder, assay, ends, equal

# What the protocol has no option for.
UNASKED = {"layer", "annotations", "want", "reference", "schemes", "window", "log_threshold", "time_threshold",
           "key_index"}  # fmt: skip
# The protocol takes statements of every type, and signatures over the artifact.
TAKEN = {"predicate_type", "message_signature"}
CONFORMANCE = os.path.join(SHARED, "conformance")
CASES = os.path.join(CONFORMANCE, "bundle-verify")
COSIGN_SIGN = "https://sigstore.dev/cosign/sign/v1"
LOGS = ("assay verify-bundle: not_supported: the trusted root lists transparency logs, which asks for a verified "
        "log entry: this version cannot check it\n")


def vectors():
    for path in sorted(glob.glob(os.path.join(VECTORS, "*.json"))):
        with open(path, encoding="utf-8") as f:
            case = json.load(f)
        # The protocol computes the digest of a file: bytes of another digest cannot be offered.
        agree = "artifact" not in case or case["digest"] == digest(case["artifact"].encode())
        if agree and not UNASKED & set(case) and len(case["keys"]) == 1:
            yield os.path.basename(path)[:-5], case


def bundle(*args, cwd=None):
    return assay("verify-bundle", *args, cwd=cwd)


def reason_of(result):
    """The reason of a rejection; "verified"; or what was said instead."""
    if result.code == 0 and not result.err and result.out.startswith("verified: "):
        return "verified"
    head = "assay verify-bundle: rejected: "
    if result.code == 1 and not result.out and result.err.startswith(head):
        return result.err[len(head):].split(":")[0]
    raise Failed("exit code %d\n%s%s" % (result.code, result.out, result.err))


@over(lambda: [(name,) for name, _ in vectors()])
def test_own_vector(name):
    case = dict(vectors())[name]
    want = "verified" if case["reason"] in TAKEN else case["reason"]
    with Folder() as f:
        f.write("bundle.json", case["bundle"])
        options = ["--bundle", "bundle.json", "--key", os.path.join(ROOT, case["keys"][0])]
        if "artifact" not in case:
            equal("reason", reason_of(bundle(*options, case["digest"], cwd=f.path)), want)
            return
        f.write("artifact", case["artifact"])
        equal("reason", reason_of(bundle(*options, "artifact", cwd=f.path)), want)


def good(f):
    with open(os.path.join(VECTORS, "good-message.json"), encoding="utf-8") as source:
        f.write("bundle.json", json.load(source)["bundle"])
    return ["--bundle", "bundle.json", "--key", key("p256")]


def test_the_text_of_a_yes_and_of_a_no():
    with Folder() as f:
        options = good(f)
        ends(bundle(*options, IMAGE, cwd=f.path), 0,
             "verified: bundle-v0.3, predicate type none, key %s\n" % fingerprint(key("p256")), "")
        other = "sha256:" + "0" * 64
        ends(bundle(*options, other, cwd=f.path), 1, "",
             "assay verify-bundle: rejected: digest: a good signature of %s, not of %s\n" % (IMAGE, other))


SAID = re.compile(r"verified: (\S+), predicate type (\S+), key sha256:[0-9a-f]{64}\n")


@over(lambda: [("good-bundle-p256", COSIGN_SIGN), ("good-attestation", "https://spdx.dev/Document")])
def test_the_predicate_type_is_said(name, want):
    """And not judged: a yes to an attestation is none to a signature."""
    with open(os.path.join(VECTORS, name + ".json"), encoding="utf-8") as source:
        case = json.load(source)
    with Folder() as f:
        f.write("bundle.json", case["bundle"])
        result = bundle("--bundle", "bundle.json", "--key", os.path.join(ROOT, case["keys"][0]), case["digest"], cwd=f.path)
        ends(result, 0, err="")
        found = SAID.fullmatch(result.out)
        equal("predicate type", found and found.group(2), want)


def test_a_file_named_like_a_digest_is_a_file():
    with Folder() as f:
        options = good(f)
        f.write(IMAGE, "other bytes")
        result = bundle(*options, IMAGE, cwd=f.path)
        equal("reason", reason_of(result), "digest")


def test_staging_changes_nothing():
    with Folder() as f:
        ends(bundle("--staging", *good(f), IMAGE, cwd=f.path), 0, err="")


def test_trusted_roots():
    with Folder() as f:
        options = good(f) + ["--trusted-root", "root.json"]
        for text, why in (
            ('{"tlogs": [{}]}', LOGS),
            ("[]", "assay verify-bundle: option --trusted-root: not a JSON object\n"),
            ('{"tlogs": {}}', "assay verify-bundle: option --trusted-root: tlogs: want a list\n"),
        ):
            f.write("root.json", text)
            ends(bundle(*options, IMAGE, cwd=f.path), 2, "", why)
        f.write("root.json", '{"tlogs": [')
        ends(bundle(*options, IMAGE, cwd=f.path), 2, "")
        for text in ("{}", '{"tlogs": []}', '{"tlogs": null, "certificateAuthorities": [{}]}'):
            f.write("root.json", text)
            ends(bundle(*options, IMAGE, cwd=f.path), 0, err="")
        # A "no" needs no log.
        f.write("root.json", '{"tlogs": [{}]}')
        equal("reason", reason_of(bundle(*options, "sha256:" + "0" * 64, cwd=f.path)), "digest")


# ---- the public cases ----

def expected():
    """case -> (reason by digest, reason by file), as tests/sigstore/replay.txt has them."""
    out = {}
    with open(os.path.join(ROOT, "tests", "sigstore", "replay.txt"), encoding="utf-8") as f:
        for line in f:
            if line.startswith("conformance/"):
                name, answers = line[len("conformance/"):].split(": ", 1)
                out[name] = [a.split(":")[1] for a in answers.split()[:2]]
    return out


def conformance_cases():
    return [(name,) for name in sorted(expected())] if os.path.isdir(CASES) else [()]


@over(conformance_cases)
def test_conformance_case_against_a_key(name=None):
    if not name:
        raise Skip("%s is not there" % os.path.relpath(CASES, ROOT))
    folder = os.path.join(CASES, name)
    own_key = os.path.join(folder, "key.pub")
    file = os.path.join(folder, "artifact")
    file = file if os.path.exists(file) else os.path.join(CASES, "a.txt")
    if not os.path.exists(own_key):
        own_key = os.path.join(CASES, "managed-key-happy-path", "key.pub")
    options = ["--bundle", os.path.join(folder, "bundle.sigstore.json"), "--key", own_key]
    for artifact, want in zip((digest_of(file), file), expected()[name]):
        equal("reason", reason_of(bundle(*options, artifact)), want)
        result = bundle(*options, "--trusted-root", root_of(folder), artifact)
        if want == "verified":
            ends(result, 2, "", LOGS)
        else:
            equal("reason with a trusted root", reason_of(result), want)


def root_of(folder):
    own = os.path.join(folder, "trusted_root.json")
    return own if os.path.exists(own) else os.path.join(CONFORMANCE, "public-good-2025.trusted_root.json")


def digest_of(path):
    with open(path, "rb") as f:
        return digest(f.read())
