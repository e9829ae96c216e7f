#!/usr/bin/python3
"""Writes the keys and test vectors of the signature verifier: tests/sigstore/{keys,vectors}/.

Every file in vectors/ is one case: what is offered (a bundle, or a layer of a legacy manifest), the
authority and demand it is judged by, and the reason that must come out. The exact texts are in
tests/sigstore/texts.txt, which people write.

The keys are throw-away: they sign nothing but these files. Signatures that contain randomness are kept
in tests/sigstore/signatures.json and used again as long as they verify, so that a run changes nothing
unless the cases change. --check writes nothing and fails if a run would.

Needs python3-cryptography. Made with it and nothing of the product, so that both sides of each format
were written twice.
"""

import argparse
import base64
import copy
import datetime
import hashlib
import json
import os
import sys

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import NameOID

import cases
import ed25519ph

HERE = os.path.dirname(os.path.abspath(__file__))
PEM = serialization.Encoding.PEM
DER = serialization.Encoding.DER
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
HASHES = {"sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}


def rsa_key(bits):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


# name, how it is made, the scheme that cosign 3.1 would sign with
KEYS = {
    "p256": (lambda: ec.generate_private_key(ec.SECP256R1()), "sha256"),
    "other": (lambda: ec.generate_private_key(ec.SECP256R1()), "sha256"),
    "p384": (lambda: ec.generate_private_key(ec.SECP384R1()), "sha384"),
    "p521": (lambda: ec.generate_private_key(ec.SECP521R1()), "sha512"),
    "rsa2048": (lambda: rsa_key(2048), "sha256"),
    "ed25519": (ed25519.Ed25519PrivateKey.generate, "ed25519ph"),
    # Not accepted:
    "rsa1024": (lambda: rsa_key(1024), "sha256"),
    "secp256k1": (lambda: ec.generate_private_key(ec.SECP256K1()), "sha256"),
    "p224": (lambda: ec.generate_private_key(ec.SECP224R1()), "sha256"),
}


class Output:
    """The files that a run makes; written or compared at the end."""

    def __init__(self, check):
        self.check = check
        self.files = {}
        self.old_signatures = self.load("signatures.json")
        self.signatures = {}

    @staticmethod
    def load(name):
        try:
            with open(os.path.join(HERE, name), encoding="utf-8") as f:
                return json.load(f)
        except FileNotFoundError:
            return {}

    def put(self, name, data):
        self.files[name] = data if isinstance(data, bytes) else data.encode()

    def put_json(self, name, value):
        self.put(name, json.dumps(value, indent=1, ensure_ascii=False) + "\n")

    def finish(self):
        self.put_json("signatures.json", dict(sorted(self.signatures.items())))
        differing = [name for name in sorted(self.files) if self.read(name) != self.files[name]]
        stale = sorted(self.present() - set(self.files))
        if self.check:
            for name in differing:
                print(f"generate: {name} is not what a run writes")
            for name in stale:
                print(f"generate: {name} is written by no run")
            print(f"generate: {len(self.files)} files, {len(differing) + len(stale)} differ")
            return 1 if differing or stale else 0
        for name in differing:
            path = os.path.join(HERE, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(self.files[name])
        for name in stale:
            os.unlink(os.path.join(HERE, name))
        print(f"generate: {len(self.files)} files, {len(differing)} written, {len(stale)} removed")
        return 0

    @staticmethod
    def read(name):
        try:
            with open(os.path.join(HERE, name), "rb") as f:
                return f.read()
        except FileNotFoundError:
            return None

    @staticmethod
    def present():
        found = set()
        for folder in ("keys", "vectors"):
            if os.path.isdir(os.path.join(HERE, folder)):
                found |= {f"{folder}/{n}" for n in os.listdir(os.path.join(HERE, folder))}
        return found


class Signer:
    """The keys, and the signatures of earlier runs."""

    def __init__(self, out):
        self.out = out
        self.keys = {name: self.key(name, make) for name, (make, _) in KEYS.items()}

    def key(self, name, make):
        pem = self.out.read(f"keys/{name}.key")
        if pem is None:
            if self.out.check:
                sys.exit(f"generate: keys/{name}.key is missing")
            pem = make().private_bytes(
                PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        self.out.put(f"keys/{name}.key", pem)
        return serialization.load_pem_private_key(pem, password=None)

    def spki(self, name):
        return self.keys[name].public_key().public_bytes(DER, SPKI)

    def hint(self, name):
        return base64.b64encode(hashlib.sha256(self.spki(name)).digest()).decode()

    def sign(self, name, message, scheme=None):
        scheme = scheme or KEYS[name][1]
        index = hashlib.sha256(f"{name} {scheme} ".encode() + self.spki(name) + message).hexdigest()
        if index in self.out.signatures:
            return base64.b64decode(self.out.signatures[index])
        old = self.out.old_signatures.get(index)
        if old and self.verifies(name, scheme, message, base64.b64decode(old)):
            signature = base64.b64decode(old)
        elif self.out.check:
            sys.exit(f"generate: no signature by {name} in signatures.json for one of the cases")
        else:
            signature = self.sign_now(name, scheme, message)
        self.out.signatures[index] = base64.b64encode(signature).decode()
        return signature

    def sign_now(self, name, scheme, message):
        key = self.keys[name]
        if scheme == "ed25519ph":
            return ed25519ph.sign(self.ed25519_seed(name), message)
        if scheme == "ed25519":
            return key.sign(message)
        if scheme == "rsa-pss":
            return key.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(message, padding.PKCS1v15(), HASHES[scheme]())
        return key.sign(message, ec.ECDSA(HASHES[scheme]()))

    def ed25519_seed(self, name):
        raw = serialization.Encoding.Raw, serialization.PrivateFormat.Raw
        return self.keys[name].private_bytes(*raw, serialization.NoEncryption())

    def verifies(self, name, scheme, message, signature):
        key = self.keys[name].public_key()
        try:
            if scheme == "ed25519ph":
                return ed25519ph.sign(self.ed25519_seed(name), message) == signature
            if scheme == "ed25519":
                key.verify(signature, message)
            elif scheme == "rsa-pss":
                pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
                key.verify(signature, message, pss, hashes.SHA256())
            elif isinstance(key, rsa.RSAPublicKey):
                key.verify(signature, message, padding.PKCS1v15(), HASHES[scheme]())
            else:
                key.verify(signature, message, ec.ECDSA(HASHES[scheme]()))
        except InvalidSignature:
            return False
        return True

    def certificate(self, name, issuer="other", subject="leaf"):
        """A certificate for key `name`, signed by rsa2048, whose signatures have no randomness."""
        start = datetime.datetime(2026, 1, 1)
        builder = x509.CertificateBuilder(
            subject_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]),
            issuer_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]),
            public_key=self.keys[name].public_key(),
            serial_number=7,
            not_valid_before=start,
            not_valid_after=start + datetime.timedelta(days=3650),
        )
        return builder.sign(self.keys["rsa2048"], hashes.SHA256())


