"""`assay probe` against a small server of its own."""
import contextlib
import http.server
import json
import os
import socket
import ssl
import subprocess
import tempfile
import threading

from harness import BAD, DIGEST, GOOD, Failed, assay, ends, equal, holds


def openssl(*arguments):
    subprocess.run(("openssl",) + arguments, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.PIPE)


def certificate(folder, name):
    """Signed by itself, so that it is its own CA. Returns the paths of certificate and key."""
    crt, key = os.path.join(folder, name + ".crt"), os.path.join(folder, name + ".key")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
            "/CN=" + name, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", crt)
    return crt, key


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def _answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.server.seen.append(("GET", self.path, None))
        self._answer(*self.server.ready)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append(("POST", self.path, (self.headers["Content-Type"], json.loads(body))))
        if self.server.reply is not None:
            self._answer(*self.server.reply)
            return
        request = json.loads(body)["request"]
        allowed = DIGEST in json.dumps(request["object"])
        response = {"uid": request["uid"], "allowed": allowed}
        if not allowed:
            response["status"] = {"code": 403, "message": "assay: 1 violation in Pod x/\x1b\n- more\n"}
        self._answer(200, json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
                                      "response": response}).encode())


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that hangs up, as it does after a wrong certificate, is no event."""

    def __init__(self, files=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen, self.ready, self.reply = [], (200, b"ok\nmore\n"), None
        self.url = "%s://127.0.0.1:%d" % ("https" if files else "http", self.server_address[1])
        if files:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*files)
            self.socket = context.wrap_socket(self.socket, server_side=True)


@contextlib.contextmanager
def serving(files=None):
    with Server(files) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextlib.contextmanager
def manifests():
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, text in (("good.yaml", GOOD), ("bad.yaml", BAD)):
            paths.append(os.path.join(folder, name))
            with open(paths[-1], "w", encoding="utf-8") as f:
                f.write(text)
        yield folder, *paths


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_ready():
    with serving() as s:
        for url in (s.url, s.url + "/", s.url + "/readyz", s.url + "/elsewhere"):
            ends(assay("probe", "--url", url), 0, out="ready: HTTP status 200: ok\n", err="")
        equal("paths", [p for _, p, _ in s.seen], ["/readyz", "/readyz", "/readyz", "/elsewhere"])


def test_not_ready_is_1():
    with serving() as s:
        s.ready = (503, b"not ready: \x1bpolicies\n")
        ends(assay("probe", "-u", s.url), 1, out="not ready: HTTP status 503: not ready: \\x1bpolicies\n", err="")


def test_connection_refused_is_3():
    url = "https://127.0.0.1:%d" % free_port()
    with manifests() as (_, good, _bad):
        out = assay("probe", "--url", url)
        ends(out, 3, err="")
        holds("line", out.out, "not ready: %s/readyz: " % url)
        holds("reason", out.out.lower(), "connect to server")
        out = assay("probe", "--url", url, "--expect-allow", good)
        ends(out, 3, err="")
        holds("line", out.out, "%s: %s/validate: " % (good, url))


def test_no_such_host_is_3():
    ends(assay("probe", "--url", "https://no-such-host.invalid"), 3)


def test_too_late_is_3():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = "http://127.0.0.1:%d" % silent.getsockname()[1]
        ends(assay("probe", "--url", url, "--timeout", "200ms"), 3, err="",
             out="not ready: %s/readyz: no answer within 200 ms\n" % url)


def test_other_protocols_are_not_spoken():
    with tempfile.NamedTemporaryFile() as f:
        ends(assay("probe", "--url", "file://" + f.name), 3)


def test_expectations():
    with serving() as s, manifests() as (_, good, bad):
        refusal = ": assay: 1 violation in Pod x/\\x1b\n"
        for args, code, want in (
                (("--expect-deny", bad), 0, "%s: refused as expected%s" % (bad, refusal)),
                (("--expect-allow", good), 0, "%s: admitted as expected\n" % good),
                (("--expect-deny", good), 1, "%s: admitted, expected a refusal\n" % good),
                (("--expect-allow", bad), 1, "%s: refused, expected an admission%s" % (bad, refusal))):
            ends(assay("probe", "--url", s.url, *args), code, out=want, err="")
        out = assay("probe", "--url", s.url, "--expect-deny", bad, "--expect-deny", good, "--expect-allow", good)
        ends(out, 1)
        equal("lines", len(out.lines()), 3)


def test_what_is_sent():
    with serving() as s, manifests() as (_, good, _bad):
        ends(assay("probe", "--url", s.url, "--expect-allow", good), 0)
        method, path, (content_type, review) = s.seen[0]
        equal("request", (method, path, content_type), ("POST", "/validate", "application/json"))
        equal("review", (review["apiVersion"], review["kind"]), ("admission.k8s.io/v1", "AdmissionReview"))
        request = review["request"]
        equal("dry run", request["dryRun"], True)
        equal("kind", request["kind"], {"group": "", "version": "v1", "kind": "Pod"})
        equal("resource", request["resource"], {"group": "", "version": "v1", "resource": "pods"})
        equal("rest", (request["operation"], request["namespace"], request["name"]), ("CREATE", "default", "web"))
        equal("object", request["object"]["spec"], {"containers": [{"name": "c", "image": "web@" + DIGEST}]})


def test_a_review_is_sent_as_it_is_but_as_json():
    review = """apiVersion: admission.k8s.io/v1
