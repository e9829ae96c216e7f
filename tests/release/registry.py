"""Debian's docker-registry as a process on loopback: plain, or with TLS and the password below."""

import base64
import hashlib
import json
import os
import re
import shutil
import ssl
import time
import urllib.error
import urllib.request

from processes import Process, tail

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
START_SECONDS = 30
USER, PASSWORD = "publisher", "rele4se"
BCRYPT = "$2b$04$IUq9abCWnReeOogjAP3EfO84cmwEHnDjuPVeIr99nnIxoUQXh8Puu"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"


def program():
    found = os.environ.get("DOCKER_REGISTRY") or shutil.which("docker-registry")
    found = found or os.path.join(ROOT, "build", "tools", "bin", "docker-registry")
    return found if os.access(found, os.X_OK) else None


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Registry:
    """certificate: (file, key file), with TLS and a password then; ca: what to trust it with."""

    def __init__(self, command, folder, certificate=None, ca=None):
        os.makedirs(folder)
        settings = {"version": "0.1", "log": {"level": "info"}, "http": {"addr": "127.0.0.1:0"},
                    "storage": {"filesystem": {"rootdirectory": os.path.join(folder, "data")}}}
        self.headers, self.context, self.scheme = {}, None, "http"
        if certificate:
            settings["http"]["tls"] = dict(zip(("certificate", "key"), certificate, strict=True))
            path = os.path.join(folder, "htpasswd")
            with open(path, "w", encoding="ascii") as f:
                f.write(f"{USER}:{BCRYPT}\n")
            settings["auth"] = {"htpasswd": {"realm": "tests", "path": path}}
            self.headers = {"Authorization": "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()}
            self.context, self.scheme = ssl.create_default_context(cafile=ca), "https"
        with open(os.path.join(folder, "registry.yml"), "w", encoding="ascii") as f:
            json.dump(settings, f)
        self.log = os.path.join(folder, "log")
        self.process = Process.spawn([command, "serve", f.name], self.log, die_with_parent=True)
        self.host = "localhost:" + self._port()

    def _port(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.alive():
            with open(self.log, encoding="utf-8", errors="replace") as f:
                said = re.search(r"listening on 127\.0\.0\.1:(\d+)", f.read())
            if said:
                return said[1]
            time.sleep(0.05)
        raise RuntimeError(f"docker-registry does not start:\n{tail(self.log)}")

    def _send(self, method, path, data=None, kind="application/octet-stream", accept="*/*"):
        url = path if "://" in path else f"{self.scheme}://{self.host}{path}"
        request = urllib.request.Request(url, data=data, method=method, headers={
            **self.headers, "Content-Type": kind, "Accept": accept})
        handlers = [urllib.request.ProxyHandler({})]
        handlers += [urllib.request.HTTPSHandler(context=self.context)] if self.context else []
        with urllib.request.build_opener(*handlers).open(request, timeout=30) as answer:
            return answer.headers, answer.read()

    def manifest(self, repository, reference):
        """(digest, the tree), None when it is not there."""
        try:
            data = self._send("GET", f"/v2/{repository}/manifests/{reference}", accept=f"{MANIFEST}, {INDEX}")[1]
        except urllib.error.HTTPError as e:
            if e.code == 404:
                return None
            raise
        return digest_of(data), json.loads(data)

    def blob(self, repository, digest):
        return self._send("GET", f"/v2/{repository}/blobs/{digest}")[1]

    def referrers(self, repository, digest):
        """By the tag that stands in for the API; Debian's registry has none."""
        found = self.manifest(repository, digest.replace(":", "-"))
        return found[1]["manifests"] if found else []

    def repositories(self):
        return json.loads(self._send("GET", "/v2/_catalog")[1])["repositories"]

    def put_other_image(self, repository, tag):
        """Something else below our tag. Returns its digest."""
        where = self._send("POST", f"/v2/{repository}/blobs/uploads/", b"")[0]["Location"]
        self._send("PUT", f"{where}{'&' if '?' in where else '?'}digest={digest_of(b'{}')}", b"{}")
        data = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [], "config": {
            "mediaType": CONFIG, "size": 2, "digest": digest_of(b"{}")}}).encode()
        self._send("PUT", f"/v2/{repository}/manifests/{tag}", data, MANIFEST)
        return digest_of(data)
