"""ECDSA P-256 with SHA-256 and the deterministic nonce of RFC 6979: a run makes what the last run made.

Slow and not constant in time: for the throw-away keys of these tests."""

import hashlib
import hmac

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


def add(p, q):
    if p is None or q is None:
        return p or q
    if p[0] == q[0] and (p[1] + q[1]) % P == 0:
        return None
    if p == q:
        slope = (3 * p[0] * p[0] - 3) * pow(2 * p[1], -1, P)
    else:
        slope = (q[1] - p[1]) * pow(q[0] - p[0], -1, P)
    x = (slope * slope - p[0] - q[0]) % P
    return x, (slope * (p[0] - x) - p[1]) % P


def times(k):
    out, base = None, G
    while k:
        if k & 1:
            out = add(out, base)
        base = add(base, base)
        k >>= 1
    return out


def nonces(secret, digest):
    seed = secret.to_bytes(32, "big") + (int.from_bytes(digest, "big") % N).to_bytes(32, "big")
    key, value = bytes(32), b"\1" * 32
    for step in (b"\0", b"\1"):
        key = hmac.digest(key, value + step + seed, "sha256")
        value = hmac.digest(key, value, "sha256")
    while True:
        value = hmac.digest(key, value, "sha256")
        yield int.from_bytes(value, "big")
        key = hmac.digest(key, value + b"\0", "sha256")
        value = hmac.digest(key, value, "sha256")


def sign(secret, message):
    """(r, s)"""
    digest = hashlib.sha256(message).digest()
    for k in nonces(secret, digest):
        if not 0 < k < N:
            continue
        r = times(k)[0] % N
        s = pow(k, -1, N) * (int.from_bytes(digest, "big") + r * secret) % N
        if r and s:
            return r, s
    raise AssertionError
