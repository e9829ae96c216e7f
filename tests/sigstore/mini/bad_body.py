"""Log entries, validly logged, that are not about this signature: kind by kind, column by column."""

import base64
import json

from keys import pem
from offer import MANIFEST, SPDX, entry, hash_of, sha, stamp
from rekor import b64
from variant import UNASKED, edit, offer, sign, variant

OTHER_HASH = hash_of(b"something else")


def put(*path, value):
    """A change of a tree: at `path` stands `value`, or what value(old) returns."""

    def change(tree):
        at = tree
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value(at[path[-1]]) if callable(value) else value

    return change


def drop(*path):
    def change(tree):
        at = tree
        for key in path[:-1]:
            at = at[key]
        del at[path[-1]]

    return change


class Kind:
    """How entries of one kind are offered, and where the columns of the table are in them."""

    def __init__(self, w, label, kind, form, content, signature, verifier, subject, version=1):
        self.w, self.label, self.kind, self.form, self.content = w, label, kind, form, content
        self.signature, self.verifier, self.subject = signature, verifier, subject
        self.log = w.rekor2 if version == 2 else w.rekor1
        self.stamps = [stamp(w.tsa)] if version == 2 else []

    def case(self, name, reason, about, change=None, go=None, **knobs):
        if change:
            knobs["body"] = lambda tree: edit(tree, change)
        made = offer(self.w, self.form, self.content, stamps=self.stamps,
                     entries=[entry(self.log, self.kind, **knobs)])
        more = {"want": SPDX} if self.content == "attestation" else {}
        return variant(self.w, f"body-{self.label}-{name}", reason, f"{self.label}: {about}", made,
                       go=go, **more)


def kinds(w):
    hashed = ("spec", "data", "hash", "value")
    old = {"signature": ("spec", "signature", "content"),
           "verifier": ("spec", "signature", "publicKey", "content")}
    one = ("spec", "content", "envelope", "signatures", 0)
    two = {"signature": (*one, "sig"), "verifier": (*one, "publicKey"),
           "subject": ("spec", "content", "payloadHash", "value")}
    three = {"signature": ("spec", "signatures", 0, "signature"),
             "verifier": ("spec", "signatures", 0, "verifier"), "subject": ("spec", "payloadHash", "value")}
    v2 = ("spec", "hashedRekordV002")
    new = {"signature": (*v2, "signature", "content"),
           "verifier": (*v2, "signature", "verifier", "x509Certificate", "rawBytes"),
           "subject": (*v2, "data", "digest"), "version": 2}
    return [
        Kind(w, "hashedrekord", ("hashedrekord", "0.0.1"), "v0.3", "message", subject=hashed, **old),
        Kind(w, "hashedrekord-sig", ("hashedrekord", "0.0.1"), "sig", "sign", subject=hashed, **old),
        Kind(w, "dsse", ("dsse", "0.0.1"), "v0.3", "sign", **three),
        Kind(w, "dsse-att", ("dsse", "0.0.1"), "att", "attestation", **three),
        Kind(w, "intoto-0.0.2", ("intoto", "0.0.2"), "v0.3", "sign", **two),
        Kind(w, "intoto-0.0.1-att", ("intoto", "0.0.1"), "att", "attestation", signature=None,
             verifier=("spec", "publicKey"), subject=("spec", "content", "hash", "value")),
        Kind(w, "rekor2", ("hashedrekord", "0.0.2"), "v0.3", "sign", **new),
        Kind(w, "rekor2-message", ("hashedrekord", "0.0.2"), "v0.3", "message", **new),
    ]


