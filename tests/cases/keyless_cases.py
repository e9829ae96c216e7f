"""The groups keyless and attestation: signatures by identities, and what trusted people say of an image.

What the registry holds is made by keyless.py; the expectations are worked out here. Yields (folder, {file: text}).
"""
import base64
import hashlib
import json

import content

MADE = content.keyless()
SUBJECT, ISSUER = MADE["subject"], MADE["issuer"]
SHORT = "sha256:" + content.DIGEST[7:19] + "\u2026"
NEW, OLD = "2026-11-21T06:00:00Z", "2026-11-14T06:00:00Z"


def quoted(text):
    return json.dumps(text)


ROOT = "{inline: %s}" % quoted(json.dumps(MADE["root"], separators=(",", ":")))
WHO = 'issuer: "%s", subject: "%s"' % (ISSUER, SUBJECT)
CI = "    ci: {keyless: {%s, trustedRoot: %s}}\n" % (WHO, ROOT)
SCANNER = "    scanner: {key: {inline: %s}}\n" % quoted(MADE["key"])
OWN = "roots: {inline: %s}, subject: \"%s\"" % (quoted(MADE["ca"]), SUBJECT)
TSA = "timestampAuthority: {inline: %s}" % quoted(MADE["tsa"])


def policy(authorities, rules, mode="deny"):
    return """apiVersion: assay.dev/v1
kind: Policy
metadata: {name: golden-images}
spec:
  mode: %s
  onError: deny
  match:
    resources: [pods, workloads]
    operations: [CREATE, UPDATE]
  authorities:
%s  rules:
%s""" % (mode, authorities, "".join("  - %s\n" % r for r in rules))


def pod(image):
    return """apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
  - {name: c0, image: "%s"}
""" % image


def expect(verdict, lines=(), mend=None, warnings=()):
    out = ["verdict: " + verdict]
    if lines:
        out.append("violations:")
        out += ["- " + quoted(line) for line in lines]
    if warnings:
        out.append("warnings:")
        out += ["- " + quoted(w) for w in warnings]
    if mend:
        out.append("mend: " + quoted(mend))
    return "\n".join(out) + "\n"


def files(authorities, rule, repository, *expected, image=None, mode="deny", **more):
    return {"policy.yaml": policy(authorities, [rule], mode),
            "object.yaml": pod(image or content.image(repository)), "expect.yaml": expect(*expected, **more)}


AT = 'spec.containers[0].image (container "c0")'


def line(code, repository, says, want):
    return "- %s: %s: %s/golden/%s@%s %s; want %s" % (code, AT, content.HOST, repository, SHORT, says, want)


# ---- signatures -----------------------------------------------------------------------------

SIGN_MEND = "cosign sign %s  # as " + SUBJECT


