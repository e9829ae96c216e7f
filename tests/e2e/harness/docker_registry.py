"""A real registry: Debian's docker-registry as a process, filled over HTTP with a signed and an unsigned image.

It knows no referrers API. DOCKER_REGISTRY or the PATH names the program.
"""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import urllib.request

from processes import Process, tail
from report import Failed, Skipped, eventually

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
PAYLOAD = "application/vnd.dev.cosign.simplesigning.v1+json"


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class DockerRegistry:
    """with DockerRegistry(...) as r: it runs; stop() and start() as it pleases the test."""

    def __init__(self, folder, port):
        self._program = os.environ.get("DOCKER_REGISTRY") or shutil.which("docker-registry")
        if not self._program:
            raise Skipped("docker-registry is not installed")
        os.makedirs(folder)
        self.host = f"127.0.0.1:{port}"
        self._log = os.path.join(folder, "log")
        self._configuration = os.path.join(folder, "registry.yml")
        with open(self._configuration, "w", encoding="ascii") as f:
            json.dump({"version": "0.1", "log": {"level": "error"}, "http": {"addr": self.host}, "storage": {
                "filesystem": {"rootdirectory": os.path.join(folder, "data")}}}, f)
        self._process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        self.stop()

    def start(self):
        self._process = Process.spawn([self._program, "serve", self._configuration], self._log,
                                      die_with_parent=True)
        eventually("docker-registry", self._answers)

    def stop(self):
        self._process.stop(9)

    def _answers(self):
        if not self._process.alive():
            raise Failed(f"docker-registry ended at its start:\n{tail(self._log)}")
        try:
            return self._send("GET", "/v2/")
        except OSError:
            return None

    def _send(self, method, path, data=None, kind="application/octet-stream"):
        url = path if path.startswith("http:") else f"http://{self.host}{path}"
        request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": kind})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.headers

    def _blob(self, repository, data, kind, **more):
        where = self._send("POST", f"/v2/{repository}/blobs/uploads/", b"")["Location"]
        self._send("PUT", f"{where}{'&' if '?' in where else '?'}digest={digest_of(data)}", data)
        return {"mediaType": kind, "size": len(data), "digest": digest_of(data), **more}

    def _manifest(self, repository, tag, layer):
        data = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [layer],
                           "config": self._blob(repository, b"{}", CONFIG)}).encode()
        self._send("PUT", f"/v2/{repository}/manifests/{tag}", data, MANIFEST)
        return digest_of(data)

    def push(self, repository, content):
        """Returns the image, pinned."""
        return f"{self.host}/{repository}@{self._manifest(repository, '1', self._blob(repository, content, LAYER))}"

    def sign(self, image, key_file):
        """As cosign 2 does: a payload that names the digest, below the tag sha256-<hex>.sig."""
        name, digest = image.split("@")
        repository = name.partition("/")[2]
        payload = json.dumps({"critical": {
            "identity": {"docker-reference": name}, "image": {"docker-manifest-digest": digest},
            "type": "cosign container image signature"}, "optional": None}).encode()
        made = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key_file], input=payload, check=True,
                              capture_output=True).stdout
        layer = self._blob(repository, payload, PAYLOAD, annotations={
            "dev.cosignproject.cosign/signature": base64.b64encode(made).decode()})
        self._manifest(repository, digest.replace(":", "-") + ".sig", layer)
