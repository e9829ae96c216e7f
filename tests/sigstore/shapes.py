"""The cases of tests/sigstore/vectors that are no signatures at all, by their shape."""

import json

from cryptography.hazmat.primitives import serialization

import formats
from formats import (
    CERTIFICATE, SIGNATURE, SPDX, b64, bundle, case, dump, edited, entry, layer, layer_att,
    message, tagged, with_entries, without,
)  # fmt: skip

DER = serialization.Encoding.DER
PEM = serialization.Encoding.PEM
RAW = "verificationMaterial"


def shapes(s):
    """Bundles that are no bundles."""
    b = dump(bundle(s))
    yield "json-truncated", case("json", b[:-1])
    yield "json-trailing", case("json", b + "x")
    yield "json-duplicate-key", case("json", b[:-1] + ',"mediaType":"x"}')
    yield "json-empty", case("json", "")
    yield "json-root-list", case("field_type", "[" + b + "]")
    yield "json-too-deep", case("too_deep", b[:-1] + ',"x":' + "[" * 64 + "]" * 64 + "}")
    yield "media-type-unknown", case(
        "media_type", edited(bundle(s), mediaType="application/vnd.dev.sigstore.bundle.v0.4+json")
    )
    yield "media-type-missing", case("media_type", without(bundle(s), "mediaType"))
    yield "material-missing", case("field_missing", without(bundle(s), RAW))
    yield "material-none", case("material", edited(bundle(s), verificationMaterial={}))
    crt = {"rawBytes": b64(s.certificate("p256").public_bytes(DER))}
    both = {"publicKey": {"hint": ""}, "certificate": crt}
    yield "material-two", case("material", edited(bundle(s), verificationMaterial=both))
    yield "content-none", case("content", without(bundle(s), "dsseEnvelope"))
    two = edited(bundle(s), messageSignature=message(s)["messageSignature"])
    yield "content-two", case("content", two)
    yield "signature-empty", case("signature_empty", tagged(bundle(s), sig=""))
    yield "signature-absent", case(
        "signature_empty", edited(bundle(s), dsseEnvelope={"payload": "", "signatures": [{}]})
    )
    empty = message(s)
    empty["messageSignature"]["signature"] = ""
    yield "signature-empty-message", case("signature_empty", empty, accept_message=True)
    yield "signature-too-large", case(
        "signature_too_large", tagged(bundle(s), sig=b64(b"\0" * 2049))
    )
    for n in (0, 2):
        b = bundle(s)
        b["dsseEnvelope"]["signatures"] *= n
        yield f"signatures-{n}", case("signature_count", b)
    yield from certificates(s, crt)
    yield from fields(s)
    yield from encodings(s)


def certificates(s, crt):
    def chain(version, *list_):
        return edited(
            bundle(s),
            mediaType=f"application/vnd.dev.sigstore.bundle+json;version={version}",
            verificationMaterial={"x509CertificateChain": {"certificates": list(list_)}},
        )

    root = {"rawBytes": b64(s.certificate("rsa2048", "root", "root").public_bytes(DER))}
    yield "chain-for-a-key", case("certificate", chain("0.1", crt))
    yield "chain-in-v0.3", case("chain_in_v03", chain("0.3", crt))
    yield "chain-empty", case("chain_empty", chain("0.1"))
    yield "chain-self-issued", case("chain_self_issued", chain("0.2", crt, root))
    yield "chain-too-long", case("chain_too_long", chain("0.1", *[{}] * 9))
    for name, raw in (("empty", ""), ("garbage", b64(b"0000"))):
        b = edited(bundle(s), verificationMaterial={"certificate": {"rawBytes": raw}})
        yield f"certificate-{name}", case("certificate_malformed", b)


