"""What the tests share: the programs, the image, keys, registries, and ways to call the scripts."""

import functools
import json
import os
import re
import shutil
import subprocess
import sys

import certs
import registry

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LAB = os.path.join(os.path.dirname(HERE), "lab")
SCRIPTS = os.path.join(ROOT, "scripts")
IMAGE = os.path.join(ROOT, "build", "image")
STATIC = os.path.join(ROOT, "build", "static")
STATICS = {"amd64": STATIC, "arm64": STATIC + "-arm64"}
BILLS = {"spdxjson": ["sbom-amd64.spdx.json", "sbom-arm64.spdx.json"], "cyclonedx": ["sbom-amd64.cdx.json", "sbom-arm64.cdx.json"]}
DIST = os.path.join(ROOT, "build", "dist")
NOT_OFFERED = 3
SECONDS = 600
KEY_URL = "https://example.com/cosign.pub"


class Failed(Exception):
    """The scripts did not do what the test wants."""


class Skip(Exception):
    """What the tests need is not there."""


def equal(got, want, what):
    if got != want:
        raise Failed(f"{what}:\n got {got!r}\nwant {want!r}")


def read(path):
    with open(path, "rb") as f:
        return f.read()


def lab(script):
    """Paths of what tests/lab/SCRIPT installs; installs it first when it is missing."""
    command = os.path.join(LAB, script)
    for attempt in (1, 2):
        where = subprocess.run([command, "--where"], stdout=subprocess.PIPE, text=True, check=False)
        if where.returncode == 0:
            return dict(line.split("=", 1) for line in where.stdout.split())
        if attempt == 1:
            done = subprocess.run([command], stdout=sys.stderr, stderr=subprocess.PIPE, text=True, check=False)
            if done.returncode != 0:
                raise Skip(done.stderr.strip().splitlines()[-1].removeprefix("lab: "))
    raise Skip(f"tests/lab/{script} says that it is done, but something is missing")


class Done:
    """A command that has ended."""

    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr

    def __str__(self):
        return f"exit code {self.code}\n{self.out}{self.err}"

    def fine(self):
        if self.code != 0:
            raise Failed(str(self))
        return self.out

    def lines(self, prefix="release: "):
        return [line.removeprefix(prefix) for line in self.out.splitlines() if line.startswith(prefix)]

    def refuses(self, text, prefix="release: "):
        """Exit code 1 and nothing else said on stderr."""
        equal((self.code, self.err), (1, prefix + text + "\n"), "refusal")
        return self


