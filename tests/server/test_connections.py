"""Connections: kept, pipelined, slow, silent, too many, too old."""

import http.client
import json
import socket
import ssl
import time

from context import Answer, Client, Loop, PATIENCE_S, request, review, until


def chunked(body, size):
    data = json.dumps(body).encode()
    out = b""
    for i in range(0, len(data), size):
        piece = data[i:i + size]
        out += f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
    return out + b"0\r\n\r\n"


CHUNKED_HEAD = (b"POST /validate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n")


def test_kept_alive(t):
    s = t.server()
    with s.client() as c:
        for i in range(50):
            answer = c.post(review(uid=f"u-{i}"))
            assert answer.response()["uid"] == f"u-{i}"
            assert not answer.will_close


def test_pipelined(t):
    s = t.server()
    with s.client() as c:
        c.send(b"".join(request(review(uid=f"u-{i}")) for i in range(5)))
        stream = c.sock.makefile("rb")

        class Shared:
            def makefile(self, *_):
                return stream

        for i in range(5):
            response = http.client.HTTPResponse(Shared(), method="POST")
            response.close = lambda: None
            response._close_conn = lambda: None
            response.begin()
            assert Answer(response).response()["uid"] == f"u-{i}"


def test_chunked(t):
    s = t.server()
    with s.client() as c:
        for size in (1, 7, 100000):
            c.send(CHUNKED_HEAD + chunked(review(), size))
            assert c.answer().response()["allowed"] is True


def test_expect_continue(t):
    s = t.server()
    body = request(review(), headers={"Expect": "100-continue"})
    head, data = body.split(b"\r\n\r\n", 1)
    with s.client() as c:
        c.send(head + b"\r\n\r\n")
        line = c.sock.recv(65536)
        assert line == b"HTTP/1.1 100 Continue\r\n\r\n", line
        c.send(data)
        assert c.answer().response()["allowed"] is True


def test_one_byte_at_a_time(t):
    s = t.server()
    with s.client() as c:
        for byte in request(review()):
            c.send(bytes([byte]))
        assert c.answer().response()["allowed"] is True


def test_http_1_0(t):
    s = t.server()
    data = request(review()).replace(b"HTTP/1.1", b"HTTP/1.0")
    with s.client() as c:
        c.send(data)
        assert c.answer().response()["allowed"] is True
        assert c.ended()


def test_closes_after_a_thousand(t):
    """So that new replicas get work; announced, so that nothing is lost."""
    s = t.server(log_allowed=None)
    with s.client() as c:
        data = request(review())
        for i in range(1, 1001):
            c.send(data)
            assert c.answer().will_close == (i == 1000), i
        assert c.ended()


def test_half_closed(t):
    """A client that says it will send no more still gets its answer, or an end, never a hang."""
    s = t.server()
    with s.client() as c:
        assert c.post(review()).response()["allowed"] is True
        c.sock.unwrap()
    assert s.post(review()).response()["allowed"] is True


# ---- slow senders, while others are served ----

def undisturbed(loop):
    """Nothing failed, and its connection was kept as long as any is."""
    assert loop.failures == [], loop.failures
    assert loop.connections <= 1 + loop.answers // 1000, (loop.connections, loop.answers)


def served_meanwhile(s, wait):
    loop = Loop(s)
    wait()
    until("answers", lambda: loop.answers > 5 or loop.failures)
    loop.finish()
    undisturbed(loop)


def trickle(send, ended):
    """Sends a piece every 0.2 s until the server closes the connection."""
    def wait():
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                send()
            except OSError:
                return
            if ended():
                return
            time.sleep(0.2)
        raise AssertionError("a slow sender was not cut off")
    return wait


def readable_end(sock):
    sock.settimeout(0)
    try:
        return sock.recv(1) == b""
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    finally:
        sock.settimeout(PATIENCE_S)


def test_slow_headers(t):
    s = t.server(slow_timeout="1s")
    c = s.client()
    c.send(b"POST /validate HTTP/1.1\r\nHost: localhost\r\n")
    served_meanwhile(s, trickle(lambda: c.send(b"X-Slow: x\r\n"), lambda: readable_end(c.sock)))
    until("count", lambda: s.rejected("slow") == 1)
    assert s.rejected("tls") == 0


def test_headers_that_stop(t):
    s = t.server(slow_timeout="1s")
    with s.client() as c:
        assert c.post(review()).response()["allowed"] is True
        time.sleep(1)
        c.send(b"POST /validate HTTP/1.1\r\nHost: loc")
        assert c.ended()
    until("count", lambda: s.rejected("slow") == 1)


def test_slow_body(t):
    s = t.server(slow_timeout="1s")
    c = s.client()
    c.send(b"POST /validate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
           b"Content-Length: 100000\r\n\r\n")
    served_meanwhile(s, trickle(lambda: c.send(b" "), lambda: readable_end(c.sock)))
    until("count", lambda: s.rejected("slow") == 1)
    assert s.metric("assay_admission_requests_in_flight") == 0


def test_slow_handshake(t):
    """A ClientHello that never comes to its end."""
    s = t.server(slow_timeout="1s")
    sock = s.tcp()
    sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
    served_meanwhile(s, trickle(lambda: sock.sendall(b"\x00"), lambda: readable_end(sock)))
    until("count", lambda: s.rejected("slow") == 1)


def test_silent_connections_stay(t):
    """kube-apiserver opens connections that it does not use: with and without a handshake."""
    s = t.server(slow_timeout="500ms")
    raw = s.tcp()
    with s.client() as idle, s.client() as used:
        assert used.post(review()).response()["allowed"] is True
        time.sleep(3)
        assert not readable_end(raw) and not readable_end(idle.sock)
        assert idle.post(review()).response()["allowed"] is True
        assert used.post(review()).response()["allowed"] is True
        with Client(s, sock=raw) as late:
            assert late.post(review()).response()["allowed"] is True
    assert s.rejected("slow") == 0


def test_large_bodies_get_more_time(t):
    """Two seconds' worth of steady sending with a limit of one."""
    s = t.server(slow_timeout="1s")
    body = json.dumps(review()).encode()
    body += b" " * (40 * 32768 - len(body))
    data = request(body)
    with s.client() as c:
        for i in range(0, len(data), 32768):
            c.send(data[i:i + 32768])
            time.sleep(0.05)
        assert c.answer().response()["allowed"] is True


# ---- too many ----

def test_more_connections_than_allowed(t):
    """The longest idle ones make room, unused ones first; those in use are left alone."""
    s = t.server(max_connections=20)
    loop = Loop(s)
    until("answers", lambda: loop.answers > 3)
    idle = [s.tcp() for _ in range(60)]
    for _ in range(10):
        assert s.post(review()).response()["allowed"] is True
    until("room", lambda: sum(readable_end(sock) for sock in idle) >= 40)
    loop.finish()
    undisturbed(loop)
    until("count", lambda: s.rejected("overload") >= 40)


def test_reset_by_the_client(t):
    s = t.server()
    for _ in range(20):
        c = s.client()
        c.send(request(review())[:-100])
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        c.close()
    assert s.post(review()).response()["allowed"] is True
    until("none in flight", lambda: s.metric("assay_admission_requests_in_flight") == 0)
