"""What a case gets: an image of its own in one registry, cosign's ways to sign and attest it without a key, and the question that
is asked of all."""

import base64
import dataclasses
import json
import os
import re

import registries
from registries import dump

ISSUER = "https://issuer.lab.example"
SUBJECT = "https://git.lab.example/acme/app/.github/workflows/build.yml@refs/heads/main"
OTHER_SUBJECT = "https://git.lab.example/acme/app/.github/workflows/build.yml@refs/heads/fork"
OTHER_ISSUER = "https://other.lab.example"
CLAIMS = {"repository": "acme/app", "ref": "refs/heads/main", "workflow": "build", "event_name": "push",
          "runner_environment": "github-hosted"}  # fmt: skip
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
EMPTY = {"mediaType": "application/vnd.oci.empty.v1+json", "size": 2, "digest": registries.digest(b"{}")}


@dataclasses.dataclass
class Form:
    """A way to sign. `rekor` is the version of the log, None for none."""

    cosign: str
    bundle: bool
    rekor: int
    tsa: bool


FORMS = {
    "legacy-2": Form("2", False, 1, False),
    "legacy-2-tsa": Form("2", False, 1, True),
    "legacy-3": Form("3", False, 1, False),
    "legacy-3-tsa": Form("3", False, 1, True),
    "bundle-rekor1": Form("3", True, 1, False),
    "bundle-rekor1-tsa": Form("3", True, 1, True),
    "bundle-rekor2": Form("3", True, 2, True),
}
BUNDLES = [f for f in FORMS if f.startswith("bundle")]
LEGACY = [f for f in FORMS if f.startswith("legacy")]
# cosign 2.5.0 makes bundles of attestations alone.
ATTESTATIONS = [*FORMS, "bundle-2"]
FORMS["bundle-2"] = Form("2", True, 1, False)
# Neither is said to be enough by default.
FORMS["bundle-no-log"] = Form("3", True, None, True)

# What cosign calls it, its URI, what it says
PREDICATES = {
    "spdxjson": ("https://spdx.dev/Document", {"spdxVersion": "SPDX-2.3", "name": "app"}),
    "cyclonedx": ("https://cyclonedx.org/bom", {"bomFormat": "CycloneDX", "specVersion": "1.6"}),
    "vuln": ("https://cosign.sigstore.dev/attestation/vuln/v1",
             {"invocation": {}, "scanner": {"uri": "https://scanner.example", "result": {}},
              "metadata": {"scanStartedOn": "2026-01-01T00:00:00Z", "scanFinishedOn": "2026-01-01T00:00:01Z"}}),
    "slsaprovenance1": ("https://slsa.dev/provenance/v1",
                        {"buildDefinition": {"buildType": "https://example.com/build", "externalParameters": {}},
                         "runDetails": {"builder": {"id": "https://example.com/builder"}}}),
    "custom": ("https://cosign.sigstore.dev/attestation/v1", {"hello": "world"}),
    "https://example.com/review/v1": ("https://example.com/review/v1", {"approved": True}),
}  # fmt: skip


@dataclasses.dataclass
class Identity:
    """Whose signature counts: each exact, or with `regex` an expression."""

    subject: str = SUBJECT
    issuer: str = ISSUER
    regex: bool = False
    repository: str = ""  # of the workflow

    def cosign(self):
        kind = "-regexp" if self.regex else ""
        more = ["--certificate-github-workflow-repository", self.repository] if self.repository else []
        return [f"--certificate-identity{kind}", self.subject, f"--certificate-oidc-issuer{kind}", self.issuer, *more]

    def policy(self):
        kind = "Regex" if self.regex else ""
        more = {"extensions": {"1.3.6.1.4.1.57264.1.5": self.repository}} if self.repository else {}
        return {f"subject{kind}": self.subject, f"issuer{kind}": self.issuer, **more}


@dataclasses.dataclass
class Question:
    """`want` is assay's answer: yes or no, and if no a part of its message."""

    name: str
    image: str
    want: tuple
    root: object
    form: Form
    who: Identity = dataclasses.field(default_factory=Identity)
    key: str = ""  # in place of an identity: a public key
    more_roots: tuple = ()  # trusted beside `root`; cosign takes but one
    attestation: str = ""  # cosign's name of the type; empty: a signature is asked for
    authority: dict = dataclasses.field(default_factory=dict)  # more of the policy's authority
    cosign: tuple = ()
    stamps: bool = None  # is cosign to want a timestamp? None: if the form has one
    versions: tuple = ("2", "3")


YES = ("yes", "")


# More of an authority
STAMPED = {"timestamps": {"threshold": 1}}
NO_LOG = {"transparencyLog": {"threshold": 0}}


