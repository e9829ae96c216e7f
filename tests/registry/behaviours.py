"""What a hostile registry does: one function for each repository, with the connection and the request.

A function that returns False ends the connection.
"""

import json
import socket
import struct
import time

from hostile import BLOB, GOOD, INDEX, MANIFEST, TOKEN, descriptor, digest, index

BEHAVIOURS = {}


def behaviour(function):
    BEHAVIOURS[function.__name__] = function
    return function


# ---- a registry as it should be ----


@behaviour
def good(c, r):
    if r.kind == "manifests" and r.name in ("latest", digest(GOOD)):
        c.reply(200, GOOD, MANIFEST, [("Docker-Content-Digest", digest(GOOD))])
    elif r.kind == "blobs" and r.name == digest(BLOB):
        c.reply(200, BLOB, "application/octet-stream")
    elif r.kind == "referrers":
        c.reply(200, index([descriptor(i) for i in range(3)]), INDEX)
    else:
        c.error(404)


# ---- bodies ----


@behaviour
def wrong_digest(c, r):
    body = GOOD + b" "
    if r.kind == "blobs":
        body = b"B" * len(BLOB)
    c.reply(200, body, MANIFEST, [("Docker-Content-Digest", r.name)])


@behaviour
def longer(c, r):
    c.reply(200, BLOB + b"more")


