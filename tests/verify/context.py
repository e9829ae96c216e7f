"""What the tests of tests/verify share: recorded content, keys, and short ways to ask."""

import base64
import hashlib
import json
import os
import tempfile

import make_registry
from harness import ROOT, Failed, assay

KEYS = os.path.join(ROOT, "tests", "sigstore", "keys")
VECTORS = os.path.join(ROOT, "tests", "sigstore", "vectors")
SHARED = os.path.abspath(os.environ.get("ASSAY_SHARED", os.path.join(ROOT, "..", "shared")))
IMAGE = make_registry.digest(make_registry.IMAGE)
HOSTS = sorted(make_registry.HOSTS)


class Skip(Exception):
    """Why a test cannot run here."""


class Content:
    """The project's own recorded registry, in Content.folder while tests run."""

    folder = None

    def __enter__(self):
        self.held = tempfile.TemporaryDirectory()
        Content.folder = self.held.name
        make_registry.write(Content.folder)

    def __exit__(self, *_):
        self.held.cleanup()


def key(name):
    return os.path.join(KEYS, name + ".pub")


def fingerprint(path):
    """SHA-256 of the SubjectPublicKeyInfo in a PEM file."""
    with open(path, encoding="utf-8") as f:
        lines = [line.strip() for line in f if "-----" not in line]
    return "sha256:" + hashlib.sha256(base64.b64decode("".join(lines))).hexdigest()


def verify(*args, **more):
    """`assay verify` over the own recorded content, with the keys named by their short names."""
    return assay("verify", "--registry-dir", Content.folder, *args, cwd=KEYS, **more)


def report(result):
    try:
        return json.loads(result.out)
    except ValueError as e:
        raise Failed("standard output is no JSON (%s):\n%s%s" % (e, result.out, result.err)) from e


def stored(host, repository, kind):
    """Digests of what a repository of the own content holds, the image left out."""
    folder = os.path.join(Content.folder, host, repository, kind)
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return sorted(n for n in names if n.startswith("sha256:") and n != IMAGE)


def over(cases):
    """Decorator: run the test once for each case, a tuple of words."""

    def decorate(function):
        function.cases = cases if callable(cases) else lambda: cases
        return function

    return decorate
