"""A real registry: Debian's docker-registry, filled by HTTP, beside the same content recorded.

docker-registry has no referrers API. Content is made here: an image, a cosign-like tag, an index of
referrers under the tag of the tag schema; with ../shared/samples/sigstore (or ASSAY_SAMPLES) a folder of recorded repositories, each of them
too. DOCKER_REGISTRY or the PATH names the program.
"""

import hashlib
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

import hostile
from context import Skip, expect

class Registry:
    def __init__(self, t):
        self.program = os.environ.get("DOCKER_REGISTRY") or shutil.which("docker-registry")
        if not self.program:
            raise Skip("docker-registry is not installed")
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.host = f"127.0.0.1:{s.getsockname()[1]}"
        config = t.file("registry.yml", f"""version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {t.folder}/data}}}}
http: {{addr: "{self.host}"}}
""")
        self.log = open(os.path.join(t.folder, "registry.log"), "wb")
        self.process = subprocess.Popen([self.program, "serve", config], stdout=self.log,
                                        stderr=self.log)
        self.url = "http://" + self.host
        for _ in range(200):
            try:
                urllib.request.urlopen(self.url + "/v2/", timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise AssertionError("docker-registry does not start")

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def send(self, method, url, data=None, kind="application/octet-stream"):
        request = urllib.request.Request(url, data=data, method=method,
                                         headers={"Content-Type": kind})
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.headers

    def blob(self, repository, data):
        where = self.send("POST", f"{self.url}/v2/{repository}/blobs/uploads/", b"")["Location"]
        mark = "&" if "?" in where else "?"
        self.send("PUT", f"{where}{mark}digest={hostile.digest(data)}", data)

    def manifest(self, repository, name, data, kind):
        self.send("PUT", f"{self.url}/v2/{repository}/manifests/{name}", data, kind)


def with_registry(function):
    def test(t):
        registry = Registry(t)
        try:
            function(t, registry)
        finally:
            registry.stop()
    return test


def fill(registry):
    """Digests of the image and of the one thing that refers to it."""
    registry.blob("golden/app", b"{}")
    registry.blob("golden/app", hostile.BLOB)
    layer = {"mediaType": "text/plain", "size": len(hostile.BLOB),
             "digest": hostile.digest(hostile.BLOB)}
    image = json.dumps({"schemaVersion": 2, "mediaType": hostile.MANIFEST, "config": hostile.EMPTY,
                        "layers": [layer]}).encode()
    registry.manifest("golden/app", "v1", image, hostile.MANIFEST)
    subject = {"mediaType": hostile.MANIFEST, "size": len(image), "digest": hostile.digest(image)}
    signature = json.dumps({"schemaVersion": 2, "mediaType": hostile.MANIFEST,
                            "config": hostile.EMPTY, "layers": [layer], "subject": subject}).encode()
    registry.manifest("golden/app", hostile.digest(signature), signature, hostile.MANIFEST)
    tag = hostile.digest(image).replace(":", "-")
    entry = {"mediaType": hostile.MANIFEST, "size": len(signature),
             "digest": hostile.digest(signature), "artifactType": "application/vnd.example"}
    registry.manifest("golden/app", tag, hostile.index([entry]), hostile.INDEX)
    registry.manifest("golden/app", tag + ".sig", signature, hostile.MANIFEST)
    return hostile.digest(image), hostile.digest(signature)


@with_registry
def test_docker_registry(t, registry):
    image, signature = fill(registry)
    name = registry.host + "/golden/app"
    config = t.registries(t.plain(registry))
    tag, pinned, sig, blob, referrers, again, none, absent, gone = t.ask(
        f"manifest {name} v1", f"manifest {name} {image}",
        f"manifest {name} {image.replace(':', '-')}.sig",
        f"blob {name} {hostile.digest(hostile.BLOB)} {len(hostile.BLOB)} 65536",
        f"referrers {name} {image}", f"referrers {name} {image}", f"referrers {name} {signature}",
        f"manifest {name} v2", f"manifest {registry.host}/golden/none v1", config=config)
    for answer in (tag, pinned, sig, blob, referrers, again, none):
        expect(answer, "ok")
    assert "sha256:" + tag["sha256"] == image and tag["media_type"] == hostile.MANIFEST
    assert referrers["items"] == again["items"] == [signature[7:]] and referrers["by_tag_schema"]
    # API and tag, then the tag alone.
    assert referrers["tries"] == 2 and again["tries"] == 1
    assert none["items"] == []
    expect(absent, "not_found", "HOST answered HTTP 404 for v2")
    expect(gone, "not_found", "HOST answered HTTP 404 for v1")


def content(folder):
    """Paths of manifests and blobs of a recorded repository with their bytes."""
    for kind in ("blobs", "manifests"):
        where = os.path.join(folder, kind)
        for name in sorted(os.listdir(where)) if os.path.isdir(where) else []:
            with open(os.path.join(where, name), "rb") as f:
                yield kind, name, f.read()


def push(registry, repository, folder, items):
    """What the registry does not take."""
    with open(os.path.join(folder, "index.json"), encoding="utf-8") as f:
        types = json.load(f)
    for kind, _, data in items:
        if kind == "blobs":
            registry.blob(repository, data)
    # An index is taken only after what it lists: manifests first, then by how often it failed.
    todo = [i for i in items if i[0] == "manifests"]
    for _ in range(5):
        left = []
        for kind, name, data in todo:
            try:
                registry.manifest(repository, name, data, types[f"manifests/{name}"])
            except urllib.error.HTTPError:
                left.append((kind, name, data))
        todo = left
    return todo


def samples(kind):
    beside = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "shared", "samples", "sigstore")
    top = os.environ.get("ASSAY_SAMPLES") or (beside if os.path.isdir(beside) else None)
    if not top:
        raise Skip("../shared/samples/sigstore is not there, and ASSAY_SAMPLES names no other")
    return os.path.join(top, "registry", kind)


