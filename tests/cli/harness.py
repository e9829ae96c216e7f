"""Starting the program and comparing what it did."""
import os
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.path.abspath(os.environ.get("ASSAY_BIN", os.path.join(ROOT, "build/release/assay")))
POLICIES = os.path.join(ROOT, "policies")
NOW = "2026-11-22T00:00:00Z"
DIGEST = "sha256:" + "0123456789abcdef" * 4


class Failed(Exception):
    """A test's reason."""


class Result:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def lines(self):
        return self.out.splitlines()


def assay(*args, stdin="", env=None, cwd=None, stdout=None):
    """Only what `env` says of ASSAY_* reaches the program."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")}
    data = stdin if isinstance(stdin, bytes) else stdin.encode()
    done = subprocess.run([BIN, *args], input=data, stdout=stdout or subprocess.PIPE, stderr=subprocess.PIPE,
                          env={**clean, **(env or {})}, cwd=cwd, timeout=60, check=False)
    done.stdout = (done.stdout or b"").decode()
    done.stderr = done.stderr.decode()
    return Result(done)


def equal(what, got, want):
    if got != want:
        raise Failed("%s:\n    got  %s\n    want %s" % (what, got, want))


def holds(what, text, part):
    if part not in text:
        raise Failed("%s: %r is not in\n%s" % (what, part, text))


def ends(result, code, out=None, err=None):
    """Exit code, and the whole of standard output and error where given."""
    if result.code != code:
        raise Failed("exit code %d, want %d\n%s%s" % (result.code, code, result.out, result.err))
    if out is not None:
        equal("standard output", result.out, out)
    if err is not None:
        equal("standard error", result.err, err)


class Folder:
    """A temporary folder; write() gives names relative to it."""

    def __init__(self):
        self._held = tempfile.TemporaryDirectory()
        self.path = self._held.name

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._held.cleanup()

    def write(self, name, text):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        return name

    def assay(self, *args, **more):
        return assay(*args, cwd=self.path, **more)


def policy(*rules, name="p", mode="deny", more=""):
    return ("apiVersion: assay.dev/v1\nkind: Policy\nmetadata: {name: %s}\nspec:\n  mode: %s\n  onError: deny\n"
            "  match: {resources: [pods, workloads], operations: [CREATE, UPDATE]%s}\n  rules:\n%s"
            % (name, mode, more, "".join("  - %s\n" % r for r in rules)))


PINNED = policy("{name: pinned, image: {digest: required}}")


def pod(image, name="web", namespace=None, container="c"):
    where = ", namespace: %s" % namespace if namespace else ""
    return ("apiVersion: v1\nkind: Pod\nmetadata: {name: %s%s}\nspec:\n  containers:\n  - name: %s\n    image: %s\n"
            % (name, where, container, image))


GOOD = pod("web@" + DIGEST)
BAD = pod("web:1")
BAD_LINE = 'digest: spec.containers[0].image (container "c"): got tag "1"; want ...@sha256:<64 hex>'
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"
BROKEN = "kind: x: y\n"
