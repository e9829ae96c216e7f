"""Many requests and connections leave nothing behind: memory and descriptors stay where they were."""

import json
import os
import threading

from context import BAD, pod, review, until

REQUESTS = 20000
CONNECTIONS = 2000


def descriptors(s):
    return len(os.listdir(f"/proc/{s.child.pid}/fd"))


def is_sanitized(s):
    return any(word in s.argv[0] for word in ("asan", "tsan"))


def load(s, requests, connections):
    """Good, bad and hostile ones; connections that end in every way."""
    many = pod()
    many["spec"]["containers"] = [{"name": f"c{i}", "image": "nginx"} for i in range(60)]
    bodies = [review(), review(obj=BAD), review(obj=many), "{", b"\xff" * 3000]
    for n in range(0, requests, 500):
        with s.client() as c:
            for i in range(500):
                c.post(bodies[(n + i) % len(bodies)])
    for n in range(connections):
        if n % 4 == 0:
            s.tcp().close()
            continue
        c = s.client()
        if n % 4 == 1:
            c.send(b"POST /validate HTTP/1.1\r\nContent-Length: 5000\r\n\r\n" + b" " * 4000)
        if n % 4 == 2:
            c.post(review())
        c.close()


def burst(s, body, n):
    threads = [threading.Thread(target=s.post, args=(body,)) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_large_reviews_leave_no_memory_behind(t):
    """Bursts of the largest bodies, and of those with the most values in them."""
    s = t.server(log_allowed=None)
    text = json.dumps(review())
    head, _ = text.split('"object": ', 1)
    long = text + " " * ((7 << 20) - len(text))
    many = head + '"object": [' + '{"a":[1,"b"]},' * 400000 + "1]}}"
    for body in (long, many):
        burst(s, body.encode(), 4 if is_sanitized(s) else 32)
    assert s.post(review()).response()["allowed"] is True
    if not is_sanitized(s):
        assert s.resident_bytes() < 32 << 20, s.resident_bytes()


def test_nothing_is_left_behind(t):
    s = t.server(log_allowed=None)
    few = 20 if is_sanitized(s) else 1
    load(s, 2000 // few, 400 // few)
    until("closed", lambda: descriptors(s) < 40)
    fds, resident = descriptors(s), s.resident_bytes()
    load(s, REQUESTS // few, CONNECTIONS // few)
    until("closed", lambda: descriptors(s) <= fds)
    assert s.metric("assay_admission_requests_in_flight") == 0
    if not is_sanitized(s):
        assert s.resident_bytes() < resident + (3 << 20), (resident, s.resident_bytes())
