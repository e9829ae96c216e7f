"""A loop of calls while something happens to the webhook. Each is counted, and each wrong answer is shown."""

import collections
import re
import threading
import time

from cluster import DENIED, PATIENCE_SECONDS
from report import Failed

CALLERS = 4
PAUSE_SECONDS = 0.02
TRIES = 3
SHOWN_CAUSES = 6


# kind: what should have become of it; at: seconds since the loop began
Wrong = collections.namedtuple("Wrong", "kind at text")


class Calls:
    """with Calls(cluster) as calls: ... Callers of the API alternate a Pod that must be admitted and one that
    must be refused; one more is `kubectl apply` in a loop. All are dry runs."""

    def __init__(self, cluster, kubectl=True):
        self._cluster = cluster
        self._jobs = [self._call_api] * CALLERS + ([self._call_kubectl] if kubectl else [])
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._good = cluster.pod("calls", cluster.images["app"])
        self._bad = cluster.pod("calls", "nginx:1.27", user=None)
        self._begin = time.monotonic()
        self.slowest = 0.0
        # Set while it is right that nobody judges.
        self.may_be_gone = False
        self.wrong = []
        self.answers = collections.Counter()
        cluster.write("calls.yaml", self._good)

    def __enter__(self):
        self._threads = [threading.Thread(target=self._loop, args=(job,), daemon=True) for job in self._jobs]
        for t in self._threads:
            t.start()
        self.more()
        return self

    def __exit__(self, *error):
        self._stop.set()
        for t in self._threads:
            t.join()

    def total(self):
        return sum(self.answers.values())

    def more(self, count=20):
        """Returns when there were so many more answers of each kind (kubectl: one)."""
        before = dict(self.answers)
        wanted = {"admitted": count, "refused": count}
        if len(self._jobs) > CALLERS:
            wanted["kubectl"] = 1
        if self.may_be_gone:
            del wanted["refused"]
        end = time.monotonic() + PATIENCE_SECONDS
        while any(self.answers[k] - before.get(k, 0) < n for k, n in wanted.items()):
            if time.monotonic() > end:
                raise Failed(f"the calls stand still: {dict(self.answers)}\n{chr(10).join(grouped(self.wrong))}")
            time.sleep(0.02)

    def _loop(self, job):
        number = 0
        while not self._stop.is_set():
            number += 1
            start = time.monotonic()
            try:
                kind, wrong = job(number)
            except Exception as e:  # a broken connection to the API server is an answer gone wrong, too
                kind, wrong = "broken", repr(e)
            took = time.monotonic() - start
            with self._lock:
                self.slowest = max(self.slowest, took)
                if wrong:
                    self.wrong.append(Wrong(kind, start - self._begin, wrong))
                else:
                    self.answers[kind] += 1
            time.sleep(PAUSE_SECONDS)

    def _call_api(self, number):
        if number % 2:
            answer = self._cluster.create(self._good)
            return "admitted", None if answer.status == 201 else answer.body["message"]
        answer = self._cluster.create(self._bad)
        if answer.status == 201 and self.may_be_gone:
            return "not judged", None
        right = answer.status == 403 and answer.body["message"].startswith(DENIED + "assay: ")
        return "refused", None if right else answer.body.get("message", "was admitted")

    def _call_kubectl(self, _number):
        done = self._cluster.kubectl("apply", "--dry-run=server", "-f", "calls.yaml")
        right = done == (0, "pod/calls created (server dry run)\n", "")
        return "kubectl", None if right else done.err or str(done)


def no_call_fails(cluster, what, action, before=lambda: None, kubectl=True):
    """Runs action under a loop of calls, and again when a call has failed: a machine that stalls is not to
    blame. Two tries of three with failed calls are the product's fault. before: what each try begins with."""
    blamed = []
    for number in range(TRIES):
        before()
        with Calls(cluster, kubectl) as calls:
            action(calls)
            calls.more()
        show(what, calls)
        if not calls.wrong:
            return
        blamed.append("\n".join(grouped(calls.wrong)))
        if len(blamed) == 2:
            raise Failed(f"{what}: calls failed in two of {number + 1} tries:\n" + "\n-- and --\n".join(blamed))


def show(what, calls):
    """The failed calls of one cause on one line, for there may be hundreds: how many, when, and what the first said."""
    print(f"     {what}: {calls.total()} calls answered, {len(calls.wrong)} failed, slowest {calls.slowest:.2f} s",
          flush=True)
    for line in grouped(calls.wrong):
        print("     | " + line.strip().replace("\n", "\n     |   "), flush=True)


def grouped(wrong):
    causes = collections.defaultdict(list)
    for call in wrong:
        # Not the port of this side nor the request's id, which are others each time.
        causes[re.sub(r"(\d+\.){3}\d+:\d+->|\(request [0-9a-f]{8}\)", "", call.text)].append(call)
    for calls in list(causes.values())[:SHOWN_CAUSES]:
        times = sorted(call.at for call in calls)
        kinds = ", ".join(sorted({call.kind for call in calls}))
        yield f"{len(calls)} x {kinds}, at {times[0]:.1f} to {times[-1]:.1f} s: {calls[0].text}"
    if len(causes) > SHOWN_CAUSES:
        yield f"and {len(causes) - SHOWN_CAUSES} causes more"
