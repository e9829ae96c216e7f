"""Key pairs, and signing with them as each format wants it."""

import base64
import hashlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from der import NULL, oid, seq

CURVES = {"p224": ec.SECP224R1, "p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1}
HASHES = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha384": hashes.SHA384,
          "sha512": hashes.SHA512}
USUAL = {"p384": "sha384", "p521": "sha512"}
DETAILS = {"p256": "PKIX_ECDSA_P256_SHA_256", "p384": "PKIX_ECDSA_P384_SHA_384",
           "p521": "PKIX_ECDSA_P521_SHA_512", "rsa2048": "PKIX_RSA_PKCS1V15_2048_SHA256",
           "ed25519": "PKIX_ED25519"}
X509 = {
    ("ec", "sha1"): "1.2.840.10045.4.1",
    ("ec", "sha256"): "1.2.840.10045.4.3.2",
    ("ec", "sha384"): "1.2.840.10045.4.3.3",
    ("ec", "sha512"): "1.2.840.10045.4.3.4",
    ("rsa", "sha1"): "1.2.840.113549.1.1.5",
    ("rsa", "sha256"): "1.2.840.113549.1.1.11",
}


def make(kind):
    if kind in CURVES:
        return ec.generate_private_key(CURVES[kind]())
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=int(kind[3:]))


class Key:
    """A key pair. `kind` is p224, p256, p384, p521, ed25519 or rsa and its bits."""

    def __init__(self, kind="p256"):
        self.kind = kind
        self.private = make(kind)
        public = self.private.public_key()
        self.spki = public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.family = "rsa" if kind.startswith("rsa") else "ed" if kind == "ed25519" else "ec"
        self.details = DETAILS.get(kind, "PKIX_RSA_PKCS1V15_2048_SHA256")

    @property
    def id(self):
        return hashlib.sha256(self.spki).digest()

    @property
    def raw(self):
        """The 32 bytes of an Ed25519 key."""
        return self.spki[-32:]

    @property
    def pkcs1(self):
        return self.private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.PKCS1
        )

    @property
    def hash(self):
        """The hash that goes with the key by default."""
        return USUAL.get(self.kind, "sha256")

    def sign(self, message, hash_=None):
        if self.family == "ed":
            return self.private.sign(message)
        algorithm = HASHES[hash_ or self.hash]()
        if self.family == "rsa":
            return self.private.sign(message, padding.PKCS1v15(), algorithm)
        return self.private.sign(message, ec.ECDSA(algorithm))

    def algorithm(self, hash_=None):
        """AlgorithmIdentifier of what sign() makes."""
        if self.family == "ed":
            return seq(oid("1.3.101.112"))
        name = oid(X509[self.family, hash_ or self.hash])
        return seq(name, NULL) if self.family == "rsa" else seq(name)


def pem(label, der):
    text = base64.b64encode(der).decode()
    lines = "\n".join(text[i : i + 64] for i in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"


class Pool:
    """Keys by name, made when first asked for. RSA keys are dear: a name is one key for good."""

    def __init__(self):
        self.keys = {}

    def __call__(self, name, kind="p256"):
        if name not in self.keys:
            self.keys[name] = Key(kind)
        return self.keys[name]
