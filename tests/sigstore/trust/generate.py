#!/usr/bin/python3
"""Writes tests/sigstore/trust/{certificates.txt,root.json}: what the unit tests of trusted roots, chains,
identities and certificate timestamps read.

certificates.txt has a certificate a line: a name, and its DER in base64. All are of the throw-away keys
in tests/sigstore/keys; their signatures hold no randomness, so a run changes nothing unless this file
changes. --check writes nothing and fails if a run would.

Needs python3-cryptography for RSA and Ed25519; the certificates are put together by hand (der.py), since
most of them are wrong in something.
"""

import argparse
import base64
import copy
import hashlib
import json
import os
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding

import der
import ecdsa

HERE = os.path.dirname(os.path.abspath(__file__))
KEYS = os.path.join(os.path.dirname(HERE), "keys")

RSA_SHA256 = der.tlv(der.SEQUENCE, der.oid("1.2.840.113549.1.1.11"), b"\x05\0")
RSA_SHA1 = der.tlv(der.SEQUENCE, der.oid("1.2.840.113549.1.1.5"), b"\x05\0")
ECDSA_SHA256 = der.tlv(der.SEQUENCE, der.oid("1.2.840.10045.4.3.2"))
ED25519 = der.tlv(der.SEQUENCE, der.oid("1.3.101.112"))

DECADE = ("20240101000000", "20340101000000")
MINUTES = ("20240601000000", "20240601001000")
SIGNED_MS = 1717200000250  # 2024-06-01T00:00:00.250Z
WORKFLOW = "https://example.com/org/repo/.github/workflows/build.yml@refs/heads/main"


class Key:
    def __init__(self, file):
        with open(os.path.join(KEYS, file + ".key"), "rb") as f:
            self.key = serialization.load_pem_private_key(f.read(), None)
        self.spki = self.key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.id = hashlib.sha256(self.spki).digest()

    def algorithm(self):
        if isinstance(self.key, ed25519.Ed25519PrivateKey):
            return ED25519
        return ECDSA_SHA256 if isinstance(self.key, ec.EllipticCurvePrivateKey) else RSA_SHA256

    def sign(self, message, hash_=None):
        if self.algorithm() == ED25519:
            return self.key.sign(message)
        if self.algorithm() == RSA_SHA256:
            return self.key.sign(message, padding.PKCS1v15(), hash_ or hashes.SHA256())
        r, s = ecdsa.sign(self.key.private_numbers().private_value, message)
        return der.tlv(der.SEQUENCE, der.integer(r), der.integer(s))


KEY = {k: Key(k) for k in ("ed25519", "rsa2048", "rsa1024", "p256", "other", "p384", "p224")}
OUT = {}


def with_exponent(key, exponent):
    """The public key with another exponent; what it signs is still its own."""
    out = copy.copy(key)
    n = key.key.public_key().public_numbers().n
    out.spki = der.tlv(der.SEQUENCE, der.tlv(der.SEQUENCE, der.oid("1.2.840.113549.1.1.1"), b"\x05\0"),
                       der.tlv(der.BITS, b"\0", der.tlv(der.SEQUENCE, der.integer(n), der.integer(exponent))))
    return out


KEY["exponent32"] = with_exponent(KEY["rsa2048"], 2**32 - 1)
KEY["exponent33"] = with_exponent(KEY["rsa2048"], 2**32 + 1)


def put(name, subject, key, issuer, signer, window, *extensions, sha1=False):
    algorithm = RSA_SHA1 if sha1 else KEY[signer].algorithm()
    body = der.tbs(issuer, subject, KEY[key].spki, window, extensions, algorithm)
    signature = KEY[signer].sign(body, hashes.SHA1() if sha1 else None)
    OUT[name] = der.certificate(body, algorithm, signature)


# ---- authorities ----

CA = (der.basic(True), der.CERT_SIGN)


def authorities():
    put("root", "root", "ed25519", "root", "ed25519", DECADE, *CA)
    put("root-short", "root", "ed25519", "root", "ed25519", ("20240101000000", "20240102000000"), *CA)
    put("stranger", "root", "other", "root", "other", DECADE, *CA)
    put("inter", "inter", "rsa2048", "root", "ed25519", DECADE, der.basic(True, 0), der.CERT_SIGN,
        der.purposes(der.CODE_SIGNING))
    put("inter-short", "inter", "rsa2048", "root", "ed25519", ("20240101000000", "20240102000000"), *CA)
    put("inter-server", "inter", "rsa2048", "root", "ed25519", DECADE, *CA, der.purposes(der.SERVER_AUTH))
    put("inter-no-ca", "inter", "rsa2048", "root", "ed25519", DECADE, der.CERT_SIGN)
    put("inter-other-key", "inter", "other", "root", "ed25519", DECADE, *CA)
    put("inter-twice", "inter", "rsa2048", "root", "ed25519", DECADE, *CA, der.basic(True))
    put("below", "below", "other", "inter", "rsa2048", DECADE, *CA)
    put("slow", "inter", "exponent33", "root", "ed25519", DECADE, *CA)
    put("small", "small", "rsa1024", "root", "ed25519", DECADE, *CA)
    # Two that issued each other, and one that issued itself.
    put("loop-a", "loop-a", "other", "loop-b", "rsa2048", DECADE, *CA)
    put("loop-b", "loop-b", "rsa2048", "loop-a", "other", DECADE, *CA)


