"""Prints what the benchmark found, and judges what does not depend on the machine's mood: counts and bytes."""

from signed import CACHE_BYTES, MEMORY_BYTES, MIB, MOST_REQUESTS, MOST_ROUND_TRIPS


def mib(n):
    return "%.1f MiB" % (n / MIB)


# ---- tables ----


def show_load(r):
    print("| case | requests/s | ratio to floor | p50 µs (ratio) | p99 µs (ratio) | CPU µs a review |\n|---|---|---|---|---|---|")
    f = r["floor"]
    print("| floor | %.0f | 1.00 | %.0f | %.0f | %.1f |" % (f["rps"], f["p50_us"], f["p99_us"], f["cpu_us"]))
    for name, c in r["cases"].items():
        print("| %s | %.0f | %.2f | %.0f (%.2f) | %.0f (%.2f) | %.1f |" % (
            name, c["rps"], c["ratio"], c["p50_us"], c["p50_ratio"], c["p99_us"], c["p99_ratio"], c["cpu_us"]))
    n = r["noise"]
    print("\n%d rounds, medians. Ratio to the floor by round: %s. The host took %.1f %% of the processors' time." % (
        n["rounds"], "; ".join("%s %.2f to %.2f" % (k, *v) for k, v in n["ratios"].items()), n["stolen_percent"]))
    cached = r["cases"]["signed, cached"]
    print("A cached signature beside the static case, median of the rounds: %.2f of its requests/s, %+.1f µs of CPU." % (
        cached["ratio_to_static"], cached["cpu_us_over_static"]))
    print("\n| beside HTTP, in process | parse µs | everything else µs | arena allocations |\n|---|---|---|---|")
    for name, s in r["stages"].items():
        print("| %s | %.1f | %.1f | %d + %d |" % (name, s["parse_ns"] / 1000, s["rest_ns"] / 1000,
                                                  s["parse_allocations"], s["rest_allocations"]))
    print("\nresident: %.1f MB idle, %.1f MB peak; start to ready: %.0f ms; allocator calls a review: %.1f" % (
        r["rss_idle_bytes"] / 1e6, r["rss_bytes"] / 1e6, r["start_ms"], r["mallocs_per_review"]))


def show_cold(rows):
    print("\n| cold signature | registry latency ms | p50 ms | p99 ms | asked again, p50 ms | round trips in a row | requests an image "
          "| reviews |\n|---|---|---|---|---|---|---|---|")
    for name, by_latency in rows.items():
        for ms, c in by_latency.items():
            trips = "%g" % c["round_trips"] if c["round_trips"] else "-"
            if "latencies_waited" in c:
                trips += " (%.2f by p50)" % c["latencies_waited"]
            print("| %s | %s | %.2f | %.2f | %.2f | %s | %.2f | %d |" % (
                name, ms, c["p50_ms"], c["p99_ms"], c["again_p50_ms"], trips, c["requests_an_image"], c["reviews"]))


def show_bursts(rows):
    print("\n| cold at the same time | images | reviews | answered | told to come back (429) | requests an image | seconds | "
          "resident: connected | peak | after |\n|---|---|---|---|---|---|---|---|---|---|")
    for name, b in rows.items():
        verdicts = ", ".join("%s: %d" % x for x in sorted(b["verdicts"].items()))
        print("| %s | %d | %d | %s | %d | %.2f | %.2f | %s | %s | %s |" % (
            name, b["images"], b["reviews"], verdicts, b["shed"], b["requests_an_image"], b["seconds"],
            mib(b["rss_connected_bytes"]), mib(b["rss_peak_bytes"]), mib(b["rss_after_bytes"])))


def show_verdicts(v):
    print("\n%d cached verdicts: %s by the cache's count (%s for 10,000), resident memory grew by %s; asked again: "
          "%d requests to the registry" % (v["verdicts"], mib(v["cache_bytes"]), mib(v["cache_bytes_of_10000"]),
                                           mib(v["rss_growth_bytes"]), v["requests_when_asked_again"]))


def show(r):
    show_load(r)
    show_cold(r["cold"])
    show_bursts(r["bursts"])
    show_verdicts(r["verdicts"])


# ---- judgement ----


class Checks:
    def __init__(self):
        self.passed = 0
        self.failed = []

    def check(self, name, ok, found):
        if ok:
            self.passed += 1
        else:
            self.failed.append(name)
            print("FAIL %s: %s" % (name, found))


def check_cold(c, rows):
    for name, by_latency in rows.items():
        slow = by_latency["50"]["round_trips"]
        c.check("%s: at most %d round trips in a row" % (name, MOST_ROUND_TRIPS), slow <= MOST_ROUND_TRIPS, slow)
        want = 2 if name.startswith("legacy") else 3
        c.check("%s: as many as the format needs, whatever the number of images" % name, slow == want, slow)
        most = max(x["most_requests_an_image"] for x in by_latency.values())
        c.check("%s: at most %d requests an image" % (name, MOST_REQUESTS), most <= MOST_REQUESTS, most)
        repeated = sum(x["repeated"] for x in by_latency.values())
        c.check("%s: nothing is asked twice" % name, repeated == 0, repeated)
        again = sum(x["again_requests"] for x in by_latency.values())
        c.check("%s: asked again, the registry is left alone" % name, again == 0, again)


def check_bursts(c, rows):
    for name, b in rows.items():
        want = {"403" if name.startswith("unsigned") else "200": b["reviews"]}
        c.check("burst, %s: every verdict is right" % name, b["verdicts"] == want, b["verdicts"])
        c.check("burst, %s: at most %d requests an image" % (name, MOST_REQUESTS),
                b["requests_an_image"] <= MOST_REQUESTS, b["requests_an_image"])
        c.check("burst, %s: nothing is asked twice" % name, b["repeated"] == 0, b["repeated"])
        # Each connection and each review that waits weighs something: the bound is for pods like the benchmark's.
        if "pods of 3" in name:
            c.check("burst, %s: at most %s" % (name, mib(MEMORY_BYTES)), b["rss_peak_bytes"] <= MEMORY_BYTES,
                    mib(b["rss_peak_bytes"]))
        if name != "signed, pods of 1":
            c.check("burst, %s: nobody is told to come back" % name, b["shed"] == 0, b["shed"])


def check_verdicts(c, v):
    c.check("cache: all verdicts are kept", v["verdicts"] == v["expected"], v["verdicts"])
    c.check("cache: 10,000 verdicts within %s" % mib(CACHE_BYTES), v["cache_bytes_of_10000"] <= CACHE_BYTES,
            mib(v["cache_bytes_of_10000"]))
    c.check("cache: resident memory stays within %s" % mib(MEMORY_BYTES), v["rss_peak_bytes"] <= MEMORY_BYTES,
            mib(v["rss_peak_bytes"]))
    c.check("cache: asked again, the registry is left alone", v["requests_when_asked_again"] == 0,
            v["requests_when_asked_again"])


def judge(r):
    """Counts of passed and failed checks; prints those that failed."""
    c = Checks()
    for name, asked in r["registry_requests_when_cached"].items():
        c.check("%s: the registry is left alone" % name, asked == 0, asked)
    check_cold(c, r["cold"])
    check_bursts(c, r["bursts"])
    check_verdicts(c, r["verdicts"])
    return c.passed, len(c.failed)
