"""Timestamp authorities: RFC 3161 responses by hand, right and wrong."""

import hashlib

import pki
from der import NULL, boolean, ctx, generalized, integer, octets, oid, seq, set_of, tlv, x509_time

TST_INFO = "1.2.840.113549.1.9.16.1.4"
SIGNED_DATA = "1.2.840.113549.1.7.2"
HASH = {"md5": "1.2.840.113549.2.5", "sha1": "1.3.14.3.2.26",
        "sha256": "2.16.840.1.101.3.4.2.1", "sha384": "2.16.840.1.101.3.4.2.2",
        "sha512": "2.16.840.1.101.3.4.2.3"}


def leaf(key, common, above, start, end, extensions=None, signer=None, subject=None):
    usual = {
        "usage": pki.key_usage(0),
        "purpose": pki.purposes(pki.TIME_STAMPING, critical=True),
        "subject_id": pki.subject_id(key.spki),
        "issuer_id": pki.issuer_id(above.key.spki),
    }
    usual.update(extensions or {})
    listed = [e for e in usual.values() if e]
    over = signer or above.key
    subject = pki.name(common) if subject is None else subject
    body = pki.tbs(key, subject, above.subject, over, start, end, listed, next(pki.serials))
    return pki.Certificate(pki.signed(body, over), key, subject)


class Tsa:
    """A chain of three: leaf, intermediate, root. `knobs` go to each of them."""

    def __init__(self, pool, label, start, end, kind="p256", leaf_knobs=None, middle_knobs=None,
                 root_knobs=None):
        self.label = label
        stamping = {"purpose": pki.TIME_STAMPING}
        span = {"start": start, "end": end}
        self.root = pki.authority(
            pool(label + " root"), label + " root", **{**span, **stamping, **(root_knobs or {})}
        )
        self.middle = pki.authority(
            pool(label + " middle"), label + " intermediate",
            **{**span, **stamping, "above": self.root, **(middle_knobs or {})},
        )
        self.leaf = leaf(
            pool(label + " leaf " + kind, kind), label,
            **{**span, "above": self.middle, **(leaf_knobs or {})},
        )

    def chain(self, with_leaf=True):
        return ([self.leaf.der] if with_leaf else []) + [self.middle.der, self.root.der]


def algorithm(name):
    return seq(oid(HASH[name]), NULL)


def tst_info(imprint, when, hash_name="sha256", version=1, nonce=None, fraction="", time=None,
             serial=77, accuracy=True):
    more = [seq(integer(1))] if accuracy else []
    more += [boolean(True)] if nonce else []
    more += [integer(nonce)] if nonce else []
    return seq(
        integer(version), oid("1.3.6.1.4.1.57264.2"), seq(algorithm(hash_name), octets(imprint)),
        integer(serial), time or generalized(when, fraction), *more,
    )


def attribute(dotted, *values):
    return seq(oid(dotted), tlv(0x31, *values))


def attributes(tst, certificate, when, content=TST_INFO):
    certificate_id = seq(seq(seq(octets(hashlib.sha256(certificate.der).digest()))))
    return {
        "content": attribute("1.2.840.113549.1.9.3", oid(content)),
        "time": attribute("1.2.840.113549.1.9.5", x509_time(when)),
        "digest": attribute("1.2.840.113549.1.9.4", octets(hashlib.sha256(tst).digest())),
        "certificate": attribute("1.2.840.113549.1.9.16.2.47", certificate_id),
    }


def signer_info(tst, certificate, when, signer=None, attrs=None, issuer=None, serial=None,
                content=TST_INFO, attributes_of=None):
    """`attrs` edits the signed attributes (a dict) and may return None: there are none."""
    listed = attributes(attributes_of or tst, certificate, when, content)
    listed = attrs(listed) if attrs else listed
    key = certificate.key
    signed = set_of(*listed.values()) if listed else tst
    named = seq(issuer or certificate.issuer, serial or certificate.serial)
    head = [ctx(0, *sorted(listed.values()))] if listed else []
    return seq(
        integer(1), named, algorithm("sha256"), *head, key.algorithm("sha256"),
        octets((signer or key).sign(signed, "sha256")),
    )


def token(tst, signers, certificates=(), content=TST_INFO, outer=SIGNED_DATA, empty=False, shown=None):
    """`shown`: what the token carries in the place of what was signed."""
    listed = [ctx(0, *certificates)] if certificates or empty else []
    data = seq(
        integer(3), tlv(0x31, algorithm("sha256")), seq(oid(content), ctx(0, octets(shown or tst))),
        *listed, tlv(0x31, *signers),
    )
    return seq(oid(outer), ctx(0, data))


def response(token_der, status=0, trailing=b"", inside=b""):
    info = seq(integer(status))
    return seq(info, *([token_der] if token_der else []), inside) + trailing


def stamp(tsa, data, when, embed=(), hash_name="sha256", imprint=None, tst=None, signing=None,
          wrap=None, respond=None, twice=False, leaf_of=None):
    """A TimeStampResp over `data` at `when`. embed: certificates inside; tst, signing, wrap, respond: arguments
    of the four parts above."""
    certificate = leaf_of or tsa.leaf
    if imprint is None:
        imprint = hashlib.new(hash_name, data).digest()
    info = tst_info(imprint, when, hash_name, **(tst or {}))
    one = signer_info(info, certificate, when, **(signing or {}))
    carried = token(info, [one, one] if twice else [one], embed, **(wrap or {}))
    return response(carried, **(respond or {}))
