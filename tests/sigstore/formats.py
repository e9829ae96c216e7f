"""The formats of signatures, as small builders: bundles, legacy layers, statements, log entries."""

import base64
import hashlib
import json

MANIFEST = b'{"schemaVersion":2,"note":"the image of the cases"}'
DIGEST = "sha256:" + hashlib.sha256(MANIFEST).hexdigest()
OTHER_DIGEST = "sha256:" + hashlib.sha256(b"another manifest").hexdigest()
IN_TOTO = "application/vnd.in-toto+json"
SIGN = "https://sigstore.dev/cosign/sign/v1"
SPDX = "https://spdx.dev/Document"
SIG = "application/vnd.dev.cosign.simplesigning.v1+json"
ATT = "application/vnd.dsse.envelope.v1+json"
SIGNATURE = "dev.cosignproject.cosign/signature"
CERTIFICATE = "dev.sigstore.cosign/certificate"
TEAM = {"team": "infra"}
SAME = object()


def b64(data):
    return base64.b64encode(data).decode()


def dump(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def hexa(digest):
    return digest.split(":")[1]


def case(reason, offered, keys=("p256",), **more):
    """One vector; `offered` is a bundle (tree or text), or a layer with a blob."""
    out = {"reason": reason, "keys": [f"tests/sigstore/keys/{k}.pub" for k in keys]}
    out["digest"] = DIGEST
    out.update(more)
    if isinstance(offered, dict) and "blob" in offered:
        out["layer"] = {k: v for k, v in offered.items() if v is not None}
    else:
        out["bundle"] = offered if isinstance(offered, str) else dump(offered)
    return out


def statement(annotations=None, digest=DIGEST, digests=None, subjects=None, predicate_type=SIGN,
              type_="https://in-toto.io/Statement/v1"):  # fmt: skip
    if subjects is None:
        digests = digests or [{"sha256": hexa(digest)}]
        subjects = [{"digest": d, "annotations": annotations or {}} for d in digests]
    tree = {"_type": type_, "subject": subjects, "predicateType": predicate_type, "predicate": {}}
    return dump(tree).encode()


def pae(type_, payload_bytes):
    type_bytes = type_.encode()
    head = b"DSSEv1 %d %s %d " % (len(type_bytes), type_bytes, len(payload_bytes))
    return head + payload_bytes


def envelope(s, payload_bytes, key="p256", scheme=None, signed=None):
    sig = s.sign(key, signed or pae(IN_TOTO, payload_bytes), scheme)
    return {"payload": b64(payload_bytes), "payloadType": IN_TOTO, "signatures": [{"sig": b64(sig)}]}


def bundle(s, payload_bytes=None, key="p256", scheme=None, hint=SAME, signed=None):
    public = {} if hint is None else {"hint": s.hint(key) if hint is SAME else hint}
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"publicKey": public},
        "dsseEnvelope": envelope(s, payload_bytes or statement(), key, scheme, signed),
    }


def attestation(s, key="p256", digest=DIGEST):
    payload_bytes = statement(digest=digest, predicate_type=SPDX,
                              type_="https://in-toto.io/Statement/v0.1")  # fmt: skip
    return bundle(s, payload_bytes, key)


def message(s, key="p256", digest=DIGEST, signed=MANIFEST, algorithm="SHA2_256"):
    out = bundle(s, key=key)
    del out["dsseEnvelope"]
    out["messageSignature"] = {
        "messageDigest": {"algorithm": algorithm, "digest": b64(bytes.fromhex(hexa(digest)))},
        "signature": b64(s.sign(key, signed)),
    }
    return out


def without(tree, *path):
    at = tree
    for key in path[:-1]:
        at = at[key]
    del at[path[-1]]
    return tree


def edited(tree, **fields):
    tree.update(fields)
    return tree


def tagged(tree, **fields):
    """With these fields in its only signature."""
    tree["dsseEnvelope"]["signatures"][0].update(fields)
    return tree


def payload(digest=DIGEST, optional=None, type_="cosign container image signature",
            reference="registry.example/app"):  # fmt: skip
    critical = {
        "identity": {"docker-reference": reference},
        "image": {"docker-manifest-digest": digest},
    }
    if type_ is not None:
        critical["type"] = type_
    return dump({"critical": critical, "optional": optional})


def layer(s, key="p256", scheme=None, digest=DIGEST, optional=None, blob=None):
    blob = payload(digest, optional) if blob is None else blob
    sig = b64(s.sign(key, blob.encode(), scheme))
    return {"mediaType": SIG, "annotations": {SIGNATURE: sig}, "blob": blob}


def layer_att(s, **kw):
    e = envelope(s, statement(predicate_type=SPDX), **kw)
    return {"mediaType": ATT, "annotations": {SIGNATURE: "", "predicateType": SPDX}, "blob": dump(e)}


def with_certificate(a_layer, pem):
    a_layer["annotations"][CERTIFICATE] = pem
    a_layer["annotations"]["dev.sigstore.cosign/chain"] = ""
    return a_layer


def set_payload(promise="AAAA", **fields):
    body = {"body": "AAAA", "integratedTime": 1795307733, "logIndex": 444995, "logID": "ab" * 32}
    return {"SignedEntryTimestamp": promise, "Payload": dict(body, **fields)}


def with_set(a_layer):
    """A legacy layer with a log entry that nobody has signed."""
    a_layer["annotations"]["dev.sigstore.cosign/bundle"] = dump(set_payload())
    return a_layer


def entry():
    """A log entry of every field, right in shape only."""
    return {
        "logIndex": "7",
        "logId": {"keyId": b64(b"k" * 32)},
        "kindVersion": {"kind": "dsse", "version": "0.0.1"},
        "integratedTime": "1795307733",
        "inclusionPromise": {"signedEntryTimestamp": b64(b"promise")},
        "inclusionProof": {
            "logIndex": "7",
            "rootHash": b64(b"r" * 32),
            "treeSize": "8",
            "hashes": [b64(b"h" * 32)],
            "checkpoint": {"envelope": "log.example\n8\n"},
        },
        "canonicalizedBody": b64(b"{}"),
    }


def with_entries(tree, *entries):
    tree["verificationMaterial"]["tlogEntries"] = list(entries)
    return tree
