"""Load is shed so that the API server comes again, elsewhere."""

from context import request, review, until


def test_in_flight(t):
    s = t.server(max_in_flight=1)
    first = request(review(uid="u-1"))
    with s.client() as busy, s.client() as c:
        busy.send(first[:-50])
        until("in flight", lambda: s.metric("assay_admission_requests_in_flight") == 1)
        body = b" " * (1 << 20)
        answer = c.post(body)
        assert answer.status == 429, answer.status
        assert answer.headers["retry-after"] == "1"
        assert answer.will_close, answer.headers
        assert answer.body == b"overload: too many reviews at the same time, try again\n", answer.body
        assert c.ended()
        busy.send(first[-50:])
        assert busy.answer().response()["uid"] == "u-1"
    assert s.post(review()).response()["allowed"] is True
    assert s.rejected("overload") == 1


def test_bodies_together(t):
    """Announced bytes do not count, only those that have come: nobody can reserve all of it."""
    s = t.server(slow_timeout="60s")
    head = request(b"", headers={"Content-Length": str(7 << 20)})
    silent = [s.client() for _ in range(30)]
    for c in silent:
        c.send(head)
    assert s.post(review()).response()["allowed"] is True
    piece = b" " * ((7 << 20) - 10)
    shed = 0
    for c in silent:
        c.send(piece)
    for c in silent:
        c.send(b" " * 10)
        answer = c.answer()
        assert answer.status in (400, 429), answer.status
        if answer.status == 429:
            assert answer.headers["retry-after"] == "1" and answer.will_close
            shed += 1
        c.close()
    assert shed >= 15, shed
    assert s.rejected("overload") == shed
    assert s.post(review()).response()["allowed"] is True
