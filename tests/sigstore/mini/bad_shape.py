"""Bundles and layers that are wrong in shape: fields, types, numbers, base64, versions, limits."""

import json

from keys import pem
from offer import OTHER, SPDX, Signed, bundle, entry, stamp, statement
from pki import fulcio
from rekor import b64
from variant import UNASKED, dump, edit, log, offer, proof, sign, variant
from world import T0

MATERIAL = "verificationMaterial"


def put(tree, value, *path):
    at = tree
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return tree


def bad(w, name, reason, about, change, make=None, **more):
    """A good candidate after change(tree)."""
    return variant(w, name, reason, about, edit(make or offer(w), change), **more)


def full(w):
    return offer(w, stamps=[stamp(w.tsa)])


def versions(w):
    chain = [w.leaf(), w.ca.middle, w.ca.root]

    def with_chain(form, n):
        return bundle(Signed(form, "sign", chain[0].key, chain[0]), [entry(w.rekor1)],
                      chain=[c.der for c in chain[:n]])

    yield variant(w, "chain-in-v0.3", "chain_in_v03", "a chain in a bundle of version 0.3",
                  with_chain("v0.3", 2))
    yield variant(w, "chain-with-root", "chain_self_issued", "a chain that brings its own root",
                  with_chain("v0.2", 3), go="accepts: ignores certificates after the first")
    yield bad(w, "chain-empty", "chain_empty", "a chain without certificates",
              lambda t: put(t, [], MATERIAL, "x509CertificateChain", "certificates"),
              with_chain("v0.2", 2))
    yield bad(w, "chain-of-nine", "chain_too_long", "nine certificates",
              lambda t: put(t, [{"rawBytes": b64(chain[0].der)}] * 9,
                            MATERIAL, "x509CertificateChain", "certificates"),
              with_chain("v0.2", 2), go="accepts: ignores certificates after the first")
    yield bad(w, "media-type-v0.4", "media_type", "a version that does not exist",
              lambda t: put(t, "application/vnd.dev.sigstore.bundle.v0.4+json", "mediaType"))
    yield variant(w, "promise-missing-v0.1", "log_promise_missing",
                  "version 0.1 demands a promise; cosign 4648",
                  offer(w, "v0.1", entries=[entry(w.rekor1, promise=False)], stamps=[stamp(w.tsa)]))
    for form in ("v0.2", "v0.3"):
        yield variant(w, f"proof-missing-{form}", "log_proof_missing",
                      f"version {form[1:]} demands a proof",
                      offer(w, form, entries=[entry(w.rekor1, proof=False)]))
    yield bad(w, "checkpoint-missing", "log_checkpoint_missing", "a proof without checkpoint",
              lambda t: proof(t).pop("checkpoint"))
    yield bad(w, "key-and-certificate", "material", "both a key and a certificate",
              lambda t: put(t, {"hint": ""}, MATERIAL, "publicKey"))
    yield bad(w, "no-certificate", "material", "neither key nor certificate",
              lambda t: t[MATERIAL].pop("certificate"))
    yield bad(w, "certificate-empty", "certificate_malformed", "an empty certificate",
              lambda t: put(t, "", MATERIAL, "certificate", "rawBytes"))
    yield bad(w, "certificate-trailing-byte", "certificate_malformed", "a byte behind the certificate",
              lambda t: put(t, b64(w.leaf().der + b"\0"), MATERIAL, "certificate", "rawBytes"))
    yield bad(w, "content-twice", "content", "an envelope and a message signature",
              lambda t: t.update(messageSignature=offer(w, content="message")["messageSignature"]))
    yield bad(w, "content-none", "content", "neither envelope nor message signature",
              lambda t: t.pop("dsseEnvelope"))
    yield bad(w, "signature-empty", "signature_empty", "an empty signature",
              lambda t: put(t, "", "dsseEnvelope", "signatures", 0, "sig"))
    yield bad(w, "signature-empty-message", "signature_empty", "an empty signature of the manifest",
              lambda t: put(t, "", "messageSignature", "signature"), offer(w, content="message"))
    yield bad(w, "signatures-none", "signature_count", "an envelope without signature",
              lambda t: put(t, [], "dsseEnvelope", "signatures"))
    yield bad(w, "signatures-two", "signature_count", "an envelope with two good signatures",
              lambda t: t["dsseEnvelope"]["signatures"].append(sign(w).envelope["signatures"][0]))


