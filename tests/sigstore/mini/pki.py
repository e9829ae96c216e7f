"""Certificates by hand: any extension, right or wrong, and SCTs inside."""

import hashlib
import struct

from der import (bits, boolean, ctx, integer, octets, oid, parts, prim, seq, set_of, tlv, utf8,
                 x509_time)

CODE_SIGNING = "1.3.6.1.5.5.7.3.3"
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
ANY_PURPOSE = "2.5.29.37.0"
FULCIO = "1.3.6.1.4.1.57264.1."
SCT_LIST = "1.3.6.1.4.1.11129.2.4.2"


def name(common):
    if not common:
        return seq()
    return seq(
        set_of(seq(oid("2.5.4.10"), utf8("mini-sigstore"))), set_of(seq(oid("2.5.4.3"), utf8(common)))
    )


# ---- extensions -----------------------------------------------------------------------------


def extension(dotted, value, critical=False):
    return seq(oid(dotted), *([boolean(True)] if critical else []), octets(value))


def key_usage(*which, critical=True):
    """Bits by number: 0 digitalSignature, 5 keyCertSign, 6 cRLSign."""
    n = sum(0x80 >> b for b in which)
    unused = 0
    while n and not n >> unused & 1:
        unused += 1
    return extension("2.5.29.15", bits(bytes([n]), unused), critical)


def purposes(*dotted, critical=False):
    return extension("2.5.29.37", seq(*[oid(d) for d in dotted]), critical)


def basic(ca=True, path=None):
    inside = ([boolean(True)] if ca else []) + ([] if path is None else [integer(path)])
    return extension("2.5.29.19", seq(*inside), True)


def subject_id(spki):
    return extension("2.5.29.14", octets(hashlib.sha1(spki).digest()))


def issuer_id(spki):
    return extension("2.5.29.35", seq(prim(0, hashlib.sha1(spki).digest())))


def names(*general, critical=True):
    return extension("2.5.29.17", seq(*general), critical)


def email(text):
    return prim(1, text.encode())


def dns(text):
    return prim(2, text.encode())


def uri(text):
    return prim(6, text.encode())


def username(text, dotted=FULCIO + "7", tag=0x0C):
    return ctx(0, oid(dotted), ctx(0, tlv(tag, text.encode())))


def fulcio(number, text):
    """Extensions up to 6 are raw text, later ones DER."""
    value = text.encode() if number <= 6 else utf8(text)
    return extension(FULCIO + str(number), value)


# ---- certificates ---------------------------------------------------------------------------


class Certificate:
    def __init__(self, der, key, subject):
        self.der = der
        self.key = key
        self.subject = subject

    @property
    def tbs(self):
        return parts(self.der)[0]

    @property
    def serial(self):
        return parts(self.tbs)[1]

    @property
    def issuer(self):
        return parts(self.tbs)[3]


def tbs(key, subject, issuer, signer, start, end, extensions, serial, hash_=None, version=2):
    head = [ctx(0, integer(version))] if version else []
    listed = [ctx(3, seq(*extensions))] if extensions else []
    return seq(
        *head, integer(serial), signer.algorithm(hash_), issuer,
        seq(x509_time(start), x509_time(end)), subject, key.spki, *listed,
    )


def signed(body, signer, hash_=None, forged_by=None):
    """`forged_by` signs in the place of `signer`, whose algorithm is named."""
    return seq(body, signer.algorithm(hash_), bits((forged_by or signer).sign(body, hash_)))


serials = iter(range(0x1000, 1 << 30))


def authority(key, common, start, end, above=None, signer=None, extensions=None, path=None,
              purpose=CODE_SIGNING, hash_=None, ca=True):
    """A CA: self-issued, or under `above`. Named extensions replace the usual ones, None drops one."""
    over = signer or (above.key if above else key)
    usual = {
        "usage": key_usage(5, 6),
        "basic": basic(ca, path),
        "purpose": purposes(purpose) if above else None,
        "subject_id": subject_id(key.spki),
        "issuer_id": issuer_id(above.key.spki) if above else None,
    }
    usual.update(extensions or {})
    issuer = above.subject if above else name(common)
    listed = [e for e in usual.values() if e]
    body = tbs(key, name(common), issuer, over, start, end, listed, next(serials), hash_)
    return Certificate(signed(body, over, hash_), key, name(common))


# ---- signed certificate timestamps ----------------------------------------------------------


class CtLog:
    def __init__(self, key):
        self.key = key

    def sct(self, body, issuer_spki, unix_ms, extensions=b"", shown=None, version=0, hash_id=4,
            algorithm=None, signer=None, log_id=None):
        """`shown`: fields of the SCT that differ from the signed ones, (unix_ms, extensions)."""
        message = struct.pack(">BBQH", 0, 0, unix_ms, 1) + hashlib.sha256(issuer_spki).digest()
        message += len(body).to_bytes(3, "big") + body
        message += struct.pack(">H", len(extensions)) + extensions
        sig = (signer or self.key).sign(message, "sha256")
        unix_ms, extensions = shown or (unix_ms, extensions)
        algorithm = algorithm or {"rsa": 1, "ec": 3}[self.key.family]
        return (
            struct.pack(">B32sQH", version, log_id or self.key.id, unix_ms, len(extensions))
            + extensions + struct.pack(">BBH", hash_id, algorithm, len(sig)) + sig
        )


def sct_list(scts):
    inside = b"".join(struct.pack(">H", len(s)) + s for s in scts)
    return struct.pack(">H", len(inside)) + inside


def sct_extension(data):
    return extension(SCT_LIST, octets(data))
