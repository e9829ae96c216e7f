"""While a review waits for a registry: no thread waits, nothing is cut, nothing is lost, nothing asked twice."""

import hashlib
import signal
import threading
import time

from context import request
from stage import HEX, Handler, admitted, policy, refused, review, until

IN_FLIGHT = "assay_admission_requests_in_flight"
LOOKUPS = 'assay_signature_cache_lookups_total{result="%s"}'


def ask(s, image, uid="u-1", timeout="30s"):
    """A review on its way, and the connection that gets the answer."""
    c = s.client()
    c.send(request(review(image, uid=uid), path="/validate?timeout=" + timeout))
    return c


def waits(s, n=1):
    until("in flight", lambda: s.metric(IN_FLIGHT) == n)


def asked(t):
    until("the registry is asked", lambda: t.registry.requests)


def test_others_are_served(t):
    """One thread, a registry that stalls: reviews without questions are answered, probes too."""
    s = t.signing_server(threads=1, slow_timeout="300ms")
    t.registry.gate.clear()
    with ask(s, t.image("app-signed-bundle")) as c:
        asked(t)
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            refused(s.post(review("nginx:1.27", uid="u-static")), 403)
            assert s.admin("/healthz").status == 200
        assert s.metric(IN_FLIGHT) == 1
        assert s.rejected("slow") == 0
        t.registry.gate.set()
        assert admitted(c.answer())["uid"] == "u-1"
        # The connection goes on.
        admitted(c.post(review(t.image("app-signed-bundle"))))
    assert s.metric(IN_FLIGHT) == 0


def test_a_registry_that_hangs_stops_no_other(t):
    """More images of one registry than there are threads for evidence, and it answers none of them."""
    other = t.new_registry()
    s = t.signing_server(policy(), registries=t.registries_file(t.registry.host, other.host))
    other.gate.clear()
    clients = [ask(s, t.image(f"x{i}/app-signed-bundle", other), uid=f"u-{i}") for i in range(30)]
    waits(s, 30)
    admitted(s.post(review(t.image("app-signed-bundle"))))
    assert s.metric(IN_FLIGHT) == 30
    other.gate.set()
    for c in clients:
        admitted(c.answer())
        c.close()


def test_registries_that_hang_stop_no_other(t):
    """As many as may, by the default number of threads, and the most that each can get of them."""
    others = [t.new_registry() for _ in range(5)]
    s = t.signing_server(policy(), registries=t.registries_file(t.registry.host, *(r.host for r in others)))
    for r in others:
        r.gate.clear()
    clients = [ask(s, t.image(f"x{i}/app-signed-bundle", r), uid=f"u-{i}", timeout="30s")
               for i in range(15) for r in others]
    waits(s, 75)
    until("all five are asked", lambda: all(r.requests for r in others))
    admitted(s.post(review(t.image("app-signed-bundle"))))
    assert s.metric(IN_FLIGHT) == 75
    for r in others:
        r.gate.set()
    for c in clients:
        admitted(c.answer())
        c.close()


class Slow(Handler):
    """Repositories below slow/ wait for the event `slow` of their registry."""

    def do_GET(self):
        if self.path.startswith("/v2/slow/"):
            self.server.slow.wait(60)
        super().do_GET()


def test_repositories_that_hang_stop_no_other_of_their_registry(t):
    """A dozen images of them, as many repositories as may by the default number of threads."""
    t.registry.slow = threading.Event()
    t.registry.RequestHandlerClass = Slow
    s = t.signing_server()
    images = [t.image(f"slow/app-{i % 3}").replace(HEX, hashlib.sha256(b"%d" % i).hexdigest())
              for i in range(12)]
    clients = [ask(s, image, uid=f"u-{i}") for i, image in enumerate(images)]
    try:
        waits(s, 12)
        admitted(s.post(review(t.image("app-signed-bundle"))))
        refused(s.post(review(t.image("app-unsigned"))), 403)
        assert s.metric(IN_FLIGHT) == 12
    finally:
        t.registry.slow.set()
    for c in clients:
        refused(c.answer(), 403)
        c.close()


