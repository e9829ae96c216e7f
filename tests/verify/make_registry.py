#!/usr/bin/python3
"""Writes recorded registry content from the keys and vectors of tests/sigstore.

    tests/verify/make_registry.py DIR

DIR/with.example/... has the referrers API, DIR/without.example/... the tag schema; otherwise both hold the same
repositories, each with the image of the vectors under the tag "1". The format is that of oci/recorded.h.
"""

import hashlib
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(os.path.dirname(HERE), "sigstore", "vectors")
HOSTS = {"with.example": True, "without.example": False}

IMAGE = b'{"schemaVersion":2,"note":"the image of the cases"}'
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
LEGACY_TYPE = "application/vnd.dev.cosign.artifact.sig.v1+json"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"

# What a repository holds beside the image, in this order: vectors with a layer go below the tag .sig, vectors
# with a bundle become referrers.
REPOSITORIES = {
    "app-signed-legacy": ["good-legacy-p256"],
    "app-signed-bundle": ["good-bundle-p256"],
    "app-unsigned": [],
    "app-other-key": ["other-key-legacy", "other-key"],
    "app-tampered": ["tampered-payload"],
    "app-tampered-legacy": ["tampered-payload-legacy"],
    "app-wrong-digest": ["other-digest-legacy", "other-digest"],
    "app-attested-only": ["good-attestation"],
    "app-annotated": ["good-annotations", "good-legacy-p256"],
    "app-several": ["good-legacy-p256", "good-bundle-p384", "tampered-payload", "other-key",
                    "certificate-bundle-is-not-for-keys", "json-truncated"],
    "signatures/of-others": ["good-bundle-p256"],
}  # fmt: skip


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def dump(value):
    return json.dumps(value, separators=(",", ":")).encode()


def vector(name):
    with open(os.path.join(VECTORS, name + ".json"), encoding="utf-8") as f:
        return json.load(f)


class Repository:
    def __init__(self, folder, image=IMAGE):
        self.folder = folder
        self.bytes = image
        self.types = {}

    def put(self, kind, name, data, media_type):
        path = os.path.join(self.folder, kind, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)
        self.types[f"{kind}/{name}"] = media_type

    def blob(self, data, media_type, **more):
        self.put("blobs", digest(data), data, "application/octet-stream")
        return {"mediaType": media_type, "size": len(data), "digest": digest(data), **more}

    def manifest(self, tree, tag=None):
        data = dump(tree)
        self.put("manifests", digest(data), data, tree["mediaType"])
        if tag:
            self.put("manifests", tag, data, tree["mediaType"])
        return {"mediaType": tree["mediaType"], "size": len(data), "digest": digest(data)}

    def image(self):
        for name in ("1", digest(self.bytes)):
            self.put("manifests", name, self.bytes, MANIFEST_TYPE)

    def legacy(self, layers):
        tree = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": self.blob(b"{}", EMPTY_TYPE)}
        tree["layers"] = [
            self.blob(x["blob"].encode(), x["mediaType"], annotations=x["annotations"])
            for x in layers
        ]
        self.manifest(tree, digest(self.bytes).replace(":", "-") + ".sig")

    def referrer(self, bundle):
        subject = {"mediaType": MANIFEST_TYPE, "size": len(self.bytes), "digest": digest(self.bytes)}
        tree = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": BUNDLE_TYPE,
            "config": self.blob(b"{}", EMPTY_TYPE),
            "layers": [self.blob(bundle.encode(), BUNDLE_TYPE)],
            "subject": subject,
        }
        return dict(self.manifest(tree), artifactType=BUNDLE_TYPE)

    def finish(self, referrers, has_api):
        index = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": referrers}
        if has_api:
            self.put("referrers", digest(self.bytes), dump(index), INDEX_TYPE)
        elif referrers:
            self.manifest(index, digest(self.bytes).replace(":", "-"))
        with open(os.path.join(self.folder, "index.json"), "w", encoding="utf-8") as f:
            json.dump(self.types, f, indent=1)


def write(folder):
    """All repositories of both hosts below `folder`."""
    for host, has_api in HOSTS.items():
        for name, vectors in REPOSITORIES.items():
            r = Repository(os.path.join(folder, host, name))
            if name.startswith("app-"):
                r.image()
            cases = [vector(v) for v in vectors]
            layers = [c["layer"] for c in cases if "layer" in c]
            if layers:
                r.legacy(layers)
            r.finish([r.referrer(c["bundle"]) for c in cases if "bundle" in c], has_api)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write(sys.argv[1])