def no(words):
    return ("no", words)


class Scene:
    def __init__(self, tools, sigstore, roots, registry, name):
        self.tools = tools
        self.sigstore = sigstore
        self.roots = roots
        self.registry = registry
        self.repository = "k/" + name

    def at(self, subject):
        return f"{self.registry.host}/{self.repository}@{subject['digest']}"

    def image(self, tag="v1"):
        return self.registry.put_image(self.repository, tag)

    def _told(self, form, subject, issuer):
        """Options and environment of sign and attest."""
        token = self.tools.path("tokens", registries.digest((subject + issuer).encode())[7:19])
        if not os.path.exists(token):
            os.rename(self.sigstore.token(f"{os.path.basename(token)}-{self.repository.replace('/', '-')}", issuer, subject,
                                          **CLAIMS), token)  # fmt: skip
        told, mock = ["-y", "--identity-token", token], self.sigstore.mock.url
        env = self.roots["all"].env if form.cosign == "2" else {}
        if form.cosign == "3":
            told += ["--trusted-root", self.roots["all"].path]
        if form.bundle and form.cosign == "3":
            return [*told, "--signing-config", self.tools.configs[form.rekor, form.tsa]], env
        told += ["--fulcio-url", mock, "--rekor-url", mock]
        if form.tsa:
            told += ["--timestamp-server-url", self.sigstore.tsa.url]
        if form.cosign == "3":
            told += ["--use-signing-config=false", "--new-bundle-format=false"]
        return told, env

    def sign(self, name, image, subject=SUBJECT, issuer=ISSUER):
        form = FORMS[name]
        told, env = self._told(form, subject, issuer)
        self.tools.cosign(form.cosign, "sign", *told, image, env=env)

    def sign_with_key(self, rekor, tsa, key, image):
        """A bundle of cosign 3, logged."""
        told = ["--key", key, "--signing-config", self.tools.configs[rekor, tsa], "--trusted-root", self.roots["all"].path]
        self.tools.cosign("3", "sign", "-y", *told, image)

    def attest(self, name, kind, image, subject=SUBJECT, issuer=ISSUER):
        form = FORMS[name]
        told, env = self._told(form, subject, issuer)
        if form.bundle and form.cosign == "2":
            told.append("--new-bundle-format")
        file = self.tools.predicate(kind, PREDICATES[kind][1])
        self.tools.cosign(form.cosign, "attest", *told, "--type", kind, "--predicate", file, image, env=env)

    def ask(self, name, image, form, want, root="all", **more):
        return Question(name, image, want, self.roots[root], FORMS[form], **more)

    # ---- what cosign does not make ----

    def bundles(self, subject):
        """Those that refer to the image."""
        found = []
        for referrer in self.registry.referrers(self.repository, subject["digest"]):
            manifest = self.registry.get_manifest(self.repository, referrer["digest"])
            found.append(json.loads(self.registry.get_blob(self.repository, manifest["layers"][0]["digest"])))
        return found

    def bundle(self, subject):
        (only,) = self.bundles(subject)
        return only

    def replace_bundles(self, subject, bundle):
        """Of those that are there, this one takes the place."""
        for referrer in self.registry.referrers(self.repository, subject["digest"]):
            self.registry.delete_manifest(self.repository, referrer["digest"])
        self.put_bundle(subject, bundle)

    def put_bundle(self, subject, bundle):
        """As a referrer, as cosign 3 makes it."""
        data = dump(bundle)
        for blob in (b"{}", data):
            self.registry.put_blob(self.repository, blob)
        manifest = dump({"schemaVersion": 2, "mediaType": registries.MANIFEST, "artifactType": BUNDLE, "config": EMPTY,
                         "layers": [registries.descriptor(BUNDLE, data)], "subject": subject})  # fmt: skip
        self.registry.put_manifest(self.repository, manifest, registries.MANIFEST)

    def legacy_tag(self, subject, suffix=".sig"):
        return subject["digest"].replace(":", "-") + suffix

    def legacy(self, subject):
        return self.registry.get_manifest(self.repository, self.legacy_tag(subject))

    def put_legacy(self, subject, manifest):
        self.registry.put_manifest(self.repository, dump(manifest), registries.MANIFEST, self.legacy_tag(subject))


def flipped(text):
    """Base64 with another bit in the middle of what it says."""
    data = bytearray(base64.b64decode(text))
    data[len(data) // 2] ^= 1
    return base64.b64encode(data).decode()


def escaped(text):
    """As a part of a regular expression."""
    return re.sub(r"([.+*?^$()\[\]{}|\\])", r"\\\1", text)
