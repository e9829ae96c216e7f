"""The cases of tests/sigstore/vectors: what is offered, asked, and must come out."""

import base64
import hashlib

from cryptography.hazmat.primitives import serialization

import formats
import shapes
from formats import (
    DIGEST, MANIFEST, OTHER_DIGEST, SPDX, TEAM, attestation, b64, bundle, case, dump, edited, entry,
    hexa, layer, layer_att, message, payload, statement, with_certificate, with_entries, without,
)  # fmt: skip

DER = serialization.Encoding.DER
PEM = serialization.Encoding.PEM


def good(s):
    """Everything that must verify."""
    for key in ("p256", "p384", "p521", "rsa2048", "ed25519"):
        yield f"good-bundle-{key}", case("verified", bundle(s, key=key), keys=[key])
        yield f"good-legacy-{key}", case("verified", layer(s, key=key), keys=[key])
    yield "good-legacy-p384-sha256", case("verified", layer(s, "p384", "sha256"), keys=["p384"])
    yield "good-legacy-p521-sha256", case("verified", layer(s, "p521", "sha256"), keys=["p521"])
    pure = layer(s, "ed25519", "ed25519")
    yield "good-legacy-ed25519-pure", case("verified", pure, keys=["ed25519"])
    pss = layer(s, "rsa2048", "rsa-pss")
    yield "good-legacy-rsa-pss", case("verified", pss, keys=["rsa2048"], schemes=["rsa-pss"])
    yield "good-second-key", case("verified", bundle(s), keys=["other", "p256"], key_index=1)
    yield "good-hint-absent", case("verified", bundle(s, hint=None))
    yield "good-hint-of-another-key", case("verified", bundle(s, hint=s.hint("other")))
    yield "good-annotations", case("verified", bundle(s, statement(TEAM)), annotations=TEAM)
    yield "good-legacy-annotations", case("verified", layer(s, optional=TEAM), annotations=TEAM)
    yield "good-legacy-reference", case("verified", layer(s), reference="registry.example/app")
    yield "good-legacy-reference-below", case(
        "verified", layer(s), reference="registry.example", reference_prefix=True
    )
    yield "good-attestation", case("verified", attestation(s), want=SPDX)
    yield "good-legacy-attestation", case("verified", layer_att(s), want=SPDX)
    two = statement(digests=[{"sha256": hexa(OTHER_DIGEST)}, {"sha256": hexa(DIGEST)}])
    yield "good-second-subject", case("verified", bundle(s, two))
    for version in ("0.1", "0.2", "0.3"):
        media = f"application/vnd.dev.sigstore.bundle+json;version={version}"
        b = edited(with_entries(bundle(s), entry()), mediaType=media)
        yield f"good-v{version}-with-log-entry", case("verified", b)
    numbers = entry()
    numbers["logIndex"] = 7
    numbers["inclusionProof"]["treeSize"] = 12
    yield "good-numbers-as-numbers", case("verified", with_entries(bundle(s), numbers))
    few = entry()
    for absent in ("logIndex", "integratedTime"):
        del few[absent]
    del few["inclusionProof"]["logIndex"], few["inclusionProof"]["hashes"]
    yield "good-defaults-omitted", case("verified", with_entries(bundle(s), few))
    yield "good-legacy-log-entry", case("verified", formats.with_set(layer(s)))
    crt = with_certificate(layer(s), s.certificate("p256").public_bytes(PEM).decode())
    yield "good-legacy-certificate-and-our-key", case("verified", crt)
    blank = with_certificate(layer(s), " \n")
    yield "good-legacy-certificate-blank", case("verified", blank)
    yield "good-message", case("verified", message(s), accept_message=True)
    for key in ("p384", "ed25519"):
        digest = "sha384:" + hashlib.sha384(MANIFEST).hexdigest()
        larger = message(s, key, digest, algorithm="SHA2_384")
        yield f"good-message-{key}-sha384", case(
            "verified", larger, keys=[key], accept_message=True, artifact=MANIFEST.decode()
        )
        yield f"good-message-{key}-with-artifact", case(
            "verified", message(s, key), keys=[key], accept_message=True, artifact=MANIFEST.decode()
        )
    for now in (1000, 2000):
        yield f"good-key-window-at-{now}", case(
            "verified", bundle(s), window=[1000, 2000], now=now
        )


