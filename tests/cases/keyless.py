#!/usr/bin/python3
"""Writes tests/cases/keyless.json: what a mini-Sigstore has signed of the image of the cases, and its trusted root.

    tests/cases/keyless.py

Its keys are made anew each time and kept nowhere, so this is run once, and after it `generate.py`. The vectors are
those of tests/sigstore/mini; the registry of the cases holds them (content.py).
"""
import calendar
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(TESTS, "sigstore", "mini"))
sys.path.insert(0, os.path.join(TESTS, "verify"))
import make_registry  # noqa: E402
import pki  # noqa: E402
from keys import pem  # noqa: E402
from offer import SPDX, Signed, bundle, claims, entry, layer, stamp, statement  # noqa: E402
from variant import dump  # noqa: E402
from world import ISSUER, SUBJECT, World  # noqa: E402

DIGEST = make_registry.digest(make_registry.IMAGE)
VULN = "https://cosign.sigstore.dev/attestation/vuln/v1"
SLSA = "https://slsa.dev/provenance/v1"
OTHER_SUBJECT = SUBJECT.replace("main", "feature")
# The clock of the cases stands at 2026-11-22T00:00:00Z.
NEW = calendar.timegm((2026, 11, 21, 6, 0, 0))
OLD = calendar.timegm((2026, 11, 14, 6, 0, 0))


def rfc3339(unix_s):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(unix_s))


def report(at, findings=(), result=None):
    """cosign's vuln predicate with a result as Trivy writes it."""
    found = [{"VulnerabilityID": v, "PkgName": "libx", "InstalledVersion": "1", "Severity": s,
              **({"FixedVersion": "2"} if fixed else {})} for v, s, fixed in findings]
    trivy = {"SchemaVersion": 2, "ArtifactName": "app",
             "Results": [{"Target": "app", "Class": "os-pkgs", "Type": "debian", "Vulnerabilities": found}]}
    return {
        "invocation": {"parameters": None, "uri": "", "event_id": "", "builder.id": ""},
        "scanner": {"uri": "pkg:github/aquasecurity/trivy@0.50.1", "version": "0.50.1",
                    "db": {"uri": "", "version": ""}, "result": trivy if result is None else result},
        "metadata": {"scanStartedOn": rfc3339(at - 20), "scanFinishedOn": rfc3339(at)},
    }


def bill(packages=("busybox",), digest=DIGEST):
    image = {"SPDXID": "SPDXRef-image", "name": "app", "versionInfo": digest, "downloadLocation": "NOASSERTION",
             "checksums": [{"algorithm": "SHA256", "checksumValue": digest.split(":")[1]}]}
    rows = [{"SPDXID": "SPDXRef-" + p, "name": p, "versionInfo": "1.36", "licenseDeclared": "GPL-2.0-only",
             "downloadLocation": "NOASSERTION"} for p in packages]
    return {
        "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "app", "dataLicense": "CC0-1.0",
        "documentNamespace": "https://example.com/app", "documentDescribes": ["SPDXRef-image"],
        "creationInfo": {"created": rfc3339(NEW), "creators": ["Tool: trivy"]},
        "packages": [image] + rows,
        "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
                           "relatedSpdxElement": "SPDXRef-image"}],
    }


def provenance(builder="https://ci.example/runner@v1"):
    return {
        "buildDefinition": {"buildType": "https://build.example/v1", "resolvedDependencies": [],
                            "externalParameters": {"workflow": {"repository": "https://git.example/acme/app",
                                                                "ref": "refs/heads/main", "path": "build.yml"}}},
        "runDetails": {"builder": {"id": builder}, "metadata": {"finishedOn": rfc3339(NEW)}},
    }