def test_longer_than_a_stuck_review_may_be(t):
    """/healthz gives up on a review after 10 s of work; waiting is no work."""
    s = t.signing_server()
    t.registry.gate.clear()
    with ask(s, t.image("app-signed-bundle"), timeout="15s") as c:
        asked(t)
        end = time.monotonic() + 12
        while time.monotonic() < end:
            assert s.admin("/healthz").status == 200
            time.sleep(0.5)
        refused(c.answer(), 503)


def test_counts_as_in_flight(t):
    s = t.signing_server(max_in_flight=2)
    t.registry.gate.clear()
    with ask(s, t.image("app-signed-bundle")) as a, ask(s, t.image("app-unsigned")) as b:
        waits(s, 2)
        answer = s.post(review("nginx:1.27"))
        assert answer.status == 429 and answer.headers["retry-after"] == "1", answer.status
        t.registry.gate.set()
        admitted(a.answer())
        refused(b.answer(), 403)


def test_500_ask_once(t):
    """500 reviews of one cold image: what the registry sees is what one review would cost."""
    s = t.signing_server(policy())
    admitted(s.post(review(t.image("app-signed-bundle"))))
    once = t.registry.of("app-signed-bundle")
    assert len(once) >= 3 and len(set(once)) == len(once), once
    image = t.image("cold/app-signed-bundle")
    # Connected before the lookup begins: it does not last for ever.
    clients = [s.client() for _ in range(500)]
    t.registry.gate.clear()
    for i, c in enumerate(clients):
        c.send(request(review(image, uid=f"u-{i}"), path="/validate?timeout=30s"))
    waits(s, 500)
    t.registry.gate.set()
    for i, c in enumerate(clients):
        response = admitted(c.answer())
        assert response["uid"] == f"u-{i}", response
        c.close()
    assert t.registry.of("cold/app-signed-bundle") == once
    assert s.metric(LOOKUPS % "miss") == 2
    assert s.metric(LOOKUPS % "joined") == 499
    assert s.metric('assay_signature_verifications_total{result="verified"}') == 501
    assert s.metric(IN_FLIGHT) == 0


def resident(s):
    return s.metric("process_resident_memory_bytes")


def test_a_burst_gives_its_memory_back(t):
    """Memory of 400 reviews that waited is the system's again once they are over."""
    s = t.signing_server()
    admitted(s.post(review(t.image("app-signed-bundle"))))
    clients = [s.client() for _ in range(400)]
    connected = resident(s)
    t.registry.gate.clear()
    filler = {"annotations": {f"a{i}": "x" * 40 for i in range(100)}}
    for i, c in enumerate(clients):
        image = t.image(f"b{i}/app-signed-bundle")
        c.send(request(review(image, uid=f"u-{i}", metadata=filler), path="/validate?timeout=30s"))
    waits(s, 400)
    waiting = resident(s)
    t.registry.gate.set()
    for c in clients:
        admitted(c.answer())
    until("memory is given back", lambda: resident(s) < connected + (waiting - connected) / 2)
    for c in clients:
        c.close()


# Sanitizers have an allocator of their own, which keeps what is freed.
test_a_burst_gives_its_memory_back.release_only = True


def test_8_containers_5_authorities_ask_once(t):
    names = [f"a{i}" for i in range(5)]
    rules = [{"name": "any", "signature": {"anyOf": names}}]
    rules += [{"name": n, "signature": {"anyOf": [n]}} for n in names]
    keys = dict.fromkeys((n + ".pub" for n in names), "p256")
    s = t.signing_server(policy(rules, {n: n + ".pub" for n in names}), keys)
    admitted(s.post(review(*[t.image("app-signed-bundle")] * 8)))
    once = t.registry.of("app-signed-bundle")
    assert len(once) >= 3 and len(set(once)) == len(once), once
    assert s.metric("assay_trusted_keys") == 5
    admitted(s.post(review(*[t.image("app-signed-bundle")] * 8, uid="u-again")))
    assert t.registry.of("app-signed-bundle") == once
    assert s.decision("u-again")["cache"] == "hit"


