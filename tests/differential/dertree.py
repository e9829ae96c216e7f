"""DER as a tree, to be changed in one place and written again with lengths that fit."""

import dataclasses

CONSTRUCTED = 0x20
OCTET_STRING = 0x04
BIT_STRING = 0x03


@dataclasses.dataclass
class Tlv:
    tag: int
    value: bytes = b""
    children: list = None  # None: primitive, and holds `value`
    prefix: bytes = b""  # before the children: the unused bits of a BIT STRING
    long_form: bool = False  # one length byte more than DER allows

    def encode(self):
        value = self.value
        if self.children is not None:
            value = self.prefix + b"".join(c.encode() for c in self.children)
        return bytes([self.tag]) + _length(len(value), self.long_form) + value

    def all(self, depth=0):
        """(parent, index, node) of everything below."""
        for i, child in enumerate(self.children or ()):
            yield self, i, child
            if depth < 40:
                yield from child.all(depth + 1)


def _length(n, long_form):
    if n < 0x80 and not long_form:
        return bytes([n])
    body = n.to_bytes(max(1, (n.bit_length() + 7) // 8), "big")
    if n >= 0x80 and long_form:
        body = b"\0" + body
    return bytes([0x80 | len(body)]) + body


def _one(data, at):
    """(node, end), or None when there is no whole TLV."""
    if at + 2 > len(data):
        return None
    tag, first = data[at], data[at + 1]
    at += 2
    if tag & 0x1F == 0x1F:
        return None
    size = first
    if first >= 0x80:
        n = first & 0x7F
        if n == 0 or n > 4 or at + n > len(data):
            return None
        size = int.from_bytes(data[at : at + n], "big")
        at += n
    if at + size > len(data):
        return None
    value = data[at : at + size]
    node = Tlv(tag, value)
    inside = value
    if tag == BIT_STRING and value[:1] == b"\0":
        node.prefix, inside = value[:1], value[1:]
    if tag & CONSTRUCTED or (tag in (OCTET_STRING, BIT_STRING) and inside[:1] in (b"\x30", b"\x04")):
        node.children = _many(inside)
        if node.children is None and tag & CONSTRUCTED:
            return None
    return node, at + size


def _many(data):
    out, at = [], 0
    while at < len(data):
        found = _one(data, at)
        if not found:
            return None
        out.append(found[0])
        at = found[1]
    return out


def parse(data):
    """The one TLV that is all of data, or None."""
    found = _one(data, 0)
    if not found or found[1] != len(data) or found[0].encode() != data:
        return None
    return found[0]


def mutate(data, rng):
    """(what was done, other bytes)."""
    root = parse(data)
    places = list(root.all()) if root else []
    if not places or rng.random() < 0.15:
        return flip(data, rng)
    parent, i, node = rng.choice(places)
    where = f"tag {node.tag:#04x}"
    done = rng.choice(("value", "value", "value", "drop", "twice", "swap", "tag", "long", "grow", "cut", "empty"))
    if done == "value":
        leaves = [p for p in places if p[2].children is None and p[2].value]
        if leaves:
            node = rng.choice(leaves)[2]
            where = f"tag {node.tag:#04x}"
            node.value = flip(node.value, rng)[1]
    elif done == "drop":
        del parent.children[i]
    elif done == "twice":
        parent.children.insert(i, node)
    elif done == "swap":
        j = rng.randrange(len(parent.children))
        parent.children[i], parent.children[j] = parent.children[j], node
    elif done == "tag":
        node.tag ^= 1 << rng.randrange(8)
    elif done == "long":
        node.long_form = True
    elif done == "grow":
        parent.children.insert(i + 1, Tlv(rng.choice((0x02, 0x05, 0x0C, 0x30, 0x80, 0xA0)), b""))
    elif done == "cut" and node.children is None:
        node.value = node.value[:-1]
    elif node.children is None:
        node.value = b""
    else:
        node.children = []
    return f"der {done} {where}", root.encode()


def flip(data, rng):
    if not data:
        return "grow", b"\0"
    out = bytearray(data)
    out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)
    return "flip", bytes(out)
