"""`assay verify` of identities, attestations and the authorities of policies, over the registry of tests/cases."""

import json
import os

from context import IMAGE, report
from harness import ROOT, Folder, ends, equal, holds

CASES = os.path.join(ROOT, "tests", "cases")
HOST = "registry.internal.example/golden/"
VULN = "https://cosign.sigstore.dev/attestation/vuln/v1"
with open(os.path.join(CASES, "keyless.json"), encoding="utf-8") as _f:
    MADE = json.load(_f)
SUBJECT, ISSUER = MADE["subject"], MADE["issuer"]
WHO = ["--certificate-identity", SUBJECT, "--certificate-oidc-issuer", ISSUER, "--trusted-root", "root.json"]
BY = "made by %s (issuer %s), signed 2026-11-21T06:00:00Z, log index " % (SUBJECT, ISSUER)
POLICY = """apiVersion: assay.dev/v1
kind: Policy
metadata: {name: p}
spec:
  mode: deny
  onError: deny
  match: {resources: [pods], operations: [CREATE, UPDATE]}
  authorities:
    ci: {keyless: {issuer: "%s", subject: "%s", trustedRoot: {file: root.json}}}
    scanner: {key: {file: scanner.pub}}
  rules:
  - {name: signed, signature: {anyOf: [ci, scanner]}}
""" % (ISSUER, SUBJECT)


def verify(repository, *args):
    with Folder() as d:
        d.write("root.json", json.dumps(MADE["root"]))
        d.write("scanner.pub", MADE["key"])
        d.write("p.yaml", POLICY)
        return d.assay("verify", "--registry-dir", os.path.join(CASES, "registry"), *args, HOST + repository + "@" + IMAGE)


def test_a_signature_by_the_identity():
    out = verify("keyless", *WHO)
    ends(out, 0, err="")
    lines = out.lines()
    equal("verdict", lines[1], "verified: signed by " + SUBJECT)
    equal("identity", lines[2], "identity (subject %s, issuer %s): made 1, of which 1 counts" % (SUBJECT, ISSUER))
    holds("who, when and where", lines[4], " bundle-v0.3 verified, " + BY)


def test_the_same_as_json():
    out = verify("keyless-timestamp", *WHO, "-o", "json")
    ends(out, 0, err="")
    said = report(out)
    equal("identities", said["identities"], [{"subject": SUBJECT, "issuer": ISSUER, "made": 1, "verified": 1}])
    (found,) = said["candidates"]
    equal("identity", found["identity"], {"subject": SUBJECT, "issuer": ISSUER})
    equal("time", (found["signedAt"], found["timestamps"], found["logEntries"]), ("2026-11-21T06:00:00Z", 1, 1))
    equal("log index", type(found["logIndex"]), int)
    equal("type", found["predicateType"], "https://sigstore.dev/cosign/sign/v1")


def test_another_identity():
    out = verify("keyless-other-subject", *WHO)
    ends(out, 1, err="")
    holds("verdict", out.lines()[1], "not verified: untrusted_identity: identity_subject: subject: got ")


def test_an_expression_fits_the_whole_subject():
    def with_expression(text):
        return verify("keyless", "--certificate-identity-regexp", text, "--certificate-oidc-issuer-regexp", "https://.*",
                      "--trusted-root", "root.json")

    ends(with_expression("https://git[.]mini[.]example/.*@refs/heads/main"), 0)
    ends(with_expression("https://git[.]mini[.]example/"), 1)


def test_attestations():
    out = verify("scanned-worse", *WHO, "--type", "vuln")
    ends(out, 0, err="")
    equal("verdict", out.lines()[1], "verified: attested by " + SUBJECT)
    equal("of two", out.lines()[3], "candidates: 2")
    holds("its type and time", out.lines()[4], ", type %s, which says it is of 2026-11-21T06:00:00Z" % VULN)
    out = verify("keyless", *WHO, "--type", VULN)
    ends(out, 1, err="")
    holds("a signature is none", out.lines()[1], "not verified: unsigned: ")


def test_the_authorities_of_a_policy():
    out = verify("key", "--policy", "p.yaml")
    ends(out, 0, err="")
    equal("verdict", out.lines()[1], "verified: signed by scanner")
    holds("an identity of a name", out.lines()[2], "identity ci (subject %s, issuer %s): made 0" % (SUBJECT, ISSUER))
    ends(verify("key", "--policy", "p.yaml", "--authority", "ci"), 1, err="")
    ends(verify("key", "--policy", "p.yaml", "--authority", "scanner"), 0, err="")


def refused(out, why):
    ends(out, 2, out="", err="assay verify: %s\n" % why)


def test_what_is_missing_or_too_much():
    refused(verify("keyless", *WHO[:2]), "option --certificate-oidc-issuer URL is missing: anybody can run an issuer that "
            "vouches for any identity")
    refused(verify("keyless", *WHO[2:]), "option --certificate-identity ID is missing: an issuer alone vouches for anybody")
    refused(verify("keyless", *WHO[:4]), "option --trusted-root FILE is missing: it names the authorities that are believed")
    refused(verify("keyless", *WHO, "--key", "scanner.pub"), "want only one of --key, --certificate-identity and --policy")
    refused(verify("keyless", "--key", "scanner.pub", "--authority", "ci"), "option --authority: want --policy with it")
    refused(verify("keyless", "--policy", "p.yaml", "--authority", "nobody"),
            'option --authority "nobody": the policy has no such authority')
    refused(verify("keyless", *WHO, "--type", "notes"), 'option --type "notes": want a name as vuln, spdx, cyclonedx or '
            "slsaprovenance1, or a URI")
    refused(verify("keyless", *WHO, "--certificate-identity-regexp", "x"),
            'option --certificate-identity-regexp "x": there is an exact one too: want one')
    refused(verify("keyless", *WHO[2:], "--certificate-identity-regexp", "("),
            'option --certificate-identity-regexp "(": regex: Unmatched ( or \\(')