# ---- leaves ----

CODE = (der.DIGITAL_SIGNATURE, der.purposes(der.CODE_SIGNING))
NAMED = (der.names(der.uri(WORKFLOW.encode())),)
ISSUED = (der.fulcio(1, b"https://issuer.example.com"),
          der.fulcio(8, der.text("https://issuer.example.com")))


def leaf(name, *extensions, key="p256", issuer="inter", signer="rsa2048", **more):
    put(name, "", key, issuer, signer, MINUTES, *extensions, **more)


def purpose_leaves():
    leaf("leaf-no-usage", der.purposes(der.CODE_SIGNING), *NAMED)
    leaf("leaf-other-usage", der.ENCIPHERMENT, der.purposes(der.CODE_SIGNING), *NAMED)
    leaf("leaf-no-purpose", der.DIGITAL_SIGNATURE, *NAMED)
    leaf("leaf-any-purpose", der.DIGITAL_SIGNATURE, der.purposes(der.ANY_PURPOSE), *NAMED)
    leaf("leaf-server", der.DIGITAL_SIGNATURE, der.purposes(der.SERVER_AUTH), *NAMED)
    leaf("leaf-two-purposes", der.DIGITAL_SIGNATURE, *NAMED,
         der.purposes(der.SERVER_AUTH, der.CODE_SIGNING))
    leaf("leaf-bad-purpose", der.DIGITAL_SIGNATURE, der.extension("2.5.29.37", der.oid("2.5.29.37")))
    leaf("leaf-ca", *CODE, der.basic(True), *NAMED)
    leaf("leaf-end-entity", *CODE, der.basic(False), *NAMED)
    leaf("leaf-extension-twice", *CODE, *NAMED, der.fulcio(12, der.text("a")), der.fulcio(12, der.text("b")))
    stamp = der.purposes(der.TIME_STAMPING, critical=True)
    put("tsa", "tsa", "other", "root", "ed25519", MINUTES, der.DIGITAL_SIGNATURE, stamp)
    put("tsa-not-critical", "tsa", "other", "root", "ed25519", MINUTES, der.purposes(der.TIME_STAMPING))
    put("tsa-two-purposes", "tsa", "other", "root", "ed25519", MINUTES,
        der.purposes(der.TIME_STAMPING, der.CODE_SIGNING, critical=True))
    put("tsa-ca", "tsa", "other", "root", "ed25519", MINUTES, *CA, stamp)


def chain_leaves():
    leaf("leaf-root", *CODE, *NAMED, issuer="root", signer="ed25519")
    leaf("leaf-below", *CODE, *NAMED, issuer="below", signer="other")
    leaf("leaf-small", *CODE, *NAMED, issuer="small", signer="rsa1024")
    leaf("leaf-loop", *CODE, *NAMED, issuer="loop-a", signer="other")
    leaf("leaf-stranger", *CODE, *NAMED, signer="other")
    leaf("leaf-forged", *CODE, *NAMED)
    OUT["leaf-forged"] = OUT["leaf-forged"][:-1] + bytes([OUT["leaf-forged"][-1] ^ 1])
    leaf("leaf-sha1", *CODE, *NAMED, sha1=True)
    leaf("leaf-critical", *CODE, *NAMED, der.extension("1.2.3.4", b"\x05\0", True))


