"""What a case gets: an image of its own in one registry, cosign's ways to sign it, and the question that is asked of all."""

import base64
import dataclasses
import json

import registries
from registries import digest, dump

SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
SIGNATURE = "dev.cosignproject.cosign/signature"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
EMPTY = {"mediaType": "application/vnd.oci.empty.v1+json", "size": 2, "digest": digest(b"{}")}
CLAIM_TYPE = "cosign container image signature"

# The ways to sign: the format, and the major version of the cosign that does it. "referrer" is the legacy format
# as an OCI 1.1 referrer, which cosign 2 calls experimental.
FORMS = ["legacy-2", "referrer-2", "legacy-3", "bundle-3"]
ATTESTATIONS = ["legacy-2", "bundle-2", "legacy-3", "bundle-3"]


@dataclasses.dataclass
class Question:
    """`want` is assay's answer: exit code, state and reason. cosign's is compared with the exit code: 0 or not."""

    name: str
    image: str
    key: str
    want: tuple
    options: tuple = ()  # of assay and cosign alike
    assay: tuple = ()
    cosign: tuple = ()
    env: dict = dataclasses.field(default_factory=dict)  # of cosign
    versions: tuple = ("2", "3")
    pinned: str = ""  # for a tag: what assay must print


YES = (0, "verified", "verified")
UNSIGNED = (1, "unsigned", "no_signature")
ATTESTED = (1, "unsigned", "predicate_type")
ANOTHER_DIGEST = (1, "digest_mismatch", "digest")
NO_ANSWER = (3, "unavailable", "registry_failed")
ANNOTATION = (1, "digest_mismatch", "annotation")
WRONG = (1, "bad_signature", "signature_wrong")


def not_ours(form):
    """A legacy signature does not say whose it is, a bundle does."""
    return (1, "untrusted_key", "key_unknown" if form.startswith("bundle") else "key_fits_none")


class Stage:
    def __init__(self, tools, registry, name):
        self.tools = tools
        self.registry = registry
        self.repository = "t/" + name

    def at(self, subject, repository=None):
        return f"{self.registry.host}/{repository or self.repository}@{subject['digest']}"

    def tag(self, tag, repository=None):
        return f"{self.registry.host}/{repository or self.repository}:{tag}"

    def image(self, tag="v1", **more):
        return self.registry.put_image(self.repository, tag, **more)

    def _signer(self, form, key):
        """Version, options and environment."""
        kind, version = form.split("-")
        options = ["--key", self.tools.key(key), "--tlog-upload=false", "-y"]
        env = {}
        if version == "3":
            options += ["--use-signing-config=false", f"--new-bundle-format={'true' if kind == 'bundle' else 'false'}"]
        if kind == "referrer":
            options += ["--registry-referrers-mode=oci-1-1"]
            env["COSIGN_EXPERIMENTAL"] = "1"
        return version, options, env

    def sign(self, form, key, image, *options, env=None):
        version, told, more = self._signer(form, key)
        self.tools.cosign(version, "sign", *told, *options, image, env={**more, **(env or {})})

    def attest(self, form, key, image):
        version, told, env = self._signer(form, key)
        if form == "bundle-2":
            told.append("--new-bundle-format")
        predicate = self.tools.path("predicate.json")
        self.tools.cosign(version, "attest", *told, "--type", "spdxjson", "--predicate", predicate, image, env=env)

    def ask(self, name, image, key, want, **more):
        return Question(name, image, self.tools.public(key), want, **more)

    # ---- what cosign does not make ----

    def raw_signature(self, key, data):
        """Over the bytes with SHA-256, made by openssl; only for keys that openssl made."""
        source, out = self.tools.path("raw", digest(data)), self.tools.path("raw", digest(data) + key)
        with open(source, "wb") as f:
            f.write(data)
        self.tools.must("openssl", "dgst", "-sha256", "-sign", self.tools.path("keys", key + ".pem"), "-out", out, source)
        with open(out, "rb") as f:
            return f.read()

    def claims(self, subject, kind=CLAIM_TYPE):
        image = {"docker-manifest-digest": subject["digest"]}
        identity = {"docker-reference": f"{self.registry.host}/{self.repository}"}
        return dump({"critical": {"identity": identity, "image": image, "type": kind}, "optional": None})

    def signature_tag(self, subject):
        return subject["digest"].replace(":", "-") + ".sig"

    def put_legacy(self, subject, *layers):
        """A .sig tag of these (payload, signature in base64)."""
        config = dump({"architecture": "", "os": "", "config": {}, "rootfs": {"type": "layers", "diff_ids": []}})
        self.registry.put_blob(self.repository, config)
        listed = []
        for payload, signature in layers:
            self.registry.put_blob(self.repository, payload)
            listed.append(registries.descriptor(SIMPLE_SIGNING, payload, annotations={SIGNATURE: signature}))
        manifest = dump({"schemaVersion": 2, "mediaType": registries.MANIFEST, "layers": listed,
                         "config": registries.descriptor(registries.CONFIG, config)})  # fmt: skip
        self.registry.put_manifest(self.repository, manifest, registries.MANIFEST, self.signature_tag(subject))

    def legacy(self, subject):
        """The (payload, signature in base64) below the .sig tag."""
        layers = self.registry.get_manifest(self.repository, self.signature_tag(subject))["layers"]
        return [(self.registry.get_blob(self.repository, e["digest"]), e["annotations"][SIGNATURE]) for e in layers]

    def bundle(self, subject):
        """The one bundle that refers to the image."""
        found = self.registry.referrers(self.repository, subject["digest"])
        assert len(found) == 1, found
        manifest = self.registry.get_manifest(self.repository, found[0]["digest"])
        return json.loads(self.registry.get_blob(self.repository, manifest["layers"][0]["digest"]))

    def put_bundle(self, subject, bundle):
        """As a referrer, as cosign 3 makes it; in a registry without the API also below the tag of the image."""
        data = dump(bundle)
        for blob in (b"{}", data):
            self.registry.put_blob(self.repository, blob)
        manifest = dump({"schemaVersion": 2, "mediaType": registries.MANIFEST, "artifactType": BUNDLE, "config": EMPTY,
                         "layers": [registries.descriptor(BUNDLE, data)], "subject": subject})  # fmt: skip
        self.registry.put_manifest(self.repository, manifest, registries.MANIFEST)
        if self.registry.name == "docker-registry":
            entry = registries.descriptor(registries.MANIFEST, manifest, artifactType=BUNDLE)
            self.registry.put_index(self.repository, subject["digest"].replace(":", "-"), [entry])


def flipped(text):
    """A signature in base64 with another bit in the middle of it."""
    data = bytearray(base64.b64decode(text))
    data[len(data) // 2] ^= 1
    return base64.b64encode(data).decode()
