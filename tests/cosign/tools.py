"""The programs of the tests: cosign 2 and 3, the registries, openssl and the assay under test; and the keys."""

import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LAB = os.path.join(os.path.dirname(HERE), "lab", "cosign")
ASSAY = os.path.abspath(os.environ.get("ASSAY_BIN") or os.path.join(ROOT, "build", "release", "assay"))

VERSIONS = {"2": "cosign 2.5.0", "3": "cosign 3.1.1"}
# What openssl is told; the first two are made by the cosign of that version.
KEYS = {
    "p256": None,
    "p256-by-2": None,
    "p384": ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "p521": ["EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
    "rsa2048": ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "rsa3072": ["RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
    "rsa4096": ["RSA", "-pkeyopt", "rsa_keygen_bits:4096"],
    "ed25519": ["ed25519"],
}
P256 = ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
COMMAND_SECONDS = 120
# The words with which cosign says that it looked and found nothing that counts. Whatever else it says is no
# verdict: a wrong option, a registry that does not answer.
COSIGN_NO = ("no signatures found", "no matching signatures", "no matching attestations")


class Missing(Exception):
    """A program is not there and could not be had."""


def installed():
    """Paths of cosign2, cosign3 and registry; installs them first when they are missing."""
    for attempt in (1, 2):
        where = subprocess.run([LAB, "--where"], stdout=subprocess.PIPE, text=True, check=False)
        if where.returncode == 0:
            return dict(line.split("=", 1) for line in where.stdout.split())
        if attempt == 1:
            _install()
    raise Missing(f"{LAB} says that it is done, but something is missing")


def _install():
    """Passes on what it says, for it may take minutes, and keeps the last line as the reason."""
    said = ""
    with subprocess.Popen([LAB], stderr=subprocess.PIPE, text=True) as running:
        for line in running.stderr:
            print(line, end="", file=sys.stderr, flush=True)
            said = line.strip() or said
    if running.returncode != 0:
        raise Missing(said.removeprefix("lab: "))


def docker_registry():
    program = os.environ.get("DOCKER_REGISTRY") or shutil.which("docker-registry")
    if not program:
        program = os.path.join(ROOT, "build", "tools", "bin", "docker-registry")
    if not os.access(program, os.X_OK):
        raise Missing("docker-registry is not installed: scripts/deps test installs it")
    return program


class Tools:
    """Runs programs in a folder, without the network and without anything of who runs the tests."""

    def __init__(self, folder, paths):
        self.folder = folder
        self.cosign_of = {"2": paths["cosign2"], "3": paths["cosign3"]}
        # A proxy where nothing listens: only loopback addresses, which use no proxy, can be reached.
        nowhere = "http://127.0.0.1:1"
        self.environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": folder, "LANG": "C.UTF-8",
            "COSIGN_PASSWORD": "", "HTTP_PROXY": nowhere, "HTTPS_PROXY": nowhere,
        }  # fmt: skip

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def key(self, name):
        return self.path("keys", name + ".key")

    def public(self, name):
        return self.path("keys", name + ".pub")

    def run(self, *argv, env=None):
        return subprocess.run(
            argv, cwd=self.folder, env={**self.environment, **(env or {})}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, timeout=COMMAND_SECONDS,
        )  # fmt: skip

    def must(self, *argv, env=None):
        done = self.run(*argv, env=env)
        assert done.returncode == 0, f"{' '.join(argv)}: exit {done.returncode}: {done.stderr.strip()}"
        return done.stdout

    def cosign(self, version, *argv, env=None):
        return self.must(self.cosign_of[version], *argv, env=env)

    def cosign_verdict(self, version, *argv, env=None):
        """("yes", "") or ("no", the words that it says)."""
        command = [self.cosign_of[version], "verify", "--insecure-ignore-tlog", *argv]
        done = self.run(*command, env=env)
        said = done.stderr.rpartition("error during command execution: ")[2].strip()
        if done.returncode == 0:
            assert json.loads(done.stdout), f"{' '.join(command)}: verified, and names no signature"
            return "yes", ""
        assert said.startswith(COSIGN_NO), f"{' '.join(command)}: no verdict: exit {done.returncode}: {said}"
        return "no", said

    def assay(self, *argv):
        """The exit code and what -o json says."""
        done = self.run(ASSAY, "verify", "--plain-http", "-o", "json", *argv)
        try:
            return done.returncode, json.loads(done.stdout)
        except ValueError:
            raise AssertionError(f"assay verify {' '.join(argv)}: exit {done.returncode}: {done.stderr}") from None

    def make_keys(self):
        """NAME.key and NAME.pub for cosign, NAME.pem for openssl (not those that cosign makes itself), and NAME-other.pub:
        a key of the same type that has signed nothing."""
        os.makedirs(self.path("keys"))
        for name, told in KEYS.items():
            prefix = self.path("keys", name)
            if told:
                self.openssl_key(prefix + ".pem", told)
                # cosign 2.5.0 imports Ed25519 alone, and signs with all that 3.1.1 imports.
                self.cosign("3", "import-key-pair", "--key", prefix + ".pem", "--output-key-prefix", prefix, "-y")
            else:
                version = "2" if name.endswith("2") else "3"
                self.cosign(version, "generate-key-pair", "--output-key-prefix", prefix)
            self.openssl_key(prefix + "-other.pem", told or P256)
            self.must("openssl", "pkey", "-in", prefix + "-other.pem", "-pubout", "-out", prefix + "-other.pub")

    def openssl_key(self, path, told):
        self.must("openssl", "genpkey", "-out", path, "-algorithm", *told)