def whose(s):
    """Not our key, or our key and broken."""
    yield "other-key", case("key_unknown", bundle(s, key="other"))
    yield "other-key-with-a-name-as-hint", case("key_unknown", bundle(s, key="other", hint="k\t1"))
    yield "other-key-without-hint", case("key_fits_none", bundle(s, key="other", hint=None))
    yield "other-key-with-our-hint", case(
        "signature_wrong", bundle(s, key="other", hint=s.hint("p256"))
    )
    yield "other-key-legacy", case("key_fits_none", layer(s, key="other"))
    yield "other-key-attestation", case("key_unknown", attestation(s, key="other"), want=SPDX)
    b = bundle(s)
    b["dsseEnvelope"]["payload"] = b64(statement(TEAM))
    yield "tampered-payload", case("signature_wrong", b)
    b = bundle(s)
    raw = bytearray(base64.b64decode(b["dsseEnvelope"]["signatures"][0]["sig"]))
    raw[-1] ^= 1
    b["dsseEnvelope"]["signatures"][0]["sig"] = b64(bytes(raw))
    yield "tampered-signature", case("signature_wrong", b)
    b["dsseEnvelope"]["signatures"][0]["sig"] = b64(b"not a signature")
    yield "tampered-signature-is-no-der", case("signature_wrong", b)
    legacy = layer(s)
    legacy["blob"] = legacy["blob"].replace("registry.example", "registry.exampl3")
    yield "tampered-payload-legacy", case("key_fits_none", legacy)
    bare = bundle(s, signed=statement())
    yield "signed-without-pae", case("signature_wrong", bare)
    bare = bundle(s, signed=formats.pae("text/plain", statement()))
    yield "signed-with-another-type", case("signature_wrong", bare)
    for key, scheme, pin in (
        ("p384", "sha256", "sha384"),
        ("p521", "sha256", "sha512"),
        ("ed25519", "ed25519", "ed25519ph"),
        ("ed25519", "ed25519ph", "ed25519"),
    ):
        yield f"pinned-{key}-{pin}-not-{scheme}", case(
            "signature_wrong", bundle(s, key=key, scheme=scheme), keys=[key], schemes=[pin]
        )
    pss = bundle(s, key="rsa2048", scheme="rsa-pss")
    yield "rsa-pss-is-no-default", case("signature_wrong", pss, keys=["rsa2048"])
    for now in (999, 2001):
        yield f"sigstore-go-4594ab4-key-window-{now}", case(
            "key_outside_window", bundle(s), window=[1000, 2000], now=now
        )
    crt = b64(s.certificate("p256").public_bytes(DER))
    b = edited(bundle(s), verificationMaterial={"certificate": {"rawBytes": crt}})
    yield "certificate-bundle-is-not-for-keys", case("certificate", b)
    pem = s.certificate("other").public_bytes(PEM).decode()
    yield "certificate-legacy-other", case("certificate", with_certificate(layer(s, "other"), pem))
    yield "log-demanded", case("not_supported", bundle(s), log_threshold=1)
    yield "cve-2022-23649-log-demanded-of-legacy", case(
        "not_supported", formats.with_set(layer(s)), log_threshold=1
    )
    yield "cve-2022-36056-log-demanded-of-bundle", case(
        "not_supported", with_entries(bundle(s), entry()), log_threshold=1
    )
    yield "cve-2026-22703-log-demanded-with-proof", case(
        "not_supported", with_entries(layer_bundle(s), entry()), log_threshold=1
    )
    yield "timestamp-demanded", case("not_supported", bundle(s), time_threshold=1)
    yield "no-key", case("not_supported", bundle(s), keys=[])


def layer_bundle(s):
    return edited(bundle(s), mediaType="application/vnd.dev.sigstore.bundle+json;version=0.1")