def keyless():
    rule = "{name: signed, signature: {anyOf: [ci]}}"

    def yes(name, repository, authorities=CI, rule_=rule):
        return ("keyless/" + name, files(authorities, rule_, repository, "allow"))

    def no(name, repository, says, authorities=CI, want="a signature by ci", mend=SIGN_MEND, rule_=rule):
        return ("keyless/" + name, files(
            authorities, rule_, repository, "deny", [line("signature", repository, says, want)],
            mend % content.image(repository)))

    yield yes("bundle", "keyless")
    yield yes("legacy", "keyless-legacy")
    yield yes("timestamp-and-log-of-version-2", "keyless-timestamp")
    feature = SUBJECT.replace("main", "feature")
    yield no("another-subject", "keyless-other-subject",
             'has 1 cosign signature, none by "ci": subject: got "%s", want "%s"' % (feature, SUBJECT))
    yield no("another-issuer", "keyless",
             'has 1 cosign signature, none by "ci": issuer: got "%s", want "https://idp.example"' % ISSUER,
             CI.replace(ISSUER, "https://idp.example"))
    yield no("another-digest", "keyless-other-digest",
             "has 1 cosign signature, none of this image: a good signature of %s, not of %s" %
             (content.OTHER_DIGEST, content.DIGEST))
    yield no("without-log", "keyless-without-log",
             "has 1 cosign signature, which does not count: no log entry, where one is wanted")
    yield no("unsigned", "unsigned", "has no cosign signature: none at tag sha256-%s\u2026.sig, none among its "
             "referrers" % content.DIGEST[7:19])
    yield no("by-a-key", "key", 'has 1 cosign signature, by key %s\u2026, none by "ci": made by a key, where an '
             "identity is wanted" % fingerprint())

    def regex(text):
        return CI.replace('subject: "%s"' % SUBJECT, "subjectRegex: %s" % quoted(text))

    host = "https://git[.]mini[.]example/acme/"
    yield yes("expression", "keyless", regex(host + ".*@refs/heads/(main|release-[0-9]+)"))
    yield no("expression-that-fits-the-beginning", "keyless",
             'has 1 cosign signature, none by "ci": subject: got "%s", want one that matches "%s"' % (SUBJECT, host + "app"),
             regex(host + "app"), mend="cosign sign %s  # as who fits " + host + "app")
    extension = "subject: \"%s\", extensions: {source-repository-ref: refs/tags/v1}" % SUBJECT
    tagged = CI.replace('subject: "%s"' % SUBJECT, extension)
    yield yes("extension", "keyless-release", tagged)
    yield no("extension-missing", "keyless",
             'has 1 cosign signature, none by "ci": extension source-repository-ref: missing', tagged)
    own = "    ci: {certificates: {%s, %s}}\n"
    yield yes("certificates-of-our-own", "keyless-timestamp", own % (OWN, TSA))
    place, made = no("certificates-of-our-own-now", "keyless-timestamp",
                     "has 1 cosign signature, which does not count: certificate: the certificate itself was not valid at "
                     "2026-11-23T00:00:00Z", own % (OWN, "useCurrentTime: true"))
    yield place, {**made, "now": "2026-11-23T00:00:00Z\n"}
    both = CI + SCANNER
    yield yes("any-of-identity-and-key", "key", both, rule.replace("[ci]", "[ci, scanner]"))
    yield yes("all-of-identity-and-key", "keyless-and-key", both, "{name: signed, signature: {allOf: [ci, scanner]}}")
    logged = "    scanner: {key: {inline: %s}, trustedRoot: %s, transparencyLog: {threshold: 1}}\n" % (
        quoted(MADE["key"]), ROOT)
    rule_ = "{name: signed, signature: {anyOf: [scanner]}}"
    yield yes("key-and-log", "key-logged", logged, rule_)
    yield no("key-without-the-wanted-log", "key",
             "has 1 cosign signature, which does not count: no log entry, where one is wanted", logged,
             "a signature by scanner", "cosign sign --key <scanner key> %s", rule_)


def fingerprint():
    body = "".join(x for x in MADE["key"].splitlines() if "-----" not in x)
    return "sha256:" + hashlib.sha256(base64.b64decode(body)).hexdigest()[:12]


# ---- attestations ---------------------------------------------------------------------------

VULN = "https://cosign.sigstore.dev/attestation/vuln/v1"
TWO = "2 critical findings (CVE-2026-1001, CVE-2026-1002): at most 0 allowed"


def rule(what, who="ci"):
    return "{name: attested, attestation: {%s, anyOf: [%s]}}" % (what, who)


