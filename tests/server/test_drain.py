"""SIGTERM: nothing that was sent is lost."""

import os
import signal
import time

from context import Loop, request, review, until


def test_under_load(t):
    """Clients in a loop, who come to the next server when the connection is announced to close."""
    s = t.server(drain="2s")
    loops = [Loop(s, keep=True) for _ in range(4)] + [Loop(s, keep=False, pause_s=0.01)]
    until("answers", lambda: all(loop.answers > 5 for loop in loops))
    s.signal(signal.SIGTERM)
    until("not ready", lambda: s.admin("/readyz").status == 503)
    ready = s.admin("/readyz").body.decode()
    assert "[-]serving failed: draining\n" in ready, ready
    assert s.admin("/healthz").status == 200
    seen = [loop.answers for loop in loops]
    until("served on", lambda: all(l.answers > n + 5 for l, n in zip(loops, seen)))
    for loop in loops:
        loop.finish()
        assert loop.failures == [], loop.failures
    assert s.wait() == 0
    assert s.find("drained")["cut_off"] == 0


def test_every_answer_says_close(t):
    s = t.server(drain="2s")
    with s.client() as kept:
        assert not kept.post(review()).will_close
        s.signal(signal.SIGTERM)
        until("draining", lambda: s.find("draining"))
        answer = kept.post(review())
        assert answer.response()["allowed"] is True and answer.will_close
        assert kept.ended()
    assert s.post(review()).will_close
    assert s.post("", method="POST").will_close, "errors too"
    assert s.wait() == 0


def test_idle_connections_are_closed_at_the_end(t):
    s = t.server(drain="1s")
    idle = [s.client() for _ in range(5)]
    silent = s.tcp()
    for c in idle[:3]:
        c.post(review())
    s.signal(signal.SIGTERM)
    assert s.wait() == 0
    assert all(c.ended() for c in idle) and silent.recv(1) == b""
    assert s.find("drained")["cut_off"] == 0


def test_request_on_its_way_is_answered(t):
    """A body that is still coming in when the drain is over."""
    s = t.server(drain="0s")
    data = request(review(uid="u-last"))
    with s.client() as c:
        c.send(data[:-100])
        until("in flight", lambda: s.metric("assay_admission_requests_in_flight") == 1)
        s.signal(signal.SIGTERM)
        until("draining", lambda: s.find("draining"))
        time.sleep(0.5)
        assert s.child.poll() is None, "it waits"
        c.send(data[-100:])
        answer = c.answer()
        assert answer.response()["uid"] == "u-last" and answer.will_close
    assert s.wait() == 0
    assert s.find("drained")["cut_off"] == 0


def test_connections_in_the_queue_are_served(t):
    """Accepted by the kernel, not yet by the server, when it stops listening."""
    s = t.server(drain="0s")
    s.signal(signal.SIGSTOP)
    queued = [s.tcp() for _ in range(5)]
    s.signal(signal.SIGTERM)
    s.signal(signal.SIGCONT)
    assert s.wait() == 0
    for sock in queued:
        try:
            assert sock.recv(1) == b"", "closed in order"
        except ConnectionResetError as e:
            raise AssertionError("reset instead of closed") from e


def test_interrupt(t):
    s = t.server()
    s.signal(signal.SIGINT)
    assert s.wait() == 0


def test_second_interrupt(t):
    """The second Ctrl-C ends it; a second SIGTERM changes nothing."""
    s = t.server(drain="30s")
    s.signal(signal.SIGTERM)
    until("draining", lambda: s.find("draining"))
    s.signal(signal.SIGTERM)
    assert s.post(review()).response()["allowed"] is True
    s.signal(signal.SIGINT)
    assert s.wait() == -signal.SIGINT


def test_while_idle(t):
    s = t.server()
    s.signal(signal.SIGTERM)
    assert s.wait() == 0
    assert not os.path.exists(f"/proc/{s.child.pid}")