def of_what(s):
    """Our signature, of something else."""
    yield "other-digest", case("digest", bundle(s, statement(digest=OTHER_DIGEST)))
    yield "other-digest-legacy", case("digest", layer(s, digest=OTHER_DIGEST))
    yield "other-digest-attestation", case(
        "digest", attestation(s, digest=OTHER_DIGEST), want=SPDX
    )
    upper = [{"sha256": hexa(DIGEST).upper()}]
    yield "digest-in-upper-case", case("digest", bundle(s, statement(digests=upper)))
    sha512 = [{"sha512": hashlib.sha512(MANIFEST).hexdigest()}]
    yield "digest-sha512-only", case("digest", bundle(s, statement(digests=sha512)))
    yield "digest-legacy-without-algorithm", case("digest", layer(s, digest=hexa(DIGEST)))
    for name, annotations in (
        ("missing", {"env": "prod"}),
        ("other", {"team": "apps"}),
        ("no-string", {"team": 5}),
        ("prefix", {"team": "infra2"}),
    ):
        b = bundle(s, statement(annotations))
        yield f"annotation-{name}", case("annotation", b, annotations=TEAM)
        legacy = layer(s, optional=annotations)
        yield f"annotation-{name}-legacy", case("annotation", legacy, annotations=TEAM)
    yield "annotation-optional-null", case("annotation", layer(s, optional=None), annotations=TEAM)
    yield "reference-other", case("reference", layer(s), reference="registry.example/app2")
    yield "reference-not-a-prefix-of-text", case(
        "reference", layer(s), reference="registry.example/ap", reference_prefix=True
    )
    yield "reference-above-without-prefix", case("reference", layer(s), reference="registry.example")
    yield "reference-of-bundle-names-none", case(
        "reference", bundle(s), reference="registry.example/app"
    )
    spdx = attestation(s)
    yield "cve-2022-35929-attestation-of-another-type", case(
        "predicate_type", spdx, want="https://slsa.dev/provenance/v1"
    )
    yield "cve-2022-35930-legacy-attestation-of-another-type", case(
        "predicate_type", layer_att(s), want="https://slsa.dev/provenance/v1"
    )
    yield "cve-2026-39395-attestation-is-no-signature", case("predicate_type", spdx)
    yield "attestation-legacy-is-no-signature", case("predicate_type", layer_att(s))
    yield "signature-is-no-attestation", case("predicate_type", bundle(s), want=SPDX)
    yield "signature-legacy-is-no-attestation", case("predicate_type", layer(s), want=SPDX)
    yield "message-refused", case("message_signature", message(s))
    yield "message-other-digest", case(
        "digest", message(s, digest=OTHER_DIGEST, signed=b"another manifest"), accept_message=True
    )
    yield "message-digest-is-not-authentic", case(
        "message_digest", message(s, digest=OTHER_DIGEST), accept_message=True
    )
    yield "message-signature-of-something-else", case(
        "signature_wrong", message(s, signed=b"another manifest"), accept_message=True
    )
    yield "message-digest-of-sha512", case(
        "artifact_needed", message(s, algorithm="SHA2_512"), accept_message=True
    )
    yield "message-digest-of-sha512-that-is-none", case(
        "message_digest", message(s, algorithm="SHA2_512"), accept_message=True, artifact=MANIFEST.decode()
    )
    yield "message-digest-of-sha1", case(
        "message_digest", message(s, algorithm="SHA1"), accept_message=True, artifact=MANIFEST.decode()
    )
    yield "message-without-digest", case(
        "field_missing", without(message(s), "messageSignature", "messageDigest"),
        accept_message=True,
    )  # fmt: skip
    for key in ("p384", "ed25519"):
        yield f"message-{key}-needs-artifact", case(
            "artifact_needed", message(s, key), keys=[key], accept_message=True
        )
    yield "message-artifact-of-another-digest", case(
        "not_verified", message(s), accept_message=True, artifact="another manifest"
    )


def statements(s):
    """Signed by us, and still no statement or payload."""

    def of(reason, payload_bytes, **kw):
        return case(reason, bundle(s, payload_bytes), **kw)

    subject = {"digest": {"sha256": hexa(DIGEST)}}
    yield "cosign-5016-null-subject", of("subject", statement(subjects=[None, subject]))
    yield "sigstore-go-618325f-no-subject", of("subject", statement(subjects=[]))
    yield "subject-not-a-list", of("subject", statement(subjects=subject))
    yield "subject-without-digest", of("subject", statement(subjects=[subject, {"name": "x"}]))
    yield "subject-digest-empty", of("subject", statement(subjects=[{"digest": {}}]))
    yield "subject-digest-no-string", of("subject", statement(subjects=[{"digest": {"sha256": 1}}]))
    yield "subject-name-no-string", of("subject", statement(subjects=[dict(subject, name=1)]))
    yield "subject-annotations-list", of(
        "subject", statement(subjects=[dict(subject, annotations=[])])
    )
    v2 = statement(type_="https://in-toto.io/Statement/v2")
    yield "statement-of-unknown-version", of("statement_type", v2)
    yield "statement-without-type", of("statement", dump({"subject": [subject]}).encode())
    yield "statement-without-predicate-type", of("statement", statement(predicate_type=""))
    yield "statement-not-json", of("json", b"hello")
    yield "cosign-4649-statement-is-a-list", of("field_type", b"[]")
    yield "statement-duplicate-key", of("json", b'{"_type":1,"_type":2}')
    twisted = bundle(s)
    twisted["dsseEnvelope"]["payloadType"] = "application/json"
    yield "payload-type-other", case("payload_type", twisted)

    def claims(reason, blob, **kw):
        return case(reason, layer(s, blob=blob), **kw)

    yield "claims-type-other", claims("claim_type", payload(type_="atomic container signature"))
    yield "claims-not-json", claims("json", "hello")
    yield "cosign-4651-claims-is-a-string", claims("field_type", '"x"')
    yield "claims-without-critical", claims("claims", '{"optional":null}')
    yield "claims-critical-null", claims("claims", '{"critical":null}')
    yield "claims-digest-spelled-otherwise", claims(
        "claims", payload().replace("docker-manifest-digest", "Docker-manifest-digest")
    )
    yield "claims-digest-number", claims("claims", payload(digest=5))
    yield "claims-digest-empty", claims("claims", payload(digest=""))
    yield "claims-reference-number", claims("claims", payload(reference=5))
    yield "claims-without-type", claims("claims", payload(type_=None))
    yield "claims-optional-list", claims("claims", payload(optional=[]))
    yield "claims-duplicate-critical", claims(
        "json", payload()[:-1] + ',"critical":{}}'
    )


def all_cases(s):
    for group in (good, whose, of_what, statements, shapes.shapes, shapes.legacy_shapes):
        yield from group(s)
