"""What the registry of the cases holds: tests/cases/registry, in the format of oci/recorded.h.

It is made of the vectors and throw-away keys of tests/sigstore, so that a run writes the same bytes again. Every
repository registry.internal.example/golden/NAME holds the same image, and beside it what NAME says.
"""
import base64
import hashlib
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(TESTS, "verify"))
import make_registry  # noqa: E402

HOST = "registry.internal.example"
DIGEST = make_registry.digest(make_registry.IMAGE)
# What the signature "other-digest" is of.
OTHER_DIGEST = make_registry.digest(b"another manifest")

# The key "p256" is the one that most policies here call release; "other" is named by few, "p384" is the second one.
REPOSITORIES = {
    "golden/signed": ["good-bundle-p256"],
    "golden/signed-legacy": ["good-legacy-p256"],
    "golden/signed-twice": ["good-legacy-p256", "good-bundle-p384"],
    "golden/annotated": ["good-annotations", "good-legacy-p256"],
    "golden/unsigned": [],
    "golden/other-key": ["other-key"],
    "golden/other-key-legacy": ["other-key-legacy"],
    "golden/broken": ["tampered-payload"],
    "golden/other-digest": ["other-digest"],
    "golden/attested-only": ["good-attestation"],
    "signatures/golden": ["good-bundle-p256"],
    "signatures/none": [],
}
# Beside them golden/failing, which was never recorded: whoever asks for it cannot find out.


def image(name):
    return "%s/golden/%s@%s" % (HOST, name, DIGEST)


def key(name):
    with open(os.path.join(TESTS, "sigstore", "keys", name + ".pub"), encoding="utf-8") as f:
        return f.read()


def fingerprint(name):
    body = "".join(line for line in key(name).splitlines() if "-----" not in line)
    return "sha256:" + hashlib.sha256(base64.b64decode(body)).hexdigest()


def write(folder):
    for name, vectors in REPOSITORIES.items():
        r = make_registry.Repository(os.path.join(folder, HOST, name))
        r.image()
        cases = [make_registry.vector(v) for v in vectors]
        layers = [c["layer"] for c in cases if "layer" in c]
        if layers:
            r.legacy(layers)
        r.finish([r.referrer(c["bundle"]) for c in cases if "bundle" in c], has_api=True)
