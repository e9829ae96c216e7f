"""For the tests of `assay check` with signatures: content, policies, registries."""
import json
import os
import shutil
import sys
import tempfile
import threading

from harness import ROOT, Folder, policy

sys.path.append(os.path.join(ROOT, "tests", "verify"))
import make_registry  # noqa: E402
import static_registry  # noqa: E402

KEYS = os.path.join(ROOT, "tests", "sigstore", "keys")
IMAGE = make_registry.digest(make_registry.IMAGE)
HELD = tempfile.TemporaryDirectory()
CONTENT = os.path.join(HELD.name, "content")
make_registry.write(CONTENT)
HOST = "with.example"

AUTHORITIES = "  authorities: {release: {key: {file: release.pub}}}\n"
SIGNED = "{name: signed, signature: {anyOf: [release]}}"
DOCS = ("--docs-url", "https://docs.example/codes")
PLATFORM = 'Platform team: see assay_registry_requests_total{outcome="connect"}; https://docs.example/codes'


def signing(*rules, host=HOST, mode="deny", on_error="deny", **more):
    """A policy that names the host, so that it may be asked."""
    named = "{name: here, image: {registries: ['%s/**']}}" % host
    text = policy(named, *(rules or (SIGNED,)), mode=mode, **more)
    return text.replace("onError: deny", "onError: " + on_error).replace("  rules:\n", AUTHORITIES + "  rules:\n")


def pod(image, name="web"):
    return "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec: {containers: [{name: c, image: '%s'}]}\n" % (name, image)


def pinned(repository, host=HOST):
    return "%s/%s@%s" % (host, repository, IMAGE)


def stage(text=None, **files):
    d = Folder()
    d.write("p.yaml", text or signing())
    shutil.copy(os.path.join(KEYS, "p256.pub"), os.path.join(d.path, "release.pub"))
    for name, content in files.items():
        d.write(name + ".yaml", content)
    return d


# A proxy of the environment must not stand between.
DIRECT = {"no_proxy": "*", "NO_PROXY": "*"}


def check(d, *args, env=None, **more):
    return d.assay("check", "-p", "p.yaml", *DOCS, *args, env={**DIRECT, **(env or {})}, **more)


def recorded(d, *args):
    return check(d, "--registry-dir", CONTENT, *args)


def rows(result):
    found = json.loads(result.out)
    return found["summary"], found["results"]


SIGNED_POD, UNSIGNED_POD = pod(pinned("app-signed-bundle")), pod(pinned("app-unsigned"), "raw")
PLACE = 'spec.containers[0].image (container "c"): '
SHORT = "sha256:%s\u2026" % IMAGE[7:19]
UNSIGNED = ("signature: %s%s/app-unsigned@%s has no cosign signature: none at tag sha256-%s\u2026.sig, none among its "
            "referrers; want a signature by release" % (PLACE, HOST, SHORT, IMAGE[7:19]))
SUMMARY = "%d checked: %d denied, %d warned, %d allowed; 0 skipped"


class Registry(static_registry.Registry):
    """meets: so many repositories must be asked about at the same time, or nobody is answered."""

    request_queue_size = 64

    def __init__(self, meets=0, **more):
        super().__init__(os.path.join(CONTENT, "without.example"), **more)
        self.RequestHandlerClass = Handler
        self.meets, self.met, self.seen, self.lock = meets, threading.Event(), set(), threading.Lock()


class Handler(static_registry.Handler):
    """x/NAME holds what NAME does, so that there are as many repositories as wanted."""

    def do_GET(self):
        server, parts = self.server, self.path.split("/")
        with server.lock:
            server.seen.add(parts[2])
            if len(server.seen) >= server.meets:
                server.met.set()
        if server.meets and not server.met.wait(20):
            self.reply(500)
            return
        if parts[3].startswith("app-"):
            self.path = "/".join(parts[:2] + parts[3:])
        super().do_GET()


def registries(d, *hosts, **more):
    entries = [{"host": h, "plainHttp": True, "allowPrivate": True, **more} for h in hosts]
    d.write("r.yaml", "apiVersion: assay.dev/v1\nkind: Registries\nspec:\n  registries: %s\n" % json.dumps(entries))
    return "--registries", "r.yaml"


def down():
    """The host of a registry that is no more."""
    with Registry() as r:
        return r.host