def columns(w):
    for k in kinds(w):
        leaf = w.leaf()
        other = sign(w, k.form, k.content, leaf=leaf)
        again = {"of": other}
        v2 = k.log.version == 2
        if k.signature:
            yield k.case("other-signature", "log_body_signature", "of another signature of the same content",
                         put(*k.signature, value=b64(other.signature) if k.label != "intoto-0.0.2"
                             else b64(b64(other.signature).encode())))
            yield k.case("signature-missing", "log_body", "without signature", drop(*k.signature))
            yield k.case("signature-number", "log_body", "the signature is a number",
                         put(*k.signature, value=1))
            yield k.case("signature-base64", "log_body", "the signature is no strict base64",
                         put(*k.signature, value=lambda t: t[:4] + "\n" + t[4:]),
                         go="either: its decoder skips newlines, unless padding follows")
        yield k.case("other-entry", "log_body_subject" if k.label.endswith("-att") else "log_body_signature",
                     "the good entry of another signature and certificate; CVE-2022-23649", **again)
        der = other.leaf.der
        yield k.case("other-verifier", "log_body_verifier", "another certificate of the same key",
                     put(*k.verifier, value=b64(der) if v2 else b64(pem("CERTIFICATE", der).encode())))
        yield k.case("verifier-missing", "log_body", "without verifier", drop(*k.verifier))
        key = w.pool("leaf").spki
        if v2:
            def by_key(tree):
                v = tree["spec"]["hashedRekordV002"]["signature"]["verifier"]
                v.pop("x509Certificate")
                v["publicKey"] = {"rawBytes": b64(key)}

            yield k.case("verifier-bare-key", "log_body_verifier", "the certificate's key alone", by_key)
            yield k.case("key-details", "log_body_verifier", "names another kind of key",
                         put("spec", "hashedRekordV002", "signature", "verifier", "keyDetails",
                             value="PKIX_ED25519"))
        else:
            yield k.case("verifier-bare-key", "log_body_verifier", "the certificate's key alone",
                         put(*k.verifier, value=b64(pem("PUBLIC KEY", key).encode())))
            yield k.case("verifier-not-pem", "log_body", "the verifier is no PEM",
                         put(*k.verifier, value=b64(b"garbage")))
        wrong = b64(sha(b"something else")) if v2 else OTHER_HASH["value"]
        yield k.case("other-subject", "log_body_subject", "of other content; sigstore-go 60a1fd5",
                     put(*k.subject, value=wrong))
        yield k.case("subject-missing", "log_body", "without hash of the content", drop(*k.subject))
        yield k.case("subject-algorithm", "log_body",
                     "the hash has another name", put(*k.subject[:-1], "algorithm",
                                                     value="SHA2_512" if v2 else "sha512"),)


