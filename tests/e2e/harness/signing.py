"""Registries on loopback with signed images, and a server of its own that asks them.

The content is that of tests/verify/make_registry.py: one image, which lies in several repositories, each with
other signatures. A registry serves it by referrers API and below the tag .sig.
"""

import base64
import hashlib
import json
import os
import threading

import make_registry
import static_registry
from lab import E2E, policy, read
from mounted import MountedFolder
from processes import free_ports

KEYS = os.path.join(os.path.dirname(E2E), "sigstore", "keys")
DIGEST = make_registry.digest(make_registry.IMAGE)
HEX = DIGEST.removeprefix("sha256:")


def short(digest):
    """As messages show it."""
    return digest[:len("sha256:") + 12] + "\u2026"


SHORT = short(DIGEST)
# What the signatures of app-wrong-digest are for.
OTHER_DIGEST = "sha256:" + hashlib.sha256(b"another manifest").hexdigest()
HELD_SECONDS = 60


def key(name):
    return read(os.path.join(KEYS, name + ".pub"))


def image(host, repository):
    return f"{host}/{repository}@{DIGEST}"


def fingerprint(name):
    """Of a key, as messages show it."""
    der = base64.b64decode("".join(line for line in key(name).split("\n") if "-----" not in line))
    return short("sha256:" + hashlib.sha256(der).hexdigest())


class Registry(static_registry.Registry):
    """It answers only while its gate is open; status, when set, is its answer to everything. FOLDER/app-NAME
    holds what app-NAME does: an image that nobody has asked for."""

    request_queue_size = 64

    def __init__(self, folder, port=0):
        self._port = port
        super().__init__(folder)
        self.RequestHandlerClass = Handler
        self.gate = threading.Event()
        self.gate.set()

    def server_bind(self):
        self.server_address = ("127.0.0.1", self._port)
        super().server_bind()

    def __exit__(self, *error):
        self.gate.set()
        super().__exit__(*error)

    def image(self, repository):
        return image(self.host, repository)

    def asked(self):
        """How many requests there were until now."""
        return len(self.requests)

    def of(self, repository):
        """The requests about a repository."""
        return [path for path in list(self.requests) if path.startswith(f"/v2/{repository}/")]


class Handler(static_registry.Handler):
    def do_GET(self):
        self.server.requests.append(self.path)
        self.server.gate.wait(HELD_SECONDS)
        folder, app, rest = self.path.removeprefix("/v2/").partition("app-")
        if folder:
            self.path = "/v2/" + app + rest
        if self.server.status:
            self.reply(self.server.status)
        else:
            self.content()


class Signing:
    """The server under test and the registries that it may ask."""

    def __init__(self, lab):
        self._lab = lab
        make_registry.write(lab.path("content"))
        self.content = lab.path("content", "with.example")
        self.registry, self.failing, self.slow = (
            lab.ends.enter_context(Registry(self.content)) for _ in range(3))
        self.failing.status = 503
        # Nobody listens there until a test does.
        self.down_port, self.real_port = free_ports(2)
        self.registries = lab.path("registries.yaml")
        hosts = [r.host for r in (self.registry, self.failing, self.slow)]
        hosts += [f"127.0.0.1:{port}" for port in (self.down_port, self.real_port)]
        with open(self.registries, "w", encoding="ascii") as f:
            json.dump({"apiVersion": "assay.dev/v1", "kind": "Registries", "spec": {"registries": [
                {"host": host, "plainHttp": True, "allowPrivate": True} for host in hosts]}}, f)
        self.policies = MountedFolder(lab.path("signed-policies"), self._files())
        self.server = lab.new_server("signing", self.policies, ("--registries", self.registries))
        lab.ends.callback(lambda: self.server.process and self.server.process.stop(9))
        self.server.start()

    @staticmethod
    def _files(text=None, signer="p256"):
        return {"policy.yaml": text or policy("signed"), "release.pub": key(signer)}

    def use(self, **files):
        """Swaps the mounted policy (text) and key (signer)."""
        self._lab.use_files(self.server, self.policies, self._files(**files))
