"""Two real registries on loopback, filled by HTTP: Debian's docker-registry, which has no referrers API, and one that has."""

import hashlib
import json
import os
import re
import time
import urllib.error
import urllib.request

import tools
from processes import Process, tail

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
START_SECONDS = 30
NAMES = ["docker-registry", "referrers-api"]


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def dump(value):
    return json.dumps(value, separators=(",", ":")).encode()


def descriptor(kind, data, **more):
    return {"mediaType": kind, "size": len(data), "digest": digest(data), **more}


def command(name, folder, paths):
    if name == "referrers-api":
        return [paths["registry"]]
    config = os.path.join(folder, "registry.yml")
    with open(config, "w", encoding="utf-8") as f:
        f.write(f"""version: 0.1
log: {{level: info}}
storage: {{filesystem: {{rootdirectory: {folder}/data}}}}
http: {{addr: "127.0.0.1:0"}}
""")
    return [tools.docker_registry(), "serve", config]


class Registry:
    def __init__(self, name, folder, paths):
        self.name = name
        os.makedirs(folder)
        argv = command(name, folder, paths)
        self.log = os.path.join(folder, "log")
        self.process = Process.spawn(argv, self.log, die_with_parent=True)
        self.host = self._wait()

    def _wait(self):
        """Both say where they listen."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.alive():
            with open(self.log, encoding="utf-8", errors="replace") as f:
                said = re.search(r"listening on (127\.0\.0\.1:\d+)", f.read())
            if said:
                return said[1]
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"{self.name} does not start:\n{tail(self.log)}")

    def stop(self):
        self.process.stop()

    def _send(self, method, path, data=None, kind="application/octet-stream", accept=None):
        url = path if path.startswith("http:") else f"http://{self.host}{path}"
        headers = {"Content-Type": kind, **({"Accept": accept} if accept else {})}
        request = urllib.request.Request(url, data=data, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.headers, reply.read()

    def put_blob(self, repository, data):
        where = self._send("POST", f"/v2/{repository}/blobs/uploads/", b"")[0]["Location"]
        self._send("PUT", f"{where}{'&' if '?' in where else '?'}digest={digest(data)}", data)

    def put_manifest(self, repository, data, kind, name=None):
        """Under its digest, and under the tag `name` if there is one."""
        self._send("PUT", f"/v2/{repository}/manifests/{name or digest(data)}", data, kind)

    def get_manifest(self, repository, name):
        return json.loads(self._send("GET", f"/v2/{repository}/manifests/{name}", accept=f"{MANIFEST}, {INDEX}")[1])

    def get_blob(self, repository, name):
        return self._send("GET", f"/v2/{repository}/blobs/{name}")[1]

    def referrers(self, repository, subject):
        """Descriptors, by the API or by the tag schema."""
        path = f"/v2/{repository}/referrers/{subject}"
        if self.name == "docker-registry":
            path = f"/v2/{repository}/manifests/{subject.replace(':', '-')}"
        try:
            return json.loads(self._send("GET", path, accept=INDEX)[1])["manifests"]
        except urllib.error.HTTPError as e:
            if e.code == 404:
                return []
            raise

    def put_image(self, repository, tag, docker=False, architecture="amd64"):
        """An image that runs nothing; its content tells it from any other. Returns its descriptor."""
        kind, config_kind = (DOCKER_MANIFEST, DOCKER_CONFIG) if docker else (MANIFEST, CONFIG)
        config = dump({"architecture": architecture, "os": "linux", "rootfs": {"type": "layers", "diff_ids": []},
                       "config": {"Labels": {"repository": repository, "tag": tag}}})  # fmt: skip
        self.put_blob(repository, config)
        manifest = dump({"schemaVersion": 2, "mediaType": kind, "config": descriptor(config_kind, config), "layers": []})
        self.put_manifest(repository, manifest, kind, tag)
        return descriptor(kind, manifest)

    def put_index(self, repository, tag, children):
        index = dump({"schemaVersion": 2, "mediaType": INDEX, "manifests": children})
        self.put_manifest(repository, index, INDEX, tag)
        return descriptor(INDEX, index)
