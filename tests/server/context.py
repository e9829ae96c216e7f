"""What a server test is given: servers to start, certificates, reviews, and a client that hides nothing."""

import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.request

import certs

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = (os.environ.get("ASSAY_BIN")
           or os.path.join(ROOT, "build", "release", "assay"))
# Sanitizer builds on a busy machine are slow; nothing here measures speed.
PATIENCE_S = 60

POLICY = """\
apiVersion: assay.dev/v1
kind: Policy
metadata: {name: golden}
spec:
  mode: MODE
  onError: deny
  match:
    resources: [pods, workloads]
    operations: [CREATE, UPDATE]
  rules:
  - name: golden-image
    image: {registries: ["REGISTRY/golden/**"], digest: required}
  - name: read-only-root
    readOnlyRootFilesystem: {}
"""


def policy(mode="deny", registry="registry.internal.example"):
    return POLICY.replace("MODE", mode).replace("REGISTRY", registry)


class Skip(Exception):
    """This machine cannot run the test."""


class Shared:
    """Made once for all tests."""

    def __init__(self, folder):
        self.ca = certs.Authority(folder)
        self.cert, self.key = self.ca.leaf("server")


def write(path, text):
    """Replaces a file as a mounted volume does: whole, by rename."""
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(text)
    os.rename(path + ".new", path)


def until(what, function, seconds=PATIENCE_S):
    """Waits for function() to be true and returns its value."""
    end = time.monotonic() + seconds
    while True:
        value = function()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {k.lower(): v for k, v in response.getheaders()}
        self.body = response.read()
        self.will_close = self.headers.get("connection", "").lower() == "close"

    def json(self):
        return json.loads(self.body)

    def response(self):
        """Of an AdmissionReview."""
        assert self.status == 200, (self.status, self.body)
        review = self.json()
        assert review["apiVersion"] == "admission.k8s.io/v1", review
        assert review["kind"] == "AdmissionReview", review
        return review["response"]


class Client:
    """One TLS connection. Bytes go out as they are given."""

    def __init__(self, server, context=None, sock=None):
        raw = sock or server.tcp()
        self.sock = (context or server.tls()).wrap_socket(raw, server_hostname="localhost")

    def send(self, data):
        self.sock.sendall(data)

    def answer(self, method="POST"):
        response = http.client.HTTPResponse(self.sock, method=method)
        response.begin()
        return Answer(response)

    def post(self, body, headers=None, path="/validate?timeout=10s", method="POST"):
        self.send(request(body, headers, path, method))
        return self.answer(method)

    def ended(self):
        """Has the server closed the connection? Waits for it."""
        self.sock.settimeout(PATIENCE_S)
        try:
            return self.sock.recv(1) == b""
        except (ssl.SSLError, ConnectionError):
            return True

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def request(body, headers=None, path="/validate?timeout=10s", method="POST"):
    """The bytes of a request as kube-apiserver sends it. A header of None is left out."""
    if isinstance(body, (dict, list)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    fields = {"Host": "localhost", "User-Agent": "kube-apiserver-admission",
              "Content-Length": str(len(body)), "Accept": "application/json, */*",
              "Content-Type": "application/json", "Accept-Encoding": "gzip"}
    fields.update(headers or {})
    head = [f"{method} {path} HTTP/1.1"] + [f"{k}: {v}" for k, v in fields.items() if v is not None]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


GOOD_IMAGE = "registry.internal.example/golden/web@sha256:" + "a" * 64


def pod(image=GOOD_IMAGE, read_only=True, name="web"):
    container = {"name": "web", "image": image}
    if read_only:
        container["securityContext"] = {"readOnlyRootFilesystem": True}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop"},
            "spec": {"containers": [container]}}