def identity_leaves():
    leaf("id-uri", *CODE, *NAMED, *ISSUED, der.fulcio(2, b"push"), der.fulcio(12, der.text("https://a/b")),
         der.fulcio(25, der.text("later")), der.fulcio(26, b"\x05\0"), der.fulcio("9.1", b"x"),
         der.fulcio(7, b"x"), der.fulcio(20000, b"x"))
    leaf("id-email", *CODE, der.names(der.email(b"a@example.com")), *ISSUED)
    leaf("id-dns", *CODE, der.names(der.dns(b"*.example.com")), *ISSUED)
    leaf("id-user", *CODE, der.names(der.other_name(der.FULCIO + ".7", der.text("j\u00f6rg"))), *ISSUED)
    leaf("id-user-ia5", *CODE, der.names(der.other_name(der.FULCIO + ".7", der.tlv(0x16, b"x"))), *ISSUED)
    leaf("id-user-open", *CODE, der.names(der.tlv(0xA0, der.oid(der.FULCIO + ".7"), der.text("x"))), *ISSUED)
    leaf("id-user-nul", *CODE, der.names(der.other_name(der.FULCIO + ".7", der.text("a\0b"))), *ISSUED)
    leaf("id-other", *CODE, der.names(der.other_name("1.2.3", der.text("x"))), *ISSUED)
    leaf("id-address", *CODE, der.names(der.tlv(0x87, b"\x7f\0\0\1")), *ISSUED)
    leaf("id-two", *CODE, der.names(der.email(b"a@example.com"), der.uri(b"https://b")), *ISSUED)
    leaf("id-none", *CODE, *ISSUED)
    leaf("id-no-names", *CODE, der.names(), *ISSUED)
    leaf("id-empty", *CODE, der.names(der.email(b"")), *ISSUED)
    leaf("id-nul", *CODE, der.names(der.email(b"a@example.com\0.evil.org")), *ISSUED)
    leaf("id-latin1", *CODE, der.names(der.email(b"j\xf6rg@example.com")), *ISSUED)
    leaf("id-broken", *CODE, der.extension("2.5.29.17", b"\x30\x05\x81\x01a"), *ISSUED)
    leaf("id-key", *CODE, *NAMED, *ISSUED, key="p224")
    leaf("id-exponent", *CODE, *NAMED, *ISSUED, key="exponent32")
    leaf("id-long-exponent", *CODE, *NAMED, *ISSUED, key="exponent33")
    leaf("id-small-key", *CODE, *NAMED, *ISSUED, key="rsa1024")


def issuer_leaves():
    bare, wrapped = ISSUED
    leaf("id-bare-issuer", *CODE, *NAMED, bare)
    leaf("id-wrapped-issuer", *CODE, *NAMED, wrapped)
    leaf("id-no-issuer", *CODE, *NAMED)
    leaf("id-empty-issuer", *CODE, *NAMED, der.fulcio(8, der.text("")))
    leaf("id-two-issuers", *CODE, *NAMED, bare, der.fulcio(8, der.text("https://other.example.com")))
    leaf("id-empty-and-issuer", *CODE, *NAMED, bare, der.fulcio(8, der.text("")))
    leaf("id-issuer-nul", *CODE, *NAMED, der.fulcio(8, der.text("https://issuer.example.com\0x")))
    leaf("id-issuer-bytes", *CODE, *NAMED, der.fulcio(8, b"https://issuer.example.com"))
    leaf("id-issuer-more", *CODE, *NAMED, der.fulcio(8, der.text("https://issuer.example.com") + b"\0"))
    leaf("id-text-bytes", *CODE, *NAMED, *ISSUED, der.fulcio(12, b"https://a/b"))
    leaf("id-text-utf8", *CODE, *NAMED, *ISSUED, der.fulcio(4, b"\xff"))
    leaf("id-many", *CODE, *NAMED, *ISSUED, *[der.fulcio(100 + i, der.text("x")) for i in range(63)])
    leaf("id-most", *CODE, *NAMED, *ISSUED, *[der.fulcio(100 + i, der.text("x")) for i in range(62)])
    leaf("extensions-many", *[der.extension(f"1.2.3.{i}", b"") for i in range(129)])
    leaf("extensions-most", *[der.extension(f"1.2.3.{i}", b"") for i in range(128)])


# ---- certificate timestamps ----


def sct(body, log, unix_ms=SIGNED_MS, extensions=b"", issuer="rsa2048", algorithm=None, log_id=None):
    key = KEY[log]
    signature = key.sign(der.sct_message(unix_ms, extensions, KEY[issuer].spki, body))
    if algorithm is None:
        algorithm = 1 if key.algorithm() == RSA_SHA256 else 3
    return der.sct(log_id or key.id, unix_ms, extensions, algorithm, signature)


def logged(name, make, before=CODE + NAMED, after=ISSUED):
    """make(body) gives the extensions that stand for the list."""
    body = der.tbs("inter", "", KEY["p256"].spki, MINUTES, (*before, *after), RSA_SHA256)
    leaf(name, *before, *make(body), *after)


