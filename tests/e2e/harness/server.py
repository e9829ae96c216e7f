"""The product's server as a plain process, and what it says of itself."""

import http.client
import json
import os
import re
import socket
import ssl
import time

from processes import Process, tail
from report import Failed, eventually

START_SECONDS = 30


def binary():
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    return os.environ.get("ASSAY_BIN", os.path.join(root, "build", "release", "assay"))


class Server:
    """One instance. Its port stays the same over restarts."""

    def __init__(self, name, folder, policies, tls, ports, options=()):
        self.port, self.metrics_port = ports
        self.log = os.path.join(folder, name + ".log")
        self.name = name
        self._command = [
            binary(), "serve", "--policies", policies, "--tls-cert", os.path.join(tls, "tls.crt"),
            "--tls-key", os.path.join(tls, "tls.key"), "--listen", f"127.0.0.1:{self.port}",
            "--metrics-listen", f"127.0.0.1:{self.metrics_port}", "--drain", "5s", *options]
        self.process = None

    def start(self):
        """Returns when it is ready."""
        self.process = Process.spawn(self._command, self.log, die_with_parent=True)
        end = time.monotonic() + START_SECONDS
        while not self.ready():
            if not self.process.alive():
                raise Failed(f"{self.name} ended at its start:\n{tail(self.log)}")
            if time.monotonic() > end:
                raise Failed(f"{self.name} is not ready after {START_SECONDS} s:\n{tail(self.log)}")
            time.sleep(0.02)

    def get(self, path):
        """(status, text) of the metrics listener; (0, error) when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException) as e:
            return 0, str(e)
        finally:
            connection.close()

    def ready(self):
        return self.get("/readyz")[0] == 200

    def policy_sha256(self):
        """The hash of the active policies, as /readyz?verbose tells it."""
        status, text = self.get("/readyz?verbose")
        found = re.search(r"\b[0-9a-f]{64}\b", text)
        if not found:
            raise Failed(f"/readyz?verbose tells no policy hash: {status} {text!r}")
        return found.group()

    def metric(self, name):
        """The value of a metric without labels."""
        status, text = self.get("/metrics")
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        if not found:
            raise Failed(f"/metrics has no {name}: {status}")
        return float(found.group(1))

    def lines(self):
        """The log as a list of objects. A line that is no JSON object is a fault of the product."""
        with open(self.log, encoding="utf-8") as f:
            whole = [line for line in f if line.endswith("\n")]
        try:
            return [json.loads(line) for line in whole]
        except ValueError as e:
            raise Failed(f"{self.name} wrote a log line that is not JSON: {e}") from e

    def decision(self, what, wanted):
        """The decision line for which wanted(line) holds; it may come a little after the answer."""
        def find():
            return [x for x in self.lines() if x.get("msg") == "admission decision" and wanted(x)]
        found = eventually(f"the log line of {what}", find)
        if len(found) != 1:
            raise Failed(f"{len(found)} log lines of {what}")
        return found[0]

    def certificate(self, authority):
        """The DER bytes of the certificate that a new connection is shown."""
        import socket
        context = ssl.create_default_context(cafile=authority.certificate)
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as plain:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as s:
                return s.getpeercert(binary_form=True)