kind: AdmissionReview
request: {uid: abc, operation: UPDATE, kind: {group: apps, version: v1, kind: Deployment}, object: {x: "%s"}}
""" % DIGEST
    with serving() as s, tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "review.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(review)
        ends(assay("probe", "--url", s.url, "--expect-allow", path), 0)
        equal("request", s.seen[0][2][1]["request"], {
            "uid": "abc", "operation": "UPDATE", "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
            "object": {"x": DIGEST}})


def test_answers_that_are_none_are_3():
    with serving() as s, manifests() as (_, good, bad):
        for reply in ((500, b"oops"), (200, b"not JSON"), (200, b"{}"), (200, b'{"response":{"allowed":"true"}}'), (404, b"{}")):
            s.reply = reply
            for args in (("--expect-allow", good), ("--expect-deny", bad)):
                ends(assay("probe", "--url", s.url, *args), 3, err="",
                     out="%s: HTTP status %d without an admission response\n" % (args[1], reply[0]))
        s.reply = (200, b" " * (2 << 20))
        out = assay("probe", "--url", s.url, "--expect-deny", bad)
        ends(out, 3)
        holds("line", out.out, "the answer is larger than 1048576 bytes")


def test_files_that_cannot_be_sent_are_2():
    with serving() as s, manifests() as (folder, good, _bad):
        two = os.path.join(folder, "two.yaml")
        with open(two, "w", encoding="utf-8") as f:
            f.write(GOOD + "---\n" + GOOD)
        empty = os.path.join(folder, "empty.yaml")
        with open(empty, "w", encoding="utf-8") as f:
            f.write("# nothing\n")
        for path, want in ((os.path.join(folder, "absent.yaml"), "no such file or directory"),
                           (two, "two.yaml: want one document, found 2"), (empty, "empty.yaml: want one document, found 0")):
            out = assay("probe", "--url", s.url, "--expect-allow", path, "--expect-allow", good)
            ends(out, 2)
            holds("standard error", out.err, want)
            holds("the others are sent", out.out, "admitted as expected")


def test_certificates():
    with tempfile.TemporaryDirectory() as folder:
        right, wrong = certificate(folder, "right"), certificate(folder, "wrong")
        with serving(right) as s:
            ends(assay("probe", "--url", s.url, "--ca", right[0]), 0)
            for args in (("--ca", wrong[0]), ()):
                out = assay("probe", "--url", s.url, *args)
                ends(out, 3, err="")
                holds("reason", out.out.lower(), "certificate")
            out = assay("probe", "--url", s.url.replace("127.0.0.1", "localhost"), "--ca", right[0])
            ends(out, 3, err="")
            equal("nothing was sent under a wrong name or certificate", len(s.seen), 1)
            ends(assay("probe", "--url", s.url, "--ca", os.path.join(folder, "absent.crt")), 3)


def test_redirects_are_not_followed():
    with serving() as s, serving() as other:
        s.ready = (302, b"elsewhere")
        ends(assay("probe", "--url", s.url), 1, out="not ready: HTTP status 302: elsewhere\n")
        if other.seen:
            raise Failed("followed")
