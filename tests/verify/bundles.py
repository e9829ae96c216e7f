"""`assay verify-bundle`: the project's own bundles, by key and by identity. The public cases are in tests/conformance."""

import glob
import importlib.util
import json
import os
import re
import sys

from context import IMAGE, ROOT, VECTORS, Skip, fingerprint, key, over
from make_registry import digest
from harness import Failed, Folder, assay, ends, equal

# What the protocol has no option for.
UNASKED = {"layer", "annotations", "want", "reference", "schemes", "window", "log_threshold", "time_threshold",
           "key_index"}  # fmt: skip
# The protocol takes statements of every type, and signatures over the artifact.
TAKEN = {"predicate_type", "message_signature"}
COSIGN_SIGN = "https://sigstore.dev/cosign/sign/v1"


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


def test_trusted_roots_by_key():
    """A root asks for a log entry if it lists logs; one that is none is a rejection, and no JSON is no input."""
    wrong = "assay verify-bundle: rejected: trusted_root: "
    with Folder() as f:
        options = good(f) + ["--trusted-root", "root.json"]
        for text, why in (("[]", "trusted root: got list, want map"),
                          ("{}", "trusted root: mediaType: missing")):
            f.write("root.json", text)
            result = bundle(*options, IMAGE, cwd=f.path)
            ends(result, 1, "")
            equal("text", result.err, wrong + why + "\n")
        f.write("root.json", '{"tlogs": [')
        ends(bundle(*options, IMAGE, cwd=f.path), 2, "",
             "assay verify-bundle: option --trusted-root: not valid JSON: it ends too early\n")
        f.write("root.json", json.dumps({"mediaType": ROOT_TYPE}))
        ends(bundle(*options, IMAGE, cwd=f.path), 0, err="")
        if mini():
            f.write("root.json", json.dumps(World.made.trusted_root()))
            equal("reason", reason_of(bundle(*options, IMAGE, cwd=f.path)), "log_missing")


# ---- by identity, over the mini-Sigstore of tests/sigstore/mini ----

MINI = os.path.join(ROOT, "tests", "sigstore", "mini")
ROOT_TYPE = "application/vnd.dev.sigstore.trustedroot+json;version=0.1"


class World:
    """The authorities of one run: their keys are made anew."""

    made = None


def mini():
    """False: it cannot be made here."""
    if not importlib.util.find_spec("cryptography"):
        return False
    if not World.made:
        sys.path.append(MINI)
        World.made = importlib.import_module("world").World()
    return True


def offered(f, **knobs):
    """Writes the usual bundle into the folder, but for the knobs; returns module world and the options."""
    if not mini():
        raise Skip("python3-cryptography is not installed")
    variant, world = importlib.import_module("variant"), importlib.import_module("world")
    made = {name: make(World.made) for name, make in knobs.items()}
    f.write("bundle.json", json.dumps(variant.offer(World.made, **made)))
    f.write("root.json", json.dumps(World.made.trusted_root()))
    return world, ["--bundle", "bundle.json", "--certificate-identity", world.SUBJECT, "--certificate-oidc-issuer",
                   world.ISSUER, "--trusted-root", "root.json"]  # fmt: skip


def mini_digest():
    return importlib.import_module("offer").DIGEST


def test_what_is_said_of_an_identity():
    with Folder() as f:
        world, options = offered(f, stamps=lambda w: [importlib.import_module("offer").stamp(w.tsa)])
        with open(os.path.join(f.path, "bundle.json"), encoding="utf-8") as made:
            index = int(json.load(made)["verificationMaterial"]["tlogEntries"][0]["logIndex"])
        ends(bundle(*options, mini_digest(), cwd=f.path), 0,
             "verified: bundle-v0.3, predicate type %s, certificate\n"
             '  identity: uri "%s", issuer "%s"\n'
             "  log entry: https://rekor.mini.example, index %d, at 2026-06-01T12:00:10Z\n"
             "  timestamp: https://tsa.mini.example, at 2026-06-01T12:00:05Z\n"
             % (COSIGN_SIGN, world.SUBJECT, world.ISSUER, index), "")


@over([("--certificate-identity", "identity_subject"), ("--certificate-oidc-issuer", "identity_issuer")])
def test_another_identity_or_issuer(option, reason):
    with Folder() as f:
        _, options = offered(f)
        options[options.index(option) + 1] += "x"
        equal("reason", reason_of(bundle(*options, mini_digest(), cwd=f.path)), reason)


@over([("tlogs", "verified"), ("ctlogs", "verified"), ("certificateAuthorities", "certificate_chain")])
def test_what_a_root_lists_is_demanded(field, reason):
    """Without logs none is asked for, and the timestamp is the time; without authorities nobody is believed."""
    with Folder() as f:
        _, options = offered(f, stamps=lambda w: [importlib.import_module("offer").stamp(w.tsa)])
        root = World.made.trusted_root()
        del root[field]
        f.write("root.json", json.dumps(root))
        equal("reason", reason_of(bundle(*options, mini_digest(), cwd=f.path)), reason)


def test_a_certificate_is_no_key_and_a_key_no_identity():
    with Folder() as f:
        _, options = offered(f)
        equal("reason", reason_of(bundle("--bundle", "bundle.json", "--key", key("p256"), mini_digest(), cwd=f.path)),
              "certificate")
        good(f)
        equal("reason", reason_of(bundle(*options, IMAGE, cwd=f.path)), "key_no_identity")