def review(obj=None, uid="705ab4f5-0000-4000-8000-000000000001", **fields):
    req = {"uid": uid, "kind": {"group": "", "version": "v1", "kind": "Pod"},
           "resource": {"group": "", "version": "v1", "resource": "pods"}, "name": "web",
           "namespace": "shop", "operation": "CREATE",
           "userInfo": {"username": "system:serviceaccount:ci:deployer"},
           "object": pod() if obj is None else obj, "oldObject": None, "dryRun": False}
    req.update(fields)
    return {"kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "request": req}


BAD = pod(image="nginx:1.27", read_only=False)


class Server:
    def __init__(self, t, folder, flags, policies, cert=None, key=None):
        self.shared = t.shared
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.policies = os.path.join(folder, "policies")
        os.makedirs(self.policies, exist_ok=True)
        if policies is not None:
            write(os.path.join(self.policies, "policy.yaml"), policies)
        self.log_path = os.path.join(folder, "log")
        self.argv = [PROGRAM, "serve", "--policies", self.policies,
                     "--tls-cert", cert or t.shared.cert, "--tls-key", key or t.shared.key]
        defaults = {"--listen": "127.0.0.1:0", "--metrics-listen": "127.0.0.1:0",
                    "--drain": "0s", "--threads": "2", "--log-allowed": True}
        for name, value in {**defaults, **flags}.items():
            if value is not None:
                self.argv += [name] if value is True else [name, str(value)]
        self.child = None
        self.port = self.metrics_port = 0

    def spawn(self):
        with open(self.log_path, "ab") as log:
            self.child = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=log,
                                          stderr=log)
        return self

    def start(self):
        self.spawn()
        line = until("serving", lambda: self.died() or self.find("serving"))
        self.port, self.metrics_port = line["port"], line["metrics_port"]
        return self

    def died(self):
        if self.child.poll() is not None:
            raise AssertionError(f"the server ended with {self.child.returncode}")
        return False

    # ---- its log ----

    def log(self):
        """Every whole line, which must be JSON."""
        with open(self.log_path, encoding="utf-8") as f:
            text = f.read()
        lines = [line for line in text.split("\n")[:-1] if line]
        try:
            return [json.loads(line) for line in lines]
        except ValueError as e:
            raise AssertionError(f"log line is no JSON: {e}\n{text}") from e

    def find(self, msg, after=0):
        for line in self.log()[after:]:
            if line["msg"] == msg:
                return line
        return None

    def decision(self, uid):
        return until("decision line", lambda: next(
            (l for l in self.log() if l["msg"] == "admission decision" and l["uid"] == uid), None))

    # ---- connections ----

    def tcp(self):
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def tls(self):
        context = ssl.create_default_context(cafile=self.shared.ca.certificate)
        context.set_alpn_protocols(["http/1.1"])
        return context

    def client(self, context=None):
        return Client(self, context)

    def post(self, body, **kwargs):
        with self.client() as c:
            return c.post(body, **kwargs)

    def admin(self, path, method="GET", headers=None):
        c = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=PATIENCE_S)
        try:
            c.request(method, path, headers=headers or {})
            return Answer(c.getresponse())
        finally:
            c.close()

    def metric(self, name):
        """Its value; the name with labels, as it stands on the page."""
        page = self.admin("/metrics").body.decode()
        found = re.search("^" + re.escape(name) + r" (\S+)$", page, re.M)
        assert found, f"no metric {name}"
        return float(found.group(1))

    def rejected(self, reason):
        return self.metric('assay_admission_rejected_connections_total{reason="%s"}' % reason)

    def resident_bytes(self):
        with open(f"/proc/{self.child.pid}/status", encoding="ascii") as f:
            return int(re.search(r"VmRSS:\s+(\d+) kB", f.read()).group(1)) * 1024

    # ---- its end ----

    def signal(self, number):
        self.child.send_signal(number)

    def wait(self):
        return self.child.wait(timeout=PATIENCE_S)

    def stop(self):
        """By SIGTERM; exit code 0 and a clean log are part of every test."""
        if self.child is None or self.child.poll() is not None:
            return
        self.signal(signal.SIGTERM)
        try:
            code = self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        assert code == 0, f"exit code {code} after SIGTERM"
        self.log()

    def kill(self):
        if self.child is not None and self.child.poll() is None:
            self.child.kill()
            self.child.wait()


class Context:
    def __init__(self, shared, folder):
        self.shared = shared
        self.folder = folder
        self.servers = []

    def server(self, policies=POLICY.replace("MODE", "deny").replace(
            "REGISTRY", "registry.internal.example"), cert=None, key=None, start=True, **flags):
        """A running server. Keywords are flags: max_in_flight=1 is --max-in-flight 1."""
        flags = {"--" + k.replace("_", "-"): v for k, v in flags.items()}
        folder = os.path.join(self.folder, f"server{len(self.servers)}")
        s = Server(self, folder, flags, policies, cert, key)
        self.servers.append(s)
        return s.start() if start else s

    def stop_all(self):
        try:
            for s in self.servers:
                s.stop()
        finally:
            for s in self.servers:
                s.kill()

    def logs(self):
        text = ""
        for s in self.servers:
            try:
                with open(s.log_path, encoding="utf-8", errors="replace") as f:
                    text += f"--- {s.log_path}\n" + f.read()[-4000:]
            except OSError:
                pass
        return text


class Loop(threading.Thread):
    """Sends reviews one after the other until told to stop, and notes everything that goes wrong.

    With keep it goes on using a connection until it is told to close it, as kube-apiserver does.
    """

    def __init__(self, server, keep=True, pause_s=0.0):
        super().__init__(daemon=True)
        self.server = server
        self.keep = keep
        self.pause_s = pause_s
        self.stopping = threading.Event()
        self.answers = 0
        self.connections = 0
        self.failures = []
        self.start()

    def run(self):
        client = None
        while not self.stopping.is_set():
            try:
                if client is None:
                    client = self.server.client()
                    self.connections += 1
                answer = client.post(review())
                assert answer.response()["allowed"] is True, answer.body
                self.answers += 1
                if answer.will_close or not self.keep:
                    client.close()
                    client = None
            except Exception as e:  # noqa: BLE001: everything counts
                self.failures.append(repr(e))
                client = None
            time.sleep(self.pause_s)

    def finish(self):
        self.stopping.set()
        self.join(PATIENCE_S)
        assert not self.is_alive(), "a client hangs"


def get(url):
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as r:
        return r.read()
