"""What the registry of the cases holds: tests/cases/registry, in the format of oci/recorded.h.

It is made of the vectors and throw-away keys of tests/sigstore, so that a run writes the same bytes again. Every
repository registry.internal.example/golden/NAME holds the same image, and beside it what NAME says.
"""
import base64
import hashlib
import json
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
# The same of what keyless.py made: "ci" is its identity, "scanner" its key.
KEYLESS_REPOSITORIES = {
    "golden/keyless": ["keyless"],
    "golden/keyless-legacy": ["keyless-legacy"],
    "golden/keyless-other-subject": ["keyless-other-subject"],
    "golden/keyless-other-digest": ["keyless-other-digest"],
    "golden/keyless-without-log": ["keyless-without-log"],
    "golden/keyless-timestamp": ["keyless-timestamp"],
    "golden/keyless-release": ["keyless-release"],
    "golden/keyless-and-key": ["keyless", "key"],
    "golden/key": ["key"],
    "golden/key-logged": ["key-logged"],
    "golden/scanned": ["keyless", "vuln-good", "spdx", "slsa"],
    "golden/scanned-legacy": ["vuln-legacy"],
    "golden/scanned-bad": ["vuln-bad"],
    "golden/scanned-long-ago": ["vuln-good-old"],
    "golden/scanned-worse": ["vuln-bad", "vuln-good-old"],
    "golden/scanned-better": ["vuln-bad-old", "vuln-good"],
    "golden/scanned-by-key": ["vuln-key-good"],
    "golden/scanned-by-key-worse": ["vuln-key-bad", "vuln-key-good-old"],
    "golden/scanned-by-key-better": ["vuln-key-bad-old", "vuln-key-good"],
    "golden/scanned-by-another": ["vuln-other-subject"],
    "golden/scanned-another": ["vuln-other-digest"],
    "golden/scanned-strangely": ["vuln-unknown-shape"],
    "golden/listed-by-key": ["spdx-key"],
    "golden/listed-by-key-with-xz": ["spdx-key", "spdx-key-xz"],
    "golden/built-elsewhere": ["slsa-other-builder"],
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


def keyless():
    with open(os.path.join(HERE, "keyless.json"), encoding="utf-8") as f:
        return json.load(f)


def add_layers(r, layers, suffix):
    if not layers:
        return
    tree = {"schemaVersion": 2, "mediaType": make_registry.MANIFEST_TYPE,
            "config": r.blob(b"{}", make_registry.EMPTY_TYPE)}
    tree["layers"] = [r.blob(x["blob"].encode(), x["mediaType"], annotations=x["annotations"]) for x in layers]
    r.manifest(tree, DIGEST.replace(":", "-") + suffix)


def write(folder):
    vectors = keyless()["vectors"]
    repositories = [(name, [make_registry.vector(v) for v in list_]) for name, list_ in REPOSITORIES.items()]
    repositories += [(name, [vectors[v] for v in list_]) for name, list_ in KEYLESS_REPOSITORIES.items()]
    for name, cases in repositories:
        r = make_registry.Repository(os.path.join(folder, HOST, name))
        r.image()
        layers = [c["layer"] for c in cases if "layer" in c]
        dsse = "application/vnd.dsse.envelope.v1+json"
        add_layers(r, [x for x in layers if x["mediaType"] != dsse], ".sig")
        add_layers(r, [x for x in layers if x["mediaType"] == dsse], ".att")
        r.finish([r.referrer(c["bundle"]) for c in cases if "bundle" in c], has_api=True)