def compare(t, config, host, top, prepare):
    """Every part of every repository, asked of `host` and of the folder; returns how many."""
    compared = 0
    recorded = os.path.join(t.folder, "recorded")
    os.makedirs(recorded)
    os.symlink(top, os.path.join(recorded, host))
    for repository in sorted(os.listdir(top)):
        items = list(content(os.path.join(top, repository)))
        prepare(repository, items)
        name = f"{host}/{repository}"
        questions = [f"manifest {name} {n}" if kind == "manifests" else
                     f"blob {name} {n} {len(data)} 16777216" for kind, n, data in items]
        questions += [f"referrers {name} {n}" for kind, n, _ in items
                      if kind == "manifests" and n.startswith("sha256:")]
        questions += [f"manifest {name} none", f"referrers {name} {hostile.SUBJECT}"]
        live = t.ask(*questions, config=config)
        replay = t.ask(*questions, config=config, options=["--recorded", recorded])
        keys = ("outcome", "sha256", "bytes", "media_type", "items", "by_tag_schema")
        for question, a, b in zip(questions, live, replay):
            if question.startswith("blob"):
                a["media_type"] = b["media_type"] = ""
            assert [a.get(k) for k in keys] == [b.get(k) for k in keys], (question, a, b)
            compared += 1
        for (kind, n, data), a in zip(items, live):
            assert a["sha256"] == hashlib.sha256(data).hexdigest(), (kind, n, a)
    return compared


@with_registry
def test_samples_in_docker_registry_and_recorded(t, registry):
    top = samples("without-referrers-api")

    def prepare(repository, items):
        left = push(registry, repository, os.path.join(top, repository), items)
        assert not left, (repository, [name for _, name, _ in left])
    compared = compare(t, t.registries(t.plain(registry)), registry.host, top, prepare)
    assert compared > 40, compared


def test_samples_with_referrers_api_and_recorded(t):
    top = samples("with-referrers-api")
    server = t.server(folder=top)
    compared = compare(t, t.registries(t.plain(server)), server.host, top, lambda *_: None)
    assert compared > 200, compared