class Stage:
    def __init__(self, folder):
        self.folder = folder
        self.newest = []
        self.build()
        # Nothing of who runs the tests, and no way out but to loopback.
        nowhere = "http://127.0.0.1:1"
        self.env = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and not k.startswith(("HELM", "COSIGN", "PLATFORMS"))}
        self.env.update(HTTP_PROXY=nowhere, HTTPS_PROXY=nowhere, NO_PROXY="localhost,127.0.0.1", COSIGN_PASSWORD="throw away",
                        DOCKER_CONFIG=self.path("docker"), HELM_CONFIG_HOME=self.path("helm"), HELM_DATA_HOME=self.path("helm"),
                        HELM_CACHE_HOME=self.path("helm-cache"))  # fmt: skip

    @functools.cached_property
    def programs(self):
        return {**lab("cosign"), **lab("helm")}

    @functools.cached_property
    def registry_program(self):
        found = registry.program()
        if not found:
            raise Skip("docker-registry is not installed: scripts/deps test installs it")
        return found

    def make_key(self, name):
        """Path without .key and .pub."""
        self.cosign("generate-key-pair", "--output-key-prefix", self.path(name)).fine()
        return self.path(name)

    @functools.cached_property
    def key(self):
        return self.make_key("release") + ".key"

    @functools.cached_property
    def public(self):
        return self.key.removesuffix(".key") + ".pub"

    @functools.cached_property
    def other(self):
        return self.make_key("other") + ".pub"

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def build(self):
        """The image of both platforms, of programs shared with the other tiers."""
        command = [os.path.join(SCRIPTS, "image"), "--no-measure"]
        env = dict(os.environ, PLATFORMS="linux/amd64,linux/arm64")
        code = subprocess.run(command, cwd=ROOT, env=env, stdout=sys.stderr, check=False).returncode
        if code == NOT_OFFERED:
            print("NOTE the mirror does not offer what scripts/static.json pins: built with what it offers", flush=True)
            self.newest = ["--newest"]
            code = subprocess.run([*command, "--newest"], cwd=ROOT, env=env, stdout=sys.stderr, check=False).returncode
        if code not in (0, 1) or not os.path.exists(os.path.join(IMAGE, "oci", "index.json")):
            raise Failed("scripts/image failed: the reason is above")
        subprocess.run([os.path.join(SCRIPTS, "sbom")], cwd=ROOT, stdout=sys.stderr, check=True)

    @functools.cached_property
    def version(self):
        return read(os.path.join(ROOT, "VERSION")).decode().strip()

    def digest(self):
        return json.loads(read(os.path.join(IMAGE, "oci", "index.json")))["manifests"][0]["digest"]

    def platforms(self):
        """{architecture: digest} of the index that was built."""
        index = json.loads(read(os.path.join(IMAGE, "oci", "blobs", "sha256", self.digest()[7:])))
        return {e["platform"]["architecture"]: e["digest"] for e in index["manifests"]}

    # -- commands

    def run(self, *command, env=None, cwd=ROOT, stdin=""):
        environment = {k: v for k, v in {**self.env, **(env or {})}.items() if v is not None}
        return Done(subprocess.run(command, cwd=cwd, env=environment, input=stdin, capture_output=True, text=True,
                                   check=False, timeout=SECONDS))

    def release(self, *options, root=ROOT, env=None):
        programs = {"COSIGN": self.programs["cosign3"], "HELM": self.programs["helm4"]}
        return self.run(os.path.join(root, "scripts", "release"), *options, *self.newest, env={**programs, **(env or {})}, cwd=root)

    def again(self, *options, env=None):
        """With the image that is there."""
        return self.release("--built", "--allow-dirty", "--allow-untagged", *options, env=env)

    def cosign(self, *words, major="3"):
        return self.run(self.programs["cosign" + major], *words)

    def helm(self, *words, major="4"):
        return self.run(self.programs["helm" + major], *words)

    def assay(self, *words, stdin=""):
        return self.run(os.path.join(STATIC, "root", "assay"), *words, stdin=stdin)

    # -- registries

    @functools.cached_property
    def plain(self):
        return registry.Registry(self.registry_program, self.path("plain"))

    @functools.cached_property
    def authority(self):
        return certs.Authority(self.path("certificates"))

    @functools.cached_property
    def guarded(self):
        """With TLS and a password."""
        return registry.Registry(self.registry_program, self.path("guarded"), self.authority.leaf("localhost"), self.authority.certificate)

    @property
    def published(self):
        """The one whole release that most tests look at: where it is, and what was said."""
        place, said = self.first_release
        said.fine()
        return place, said

    @functools.cached_property
    def first_release(self):
        place = f"{self.plain.host}/golden/tools"
        # With --newest a second build would go to the mirror again.
        built = ["--built"] if self.newest else []
        said = self.release("--registry", place, "--plain-http", "--key", self.key, "--key-url", KEY_URL,
                            "--allow-dirty", "--allow-untagged", *built)
        if said.code == 0:
            shutil.copytree(DIST, self.path("dist"))
        return place, said

    def record(self):
        """(image, chart) of the whole release."""
        _ = self.published
        record = json.loads(read(self.path("dist", "release.json")))
        return record["image"], record["chart"]


def without_digests(text):
    return re.sub(r"sha256:[0-9a-f]{64}", "DIGEST", text)
