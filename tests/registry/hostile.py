"""A registry that misbehaves on request, for tests/registry/run.

A Server listens on a free port of 127.0.0.1, with or without TLS, and keeps every request it saw. What it
answers is decided by the repository: /v2/<behaviour>/... calls the function of that name, with '-' for
'_', in behaviours.py, which writes to the connection as it likes.
"""

import base64
import hashlib
import json
import os
import socketserver
import ssl
import threading

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
EMPTY = {"mediaType": "application/vnd.oci.empty.v1+json", "size": 2,
         "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}
BLOB = b"a blob of some bytes\n" * 20
GOOD = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": EMPTY,
                   "layers": []}).encode()
SUBJECT = "sha256:" + "5a" * 32
USER, PASSWORD, TOKEN = "robot", "s3cret-word", "t0ken-of-robot"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def descriptor(number, kind="application/vnd.example.signature"):
    return {"mediaType": MANIFEST, "size": 100 + number, "artifactType": kind,
            "digest": "sha256:" + f"{number:064x}", "annotations": {"n": str(number)}}


def index(descriptors):
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX,
                       "manifests": descriptors}).encode()


class Request:
    def __init__(self, method, path, headers, body):
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
        parts = path.split("?")[0].split("/")
        self.behaviour = parts[2] if len(parts) > 2 else ""
        self.kind = parts[-2] if len(parts) > 2 else ""
        self.name = parts[-1]

    def basic(self):
        return self.headers.get("authorization") == "Basic " + base64.b64encode(
            f"{USER}:{PASSWORD}".encode()).decode()

    def bearer(self):
        return self.headers.get("authorization") == "Bearer " + TOKEN


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, behaviours, context=None, other=None, folder=None):
        self.behaviours = behaviours
        self.context = context
        self.other = other
        self.folder = folder  # recorded repositories, served as they are
        self.requests = []
        self.connections = 0
        self.running = 0
        self.most = 0
        self.lock = threading.Lock()
        self.closing = threading.Event()
        super().__init__(("127.0.0.1", 0), Connection)
        self.host = f"127.0.0.1:{self.server_address[1]}"
        self.url = ("https://" if context else "http://") + self.host
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.closing.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass  # clients that hang up are what is tested

    def count(self, part):
        return sum(part in r.path for r in self.requests)

    def secrets(self):
        """Requests that came with any credentials."""
        return [r for r in self.requests if "authorization" in r.headers or b"token" in r.body]


class Connection(socketserver.BaseRequestHandler):
    def setup(self):
        with self.server.lock:
            self.server.connections += 1
        self.request.settimeout(30)
        if self.server.context:
            self.request = self.server.context.wrap_socket(self.request, server_side=True)
        self.file = self.request.makefile("rb")

    def finish(self):
        self.file.close()
        if self.server.context:
            self.request.close()

    def handle(self):
        while True:
            line = self.file.readline(65536)
            if not line:
                return
            method, path, _ = line.decode("latin-1").split(" ", 2)
            headers = {}
            while True:
                line = self.file.readline(65536).decode("latin-1").strip()
                if not line:
                    break
                key, value = line.split(":", 1)
                headers[key.lower()] = value.strip()
            body = self.file.read(int(headers.get("content-length", 0)))
            if not self.answer(Request(method, path, headers, body)):
                return

    def answer(self, request):
        server = self.server
        with server.lock:
            server.requests.append(request)
            server.running += 1
            server.most = max(server.most, server.running)
            self.number = sum(r.path == request.path for r in server.requests)
        try:
            name = request.behaviour.replace("-", "_")
            if request.path.startswith("http://"):
                name = "proxied"
            if server.folder:
                return recorded(self, request)
            return server.behaviours.get(name, server.behaviours["good"])(self, request) is not False
        finally:
            with server.lock:
                server.running -= 1

    def raw(self, data):
        self.request.sendall(data)

    def reply(self, status, body=b"", kind="application/json", headers=()):
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", f"Content-Type: {kind}"]
        lines += [f"{k}: {v}" for k, v in headers]
        self.raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def error(self, status, headers=()):
        self.reply(status, b'{"errors":[{"code":"X"}]}', headers=headers)

    def wait(self, seconds):
        self.server.closing.wait(seconds)

    def challenge(self, value):
        self.error(401, [("WWW-Authenticate", value)])

    def wants_token(self, realm=None):
        realm = realm or self.server.url + "/v2/token/x"
        self.challenge(f'Bearer realm="{realm}",service="here"')


def recorded(c, r):
    folder = os.path.join(c.server.folder, r.behaviour)
    path = os.path.join(folder, r.kind, r.name)
    with open(os.path.join(folder, "index.json"), encoding="utf-8") as f:
        kind = json.load(f).get(f"{r.kind}/{r.name}", "")
    if os.path.isfile(path):
        with open(path, "rb") as f:
            c.reply(200, f.read(), kind)
    elif r.kind == "referrers" and os.path.isdir(os.path.join(folder, "referrers")):
        c.reply(200, index([]), INDEX)
    else:
        c.error(404)
    return True


def tls_context(certificate, key, client_ca=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if client_ca:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