def reports():
    ceiling = "type: vuln, severity: {critical: 0}"

    def yes(name, repository, what=ceiling, who="ci", authorities=CI, **more):
        return ("attestation/vuln-" + name, files(authorities, rule(what, who), repository, "allow", **more))

    def no(name, repository, says, what=ceiling, who="ci", authorities=CI, mend=None):
        mend = mend or "cosign download attestation --predicate-type %s %s" % (VULN, content.image(repository))
        return ("attestation/vuln-" + name, files(
            authorities, rule(what, who), repository, "deny",
            [line("attestation", repository, says, "an attestation of type vuln by " + who)], mend))

    def found(n, who, when, why):
        return 'has %d attestation%s of type vuln, the one by "%s" of %s not as wanted: %s' % (
            n, "" if n == 1 else "s", who, when, why)

    again = "cosign attest --type vuln --predicate <file> %s%s  # as " + SUBJECT
    yield yes("good", "scanned")
    yield yes("legacy", "scanned-legacy")
    yield yes("any", "scanned-bad", "type: vuln")
    yield yes("as-a-uri", "scanned", 'type: "%s", severity: {critical: 0, high: 0}' % VULN)
    yield no("findings", "scanned-bad", found(1, "ci", NEW, TWO))
    yield yes("findings-within-the-ceiling", "scanned-bad", "type: vuln, severity: {critical: 2, high: 0}")
    yield no("findings-with-a-fix", "scanned-bad",
             found(1, "ci", NEW, "1 critical finding with a fix (CVE-2026-1001): at most 0 allowed"),
             ceiling + ", fixableOnly: true")
    yield yes("findings-accepted", "scanned-bad", ceiling + ", accept: [CVE-2026-1001, CVE-2026-1002]")
    yield no("findings-of-which-one-is-accepted", "scanned-bad",
             found(1, "ci", NEW, "1 critical finding (CVE-2026-1002): at most 0 allowed"),
             ceiling + ", accept: [CVE-2026-1001]")
    yield no("newest-is-worse", "scanned-worse", found(2, "ci", NEW, TWO))
    yield yes("newest-is-better", "scanned-better")
    yield no("all-must-do", "scanned-better", found(2, "ci", OLD, TWO), ceiling + ", which: all")
    yield yes("by-key", "scanned-by-key", who="scanner", authorities=SCANNER)
    yield no("by-key-newest-is-worse", "scanned-by-key-worse", found(2, "scanner", NEW, TWO), who="scanner",
             authorities=SCANNER)
    yield yes("by-key-newest-is-better", "scanned-by-key-better", who="scanner", authorities=SCANNER)
    yield no("by-another", "scanned-by-another",
             'has 1 attestation of type vuln, none by "ci": subject: got "%s", want "%s"' %
             (SUBJECT.replace("main", "feature"), SUBJECT), mend=again % ("", content.image("scanned-by-another")))
    yield no("of-another-image", "scanned-another",
             "has 1 attestation of type vuln, none of this image: a good signature of %s, not of %s" %
             (content.OTHER_DIGEST, content.DIGEST), mend=again % ("", content.image("scanned-another")))
    yield no("unknown-shape", "scanned-strangely",
             found(1, "ci", NEW, "scanner.result: no report of Trivy, Grype or OSV-Scanner"))
    yield no("none", "keyless", "has no attestation of type vuln: none at tag sha256-%s\u2026.att, none among its "
             "referrers" % content.DIGEST[7:19], mend=again % ("", content.image("keyless")))


def ages():
    def aged(name, repository, now, *expected, who="ci", authorities=CI, what="type: vuln, maxAge: 3d"):
        out = files(authorities, rule(what, who), repository, *expected)
        out["now"] = now + "\n"
        return ("attestation/age-" + name, out)

    yield aged("young", "scanned", "2026-11-24T06:00:00Z", "allow")
    old = 'has 1 attestation of type %s, the one by "%s" of %s not as wanted: made at %s, 73 h ago: at most 72 h are allowed'
    want = "an attestation of type %s by %s"
    mend = "cosign attest --type vuln --predicate <file> %s%s"
    yield aged("old", "scanned", "2026-11-24T07:00:00Z", "deny",
               [line("attestation", "scanned", old % ("vuln", "ci", NEW, NEW), want % ("vuln", "ci"))],
               mend % ("", content.image("scanned")) + "  # as " + SUBJECT)
    yield aged("of-a-key-by-its-scan", "scanned-by-key", "2026-11-24T07:00:00Z", "deny",
               [line("attestation", "scanned-by-key", old % ("vuln", "scanner", NEW, NEW), want % ("vuln", "scanner"))],
               mend % ("--key <scanner key> ", content.image("scanned-by-key")), who="scanner", authorities=SCANNER)
    yield aged("of-a-bill-by-its-signature", "scanned", "2026-11-24T05:00:00Z", "allow", what="type: spdx, maxAge: 3d")
    rooted = SCANNER.replace("}\n", ", trustedRoot: %s}\n" % ROOT)
    yield aged("of-a-bill-by-a-key-with-a-root", "listed-by-key", "2026-11-24T05:00:00Z", "allow", who="scanner",
               authorities=rooted, what="type: spdx, maxAge: 3d")
    limited = CI.replace("trustedRoot: %s}" % ROOT, "trustedRoot: %s}, maxSignatureAge: 3d" % ROOT)
    out = files(limited, "{name: signed, signature: {anyOf: [ci]}}", "keyless", "allow")
    yield ("keyless/young-signature", {**out, "now": "2026-11-24T05:00:00Z\n"})
    says = ("has 1 cosign signature, which does not count: made at %s, want at most 72 h ago" % NEW)
    out = files(limited, "{name: signed, signature: {anyOf: [ci]}}", "keyless", "deny",
                [line("signature", "keyless", says, "a signature by ci")], SIGN_MEND % content.image("keyless"))
    yield ("keyless/old-signature", {**out, "now": "2026-11-24T07:00:00Z\n"})


