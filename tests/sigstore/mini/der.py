"""DER, written by hand: what certificates, timestamps and their broken variants are made of."""

import datetime

EPOCH = datetime.datetime(1970, 1, 1)


def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def seq(*parts):
    return tlv(0x30, *parts)


def set_of(*parts):
    return tlv(0x31, *sorted(parts))


def ctx(number, *parts):
    """[number], constructed."""
    return tlv(0xA0 | number, *parts)


def prim(number, body):
    """[number], primitive."""
    return tlv(0x80 | number, body)


def integer(n):
    return tlv(2, n.to_bytes(n.bit_length() // 8 + 1, "big", signed=True))


def octets(data):
    return tlv(4, data)


def bits(data, unused=0):
    return tlv(3, bytes([unused]), data)


def utf8(text):
    return tlv(0x0C, text if isinstance(text, bytes) else text.encode())


def boolean(value):
    return tlv(1, b"\xff" if value else b"\0")


NULL = tlv(5)


def oid(dotted):
    first, second, *rest = [int(n) for n in dotted.split(".")]
    out = bytes([first * 40 + second])
    for n in rest:
        chunk = [n & 0x7F]
        while n := n >> 7:
            chunk.append(0x80 | n & 0x7F)
        out += bytes(reversed(chunk))
    return tlv(6, out)


def moment(unix_s):
    return EPOCH + datetime.timedelta(seconds=unix_s)


def generalized(unix_s, fraction=""):
    return tlv(0x18, (moment(unix_s).strftime("%Y%m%d%H%M%S") + fraction + "Z").encode())


def x509_time(unix_s):
    when = moment(unix_s)
    if when.year < 2050:
        return tlv(0x17, when.strftime("%y%m%d%H%M%SZ").encode())
    return generalized(unix_s)


def items(data):
    """(tag, value, whole) of each item in `data`, which is well-formed."""
    while data:
        n, head = data[1], 2
        if n & 0x80:
            head += n & 0x7F
            n = int.from_bytes(data[2:head], "big")
        yield data[0], data[head : head + n], data[: head + n]
        data = data[head + n :]


def parts(data):
    """The whole items inside of the one item that `data` is."""
    return [whole for _, _, whole in items(next(items(data))[1])]