def versions(w):
    for k in kinds(w):
        if k.form not in ("sig", "att"):
            yield k.case("kind-lie", "log_kind", "announced as another kind",
                         say=("dsse" if k.kind[0] != "dsse" else "intoto", k.kind[1]),
                         go="accepts: does not compare")
            lie = "log_checkpoint_origin" if k.label == "hashedrekord" else "log_kind"
            yield k.case("version-lie", lie, "announced as another version",
                         say=(k.kind[0], "0.0.2" if k.kind[1] == "0.0.1" else "0.0.1"),
                         go="accepts: does not compare")
        yield k.case("kind-unknown", "log_kind", "a kind that nobody knows",
                     put("kind", value="helm"), say=("helm", k.kind[1]))
        yield k.case("version-unknown", "log_kind", "a version that nobody knows",
                     put("apiVersion", value="0.0.9"), say=(k.kind[0], "0.0.9"))
        yield k.case("kind-missing", "log_kind",
                     "a body without kind", drop("kind"))
    good = {k.label: k for k in kinds(w)}
    yield good["dsse"].case("kind-empty", "log_kind", "announced as nothing", say=("", ""),
                            go="accepts: does not compare")
    yield good["dsse"].case("two-signatures", "log_body", "two signatures in the body",
                            put("spec", "signatures", value=lambda x: x * 2), go="accepts: looks at one")
    yield good["dsse"].case("no-signature", "log_body", "no signature in the body",
                            put("spec", "signatures", value=[]))
    yield good["intoto-0.0.2"].case("two-signatures", "log_body", "two signatures in the body",
                                    put("spec", "content", "envelope", "signatures",
                                        value=lambda x: x * 2), go="accepts: looks at one")
    yield good["intoto-0.0.2"].case(
        "single-base64", "log_body", "the signature once in base64, not twice",
        put("spec", "content", "envelope", "signatures", 0, "sig",
            value=lambda t: base64.b64decode(t).decode()))
    yield good["dsse-att"].case("envelope-hash", "log_body_subject", "legacy: another envelope hash",
                                put("spec", "envelopeHash", value=OTHER_HASH))
    yield good["intoto-0.0.1-att"].case("payload-only", "log_body_subject",
                                        "the hash of the payload in the place of the envelope's",
                                        put("spec", "content", "hash", value=hash_of(
                                            sign(w, "att", "attestation").payload)))
    yield variant(w, "body-intoto-0.0.1-in-bundle", "log_kind",
                  "kind intoto 0.0.1, which does not bind the signature, in a bundle",
                  offer(w, entries=[entry(w.rekor1, ("intoto", "0.0.1"))]))
    yield variant(w, "body-rekor2-in-rekor1", "log_checkpoint_origin", "a body of version 2 in a log of version 1",
                  offer(w, entries=[entry(w.rekor1, ("hashedrekord", "0.0.2"))], stamps=[stamp(w.tsa)]))
    yield variant(w, "body-hashedrekord-in-rekor2", "log_kind",
                  "a body of 0.0.1 in a log of version 2, announced as 0.0.2",
                  offer(w, content="message", stamps=[stamp(w.tsa)], entries=[entry(
                      w.rekor2, ("hashedrekord", "0.0.1"), say=("hashedrekord", "0.0.2"))]))
    yield variant(w, "body-hashedrekord-of-payload", "log_body_subject",
                  "hashedrekord 0.0.2 of the bare payload in the place of PAE",
                  offer(w, stamps=[stamp(w.tsa)], entries=[entry(
                      w.rekor2, body=lambda t: edit(t, put(
                          "spec", "hashedRekordV002", "data", "digest",
                          value=b64(sha(sign(w).payload)))))]))


def raws(w):
    """Bodies that are no bodies, validly logged. cosign 4648 to 4653: panics."""
    for name, about, change in (
        ("empty", "nothing", lambda b: b""), ("garbage", "no JSON", lambda b: b"\x00\xff"),
        ("list", "a list", lambda b: b"[" + b + b"]"), ("null", "null", lambda b: b"null"),
        ("trailing", "JSON and more", lambda b: b + b"x"),
        ("duplicate", "a member twice", lambda b: b[:-1] + b',"kind":"dsse"}'),
        ("spec-null", "spec is null", lambda b: replaced(b, spec=None)),
        ("spec-string", "spec is a string", lambda b: replaced(b, spec="x")),
        ("spec-empty", "spec is empty", lambda b: replaced(b, spec={})),
    ):
        for log, label in ((w.rekor1, "dsse"), (w.rekor2, "rekor2")):
            if name == "duplicate" and label == "rekor2":
                continue
            yield variant(w, f"body-{label}-{name}", "log_body", f"{label}: the body is {about}",
                          offer(w, entries=[entry(log, raw=change)], stamps=[stamp(w.tsa)]),
                          go="accepts: takes it" if label == "dsse" and name in ("duplicate", "trailing")
                          else None)


def replaced(body, **fields):
    return json.dumps({**json.loads(body), **fields}, separators=(",", ":"), sort_keys=True).encode()


