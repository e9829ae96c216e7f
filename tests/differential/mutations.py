"""Changes of one good job, each in one place, chosen by a generator of random numbers: the same seed, the same change.

A job is a bundle, a trusted root, an artifact and a key or an identity. Bundle and root are JSON trees; where a string holds base64, DER,
a signed note or more JSON, that is changed as what it is. `raw` changes the text of the JSON.
"""

import base64
import binascii
import copy
import datetime
import json
import re

import dertree

BASE64 = re.compile(r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$")
# Fields that are text even where the text looks like base64.
TEXTS = {"kind", "version", "mediaType", "algorithm", "payloadType", "hint", "keyDetails", "hashAlgorithm", "baseUrl",
         "start", "end", "logIndex", "treeSize", "integratedTime", "organization", "commonName", "keyid"}  # fmt: skip
NUMBERS = ("0", "1", "-1", 0, 1, -1, 2**31, 2**63 - 1, 2**63, -(2**63), 2**64, "9223372036854775807", "9223372036854775808",
           "007", "+7", " 7", "7 ", "7.0", 7.5, "1e3", "0x7", "", "AAAA", True, None)  # fmt: skip
OTHER_TYPES = (None, True, False, 0, 1, -1, 1e30, "", "AAAA", "x", [], [None], [0], {}, {"x": 1}, [[]], ["AAAA"], [{}])
MEDIA_TYPES = ("application/vnd.dev.sigstore.bundle+json;version=0.1", "application/vnd.dev.sigstore.bundle+json;version=0.2",
               "application/vnd.dev.sigstore.bundle+json;version=0.3", "application/vnd.dev.sigstore.bundle.v0.3+json",
               "application/vnd.dev.sigstore.bundle.v0.4+json", "application/vnd.dev.sigstore.bundle.v0.1+json",
               "application/vnd.dev.sigstore.bundle+json", "application/json",
               "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
               "application/vnd.dev.sigstore.trustedroot.v0.2+json")  # fmt: skip


def places(tree, path=()):
    """(container, key, path) of every value, depth first."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield tree, key, (*path, key)
        yield from places(value, (*path, key))


def name(path):
    return ".".join("[]" if isinstance(p, int) else str(p) for p in path).replace(".[]", "[]")


def at(tree, path):
    for p in path:
        tree = tree[p]
    return tree


def choose(tree, rng, fits=lambda value, key: True):
    """A place, every kind of path as likely as any other: lists of many equals do not take all."""
    by_name = {}
    for container, key, path in places(tree):
        if fits(container[key], key):
            by_name.setdefault(name(path), []).append((container, key, path))
    if not by_name:
        return None
    return rng.choice(by_name[rng.choice(sorted(by_name))])


def is_base64(value, key):
    return isinstance(value, str) and len(value) >= 8 and key not in TEXTS and bool(BASE64.match(value))


# ---- of a tree; each returns what it did, or None ----


def drop(tree, rng, _others):
    container, key, path = choose(tree, rng)
    del container[key]
    return "drop " + name(path)


def retype(tree, rng, _others):
    container, key, path = choose(tree, rng)
    container[key] = value = copy.deepcopy(rng.choice(OTHER_TYPES))
    return f"retype {name(path)} {json.dumps(value)}"


def rename(tree, rng, _others):
    container, key, path = choose(tree, rng, lambda _v, k: isinstance(k, str))
    snake = re.sub(r"([A-Z])", lambda m: "_" + m[1].lower(), key)
    new = rng.choice((key.upper(), key.lower(), snake, key + "x", "x"))
    container[new] = container.pop(key)
    how = "same" if new == key else "snake" if new == snake else "other"
    return f"rename {name(path)} {how}"


def unknown(tree, rng, _others):
    found = choose(tree, rng, lambda v, _k: isinstance(v, dict))
    where, path = (tree, ()) if not found or rng.random() < 0.2 else (found[0][found[1]], found[2])
    where[rng.choice(("x", "unknownField", "@type"))] = copy.deepcopy(rng.choice(OTHER_TYPES))
    return "unknown " + name(path)


def number(tree, rng, _others):
    found = choose(tree, rng, lambda v, k: k in ("logIndex", "treeSize", "integratedTime"))
    if not found:
        return None
    container, key, path = found
    old = int(container[key])
    container[key] = new = rng.choice((*NUMBERS, old, str(old + 1), str(old - 1), old + 1))
    how = "as number" if new == old and not isinstance(new, str) else json.dumps(new) if new in NUMBERS else "near"
    return f"number {name(path)} {how}"


def word(tree, rng, _others):
    found = choose(tree, rng, lambda v, _k: isinstance(v, str))
    container, key, path = found
    text = container[key]
    cut = rng.randrange(len(text) + 1)
    how = rng.choice(("empty", "upper", "lower", "cut", "space", "newline", "byte", "media"))
    container[key] = {
        "empty": "", "upper": text.upper(), "lower": text.lower(), "cut": text[:cut], "space": text + " ",
        "newline": text[:cut] + "\n" + text[cut:], "byte": text[:cut] + chr(rng.randrange(1, 0x250)) + text[cut + 1 :],
        "media": rng.choice(MEDIA_TYPES),
    }[how]  # fmt: skip
    return f"word {name(path)} {how}"


def media_type(tree, rng, _others):
    tree["mediaType"] = rng.choice(MEDIA_TYPES)
    return "media type " + tree["mediaType"]


def list_change(tree, rng, _others):
    found = choose(tree, rng, lambda v, _k: isinstance(v, list))
    if not found:
        return None
    container, key, path = found
    items = container[key]
    how = rng.choice(("twice", "empty", "reverse", "null", "many"))
    if how == "twice" and items:
        items.append(copy.deepcopy(rng.choice(items)))
    elif how == "reverse":
        items.reverse()
    elif how == "null":
        items.insert(rng.randrange(len(items) + 1), None)
    elif how == "many" and items:
        container[key] = [copy.deepcopy(rng.choice(items)) for _ in range(rng.choice((31, 32, 33, 64, 65)))]
    else:
        how = "empty"
        items.clear()
    return f"list {name(path)} {how}"


def swap(tree, rng, others):
    """A part of another good one, of the same place, or at least of the same name."""
    other = rng.choice(others)
    container, key, path = choose(tree, rng)
    try:
        container[key] = copy.deepcopy(at(other, path))
    except (LookupError, TypeError):
        found = choose(other, rng, lambda _v, k: k == key)
        if not found:
            return None
        container[key] = copy.deepcopy(found[0][found[1]])
    return "swap " + name(path)


def append(tree, rng, others):
    """One more element of a list, out of another good one."""
    found = choose(tree, rng, lambda v, _k: isinstance(v, list))
    if not found:
        return None
    container, key, path = found
    try:
        more = at(rng.choice(others), path)
    except (LookupError, TypeError):
        return None
    if not isinstance(more, list) or not more:
        return None
    container[key].insert(rng.randrange(len(container[key]) + 1), copy.deepcopy(rng.choice(more)))
    return "append " + name(path)


# ---- of a string in it ----


def base64_text(tree, rng, _others):
    found = choose(tree, rng, is_base64)
    if not found:
        return None
    container, key, path = found
    text = container[key]
    cut = rng.randrange(len(text))
    how = rng.choice(("unpadded", "url-safe", "newline", "space", "padded more", "stray bits", "no base64"))
    if how == "stray bits":
        body = text.rstrip("=")
        if len(body) == len(text):
            return None
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        text = body[:-1] + alphabet[alphabet.index(body[-1]) ^ 1] + text[len(body) :]
    else:
        text = {
            "unpadded": text.rstrip("="), "url-safe": text.replace("+", "-").replace("/", "_"),
            "newline": text[:cut] + "\n" + text[cut:], "space": text + " ", "padded more": text + "====",
            "no base64": text[:cut] + "*" + text[cut + 1 :],
        }[how]  # fmt: skip
    same = " same" if text == container[key] else ""
    container[key] = text
    return f"base64 {name(path)} {how}{same}"


def content(tree, rng, others):
    """Of what the base64 says."""
    found = choose(tree, rng, is_base64)
    if not found:
        return None
    container, key, path = found
    data = base64.b64decode(container[key])
    if data[:1] == b"{":
        how, data = _json_inside(data, rng, others)
    elif data[:1] == b"\x30":
        how, data = dertree.mutate(data, rng)
    else:
        how, data = rng.choice((dertree.flip, _cut, _more))(data, rng)
    if data is None:
        return None
    container[key] = base64.b64encode(data).decode()
    return f"content {name(path)}: {how}"


def _cut(data, rng):
    return "cut", data[: rng.randrange(len(data))]


def _more(data, rng):
    return "more", data + bytes(rng.randrange(1, 4))


def _json_inside(data, rng, others):
    try:
        tree = json.loads(data)
    except ValueError:
        return dertree.flip(data, rng)
    if not isinstance(tree, dict) or not tree:
        return dertree.flip(data, rng)
    if rng.random() < 0.15:
        return "spaces", json.dumps(tree, indent=1).encode()
    how = rng.choice((drop, retype, rename, unknown, word, list_change, base64_text, content))(tree, rng, others)
    return how, None if how is None else json.dumps(tree, separators=(",", ":")).encode()


def note(tree, rng, _others):
    """Of a checkpoint: its lines."""
    found = choose(tree, rng, lambda v, k: k == "envelope" and isinstance(v, str) and "\n\n" in v)
    if not found:
        return None
    container, key, _path = found
    body, _, signatures = container[key].partition("\n\n")
    lines, signed = body.split("\n"), signatures.rstrip("\n").split("\n")
    how, lines, signed = rng.choice(NOTE)(lines, signed, rng)
    container[key] = "\n".join(lines) + "\n\n" + "\n".join(signed) + "\n"
    if how == "no end":
        container[key] = container[key][:-1]
    elif how == "crlf":
        container[key] = container[key].replace("\n", "\r\n")
    elif how == "empty line":
        container[key] = container[key].replace("\n\n", "\n\n\n")
    return "note " + how


def _signature_line(line, rng):
    parts = line.split(" ")
    if len(parts) != 3:
        return "odd", line
    try:
        raw = bytearray(base64.b64decode(parts[2]))
    except binascii.Error:
        return "odd", line
    how = rng.choice(("name", "hint", "signature", "short", "dash", "space"))
    if how == "name":
        parts[1] = rng.choice((parts[1] + "x", parts[1].upper(), "", "+"))
    elif how == "hint":
        raw[rng.randrange(4)] ^= 1
    elif how == "signature":
        raw[rng.randrange(4, len(raw))] ^= 1
    elif how == "short":
        raw = raw[: rng.randrange(6)]
    elif how == "dash":
        parts[0] = "-"
    else:
        parts.append("")
    parts[2] = base64.b64encode(raw).decode()
    return how, " ".join(parts)


def _note_line(lines, signed, rng):
    i = rng.randrange(len(lines))
    line = lines[i]
    changed = rng.choice((line + "x", line[:-1], "", line + " ", "0" + line, line.replace("/", "_"), "-" + line))
    return f"line {i}", [*lines[:i], changed, *lines[i + 1 :]], signed


def _note_size(lines, signed, rng):
    size = int(lines[1])
    new = rng.choice((size + 1, size - 1, 0, 2**63, f"+{size}", f"0{size}", f"{size}.0"))
    return "size", [lines[0], str(new), *lines[2:]], signed


def _note_signature(lines, signed, rng):
    i = rng.randrange(len(signed))
    how, line = _signature_line(signed[i], rng)
    return "signature " + how, lines, [*signed[:i], line, *signed[i + 1 :]]


def _note_more(lines, signed, rng):
    how, line = _signature_line(rng.choice(signed), rng)
    more = [*signed, line]
    rng.shuffle(more)
    return "one more signature " + how, lines, more


def _note_twice(lines, signed, rng):
    return "signature twice", lines, [*signed, rng.choice(signed)]


def _note_reverse(lines, signed, _rng):
    return "signatures reversed", lines, signed[::-1]


def _note_extension(lines, signed, rng):
    return "extension line", [*lines, rng.choice(("x", "Timestamp: 1", ""))], signed


def _note_ends(lines, signed, rng):
    return rng.choice(("no end", "crlf", "empty line")), lines, signed


NOTE = (_note_line, _note_size, _note_signature, _note_more, _note_twice, _note_reverse, _note_extension, _note_ends)


def hashes(tree, rng, _others):
    found = choose(tree, rng, lambda v, k: k == "hashes" and isinstance(v, list))
    proofs = found or choose(tree, rng, lambda v, k: k == "inclusionProof" and isinstance(v, dict))
    if not proofs:
        return None
    container, key, _path = proofs
    items = container[key] if found else container[key].setdefault("hashes", [])
    how = rng.choice(("more", "fewer", "other", "short", "many", "swapped"))
    zero = base64.b64encode(bytes(32)).decode()
    if how == "more":
        items.insert(rng.randrange(len(items) + 1), zero)
    elif how == "short":
        items.append(base64.b64encode(bytes(rng.choice((0, 1, 31, 33, 64)))).decode())
    elif how == "many":
        items.extend([zero] * rng.choice((62, 63, 64, 65)))
    elif not items:
        return None
    elif how == "fewer":
        items.pop(rng.randrange(len(items)))
    elif how == "other":
        items[rng.randrange(len(items))] = zero
    else:
        items.reverse()
    return "hashes " + how


def window(tree, rng, _others):
    """Of a trusted root: from when, until when."""
    found = choose(tree, rng, lambda v, k: k == "validFor" and isinstance(v, dict))
    if not found:
        return None
    container, key, path = found
    times = container[key]
    how = rng.choice(("starts later", "ended", "no start", "no end", "other form", "empty", "swapped"))
    if how == "starts later":
        times["start"] = rng.choice(("2035-01-01T00:00:00Z", "9999-12-31T23:59:59Z"))
    elif how == "ended":
        times["end"] = rng.choice(("2020-01-02T00:00:00Z", "1970-01-01T00:00:00Z", "2020-01-01T00:00:00.000000001Z"))
    elif how == "no start":
        times.pop("start", None)
    elif how == "no end":
        times.pop("end", None)
    elif how == "empty":
        times.clear()
    elif how == "swapped":
        times["start"], times["end"] = times.get("end", "2035-01-01T00:00:00Z"), times.get("start", "2020-01-01T00:00:00Z")
    else:
        times["start"] = new = rng.choice(TIMES)
        how = "as " + new
    return f"window {name(path)} {how}"


TIMES = ("2020-01-01T00:00:00.5Z", "2020-01-01T00:00:00+00:00", "2020-01-01T01:00:00+01:00", "2020-01-01t00:00:00z",
         "2020-01-01T00:00:00", "2020-01-01", "2020-02-30T00:00:00Z", "2020-01-01T24:00:00Z", "2019-12-31T23:59:60Z",
         "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2020-01-01T00:00:00.0000000001Z", "2020-01-01 00:00:00Z", "")  # fmt: skip


def near(tree, rng, _others, moment=None):
    """Of a trusted root: a window that begins or ends close to when the bundle was signed."""
    found = choose(tree, rng, lambda v, k: k == "validFor" and isinstance(v, dict))
    if not found or moment is None:
        return None
    container, key, path = found
    off = rng.choice((-2, -1, 0, 1, 2, -86400, 86400))
    end = rng.choice(("start", "end"))
    when = datetime.datetime.fromtimestamp(moment + off, datetime.timezone.utc)
    container[key][end] = when.strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"near {name(path)} {end} {off:+d} s"


# ---- of the text ----


def raw(text, rng):
    how = rng.choice(("twice", "cut", "after", "before", "byte", "comma", "bom", "spaces"))
    if how == "twice":
        keys = [m for m in re.finditer(r'"(\w+)":', text)]
        m = rng.choice(keys)
        text = text[: m.start()] + f'"{m[1]}":null,' + text[m.start() :]
        return f"raw {m[1]} twice", text
    cut = rng.randrange(len(text))
    return "raw " + how, {
        "cut": text[:cut], "after": text + rng.choice(("{}", "x", "\n", " ", "null")), "before": " \n\t" + text,
        "byte": text[:cut] + chr(rng.randrange(0x100)) + text[cut + 1 :], "comma": text[:cut] + "," + text[cut:],
        "bom": "\ufeff" + text, "spaces": text.replace(":", ": "),
    }[how]  # fmt: skip


BUNDLE = (drop, drop, retype, retype, rename, unknown, number, number, word, media_type, list_change, list_change, swap, swap,
          append, append, base64_text, content, content, content, content, content, note, note, hashes)  # fmt: skip
ROOT = (drop, retype, rename, unknown, word, list_change, swap, append, base64_text, content, content, window, window, near, near)
