"""Signed images for the benchmark: digests that stand for nothing, with real signatures over them.

An image is legacy (a .sig manifest below the tag schema) or bundle (a referrer that holds a Sigstore bundle).
"""

import base64
import hashlib
import json

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

LEGACY, BUNDLE = "legacy", "bundle"
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
LAYER_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json"
IN_TOTO = "application/vnd.in-toto+json"
CONFIG = b"{}"


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def dump(tree):
    return json.dumps(tree, separators=(",", ":")).encode()


def b64(data):
    return base64.b64encode(data).decode()


def descriptor(media_type, data, **more):
    return {"mediaType": media_type, "size": len(data), "digest": digest_of(data), **more}


class Images:
    """Makes images, and writes what a registry holds of them to a file for slow-registry.c."""

    def __init__(self, path):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.made = 0
        self.owner = {}  # "manifests/..." and so on: the digest of the image it belongs to
        self.file = open(path, "wb")
        self.put("blobs/" + digest_of(CONFIG), MANIFEST, CONFIG)

    def public_pem(self):
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def put(self, name, media_type, data, owner=None):
        self.file.write(b"%s %s %d\n%s\n" % (name.encode(), media_type.encode(), len(data), data))
        if owner:
            self.owner[name] = owner

    def sign(self, data):
        return b64(self.key.sign(data, ec.ECDSA(hashes.SHA256())))

    def new(self, kind=None):
        """The digest of another image; without a kind it is not signed."""
        self.made += 1
        digest = digest_of(b"image %d" % self.made)
        self.add(kind, digest)
        return digest

    def add(self, kind, digest):
        for name in ("manifests/%s.sig" % digest.replace(":", "-"), "referrers/" + digest):
            self.owner[name] = digest
        if kind == LEGACY:
            self.legacy(digest)
        elif kind == BUNDLE:
            self.bundle(digest)

    def manifest(self, digest, layer_type, data, **more):
        self.put("blobs/" + digest_of(data), "application/octet-stream", data, digest)
        annotations = more.pop("annotations", None)
        layer = descriptor(layer_type, data, **({"annotations": annotations} if annotations else {}))
        return dump({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [layer],
                     "config": descriptor("application/vnd.oci.empty.v1+json", CONFIG), **more})

    def legacy(self, digest):
        claim = dump({"critical": {"identity": {"docker-reference": ""},
                                   "image": {"docker-manifest-digest": digest},
                                   "type": "cosign container image signature"}, "optional": None})
        signature = {"dev.cosignproject.cosign/signature": self.sign(claim)}
        data = self.manifest(digest, LAYER_TYPE, claim, annotations=signature)
        self.put("manifests/%s.sig" % digest.replace(":", "-"), MANIFEST, data)

    def bundle(self, digest):
        statement = dump({"_type": "https://in-toto.io/Statement/v1",
                          "subject": [{"digest": {"sha256": digest[7:]}, "annotations": {}}],
                          "predicateType": "https://sigstore.dev/cosign/sign/v1", "predicate": {}})
        signed = b"DSSEv1 %d %s %d %s" % (len(IN_TOTO), IN_TOTO.encode(), len(statement), statement)
        data = dump({"mediaType": BUNDLE_TYPE, "verificationMaterial": {"publicKey": {"hint": ""}},
                     "dsseEnvelope": {"payload": b64(statement), "payloadType": IN_TOTO,
                                      "signatures": [{"sig": self.sign(signed)}]}})
        subject = {"mediaType": MANIFEST, "size": 1234, "digest": digest}
        manifest = self.manifest(digest, BUNDLE_TYPE, data, artifactType=BUNDLE_TYPE, subject=subject)
        self.put("manifests/" + digest_of(manifest), MANIFEST, manifest, digest)
        entry = descriptor(MANIFEST, manifest, artifactType=BUNDLE_TYPE)
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}
        self.put("referrers/" + digest, INDEX, dump(index))

    def close(self):
        self.file.close()