def fields(w):
    for name, path in (
        ("root", ()), ("material", (MATERIAL,)), ("certificate", (MATERIAL, "certificate")),
        ("entry", (MATERIAL, "tlogEntries", 0)),
        ("proof", (MATERIAL, "tlogEntries", 0, "inclusionProof")),
        ("promise", (MATERIAL, "tlogEntries", 0, "inclusionPromise")),
        ("checkpoint", (MATERIAL, "tlogEntries", 0, "inclusionProof", "checkpoint")),
        ("timestamps", (MATERIAL, "timestampVerificationData")),
        ("timestamp", (MATERIAL, "timestampVerificationData", "rfc3161Timestamps", 0)),
    ):
        yield bad(w, f"field-unknown-in-{name}", "field_unknown", f"an unknown field in the {name}",
                  lambda t: put(t, 1, *path, "extra"), full(w))
    at = (MATERIAL, "tlogEntries", 0)
    for name, value, path, about in (
        ("timestamps-string", "x", (MATERIAL, "timestampVerificationData"), "timestamps are a string"),
        ("tree-size-true", True, (*at, "inclusionProof", "treeSize"), "the tree size is true"),
        ("root-hash-zero", 0, (*at, "inclusionProof", "rootHash"), "the root hash is a number"),
        ("hashes-number", 1e30, (*at, "inclusionProof", "hashes"), "the hashes are a number"),
        ("body-map", {"a": 1}, (*at, "canonicalizedBody"), "the body is no string; cosign 4652"),
        ("entry-null", None, at, "an entry is null; cosign 4648"),
        ("log-id-null", None, (*at, "logId", "keyId"), "the id of the log is null"),
    ):
        yield bad(w, f"type-{name}", "field_type", about, lambda t: put(t, value, *path), full(w))
    v2 = offer(w, entries=[entry(w.rekor2)], stamps=[stamp(w.tsa)])
    yield bad(w, "range-proof-index-word", "field_range", "a number that nobody reads is none, Rekor v2",
              lambda t: put(t, "AAAA", *at, "inclusionProof", "logIndex"), v2)
    for name, value, where in (
        ("log-index-overflow", "9223372036854775808", "logIndex"),
        ("time-overflow", "9223372036854775808", "integratedTime"),
        ("log-index-negative", "-1", "logIndex"), ("time-negative", "-1", "integratedTime"),
    ):
        yield bad(w, f"range-{name}", "field_range", f"{where} is {value}",
                  lambda t: put(t, value, *at, where))
    for name, value, where in (
        ("proof-index-negative", "-1", "logIndex"), ("tree-size-overflow", str(1 << 63), "treeSize"),
    ):
        yield bad(w, f"range-{name}", "field_range", f"{where} of the proof is {value}",
                  lambda t: put(t, value, *at, "inclusionProof", where))
    text = dump(offer(w))
    yield variant(w, "json-duplicate-key", "json", "the media type twice",
                  text[:-1] + ',"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}')
    yield variant(w, "json-trailing", "json", "text behind the bundle", text + "{}")
    yield variant(w, "json-too-deep", "too_deep", "65 levels",
                  text[:-1] + ',"x":' + "[" * 64 + "]" * 64 + "}")


def base64s(w):
    at = (MATERIAL, "tlogEntries", 0)
    for name, path in (
        ("certificate", (MATERIAL, "certificate", "rawBytes")),
        ("payload", ("dsseEnvelope", "payload")),
        ("signature", ("dsseEnvelope", "signatures", 0, "sig")),
        ("promise", (*at, "inclusionPromise", "signedEntryTimestamp")),
        ("body", (*at, "canonicalizedBody")), ("log-id", (*at, "logId", "keyId")),
        ("root-hash", (*at, "inclusionProof", "rootHash")),
        ("hash", (*at, "inclusionProof", "hashes", 0)),
        ("timestamp", (MATERIAL, "timestampVerificationData", "rfc3161Timestamps", 0,
                       "signedTimestamp")),
    ):
        def newline(t):
            here = t
            for key in path:
                here = here[key]
            put(t, here[:4] + "\n" + here[4:], *path)

        yield bad(w, f"base64-newline-{name}", "base64", f"a newline inside of the {name}", newline,
                  full(w), go="either: its decoder skips newlines, unless padding follows")
    yield bad(w, "base64-stray-bits", "base64", "bits behind the end of the log's id",
              lambda t: put(t, stray(log(t)["logId"]["keyId"]), *at, "logId", "keyId"),
              go="accepts: its decoder ignores these bits")


def stray(text):
    """The same bytes with the unused bits of the last digit set."""
    assert text[-1] == "=" and text[-2] != "="
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return text[:-2] + digits[digits.index(text[-2]) | 1] + "="


