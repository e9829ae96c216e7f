"""A registry that serves recorded content as it is, for tests/verify/run. Read-only, 127.0.0.1, a free port."""

import base64
import http.server
import json
import os
import threading

INDEX_TYPE = "application/vnd.oci.image.index.v1+json"


class Registry(http.server.ThreadingHTTPServer):
    """`folder` holds repositories. login: "user:password" that every request must bring. status: the answer to
    everything. hangs: no answer at all."""

    daemon_threads = True

    def __init__(self, folder, login=None, status=None, hangs=False, context=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.login = login
        self.status = status
        self.hangs = hangs
        self.requests = []
        self.closing = threading.Event()
        self.host = f"127.0.0.1:{self.server_address[1]}"
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass  # clients that hang up


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", media_type="application/json", **headers):
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def is_logged_in(self):
        want = "Basic " + base64.b64encode(self.server.login.encode()).decode()
        return self.headers.get("Authorization") == want

    def do_GET(self):
        server = self.server
        server.requests.append(self.path)
        if server.hangs:
            server.closing.wait(60)
        elif server.status:
            self.reply(server.status)
        elif server.login and not self.is_logged_in():
            self.reply(401, WWW_Authenticate='Basic realm="test"')
        else:
            self.content()

    def content(self):
        parts = self.path.split("?")[0].split("/")
        repository, kind, name = parts[2:-2], parts[-2], parts[-1]
        folder = os.path.join(self.server.folder, *repository)
        path = os.path.join(folder, kind, name)
        if os.path.isfile(path):
            with open(os.path.join(folder, "index.json"), encoding="utf-8") as f:
                media_type = json.load(f).get(f"{kind}/{name}", "application/octet-stream")
            with open(path, "rb") as f:
                self.reply(200, f.read(), media_type)
        elif kind == "referrers" and os.path.isdir(os.path.join(folder, kind)):
            empty = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": []}
            self.reply(200, json.dumps(empty).encode(), INDEX_TYPE)
        else:
            self.reply(404, b'{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')
