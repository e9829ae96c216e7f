"""The rows of the benchmark that are about signatures; a registry of our own holds every image that they need."""

import itertools
import json
import math
import statistics
import time

import images
import server
from server import HERE, OUT, Client

HOST = "registry.internal.example"
CACHED = OUT / "review-signed.json"
POLICY = OUT / "signed" / "policy.yaml"
REGISTRIES = OUT / "registries.yaml"
LATENCIES_MS = (0, 5, 50)
MIB = 1 << 20
BURST = 1002  # of pods of 3 none is broken
BURST_LATENCY_MS = 5
MOST_ROUND_TRIPS = 3
# What the registry is asked of one image at most: both lists, the referrer, the signature.
MOST_REQUESTS = 4
MEMORY_BYTES = 64 * MIB
CACHE_BYTES = 8 * MIB
CACHED_VERDICTS = 10000

FULL = {"pods": {0: 500, 5: 300, 50: 200}, "pods_of_3": {0: 300, 5: 150, 50: 100}, "verdicts": CACHED_VERDICTS}
QUICK = {"pods": {0: 20, 5: 20, 50: 15}, "pods_of_3": {0: 10, 5: 10, 50: 9}, "verdicts": 2000}


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, math.ceil(len(values) * p / 100) - 1)]


class Reviews:
    """The review of the benchmark with other images: the pod as it is, or with the first container alone, repeated."""

    def __init__(self, host):
        text = (HERE / "review-good.json").read_text().replace(HOST, host)
        self.pod = text.encode()
        tree = json.loads(text)
        spec = tree["request"]["object"]["spec"]
        self.own = [c["image"].split("@")[1] for c in spec["initContainers"] + spec["containers"]]
        spec["initContainers"] = []
        self.container = spec["containers"][0]
        spec["containers"] = "HERE"
        self.around = json.dumps(tree, separators=(",", ":")).split('"HERE"')

    def with_images(self, digests):
        return self.of(*digests) if len(digests) == 1 else self.three(digests)

    def three(self, digests):
        body = self.pod
        for old, new in zip(self.own, digests):
            body = body.replace(old.encode(), new.encode())
        return body

    def of(self, *digests):
        before = self.container["image"].split("@")[0]
        containers = [dict(self.container, name="c%d" % i, image="%s@%s" % (before, d))
                      for i, d in enumerate(digests)]
        return json.dumps(containers, separators=(",", ":")).join(self.around).encode()


class Stage:
    """The registry and its images, the policy, and reviews of the images."""

    def __init__(self, quick):
        self.quick = quick
        self.sizes = QUICK if quick else FULL
        self.port = server.free_port()
        self.host = "127.0.0.1:%d" % self.port
        self.reviews = Reviews(self.host)
        self.images = images.Images(OUT / "images")
        self.make()
        self.images.close()
        self.configure()

    def make(self):
        made = self.images
        self.pods, self.pods_of_3 = {}, {}
        for kind, ms in itertools.product((images.LEGACY, images.BUNDLE), LATENCIES_MS):
            self.pods[kind, ms] = [made.new(kind) for _ in range(self.sizes["pods"][ms])]
            self.pods_of_3[kind, ms] = [[made.new(kind) for _ in range(3)]
                                        for _ in range(self.sizes["pods_of_3"][ms])]
        self.warm = [made.new(images.BUNDLE) for _ in range(100)]
        kinds = itertools.cycle((images.LEGACY, images.BUNDLE))
        self.signed = [made.new(next(kinds)) for _ in range(BURST)]
        self.unsigned = [made.new() for _ in range(BURST)]
        self.verdicts = [made.new(next(kinds)) for _ in range(self.sizes["verdicts"])]
        for digest in self.reviews.own:
            made.add(next(kinds), digest)

    def configure(self):
        POLICY.parent.mkdir(exist_ok=True)
        POLICY.write_text((HERE / "policy-signed.yaml").read_text().replace("REGISTRY", self.host))
        (POLICY.parent / "release.pub").write_bytes(self.images.public_pem())
        entry = {"host": self.host, "plainHttp": True, "allowPrivate": True}
        REGISTRIES.write_text(json.dumps({"apiVersion": "assay.dev/v1", "kind": "Registries",
                                          "spec": {"registries": [entry]}}) + "\n")
        CACHED.write_bytes(self.reviews.pod)

    def registry(self):
        return server.Registry(self.port, OUT / "images")

    def server(self, tls, *flags):
        return server.Server("assay", *tls, policy=POLICY.parent, flags=["--registries", str(REGISTRIES), *flags])