def test_client_hangs_up(t):
    s = t.signing_server()
    t.registry.gate.clear()
    for i in range(20):
        ask(s, t.image("app-signed-bundle"), uid=f"u-{i}").close()
    waits(s, 20)
    t.registry.gate.set()
    waits(s, 0)
    admitted(s.post(review(t.image("app-signed-bundle"))))
    # The decisions were made all the same, and are on record.
    lines = [s.decision(f"u-{i}") for i in range(20)]
    assert all(line["decision"] == "allowed" for line in lines), lines
    assert any(line.get("late") for line in lines), lines


def test_a_second_request_on_the_connection(t):
    """Sent before the first is answered: answered after it."""
    s = t.signing_server()
    t.registry.gate.clear()
    with ask(s, t.image("app-signed-bundle"), uid="u-first") as c:
        asked(t)
        c.send(request(review("nginx:1.27", uid="u-second")))
        time.sleep(0.2)
        t.registry.gate.set()
        assert admitted(c.answer())["uid"] == "u-first"
        assert c.answer().response()["uid"] == "u-second"


def test_sigterm_waits_for_the_registry(t):
    s = t.signing_server(drain="0s")
    t.registry.gate.clear()
    with ask(s, t.image("app-signed-bundle")) as c:
        asked(t)
        s.signal(signal.SIGTERM)
        until("draining", lambda: s.find("draining"))
        time.sleep(0.5)
        assert s.child.poll() is None, "it waits"
        t.registry.gate.set()
        answer = c.answer()
        assert admitted(answer)["uid"] == "u-1" and answer.will_close
    assert s.wait() == 0
    assert s.find("drained")["cut_off"] == 0


def test_sigterm_and_a_registry_that_never_answers(t):
    """The review is answered at its deadline; the end does not wait for the registry."""
    s = t.signing_server(drain="0s")
    t.registry.gate.clear()
    with ask(s, t.image("app-signed-bundle"), timeout="3s") as c:
        asked(t)
        s.signal(signal.SIGTERM)
        message = refused(c.answer(), 503)
        assert f"{t.registry.host} did not answer within " in message, message
    assert s.wait() == 0
    assert s.find("drained")["cut_off"] == 0
    assert s.find("a registry has not answered yet; not waiting for it")
    assert not t.registry.gate.is_set()


def test_new_registries_meanwhile(t):
    """A review that waits goes on with the client that it asked."""
    s = t.signing_server()
    t.registry.gate.clear()
    with ask(s, t.image("app-signed-bundle")) as c:
        asked(t)
        before = len(s.log())
        t.registries_file(t.registry.host, "unused.example")
        until("reloaded", lambda: s.find("registries loaded", before))
        t.registry.gate.set()
        admitted(c.answer())
    admitted(s.post(review(t.image("app-signed-bundle"))))
    assert s.metric(LOOKUPS % "miss") == 2, "counts outlive the cache"


def test_new_policies_meanwhile(t):
    """A review is judged by the policies that it met, and the old keys live as long as it does."""
    s = t.signing_server()
    t.registry.gate.clear()
    with ask(s, t.image("app-signed-bundle"), uid="u-old") as c:
        asked(t)
        t.key("other", server=s)
        until("reloaded", lambda: sum(l["msg"] == "policies loaded" for l in s.log()) == 2)
        t.registry.gate.set()
        admitted(c.answer())
    refused(s.post(review(t.image("app-signed-bundle"), uid="u-new")), 403)
    old, new = s.decision("u-old"), s.decision("u-new")
    assert old["policy_sha256"] != new["policy_sha256"], (old, new)
