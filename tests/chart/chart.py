"""What a test of the chart is given: both Helms, rendered manifests, and the files of the chart."""

import base64
import functools
import os
import re
import subprocess
import threading

import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CHART = os.path.join(ROOT, "deploy", "helm")
CI = os.path.join(CHART, "ci")
GOLDEN = os.path.join(HERE, "golden")
PROGRAM = os.environ.get("ASSAY_BIN") or os.path.join(ROOT, "build", "release", "assay")
KUBERNETES = "1.35.4"
NAMESPACE = "assay-system"
MAJORS = ("helm4", "helm3")
COMMAND_SECONDS = 120


class Skip(Exception):
    """This machine cannot run the test."""


class Failed(Exception):
    """What was expected and what came instead."""


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def equal(got, want, what):
    if got != want:
        raise Failed(f"{what}: got {got!r}, want {want!r}")


def contains(text, part, what):
    if part not in text:
        raise Failed(f"{what}: {part!r} is not in\n{text}")


def modes():
    """Names of the values files below ci/."""
    return sorted(f.removesuffix("-values.yaml") for f in os.listdir(CI))


def values(mode):
    return os.path.join(CI, mode + "-values.yaml")


@functools.lru_cache(maxsize=None)
def helms():
    """{"helm4": path, "helm3": path}; installs them."""
    installer = os.path.join(ROOT, "tests", "lab", "helm")
    done = subprocess.run([installer], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Skip("no Helm: " + done.stderr.strip().split("\n")[-1])
    out = subprocess.run([installer, "--where"], capture_output=True, text=True, check=True).stdout
    return dict(line.split("=", 1) for line in out.split())


class Result:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def text(self):
        return self.out + self.err


def run(*argv, env=None, stdin=""):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("ASSAY_", "HELM_", "KUBECONFIG"))}
    clean["KUBECONFIG"] = os.devnull
    clean["PATH"] = os.path.join(ROOT, "build", "tools", "bin") + ":" + clean.get("PATH", "")
    return Result(subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False, cwd=ROOT,
                                 timeout=COMMAND_SECONDS, env={**clean, **(env or {})}))


def program(*arguments, stdin=""):
    if not os.access(PROGRAM, os.X_OK):
        raise Failed(f"{PROGRAM} is not built")
    return run(PROGRAM, *arguments, stdin=stdin)


def manifests(text):
    """[(source, text)] of what `helm template` printed, in its order."""
    out = []
    for part in re.split(r"^---\n", text, flags=re.M):
        if part.strip():
            first, _, rest = part.partition("\n")
            out.append((first.removeprefix("# Source: assay/"), rest))
    return out


class OnceEach(yaml.SafeLoader):
    """Refuses a key that stands twice in a map, which Helm lets pass and the last of which counts."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise Failed(f"{key!r} stands twice in one map:{node.start_mark}")
        return super().construct_mapping(node, deep)


def objects(text):
    return [o for _, part in manifests(text) for o in yaml.load_all(part, OnceEach) if o]


def find(found, kind, name=None):
    """The one object of that kind."""
    matching = [o for o in found if o["kind"] == kind and name in (None, o["metadata"]["name"])]
    equal(len(matching), 1, f"objects of kind {kind}" + (f" named {name}" if name else ""))
    return matching[0]


def decoded(secret):
    return {key: base64.b64decode(value) for key, value in secret["data"].items()}


texts, locks, rendering = {}, {}, threading.Lock()


class Chart:
    def __init__(self, folder, update):
        self.folder = folder
        self.update = update

    def path(self, *names):
        path = os.path.join(self.folder, *names)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def write(self, text, *names):
        path = self.path(*names)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def helm(self, major, *arguments, env=None):
        env = {"HELM_CACHE_HOME": self.path("cache"), "HELM_CONFIG_HOME": self.path("config"),
               "HELM_DATA_HOME": self.path("data"), **(env or {})}
        return run(helms()[major], *arguments, env=env)

    def template(self, major, *arguments, mode=None, env=None):
        """`helm template`, whatever becomes of it."""
        given = ["-f", values(mode)] if mode else []
        return self.helm(major, "template", "assay", CHART, "-n", NAMESPACE, "--kube-version", KUBERNETES,
                         *given, *arguments, env=env)

    def rendered(self, mode, *arguments, major="helm4"):
        """What must render: the text; the same text, certificates too, for all who ask for the same."""
        key = (mode, arguments, major)
        with rendering:
            lock = locks.setdefault(key, threading.Lock())
        with lock:
            if key not in texts:
                result = self.template(major, *arguments, mode=mode)
                if result.code:
                    raise Failed(f"{major} cannot render {mode} {' '.join(arguments)}:\n{result.text()}")
                texts[key] = result.out
        return texts[key]

    def objects(self, mode, *arguments, major="helm4"):
        return objects(self.rendered(mode, *arguments, major=major))