def must_admit(status, response):
    if status != 200 or response["allowed"] is not True:
        raise SystemExit("bench: a signed image is refused: %s %s" % (status, response))


def warm_cache(s):
    """Asks for the cached review until it is cached."""
    with Client(s) as c:
        must_admit(*c.ask(CACHED.read_bytes()))
    # The answer is there as soon as enough have signed; what is still on its way comes to its end.
    time.sleep(0.2)


# ---- cold images, one review after another ----


def round_trips(requests):
    """The longest row of requests each of which came after the one before was answered."""
    n, end = 0, -1
    for came, answered, _, _ in sorted(requests, key=lambda r: r[1]):
        if came >= end:
            n, end = n + 1, answered
    return n


def settle(registry, n):
    """The registry's log, when nothing more comes."""
    log = registry.log()
    while True:
        time.sleep(0.05 + n / 10000)
        more = registry.log()
        if not more:
            return log
        log += more


def by_image(stage, log, digests):
    out = {d: [] for d in digests}
    for request in log:
        owner = stage.images.owner.get(request[3])
        if owner in out:
            out[owner].append(request)
    return out


def one_by_one(stage, s, pods):
    """Milliseconds of each review, one after another."""
    took = []
    with Client(s) as c:
        for digests in pods:
            body = stage.reviews.with_images(digests)
            if not c.socket:
                c.open()
            start = time.perf_counter()
            must_admit(*c.ask(body))
            took.append((time.perf_counter() - start) * 1000)
    return took


def cold(stage, registry, s, ms, pods):
    """Latency of reviews of images never seen, what the registry was asked for them, and both once more."""
    registry.set_latency(ms)
    registry.log()
    took = one_by_one(stage, s, pods)
    log = settle(registry, ms)
    again = one_by_one(stage, s, pods)
    log_again = settle(registry, ms)
    registry.set_latency(0)
    asked = by_image(stage, log, [d for digests in pods for d in digests])
    return {
        "reviews": len(pods), "p50_ms": percentile(took, 50), "p99_ms": percentile(took, 99),
        "again_p50_ms": percentile(again, 50), "again_requests": len(log_again),
        # Counted in the registry's log. Without latency it would count chance.
        "round_trips": statistics.median(round_trips(sum((asked[d] for d in digests), [])) for digests in pods)
        if ms else None,
        "requests_an_image": len(log) / len(asked),
        "most_requests_an_image": max(len(r) for r in asked.values()),
        "repeated": sum(len(r) - len({x[3] for x in r}) for r in asked.values()),
    }  # fmt: skip


def cold_rows(stage, registry, tls):
    out = {}
    with stage.server(tls) as s:
        with Client(s) as c:
            for digest in stage.warm:
                must_admit(*c.ask(stage.reviews.of(digest)))
        for kind, n in itertools.product((images.LEGACY, images.BUNDLE), (1, 3)):
            rows = {}
            for ms in LATENCIES_MS:
                pods = [[d] for d in stage.pods[kind, ms]] if n == 1 else stage.pods_of_3[kind, ms]
                rows[str(ms)] = cold(stage, registry, s, ms, pods)
            rows["50"]["latencies_waited"] = (rows["50"]["p50_ms"] - rows["0"]["p50_ms"]) / 50
            out["%s, %d image%s" % (kind, n, "s"[: n > 1])] = rows
    return out


