"""What a test of tests/signed is given: a registry that does as it is told, policies with keys, servers."""

import base64
import json
import os
import shutil
import threading

import context
import make_registry
import static_registry
from context import ROOT, Skip, until, write  # noqa: F401: for the tests

KEYS = os.path.join(ROOT, "tests", "sigstore", "keys")
IMAGE = make_registry.digest(make_registry.IMAGE)
HEX = IMAGE.removeprefix("sha256:")

POLICY = """\
apiVersion: assay.dev/v1
kind: Policy
metadata: {name: images}
spec:
  mode: deny
  onError: ON_ERROR
  match: {resources: [pods, workloads], operations: [CREATE, UPDATE]}
  authorities: AUTHORITIES
  rules: RULES
"""
SIGNED = {"name": "signed", "signature": {"anyOf": ["release"]}}


def policy(rules=(SIGNED,), authorities=None, on_error="deny"):
    """One key per authority, a file of the policies' folder."""
    authorities = authorities or {"release": "release.pub"}
    authorities = {name: {"key": {"file": file}} for name, file in authorities.items()}
    return (POLICY.replace("ON_ERROR", on_error).replace("AUTHORITIES", json.dumps(authorities))
            .replace("RULES", json.dumps(list(rules))))


class Shared(context.Shared):
    """Made once for all tests."""

    def __init__(self, folder):
        super().__init__(folder)
        self.content = os.path.join(folder, "content")
        make_registry.write(self.content)


class Registry(static_registry.Registry):
    """Recorded content; a repository x/NAME holds what NAME does. It answers only while its gate is open.

    status, when set, is its answer to everything.
    """

    request_queue_size = 64

    def __init__(self, folder):
        super().__init__(folder)
        self.RequestHandlerClass = Handler
        self.gate = threading.Event()
        self.gate.set()

    def __exit__(self, *args):
        self.gate.set()
        super().__exit__(*args)

    def of(self, name):
        """Paths of the requests about a repository, sorted, without its name."""
        start = f"/v2/{name}/"
        return sorted(p.removeprefix(start) for p in list(self.requests) if p.startswith(start))


class Handler(static_registry.Handler):
    def do_GET(self):
        server = self.server
        server.requests.append(self.path)
        server.gate.wait(60)
        parts = self.path.split("/")
        if len(parts) > 5 and parts[3].startswith("app-"):
            self.path = "/".join(parts[:2] + parts[3:])
        if server.status:
            self.reply(server.status)
        elif server.login and not self.is_logged_in():
            self.reply(401, WWW_Authenticate='Basic realm="test"')
        else:
            self.content()


class Stage(context.Context):
    def __init__(self, shared, folder):
        super().__init__(shared, folder)
        self.registries = []
        self.registry = self.new_registry()

    def new_registry(self):
        r = Registry(os.path.join(self.shared.content, "with.example"))
        r.__enter__()
        self.registries.append(r)
        return r

    def registries_file(self, *hosts, text=None, **more):
        """A registries file that allows these hosts. more: further keys of each."""
        path = os.path.join(self.folder, "registries.yaml")
        entries = [{"host": h, "plainHttp": True, "allowPrivate": True, **more} for h in hosts]
        write(path, text or json.dumps({"apiVersion": "assay.dev/v1", "kind": "Registries",
                                        "spec": {"registries": entries}}))
        return path

    def login(self, password):
        """The registry wants this password; a docker config.json in the folder has it. Its name."""
        self.registry.login = "robot:" + password
        auth = base64.b64encode(self.registry.login.encode()).decode()
        path = os.path.join(self.folder, "config.json")
        write(path + ".new", json.dumps({"auths": {self.registry.host: {"auth": auth}}}))
        os.rename(path + ".new", path)
        return "config.json"

    def key(self, name, file="release.pub", server=None):
        """Puts a key where the policies of the next server are, or those of this one."""
        number = len(self.servers) if server is None else self.servers.index(server)
        folder = os.path.join(self.folder, f"server{number}", "policies")
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, file)
        shutil.copy(os.path.join(KEYS, name + ".pub"), path + ".new")
        os.rename(path + ".new", path)

    def signing_server(self, policies=None, keys=None, **flags):
        """A server that asks the registry of the test, and trusts the key p256 as "release"."""
        for file, name in (keys or {"release.pub": "p256"}).items():
            self.key(name, file)
        if "registries" not in flags:
            flags["registries"] = self.registries_file(self.registry.host)
        return self.server(policies or policy(), **flags)

    def image(self, name, registry=None):
        return f"{(registry or self.registry).host}/{name}@{IMAGE}"

    def stop_all(self):
        try:
            for r in self.registries:
                r.gate.set()
            super().stop_all()
        finally:
            for r in self.registries:
                r.__exit__()


def pod(*images, metadata=None):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop", **(metadata or {})},
            "spec": {"containers": [{"name": f"c{i}", "image": image}
                                    for i, image in enumerate(images)]}}


def review(*images, uid="705ab4f5-0000-4000-8000-000000000001", metadata=None):
    return context.review(pod(*images, metadata=metadata), uid=uid)


def refused(answer, code):
    """The message of a refusal with this code."""
    response = answer.response()
    assert response["allowed"] is False, response
    assert response["status"]["code"] == code, response["status"]
    assert "retryAfterSeconds" not in response["status"]["details"], response
    return response["status"]["message"]


def admitted(answer):
    response = answer.response()
    assert response["allowed"] is True, response
    return response