@behaviour
def longer_chunked(c, r):
    c.raw(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n")
    c.raw(b"%x\r\n%s\r\n4\r\nmore\r\n0\r\n\r\n" % (len(BLOB), BLOB))


@behaviour
def shorter(c, r):
    c.reply(200, BLOB[:-1])


@behaviour
def shorter_chunked(c, r):
    c.raw(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n")
    c.raw(b"%x\r\n%s\r\n0\r\n\r\n" % (len(BLOB) - 1, BLOB[:-1]))


@behaviour
def cut(c, r):
    c.raw(b"HTTP/1.1 200 X\r\nContent-Length: 1000\r\n\r\nonly this")
    return False


@behaviour
def announces_much(c, r):
    c.raw(b"HTTP/1.1 200 X\r\nContent-Length: 99999999999\r\n\r\n")
    c.wait(20)
    return False


@behaviour
def endless(c, r):
    c.raw(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not c.server.closing.is_set():
        c.raw(b"10000\r\n" + b"x" * 65536 + b"\r\n")
    return False


@behaviour
def endless_error(c, r):
    c.raw(b"HTTP/1.1 418 X\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not c.server.closing.is_set():
        c.raw(b"10000\r\n" + b"x" * 65536 + b"\r\n")
    return False


@behaviour
def endless_headers(c, r):
    c.raw(b"HTTP/1.1 200 X\r\n")
    while not c.server.closing.is_set():
        c.raw(b"X-More: " + b"x" * 1000 + b"\r\n")
    return False


@behaviour
def slow(c, r):
    c.raw(b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n" % len(BLOB))
    for i in range(len(BLOB)):
        c.raw(BLOB[i:i + 1])
        c.wait(0.1)
    return False


@behaviour
def slow_headers(c, r):
    c.raw(b"HTTP/1.1 200 X\r\n")
    while not c.server.closing.is_set():
        c.raw(b"X-More: x\r\n")
        c.wait(0.1)
    return False


@behaviour
def silent(c, r):
    c.wait(20)
    return False


@behaviour
def late(c, r):
    c.wait(0.15)
    return good(c, r)


@behaviour
def gzipped(c, r):
    c.reply(200, b"\x1f\x8b" + b"x" * 30, MANIFEST, [("Content-Encoding", "gzip")])


@behaviour
def no_http(c, r):
    c.raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    return False


# ---- status ----


def status(number):
    return lambda c, r: c.error(number)


for _name, _number in (("forbidden", 403), ("teapot", 418), ("broken", 500), ("busy", 503),
                       ("limited", 429)):
    BEHAVIOURS[_name] = status(_number)


@behaviour
def busy_once(c, r):
    if c.number == 1:
        c.error(503, [("Retry-After", "1")])
    else:
        good(c, r)


@behaviour
def limited_once(c, r):
    if c.number == 1:
        c.error(429, [("Retry-After", "1")])
    else:
        good(c, r)


@behaviour
def limited_date(c, r):
    if c.number == 1:
        at = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 2))
        c.error(429, [("Retry-After", at)])
    else:
        good(c, r)


@behaviour
def limited_long(c, r):
    c.error(429, [("Retry-After", "86400")])


def reset_connection(c):
    c.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    c.request.close()
    return False


@behaviour
def reset(c, r):
    return reset_connection(c)


@behaviour
def reset_once(c, r):
    return reset_connection(c) if c.number == 1 else good(c, r)


# ---- redirects ----


def redirect(c, to, status=307):
    c.reply(status, b"", headers=[("Location", to)])


@behaviour
def redirect_loop(c, r):
    redirect(c, r.path, 302)


@behaviour
def redirect_four(c, r):
    step = int(r.path.split("step=")[1]) if "step=" in r.path else 0
    if step == 4:
        good(c, r)
    else:
        redirect(c, f"{r.path.split('?')[0]}?step={step + 1}")


@behaviour
def redirect_three(c, r):
    step = int(r.path.split("step=")[1]) if "step=" in r.path else 0
    if step == 3:
        good(c, r)
    else:
        redirect(c, f"{r.path.split('?')[0]}?step={step + 1}")


@behaviour
def redirect_nowhere(c, r):
    c.reply(302)


@behaviour
def redirect_file(c, r):
    redirect(c, "file:///etc/passwd")


@behaviour
def redirect_user(c, r):
    redirect(c, f"http://user:word@{c.server.other.host}/v2/good/blobs/{r.name}")


@behaviour
def redirect_metadata(c, r):
    redirect(c, "http://169.254.169.254/latest/meta-data/")


@behaviour
def redirect_metadata_mapped(c, r):
    redirect(c, "http://[::ffff:169.254.169.254]/latest/meta-data/")


@behaviour
def redirect_metadata_number(c, r):
    redirect(c, "http://0xa9fea9fe/latest/meta-data/")


@behaviour
def redirect_private(c, r):
    redirect(c, "http://10.11.12.13/x")


@behaviour
def redirect_other(c, r):
    if not (r.basic() or r.bearer()):
        return c.challenge('Basic realm="x"')
    return redirect(c, f"{c.server.other.url}/v2/good/{r.kind}/{r.name}")


@behaviour
def redirect_other_asks(c, r):
    if not r.basic():
        return c.challenge('Basic realm="x"')
    return redirect(c, f"{c.server.other.url}/v2/basic/{r.kind}/{r.name}")


@behaviour
def redirect_same(c, r):
    if not r.basic():
        return c.challenge('Basic realm="x"')
    return redirect(c, f"/v2/basic/{r.kind}/{r.name}")


@behaviour
def redirect_plain(c, r):
    redirect(c, f"http://{c.server.other.host}/v2/good/{r.kind}/{r.name}")


# ---- credentials ----


@behaviour
def basic(c, r):
    if r.basic():
        return good(c, r)
    return c.challenge('Basic realm="x"')


@behaviour
def basic_never(c, r):
    c.challenge('Basic realm="x"')


@behaviour
def negotiate(c, r):
    c.challenge("Negotiate")


@behaviour
def bearer(c, r):
    if r.bearer():
        return good(c, r)
    return c.wants_token()


@behaviour
def bearer_never(c, r):
    c.wants_token()


@behaviour
def token(c, r):
    """The token service; what it does is the last part of its address."""
    if r.name == "slow":
        c.wait(20)
    elif r.name == "late":
        c.wait(0.3)
        c.reply(200, json.dumps({"token": TOKEN, "expires_in": 300}).encode())
    elif r.name == "garbage":
        c.reply(200, b"<html>")
    elif r.name == "empty":
        c.reply(200, b"{}")
    elif r.name == "newline":
        c.reply(200, json.dumps({"token": "a\r\nX-Evil: 1"}).encode())
    elif r.name == "broken":
        c.error(500)
    elif r.name == "gone":
        c.error(404)
    elif r.name == "away":
        redirect(c, c.server.other.url + "/v2/token/x")
    elif r.name == "endless":
        endless(c, r)
    elif r.method == "POST":
        right = b"refresh_token=idt%2Fx" in r.body and b"grant_type=refresh_token" in r.body
        c.reply(200, json.dumps({"access_token": TOKEN}).encode()) if right else c.error(401)
    elif "authorization" in r.headers and not r.basic():
        c.error(401)
    else:
        c.reply(200, json.dumps({"token": TOKEN, "expires_in": 300}).encode())


def token_from(name):
    def answer(c, r):
        if r.bearer():
            return good(c, r)
        return c.wants_token(f"{c.server.url}/v2/token/{name}")
    return answer


for _name in ("slow", "late", "garbage", "empty", "newline", "broken", "gone", "away", "endless"):
    BEHAVIOURS["token_" + _name] = token_from(_name)


@behaviour
def token_elsewhere(c, r):
    c.wants_token("http://auth.attacker.example/token")


@behaviour
def token_file(c, r):
    c.wants_token("file:///etc/passwd")


@behaviour
def token_other(c, r):
    """Same address, another port: the same site."""
    if r.bearer():
        return good(c, r)
    return c.wants_token(c.server.other.url + "/v2/token/x")


# ---- as a proxy ----


@behaviour
def proxied(c, r):
    r.kind, r.name = r.path.split("/")[-2:]
    return good(c, r)