class Maker:
    def __init__(self):
        self.world = World()
        self.key = self.world.pool("by key")
        self.out = {}

    def leaf(self, at, subject, extensions):
        w = self.world
        return w.leaf(start=at - 60, end=at + 540, san=[pki.uri(subject)], extensions=extensions,
                      scts=[w.sct(at_ms=at * 1000 - 30000)])

    def candidate(self, form, content, at, by, payload, **knobs):
        w = self.world
        extensions = knobs.pop("extensions", None)
        leaf = None if by is None else self.leaf(at, by, extensions)
        s = Signed(form, content, leaf.key if leaf else self.key, leaf, payload=payload)
        entries = [entry(w.rekor1, integrated=at)] if leaf else []
        entries = knobs.pop("entries", entries)
        return (layer if form in ("sig", "att") else bundle)(s, entries, knobs.pop("stamps", ()))

    def sign(self, name, at=NEW, by=SUBJECT, digest=DIGEST, form="v0.3", **knobs):
        payload = claims(digest) if form == "sig" else statement(digest)
        self.out[name] = self.candidate(form, "sign", at, by, payload, **knobs)

    def attest(self, name, kind, predicate, at=NEW, by=SUBJECT, digest=DIGEST, form="v0.3", **knobs):
        version = "v0.1" if form == "att" else "v1"
        payload = statement(digest, kind, version, predicate=predicate)
        made = self.candidate(form, "attestation", at, by, payload, **knobs)
        if form == "att":
            made["annotations"]["predicateType"] = kind
        self.out[name] = made
        return made


def make():
    m = Maker()
    w = m.world
    m.sign("keyless")
    m.sign("keyless-legacy", form="sig")
    m.sign("keyless-other-subject", by=OTHER_SUBJECT)
    m.sign("keyless-other-digest", digest=make_registry.digest(b"another manifest"))
    m.sign("keyless-without-log", entries=[])
    m.sign("keyless-release", extensions={"ref": pki.fulcio(14, "refs/tags/v1")})
    m.sign("key", by=None)
    m.sign("key-logged", by=None, entries=[entry(w.rekor1, integrated=NEW)])
    m.sign("keyless-timestamp", entries=[entry(w.rekor2)], stamps=[stamp(w.tsa, when=NEW)])
    critical = [("CVE-2026-1001", "CRITICAL", True), ("CVE-2026-1002", "CRITICAL", False),
                ("CVE-2026-1003", "LOW", False)]
    m.attest("vuln-good", VULN, report(NEW))
    m.attest("vuln-good-old", VULN, report(OLD), at=OLD)
    m.attest("vuln-bad", VULN, report(NEW, critical))
    m.attest("vuln-bad-old", VULN, report(OLD, critical), at=OLD)
    m.attest("vuln-other-subject", VULN, report(NEW), by=OTHER_SUBJECT)
    m.attest("vuln-other-digest", VULN, report(NEW), digest=make_registry.digest(b"another manifest"))
    m.attest("vuln-unknown-shape", VULN, report(NEW, result={"findings": "none"}))
    m.attest("vuln-legacy", VULN, report(NEW), form="att")
    m.attest("vuln-key-good", VULN, report(NEW), by=None)
    m.attest("vuln-key-good-old", VULN, report(OLD), by=None)
    m.attest("vuln-key-bad", VULN, report(NEW, critical), by=None)
    m.attest("vuln-key-bad-old", VULN, report(OLD, critical), by=None)
    m.attest("spdx", SPDX, bill())
    m.attest("spdx-key", SPDX, bill(), by=None)
    m.attest("spdx-key-xz", SPDX, bill(("busybox", "xz-utils")), by=None)
    m.attest("slsa", SLSA, provenance())
    m.attest("slsa-other-builder", SLSA, provenance("https://laptop.example/me"))
    root = w.trusted_root(tsas=[w.tsa])
    root["tlogs"] = [w.log_instance(x) for x in (w.rekor1, w.rekor2)]
    root["ctlogs"] = [w.log_instance(w.ct)]
    return {
        "root": root,
        "issuer": ISSUER, "subject": SUBJECT,
        "key": pem("PUBLIC KEY", m.key.spki),
        "ca": "".join(pem("CERTIFICATE", der) for der in w.ca.chain()),
        "tsa": "".join(pem("CERTIFICATE", der) for der in w.tsa.chain()),
        "vectors": {name: ({"layer": v} if "blob" in v else {"bundle": dump(v)}) for name, v in m.out.items()},
    }


if __name__ == "__main__":
    made = make()
    with open(os.path.join(HERE, "keyless.json"), "w", encoding="utf-8") as f:
        json.dump(made, f, indent=1)
        f.write("\n")
