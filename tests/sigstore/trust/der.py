"""DER, certificates and certificate timestamps by hand, so that they can also be wrong."""

import hashlib

SEQUENCE, SET, OCTETS, BITS, UTF8 = 0x30, 0x31, 0x04, 0x03, 0x0C


def tlv(tag, *parts):
    value = b"".join(parts)
    n = len(value)
    if n < 0x80:
        return bytes([tag, n]) + value
    octets = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + value


def oid(dotted):
    first, second, *rest = [int(x) for x in dotted.split(".")]
    out = b""
    for n in [first * 40 + second] + rest:
        septets = [n & 0x7F]
        while n := n >> 7:
            septets.insert(0, 0x80 | n & 0x7F)
        out += bytes(septets)
    return tlv(0x06, out)


def integer(n):
    return tlv(0x02, n.to_bytes(n.bit_length() // 8 + 1, "big"))


def name(common_name):
    if not common_name:
        return tlv(SEQUENCE)
    return tlv(SEQUENCE, tlv(SET, tlv(SEQUENCE, oid("2.5.4.3"), tlv(UTF8, common_name.encode()))))


def time(text):
    """"20240601000000" as RFC 5280 wants it."""
    return tlv(0x17, text[2:].encode() + b"Z") if text < "2050" else tlv(0x18, text.encode() + b"Z")


def extension(dotted, value, critical=False):
    return tlv(SEQUENCE, oid(dotted), tlv(0x01, b"\xff") if critical else b"", tlv(OCTETS, value))


# ---- extensions ----

CODE_SIGNING = "1.3.6.1.5.5.7.3.3"
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
ANY_PURPOSE = "2.5.29.37.0"
FULCIO = "1.3.6.1.4.1.57264.1"
SCT_LIST = "1.3.6.1.4.1.11129.2.4.2"


def basic(ca, path_length=None):
    length = b"" if path_length is None else integer(path_length)
    return extension("2.5.29.19", tlv(SEQUENCE, tlv(0x01, b"\xff") if ca else b"", length), True)


def key_usage(bits, unused):
    return extension("2.5.29.15", tlv(BITS, bytes([unused, bits])), True)


DIGITAL_SIGNATURE = key_usage(0x80, 7)
CERT_SIGN = key_usage(0x06, 1)
ENCIPHERMENT = key_usage(0x20, 5)


def purposes(*oids, critical=False):
    return extension("2.5.29.37", tlv(SEQUENCE, *[oid(o) for o in oids]), critical)


def names(*general):
    return extension("2.5.29.17", tlv(SEQUENCE, *general), True)


def email(text):
    return tlv(0x81, text)


def dns(text):
    return tlv(0x82, text)


def uri(text):
    return tlv(0x86, text)


def other_name(type_id, value):
    return tlv(0xA0, oid(type_id), tlv(0xA0, value))


def fulcio(number, value):
    return extension(f"{FULCIO}.{number}", value)


def text(s):
    return tlv(UTF8, s.encode())


# ---- certificates ----


def tbs(issuer, subject, spki, window, extensions, algorithm, serial=7):
    list_ = tlv(0xA3, tlv(SEQUENCE, *extensions)) if extensions else b""
    return tlv(SEQUENCE, tlv(0xA0, integer(2)), integer(serial), algorithm, name(issuer),
               tlv(SEQUENCE, time(window[0]), time(window[1])), name(subject), spki, list_)


def certificate(body, algorithm, signature):
    return tlv(SEQUENCE, body, algorithm, tlv(BITS, b"\0", signature))


# ---- certificate timestamps ----


def vector(*parts):
    value = b"".join(parts)
    return len(value).to_bytes(2, "big") + value


def sct_message(unix_ms, extensions, issuer_spki, body):
    return (b"\0\0" + unix_ms.to_bytes(8, "big") + b"\0\1" + hashlib.sha256(issuer_spki).digest()
            + len(body).to_bytes(3, "big") + body + vector(extensions))


def sct(log_id, unix_ms, extensions, algorithm, signature):
    return (b"\0" + log_id + unix_ms.to_bytes(8, "big") + vector(extensions)
            + bytes([4, algorithm]) + vector(signature))


def sct_list(*scts):
    return extension(SCT_LIST, tlv(OCTETS, vector(*[vector(s) for s in scts])))
