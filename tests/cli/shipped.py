"""The policies that are shipped, over the recorded registry that comes with them."""
import contextlib
import glob
import os
import re
import socket
import subprocess
import tempfile

import yaml

from harness import BIN, POLICIES, ROOT, Failed, Folder, assay, ends, equal
from linting import check_samples, count

SAMPLES = os.path.join(ROOT, "tests", "samples")
REGISTRY = os.path.join(SAMPLES, "registry")
HOST = "registry.internal.example"


def shipped():
    for name in sorted(os.listdir(POLICIES)):
        if name.endswith(".yaml"):
            with open(os.path.join(POLICIES, name), encoding="utf-8") as f:
                yield name, f.read()


def files_of(folder):
    for path in sorted(glob.glob(os.path.join(POLICIES, folder, "*"))):
        with open(path, encoding="utf-8") as f:
            yield folder + "/" + os.path.basename(path), f.read()


def keys():
    yield from files_of("keys")
    yield from files_of("trust")


def test_these():
    equal("files", sorted(os.listdir(POLICIES)), ["golden-images.yaml", "keys", "strict.yaml", "supply-chain.yaml", "trust", "warn-only.yaml"])
    equal("keys", [name for name, _ in keys()], ["keys/release.pub", "keys/security.pub", "trust/own-root.pem", "trust/sigstore.json"])


def test_clean_and_say_why():
    for name, text in shipped():
        ends(assay("lint", "-q", os.path.join(POLICIES, name)), 0, out="", err=count(0, 0))
        if not text.startswith("# "):
            raise Failed("%s: no comment at its head says what it is for" % name)
        check_samples(text, yaml.safe_load(text)["metadata"]["name"], keys(), signed=True)


def test_which_rules_in_each():
    """The supply chain is asked about beside golden-images.yaml."""
    for name, text in shipped():
        types = sorted(key for rule in yaml.safe_load(text)["spec"]["rules"] for key in rule if key not in ("name", "mode"))
        equal(name, types, ["attestation", "attestation", "attestation", "image", "signature"] if name == "supply-chain.yaml"
              else ["image", "readOnlyRootFilesystem", "runAs", "signature"])


def test_nobody_can_sign_with_their_keys():
    paths = [p for top in (POLICIES, SAMPLES) for p in glob.glob(top + "/**", recursive=True) if os.path.isfile(p)]
    for path in paths:
        with open(path, "rb") as f:
            if b"PRIVATE KEY" in f.read():
                raise Failed("%s holds a private key" % path)
    equal("recorded content was looked at", len(paths) > 40, True)


def digest(repository):
    """Of the only image that the recorded repository holds."""
    with open(os.path.join(REGISTRY, HOST, repository, "manifests", "1"), "rb") as f:
        data = f.read()
    (found,) = [os.path.basename(p) for p in glob.glob(os.path.join(REGISTRY, HOST, repository, "referrers", "sha256:*"))]
    with open(os.path.join(REGISTRY, HOST, repository, "manifests", found), "rb") as f:
        equal("the image that tag 1 of %s names" % repository, f.read(), data)
    return found


def pod(image, context, namespace="shop"):
    return ("apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: %s}\nspec:\n  containers:\n  - name: c\n    image: %s\n"
            "    securityContext: {%s}\n" % (namespace, image, context))


def pinned(repository):
    return "%s/%s@%s" % (HOST, repository, digest(repository))


ALL = "readOnlyRootFilesystem: true, runAsUser: 65532, runAsGroup: 65532, runAsNonRoot: true"
GOLDEN = pinned("golden/base")
PODS = {
    "good": pod(GOLDEN, ALL),
    "signed-below-a-tag": pod(pinned("golden/python"), ALL),
    "signed-once": pod(pinned("golden/java"), ALL),
    "unsigned": pod(pinned("golden/unsigned"), ALL),
    "other-key": pod(pinned("golden/other-key"), ALL),
    "signed-elsewhere": pod(pinned("golden/base").replace("golden/base", "golden/java"), ALL),
    "other-golden": pod(pinned("golden/team/app"), ALL),
    "goldenrod": pod(pinned("goldenrod/app"), ALL),
    "tag": pod(HOST + "/golden/base:1", ALL),
    "may-be-root": pod(GOLDEN, ALL.replace(", runAsNonRoot: true", "")),
    "other-user": pod(GOLDEN, ALL.replace("runAsUser: 65532", "runAsUser: 0")),
    "no-group": pod(GOLDEN, ALL.replace("runAsGroup: 65532, ", "")),
    "writable": pod(GOLDEN, ALL.replace("Filesystem: true", "Filesystem: false")),
    "system": pod("nginx", "", "kube-system"),
    "public": pod("nginx", "", "kube-public"),
}
EVERYTHING = ["registry", "digest", "run-as-user", "run-as-group", "read-only-root-filesystem", "signature"]
# What the policies refuse or warn of in the same Pods, by codes; None: not judged.
LENIENT = {
    "good": [], "signed-below-a-tag": [], "signed-once": [], "unsigned": ["signature"], "other-key": ["signature"],
    "signed-elsewhere": ["signature"], "other-golden": [], "goldenrod": ["registry"], "tag": ["digest", "signature"],
    "may-be-root": [], "other-user": ["run-as-user"], "no-group": ["run-as-group"],
    "writable": ["read-only-root-filesystem"], "system": None, "public": EVERYTHING}
REFUSED = {
    "golden-images.yaml": LENIENT,
    "strict.yaml": {
        **LENIENT, "signed-once": ["signature"], "unsigned": ["registry", "signature"], "other-key": ["registry", "signature"],
        "other-golden": ["registry", "signature"], "goldenrod": ["registry", "signature"], "may-be-root": ["run-as-non-root"],
        "public": [*EVERYTHING[:4], "run-as-non-root", *EVERYTHING[4:]]},
    "warn-only.yaml": {**LENIENT, "system": EVERYTHING},
}


