"""What is signed, and the candidates: bundles and layers, with their log entries and timestamps."""

import base64
import hashlib

import tsa
from keys import pem
from rekor import b64, canonical, record
from world import LOGGED, STAMPED

MANIFEST = b'{"schemaVersion":2,"note":"the image of the mini-Sigstore"}'
DIGEST = "sha256:" + hashlib.sha256(MANIFEST).hexdigest()
OTHER = "sha256:" + hashlib.sha256(b"another image").hexdigest()
IN_TOTO = "application/vnd.in-toto+json"
SIGN = "https://sigstore.dev/cosign/sign/v1"
SPDX = "https://spdx.dev/Document"
SIG_LAYER = "application/vnd.dev.cosign.simplesigning.v1+json"
ATT_LAYER = "application/vnd.dsse.envelope.v1+json"
MEDIA = {
    "v0.1": "application/vnd.dev.sigstore.bundle+json;version=0.1",
    "v0.2": "application/vnd.dev.sigstore.bundle+json;version=0.2",
    "v0.3": "application/vnd.dev.sigstore.bundle.v0.3+json",
    "v0.3-old": "application/vnd.dev.sigstore.bundle+json;version=0.3",
}


def sha(data, algorithm="sha256"):
    return hashlib.new(algorithm, data).digest()


def pae(payload_type, payload):
    type_bytes = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(type_bytes), type_bytes, len(payload), payload)


def statement(digest=DIGEST, kind=SIGN, version="v1", subjects=None, predicate=None, **more):
    if subjects is None:
        subjects = [{"digest": {"sha256": digest.split(":")[1]}}]
    return canonical({
        "_type": "https://in-toto.io/Statement/" + version, "subject": subjects,
        "predicateType": kind, "predicate": predicate or {}, **more,
    })


def claims(digest=DIGEST, kind="cosign container image signature", optional=None):
    return canonical({
        "critical": {
            "identity": {"docker-reference": "registry.mini.example/app"},
            "image": {"docker-manifest-digest": digest},
            "type": kind,
        },
        "optional": optional,
    })


class Signed:
    """A signature by a certificate's key, or by a bare key, and what it covers."""

    def __init__(self, form, content, key, leaf, payload=None, payload_type=IN_TOTO, hash_=None,
                 signer=None):
        self.form, self.content, self.key, self.leaf = form, content, key, leaf
        self.hash = hash_ or key.hash
        self.payload_type = payload_type
        if form == "sig":
            self.payload = claims() if payload is None else payload
            self.message = self.payload
        elif content == "message":
            self.payload = MANIFEST if payload is None else payload
            self.message = self.payload
        else:
            usual = statement() if content == "sign" else statement(kind=SPDX, version="v0.1")
            self.payload = usual if payload is None else payload
            self.message = pae(payload_type, self.payload)
        self.signature = (signer or key).sign(self.message, hash_)
        self.envelope = {
            "payload": b64(self.payload), "payloadType": payload_type,
            "signatures": [{"sig": b64(self.signature)}],
        }

    @property
    def blob(self):
        return self.payload if self.form == "sig" else canonical(self.envelope)

    @property
    def verifier(self):
        """As the bodies of version 1 name it: PEM, in base64."""
        what = ("CERTIFICATE", self.leaf.der) if self.leaf else ("PUBLIC KEY", self.key.spki)
        return b64(pem(*what).encode())


# ---- bodies of log entries ------------------------------------------------------------------


def hash_of(data, algorithm="sha256"):
    return {"algorithm": algorithm, "value": sha(data, algorithm).hex()}


def body_hashedrekord(s):
    return {
        "data": {"hash": hash_of(s.message, s.hash)},
        "signature": {"content": b64(s.signature), "publicKey": {"content": s.verifier}},
    }


def body_dsse(s):
    return {
        "envelopeHash": hash_of(canonical(s.envelope)),
        "payloadHash": hash_of(s.payload),
        "signatures": [{"signature": b64(s.signature), "verifier": s.verifier}],
    }


def body_intoto2(s):
    one = {"publicKey": s.verifier, "sig": b64(b64(s.signature).encode())}
    return {
        "content": {
            "envelope": {"payloadType": s.payload_type, "signatures": [one]},
            "hash": hash_of(canonical(s.envelope)),
            "payloadHash": hash_of(s.payload),
        }
    }


def body_intoto1(s):
    return {"content": {"hash": hash_of(s.blob)}, "publicKey": s.verifier}


