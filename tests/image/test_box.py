"""The image's own files as a read-only root, UID 65532: everything that the program does there for a living."""

import contextlib
import json
import os
import re
import shutil
import ssl
import tempfile

import context
import make_registry
from box import USER, Box
from names import Names
from static_registry import Registry

KEYS = os.path.join(context.ROOT, "tests", "sigstore", "keys")
IMAGE = make_registry.digest(make_registry.IMAGE)
BY_DNS, BY_FILE = "registry.by-dns.test", "registry.by-file.test"
POLICY = """\
apiVersion: assay.dev/v1
kind: Policy
metadata: {name: golden}
spec:
  mode: deny
  onError: deny
  match: {resources: [pods], operations: [CREATE]}
  authorities: {release: {key: {file: release.pub}}}
  rules:
  - {name: golden-image, image: {registries: ["HOST/*"], digest: required}}
  - {name: signed, signature: {anyOf: [release]}}
"""


class Stage:
    """A registry that BY_DNS and BY_FILE lead to, a box, and what is seen in the box at the same path."""

    def __init__(self, built, certificate=None):
        if os.geteuid() != 0:
            raise context.Skip("needs root, for a root of its own")
        self.built = built
        self.stack = contextlib.ExitStack()
        self.folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="assay-shared-"))
        os.chmod(self.folder, 0o755)
        content = os.path.join(self.folder, "content")
        make_registry.write(content)
        tls = None
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(*certificate)
        self.registry = self.stack.enter_context(Registry(os.path.join(content, "with.example"), context=tls))
        self.port = self.registry.server_address[1]
        self.names = self.stack.enter_context(Names({BY_DNS: "127.0.0.1"}))
        self.box = self.stack.enter_context(Box(
            built.layer(), self.folder, hosts=f"127.0.0.1 {BY_FILE}\n", resolv=f"nameserver {self.names.address}\n"))
        self.key = self.share(os.path.join(KEYS, "p256.pub"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def share(self, path):
        copy = os.path.join(self.folder, os.path.basename(path))
        shutil.copy(path, copy)
        os.chmod(copy, 0o644)
        return copy

    def verify(self, name, *flags, repository="app-signed-bundle"):
        image = f"{name}:{self.port}/{repository}@{IMAGE}"
        return image, self.box.run("verify", "--key", self.key, *flags, image)


class Server(context.Server):
    """The server of tests/server, in the box."""

    def __init__(self, stage, policies, **flags):
        cert, key = stage.share(stage.built.shared.cert), stage.share(stage.built.shared.key)
        super().__init__(stage.built, os.path.join(stage.folder, "server"), flags, policies, cert, key)
        shutil.copy(stage.key, os.path.join(self.policies, "release.pub"))
        self.argv = stage.box.argv("/assay", *self.argv[1:])


@contextlib.contextmanager
def serving(stage, policies, **flags):
    server = Server(stage, policies, **flags)
    try:
        server.start()
        yield server
        server.stop()
    finally:
        server.kill()


def test_version(built):
    with Stage(built) as s:
        done = s.box.run("version", "-o", "json")
        assert done.returncode == 0 and done.stderr == "", done
        libraries = json.loads(done.stdout)["libraries"]
        with open(os.path.join(built.static, "pins.json"), encoding="utf-8") as f:
            pins = {p["source"]: p["version"] for p in json.load(f)}
        said = " ".join(libraries.values())
        for source in ("curl", "gnutls28", "libmicrohttpd"):
            upstream = re.match(r"[\d.]+", pins[source]).group()
            assert upstream in said, (source, upstream, libraries)


def test_name_from_dns(built):
    with Stage(built) as s:
        image, done = s.verify(BY_DNS, "--plain-http")
        assert done.returncode == 0 and done.stderr == "", done
        assert done.stdout.splitlines()[0] == image, done
        assert set(s.names.asked) == {BY_DNS}, s.names.asked
        assert s.registry.requests, "the registry saw no request"


def test_name_from_the_hosts_file(built):
    with Stage(built) as s:
        image, done = s.verify(BY_FILE, "--plain-http")
        assert done.returncode == 0 and done.stdout.splitlines()[0] == image, done
        assert s.names.asked == [], s.names.asked


def test_name_that_does_not_exist(built):
    with Stage(built) as s:
        _, done = s.verify("no.such.test", "--plain-http")
        assert done.returncode == 3, done
        assert f"no.such.test:{s.port} could not be reached" in done.stdout, done
        assert "no.such.test" in s.names.asked, s.names.asked


def test_unsigned_image_is_still_unsigned(built):
    with Stage(built) as s:
        _, done = s.verify(BY_DNS, "--plain-http", repository="app-unsigned")
        assert done.returncode == 1, done


def test_registry_over_tls(built):
    with Stage(built, certificate=(built.shared.cert, built.shared.key)) as s:
        ca = s.share(built.shared.ca.certificate)
        _, done = s.verify("localhost", "--ca", ca)
        assert done.returncode == 0, done
        seen = len(s.registry.requests)
        # With the certificates of the image alone: they are found, and do not vouch for this one.
        _, done = s.verify("localhost")
        assert done.returncode == 3 and len(s.registry.requests) == seen, done
        assert "certificate" in done.stdout, done


def test_serves_and_asks_a_registry(built):
    with Stage(built) as s:
        host = f"{BY_DNS}:{s.port}"
        registries = os.path.join(s.folder, "registries.yaml")
        entry = {"host": host, "plainHttp": True, "allowPrivate": True}
        context.write(registries, json.dumps({"apiVersion": "assay.dev/v1", "kind": "Registries", "spec": {
            "registries": [entry]}}))
        with serving(s, POLICY.replace("HOST", host), **{"--registries": registries}) as server:
            good = server.post(context.review(context.pod(f"{host}/app-signed-bundle@{IMAGE}"))).response()
            assert good["allowed"] is True, good
            bad = server.post(context.review(context.pod(f"{host}/app-unsigned@{IMAGE}"))).response()
            assert bad["allowed"] is False and bad["status"]["code"] == 403, bad
            assert "has no cosign signature" in bad["status"]["message"], bad
            with open(f"/proc/{server.child.pid}/status", encoding="ascii") as f:
                status = f.read()
            assert re.search(rf"Uid:\s+{USER}\s+{USER}\s+{USER}\s+{USER}\n", status), status
            assert re.search(r"Groups:\s*\n", status), status
            with open(f"/proc/{server.child.pid}/mountinfo", encoding="utf-8") as f:
                mounts = {line.split()[4]: line.split()[5] for line in f}
            assert sorted(mounts) == ["/", "/proc", s.folder], mounts
            assert all(flags.split(",")[0] == "ro" for flags in mounts.values()), mounts
            assert server.resident_bytes() <= 16 * 1024 * 1024, server.resident_bytes()


def test_probe_from_the_same_image(built):
    """What a kubelet or `helm test` runs: the program itself, for there is no shell."""
    with Stage(built) as s:
        ca = s.share(built.shared.ca.certificate)
        files = {}
        for name, pod in (("good", context.pod()), ("bad", context.BAD)):
            files[name] = os.path.join(s.folder, name + ".json")
            context.write(files[name], json.dumps(pod))
        with serving(s, context.policy()) as server:
            ready = s.box.run("probe", "--url", f"http://127.0.0.1:{server.metrics_port}")
            assert ready.returncode == 0, ready
            flags = ["probe", "--url", f"https://localhost:{server.port}", "--ca", ca]
            right = s.box.run(*flags, "--expect-deny", files["bad"], "--expect-allow", files["good"])
            assert right.returncode == 0, right
            wrong = s.box.run(*flags, "--expect-deny", files["good"])
            assert wrong.returncode == 1, wrong