def fields(s):
    """Unknown fields, wrong types, numbers out of range: also where no key needs them."""

    def put(value, *path):
        b = with_entries(bundle(s), entry())
        at = b
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value
        return b

    log = (RAW, "tlogEntries", 0)
    for name, path in (
        ("root", ()),
        ("material", (RAW,)),
        ("key", (RAW, "publicKey")),
        ("envelope", ("dsseEnvelope",)),
        ("signature", ("dsseEnvelope", "signatures", 0)),
        ("log-entry", log),
        ("log-id", log + ("logId",)),
        ("kind", log + ("kindVersion",)),
        ("promise", log + ("inclusionPromise",)),
        ("proof", log + ("inclusionProof",)),
        ("checkpoint", log + ("inclusionProof", "checkpoint")),
    ):
        yield f"unknown-field-in-{name}", case("field_unknown", put(1, *path, "x\n"))
    proof = log + ("inclusionProof",)
    for name, value, path in (
        ("log-entries-string", "x", (RAW, "tlogEntries")),
        ("log-entry-null", None, log),
        ("timestamps-string", "x", (RAW, "timestampVerificationData")),
        ("tree-size-true", True, proof + ("treeSize",)),
        ("root-hash-zero", 0, proof + ("rootHash",)),
        ("hashes-number", 1e30, proof + ("hashes",)),
        ("hashes-of-numbers", [1], proof + ("hashes",)),
        ("hint-number", 1, (RAW, "publicKey", "hint")),
        ("hint-null", None, (RAW, "publicKey", "hint")),
        ("key-null", None, (RAW, "publicKey")),
        ("payload-number", 1, ("dsseEnvelope", "payload")),
        ("payload-type-list", [], ("dsseEnvelope", "payloadType")),
        ("signatures-map", {}, ("dsseEnvelope", "signatures")),
        ("keyid-number", 1, ("dsseEnvelope", "signatures", 0, "keyid")),
        ("log-index-real", 1.5, log + ("logIndex",)),
        ("kind-number", 1, log + ("kindVersion", "kind")),
        ("checkpoint-list", [], proof + ("checkpoint", "envelope")),
    ):
        yield f"type-{name}", case("field_type", put(value, *path))
    yield "cosign-4652-body-not-a-string", case(
        "field_type", put({"a": 1}, *log, "canonicalizedBody")
    )
    for name, value, path in (
        ("log-index-overflow", "9223372036854775808", log + ("logIndex",)),
        ("log-index-word", "AAAA", log + ("logIndex",)),
        ("log-index-negative", -1, log + ("logIndex",)),
        ("log-index-negative-text", "-1", log + ("logIndex",)),
        ("log-index-leading-zero", "01", log + ("logIndex",)),
        ("log-index-empty", "", log + ("logIndex",)),
        ("time-negative", "-5", log + ("integratedTime",)),
        ("proof-index-negative", "-1", proof + ("logIndex",)),
        ("tree-size-plus", "+5", proof + ("treeSize",)),
    ):
        yield f"range-{name}", case("field_range", put(value, *path))
    yield "range-log-index-number-overflow", case(
        "json", dump(put(77777, *log, "logIndex")).replace("77777", "9223372036854775808")
    )
    v1 = dict(put({}, *log, "inclusionPromise"))
    v1["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.1"
    yield "cosign-4648-log-promise-missing", case("log_promise_missing", v1)
    b = without(with_entries(bundle(s), entry()), *log, "inclusionProof")
    yield "cosign-4653-log-proof-missing", case("log_proof_missing", b)
    b = without(with_entries(bundle(s), entry()), *proof, "checkpoint")
    yield "log-checkpoint-missing", case("log_checkpoint_missing", b)
    yield "log-entry-twice", case("log_entry_twice", with_entries(bundle(s), entry(), entry()))
    yield "log-hash-short", case("log_proof_hashes", put([b64(b"x" * 31)], *proof, "hashes"))
    none = {"rfc3161Timestamps": [{}]}
    yield "timestamp-empty", case("field_missing", put(none, RAW, "timestampVerificationData"))


def encodings(s):
    """Base64 that somebody else would take."""
    sig = bundle(s)["dsseEnvelope"]["signatures"][0]["sig"]
    for name, text in (
        ("newline", sig[:8] + "\n" + sig[8:]),
        ("four-newlines", sig[:8] + "\n\n\n\n" + sig[8:]),
        ("space", sig + " "),
        ("unpadded", b64(b"0123456789")[:-2]),
        ("url-safe", "-_" + sig[2:]),
        ("stray-bits", "AB=="),
    ):
        yield f"base64-{name}", case("base64", tagged(bundle(s), sig=text))
    b = bundle(s)
    b["dsseEnvelope"]["payload"] += "\n"
    yield "base64-payload-newline", case("base64", b)


def legacy_shapes(s):
    """Layers that are no signatures."""

    def noted(name, value):
        out = layer(s)
        out["annotations"][name] = value
        return out

    bundle_at = "dev.sigstore.cosign/bundle"
    time_at = "dev.sigstore.cosign/rfc3161timestamp"
    yield "legacy-media-type", case("media_type", dict(layer(s), mediaType="text/plain"))
    yield "legacy-without-annotations", case("signature_empty", dict(layer(s), annotations=None))
    yield "legacy-signature-empty", case("signature_empty", noted(SIGNATURE, ""))
    yield "legacy-signature-newline", case(
        "base64", noted(SIGNATURE, layer(s)["annotations"][SIGNATURE] + "\n")
    )
    yield "legacy-signature-number", case("field_type", noted(SIGNATURE, 5))
    yield "legacy-certificate-garbage", case("certificate_malformed", noted(CERTIFICATE, "x"))
    pem = s.certificate("p256").public_bytes(PEM).decode()
    yield "legacy-certificate-two", case("certificate_malformed", noted(CERTIFICATE, pem * 2))
    key = s.keys["p256"].public_key().public_bytes(
        PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    yield "legacy-certificate-is-a-key", case(
        "certificate_malformed", noted(CERTIFICATE, key.decode())
    )
    for name, reason, value in (
        ("garbage", "json", "{"),
        ("list", "field_type", "[]"),
        ("without-payload", "field_missing", '{"SignedEntryTimestamp":"AAAA"}'),
        ("without-promise", "log_promise_missing", dump(formats.set_payload(""))),
        ("negative-index", "field_range", dump(formats.set_payload(logIndex=-1))),
        ("log-id-short", "field_range", dump(formats.set_payload(logID="abc"))),
        ("log-id-upper-case", "field_range", dump(formats.set_payload(logID="AB" * 32))),
        ("body-not-base64", "base64", dump(formats.set_payload(body="?"))),
        ("body-map", "field_type", dump(formats.set_payload(body={}))),
    ):
        yield f"legacy-log-{name}", case(reason, noted(bundle_at, value))
    yield "legacy-timestamp-garbage", case("json", noted(time_at, "x"))
    yield "legacy-timestamp-empty", case("field_missing", noted(time_at, "{}"))
    att = layer_att(s)
    att["blob"] = "{}"
    yield "legacy-attestation-empty", case("signature_count", att, want=SPDX)
    att = layer_att(s)
    att["blob"] = dump(dict(json.loads(att["blob"]), extra=1))
    yield "good-legacy-attestation-with-another-field", case("verified", att, want=SPDX)
