"""The program for arm64 at work under an emulator: it says word for word what the one for this machine says."""

import json
import os
import shutil
import subprocess

import context
from context import ROOT
from test_platforms import platforms

SAMPLES = os.path.join("tests", "samples")
POLICY = os.path.join("policies", "golden-images.yaml")
REGISTRY = os.path.join(SAMPLES, "registry")
KEY = os.path.join("policies", "keys", "release.pub")
VECTORS = os.path.join(ROOT, "tests", "sigstore", "vectors")


def emulator():
    for name in ("qemu-aarch64-static", "qemu-aarch64"):
        if shutil.which(name):
            return name
    raise context.Skip("qemu-aarch64 is not installed: scripts/deps test installs it")


def both(built, *arguments, code):
    """stdout of both programs, which is the same, like stderr."""
    def run(*program):
        done = subprocess.run([*program, *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              timeout=120)
        return done.returncode, done.stdout, done.stderr
    mine, emulated = run(built.program), run(emulator(), platforms(built).program)
    assert mine == emulated, (mine, emulated)
    assert mine[0] == code, mine
    return mine[1] + mine[2]


def check(built, sample, code):
    return both(built, "check", "--strict", "--policies", POLICY, "--registry-dir", REGISTRY, os.path.join(SAMPLES, sample), code=code)


def test_version(built):
    said = json.loads(both(built, "version", "-o", "json", code=0))
    assert {"libmicrohttpd", "gnutls", "libcurl"} <= set(said["libraries"]), said


def test_check_refuses_and_admits(built):
    bad = check(built, "deployment-bad.yaml", 1)
    for text in ("- digest: ", "- registry: ", "- run-as-user: ", "- read-only-root-filesystem: ", "got \"nginx:1.27\" (docker.io)"):
        assert text in bad, bad
    unsigned = check(built, "deployment-unsigned.yaml", 1)
    assert "has no cosign signature" in unsigned, unsigned
    good = check(built, "deployment-good.yaml", 0)
    assert "1 checked: 0 denied, 0 warned, 1 allowed" in good, good


def test_check_answers_in_json(built):
    said = json.loads(both(built, "check", "--policies", POLICY, "--registry-dir", REGISTRY, "-o", "json",
                           os.path.join(SAMPLES, "deployment-bad.yaml"), code=1))
    assert {r["result"] for r in said["results"]} == {"fail"}, said


def test_verify_with_recorded_registry(built):
    with open(os.path.join(ROOT, SAMPLES, "deployment-good.yaml"), encoding="utf-8") as f:
        image = next(line.split()[-1] for line in f if " image: " in line)
    said = both(built, "verify", "--key", KEY, "--registry-dir", REGISTRY, image, code=0)
    assert "verified: signed by policies/keys/release.pub" in said, said
    other = os.path.join("tests", "sigstore", "keys", "other.pub")
    said = both(built, "verify", "--key", other, "--registry-dir", REGISTRY, image, code=1)
    assert "not verified: untrusted_key" in said, said


def test_verify_bundle_of_every_kind_of_key(built):
    for kind in ("p256", "p384", "p521", "rsa2048", "ed25519"):
        with open(os.path.join(VECTORS, f"good-bundle-{kind}.json"), encoding="utf-8") as f:
            case = json.load(f)
        path = os.path.join(built.folder, kind + ".json")
        context.write(path, case["bundle"])
        flags = ["verify-bundle", "--bundle", path, "--key", case["keys"][0]]
        said = both(built, *flags, case["digest"], code=0)
        assert said.startswith("verified: bundle-v0.3, "), said
        said = both(built, *flags, "sha256:" + "0" * 64, code=1)
        assert said.startswith("assay verify-bundle: rejected: digest: a good signature of "), said


class Server(context.Server):
    """The server of tests/server, under the emulator."""

    def __init__(self, built, folder):
        super().__init__(built, folder, {}, context.policy())
        self.argv = [emulator(), platforms(built).program, *self.argv[1:]]


def test_serves_over_tls_and_is_probed(built):
    server = Server(built, os.path.join(built.folder, "emulated"))
    try:
        server.start()
        good = server.post(context.review()).response()
        assert good["allowed"] is True, good
        bad = server.post(context.review(context.BAD)).response()
        assert bad["allowed"] is False and bad["status"]["code"] == 403, bad
        for text in ("- registry: ", "- digest: ", "- read-only-root-filesystem: "):
            assert text in bad["status"]["message"], bad
        files = {}
        for name, pod in (("good", context.pod()), ("bad", context.BAD)):
            files[name] = os.path.join(built.folder, f"arm64-{name}.json")
            context.write(files[name], json.dumps(pod))
        flags = ["probe", "--url", f"https://localhost:{server.port}", "--ca", built.shared.ca.certificate]
        both(built, *flags, "--expect-deny", files["bad"], "--expect-allow", files["good"], code=0)
        both(built, *flags, "--expect-deny", files["good"], code=1)
        server.stop()
    finally:
        server.kill()