# ---- very many at once ----


def answers_of_all(stage, clients, pods):
    """Sends all reviews, then takes the answers; those that are told to come back do so. (verdicts, shed, seconds)"""
    waiting = list(zip(clients, pods))
    verdicts, shed, start = {}, 0, time.monotonic()
    while waiting and time.monotonic() < start + 60:
        for c, digests in waiting:
            c.send(stage.reviews.with_images(digests))
        again = []
        for c, digests in waiting:
            status, response = c.answer()
            if status == 429:
                again.append((c, digests))
                continue
            code = str(status if status != 200 or response["allowed"] else response["status"]["code"])
            verdicts[code] = verdicts.get(code, 0) + 1
        shed += len(again)
        waiting = again
    return verdicts, shed, time.monotonic() - start


def burst(stage, registry, tls, pods, *flags):
    """Reviews of images never seen, all at the same time."""
    registry.log()
    digests = [d for pod in pods for d in pod]
    with stage.server(tls, *flags) as s:
        clients = [Client(s) for _ in pods]
        connected = s.rss("VmRSS")
        registry.set_latency(BURST_LATENCY_MS)
        verdicts, shed, took = answers_of_all(stage, clients, pods)
        log = settle(registry, BURST_LATENCY_MS)
        registry.set_latency(0)
        for c in clients:
            c.close()
        asked = by_image(stage, log, digests)
        return {"images": len(digests), "reviews": len(pods), "verdicts": verdicts, "shed": shed, "seconds": took,
                "requests": len(log), "requests_an_image": len(log) / len(digests),
                "repeated": sum(len(r) - len({x[3] for x in r}) for r in asked.values()),
                "rss_connected_bytes": connected, "rss_peak_bytes": s.rss(), "rss_after_bytes": s.rss("VmRSS")}


def burst_rows(stage, registry, tls):
    def pods(digests, n):
        return [digests[i:i + n] for i in range(0, len(digests), n)]

    out = {"signed, pods of 3": burst(stage, registry, tls, pods(stage.signed, 3)),
           "unsigned, pods of 3": burst(stage, registry, tls, pods(stage.unsigned, 3))}
    if not stage.quick:
        out["signed, pods of 1"] = burst(stage, registry, tls, pods(stage.signed, 1))
        out["signed, pods of 1, all let in"] = burst(stage, registry, tls, pods(stage.signed, 1),
                                                     "--max-in-flight", str(BURST))
    return out


# ---- the cache ----


def verdicts_row(stage, registry, tls):
    """What verdicts take: their own count of bytes, and what the process grew by."""
    pods = [stage.verdicts[i:i + 50] for i in range(0, len(stage.verdicts), 50)]
    with stage.server(tls) as s, Client(s) as c:
        must_admit(*c.ask(stage.reviews.of(*stage.warm[:50])))
        must_admit(*c.ask(stage.reviews.of(*stage.warm[50:])))
        settle(registry, 0)
        entries = s.metric("assay_signature_cache_entries")
        size, rss = s.metric("assay_signature_cache_bytes"), s.rss("VmRSS")
        for digests in pods:
            must_admit(*c.ask(stage.reviews.of(*digests)))
        settle(registry, 0)
        row = {"verdicts": s.metric("assay_signature_cache_entries") - entries,
               "cache_bytes": s.metric("assay_signature_cache_bytes") - size,
               "rss_growth_bytes": s.rss("VmRSS") - rss, "rss_peak_bytes": s.rss()}
        for digests in pods:
            must_admit(*c.ask(stage.reviews.of(*digests)))
        row["requests_when_asked_again"] = len(settle(registry, 0))
        row["expected"] = len(stage.verdicts)
        row["cache_bytes_of_10000"] = row["cache_bytes"] / max(row["verdicts"], 1) * CACHED_VERDICTS
        return row