def logged_leaves():
    one = der.sct_list
    logged("sct", lambda b: [one(sct(b, "other"), sct(b, "rsa2048"))])
    logged("sct-ecdsa", lambda b: [one(sct(b, "other"))])
    logged("sct-rsa", lambda b: [one(sct(b, "rsa2048"))])
    logged("sct-extensions", lambda b: [one(sct(b, "other", extensions=b"\0\0\5hello"))])
    logged("sct-same-log", lambda b: [one(sct(b, "other"), sct(b, "other", unix_ms=SIGNED_MS + 1))])
    logged("sct-first-last", lambda b: [one(sct(b, "other"))], (), CODE)
    logged("sct-alone", lambda b: [one(sct(b, "other"))], (), ())
    logged("sct-unknown", lambda b: [one(sct(b, "p256"))])
    logged("sct-early", lambda b: [one(sct(b, "other", unix_ms=1704067199999))])
    logged("sct-late", lambda b: [one(sct(b, "other", unix_ms=1735689600001))])
    logged("sct-last", lambda b: [one(sct(b, "other", unix_ms=1735689600000))])
    logged("sct-other-issuer", lambda b: [one(sct(b, "other", issuer="ed25519"))])
    logged("sct-other-body", lambda b: [one(sct(b + b"x", "other"))])
    logged("sct-other-algorithm", lambda b: [one(sct(b, "other", algorithm=1))])
    logged("sct-other-log", lambda b: [one(sct(b, "p256", log_id=KEY["other"].id))])
    logged("sct-one-of-each", lambda b: [one(sct(b, "p256"), sct(b, "other", unix_ms=1),
                                             sct(b + b"x", "rsa2048"))])
    logged("sct-good-and-unknown", lambda b: [one(sct(b, "p256"), sct(b, "other"))])
    logged("sct-unusable", lambda b: [one(sct(b, "p256", log_id=KEY["ed25519"].id))])
    logged("sct-not-octets", lambda b: [der.extension(der.SCT_LIST, sct(b, "other"))])
    logged("sct-twice", lambda b: [one(sct(b, "other")), one(sct(b, "rsa2048"))])
    logged("sct-none", lambda b: [])


# ---- a trusted root ----


def b64(raw):
    return base64.b64encode(raw).decode()


def log(url, key, details, **more):
    return {"baseUrl": url, "hashAlgorithm": "SHA2_256", "logId": {"keyId": b64(KEY[key].id)},
            "publicKey": {"rawBytes": b64(KEY[key].spki), "keyDetails": details,
                          "validFor": {"start": "2024-01-01T00:00:00Z", **more}}}


def authority(uri, *certificates, **window):
    return {"subject": {"organization": "example", "commonName": uri}, "uri": uri,
            "certChain": {"certificates": [{"rawBytes": b64(OUT[c])} for c in certificates]},
            "validFor": window}


def trusted_root():
    p256, rsa = "PKIX_ECDSA_P256_SHA_256", "PKIX_RSA_PKCS1V15_2048_SHA256"
    v2 = {**log("https://v2.log.example.com:3000/x", "ed25519", "PKIX_ED25519", end=None),
          "operator": "example.com", "checkpointKeyId": {"keyId": b64(b"\1\2\3\4")}, "later": {"x": 1}}
    pkcs1 = log("", "rsa2048", "PKCS1_RSA_PKCS1V5")
    return {
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "tlogs": [{**log("https://log.example.com", "p256", p256), "checkpointKeyId": None}, v2, pkcs1],
        "certificateAuthorities": [
            authority("https://ca.example.com", "inter", "root", start="2024-01-01T00:00:00Z"),
            authority("https://old.example.com", "root", start="2023-01-01T00:00:00Z",
                      end="2023-12-31T23:59:59.999000Z")],
        "ctlogs": [log("https://ct.example.com", "other", p256, end="2025-01-01T00:00:00Z"),
                   log("https://ct2.example.com", "rsa2048", rsa)],
        "timestampAuthorities": [authority("https://tsa.example.com", "tsa", "root")],
    }


def files():
    authorities()
    purpose_leaves()
    chain_leaves()
    identity_leaves()
    issuer_leaves()
    logged_leaves()
    lines = [f"{name} {b64(bytes_)}\n" for name, bytes_ in OUT.items()]
    return {"certificates.txt": "".join(lines), "root.json": json.dumps(trusted_root(), indent=1) + "\n"}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true", help="fail if a run would change a file")
    check = parser.parse_args().check
    stale = []
    for name, content in files().items():
        path = os.path.join(HERE, name)
        old = open(path, encoding="utf-8").read() if os.path.exists(path) else None
        if old == content:
            continue
        stale.append(name)
        if not check:
            with open(path, "w", encoding="utf-8") as f:
                f.write(content)
    if check and stale:
        sys.exit(f"generate.py --check: not what a run writes: {', '.join(stale)}")


main()
