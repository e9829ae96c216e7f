"""A stream of admissions while something happens to the server: each of them must be answered rightly."""

import collections
import threading
import time

from lab import DENIED
from report import Failed, holds

GOLDEN = "registry.internal.example.com/golden/web@sha256:" + "1a2b3c4d" * 8
CALLERS = 4
PAUSE_SECONDS = 0.005
SHOWN = 5


class Stream:
    """with Stream(lab) as s: ...; at the end it fails if any answer was wrong. Half of the callers use the
    API directly, alternating a good and a bad Pod; one more is kubectl in a loop."""

    def __init__(self, lab):
        self._lab = lab
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._wrong = []
        self.answers = collections.Counter()

    def __enter__(self):
        jobs = [self._call_api] * CALLERS + [self._call_kubectl]
        self._threads = [threading.Thread(target=self._loop, args=(job,), daemon=True) for job in jobs]
        for t in self._threads:
            t.start()
        self.more()
        return self

    def __exit__(self, kind, error, trace):
        self._stop.set()
        for t in self._threads:
            t.join()
        if kind is None and self._wrong:
            shown = "\n".join(self._wrong[:SHOWN])
            raise Failed(f"{len(self._wrong)} of {sum(self.answers.values())} admissions went wrong:\n{shown}")

    def more(self, count=20):
        """Returns when each kind of call has been answered so many times more (kubectl: once)."""
        before = dict(self.answers)
        wanted = {"admitted": count, "refused": count, "kubectl": 1}
        end = time.monotonic() + 60
        while any(self.answers[k] - before.get(k, 0) < n for k, n in wanted.items()) and not self._wrong:
            holds(time.monotonic() < end, f"the stream stands still: {dict(self.answers)}")
            time.sleep(0.02)

    def _loop(self, job):
        number = 0
        while not self._stop.is_set():
            number += 1
            start = time.monotonic()
            try:
                kind, wrong = job(number)
            except Exception as e:  # also a broken connection to the API server is an answer gone wrong
                kind, wrong = "broken", repr(e)
            with self._lock:
                self.answers[kind] += 1
                if wrong:
                    self._wrong.append(f"{kind} after {time.monotonic() - start:.2f} s: {wrong}")
            time.sleep(PAUSE_SECONDS)

    def _call_api(self, number):
        if number % 2:
            pod = self._lab.pod("stream", GOLDEN, readOnlyRootFilesystem=True, runAsUser=65532)
            answer = self._lab.create(pod, dry_run=True)
            return "admitted", None if answer.status == 201 else str(answer.body)
        answer = self._lab.create(self._lab.pod("stream", "nginx:1.27"), dry_run=True)
        right = answer.status == 403 and answer.body["message"].startswith(
            DENIED + "assay: 4 violations in Pod default/stream\n")
        return "refused", None if right else str(answer.body)

    def _call_kubectl(self, _number):
        done = self._lab.kubectl("apply", "--dry-run=server", "-f", "good-pod.yaml")
        right = done == (0, "pod/web created (server dry run)\n", "")
        return "kubectl", None if right else str(done)