def details(w):
    """Parts of a body that are of the wrong type, or not what they are called."""
    k = {k.label: k for k in kinds(w)}
    hashed, sig = ("spec", "payloadHash"), ("spec", "signatures", 0)
    dsse, v2 = k["dsse"], k["rekor2"]
    yield dsse.case("hash-md5", "log_body", "a hash that does not count",
                    put(*hashed, value={"algorithm": "md5", "value": "0" * 32}))
    yield dsse.case("hash-not-hex", "log_body", "a hash that is no hex",
                    put(*hashed, "value", value=lambda t: "zz" + t[2:]))
    yield dsse.case("hash-half-hex", "log_body", "a hash with one digit that is no hex",
                    put(*hashed, "value", value=lambda t: t[:-1] + "g"))
    yield dsse.case("hash-short", "log_body", "a hash that is too short",
                    put(*hashed, "value", value=lambda t: t[2:]))
    for name, path, value in (
        ("hash-number", (*hashed, "value"), 1), ("hash-algorithm-number", (*hashed, "algorithm"), 1),
        ("hash-string", hashed, "x"), ("verifier-number", (*sig, "verifier"), 1),
        ("signatures-map", ("spec", "signatures"), {}), ("envelope-hash-string", ("spec", "envelopeHash"), "x"),
    ):
        yield dsse.case(name, "log_body", f"{path[-1]} of the wrong type", put(*path, value=value))
    yield dsse.case("kind-number", "log_body", "the kind is a number", put("kind", value=1))
    yield dsse.case("version-number", "log_body", "the version is a number", put("apiVersion", value=1))
    yield dsse.case("verifier-label", "log_body", "a verifier of another PEM label",
                    put(*sig, "verifier", value=b64(pem("PKCS7", w.leaf().der).encode())))
    two = ("spec", "content", "envelope")
    for name, path in (("payload", (*two, "payload")), ("payload-type", (*two, "payloadType")),
                       ("keyid", (*two, "signatures", 0, "keyid")), ("hash", ("spec", "content", "hash")),
                       ("envelope", two)):
        yield k["intoto-0.0.2"].case(f"{name}-number", "log_body", f"{name} is a number", put(*path, value=1),
                                     go="accepts: does not look" if name in ("keyid", "payload", "hash") else None)
    one = k["intoto-0.0.1-att"]
    yield one.case("payload-hash", "log_body_subject", "another hash of the payload",
                   put("spec", "content", "payloadHash", value=OTHER_HASH))
    yield one.case("payload-hash-string", "log_body", "a hash of the payload that is a string",
                   put("spec", "content", "payloadHash", value="x"))
    at = ("spec", "hashedRekordV002")
    for name, path, value in (
        ("algorithm", (*at, "data", "algorithm"), "MD5"), ("algorithm-number", (*at, "data", "algorithm"), 1),
        ("digest-number", (*at, "data", "digest"), 1), ("data-string", (*at, "data"), "x"),
        ("details-number", (*at, "signature", "verifier", "keyDetails"), 1),
        ("certificate-string", (*at, "signature", "verifier", "x509Certificate"), "x"),
        ("record-string", at, "x"),
    ):
        yield v2.case(name, "log_body", f"{path[-1]}: {value}", put(*path, value=value))
    yield v2.case("two-verifiers", "log_body", "a certificate and a key",
                  put(*at, "signature", "verifier", "publicKey",
                      value={"rawBytes": b64(w.pool("leaf").spki)}))
    yield v2.case("no-verifier", "log_body", "neither a certificate nor a key",
                  drop(*at, "signature", "verifier", "x509Certificate"))
    yield v2.case("hash-of-other-key", "log_body_subject", "SHA-384 of the right content, by a P-256 key",
                  put(*at, "data", value={"algorithm": "SHA2_384",
                                          "digest": b64(sha(sign(w).message, "sha384"))}))
    key = {"key": w.pool("leaf p384", "p384")}
    yield variant(w, "body-message-sha384-without-artifact", "artifact_needed",
                  "over the manifest, whose bytes are not known, by a P-384 key over SHA-384",
                  offer(w, content="message", leaf=key), go=UNASKED)
    yield variant(w, "body-message-sha384-other", "log_body_subject",
                  "SHA-384 of another manifest, whose bytes are known",
                  offer(w, content="message", leaf=key, entries=[entry(w.rekor1, body=lambda t: edit(
                      t, put("spec", "data", "hash", value=hash_of(b"else", "sha384"))))]),
                  artifact=MANIFEST.decode(), go=UNASKED)


GROUPS = (columns, versions, raws, details)
