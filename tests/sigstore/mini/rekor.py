"""Transparency logs: trees of any size, promises, proofs, checkpoints, witnesses."""

import base64
import hashlib
import json
import struct


def b64(data):
    return base64.b64encode(data).decode()


def canonical(tree):
    return json.dumps(tree, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()


# ---- Merkle trees ---------------------------------------------------------------------------


def leaf_hash(data):
    return hashlib.sha256(b"\0" + data).digest()


def split(n):
    return 1 << (n - 1).bit_length() - 1


def tree_root(leaves):
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return hashlib.sha256(b"\1" + tree_root(leaves[:k]) + tree_root(leaves[k:])).digest()


def tree_path(leaves, index):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return tree_path(leaves[:k], index) + [tree_root(leaves[k:])]
    return tree_path(leaves[k:], index - k) + [tree_root(leaves[:k])]


def tree(body, size, index):
    """(root, path) of a tree whose leaf `index` is `body` and whose others are filler."""
    leaves = [leaf_hash(b"filler %d" % i) for i in range(size)]
    leaves[index] = leaf_hash(body)
    return tree_root(leaves), tree_path(leaves, index)


# ---- signed notes ---------------------------------------------------------------------------


def signature_line(name, hint, signature):
    return f"\u2014 {name} {b64(hint + signature)}\n"


class Witness:
    """A cosignature of C2SP tlog-cosignature."""

    def __init__(self, key, name="witness.example/w1"):
        self.key, self.name = key, name

    def line(self, text, unix_s):
        message = f"cosignature/v1\ntime {unix_s}\n".encode() + text.encode()
        hint = hashlib.sha256(self.name.encode() + b"\n\x04" + self.key.raw).digest()[:4]
        return signature_line(self.name, hint, struct.pack(">Q", unix_s) + self.key.sign(message))


class Log:
    def __init__(self, key, host, version):
        self.key, self.host, self.version = key, host, version
        self.name = host
        self.origin = host if version == 2 else f"{host} - 2605736670972794746"
        self.offset = 0 if version == 2 else 70000000

    @property
    def id(self):
        if self.version == 2 and self.key.family == "ed":
            return hashlib.sha256(self.name.encode() + b"\n\x01" + self.key.raw).digest()
        return self.key.id

    @property
    def hint(self):
        if self.key.family != "rsa":
            return self.id[:4]
        data = self.name.encode() + b"\n\xffPKIX-RSA-PKCS#1v1.5" + self.key.spki
        return hashlib.sha256(data).digest()[:4]

    def line(self, text, name=None, hint=None, signer=None):
        sig = (signer or self.key).sign(text.encode())
        return signature_line(name or self.name, hint or self.hint, sig)

    def note(self, size, root, text=None, lines=None, note=None, origin=None):
        """The checkpoint. `text` edits what is signed, `lines` makes the signature lines of it, `note`
        edits the outcome."""
        signed = f"{self.origin if origin is None else origin}\n{size}\n{b64(root)}\n"
        if self.version == 1:
            signed += "Timestamp: 1780315200000000000\n"
        signed = text(signed) if text else signed
        out = signed + "\n" + "".join(lines(self, signed) if lines else [self.line(signed)])
        return note(out) if note else out

    def promise(self, body, integrated, index, signer=None, edit=None):
        payload = {"body": b64(body), "integratedTime": integrated, "logID": self.id.hex(),
                   "logIndex": index}
        if edit:
            edit(payload)
        return (signer or self.key).sign(canonical(payload))


def record(log, body, kind, version, integrated, size=7, index=4, promise=True, proof=True,
           promise_edit=None, promise_signer=None, checkpoint=None, edit=None, log_id=None,
           tree_of=None):
    """The entry of `body` in `log`, as the JSON of a bundle. `tree_of`: leave the body out and prove this
    one instead; `promise_edit`: what the log signs differs from what the entry shows."""
    root, path = tree(tree_of or body, size, index)
    out = {
        "logIndex": str(log.offset + index),
        "logId": {"keyId": b64(log_id or log.id)},
        "kindVersion": {"kind": kind, "version": version},
        "canonicalizedBody": b64(body),
    }
    if log.version == 1:
        out["integratedTime"] = str(integrated)
    if promise and log.version == 1:
        sig = log.promise(body, integrated, log.offset + index, promise_signer, promise_edit)
        out["inclusionPromise"] = {"signedEntryTimestamp": b64(sig)}
    if proof:
        out["inclusionProof"] = {
            "logIndex": str(index),
            "rootHash": b64(root),
            "treeSize": str(size),
            "hashes": [b64(h) for h in path],
            "checkpoint": {"envelope": log.note(size, root, **(checkpoint or {}))},
        }
    if edit:
        edit(out)
    return out