def judged(file, manifest, registry):
    """(exit code, codes of what is refused or warned of; None when nothing was judged)"""
    out = assay("check", "-p", os.path.join(POLICIES, file), "--registry-dir", registry, "-o", "json", "-", stdin=manifest)
    equal("standard error", out.err, "")
    rows = yaml.safe_load(out.out)["results"]
    bad = ("warn",) if file == "warn-only.yaml" else ("fail", "error")
    skipped = [r["result"] for r in rows] == ["skip"]
    return out.code, None if skipped else [r["code"] for r in rows if r["result"] in bad]


def test_what_they_refuse():
    for file, pods in REFUSED.items():
        equal("Pods of " + file, sorted(pods), sorted(PODS))
        for name, want in pods.items():
            code = 1 if want and file != "warn-only.yaml" else 0
            equal("%s, Pod %s" % (file, name), judged(file, PODS[name], REGISTRY), (code, want))


def test_an_answer_that_cannot_be_read_opens_no_door():
    with Folder() as d:
        d.write("%s/golden/base/manifests/1" % HOST, "{}")
        d.write("%s/golden/base/referrers" % HOST, "a file where a folder is wanted")
        for file, code in (("golden-images.yaml", 3), ("strict.yaml", 3), ("warn-only.yaml", 0)):
            equal(file, judged(file, PODS["good"], d.path), (code, ["signature-unavailable"]))


def test_with_keys_of_ones_own_nothing_here_is_signed():
    with open(os.path.join(ROOT, "tests", "sigstore", "keys", "p256.pub"), encoding="utf-8") as f:
        own = f.read()
    with Folder() as d:
        d.write("keys/release.pub", own)
        d.write("golden-images.yaml", dict(shipped())["golden-images.yaml"])
        out = assay("check", "-p", os.path.join(d.path, "golden-images.yaml"), "--registry-dir", REGISTRY, "-",
                    stdin=PODS["good"])
        ends(out, 1, err="")
        lines = [re.sub(r"sha256:[0-9a-f]{12}", "sha256:...", line) for line in out.lines() if line.startswith("- ")]
        equal("lines", lines, [
            '- signature: spec.containers[0].image (container "c"): %s/golden/base@sha256:...\u2026 has 2 cosign signatures, '
            'by key sha256:...\u2026 and key sha256:...\u2026, none by key "release"; want a signature by release' % HOST])


def test_samples():
    out = assay("check", "-p", os.path.join(POLICIES, "golden-images.yaml"), "--registry-dir", REGISTRY, SAMPLES)
    ends(out, 1, err="")
    equal("refused", [os.path.relpath(line.split(":")[0], SAMPLES) for line in out.lines() if line.endswith(": denied")],
          ["deployment-bad.yaml", "deployment-unsigned.yaml", "review-bad.json", "review-unsigned.json"])
    equal("closing line", out.lines()[-1], "6 checked: 4 denied, 0 warned, 2 allowed; 0 skipped")


def test_make_install():
    with tempfile.TemporaryDirectory() as folder:
        # What is tested is installed, whatever it was built with.
        out = os.path.relpath(os.path.dirname(BIN), ROOT)
        env = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
        done = subprocess.run(["make", "-s", "install", "OUT=" + out, "-o", out + "/assay", "-o", "build/layers.ok",
                               "DESTDIR=" + folder, "PREFIX=/opt/a b"], cwd=ROOT, env=env, capture_output=True, text=True)
        equal("make install", (done.returncode, done.stdout, done.stderr), (0, "", ""))
        found = [os.path.join(top, name) for top, _, names in os.walk(folder) for name in names]
        program = os.path.join(folder, "opt", "a b", "bin", "assay")
        equal("files", found, [program])
        equal("mode", oct(os.stat(program).st_mode & 0o7777), "0o755")
        said = subprocess.run([program, "version"], capture_output=True, text=True)
        equal("version", (said.returncode, said.stdout), (0, assay("version").out))


def free_ports(n):
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(n)]
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [str(s.getsockname()[1]) for s in sockets]


def test_make_run_shows_them_at_work():
    port, metrics = free_ports(2)
    env = {k: v for k, v in os.environ.items() if not k.startswith("ASSAY_")}
    env.update(ASSAY_BIN=BIN, ASSAY_PORT=port, ASSAY_METRICS_PORT=metrics, RUN_ONCE="1")
    done = subprocess.run([os.path.join(ROOT, "scripts", "run")], env=env, stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=60, check=False)
    equal("exit code and standard error", (done.returncode, done.stderr), (0, ""))
    said = [line.strip() for line in done.stdout.splitlines() if not line.startswith("  | - ")]
    image = {name: pinned("golden/" + name) for name in ("web", "unsigned")}
    equal("what it shows, but the violations", [line for line in said if line and not line.startswith("| Fix it: ")], [
        "assay serves https://127.0.0.1:%s/validate with policies/golden-images.yaml" % port,
        "and takes images and signatures from tests/samples/registry",
        "CREATE Deployment shop/web with image nginx:1.27",
        "refused (403 Forbidden):",
        "| assay: 6 violations in Deployment shop/web",
        "CREATE Deployment shop/web with image " + image["unsigned"],
        "refused (403 Forbidden):",
        "| assay: 1 violation in Deployment shop/web",
        "CREATE Deployment shop/web with image " + image["web"],
        "allowed; signed (container=key): web=release"])
    equal("violations", [line[4:].split(":")[0] for line in done.stdout.splitlines() if line.startswith("  | - ")],
          ["- " + code for code in [*EVERYTHING, "signature"]])