def limits(w):
    def entries(n):
        return [entry(w.rekor1, size=64, index=i) for i in range(n)]

    yield variant(w, "limit-entries", "log_entries", "33 good entries of one signature",
                  offer(w, entries=entries(33)))
    yield variant(w, "limit-timestamps", "timestamps", "33 good timestamps",
                  offer(w, stamps=[stamp(w.tsa)] * 33))
    yield bad(w, "limit-hashes", "log_proof_hashes", "64 hashes",
              lambda t: put(proof(t), [b64(b"h" * 32)] * 64, "hashes"))
    yield bad(w, "hash-short", "log_proof_hashes", "a hash of 31 bytes",
              lambda t: put(proof(t), b64(b"h" * 31), "hashes", 0))
    yield variant(w, "limit-checkpoint", "log_checkpoint_size", "a signed checkpoint of 17 KiB",
                  offer(w, entries=[entry(w.rekor1, checkpoint={"text": lambda t: t + "x" * 17000 + "\n"})]),
                  go="accepts: has no limit")
    yield variant(w, "limit-checkpoint-lines", "log_checkpoint_size", "33 signature lines",
                  offer(w, entries=[entry(w.rekor1, checkpoint={"lines": lambda l, t: [l.line(t)] * 33})]),
                  go="accepts: has no limit")
    yield variant(w, "limit-subjects", "subjects", "1025 subjects",
                  offer(w, signed={"payload": statement(
                      subjects=[{"digest": {"sha256": "%064x" % i}} for i in range(1025)])}))
    many = {f"sha{i}": "00" for i in range(33)}
    many["sha256"] = OTHER[7:]
    yield variant(w, "limit-digests", "subjects", "a subject of 34 digests",
                  offer(w, signed={"payload": statement(subjects=[{"digest": many}])}))
    yield variant(w, "limit-certificate", "certificate_malformed", "a certificate of 17 KiB",
                  offer(w, leaf={"extensions": {"12": fulcio(12, "x" * 17000)}}),
                  go="accepts: has no limit")
    yield bad(w, "entry-twice", "log_entry_twice", "the same entry twice",
              lambda t: t[MATERIAL]["tlogEntries"].append(dict(log(t))))


def legacy(w):
    notes = "annotations"

    def noted(name, value):
        return lambda t: put(t, value, notes, name)

    cert = "dev.sigstore.cosign/certificate"
    set_at, time_at = "dev.sigstore.cosign/bundle", "dev.sigstore.cosign/rfc3161timestamp"

    def sig(**knobs):
        return offer(w, "sig", **knobs)

    two = pem("CERTIFICATE", w.leaf().der) * 2
    yield bad(w, "legacy-certificate-twice", "certificate_malformed", "two certificates in the annotation",
              noted(cert, two), sig())
    yield bad(w, "legacy-certificate-blank", "key_no_identity", "a certificate of white space only",
              noted(cert, " \n"), sig())
    yield bad(w, "legacy-no-promise", "log_missing", "no bundle annotation, a log entry asked for",
              lambda t: t[notes].pop(set_at), sig())
    yield bad(w, "legacy-media-type", "media_type", "another media type of the layer",
              lambda t: t.update(mediaType="text/plain"), sig())
    for name, change, reason in (
        ("promise-newline", lambda p: p.update(SignedEntryTimestamp=p["SignedEntryTimestamp"] + "\n"),
         "base64"),
        ("log-id-upper-case", lambda p: p["Payload"].update(logID=p["Payload"]["logID"].upper()),
         "field_range"),
        ("time-real", lambda p: p["Payload"].update(integratedTime=T0 + 10.5), "field_type"),
        ("index-negative", lambda p: p["Payload"].update(logIndex=-1), "field_range"),
    ):
        def changed(t):
            tree = json.loads(t[notes][set_at])
            change(tree)
            put(t, dump(tree), notes, set_at)

        yield bad(w, f"legacy-{name}", reason, f"the promise's annotation: {name.replace('-', ' ')}",
                  changed, sig())
    yield bad(w, "legacy-timestamp-newline", "base64", "a newline in the timestamp's annotation",
              lambda t: put(t, t[notes][time_at].replace('"}', '\\n"}'), notes, time_at),
              sig(stamps=[stamp(w.tsa)]))
    yield bad(w, "legacy-payload-large", "too_large", "a payload of more than 64 KiB",
              lambda t: t.update(blob=" " * 65536 + t["blob"]), sig())
    yield bad(w, "legacy-att-two-signatures", "signature_count", "an envelope with two signatures",
              lambda t: t.update(blob=dump(two_signatures(t["blob"]))),
              offer(w, "att", "attestation"), want=SPDX, go=UNASKED)


def two_signatures(blob):
    tree = json.loads(blob)
    tree["signatures"] *= 2
    return tree


GROUPS = (versions, fields, base64s, limits, legacy)