def write_public_keys(out, signer):
    for name in KEYS:
        pem = signer.keys[name].public_key().public_bytes(PEM, SPKI)
        out.put(f"keys/{name}.pub", pem)
    pem = signer.keys["p256"].public_key().public_bytes(PEM, SPKI)
    out.put("keys/p256.crlf.pub", pem.replace(b"\n", b"\r\n"))
    out.put("keys/p256.text.pub", b"Public-Key: (256 bit)\n    -----\npub:\n" + pem + b"trailing\n")
    pkcs1 = signer.keys["rsa2048"].public_key()
    out.put("keys/rsa2048.pkcs1.pub", pkcs1.public_bytes(PEM, serialization.PublicFormat.PKCS1))
    out.put("keys/p256.crt", signer.certificate("p256").public_bytes(PEM))
    out.put("keys/README", "Throw-away keys of the tests. They sign nothing but tests/sigstore.\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true")
    out = Output(parser.parse_args().check)
    signer = Signer(out)
    write_public_keys(out, signer)
    for name, case in cases.all_cases(signer):
        path = f"vectors/{name}.json"
        if path in out.files:
            sys.exit(f"generate: two cases are named {name}")
        out.put_json(path, copy.deepcopy(case))
    return out.finish()


if __name__ == "__main__":
    sys.exit(main())