def body_v2(s):
    if s.leaf:
        by = {"x509Certificate": {"rawBytes": b64(s.leaf.der)}}
    else:
        by = {"publicKey": {"rawBytes": b64(s.key.spki)}}
    names = {"sha256": "SHA2_256", "sha384": "SHA2_384", "sha512": "SHA2_512"}
    return {
        "hashedRekordV002": {
            "data": {"algorithm": names[s.hash], "digest": b64(sha(s.message, s.hash))},
            "signature": {
                "content": b64(s.signature),
                "verifier": {**by, "keyDetails": s.key.details},
            },
        }
    }


BODIES = {
    ("hashedrekord", "0.0.1"): body_hashedrekord,
    ("dsse", "0.0.1"): body_dsse,
    ("intoto", "0.0.1"): body_intoto1,
    ("intoto", "0.0.2"): body_intoto2,
    ("hashedrekord", "0.0.2"): body_v2,
}


def usual_kind(s, log):
    if log.version == 2:
        return "hashedrekord", "0.0.2"
    if s.form == "sig" or s.content == "message":
        return "hashedrekord", "0.0.1"
    return "dsse", "0.0.1"


def entry(log, kind=None, of=None, body=None, raw=None, say=None, integrated=LOGGED, **knobs):
    """A function Signed -> log entry. kind: (kind, version) of the body; of: another Signed that the entry is
    about; body edits the tree, raw its bytes; say: (kind, version) that the entry claims."""

    def make(s):
        s = of or s
        name, version = kind or usual_kind(s, log)
        tree = {"apiVersion": version, "kind": name, "spec": BODIES[name, version](s)}
        if body:
            tree = body(tree) or tree
        data = raw(canonical(tree)) if raw else canonical(tree)
        return record(log, data, *(say or (name, version)), integrated, **knobs)

    return make


def stamp(of, over=None, when=STAMPED, **knobs):
    """A function Signed -> TimeStampResp. over: Signed -> the bytes that are stamped."""
    return lambda s: tsa.stamp(of, over(s) if over else s.signature, when, **knobs)


# ---- candidates -----------------------------------------------------------------------------


def bundle(s, entries=(), stamps=(), chain=None, hint=None, edit=None):
    """chain: DERs for x509CertificateChain in the place of the single certificate."""
    if s.leaf is None:
        material = {"publicKey": {"hint": b64(s.key.id) if hint is None else hint}}
    elif chain:
        material = {"x509CertificateChain": {"certificates": [{"rawBytes": b64(c)} for c in chain]}}
    else:
        material = {"certificate": {"rawBytes": b64(s.leaf.der)}}
    made = [make(s) for make in entries]
    if made:
        material["tlogEntries"] = made
    times = [{"signedTimestamp": b64(make(s))} for make in stamps]
    if times:
        material["timestampVerificationData"] = {"rfc3161Timestamps": times}
    tree = {"mediaType": MEDIA[s.form], "verificationMaterial": material}
    if s.content == "message":
        tree["messageSignature"] = {
            "messageDigest": {"algorithm": "SHA2_256", "digest": b64(sha(s.payload))},
            "signature": b64(s.signature),
        }
    else:
        tree["dsseEnvelope"] = s.envelope
    if edit:
        tree = edit(tree) or tree
    return tree


def layer(s, entries=(), stamps=(), chain="", edit=None, certificate=None):
    notes = {"dev.cosignproject.cosign/signature": b64(s.signature) if s.form == "sig" else ""}
    if s.leaf:
        notes["dev.sigstore.cosign/certificate"] = certificate or pem("CERTIFICATE", s.leaf.der)
        notes["dev.sigstore.cosign/chain"] = chain
    for make in entries:
        e = make(s)
        tree = {
            "SignedEntryTimestamp": e["inclusionPromise"]["signedEntryTimestamp"],
            "Payload": {
                "body": e["canonicalizedBody"],
                "integratedTime": int(e["integratedTime"]),
                "logIndex": int(e["logIndex"]),
                "logID": hex_of(e["logId"]["keyId"]),
            },
        }
        notes["dev.sigstore.cosign/bundle"] = canonical(tree).decode()
    for make in stamps:
        notes["dev.sigstore.cosign/rfc3161timestamp"] = canonical(
            {"SignedRFC3161Timestamp": b64(make(s))}
        ).decode()
    media = SIG_LAYER if s.form == "sig" else ATT_LAYER
    out = {"mediaType": media, "annotations": notes, "blob": s.blob.decode()}
    if edit:
        out = edit(out) or out
    return out


def hex_of(text):
    return base64.b64decode(text).hex()
