"""Images FROM scratch without docker: one program each, as an OCI archive or pushed to a registry and signed."""

import base64
import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile
import urllib.request

from controlplane import LAB

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
PAYLOAD = "application/vnd.dev.cosign.simplesigning.v1+json"
USER = "65532:65532"


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def dump(value):
    return json.dumps(value, separators=(",", ":")).encode()


def descriptor(kind, data, **more):
    return {"mediaType": kind, "digest": digest_of(data), "size": len(data), **more}


def compile_pause(folder):
    """A static program that does nothing; returns its path."""
    program = os.path.join(folder, "pause")
    subprocess.run(["gcc", "-Os", "-static", "-s", "-o", program, os.path.join(LAB, "pause.c")], check=True)
    return program


class Image:
    """One file, /NAME, which is the entry point. label makes images of the same program differ."""

    def __init__(self, program, label=""):
        name = os.path.basename(program)
        tar = io.BytesIO()
        with tarfile.open(fileobj=tar, mode="w") as archive:
            info = tarfile.TarInfo(name)
            info.size, info.mode = os.path.getsize(program), 0o755
            with open(program, "rb") as f:
                archive.addfile(info, f)
        self.layer = gzip.compress(tar.getvalue(), mtime=0)
        self.config = dump({
            "architecture": "amd64", "os": "linux",
            "config": {"Entrypoint": ["/" + name], "User": USER, "Labels": {"label": label}},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(tar.getvalue())]}})
        self.manifest = dump({"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(CONFIG, self.config),
                              "layers": [descriptor(LAYER, self.layer)]})
        self.digest = digest_of(self.manifest)

    def archive(self, path, name):
        """An OCI archive, of which `ctr images import` makes the image NAME."""
        index = dump({"schemaVersion": 2, "manifests": [descriptor(MANIFEST, self.manifest, annotations={
            "io.containerd.image.name": name, "org.opencontainers.image.ref.name": name})]})
        files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": index}
        for data in (self.manifest, self.config, self.layer):
            files["blobs/sha256/" + digest_of(data).removeprefix("sha256:")] = data
        with tarfile.open(path, "w") as archive:
            for name, data in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))


class Registry:
    """A registry without TLS, spoken to as a client."""

    def __init__(self, base):
        self._base = base
        # Whatever proxy this machine has is not for the lab.
        self._open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def send(self, method, path, data=None, kind="application/octet-stream"):
        url = path if path.startswith("http:") else self._base + path
        request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": kind})
        with self._open(request, timeout=10) as answer:
            return answer.headers

    def _blob(self, repository, data):
        where = self.send("POST", f"/v2/{repository}/blobs/uploads/", b"")["Location"]
        self.send("PUT", f"{where}{'&' if '?' in where else '?'}digest={digest_of(data)}", data)

    def push(self, repository, image):
        for data in (image.config, image.layer):
            self._blob(repository, data)
        self.send("PUT", f"/v2/{repository}/manifests/{image.digest}", image.manifest, MANIFEST)

    def sign(self, name, key):
        """As cosign 2 does: a payload that names the digest, below the tag sha256-<hex>.sig. name: HOST/PATH@DIGEST"""
        subject, digest = name.split("@")
        repository = subject.partition("/")[2]
        payload = dump({"critical": {
            "identity": {"docker-reference": subject}, "image": {"docker-manifest-digest": digest},
            "type": "cosign container image signature"}, "optional": None})
        made = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=payload, check=True,
                              capture_output=True).stdout
        layer = descriptor(PAYLOAD, payload, annotations={
            "dev.cosignproject.cosign/signature": base64.b64encode(made).decode()})
        config = b"{}"
        for data in (config, payload):
            self._blob(repository, data)
        manifest = dump({"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(CONFIG, config),
                         "layers": [layer]})
        self.send("PUT", f"/v2/{repository}/manifests/{digest.replace(':', '-')}.sig", manifest, MANIFEST)