def others():
    sbom = "type: spdx, sbom: {%s}"
    both = CI + SCANNER

    def yes(name, repository, what, who="ci"):
        return ("attestation/" + name, files(both, rule(what, who), repository, "allow"))

    def no(name, repository, kind, uri, when, why, what, who="ci", n=1):
        says = 'has %d attestation%s of type %s, the one by "%s" of %s not as wanted: %s' % (
            n, "" if n == 1 else "s", kind, who, when, why)
        mend = "cosign download attestation --predicate-type %s %s" % (uri, content.image(repository))
        return ("attestation/" + name, files(
            both, rule(what, who), repository, "deny",
            [line("attestation", repository, says, "an attestation of type %s by %s" % (kind, who))], mend))

    spdx = "https://spdx.dev/Document"
    slsa = "https://slsa.dev/provenance/v1"
    yield yes("bill", "scanned", sbom % "namesDigest: true, notEmpty: true, forbiddenPackages: [xz-utils]")
    yield no("bill-with-a-forbidden-licence", "scanned", "spdx", spdx, NEW,
             "1 package with a forbidden licence: busybox",
             sbom % "forbiddenLicences: [GPL-*]")
    yield yes("bill-by-key", "listed-by-key", sbom % "notEmpty: true, forbiddenPackages: [xz-utils]", "scanner")
    yield no("bills-of-one-time-must-all-do", "listed-by-key-with-xz", "spdx", spdx, NEW,
             "1 package with a forbidden name: xz-utils", sbom % "forbiddenPackages: [xz-utils]", "scanner", 2)
    provenance = "type: slsaprovenance1, provenance: {%s}"
    yield yes("provenance", "scanned", provenance % (
        'builder: ["https://ci.example/*"], source: ["https://git.example/acme/*"], '
        'buildType: ["https://build.example/v1"]'))
    yield no("provenance-of-another-builder", "built-elsewhere", "slsaprovenance1", slsa, NEW,
             'builder "https://laptop.example/me", want "https://ci.example/*"',
             provenance % 'builder: ["https://ci.example/*"]')
    both_rules = ["{name: golden-image, image: {registries: [\"%s/golden/**\"], digest: required}}" % content.HOST,
                  rule("type: vuln, severity: {critical: 0}")]
    yield ("attestation/golden-and-scanned", {
        "policy.yaml": policy(CI, both_rules), "object.yaml": pod(content.image("scanned")),
        "expect.yaml": expect("allow")})
    tag = "%s/golden/scanned:1" % content.HOST
    yield ("attestation/tag", files(
        CI, rule("type: vuln"), None, "deny",
        ['- attestation: %s: got tag "1"; want ...@sha256:<64 hex>; assay verify %s prints its pin' % (AT, tag)],
        image=tag))
    failing = "- attestation-unavailable: %s: the recorded %s holds nothing of the repository golden/failing" % (
        AT, content.HOST)
    yield ("attestation/could-not-find-out", files(CI, rule("type: vuln"), "failing", "error", [failing]))
    yield ("attestation/warn", files(
        CI, rule("type: vuln, severity: {critical: 0}"), "scanned-bad", "warn", mode="warn",
        warnings=['assay: container "c0": image is not attested as required (spec.containers[0].image)']))


def cases():
    yield from keyless()
    yield from reports()
    yield from ages()
    yield from others()
